"""Data sets as tensors of bytes: `load_splits` reads them, `augmentation` and `to_float` make a net's input of them."""

from .dataset import Dataset, Splits
from .load import DATASETS, load_splits
from .rotmnist import rotated, rotated_mnist
from .transforms import Augmentation, augmentation, crop, shift, to_float, turn

__all__ = [
    "DATASETS",
    "Augmentation",
    "Dataset",
    "Splits",
    "augmentation",
    "crop",
    "load_splits",
    "rotated",
    "rotated_mnist",
    "shift",
    "to_float",
    "turn",
]
