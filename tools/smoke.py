"""Whether an installed `invariance` works at all: `python tools/smoke.py`, where this folder's own is not on the path.

A measurement, a proof, a curve, the ledger and the command line, on the torch that is there.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

NETS = """
from torch import nn

def net():
    return nn.Sequential(nn.Conv2d(3, 4, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
"""

COMMANDS = (
    "--help",
    "verify --only T2.d",
    "check nets.py:net --input 3,9,9 --group p4",
    "prove nets.py:net --input 3,9,9 --group p4",
    "curve --output curve.png --model nets.py:net --images analytic --size 16 --draws 1 --scales 0.1,0.2",
)


def main() -> None:
    """Print the versions; raise where something does not work."""
    import numpy
    import torch

    import invariance

    place = Path(invariance.__file__).parent
    assert place.parent != Path(__file__).parents[1], "this is the source folder, not an installed package"
    generator = torch.Generator().manual_seed(0)
    images = invariance.AnalyticImage.random(4, generator=generator, cutoff=2, window=0.35)
    net = invariance.DiffCNN(channels=4, kernel_size=1, generator=generator).double()
    curve = invariance.invariance_curve(net, images, warp="smooth", scales=(0.01, 0.1), generator=generator, size=32)
    assert bool((curve.error > 0.01).all())
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "nets.py").write_text(NETS, encoding="utf-8")
        for line in COMMANDS:
            subprocess.run([sys.executable, "-m", "invariance", *line.split()], cwd=folder, check=True, timeout=900)
    versions = f"Python {sys.version.split()[0]}, torch {torch.__version__}, numpy {numpy.__version__}"
    print(f"invariance {invariance.__version__} works with {versions}")


if __name__ == "__main__":
    main()
