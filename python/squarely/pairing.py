"""One pass over truth and predictions: their shapes checked, their pieces aligned, their sums taken."""

import functools
import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from squarely import _core
from squarely.arguments import check_axis, check_dimensions, check_not_empty, check_same_shape
from squarely.columns import Array, Columns, as_columns
from squarely.columns.beside import Mask, array_of, mask_of, weights_of
from squarely.columns.forms import Segment, rows_of
from squarely.columns.labels import Labels, Names, check_one_order, names_of_outputs
from squarely.policy import data_refused

_Found = TypeVar("_Found")

__all__ = ["PairedColumns", "check_same_dimensions", "pair", "sums_together"]

# What is made on the way, such as the mask of both sides, is made for about this many elements at a time.
ELEMENTS_AT_ONCE = 2**18
FEWEST_ROWS_AT_ONCE = 64


class PairedColumns:
    """Truth and predictions of the same shape, which of the pairs count, and how much."""

    def __init__(
        self,
        truth: Columns,
        prediction: Columns,
        where: Mask | None,
        axis: int,
        weights: Columns | None = None,
        labels: Mapping[str, Labels] | None = None,
    ) -> None:
        self.truth = truth
        self.prediction = prediction
        self.where = where
        self.axis = axis
        self.weights = weights
        self.labels = labels or {}

    @property
    def names(self) -> Names:
        """The names along the axes of the outputs, of the sides that have some."""
        return names_of_outputs(self.labels, self.axis)

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

    def sums(self, configuration: _core.Configuration) -> _core.State:
        """Return the sums over all pairs that count."""
        if self.is_complex:
            from squarely.complex_squares import sums_of_complex

            return sums_of_complex(self, configuration)
        state = _state_of(self.outputs, configuration, self)
        self._add_to(functools.partial(state.update, axis=self.axis), self.weights)
        return state

    def sums_by_group(
        self, configuration: _core.Configuration, groups: npt.NDArray[np.uint32], count: int
    ) -> _core.PassByGroup:
        """Return the sums of each of so many groups; groups has the number of that of every row."""
        sums = _core.PassByGroup(configuration, count)
        self._add_to(functools.partial(sums.update, axis=self.axis), self.weights, groups)
        return sums

    def add_short_chunk(self, grouped: _core.GroupedAccumulator, groups: npt.NDArray[np.uint32], count: int) -> bool:
        """Add all pairs to so many groups where they lie in one piece and are few, or return False."""
        pieces = list(itertools.islice(self.pieces(are_short=self._is_made_on_the_way()), 2))
        if len(pieces) != 1 or self.weights is not None or self.outputs != 1 or self.is_complex:
            return False
        start, stop = pieces[0]
        truth, prediction = self.truth.piece(start, stop, self.axis), self.prediction.piece(start, stop, self.axis)
        where = self.counting(start, stop)
        return grouped.add_short_chunk(truth, prediction, groups, count, where, self.axis, self.output_shape)

    def order(self, quantity: str) -> _core.OrderStatistics:
        """Return one value of every pair that counts, to be ordered. Weights matter when it is asked."""
        statistics = _core.OrderStatistics(self.outputs, self.rows, quantity)
        self._add_to(functools.partial(statistics.update, axis=self.axis), None)
        return statistics

    def hand_to(self, update: Callable[..., None]) -> None:
        """Pass all pairs on, with their weights."""
        self._add_to(functools.partial(update, axis=self.axis), self.weights)

    def found_in_pieces(self, find: Callable[..., _Found]) -> Iterator[tuple[int, _Found]]:
        """Yield what is found in each piece of the pairs, and before it the first row of the piece."""
        for start, stop in self.pieces(are_short=self._is_made_on_the_way()):
            yield start, self.found_in(find, start, stop, self.counting(start, stop))

    def found_in(self, find: Callable[..., _Found], start: int, stop: int, where: Mask | None) -> _Found:
        """Return what is found in some rows that lie in one piece."""
        truth, prediction = (side.piece(start, stop, self.axis) for side in (self.truth, self.prediction))
        return find(truth, prediction, where=where, axis=self.axis, **_beside(self.weights_piece(start, stop)))

    def quantile_of_errors_in_one_pass(self, level: float) -> float | None:
        """Return a quantile of the absolute errors of one output, None where all of them are needed to find it."""
        if self.rows < _core.fewest_rows_in_one_pass or self.where is not None or self.outputs != 1 or self.axis != 0:
            return None
        truth, prediction = self.truth, self.prediction
        if not isinstance(truth, Array) or not isinstance(prediction, Array):
            return None
        if self._is_made_on_the_way() or self.is_complex:
            return None
        return _core.quantile_of_absolute_errors(truth.array, prediction.array, level)

    def _add_to(
        self, update: Callable[..., None], weights: Columns | None, groups: npt.NDArray[np.uint32] | None = None
    ) -> None:
        """Pass all pairs on, and the groups of their rows, piece by piece where they do not lie in one."""
        sides = (self.truth, self.prediction, *(() if weights is None else (weights,)))
        if all(isinstance(side, Array) for side in sides) and not self._is_made_on_the_way():
            truth, prediction, *own = (side.array for side in sides if isinstance(side, Array))
            update(truth, prediction, where=self.where, **_beside(own[0] if own else None, groups))
            return
        for start, stop in self.pieces(are_short=self._is_made_on_the_way()):
            truth_piece = self.truth.piece(start, stop, self.axis)
            prediction_piece = self.prediction.piece(start, stop, self.axis)
            # No name for the mask: it would outlive its piece.
            update(
                truth_piece,
                prediction_piece,
                where=self.counting(start, stop),
                **_beside(
                    None if weights is None else self.weights_piece(start, stop),
                    None if groups is None else groups[start:stop],
                ),
            )

    def weights_piece(self, start: int, stop: int) -> npt.NDArray[Any] | list[Segment] | None:
        """Return the weights of some rows, None where there are none."""
        if self.weights is None:
            return None
        return self.weights.piece(start, stop, 0 if len(self.weights.shape) == 1 else self.axis)

    def has_no_weight(self) -> bool:
        """Whether there are weights, and all of them are zero."""
        if self.weights is None:
            return False
        for start, stop in self.pieces(are_short=True):
            piece = self.weights_piece(start, stop)
            values = [segment[0] for segment in piece] if isinstance(piece, list) else [piece]
            if any(bool(np.any(own)) for own in values):
                return False
        return True

    def of_weight(self) -> "PairedColumns":
        """Return the pairs that have a weight: those of weight zero are absent, whatever they hold."""
        if self.weights is None:
            return self
        has_weight = array_of(self.weights) != 0
        if has_weight.all():
            return self
        masks = [has_weight] if self.where is None else [has_weight, self.where]
        dimensions = max(mask.ndim for mask in masks)
        where = functools.reduce(np.logical_and, (self._of_dimensions(mask, dimensions) for mask in masks))
        return PairedColumns(self.truth, self.prediction, where, self.axis, self.weights, self.labels)

    def pieces(self, *, are_short: bool) -> Iterator[tuple[int, int]]:
        """Yield the rows from and to which both sides lie in one piece, a few at a time where they are to be short."""
        of_weights = set() if self.weights is None else self.weights.breaks()
        bounds = sorted({0, self.rows} | self.truth.breaks() | self.prediction.breaks() | of_weights)
        most = self.rows
        if are_short:
            most = max(ELEMENTS_AT_ONCE // self.outputs, FEWEST_ROWS_AT_ONCE)
        for first, last in itertools.pairwise(bounds):
            for start in range(first, last, most):
                yield start, min(start + most, last)

    def _is_made_on_the_way(self) -> bool:
        sides = (self.truth, self.prediction, *(() if self.weights is None else (self.weights,)))
        return any(side.is_made_on_the_way() for side in sides)

    def counting(self, start: int, stop: int) -> Mask | None:
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
    may_lack_rows: bool = False,
) -> PairedColumns:
    """Return the two sides as one, or raise why they do not fit."""
    truth = as_columns(y_true, "y_true", function, complex_values=complex_values)
    prediction = as_columns(y_pred, "y_pred", function, complex_values=complex_values)
    sides = (("y_true", truth), ("y_pred", prediction))
    for name, columns in sides:
        check_dimensions(columns.shape, most_dimensions, name)
    rows_along = check_axis(axis, len(truth.shape), function)
    for name, columns in sides:
        if rows_along != 0 and columns.is_table:
            raise ValueError(f"{name} is a table, whose rows lie along axis 0. Got axis={axis}; pass it as an array.")
        check_not_empty(columns.shape, min(rows_along, len(columns.shape) - 1), name, may_lack_rows=may_lack_rows)
    check_same_shape(truth.shape, prediction.shape, rows_along)
    check_same_dimensions(truth, prediction)
    labels = {name: columns.labels for name, columns in sides}
    mask = weights = None
    if where is not None:
        mask, labels["where"] = mask_of(where, truth.shape, prediction.shape, rows_along, function)
        labels["where"] = labels["where"] if mask.ndim == len(truth.shape) else {}
    if sample_weight is not None:
        weights = weights_of(sample_weight, truth.shape, prediction.shape, rows_along, function)
        labels["sample_weight"] = weights.labels if len(weights.shape) == len(truth.shape) else {}
    check_one_order(labels, rows_along)
    return PairedColumns(truth, prediction, mask, rows_along, weights, labels)


def sums_together(several: Sequence[PairedColumns], configuration: _core.Configuration) -> list[_core.State]:
    """Return the sums of each, from one pass in which outputs with the same truth read it once where that is simple."""
    if len(several) == 1 or not all(map(_is_plain, several)):
        return [pairs.sums(configuration) for pairs in several]
    first = several[0]
    state = _state_of(sum(pairs.outputs for pairs in several), configuration, first)
    truths = [segment for pairs in several for segment in _segments(pairs.truth)]
    predictions = [segment for pairs in several for segment in _segments(pairs.prediction)]
    state.update(truths, predictions, first.where, **_beside(first.weights_piece(0, first.rows)))
    bounds = itertools.accumulate((pairs.outputs for pairs in several), initial=0)
    return [state.outputs_from(start, pairs.outputs) for start, pairs in zip(bounds, several, strict=False)]


def _state_of(outputs: int, configuration: _core.Configuration, pairs: PairedColumns) -> _core.State:
    """Return a state that has seen nothing, or raise why there is none with weights."""
    try:
        return _core.State(outputs, configuration, pairs.weights is not None)
    except _core.Refused as refused:
        raise data_refused(refused, configuration.nan_policy, pairs.dtype) from None


def _is_plain(pairs: PairedColumns) -> bool:
    sides = (pairs.truth, pairs.prediction)
    are_arrays = all(isinstance(side, Array) and side.mask is None and len(side.shape) <= 2 for side in sides)
    is_of_rows = pairs.weights is None or (isinstance(pairs.weights, Array) and len(pairs.weights.shape) == 1)
    return are_arrays and is_of_rows and pairs.axis == 0 and (pairs.where is None or pairs.where.ndim == 1)


def _segments(columns: Columns) -> list[Segment]:
    array = columns.piece(0, columns.shape[0], 0)
    if isinstance(array, list):
        return array
    columns_of_array = [array] if array.ndim == 1 else [array[:, i] for i in range(array.shape[1])]
    return [(column, None, 0) for column in columns_of_array]


def _beside(
    weights: npt.NDArray[Any] | list[Segment] | None, groups: npt.NDArray[np.uint32] | None = None
) -> dict[str, Any]:
    beside = {"sample_weight": weights, "groups": groups}
    return {name: own for name, own in beside.items() if own is not None}


def check_same_dimensions(truth: Columns, prediction: Columns) -> None:
    """Refuse axes of other names, or in another order."""
    mine, theirs = truth.dimensions, prediction.dimensions
    if mine is None or theirs is None or mine == theirs or len(mine) != len(theirs):
        return
    if len(mine) > 1:
        raise ValueError(
            f"y_true has dimensions {mine}, y_pred {theirs}. Transpose one of them: nothing is aligned by name."
        )
