"""Accumulator: the sums of a stream of chunks, that merge, subtract, travel as bytes and end in the same bits."""

import functools
import math
import struct
import warnings
from collections.abc import Callable, Iterable
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from squarely import _core
from squarely.fork_guards import Guard
from squarely.named_metrics import Metric, as_metrics, metric
from squarely.scoring import Score, UndefinedMetricError, checked_sums, needed_by, score_of, told_of_too_few, warn_of
from squarely.validation import (
    NAN_POLICIES,
    SUMMATIONS,
    Multioutput,
    NanPolicy,
    Summation,
    check_choice,
    check_multioutput,
    check_output_weights,
    check_weight_sum,
)

__all__ = ["Accumulator"]

Count = int | npt.NDArray[np.int64]

# The byte form: magic, version, length of the configuration, configuration (JSON), state (may be empty), CRC-32.
MAGIC = b"sqac"
VERSION = 2
HEADER = struct.Struct("<4sBI")
CHECKSUM = struct.Struct("<I")


class Accumulator:
    """Metrics over chunks, with the result of one call over all of them.

    The state is exact (with the default summation): it does not depend on how the rows are cut into chunks, on their
    order, on threads, or on which states are merged in which order.

    Parameters
    ----------
    metrics : str, Metric or iterable of these, optional
        Names from `metric_names()`, or what `metric` makes of them. Those of squared errors when left out: one sum
        holds all three. Metrics over order statistics, as the median, are no sums and are refused.
    multioutput : {"uniform_average", "raw_values"} or array-like of shape (outputs,), default="uniform_average"
        How outputs are averaged, as in `mean_squared_error`.
    nan_policy : {"raise", "propagate", "omit", "omit_true"}, default="raise"
        What a NaN means, as in `mean_squared_error`.
    summation : {"exact", "kahan", "pairwise"}, default="exact"
        How sums are formed. A state takes 592 bytes an output when exact and 64 otherwise; only exact ones
        promise the same bits for every chunking.
    complex_values : bool, default=False
        Accept complex64 and complex128 arrays, as in `mean_squared_error`.

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

    def __init__(
        self,
        metrics: str | Metric | Iterable[str | Metric] | None = None,
        *,
        multioutput: Multioutput = "uniform_average",
        nan_policy: NanPolicy = "raise",
        summation: Summation = "exact",
        complex_values: bool = False,
    ) -> None:
        check_choice(nan_policy, NAN_POLICIES, "nan_policy", "Accumulator")
        check_choice(summation, SUMMATIONS, "summation", "Accumulator")
        self._metrics = _checked_metrics(metrics)
        self._multioutput = check_multioutput(multioutput, "Accumulator")
        self._nan_policy: str = nan_policy
        self._summation: str = summation
        self._complex_values = bool(complex_values)
        _check_complex(self._metrics, self._complex_values)
        self._state: _core.State | None = None
        self._open: _core.OpenSums | None = None
        self._output_shape: tuple[int, ...] = (1,)
        self._guard = Guard()

    def update(
        self,
        y_true: npt.ArrayLike,
        y_pred: npt.ArrayLike,
        *,
        sample_weight: npt.ArrayLike | None = None,
        where: npt.ArrayLike | None = None,
        axis: int = 0,
    ) -> "Accumulator":
        """Add a chunk and return the accumulator, never a score: averaged scores of chunks are wrong for most metrics.

        Parameters
        ----------
        y_true, y_pred : array-like
            As in `mean_squared_error`, and of any number of dimensions. Every chunk has the same number of rows or
            another, and outputs of the same shape.
        sample_weight : array-like of shape (rows,) or float, optional
            Weights of the rows. All chunks have weights or none has; pass 1.0 for a chunk whose rows count once.
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
            As in `mean_squared_error`, and where the shape of the outputs changes. The state is then as it was before.

        Examples
        --------
        >>> import squarely
        >>> squarely.Accumulator().update([1.0, 2.0], [1.0, 4.0])["sum_squared_error"]
        4.0
        >>> import numpy as np
        >>> fields = squarely.Accumulator("mean_squared_error", multioutput="raw_values")
        >>> fields.update(np.ones((2, 3, 10)), np.zeros((2, 3, 10)), axis=-1)["mean_squared_error"]
        array([[1., 1., 1.],
               [1., 1., 1.]])
        """
        is_along_rows = where is None and type(axis) is int and axis == 0
        open_sums = self._open  # once, because another thread may reset
        if open_sums is not None and is_along_rows and open_sums.add(y_true, y_pred, sample_weight):
            return self
        from squarely.pairing import pair

        pairs = pair(
            y_true,
            y_pred,
            where,
            axis,
            "Accumulator.update",
            most_dimensions=None,
            complex_values=self._complex_values,
            sample_weight=sample_weight,
        )
        check_output_weights(self._multioutput, pairs.outputs)
        self._check_weights(sample_weight is not None)
        needed = needed_by(self._metrics, self._multioutput)
        self._add(checked_sums(pairs, needed, self._nan_policy, self._summation), pairs.output_shape, is_own=True)
        return self

    def merge(self, other: "Accumulator") -> "Accumulator":
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
            Where configuration or number of outputs differ; nothing is changed then.

        Examples
        --------
        >>> import squarely
        >>> left = squarely.Accumulator().update([1.0], [2.0])
        >>> right = squarely.Accumulator().update([5.0], [8.0])
        >>> left.merge(right)["sum_squared_error"]
        10.0
        """
        self._check_same_configuration(other)
        theirs, output_shape = other._sums_and_shape()
        if theirs is not None:
            self._add(theirs, output_shape, is_own=False)
        return self

    def subtract(self, other: "Accumulator") -> "Accumulator":
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
            Where configuration or number of outputs differ, or a count or a sum would become negative, which shows that
            the other is no part of this one; nothing is changed then.

        Examples
        --------
        >>> import squarely
        >>> whole = squarely.Accumulator().update([1.0, 5.0], [2.0, 8.0])
        >>> whole.subtract(squarely.Accumulator().update([5.0], [8.0]))["sum_squared_error"]
        1.0
        """
        self._check_same_configuration(other)
        theirs, output_shape = other._sums_and_shape()
        if theirs is None:
            return self
        with self._guard.lock:
            mine = self._sums()
            if mine is None:
                raise ValueError("The other accumulator is no part of this one, which is empty.")
            self._check_outputs(output_shape, "taken away")
            mine.subtract(theirs)
        return self

    def compute(self) -> dict[str, Score]:
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
        scores: dict[str, Score] = {}
        with self._guard.lock:  # all of them of one moment, whatever other threads add
            for one in self._metrics:
                try:
                    scores[one.label] = self._score(one)
                except UndefinedMetricError as undefined:
                    warnings.warn(f"{one.label} is undefined: {undefined}", UserWarning, stacklevel=2)
                    scores[one.label] = math.nan
        return scores

    def __getitem__(self, name: str | Metric) -> Score:
        label = name.label if isinstance(name, Metric) else name
        for one in self._metrics:
            if one.label == label:
                return self._score(one)
        raise KeyError(f"This accumulator has no metric {label!r}. It has {', '.join(self.metrics)}.")

    def _score(self, one: Metric) -> Score:
        with self._guard.lock:
            sums = self._sums()
            if sums is None:
                raise ValueError("This accumulator has seen no pairs yet. Call update first.")
            check_weight_sum(sums, None)
            warn_of(told_of_too_few(sums, one))
            return score_of(sums, one, self._multioutput, self._nan_policy, self._output_shape)

    def reset(self) -> "Accumulator":
        """Forget every pair, keep the configuration, and return the accumulator.

        Examples
        --------
        >>> import squarely
        >>> squarely.Accumulator().update([1.0], [2.0]).reset().count
        0
        """
        with self._guard.lock:
            self._state = self._open = None
            self._output_shape = (1,)
        return self

    @property
    def metrics(self) -> tuple[str, ...]:
        """The names of the metrics, with their parameters where these are not the defaults."""
        return tuple(one.label for one in self._metrics)

    @property
    def count(self) -> Count:
        """How many pairs are in the sums: an int, or an array of the shape of the outputs where there are several."""
        sums, output_shape = self._sums_and_shape()
        return 0 if sums is None else _per_output(sums.pairs, output_shape)

    @property
    def omitted(self) -> Count:
        """How many pairs were left out: missing (NaN or null), masked, or not in `where`.

        An int, or an array where there are several outputs.
        """
        with self._guard.lock:
            sums, output_shape = self._sums_and_shape()
            if sums is None:
                return 0
            counts = (sums.missing_true, sums.missing_pred, sums.masked)
        return _per_output([sum(of_output) for of_output in zip(*counts, strict=True)], output_shape)

    def to_bytes(self) -> bytes:
        """Return the configuration and the state as bytes, the same on every machine.

        Examples
        --------
        >>> import squarely
        >>> accumulator = squarely.Accumulator().update([1.0], [2.0])
        >>> squarely.Accumulator.from_bytes(accumulator.to_bytes()) == accumulator
        True
        """
        import json
        import zlib

        stored = self._configuration() | {"metrics": [_stored(one) for one in self._metrics]}
        with self._guard.lock:
            sums, output_shape = self._sums_and_shape()
            state = b"" if sums is None else sums.to_bytes()
        # The state knows how many outputs there are: of one dimension that is their shape.
        stored |= {"output_shape": output_shape} if len(output_shape) > 1 else {}
        configuration = json.dumps(stored, sort_keys=True, separators=(",", ":")).encode()
        body = HEADER.pack(MAGIC, VERSION, len(configuration)) + configuration + state
        return body + CHECKSUM.pack(zlib.crc32(body))

    @classmethod
    def from_bytes(cls, data: bytes) -> "Accumulator":
        """Return the accumulator whose `to_bytes` gave this.

        Parameters
        ----------
        data : bytes
            From any machine and any version up to this one.

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
        configuration, state = _parts_of(bytes(memoryview(data)))
        prototype, output_shape, empty_states = _configured(cls, configuration)  # type: ignore[arg-type]  # a class can be hashed
        accumulator = prototype._copy()
        if state:
            accumulator._state = _core.State.from_bytes(state)
            accumulator._output_shape = _checked_shape(output_shape, accumulator._state.outputs)
            _check_state_fits(accumulator._state, accumulator, empty_states)
        return accumulator

    def digest(self) -> str:
        """Return a SHA-256 of `to_bytes`, in hexadecimal: equal exactly where the accumulators are.

        Examples
        --------
        >>> import squarely
        >>> whole = squarely.Accumulator().update([1.0, 5.0], [2.0, 8.0])
        >>> parts = squarely.Accumulator().update([5.0], [8.0]).update([1.0], [2.0])
        >>> whole.digest() == parts.digest()
        True
        """
        import hashlib

        return hashlib.sha256(self.to_bytes()).hexdigest()

    def __add__(self, other: "Accumulator") -> "Accumulator":
        if not isinstance(other, Accumulator):
            return NotImplemented
        return self._copy().merge(other)

    def __radd__(self, other: Literal[0]) -> "Accumulator":
        # sum() starts from 0.
        return self._copy() if isinstance(other, int) and other == 0 else NotImplemented

    def __sub__(self, other: "Accumulator") -> "Accumulator":
        if not isinstance(other, Accumulator):
            return NotImplemented
        return self._copy().subtract(other)

    def __eq__(self, other: object) -> bool:
        return self.to_bytes() == other.to_bytes() if isinstance(other, Accumulator) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __copy__(self) -> "Accumulator":
        return self._copy()

    def __deepcopy__(self, memo: dict[int, Any]) -> "Accumulator":
        return self._copy()

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self).from_bytes, (self.to_bytes(),)

    def __repr__(self) -> str:
        return f"Accumulator(metrics={self.metrics!r}, count={self.count})"

    def _copy(self) -> "Accumulator":
        other = object.__new__(type(self))
        with self._guard.lock:
            sums = self._sums()
            other.__dict__.update(self.__dict__)
            other._state = None if sums is None else sums.copy()
        other._open = None
        other._guard = Guard()
        return other

    def _sums(self) -> _core.State | None:
        """Return the state, with everything that was still open: None before the first pair."""
        return self._sums_and_shape()[0]

    def _sums_and_shape(self) -> tuple[_core.State | None, tuple[int, ...]]:
        with self._guard.lock:
            if self._open is not None and self._state is not None:
                self._open.close_into(self._state)
            return self._state, self._output_shape

    def _configuration(self) -> dict[str, Any]:
        return {
            "metrics": self._metrics,
            "multioutput": self._multioutput,
            "nan_policy": self._nan_policy,
            "summation": self._summation,
            "complex_values": self._complex_values,
        }

    def _terms_of_extremes(self) -> list[str]:
        """Return which of the sums are largest or least values. For windows."""
        needed = needed_by(self._metrics, self._multioutput)
        return list(_core.State(1, self._summation, needed).extremes)

    def _extremes(self) -> dict[str, list[float]]:
        """Return the largest and least values seen, of every output. For windows."""
        sums = self._sums()
        return {} if sums is None else sums.extremes

    def _without(self, left: "Accumulator", extremes: Callable[[], dict[str, list[float]]]) -> "Accumulator":
        """Return a copy without what has left, given the extremes of what remains. For windows."""
        remaining, taken = self._copy(), left._sums()
        if remaining._state is not None and taken is not None:
            remaining._state.subtract_sums(taken)
            for term, values in extremes().items():
                remaining._state.set_extreme(term, values)
        return remaining

    def _kind(self) -> tuple[Any, ...]:
        return (self._metrics, self._multioutput, self._nan_policy, self._summation, self._complex_values)

    def _check_same_configuration(self, other: "Accumulator") -> None:
        if not isinstance(other, Accumulator):
            raise TypeError(f"Only another Accumulator can be merged or subtracted. Got {other!r}.")
        if self._kind() == other._kind():
            return
        mine = self._configuration() | {"metrics": self.metrics}
        theirs = other._configuration() | {"metrics": other.metrics}
        for name, value in mine.items():
            if theirs[name] != value:
                raise ValueError(
                    f"The accumulators differ in {name}: this one has {value!r}, the other {theirs[name]!r}."
                )

    def _add(self, state: _core.State, output_shape: tuple[int, ...], *, is_own: bool) -> None:
        # Two threads may update at once: the pass over the data needs no lock, the merge does.
        with self._guard.lock:
            if self._state is None:
                # Of a million outputs a state is 592 MB: what nobody else holds is not copied.
                self._state, self._output_shape = state if is_own else state.copy(), output_shape
                return
            self._check_outputs(output_shape, "added")
            if is_own and self._open is None:
                self._open = self._open_sums()  # what is updated twice is a stream
            self._state.merge(state)

    def _open_sums(self) -> _core.OpenSums | None:
        """Return what short chunks of the same kind are added to; they are finished only when somebody looks."""
        state = self._state
        if state is None or self._output_shape != (1,) or self._summation != "exact" or self._complex_values:
            return None
        leaves_out, propagates = self._nan_policy == "omit", self._nan_policy == "propagate"
        return _core.OpenSums(
            state,
            missing_true=leaves_out or propagates or self._nan_policy == "omit_true",
            missing_pred=leaves_out or propagates,
            infinite=propagates,
        )

    def _check_weights(self, weighted: bool) -> None:
        state = self._state
        if state is not None and state.weighted != weighted:
            began, came = ("with", "without") if state.weighted else ("without", "with")
            raise ValueError(
                f"This accumulator began {began} sample_weight, and this chunk came {came} it. "
                "Pass sample_weight=1.0 for chunks whose rows count once."
            )

    def _check_outputs(self, output_shape: tuple[int, ...], what: str) -> None:
        if self._output_shape != output_shape:
            raise ValueError(
                f"This accumulator has {_described(self._output_shape)}, and what is {what} has "
                f"{_described(output_shape)}."
            )


OF_SQUARES = ("mean_squared_error", "root_mean_squared_error", "sum_squared_error")


def _checked_metrics(metrics: str | Metric | Iterable[str | Metric] | None) -> tuple[Metric, ...]:
    found = as_metrics(OF_SQUARES if metrics is None else metrics, "Accumulator")
    for one in found:
        if one.is_of_order:
            raise ValueError(
                f"{one.label} needs all pairs at once, and an Accumulator keeps sums only. Call squarely.{one.name} or "
                "squarely.evaluate on whole arrays; for a stream, mean_absolute_error or mean_huber_loss are close."
            )
    return found


def _check_complex(metrics: tuple[Metric, ...], complex_values: bool) -> None:
    others = [one.label for one in metrics if one.name not in OF_SQUARES]
    if complex_values and others:
        raise ValueError(
            f"complex_values=True goes with metrics of squared errors alone: {', '.join(OF_SQUARES)}. "
            f"Got {', '.join(others)}."
        )


def _stored(one: Metric) -> str | list[Any]:
    return one.name if one.label == one.name else [one.name, one.parameter]


def _metric_from(stored: Any) -> str | Metric:
    if isinstance(stored, list):
        name, parameter = stored
        return Metric(metric(name).name, float(parameter))
    return str(stored)


def _per_output(counts: list[int], output_shape: tuple[int, ...]) -> Count:
    return counts[0] if output_shape == (1,) else np.array(counts, dtype=np.int64).reshape(output_shape)


def _described(output_shape: tuple[int, ...]) -> str:
    shape = f" of shape {output_shape}" if len(output_shape) > 1 else ""
    return f"{math.prod(output_shape)} output(s){shape}"


def _refuse(reason: str) -> ValueError:
    return ValueError(f"These bytes are no squarely accumulator: {reason}.")


def _parts_of(data: bytes) -> tuple[bytes, bytes]:
    import zlib

    if data[:4] != MAGIC:
        raise _refuse(f"they do not start with {MAGIC!r}")
    if len(data) < HEADER.size + CHECKSUM.size:
        raise _refuse(f"there are only {len(data)} of them")
    _, version, length = HEADER.unpack_from(data)
    if version != VERSION:
        raise _refuse(f"they have version {version}, and this squarely reads version {VERSION}")
    body = data[: -CHECKSUM.size]
    if zlib.crc32(body) != CHECKSUM.unpack(data[-CHECKSUM.size :])[0]:
        raise _refuse("the checksum does not match; they were cut or changed")
    return body[HEADER.size : HEADER.size + length], body[HEADER.size + length :]


@functools.lru_cache(maxsize=128)
def _configured(cls: type[Accumulator], configuration: bytes) -> tuple[Accumulator, Any, list[_core.State]]:
    """Return what ten thousand states have in common.

    An empty accumulator, to be copied, the shape of its outputs, and what it would sum without weights and with them.
    """
    import json

    try:
        parameters = json.loads(configuration)
        output_shape = parameters.pop("output_shape", None)
        if "metrics" in parameters:
            parameters["metrics"] = [_metric_from(stored) for stored in parameters["metrics"]]
        accumulator = cls(**parameters)
    except (ArithmeticError, AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise _refuse(f"their configuration is damaged ({error})") from error
    needed = needed_by(accumulator._metrics, accumulator._multioutput)
    empty_states = [_core.State(1, accumulator._summation, needed, weighted) for weighted in (False, True)]
    return accumulator, output_shape, empty_states


def _checked_shape(output_shape: Any, outputs: int) -> tuple[int, ...]:
    if output_shape is None:
        return (outputs,)
    is_shape = isinstance(output_shape, list) and all(type(size) is int and size > 0 for size in output_shape)
    if not is_shape or len(output_shape) < 2 or math.prod(output_shape) != outputs:
        raise _refuse(f"the state has {outputs} output(s), the configuration the shape {output_shape}")
    return tuple(output_shape)


def _check_state_fits(state: _core.State, accumulator: Accumulator, empty_states: list[_core.State]) -> None:
    if state.summation != accumulator._summation:
        raise _refuse(f"the state has summation={state.summation!r}, the configuration {accumulator._summation!r}")
    if not state.is_of_one_kind_with(empty_states[state.weighted]):
        raise _refuse("the state has other sums than those of the metrics in the configuration")
    check_output_weights(accumulator._multioutput, state.outputs)
