r"""How far the sampled functions are from turning by any angle, bounded by their spectrum.

Over the plane the response of $\psi = J_k(jr/R)\cos k\theta$ to $e^{i\omega\cdot x}$ is, by Lommel's integral,
$\hat\psi(\omega) = 2\pi i^k\cos(k\theta_\omega)\,jJ_k'(j)\,J_k(\rho R)/(\rho^2 - j^2/R^2)$, ρ = |ω|: a phase of
the pair turns it exactly. The sum over the pixels differs by $\sum_{n\ne 0}\hat\psi(\omega + 2\pi n)$ (Poisson). With
$J_k(z)^2 \le (2/\pi)(z^2 - k^2)^{-1/2}$ for z > k (Watson, 13.74) the terms are
$O(R^{-1/2}\rho^{-5/2})$, and the sum is bounded without cancellation; a turned wave's response differs from the turned
response by no more than two such bounds.
"""

import dataclasses
import math
from collections.abc import Iterator

import pytest
import torch
from scipy.special import jv, jvp
from torch import Tensor

from invariance.layers.rotdcf import FourierBessel

_TERMS = 40


def spectrum(order: int, root: float, radius: float, rho: float) -> float:
    """|ψ̂| without the factor cos kθ."""
    pole = rho**2 - (root / radius) ** 2
    return 2 * math.pi * root * jvp(order, root) * float(jv(order, rho * radius)) / pole


def aliasing(order: int, root: float, radius: float, wave: Tensor) -> float:
    """A bound of the sum over the dual lattice but its origin: term by term to 40 periods, an integral from there."""
    line = torch.arange(-_TERMS, _TERMS + 1, dtype=torch.float64)
    n = torch.complex(*torch.meshgrid(line, line, indexing="ij"))
    length = n.abs()
    near = (length > 0) & (length <= _TERMS)
    rho = (wave + 2 * math.pi * n[near]).abs()
    gain = 2 * math.pi * root * abs(jvp(order, root)) * math.sqrt(2 / math.pi)
    terms = gain * ((rho * radius).square() - order**2).pow(-0.25) / (rho.square() - (root / radius) ** 2)
    # A term is at most the mean over its unit cell of f(|x| − √½), f(s) the term at distance 2πs − |ω|.
    s = torch.logspace(math.log10(_TERMS - math.sqrt(2)), 8, 4001, dtype=torch.float64)
    far = 2 * math.pi * s - float(wave.abs())
    tail = gain * ((far * radius).square() - order**2).pow(-0.25) / (far.square() - (root / radius) ** 2)
    rest = torch.trapezoid(tail * 2 * math.pi * (s + math.sqrt(0.5)), s)
    return float(terms.sum() + rest) * 1.001


def response(values: Tensor, wave: Tensor) -> Tensor:
    """Σ ψ(v) exp(iω·v); ω and v are complex numbers, right + i·up."""
    half = values.shape[-1] // 2
    steps = torch.arange(-half, half + 1, dtype=torch.float64)
    phase = steps * wave.real - steps[:, None] * wave.imag
    return (values * torch.polar(torch.ones_like(phase), phase)).sum((-2, -1))


def scale(size: int, order: int, root: float) -> float:
    """What the functions of this pair were divided by."""
    steps = torch.arange(size, dtype=torch.float64) - size // 2
    radius = torch.hypot(steps, steps[:, None]) / (size / 2)
    energy = (torch.from_numpy(jv(order, (root * radius).numpy())) * (radius < 1)).square().sum()
    return float((energy / (2 if order else 1)).sqrt())


def waves(radius: float) -> list[Tensor]:
    """Wavelengths from far above the disc's to where order 2 responds most."""
    places = torch.tensor([(1.0, 0.0), (2.4, 0.5), (3.8, 0.2), (5.0, 0.0)], dtype=torch.float64)
    return list(torch.polar(places[:, 0] / radius, places[:, 1]))


def each(basis: FourierBessel) -> Iterator[tuple[int, list[int], float]]:
    """Order, indices and root of every pair."""
    for root in dict.fromkeys(basis.roots):
        where = [p for p, other in enumerate(basis.roots) if other == root]
        yield basis.orders[where[0]], where, root


@pytest.mark.parametrize("size", [5, 9])
def test_responses_are_the_closed_form_up_to_aliasing(size: int):
    basis, radius = FourierBessel.sample(size, 5), size / 2
    for wave in waves(radius):
        found = response(basis.values, wave)
        for k, where, root in each(basis):
            direction = torch.stack([(k * wave.angle()).cos(), (k * wave.angle()).sin()])[: len(where)]
            exact = 1j**k * spectrum(k, root, radius, float(wave.abs())) * direction
            assert (found[where] * scale(size, k, root) - exact).abs().max() <= aliasing(k, root, radius, wave)


@pytest.mark.parametrize("size", [5, 9])
@pytest.mark.parametrize("misread", [False, True])
def test_turned_waves_meet_turned_functions(size: int, misread: bool):
    """The control takes order 2 for order 6, whose phases are the same at quarter turns."""
    basis, radius = FourierBessel.sample(size, 5), size / 2
    orders = tuple(6 if misread and k == 2 else k for k in basis.orders)
    turned = dataclasses.replace(basis, orders=orders).turned(8)[1]
    turn = torch.tensor(1 + 1j, dtype=torch.complex128) / math.sqrt(2)
    worst = 0.0
    for wave in waves(radius):
        error = (response(turned, turn * wave) - response(basis.values, wave)).abs()
        for k, where, root in each(basis):
            # A row of the phases has norm 1, so its sum of absolute values is at most √2.
            bound = aliasing(k, root, radius, wave) + math.sqrt(len(where)) * aliasing(k, root, radius, turn * wave)
            worst = max(worst, float(error[where].max()) * scale(size, k, root) / bound)
    assert (worst > 1) if misread else (worst <= 1)
