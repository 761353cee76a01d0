"""Layers, one paper a file."""

from .diffcnn import JacobianConv2d, JacobianFront, LogDetInvariant, SignNonlinearity

__all__ = ["JacobianConv2d", "JacobianFront", "LogDetInvariant", "SignNonlinearity"]
