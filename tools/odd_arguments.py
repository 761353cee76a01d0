"""`python -m tools.odd_arguments`: call every operator that a saved program may call with arguments that do not fit.

A graph may hand any operator tensors of any shape, dtype and values, and any numbers. So each is called in a process of
its own, with drawn arguments, and with one or two changes to arguments that it took: other ranks, sizes, dtypes,
strides, indices out of range, negative and huge numbers, lists of other lengths. It may raise; found are
- crashes: the process ends by a signal. Tensors lie against a page that may not be read, some at its end and some at
  its beginning, so that a read beyond them is one;
- memory as it was found: the result depends on what the allocator fills new memory with;
- hangs: a call that computes for longer than `SECONDS`.

Exit status 1 where something is found.
"""

from __future__ import annotations

import argparse
import ctypes
import itertools
import mmap
import os
import random
import resource
import signal
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from invariance.targets.graph import CODES
from invariance.targets.trusting import looked_at

from .fitting_arguments import FITTING
from .pure_operators import LIST

__all__ = ["SECONDS", "find", "main"]

SECONDS = 10
"""Of computing, after which a call counts as hanging."""

_MEMORY = 2**29  # bytes that a call may take beyond what the process has
_PERTURB = -6  # M_PERTURB of mallopt: what new memory is filled with
_REGION = 2**14  # bytes of the largest tensor
_FOUND_MOST = 3  # for each operator, after which the rest of its calls is left out

_DTYPES = ("float32", "float64", "int64", "bool", "uint8", "int32", "complex64", "bfloat16", "float16")
_FORMATS = ("contiguous_format", "preserve_format", "channels_last", "channels_last_3d")
_INTEGERS = (0, 1, 2, 3, 4, -1, -2, 5, 7, 16, 100, -100, 2**16, 2**31 - 1, 1 - 2**31)
_FLOATS = (0.0, 1.0, 0.5, 0.1, -1.0, 1e-5, 2.5, 1e30, float("inf"), float("nan"))
_WORDS = ("mean", "sum", "none", "fro", "nuc", "reflect", "constant", "circular", "tanh", "ij", "xy", "ij,jk->ik", "x")
_WORDS += ("reduced", "complete", "reflect", "trunc", "floor", "left", "amax", "prod")
Spec = Any
"""What an argument is made of, as Python writes it: ("tensor", shape, dtype, values, layout), or a plain value."""


class _Draw:
    """Arguments of a schema, of few sizes, so that they often fit each other."""

    def __init__(self, schema: Any, numbers: random.Random) -> None:
        self.arguments = [(argument.real_type, argument.N, argument.name) for argument in schema.arguments]
        self.numbers = numbers

    def all(self) -> list[Spec]:
        self.sizes = self.numbers.sample((1, 2, 3, 4, 5, 0), self.numbers.choice((1, 2, 2, 3)))
        self.rank = self.numbers.randrange(6)
        self.dtype = self.numbers.choice(_DTYPES[:3])
        return [self.one(*argument) for argument in self.arguments]

    def one(self, kind: Any, count: int | None, name: str) -> Spec:
        numbers = self.numbers
        match kind.kind():
            case "OptionalType":
                return None if numbers.random() < 0.4 else self.one(kind.getElementType(), count, name)
            case "ListType":
                length = numbers.choice((count or 2, count or 2, numbers.randrange(6)))
                return [self.one(kind.getElementType(), None, name) for _ in range(length)]
            case "TensorType":
                return self.tensor()
            case "BoolType":
                return numbers.random() < 0.5
            case "FloatType":
                return numbers.choice(_FLOATS)
            case "ScalarTypeType":
                return ("torch", numbers.choice(_DTYPES))
            case "MemoryFormatType":
                return ("torch", numbers.choice(_FORMATS))
            case "IntType" | "SymIntType":
                return numbers.choice(self.sizes) if numbers.random() < 0.6 else numbers.choice(_INTEGERS)
            case "NumberType":
                return numbers.choice((*_FLOATS, *_INTEGERS, True))
            case "StringType":
                return numbers.choice(_WORDS)
        return None  # layouts, devices, generators: as they are by default

    def tensor(self) -> Spec:
        numbers = self.numbers
        rank = self.rank if numbers.random() < 0.5 else numbers.randrange(6)
        shape = tuple(numbers.choice(self.sizes) for _ in range(rank))
        dtype = self.dtype if numbers.random() < 0.7 else numbers.choice(_DTYPES)
        values = numbers.choice(("small", "small", "small", "indices", "indices", "wide", "special"))
        layout = numbers.choice(("end", "end", "end", "beginning", "turned", "expanded"))
        return ("tensor", shape, dtype, values, layout)

    def changed(self, taken: list[Spec]) -> list[Spec]:
        """One or two arguments drawn anew, or a size of a tensor, or an entry of a list."""
        result = list(taken)
        self.sizes, self.rank, self.dtype = [1, 2, 3, 4, 5, 0, 33], self.numbers.randrange(6), _DTYPES[0]
        for _ in range(self.numbers.choice((1, 1, 2))):
            at = self.numbers.randrange(len(result))
            result[at] = self._near(result[at], self.arguments[at])
        return result

    def _near(self, spec: Spec, argument: Any) -> Spec:
        numbers = self.numbers
        if numbers.random() < 0.3:
            return self.one(*argument)
        if isinstance(spec, list) and spec:
            at = numbers.randrange(len(spec))
            kind = argument[0].getElementType()
            while kind.kind() == "OptionalType":
                kind = kind.getElementType()
            if numbers.random() < 0.2:
                return spec[:at] + spec[at + numbers.randrange(2) :] + [spec[at]] * numbers.randrange(2)
            return [*spec[:at], self._near(spec[at], (kind, None, argument[2])), *spec[at + 1 :]]
        if isinstance(spec, tuple) and spec[0] == "tensor":
            _, shape, dtype, values, layout = spec
            match numbers.randrange(5):
                case 0 | 1 if shape:
                    at = numbers.randrange(len(shape))
                    size = max(0, numbers.choice((0, 1, shape[at] - 1, shape[at] + 1, 2 * shape[at], 33)))
                    size = min(size, 33 if torch.Size(shape).numel() < 1000 else shape[at])
                    shape = (*shape[:at], size, *shape[at + 1 :])
                case 2:
                    at = numbers.randrange(len(shape) + 1)
                    shape = (*shape[:at], 1, *shape[at:]) if numbers.random() < 0.5 else shape[:at] + shape[at + 1 :]
                case 3:
                    dtype = numbers.choice(_DTYPES)
                case _:
                    values, layout = self.tensor()[3:]
            return ("tensor", shape, dtype, values, layout)
        return self.one(*argument)


class _Guarded:
    """Memory for tensors between pages that may not be read."""

    def __init__(self, count: int = 48) -> None:
        page, libc = mmap.PAGESIZE, ctypes.CDLL(None, use_errno=True)
        self.maps = [mmap.mmap(-1, _REGION + 2 * page) for _ in range(count)]
        self.starts = [ctypes.addressof(ctypes.c_char.from_buffer(m)) + page for m in self.maps]
        for start in self.starts:
            for at in (start - page, start + _REGION):
                if libc.mprotect(ctypes.c_void_p(at), page, 0):
                    raise OSError(ctypes.get_errno(), "mprotect")
        self.next = itertools.cycle(self.starts)

    def tensor(self, shape: tuple[int, ...], dtype: torch.dtype, *, at_end: bool) -> torch.Tensor:
        count = torch.Size(shape).numel()
        size = count * dtype.itemsize
        if not 0 < size <= _REGION:
            return torch.zeros(shape, dtype=dtype)
        start = next(self.next) + (_REGION - size if at_end else 0)
        buffer = (ctypes.c_char * size).from_address(start)
        return torch.frombuffer(buffer, dtype=dtype, count=count).view(shape)


def _made(spec: Spec, memory: _Guarded, generator: torch.Generator) -> Any:
    if isinstance(spec, list):
        return [_made(part, memory, generator) for part in spec]
    if not isinstance(spec, tuple):
        return spec
    if spec[0] == "torch":
        return getattr(torch, spec[1])
    _, shape, name, values, layout = spec
    dtype = getattr(torch, name)
    if layout == "turned" and len(shape) > 1:
        stored = (shape[-1], *shape[1:-1], shape[0])
    elif layout == "expanded" and shape:
        stored = (1, *shape[1:])
    else:
        stored = shape
    tensor = memory.tensor(stored, dtype, at_end=layout != "beginning")
    real = torch.randn(stored, generator=generator, dtype=torch.float64)
    match values:
        case int():
            real = torch.full_like(real, values)
        case "indices":
            real = (real * 1.5).abs().floor()
        case "wide":
            real = real * 10.0 ** torch.randint(0, 15, stored, generator=generator)
        case "special":
            real = torch.where(real > 1, torch.nan, torch.where(real < -1, torch.inf, real))
    if not dtype.is_floating_point and not dtype.is_complex:
        real = real.nan_to_num(0, 2**40, -(2**40))
    tensor.copy_(real)
    if layout == "turned" and len(shape) > 1:
        return tensor.transpose(0, -1)
    return tensor.expand(shape) if layout == "expanded" and shape else tensor


def _result(operator: Any, specs: list[Spec], memory: _Guarded, fill: int, *, guarded: bool = True) -> Any:
    generator = torch.Generator().manual_seed(0)
    arguments = [_made(spec, memory, generator) for spec in specs]
    ctypes.CDLL(None).mallopt(_PERTURB, fill)
    torch.manual_seed(0)
    return _called(operator, arguments) if guarded else operator(*arguments)


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, torch.Tensor):
        one, other = one.clone(), other.clone()  # of bits: what overlaps has no bytes
        return one.shape == other.shape and torch.equal(_bits(one), _bits(other))
    if isinstance(one, tuple | list):
        return len(one) == len(other) and all(map(_same, one, other))
    return one == other or (one != one and other != other)


def _bits(tensor: torch.Tensor) -> torch.Tensor:
    plain = torch.view_as_real(tensor.resolve_conj()) if tensor.is_complex() else tensor
    return plain.nan_to_num(0.5) if plain.is_floating_point() else plain


def _calls(name: str, count: int, seed: str, note: mmap.mmap) -> None:
    """In a process of its own, which may fall: what it is at stands in `note`."""
    operator = _operator(name)
    memory, numbers = _Guarded(), random.Random(seed)
    draw, taken = _Draw(operator._schema, numbers), [list(FITTING[name])] if name in FITTING else []
    for number in range(count):
        fresh = not taken or numbers.random() < 0.3 or not draw.arguments
        specs = draw.all() if fresh else draw.changed(numbers.choice(taken))
        _write(note, f"{number} {len(taken)} {specs!r}")
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        try:
            first = _result(operator, specs, memory, 0x55)
            same = _same(first, _result(operator, specs, memory, 0x2A))
        except (RuntimeError, ValueError, IndexError, TypeError, NotImplementedError, MemoryError, OverflowError):
            continue
        if not same:
            _write(note, f"{number} {len(taken)} {specs!r} memory")
            os._exit(3)
        taken.append(specs)
        if len(taken) > 64:
            taken.pop(numbers.randrange(64))
    _write(note, f"{count} {len(taken)} None")


def _write(note: mmap.mmap, text: str) -> None:
    note.seek(0)
    note.write(text.encode()[: len(note) - 1] + b"\0")


def _operator(name: str) -> Any:
    space, packet, overload = name.split(".")
    return getattr(getattr(getattr(torch.ops, space), packet), overload)


def _called(operator: Any, arguments: list[Any]) -> Any:
    """As a saved program calls it, by `invariance.targets`."""
    for argument, value in zip(operator._schema.arguments, arguments, strict=True):
        if argument.name in CODES and not 0 <= value <= CODES[argument.name]:
            raise ValueError(argument.name)
    pairs = list(zip(operator._schema.arguments, arguments, strict=True))
    named = {argument.name: value for argument, value in pairs if argument.kwarg_only}
    return looked_at(operator)(*[value for argument, value in pairs if not argument.kwarg_only], **named)


def find(name: str, count: int, seed: int) -> Iterator[tuple[str, str]]:
    """(what is wrong, the arguments) of `count` calls of an operator; ("never taken", "") where it took none."""
    note = mmap.mmap(-1, 2**16)
    begun, found, took = 0, 0, 0
    while begun < count and found < _FOUND_MOST:
        child = os.fork()
        if child == 0:
            try:
                _alone()
                _calls(name, count - begun, f"{name} {seed} {begun}", note)
                os._exit(0)
            except BaseException as error:
                _write(note, f"{count} 0 {type(error).__name__}: {error}")
                os._exit(4)
        ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        at, taken, said = note[:].split(b"\0")[0].decode(errors="replace").split(" ", 2)
        begun, took = begun + int(at) + 1, took + int(taken)
        if ended:
            found += 1
            wrong = {3: "memory as it was found", 4: "a fault of this tool", -signal.SIGPROF: "hang"}
            yield wrong.get(ended, f"ends by {signal.Signals(-ended).name if ended < 0 else ended}"), said
    if not took and not found:
        yield "never taken", ""


def _alone() -> None:
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    used = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * mmap.PAGESIZE
    resource.setrlimit(resource.RLIMIT_AS, (used + _MEMORY, used + _MEMORY))
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("operators", nargs="*", help="names such as aten.add.Tensor; all on the list")
    parser.add_argument("--calls", type=int, default=2000, help="of each")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--arguments", help="what was found: call one operator with it, in this process")
    parser.add_argument("--unguarded", action="store_true", help="with --arguments: without looking at them first")
    options = parser.parse_args()
    names = options.operators or LIST.read_text(encoding="utf-8").split()
    if options.arguments:
        specs = eval(options.arguments, {"nan": float("nan"), "inf": float("inf")})
        print(_result(_operator(names[0]), specs, _Guarded(), 0x55, guarded=not options.unguarded))
        return
    wrong = False
    for name in names:
        for what, said in find(name, options.calls, options.seed):
            wrong |= what != "never taken"
            print(f"{name}: {what}: {said}", flush=True)
    sys.exit(wrong)


if __name__ == "__main__":
    main()
