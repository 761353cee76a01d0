"""What `invariance curve` tells beside its curves: bounds, decibels, Lie derivatives, consistency under shifts."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ..errors import ArgumentError, UndefinedError

if TYPE_CHECKING:
    from ..comparing import Named, Stream
    from ..images import ContinuousImage
    from ..measure import Bound, Comparison, FittedSlope, InvarianceCurve

__all__ = ["bounds_of", "decibels_of", "lie_of", "shifts_of", "told"]


def bounds_of(found: Comparison, named: list[Named], source: Any, options: dict[str, Any]) -> list[Bound | FittedSlope]:
    """What theory says of each curve: a bound, where the claim is invariant, and a fitted slope."""
    import torch
    from torch import nn

    from ..comparing import BLOCK
    from ..images import AnalyticImage
    from ..measure import fitted_slope, lipschitz_bound
    from ..warps import WARP_FAMILIES

    if source is None or len(source) > BLOCK or options["warp"] not in WARP_FAMILIES:
        wanted = f"photographs or analytic images, at most {BLOCK}, and a random family of warps"
        raise ArgumentError("--theory", options["images"], wanted)
    where = {"warp": options["warp"], "size": options["size"] if isinstance(source, AnalyticImage) else None}
    bounds: list[Bound | FittedSlope] = []
    for measured_curve, each in zip(found.curves, named, strict=True):
        generator = torch.Generator().manual_seed(options["seed"])
        if options["claim"] == "invariant":
            net = each.model.double().to(options["device"]) if isinstance(each.model, nn.Module) else each.model
            bounds.append(lipschitz_bound(measured_curve, net, source, generator=generator, **where))
        with suppress(UndefinedError):  # errors too large to have a slope
            bounds.append(fitted_slope(measured_curve, generator=torch.Generator().manual_seed(options["seed"])))
    return bounds


def told(bound: Bound | FittedSlope, curve: InvarianceCurve, seed: int) -> str:
    """What theory says of a curve, and whether the data respect it; a slope that nothing predicts is only told."""
    import torch

    said = f"{bound.curve}: {bound.name}"
    if not bound.formula:
        return said
    return f"{said}: {bound.verdict(curve, generator=torch.Generator().manual_seed(seed))}"


def decibels_of(found: Comparison, peak: float) -> list[str]:
    """EQ-T and EQ-R of StyleGAN3 (Karras et al., 2021), and the same of other warps."""
    name = {"translation": "EQ-T", "rotation": "EQ-R"}.get(found.about["warp"], "EQ")
    lines = []
    for each in found.curves:
        pairs = zip(found.scales, each.decibels(peak).tolist(), strict=True)
        values = ", ".join(f"{scale:g}: {value:.1f} dB" for scale, value in pairs)
        lines.append(f"{each.label}: {name} at {values}")
    return lines


def lie_of(named: list[Named], images: ContinuousImage | Any, size: int) -> list[str]:
    """The Lie derivative of each network along every motion (Gruver et al., 2022), on one block of images."""
    from torch import Tensor, nn

    from ..measure import VELOCITIES, local_error

    at = None if isinstance(images, Tensor) else size
    lines = []
    for each in named:
        if not isinstance(each.model, nn.Module):
            raise ArgumentError("--lie", each.label, "modules: a function has no layers to derive")
        for along in VELOCITIES:
            output = local_error(each.model.double().eval(), images, along=along, size=at).output
            unit = "–" if output.error is None else f"{output.error:.2e}"
            lines.append(f"{each.label}: Lie derivative along {along}: E|L f|²/dim = {output.local_error:.2e}, "
                         f"E per unit {unit}")  # fmt: skip
    return lines


def shifts_of(named: list[Named], stream: Stream, reach: int, options: dict[str, Any]) -> list[str]:
    """Zhang's translation consistency (2019)."""
    import torch

    from ..comparing import shift_shares

    asked = {name: options[name] for name in ("size", "batch", "device", "seed")}
    try:
        shares = shift_shares(named, stream, reach=reach, dtype=getattr(torch, options["dtype"]), **asked)
    except ArgumentError as error:
        if error.args[0] not in ("reach", "model(images).shape"):
            raise
        found = reach if error.args[0] == "reach" else f"{reach}, of outputs {error.args[1]}"
        raise ArgumentError("--shifts", found, error.args[2]) from error
    return [
        f"{each.label}: the class is the same under two shifts by up to {reach} pixels "
        f"for {100 * share:.1f} % of pairs, in [{100 * low:.1f}, {100 * high:.1f}] %"
        for each, (share, low, high) in zip(named, shares, strict=True)
    ]
