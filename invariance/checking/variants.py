"""One model in several numerics: E of each variant, and how far it is from the model in float64, run eagerly.

Fast backends have broken symmetries silently: TF32 in matrix products, a compiler's reordering, an exported or scripted
twin that froze a branch.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from ..errors import ArgumentError, ArgumentTypeError
from ..symmetry import Symmetry
from ..verdicts import CheckVerdict
from .precision import products
from .question import SymmetryQuestion
from .report import CheckReport, overall
from .symmetric import Bench, answer_symmetry

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["VARIANTS", "Variant", "VariantReport", "check_variants", "require_variants", "with_variants"]

VARIANTS = ("float64", "eager", "compiled", "tf32", "bfloat16", "float16", "exported", "scripted")
"""`eager` is float32 as it is; all but `float64`, `bfloat16` and `float16` compute in float32."""

_DTYPES = {"float64": torch.float64, "bfloat16": torch.bfloat16, "float16": torch.float16}


@dataclass(frozen=True)
class Variant:
    """Attributes:

    error, floor: the largest E of a row, and what rounding may make of it in this variant.
    distance: RMS of the difference to float64, eager, in units of how much two samples differ.
    reason: why there is none.
    """

    name: str
    verdict: CheckVerdict
    error: float | None = None
    floor: float | None = None
    distance: float | None = None
    reason: str = ""


@dataclass(frozen=True)
class VariantReport:
    """The variants in the order in which they were asked for."""

    symmetry: Symmetry
    variants: tuple[Variant, ...]

    @property
    def verdict(self) -> CheckVerdict:
        return overall([variant.verdict for variant in self.variants])

    def table(self) -> Table:
        from rich.box import SIMPLE_HEAD
        from rich.table import Table

        columns = ("variant", "error E", "floor", "distance from float64", "verdict", "")
        table = Table(*columns, title=str(self).splitlines()[0], title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
        for v in self.variants:
            numbers = ("–" if x is None else f"{x:.1e}" for x in (v.error, v.floor, v.distance))
            table.add_row(v.name, *numbers, v.verdict, v.reason)
        return table

    def __str__(self) -> str:
        lines = [f"{self.symmetry}, {self.symmetry.claim}: {self.verdict}"]
        for v in self.variants:
            told = v.reason or f"E = {v.error or 0:.1e}, {v.distance or 0:.1e} from float64"
            lines.append(f"{v.name}: {v.verdict}, {told}")
        return "\n".join(lines)


def require_variants(variants: Sequence[str]) -> None:
    """Raises `ArgumentTypeError` for a name alone, `ArgumentError` for one that is not of `VARIANTS`."""
    if isinstance(variants, str):
        raise ArgumentTypeError("variants", variants, f"a list of names, such as [{variants!r}]")
    for name in variants:
        if name not in VARIANTS:
            raise ArgumentError("variants", name, f"some of {', '.join(VARIANTS)}")


def check_variants(
    model: Any,
    symmetry: Symmetry | None = None,
    *,
    variants: Sequence[str],
    generator: torch.Generator | None = None,
    **options: Any,
) -> VariantReport:
    """`check` of each variant, all on the same inputs and elements.

    Args:
        variants: names of `VARIANTS`.
        symmetry, options: as of `check`; a shape, a group and a claim stand for a symmetry there too.

    Raises:
        ArgumentError: an unknown variant; what `check` raises for the model in float64. A variant that cannot be made
            here, such as a compiled one without a compiler, is *undecided* and says why.
    """
    require_variants(variants)
    seed = int(torch.randint(2**31, (), generator=generator or torch.Generator().manual_seed(0)))
    asked = symmetry or _of_shape(model, options)
    base = _question(asked, torch.float64, options, seed)
    reference = Bench(model, base)
    inputs = asked.sample(4, torch.Generator().manual_seed(seed)) if base.inputs is None else base.inputs
    exact = reference.outputs(reference.run(inputs)[1])
    found = [_variant(model, name, asked, options, seed, inputs, exact) for name in variants]
    return VariantReport(asked, tuple(found))


def with_variants(model: Any, report: CheckReport, variants: Sequence[str]) -> CheckReport:
    """The report with its variants, and a sentence on each; the verdict of the measurement stays.

    Raises:
        ArgumentError: an unknown variant; a question that is not one of elements, such as a refinement ladder.
    """
    if not variants:
        return report
    question = report.question
    asked: dict[str, Any] = {"batch": question.batch, "device": question.device, "tolerance": question.tolerance}
    if isinstance(question, SymmetryQuestion):
        asked |= {"symmetry": question.symmetry, "images": question.samples, "inputs": question.inputs}
    else:
        asked |= {"input_shape": question.sample_shape, "group": question.group, "claim": question.claim}
        asked |= {"action": question.action, "images": question.images, "inputs": question.inputs}
    generator = torch.Generator().manual_seed(question.seed)
    found = check_variants(model, variants=variants, generator=generator, **asked)
    return replace(report, variants=found, diagnosis=(*report.diagnosis, *str(found).splitlines()[1:]))


def _variant(
    model: Any, name: str, symmetry: Symmetry, options: dict[str, Any], seed: int, inputs: Any, exact: dict[str, Any]
) -> Variant:
    dtype = _DTYPES.get(name, torch.float32)
    question = _question(symmetry, dtype, options, seed)
    with products(tf32=name == "tf32"):
        try:
            made = _made(model, name, symmetry, inputs)
            report = answer_symmetry(made, question)
            bench = Bench(made, question)
            outputs = bench.outputs(bench.run(inputs)[1])
        except (ArgumentError, ArgumentTypeError) as error:
            return Variant(name, "undecided", reason=str(error)[:160])
        except Exception as error:  # compilers and exporters raise what they like; the other variants stand
            return Variant(name, "undecided", reason=f"not to be had here: {type(error).__name__}: {error}"[:160])
    far = [_distance(outputs[path], exact[path]) for path in exact]
    worst = report.worst
    floor = max((row.floor for row in report.rows), default=None)
    return Variant(name, report.verdict, worst and worst.error, floor, max(far))


def _made(model: Any, name: str, symmetry: Symmetry, inputs: Any) -> Any:
    """The variant; dtypes are the check's business."""
    if name not in ("compiled", "exported", "scripted"):
        return model
    if not isinstance(model, nn.Module):
        if name == "compiled":
            return torch.compile(model)
        raise ArgumentTypeError("model", type(model).__name__, f"a module, to be {name}")
    single = copy.deepcopy(model).float()
    if name == "compiled":
        return torch.compile(single)
    if name == "scripted":
        return torch.jit.script(single)
    return _exported(single, symmetry, inputs)


def _exported(model: nn.Module, symmetry: Symmetry, inputs: Any) -> Callable[..., Any]:
    from ..fields import map_tree

    floats = map_tree(lambda t: t.float() if t.is_floating_point() else t, inputs)
    example = floats if symmetry.batched else map_tree(lambda t: t[0], floats)
    positional = example if isinstance(example, tuple) else () if isinstance(example, dict) else (example,)
    named = example if isinstance(example, dict) else None
    dynamic = None
    if symmetry.batched:
        batch = torch.export.Dim("batch", min=1, max=4096)
        dynamic = map_tree(lambda t: {0: batch}, named if named is not None else positional)
    return torch.export.export(model, positional, named, dynamic_shapes=dynamic).module()


def _question(symmetry: Symmetry, dtype: torch.dtype, options: dict[str, Any], seed: int) -> SymmetryQuestion:
    known = {
        name: options[name] for name in ("batch", "device", "tolerance", "inputs") if options.get(name) is not None
    }
    return SymmetryQuestion(symmetry, options.get("images"), dtype=dtype, seed=seed, **known)


def _of_shape(model: Any, options: dict[str, Any]) -> Symmetry:
    from .shorthand import symmetry_of

    if options.get("input_shape") is None or options.get("group") is None:
        raise ArgumentError("symmetry", None, "a Symmetry, or an input_shape and a group")
    claim, action = options.get("claim") or "invariant", options.get("action") or "scalar"
    return symmetry_of(model, tuple(options["input_shape"]), options["group"], claim, action)


def _distance(output: torch.Tensor, exact: torch.Tensor) -> float:
    spread = float((exact - exact.roll(1, 0)).square().mean().sqrt())
    return float((output - exact).square().mean().sqrt()) / spread if spread > 0 else 0.0
