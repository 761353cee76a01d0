"""Integrals over the surface in colour space: what they do not see, and by how little a window lets them move."""

from collections.abc import Callable
from itertools import pairwise

import pytest
import torch
from torch import Tensor, nn

from invariance.errors import ArgumentError, ArgumentTypeError
from invariance.images import AnalyticImage, sample
from invariance.layers import (
    SurfacePool2d,
    mesh_surface,
    pixel_mesh,
    pixel_surface,
    quad_surface,
    triangle_surface,
)
from invariance.layers.surface import Windows
from invariance.warps import Pullback, random_piecewise_linear, random_smooth


def integrand(channels: int = 3, out: int = 4, seed: int = 0) -> nn.Module:
    directions = channels * (channels - 1) // 2
    generator = torch.Generator().manual_seed(seed)
    layers = nn.Sequential(
        nn.Conv1d(channels + directions * (directions + 1) // 2, 16, 1), nn.Tanh(), nn.Conv1d(16, out, 1)
    ).double()
    for parameter in layers.parameters():
        parameter.data = torch.randn(parameter.shape, generator=generator, dtype=torch.float64) / 2
    return layers.requires_grad_(False)


def error(pool: Callable[[Tensor], Tensor], images: Tensor, warped: Tensor) -> float:
    plain = pool(images)
    return float((pool(warped) - plain).square().mean().sqrt() / (plain - plain.roll(1, 0)).square().mean().sqrt())


@pytest.mark.parametrize("discretisation", ["pixels", "quads", "triangles"])
@pytest.mark.parametrize("mean", [True, False])
def test_it_is_invariant_to_smooth_warps_at_second_order(discretisation, mean, generator: torch.Generator):
    images = AnalyticImage.random(4, generator=generator, cutoff=3)
    warped = Pullback(images, random_smooth(4, 0.2, generator=generator))
    pool = SurfacePool2d(integrand(), discretisation=discretisation, mean=mean)
    errors = [error(pool, sample(images, n), sample(warped, n)) for n in (48, 96, 192)]
    assert errors[2] < 3e-3
    assert errors[0] / errors[2] > 2 ** (2 * 1.5)


def test_a_mean_over_pixels_is_not_invariant(generator: torch.Generator):
    """The control: without the area element the factor |det dφ| is missing."""
    images = AnalyticImage.random(8, generator=generator, cutoff=3)
    warped = Pullback(images, random_smooth(8, 0.2, generator=generator))
    f = integrand()

    def unweighted(x: Tensor) -> Tensor:
        return f(pixel_surface(x).features).mean(-1)

    pairs = sample(images, 128), sample(warped, 128)
    assert error(unweighted, *pairs) > 20 * error(SurfacePool2d(f), *pairs)


@pytest.mark.parametrize("discretisation", ["quads", "triangles"])
@pytest.mark.parametrize("turn", [1, 2, 3, "flip"])
def test_quarter_turns_and_flips_are_kept_to_rounding(turn, discretisation, generator: torch.Generator):
    images = torch.randn((3, 3, 12, 12), generator=generator, dtype=torch.float64)
    turned = images.flip(-1) if turn == "flip" else torch.rot90(images, turn, (-2, -1))
    pool = SurfacePool2d(integrand(), discretisation=discretisation)
    torch.testing.assert_close(pool(turned), pool(images), rtol=1e-12, atol=1e-12)


def test_a_mesh_whose_vertices_move_keeps_its_integral(generator: torch.Generator):
    """Piecewise linear images under piecewise linear homeomorphisms, also with reversed orientation: exact."""
    colours, vertices, triangles = mesh(generator)
    pool = SurfacePool2d(integrand())
    plain = pool.pool(mesh_surface(colours, vertices, triangles))
    moved = random_piecewise_linear(1, 0.1, generator=generator, cells=7)(vertices.mT)[0].mT[None]
    assert torch.equal(pool.pool(mesh_surface(colours, moved, triangles)), plain)
    mirrored = mesh_surface(colours, moved * torch.tensor([-1.0, 1.0])[:, None], triangles.flip(1))
    torch.testing.assert_close(pool.pool(mirrored), plain, rtol=1e-13, atol=1e-13)


def test_another_mesh_of_the_same_surface_differs_at_second_order(generator: torch.Generator):
    colours, vertices, triangles = mesh(generator)
    pool, values = SurfacePool2d(integrand(), mean=False), []
    for _ in range(5):
        values.append(pool.pool(mesh_surface(colours, vertices, triangles)))
        colours, vertices, triangles = subdivided(colours, vertices, triangles)
    steps = [float((a - b).norm()) for a, b in pairwise(values)]
    ratios = [before / after for before, after in pairwise(steps)]
    assert ratios[1:] == pytest.approx([4, 4], rel=0.15)


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8])
def test_windows_add_up_to_one_and_keep_their_lipschitz_constant(count, generator: torch.Generator):
    windows = Windows(count)
    points = 2 * torch.rand((1, 2, 4000), generator=generator, dtype=torch.float64) - 1
    torch.testing.assert_close(windows(points).sum(1), torch.ones_like(points[:, 0]))
    near = (points + 1e-4 * torch.randn(points.shape, generator=generator, dtype=torch.float64)).clamp(-1, 1)
    change = (windows(near) - windows(points)).norm(dim=1) / (near - points).norm(dim=1)
    assert change.max() <= windows.lipschitz * (1 + 1e-9)
    if count > 1:
        step = 1e-7 * torch.tensor([[[1.0], [1.0]]], dtype=torch.float64)
        corner = torch.full((1, 2, 1), -1.0, dtype=torch.float64)
        attained = (windows(corner + step) - windows(corner)).norm() / step.norm()
        assert attained == pytest.approx(windows.lipschitz, rel=1e-5)


@pytest.mark.parametrize("count", [2, 4])
def test_moved_meshes_respect_the_bound_of_the_windows(count, generator: torch.Generator):
    """|V(I∘φ) − V(I)| ≤ Lip(W) sup|φ − id| ∫|f||n|dx, however the mesh is sheared."""
    colours, vertices, triangles = mesh(generator)
    f = integrand(out=1)
    pool, largest = SurfacePool2d(f, windows=count, mean=False), 0.0
    plain = mesh_surface(colours, vertices, triangles)
    for scale in (0.01, 0.05, 0.1):
        warp = random_piecewise_linear(50, scale, generator=generator, cells=7)
        for points in warp(vertices.mT):
            moved = mesh_surface(colours, points.mT[None], triangles)
            distance = (moved.position - plain.position).norm(dim=1).max()
            allowed = pool.windows.lipschitz * distance * (f(plain.features).abs() * plain.area[:, None]).sum()
            largest = max(largest, float((pool.pool(moved) - pool.pool(plain)).norm() / allowed))
    assert 0 < largest <= 1


@pytest.mark.parametrize("scale", [0.003, 0.1])
def test_on_a_grid_the_bound_holds_with_the_term_of_the_quadrature(scale: float, generator: torch.Generator):
    """The term is the difference from twice as many pixels a side, times 4/3 for what is left there at order 2."""
    images = AnalyticImage.random(4, generator=generator, cutoff=5, window=0.3)
    warp = random_smooth(4, scale, generator=generator)
    warped, pool = Pullback(images, warp), SurfacePool2d(integrand(), windows=4)
    before, after, fine, moved = (pool(sample(i, n)).unflatten(1, (4, 16)) for n in (24, 48) for i in (images, warped))
    surface = pool.surface(sample(images, 48))
    mass = (pool.integrand(surface.features).abs() * surface.area[:, None]).sum(2) / surface.area.sum(1, keepdim=True)
    way = warp.displacement(64, 64).norm(dim=-1).flatten(1).amax(1) / 32
    bound = pool.windows.lipschitz * way[:, None] * mass
    grid = 4 / 3 * ((before - fine).norm(dim=2) + (after - moved).norm(dim=2))
    change = (after - before).norm(dim=2)
    assert (change <= bound + grid).all()
    assert (grid > bound).any() == (scale < 0.01)
    assert (change > 0.05 * bound).any()


@pytest.mark.parametrize("image", ["flat", "grey", "half flat"])
def test_degenerate_pixels_weigh_nothing_and_harm_nothing(image, generator: torch.Generator):
    pixels = torch.randn((2, 3, 8, 8), generator=generator, dtype=torch.float64)
    if image == "flat":
        pixels = torch.ones_like(pixels)
    elif image == "grey":
        pixels = pixels[:, :1].expand_as(pixels).clone()
    else:
        pixels[..., :5] = 0.3
    pixels.requires_grad_()
    for discretisation in ("pixels", "quads", "triangles"):
        value = SurfacePool2d(integrand(), discretisation=discretisation)(pixels)
        assert value.isfinite().all()
        assert torch.autograd.grad(value.sum(), pixels)[0].isfinite().all()
        assert bool(value.any()) == (image == "half flat")


@pytest.mark.parametrize("make", [pixel_surface, quad_surface, triangle_surface])
def test_the_derivative_is_right(make, generator: torch.Generator):
    images = torch.randn((1, 3, 4, 4), generator=generator, dtype=torch.float64, requires_grad=True)

    def weighted(x: Tensor) -> Tensor:
        surface = make(x)
        return (surface.features * surface.area[:, None]).sum(-1)

    assert torch.autograd.gradcheck(weighted, images)


@pytest.mark.parametrize("channels", [2, 4])
def test_any_number_of_channels_from_two_spans_a_surface(channels, generator: torch.Generator):
    images = AnalyticImage.random(4, generator=generator, cutoff=2, channels=channels)
    warped = Pullback(images, random_smooth(4, 0.1, generator=generator))
    assert error(SurfacePool2d(integrand(channels)), sample(images, 96), sample(warped, 96)) < 5e-3


@pytest.mark.parametrize("discretisation", ["quads", "triangles"])
def test_pixels_are_a_mesh(discretisation, generator: torch.Generator):
    images = torch.randn((2, 3, 5, 7), generator=generator, dtype=torch.float64)
    whole = {"quads": quad_surface, "triangles": triangle_surface}[discretisation](images)
    mesh_of = mesh_surface(images.flatten(2), *pixel_mesh(5, 7, discretisation), covers=2 - (discretisation == "quads"))
    for name in ("colour", "direction", "area", "position"):
        torch.testing.assert_close(getattr(mesh_of, name), getattr(whole, name), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_low_precision_is_near_the_double(dtype, generator: torch.Generator):
    """A product of two differences would leave nothing of eight bits: areas are made in float32."""
    images = torch.randn((2, 3, 8, 8), generator=generator, dtype=torch.float64)
    low, exact = quad_surface(images.to(dtype)), quad_surface(images.to(dtype).double())
    assert low.area.dtype == dtype
    torch.testing.assert_close(low.area.double(), exact.area, rtol=4 * torch.finfo(dtype).eps, atol=1e-4)


@pytest.mark.bad_input
def test_bad_input_is_named():
    pool = SurfacePool2d(integrand(), windows=4)
    with pytest.raises(ArgumentError, match=r"images\.shape = \(1, 1, 8, 8\)"):
        pool(torch.zeros(1, 1, 8, 8))
    with pytest.raises(ArgumentError, match="at least 4 pixels"):
        pool(torch.zeros(1, 3, 3, 8))
    with pytest.raises(ArgumentError, match="windows = 0"):
        SurfacePool2d(integrand(), windows=0)
    with pytest.raises(ArgumentTypeError, match=r"windows = \(2, 3\): one whole number"):
        SurfacePool2d(integrand(), windows=(2, 3))  # pyright: ignore[reportArgumentType]
    with pytest.raises(ArgumentTypeError, match="windows = True: one whole number"):
        SurfacePool2d(integrand(), windows=True)
    with pytest.raises(ArgumentError, match="discretisation = pixels: quads or triangles"):
        pixel_mesh(4, 4, "pixels")
    with pytest.raises(ArgumentError, match=r"faces\.shape = \(1, 5\)"):
        mesh_surface(torch.zeros(1, 3, 5), torch.zeros(1, 2, 5), torch.arange(5)[None])
    with pytest.raises(ArgumentError, match="discretisation = circles"):
        SurfacePool2d(integrand(), discretisation="circles")  # pyright: ignore[reportArgumentType]


def mesh(generator: torch.Generator, size: int = 8) -> tuple[Tensor, Tensor, Tensor]:
    """Colours, vertices and triangles on a regular grid up to the border of the square, one diagonal a cell."""
    line = torch.linspace(-1, 1, size, dtype=torch.float64)
    y, x = torch.meshgrid(line, line, indexing="ij")
    corner = torch.arange(size * size).view(size, size)
    a, b, c, d = corner[:-1, :-1], corner[:-1, 1:], corner[1:, :-1], corner[1:, 1:]
    triangles = torch.cat([torch.stack(t, -1).flatten(0, 1) for t in ((a, b, d), (a, d, c))])
    colours = torch.randn((1, 3, size * size), generator=generator, dtype=torch.float64)
    return colours, torch.stack((x.flatten(), y.flatten()))[None], triangles


def subdivided(colours: Tensor, vertices: Tensor, triangles: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Every triangle in four, by the midpoints of its sides; the image is the same piecewise linear one."""
    a, b, c = triangles.unbind(1)
    count = vertices.shape[-1]
    ab, bc, ca = (count + len(a) * k + torch.arange(len(a)) for k in range(3))

    def grown(values: Tensor) -> Tensor:
        return torch.cat((values, *((values[..., p] + values[..., q]) / 2 for p, q in ((a, b), (b, c), (c, a)))), -1)

    parts = ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca))
    return grown(colours), grown(vertices), torch.cat([torch.stack(part, 1) for part in parts])


@pytest.mark.parametrize("discretisation", ["pixels", "quads", "triangles"])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_a_mean_over_a_large_surface_holds_in_half_precision(discretisation, dtype, generator: torch.Generator):
    """Images from 0 to 255, whose area is more than float16 holds."""
    images = (255 * torch.rand(2, 3, 8, 8, generator=generator)).to(dtype)
    layer = SurfacePool2d(nn.Identity(), discretisation=discretisation)
    exact = layer(images.double())
    assert (layer(images).double() - exact).norm() < 0.02 * exact.norm()


@pytest.mark.bad_input
def test_whole_numbers_are_refused():
    with pytest.raises(ArgumentTypeError, match=r"images\.dtype = torch\.uint8"):
        SurfacePool2d(nn.Identity())(torch.zeros(1, 3, 8, 8, dtype=torch.uint8))
