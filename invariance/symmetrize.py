r"""Symmetrise any network: the mean over a finite group makes it equivariant, whatever it was before.

$\bar F(x) = \frac{1}{|G|} \sum_g \rho_\text{out}(g)^{-1} F(\rho_\text{in}(g)\,x)$, for which
$\bar F(\rho_\text{in}(h)\,x) = \rho_\text{out}(h) \bar F(x)$ (Murphy et al., "Janossy pooling", 2019; Yarotsky, 2018).
"""

from __future__ import annotations

from typing import Any, Literal, get_args

import torch
from torch import Tensor, nn

from .errors import ArgumentError, ArgumentTypeError, one_of
from .fields import leaves, map_tree
from .groups import Element
from .measure.error import Model
from .symmetry import Symmetry

__all__ = ["How", "Symmetrized", "symmetrize"]

How = Literal["mean", "max", "canonical"]
"""The orbit's mean; its maximum, of invariant outputs; or one pass, of the input turned into a chosen pose."""


class Symmetrized(nn.Module):
    """What `symmetrize` makes; called as the network is.

    Attributes:
        passes: of the network for one of this module: the order of the group, or 1.
    """

    def __init__(self, net: Model, symmetry: Symmetry, how: How) -> None:
        super().__init__()
        self.net, self.symmetry, self.how = net, symmetry, how
        elements = symmetry.group.elements
        assert elements is not None
        self._elements: tuple[Element, ...] = elements
        self.passes = 1 if how == "canonical" else len(elements)

    def forward(self, *positional: Any, **named: Any) -> Any:
        inputs = named or (positional if isinstance(self.symmetry.inputs, tuple) else positional[0])
        if self.how == "canonical":
            assert isinstance(inputs, Tensor)
            return self._canonical(inputs)
        orbit = [self.symmetry.act_out(g.inverse(), self._call(self.symmetry.act(g, inputs))) for g in self._elements]
        return map_tree(self._pooled, orbit[0], *orbit[1:])

    def _call(self, inputs: Any) -> Any:
        net: Any = self.net
        if isinstance(inputs, tuple):
            return net(*inputs)
        return net(**inputs) if isinstance(inputs, dict) else net(inputs)

    def _pooled(self, *outputs: Tensor) -> Tensor:
        """Of an orbit in any order the same to the last bit: a sum would round differently."""
        ordered = torch.stack(outputs).sort(0).values
        if self.how == "mean" and not (ordered.is_floating_point() or ordered.is_complex()):
            raise ArgumentTypeError("net(inputs)", ordered.dtype, "numbers that have a mean, or how='max'")
        return ordered[-1] if self.how == "max" else ordered.mean(0)

    def _canonical(self, x: Tensor) -> Tensor:
        """Each sample in the pose in which a fixed, generic linear function of it is largest."""
        poses = [self.symmetry.act(g, x) for g in self._elements]
        if len({pose.shape for pose in poses}) > 1:
            raise ArgumentError("how", self.how, f"mean: of {tuple(x.shape[1:])} not every pose has that shape")
        orbit = torch.stack(poses)
        generator = torch.Generator().manual_seed(0)
        weights = torch.randn(x.shape[1:], generator=generator, dtype=torch.float64).to(x.device)
        score = (orbit.double() * weights).flatten(2).sum(2)
        pose = score.argmax(0)
        output = self.net(orbit[pose, torch.arange(len(x), device=x.device)])
        back = torch.stack([self.symmetry.act_out(g.inverse(), output) for g in self._elements])
        return back[pose, torch.arange(len(x), device=x.device)]

    def extra_repr(self) -> str:
        return f"{self.symmetry}, {self.how}: {self.passes} passes of the network for one"


def symmetrize(net: Model, symmetry: Symmetry, *, how: How = "mean") -> Symmetrized:
    r"""The network with the symmetry, exact where the group moves entries to entries.

    Its cost: as many passes of `net` as the group has elements for "mean" and "max"; one pass for "canonical", which is
    discontinuous where two poses are as good. An input that some element leaves as it is has no canonical pose, and an
    equivariant output then need not share that symmetry.

    Args:
        symmetry: a finite group of at most 48 elements; its fields say how inputs and outputs move.

    Raises:
        ArgumentError: an infinite or a larger group, one that resamples, "max" of an output that moves, "canonical" of
            several inputs or outputs.
        ArgumentTypeError: a group, or its name, in place of a symmetry; no network.

    >>> net = symmetrize(nn.Conv2d(1, 2, 3, padding=1), Symmetry("p4", "image:1x8x8", "image:2x8x8"))
    >>> x = torch.ones(1, 1, 8, 8).cumsum(-1)
    >>> bool(torch.equal(net(x.rot90(1, (2, 3))), net(x).rot90(1, (2, 3))))
    True
    >>> net.passes
    4
    """
    if how not in get_args(How):
        raise ArgumentError("how", how, one_of(how, get_args(How)))
    if not callable(net):
        raise ArgumentTypeError("net", type(net).__name__, "a module, or a function on tensors")
    if not isinstance(symmetry, Symmetry):
        named = getattr(symmetry, "name", symmetry)
        wanted = f"how inputs and outputs move, such as Symmetry({named!r}, 'image:3x32x32', 'invariant')"
        raise ArgumentTypeError("symmetry", symmetry, wanted)
    elements = symmetry.group.elements
    if elements is None:
        raise ArgumentError("symmetry", str(symmetry), "a group of at most 48 elements, such as p4m: it is summed over")
    if any(symmetry.resamples(g) for g in elements):
        raise ArgumentError(
            "symmetry", str(symmetry), "a group that moves entries to entries, such as p4 on square images"
        )
    single = all(len(list(leaves(tree))) == 1 for tree in (symmetry.inputs, symmetry.outputs))
    if how == "max" and symmetry.claim != "invariant":
        raise ArgumentError("how", how, "mean: an output that moves has no maximum over the group")
    if how == "canonical" and not single:
        raise ArgumentError("how", how, "mean: several inputs or outputs have no one pose")
    return Symmetrized(net, symmetry, how)
