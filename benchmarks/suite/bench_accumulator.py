from __future__ import annotations

import numpy as np

import squarely as sq


class Accumulator:
    """A stream: what a chunk costs, and what it costs to join, to finish and to send the state."""

    params = ((1, 100, 10_000, 1_000_000),)
    param_names = ("chunk",)

    def setup(self, chunk: int) -> None:
        rng = np.random.default_rng(1)
        self.y_true = rng.standard_normal(chunk)
        self.y_pred = self.y_true + 0.1 * rng.standard_normal(chunk)
        sq.set_num_threads(1)
        self.running = self.accumulator()
        self.other = self.accumulator()
        self.sent = self.other.to_bytes()

    def accumulator(self) -> sq.Accumulator:
        return sq.Accumulator(metrics=("mean_squared_error",)).update(self.y_true, self.y_pred)

    def time_update(self, chunk: int) -> None:
        self.running.update(self.y_true, self.y_pred)

    def time_new_and_update(self, chunk: int) -> None:
        self.accumulator()

    def time_merge(self, chunk: int) -> None:
        self.running.merge(self.other)

    def time_compute(self, chunk: int) -> None:
        self.other.compute()

    def time_to_bytes(self, chunk: int) -> None:
        self.other.to_bytes()

    def time_from_bytes(self, chunk: int) -> None:
        sq.Accumulator.from_bytes(self.sent)
