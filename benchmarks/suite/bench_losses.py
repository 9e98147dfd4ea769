from __future__ import annotations

import numpy as np

import squarely as sq

LOSSES = ("squared_error", "absolute_error", "huber_loss", "log_cosh_loss", "pinball_loss")


class Losses:
    """One training step's worth: losses and gradients into memory that is there already, and their mean."""

    params = (LOSSES, (100, 10_000, 10_000_000), ("float64", "float32"))
    param_names = ("loss", "size", "dtype")

    def setup(self, loss: str, size: int, dtype: str) -> None:
        rng = np.random.default_rng(1)
        self.y_true = rng.standard_normal(size).astype(dtype)
        self.y_pred = rng.standard_normal(size).astype(dtype)
        self.weights = rng.random(size).astype(dtype)
        self.out = np.empty_like(self.y_true)
        self.loss = getattr(sq, loss)
        self.gradient = getattr(sq, f"{loss}_gradient")
        sq.set_num_threads(1)

    def time_loss(self, loss: str, size: int, dtype: str) -> None:
        self.loss(self.y_true, self.y_pred, reduction="none", out=self.out)

    def time_gradient(self, loss: str, size: int, dtype: str) -> None:
        self.gradient(self.y_true, self.y_pred, out=self.out)

    def time_weighted_gradient(self, loss: str, size: int, dtype: str) -> None:
        self.gradient(self.y_true, self.y_pred, reduction="none", sample_weight=self.weights, out=self.out)

    def time_mean(self, loss: str, size: int, dtype: str) -> None:
        self.loss(self.y_true, self.y_pred)


class NumPy:
    """The squared error in two passes over the same memory."""

    params = ((100, 10_000, 10_000_000), ("float64", "float32"))
    param_names = ("size", "dtype")

    def setup(self, size: int, dtype: str) -> None:
        self.y_true, self.y_pred = np.random.default_rng(1).standard_normal((2, size)).astype(dtype)
        self.out = np.empty_like(self.y_true)

    def time_squared_error(self, size: int, dtype: str) -> None:
        np.subtract(self.y_true, self.y_pred, out=self.out)
        np.multiply(self.out, self.out, out=self.out)
