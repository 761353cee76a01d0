"""Verdicts on error sequences whose limit is known."""

import math

import pytest
import torch

from invariance.errors import ArgumentError
from invariance.measure import ErrorReport, Ladder, refinement_ladder
from invariance.testing import assert_consistent

CONVERGENT = {
    "second order": lambda n: 100 / n**2,
    "first order": lambda n: 1 / n,
    "second and fourth order": lambda n: 100 / n**2 + 2e5 / n**4,
    "second minus fourth order": lambda n: 100 / n**2 - 3e4 / n**4,
    "first and second order": lambda n: 1 / n + 10 / n**2,
    "second order with a logarithm": lambda n: 100 / n**2 * math.sqrt(math.log(n)),
}
PLATEAUS = {
    "constant": lambda n: 0.1,
    "plateau": lambda n: 0.01 + 100 / n**2,
    "low plateau": lambda n: 5e-4 + 100 / n**2,
    "plateau in the squares": lambda n: math.hypot(1e-3, 100 / n**2),
}


def climb(error, *, noise: float = 0.02, images: int = 16, **options) -> Ladder:
    generator = torch.Generator().manual_seed(0)

    def normal() -> torch.Tensor:
        return torch.randn(images, generator=generator, dtype=torch.float64)

    difficulty = (0.3 * normal()).exp()
    ones = torch.ones(images, dtype=torch.float64)

    def measure(size: int) -> ErrorReport:
        difference = (error(size) * difficulty * (noise * normal()).exp()).square()
        return ErrorReport(difference, ones, ones, ones.long(), ones.long(), 0.0)

    return refinement_ladder(measure, generator=generator, **options)


def test_the_error_is_the_ratio_of_means():
    difference, spread = torch.tensor([[1.0, 3.0]] * 4).double(), torch.tensor([[1.0, 15.0]] * 4).double()
    ladder = Ladder((8, 16, 32, 64), difference, spread, 0.5, 0.0, 1.0, (0.5, 0.5), (1.0, 1.0), "violated")
    assert ladder.error.tolist() == [0.5] * 4


@pytest.mark.parametrize("error", CONVERGENT.values(), ids=CONVERGENT)
def test_errors_that_vanish_are_consistent(error):
    ladder = assert_consistent(climb(error))
    assert ladder.limit_interval[0] == 0
    assert ladder.order_interval[0] > 0.5


@pytest.mark.parametrize("error", PLATEAUS.values(), ids=PLATEAUS)
def test_errors_that_level_off_are_violations(error):
    ladder = climb(error)
    low, high = ladder.limit_interval
    assert ladder.verdict == "violated"
    assert 0 < low <= error(10**6)
    assert high < 1.3 * error(32)
    with pytest.raises(AssertionError, match="violated: E∞ ="):
        assert_consistent(ladder)


def test_the_fit_finds_limit_and_order():
    ladder = climb(lambda n: 0.01 + 2 * (n / 32) ** -1.5, noise=0.0)
    assert ladder.order == pytest.approx(1.5, abs=0.05)
    assert ladder.limit / ladder.error[-1] == pytest.approx(0.01 / (0.01 + 2 * 8**-1.5), abs=0.02)
    torch.testing.assert_close(ladder.fitted(torch.tensor(ladder.sizes).double()), ladder.error, rtol=0.05, atol=0)


def test_noise_that_hides_the_order_is_undecided():
    assert climb(lambda n: n**-0.3, noise=1.0, images=4).verdict == "undecided"


def test_rounding_errors_are_consistent_although_they_grow():
    ladder = climb(lambda n: 1e-15 * n)
    assert ladder.verdict == "consistent"
    assert ladder.order == math.inf


def test_errors_that_fall_faster_than_any_power_are_consistent():
    ladder = climb(lambda n: math.exp(-n / 8) + 1e-15 * n)
    assert ladder.verdict == "consistent"
    assert ladder.order == math.inf
    assert ladder.limit_interval[1] < 1e-6


def test_errors_that_rise_to_a_limit_are_violations():
    """The grid's error has the opposite sign: |0.075 − (39/N)²|, small by chance at N = 140."""
    sizes = (32, 48, 64, 96, 128, 192, 256)
    ladder = climb(lambda n: abs(0.075 - (12 / n) ** 2), sizes=sizes, noise=0.002)
    assert ladder.verdict == "violated"
    assert ladder.limit == pytest.approx(0.075, rel=0.15)
    assert ladder.rise < 0
    torch.testing.assert_close(ladder.fitted(torch.tensor(sizes[2:]).double()), ladder.error[2:], rtol=0.1, atol=0)


def test_errors_that_rise_before_they_fall_are_not():
    assert climb(lambda n: 1 / n * min(1, (n / 100) ** 2)).verdict != "violated"
    assert climb(lambda n: (n / 256) ** 2).verdict != "violated"


def test_sizes_that_happen_to_be_exact_are_not():
    assert climb(lambda n: 1e-15 if n & (n - 1) == 0 else 0.1).verdict != "consistent"
    assert climb(lambda n: 1e-15 if n % 64 == 0 else 0.1).verdict != "consistent"


@pytest.mark.parametrize("sizes", [(32, 64, 128), (32, 64, 64, 128), (128, 64, 32, 16)])
def test_bad_ladders_are_named(sizes):
    with pytest.raises(ArgumentError, match="at least four increasing sizes"):
        climb(lambda n: 1 / n, sizes=sizes)


def test_a_single_image_is_not_enough():
    def measure(size: int) -> ErrorReport:
        one = torch.ones(1, dtype=torch.float64)
        return ErrorReport(one, one, None, one.long(), one.long(), 0.0)

    with pytest.raises(ArgumentError, match="two independent images"):
        refinement_ladder(measure, generator=torch.Generator())
