r"""The proof checker: exports the model itself and runs each of its operations on *names* in place of numbers.

Every entry of a tensor T has a name in T(x) and one in T(gx): equal names are equal functions of x, −n is the negative
of n. An operation gives names to its results by what they are computed from, in a normal form: the same for the same
operands, without order where it has none, a sign in front where it is odd. A certificate states of every tensor that
T(gx)_j = s(j) T(x)_π(j); this holds where the names say so. At weights the statement is held to the weights themselves,
number by number. Constants are compared, never computed with: what is computed of them has a name too.

All runs on a batch of two whose samples must not meet, and no operation may single out a part of the batch, so what
holds for two samples holds for any number.
"""

from __future__ import annotations

import copy
import hashlib
import json
import math
import operator
import re
import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch._decomp import decomposition_table
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

__all__ = ["FORMAT", "RefusedError", "fingerprint", "motion", "seal", "verify"]

FORMAT = "invariance proof 2"
CONSTANT = 2.0**52
"""Names are smaller; from here on numbers stand for constants."""
AGAIN = r"(_unsafe_)?view|alias|clone|contiguous|detach_?|expand|flatten|lift_fresh_copy|movedim|permute|pixel_(un)?shuffle"
AGAIN += r"|reshape|stack|t|transpose|unflatten|unsqueeze"
PARTS = r"cat|chunk|constant_pad_nd|flip|gather|index(_select)?|narrow|pad|re(flection|plication)_pad\dd|repeat(_interleave)?"
PARTS += r"|roll|select|slice|split(_with_sizes)?|squeeze|unbind"
MADE = r"arange|eye|full(_like)?|new_(full|ones|zeros)|ones(_like)?|zeros(_like)?|scalar_tensor|tri[lu]|diagonal"
ODD = r"add|sub|rsub|neg|tanh|sinh?|tan|asinh?|atanh?|erf|sign|trunc|reciprocal|hardshrink|softshrink|_to_copy|sum|mean"
EVEN = r"abs|cosh?|square|std|var|linalg_vector_norm"
REDUCED = r"all|amax|amin|any|max|mean|min|prod|sum|std|var|linalg_vector_norm"
NEUTRAL = {"kernel_size": 1, "stride": 1, "padding": 0, "dilation": 1, "output_size": 1, "scale_factors": 1.0}
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


def motion(said: Any, part: str) -> tuple[Tensor, Tensor]:
    """π and s on the entries of one sample, from permutations of the entries over sets of axes."""
    index, signs = torch.arange(math.prod(said["shape"])).view(said["shape"]), torch.ones(said["shape"]).double()
    need(len(axes := sum((p["axes"] for p in said["parts"]), [])) == len(set(axes)), f"{part}: an axis moves twice")
    for p in said["parts"]:
        axes, inner = p["axes"], [said["shape"][a] for a in p["axes"]]
        front = list(range(len(axes)))
        table, s = (torch.tensor([f + d * k for f, d, n in p[key] for k in range(n)]) for key in ("index", "signs"))
        need(table.sort().values.equal(torch.arange(math.prod(inner))), f"{part}: no permutation")
        need((s.abs() == 1).all() and len(s) == len(table), f"{part}: factors other than signs: not re-checkable")
        moved = index.movedim(axes, front).flatten(0, len(axes) - 1)[table]
        index = moved.unflatten(0, inner).movedim(front, axes)
        signs.movedim(axes, front).mul_(s.view(*inner, *[1] * (index.ndim - len(axes))))
    return index.flatten(), signs.flatten()


def verify(certificate: dict[str, Any], model: nn.Module) -> list[str]:
    """The statements that hold, a line for each generator.

    Raises:
        RefusedError: it is cut or altered, of another model, or proves something else; the message names the part.
    """
    try:
        return _verified(certificate, model)
    except RefusedError:
        raise
    except Exception as error:  # whatever is in the file
        raise RefusedError(f"cut or altered: {type(error).__name__}: {(str(error) or ' ').splitlines()[0]}") from error


def _verified(certificate: dict[str, Any], model: nn.Module) -> list[str]:
    need(certificate["format"] == FORMAT, f"format: {certificate['format']!r}, wanted {FORMAT!r}")
    need(certificate["fingerprint"] == fingerprint(model), "fingerprint: it is of another model, or of other weights")
    need(certificate["seal"] == seal(certificate), "seal: something in the file was altered")
    group, claim, shapes = certificate["group"], certificate["claim"], certificate["inputs"]
    program, lines = exported(model, shapes), []
    inputs, outputs = program.graph_signature.user_inputs, program.graph_signature.user_outputs
    need(certificate["outputs"] == list(outputs), "outputs: others than the model's")
    known = GROUPS.get(group) if len(shapes) == 1 else None
    need(certificate["generators"], "generators: there are none")
    need(known is None or len(known) == len(certificate["generators"]), f"group: {group} has other generators")
    for k, said in enumerate(certificate["generators"]):
        part = f"generator {said['name']}"
        moved, stays = [said["steps"][name] for name in inputs], [said["steps"].get(name) for name in outputs]
        pairs = [(moved[0], known[k])] if known else []
        pairs += [(stays[0], known[k])] if known and claim == "equivariant" else []
        pairs += [(stated, lambda x: x) for stated in stays if stated] if claim == "invariant" else []
        for stated, wanted in pairs:
            (index, signs), numbers = motion(stated, part), torch.arange(1.0, math.prod(stated["shape"]) + 1).double()
            right = torch.equal(signs * numbers[index], wanted(numbers.view(stated["shape"])).flatten())
            need(right, f"{part}: not the motion of {group}, {claim or 'found'}")
        try:
            Walk(said["steps"]).run(program)
        except RefusedError as refused:
            raise RefusedError(f"{part}: {refused}") from None
        lines.append(f"{said['name']}: verified at {len(said['steps'])} tensors")
    return lines


def exported(model: nn.Module, shapes: list[list[int]]) -> torch.export.ExportedProgram:
    """The graph of the float64 cast in eval mode, the batch a symbol."""
    module = copy.deepcopy(model).cpu().double().eval()
    finite = (t.isfinite().all() for t in module.state_dict().values() if t.is_floating_point())
    need(all(finite), "weights that are not finite")
    inputs = tuple(torch.zeros(2, *shape, dtype=torch.float64) for shape in shapes)
    fused = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)  # one operation that hides a whole transformer layer
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dynamic = tuple({0: torch.export.Dim.DYNAMIC} for _ in shapes)
            return torch.export.export(module, inputs, dynamic_shapes=dynamic, strict=False).run_decompositions({})
    finally:
        torch.backends.mha.set_fastpath_enabled(fused)


class Named(Tensor):
    """A tensor by its entries: names in T(x) and in T(gx), 0 where constant; samples 1 and 2, 0 of none; constants."""

    here: Tensor
    there: Tensor
    sample: Tensor
    const: Tensor

    @staticmethod
    def of(here: Tensor, there: Tensor, sample: Tensor, const: Tensor, dtype: torch.dtype) -> Named:
        made = Tensor._make_wrapper_subclass(Named, here.shape, dtype=dtype)  # type: ignore[attr-defined]
        made.here, made.there, made.sample, made.const = here, there, sample, const
        return made

    @classmethod
    def constant(cls, value: Tensor) -> Named:
        zero = torch.zeros((), dtype=torch.float64).expand(value.shape)
        return cls.of(zero, zero, zero, value.detach().double(), value.dtype)

    @classmethod
    def __torch_dispatch__(cls, target: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        raise RefusedError(f"{target}: outside the graph")

    def codes(self) -> tuple[Tensor, Tensor]:
        """One number an entry, here and there: a name, or what stands for a constant; −n for the negative."""
        rank = self.const.abs().unique(return_inverse=True)[1] if self.const.any() else 0
        return tuple(torch.where(n == 0, self.const.sign() * (CONSTANT + rank), n) for n in (self.here, self.there))  # type: ignore[return-value]

    def value(self) -> Tensor:
        need(not self.here.any(), "numbers that depend on the input, or are computed of constants")
        return self.const.to(self.dtype)


def signed(kind: str, rows: Tensor) -> tuple[Tensor | float, Tensor]:
    """A sign to be put in front, and the rows without it: of an odd function, of a product; none of an even one."""
    if kind == "product":
        return torch.where(rows == 0, 1.0, rows.sign()).prod(1), rows.abs()
    if kind not in ("odd", "even") or not (rows < 0).any():
        return 1.0, rows
    lead = rows.gather(1, torch.where(rows == 0, torch.inf, rows.abs()).argmin(1, keepdim=True)).sign()
    lead = torch.where(lead == 0, 1.0, lead)
    return (lead[:, 0] if kind == "odd" else 1.0), rows * lead


def together(samples: Tensor) -> Tensor:
    """The sample of every row."""
    most = samples.amax(1)
    need(((samples == most[:, None]) | (samples == 0)).all(), "samples have met")
    return most


def windows(tables: list[Tensor], size: list[int]) -> Tensor:
    """Flat places that every window of a grid reads, −1 for nothing, from those on each axis (windows, taps)."""
    place, inside = torch.zeros(1, 1, dtype=torch.long), torch.ones(1, 1, dtype=torch.bool)
    for table, n in zip(tables, size, strict=True):
        place = (place[:, None, :, None] * n + table[None, :, None]).flatten(2).flatten(0, 1)
        inside = (inside[:, None, :, None] & (table >= 0)[None, :, None]).flatten(2).flatten(0, 1)
    return torch.where(inside, place, -1)


class Walk(TorchDispatchMode):
    """One generator along the graph; `steps`: what is stated of each tensor."""

    def __init__(self, steps: dict[str, Any]) -> None:
        super().__init__()
        self.steps, self.node, self.count = steps, "", 0

    def run(self, program: torch.export.ExportedProgram) -> None:
        signature, held, found = program.graph_signature, {**program.state_dict, **program.constants}, {}
        need(not signature.buffers_to_mutate and not signature.user_inputs_to_mutate, "forward changes a tensor")
        constants = {**signature.inputs_to_parameters, **signature.inputs_to_buffers}
        constants |= signature.inputs_to_lifted_tensor_constants
        need(set(self.steps) <= {node.name for node in program.graph.nodes}, "steps: of another graph")
        for node in program.graph.nodes:
            self.node = node.name
            try:
                if node.name in constants:
                    found[node] = Named.constant(held[constants[node.name]])
                elif node.op == "placeholder":
                    shape = (2, *node.meta["val"].shape[1:])
                    sample = torch.tensor([1.0, 2.0]).double().view(2, *[1] * (len(shape) - 1)).expand(shape)
                    found[node] = self.moving(*self.stated(math.prod(shape))[:2], sample)
                elif node.op == "call_function":
                    found[node] = self.check(self.step(node, found))
            except Exception as error:  # told where something comes of it
                found[node] = RefusedError(str(error) if "at `" in str(error) else f"at `{node}` ({node.target}): {error}")
        ends = {node.name: node for node in program.graph.nodes}
        for name in map(str, signature.user_outputs):
            sound(found[ends[name]])
            whole = self.steps.get(name) is None or (
                self.steps[name]["batch"] == [0, 1]
                and found[ends[name]].shape[0] == 2
                and isinstance(ends[name].meta["val"].shape[0], torch.SymInt)
            )
            need(whole, f"{name}: its samples are not the input's")

    def step(self, node: Any, found: dict[Any, Any]) -> Any:
        args, kwargs = (torch.fx.map_arg(part, lambda n: sound(found[n])) for part in (node.args, node.kwargs))
        if node.target is operator.getitem:
            return args[0][args[1]]
        if not isinstance(node.target, torch._ops.OpOverload):
            need(node.target is operator.mul, "not an operation on tensors")
            return node.target(*args)
        if (name := node.target._schema.name) == "aten::sym_size" or "_assert" in name:
            return args[0].shape[args[1]] if "sym" in name else None
        for key, part in [*zip((a.name for a in node.target._schema.arguments), node.args), *node.kwargs.items()]:  # noqa: B905
            nodes = [n for n in tree_leaves(part) if isinstance(n, torch.fx.Node)]
            symbols = any(not isinstance(found[n], Named | list | tuple) for n in nodes)
            need(not symbols or key in ("size", "sizes", "shape"), "a number that depends on the size of the batch")
        return self.__torch_dispatch__(node.target, (), args, kwargs)

    # --- statements

    def stated(self, count: int) -> tuple[Tensor, Tensor, Tensor]:
        """π and s of this step on the whole batch, and where the entries of either sample are."""
        said = self.steps.get(self.node) or {}
        need("parts" in said, "no motion is stated")
        (index, signs), shape, (axis, before) = motion(said, self.node), said["shape"], said["batch"]
        need(count == 2 * len(index), "a motion of another shape")
        order = torch.arange(count).view(*shape[:axis], before, 2, shape[axis] // before, *shape[axis + 1 :])
        order = order.movedim(axis + 1, 0).reshape(2, -1)
        perm, sign = torch.empty(count, dtype=torch.long), torch.empty(count, dtype=torch.float64)
        perm[order], sign[order] = order[:, index], signs.expand(2, -1)
        return perm, sign, order

    def check(self, value: Any) -> Any:
        """The names say what is stated. Entries that have one name are told apart by the motion from here on."""
        said = self.steps.get(self.node, {})
        if not isinstance(value, Named) or "open" in said or not value.here.any() or (not said and torch.equal(value.here, value.there)):
            return value
        (here, there), samples, names = (c.flatten() for c in value.codes()), value.sample.flatten(), value.here.flatten()
        perm, sign, order = self.stated(len(here))
        need(torch.equal(there, sign * here[perm]), f"it does not move as stated {said['shape']}")
        need(((samples[order] == torch.tensor([[1.0], [2.0]])) | (samples[order] == 0)).all(), "samples have met")
        if not len(names) or names.abs().sort().values.diff().ne(0).all():
            return value
        own = torch.where(names == 0, 0.0, self.count + 1.0 + torch.arange(len(names)))
        self.count += len(names)
        return Named.of(own.view(value.shape), (sign * own[perm]).view(value.shape), value.sample, value.const, value.dtype)

    def moving(self, perm: Tensor, sign: Tensor, sample: Tensor) -> Named:
        """A tensor whose entries are names of their own."""
        here = self.count + 1.0 + torch.arange(len(perm), dtype=torch.float64)
        self.count += len(perm)
        zero = torch.zeros((), dtype=torch.float64).expand(sample.shape)
        return Named.of(here.view(sample.shape), (sign * here[perm]).view(sample.shape), sample, zero, torch.float64)

    def named(self, here: Tensor, there: Tensor) -> tuple[Tensor, Tensor]:
        """Names for rows, equal where the rows are; shifted, those of the first column where it tells rows apart."""
        (a, b), first = (here[:, 0], there[:, 0]), self.count + 1
        low, size = float(a.min()), int(a.max() - a.min()) + 1
        if low >= 1 and size <= 8 * len(a) and b.min() >= low and b.max() < low + size:
            at = torch.zeros(size, dtype=torch.long)
            at[(a - low).long()] = torch.arange(len(a))
            if torch.equal(here[at[(a - low).long()]], here) and torch.equal(here[at[(b - low).long()]], there):
                self.count += size
                return a + (first - low), b + (first - low)
        rows = torch.cat([here, there])
        key = torch.zeros(len(rows), dtype=torch.long)
        for column in rows.T:
            if not torch.equal(column, column[:1].expand_as(column)):
                rank = column.unique(return_inverse=True)[1]
                key = (key * (rank.max() + 1) + rank).unique(return_inverse=True)[1]
        self.count += int(key.max()) + 1
        need(self.count < CONSTANT, "too many names")
        return (key + float(first)).split(len(here))  # type: ignore[return-value]

    # --- operations

    def __torch_dispatch__(self, target: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """By a rule of the operation's name; else as torch composes it of other operations."""
        name, said, kwargs = target._schema.name.removeprefix("aten::"), target._schema.arguments, kwargs or {}
        bound = {a.name: kwargs.get(a.name, args[i] if i < len(args) else a.default_value) for i, a in enumerate(said)}
        bound = {k: v for k, v in bound.items() if k not in ("device", "layout", "pin_memory")}
        bound = tree_map(lambda t: t if isinstance(t, Named) or not isinstance(t, Tensor) else Named.constant(t), bound)
        xs = [leaf for leaf in tree_leaves(bound) if isinstance(leaf, Named)]
        if re.fullmatch(r"add|sub|mul|div|rsub", name) and isinstance(bound["other"], int | float):
            xs = [*xs, Named.constant(torch.tensor(bound["other"]))]
        pointwise = (torch.Tag.pointwise in target.tags or name in ("_to_copy", "_prelu_kernel")) and torch.Tag.nondeterministic_seeded not in target.tags
        if re.fullmatch(AGAIN, name) or re.fullmatch(PARTS, name):
            return self.moved(name, target, bound)
        if re.fullmatch(r"(full|ones|zeros)_like", name) or not any(x.here.any() for x in xs):
            like = self.like(target, bound) if xs else None
            exact = pointwise and all(not x.dtype.is_floating_point for x in xs) and name != "div"
            if re.fullmatch(MADE, name) or exact or (pointwise and not like.dtype.is_floating_point):
                bound = {k: v.const.to(v.dtype) if isinstance(v, Named) else v for k, v in bound.items()}
                return Named.constant(target(**bound))
        if pointwise:
            return self.pointwise(self.kind(name, target, bound, xs), self.like(target, bound), xs)
        if re.fullmatch(REDUCED, name) and len(xs) == 1:
            like, dims = self.like(target, bound), bound.get("dim")
            dims = list(range(xs[0].ndim)) if dims is None or dims == [] else [dims] if isinstance(dims, int) else dims
            kind = "odd" if re.fullmatch(ODD, name) else "even" if re.fullmatch(EVEN, name) else ""
            made = self.reduced(kind, like[0] if isinstance(like, tuple) else like, xs[0], dims)
            return (made, None) if isinstance(like, tuple) else made
        if name == "var_mean":
            return tuple(self.reduced(k, out, xs[0], bound["dim"]) for k, out in zip(("even", "odd"), self.like(target, bound), strict=True))
        if re.match(r"_?(max|avg|adaptive|upsample)_", name):
            return self.grid(name, target, bound, xs[0])
        if name == "convolution":
            return self.convolution(bound, self.like(target, bound))
        if name in ("mm", "bmm"):
            return self.product(*xs)
        with self:
            return (target.decompose if target._can_decompose() else decomposition_table[target])(*args, **kwargs)

    def like(self, target: Any, bound: dict[str, Any]) -> Any:
        """Shapes and types of what comes out."""
        return target(**tree_map(lambda t: torch.empty(t.shape, dtype=t.dtype, device="meta") if isinstance(t, Named) else t, bound))

    def moved(self, name: str, target: Any, bound: dict[str, Any]) -> Any:
        """Names and constants go the same way; along the batch nothing is chosen."""
        chosen = {k: tree_map(lambda t: t.value() if isinstance(t, Named) else t, bound[k]) for k in ("indices", "index") if k in bound}
        xs = [leaf for leaf in tree_leaves({k: v for k, v in bound.items() if k not in chosen}) if isinstance(leaf, Named)]
        x = xs[0]
        if re.fullmatch(PARTS, name) and any(t.here.any() for t in xs):
            whole = name == "slice" and not bound["start"] and (bound["end"] is None or bound["end"] >= x.shape[bound["dim"]]) and bound["step"] == 1
            dims = bound.get("dims", bound.get("dim", ()))
            axes = [dims] if isinstance(dims, int) else list(dims)
            axes += [a for a, t in enumerate(bound.get("indices", ())) if t is not None]
            axes += range(x.ndim - len(bound.get("pad", bound.get("padding", ()))) // 2, x.ndim)
            axes += [a for a, n in enumerate(bound.get("repeats", ()), x.ndim - len(bound.get("repeats", ()))) if n != 1 and a >= 0] if name == "repeat" else []
            need(axes or name == "repeat", "along which axis?")
            alone = whole or all(torch.equal(t.sample, t.sample.narrow(a, 0, 1).expand_as(t.sample)) for t in xs for a in axes)
            need(alone, "a part of the batch")
        need(name != "view" or "size" in bound, "another view of the bits")
        fill = {"value": 0.0} if "value" in bound else {}

        def run(of: Callable[[Named], Tensor], **more: Any) -> Any:
            found = target(**tree_map(lambda t: of(t).contiguous() if isinstance(t, Named) else t, bound | chosen | more))
            return [found] if isinstance(found, Tensor) else found

        parts = [run(lambda t: t.here, **fill), run(lambda t: t.there, **fill), run(lambda t: t.sample, **fill), run(lambda t: t.const)]
        made = [Named.of(*channels, x.dtype) for channels in zip(*parts, strict=True)]
        return made if "[]" in str(target._schema.returns[0].type) or len(made) > 1 or "List" in str(target._schema.returns[0].type) else made[0]

    def kind(self, name: str, target: Any, bound: dict[str, Any], xs: list[Named]) -> str:
        low, high, power = bound.get("min", bound.get("min_val")), bound.get("max", bound.get("max_val")), bound.get("exponent")
        if name in ("mul", "div") and not bound.get("rounding_mode"):
            return "product"
        if (len(xs) == 1 or name in ("add", "sub", "rsub")) and re.fullmatch(ODD, name):
            return "odd"
        if len(xs) == 1 and (re.fullmatch(EVEN, name) or (name == "pow" and power is not None and power % 2 == 0)):
            return "even"
        if len(xs) == 1 and (name == "pow" and power is not None and power % 2 == 1 or name in ("clamp", "hardtanh") and low is not None and high is not None and low == -high):
            return "odd"
        return ""

    def pointwise(self, kind: str, like: Tensor, xs: list[Named]) -> Named:
        """Of the entries in the same place."""
        xs = sorted(xs, key=lambda x: not x.here.any())
        columns = [[c.expand(like.shape).flatten() for c in x.codes()] for x in xs]
        sample = together(torch.stack([x.sample.expand(like.shape).flatten() for x in xs], 1))
        return self.made(kind, like, sample, *(torch.stack(side, 1) for side in zip(*columns, strict=True)))

    def made(self, kind: str, like: Tensor, sample: Tensor, here: Tensor, there: Tensor, sort: bool = False) -> Named:
        (s, here), (t, there) = signed(kind, here), signed(kind, there)
        if sort:
            here, there = here.sort(1).values, there.sort(1).values
        here, there = self.named(here, there)
        zero = torch.zeros((), dtype=torch.float64).expand(like.shape)
        return Named.of((s * here).view(like.shape), (t * there).view(like.shape), sample.view(like.shape), zero, like.dtype)

    def reduced(self, kind: str, like: Tensor, x: Named, dims: list[int]) -> Named:
        """Of all entries of a fibre, in no order."""
        dims = [d % x.ndim for d in dims]
        kept = [a for a in range(x.ndim) if a not in dims]
        rows = [c.permute(*kept, *dims).reshape(like.numel(), -1) for c in (*x.codes(), x.sample)]
        return self.made(kind, like, together(rows[2]), *rows[:2], sort=True)

    def grid(self, name: str, target: Any, bound: dict[str, Any], x: Named) -> Any:
        """Pools and interpolation, axis by axis: what each place reads and with which weight, by the operation itself."""
        d, like = int(re.search(r"(\d)d", name)[1]), self.like(target, bound)
        several, reads, kinds = isinstance(like, tuple), [], []
        like, size = like[0] if several else like, list(x.shape[-d:])
        need(not any(k.startswith("scales_") and v is not None for k, v in bound.items()) and "antialias" not in bound, "no rule")
        for a, n in enumerate(size):
            line = {k: _only(k, v, a, d) if k in NEUTRAL else v for k, v in bound.items()}
            line["stride"] = line.get("stride") or line.get("kernel_size")
            eye = torch.eye(n, dtype=torch.float64).view(n, 1, *[n if b == a else 1 for b in range(d)])
            made = target(**{k: eye if isinstance(v, Named) else v for k, v in line.items() if k != "stride" or "stride" in bound})
            weights = (made[0] if several else made).reshape(n, -1).T
            used, taps = (weights != 0).sort(dim=1, descending=True, stable=True)
            taps = torch.where(used, taps, -1)[:, : int(used.sum(1).max())]
            reads.append(taps)
            kinds.append(torch.where(taps >= 0, weights.gather(1, taps.clamp(0)), 0.0))
        labels = torch.cat([k.flatten() for k in kinds]).unique()
        kinds = [torch.bucketize(k, labels) for k in kinds]
        place = windows(reads, size).flatten()
        digits = [windows([k if a == b else 0 * k for b, k in enumerate(kinds)], [1] * d) for a in range(d)]
        weight = sum(t * (len(labels) + 1) ** a for a, t in enumerate(torch.stack(digits).sort(0).values)).flatten()
        here, there, sample = (c.flatten(-d)[..., place.clamp(0)] for c in (*x.codes(), x.sample))
        rows = torch.stack(torch.broadcast_tensors(here, weight + CONSTANT), -1).view(-1, 2), torch.stack(torch.broadcast_tensors(there, weight + CONSTANT), -1).view(-1, 2)
        (s, here), (t, there) = signed("product", rows[0]), signed("product", rows[1])
        here, there = self.named(here, there)
        inside = (place >= 0).expand(like.numel() // math.prod(like.shape[-d:]), -1).reshape(like.numel(), -1)
        here, there = (s * here).view(inside.shape) * inside, (t * there).view(inside.shape) * inside
        made = self.made("" if "max" in name else "odd", like, together(sample.reshape(inside.shape) * inside), here, there, sort=True)
        return (made, None) if several else made

    def convolution(self, b: dict[str, Any], like: Tensor) -> Any:
        """Windows of places, all taps of all channels."""
        x, weight, groups = b["input"], b["weight"].value(), b["groups"]
        d, tables = weight.ndim - 2, []
        for a in range(d):
            n, k = x.shape[2 + a], weight.shape[2 + a]
            taps = torch.eye(k)[None] if b["transposed"] else torch.eye(k)[:, None]
            one = ([b[key][a]] for key in ("stride", "padding", "dilation"))
            read = torch.ops.aten.convolution.default(torch.eye(n)[:, None], taps, None, *one, b["transposed"], [b["output_padding"][a]], 1)
            tables.append(torch.where(read.any(0), read.argmax(0), -1).T)
        place = windows(tables, list(x.shape[2:]))
        rows = [torch.where(place < 0, 0.0, c.flatten(2)[..., place.clamp(0)]).transpose(1, 2).flatten(0, 1).flatten(1) for c in x.codes()]
        per = weight.flatten(2).unflatten(0, (groups, -1))
        per = per.transpose(1, 2) if b["transposed"] else per
        dense = per.new_zeros(groups, per.shape[1], groups, *per.shape[2:])
        dense[range(groups), :, range(groups)] = per
        sample = together(x.sample.flatten(1)).view(-1, *[1] * (d + 1)).expand(like.shape)
        made = self.weighted(*rows, dense.flatten(2).flatten(0, 1), sample, 1)
        with self:
            return made if b["bias"] is None else made + b["bias"].view(-1, *[1] * d)

    def product(self, a: Named, b: Named) -> Any:
        """By the weights where these are numbers and the step is stated; else a sum of products."""
        said = self.steps.get(self.node) or {}
        count = 2 * math.prod(said.get("shape", ()))
        if "parts" in said and a.ndim == 2 and count == a.shape[0] * b.shape[1] and not b.here.any():
            sample = together(a.sample)[:, None].expand(-1, b.shape[1])
            return self.weighted(*a.codes(), b.value().T, sample, 1)
        need(a.numel() * b.shape[-1] < 2**26, "too large to be written out")
        with self:
            return (a.unsqueeze(-1) * b.unsqueeze(-3)).sum(-2)

    def weighted(self, here: Tensor, there: Tensor, weight: Tensor, sample: Tensor, axis: int) -> Named:
        """Entry o of row r is Σ_k weight[o, k] · row[r, k]; π(r, o) = (ρ(r), ω(r, o)), and the weights must move along."""
        perm, sign, _ = self.stated(sample.numel())
        entry = torch.arange(len(perm)).view(sample.shape).movedim(axis, -1).reshape(len(here), -1)
        back = torch.empty_like(perm)
        back[entry.flatten()] = torch.arange(len(perm))
        row, out = back[perm[entry]] // len(weight), back[perm[entry]] % len(weight)
        need((row == row[:, :1]).all(), "places and channels are mixed")
        here = here[row[:, 0]]
        (a, i), (b, j) = there.abs().sort(dim=1, stable=True), here.abs().sort(dim=1, stable=True)
        need(torch.equal(a, b), "windows do not go to windows: check size, stride and padding")
        tap = torch.zeros_like(i).scatter(1, i, j)
        flip = (there.sign() * here.gather(1, tap).sign()).long()
        key, left = torch.cat([torch.where(flip == 0, -1, tap), flip, out, sign[entry].long()], 1), torch.arange(len(row))
        while len(left):
            r, used = left[0], flip[left[0]] != 0
            moved = sign[entry[r]][:, None] * weight[out[r]][:, tap[r][used]]
            need(torch.equal(weight[:, used] * flip[r][used], moved), "the moved filters are not the filters")
            left = left[(key[left] != key[r]).any(1)]
        return self.moving(perm, sign, sample)


def sound(value: Any) -> Any:
    if isinstance(value, RefusedError):
        raise value
    return value


def _only(key: str, value: Any, axis: int, d: int) -> Any:
    """The argument for one axis; the others do nothing."""
    if value is None:
        return None
    listed = [value] * d if isinstance(value, int) else (list(value) * d)[:d]
    return [v if a == axis else NEUTRAL[key] for a, v in enumerate(listed)]
