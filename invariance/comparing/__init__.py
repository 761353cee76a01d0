"""Several networks under one family of warps: `compare` measures, a `Comparison` keeps, `plot_comparison` draws."""

from .compare import compare
from .models import Named, named_models, weights_hash
from .shifts import shift_shares
from .stream import BLOCK, Stream, stream_of

__all__ = ["BLOCK", "Named", "Stream", "compare", "named_models", "shift_shares", "stream_of", "weights_hash"]
