r"""The model under test: a copy in one dtype on one device, run in batches, with outputs that were looked at."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import ArgumentError, ArgumentTypeError
from ..measure.error import Model

__all__ = ["Probe"]


class Probe:
    """`model` on tensors of `dtype` on `device`, `batch` samples at a time; the model itself is left as it is.

    Raises, when it is called:
        ArgumentTypeError: the model returns something other than one floating-point tensor.
        ArgumentError: it refuses the input, changes the number of samples, or returns NaN or infinite values.
    """

    def __init__(self, model: Model, *, dtype: torch.dtype, device: str, batch: int) -> None:
        self.original, self.dtype, self.device, self.batch = model, dtype, device, batch
        self.model = _cast(model, dtype, device)

    def __call__(self, inputs: Tensor) -> Tensor:
        """The output for `inputs` of any dtype and device, in float64 on the CPU."""
        return self._run(self.model, inputs, self.dtype)

    def require_function(self, inputs: Tensor) -> None:
        """Raises ArgumentError unless two identical passes agree."""
        first, second = self(inputs), self(inputs)
        scale = float(first.square().mean().sqrt())
        if float((first - second).abs().max()) <= scale * torch.finfo(self.dtype).eps ** 0.5:
            return
        random = [
            f"{name or 'the model'} ({type(layer).__name__})"
            for name, layer in (self.model.named_modules() if isinstance(self.model, nn.Module) else ())
            if layer.training and "dropout" in type(layer).__name__.lower()
        ]
        cause = f"{random[0]} is on: call eval()" if random else "it is random, or remembers earlier calls"
        raise ArgumentError("model", "two identical passes differ", f"a function of its input; {cause}")

    def in_precision(self, dtype: torch.dtype, inputs: Tensor) -> Tensor | None:
        """The output when everything is of another dtype; None where the model does not run in it."""
        try:
            return self._run(_cast(self.original, dtype, self.device), inputs, dtype)
        except (ArgumentError, ArgumentTypeError):
            return None

    def with_rounded_state(self, inputs: Tensor) -> Tensor:
        """The output after a random change, within their last bit, of parameters and buffers of lower precision."""
        generator = torch.Generator().manual_seed(0)
        model = _cast(self.original, self.dtype, self.device)
        if isinstance(model, nn.Module) and isinstance(self.original, nn.Module):
            stored, used = ((*m.parameters(), *m.buffers()) for m in (self.original, model))
            for old, new in zip(stored, used, strict=True):
                if old.is_floating_point() and (eps := torch.finfo(old.dtype).eps) > torch.finfo(self.dtype).eps:
                    change = eps * (torch.rand(old.shape, generator=generator, dtype=torch.float64) - 0.5)
                    new.data.mul_((1 + change).to(new.device))
        return self._run(model, inputs, self.dtype)

    def separates(self, inputs: Tensor) -> bool:
        """Whether the output for a sample ignores the rest of its batch, as batch statistics in training do not."""
        together, alone = self(inputs)[:1], self(inputs[:1])
        return bool(torch.allclose(together, alone, rtol=0, atol=1e-6 * float(together.abs().max())))

    def accepts(self, inputs: Tensor) -> bool:
        """Whether it takes inputs of this shape."""
        try:
            self(inputs)
        except ArgumentError:
            return False
        return True

    @torch.no_grad()
    def _run(self, model: Model, inputs: Tensor, dtype: torch.dtype) -> Tensor:
        outputs = []
        for part in inputs.split(self.batch):
            try:
                output = model(part.to(self.device, dtype))
            except Exception as error:  # code of others: whatever it raises, the input is what it refused
                raise _refusal(error, part, self.batch) from error
            outputs.append(_examined(output, len(part)))
        return torch.cat(outputs)


def _refusal(error: Exception, inputs: Tensor, batch: int) -> ArgumentError:
    reason = " ".join(str(error).split())[:200]
    if isinstance(error, torch.OutOfMemoryError | MemoryError) or "can't allocate memory" in reason:
        return ArgumentError("batch", batch, f"fewer samples in a pass: out of memory ({reason})")
    wanted = f"a shape and dtype that the model takes ({type(error).__name__}: {reason})"
    return ArgumentError("input_shape", tuple(inputs.shape[1:]), wanted)


def _examined(output: object, samples: int) -> Tensor:
    if not isinstance(output, Tensor) or not output.is_floating_point():
        what = output.dtype if isinstance(output, Tensor) else type(output).__name__
        raise ArgumentTypeError("model(inputs)", what, "one floating-point tensor")
    if output.ndim == 0 or len(output) != samples or not output.numel():
        raise ArgumentError("model(inputs).shape", tuple(output.shape), f"one output for each of the {samples} samples")
    if not (finite := output.isfinite()).all():
        bad = f"NaN or infinite in {int((~finite).sum())} of {output.numel()} entries"
        raise ArgumentError("model(inputs)", bad, "finite numbers")
    return output.double().cpu()


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
        try:
            copied = copy.deepcopy(model, _computed_tensors(model))
        except (RuntimeError, TypeError) as error:
            reason = " ".join(str(error).split())[:200]
            raise ArgumentError("model", type(model).__name__, f"a module that can be copied ({reason})") from error
    return convert[dtype](copied).to(device)


def _computed_tensors(model: nn.Module) -> dict[int, Any]:
    """Tensors that a module keeps with their graph, such as expanded filters; deepcopy copies leaves alone."""
    kept = (value for layer in model.modules() for value in (*vars(layer).values(), *layer.buffers(recurse=False)))
    return {id(value): value.detach().clone() for value in kept if isinstance(value, Tensor) and not value.is_leaf}
