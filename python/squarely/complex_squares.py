"""The squared absolute errors of complex numbers: those of the real parts and of the imaginary parts together."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from squarely import _core
from squarely.columns import Array, Columns
from squarely.pairing import PairedColumns
from squarely.validation import check_finite

__all__ = ["sums_of_complex"]

ZERO = np.zeros(1)


Asked = Sequence[tuple[str, float]]


def sums_of_complex(pairs: PairedColumns, metrics: Asked, nan_policy: str, summation: str) -> _core.State:
    """Return the sums of both parts, in which every pair is counted once, or raise what the policy refuses."""
    state, is_missing = _sums_of_parts(pairs, metrics, summation)
    if not is_missing or nan_policy == "raise":
        check_finite(state, nan_policy, pairs.dtype)
        return state
    # A part that is NaN leaves the whole pair out. This second pass is of pairs of which both parts are numbers.
    missing = {"omit": (True, True), "omit_true": (True, False), "propagate": (True, True)}[nan_policy]
    numbers = PairedColumns(
        _without_nan(pairs.truth, missing[0]),
        _without_nan(pairs.prediction, missing[1]),
        pairs.where,
        pairs.axis,
        pairs.sample_weight,
    )
    rest, _ = _sums_of_parts(numbers, metrics, summation)
    check_finite(rest, nan_policy, pairs.dtype)
    if nan_policy == "propagate":
        rest.merge(_marks_of(state, metrics, summation))
    return rest


def _sums_of_parts(pairs: PairedColumns, metrics: Asked, summation: str) -> tuple[_core.State, bool]:
    state = _part(pairs, "real").sums(summation, metrics)
    imaginary = _part(pairs, "imag").sums(summation, metrics)
    is_missing = any(map(sum, (state.missing_true, state.missing_pred, imaginary.missing_true, imaginary.missing_pred)))
    state.merge(imaginary)
    if not is_missing:
        # Both parts have counted every pair. As many pairs of zeros take one of the two counts away.
        state.subtract(_part(pairs, "zero").sums(summation, metrics))
    return state, is_missing


def _part(pairs: PairedColumns, part: str) -> PairedColumns:
    return PairedColumns(
        _part_of(pairs.truth, part), _part_of(pairs.prediction, part), pairs.where, pairs.axis, pairs.sample_weight
    )


def _part_of(columns: Columns, part: str) -> Columns:
    if isinstance(columns, Array) and columns.array.dtype.kind == "c" and part != "zero":
        return Array(getattr(columns.array, part), columns.mask)
    if part == "real":
        return columns
    return Array(np.broadcast_to(ZERO[0], columns.shape), columns.mask)


def _without_nan(columns: Columns, is_left_out: bool) -> Columns:
    if not is_left_out:
        return columns
    if not isinstance(columns, Array):
        raise ValueError("Complex arrays are compared with arrays where NaN is left out. Pass the table as an array.")
    missing: npt.NDArray[np.bool_] = np.isnan(columns.array)
    return Array(columns.array, missing if columns.mask is None else missing | columns.mask)


def _marks_of(state: _core.State, metrics: Asked, summation: str) -> _core.State:
    """Return a state that has seen nothing, except for one missing value in every output that has some."""
    missing = np.array(state.missing_true) + np.array(state.missing_pred) > 0
    marks = _core.State(state.outputs, summation, metrics)
    row = np.where(missing, np.nan, 0.0)[None]
    marks.update(row, row, missing[None])
    return marks
