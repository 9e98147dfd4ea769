"""Scores over order statistics beside sums, and what does not go with them."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from squarely.files.errors import FileError
from squarely.files.sources.source import Source
from squarely.named_metrics import Metric, as_metric, metric

__all__ = ["MEDIAN", "TRIMMED", "OfOrder", "check_can_be_asked", "check_can_be_read_again", "of_sums"]

MEDIAN = "median_absolute_error"
TRIMMED = "trimmed_mean_squared_error"


class OfOrder(NamedTuple):
    """All metrics that were asked for, and of each prediction the scores of those that are no sums."""

    asked: tuple[Metric, ...]
    scores: Mapping[str, Mapping[Metric, tuple[float, str]]] = MappingProxyType({})
    """With what is to be said of each; none before they are found."""
    of_groups: Mapping[str, Any] = MappingProxyType({})
    """Of each prediction the median of every group, by its number, where there are groups."""
    models: Mapping[str, bytes] = MappingProxyType({})
    """Of a checkpoint: the sums of the pinball loss of each prediction, where these are asked for."""

    @property
    def is_found(self) -> bool:
        """Whether all passes are done."""
        return bool(self.scores)

    @property
    def labels(self) -> tuple[str, ...]:
        """The metrics in words."""
        return tuple(one.label for one in self.asked)

    @property
    def refusal(self) -> str:
        """Why these are not merged."""
        return (
            f"{_named(self.asked)} is found by a second pass over the rows, and is no sum that could be merged with "
            "those of other rows; leave it out, or ask for quantile_absolute_error, which is a sum"
        )

    @property
    def refusal_of_groups(self) -> str:
        """Why those of groups are not saved."""
        return (
            f"{_named(self.asked)} of groups is found by a second pass over the rows, and is not saved; leave it out, "
            "or ask for quantile_absolute_error, which is a sum"
        )

    def to_json(self) -> dict[str, Any]:
        """Return what a header holds of it: scores as hexadecimal digits, which have all of their bits."""
        return {
            "asked": [[one.name, one.parameter.hex()] for one in self.asked],
            "scores": {
                name: [[found[one][0].hex(), found[one][1]] for one in self.asked if one in found]
                for name, found in self.scores.items()
            },
            "models": {name: base64.b64encode(sums).decode() for name, sums in self.models.items()},
        }

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> OfOrder:
        """Read what `to_json` returned."""
        asked = tuple(as_metric(Metric(name, float.fromhex(parameter)), "", "") for name, parameter in saved["asked"])
        of_order = [one for one in asked if one.is_of_order]
        scores = {
            str(name): {
                one: (float.fromhex(score), str(note)) for one, (score, note) in zip(of_order, found, strict=True)
            }
            for name, found in saved["scores"].items()
        }
        models = {str(name): base64.b64decode(sums, validate=True) for name, sums in saved["models"].items()}
        return cls(asked, scores, models=models)


def of_sums(asked: Sequence[Metric]) -> tuple[Metric, ...]:
    """Return those of sums; a median alone needs none, but its report needs the counts."""
    return tuple(one for one in asked if not one.is_of_order) or (metric("max_error"),)


def check_can_be_asked(
    asked: Sequence[Metric], *, weight: object, by: object, nan_policy: str, summation: str, checkpoint: object
) -> None:
    """Refuse what does not go with metrics over order statistics."""
    names = {one.name: one.label for one in asked}
    if weight is not None and TRIMMED in names:
        raise FileError(
            f"{names[TRIMMED]} leaves out a share of the pairs, and takes no weight=; leave one of them out"
        )
    if summation != "exact":
        raise FileError(
            f"{_named(asked)} needs a second pass over the rows of files, which does not go with "
            f"summation={summation!r}; leave one of them out, or pass the arrays to squarely.evaluate"
        )
    if not by:
        return
    others = [one.label for one in asked if one.is_of_order and one.name != MEDIAN]
    if others:
        raise FileError(
            f"{others[0]} is not found for groups of files, and does not go with by=; leave one of "
            f"them out, or pass the arrays to squarely.evaluate. {MEDIAN} has groups"
        )
    found = {
        "weight=": weight is not None,
        "nan_policy='propagate'": nan_policy == "propagate",
        "checkpoint=": checkpoint is not None,
    }
    for name, is_given in found.items():
        if is_given:
            raise FileError(
                f"{_named(asked)} of groups of files does not go with {name}; leave one of them out, or pass the "
                "arrays to squarely.evaluate"
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
