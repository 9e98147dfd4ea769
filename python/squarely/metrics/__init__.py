"""One public function per metric, by family: signature, docstring, and one call of `squarely.scoring.score`."""

from squarely.metrics.squared_errors import mean_squared_error, root_mean_squared_error, sum_squared_error

__all__ = [
    "mean_squared_error",
    "root_mean_squared_error",
    "sum_squared_error",
]
