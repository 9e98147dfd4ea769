"""Metrics against their definitions over rational sums of the data, and the laws that follow from those definitions.

Which metrics a law is about is read from the rows and found out from the definitions; there is no list of names.
"""

import inspect
import math
import re
from collections.abc import Callable
from typing import Any

import hypothesis
import hypothesis.strategies as st
import numpy as np
import numpy.typing as npt
import pytest

import squarely
from inputs.element_types import DTYPES
from inputs.hard_data import MAKERS, Maker
from inputs.metric_parameters import PUBLIC, as_keyword
from instruments.core_states import CoreState, terms_of
from oracles import metrics as definitions
from oracles import rational
from oracles.metrics_of_sums import ALGEBRAIC
from oracles.state_bytes import ROUNDED
from oracles.terms import EXTREMES, HALVES_OF_AN_ULP, LARGEST, UNIT, exact_term, sums_of
from squarely import _core

Doubles = npt.NDArray[np.float64]
Asked = tuple[str, float]

DEFINED = [asked for asked in PUBLIC if asked[0] in ALGEBRAIC]
# Of sums that lose no bit, or none of the first hundred.
EXACT = [asked for asked in DEFINED if HALVES_OF_AN_ULP.keys().isdisjoint(terms_of(asked))]
# Of one term that is rounded.
NEAR = [asked for asked in DEFINED if asked not in EXACT]


def each(cases: list[Asked]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("asked", cases, ids=lambda asked: f"{asked[0]}-{asked[1]}")


def taking(option: str, cases: list[Asked]) -> list[Asked]:
    return [asked for asked in cases if option in inspect.signature(getattr(squarely, asked[0])).parameters]


def metric_of(asked: Asked) -> Callable[..., Any]:
    return lambda *arrays, **options: getattr(squarely, asked[0])(*arrays, **as_keyword(*asked), **options)


def definition_of(asked: Asked, y_true: Any, y_pred: Any, weights: Any = None) -> float:
    sides = (None if side is None else [float(value) for value in side] for side in (y_true, y_pred, weights))
    return ALGEBRAIC[asked[0]](sums_of(terms_of(asked), asked[1], *sides), asked[1])


def in_domain(asked: Asked, y_true: Doubles, y_pred: Doubles) -> tuple[Doubles, Doubles]:
    if not _core.metrics[asked[0]].domain:
        return y_true, y_pred
    # What is tiny has the largest deviances, which no double holds.
    return abs(y_true) + 2.0**-40, abs(y_pred) + 2.0**-40


def same(result: Any, wanted: float) -> bool:
    return isinstance(result, float) and (result == wanted or (math.isnan(result) and math.isnan(wanted)))


@each(EXACT)
@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_hard_data_is_correctly_rounded(asked: Asked, make: Maker) -> None:
    y_true, y_pred = make(np.random.default_rng(11), 700)
    wanted = definition_of(asked, y_true, y_pred)
    for target in squarely.targets():
        squarely.set_target(target)
        assert same(metric_of(asked)(y_true, y_pred), wanted)


@each(NEAR)
@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_hard_data_is_as_near_as_each_of_its_terms(asked: Asked, make: Maker) -> None:
    y_true, y_pred = in_domain(asked, *make(np.random.default_rng(11), 150))
    (term,) = terms_of(asked)
    pairs = list(zip(y_true.tolist(), y_pred.tolist(), strict=True))
    terms = [exact_term(term, y, p, asked[1]) for y, p in pairs]
    wanted = math.inf if max(terms) > LARGEST else definition_of(asked, y_true, y_pred)
    # Where a term cancels, its error is a share of what cancels.
    sizes = sum(abs(exact_term(term, y, p, asked[1])) for y, p in pairs)
    share = float(HALVES_OF_AN_ULP[term] * UNIT * sizes / sum(terms)) if any(terms) else 0.0
    for target in squarely.targets():
        squarely.set_target(target)
        found = metric_of(asked)(y_true, y_pred)
        assert found == pytest.approx(wanted, rel=share + 2.0**-52, abs=1e-321)


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
@each([asked for asked in DEFINED if hasattr(definitions, asked[0])])
def test_definitions_over_sums_are_those_over_data(asked: Asked, make: Maker) -> None:
    for weights in (None, np.random.default_rng(25).random(40)):
        y_true, y_pred = make(np.random.default_rng(26), 40)
        over_data = getattr(definitions, asked[0])(definitions.Pairs(y_true, y_pred, weights), **as_keyword(*asked))
        assert same(definition_of(asked, y_true, y_pred, weights), over_data)


any_double = st.floats(allow_nan=False, allow_infinity=False, width=64) | st.floats(-3, 3, width=16)


@hypothesis.settings(max_examples=120)
@hypothesis.given(data=st.lists(st.tuples(any_double, any_double), min_size=2, max_size=20))
def test_any_finite_pairs_are_correctly_rounded(data: list[tuple[float, float]]) -> None:
    y_true, y_pred = (np.array(side) for side in zip(*data, strict=True))
    for asked in EXACT:  # of one example all, as finding it takes longer than scoring it
        assert same(metric_of(asked)(y_true, y_pred), definition_of(asked, y_true, y_pred)), asked


@each(EXACT)
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_every_type_is_read_as_the_numbers_it_holds(asked: Asked, dtype: np.dtype) -> None:
    rng = np.random.default_rng(12)
    y_true, y_pred = (rng.integers(0, 100, 600).astype(dtype) for _ in range(2))
    assert same(metric_of(asked)(y_true, y_pred), definition_of(asked, y_true, y_pred))


@each(taking("sample_weight", DEFINED))
def test_integer_weights_equal_repetition(asked: Asked) -> None:
    rng = np.random.default_rng(13)
    # Of few bits, so that the weighted sums hold no rounding; see the next test for what they hold in general.
    y_true, y_pred = in_domain(asked, *(rng.integers(-1000, 1000, 300) / 64 for _ in range(2)))
    weights = rng.integers(1, 5, 300)
    metric = metric_of(asked)
    weighted = metric(y_true, y_pred, sample_weight=weights)
    assert weighted == metric(np.repeat(y_true, weights), np.repeat(y_pred, weights))
    if asked in EXACT:
        assert weighted == definition_of(asked, y_true, y_pred, weights)


@each(taking("sample_weight", EXACT))
def test_any_weights_are_those_of_the_definition(asked: Asked) -> None:
    rng = np.random.default_rng(14)
    y_true, weights = rng.standard_normal(300), rng.random(300)
    y_pred = y_true + 0.1 * rng.standard_normal(300)
    wanted = definition_of(asked, y_true, y_pred, weights)
    # Weighted terms are two doubles each, about 2^-100 off: enough to round right where nothing cancels.
    assert metric_of(asked)(y_true, y_pred, sample_weight=weights) == pytest.approx(wanted, rel=1e-15)


@each(PUBLIC)
def test_order_does_not_matter(asked: Asked) -> None:
    rng = np.random.default_rng(15)
    y_true = rng.standard_normal(3000)
    y_true, y_pred = in_domain(asked, y_true, y_true + rng.standard_normal(3000))
    order = rng.permutation(3000)
    metric = metric_of(asked)
    assert metric(y_true[order], y_pred[order]) == metric(y_true, y_pred)


@each(PUBLIC)
def test_merged_states_give_the_value_of_all_pairs(asked: Asked) -> None:
    rng = np.random.default_rng(16)
    y_true = rng.standard_normal(2000) * 10.0 ** rng.uniform(-20, 20, 2000)
    y_true, y_pred = in_domain(asked, y_true, y_true * (1 + 0.1 * rng.standard_normal(2000)))
    parts = []
    for rows in (slice(0, 700), slice(700, 701), slice(701, 2000)):
        state = CoreState(1, "exact", [asked])
        state.update(y_true[rows], y_pred[rows])
        parts.append(state)
    parts[2].merge(parts[0])
    parts[2].merge(parts[1])
    assert parts[2].values(*asked) == [metric_of(asked)(y_true, y_pred)]


# Pairs of few bits, nothing about which is symmetric.
SOME_TRUTH, SOME_PREDICTION = np.array([1.0, 2.5, 4.0]), np.array([1.5, 2.0, 7.0])
EXPONENTS = (-300, -1, 1, 300)


def degree_of(asked: Asked) -> int | None:
    """Return k where a metric is multiplied by 2^(kn) when all data is by 2^n, and None where there is no such k."""
    once = definition_of(asked, SOME_TRUTH, SOME_PREDICTION)
    for degree in (0, 1, 2):
        wanted = [math.ldexp(once, degree * exponent) for exponent in EXPONENTS]
        sides = ([np.ldexp(side, exponent) for side in (SOME_TRUTH, SOME_PREDICTION)] for exponent in EXPONENTS)
        if [definition_of(asked, *pair) for pair in sides] == wanted:
            return degree
    return None


HOMOGENEOUS = {asked: degree for asked in DEFINED if (degree := degree_of(asked)) is not None}


@each(list(HOMOGENEOUS))
@pytest.mark.parametrize("exponent", EXPONENTS)
def test_powers_of_two_scale_exactly(asked: Asked, exponent: int) -> None:
    rng = np.random.default_rng(17)
    y_true = rng.standard_normal(500) + 1
    y_true, y_pred = in_domain(asked, y_true, y_true + 0.3 * rng.standard_normal(500))
    metric = metric_of(asked)
    wanted = math.ldexp(metric(y_true, y_pred), HOMOGENEOUS[asked] * exponent)
    assert metric(np.ldexp(y_true, exponent), np.ldexp(y_pred, exponent)) == wanted


def is_symmetric(asked: Asked) -> bool:
    sides = SOME_TRUTH, SOME_PREDICTION
    return definition_of(asked, *sides) == definition_of(asked, *sides[::-1])


@each([asked for asked in DEFINED if is_symmetric(asked)])
def test_truth_and_prediction_may_change_places(asked: Asked) -> None:
    y_true, y_pred = in_domain(asked, *np.random.default_rng(18).standard_normal((2, 900)))
    metric = metric_of(asked)
    assert metric(y_true, y_pred) == metric(y_pred, y_true)


def test_the_mean_error_changes_its_sign_with_the_sides() -> None:
    y_true, y_pred = np.random.default_rng(19).standard_normal((2, 900))
    assert squarely.mean_error(y_true, y_pred) == -squarely.mean_error(y_pred, y_true)
    assert squarely.mean_error([1.0], [3.0]) == 2.0


def test_correlations_are_never_beyond_one() -> None:
    rng = np.random.default_rng(20)
    for _ in range(300):
        y_true = rng.standard_normal(3) + 10.0 ** rng.integers(0, 12)
        for y_pred in (y_true * 0.1, -y_true / 3, np.nextafter(y_true, 0)):
            assert abs(squarely.pearson_correlation(y_true, y_pred)) <= 1
            assert abs(squarely.concordance_correlation(y_true, y_pred)) <= abs(
                squarely.pearson_correlation(y_true, y_pred)
            )


FAR = 2.0**50


def is_of_differences(asked: Asked) -> bool:
    once = definition_of(asked, SOME_TRUTH, SOME_PREDICTION)
    return definition_of(asked, FAR + SOME_TRUTH, FAR + SOME_PREDICTION) == once


@each([asked for asked in DEFINED if is_of_differences(asked)])
def test_no_digits_cancel_far_from_zero(asked: Asked) -> None:
    y_true, y_pred = np.random.default_rng(27).integers(1, 9, (2, 100)) / 2
    metric = metric_of(asked)
    assert metric(FAR + y_true, FAR + y_pred) == metric(y_true, y_pred)


def test_every_law_is_about_some_metrics() -> None:
    assert len(EXACT) > 20
    assert len(NEAR) > 5
    assert {"mean_error", "squared_bias", "pearson_correlation"} < {name for name, _ in HOMOGENEOUS}
    assert set(HOMOGENEOUS.values()) == {0, 1, 2}
    for law in (is_symmetric, is_of_differences):
        assert 5 < sum(map(law, DEFINED)) < len(DEFINED)


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_bias_and_variance_add_up_to_the_mean_squared_error(make: Maker, rng: np.random.Generator) -> None:
    y_true, y_pred = make(rng, 600)
    pairs = definitions.Pairs(y_true, y_pred)
    bias, variance = pairs.mean(pairs.errors) ** 2, pairs.variance(pairs.errors)
    assert bias + variance == pairs.mean_squared_error
    parts = squarely.bias_variance(y_true, y_pred)
    assert parts == (rational.nearest_double(bias), rational.nearest_double(variance))
    assert parts.squared_bias == squarely.squared_bias(y_true, y_pred)
    assert parts.variance == squarely.residual_variance(y_true, y_pred)


def test_bias_and_variance_of_several_outputs_are_averaged_alike() -> None:
    y_true = np.array([[1.0, 10.0], [2.0, 20.0]])
    y_pred = np.array([[2.0, 12.0], [2.0, 28.0]])
    raw = squarely.bias_variance(y_true, y_pred, multioutput="raw_values")
    assert raw.squared_bias.tolist() == [0.25, 25.0]
    assert raw.variance.tolist() == [0.25, 9.0]
    assert squarely.bias_variance(y_true, y_pred) == (12.625, 4.625)
    assert squarely.bias_variance(y_true, y_pred, multioutput=[1.0, 3.0]) == (18.8125, 6.8125)


INF, NAN = math.inf, math.nan


@pytest.mark.parametrize(
    ("name", "y_true", "y_pred", "wanted"),
    [
        ("weighted_absolute_percentage_error", [0, 0], [0, 0], NAN),
        ("weighted_absolute_percentage_error", [0, 0], [0, 1], INF),
        ("symmetric_mean_absolute_percentage_error", [0, 0], [0, 5e-324], 1.0),
        ("symmetric_mean_absolute_percentage_error", [1.7e308], [-1.7e308], 2.0),
        ("normalized_mean_squared_error", [2, 2], [2, 2], NAN),
        ("normalized_mean_squared_error", [2, 2], [2, 3], INF),
        ("normalized_mean_squared_error", [0.1, 0.1, 0.1], [0.1, 0.1, 0.2], INF),
        ("normalized_root_mean_squared_error", [2, 2], [2, 3], INF),
        ("normalized_root_mean_squared_error", [2, 2], [2, 2], NAN),
        ("mean_error", [1], [1], 0.0),
        ("residual_variance", [1], [5], 0.0),
        ("squared_bias", [1], [5], 16.0),
        ("mean_asymmetric_squared_error", [1], [5], 8.0),
        ("pearson_correlation", [2, 2], [2, 3], NAN),
        ("pearson_correlation", [2, 3], [2, 2], NAN),
        ("pearson_correlation", [0, 0], [0, 0], NAN),
        ("pearson_correlation", [-1, 0, 1], [1, 0, 1], 0.0),
        ("concordance_correlation", [2, 2], [2, 3], 0.0),
        ("concordance_correlation", [2, 2], [2, 2], NAN),
        ("concordance_correlation", [2, 2], [3, 3], 0.0),
        ("nash_sutcliffe_efficiency", [2, 2], [2, 2], NAN),
        ("nash_sutcliffe_efficiency", [2, 2], [2, 3], -INF),
        ("nash_sutcliffe_efficiency", [2.0**-500, 2 * 2.0**-500], [2.0**-500, 3 * 2.0**-500], -1.0),
        ("nash_sutcliffe_efficiency", [2.0**509, 2 * 2.0**509], [2.0**509, 3 * 2.0**509], -1.0),
    ],
)
def test_edges_are_as_documented(name: str, y_true: list[float], y_pred: list[float], wanted: float) -> None:
    assert same(getattr(squarely, name)(y_true, y_pred), wanted)


@each([(name, row.default) for name, row in _core.metrics.items() if row.least_pairs > 1 and row.kind == "sums"])
def test_one_pair_is_too_few_and_a_warning_says_so(asked: Asked) -> None:
    message = f"{_core.metrics[asked[0]].title} is not well-defined with less than two samples."
    with pytest.warns(UserWarning, match=re.escape(message)):
        assert math.isnan(metric_of(asked)([1.0], [1.0]))


@each(PUBLIC)
def test_infinities_are_refused_and_give_no_number_where_they_are_let_through(asked: Asked) -> None:
    metric = metric_of(asked)
    y_true, y_pred = [1.0, 2.0, 3.0], [1.0, INF, 3.5]
    with pytest.raises(ValueError, match="Input contains infinity"):
        metric(y_true, y_pred)
    assert not math.isfinite(metric(y_true, y_pred, nan_policy="propagate"))


def grows_with_one_error(asked: Asked) -> bool:
    """Whether it sums nothing but one term, never below zero, which is as large as one likes where an error is."""
    terms = terms_of(asked)
    if len(terms) > 1 or (terms[0] not in EXTREMES and min(exact_term(terms[0], 2, p, asked[1]) for p in (1, 3)) < 0):
        return False
    sizes = [definition_of(asked, [1.0, 2.0], [1.0, 2.0**exponent]) for exponent in (100, 1000)]
    return sizes[1] > 2 * sizes[0] > 0


@each([asked for asked in DEFINED if grows_with_one_error(asked)])
def test_what_grows_with_an_error_is_infinite_with_an_infinite_one(asked: Asked) -> None:
    assert metric_of(asked)([1.0, 2.0, 3.0], [1.0, INF, 3.5], nan_policy="propagate") == INF


def test_a_squared_error_of_two_sums_is_infinite_with_an_infinite_error() -> None:
    y_true, y_pred = [1.0, 2.0, 3.0], [1.0, INF, 3.5]
    assert squarely.mean_asymmetric_squared_error(y_true, y_pred, tau=0.9, nan_policy="propagate") == INF


@each(PUBLIC)
def test_missing_and_masked_pairs_are_left_out_alike(asked: Asked) -> None:
    metric = metric_of(asked)
    y_true, y_pred = [1.0, 2.0, 4.0, 5.0], [1.5, 2.0, 3.5, 9.0]
    wanted = metric(y_true[:3], y_pred[:3])
    assert metric(y_true, y_pred, where=[True, True, True, False]) == wanted
    assert metric([*y_true[:3], NAN], y_pred, nan_policy="omit") == wanted
    assert math.isnan(metric([*y_true[:3], NAN], y_pred, nan_policy="propagate"))
    with pytest.raises(ValueError, match="Input contains NaN"):
        metric([*y_true[:3], NAN], y_pred)


@each(taking("multioutput", PUBLIC))
def test_outputs_are_columns_and_averaged(asked: Asked) -> None:
    y_true, y_pred = in_domain(asked, *np.random.default_rng(21).standard_normal((2, 50, 3)))
    metric = metric_of(asked)
    raw = metric(y_true, y_pred, multioutput="raw_values")
    assert raw.tolist() == [metric(y_true[:, i], y_pred[:, i]) for i in range(3)]
    assert metric(y_true, y_pred) == rational.average(raw, [1, 1, 1])


@each(taking("summation", PUBLIC))
@pytest.mark.parametrize("summation", ROUNDED)
def test_rounding_sums_come_close(asked: Asked, summation: str) -> None:
    rng = np.random.default_rng(22)
    y_true = rng.standard_normal(500)
    y_true, y_pred = in_domain(asked, y_true, y_true + rng.standard_normal(500))
    metric = metric_of(asked)
    assert metric(y_true, y_pred, summation=summation) == pytest.approx(metric(y_true, y_pred), rel=1e-11)


@pytest.mark.parametrize(
    ("name", "parameter", "bad", "message"),
    [
        ("symmetric_mean_absolute_percentage_error", "scale", 0.0, "must be a float in the range (0.0, inf)"),
        (
            "normalized_root_mean_squared_error",
            "normalization",
            "iqr",
            "must be a str among {'euclidean', 'mean', 'range', 'std'}",
        ),
        ("mean_asymmetric_squared_error", "tau", 1.5, "must be a float in the range [0.0, 1.0]"),
        ("kling_gupta_efficiency", "version", 2010, "must be 2009 or 2012"),
        ("mean_huber_loss", "delta", -1.0, "must be a float in the range (0.0, inf)"),
        ("mean_tukey_loss", "c", NAN, "must be a float in the range (0.0, inf)"),
    ],
)
def test_parameters_out_of_range_are_refused_by_name(name: str, parameter: str, bad: object, message: str) -> None:
    with pytest.raises(ValueError) as error:
        getattr(squarely, name)([1.0, 2.0], [1.0, 3.0], **{parameter: bad})
    assert f"The {parameter!r} parameter of {name} {message}" in str(error.value)


def test_pearson_agrees_with_scipy() -> None:
    stats = pytest.importorskip("scipy.stats")
    y_true, y_pred = np.random.default_rng(23).standard_normal((2, 1000))
    assert squarely.pearson_correlation(y_true, y_pred) == pytest.approx(stats.pearsonr(y_true, y_pred)[0], rel=1e-12)


@pytest.mark.parametrize(("ours", "theirs"), [("range", "min-max"), ("mean", "mean"), ("euclidean", "euclidean")])
def test_normalized_roots_agree_with_scikit_image(ours: str, theirs: str) -> None:
    metrics = pytest.importorskip("skimage.metrics")
    y_true, y_pred = np.random.default_rng(24).standard_normal((2, 1000)) + 0.5
    wanted = metrics.normalized_root_mse(y_true, y_pred, normalization=theirs)
    result = squarely.normalized_root_mean_squared_error(y_true, y_pred, normalization=ours)
    assert result == pytest.approx(wanted, rel=1e-12)


def test_a_negative_mean_gives_a_negative_share() -> None:
    result = squarely.normalized_root_mean_squared_error([-1.0, -3.0], [-2.0, -2.0], normalization="mean")
    assert result == -0.5
