"""`invariance table`: the papers' tables, from networks trained here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import ArgumentError
from .bar import counted
from .parameters import COUNT, SEED, InputPath, OutputFolder, Text, as_typed, device_of, listed
from .sections import Sectioned, section

if TYPE_CHECKING:
    from ..experiments.data import Dataset, Splits
    from ..experiments.evaluation import Protocol
    from ..experiments.run import AnyClassifier
    from ..experiments.table import FinishedRun, TableKind

__all__ = ["table"]

_TRAINING = (
    *("epochs", "width", "learning_rate", "optimizer", "schedule", "weight_decay", "augment", "standardise", "limit"),
)
_PROTOCOL = ("coordinates", "origin", "direction", "padding", "interpolation", "folding", "horizon")


@click.command(cls=Sectioned)
@click.argument("name")
@section(
    "Folders",
    click.option("--data", "folder", type=InputPath(), help="Folder of the data; else INVARIANCE_DATA."),
    click.option("--out", default="results", type=OutputFolder(), help="Folder of the table."),
    click.option("--runs", "runs_folder", type=InputPath(), help="Folder of the trainings; by default OUT/runs."),
    click.option("--note", default="", help="What the data are, if not the canonical files."),
    click.option("--add", is_flag=True, help="Keep the runs of the table in OUT, which need not be in --runs."),
)
@section(
    "Networks",
    click.option(
        "--train/--no-train", "training", default=None, help="Train what is missing; by default without --runs."
    ),
    click.option(
        "--model",
        "models",
        type=Text(),
        multiple=True,
        help="name:option=value,…; may be repeated. By default the paper's.",
    ),
    click.option("--width", type=COUNT, help="Channels of the first layer; the model's own by default."),
    click.option("--seeds", type=Text(), default="0", help="Of the trainings, separated by commas."),
)
@section(
    "Their training",
    click.option("--epochs", type=COUNT, help="By default the paper's, as are batch and learning rate."),
    click.option("--train-batch", type=COUNT, help="Images a training step."),
    click.option("--learning-rate", type=float, help="Of the first step."),
    click.option("--optimizer", help="adam or sgd."),
    click.option("--schedule", help="constant, cosine, or ×0.1 after epochs, such as steps:80,120."),
    click.option("--weight-decay", type=float, help="As the optimiser has it."),
    click.option("--augment", help="none, flip, crop, crop-flip, rotation:DEGREES or shift-flip:PIXELS."),
    click.option("--standardise", help="channels or zca."),
    click.option("--limit", type=COUNT, help="Train on the first so many images."),
    click.option("--precision", default="auto", help="float32, bfloat16, float16 (CUDA), auto: what is fast here."),
    click.option("--compile", "compiled", is_flag=True, help="torch.compile in training."),
)
@section(
    "Many trainings at once",
    click.option("--jobs", type=COUNT, default=1, help="Trainings at a time."),
    click.option("--backend", default="loky", help="Where they run: loky (processes) or dask."),
    click.option("--address", help="Of the Dask cluster; a local one by default."),
)
@section(
    "Warps of the test images",
    click.option("--images", type=COUNT, help="Evaluate on the first so many test images."),
    click.option("--scales", type=Text(), help="σ, separated by commas; by default 0 and the paper's."),
    click.option("--coordinates", help="In which the matrices are drawn: normalized (default) or pixel."),
    click.option("--origin", help="Of the coordinates: centre (default) or corner."),
    click.option("--direction", help="Of the matrices: destination-to-source (default) or source-to-destination."),
    click.option("--padding", help="zeros (default), border or mirror."),
    click.option("--interpolation", help="bilinear (default) or cubic."),
    click.option("--folding", help="Draws that fold: keep (default) or redraw."),
    click.option("--horizon", help="What comes from behind it: zeros (default) or divide, what the formula says."),
    click.option("--warp-seed", type=SEED, default=0, help="Of the warps."),
)
@section(
    "Controls",
    click.option("--resolution", type=COUNT, help="Control: down to so many pixels a side and up before the warp."),
    click.option("--corruption", help="Control: another change before the warp, such as jpeg-20."),
    click.option("--forensic", "look", is_flag=True, help="Which change before the warp gives the printed rows?"),
    click.option("--layers", "inside", is_flag=True, help="Invariance error of every layer, beside accuracy, instead."),
)
@click.option("--batch", type=COUNT, default=500, help="Images evaluated at a time, which bounds the memory.")
@click.option("--device", default="auto", help="cpu, cuda, auto.")
def table(
    name: str,
    folder: Path | None,
    out: Path,
    runs_folder: Path | None,
    training: bool | None,
    models: tuple[str, ...],
    note: str,
    add: bool,
    images: int | None,
    look: bool,
    inside: bool,
    batch: int,
    device: str,
    **options: Any,
) -> None:
    """Make table NAME: diffcnn, ablation, rotmnist or cifar-gcnn, as JSON, Markdown and figures.

    Trains what is missing in OUT/runs, or takes the finished runs in --runs, and shows all of them the same warped
    images. The same command goes on where it was interrupted.
    """
    from ..experiments.data import load_splits
    from ..experiments.table import find_runs, table_kind

    device = device_of(device)
    if look and inside:
        raise ArgumentError("--layers", True, "one of --forensic and --layers")
    with as_typed({"table": "NAME"}):
        kind = table_kind(name)
    protocol = _protocol(kind, options)
    if add and (look or inside or not _file(kind, protocol, out, "").is_file()):
        raise ArgumentError(
            "--add", out, f"as --out a folder with {kind.name}.json, and neither --forensic nor --layers"
        )
    _require_files(kind, protocol, out, ("-forensic",) if look else ("-layers",) if inside else _PARTS)
    models = models or kind.models
    _require_trained(models)
    with as_typed({"folder": "--data"}):
        splits = load_splits(kind.data, folder, note=note)
    source = runs_folder or out / "runs"
    if training if training is not None else runs_folder is None:
        _train(kind, models, source, splits, folder, note, device, options)
    runs = find_runs(source, data=kind.data, models=models)
    request = _Request(kind, models, runs, splits.test[:images], splits.note, protocol, out, batch, device, add)
    out.mkdir(parents=True, exist_ok=True)
    for file in (_forensic if look else _layers if inside else _table)(request):
        click.echo(str(file))


_PARTS = ("", "-figure-1", "-figure-3")
_BEGINNINGS = {
    ".json": rb'"format": "invariance ',
    ".md": rb"\A# [^\n]*\n\n[\d,]+ test images",
    ".png": rb"Software\0invariance",
}
"""Of the files of a table, as patterns; their names are not typed, so what has another one is somebody's."""


def _file(kind: TableKind, protocol: Protocol, out: Path, part: str) -> Path:
    """The JSON file of the table or of something beside it; a control never lies where the table does."""
    control = protocol.corruption
    stem = kind.name if control == "none" else f"{kind.name}-{control.replace(' ', '-')}"
    return out / f"{stem}{part}.json"


def _require_files(kind: TableKind, protocol: Protocol, out: Path, parts: tuple[str, ...]) -> None:
    from ..files import require_writable

    for part in parts if out.is_dir() else ():
        for suffix, beginning in _BEGINNINGS.items():
            require_writable("--out", _file(kind, protocol, out, part).with_suffix(suffix), replaces=beginning)


def _require_trained(models: tuple[str, ...]) -> None:
    """A table compares networks that were trained alike: what only a target names was not."""
    from ..models import list_models

    for model in models:
        if model.partition(":")[0] not in list_models() and (":" in model or model.endswith(".pt2") or "/" in model):
            wanted = (
                "a network of `invariance train` by its name; finished runs by --runs FOLDER; for any other, type: "
            )
            raise ArgumentError("--model", model, f"{wanted}invariance curve --model {model} --images … --output …")


@dataclass(frozen=True)
class _Request:
    kind: TableKind
    models: tuple[str, ...]
    runs: list[FinishedRun]
    test: Dataset
    note: str
    protocol: Protocol
    out: Path
    batch: int
    device: str
    add: bool

    def file(self, part: str) -> Path:
        return _file(self.kind, self.protocol, self.out, part)

    def first_of(self, models: tuple[str, ...]) -> dict[str, AnyClassifier]:
        """The first finished run of each, where there is one."""
        from ..experiments.run import load_run

        first = {run.model: run.path for run in reversed(self.runs)}
        return {model: load_run(first[model])[0] for model in models if model in first}


def _table(request: _Request) -> Iterator[Path]:
    from ..experiments.table import load_table, make_table, to_markdown
    from ..experiments.table.figure import draw_table
    from ..files import write
    from ..plots import save_figure

    file = request.file("")
    known = load_table(file) if file.exists() else None
    with counted("images × columns") as tick:
        made = make_table(
            request.kind.name,
            request.runs,
            request.test,
            request.protocol,
            note=request.note,
            models=request.models,
            known=known,
            add=request.add,
            batch=request.batch,
            device=request.device,
            tick=tick,
        )
    yield from made.save(file)
    write(file.with_suffix(".md"), to_markdown(made))
    yield file.with_suffix(".md")
    if made.protocol.families:
        save_figure(draw_table(made), file.with_suffix(".png"))
        yield file.with_suffix(".png")
    if made.protocol.families and made.protocol.corruption == "none":
        yield from _pictures(request)


def _pictures(request: _Request) -> Iterator[Path]:
    """Figures 1 and 3, where there are a regular CNN and a DiffCNN."""
    from ..experiments.table.figure import draw_predictions, draw_representation
    from ..experiments.table.pictures import predictions, representation
    from ..plots import save_figure

    classifiers = request.first_of(("cnn", "diffcnn-cnn"))
    if len(classifiers) < 2:
        return
    figures = {"figure-1": (representation, draw_representation), "figure-3": (predictions, draw_predictions)}
    for suffix, (measure, draw) in figures.items():
        file = request.file(f"-{suffix}")
        pictures = measure(classifiers, request.test, request.protocol)
        pictures.save(file)
        save_figure(draw(pictures), file.with_suffix(".png"))
        yield from (file, file.with_suffix(".png"))


def _forensic(request: _Request) -> Iterator[Path]:
    from ..experiments.table.forensic import forensic, forensic_to_markdown
    from ..files import write

    with counted("images × columns × candidates") as tick:
        result = forensic(
            request.first_of(request.models),
            request.test,
            request.protocol,
            table=request.kind.name,
            note=request.note,
            batch=request.batch,
            device=request.device,
            tick=tick,
        )
    file = request.file("-forensic")
    result.save(file)
    write(file.with_suffix(".md"), forensic_to_markdown(result))
    yield from (file, file.with_suffix(".md"))


def _layers(request: _Request) -> Iterator[Path]:
    """Of the first family, at its conventional warps."""
    from ..experiments.layers import analyse_layers, draw_analyses, save_analyses, to_markdown
    from ..files import write
    from ..plots import save_figure

    if not request.protocol.families:
        raise ArgumentError("--layers", request.kind.name, "a table of warped images: diffcnn or ablation")
    analyses = []
    for name, classifier in request.first_of(request.models).items():
        click.echo(f"layers of {name}", err=True)
        analyses.append(
            analyse_layers(name, classifier, request.test, family=request.protocol.families[0], batch=request.batch)
        )
    file = request.file("-layers")
    yield from save_analyses(file, analyses)
    save_figure(draw_analyses(analyses), file.with_suffix(".png"))
    note = f"{len(request.test):,} test images of {request.kind.data} for the accuracy, 64 of them for the errors"
    said = f"{note}; {request.note}." if request.note else f"{note}."
    write(file.with_suffix(".md"), to_markdown(analyses, said))
    yield from (file.with_suffix(".md"), file.with_suffix(".png"))


def _train(
    kind: TableKind,
    models: tuple[str, ...],
    source: Path,
    splits: Splits,
    folder: Path | None,
    note: str,
    device: str,
    options: dict[str, Any],
) -> None:
    from functools import partial

    import torch

    from ..experiments.fit import train
    from ..experiments.memory import keep_freed_memory
    from ..experiments.options import fast_precision
    from ..experiments.sweep import PlannedRun, sweep, train_planned
    from ..experiments.table import missing_runs
    from .progress import TrainingProgress

    given = {key: options[key] for key in _TRAINING if options[key] is not None}
    if options["train_batch"] is not None:
        given["batch"] = options["train_batch"]
    precision = fast_precision(torch.device(device)) if options["precision"] == "auto" else options["precision"]
    given |= {"precision": precision, "channels_last": precision != "float32", "compile": options["compiled"]}
    missing = missing_runs(kind, models, listed("--seeds", options["seeds"], int), source.absolute(), **given)

    def here(run: PlannedRun) -> None:
        click.echo(f"training {run.out.name}", err=True)
        keep_freed_memory()
        with TrainingProgress() as progress:
            train(run.options, splits, run.out, device=device, listener=progress)

    alone = options["backend"] == "loky" and options["jobs"] == 1
    work: Callable[[PlannedRun], object] = here
    if not alone:
        work = partial(train_planned, folder=None if folder is None else folder.absolute(), note=note, device=device)
    sweep(missing, work, jobs=options["jobs"], backend=options["backend"], address=options["address"])


def _protocol(kind: TableKind, options: dict[str, Any]) -> Protocol:
    from ..experiments.evaluation import Protocol

    given = {key: options[key] for key in _PROTOCOL if options[key] is not None}
    scales = kind.scales if options["scales"] is None else listed("--scales", options["scales"], float)
    resolution, corruption = options["resolution"], options["corruption"]
    if resolution is not None and corruption is not None:
        raise ArgumentError("--corruption", corruption, "one of --corruption and --resolution")
    corruption = f"resolution-{resolution}" if resolution is not None else corruption or "none"
    return Protocol(kind.families, scales, corruption=corruption, seed=options["warp_seed"], **given)
