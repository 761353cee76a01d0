"""`check`: whether, where and by how much a module is invariant or equivariant.

`question` asks, `probe` runs the model, `exact`, `translation` and `continuous` measure, `judge` and the refinement
ladder decide, `report` tells.
"""

from .layers import layers_of
from .profile import Profile, profile
from .question import CHECKED_GROUPS, Action, Question, SymmetryQuestion, question_from_dict
from .report import CheckReport, Row
from .run import answer, check

__all__ = [
    "CHECKED_GROUPS",
    "Action",
    "CheckReport",
    "Profile",
    "Question",
    "Row",
    "SymmetryQuestion",
    "answer",
    "check",
    "layers_of",
    "profile",
    "question_from_dict",
]
