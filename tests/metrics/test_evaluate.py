"""evaluate and its report: every metric from one pass, and the same bits as each alone."""

import math
import sys

import numpy as np
import pytest

import squarely
from oracles.state_bytes import SUMMATIONS
from squarely import _core
from squarely.named_metrics import EVERYDAY, Metric, has_default
from squarely.scoring import score

ALL_SUMS = tuple(filter(has_default, squarely.metric_names("sums")))


def positive(rng: np.random.Generator, *shape: int) -> tuple[np.ndarray, np.ndarray]:
    y_true = rng.gamma(2.0, 2.0, shape) + 0.1
    return y_true, y_true * rng.gamma(20.0, 0.05, shape)


@pytest.mark.parametrize("summation", SUMMATIONS)
@pytest.mark.parametrize("weighted", [False, True])
def test_every_metric_together_is_what_it_is_alone(
    target: str, rng: np.random.Generator, weighted: bool, summation: str
) -> None:
    y_true, y_pred = positive(rng, 1500)
    weights = rng.random(1500) if weighted else None
    names = tuple(name for name in ALL_SUMS if _core.metrics[name].takes_weights or not weighted)
    report = squarely.evaluate(y_true, y_pred, metrics=names, sample_weight=weights, summation=summation)
    sums = squarely.Accumulator(names, summation=summation).update(y_true, y_pred, sample_weight=weights)
    assert report.count == 1500
    for name in names:
        assert report[name] == score(name, y_true, y_pred, sample_weight=weights, summation=summation), name
        assert report[name] == sums[name], name


@pytest.mark.parametrize("summation", ["kahan", "pairwise"])
def test_sums_that_round_say_of_a_report_what_exact_ones_do(summation: str, rng: np.random.Generator) -> None:
    y_true, y_pred = positive(rng, 1500)
    y_pred[[7, 900]] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        squarely.evaluate(y_true, y_pred, summation=summation)
    left = squarely.evaluate(y_true, y_pred, summation=summation, nan_policy="omit")
    assert (left.count, left.omitted) == (1498, 2)
    kept = np.isfinite(y_pred)
    assert left["max_error"] == squarely.max_error(y_true[kept], y_pred[kept])
    assert math.isnan(squarely.evaluate(y_true, y_pred, summation=summation, nan_policy="propagate")["r2_score"])


def test_the_everyday_metrics_are_the_default() -> None:
    assert tuple(squarely.evaluate([1.0, 2.0], [1.0, 3.0])) == EVERYDAY


def test_several_predictions_are_what_each_is_alone(rng: np.random.Generator) -> None:
    y_true = rng.standard_normal((1300, 3))
    models = {name: y_true + rng.standard_normal((1300, 3)) for name in "abc"}
    where = rng.random(1300) < 0.9
    together = squarely.evaluate(y_true, models, where=where, multioutput="raw_values")
    assert together.predictions == ("a", "b", "c")
    assert together.count == {name: 3 * int(where.sum()) for name in "abc"}
    for name, prediction in models.items():
        alone = squarely.evaluate(y_true, prediction, where=where, multioutput="raw_values")
        for metric in EVERYDAY:
            assert together[metric][name].tolist() == alone[metric].tolist()
            assert together.to_dict()[name][metric].tolist() == alone.to_dict()[metric].tolist()


def test_several_predictions_of_other_kinds_are_compared_too(rng: np.random.Generator) -> None:
    y_true = rng.standard_normal(300)
    models = {"list": (y_true + 1).tolist(), "masked": np.ma.masked_less(y_true + 1, 0), "single": np.float32(y_true)}
    report = squarely.evaluate(y_true, models, metrics="mean_absolute_error")
    for name, prediction in models.items():
        assert report["mean_absolute_error"][name] == score("mean_absolute_error", y_true, prediction)
    assert report.omitted == {"list": 0, "masked": int((y_true + 1 < 0).sum()), "single": 0}


def test_an_undefined_metric_spoils_no_other() -> None:
    report = squarely.evaluate([-2.0, 1.0], [1.0, 1.0], metrics=("mean_squared_log_error", "mean_error", "r2_score"))
    assert math.isnan(report["mean_squared_log_error"])
    assert report["mean_error"] == 1.5
    assert (
        "cannot be used when targets contain values less than or equal to -1" in report.notes["mean_squared_log_error"]
    )
    assert "undefined" in str(report)


def test_one_pair_has_no_r2_and_says_so() -> None:
    report = squarely.evaluate([1.0], [2.0], metrics=("r2_score", "mean_error"))
    assert math.isnan(report["r2_score"])
    assert report.notes == {"r2_score": "R^2 score is not well-defined with less than two samples."}
    assert report["mean_error"] == 1.0


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
def test_any_axis_gives_a_field_of_scores(rng: np.random.Generator, axis: int) -> None:
    y_true, y_pred = rng.standard_normal((2, 40, 5, 7))
    scores = squarely.evaluate(y_true, y_pred, axis=axis, multioutput="raw_values", metrics=("r2_score", "max_error"))
    rows_first = [np.moveaxis(array, axis, 0) for array in (y_true, y_pred)]
    assert scores["r2_score"].shape == rows_first[0].shape[1:]
    for index in np.ndindex(*rows_first[0].shape[1:]):
        one = (slice(None), *index)
        assert scores["r2_score"][index] == score("r2_score", rows_first[0][one], rows_first[1][one])


def test_a_metric_is_shown_as_it_is_made() -> None:
    assert repr(squarely.metric("mape")) == "squarely.metric('mean_absolute_percentage_error')"
    assert repr(squarely.metric("pinball", alpha=0.9)) == "squarely.metric('mean_pinball_loss', alpha=0.9)"
    for name in filter(has_default, squarely.metric_names()):
        assert eval(repr(squarely.metric(name))) == squarely.metric(name)
    assert repr(Metric("made by hand", 0.0)) == "squarely.metric('made by hand')"


def test_metrics_with_parameters_are_named_by_them() -> None:
    alpha = squarely.metric("mean_pinball_loss", alpha=0.9)
    report = squarely.evaluate([1.0, 2.0], [2.0, 4.0], metrics=["mean_pinball_loss", alpha])
    assert report.metrics == ("mean_pinball_loss", "mean_pinball_loss(alpha=0.9)")
    assert report["mean_pinball_loss"] == 0.75
    assert report["mean_pinball_loss(alpha=0.9)"] == 0.14999999999999997  # the double 0.9 is above nine tenths


@pytest.mark.parametrize(
    ("name", "parameters", "words"),
    [
        (
            "mean_pinball_loss",
            {"alpha": 2.0},
            r"The 'alpha' parameter of mean_pinball_loss must be a float in the range",
        ),
        ("mean_pinball_loss", {"delta": 2.0}, "has no parameter 'delta'. It has only 'alpha'"),
        ("mean_squared_error", {"alpha": 2.0}, "has no parameter 'alpha'. It has none"),
        (
            "mean_squared_errors",
            {},
            "The 'name' parameter of metric has no metric 'mean_squared_errors'. Did you",
        ),
        ("mean_huber_loss", {"delta": "wide"}, "The 'delta' parameter of mean_huber_loss must be"),
        ("mean_tweedie_deviance", {"power": 0.5}, "The 'power' parameter of mean_tweedie_deviance must be"),
        ("normalized_root_mean_squared_error", {"normalization": "iqr"}, "must be a str among"),
    ],
)
def test_wrong_parameters_are_refused_by_name(name: str, parameters: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        squarely.metric(name, **parameters)


def test_wrong_calls_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match="must name at least one metric"):
        squarely.evaluate([1.0], [1.0], metrics=())
    with pytest.raises(ValueError, match="The mapping y_pred names no prediction"):
        squarely.evaluate([1.0], {})
    with pytest.raises(ValueError, match=r"late: Found input variables with inconsistent numbers of samples: \[2, 1\]"):
        squarely.evaluate([1.0, 2.0], {"early": [1.0, 2.0], "late": [1.0]})
    with pytest.raises(ValueError, match=r"late: Input contains NaN"):
        squarely.evaluate([1.0, 2.0], {"early": [1.0, 2.0], "late": [1.0, math.nan]})
    with pytest.raises(KeyError, match="This report has no metric 'r3_score'"):
        squarely.evaluate([1.0, 2.0], [1.0, 2.0])["r3_score"]


def test_the_table_is_aligned() -> None:
    lines = str(squarely.evaluate([1.0, 2.0], {"a": [1.0, 3.0], "bb": [2.0, 2.0]}, metrics=EVERYDAY[:3])).split("\n")
    assert lines[0].split() == ["a", "bb"]
    assert len({line.index(text) for line, text in zip(lines, ["a", "0.5", "0.7", "0.5"], strict=False)}) == 1
    assert lines[-1] == "2 pairs"
    assert str(squarely.evaluate([1.0], [2.0], metrics="mean_error")) == "mean_error 1.0\n1 pair"


def test_the_table_in_a_notebook_escapes_names() -> None:
    table = squarely.evaluate([1.0, 2.0], {"<b>": [1.0, 3.0]}, metrics="mean_error")._repr_html_()
    assert "<th>&lt;b&gt;</th>" in table
    assert '<td title="0.5">0.5</td>' in table


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames_hold_the_scores(library: str) -> None:
    pytest.importorskip(library)
    frame = squarely.evaluate([1.0, 2.0], {"a": [1.0, 3.0], "b": [2.0, 2.0]}, metrics=EVERYDAY[:2]).to_frame(library)
    assert type(frame).__module__.startswith(library)
    assert list(frame["a"]) == [0.5, math.sqrt(0.5)]
    assert "pandas" in sys.modules or library == "polars"


def test_the_report_is_a_mapping_of_metrics() -> None:
    report = squarely.evaluate([1.0, 2.0], [1.0, 3.0], metrics=("mean_error", "max_error"))
    assert dict(report.to_dict()) == {"mean_error": 0.5, "max_error": 1.0}
    assert list(report) == ["mean_error", "max_error"]
    assert len(report) == 2
    assert "max_error" in report
    assert "r2_score" not in report
    assert (report.count, report.omitted) == (2, 0)


def test_parameters_that_differ_in_the_last_digits_are_told_apart() -> None:
    alphas = (0.1234567, 0.12345671, 0.5 + 2**-40)
    metrics = [squarely.metric("mean_pinball_loss", alpha=alpha) for alpha in alphas]
    accumulator = squarely.Accumulator(metrics).update([1.0, 5.0], [2.0, 3.0])
    scores = accumulator.compute()
    for one, alpha in zip(metrics, alphas, strict=True):
        expected = squarely.mean_pinball_loss([1.0, 5.0], [2.0, 3.0], alpha=alpha)
        assert scores[one.label] == accumulator[one.label] == accumulator[one] == expected


@pytest.mark.parametrize(
    ("name", "parameter"),
    [("surprise", 0.0), ("mean_pinball_loss", 5.0), ("mean_pinball_loss", math.nan), ("mean_squared_error", 1.0)],
)
def test_metrics_made_by_hand_are_checked(name: str, parameter: float) -> None:
    with pytest.raises(ValueError, match="'metrics' parameter of Accumulator"):
        squarely.Accumulator(Metric(name, parameter))


@pytest.mark.parametrize("is_whole", [True, False])
def test_a_median_of_many_pairs_has_the_counts_of_its_report(is_whole: bool) -> None:
    rng = np.random.default_rng(7)
    y_true, y_pred = rng.standard_normal((2, 300_000))
    if not is_whole:
        y_true[5] = np.nan
    expected = np.nanmedian(np.abs(y_true - y_pred))
    report = squarely.evaluate(y_true, y_pred, metrics="median_absolute_error", nan_policy="omit")
    assert (report["median_absolute_error"], report.count) == (expected, 300_000 - (not is_whole))
    assert report.omitted == (not is_whole)
    both = {"one": y_pred, "zero": np.zeros(300_000)}
    named = squarely.evaluate(
        y_true, both, metrics="median_absolute_error", nan_policy="omit", multioutput="raw_values"
    )
    assert named["median_absolute_error"]["one"].tolist() == [expected]
    with pytest.raises(ValueError, match="multi-output"):
        squarely.evaluate(y_true, y_pred, metrics="median_absolute_error", nan_policy="omit", multioutput=[1.0, 2.0])
