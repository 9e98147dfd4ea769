"""Pairs that fit no window, a few and many, one after another and block by block, against rational arithmetic."""

import functools
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pytest

import squarely
from inputs.hard_data import MAKERS, Maker
from instruments.core_states import CoreState
from oracles.rational import UNIT
from oracles.state_bytes import terms_held_by

Array = npt.NDArray[np.float64]

# By the sums they need: squares alone, sizes alone, and everything.
SETS = {
    "squares": [("mean_squared_error", 0.0)],
    "sizes": [("mean_absolute_error", 0.0)],
    "everything": [("mean_error", 0.0), ("pearson_correlation", 0.0), ("mean_absolute_error", 0.0), ("max_error", 0.0)],
}
sets = pytest.mark.parametrize("metrics", SETS.values(), ids=SETS)


def all_binades(rng: np.random.Generator, length: int) -> tuple[Array, Array]:
    y_true, y_pred = (rng.integers(0, 2**64, (2, length), np.uint64) & ~np.uint64(1 << 62)).view(np.float64)
    return y_true, y_pred


def both_ends(rng: np.random.Generator, length: int) -> tuple[Array, Array]:
    """Return the largest and the least numbers there are, and zeros."""
    ends = np.array([np.finfo(np.float64).max, 2.0**1023, 5e-324, 2.0**-1022, 0.0, -0.0])
    return rng.choice([-1, 1], length) * rng.choice(ends, length), rng.choice([-1, 1], length) * rng.choice(
        ends, length
    )


def in_turns(rng: np.random.Generator, length: int) -> tuple[Array, Array]:
    """Return blocks of ordinary numbers between blocks that fit nothing."""
    y_true, y_pred = all_binades(rng, length)
    usual = np.arange(length) // 700 % 2 == 0
    return np.where(usual, rng.standard_normal(length), y_true), np.where(usual, rng.standard_normal(length), y_pred)


every_maker = pytest.mark.parametrize(
    "make", [*MAKERS, all_binades, both_ends, in_turns], ids=lambda make: make.__name__
)


def integer(value: float) -> int:
    """Return the multiple of the least number that a double is."""
    return int(Fraction(value) * 2**UNIT)


@functools.cache
def data_and_sums(make: Maker) -> tuple[Array, Array, dict[str, Fraction]]:
    y_true, y_pred = make(np.random.default_rng(31), 5000)
    truth, prediction = list(map(integer, y_true.tolist())), list(map(integer, y_pred.tolist()))
    errors = [p - y for y, p in zip(truth, prediction, strict=True)]
    values = {"error": errors, "absolute_error": map(abs, errors), "truth": truth, "prediction": prediction}
    squares = {"squared_error": errors, "squared_truth": truth, "squared_prediction": prediction}
    sums = {name: Fraction(sum(numbers), 2**UNIT) for name, numbers in values.items()}
    sums |= {name: Fraction(sum(number**2 for number in numbers), 4**UNIT) for name, numbers in squares.items()}
    with np.errstate(over="ignore"):
        largest = float(abs(y_true - y_pred).max())
    return y_true, y_pred, sums | {"largest_error": Fraction(largest) if np.isfinite(largest) else largest}


@sets
@every_maker
def test_many_are_summed_exactly(target: str, metrics: list[tuple[str, float]], make: Maker) -> None:
    y_true, y_pred, sums = data_and_sums(make)
    state = CoreState(1, "exact", metrics).update(y_true, y_pred)
    found = terms_held_by(state.to_bytes())[0]
    assert found == {name: sums[name] for name in found}


@sets
@every_maker
def test_short_chunks_sum_them_one_by_one_to_the_same(
    target: str, metrics: list[tuple[str, float]], make: Maker
) -> None:
    y_true, y_pred, _ = data_and_sums(make)
    whole = CoreState(1, "exact", metrics).update(y_true, y_pred)
    for length in (50, 1000):
        pieces = CoreState(1, "exact", metrics)
        for first in range(0, len(y_true), length):
            pieces.update(y_true[first : first + length], y_pred[first : first + length])
        assert pieces.to_bytes() == whole.to_bytes()


@sets
def test_so_many_that_buckets_are_emptied_on_the_way_are_no_fewer(metrics: list[tuple[str, float]]) -> None:
    y_true, y_pred, _ = data_and_sums(all_binades)
    times = 500  # more pairs than a thread's buckets hold
    repeated = CoreState(1, "exact", metrics)
    with_threads = squarely.get_num_threads()
    try:
        squarely.set_num_threads(1)
        repeated.update(np.tile(y_true, times), np.tile(y_pred, times))
    finally:
        squarely.set_num_threads(with_threads)
    once = terms_held_by(CoreState(1, "exact", metrics).update(y_true, y_pred).to_bytes())[0]
    found = terms_held_by(repeated.to_bytes())[0]
    assert found == {name: value if name == "largest_error" else times * value for name, value in once.items()}


NOT_NUMBERS: dict[str, Callable[[Array, Array], None]] = {
    "a truth that is NaN": lambda y, p: y.put(2700, np.nan),
    "a prediction that is NaN": lambda y, p: p.put(2700, np.nan),
    "an infinite truth": lambda y, p: y.put(2700, -np.inf),
    "an infinite prediction": lambda y, p: p.put(2700, np.inf),
}


@sets
@pytest.mark.parametrize("put", NOT_NUMBERS.values(), ids=NOT_NUMBERS)
@pytest.mark.parametrize("make", [all_binades, in_turns], ids=lambda make: make.__name__)
def test_what_is_no_number_among_them_is_counted_and_not_summed(
    target: str, metrics: list[tuple[str, float]], put: Callable[[Array, Array], None], make: Maker
) -> None:
    y_true, y_pred, _ = data_and_sums(make)
    y_true, y_pred = y_true.copy(), y_pred.copy()
    put(y_true, y_pred)
    found = CoreState(1, "exact", metrics).update(y_true, y_pred)
    missing = sum(map(sum, (found.missing_true, found.missing_pred)))
    assert missing + found.infinite[0] == 1
    others = CoreState(1, "exact", metrics).update(np.delete(y_true, 2700), np.delete(y_pred, 2700))
    assert terms_held_by(found.to_bytes()) == terms_held_by(others.to_bytes())


@sets
def test_several_outputs_keep_theirs_apart(target: str, metrics: list[tuple[str, float]]) -> None:
    columns = [data_and_sums(make)[:2] for make in (all_binades, MAKERS[0], in_turns)]
    y_true, y_pred = (np.stack(side, axis=1) for side in zip(*columns, strict=True))
    together = terms_held_by(CoreState(3, "exact", metrics).update(y_true, y_pred).to_bytes())
    alone = [terms_held_by(CoreState(1, "exact", metrics).update(*column).to_bytes())[0] for column in columns]
    assert together == alone


def test_a_chunk_that_is_refused_leaves_none_behind() -> None:
    y_true, y_pred, _ = data_and_sums(all_binades)
    for metric in ("mse", "mae"):
        accumulator = squarely.Accumulator(metric).update(y_true, y_pred)
        before = accumulator.to_bytes()
        with pytest.raises(ValueError, match="NaN"):
            accumulator.update(np.append(y_true, np.nan), np.append(y_pred, 1.0))
        assert accumulator.to_bytes() == before
        accumulator.update(y_true, y_pred)
        assert accumulator == squarely.Accumulator(metric).update(np.tile(y_true, 2), np.tile(y_pred, 2))
