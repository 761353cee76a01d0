"""Hypothesis strategies for images, Jacobian fields, matrices, pointwise actions and warps.

They draw a few coefficients, never pixels, so that an example takes milliseconds and a failure shrinks to something to
be read: an image to `AnalyticImage.from_waves([[[(1, 0, 1.0, 0.0)], …]])`, a matrix or a warp to the identity. Bounds
hold by construction; nothing is filtered out. All tensors are float64.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from hypothesis import strategies as st
from jaxtyping import Float
from torch import Tensor

from ..actions import PointwiseAction
from ..errors import ArgumentError
from ..groups import SplitGroup
from ..images import AnalyticImage, Wave, sample
from ..jacobians import exact_jacobian
from ..layers.gaussian import GaussianMixture
from ..warps import PiecewiseLinear, Projective, Separable, Smooth, Warp

__all__ = [
    "FAMILIES",
    "affine_warps",
    "analytic_images",
    "block_fields",
    "constant_fields",
    "gl2_matrices",
    "group_elements",
    "jacobian_fields",
    "mixtures",
    "piecewise_linear_warps",
    "projective_warps",
    "rotations",
    "scalings",
    "separable_warps",
    "shears",
    "smooth_fields",
    "smooth_warps",
    "warps",
    "waves",
]


def group_elements(group: SplitGroup) -> st.SearchStrategy[int]:
    """Elements of H by index; simplest the identity, 0."""
    return st.integers(0, group.order - 1)


def mixtures(*, channels: int = 1, max_terms: int = 3) -> st.SearchStrategy[GaussianMixture]:
    """One image that is a sum of round Gaussians inside the square; simplest a single one of height 1 at the centre."""
    term = st.tuples(_number(0.5), _number(0.5), st.integers(5, 20), _numbers(channels, 1.0))

    def build(terms: list[tuple[float, float, int, list[float]]]) -> GaussianMixture:
        x, y, width, height = zip(*terms, strict=True)
        variance = (torch.tensor([width], dtype=torch.float64) / 50) ** 2
        peaks = 1 + torch.tensor([height], dtype=torch.float64).mT  # "channels terms"
        return GaussianMixture(
            torch.tensor([[x, y]], dtype=torch.float64).mT,
            variance[..., None, None] * torch.eye(2, dtype=torch.float64),
            peaks.reshape(1, channels, -1, 1, 1),
            torch.zeros(1, channels, dtype=torch.float64),
        )

    return st.lists(term, min_size=1, max_size=max_terms).map(build)


def waves(*, cutoff: int = 4) -> st.SearchStrategy[Wave]:
    """(kx, ky, amplitude, phase) with |kx|, |ky| ≤ `cutoff`; never constant; simplest (1, 0, 1.0, 0.0)."""
    number = st.integers(-cutoff, cutoff)
    vector = st.tuples(number, number).map(lambda k: k if any(k) else (1, 0))
    rest = st.tuples(st.floats(0.25, 2), st.floats(0, math.tau))
    return st.builds(lambda k, ap: (*k, *ap), vector, rest)


def analytic_images(
    *, batch: int = 1, channels: int = 3, cutoff: int = 4, max_waves: int = 3, window: float = 0.25
) -> st.SearchStrategy[AnalyticImage]:
    """A batch of images, each channel with 1 to `max_waves` waves of its own."""
    channel = st.lists(waves(cutoff=cutoff), min_size=1, max_size=max_waves)
    image = st.lists(channel, min_size=channels, max_size=channels)
    return st.lists(image, min_size=batch, max_size=batch).map(
        lambda images: AnalyticImage.from_waves(images, window=window)
    )


def jacobian_fields(
    *, batch: int = 1, channels: int = 1, size: int = 6, max_waves: int = 2
) -> st.SearchStrategy[Float[Tensor, "b c 3 2 h w"]]:
    """Exact Jacobian fields of analytic images, one independent colour image for each channel."""
    images = analytic_images(batch=batch, channels=3 * channels, max_waves=max_waves, window=0.5)
    return images.map(lambda image: exact_jacobian(image, size).unflatten(2, (channels, 3)).squeeze(1))


def gl2_matrices(*, max_condition: float = 10.0, reflections: bool = True) -> st.SearchStrategy[Float[Tensor, "2 2"]]:
    r"""$R(\alpha)\,\mathrm{diag}(r\sqrt\kappa, \pm r/\sqrt\kappa)\,R(\beta)$ with κ at most `max_condition` and
    $1/4 \le r \le 4$; simplest the identity."""
    if not 1 <= max_condition < math.inf:
        raise ArgumentError("max_condition", max_condition, "a finite number ≥ 1")

    def matrix(alpha: float, beta: float, log_condition: float, log_size: float, reflect: bool) -> Tensor:
        wide, narrow = math.exp(log_size + log_condition / 2), math.exp(log_size - log_condition / 2)
        narrow = -narrow if reflect else narrow
        (ca, sa), (cb, sb) = ((math.cos(angle), math.sin(angle)) for angle in (alpha, beta))
        rows = (
            (ca * wide * cb - sa * narrow * sb, -ca * wide * sb - sa * narrow * cb),
            (sa * wide * cb + ca * narrow * sb, -sa * wide * sb + ca * narrow * cb),
        )
        return torch.tensor(rows, dtype=torch.float64)

    angle = st.floats(0, math.tau)
    return st.builds(
        matrix,
        angle,
        angle,
        st.floats(0, math.log(max_condition)),
        st.floats(-math.log(4), math.log(4)),
        st.booleans() if reflections else st.just(False),
    )


def constant_fields(*, batch: int = 1, max_condition: float = 10.0) -> st.SearchStrategy[PointwiseAction]:
    """One matrix for each sample."""
    return _stacked(batch, max_condition).map(PointwiseAction.constant)


def block_fields(
    *, block: int, blocks: tuple[int, int], batch: int = 1, max_condition: float = 10.0
) -> st.SearchStrategy[PointwiseAction]:
    """Independent matrices on rows × columns = `blocks` squares of `block`×`block` pixels."""
    rows, columns = blocks
    return _stacked(batch * rows * columns, max_condition).map(
        lambda stack: PointwiseAction.blocks(stack.unflatten(0, (batch, rows, columns)).movedim((1, 2), (3, 4)), block)
    )


def smooth_fields(*, size: int, batch: int = 1, max_condition: float = 10.0) -> st.SearchStrategy[PointwiseAction]:
    r"""$M(x) = R(\alpha(x))\,\mathrm{diag}(\sqrt{\kappa(x)}, 1/\sqrt{\kappa(x)})$, angle and $\log\kappa$ smooth."""

    def field(images: AnalyticImage) -> PointwiseAction:
        alpha, wave = sample(images, size).unbind(1)
        stretch = (wave.tanh() * math.log(max_condition) / 2).exp()
        cos, sin = alpha.cos(), alpha.sin()
        rows = (cos * stretch, -sin / stretch), (sin * stretch, cos / stretch)
        return PointwiseAction(torch.stack([torch.stack(row, 1) for row in rows], 1))

    return analytic_images(batch=batch, channels=2).map(field)


def projective_warps(*, size: float = 0.2) -> st.SearchStrategy[Projective]:
    """The identity plus entries of at most `size` ≤ 0.2, affine or not; the denominator is at least 1 − 2 `size`."""

    def build(upper: list[float], lower: list[float]) -> Projective:
        noise = torch.tensor([*upper, *lower, 0.0], dtype=torch.float64).view(1, 3, 3)
        return Projective(torch.eye(3, dtype=torch.float64) + noise)

    return st.builds(build, _numbers(6, size), st.one_of(st.just([0.0, 0.0]), _numbers(2, size)))


def rotations(*, angle: float = math.pi) -> st.SearchStrategy[Projective]:
    """Rotations about the centre by at most `angle`, in radians."""
    return _number(angle).map(lambda a: _linear(math.cos(a), -math.sin(a), math.sin(a), math.cos(a)))


def scalings(*, factor: float = 1.5) -> st.SearchStrategy[Projective]:
    """Similarities about the centre, between 1/`factor` and `factor`."""
    return _number(math.log(factor)).map(lambda s: _linear(math.exp(s), 0, 0, math.exp(s)))


def shears(*, size: float = 0.5) -> st.SearchStrategy[Projective]:
    r"""$x \mapsto x + s y$ or $y \mapsto y + s x$ with |s| ≤ `size`."""
    return st.builds(lambda s, along_x: _linear(1, s * along_x, s * (1 - along_x), 1), _number(size), st.integers(0, 1))


def affine_warps(*, size: float = 0.2, shift: float = 0.0) -> st.SearchStrategy[Projective]:
    """The identity plus entries of at most `size` ≤ 0.4, and a shift of at most `shift` each way."""

    def build(entries: list[float], to: list[float]) -> Projective:
        noise = torch.tensor([entries], dtype=torch.float64).view(1, 2, 2)
        return Projective.affine(torch.eye(2, dtype=torch.float64) + noise, torch.tensor([to], dtype=torch.float64))

    return st.builds(build, _numbers(4, size), _numbers(2, shift))


def smooth_warps(*, cutoff: int = 2, gradient: float = 0.5) -> st.SearchStrategy[Smooth]:
    r"""Coefficients with $\sum |C_{kij}|\,\pi\sqrt{i^2 + j^2} \le$ `gradient`, which bounds $\sup\|\nabla\tau\|$."""
    index = torch.arange(1, cutoff + 1, dtype=torch.float64)
    size = math.pi * torch.hypot(index[:, None], index)

    def build(numbers: list[float]) -> Smooth:
        coefficients = torch.tensor(numbers, dtype=torch.float64).view(1, 2, cutoff, cutoff) / size
        total = float((coefficients.abs() * size).sum())
        return Smooth(coefficients * (gradient / max(total, gradient)))

    return _numbers(2 * cutoff**2, gradient).map(build)


def piecewise_linear_warps(*, cells: int = 2, gradient: float = 0.5) -> st.SearchStrategy[PiecewiseLinear]:
    r"""Interior vertices of a `cells`×`cells` grid moved, with $\|d\varphi - 1\| \le$ `gradient` on every triangle."""
    inner = cells - 1

    def build(numbers: list[float]) -> PiecewiseLinear:
        offsets = torch.zeros(1, cells + 1, cells + 1, 2, dtype=torch.float64)
        offsets[:, 1:-1, 1:-1] = torch.tensor(numbers, dtype=torch.float64).view(1, inner, inner, 2)
        return PiecewiseLinear(offsets)

    return _numbers(2 * inner**2, gradient / (2 * cells)).map(build)


def separable_warps(*, cells: int = 2, gradient: float = 0.4) -> st.SearchStrategy[Separable]:
    r"""Slopes of $u$ and $v$ of at most `gradient` < 1/2 in each entry, so that every $\det[p'_i \mid q'_j] > 0$."""

    def build(numbers: list[float]) -> Separable:
        slopes = torch.tensor(numbers, dtype=torch.float64).view(1, 2, cells, 2)
        knots = torch.nn.functional.pad(slopes.cumsum(2), (0, 0, 1, 0)) * (2 / cells)
        return Separable(*(knots - knots.mean(2, keepdim=True)).unbind(1))

    return _numbers(4 * cells, gradient).map(build)


def warps() -> st.SearchStrategy[Warp]:
    """One certified warp of any family."""
    return st.one_of(projective_warps(), smooth_warps(), piecewise_linear_warps(), separable_warps())


def _linear(a: float, b: float, c: float, d: float) -> Projective:
    return Projective.affine(torch.tensor([[[a, b], [c, d]]], dtype=torch.float64))


FAMILIES: dict[str, Callable[[], st.SearchStrategy[Warp]]] = {
    "rotation": rotations,
    "scale": scalings,
    "shear": shears,
    "affine": affine_warps,
    "affine-shift": lambda: affine_warps(shift=0.2),
    "homography": projective_warps,
    "piecewise-linear": piecewise_linear_warps,
    "separable": separable_warps,
    "smooth": smooth_warps,
}
"""A strategy for the warps of each name that `check` and `WARP_FAMILIES` know."""


def _numbers(count: int, size: float) -> st.SearchStrategy[list[float]]:
    return st.lists(_number(size), min_size=count, max_size=count)


def _number(size: float) -> st.SearchStrategy[float]:
    """Thousandths of `size`: simpler to read than floats, and `hypothesis.target` climbs them step by step."""
    return st.integers(-1000, 1000).map(lambda k: size * k / 1000)


def _stacked(count: int, max_condition: float) -> st.SearchStrategy[Float[Tensor, "n 2 2"]]:
    matrices = gl2_matrices(max_condition=max_condition)
    return st.lists(matrices, min_size=count, max_size=count).map(torch.stack)
