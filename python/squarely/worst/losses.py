"""Losses that rows are ordered by: those of one pair each, named themselves or by a metric that sums them."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from squarely import _core
from squarely.arguments import InvalidParameterError
from squarely.named_metrics import Metric, as_metric, closest, full_name, metric_names

if TYPE_CHECKING:
    from squarely.worst.sums import Between, Total

__all__ = ["LOSSES", "MOST_ROWS", "RowLoss", "check_worst", "row_loss"]

MOST_ROWS = 10_000
SQUARED, ABSOLUTE, PINBALL = "squared_error", "absolute_error", "pinball_loss"

# Of each loss the metric that is its mean and has its parameter.
LOSSES: dict[str, str] = _core.row_losses


class RowLoss(NamedTuple):
    """A loss of one pair, and its parameter."""

    name: str
    parameter: float = 0.0

    @property
    def label(self) -> str:
        """The name, with the parameter where it is not the default."""
        metric = Metric(LOSSES[self.name], self.parameter)
        return metric.label.replace(metric.name, self.name) if self.parameter else self.name

    @property
    def is_of_difference(self) -> bool:
        """Whether rows are in the order of the size of the difference, exactly."""
        return self.name in (SQUARED, ABSOLUTE)

    def of(self, difference: Fraction) -> Fraction:
        """Return the loss of a difference without rounding, where it is one of differences."""
        return difference * difference if self.name == SQUARED else abs(difference)

    @property
    def term(self) -> str:
        """What is summed of it: of the pinball loss, which is a part of two sums, the first."""
        return ABSOLUTE if self.name == PINBALL else self.name

    @property
    def parameter_of_term(self) -> float:
        return 0.0 if self.name == PINBALL else self.parameter

    def sum_of(self, sums: Mapping[str, Between]) -> Total | None:
        """Return the sum of the losses of all rows, and nothing where it is not among the sums by their terms.

        It is in the units of the sums, divided by a power of two.
        """
        from squarely.worst.sums import Total

        sizes, errors = sums.get(self.term), sums.get("error")
        if self.name != PINBALL or sizes is None:
            return None if sizes is None else Total(sizes, 0)
        # Half of the sizes, and the errors times a half less the level.
        level, whole = self.parameter.as_integer_ratio()
        bits = whole.bit_length()
        return None if errors is None else Total(sizes.times(whole) + errors.times(whole - 2 * level), bits)


def check_worst(worst: object, function: str, argument: str = "worst") -> int:
    """Return how many rows are asked for, or raise what the number must be."""
    try:
        count = -1 if isinstance(worst, bool) else operator.index(worst)  # type: ignore[arg-type]
    except TypeError:
        count = -1
    if not 0 <= count <= MOST_ROWS:
        raise InvalidParameterError(
            f"The {argument!r} parameter of {function} must be an integer from 0 to {MOST_ROWS}. Got {worst!r} instead."
        )
    return count


def row_loss(given: Any, asked: Sequence[Metric], function: str, argument: str = "worst_by") -> RowLoss:
    """Return the loss that is named, or where none is the one that suits the metrics."""
    if given is None:
        losses = [loss for metric in asked for loss in _losses_of(metric)]
        return next((one for one in losses if one.name == SQUARED), losses[0] if losses else RowLoss(SQUARED))
    if given == "tweedie_deviance":
        raise InvalidParameterError(
            f"The {argument!r} parameter of {function} needs the power of {given!r}: pass "
            "squarely.metric('mean_tweedie_deviance', power=...)."
        )
    if isinstance(given, str) and full_name(given) not in {*LOSSES, *metric_names()}:
        raise InvalidParameterError(
            f"The {argument!r} parameter of {function} has no loss {given!r}. {closest(given, LOSSES)}{_KNOWN}"
        )
    metric = as_metric(LOSSES.get(given, given) if isinstance(given, str) else given, argument, function)
    losses = _losses_of(metric)
    if (metric.name != LOSSES[PINBALL] and len(metric.row.summands(metric.parameter)) != len(losses)) or not losses:
        raise InvalidParameterError(
            f"The {argument!r} parameter of {function} must be a loss of single rows, and {metric.label} is no mean of "
            f"such. {_KNOWN}"
        )
    return losses[0]


_KNOWN = f"The losses are {', '.join(LOSSES)}; or pass a metric that is the mean of one of them."


def _losses_of(metric: Metric) -> list[RowLoss]:
    """Return the losses that a metric sums."""
    if metric.name == LOSSES[PINBALL]:
        return [RowLoss(PINBALL, metric.parameter)]
    summands = [] if metric.is_of_order else metric.row.summands(metric.parameter)
    return [RowLoss(term, parameter) for term, parameter in summands if term in LOSSES]
