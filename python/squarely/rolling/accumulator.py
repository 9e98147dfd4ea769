"""RollingAccumulator: what entered and what left are two exact states, and the window is their difference."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from copy import copy, deepcopy
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from squarely.accumulator import Accumulator, Count
from squarely.arguments import InvalidParameterError, Multioutput, NanPolicy, check_choice
from squarely.columns import Array, Columns, Table, as_columns
from squarely.fork_guards import Guard
from squarely.named_metrics import Metric
from squarely.rolling.extremes import WindowExtremes
from squarely.rolling.held_rows import HeldRows
from squarely.scoring import Score

__all__ = ["RollingAccumulator"]

Unit = Literal["rows", "chunks"]
UNITS = ("rows", "chunks")


class RollingAccumulator:
    """Metrics over the last `window` rows, or chunks, of a stream.

    What has entered and what has left the window are two exact states, and the window is their difference: after any
    number of updates its value is that of a fresh computation over the same rows, bit for bit.

    Parameters
    ----------
    metrics : str, Metric or iterable of these, optional
        As in `Accumulator`. Those that need largest or least values, as max_error, hold one float64 a row, or chunk,
        and output for each of them.
    window : int
        How many rows, or chunks, are looked at.
    unit : {"rows", "chunks"}, default="rows"
        What the window counts. With ``"rows"`` the rows in the window are held, in the dtypes they came in; with
        ``"chunks"`` one state a chunk is, of 592 bytes a sum and output, however long the chunk.
    multioutput : {"uniform_average", "raw_values"} or array-like of shape (outputs,), default="uniform_average"
        As in `Accumulator`.
    nan_policy : {"raise", "propagate", "omit", "omit_true"}, default="raise"
        As in `Accumulator`. A row that is left out counts in the window as any other.

    Raises
    ------
    ValueError
        Where a parameter is none of these.

    Examples
    --------
    >>> import squarely
    >>> rolling = squarely.RollingAccumulator("mean_squared_error", window=3)
    >>> for y_true, y_pred in [([1.0, 2.0], [1.0, 4.0]), ([3.0], [4.0]), ([5.0], [5.0])]:
    ...     print(rolling.update(y_true, y_pred)["mean_squared_error"])
    2.0
    1.6666666666666667
    1.6666666666666667
    >>> rolling.count
    3
    """

    def __init__(
        self,
        metrics: str | Metric | Iterable[str | Metric] | None = None,
        *,
        window: int,
        unit: Unit = "rows",
        multioutput: Multioutput = "uniform_average",
        nan_policy: NanPolicy = "raise",
    ) -> None:
        self._window = _checked_window(window)
        check_choice(unit, UNITS, "unit", "RollingAccumulator")
        self._unit: Unit = unit
        self._entered = Accumulator(metrics, multioutput=multioutput, nan_policy=nan_policy)
        self._empty = copy(self._entered)
        self._guard = Guard()
        self._begin()

    def _begin(self) -> None:
        self._entered, self._left = copy(self._empty), copy(self._empty)
        self._rows = HeldRows()
        self._chunks: deque[Accumulator] = deque()
        self._extremes = WindowExtremes(self._empty._terms_of_extremes())
        self._is_whole = True

    def update(
        self, y_true: npt.ArrayLike, y_pred: npt.ArrayLike, *, sample_weight: npt.ArrayLike | None = None
    ) -> "RollingAccumulator":
        """Move the window on by a chunk, and return the accumulator.

        Parameters
        ----------
        y_true, y_pred : array-like
            Of any number of rows, also more than the window holds; otherwise as in `Accumulator.update`. With
            ``unit="rows"`` they are copied, as NumPy arrays.
        sample_weight : array-like of shape (rows,) or float, optional
            As in `Accumulator.update`.

        Returns
        -------
        RollingAccumulator
            Itself.

        Raises
        ------
        ValueError
            As in `Accumulator.update`. The window is then as it was before.
        RuntimeError
            Where an earlier update was interrupted, as by Ctrl-C, so that nobody knows what is in the window. Call
            `reset`. The other methods raise it too.

        Examples
        --------
        >>> import squarely
        >>> rolling = squarely.RollingAccumulator(window=1, unit="chunks")
        >>> rolling.update([1.0], [3.0]).update([1.0, 1.0], [2.0, 2.0])["mean_squared_error"]
        1.0
        """
        with self._guard.lock:
            self._check_is_whole()
            if self._unit == "chunks":
                self._move_by_chunk(y_true, y_pred, sample_weight)
            else:
                self._move_by_rows(y_true, y_pred, sample_weight)
        return self

    def _move_by_chunk(self, y_true: npt.ArrayLike, y_pred: npt.ArrayLike, sample_weight: npt.ArrayLike | None) -> None:
        chunk = copy(self._empty).update(y_true, y_pred, sample_weight=sample_weight)
        self._enter(lambda: self._entered.merge(chunk))
        self._chunks.append(chunk)
        self._extremes.push_chunk(chunk._extremes())
        if len(self._chunks) > self._window:
            self._left.merge(self._chunks.popleft())
            self._extremes.release(1)
        self._is_whole = True

    def _move_by_rows(self, y_true: npt.ArrayLike, y_pred: npt.ArrayLike, sample_weight: npt.ArrayLike | None) -> None:
        truth = as_columns(y_true, "y_true", "RollingAccumulator.update")
        prediction = as_columns(y_pred, "y_pred", "RollingAccumulator.update")
        if truth.dimensions != prediction.dimensions:
            from squarely.pairing import check_same_dimensions

            check_same_dimensions(truth, prediction)
        rows = [_to_hold(truth, y_true, "y_true"), _to_hold(prediction, y_pred, "y_pred")]
        if sample_weight is not None:
            weights = np.asarray(sample_weight)
            rows.append(weights)  # type: ignore[arg-type]
        self._enter(lambda: _add(self._entered, rows))
        self._rows.append(rows)
        self._extremes.push_rows(rows)
        leaving = self._rows.count - self._window
        if leaving > 0:
            for left in self._rows.release(leaving):
                _add(self._left, left)
            self._extremes.release(leaving)
        self._is_whole = True

    def _enter(self, add: Callable[[], object]) -> None:
        """Take a chunk in, and leave it to whoever moves the window on to say when it is whole again."""
        self._is_whole = False
        try:
            add()
        except (TypeError, ValueError):  # refused, and nothing changed: of an interrupt that is not known
            self._is_whole = True
            raise

    def _check_is_whole(self) -> None:
        if not self._is_whole:
            raise RuntimeError(
                "An update of this RollingAccumulator was interrupted, and what is in the window is not known. "
                "Call reset, and update it with the rows it should hold."
            )

    def snapshot(self) -> Accumulator:
        """Return an accumulator of what is in the window, which later updates leave alone.

        It merges with others, travels as bytes, and has the digest of a fresh one over the same rows.

        Examples
        --------
        >>> import squarely
        >>> rolling = squarely.RollingAccumulator(window=2).update([1.0, 2.0, 3.0], [1.0, 4.0, 4.0])
        >>> rolling.snapshot() == squarely.Accumulator().update([2.0, 3.0], [4.0, 4.0])
        True
        """
        with self._guard.lock:
            self._check_is_whole()
            return self._entered._without(self._left, self._extremes.by_term)

    def compute(self) -> dict[str, Score]:
        """Return every metric of the window by name, as `Accumulator.compute`.

        Examples
        --------
        >>> import squarely
        >>> squarely.RollingAccumulator("mean_error", window=1).update([1.0, 2.0], [1.0, 4.0]).compute()
        {'mean_error': 2.0}
        """
        return self.snapshot().compute()

    def __getitem__(self, name: str | Metric) -> Score:
        return self.snapshot()[name]

    def reset(self) -> "RollingAccumulator":
        """Empty the window, keep the configuration, and return the accumulator.

        Examples
        --------
        >>> import squarely
        >>> squarely.RollingAccumulator(window=2).update([1.0], [2.0]).reset().count
        0
        """
        with self._guard.lock:
            self._begin()
        return self

    @property
    def window(self) -> int:
        """How many rows, or chunks, are looked at."""
        return self._window

    @property
    def unit(self) -> Unit:
        """What the window counts."""
        return self._unit

    @property
    def metrics(self) -> tuple[str, ...]:
        """The names of the metrics, with their parameters where these are not the defaults."""
        return self._entered.metrics

    @property
    def count(self) -> Count:
        """How many pairs of the window are in the sums, as `Accumulator.count`."""
        return self.snapshot().count

    @property
    def omitted(self) -> Count:
        """How many pairs of the window were left out, as `Accumulator.omitted`."""
        return self.snapshot().omitted

    def __repr__(self) -> str:
        return f"RollingAccumulator(metrics={self.metrics!r}, window={self._window}, unit={self._unit!r})"

    def __copy__(self) -> "RollingAccumulator":
        return deepcopy(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> "RollingAccumulator":
        other = object.__new__(type(self))
        with self._guard.lock:
            other.__setstate__(deepcopy(self.__getstate__(), memo))
        return other

    def __getstate__(self) -> dict[str, Any]:
        with self._guard.lock:
            self._check_is_whole()
            return {name: value for name, value in self.__dict__.items() if name != "_guard"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._guard = Guard()


def _add(accumulator: Accumulator, rows: Sequence[npt.NDArray[Any]]) -> None:
    y_true, y_pred, *weights = rows
    accumulator.update(y_true, y_pred, sample_weight=weights[0] if weights else None)


def _to_hold(columns: Columns, values: npt.ArrayLike, name: str) -> npt.NDArray[Any]:
    """Return an array whose rows can be held, or raise why there is none."""
    if isinstance(columns, Array) and columns.mask is None:
        return columns.array
    if isinstance(columns, Table) and columns.is_flat and not columns.breaks():
        series, presence, _ = columns.columns[0].segment(0, columns.shape[0])
        if presence is None:
            return series
    raise ValueError(
        f"{name} is a {type(values).__name__}, and a window of rows holds plain arrays. Pass it as an array, with NaN "
        'where a value is missing, or take windows of chunks, unit="chunks".'
    )


def _checked_window(window: object) -> int:
    if isinstance(window, (int, np.integer)) and not isinstance(window, bool) and window > 0:
        return int(window)
    raise InvalidParameterError(
        f"The 'window' parameter of RollingAccumulator must be an int in the range [1, inf). Got {window!r} instead."
    )
