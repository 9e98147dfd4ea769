"""Several outputs: a chapter each on the page, small pictures where they are many, one of them by name in a plot."""

import matplotlib
import numpy as np
import pytest

import squarely
from instruments.counted_arrays import distribution_of_arrays
from squarely.distribution.outputs import names_of
from squarely.distribution.reading import chosen, distribution_of
from squarely.report_page.saving import page_of

RANDOM = np.random.default_rng(14)
TRUTH = RANDOM.lognormal(2, 1, (3_000, 3))
PREDICTION = TRUTH * [0.9, 1.0, 1.2] + RANDOM.normal(size=TRUTH.shape)


def page(report):
    return page_of(report, None)


def assert_is_of_output(found, output):
    expected = distribution_of_arrays(TRUTH[:, output], PREDICTION[:, output])
    for one, other in zip(found, expected, strict=True):
        for own, others in zip(one, other, strict=True):
            np.testing.assert_array_equal(own, others)


def test_each_output_has_its_counts_and_scores():
    report = squarely.evaluate(TRUTH, PREDICTION, pictures=True)
    raw = squarely.evaluate(TRUTH, PREDICTION, multioutput="raw_values")
    assert [one.name for one in report.distributions[""]] == ["output 0", "output 1", "output 2"]
    for i, output in enumerate(report.distributions[""]):
        assert_is_of_output(output.distribution, i)
        assert output.scores == {metric: raw[metric][i] for metric in raw}


@pytest.mark.parametrize("make", ["evaluate", "accumulator", "groups", "chunks"])
def test_outputs_are_called_as_their_columns(make):
    pandas = pytest.importorskip("pandas")
    y_true = pandas.DataFrame(TRUTH, columns=["price", "amount", "days"])
    stream = squarely.Accumulator(pictures=True).update(y_true[:100], PREDICTION[:100])
    source = {
        "evaluate": lambda: squarely.evaluate(y_true, PREDICTION, pictures=True),
        "accumulator": lambda: squarely.Accumulator(pictures=True).update(y_true, PREDICTION),
        "groups": lambda: squarely.evaluate(y_true, PREDICTION, by=np.arange(len(TRUTH)) % 2, pictures=True),
        "chunks": lambda: stream.update(y_true[100:], PREDICTION[100:]),
    }[make]()
    for place, name in enumerate(["price", "amount", "days"]):
        assert_is_of_output(distribution_of(source, output=name), place)
        assert chosen(source, output=place).name == name


@pytest.mark.parametrize(
    ("shape", "labels", "names"),
    [
        ((1,), {}, [""]),
        ((2,), {}, ["output 0", "output 1"]),
        ((2,), {"y_pred": {0: ["a", "b"]}}, ["a", "b"]),
        ((2,), {"y_true": {0: ["c", "d"]}, "y_pred": {0: ["a", "b"]}}, ["c", "d"]),
        ((2,), {"y_true": {0: ["c", "c"]}}, ["output 0", "output 1"]),
        ((2, 2), {"y_true": {1: [7, 8]}}, ["0, 7", "0, 8", "1, 7", "1, 8"]),
    ],
)
def test_outputs_have_names_that_tell_them_apart(shape, labels, names):
    assert names_of(shape, labels) == names


def test_an_output_that_is_not_there_is_refused_with_those_that_are():
    report = squarely.evaluate(TRUTH, PREDICTION, pictures=True)
    for output in (3, -1, "price"):
        with pytest.raises(KeyError, match="There are 3: output 0, output 1, output 2"):
            distribution_of(report, output=output)
    with pytest.raises(KeyError, match="only one, which has no name"):
        distribution_of(squarely.evaluate(TRUTH[:, 0], PREDICTION[:, 0], pictures=True), output=1)


def test_plots_say_which_output_and_prediction_they_are_of():
    matplotlib.use("agg")
    report = squarely.evaluate(TRUTH, {"model": PREDICTION, "zero": TRUTH * 0}, pictures=True)
    assert squarely.plots.residual_histogram(report, "zero", output=1).get_title() == "Residuals: zero, output 1"
    axes = report.plot("model", output="output 2")
    assert axes[0, 0].figure.get_suptitle() == "model, output 2"
    matplotlib.pyplot.close("all")


def test_shares_of_squares_are_told_by_output():
    report = squarely.evaluate(TRUTH, {"model": PREDICTION}, pictures=True)
    squares = np.sort((TRUTH[:, 1] - PREDICTION[:, 1]) ** 2)[::-1]
    share = report.share_of_squares(0.1)["model"]["output 1"]
    assert share.least <= squares[:300].sum() / squares.sum() <= share.greatest


def test_few_outputs_have_a_chapter_each():
    text = page(squarely.evaluate(TRUTH, PREDICTION, pictures=True))
    assert text.count("<svg") == 18
    assert text.count("<h3>output ") == 3
    assert text.count('<th scope="row">output ') == 3


def many(outputs, rows=500):
    y_true = RANDOM.normal(size=(rows, outputs))
    return y_true, y_true + RANDOM.normal(size=y_true.shape) * np.linspace(0.1, 2, outputs)


def test_many_outputs_have_small_pictures_and_the_worst_a_chapter():
    y_true, y_pred = many(100)
    text = page(squarely.evaluate(y_true, y_pred, pictures=True))
    assert text.count("<h4>") == 40
    assert "The worst 40 of 100 outputs, by r2_score" in text
    assert text.count("<h3>output ") == 5
    assert "<h3>output 99</h3>" in text
    assert "<h4>output 0</h4>" not in text


def test_many_predictions_have_small_pictures_and_the_best_a_chapter():
    y_true, y_pred = many(20)
    predictions = {f"model {i}": y_pred[:, i] for i in range(20)}
    text = page(squarely.evaluate(y_true[:, 0], predictions, pictures=True))
    assert "The 5 of 20 predictions with the best root_mean_squared_error follow in full" in text
    assert text.count("<h4>") == 20
    assert text.count("<svg") == 20 + 5 * 6
    assert text.count('<th scope="row">model ') == 20


@pytest.mark.parametrize(("predictions", "outputs"), [(5, 1), (30, 1), (1, 5), (1, 200), (5, 40), (12, 12)])
def test_a_page_is_below_300_kb_whatever_there_is(predictions, outputs):
    y_true, y_pred = many(outputs, 20_000 // outputs)
    noise = RANDOM.standard_t(3, (predictions, *y_pred.shape)) * 2
    models = {f"model {i}": y_pred + noise[i] for i in range(predictions)}
    keys = RANDOM.integers(20, size=len(y_true))
    worst = {"worst": 20} if outputs == 1 else {}
    report = squarely.evaluate(y_true, models, pictures=True, by=keys, **worst)
    assert len(page_of(report.overall, report).encode()) < 300_000
