"""Rules by which a network of any kind keeps a symmetry: what a prover of networks cites, and what papers leave unsaid.

A file for each kind of step: `composition`, `branches` (sums, gates), `monomial` (activations), `fibres` (reductions,
softmax, normalisation), `kernels` and `convolution`, `windows` (chains of strides), `rounding` (pools), `padding`,
`resize`, `unet`, `permutations` (sets and attention), `relabel` (gather and scatter), `polyphase` and `pooled` (what
survives a stride), `irreps`, and two on sizes of errors, `lie` and `grid`. Ids are words. `vectors` holds what they
compute with.
"""

from invariance_proofs.route import Paper

PAPER = Paper(
    "rules",
    "Rules",
    r"""@inproceedings{zaheer2017deep,
  title = {Deep Sets}, author = {Zaheer, Manzil and others}, booktitle = {NeurIPS}, year = {2017}
}
@article{azulay2019why,
  title = {Why do deep convolutional networks generalize so poorly to small image transformations?},
  author = {Azulay, Aharon and Weiss, Yair}, journal = {JMLR}, volume = {20}, number = {184}, year = {2019}
}
@inproceedings{chaman2021truly,
  title = {Truly shift-invariant convolutional neural networks}, author = {Chaman, Anadi and Dokmani{\'c}, Ivan},
  booktitle = {CVPR}, year = {2021}
}
@inproceedings{weiler2019general,
  title = {General {E}(2)-equivariant steerable {CNN}s}, author = {Weiler, Maurice and Cesa, Gabriele},
  booktitle = {NeurIPS}, year = {2019}
}
@inproceedings{gruver2023lie,
  title = {The {L}ie derivative for measuring learned equivariance}, author = {Gruver, Nate and others},
  booktitle = {ICLR}, year = {2023}
}""",
)
