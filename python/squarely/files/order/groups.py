"""Medians of every group: of each a stretch of its own, and as many groups in a pass as have room in memory."""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from squarely import _core
from squarely.files.order import looks
from squarely.files.order.levels import midpoint, share_of
from squarely.files.order.looks import Pace, Rows, Span
from squarely.files.order.questions import Part, Questions
from squarely.files.order.reach import Reach
from squarely.groups.accumulator import GroupedAccumulator
from squarely.groups.keys import GroupKeys
from squarely.named_metrics import Metric

__all__ = ["GroupedLook", "GroupedSearch", "first_look_at_groups"]

Numbers = npt.NDArray[np.int64]
Codes = npt.NDArray[np.uint32]
Values = npt.NDArray[np.float64]

ERROR = "absolute_error"
FEWEST_SAMPLED = 64  # of a group: of fewer all of its rows are kept


class Numbering:
    """Which group has which number, in all passes and threads."""

    def __init__(self) -> None:
        self.keys = GroupKeys()
        self._lock = threading.Lock()

    def codes(self, by: Any, rows: int) -> Codes:
        """Return the number of the group of each row."""
        with self._lock:
            return self.keys.codes(by, rows)


class GroupSample:
    """Errors of some rows, each with the number of its group."""

    def __init__(self, pace: Pace | None = None) -> None:
        self.pace = Pace() if pace is None else pace
        self.core = _core.SampledValues(ERROR, looks.MOST_SAMPLED, self.pace.halvings)

    def add(self, rows: Rows, groups: Codes) -> None:
        """Look at some rows of a chunk. The core carries a number beside each value, which is a weight elsewhere."""
        Rows(rows.y_true, rows.y_pred, groups + 1.0).hand_to(self.core.update)

    def merge(self, other: GroupSample) -> None:
        """Take in what another has found."""
        self.core.merge(other.core)
        self.pace.halvings = self.core.halvings

    def empty(self) -> GroupSample:
        """Return the same question, of which nothing is known yet."""
        return GroupSample(self.pace)

    @property
    def is_whole(self) -> bool:
        """Whether these are the errors of all rows."""
        return self.core.halvings == 0

    def by_group(self) -> tuple[Values, Codes]:
        """Return the errors, those of each group in order."""
        return _by_group(self.core.values, (self.core.weights - 1).astype(np.uint32))


class GroupSpan:
    """Of each group the errors in a stretch, and how many lie below it."""

    def __init__(self, low: Values, high: Values) -> None:
        self.low, self.high = low, high
        self.below, self.at_low, self.at_high = (np.zeros(len(low), np.int64) for _ in range(3))
        self.present = 0
        self.values: list[Values] = []
        self.groups: list[Codes] = []

    def add(self, rows: Rows, groups: Codes) -> None:
        """Take in the errors of a chunk."""
        if len(groups) > 0 and groups.max() >= len(self.low):  # a key the first pass has not seen: all is refused
            return
        values = rows.pairs.order(ERROR).values.reshape(-1)
        self.present += int(np.count_nonzero(values == values))
        low, high = self.low[groups], self.high[groups]
        is_low, is_high = values == low, (values == high) & (low < high)
        for counts, where in ((self.below, values < low), (self.at_low, is_low), (self.at_high, is_high)):
            counts += np.bincount(groups[where], minlength=len(counts))
        inside = (values > low) & (values < high)
        self.values.append(values[inside])
        self.groups.append(groups[inside])

    def merge(self, other: GroupSpan) -> None:
        """Take in what another has found."""
        self.present += other.present
        self.below += other.below
        self.at_low += other.at_low
        self.at_high += other.at_high
        self.values += other.values
        self.groups += other.groups

    def empty(self) -> GroupSpan:
        """Return the same question, of which nothing is known yet."""
        return GroupSpan(self.low, self.high)

    def by_group(self) -> tuple[Values, Codes]:
        """Return the errors between the ends, those of each group in order."""
        none: tuple[Values, Codes] = np.empty(0), np.empty(0, np.uint32)
        return _by_group(np.concatenate([none[0], *self.values]), np.concatenate([none[1], *self.groups]))


class InStretches(NamedTuple):
    """What was found of each group: the values between the ends are side by side, in order."""

    low: Values
    high: Values
    below: Numbers
    at_low: Numbers
    at_high: Numbers
    values: Values
    groups: Codes

    def values_of_rank(self, ranks: Numbers) -> tuple[Values, npt.NDArray[np.bool_]]:
        """Return the value of a rank in each group, and in which groups it is in the stretch."""
        firsts = np.searchsorted(self.groups, np.arange(len(self.low) + 1))
        inside, left = np.diff(firsts), ranks - self.below
        is_inside = (left >= self.at_low) & (left < self.at_low + inside)
        found = np.where(left < self.at_low, self.low, self.high)
        found[is_inside] = self.values[(firsts[:-1] + left - self.at_low)[is_inside]]
        return found, (left >= 0) & (left < self.at_low + inside + self.at_high)


def _by_group(values: Values, groups: Codes) -> tuple[Values, Codes]:
    order = np.lexsort((values, groups))
    return values[order], groups[order]


class GroupedLook(Questions):
    """Questions about rows and their groups: each part is a GroupSample, a GroupSpan, or a Span of all rows."""

    sums: GroupedAccumulator | None

    def __init__(self, parts: Mapping[str, Part], numbering: Numbering, sums: GroupedAccumulator | None = None) -> None:
        super().__init__(parts, sums)
        self.numbering = numbering

    def __len__(self) -> int:
        """How many groups there are."""
        return len(self.numbering.keys) if self.sums is None else len(self.sums)

    def update(self, y_true: Any, y_pred: Any, *, by: Any, sample_weight: None = None) -> GroupedLook:
        """Take in a chunk, or raise what the sums refuse."""
        rows = Rows(y_true, y_pred, None)
        with self._lock:
            if self.sums is not None:
                self.sums.update(y_true, y_pred, by=by)
            if rows.are_of_one_output:  # or it is refused by who reads the chunks
                groups = self.numbering.codes(by, rows.pairs.rows)
                for part in self.parts.values():
                    if isinstance(part, Span):
                        part.add(rows)
                    else:
                        part.add(rows, groups)
        return self

    def _asked_anew(self, parts: Mapping[str, Part], sums: GroupedAccumulator | None) -> GroupedLook:
        return GroupedLook(parts, self.numbering, sums)


def first_look_at_groups(sums: GroupedAccumulator) -> GroupedLook:
    """Return what the first pass is asked, beside the sums."""
    return GroupedLook({"sample": GroupSample()}, Numbering(), sums)


class GroupedSearch:
    """What is known of the median of all rows of one prediction, and of those of its groups."""

    def __init__(self, first: GroupedLook) -> None:
        assert first.sums is not None
        keys, core = first.sums._keys_and_core()
        self._numbering = first.numbering
        self._places = keys.merge(first.numbering.keys)
        """Of each group its number among those of the sums."""
        self._counts: Numbers = core.pairs.reshape(-1)[self._places].astype(np.int64)
        self._sample: GroupSample = first.parts["sample"]
        self._values, self._groups = self._sample.by_group()
        self._firsts = np.searchsorted(self._groups, np.arange(len(self._counts) + 1))
        self._medians = np.full(len(self._counts), math.nan)
        self._is_known = self._counts == 0
        self._width = np.full(len(self._counts), 2.0)  # of a stretch, in the square root of the number of the sample
        self._is_asked = np.zeros(len(self._counts), np.bool_)
        present = int(self._counts.sum())
        self.whole = Reach(ERROR, share_of(0.5), "", present, self._sample, weighted=False) if present > 0 else None
        if self._sample.is_whole:
            everything = np.full(len(self._counts), math.inf)
            self._is_asked = ~self._is_known
            none = np.zeros(len(self._counts), np.int64)
            self._find(InStretches(-everything, everything, none, none, none, self._values, self._groups))

    @property
    def is_open(self) -> bool:
        """Whether another pass is needed."""
        return not self._is_known.all() or (self.whole is not None and self.whole.value is None)

    def look(self) -> GroupedLook:
        """Return what the next pass is asked."""
        parts: dict[str, Part] = {}
        if self.whole is not None and self.whole.value is None:
            parts["all rows"] = self.whole.span()
        if not self._is_known.all():
            parts["groups"] = GroupSpan(*self._stretches())
        return GroupedLook(parts, self._numbering)

    def take(self, found: GroupedLook) -> bool:
        """Take in what a pass has found; False where its values are others than those of the first."""
        if "groups" in found.parts:
            part: GroupSpan = found.parts["groups"]
            if len(self._numbering.keys) != len(self._counts) or part.present != self._counts.sum():
                return False
            self._find(InStretches(part.low, part.high, part.below, part.at_low, part.at_high, *part.by_group()))
            is_everywhere = (part.low == -math.inf) & (part.high == math.inf)
            if np.any(self._is_asked & is_everywhere & ~self._is_known):
                return False
        span = found.parts.get("all rows")
        return self.whole is None or span is None or self.whole.take(span.core)

    def scores(self, asked: Sequence[Metric]) -> dict[Metric, tuple[float, str]]:
        """Return the score of all rows, by each metric that is the median."""
        median = math.nan if self.whole is None or self.whole.value is None else self.whole.value
        return dict.fromkeys(asked, (median, ""))

    def medians(self) -> Values:
        """Return that of every group, by its number among those of the sums; NaN where it has no pairs."""
        medians = np.full(len(self._medians), math.nan)
        medians[self._places] = self._medians
        return medians

    def _stretches(self) -> tuple[Values, Values]:
        """Return where the medians most likely are, of as many groups as have room; of others nowhere."""
        sampled = np.diff(self._firsts)
        margin = self._width * np.sqrt(sampled)
        first, last = np.floor(sampled / 2 - margin), np.ceil(sampled / 2 + margin)
        has_low, has_high = first >= 0, last < sampled
        are_few = sampled < FEWEST_SAMPLED
        low = np.full(len(sampled), -math.inf)
        high = np.full(len(sampled), math.inf)
        has_low, has_high = has_low & ~are_few, has_high & ~are_few
        low[has_low] = self._values[(self._firsts[:-1] + first.astype(np.int64))[has_low]]
        high[has_high] = self._values[(self._firsts[:-1] + last.astype(np.int64))[has_high]]
        share = (np.where(has_high, last, sampled) - np.where(has_low, first, 0)) / np.maximum(sampled, 1)
        expected = np.where(are_few, self._counts, share * self._counts) * ~self._is_known
        self._is_asked = ~self._is_known & (np.cumsum(expected) - expected < looks.MOST_KEPT)
        return np.where(self._is_asked, low, math.inf), np.where(self._is_asked, high, -math.inf)

    def _find(self, found: InStretches) -> None:
        """Take the medians that lie in their stretches, and make the others wider."""
        lower, is_lower_found = found.values_of_rank((self._counts - 1) // 2)
        upper, is_upper_found = found.values_of_rank(self._counts // 2)
        is_found = self._is_asked & is_lower_found & is_upper_found
        for group in np.flatnonzero(is_found).tolist():
            self._medians[group] = midpoint(float(lower[group]), float(upper[group]))
        self._is_known |= is_found
        self._width[self._is_asked & ~is_found] *= 2
