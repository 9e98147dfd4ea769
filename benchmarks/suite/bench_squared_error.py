from __future__ import annotations

import numpy as np

import squarely as sq


class SquaredError:
    """One call: from the overhead of a short one to the reading of arrays beyond the cache."""

    params = ((100, 10_000, 1_000_000, 20_000_000), ("float64", "float32"), ("exact", "kahan", "pairwise"), (1, 2))
    param_names = ("size", "dtype", "summation", "threads")

    def setup(self, size: int, dtype: str, summation: str, threads: int) -> None:
        if threads > 1 and size < 1_000_000:
            raise NotImplementedError("short arrays are never shared between threads")
        rng = np.random.default_rng(1)
        self.y_true = rng.standard_normal(size).astype(dtype)
        self.y_pred = (self.y_true + 0.1 * rng.standard_normal(size)).astype(dtype)
        sq.set_num_threads(threads)

    def time_mean_squared_error(self, size: int, dtype: str, summation: str, threads: int) -> None:
        sq.mean_squared_error(self.y_true, self.y_pred, summation=summation)
