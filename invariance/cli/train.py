"""`invariance train`: a network of the papers on a data set."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from ..errors import ArgumentError
from .parameters import COUNT, SEED, InputPath, OutputFolder, Source, as_typed, device_of
from .sections import Sectioned, section

__all__ = ["train"]


@click.command(cls=Sectioned)
@click.argument("model", type=Source())
@section(
    "Data",
    click.option("--data", "folder", type=InputPath(), help="Folder of the data; else INVARIANCE_DATA."),
    click.option("--dataset", default="cifar10", help="cifar10, mnist or rotmnist."),
    click.option("--validation", type=COUNT, help="Images held out of the training split to choose the epoch."),
    click.option("--train-on", default="split", help="split, or all: the validation images too; with --select last."),
    click.option("--limit", type=COUNT, help="Train on the first so many images."),
    click.option(
        "--augment",
        default="none",
        help="none, flip, crop (shifts of ≤ 4 pixels), crop-flip, rotation:DEGREES, or shift-flip:PIXELS (spline).",
    ),
    click.option("--standardise", default="channels", help="By channels, or zca: by image, then whitened."),
    click.option("--note", default="", help="What the data are, if not the canonical files."),
)
@section(
    "Training",
    click.option("--out", required=True, type=OutputFolder(), help="Folder of the run; resumes what is there."),
    click.option("--epochs", type=COUNT, default=100, help="Passes over the training images."),
    click.option("--width", type=COUNT, help="Channels of the first layer; the model's own by default."),
    click.option("--batch", type=COUNT, default=100, help="Images a step, over all processes."),
    click.option("--learning-rate", default=1e-3, help="Of the first step."),
    click.option("--optimizer", default="adam", help="adam, or sgd with a momentum of 0.9."),
    click.option("--schedule", default="cosine", help="constant, cosine, or ×0.1 after epochs, such as steps:80,120."),
    click.option("--weight-decay", default=0.0, help="As the optimiser has it."),
    click.option(
        "--displacement",
        default=0.0,
        help="In pixels: learn what no diffeomorphism can undo that moves no point further (surface networks with "
        "windows and head=lipschitz, for `certify`).",
    ),
    click.option("--select", default="best", help="The epoch that is kept: best on the validation images, or last."),
    click.option("--seed", type=SEED, default=0, help="Of weights, order, augmentation and dropout."),
    click.option(
        "--recompute-batchnorm", is_flag=True, help="Batch norm statistics from all training images each epoch."
    ),
    click.option(
        "--statistics", default="evaluation", help="Those: without dropout and augmentation, or as in training."
    ),
)
@section(
    "How it is computed",
    click.option("--precision", default="auto", help="float32, bfloat16, float16 (CUDA), auto: what is fast here."),
    click.option("--channels-last/--contiguous", default=None, help="Memory layout; what is fast here by default."),
    click.option("--compile", "compiled", is_flag=True, help="torch.compile: minutes first, then faster steps."),
    click.option("--device", default="auto", help="cpu, cuda, auto."),
)
def train(
    model: str,
    folder: Path | None,
    dataset: str,
    out: Path,
    precision: Any,
    channels_last: bool | None,
    compiled: bool,
    device: str,
    validation: int | None,
    note: str,
    train_on: str,
    **options: Any,
) -> None:
    """Train MODEL, "name" or "name:option=value,…", and leave record and weights in a folder.

    The same command goes on where a run was interrupted, and returns at once when it is done.
    """
    import torch

    from ..experiments.data import load_splits
    from ..experiments.fit import train as fit
    from ..experiments.memory import keep_freed_memory
    from ..experiments.options import TrainOptions, fast_precision
    from .progress import TrainingProgress

    device = device_of(device)
    if precision == "auto":
        precision = fast_precision(torch.device(device))
    fast_layout = precision != "float32" if channels_last is None else channels_last
    chosen = TrainOptions(model, dataset, precision=precision, channels_last=fast_layout, compile=compiled, **options)
    if train_on not in ("split", "all"):
        raise ArgumentError("--train-on", train_on, "split or all")
    if train_on == "all" and validation:
        raise ArgumentError("--validation", validation, "left out with --train-on all, which holds no image out")
    if train_on == "all" and chosen.select != "last":
        raise ArgumentError(
            "--select", chosen.select, "last, with --train-on all, which holds no image out to choose by"
        )
    validation = 0 if train_on == "all" else validation
    with as_typed({"name": "--dataset", "folder": "--data"}):
        splits = load_splits(dataset, folder, validation=validation, note=note)
    keep_freed_memory()
    with TrainingProgress() as progress:
        record = fit(chosen, splits, out, device=device, listener=progress)
    best = record["best"]
    if best and os.environ.get("RANK", "0") == "0":
        accuracy = best["validation_accuracy"]
        reached = "no validation images" if accuracy is None else f"{accuracy:.2%} on the validation split"
        click.echo(f"{out}: {reached}, epoch {best['epoch']}")
