"""One pass over truth and predictions: their shapes checked, their pieces aligned, their sums taken."""

import functools
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from squarely import _core
from squarely.columns import Array, Columns, Table, as_columns
from squarely.columns.forms import rows_of
from squarely.validation import (
    check_axis,
    check_dimensions,
    check_not_empty,
    check_same_shape,
    check_sample_weight,
    check_where,
    check_where_shape,
)

__all__ = ["PairedColumns", "pair"]

Mask = npt.NDArray[np.bool_]

# What is made on the way, such as the mask of both sides, is made for about this many elements at a time.
ELEMENTS_AT_ONCE = 2**18
FEWEST_ROWS_AT_ONCE = 64


class PairedColumns:
    """Truth and predictions of the same shape, and which of the pairs count."""

    def __init__(
        self,
        truth: Columns,
        prediction: Columns,
        where: Mask | None,
        axis: int,
        sample_weight: npt.NDArray[Any] | None = None,
    ) -> None:
        self.truth = truth
        self.prediction = prediction
        self.where = where
        self.axis = axis
        self.sample_weight = sample_weight

    @property
    def rows(self) -> int:
        return self.truth.shape[self.axis]

    @property
    def output_shape(self) -> tuple[int, ...]:
        """The shape of raw values. One output has shape (1,)."""
        shape = self.truth.shape
        return shape[: self.axis] + shape[self.axis + 1 :] or (1,)

    @property
    def outputs(self) -> int:
        return math.prod(self.output_shape)

    @property
    def is_complex(self) -> bool:
        return any(dtype.kind == "c" for dtype in self.truth.dtypes + self.prediction.dtypes)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The widest type of the floats among the numbers."""
        floats = [dtype for dtype in self.truth.dtypes + self.prediction.dtypes if dtype.kind in "fcV"]
        return max(floats, key=lambda dtype: dtype.itemsize, default=np.dtype(np.float64))

    def sums(self, summation: str, metrics: Sequence[tuple[str, float]]) -> _core.State:
        """Return the sums the metrics need over all pairs that count."""
        state = _core.State(self.outputs, summation, metrics, self.sample_weight is not None)

        def add(truth: Any, prediction: Any, where: Mask | None, rows: slice) -> None:
            weights = None if self.sample_weight is None else self.sample_weight[rows]
            state.update(truth, prediction, where, self.axis, weights)

        self._pass_parts(add)
        return state

    def add_to(self, statistics: _core.OrderStatistics) -> None:
        """Add all pairs that count, without weights."""
        self._pass_parts(
            lambda truth, prediction, where, _: statistics.update(truth, prediction, where, self.axis),
        )

    def _pass_parts(self, add: Callable[[Any, Any, Mask | None, slice], None]) -> None:
        """Pass on the pairs as the core takes them, and which rows they are: at once where they lie in one."""
        if isinstance(self.truth, Array) and isinstance(self.prediction, Array) and not self._is_made_on_the_way():
            add(self.truth.array, self.prediction.array, self.where, slice(None))
            return
        for start, stop in self._pieces():
            truth = self.truth.piece(start, stop, self.axis)
            prediction = self.prediction.piece(start, stop, self.axis)
            # No name for the mask: it would outlive its piece.
            add(truth, prediction, self._counting(start, stop), slice(start, stop))

    def _pieces(self) -> Iterator[tuple[int, int]]:
        bounds = sorted({0, self.rows} | self.truth.breaks() | self.prediction.breaks())
        most = self.rows
        if self._is_made_on_the_way():
            most = max(ELEMENTS_AT_ONCE // self.outputs, FEWEST_ROWS_AT_ONCE)
        for first, last in itertools.pairwise(bounds):
            for start in range(first, last, most):
                yield start, min(start + most, last)

    def _is_made_on_the_way(self) -> bool:
        return self.truth.is_made_on_the_way() or self.prediction.is_made_on_the_way()

    def _counting(self, start: int, stop: int) -> Mask | None:
        """Return where the pairs of some rows count: neither masked on a side nor left out by the caller."""
        masks = [
            ~rows_of(columns.mask, start, stop, self.axis)
            for columns in (self.truth, self.prediction)
            if columns.mask is not None
        ]
        if self.where is not None:
            is_of_rows = self.where.ndim == 1
            masks.append(rows_of(self.where, start, stop, 0 if is_of_rows else self.axis))
        if not masks:
            return None
        dimensions = max(mask.ndim for mask in masks)
        return functools.reduce(np.logical_and, (self._of_dimensions(mask, dimensions) for mask in masks))

    def _of_dimensions(self, mask: Mask, dimensions: int) -> Mask:
        if mask.ndim == dimensions:
            return mask
        return mask.reshape([-1 if axis == self.axis else 1 for axis in range(dimensions)])


def pair(
    y_true: object,
    y_pred: object,
    where: object,
    axis: object,
    function: str,
    *,
    most_dimensions: int | None,
    complex_values: bool = False,
    sample_weight: object = None,
) -> PairedColumns:
    """Return the two sides as one, or raise why they do not fit."""
    truth = as_columns(y_true, "y_true", function, complex_values=complex_values)
    prediction = as_columns(y_pred, "y_pred", function, complex_values=complex_values)
    sides = (("y_true", truth), ("y_pred", prediction))
    for name, columns in sides:
        check_dimensions(columns.shape, most_dimensions, name)
    rows_along = check_axis(axis, len(truth.shape), function)
    for name, columns in sides:
        if rows_along != 0 and isinstance(columns, Table):
            raise ValueError(f"{name} is a table, whose rows lie along axis 0. Got axis={axis}; pass it as an array.")
        check_not_empty(columns.shape, min(rows_along, len(columns.shape) - 1), name)
    check_same_shape(truth.shape, prediction.shape, rows_along)
    _check_same_dimensions(truth, prediction)
    mask = None if where is None else check_where(where, function)
    if mask is not None:
        check_where_shape(mask.shape, truth.shape, prediction.shape, rows_along)
    weights = check_sample_weight(sample_weight, truth.shape[rows_along], function)
    return PairedColumns(truth, prediction, mask, rows_along, weights)


def _check_same_dimensions(truth: Columns, prediction: Columns) -> None:
    mine, theirs = truth.dimensions, prediction.dimensions
    if mine is None or theirs is None or mine == theirs or len(mine) != len(theirs):
        return
    if len(mine) > 1:
        raise ValueError(
            f"y_true has dimensions {mine}, y_pred {theirs}. Transpose one of them: nothing is aligned by name."
        )
