"""What the machine can do, in the same run: beside it the other numbers are read."""

from __future__ import annotations

import platform

import torch

from .timing import interleaved

__all__ = ["copy_rate", "limits"]


def copy_rate() -> float:
    """Bytes read and written in a second of the processor, by copies larger than its caches."""
    source = torch.ones(2**24)
    target = torch.empty_like(source)
    (seconds,) = interleaved([lambda: target.copy_(source)], 5)
    return 2 * source.nbytes / seconds


def limits() -> dict[str, str]:
    """Lines of the page by what they say."""
    found = {
        "processor": f"{platform.processor() or platform.machine()}, one thread",
        "torch": f"{torch.__version__}, Python {platform.python_version()}",
        "copying": f"{copy_rate() / 1e9:.0f} GB/s, read and written",
    }
    for dtype in (torch.float32, torch.float64):
        a = torch.ones(1024, 1024, dtype=dtype)
        (seconds,) = interleaved([lambda a=a: a @ a], 5)
        found[f"products of matrices, {str(dtype).removeprefix('torch.')}"] = f"{2e-9 * 1024**3 / seconds:.0f} GFLOP/s"
    return found
