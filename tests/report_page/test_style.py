"""The page for whoever reads it otherwise: contrast in both modes, on paper, by a screen reader."""

import itertools
import re
from importlib import resources

import numpy as np
import pytest

import squarely
from squarely.report_page.saving import page_of

STYLE = resources.files("squarely.report_page").joinpath("page.css").read_text("utf-8")
LIGHT, DARK = (
    dict(re.findall(r"--(\w+): (#\w{6})", block)) for block in re.findall(r":root \{([^}]*--page[^}]*)\}", STYLE)
)
TEXTS = ("ink", "quiet", "second", "mean")
PAPERS = ("page", "panel")


def luminance(colour):
    """Return the relative luminance of WCAG 2."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    light, dark = sorted([luminance(one), luminance(other)], reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_colours_of_text_are_all_that_are_checked():
    used = set(re.findall(r"[^-]color: var\(--(\w+)\)", STYLE)) | set(
        re.findall(r"text \{ fill: var\(--(\w+)\)", STYLE)
    )
    assert used <= set(TEXTS)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize("text", TEXTS)
def test_text_can_be_read(text, paper, colours):
    assert contrast(colours[text], colours[paper]) >= 4.5


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("shape", ["first", "mean", "second"])
def test_bars_and_lines_can_be_told_from_their_ground(shape, colours):
    assert contrast(colours[shape], colours["panel"]) >= 3


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_levels_of_density_go_one_way(colours):
    found = [luminance(colours["panel"])] + [luminance(colours[f"level{i}"]) for i in range(1, 8)]
    assert found in (sorted(found), sorted(found, reverse=True))


def test_paper_is_light_and_keeps_pictures_whole():
    paper = STYLE.partition("@media print")[2]
    assert "color-scheme: light" in paper
    assert "break-inside: avoid" in STYLE


def a_page():
    truth = np.random.default_rng(1).lognormal(size=2_000)
    report = squarely.evaluate(
        truth, {"a": truth * 1.1, "b": truth + 1}, by=np.arange(2_000) % 3, pictures=True, worst=3
    )
    return page_of(report.overall, report)


def test_every_picture_has_words_and_every_bar_stands_beside_its_number():
    for head in re.findall(r"<svg[^>]*>", a_page()):
        words = re.search(r'aria-label="([^"]*)"', head)
        assert 'aria-hidden="true"' in head if words is None else 'role="img"' in head and len(words[1]) > 40


def test_every_table_says_what_its_rows_and_columns_are():
    for table in re.findall(r"<table.*?</table>", a_page(), re.S):
        head, _, body = table.partition("</thead>")
        assert head.count('scope="col"') == head.count("<th ") > 1
        for row in re.findall(r"<tr>(.*?)</tr>", body):
            assert row.startswith('<th scope="row"')
            assert row.count("<th ") == 1


def test_headings_go_down_one_level_at_a_time():
    text = a_page()
    levels = [int(level) for level in re.findall(r"<h(\d)", text)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(later <= earlier + 1 for earlier, later in itertools.pairwise(levels))
    assert '<html lang="en">' in text and "<main>" in text
