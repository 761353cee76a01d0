"""`diagnose`: why a network lacks a symmetry, how much each explanation accounts for, and the change that mends it."""

from .case import Case, Outcome
from .diagnose import Diagnosis, diagnose
from .remedies import CAUSES, Remedy

__all__ = ["CAUSES", "Case", "Diagnosis", "Outcome", "Remedy", "diagnose"]
