"""The squared error weighted with an inverse covariance, against exact linear algebra."""

import math
import tracemalloc
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import squarely
from oracles import rational

Doubles = npt.NDArray[np.float64]


def solved(matrix: list[list[Fraction]], right: list[Fraction]) -> list[Fraction]:
    """Solve by elimination, which needs no pivots where a matrix is positive definite."""
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    size = len(rows)
    for i in range(size):
        for j in range(i + 1, size):
            factor = rows[j][i] / rows[i][i]
            rows[j] = [b - factor * a for a, b in zip(rows[i], rows[j], strict=True)]
    solution = [Fraction(0)] * size
    for i in reversed(range(size)):
        rest = sum(rows[i][j] * solution[j] for j in range(i + 1, size))
        solution[i] = (rows[i][size] - rest) / rows[i][i]
    return solution


def exact(y_true: Doubles, y_pred: Doubles, covariance: Doubles) -> float:
    matrix = [[Fraction(value) for value in row] for row in covariance.tolist()]
    total = Fraction(0)
    for y, p in zip(y_true.tolist(), y_pred.tolist(), strict=True):
        errors = [Fraction(b) - Fraction(a) for a, b in zip(y, p, strict=True)]
        total += sum(a * b for a, b in zip(errors, solved(matrix, errors), strict=True))
    return rational.nearest_double(total / len(y_true))


def covariance_of(rng: np.random.Generator, outputs: int, spread: float = 1.0) -> Doubles:
    factor = rng.standard_normal((outputs, outputs)) + 2 * np.eye(outputs)
    scale = 10.0 ** rng.uniform(-spread, spread, outputs)
    matrix = factor @ factor.T * np.outer(scale, scale)
    symmetric: Doubles = (matrix + matrix.T) / 2
    return symmetric


@pytest.mark.parametrize("outputs", [1, 2, 3, 6])
@pytest.mark.parametrize("spread", [0.0, 3.0])
def test_it_is_the_mean_of_exact_distances(outputs: int, spread: float) -> None:
    rng = np.random.default_rng(61)
    for _ in range(10):
        covariance = covariance_of(rng, outputs, spread)
        y_true, y_pred = rng.standard_normal((2, 20, outputs))
        result = squarely.generalized_squared_error(y_true, y_pred, covariance=covariance)
        # How columns are scaled does not matter to Cholesky; what remains is the condition of the correlations.
        deviations = np.sqrt(np.diag(covariance))
        condition = np.linalg.cond(covariance / np.outer(deviations, deviations))
        assert result == pytest.approx(exact(y_true, y_pred, covariance), rel=outputs * condition * 2.0**-52)


def test_the_unit_covariance_gives_the_sum_of_the_squared_errors(rng: np.random.Generator) -> None:
    y_true, y_pred = rng.integers(-9, 9, (2, 300, 4)).astype(float)
    result = squarely.generalized_squared_error(y_true, y_pred, covariance=np.eye(4))
    assert result == 4 * squarely.mean_squared_error(y_true, y_pred)


def test_one_output_is_the_squared_error_over_its_variance() -> None:
    assert squarely.generalized_squared_error([1.0, 2.0], [3.0, 4.0], covariance=[[4.0]]) == 1.0


def test_a_diagonal_covariance_is_within_a_few_ulp(rng: np.random.Generator) -> None:
    y_true, y_pred = rng.standard_normal((2, 200, 3))
    covariance = np.diag([1e-12, 0.3, 1e20])
    result = squarely.generalized_squared_error(y_true, y_pred, covariance=covariance)
    assert result == pytest.approx(exact(y_true, y_pred, covariance), rel=4 * 2.0**-52)


def test_scipy_agrees(rng: np.random.Generator) -> None:
    distance = pytest.importorskip("scipy.spatial.distance")
    covariance = covariance_of(rng, 3)
    y_true, y_pred = rng.standard_normal((2, 50, 3))
    inverse = np.linalg.inv(covariance)
    wanted = np.mean([distance.mahalanobis(y, p, inverse) ** 2 for y, p in zip(y_true, y_pred, strict=True)])
    assert squarely.generalized_squared_error(y_true, y_pred, covariance=covariance) == pytest.approx(wanted)


def test_order_targets_and_layouts_do_not_matter(rng: np.random.Generator) -> None:
    covariance = covariance_of(rng, 5)
    y_true, y_pred = rng.standard_normal((2, 20_000, 5))
    order = rng.permutation(20_000)
    values = set()
    for target in squarely.targets():
        squarely.set_target(target)
        values.add(squarely.generalized_squared_error(y_true, y_pred, covariance=covariance))
        values.add(squarely.generalized_squared_error(y_true[order], y_pred[order], covariance=covariance))
        values.add(squarely.generalized_squared_error(np.asfortranarray(y_true), y_pred, covariance=covariance))
    assert len(values) == 1


@pytest.mark.parametrize("power", [-200, -1, 3, 300])
def test_powers_of_four_scale_exactly(rng: np.random.Generator, power: int) -> None:
    covariance = covariance_of(rng, 3)
    y_true, y_pred = rng.standard_normal((2, 30, 3))
    wanted = squarely.generalized_squared_error(y_true, y_pred, covariance=covariance)
    scaled = 2.0**power * y_true, 2.0**power * y_pred
    assert squarely.generalized_squared_error(*scaled, covariance=4.0**power * covariance) == wanted


def test_integer_weights_equal_repetition(rng: np.random.Generator) -> None:
    covariance = covariance_of(rng, 3)
    y_true, y_pred = rng.standard_normal((2, 400, 3))
    weights = rng.integers(0, 4, 400)
    weighted = squarely.generalized_squared_error(y_true, y_pred, covariance=covariance, sample_weight=weights)
    repeated = (np.repeat(side, weights, axis=0) for side in (y_true, y_pred))
    # Weighted squares are held as two doubles, about 2^-100 off: as good as exact where nothing cancels.
    assert weighted == squarely.generalized_squared_error(*repeated, covariance=covariance)


def test_a_row_that_lacks_one_output_is_left_out_as_a_whole(rng: np.random.Generator) -> None:
    covariance = covariance_of(rng, 2)
    y_true, y_pred = rng.standard_normal((2, 50, 2))

    def metric(y_true: Any, y_pred: Any, **options: Any) -> float:
        return squarely.generalized_squared_error(y_true, y_pred, covariance=covariance, **options)

    wanted = metric(y_true[2:], y_pred[2:])
    where = np.ones((50, 2), bool)
    where[0, 0] = where[1, 1] = False
    assert metric(y_true, y_pred, where=where) == wanted
    assert metric(y_true, y_pred, where=np.arange(50) > 1) == wanted
    assert metric(np.ma.array(y_true, mask=~where), y_pred) == wanted
    y_true[0, 0] = y_true[1, 1] = math.nan
    assert metric(y_true, y_pred, nan_policy="omit") == wanted
    assert math.isnan(metric(y_true, y_pred, nan_policy="propagate"))
    with pytest.raises(ValueError, match="Input contains NaN"):
        metric(y_true, y_pred)
    with pytest.raises(ValueError, match="no row has a pair of two numbers in every output"):
        metric([[math.nan, 1.0], [1.0, math.nan]], np.ones((2, 2)), nan_policy="omit")


def test_infinities_are_refused_or_let_through() -> None:
    y_true, y_pred = [[1.0, math.inf], [1.0, 1.0]], np.ones((2, 2))
    with pytest.raises(ValueError, match="Input contains infinity"):
        squarely.generalized_squared_error(y_true, y_pred, covariance=np.eye(2))
    result = squarely.generalized_squared_error(y_true, y_pred, covariance=np.eye(2), nan_policy="propagate")
    assert result == math.inf


def test_weights_that_cancel_are_refused() -> None:
    with pytest.raises(ValueError, match="Sample weights must contain at least one non-zero number"):
        squarely.generalized_squared_error([[1.0]], [[2.0]], covariance=[[1.0]], sample_weight=[0.0])


@pytest.mark.parametrize(
    ("covariance", "message"),
    [
        (np.eye(3), "covariance must have a row and a column for each of the 2 output(s) of y_true"),
        ([1.0, 1.0], "that is shape (2, 2). Got shape (2,)"),
        (2.0, "Got shape ()"),
        (
            [[1.0, 0.0], [0.5, 1.0]],
            "covariance must be symmetric. Elements on both sides of the diagonal differ by up to 0.5",
        ),
        ([[1.0, 1.0], [1.0, 1.0]], "covariance must be positive definite"),
        ([[0.0, 0.0], [0.0, 1.0]], "Its leading 1 x 1 part is not"),
        ([[1.0, 2.0], [2.0, 1.0]], "Its leading 2 x 2 part is not"),
        ([[1.0, math.nan], [math.nan, 1.0]], "covariance must hold finite numbers. Got NaN or infinity."),
        ([["a", "b"], ["b", "a"]], "covariance must be a matrix of numbers"),
        (None, "covariance must"),
    ],
)
def test_other_matrices_are_refused_in_words(covariance: Any, message: str) -> None:
    with pytest.raises(ValueError) as error:
        squarely.generalized_squared_error([[1.0, 2.0]], [[2.0, 2.0]], covariance=covariance)
    assert message in str(error.value)


def test_the_covariance_is_not_written_to() -> None:
    covariance = np.array([[4.0, 1.0], [1.0, 4.0]])
    covariance.flags.writeable = False
    squarely.generalized_squared_error([[1.0, 2.0]], [[2.0, 2.0]], covariance=covariance)


def test_memory_does_not_grow_with_the_rows() -> None:
    y_true, y_pred = np.random.default_rng(62).random((2, 2**19, 4))
    tracemalloc.start()
    squarely.generalized_squared_error(y_true, y_pred, covariance=np.eye(4))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 8 * 2**20
