"""Experiments: data sets, training, and the tables of the papers."""
