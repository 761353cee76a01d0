"""Affine and projective maps: inverse, determinant, certificate."""

import math

import pytest
import torch

from invariance.errors import ArgumentError, SingularError
from invariance.images import pixel_grid
from invariance.warps import Projective, random_homography

GRID = pixel_grid(6, 6)[None]


def matrix(*rows: tuple[float, float, float]) -> torch.Tensor:
    return torch.tensor(rows, dtype=torch.float64)[None]


def test_a_rotation_by_hand():
    quarter = Projective.affine(torch.tensor([[[0.0, -1.0], [1.0, 0.0]]]), torch.tensor([[0.5, 0.0]]))
    torch.testing.assert_close(quarter(torch.tensor([[1.0, 2.0]])), torch.tensor([[-1.5, 1.0]]))


def test_the_inverse_undoes(generator):
    warp = random_homography(20, 0.1, generator=generator)
    torch.testing.assert_close(warp.inverse()(warp(GRID)), GRID.expand(20, -1, -1, -1), rtol=0, atol=1e-12)


def test_a_matrix_and_its_multiples_are_one_map(generator):
    warp = random_homography(5, 0.2, generator=generator)
    other = Projective(-3 * warp.matrix)
    torch.testing.assert_close(other(GRID), warp(GRID))
    ours, theirs = warp.certificate(), other.certificate()
    torch.testing.assert_close(theirs.margin, ours.margin)
    assert torch.equal(theirs.orientation, ours.orientation)


def test_the_margin_is_the_smallest_determinant():
    """It is attained at the corner where the denominator 1 + 0.2x − 0.3y is largest."""
    warp = Projective(matrix((1, 0.1, 0), (0, 1, 0), (0.2, -0.3, 1)))
    corner = torch.linalg.det(warp.jacobian(torch.tensor([[1.0, -1.0]]).double()))
    torch.testing.assert_close(warp.certificate().margin, corner)


@pytest.mark.parametrize(
    ("rows", "margin", "orientation"),
    [
        (((2, 0, 5), (0, 1, 0), (0, 0, 1)), 2.0, 1),
        (((-1, 0, 0), (0, 1, 0), (0, 0, 1)), 1.0, -1),
        (((1, 2, 0), (2, 4, 0), (0, 0, 1)), None, 1),
        (((1 / 3, 2 / 3, 0), (1 / 7, 2 / 7, 0), (0, 0, 1)), None, None),  # singular up to rounding
        (((1, 0, 0), (0, 1, 0), (0.5, 0.5, 1)), None, 1),  # the denominator is 0 at a corner
        (((1, 0, 0), (0, 1, 0), (0, 0.9, -0.5)), None, None),  # and on a line across the square
    ],
)
def test_certificates(rows, margin, orientation):
    certificate = Projective(matrix(*rows)).certificate()
    assert bool(certificate.invertible) == (margin is not None)
    if margin is not None:
        assert math.isclose(float(certificate.margin), margin)
    if orientation is not None:
        assert int(certificate.orientation) == orientation
    assert certificate.domain == ("plane" if rows[2][:2] == (0, 0) else "square")


def test_a_singular_matrix_has_no_inverse():
    with pytest.raises(SingularError, match="det H = 0 in 1 of 1"):
        Projective(matrix((1, 2, 0), (2, 4, 0), (0, 0, 1))).inverse()


@pytest.mark.bad_input
def test_bad_matrices_are_refused():
    with pytest.raises(ArgumentError, match=r"matrix\.shape"):
        Projective(torch.zeros(2, 2, 3))
    with pytest.raises(ArgumentError, match="NaN"):
        Projective(torch.full((1, 3, 3), math.nan))
