"""Maps p(x) + q(y): constant on blocks, and invertible exactly when all determinants have one sign."""

import math

import pytest
import torch

from invariance.errors import ArgumentError, FoldingError
from invariance.images import pixel_grid
from invariance.warps import Separable, random_separable


def from_slopes(p: list[tuple[float, float]], q: list[tuple[float, float]]) -> Separable:
    """The map whose p' and q' on the cells are given."""
    identity = torch.eye(2).double()
    knots = []
    for slopes, axis in ((p, 0), (q, 1)):
        steps = (torch.tensor(slopes).double() - identity[axis]) * 2 / len(slopes)
        knots.append(torch.cat((torch.zeros(1, 2).double(), steps.cumsum(0)))[None])
    return Separable(*knots)


@pytest.mark.parametrize(("cells", "block"), [(4, 3), (3, 2), (8, 1)])
def test_the_derivative_is_constant_on_blocks_of_pixels(cells, block, generator):
    warp = random_separable(2, 0.4, generator=generator, cells=cells)
    field = warp.jacobian(pixel_grid(cells * block, cells * block)[None])
    blocks = field[:, ::block, ::block]
    assert torch.equal(field, blocks.repeat_interleave(block, 1).repeat_interleave(block, 2))
    neighbours = (blocks.diff(dim=1), blocks.diff(dim=2))
    assert all((n.abs().amax((-2, -1)) > 1e-3).all() for n in neighbours)


def test_the_derivative_has_the_slopes_as_columns():
    warp = from_slopes([(1, 0), (2, 1)], [(0, 1), (-1, 3)])
    points = torch.tensor([[[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [3, -3]]]).double()
    expected = torch.tensor([[[1, 0], [0, 1]], [[2, 0], [1, 1]], [[2, -1], [1, 3]], [[2, 0], [1, 1]]]).double()
    torch.testing.assert_close(warp.jacobian(points)[0], expected)


def test_values_are_the_integral_of_the_slopes():
    warp = from_slopes([(1, 0), (2, 1)], [(0, 1), (-1, 3)])
    points = torch.tensor([[[-1, -1], [0, 0], [1, 0], [1, 1]]]).double()
    expected = torch.tensor([[-1, -1], [0, 0], [2, 1], [1, 4]]).double()
    torch.testing.assert_close(warp(points)[0], expected)


def test_the_margin_is_the_smallest_determinant_of_all_pairs():
    warp = from_slopes([(1, 0), (2, 1)], [(0, 1), (-1, 3)])
    torch.testing.assert_close(warp.certificate().margin, torch.tensor([1.0]).double())
    mirrored = from_slopes([(-1, 0), (-2, 0)], [(0, 1), (0, 3)]).certificate()
    assert mirrored.invertible.all()
    assert not mirrored.preserves_orientation.any()


def test_one_bad_pair_is_refused_and_does_collide():
    """p' = (1, 0), (0, 1) and q' = (−1, 2), (−2, 1): the last of the first and the first of the last are fine alone."""
    good = from_slopes([(1, 0), (1, 1)], [(-1, 2), (-2, 1)])
    assert good.certificate().invertible.all()
    bad = from_slopes([(1, 0), (1, 1)], [(0, 1), (2, 1)])
    with pytest.raises(FoldingError, match=r"det\[p'_i"):
        bad.certificate().require()
    # p' = (1, 1) and q' = (2, 1) on the cell x, y > 0 turn it over, next to q' = (0, 1), y < 0, which is not:
    above, below = torch.tensor([[0.5, 0.2]]).double(), torch.tensor([[0.9, -0.2]]).double()
    torch.testing.assert_close(bad(above[None]), bad(below[None]))


def test_random_knots_have_mean_zero(generator):
    warp = random_separable(5, 0.5, generator=generator, cells=6)
    assert warp.u.abs().amax() > 0.1
    for knots in (warp.u, warp.v):
        torch.testing.assert_close(knots.mean(1), torch.zeros(5, 2).double(), rtol=0, atol=1e-15)


@pytest.mark.bad_input
def test_bad_knots_are_refused():
    for u, v in (((1, 1, 2), (1, 3, 2)), ((1, 3, 2), (2, 3, 2)), ((1, 3, 3), (1, 3, 2)), ((3, 2), (1, 3, 2))):
        with pytest.raises(ArgumentError, match=r"\.shape"):
            Separable(torch.zeros(u), torch.zeros(v))
    with pytest.raises(ArgumentError, match="NaN"):
        Separable(torch.zeros(1, 3, 2), torch.full((1, 3, 2), math.nan))
