"""Accumulator: what a person does with it."""

import copy
import functools
import math
import pickle
import re
import threading
from typing import Any

import numpy as np
import pytest

import squarely
from oracles import rational
from squarely.named_metrics import EVERYDAY

SQUARES = ("mean_squared_error", "root_mean_squared_error", "sum_squared_error")


def filled(seed: int = 0, **configuration: object) -> squarely.Accumulator:
    y_true, y_pred = np.random.default_rng(seed).standard_normal((2, 1000))
    return squarely.Accumulator(**configuration).update(y_true, y_pred)


def test_compute_gives_every_metric_by_name() -> None:
    y_true, y_pred = np.random.default_rng(0).standard_normal((2, 1000))
    assert filled(metrics=SQUARES).compute() == rational.scores(y_true, y_pred)
    assert filled(metrics="mean_squared_error").compute().keys() == {"mean_squared_error"}
    assert tuple(filled(metrics=SQUARES[::-1]).compute()) == SQUARES[::-1]


@pytest.mark.parametrize(
    ("truth", "prediction"),
    [(3.0, 2.5), (3, 2), (True, False), (np.float32(3), 2), (2**53 + 1, 2**53)],
)
def test_two_numbers_are_a_row(truth: Any, prediction: Any) -> None:
    accumulator = squarely.Accumulator("mse").update(truth, prediction)
    assert accumulator == squarely.Accumulator("mse").update([truth], [prediction])
    assert accumulator.count == 1


def test_a_number_that_is_nan_is_called_so() -> None:
    with pytest.raises(ValueError, match="Input contains NaN"):
        squarely.Accumulator("mse").update(math.nan, 1.0)


def test_without_names_the_metrics_are_the_everyday_ones_of_evaluate() -> None:
    y_true, y_pred = np.random.default_rng(0).standard_normal((2, 1000))
    assert filled().metrics == EVERYDAY
    assert filled().compute() == squarely.evaluate(y_true, y_pred).to_dict()


def test_short_names_and_functions_are_names() -> None:
    accumulator = squarely.Accumulator(("mse", squarely.mean_absolute_error, "r2_score", "mean_squared_error"))
    assert accumulator.metrics == ("mean_squared_error", "mean_absolute_error", "r2_score")
    accumulator.update([1.0, 3.0], [1.0, 5.0])
    assert accumulator["mse"] == accumulator[squarely.mean_squared_error] == accumulator["mean_squared_error"] == 2.0
    assert accumulator.values_of_outputs("mae").tolist() == [1.0]


def test_update_returns_the_accumulator_never_a_score() -> None:
    accumulator = squarely.Accumulator()
    assert accumulator.update([1.0], [2.0]) is accumulator


def test_count_and_omitted_add_up_to_the_rows() -> None:
    accumulator = squarely.Accumulator(nan_policy="omit").update([1.0, np.nan, 3.0], [1.0, 2.0, np.nan])
    assert (accumulator.count, accumulator.omitted) == (1, 2)
    wide = squarely.Accumulator(nan_policy="omit").update([[1.0, np.nan], [3.0, 4.0]], [[1.0, 2.0], [3.0, 4.0]])
    assert (wide.count.tolist(), wide.omitted.tolist()) == ([2, 1], [0, 1])


def test_copies_are_independent() -> None:
    original = filled()
    for duplicate in (copy.copy(original), copy.deepcopy(original), pickle.loads(pickle.dumps(original))):
        assert duplicate == original
        duplicate.update([1.0], [2.0])
        assert duplicate != original
        assert original == filled()


def test_sum_of_many_and_reset() -> None:
    parts = [filled(seed) for seed in range(5)]
    total = sum(parts)
    assert isinstance(total, squarely.Accumulator)
    assert total.count == 5000
    assert parts[0] == filled(0)
    assert total.reset() == squarely.Accumulator()
    assert total.count == 0


def test_empty_accumulators_are_neutral() -> None:
    empty = squarely.Accumulator()
    assert empty + filled() == filled()
    assert filled() + empty == filled()
    assert filled() - empty == filled()
    with pytest.raises(ValueError, match="has seen no pairs yet"):
        empty.compute()
    with pytest.raises(ValueError, match="is no part of this one, which has seen nothing"):
        empty.subtract(filled())
    assert empty == squarely.Accumulator()


def test_digest_is_equal_exactly_where_states_are() -> None:
    assert filled(1).digest() == filled(1).digest()
    assert filled(1).digest() != filled(2).digest()
    assert filled(1).digest() != filled(1, nan_policy="omit").digest()
    # Known bits: a digest that changes here changes for everyone who stored one.
    known = squarely.Accumulator(SQUARES).update([3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 8.0])
    assert known.digest() == "69813247902e8b505757a8ab7fca04e475640aeb6ff3dab965ff86fe97b491ec"


def test_digest_is_of_sums_counts_and_options_and_not_of_pairs() -> None:
    y_true = [1.0, 2.0, 3.0, 4.0]
    digest = squarely.Accumulator().update(y_true, [2.0, 1.0, 4.0, 3.0]).digest()
    assert squarely.Accumulator().update(y_true, [0.0, 3.0, 2.0, 5.0]).digest() == digest
    assert squarely.Accumulator().update([3.0, 4.0, 1.0, 2.0], [4.0, 3.0, 2.0, 1.0]).digest() == digest
    omitting = squarely.Accumulator(nan_policy="omit").update(y_true, y_true)
    assert (omitting + squarely.Accumulator(nan_policy="omit").update([math.nan], [1.0])).digest() != omitting.digest()
    assert squarely.Accumulator(["mse", "mae"]).digest() != squarely.Accumulator(["mae", "mse"]).digest()


def test_an_update_that_raises_changes_nothing() -> None:
    accumulator = filled()
    before = accumulator.to_bytes()
    for y_true, y_pred in [
        ([1.0, np.nan], [1.0, 2.0]),
        ([1.0, np.inf], [1.0, 2.0]),
        ([1.0, 2.0], [1.0]),
        ([[1.0, 2.0]], [[1.0, 2.0]]),
        (["a"], [1.0]),
        ([], [1.0]),
    ]:
        with pytest.raises(ValueError):
            accumulator.update(y_true, y_pred)
        assert accumulator.to_bytes() == before


@pytest.mark.parametrize(
    ("name", "mine", "theirs"),
    [
        ("metrics", "mean_squared_error", "sum_squared_error"),
        ("nan_policy", "raise", "omit"),
        ("summation", "exact", "kahan"),
        ("multioutput", "uniform_average", "raw_values"),
    ],
)
def test_merging_what_differs_names_both_sides(name: str, mine: str, theirs: str) -> None:
    left, right = filled(**{name: mine}), filled(**{name: theirs})
    before = left.to_bytes()
    with pytest.raises(ValueError, match=rf"differ in {name}: .*{mine}.*{theirs}"):
        left.merge(right)
    with pytest.raises(ValueError, match=f"differ in {name}"):
        left.subtract(right)
    assert left.to_bytes() == before


def test_merging_other_numbers_of_outputs_names_both_sides() -> None:
    narrow, wide = filled(), squarely.Accumulator().update(np.ones((3, 2)), np.zeros((3, 2)))
    with pytest.raises(ValueError, match=r"has 1 output\(s\), and what is added has 2"):
        narrow.merge(wide)
    with pytest.raises(ValueError, match=r"1 output\(s\).*2 output\(s\)"):
        narrow.subtract(wide)


def test_subtracting_what_was_never_added_is_refused() -> None:
    accumulator = squarely.Accumulator(SQUARES).update([1.0, 2.0], [1.0, 2.0])
    before = accumulator.to_bytes()
    with pytest.raises(ValueError, match=r"is no part of this one \(output 0 would be left with a negative"):
        accumulator.subtract(squarely.Accumulator(SQUARES).update([1.0], [3.0]))
    with pytest.raises(ValueError, match="is no part of this one"):
        accumulator.subtract(squarely.Accumulator(SQUARES).update(np.ones(3), np.ones(3)))
    assert accumulator.to_bytes() == before


def check_is_no_part(whole: squarely.Accumulator, part: squarely.Accumulator) -> None:
    before = whole.to_bytes()
    with pytest.raises(ValueError, match=r"no part of this one \(output 0 would be left with .* a sum of no pairs\)"):
        whole.subtract(part)
    assert whole.to_bytes() == before


@pytest.mark.parametrize("summation", ["exact", "kahan", "pairwise"])
def test_a_difference_without_pairs_has_no_sums(summation: str) -> None:
    def seen(y_true: list[float], y_pred: list[float]) -> squarely.Accumulator:
        return squarely.Accumulator("mse", summation=summation).update(y_true, y_pred)

    check_is_no_part(seen([1.0], [2.0]), seen([1.0], [1.5]))
    check_is_no_part(seen([1.0], [1.5]), seen([1.0], [2.0]))
    check_is_no_part(seen([1.0, 1.0], [2.0, 1.5]), seen([1.0, 1.0], [2.0, 1.0]))
    check_is_no_part(seen([1.0, 1.0], [1.5, 1.0]), seen([1.0], [3.0]))
    nothing = seen([1.0, 0.1], [2.0, 0.7]) - seen([1.0, 0.1], [2.0, 0.7])
    assert nothing.count == 0
    assert squarely.Accumulator.from_bytes(nothing.to_bytes()) == nothing


def test_a_difference_without_pairs_has_no_sums_of_either_sign() -> None:
    def seen(*pairs: float) -> squarely.Accumulator:
        return squarely.Accumulator(("mean_error", "mean_squared_error")).update(list(pairs), [0.0] * len(pairs))

    check_is_no_part(seen(1.0), seen(-1.0))  # of the same square
    check_is_no_part(seen(-1.0, 1.0), seen(1.0, 1.0))


def test_what_is_left_are_sums_of_the_same_pairs() -> None:
    metrics = ("mean_error", "mean_absolute_error", "explained_variance_score", "pearson_correlation")

    def seen(y_true: list[float], y_pred: list[float]) -> squarely.Accumulator:
        return squarely.Accumulator(metrics).update(y_true, y_pred)

    both = seen([1.0, 2.0, 4.0], [1.5, 1.0, 4.0])
    assert (both - seen([2.0], [1.0])).compute() == seen([1.0, 4.0], [1.5, 4.0]).compute()
    for y_true, y_pred in ((1.25, 0.25), (0.0, 1.0), (-2.0, -1.0), (0.0, 0.5)):
        with pytest.raises(ValueError, match="is no part of this one"):
            both.subtract(seen([y_true], [y_pred]))


def test_a_difference_without_pairs_has_no_weights() -> None:
    def seen(weight: float) -> squarely.Accumulator:
        return squarely.Accumulator("mse").update([1.0], [1.0], sample_weight=[weight])

    check_is_no_part(seen(2.0), seen(1.0))
    assert (seen(2.0) - seen(2.0)).count == 0


def test_infinite_pairs_are_in_no_sum_that_is_left() -> None:
    def seen(*pairs: float) -> squarely.Accumulator:
        return squarely.Accumulator("mse", nan_policy="propagate").update(list(pairs), [0.0] * len(pairs))

    check_is_no_part(seen(math.inf, 1.0), seen(2.0))
    check_is_no_part(seen(math.inf, 2.0), seen(1.0))
    assert (seen(math.inf, 2.0) - seen(2.0))["mse"] == math.inf


@pytest.mark.parametrize("summation", ["kahan", "pairwise"])
def test_what_rounding_leaves_of_nothing_is_nothing(summation: str, rng: np.random.Generator) -> None:
    y_true, y_pred = rng.standard_normal((2, 3000)) * 10.0 ** rng.integers(-9, 9, (2, 3000))
    parts = [
        squarely.Accumulator(("mse", "mae", "mean_error"), summation=summation).update(y_true[rows], y_pred[rows])
        for rows in np.array_split(rng.permutation(3000), 30)
    ]
    whole = functools.reduce(squarely.Accumulator.merge, parts[1:], copy.copy(parts[0]))
    for part in parts:
        whole.subtract(part)
        assert whole.count == 0 or whole["mse"] >= 0
        assert squarely.Accumulator.from_bytes(whole.to_bytes()) == whole
    assert whole.count == 0


@pytest.mark.parametrize(
    "metric",
    [
        squarely.metric(name, **{row.parameter: value})
        for name, row in squarely._core.metrics.items()
        if row.parameter
        for value in (*row.words, *([] if row.words else [row.default if row.has_default else 0.5]))
        if name in squarely.metric_names()
    ],
    ids=str,
)
def test_the_text_of_a_metric_is_refused_with_the_call_that_makes_it(metric: Any) -> None:
    value = next((word for word, own in metric.row.words.items() if own == metric.parameter), metric.parameter)
    text = f"{metric.name}({metric.row.parameter}={value})"
    with pytest.raises(ValueError, match=r"takes no text with a parameter, .* Pass squarely\.metric\(") as caught:
        squarely.evaluate([1.0], [2.0], metrics=text)
    written = str(caught.value).rpartition(" Pass ")[2].removesuffix(".")
    assert eval(written, {"squarely": squarely}) == metric


def test_unknown_metrics_and_wrong_operands_are_refused() -> None:
    with pytest.raises(ValueError, match="has no metric 'mean_squared_eror'. Did you mean 'mean_squared_error'"):
        squarely.Accumulator(metrics=("mean_squared_eror",))
    for given, meant in (("RMSE", "rmse"), ("R2", "r2"), ("Mean Squared Error", "mean_squared_error")):
        with pytest.raises(ValueError, match=rf"has no metric '{given}'. Did you mean '{meant}'\?"):
            squarely.Accumulator(given)
    for given in ("all", "unheard_of", "rsquared", "error"):
        with pytest.raises(ValueError, match=rf"has no metric '{given}'. squarely.metric_names"):
            squarely.Accumulator(given)
    for given, meant in (
        ("neg_mse", "Did you mean 'mse'"),
        ("tweedie", "Did you mean 'mean_tweedie_deviance' or 'd2_tweedie_score'"),
        ("mse, mae", "Pass several as a list: ['mse', 'mae']"),
    ):
        with pytest.raises(ValueError, match=re.escape(f"has no metric {given!r}. {meant}")):
            squarely.Accumulator(given)
    with pytest.raises(ValueError, match=r"has no metric <function r2_score at .*>. Did you mean 'r2_score'\?"):
        squarely.Accumulator(pytest.importorskip("sklearn.metrics").r2_score)
    with pytest.raises(ValueError, match="at least one metric"):
        squarely.Accumulator(metrics=())
    with pytest.raises(KeyError, match="has no metric 'sum_squared_error'"):
        filled(metrics="mean_squared_error")["sum_squared_error"]
    with pytest.raises(TypeError):
        filled() + 1
    with pytest.raises(TypeError, match="Only another Accumulator"):
        filled().merge(b"")


def test_averages_over_outputs_are_rounded_once() -> None:
    y_true, y_pred = np.random.default_rng(3).standard_normal((2, 500, 3))
    raw = squarely.mean_squared_error(y_true, y_pred, multioutput="raw_values").tolist()
    for weights in ([1.0, 1.0, 1.0], [0.1, 0.7, 0.3], [1e300, 1.0, -1e-300]):
        found = squarely.Accumulator(multioutput=weights).update(y_true, y_pred)["mean_squared_error"]
        assert found == rational.average(raw, weights)
    assert squarely.mean_squared_error(y_true, y_pred) == rational.average(raw, [1.0, 1.0, 1.0])


def test_many_threads_may_update_one_accumulator() -> None:
    shared = squarely.Accumulator()
    chunks = [np.random.default_rng(seed).standard_normal((2, 997)) for seed in range(40)]

    def work(mine: list[np.ndarray]) -> None:
        for y_true, y_pred in mine:
            shared.update(y_true, y_pred)

    threads = [threading.Thread(target=work, args=(chunks[i::8],)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = squarely.Accumulator()
    for y_true, y_pred in chunks:
        expected.update(y_true, y_pred)
    assert shared == expected


def test_weights_are_for_every_chunk_or_for_none() -> None:
    plain = squarely.Accumulator("r2_score").update([1.0, 2.0, 4.0], [1.0, 2.5, 3.0])
    before = plain.to_bytes()
    with pytest.raises(ValueError, match="began without sample_weight, and this chunk came with it"):
        plain.update([1.0], [2.0], sample_weight=[2.0])
    assert plain.to_bytes() == before
    weighted = squarely.Accumulator("r2_score").update([1.0, 2.0], [1.0, 2.5], sample_weight=[1.0, 2.0])
    with pytest.raises(ValueError, match="began with sample_weight, and this chunk came without it"):
        weighted.update([1.0], [2.0])
    assert weighted.update([4.0], [3.0], sample_weight=1.0)["r2_score"] == squarely.r2_score(
        [1.0, 2.0, 2.0, 4.0], [1.0, 2.5, 2.5, 3.0]
    )


def test_a_chunk_of_no_weight_is_no_error_before_the_score_is_asked_for() -> None:
    accumulator = squarely.Accumulator("mean_squared_error").update([1.0], [2.0], sample_weight=0.0)
    with pytest.raises(ValueError, match="output 0 has no pair of two numbers"):
        accumulator["mean_squared_error"]
    assert accumulator.update([1.0], [3.0], sample_weight=2.0)["mean_squared_error"] == 4.0


def test_values_of_outputs_are_nan_where_there_are_none_and_refused_where_weights_are_zero() -> None:
    accumulator = squarely.Accumulator("mse", nan_policy="omit")
    accumulator.update([[1.0, np.nan]], [[2.0, 3.0]], sample_weight=[2.0])
    assert accumulator.values_of_outputs("mse").tolist() == [1.0, pytest.approx(math.nan, nan_ok=True)]
    accumulator.update([[1.0, 1.0]], [[2.0, 3.0]], sample_weight=[-2.0])
    with pytest.raises(ZeroDivisionError, match="Weights sum to zero"):
        accumulator.values_of_outputs("mse")


def test_metrics_of_order_are_refused_with_what_to_use_instead() -> None:
    with pytest.raises(ValueError, match=r"median_absolute_error needs all pairs at once.*mean_absolute_error"):
        squarely.Accumulator("median_absolute_error")


@pytest.mark.parametrize(
    ("metrics", "named"),
    [
        (None, "max_error"),
        (["max_error", "mean_error"], "max_error"),
        (["mse", squarely.metric("normalized_root_mean_squared_error", normalization="range")], "normalized_root.*"),
    ],
)
def test_the_largest_and_the_least_cannot_be_taken_away(metrics: Any, named: str) -> None:
    accumulator = squarely.Accumulator(metrics).update([1.0, 2.0], [1.0, 3.0])
    before = accumulator.to_bytes()
    with pytest.raises(ValueError, match=rf"^An accumulator of {named} cannot be subtracted: .*\('mse', 'mae', 'r2'\)"):
        accumulator - accumulator
    with pytest.raises(ValueError, match=rf"^An accumulator of {named} cannot be subtracted"):
        accumulator.subtract(accumulator)
    assert accumulator.to_bytes() == before


def test_eight_metrics_take_little_room() -> None:
    y_true, y_pred = np.random.default_rng(0).standard_normal((2, 10_000))
    everyday = squarely.Accumulator(EVERYDAY).update(y_true, y_pred)
    assert len(everyday.to_bytes()) < 1500
    assert squarely.Accumulator.from_bytes(everyday.to_bytes()).compute() == everyday.compute()


def test_an_undefined_metric_is_nan_in_its_own_cell() -> None:
    accumulator = squarely.Accumulator(["mean_poisson_deviance", "mean_error"]).update([-1.0, 2.0], [1.0, 2.0])
    with pytest.warns(UserWarning, match="mean_poisson_deviance is undefined"):
        scores = accumulator.compute()
    assert math.isnan(scores["mean_poisson_deviance"])
    assert scores["mean_error"] == 1.0
    with pytest.raises(ValueError, match="can only be used on non-negative y"):
        accumulator["mean_poisson_deviance"]
