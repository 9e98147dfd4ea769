"""Pairs as float64, a block of rows at a time: for metrics whose terms the core does not form."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from squarely.columns import Columns
from squarely.columns.beside import array_of
from squarely.pairing import PairedColumns

__all__ = ["PairedBlock", "blocks_of", "floats_of"]

Doubles = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

# Some hundred kilobytes: what is made of a block stays in the caches, and memory does not grow with the rows.
ELEMENTS_AT_ONCE = 2**15
FEWEST_ROWS_AT_ONCE = 8

LARGEST_EXACT = 2**53  # integers up to here are doubles, every one


class PairedBlock(NamedTuple):
    """Some rows of all outputs, in shape (rows, outputs)."""

    truth: Doubles
    prediction: Doubles
    counts: Mask
    """False where a pair is masked, left out by the caller or without weight, or has a missing side."""
    rows: slice


def blocks_of(pairs: PairedColumns, further: Columns | None = None) -> Iterator[PairedBlock]:
    """Yield the pairs in their order; rows lie along axis 0, and in one piece of `further` too."""
    of_weights = set() if pairs.weights is None else pairs.weights.breaks()
    breaks = {0, pairs.rows} | pairs.truth.breaks() | pairs.prediction.breaks() | of_weights
    if further is not None:
        breaks |= further.breaks()
    most = max(ELEMENTS_AT_ONCE // pairs.outputs, FEWEST_ROWS_AT_ONCE)
    weights = None if pairs.weights is None else array_of(pairs.weights)
    for first, last in itertools.pairwise(sorted(breaks)):
        for start in range(first, last, most):
            rows = slice(start, min(start + most, last))
            truth = floats_of(pairs.truth, rows, "y_true")
            prediction = floats_of(pairs.prediction, rows, "y_pred")
            counts = ~(np.isnan(truth) | np.isnan(prediction))
            for left_out in (pairs.truth.mask, pairs.prediction.mask):
                if left_out is not None:
                    counts &= ~left_out[rows].reshape(len(counts), -1)
            if pairs.where is not None:
                counts &= pairs.where[rows].reshape(len(counts), -1)
            if weights is not None:
                counts &= (weights[rows] != 0).reshape(len(counts), -1)
            yield PairedBlock(truth, prediction, counts, rows)


def floats_of(columns: Columns, rows: slice, name: str) -> Doubles:
    """Return some rows that lie in one piece, in shape (rows, outputs), NaN where a value is missing."""
    piece = columns.piece(rows.start, rows.stop, 0)
    if isinstance(piece, list):
        return np.stack([_of_segment(values, there, first, name) for values, there, first in piece], axis=1)
    return _floats(piece, name).reshape(len(piece), -1)


def _of_segment(values: npt.NDArray[Any], there: npt.NDArray[Any] | None, first: int, name: str) -> Doubles:
    floats = _floats(values, name)
    if there is None:
        return floats
    if there.dtype == np.bool_:
        is_missing = there
    else:
        is_missing = np.unpackbits(there, bitorder="little")[first : first + len(values)] == 0
    return np.where(is_missing, np.nan, floats)


def _floats(values: npt.NDArray[Any], name: str) -> Doubles:
    floats = values.astype(np.float64)
    # Of the integers themselves: 2**53 + 1 is rounded to 2**53. Of those below zero only one type has some.
    least = -LARGEST_EXACT if values.dtype.kind == "i" else 0
    is_wide = values.dtype.kind in "iu" and values.dtype.itemsize == 8
    if is_wide and bool(((values > LARGEST_EXACT) | (values < least)).any()):
        raise ValueError(
            f"{name} holds integers beyond 2**53, which float64 cannot represent. Nothing is rounded silently: "
            f"subtract a common offset first, or pass {name}.astype(float)."
        )
    return floats
