"""The C library's allocator, told to keep what a training step frees."""

from __future__ import annotations

import ctypes
import sys

__all__ = ["keep_freed_memory"]

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3


def keep_freed_memory() -> bool:
    """Keep freed memory in this process for good; whether the allocator was told, which only glibc's can be.

    A training step on a CPU takes the same tens of megabytes again and again. Given back each time, every page of them
    costs a fault: a third of the time of DiffCNN's front.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    largest = 2**31 - 1
    return all(
        mallopt(*option) for option in ((_TRIM_THRESHOLD, largest), (_TOP_PAD, 2**28), (_MMAP_THRESHOLD, largest))
    )
