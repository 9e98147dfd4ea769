"""Evaluate by groups: every group has the scores of its rows, and the report says which groups are good and bad."""

import copy
import doctest
import itertools
import math
import pathlib
import pickle
import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import squarely
from inputs.metric_parameters import SCORES, as_keyword
from squarely.groups.evaluation import grouped_report_of
from squarely.named_metrics import EVERYDAY

METRICS = tuple(squarely.metric(name, **as_keyword(name, parameter)) for name, parameter in SCORES)
OF_ORDER = tuple(one for one in METRICS if one.is_of_order)
WITH_WEIGHTS = tuple(one for one in METRICS if one.name != "trimmed_mean_squared_error")
STORES = ["b", "a", "c"]


def data(rng: np.random.Generator, rows: int = 300, outputs: tuple[int, ...] = ()) -> dict[str, npt.NDArray[Any]]:
    y_true = np.round(rng.lognormal(0.0, 1.0, (rows, *outputs)), 3) + 0.001
    return {"y_true": y_true, "y_pred": np.abs(y_true + 0.3 * rng.standard_normal(y_true.shape)) + 0.01}


def quietly(function: Any, *arguments: Any, **options: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*arguments, **options)


def score_of_rows(arrays: dict[str, Any], rows: npt.NDArray[np.bool_], metric: Any, options: dict[str, Any]) -> Any:
    try:
        own = {name: values[rows] for name, values in arrays.items()}
        return quietly(squarely.evaluate, **own, metrics=metric, **options)[metric]
    except (ValueError, ZeroDivisionError):
        return math.nan


def check_groups(arrays: dict[str, Any], by: npt.NDArray[Any], metrics: Any = METRICS, **options: Any) -> None:
    """Hold every group to a call on its rows, and the overall scores to one on all of them."""
    report = squarely.evaluate(**arrays, by=by, metrics=metrics, **options)
    assert report.keys == np.unique(by).tolist()
    for metric in metrics:
        expected = np.array([score_of_rows(arrays, by == key, metric, options) for key in report.keys])
        np.testing.assert_array_equal(report[metric], expected, str(metric))
    overall = quietly(squarely.evaluate, **arrays, metrics=metrics, **options)
    assert repr(report.overall.to_dict()) == repr(overall.to_dict())
    assert (report.overall.count, report.overall.omitted) == (overall.count, overall.omitted)
    assert report.overall.notes == overall.notes
    assert int(report.count.sum()) == overall.count
    assert int(report.omitted.sum()) == overall.omitted


# Every group has the scores of its rows


def test_every_metric_of_every_group_is_that_of_its_rows(rng: np.random.Generator) -> None:
    check_groups(data(rng), rng.integers(0, 30, 300))


def test_groups_of_one_row_have_what_one_row_has(rng: np.random.Generator) -> None:
    check_groups(data(rng, rows=20), np.arange(20))


def test_weights_and_masks_go_with_their_rows(rng: np.random.Generator) -> None:
    arrays: dict[str, Any] = {**data(rng), "sample_weight": rng.integers(0, 4, 300)}
    check_groups(arrays, rng.integers(0, 10, 300), WITH_WEIGHTS)
    arrays = {**data(rng), "where": rng.random(300) < 0.5}
    check_groups(arrays, rng.integers(0, 10, 300))


@pytest.mark.parametrize("nan_policy", ["omit", "omit_true", "propagate"])
def test_missing_values_are_missing_in_their_group(rng: np.random.Generator, nan_policy: str) -> None:
    arrays = data(rng)
    arrays["y_true"][rng.random(300) < 0.05] = np.nan
    check_groups(arrays, rng.integers(0, 10, 300), nan_policy=nan_policy)


@pytest.mark.parametrize("summation", ["kahan", "pairwise"])
def test_rounded_sums_of_a_group_are_those_of_its_rows(rng: np.random.Generator, summation: Any) -> None:
    arrays, by = data(rng), rng.integers(0, 10, 300)
    report = squarely.evaluate(**arrays, by=by, metrics=METRICS, summation=summation)
    for metric in METRICS:
        expected = [score_of_rows(arrays, by == key, metric, {"summation": summation}) for key in range(10)]
        np.testing.assert_array_equal(report[metric], expected, str(metric))


@pytest.mark.parametrize("multioutput", ["uniform_average", "raw_values", "variance_weighted"])
@pytest.mark.parametrize("outputs", [(1,), (3,)])
def test_outputs_of_a_group_are_averaged_as_asked(
    rng: np.random.Generator, outputs: tuple[int, ...], multioutput: str
) -> None:
    arrays = data(rng, outputs=outputs)
    check_groups(arrays, rng.integers(0, 10, 300), multioutput=multioutput)


def test_rows_lie_along_the_axis(rng: np.random.Generator) -> None:
    arrays, by = data(rng, outputs=(2, 3)), rng.integers(0, 10, 300)
    weights, where = rng.integers(0, 3, (300, 2, 3)), rng.random((300, 2, 3)) < 0.9
    beside: Any = {"sample_weight": weights, "where": where}
    asked: Any = {"metrics": WITH_WEIGHTS, "multioutput": "raw_values", "by": by}
    straight = squarely.evaluate(**arrays, **beside, **asked)
    turned = {name: np.moveaxis(values, 0, 1) for name, values in {**arrays, **beside}.items()}
    found = squarely.evaluate(**turned, **asked, axis=1)
    for metric in WITH_WEIGHTS:
        np.testing.assert_array_equal(found[metric], straight[metric])
        assert straight[metric].shape == (10, 2, 3)


def test_frames_with_nulls_are_read_column_by_column(rng: np.random.Generator) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    arrays, by = data(rng, outputs=(2,)), rng.integers(0, 10, 300)
    missing = rng.random((300, 2)) < 0.1

    def table(values: npt.NDArray[Any]) -> Any:
        first = pyarrow.array(values[:, 0], mask=missing[:, 0])
        second = pyarrow.array(values[:, 1], mask=missing[:, 1]).cast(pyarrow.float32())
        return pyarrow.table({"a": pyarrow.chunked_array([first[:7], first[7:]]), "b": second})

    truth = np.where(missing, np.nan, arrays["y_true"]).astype("f8")
    prediction = np.where(missing, np.nan, arrays["y_pred"]).astype("f8")
    for values in (truth, prediction):
        values[:, 1] = values[:, 1].astype("f4")
    options: Any = {"metrics": METRICS, "by": by, "nan_policy": "omit", "multioutput": "raw_values"}
    of_tables = squarely.evaluate(table(arrays["y_true"]), table(arrays["y_pred"]), **options)
    of_arrays = squarely.evaluate(truth, prediction, **options)
    for metric in METRICS:
        np.testing.assert_array_equal(of_tables[metric], of_arrays[metric])


def test_masked_arrays_are_read_with_their_masks(rng: np.random.Generator) -> None:
    arrays, by, mask = data(rng), rng.integers(0, 10, 300), rng.random(300) < 0.2
    masked = np.ma.masked_array(arrays["y_true"], mask)
    report = squarely.evaluate(masked, arrays["y_pred"], by=by, metrics=METRICS)
    expected = squarely.evaluate(**arrays, where=~mask, by=by, metrics=METRICS)
    assert repr(report.to_dict()) == repr(expected.to_dict())


def test_several_predictions_are_those_of_each(rng: np.random.Generator) -> None:
    pandas = pytest.importorskip("pandas")
    arrays, by = data(rng), {"store": rng.choice(STORES, 300), "month": rng.integers(1, 13, 300)}
    models = {"one": arrays["y_pred"], "two": arrays["y_pred"] + 1}
    report = squarely.evaluate(arrays["y_true"], models, by=by, metrics=("mse", "medae"))
    assert report.predictions == ("one", "two")
    for name, prediction in models.items():
        alone = squarely.evaluate(arrays["y_true"], prediction, by=by, metrics=("mse", "medae"))
        assert report["mse"][name].tolist() == alone["mse"].tolist()
        assert report.to_dict()[name] == alone.to_dict()
        assert report.median[name] == alone.median
        assert report.count[name].tolist() == alone.count.tolist()
        assert report.overall["medae"][name] == alone.overall["medae"]
        assert report.group(("a", 3))[name] == alone.group(("a", 3))
    frame = pandas.DataFrame({"y": arrays["y_true"], **models, **by})
    of_frames = squarely.evaluate(
        frame["y"], frame[["one", "two"]], by=frame[["store", "month"]], metrics=("mse", "medae")
    )
    assert of_frames.to_dict() == report.to_dict()
    assert of_frames.by == ("store", "month")


def test_what_is_refused_says_of_which_prediction(rng: np.random.Generator) -> None:
    arrays, by = data(rng), rng.integers(0, 10, 300)
    for prediction, words in ((np.full(300, np.nan), "two: Input contains NaN"), (np.ones(3), "two: Found input")):
        with pytest.raises(ValueError, match=words):
            squarely.evaluate(arrays["y_true"], {"one": arrays["y_pred"], "two": prediction}, by=by)
    with pytest.raises(ValueError, match="7 keys"):
        squarely.evaluate(**arrays, by=by[:7])
    with pytest.raises(ValueError, match="evaluate by groups takes no weights of outputs yet"):
        squarely.evaluate(**arrays, by=by, multioutput=[1.0])
    with pytest.raises(ValueError, match="no metric 'mme'"):
        squarely.evaluate(**arrays, by=by, metrics="mme")
    with pytest.raises(ValueError, match="takes no sample_weight"):
        squarely.evaluate(**arrays, by=by, metrics="trimmed_mean_squared_error", sample_weight=np.ones(300))


# The report


def example() -> Any:
    y_true = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]
    y_pred = [1.5, 2.5, 3.0, 1.0, 5.0, 6.5, 7.25]
    return squarely.evaluate(y_true, y_pred, metrics=("mae", "mean_error", "r2"), by=list("ccaabbd"))


def test_values_are_in_the_order_of_the_keys() -> None:
    report = example()
    assert report.keys == list("abcd")
    assert report.by == ("group",)
    assert report.groups == 4
    assert report["mae"].tolist() == [1.5, 0.25, 0.5, 0.25]
    assert list(report) == ["mean_absolute_error", "mean_error", "r2_score"]
    assert len(report) == 3
    assert "mae" in report
    assert "mse" not in report
    assert "no such thing" not in report
    assert report.count.tolist() == [2, 2, 2, 1]
    assert report.digest is None
    with pytest.raises(KeyError, match="has no metric 'mean_squared_error'"):
        report["mse"]


def test_a_group_is_found_by_its_key() -> None:
    report = example()
    assert report.group("a") == report.to_dict()["a"]
    assert report.group("a")["mean_absolute_error"] == 1.5
    with pytest.raises(KeyError):
        report.group("z")
    with pytest.raises(KeyError, match="not among those of this report, which are 1"):
        report.top(1).group("d")


def test_the_median_is_of_the_groups_with_a_value() -> None:
    report = example()
    assert report.median["mean_absolute_error"] == 0.375
    assert report.median["r2_score"] == float(np.nanmedian(report["r2"]))
    nothing = squarely.evaluate([1.0, 2.0], [1.0, 2.0], metrics="r2", by=["a", "b"])
    assert math.isnan(nothing.median["r2_score"])
    raw = squarely.evaluate([[1.0, 2.0]], [[1.0, 3.0]], metrics="mae", by=["a"], multioutput="raw_values")
    assert raw.median["mean_absolute_error"].tolist() == [0.0, 1.0]


def test_the_best_come_first_and_those_without_a_value_last() -> None:
    report = example()
    assert report.sort("mae").keys == ["b", "d", "c", "a"]
    assert report.sort("mae", worst_first=True).keys == ["a", "c", "b", "d"]
    assert report["mean_error"].tolist() == [-1.5, 0.25, 0.5, 0.25]
    assert report.sort("mean_error").keys == ["b", "d", "c", "a"]
    best = report.sort("r2")
    assert best.keys[-1] == report.sort("r2", worst_first=True).keys[-1] == "d"
    assert best["r2"][:3].tolist() == sorted(report["r2"][:3].tolist(), reverse=True)
    assert best.top(2).keys == best.keys[:2]
    assert best.top(2).to_dict() == dict(itertools.islice(best.to_dict().items(), 2))
    assert best.top(9).keys == best.keys
    assert best.overall is report.overall
    with pytest.raises(KeyError, match="has no metric"):
        report.sort("mse")
    with pytest.raises(KeyError, match="has no prediction 'x'"):
        report.sort("mae", prediction="x")
    raw = squarely.evaluate([[1.0, 2.0]], [[1.0, 3.0]], metrics="mae", by=["a"], multioutput="raw_values")
    with pytest.raises(ValueError, match="has one an output"):
        raw.sort("mae")


def test_several_predictions_are_sorted_by_one() -> None:
    models = {"x": [1.0, 3.0], "y": [2.0, 2.0]}
    report = squarely.evaluate([1.0, 2.0], models, metrics="mae", by=["a", "b"])
    assert report.sort("mae").keys == ["a", "b"]
    assert report.sort("mae", prediction="y").keys == ["b", "a"]


def test_notes_say_in_how_many_groups_there_is_no_value_and_why() -> None:
    y_true, y_pred = np.array([1.0, -2.0, 3.0, 4.0, 5.0]), np.array([1.0, 2.0, 3.0, 4.0, np.nan])
    report = squarely.evaluate(
        y_true, y_pred, metrics=("mse", "r2", "msle", "medae"), by=[1, 1, 2, 2, 3], nan_policy="omit"
    )
    logarithm = "Mean Squared Logarithmic Error cannot be used when targets contain values less than or equal to -1"
    assert report.notes == {
        "mean_squared_error": "NaN in 1 of 3 groups: no pairs",
        "r2_score": "NaN in 1 of 3 groups: no pairs",
        "mean_squared_log_error": f"NaN in 2 of 3 groups: {logarithm} (1); no pairs (1)",
        "median_absolute_error": "NaN in 1 of 3 groups: no pairs",
    }
    assert str(report).endswith("median_absolute_error: NaN in 1 of 3 groups: no pairs")


def test_it_is_printed_as_a_table() -> None:
    assert str(example()) == repr(example())
    assert str(example()).splitlines() == [
        "        group  mae       bias       r2        pairs",
        "        a      1.5       -1.5       -17       2",
        "        b      0.25      0.25       0.5       2",
        "        c      0.5       0.5        0         2",
        "        d      0.25      0.25       nan       1",
        "best    b      0.25      0.25       0.5       2",
        "worst   a      1.5       -1.5       -17       2",
        "overall        0.678571  -0.178571  0.649554  7",
        "median         0.375     0.25       0",
        "4 groups of 7 pairs",
        "r2_score: NaN in 1 of 4 groups: fewer than two pairs",
    ]


def test_only_the_first_of_many_groups_are_printed(rng: np.random.Generator) -> None:
    arrays = data(rng)
    report = squarely.evaluate(**arrays, by=np.arange(300) % 100, metrics=EVERYDAY)
    lines = str(report).splitlines()
    assert len(lines) < 20
    assert lines[11] == "...     (90 more)"
    assert lines[-1] == "100 groups of 300 pairs"
    best = str(report.sort("mse").top(3)).splitlines()
    assert len(best) == 6
    assert best[-1] == "3 of 100 groups, 9 pairs"
    page = report._repr_html_()
    assert page.startswith("<table>")
    assert page.count("<tr>") == 16


def test_several_predictions_are_printed_side_by_side() -> None:
    models = {"x": [1.0, 3.0], "<y>": [2.0, 2.0]}
    report = squarely.evaluate([1.0, 2.0], models, metrics=("mae", "mse"), by={"k": ["a", None]})
    assert str(report).splitlines() == [
        "mean_absolute_error of 2 groups",
        "           k     x    <y>  pairs",
        "           a     0    1    1",
        "           null  1    0    1",
        "best of x  a     0    1    1",
        "worst of x null  1    0    1",
        "overall          0.5  0.5  2",
        "median           0.5  0.5",
        "",
        "                    overall of x  median of x  overall of <y>  median of <y>",
        "mean_absolute_error 0.5           0.5          0.5             0.5",
        "mean_squared_error  0.5           0.5          0.5             0.5",
        "2 groups of 2 pairs",
    ]
    assert str(report.top(1)).splitlines()[0] == "mean_absolute_error of 1 of 2 groups"
    assert "&lt;y&gt;" in report._repr_html_()
    assert "<y>" not in report._repr_html_()


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_frame_has_a_row_a_group(library: str) -> None:
    pytest.importorskip(library)
    frame = example().sort("mae").to_frame(library)
    assert list(frame.columns) == ["group", "mean_absolute_error", "mean_error", "r2_score", "count"]
    assert list(frame["group"]) == ["b", "d", "c", "a"]
    models = {"x": [1.0, 3.0], "y": [2.0, 2.0]}
    by = {"month": np.array(["2024-01", "2024-02"], "M8[M]"), "store": [None, "a"]}
    several = squarely.evaluate([1.0, 2.0], models, metrics="mae", by=by).to_frame(library)
    names = ["month", "store", "mean_absolute_error of x", "count of x", "mean_absolute_error of y", "count of y"]
    assert list(several.columns) == names


@pytest.mark.parametrize("way", [copy.copy, copy.deepcopy, lambda report: pickle.loads(pickle.dumps(report))])
@pytest.mark.parametrize(
    "by",
    [
        ["b", "a", None, "a"],
        [None] * 4,
        np.array(["2024-01-01", "2024-01-02", "NaT", "2024-01-01"], "M8[ns]"),
        {"x": [b"q", b"", b"q", None], "y": [1.5, math.nan, 1.5, 2.0], "z": [2**64 - 1, 1, 2, 1]},
    ],
)
def test_a_report_travels_and_copies_as_it_is(by: Any, way: Any) -> None:
    pytest.importorskip("pandas")
    models = {"x": [1.0, 2.0, 3.0, 5.0], "y": [4.0, 3.0, 2.0, 1.0]}
    report = squarely.evaluate([1.0, 2.0, 3.0, 4.0], models, metrics=("mae", "r2"), by=by).sort("mae").top(3)
    other = way(report)
    assert str(other) == str(report)
    assert repr(other.to_dict()) == repr(report.to_dict())
    assert other.to_frame("pandas").equals(report.to_frame("pandas"))
    assert str(other.group(other.keys[-1])) == str(report.group(report.keys[-1]))


def test_sums_of_groups_make_the_report_of_evaluate(rng: np.random.Generator) -> None:
    arrays, by = data(rng), rng.integers(0, 10, 300)
    grouped = squarely.GroupedAccumulator().update(**arrays, by=by)
    report = grouped_report_of({"": grouped}, is_single=True)
    assert str(report) == str(squarely.evaluate(**arrays, by=by))
    assert report.digest == grouped.digest()
    assert report.overall.digest == grouped.overall().digest()
    with pytest.raises(ValueError, match="no chunk has a row"):
        grouped_report_of({"": squarely.GroupedAccumulator()}, is_single=True)


def test_examples_of_the_page_are_true() -> None:
    page = pathlib.Path(__file__).parents[2] / "docs" / "groups.md"
    results = doctest.testfile(str(page), module_relative=False)
    assert results.attempted > 20
    assert results.failed == 0
