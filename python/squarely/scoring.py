"""One call, one metric: the way in for plain arrays, and the long way for whatever else there is."""

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from squarely import _core
from squarely.arguments import (
    MULTIOUTPUTS,
    NAN_POLICIES,
    SUMMATIONS,
    check_choice,
    check_multioutput,
    check_output_weights,
)
from squarely.columns.plain import plain_arrays
from squarely.named_metrics import Metric, parameter_value
from squarely.policy import data_refused, score_refused, told_of_too_few, warn_of

if TYPE_CHECKING:
    from squarely.pairing import PairedColumns

__all__ = ["Averaging", "Score", "accumulated", "averaged", "checked_pairs", "configuration_of", "score", "score_at"]

Score = float | npt.NDArray[np.float64]
Averaging = str | list[float]


# Not None, which is no parameter and is refused as such.
DEFAULT = object()


def _score_of_columns(
    name: str,
    y_true: object,
    y_pred: object,
    *,
    parameter: object = DEFAULT,
    sample_weight: object = None,
    multioutput: object = "uniform_average",
    where: object = None,
    nan_policy: object = "raise",
    summation: object = "exact",
    complex_values: object = False,
    function: str = "",
) -> Score:
    """Return a metric of any containers, or raise in words what is wrong with them."""
    plain = plain_arrays(y_true, y_pred, sample_weight, where)
    if plain is not None:
        options: dict[str, Any] = {} if parameter is DEFAULT else {"parameter": parameter}
        return score(
            name,
            plain[0],
            plain[1],
            sample_weight=plain[2],
            multioutput=multioutput,
            where=plain[3],
            nan_policy=nan_policy,
            summation=summation,
            complex_values=complex_values,
            **options,
        )
    row = _core.metrics[name]
    asked = Metric(name, row.default if parameter is DEFAULT else parameter_value(name, parameter))
    pairs, averaging = checked_pairs(
        name,
        y_true,
        y_pred,
        sample_weight=sample_weight,
        multioutput=multioutput,
        where=where,
        nan_policy=nan_policy,
        summation=summation,
        complex_values=complex_values,
        function=function,
    )
    configuration = configuration_of((asked,), averaging, str(nan_policy), str(summation), bool(complex_values))
    accumulator = accumulated(pairs, configuration)
    return score_at(accumulator, 0, asked, pairs)


# The body of every public metric of sums. Plain arrays go from here into the core and come back as a score. Whatever
# the core has no words for, as a container, a refusal or a warning, it hands on to the function above.
score = _core.way_in(_score_of_columns)


def checked_pairs(
    name: str,
    y_true: object,
    y_pred: object,
    *,
    sample_weight: object,
    multioutput: object,
    where: object,
    nan_policy: object,
    summation: object = "exact",
    complex_values: object = False,
    function: str = "",
) -> "tuple[PairedColumns, Averaging]":
    """Return the pairs, and how to average their outputs, or raise what a public function refuses."""
    from squarely.pairing import pair  # a quarter of the time of our import, and needless for the everyday call

    row = _core.metrics.get(name)
    function = function or name
    check_choice(nan_policy, NAN_POLICIES, "nan_policy", function)
    check_choice(summation, SUMMATIONS, "summation", function)
    choices = MULTIOUTPUTS if row is not None and row.takes_variance_weights else MULTIOUTPUTS[:2]
    averaging = check_multioutput(multioutput, function, choices)
    pairs = pair(
        y_true,
        y_pred,
        where,
        0,
        function,
        most_dimensions=2,
        complex_values=bool(complex_values),
        sample_weight=sample_weight,
    )
    check_output_weights(averaging, pairs.outputs)
    if row is not None and row.takes_one_output and pairs.outputs > 1:
        raise ValueError(
            f"Multioutput not supported in {function}. Pass the {pairs.outputs} columns one by one, or all of them to "
            "Accumulator.update."
        )
    return pairs, averaging


def configuration_of(
    metrics: Sequence[Metric], averaging: Averaging, nan_policy: str, summation: str, complex_values: bool = False
) -> _core.Configuration:
    """Return what the core is asked, the same object for the same question."""
    own = averaging if isinstance(averaging, str) else tuple(averaging)
    return _configuration(tuple(metrics), own, nan_policy, summation, complex_values)


@functools.lru_cache(maxsize=1024)
def _configuration(
    metrics: tuple[Metric, ...],
    averaging: str | tuple[float, ...],
    nan_policy: str,
    summation: str,
    complex_values: bool,
) -> _core.Configuration:
    asked = [(metric.name, metric.parameter) for metric in metrics]
    own = averaging if isinstance(averaging, str) else list(averaging)
    return _core.Configuration(asked, own, nan_policy, summation, complex_values)


def accumulated(pairs: "PairedColumns", configuration: _core.Configuration) -> _core.Accumulator:
    """Return the accumulator of all pairs, or raise what the policy refuses."""
    accumulator = _core.Accumulator(configuration)
    try:
        accumulator.add(pairs.sums(configuration), pairs.output_shape)
    except _core.Refused as refused:
        raise data_refused(refused, configuration.nan_policy, pairs.dtype) from None
    return accumulator


def score_at(accumulator: _core.Accumulator, index: int, metric: Metric, pairs: "PairedColumns | None" = None) -> Score:
    """Return the score of a metric, with a warning where there are too few pairs, or raise why there is none."""
    try:
        score = accumulator.score(index)
    except _core.Refused as refused:
        are_zero = pairs is not None and pairs.has_no_weight()
        shape = accumulator.shape or (1,)
        raise score_refused(refused, metric, shape, are_all_weights_zero=are_zero) from None
    if accumulator.has_too_few_pairs(index):
        warn_of(told_of_too_few(metric))
    return score


def averaged(values: list[float], averaging: Averaging, output_shape: tuple[int, ...]) -> Score:
    """Return the values of the outputs as one, or as an array."""
    if averaging == "raw_values":
        return np.array(values).reshape(output_shape)
    if len(values) == 1:
        return values[0]
    return _core.average(values, [1.0] * len(values) if isinstance(averaging, str) else averaging)
