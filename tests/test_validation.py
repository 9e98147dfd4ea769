"""What is refused, and with which words: scikit-learn's where it has them."""

import fractions
import re
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

import squarely

METRICS = (squarely.mean_squared_error, squarely.root_mean_squared_error, squarely.sum_squared_error)
Metric = Callable[..., object]


class Sparse:
    """Looks like a scipy sparse matrix, which is no optional dependency of a test that short."""

    nnz = 3
    shape = (3, 1)

    def toarray(self) -> npt.NDArray[np.float64]:
        return np.ones((3, 1))


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.__name__)
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


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.__name__)
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


def test_weights_for_one_output_are_refused() -> None:
    with pytest.raises(ValueError, match="Custom weights are useful only in multi-output cases"):
        squarely.mean_squared_error([1.0], [2.0], multioutput=[1.0])


def test_weights_that_sum_to_zero_are_refused() -> None:
    with pytest.raises(ZeroDivisionError, match="sum to zero"):
        squarely.mean_squared_error(np.ones((4, 2)), np.ones((4, 2)), multioutput=[1.0, -1.0])


def test_a_weight_array_is_no_default() -> None:
    y_true, y_pred = np.array([[1.0, 2.0]]), np.array([[2.0, 4.0]])
    assert squarely.mean_squared_error(y_true, y_pred, multioutput=np.array([0.5, 0.5])) == 2.5


def test_a_missing_prediction_is_an_error_where_only_truth_may_be_missing() -> None:
    assert squarely.mean_squared_error([np.nan, 2.0], [np.nan, 4.0], nan_policy="omit_true") == 4.0
    with pytest.raises(ValueError, match=r"Input contains NaN\. 1 values of y_pred"):
        squarely.mean_squared_error([1.0, 2.0], [np.nan, 4.0], nan_policy="omit_true")


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
