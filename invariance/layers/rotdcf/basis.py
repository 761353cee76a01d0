r"""The two orthogonal bases that RotDCF's filters are sums of: Fourier–Bessel functions of v, Fourier modes of α.

Cheng, Qiu, Calderbank & Sapiro, "RotDCF: Decomposition of convolutional filters for rotation-equivariant deep
networks", 2018, section 3.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ...errors import ArgumentError
from ..gconv.checks import check_whole

__all__ = ["FourierBessel", "fourier_modes"]


@dataclass(frozen=True, eq=False)
class FourierBessel:
    r"""$\psi_{k,q}(r, \theta) = J_k(j_{k,q}\,r/R)\,\{\cos k\theta, \sin k\theta\}$ for $r < R = L + ½$, else 0.

    The Dirichlet eigenfunctions of the Laplacian on the disc, in the order of their eigenvalues $(j_{k,q}/R)^2$, with
    the two functions of an order k ≥ 1 next to each other. They are sampled at the pixels of the (2L+1)² window, as a
    sum over pixels is the quadrature of an integral over the plane; an average over square pixels would favour the axes
    of the grid. A pair is divided by one number, so that the mean of its two sums of squares is 1.

    Angles run counter-clockwise on the screen, from the direction of rising columns.

    Attributes:
        values: the samples.
        orders: k of each function, a pair's cosine first.
        roots: $j_{k,q}$ of each.
    """

    values: Float[Tensor, "functions k k"]
    orders: tuple[int, ...]
    roots: tuple[float, ...]

    @classmethod
    def sample(cls, kernel_size: int, functions: int) -> FourierBessel:
        """The first functions on a window of `kernel_size`², in float64.

        Raises:
            ArgumentError: an even window or one of less than 3 pixels, a number of functions that splits a pair or that
                the window does not carry; the numbers possible are named.
        """
        check_window_size(kernel_size)
        modes = cls.modes(kernel_size)
        ends = [sum(1 if k == 0 else 2 for k, _ in modes[: i + 1]) for i in range(len(modes))]
        if functions not in ends:
            wanted = f"one of {', '.join(map(str, ends))}: whole pairs, on {kernel_size}×{kernel_size} pixels"
            raise ArgumentError("functions", functions, wanted)
        radius, angle = _polar(kernel_size)
        values, orders, roots = [], [], []
        for k, root in modes[: ends.index(functions) + 1]:
            pair = _radial(k, root, radius) * torch.stack([(k * angle).cos(), (k * angle).sin()][: 1 if k == 0 else 2])
            values.append(pair / pair.square().sum((1, 2)).mean().sqrt())
            orders += [k] * len(pair)
            roots += [root] * len(pair)
        return cls(torch.cat(values), tuple(orders), tuple(roots))

    @staticmethod
    def modes(kernel_size: int) -> list[tuple[int, float]]:
        r"""Order and root of the functions that the window carries, the smallest root first.

        The wavenumber $j_{k,q}/R$ is at most that of Nyquist, π a pixel: 12 functions on 5×5 pixels, 23 on 7×7, whose
        samples have a condition number below 2. On 3×3 pixels 6 functions are let through, up to $j_{0,2}$; the pair of
        order 2 has sums of squares 1.91 and 0.09 there, so it is far from turning at 45°.
        """
        from scipy.special import jn_zeros

        limit = max(math.pi * kernel_size / 2, float(jn_zeros(0, 2)[1]))
        found: list[tuple[float, int]] = []
        order = 0
        while (zeros := jn_zeros(order, kernel_size // 2 + 2))[0] <= limit:
            found += [(float(root), order) for root in zeros if root <= limit]
            order += 1
        return [(k, root) for root, k in sorted(found)]

    def turned(self, angles: int) -> Float[Tensor, "angles functions k k"]:
        r"""$\psi(R_\alpha^{-1}v)$ for $\alpha = 2\pi j/$`angles`: a phase of each pair, no interpolation.

        $\cos k(\theta-\alpha) = \cos k\alpha\cos k\theta + \sin k\alpha\sin k\theta$, and its like for the sine. From
        the second quarter on pixels change places instead, so quarter turns are equal to the last bit in every dtype.

        Raises:
            ArgumentError: `angles` is no multiple of 4.
        """
        first = torch.einsum("apq,qyx->apyx", phases(self.orders, check_angles(angles))[: angles // 4], self.values)
        return torch.cat([first.rot90(quarter, (-2, -1)) for quarter in range(4)])


def fourier_modes(modes: int, angles: int) -> Float[Tensor, "modes angles"]:
    r"""$1, \sqrt2\cos\beta, \sqrt2\sin\beta, \sqrt2\cos 2\beta, \dots$ at $\beta = 2\pi j/$`angles`, rows of norm 1.

    Raises:
        ArgumentError: an even number of modes, whose span is not closed under rotation, or more than `angles` carry.
    """
    check_whole(1, modes=modes, angles=angles)
    if modes % 2 == 0:
        raise ArgumentError("modes", modes, "an odd number: an even one splits a pair of cosine and sine")
    if modes > angles:
        raise ArgumentError("modes", modes, f"at most the number of angles, {angles}")
    beta = torch.arange(angles, dtype=torch.float64) * (2 * math.pi / angles)
    rows = [torch.ones_like(beta)]
    for m in range(1, modes // 2 + 1):
        rows += [math.sqrt(2) * (m * beta).cos(), math.sqrt(2) * (m * beta).sin()]
    return torch.stack(rows) / math.sqrt(angles)


def phases(orders: tuple[int, ...], angles: int) -> Float[Tensor, "angles functions functions"]:
    """The rotation of the coefficients by every angle: block-diagonal, [[cos kα, sin kα], [−sin kα, cos kα]]."""
    alpha = torch.arange(angles, dtype=torch.float64) * (2 * math.pi / angles)
    matrix = torch.zeros(angles, len(orders), len(orders), dtype=torch.float64)
    position = 0
    while position < len(orders):
        k = orders[position]
        c, s = (k * alpha).cos(), (k * alpha).sin()
        p, q = position, position + 1
        matrix[:, p, p] = c
        if k:
            matrix[:, q, q], matrix[:, p, q], matrix[:, q, p] = c, s, -s
        position += 2 if k else 1
    return matrix


def check_angles(angles: int) -> int:
    """`angles`, if quarter turns are among them.

    Raises:
        ArgumentError: not a positive multiple of 4.
    """
    check_whole(4, angles=angles)
    if angles % 4:
        raise ArgumentError("angles", angles, "a multiple of 4, so that quarter turns are exact")
    return angles


def check_window_size(kernel_size: int) -> None:
    check_whole(3, kernel_size=kernel_size)
    if kernel_size % 2 == 0:
        raise ArgumentError("kernel_size", kernel_size, "an odd number: the disc is centred on a pixel")


def _polar(kernel_size: int) -> tuple[Float[Tensor, "k k"], Float[Tensor, "k k"]]:
    """Radius in units of R, and angle."""
    steps = torch.arange(kernel_size, dtype=torch.float64) - kernel_size // 2
    up, right = torch.meshgrid(-steps, steps, indexing="ij")
    return torch.hypot(up, right) / (kernel_size / 2), torch.atan2(up, right)


def _radial(order: int, root: float, radius: Float[Tensor, "k k"]) -> Float[Tensor, "k k"]:
    from scipy.special import jv

    return torch.from_numpy(jv(order, root * radius.numpy())) * (radius < 1)
