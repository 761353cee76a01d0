"""The papers' networks, assembled from layers."""

from .diffcnn import DiffCNN
from .plain import PlainCNN
from .registry import build, list_models

__all__ = ["DiffCNN", "PlainCNN", "build", "list_models"]
