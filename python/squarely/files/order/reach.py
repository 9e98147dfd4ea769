"""A value by its place in the order, and where it is looked for: narrower with every pass, until it is found."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from squarely import _core
from squarely.files.order.exact import UNIT, Values, sum_of
from squarely.files.order.heaps import Heap, Many, Met, One
from squarely.files.order.levels import Share, midpoint
from squarely.files.order.looks import Quantity, Sample, Span

__all__ = ["Reach"]


class Reach:
    """The first value up to which the weights are a share of all, or half way from there to the next."""

    def __init__(
        self, quantity: Quantity, share: Share, summed: str, present: int, sample: Sample, *, weighted: bool
    ) -> None:
        self.value: float | None = None
        self.has_rounded_truths = False
        """Whether sums of truths are not those of the values."""
        self._quantity, self._share, self._summed = quantity, share, summed
        self._present, self._weighted = present, weighted
        self._bounds = (-math.inf, math.inf)  # where it is for certain
        self._stretch = self._bounds
        self._total = self._sum_of_all = 0
        self._met: Met | None = None  # where only the next one is looked for
        values, weights = sample.core.values, sample.core.weights if weighted else None
        if sample.is_whole:
            self._take_sample(values, weights, has_rounded_truths=sample.core.has_rounded_truths)
        else:
            middle = (share.least + (share.least if share.most is None else share.most)) / 2
            self._stretch = self._likely(values, weights, float(middle))

    def span(self) -> Span:
        """Return what the next pass is asked."""
        return Span(self._quantity, *self._stretch, self._summed, weighted=self._weighted)

    def take(self, found: _core.ValuesBetween) -> bool:
        """Take the value, or where it is to be looked for next; False where the rows were others than before."""
        present, weight, sum_of_all = found.all_and_sum
        if present != self._present:
            return False
        self._total = weight if self._weighted else present
        self._sum_of_all = sum_of_all
        self.has_rounded_truths = self._summed == "truth" and found.has_rounded_truths
        inside = Many(
            found.values,
            found.weights if self._weighted else None,
            found.inside[0],
            found.inside[self._weighted],
            found.halvings == 0,
        )
        low, high = self._stretch
        below, weight_below, sum_below = found.below_and_sum
        before = weight_below if self._weighted else below
        return self._look_in(before, sum_below, [self._end(low, found.at_low), inside, self._end(high, found.at_high)])

    @property
    def before(self) -> int:
        """How much the values below the first one weigh."""
        assert self._met is not None
        return self._met.weight_before

    @property
    def sum_before(self) -> int:
        """The sum of these."""
        assert self._met is not None
        return self._met.sum_before

    def errors_of_value(self) -> tuple[Fraction, Fraction]:
        """Return the sums of c - y and of |c - y| over all truths y, where c is the value."""
        assert self.value is not None
        assert self._met is not None
        unit = 1 if self._weighted else UNIT
        constant, first = Fraction(self.value), Fraction(self._met.value)
        error = constant * self._total * unit - self._sum_of_all
        # Where the value is half way to the next, the first one is below it.
        below = constant * self.before * unit - self.sum_before + (constant - first) * self._met.weight * unit
        return error, 2 * below - error

    def _end(self, value: float, found: tuple[int, int]) -> One:
        return One(value, found[0], found[self._weighted], self._weighted)

    def _take_sample(self, values: Values, weights: Values | None, *, has_rounded_truths: bool) -> None:
        self._total = len(values) if weights is None else sum_of(weights)
        if self._summed == "truth":
            self._sum_of_all = sum_of(values, weights)
            self.has_rounded_truths = has_rounded_truths
        self._look_in(0, 0, [Many(values, weights, len(values), self._total, is_whole=True)])

    def _look_in(self, before: int, sum_before: int, heaps: list[Heap]) -> bool:
        """Take what the heap has in which the value is, or go where it must be."""
        low, high = self._stretch
        needed = self._needed()
        if before > 0 and before >= needed:
            return self._go(self._bounds[0], math.nextafter(low, -math.inf))
        is_sum_known = True
        for place, heap in enumerate(heaps):
            if heap.weight > 0 and before + heap.weight >= needed:
                if not heap.is_whole:
                    return self._go_into(heap, float((needed - before) / heap.weight))
                if self._summed and not is_sum_known:
                    return self._go(heap.least, heap.least)
                self._meet(heap.meet(needed - before, self._summed), before, sum_before, heaps[place + 1 :])
                return True
            before += heap.weight
            is_sum_known &= heap.is_whole
            if heap.weight > 0 and is_sum_known:
                sum_before += heap.sum_up(self._summed)
        return self._go(math.nextafter(high, math.inf), self._bounds[1])

    def _needed(self) -> Fraction:
        if self._met is None:
            return self._share.least * self._total
        return Fraction(self._met.weight_before + self._met.weight + 1)

    def _meet(self, met: Met, before: int, sum_before: int, above: list[Heap]) -> None:
        if self._met is not None:
            self.value = midpoint(self._met.value, met.value)
            return
        self._met = met._replace(weight_before=before + met.weight_before, sum_before=sum_before + met.sum_before)
        up_to = self._met.weight_before + met.weight
        most = self._share.most
        if most is None or up_to > most * self._total or up_to == self._total:
            self.value = met.value
            return
        nearest_above = next((heap for heap in above if heap.weight > 0), None)
        if met.next_value is not None:
            self.value = midpoint(met.value, met.next_value)
        elif nearest_above is not None and nearest_above.is_whole:
            self.value = midpoint(met.value, nearest_above.least)
        else:
            self._go(math.nextafter(met.value, math.inf), math.inf)

    def _go(self, low: float, high: float) -> bool:
        """Look between these in the next pass; False where there is nothing."""
        self._bounds = self._stretch = (low, high)
        return low <= high

    def _go_into(self, heap: Heap, place: float) -> bool:
        """Look between the ends of the stretch, most likely where a sample of these has its share."""
        assert isinstance(heap, Many)
        low, high = self._stretch
        is_there = self._go(math.nextafter(low, math.inf), math.nextafter(high, -math.inf))
        self._stretch = self._likely(heap.values, heap.weights, place)
        return is_there

    def _likely(self, values: Values, weights: Values | None, share: float) -> tuple[float, float]:
        """Return where the share lies if all are like the sample: four standard deviations on either side."""
        low, high = self._bounds
        if len(values) == 0:
            return low, high
        order = np.argsort(values)
        # Beside the largest of the weights, no sum of them or of their squares is an infinity.
        own = np.ones(len(values)) if weights is None else weights[order] / weights.max()
        up_to = np.cumsum(own)
        middle = share * float(up_to[-1])
        margin = min(2 * math.sqrt(float(own @ own)), float(up_to[-1]) / 4)
        first = int(np.searchsorted(up_to, middle - margin, side="right")) - 1
        last = int(np.searchsorted(up_to, middle + margin))
        if first < 0 and last == len(order):  # of so few only the one in the middle says something
            first = last = min(int(np.searchsorted(up_to, middle)), last - 1)
        return (
            float(values[order[first]]) if first >= 0 else low,
            float(values[order[last]]) if last < len(order) else high,
        )
