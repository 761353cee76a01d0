"""Command lines with wrong, empty, huge and repeated values; and right ones on a full disk."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import click

from .outcome import faults_of, run, whole
from .stage import TABLE

__all__ = ["ALLOWED", "BASES", "command_lines"]

BASES: dict[str, tuple[str, ...]] = {
    "verify": ("verify", "--only", "P1", "--json", "ledger.json", "--markdown", "ledger.md"),
    "check": (
        "check",
        "nets.py:Good",
        "--input",
        "3,8,8",
        "--group",
        "p4",
        "--claim",
        "equivariant",
        "--json",
        "out.json",
    ),
    "prove": ("prove", "nets.py:Good", "--input", "3,8,8", "--group", "p4", "--json", "proof.json"),
    "verify a proof": ("prove", "nets.py:Sum", "--input", "3,8,8", "--verify", "proof.json"),
    "doctor": ("doctor", "nets.py:Bad", "--input", "3,8,8", "--group", "p4", "--json", "doctor.json"),
    "compare": (
        *("compare", "nets.py:Scores", "--images", "images.npy", "--labels", "labels.npy", "--scales", "0.1"),
        *("--json", "compared.json"),
    ),
    "plot": ("plot", "curve.json", "--output", "drawn.png"),
    "replay": ("replay", "bad.json"),
    "curve": (
        *("curve", "--output", "curve.png", "--model", "plain-cnn", "--images", "pictures", "--size", "9"),
        *("--scales", "0.1", "--draws", "1"),
    ),
    "train": ("train", "z2cnn:width=2", "--dataset", "mnist", "--data", "data", "--epochs", "2", "--out", "run"),
    "table": (*TABLE, "--runs", "table/runs"),
    "report": ("report", "--output", "missing/of/x", "--images", "nowhere"),
    "profile": ("profile", "nets.py:Good", "--input", "3,8,8", "--json", "profile.json"),
    "groups": ("groups",),
    "fields": ("fields",),
}
ALLOWED = {name: {0, 2} for name in BASES} | {
    "verify": {0, 1, 2},
    "report": {1, 2},
    **{name: {0, 1, 2, 3} for name in ("check", "prove", "replay", "doctor", "verify a proof")},
}
_VALUES = (
    *(
        "",
        " ",
        "-1",
        "0",
        "1",
        "2",
        "1.5",
        "1e308",
        "-1e308",
        "nan",
        "inf",
        "-inf",
        "99999999999999999999",
        "2147483648",
    ),
    *(
        "abc",
        "0,0",
        "1,",
        ",",
        "3,8",
        "3,8,8,8",
        "0.1,0.1",
        "0",
        "100000",
        "9" * 5000,
        "é",
        "σ",
        "--",
        "-h",
        "a b",
        ".",
        "..",
    ),
    *(
        "/dev/null",
        "/dev/full",
        "/dev/zero",
        "/dev/stdin",
        "missing/x.png",
        "missing/x.json",
        "pictures",
        "/",
        "/proc/self/mem",
    ),
    *(
        "x.gif",
        "x.png",
        "x.json",
        "pipe",
        "link",
        "circle",
        "unrelated.png",
        "unrelated.json",
        "nets.py",
        "pipe.py",
        "pipe.py:x",
        "pipe.pt2",
        "a" * 300,
    ),
    *(
        "nets.py:leaves",
        "exits.py:x",
        "nets.py:breaks",
        "nets.py:nothing",
        "nets.py:random",
        "nets.py:eats",
        "nets.py:",
    ),
    *(
        "os:system",
        "sys:exit",
        "nets.py:Good",
        "nets.py:torch",
        "timm:resnet18",
        "torchvision:x",
        "net.pt2",
        "run",
        "data",
    ),
    *(
        "p4",
        "p4m",
        "translation",
        "rotation",
        "C(8)",
        "C(0)",
        "C(99999)",
        "SO(3)",
        "S(12)",
        "x(",
        "float32",
        "float16",
        "cuda",
    ),
    *(
        "equivariant",
        "covariant",
        "regular",
        "diffcnn:channels=2",
        "diffcnn:channels=100000000",
        "diffcnn:channels=4,channels=5",
    ),
    *(
        "diffcnn:",
        "plain-cnn:width=1e9",
        "cnn",
        "z2cnn",
        "smooth",
        "affine",
        "twirl",
        "analytic",
        "photographs",
        "rotmnist",
    ),
)


def command_lines(stage: Path, work: Path, count: int, seed: int) -> Iterator[tuple[str, list[str]]]:
    """(the line, what is wrong) for each of `count` lines; one in ten meets a full disk."""
    names = list(BASES)
    known = {name: _options(BASES[name][0]) for name in names}
    copy = work / "lines"
    for number in range(count):
        if number % 25 == 0:
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(stage, copy)
            _furnish(copy)
        random_numbers = random.Random(f"{seed} {number}")
        name = names[number % len(names)]
        full = number // len(names) % 10 == 9
        line = BASES[name] if full else _mutated(BASES[name], known[name], random_numbers)
        if number == names.index("report") and count >= len(names) * 10:
            yield " ".join(_WHOLE_REPORT), _whole_report(copy)
            continue
        before = {path: path.read_bytes() for path in copy.iterdir() if path.is_file()}
        ending = run(line, copy, disk=100 if full else None)
        found = faults_of(ending, ALLOWED[name], copy)
        found += _lost(before, ending.status, copy, line)
        yield f"{' '.join(line)[:300]}", [f"{kind}: {ending.status} {ending.error[-300:]}" for kind in found]


_WHOLE_REPORT = ("report", "--output", "page")


def _whole_report(folder: Path) -> list[str]:
    """All claims and figures: minutes."""
    ending = run(_WHOLE_REPORT, folder, seconds=1200)
    found = faults_of(ending, {0}, folder)
    pages = (
        {path.name for path in (folder / "page").iterdir() if path.is_file() and whole(path)} if not found else set()
    )
    if not {"index.html", "report.json"} <= pages:
        found.append("half a file (page)")
    return [f"{kind}: {ending.status} {ending.error[-300:]}" for kind in found]


def _furnish(folder: Path) -> None:
    (folder / "unrelated.json").write_text('{"a thesis": 1}\n', encoding="utf-8")
    for name in ("pipe", "pipe.py", "pipe.pt2"):
        os.mkfifo(folder / name)
    (folder / "link").symlink_to("unrelated.json")
    (folder / "circle").symlink_to("circle")


def _options(name: str) -> list[str]:
    from invariance.cli.commands import cli

    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    return [
        option
        for parameter in command.params
        for option in parameter.opts
        if option.startswith("--") and option != "--traceback"
    ]


def _mutated(base: tuple[str, ...], options: list[str], random_numbers: random.Random) -> tuple[str, ...]:
    line = list(base)
    for _ in range(random_numbers.choice((1, 1, 2, 3))):
        value = random_numbers.choice(_VALUES)
        kind = random_numbers.random()
        if kind < 0.45 and len(line) > 2:
            line[random_numbers.randrange(1, len(line))] = value
        elif kind < 0.85:
            line += [random_numbers.choice(options or ["--none"]), value]
        elif kind < 0.93:
            line.append(value)
        else:
            del line[random_numbers.randrange(1, len(line) + 1) - 1 or len(line) - 1]
    return tuple(line[:1] if not line else [base[0], *line[1:]])


def _lost(before: dict[Path, bytes], status: int | None, folder: Path, line: tuple[str, ...]) -> list[str]:
    """Files that are gone, changed without having been named, or half written."""
    found = []
    for path, content in before.items():
        if not path.exists():
            found.append(f"file lost ({path.name})")
        elif path.read_bytes() != content and (status == 2 or not _named(path, line)):
            found.append(f"file changed ({path.name})")
    for path in folder.iterdir():
        written = path.is_file() and not path.is_symlink() and path not in before
        if (written and path.name.endswith(".partial")) or (written and not whole(path)):
            found.append(f"half a file ({path.name})")
    return found


def _named(path: Path, line: tuple[str, ...]) -> bool:
    """Whether the line names the file, a link to it, or a file from whose name its own follows."""
    if path.name in ("unrelated.json", "link"):
        return "unrelated.json" in line or "link" in line
    return any(path.name in word or path.stem == Path(word).stem for word in line)
