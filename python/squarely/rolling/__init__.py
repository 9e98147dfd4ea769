"""Metrics over the last rows, or the last chunks, of a stream."""

from squarely.rolling.accumulator import RollingAccumulator

__all__ = ["RollingAccumulator"]
