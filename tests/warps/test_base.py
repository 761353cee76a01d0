"""Laws of all warps: identity, composition, batches, dtypes; what a certificate says."""

import pytest
import torch

from invariance.errors import ArgumentError, FoldingError
from invariance.images import pixel_grid
from invariance.warps import Certificate, Identity, Projective, Warp, random_affine, random_homography, random_smooth

POINTS = pixel_grid(5, 7)[None]


def derivative(warp: Warp, points: torch.Tensor) -> torch.Tensor:
    """dφ from automatic differentiation of φ alone."""
    points = points.expand(len(warp), *points.shape[1:]).clone().requires_grad_()
    values = warp(points)
    return torch.stack([torch.autograd.grad(v.sum(), points, retain_graph=True)[0] for v in values.unbind(-1)], -2)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_identity_is_exact(dtype):
    points = POINTS.to(dtype)
    assert torch.equal(Identity()(points), points)
    assert torch.equal(Identity().jacobian(points), torch.eye(2, dtype=dtype).expand(1, 5, 7, 2, 2))
    assert not Identity().displacement(5, 7).any()
    assert Identity().certificate().require().keeps_square


def test_composition_obeys_the_chain_rule(generator):
    outer, inner = random_homography(3, 0.1, generator=generator), random_smooth(3, 0.2, generator=generator)
    both = outer @ inner
    torch.testing.assert_close(both(POINTS), outer(inner(POINTS)), rtol=0, atol=0)
    torch.testing.assert_close(both.jacobian(POINTS), derivative(both, POINTS), rtol=1e-12, atol=1e-13)
    torch.testing.assert_close(
        both.jacobian(POINTS), outer.jacobian(inner(POINTS)) @ inner.jacobian(POINTS), rtol=0, atol=0
    )
    wrong = outer.jacobian(POINTS) @ inner.jacobian(POINTS)
    assert (both.jacobian(POINTS) - wrong).abs().max() > 1e-3


def test_composition_is_certified_where_both_parts_are(generator):
    homography, smooth = random_homography(3, 0.1, generator=generator), random_smooth(3, 0.2, generator=generator)
    shift = Projective.affine(torch.eye(2).double()[None], torch.tensor([[3.0, 0.0]]).double())
    certificate = (homography @ smooth).certificate().require()
    assert certificate.domain == "square"
    assert not certificate.keeps_square
    determinants = torch.linalg.det((homography @ smooth).jacobian(POINTS))
    assert (determinants.flatten(1).amin(1) >= certificate.margin).all()
    assert (smooth @ shift).certificate().require().domain == "plane"
    assert not (homography @ shift).certificate().invertible.any()  # φ is certified on the square, which ψ leaves
    assert ((shift @ shift) @ Identity()).certificate().require().domain == "plane"


def test_a_batch_can_be_taken_apart(generator):
    warp = random_affine(4, 0.1, generator=generator) @ random_smooth(1, 0.1, generator=generator)
    assert len(warp) == 4
    values = warp(POINTS)
    for part, rows in ((warp[1], slice(1, 2)), (warp[-1], slice(3, 4)), (warp[1:3], slice(1, 3))):
        assert torch.equal(part(POINTS), values[rows])
    assert torch.equal(warp[torch.tensor([True, False, False, True])](POINTS), values[[0, 3]])
    assert torch.equal(torch.cat([one(POINTS) for one in warp]), values)
    with pytest.raises(IndexError):
        warp[4]


def test_one_warp_serves_many_points_and_shapes(generator):
    warp = random_affine(1, 0.1, generator=generator)
    points = torch.rand(3, 2, 5, 2, generator=generator)
    assert warp(points).shape == (3, 2, 5, 2)
    assert warp.jacobian(points).shape == (3, 2, 5, 2, 2)
    assert warp(points[:, 0, 0]).shape == (3, 2)


def test_values_have_the_dtype_of_the_points(generator):
    warp = random_homography(2, 0.1, generator=generator)
    low = warp(POINTS.float())
    assert low.dtype == torch.float32
    assert torch.equal(low, warp(POINTS.float().double()).float())
    single = warp.to(dtype=torch.float32)
    assert single.dtype == torch.float32
    assert single.redraws is not None
    assert single.redraws.dtype == torch.int64
    assert single(POINTS).dtype == torch.float64


def test_displacement_is_in_pixels():
    shift = Projective.affine(torch.eye(2)[None], torch.tensor([[0.5, -0.25]]))
    expected = torch.tensor([0.5 * 8 / 2, -0.25 * 4 / 2]).expand(1, 4, 8, 2)
    torch.testing.assert_close(shift.displacement(4, 8), expected)


def test_a_certificate_names_the_warps_that_fold():
    certificate = Certificate(torch.tensor([1.0, -0.5, 2.0, 0.0]).double(), torch.tensor([1, 1, -1, 1]), "a criterion")
    with pytest.raises(FoldingError, match=r"number 1, 3 of 4, margin -0\.5: invertible, .*a criterion"):
        certificate.require()
    with pytest.raises(FoldingError, match=r"number 1, 2, 3 of 4.*without reflection"):
        certificate.require(orientation=True)


def test_compositions_multiply_orientations_and_do_not_unfold():
    mirror = Projective.affine(torch.diag(torch.tensor([1.0, -1.0])).double()[None])
    fold = Projective.affine(torch.tensor([[[1.0, 2.0], [2.0, 4.0]]]).double())
    twice = (Identity() @ mirror, mirror @ Identity(), mirror @ mirror)
    assert [int(both.certificate().require().orientation) for both in twice] == [-1, -1, 1]
    assert (fold.certificate().margin < 0).all()
    assert not (fold @ fold).certificate().invertible


def test_pieces_of_both_signs_are_refused():
    up, flat = torch.eye(2).double(), torch.tensor([[1.0, 2.0], [2.0, 4.0]]).double()
    mirror = torch.diag(torch.tensor([1.0, -2.0])).double()
    pieces = torch.stack([torch.stack(pair) for pair in ((up, 2 * up), (mirror, mirror), (up, mirror), (up, flat))])
    certificate = Certificate.from_pieces(pieces, "")
    assert certificate.invertible.tolist() == [True, True, False, False]
    assert certificate.preserves_orientation.tolist() == [True, False, False, False]
    torch.testing.assert_close(certificate.margin[:2], torch.tensor([1.0, 2.0]).double())


def test_a_determinant_within_its_rounding_error_is_refused():
    """(1/3)(2/7) − (2/3)(1/7) and the like, which rounding leaves a little above 0 in some of these."""
    ratio = torch.linspace(0.1, 3, 50).double()
    row = torch.stack((torch.full_like(ratio, 1 / 3), ratio / 7), -1)
    pieces = torch.stack((row, row * ratio[:, None]), -2)
    assert torch.linalg.det(pieces).any()
    assert (pieces[:, 0, 0] * pieces[:, 1, 1] > pieces[:, 0, 1] * pieces[:, 1, 0]).any()
    assert not Certificate.from_pieces(pieces[:, None], "").invertible.any()


def test_mixed_precisions_are_computed_in_the_widest(generator):
    low, high = (
        random_affine(2, 0.1, generator=generator, dtype=torch.float32),
        random_smooth(2, 0.1, generator=generator),
    )
    for both in (low @ high, high @ low):
        assert both.dtype == torch.float64
        assert both(POINTS.float()).dtype == torch.float32


@pytest.mark.bad_input
def test_bad_shapes_are_refused(generator):
    warp = random_affine(3, 0.1, generator=generator)
    for shape in ((4, 5, 2), (3, 5, 3), (2,)):
        with pytest.raises(ArgumentError, match=r"points\.shape"):
            warp(torch.zeros(shape))
    with pytest.raises(ArgumentError, match="inner"):
        _ = warp @ warp[:2]
