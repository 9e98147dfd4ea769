"""What one pass finds out about a prediction beside sums: parts that merge, each of a question."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from squarely import _core
from squarely.accumulator import Accumulator
from squarely.columns.one_row import as_rows
from squarely.files.order.questions import Part, Questions
from squarely.named_metrics import metric
from squarely.order_scores import check_weights_in_order
from squarely.pairing import PairedColumns, pair

__all__ = ["Baseline", "Look", "Model", "Quantity", "Rows", "Sample", "Span"]

Quantity = str  # of the core: "absolute_error" or "truth"

MOST_SAMPLED = 2**20  # values: 8 MB, and twice as much with weights
MOST_KEPT = 2**23  # of a stretch: of up to two billion rows it has fewer


class Rows:
    """A chunk, paired once for all parts that look at it."""

    def __init__(self, y_true: Any, y_pred: Any, weights: Any) -> None:
        self.y_true = y_true
        self.y_pred = y_pred
        self.weights = weights
        # Columns of files, which there is nothing to say about. Pairing would take longer than a look at a sample.
        sides = (y_true, y_pred)
        self._are_plain = weights is None and all(type(one) is np.ndarray and one.dtype.char in "fd" for one in sides)
        self._are_plain = self._are_plain and y_true.ndim == 1 and y_true.shape == y_pred.shape

    def hand_to(self, update: Callable[..., None]) -> None:
        """Pass all pairs on, with their weights."""
        if self._are_plain:
            update(self.y_true, self.y_pred)
        else:
            self.pairs.hand_to(update)

    @property
    def are_of_one_output(self) -> bool:
        """Whether a row is a pair of numbers."""
        return self._are_plain or self.pairs.outputs == 1

    @functools.cached_property
    def pairs(self) -> PairedColumns:
        """Both sides and the weights."""
        truth, prediction = as_rows(self.y_true), as_rows(self.y_pred)
        pairs = pair(
            *(truth, prediction, None, 0, "score_files"),
            most_dimensions=None,
            sample_weight=self.weights,
            may_lack_rows=True,
        )
        check_weights_in_order(pairs, "score_files")
        return pairs


class Pace:
    """How many rows a sample has one of: what begins later begins with what those before it have come to."""

    def __init__(self) -> None:
        self.halvings = 0


class Sample:
    """Values of some rows, of all where these are few."""

    def __init__(self, quantity: Quantity, pace: Pace | None = None) -> None:
        self.quantity = quantity
        self.pace = Pace() if pace is None else pace
        self.is_partial = False
        """Whether some rows were read by an earlier run, which has saved no sample."""
        self.core = _core.SampledValues(quantity, MOST_SAMPLED, self.pace.halvings)

    def add(self, rows: Rows) -> None:
        """Look at some of the values of a chunk."""
        rows.hand_to(self.core.update)

    def merge(self, other: Sample) -> None:
        """Take in what another has found."""
        self.core.merge(other.core)
        self.pace.halvings = self.core.halvings

    def empty(self) -> Sample:
        """Return the same question, of which nothing is known yet."""
        return Sample(self.quantity, self.pace)

    @property
    def is_whole(self) -> bool:
        """Whether these are the values of all rows."""
        return self.core.halvings == 0 and not self.is_partial


class Span:
    """The values in a stretch, how many lie below it, and what these sum up to."""

    def __init__(self, quantity: Quantity, low: float, high: float, summed: str, *, weighted: bool) -> None:
        self.asked = (quantity, low, high, summed)
        self.weighted = weighted
        self.core = _core.ValuesBetween(*self.asked, weighted, MOST_KEPT)

    def add(self, rows: Rows) -> None:
        """Take in the values of a chunk."""
        rows.hand_to(self.core.update)

    def merge(self, other: Span) -> None:
        """Take in what another has found."""
        self.core.merge(other.core)

    def empty(self) -> Span:
        """Return the same question, of which nothing is known yet."""
        return Span(*self.asked, weighted=self.weighted)


class Model:
    """The sums of the pinball loss of the predictions, which are the same of all levels."""

    def __init__(self, nan_policy: Any) -> None:
        self.nan_policy = nan_policy
        self.losses = Accumulator(metric("mean_pinball_loss", alpha=0.5), nan_policy=nan_policy)

    def add(self, rows: Rows) -> None:
        """Sum the losses of a chunk."""
        self.losses.update(rows.y_true, rows.y_pred, sample_weight=rows.weights)

    def merge(self, other: Model) -> None:
        """Add the sums of another."""
        self.losses.merge(other.losses)

    @property
    def sums(self) -> _core.State:
        """The sums of some pairs."""
        state = self.losses.core.state()
        assert state is not None
        return state

    def empty(self) -> Model:
        """Return the same question, of which nothing is known yet."""
        return Model(self.nan_policy)


class Baseline(Model):
    """The pinball loss of a constant, in the rows that count."""

    def __init__(self, nan_policy: Any, constant: float) -> None:
        super().__init__(nan_policy)
        self.constant = constant

    def add(self, rows: Rows) -> None:
        """Sum the losses of a chunk."""
        truths = rows.pairs.order("truth").values.reshape(-1)
        constants, is_there = np.full(len(truths), self.constant), truths == truths
        self.losses.update(rows.y_true, constants, sample_weight=rows.weights, where=is_there)

    def empty(self) -> Baseline:
        """Return the same question, of which nothing is known yet."""
        return Baseline(self.nan_policy, self.constant)


class Look(Questions):
    """Questions about the rows of a prediction: each part is a Sample, a Span, a Model or a Baseline."""

    sums: Accumulator | None

    def __init__(self, parts: Mapping[Any, Part], sums: Accumulator | None = None, *, weighted: bool = False) -> None:
        super().__init__(parts, sums)
        self.weighted = weighted
        self.is_resumed = False
        """Whether sums of an earlier run are in these."""

    def update(self, y_true: Any, y_pred: Any, *, sample_weight: Any = None) -> Look:
        """Take in a chunk, or raise what the sums refuse."""
        rows = Rows(y_true, y_pred, sample_weight)
        with self._lock:
            if self.sums is not None:
                self.sums.update(y_true, y_pred, sample_weight=sample_weight)
            if rows.are_of_one_output:  # or it is refused by who reads the chunks
                for part in self.parts.values():
                    part.add(rows)
        return self

    def _asked_anew(self, parts: Mapping[Any, Part], sums: Accumulator | None) -> Look:
        return Look(parts, sums, weighted=self.weighted)
