"""A network and a question about it; what `check` says of both, also where it refuses to answer."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from ..checking import CheckReport, check
from ..errors import ArgumentError, ArgumentTypeError
from ..measure.error import Model
from ..memory import is_out_of_memory
from ..verdicts import CheckVerdict

__all__ = ["Case", "Outcome"]


@dataclass(frozen=True)
class Case:
    """A network and the arguments of `check`."""

    model: Model
    options: dict[str, Any] = field(default_factory=dict)

    def asking(self, **changed: Any) -> Case:
        """Another question of the same network."""
        return replace(self, options=self.options | changed)

    def with_model(self, model: Model) -> Case:
        """The same question about another model."""
        return replace(self, model=model)

    @property
    def group(self) -> str:
        """Its name; empty beside a `Symmetry`."""
        group = self.options.get("group")
        return "" if group is None else group if isinstance(group, str) else group.name

    @property
    def claim(self) -> str:
        r"""*invariant*, $F(gx) = F(x)$, or *equivariant*, $F(gx) = \rho(g)F(x)$."""
        return self.options.get("claim") or "invariant"

    def examined(self, *, blame: bool = True) -> Outcome:
        """What `check` says, with or without the place that it blames; a refusal is an outcome too."""
        try:
            return Outcome(check(self.model, blame=blame, **{"prove": False, **self.options}))
        except (ArgumentError, ArgumentTypeError) as error:
            if is_out_of_memory(error):  # which says nothing about the network
                raise
            return Outcome(None, error)


@dataclass(frozen=True)
class Outcome:
    """Attributes:

    report: of `check`; None where it refused, with the error that it raised.
    """

    report: CheckReport | None
    error_raised: ArgumentError | ArgumentTypeError | None = None

    @property
    def refusal(self) -> str:
        """Why it refused; empty where it did not."""
        return "" if self.error_raised is None else str(self.error_raised)

    @property
    def verdict(self) -> CheckVerdict | None:
        """Of `check`; None where it refused the question."""
        return None if self.report is None else self.report.verdict

    @property
    def holds(self) -> bool:
        """Whether the verdict is *consistent*."""
        return self.verdict == "consistent"

    @property
    def error(self) -> float | None:
        """The largest E of a row at the size that was asked about, or of all rows."""
        if self.report is None:
            return None
        rows = [row for row in self.report.rows if row.verdict == self.report.verdict and row.error is not None]
        return max((row.error or 0.0 for row in rows), default=None)

    def share_of(self, before: Outcome) -> float | None:
        """How much of the squared error a change takes away: all of it where the question was refused before, and is
        answered now; None where there is no error to compare with.
        """
        if self.error is None or not before.error:
            return 1.0 if self.holds or (before.report is None and self.report is not None) else None
        return 1.0 if self.holds else max(0.0, 1 - (self.error / before.error) ** 2)
