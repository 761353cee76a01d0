"""The words that answers are given in, and the exit status of each.

`check`: *consistent*, *violated*; *measured*, a number without a tolerance to judge it by; *undecided*; *undefined*, as
where the output is constant. `prove`: *proved*, *disproved*, *not proved*.

Exit status: 0 holds, 1 does not hold, 2 bad input, 3 nothing was decided, 4 a fault of this package.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

__all__ = ["BAD_INPUT", "INTERRUPTED", "OUR_FAULT", "STATUS", "CheckVerdict", "Claim", "ProofVerdict"]

Claim = Literal["invariant", "equivariant"]
"""The output stays, or it moves in a way that is stated."""

CheckVerdict = Literal["consistent", "violated", "measured", "undecided", "undefined"]
ProofVerdict = Literal["proved", "disproved", "not proved"]

STATUS: Final[Mapping[str, int]] = {
    "consistent": 0,
    "proved": 0,
    "violated": 1,
    "disproved": 1,
    "measured": 3,
    "undecided": 3,
    "undefined": 3,
    "not proved": 3,
}
BAD_INPUT: Final = 2
OUR_FAULT: Final = 4
INTERRUPTED: Final = 130
