"""Metrics for early stopping in LightGBM, XGBoost and CatBoost, by the names of `metric_names()`."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np

from squarely.arguments import check_choice
from squarely.directions import directed_metric, greater_is_better
from squarely.evaluation import evaluate
from squarely.named_metrics import Metric, MetricLike
from squarely.policy import UndefinedMetricError

__all__ = [
    "CatBoostMetric",
    "LightGBMMetric",
    "XGBoostMetric",
    "catboost_metric",
    "lightgbm_metric",
    "xgboost_metric",
]

Link = Literal["identity", "log"]


class LabelledData(Protocol):
    """A LightGBM Dataset or an XGBoost DMatrix."""

    def get_label(self) -> Any:
        """Return the truth."""

    def get_weight(self) -> Any:
        """Return the weights of the rows; nothing, or an empty array, where there are none."""


@dataclass(frozen=True)
class LightGBMMetric:
    """A metric as LightGBM calls it. Made by `lightgbm_metric`."""

    metric: Metric

    # Three parameters, by which LightGBM's scikit-learn interface knows that weights are wanted.
    def __call__(self, y_true: Any, y_pred: Any, weight: Any = None) -> tuple[str, float, bool]:
        """Return name, value and whether greater is better, of (truth, predictions) or of (predictions, Dataset)."""
        if hasattr(y_pred, "get_label"):
            y_true, y_pred, weight = _columns(predictions=y_true, data=y_pred)
        value = _value(self.metric, y_true, y_pred, weight)
        return self.metric.label, value, greater_is_better(self.metric.name)


def lightgbm_metric(metric: MetricLike, **parameters: Any) -> LightGBMMetric:
    """Return a metric for LightGBM: ``feval`` of its ``train`` and ``cv``, ``eval_metric`` of ``LGBMRegressor.fit``.

    Parameters
    ----------
    metric : str, function or Metric
        A name from `metric_names()`, the function itself, or what `metric` makes of it.
    **parameters
        Of a metric by name, its parameter: ``alpha`` of mean_pinball_loss, ``delta`` of mean_huber_loss, and so on.

    Returns
    -------
    LightGBMMetric
        A callable that can be pickled. Weights of the data count; max_error leaves them aside. In early stopping
        greater or lower is better, as is right for the metric.

    Raises
    ------
    ValueError
        Where there is no such metric or parameter, or the metric is best at zero, as mean_error is. During training:
        where the metric is undefined on the data, predictions are not finite, there are several a row, or the data
        have weights and the metric takes none, as trimmed_mean_squared_error.

    See Also
    --------
    xgboost_metric, catboost_metric : For these libraries.

    Notes
    -----
    LightGBM keeps labels and weights as float32, and hands over float64 predictions, on the scale of the labels unless
    the objective is a function of one's own. By default it evaluates a metric of the objective too, and stops when
    either gets no better; ``metric="None"`` turns that one off.

    Examples
    --------
    >>> from squarely.boosting import lightgbm_metric
    >>> r2 = lightgbm_metric("r2_score")
    >>> r2([3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 8.0])
    ('r2_score', 0.9486081370449678, True)
    """
    return LightGBMMetric(directed_metric(metric, parameters, "lightgbm_metric"))


@dataclass(frozen=True)
class XGBoostMetric:
    """A metric as XGBoost calls it. Made by `xgboost_metric`."""

    metric: Metric
    maximize: bool

    @property
    def __name__(self) -> str:
        """The label of the metric, after "neg_" where the sign is turned. XGBoost shows it."""
        return f"neg_{self.metric.label}" if self._is_negated else self.metric.label

    @property
    def _is_negated(self) -> bool:
        return greater_is_better(self.metric.name) != self.maximize

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Return the value of (truth, predictions), or name and value of (predictions, DMatrix)."""
        if not hasattr(y_pred, "get_label"):
            return self._signed_value(y_true, y_pred, sample_weight)
        return self.__name__, self._signed_value(*_columns(predictions=y_true, data=y_pred))

    def _signed_value(self, y_true: Any, y_pred: Any, weight: Any) -> float:
        value = _value(self.metric, y_true, y_pred, weight)
        return -value if self._is_negated else value


def xgboost_metric(metric: MetricLike, *, maximize: bool = False, **parameters: Any) -> XGBoostMetric:
    """Return a metric for XGBoost: ``custom_metric`` of its ``train`` and ``cv``, ``eval_metric`` of ``XGBRegressor``.

    Parameters
    ----------
    metric : str, function or Metric
        A name from `metric_names()`, the function itself, or what `metric` makes of it.
    maximize : bool, default=False
        What XGBoost is told to do with it, by an argument or a callback of that name. XGBoost cannot learn from the
        metric which values are better and takes lower ones, so the sign is turned where that, or the opposite if asked
        for, would be wrong.
    **parameters
        Of a metric by name, its parameter: ``alpha`` of mean_pinball_loss, ``delta`` of mean_huber_loss, and so on.

    Returns
    -------
    XGBoostMetric
        A callable that can be pickled. Weights of the data count, and outputs are averaged. Where its sign is turned
        its name begins with ``neg_``, as those of scikit-learn's scorers do: -R² is ``neg_r2_score``.

    Raises
    ------
    ValueError
        As in `lightgbm_metric`.

    See Also
    --------
    lightgbm_metric, catboost_metric : For these libraries.

    Notes
    -----
    XGBoost keeps labels, weights and predictions as float32, and six decimals of what a metric of one's own returns:
    scale the labels where their errors are below a thousandth. Predictions are on the scale of the labels unless the
    objective is a function of one's own. Of several metrics the last one decides when to stop, and that is this one.

    Examples
    --------
    >>> from squarely.boosting import xgboost_metric
    >>> r2 = xgboost_metric("r2_score")
    >>> r2.__name__, r2([3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 8.0])
    ('neg_r2_score', -0.9486081370449678)
    >>> r2 = xgboost_metric("r2_score", maximize=True)
    >>> r2.__name__, r2([3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 8.0])
    ('r2_score', 0.9486081370449678)
    """
    return XGBoostMetric(directed_metric(metric, parameters, "xgboost_metric"), bool(maximize))


@dataclass(frozen=True)
class CatBoostMetric:
    """A metric as CatBoost calls it. Made by `catboost_metric`."""

    metric: Metric
    link: Link = "identity"

    # Where Numba is installed, CatBoost would try to compile the methods, and warn that it cannot.
    no_jit = True

    def is_max_optimal(self) -> bool:
        """Return whether greater is better."""
        return greater_is_better(self.metric.name)

    def evaluate(self, approxes: Any, target: Any, weight: Any) -> tuple[float, float]:
        """Return the value, and a weight of one: CatBoost passes all rows at once."""
        if len(approxes) != 1:
            raise ValueError(
                f"The metric {self.metric.label!r} is of one prediction a row, and CatBoost passes {len(approxes)}: "
                "those of a classification into several classes or of several targets. Take a metric of CatBoost's."
            )
        predictions = np.asarray(approxes[0])
        if self.link == "log":
            with np.errstate(over="ignore"):
                predictions = np.exp(predictions)
        return _value(self.metric, target, predictions, weight), 1.0

    def get_final_error(self, error: float, weight: float) -> float:
        """Return the value that `evaluate` has returned."""
        return error

    def __deepcopy__(self, memo: object) -> CatBoostMetric:
        # scikit-learn clones a model only if it keeps the objects it is given, and CatBoost keeps copies.
        return self

    def __reduce__(self) -> Any:
        return _named_catboost_metric, (self.metric, self.link)


def catboost_metric(metric: MetricLike, *, link: Link = "identity", **parameters: Any) -> CatBoostMetric:
    """Return a metric for CatBoost: ``eval_metric`` of ``CatBoostRegressor``.

    Parameters
    ----------
    metric : str, function or Metric
        A name from `metric_names()`, the function itself, or what `metric` makes of it.
    link : {"identity", "log"}, default="identity"
        CatBoost hands over what its trees sum up to. With the loss functions Poisson and Tweedie that is the logarithm
        of the prediction, and "log" takes the exponential before the metric sees it.
    **parameters
        Of a metric by name, its parameter: ``alpha`` of mean_pinball_loss, ``delta`` of mean_huber_loss, and so on.

    Returns
    -------
    CatBoostMetric
        An object that can be pickled, with the three methods of a metric that CatBoost asks for. Weights of the data
        count. CatBoost reports it under the name of the metric.

    Raises
    ------
    ValueError
        As in `lightgbm_metric`. During training CatBoost makes a CatBoostError of it, with its words at the end.

    See Also
    --------
    lightgbm_metric, xgboost_metric : For these libraries.

    Notes
    -----
    CatBoost keeps labels and weights as float32, and predictions as float64. It evaluates the training data too, in
    every iteration.

    Examples
    --------
    >>> from squarely.boosting import catboost_metric
    >>> r2 = catboost_metric("r2_score")
    >>> r2.is_max_optimal()
    True
    >>> r2.evaluate([[2.5, 0.0, 2.0, 8.0]], [3.0, -0.5, 2.0, 7.0], None)
    (0.9486081370449678, 1.0)
    """
    check_choice(link, ("identity", "log"), "link", "catboost_metric")
    return _named_catboost_metric(directed_metric(metric, parameters, "catboost_metric"), link)


def _named_catboost_metric(metric: Metric, link: Link) -> CatBoostMetric:
    return _catboost_class(metric.label)(metric, link)


@functools.cache  # so that equal metrics are of one class
def _catboost_class(label: str) -> type[CatBoostMetric]:
    """Return a class of this name: CatBoost has no other name for a metric."""
    return type(label, (CatBoostMetric,), {})


def _columns(*, predictions: Any, data: LabelledData) -> tuple[Any, Any, Any]:
    """Return truth, predictions, and weights or None."""
    weight = data.get_weight()
    return data.get_label(), predictions, None if weight is None or len(weight) == 0 else weight


def _value(metric: Metric, y_true: Any, y_pred: Any, weight: Any) -> float:
    """Return the metric, or raise why there is none: training must not be steered by NaN."""
    outputs = math.prod(np.shape(y_pred)[1:])
    if outputs != math.prod(np.shape(y_true)[1:]):
        raise ValueError(
            f"The metric {metric.label!r} got predictions of shape {np.shape(y_pred)} for labels of shape "
            f"{np.shape(y_true)}: {outputs} predictions a row, as of a classification into several classes, are not "
            "what a regression metric compares. Take a metric of the library's."
        )
    report = evaluate(y_true, y_pred, metrics=metric, sample_weight=weight)
    if report.notes:
        raise UndefinedMetricError(
            f"The metric {metric.label!r} is undefined on the evaluation data: {report.notes[metric.label]}"
        )
    return float(report[metric.label])
