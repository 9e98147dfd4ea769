"""Pages of data that break drawings: every coordinate is a number, or a sentence says why there is no drawing."""

import re
import warnings
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

import squarely
from instruments.browser import looked_at
from squarely.distribution.drawn import truth_and_prediction
from squarely.distribution.reading import distribution_of
from squarely.report_page.saving import page_of

RANDOM = np.random.default_rng(5)
ROWS = 4_000
NORMAL, OTHER = RANDOM.normal(size=(2, ROWS))
SKEWED = RANDOM.lognormal(2, 1, ROWS)
WHOLE = RANDOM.integers(0, 20, ROWS)
PAIRS = {
    "heavy tails": (RANDOM.standard_cauchy(ROWS) * 10, RANDOM.standard_cauchy(ROWS) * 10),
    "no errors": (SKEWED, SKEWED),
    "nothing but zeros": (np.zeros(ROWS), np.zeros(ROWS)),
    "constant truth": (np.full(ROWS, 3.0), 3 + NORMAL),
    "constant errors": (np.full(ROWS, 3.0), np.full(ROWS, 4.0)),
    "whole numbers": (WHOLE, np.clip(WHOLE + RANDOM.integers(-2, 3, ROWS), 0, 20)),
    "two values": (RANDOM.integers(0, 2, ROWS), RANDOM.random(ROWS)),
    "one pair": ([3.0], [2.5]),
    "two pairs": ([3.0, 5.0], [2.5, 7.0]),
    "two pairs alike": ([3.0, 3.0], [3.0, 3.0]),
    "nearly the largest doubles": (NORMAL * 1e307, OTHER * 1e307),
    "residuals beyond the doubles": (np.sign(NORMAL) * 1.7e308, -np.sign(NORMAL) * 1.7e308),
    "subnormal": (NORMAL * 1e-310, NORMAL * 1e-310 + OTHER * 1e-311),
    "the least double": (np.full(ROWS, 5e-324), np.zeros(ROWS)),
    "another sign": (SKEWED, -SKEWED),
    "sixty decades": (10.0 ** RANDOM.uniform(-30, 30, ROWS), 10.0 ** RANDOM.uniform(-30, 30, ROWS)),
    "far from zero": (1e9 + NORMAL, 1e9 + NORMAL + OTHER * 0.1),
    "one far outlier": (np.where(np.arange(ROWS) == 7, 1e12, SKEWED), SKEWED),
}
NAMES = [
    "a group whose name is far longer than there is room for, by a lot",
    '<b>&"quoted"</b>',
    "שלום עולם, קבוצה",
    "مجموعة طويلة الاسم",
    "日本語のグループ名はとても長い",
    "WWWWWWWWWWWWWWWWWWWWWWWW",
    "",
    "line\nbreak",
]
DAYS = np.datetime64("2020-01-01") + RANDOM.integers(0, 9, ROWS)
KEYS = {
    "one group": np.zeros(ROWS, int),
    "200 groups": RANDOM.integers(200, size=ROWS),
    "names": np.array(NAMES)[RANDOM.integers(len(NAMES), size=ROWS)],
    "one day": np.full(ROWS, np.datetime64("2020-01-01")),
    "two days": np.datetime64("2020-01-01") + RANDOM.integers(0, 2, ROWS),
    "nanoseconds": np.datetime64("2020-01-01T00:00:00.123456789") + RANDOM.integers(0, 9, ROWS),
    "missing days": np.where(RANDOM.random(ROWS) < 0.1, np.datetime64("NaT"), DAYS),
    "far years": np.array(["0001-01-01", "9999-12-31", "2020-01-01"], "datetime64[D]")[RANDOM.integers(3, size=ROWS)],
}


def report_of(kind):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of scores that are not defined
        return squarely.evaluate(*PAIRS[kind], pictures=True)


def drawings(text):
    return [ElementTree.fromstring(one) for one in re.findall(r"<svg.*?</svg>", text, re.DOTALL)]


def assert_is_drawn(text):
    for drawing in drawings(text):
        for shape in drawing.iter():
            for name, value in shape.attrib.items():
                assert name == "aria-label" or not re.search(r"nan|inf|None|\de[+-]?\d", value), (name, value)


@pytest.mark.parametrize("kind", PAIRS)
def test_every_coordinate_is_a_number(kind):
    text = page_of(report_of(kind), None)
    assert_is_drawn(text)
    told = re.findall(r"<figure><h3>[^<]*</h3>\n<p>[^<]*\.</p></figure>", text)
    assert len(drawings(text)) + len(told) == 6


@pytest.mark.parametrize("kind", KEYS)
def test_groups_of_every_kind_are_shown(kind):
    report = squarely.evaluate(SKEWED, SKEWED + NORMAL, by=KEYS[kind], pictures=True)
    text = page_of(report.overall, report)
    assert_is_drawn(text)
    is_time = kind in ("two days", "nanoseconds", "missing days", "far years")
    assert ("<h3>Over time</h3>" in text) is is_time
    assert text.count('<th scope="row" dir="auto">') == min(report.groups, 20)


@pytest.mark.parametrize("width", [390, 1280])
def test_no_label_covers_another(width, tmp_path):
    keys = ("names", "nanoseconds", "missing days", "far years", "200 groups")
    grouped = [squarely.evaluate(SKEWED, SKEWED + NORMAL, by=KEYS[kind], pictures=True) for kind in keys]
    pages = [page_of(report_of(kind), None) for kind in PAIRS] + [page_of(one.overall, one) for one in grouped]
    together = pages[0].replace("</main>", "".join(re.findall(r"<main>(.*?)</main>", "".join(pages), re.S)) + "</main>")
    seen = looked_at(together, tmp_path, width=width)
    assert seen["errors"] == seen["covered"] == seen["beyond"] == []
    assert seen["scroll"] == seen["width"]


def test_a_page_without_a_pair_says_so():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        report = squarely.evaluate(np.full(5, np.nan), np.ones(5), nan_policy="propagate", pictures=True)
    text = page_of(report, None)
    assert "There is no pair of two numbers to draw pictures of." in text
    assert not drawings(text)
    for draw in squarely.plots.PICTURES:
        with pytest.raises(ValueError, match="There is no pair of two numbers"):
            draw(report)


def test_numbers_too_near_to_each_other_are_said_to_be():
    drawn = truth_and_prediction(distribution_of(report_of("far from zero")))
    assert isinstance(drawn, str)
    assert "Subtract what they have in common" in drawn


def test_whole_numbers_have_a_cell_each():
    density = truth_and_prediction(distribution_of(report_of("whole numbers")))
    expected = np.histogram2d(*PAIRS["whole numbers"], [density.x_edges, density.y_edges])[0]
    np.testing.assert_allclose(density.counts, expected)


def test_rows_that_are_left_out_are_told():
    y_true = np.where(RANDOM.random(ROWS) < 0.99, np.nan, SKEWED)
    text = page_of(squarely.evaluate(y_true, SKEWED + NORMAL, nan_policy="omit", pictures=True), None)
    assert re.search(r"<p>\d+ pairs, 3\W9\d\d left out</p>", text)
    assert_is_drawn(text)
