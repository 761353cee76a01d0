"""Every group and every field that has a name, as the list of commands says: held, and with one entry spoiled."""

import jaxtyping
import pytest
import torch
from torch import Tensor

from invariance.checking import check
from invariance.fields import KINDS as FIELDS
from invariance.groups import KINDS as GROUPS
from invariance.symmetry import Symmetry

PAIRS = {kind.example: kind.on for kind in GROUPS.values()}
REST = [(kind.group, kind.example) for kind in FIELDS.values() if not kind.given]
LINES = [*PAIRS.items(), *(pair for pair in REST if pair not in PAIRS.items())]


@pytest.fixture(autouse=True)
def _unchecked() -> None:
    """Shapes of arguments are not looked at: the laws run the same functions with that."""
    jaxtyping.config.update("jaxtyping_disable", True)


def spoiled(x: Tensor) -> Tensor:
    """One entry beside the middle, or the first of a mask, is another: by an even function, which no group keeps."""
    y = x.flatten(1).clone()
    place = 0 if x.dtype == torch.bool else y.shape[1] // 2 + 2
    y[:, place] = y[:, place] + 2 * y[:, place].cos() if x.is_floating_point() else 0
    return y.view_as(x)


@pytest.mark.parametrize(("group", "field"), LINES)
def test_a_group_is_held_and_one_spoiled_entry_is_seen(group: str, field: str, generator: torch.Generator) -> None:
    symmetry = Symmetry(group, field, field)
    between = any(symmetry.resamples(g) for g in symmetry.group.tried(generator, 1))
    options = {"tolerance": 0.05 if between else None, "blame": False, "images": 2}
    assert [check(net, symmetry, **options).verdict for net in (torch.clone, spoiled)] == ["consistent", "violated"]
