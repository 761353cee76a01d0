"""Data sets as tensors of bytes: `load_splits` reads them, `augment` and `to_float` turn a batch into a net's input."""

from .dataset import Dataset, Splits
from .load import DATASETS, load_splits
from .rotmnist import rotated, rotated_mnist
from .transforms import augment, augmentation, shift, to_float, turn

__all__ = [
    "DATASETS",
    "Dataset",
    "Splits",
    "augment",
    "augmentation",
    "load_splits",
    "rotated",
    "rotated_mnist",
    "shift",
    "to_float",
    "turn",
]
