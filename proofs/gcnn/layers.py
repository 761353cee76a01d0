"""The layers of a group CNN on finite images: the exact reference that torch layers are held to.

An image is a `Matrix` of its pixels, a feature map on Z² ⋊ H a tuple of images in the order of H, a filter bank entry
the same with taps for pixels. Everything turns about its own centre. Entries may come from any commutative ring.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from invariance_proofs.gcnn.motions import Motion, PointGroup
from invariance_proofs.matrix import Matrix

__all__ = ["act", "convolve", "expanded", "group_layer", "lift", "turn"]

Map = tuple[Matrix, ...]


def turn(h: Motion, image: Matrix) -> Matrix:
    """(L_h f)(x) = f(h⁻¹x) about the centre of the image; h a signed permutation.

    Coordinates are doubled, so that the centre of an even length is an integer too.
    """
    rows, columns = image.shape
    high, wide = (rows, columns) if h.a else (columns, rows)
    a, b, c, d, *_ = ~h
    return Matrix.of(
        [
            image.rows[(a * i + b * j + rows - 1) // 2][(c * i + d * j + columns - 1) // 2]
            for j in range(1 - wide, wide, 2)
        ]
        for i in range(1 - high, high, 2)
    )


def act(group: PointGroup, h: Motion, feature: Map) -> Map:
    """(L_h f)(x, g) = f(h⁻¹x, h⁻¹g)."""
    back = ~h
    return tuple(turn(h, feature[group.index(back(g))]) for g in group)


def convolve(channels: Sequence[Matrix], kernels: Sequence[Matrix], stride: int = 1, padding: int = 0) -> Matrix:
    """One output of a planar layer: Σ_c Σ_k ψ_c(k) f_c(stride·o + k − padding), zero outside the image."""
    (rows, columns), (high, wide) = channels[0].shape, kernels[0].shape
    pairs = [(f.rows, psi.rows) for f, psi in zip(channels, kernels, strict=True)]

    def at(i: int, j: int) -> Any:
        top, left = stride * i - padding, stride * j - padding
        down, first, last = range(max(0, -top), min(high, rows - top)), max(0, -left), min(wide, columns - left)
        taps = range(first, last)
        return sum([psi[k][m] * f[top + k][left + m] for f, psi in pairs for k in down for m in taps])

    return Matrix.of(
        [at(i, j) for j in range((columns + 2 * padding - wide) // stride + 1)]
        for i in range((rows + 2 * padding - high) // stride + 1)
    )


def expanded(group: PointGroup, filters: Sequence[Matrix] | Sequence[Map]) -> list[list[Matrix]]:
    """The planar filter bank: for each g the kernels L_gψ, flattened over (input channel, element of H)."""
    return [
        [k for psi in filters for k in ((turn(g, psi),) if isinstance(psi, Matrix) else act(group, g, psi))]
        for g in group
    ]


def lift(
    group: PointGroup, channels: Sequence[Matrix], filters: Sequence[Matrix], stride: int = 1, padding: int = 0
) -> Map:
    """One output feature map of the lifting layer."""
    return tuple(convolve(channels, kernels, stride, padding) for kernels in expanded(group, filters))


def group_layer(
    group: PointGroup, channels: Sequence[Map], filters: Sequence[Map], stride: int = 1, padding: int = 0
) -> Map:
    """One output feature map of the group layer."""
    flat = [image for feature in channels for image in feature]
    return tuple(convolve(flat, kernels, stride, padding) for kernels in expanded(group, filters))
