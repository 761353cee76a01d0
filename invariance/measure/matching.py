r"""Which map of channels a transformation is joined by: found from the data.

Regular and quotient representations permute channels, whatever order a library keeps them in; Jacobian fields and
irreducible representations of p4 and p4m do so with signs; irreducible representations of other groups are orthogonal.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["keeps_entries", "keeps_norms", "match_channels", "match_clearly", "match_orthogonal"]

_UNITS = 64  # roundings of a sum, in steps of the dtype


def match_channels(actual: Float[Tensor, "b k *n"], moved: Float[Tensor, "b k *n"]) -> Float[Tensor, "b k *n"]:
    r"""$\rho F$ with the signed permutation $\rho$ of axis 1 that is closest to `actual`, F = `moved`.

    The least $\sum_i \|a_i - s_i f_{\pi(i)}\|^2$ over all π and $s_i = \pm 1$: a linear assignment.
    """
    from scipy.optimize import linear_sum_assignment

    a, f = _rows(actual, moved)
    product = a @ f.mT
    cost = a.square().sum(1)[:, None] + f.square().sum(1) - 2 * product.abs()
    rows, columns = (torch.from_numpy(index) for index in linear_sum_assignment(cost.cpu().numpy()))
    sign = torch.where(product[rows, columns] < 0, -1.0, 1.0).to(moved)
    return moved[:, columns] * sign.view(-1, *[1] * (moved.ndim - 2))


def match_clearly(actual: Float[Tensor, "b k *n"], moved: Float[Tensor, "b k *n"]) -> Float[Tensor, "b k *n"] | None:
    """`match_channels` where every channel of one is closest to one of the other and no two to the same; else None.

    Without the assignment, which takes seconds for a thousand channels; a permutation with a fault in some of its
    channels is found, random channels are not matched.
    """
    a, f = (values / values.norm(dim=1, keepdim=True).clamp(min=1e-300) for values in _rows(actual, moved))
    product = a @ f.mT
    nearest = product.abs().argmax(1)
    if len(nearest.unique()) < len(nearest):
        return None
    sign = product.gather(1, nearest[:, None]).sign().to(moved)
    return moved[:, nearest] * sign.view(-1, *[1] * (moved.ndim - 2))


def match_orthogonal(
    actual: Float[Tensor, "b k *n"], moved: Float[Tensor, "b k *n"], tolerance: float
) -> Float[Tensor, "b k *n"] | None:
    r"""$AF$ with the least $\|a - AF\|$ over all matrices A of axis 1, where A is orthogonal on what F spans.

    None where it is not, or where there are fewer than 2k values for k channels: a fit would then mean nothing.
    """
    a, f = _rows(actual, moved)
    if f.shape[1] < 2 * len(f):
        return None
    gram = f @ f.mT
    inverse = torch.linalg.pinv(gram, hermitian=True, rtol=1e-13)
    mixed = (a @ f.mT) @ inverse
    span = gram @ inverse  # the projection onto what F spans
    if (mixed.mT @ mixed - span).abs().max() > max(tolerance, 1e-6):
        return None
    return torch.einsum("ij,bj...->bi...", mixed.to(moved), moved)


def keeps_norms(actual: Tensor, moved: Tensor, tolerance: float) -> bool:
    """Whether the norms over axis 1 agree everywhere, as under every orthogonal map of the channels."""
    first, second = (values.nan_to_num().double().square().sum(1) for values in (actual, moved))
    scale = second.mean()
    return bool((first - second).abs().mean() <= 4 * max(tolerance, _UNITS * _eps(actual)) * scale)


def keeps_entries(actual: Tensor, moved: Tensor, tolerance: float) -> bool:
    r"""Whether the entries are the same up to order and sign, as under every signed permutation of them.

    Told by $\sum|x|^p$ for four p, to $\epsilon/\sqrt n$ with the tolerance ε of one entry: independent errors of n
    entries leave that much in a sum. No normalisation fixes all four.
    """
    first, second = (values.double().abs() for values in (actual, moved))
    unit = second.square().mean().sqrt()
    if first.numel() != second.numel() or not unit > 0:
        return False
    allowed = 4 * tolerance / first.numel() ** 0.5 + _UNITS * torch.finfo(torch.float64).eps
    for power in (1, 2, 0.5, 3):
        a, b = (float((values / unit).pow(power).mean()) for values in (first, second))
        if not abs(a - b) <= allowed * b:
            return False
    return True


def _eps(values: Tensor) -> float:
    return torch.finfo(values.dtype).eps


def _rows(actual: Tensor, moved: Tensor) -> tuple[Tensor, Tensor]:
    """Each channel's values as a row, where both are finite."""
    where = actual.isfinite() & moved.isfinite()
    a, f = (values.masked_fill(~where, 0).double().transpose(0, 1).flatten(1) for values in (actual, moved))
    return a, f
