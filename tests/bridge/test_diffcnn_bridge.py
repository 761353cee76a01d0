"""The torch layers of DiffCNN against their exact reference: the same rational inputs, agreement to rounding error."""

import math
import random
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import pytest
import torch
from torch import Tensor

from invariance.layers import JacobianConv2d, LogDetInvariant, SignNonlinearity
from invariance_proofs.diffcnn.layers import convolve, flip, gram_determinants, invariant, window
from invariance_proofs.diffcnn.theorem2_c_blocks import straddling
from invariance_proofs.matrix import Matrix, cayley

EPS = torch.finfo(torch.float64).eps


def rational(rng: random.Random) -> Fraction:
    """A dyadic rational: exact in float64."""
    return Fraction(rng.randint(-64, 64), 16)


def random_field(rng: random.Random, width: int, height: int) -> dict[tuple[int, int], Matrix]:
    return {x: Matrix.of([rational(rng) for _ in range(2)] for _ in range(3)) for x in window(width, height)}


def to_torch(channels: Sequence[dict[tuple[int, int], Matrix]]) -> Tensor:
    """Exact fields to "1 c 3 2 h w"."""
    width, height = (1 + max(axis) for axis in zip(*channels[0], strict=True))
    out = torch.empty(1, len(channels), 3, 2, height, width, dtype=torch.float64)
    for c, field in enumerate(channels):
        for (x, y), J in field.items():
            out[0, c, :, :, y, x] = torch.tensor([[float(entry) for entry in row] for row in J.rows], dtype=out.dtype)
    return out


def exact_kernels(conv: JacobianConv2d) -> list[list[dict[tuple[int, int], Matrix]]]:
    """The effective weight "out in k k 3 3" as exact rationals; its axes of taps are (y, x)."""
    weight = conv.weight.tolist()
    return [
        [
            {(x, y): Matrix.of(map(Fraction, row) for row in taps[y][x]) for x, y in window(conv.kernel_size)}
            for taps in kernels
        ]
        for kernels in weight
    ]


@pytest.mark.parametrize(("size", "stride", "symmetric"), [(1, 1, False), (2, 1, True), (2, 2, False), (3, 2, False)])
def test_convolution(size: int, stride: int, symmetric: bool, generator: torch.Generator) -> None:
    rng = random.Random(size)
    fields = [random_field(rng, 6, 5) for _ in range(2)]
    conv = JacobianConv2d(2, 3, size, stride=stride, symmetric=symmetric, generator=generator, dtype=torch.float64)
    exact = to_torch([convolve(fields, kernels, stride) for kernels in exact_kernels(conv)])
    got = conv(to_torch(fields))
    terms = 2 * size**2 * 3
    scale = terms * conv.weight.abs().max() * to_torch(fields).abs().max()
    assert got.shape == exact.shape
    assert (got - exact).abs().max() <= terms * EPS * scale


@pytest.mark.parametrize("vector", [(0, 0, 0), (1, 0, 0), (2, 0, 0), (1, -2, 3), (-5, 1, 0)])
def test_sign(vector: tuple[int, int, int]) -> None:
    rng = random.Random(0)
    field = random_field(rng, 8, 8) | {(0, 0): Matrix.of([[1, 2], [0, 0], [0, 0]]), (1, 0): 0 * Matrix.of([[1, 1]] * 3)}
    A, denominator = cayley(vector)
    exact = to_torch([{x: flip(J, A) for x, J in field.items()}])
    layer = SignNonlinearity([float(a) for a in vector]).double()
    assert torch.equal(layer(to_torch([field])), exact)
    rotation = torch.tensor([[float(Fraction(a, denominator)) for a in row] for row in A.rows], dtype=torch.float64)
    assert (layer.rotation - rotation).abs().max() <= 16 * EPS


@pytest.mark.parametrize("channels", [3, 5])
def test_invariant(channels: int) -> None:
    rng = random.Random(channels)
    fields = [random_field(rng, 4, 3) for _ in range(channels)]
    got = LogDetInvariant()(to_torch(fields))[0]
    for x, y in fields[0]:
        exact = invariant([field[x, y] for field in fields])
        assert [channels * u for u in got[:, y, x].tolist()] == pytest.approx([math.log(e) for e in exact], abs=1e-11)


def test_degenerate_pixels_are_those_of_the_reference() -> None:
    rng = random.Random(7)
    fields = [random_field(rng, 4, 3) for _ in range(3)]
    for field in fields:
        field[1, 2] = Matrix.of([u, 3 * u] for u in (rational(rng) for _ in range(3)))
    found = LogDetInvariant().degenerate_pixels(to_torch(fields))[0]
    for x, y in fields[0]:
        assert bool(found[y, x]) == (not all(gram_determinants([field[x, y] for field in fields])))
    assert found.sum() == 1


def test_the_counterexample_of_overlapping_windows_is_that_of_the_layer() -> None:
    numbers: Any = straddling(stride=1).counterexample
    J, M, exact = (numbers[name] for name in ("J", "M", "left"))
    conv = JacobianConv2d(1, 1, 2, dtype=torch.float64)
    with torch.no_grad():
        for parameter, value in ((conv.scale, 1.0), (conv.left, 0.0), (conv.right, 0.0)):
            assert parameter is not None
            parameter.fill_(value)
    assert torch.equal(conv.weight[0, 0], torch.eye(3, dtype=torch.float64).expand(2, 2, 3, 3))
    moved = conv(to_torch([{x: J[x] @ M[x] for x in J}]))
    assert torch.equal(moved, to_torch([exact]))
