"""`check`: ask, measure, judge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from ..errors import ArgumentError
from ..groups import Group, SplitGroup
from ..measure.error import Model
from ..symmetry import Symmetry
from ..verdicts import Claim
from .exact import check_exact
from .layers import broken_layer
from .probe import Probe
from .proof import with_proof
from .question import CHECKED_GROUPS, FINITE, LADDER, POINTWISE, Action, Kind, Question, SymmetryQuestion
from .report import CheckReport
from .shorthand import symmetry_of
from .strides import other_sizes, strides_to_blame
from .symmetric import RANDOM, answer_symmetry
from .translation import check_translation

__all__ = ["answer", "check"]


def check(
    model: Model,
    symmetry: Symmetry | None = None,
    *,
    input_shape: Sequence[int] | None = None,
    group: str | SplitGroup | Group | None = None,
    claim: Claim | None = None,
    action: Action | None = None,
    sizes: Sequence[int] | None = None,
    images: int | None = None,
    generator: torch.Generator | None = None,
    batch: int = 8,
    dtype: torch.dtype = torch.float64,
    device: str = "cpu",
    block: int | None = None,
    tolerance: float | None = None,
    inputs: Any = None,
    fibre: Kind | None = None,
    prove: bool = False,
) -> CheckReport:
    r"""Is $F(gx) = \rho(g)F(x)$ for every g of a group, and if not, where and by how much?

    Args:
        model: F, a module or a function on batches; a module is copied, never changed, and stays in its mode.
        symmetry: the group and what it does to the inputs and outputs, of any number and kind; see `Symmetry`. What
            follows up to `block` is a shorthand for images.
        input_shape: (C, H, W) of one image, or (C, length) of a sequence.
        group: the name of any group of `invariance.groups`, or the group itself. p4, p4m and the other finite groups of
            pixels are enumerated completely; *translation* is by whole pixels, see `translation`; *colour-gain*
            multiplies channels; *block-fields* are the pointwise actions of Kan et al. on Jacobian fields; *rotation*,
            *scale*, *shear* and the names of `WARP_FAMILIES` are judged by a refinement ladder on images known exactly.
        claim: *invariant*, the output stays, by default; *equivariant*, it moves by `action`.
        action: "scalar", a field of numbers that moves with the image; "regular" or "jacobian"; or a function of the
            index of the element of a finite group and the output. By default "scalar".
        sizes: side lengths, by default that of `input_shape`, or a ladder of seven, exact for the model's strides.
        images: how many, or how many samples of other kinds, at least 2.
        generator: source of images and warps; seed 0 by default.
        batch: samples in one pass of the model, which bounds the memory.
        fibre: what an input of more axes is: "regular", (C, |H|, H, W), a feature map on the group; "jacobian",
            (C, 3, 2, H, W), a Jacobian field. Axes are never guessed; a volume is a `Symmetry` of fields.
        block: the side K of a block field, by default the kernel size of the first layer.
        tolerance: E to judge by, instead of rounding.
        prove: also try a proof for all inputs, of the float64 cast, where the group is finite and moves entries; what
            it finds is the report's `proof`, and a sentence of its diagnosis.
        inputs: tensors of one's own, as a tree that fits the symmetry, instead of drawn ones.

    Raises:
        ArgumentError: a question that makes no sense; a model that refuses the input, is random, returns NaN, or
            whose output does not fit the claim.
        ArgumentTypeError: a model that returns something other than one floating-point tensor.

    >>> report = check(torch.nn.Conv2d(3, 4, 3, padding=1), input_shape=(3, 9, 9), group="p4", claim="equivariant")
    >>> report.verdict
    'violated'
    """
    generator = generator or torch.Generator().manual_seed(0)
    seed = int(torch.randint(2**31, (), generator=generator, device=generator.device))
    if symmetry is not None and claim not in (None, symmetry.claim):
        raise ArgumentError("claim", claim, f"{symmetry.claim}, as the symmetry says of its outputs, or none")
    claim = claim or "invariant"
    name = group if isinstance(group, str) else getattr(group, "name", None)
    if symmetry is None and input_shape is None:
        raise ArgumentError("symmetry", None, "a Symmetry, or an input_shape and a group")
    if symmetry is None and name is None:
        raise ArgumentError("group", group, f"one of {', '.join(CHECKED_GROUPS)}, or a group of invariance.groups")
    if symmetry is not None and (input_shape is not None or group is not None or action is not None):
        raise ArgumentError("symmetry", symmetry, "given alone: input_shape, group and action are in it")
    if symmetry is None and name not in CHECKED_GROUPS:
        moves = action or "scalar"
        if not isinstance(moves, str):
            raise ArgumentError("action", "a function", "a Symmetry with fields.representation, for this group")
        assert input_shape is not None
        assert group is not None
        symmetry = symmetry_of(model, tuple(input_shape), group, claim, moves, dtype=dtype, device=device)
    if symmetry is not None:
        asked = SymmetryQuestion(symmetry, images, RANDOM, batch, dtype, device, tolerance, inputs, seed)
        return with_proof(model, answer(model, asked)) if prove else answer(model, asked)
    assert input_shape is not None
    assert name is not None
    fixed = None if sizes is None else tuple(sizes)
    question = Question(
        tuple(input_shape), name, claim, action, fixed, images, batch, dtype, device, block, seed, fibre
    )
    return with_proof(model, answer(model, question)) if prove else answer(model, question)


def answer(model: Model, question: Question | SymmetryQuestion) -> CheckReport:
    """The report for a question; the same model and question have the same report."""
    if isinstance(question, SymmetryQuestion):
        return answer_symmetry(model, question)
    probe = Probe(model, dtype=question.dtype, device=question.device, batch=question.batch)
    generator = torch.Generator().manual_seed(question.seed)
    if question.group in LADDER:
        from .continuous import check_continuous

        return check_continuous(probe, question, generator)
    measure = check_translation if question.group == "translation" else check_exact
    rows = [row for size in question.sizes or (None,) for row in measure(probe, question, size, generator)]
    said = list(dict.fromkeys(row.note for row in rows if row.note))
    violated = [row for row in rows if row.verdict == "violated"]
    if question.group in FINITE and violated:
        rows += other_sizes(probe, question, rows, generator)
        said = [*strides_to_blame(probe, question, rows), *said]
    sizes_tell = any(row.verdict == "consistent" and row.size not in {bad.size for bad in violated} for row in rows)
    if violated and question.group not in POINTWISE and not sizes_tell:
        said += broken_layer(probe, question, violated[0])
    return CheckReport(question, tuple(rows), tuple(said))
