"""Networks as they are written elsewhere, symmetric by construction, a file for each kind."""

from . import circular, graphs, grids, ours, random_ones, sets, steerable, tokens

__all__ = ["circular", "graphs", "grids", "ours", "random_ones", "sets", "steerable", "tokens"]
