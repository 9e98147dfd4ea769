"""Streams driven at random beside plain lists of rows: whatever was done, the bits are those of one fresh update."""

import copy
import pickle
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pytest

import squarely
from hard_data import MAKERS
from squarely.named_metrics import EVERYDAY, sum_names

Array = npt.NDArray[Any]

LENGTHS = (1, 2, 63, 64, 65, 511, 512, 513, 1000, 8192, 8193)
LONG = (65_536, 65_537)
POLICIES = ("raise", "propagate", "omit", "omit_true")

# Of every kind: one sum, moments alone, terms alone, extremes alone, all together.
SETS: tuple[tuple[str, ...], ...] = (
    ("mean_squared_error",),
    EVERYDAY,
    ("max_error",),
    ("normalized_root_mean_squared_error", "pearson_correlation"),
    ("mean_squared_log_error", "mean_poisson_deviance", "mean_huber_loss"),
    sum_names(),
)
EXTREME = ("max_error", "normalized_mean_squared_error", "normalized_root_mean_squared_error")


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
    room = np.full(len(values) * abs(step), 7, values.dtype)
    view = room[::step]
    view[:] = values
    return view


def misaligned(values: Array) -> Array:
    room = np.empty(values.nbytes + 1, np.uint8)[1:]
    room[:] = np.frombuffer(values.tobytes(), np.uint8)
    return room.view(values.dtype)


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

# With what every number of the chunk is still itself.
DTYPES = (np.float64, np.float64, np.float32, np.float16, np.int64, np.int32, np.uint8)


def numbers(rng: np.random.Generator, length: int, dtype: Any) -> tuple[Array, Array]:
    if np.dtype(dtype).kind == "f":
        with np.errstate(over="ignore", under="ignore"):
            pairs = [side.astype(dtype) for side in MAKERS[rng.integers(len(MAKERS))](rng, length)]
        return tuple(np.where(np.isfinite(side), side, 1).astype(dtype) for side in pairs)  # type: ignore[return-value]
    return tuple(rng.integers(0, 200, (2, length)).astype(dtype))


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
    sides = list(numbers(rng, length, DTYPES[rng.integers(len(DTYPES))]))
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
    return Kind(SETS[rng.integers(len(SETS))], POLICIES[rng.integers(4)], bool(rng.random() < 0.4))


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
        y_true, y_pred, weights = y_true[:0], y_pred[:0], None if weights is None else weights[:0]
    else:
        y_pred = y_pred[1:]
    return y_true, y_pred, weights


def length_at_random(rng: np.random.Generator) -> int:
    return int(LONG[rng.integers(2)] if rng.random() < 0.01 else rng.choice(LENGTHS, p=POWERS))


POWERS = np.array([8, 8, 8, 8, 8, 4, 4, 4, 2, 0.3, 0.3])
POWERS /= POWERS.sum()


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


def compare(kind: Kind, accumulator: squarely.Accumulator, rows: Rows) -> None:
    expected = kind.fresh(rows)
    assert accumulator.digest() == expected.digest(), (kind, len(rows.y_true))


@pytest.mark.parametrize("seed", range(60))
def test_an_accumulator_has_the_digest_of_one_update_whatever_was_done(seed: int) -> None:
    rng = np.random.default_rng(seed)
    kind = make_kind(rng)
    subtracts = not any(name in EXTREME for name in kind.metrics)
    accumulator, rows, taken_in = kind.fresh(NO_ROWS), NO_ROWS, list[Rows]()
    for _ in range(60):
        done = rng.random()
        if done < 0.6:
            chunk = chunk_of(kind, rng, length_at_random(rng))
            accumulator.update(chunk.y_true, chunk.y_pred, sample_weight=chunk.sample_weight)
            taken_in.append(chunk.rows)
        elif done < 0.7:
            y_true, y_pred, weights = refused(kind, rng, int(rng.choice([2, 64, 600, 9000])))
            if len(taken_in) == 0 and len(y_true) == len(y_pred) and y_true.ndim == 2:
                continue
            if not taken_in and (weights is None) == kind.weighted:
                continue
            with pytest.raises((ValueError, TypeError)):
                accumulator.update(y_true, y_pred, sample_weight=weights)
        elif done < 0.76:
            chunk = chunk_of(kind, rng, length_at_random(rng))
            accumulator.merge(kind.fresh(chunk.rows))
            taken_in.append(chunk.rows)
        elif done < 0.82 and taken_in and subtracts:
            accumulator.subtract(kind.fresh(taken_in.pop(rng.integers(len(taken_in)))))
        elif done < 0.88:
            accumulator = again(accumulator, rng)
        elif done < 0.9:
            accumulator.reset()
            taken_in.clear()
        elif done < 0.95:
            set_something(rng)
        else:
            rows = joined(NO_ROWS, *taken_in)
            assert np.sum(accumulator.count) == np.sum(kind.fresh(rows).count)
        if rng.random() < 0.1 and (taken_in or not subtracts):
            compare(kind, accumulator, joined(NO_ROWS, *taken_in))
    if taken_in:
        compare(kind, accumulator, joined(NO_ROWS, *taken_in))
