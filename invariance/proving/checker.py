r"""The proof checker: exports the model itself and runs each of its operations on names of entries, see `names`.

A certificate states of every tensor T of the graph that T(gx)_j = T(x)_π(j). This holds where the names say so; where
the operation has weights, where these move along, number by number. The checker looks for nothing and knows nothing of
the prover. What holds for its two samples, which never meet and are treated alike, holds for two or more of them.
"""

from __future__ import annotations

import copy
import hashlib
import json
import math
import operator
import warnings
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

from .names import NAMES, Named, Names, RefusedError, need

__all__ = ["FORMAT", "RefusedError", "fingerprint", "motion", "seal", "verify"]

FORMAT = "invariance proof 2"
TURN, ROWS, COLUMNS = (lambda x: x.rot90(1, (-2, -1))), (lambda x: x.flip(-2)), (lambda x: x.flip(-1))
GROUPS = {"p2": [lambda x: x.flip(-2, -1)], "pm": [ROWS], "flip": [COLUMNS], "cm": [lambda x: x.mT]}
GROUPS |= {"flips": [ROWS, COLUMNS], "p4": [TURN], "p4m": [TURN, ROWS]}


def fingerprint(model: nn.Module) -> str:
    """SHA-256 over the name, dtype, shape and bytes of every parameter and buffer, in the order of their names."""
    digest = hashlib.sha256()
    for name, tensor in sorted({**dict(model.named_parameters()), **dict(model.named_buffers())}.items()):
        digest.update(f"{name}|{tensor.dtype}|{tuple(tensor.shape)}|".encode())
        digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def seal(certificate: dict[str, Any]) -> str:
    """SHA-256 over everything but the seal."""
    rest = {key: value for key, value in certificate.items() if key != "seal"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def motion(said: Any, part: str) -> Tensor:
    """π on the entries of one sample, from permutations of the entries over disjoint sets of axes."""
    index, moved = (
        torch.arange(math.prod(said["shape"])).view(said["shape"]),
        [a for p in said["parts"] for a in p["axes"]],
    )
    need(len(moved) == len(set(moved)), f"{part}: an axis moves twice")
    for p in said["parts"]:
        axes, front, inner = p["axes"], list(range(len(p["axes"]))), [said["shape"][a] for a in p["axes"]]
        need(all(count > 0 for _, _, count in p["index"]), f"{part}: a number of places that is none")
        need(sum(count for _, _, count in p["index"]) <= math.prod(inner), f"{part}: more places than there are")
        table = torch.tensor([first + step * k for first, step, count in p["index"] for k in range(count)])
        need(table.sort().values.equal(torch.arange(math.prod(inner))), f"{part}: no permutation")
        need("factors" not in p, f"{part}: factors other than 1 are not re-checkable")
        index = index.movedim(axes, front).flatten(0, len(axes) - 1)[table].unflatten(0, inner).movedim(front, axes)
    return index.flatten()


Exported = torch.export.ExportedProgram


def verify(certificate: dict[str, Any], model: nn.Module, program: Exported | None = None) -> list[str]:
    """The statements that hold, a line for each generator. `program`: what `exported` gave, where many are verified.

    Raises:
        RefusedError: it is cut or altered, of another model, or proves something else; the message names the part.
    """
    try:
        return _verified(certificate, model, program)
    except RefusedError:
        raise
    except Exception as error:  # whatever is in the file
        raise RefusedError(f"cut or altered: {type(error).__name__}: {str(error)[:200]}") from error


def _verified(certificate: dict[str, Any], model: nn.Module, program: Exported | None) -> list[str]:
    need(certificate["format"] == FORMAT, f"format: {certificate['format']!r}, wanted {FORMAT!r}")
    need(certificate["fingerprint"] == fingerprint(model), "fingerprint: it is of another model, or of other weights")
    need(certificate["seal"] == seal(certificate), "seal: something in the file was altered")
    group, claim, shapes, lines = certificate["group"], certificate["claim"], certificate["inputs"], []
    need(claim in (None, "invariant", "equivariant"), f"claim: {claim!r}")
    program = program or exported(model, shapes)
    signature = program.graph_signature
    inputs, outputs = list(map(str, signature.user_inputs)), list(map(str, signature.user_outputs))
    given = [node.meta["val"].shape for node in program.graph.nodes if node.name in inputs]
    need([list(shape[1:]) for shape in given] == shapes, "inputs: of another shape")
    need(certificate["outputs"] == outputs, "outputs: others than the model's")
    known, generators = GROUPS.get(group) if len(inputs) == 1 else None, certificate["generators"]
    need(generators and len(known or generators) == len(generators), f"generators: not those of the group {group}")
    for k, said in enumerate(generators):
        first, ends = said["steps"][inputs[0]], [said["steps"].get(name) for name in outputs]
        for end in [first, *ends] if claim == "equivariant" else [first]:
            numbers = torch.arange(math.prod(end["shape"])).view(end["shape"])
            right = motion(end, group).equal(known[k](numbers).flatten()) if known else end["parts"] == first["parts"]
            need(right, f"{said['name']}: not the motion of {group}, {claim}")
        stay = all(end is None or motion(end, group).diff().eq(1).all() for end in ends)
        need(claim != "invariant" or stay, f"{said['name']}: the output moves")
        try:
            Walk(said["steps"]).run(program)
        except RefusedError as refused:
            raise RefusedError(f"generator {said['name']}: {refused}") from None
        lines.append(f"{said['name']}: verified at {len(said['steps'])} tensors")
    return lines


def exported(model: nn.Module, shapes: list[list[int]]) -> Exported:
    """The graph of the float64 cast in eval mode, the batch a symbol."""
    module, fused = copy.deepcopy(model).cpu().double().eval(), torch.backends.mha.get_fastpath_enabled()
    numbers = [t for t in module.state_dict().values() if t.is_floating_point()]
    usual = all((t.isfinite() & ((t == 0) | (t.abs() > 2.0**-1022))).all() for t in numbers)
    need(usual, "weights that are not finite, or below 2⁻¹⁰²²")
    torch.backends.mha.set_fastpath_enabled(False)  # one operation that hides a whole transformer layer
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            inputs = tuple(torch.zeros(2, *shape, dtype=torch.float64) for shape in shapes)
            dynamic = tuple({0: torch.export.Dim.DYNAMIC} for _ in shapes)
            program = torch.export.export(module, inputs, dynamic_shapes=dynamic, strict=False).run_decompositions({})
    finally:
        torch.backends.mha.set_fastpath_enabled(fused)
    found = [n for node in program.graph.nodes for n in getattr(node.meta.get("val"), "shape", ())]
    sizes = [n for n in found if isinstance(n, torch.SymInt)]
    conditions = [g.expr for g in sizes[0].node.shape_env.guards] if sizes else []  # inputs share the size, no more
    same = [e.subs(dict.fromkeys(e.free_symbols, min(e.free_symbols, key=str))) for e in conditions]
    one = all(str(e) == "True" for e in same)  # an expression that is undecided has no truth value
    one = one and all(r.lower <= 2 and r.upper > 2**62 for r in program.range_constraints.values())
    need(one, "forward: it branches on the batch size")
    return program


class Walk(Names):
    """One generator along the graph; `steps`: what is stated of each tensor."""

    def __init__(self, steps: dict[str, Any]) -> None:
        super().__init__()
        self.steps, self.node, self.found = steps, "", {}

    def run(self, program: Exported) -> None:
        signature, held = program.graph_signature, {**program.state_dict, **program.constants}
        need(not signature.buffers_to_mutate and not signature.user_inputs_to_mutate, "forward changes a tensor")
        where = {**signature.inputs_to_parameters, **signature.inputs_to_buffers}
        where |= signature.inputs_to_lifted_tensor_constants
        nodes = {node.name: node for node in program.graph.nodes}
        need(self.steps.keys() <= nodes.keys(), "steps: of another graph")
        for self.node, node in nodes.items():
            try:
                if self.node in where:
                    self.found[node] = Named.constant(held[where[self.node]])
                elif node.op == "placeholder":
                    shape = (2, *node.meta["val"].shape[1:])
                    self.found[node] = self.fresh(torch.tensor([1, 2]).view(2, *[1] * (len(shape) - 1)).expand(shape))
                elif node.op == "call_function":
                    self.found[node] = self.checked(self.step(node))
                if axis := (self.steps.get(self.node) or {}).get("batch"):
                    need(isinstance(node.meta["val"].shape[axis[0]], torch.SymInt), "batch: on another axis")
            except Exception as error:
                raise RefusedError(f"`{self.node}` ({node.target}): {error}") from None
        for name in map(str, signature.user_outputs):
            shape, said = self.found[nodes[name]].shape, self.steps.get(name)
            whole = said and said["batch"] == [0, 1] and isinstance(nodes[name].meta["val"].shape[0], torch.SymInt)
            need(not said or (whole and shape[0] == 2 and "parts" in said), f"{name}: its samples are not the input's")

    def step(self, node: Any) -> Any:
        args, kwargs = (torch.fx.map_arg(part, self.found.__getitem__) for part in (node.args, node.kwargs))
        if node.target is operator.getitem:
            return args[0][args[1]]
        if node.target is operator.mul:
            return args[0] * args[1]
        name, keys = node.target._schema.name, [a.name for a in node.target._schema.arguments]
        if name == "aten::sym_size" or "_assert" in name:
            return args[0].shape[args[1]] if "sym" in name else None
        for key, part in (*zip(keys, node.args, strict=False), *node.kwargs.items()):
            numbers = [n for n in tree_leaves(part) if isinstance(n, torch.fx.Node) and isinstance(self.found[n], int)]
            need(not numbers or key in ("size", "sizes", "shape"), "a number that depends on the size of the batch")
        return self.__torch_dispatch__(node.target, (), args, kwargs)

    @property
    def size(self) -> int:
        said = self.steps.get(self.node) or {}
        return 2 * math.prod(said["shape"]) if "parts" in said else 0

    def order(self) -> Tensor:
        """Where the entries of either sample are."""
        shape, (axis, before) = self.steps[self.node]["shape"], self.steps[self.node]["batch"]
        places = torch.arange(self.size).view(*shape[:axis], before, 2, shape[axis] // before, *shape[axis + 1 :])
        return places.movedim(axis + 1, 0).reshape(2, -1)

    def stated(self, count: int) -> Tensor:
        need(self.size == count, "no motion is stated" if not self.size else "a motion of another shape")
        index, order = motion(self.steps[self.node], self.node), self.order()
        return torch.empty(count, dtype=torch.long).scatter(0, order.flatten(), order[:, index].flatten())

    def fresh(self, sample: Tensor, keep: Tensor | None = None) -> Named:
        """As in `Names`; constants in `keep` stay as they are."""
        perm, samples = self.stated(sample.numel()), sample.flatten()[self.order()]
        need(((samples == torch.tensor([[1], [2]])) | (samples == 0)).all(), "samples have met")
        here = self.count + 1 + torch.arange(len(perm))
        here = here if keep is None else torch.where((keep > 0) & (keep < NAMES), here, keep)
        self.count += len(perm)
        return Named.of((here.view(sample.shape), here[perm].view(sample.shape), sample))

    def checked(self, value: Any) -> Any:
        """The names say what is stated. Entries that have one name are told apart by the motion from here on."""
        said = self.steps.get(self.node, {})
        if not isinstance(value, Named) or "open" in said or (not said and value.parts[0].equal(value.parts[1])):
            return value
        (here, there), perm = (c.flatten() for c in value.parts[:2]), self.stated(value.parts[0].numel())
        need(there.equal(here[perm]), f"it does not move as stated {said['shape']}")
        return self.fresh(value.parts[2], here)
