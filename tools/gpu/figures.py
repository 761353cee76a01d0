"""Speed on the card, every row a ratio against a peer or against what the card itself can do, in one run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.flop_counter import FlopCounterMode

from invariance.checking import check
from invariance.experiments.captured import CapturedStep
from invariance.groups import P4, P4M
from invariance.layers import GroupConv2d, JacobianConv2d, JacobianHead, LogDetInvariant, SignNonlinearity
from invariance.measure import invariance_curve
from invariance.models import build
from invariance.warps import random_cpab, random_homography, warp_images

from .machine import Machine, milliseconds

__all__ = ["FIGURES"]

Row = dict[str, Any]
PRECISIONS = ("float32", "tf32", "bfloat16")


def limits(machine: Machine) -> Row:
    """What the card copies and multiplies a second: the roofs that the other rows are held against."""
    n = machine.size(2**28, 2**18)
    source, target = torch.ones(2, n // 4, device=machine.device).unbind()
    (copied,) = milliseconds([lambda: target.copy_(source)], machine)
    side = machine.size(8192, 128)
    rates = {}
    for precision in PRECISIONS:
        a = torch.ones(side, side, device=machine.device, dtype=getattr(torch, precision, torch.float32))
        with _precision(precision):
            (took,) = milliseconds([lambda a=a: a @ a], machine)
        rates[precision] = 2 * side**3 / took / 1e9
    return {"copy_gb_per_s": 2 * n / copied / 1e6, "matmul_tflop_per_s": rates}


def stage(machine: Machine) -> Row:
    """The DiffCNN stage and its parts against the convolution of the same FLOPs, and against reading and writing once.

    A pixel and channel of a field has six numbers: the sign reads and writes six, the logarithm reads six, writes one,
    and so do both together, in torch, by Triton, and by torch.compile. `with backward`: forward and backward of the
    stage, and of the planar convolution.
    """
    batch, size = machine.size(256, 2), machine.size(64, 12)
    x = machine.normal(batch, 16, 3, 2, size, size)
    convolution = JacobianConv2d(16, 16, 3, padding=1).to(machine.device)
    sign, logarithm = SignNonlinearity().to(machine.device), LogDetInvariant()
    planar = nn.Conv2d(48, 48, 3, padding=1, bias=False).to(machine.device)
    flat = x.movedim(3, 1).flatten(0, 1).flatten(1, 2)
    both, whole = JacobianHead(sign, logarithm), JacobianHead(convolution, sign, logarithm)
    runs: dict[str, Callable[[], object]] = {
        "planar convolution": partial(planar, flat),
        "convolution": partial(convolution, x),
        "sign": partial(sign, x),
        "log-determinant": partial(logarithm, x),
        "both": partial(both, x),
        "stage": partial(whole, x),
        "copy of the field": x.clone,
    }
    learning: dict[str, Callable[[], object]] = {
        "planar convolution": partial(_step, planar, flat),
        "stage": partial(_step, whole, x),
    }
    if not machine.dry:
        compiled = {"both": torch.compile(both), "stage": torch.compile(whole)}
        runs |= {f"{name}, compiled": partial(module, x) for name, module in compiled.items()}
        learning["stage, compiled"] = partial(_step, compiled["stage"], x)
        by_kernel = JacobianHead(sign, logarithm), JacobianHead(convolution, sign, logarithm)
        for head in by_kernel:
            head.kernel = True
        if find_spec("triton") is not None:
            runs |= {"both, Triton": partial(by_kernel[0], x), "stage, Triton": partial(by_kernel[1], x)}
            learning["stage, Triton"] = partial(_step, by_kernel[1], x)
    with torch.no_grad():
        took = dict(zip(runs, milliseconds(list(runs.values()), machine), strict=True))
    learned = dict(zip(learning, milliseconds(list(learning.values()), machine), strict=True))
    copied = took["copy of the field"]
    least = {name: copied * (1 if name == "sign" else 7 / 12) for name in took if name[:4] in ("sign", "log-", "both")}
    return {
        "milliseconds": took,
        "ratio": _over(took, "planar convolution", "stage"),
        "with backward": {"milliseconds": learned, "ratio": _over(learned, "planar convolution", "stage")},
        "of_the_memory_roofline": {name: took[name] / value for name, value in least.items()},
    }


def _over(took: dict[str, float], peer: str, kind: str) -> dict[str, float]:
    return {name: value / took[peer] for name, value in took.items() if name.startswith(kind)}


def group_convolutions(machine: Machine) -> Row:
    """p4 and p4m against the planar convolution of as many channels, and against escnn's where it is installed,
    forward and backward.
    """
    found = {}
    batch, size = machine.size(128, 2), machine.size(32, 9)
    for group in (P4, P4M):
        layer = GroupConv2d(group, 16, 16, 3, 1, 1).to(machine.device)
        planar = nn.Conv2d(16 * group.order, 16 * group.order, 3, padding=1).to(machine.device)
        x = machine.normal(batch, 16, group.order, size, size)
        runs: dict[str, Callable[[], object]] = {
            "ours": partial(_step, layer, x),
            "planar": partial(_step, planar, x.flatten(1, 2)),
        }
        with suppress(ImportError):
            runs["escnn"] = _escnn(group.name, x.flatten(1, 2))
        took = dict(zip(runs, milliseconds(list(runs.values()), machine), strict=True))
        found[group.name] = {"milliseconds": took, "ratio": {n: took["ours"] / took[n] for n in took if n != "ours"}}
    return found


def _escnn(group: str, x: Tensor) -> Callable[[], object]:
    """A step of its convolution between 16 regular fields of p4 or p4m."""
    from escnn import gspaces
    from escnn import nn as peer

    space = gspaces.rot2dOnR2(4) if group == "p4" else gspaces.flipRot2dOnR2(4)
    fields = peer.FieldType(space, 16 * [space.regular_repr])
    layer = peer.R2Conv(fields, fields, kernel_size=3, padding=1).to(x.device)
    return lambda: layer(fields(x)).tensor.square().mean().backward()


def resampling(machine: Machine) -> Row:
    """Spline warps against torch's bicubic of 16 taps, and a CPAB flow against a homography."""
    batch, size = machine.size(128, 2), machine.size(64, 12)
    images = machine.normal(batch, 3, size, size)
    drawn = torch.Generator().manual_seed(0)
    flat, bent = (f(batch, 0.1, generator=drawn, device=machine.device) for f in (random_homography, random_cpab))
    grid = machine.normal(batch, size, size, 2).tanh()
    peer = partial(nn.functional.grid_sample, images, grid, mode="bicubic", align_corners=False)
    runs: list[Callable[[], object]] = [peer, partial(warp_images, images, flat), partial(warp_images, images, bent)]
    bicubic, cubic, cpab = milliseconds(runs, machine)
    return {"bicubic": bicubic, "cubic": cubic, "cpab": cpab, "ratio": cubic / bicubic}


def checks(machine: Machine) -> Row:
    """A check and a curve of All-CNN on the card against the CPU, in seconds: not by events, the host takes part."""
    net = build("allcnn-p4", width=machine.size(32, 2)).eval()
    images, found = machine.normal(machine.size(32, 2), 3, 33, 33), {}
    for device in dict.fromkeys((machine.device, "cpu")):
        start = time.perf_counter()
        verdict = check(net, input_shape=(3, 33, 33), group="p4", images=2, device=device, dtype=torch.float32).verdict
        checked = time.perf_counter()
        drawn = torch.Generator().manual_seed(0)
        invariance_curve(net.to(device), images.to(device), warp="homography", scales=(0.05, 0.1), generator=drawn)
        found[device] = {"check": checked - start, "verdict": verdict, "curve": time.perf_counter() - checked}
    return found


def training_steps(machine: Machine) -> Row:
    """A step of DiffCNN + CNN and of RotDCF + CNN against one of the CNN, by width and precision; images a second, and
    how many there would be if the card multiplied all the time. `captured`: as `invariance train` does it on a card,
    one launch for all kernels of a step.
    """
    batch = machine.size(100, 4)
    images, labels = machine.normal(batch, 3, 32, 32), torch.arange(batch, device=machine.device) % 10
    rates = limits(machine)["matmul_tflop_per_s"]
    found: Row = {}
    for width in dict.fromkeys((machine.size(32, 8), machine.size(128, 8))):
        for precision in PRECISIONS:
            nets = {name: build(name, width=width).to(machine.device) for name in ("cnn", "diffcnn-cnn", "rotdcf-cnn")}
            steps = {name: _learner(net, machine, precision) for name, net in nets.items()}
            captured = {name: step if machine.dry else CapturedStep(step) for name, step in steps.items()}
            with _precision(precision):
                runs = [partial(step, images, labels) for step in (*steps.values(), *captured.values())]
                took = milliseconds(runs, machine)
            for way, times in (("", took[: len(nets)]), (", captured", took[len(nets) :])):
                named = dict(zip(nets, times, strict=True))
                found[f"width {width}, {precision}{way}"] = {
                    "milliseconds": named,
                    "ratio": {name: named[name] / named["cnn"] for name in named if name != "cnn"},
                    "images_per_s": {name: 1e3 * batch / value for name, value in named.items()},
                    "limit_images_per_s": {
                        name: 1e12 * rates[precision] / _flops(net, images) for name, net in nets.items()
                    },
                }
    return found


def compiled_step(machine: Machine, name: str) -> Row:
    """A training step in bfloat16 by torch.compile against the same as it is; the seconds until the first is done."""
    batch, width = machine.size(100, 4), machine.size(32, 8)
    images, labels = machine.normal(batch, 3, 32, 32), torch.arange(batch, device=machine.device) % 10
    net = build(name, width=width).to(machine.device)
    compiled: Any = net if machine.dry else torch.compile(net)  # a compiler for the CPU is not always there
    start = time.perf_counter()
    runs = [partial(_learner(module, machine, "bfloat16"), images, labels) for module in (net, compiled)]
    runs[1]()
    first = time.perf_counter() - start
    off, on = milliseconds(runs, machine)
    return {"as it is": off, "compiled": on, "ratio": on / off, "seconds_to_compile": first}


FIGURES: dict[str, Callable[[Machine], Row]] = {
    "limits": limits,
    "stage": stage,
    "group convolutions": group_convolutions,
    "resampling": resampling,
    "training steps": training_steps,
    "checks": checks,
    "compiled step of cnn": partial(compiled_step, name="cnn"),
    "compiled step of diffcnn-cnn": partial(compiled_step, name="diffcnn-cnn"),
}


def _step(layer: Callable[[Tensor], Tensor], x: Tensor) -> None:
    layer(x).square().mean().backward()


def _learner(net: nn.Module, machine: Machine, precision: str) -> Callable[[Tensor, Tensor], Tensor]:
    """A step of Adam as `invariance train` makes it."""
    optimizer = torch.optim.Adam(net.parameters(), fused=True, capturable=not machine.dry)

    def step(images: Tensor, labels: Tensor) -> Tensor:
        optimizer.zero_grad()
        with torch.autocast(images.device.type, torch.bfloat16, enabled=precision == "bfloat16"):
            loss = cross_entropy(net(images).float(), labels)
        loss.backward()
        optimizer.step()
        return loss.detach()

    return step


def _flops(net: nn.Module, images: Tensor) -> float:
    """Of a step for one image, forward and backward."""
    with FlopCounterMode(display=False) as counter:
        net(images[:2]).sum().backward()
    return counter.get_total_flops() / 2


@contextmanager
def _precision(name: str) -> Iterator[None]:
    """TF32 allowed or not, while a row is measured."""
    before = torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = name == "tf32"
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32 = before
