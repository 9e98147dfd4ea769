"""The C interface, called through ctypes: the values, bytes and refusals of Python."""

import ctypes
import hashlib
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from ctypes import byref, c_char_p, c_double, c_int32, c_int64, c_size_t, c_void_p

import numpy as np
import pytest

import squarely
from instruments import targets
from instruments.c_interface import (
    DTYPES,
    Counts,
    Error,
    Groups,
    Metric,
    Pairs,
    RefusedError,
    State,
    StateOptions,
    call,
    column_of,
    everyday_score,
    library,
    metric_of,
    pairs_of,
    score,
    update_states,
)
from oracles.state_bytes import POLICIES, SUMMATIONS
from squarely import _core, named_metrics

EVERYDAY = (
    "mean_squared_error",
    "root_mean_squared_error",
    "sum_squared_error",
    "mean_absolute_error",
    "mean_error",
    "max_error",
    "r2_score",
)


@pytest.fixture(params=targets.ALL)
def library_target(request: pytest.FixtureRequest) -> Iterator[str]:
    targets.skip_where_lacking(request.param)
    call("set_target", request.param.encode())
    yield request.param
    call("set_target", b"")


def numbers(rng: np.random.Generator, rows: int, dtype: str = "float64") -> tuple[np.ndarray, np.ndarray]:
    return rng.standard_normal((2, rows)).astype(dtype)


def as_dtype(values: np.ndarray, dtype: str) -> np.ndarray:
    if dtype == "bfloat16":
        return values.astype(pytest.importorskip("ml_dtypes").bfloat16)
    return values.astype(dtype)


@pytest.mark.parametrize("metric", EVERYDAY)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_everyday_calls_give_the_bits_of_python(
    metric: str, dtype: str, library_target: str, rng: np.random.Generator
) -> None:
    name = c_char_p()
    call("get_target", byref(name))
    assert name.value.decode() == library_target
    for rows in (2, 3, 100, 511, 512, 513, 5000, 70_000):
        y_true, y_pred = numbers(rng, rows, dtype)
        assert everyday_score(metric, y_true, y_pred) == getattr(squarely, metric)(y_true, y_pred)


@pytest.mark.parametrize("metric", EVERYDAY)
def test_everyday_calls_take_numbers_of_any_size(metric: str, rng: np.random.Generator) -> None:
    signs = rng.choice([-1.0, 1.0], (2, 700))
    for exponents in ((-1074, 1000), (-1074, -1000), (900, 1000), (0, 1)):
        y_true, y_pred = np.ldexp(signs * rng.random((2, 700)), rng.integers(*exponents, (2, 700)))
        assert everyday_score(metric, y_true, y_pred) == getattr(squarely, metric)(y_true, y_pred)


@pytest.mark.parametrize("metric", tuple(filter(named_metrics.has_default, squarely.metric_names("sums"))))
def test_every_metric_gives_the_bits_of_python(metric: str, rng: np.random.Generator) -> None:
    y_true, y_pred = rng.random((2, 1000)) + 0.5
    weights = rng.random(1000)
    where = rng.random(1000) < 0.7
    weighted = weights if _core.metrics[metric].takes_weights else None
    for kept, given in ((None, None), (where, weighted)):
        python = squarely.Accumulator(metric).update(y_true, y_pred, sample_weight=given, where=kept)
        assert score(metric_of(metric), y_true, y_pred, given, kept) == python[metric]


def test_the_metrics_are_those_of_sums() -> None:
    names = []
    while name := library.squarely_metric_name(c_size_t(len(names))):
        names.append(name.decode())
    assert tuple(names) == squarely.metric_names("sums")
    assert library.squarely_metric_name(c_size_t(2**64 - 1)) is None


@pytest.mark.parametrize("metric", squarely.metric_names("sums"))
def test_parameters_have_the_names_defaults_and_ranges_of_python(metric: str) -> None:
    parameter, default = c_char_p(), c_double()
    call("metric_parameter", metric.encode(), byref(parameter), byref(default))
    row = _core.metrics[metric]
    np.testing.assert_equal((parameter.value.decode(), default.value), (row.parameter, row.default))
    if not named_metrics.has_default(metric):
        with pytest.raises(
            RefusedError, match=f"The parameter {row.parameter} of {metric} has no default. Pass its value."
        ):
            State([metric_of(metric)])
    for value in (-1.0, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 2009.0, 2012.0, np.inf, -np.inf, np.nan):
        if row.allows(value):
            State([metric_of(metric, value)])
        else:
            with pytest.raises(RefusedError, match=r"^INVALID_ARGUMENT: The (parameter|metric) "):
                State([metric_of(metric, value)])


def test_a_state_of_no_metrics_has_the_everyday_ones_of_python(rng: np.random.Generator) -> None:
    y_true, y_pred = rng.standard_normal((2, 100))
    assert State().to_bytes() == squarely.Accumulator().to_bytes()
    state = State().update(y_true, y_pred)
    assert state.to_bytes() == squarely.Accumulator().update(y_true, y_pred).to_bytes()
    assert {name: state.value(name) for name in named_metrics.EVERYDAY} == squarely.evaluate(y_true, y_pred).to_dict()


def test_short_names_are_names(rng: np.random.Generator) -> None:
    y_true, y_pred = rng.uniform(1, 2, (2, 100))
    rows = {name: row for name, row in _core.metrics.items() if row.kind == "sums" and named_metrics.has_default(name)}
    short = {name: row.short_name for name, row in rows.items() if row.short_name}
    assert len(short) > 8
    for name, known_as in short.items():
        state = State([metric_of(known_as)]).update(y_true, y_pred)
        assert state.to_bytes() == squarely.Accumulator(name).update(y_true, y_pred).to_bytes()
        assert state.value(known_as) == state.value(name) == score(metric_of(known_as), y_true, y_pred)


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_element_type_is_read_as_python_reads_it(dtype: str, rng: np.random.Generator) -> None:
    y_true, y_pred = (as_dtype(values, dtype) for values in rng.integers(0, 2 if dtype == "bool" else 100, (2, 1300)))
    weights = as_dtype(rng.integers(1, 2 if dtype == "bool" else 9, 1300), dtype)
    names = ("mean_squared_error", "mean_absolute_error", "r2_score")
    expected = squarely.Accumulator(names).update(y_true, y_pred, sample_weight=weights).digest()
    assert (
        State([metric_of(name) for name in names], weighted=True).update(y_true, y_pred, weights).digest() == expected
    )


def test_columns_may_have_any_stride_byte_order_and_address(rng: np.random.Generator) -> None:
    y_true, y_pred = rng.standard_normal((2, 1300))
    expected = squarely.Accumulator("mean_squared_error").update(y_true, y_pred).digest()
    shifted = np.zeros(1300 * 8 + 1, np.uint8)
    shifted[1:] = y_pred.view(np.uint8)
    for left, right in (
        (y_true[::-1], y_pred[::-1]),
        (np.repeat(y_true, 3)[::3], y_pred),
        (y_true.astype(">f8"), y_pred.astype("<f8")),
        (y_true, shifted[1:].view(np.float64)),
    ):
        assert State([metric_of("mean_squared_error")]).update(left, right).digest() == expected
    constant = np.broadcast_to(np.float64(2), 1300)
    assert score(metric_of("mean_squared_error"), y_true, constant) == squarely.mean_squared_error(y_true, constant)


def test_what_is_missing_may_be_told_by_bits_or_bytes(rng: np.random.Generator) -> None:
    y_true, y_pred = rng.standard_normal((2, 700))
    missing = rng.random(700) < 0.2
    marked = np.where(missing, np.nan, y_true)
    expected = squarely.Accumulator("mean_squared_error", nan_policy="omit").update(marked, y_pred).digest()
    bits = np.packbits(np.concatenate([[False] * 5, ~missing]), bitorder="little")
    for how in ("validity", "missing"):
        pairs = pairs_of(y_true, y_pred)
        if how == "validity":
            pairs.y_true.validity, pairs.y_true.validity_offset = bits.ctypes.data, 5
        else:
            pairs.y_true.missing, pairs.y_true.missing_stride = missing.ctypes.data, 1
        state = State([metric_of("mean_squared_error")], nan_policy="omit")
        call("state_update", state.handle, byref(pairs), c_size_t(1), None, 700)
        assert state.digest() == expected
        assert state.counts()["missing_true"] == missing.sum()


@pytest.mark.parametrize("summation", SUMMATIONS)
@pytest.mark.parametrize("nan_policy", POLICIES)
def test_bytes_are_those_of_the_accumulator(summation: str, nan_policy: str, rng: np.random.Generator) -> None:
    y_true, y_pred = rng.standard_normal((2, 2000, 3))
    if nan_policy in ("propagate", "omit"):
        y_pred[5, 1] = np.nan
    options = {"summation": summation, "nan_policy": nan_policy}
    metrics = ["r2_score", squarely.metric("mean_pinball_loss", alpha=0.9), "max_error"]
    python = squarely.Accumulator(metrics, **options)
    state = State(
        [metric_of("r2_score"), metric_of("mean_pinball_loss", 0.9), metric_of("max_error"), metric_of("r2_score")],
        outputs=3,
        **options,
    )
    for first in (0, 700, 1400):
        chunk = slice(first, first + 700)
        python.update(y_true[chunk], y_pred[chunk])
        state.update(y_true[chunk], y_pred[chunk])
    assert state.to_bytes() == python.to_bytes()
    assert state.digest() == python.digest() == hashlib.sha256(state.to_bytes()).hexdigest()
    assert squarely.Accumulator.from_bytes(state.to_bytes()) == python
    assert State.from_bytes(python.to_bytes()).to_bytes() == python.to_bytes()


def test_every_output_may_have_weights_of_its_own(library_target: str, rng: np.random.Generator) -> None:
    y_true, y_pred = rng.standard_normal((2, 1300, 3))
    weights = rng.uniform(-0.5, 2, (1300, 3))
    names = ("r2_score", "mean_absolute_error", "max_error")
    asked = {"metrics": [metric_of(name) for name in names], "outputs": 3, "weighted": True}
    python, state = squarely.Accumulator(names), State(**asked)
    for rows in (slice(0, 600), slice(600, 1300)):
        python.update(y_true[rows], y_pred[rows], sample_weight=weights[rows])
        state.update_weighted(y_true[rows], y_pred[rows], [weights[rows, i] for i in range(3)])
    assert state.to_bytes() == python.to_bytes()
    assert [state.value("mae", output=i) for i in range(3)] == [
        squarely.mean_absolute_error(y_true[:, i], y_pred[:, i], sample_weight=weights[:, i]) for i in range(3)
    ]
    for_all = State(**asked).update_weighted(y_true, y_pred, [weights[:, 0]])
    assert for_all.to_bytes() == State(**asked).update(y_true, y_pred, weights[:, 0]).to_bytes()
    weights[7, 2] = np.nan
    before = state.to_bytes()
    with pytest.raises(RefusedError, match=r"^NOT_FINITE: The weights contain NaN\.$"):
        state.update_weighted(y_true, y_pred, [weights[:, i] for i in range(3)])
    assert state.to_bytes() == before


@pytest.mark.parametrize(
    ("y_true", "y_pred", "said"),
    [
        ([np.nan, 2.0], [np.nan, 2.0], "1 value of y_true is NaN or missing"),
        ([1.0, 2.0, 3.0], [np.nan, np.nan, 3.0], "2 values of y_pred are NaN or missing"),
        ([np.nan, 2.0], [1.0, np.nan], "1 value of y_true is NaN or missing, and 1 of y_pred where y_true is a number"),
    ],
)
def test_missing_values_are_counted_by_side(y_true, y_pred, said):
    with pytest.raises(RefusedError, match=rf"^NOT_FINITE: The data contain NaN: {said}\. The NaN policy refuses them"):
        State().update(np.array(y_true), np.array(y_pred))


@pytest.mark.parametrize("parameter", [0.1, 1e-5, 123456.0, 1e22, 5e-324, 9007199254740993.0, 1e16, 2.5])
def test_parameters_are_written_as_python_writes_them(parameter: float) -> None:
    python = squarely.Accumulator(squarely.metric("mean_huber_loss", delta=parameter)).update([1.0], [2.0])
    state = State([metric_of("mean_huber_loss", parameter)]).update(np.array([1.0]), np.array([2.0]))
    assert state.to_bytes() == python.to_bytes()
    assert State.from_bytes(python.to_bytes()).value("mean_huber_loss", parameter) == python.compute().popitem()[1]


def test_what_only_python_does_with_outputs_survives() -> None:
    y_true, y_pred = np.arange(24.0).reshape(4, 2, 3), np.ones((4, 2, 3))
    for multioutput in ("raw_values", "uniform_average", [0.5, 0.25, 0.25, 1, 2, 3e-7]):
        python = squarely.Accumulator("mean_squared_error", multioutput=multioutput).update(y_true, y_pred)
        state = State.from_bytes(python.to_bytes())
        state.merge(state.copy())
        assert squarely.Accumulator.from_bytes(state.to_bytes()) == python + python


def test_streams_merge_and_are_taken_away_again(rng: np.random.Generator) -> None:
    y_true, y_pred = rng.standard_normal((2, 3000))
    metrics = [metric_of("r2_score")]
    whole = State(metrics).update(y_true, y_pred)
    left = State(metrics).update(y_true[:1000], y_pred[:1000])
    right = State(metrics).update(y_true[1000:], y_pred[1000:])
    merged = left.copy().merge(right)
    assert merged.digest() == whole.digest()
    assert merged.subtract(right).digest() == left.digest()
    assert State(metrics).merge(left).digest() == left.digest()
    assert merged.reset().digest() == State(metrics).digest()
    assert whole.value("r2_score") == squarely.r2_score(y_true, y_pred)


def test_counts_tell_what_was_left_out() -> None:
    y_true = np.array([1, np.nan, 2, np.inf, np.inf, 3, 4])
    y_pred = np.array([1, np.nan, np.nan, 1, np.inf, 3, 5])
    where = np.array([1, 1, 1, 1, 1, 0, 1], np.uint8)
    state = State([metric_of("mean_squared_error")], nan_policy="propagate").update(y_true, y_pred, where=where)
    assert state.counts() == {
        "pairs": 4, "infinite": 1, "undefined": 1, "missing_true": 1, "missing_pred": 1, "masked": 1,
    }  # fmt: skip
    assert np.isnan(state.value("mean_squared_error"))


@pytest.mark.parametrize(
    ("nan_policy", "values", "is_refused"),
    [
        ("raise", ([np.nan, 1], [1, 1]), True),
        ("raise", ([1, 1], [1, np.nan]), True),
        ("raise", ([1, np.inf], [1, 1]), True),
        ("omit", ([np.nan, 1], [1, np.nan]), False),
        ("omit", ([np.inf, 1], [1, 1]), True),
        ("omit_true", ([np.nan, 1], [1, 1]), False),
        ("omit_true", ([1, 1], [np.nan, 1]), True),
        ("propagate", ([np.nan, 1], [np.inf, 1]), False),
    ],
)
def test_policies_refuse_what_they_refuse_in_python(
    nan_policy: str, values: tuple[list[float], list[float]], is_refused: bool
) -> None:
    y_true, y_pred = np.array(values, np.float64)
    state = State(nan_policy=nan_policy).update(np.ones(3), np.zeros(3))
    before = state.to_bytes()
    if not is_refused:
        state.update(y_true, y_pred)
        squarely.Accumulator(nan_policy=nan_policy).update(y_true, y_pred)
        return
    with pytest.raises(RefusedError, match=r"^NOT_FINITE: The data contain "):
        state.update(y_true, y_pred)
    assert state.to_bytes() == before
    with pytest.raises(ValueError, match="Input contains"):
        squarely.Accumulator(nan_policy=nan_policy).update(y_true, y_pred)


def test_what_is_refused_is_named_with_its_first_row() -> None:
    def refused(*calls: Callable[[], object]) -> set[str]:
        words = set()
        for each in calls:
            with pytest.raises(RefusedError, match=r"^NOT_FINITE: The data contain ") as found:
                each()
            words.add(found.value.message.rpartition(". ")[2])
        return words

    y_true, y_pred, numbers = np.arange(900.0), np.ones(900), np.zeros(900, np.uint32)
    states, wide = State([metric_of("mse")]), State([metric_of("mse")], outputs=2)
    for value in (np.nan, np.inf):
        for row in (3, 511, 512, 899):
            bad = y_pred.copy()
            bad[row:] = value
            assert refused(
                lambda bad=bad: everyday_score("mean_squared_error", y_true, bad),
                lambda bad=bad: score(metric_of("mse"), y_true, bad),
                lambda bad=bad: states.update(y_true, bad),
                lambda bad=bad: update_states([states] * 900, y_true, bad),
                lambda bad=bad: Groups([metric_of("mse")]).update(y_true, bad, numbers, 1),
            ) == {f"The first is in row {row}."}
            outputs = np.stack([y_pred, bad], axis=1)
            assert refused(lambda outputs=outputs: wide.update(outputs, outputs)) == {
                f"The first is in row {row} of output 1."
            }
    where, missing = y_true != 3, np.where(y_true % 5 == 3, np.nan, y_true)
    assert refused(lambda: states.update(missing, y_pred, where=where)) == {"The first is in row 8."}
    only_true = State([metric_of("mse")], nan_policy="omit_true")
    assert refused(lambda: only_true.update(missing, np.where(y_true > 7, np.nan, y_pred))) == {
        "The first is in row 9."
    }


@pytest.mark.parametrize("metric", EVERYDAY)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_everyday_calls_refuse_what_is_not_finite(metric: str, value: float) -> None:
    for rows in (1, 100, 600):
        y_true, y_pred = np.zeros((2, rows))
        y_pred[-1] = value
        with pytest.raises(RefusedError, match=r"^NOT_FINITE"):
            everyday_score(metric, y_true, y_pred)


def test_weights_that_are_no_numbers_are_refused() -> None:
    state = State(weighted=True)
    for value, words in ((np.nan, "NaN"), (np.inf, "infinity"), (-np.inf, "infinity")):
        with pytest.raises(RefusedError, match=rf"^NOT_FINITE: The weights contain {words}\.$"):
            state.update(np.ones(2), np.zeros(2), np.array([1, value]))
    assert state.counts()["pairs"] == 0


@pytest.mark.parametrize(
    ("metric", "y_true", "weights", "reason"),
    [
        ("mean_squared_error", [], None, "no pair of two numbers"),
        ("r2_score", [1], None, "two pairs"),
        ("mean_squared_log_error", [-2], None, "outside its domain"),
        ("weighted_absolute_percentage_error", [0], None, "zero divided by zero"),
        ("mean_squared_error", [1, 2], [1, -1], "weights sum to zero"),
        ("mean_squared_error", [1, 2], [0, 0], "no pair of two numbers"),
    ],
)
def test_a_metric_without_a_value_says_why(
    metric: str, y_true: list[float], weights: list[float] | None, reason: str
) -> None:
    truth = np.array(y_true, np.float64)
    given = None if weights is None else np.array(weights, np.float64)
    with pytest.raises(RefusedError, match=rf"^UNDEFINED: The metric {metric} has no value for output 0: .*{reason}"):
        score(metric_of(metric), truth, np.zeros_like(truth), given)


def column(**members: int) -> Callable[[], None]:
    def update() -> None:
        values = np.ones(2)
        pairs = pairs_of(values, values)
        for member, value in members.items():
            setattr(pairs.y_true, member, value)
        state = State()
        call("state_update", state.handle, byref(pairs), c_size_t(1), None, 2)

    return update


def created(**members: int) -> None:
    options = StateOptions(ctypes.sizeof(StateOptions), 1, None, 0, 0, 0, 0, 0)
    for member, value in members.items():
        setattr(options, member, value)
    call("state_create", byref(options), byref(c_void_p()))


def longer_options(last: int) -> None:
    class Longer(ctypes.Structure):
        _fields_ = (("known", StateOptions), ("newer", c_int64))

    known = StateOptions(ctypes.sizeof(Longer), 1, None, 0, 0, 0, 0, 0)
    call("state_create", byref(Longer(known, last)), byref(c_void_p()))


def updated(state: State, columns: int | None, rows: int, weights: bool = False) -> None:
    values = np.ones(2)
    pairs = pairs_of(values, values)
    if columns is None:
        call("state_update", state.handle, None, c_size_t(1), None, rows)
    given = byref(column_of(values)) if weights else None
    call("state_update", state.handle, byref(pairs), c_size_t(columns), given, rows)


KEPT = State()
ONES = np.ones((3, 2))
NO_WEIGHTS = (c_size_t(1), None, c_size_t(1))

REFUSALS: dict[str, tuple[Callable[[], object], str]] = {
    "null arrays": (lambda: call("r2_score_float32", None, None, 1, byref(c_double())), "y_true must not be NULL"),
    "no place for the value": (lambda: call("max_error_float64", None, None, 1, None), "value must not be NULL"),
    "negative rows": (lambda: updated(State(), 1, -1), "rows must not be negative. Got -1"),
    "negative rows of a call": (
        lambda: call("mean_error_float64", byref(c_double()), byref(c_double()), -5, byref(c_double())),
        "rows must not be negative. Got -5",
    ),
    "a null state": (lambda: call("state_update", None, None, c_size_t(1), None, 1), "state must not be NULL"),
    "null pairs": (lambda: updated(State(), None, 1), "pairs must not be NULL"),
    "a null column": (column(data=None), "y_true.data must not be NULL"),
    "an unknown dtype": (column(dtype=13), "dtype of y_true must be one of squarely_dtype. Got 13"),
    "a negative dtype": (column(dtype=-1), "dtype of y_true must be one of squarely_dtype. Got -1"),
    "an unknown byte order": (column(swapped=2), "swapped of y_true must be 0 or 1. Got 2"),
    "a negative offset": (column(validity_offset=-1), "What is missing of y_true"),
    "two ways of missing": (column(validity=1, missing=1), "What is missing of y_true"),
    "too many columns": (lambda: updated(State(), 2, 2), "pairs of 2 outputs, and the state has 1"),
    "no weights": (lambda: updated(State(weighted=True), 1, 2), "updated with weights"),
    "needless weights": (lambda: updated(State(), 1, 2, weights=True), "updated with weights"),
    "no outputs": (lambda: created(outputs=0), "1 output or more"),
    "an unknown summation": (lambda: created(summation=3), "summation must be"),
    "an unknown policy": (lambda: created(nan_policy=-1), "NaN policy must be"),
    "half weighted": (lambda: created(weighted=2), "weighted must be 0 or 1"),
    "a member that means nothing": (lambda: created(unused=1), "does not know"),
    "a smaller structure": (lambda: created(struct_size=39), "at least 48. Got 39"),
    "a size that was not set": (lambda: created(struct_size=2**63), "at least 48. Got 9223372036854775808"),
    "a newer option": (lambda: longer_options(1), "does not know"),
    "null metrics": (lambda: created(metric_count=1), "options->metrics must not be NULL"),
    "a null name": (lambda: State([Metric(None, None)]), "metric must not be NULL"),
    "no such output": (lambda: State().value("mean_squared_error", output=1), "no output 1: the state has 1"),
    "sums that are not there": (
        lambda: State([metric_of("mse")]).value("r2"),
        "has no sums of the metric r2_score",
    ),
    "weights that are not there": (
        lambda: call("state_update_weighted", State(weighted=True).handle, byref(Pairs()), *NO_WEIGHTS, 2),
        "weights must not be NULL",
    ),
    "needless weights of outputs": (
        lambda: State(outputs=2).update_weighted(ONES, ONES, [ONES[:, 0]]),
        "updated with weights",
    ),
    "weights of no output": (
        lambda: State(outputs=2, weighted=True).update_weighted(ONES, ONES, []),
        "one column of weights, or one an output. Got 0",
    ),
    "weights of more outputs": (
        lambda: State(outputs=2, weighted=True).update_weighted(ONES, ONES, [ONES[:, 0]] * 3),
        "one column of weights, or one an output. Got 3",
    ),
    "a needless parameter": (lambda: State([metric_of("r2_score", 1.0), metric_of("max_error", 1.0)]), "no parameter"),
    "counts of another size": (
        lambda: call("state_counts", KEPT.handle, c_size_t(0), byref(Counts(8))),
        "struct_size of squarely_counts",
    ),
    "an unknown target": (lambda: call("set_target", b"avx9"), "Unknown target 'avx9'"),
    "a null target": (lambda: call("set_target", None), "name must not be NULL"),
    "negative threads": (lambda: call("set_num_threads", c_int32(-1)), "0 (the default) or more, got -1"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_arguments_that_cannot_be_are_refused_in_a_sentence(case: str) -> None:
    refused, words = REFUSALS[case]
    with pytest.raises(RefusedError, match=rf"^INVALID_ARGUMENT: .*{re.escape(words)}.*\.$"):
        refused()


def test_a_longer_structure_of_zeros_is_taken() -> None:
    longer_options(0)


def test_a_refusal_needs_no_place_for_its_words() -> None:
    assert library.squarely_state_reset(None, None) == 1


def test_an_error_is_written_on_failure_only() -> None:
    error = Error(5, b"untouched")
    value = c_double()
    ones = np.ones(3)
    address = c_void_p(ones.ctypes.data)
    assert library.squarely_mean_error_float64(address, address, c_int64(3), byref(value), byref(error)) == 0
    assert (error.status, error.message, value.value) == (5, b"untouched", 0.0)


def test_a_long_name_is_cut_in_the_message() -> None:
    with pytest.raises(RefusedError) as refused:
        score(metric_of("x" * 10_000), np.ones(1), np.ones(1))
    assert refused.value.status == "UNKNOWN_METRIC"
    assert len(refused.value.message) == 507


@pytest.mark.parametrize("name", ["nonsense", "variance_of_truth", "", "x" * 1000])
def test_unknown_metrics_are_refused(name: str) -> None:
    words = f"There is no metric '{name}' of sums. squarely_metric_name lists them."
    with pytest.raises(RefusedError) as refused:
        State([metric_of(name)])
    assert (refused.value.status, refused.value.message) == ("UNKNOWN_METRIC", words[:507])


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("mean_sqared_error", "mean_squared_error"),
        ("mean_square_error", "mean_squared_error"),
        ("MSE", "mse"),
        ("r2score", "r2_score"),
        ("mean_absolut_eror", "mean_absolute_error"),
    ],
)
def test_of_a_name_with_a_typo_the_nearest_is_named(typed: str, meant: str) -> None:
    with pytest.raises(RefusedError, match=rf"^UNKNOWN_METRIC: There is no metric '{typed}' .* mean '{meant}'\?"):
        State([metric_of(typed)])


@pytest.mark.parametrize("name", squarely.metric_names("order"))
def test_order_statistics_are_refused_as_what_they_are(name: str) -> None:
    with pytest.raises(RefusedError, match=rf"^UNKNOWN_METRIC: The metric '{name}' is made of order statistics and "):
        score(metric_of(name), np.ones(2), np.ones(2))


def test_a_metric_of_another_parameter_is_not_answered_for_the_default(rng: np.random.Generator) -> None:
    y_true, y_pred = rng.standard_normal((2, 100))
    state = State([metric_of("mean_pinball_loss", 0.9)]).update(y_true, y_pred)
    words = (
        r"^INVALID_ARGUMENT: The state was not created with mean_pinball_loss\(alpha=0\.5\), the default, but with "
        r"mean_pinball_loss\(alpha=0\.9\)\. Pass the parameter\.$"
    )
    groups = Groups([metric_of("mean_pinball_loss", 0.9)]).update(y_true, y_pred, np.zeros(100, np.uint32), 1)
    for asked in (state, state.copy(), State.from_bytes(state.to_bytes()), groups):
        with pytest.raises(RefusedError, match=words):
            asked.value("mean_pinball_loss") if isinstance(asked, State) else asked.values("mean_pinball_loss")
    assert state.value("mean_pinball_loss", 0.9) == squarely.mean_pinball_loss(y_true, y_pred, alpha=0.9)
    assert state.value("mean_pinball_loss", 0.5) == squarely.mean_pinball_loss(y_true, y_pred)
    both = State([metric_of("mean_pinball_loss", 0.9), metric_of("mean_pinball_loss")]).update(y_true, y_pred)
    assert both.value("mean_pinball_loss") == squarely.mean_pinball_loss(y_true, y_pred)
    of_sums = State([metric_of("mae"), metric_of("mean_error")]).update(y_true, y_pred)
    assert of_sums.value("mean_pinball_loss") == squarely.mean_pinball_loss(y_true, y_pred)


def test_states_that_do_not_match_are_refused_and_unchanged() -> None:
    ones, zeros = np.ones(2), np.zeros(2)
    squares = [metric_of(name) for name in ("mse", "rmse", "sse")]
    state = State(squares).update(ones, zeros)
    before = state.to_bytes()
    for other, words in (
        (State([metric_of("r2_score")]), "The states differ in their metrics."),
        (State(squares, nan_policy="omit"), "The states differ in the NaN policy."),
        (State(squares, summation="kahan"), "The states differ in the summation."),
        (State(squares, weighted=True), "One of the states has weights and the other has none."),
        (State(squares, outputs=2), "The states differ in their outputs."),
    ):
        for verb in (state.merge, state.subtract):
            with pytest.raises(RefusedError, match=rf"^MISMATCH: {re.escape(words)}$"):
                verb(other)
    with pytest.raises(RefusedError, match=r"^MISMATCH: The other state is no part of this one"):
        state.subtract(state.copy().update(ones, zeros))
    with pytest.raises(RefusedError, match=r"^MISMATCH: The other state is no part .* or with a sum of no pairs\)"):
        state.subtract(State(squares).update(ones, np.array([0.0, 0.5])))
    with pytest.raises(RefusedError, match=r"^MISMATCH: .* is no part of this one, which has seen nothing\.$"):
        State(squares).subtract(state)
    extreme = State([metric_of("max_error")]).update(ones, zeros)
    with pytest.raises(RefusedError, match=r"^MISMATCH: A state of largest_error cannot be subtracted"):
        extreme.subtract(extreme)
    assert state.to_bytes() == before


def test_damaged_bytes_are_refused() -> None:
    good = State([metric_of("mean_huber_loss", 2.5)]).update(np.ones(9), np.zeros(9)).to_bytes()
    for i in range(len(good)):
        damaged = bytearray(good)
        damaged[i] ^= 4
        with pytest.raises(RefusedError, match=r"^DAMAGED: These bytes are no squarely "):
            State.from_bytes(bytes(damaged))
        with pytest.raises(RefusedError, match=r"^DAMAGED: "):
            State.from_bytes(good[:i])


def test_an_accumulator_that_has_seen_nothing_is_read_as_one_of_one_output() -> None:
    empty = squarely.Accumulator(("mse", "r2"), nan_policy="omit")
    state = State.from_bytes(empty.to_bytes())
    assert (state.outputs, state.counts()["pairs"], state.to_bytes()) == (1, 0, empty.to_bytes())
    with pytest.raises(RefusedError, match=r"^UNDEFINED: .* there is no pair of two numbers"):
        state.value("mse")
    ones, zeros = np.ones(3), np.zeros(3)
    assert state.update(ones, zeros).to_bytes() == empty.update(ones, zeros).to_bytes()
    assert State([metric_of("mse"), metric_of("r2")], nan_policy="omit").merge(state).to_bytes() == empty.to_bytes()
    of_three = squarely.Accumulator("mse", multioutput=[1.0, 2.0, 3.0])
    state = State.from_bytes(of_three.to_bytes())
    assert state.outputs == 3
    wide = np.arange(6.0).reshape(2, 3)
    assert state.update(wide, wide * 2).to_bytes() == of_three.update(wide, wide * 2).to_bytes()


def test_a_buffer_that_is_too_small_is_left_alone() -> None:
    state = State().update(np.ones(2), np.zeros(2))
    size = c_size_t()
    buffer = ctypes.create_string_buffer(b"x" * 50)
    with pytest.raises(RefusedError, match=r"^BUFFER_TOO_SMALL: The buffer has 50 bytes, and the state needs \d+\.$"):
        call("state_to_bytes", state.handle, buffer, c_size_t(50), byref(size))
    assert size.value == len(state.to_bytes())
    assert buffer.raw == b"x" * 50 + b"\0"


def test_memory_that_is_not_there_is_an_error() -> None:
    for outputs in (2**50, 2**60, 2**64 - 1):  # beyond every address space
        state = State(outputs=outputs)  # of which nothing is known yet, and nothing kept
        with pytest.raises(RefusedError, match=r"^NO_MEMORY: "):
            call("state_update", state.handle, byref(Pairs()), c_size_t(outputs), None, 2)


def test_no_rows_change_nothing() -> None:
    state = State()
    before = state.to_bytes()
    state.update(np.ones(0), np.ones(0))
    assert state.to_bytes() == before
    assert State().update(np.ones(2), np.zeros(2)).update(np.ones(0), np.ones(0)).counts()["pairs"] == 2


def test_many_threads_may_update_many_states(rng: np.random.Generator) -> None:
    y_true, y_pred = rng.standard_normal((2, 200_000))
    expected = squarely.Accumulator("r2_score").update(y_true, y_pred).digest()
    digests: list[str] = []

    def work() -> None:
        state = State([metric_of("r2_score")])
        for first in range(0, 200_000, 10_000):
            state.update(y_true[first : first + 10_000], y_pred[first : first + 10_000])
            with pytest.raises(RefusedError, match="no output 9"):
                state.value("r2_score", output=9)
        digests.append(state.digest())

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert digests == [expected] * 8


def test_many_threads_may_read_one_state(rng: np.random.Generator) -> None:
    # What a short chunk has left open is finished by the first who reads, and of a thousand sums that takes a while.
    asked = [squarely.metric("mean_huber_loss", delta=1.0 + i) for i in range(1000)]
    y_true, y_pred = rng.standard_normal((2, 100))
    expected = squarely.Accumulator(asked).update(y_true, y_pred).digest()
    for _ in range(20):
        state = State([metric_of(one.name, one.parameter) for one in asked])
        state.update(y_true[:50], y_pred[:50]).update(y_true[50:], y_pred[50:])
        barrier, pairs = threading.Barrier(4), []

        def read(state: State = state, barrier: threading.Barrier = barrier, pairs: list[int] = pairs) -> None:
            barrier.wait()
            pairs.append(state.counts()["pairs"])

        threads = [threading.Thread(target=read) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (pairs, state.digest()) == ([100] * 4, expected)


def test_threads_change_no_bit(rng: np.random.Generator) -> None:
    y_true, y_pred = rng.standard_normal((2, 300_000))
    values = set()
    for count in (1, 2, 3):
        call("set_num_threads", c_int32(count))
        values.add(everyday_score("mean_squared_error", y_true, y_pred))
    call("set_num_threads", c_int32(0))
    assert values == {squarely.mean_squared_error(y_true, y_pred)}


def test_the_library_tells_its_version_target_and_threads() -> None:
    assert library.squarely_version().decode() == squarely.__version__
    name, count = c_char_p(), c_int32()
    call("get_target", byref(name))
    call("get_num_threads", byref(count))
    assert name.value.decode() == squarely.get_target()
    assert count.value == squarely.get_num_threads()


@pytest.mark.parametrize(
    ("variable", "value"), [("SQUARELY_TARGET", "avx9"), ("SQUARELY_NUM_THREADS", "-1"), ("SQUARELY_NUM_THREADS", "x")]
)
def test_a_wrong_environment_is_refused_by_every_call(variable: str, value: str) -> None:
    code = (
        "import ctypes, sys; library = ctypes.CDLL(sys.argv[1]); one = ctypes.c_double(1)\n"
        "error = (ctypes.c_int32 * 128)()\n"
        "for _ in range(2): print(library.squarely_max_error_float64(ctypes.byref(one), ctypes.byref(one), "
        "ctypes.c_int64(1), ctypes.byref(one), error), bytes(error)[4:].split(bytes(1))[0].decode())"
    )
    found = subprocess.run(
        [sys.executable, "-c", code, squarely.get_library()],
        env=os.environ | {variable: value},
        capture_output=True,
        text=True,
        check=True,
    )
    first, second = found.stdout.splitlines()
    assert first == second
    assert first.startswith("9 ")
    assert value in first


def test_the_capsule_is_the_same_table() -> None:
    get_pointer = ctypes.pythonapi.PyCapsule_GetPointer
    get_pointer.restype, get_pointer.argtypes = c_void_p, (ctypes.py_object, c_char_p)
    of_extension = (ctypes.c_uint32 * 2).from_address(get_pointer(_core.c_api, b"squarely._core.c_api"))
    of_library = (ctypes.c_uint32 * 2).from_address(library.squarely_get_api())
    assert tuple(of_extension) == tuple(of_library)
    assert of_library[0] == library.squarely_abi_version()


def test_the_library_may_be_closed_after_a_call_by_threads() -> None:
    code = """if True:
        import _ctypes, ctypes, sys
        rows = 300_000
        numbers, value = (ctypes.c_double * rows)(), ctypes.c_double(7)
        for _ in range(5):
            library = ctypes.CDLL(sys.argv[1])
            library.squarely_set_num_threads(2, None)
            library.squarely_mean_squared_error_float64(
                numbers, numbers, ctypes.c_int64(rows), ctypes.byref(value), None
            )
            _ctypes.dlclose(library._handle)
        print(value.value)
    """
    for _ in range(3):
        found = subprocess.run(
            [sys.executable, "-c", code, squarely.get_library()], capture_output=True, text=True, check=False
        )
        assert (found.returncode, found.stdout) == (0, "0.0\n")


@pytest.mark.parametrize("options", [{}, {"weighted": 1}, {"outputs": 2}])
def test_bytes_that_saw_no_rows_merge_with_any_state(options: dict[str, int], rng: np.random.Generator) -> None:
    y_true, y_pred = rng.normal(size=(2, 700, options.get("outputs", 1)))
    weights = rng.random(700) if "weighted" in options else None
    full = State([metric_of("mean_squared_error")], **options).update(y_true, y_pred, weights)
    empty = State.from_bytes(State([metric_of("mean_squared_error")], **options).to_bytes())
    assert full.copy().merge(empty).to_bytes() == full.to_bytes()
    assert empty.copy().merge(empty).merge(full).to_bytes() == full.to_bytes()
    assert empty.merge(full).update(y_true, y_pred, weights).to_bytes() == full.merge(full).to_bytes()
