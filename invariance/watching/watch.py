"""A fixed set of images and warps, and what a network in training does to them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import ArgumentError, ArgumentTypeError, UndefinedError
from ..labels import require_labels
from ..measure import invariance_curve
from ..measure.curve import Family, checked_scales, family_of
from ..measure.error import Model
from ..measure.warping import Claim, require_manner

__all__ = ["Watch", "as_it_is"]

Call = Callable[[Any, Tensor], Tensor]


class Watch:
    r"""`Watch(images, warp="rotation", scale=30)(net)` is {"rotation 30/error": E, …}, for any logger.

    The network is measured as it is, on its own device and in its own dtype, in eval mode and without gradients; its
    mode and torch's random state are left as they were. The warps are the same at every call, so that a change of E is
    the network's.

    Args:
        images: (batch, channels, height, width), at least two.
        warp, scale: as in `invariance_curve`: rotation by degrees, translation by pixels, or a random family.
        labels: classes of the images; also the accuracy under the warp is then given.
        claim: *invariant* or *equivariant*.
        call: how the network is called, `net(x)` by default; `lambda net, x: net(pixel_values=x).logits`.
        batch: images in one pass.

    Raises:
        ArgumentError, ArgumentTypeError: what cannot be measured, here and not in the training: images that are not
            finite, labels that are no class for each image, a warp, a size or a claim that is none.
    """

    def __init__(
        self,
        images: Tensor,
        *,
        warp: str | Family,
        scale: float,
        labels: Tensor | None = None,
        claim: Claim = "invariant",
        call: Call | None = None,
        batch: int = 32,
        draws: int = 1,
        seed: int = 0,
        name: str | None = None,
    ) -> None:
        if not isinstance(images, Tensor) or not images.is_floating_point():
            raise ArgumentTypeError("images", type(images).__name__, "a tensor of floating-point images")
        if images.ndim != 4 or len(images) < 2:
            raise ArgumentError("images.shape", tuple(images.shape), "(batch, channels, height, width), batch ≥ 2")
        if not images.isfinite().all():
            raise ArgumentError("images", "NaN or infinite values", "finite numbers")
        if labels is not None:
            require_labels(labels, len(images))
        if batch < 1:
            raise ArgumentError("batch", batch, "at least one image in a pass")
        require_manner(claim, 0.1)
        family_of(warp)
        checked_scales([scale], draws, warp)
        told = warp if isinstance(warp, str) else "warp"
        self.name = name or f"{told} {scale:g}"
        self.images = images
        self._call = call or (lambda net, x: net(x))
        self._options: dict[str, Any] = {
            "warp": warp,
            "scales": (scale,),
            "labels": labels,
            "claim": claim,
            "batch": batch,
            "draws": draws,
        }
        self._seed = seed

    def __call__(self, net: Model) -> dict[str, float]:
        """E, the consistency of a classifier, and with labels its accuracy; nan as E of a network that is constant.

        A constant network is no mistake at the start of a training, so that it stops none.
        """
        parameter = next(net.parameters(), self.images) if isinstance(net, nn.Module) else self.images
        like = {"device": parameter.device, "dtype": parameter.dtype}
        with as_it_is(net):
            curve = invariance_curve(
                lambda x: self._call(net, x.to(like["dtype"])),
                self.images.to(like["device"], torch.float32 if like["dtype"].itemsize < 4 else like["dtype"]),
                generator=torch.Generator().manual_seed(self._seed),
                **self._options,
            )
        try:
            error = float(curve.error[0])
        except UndefinedError:
            error = float("nan")
        found = {"error": error}
        if curve.same is not None:
            found["consistency"] = float(curve.consistency[0])
        if curve.correct is not None:
            found["accuracy"] = float(curve.accuracy[0])
        return {f"{self.name}/{key}": value for key, value in found.items()}


@contextmanager
def as_it_is(net: Model) -> Any:
    """Eval mode, layer by layer as it was afterwards; torch's random state too."""
    modes = {layer: layer.training for layer in net.modules()} if isinstance(net, nn.Module) else {}
    for layer in modes:
        layer.training = False
    try:
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            yield
    finally:
        for layer, mode in modes.items():
            layer.training = mode
