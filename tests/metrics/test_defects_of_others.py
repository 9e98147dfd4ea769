"""What goes wrong in other libraries, each as the answer that is right."""

import math
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pytest

import squarely
from oracles import rational


def r2_of(y_true: npt.NDArray, y_pred: npt.NDArray) -> float:
    truth = [Fraction(float(value)) for value in y_true]
    errors = sum((y - Fraction(float(p))) ** 2 for y, p in zip(truth, y_pred, strict=True))
    mean = sum(truth) / len(truth)
    return rational.nearest_double(1 - errors / sum((y - mean) ** 2 for y in truth))


def test_many_float32_in_two_columns_do_not_stall_the_sum() -> None:
    # A running float32 sum of ones along the rows stops at 2^24: 0.8388608.
    rows = 2**24 + 1000
    ones = np.broadcast_to(np.ones((1, 2), np.float32), (rows, 2))
    zeros = np.broadcast_to(np.zeros((1, 2), np.float32), (rows, 2))
    assert squarely.mean_squared_error(ones, zeros) == 1.0
    assert squarely.mean_absolute_error(ones, zeros) == 1.0


def test_a_float32_state_does_not_stick_at_two_to_the_24th() -> None:
    accumulator = squarely.Accumulator("mean_absolute_error")
    accumulator.update(np.ones(2**24, np.float32), np.zeros(2**24, np.float32))
    accumulator.update(np.full(2**24, 3, np.float32), np.zeros(2**24, np.float32))
    assert accumulator.compute() == {"mean_absolute_error": 2.0}


def test_a_constant_truth_is_constant_although_its_rounded_mean_differs() -> None:
    assert squarely.r2_score([0.1] * 3, [0.1, 0.1, 0.2]) == 0.0
    assert squarely.r2_score([0.1] * 3, [0.1, 0.1, 0.2], force_finite=False) == -math.inf
    assert squarely.r2_score([0.1] * 3, [0.1] * 3) == 1.0
    assert squarely.explained_variance_score([0.1] * 3, [0.1, 0.1, 0.2]) == 0.0
    assert squarely.r2_score([0.1] * 3, [0.1, 0.1, 0.2], sample_weight=[0.1, 0.7, 0.3]) == 0.0
    assert squarely.d2_tweedie_score([0.1] * 3, [0.1, 0.1, 0.2], power=1.5) == 0.0


def test_neighbouring_integers_beyond_two_to_the_53rd_differ() -> None:
    y_true, y_pred = np.array([2**53 + 1, 2**53 + 3]), np.array([2**53, 2**53])
    assert squarely.mean_squared_error(y_true, y_pred) == 5.0
    assert squarely.mean_absolute_error(y_true, y_pred) == 2.0
    assert squarely.median_absolute_error(y_true, y_pred) == 2.0
    assert squarely.max_error(y_true, y_pred) == 3.0
    assert squarely.r2_score(y_true, y_pred) == -4.0


def test_r2_is_never_above_one_far_from_zero_in_float32(rng: np.random.Generator) -> None:
    y_true = (1e4 + rng.standard_normal(1000)).astype(np.float32)
    y_pred = (y_true + 0.1 * rng.standard_normal(1000)).astype(np.float32)
    assert squarely.r2_score(y_true, y_pred) == r2_of(y_true, y_pred) < 1


def test_r2_is_right_to_the_last_bit_far_from_zero() -> None:
    y_true = np.array([1.0, 2.0, 3.0, 4.0]) + 1e8
    assert squarely.r2_score(y_true, y_true[::-1]) == -3.0


def test_r2_is_right_to_the_last_bit_at_a_billion(rng: np.random.Generator) -> None:
    y_true = 1e9 + rng.standard_normal(2000)
    y_pred = y_true + 0.1 * rng.standard_normal(2000)
    found = squarely.r2_score(y_true, y_pred)
    assert found == r2_of(y_true, y_pred)
    assert found == pytest.approx(0.99, abs=5e-3)


def test_small_targets_are_not_taken_for_constant_ones() -> None:
    # A tolerance on the spread, such as 1e-4, calls these constant: 1.0.
    y_true, y_pred = np.array([4.0, 3.0, 2.0, 1.0]), np.array([1.0, 2.0, 3.0, 4.0])
    assert squarely.r2_score(y_true * 2.0**-10, y_pred * 2.0**-10) == -3.0
    assert squarely.r2_score(y_true * 1e-3, y_pred * 1e-3) == pytest.approx(-3.0, rel=1e-12)


def test_integers_of_eight_bits_do_not_wrap() -> None:
    large, small = np.int8([100]), np.int8([-100])
    assert squarely.mean_squared_error(large, small) == 40000.0
    assert squarely.mean_absolute_error(large, small) == 200.0
    assert squarely.median_absolute_error(large, small) == 200.0
    assert squarely.max_error(large, small) == 200.0
    assert squarely.mean_pinball_loss(large, small, alpha=1.0) == 200.0
    assert squarely.mean_absolute_percentage_error(large, small) == 2.0


def test_unsigned_integers_do_not_wrap() -> None:
    none, some = np.uint8([0]), np.uint8([16])
    assert squarely.mean_squared_error(none, some) == squarely.mean_squared_error(some, none) == 256.0
    for metric in (squarely.mean_absolute_error, squarely.median_absolute_error, squarely.max_error):
        assert metric(none, some) == metric(some, none) == 16.0
    assert squarely.max_error(np.uint8([0]), np.uint8([1])) == 1.0


def test_weights_that_sum_to_less_than_one_are_weights() -> None:
    # Where the count of pairs stands for the sum of weights, the score is 0.
    y_true, y_pred = np.array([3.0, -0.5, 2.0, 7.0, 4.0]), np.array([2.5, 0.0, 2.0, 8.0, 6.0])
    unweighted = squarely.r2_score(y_true, y_pred)
    assert squarely.r2_score(y_true, y_pred, sample_weight=[0.1] * 5) == unweighted
    assert squarely.explained_variance_score(y_true, y_pred, sample_weight=[0.1] * 5) == (
        squarely.explained_variance_score(y_true, y_pred)
    )


def test_weights_of_zero_are_refused_instead_of_ignored() -> None:
    with pytest.raises(ValueError, match="Sample weights must contain at least one non-zero number"):
        squarely.mean_squared_error([1.0, 2.0], [2.0, 4.0], sample_weight=[0.0, 0.0])


def test_a_column_against_a_row_is_not_broadcast() -> None:
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        squarely.mean_absolute_error(np.ones((3, 1)), np.ones((1, 3)))


def test_arrays_that_run_backwards_are_read_backwards(rng: np.random.Generator) -> None:
    y_true, y_pred = rng.standard_normal((2, 1_000_000))
    for metric in (squarely.mean_squared_error, squarely.mean_absolute_error, squarely.max_error):
        assert metric(y_true[::-1], y_pred[::-1]) == metric(y_true, y_pred)
    backwards = squarely.mean_absolute_error(y_true[::-1], y_pred)
    assert backwards == squarely.mean_absolute_error(y_true[::-1].copy(), y_pred)


def test_a_constant_chunk_merges_into_others() -> None:
    # A running mean and spread must survive a chunk of spread zero on both sides of a merge.
    y_true, y_pred = [2.0, 2.0, 2.0, 2.0, 2.0, 4.0, 9.0, 1.0], [2.5, 2.0, 1.0, 2.0, 2.0, 4.5, 8.0, 1.0]
    names = ["r2_score", "explained_variance_score"]
    for chunks in ([(0, 5), (5, 8)], [(5, 8), (0, 5)]):
        first, second = (squarely.Accumulator(names).update(y_true[a:b], y_pred[a:b]) for a, b in chunks)
        merged = first.merge(second).compute()
        assert merged == {
            "r2_score": squarely.r2_score(y_true, y_pred),
            "explained_variance_score": squarely.explained_variance_score(y_true, y_pred),
        }


def test_scores_of_batches_are_not_averaged() -> None:
    batches = [([1.0, 2.0], [1.5, 2.0]), ([10.0, 30.0, 20.0], [12.0, 25.0, 20.0])]
    accumulator = squarely.Accumulator(["root_mean_squared_error", "r2_score"])
    for y_true, y_pred in batches:
        assert accumulator.update(y_true, y_pred) is accumulator
    y_true, y_pred = [1.0, 2.0, 10.0, 30.0, 20.0], [1.5, 2.0, 12.0, 25.0, 20.0]
    assert accumulator.compute() == {
        "root_mean_squared_error": squarely.root_mean_squared_error(y_true, y_pred),
        "r2_score": squarely.r2_score(y_true, y_pred),
    }


@pytest.mark.parametrize("exponent", [-600, -510, 0, 508, 530, 600])
def test_r2_neither_overflows_nor_underflows(exponent: int) -> None:
    y_true, y_pred = np.array([3.0, -0.5, 2.0, 7.0]), np.array([2.5, 0.0, 2.0, 8.0])
    scale = 2.0**exponent
    for metric in (squarely.r2_score, squarely.explained_variance_score, squarely.d2_absolute_error_score):
        assert metric(y_true * scale, y_pred * scale) == metric(y_true, y_pred)


@pytest.mark.parametrize("exponent", [-600, 600])
def test_outputs_are_weighted_by_variances_beyond_all_doubles(exponent: int, rng: np.random.Generator) -> None:
    y_true, y_pred = rng.standard_normal((2, 40, 3)) * [1.0, 5.0, 20.0]
    scale = 2.0**exponent
    for metric in (squarely.r2_score, squarely.explained_variance_score):
        expected = metric(y_true, y_pred, multioutput="variance_weighted")
        assert metric(y_true * scale, y_pred * scale, multioutput="variance_weighted") == expected


@pytest.mark.parametrize("power", [-1.0, 0, 1, 1.5, 2, 3])
def test_the_deviance_of_a_constant_truth_divides_by_nothing(power: float) -> None:
    assert squarely.d2_tweedie_score([2.0, 2.0], [2.0, 2.0], power=power) == 1.0
    assert squarely.d2_tweedie_score([2.0, 2.0], [2.0, 3.0], power=power) == 0.0


def test_a_negative_mean_is_no_baseline_of_a_deviance() -> None:
    assert math.isnan(squarely.d2_tweedie_score([-1.0, -2.0], [1.0, 1.0], power=-1))
    assert squarely.d2_tweedie_score([-1.0, 2.0], [1.0, 1.0], power=-1) < 0


@pytest.mark.parametrize("power", [1, 1.5, 2, 3])
def test_deviances_of_near_predictions_do_not_cancel(power: float) -> None:
    # The three parts of a deviance are of the size of y, and it is of the size of the square of the error.
    y_true, y_pred = np.full(10, 3.0), np.full(10, 3.0 + 2.0**-40)
    found = squarely.mean_tweedie_deviance(y_true, y_pred, power=power)
    assert found == pytest.approx(2.0**-80 * 3.0**-power, rel=1e-10)


def test_pinball_losses_of_both_sides_are_exact() -> None:
    # 1 - alpha is no double for alpha = 0.1.
    alpha = Fraction(0.1)
    y_true, y_pred = [1.0, 2.0, 10.0], [2.0, 4.0, 7.0]
    expected = ((1 - alpha) * 3 + alpha * 3) / 3
    assert squarely.mean_pinball_loss(y_true, y_pred, alpha=0.1) == rational.nearest_double(expected)
    above = ((1 - alpha) * 3) / 3
    assert squarely.mean_pinball_loss(y_true, [2.0, 4.0, 10.0], alpha=0.1) == rational.nearest_double(above)


def test_the_loss_of_the_smallest_quantile_is_zero_below_all_truth() -> None:
    assert squarely.mean_pinball_loss([0.1, 0.2, 0.3], [0.0, 0.1, 0.05], alpha=0.0) == 0.0
    assert squarely.mean_pinball_loss([0.1, 0.2, 0.3], [0.2, 0.3, 0.35], alpha=1.0) == 0.0


def test_a_mask_is_honoured() -> None:
    masked = np.ma.masked_array([1.0, 2.0, 99.0], mask=[False, False, True])
    for metric in (squarely.mean_absolute_error, squarely.median_absolute_error, squarely.max_error):
        assert metric(masked, [1.5, 2.5, 3.0]) == 0.5
    assert squarely.d2_absolute_error_score(masked, [1.5, 2.5, 3.0]) == 0.0
    assert squarely.r2_score(masked, [1.5, 2.5, 3.0]) == 0.0
