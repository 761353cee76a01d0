"""`prove`: whether a network is invariant or equivariant under a finite group, for all inputs, from its weights.

`trace` exports, `walk` goes along the graph with a generator of the group, `rules` say what an operation does to a
motion, `words` and `report` tell, `certificate` writes down what a checker needs.
"""

from .actions import Action
from .asserting import NotProvedError, Reproof, assert_proved, prove_symmetry
from .discover import Discovery, discover
from .generators import GROUPS, Generator, MovingGroup, group_of
from .prove import prove, prove_program
from .question import Asked, Claim, Question, question_of
from .registry import RULES, register
from .report import SENTENCE, GeneratorProof, ProofReport
from .trace import Program, fingerprint, trace
from .values import Constant, Moving, Refusal
from .walk import Stop, Walk, walk

__all__ = [
    "GROUPS",
    "RULES",
    "SENTENCE",
    "Action",
    "Asked",
    "Claim",
    "Constant",
    "Discovery",
    "Generator",
    "GeneratorProof",
    "Moving",
    "MovingGroup",
    "NotProvedError",
    "Program",
    "ProofReport",
    "Question",
    "Refusal",
    "Reproof",
    "Stop",
    "Walk",
    "assert_proved",
    "discover",
    "fingerprint",
    "group_of",
    "prove",
    "prove_program",
    "prove_symmetry",
    "question_of",
    "register",
    "trace",
    "walk",
]
