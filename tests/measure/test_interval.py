"""Bootstrap intervals cover, and they cluster."""

import pytest
import torch

from invariance.errors import ArgumentError
from invariance.measure import bootstrap_mean, bootstrap_ratio, quantile_interval


def test_coverage_is_near_the_level(generator: torch.Generator):
    """True ratio 1 from 30 exponential images: the percentile interval covers it about 95 times in 100."""
    covered = 0
    for _ in range(300):
        difference, spread = -torch.rand(2, 30, generator=generator, dtype=torch.float64).log()
        low, high = quantile_interval(bootstrap_ratio(difference, spread, generator=generator, resamples=200))
        covered += bool(low <= 1 <= high)
    assert 0.88 < covered / 300 <= 1


def test_axes_stay_paired(generator: torch.Generator):
    difference = torch.rand(8, generator=generator, dtype=torch.float64)
    rows = torch.stack((difference, 4 * difference))
    replicates = bootstrap_ratio(rows, torch.ones_like(rows), generator=generator)
    torch.testing.assert_close(replicates[:, 1], 2 * replicates[:, 0])


def test_identical_images_leave_no_width(generator: torch.Generator):
    ones = torch.ones(5, dtype=torch.float64)
    low, high = quantile_interval(bootstrap_ratio(4 * ones, ones, generator=generator))
    assert (float(low), float(high)) == pytest.approx((2, 2))


def test_bad_input_is_named(generator: torch.Generator):
    one = torch.ones(1, dtype=torch.float64)
    with pytest.raises(ArgumentError, match="images = 1"):
        bootstrap_ratio(one, one, generator=generator)
    with pytest.raises(ArgumentError, match="level = 95"):
        quantile_interval(torch.ones(10, dtype=torch.float64), 95)


def test_means_have_the_spread_of_their_binomial(generator: torch.Generator):
    values = torch.stack((torch.ones(40), (torch.arange(40) < 10).float())).double()
    replicates = bootstrap_mean(values, generator=generator, resamples=4000)
    assert replicates.shape == (4000, 2)
    assert bool((replicates[:, 0] == 1).all())
    assert float(replicates[:, 1].mean()) == pytest.approx(0.25, abs=0.005)
    assert float(replicates[:, 1].std()) == pytest.approx((0.25 * 0.75 / 40) ** 0.5, rel=0.05)
    torch.testing.assert_close(bootstrap_mean(values[0], generator=generator), torch.ones(1000).double())


@pytest.mark.bad_input
def test_a_mean_of_one_image_has_no_interval(generator: torch.Generator):
    with pytest.raises(ArgumentError, match="images = 1"):
        bootstrap_mean(torch.ones(1), generator=generator)
