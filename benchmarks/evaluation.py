"""Evaluation under warps against the bare network on as many images.

    python -m benchmarks.evaluation

`evaluate` warps each image once a cell and shows it to the network; the bare network gets the same images unwarped, in
batches of the same size. Draws are made beforehand on one side, as they are once for all networks.
"""

from functools import partial

import torch
from torch import nn

from benchmarks.timing import interleaved
from invariance.experiments.data import Dataset, to_float
from invariance.experiments.evaluation import Protocol, draw_all, evaluate
from invariance.models import build

IMAGES, BATCH = 200, 100


@torch.inference_mode()
def bare(net: nn.Module, images: torch.Tensor, times: int) -> None:
    for _ in range(times):
        for part in images.split(BATCH):
            net(to_float(part))


def main() -> None:
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(256, (IMAGES, 3, 32, 32), generator=generator, dtype=torch.uint8)
    data = Dataset(images, torch.randint(10, (IMAGES,), generator=generator), tuple("abcdefghij"))
    print(f"torch {torch.__version__}, CPU, one thread, {IMAGES} images, batch {BATCH}; ms an image and cell")
    for name, protocol in (
        ("cnn", Protocol()),
        ("cnn", Protocol(interpolation="cubic")),
        ("diffcnn-cnn", Protocol()),
    ):
        net = build(name, generator=generator).eval()
        draws = draw_all(protocol, IMAGES, (32, 32))
        ours, theirs = interleaved(
            [
                partial(evaluate, {name: net}, data, protocol, draws=draws, batch=BATCH),
                partial(bare, net, images, len(draws)),
            ],
            rounds=5,
        )
        each = 1e3 / (IMAGES * len(draws))
        label = f"{name}, {protocol.interpolation}"
        print(f"{label:<24} warped {ours * each:7.3f} bare {theirs * each:7.3f} ratio {ours / theirs:5.2f}")


if __name__ == "__main__":
    main()
