"""The Gaussian negative log-likelihood: of one variance, of one a row, of one a pair."""

import functools
import math
import tracemalloc
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import numpy.typing as npt
import pytest

import squarely
from oracles import rational
from oracles.state_bytes import SUMMATIONS

DIGITS = mpmath.mp.clone()
DIGITS.dps = 60


def parts(
    y_true: Iterable[float], y_pred: Iterable[float], variances: Iterable[float]
) -> tuple[mpmath.mpf, mpmath.mpf]:
    """Return the mean of the logarithms and of the scaled squares, halved."""
    logarithms, squares = [], []
    for y, p, v in zip(y_true, y_pred, variances, strict=True):
        logarithms.append(DIGITS.log(DIGITS.mpf(float(v))))
        square = (Fraction(float(y)) - Fraction(float(p))) ** 2 / Fraction(float(v))
        squares.append(DIGITS.mpf(square.numerator) / square.denominator)
    count = 2 * len(squares)
    return sum(logarithms) / count, sum(squares) / count


# Once for all targets: with sixty digits it takes longer than all of them.
@functools.cache
def case_of_one_variance(variance: float, scale: float) -> tuple[Any, Any, tuple[mpmath.mpf, mpmath.mpf]]:
    y_true, y_pred = scale * np.random.default_rng(51).standard_normal((2, 100))
    return y_true, y_pred, parts(y_true, y_pred, [variance] * 100)


@pytest.mark.parametrize("variance", [1.0, 1e-300, 1e-6, 0.3, 7.0, 1e200])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_one_variance_is_within_2_ulp_of_the_larger_part(target: str, variance: float, scale: float) -> None:
    y_true, y_pred, (logarithm, square) = case_of_one_variance(variance, scale)
    result = squarely.mean_gaussian_nll(y_true, y_pred, variance=variance)
    bound = 2 * math.ulp(float(max(abs(logarithm), square)))
    assert abs(DIGITS.mpf(result) - (logarithm + square)) <= bound


@pytest.mark.parametrize("shape", [(700,), (1,), (90, 3)])
def test_a_variance_for_every_pair_is_within_3_ulp_of_the_larger_parts(target: str, shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(52)
    y_true, y_pred = rng.standard_normal((2, *shape))
    variances = 10.0 ** rng.uniform(-3, 3, shape)
    result = squarely.mean_gaussian_nll(y_true, y_pred, variance=variances)
    logarithm, square = parts(y_true.ravel(), y_pred.ravel(), variances.ravel())
    sizes = np.maximum(abs(np.log(variances)), (y_true - y_pred) ** 2 / variances) / 2
    assert abs(DIGITS.mpf(result) - (logarithm + square)) <= 3 * 2.0**-52 * float(sizes.mean())


def test_the_same_bits_on_every_target_in_any_order() -> None:
    rng = np.random.default_rng(53)
    y_true, y_pred = rng.standard_normal((2, 5000))
    variances = rng.lognormal(size=5000)
    order = rng.permutation(5000)
    values = set()
    for target in squarely.targets():
        squarely.set_target(target)
        values.add(squarely.mean_gaussian_nll(y_true, y_pred, variance=variances))
        values.add(squarely.mean_gaussian_nll(y_true[order], y_pred[order], variance=variances[order]))
    assert len(values) == 1


def test_equal_variances_are_one_variance(rng: np.random.Generator) -> None:
    y_true, y_pred = rng.standard_normal((2, 300, 2))
    one = squarely.mean_gaussian_nll(y_true, y_pred, variance=0.5)
    for variances in (np.full(300, 0.5), np.full((300, 1), 0.5), np.full((300, 2), 0.5)):
        assert squarely.mean_gaussian_nll(y_true, y_pred, variance=variances) == pytest.approx(one, rel=1e-14)
    assert squarely.mean_gaussian_nll(y_true, y_pred, variance=np.float32(0.5)) == one


def test_the_variance_one_gives_half_the_squared_error(rng: np.random.Generator) -> None:
    y_true, y_pred = rng.standard_normal((2, 300))
    half = 0.5 * squarely.mean_squared_error(y_true, y_pred)
    assert squarely.mean_gaussian_nll(y_true, y_pred) == half


def test_scipy_agrees_with_the_constant_added(rng: np.random.Generator) -> None:
    stats = pytest.importorskip("scipy.stats")
    y_true, y_pred = rng.standard_normal((2, 300))
    variances = rng.lognormal(size=300)
    wanted = -stats.norm.logpdf(y_true, y_pred, np.sqrt(variances)).mean() - 0.5 * math.log(2 * math.pi)
    assert squarely.mean_gaussian_nll(y_true, y_pred, variance=variances) == pytest.approx(wanted, rel=1e-12)


def test_outputs_are_averaged_and_weighted_as_ever(rng: np.random.Generator) -> None:
    y_true, y_pred = rng.standard_normal((2, 50, 3))
    variances = rng.lognormal(size=(50, 3))

    def metric(**options: Any) -> Any:
        return squarely.mean_gaussian_nll(y_true, y_pred, variance=variances, **options)

    raw = metric(multioutput="raw_values")
    for i in range(3):
        assert raw[i] == squarely.mean_gaussian_nll(y_true[:, i], y_pred[:, i], variance=variances[:, i])
    assert metric() == rational.average(raw, [1, 1, 1])
    assert metric(multioutput=[1.0, 2.0, 3.0]) == rational.average(raw, [1, 2, 3])
    with pytest.raises(ValueError, match="must be a str among"):  # only shares of a variance are weighed by it
        metric(multioutput="variance_weighted")


@pytest.mark.parametrize("summation", SUMMATIONS)
def test_integer_weights_equal_repetition(rng: np.random.Generator, summation: str) -> None:
    y_true, y_pred = rng.standard_normal((2, 5000))
    variances, weights = rng.lognormal(size=5000), rng.integers(0, 4, 5000)
    weighted = squarely.mean_gaussian_nll(
        y_true, y_pred, variance=variances, sample_weight=weights, summation=summation
    )
    repeated = squarely.mean_gaussian_nll(
        *(np.repeat(a, weights) for a in (y_true, y_pred)), variance=variances.repeat(weights)
    )
    assert weighted == (repeated if summation == "exact" else pytest.approx(repeated, rel=1e-12))


def test_missing_and_masked_pairs_are_left_out_whatever_their_variance(rng: np.random.Generator) -> None:
    y_true, y_pred = rng.standard_normal((2, 100))
    variances = rng.lognormal(size=100)
    wanted = squarely.mean_gaussian_nll(y_true[10:], y_pred[10:], variance=variances[10:])
    variances[:10] = [math.nan, 0.0, -1.0, math.inf, 1, 1, 1, 1, 1, 1]
    where = np.arange(100) >= 10
    assert squarely.mean_gaussian_nll(y_true, y_pred, variance=variances, where=where) == wanted
    masked = np.ma.array(y_true, mask=~where)
    assert squarely.mean_gaussian_nll(masked, y_pred, variance=variances) == wanted
    y_true[:5], y_pred[5:10] = math.nan, math.nan
    assert squarely.mean_gaussian_nll(y_true, y_pred, variance=variances, nan_policy="omit") == wanted
    assert math.isnan(squarely.mean_gaussian_nll(y_true, y_pred, variance=variances, nan_policy="propagate"))
    with pytest.raises(ValueError, match="Input contains NaN"):
        squarely.mean_gaussian_nll(y_true, y_pred, variance=variances)
    with pytest.raises(ValueError, match="a missing prediction may hide a broken model"):
        squarely.mean_gaussian_nll(y_true, y_pred, variance=variances, nan_policy="omit_true")


def test_infinities_are_refused_or_let_through() -> None:
    with pytest.raises(ValueError, match="Input contains infinity"):
        squarely.mean_gaussian_nll([1.0, math.inf], [1.0, 2.0], variance=[1.0, 1.0])
    for infinite in ([1.0, math.inf], [1.0, -math.inf]):
        assert squarely.mean_gaussian_nll(infinite, [1.0, 2.0], variance=[1.0, 1.0], nan_policy="propagate") == math.inf
    both = [1.0, math.inf]
    assert math.isnan(squarely.mean_gaussian_nll(both, both, variance=[1.0, 1.0], nan_policy="propagate"))
    assert squarely.mean_gaussian_nll([1e200], [-1e200], variance=[1.0]) == math.inf


def test_tables_and_chunks_are_read_in_step(rng: np.random.Generator) -> None:
    polars = pytest.importorskip("polars")
    y_true, y_pred = rng.standard_normal((2, 400))
    variances = rng.lognormal(size=400)
    wanted = squarely.mean_gaussian_nll(y_true, y_pred, variance=variances)
    halves = [polars.Series(half) for half in np.split(variances, [150])]
    chunked = halves[0].append(halves[1])
    assert squarely.mean_gaussian_nll(polars.Series(y_true), y_pred, variance=chunked) == wanted
    with_null = polars.Series([*y_true[:-1].tolist(), None])
    omitted = squarely.mean_gaussian_nll(with_null, y_pred, variance=chunked, nan_policy="omit")
    assert omitted == squarely.mean_gaussian_nll(y_true[:-1], y_pred[:-1], variance=variances[:-1])


@pytest.mark.parametrize(
    ("variance", "message"),
    [
        (0.0, "The 'variance' parameter of mean_gaussian_nll must be a float in the range (0.0, inf). Got 0.0"),
        ("unit", "The 'variance' parameter of mean_gaussian_nll must be a float in the range (0.0, inf). Got 'unit'"),
        ([1.0, 0.0], "variance must be positive and finite wherever a pair counts. Got 0.0 in row 1"),
        ([math.nan, 1.0], "variance must be positive and finite wherever a pair counts. Got nan in row 0"),
        ([1.0, math.inf], "variance must be positive and finite wherever a pair counts. Got inf in row 1"),
        ([1.0, 1.0, 1.0], "variance has shape (3,), and must be a number, or have the shape of the rows, (2,)"),
        ([[1.0, 1.0]], "variance has shape (1, 2), and must be a number"),
        (["a", "b"], "variance must hold numbers"),
        (None, "variance"),
    ],
)
def test_other_variances_are_refused_in_words(variance: object, message: str) -> None:
    with pytest.raises(ValueError) as error:
        squarely.mean_gaussian_nll([1.0, 2.0], [1.0, 3.0], variance=variance)
    assert message in str(error.value)


def test_integers_that_no_double_holds_are_refused_beside_variances() -> None:
    y: npt.NDArray[np.int64] = np.array([2**60 + 1, 5])
    assert squarely.mean_gaussian_nll(y, y - 1) == 0.5
    with pytest.raises(ValueError, match="y_true holds integers beyond 2\\*\\*53"):
        squarely.mean_gaussian_nll(y, y, variance=[1.0, 1.0])


@pytest.mark.parametrize(("dtype", "sign"), [(np.int64, 1), (np.int64, -1), (np.uint64, 1)])
def test_the_first_integers_that_no_double_holds_are_refused(dtype: type, sign: int) -> None:
    largest: npt.NDArray[Any] = np.array([sign * 2**53, 0], dtype)
    assert squarely.mean_gaussian_nll(largest, largest, variance=[1.0, 1.0]) == 0.0
    assert squarely.generalized_squared_error(largest[:, None], largest[:, None], covariance=[[1.0]]) == 0.0
    for first in (np.array([sign * (2**53 + 1), 0], dtype), np.array([0, sign * 2**62], dtype)):
        with pytest.raises(ValueError, match="y_true holds integers beyond 2\\*\\*53"):
            squarely.mean_gaussian_nll(first, largest, variance=[1.0, 1.0])
        with pytest.raises(ValueError, match="y_pred holds integers beyond 2\\*\\*53"):
            squarely.generalized_squared_error(largest[:, None], first[:, None], covariance=[[1.0]])


def test_memory_does_not_grow_with_the_rows() -> None:
    y_true, y_pred, variances = np.random.default_rng(54).random((3, 2**21)) + 0.5
    tracemalloc.start()
    squarely.mean_gaussian_nll(y_true, y_pred, variance=variances)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 8 * 2**20
