"""Kan, Chakraborty, Lokhande, Singh: "Towards Diffeomorphism Invariant Convolution Neural Networks" (DiffCNN).

A file per row: `parameters` (P1), `theorem2*` (the convolution), `corollary3*` (the nonlinearity), `corollary4*` (the
invariant layer), `surface_*` (R: the integral that is invariant). An id without a letter (T2, C3, C4) is the paper's
sentence as printed; a letter is a part of what is true of it; a word after a second dot (T2.h.window) is a reading of
that part.

`layers` is the exact reference of the three layers, `images` differentiates polynomial images and warps.
"""

from invariance_proofs.route import Paper

PAPER = Paper(
    "diffcnn",
    "Kan et al.",
    r"""@unpublished{kan-diffcnn,
  title  = {Towards Diffeomorphism Invariant Convolution Neural Networks},
  author = {Kan, Pengyu and Chakraborty, Rudrasis and Lokhande, Vishnu Suresh and Singh, Vikas}
}""",
)
