"""The largest and least values of a window: no subtraction tells them, so they are kept, exactly."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["WindowExtremes"]

Values = npt.NDArray[np.float64]

# What nothing is less than: it stands for a row that does not count.
NOTHING = -np.inf

# Arrays of one value are put together when there are so many: alone each takes a hundred bytes and not eight.
ARRAYS_APART = 256


class SlidingLargest:
    """The largest of the values in a window, of every output: a value is compared twice, whatever the window.

    The values came in two groups. Of the older one, which is being let go of, the largest from each value to the end of
    the group is known; of the newer one, the largest of all. When the older one is used up, the newer takes its place.
    """

    def __init__(self) -> None:
        self._older: Values | None = None
        self._released = 0
        self._newer: list[Values] = []
        self._newest: list[Values] = []
        self._largest_newer: Values | None = None

    def push(self, values: Values) -> None:
        """Take in values of shape (units, outputs)."""
        self._newest.append(values)
        if len(self._newest) == ARRAYS_APART:
            self._newer.append(np.concatenate(self._newest))
            self._newest = []
        largest = values.max(axis=0, initial=NOTHING)
        self._largest_newer = largest if self._largest_newer is None else np.maximum(self._largest_newer, largest)

    def release(self, count: int) -> None:
        """Let go of the first values."""
        kept = 0 if self._older is None else len(self._older) - self._released
        if count > kept:
            newer = np.concatenate(self._newer + self._newest)
            self._older = np.maximum.accumulate(newer[::-1])[::-1]
            self._released = count - kept
            self._newer, self._newest, self._largest_newer = [], [], None
        else:
            self._released += count

    def largest(self) -> Values:
        """Return the largest value of every output."""
        is_used_up = self._older is None or self._released == len(self._older)
        both = [] if self._older is None or is_used_up else [self._older[self._released]]
        if self._largest_newer is not None:
            both.append(self._largest_newer)
        largest: Values = np.max(both, axis=0)
        return largest


class WindowExtremes:
    """The extremes among the terms of a state, by their names there."""

    def __init__(self, terms: Iterable[str]) -> None:
        self._sliding = {term: SlidingLargest() for term in terms}

    def push_rows(self, rows: Sequence[npt.NDArray[Any]]) -> None:
        """Take in rows of truth, prediction and perhaps weights."""
        for term, sliding in self._sliding.items():
            sliding.push(_of_rows(term, *rows))

    def push_chunk(self, extremes: Mapping[str, Sequence[float]]) -> None:
        """Take in the extremes of a chunk as one unit."""
        for term, sliding in self._sliding.items():
            values = np.array([extremes[term]])
            sliding.push(-values if term == "least_truth" else values)

    def release(self, count: int) -> None:
        """Let go of the first units."""
        for sliding in self._sliding.values():
            sliding.release(count)

    def by_term(self) -> dict[str, list[float]]:
        """Return the extremes of every output, as a state has them."""
        found: dict[str, list[float]] = {}
        for term, sliding in self._sliding.items():
            largest = sliding.largest()
            if term == "largest_error":
                largest = np.maximum(largest, 0.0)
            found[term] = ((-largest if term == "least_truth" else largest) + 0.0).tolist()
        return found


def _of_rows(
    term: str, y_true: npt.NDArray[Any], y_pred: npt.NDArray[Any], sample_weight: npt.NDArray[Any] | None = None
) -> Values:
    """Return what is compared, of shape (rows, outputs), with nothing where a pair does not count."""
    from squarely.losses import absolute_error

    truth, prediction = _exact(y_true), _exact(y_pred)
    counts = np.isfinite(truth) & np.isfinite(prediction)
    if sample_weight is not None:
        counts &= (sample_weight != 0)[:, None]
    if term == "largest_error":
        values = absolute_error(truth, prediction)
    else:
        values = truth.astype(np.float64) if term == "greatest_truth" else -truth.astype(np.float64)
    return np.where(counts, values, NOTHING)


def _exact(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return numbers of shape (rows, outputs), as doubles wherever every number of their type is one."""
    columns = values.reshape(len(values), -1)
    is_exact = columns.dtype.kind not in "iu" or columns.dtype.itemsize < 8
    return columns.astype(np.float64) if is_exact else columns.astype(columns.dtype.newbyteorder("="))
