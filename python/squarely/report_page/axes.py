"""A picture's frame: where numbers are on the drawing, with round numbers along it."""

from __future__ import annotations

import html
import math
from collections.abc import Iterator
from typing import NamedTuple

from squarely.digits import shown
from squarely.distribution.histogram import round_width

__all__ = ["Frame", "axes", "picture", "ticks"]

WIDTH, HEIGHT = 460, 300
LEFT, RIGHT, TOP, BOTTOM = 72, 14, 12, 44


class Frame(NamedTuple):
    """The numbers at the left, right, lower and upper end of a drawing."""

    left: float
    right: float
    lower: float
    upper: float
    height: float = HEIGHT

    def x(self, number: float) -> float:
        """Return how far from the left of the drawing a number is."""
        return LEFT + _part(number, self.left, self.right) * (WIDTH - LEFT - RIGHT)

    def y(self, number: float) -> float:
        """Return how far from the top of the drawing a number is."""
        return self.height - BOTTOM - _part(number, self.lower, self.upper) * (self.height - TOP - BOTTOM)

    @property
    def floor(self) -> float:
        """How far from the top the lower end is."""
        return self.height - BOTTOM


def ticks(least: float, greatest: float, most: int = 6) -> list[float]:
    """Return at most so many round numbers between two."""
    if not greatest > least:
        return [least]
    step = round_width(greatest / most - least / most)
    return [n * step for n in range(math.ceil(least / step - 1e-9), math.floor(greatest / step + 1e-9) + 1)]


def axes(frame: Frame, x_label: str, y_label: str, *, x_ticks: bool = True) -> Iterator[str]:
    """Yield lines and numbers along both axes."""
    for number in ticks(frame.lower, frame.upper, 5):
        at = frame.y(number)
        yield f'<path class="grid" d="M{LEFT} {at:.1f}H{WIDTH - RIGHT}"/>'
        yield f'<text x="{LEFT - 7}" y="{at + 4:.1f}" text-anchor="end">{shown(number)}</text>'
    for number in ticks(frame.left, frame.right) if x_ticks else ():
        at = frame.x(number)
        yield f'<path class="tick" d="M{at:.1f} {frame.floor:.1f}v4"/>'
        yield f'<text x="{at:.1f}" y="{frame.floor + 17:.1f}" text-anchor="middle">{shown(number)}</text>'
    yield f'<path class="axis" d="M{LEFT} {frame.floor:.1f}H{WIDTH - RIGHT}"/>'
    middle = (LEFT + WIDTH - RIGHT) / 2
    yield f'<text class="label" x="{middle}" y="{frame.height - 8}" text-anchor="middle">{html.escape(x_label)}</text>'
    up = (TOP + frame.floor) / 2
    turned = f'transform="rotate(-90 12 {up:.1f})"'
    yield f'<text class="label" x="12" y="{up:.1f}" text-anchor="middle" {turned}>{html.escape(y_label)}</text>'


def picture(title: str, parts: Iterator[str], caption: str, height: float = HEIGHT) -> str:
    """Return a figure with a heading, a drawing and what it tells in words, which is its alternative text, too."""
    drawing = "\n".join(parts)
    box = f'viewBox="0 0 {WIDTH} {height:g}" role="img" aria-label="{html.escape(f"{title}. {_plain(caption)}")}"'
    return (
        f"<figure><h3>{html.escape(title)}</h3>\n<svg {box}>\n{drawing}\n</svg>\n"
        f"<figcaption>{caption}</figcaption></figure>"
    )


def _part(number: float, least: float, greatest: float) -> float:
    return (number / 2 - least / 2) / (greatest / 2 - least / 2) if greatest > least else 0.5


def _plain(caption: str) -> str:
    """Return a caption without its marks."""
    import re

    return html.unescape(re.sub(r"<[^>]*>", "", caption))
