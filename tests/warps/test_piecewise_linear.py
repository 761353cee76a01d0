"""Piecewise linear maps of the square: values, continuity, boundary, certificate."""

import math

import pytest
import torch

from invariance.errors import ArgumentError, FoldingError
from invariance.images import pixel_grid
from invariance.warps import PiecewiseLinear, random_piecewise_linear


def one_vertex(dx: float, dy: float) -> PiecewiseLinear:
    """2×2 cells; only the centre moves."""
    offsets = torch.zeros(1, 3, 3, 2).double()
    offsets[0, 1, 1] = torch.tensor([dx, dy])
    return PiecewiseLinear(offsets)


def test_values_by_hand():
    warp = one_vertex(0.25, -0.5)
    points = torch.tensor([[0, 0], [0.5, 0.5], [0.5, 0.25], [0.25, 0.5], [-0.5, 0.25], [1, 1]]).double()
    hat = torch.tensor([1, 0.5, 0.5, 0.5, 0.25, 0]).double()  # of the centre, on the triangulation cut by y = x
    moved = points + hat[:, None] * torch.tensor([0.25, -0.5]).double()
    torch.testing.assert_close(warp(points[None])[0], moved)


def test_vertices_go_where_they_are_sent(generator):
    warp = random_piecewise_linear(3, 0.4, generator=generator, cells=5, boundary="sliding")
    axis = torch.linspace(-1, 1, 6).double()
    vertices = torch.stack(torch.meshgrid(axis, axis, indexing="xy"), -1)
    torch.testing.assert_close(warp(vertices[None]), vertices + warp.offsets)


def test_rows_and_columns_may_differ():
    offsets = torch.zeros(1, 3, 5, 2).double()
    offsets[0, 1, 2, 0] = 0.2
    warp = PiecewiseLinear(offsets)
    points = torch.tensor([[[0, 0], [0.25, 0], [0.5, 0.5], [0, 0.5]]]).double()
    torch.testing.assert_close(warp(points)[0, :, 0] - points[0, :, 0], torch.tensor([0.2, 0.1, 0, 0.1]).double())
    assert warp.certificate().invertible.all()


def test_it_is_continuous(generator):
    warp = random_piecewise_linear(2, 0.5, generator=generator, boundary="sliding")
    anywhere = 2.4 * torch.rand(1, 4000, 2, generator=generator).double() - 1.2
    sides = torch.stack((anywhere[..., 0], (2 * anywhere[..., 1]).round() / 2), -1)
    diagonal = anywhere[..., :1].expand(-1, -1, 2)
    for points in (sides, sides.flip(-1), diagonal):  # where pieces meet
        step = 1e-9 * torch.randn(points.shape, generator=generator).double()
        assert (warp(points + step) - warp(points)).abs().max() < 1e-7


@pytest.mark.parametrize("boundary", ["fixed", "sliding"])
def test_the_boundary_is_kept_and_continued(boundary, generator):
    warp = random_piecewise_linear(3, 0.4, generator=generator, boundary=boundary)
    side = torch.linspace(-1, 1, 50).double()
    for x in (-1.0, 1.0):
        points = torch.stack((torch.full_like(side, x), side), -1)[None]
        assert (warp(points)[..., 0] == x).all()
        assert (warp(points.flip(-1))[..., 1] == x).all()
        assert torch.equal(warp(points)[..., 1], side.expand(3, -1)) == (boundary == "fixed")
        outside = points + torch.tensor([x, 0]).double()
        torch.testing.assert_close(warp(outside), warp(points) + torch.tensor([x, 0]).double())
        assert (warp.jacobian(outside)[..., :, 0] == torch.tensor([1, 0]).double()).all()


def test_a_folding_triangle_is_refused():
    assert one_vertex(0.9, 0.5).certificate().invertible.all()
    for folding in (one_vertex(1.1, 0.5), one_vertex(0.9, -0.5), one_vertex(1, 0)):
        with pytest.raises(FoldingError, match="every triangle"):
            folding.certificate().require()
    torch.testing.assert_close(one_vertex(0.5, 0.5).certificate().margin, torch.tensor([0.5]).double())


def test_a_certified_boundary_keeps_its_order_and_vertices_stay_inside(generator):
    """Nothing checks that: it follows from the triangles."""
    warp = random_piecewise_linear(4000, 1.5, generator=generator, cells=2, boundary="sliding", folding="keep")
    axis = torch.linspace(-1, 1, 3).double()
    vertices = torch.stack(torch.meshgrid(axis, axis, indexing="xy"), -1) + warp.offsets
    sides = torch.stack((vertices[:, (0, -1), :, 0].diff(dim=2), vertices[:, :, (0, -1), 1].diff(dim=1).mT), 1)
    in_order, inside = (sides > 0).flatten(1).all(1), (vertices.abs() <= 1).flatten(1).all(1)
    certified = warp.certificate().invertible
    assert (in_order & inside)[certified].all()
    assert 100 < certified.sum() < (in_order & inside).sum() < 3900


@pytest.mark.bad_input
def test_bad_offsets_are_refused():
    with pytest.raises(ArgumentError, match=r"offsets\.shape"):
        PiecewiseLinear(torch.zeros(1, 1, 3, 2))
    with pytest.raises(ArgumentError, match="NaN"):
        PiecewiseLinear(torch.full((1, 3, 3, 2), math.nan))
    for row, column, axis in ((0, 1, 1), (2, 1, 1), (1, 0, 0), (1, 2, 0), (0, 0, 0), (2, 2, 1)):
        offsets = torch.zeros(1, 3, 3, 2)
        offsets[0, row, column, axis] = 0.1
        with pytest.raises(ArgumentError, match="leaves its side"):
            PiecewiseLinear(offsets)


def test_gradients_flow_to_the_offsets():
    offsets = torch.zeros(1, 3, 3, 2).double().requires_grad_()
    PiecewiseLinear(offsets)(pixel_grid(4, 4)[None]).sum().backward()
    assert offsets.grad is not None
    assert offsets.grad.any()
