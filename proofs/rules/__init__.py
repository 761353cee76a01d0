"""Rules by which a network of any kind keeps a symmetry: what a prover of networks cites, and what papers leave unsaid.

`vectors`  exact vectors, signed permutations and small layers on them
The other files hold one rule each, or a few that are proved alike. Ids are words: `rules:composition`, `rules:sum`, …
"""
