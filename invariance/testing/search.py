"""The worst warp of a family: hypothesis climbs to it, then shrinks it towards the identity and a single wave."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import torch

from ..checking.bench import channels_of
from ..checking.pair import PairError
from ..checking.question import LADDER, Action, Question
from ..errors import ArgumentError, one_of
from ..images import AnalyticImage
from ..measure.error import Model
from ..provenance import environment
from ..verdicts import Claim
from ..warps import AffineDisc, Composition, Identity, PiecewiseLinear, Projective, Pullback, Separable, Smooth, Warp
from ..warps.cpab import CPAB, Tessellation

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

__all__ = ["WorstCase", "climb", "search_worst", "shrink"]

T = TypeVar("T")


@dataclass(frozen=True)
class WorstCase:
    """A pair of image and warp with its error; `shrunk` is a simpler one that keeps most of the error.

    Attributes:
        error: E of the pair, see `PairError`.
        evaluations: how many pairs were tried.
        target, target_seed: where the model can be found again; empty if it is not known.
    """

    question: Question
    image: AnalyticImage
    warp: Warp
    error: float
    evaluations: int = 0
    shrunk: WorstCase | None = None
    target: str = ""
    target_seed: int = 0

    def at(self, target: str, seed: int = 0) -> WorstCase:
        """The same case of a model that can be found again."""
        return replace(self, target=target, target_seed=seed)

    def again(self, model: Model) -> WorstCase:
        """The same pairs, measured again."""
        pair = PairError(model, self.question)
        shrunk = self.shrunk and replace(self.shrunk, error=pair.of_warp(self.shrunk.image, self.shrunk.warp))
        return replace(self, error=pair.of_warp(self.image, self.warp), shrunk=shrunk)

    def errors(self) -> dict[str, float]:
        """E of the pair, and of the simpler one."""
        return {"error": self.error} | ({"shrunk": self.shrunk.error} if self.shrunk else {})

    def to_dict(self) -> dict[str, Any]:
        """Plain data, which `invariance replay` measures again: the warp, the image and E."""
        return {
            "kind": "warp",
            "target": self.target,
            "target_seed": self.target_seed,
            "question": self.question.to_dict(),
            "image": _plain(self.image),
            "warp": _plain(self.warp),
            "error": self.error,
            "evaluations": self.evaluations,
            "shrunk": self.shrunk and self.shrunk.to_dict(),
            "environment": environment(),
        }

    def to_json(self) -> str:
        """Everything that is needed to measure it again."""
        return json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> WorstCase:
        """Raises ArgumentError where something is missing, or is no image and warp of one batch."""
        try:
            image, warp = _restored(data["image"]), _restored(data["warp"])
            Pullback(image, warp)(
                torch.zeros(1, 1, 2, dtype=torch.float64)
            )  # at a point: parts may contradict each other
            return cls(
                Question.from_dict(data["question"]),
                image,
                warp,
                data["error"],
                data["evaluations"],
                data["shrunk"] and cls.from_dict(data["shrunk"]),
                data["target"],
                data["target_seed"],
            )
        except ArgumentError:
            raise
        except (KeyError, TypeError, AttributeError, ValueError, IndexError, RuntimeError, OverflowError) as error:
            raise ArgumentError("worst case", "file", f"the fields of a worst case ({error})") from error

    def __str__(self) -> str:
        shown = self.shrunk or self
        worst = f"{self.question.group}: E = {self.error:.2e} at worst"
        return f"{worst}; simplest: E = {shown.error:.2e} for {shown.image!r} under {_brief(shown.warp)}"


def search_worst(
    model: Model,
    family: str,
    budget: int = 300,
    *,
    input_shape: Sequence[int] = (3, 32, 32),
    claim: Claim = "equivariant",
    action: Action | None = None,
    image: AnalyticImage | None = None,
    keep: float = 0.9,
    generator: torch.Generator | None = None,
    dtype: torch.dtype = torch.float64,
    device: str = "cpu",
) -> WorstCase:
    """Search a family of warps, and images of a few waves, for the pair with the largest error.

    `hypothesis.target` climbs the error from random pairs; the best is shrunk as a failing test is.

    Args:
        family: rotation, scale, shear, or a name in `WARP_FAMILIES`.
        budget: how many pairs are tried before shrinking, which takes at most as many again.
        input_shape, claim, action, dtype, device: as in `check`.
        image: the one image to search with; by default images are searched too.
        keep: the part of the largest error that the simpler pair has to show.
        generator: source of the search and of the images that set the unit of E; seed 0 by default.

    Raises:
        ArgumentError: an unknown family, a budget of none, a part that is none; what `check` raises.
    """
    from hypothesis import strategies as st

    from .strategies import FAMILIES, analytic_images

    if family not in LADDER:
        raise ArgumentError("family", family, one_of(family, LADDER))
    if budget < 1:
        raise ArgumentError("budget", budget, "at least one pair")
    if not 0 < keep <= 1:
        raise ArgumentError("keep", keep, "a part of the error, above 0 and at most 1")
    generator = generator or torch.Generator().manual_seed(0)
    seed = int(torch.randint(2**31, (), generator=generator, device=generator.device))
    question = Question(tuple(input_shape), family, claim, action, dtype=dtype, device=device, seed=seed)
    objective = PairError(model, question)
    images = analytic_images(channels=channels_of(question), window=0.15, max_waves=2)
    pairs = st.tuples(images if image is None else st.just(image), FAMILIES[family]())

    def error(pair: tuple[AnalyticImage, Warp]) -> float:
        return objective.of_warp(*pair)

    pair, worst, tried = climb(pairs, error, budget, seed=seed)
    simple = shrink(pairs, error, keep * worst, budget, seed=seed)
    shrunk = None if simple is None else WorstCase(question, *simple, error(simple))
    return WorstCase(question, *pair, worst, tried, shrunk)


def climb(strategy: SearchStrategy[T], score: Callable[[T], float], budget: int, *, seed: int) -> tuple[T, float, int]:
    """The example of the highest score, its score, and how many were tried."""
    import hypothesis

    found: list[tuple[float, T]] = []
    tried = 0

    @hypothesis.seed(seed)
    @_quietly(budget, hypothesis.Phase.generate, hypothesis.Phase.target)
    @hypothesis.given(strategy)
    def attempt(example: T) -> None:
        nonlocal tried
        tried += 1
        value = score(example)
        hypothesis.target(value)
        if not found or value > found[0][0]:
            found[:] = [(value, example)]

    attempt()
    return found[0][1], found[0][0], tried


def shrink(
    strategy: SearchStrategy[T], score: Callable[[T], float], least: float, budget: int, *, seed: int
) -> T | None:
    """The simplest example found whose score is at least `least`; the same seed finds what `climb` found."""
    import hypothesis
    from hypothesis.errors import Flaky

    found: list[T] = []
    tries = 0

    @hypothesis.seed(seed)
    @_quietly(budget, hypothesis.Phase.generate, hypothesis.Phase.target, hypothesis.Phase.shrink)
    @hypothesis.given(strategy)
    def attempt(example: T) -> None:
        nonlocal tries
        tries += bool(found)
        if found and tries > budget:
            return
        value = score(example)
        hypothesis.target(value)
        if value >= least:
            found.append(example)
            raise _FoundError

    try:
        attempt()
    except (_FoundError, Flaky):
        return found[-1]
    return None


class _FoundError(Exception):
    pass


def _quietly(budget: int, *phases: Any) -> Any:
    from hypothesis import HealthCheck, Verbosity, settings

    return settings(
        max_examples=budget,
        phases=phases,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.nested_given, HealthCheck.data_too_large],
        verbosity=Verbosity.quiet,
        report_multiple_bugs=False,
        derandomize=False,
        print_blob=False,
    )


_KINDS = (
    *(AnalyticImage, AffineDisc, Composition, CPAB, Identity, PiecewiseLinear, Projective, Separable, Smooth),
    Tessellation,
)
_CLASSES = {kind.__name__: kind for kind in _KINDS}


def _brief(warp: Warp) -> str:
    """One line, to four digits."""

    def rounded(value: Any) -> Any:
        return [rounded(item) for item in value] if isinstance(value, list) else round(value, 4) + 0.0

    def shown(value: Any) -> str:
        return _brief(value) if isinstance(value, Warp) else str(rounded(value.tolist()))

    parts = [shown(part) for name, part in warp._parts() if name != "redraws"]
    return f"{type(warp).__name__}({', '.join(parts)})"


def _plain(value: Any) -> Any:
    """An image or a warp as its class and its fields, tensors as lists."""
    if is_dataclass(value):
        return {"class": type(value).__name__} | {
            item.name: _plain(getattr(value, item.name)) for item in fields(value) if item.name != "redraws"
        }
    return value.tolist() if isinstance(value, torch.Tensor) else value


def _restored(value: Any) -> Any:
    if isinstance(value, dict):
        if (name := value["class"]) not in _CLASSES:
            raise ArgumentError("class", name, one_of(name, _CLASSES))
        return _CLASSES[name](**{k: _restored(part) for k, part in value.items() if k != "class"})
    return torch.tensor(value, dtype=torch.float64) if isinstance(value, list) else value
