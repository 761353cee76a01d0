"""Ask about every network, sound and faulty, and hold what is proved to numbers."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from invariance.errors import ArgumentError
from invariance.proving.checker import RefusedError, verify

from . import families, traps  # noqa: F401  (they enter themselves in the lists)
from .ask import Answer, Question, acts_of
from .faults import LAYERS, WEIGHTS, of_the_check_study, plant_layer, plant_weight
from .oracle import FAR, error
from .subject import FAMILIES, TRAPS, Subject, drawn

__all__ = ["ROUNDED", "Tally", "jobs", "network", "of_checks", "summed", "trapped", "wrong"]

ROUNDED = {"steerable networks"}
"""Symmetric to float32 only: proved where the prover says so of nearby weights."""


@dataclass
class Tally:
    """What was asked about one family, and what came out.

    Attributes:
        graphs: exported; asked: questions; sound, proved: of networks that are symmetric, and how many were proved.
        faulty, harmless: faults asked about; those proved that no number refutes, such as two equal weights exchanged.
        wrong: proofs that numbers refute, by seed and fault; missed: symmetric networks not proved, and why.
        seconds: of CPU, export included; exporting: of that the exports.
        nearest: the largest relative change of weights after which a family of `ROUNDED` is proved.
        certified, rechecked: certificates, one an architecture, given to the independent checker, and those verified.
        unchecked: why the others were not.
    """

    graphs: int = 0
    asked: int = 0
    sound: int = 0
    proved: int = 0
    faulty: int = 0
    harmless: int = 0
    wrong: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    seconds: float = 0.0
    exporting: float = 0.0
    nearest: float = 0.0
    certified: int = 0
    rechecked: int = 0
    unchecked: list[str] = field(default_factory=list)

    def __iadd__(self, other: Tally) -> Tally:
        for name, value in vars(other).items():
            mine = getattr(self, name)
            setattr(self, name, max(mine, value) if name == "nearest" else mine + value)
        return self


def wrong(subject: Subject, answer: Answer, larger: Subject | None = None) -> str | None:
    """Why a proof is wrong, or None: numbers refute it, or it speaks of a network that must not be proved.

    A fault of one bit may be too small for numbers: `larger` has the same weight changed by a half.
    """
    if subject.wanted == "refused":
        return "must not be proved"
    acts = acts_of(answer)
    found = error(subject, acts)
    if found > FAR:
        return f"refuted, {found:.0e}"
    if larger is not None and (found := error(larger, acts)) > FAR:
        return f"refuted with the same weight changed by a half, {found:.0e}"
    return None


class _Clock:
    """CPU seconds into a field of a tally."""

    def __init__(self, tally: Tally, name: str) -> None:
        self.tally, self.name = tally, name

    def __enter__(self) -> None:
        self.start = time.process_time()

    def __exit__(self, *_: object) -> None:
        setattr(self.tally, self.name, getattr(self.tally, self.name) + time.process_time() - self.start)


def _exported(subject: Subject, tally: Tally) -> Question | None:
    """A question; None where the network is refused before anything is proved."""
    tally.graphs += 1
    with _Clock(tally, "exporting"):
        try:
            return Question(subject)
        except ArgumentError:
            return None


def network(name: str, seed: int, *, weights: int = 2, faults: int = 11, layers: int = 1) -> Tally:
    """One architecture of a family: sets of sound weights, then faults in them, then faults between layers."""
    torch.set_num_threads(1)
    tally, draw = Tally(), random.Random(f"{name} {seed}")
    with _Clock(tally, "seconds"):
        subject = drawn(FAMILIES[name], seed)
        question = _exported(subject, tally)
        for i in range(weights):
            same = drawn(FAMILIES[name], seed, weights=i)
            tally.asked, tally.sound = tally.asked + 1, tally.sound + 1
            answer = question.ask(same.model) if question else Answer("refused", None, ("not exported",))
            if answer.verdict == "proved":
                tally.proved += 1
                if said := wrong(same, answer):
                    tally.wrong.append(f"{name} {seed}, weights {i}: {said}")
                if tally.certified == 0 and answer.certificate is not None:
                    _recheck(tally, f"{seed}", answer, same.model)
            elif answer.verdict == "nearly" and name in ROUNDED:
                tally.proved, tally.nearest = tally.proved + 1, max(tally.nearest, answer.change)
            else:
                tally.missed.append(f"{seed}, weights {i}: {(*answer.reasons, '')[0]}")
        if question:
            for i in range(faults):
                _faulty(tally, name, seed, subject, question, i)
        for _ in range(layers):
            which = draw.choice(sorted(LAYERS))
            planted = plant_layer(subject, which, draw)
            if planted and (other := _exported(planted, tally)):
                _ask(tally, f"{name} {seed}, {which}", planted, other)
    return tally


def _recheck(tally: Tally, what: str, answer: Answer, model: nn.Module) -> None:
    tally.certified += 1
    try:
        verify(json.loads(json.dumps(answer.certificate)), model)
        tally.rechecked += 1
    except RefusedError as refused:
        tally.unchecked.append(f"{what}: {str(refused).splitlines()[0]}")


def _faulty(tally: Tally, name: str, seed: int, subject: Subject, question: Question, i: int) -> None:
    which = "last bit of one weight" if i % 3 == 0 else random.Random(f"{name} {seed} {i}").choice(sorted(WEIGHTS))
    planted, weight = plant_weight(subject, which, random.Random(f"{seed} {i}"))
    larger = None
    if which == "last bit of one weight":
        larger = plant_weight(subject, "one weight larger by a half", random.Random(f"{seed} {i}"))[0]
    _ask(tally, f"{name} {seed}, {which} in {weight} ({i})", planted, question, larger)


def _ask(tally: Tally, what: str, planted: Subject, question: Question, larger: Subject | None = None) -> None:
    tally.asked, tally.faulty = tally.asked + 1, tally.faulty + 1
    try:
        answer = question.ask(planted.model)
    except ArgumentError:
        return
    if answer.verdict != "proved":
        return
    if said := wrong(planted, answer, larger):
        tally.wrong.append(f"{what}: {said}")
    else:
        tally.harmless += 1


def trapped(name: str) -> Tally:
    """One trap, or the sound network beside it."""
    torch.set_num_threads(1)
    tally, subject = Tally(), TRAPS[name]()
    with _Clock(tally, "seconds"):
        if question := _exported(subject, tally):
            _ask(tally, name, subject, question)
    return tally


def of_checks(name: str, build: Callable[[], tuple[Subject, Subject]]) -> Tally:
    """One fault of the study of `check`."""
    torch.set_num_threads(1)
    tally = Tally()
    with _Clock(tally, "seconds"):
        subject = build()[1]
        if question := _exported(subject, tally):
            _ask(tally, name, subject, question)
    return tally


def jobs(of_each: int) -> Iterator[tuple[str, str, Callable[[], Tally]]]:
    """Every job of the study: its part, its name, and what does it; round by round: any beginning is a small study.

    Faults between layers need an export of their own, so every third architecture has one.
    """
    for name in TRAPS:
        yield "traps", name, lambda name=name: trapped(name)
    for seed in range(2 * of_each):
        for name in FAMILIES:
            if seed < of_each or name == "grammar":
                layers = int(seed % 3 == 0 or name == "grammar")
                yield name, str(seed), lambda name=name, seed=seed, layers=layers: network(name, seed, layers=layers)
    for name, build in of_the_check_study():
        yield "faults of the study of check", name, lambda name=name, build=build: of_checks(name, build)


def summed(parts: dict[str, Any]) -> Tally:
    """All jobs of one part together."""
    total = Tally()
    for part in parts.values():
        total += Tally(**part)
    return total
