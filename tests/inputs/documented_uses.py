"""What the documentation says can be written, with the types of what comes back. It is read by mypy, and runs."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

import squarely as sq
import squarely.boosting
import squarely.scorers

Floats = npt.NDArray[np.float64]

y_true, y_pred = [3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 8.0]
two = np.arange(8.0).reshape(4, 2)

# A metric is a number, and an array of the outputs' where that is asked for.
mean: float = sq.mean_squared_error(y_true, y_pred)
averaged: float = sq.r2_score(two, two + 1, multioutput="variance_weighted")
of_outputs: Floats = sq.mean_huber_loss(two, two + 1, multioutput="raw_values", delta=2.0)
largest: float = sq.max_error(y_true, y_pred)
rounded: str = f"{sq.root_mean_squared_error(y_true, y_pred):.3f} {sum([mean, largest]) / 2:.3f}"
shape: tuple[int, ...] = sq.mean_absolute_error(two, two, multioutput="raw_values").shape
variance: float = sq.bias_variance(y_true, y_pred).variance

# A loss is a number, and an array of the pairs' where that is asked for.
loss: float = sq.huber_loss(y_true, y_pred, delta=2.0)
of_pairs: Floats = sq.squared_error(y_true, y_pred, reduction="none")
gradient: Floats = sq.squared_error_gradient(y_true, y_pred)

# Several metrics, in any of the ways they are named.
pinball = sq.metric("mean_pinball_loss", alpha=0.9)
report = sq.evaluate(y_true, {"model": y_pred, "mean": np.full(4, 2.875)}, metrics=["mse", sq.r2_score, pinball])
best: float = report["mse"]["model"]
names: tuple[str, ...] = report.metrics

# A stream.
accumulator = sq.Accumulator(("mse", "r2"))
for row in zip(y_true, y_pred, strict=True):
    accumulator = accumulator.update(*row)
score: float = accumulator["mse"]
scores: dict[str, float] = accumulator.compute()
count: int = (accumulator - sq.Accumulator(("mse", "r2")).update(3.0, 2.5)).count
maps: Floats = sq.Accumulator("mse", multioutput="raw_values").update(two, two, axis=0)["mse"]
window: float = sq.RollingAccumulator("mse", window=3).update(y_true, y_pred)["mse"]

# Groups.
by_group = sq.evaluate(y_true, y_pred, metrics="mse", by=["a", "b", "a", "b"])
worst: str = by_group.sort("mse", worst_first=True).keys[0]
overall: float = by_group.overall["mse"]
grouped = sq.GroupedAccumulator("mse").update(y_true, y_pred, by={"shop": ["a", "b", "a", "b"], "week": [1, 1, 2, 2]})
of_group: float = grouped["a", 1]["mse"]
of_weeks: Floats = grouped.over("week").compute()["mean_squared_error"]

# Other people's libraries.
scorer = sq.scorers["neg_mean_huber_loss"]
with_options = squarely.scorers.scorer("mean_pinball_loss", alpha=0.9)
all_scorers: list[str] = list(sq.scorers)
early_stopping = squarely.boosting.lightgbm_metric(sq.mean_squared_error)
