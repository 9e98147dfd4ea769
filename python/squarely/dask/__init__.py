"""Scores of Dask collections: a state for each chunk, made where the chunk is, and a tree that merges the states."""

from squarely.dask.collections import accumulate, evaluate

__all__ = ["accumulate", "evaluate"]
