"""Hypotheses that several rows share, as predicates on the numbers of a counterexample."""

from __future__ import annotations

from invariance_proofs.diffcnn.layers import gram_determinants
from invariance_proofs.statement import Hypothesis

__all__ = ["M_INVERTIBLE", "V_INVERTIBLE"]

M_INVERTIBLE = Hypothesis("det M ≠ 0", lambda M: M.det() != 0)
V_INVERTIBLE = Hypothesis("det V_c ≠ 0 for every c", lambda J: all(gram_determinants(J)))
