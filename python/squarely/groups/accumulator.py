"""GroupedAccumulator: the accumulators of many groups in one state, found by their keys."""

from __future__ import annotations

import hashlib
import html
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from squarely import _core
from squarely.accumulator import Accumulator, check_fits
from squarely.arguments import ArrayLike, InvalidParameterError, NanPolicy, Summation
from squarely.columns.labels import Names, joined_names
from squarely.columns.one_row import as_rows
from squarely.groups.frames import frame_of
from squarely.groups.keys import GroupKeys
from squarely.groups.row_keys import keys_of_rows
from squarely.groups.scores import GroupScores
from squarely.groups.state_bytes import bytes_of, parts_of
from squarely.mergeable import Mergeable
from squarely.named_metrics import MetricLike
from squarely.policy import data_refused

__all__ = ["GroupedAccumulator", "check_is_no_array"]

GroupedMultioutput = Literal["uniform_average", "raw_values"]


class GroupedAccumulator(Mergeable):
    """Metrics of every group of rows, over chunks: an `Accumulator` for each key, in one state.

    Groups are the distinct keys, which need not be known before and may come in any chunk. The sums of each are those
    of an `Accumulator` over its rows, exact by default, so that chunks, the order of the rows, threads and merges make
    no difference. What has a value for every group has it in the order of the keys, null last.

    Parameters
    ----------
    metrics : str, function, Metric or iterable of these, optional
        As in `Accumulator`.
    multioutput : {"uniform_average", "raw_values"}, default="uniform_average"
        How the outputs of a group are averaged, as in `Accumulator`; weights of outputs are not taken.
    nan_policy : {"raise", "propagate", "omit", "omit_true"}, default="raise"
        As in `Accumulator`.
    summation : {"exact", "kahan", "pairwise"}, default="exact"
        As in `Accumulator`. An exact sum takes 56 bytes a group and output where the data are ordinary, 544 more where
        sizes differ much.

    Raises
    ------
    ValueError
        Where a parameter is none of these.

    Examples
    --------
    >>> import squarely
    >>> grouped = squarely.GroupedAccumulator(metrics=("mean_squared_error", "mean_error"))
    >>> _ = grouped.update([3.0, -0.5, 2.0], [2.5, 0.0, 2.0], by=["south", "north", "south"])
    >>> _ = grouped.update([7.0], [8.0], by=["north"])
    >>> grouped.keys()
    ['north', 'south']
    >>> grouped.compute()
    {'mean_squared_error': array([0.625, 0.125]), 'mean_error': array([ 0.75, -0.25])}
    >>> grouped["north"].compute()
    {'mean_squared_error': 0.625, 'mean_error': 0.75}
    >>> grouped.overall().compute()
    {'mean_squared_error': 0.375, 'mean_error': 0.25}
    """

    def __init__(
        self,
        metrics: MetricLike | Iterable[MetricLike] | None = None,
        *,
        multioutput: GroupedMultioutput = "uniform_average",
        nan_policy: NanPolicy = "raise",
        summation: Summation = "exact",
        pictures: bool = False,
    ) -> None:
        check_is_no_array(multioutput, "GroupedAccumulator")
        empty = Accumulator(
            metrics, multioutput=multioutput, nan_policy=nan_policy, summation=summation, pictures=pictures
        )
        self._begin(GroupKeys(), _core.GroupedAccumulator(empty.core.configuration))

    def _begin(self, keys: GroupKeys, core: _core.GroupedAccumulator) -> None:
        self._keys = keys
        self._core = core
        self._lock = threading.RLock()
        self._is_in_use = False

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Let other threads wait. Keys and sums are two things, and go together before and afterwards only."""
        with self._lock:
            if self._is_in_use:
                raise RuntimeError("This accumulator is in the middle of another call, which a signal has interrupted.")
            self._is_in_use = True
            try:
                yield
            finally:
                self._is_in_use = False

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Take out again the groups that were added for sums that are refused."""
        try:
            yield
        except BaseException:
            self._keys.forget_after(self._core.groups)
            raise

    # Chunks

    def update(
        self,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        *,
        by: Any,
        sample_weight: ArrayLike | None = None,
        where: ArrayLike | None = None,
        axis: int = 0,
    ) -> GroupedAccumulator:
        """Add a chunk, each row to its group, and return the accumulator.

        Parameters
        ----------
        y_true, y_pred : array-like or float
            As in `Accumulator.update`.
        by : array-like, column, mapping of str to such, or table
            The key of every row: numbers, text, dates, categories of any library; or several columns of them, by which
            the groups are the combinations that occur. All chunks have the same columns. Null is a key as any other,
            and so is NaN. Beside two numbers it is one key.
        sample_weight : array-like of shape (rows,) or that of y_true, or float, optional
            As in `Accumulator.update`.
        where : array-like of bool of the shape of the rows or of y_true, optional
            True where a pair counts. A group whose rows are all left out is a group of no pairs.
        axis : int, default=0
            The axis of the rows, as in `Accumulator.update`.

        Returns
        -------
        GroupedAccumulator
            Itself.

        Raises
        ------
        ValueError
            As in `Accumulator.update`, and where keys are no keys, are fewer or more than the rows, or are of another
            kind than before. Sums and groups are then as they were before.

        Examples
        --------
        >>> import squarely
        >>> by = {"store": ["a", "a", "b"], "month": [1, 2, 1]}
        >>> squarely.GroupedAccumulator("sse").update([1.0, 2.0, 3.0], [1.0, 4.0, 4.0], by=by).keys()
        [('a', 1), ('a', 2), ('b', 1)]
        """
        from squarely.pairing import pair

        rows_of_truth = as_rows(y_true)
        pairs = pair(
            rows_of_truth,
            as_rows(y_pred),
            where,
            axis,
            "GroupedAccumulator.update",
            most_dimensions=None,
            sample_weight=sample_weight,
            may_lack_rows=True,
        )
        with self._alone(), self._changing():
            configuration = self._core.configuration
            check_fits(self._core, pairs.output_shape, sample_weight is not None)
            names = joined_names(self._names, pairs.names)
            groups = self._keys.codes(keys_of_rows(by, is_number=rows_of_truth is not y_true), pairs.rows)
            if pairs.rows == 0:
                self._keys.forget_after(self._core.groups)
                return self
            try:
                if not pairs.add_short_chunk(self._core, groups, len(self._keys)):
                    self._core.add(pairs.sums_by_group(configuration, groups, len(self._keys)), pairs.output_shape)
                self._names = names
            except _core.Refused as refused:
                said = data_refused(refused, configuration.nan_policy, pairs.dtype)
                raise self._differing(refused, None, pairs.output_shape, "added") if said is refused else said from None
        return self

    # Two accumulators

    def merge(self, other: GroupedAccumulator) -> GroupedAccumulator:
        """Add everything the other accumulator has seen, group by group, and return this one.

        Parameters
        ----------
        other : GroupedAccumulator
            With the same configuration, and groups by the same columns. It is left as it is.

        Returns
        -------
        GroupedAccumulator
            Itself.

        Raises
        ------
        ValueError
            Where configuration, columns of keys, number of outputs or the order of their names differ; nothing is
            changed then.

        Examples
        --------
        >>> import squarely
        >>> left = squarely.GroupedAccumulator("sse").update([1.0], [2.0], by=["a"])
        >>> right = squarely.GroupedAccumulator("sse").update([5.0, 1.0], [8.0, 1.0], by=["a", "b"])
        >>> left.merge(right).compute()
        {'sum_squared_error': array([10.,  0.])}
        """
        self._check_is_alike(other)
        with self._both_alone(other), self._changing():
            names = self._joined_names(other)
            try:
                numbers = self._keys.merge(other._keys)
                self._core.merge(other._core, numbers, len(self._keys))
                self._names = names
            except _core.Refused as refused:
                raise self._differing(refused, other, other.shape, "added") from None
        return self

    def subtract(self, other: GroupedAccumulator) -> GroupedAccumulator:
        """Take away what the other accumulator has seen, group by group and exactly, and return this one.

        A group of which no row is left is no group any more.

        Parameters
        ----------
        other : GroupedAccumulator
            With the same configuration, and part of what this one has seen.

        Returns
        -------
        GroupedAccumulator
            Itself.

        Raises
        ------
        ValueError
            As in `Accumulator.subtract`, and where the other has a group that this one lacks; nothing is changed then.

        Examples
        --------
        >>> import squarely
        >>> whole = squarely.GroupedAccumulator("sse").update([1.0, 5.0], [2.0, 8.0], by=["a", "b"])
        >>> whole.subtract(squarely.GroupedAccumulator("sse").update([5.0], [8.0], by=["b"])).keys()
        ['a']
        """
        self._check_is_alike(other)
        with self._both_alone(other), self._changing():
            names = self._joined_names(other)
            before = len(self._keys)
            try:
                numbers = self._keys.merge(other._keys)
                if len(self._keys) > before:
                    raise _not_a_part(self._keys.key_of(before))
                self._core.subtract(other._core, numbers)
                self._names = names
            except _core.Refused as refused:
                raise self._differing(refused, other, other.shape, "taken away") from None
            self._drop_groups_without_rows()
        return self

    def _drop_groups_without_rows(self) -> None:
        rows = (self._core.pairs + self._core.omitted).reshape(self._core.groups, -1).sum(axis=1)
        kept = np.flatnonzero(rows)
        if len(kept) == len(rows):
            return
        order = np.argsort(rows == 0, kind="stable")
        self._keys, self._core = self._keys.only(kept), first_groups(self._core, _places(order), len(kept))

    @contextmanager
    def _both_alone(self, other: GroupedAccumulator) -> Iterator[None]:
        with ExitStack() as stack:
            # Always in the same order, so that two threads do not wait for each other.
            for one in sorted({id(self): self, id(other): other}.items()):
                stack.enter_context(one[1]._alone())
            yield

    def _joined_names(self, other: GroupedAccumulator) -> Names:
        return joined_names(self._names, other._names, (" of this accumulator", " of the other"))

    # Groups

    def keys(self) -> list[Any]:
        """Return the keys of all groups, in order: values of Python, or tuples of them where `by` has several columns.

        Examples
        --------
        >>> import squarely
        >>> squarely.GroupedAccumulator().update([1.0, 2.0], [1.0, 2.0], by=[2024, 2023]).keys()
        [2023, 2024]
        """
        with self._alone():
            return [self._keys.key_of(group) for group in self._keys.in_order().tolist()]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.keys())

    def __len__(self) -> int:
        return self._core.groups

    def __contains__(self, key: object) -> bool:
        with self._alone():
            try:
                self._keys.group_of(key)
            except KeyError:
                return False
            return True

    def __getitem__(self, key: Any) -> Accumulator:
        with self._alone():
            return Accumulator._of(self._core.group(self._keys.group_of(key)), self._names)

    def overall(self) -> Accumulator:
        """Return the accumulator of all groups together, which with exact sums is that of all rows.

        Examples
        --------
        >>> import squarely
        >>> grouped = squarely.GroupedAccumulator().update([1.0, 2.0], [1.0, 4.0], by=["a", "b"])
        >>> grouped.overall() == squarely.Accumulator().update([1.0, 2.0], [1.0, 4.0])
        True
        """
        with self._alone():
            if self._core.groups == 0:
                return Accumulator._of(_core.Accumulator(self._core.configuration), self._names)
            return Accumulator._of(self._merged(np.zeros(self._core.groups, np.uint32), 1).group(0), self._names)

    def over(self, names: str | Sequence[str]) -> GroupedAccumulator:
        """Return the groups by some of the columns of the keys, those that differ in the others merged.

        Parameters
        ----------
        names : str or sequence of str
            Of columns of `by`, in the order that the new keys are to have.

        Returns
        -------
        GroupedAccumulator
            On its own: with exact sums that of all rows by these columns.

        Raises
        ------
        ValueError
            Where there is no such column.

        Examples
        --------
        >>> import squarely
        >>> by = {"store": ["a", "a", "b"], "month": [1, 2, 1]}
        >>> grouped = squarely.GroupedAccumulator("sse").update([1.0, 2.0, 3.0], [1.0, 4.0, 4.0], by=by)
        >>> grouped.over("month").compute()
        {'sum_squared_error': array([1., 4.])}
        """
        with self._alone():
            keys, numbers = self._keys.marginal(names)
            return self._of(keys, self._merged(numbers, len(keys)), self._names)

    def _merged(self, numbers: npt.NDArray[np.uint32], count: int) -> _core.GroupedAccumulator:
        try:
            return self._core.merged_groups(numbers, count)
        except _core.Refused as refused:
            raise self._differing(refused, None, self.shape, "added") from None

    # Scores

    def compute(self) -> dict[str, npt.NDArray[np.float64]]:
        """Return every metric of every group.

        Returns
        -------
        dict of str to ndarray
            By name of the metric, in the order of the keys: of shape (groups,), and with ``multioutput="raw_values"``
            of shape ``(groups, *outputs)``. A group that has no value, as R² of one row, is NaN; `notes` says why.

        Examples
        --------
        >>> import squarely
        >>> grouped = squarely.GroupedAccumulator("r2").update([1.0, 2.0, 3.0], [1.5, 2.0, 3.0], by=["a", "a", "b"])
        >>> grouped.compute()
        {'r2_score': array([0.5, nan])}
        """
        with self._alone():
            scores = self._scores()
            return {one.label: scores.values(index) for index, one in enumerate(self.asked)}

    @property
    def notes(self) -> dict[str, str]:
        """Of metrics that have no value in some groups: in how many, and why."""
        with self._alone():
            return self._scores().notes()

    def _scores(self) -> GroupScores:
        return GroupScores(self._core, self.asked, self._keys.in_order())

    def to_frame(self, library: str | None = None) -> Any:
        """Return a frame with a row a group, in the order of the keys.

        It has the columns of the keys, a column a metric (with ``multioutput="raw_values"`` and several outputs one for
        each, as ``r2_score[0]``), and ``count``.

        Parameters
        ----------
        library : {"pandas", "polars"}, optional
            By default the one that is imported, else the one that is installed, pandas first.

        Raises
        ------
        ImportError
            Where neither is installed.
        ValueError
            Where a column of the keys has the name of another column.
        """
        with self._alone():
            order = self._keys.in_order()
            keys = {name: values[order] for name, values in self._keys.columns().items()}
            scores = self._scores()
            values = {one.label: scores.values(index) for index, one in enumerate(self.asked)}
            counts = self._core.pairs[order]
        return frame_of(keys, {**values, "count": counts}, library, "GroupedAccumulator.to_frame")

    @property
    def count(self) -> npt.NDArray[np.int64]:
        """How many pairs are in the sums of each group, in the order of the keys; of several outputs of each."""
        return self._counted("pairs")

    @property
    def omitted(self) -> npt.NDArray[np.int64]:
        """How many pairs of each group were left out, as `Accumulator.omitted`; of several outputs of each."""
        return self._counted("omitted")

    def _counted(self, what: str) -> npt.NDArray[np.int64]:
        with self._alone():
            counts: npt.NDArray[np.int64] = getattr(self._core, what)[self._keys.in_order()]
            return counts[:, 0] if self._core.shape == (1,) else counts

    # Options

    @property
    def core(self) -> _core.GroupedAccumulator:
        """The groups of the core, in the order in which they came."""
        return self._core

    def _keys_and_core(self) -> tuple[GroupKeys, _core.GroupedAccumulator]:
        """Return keys and sums as they are now, which go together, for what works on them as a whole."""
        with self._alone():
            return self._keys.copy(), self._core.copy()

    @property
    def by(self) -> tuple[str, ...]:
        """The names of the columns of the keys, none before the first chunk; keys without a name are the "group"."""
        return self._keys.names

    # States

    def reset(self) -> GroupedAccumulator:
        """Forget every pair and every group, keep the configuration, and return the accumulator.

        Examples
        --------
        >>> import squarely
        >>> len(squarely.GroupedAccumulator().update([1.0], [2.0], by=["a"]).reset())
        0
        """
        with self._alone():
            self._keys, self._core = GroupKeys(), _core.GroupedAccumulator(self._core.configuration)
            self._names = {}
        return self

    def to_bytes(self) -> bytes:
        """Return configuration, keys and sums as bytes, the same on every machine.

        Groups are in the order of their keys, so that neither the order of rows and chunks nor that of merges makes a
        difference. Names of outputs are not in them, as in `Accumulator.to_bytes`.

        Examples
        --------
        >>> import squarely
        >>> grouped = squarely.GroupedAccumulator().update([1.0, 2.0], [2.0, 2.0], by=["b", "a"])
        >>> squarely.GroupedAccumulator.from_bytes(grouped.to_bytes()) == grouped
        True
        """
        with self._alone():
            order = self._keys.in_order()
            ordered = self._core.merged_groups(_places(order), len(order))
            return bytes_of(self._keys, ordered.as_accumulator())

    @classmethod
    def from_bytes(cls, data: bytes) -> GroupedAccumulator:
        """Return the accumulator whose `to_bytes` gave this.

        Parameters
        ----------
        data : bytes
            From any machine.

        Raises
        ------
        ValueError
            Where the bytes are damaged, cut, from a newer version or something else.

        Examples
        --------
        >>> import squarely
        >>> squarely.GroupedAccumulator.from_bytes(b"something else")
        Traceback (most recent call last):
        ValueError: These bytes are no squarely accumulator of groups: they do not start with b'sqga'.
        """
        keys, accumulator = parts_of(bytes(memoryview(data)))
        return cls._of(keys, _core.GroupedAccumulator.from_accumulator(accumulator))

    @classmethod
    def _of(
        cls, keys: GroupKeys, core: _core.GroupedAccumulator, names: Names = MappingProxyType({})
    ) -> GroupedAccumulator:
        grouped = object.__new__(cls)
        grouped._begin(keys, core)
        grouped._names = names
        return grouped

    def digest(self) -> str:
        """Return a SHA-256 of `to_bytes`, in hexadecimal: equal exactly where the accumulators are.

        Examples
        --------
        >>> import squarely
        >>> whole = squarely.GroupedAccumulator("sse").update([1.0, 5.0], [2.0, 8.0], by=["a", "b"])
        >>> last = squarely.GroupedAccumulator("sse").update([5.0], [8.0], by=["b"])
        >>> last.update([1.0], [2.0], by=["a"]).digest() == whole.digest()
        True
        """
        return hashlib.sha256(self.to_bytes()).hexdigest()

    def __repr__(self) -> str:
        return f"GroupedAccumulator(metrics={self.metrics!r}, by={self.by!r}, groups={len(self)})"

    def _repr_html_(self) -> str:
        """Return the scores of the first groups as a table, where there are some."""
        if len(self) == 0:
            return f"<p>{html.escape(repr(self))}</p>"
        from squarely.groups.evaluation import grouped_report_of

        return grouped_report_of({"": self}, is_single=True)._repr_html_()

    def _copy(self) -> GroupedAccumulator:
        with self._alone():
            return self._of(self._keys.copy(), self._core.copy(), self._names)


def check_is_no_array(multioutput: object, function: str) -> None:
    """Refuse weights of outputs."""
    if not isinstance(multioutput, str):
        raise InvalidParameterError(
            f"{function} by groups takes no weights of outputs yet. Pass multioutput='raw_values', and average the "
            f"values of the outputs of a group. Got {multioutput!r}."
        )


def overall_of(core: _core.GroupedAccumulator) -> _core.Accumulator:
    """Return all groups as one accumulator."""
    return core.merged_groups(np.zeros(core.groups, np.uint32), 1).group(0)


def _not_a_part(key: Any) -> ValueError:
    return ValueError(
        f"The other accumulator is no part of this one, which has no group {key!r}. Subtract only what was merged or "
        "updated before."
    )


def first_groups(
    core: _core.GroupedAccumulator, places: npt.NDArray[np.uint32], count: int
) -> _core.GroupedAccumulator:
    """Return the groups whose places are below a number, in the order of these."""
    first = _core.GroupedAccumulator(core.configuration)
    if count == 0:
        return first
    every = core.merged_groups(places, core.groups).as_accumulator()
    state = every.state()
    assert state is not None
    some = _core.Accumulator(core.configuration)
    some.add(state.outputs_from(0, count * (state.outputs // core.groups)), (count, *core.shape))
    return _core.GroupedAccumulator.from_accumulator(some)


def _places(order: npt.NDArray[np.intp]) -> npt.NDArray[np.uint32]:
    """Return where each number stands in an order of all."""
    places = np.empty(len(order), np.uint32)
    places[order] = np.arange(len(order), dtype=np.uint32)
    return places
