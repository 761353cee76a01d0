"""The papers' networks, assembled from layers."""

from .diffcnn import DiffCNN
from .diffcnn_classifiers import DiffCNNRegular
from .plain import PlainCNN
from .registry import build, build_spec, list_models
from .regular import RegularCNN
from .rotdcf import RotDCFCNN
from .rotmnist import P4CNN, Z2CNN, P4CNNAutoRotation
from .seeding import initialised_by
from .transformer import CPABCNN, STCNN

__all__ = [
    "CPABCNN",
    "P4CNN",
    "STCNN",
    "Z2CNN",
    "DiffCNN",
    "DiffCNNRegular",
    "P4CNNAutoRotation",
    "PlainCNN",
    "RegularCNN",
    "RotDCFCNN",
    "build",
    "build_spec",
    "initialised_by",
    "list_models",
]
