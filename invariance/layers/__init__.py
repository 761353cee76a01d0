"""Layers, one paper a file."""
