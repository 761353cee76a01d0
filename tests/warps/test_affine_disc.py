"""Affine on a disc, nothing outside a larger one, and a bound of the gradient between."""

import pytest
import torch

from invariance.errors import ArgumentError, FoldingError
from invariance.images import pixel_grid
from invariance.warps import AffineDisc, random_affine_disc

GRID = pixel_grid(60, 60)[None]


def test_it_is_affine_inside_and_the_identity_outside(generator):
    warp = random_affine_disc(3, 0.05, generator=generator)
    distance = (GRID - warp.centre[:, None, None]).norm(dim=-1)
    inner = warp.jacobian(GRID)[distance < warp.radius[0]]
    eye = torch.eye(2, dtype=torch.float64)
    wanted = (eye + warp.affine[:, :, :2])[:, None, None].expand(3, 60, 60, 2, 2)[distance < warp.radius[0]]
    torch.testing.assert_close(inner, wanted)
    outside = distance > 2 * warp.radius[0]
    assert torch.equal(warp(GRID)[outside], GRID.expand(3, 60, 60, 2)[outside])


def test_the_derivative_is_right(generator):
    warp = random_affine_disc(2, 0.05, generator=generator)
    points = GRID.expand(2, 60, 60, 2).clone().requires_grad_()
    rows = [torch.autograd.grad(v.sum(), points, retain_graph=True)[0] for v in warp(points).unbind(-1)]
    torch.testing.assert_close(warp.jacobian(points).detach(), torch.stack(rows, -2))


def test_the_certificate_bounds_the_gradient(generator):
    warp = random_affine_disc(20, 0.04, generator=generator)
    certificate = warp.certificate().require(orientation=True)
    assert certificate.keeps_square
    norms = torch.linalg.matrix_norm(warp.jacobian(GRID) - torch.eye(2).double(), ord=2).flatten(1).amax(1)
    assert (norms <= 1 - certificate.margin.sqrt()).all()
    assert (norms > 0.3 * (1 - certificate.margin.sqrt())).any()


def test_a_disc_over_the_border_does_not_keep_the_square():
    affine = torch.full((1, 2, 3), 0.01, dtype=torch.float64)
    place, radius = torch.tensor([[0.9, 0.0]]).double(), torch.tensor([0.3]).double()
    assert not AffineDisc(affine, place, radius).certificate().require().keeps_square


@pytest.mark.bad_input
def test_bad_input_is_named(generator):
    with pytest.raises(ArgumentError, match=r"radius = 0\.6"):
        random_affine_disc(1, 0.1, generator=generator, radius=0.6)
    with pytest.raises(FoldingError):
        random_affine_disc(2, 5.0, generator=generator, folding="raise")
    with pytest.raises(ArgumentError, match=r"affine\.shape"):
        AffineDisc(torch.zeros(1, 2, 2).double(), torch.zeros(1, 2).double(), torch.ones(1).double())
