"""One run of a command in a process of its own, and what is wrong with how it ended."""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from invariance.verdicts import INTERRUPTED

__all__ = ["SECONDS", "Ending", "faults_of", "run", "whole"]

SECONDS = 60.0
"""After which a command counts as hanging; so many times longer as processes wait for each core."""

MARK = "RAN"
"""The name of the file that code hidden in an input makes."""


@dataclass(frozen=True)
class Ending:
    """How a run ended: `status` is negative where a signal ended it, None where it hung."""

    arguments: tuple[str, ...]
    status: int | None
    out: str
    error: str
    seconds: float
    killed: int = 0
    extra: tuple[str, ...] = field(default=())


def run(
    arguments: Sequence[str],
    folder: Path,
    *,
    kill: tuple[int, float] | None = None,
    disk: int | None = None,
    seconds: float = SECONDS,
) -> Ending:
    """`invariance ARGUMENTS` in `folder`, in a fork of this process, which has imported torch already.

    Args:
        kill: a signal, and after how many seconds it is sent.
        disk: how many bytes a file may have: what does not fit meets a full disk.
        seconds: after which it counts as hanging.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as error:
        begin = time.monotonic()
        numbers = (signal.SIGINT, signal.SIGTERM)
        # What is sent before the command has begun is the drill's own business.
        before = [signal.signal(number, lambda *_: os._exit(INTERRUPTED)) for number in numbers] if kill else []
        child = os.fork()
        for number, handler in zip(numbers, before, strict=False) if child else ():
            signal.signal(number, handler)
        if child == 0:
            _become(arguments, folder, out.fileno(), error.fileno(), disk)
        status, sent = _wait(child, begin, kill, seconds)
        for file in (out, error):
            file.seek(0)
        said = [file.read().decode("utf-8", "replace") for file in (out, error)]
    return Ending(tuple(arguments), status, said[0], said[1], time.monotonic() - begin, sent)


def _become(arguments: Sequence[str], folder: Path, out: int, error: int, disk: int | None) -> None:
    code = 99
    try:
        os.dup2(out, 1)
        os.dup2(error, 2)
        sys.stdout, sys.stderr = open(1, "w", closefd=False), open(2, "w", closefd=False)  # noqa: SIM115
        os.chdir(folder)
        if disk is not None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (disk, disk))
        sys.argv = ["invariance", *arguments]
        from invariance.cli import main

        main()
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 98
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (OSError, ValueError):
                code = code or 97
        os._exit(code)


def _wait(child: int, begin: float, kill: tuple[int, float] | None, seconds: float) -> tuple[int | None, int]:
    sent = 0
    while True:
        done, raw = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(raw), sent
        passed = time.monotonic() - begin
        if kill and not sent and passed >= kill[1]:
            sent = kill[0]
            os.kill(child, sent)
        if passed > seconds * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1)):
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return None, sent
        time.sleep(0.005)


def faults_of(ending: Ending, allowed: set[int], folder: Path) -> list[str]:
    """What is wrong: kinds as in the page's table."""
    found = list(ending.extra)
    if ending.status is None:
        found.append("hang")
    if "Traceback (most recent call last)" in ending.error or "Traceback (most recent call last)" in ending.out:
        found.append("traceback")
    if ending.status is not None and ending.status not in allowed:
        found.append("wrong status")
    if ending.status == 2 and not ending.error.rstrip().rpartition("\n")[2].startswith("invariance: "):
        found.append("no line that says why")
    if any(path.exists() for path in (folder / MARK, Path.cwd() / MARK)):
        found.append("execution")
        for path in (folder / MARK, Path.cwd() / MARK):
            path.unlink(missing_ok=True)
    return found


def whole(path: Path) -> bool:
    """Whether a file is as its writer leaves it."""
    content = path.read_bytes()
    if path.suffix == ".json":
        try:
            json.loads(content)
        except ValueError:
            return False
        return True
    if path.suffix == ".safetensors":
        size = int.from_bytes(content[:8], "little")
        header = json.loads(content[8 : 8 + size])
        ends = [value["data_offsets"][1] for name, value in header.items() if name != "__metadata__"]
        return len(content) == 8 + size + max(ends, default=0)
    endings = {".png": b"IEND\xaeB`\x82", ".svg": b"</svg>", ".html": b"</html>", ".md": b"\n"}
    return content.rstrip(b"\n").endswith(endings.get(path.suffix, b"").rstrip(b"\n"))


def spread(random_numbers: random.Random, most: float) -> float:
    """Moments of a run: most of them early, where it begins to write nothing yet, and some late."""
    return most * random_numbers.random()
