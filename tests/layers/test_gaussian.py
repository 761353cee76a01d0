"""Mixtures of Gaussians against integrals, autograd and each other; the change of variables of Jansson et al."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from invariance.errors import ArgumentError, ArgumentTypeError, SingularError
from invariance.images import ContinuousImage, pixel_grid
from invariance.layers import gaussian
from invariance.layers.gaussian import (
    GaussianConv2d,
    GaussianMixture,
    Square,
    convolve,
    matched_filters,
    merged,
    products,
    square,
    strokes,
)
from invariance.testing.strategies import gl2_matrices
from invariance.warps import Projective, Pullback

POINTS = torch.rand(1, 40, 2, generator=torch.Generator().manual_seed(9), dtype=torch.float64) - 0.5
BIAS = torch.tensor([0.3, -0.7], dtype=torch.float64)


def mixture(batch: int = 2, seed: int = 0, constant: float = 0.0, **options) -> GaussianMixture:
    image = GaussianMixture.random(batch, generator=torch.Generator().manual_seed(seed), **options)
    return GaussianMixture(image.mean, image.covariance, image.polynomial, image.constant + constant)


def assert_same(actual: Tensor, expected: Tensor, tolerance: float = 1e-12) -> None:
    assert actual.shape == expected.shape
    assert float((actual - expected).abs().max()) <= tolerance * float(expected.abs().max())


def relative(actual: Tensor, expected: Tensor) -> float:
    return float((actual - expected).abs().max() / expected.abs().max())


def plane(half: float, count: int) -> tuple[Tensor, float]:
    """Points of the trapezoid rule on a square, and the area of each; spectrally accurate for what vanishes outside."""
    return half * pixel_grid(count, count)[None], (2 * half / count) ** 2


# The image


def test_value_is_the_sum_of_its_terms():
    f = mixture(degree=2, channels=2, constant=0.4)
    expected = torch.full((2, 2, 40), 0.4, dtype=torch.float64)
    for b in range(2):
        for t in range(f.terms):
            u = POINTS[0] - f.mean[b, t]
            envelope = torch.exp(-0.5 * torch.einsum("ni,ij,nj->n", u, torch.linalg.inv(f.covariance[b, t]), u))
            for i in range(3):
                for j in range(3):
                    power = u[:, 0] ** i * u[:, 1] ** j * envelope
                    expected[b] += f.polynomial[b, :, t, i, j, None] * power
    assert_same(f(POINTS), expected)
    assert isinstance(f, ContinuousImage)


def test_points_keep_their_shape_however_many_they_are(monkeypatch: pytest.MonkeyPatch):
    f = mixture(3, channels=2)
    grid = pixel_grid(5, 4)[None]
    whole = f(grid)
    assert whole.shape == (3, 2, 5, 4)
    monkeypatch.setattr(gaussian.mixture, "_CHUNK", 50)
    assert_same(f(grid), whole, 1e-15)
    assert_same(f[1:](grid.expand(2, -1, -1, -1)), whole[1:], 1e-15)


def test_gradient_is_that_of_automatic_differentiation():
    f = mixture(degree=3, constant=1.0)
    points = POINTS.expand(2, -1, -1).clone().requires_grad_()
    (slope,) = torch.autograd.grad(f(points).sum(), points)
    assert_same(f.jacobian(POINTS), slope.mT.unsqueeze(1))


def test_sums_and_multiples():
    f, g = mixture(degree=1, constant=0.5), mixture(seed=1, degree=2, constant=-0.2)
    assert_same((f * 3.0 + g)(POINTS), 3 * f(POINTS) + g(POINTS))


def test_integral():
    f = mixture(degree=2, width=0.1, spread=0.2, constant=3.0)
    grid, area = plane(2.0, 160)
    assert_same(f.integral(), (f(grid) - 3.0).sum((-2, -1)) * area)


@given(linear=gl2_matrices(), shift=st.tuples(st.floats(-1, 1), st.floats(-1, 1)))
@settings(max_examples=15)
def test_affine_maps_act_as_on_any_image(linear: Tensor, shift: tuple[float, float]):
    f, t = mixture(degree=2, constant=0.5), torch.tensor([shift], dtype=torch.float64)
    moved, pulled = f.transform(linear[None], t), Pullback(f, Projective.affine(linear[None], t).inverse())
    there = POINTS @ linear.mT + t
    assert_same(moved(there), pulled(there), 1e-11)
    assert_same(moved.jacobian(there), pulled.jacobian(there), 1e-10)


# Closed forms


def test_convolution_is_the_integral():
    f, filters = mixture(2, degree=2, channels=3), mixture(4, seed=1, degree=1, channels=3, width=0.1, terms=2)
    grid, area = plane(2.2, 180)
    weights = filters(grid)
    for x in POINTS[0, :5]:
        expected = torch.einsum("bihw,oihw->bo", f(x - grid), weights) * area
        assert_same(convolve(f, filters)(x[None, None])[..., 0], expected)


def test_convolution_of_a_constant_is_its_multiple_of_the_integral():
    f, filters = mixture(constant=2.0), mixture(3, seed=1)
    assert_same(convolve(f, filters).constant, 2 * filters.integral().mT.expand(2, 3))


def test_convolution_commutes():
    f, g = mixture(1, degree=2), mixture(1, seed=1, degree=3)
    assert_same(convolve(f, g)(POINTS), convolve(g, f)(POINTS))


@pytest.mark.parametrize("constant", [0.0, -0.6])
@pytest.mark.parametrize("degree", [0, 3])
def test_square_is_the_square(constant: float, degree: int):
    f = mixture(channels=2, degree=degree, constant=constant)
    assert_same(square(f)(POINTS), f(POINTS) ** 2)
    assert_same(square(f).jacobian(POINTS), 2 * f(POINTS).unsqueeze(2) * f.jacobian(POINTS))
    assert square(f).terms == 6 + 3 * (constant != 0)


def test_merging_keeps_the_function_and_curbs_the_growth():
    whole = small = mixture(4)
    kernel, terms = mixture(1, seed=1, terms=1), []
    for depth in range(4):
        small = merged(square(convolve(small, kernel)))
        terms.append(small.terms)
        if depth < 3:
            whole = square(convolve(whole, kernel))
            assert_same(small(POINTS), whole(POINTS))
    assert terms == [6, 15, 45, 153]
    assert whole.terms == 231


def test_merging_leaves_different_gaussians_alone_and_drops_those_that_vanish():
    f = mixture()
    near = GaussianMixture(f.mean + 1e-6, f.covariance, f.polynomial, f.constant)
    assert merged(f + f).terms == 3
    assert merged(f + near).terms == 6
    assert_same(merged(f + near)(POINTS), f(POINTS) + near(POINTS))
    assert merged(f + f * 0.0 + near * 0.0).terms == 3
    assert merged(f * 0.0).terms == 1


def test_size_is_refused_before_it_is_reached(monkeypatch: pytest.MonkeyPatch):
    f = mixture()
    monkeypatch.setattr(products, "MAX_COEFFICIENTS", 11)
    with pytest.raises(ArgumentError, match="terms = 3: fewer: the result has 12 coefficients > 11"):
        square(f)
    with pytest.raises(ArgumentError, match="terms = 3"):
        convolve(f, mixture(1, seed=1))
    monkeypatch.setattr(products, "MAX_COEFFICIENTS", 12)
    assert square(f).terms == 6


def test_single_precision_stays():
    f = mixture()
    single = GaussianMixture(*(x.float() for x in (f.mean, f.covariance, f.polynomial, f.constant)))
    result = merged(square(convolve(single, single[:1])))
    assert result.dtype == torch.float32
    assert_same(result(POINTS.float()).double(), square(convolve(f, f[:1]))(POINTS), 1e-5)


# Jansson et al., single layer: T_h⁻¹ Λ_λ T_h = Λ_μ with μ = |det T_h| T_h⁻¹λ


def layer(filters: GaussianMixture) -> torch.nn.Sequential:
    return torch.nn.Sequential(GaussianConv2d(filters, BIAS), Square())


def conjugated(h: Tensor, f: GaussianMixture, filters: GaussianMixture) -> Tensor:
    """Values of T_h⁻¹ Λ_λ T_h f."""
    return layer(filters)(f.transform(h[None]))(POINTS @ h.mT)


def angled(degrees: float) -> list[list[float]]:
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return [[c, -s], [s, c]]


MAPS = {
    "rotation": angled(33),
    "reflection": [[-1.0, 0.0], [0.0, 1.0]],
    "glide": [[0.6, 0.8], [0.8, -0.6]],
    "shear": [[1.0, 0.7], [0.0, 1.0]],
    "scaling": [[1.6, 0.0], [0.0, 1.6]],
    "stretch": [[0.5, 0.0], [0.0, 2.0]],
}


@pytest.mark.parametrize("name", MAPS)
def test_change_of_variables(name: str):
    h = torch.tensor(MAPS[name], dtype=torch.float64)
    f, filters = mixture(degree=1), mixture(2, seed=1, degree=2, terms=2)
    mu = filters.transform(torch.linalg.inv(h)[None]) * float(torch.linalg.det(h).abs())
    assert_same(conjugated(h, f, filters), layer(mu)(f)(POINTS), 1e-11)


@given(h=gl2_matrices(max_condition=5))
@settings(max_examples=15)
def test_change_of_variables_for_any_matrix(h: Tensor):
    f, filters = mixture(), mixture(2, seed=1, degree=1, terms=2)
    mu = filters.transform(torch.linalg.inv(h)[None]) * float(torch.linalg.det(h).abs())
    assert_same(conjugated(h, f, filters), layer(mu)(f)(POINTS), 1e-9)


def test_the_printed_determinant_has_the_wrong_sign_for_reflections():
    """Witness: a filter that the reflection keeps. The layer commutes with it; μ = (det T_h) T_h⁻¹λ = −λ does not."""
    h = torch.tensor(MAPS["reflection"], dtype=torch.float64)
    half = mixture(2, seed=1, degree=1, terms=2) * 10.0
    filters = half + half.transform(h[None])
    f = mixture(degree=1)
    assert_same(conjugated(h, f, filters), layer(filters)(f)(POINTS))
    assert relative(layer(filters * -1.0)(f)(POINTS), conjugated(h, f, filters)) > 0.5


@pytest.mark.parametrize("mutant", [0.0, 2.0])
def test_another_power_of_the_determinant_is_wrong(mutant: float):
    h = torch.tensor(MAPS["scaling"], dtype=torch.float64)
    f, filters = mixture(), mixture(2, seed=1) * 10.0
    mu = filters.transform(torch.linalg.inv(h)[None]) * float(torch.linalg.det(h).abs()) ** mutant
    assert relative(layer(mu)(f)(POINTS), conjugated(h, f, filters)) > 0.1


# Drawings


def test_strokes_and_their_filters():
    letter = strokes([[((-0.4, 0.0), (0.4, 0.0)), ((0.0, -0.2), (0.0, 0.2))]], width=0.05)
    assert float(letter(torch.tensor([[[0.0, 0.0]]]).double())) == pytest.approx(2)
    assert letter.covariance[0, 0].flatten().tolist() == pytest.approx([0.8**2 / 12 + 0.0025, 0.0, 0.0, 0.0025])
    filters = matched_filters(letter)
    assert abs(float(filters.integral())) < 1e-15
    response = convolve(letter, filters)(pixel_grid(41, 41)[None])
    assert int(response.argmax()) == 41 * 41 // 2


def test_a_matched_filter_is_the_template_turned_over_less_something_round():
    letter = strokes([[((-0.4, 0.1), (0.4, 0.3)), ((0.0, -0.2), (0.1, 0.2))]])
    left = matched_filters(letter)(POINTS) - letter(-POINTS)
    turned = matched_filters(letter)(POINTS.flip(-1)) - letter(-POINTS.flip(-1))
    assert_same(left, turned)
    assert (left < 0).all()


def test_the_fourth_moment_of_a_gaussian():
    f = GaussianMixture(
        torch.zeros(1, 1, 2).double(),
        torch.diag(torch.tensor([4.0, 9.0])).double()[None, None],
        torch.zeros(1, 2, 1, 5, 5).double(),
        torch.zeros(1, 2).double(),
    )
    f.polynomial[0, 0, 0, 4, 0] = f.polynomial[0, 1, 0, 2, 2] = 1
    assert (f.integral() / (2 * math.pi * 6)).tolist() == [[pytest.approx(3 * 16), pytest.approx(4 * 9)]]


# Bad input


def parts(**changes: Tensor) -> dict[str, Tensor]:
    f = mixture()
    tensors = {"mean": f.mean, "covariance": f.covariance, "polynomial": f.polynomial, "constant": f.constant}
    return tensors | changes


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"mean": torch.zeros(2, 0, 2)}, "mixture = 0 terms, 1 channels: at least one term"),
        ({"mean": torch.zeros(2)}, "mixture = 0 terms"),
        ({"covariance": torch.eye(2).double()}, r"covariance.shape = \(2, 2\): \(2, 3, 2, 2\)"),
        ({"polynomial": torch.zeros(2, 1, 3, 2, 3)}, r"polynomial.shape = \(2, 1, 3, 2, 3\): \(2, 1, 3, 3, 3\)"),
        ({"constant": torch.zeros(2)}, r"constant.shape = \(2,\)"),
        ({"mean": torch.full((2, 3, 2), torch.nan).double()}, "mean = NaN"),
        ({"covariance": -torch.eye(2).double().expand(2, 3, 2, 2)}, "covariance = .*: symmetric and positive definite"),
        ({"covariance": torch.ones(2, 3, 2, 2).double()}, "positive definite"),
        ({"covariance": torch.tensor([[2.0, 1], [0, 2]]).double().expand(2, 3, 2, 2)}, "symmetric"),
        ({"polynomial": torch.ones(2, 1, 3, 2, 2).double()}, "polynomial = a total degree of 2 or more"),
    ],
)
def test_bad_mixtures_are_named(changes: dict[str, Tensor], message: str):
    with pytest.raises(ArgumentError, match=message):
        GaussianMixture(**parts(**changes))


@pytest.mark.bad_input
def test_mixed_types_are_named():
    with pytest.raises(ArgumentTypeError, match=r"constant.dtype = torch.float32"):
        GaussianMixture(**parts(constant=torch.zeros(2, 1)))


@pytest.mark.parametrize("matrix", [[[1.0, 2.0], [0.5, 1.0]], [[0.0, 0.0], [0.0, 0.0]], [[0.1, 0.3], [0.2, 0.6]]])
def test_maps_that_are_not_invertible_are_named(matrix: list[list[float]]):
    with pytest.raises(SingularError, match="linear"):
        mixture().transform(torch.tensor([matrix], dtype=torch.float64))


@pytest.mark.bad_input
def test_other_bad_input_is_named():
    f = mixture()
    with pytest.raises(ArgumentError, match=r"linear.shape = \(2, 2\)"):
        f.transform(torch.eye(2).double())
    with pytest.raises(ArgumentError, match=r"shift.shape = \(2,\)"):
        f.transform(torch.eye(2).double()[None], torch.zeros(2).double())
    with pytest.raises(ArgumentError, match=r"points.shape = \(3, 4, 2\): \(1 or 2"):
        f(torch.zeros(3, 4, 2).double())
    with pytest.raises(ArgumentError, match=r"filters.constant"):
        convolve(f, mixture(1, constant=1.0))
    with pytest.raises(ArgumentError, match=r"filters = .*: 1 channels"):
        convolve(f, mixture(1, channels=2))
    with pytest.raises(ArgumentError, match="other"):
        f + mixture(3)
    with pytest.raises(ArgumentError, match="width"):
        strokes([[((0.0, 0.0), (1.0, 0.0))]], width=0.0)
    with pytest.raises(ArgumentError, match="drawings"):
        strokes([[]])
    with pytest.raises(ArgumentError, match=r"templates.constant"):
        matched_filters(mixture(1, constant=1.0))
    with pytest.raises(ArgumentError, match="surround"):
        matched_filters(mixture(1), surround=0.0)
