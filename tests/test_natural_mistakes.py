"""What anybody types wrong in the first hour either works or is answered with what to type instead."""

# pyright: reportArgumentType=false

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

import invariance
from invariance import (
    P4,
    AnalyticImage,
    Symmetry,
    Warp,
    check,
    invariance_curve,
    plot_comparison,
    plot_invariance,
    plot_ladder,
    prove,
    symmetrize,
    warp_error,
    warp_images,
)
from invariance.checking.given import of_folder
from invariance.errors import ArgumentError, ArgumentTypeError
from invariance.experiments.data import load_splits
from invariance.experiments.table import find_runs, load_table
from invariance.measure import invariance_error, refinement_ladder
from invariance.pictures import PictureFolder
from invariance.plots import figure_of, save_figure
from invariance.warps import random_smooth
from tools.site.reference import ROOMS, public_names

ROOT = Path(__file__).parents[1]
IMAGES = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))


def warp() -> Warp:
    return random_smooth(2, 0.1, generator=generator())


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def network() -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())


def curve(images: object = IMAGES, **options: object) -> invariance.InvarianceCurve:
    asked = {"warp": "affine", "scales": (0.1, 0.2), "generator": generator(), "draws": 1} | options
    return invariance_curve(network(), images, **asked)


ASKED = {"warp": "affine", "scales": (0.1,), "generator": generator(), "draws": 1}

MISTAKES = {
    "double images, float weights": (lambda: curve(IMAGES.double()), "images.to(torch.float32), or model.to"),
    "of an error": (lambda: invariance_error(network(), IMAGES.double(), IMAGES), "inputs.to(torch.float32), or"),
    "one scale": (lambda: curve(scales=0.1), "such as (0.1,)"),
    "one scale, compared": (lambda: invariance.compare([network()], IMAGES, warp="affine", scales=0.1), "as (0.1,)"),
    "one image": (lambda: curve(IMAGES[0]), "torch.stack((first, second))"),
    "an array": (lambda: curve(IMAGES.numpy()), "torch.from_numpy(images)"),
    "a seed": (lambda: curve(generator=3), "torch.Generator().manual_seed(3)"),
    "no plane to move": (
        lambda: warp_error(network(), IMAGES, random_smooth(2, 0.1, generator=generator())),
        "invariant: ",
    ),
    "a batch axis": (lambda: check(network(), input_shape=(1, 3, 8, 8), group="p4"), "the batch axis: (3, 8, 8)"),
    "channels last": (lambda: check(network(), input_shape=(8, 8, 3), group="p4"), "channels come first: (3, 8, 8)"),
    "a group of fields, proved": (
        lambda: prove(network(), input_shape=(3, 8, 8), group=invariance.groups.SO(3)),
        "Symmetry(group, fields in",
    ),
    "a group to symmetrise by": (lambda: symmetrize(network(), "p4"), "Symmetry('p4', "),
    "words for scales": (lambda: curve(scales="0.1,0.2"), "such as (0.1,)"),
    "half a draw": (lambda: curve(draws=1.5), "draws = 1.5: at least one"),
    "images with channels last": (lambda: curve(IMAGES.movedim(1, -1)), "channels come first: images.movedim(-1, 1)"),
    "grey images": (lambda: curve(IMAGES[:, :1]), "images.expand(-1, 3, -1, -1)"),
    "channels last, one warp": (
        lambda: warp_error(network(), IMAGES.movedim(1, -1), warp(), claim="invariant"),
        "channels come first",
    ),
    "channels last, compared": (
        lambda: invariance.compare(network(), IMAGES.movedim(1, -1), warp="affine", scales=[0.1]),
        "channels come first",
    ),
    "the name of a network": (lambda: invariance_curve("nets.py:net", IMAGES, **ASKED), "a module or a function"),
    "a class of networks": (lambda: invariance_curve(nn.ReLU, IMAGES, **ASKED), "an object of this class: ReLU(…)"),
    "one warp": (lambda: curve(warp=warp()), "one warp is for warp_error"),
    "a name nearby": (lambda: curve(warp="Rotate"), "did you mean rotation? "),
    "a seed for images": (lambda: AnalyticImage.random(2, generator=3), "torch.Generator().manual_seed(3)"),
    "a seed for warps": (lambda: random_smooth(2, 0.1, generator=3), "torch.Generator().manual_seed(3)"),
    "an array, warped": (lambda: warp_images(IMAGES.numpy(), warp()), "torch.from_numpy(images)"),
    "one image, warped": (lambda: warp_images(IMAGES[0], warp()), "(batch, channels, height, width)"),
    "curves by name, drawn": (lambda: plot_invariance({"mine": curve()}), "what invariance_curve returns"),
    "the file of a curve, drawn": (lambda: plot_invariance("curve.json"), "`load` reads"),
    "a curve as a ladder": (lambda: plot_ladder(curve()), "what refinement_ladder returns"),
    "a curve as a comparison": (lambda: plot_comparison(curve()), "plot_invariance draws curves"),
    "no folder of pictures": (lambda: PictureFolder("nowhere", 16), "an existing folder"),
    "no folder of data": (lambda: load_splits("cifar10", "nowhere"), "missing"),
    "no folder of runs": (lambda: find_runs("nowhere", data="cifar10", models=["cnn"]), "a folder of training runs"),
    "no table": (lambda: load_table("nowhere.json"), "an existing file"),
    "weights for a network": (lambda: check(network().state_dict(), input_shape=(3, 8, 8), group="p4"), "a module"),
    "a network as a measure": (lambda: refinement_ladder(network(), generator=generator()), "lambda n: warp_error("),
}


@pytest.mark.bad_input
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_natural_mistake_is_answered_with_what_to_type(mistake: str):
    wrong, said = MISTAKES[mistake]
    with pytest.raises((ArgumentError, ArgumentTypeError)) as error:
        wrong()
    assert said in str(error.value)
    assert len(str(error.value).splitlines()) == 1


def test_one_curve_is_drawn_and_saved_by_the_name_of_a_file(tmp_path: Path):
    save_figure(figure_of(plot_invariance(curve())), str(tmp_path / "curve.png"), dpi=20)
    assert (tmp_path / "curve.png").stat().st_size > 0


def test_scales_are_numbers_of_any_kind():
    scales = np.array([0.1, 0.2])
    for given in (scales, torch.from_numpy(scales), [0.1, 0.2]):
        assert torch.equal(curve(scales=given).difference, curve().difference)


def test_one_ladder_is_drawn(tmp_path: Path):
    images = AnalyticImage.random(2, generator=generator())
    ladder = refinement_ladder(
        lambda n: warp_error(nn.ReLU(), images, warp(), size=n), sizes=(8, 10, 12, 16), generator=generator()
    )
    assert plot_ladder(ladder).get_legend_handles_labels()[1][0].startswith("model: ")


def test_every_path_may_be_a_string():
    """Of what is public; a `Path` is what is made of it."""
    asked = [
        (name, argument.arg, ast.unparse(argument.annotation))
        for name, function in public_functions()
        for argument in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
        if argument.annotation is not None
    ]
    assert len(asked) > 1000
    assert [each[:2] for each in asked if re.search(r"\bPath\b", each[2]) and "str" not in each[2]] == []


def public_functions() -> Iterator[tuple[str, ast.FunctionDef]]:
    """With the methods of public classes, as they are written: importing all of them takes long."""
    public = {name for room in ROOMS for name in public_names(room)}
    for folder in ("invariance", "proofs"):
        for file in (ROOT / folder).rglob("*.py"):
            if "cli" not in file.parts:
                yield from _public(ast.parse(file.read_text(encoding="utf-8")).body, public, file.stem)


def _public(body: list[ast.stmt], public: set[str], place: str) -> Iterator[tuple[str, ast.FunctionDef]]:
    for node in body:
        if isinstance(node, ast.FunctionDef) and node.name in public:
            yield f"{place}.{node.name}", node
        if isinstance(node, ast.ClassDef) and node.name in public:
            methods = [m for m in node.body if isinstance(m, ast.FunctionDef)]
            yield from ((f"{place}.{node.name}.{m.name}", m) for m in methods if not m.name.startswith("_"))
            yield from ((f"{place}.{node.name}", m) for m in methods if m.name == "__init__")


def test_a_group_that_is_an_object_is_as_good_as_its_name():
    assert check(network(), input_shape=(3, 9, 9), group=P4).verdict == "violated"
    assert prove(nn.Conv2d(3, 4, 1), input_shape=(3, 9, 9), group=P4, claim="equivariant").verdict == "proved"
    assert symmetrize(network(), Symmetry(P4, "image:3x9x9", "invariant")).passes == 4


def test_grey_pictures_are_pictures_to_a_network_without_jacobians(tmp_path: Path):
    for i in range(2):
        pixels = np.random.default_rng(i).integers(0, 255, (12, 12), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{i}.png")
    assert of_folder(tmp_path, (3, 9, 9), None).shape == (2, 3, 9, 9)
    assert of_folder(tmp_path, (1, 9, 9), None).shape == (2, 1, 9, 9)
