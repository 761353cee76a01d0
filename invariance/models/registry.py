"""The networks by name."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable
from functools import partial
from typing import Any

from torch import nn

from ..errors import ArgumentError, ArgumentTypeError, one_of
from .allcnn import AllCNN
from .diffcnn import DiffCNN
from .diffcnn_classifiers import DiffCNNClassifier
from .plain import PlainCNN
from .regular import RegularCNN
from .resnet import ResNet
from .rotdcf import RotDCFCNN
from .rotmnist import P4CNN, Z2CNN, P4CNNAutoRotation
from .surface import DiffCNNWeighted, SurfaceClassifier, SurfaceCNN
from .surface_rotations import RotationSurface
from .transformer import CPABCNN, STCNN

__all__ = ["build", "build_spec", "list_models"]

_MODELS: dict[str, Callable[..., nn.Module]] = {
    "allcnn-p4": partial(AllCNN, "p4"),
    "allcnn-p4m": partial(AllCNN, "p4m"),
    "allcnn-z2": partial(AllCNN, "z2"),
    "cnn": RegularCNN,
    "cpab-cnn": CPABCNN,
    "diffcnn": DiffCNN,
    "diffcnn-cnn": partial(DiffCNNClassifier, "cnn"),
    "diffcnn-resnet": partial(DiffCNNClassifier, "resnet"),
    "diffcnn-weighted": DiffCNNWeighted,
    "p4cnn": P4CNN,
    "p4cnn-autorotation": P4CNNAutoRotation,
    "plain-cnn": PlainCNN,
    "resnet44-p4": partial(ResNet, "p4"),
    "resnet44-p4m": partial(ResNet, "p4m"),
    "resnet44-z2": partial(ResNet, "z2"),
    "rotdcf-cnn": RotDCFCNN,
    "st-cnn": STCNN,
    "surface": partial(SurfaceClassifier, windows=1, hidden=704),
    "surface+cnn": SurfaceCNN,
    "surface-2": partial(SurfaceClassifier, windows=2, hidden=588),
    "surface-4": partial(SurfaceClassifier, windows=4, hidden=311),
    "surface-8": partial(SurfaceClassifier, windows=8, hidden=92),
    "surface-rotations": RotationSurface,
    "z2cnn": Z2CNN,
}


def list_models() -> list[str]:
    """Names that `build` knows.

    >>> "diffcnn" in list_models()
    True
    """
    return sorted(_MODELS)


def build(name: str, **options: Any) -> nn.Module:
    """The network `name` with the options of its class.

    Raises:
        ArgumentError: an unknown name, or an option that the network does not have.
    """
    if name not in _MODELS:
        raise ArgumentError("name", name, one_of(name, list_models()))
    known = inspect.signature(_MODELS[name]).parameters
    for option, value in options.items():
        if option not in known:
            raise ArgumentError(option, value, f"an option that {name} has: {', '.join(known)}")
    return _MODELS[name](**options)


def build_spec(spec: str, **options: Any) -> nn.Module:
    """The network of "name:option=value,option=value", values as Python literals or plain words, besides `options`.

    >>> build_spec("diffcnn:channels=4,cayley=(1.2,0,0)").head[1].cayley.tolist()
    [1.2..., 0.0, 0.0]
    >>> build_spec("cnn:width=4", classes=3).head
    Sequential(
      (0): Flatten(start_dim=1, end_dim=-1)
      (1): Linear(in_features=32, out_features=3, bias=True)
    )

    Raises:
        ArgumentError: an unknown name or option, or one given twice.
        ArgumentTypeError: a value of the wrong type.
    """
    name, colon, rest = spec.partition(":")
    given: dict[str, Any] = {}
    for item in re.split(r",(?=\s*\w+=)", rest) if colon else ():  # not the commas of a tuple
        option, equals, text = item.strip().partition("=")
        if not (option.isidentifier() and equals and text):
            raise ArgumentError("model", spec, f"name:option=value,option=value; {item!r} is no option=value")
        if option in given:
            raise ArgumentError("model", spec, f"one value of {option}, which is given twice")
        try:
            given[option] = ast.literal_eval(text)
        except (ValueError, SyntaxError):
            given[option] = text
    for option in given.keys() & options.keys():
        if given[option] != options[option]:
            raise ArgumentError("model", spec, f"not two values of {option}: {options[option]} is asked for as well")
    try:
        return build(name, **(options | given))
    except ArgumentTypeError:
        raise
    except TypeError as error:
        raise ArgumentError("model", spec, f"options of the right type ({error})") from error
