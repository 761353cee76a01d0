"""Maximum-entropy fields: the series, its statistics, and the bound of its gradient."""

import math

import pytest
import torch

from invariance.errors import ArgumentError
from invariance.images import pixel_grid
from invariance.warps import Smooth, random_smooth


def operator_norms(warp: Smooth, points: torch.Tensor) -> torch.Tensor:
    gradient = warp.jacobian(points) - torch.eye(2).double()
    return torch.linalg.matrix_norm(gradient, ord=2)


def test_the_series_term_by_term():
    coefficients = torch.randn(1, 2, 3, 3, generator=torch.Generator().manual_seed(0)).double()
    x, y = 0.3, -0.6
    expected = [x, y]
    for k in range(2):
        for i in range(1, 4):
            for j in range(1, 4):
                mode = math.sin(i * math.pi * (x + 1) / 2) * math.sin(j * math.pi * (y + 1) / 2)
                expected[k] += 2 * float(coefficients[0, k, i - 1, j - 1]) * mode
    value = Smooth(coefficients)(torch.tensor([[[x, y]]], dtype=torch.float64))
    torch.testing.assert_close(value[0, 0], torch.tensor(expected, dtype=torch.float64))


@pytest.mark.parametrize("cutoff", [1, 2, 5])
def test_the_published_statistics(cutoff):
    """E|τ|² = (T/2) Σ 1/(i² + j²) and E‖∇τ‖² = (π²T/2) m, in units of the side of the square."""
    scale = 0.2
    modes = [(i, j) for i in range(1, cutoff + 1) for j in range(1, cutoff + 1) if i**2 + j**2 <= (cutoff + 0.5) ** 2]
    temperature = 2 * scale**2 / (math.pi**2 * len(modes))
    warp = random_smooth(2000, scale, generator=torch.Generator().manual_seed(0), cutoff=cutoff, folding="keep")
    grid = pixel_grid(16, 16)[None]
    size = ((warp(grid) - grid) / 2).square().sum(-1).mean((1, 2))
    gradient = (warp.jacobian(grid) - torch.eye(2).double()).square().sum((-2, -1)).mean((1, 2))
    published = temperature / 2 * sum(1 / (i**2 + j**2) for i, j in modes)
    for sample, expected in ((size, published), (gradient, math.pi**2 * temperature / 2 * len(modes))):
        assert abs(float(sample.mean()) - expected) < 4 * float(sample.std()) / math.sqrt(len(sample)) < 0.2 * expected


@pytest.mark.parametrize("cutoff", [1, 3, 8])
def test_the_certificate_bounds_the_gradient_everywhere(cutoff, generator):
    warp = random_smooth(2, 0.25, generator=generator, cutoff=cutoff)
    bound = 1 - warp.certificate().margin.sqrt()
    finer = operator_norms(warp, pixel_grid(80 * cutoff, 80 * cutoff)[None]).flatten(1).amax(1)
    assert (finer <= bound).all()
    assert (bound <= 1.05 * finer).all()
    outside = operator_norms(warp, 6 * torch.rand(1, 5000, 2, generator=generator).double() - 3).amax(1)
    assert (outside <= bound).all()


def test_the_bound_holds_between_the_points_of_the_grid():
    """One whose largest gradient is between the points of the certificate's grid."""
    coefficients = torch.zeros(1, 2, 2, 2).double()
    coefficients[0, 0, 0, 1], coefficients[0, 0, 1, 1] = 0.08, 0.03
    warp = Smooth(coefficients)
    coarse = torch.linspace(-1, 1, 17).double()
    grid = torch.stack(torch.meshgrid(coarse, coarse, indexing="xy"), -1)[None]
    finest = float(operator_norms(warp, pixel_grid(800, 800)[None]).max())
    assert float(operator_norms(warp, grid).max()) < finest * (1 - 1e-4)
    assert finest <= 1 - float(warp.certificate().margin.sqrt())


def test_the_bound_holds_where_the_gradient_turns():
    """One whose largest gradient is close to a rotation."""
    x = [[1.0, -1.0, 0.0], [-1.0, -1.0, -1.0], [-1.0, 0.0, 1.0]]
    y = [[-1.0, 0.0, 1.0], [1.0, 1.0, 0.0], [0.0, 1.0, -1.0]]
    warp = Smooth(0.015 * torch.tensor([[x, y]]).double())
    bound, finest = 1 - float(warp.certificate().margin.sqrt()), operator_norms(warp, pixel_grid(240, 240)[None]).max()
    assert 0.3 < finest <= bound < 1


def test_the_boundary_is_fixed(generator):
    warp = random_smooth(3, 0.3, generator=generator)
    side = torch.linspace(-1, 1, 21).double()
    for x in (-1.0, 1.0):
        points = torch.stack((torch.full_like(side, x), side), -1)[None]
        torch.testing.assert_close(warp(points), points.expand(3, -1, -1), rtol=0, atol=1e-14)


@pytest.mark.bad_input
def test_bad_coefficients_are_refused():
    for shape in ((1, 2, 3, 2), (1, 1, 2, 2), (1, 2, 0, 0), (2, 2, 2)):
        with pytest.raises(ArgumentError, match=r"coefficients\.shape"):
            Smooth(torch.zeros(shape))
    with pytest.raises(ArgumentError, match="NaN"):
        Smooth(torch.full((1, 2, 2, 2), math.nan))
