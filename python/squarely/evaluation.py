"""Every metric of one or several predictions from one pass over the data, as a report."""

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from squarely import _core
from squarely.accumulator import Accumulator
from squarely.named_metrics import EVERYDAY, Metric, as_metrics
from squarely.report import Cell, Report
from squarely.scoring import UndefinedMetricError, needed_by, score_of, told_of_too_few
from squarely.validation import (
    MULTIOUTPUTS,
    NAN_POLICIES,
    SUMMATIONS,
    NanPolicy,
    Summation,
    VarianceMultioutput,
    check_choice,
    check_finite,
    check_multioutput,
    check_output_weights,
    check_weight_sum,
)

if TYPE_CHECKING:
    from squarely.pairing import PairedColumns

__all__ = ["evaluate", "naming", "report_of"]

Averaging = str | list[float]


def evaluate(
    y_true: npt.ArrayLike,
    y_pred: npt.ArrayLike | Mapping[str, npt.ArrayLike],
    *,
    metrics: str | Metric | Iterable[str | Metric] = EVERYDAY,
    sample_weight: npt.ArrayLike | None = None,
    multioutput: VarianceMultioutput = "uniform_average",
    where: npt.ArrayLike | None = None,
    nan_policy: NanPolicy = "raise",
    summation: Summation = "exact",
    axis: int = 0,
) -> Report:
    """Score predictions by any number of metrics, reading the data once.

    Parameters
    ----------
    y_true : array-like
        Truth, as in `mean_squared_error`, and of any number of dimensions.
    y_pred : array-like of the same shape, or mapping of str to such
        Predictions. Of a mapping every value is scored, and the report compares them by their names; the truth is read
        once for all of them.
    metrics : str, Metric or iterable of these, default=eight everyday metrics
        Names from `metric_names()`, or what `metric` makes of them. The sums they need are united. Metrics over order
        statistics, as median_absolute_error, take another pass and one float64 of memory a row.
    sample_weight : array-like of shape (rows,) or float, optional
        Weights of the rows. max_error, and what else has no weights, leaves them aside.
    multioutput : {"uniform_average", "raw_values", "variance_weighted"} or array-like, default="uniform_average"
        As in `mean_squared_error` and `r2_score`.
    where : array-like of bool of the shape of the rows or of y_true, optional
        True where a pair counts.
    nan_policy : {"raise", "propagate", "omit", "omit_true"}, default="raise"
        What a missing value means, as in `mean_squared_error`.
    summation : {"exact", "kahan", "pairwise"}, default="exact"
        How sums are formed, as in `mean_squared_error`.
    axis : int, default=0
        The axis of the rows; every index along the other axes is an output. A field of shape (time, latitude,
        longitude) over axis 0 gives, with ``multioutput="raw_values"``, scores of shape (latitude, longitude).

    Returns
    -------
    Report
        Scores by the names of their metrics. A metric that is undefined on the data, as a logarithm of a negative
        number or R² of one row, is NaN, says why in `Report.notes`, and spoils no other.

    Raises
    ------
    ValueError
        As in `mean_squared_error`.

    Examples
    --------
    >>> import squarely
    >>> y_true, y_pred = [3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 8.0]
    >>> report = squarely.evaluate(y_true, y_pred, metrics=("mean_squared_error", "r2_score"))
    >>> report["r2_score"]
    0.9486081370449678
    >>> print(squarely.evaluate(y_true, {"model": y_pred, "zero": [0.0] * 4}, metrics=("max_error", "r2_score")))
              model               zero
    max_error 1.0                 7.0
    r2_score  0.9486081370449678  -1.1327623126338329
    4 pairs
    """
    check_choice(nan_policy, NAN_POLICIES, "nan_policy", "evaluate")
    check_choice(summation, SUMMATIONS, "summation", "evaluate")
    averaging = check_multioutput(multioutput, "evaluate", MULTIOUTPUTS)
    asked = as_metrics(metrics, "evaluate")
    predictions = dict(y_pred) if isinstance(y_pred, Mapping) else {"": y_pred}
    if not predictions:
        raise ValueError("The mapping y_pred names no prediction. Pass at least one.")
    paired: dict[str, PairedColumns] = {}
    for name, prediction in predictions.items():
        with naming(str(name)):
            paired[str(name)] = _paired(y_true, prediction, where, axis, sample_weight)
    columns: dict[str, dict[str, Cell]] = {}
    counts: dict[str, tuple[int, int]] = {}
    for (name, pairs), state in zip(
        paired.items(), _states(paired, needed_by(asked, averaging), summation), strict=True
    ):
        with naming(name):
            check_output_weights(averaging, pairs.outputs)
            check_finite(state, nan_policy, pairs.dtype)
            check_weight_sum(state, pairs.sample_weight)
        columns[name] = {
            one.label: _cell_of_order(one, state, pairs, averaging, nan_policy, summation)
            if one.is_of_order
            else _cell(one, state, averaging, nan_policy, pairs.output_shape)
            for one in asked
        }
        counts[name] = _counted(state)
    return Report(columns, counts, is_single=not isinstance(y_pred, Mapping))


def report_of(accumulators: Mapping[str, Accumulator], *, is_single: bool) -> Report:
    """Return what `evaluate` returns, from the sums of accumulators by the names of their predictions."""
    columns: dict[str, dict[str, Cell]] = {}
    counts: dict[str, tuple[int, int]] = {}
    for name, accumulator in accumulators.items():
        state, output_shape = accumulator._sums(), accumulator._output_shape
        averaging, nan_policy = accumulator._multioutput, accumulator._nan_policy
        with naming(name):
            if state is None:
                raise ValueError("Found array with 0 sample(s) while a minimum of 1 is required: no chunk has a row.")
            check_weight_sum(state, None)
            columns[name] = {
                one.label: _cell(one, state, averaging, nan_policy, output_shape) for one in accumulator._metrics
            }
        counts[name] = _counted(state)
    return Report(columns, counts, is_single=is_single)


class naming:  # noqa: N801  (read as a word: with naming(model))
    """Says which of several predictions, or which chunk, an error is about."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if self.name and isinstance(error, ValueError):
            raise type(error)(f"{self.name}: {error}") from error


def _paired(y_true: object, y_pred: object, where: object, axis: object, sample_weight: object) -> "PairedColumns":
    from squarely.pairing import pair

    return pair(y_true, y_pred, where, axis, "evaluate", most_dimensions=None, sample_weight=sample_weight)


def _states(paired: dict[str, "PairedColumns"], needed: list[tuple[str, float]], summation: str) -> list[_core.State]:
    """Return the sums of every prediction: of several plain arrays from one pass, in which the truth is read once."""
    from squarely.pairing import sums_together

    # A median alone needs no sums, but its report needs the counts.
    needed = needed or [("max_error", 0.0)]
    return sums_together(list(paired.values()), summation, needed)


def _cell(
    one: Metric, state: _core.State, averaging: Averaging, nan_policy: str, output_shape: tuple[int, ...]
) -> Cell:
    try:
        return Cell(score_of(state, one, averaging, nan_policy, output_shape), told_of_too_few(state, one))
    except UndefinedMetricError as undefined:
        return Cell(math.nan, str(undefined))


def _cell_of_order(
    one: Metric, state: _core.State, pairs: "PairedColumns", averaging: Averaging, nan_policy: str, summation: str
) -> Cell:
    from squarely.order_scores import score_of_order

    return Cell(score_of_order(one, pairs, averaging, nan_policy, summation), told_of_too_few(state, one))


def _counted(state: _core.State) -> tuple[int, int]:
    left_out = (state.missing_true, state.missing_pred, state.masked)
    return sum(state.pairs), int(np.sum(left_out))
