"""Round numbers along an axis, written short enough to stand beside each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from squarely.digits import shown
from squarely.distribution.histogram import round_width

__all__ = ["Ticks", "ticks"]

DIGITS = 4
MOST_DIGITS = 17


class Ticks(NamedTuple):
    """Numbers, how they are written, and what is to be said beside the axis where that is not all of them."""

    numbers: Sequence[float]
    texts: Sequence[str]
    of_what: str
    """As ", in 1e6", or ", from 1 705 000 000 on"; empty where numbers are written as they are."""


def ticks(least: float, greatest: float, most: int, characters: int) -> Ticks:
    """Return at most so many round numbers between two, each written in so many characters."""
    numbers, step = _round_numbers(least, greatest, most)
    plain = [shown(number, DIGITS) for number in numbers]
    if _are_told_apart(plain, characters):
        return Ticks(numbers, plain, "")
    unit = _unit(max(map(abs, numbers)))
    scaled = [shown(number / unit, DIGITS) for number in numbers]
    if _are_told_apart(scaled, characters):
        return Ticks(numbers, scaled, f", in {shown(unit)}")
    first = numbers[0]
    unit = _unit(numbers[-1] - first)
    unit = 1.0 if 1e-3 <= unit <= 1e3 else unit
    digits = min(MOST_DIGITS, math.ceil(math.log10(abs(first) / step)) + 1)
    texts = [shown((number - first) / unit, DIGITS) for number in numbers]
    in_units = "" if unit == 1 else f" and in {shown(unit)}"
    return Ticks(numbers, texts, f", from {shown(first, digits)} on{in_units}")


def _round_numbers(least: float, greatest: float, most: int) -> tuple[list[float], float]:
    if not greatest > least:
        return [least], 1.0
    step = round_width(greatest / most - least / most)
    first, last = math.ceil(least / step - 1e-9), math.floor(greatest / step + 1e-9)
    return [n * step for n in range(first, last + 1)], step


def _unit(largest: float) -> float:
    """Return a thousand, a million and so on, of which a number is some."""
    return float(f"1e{math.floor(math.log10(largest) / 3) * 3}") if largest > 0 else 1.0


def _are_told_apart(texts: Sequence[str], characters: int) -> bool:
    return len(set(texts)) == len(texts) and max(map(len, texts), default=0) <= characters
