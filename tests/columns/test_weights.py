"""Weights: repetition, absence, scale, and what is refused."""

import itertools
import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import hypothesis
import hypothesis.strategies as st
import numpy as np
import numpy.typing as npt
import pyarrow
import pytest

import squarely
from inputs.element_types import DTYPES, FLOATS
from inputs.hard_data import MAKERS, Maker
from inputs.metric_parameters import EVERY, as_taken
from instruments.core_states import (
    CoreState,
    held,
    is_of_sums_alone,
    state_of,
    state_of_everything,
    terms_of,
    value_of,
)
from oracles.metrics_of_sums import ALGEBRAIC, TRANSCENDENTAL
from oracles.state_bytes import SUMMATIONS, terms_held_by
from oracles.terms import sums_of
from squarely.scoring import score

Array = npt.NDArray[np.float64]
Asked = tuple[str, float]
make_hard = pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
every = pytest.mark.parametrize(("name", "parameter"), EVERY, ids=lambda value: f"{value}")


def in_every_domain(arrays: tuple[Array, Array]) -> tuple[Array, Array]:
    y_true, y_pred = (np.clip(abs(side), 1e-30, 1e30) for side in arrays)
    # Errors of few bits, whose squares two words hold: then nothing at all is rounded.
    return y_true.astype(np.float32).astype(float), y_pred.astype(np.float32).astype(float)


def is_a_sum(asked: Asked) -> bool:
    """Whether twice the weights are twice the score, as of no mean."""
    if asked[0] in TRANSCENDENTAL:
        return False
    sides = [1.0, 2.5, 4.0], [1.5, 2.0, 7.0]
    once, twice = (sums_of(terms_of(asked), asked[1], *sides, [weight] * 3) for weight in (1.0, 2.0))
    define = ALGEBRAIC[asked[0]]
    return define(twice, asked[1]) == 2 * define(once, asked[1])


SUMS = {asked[0] for asked in EVERY if is_a_sum(asked)}


def test_only_some_metrics_are_sums() -> None:
    assert "sum_squared_error" in SUMS
    assert len(SUMS) < len(ALGEBRAIC) / 2


@every
def test_weights_are_repetitions(target: str, name: str, parameter: float, rng: np.random.Generator) -> None:
    for make in MAKERS:
        y_true, y_pred = make(rng, 600)
        if name in TRANSCENDENTAL:
            y_true, y_pred = in_every_domain((y_true, y_pred))
        times = rng.integers(0, 5, 600)
        times[0] = 1
        weights = times.astype(float)
        repeated = value_of((name, parameter), np.repeat(y_true, times), np.repeat(y_pred, times))
        weighted = value_of((name, parameter), y_true, y_pred, weights)
        if name in TRANSCENDENTAL:
            assert weighted == pytest.approx(repeated, rel=1e-12, nan_ok=True)
        else:
            np.testing.assert_equal(weighted, repeated, err_msg=make.__name__)


@pytest.mark.parametrize("dtype", [*DTYPES, np.dtype(">f8")], ids=str)
def test_weights_of_every_type_are_numbers(target: str, dtype: np.dtype, rng: np.random.Generator) -> None:
    y_true, y_pred = rng.lognormal(0, 1, (2, 700))
    weights = rng.integers(0, 2, 700)
    expected = state_of_everything(y_true, y_pred, weights.astype(float)).to_bytes()
    assert state_of_everything(y_true, y_pred, weights.astype(dtype)).to_bytes() == expected
    strided = np.repeat(weights.astype(dtype), 3)[::3]
    assert state_of_everything(y_true, y_pred, strided).to_bytes() == expected


@pytest.mark.parametrize("summation", SUMMATIONS)
@make_hard
def test_rows_of_no_weight_are_absent(target: str, summation: str, make: Maker, rng: np.random.Generator) -> None:
    y_true, y_pred = make(rng, 1500)
    weights = rng.random(1500)
    weights[rng.random(1500) < 0.4] = 0
    weights[[3, 700]] = -0.0
    there = weights != 0
    everything = state_of_everything(y_true, y_pred)
    asked = [metric for metric in EVERY if not everything.outside(*metric)[0]]
    with_zeros = state_of(asked, y_true, y_pred, weights, summation=summation)
    without = state_of(asked, y_true[there], y_pred[there], weights[there], summation=summation)
    for metric in asked:
        found, expected = with_zeros.values(*metric), without.values(*metric)
        if summation == "exact":
            np.testing.assert_equal(found, expected)
        elif make.__name__ == "normal":
            assert found == pytest.approx(expected, rel=1e-12)


def of_variances(y_true: Array, y_pred: Array, **options: Any) -> Any:
    variances = np.where(np.isfinite(y_true + y_pred), 2.0, -1.0)
    return squarely.mean_gaussian_nll(y_true, y_pred, variance=variances, **options)


def of_a_covariance(y_true: Array, y_pred: Array, **options: Any) -> Any:
    sides = (side.reshape(len(side), -1) for side in (y_true, y_pred))
    return squarely.generalized_squared_error(*sides, covariance=[[2.0]], **options)


def in_chunks(kind: Callable[[], Any]) -> Callable[..., Any]:
    return lambda y_true, y_pred, **options: kind().update(y_true, y_pred, **options)["mse"]


OUTSIDE_THE_SUMS: dict[str, Callable[..., Any]] = {
    "the median": squarely.median_absolute_error,
    "its score": squarely.d2_absolute_error_score,
    "that of quantiles": squarely.d2_pinball_score,
    "variances": of_variances,
    "a covariance": of_a_covariance,
    "bias and variance": squarely.bias_variance,
    "a report": lambda *sides, **options: squarely.evaluate(
        *sides, metrics=["medae", "mse", "r2"], **options
    ).to_dict(),
    "chunks": in_chunks(lambda: squarely.Accumulator("mse")),
    "a window": in_chunks(lambda: squarely.RollingAccumulator("mse", window=9)),
}


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 1e300])
@pytest.mark.parametrize("score_of", OUTSIDE_THE_SUMS.values(), ids=list(OUTSIDE_THE_SUMS))
def test_nothing_is_asked_of_a_row_without_weight(score_of: Callable[..., Any], bad: float) -> None:
    truth, prediction = np.array([1.0, 2.0, 4.0, 7.0]), np.array([1.5, 2.0, 3.0, 9.0])
    weights = np.array([1.0, 2.0, 0.0, 1.0])
    there = weights != 0
    expected = score_of(truth[there], prediction[there], sample_weight=weights[there])
    for side in (truth, prediction):
        side[2] = bad
        for own in (weights, weights.astype(np.int64), -0.0 * weights + weights):
            assert score_of(truth, prediction, sample_weight=own) == expected
        side[2] = 3.0


def test_elements_without_weight_are_in_no_order() -> None:
    y_true, y_pred = np.array([[1.0, math.nan], [2.0, 3.0]]), np.array([[1.0, 2.0], [3.0, 4.0]])
    weights = np.array([[1, 0], [1, 1]])
    values = {"multioutput": "raw_values", "sample_weight": weights}
    assert squarely.median_absolute_error(y_true, y_pred, **values).tolist() == [0.5, 1.0]
    truth, own, where = np.array([1.0, math.nan, 2.0]), np.array([[1.0], [0.0], [3.0]]), np.array([True, True, False])
    assert squarely.median_absolute_error(truth[:, None], np.ones(3), sample_weight=own, where=where) == 0.0


@pytest.mark.parametrize("exponent", [-300, -60, -1, 1, 60, 300])
def test_only_ratios_of_weights_count(target: str, exponent: int, rng: np.random.Generator) -> None:
    y_true, y_pred = rng.lognormal(0, 1, (2, 700))
    weights = rng.standard_normal(700)
    state = state_of_everything(y_true, y_pred, weights)
    scaled = state_of_everything(y_true, y_pred, np.ldexp(weights, exponent))
    for name, parameter in EVERY:
        (expected,), (found,) = state.values(name, parameter), scaled.values(name, parameter)
        np.testing.assert_equal(found, math.ldexp(expected, exponent) if name in SUMS else expected)


@every
def test_one_weight_for_all_changes_nothing(target: str, name: str, parameter: float, rng: np.random.Generator) -> None:
    y_true, y_pred = in_every_domain(tuple(rng.lognormal(0, 1, (2, 700))))
    asked = as_taken(name, parameter)
    expected = score(name, y_true, y_pred, **asked)
    for weight in (1.0, 8.0, 1, 2.0**-300, np.float32(4)):
        if name not in SUMS:
            assert score(name, y_true, y_pred, **asked, sample_weight=weight) == expected


@hypothesis.given(
    st.lists(
        st.tuples(*[st.floats(-1e300, 1e300, allow_subnormal=True)] * 2, st.floats(-1e300, 1e300)),
        min_size=1,
        max_size=70,
    )
)
def test_any_weighted_sums_of_numbers_are_exact(rows: list[tuple[float, float, float]]) -> None:
    y_true, y_pred, weights = (np.array(side) for side in zip(*rows, strict=True))
    for name in squarely.targets():
        squarely.set_target(name)
        found = held(("weighted_absolute_percentage_error", 0.0), y_true, y_pred, weights)
        pairs = [tuple(map(Fraction, row)) for row in rows]
        assert found["sample_weight"] == sum(w for _, _, w in pairs)
        cut = len(rows) * Fraction(1, 2**2148)
        assert abs(found["absolute_truth"] - sum(w * abs(y) for y, _, w in pairs)) <= cut
        size = sum(abs(w * (y - p)) for y, p, w in pairs)
        assert abs(found["absolute_error"] - sum(w * abs(y - p) for y, p, w in pairs)) <= size / 2**100 + cut


@hypothesis.given(st.integers(0, 2**32 - 1), st.floats(-1e100, 1e100), st.integers(1, 1300))
def test_a_constant_truth_is_seen_through_any_weights(seed: int, value: float, length: int) -> None:
    hypothesis.assume(abs(value) > 1e-100 or value == 0)
    rng = np.random.default_rng(seed)
    weights = rng.random(length) * 10.0 ** rng.uniform(-100, 100, length)
    y_true, y_pred = np.full(length, value), rng.standard_normal(length)
    assert value_of(("r2_score", 1.0), y_true, y_pred, weights) == 0.0
    assert value_of(("variance_of_truth", 0.0), y_true, y_pred, weights) == 0.0


def test_64_bit_weights_in_the_core_are_the_nearest_doubles(target: str, rng: np.random.Generator) -> None:
    for dtype in (np.int64, np.uint64, ">i8"):
        weights = rng.integers(2**50, 2**63 - 1, 700, dtype=np.int64).astype(dtype)
        weights[::5] = 3
        y_true, y_pred = rng.standard_normal((2, 700))
        found = state_of_everything(y_true, y_pred, weights)
        assert found.to_bytes() == state_of_everything(y_true, y_pred, weights.astype(float)).to_bytes()


HELD = [2**53, -(2**53), 2**53 + 2, 2**62, -(2**63), 3]
NOT_HELD = [2**53 + 1, -(2**53) - 1, 2**63 - 1, 2**62 + 1]


def in_arrow(weights: npt.NDArray[Any]) -> Any:
    return pytest.importorskip("pyarrow").array(weights)


def in_chunks_of_polars(weights: npt.NDArray[Any]) -> Any:
    polars = pytest.importorskip("polars")
    return polars.concat([polars.Series(weights[:1]), polars.Series(weights[1:])], rechunk=False)


CONTAINERS: dict[str, Callable[[npt.NDArray[Any]], Any]] = {
    "an array": lambda weights: weights,
    "big-endian": lambda weights: weights.astype(">i8"),
    "every second": lambda weights: np.repeat(weights, 2)[::2],
    "backwards": lambda weights: weights[::-1],
    "a list": lambda weights: weights.tolist(),
    "objects": lambda weights: weights.astype(object),
    "a series": lambda weights: pytest.importorskip("pandas").Series(weights),
    "a masked series": lambda weights: pytest.importorskip("pandas").Series(weights, dtype="Int64"),
    "Arrow": in_arrow,
    "polars": in_chunks_of_polars,
}
ZEROS, ONES = np.zeros(2), np.ones(2)
DOORS_OF_WEIGHTS: dict[str, Callable[[Any], Any]] = {
    "a metric": lambda own: squarely.mean_squared_error(ZEROS, ONES, sample_weight=own),
    "a metric of order": lambda own: squarely.median_absolute_error(ZEROS, ONES, sample_weight=own),
    "evaluate": lambda own: squarely.evaluate(ZEROS, ONES, sample_weight=own, metrics="mse"),
    "several": lambda own: squarely.evaluate(ZEROS, {"a": ONES, "b": ONES}, sample_weight=own),
    "Accumulator": lambda own: squarely.Accumulator("mse").update(ZEROS, ONES, sample_weight=own),
    "a window": lambda own: squarely.RollingAccumulator("mse", window=2).update(ZEROS, ONES, sample_weight=own),
    "files": lambda own: squarely.score_files(iter([(ZEROS, ONES, own)]), metrics="mse"),
}


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("door", DOORS_OF_WEIGHTS)
def test_an_integer_that_no_double_holds_is_no_weight(door: str, container: str) -> None:
    for weight in NOT_HELD if door != "a metric of order" else [2**53 + 1]:
        weights = CONTAINERS[container](np.array([5, weight]))
        with pytest.raises(ValueError, match=f"sample_weight holds the integer {weight}, which no float64 holds"):
            DOORS_OF_WEIGHTS[door](weights)
    for weight in HELD if door != "a metric of order" else [2**62]:
        DOORS_OF_WEIGHTS[door](CONTAINERS[container](np.array([7, weight])))


def test_weights_of_elements_and_without_sign_are_doubles_too() -> None:
    two = np.zeros((2, 2))
    for dtype, weight in ((np.int64, 2**53 + 1), (np.uint64, 2**64 - 1), (np.uint64, 2**63 + 1)):
        weights = np.array([[1, 1], [1, weight]], dtype)
        for own in (weights, np.asfortranarray(weights), weights[:, ::-1], weights.T):
            with pytest.raises(ValueError, match=f"holds the integer {weight}, "):
                squarely.mean_squared_error(two, two + 1, sample_weight=own)
    assert squarely.mean_squared_error(two, two + 1, sample_weight=np.array([1, 2**63], np.uint64)) == 1.0
    for one in (2**53 + 1, np.int64(2**53 + 1), np.array(2**53 + 1)):
        with pytest.raises(ValueError, match=f"holds the integer {2**53 + 1}, "):
            squarely.mean_squared_error(two, two + 1, sample_weight=one)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (math.nan, r"Input sample_weight contains NaN\."),
        (math.inf, r"Input sample_weight contains infinity or a value too large for dtype\('float64'\)\."),
        (-math.inf, r"Input sample_weight contains infinity or a value too large for dtype\('float64'\)\."),
    ],
)
@pytest.mark.parametrize("summation", SUMMATIONS)
@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_weights_that_are_no_numbers_are_refused(
    target: str, summation: str, value: float, message: str, dtype: np.dtype, rng: np.random.Generator
) -> None:
    for length in (1, 64, 65, 513, 140_000):
        y_true, y_pred = rng.standard_normal((2, length))
        y_pred[-1] = y_true[-1]  # a term of zero does not hide its weight
        weights = np.ones(length, dtype)
        accumulator = squarely.Accumulator("mse", summation=summation)  # type: ignore[arg-type]
        accumulator.update(y_true, y_pred, sample_weight=weights)
        before = accumulator.to_bytes()
        weights[-1] = value
        with pytest.raises(ValueError, match=message):
            accumulator.update(y_true, y_pred, sample_weight=weights)
        assert accumulator.to_bytes() == before
        with pytest.raises(ValueError, match=message):
            score("mean_squared_error", y_true, y_pred, sample_weight=weights, summation=summation)


def test_weights_of_rows_that_do_not_count_are_not_looked_at(target: str) -> None:
    for length in (2, 64, 600):
        y_true, y_pred, weights = np.ones(length), np.zeros(length), np.full(length, 2.0)
        counts = np.ones(length, bool)
        weights[-1], counts[-1] = np.nan, False
        found = score("mean_squared_error", y_true, y_pred, sample_weight=weights, where=counts)
        assert found == 1.0
        y_true[-1] = np.nan
        assert score("mean_squared_error", y_true, y_pred, sample_weight=weights, nan_policy="omit") == 1.0


def test_nan_is_told_before_infinity() -> None:
    with pytest.raises(ValueError, match="contains NaN"):
        score("mean_squared_error", np.ones(3), np.zeros(3), sample_weight=[np.inf, np.nan, 1.0])


def test_weights_that_no_mean_can_be_taken_with_are_refused() -> None:
    ones = np.ones(3)
    with pytest.raises(ValueError, match="at least one non-zero"):
        score("mean_squared_error", ones, ones, sample_weight=np.zeros(3))
    with pytest.raises(ZeroDivisionError, match="sum to zero"):
        score("mean_squared_error", ones, ones, sample_weight=[1.0, -1.0, 0.0])
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        score("mean_squared_error", ones, ones, sample_weight=[1.0, 1.0])


def test_states_of_different_kinds_do_not_mix() -> None:
    plain, weighted = (CoreState(1, "exact", [("mean_squared_error", 0.0)], kind) for kind in (False, True))
    with pytest.raises(ValueError, match="sums_differ"):
        plain.merge(weighted)
    with pytest.raises(ValueError, match="weighting_differs"):
        plain.update(np.ones(3), np.ones(3), sample_weight=np.ones(3))
    with pytest.raises(ValueError, match="weighting_differs"):
        weighted.update(np.ones(3), np.ones(3))


def test_negative_weights_take_away(target: str, rng: np.random.Generator) -> None:
    y_true, y_pred = in_every_domain(tuple(rng.lognormal(0, 1, (2, 900))))
    weights = np.ones(900)
    weights[600:] = -1
    y_true[600:], y_pred[600:] = y_true[:300], y_pred[:300]
    rest = slice(300, 600)
    for name, parameter in EVERY:
        if name not in TRANSCENDENTAL and is_of_sums_alone((name, parameter)):
            expected = value_of((name, parameter), y_true[rest], y_pred[rest], np.ones(300))
            assert value_of((name, parameter), y_true, y_pred, weights) == expected


def test_all_outputs_share_the_weights(target: str, rng: np.random.Generator) -> None:
    y_true, y_pred = rng.lognormal(0, 1, (2, 1300, 7))
    weights = rng.random(1300)
    for order in ("C", "F"):
        wide = state_of(EVERY, np.asarray(y_true, order=order), np.asarray(y_pred, order=order), weights)
        sums = terms_held_by(wide.to_bytes())
        for i in range(7):
            alone = state_of_everything(y_true[:, i].copy(), y_pred[:, i].copy(), weights)
            assert terms_held_by(alone.to_bytes()) == [sums[i]]


def test_weights_may_lie_in_other_pieces_than_the_numbers(rng: np.random.Generator) -> None:
    columns = rng.standard_normal((3, 2000)) ** 2
    in_pieces = [
        pyarrow.chunked_array(np.split(column, cuts))
        for column, cuts in zip(columns, ([700], [], [5, 512, 1400]), strict=True)
    ]
    y_true, y_pred, weights = columns
    expected = squarely.evaluate(y_true, y_pred, sample_weight=weights).to_dict()
    for truth, prediction in itertools.product((y_true, in_pieces[0]), (y_pred, in_pieces[1])):
        assert squarely.evaluate(truth, prediction, sample_weight=in_pieces[2]).to_dict() == expected


@pytest.mark.parametrize("weight", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("rows", [1, 63, 512, 513, 70_000])
@pytest.mark.parametrize("metrics", ["max_error", ("max_error", "normalized_root_mean_squared_error")])
def test_weights_that_are_no_numbers_are_refused_where_only_extremes_are_kept(
    target: str, metrics: object, rows: int, weight: float
) -> None:
    y_true, weights = np.arange(1.0, rows + 1), np.ones(rows)
    accumulator = squarely.Accumulator(metrics)
    for _ in range(3):  # the last go the short way
        accumulator.update(y_true, y_true + 1, sample_weight=weights)
    before = accumulator.to_bytes()
    weights[-1] = weight
    for one in (accumulator, squarely.Accumulator(metrics)):
        with pytest.raises(ValueError, match="sample_weight contains"):
            one.update(y_true, y_true + 1, sample_weight=weights)
    assert accumulator.to_bytes() == before


def test_masked_weights_are_refused() -> None:
    weights = np.ma.array([1.0, 99.0], mask=[False, True])
    with pytest.raises(ValueError, match="sample_weight has masked elements"):
        squarely.mean_squared_error([1.0, 2.0], [2.0, 4.0], sample_weight=weights)
    unmasked = np.ma.array([1.0, 3.0])
    assert squarely.mean_squared_error([1.0, 2.0], [2.0, 4.0], sample_weight=unmasked) == 13 / 4
