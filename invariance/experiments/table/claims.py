"""What the papers printed: to be shown beside what is measured, never to be aimed at."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

__all__ = ["Claim", "Claims", "claimed"]


@dataclass(frozen=True)
class Claim:
    """A printed row: accuracies of a network, by family and scale.

    Attributes:
        augment: how it was trained; "any" where text and code of the paper say different things.
    """

    model: str
    name: str
    augment: str
    clean: float
    warped: dict[tuple[str, float], float]

    def at(self, family: str | None, scale: float) -> float | None:
        """What is printed for a cell; None where nothing is."""
        return self.clean if family is None else self.warped.get((family, scale))


@dataclass(frozen=True)
class Claims:
    """The printed table, and where."""

    source: str
    rows: tuple[Claim, ...]

    def of(self, model: str, augment: str = "none") -> Claim | None:
        """The row of a network, "name" or "name:option=value": options make it another network than the paper's."""
        return next((row for row in self.rows if row.model == model and row.augment in (augment, "any")), None)


@cache
def claimed(table: str) -> Claims:
    """The claims of the paper that table `table` is about."""
    data = json.loads(files(__name__.rpartition(".")[0]).joinpath("claimed.json").read_text(encoding="utf-8"))[table]
    rows = []
    for row in data["rows"]:
        families = [name for name, value in row.items() if isinstance(value, list)]
        warped = {(f, s): value for f in families for s, value in zip(data["scales"], row[f], strict=True)}
        rows.append(Claim(row["model"], row["name"], row["augment"], row["clean"], warped))
    return Claims(data["source"], tuple(rows))
