"""Scores of arrays, which need no state, against those of states, which are exact: the same bits, whatever the data."""

import fractions
import math

import numpy as np
import numpy.typing as npt
import pytest

import squarely
from inputs.hard_data import MAKERS, Maker
from squarely.report import Report

Array = npt.NDArray[np.float64]

METRICS = (
    "mean_squared_error",
    "root_mean_squared_error",
    "sum_squared_error",
    "mean_absolute_error",
    "mean_error",
    "r2_score",
    "explained_variance_score",
)
MIDDLE = 1000  # of 2048 rows, in the second block of four


def by_a_state(name: str, y_true: Array, y_pred: Array, **options: object) -> float:
    score = squarely.Accumulator(metrics=[name], **options).update(y_true, y_pred).compute()
    assert isinstance(score, dict)
    return float(score[name])


def assert_same(y_true: Array, y_pred: Array, **options: object) -> None:
    for name in METRICS:
        found = getattr(squarely, name)(y_true, y_pred, **options)
        expected = by_a_state(name, y_true, y_pred, **options)
        is_same = found == expected and math.copysign(1, found) == math.copysign(1, expected)
        assert is_same or (math.isnan(found) and math.isnan(expected)), name


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
@pytest.mark.parametrize("length", [64, 100, 2048, 2500])
def test_data_does_not_matter(target: str, make: Maker, length: int, rng: np.random.Generator) -> None:
    assert_same(*make(rng, length))


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_stretches_are_put_together(make: Maker, rng: np.random.Generator) -> None:
    assert_same(*make(rng, 200_000))


@pytest.mark.parametrize("size", [1e3, 1e12, 1e150, 1e160, 1e300, 1e-300, 0.0])
def test_one_of_another_size_in_the_middle_is_seen(target: str, size: float, rng: np.random.Generator) -> None:
    y_true, y_pred = rng.standard_normal((2, 2048))
    y_true[MIDDLE] *= size
    assert_same(y_true, y_pred)
    y_true[:512] = y_pred[:512] = 0.0
    assert_same(y_true, y_pred)


@pytest.mark.parametrize("size", [1e-310, 1e-250, 1e-160, 1e-100, 1e140, 1e200, 1e300])
def test_scales_change_from_block_to_block(target: str, size: float, rng: np.random.Generator) -> None:
    y_true, y_pred = rng.standard_normal((2, 4096))
    for sides in (y_true, y_pred):
        sides[600:1900] *= size
        sides[3000:] *= size
    assert_same(y_true, y_pred)
    assert_same(y_true[600:1900], y_pred[600:1900])


@pytest.mark.parametrize(
    ("bad", "policy"),
    [(math.nan, "omit"), (math.nan, "propagate"), (math.inf, "propagate"), (-math.inf, "propagate")],
)
def test_no_numbers_in_the_middle_are_counted(target: str, bad: float, policy: str, rng: np.random.Generator) -> None:
    y_true, y_pred = rng.standard_normal((2, 2048))
    y_true[MIDDLE] = y_pred[MIDDLE + 1] = bad
    assert_same(y_true, y_pred, nan_policy=policy)
    y_pred[rng.random(2048) < 0.1] = bad
    assert_same(y_true, y_pred, nan_policy=policy)


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_float32_has_the_bits_of_states(target: str, make: Maker, rng: np.random.Generator) -> None:
    with np.errstate(all="ignore"):
        y_true, y_pred = (side.astype(np.float32) for side in make(rng, 10_000))
    if np.isfinite(y_true).all() and np.isfinite(y_pred).all():
        assert_same(y_true, y_pred)


def test_rows_that_do_not_count_are_left_out(target: str, rng: np.random.Generator) -> None:
    y_true, y_pred = rng.standard_normal((2, 2048))
    where = rng.random(2048) < 0.7
    y_true[~where] = 1e300
    for name in METRICS:
        expected = by_a_state(name, y_true[where], y_pred[where])
        assert getattr(squarely, name)(y_true, y_pred, where=where) == expected, name


def test_layouts_do_not_matter(target: str, rng: np.random.Generator) -> None:
    y_true, y_pred = rng.standard_normal((2, 3000))
    apart = np.repeat(y_true, 3)[::3]
    for name in METRICS:
        expected = by_a_state(name, y_true, y_pred)
        assert getattr(squarely, name)(apart, y_pred) == expected, name
        assert getattr(squarely, name)(y_true[::-1], y_pred[::-1]) == expected, name
        assert getattr(squarely, name)(y_true.astype(">f8"), y_pred) == expected, name


def test_constant_truth_is_recognised(target: str, rng: np.random.Generator) -> None:
    for constant in (1.0, 1 / 3, 1e5, 1e-200):
        y_true = np.full(2048, constant)
        assert_same(y_true, y_true + rng.standard_normal(2048) * constant)
        y_true[MIDDLE] = np.nextafter(constant, 2 * constant)
        assert_same(y_true, y_true + rng.standard_normal(2048) * constant)


def test_a_constant_error_explains_all(target: str) -> None:
    y_true = np.arange(2048.0)
    assert squarely.explained_variance_score(y_true, y_true + 3.0) == 1.0
    assert squarely.r2_score(y_true, y_true) == 1.0


@pytest.mark.parametrize("rows", [64, 2048, 70_000])
def test_an_error_of_zero_has_no_sign(target: str, rows: int, rng: np.random.Generator) -> None:
    for values in (np.zeros(rows), rng.standard_normal(rows)):
        for weights in (None, rng.random(rows)):
            for score in (squarely.mean_squared_error, squarely.mean_absolute_error, squarely.mean_error):
                assert math.copysign(1, score(values, values, sample_weight=weights)) == 1
        assert_same(values, values)


@pytest.mark.parametrize("rows", [64, 2048])
@pytest.mark.parametrize("last", [0, 1])
def test_halves_between_doubles_are_rounded_to_even(target: str, rows: int, last: int) -> None:
    """The sum of squares is 2^54 + 2 and a bit more or less, of which doubles have every fourth."""
    y_true = np.zeros(rows)
    y_true[1], y_true[2] = 2.0**27, 1.0
    y_true[rows - 1] = 1.0
    extra = fractions.Fraction(last, 2**40)
    total = sum(fractions.Fraction(value) ** 2 for value in y_true.tolist())
    y_true[rows - 2] = math.sqrt(abs(last)) * 2.0**-20
    expected = float(total + abs(extra))
    assert squarely.sum_squared_error(y_true, np.zeros(rows)) == expected
    assert squarely.mean_squared_error(y_true, np.zeros(rows)) == expected / rows


def test_halves_between_doubles_of_r2_are_rounded_to_even(target: str) -> None:
    """The variance of the truth is one, and the only error an odd number of 2^-21."""
    y_true = np.tile([0.0, 2.0], 2048)
    for odd in (2**20 + 1, 2**20 + 3):
        y_pred = y_true.copy()
        y_pred[1000] = odd * 2.0**-21
        expected = float(1 - fractions.Fraction(odd**2, 2**54))
        assert squarely.r2_score(y_true, y_pred) == expected
        assert by_a_state("r2_score", y_true, y_pred) == expected


def test_errors_that_cancel_are_summed_exactly(target: str, rng: np.random.Generator) -> None:
    y_true = rng.standard_normal(1024)
    errors = rng.standard_normal(1024)
    truth = np.concatenate([y_true, y_true])
    assert squarely.mean_error(truth, truth) == 0.0
    assert_same(np.zeros(2048), np.concatenate([errors, -errors]))
    assert squarely.mean_error(np.zeros(2048), np.concatenate([errors, -errors])) == 0.0
    assert_same(np.zeros(2049), np.concatenate([errors, [1e-30], -errors]))


def assert_same_weighted(y_true: Array, y_pred: Array, weights: Array, case: object = None, **options: object) -> None:
    for name in METRICS:
        found = getattr(squarely, name)(y_true, y_pred, sample_weight=weights, **options)
        sums = squarely.Accumulator(metrics=[name], **options).update(y_true, y_pred, sample_weight=weights)
        score = sums.compute()
        assert isinstance(score, dict)
        assert found == score[name] or (math.isnan(found) and math.isnan(score[name])), (name, case)


def all_weights(length: int, rng: np.random.Generator) -> dict[str, Array]:
    return {
        "uniform": rng.random(length) + 1e-3,
        "counts": rng.integers(1, 9, length).astype(float),
        "some zero": np.where(rng.random(length) < 0.1, 0.0, rng.random(length)),
        "one zero": np.where(np.arange(length) == length // 2, 0.0, 3.0),
        "decades": 10.0 ** rng.uniform(-20, 20, length),
        "tiny": rng.random(length) * 1e-290,
        "large": rng.random(length) * 1e290,
        "one large": np.where(np.arange(length) == length // 2, 1e200, 1.0),
    }


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_weighted_scores_are_those_of_states(target: str, make: Maker, rng: np.random.Generator) -> None:
    for length in (600, 2048):
        y_true, y_pred = make(rng, length)
        for kind, weights in all_weights(length, rng).items():
            assert_same_weighted(y_true, y_pred, weights, kind)


def test_weighted_stretches_are_put_together(rng: np.random.Generator) -> None:
    y_true, y_pred = rng.standard_normal((2, 150_000))
    for kind, weights in all_weights(150_000, rng).items():
        assert_same_weighted(y_true, y_pred, weights, kind)


@pytest.mark.parametrize("metric", ["sum_squared_error", "mean_squared_error", "mean_absolute_error", "mean_error"])
def test_weighted_scores_are_the_nearest_doubles(target: str, metric: str, rng: np.random.Generator) -> None:
    y_true, y_pred, weights = rng.standard_normal((3, 1100))
    weights = np.abs(weights)
    errors = [
        fractions.Fraction(p) - fractions.Fraction(y) for y, p in zip(y_true.tolist(), y_pred.tolist(), strict=True)
    ]
    of_one = {"mean_absolute_error": abs, "mean_error": lambda error: error}.get(metric, lambda error: error * error)
    exact = [fractions.Fraction(weight) for weight in weights.tolist()]
    total = sum(weight * of_one(error) for weight, error in zip(exact, errors, strict=True))
    divisor = 1 if metric == "sum_squared_error" else sum(exact)
    assert getattr(squarely, metric)(y_true, y_pred, sample_weight=weights) == float(total / divisor)


@pytest.mark.parametrize("policy", ["omit", "propagate"])
def test_rows_without_weight_may_hold_anything(target: str, policy: str, rng: np.random.Generator) -> None:
    y_true, y_pred = rng.standard_normal((2, 2500))
    weights = rng.random(2500)
    absent = rng.random(2500) < 0.05
    weights[absent] = 0.0
    expected = [
        getattr(squarely, name)(y_true[~absent], y_pred[~absent], sample_weight=weights[~absent]) for name in METRICS
    ]
    y_true[absent] = rng.choice([math.nan, math.inf, -math.inf, 1e300], int(absent.sum()))
    for name, value in zip(METRICS, expected, strict=True):
        assert getattr(squarely, name)(y_true, y_pred, sample_weight=weights, nan_policy=policy) == value, name


@pytest.mark.parametrize(
    ("bad", "policy"), [(math.nan, "omit"), (math.nan, "propagate"), (math.inf, "propagate"), (-math.inf, "propagate")]
)
def test_missing_rows_take_their_weights_with_them(
    target: str, bad: float, policy: str, rng: np.random.Generator
) -> None:
    y_true, y_pred = rng.standard_normal((2, 2500))
    weights = rng.random(2500)
    y_true[MIDDLE] = y_pred[7] = bad
    assert_same_weighted(y_true, y_pred, weights, nan_policy=policy)
    where = rng.random(2500) < 0.7
    kept = where & np.isfinite(y_true) & np.isfinite(y_pred)
    if policy == "omit":
        for name in METRICS:
            found = getattr(squarely, name)(y_true, y_pred, sample_weight=weights, where=where, nan_policy=policy)
            expected = getattr(squarely, name)(y_true[kept], y_pred[kept], sample_weight=weights[kept])
            assert found == expected, name


@pytest.mark.parametrize("weight", [-1.0, -1e-320, math.nan, math.inf])
def test_no_usual_weight_is_answered_as_by_a_state(target: str, weight: float, rng: np.random.Generator) -> None:
    y_true, y_pred = rng.standard_normal((2, 2048))
    weights = rng.random(2048)
    weights[MIDDLE] = weight
    if math.isfinite(weight):
        assert_same_weighted(y_true, y_pred, weights)
        return
    for name in METRICS:
        with pytest.raises(ValueError, match="sample_weight"):
            getattr(squarely, name)(y_true, y_pred, sample_weight=weights)


def test_layouts_of_weights_do_not_matter(target: str, rng: np.random.Generator) -> None:
    y_true, y_pred = rng.standard_normal((2, 3000))
    weights = rng.integers(1, 9, 3000).astype(float)
    narrow = y_true.astype(np.float32), y_pred.astype(np.float32)
    for name in METRICS:
        metric = getattr(squarely, name)
        expected = metric(y_true, y_pred, sample_weight=weights)
        assert metric(y_true, y_pred, sample_weight=np.repeat(weights, 2)[::2]) == expected, name
        assert metric(y_true, y_pred, sample_weight=weights.astype(np.int8)) == expected, name
        assert metric(y_true, y_pred, sample_weight=weights.astype(np.float32)) == expected, name
        expected = metric(*(side.astype(float) for side in narrow), sample_weight=weights)
        assert metric(*narrow, sample_weight=weights) == expected, name


SETS = {
    "everyday": None,
    "seven": ("mse", "rmse", "mae", "bias", "max", "r2", "ev"),
    "percentages": ("mae", "mape"),
    "extremes": ("mse", "max"),
}


@pytest.mark.parametrize("metrics", SETS.values(), ids=SETS)
@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_reports_have_the_scores_of_states(
    target: str, metrics: tuple[str, ...] | None, make: Maker, rng: np.random.Generator
) -> None:
    y_true, y_pred = make(rng, 2500)
    options = {} if metrics is None else {"metrics": metrics}
    found = squarely.evaluate(y_true, y_pred, **options).to_dict()
    expected = squarely.Accumulator(**options).update(y_true, y_pred).compute()
    assert found == pytest.approx(expected, rel=0, abs=0, nan_ok=True)


def test_reports_count_what_is_left_out(target: str, rng: np.random.Generator) -> None:
    y_true, y_pred = rng.standard_normal((2, 2500))
    y_true[MIDDLE] = y_pred[7] = math.nan
    where = rng.random(2500) < 0.9
    report = squarely.evaluate(y_true, y_pred, where=where, nan_policy="omit")
    raw = squarely.evaluate(y_true, y_pred, where=where, nan_policy="omit", multioutput="raw_values")
    assert (report.count, report.omitted) == (raw.count, raw.omitted)
    assert report.to_dict() == {name: float(values[0]) for name, values in raw.to_dict().items()}


@pytest.mark.parametrize("metrics", SETS.values(), ids=SETS)
@pytest.mark.parametrize("length", [70, 2500, 200_000])
def test_reports_of_several_predictions_are_those_of_each(
    target: str, metrics: tuple[str, ...] | None, length: int, rng: np.random.Generator
) -> None:
    y_true, *predictions = rng.standard_normal((4, length))
    predictions[2] *= 1e-9
    named = dict(zip(("one", "other", "small"), predictions, strict=True))
    options = {} if metrics is None else {"metrics": metrics}
    report = squarely.evaluate(y_true, named, **options)
    for name, y_pred in named.items():
        single = squarely.evaluate(y_true, y_pred, **options)
        assert {metric: report[metric][name] for metric in report.metrics} == single.to_dict()
    assert report.count == dict.fromkeys(named, length)
    assert report.predictions == ("one", "other", "small")


@pytest.mark.parametrize("holes", [(0,), (1,), (0, 1)])
def test_predictions_with_other_rows_share_no_truth(
    target: str, holes: tuple[int, ...], rng: np.random.Generator
) -> None:
    y_true, *predictions = rng.standard_normal((4, 2500))
    for index in holes:
        predictions[index][MIDDLE + index] = math.nan
    named = dict(zip(("one", "other", "third"), predictions, strict=True))
    report = squarely.evaluate(y_true, named, nan_policy="omit")
    for name, y_pred in named.items():
        single = squarely.evaluate(y_true, y_pred, nan_policy="omit")
        assert {metric: report[metric][name] for metric in report.metrics} == single.to_dict()
    assert report.count == {name: 2500 - int(np.isnan(y_pred).sum()) for name, y_pred in named.items()}


def assert_reports_agree(report: Report, accumulator: squarely.Accumulator, case: object = None) -> None:
    scores = accumulator.compute()
    assert isinstance(scores, dict)
    for name, value in report.to_dict().items():
        is_same = value == scores[name] if isinstance(value, float) else np.array_equal(value, scores[name])
        assert is_same or np.array_equal(value, scores[name], equal_nan=True), (name, case)
    assert report.count == sum(accumulator.core.pairs), case
    assert report.omitted == sum(accumulator.core.omitted), case


@pytest.mark.parametrize("metrics", SETS.values(), ids=SETS)
@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_weighted_reports_have_the_scores_and_counts_of_states(
    target: str, metrics: tuple[str, ...] | None, make: Maker, rng: np.random.Generator
) -> None:
    y_true, y_pred = make(rng, 2500)
    options = {} if metrics is None else {"metrics": metrics}
    for kind, weights in all_weights(2500, rng).items():
        report = squarely.evaluate(y_true, y_pred, sample_weight=weights, **options)
        sums = squarely.Accumulator(**options).update(y_true, y_pred, sample_weight=weights)
        assert_reports_agree(report, sums, kind)


@pytest.mark.parametrize("policy", ["omit", "propagate"])
@pytest.mark.parametrize("kind", ["uniform", "some zero"])
def test_weighted_reports_count_what_is_left_out(target: str, kind: str, policy: str, rng: np.random.Generator) -> None:
    y_true, y_pred = rng.standard_normal((2, 2500))
    y_true[MIDDLE] = y_pred[7] = math.nan
    where, weights = rng.random(2500) < 0.9, all_weights(2500, rng)[kind]
    beside = {"sample_weight": weights, "where": where}
    report = squarely.evaluate(y_true, y_pred, nan_policy=policy, **beside)
    assert_reports_agree(report, squarely.Accumulator(nan_policy=policy).update(y_true, y_pred, **beside))


@pytest.mark.parametrize("metrics", SETS.values(), ids=SETS)
@pytest.mark.parametrize("length", [70, 2500, 150_000])
def test_weighted_reports_of_several_predictions_are_those_of_each(
    target: str, metrics: tuple[str, ...] | None, length: int, rng: np.random.Generator
) -> None:
    y_true, *predictions = rng.standard_normal((4, length))
    weights = rng.random(length)
    named = dict(zip(("one", "other", "third"), predictions, strict=True))
    options = {} if metrics is None else {"metrics": metrics}
    report = squarely.evaluate(y_true, named, sample_weight=weights, **options)
    for name, y_pred in named.items():
        sums = squarely.Accumulator(**options).update(y_true, y_pred, sample_weight=weights)
        assert {metric: report[metric][name] for metric in report.metrics} == sums.compute()
    assert report.count == dict.fromkeys(named, length)


def columns_of(rng: np.random.Generator, length: int, outputs: int) -> tuple[Array, Array]:
    """Each column contiguous, and of a scale of its own."""
    y_true, y_pred = np.asfortranarray(rng.standard_normal((2, outputs, length))).transpose(0, 2, 1)
    scales = 10.0 ** rng.integers(-9, 9, outputs)
    return np.asfortranarray(y_true * scales), np.asfortranarray(y_pred * scales)


AVERAGES: tuple[str | list[float], ...] = ("uniform_average", "raw_values", "variance_weighted", [0.2, 0.3, 0.5])


@pytest.mark.parametrize("average", AVERAGES, ids=str)
@pytest.mark.parametrize("length", [70, 2500, 70_000])
@pytest.mark.parametrize("is_weighted", [False, True])
def test_reports_of_several_outputs_have_the_scores_of_states(
    target: str, average: str | list[float], length: int, is_weighted: bool, rng: np.random.Generator
) -> None:
    y_true, y_pred = columns_of(rng, length, 3)
    beside = {"sample_weight": rng.random(length)} if is_weighted else {}
    report = squarely.evaluate(y_true, y_pred, multioutput=average, **beside)
    assert_reports_agree(report, squarely.Accumulator(multioutput=average).update(y_true, y_pred, **beside))
    both = squarely.evaluate(y_true, {"same": y_pred, "constant": y_true * 0.5}, multioutput=average, **beside)
    for name, value in report.to_dict().items():
        np.testing.assert_array_equal(both[name]["same"], value)


@pytest.mark.parametrize("length", [2500, 70_000])
@pytest.mark.parametrize("threads", [1, 2])
def test_scores_of_several_outputs_are_those_of_states(
    target: str, length: int, threads: int, rng: np.random.Generator
) -> None:
    squarely.set_num_threads(threads)
    y_true, y_pred = columns_of(rng, length, 5)
    y_pred[length // 2, 3] = math.nan
    for name in METRICS:
        for average in ("uniform_average", "raw_values"):
            for options in ({"nan_policy": "omit"}, {"nan_policy": "propagate"}):
                found = getattr(squarely, name)(y_true, y_pred, multioutput=average, **options)
                sums = squarely.Accumulator(metrics=[name], multioutput=average, **options).update(y_true, y_pred)
                np.testing.assert_array_equal(found, sums.compute()[name], err_msg=name)


def test_weights_of_outputs_that_are_not_there_are_refused() -> None:
    ones = np.ones(1000)
    with pytest.raises(ValueError, match="multi-output"):
        squarely.evaluate(ones, ones, metrics="mse", multioutput=[0.5, 0.5])
    with pytest.raises(ValueError, match=r"weights \(2\)"):
        squarely.evaluate(ones.reshape(200, 5), ones.reshape(200, 5), metrics="mse", multioutput=[0.5, 0.5])


@pytest.mark.parametrize("value", [math.nan, 1e3, 1e12, 1e160, 1e-300, 0.0])
@pytest.mark.parametrize("place", [3000, 9000, 19_999])
def test_one_far_into_a_long_array_is_seen(target: str, value: float, place: int, rng: np.random.Generator) -> None:
    y_true, y_pred, weights = rng.random((3, 20_000))
    y_true[place] = value
    assert_same(y_true, y_pred, nan_policy="omit")
    assert_same_weighted(y_true, y_pred, weights, nan_policy="omit")
    y_pred[::100] *= value
    assert_same(y_true, y_pred, nan_policy="omit")


def test_sizes_that_grow_slowly_are_followed(target: str, rng: np.random.Generator) -> None:
    growth = 1.002 ** np.arange(30_000.0)
    y_true, y_pred = rng.standard_normal((2, 30_000)) * growth
    assert_same(y_true, y_pred)
    assert_same(y_true[::-1].copy(), y_pred[::-1].copy())


@pytest.mark.parametrize("offset", [1e2, 1e4, 1e6, 1e8])
def test_truth_far_from_zero_has_the_scores_of_states(target: str, offset: float, rng: np.random.Generator) -> None:
    y_true = offset + rng.standard_normal(20_000)
    assert_same(y_true, y_true + 0.1 * rng.standard_normal(20_000))
