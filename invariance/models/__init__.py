"""The papers' networks, assembled from layers."""

from .allcnn import AllCNN
from .diffcnn import DiffCNN
from .diffcnn_classifiers import DiffCNNClassifier
from .plain import PlainCNN
from .registry import build, build_spec, list_models
from .regular import RegularCNN
from .resnet import ResNet
from .rotdcf import RotDCFCNN
from .rotmnist import P4CNN, Z2CNN, P4CNNAutoRotation
from .seeding import initialised_by
from .surface import DiffCNNWeighted, SurfaceClassifier, SurfaceCNN
from .surface_rotations import RotationSurface
from .transformer import CPABCNN, STCNN

__all__ = [
    "CPABCNN",
    "P4CNN",
    "STCNN",
    "Z2CNN",
    "AllCNN",
    "DiffCNN",
    "DiffCNNClassifier",
    "DiffCNNWeighted",
    "P4CNNAutoRotation",
    "PlainCNN",
    "RegularCNN",
    "ResNet",
    "RotDCFCNN",
    "RotationSurface",
    "SurfaceCNN",
    "SurfaceClassifier",
    "build",
    "build_spec",
    "initialised_by",
    "list_models",
]
