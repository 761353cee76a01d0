r"""The model under test: a copy in one dtype on one device, run in batches, with outputs that were looked at."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from ..errors import ArgumentError, ArgumentTypeError, reason_of
from ..measure.error import Model
from ..memory import is_out_of_memory

__all__ = ["Probe"]


_BATCHED = 1e-5  # relative: batches of other lengths are summed in another order, inside perhaps in float32


class Probe:
    """`model` on tensors of `dtype` on `device`, `batch` samples at a time; the model itself is left as it is.

    Lazy modules take their shapes from the first input. A model that takes one sample at a time, or that needs
    gradients inside, is run so. One of sequences is shown images of one row, (b, C, 1, length), as (b, C, length), and
    a sequence that it returns becomes such an image.

    Raises, when it is called:
        ArgumentTypeError: the model returns something other than one floating-point tensor.
        ArgumentError: it refuses the input, changes the number of samples, or returns NaN or infinite values.
    """

    def __init__(self, model: Model, *, dtype: torch.dtype, device: str, batch: int, sequence: bool = False) -> None:
        if isinstance(model, type):
            raise ArgumentTypeError("model", model.__name__, f"an object of this class: {model.__name__}(…)")
        if not callable(model):
            raise ArgumentTypeError("model", model, "a module or a function of tensors")
        if any(value.is_meta for value in _state(model)):
            raise ArgumentError("model", "parameters on the meta device", "one with numbers in its parameters")
        try:
            torch.empty(0, device=device)
        except (RuntimeError, AssertionError, TypeError) as error:
            raise ArgumentError("device", device, "cpu, or cuda on a machine that has it") from error
        self.original, self.dtype, self.device, self.batch = model, dtype, device, batch
        self.sequence = sequence
        self.passes = 0
        self.alone: bool | None = None  # once it is known: whether a sample's output ignores its batch
        self._grad = False
        self._beside: Model | None = None
        self._stated: list[tuple[Tensor, Tensor]] = []
        self._first: tuple[Tensor, Tensor] | None = None
        self._around: tuple[AbstractContextManager[Any], ...] = ()
        self._cast: dict[torch.dtype, Model] = {}

    @property
    def model(self) -> Model:
        """The copy that is run."""
        if self.dtype not in self._cast:
            self._cast[self.dtype] = _cast(self.original, self.dtype, self.device)
        return self._cast[self.dtype]

    def __call__(self, inputs: Tensor) -> Tensor:
        """The output for `inputs` of any dtype and device, in float64 on the CPU."""
        self.give_shapes(inputs)
        return self._run(self.model, inputs, self.dtype)

    def within(self, around: AbstractContextManager[Any]) -> Probe:
        """The same, each pass inside one more context."""
        other = copy.copy(self)
        other._around = (*self._around, around)
        return other

    def exactly(self, inputs: Tensor) -> Tensor | None:
        """The output of the same numbers, as they are in `dtype`, computed in float64; None where it does not run
        so.
        """
        try:
            return self._run(_cast(self.model, torch.float64, self.device), inputs.to(self.dtype), torch.float64)
        except (ArgumentError, ArgumentTypeError):
            return None

    def beside(self, inputs: Tensor, step: float) -> Tensor:
        """The output where inputs and parameters are smaller by random parts of themselves, up to `step`.

        The parts are the same for every step. Whole numbers grow instead, as they may be looked up after truncation;
        the largest one stays.
        """
        generator = torch.Generator().manual_seed(0)

        def moved(value: Tensor) -> Tensor:
            return value * (1 - step * torch.rand(value.shape, generator=generator, dtype=torch.float64))

        self.give_shapes(inputs)
        if self._beside is None:
            self._beside = _cast(self.original, self.dtype, self.device)
            self._stated = list(zip(_state(self.original), _state(self._beside), strict=True))
        for (old, new), part in zip(self._stated, self._parts, strict=True):  # what forward stores is none of it
            if part is not None:
                known = old.detach().double().cpu()
                room = new.data if new.dtype == known.dtype and new.device == known.device else torch.empty_like(known)
                torch.mul(known, part, out=room).mul_(-step).add_(known)
                new.data.copy_(room)
        samples = [2 * x - moved(x) if _whole(x) else moved(x) for x in inputs]
        samples = [torch.where(x == x.max(), x, y) if _whole(x) else y for x, y in zip(inputs, samples, strict=True)]
        return self._run(self._beside, torch.stack(samples), self.dtype)

    @cached_property
    def _parts(self) -> list[Tensor | None]:
        """Numbers in (0, 1) for each parameter and buffer, None for whole ones."""
        generator = torch.Generator().manual_seed(1)
        return [
            torch.rand(v.shape, generator=generator) if v.is_floating_point() else None for v in _state(self.original)
        ]

    @cached_property
    def rounds_state(self) -> bool:
        """Whether there are parameters or buffers of a lower precision than the arithmetic."""
        return any(_is_coarse(value, self.dtype) for value in _state(self.original))

    def with_rounded_state(self, inputs: Tensor, number: int = 0) -> Tensor:
        """The output after a random change of the last bits of parameters and buffers of lower precision.

        Of a filter, or any other array, all entries change alike in size: small ones are sums of larger ones.
        """
        generator = torch.Generator().manual_seed(number)
        model = _cast(self.original, self.dtype, self.device)
        for old, new in zip(_state(self.original), _state(model), strict=True):
            if _is_coarse(old, self.dtype):
                known = old.detach().double().cpu()
                finite = known[known.isfinite()]
                size = known.abs()
                if old.ndim > 1 and len(finite):
                    size = size.clamp_min(float(finite.square().mean().sqrt()))
                change = torch.finfo(old.dtype).eps * size * torch.randn(old.shape, generator=generator).double()
                new.data.add_(change.masked_fill(~known.isfinite(), 0).to(new))
        return self._run(model, inputs, self.dtype)

    def separates(self, inputs: Tensor, plain: Tensor) -> bool:
        """Whether the outputs for the first sample and the last, each alone, are those in the batch of `plain`, as they
        are not with batch statistics.

        Raises:
            ArgumentError: two identical passes differ.
        """
        self._first = inputs, plain
        try:
            single = self(inputs[:1])
            last = self(inputs[-1:]) if len(inputs) > 1 else single
        except ArgumentError:  # such as batch statistics of one value
            self.require_function(inputs, plain)
            self.alone = False
            return False
        tolerance = max(_BATCHED, torch.finfo(self.dtype).eps ** 0.5)
        self.alone = _agree(single, plain[:1], tolerance) and _agree(last, plain[-1:], tolerance)
        if not self.alone:
            self.require_function(inputs[:1], single)
        return self.alone

    def require_function(self, inputs: Tensor, known: Tensor | None = None) -> None:
        """Raises ArgumentError unless two identical passes agree."""
        first = self(inputs) if known is None else known
        if _agree(first, self(inputs), torch.finfo(self.dtype).eps ** 0.5):
            return
        random = [
            f"{name or 'the model'} ({type(layer).__name__})"
            for name, layer in (self.model.named_modules() if isinstance(self.model, nn.Module) else ())
            if layer.training and "dropout" in type(layer).__name__.lower()
        ]
        cause = (
            f"{random[0]} is on: ask again with eval=True (--eval)"
            if random
            else "it is random, or remembers earlier calls"
        )
        raise ArgumentError("model", "two identical passes differ", f"a function of its input; {cause}")

    def require_no_memory(self) -> None:
        """Raises ArgumentError unless what was computed first comes out the same again."""
        if self._first is not None:
            self.require_function(*self._first)

    def batch_statistics(self) -> list[str]:
        """The layers in training that take statistics of the batch, by name."""
        layers = self.model.named_modules() if isinstance(self.model, nn.Module) else ()
        return [
            f"{name or 'the model'} ({type(layer).__name__})"
            for name, layer in layers
            if "batchnorm" in type(layer).__name__.lower()
            and (layer.training or getattr(layer, "running_mean", ...) is None)
        ]

    def accepts(self, inputs: Tensor) -> bool:
        """Whether it takes inputs of this shape."""
        try:
            self(inputs)
        except ArgumentError:
            return False
        return True

    def as_taken(self, inputs: Tensor) -> Tensor:
        """As the model takes them."""
        return inputs.squeeze(-2) if self.sequence else inputs

    def give_shapes(self, inputs: Tensor) -> None:
        """Lazy modules take theirs from these inputs."""
        if not isinstance(self.original, nn.Module) or not any(is_lazy(value) for value in _state(self.original)):
            return
        self.original = copy.deepcopy(self.original)
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            torch.manual_seed(0)
            try:
                self.original(self.as_taken(torch.zeros(len(inputs[:2]), *inputs.shape[1:])))
            except Exception as error:  # code of others: whatever it raises, the input is what it refused
                raise _refusal(error, self.as_taken(inputs), self.batch, self.original) from error

    def _run(self, model: Model, inputs: Tensor, dtype: torch.dtype) -> Tensor:
        try:
            return torch.cat([self._passed(model, part, dtype) for part in inputs.split(self.batch)])
        except ArgumentError as error:
            if min(len(inputs), self.batch) == 1 or error.args[0] not in ("input_shape", "model(inputs).shape"):
                raise
            try:
                outputs = torch.cat([self._passed(model, sample, dtype) for sample in inputs.split(1)])
            except ArgumentError:
                raise error from None
            self.batch = 1
            return outputs

    def _passed(self, model: Model, part: Tensor, dtype: torch.dtype) -> Tensor:
        self.passes += len(part)
        try:
            with torch.set_grad_enabled(self._grad), ExitStack() as stack:
                for around in self._around:
                    stack.enter_context(around)
                output = model(self.as_taken(part.to(self.device, dtype, copy=True)).requires_grad_(self._grad))
        except ArgumentTypeError:  # of what came out
            raise
        except Exception as error:  # code of others: whatever it raises, the input is what it refused
            if "does not require grad" in reason_of(error) and not self._grad:
                self._grad = True
                return self._passed(model, part, dtype)
            raise _refusal(error, self.as_taken(part), self.batch, model) from error
        found = _examined(output, len(part))
        return found.unsqueeze(-2) if self.sequence and found.ndim == 3 else found


def _agree(first: Tensor, second: Tensor, tolerance: float) -> bool:
    if first.shape != second.shape:
        return False
    scale = float(first.abs().max()) or 1.0
    rms = scale * float((first / scale).square().mean().sqrt())
    return float((first - second).abs().max()) <= rms * tolerance


def _state(model: object) -> list[Tensor]:
    """Parameters and buffers, and tensors that layers keep as plain attributes."""
    if not isinstance(model, nn.Module):
        return []
    kept = [v for layer in model.modules() for _, v in sorted(vars(layer).items()) if isinstance(v, Tensor)]
    return [*model.parameters(), *model.buffers(), *kept]


def _whole(values: Tensor) -> bool:
    return bool((values == values.round()).all())


def _is_coarse(value: Tensor, dtype: torch.dtype) -> bool:
    return value.is_floating_point() and torch.finfo(value.dtype).eps > torch.finfo(dtype).eps


def _refusal(error: Exception, inputs: Tensor, batch: int, model: object) -> ArgumentError:
    reason = reason_of(error)
    if is_out_of_memory(error):
        return ArgumentError("batch", batch, f"fewer samples in a pass, or smaller ones: out of memory ({reason})")
    if "Long" not in reason and any(w in reason.lower() for w in ("dtype", "scalar type", "should be the same")):
        itself = "" if isinstance(model, nn.Module) else "the module itself, or "
        wanted = f"{itself}the dtype that it computes in, such as dtype=torch.float32 ({reason})"
        return ArgumentError("model", f"a {'module' if not itself else 'function'} of another dtype", wanted)
    shape = tuple(inputs.shape[1:])
    last = len(shape) == 3 and shape[-1] in (1, 3) and shape[0] not in (1, 3)
    turned = f"; channels come first: {(shape[-1], *shape[:-1])}" if last else ""
    wanted = f"a shape and dtype that the model takes ({type(error).__name__}: {reason}){turned}"
    return ArgumentError("input_shape", shape, wanted)


def _examined(output: object, samples: int) -> Tensor:
    if not isinstance(output, Tensor):
        wanted = "one floating-point tensor; of a tuple, dict or dataclass a Symmetry says how each part moves (--out)"
        raise ArgumentTypeError("model(inputs)", type(output).__name__, wanted)
    if not output.is_floating_point():
        raise ArgumentTypeError("model(inputs)", output.dtype, "one floating-point tensor")
    if output.layout != torch.strided:
        raise ArgumentTypeError("model(inputs)", output.layout, "one dense floating-point tensor")
    if output.ndim == 0 or len(output) != samples or not output.numel():
        raise ArgumentError("model(inputs).shape", tuple(output.shape), f"one output for each of the {samples} samples")
    if not output.sum().isfinite() and not (finite := output.isfinite()).all():  # a sum of few bits may overflow
        bad = f"NaN or infinite in {int((~finite).sum())} of {output.numel()} entries"
        raise ArgumentError("model(inputs)", bad, "finite numbers")
    return output.detach().double().cpu()


def _cast(model: Model, dtype: torch.dtype, device: str) -> Model:
    if not isinstance(model, nn.Module):
        return model
    convert: dict[torch.dtype, Callable[[nn.Module], nn.Module]] = {
        torch.float64: nn.Module.double,
        torch.float32: nn.Module.float,
        torch.bfloat16: nn.Module.bfloat16,
        torch.float16: nn.Module.half,
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of torch's own, when exported programs are copied
        warnings.filterwarnings("ignore", "The .grad attribute")  # when scripted ones are
        try:
            copied = copy.deepcopy(model, _computed_tensors(model))
        except (RuntimeError, TypeError) as error:
            reason = reason_of(error)
            raise ArgumentError("model", type(model).__name__, f"a module that can be copied ({reason})") from error
        return convert[dtype](copied).to(device)


def _computed_tensors(model: nn.Module) -> dict[int, Any]:
    """Tensors that a module keeps with their graph, such as expanded filters; deepcopy copies leaves alone."""
    kept = (value for layer in model.modules() for value in (*vars(layer).values(), *layer.buffers(recurse=False)))
    return {id(value): value.detach().clone() for value in kept if isinstance(value, Tensor) and not value.is_leaf}
