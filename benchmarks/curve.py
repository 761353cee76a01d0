"""What a curve of 10,000 images takes: time and the largest memory of a process, beside one of 1,000.

    python -m benchmarks.curve [IMAGES…]

`compare` on a stream of images of 32 pixels under rotations by 0 to 360°, the picture, the JSON and the CSV, as
`invariance curve` makes them, each number of images in a process of its own.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor, nn

from invariance import compare, plot_comparison
from invariance.files import write, write_json
from invariance.plots import save_figure

_BATCH = 50


def stream(count: int) -> Iterator[Tensor]:
    """Images that are never in memory together."""
    for seed in range(count // _BATCH):
        yield torch.rand(_BATCH, 3, 32, 32, generator=torch.Generator().manual_seed(seed))


def measure(count: int) -> None:
    begun = time.monotonic()
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    found = compare({"net": net}, stream(count), warp="rotation", dtype=torch.float32)
    with tempfile.TemporaryDirectory() as folder:
        save_figure(plot_comparison(found), Path(folder, "x.png"))
        write(Path(folder, "x.csv"), found.to_csv())
        write_json(Path(folder, "x.json"), found.to_dict())
    print(f"{count:,} images: {_peak():.0f} MiB, {time.monotonic() - begun:.0f} s", flush=True)


def _peak() -> float:
    """MiB, of this process alone: `ru_maxrss` begins with that of the one that started it."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    if sys.argv[1:2] == ["one"]:
        measure(int(sys.argv[2]))
    else:
        for count in map(int, sys.argv[1:] or ("1000", "10000")):
            subprocess.run([sys.executable, "-m", "benchmarks.curve", "one", str(count)], check=True)
