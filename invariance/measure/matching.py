r"""Which permutation of channels, with signs, a transformation of the plane is joined by: found from the data.

Regular and quotient representations permute channels, whatever order a library keeps them in; Jacobian fields and
irreducible representations of p4 and p4m do so with signs.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["match_channels"]


def match_channels(actual: Float[Tensor, "b k *n"], moved: Float[Tensor, "b k *n"]) -> Float[Tensor, "b k *n"]:
    r"""$\rho F$ with the signed permutation $\rho$ of axis 1 that is closest to `actual`, F = `moved`.

    The least $\sum_i \|a_i - s_i f_{\pi(i)}\|^2$ over all π and $s_i = \pm 1$: a linear assignment.
    """
    from scipy.optimize import linear_sum_assignment

    where = actual.isfinite() & moved.isfinite()
    a, f = (values.masked_fill(~where, 0).double().transpose(0, 1).flatten(1) for values in (actual, moved))
    product = a @ f.mT
    cost = a.square().sum(1)[:, None] + f.square().sum(1) - 2 * product.abs()
    rows, columns = (torch.from_numpy(index) for index in linear_sum_assignment(cost.cpu().numpy()))
    sign = torch.where(product[rows, columns] < 0, -1.0, 1.0).to(moved)
    return moved[:, columns] * sign.view(-1, *[1] * (moved.ndim - 2))
