"""Ask `check` about every module of the lists and keep what it said."""

from __future__ import annotations

import copy
import hashlib
import itertools
import json
import math
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

import invariance
from invariance import AnalyticImage, sample
from invariance.checking import CheckReport, check

from . import faults, symmetric  # noqa: F401  (they enter themselves in the lists)
from .limits import LIMITS
from .subject import FAMILIES, FAULTS, Fault, Model, drawn

__all__ = ["SLIGHT", "alarm", "miss", "modules", "new_study", "run"]

SLIGHT = 0.01
"""The relative size at which faults are planted once more."""

_OTHER_STUDIES = ("beyond", "blame")
_TELLERS = ("page.py", "__main__.py", "kinds.py")
"""Files of the study that change no answer."""

LADDERS = 200
"""How many checks of the study are refinement ladders, each of which takes seconds."""

KEEP_EVERY = 25

Done = tuple[str, str, str, Any]
"""Part of the study, name, seed if there is one, and what was found."""


def alarm(name: str, seed: int) -> list[Any]:
    """Verdict and E for one symmetric module."""
    torch.set_num_threads(1)
    subject = drawn(name, seed)
    return _answer(check(subject.model, generator=torch.Generator().manual_seed(seed), **subject.options))


def miss(name: str) -> dict[str, Any]:
    """Verdicts on the sound module, the faulty one, and the faulty one weakened to a relative size of `SLIGHT`."""
    torch.set_num_threads(1)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        fault = FAULTS[name]()
    found = {
        "group": fault.options["group"],
        "claim": fault.options["claim"],
        "size": size_of(fault),
        "sound": _answer(check(fault.sound, **fault.options)),
        "faulty": _answer(check(fault.faulty, **fault.options)),
    }
    if "sizes" not in fault.options and found["size"] > 0:
        weak = Fault(fault.sound, _Weakened(fault, SLIGHT / found["size"]), fault.options)
        found |= {"slight size": size_of(weak), "slight": _answer(check(weak.faulty, **fault.options))}
    return found


def size_of(fault: Fault) -> float:
    r"""$\|f' - f\| / \|f\|$ on images that `check` does not know: noise, or smooth ones at 128 pixels for ladders.

    Of the channel and the kind of images, signed or in [0, 1], where it is largest: a fault of one channel is no
    smaller beside a loud one, nor one of photographs beside signed noise.
    """
    generator, shape = torch.Generator().manual_seed(12345), fault.options["input_shape"]
    if "sizes" in fault.options:
        kinds = [sample(AnalyticImage.random(8, generator=generator, cutoff=4, window=0.15, channels=shape[0]), 128)]
    else:
        signed = torch.randn((16, *shape), generator=generator, dtype=torch.float64)
        kinds = [signed, torch.rand((16, *shape), generator=generator, dtype=torch.float64)]
    with torch.no_grad():
        sizes = [_largest(*(_double(model)(images) for model in (fault.sound, fault.faulty))) for images in kinds]
    return max(size for size in sizes if math.isfinite(size))  # a root of signed images is none


def _largest(sound: Tensor, faulty: Tensor) -> float:
    """Over channels that are not 0 throughout."""
    difference, plain = ((x if x.ndim > 1 else x[:, None]).transpose(0, 1).flatten(1) for x in (faulty - sound, sound))
    norms = plain.norm(dim=1)
    return float((difference.norm(dim=1) / norms).masked_fill(norms == 0, 0).max())


class _Weakened(nn.Module):
    """f + t(f' − f)."""

    def __init__(self, fault: Fault, part: float) -> None:
        super().__init__()
        self.sound, self.faulty, self.part = fault.sound, fault.faulty, part

    def forward(self, x: Tensor) -> Tensor:
        sound = self.sound(x)
        return sound + self.part * (self.faulty(x) - sound)


def _double(model: Model) -> Model:
    return copy.deepcopy(model).double() if isinstance(model, nn.Module) else model


def _answer(report: CheckReport) -> list[Any]:
    worst = report.worst
    return [report.verdict, None if worst is None or worst.error is None else float(f"{worst.error:.3g}")]


def sources() -> str:
    """A digest of what answers: with another one, results that were kept are measured again."""
    found = hashlib.sha256()
    root = Path(invariance.__file__).parent
    measure = [root / "measure" / f"{name}.py" for name in ("error", "interval", "ladder")]
    here = (file for file in Path(__file__).parent.rglob("*.py") if file.parent.name not in _OTHER_STUDIES)
    asked = (*(root / "checking").rglob("*.py"), *here)
    for file in sorted(file for file in (*measure, *asked) if file.name not in _TELLERS):
        found.update(file.name.encode() + file.read_bytes())
    return found.hexdigest()[:16]


def modules(count: int) -> list[tuple[str, int]]:
    """The first of all families in turn, with a new seed each round; of refinement ladders no more than `LADDERS`."""
    ladders = [name for name, family in FAMILIES.items() if "continuous" in family.__module__]

    def rounds() -> Iterator[tuple[str, int]]:
        for seed in itertools.count():
            past = seed >= LADDERS // len(ladders)
            yield from ((name, seed) for name in FAMILIES if not (past and name in ladders))

    return list(itertools.islice(rounds(), count))


def new_study(file: Path) -> dict[str, Any]:
    """What was kept in the file by the same sources, or an empty study."""
    empty = {"sources": sources(), "torch": torch.__version__, "alarms": {}, "faults": {}, "limits": {}}
    if file.exists():
        kept = json.loads(file.read_text(encoding="utf-8"))
        if kept["sources"] == empty["sources"]:
            return kept
    return empty


def run(
    study: dict[str, Any],
    *,
    alarms: int,
    misses: int,
    workers: int,
    keep: Callable[[dict[str, Any]], None],
    limits: bool = True,
) -> Iterator[int]:
    """Fill in what is missing; yields how much is left to do."""
    from joblib import Parallel, delayed

    wanted = [(name, seed) for name, seed in modules(alarms) if str(seed) not in study["alarms"].get(name, {})]
    jobs = [partial(_alarm, name, seed) for name, seed in wanted]
    jobs += [partial(_fault, name) for name in list(FAULTS)[:misses] if name not in study["faults"]]
    jobs += [partial(_limit, name) for name in LIMITS if limits and name not in study["limits"]]
    parallel = Parallel(n_jobs=workers, return_as="generator_unordered")
    answers = cast(Iterator[Done], parallel(delayed(_call)(job) for job in jobs))
    for done, (part, name, seed, found) in enumerate(answers, start=1):
        if part == "alarms":
            study["alarms"].setdefault(name, {})[seed] = found
        else:
            study[part][name] = found
        if done % KEEP_EVERY == 0 or done == len(jobs):
            keep(study)
        yield len(jobs) - done


def _call(job: Callable[[], Done]) -> Done:
    return job()


def _alarm(name: str, seed: int) -> Done:
    return "alarms", name, str(seed), alarm(name, seed)


def _fault(name: str) -> Done:
    return "faults", name, "", miss(name)


def _limit(name: str) -> Done:
    torch.set_num_threads(1)
    fault = LIMITS[name]()
    return "limits", name, "", {"size": size_of(fault), "faulty": _answer(check(fault.faulty, **fault.options))}
