"""Networks in words: what a figure calls "diffcnn-cnn:kernel_size=1"."""

from __future__ import annotations

import re

__all__ = ["in_words"]

_NAMES = {
    "cnn": "CNN",
    "st-cnn": "spatial transformer CNN",
    "cpab-cnn": "CPAB transformer CNN",
    "rotdcf-cnn": "RotDCF CNN",
    "diffcnn-cnn": "DiffCNN",
    "surface-cnn": "SurfaceCNN",
    "allcnn": "All-CNN",
    "resnet": "ResNet",
    "regular-cnn": "regular CNN",
}
_OPTIONS = {
    "kernel_size": "K = {}",
    "stride": "stride {}",
    "eps": "ε = {}",
    "cayley": "live sign layer",
    "surrogate": "trained with τ = {}",
    "functions": "{} basis functions",
    "modes": "{} modes",
    "width": "width {}",
}


def in_words(spec: str) -> str:
    """A name of `list_models` with its options, as a reader has it; what has no word stays as it is typed.

    >>> in_words("diffcnn-cnn:kernel_size=1,symmetric=True")
    'DiffCNN, K = 1, symmetric'
    >>> in_words("diffcnn-cnn:cayley=(1.2,-0.7,0.9),surrogate=0.3")
    'DiffCNN, live sign layer, trained with τ = 0.3'
    >>> in_words("my own network")
    'my own network'
    """
    name, _, options = spec.partition(":")
    told = [_NAMES.get(name, name)]
    for option in filter(None, re.split(r",(?![^(]*\))", options)):
        key, _, value = option.partition("=")
        told.append(key if value == "True" else _OPTIONS.get(key, f"{key} = {{}}").format(value))
    return ", ".join(told)
