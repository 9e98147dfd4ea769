"""The search for the order statistics of one prediction: from where a rank may lie to its value, pass by pass."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from squarely import _core
from squarely.accumulator import Accumulator
from squarely.files.order.levels import Reached, midpoint, number_kept, reached_among
from squarely.files.order.looks import Baseline, Look, Model, Quantity, Sizes, Span
from squarely.files.order.stretches import EVERYTHING, Keys, Stretch, value_of, values_of
from squarely.named_metrics import Metric
from squarely.order_scores import pinball_level
from squarely.policy import told_of_too_few

__all__ = ["Search", "first_look"]

TRIMMED = "trimmed_mean_squared_error"
OF_TRUTH = ("d2_pinball_score", "d2_absolute_error_score")


def first_look(asked: Sequence[Metric], sums: Accumulator) -> Look:
    """Return what the first pass is asked, beside the sums."""
    of_order = [one for one in asked if one.is_of_order]
    parts: dict[Any, Any] = {_quantity(one): Sizes(_quantity(one)) for one in of_order}
    for one in of_order:
        if _quantity(one) == "truth":
            parts[pinball_level(one)] = Model(pinball_level(one), sums.nan_policy)
    return Look(parts, sums)


def _quantity(one: Metric) -> Quantity:
    return "truth" if one.name in OF_TRUTH else "absolute_error"


class Rank:
    """A rank, where its value is looked for, and the value, once it is known."""

    def __init__(self, quantity: Quantity, rank: int, stretch: Stretch) -> None:
        self.quantity = quantity
        self.rank = rank
        self.stretch = stretch
        self.is_certain = False
        """Whether a pass has counted the values below the stretch, and those in it."""
        self.is_trimmed = False
        """Whether the squares of all that is below are asked for."""
        self.value: float | None = None
        self.mean_square = math.nan
        """Of the values up to this rank."""

    def take(self, span: Span) -> bool:
        """Take the value, or where it is to be looked for next; False where it is not where it was."""
        left = self.rank - span.below
        cells, counts = span.inside.settled()
        reached = np.cumsum(counts)
        place = int(np.searchsorted(reached, left, side="right"))
        is_inside = left >= 0 and place < len(cells)
        if self.is_certain and not is_inside:
            return False
        self.is_certain = True
        if left < 0:
            self.stretch = Stretch(EVERYTHING.first, self.stretch.first - 1)
        elif not is_inside:
            self.stretch = Stretch(self.stretch.last + 1, EVERYTHING.last)
        elif span.inside.shift > 0:
            self.stretch = span.inside.stretch_of(int(cells[place])).within(self.stretch)
        else:
            self.value = value_of(int(cells[place]))
            if span.squares is not None and math.isfinite(self.value):
                counts = np.append(counts[:place], left + 1 - int(reached[place] - counts[place]))
                squares = copy.copy(span.squares).merge(_squares(cells[: place + 1], counts))
                self.mean_square = float(squares["mean_squared_error"])
        return True


def _squares(keys: Keys, counts: Keys) -> Accumulator:
    """Return the sums of squares of values that occur so often: digit by digit of the counts, doubled in between."""
    sums = Accumulator("mean_squared_error")
    values = values_of(keys)
    for digit in reversed(range(int(counts.max()).bit_length())):
        sums.merge(copy.copy(sums))
        occur = values[counts >> digit & 1 == 1]
        sums.update(occur, np.zeros(len(occur)))
    return sums


class Search:
    """What is known of the order of the rows of one prediction."""

    def __init__(self, asked: Sequence[Metric], first: Look) -> None:
        self.asked = asked
        self.first = first
        self.present = 0
        self.ranks: dict[tuple[Quantity, int], Rank] = {}
        self.baselines: dict[float, Baseline] = {}
        self._reached: dict[Metric, Reached] = {}
        for one in asked:
            if self._may_be_known(one):
                self._ask(one)

    def _may_be_known(self, one: Metric) -> bool:
        """Whether the pairs allow of a value other than NaN."""
        assert self.first.sums is not None
        state = self.first.sums.core.state()
        if state is None or state.pairs[0] < max(1, one.row.least_pairs):
            return False
        if self.first.sums.nan_policy != "propagate":
            return True
        is_of_truth = _quantity(one) == "truth"
        without = (state.missing_true, state.missing_pred, state.undefined, *((state.infinite,) if is_of_truth else ()))
        return not any(counts[0] for counts in without)

    def _ask(self, one: Metric) -> None:
        quantity = _quantity(one)
        sizes: Sizes = self.first.parts[quantity]
        present = self.present = sizes.present
        if one.name == TRIMMED:
            ranks = [number_kept(present, one.parameter) - 1]
        else:
            self._reached[one] = reached_among(present, pinball_level(one))
            ranks = self._reached[one].ranks(present)
        for rank in ranks:
            asked = self.ranks.setdefault((quantity, rank), Rank(quantity, rank, sizes.stretch_of(rank)))
            asked.is_trimmed |= one.name == TRIMMED

    @property
    def is_open(self) -> bool:
        """Whether another pass is needed."""
        return bool(self.look().parts)

    def look(self) -> Look:
        """Return what the next pass is asked."""
        parts: dict[Any, Any] = {}
        for rank in self.ranks.values():
            if rank.value is None:
                span = parts.get((rank.quantity, rank.stretch))
                has_squares = rank.is_trimmed or (span is not None and span.squares is not None)
                parts[rank.quantity, rank.stretch] = Span(rank.quantity, rank.stretch, has_squares=has_squares)
        for one in self._reached:
            alpha = pinball_level(one)
            if _quantity(one) == "truth" and alpha not in self.baselines and self._is_found(one):
                model: Model = self.first.parts[alpha]
                parts[alpha] = Baseline(alpha, model.nan_policy, self._quantile(one))
        return Look(parts)

    def take(self, found: Look) -> bool:
        """Take in what a pass has found; False where its values are others than those of the first."""
        for name, part in found.parts.items():
            if isinstance(part, Baseline):
                self.baselines[name] = part
            elif part.present != self.present:
                return False
        unknown = [rank for rank in self.ranks.values() if rank.value is None]
        taken = [rank.take(found.parts[rank.quantity, rank.stretch]) for rank in unknown]
        return all(taken)

    def scores(self) -> dict[Metric, tuple[float, str]]:
        """Return the score of each metric, and what is to be said of it."""
        return {one: (self._score(one), self._note(one)) for one in self.asked}

    def _note(self, one: Metric) -> str:
        assert self.first.sums is not None
        state = self.first.sums.core.state()
        return told_of_too_few(one) if state is not None and state.pairs[0] < one.row.least_pairs else ""

    def _score(self, one: Metric) -> float:
        if not self._may_be_known(one):
            return math.nan
        if one.name == TRIMMED:
            rank = self.ranks["absolute_error", number_kept(self.present, one.parameter) - 1]
            assert rank.value is not None
            return rank.mean_square if math.isfinite(rank.value) else rank.value
        if _quantity(one) == "absolute_error":
            return self._quantile(one)
        alpha = pinball_level(one)
        model, baseline = self.first.parts[alpha].state, self.baselines[alpha].state
        return _core.explained_pinball_loss(model, baseline, alpha)[0]

    def _ranks_of(self, one: Metric) -> list[Rank]:
        return [self.ranks[_quantity(one), rank] for rank in self._reached[one].ranks(self.present)]

    def _is_found(self, one: Metric) -> bool:
        return all(rank.value is not None for rank in self._ranks_of(one))

    def _quantile(self, one: Metric) -> float:
        values = [rank.value for rank in self._ranks_of(one) if rank.value is not None]
        return values[0] if len(values) == 1 else midpoint(*values)
