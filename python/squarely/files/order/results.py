"""Scores over order statistics beside sums, and what does not go with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from squarely.files.errors import FileError
from squarely.files.sources.source import Source
from squarely.named_metrics import Metric, metric

__all__ = ["OfOrder", "check_can_be_asked", "check_can_be_read_again", "of_sums"]


class OfOrder(NamedTuple):
    """All metrics that were asked for, and of each prediction the scores of those that are no sums."""

    asked: tuple[Metric, ...]
    scores: Mapping[str, Mapping[Metric, tuple[float, str]]]
    """With what is to be said of each."""
    of_groups: Mapping[str, Any] = MappingProxyType({})
    """Of each prediction the median of every group, by its number, where there are groups."""

    @property
    def refusal(self) -> str:
        """Why these are neither saved nor merged."""
        return (
            f"{_named(self.asked)} is found by a second pass over the rows, and is no sum that could be saved or "
            "merged; leave it out, or ask for quantile_absolute_error, which is a sum"
        )


def of_sums(asked: Sequence[Metric]) -> tuple[Metric, ...]:
    """Return those of sums; a median alone needs none, but its report needs the counts."""
    return tuple(one for one in asked if not one.is_of_order) or (metric("max_error"),)


def check_can_be_asked(
    asked: Sequence[Metric], *, weight: object, by: object, nan_policy: str, summation: str, checkpoint: object
) -> None:
    """Refuse what does not go with metrics over order statistics."""
    without_weights = next((one.label for one in asked if one.name == "trimmed_mean_squared_error"), None)
    if weight is not None and without_weights is not None:
        raise FileError(
            f"{without_weights} leaves out a share of the pairs, and takes no weight=; leave one of them out"
        )
    are_medians = all(one.name == "median_absolute_error" for one in asked if one.is_of_order)
    if by and are_medians and (weight is not None or nan_policy == "propagate"):
        other = "weight=" if weight is not None else "nan_policy='propagate'"
        raise FileError(
            f"{_named(asked)} of groups of files does not go with {other}; leave one of them out, or pass the arrays "
            "to squarely.evaluate"
        )
    others = {
        "by=": bool(by) and not are_medians,
        f"summation={summation!r}": summation != "exact",
        "checkpoint=": checkpoint is not None,
    }
    for name, is_given in others.items():
        if is_given:
            raise FileError(
                f"{_named(asked)} needs a second pass over the rows of files, which does not go with {name}; leave one "
                "of them out, or pass the arrays to squarely.evaluate"
            )


def check_can_be_read_again(asked: Sequence[Metric], sources: Iterable[Source]) -> None:
    """Refuse what can be read only once."""
    passing = [source.name for source in sources if not source.can_be_read_again] if isinstance(sources, list) else None
    once = "an iterator" if passing is None else next(iter(passing), None)
    if once is not None:
        raise FileError(
            f"{_named(asked)} needs a second pass over the rows, and {once} can be read only once; write the rows to a "
            "file, or ask for quantile_absolute_error, which takes one pass and is within 0.4 %"
        )


def _named(asked: Sequence[Metric]) -> str:
    return next(one.label for one in asked if one.is_of_order)
