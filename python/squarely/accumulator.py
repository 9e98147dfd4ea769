"""Accumulator: the sums of a stream of chunks, that merge, subtract, travel as bytes and end in the same bits."""

from __future__ import annotations

import html
import math
import warnings
from collections.abc import Iterable
from types import MappingProxyType
from typing import Any, Generic, Literal, overload

import numpy as np
import numpy.typing as npt

from squarely import _core
from squarely.arguments import (
    NAN_POLICIES,
    SUMMATIONS,
    ArrayLike,
    AveragedOutputs,
    Multioutput,
    NanPolicy,
    Summation,
    check_choice,
    check_multioutput,
    check_output_weights,
)
from squarely.columns.labels import Names, joined_names
from squarely.columns.one_row import as_rows
from squarely.columns.plain import names_of_frames, plain_arrays
from squarely.mergeable import Mergeable
from squarely.named_metrics import PICTURES, Metric, MetricLike, as_metric, as_metrics, full_name, metric_names
from squarely.notebook_tables import html_table
from squarely.policy import (
    UndefinedMetricError,
    bytes_refused,
    data_refused,
    outputs_differing,
    score_refused,
)
from squarely.result_types import AnyCount, ScoreT
from squarely.scoring import configuration_of, score_at

__all__ = ["Accumulator", "check_fits"]


class Accumulator(Mergeable, Generic[ScoreT]):
    """Metrics over chunks, with the result of one call over all of them.

    The state is exact (with the default summation): it does not depend on how the rows are cut into chunks, on their
    order, on threads, or on which states are merged in which order. Chunks can be taken away again, with `subtract` or
    ``a - b``, but for a largest error: name the metrics where you subtract, because ``max_error`` is among the default
    ones.

    Parameters
    ----------
    metrics : str, function, Metric or iterable of these, optional
        Names from `metric_names()`, in short or in full, metric functions, or what `metric` makes of them. The eight
        everyday ones when left out, as in `evaluate`. Metrics over order statistics, as the median, are no sums and
        are refused.
    multioutput : {"uniform_average", "raw_values"} or array-like of shape (outputs,), default="uniform_average"
        How outputs are averaged, as in `mean_squared_error`.
    nan_policy : {"raise", "propagate", "omit", "omit_true"}, default="raise"
        What a NaN means, as in `mean_squared_error`.
    summation : {"exact", "kahan", "pairwise"}, default="exact"
        How sums are formed. A sum takes 544 bytes an output when exact and 16 otherwise, beside 48 bytes of counts;
        only exact ones promise the same bits for every chunking.
    complex_values : bool, default=False
        Accept complex64 and complex128 arrays, as in `mean_squared_error`; of metrics of squared errors only.
    pictures : bool, default=False
        Count the pairs by the sizes of their truths, predictions and residuals, too, whatever they weigh: what pictures
        of them are drawn from. A size is the leading bits of a number: ordinary data have some thousand sizes, and some
        hundred thousand pairs of them, which take 16 bytes each. Counts merge, subtract and travel as sums do.

    Raises
    ------
    ValueError
        Where a parameter is none of these.

    Examples
    --------
    >>> import squarely
    >>> accumulator = squarely.Accumulator(metrics=("mean_squared_error", "root_mean_squared_error"))
    >>> for y_true, y_pred in [([3.0, -0.5], [2.5, 0.0]), ([2.0, 7.0], [2.0, 8.0])]:
    ...     _ = accumulator.update(y_true, y_pred)
    >>> accumulator.compute()
    {'mean_squared_error': 0.375, 'root_mean_squared_error': 0.6123724356957945}
    >>> accumulator.count
    4
    """

    @overload
    def __init__(
        self: Accumulator[float],
        metrics: MetricLike | Iterable[MetricLike] | None = None,
        *,
        multioutput: AveragedOutputs = "uniform_average",
        nan_policy: NanPolicy = "raise",
        summation: Summation = "exact",
        complex_values: bool = False,
        pictures: bool = False,
    ) -> None: ...
    @overload
    def __init__(
        self: Accumulator[npt.NDArray[np.float64]],
        metrics: MetricLike | Iterable[MetricLike] | None = None,
        *,
        multioutput: Literal["raw_values"],
        nan_policy: NanPolicy = "raise",
        summation: Summation = "exact",
        complex_values: bool = False,
        pictures: bool = False,
    ) -> None: ...
    def __init__(
        self,
        metrics: MetricLike | Iterable[MetricLike] | None = None,
        *,
        multioutput: Multioutput = "uniform_average",
        nan_policy: NanPolicy = "raise",
        summation: Summation = "exact",
        complex_values: bool = False,
        pictures: bool = False,
    ) -> None:
        check_choice(nan_policy, NAN_POLICIES, "nan_policy", "Accumulator")
        check_choice(summation, SUMMATIONS, "summation", "Accumulator")
        asked = _checked_metrics(metrics)
        if metrics is None and complex_values:
            asked = tuple(one for one in asked if one.row.takes_complex_values)
        averaging = check_multioutput(multioutput, "Accumulator")
        if pictures and complex_values:
            raise ValueError("Pictures are drawn of real numbers: pictures=True does not go with complex_values=True.")
        _check_complex(asked, bool(complex_values))
        beside = (PICTURES,) if pictures else ()
        configuration = configuration_of((*asked, *beside), averaging, nan_policy, summation, bool(complex_values))
        self._core = _core.Accumulator(configuration)

    def update(
        self,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        *,
        sample_weight: ArrayLike | None = None,
        where: ArrayLike | None = None,
        axis: int = 0,
    ) -> Accumulator[ScoreT]:
        """Add a chunk and return the accumulator, never a score: averaged scores of chunks are wrong for most metrics.

        Parameters
        ----------
        y_true, y_pred : array-like or float
            As in `mean_squared_error`, and of any number of dimensions. Every chunk has the same number of rows or
            another, and outputs of the same shape. Two numbers are a row, and a chunk without rows adds nothing.
            Columns that have names have them in one order in all chunks.
        sample_weight : array-like of shape (rows,) or that of y_true, or float, optional
            Weights of the rows, or one for every element. All chunks have weights or none has; pass 1.0 for a chunk
            whose rows count once.
        where : array-like of bool of the shape of the rows or of y_true, optional
            True where a pair counts, as in `mean_squared_error`.
        axis : int, default=0
            The axis of the rows. Every index along the other axes is an output: a field of shape (time, latitude,
            longitude) over axis 0 has outputs of shape (latitude, longitude).

        Returns
        -------
        Accumulator
            Itself.

        Raises
        ------
        ValueError
            As in `mean_squared_error`, and where the shape of the outputs or the order of their names changes. The
            state is then as it was before.

        Examples
        --------
        >>> import squarely
        >>> squarely.Accumulator("sse").update([1.0, 2.0], [1.0, 4.0])["sse"]
        4.0
        >>> import numpy as np
        >>> fields = squarely.Accumulator("mean_squared_error", multioutput="raw_values")
        >>> fields.update(np.ones((2, 3, 10)), np.zeros((2, 3, 10)), axis=-1)["mean_squared_error"]
        array([[1., 1., 1.],
               [1., 1., 1.]])
        """
        try:
            if type(axis) is int and self._core.update(y_true, y_pred, sample_weight, where, axis, True):
                return self
            # Tables have their rows along axis 0, and are refused with any other.
            plain = plain_arrays(y_true, y_pred, sample_weight, where) if axis == 0 else None
            if plain is not None:
                own = names_of_frames(y_true=y_true, y_pred=y_pred, sample_weight=sample_weight, where=where)
                names = joined_names(self._names, own)
                if self._core.update(plain[0], plain[1], plain[2], plain[3], 0, True):
                    self._names = names
                    return self
        except _core.Refused:  # the long way says why
            pass
        self._add_columns(as_rows(y_true), as_rows(y_pred), sample_weight, where, axis)
        return self

    def _add_columns(self, y_true: object, y_pred: object, sample_weight: object, where: object, axis: object) -> None:
        from squarely.pairing import pair

        configuration = self._core.configuration
        pairs = pair(
            y_true,
            y_pred,
            where,
            axis,
            "Accumulator.update",
            most_dimensions=None,
            complex_values=configuration.complex_values,
            sample_weight=sample_weight,
            may_lack_rows=True,
        )
        check_output_weights(configuration.multioutput, pairs.outputs)
        check_fits(self._core, pairs.output_shape, sample_weight is not None)
        names = joined_names(self._names, pairs.names)
        if pairs.rows == 0:
            return
        try:
            self._core.add(pairs.sums(configuration), pairs.output_shape)
            self._names = names
        except _core.Refused as refused:
            said = data_refused(refused, configuration.nan_policy, pairs.dtype)
            raise self._differing(refused, None, pairs.output_shape, "added") if said is refused else said from None

    def merge(self, other: Accumulator) -> Accumulator[ScoreT]:
        """Add everything the other accumulator has seen, and return this one.

        Parameters
        ----------
        other : Accumulator
            With the same configuration. It is left as it is.

        Returns
        -------
        Accumulator
            Itself.

        Raises
        ------
        ValueError
            Where configuration, number of outputs or the order of their names differ; nothing is changed then.

        Examples
        --------
        >>> import squarely
        >>> left = squarely.Accumulator("sse").update([1.0], [2.0])
        >>> right = squarely.Accumulator("sse").update([5.0], [8.0])
        >>> left.merge(right)["sse"]
        10.0
        """
        self._check_is_alike(other)
        names = joined_names(self._names, other._names, (" of this accumulator", " of the other"))
        try:
            self._core.merge(other._core)
            self._names = names
        except _core.Refused as refused:
            raise self._differing(refused, other, other.shape, "added") from None
        return self

    def subtract(self, other: Accumulator) -> Accumulator[ScoreT]:
        """Take away what the other accumulator has seen, exactly, and return this one.

        Parameters
        ----------
        other : Accumulator
            With the same configuration, and part of what this one has seen.

        Returns
        -------
        Accumulator
            Itself.

        Raises
        ------
        ValueError
            Where configuration, number of outputs or the order of their names differ, where what is left could be of no
            data (a count or a sum of squares below zero, a sum of no pairs), which shows that the other is no part of
            this one, and where a metric needs a largest or least value, as max_error does, which is known of all pairs
            only; nothing is changed then.

        Examples
        --------
        >>> import squarely
        >>> whole = squarely.Accumulator("sse").update([1.0, 5.0], [2.0, 8.0])
        >>> whole.subtract(squarely.Accumulator("sse").update([5.0], [8.0]))["sse"]
        1.0
        """
        self._check_is_alike(other)
        names = joined_names(self._names, other._names, (" of this accumulator", " of the other"))
        try:
            self._core.subtract(other._core)
            self._names = names
        except _core.Refused as refused:
            raise self._differing(refused, other, other.shape, "taken away") from None
        return self

    def compute(self) -> dict[str, ScoreT]:
        """Return every metric by name.

        Returns
        -------
        dict of str to float or ndarray
            Arrays of the shape of the outputs with ``multioutput="raw_values"``.

        Raises
        ------
        ValueError
            Where no pair has been seen yet, or an average is asked for and an output has none; among raw values
            that one is NaN. A metric that is undefined on the data, as a logarithm of a negative number, is NaN and a
            warning; asked for alone, as ``accumulator[name]``, it raises.

        Examples
        --------
        >>> import squarely
        >>> squarely.Accumulator("mean_squared_error").update([1.0, 2.0], [1.0, 4.0]).compute()
        {'mean_squared_error': 2.0}
        """
        scores: Any = self._core.scores()
        if scores is not None:
            return dict(zip(self.metrics, scores, strict=True))
        return dict(self._scores_one_by_one())

    def _scores_one_by_one(self) -> Iterable[tuple[str, Any]]:
        for index, one in enumerate(self.asked):
            try:
                yield one.label, self._score(index, one)
            except UndefinedMetricError as undefined:
                warnings.warn(f"{one.label} is undefined: {undefined}", UserWarning, stacklevel=3)
                yield one.label, math.nan

    def __getitem__(self, name: MetricLike) -> ScoreT:
        label = _label_of(name)
        for index, one in enumerate(self.asked):
            if one.label == label:
                score: ScoreT = self._score(index, one)
                return score
        raise KeyError(f"This accumulator has no metric {label!r}. It has {', '.join(self.metrics)}.")

    def _score(self, index: int, one: Metric) -> Any:
        if not self._core.shape:
            raise ValueError("This accumulator has seen no pairs yet. Call update first.")
        return score_at(self._core, index, one)

    def reset(self) -> Accumulator[ScoreT]:
        """Forget every pair, keep the configuration, and return the accumulator.

        Examples
        --------
        >>> import squarely
        >>> squarely.Accumulator().update([1.0], [2.0]).reset().count
        0
        """
        self._core.reset()
        self._names = {}
        return self

    @property
    def core(self) -> _core.Accumulator:
        """The accumulator of the core, for what works on it as a whole."""
        return self._core

    @property
    def count(self) -> AnyCount:
        """How many pairs are in the sums: an int, or an array of the shape of the outputs where there are several."""
        return self._counted(self._core.pairs)

    @property
    def omitted(self) -> AnyCount:
        """How many pairs were left out: missing (NaN or null), masked, not in `where`, or of weight zero.

        An int, or an array where there are several outputs.
        """
        return self._counted(self._core.omitted)

    def _counted(self, counts: list[int]) -> AnyCount:
        shape = self._core.shape
        if not shape:
            return 0
        return counts[0] if shape == (1,) else np.array(counts, dtype=np.int64).reshape(shape)

    def values_of_outputs(self, name: MetricLike) -> npt.NDArray[np.float64]:
        """Return a metric of every output, in the shape of the outputs, NaN where one has none.

        Examples
        --------
        >>> import numpy as np
        >>> import squarely
        >>> accumulator = squarely.Accumulator("r2_score").update(np.arange(6.0).reshape(3, 2), np.ones((3, 2)))
        >>> accumulator.values_of_outputs("r2_score")
        array([-0.375, -1.5  ])
        """
        index = self.metrics.index(_label_of(name))
        try:
            self._core.check_weights()
            return np.array(self._core.values_where_defined(index)).reshape(self.shape)
        except _core.Refused as refused:
            raise score_refused(refused, self.asked[index], self.shape) from None

    def _counts(self, term: str, output: int = 0) -> tuple[npt.NDArray[Any], ...]:
        """Return the sizes that an output has pairs of, in ascending order, and how many pairs: for pictures.

        Terms of two numbers have the sizes of both. See cpp/states/size_counts.hpp.
        """
        return self._core.counts_by_size(term, output)

    def to_bytes(self) -> bytes:
        """Return the configuration and the state as bytes, the same on every machine.

        Names of columns are not in them: where chunks have their columns in different orders, only a pickle tells.

        Examples
        --------
        >>> import squarely
        >>> accumulator = squarely.Accumulator().update([1.0], [2.0])
        >>> squarely.Accumulator.from_bytes(accumulator.to_bytes()) == accumulator
        True
        """
        return self._core.to_bytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> Accumulator:
        """Return the accumulator whose `to_bytes` gave this.

        Parameters
        ----------
        data : bytes
            From any machine, of version 2 or 3 of the byte form.

        Raises
        ------
        ValueError
            Where the bytes are damaged, cut, from a newer version or something else.

        Examples
        --------
        >>> import squarely
        >>> squarely.Accumulator.from_bytes(b"something else")
        Traceback (most recent call last):
        ValueError: These bytes are no squarely accumulator: they do not start with b'sqac'.
        """
        try:
            return cls._of(_core.Accumulator.from_bytes(bytes(memoryview(data))))
        except _core.Refused as refused:
            raise bytes_refused(refused) from None

    @classmethod
    def _of(cls, core: _core.Accumulator, names: Names = MappingProxyType({})) -> Accumulator:
        accumulator = object.__new__(cls)
        accumulator._core = core
        accumulator._names = names
        return accumulator

    def digest(self) -> str:
        """Return a SHA-256 of `to_bytes`, in hexadecimal: equal exactly where the accumulators are.

        Two are that have equal sums, counts and options. The same pairs in any order are one way to these, and other
        pairs that have the same sums are another.

        Examples
        --------
        >>> import squarely
        >>> whole = squarely.Accumulator("sse").update([1.0, 5.0], [2.0, 8.0])
        >>> parts = squarely.Accumulator("sse").update([5.0], [8.0]).update([1.0], [2.0])
        >>> whole.digest() == parts.digest()
        True
        """
        return self._core.digest()

    def _repr_html_(self) -> str:
        """Return the scores as a table, where there are some."""
        return self._html(repr(self))

    def _html(self, shown: str, *lines: str) -> str:
        """Return the scores as a table with lines below it, or what is shown where there are none."""
        if not self._core.shape:
            return f"<p>{html.escape(shown)}</p>"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what is undefined is said in its cell
            rows = [(name, score) for name, score in self._scores_or_none()]
        counts = f"{np.sum(self.count)} pairs, {np.sum(self.omitted)} left out"
        return html_table(("", "score"), rows, [counts, *lines])

    def _scores_or_none(self) -> Iterable[tuple[str, Any]]:
        try:
            return self.compute().items()
        except ValueError:  # of no pairs
            return ((name, math.nan) for name in self.metrics)

    def __repr__(self) -> str:
        pictures = ", pictures=True" if self.pictures else ""
        return f"Accumulator(metrics={self.metrics!r}, count={self.count}{pictures})"

    def _copy(self) -> Accumulator[ScoreT]:
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        other._core = self._core.copy()
        return other


def check_fits(
    core: _core.Accumulator | _core.GroupedAccumulator, output_shape: tuple[int, ...], weighted: bool
) -> None:
    """Refuse a chunk of other outputs, or with weights where there were none: of no rows too."""
    if not core.shape:
        return
    if core.shape != output_shape:
        raise outputs_differing(core.shape, output_shape, "added")
    if core.weighted != weighted:
        began, came = ("with", "without") if core.weighted else ("without", "with")
        raise ValueError(
            f"This accumulator began {began} sample_weight, and this chunk came {came} it. "
            "Pass sample_weight=1.0 for chunks whose rows count once."
        )


def _checked_metrics(metrics: MetricLike | Iterable[MetricLike] | None) -> tuple[Metric, ...]:
    found = as_metrics(metrics, "Accumulator")
    for one in found:
        if one.is_of_order:
            raise ValueError(
                f"{one.label} needs all pairs at once, and an Accumulator keeps sums only. Call squarely.{one.name} or "
                "squarely.evaluate on whole arrays, or squarely.score_files, which reads files again. Of a stream, "
                "quantile_absolute_error has the median within 0.4 %; mean_absolute_error or mean_huber_loss are close."
            )
    return found


def _check_complex(metrics: tuple[Metric, ...], complex_values: bool) -> None:
    others = [one.label for one in metrics if not one.row.takes_complex_values]
    if complex_values and others:
        taken = [name for name in metric_names() if _core.metrics[name].takes_complex_values]
        raise ValueError(
            f"complex_values=True goes with metrics of squared errors alone: {', '.join(taken)}. "
            f"Got {', '.join(others)}."
        )


def _label_of(name: MetricLike) -> str:
    if not isinstance(name, str):
        return as_metric(name, "name", "Accumulator").label
    return full_name(name)


# One call more costs what a hundred rows do: short chunks of plain arrays never come to the function.
Accumulator.update = _core.quick_update(  # type: ignore[method-assign]
    Accumulator, Accumulator.update, "($self, y_true, y_pred, *, sample_weight=None, where=None, axis=0)"
)
