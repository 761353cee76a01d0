r"""Is a difference more than rounding? For the whole output, for every channel, and for every entry of every image.

In units of the rounding σ measured for that output (see `rounding`) symmetric arithmetic makes differences of about √2,
since both sides are rounded. A check looks at many of them: that rounding alone makes it say *violated* has probability
below `FAMILY`, shared equally by the three kinds of looks and by the looks of each kind (Bonferroni), through the
quantile of Student's t for as many degrees of freedom as σ has.

What looks like a violation is looked at once more, beside the rounding of its own image measured many times: a
symmetric model pays for few measurements, a broken one for more.
"""

from __future__ import annotations

from functools import cached_property, lru_cache

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ..measure import ErrorReport, bootstrap_ratio, quantile_interval
from ..verdicts import CheckVerdict
from .moved import Levels, Moved
from .report import Row
from .rounding import Rounding, second_differences

__all__ = ["CONSTANT", "FAMILY", "LEVEL", "error_interval", "judge", "worst_image"]

CONSTANT = "the output is the same for all inputs: constant, not equivariant; show it inputs that it tells apart"
LEVEL = 0.99
FAMILY = 1e-5
"""Probability that rounding alone makes a check say *violated*."""

_ROUGH = "rounding alone makes differences as large as those between the outputs for two inputs"
_BITS = 8  # of the last place, in which outputs that should be equal differ after a few roundings
_BLUNT = 1e-3  # a difference of this E that rounding explains may hide a fault of 1 %
_ENTRY, _POOLED = (
    10,
    30,
)  # degrees of freedom of σ: of an entry measured many times; pooled, as roundings are not independent
_FEWEST = 6
_INSIDE = 1e4  # machine epsilons of E; a step in float32 makes 5e8 of those of float64
_LOUDER = 1e12  # squares; beyond that the first image is black beside another, and tells nothing of it
_FAINT = 1e3  # machine epsilons of the largest channel: one so small may be made of roundings alone
_FAINTEST = 1e-4  # of it, in few bits
_TOLD = 0.01  # an E of the whole output that nobody takes for rounding: no channel has to be pointed at
_FEW = 16  # roundings from which a channel is known without the others

Means = Float[Tensor, "_images _channels"]


def judge(
    name: str,
    size: tuple[int, ...],
    case: Moved,
    rounding: Rounding,
    *,
    family: int,
    generator: torch.Generator,
    tolerance: float | None = None,
    note: str = "",
) -> Row:
    """The row of one element; `family` is how many rows the check has, over all kinds of images and sizes.

    With a tolerance, E and its interval are compared with that instead of with rounding.
    """
    look = _Look(case, rounding, family)
    asleep = bool(look.constant.all())
    certain = asleep and look.told_apart and look.certain is not None
    if asleep and not look.seen.any() and not certain:
        if look.told_apart:
            return Row(name, size, None, None, look.floor, "undecided", note=f"{_ROUGH}: {look.remedy}")
        return Row(name, size, None, None, 0.0, "undefined", note=CONSTANT)
    error = interval = worst = image = None
    if (certain or not asleep) and look.report.spread is not None and look.report.spread.mean() > 0:
        error, interval = error_interval(look.report, generator)
        worst, image = worst_image(look.report)
    verdict, said = look.verdict() if tolerance is None or interval is None else (within(interval, tolerance), "")
    note = "; ".join(filter(None, (note, said)))
    return Row(name, size, error, interval, look.floor, verdict, worst, image, note=note, power=look.power)


def within(interval: tuple[float, float], tolerance: float) -> CheckVerdict:
    """Which side of the tolerance the whole interval is on."""
    if interval[1] <= tolerance:
        return "consistent"
    return "violated" if interval[0] > tolerance else "undecided"


class _Look:
    """Difference and rounding of one case, every channel in units of its largest value so that no square over- or
    underflows."""

    def __init__(self, case: Moved, rounding: Rounding, family: int) -> None:
        self.case, self.rounding, self.family = case, rounding, family
        expected, moved = case.levels(case.action(case.plain)), case.levels(case.moved)
        self.scale = torch.maximum(expected.abs().amax((0, 2)), moved.abs().amax((0, 2)))
        self.scale = self.scale.masked_fill(self.scale == 0, 1.0)[:, None]
        self.weight = self.scale / self.scale.max()
        expected = expected / self.scale
        self.difference = (moved / self.scale).sub_(expected).square_()
        self.spread = expected.roll(1, 0).sub_(expected).square_().mean(2)
        self.energy = expected.square_()
        self.apart, self.size = self.difference.mean(2), self.energy.mean(2)
        self._allow(self._arithmetic(rounding))

    def verdict(self) -> tuple[CheckVerdict, str]:
        """And what there is to say about it. What is more than the arithmetic may still be due to the numbers
        stored.
        """
        stored = self.seen.any() and self.rounding.stored is not None
        if stored:
            self._allow(self.variance + self._stored(self.rounding))
        if (found := self._confirmed()) is not None:
            return "violated", self._place(*found)
        unsure = self._hidden is not None
        if (unsure or self.constant.all()) and self.certain is not None:
            return "violated", self._place(*self.certain)
        nothing = self._nothing() if unsure else []
        if (hidden := self._hidden) is not None:
            said = f"rounding alone makes E = {hidden:.0e}, so that a fault of that size is hidden: {self.remedy}"
            return "undecided", said
        if nothing:
            listed = ", ".join(map(str, nothing))
            return "consistent", f"nothing is said of channels that are 0 up to rounding: {listed}"
        if stored:
            return "consistent", "up to the precision in which the parameters are stored"
        coarse = self._by_image(self.apart).mean().sqrt() > _INSIDE * self.rounding.eps
        return "consistent", "up to the precision of a step inside, which is coarser than asked for" if coarse else ""

    @cached_property
    def report(self) -> ErrorReport:
        """In units of the largest value of all."""
        means = [self._by_image(x) for x in (self.apart, self.size, self.spread)]
        count = torch.full((len(means[0]),), self.difference[0].numel())
        worst = float((self.difference.amax((0, 2)).sqrt() * self.weight[:, 0]).max())
        return ErrorReport(means[0], means[1], means[2], count, torch.zeros_like(count), worst)

    @property
    def floor(self) -> float:
        """E from which a difference of the whole output would be a violation."""
        return _ratio(self._factor(0) ** 2 * self._by_image(self.allowed).mean(), self._by_image(self.spread).mean())

    @property
    def power(self) -> float:
        """E from which a difference of any one channel would be a violation, for channels that tell the images
        apart.
        """
        return max(self._ratios(self._factor(1) ** 2 * self.allowed), default=0.0)

    @property
    def told_apart(self) -> bool:
        """Whether the images differ in some channel by more than last bits, and than what is 0 up to rounding."""
        size, eps = self.size.mean(0), self.rounding.eps
        last_bits = self.spread.mean(0) <= (_BITS * eps) ** 2 * size
        nothing = (size <= self._factor(1) ** 2 * self.allowed.mean(0)) & (size * self.scale[:, 0].square() < eps)
        return not bool((last_bits | nothing).all())

    @property
    def _hidden(self) -> float | None:
        """E of rounding in a channel, if that is too large to be sure of 1 %; coarse numbers may also agree by
        chance.
        """
        if max(self._ratios(self.apart + self.allowed), default=0.0) <= _BLUNT:  # the larger is at most the sum
            return None
        larger = torch.maximum(self.difference, self.variance).mean(2)
        return max((error for error in self._ratios(larger) if error > _BLUNT), default=None)

    @property
    def remedy(self) -> str:
        if self.rounding.eps > 1e-10:
            return "check in float64, or say which E is small enough (tolerance)"
        if self.rounding.stored is not None:
            return "store the parameters in float64"
        return (
            "show it other inputs; at these the output jumps with the last bits of the input, as at a tie, a "
            "threshold, or 0/0"
        )

    def _ratios(self, squares: Tensor) -> list[float]:
        """E of each channel that tells the images apart, for squares by image and channel."""
        awake = ~self.constant
        return (squares.mean(0)[awake] / self.spread.mean(0)[awake]).sqrt().tolist()

    def _allow(self, variance: Levels) -> None:
        """Attributes: constant, the channels in which rounding alone tells the images apart."""
        self.variance, self.allowed = variance, variance.mean(2)
        self.constant = self.spread.mean(0) <= self._factor(1) ** 2 * self.allowed.mean(0)
        self.seen = self._exceeds(self.difference, variance, self.apart, self.allowed)

    def _confirmed(self) -> tuple[int, int] | None:
        """Image and channel of a difference that is more than rounding also when that is measured on its own image."""
        for image in self._by_image(self.apart).argsort(descending=True).tolist():
            if not self.seen[image]:
                continue
            difference, variance = self.difference[[image]], self.variance[[image]]
            if not self.rounding.settled and (closer := self.rounding.again(image)) is not None:
                variance = self._arithmetic(closer, image) + self._stored(closer, image)
                if self._is_more(difference, variance) and (there := self._there(image)) is not None:
                    variance = torch.maximum(variance, there)
            if self._is_more(difference, variance):
                self.rounding.settle()
                return image, _worst_channel(difference, variance)
        return None

    def _there(self, image: int) -> Levels | None:
        """2σ² of F(gx), which a motion may have taken to where numbers are larger, or to the other side of a jump; None
        where g changes no number.
        """
        if self.case.exact or self.case.inputs is None:
            return None
        if (there := self.rounding.at(self.case.inputs[image : image + 1])) is None:
            return None
        squares = self._squares(second_differences(there.acted(self.case.read)))
        if (noise := there.of_noise(self.case.read)) is not None:
            squares = torch.maximum(squares, self._squares(noise))
        return 2 * squares

    @cached_property
    def certain(self) -> tuple[int, int] | None:
        """Image and channel of a difference that no rounding of what is computed explains, where gx is not rounded.

        What jumps with the last bits of the *input*, as a branch for whole numbers does, hides behind the line along
        which rounding is measured; with noise in every operation the input stays as it is.
        """
        if not self.case.exact:
            return None
        image = int(self._by_image(self.apart).argmax())
        closer = self.rounding.again(image)
        if closer is None or (noise := closer.of_noise(self.case.action)) is None or not noise.any():
            return None
        known = closer.acted(self.case.action)[0]
        variance = self._variance(closer, self._squares(noise), known, image) + self._stored(closer, image)
        difference = self.difference[[image]]
        if not self._is_more(difference, variance) or _ratio(difference.mean(), self.spread[image].mean()) < _BLUNT:
            return None
        return image, _worst_channel(difference, variance)

    def _nothing(self) -> list[int]:
        """Channels that are rounding alone, next to nothing beside the largest, as the eigenvalue 0 of a matrix is.

        They count as constant.
        """
        closer = self.rounding.again(int(self._by_image(self.apart).argmax()))
        if closer is None or (noise := closer.of_noise(self.case.action)) is None:
            return []
        made = self._squares(noise).mean((0, 2))
        faint = min(_FAINT * self.rounding.eps, _FAINTEST)
        nothing = (self.weight[:, 0] < faint) & (made * self._factor(1) ** 2 > self.spread.mean(0))
        self.constant = self.constant | nothing
        return nothing.nonzero().flatten().tolist()

    def _is_more(self, difference: Levels, variance: Levels) -> bool:
        return bool(self._exceeds(difference, variance, difference.mean(2), variance.mean(2)))

    def _place(self, image: int, channel: int) -> str:
        """Where the fault is, when the error of the whole output does not show it."""
        overall = _ratio(self._by_image(self.apart).mean(), self._by_image(self.spread).mean())
        error = _ratio(self.apart.mean(0)[channel], self.spread.mean(0)[channel])
        if len(self.weight) == 1 or overall > _TOLD or error <= 3 * overall:
            return ""
        one = self.difference[image, channel]
        where = ", most of it in a single entry" if len(one) > 1 and one.max() > 0.9 * one.sum() else ""
        return f"channel {channel} by itself has E = {error:.1e}{where}"

    def _by_image(self, squares: Means) -> Float[Tensor, "_images"]:
        return (squares * self.weight[:, 0].square()).mean(1)

    def _exceeds(self, difference: Levels, variance: Levels, apart: Means, allowed: Means) -> Bool[Tensor, "_images"]:
        """By entry, and with the means over entries by channel and for the whole output."""
        overall = self._by_image(apart) > self._factor(0) ** 2 * self._by_image(allowed)
        channels = apart > self._factor(1) ** 2 * allowed
        entries = torch.sub(difference, variance, alpha=self._factor(2) ** 2).amax((1, 2)) > 0
        return overall | channels.any(1) | entries

    def _factor(self, look: int) -> float:
        """Of σ√2: for the whole output, a channel, an entry."""
        images, channels, entries = self.difference.shape
        looks = self.family * images * (1, channels, channels * entries)[look]
        roundings = self.rounding.roundings * max(channels, entries)
        most = _ENTRY if look == 2 else _POOLED
        return _quantile(looks, min(max(roundings, _FEWEST), most))

    def _arithmetic(self, rounding: Rounding, image: int | None = None) -> Levels:
        line = rounding.acted(self.case.action)
        draws = second_differences(line)
        squares = self._squares(draws)
        if image is not None:  # where F jumps at x, as 0/0 of a constant channel does, the first draw alone shows it
            squares = torch.maximum(squares, self._squares(draws[:1]))
        if (noise := rounding.of_noise(self.case.action)) is not None:
            squares = torch.maximum(squares, self._squares(noise))
        return self._variance(rounding, squares, line[0], image)

    def _stored(self, rounding: Rounding, image: int | None = None) -> Levels | float:
        draws = rounding.of_stored(self.case.action)
        if draws is None:
            return 0.0
        return self._variance(rounding, self._squares(draws), self.case.action(rounding.line[0]), image)

    def _variance(self, rounding: Rounding, squares: Levels, known: Tensor, image: int | None) -> Levels:
        r"""$2(\alpha_c^2 y^2 + \beta_c^2)$: β the rounding of a channel's small values, α that of the large ones
        relative to them. Of one image measured by itself the rounding of each entry is added."""
        values = self.case.levels(known) / self.scale
        alpha, beta = _fitted(squares, values.abs(), rounding)
        energy = self.energy if image is None else self.energy[[image]]
        louder = energy.mean(2) / values.square().mean((0, 2)).clamp_min(torch.finfo(torch.float64).tiny)
        small = 2 * (beta * louder.clamp(1, _LOUDER))[..., None]
        variance = torch.addcmul(small, 2 * alpha[:, None], energy)
        return variance if image is None else variance + 2 * squares

    def _squares(self, samples: Tensor) -> Levels:
        return torch.stack([(self.case.levels(s) / self.scale).square() for s in samples]).mean(0)


def _fitted(squares: Levels, values: Levels, rounding: Rounding) -> tuple[Tensor, Tensor]:
    """α² and β² for each channel, from the upper and the lower half of its values; zeros that stay so tell nothing.

    A channel of few roundings also has those of its neighbours, relative to their size.
    """
    r, a = (x.movedim(1, 0).flatten(1) for x in (squares, values))
    tells = (r > 0) | (a > 0)
    middle = a.masked_fill(~tells, torch.nan).nanmedian(1, keepdim=True).values
    low, high = tells & (a <= middle), tells & (a > middle)
    beta = (r * low).sum(1) / low.sum(1).clamp_min(1) + rounding.eps**2 * a.square().mean(1)
    alpha = (r / a.square()).masked_fill_(~high, 0).sum(1) / high.sum(1).clamp_min(1) + rounding.eps**2
    if r.shape[1] * rounding.roundings < _FEW:
        size = a.square().mean(1)
        relative = (r.mean(1) / size)[size > 0]
        typical = float(relative.median()) if len(relative) else 0.0
        beta = beta + 4 * typical * size
    return alpha, beta


@lru_cache
def _quantile(looks: int, freedom: int) -> float:
    from scipy.stats import t

    return float(t.isf(FAMILY / (3 * 2 * looks), freedom))


def _worst_channel(difference: Levels, variance: Levels) -> int:
    return int((difference / variance.clamp_min(torch.finfo(torch.float64).tiny)).amax((0, 2)).argmax())


def _ratio(difference: Tensor, spread: Tensor) -> float:
    return float((difference / spread).sqrt()) if spread > 0 else float("inf") if difference > 0 else 0.0


def error_interval(report: ErrorReport, generator: torch.Generator) -> tuple[float, tuple[float, float]]:
    """E and its bootstrap interval over images."""
    assert report.spread is not None
    replicates = bootstrap_ratio(report.difference.cpu(), report.spread.cpu(), generator=generator, resamples=400)
    replicates = replicates[~replicates.isnan()]  # 0/0: images drawn that do not differ say nothing
    low, high = quantile_interval(replicates, LEVEL).tolist()
    return report.normalised, (low, high)


def worst_image(report: ErrorReport) -> tuple[float, int]:
    """The largest E of one image, and its number."""
    assert report.spread is not None
    single = (report.difference / report.spread.mean()).sqrt()
    return float(single.max()), int(single.argmax())
