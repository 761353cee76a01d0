"""The bases against their definitions, and the filter bank against the formula, evaluated tap by tap."""

import math
from itertools import product

import pytest
import torch
from scipy.special import jn_zeros, jv

from invariance.layers.rotdcf import FourierBessel, RotDCFConv2d, RotDCFLift2d, fourier_modes


def psi(order: int, root: float, sine: bool, radius: float, angle: float) -> float:
    return float(jv(order, root * radius)) * (math.sin if sine else math.cos)(order * angle) * (radius < 1)


@pytest.mark.parametrize(("size", "functions"), [(3, 6), (5, 12), (7, 23)])
def test_windows_carry_the_functions_below_nyquist(size: int, functions: int):
    basis = FourierBessel.sample(size, functions)
    limit = max(math.pi * size / 2, jn_zeros(0, 2)[1])
    modes = {(k, float(root)) for k in range(20) for root in jn_zeros(k, 20) if root <= limit}
    assert set(zip(basis.orders, basis.roots, strict=True)) == modes
    assert list(basis.roots) == sorted(basis.roots)
    assert torch.linalg.cond(basis.values.flatten(1)) < (5 if size == 3 else 2)


def test_orders_of_the_first_functions():
    assert FourierBessel.sample(5, 5).orders == (0, 1, 1, 2, 2)


def test_pairs_are_normalised_by_one_number_and_vanish_outside_the_disc():
    basis = FourierBessel.sample(5, 12)
    energy = basis.values.square().sum((1, 2))
    for k, pair in zip((0, 1, 2, 0, 3, 1, 4), (1, 2, 2, 1, 2, 2, 2), strict=True):
        assert (k > 0) == (pair == 2)
        head, energy = energy[:pair], energy[pair:]
        torch.testing.assert_close(head.mean(), torch.ones((), dtype=torch.float64))
    assert not basis.values[:, [0, 0, -1, -1], [0, -1, 0, -1]].any()


def test_continuous_pairs_are_orthonormal_in_the_limit():
    values = FourierBessel.sample(51, 12).values.flatten(1)
    torch.testing.assert_close(values @ values.mT, torch.eye(12, dtype=torch.float64), atol=2e-4, rtol=0)


@pytest.mark.parametrize("size", [3, 5])
def test_quarter_turns_are_equal_to_the_last_bit(size: int):
    turned = FourierBessel.sample(size, 6).turned(8)
    for j in range(8):
        assert torch.equal(turned[(j + 2) % 8], turned[j].rot90(1, (-2, -1)))


def test_modes_are_orthonormal_and_their_span_is_closed_under_shifts():
    waves = fourier_modes(5, 8)
    torch.testing.assert_close(waves @ waves.mT, torch.eye(5, dtype=torch.float64))
    projector = waves.mT @ waves
    torch.testing.assert_close(waves.roll(1, 1) @ projector, waves.roll(1, 1))


def test_the_span_of_a_split_pair_is_not_closed_under_shifts():
    waves = fourier_modes(5, 8)[:4]
    lost = waves.roll(1, 1) - waves.roll(1, 1) @ waves.mT @ waves
    # cos 2(β − 45°) = sin 2β: all of the last mode is lost.
    torch.testing.assert_close(lost.norm(dim=1), torch.tensor([0.0, 0, 0, 1], dtype=torch.float64))


@pytest.mark.parametrize("lifts", [True, False])
def test_the_filter_bank_is_the_formula(lifts: bool, generator: torch.Generator):
    """Every tap from Bessel functions at the turned position, and the wave at α' − α, with no steering."""
    angles, size = 4, 3
    basis, radius = FourierBessel.sample(size, 6), size / 2
    kinds = [(k, root, p in (2, 4)) for p, (k, root) in enumerate(zip(basis.orders, basis.roots, strict=True))]
    layer = (
        RotDCFLift2d(2, 3, size, angles=angles, functions=6, generator=generator)
        if lifts
        else RotDCFConv2d(2, 3, size, angles=angles, functions=6, modes=3, generator=generator)
    )
    bank = layer.double().filter_bank().view(angles, 3, -1, 2, size, size)
    for a, b, row, col in product(range(angles), range(bank.shape[2]), range(size), range(size)):
        up, right = 1 - row, col - 1
        angle = math.atan2(up, right) - a * 2 * math.pi / angles
        space = [psi(*kind, math.hypot(up, right) / radius, angle) / _divisor(size, *kind[:2]) for kind in kinds]
        beta = (b - a) * 2 * math.pi / angles
        waves = [1.0] if lifts else [0.5, math.sqrt(0.5) * math.cos(beta), math.sqrt(0.5) * math.sin(beta)]
        terms = torch.outer(torch.tensor(space), torch.tensor(waves)).double()
        wanted = (layer.coefficients * terms).sum((2, 3))
        torch.testing.assert_close(bank[a, :, b, :, row, col], wanted, atol=1e-6, rtol=0)


def _divisor(size: int, order: int, root: float) -> float:
    """Root of the mean of a pair's two sums of squares; at a pixel the two squares add up to J_k²."""
    steps = range(-(size // 2), size // 2 + 1)
    squares = sum(psi(order, root, False, math.hypot(*v) / (size / 2), 0.0) ** 2 for v in product(steps, steps))
    return math.sqrt(squares / (2 if order else 1))
