"""Streams driven at random beside plain lists of rows: whatever was done, the bits are those of one fresh update.

And the sums of that update are those of rational arithmetic.
"""

import copy
import pickle
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pytest

import squarely
from inputs.element_types import DTYPES as ELEMENT_TYPES
from inputs.hard_data import MAKERS
from instruments.core_states import is_of_sums_alone
from oracles.rational import sum_of_squares
from oracles.state_bytes import POLICIES, terms_held_by
from squarely.named_metrics import EVERYDAY, has_default

Array = npt.NDArray[Any]

LENGTHS = (1, 2, 63, 64, 65, 511, 512, 513, 1000, 8192, 8193)
FREQUENCIES = np.array([8, 8, 8, 8, 8, 4, 4, 4, 2, 0.3, 0.3])
FREQUENCIES /= FREQUENCIES.sum()
LONG = (65_536, 65_537)

# Of every kind: one sum, moments alone, terms alone, extremes alone, all together.
SETS: tuple[tuple[str, ...], ...] = (
    ("mean_squared_error",),
    EVERYDAY,
    ("max_error",),
    ("normalized_root_mean_squared_error", "pearson_correlation"),
    ("mean_squared_log_error", "mean_poisson_deviance", "mean_huber_loss"),
    tuple(filter(has_default, squarely.metric_names("sums"))),
    tuple(name for name in filter(has_default, squarely.metric_names("sums")) if name != "quantile_absolute_error"),
    ("quantile_absolute_error",),
)


def as_asked(metrics: tuple[str, ...]) -> list[tuple[str, float]]:
    return [(name, squarely._core.metrics[name].default) for name in metrics]


def take_weights(metrics: tuple[str, ...]) -> bool:
    return all(squarely._core.metrics[name].takes_weights for name in metrics)


class Rows(NamedTuple):
    """What a chunk says, in float64 that hold all of it."""

    y_true: Array
    y_pred: Array
    weights: Array

    def __getitem__(self, rows: Any) -> "Rows":
        return Rows(*(np.asarray(side)[rows] for side in tuple(self)))


NO_ROWS = Rows(np.empty(0), np.empty(0), np.empty(0))


def joined(*several: Rows) -> Rows:
    return Rows(*(np.concatenate(sides) for sides in zip(*several, strict=True)))


def with_gaps(values: Array, step: int) -> Array:
    room = np.full((len(values) * abs(step), *values.shape[1:]), 7, values.dtype)
    view = room[::step]
    view[:] = values
    return view


def misaligned(values: Array) -> Array:
    room = np.empty(values.nbytes + 1, np.uint8)[1:]
    room[:] = np.frombuffer(values.tobytes(), np.uint8)
    return room.view(values.dtype).reshape(values.shape)


def in_a_record(values: Array) -> Array:
    records = np.zeros(len(values), [("before", np.int8), ("value", values.dtype), ("after", np.float32)])
    records["value"] = values
    return records["value"]


def read_only(values: Array) -> Array:
    fixed = values.copy()
    fixed.flags.writeable = False
    return fixed


class Subclass(np.ndarray):
    """Whatever is no plain array goes another way."""


LAYOUTS = (
    *[lambda values: values] * 4,
    lambda values: with_gaps(values, -1),
    lambda values: with_gaps(values, 3),
    lambda values: values.astype(values.dtype.newbyteorder()),
    misaligned,
    in_a_record,
    read_only,
    lambda values: values.view(Subclass),
    list,
)

# Twice as often what has a way of its own. NumPy swaps the bytes of no type of another library.
OF_NUMPY = [dtype for dtype in ELEMENT_TYPES if dtype.kind in "fiu"]
CHUNK_DTYPES = [np.dtype(np.float64), *OF_NUMPY]


def numbers(rng: np.random.Generator, length: int, dtype: Any) -> tuple[Array, Array]:
    if np.dtype(dtype).kind == "f":
        with np.errstate(over="ignore", under="ignore"):
            pairs = [side.astype(dtype) for side in MAKERS[rng.integers(len(MAKERS))](rng, length)]
        return tuple(np.where(np.isfinite(side), side, 1).astype(dtype) for side in pairs)  # type: ignore[return-value]
    return tuple(rng.integers(0, 100, (2, length)).astype(dtype))


class Chunk(NamedTuple):
    """As it is passed, and as it is meant."""

    y_true: Any
    y_pred: Any
    sample_weight: Any
    rows: Rows


def make_weights(rng: np.random.Generator, length: int) -> Array:
    kind = rng.integers(5)
    if kind == 0:
        return np.ones(length)
    if kind == 1:
        return rng.choice([0.0, -0.0, 1.0, -2.5, 5e-324, 1e-300, 1e300], length)
    return rng.uniform(-0.5 if kind == 2 else 0, 1, length)


def make_chunk(rng: np.random.Generator, length: int, weighted: bool, with_nan: bool, with_infinity: bool) -> Chunk:
    sides = list(numbers(rng, length, CHUNK_DTYPES[rng.integers(len(CHUNK_DTYPES))]))
    weights = make_weights(rng, length)
    for side in sides:
        if side.dtype.kind == "f":
            if with_nan and rng.random() < 0.5:
                side[rng.random(length) < rng.choice([0.001, 0.1, 1.0])] = np.nan
            if with_infinity and rng.random() < 0.5:
                side[rng.integers(length)] = rng.choice([np.inf, -np.inf])
    meant = Rows(sides[0].astype(float), sides[1].astype(float), weights)
    y_true, y_pred, lying = (LAYOUTS[rng.integers(len(LAYOUTS))](side) for side in (*sides, weights))
    return Chunk(y_true, y_pred, lying if weighted else None, meant)


class Kind(NamedTuple):
    """Of an accumulator."""

    metrics: tuple[str, ...]
    nan_policy: Any
    weighted: bool

    def fresh(self, rows: Rows) -> squarely.Accumulator:
        accumulator = squarely.Accumulator(self.metrics, nan_policy=self.nan_policy)
        return self.updated(accumulator, rows) if len(rows.y_true) else accumulator

    def updated(self, accumulator: Any, rows: Rows) -> Any:
        return accumulator.update(rows.y_true, rows.y_pred, sample_weight=rows.weights if self.weighted else None)


def make_kind(rng: np.random.Generator) -> Kind:
    kind = Kind(SETS[rng.integers(len(SETS))], POLICIES[rng.integers(len(POLICIES))], bool(rng.random() < 0.4))
    return kind._replace(weighted=kind.weighted and take_weights(kind.metrics))


def chunk_of(kind: Kind, rng: np.random.Generator, length: int) -> Chunk:
    """Return a chunk that is accepted."""
    chunk = make_chunk(
        rng, length, kind.weighted, with_nan=kind.nan_policy != "raise", with_infinity=kind.nan_policy == "propagate"
    )
    if kind.nan_policy != "omit_true" or not np.isnan(chunk.rows.y_pred[~np.isnan(chunk.rows.y_true)]).any():
        return chunk
    return chunk_of(kind, rng, length)


def refused(kind: Kind, rng: np.random.Generator, length: int) -> tuple[Any, Any, Any]:
    """Return a chunk that is not: wrong in a row, or in its shape."""
    y_true, y_pred = rng.uniform(1, 2, (2, length))
    weights = np.ones(length) if kind.weighted else None
    wrong = rng.integers(8)
    if wrong == 0 and kind.nan_policy in ("raise", "omit_true"):
        y_pred[rng.integers(length)] = np.nan
    elif wrong == 1 and kind.nan_policy != "propagate":
        (y_true if rng.random() < 0.5 else y_pred)[rng.integers(length)] = -np.inf
    elif wrong == 2 and weights is not None:
        weights[rng.integers(length)] = rng.choice([np.nan, np.inf, -np.inf])
    elif wrong == 3:
        weights = None if kind.weighted else np.ones(length)
    elif wrong == 4:
        y_true, y_pred = np.stack([y_true, y_true], 1), np.stack([y_pred, y_pred], 1)
    elif wrong == 5:
        y_pred = y_pred.astype(complex)
    elif wrong == 6:
        y_true = y_true[:0]
    else:
        y_pred = y_pred[1:]
    return y_true, y_pred, weights


def length_at_random(rng: np.random.Generator) -> int:
    return int(LONG[rng.integers(2)] if rng.random() < 0.01 else rng.choice(LENGTHS, p=FREQUENCIES))


def again(accumulator: Any, rng: np.random.Generator) -> Any:
    way = rng.integers(4)
    if way == 0:
        return copy.copy(accumulator)
    if way == 1:
        return copy.deepcopy(accumulator)
    return pickle.loads(pickle.dumps(accumulator))


def set_something(rng: np.random.Generator) -> None:
    if rng.random() < 0.5:
        squarely.set_target(str(rng.choice(squarely.targets())))
    else:
        squarely.set_num_threads(int(rng.integers(1, 4)))


def check_squares(kind: Kind, rows: Rows, data: bytes) -> None:
    """Hold the exact sum of squares against rational arithmetic, where the rows have no weights."""
    (sums,) = terms_held_by(data)
    if "squared_error" in sums and not kind.weighted:
        counted = rows[np.isfinite(rows.y_true) & np.isfinite(rows.y_pred)]
        assert sums["squared_error"] == sum_of_squares(counted.y_true.tolist(), counted.y_pred.tolist()), kind


class Stream:
    """An accumulator, and what it has taken in."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.kind = make_kind(self.rng)
        self.accumulator = self.kind.fresh(NO_ROWS)
        self.taken_in: list[Rows] = []
        self.is_of_rows = False  # there were some since the last reset, so that their kind is known

    def next_chunk(self) -> Chunk:
        chunk = chunk_of(self.kind, self.rng, length_at_random(self.rng))
        self.taken_in.append(chunk.rows)
        self.is_of_rows = True
        return chunk

    def update(self) -> None:
        chunk = self.next_chunk()
        self.accumulator.update(chunk.y_true, chunk.y_pred, sample_weight=chunk.sample_weight)

    def merge(self) -> None:
        self.accumulator.merge(self.kind.fresh(self.next_chunk().rows))

    def update_with_what_is_refused(self) -> None:
        if not self.is_of_rows:
            return
        y_true, y_pred, weights = refused(self.kind, self.rng, int(self.rng.choice([2, 64, 600, 9000])))
        with pytest.raises(ValueError):
            self.accumulator.update(y_true, y_pred, sample_weight=weights)

    def update_without_rows(self) -> None:
        before = self.accumulator.to_bytes()
        assert self.kind.updated(self.accumulator, NO_ROWS).to_bytes() == before

    def subtract(self) -> None:
        if not self.taken_in or not all(is_of_sums_alone(asked) for asked in as_asked(self.kind.metrics)):
            return
        part = self.taken_in.pop(self.rng.integers(len(self.taken_in)))
        self.accumulator.subtract(self.kind.fresh(part))

    def travel(self) -> None:
        self.accumulator = again(self.accumulator, self.rng)

    def reset(self) -> None:
        self.accumulator.reset()
        self.taken_in.clear()
        self.is_of_rows = False

    def look(self) -> None:
        assert self.accumulator.count == self.kind.fresh(joined(NO_ROWS, *self.taken_in)).count

    def compare(self) -> None:
        if not self.taken_in:
            return
        rows = joined(NO_ROWS, *self.taken_in)
        expected = self.kind.fresh(rows)
        assert self.accumulator.digest() == expected.digest(), self.kind
        if len(rows.y_true) <= 600:
            check_squares(self.kind, rows, expected.to_bytes())


ACTIONS = (
    *[Stream.update] * 12,
    *[Stream.update_with_what_is_refused] * 2,
    Stream.update_without_rows,
    Stream.merge,
    Stream.subtract,
    Stream.travel,
    Stream.look,
    Stream.compare,
    lambda stream: set_something(stream.rng),
)


# Of both ends of every type, so that integers are beyond what a double holds.
WINDOW_DTYPES = [*[np.dtype(np.float64)] * 4, *ELEMENT_TYPES, *map(np.dtype, (">f8", ">f2", ">i8"))]
WINDOW_SETS = (*SETS, ("max_error", "r2_score"), ("normalized_root_mean_squared_error", "mean_pinball_loss"))


class WindowKind(NamedTuple):
    """Of a window, and of every chunk that goes through it."""

    metrics: tuple[str, ...]
    nan_policy: Any
    multioutput: str
    shape: tuple[int, ...]
    weighted: bool
    window: int
    unit: Any

    def rolling(self) -> squarely.RollingAccumulator:
        return squarely.RollingAccumulator(
            self.metrics,
            window=self.window,
            unit=self.unit,
            nan_policy=self.nan_policy,
            multioutput=self.multioutput,  # type: ignore[arg-type]
        )

    def fresh(self) -> squarely.Accumulator:
        return squarely.Accumulator(
            self.metrics,
            nan_policy=self.nan_policy,
            multioutput=self.multioutput,  # type: ignore[arg-type]
        )


def window_kind(rng: np.random.Generator, unit: Any) -> WindowKind:
    shape = ((), (), (1,), (3,), (2, 2), (40,))[rng.integers(6)]
    several = np.prod(shape, dtype=int) > 1
    kind = WindowKind(
        WINDOW_SETS[rng.integers(len(WINDOW_SETS))],
        POLICIES[rng.integers(len(POLICIES))],
        str(rng.choice(["raw_values", "uniform_average", "variance_weighted"])) if several else "raw_values",
        shape,
        bool(rng.random() < 0.4),
        int(rng.choice([1, 2, 5, 64, 1000, 5000] if unit == "rows" else [1, 2, 5])),
        unit,
    )
    return kind._replace(weighted=kind.weighted and take_weights(kind.metrics))


def side_of(rng: np.random.Generator, kind: WindowKind, length: int, dtype: Any, is_truth: bool) -> Array:
    shape = (length, *kind.shape)
    if dtype.kind in "iub":
        info = np.iinfo(np.uint8 if dtype.kind == "b" else dtype.newbyteorder("="))
        return rng.integers(info.min, info.max, shape, endpoint=True, dtype=info.dtype).astype(dtype)
    side = rng.standard_normal(shape) * 10.0 ** rng.integers(-3, 4, shape)
    if kind.nan_policy in ("omit", "propagate") or (kind.nan_policy == "omit_true" and is_truth):
        side[rng.random(shape) < 0.1] = np.nan
    if kind.nan_policy == "propagate":
        side[rng.random(shape) < 0.05] = rng.choice([np.inf, -np.inf])
    return side.astype(dtype)


def weights_at_random(rng: np.random.Generator, kind: WindowKind, length: int) -> Array:
    shape = (length, *kind.shape) if rng.random() < 0.4 else (length,)
    weights = rng.choice([0.0, -0.0, 0.5, 1.0, 3.0], shape)
    return weights.astype(rng.choice(["f8", "f4", ">f8", "f2"]))


def passed(rng: np.random.Generator, side: Array) -> Any:
    """Return the same rows, as a caller may have them."""
    way = rng.random()
    if way < 0.4 or side.dtype.kind == "V":
        return side.copy()
    if way < 0.6:
        return with_gaps(side, -2)
    if way < 0.7:
        return misaligned(side)
    if side.ndim == 1 and side.dtype == np.float64 and way < 0.9:
        return float(side[0]) if len(side) == 1 else tuple(side.tolist())
    return side.tolist() if side.ndim == 1 else np.array(side, order="F")


class WindowStream:
    """A window, and every chunk that went through it."""

    def __init__(self, seed: int, unit: Any) -> None:
        self.rng = np.random.default_rng(seed)
        self.kind = window_kind(self.rng, unit)
        self.rolling = self.kind.rolling()
        self.chunks: list[tuple[Array, ...]] = []

    def update(self) -> None:
        lengths, frequencies = [1, 2, 7, 64, 65, 513, 1500, 9000], [0.4, 0.2, 0.15, 0.08, 0.08, 0.04, 0.03, 0.02]
        length = int(self.rng.choice(lengths, p=frequencies))
        dtypes = [WINDOW_DTYPES[self.rng.integers(len(WINDOW_DTYPES))] for _ in range(2)]
        chunk = tuple(side_of(self.rng, self.kind, length, dtypes[i], is_truth=i == 0) for i in range(2))
        if self.kind.weighted:
            chunk = (*chunk, weights_at_random(self.rng, self.kind, length))
        given = [passed(self.rng, side) for side in chunk]
        if self.kind.weighted and isinstance(given[2], float):
            given[2] = chunk[2]
        self.rolling.update(*given[:2], sample_weight=given[2] if self.kind.weighted else None)
        for side in given:
            if isinstance(side, np.ndarray) and side is not chunk[-1]:
                side[:] = 0  # whatever the caller does with it later
        self.chunks.append(chunk)

    def update_with_what_is_refused(self) -> None:
        if not self.chunks:
            return
        length = int(self.rng.choice([2, 64, 9000]))
        y_true, y_pred = self.rng.uniform(1, 2, (2, length, *self.kind.shape))
        weights = np.ones(length) if self.kind.weighted else None
        wrong = self.rng.integers(7)
        row = self.rng.integers(length)
        if wrong == 0 and self.kind.nan_policy in ("raise", "omit_true"):
            y_pred[row] = np.nan
        elif wrong == 1 and self.kind.nan_policy != "propagate":
            y_true[row] = np.inf
        elif wrong == 2 and weights is not None:
            weights[row] = self.rng.choice([np.nan, np.inf])
        elif wrong == 3:
            weights = None if self.kind.weighted else np.ones(length)
        elif wrong == 4:
            y_true, y_pred = np.stack([y_true, y_true], -1), np.stack([y_pred, y_pred], -1)
        elif wrong == 5:
            y_pred = y_pred.astype(complex)
        else:
            y_pred = y_pred[:-1]
        with pytest.raises(ValueError):
            self.rolling.update(y_true, y_pred, sample_weight=weights)

    def travel(self) -> None:
        self.rolling = again(self.rolling, self.rng)

    def reset(self) -> None:
        self.rolling.reset()
        self.chunks.clear()

    def inside(self) -> list[tuple[Array, ...]]:
        if self.kind.unit == "chunks":
            return self.chunks[-self.kind.window :]
        found: list[tuple[Array, ...]] = []
        missing = self.kind.window
        for chunk in reversed(self.chunks):
            if missing > 0:
                found.append(tuple(side[-missing:] for side in chunk))
                missing -= len(found[-1][0])
        return found

    def compare(self) -> None:
        expected = self.kind.fresh()
        for y_true, y_pred, *weights in self.inside():
            expected.update(y_true, y_pred, sample_weight=weights[0] if weights else None)
        snapshot = self.rolling.snapshot()
        assert snapshot.digest() == expected.digest(), self.kind
        assert snapshot.to_bytes() == expected.to_bytes()
        assert np.array_equal(self.rolling.count, expected.count)
        assert np.array_equal(self.rolling.omitted, expected.omitted)


WINDOW_ACTIONS = (
    *[WindowStream.update] * 12,
    *[WindowStream.update_with_what_is_refused] * 2,
    WindowStream.travel,
    *[WindowStream.compare] * 2,
    lambda stream: set_something(stream.rng),
)


STEPS = 60


def drive(seed: int, steps: int = STEPS) -> None:
    """Do some things to an accumulator, and hold it against one update."""
    stream = Stream(seed)
    for _ in range(steps):
        action: Any = Stream.reset if stream.rng.random() < 0.02 else ACTIONS[stream.rng.integers(len(ACTIONS))]
        action(stream)
    stream.compare()


def drive_window(seed: int, unit: Any, steps: int = STEPS) -> None:
    """Do some things to a window, and hold it against one update of what is inside."""
    stream = WindowStream(seed, unit)
    for _ in range(steps):
        is_reset = stream.rng.random() < 0.02
        action: Any = WindowStream.reset if is_reset else WINDOW_ACTIONS[stream.rng.integers(len(WINDOW_ACTIONS))]
        action(stream)
    stream.compare()
