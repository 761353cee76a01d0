"""Finite groups of integer matrices, and the split groups Z² ⋊ H that group convolutions run over."""

from .split import Matrix, SplitGroup
from .wallpaper import CM, GROUPS, P2, P3, P4, P4M, PM

__all__ = ["CM", "GROUPS", "P2", "P3", "P4", "P4M", "PM", "Matrix", "SplitGroup"]
