"""What is refused, and with which words: scikit-learn's where it has them."""

import fractions
import inspect
import math
import re
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

import squarely

Metric = Callable[..., object]
ROWS = squarely._core.metrics

# Every public function of two arrays, also those that are yet to come. Images have any number of dimensions, one score
# and a range of their own: tests/metrics/test_images.py.
METRICS = tuple(getattr(squarely, name) for name in squarely.metric_names() if name != "peak_signal_noise_ratio")
OF_ONE_OUTPUT = tuple(metric for metric in METRICS if "multioutput" not in inspect.signature(metric).parameters)
OF_MANY_OUTPUTS = tuple(metric for metric in METRICS if metric not in OF_ONE_OUTPUT)
WEIGHTED = tuple(metric for metric in METRICS if "sample_weight" in inspect.signature(metric).parameters)
OF_ORDER = tuple(metric for metric in METRICS if ROWS[metric.__name__].kind == "order")


def each(metrics: tuple[Metric, ...]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("metric", metrics, ids=lambda metric: metric.__name__)


class Sparse:
    """Looks like a scipy sparse matrix, which is no optional dependency of a test that short."""

    nnz = 3
    shape = (3, 1)

    def toarray(self) -> npt.NDArray[np.float64]:
        return np.ones((3, 1))


@each(METRICS)
@pytest.mark.parametrize(
    ("y_true", "y_pred", "words"),
    [
        ([1.0, 2, 3], [1.0, 2], "Found input variables with inconsistent numbers of samples: [3, 2]"),
        (np.ones((3, 1)), np.ones((1, 3)), "Found input variables with inconsistent numbers of samples: [3, 1]"),
        (np.ones((3, 2)), np.ones((3, 1)), "y_true and y_pred have different number of output (2!=1)"),
        (np.ones((3, 2)), np.ones(3), "y_true and y_pred have different number of output (2!=1)"),
        ([], [], "Found array with 0 sample(s) (shape=(0,)) while a minimum of 1 is required."),
        (np.ones((2, 0)), np.ones((2, 0)), "Found array with 0 feature(s) (shape=(2, 0)) while a minimum of 1"),
        ([1.0, np.nan], [1.0, 2.0], "Input contains NaN."),
        ([1.0, 2.0], [1.0, np.nan], "Input contains NaN."),
        ([1.0, None], [1.0, 2.0], "Input contains NaN."),
        ([1.0, np.inf], [1.0, 2.0], "Input contains infinity or a value too large for dtype('float64')."),
        ([1.0, -np.inf], [1.0, -np.inf], "Input contains infinity or a value too large for dtype('float64')."),
        (np.float32([np.inf]), np.float32([1]), "Input contains infinity or a value too large for dtype('float32')."),
        ([1.0, 2j], [1.0, 2.0], "Complex data not supported"),
        (np.array([1.0, 2j], object), [1.0, 2.0], "Complex data not supported"),
        (np.ones((2, 2, 2)), np.ones((2, 2, 2)), "Found array with dim 3, while dim <= 2 is required."),
        (["a", "b"], [1.0, 2.0], "could not convert str to float: 'a' at index 0"),
        (np.array([1.0, "junk"], object), [1.0, 2.0], "could not convert str to float: 'junk' at index 1"),
        (np.array(["2020-01-01"], "M8[D]"), [1.0], "which is not a number"),
        (np.array([2**53 + 1, 0.5], object), [1.0, 2.0], "that float64 cannot represent"),
        ([2**53 + 1, 0.5], [1.0, 2.0], "that float64 cannot represent"),
        ([2**63 + 1, -1], [1.0, 2.0], "that float64 cannot represent"),
        ([10**400], [1.0], "beyond 1.8e308"),
        ([[1, 2], [3]], [1.0, 2.0], "y_true must hold numbers, and rows of the same length"),
        (np.zeros(2, [("a", float)]), [1.0, 2.0], "Pass one of its fields"),
        (np.array([object(), 1]), [1.0, 2.0], "could not convert object to float"),
        (np.array([fractions.Fraction(1, 3)], object), [1.0], "that float64 cannot represent"),
    ],
)
def test_bad_data_is_a_value_error_with_clear_words(metric: Metric, y_true: object, y_pred: object, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        metric(y_true, y_pred)


@pytest.mark.skipif(np.finfo(np.longdouble).nmant <= 52, reason="long double is double on this machine")
def test_long_doubles_are_refused_with_the_way_to_round_them() -> None:
    with pytest.raises(
        ValueError, match=re.escape("y_true has dtype float128") + ".*" + re.escape("y_true.astype(float64)")
    ):
        squarely.mean_squared_error(np.array([1], np.longdouble), [1.0])


@pytest.mark.parametrize(
    ("y_true", "y_pred", "expected"),
    [
        (np.array([2**53 + 1]), np.array([2**53]), 1.0),
        ([2**53 + 1], [2**53], 1.0),
        (np.array([2**53 + 1], object), [2.0**53], 1.0),
        ([2**64 - 1], np.array([2**64 - 3], np.uint64), 4.0),
        (np.array([-(2**63)]), np.array([2**64 - 1], np.uint64), float((2**64 + 2**63 - 1) ** 2)),
        (np.uint8([0]), np.uint8([16]), 256.0),
        (np.int8([100]), np.int8([-100]), 40000.0),
        ([1e300, None], [1e300, 1.0], "Input contains NaN."),
    ],
)
def test_integers_are_neither_rounded_nor_wrapped(y_true: object, y_pred: object, expected: float | str) -> None:
    if isinstance(expected, str):
        with pytest.raises(ValueError, match=expected):
            squarely.sum_squared_error(y_true, y_pred)
    else:
        assert squarely.sum_squared_error(y_true, y_pred) == expected


@pytest.mark.parametrize(
    ("y_true", "y_pred"),
    [
        (np.ones((3, 1)), np.ones((1, 3))),
        (np.ones((3, 3)), np.ones(3)),
        (np.ones((3, 3)), np.ones((3, 1))),
        (np.ones((3, 3)), np.ones((1, 3))),
        (np.ones(3), np.ones(1)),
        (np.ones(3), np.ones((1, 3))),
    ],
)
def test_nothing_is_broadcast(y_true: npt.NDArray, y_pred: npt.NDArray) -> None:
    for first, second in ((y_true, y_pred), (y_pred, y_true)):
        with pytest.raises(ValueError, match="inconsistent numbers of samples|different number of output"):
            squarely.mean_squared_error(first, second)


COMPLEX = np.array([1 + 2j, 3 - 1j, 0.5j]), np.array([1 - 1j, 2 - 1j, 0.25])


@pytest.mark.parametrize("dtype", [np.complex64, np.complex128, ">c16"])
def test_complex_errors_are_squared_by_their_absolute_value(dtype: object) -> None:
    y_true, y_pred = (values.astype(dtype) for values in COMPLEX)
    expected = 9 + 1 + 0.0625 + 0.25
    assert squarely.sum_squared_error(y_true, y_pred, complex_values=True) == expected
    assert squarely.mean_squared_error(y_true, y_pred, complex_values=True) == expected / 3
    assert squarely.mean_squared_error(y_true[::-1], y_pred[::-1], complex_values=True) == expected / 3
    assert squarely.sum_squared_error(y_true, [0.0, 0.0, 0.0], complex_values=True) == 15.25
    assert squarely.mean_squared_error(y_true, y_pred, complex_values=True, where=[True, False, False]) == 9.0
    with pytest.raises(ValueError, match="Complex data not supported"):
        squarely.Accumulator().update(y_true, y_pred)


def test_a_missing_part_makes_a_complex_number_missing() -> None:
    y_true = np.array([[1 + 2j, 3], [complex(np.nan, 1), 4], [5, 6]])
    y_pred = np.zeros((3, 2))
    y_pred[2, 1] = np.nan

    def score(**options: object) -> object:
        return squarely.mean_squared_error(y_true, y_pred, complex_values=True, multioutput="raw_values", **options)

    assert score(nan_policy="omit").tolist() == [15.0, 12.5]
    assert np.isnan(score(nan_policy="propagate")).tolist() == [True, True]
    for options in ({}, {"nan_policy": "omit_true"}):
        with pytest.raises(ValueError, match="Input contains NaN."):
            score(**options)
    y_pred[2, 1] = 6
    assert score(nan_policy="omit_true").tolist() == [15.0, 25 / 3]
    assert np.array_equal(score(nan_policy="propagate"), [np.nan, 25 / 3], equal_nan=True)


@each(METRICS)
@pytest.mark.parametrize("value", [None, 3.0, np.float64(3), np.array(3.0), "123", b"123", {1: 2}, {1.0}, Sparse()])
@pytest.mark.parametrize("kind", [ValueError, TypeError])
def test_what_is_no_array_is_both_errors_at_once(metric: Metric, value: object, kind: type[Exception]) -> None:
    words = f"The 'y_true' parameter of {metric.__name__} must be an array-like. Got "
    with pytest.raises(kind, match=re.escape(words)):
        metric(value, [1.0, 2.0, 3.0])
    with pytest.raises(kind, match="The 'y_pred' parameter"):
        metric([1.0, 2.0, 3.0], value)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"multioutput": "mean"}, "The 'multioutput' parameter of mean_squared_error must be a str among"),
        ({"multioutput": None}, "The 'multioutput' parameter of mean_squared_error must be a str among"),
        ({"multioutput": [1, 2, 3]}, "There must be equally many custom weights (3) as outputs (2)."),
        ({"multioutput": [1, np.nan]}, "must hold finite weights"),
        ({"nan_policy": "drop"}, "The 'nan_policy' parameter of mean_squared_error must be a str among"),
        ({"summation": "fast"}, "The 'summation' parameter of mean_squared_error must be a str among"),
    ],
)
def test_bad_parameters_name_the_choices(parameters: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        squarely.mean_squared_error(np.ones((4, 2)), np.ones((4, 2)), **parameters)


@each(OF_MANY_OUTPUTS)
def test_weights_of_outputs_fit_them(metric: Metric) -> None:
    with pytest.raises(ValueError, match="Custom weights are useful only in multi-output cases"):
        metric([1.0, 2.0], [2.0, 2.0], multioutput=[1.0])
    two = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 7.0]])
    with pytest.raises(ValueError, match=re.escape("There must be equally many custom weights (3) as outputs (2).")):
        metric(two, two, multioutput=[1, 2, 3])
    with pytest.raises(ZeroDivisionError, match="sum to zero"):
        metric(two, two, multioutput=[1.0, -1.0])
    with pytest.raises(ValueError, match=f"The 'multioutput' parameter of {metric.__name__} must be a str among"):
        metric(two, two, multioutput="mean")


def test_weights_of_outputs_are_summed_exactly_where_they_may_cancel() -> None:
    four = np.array([[1.0, 2.0, 1.0, 0.0], [3.0, 6.0, 3.0, 0.0]])
    of_one, of_nothing = [1e16, 1.0, -1e16, 0.0], [1e16, 1.0, -1e16, -1.0]
    assert (sum(of_one), sum(of_nothing)) == (0.0, -1.0)
    assert squarely.mean_squared_error(four, np.zeros((2, 4)), multioutput=of_one) == 20.0
    with pytest.raises(ZeroDivisionError, match="sum to zero"):
        squarely.mean_squared_error(four, np.zeros((2, 4)), multioutput=of_nothing)


@each(OF_MANY_OUTPUTS)
def test_outputs_are_averaged_by_variance_only_where_one_is_explained(metric: Metric) -> None:
    two = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 7.0]])
    if ROWS[metric.__name__].takes_variance_weights:
        assert metric(two, two, multioutput="variance_weighted") == 1.0
    else:
        with pytest.raises(
            TypeError, match=re.escape("a str among {'raw_values', 'uniform_average'} or an array-like")
        ):
            metric(two, two, multioutput="variance_weighted")


@each(OF_ONE_OUTPUT)
def test_several_outputs_are_refused_where_there_is_one(metric: Metric) -> None:
    with pytest.raises(ValueError, match=f"Multioutput not supported in {metric.__name__}"):
        metric(np.ones((3, 2)), np.ones((3, 2)))


@each(WEIGHTED)
@pytest.mark.parametrize(
    ("sample_weight", "kind", "words"),
    [
        ([1.0, 2.0], ValueError, "Found input variables with inconsistent numbers of samples: [3, 3, 2]"),
        ([[1.0], [1.0], [1.0]], ValueError, "Sample weights must be 1D array or scalar, got 2D array."),
        ([1.0, np.nan, 1.0], ValueError, "Input sample_weight contains NaN."),
        (np.float32([1, 1, np.nan]), ValueError, "Input sample_weight contains NaN."),
        ([1.0, np.inf, 1.0], ValueError, "Input sample_weight contains infinity or a value too large for dtype"),
        (np.nan, ValueError, "Input sample_weight contains NaN."),
        ([1 + 2j, 1, 1], ValueError, "Complex data not supported"),
        (1j, ValueError, "Complex data not supported"),
        ([0.0, 0.0, 0.0], ValueError, "Sample weights must contain at least one non-zero number."),
        (0, ValueError, "Sample weights must contain at least one non-zero number."),
        (["a", "b", "c"], ValueError, "sample_weight must hold numbers"),
        ([1.0, None, 1.0], ValueError, "sample_weight"),
        ("abc", TypeError, "The 'sample_weight' parameter of"),
        ({1, 2, 3}, TypeError, "The 'sample_weight' parameter of"),
        (Sparse(), TypeError, "The 'sample_weight' parameter of"),
    ],
)
def test_bad_sample_weights_are_refused(
    metric: Metric, sample_weight: object, kind: type[Exception], words: str
) -> None:
    with pytest.raises(kind, match=re.escape(words)):
        metric([1.0, 2.0, 3.0], [1.0, 2.0, 4.0], sample_weight=sample_weight)


@each(WEIGHTED)
def test_weights_that_cancel_are_refused(metric: Metric) -> None:
    if metric in OF_ORDER:
        with pytest.raises(ValueError, match=f"The 'sample_weight' of {metric.__name__} must not be negative"):
            metric([1.0, 2.0], [1.0, 3.0], sample_weight=[1.0, -1.0])
    else:
        with pytest.raises(ZeroDivisionError, match="Weights sum to zero"):
            metric([1.0, 2.0], [1.0, 3.0], sample_weight=[1.0, -1.0])


@each(WEIGHTED)
@pytest.mark.parametrize("kind", [list, tuple, np.array, np.float32, np.uint8, np.int64, lambda w: np.array(w, object)])
def test_weights_are_numbers_of_any_type(metric: Metric, kind: Callable[..., object]) -> None:
    y_true, y_pred = np.array([1.0, 2.0, 3.0, 7.0]), np.array([1.5, 2.0, 4.0, 5.0])
    repeated = metric(np.repeat(y_true, [1, 3, 0, 2]), np.repeat(y_pred, [1, 3, 0, 2]))
    assert metric(y_true, y_pred, sample_weight=kind([1, 3, 0, 2])) == pytest.approx(repeated, rel=1e-14)


@each(WEIGHTED)
def test_one_weight_for_all_is_as_good_as_none(metric: Metric) -> None:
    y_true, y_pred = np.array([1.0, 2.0, 3.0, 7.0]), np.array([1.5, 2.0, 4.0, 5.0])
    unweighted = metric(y_true, y_pred)
    for weight in (2, 0.5, np.float32(4), np.array(8.0)):
        factor = float(weight) if metric is squarely.sum_squared_error else 1.0
        assert metric(y_true, y_pred, sample_weight=weight) == factor * unweighted


@each(METRICS)
def test_unknown_choices_are_both_errors_at_once(metric: Metric) -> None:
    for name in ("nan_policy", "summation"):
        if name in inspect.signature(metric).parameters:
            for kind in (ValueError, TypeError):
                with pytest.raises(kind, match=f"The '{name}' parameter of {metric.__name__} must be a str among"):
                    metric([1.0, 2.0], [1.0, 2.0], **{name: "other"})


@pytest.mark.parametrize(
    ("metric", "parameters", "words"),
    [
        (squarely.mean_pinball_loss, {"alpha": 1.5}, "must be a float in the range [0.0, 1.0]. Got 1.5 instead."),
        (squarely.mean_pinball_loss, {"alpha": "0.5"}, "must be a float in the range [0.0, 1.0]."),
        (squarely.mean_pinball_loss, {"alpha": np.nan}, "must be a float in the range [0.0, 1.0]."),
        (squarely.d2_pinball_score, {"alpha": -0.1}, "must be a float in the range [0.0, 1.0]."),
        (squarely.mean_tweedie_deviance, {"power": 0.5}, "must be a float in the range (-inf, 0.0] or"),
        (squarely.mean_tweedie_deviance, {"power": None}, "must be a float in the range (-inf, 0.0] or"),
        (squarely.d2_tweedie_score, {"power": np.inf}, "must be a float in the range (-inf, 0.0] or"),
        (squarely.r2_score, {"force_finite": "yes"}, "must be an instance of 'bool'."),
        (squarely.explained_variance_score, {"force_finite": 2}, "must be an instance of 'bool'."),
    ],
)
def test_parameters_out_of_range_are_both_errors_at_once(
    metric: Metric, parameters: dict[str, object], words: str
) -> None:
    (name,) = parameters
    for kind in (ValueError, TypeError):
        with pytest.raises(kind, match=re.escape(f"The '{name}' parameter of {metric.__name__} {words}")):
            metric([1.0, 2.0], [1.0, 2.0], **parameters)


@each(tuple(metric for name in squarely.metric_names() if ROWS[name].parameter for metric in [getattr(squarely, name)]))
def test_every_parameter_is_refused_beyond_its_range(metric: Metric) -> None:
    row = ROWS[metric.__name__]
    refused = [value for value in (-1.0, 0.5, 1.5, np.nan, np.inf) if not row.allows(value)]
    assert refused
    for value in refused:
        with pytest.raises(ValueError, match=re.escape(f"The '{row.parameter}' parameter of {row.name} must be")):
            metric([1.0, 2.0], [1.0, 2.0], **{row.parameter: value})


@pytest.mark.parametrize(
    ("metric", "y_true", "y_pred", "words"),
    [
        (squarely.mean_squared_log_error, [-1.0], [0.0], "Mean Squared Logarithmic Error cannot be used when targets"),
        (squarely.mean_squared_log_error, [0.0], [-2.0], "contain values less than or equal to -1."),
        (squarely.root_mean_squared_log_error, [-1.0], [0.0], "Root Mean Squared Logarithmic Error cannot be used"),
        (squarely.mean_poisson_deviance, [-1.0], [1.0], "on non-negative y and strictly positive y_pred."),
        (squarely.mean_poisson_deviance, [1.0], [0.0], "on non-negative y and strictly positive y_pred."),
        (squarely.mean_gamma_deviance, [0.0], [1.0], "power=2 can only be used on strictly positive y and y_pred."),
        (squarely.mean_gamma_deviance, [1.0], [0.0], "power=2 can only be used on strictly positive y and y_pred."),
    ],
)
def test_values_outside_the_domain_are_refused(metric: Metric, y_true: object, y_pred: object, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        metric(y_true, y_pred)
    # Where they do not count they are no errors.
    assert metric([1.0, *y_true], [1.0, *y_pred], where=[True, False]) == 0.0


@pytest.mark.parametrize(
    ("power", "y_true", "y_pred", "words"),
    [
        (-1, 1.0, 0.0, "power=-1 can only be used on strictly positive y_pred."),
        (1, -1.0, 1.0, "power=1 can only be used on non-negative y and strictly positive y_pred."),
        (1.5, 0.0, 0.0, "power=1.5 can only be used on non-negative y and strictly positive y_pred."),
        (3, 0.0, 1.0, "power=3 can only be used on strictly positive y and y_pred."),
    ],
)
def test_deviances_name_their_power_and_its_domain(power: float, y_true: float, y_pred: float, words: str) -> None:
    for metric in (squarely.mean_tweedie_deviance, squarely.d2_tweedie_score):
        with pytest.raises(ValueError, match=re.escape("Mean Tweedie deviance error with " + words)):
            metric([1.0, y_true], [1.0, y_pred], power=power)


@each(tuple(metric for metric in METRICS if ROWS[metric.__name__].least_pairs > 1))
def test_one_pair_is_too_few_for_a_score(metric: Metric) -> None:
    words = f"{ROWS[metric.__name__].title} is not well-defined with less than two samples."
    with pytest.warns(UserWarning, match=re.escape(words)) as warned:
        assert np.isnan(metric([1.0], [2.0]))
    assert warned[0].filename == __file__
    if "multioutput" in inspect.signature(metric).parameters:
        with pytest.warns(UserWarning, match=re.escape(words)):
            values = metric([[1, np.nan], [2, 1]], [[1, 2], [2, 4]], nan_policy="omit", multioutput="raw_values")
        assert np.array_equal(values, [1.0, np.nan], equal_nan=True)


@pytest.mark.parametrize("nan_policy", ["omit", "omit_true"])
@each(METRICS)
def test_a_missing_truth_is_as_good_as_no_pair(metric: Metric, nan_policy: str) -> None:
    y_true, y_pred = [1.0, np.nan, 3.0, 7.0, 4.0], [1.5, 2.0, 4.0, 5.0, 4.0]
    expected = metric([1.0, 3.0, 7.0, 4.0], [1.5, 4.0, 5.0, 4.0])
    assert metric(y_true, y_pred, nan_policy=nan_policy) == expected
    assert metric([1.0, 99.0, 3.0, 7.0, 4.0], y_pred, where=[True, False, True, True, True]) == expected
    assert np.isnan(metric(y_true, y_pred, nan_policy="propagate"))


def test_a_weight_array_is_no_default() -> None:
    y_true, y_pred = np.array([[1.0, 2.0]]), np.array([[2.0, 4.0]])
    assert squarely.mean_squared_error(y_true, y_pred, multioutput=np.array([0.5, 0.5])) == 2.5


def test_a_missing_prediction_is_an_error_where_only_truth_may_be_missing() -> None:
    assert squarely.mean_squared_error([np.nan, 2.0], [np.nan, 4.0], nan_policy="omit_true") == 4.0
    with pytest.raises(ValueError, match=r"Input contains NaN\. 1 value of y_pred"):
        squarely.mean_squared_error([1.0, 2.0], [np.nan, 4.0], nan_policy="omit_true")


@pytest.mark.parametrize(
    ("y_true", "y_pred", "said"),
    [
        ([math.nan, 2.0], [1.0, 2.0], "1 value of y_true is NaN or null; pass"),
        ([math.nan, 2.0], [math.nan, 2.0], "1 value of y_true is NaN or null; pass"),
        ([1.0, 2.0, 3.0], [math.nan, math.nan, 3.0], "2 values of y_pred are NaN or null; pass"),
        (
            [math.nan, math.nan, 3.0],
            [math.nan, 1.0, math.nan],
            "2 values of y_true are NaN or null, and 1 of y_pred where y_true is a number; pass",
        ),
    ],
)
def test_missing_values_are_counted_by_side_and_none_is_not_told(
    y_true: list[float], y_pred: list[float], said: str
) -> None:
    with pytest.raises(ValueError, match=rf"^Input contains NaN\. {said} nan_policy='omit'"):
        squarely.mean_squared_error(y_true, y_pred)


def test_nothing_left_is_an_error() -> None:
    with pytest.raises(ValueError, match="output 1 has no pair of two numbers"):
        squarely.mean_squared_error([[1.0, np.nan]], [[1.0, 1.0]], nan_policy="omit")


def test_masked_elements_are_not_read_as_numbers() -> None:
    masked = np.ma.masked_array([1.0, 99.0], mask=[False, True])
    assert squarely.mean_squared_error(masked, [1.5, 2.0]) == 0.25
    with pytest.raises(ValueError, match="has no pair of two numbers"):
        squarely.mean_squared_error(masked, np.ma.masked_array([1.0, 2.0], mask=[True, False]))


@pytest.mark.parametrize(
    "values",
    [
        [1, 2, 3],
        (1.0, 2.0, 3.0),
        range(1, 4),
        ["1", "2", "3"],
        np.array([1, 2, 3], object),
        np.array([1, 2, 3], np.uint8),
        np.array([1, 2, 3], np.int64),
        np.array([1, 2, 3], np.float16),
        np.array([1, 2, 3], ">f8"),
        np.array([1, 2, 3], ">i4"),
        np.array([[1], [2], [3]]),
        [fractions.Fraction(1), fractions.Fraction(2), 3],
    ],
    ids=lambda values: f"{type(values).__name__}-{getattr(values, 'dtype', '')}",
)
def test_numbers_in_any_container_are_accepted(values: object) -> None:
    score = squarely.mean_squared_error(values, [1.5, 2.0, 3.0])
    assert score == 0.08333333333333333
    assert type(score) is float


def test_booleans_are_numbers() -> None:
    assert squarely.mean_squared_error([True, False], np.array([False, False])) == 0.5
