"""Convolutions and transposed convolutions of 1, 2, 3 dimensions; grouped, dilated, strided, padded in any way."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from ..actions import Action, Ints, Reals
from ..matching import Match
from ..registry import Step, rule
from ..values import Constant, Moving, Refusal
from .weights import matched
from .windows import Grid, grid_of, looked_at, window_motion

CITES = ("convolution", "windows", "G8.stride")


@rule("aten.conv1d.default", "aten.conv2d.default", "aten.conv3d.default", cites=CITES)
def convolution(
    step: Step, input: Any, weight: Any, bias: Any, stride: Any, padding: Any, dilation: Any, groups: int
) -> Any:
    """Windows go to windows, taps to taps, and the moved filter bank is the filter bank up to order and sign."""
    pads = [(p, p) for p in _each(padding, weight)]
    return correlated(step, input, weight, bias, _each(stride, weight), pads, _each(dilation, weight), groups)


@rule("aten.conv1d.padding", "aten.conv2d.padding", "aten.conv3d.padding", cites=CITES)
def convolution_padded(
    step: Step, input: Any, weight: Any, bias: Any, stride: Any, padding: str, dilation: Any, groups: int
) -> Any:
    """As above, with the padding *same* or *valid*; *same* with an even window pads one side more."""
    _require_weights(weight, bias)
    spread = [d * (k - 1) for d, k in zip(_each(dilation, weight), weight.shape[2:], strict=True)]
    pads = [(t // 2, t - t // 2) if padding == "same" else (0, 0) for t in spread]
    return correlated(step, input, weight, bias, _each(stride, weight), pads, _each(dilation, weight), groups)


@rule(
    "aten.conv_transpose1d.default",
    "aten.conv_transpose2d.input",
    "aten.conv_transpose3d.input",
    cites=("transposed", "kernel"),
)
def transposed(
    step: Step,
    input: Any,
    weight: Any,
    bias: Any,
    stride: Any,
    padding: Any,
    output_padding: Any,
    groups: int,
    dilation: Any,
) -> Any:
    """Every input is scattered through the taps; where it lands must move along, and the filter bank be matched."""
    _require_weights(weight, bias)
    spatial = weight.values.ndim - 2
    grid = grid_of(input, spatial)
    if input.action is None:
        raise Refusal(input.reason)
    strides, pads, dilations = _each(stride, weight), _each(padding, weight), _each(dilation, weight)
    lands = []
    for k in range(spatial):
        n, taps, out = input.shape[-spatial + k], weight.shape[2 + k], step.shape[-spatial + k]
        at = np.arange(n)[:, None] * strides[k] + np.arange(taps)[None, :] * dilations[k] - pads[k]
        lands.append(np.where((at < 0) | (at >= out), -1, at))
    outputs, tap_motion = _scattered(grid, lands, step.shape[-spatial:])
    channels, factors = _channels(grid)
    count = step.shape[-spatial - 1]
    own = weight.shape[0] // groups
    # The bank by output channel: (out, in of its group, taps).
    order = (1, 0, *range(2, weight.values.ndim))

    def by_output(array: np.ndarray) -> np.ndarray:
        parts = np.split(array, groups)
        return np.concatenate([part.transpose(order) for part in parts]).reshape(count, own, *weight.shape[2:])

    bank = weight.rearranged(by_output)
    return _result(step, grid, bank, bias, channels, factors, tap_motion, outputs, groups)


def correlated(
    step: Step,
    input: Moving,
    weight: Any,
    bias: Any,
    stride: Sequence[int],
    pads: Sequence[tuple[int, int]],
    dilation: Sequence[int],
    groups: int,
) -> Moving:
    _require_weights(weight, bias)
    spatial = weight.values.ndim - 2
    grid = grid_of(input, spatial)
    looked = [
        looked_at(
            table,
            step.shape[-spatial + k],
            weight.shape[2 + k],
            stride=stride[k],
            dilation=dilation[k],
            before=pads[k][0],
        )
        for k, table in enumerate(grid.tables)
    ]
    try:
        outputs, taps = window_motion(grid, looked)
    except Refusal as refusal:
        raise Refusal(_stride_reason(input, weight, stride, pads, dilation) or refusal.reason) from None
    channels, factors = _channels(grid)
    return _result(step, grid, weight, bias, channels, factors, taps, outputs, groups)


def _result(
    step: Step,
    grid: Grid,
    weight: Constant,
    bias: Constant | None,
    channels: Ints,
    factors: Reals | None,
    taps: Action,
    outputs: Action,
    groups: int,
) -> Moving:
    count, own = weight.shape[0], weight.shape[1]
    size = prod(weight.shape[2:])
    tap_index = taps.dense()[0]
    keys = moved_keys = None
    if groups > 1:
        target = channels.reshape(groups, own) // own
        if (target != target[:, :1]).any():
            raise Refusal("the motion of the channels mixes the groups of the convolution")
        group = np.repeat(np.arange(groups), count // groups)
        keys, moved_keys = list(group), list(target[:, 0][group])
        inner = (channels.reshape(groups, own) % own)[group]
        scale = None if factors is None else factors.reshape(groups, own)[group][:, :, None]
    else:
        inner = np.broadcast_to(channels, (count, own))
        scale = None if factors is None else factors[None, :, None]
    if groups == 1:
        back, taps_back = np.argsort(channels), np.argsort(tap_index)

        def moved(bank: np.ndarray) -> np.ndarray:
            return bank[:, back][:, :, taps_back].reshape(count, -1)

    else:
        where = (np.arange(count)[:, None, None], inner[:, :, None], tap_index[None, None, :])

        def moved(bank: np.ndarray) -> np.ndarray:
            found = np.empty_like(bank)
            found[where] = bank
            return found.reshape(count, -1)

    def entry(place: int) -> str:
        channel, tap = divmod(place, size)
        at = tuple(int(k) for k in np.unravel_index(tap, weight.shape[2:]))
        return f"tap {at[0] if len(at) == 1 else at} of channel {channel}"

    bank = weight.reshaped((count, own, size))
    rank = len(step.shape)
    axis = rank - outputs.rank - 1

    def made(match: Match) -> Moving:
        parts: list[tuple[Sequence[int], Action]] = [([axis], match.action), (list(range(axis + 1, rank)), outputs)]
        return Moving(Action.product(step.shape, parts), grid.input.batch)

    try:
        options: dict[str, Any] = {"keys": keys, "moved_keys": moved_keys, "entry": entry, "prefer": step.prefer}
        return made(matched("filter", bank, bias, moved, scale, **options))
    except Refusal as refusal:
        if (guess := refusal.detail.get("match")) is not None:
            refusal.detail["assumed"] = made(guess)
        raise


def _channels(grid: Grid) -> tuple[Ints, Reals | None]:
    """The motion of the channels, the axis before the grid; nothing else may move."""
    axis = grid.axes[0] - 1
    action = grid.action
    others = list(range(axis))
    if not action.alone(axis):
        raise Refusal("the channels do not move by themselves")
    plain = Action(action.shape, action.turn, action.tables, (None,) * action.rank, action.block)
    if grid.input.batch is None or grid.input.batch.axis not in others or not plain.keeps(others):
        raise Refusal("something besides channels and grid moves, or the batch is not in front")
    # With the constant factor, which stands on the first axis.
    constant = 1.0 if action.scales[0] is None or axis == 0 else float(action.scales[0][0])
    factors = action.scale(axis) * constant
    return action.table(axis), None if (factors == 1).all() else factors


def _scattered(grid: Grid, lands: Sequence[Ints], out: Sequence[int]) -> tuple[Action, Action]:
    first = grid.axes[0]
    turn, sigmas, taus = [], {}, {}
    for k, axis in enumerate(grid.axes):
        partner = grid.action.turn[axis] - first
        found = _landing(lands[k], lands[partner], grid.action.table(axis), out[k], out[partner])
        if found is None:
            raise Refusal(
                f"axis {axis}: what the transposed convolution writes does not mirror, by its stride and paddings"
            )
        turn.append(partner)
        sigmas[k], taus[k] = found
    return (
        Action.of(out, turn=turn, tables=sigmas),
        Action.of([u.shape[1] for u in lands], turn=turn, tables=taus),
    )


def _landing(lands: Ints, partner: Ints, f: Ints, out: int, out_partner: int) -> tuple[Ints, Ints] | None:
    """σ, τ with lands[f(i), τ(t)] = σ(partner[i, t]), what falls off falling off; σ reverses what nothing reaches."""
    if lands.shape != partner.shape or out != out_partner:
        return None
    taps = np.arange(lands.shape[1])
    orders = (taps, taps[::-1].copy())
    # Where taps do not overlap both would do; what is turned round is written in reverse.
    for tau in orders[::-1] if len(f) > 1 and f[0] > f[-1] else orders:
        image = lands[f][:, tau].ravel()
        here = partner.ravel()
        if ((image < 0) != (here < 0)).any():
            continue
        sigma = np.full(out, -1, dtype=np.int64)
        kept = here >= 0
        sigma[here[kept]] = image[kept]
        if not np.array_equal(sigma[here[kept]], image[kept]):
            continue
        free, open_ = np.flatnonzero(sigma < 0), np.setdiff1d(np.arange(out), sigma[sigma >= 0])
        if len(free) != len(open_):
            continue
        sigma[free] = open_[::-1] if tau[0] != 0 else open_
        if len(np.unique(sigma)) == out:
            return sigma, tau
    return None


def _stride_reason(
    input: Moving, weight: Constant, stride: Sequence[int], pads: Sequence[tuple[int, int]], dilation: Sequence[int]
) -> str | None:
    spatial = weight.values.ndim - 2
    sizes = weight.shape[2:]
    return stride_reason(input.shape[-spatial:], sizes, stride, pads, dilation)


def stride_reason(
    lengths: Sequence[int],
    taps: Sequence[int],
    stride: Sequence[int],
    pads: Sequence[tuple[int, int]],
    dilation: Sequence[int],
) -> str | None:
    """The sentence of G8.stride, with the lengths nearby that are exact."""
    for n, k, s, (before, after), d in zip(lengths, taps, stride, pads, dilation, strict=True):
        window = d * (k - 1) + 1
        if before != after:
            return f"padding of {before} before and {after} after: not alike on both sides"
        left = (n + 2 * before - window) % s
        if left:
            below, above = n - left, n - left + s
            return (
                f"stride {s} at {n} pixels: ({n} + 2·{before} − {window}) mod {s} = {left}, so windows are not "
                f"centred; sizes {below} and {above} are exact"
            )
    return None


def _each(numbers: Any, weight: Any) -> list[int]:
    spatial = weight.values.ndim - 2 if isinstance(weight, Constant) else len(numbers)
    found = [numbers] if isinstance(numbers, int) else list(numbers)
    return found * spatial if len(found) == 1 else found


def _require_weights(weight: Any, bias: Any) -> None:
    if not isinstance(weight, Constant) or not isinstance(bias, Constant | None):
        raise Refusal("weights that depend on the input: no rule")
