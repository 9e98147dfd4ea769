"""Groups of the C interface: each is the state its own rows would give, and so is a state that comes with a row."""

import re
from collections.abc import Callable, Iterator
from ctypes import byref, c_int32, c_int64, c_size_t, c_void_p

import numpy as np
import pytest

import squarely
from instruments import targets
from instruments.c_interface import (
    Counts,
    Groups,
    Pairs,
    RefusedError,
    State,
    call,
    library,
    metric_of,
    pairs_of,
    update_states,
)
from oracles.state_bytes import SUMMATIONS

# Sums of moments, which have a way of their own; of any terms; an extreme.
METRICS = {
    "squares": [metric_of("mean_squared_error")],
    "moments": [metric_of("r2_score"), metric_of("mean_absolute_error"), metric_of("max_error")],
    "terms": [metric_of("mean_pinball_loss", 0.9), metric_of("mean_squared_error")],
    "logarithms": [metric_of("mean_squared_log_error")],
}


@pytest.fixture(params=targets.ALL)
def library_target(request: pytest.FixtureRequest) -> Iterator[str]:
    targets.skip_where_lacking(request.param)
    call("set_target", request.param.encode())
    yield request.param
    call("set_target", b"")


def positive(rng: np.random.Generator, rows: int, *outputs: int) -> tuple[np.ndarray, np.ndarray]:
    return rng.lognormal(0, 2, (2, rows, *outputs))


def some_groups(rng: np.random.Generator, rows: int, count: int) -> np.ndarray:
    return rng.integers(0, count, rows, dtype=np.uint32)


def assert_groups_are_states(groups: Groups, states: list[State], metrics: list, outputs: int = 1) -> None:
    assert len(groups) == len(states)
    assert [groups.state(i).digest() for i in range(len(states))] == [state.digest() for state in states]
    for metric in metrics:
        name, parameter = metric.name.decode(), metric.parameter.contents.value if metric.parameter else None
        for output in range(outputs):
            expected = [value_or_nan(state, name, parameter, output) for state in states]
            np.testing.assert_array_equal(groups.values(name, parameter, output), expected)
    for i, state in enumerate(states):
        assert [groups.counts(i, j) for j in range(outputs)] == [state.counts(j) for j in range(outputs)]


def value_or_nan(state: State, name: str, parameter: float | None, output: int) -> float:
    try:
        return state.value(name, parameter, output)
    except RefusedError as refused:
        assert refused.status == "UNDEFINED"
        return np.nan


@pytest.mark.parametrize("kind", METRICS)
@pytest.mark.parametrize("count", [1, 7, 900])
@pytest.mark.parametrize("weighted", [False, True])
def test_a_group_is_the_state_of_its_rows(
    kind: str, count: int, weighted: bool, library_target: str, rng: np.random.Generator
) -> None:
    groups = Groups(METRICS[kind], weighted=weighted)
    states = [State(METRICS[kind], weighted=weighted) for _ in range(count)]
    for rows in (1, 600, 5000, 3):  # of which some are fewer than there are groups
        y_true, y_pred = positive(rng, rows)
        numbers = some_groups(rng, rows, count)
        weights = rng.random(rows) if weighted else None
        where = rng.random(rows) < 0.9
        groups.update(y_true, y_pred, numbers, count, weights, where)
        for group in set(numbers.tolist()):
            own = numbers == group
            states[group].update(y_true[own], y_pred[own], None if weights is None else weights[own], where[own])
    assert_groups_are_states(groups, states, METRICS[kind])


@pytest.mark.parametrize("summation", SUMMATIONS)
def test_groups_have_outputs(summation: str, rng: np.random.Generator) -> None:
    options = {"outputs": 3, "summation": summation}
    groups = Groups(METRICS["moments"], **options)
    states = [State(METRICS["moments"], **options) for _ in range(20)]
    for rows in (1000, 10):
        y_true, y_pred = positive(rng, rows, 3)
        numbers = some_groups(rng, rows, 20)
        groups.update(y_true, y_pred, numbers, 20)
        for group in set(numbers.tolist()):
            states[group].update(y_true[numbers == group], y_pred[numbers == group])
    assert_groups_are_states(groups, states, METRICS["moments"], outputs=3)


def test_groups_are_there_from_the_call_that_counts_them(rng: np.random.Generator) -> None:
    groups = Groups()
    assert len(groups) == 0
    assert groups.values("mse") == []
    none = np.ones(0)
    assert len(groups.update(none, none, np.zeros(0, np.uint32), 3)) == 3
    assert np.isnan(groups.values("mse")).all()
    y_true, y_pred = positive(rng, 50)
    numbers = some_groups(rng, 50, 3)
    groups.update(y_true, y_pred, numbers, 5)
    assert len(groups) == 5
    groups.update(y_true, y_pred, numbers, 3)
    assert len(groups) == 5
    assert groups.counts(4)["pairs"] == 0
    assert groups.state(4).to_bytes() == State().to_bytes()
    assert len(groups.merge(Groups(), count=9)) == 9


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("first", [0, 11])
def test_sorted_rows_are_groups_by_their_offsets(weighted: bool, first: int, rng: np.random.Generator) -> None:
    y_true, y_pred = positive(rng, 400)
    weights = rng.random(400) if weighted else None
    offsets = [7, 7, 100, 101, 350, 350, 390]
    groups = Groups(METRICS["moments"], weighted=weighted)
    groups.update_sorted(y_true, y_pred, offsets, first, weights)
    numbers = np.repeat(np.arange(first, first + 6, dtype=np.uint32), np.diff(offsets))
    own = slice(7, 390)
    expected = Groups(METRICS["moments"], weighted=weighted)
    expected.update(y_true[own], y_pred[own], numbers, first + 6, None if weights is None else weights[own])
    assert groups.to_bytes() == expected.to_bytes()
    groups.update_sorted(y_true, y_pred, [3], first + 20, weights)  # of no lists
    assert len(groups) == first + 20


def test_groups_merge_by_their_numbers_and_part_again(rng: np.random.Generator) -> None:
    y_true, y_pred = positive(rng, 3000)
    numbers = some_groups(rng, 3000, 40)
    metrics = [metric_of("r2_score"), metric_of("mean_absolute_error")]
    whole = Groups(metrics).update(y_true, y_pred, numbers, 40)
    left = Groups(metrics).update(y_true[:1000], y_pred[:1000], numbers[:1000], 40)
    order = rng.permutation(40)
    places = np.argsort(order).astype(np.uint32)
    right = Groups(metrics).update(y_true[1000:], y_pred[1000:], places[numbers[1000:]], 40)
    merged = left.copy().merge(right, order.tolist(), 40)
    assert merged.digest() == whole.digest()
    assert merged.subtract(right, order.tolist()).digest() == left.digest()
    assert merged.copy().merge(merged).subtract(merged).digest() == left.digest()
    assert Groups(metrics).merge(left).digest() == left.digest()


def test_overall_is_the_state_of_all_rows(rng: np.random.Generator) -> None:
    y_true, y_pred = positive(rng, 3000)
    groups = Groups(METRICS["moments"]).update(y_true, y_pred, some_groups(rng, 3000, 40), 41)
    assert groups.overall().to_bytes() == State(METRICS["moments"]).update(y_true, y_pred).to_bytes()
    assert Groups().overall().to_bytes() == State().to_bytes()


@pytest.mark.parametrize("outputs", [1, 3])
def test_bytes_are_those_of_an_accumulator_of_all_outputs(outputs: int, rng: np.random.Generator) -> None:
    y_true, y_pred = positive(rng, 10, outputs)
    numbers = np.zeros(10, np.uint32)
    groups = Groups(METRICS["squares"], outputs=outputs).update(y_true, y_pred, numbers, 1)
    groups.update(2 * y_true, y_pred, numbers + 1, 2)
    python = squarely.Accumulator("mean_squared_error", multioutput="raw_values")
    python.update(np.stack([y_true, 2 * y_true], axis=1), np.stack([y_pred, y_pred], axis=1))
    read = squarely.Accumulator.from_bytes(groups.to_bytes())
    assert read.shape == (2, outputs)
    uniform = squarely.Accumulator("mean_squared_error")
    uniform.update(np.stack([y_true, 2 * y_true], axis=1), np.stack([y_pred, y_pred], axis=1))
    assert groups.to_bytes() == uniform.to_bytes()
    assert groups.digest() == uniform.digest()
    again = Groups.from_bytes(groups.to_bytes())
    assert again.to_bytes() == groups.to_bytes()
    more = (y_true, y_pred, numbers + 2, 3)
    assert again.update(*more).digest() == groups.update(*more).digest()
    assert Groups.from_bytes(Groups().to_bytes()).to_bytes() == Groups().to_bytes()


def test_bytes_of_a_state_are_no_groups() -> None:
    for data in (State().update(np.ones(2), np.zeros(2)).to_bytes(), b"sqac", b"x" * 100):
        with pytest.raises(RefusedError, match=r"^DAMAGED: These bytes are "):
            Groups.from_bytes(data)


@pytest.mark.parametrize("summation", SUMMATIONS)
@pytest.mark.parametrize("kind", METRICS)
@pytest.mark.parametrize("count", [1, 8, 700])
def test_a_row_goes_to_its_own_state(summation: str, kind: str, count: int, rng: np.random.Generator) -> None:
    options = {"summation": summation}
    states, expected = ([State(METRICS[kind], **options) for _ in range(count)] for _ in range(2))
    for rows in (2048, 1, 300):
        y_true, y_pred = positive(rng, rows)
        numbers = some_groups(rng, rows, count)
        update_states([states[i] for i in numbers], y_true, y_pred)
        for group in set(numbers.tolist()):
            own = numbers == group
            for each in (states, expected):
                # Between two calls some sums stay open.
                each[group].update(y_true[:5], y_pred[:5])
            expected[group].update(y_true[own], y_pred[own])
        if summation != "exact":
            break
    if summation == "exact":
        assert [state.digest() for state in states] == [state.digest() for state in expected]


def test_a_row_goes_to_its_own_state_of_sums_that_round(rng: np.random.Generator) -> None:
    for summation in ("kahan", "pairwise"):
        states, expected = ([State(METRICS["moments"], summation=summation) for _ in range(8)] for _ in range(2))
        for rows in (2048, 300):
            y_true, y_pred = positive(rng, rows)
            numbers = some_groups(rng, rows, 8)
            update_states([states[i] for i in numbers], y_true, y_pred)
            for group, state in enumerate(expected):
                state.update(y_true[numbers == group], y_pred[numbers == group])
        assert [state.digest() for state in states] == [state.digest() for state in expected]


def test_weighted_rows_go_to_their_states(rng: np.random.Generator) -> None:
    y_true, y_pred = positive(rng, 500)
    weights, where, numbers = rng.random(500), rng.random(500) < 0.8, some_groups(rng, 500, 9)
    states, expected = ([State(weighted=True) for _ in range(9)] for _ in range(2))
    update_states([states[i] for i in numbers], y_true, y_pred, weights, where)
    for group, state in enumerate(expected):
        own = numbers == group
        state.update(y_true[own], y_pred[own], weights[own], where[own])
    assert [state.digest() for state in states] == [state.digest() for state in expected]


def test_a_refused_row_changes_no_state(rng: np.random.Generator) -> None:
    states = [State() for _ in range(4)]
    y_true, y_pred = positive(rng, 8)
    rows = [states[i % 4] for i in range(8)]
    update_states(rows, y_true, y_pred)
    before = [state.to_bytes() for state in states]
    y_pred[6] = np.nan
    with pytest.raises(RefusedError, match=r"^NOT_FINITE"):
        update_states(rows, y_true, y_pred)
    for other in (State(weighted=True), State([metric_of("mse")]), State(outputs=2), State(nan_policy="omit")):
        with pytest.raises(RefusedError, match=r"^MISMATCH: "):
            update_states([*rows[:7], other], y_true, y_true)
    assert [state.to_bytes() for state in states] == before
    update_states([], np.ones(0), np.ones(0))


def test_refused_rows_change_no_group(rng: np.random.Generator) -> None:
    y_true, y_pred = positive(rng, 200)
    numbers = some_groups(rng, 200, 5)
    groups = Groups().update(y_true, y_pred, numbers, 5)
    before = groups.to_bytes()
    for value in (np.nan, np.inf):
        bad = y_pred.copy()
        bad[77] = value
        with pytest.raises(RefusedError, match=r"^NOT_FINITE: The data contain "):
            groups.update(y_true, bad, numbers, 500)
        with pytest.raises(RefusedError, match=r"^NOT_FINITE: The data contain "):
            groups.update_sorted(y_true, bad, [0, 100, 200])
    weighted = Groups(weighted=True)
    with pytest.raises(RefusedError, match=r"^NOT_FINITE: The weights contain NaN\.$"):
        weighted.update(y_true, y_pred, numbers, 5, np.where(numbers == 3, np.nan, 1.0))
    assert len(weighted) == 0
    assert (groups.to_bytes(), len(groups)) == (before, 5)


def test_groups_that_do_not_match_are_refused_and_unchanged(rng: np.random.Generator) -> None:
    y_true, y_pred = positive(rng, 200)
    numbers = some_groups(rng, 200, 5)
    squares = METRICS["squares"]
    groups = Groups(squares).update(y_true, y_pred, numbers, 5)
    before = groups.to_bytes()
    for other, words in (
        (Groups(), "The states differ in their metrics."),
        (Groups(squares, nan_policy="omit"), "The states differ in the NaN policy."),
        (Groups(squares, summation="kahan"), "The states differ in the summation."),
        (Groups(squares, weighted=True), "One of the states has weights and the other has none."),
        (Groups(squares, outputs=2), "The states differ in their outputs."),
    ):
        for verb in (groups.merge, groups.subtract):
            with pytest.raises(RefusedError, match=rf"^MISMATCH: {re.escape(words)}$"):
                verb(other)
    with pytest.raises(RefusedError, match=r"^MISMATCH: The other state is no part of this one"):
        groups.subtract(groups.copy().update(y_true, y_pred, numbers, 5))
    assert groups.to_bytes() == before


@pytest.mark.parametrize("how", ["validity", "missing"])
def test_nulls_are_left_out_and_nan_are_not(how: str, rng: np.random.Generator) -> None:
    y_true, y_pred = positive(rng, 700)
    missing = rng.random(700) < 0.2
    where = rng.random(700) < 0.9
    bits = np.packbits(np.concatenate([[False] * 5, ~missing]), bitorder="little")

    def updated(state: State, truth: np.ndarray) -> State:
        pairs = pairs_of(truth, y_pred, where)
        if how == "validity":
            pairs.y_true.validity, pairs.y_true.validity_offset = bits.ctypes.data, 5
        else:
            pairs.y_true.missing, pairs.y_true.missing_stride = missing.ctypes.data, 1
        call("state_update", state.handle, byref(pairs), c_size_t(1), None, 700)
        return state

    hidden = np.where(missing, np.nan, y_true)
    state = updated(State(nan_policy="skip_nulls"), hidden)
    expected = State(nan_policy="propagate").update(y_true, y_pred, where=where & ~missing)
    assert state.to_bytes() == expected.to_bytes()
    assert state.counts()["masked"] == (~where | missing).sum()
    shown = hidden.copy()
    shown[np.flatnonzero(where & ~missing)[0]] = np.nan
    state = updated(State(nan_policy="skip_nulls"), shown)
    assert np.isnan(state.value("mean_squared_error"))
    assert state.counts()["missing_true"] == 1


def test_one_thread_is_asked_for_by_the_calling_thread() -> None:
    use = library.squarely_use_one_thread_here
    assert [use(c_int32(one)) for one in (1, 1, 0, 0)] == [0, 1, 1, 0]
    y_true, y_pred = np.random.default_rng(7).standard_normal((2, 300_000))
    digest = State().update(y_true, y_pred).digest()
    use(c_int32(1))
    try:
        assert State().update(y_true, y_pred).digest() == digest
    finally:
        use(c_int32(0))


ONES = np.ones(4)
NUMBERS = np.array([0, 1, 2, 3], np.uint32)
NONE = c_size_t(0)


def raw_update(groups: Groups | None, pairs: Pairs | None, numbers: np.ndarray | None, count: int, rows: int) -> None:
    handle = None if groups is None else groups.handle
    given = None if pairs is None else byref(pairs)
    address = None if numbers is None else c_void_p(numbers.ctypes.data)
    call("groups_update", handle, given, c_size_t(1), None, address, c_size_t(count), rows)


GIVEN = pairs_of(ONES, ONES)
FOUR = Groups(METRICS["squares"]).update(ONES, ONES, NUMBERS, 4)

REFUSALS: dict[str, tuple[Callable[[], object], str]] = {
    "null options": (lambda: call("groups_create", None, byref(c_void_p())), "options must not be NULL"),
    "no place for groups": (lambda: call("groups_copy", FOUR.handle, None), "copy must not be NULL"),
    "null groups": (lambda: raw_update(None, GIVEN, NUMBERS, 4, 4), "groups must not be NULL"),
    "null pairs": (lambda: raw_update(FOUR, None, NUMBERS, 4, 4), "pairs must not be NULL"),
    "null numbers": (lambda: raw_update(FOUR, GIVEN, None, 4, 4), "numbers must not be NULL"),
    "negative rows": (lambda: raw_update(FOUR, GIVEN, NUMBERS, 4, -1), "must not be negative. Got -1"),
    "a number too large": (lambda: raw_update(FOUR, GIVEN, NUMBERS, 3, 4), "There is no group 3: the groups are 3"),
    "too many outputs": (
        lambda: FOUR.update(ONES[:, None] + [0, 0], ONES[:, None] + [0, 0], NUMBERS, 4),
        "of 2 outputs",
    ),
    "needless weights": (lambda: FOUR.update(ONES, ONES, NUMBERS, 4, ONES), "updated with weights"),
    "null offsets": (
        lambda: call("groups_update_sorted", FOUR.handle, byref(GIVEN), c_size_t(1), None, NONE, None, NONE),
        "offsets must not be NULL",
    ),
    "a negative offset": (lambda: FOUR.update_sorted(ONES, ONES, [-1, 3]), "offsets must not be negative"),
    "falling offsets": (lambda: FOUR.update_sorted(ONES, ONES, [0, 3, 2]), "none may be smaller"),
    "one number twice": (lambda: FOUR.copy().merge(FOUR, [0, 1, 1, 2], 4), "have the number 1"),
    "one number twice to subtract": (lambda: FOUR.copy().subtract(FOUR, [0, 3, 3, 2]), "have the number 3"),
    "a place too far": (lambda: FOUR.copy().merge(FOUR, [0, 1, 4, 2], 4), "There is no group 4"),
    "too few places": (lambda: FOUR.copy().merge(FOUR, None, 3), "There is no group 3"),
    "a part of fewer": (
        lambda: Groups(METRICS["squares"]).update(ONES, ONES, NUMBERS % 2, 2).subtract(FOUR),
        "There is no group 3",
    ),
    "no other": (lambda: call("groups_merge", FOUR.handle, None, None, c_size_t(4)), "other must not be NULL"),
    "no such group": (lambda: FOUR.state(4), "There is no group 4: the groups are 4"),
    "counts of no such group": (lambda: FOUR.counts(4), "There is no group 4"),
    "counts of no such output": (lambda: FOUR.counts(0, 1), "no output 1"),
    "values of no such output": (lambda: FOUR.values("mse", output=1), "no output 1"),
    "sums that are not there": (lambda: FOUR.values("r2"), "has no sums of the metric r2_score"),
    "no place for values": (
        lambda: call("groups_values", FOUR.handle, b"mse", None, NONE, None),
        "values must not be NULL",
    ),
    "no place for counts": (lambda: call("groups_counts", FOUR.handle, NONE, NONE, None), "counts must not be NULL"),
    "counts of no size": (
        lambda: call("groups_counts", FOUR.handle, NONE, NONE, byref(Counts())),
        "struct_size of squarely_counts",
    ),
    "no place for a state": (lambda: call("groups_overall", FOUR.handle, None), "state must not be NULL"),
    "null states": (lambda: call("states_update", None, byref(GIVEN), None, 4), "states must not be NULL"),
    "a null state": (
        lambda: call("states_update", (c_void_p * 2)(None, None), byref(GIVEN), None, 2),
        "states[i] must not be NULL",
    ),
    "negative rows of states": (
        lambda: call("states_update", None, byref(GIVEN), None, -2),
        "must not be negative. Got -2",
    ),
    "states of two outputs": (lambda: update_states([State(outputs=2)], ONES[:1], ONES[:1]), "the state has 2"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_arguments_that_cannot_be_are_refused_in_a_sentence(case: str) -> None:
    before = FOUR.to_bytes()
    refused, words = REFUSALS[case]
    with pytest.raises(RefusedError, match=rf"^INVALID_ARGUMENT: .*{re.escape(words)}.*\.$"):
        refused()
    assert FOUR.to_bytes() == before


@pytest.mark.parametrize("count", [2**31, 2**32, 2**60, 2**64 - 1])
def test_groups_that_no_memory_holds_are_an_error(count: int) -> None:
    groups = Groups(outputs=2**16)  # of which nothing is kept yet
    with pytest.raises(RefusedError, match=r"^NO_MEMORY: "):
        groups.merge(Groups(outputs=2**16), count=count)
    with pytest.raises(RefusedError, match=r"^(NO_MEMORY|INVALID_ARGUMENT): "):
        FOUR.copy().update_sorted(ONES, ONES, [0, 4], first_group=min(count * 2**16, 2**64 - 1))
    assert len(groups) == 0


def test_null_groups_are_freed_and_counted() -> None:
    library.squarely_groups_free(None)
    assert library.squarely_groups_count(None) == 0


def test_values_of_python_are_those_of_c(rng: np.random.Generator) -> None:
    y_true, y_pred = positive(rng, 5000)
    numbers = some_groups(rng, 5000, 30)
    python = squarely.GroupedAccumulator(["r2_score", "mean_absolute_error"]).update(y_true, y_pred, by=numbers)
    groups = Groups([metric_of("r2_score"), metric_of("mean_absolute_error")]).update(y_true, y_pred, numbers, 30)
    for name, values in python.compute().items():
        assert dict(zip(python.keys(), values.tolist(), strict=True)) == dict(enumerate(groups.values(name)))


def test_no_groups_need_no_place() -> None:
    none, zero = Groups(), c_int64(0)
    call("groups_values", none.handle, b"mse", None, NONE, None)
    call("groups_update_sorted", none.handle, byref(GIVEN), c_size_t(1), None, NONE, byref(zero), NONE)
    assert len(none) == 0
