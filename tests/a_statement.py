"""A statement about nothing, for tests of how statements are judged."""

from __future__ import annotations

from typing import Any

from invariance_proofs.statement import Chain, Evidence, Paper, Route, Statement, Verdict, Witness

__all__ = ["statement"]


def statement(*routes: Route | Chain, **changes: Any) -> Statement:
    """Recorded as proved by these routes, with a control that holds."""
    fields: dict[str, Any] = {
        "id": "X1",
        "name": "a name",
        "paper": Paper("x", "A paper", "@misc{x}"),
        "source": "a paper",
        "summary": "a line",
        "claim": "a claim",
        "verdict": Verdict.PROVED,
        "routes": routes,
        "controls": (Witness("possible", lambda: Evidence(True, "so it is")),),
    }
    return Statement(**fields | changes)
