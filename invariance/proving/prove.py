"""`prove`: export, one walk for each generator, what is found, what is asked."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Literal, get_args

from torch import nn

from ..errors import ArgumentError
from .actions import Action
from .generators import Generator, MovingGroup, group_of
from .report import GeneratorProof, ProofReport
from .trace import Program, trace
from .values import Constant, Moving
from .walk import Stop, Walk, walk
from .words import in_words, respects

__all__ = ["Claim", "prove", "prove_program"]

Claim = Literal["invariant", "equivariant"]


def prove(
    model: nn.Module,
    *,
    input_shape: Sequence[int],
    group: str | MovingGroup,
    claim: Claim | None = None,
) -> ProofReport:
    r"""Is $T(gx) = P_g\,T(x)$ for all inputs x and every g of a group, by the weights of T alone?

    Args:
        model: T, a module; it is copied, cast to float64 and put in eval mode.
        input_shape: of one sample, without the batch.
        group: by name, see `group_of`, or any group of motions of the input.
        claim: *invariant*, $P_g = 1$; *equivariant*, $P_g$ moves the output as g moves the input, along the same axes;
            None, any signed permutation $P_g$ of the entries, which is found and reported.

    Raises:
        ArgumentError: the module does not export, changes something in forward, or has weights that are not finite; a
            group that does not act on the input.
        ArgumentTypeError: not a module.

    >>> report = prove(nn.Conv2d(3, 4, 1), input_shape=(3, 9, 9), group="p4", claim="equivariant")
    >>> report.verdict
    'proved'
    """
    if claim is not None and claim not in get_args(Claim):
        raise ArgumentError("claim", claim, f"one of {', '.join(get_args(Claim))}, or None")
    shape = tuple(int(n) for n in input_shape)
    if not shape or min(shape) < 1:
        raise ArgumentError("input_shape", tuple(input_shape), "lengths of at least 1, without the batch")
    chosen = group_of(group, shape) if isinstance(group, str) else group
    for generator in chosen.generators:
        generator.on(shape)
    return prove_program(trace(model, (shape,)), chosen, claim)


def prove_program(program: Program, group: MovingGroup, claim: Claim | None = None) -> ProofReport:
    """As `prove`, of a graph that is there."""
    start = time.perf_counter()
    proofs = tuple(_proof(program, generator, claim) for generator in group.generators)
    proved = all(proof.proved for proof in proofs)
    notes: list[str] = []
    relations = None
    if proved:
        relations = all(
            respects([proof.outputs[k] for proof in proofs], group.relations) for k in range(len(program.outputs))
        )
        if not relations:
            notes.append("what was found for the output does not respect the group's relations, so it has no name")
    subgroup = None if proved else _largest(program, group, claim)
    if subgroup:
        notes.append(f"{subgroup} only: this smaller group goes through")
    constant = all(isinstance(v, Constant) for v in proofs[0].walk.outputs) if proofs[0].walk else False
    if constant:
        notes.append("the output does not depend on the input: it is constant")
    return ProofReport(
        "proved" if proved else "not proved",
        group.name,
        claim,
        program.input_shapes,
        proofs,
        subgroup=subgroup,
        relations=relations,
        constant=constant,
        operations=sum(node.op == "call_function" for node in program.graph.nodes),
        seconds=time.perf_counter() - start,
        export_seconds=program.seconds,
        notes=tuple(notes),
        program=program,
    )


def _proof(program: Program, generator: Generator, claim: Claim | None) -> GeneratorProof:
    start = time.perf_counter()
    found = walk(program, [generator.on(shape) for shape in program.input_shapes])
    stops = list(found.stops)
    outputs = [_action(value) for value in found.outputs]
    if found.reached and claim is not None:
        for name, action in zip(program.outputs, outputs, strict=True):
            if action is not None and (said := _against(claim, generator, action)):
                stops.append(Stop(name, "output", "", "", said, {}))
    proved = found.reached and not stops_that_matter(found, stops)
    words = tuple(in_words(action) for action in outputs if action is not None)
    return GeneratorProof(
        generator.name, proved, tuple(outputs), words, tuple(stops), time.perf_counter() - start, found
    )


def stops_that_matter(found: Walk, stops: Sequence[Stop]) -> list[Stop]:
    """Where every output is reached, an operation that stopped has nothing to do with them."""
    return [stop for stop in stops if stop.op == "output"]


def _against(claim: Claim, generator: Generator, action: Action) -> str | None:
    if claim == "invariant":
        return (
            None
            if action.is_identity
            else f"the output is not left as it is under {generator.name}: {in_words(action)}"
        )
    try:
        wanted = generator.on(action.shape[1:])
    except ArgumentError as error:
        return str(error)
    return (
        None
        if action.same(wanted)
        else f"the output moves otherwise than the input under {generator.name}: {in_words(action)}"
    )


def _action(value: Any) -> Action | None:
    if isinstance(value, Moving):
        return value.action
    return Action.identity(value.shape) if isinstance(value, Constant) else None


def _largest(program: Program, group: MovingGroup, claim: Claim | None) -> str | None:
    for name, words in group.subgroups:
        try:
            smaller = group.subgroup(name, words)
        except ArgumentError:
            continue
        if all(_proof(program, generator, claim).proved for generator in smaller.generators):
            return name
    return None
