"""The page of a report: whole, small, and readable without a script, a network or eyes."""

import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

import squarely
from instruments.browser import looked_at
from instruments.counted_arrays import distribution_of_arrays
from squarely.digits import percent, shown
from squarely.distribution.outputs import Output
from squarely.report_page.page import Contents, page
from squarely.report_page.saving import page_of

RANDOM = np.random.default_rng(8)
ROWS = 30_000
TRUTHS = {
    "lognormal": RANDOM.lognormal(2, 1, ROWS),
    "whole": RANDOM.poisson(4, ROWS).astype(float),
    "far from zero": RANDOM.normal(300, 20, ROWS),
    "huge": RANDOM.normal(size=ROWS) * 1e300,
    "tiny": RANDOM.normal(size=ROWS) * 1e-300,
    "constant": np.full(ROWS, 2.0),
}


def contents_of(truth, **more):
    predictions = {"first": truth * 1.1, "second": np.roll(truth, 1)}
    report = squarely.evaluate(truth, predictions)
    counts = {name: alone(distribution_of_arrays(truth, one)) for name, one in predictions.items()}
    return Contents("Two models", report, counts, **{"worst": {}, **more})


def alone(distribution):
    """Return the one output of a prediction."""
    return (Output("", distribution),)


def grouped(truth, keys):
    return squarely.evaluate(truth, {"first": truth * 1.1, "second": np.roll(truth, 1)}, by=keys)


def drawings(text):
    found = re.findall(r"<svg[^>]*role.*?</svg>", text, re.DOTALL)  # bars of groups stand beside their numbers
    return [ElementTree.fromstring(one) for one in found]


@pytest.mark.parametrize("truth", TRUTHS.values(), ids=TRUTHS)
def test_every_picture_is_drawn_with_numbers_whatever_the_data(truth):
    text = page(contents_of(truth))
    pictures = drawings(text)
    assert len(pictures) + text.count("<p>") - 1 == 12  # those that cannot be drawn are a sentence
    for picture in pictures:
        assert picture.get("role") == "img"
        assert len(picture.get("aria-label")) > 40
        for path in picture.iter("path"):
            assert not re.search("nan|inf", path.get("d"))
    assert "nan" not in re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL).lower().replace("finance", "")


def test_numbers_of_a_drawing_lie_inside_it():
    for picture in drawings(page(contents_of(TRUTHS["lognormal"]))):
        _, _, width, height = map(float, picture.get("viewBox").split())
        for text in picture.iter("text"):
            assert 0 <= float(text.get("x")) <= width and 0 <= float(text.get("y")) <= height


def test_a_page_needs_nothing_beside_it():
    text = page(contents_of(TRUTHS["lognormal"], groups=grouped(TRUTHS["lognormal"], RANDOM.integers(20, size=ROWS))))
    assert "<script" not in text
    assert not re.search(r"(src|href)=|url\(|@import|https?:", text)


def test_a_page_is_as_large_for_many_pairs_as_for_few():
    few = contents_of(TRUTHS["lognormal"], groups=grouped(TRUTHS["lognormal"], RANDOM.integers(20, size=ROWS)))
    many = few._replace(
        distributions={name: alone(grown(one.distribution)) for name, (one,) in few.distributions.items()}
    )
    sizes = len(page(few).encode()), len(page(many).encode())
    assert max(sizes) < 150_000
    assert sizes[1] < 1.2 * sizes[0]


def grown(distribution):
    """Return the counts of a million times as many pairs."""
    return type(distribution)(*(one._replace(counts=one.counts * 1_000_000) for one in distribution))


def test_names_cannot_break_out_of_the_page():
    truth = TRUTHS["whole"]
    name = '<script>alert("1")</script>&'
    report = squarely.evaluate(truth, {name: truth * 1.1})
    counts = {name: alone(distribution_of_arrays(truth, truth * 1.1))}
    worst = {name: {"row": [1], name: [name]}}
    keys = np.array(["<b>", "&"])[np.arange(ROWS) % 2]
    groups = squarely.evaluate(truth, {name: truth * 1.1}, by=keys)
    text = page(Contents(name, report, counts, worst, groups, {name: name}, {name: name}))
    assert "<script" not in text
    assert "<b>" not in text
    assert len(drawings(text)) == 6


def test_the_best_score_of_each_metric_is_told_apart():
    text = page(contents_of(TRUTHS["lognormal"]))
    row = re.search(r'<tr><th scope="row">mean_<wbr>absolute_<wbr>error</th>(.*?)</tr>', text)[1]
    assert [cell.startswith('<td class="best"') for cell in row.split("</td>")[:2]] == [True, False]


def test_all_digits_are_told_on_hover():
    contents = contents_of(TRUTHS["lognormal"])
    score = contents.report["mean_squared_error"]["first"]
    assert f'title="{score!r}">{shown(score)}</td>' in page(contents)


def test_times_are_drawn_in_their_order_and_other_keys_are_not():
    days = np.datetime64("2013-01-01") + RANDOM.integers(40, size=ROWS)
    text = page(contents_of(TRUTHS["lognormal"], groups=grouped(TRUTHS["lognormal"], days)))
    assert text.count("<h3>Over time</h3>") == 2
    assert "2013-01-01 to 2013-02-09" in text
    assert "Over time" not in page(
        contents_of(TRUTHS["lognormal"], groups=grouped(TRUTHS["lognormal"], TRUTHS["whole"]))
    )


def test_what_is_not_there_is_not_drawn():
    text = page(contents_of(TRUTHS["lognormal"])._replace(distributions={}))
    assert not drawings(text)
    assert "<h2>Scores</h2>" in text


def test_scores_say_which_way_errors_are_signed():
    signs = "mean_error is prediction less truth; residuals are truth less prediction."
    assert signs in page(contents_of(TRUTHS["whole"]))
    report = squarely.evaluate([1.0, 2.0], [2.0, 4.0], metrics="mse")
    assert signs not in page(Contents("One", report, {}, {}))


def test_worst_rows_say_by_which_loss_and_what_their_columns_are():
    rows = {"row": [17], "residual": [2.0], "loss": [4.0], "share_percent": [9.0], "r2_influence": [0.5]}
    text = page(contents_of(TRUTHS["whole"], worst={"first": rows}, losses={"first": "huber_loss(delta=2)"}))
    assert "By huber_loss(delta=2), the worst first. residual is truth less prediction." in text
    assert "share_percent is what a row has of the sum of all losses. r2_influence is R² without" in text
    del rows["r2_influence"]
    assert "r2_influence" not in page(contents_of(TRUTHS["whole"], worst={"first": rows}))


@pytest.mark.parametrize(
    ("pair", "heads"), [(("sales", "model"), ["sales", "model"]), (("p", "p"), ["y_true", "y_pred"])]
)
def test_worst_rows_have_the_names_of_the_columns_that_were_scored(pair, heads):
    report = squarely.evaluate([1.0, 2.0, 4.0], [2.0, 4.0, 4.0], worst=1)
    text = page_of(report, None, pairs={"": pair})
    assert re.findall(r'<th scope="col">(\w+)</th>', text.partition("<h3>Worst rows")[2])[1:3] == heads
    text = page_of(squarely.evaluate([1.0, 2.0], {"model": [2.0, 4.0]}, worst=1), None)
    assert re.findall(r'<th scope="col">(\w+)</th>', text.partition("<h3>Worst rows")[2])[1:3] == ["y_true", "model"]


def test_groups_stand_below_the_names_of_their_keys_and_metric():
    keys = {"store<": ["a", "b", "a"], "day": [1, 2, 1]}
    groups = squarely.evaluate([1.0, 2.0, 4.0], [2.0, 4.0, 4.0], by=keys, metrics="mae")
    head = re.search(r'<table class="bars"><thead>(.*?)</thead>', page_of(groups.overall, groups))[1]
    assert re.findall(r'<th scope="col">(.*?)</th>', head)[::3] == ["store&lt;, day", "mean_<wbr>absolute_<wbr>error"]


def test_worst_rows_stand_with_their_columns():
    rows = {"row": [17], "date": ["2013-02-01"], "residual": [1234.56789], "loss": [float("nan")]}
    text = page(contents_of(TRUTHS["whole"], worst={"first": rows}))
    shown_as = "1\N{NARROW NO-BREAK SPACE}235"
    assert f'<th scope="row">17</th><td class="text">2013-02-01</td><td title="1234.56789">{shown_as}</td>' in text
    assert "undefined" in text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        *((0.0, "0"), (-0.0, "0"), (1234.5678, "1 235"), (-2.5, "-2.5"), (1e-7, "1e-7"), (123456789.0, "1.235e8")),
        *((float("inf"), "∞"), (float("nan"), "undefined"), (9999999.0, "9 999 999"), (0.00012346, "0.0001235")),
    ],
)
def test_numbers_are_shown_as_people_read_them(number, text):
    assert shown(number).replace("\N{NARROW NO-BREAK SPACE}", " ").replace("\N{MINUS SIGN}", "-") == text


def test_nearly_all_is_not_all_and_few_is_not_none():
    assert percent(0.9999) == "> 99.9\N{NARROW NO-BREAK SPACE}%"
    assert percent(1e-5) == "0.001\N{NARROW NO-BREAK SPACE}%"
    assert percent(1.0) == "100\N{NARROW NO-BREAK SPACE}%"


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [390, 1280])
def test_a_browser_shows_the_page_without_errors_or_overflow(width, dark, tmp_path):
    days = np.datetime64("2013-01-01") + RANDOM.integers(40, size=ROWS)
    truth = TRUTHS["far from zero"]
    rows = {"row": range(20), "name": ["a name that is long"] * 20, "share of the squared errors": [0.1] * 20}
    worst = {"first": rows | {f"column {i}": [1234.5] * 20 for i in range(5)}}
    seen = looked_at(
        page(contents_of(truth, groups=grouped(truth, days), worst=worst)), tmp_path, width=width, dark=dark
    )
    assert seen["errors"] == []
    assert seen["width"] == seen["scroll"] == width
    assert seen["beyond"] == []
    assert seen["covered"] == []
    assert "Truth and prediction" in seen["selected"]
    assert [text for text in seen["texts"] if text not in seen["selected"]] == []
    assert (seen["colour"] == "rgb(20, 24, 28)") is dark
