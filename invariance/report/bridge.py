"""The claims of the ledger on the torch layers: what each one predicts there, and what is measured."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..actions import PointwiseAction, block_action, constant_action, smooth_action
from ..errors import ArgumentError
from ..images import AnalyticImage, sample
from ..jacobians import ORDERS, Scheme, exact_jacobian, jacobian
from ..layers import JacobianConv2d, LogDetInvariant, SignNonlinearity
from ..measure import equivariance_error, invariance_error
from ..models import DiffCNN

__all__ = ["Finding", "findings"]

_ROUNDING = 1e-9
_BROKEN = 1e-3


@dataclass(frozen=True)
class Finding:
    """One prediction of a ledger entry: `predicted` and `measured` in words, and whether they agree."""

    id: str
    setting: str
    predicted: str
    measured: str
    agrees: bool


def findings(images: Tensor) -> Iterator[Finding]:
    """Every claim of DiffCNN that speaks of layers, on float64 Jacobian fields of `images`, "b 3 h w" with 6 | h, w."""
    jac = jacobian(images)
    size = (images.shape[-2], images.shape[-1])

    def generator() -> torch.Generator:
        return torch.Generator().manual_seed(0)

    def conv(kernel_size: int, stride: int = 1, *, symmetric: bool = False) -> JacobianConv2d:
        options = {"stride": stride, "symmetric": symmetric, "dtype": torch.float64}
        return JacobianConv2d(1, 4, kernel_size, generator=generator(), **options).requires_grad_(False)

    constant = constant_action(len(jac), 0.3, generator=generator())
    blocks = block_action(len(jac), 0.3, generator=generator(), size=size, block=3)
    smooth = smooth_action(len(jac), 0.3, generator=generator(), size=size)
    strided = PointwiseAction(blocks.field[..., ::3, ::3])
    inner = PointwiseAction(blocks.field[..., 1:-1, 1:-1])

    yield from _orders()
    for symmetric, count in ((False, 3 + 6 * 9), (True, 3 + 3 * 9)):
        found = sum(p.numel() for p in conv(3, symmetric=symmetric).parameters()) // 4
        yield Finding("P1", f"K = 3, symmetric={symmetric}", f"{count} parameters a kernel", str(found), found == count)
    yield _equivariance("T2.a", "constant field, K = 3, stride 1", conv(3), jac, constant, constant, holds=True)
    yield _equivariance("T2.c", "3×3 block field, K = 3, stride 3", conv(3, 3), jac, blocks, strided, holds=True)
    yield _equivariance("T2.d", "3×3 block field, K = 3, stride 1", conv(3), jac, blocks, inner, holds=False)
    yield _equivariance("C3.a", "smooth field, sign layer", _sign(2.0), jac, smooth, smooth, holds=True)
    yield _flips(jac)
    front = conv(1)(jac)
    yield _invariance(
        "C4.a", "smooth field, log-det layer", LogDetInvariant(degenerate="nan"), front, smooth, holds=True
    )
    yield _refusal(jac)
    yield _degenerate(jac)
    yield _regularised(front, constant)
    model = DiffCNN(4, 3, degenerate="nan", generator=generator()).double().requires_grad_(False)
    yield _invariance("C4.f", "−3 I + 2 for I", model, images, lambda x: 2 - 3 * x, holds=True)
    mix = torch.tensor([[1.0, 1, 0], [0, 1, 0], [0, 0, 1]], dtype=torch.float64)
    yield _invariance(
        "C4.f", "red + green for red", model, images, lambda x: torch.einsum("ij,bjhw->bihw", mix, x), holds=False
    )


def _orders() -> Iterator[Finding]:
    """Observed orders of the finite differences between 128 and 256 pixels, on analytic images."""
    images = AnalyticImage.random(4, generator=torch.Generator().manual_seed(0))
    known = {size: (sample(images, size), exact_jacobian(images, size)) for size in (128, 256)}

    def error(scheme: Scheme, size: int) -> float:
        pixels, exact = known[size]
        return float((jacobian(pixels, scheme) - exact).norm() / size)

    for scheme, order in ORDERS.items():
        if order < math.inf:
            found = math.log2(error(scheme, 128) / error(scheme, 256))
            yield Finding(
                "dI", f"{scheme} differences", f"order {order}", f"order {found:.3f}", abs(found - order) < 0.05
            )


def _verdict(identity: str, setting: str, error: float, *, holds: bool) -> Finding:
    agrees = error <= _ROUNDING if holds else error >= _BROKEN
    predicted = "holds: rounding error" if holds else "fails"
    return Finding(identity, setting, predicted, f"relative error {error:.1e}", agrees)


def _equivariance(
    identity: str,
    setting: str,
    layer: nn.Module,
    jac: Tensor,
    action: PointwiseAction,
    output_action: PointwiseAction,
    *,
    holds: bool,
) -> Finding:
    report = equivariance_error(layer, jac, action(jac), output_action=output_action)
    return _verdict(identity, setting, report.relative, holds=holds)


def _invariance(
    identity: str, setting: str, model: nn.Module, x: Tensor, action: Callable[[Tensor], Tensor], *, holds: bool
) -> Finding:
    return _verdict(identity, setting, invariance_error(model, x, action(x)).relative, holds=holds)


def _sign(length: float) -> SignNonlinearity:
    return SignNonlinearity((0.6 * length, 0.0, 0.8 * length)).double()


def _flips(jac: Tensor) -> Finding:
    """Where n = j₁ × j₂ is zero to rounding the sign is anybody's, so only clear pixels count."""
    dx, dy = jac.unbind(3)
    normal = torch.linalg.cross(dx, dy, dim=2).norm(dim=2)
    clear = normal > 1e-6 * dx.norm(dim=2) * dy.norm(dim=2)
    dead, alive = (((_sign(a)(jac) != jac).any(2).any(2) & clear).sum() / clear.sum() for a in (0.99, 1.5))
    measured = f"flips {float(dead):.1%} at |a| = 0.99, {float(alive):.1%} at |a| = 1.5"
    return Finding("C3.b", "sign layer, Cayley vector a", "dead up to |a| = 1", measured, bool(dead == 0 and alive > 0))


def _refusal(jac: Tensor) -> Finding:
    try:
        LogDetInvariant()(jac.expand(-1, 2, -1, -1, -1, -1))
    except ArgumentError:
        return Finding("C4.b", "two channels", "U = 0 for every image", "refused, with the reason", agrees=True)
    return Finding("C4.b", "two channels", "U = 0 for every image", "accepted", agrees=False)


def _degenerate(jac: Tensor) -> Finding:
    """Grey images: all colours of the Jacobian alike."""
    grey = jac[:, :, :1].expand_as(jac)

    def share(kernel_size: int) -> float:
        conv = JacobianConv2d(1, 4, kernel_size, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
        return float(LogDetInvariant().degenerate_pixels(conv(grey)).double().mean())

    one, three = share(1), share(3)
    measured = f"degenerate pixels: {one:.0%} with K = 1, {three:.0%} with K = 3"
    return Finding("C4.d", "grey images", "U undefined with K = 1, not with K > 1", measured, one == 1 and three < 0.5)


def _regularised(jac: Tensor, action: PointwiseAction) -> Finding:
    r"""$|U'_\varepsilon - U_\varepsilon| \le (1 - 1/C)\,|\log((v + \varepsilon/m^2)/(v + \varepsilon))|$, least v."""
    difference = jac - jac.mean(1, keepdim=True)
    v = torch.linalg.cross(*difference.unbind(3), dim=2).square().sum(2)
    eps = float(v.median())
    layer = LogDetInvariant(eps=eps)
    error = (layer(action(jac)) - layer(jac)).abs().amax(1)
    lowest, m2 = v.amin(1), action.determinant.square()
    bound = (1 - 1 / v.shape[1]) * ((lowest + eps / m2) / (lowest + eps)).log().abs()
    ratio = float(((error - 1e-12) / bound).max())
    return Finding(
        "C4.e", "ε = median of det V", "error ≤ the bound in ε", f"largest error / bound {ratio:.3f}", ratio <= 1
    )
