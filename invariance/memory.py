"""How much memory there is, and a limit on what this process takes: Linux gives more than it has, and then kills."""

from __future__ import annotations

import contextlib
import resource
from pathlib import Path

from .errors import ArgumentError, reason_of

__all__ = ["available_memory", "is_out_of_memory", "limit_memory", "require_memory"]


def available_memory() -> int | None:
    """Bytes that this process can take without another's being swapped out; None where the system does not say."""
    free = []
    with contextlib.suppress(OSError, KeyError, ValueError):
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        free.append(1024 * int(dict(line.split(":") for line in lines)["MemAvailable"].split()[0]))
    with contextlib.suppress(OSError, ValueError):  # of a container
        group = Path("/sys/fs/cgroup")
        used = int((group / "memory.current").read_text(encoding="ascii"))
        free.append(int((group / "memory.max").read_text(encoding="ascii")) - used)
    return max(0, min(free)) if free else None


def limit_memory() -> None:
    """What is asked for beyond what there is raises MemoryError, or torch's error, in place of a kill without a word.

    Not on a machine with CUDA, whose driver reserves addresses by the terabyte.
    """
    free = available_memory()
    if free is None or Path("/dev/nvidiactl").exists():
        return
    with contextlib.suppress(OSError, ValueError, KeyError):
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
        taken = 1024 * int(dict(line.split(":", 1) for line in lines)["VmData"].split()[0])
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (taken + free, hard))


def is_out_of_memory(error: BaseException) -> bool:
    """Python's error, one of torch's, which on a CPU has no class of its own, or one that was raised from such."""
    return (
        isinstance(error, MemoryError)
        or (
            isinstance(error, RuntimeError)
            and (type(error).__name__ == "OutOfMemoryError" or "can't allocate memory" in reason_of(error))
        )
        or (error.__cause__ is not None and is_out_of_memory(error.__cause__))
    )


def require_memory(argument: str, value: object, needed: int) -> None:
    """Check an estimate before the work.

    Raises:
        ArgumentError: so many bytes are not there; says how many are.
    """
    free = available_memory()
    if free is not None and needed > free:
        wanted = f"less: it would take some {needed / 1e9:,.1f} GB of memory, and {free / 1e9:,.1f} GB are free"
        raise ArgumentError(argument, value, wanted)
