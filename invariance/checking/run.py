"""`check`: ask, measure, judge."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import nn

from ..errors import ArgumentError, ArgumentTypeError
from ..groups import Group, SplitGroup
from ..measure.error import Model
from ..modes import in_evaluation
from ..symmetry import Symmetry
from ..verdicts import Claim
from .batch import check_batch
from .exact import check_exact
from .given import MOST, gathered
from .layers import broken_layer
from .precision import products
from .probe import Probe
from .proof import unasked, with_proof
from .question import (
    BATCH,
    CHECKED_GROUPS,
    FINITE,
    LADDER,
    POINTWISE,
    SEQUENCES,
    Action,
    Border,
    Kind,
    Question,
    SymmetryQuestion,
)
from .report import CheckReport, Row
from .shorthand import symmetry_of
from .strides import other_sizes, strides_to_blame
from .symmetric import RANDOM, answer_symmetry
from .translation import check_translation, scope_of
from .variants import with_variants

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
    prove: bool | None = None,
    variants: Sequence[str] = (),
    border: Border = "ignored",
    eval: bool = False,
    budget: float | None = None,
    progress: Callable[[int, int], object] | None = None,
    blame: bool = True,
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
        tolerance: the largest E that is good enough; the interval of E decides, instead of rounding.
        inputs: tensors of one's own instead of drawn ones: a tree that fits the symmetry; or images, a tensor, a pair
            or mapping with one, or an iterable of those such as a DataLoader, of which the first 16 are used.
        border: of shifts, whether what zero padding does at the border is the network's doing, "counted", or not,
            "ignored"; see `translation`.
        eval: check a copy in evaluation mode, in which batch norm and dropout are fixed.
        budget: seconds after which no further rung of a refinement ladder is begun.
        progress: hears of each rung of a refinement ladder: how much more is done, of how much in all.
        blame: name the layer or the size that breaks a group of pixels, which costs more than the verdict.
        prove: also try a proof for all inputs, of the float64 cast, where the group is finite and moves entries; what
            it finds is the report's `proof`, and a sentence of its diagnosis. None: where what is measured is
            consistent and the network small, by a count of its modules and numbers.
        variants: also check these of "float64", "eager" (float32), "compiled", "tf32", "bfloat16", "float16",
            "exported" and "scripted"; the report has them as `variants`, and a sentence on each in its diagnosis.

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
    if eval and isinstance(model, nn.Module):
        model = in_evaluation(model)
    own = gathered(inputs, images or MOST) if symmetry is None and inputs is not None else None
    shape = None if input_shape is None else _whole_numbers("input_shape", input_shape)
    if own is not None and shape is None:
        shape = tuple(own.shape[1:])
    name = group if isinstance(group, str) else getattr(group, "name", None)
    if isinstance(name, str) and name.lower() in CHECKED_GROUPS:
        name = name.lower()
    if symmetry is None and shape is None:
        raise ArgumentError("symmetry", None, "a Symmetry, or an input_shape and a group")
    if symmetry is None and name is None:
        raise ArgumentError("group", group, f"one of {', '.join(CHECKED_GROUPS)}, or a group of invariance.groups")
    if symmetry is not None and (input_shape is not None or group is not None or action is not None):
        raise ArgumentError("symmetry", symmetry, "given alone: input_shape, group and action are in it")
    if symmetry is None and name not in CHECKED_GROUPS:
        moves = action or "scalar"
        if not isinstance(moves, str):
            raise ArgumentError("action", "a function", "a Symmetry with fields.representation, for this group")
        assert shape is not None
        assert group is not None
        symmetry = symmetry_of(model, shape, group, claim, moves, dtype=dtype, device=device)
    if symmetry is not None:
        asked = SymmetryQuestion(symmetry, images, RANDOM, batch, dtype, device, tolerance, inputs, seed)
        return _proved(model, with_variants(model, answer(model, asked), variants), prove)
    assert shape is not None
    assert name is not None
    fixed = None if sizes is None else _whole_numbers("sizes", sizes)
    if sequence := len(shape) == 2 and name in SEQUENCES:
        shape, own = (shape[0], 1, shape[1]), None if own is None else own.unsqueeze(-2)
    about = (images, batch, dtype, device, block, seed, fibre, tolerance, border, budget, sequence, own)
    question = Question(shape, name, claim, action, fixed, *about)
    return _proved(model, with_variants(model, answer(model, question, progress, blame=blame), variants), prove)


def _proved(model: Model, report: CheckReport, prove: bool | None) -> CheckReport:
    if prove is None:
        return unasked(model, report)
    return with_proof(model, report) if prove else report


def _whole_numbers(name: str, values: object) -> tuple[int, ...]:
    if isinstance(values, Iterable):
        found = tuple(values)
        if all(isinstance(value, int) for value in found):
            return found
    raise ArgumentTypeError(name, values, "whole numbers, one after the other, such as (3, 32, 32)")


def answer(
    model: Model,
    question: Question | SymmetryQuestion,
    progress: Callable[[int, int], object] | None = None,
    *,
    blame: bool = True,
) -> CheckReport:
    """The report for a question; the same model and question have the same report."""
    with products():
        if isinstance(question, SymmetryQuestion):
            return answer_symmetry(model, question)
        return _answer(model, question, progress, blame=blame)


def _answer(
    model: Model, question: Question, progress: Callable[[int, int], object] | None, *, blame: bool
) -> CheckReport:
    probe = Probe(model, dtype=question.dtype, device=question.device, batch=question.batch, sequence=question.sequence)
    generator = torch.Generator().manual_seed(question.seed)
    if question.group in LADDER:
        from .continuous import check_continuous

        return check_continuous(probe, question, generator, progress)
    measure = {"translation": check_translation, BATCH: check_batch}.get(question.group, check_exact)
    rows = [row for size in question.sizes or (None,) for row in measure(probe, question, size, generator)]
    scope = scope_of(probe, question, rows) if question.group == "translation" else ""
    probe.require_no_memory()
    said = [*_batch(probe, question, rows), *dict.fromkeys(row.note for row in rows if row.note)]
    violated = [row for row in rows if row.verdict == "violated" and blame]
    if question.group in FINITE and violated:
        rows += other_sizes(probe, question, rows, generator)
        said = [*strides_to_blame(probe, question, rows), *said]
    sizes_tell = any(row.verdict == "consistent" and row.size not in {bad.size for bad in violated} for row in rows)
    if violated and question.group not in (*POINTWISE, BATCH) and not sizes_tell:
        said += broken_layer(probe, question, violated[0])
    return CheckReport(question, tuple(rows), tuple(said), scope=scope)


def _batch(probe: Probe, question: Question, rows: Sequence[Row]) -> list[str]:
    """What there is to say where a sample's output depends on its batch."""
    layers = probe.batch_statistics()
    modes = f"{', '.join(layers[:3])} {'are' if len(layers) > 1 else 'is'} in training mode"
    if layers and question.group == BATCH and any(row.verdict == "violated" for row in rows):
        return [f"{modes}: ask again with eval=True (--eval)"]
    if probe.alone is not False:
        return []
    return [
        f"a sample's output depends on the others of its batch ({modes if layers else 'the model mixes them'}), so "
        f"that E depends on batch = {probe.batch}: ask again with eval=True (--eval), or ask for the group 'batch'"
    ]
