"""A training step of each network against that of a planar one with as many channels, layout and precision varied.

    python -m benchmarks.models [NETWORK PEER BATCH]

Forward, cross-entropy, backward, on random images; both in turn in one process, one thread; medians. As in
`invariance train`, freed memory is kept.
"""

import sys
from collections.abc import Callable

import torch
from torch.nn.functional import cross_entropy

from benchmarks.timing import interleaved
from invariance.experiments.memory import keep_freed_memory
from invariance.models import build_spec

PAIRS = [
    ("diffcnn-cnn", "cnn", 100),
    ("st-cnn", "cnn", 100),
    ("cpab-cnn", "cnn", 100),
    ("rotdcf-cnn", "cnn", 100),
    ("rotdcf-cnn:functions=12,modes=7", "cnn", 100),
    ("rotdcf-cnn:kernel_size=3", "cnn", 100),
    ("surface", "cnn", 100),
    ("surface-4", "cnn", 100),
    ("surface-8", "cnn", 100),
    ("surface-4:head=lipschitz", "cnn", 100),
    ("surface+cnn", "cnn", 100),
    ("diffcnn-weighted", "cnn", 100),
    ("p4cnn", "z2cnn:width=40,dropout=0", 128),
    ("p4cnn-autorotation", "z2cnn:width=40,dropout=0", 128),
    ("allcnn-p4", "allcnn-z2:width=192", 8),
    ("resnet44-p4", "resnet44-z2:width=64", 8),
]
LAYOUTS = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}


def step(spec: str, batch: int, layout: torch.memory_format, narrow: bool) -> Callable[[], None]:
    """A training step of the network `spec`, under autocast to bfloat16 if `narrow`."""
    generator = torch.Generator().manual_seed(0)
    net = build_spec(spec, generator=generator)
    for parameter in net.parameters():
        if parameter.ndim == 4:
            parameter.data = parameter.data.contiguous(memory_format=layout)
    shape = (1, 28, 28) if spec.startswith(("z2cnn", "p4cnn")) else (3, 32, 32)
    images = torch.randn(batch, *shape, generator=generator).contiguous(memory_format=layout)
    labels = torch.randint(10, (batch,), generator=generator)

    def run() -> None:
        net.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=narrow):
            logits = net(images)
        cross_entropy(logits.float(), labels).backward()

    return run


def main() -> None:
    torch.set_num_threads(1)
    keep_freed_memory()
    pairs = [(sys.argv[1], sys.argv[2], int(sys.argv[3]))] if len(sys.argv) == 4 else PAIRS
    print(f"torch {torch.__version__}, CPU, one thread; ms a training step")
    for ours, peer, batch in pairs:
        print(f"{ours} / {peer}, batch {batch}")
        for narrow in (False, True):
            for name, layout in LAYOUTS.items():
                a, b = interleaved([step(spec, batch, layout, narrow) for spec in (ours, peer)])
                precision = "bfloat16" if narrow else "float32"
                print(f"  {precision:<9} {name:<14} {1e3 * a:7.0f} {1e3 * b:7.0f} {a / b:6.2f}")


if __name__ == "__main__":
    main()
