from __future__ import annotations

import numpy as np

import squarely as sq

from .hard_data import DATA, METRICS, WAYS


class HardData:
    """Data that leaves the windows of sums, by calls and by states: none may cost several times normal data."""

    params = (tuple(DATA), METRICS, tuple(WAYS), (16_384, 2_000_000))
    param_names = ("data", "metric", "way", "pairs")

    def setup(self, data: str, metric: str, way: str, pairs: int) -> None:
        self.y_true, self.y_pred = DATA[data](np.random.default_rng(20), pairs)
        self.score = WAYS[way](metric)
        sq.set_num_threads(1)

    def time_score(self, data: str, metric: str, way: str, pairs: int) -> None:
        self.score(self.y_true, self.y_pred)


SEVEN = ("mse", "rmse", "mae", "bias", "max", "r2", "ev")
SETS = {"mse": ("mse",), "r2": ("r2",), "seven": SEVEN, "eight": (*SEVEN, "mape")}


class Everyday:
    """All everyday metrics of one pass, which are to cost little more than one of them."""

    params = (tuple(SETS), ("call", "state"), (16_384, 2_000_000))
    param_names = ("metrics", "way", "pairs")

    def setup(self, metrics: str, way: str, pairs: int) -> None:
        self.y_true, self.y_pred = np.abs(np.random.default_rng(1).standard_normal((2, pairs))) + 0.1
        sq.set_num_threads(1)

    def time_scores(self, metrics: str, way: str, pairs: int) -> None:
        if way == "call":
            sq.evaluate(self.y_true, self.y_pred, metrics=SETS[metrics])
        else:
            sq.Accumulator(metrics=SETS[metrics]).update(self.y_true, self.y_pred).compute()
