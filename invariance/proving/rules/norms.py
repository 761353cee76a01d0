"""Batch norm in eval mode, and layer, group, instance, root-mean-square norms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..registry import Step, rule
from ..values import Constant, Moving, Refusal
from .fibres import fibred, one_sign
from .fixed import fixed_constant, unsigned

CITES = ("normalisation", "G11")


@rule("aten._native_batch_norm_legit_no_training.default", cites=CITES)
def batch_norm(
    step: Step, input: Any, weight: Any, bias: Any, running_mean: Any, running_var: Any, momentum: Any, eps: Any
) -> Any:
    """A map of every channel by itself: channels that change places have the same numbers; mean and bias may flip."""
    return affine(input, weight, bias, running_mean, running_var, eps), None, None


@rule("aten.batch_norm.default", cites=CITES)
def batch_norm_flagged(
    step: Step,
    input: Any,
    weight: Any,
    bias: Any,
    running_mean: Any,
    running_var: Any,
    training: bool,
    momentum: Any,
    eps: Any,
    cudnn_enabled: bool,
) -> Any:
    """As above where the call itself does not train."""
    if training or running_mean is None:
        raise Refusal("batch norm with the statistics of the batch: samples meet each other")
    return affine(input, weight, bias, running_mean, running_var, eps)


@rule("aten._native_batch_norm_legit.default", cites=CITES)
def batch_norm_trains(
    step: Step,
    input: Any,
    weight: Any,
    bias: Any,
    running_mean: Any,
    running_var: Any,
    training: bool,
    momentum: Any,
    eps: Any,
) -> Any:
    """Refused: it takes the statistics of the batch."""
    raise Refusal("batch norm with the statistics of the batch: samples meet each other")


def affine(input: Moving, weight: Any, bias: Any, mean: Any, var: Any, eps: float) -> Moving:
    if isinstance(var, Constant) and (var.values + eps <= 0).any():
        raise Refusal("a norm that divides by the square root of nothing, or of less: no number comes out")
    action = input.settled()
    rank = action.rank

    def along(c: Any) -> Constant:
        if not isinstance(c, Constant):
            raise Refusal("a norm whose numbers depend on the input")
        return c.reshaped((-1,) + (1,) * (rank - 2))

    for name, c in (("the running variance", var), ("the weight", weight)):
        if c is not None:
            fixed_constant(along(c), unsigned(action), name)
    for name, c in (("the running mean", mean), ("the bias", bias)):
        if c is not None:
            fixed_constant(along(c), action, name)
    return Moving(action, input.batch)


def normed(
    input: Moving, axes: Sequence[int], weight: Any, bias: Any, shape: Sequence[int], *, grouped: int = 0
) -> Moving:
    """(x − mean)/deviation over fibres, which is odd, times γ plus β, which must stay entry by entry."""
    action = input.settled()
    if input.batch is None or input.batch.axis in axes:
        raise Refusal("a norm over the batch: samples meet each other")
    fibres = action
    if grouped:
        channels = action.shape[1]
        fibres = action.reshaped((action.shape[0], grouped, channels // grouped, *action.shape[2:]))
        axes = range(2, fibres.rank)
    if not one_sign(fibres, axes):
        raise Refusal("a norm over entries that change signs differently")
    fibred(fibres, axes)
    if action.signed and any((abs(s) != 1).any() for s in action.scales if s is not None):
        raise Refusal("a norm of entries that change size")
    for name, c, moves in (("the weight", weight, unsigned(action)), ("the bias", bias, action)):
        if c is not None:
            if not isinstance(c, Constant):
                raise Refusal("a norm whose numbers depend on the input")
            fixed_constant(c.reshaped(shape), moves, name)
    return Moving(action, input.batch)


@rule("aten.layer_norm.default", cites=CITES)
def layer_norm(
    step: Step, input: Any, normalized_shape: Any, weight: Any, bias: Any, eps: Any, cudnn_enable: bool
) -> Any:
    """Fibres go to fibres, and γ and β stay entry by entry."""
    rank = len(input.shape)
    return normed(input, range(rank - len(normalized_shape), rank), weight, bias, normalized_shape)


@rule("aten.rms_norm.default", cites=CITES)
def rms_norm(step: Step, input: Any, normalized_shape: Any, weight: Any, eps: Any) -> Any:
    """Fibres go to fibres, and γ stays entry by entry."""
    rank = len(input.shape)
    return normed(input, range(rank - len(normalized_shape), rank), weight, None, normalized_shape)


@rule("aten.group_norm.default", cites=CITES)
def group_norm(step: Step, input: Any, num_groups: int, weight: Any, bias: Any, eps: Any, cudnn_enabled: bool) -> Any:
    """Groups go to groups, and γ and β stay channel by channel."""
    rank = len(input.shape)
    if input.batch is None or input.batch.axis != 0:
        raise Refusal("a norm over the batch: samples meet each other")
    return normed(input, range(2, rank), weight, bias, (-1,) + (1,) * (rank - 2), grouped=num_groups)


@rule("aten.instance_norm.default", cites=CITES)
def instance_norm(
    step: Step,
    input: Any,
    weight: Any,
    bias: Any,
    running_mean: Any,
    running_var: Any,
    use_input_stats: bool,
    momentum: Any,
    eps: Any,
    cudnn_enabled: bool,
) -> Any:
    """Planes go to planes, and γ and β stay channel by channel."""
    rank = len(input.shape)
    if not use_input_stats:
        return affine(input, weight, bias, running_mean, running_var, eps)
    if input.batch is None or input.batch.axis != 0:
        raise Refusal("a norm over the batch: samples meet each other")
    return normed(input, range(2, rank), weight, bias, (-1,) + (1,) * (rank - 2))
