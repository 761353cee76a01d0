"""What holds for every random family: seeds, scales, policies for folding draws, certificates."""

import math

import pytest
import torch

from invariance.errors import ArgumentError, FoldingError
from invariance.images import pixel_grid
from invariance.warps import WARP_FAMILIES, Projective, Warp, random_affine, random_homography

FAMILIES = pytest.mark.parametrize("name", WARP_FAMILIES)
GRID = pixel_grid(9, 8)[None]
LARGE = dict.fromkeys(WARP_FAMILIES, 0.5) | {
    "piecewise-linear": 0.6,
    "separable": 0.9,
    "cpab": 3.0,
    "affine-disc": 0.17,
}
"""Scales at which some draws fold, or are not proved not to."""


def draw(name: str, batch: int, scale: float, seed: int = 0, **options) -> Warp:
    return WARP_FAMILIES[name](batch, scale, generator=torch.Generator().manual_seed(seed), **options)


def preimages(warp: Warp, count: int = 5) -> torch.Tensor:
    """Signed number of points of the square that are mapped to φ(x), for some x: the winding number of φ(boundary)."""
    side = torch.linspace(-1, 1, 400, dtype=torch.float64)[:-1]
    one = torch.ones_like(side)
    corners = [torch.stack(s, -1) for s in ((side, -one), (one, side), (-side, one), (-one, -side))]
    boundary = warp(torch.cat(corners)[None])
    x = 0.9 * pixel_grid(count, count).reshape(1, -1, 2)
    spokes = torch.view_as_complex((boundary[:, None] - warp(x)[:, :, None]).contiguous())
    return (spokes.roll(-1, 2) / spokes).angle().sum(2) / (2 * math.pi)


def determinants(warp: Warp, size: int = 48) -> torch.Tensor:
    return torch.linalg.det(warp.jacobian(pixel_grid(size, size)[None])).flatten(1)


@FAMILIES
def test_the_derivative_agrees_with_automatic_differentiation(name):
    warp = draw(name, 4, 0.2)
    points = (2 * torch.rand(4, 200, 2, generator=torch.Generator().manual_seed(1)).double() - 1).requires_grad_()
    values = warp(points)
    rows = [torch.autograd.grad(v.sum(), points, retain_graph=True)[0] for v in values.unbind(-1)]
    torch.testing.assert_close(warp.jacobian(points.detach()), torch.stack(rows, -2), rtol=1e-12, atol=1e-13)


@FAMILIES
def test_scale_zero_is_exactly_the_identity(name):
    warp = draw(name, 3, 0.0)
    assert torch.equal(warp(GRID), GRID.expand(3, -1, -1, -1))
    assert torch.equal(warp.jacobian(GRID), torch.eye(2).double().expand(3, 9, 8, 2, 2))
    torch.testing.assert_close(warp.certificate().require(orientation=True).margin, torch.ones(3).double())


@FAMILIES
@pytest.mark.parametrize("scale", [-0.1, math.nan, math.inf])
def test_a_bad_scale_is_refused(name, scale):
    with pytest.raises(ArgumentError, match="scale"):
        draw(name, 2, scale)


@FAMILIES
def test_certified_draws_are_injective(name):
    warp = draw(name, 30, LARGE[name])
    certificate = warp.certificate().require(orientation=True)
    assert warp.redraws is not None
    assert warp.redraws.any()
    assert (determinants(warp).amin(1) >= certificate.margin * (1 - 1e-9)).all()
    torch.testing.assert_close(preimages(warp), torch.ones(30, 25).double())


@pytest.mark.parametrize("name", sorted(WARP_FAMILIES.keys() - {"cpab"}))  # flows do not fold
def test_draws_that_fold_are_not_certified(name):
    warp = draw(name, 200, LARGE[name], folding="keep")
    folds = determinants(warp).amin(1) <= 0
    assert folds.any()
    assert not warp.certificate().preserves_orientation[folds].any()
    assert warp.redraws is not None
    assert not warp.redraws.any()


@FAMILIES
def test_folding_draws_are_raised_or_replaced(name):
    kept, replaced = draw(name, 50, LARGE[name], folding="keep"), draw(name, 50, LARGE[name])
    good = kept.certificate().preserves_orientation
    assert replaced.redraws is not None
    assert torch.equal(replaced.redraws == 0, good)
    assert 1 in replaced.redraws
    assert torch.equal(replaced[good](GRID), kept[good](GRID))
    with pytest.raises(FoldingError, match=f"number {int((~good).nonzero()[0])}"):
        draw(name, 50, LARGE[name], folding="raise")
    assert draw(name, 5, 0.01, folding="raise").certificate().invertible.all()


def test_redraws_end():
    with pytest.raises(FoldingError, match="after 100 redraws"):
        draw("smooth", 4, 20.0)


@FAMILIES
def test_scale_multiplies_the_noise(name):
    small, large = (draw(name, 3, scale, seed=5)(GRID) - GRID for scale in (1e-6, 2e-6))
    assert small.abs().max() > 1e-7
    torch.testing.assert_close(large, 2 * small, rtol=0, atol=1e-10)


@FAMILIES
def test_draws_depend_on_the_generator_only(name):
    first, again, other = (draw(name, 4, 0.1, seed=seed)(GRID) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert (first - other).abs().max() > 1e-3
    low = draw(name, 4, 0.1, seed=1, dtype=torch.float32)
    assert low.dtype == torch.float32
    torch.testing.assert_close(low(GRID.float()).double(), first, rtol=0, atol=1e-6)


@FAMILIES
def test_the_generator_advances_alike_whatever_folds(name):
    states = []
    for scale, folding in ((0.0, "keep"), (LARGE[name], "redraw")):
        generator = torch.Generator().manual_seed(0)
        WARP_FAMILIES[name](20, scale, generator=generator, folding=folding)
        states.append(generator.get_state())
    assert torch.equal(*states)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("piecewise-linear", {}),
        ("piecewise-linear", {"boundary": "sliding"}),
        ("piecewise-linear", {"cells": 3}),
        ("separable", {}),
        ("separable", {"cells": 3}),
        ("smooth", {}),
        ("smooth", {"cutoff": 1}),
        ("smooth", {"cutoff": 5}),
    ],
)
def test_scale_is_the_root_mean_square_gradient(name, options):
    warp = draw(name, 1500, 0.3, folding="keep", **options)
    gradient = warp.jacobian(pixel_grid(24, 24)[None]) - torch.eye(2).double()
    energy = gradient.square().sum((-2, -1)).mean((1, 2))
    error = float(energy.std()) / math.sqrt(len(energy))
    assert abs(float(energy.mean()) - 0.3**2) < 4 * error < 0.01


CONVENTIONS = [("normalized", "centre"), ("normalized", "corner"), ("pixel", "centre"), ("pixel", "corner")]
DISPLACEMENTS = {
    ("affine", 0.1): (1.5, 3.0, 1.5, 3.0),
    ("affine-shift", 0.01): (0.26, 0.50, 0.15, 0.30),
    ("affine-shift", 0.5): (13, 25, 7.7, 15),
    ("homography", 0.01): (0.28, 0.54, 1.5),  # the other means are those of draws that fold
    ("homography", 0.1): (2.8, 5.4),
}


@pytest.mark.parametrize(
    ("name", "scale", "coordinates", "origin", "expected"),
    [(*case, *c, e) for case, row in DISPLACEMENTS.items() for c, e in zip(CONVENTIONS, row, strict=False)],
)
def test_mean_displacement_in_pixels_at_32(name, scale, coordinates, origin, expected):
    """Against an independent measurement of 10,000 draws, to its two digits and the error of ours."""
    size = (32, 32) if coordinates == "pixel" else None
    warp = draw(name, 3000, scale, folding="keep", coordinates=coordinates, origin=origin, size=size)
    grid = pixel_grid(32, 32)[None, ::4, ::4] + 3 / 32  # every fourth pixel, centred
    sizes = 16 * (warp(grid) - grid).norm(dim=-1).mean((1, 2))
    assert abs(float(sizes.mean()) - expected) < 0.04 * expected + 3 * float(sizes.std()) / math.sqrt(3000)


@pytest.mark.parametrize(("coordinates", "origin"), CONVENTIONS)
def test_coordinates_by_hand(coordinates, origin):
    """φ = C⁻¹HC, one point at a time, with H from the same noise drawn as it is in normalised centred coordinates."""
    size = (10, 20) if coordinates == "pixel" else None
    warp = draw("homography", 3, 0.01, seed=3, coordinates=coordinates, origin=origin, size=size)
    matrix = draw("homography", 3, 0.01, seed=3)
    assert isinstance(matrix, Projective)
    x, y = 0.3, -0.7
    scale = {"normalized": (1, 1) if origin == "centre" else (0.5, 0.5), "pixel": (10, 5)}[coordinates]
    shift = 1 if origin == "corner" else 0
    u, v = (x + shift) * scale[0], (y + shift) * scale[1]
    for k in range(3):
        h = matrix.matrix[k].tolist()
        a, b, w = (row[0] * u + row[1] * v + row[2] for row in h)
        expected = torch.tensor([a / w / scale[0] - shift, b / w / scale[1] - shift], dtype=torch.float64)
        torch.testing.assert_close(warp[k](torch.tensor([[x, y]], dtype=torch.float64))[0], expected)


def test_affine_families_keep_what_they_say():
    affine, shifted = draw("affine", 5, 0.1), draw("affine-shift", 5, 0.1)
    origin = torch.zeros(1, 1, 2).double()
    assert not affine(origin).any()
    assert shifted(origin).all()
    last = torch.tensor([0.0, 0.0, 1.0]).double()
    for warp in (affine, shifted):
        assert isinstance(warp, Projective)
        assert (warp.matrix[:, 2] == last).all()
    homography = draw("homography", 5, 0.1)
    assert isinstance(homography, Projective)
    assert (homography.matrix[:, 2, 2] == 1).all()


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("name", "options", "argument"),
    [
        ("affine", {"coordinates": "polar"}, "coordinates"),
        ("affine", {"origin": "top"}, "origin"),
        ("affine", {"coordinates": "pixel"}, "size"),
        ("homography", {"size": (8, 8)}, "size"),
        ("homography", {"coordinates": "pixel", "size": (8, 0)}, "size"),
        ("cpab", {"cells": 0}, "cells"),
        ("piecewise-linear", {"cells": 1}, "cells"),
        ("piecewise-linear", {"boundary": "loose"}, "boundary"),
        ("separable", {"cells": 0}, "cells"),
        ("smooth", {"cutoff": 0}, "cutoff"),
        ("smooth", {"folding": "ignore"}, "folding"),
    ],
)
def test_unknown_options_are_refused(name, options, argument):
    with pytest.raises(ArgumentError, match=argument):
        draw(name, 2, 0.1, **options)


def test_an_empty_batch_is_refused(generator):
    with pytest.raises(ArgumentError, match="batch"):
        random_affine(0, 0.1, generator=generator)


@pytest.mark.gpu
def test_a_family_on_a_gpu(card: str):
    here, there = draw("homography", 4, 0.1), draw("homography", 4, 0.1, device=card)
    grid = GRID.to(card)
    assert there(grid).device.type == card
    torch.testing.assert_close(there(grid).cpu(), here(GRID), rtol=1e-13, atol=1e-14)
    torch.testing.assert_close(here(grid).cpu(), here(GRID), rtol=1e-13, atol=1e-14)
    torch.testing.assert_close(there.certificate().margin.cpu(), here.certificate().margin)
    drawn = random_homography(2, 0.1, generator=torch.Generator(card).manual_seed(0))
    assert drawn.device.type == "cpu"
