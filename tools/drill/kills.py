"""Commands killed at any moment: files are the old or the new ones, and a training goes on to the same bits."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from .lines import ALLOWED, BASES
from .outcome import faults_of, run, spread, whole
from .stage import TRAIN

__all__ = ["kills"]

_LINES = {
    **{name: BASES[name] for name in ("verify", "check", "prove", "curve")},
    "train": (*TRAIN, "--out", "fresh"),
    "table": (
        "table",
        "rotmnist",
        "--data",
        "data",
        "--out",
        "made",
        "--model",
        "z2cnn:width=2",
        "--epochs",
        "1",
        "--limit",
        "40",
    ),
    "report": ("report", "--output", "page", "--images", "pictures"),
}
_MOST = {"report": 8.0}
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)


def kills(stage: Path, work: Path, count: int, seed: int) -> Iterator[tuple[str, list[str]]]:
    """(what, what is wrong) for each of `count` kills; one in seven while a process of its own still imports."""
    lengths, weights = {}, ""
    for name, line in _LINES.items():
        folder = _fresh(stage, work)
        if name == "report":
            lengths[name] = _MOST[name]
            continue
        ending = run(line, folder)
        lengths[name] = max(ending.seconds, 0.2)
        if name == "train":
            weights = _digest(folder / "fresh/model.safetensors")
    names = list(_LINES)
    for number in range(count):
        random_numbers = random.Random(f"{seed} {number}")
        name, line = names[number % len(names)], _LINES[names[number % len(names)]]
        folder = _fresh(stage, work)
        sent = _SIGNALS[number % len(_SIGNALS)]
        if number // len(names) % 7 == 6:
            found = _while_importing(line, folder, sent, random_numbers)
            yield f"{name}, imports, {sent.name}", found
            continue
        if name != "report" and random_numbers.random() < 0.5:
            run(line, folder)  # what it wrote before is there
            if name == "train":
                shutil.rmtree(folder / "fresh", ignore_errors=True)
        ending = run(line, folder, kill=(sent, spread(random_numbers, lengths[name])))
        expected = {-sent} if sent == signal.SIGKILL else {130}
        if ending.killed:
            found = faults_of(ending, expected | ALLOWED[name], folder)
        else:
            found = faults_of(ending, ALLOWED[name], folder)
        found += [f"half a file ({path.relative_to(folder)})" for path in _halves(folder)]
        if name == "train" and not found:
            found += _goes_on(line, folder, weights)
        yield f"{name}, {sent.name}", [f"{kind}: {ending.status} {ending.error[-300:]}" for kind in found]


def _fresh(stage: Path, work: Path) -> Path:
    copy = work / "kills"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(stage, copy)
    return copy


def _halves(folder: Path) -> Iterator[Path]:
    kinds = {".json", ".png", ".svg", ".html", ".safetensors"}
    for path in folder.rglob("*"):
        if path.suffix in kinds and path.is_file() and not whole(path):
            yield path


def _goes_on(line: tuple[str, ...], folder: Path, weights: str) -> list[str]:
    again = run(line, folder)
    if again.status != 0:
        return [f"a training that does not go on: {again.error[-200:]}"]
    return [] if _digest(folder / "fresh/model.safetensors") == weights else ["other weights after going on"]


def _digest(path: Path) -> str:
    """Of the tensors: the header has accuracies alone, which are the same."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _while_importing(
    line: tuple[str, ...], folder: Path, sent: signal.Signals, random_numbers: random.Random
) -> list[str]:
    python = [sys.executable, "-m", "invariance", *line]
    environment = os.environ | {"PYTHONPATH": str(Path.cwd())}
    process = subprocess.Popen(python, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)
    time.sleep(random_numbers.uniform(0.3, 2.5))  # before that Python itself has not begun
    process.send_signal(sent)
    try:
        _, error = process.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return ["hang"]
    found = []
    if process.returncode not in ({-9} if sent == signal.SIGKILL else {130}) and process.returncode not in (0, 1, 3):
        found.append(f"wrong status: {process.returncode} {error[-300:]!r}")
    if b"Traceback" in error:
        found.append(f"traceback: {error[-300:]!r}")
    return found
