r"""Curves of several networks on the same images under the same warps, with all that they were made of, as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import torch
from jaxtyping import Float
from torch import Tensor

from ..errors import ArgumentError, ResultError, UndefinedError, one_of
from ..files import write_json
from ..records import read_record
from .curve import InvarianceCurve
from .interval import quantile_interval
from .runs import bootstrap_runs, mean_over_runs

__all__ = ["Comparison", "Measure", "load", "merged", "save"]

Measure = Literal["error", "consistency", "accuracy"]
"""E; how often the class of an image stays; how often it is the image's label."""

_RESAMPLES = 1000
_CELLS = 2**25  # numbers of a bootstrap at once: 256 MB


@dataclass(frozen=True, eq=False)
class Comparison:
    """What several networks do under one family of warps.

    Curves of one label are runs of one network: its seeds or checkpoints.

    Attributes:
        about: warp, unit, claim, size, margin, method, draws, seed, dtype, images and versions, as plain values.
        models: for each curve its target, the SHA-256 of its weights and its seed, as far as they are known.
    """

    curves: tuple[InvarianceCurve, ...]
    about: dict[str, Any]
    models: tuple[dict[str, Any], ...]
    floor: InvarianceCurve | None = None
    theory: tuple[str, ...] = ()

    @property
    def labels(self) -> list[str]:
        """The networks' labels in the order in which they were given, each once."""
        return list(dict.fromkeys(curve.label for curve in self.curves))

    @property
    def scales(self) -> tuple[float, ...]:
        """Sizes of the warp, in the unit of `about["unit"]`; the same for all curves."""
        return self.curves[0].scales

    @property
    def measures(self) -> list[Measure]:
        """What there is of at least one network."""
        known: tuple[Measure, ...] = get_args(Measure)
        return [m for m in known if any(self.has(label, m) for label in self.labels)]

    def runs(self, label: str) -> list[InvarianceCurve]:
        """The curves of the networks of one label: runs that differ in their seed."""
        return [curve for curve in self.curves if curve.label == label]

    def has(self, label: str, measure: Measure) -> bool:
        """Whether all runs of a network have it."""
        return measure == "error" or all(_answers(run, measure) is not None for run in self.runs(label))

    def value(self, label: str, measure: Measure = "error") -> Float[Tensor, "s"]:
        r"""E, $\sqrt{\overline{E_r^2}}$ over runs, or the mean share, at each scale.

        Raises:
            ArgumentError: the network is no classifier, or there were no labels; no such label or measure.
            UndefinedError: it does not tell the images apart.
        """
        value = mean_over_runs(*self._parts(label, measure))
        return value.sqrt() if measure == "error" else value

    def interval(
        self, label: str, measure: Measure = "error", *, generator: torch.Generator, level: float = 0.95
    ) -> Float[Tensor, "2 s"]:
        """Bootstrap interval over images, and over runs where there are several."""
        part, whole = self._parts(label, measure)
        resamples = max(100, min(_RESAMPLES, _CELLS // part.shape[2]))
        ends = quantile_interval(bootstrap_runs(part, whole, generator=generator, resamples=resamples), level)
        return ends.sqrt() if measure == "error" else ends

    def _parts(self, label: str, measure: Measure) -> tuple[Tensor, Tensor]:
        runs = self.runs(label)
        if not runs:
            raise ArgumentError("label", label, one_of(label, self.labels))
        if measure not in get_args(Measure):
            raise ArgumentError("measure", measure, one_of(measure, get_args(Measure)))
        if measure == "error":
            for run in runs:
                _ = run.error  # raises where a run is constant
            return torch.stack([r.difference.mean(1) for r in runs]), torch.stack([r.spread for r in runs])
        found = [_answers(run, measure) for run in runs]
        if any(each is None for each in found):
            getattr(runs[[each is None for each in found].index(True)], measure)  # raises, and says what is missing
        shares = torch.stack([each.double().mean(1) for each in found if each is not None])
        return shares, torch.ones_like(shares[:, 0])

    def rows(self, *, level: float = 0.95) -> list[dict[str, Any]]:
        """A row for each network and scale: the values that there are, with their intervals."""
        rows: list[dict[str, Any]] = [
            {"label": label, "runs": len(self.runs(label)), "scale": scale}
            for label in self.labels
            for scale in self.scales
        ]
        for measure in self.measures:
            cells = [cell for label in self.labels for cell in self._cells(label, measure, level)]
            for row, (value, low, high) in zip(rows, cells, strict=True):
                row |= {measure: value, f"{measure}_low": low, f"{measure}_high": high}
        return rows

    def _cells(self, label: str, measure: Measure, level: float) -> list[tuple[float | None, ...]]:
        if not self.has(label, measure):
            return [(None, None, None)] * len(self.scales)
        try:
            value = self.value(label, measure)
        except UndefinedError:
            return [(None, None, None)] * len(self.scales)
        ends = self.interval(label, measure, generator=torch.Generator().manual_seed(0), level=level)
        return list(zip(value.tolist(), *ends.tolist(), strict=True))

    def to_csv(self) -> str:
        """`rows`, with names in the first line."""
        rows, text = self.rows(), io.StringIO()
        writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return text.getvalue()

    def to_dict(self) -> dict[str, Any]:
        """Plain values, everything kept; `from_dict` is the inverse."""
        return {
            "kind": "curves",
            "about": self.about,
            "models": list(self.models),
            "curves": [curve.to_dict() for curve in self.curves],
            "floor": self.floor and self.floor.to_dict(),
            "theory": list(self.theory),
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Comparison:
        """What `to_dict` wrote."""
        return cls(
            tuple(map(InvarianceCurve.from_dict, data["curves"])),
            data["about"],
            tuple(data["models"]),
            InvarianceCurve.from_dict(data["floor"]) if data["floor"] else None,
            tuple(data["theory"]),
        )

    def __str__(self) -> str:
        width = max(map(len, self.labels))
        lines = [f"{self.about['warp']} ({self.about['unit']}), {self.about['claim']}"]
        for label in self.labels:
            there: list[Measure] = [m for m in self.measures if self.has(label, m)]
            for measure in there:
                values = ", ".join(f"{v:.3g}" for v in self.value(label, measure).tolist())
                lines.append(f"{label:<{width}}  {measure}: {values}")
        return "\n".join(lines)


def _answers(curve: InvarianceCurve, measure: Measure) -> Tensor | None:
    return curve.same if measure == "consistency" else curve.correct


def save(comparison: Comparison, path: str | Path) -> None:
    """As JSON, for `load` and `invariance plot`.

    Raises:
        OutputError: the file cannot be written; what was there before is kept.
    """
    write_json(Path(path), comparison.to_dict())


def load(path: str | Path, *, argument: str = "path") -> Comparison:
    """What `save`, or `invariance curve`, wrote.

    Raises:
        ResultError: no such file, or one that holds something else.
    """
    data = read_record(argument, Path(path), "curves", error=ResultError)
    try:
        comparison = Comparison.from_dict(data)
        _check_shapes(comparison)
    except (ValueError, TypeError, KeyError, IndexError, RuntimeError, OverflowError) as error:
        raise ResultError(argument, path, f"measurements as `invariance curve` writes them ({error})") from error
    return comparison


def _check_shapes(comparison: Comparison) -> None:
    curves = comparison.curves
    for curve in (*curves, *filter(None, [comparison.floor])):
        s, _, b = curve.difference.shape
        shapes = [x.shape for x in (curve.defined, curve.undefined, curve.same, curve.correct) if x is not None]
        if s != len(curve.scales) or len(curve.spread) != b or any(x != curve.difference.shape for x in shapes):
            raise ValueError(f"numbers of {curve.label} that do not fit its scales and images")
    if len({(curve.scales, len(curve.spread)) for curve in curves}) > 1 or len(comparison.models) != len(curves):
        raise ValueError("curves of different scales or images")


def merged(comparisons: Sequence[Comparison], *, argument: str = "FILE") -> Comparison:
    """One of several, whose labels may be the same where they are runs of one network.

    Raises:
        ArgumentError: measurements of different warps, claims, scales or images.
    """
    first = comparisons[0]
    for other in comparisons[1:]:
        for name, found, wanted in (
            *((key, other.about[key], first.about[key]) for key in ("warp", "claim", "images")),
            ("scales", other.scales, first.scales),
        ):
            if found != wanted:
                told = "others" if name == "images" else f"{found}, not {wanted}"
                raise ArgumentError(argument, f"measurements of other {name}", f"the same in one figure: {told}")
    return Comparison(
        tuple(curve for each in comparisons for curve in each.curves),
        first.about,
        tuple(model for each in comparisons for model in each.models),
        first.floor,
        tuple(said for each in comparisons for said in each.theory),
    )
