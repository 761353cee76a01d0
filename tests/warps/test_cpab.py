"""Piecewise affine velocities and their flows: dimension, interpolation, boundary, order, inverse, symmetry."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp

from invariance.errors import ArgumentError
from invariance.images import pixel_grid
from invariance.testing import assert_equivariant
from invariance.warps import CPAB, Tessellation, random_cpab
from invariance.warps.cpab.flow import velocity

PIXELS = 16
"""Pixels per unit at 32×32."""

SHAPES = pytest.mark.parametrize(
    "tessellation", [Tessellation(2, 2), Tessellation(3, 2, zero_boundary=True), Tessellation(1, 4)], ids=str
)


def draw(tessellation: Tessellation, batch: int = 2, size: float = 0.3, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return size * torch.randn(batch, tessellation.dimension, generator=generator, dtype=torch.float64)


def at_vertices(tessellation: Tessellation, theta: torch.Tensor) -> torch.Tensor:
    full = torch.zeros(len(theta), *tessellation.free.shape, dtype=theta.dtype)
    full[:, tessellation.free] = theta
    return full


def interpolated(tessellation: Tessellation, values: torch.Tensor, point: np.ndarray) -> np.ndarray:
    """Barycentric interpolation in whichever triangle holds the nearest point of the square, found by trying all."""
    corners = tessellation.vertices[tessellation.triangles].numpy()
    system = np.concatenate((corners, np.ones((*corners.shape[:2], 1))), 2).transpose(0, 2, 1)
    weights = np.linalg.solve(system, np.append(point.clip(-1, 1), 1.0)[None, :, None])[..., 0]
    best = int(weights.min(1).argmax())
    return weights[best] @ values[tessellation.triangles[best]].numpy()


@pytest.mark.parametrize(("columns", "rows"), [(1, 1), (2, 2), (3, 2), (5, 5)])
def test_the_number_of_parameters(columns: int, rows: int):
    vertices = (columns + 1) * (rows + 1) + columns * rows
    assert len(Tessellation(columns, rows).vertices) == vertices
    for zero_boundary in (False, True):
        tessellation = Tessellation(columns, rows, zero_boundary)
        lost = 2 * (columns + 1) + 2 * (rows + 1) if zero_boundary else 0
        assert tessellation.dimension == int(tessellation.free.sum()) == 2 * vertices - lost


@SHAPES
def test_the_triangles_tile_the_square(tessellation: Tessellation):
    a, b, c = tessellation.vertices[tessellation.triangles].unbind(1)
    areas = torch.linalg.det(torch.stack((b - a, c - a), -1)) / 2
    assert len(areas) == 4 * tessellation.columns * tessellation.rows
    torch.testing.assert_close(areas, torch.full_like(areas, 4 / len(areas)))
    centroids = (a + b + c) / 3
    assert torch.equal(tessellation.locate(centroids.mT[None])[1][0], torch.arange(len(areas)))


@SHAPES
def test_the_velocity_interpolates_the_vertices(tessellation: Tessellation, generator: torch.Generator):
    theta = draw(tessellation)
    values = at_vertices(tessellation, theta)
    points = 2.6 * torch.rand(60, 2, generator=generator, dtype=torch.float64) - 1.3  # some of them outside
    points = torch.cat((points, tessellation.vertices))
    found = velocity(tessellation, theta, points.mT[None])
    expected = [[interpolated(tessellation, v, p) for p in points.numpy()] for v in values]
    torch.testing.assert_close(found.mT, torch.from_numpy(np.array(expected)), rtol=0, atol=1e-14)


@SHAPES
def test_gradients_are_the_slopes_of_the_velocity(tessellation: Tessellation):
    theta = draw(tessellation, batch=1)
    points = tessellation.vertices[tessellation.triangles].mean(1).mT[None].requires_grad_()
    v = velocity(tessellation, theta, points)
    rows = [torch.autograd.grad(row.sum(), points, retain_graph=True)[0][0] for row in v[0]]
    torch.testing.assert_close(tessellation.gradients(theta)[0], torch.stack(rows))


def test_the_velocity_is_continuous_across_edges(generator: torch.Generator):
    tessellation = Tessellation(2, 3)
    corners = tessellation.vertices[tessellation.triangles]
    weights = torch.rand(len(corners), 3, 1, generator=generator, dtype=torch.float64)
    weights[torch.arange(len(corners)), torch.arange(len(corners)) % 3] = 0
    edges = (weights / weights.sum(1, keepdim=True) * corners).sum(1).mT[None]
    apart = 1e-9 * torch.randn(2, *edges.shape[1:], generator=generator, dtype=torch.float64)
    one, two = (velocity(tessellation, draw(tessellation, 1), edges + shift) for shift in apart)
    assert float((one - two).abs().max()) < 1e-7


def test_the_flow_against_an_adaptive_solver():
    """The oracle is a solver of order 8 that shortens its steps at the edges, not an exact solution."""
    tessellation = Tessellation(2, 2)
    theta, points = draw(tessellation, batch=1), 0.8 * pixel_grid(3, 3).reshape(-1, 2)
    values = at_vertices(tessellation, theta)[0]

    def rate(_, x: np.ndarray) -> np.ndarray:
        return interpolated(tessellation, values, x)

    exact = [solve_ivp(rate, (0, 1), p, "DOP853", rtol=1e-8, atol=1e-8).y[:, -1] for p in points.numpy()]
    error = CPAB(theta, tessellation, 128)(points[None])[0] - torch.from_numpy(np.array(exact))
    assert float((torch.from_numpy(np.array(exact)) - points).norm(dim=1).max()) * PIXELS > 4
    assert float(error.abs().max()) * PIXELS < 1e-4


def test_an_affine_velocity_flows_by_its_exponential():
    """One that is affine on the whole square, of a matrix that keeps the points inside; the order is 4."""
    matrix = torch.tensor([[-0.5, 0.6], [-0.6, -0.2]], dtype=torch.float64)
    tessellation = Tessellation(3, 2)
    theta = (tessellation.vertices @ matrix.mT).reshape(1, -1)
    points = 0.6 * pixel_grid(8, 8).reshape(1, -1, 2)
    exact = points @ torch.linalg.matrix_exp(matrix).mT
    errors = [float((CPAB(theta, tessellation, steps)(points) - exact).abs().max()) for steps in (1, 2, 4, 8)]
    assert errors[-1] < 1e-6
    orders = [math.log2(a / b) for a, b in pairwise(errors)]
    assert all(3.6 < order < 4.4 for order in orders)


def test_across_edges_the_order_is_two():
    theta, tessellation = draw(Tessellation(2, 2), 8), Tessellation(2, 2)
    grid = pixel_grid(16, 16)[None]
    fine = CPAB(theta, tessellation, 256)(grid)
    steps = (4, 8, 16, 32)
    errors = [float((CPAB(theta, tessellation, n)(grid) - fine).norm(dim=-1).mean()) for n in steps]
    slope = np.polyfit(np.log(steps), np.log(errors), 1)[0]
    assert -2.4 < slope < -1.7


def test_errors_of_the_steps_in_pixels():
    """Mean and largest of 20 warps that move points by 1.75 pixels on average."""
    warp = random_cpab(20, 0.5, generator=torch.Generator().manual_seed(0), zero_boundary=False)
    grid = pixel_grid(32, 32)[None]
    fine = CPAB(warp.theta, warp.tessellation, 128)(grid)
    assert 1.7 < float((fine - grid).norm(dim=-1).mean()) * PIXELS < 1.8
    for steps, mean, largest in ((1, 5e-3, 0.3), (2, 1.2e-3, 0.05), (4, 3e-4, 0.02)):
        error = (CPAB(warp.theta, warp.tessellation, steps)(grid) - fine).norm(dim=-1) * PIXELS
        assert float(error.mean()) < mean
        assert float(error.max()) < largest


def test_the_inverse_is_the_flow_of_the_negative_velocity():
    tessellation = Tessellation(3, 3, zero_boundary=True)
    grid = pixel_grid(16, 16)[None]
    errors = []
    for steps in (8, 32):
        warp = CPAB(draw(tessellation, 4, 0.2), tessellation, steps)
        errors.append(float((warp.inverse()(warp(grid)) - grid).abs().max()) * PIXELS)
        assert float(warp.displacement(32, 32).norm(dim=-1).max()) > 2
    assert errors[0] < 1e-2
    assert errors[1] < errors[0] / 8


def test_the_gradient_at_the_identity_is_the_basis():
    tessellation = Tessellation(2, 2, zero_boundary=True)
    theta = torch.zeros(1, tessellation.dimension, dtype=torch.float64, requires_grad=True)
    points = pixel_grid(4, 5)[None]
    values = CPAB(theta, tessellation)(points).flatten()
    rows = torch.stack([torch.autograd.grad(v, theta, retain_graph=True)[0][0] for v in values])
    units = torch.eye(tessellation.dimension, dtype=torch.float64)
    basis = velocity(tessellation, units, points.reshape(1, -1, 2).mT).mT.flatten(1).mT
    torch.testing.assert_close(rows, basis, rtol=0, atol=1e-15)


def test_gradients_in_theta():
    tessellation = Tessellation(2, 1)
    theta = draw(tessellation).requires_grad_()
    points = 0.9 * pixel_grid(3, 3)[None] + 0.01  # off the edges
    assert torch.autograd.gradcheck(lambda t: CPAB(t, tessellation, 2)(points), (theta,))


def test_the_derivative_beyond_the_square(generator: torch.Generator):
    """A free boundary lets points in and out; there v depends on one coordinate, or on none."""
    tessellation = Tessellation(2, 2)
    warp = CPAB(draw(tessellation), tessellation)
    points = (3 * torch.rand(1, 300, 2, generator=generator, dtype=torch.float64) - 1.5).requires_grad_()
    values = warp(points)
    for row in range(2):
        rows = [torch.autograd.grad(v[:, row].sum(), points, retain_graph=True)[0][0] for v in values]
        torch.testing.assert_close(warp.jacobian(points.detach())[:, :, row], torch.stack(rows), rtol=0, atol=1e-13)


def test_with_zero_boundary_the_square_slides_on_itself():
    tessellation = Tessellation(3, 2, zero_boundary=True)
    warp = CPAB(draw(tessellation, size=0.2), tessellation)
    assert warp.certificate().require(orientation=True).keeps_square
    assert not CPAB(draw(Tessellation(3, 2)), Tessellation(3, 2)).certificate().keeps_square
    side = torch.linspace(-1, 1, 41, dtype=torch.float64)
    for axis, end in ((0, -1.0), (0, 1.0), (1, -1.0), (1, 1.0)):
        boundary = torch.stack((torch.full_like(side, end), side), -1)[None]
        boundary = boundary if axis == 0 else boundary.flip(-1)
        image = warp(boundary)
        torch.testing.assert_close(image[..., axis], boundary[..., axis].expand(2, -1), rtol=0, atol=1e-14)
        assert float((image - boundary).abs().max()) > 1e-2
        assert (image[..., 1 - axis].diff(dim=1) > 0).all()
        torch.testing.assert_close(image[:, (0, -1)], boundary[:, (0, -1)].expand(2, -1, -1), rtol=0, atol=1e-14)


@pytest.mark.parametrize("quarter_turns", range(4))
@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize("zero_boundary", [False, True])
def test_flows_commute_with_the_symmetries_of_the_square(quarter_turns: int, mirror: bool, zero_boundary: bool):
    """φ of gθ is g φ g⁻¹: θ ↦ displacement field is equivariant, in float64 to rounding."""
    tessellation = Tessellation(3, 3, zero_boundary)
    grid = pixel_grid(12, 12)

    def turn(fields: torch.Tensor) -> torch.Tensor:
        """(h, w) first."""
        return torch.rot90(fields.flip(1) if mirror else fields, quarter_turns, (0, 1))

    g = torch.linalg.lstsq(grid.flatten(0, 1), turn(grid).flatten(0, 1)).solution.round()  # turn(F)(x) = F(g⁻¹x)
    source = torch.cdist(tessellation.vertices @ g, tessellation.vertices).argmin(1)

    def moved(theta: torch.Tensor) -> torch.Tensor:
        return (at_vertices(tessellation, theta)[:, source] @ g.mT)[:, tessellation.free]

    def model(theta: torch.Tensor) -> torch.Tensor:
        return CPAB(theta, tessellation).displacement(12, 12)

    theta = draw(tessellation, 3)
    assert_equivariant(model, theta, moved(theta), output_action=lambda d: turn(d.movedim(0, 2)).movedim(2, 0) @ g.mT)
    if quarter_turns or mirror:
        with pytest.raises(AssertionError, match="not equivariant"):
            assert_equivariant(model, theta, moved(theta), output_action=lambda d: d)


def test_the_certificate_by_hand():
    """v = (L x, −L y): ‖dv‖ = L, and ρ < 1 for L/n < 0.6931…, just under ln 2, the root of e^z = 2."""
    tessellation = Tessellation(2, 2)
    theta = (tessellation.vertices * torch.tensor([1.0, -1.0])).reshape(1, -1)
    for steps in (1, 4):
        for slope, proved in ((0.69, True), (0.70, False)):
            certificate = CPAB(slope * steps * theta, tessellation, steps).certificate()
            assert bool(certificate.invertible) is proved
    z = 0.1
    rho = z + z**2 / 2 + z**3 / 6 + z**4 / 24
    margin = float(CPAB(4 * z * theta, tessellation, 4).certificate().margin)
    assert margin == pytest.approx((1 - rho) ** 8, rel=1e-9)


def test_scale_is_the_root_mean_square_gradient_of_the_velocity(generator: torch.Generator):
    for zero_boundary in (False, True):
        warp = random_cpab(2000, 0.3, generator=generator, cells=3, zero_boundary=zero_boundary)
        energy = warp.tessellation.gradients(warp.theta).square().sum((1, 2)).mean(1)
        assert abs(float(energy.mean()) - 0.09) < 4 * float(energy.std()) / math.sqrt(2000)


def test_single_precision(generator: torch.Generator):
    warp = random_cpab(3, 0.4, generator=generator, zero_boundary=False)
    low = warp.to(dtype=torch.float32)(pixel_grid(32, 32, dtype=torch.float32)[None])
    torch.testing.assert_close(low.double(), warp(pixel_grid(32, 32)[None]), rtol=0, atol=2e-6)


@pytest.mark.bad_input
def test_bad_input_is_refused():
    tessellation = Tessellation(2, 2)
    theta = torch.zeros(1, 26)
    with pytest.raises(ArgumentError, match="columns = 0"):
        Tessellation(0, 2)
    for shape in ((1, 14), (26,), (1, 26, 1)):
        with pytest.raises(ArgumentError, match=r"theta\.shape = .*\(batch, 26\)"):
            CPAB(torch.zeros(shape), tessellation)
    with pytest.raises(ArgumentError, match="theta = NaN"):
        CPAB(theta + math.nan, tessellation)
    with pytest.raises(ArgumentError, match="steps = 0"):
        CPAB(theta, tessellation, 0)


@pytest.mark.gpu
def test_a_flow_on_a_gpu(card: str, generator: torch.Generator):
    warp = random_cpab(3, 0.4, generator=generator)
    grid = pixel_grid(16, 16)[None]
    torch.testing.assert_close(warp(grid.to(card)).cpu(), warp(grid), rtol=0, atol=1e-12)
