"""The search for the order statistics of one prediction: from where a value may lie to the value, pass by pass."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from squarely.accumulator import Accumulator
from squarely.files.order.exact import UNIT, nearest, units
from squarely.files.order.levels import Share, number_kept, share_of
from squarely.files.order.looks import Baseline, Look, Model, Quantity, Sample, Span
from squarely.files.order.reach import Reach
from squarely.files.order.results import TRIMMED, OfOrder
from squarely.named_metrics import Metric
from squarely.order_scores import pinball_level
from squarely.policy import told_of_too_few

__all__ = ["Search", "first_look", "looks_resumed", "saved_looks"]

OF_TRUTH = ("d2_pinball_score", "d2_absolute_error_score")
MODEL = "model"


def first_look(asked: Sequence[Metric], sums: Accumulator, *, weighted: bool = False) -> Look:
    """Return what the first pass is asked, beside the sums."""
    of_order = [one for one in asked if one.is_of_order]
    parts: dict[Any, Any] = {_quantity(one): Sample(_quantity(one)) for one in of_order}
    if "truth" in parts:
        parts[MODEL] = Model(sums.nan_policy)
    return Look(parts, sums, weighted=weighted)


def saved_looks(looks: Mapping[str, Look], of_order: OfOrder) -> tuple[dict[str, Accumulator], OfOrder]:
    """Return what a checkpoint has of the first pass: its sums, and not the sample, which only says where to look."""
    sums = {name: look.sums for name, look in looks.items() if look.sums is not None}
    models = {name: look.parts[MODEL].losses.to_bytes() for name, look in looks.items() if MODEL in look.parts}
    return sums, of_order._replace(models=models)


def looks_resumed(looks: Mapping[str, Look], sums: Mapping[str, Accumulator], of_order: OfOrder) -> dict[str, Look]:
    """Return the looks of the first pass with what a checkpoint has of it."""
    resumed = {name: copy.copy(look) for name, look in looks.items()}
    for name, look in resumed.items():
        look.sums = sums[name]
        look.is_resumed = True
        if MODEL in look.parts:
            look.parts[MODEL].losses = Accumulator.from_bytes(of_order.models[name])
    return resumed


def _quantity(one: Metric) -> Quantity:
    return "truth" if one.name in OF_TRUTH else "absolute_error"


def _summed(one: Metric) -> str:
    """Return what is summed of the values up to the one that is looked for."""
    return "squared_error" if one.name == TRIMMED else "truth" if one.name in OF_TRUTH else ""


class Search:
    """What is known of the order of the rows of one prediction."""

    def __init__(self, asked: Sequence[Metric], first: Look) -> None:
        self.first = first
        self.baselines: dict[Metric, Baseline] = {}
        self.reaches = {one: self._reach(one) for one in asked if self._may_be_known(one)}

    def _may_be_known(self, one: Metric) -> bool:
        """Whether the pairs allow of a value other than NaN."""
        assert self.first.sums is not None
        state = self.first.sums.core.state()
        if state is None or state.pairs[0] < max(1, one.row.least_pairs) or self._present(one) == 0:
            return False
        if self.first.sums.nan_policy != "propagate":
            return True
        is_of_truth = _quantity(one) == "truth"
        without = (state.missing_true, state.missing_pred, state.undefined, *((state.infinite,) if is_of_truth else ()))
        return not any(counts[0] for counts in without)

    def _present(self, one: Metric) -> int:
        """Return how many pairs have a value."""
        assert self.first.sums is not None
        state = self.first.sums.core.state()
        assert state is not None
        return state.pairs[0] - (0 if _quantity(one) == "truth" else state.undefined[0])

    def _reach(self, one: Metric) -> Reach:
        present = self._present(one)
        if one.name == TRIMMED:
            share = Share(Fraction(number_kept(present, one.parameter), present), None)
        else:
            share = share_of(pinball_level(one))
        sample: Sample = self.first.parts[_quantity(one)]
        sample.is_partial = self.first.is_resumed
        return Reach(_quantity(one), share, _summed(one), present, sample, weighted=self.first.weighted)

    @property
    def is_open(self) -> bool:
        """Whether another pass is needed."""
        return bool(self.look().parts)

    def look(self) -> Look:
        """Return what the next pass is asked."""
        parts: dict[Any, Any] = {}
        for one, reach in self.reaches.items():
            if reach.value is None:
                span = reach.span()
                parts[span.asked] = span
            elif reach.has_rounded_truths and one not in self.baselines:
                assert self.first.sums is not None
                parts[one] = Baseline(self.first.sums.nan_policy, reach.value)
        return Look(parts, weighted=self.first.weighted)

    def take(self, found: Look) -> bool:
        """Take in what a pass has found; False where its values are others than those of the first."""
        for name, part in found.parts.items():
            if isinstance(part, Baseline):
                self.baselines[name] = part
        unknown = [reach for reach in self.reaches.values() if reach.value is None]
        spans: list[Span] = [found.parts[reach.span().asked] for reach in unknown]
        taken = [reach.take(span.core) for reach, span in zip(unknown, spans, strict=True)]
        return all(taken)

    def scores(self, asked: Sequence[Metric]) -> dict[Metric, tuple[float, str]]:
        """Return the score of each metric, and what is to be said of it."""
        return {one: (self._score(one), self._note(one)) for one in asked}

    def _note(self, one: Metric) -> str:
        assert self.first.sums is not None
        state = self.first.sums.core.state()
        return told_of_too_few(one) if state is not None and state.pairs[0] < one.row.least_pairs else ""

    def _score(self, one: Metric) -> float:
        if one not in self.reaches:
            return math.nan
        reach = self.reaches[one]
        assert reach.value is not None
        if one.name == TRIMMED:
            return self._trimmed_mean(one, reach)
        return self._explained_loss(one, reach) if _quantity(one) == "truth" else reach.value

    def _trimmed_mean(self, one: Metric, reach: Reach) -> float:
        assert reach.value is not None
        if not math.isfinite(reach.value):
            return reach.value
        kept = number_kept(self._present(one), one.parameter)
        squares = reach.sum_before + (kept - reach.before) * units(Fraction(reach.value) ** 2)
        return nearest(Fraction(squares, kept * UNIT))

    def _explained_loss(self, one: Metric, reach: Reach) -> float:
        """Return 1 less a quotient of sums; a perfect prediction of what does not vary has 1, any other 0."""
        alpha = Fraction(pinball_level(one))
        model = _twice_pinball_loss(*_sums(self.first.parts[MODEL]), alpha)
        if one in self.baselines:
            baseline = _twice_pinball_loss(*_sums(self.baselines[one]), alpha)
        else:
            baseline = _twice_pinball_loss(*reach.errors_of_value(), alpha)
        if baseline == 0:
            return 1.0 if model == 0 else 0.0
        return nearest((baseline - model) / baseline)


def _sums(model: Model) -> tuple[Fraction, Fraction]:
    error, size = (model.sums.sum_of(term) for term in ("error", "absolute_error"))
    assert error is not None
    assert size is not None
    return Fraction(error), Fraction(size)


def _twice_pinball_loss(error: Fraction, size: Fraction, alpha: Fraction) -> Fraction:
    """Return it from the sums of p - y and of |p - y|."""
    return alpha * (size - error) + (1 - alpha) * (size + error)
