"""Law 1: one state, whatever the split, the order, the merge tree, the threads and the target."""

import functools
import random

import hypothesis
import hypothesis.strategies as st
import numpy as np
import numpy.typing as npt
import pytest

import squarely
from inputs.hard_data import MAKERS, Maker

SQUARES = ("mse", "rmse", "sse")  # of which the largest error, that cannot be taken away, is none
Arrays = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]


def state_of(*chunks: Arrays) -> bytes:
    accumulator = squarely.Accumulator()
    for y_true, y_pred in chunks:
        accumulator.update(y_true, y_pred)
    return accumulator.to_bytes()


def split(arrays: Arrays, positions: list[int]) -> list[Arrays]:
    parts = zip(*(np.split(array, sorted(positions)) for array in arrays), strict=True)
    return [(y_true, y_pred) for y_true, y_pred in parts if len(y_true)]


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_every_target_has_the_same_state(make: Maker, rng: np.random.Generator) -> None:
    arrays = make(rng, 20_000)
    states = set()
    for name in squarely.targets():
        squarely.set_target(name)
        states.add(state_of(arrays))
    assert len(states) == 1


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.filterwarnings("ignore:overflow encountered in cast")
def test_threads_do_not_matter(make: Maker, dtype: type, rng: np.random.Generator) -> None:
    y_true, y_pred = (np.nan_to_num(array.astype(dtype)) for array in make(rng, 300_000))
    states = set()
    for threads in (1, 2, 3, 4):
        squarely.set_num_threads(threads)
        states.add(state_of((y_true, y_pred)))
        wide = y_true.reshape(-1, 100), y_pred.reshape(-1, 100)
        states.add(state_of(*((wide[0][:, i], wide[1][:, i]) for i in range(100))))
    assert len(states) == 1


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_order_does_not_matter(target: str, make: Maker, rng: np.random.Generator) -> None:
    y_true, y_pred = make(rng, 3000)
    order = rng.permutation(3000)
    assert state_of((y_true, y_pred)) == state_of((y_true[order], y_pred[order]))


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_splits_do_not_matter(target: str, make: Maker, rng: np.random.Generator) -> None:
    arrays = make(rng, 3000)
    whole = state_of(arrays)
    for count in (1, 2, 7, 300):
        assert state_of(*split(arrays, rng.integers(0, 3000, count).tolist())) == whole


@hypothesis.given(
    st.integers(0, len(MAKERS) - 1), st.lists(st.integers(0, 1500), max_size=12), st.integers(0, 2**32 - 1)
)
def test_merge_order_does_not_matter(maker: int, positions: list[int], seed: int) -> None:
    arrays = MAKERS[maker](np.random.default_rng(seed), 1500)
    parts = [squarely.Accumulator().update(*chunk) for chunk in split(arrays, positions)]
    shuffled = random.Random(seed)
    while len(parts) > 1:
        shuffled.shuffle(parts)
        parts.append(parts.pop() + parts.pop())
    assert parts[0].to_bytes() == state_of(arrays)


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_what_is_added_can_be_taken_away(target: str, make: Maker, rng: np.random.Generator) -> None:
    kept = squarely.Accumulator(SQUARES).update(*make(rng, 1000))
    shard = squarely.Accumulator(SQUARES).update(*make(rng, 700))
    assert kept + shard - shard == kept
    assert (kept + shard) - kept == shard


def test_missing_and_infinite_pairs_obey_the_same_laws(target: str, rng: np.random.Generator) -> None:
    y_true, y_pred = rng.standard_normal((2, 4000))
    for special in (np.nan, np.inf, -np.inf):
        y_true[rng.integers(0, 4000, 60)] = special
        y_pred[rng.integers(0, 4000, 60)] = special
    accumulators = [
        squarely.Accumulator(nan_policy="propagate").update(*chunk)
        for chunk in split((y_true, y_pred), rng.integers(0, 4000, 20).tolist())
    ]
    whole = squarely.Accumulator(nan_policy="propagate").update(y_true, y_pred)
    assert functools.reduce(squarely.Accumulator.merge, accumulators) == whole
    missing = np.isnan(y_true) | np.isnan(y_pred)
    assert whole.omitted == missing.sum()
    assert whole.count == 4000 - missing.sum()


def test_outputs_are_independent(target: str, rng: np.random.Generator) -> None:
    y_true, y_pred = rng.standard_normal((2, 900, 11))
    wide = squarely.Accumulator(multioutput="raw_values").update(y_true, y_pred)
    for i in range(11):
        alone = squarely.Accumulator().update(y_true[:, i], y_pred[:, i])
        assert wide["mean_squared_error"][i] == alone["mean_squared_error"]
