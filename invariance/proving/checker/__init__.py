r"""The proof checker: reads a certificate, exports the model itself and verifies every operation, one by one.

A certificate says of each tensor T of the graph how it moves, T(gx)_j = s(j) T(x)_π(j). The checker looks for nothing
and shares no code with the prover. Every entry has a number; an operation goes through where what the entry j of its
result is computed from, moved as the arguments move, is what the entry π(j) is computed from. All runs on a batch of
two whose samples must not meet; an operation that could tell batch sizes apart is refused along the batch.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from .entries import lookup, normalised, pointwise, reduction
from .products import attention, product
from .reading import FORMAT, RefusedError, fingerprint, motion, need, seal
from .walk import Rule, Walk
from .windows import convolution, grid

__all__ = ["FORMAT", "RefusedError", "fingerprint", "motion", "seal", "verify"]

RULES: dict[str, Rule] = {
    **dict.fromkeys(("all", "amax", "amin", "any", "logsumexp", "max", "mean", "min", "sum"), reduction),
    **dict.fromkeys(("linalg_vector_norm", "prod", "std", "var"), reduction),
    **dict.fromkeys(("softmax", "log_softmax", "layer_norm", "group_norm", "instance_norm", "rms_norm"), normalised),
    **dict.fromkeys(("linear", "matmul", "mm", "bmm", "addmm", "baddbmm"), product),
    **{f"conv{kind}{d}d": convolution for kind in ("", "_transpose") for d in (1, 2, 3)},
    **{f"{kind}_pool{d}d": grid for kind in ("max", "avg", "adaptive_avg", "adaptive_max") for d in (1, 2, 3)},
    **{f"upsample_{kind}": grid for kind in ("linear1d", "bilinear2d", "trilinear3d", "bicubic2d")},
    "scaled_dot_product_attention": attention,
    "embedding": lookup,
    "pointwise": pointwise,
}


GROUPS: dict[str, list[Callable[[Tensor], Tensor]]] = {
    "p2": [lambda x: x.flip(-2, -1)],
    "pm": [lambda x: x.flip(-2)],
    "flip": [lambda x: x.flip(-1)],
    "cm": [lambda x: x.mT],
    "flips": [lambda x: x.flip(-2), lambda x: x.flip(-1)],
    "p4": [lambda x: x.rot90(1, (-2, -1))],
    "p4m": [lambda x: x.rot90(1, (-2, -1)), lambda x: x.flip(-2)],
    "sign": [lambda x: -x],
}


def verify(certificate: dict[str, Any], model: nn.Module) -> list[str]:
    """The statements that hold, a line for each generator.

    Raises:
        RefusedError: it is cut or altered, of another model, or proves something else; the message names the part.
    """
    try:
        return _verified(certificate, model)
    except (KeyError, IndexError, TypeError, AttributeError, RuntimeError, ValueError) as error:
        if isinstance(error, RefusedError):
            raise
        raise RefusedError(f"cut or altered: {type(error).__name__}: {str(error).splitlines()[0]}") from error


def _verified(certificate: dict[str, Any], model: nn.Module) -> list[str]:
    need(certificate["format"] == FORMAT, f"format: {certificate['format']!r}, wanted {FORMAT!r}")
    need(certificate["fingerprint"] == fingerprint(model), "fingerprint: it is of another model, or of other weights")
    group, claim, shapes = certificate["group"], certificate["claim"], certificate["inputs"]
    program = exported(model, shapes)
    inputs, outputs = program.graph_signature.user_inputs, program.graph_signature.user_outputs
    need(certificate["generators"], "generators: there are none")
    known = GROUPS.get(group) if len(shapes) == 1 else None
    need(known is None or len(known) == len(certificate["generators"]), f"group: {group} has other generators")
    lines = []
    for k, said in enumerate(certificate["generators"]):
        part = f"generator {said['name']}"
        need(len(said["inputs"]) == len(inputs) and len(said["outputs"]) == len(outputs), f"{part}: inputs or outputs")
        steps = {**said["steps"], **dict(zip(inputs, said["inputs"], strict=True))}
        need([steps.get(name) for name in outputs] == said["outputs"], f"{part}: outputs")
        pairs = [(said["inputs"][0], known[k])] if known else []
        pairs += [(said["outputs"][0], known[k])] if known and claim == "equivariant" else []
        pairs += [(motion_, lambda x: x) for motion_ in said["outputs"]] if claim == "invariant" else []
        for stated, wanted in pairs:
            index, scale = motion(stated, part)
            numbers = torch.arange(1.0, len(index) + 1).double()
            moved = wanted(numbers.view(stated["shape"])).flatten()
            need(torch.equal(scale * numbers[index], moved), f"{part}: not the motion of {group}, {claim or 'found'}")
        try:
            Walk(program, steps, RULES).run()
        except RefusedError as refused:
            raise RefusedError(f"{part}: {refused}") from None
        lines.append(f"{said['name']}: verified at {len(steps)} tensors")
    need(certificate["seal"] == seal(certificate), "seal: something was altered that the proof does not depend on")
    return lines


def exported(model: nn.Module, shapes: list[list[int]]) -> torch.export.ExportedProgram:
    """The graph of the float64 cast in eval mode, the batch a symbol."""
    module = copy.deepcopy(model).cpu().double().eval()
    inputs = tuple(torch.zeros(2, *shape, dtype=torch.float64) for shape in shapes)
    need(
        all(t.isfinite().all() for t in module.state_dict().values() if t.is_floating_point()),
        "weights that are not finite",
    )
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dynamic = tuple({0: torch.export.Dim.DYNAMIC} for _ in shapes)
        return torch.export.export(module, inputs, dynamic_shapes=dynamic, strict=False).run_decompositions({})
