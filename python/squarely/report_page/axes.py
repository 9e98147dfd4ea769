"""A picture's frame: where numbers are on the drawing, with round numbers along it."""

from __future__ import annotations

import html
import sys
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from squarely.report_page.ticks import Ticks, ticks

__all__ = ["HEIGHT", "WIDTH", "Box", "Frame", "axes", "picture", "sentence", "widened"]

WIDTH, HEIGHT = 460, 300


class Box(NamedTuple):
    """Where in a drawing the numbers are: how far its edges are from the left and from the top."""

    left: float
    right: float
    floor: float
    top: float


WHOLE = Box(left=72, right=WIDTH - 14, floor=HEIGHT - 46, top=30)

# How wide a digit is where text is largest, and how far numbers stand from an axis.
CHARACTER, GAP = 9, 7
MOST_CHARACTERS = 8
LABEL = 4


class Frame(NamedTuple):
    """The numbers at the left, right, lower and upper edge of a box."""

    left: float
    right: float
    lower: float
    upper: float
    box: Box = WHOLE

    def x(self, number: float) -> float:
        """Return how far from the left of the drawing a number is."""
        return self.box.left + _part(number, self.left, self.right) * (self.box.right - self.box.left)

    def y(self, number: float) -> float:
        """Return how far from the top of the drawing a number is."""
        return self.box.floor + _part(number, self.lower, self.upper) * (self.box.top - self.box.floor)


def widened(numbers: Iterable[float], below: float, above: float) -> tuple[float, float]:
    """Return the ends of numbers, moved apart by parts of their distance, but not beyond the doubles."""
    least, greatest = min(numbers), max(numbers)
    if least == greatest:
        return least - (below > 0), greatest + (above > 0)
    half = greatest / 2 - least / 2
    largest = sys.float_info.max
    return max(least - 2 * below * half, -largest), min(greatest + 2 * above * half, largest)


def axes(frame: Frame, x_label: str, y_label: str, *, x_ticks: int = 6, y_ticks: int = 5) -> Iterator[str]:
    """Yield lines and at most so many numbers along both axes, what is along above the one and below the other."""
    left, right, floor, top = frame.box
    y_label, x_label = html.escape(y_label), html.escape(x_label)
    if y_ticks:
        upwards = ticks(frame.lower, frame.upper, y_ticks, int((left - GAP) / CHARACTER))
        for number, text in zip(upwards.numbers, upwards.texts, strict=True):
            at = frame.y(number)
            yield f'<path class="grid" d="M{left} {at:.1f}H{right}"/>'
            yield f'<text x="{left - GAP}" y="{at + 4:.1f}" text-anchor="end">{text}</text>'
        y_label += upwards.of_what
    if x_ticks:
        along = _ticks_along(frame, x_ticks)
        for number, text in zip(along.numbers, along.texts, strict=True):
            at = frame.x(number)
            yield f'<path class="tick" d="M{at:.1f} {floor}v4"/>'
            yield f'<text x="{at:.1f}" y="{floor + 20}" text-anchor="middle">{text}</text>'
        x_label += along.of_what
    yield f'<path class="axis" d="M{left} {floor}H{right}"/>'
    if y_label:
        yield f'<text class="label" x="{LABEL}" y="{top - 15}">{y_label.removeprefix(", ")}</text>'
    if x_label:
        yield f'<text class="label" x="{right}" y="{floor + 39}" text-anchor="end">{x_label.removeprefix(", ")}</text>'


def _ticks_along(frame: Frame, most: int) -> Ticks:
    """Return as many numbers as have room beside each other."""
    room = frame.box.right - frame.box.left
    for fewer in range(most, 1, -1):
        found = ticks(frame.left, frame.right, fewer, MOST_CHARACTERS)
        if sum(len(text) + 2 for text in found.texts) * CHARACTER <= room:
            break
    return found


def picture(title: str, parts: Iterator[str], caption: str, height: float = HEIGHT) -> str:
    """Return a figure with a heading, a drawing and what it tells in words, which is its alternative text, too."""
    drawing = "\n".join(parts)
    box = f'viewBox="0 0 {WIDTH} {height:g}" role="img" aria-label="{html.escape(f"{title}. {_plain(caption)}")}"'
    return (
        f"<figure><h3>{html.escape(title)}</h3>\n<svg {box}>\n{drawing}\n</svg>\n"
        f"<figcaption>{caption}</figcaption></figure>"
    )


def sentence(title: str, text: str) -> str:
    """Return a figure that says why there is no drawing."""
    return f"<figure><h3>{html.escape(title)}</h3>\n<p>{html.escape(text)}</p></figure>"


def _part(number: float, least: float, greatest: float) -> float:
    return (number / 2 - least / 2) / (greatest / 2 - least / 2) if greatest > least else 0.5


def _plain(caption: str) -> str:
    """Return a caption without its marks."""
    import re

    return html.unescape(re.sub(r"<[^>]*>", "", caption))
