"""What a proof says: a verdict, what every generator does to the output, and where it stops."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..provenance import environment
from ..verdicts import ProofVerdict
from .actions import Action, Ints
from .backward import Backward
from .forward import Forward
from .siblings import BESIDE
from .trace import Program
from .units import Rewritten
from .values import Constant, Moving
from .walk import Stop, Walk
from .words import in_words, is_reversal, representation

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["SENTENCE", "GeneratorProof", "ProofReport"]

_SILENT = (
    "sym_size",
    "view",
    "_unsafe_view",
    "clone",
    "alias",
    "permute",
    "transpose",
    "unsqueeze",
    "squeeze",
    "expand",
    "reshape",
)

SENTENCE = (
    "In real arithmetic, of the float64 cast of the module in eval mode, at this input shape, for every batch size."
)


@dataclass(frozen=True)
class GeneratorProof:
    """One generator: whether it goes through, how every output moves, in what words, and all reasons that it stops."""

    name: str
    proved: bool
    outputs: tuple[Action | None, ...]
    words: tuple[str, ...]
    stops: tuple[Stop, ...]
    seconds: float
    labels: Mapping[int, Ints] = field(default_factory=dict, repr=False, compare=False)
    walk: Walk | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class ProofReport:
    """The answer of `prove`.

    Attributes:
        verdict: *proved*; *disproved*, with a counterexample by numbers; *not proved*.
        group, claim: what was asked; a claim of None: how the output moves is found.
        generators: a proof for each; together they prove the group, since motions compose.
        order: of the group, where it is known; named: whether its name says what its generators do to the input.
        subgroup: the largest group of the list that does go through where the whole one does not; None if none does.
        relations: whether what was found for the output respects the group's relations.
        constant: the output does not depend on the input.
        operations: how many operations the graph has; seconds: of the proof, without export_seconds.
        notes: sentences.
        counterexample: an input on which it fails, by numbers.
        rewritten: the same function with other weights, where the proof is of that.
        forward: a bound on the difference over a box, where it is within a thousand times of what was found.
        backward: where the weights are symmetric to rounding only, the nearest ones that are so exactly.
    """

    verdict: ProofVerdict
    group: str
    claim: str | None
    input_shapes: tuple[tuple[int, ...], ...]
    generators: tuple[GeneratorProof, ...]
    order: int | None = None
    named: bool = False
    subgroup: str | None = None
    relations: bool | None = None
    constant: bool = False
    operations: int = 0
    seconds: float = 0.0
    export_seconds: float = 0.0
    notes: tuple[str, ...] = ()
    counterexample: Mapping[str, Any] | None = None
    backward: Backward | None = None
    forward: Forward | None = None
    rewritten: Rewritten | None = None
    program: Program | None = field(default=None, repr=False, compare=False)

    @property
    def stops(self) -> tuple[Stop, ...]:
        """Every reason once, in the order of the graph."""
        found = {(s.name, s.reason): s for g in self.generators for s in g.stops}
        return tuple(found.values())

    def chain(self) -> list[tuple[str, str, str, bool]]:
        """Operation by operation: its name, its module, what its tensor does, whether every generator goes through.

        Views and copies, which change nothing but the shape, are left out.
        """
        walks = [g.walk for g in self.generators if g.walk is not None]
        rows = []
        for step in walks[0].steps if walks else ():
            if step.op.split(".")[1] in _SILENT or not step.op.startswith("aten"):
                continue
            values = [walk.values.get(step.name) for walk in walks]
            values = [v[0] if isinstance(v, tuple) else v for v in values]
            done = [isinstance(v, Moving) and v.action is not None for v in values]
            if all(isinstance(v, Constant) or (isinstance(v, Moving) and v.reason is BESIDE) for v in values):
                continue
            named = self._named(values) if all(done) else None
            said = named or "; ".join(
                f"{g.name}: {in_words(v.action) if isinstance(v, Moving) and v.action is not None else 'not proved'}"
                for g, v in zip(self.generators, values, strict=True)
            )
            rows.append((step.op, step.module, said, all(done)))
        return rows

    def _named(self, values: Sequence[Any]) -> str | None:
        """The representation on the channels, where the grid behind them moves or stays by itself."""
        actions = [v.action for v in values]
        shape = actions[0].shape
        if any(a.shape != shape for a in actions) or len(shape) < 2:
            return None
        if len(shape) > 2 and self.order == shape[2]:  # the group's axis by itself, as functions on the group have it
            actions = [a.reshaped((shape[0], shape[1] * shape[2], *shape[3:])) for a in actions]
        behind = range(2, actions[0].rank)
        if any(
            a.alone(k) and a.tables[k] is not None and not is_reversal(a.tables[k]) for a in actions for k in behind
        ):
            return None  # the group's axis is not next to the channels
        return representation(actions, 1, self.group, self.order)

    def layers(self) -> list[str]:
        """A line for each row of `chain`."""
        return [
            f"{'✓' if ok else '✗'} {op.removeprefix('aten.')}{f' `{module}`' if module else ''}: {said}"
            for op, module, said, ok in self.chain()
        ]

    def certificate(self) -> dict[str, Any]:
        """What an independent checker reads; see `proving.certificate`."""
        from .certificate import certificate

        return certificate(self)

    def to_dict(self, *, timed: bool = True) -> dict[str, Any]:
        """Plain data; without what was timed the same question has the same answer."""
        seconds = {"seconds": round(self.seconds, 3), "export_seconds": round(self.export_seconds, 3)}
        return {
            "kind": "prove",
            "verdict": self.verdict,
            "group": self.group,
            "claim": self.claim,
            "input_shapes": [list(shape) for shape in self.input_shapes],
            "generators": [
                {
                    "name": g.name,
                    "proved": g.proved,
                    "outputs": list(g.words),
                    "stops": [
                        {"name": s.name, "op": s.op, "module": s.module, "line": s.line, "reason": s.reason}
                        for s in g.stops
                    ],
                }
                | ({"seconds": round(g.seconds, 3)} if timed else {})
                for g in self.generators
            ],
            "subgroup": self.subgroup,
            "relations": self.relations,
            "constant": self.constant,
            "operations": self.operations,
            "notes": list(self.notes),
            "counterexample": self.counterexample,
            "forward_bound": self.forward.bound if self.forward else None,
            "backward_error": self.backward.error if self.backward else None,
            "sentence": SENTENCE,
            "fingerprint": self.program.fingerprint if self.program else "",
            "environment": environment(),
        } | (seconds if timed else {})

    def to_json(self) -> str:
        """`to_dict` as text."""
        return json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False, indent=1)

    def table(self) -> Table:
        """A rich table, a row for each generator."""
        from rich.box import SIMPLE_HEAD
        from rich.table import Table

        table = Table(title=str(self).splitlines()[0], title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
        for column in ("generator", "verdict", "the output", "seconds"):
            table.add_column(column, overflow="fold")
        for g in self.generators:
            said = "[green]proved[/]" if g.proved else "[yellow]not proved[/]"
            table.add_row(g.name, said, "; ".join(g.words) or "–", f"{g.seconds:.2f}")
        return table

    def __str__(self) -> str:
        claim = f", {self.claim}" if self.claim else ""
        lines = [f"{self.group}{claim}: {self.verdict}", *self.notes, *(str(stop) for stop in self.stops)]
        return "\n".join((*lines, SENTENCE))
