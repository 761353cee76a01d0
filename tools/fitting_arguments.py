"""Arguments that operators take and that are seldom drawn: where `odd_arguments` begins for these."""

from __future__ import annotations

from typing import Any

__all__ = ["FITTING"]

Spec = tuple[Any, ...]


def _t(*shape: int, values: str | int = "small", dtype: str = "float32") -> Spec:
    return ("tensor", shape, dtype, values, "end")


def _at(*shape: int, values: str | int = 1) -> Spec:
    return _t(*shape, values=values, dtype="int64")


_IMAGE, _VOLUME = _t(1, 2, 5, 5), _t(1, 2, 5, 5, 5)
_ATTENTION = [_t(2, 3, 5, 4)] * 3
_SEQUENCE = _t(3, 2, 4)
_ONE_LAYER = [True, 1, 0.0, False, False]


def _weights(gates: int) -> list[Spec]:
    return [_t(5 * gates, 4), _t(5 * gates, 5), _t(5 * gates), _t(5 * gates)]


def _recurrent(name: str, gates: int) -> dict[str, list[Any]]:
    state: Any = [_t(1, 2, 5)] * 2 if name == "lstm" else _t(1, 2, 5)
    one: Any = [_t(2, 5)] * 2 if name == "lstm" else _t(2, 5)
    return {
        f"aten.{name}.input": [_SEQUENCE, state, _weights(gates), *_ONE_LAYER, False],
        f"aten.{name}_cell.default": [_t(2, 4), one, *_weights(gates)],
    }


def _spatial(axes: int) -> dict[str, list[Any]]:
    """Of signals, images and volumes."""
    x, grid, ones = _t(1, 2, *[5] * axes), _t(3, 2, *[3] * axes), [1] * axes
    none, threes, transposed = [0] * axes, [3] * axes, "default" if axes == 1 else "input"
    return {
        f"aten.conv{axes}d.default": [x, grid, _t(3), ones, none, ones, 1],
        f"aten.conv{axes}d.padding": [x, grid, _t(3), ones, "same", ones, 1],
        f"aten.conv_transpose{axes}d.{transposed}": [x, _t(2, 3, *threes), _t(3), ones, none, none, 1, ones],
        f"aten.avg_pool{axes}d.default": [x, threes, ones, none, False, True, *[None] * (axes > 1)],
        f"aten.max_pool{axes}d.default": [x, threes, ones, none, ones, False],
        f"aten.max_pool{axes}d_with_indices.default": [x, threes, ones, none, ones, False],
        f"aten.adaptive_max_pool{axes}d.default": [x, threes],
        f"aten.reflection_pad{axes}d.default": [x, [1, 1] * axes],
        f"aten.replication_pad{axes}d.default": [x, [1, 1] * axes],
        f"aten.upsample_nearest{axes}d.vec": [x, [7] * axes, None],
        f"aten._upsample_nearest_exact{axes}d.vec": [x, [7] * axes, None],
        f"aten._upsample_nearest_exact{axes}d.default": [x, [7] * axes, *[None] * axes],
    }


FITTING: dict[str, list[Any]] = {
    **_recurrent("lstm", 4),
    **_recurrent("gru", 3),
    **_recurrent("rnn_relu", 1),
    **_recurrent("rnn_tanh", 1),
    **_spatial(1),
    **_spatial(2),
    **_spatial(3),
    "aten._fft_c2c.default": [_t(3, 4, dtype="complex64"), [1], 0, True],
    "aten._fft_c2r.default": [_t(3, 3, dtype="complex64"), [1], 0, 4],
    "aten._fft_r2c.default": [_t(3, 4), [1], 0, True],
    "aten._adaptive_avg_pool2d.default": [_IMAGE, [2, 2]],
    "aten._adaptive_avg_pool3d.default": [_VOLUME, [2, 2, 2]],
    "aten._native_batch_norm_legit.no_stats": [_IMAGE, _t(2), _t(2), True, 0.1, 1e-5],
    "aten._native_batch_norm_legit_no_training.default": [_IMAGE, *[_t(2)] * 3, _t(2, values=1), 0.1, 1e-5],
    "aten._scaled_dot_product_flash_attention_for_cpu.default": [*_ATTENTION, 0.0, False, None, None],
    "aten._weight_norm.default": [_t(3, 2, 3), _t(3, 1, 1), 0],
    "aten._weight_norm_interface.default": [_t(3, 2, 3), _t(3, 1, 1), 0],
    "aten.adaptive_avg_pool2d.default": [_IMAGE, [2, 2]],
    "aten.adaptive_avg_pool3d.default": [_VOLUME, [2, 2, 2]],
    "aten.addbmm_.default": [_t(3, 4), _t(2, 3, 5), _t(2, 5, 4), 1, 1],
    "aten.addmv_.default": [_t(3), _t(3, 4), _t(4), 1, 1],
    "aten.affine_grid_generator.default": [_t(2, 2, 3), [2, 3, 4, 5], False],
    "aten.baddbmm_.default": [_t(2, 3, 4), _t(2, 3, 5), _t(2, 5, 4), 1, 1],
    "aten.batch_norm.default": [_IMAGE, *[_t(2)] * 3, _t(2, values=1), False, 0.1, 1e-5, False],
    "aten.col2im.default": [_t(1, 8, 9), [4, 4], [2, 2], [1, 1], [0, 0], [1, 1]],
    "aten.convolution.default": [_IMAGE, _t(3, 2, 3, 3), _t(3), [1, 1], [0, 0], [1, 1], False, [0, 0], 1],
    "aten.cross_entropy_loss.default": [_t(4, 33), _at(4), None, 1, -100, 0.0],
    "aten.einsum.default": ["ij,jk->ik", [_t(2, 3), _t(3, 4)], None],
    "aten.embedding.default": [_t(33, 4), _at(5), -1, False, False],
    "aten.gradient.tensorarray": [_t(5, 5), [_t(5), _t(5)], [0, 1], 1],
    "aten.gradient.tensorarrayint": [_t(5), [_t(5)], 0, 1],
    "aten.grid_sampler.default": [_IMAGE, _t(1, 3, 3, 2), 0, 0, False],
    "aten.grid_sampler_2d.default": [_IMAGE, _t(1, 3, 3, 2), 0, 0, False],
    "aten.im2col.default": [_IMAGE, [2, 2], [1, 1], [0, 0], [1, 1]],
    "aten.index_copy_.default": [_t(4, 5), 0, _at(3), _t(3, 5)],
    "aten.index_reduce_.default": [_t(4, 5), 0, _at(3), _t(3, 5), "prod", True],
    "aten.instance_norm.default": [_IMAGE, *[_t(2)] * 3, _t(2, values=1), False, 0.1, 1e-5, False],
    "aten.istft.default": [_t(9, 5, dtype="complex64"), 16, 4, 16, _t(16, values=1), True, False, None, None, False],
    "aten.linalg_matrix_norm.default": [_t(3, 4), 2, [-2, -1], False, None],
    "aten.linalg_norm.ord_str": [_t(3, 4), "fro", None, False, None],
    "aten.linalg_tensorsolve.default": [_t(2, 3, 6), _t(2, 3), None],
    "aten.lu_solve.default": [_t(3, 2), _t(3, 3), _t(3, values=1, dtype="int32")],
    "aten.masked_fill_.Tensor": [_t(3, 4), _t(3, 4, dtype="bool"), _t()],
    "aten.max_unpool2d.default": [_t(1, 2, 2, 2), _at(1, 2, 2, 2), [4, 4]],
    "aten.max_unpool3d.default": [_t(1, 2, 2, 2, 2), _at(1, 2, 2, 2, 2), [4, 4, 4], [2, 2, 2], [0, 0, 0]],
    "aten.median.dim": [_t(3, 5), 1, False],
    "aten.multi_margin_loss.default": [_t(4, 33), _at(4), 1, 1, None, 1],
    "aten.multilabel_margin_loss_forward.default": [_t(3, 5), _at(3, 5), 1],
    "aten.native_group_norm.default": [_t(2, 4, 3, 3), _t(4), _t(4), 2, 4, 9, 2, 1e-5],
    "aten.native_layer_norm.default": [_t(2, 3, 4), [4], _t(4), _t(4), 1e-5],
    "aten.nll_loss.default": [_t(4, 33), _at(4), None, 1, -100],
    "aten.nll_loss2d.default": [_t(2, 33, 3, 3), _at(2, 3, 3), None, 1, -100],
    "aten.nll_loss2d_forward.default": [_t(2, 33, 3, 3), _at(2, 3, 3), None, 1, -100],
    "aten.nll_loss_forward.default": [_t(4, 33), _at(4), None, 1, -100],
    "aten.nll_loss_nd.default": [_t(4, 33), _at(4), None, 1, -100],
    "aten.scaled_dot_product_attention.default": [*_ATTENTION, None, 0.0, False, None, False],
    "aten.scatter_.reduce": [_t(3, 4), 0, _at(2, 4), _t(2, 4), "add"],
    "aten.scatter_.value_reduce": [_t(3, 4), 0, _at(2, 4), 2.0, "add"],
    "aten.searchsorted.Tensor": [_t(3, 5), _t(3, 4), False, False, "left", _at(3, 5, values=0)],
    "aten.select_scatter.default": [_t(3, 4), _t(4), 0, 1],
    "aten.upsample_trilinear3d.vec": [_VOLUME, [7, 7, 7], False, None],
}
"""By operator, as `odd_arguments` writes them; float tensors are of float32."""
