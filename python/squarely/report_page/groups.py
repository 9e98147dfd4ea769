"""Pictures of a score by group: the worst groups as bars, or the score over time."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from squarely.report_page.group_bars import MOST, GroupScore, drawn_group_bars
from squarely.report_page.over_time import Moment, drawn_over_time

if TYPE_CHECKING:
    from squarely.groups.report import GroupedReport

__all__ = ["drawn_groups"]

PREFERRED = ("root_mean_squared_error", "mean_absolute_error")


def drawn_groups(groups: GroupedReport, prediction: str) -> list[str]:
    """Return the figures of one prediction."""
    metric = next((one for one in PREFERRED if one in groups.metrics), groups.metrics[0])
    figures = [drawn_group_bars(_worst(groups, metric, prediction), metric, groups.groups)]
    moments = _moments(groups.keys, _of(groups[metric], prediction))
    return [*figures, drawn_over_time(moments, metric)] if moments else figures


def _worst(groups: GroupedReport, metric: str, prediction: str) -> list[GroupScore]:
    worst = groups.sort(metric, worst_first=True, **({"prediction": prediction} if prediction else {})).top(MOST)
    scores, pairs = _of(worst[metric], prediction), _of(worst.count, prediction)
    names = [_name(key) for key in worst.keys]
    return [GroupScore(*one) for one in zip(names, pairs.tolist(), scores.tolist(), strict=True)]


def _moments(keys: Sequence[Any], scores: np.ndarray[Any, Any]) -> list[Moment]:
    """Return the groups as moments, where their keys are times and there are several."""
    if len(keys) < 2 or not all(isinstance(key, (datetime.date, np.datetime64)) for key in keys):
        return []
    moments = [Moment(_name(key), _seconds(key), score) for key, score in zip(keys, scores.tolist(), strict=True)]
    return sorted(moments, key=lambda moment: moment.at)


def _seconds(time: Any) -> float:
    return (
        float(
            np.datetime64(time.replace(tzinfo=None) if isinstance(time, datetime.datetime) else time, "us").astype(
                np.int64
            )
        )
        / 1e6
    )


def _of(values: Any, prediction: str) -> np.ndarray[Any, Any]:
    found: np.ndarray[Any, Any] = values[prediction] if prediction else values
    return found


def _name(key: Any) -> str:
    return ", ".join(map(str, key)) if isinstance(key, tuple) else str(key)
