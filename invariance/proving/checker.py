r"""The proof checker: one file that needs torch alone, knows nothing of the prover and looks for nothing.

A certificate states of tensors T of the graph that $T(gx)_j = s_j T(x)_{\pi(j)}$. The checker exports the model, runs
each operation on random tensors that move as is stated: its result must, too. For that a number ±2^k·m of the model, m
odd, becomes ±t^k·r(m), with random t and r, so that what differs by a bit differs by much; a function of entries is
run as one that is as odd, even or homogeneous as it is, an extreme as a sum of these. What is run tells entries and
numbers apart: it holds everywhere if it holds at a random point. What does not is overlooked by chance: by an estimate,
no proof, less than once in 10¹⁴.
"""

from __future__ import annotations

import copy
import hashlib
import json
import math
import re
import warnings
from fractions import Fraction
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves, tree_map_only

FORMAT = "invariance proof 3"
Exported = torch.export.ExportedProgram
CHOSEN = "cat|chunk|(constant_)?pad(_nd)?|diagonal|flip|gather|index(_select)?|narrow|roll|rot90|select|slice"
CHOSEN += "|split(_with_sizes)?|tri[lu]|unbind"
MOVED = f"{CHOSEN}|(_unsafe_)?view|alias|clone|contiguous|detach_?|expand|flatten|lift_fresh_copy|movedim|permute"
MOVED += "|(channel|pixel)_(un)?shuffle|repeat(_interleave)?|reshape|squeeze|stack|t|transpose|unflatten|unsqueeze"
MADE = "arange|eye|(new_)?(full|ones|zeros)(_like)?|scalar_tensor|dropout|sym_size"
RUN = "abs|add|sub|rsub|mul|div|neg|addmm|mm|bmm|matmul|linear|conv.*|einsum|scaled_dot_product_attention|scatter_add"
RUN += "|_?(log_)?softmax|logsumexp|(layer|rms|group|instance|batch)_norm|_native_batch_norm_legit(_no_training)?|glu"
RUN += "|mean|sum|std|var(_mean)?|linalg_vector_norm|norm|_?(adaptive_)?avg_pool.d|_?upsample_.*"
EXTREME = "amax|amin|max|min|(adaptive_)?max_pool.d(_with_indices)?"
POSITIVE = "relu|leaky_relu|maximum|minimum"  # f(2x) = 2f(x)
ODD, EVEN = "asinh?|atanh?|erf|hardshrink|reciprocal|sign|sinh?|softshrink|tanh?|trunc", "cosh?|square"
POINTWISE = "_to_copy|hardswish|hardsigmoid|log_sigmoid|mish|where|masked_fill"  # and all that torch tags so
WIDE = "conv|pool|fold|im2col|col2im|upsample"  # along every axis behind the second
SIGNED = (torch.float64, torch.float32, torch.float16, torch.bfloat16)
NUMBERS = ("other", "alpha", "beta", "eps", "value")  # arguments that are replaced as weights are


class RefusedError(ValueError):
    """The certificate does not prove what it says; the message names the part."""


def need(holds: Any, part: str) -> None:
    if not bool(holds):
        raise RefusedError(part)


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


def permutation(runs: Any, size: int) -> Tensor:
    """Of so many numbers, from its runs [first, step, count]; the step of a single one is 1."""
    need(all(n > 0 for _, _, n in runs) and sum(n for _, _, n in runs) == size, "another number of places")
    need(all(n > 1 or step == 1 for _, step, n in runs), "a step of a single place")
    table = torch.tensor([first + step * k for first, step, count in runs for k in range(count)])
    need(table.sort().values.equal(torch.arange(size)), "no permutation")
    return table


def motion(said: Any) -> tuple[Tensor, Tensor]:
    """π and s on the entries of one sample, from parts on disjoint sets of axes."""
    shape, moved = said["shape"], [a for p in said["parts"] for a in p["axes"]]
    index, factors = torch.arange(math.prod(shape)).view(shape), torch.ones(shape, dtype=torch.float64)
    need(len(moved) == len(set(moved)), "an axis moves twice")
    for p in said["parts"]:
        axes, front, inner = p["axes"], list(range(len(p["axes"]))), [shape[a] for a in p["axes"]]
        table = permutation(p["index"], math.prod(inner))
        index = index.movedim(axes, front).flatten(0, len(axes) - 1)[table].unflatten(0, inner).movedim(front, axes)
        times = torch.tensor(p.get("factors", [1.0] * len(table)), dtype=torch.float64)
        need((times.frexp().mantissa.abs() == 0.5).all(), "a factor that is not ±2^k")
        times = times.view(*inner, *[1] * (len(shape) - len(inner)))
        factors = (factors.movedim(axes, front) * times).movedim(front, axes)
    return index.flatten(), factors.flatten()


def generators(group: str, shape: list[int]) -> list[Any]:
    """What the group of that name does to batches of this shape; nothing for a name that is not known."""
    if "*" in group:
        return [act for name in group.split("*") for act in generators(name.strip(), shape) or [None]]
    turns = [lambda x, a=a: x.rot90(1, (a, -1)) for a in (-2, -3)]
    rows, columns = (lambda x: x.flip(-2)), (lambda x: x.flip(-1))
    known = {"p2": [lambda x: x.flip(-2, -1)], "pm": [rows], "flip": [columns], "flips": [rows, columns], "cube": turns}
    known |= {"p4": turns[:1], "p4m": [turns[0], rows], "cm": [lambda x: x.mT], "sign": [torch.neg]}
    known |= {"cube-and-mirrors": [*turns, lambda x: x.flip(-3, -2, -1)]}
    name, _, by = group.replace("@", "/").partition("/")
    if by and not by.isdigit():
        return []
    if name == "translation":
        return [lambda x, a=a: x.roll(int(by or 1), a) for a in range(-max(1, len(shape) - 1), 0)]
    axes = {"channels": [1], "permutations": [1 + int(by or 0)], "pairs": [1, 2]}.get(name, [])
    n = shape[axes[0] - 1] if axes else 0

    def ordered(x: Tensor, order: list[int]) -> Tensor:
        need({x.shape[axis] for axis in axes if axis < x.ndim} & {n, 1}, f"no axis of {n} entries")
        for axis in axes:
            x = x.index_select(axis, torch.tensor(order)) if x.ndim > axis and x.shape[axis] == n else x
        return x

    orders = [[1, 0, *range(2, n)], [n - 1, *range(n - 1)]][: n - 1] if axes else []
    return [lambda x, order=order: ordered(x, order) for order in orders] or known.get(group, [])


def exported(model: nn.Module, shapes: list[list[int]], places: Any = ()) -> Exported:
    """The graph of the float64 cast in eval mode, the batch a symbol. `places`: inputs that are numbers of places."""
    module, fused = copy.deepcopy(model).cpu().double().eval(), torch.backends.mha.get_fastpath_enabled()
    usual = (t.isfinite() & ((t == 0) | (t.abs() > 2.0**-1022)) for t in module.state_dict().values())
    need(all(u.all() for u in usual), "weights that are not finite, or below 2⁻¹⁰²²")
    types = [torch.int64 if k in places else torch.float64 for k in range(len(shapes))]
    torch.backends.mha.set_fastpath_enabled(False)  # one operation that hides a whole transformer layer
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            inputs = tuple(torch.zeros(2, *shape, dtype=t) for shape, t in zip(shapes, types, strict=True))
            dynamic = tuple({0: torch.export.Dim.DYNAMIC} for _ in shapes)
            program = torch.export.export(module, inputs, dynamic_shapes=dynamic, strict=False).run_decompositions({})
            tried = [x if x.dtype == torch.int64 else 200 * torch.rand_like(x) - 100 for x in inputs]
            called, graph = (tree_leaves(f(*tried)) for f in (module, program.module(check_guards=False)))
            pairs = [(a, b) for a, b in zip(called, graph, strict=True) if isinstance(a, Tensor)]
            need(all(map(alike, *zip(*pairs, strict=True))), "forward: exported it is another than called")
    finally:
        torch.backends.mha.set_fastpath_enabled(fused)
    signature = program.graph_signature
    need(not signature.buffers_to_mutate and not signature.user_inputs_to_mutate, "forward changes a tensor")
    found = [n for node in program.graph.nodes for n in getattr(node.meta.get("val"), "shape", ())]
    conditions = [g.expr for n in found if isinstance(n, torch.SymInt) for g in n.node.shape_env.guards]
    same = {str(e.subs(dict.fromkeys(e.free_symbols, min(e.free_symbols, key=str)))) for e in set(conditions)}
    every = all(r.lower <= 2 and r.upper > 2**62 for r in program.range_constraints.values())
    need(same <= {"True"} and every, "forward: it branches on the batch size")  # inputs share the size, no more
    return program


class Walk:
    """The generators along the graph, in two batches: x, g₁x, g₂x, …; and x beside others, where it comes out alike."""

    def __init__(self, steps: list[Any], labels: list[Tensor], shift: int, chance: torch.Generator) -> None:
        self.steps, self.labels, self.shift, self.chance = steps, labels, shift, chance
        self.found, self.made, self.moving, self.beside = {}, {}, set(), set()
        self.motions = [{n: motion(s) for n, s in said.items() if "open" not in s} for said in steps]
        *self.secret, self.add = (int(x) | 1 for x in torch.randint(2**62, (4,), generator=chance))
        self.t = 1.02 + self.add % 1000 / 2e4

    def random(self, key: Any) -> Tensor:
        """A number from 1/2 to 3/2 for each whole one."""
        key = torch.as_tensor(key)
        for odd in self.secret:
            key = (key ^ (key >> 29 & 2**35 - 1)) * odd + self.add
        return (key >> 11 & 2**52 - 1).double() / 2.0**52 + 0.5

    def number(self, x: Any) -> Any:
        """±t^k·r(m) for ±2^k·m with m odd."""
        need(not torch.as_tensor(x).is_complex(), "complex numbers")
        value = torch.as_tensor(x).detach().double()
        mantissa, k = value.abs().clamp(max=2.0**1023).frexp()
        low = (whole := (mantissa * 2.0**53).long()) & -whole
        k = k.long() + low.double().frexp().exponent + 46  # from 0 to 127 for usual weights; r(m) is another beyond
        made = value.sign() * self.random(whole // low.clamp(1) ^ k // 128 << 53) * self.t ** (k % 128 - 64).double()
        need(not made.isnan().any(), "a number that is none")
        return made if isinstance(x, Tensor) else float(made)

    def positive(self, x: Tensor) -> Tensor:
        """f(cx) = c f(x) for c > 0 alone."""
        return nn.functional.leaky_relu(x, float(self.random(-2)) / 2)

    def run(self, program: Exported) -> None:
        signature, held = program.graph_signature, {**program.state_dict, **program.constants}
        where = {**signature.inputs_to_parameters, **signature.inputs_to_buffers}
        where |= signature.inputs_to_lifted_tensor_constants
        names = {n.name for n in program.graph.nodes}
        need(all(said.keys() <= names for said in self.steps), "steps: of another graph")
        for node in program.graph.nodes:
            try:
                if node.name in where:
                    x = held[where[node.name]].detach()
                    self.found[node] = [self.number(x) if x.is_floating_point() else x] * 2
                elif node.op == "placeholder":
                    self.found[node] = self.fresh(node)
                elif node.op == "call_function":
                    self.found[node] = [self.step(node, k) for k in (0, 1)]
                    self.check(node, *self.found[node])
            except Exception as error:
                raise RefusedError(f"`{node.name}` ({node.target}): {error}") from None
        loose = {n.name for n in self.moving} & {*map(str, signature.user_outputs)} - self.steps[0].keys()
        need(not loose, f"{loose}: no motion is stated")

    def place(self, node: Any) -> tuple[int, list[int]]:
        """The axis of the batch, and the shape of a sample, with that axis in two, before the batch and behind it."""
        ((shape, (axis, before)),) = {(*s["shape"],): s["batch"] for s in (g[node.name] for g in self.steps)}.items()
        same = all(g[node.name]["batch"] == [axis, before] for g in self.steps)
        sizes = [int(n) if isinstance(n, int) else None for n in node.meta["val"].shape]
        need(same and sizes == [*shape[:axis], None, *shape[axis + 1 :]], "another shape, or the batch on another axis")
        return axis, [*shape[:axis], before, shape[axis] // before, *shape[axis + 1 :]]

    def rows(self, node: Any, value: Tensor) -> Tensor:
        axis, inner = self.place(node)
        return value.unflatten(axis, (inner[axis], -1, inner[axis + 1])).movedim(axis + 1, 0).flatten(1)

    def acted(self, k: int, name: str, row: Tensor) -> Tensor:
        """What generator k makes of one sample; numbers of places have other values, too."""
        index, factors = self.motions[k][name]
        if row.is_floating_point():
            return row[index] * factors.sign() * self.t ** factors.abs().log2()
        return self.labels[k][row[index]] if self.labels and row.dtype == torch.int64 else row[index]

    def fresh(self, node: Any) -> list[Tensor]:
        """Random entries, in both batches, that move as is stated."""
        self.moving.add(node)
        axis, inner = self.place(node)
        x, sign = torch.rand(2, 3, math.prod(inner), generator=self.chance, dtype=torch.float64)
        if node.op == "placeholder" and not is_real(node):
            x = ((x * len(self.labels[0])).long() + self.shift) % len(self.labels[0])
        else:
            x = (0.8 * x + 0.1) * (sign - 0.5).sign()
        first = torch.stack([x[0], *(self.acted(k, node.name, x[0]) for k in range(len(self.steps)))])
        return [b.view(len(b), *inner).movedim(0, axis + 1).flatten(axis, axis + 2) for b in (first, x[[1, 0, 2]])]

    def check(self, node: Any, first: Any, second: Any) -> None:
        """Its result moves as is stated; what only goes elsewhere may go unstated, as may layers that are put together.

        What has moved as stated is made anew, the same of the same: what follows holds for all that moves so.
        """
        before, said = {*node.all_input_nodes}, [said.get(node.name) for said in self.steps]
        made = re.search("(zeros|ones|full)_like|new_(zeros|ones)", str(node.target))
        if not before & self.moving or isinstance(first, int) or made:
            return need(not any(said), "it does not depend on the input")
        self.moving.add(node)
        if first is None or isinstance(first, tuple | list):
            return need(not any(said), "it has no motion")
        moves, layer = (re.fullmatch(p, name_of(node) or name_of(node.args[0])) for p in (MOVED, "conv.d|linear"))
        if all(s and s.get("open") is True for s in said) and (moves or layer):
            need(not before & self.beside, "layers side by side without a motion")
            self.beside |= {node} if layer else set()
            return None
        need(all(s and "open" not in s for s in said), "no motion is stated")
        first, second = self.rows(node, first), self.rows(node, second)
        for k, s in enumerate(said):
            need(close(first[1 + k], self.acted(k, node.name, first[0])), f"it does not move as stated {s['shape']}")
        need(close(first[0], second[1]), "its samples meet, or are not treated alike")
        if first.is_floating_point() and (not moves or before & self.beside):
            key = str((node.target, torch.fx.map_arg((node.args, node.kwargs), lambda n: id(self.found[n]))))
            self.found[node] = self.made.get(key) or self.made.setdefault(key, self.fresh(node))
        return None

    def step(self, node: Any, batch: int) -> Any:
        """The operation on one of the batches, or what stands for it: see the head of the file."""
        args, kwargs = (torch.fx.map_arg(part, lambda n: self.found[n][batch]) for part in (node.args, node.kwargs))
        name, before = name_of(node), {*node.all_input_nodes} & self.moving
        if not name or name.startswith("_assert"):
            need(name or node.target.__module__ == "_operator", "no operation of torch")
            return None if name else node.target(*args)  # of sizes, or a part of a result
        need("::" not in name, "no operation of torch")
        need(name in ("cat", "stack") or not before & self.beside, "a layer whose motion is not stated")
        asked, given = named(node, node.args, node.kwargs), named(node, args, kwargs)
        chance = torch.Tag.nondeterministic_seeded in node.target.tags
        need(not chance or given.get("train") is False or given.get("dropout_p") == 0, "it is random")
        floats = [x for x in tree_leaves(given) if isinstance(x, Tensor) and x.is_floating_point()]
        moves = re.fullmatch(f"{MOVED}|{MADE}", name)
        pointwise = torch.Tag.pointwise in node.target.tags or re.fullmatch(POINTWISE, name)
        self.apart(node, name, asked, given, bool(before or moves or pointwise))
        placed = self.labels and not all(is_real(n) for n in before)
        need(moves or name == "scatter_add" or not placed, "places are computed")
        if moves or not floats:
            given |= {"value": self.number(given["value"])} if given.get("value") else {}
            given |= {"dtype": node.meta["val"].dtype} if name.endswith("_like") else {}
            made = given["self"].reshape(given["size"]) if "view" in name else node.target(**given)
            need(name != "arange" or as_written(made, given), "numbers that are rounded")
            real = isinstance(made, Tensor) and made.is_floating_point()
            new = real and (not floats or name.endswith("_like") or name.startswith("new_"))
            need(not new or moves or name == "_to_copy", "fractions of whole numbers")
            return self.number(made) if new else made
        for key in given.keys() - {"index"}:
            given[key] = tree_map_only(Tensor, lambda x: x if x.is_floating_point() else self.number(x), given[key])
            if key in NUMBERS and isinstance(given[key], int | float):
                given[key] = self.number(given[key])
        same = name == "_to_copy" and given["dtype"] == torch.float64
        if same or (re.fullmatch(RUN, name) and not given.get("rounding_mode")):
            need(given.get("ord", given.get("p", 1)) > 0, "a norm that counts, or of a negative order")
            need(is_real(node), "whole numbers of fractions")
            return node.target(**given | {key: 2 for key in ("ord", "p") if key in given})
        if re.fullmatch(EXTREME, name):
            return self.extreme(name, given, node.meta["val"])
        if name in ("argmax", "argmin"):
            return self.ordered(given["self"], given["dim"], given["keepdim"])
        if name == "embedding":
            need(asked["weight"] not in before, "a table that depends on the input")
            return given["indices"][..., None].exp() * self.random(torch.arange(given["weight"].shape[1]))
        if name == "prelu":  # a slope of 0 is one of them
            slopes = (given["weight"] + self.random(-1)).view(-1, *[1] * (given["self"].ndim - 2))
            return self.positive(given["self"]) * slopes
        need(pointwise and name not in ("copysign", "signbit"), f"no rule for {name}")  # these see the sign of a zero
        need(name not in ("reciprocal", "rsqrt", "atan2", "pow") or all((x != 0).all() for x in floats), "zeros")
        copy = name == "_to_copy" and is_real(asked["self"]) and given["dtype"] in SIGNED  # rounds, as −x is
        xs = [x for x in tree_leaves(given) if isinstance(x, Tensor)]
        return sum(self.random(k) * self.alike(name, given, copy)(x) for k, x in enumerate(xs))

    def alike(self, name: str, given: dict[str, Any], copy: bool) -> Any:
        """A function of a number that is as odd, even or homogeneous as the one of that name."""
        bounds = [v for k in ("min", "min_val", "max", "max_val") if (v := given.get(k)) is not None]
        number = bounds and all(isinstance(v, int | float) for v in bounds)
        if re.fullmatch(POSITIVE, name) or (name.startswith("clamp") and number and bounds in ([0], [0.0])):
            return self.positive
        power = given["exponent"] if isinstance(given.get("exponent"), int | float) else 0.5
        opposite = number and len(bounds) == 2 and bounds[0] == -bounds[1] < 0
        if re.fullmatch(ODD, name) or power % 2 == 1 or copy or opposite:
            return torch.sinh
        return torch.cosh if re.fullmatch(EVEN, name) or power % 2 == 0 else torch.exp

    def apart(self, node: Any, name: str, asked: dict[str, Any], given: dict[str, Any], constant: bool) -> None:
        """Samples do not meet where three of them show nothing: far from each other, or by their number."""
        for key, part in asked.items():
            sizes = [n for n in tree_leaves(part) if isinstance(n, torch.fx.Node) and isinstance(self.found[n][0], int)]
            need(not sizes or key in ("size", "sizes", "shape"), "a number that depends on the size of the batch")
        across = {a for x in node.all_input_nodes for a in symbolic(x)}
        need(len(symbolic(node)) < 2, "the batch is on two axes")
        gone = given.get("dim") if name == "squeeze" else []
        gone = range(len(node.args[0].meta["val"].shape)) if gone is None else [gone] if isinstance(gone, int) else gone
        need(name != "squeeze" or not across & set(gone), "the axis of the batch goes where there is one sample")
        need(across <= {0} or not re.search(WIDE, name), "windows along the batch")
        need(constant or not across, "a constant that depends on the size of the batch")
        if not re.fullmatch(CHOSEN, name):
            return
        value, dims = (node if name == "cat" else asked["self"]).meta["val"], given.get("dims", given.get("dim"))
        dims = [dims] if isinstance(dims, int) else dims or range(value.ndim)
        if "pad" in name:
            dims = [-1 - k // 2 for k, width in enumerate(given["pad"]) if width]
        elif name == "index":
            dims = [a for a, i in enumerate(given["indices"]) if i is not None]
        all_of_it = name == "slice" and not given["start"] and given["step"] == 1 and (given["end"] or 2**63) >= 2**62
        need(all_of_it or not any(isinstance(value.shape[d], torch.SymInt) for d in dims), "a part of the batch")

    def ordered(self, x: Tensor, dim: int, keep: bool) -> Tensor:
        """A function of a fibre in its order, as the place of an extreme is."""
        places = self.random(torch.arange(x.shape[dim])).view(-1, *[1] * (x.ndim - 1 - dim % x.ndim))
        return (x.exp() * places).sum(dim, keep)

    def extreme(self, name: str, given: dict[str, Any], shown: Any) -> Any:
        """As a sum of functions of the same entries: they are independent, so it tells them apart as well."""
        x, size = given["self"], given.get("kernel_size") or given.get("output_size")
        x = self.positive(torch.where(x == 0, self.random(-1), x))  # a zero among the entries is one of them
        if size is None:
            made = x.sum(given["dim"], given["keepdim"])
            index = None if name in ("amax", "amin") else self.ordered(given["self"], given["dim"], given["keepdim"])
            return made if index is None else (made, index)
        d = int(re.sub(r"\D", "", name))
        if "adaptive" in name:
            return getattr(nn.functional, f"adaptive_avg_pool{d}d")(x, size), None
        line = (size, given["stride"] or size, given["padding"], given["dilation"])
        line = [v * d if len(v) == 1 else v for v in line]
        ends = shown.shape if isinstance(shown, Tensor) else shown[0].shape
        for a, (k, stride, padding, dilation) in enumerate(zip(*line, strict=True)):
            n, at = x.shape[a - d], torch.arange(ends[a - d])[:, None] * stride + torch.arange(k) * dilation - padding
            seen = x.movedim(a - d, -1)[..., at.clamp(0, n - 1)] * ((at >= 0) & (at < n))
            x = seen.sum(-1).movedim(-1, a - d)
        return (x, None) if name.endswith("indices") else x


def as_written(made: Tensor, given: dict[str, Any]) -> bool:
    """Whether the numbers of an arange are those of real arithmetic."""
    start, by = (Fraction(given.get(key) or default) for key, default in (("start", 0), ("step", 1)))
    return all(Fraction(n) == start + i * by for i, n in enumerate(made.tolist()))


def name_of(node: Any) -> str:
    """Without its overload; nothing for functions of Python."""
    return node.target._schema.name.removeprefix("aten::") if isinstance(node.target, torch._ops.OpOverload) else ""


def named(node: Any, args: Any, kwargs: Any) -> dict[str, Any]:
    """Arguments by their names, those that are not given, too."""
    keys = enumerate(node.target._schema.arguments)
    return {a.name: args[i] if i < len(args) else kwargs.get(a.name, a.default_value) for i, a in keys}


def symbolic(node: Any) -> list[int]:
    """The axes that are as long as the batch is."""
    return [a for a, n in enumerate(getattr(node.meta.get("val"), "shape", ())) if isinstance(n, torch.SymInt)]


def is_real(node: Any) -> bool:
    return not isinstance(node.meta["val"], Tensor) or node.meta["val"].is_floating_point()


def alike(a: Tensor, b: Tensor) -> bool:
    """Equal up to the rounding of a whole network; not finite at the same places."""
    a, b = a.double(), b.double()
    most = a.abs().nan_to_num(0.0, 0.0, 0.0).max() if a.numel() else 0.0
    near = (a - b).abs().nan_to_num(0.0, 0.0, 0.0) <= 1e-6 * most
    return a.isfinite().equal(b.isfinite()) and bool(near.all())


def close(a: Tensor, b: Tensor) -> bool:
    """Equal up to rounding; what is not equal for random numbers differs by far more."""
    return a.shape == b.shape and bool(((a - b).abs() <= 1e-9 * (a.abs() + b.abs()) + 1e-12 * a.abs().max()).all())


def verify(certificate: dict[str, Any], model: nn.Module, program: Exported | None = None) -> list[str]:
    """The statements that hold, a line for each generator. `program`: what `exported` gave, where many are verified.

    Raises:
        RefusedError: it is cut or altered, of another model, or proves something else; the message names the part.
    """
    try:
        need(certificate["format"] == FORMAT, f"format: {certificate['format']!r}, wanted {FORMAT!r}")
        need(certificate["fingerprint"] == fingerprint(model), "fingerprint: of another model, or of other weights")
        need(certificate["seal"] == seal(certificate), "seal: something in the file was altered")
        said, places = certificate["generators"], certificate["places"]
        program = program or exported(model, certificate["inputs"], places)
        labels = [permutation(g["labels"], sum(n for _, _, n in g["labels"])) for g in said if places]
        stated(certificate, program, labels)
        chance = torch.Generator()
        start = chance.manual_seed(chance.seed()).get_state()
        for shift in range(len(labels[0]) if labels else 2):  # with places, every place at every entry
            Walk([g["steps"] for g in said], labels, shift, chance.set_state(start) if labels else chance).run(program)
    except RefusedError:
        raise
    except Exception as error:  # whatever is in the file
        raise RefusedError(f"cut or altered: {type(error).__name__}: {str(error)[:200]}") from error
    own = "" if certificate["named"] else ", for the motion of the inputs that the file states"
    return [f"{g['name']}: verified at {len(g['steps'])} tensors{own}" for g in said]


def stated(certificate: dict[str, Any], program: Exported, labels: list[Tensor]) -> None:
    """What the motions of inputs and outputs have to be for the group and the claim."""
    group, claim, shapes, said, named_ = (certificate[k] for k in ("group", "claim", "inputs", "generators", "named"))
    signature, values = program.graph_signature, {node.name: node.meta.get("val") for node in program.graph.nodes}
    ends = (signature.user_inputs, signature.user_outputs)
    inputs, outputs = ([n for n in part if isinstance(values.get(n), Tensor)] for part in ends)
    need(claim in (None, "invariant", "equivariant"), f"claim: {claim!r}")
    need([list(values[name].shape[1:]) for name in inputs] == shapes, "inputs: of another shape")
    need(certificate["outputs"] == outputs, "outputs: others than the model's")
    known: list[Any] = generators(group, shapes[0]) if named_ is True else [None] * len(said)
    need(named_ is False or len(inputs) == 1, "named: the group's name says nothing of several inputs")
    need(named_ is False or None not in known, f"group: {group} is not known")
    need(named_ in (True, False) and said and len(known) == len(said), f"generators: not those of the group {group}")
    batches = {str(values[name].shape[0]) for name in inputs}
    moves = any(g["steps"][name]["parts"] for g in said for name in inputs)
    still = [table.equal(torch.arange(len(table))) for table in labels] or [True] * len(said)
    need(moves or not all(still), "no input moves, so nothing is said")
    for act, g in zip(known, said, strict=True):
        made = {name: g["steps"][name] for name in outputs if name in g["steps"]}
        for end in [g["steps"][inputs[0]], *(made.values() if claim == "equivariant" else [])] if act else []:
            numbers, (index, factors) = torch.arange(1.0, 1 + math.prod(end["shape"])), motion(end)
            right = act(numbers.view(end["shape"])).flatten().equal(factors * numbers[index])
            need(right, f"{g['name']}: not the motion of {group}, {claim}")
        need(claim != "invariant" or not any(end["parts"] for end in made.values()), f"{g['name']}: the output moves")
        need(claim != "equivariant" or len(made) == len(outputs), f"{g['name']}: an output is constant")
        for name, end in made.items():
            same = str(values[name].shape[0]) in batches and end["batch"] == [0, 1]
            need(same and "parts" in end, f"{name}: its samples are not the input's")
            need(not labels or values[name].is_floating_point(), f"{name}: numbers of places, whose values move")
