"""Rows that come one at a time wait in a state of C until they are looked at, and nobody can tell."""

import ctypes
from collections.abc import Callable

import numpy as np
import pytest

import squarely
from inputs.element_types import DTYPES as ELEMENT_TYPES
from inputs.hard_data import MAKERS
from instruments.c_interface import Groups, RefusedError, State, metric_of, update_states

SETS = {
    "squares": ("mean_squared_error",),
    "moments": ("mean_absolute_error", "r2_score", "max_error"),
    "terms": ("mean_squared_log_error", "mean_poisson_deviance"),
}


@pytest.fixture(params=SETS)
def metrics(request: pytest.FixtureRequest) -> tuple[str, ...]:
    return SETS[request.param]


def state_of(metrics: tuple[str, ...], **options: object) -> State:
    return State([metric_of(name) for name in metrics], **options)


def row_by_row(state: State, *arrays: np.ndarray | None, lengths: tuple[int, ...] = (1,)) -> State:
    first, turn = 0, 0
    assert arrays[0] is not None
    while first < len(arrays[0]):
        rows = slice(first, first + lengths[turn % len(lengths)])
        state.update(*(None if array is None else array[rows] for array in arrays))
        first, turn = rows.stop, turn + 1
    return state


def row_each(state: State, *arrays: np.ndarray | None) -> State:
    assert arrays[0] is not None
    update_states([state] * len(arrays[0]), *arrays)
    return state


WAYS = {"one by one": row_by_row, "a state a row": row_each}


@pytest.fixture(params=WAYS)
def added(request: pytest.FixtureRequest) -> Callable[..., State]:
    return WAYS[request.param]


def positive(rng: np.random.Generator, rows: int) -> tuple[np.ndarray, np.ndarray]:
    return rng.lognormal(size=rows), rng.lognormal(size=rows)


@pytest.mark.parametrize("rows", [1, 2, 63, 64, 65, 700])
def test_single_rows_end_in_the_state_of_one_call(
    metrics: tuple[str, ...], added: Callable[..., State], rows: int, rng: np.random.Generator
) -> None:
    y_true, y_pred = positive(rng, rows)
    assert added(state_of(metrics), y_true, y_pred).digest() == state_of(metrics).update(y_true, y_pred).digest()


@pytest.mark.parametrize("lengths", [(4,), (5,), (3, 100, 1), (1, 4, 5, 20_000)], ids=str)
def test_a_few_rows_and_many_end_in_the_state_of_one_call(
    metrics: tuple[str, ...], lengths: tuple[int, ...], rng: np.random.Generator
) -> None:
    y_true, y_pred = positive(rng, 2 * sum(lengths) + 100)
    found = row_by_row(state_of(metrics), y_true, y_pred, lengths=lengths)
    assert found.digest() == state_of(metrics).update(y_true, y_pred).digest()


@pytest.mark.parametrize("dtype", [dtype for dtype in ELEMENT_TYPES if np.dtype(dtype).kind in "fiub"], ids=str)
def test_rows_of_every_type_wait_as_what_they_are(
    added: Callable[..., State], dtype: np.dtype, rng: np.random.Generator
) -> None:
    y_true, y_pred = (rng.integers(0, 100, 200).astype(dtype) for _ in range(2))
    if np.dtype(dtype).itemsize == 8 and np.dtype(dtype).kind in "iu":
        y_true[::3] = np.iinfo(dtype).max - rng.integers(0, 9, len(y_true[::3])).astype(dtype)
    whole = State().update(y_true, y_pred)
    assert added(State(), y_true, y_pred).digest() == whole.digest()
    assert added(State(), y_true[::2], y_pred[::2]).update(y_true[1::2], y_pred[1::2]).digest() == whole.digest()


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_rows_of_hard_data_wait_as_what_they_are(
    added: Callable[..., State], make: Callable[..., tuple[np.ndarray, np.ndarray]], rng: np.random.Generator
) -> None:
    y_true, y_pred = make(rng, 200)
    assert added(State(), y_true, y_pred).digest() == State().update(y_true, y_pred).digest()


@pytest.mark.parametrize("nan_policy", ["propagate", "omit", "omit_true"])
def test_rows_without_a_pair_are_counted(
    added: Callable[..., State], nan_policy: str, rng: np.random.Generator
) -> None:
    y_true, y_pred = rng.standard_normal((2, 300))
    y_true[rng.random(300) < 0.2] = np.nan
    if nan_policy != "omit_true":
        y_pred[rng.random(300) < 0.2] = np.nan
    if nan_policy == "propagate":
        y_true[[7, 70, 200]], y_pred[[8, 70, 201]] = np.inf, [-np.inf, np.inf, np.inf]
    weights = np.where(rng.random(300) < 0.2, 0.0, rng.uniform(0.5, 2, 300))
    where = rng.random(300) < 0.8
    for given in ((None, None), (None, where), (weights, None), (weights, where)):
        options = {"nan_policy": nan_policy, "weighted": given[0] is not None}
        whole = State(**options).update(y_true, y_pred, *given)
        found = added(State(**options), y_true, y_pred, *given)
        assert found.counts() == whole.counts()
        assert found.digest() == whole.digest()


def test_what_is_refused_leaves_the_rows_that_wait(added: Callable[..., State]) -> None:
    for weighted in (False, True):
        weights = np.full(9, 0.5) if weighted else None
        state = added(State(weighted=weighted), np.arange(9.0), np.ones(9), weights)
        copy = state.copy()
        bad = np.ones(9)
        for value in (np.nan, np.inf):
            bad[5] = value
            with pytest.raises(RefusedError, match=r"^NOT_FINITE: The data contain "):
                added(state, bad, np.ones(9), weights) if added is row_each else state.update(bad, np.ones(9), weights)
            if weighted:
                with pytest.raises(RefusedError, match=r"^NOT_FINITE: The weights contain "):
                    state.update(np.ones(9), np.ones(9), bad)
        assert state.digest() == copy.digest()


def test_rows_that_wait_are_merged_taken_away_copied_and_forgotten(added: Callable[..., State]) -> None:
    y_true, y_pred = np.arange(20.0), np.ones(20)
    metrics = ("mean_squared_error", "r2_score")
    left, right = (added(state_of(metrics), y_true[rows], y_pred[rows]) for rows in (slice(0, 9), slice(9, 20)))
    whole = state_of(metrics).update(y_true, y_pred)
    assert left.copy().merge(right).digest() == whole.digest()
    assert left.merge(right).subtract(added(state_of(metrics), y_true[9:], y_pred[9:])).digest() == (
        state_of(metrics).update(y_true[:9], y_pred[:9]).digest()
    )
    assert right.reset().counts()["pairs"] == 0
    assert right.digest() == state_of(metrics).digest()
    assert squarely.Accumulator.from_bytes(added(state_of(metrics), y_true, y_pred).to_bytes()).digest() == (
        whole.digest()
    )


def bytes_in_use() -> int:
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "mallinfo2"):
        pytest.skip("needs mallinfo2 of the C library")

    class Information(ctypes.Structure):
        _fields_ = tuple((f"field_{i}", ctypes.c_size_t) for i in range(10))

    libc.mallinfo2.restype = Information
    return int(libc.mallinfo2().field_7)  # uordblks


def test_a_state_of_a_few_rows_is_small() -> None:
    names = ("mean_squared_error", "mean_absolute_error", "r2_score")
    asked = [metric_of(name) for name in names]
    y_true, y_pred = np.arange(20.0), np.ones(20)
    bytes_in_use()
    states = [State(asked) for _ in range(1000)]
    before = bytes_in_use()
    more = [State(asked) for _ in range(1000)]
    created = bytes_in_use() - before
    for state in more:
        row_by_row(state, y_true, y_pred)
    updated = bytes_in_use() - before
    assert created < 1000 * 700  # of C; lists and objects of Python are some of it
    assert updated < 1000 * 2500
    assert len(states) == len(more)


@pytest.mark.parametrize(("rows", "count"), [(16_384, 10), (16_385, 10), (20_000, 5_000)])
def test_a_state_a_row_is_a_group_a_row(rows: int, count: int, rng: np.random.Generator) -> None:
    numbers = rng.integers(0, count, rows).astype(np.uint32)
    y_true, y_pred = rng.standard_normal((2, rows))
    asked = [metric_of("r2_score"), metric_of("max_error")]
    states, groups = [State(asked) for _ in range(count)], Groups(asked)
    for _ in range(2):
        update_states([states[i] for i in numbers], y_true, y_pred)
        groups.update(y_true, y_pred, numbers, count)
    assert all(states[i].digest() == groups.state(i).digest() for i in range(0, count, 7))
