"""Models that Python finds: a name in a file or in a module. What is there is run."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import torch
from torch import nn

from ..errors import ArgumentError, ArgumentTypeError, meant, reason_of
from ..measure.error import Model
from ..reading import is_file

__all__ = ["found_in_python", "from_python", "made_in_python", "names_in", "source_of"]


def source_of(where: str) -> str:
    """The file that `from_python` would run, or the module's name where there is none; nothing is imported but the
    packages that it is in."""
    if where.endswith(".py"):
        return str(Path(where).absolute())
    with _importing_from(Path.cwd()), suppress(ImportError, ValueError):
        spec = importlib.util.find_spec(where.partition(".")[0])
        if spec is not None and spec.origin:
            return spec.origin
    return f"module {where}"


def found_in_python(argument: str, where: str, name: str) -> Any:
    """What has this name in the file or module `where`; as `from_python`, but nothing that is there is called."""
    file = _file(argument, where, name)
    with _importing_from(file.parent if file else Path.cwd()), torch.random.fork_rng():
        found: Any = _imported(f"{where}:{name}", where, file)
        for part in name.split("."):
            if not hasattr(found, part):
                raise ArgumentError(argument, f"{where}:{name}", f"a name in {where}: there is no {name}")
            found = getattr(found, part)
        return found


def names_in(file: Path) -> list[str]:
    """Functions, classes and values that a file defines and means to show; nothing of it is run."""
    try:
        body = ast.parse(file.read_bytes()).body
    except (OSError, SyntaxError, ValueError):
        return []
    defined = [node.name for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    set_to = [t.id for node in body if isinstance(node, ast.Assign) for t in node.targets if isinstance(t, ast.Name)]
    return [name for name in (*defined, *set_to) if not name.startswith("_")]


def made_in_python(argument: str, where: str, name: str) -> Any:
    """As `found_in_python`; of a function, what it returns. A network is no function.

    Raises:
        ArgumentError: as `found_in_python`; a function that has to be given something.
    """
    found = found_in_python(argument, where, name)
    if not callable(found) or isinstance(found, nn.Module):
        return found
    if needed := _required(found):
        raise ArgumentError(argument, f"{where}:{name}", f"a function that is called with nothing, not {needed}")
    return found()


def from_python(where: str, name: str, *, seed: int = 0) -> Model:
    """`name` in the file or module `where`.

    A class of modules, or a function that can be called without arguments, is called, after torch's global generator
    was seeded for it; the state of that generator is put back. Anything else callable is the model.

    Raises:
        ArgumentError: no such file, module or name; the reason that it does not import; parameters that are missing.
        ArgumentTypeError: what is there is not callable.
    """
    target = f"{where}:{name}"
    file = _file("TARGET", where, name)
    with torch.random.fork_rng(), _importing_from(file.parent if file else Path.cwd()):
        torch.manual_seed(seed)
        found: Any = _imported(target, where, file)
        for part in name.split("."):
            if not hasattr(found, part):
                close = meant(name, names_in(file) if file else dir(found))
                raise ArgumentError("TARGET", target, f"{close}a name in {where}: there is no {name}")
            found = getattr(found, part)
        return _model(target, found)


def _file(argument: str, where: str, name: str) -> Path | None:
    """The file; None for a module."""
    if not where.endswith(".py"):
        return None
    if not is_file(argument, file := Path(where)):
        raise ArgumentError(argument, f"{where}:{name}", f"an existing file: there is no {file}")
    return file


def _model(target: str, found: Any) -> Model:
    if isinstance(found, nn.Module):
        return found
    if not callable(found):
        raise ArgumentTypeError("TARGET", f"{target}, {type(found).__name__}", "a module, or a function")
    needed = _required(found)
    if isinstance(found, type) and needed:
        raise ArgumentError("TARGET", target, f"a class without required arguments; it has {', '.join(needed)}")
    if needed:
        return cast(Model, found)
    try:
        built = found()
    except (Exception, SystemExit) as error:
        raise ArgumentError("TARGET", target, f"a factory that runs ({_reason(error)})") from error
    if not callable(built):
        raise ArgumentTypeError("TARGET", f"{target}() = {type(built).__name__}", "a module, or a function on tensors")
    return cast(Model, built)


def _required(function: Callable[..., Any]) -> list[str]:
    """The parameters that have to be given; for built-in functions, which do not tell, the one tensor."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return ["input"]
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [p.name for p in parameters if p.default is p.empty and p.kind not in variadic]


def _imported(target: str, where: str, file: Path | None) -> ModuleType:
    try:
        return _from_file(file) if file else importlib.import_module(where)
    except (Exception, SystemExit) as error:
        raise ArgumentError("TARGET", target, f"a target that imports ({_reason(error)})") from error


def _from_file(file: Path) -> ModuleType:
    """A module of a name of its own, which hides no other, and under which its classes find it again."""
    name = f"invariance_target_{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@contextmanager
def _importing_from(folder: Path) -> Iterator[None]:
    sys.path.insert(0, str(folder.resolve()))
    try:
        yield
    finally:
        with suppress(ValueError):
            sys.path.remove(str(folder.resolve()))


def _reason(error: BaseException) -> str:
    return f"{type(error).__name__}: {reason_of(error)}"
