"""Measurements behind docs/the_promise_kept.md: ladders, curves with their bound, accuracy against invariance."""
