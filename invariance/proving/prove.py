"""`prove`: export, one walk for each generator, what is found, what is asked."""

from __future__ import annotations

import inspect
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from torch import nn

from .. import counterexample
from ..errors import ArgumentError
from ..groups import SplitGroup
from ..symmetry import Symmetry
from .actions import Action
from .backward import nearest_symmetric
from .forward import forward_bound
from .generators import MovingGroup
from .question import Asked, Claim, Question, question_of
from .report import GeneratorProof, ProofReport
from .trace import Program, trace
from .units import rewritten
from .values import Constant, Moving
from .walk import Stop, walk
from .words import in_words, respects

__all__ = ["asked_of", "prove", "prove_program"]


def prove(
    model: nn.Module,
    *,
    input_shape: Sequence[int] | None = None,
    group: str | SplitGroup | MovingGroup | None = None,
    claim: Claim | None = None,
    symmetry: Symmetry | None = None,
    search: bool = True,
    max_error: float = 0.0,
) -> ProofReport:
    r"""Is $T(gx) = P_g\,T(x)$ for all inputs x and every g of a group, by the weights of T alone?

    Args:
        model: T, a module; it is copied, cast to float64 and put in eval mode.
        input_shape: of one sample, without the batch.
        group: by name, see `group_of`, or any group of motions of the input.
        claim: *invariant*, $P_g = 1$; *equivariant*, $P_g$ moves the output as g moves the input, along the same axes;
            None, any signed permutation $P_g$ of the entries, which is found and reported.
        symmetry: in their place, a finite group with fields in and out whose actions move entries and change signs.
        max_error: *proved* is said of the network with its weights changed by at most this, relative to the largest of
            each tensor, where the weights are symmetric to rounding only; the report has the weights.
        search: whether, where the proof does not go through, a counterexample is looked for by numbers.

    Raises:
        ArgumentError: the module does not export, changes something in forward, or has weights that are not finite; a
            group that does not act on the input.
        ArgumentTypeError: not a module.

    >>> report = prove(nn.Conv2d(3, 4, 1), input_shape=(3, 9, 9), group="p4", claim="equivariant")
    >>> report.verdict
    'proved'
    """
    question = asked_of(model, input_shape, group, claim, symmetry, max_error)
    return prove_program(trace(model, question.shapes, question.places), question, search=search, max_error=max_error)


def asked_of(
    model: nn.Module,
    input_shape: Sequence[int] | None,
    group: str | SplitGroup | MovingGroup | None,
    claim: Claim | None,
    symmetry: Symmetry | None,
    max_error: float,
) -> Question:
    """The question that the arguments of `prove` ask of this model; raises as `prove` does."""
    if not isinstance(max_error, int | float) or not 0 <= max_error < 1:
        raise ArgumentError("max_error", max_error, "a relative change of the weights, from 0 to less than 1")
    question = question_of(group, input_shape, claim, symmetry)
    if all(action.is_identity for asked in question.generators for action in asked.inputs) and not question.places:
        raise ArgumentError("group", question.group, f"a group that moves something of an input {question.shapes[0]}")
    if symmetry is not None and isinstance(symmetry.inputs, dict):
        _require_order(model, list(symmetry.inputs))
    return question


def _require_order(model: nn.Module, names: list[str]) -> None:
    """A graph has its inputs by position: names must be those of forward, in its order."""
    theirs = list(inspect.signature(model.forward).parameters)[: len(names)]
    if names != theirs:
        raise ArgumentError("symmetry", ", ".join(names), f"inputs named as forward has them, in its order: {theirs}")


def prove_program(program: Program, question: Question, *, search: bool = True, max_error: float = 0.0) -> ProofReport:
    """As `prove`, of a graph that is there."""
    start = time.perf_counter()
    question = question.of_outputs(program.returned)
    proofs = tuple(prove_generator(program, asked) for asked in question.generators)
    proved = bool(proofs) and all(proof.proved for proof in proofs) and not program.alone
    notes: list[str] = [program.alone] if program.alone else []
    relations = None
    if proved and question.relations:
        relations = all(
            respects([proof.outputs[k] for proof in proofs], question.relations) for k in range(len(program.outputs))
        )
        if not relations:
            notes.append("what was found for the output does not respect the group's relations, so it has no name")
    constant = bool(proofs[0].walk and all(isinstance(v, Constant) for v in proofs[0].walk.outputs))
    if constant:
        notes.append("the output does not depend on the input: it is constant")
    report = ProofReport(
        "proved" if proved else "not proved",
        question.group,
        question.claim,
        program.input_shapes,
        proofs,
        order=question.order,
        named=question.named,
        relations=relations,
        constant=constant,
        operations=sum(node.op == "call_function" for node in program.graph.nodes),
        export_seconds=program.seconds,
        notes=tuple(notes),
        program=program,
    )
    if not proved and not program.alone:
        report = _of_the_same_function(program, question, report)
    if report.verdict == "not proved":
        report = _otherwise(program, question, report, search=search)
    if report.verdict == "not proved":
        report = _nearly(program, question, report, max_error)
    return replace(report, seconds=time.perf_counter() - start)


def _of_the_same_function(program: Program, question: Question, report: ProofReport) -> ProofReport:
    """Dead and duplicate units, and factors of units, hide a symmetry: once more without them."""
    found = rewritten(program)
    if found is None:
        return report
    proofs = tuple(prove_generator(found.program, asked) for asked in question.generators)
    if not proofs or not all(proof.proved for proof in proofs):
        return report
    return replace(report, verdict="proved", generators=proofs, rewritten=found, notes=(*report.notes, str(found)))


def _nearly(program: Program, question: Question, report: ProofReport, max_error: float) -> ProofReport:
    """With the nearest symmetric weights, if these are proved; judged by `max_error`."""
    found = None if program.alone or program.places else nearest_symmetric(program, question)
    if found is None:
        return report
    exact = tuple(prove_generator(found.program, asked) for asked in question.generators)
    if not all(proof.proved for proof in exact):
        return report
    notes = (*report.notes, str(found))
    moves = [(asked.inputs, proof.outputs) for asked, proof in zip(question.generators, exact, strict=True)]
    forward = forward_bound(program, found.program, moves)
    if forward is not None and forward.worth_telling:
        notes = (*notes, str(forward))
        report = replace(report, forward=forward)
    if found.error <= max_error:
        changed = replace(found.program, fingerprint="")
        return replace(report, verdict="proved", generators=exact, backward=found, notes=notes, program=changed)
    return replace(report, backward=found, notes=notes)


def prove_generator(program: Program, asked: Asked) -> GeneratorProof:
    """One walk, and what it says of the outputs."""
    start = time.perf_counter()
    found = walk(program, asked.inputs, labels=asked.labels)
    stops = list(found.stops)
    outputs = tuple(_action(value) for value in found.outputs)
    proved = found.reached
    if proved:
        for k, (name, action) in enumerate(zip(program.outputs, outputs, strict=True)):
            if action is not None and (said := _against(asked, k, action, found.outputs[k])):
                stops.append(Stop(name, "output", "", "", said))
                proved = False
    if not proved:
        more = walk(program, asked.inputs, labels=asked.labels, assume=True).stops
        stops += [stop for stop in more if stop.op != "output" and stop.name not in {s.name for s in stops}]
    words = tuple(in_words(action) for action in outputs if action is not None)
    return GeneratorProof(
        asked.name, proved, outputs, words, tuple(stops), time.perf_counter() - start, asked.labels, found
    )


def _against(asked: Asked, k: int, action: Action, value: Any) -> str | None:
    """Why the output's motion is not the one that is asked for."""
    if isinstance(value, Moving) and (value.batch is None or value.batch.axis != 0 or action.shape[0] != 1):
        return "the first axis of the output is not the batch"
    try:
        wanted = asked.wanted(k, action.shape)
    except ArgumentError as error:
        return f"the output is not of the kind that is asked for: {error}"
    if wanted is None or action.same(wanted):
        return None
    return f"under {asked.name} the output should do this: {in_words(wanted)}; it does: {in_words(action)}"


def _action(value: Any) -> Action | None:
    if isinstance(value, Moving):
        return value.action
    return Action.identity(value.shape) if isinstance(value, Constant) else None


def _otherwise(program: Program, question: Question, report: ProofReport, *, search: bool) -> ProofReport:
    """The largest smaller group that goes through, and a counterexample."""
    notes = list(report.notes)
    subgroup = next(
        (q.group for q in question.subgroups if all(prove_generator(program, a).proved for a in q.generators)), None
    )
    if subgroup:
        notes.append(f"{subgroup} only: this smaller group goes through")
    verdict, found = report.verdict, None
    if search and program.module is not None and not program.places:
        found = counterexample.counterexample(program.module, [_wanted(program, a) for a in question.generators])
        if found is not None:
            verdict = "disproved"
            notes.insert(0, counterexample.in_words(found))
    return replace(report, verdict=verdict, subgroup=subgroup, counterexample=found, notes=tuple(notes))


def _wanted(program: Program, asked: Asked) -> counterexample.Asked:
    wanted: list[Any] = []
    for k, shape in enumerate(program.output_shapes):
        try:
            action = asked.wanted(k, shape) if shape else None
        except ArgumentError:
            action = None
        wanted.append(action and action.on)
    return counterexample.Asked(asked.name, program.input_shapes, [a.on for a in asked.inputs], wanted)
