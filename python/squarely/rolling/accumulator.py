"""RollingAccumulator: the metrics of the last rows, or chunks, of a stream."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from types import MappingProxyType
from typing import Any, Generic, Literal, NoReturn, overload

import numpy as np
import numpy.typing as npt

from squarely import _core
from squarely.accumulator import Accumulator, check_fits
from squarely.arguments import ArrayLike, AveragedOutputs, InvalidParameterError, Multioutput, NanPolicy, check_choice
from squarely.columns.labels import Names, joined_names
from squarely.columns.one_row import as_rows
from squarely.columns.plain import names_of_frames, plain_arrays
from squarely.named_metrics import MetricLike
from squarely.result_types import AnyCount, ScoreT
from squarely.rolling.plain_rows import plain_rows

__all__ = ["RollingAccumulator"]

Unit = Literal["rows", "chunks"]
UNITS = ("rows", "chunks")

# More than any stream has.
NO_END = 2**62


class RollingAccumulator(Generic[ScoreT]):
    """Metrics over the last `window` rows, or chunks, of a stream.

    What has entered and what has left the window are two exact states, and the window is their difference: after any
    number of updates its value is that of a fresh computation over the same rows, bit for bit.

    Parameters
    ----------
    metrics : str, function, Metric or iterable of these, optional
        As in `Accumulator`. Those that need largest or least values, as max_error, hold up to sixteen bytes more a row,
        or chunk, and output for each of them.
    window : int
        How many rows, or chunks, are looked at.
    unit : {"rows", "chunks"}, default="rows"
        What the window counts. With ``"rows"`` the rows in the window are held, in the dtypes they came in; with
        ``"chunks"`` one state a chunk is, of 544 bytes a sum and output, however long the chunk.
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

    _names: Names = MappingProxyType({})

    @overload
    def __init__(
        self: RollingAccumulator[float],
        metrics: MetricLike | Iterable[MetricLike] | None = None,
        *,
        window: int,
        unit: Unit = "rows",
        multioutput: AveragedOutputs = "uniform_average",
        nan_policy: NanPolicy = "raise",
    ) -> None: ...
    @overload
    def __init__(
        self: RollingAccumulator[npt.NDArray[np.float64]],
        metrics: MetricLike | Iterable[MetricLike] | None = None,
        *,
        window: int,
        unit: Unit = "rows",
        multioutput: Literal["raw_values"],
        nan_policy: NanPolicy = "raise",
    ) -> None: ...
    def __init__(
        self,
        metrics: MetricLike | Iterable[MetricLike] | None = None,
        *,
        window: int,
        unit: Unit = "rows",
        multioutput: Multioutput = "uniform_average",
        nan_policy: NanPolicy = "raise",
    ) -> None:
        self._window = _checked_window(window)
        check_choice(unit, UNITS, "unit", "RollingAccumulator")
        self._unit: Unit = unit
        self._empty = Accumulator(metrics, multioutput=multioutput, nan_policy=nan_policy)
        self._core = self._new_core()

    def _new_core(self) -> _core.RowWindow | _core.ChunkWindow:
        kind = _core.RowWindow if self._unit == "rows" else _core.ChunkWindow
        return kind(self._empty.core.configuration, min(self._window, NO_END))

    def update(
        self, y_true: ArrayLike, y_pred: ArrayLike, *, sample_weight: ArrayLike | None = None
    ) -> RollingAccumulator[ScoreT]:
        """Move the window on by a chunk, and return the accumulator.

        Parameters
        ----------
        y_true, y_pred : array-like or float
            Of any number of rows, also more than the window holds; otherwise as in `Accumulator.update`. With
            ``unit="rows"`` they are copied. Without rows they are no chunk, and nothing leaves the window.
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

        Examples
        --------
        >>> import squarely
        >>> rolling = squarely.RollingAccumulator(window=1, unit="chunks")
        >>> rolling.update([1.0], [3.0]).update([1.0, 1.0], [2.0, 2.0])["mean_squared_error"]
        1.0
        """
        if self._core.update(y_true, y_pred, sample_weight):
            return self
        plain = plain_arrays(y_true, y_pred, sample_weight)
        if plain is not None:
            own = names_of_frames(y_true=y_true, y_pred=y_pred, sample_weight=sample_weight)
            names = joined_names(self._names, own)
            if self._core.update(*plain):
                self._names = names
                return self
        self._take_columns(as_rows(y_true), as_rows(y_pred), sample_weight)
        return self

    def _take_columns(self, y_true: Any, y_pred: Any, sample_weight: Any) -> None:
        from squarely.pairing import pair

        pairs = pair(
            y_true,
            y_pred,
            None,
            0,
            "RollingAccumulator.update",
            most_dimensions=None,
            sample_weight=sample_weight,
            may_lack_rows=True,
        )
        names = joined_names(self._names, pairs.names)
        if pairs.rows == 0:
            check_fits(self.snapshot().core, pairs.output_shape, sample_weight is not None)
            return
        core = self._core
        try:
            if isinstance(core, _core.RowWindow):
                core.add(*plain_rows(pairs, y_true, y_pred), pairs.output_shape)
            else:
                core.add(pairs.sums(self._empty.core.configuration), pairs.output_shape)
            self._names = names
        except _core.Refused as refused:
            self._say_why(refused, y_true, y_pred, sample_weight)

    def _say_why(self, refused: _core.Refused, y_true: Any, y_pred: Any, sample_weight: Any) -> NoReturn:
        # What a window refuses an accumulator of the same rows refuses too, and has words for.
        self.snapshot().update(y_true, y_pred, sample_weight=sample_weight)
        raise refused

    def snapshot(self) -> Accumulator[ScoreT]:
        """Return an accumulator of what is in the window, which later updates leave alone.

        It merges with others, travels as bytes, and has the digest of a fresh one over the same rows.

        Examples
        --------
        >>> import squarely
        >>> rolling = squarely.RollingAccumulator(window=2).update([1.0, 2.0, 3.0], [1.0, 4.0, 4.0])
        >>> rolling.snapshot() == squarely.Accumulator().update([2.0, 3.0], [4.0, 4.0])
        True
        """
        return Accumulator._of(self._core.snapshot(), self._names)

    def compute(self) -> dict[str, ScoreT]:
        """Return every metric of the window by name, as `Accumulator.compute`.

        Examples
        --------
        >>> import squarely
        >>> squarely.RollingAccumulator("mean_error", window=1).update([1.0, 2.0], [1.0, 4.0]).compute()
        {'mean_error': 2.0}
        """
        return self.snapshot().compute()

    def __getitem__(self, name: MetricLike) -> ScoreT:
        return self.snapshot()[name]

    def reset(self) -> RollingAccumulator[ScoreT]:
        """Empty the window, keep the configuration, and return the accumulator.

        Examples
        --------
        >>> import squarely
        >>> squarely.RollingAccumulator(window=2).update([1.0], [2.0]).reset().count
        0
        """
        self._core.reset()
        self._names = {}
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
        return self._empty.metrics

    @property
    def count(self) -> AnyCount:
        """How many pairs of the window are in the sums, as `Accumulator.count`."""
        return self.snapshot().count

    @property
    def omitted(self) -> AnyCount:
        """How many pairs of the window were left out, as `Accumulator.omitted`."""
        return self.snapshot().omitted

    def _repr_html_(self) -> str:
        """Return the scores of the window as a table, where there are some."""
        unit = self._unit if self._window > 1 else self._unit[:-1]
        return self.snapshot()._html(repr(self), f"in a window of {self._window} {unit}")

    def __repr__(self) -> str:
        return f"RollingAccumulator(metrics={self.metrics!r}, window={self._window}, unit={self._unit!r})"

    def __copy__(self) -> RollingAccumulator[ScoreT]:
        return self._copy(self._attributes())

    def __deepcopy__(self, memo: dict[int, Any]) -> RollingAccumulator[ScoreT]:
        return self._copy({name: deepcopy(value, memo) for name, value in self._attributes().items()})

    def _copy(self, attributes: dict[str, Any]) -> RollingAccumulator[ScoreT]:
        other = object.__new__(type(self))
        other.__dict__.update(attributes)
        other._core = self._core.copy()
        return other

    def _attributes(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_core"}

    def __getstate__(self) -> dict[str, Any]:
        core = self._core
        if isinstance(core, _core.RowWindow):
            return {**self._attributes(), "rows": core.rows()}
        return {**self._attributes(), "chunks": [Accumulator._of(chunk) for chunk in core.chunks()]}

    def __setstate__(self, state: dict[str, Any]) -> None:
        rows, chunks = state.pop("rows", ()), state.pop("chunks", ())
        self.__dict__.update(state)
        self._core = core = self._new_core()
        if isinstance(core, _core.RowWindow):
            for y_true, y_pred, sample_weight in rows:
                core.add(y_true, y_pred, sample_weight, y_true.shape[1:])
        else:
            for chunk in chunks:
                core.add(chunk.core.state(), chunk.shape)


def _checked_window(window: object) -> int:
    # To NumPy a duration is an integer.
    if isinstance(window, (int, np.integer)) and not isinstance(window, (bool, np.timedelta64)) and window > 0:
        return int(window)
    raise InvalidParameterError(
        f"The 'window' parameter of RollingAccumulator must be an int in the range [1, inf). Got {window!r} instead."
    )
