"""What anybody types wrong in the first hour either works or is answered with what to type instead."""

# pyright: reportArgumentType=false

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

import invariance
from invariance import P4, Symmetry, check, invariance_curve, plot_invariance, prove, symmetrize, warp_error
from invariance.checking.given import of_folder
from invariance.errors import ArgumentError, ArgumentTypeError
from invariance.measure import invariance_error, refinement_ladder
from invariance.plots import figure_of, save_figure
from invariance.warps import random_smooth

IMAGES = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def network() -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())


def curve(images: object = IMAGES, **options: object) -> invariance.InvarianceCurve:
    asked = {"warp": "affine", "scales": (0.1, 0.2), "generator": generator(), "draws": 1} | options
    return invariance_curve(network(), images, **asked)


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
    "a network as a measure": (lambda: refinement_ladder(network(), generator=generator()), "lambda n: warp_error("),
}


@pytest.mark.bad_input
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_natural_mistake_is_answered_with_what_to_type(mistake: str):
    wrong, said = MISTAKES[mistake]
    with pytest.raises((ArgumentError, ArgumentTypeError)) as error:
        wrong()
    assert said in str(error.value)


def test_one_curve_is_drawn_and_saved_by_the_name_of_a_file(tmp_path: Path):
    save_figure(figure_of(plot_invariance(curve())), str(tmp_path / "curve.png"), dpi=20)
    assert (tmp_path / "curve.png").stat().st_size > 0


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
