"""What a proof takes after the export, what the export takes, and how far a forward bound is from what is found.

    python -m benchmarks.prove [ROUNDS]

ResNet44 under p4m at 33×33, a ResNet-50 with symmetric filters at 225×225, All-CNN-C at 33×33: median seconds of
processor time of a generator, of the export, and of the checker for all generators; peak memory of the process. Then
shallow convolutional networks whose filters are symmetric to float32 only: the bound on |T(gx) − P T(x)| over the box
|x| ≤ 1 over the largest difference that was found in it. One thread.
"""

import json
import resource
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial

import torch
from torch import nn

from invariance.layers import to_planar
from invariance.models import build
from invariance.proving import prove, prove_program, trace
from invariance.proving.checker import verify
from invariance.proving.question import question_of
from tools.prove_study.tried import ResNet50

NETWORKS: dict[str, tuple[Callable[[], nn.Module], int]] = {
    "All-CNN-C p4m": (lambda: to_planar(build("allcnn-p4m").eval()), 33),
    "ResNet44 p4m": (lambda: to_planar(build("resnet44-p4m").eval()), 33),
    "ResNet-50, symmetric filters": (ResNet50, 225),
}


def timed(run: Callable[[], object], rounds: int) -> float:
    """Median seconds of processor time."""
    found = []
    for _ in range(rounds):
        start = time.process_time()
        run()
        found.append(time.process_time() - start)
    return statistics.median(found)


def nearly(layers: int, channels: int, seed: int) -> nn.Module:
    """Convolutions with filters symmetric under p4m up to a rounding of float32."""
    generator = torch.Generator().manual_seed(seed)
    parts: list[nn.Module] = []
    before = 1
    for _ in range(layers):
        layer = nn.Conv2d(before, channels, 3, padding=1).double()
        w = torch.randn(layer.weight.shape, generator=generator, dtype=torch.float64)
        w = torch.stack([v.rot90(k, (2, 3)) for v in (w, w.flip(2)) for k in range(4)]).mean(0)
        noise = torch.randn(w.shape, generator=generator, dtype=torch.float64)
        with torch.no_grad():
            layer.weight.copy_(w + 6e-8 * w.abs().max() * noise.clamp(-1, 1))
        parts += [layer, nn.ReLU()]
        before = channels
    return nn.Sequential(*parts)


def main() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    print(f"torch {torch.__version__}, CPU, one thread; median of {rounds}, seconds of processor time")
    first = timed(partial(trace, nn.Identity(), [(1,)]), 1)
    print(f"the first export of a process: {first:.1f} for what torch loads then")
    proved = []
    for name, (make, size) in NETWORKS.items():
        model = make().eval()
        question = question_of("p4m", (3, size, size), "invariant", None)
        export = timed(partial(trace, model, question.shapes), rounds)
        program = trace(model, question.shapes)
        report = prove_program(program, question, search=False)
        each = timed(partial(prove_program, program, question, search=False), rounds) / len(question.generators)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(
            f"{name}, {size}×{size}: {report.verdict}, {report.operations} operations; a generator {each:.1f}, "
            f"export {export:.1f}; {memory:.1f} GiB at most so far",
            flush=True,
        )
        proved.append((name, model, report.certificate()))
    for name, model, certificate in proved:
        seconds = timed(partial(verify, json.loads(json.dumps(certificate)), model), 1)
        print(f"{name}: checker {seconds:.1f}", flush=True)
    worst = 0.0
    for layers in (1, 2, 3, 4):
        gaps = []
        for seed in range(5):
            report = prove(nearly(layers, 4, seed), input_shape=(1, 9, 9), group="p4m", search=False)
            if report.forward is not None:
                gaps.append(report.forward.bound / report.forward.found)
        worst = max([worst, *gaps])
        said = f"{min(gaps):.0f} to {max(gaps):.0f}" if gaps else "none within a thousand"
        print(f"{layers} layers: bound over found, {said} ({len(gaps)} of 5 told)")
    print(f"largest gap between bound and found difference: {worst:.0f}")


if __name__ == "__main__":
    main()
