"""Metrics that are algebra over exact sums: equal to their definitions in rational arithmetic, bit for bit."""

import math
from collections.abc import Callable
from typing import Any

import hypothesis
import hypothesis.strategies as st
import numpy as np
import numpy.typing as npt
import pytest

import squarely
from inputs.hard_data import MAKERS, Maker
from instruments.core_states import CoreState
from oracles import metrics as definitions
from oracles import rational
from oracles.state_bytes import ROUNDED
from squarely import _core
from squarely.named_metrics import parameter_value

Doubles = npt.NDArray[np.float64]

CASES: list[tuple[str, dict[str, Any]]] = [
    ("mean_error", {}),
    ("squared_bias", {}),
    ("residual_variance", {}),
    ("weighted_absolute_percentage_error", {}),
    ("symmetric_mean_absolute_percentage_error", {}),
    ("symmetric_mean_absolute_percentage_error", {"scale": 100.0}),
    ("normalized_mean_squared_error", {}),
    ("normalized_root_mean_squared_error", {}),
    ("normalized_root_mean_squared_error", {"normalization": "mean"}),
    ("normalized_root_mean_squared_error", {"normalization": "std"}),
    ("normalized_root_mean_squared_error", {"normalization": "euclidean"}),
    ("mean_asymmetric_squared_error", {}),
    ("mean_asymmetric_squared_error", {"tau": 0.9}),
    ("pearson_correlation", {}),
    ("concordance_correlation", {}),
    ("nash_sutcliffe_efficiency", {}),
]
NEED_TWO_PAIRS = {"pearson_correlation", "concordance_correlation", "nash_sutcliffe_efficiency"}

every_metric = pytest.mark.parametrize(
    ("name", "parameters"),
    CASES,
    ids=lambda value: value if isinstance(value, str) else "-".join(map(str, value.values())),
)


def metric_of(name: str, parameters: dict[str, Any]) -> Callable[..., Any]:
    return lambda *arrays, **options: getattr(squarely, name)(*arrays, **parameters, **options)


def definition_of(name: str, parameters: dict[str, Any], pairs: definitions.Pairs) -> float:
    value: float = getattr(definitions, name)(pairs, **parameters)
    return value


def same(result: Any, wanted: float) -> bool:
    return isinstance(result, float) and (result == wanted or (math.isnan(result) and math.isnan(wanted)))


@every_metric
@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_hard_data_is_correctly_rounded(name: str, parameters: dict[str, Any], make: Maker) -> None:
    y_true, y_pred = make(np.random.default_rng(11), 700)
    wanted = definition_of(name, parameters, definitions.Pairs(y_true, y_pred))
    for target in squarely.targets():
        squarely.set_target(target)
        assert same(metric_of(name, parameters)(y_true, y_pred), wanted)


any_double = st.floats(allow_nan=False, allow_infinity=False, width=64) | st.floats(-3, 3, width=16)


@every_metric
@hypothesis.settings(max_examples=60)
@hypothesis.given(data=st.lists(st.tuples(any_double, any_double), min_size=2, max_size=20))
def test_any_finite_pairs_are_correctly_rounded(
    name: str, parameters: dict[str, Any], data: list[tuple[float, float]]
) -> None:
    y_true, y_pred = (np.array(side) for side in zip(*data, strict=True))
    wanted = definition_of(name, parameters, definitions.Pairs(y_true, y_pred))
    assert same(metric_of(name, parameters)(y_true, y_pred), wanted)


@every_metric
@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.int8, np.uint8, np.int64])
def test_other_types_are_read_as_the_numbers_they_hold(name: str, parameters: dict[str, Any], dtype: type) -> None:
    rng = np.random.default_rng(12)
    y_true, y_pred = (rng.integers(0, 100, 600).astype(dtype) for _ in range(2))
    wanted = definition_of(name, parameters, definitions.Pairs(y_true, y_pred))
    assert same(metric_of(name, parameters)(y_true, y_pred), wanted)


@every_metric
def test_integer_weights_equal_repetition(name: str, parameters: dict[str, Any]) -> None:
    rng = np.random.default_rng(13)
    # Of few bits, so that the weighted sums hold no rounding; see the next test for what they hold in general.
    y_true, y_pred = (rng.integers(-1000, 1000, 300) / 64 for _ in range(2))
    weights = rng.integers(1, 5, 300)
    metric = metric_of(name, parameters)
    weighted = metric(y_true, y_pred, sample_weight=weights)
    assert weighted == metric(np.repeat(y_true, weights), np.repeat(y_pred, weights))
    assert weighted == definition_of(name, parameters, definitions.Pairs(y_true, y_pred, weights))


@every_metric
def test_any_weights_are_those_of_the_definition(name: str, parameters: dict[str, Any]) -> None:
    rng = np.random.default_rng(14)
    y_true, weights = rng.standard_normal(300), rng.random(300)
    y_pred = y_true + 0.1 * rng.standard_normal(300)
    wanted = definition_of(name, parameters, definitions.Pairs(y_true, y_pred, weights))
    # Weighted terms are two doubles each, about 2^-100 off: enough to round right where nothing cancels.
    assert metric_of(name, parameters)(y_true, y_pred, sample_weight=weights) == pytest.approx(wanted, rel=1e-15)


@every_metric
def test_order_does_not_matter(name: str, parameters: dict[str, Any]) -> None:
    rng = np.random.default_rng(15)
    y_true = rng.standard_normal(3000)
    y_pred = y_true + rng.standard_normal(3000)
    order = rng.permutation(3000)
    metric = metric_of(name, parameters)
    assert metric(y_true[order], y_pred[order]) == metric(y_true, y_pred)


@every_metric
def test_merged_states_give_the_value_of_all_pairs(name: str, parameters: dict[str, Any]) -> None:
    rng = np.random.default_rng(16)
    y_true = rng.standard_normal(2000) * 10.0 ** rng.uniform(-20, 20, 2000)
    y_pred = y_true * (1 + 0.1 * rng.standard_normal(2000))
    row = _core.metrics[name]
    number = parameter_value(name, parameters[row.parameter]) if parameters else row.default
    parts = []
    for rows in (slice(0, 700), slice(700, 701), slice(701, 2000)):
        state = CoreState(1, "exact", [(name, number)])
        state.update(y_true[rows], y_pred[rows])
        parts.append(state)
    parts[2].merge(parts[0])
    parts[2].merge(parts[1])
    assert parts[2].values(name, number) == [metric_of(name, parameters)(y_true, y_pred)]


# How the value changes where all data is multiplied with 2^k: with which power of it.
POWERS = {"mean_error": 1, "squared_bias": 2, "residual_variance": 2, "mean_asymmetric_squared_error": 2}


@every_metric
@pytest.mark.parametrize("exponent", [-300, -1, 1, 300])
def test_powers_of_two_scale_exactly(name: str, parameters: dict[str, Any], exponent: int) -> None:
    rng = np.random.default_rng(17)
    y_true = rng.standard_normal(500) + 1
    y_pred = y_true + 0.3 * rng.standard_normal(500)
    metric = metric_of(name, parameters)
    factor = 2.0**exponent
    wanted = math.ldexp(metric(y_true, y_pred), POWERS.get(name, 0) * exponent)
    assert metric(y_true * factor, y_pred * factor) == wanted


@pytest.mark.parametrize(
    "name", ["pearson_correlation", "concordance_correlation", "symmetric_mean_absolute_percentage_error"]
)
def test_truth_and_prediction_may_change_places(name: str) -> None:
    y_true, y_pred = np.random.default_rng(18).standard_normal((2, 900))
    metric = getattr(squarely, name)
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


def test_no_digits_cancel_far_from_zero() -> None:
    offset = 2.0**52
    y_true = np.array([0.0, 1.0, 2.0, 3.0])
    y_pred = np.array([0.0, 2.0, 1.0, 3.0])
    for name in ("pearson_correlation", "concordance_correlation", "nash_sutcliffe_efficiency"):
        metric = getattr(squarely, name)
        assert metric(offset + y_true, offset + y_pred) == metric(y_true, y_pred)


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


@pytest.mark.parametrize("name", sorted(NEED_TWO_PAIRS | {"kling_gupta_efficiency"}))
def test_one_pair_has_no_correlation_and_a_warning_says_so(name: str) -> None:
    with pytest.warns(UserWarning, match="is not well-defined with less than two samples."):
        assert math.isnan(getattr(squarely, name)([1.0], [1.0]))


@every_metric
def test_infinities_are_refused_and_give_nan_where_they_are_let_through(name: str, parameters: dict[str, Any]) -> None:
    metric = metric_of(name, parameters)
    y_true, y_pred = [1.0, 2.0, 3.0], [1.0, INF, 3.5]
    with pytest.raises(ValueError, match="Input contains infinity"):
        metric(y_true, y_pred)
    passed = metric(y_true, y_pred, nan_policy="propagate")
    assert passed == INF if name == "mean_asymmetric_squared_error" else math.isnan(passed)


@every_metric
def test_missing_and_masked_pairs_are_left_out_alike(name: str, parameters: dict[str, Any]) -> None:
    metric = metric_of(name, parameters)
    y_true, y_pred = [1.0, 2.0, 4.0, 5.0], [1.5, 2.0, 3.5, 9.0]
    wanted = metric(y_true[:3], y_pred[:3])
    assert metric(y_true, y_pred, where=[True, True, True, False]) == wanted
    assert metric([*y_true[:3], NAN], y_pred, nan_policy="omit") == wanted
    assert math.isnan(metric([*y_true[:3], NAN], y_pred, nan_policy="propagate"))
    with pytest.raises(ValueError, match="Input contains NaN"):
        metric([*y_true[:3], NAN], y_pred)


@every_metric
def test_outputs_are_columns_and_averaged(name: str, parameters: dict[str, Any]) -> None:
    rng = np.random.default_rng(21)
    y_true, y_pred = rng.standard_normal((2, 50, 3))
    metric = metric_of(name, parameters)
    raw = metric(y_true, y_pred, multioutput="raw_values")
    assert raw.tolist() == [metric(y_true[:, i], y_pred[:, i]) for i in range(3)]
    assert metric(y_true, y_pred) == rational.average(raw, [1, 1, 1])


@every_metric
@pytest.mark.parametrize("summation", ROUNDED)
def test_rounding_sums_come_close(name: str, parameters: dict[str, Any], summation: str) -> None:
    rng = np.random.default_rng(22)
    y_true = rng.standard_normal(500)
    y_pred = y_true + rng.standard_normal(500)
    metric = metric_of(name, parameters)
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
