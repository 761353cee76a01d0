r"""How far $F(gx)$ is from $\rho(g)F(x)$: measured here, judged in `invariance.testing`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from ..errors import ArgumentError, ArgumentTypeError, DegenerateError, UndefinedError

__all__ = [
    "ErrorReport",
    "Model",
    "Region",
    "compare_outputs",
    "equivariance_error",
    "invariance_error",
    "mean_square_between",
    "output_of",
]

Model = Callable[[Tensor], Tensor]
Region = Callable[[int, int], Bool[Tensor, "b 1 h w"]]


@dataclass(frozen=True, eq=False)
class ErrorReport:
    r"""Mean squares, one for each sample, over the entries where both sides are defined (finite, and in the region).

    Attributes:
        difference: $\langle |F(gx) - \rho(g)F(x)|^2 \rangle$.
        reference: $\langle |\rho(g)F(x)|^2 \rangle$.
        spread: $\langle |F(x) - F(x')|^2 \rangle$ with $x'$ the next sample of the batch; None for a batch of one.
        defined, undefined: numbers of entries of the region that are compared, and that are left out because one side
            is not finite.
        worst: the largest $|F(gx) - \rho(g)F(x)|$ of all entries.
    """

    difference: Float[Tensor, "b"]
    reference: Float[Tensor, "b"]
    spread: Float[Tensor, "b"] | None
    defined: Int[Tensor, "b"]
    undefined: Int[Tensor, "b"]
    worst: float

    @property
    def relative(self) -> float:
        r"""$\mathrm{RMS}|F(gx) - \rho(g)F(x)| \,/\, \mathrm{RMS}|\rho(g)F(x)|$.

        Raises:
            UndefinedError: 0/0, where F vanishes on every sample.
        """
        return _root_ratio(self.difference, self.reference, "F vanishes on all samples")

    @property
    def normalised(self) -> float:
        r"""$E = \mathrm{RMS}|F(gx) - \rho(g)F(x)| \,/\, \mathrm{RMS}|F(x) - F(x')|$ over independent samples $x, x'$.

        Raises:
            UndefinedError: F does not tell the samples apart, so that its invariance would mean nothing.
        """
        if self.spread is None:
            raise UndefinedError("normalised", "one sample", "at least two independent samples to compare with")
        return _root_ratio(self.difference, self.spread, "F is the same for all samples: constant, not invariant")


def _root_ratio(numerator: Tensor, denominator: Tensor, meaning: str) -> float:
    if not (below := denominator.mean()) > 0:
        raise UndefinedError("error", "0/0" if numerator.mean() == 0 else "x/0", meaning)
    return float((numerator.mean() / below).sqrt())


@torch.no_grad()
def equivariance_error(
    model: Model,
    inputs: Tensor,
    transformed: Tensor,
    *,
    output_action: Callable[[Tensor], Tensor],
    region: Region | None = None,
) -> ErrorReport:
    r"""Compare $F(gx)$, from `transformed`, with $\rho(g)F(x)$, the `output_action` on the output for `inputs`, in the
    output's own dtype.

    `region` says, for the height and width of the output, which pixels count; an output without a plane has none.

    Raises:
        ArgumentTypeError: the model or the action returns something other than a floating-point tensor.
        ArgumentError: the two sides have different shapes.
        DegenerateError: a sample has no entry where both sides are defined.
    """
    output = _answer(model, inputs, "inputs")
    expected, plain = _output("output_action(model(inputs))", output_action(output)).double(), output.double()
    spread = mean_square_between(plain, plain.roll(1, 0)) if len(plain) > 1 else None
    return compare_outputs(expected, output_of(model, transformed, "transformed"), region=region, spread=spread)


def compare_outputs(
    expected: Tensor, actual: Tensor, *, region: Region | None = None, spread: Float[Tensor, "b"] | None = None
) -> ErrorReport:
    r"""The report of outputs that are there: `expected` is $\rho(g)F(x)$, `actual` is $F(gx)$.

    Raises:
        ArgumentError, DegenerateError: as `equivariance_error`.
    """
    if expected.shape != actual.shape:
        raise ArgumentError("model(transformed).shape", tuple(actual.shape), f"{tuple(expected.shape)} as expected")
    where = torch.ones_like(actual, dtype=torch.bool)
    if region is not None and actual.ndim >= 4:
        where &= region(*actual.shape[-2:])
    defined = where & expected.isfinite() & actual.isfinite()
    difference = (actual - expected).abs().masked_fill(~defined, 0)
    return ErrorReport(
        _mean_square(difference, defined),
        _mean_square(expected, defined),
        spread,
        defined.flatten(1).sum(1),
        (where & ~defined).flatten(1).sum(1),
        float(difference.max()),
    )


def mean_square_between(first: Tensor, second: Tensor) -> Float[Tensor, "b"]:
    """Of each sample, over the entries that are finite on both sides."""
    return _mean_square(first - second, first.isfinite() & second.isfinite())


def output_of(model: Model, inputs: Tensor, name: str) -> Tensor:
    """What the model makes of the inputs, in float64; `name` is theirs, for errors."""
    return _answer(model, inputs, name).double()


def invariance_error(model: Model, inputs: Tensor, transformed: Tensor, *, region: Region | None = None) -> ErrorReport:
    """Compare F(gx) with F(x): `equivariance_error` with the trivial action on the output."""
    return equivariance_error(model, inputs, transformed, output_action=lambda output: output, region=region)


def _answer(model: Model, inputs: Tensor, name: str) -> Tensor:
    """The output; a RuntimeError of weights and inputs of two dtypes says what to type."""
    try:
        return _output(f"model({name})", model(inputs))
    except RuntimeError as error:
        weights = model.parameters() if isinstance(model, nn.Module) else ()
        kinds = {weight.dtype for weight in weights if weight.is_floating_point()}
        if not kinds or inputs.dtype in kinds:
            raise
        kind = str(min(kinds, key=str))
        wanted = f"{kind}, as the model's weights are: {name}.to({kind}), or model.to({inputs.dtype})"
        raise ArgumentTypeError(f"{name}.dtype", inputs.dtype, wanted) from error


def _output(name: str, value: object) -> Tensor:
    if not isinstance(value, Tensor) or not value.is_floating_point():
        what = value.dtype if isinstance(value, Tensor) else type(value).__name__
        raise ArgumentTypeError(name, what, "one floating-point tensor")
    if value.ndim == 0 or len(value) == 0:
        raise ArgumentError(f"{name}.shape", tuple(value.shape), "a batch of at least one sample")
    return value


def _mean_square(values: Tensor, defined: Tensor) -> Tensor:
    count = defined.flatten(1).sum(1)
    if not count.all():
        empty = (count == 0).nonzero().flatten().tolist()
        raise DegenerateError("inputs", f"sample {empty[0]}", "at least one entry where the output is defined")
    return values.masked_fill(~defined, 0).square().flatten(1).sum(1) / count
