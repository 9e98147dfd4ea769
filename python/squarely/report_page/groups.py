"""Pictures of a score by group: the worst groups as bars, or the score over time."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from squarely.report_page.group_bars import MOST, GroupScore, drawn_group_bars
from squarely.report_page.over_time import Moment, drawn_over_time
from squarely.report_page.ranking import chosen_metric

if TYPE_CHECKING:
    from squarely.groups.report import GroupedReport

__all__ = ["drawn_groups"]


def drawn_groups(groups: GroupedReport, prediction: str) -> list[str]:
    """Return the figures of one prediction."""
    metric = chosen_metric(groups.metrics)
    figures = [drawn_group_bars(_worst(groups, metric, prediction), ", ".join(groups.by), metric, groups.groups)]
    moments = _moments(groups.keys, _of(groups[metric], prediction))
    return [*figures, drawn_over_time(moments, metric)] if moments else figures


def _worst(groups: GroupedReport, metric: str, prediction: str) -> list[GroupScore]:
    worst = groups.sort(metric, worst_first=True, **({"prediction": prediction} if prediction else {})).top(MOST)
    scores, pairs = _of(worst[metric], prediction), _of(worst.count, prediction)
    names = [_name(key) for key in worst.keys]
    return [GroupScore(*one) for one in zip(names, pairs.tolist(), scores.tolist(), strict=True)]


def _moments(keys: Sequence[Any], scores: np.ndarray[Any, Any]) -> list[Moment]:
    """Return the groups as moments, where their keys are times and there are several. A missing time is none."""
    known = [(key, score) for key, score in zip(keys, scores.tolist(), strict=True) if not _is_missing(key)]
    if len(known) < 2 or not all(isinstance(key, (datetime.date, np.datetime64)) for key, _ in known):
        return []
    times = [_time(key) for key, _ in known]
    names = _names(times)
    first = min(times)
    moments = [
        Moment(name, float((time - first) / np.timedelta64(1, "s")), score)
        for name, time, (_, score) in zip(names, times, known, strict=True)
    ]
    return sorted(moments, key=lambda moment: moment.at)


def _is_missing(key: Any) -> bool:
    return key is None or (isinstance(key, np.datetime64) and np.isnat(key))


def _time(key: Any) -> np.datetime64:
    return np.datetime64(key.replace(tzinfo=None) if isinstance(key, datetime.datetime) else key)


def _names(times: Sequence[np.datetime64]) -> list[str]:
    """Return times as short as they are told apart: without seconds or times of day that are the same for all."""
    for unit in ("D", "m", "s"):
        names = [str(time.astype(f"datetime64[{unit}]")).replace("T", " ") for time in times]
        if len(set(names)) == len(names):
            return names
    return [str(time).replace("T", " ") for time in times]


def _of(values: Any, prediction: str) -> np.ndarray[Any, Any]:
    found: np.ndarray[Any, Any] = values[prediction] if prediction else values
    return found


def _name(key: Any) -> str:
    return ", ".join(map(str, key)) if isinstance(key, tuple) else str(key)
