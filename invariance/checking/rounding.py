r"""How much of a difference is rounding, measured along the path that made each output.

*Arithmetic.* Along a line through x and the parameters a smooth F is nearly a parabola and its rounding is not: with
$p_i = h u_i x_i$, u uniform in (0, 1), the second differences of F(x), F(x − p), F(x − 2p), … are the rounding of
whatever the model does inside, in whichever precision, plus $h^2 F''$ (Moré and Wild, *Estimating computational
noise*, SIAM J. Sci. Comput. 33, 2011). The points shrink towards zero, so that no image leaves its range. Parameters
take part because a saturated unit passes no change of x on, while what comes after it is rounded all the same.

*Noise.* What is about to be called a violation is also run with the last bits of the arguments of each operation
changed (see `noise`), as nothing moves behind a unit that is saturated by its weights alone.

*Stored numbers.* Parameters of a lower precision than the arithmetic are changed at random by their last bit:
filters that were made symmetric in float32 are symmetric to float32.

Both are there at once, so their squares add.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import torch
from torch import Tensor

from ..errors import ArgumentError, ArgumentTypeError
from .noise import Noise
from .probe import Probe

__all__ = ["Rounding", "measured", "second_differences"]

_STEP = 5 * torch.finfo(torch.float32).eps  # what is rounded to float32 inside is rounded anew at each point
_COARSE = 1e-3  # of the machine epsilon: 16 bits, in which no line is straight
_POINTS, _MANY, _DRAWS, _NOISES = 3, 12, 4, 4
_SECOND = 6**0.5  # the deviation of a − 2b + c

Action = Callable[[Tensor], Tensor]
Again = Callable[[int], "Rounding"]
Elsewhere = Callable[[Tensor], "Rounding"]


@dataclass(frozen=True, eq=False)
class Rounding:
    """Outputs for some of the images, computed again and again.

    Attributes:
        line: F at the points of the line, (points, images, …), three or more.
        eps: the machine epsilon of the arithmetic asked for.
        noisy: F with noise in every operation, (draws, images, …); None where that was not run.
        store: F with other last bits in its parameters, (draws, images, …), once it is asked for; None where no
            parameter is of lower precision.
        once_more: the same for one image, given its number among all, with many points and draws.
        shared: what all that were measured together know.
        elsewhere: the same for one sample of other inputs.
    """

    line: Tensor
    eps: float
    noisy: Tensor | None = None
    store: Callable[[], Tensor] | None = None
    once_more: Again | None = None
    shared: dict[str, bool] = field(default_factory=dict)
    elsewhere: Elsewhere | None = None

    def at(self, inputs: Tensor) -> Rounding | None:
        """The same for one sample of other inputs; None where batches are not taken apart."""
        return None if self.elsewhere is None else self.elsewhere(inputs)

    @property
    def settled(self) -> bool:
        """Whether one of the outputs measured together has been found violated beside its own rounding: others that
        look so are taken to be, as a look at each would cost many passes and change no verdict.
        """
        return self.shared.get("settled", False)

    def settle(self) -> None:
        self.shared["settled"] = True

    @cached_property
    def stored(self) -> Tensor | None:
        return None if self.store is None else self.store()

    def again(self, image: int) -> Rounding | None:
        """Beside one image; None where that cannot be had."""
        if self.once_more is not None and image not in self._known:
            self._known[image] = self.once_more(image)
        return self._known.get(image)

    @cached_property
    def _known(self) -> dict[int, Rounding]:
        return {}

    @property
    def roundings(self) -> int:
        """Of one entry."""
        return (len(self.line) - 2) * self.line.shape[1]

    @cached_property
    def _flat(self) -> Tensor:
        return self.line.flatten(0, 1)

    def acted(self, action: Action) -> Tensor:
        r"""$\rho(g)F$ along the line."""
        return action(self._flat).unflatten(0, self.line.shape[:2])

    def of_noise(self, action: Action) -> Tensor | None:
        """Draws of what the last bits of all operations add to it."""
        if self.noisy is None:
            return None
        return torch.stack([action(output) for output in self.noisy]) - action(self.line[0])

    def of_stored(self, action: Action) -> Tensor | None:
        """Draws of what the last bits of the parameters add to it."""
        if self.stored is None:
            return None
        return torch.stack([action(output) for output in self.stored]) - action(self.line[0])


def second_differences(line: Tensor) -> Tensor:
    r"""Draws of what the arithmetic adds to $\rho(g)F(x)$, ρ linear, from the values along the line."""
    return (line[2:] - 2 * line[1:-1] + line[:-2]) / _SECOND


def measured(probe: Probe, kinds: Sequence[tuple[Tensor, Tensor]], *, alone: bool = True) -> list[Rounding]:
    """From the first image of each kind, or for `again` from any one of it.

    Args:
        kinds: inputs x, and F(x) as it is known already.
        alone: a sample's output does not depend on the rest of its batch; where it does, the batch is kept together.
    """
    shared: dict[str, bool] = {}
    if not alone:
        return [_measured(probe, x, y, shared, alone=False) for x, y in kinds]
    first = torch.cat([x[:1] for x, _ in kinds])
    line = _points(probe, first, torch.cat([y[:1] for _, y in kinds]), _POINTS, lambda output: output)
    return [_measured(probe, x, y, shared, line=line[:, n : n + 1]) for n, (x, y) in enumerate(kinds)]


def _measured(
    probe: Probe,
    inputs: Tensor,
    plain: Tensor,
    shared: dict[str, bool],
    *,
    alone: bool = True,
    line: Tensor | None = None,
) -> Rounding:
    eps = torch.finfo(probe.dtype).eps

    def of(image: int, points: int, draws: int, noises: int, line: Tensor | None, once_more: Again | None) -> Rounding:
        one, known = inputs[image : image + 1], plain[image : image + 1]
        shown = one if alone else inputs

        def found(output: Tensor) -> Tensor:
            return output if alone else output[image : image + 1]

        def store() -> Tensor:
            return torch.stack([found(probe.with_rounded_state(shown, number)) for number in range(draws)])

        if line is None:
            line = _points(probe, shown, known, points, found)
        noisy = _noisy(probe, shown, noises, found)
        rounded = store if probe.rounds_state else None
        return Rounding(line, eps, noisy, rounded, once_more, shared, elsewhere if alone else None)

    def elsewhere(x: Tensor) -> Rounding:
        line = _points(probe, x, probe(x), _MANY, lambda output: output)
        return Rounding(line, eps, _noisy(probe, x, _NOISES, lambda output: output))

    return of(0, _POINTS, 1, 0, line, lambda image: of(image, _MANY, _DRAWS, _NOISES, None, None))


def _noisy(probe: Probe, x: Tensor, count: int, found: Action) -> Tensor | None:
    """None where some operation does not take it, or leaves the finite numbers."""
    try:
        draws = [found(probe.within(Noise(number))(x)) for number in range(count)]
    except (ArgumentError, ArgumentTypeError):
        return None
    return torch.stack(draws) if draws else None


def _points(probe: Probe, x: Tensor, known: Tensor, points: int, found: Action) -> Tensor:
    """F along the line, from what is known at its start."""
    if torch.finfo(probe.dtype).eps > _COARSE and (exact := probe.exactly(x)) is not None:
        return torch.stack([known, found(exact), known])
    return torch.stack([known, *(found(probe.beside(x, _STEP * k)) for k in range(1, points))])
