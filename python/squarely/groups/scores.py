"""From the sums of groups to their scores, and why some have none."""

from __future__ import annotations

import functools
import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from squarely import _core
from squarely.named_metrics import Metric
from squarely.policy import score_refused

__all__ = ["GroupScores", "NoteOfGroups"]

Values = npt.NDArray[np.float64]


class GroupScores:
    """The scores of all groups of an accumulator, in an order of theirs."""

    def __init__(self, core: _core.GroupedAccumulator, asked: Sequence[Metric], order: npt.NDArray[np.intp]) -> None:
        self.core = core
        self.asked = asked
        self.order = order

    def values(self, index: int) -> Values:
        """Return one number a group, NaN where one has none; of raw values an array of the outputs a group."""
        if self.core.groups == 0:
            return np.empty(0)
        averaging = self.core.configuration.multioutput
        if averaging == "variance_weighted" and math.prod(self.core.shape) > 1:
            values = np.array([self._score(group, index) for group in range(self.core.groups)])
        else:
            values = self.core.values(index)
            values[self._are_without_weight] = np.nan
            if averaging != "raw_values":
                values = averages_of(values)
        return values[self.order]

    def _score(self, group: int, index: int) -> float:
        try:
            return float(self.core.group(group).score(index))
        except _core.Refused:
            return math.nan

    @functools.cached_property
    def _are_without_weight(self) -> npt.NDArray[np.bool_]:
        """Of which groups the weights of an output sum to zero."""
        found: npt.NDArray[np.bool_] = np.any(self.core.have_no_weight.reshape(self.core.groups, -1), axis=1)
        return found

    # Why some have none

    def notes(self) -> dict[str, str]:
        """Return in how many groups a metric has no value, and why, by its name."""
        notes = {one.label: self.note(index, self.values(index)) for index, one in enumerate(self.asked)}
        return {name: note for name, note in notes.items() if note}

    def note(self, index: int, values: Values) -> str:
        """Return what is to be said of the values of a metric, or nothing."""
        are_none = np.isnan(values).any(axis=tuple(range(1, values.ndim)))
        if not are_none.any():
            return ""
        note = NoteOfGroups(self.core.groups)
        for group in self.order[are_none].tolist():
            note.add(self.why_none(group, self.asked[index]) or self._why_undefined(group, index))
        return str(note)

    def why_none(self, group: int, metric: Metric) -> str:
        """Return why a group has nothing to be scored by a metric, or nothing where there is something."""
        if self._are_without_weight[group]:
            return "weights that sum to zero"
        fewest = self._fewest_pairs[group]
        if fewest >= metric.row.least_pairs:
            return ""
        return "no pairs" if fewest == 0 else "fewer than two pairs"

    def _why_undefined(self, group: int, index: int) -> str:
        try:
            self.core.group(group).score(index)
        except _core.Refused as refused:
            return str(score_refused(refused, self.asked[index], self.core.shape)).rstrip(".")
        return "no defined value"

    @functools.cached_property
    def _fewest_pairs(self) -> npt.NDArray[np.int64]:
        fewest: npt.NDArray[np.int64] = self.core.pairs.reshape(self.core.groups, -1).min(axis=1)
        return fewest


class NoteOfGroups:
    """In how many groups a metric has no value, and why."""

    def __init__(self, groups: int) -> None:
        self.groups = groups
        self.reasons: Counter[str] = Counter()

    def add(self, reason: str) -> None:
        self.reasons[reason] += 1

    def __str__(self) -> str:
        if not self.reasons:
            return ""
        whole = f"NaN in {self.reasons.total()} of {self.groups} groups"
        if len(self.reasons) == 1:
            return f"{whole}: {next(iter(self.reasons))}"
        reasons = "; ".join(f"{reason} ({count})" for reason, count in sorted(self.reasons.items()))
        return f"{whole}: {reasons}"


def averages_of(values: Values) -> Values:
    """Return the mean of the outputs of every group, rounded once."""
    if values[0].size == 1:
        return values.reshape(len(values))
    weights = [1.0] * values[0].size
    return np.array([_core.average(own, weights) for own in values.reshape(len(values), -1).tolist()])
