"""What is read off counts by size, held against the numbers themselves."""

import math
from fractions import Fraction

import numpy as np
import pytest

from instruments.counted_arrays import counts_of, distribution_of_arrays, joint_counts_of
from oracles.counts_by_size import TERMS, sizes
from squarely import _core
from squarely.distribution.bands import bands_of_truth
from squarely.distribution.counts import ends_of, means_of, middles_of, sizes_of
from squarely.distribution.density import first_and_prediction, first_and_second
from squarely.distribution.histogram import bins_around_zero, histogram, round_width
from squarely.distribution.normal import normal_counts, normal_quantile_pairs
from squarely.distribution.quantiles import cumulated, quantile, quantiles
from squarely.distribution.running import running
from squarely.distribution.squares import cumulated_squares, share_of_largest
from squarely.distribution.steps import common_step

RANDOM = np.random.default_rng(16)
HEAVY = RANDOM.standard_t(2, 20_000) * 10.0 ** RANDOM.integers(-3, 4, 20_000)
NUMBERS = {
    "normal": RANDOM.normal(size=20_000),
    "heavy tails": HEAVY,
    "whole": RANDOM.poisson(3, 20_000) - 3.0,
    "mostly zero": np.where(RANDOM.random(20_000) < 0.8, 0.0, RANDOM.normal(size=20_000)),
    "far from zero": 300 + RANDOM.normal(size=20_000),
    "at the ends of the doubles": np.array([-1.7e308, 1.7e308, 5e-324, -5e-324, 0.0, -0.0, 1e-310, 2.0**-1029]),
    "one": np.array([-2.5]),
}
every_kind = pytest.mark.parametrize("numbers", NUMBERS.values(), ids=NUMBERS)


@every_kind
@pytest.mark.parametrize("bits", [3, 6, 7])
def test_a_bucket_holds_its_numbers_between_its_ends(numbers, bits):
    buckets = sizes(numbers, bits)
    lower, upper = ends_of(buckets, bits)
    assert np.all(lower <= numbers) and np.all(numbers <= upper)
    inside = numbers[buckets != 0]
    middles = middles_of(buckets, bits)[buckets != 0]
    for number, middle in zip(inside[:500].tolist(), middles[:500].tolist(), strict=True):
        assert abs(Fraction(middle) - Fraction(number)) <= Fraction(abs(number)) / 2 ** (bits + 1) + Fraction(
            2.0 ** (-1023 - bits)
        )


@every_kind
def test_buckets_lie_in_the_order_of_their_numbers_and_touch(numbers):
    buckets = np.unique(sizes(numbers, 7))
    lower, upper = ends_of(buckets, 7)
    assert np.all(lower[1:] >= upper[:-1])
    lower, upper = ends_of(np.arange(-5, 6), 7)
    np.testing.assert_array_equal(lower[1:], upper[:-1])


@every_kind
@pytest.mark.parametrize("share", [0.0, 1e-9, 0.1, 0.5, 0.9, 0.999, 1.0])
def test_a_quantile_is_within_half_a_bucket_of_that_of_the_numbers(numbers, share):
    expected = float(np.quantile(numbers, share, method="inverted_cdf"))
    found = quantile(counts_of(numbers), share)
    assert abs(Fraction(found) - Fraction(expected)) <= Fraction(abs(expected)) / 2**8 + Fraction(2.0**-1029)


def test_a_quantile_is_of_the_rank_however_many_pairs_there_are():
    counts = counts_of([1.0, 2.0, 3.0])._replace(counts=np.array([10**17, 10**17, 10**17]))
    assert quantile(counts, 0.5) == pytest.approx(2, rel=2**-8)
    assert quantile(counts, 0.3) == pytest.approx(1, rel=2**-8)


@every_kind
def test_lines_of_quantiles_stay_in_the_bucket(numbers):
    shares = np.linspace(0.01, 0.99, 50)
    counts = counts_of(numbers)
    expected = np.quantile(numbers, shares, method="inverted_cdf")
    lower, upper = ends_of(sizes(expected, 7), 7)
    found = quantiles(counts, shares)
    assert np.all(np.diff(found) >= 0)
    assert np.all(lower <= found) and np.all(found <= upper)


@every_kind
def test_bars_hold_what_numpy_counts_but_for_the_buckets_at_their_edges(numbers):
    counts = counts_of(numbers)
    edges = bins_around_zero(counts)
    found = histogram(counts, edges)
    assert found.below + found.counts.sum() + found.above == pytest.approx(len(numbers), rel=1e-12)
    lower, upper = ends_of(sizes(numbers, 7), 7)
    for i in range(len(edges) - 1):
        surely = np.sum((lower > edges[i]) & (upper < edges[i + 1]))
        perhaps = np.sum((upper >= edges[i]) & (lower <= edges[i + 1]))
        assert surely - 1e-6 <= found.counts[i] <= perhaps + 1e-6


def test_bars_of_small_whole_numbers_are_those_of_numpy():
    numbers = NUMBERS["whole"] * np.random.default_rng(6).choice([-1, 1, 10], 20_000)
    for edges in (np.arange(-60.5, 200), np.arange(-61.0, 201, 2), np.arange(-60, 210, 5.0)):
        np.testing.assert_array_equal(histogram(counts_of(numbers), edges).counts, np.histogram(numbers, edges)[0])


def test_zero_is_in_the_middle_of_a_bar():
    for numbers in NUMBERS.values():
        edges = bins_around_zero(counts_of(numbers))
        assert len(edges) <= 64
        place = np.searchsorted(edges, 0.0) - 1
        assert edges[place] == -edges[place + 1]


def test_widths_are_what_people_read():
    assert [round_width(width) for width in (0.0, 0.0011, 0.37, 1.0, 6.0, 1e9)] == [1, 0.002, 0.5, 1, 10, 1e9]


@every_kind
def test_sizes_are_counts_of_absolute_numbers(numbers):
    found, expected = sizes_of(counts_of(numbers)), counts_of(np.abs(numbers))
    np.testing.assert_array_equal(found.buckets, expected.buckets)
    np.testing.assert_array_equal(found.counts, expected.counts)


@every_kind
def test_cumulated_counts_are_right_between_buckets(numbers):
    counts = counts_of(numbers)
    upper = ends_of(counts.buckets, 7)[1]
    np.testing.assert_array_equal(cumulated(counts, upper), np.cumsum(counts.counts))
    assert cumulated(counts, np.array([-np.inf, np.inf])).tolist() == [0, len(numbers)]


def pairs_of(kind):
    truth = NUMBERS[kind]
    return truth, truth * 0.9 + np.random.default_rng(3).normal(size=len(truth)) * 0.2


@pytest.mark.parametrize("kind", ["normal", "heavy tails", "whole", "mostly zero", "far from zero"])
def test_a_density_has_every_pair_once_and_near_where_it_is(kind):
    truth, prediction = pairs_of(kind)
    every = distribution_of_arrays(truth, prediction)
    wide = np.array([-1e12, 0.0, 1e12])
    assert first_and_prediction(every.truths_and_residuals, wide).sum() == pytest.approx(len(truth))
    assert first_and_second(every.predictions_and_residuals, wide, wide).sum() == pytest.approx(len(truth))
    edges = np.linspace(*np.quantile(truth, [0.05, 0.95]), 21)
    found = first_and_prediction(every.truths_and_residuals, edges)
    # A bucket of truths is 2^-6 of their size wide, one of residuals 2^-3: pairs move no farther.
    slack = np.abs(truth) * 2.0**-6 + np.abs(truth - prediction) * 2.0**-3
    for column, row in [(0, 0), (7, 8), (10, 10), (15, 14)]:
        low_x, high_x, low_y, high_y = edges[column], edges[column + 1], edges[row], edges[row + 1]
        perhaps = (truth >= low_x - slack) & (truth <= high_x + slack)
        perhaps &= (prediction >= low_y - slack) & (prediction <= high_y + slack)
        surely = (truth >= low_x + slack) & (truth <= high_x - slack)
        surely &= (prediction >= low_y + slack) & (prediction <= high_y - slack)
        assert surely.sum() - 1e-6 <= found[column, row] <= perhaps.sum() + 1e-6


def test_running_values_are_those_of_the_pairs_of_a_column():
    prediction = np.random.default_rng(1).uniform(1, 9, 50_000)
    residual = np.random.default_rng(2).normal(size=50_000) * prediction / 4 + (prediction - 5) ** 2 / 10
    edges = np.linspace(0, 10, 11)
    found = running(joint_counts_of(prediction, residual), edges, counts_of(residual))
    assert found.centers.tolist() == [1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5]
    for i, center in enumerate(found.centers):
        inside = residual[np.abs(prediction - center) < 0.5]
        assert found.pairs[i] == pytest.approx(len(inside), rel=0.05)
        assert found.means[i] == pytest.approx(inside.mean(), abs=0.02)
        np.testing.assert_allclose(found.quantiles[:, i], np.quantile(inside, [0.1, 0.5, 0.9]), rtol=0.08, atol=0.04)


def test_columns_of_too_few_pairs_are_left_out():
    found = running(joint_counts_of([1.0] * 20 + [3.0], [0.5] * 21), np.array([0.0, 2.0, 4.0]), counts_of([0.5] * 21))
    assert found.centers.tolist() == [1.0]
    assert found.quantiles.shape == (3, 1)


def test_bands_are_tenths_of_the_pairs_with_their_errors():
    truth = np.random.default_rng(4).lognormal(size=100_000)
    prediction = truth + np.random.default_rng(5).normal(size=100_000) * truth / 5 - 0.1
    bands = bands_of_truth(joint_counts_of(truth, truth - prediction), counts_of(truth - prediction))
    assert len(bands) == 10
    assert sum(band.pairs for band in bands) == len(truth)
    for band in bands:
        inside = (truth >= band.least_truth) & (truth < band.greatest_truth)
        assert band.pairs == inside.sum()
        assert band.pairs == pytest.approx(10_000, rel=0.15)
        assert band.mean_truth == pytest.approx(truth[inside].mean(), rel=0.01)
        residuals = (truth - prediction)[inside]
        scale = np.abs(residuals).mean()
        assert band.mean_residual == pytest.approx(residuals.mean(), abs=0.03 * scale)
        assert band.mean_absolute_residual == pytest.approx(scale, rel=0.03)


def test_a_truth_of_many_pairs_is_in_one_band():
    truth, prediction = pairs_of("mostly zero")
    bands = bands_of_truth(joint_counts_of(truth, truth - prediction), counts_of(truth - prediction))
    assert 2 <= len(bands) <= 10
    assert max(band.pairs for band in bands) >= 0.79 * len(truth)


@every_kind
@pytest.mark.parametrize("part", [0.001, 0.01, 0.1, 1.0])
def test_the_share_of_the_largest_is_between_what_is_said(numbers, part):
    squares = sorted((Fraction(number) ** 2 for number in numbers.tolist()), reverse=True)
    expected = sum(squares[: math.ceil(part * len(squares))]) / sum(squares)
    found = share_of_largest(counts_of(numbers), part)
    assert found.least - 1e-9 <= expected <= found.greatest + 1e-9
    assert found.greatest - found.least <= 0.02


@every_kind
def test_cumulated_squares_end_at_all_of_them(numbers):
    pairs, shares = cumulated_squares(counts_of(numbers))
    assert pairs[0] == shares[0] == 0
    assert pairs[-1] == 1 and shares[-1] == pytest.approx(1)
    assert np.all(np.diff(pairs) > 0) and np.all(np.diff(shares) >= 0)


def test_shares_of_no_errors_are_zero():
    assert share_of_largest(counts_of([0.0, 0.0]), 0.1) == (0, 0)
    assert cumulated_squares(counts_of([0.0]))[1].tolist() == [0, 0]


def test_the_normal_distribution_has_its_pairs_between_edges():
    found = normal_counts(np.array([-1.0, 0.0, 1.0, np.inf]), 0.0, 1.0, 10_000)
    np.testing.assert_allclose(found, [3413.4, 3413.4, 1586.6], atol=0.1)
    assert normal_counts(np.array([0.0, 1.0, 2.0]), 1.5, 0.0, 7).tolist() == [0, 7]


def test_normal_residuals_lie_on_the_line_of_the_qq_plot():
    numbers = NUMBERS["normal"] * 3 + 1
    _, normal, found = normal_quantile_pairs(counts_of(numbers), numbers.mean(), numbers.std())
    middle = np.abs(normal - 1) < 6
    np.testing.assert_allclose(found[middle], normal[middle], atol=0.15)
    assert np.all(np.diff(found) >= 0)


@pytest.mark.parametrize("step", [1.0, 0.1, 0.25, 5.0, 100.0])
def test_multiples_of_a_round_number_are_known_as_such(step):
    numbers = step * np.random.default_rng(8).integers(-9, 10, 2_000)
    assert common_step([counts_of(numbers)], numbers.min(), numbers.max()) == pytest.approx(step)


@pytest.mark.parametrize("kind", ["normal", "heavy tails", "far from zero", "one"])
def test_other_numbers_have_no_step(kind):
    numbers = NUMBERS[kind]
    assert common_step([counts_of(numbers)], numbers.min(), numbers.max()) == 0


@every_kind
def test_means_of_buckets_are_those_of_their_numbers_as_far_as_finer_counts_tell(numbers):
    buckets = np.unique(sizes(numbers, 3))
    for bucket, mean in zip(buckets, means_of(buckets, 3, counts_of(numbers)), strict=True):
        inside = [Fraction(number) for number in numbers[sizes(numbers, 3) == bucket].tolist()]
        expected = sum(inside) / len(inside)
        assert abs(Fraction(float(mean)) - expected) <= abs(expected) / 2**7 + Fraction(2.0**-1029)


def test_bits_of_counts_are_those_of_the_table():
    for term, by in TERMS.items():
        assert _core.terms[term].by_size == tuple(zip(by.numbers, by.bits, strict=True))
    assert {name for name, row in _core.terms.items() if row.by_size} == set(TERMS)
