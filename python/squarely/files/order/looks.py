"""What one pass finds out about a prediction beside sums: parts that merge, each of a question."""

from __future__ import annotations

import copy
import functools
import threading
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from squarely import _core
from squarely.accumulator import Accumulator
from squarely.columns.one_row import as_rows
from squarely.distribution.counts import Counts, sizes_of
from squarely.distribution.reading import counts_of_term
from squarely.files.order.cells import Cells
from squarely.files.order.stretches import EVERYTHING, Stretch, as_keys, bucket_stretch
from squarely.named_metrics import metric
from squarely.pairing import pair

__all__ = ["Baseline", "Look", "Model", "Quantity", "Rows", "Sizes", "Span"]

Quantity = str  # of the core: "absolute_error" or "truth"
Values = npt.NDArray[np.float64]


class Rows:
    """A chunk: its two sides, and the values that are ordered, NaN where a pair has none."""

    def __init__(self, y_true: Any, y_pred: Any) -> None:
        self.y_true = y_true
        self.y_pred = y_pred
        self._ordered = functools.cache(self._in_order)

    def values(self, quantity: Quantity) -> Values:
        """Return a value a row."""
        return self._ordered(quantity).values.reshape(-1)

    def present(self, quantity: Quantity) -> int:
        """Return how many pairs have a value."""
        return self._ordered(quantity).pairs[0]

    def _in_order(self, quantity: Quantity) -> _core.OrderStatistics:
        truth, prediction = as_rows(self.y_true), as_rows(self.y_pred)
        pairs = pair(truth, prediction, None, 0, "score_files", most_dimensions=None, may_lack_rows=True)
        return pairs.order(quantity)


class Sizes:
    """How many values there are of which size."""

    def __init__(self, quantity: Quantity) -> None:
        self.quantity = quantity
        self.counts = Accumulator("quantile_absolute_error", nan_policy="propagate")

    def add(self, rows: Rows) -> None:
        """Count the values of a chunk."""
        if self.quantity == "absolute_error":
            self.counts.update(rows.y_true, rows.y_pred)
        else:
            truths = rows.values(self.quantity)
            self.counts.update(truths, np.zeros(len(truths)))

    def merge(self, other: Sizes) -> None:
        """Count what another has counted."""
        self.counts.merge(other.counts)

    def empty(self) -> Sizes:
        """Return the same question, of which nothing is known yet."""
        return Sizes(self.quantity)

    @property
    def present(self) -> int:
        """How many values there are."""
        return self.counts.core.pairs[0]

    def stretch_of(self, rank: int) -> Stretch:
        """Return where the value of a rank is to be looked for."""
        counts = self._by_size()
        place = int(np.searchsorted(np.cumsum(counts.counts), rank, side="right"))
        if place == len(counts.counts):  # an infinity
            return Stretch(EVERYTHING.last, EVERYTHING.last)
        return bucket_stretch(int(counts.buckets[place]), counts.bits)

    def _by_size(self) -> Counts:
        signed = counts_of_term(self.counts.core, "residuals_by_size")
        return sizes_of(signed) if self.quantity == "absolute_error" else signed


class Span:
    """The values in a stretch, how many lie below it, and where it is asked for the sum of the squares of these."""

    def __init__(self, quantity: Quantity, stretch: Stretch, *, has_squares: bool) -> None:
        self.quantity = quantity
        self.stretch = stretch
        self.present = 0
        self.below = 0
        self.inside = Cells()
        self.squares = Accumulator("mean_squared_error") if has_squares else None

    def add(self, rows: Rows) -> None:
        """Take in the values of a chunk."""
        values = rows.values(self.quantity)
        low, high = self.stretch.ends()
        is_below, is_up_to = values < low, values <= high
        below, up_to = np.count_nonzero(is_below), np.count_nonzero(is_up_to)
        self.present += rows.present(self.quantity)
        self.below += int(below)
        if up_to > below:
            self.inside.add(as_keys(values[is_up_to ^ is_below]))
        if self.squares is not None:
            self.squares.update(values, np.zeros(len(values)), where=is_below)

    def merge(self, other: Span) -> None:
        """Take in what another has found."""
        self.present += other.present
        self.below += other.below
        self.inside.merge(other.inside)
        if self.squares is not None and other.squares is not None:
            self.squares.merge(other.squares)

    def empty(self) -> Span:
        """Return the same question, of which nothing is known yet."""
        return Span(self.quantity, self.stretch, has_squares=self.squares is not None)


class Model:
    """The pinball loss of the predictions."""

    def __init__(self, alpha: float, nan_policy: Any) -> None:
        self.alpha = alpha
        self.nan_policy = nan_policy
        self.losses = Accumulator(metric("mean_pinball_loss", alpha=alpha), nan_policy=nan_policy)

    def add(self, rows: Rows) -> None:
        """Sum the losses of a chunk."""
        self.losses.update(rows.y_true, rows.y_pred)

    def merge(self, other: Model) -> None:
        """Add the sums of another."""
        self.losses.merge(other.losses)

    @property
    def state(self) -> _core.State:
        """The sums of some pairs."""
        state = self.losses.core.state()
        assert state is not None
        return state

    def empty(self) -> Model:
        """Return the same question, of which nothing is known yet."""
        return Model(self.alpha, self.nan_policy)


class Baseline(Model):
    """The pinball loss of a constant, in the rows that count."""

    def __init__(self, alpha: float, nan_policy: Any, constant: float) -> None:
        super().__init__(alpha, nan_policy)
        self.constant = constant

    def add(self, rows: Rows) -> None:
        """Sum the losses of a chunk."""
        truths = rows.values("truth")
        self.losses.update(rows.y_true, np.full(len(truths), self.constant), where=truths == truths)

    def empty(self) -> Baseline:
        """Return the same question, of which nothing is known yet."""
        return Baseline(self.alpha, self.nan_policy, self.constant)


Part = Any  # Sizes, Span, Model or Baseline


class Look:
    """Several questions about the rows of a prediction, in the first pass beside the sums that were asked for."""

    def __init__(self, parts: Mapping[Any, Part], sums: Accumulator | None = None) -> None:
        self.parts = dict(parts)
        self.sums = sums
        # What is in memory is taken in by the thread that asked, while others merge what they have read.
        self._lock = threading.Lock()

    @property
    def count(self) -> Any:
        """Pairs, one number an output, as an `Accumulator` has it; 0 in later passes, which are of one output."""
        return 0 if self.sums is None else self.sums.count

    def update(self, y_true: Any, y_pred: Any, *, sample_weight: None = None) -> Look:
        """Take in a chunk, or raise what the sums refuse."""
        rows = Rows(y_true, y_pred)
        with self._lock:
            if self.sums is not None:
                self.sums.update(y_true, y_pred)
            for part in self.parts.values():
                part.add(rows)
        return self

    def merge(self, other: Look) -> Look:
        """Take in what another has found."""
        with self._lock:
            if self.sums is not None and other.sums is not None:
                self.sums.merge(other.sums)
            for name, part in self.parts.items():
                part.merge(other.parts[name])
        return self

    def reset(self) -> Look:
        """Forget what was found."""
        self.parts = {name: part.empty() for name, part in self.parts.items()}
        if self.sums is not None:
            self.sums.reset()
        return self

    def __copy__(self) -> Look:
        return Look(copy.deepcopy(self.parts), copy.copy(self.sums))
