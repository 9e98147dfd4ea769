"""Which of many are shown: the best predictions, and the worst outputs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from squarely import _core

__all__ = ["WITHOUT_UNIT", "badness", "chosen_metric"]

# What outputs are compared by, which may be of different units, and what has the unit of the truth.
WITHOUT_UNIT = ("r2_score", "explained_variance_score")
WITH_UNIT = ("root_mean_squared_error", "mean_absolute_error")


def chosen_metric(metrics: Sequence[str], preferred: Iterable[str] = WITH_UNIT) -> str:
    """Return the first of the preferred metrics that is there, else the first of all."""
    return next((one for one in preferred if one in metrics), metrics[0])


def badness(metric: str, score: Any) -> float:
    """Return a number that is greater for worse scores, in the mean over outputs, and infinite for none."""
    better = _core.metrics[metric.partition("(")[0]].better
    value = float(np.mean(score))
    return math.inf if math.isnan(value) else {"lower": value, "greater": -value, "zero": abs(value)}[better]
