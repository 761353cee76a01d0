"""A table as Markdown: what was measured with intervals, what was claimed in italics, what made it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any

from ..evaluation import Column
from ..options import TrainOptions
from .claims import claimed
from .kinds import TableKind, table_kind
from .result import Row, Table

__all__ = ["to_markdown"]


def to_markdown(table: Table) -> str:
    """Sections for every family, or one table of errors; then the protocol and the runs."""
    kind = table_kind(table.name)
    note = f", {table.data['note']}" if table.data["note"] else ""
    lines = [f"# {kind.title}", "", f"{table.data['images']:,} test images of {table.data['name']}{note}."]
    lines += [
        "Mean over runs, with its 95 % bootstrap interval over test images, and [lowest, highest] run where there are "
        "several. *Claimed* is what the paper printed.",
        "",
    ]
    if table.protocol.families:
        for family in table.protocol.families:
            lines += [*_family(table, family), ""]
        lines += [*_protocol(table), ""]
    else:
        lines += [*_errors(table, kind), ""]
    if table.missing:
        lines += [f"No finished run of {', '.join(table.missing)}.", ""]
    return "\n".join([*lines, *_runs(table)]) + "\n"


def _family(table: Table, family: str) -> Iterator[str]:
    cells = [0, *(i for i, column in enumerate(table.columns) if column.family == family)]
    columns = [table.columns[i] for i in cells]
    yield f"## {family}"
    yield ""
    yield from _rows(["accuracy, %", "clean", *(f"σ = {column.scale:g}" for column in columns[1:])])
    yield _row(["displacement, px: mean / 95 % / median largest", *map(_displacement, columns)])
    yield _row(["warps that fold / turn the image over / were redrawn", *map(_folds, columns)])
    flagged: list[str] = []
    for row in table.rows:
        entries = _entries(row)
        for cell in cells:
            if (table.columns[cell].family, table.columns[cell].scale) == (family, 0.0) and row.loss(cell)[1] > 0:
                entries[cell] += " **below clean**"
                flagged.append(f"{row.label} by {100 * row.loss(cell)[0]:.1f} points")
        yield _row([row.label, *(entries[cell] for cell in cells)])
    for claim in claimed(table.name).rows:
        values = [claim.at(column.family, column.scale) for column in columns]
        yield _row([f"*claimed: {claim.name}*", *("–" if v is None else f"*{100 * v:.0f}*" for v in values)])
    if flagged:
        yield ""
        yield (
            f"At σ = 0 nothing moves, yet accuracy is below that on clean images ({'; '.join(flagged)}): this pipeline "
            "loses accuracy without a warp, so the columns beside it do not measure what warps do."
        )


def _errors(table: Table, kind: TableKind) -> Iterator[str]:
    claims = claimed(kind.name)
    yield from _rows(["network", "parameters", "runs", "epochs", "test error, %", "*claimed, %*"])
    shown = []
    for row in table.rows:
        training = row.runs[0].training
        options = training["options"]
        claim = claims.of(row.model, options["augment"])
        shown.append(claim)
        high, low = (100 * (1 - end) for end in row.interval()[:, 0].tolist())
        error = f"{100 * (1 - float(row.accuracy[0])):.2f} ({low:.2f}–{high:.2f})"
        if len(row.runs) > 1:
            error += f" [{100 * (1 - float(row.by_run.max())):.2f}, {100 * (1 - float(row.by_run.min())):.2f}]"
        parameters, runs = f"{training['parameters']:,}", str(len(row.runs))
        told = "–" if claim is None else f"*{100 * (1 - claim.clean):.2f}*"
        yield _row([row.label, parameters, runs, str(options["epochs"]), error, told])
    for claim in claims.rows:
        if claim not in shown:
            name = f"*claimed: {claim.name}{'' if claim.augment in ('none', 'any') else ', ' + claim.augment}*"
            yield _row([name, "", "", "", "–", f"*{100 * (1 - claim.clean):.2f}*"])
    yield ""
    yield f"Claimed: {claims.source}."


def _entries(row: Row) -> list[str]:
    """Accuracy in percent with what is known of its accuracy, by cell."""
    entries = []
    percent = [(100 * values).tolist() for values in (row.accuracy, row.interval().mT, row.by_run.mT)]
    for mean, (low, high), runs in zip(*percent, strict=True):
        entry = f"{mean:.1f} ({low:.1f}–{high:.1f})"
        if len(runs) > 1:
            entry += f" [{min(runs):.1f}, {max(runs):.1f}]"
        entries.append(entry)
    return entries


def _displacement(column: Column) -> str:
    moved = column.displacement
    return "" if moved is None else f"{moved.mean:.2f} / {moved.percentile95:.2f} / {moved.median_maximum:.2f}"


def _folds(column: Column) -> str:
    return "" if column.family is None else f"{column.folded} / {column.reversed} / {column.redrawn}"


def _protocol(table: Table) -> Iterator[str]:
    said = {name: value for name, value in table.protocol.to_dict().items() if name not in ("families", "scales")}
    yield "## Protocol"
    yield ""
    yield (
        ", ".join(f"{name} {value}" for name, value in said.items()) + ". One draw an image, the same for all networks."
    )
    yield (
        "Displacements longer than the diagonal of the image, or of pixels behind the horizon, count as the diagonal. "
        f"Claimed: {claimed(table.name).source}; its conventions are not stated."
    )


def _runs(table: Table) -> Iterator[str]:
    yield "## Runs"
    yield ""
    heads = [
        "run",
        "seed",
        "width",
        "parameters",
        "recipe",
        "best epoch",
        "validation, %",
        "training",
        "on",
        "data",
        "code",
    ]
    yield from _rows(heads)
    for row in table.rows:
        for run in row.runs:
            training, undefined = run.training, int(run.answers.undefined.sum())
            options, hardware, note = training["options"], training["hardware"], training["data"]["note"]
            best, code = training["best"], training["code"]
            yield _row(
                [
                    row.label + (f", {undefined} answers undefined" if undefined else ""),
                    str(options["seed"]),
                    str(options["width"] or "default"),
                    f"{training['parameters']:,}",
                    _recipe(options),
                    str(best["epoch"]),
                    "–" if best["validation_accuracy"] is None else f"{100 * best['validation_accuracy']:.1f}",
                    f"{training['seconds'] / 60:.0f} min",
                    str(hardware.get("gpu", hardware["cpu"])),
                    f"{training['data']['train']:,} images" + (f", {note}" if note else ""),
                    f"{(code['revision'] or 'unknown')[:9]}{' + changes' if code['dirty'] else ''}",
                ]
            )


def _recipe(options: Mapping[str, Any]) -> str:
    """Epochs, batch and learning rate, and the other options that are not the usual ones."""
    usual = {item.name: item.default for item in fields(TrainOptions)}
    told = ("model", "data", "epochs", "width", "batch", "learning_rate", "schedule", "seed")
    plain = f"{options['epochs']} epochs, batch {options['batch']}, {options['learning_rate']:g} {options['schedule']}"
    others = [f"{n.replace('_', ' ')} {v}" for n, v in options.items() if n not in told and v != usual.get(n)]
    return ", ".join([plain, *others])


def _rows(heads: Sequence[str]) -> Iterator[str]:
    yield _row(heads)
    yield _row(["---"] * len(heads))


def _row(entries: Sequence[str]) -> str:
    return f"| {' | '.join(entry.replace('|', '/') for entry in entries)} |"
