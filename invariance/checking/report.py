"""What a check found: a row for each transformation and size, a verdict, what to say about it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ..measure import Ladder
from ..provenance import environment
from ..verdicts import CheckVerdict
from .question import Question, SymmetryQuestion

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from rich.table import Table

    from ..proving import ProofReport
    from .variants import VariantReport

__all__ = ["CheckReport", "Row", "merged", "overall"]

_GRAVITY: tuple[CheckVerdict, ...] = ("violated", "undefined", "undecided", "measured", "consistent")

Interval = tuple[float, float]


@dataclass(frozen=True)
class Row:
    """One transformation at one size.

    Attributes:
        size: height and width of the input.
        error, interval: the normalised error E and its bootstrap interval over images; None where E is undefined.
        floor: what rounding, or resampling of the output, may do to E by itself.
        limit, limit_interval, order, order_interval: $E_\\infty$ and p of the refinement ladder, where there is one.
        worst, worst_image: the largest E of a single image, and the number of that image.
        note: what else there is to say.
        power: the smallest E of any one channel that would have been called a violation.
        kind: the images that the row speaks of, the worst ones of several kinds.
        output: the path of the output in the tree that the model returns; empty where there is one.
    """

    transformation: str
    size: tuple[int, ...]
    error: float | None
    interval: Interval | None
    floor: float
    verdict: CheckVerdict
    worst: float | None = None
    worst_image: int | None = None
    limit: float | None = None
    limit_interval: Interval | None = None
    order: float | None = None
    order_interval: Interval | None = None
    note: str = ""
    power: float | None = None
    kind: str = ""
    output: str = ""

    @property
    def name(self) -> str:
        """The transformation, the size and the output, where there is such."""
        at = f" at {'×'.join(map(str, self.size))}" if self.size else ""
        return f"{self.transformation}{at}{f', {self.output}' if self.output else ''}"

    def cells(self) -> tuple[str, ...]:
        """The row as text, in the order of `CheckReport.COLUMNS`."""
        worst = "–" if self.worst is None else f"{self.worst:.1e}, image {self.worst_image}"
        return (
            self.transformation,
            self.output or "–",
            "×".join(map(str, self.size)) or "–",
            _measured(self.error, self.interval),
            _measured(self.limit, self.limit_interval),
            _measured(self.order, self.order_interval, "{:.2g}"),
            f"{self.floor:.1e}",
            self.verdict,
            worst,
        )


def _measured(value: float | None, interval: Interval | None, style: str = "{:.1e}") -> str:
    if value is None:
        return "–"
    low, high = interval or (value, value)
    return f"{style.format(value)} [{style.format(low)}, {style.format(high)}]"


def overall(verdicts: Sequence[CheckVerdict]) -> CheckVerdict:
    """The gravest of them."""
    return min(verdicts, key=_GRAVITY.index)


def merged(rows: Mapping[str, Row], note: str = "", *, tolerance: float | None = None) -> Row:
    """One row for several kinds of images: that of the gravest verdict, and of those the one of the largest error; of
    violations that no tolerance decided, the one furthest above its floor.

    A kind that tells nothing, because the output is constant on it or rounding hides all of it, yields to one that
    does; of those two, the output that is constant on some kind is not on the other.
    """
    telling: dict[str, Row] = {}
    for nothing in (("undefined", "undecided"), ("undefined",), ()):
        telling = telling or {kind: row for kind, row in rows.items() if row.verdict not in nothing}
    verdict = overall([row.verdict for row in telling.values()])

    def gravity(pair: tuple[str, Row]) -> float:
        error, floor = pair[1].error or 0.0, pair[1].floor
        return error / floor if verdict == "violated" and tolerance is None and floor else error

    kind, row = max(((kind, row) for kind, row in telling.items() if row.verdict == verdict), key=gravity)
    power = max((row.power for row in telling.values() if row.power is not None), default=None)
    broken, sound = ([k for k, row in telling.items() if (row.verdict == "violated") is bad] for bad in (True, False))
    silent = [kind for kind, row in rows.items() if row.verdict == "undecided" and kind not in telling]
    hidden = f"no verdict on {', '.join(silent)}: there rounding could hide a fault" if silent else ""
    only = f"on {', '.join(broken)}; not on {', '.join(sound)}" if broken and sound else ""
    said = "; ".join(filter(None, (row.note, only, hidden, note)))
    return replace(row, note=said, power=power, kind=kind if len(rows) > 1 else "")


@dataclass(frozen=True, repr=False)
class CheckReport:
    """The answer of `check`.

    Attributes:
        question: what was asked; with the same model it has the same answer.
        target, target_seed: where the model can be found again, see `load_target`; empty if it is not known.
        diagnosis: sentences on sizes, borders and limits, the first one on the verdict.
        scope: which part of the group was tried, or of the question is answered, where that is not all of it.
        ladders: the refinement ladders by transformation.
        proof: what `prove` found, where a proof was asked for.
        variants: E of each variant, and its distance from float64, where variants were asked for.
    """

    question: Question | SymmetryQuestion
    rows: tuple[Row, ...]
    diagnosis: tuple[str, ...] = ()
    target: str = ""
    target_seed: int = 0
    scope: str = ""
    ladders: dict[str, Ladder] = field(default_factory=dict, compare=False, repr=False)
    proof: ProofReport | None = field(default=None, compare=False, repr=False)
    variants: VariantReport | None = field(default=None, compare=False, repr=False)

    COLUMNS = ("transformation", "output", "size", "error E", "E∞", "order p", "floor", "verdict", "worst case")

    @property
    def verdict(self) -> CheckVerdict:
        """Of all rows: *violated* if one is, *consistent* if all are; see `invariance.verdicts`."""
        return overall([row.verdict for row in self.rows])

    @property
    def worst(self) -> Row | None:
        """The row of the largest error."""
        return max((row for row in self.rows if row.error is not None), key=lambda row: row.error or 0, default=None)

    def at(self, target: str, seed: int = 0) -> CheckReport:
        """The same report of a model that can be found again."""
        return replace(self, target=target, target_seed=seed)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for a file, which `invariance replay` asks again; numbers that are not finite are words."""
        return {
            "kind": "check",
            "target": self.target,
            "target_seed": self.target_seed,
            "question": _finite(self.question.to_dict()),
            "verdict": self.verdict,
            "scope": self.scope,
            "rows": [_finite(asdict(row)) for row in self.rows],
            "diagnosis": list(self.diagnosis),
            "proof": None if self.proof is None else self.proof.to_dict(timed=False),
            "environment": environment(),
        }

    def to_json(self) -> str:
        """Everything but the ladders' samples; infinite orders are null."""
        return json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False, indent=1)

    def table(self) -> Table:
        """A rich table; columns that no row has an entry in are left out."""
        from rich.box import SIMPLE_HEAD
        from rich.table import Table

        colours = {
            "consistent": "green",
            "violated": "red",
            "measured": "yellow",
            "undecided": "yellow",
            "undefined": "yellow",
        }
        cells = [row.cells() for row in self.rows]
        used = [i for i in range(len(self.COLUMNS)) if any(line[i] != "–" for line in cells)]
        table = Table(title=str(self).splitlines()[0], title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
        for i in used:
            table.add_column(self.COLUMNS[i], overflow="fold")
        for row, line in zip(self.rows, cells, strict=True):
            table.add_row(
                *(
                    f"[{colours.get(row.verdict, 'yellow')}]{line[i]}[/]" if line[i] == row.verdict else line[i]
                    for i in used
                )
            )
        return table

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """The refinement ladders; what is measured at several bandwidths, a line for each; or the error of every
        transformation."""
        from ..plots import plot_at_bandwidths, plot_errors, plot_ladder

        title = str(self).splitlines()[0]
        if self.ladders:
            verdicts = {row.transformation: row.verdict for row in self.rows}
            return plot_ladder(self.ladders, verdicts=verdicts, ax=ax, title=title)
        lines = self._at_bandwidths()
        if len(lines) > 1:
            return plot_at_bandwidths(lines, ax=ax, title=title)
        several = len({row.size for row in self.rows}) > 1
        named = len({row.output for row in self.rows}) > 1
        return plot_errors(
            [row.name if several or named else row.transformation for row in self.rows],
            [row.error for row in self.rows],
            intervals=[row.interval for row in self.rows],
            floors=[row.floor for row in self.rows],
            ax=ax,
            title=title,
        )

    def _at_bandwidths(self) -> dict[str, dict[str, tuple[float, Interval, float]]]:
        """E, its interval and its floor by bandwidth and transformation; empty for rows of several sizes."""
        lines: dict[str, dict[str, tuple[float, Interval, float]]] = {}
        for row in self.rows if len({row.size for row in self.rows}) == 1 else ():
            name, at, bandwidth = row.transformation.partition(", ")
            if at and row.error is not None and row.interval is not None:
                lines.setdefault(bandwidth, {})[name] = (row.error, row.interval, row.floor)
        return lines if all(row.verdict in ("measured", "undefined") for row in self.rows) else {}

    @property
    def asked(self) -> str:
        """The question in a few words."""
        question = self.question
        if isinstance(question, SymmetryQuestion):
            return f"{question.symmetry}, {question.claim}"
        moves = question.action if isinstance(question.action, str) else "a function"
        return f"{question.group}, {question.claim}{f' ({moves})' if question.action else ''}"

    def __str__(self) -> str:
        of_symmetry = isinstance(self.question, SymmetryQuestion)
        first = f"{self.asked}: {self.verdict}{self._beside_tolerance}"
        told = (first, self.scope) if of_symmetry or not self.scope else (f"{first}, {self.scope}",)
        return "\n".join(filter(None, (*told, *self.diagnosis, *self._power)))

    __repr__ = __str__

    @property
    def _beside_tolerance(self) -> str:
        tolerance, worst = self.question.tolerance, self.worst
        if tolerance is None or worst is None:
            return ""
        return f", E = {_measured(worst.error, worst.interval)} beside the tolerance {tolerance:g}"

    @property
    def power(self) -> float | None:
        """The smallest E of any one channel that would have been called a violation; None where a ladder judges."""
        return max((row.power for row in self.rows if row.power is not None), default=None)

    @property
    def _power(self) -> list[str]:
        if self.verdict != "consistent" or self.power is None or self.question.tolerance is not None:
            return []
        return [f"a fault of E ≥ {self.power:.0e} in any one channel would have been seen on the images tried"]


def _finite(data: dict[str, Any]) -> dict[str, Any]:
    """JSON has no infinity."""

    def clean(value: Any) -> Any:
        if isinstance(value, tuple | list):
            return [clean(item) for item in value]
        return None if isinstance(value, float) and not math.isfinite(value) else value

    return {key: clean(value) for key, value in data.items()}
