"""A call of every operation that has a rule: its arguments, with the tensors that move as `Input`s."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

__all__ = ["CASES", "Input", "PerSample"]


class Input:
    """A tensor that moves, of this shape behind the batch."""

    def __init__(self, *shape: int) -> None:
        self.shape = shape


class PerSample:
    """A table that is repeated along the batch."""

    def __init__(self, table: Tensor) -> None:
        self.table = table


Call = tuple[list[Any], dict[str, Any]]
CASES: dict[str, Call] = {}


def case(ops: str, *args: Any, **kwargs: Any) -> None:
    for op in ops.split():
        CASES[f"aten.{op}"] = (list(args), kwargs)


def table(*shape: int) -> Tensor:
    generator = torch.Generator().manual_seed(len(shape) + sum(shape))
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


SEQUENCE, IMAGE, VOLUME, TOKENS = Input(4, 5), Input(4, 5, 5), Input(4, 3, 3, 3), Input(5, 4)
X = IMAGE

case("neg.default tanh.default sin.default sign.default erf.default atan.default asinh.default sinh.default", X)
case("tan.default asin.default atanh.default reciprocal.default trunc.default cos.default cosh.default", X)
case("square.default isfinite.default isnan.default relu.default exp.default exp2.default expm1.default", X)
case("log.default log1p.default log2.default sigmoid.default silu.default mish.default hardswish.default", X)
case("hardsigmoid.default relu6.default log_sigmoid.default selu.default sqrt.default rsqrt.default", X)
case("floor.default ceil.default round.default logical_not.default acos.default erfc.default abs.default", X)
case("gelu.default leaky_relu.default elu.default celu.default softplus.default hardshrink.default", X)
case("softshrink.default zeros_like.default ones_like.default", X)
case("glu.default", X, 1)
case("hardtanh.default clamp.default", X, -0.5, 1.0)
case("clamp_min.default", X, 0.5)
case("pow.Tensor_Scalar", X, 3)
case("_to_copy.default", X, dtype=torch.float32)
case("dropout.default", X, 0.5, False)
case("add.Tensor sub.Tensor", X, table(4, 1, 5), alpha=2)
case("add.Scalar sub.Scalar rsub.Scalar", X, 0.5)
case("maximum.default minimum.default mul.Tensor div.Tensor atan2.default pow.Tensor_Tensor", X, table(4, 1, 5))
case("mul.Scalar div.Scalar", X, -2.0)
case("eq.Tensor ne.Tensor lt.Tensor le.Tensor gt.Tensor ge.Tensor", X, table(4, 1, 5).round())
case("eq.Scalar ne.Scalar lt.Scalar le.Scalar gt.Scalar ge.Scalar", X, 1.0)
case("logical_and.default logical_or.default", X, table(4, 1, 5) > 0)
case("clamp.Tensor", X, table(4, 1, 5), table(4, 1, 5) + 1)
case("where.self", table(4, 1, 5) > 0, X, table(4, 1, 5))
case("where.ScalarSelf", table(4, 1, 5) > 0, 0.5, X)
case("where.ScalarOther", table(4, 1, 5) > 0, X, 0.5)
case("threshold.default", X, 0.5, 0.1)
case("masked_fill.Scalar", X, table(4, 1, 5) > 0, 0.5)
case("prelu.default", X, table(4))
case("lerp.Scalar", X, table(4, 1, 5), 0.3)
case("new_zeros.default new_ones.default", X, [3, 4])
case("full_like.default", X, 2.0)

HEADS = [Input(2, 5, 4)] * 3
case("scaled_dot_product_attention.default", *HEADS, table(5, 5))
for _d, _input in (1, SEQUENCE), (2, IMAGE), (3, VOLUME):
    _taps = (3,) * _d
    case(f"conv{_d}d.default", _input, table(6, 4, *_taps), table(6), [2] * _d, [1] * _d)
    case(f"conv{_d}d.padding", _input, table(6, 4, *_taps), table(6), [1] * _d, "same")
    _name = "default" if _d == 1 else "input"
    case(f"conv_transpose{_d}d.{_name}", _input, table(4, 6, *_taps), table(6), [2] * _d, [1] * _d)
    case(f"max_pool{_d}d.default avg_pool{_d}d.default", _input, [2] * _d, [2] * _d)
    case(f"max_pool{_d}d_with_indices.default", _input, [2] * _d, [1] * _d)
    case(f"adaptive_avg_pool{_d}d.default adaptive_max_pool{_d}d.default", _input, [2] * _d)
    case(f"upsample_nearest{_d}d.vec _upsample_nearest_exact{_d}d.vec", _input, [4] * _d, None)
case("upsample_linear1d.vec", SEQUENCE, [4], False, None)
case("upsample_bilinear2d.vec upsample_bicubic2d.vec", IMAGE, [4, 4], False, None)
case("_upsample_bilinear2d_aa.vec _upsample_bicubic2d_aa.vec", IMAGE, [4, 4], False, None)
case("upsample_trilinear3d.vec", VOLUME, [4] * 3, False, None)

case("linear.default", TOKENS, table(6, 4), table(6))
case("addmm.default", table(6), Input(4), table(4, 6))
case("mm.default", Input(4), table(4, 6))
case("matmul.default bmm.default", Input(5, 5), Input(5, 5))
case("einsum.default", "bij,bjk->bik", [Input(5, 5), Input(5, 5)])

case("index.Tensor", IMAGE, [None, torch.tensor([2, 0, 1])])
case("gather.default", TOKENS, 1, PerSample(torch.tensor([[[1] * 4, [0] * 4, [4] * 4]])))
case("scatter_add.default", TOKENS, 1, PerSample(torch.tensor([[[1] * 4, [0] * 4]])), Input(2, 4))
case("embedding.default", table(3, 4), Input(4))

STATISTICS = (table(4), table(4), table(4), table(4).square())
case("_native_batch_norm_legit_no_training.default", IMAGE, *STATISTICS, 0.1, 1e-5)
case("batch_norm.default", IMAGE, *STATISTICS, False, 0.1, 1e-5, False)
case("_native_batch_norm_legit.default", IMAGE, *STATISTICS, False, 0.1, 1e-5)
case("layer_norm.default", TOKENS, [4], table(4), table(4))
case("rms_norm.default", TOKENS, [4], table(4))
case("group_norm.default", IMAGE, 2, table(4), table(4))
case("instance_norm.default", IMAGE, table(4), table(4), None, None, True, 0.1, 1e-5, False)

case("mean.dim sum.dim_IntList amax.default amin.default logsumexp.default", IMAGE, [3])
case("var.correction std.correction var_mean.correction", IMAGE, [3], correction=1)
case("var.dim std.dim var_mean.dim", IMAGE, [3], True)
case("linalg_vector_norm.default", IMAGE, 2, [3])
case("norm.ScalarOpt_dim", IMAGE, 2, [3])
case("max.dim min.dim argmax.default argmin.default softmax.int log_softmax.int", IMAGE, 3)
case("_softmax.default _log_softmax.default", IMAGE, 3, False)

case("view.default _unsafe_view.default reshape.default", IMAGE, [-1, 20, 5])
case("flatten.using_ints", IMAGE, 2)
case("unflatten.int", IMAGE, 1, [2, 2])
case("alias.default detach.default lift_fresh_copy.default clone.default contiguous.default", IMAGE)
case("permute.default", IMAGE, [0, 1, 3, 2])
case("transpose.int", IMAGE, 2, 3)
case("t.default", Input())
case("movedim.int", IMAGE, 3, 1)
case("unsqueeze.default", IMAGE, 2)
case("squeeze.dim", Input(4, 1, 5), 2)
case("squeeze.dims", Input(4, 1, 5), [2])
case("squeeze.default", Input(4, 1, 5))
case("slice.Tensor", IMAGE, 3, 1, 5)
case("select.int", IMAGE, 3, 1)
case("unbind.int", IMAGE, 3)
case("flip.default", IMAGE, [3])
case("rot90.default", IMAGE, 1, [2, 3])
case("roll.default", IMAGE, [1], [3])
case("index_select.default", IMAGE, 3, torch.tensor([2, 0, 1]))
case("expand.default", Input(1, 5), [-1, 3, -1])
case("repeat.default", IMAGE, [1, 2, 1, 1])
case("repeat_interleave.self_int", IMAGE, 2, 3)
case("pad.default", IMAGE, [1, 0], "constant", 1.0)
case("constant_pad_nd.default", IMAGE, [1, 0], 1.0)
case("cat.default", [Input(4, 5), Input(4, 5)], 2)
case("stack.default", [Input(4, 5), Input(4, 5)], 2)
case("split_with_sizes.default", IMAGE, [1, 4], 3)
case("split.Tensor", IMAGE, 2, 3)
case("chunk.default", IMAGE, 2, 3)
case("channel_shuffle.default", Input(4, 3, 3), 2)
case("pixel_shuffle.default", Input(4, 3, 3), 2)
case("pixel_unshuffle.default", Input(1, 4, 4), 2)
