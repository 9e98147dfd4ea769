"""What is decided after a pass over the data, by what it counted, and the words for what the core refuses."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from squarely import _core

if TYPE_CHECKING:
    from squarely.named_metrics import Metric

__all__ = [
    "UndefinedMetricError",
    "bytes_refused",
    "check_counts",
    "check_some_pairs",
    "data_refused",
    "differing",
    "outputs_differing",
    "score_refused",
    "told_of_too_few",
    "warn_of",
]


class UndefinedMetricError(ValueError):
    """A metric that has no value on this data, though others may have one."""


# Of the data


def check_counts(statistics: _core.OrderStatistics, nan_policy: str, dtype: np.dtype[Any]) -> None:
    """Refuse what the policy refuses, of all pairs in their order."""
    if nan_policy == "propagate":
        return
    missing_true, missing_pred = sum(statistics.missing_true), sum(statistics.missing_pred)
    if (nan_policy == "raise" and missing_true > 0) or (nan_policy != "omit" and missing_pred > 0):
        raise _of_missing_values(missing_true, missing_pred, nan_policy)
    if sum(statistics.infinite) + sum(statistics.undefined) > 0:
        raise _of_infinite_values(dtype)


def data_refused(refused: _core.Refused, nan_policy: str, dtype: np.dtype[Any]) -> ValueError:
    """Return the words for what the core refused of some pairs."""
    if refused.reason == "missing_values":
        return _of_missing_values(refused.missing_true, refused.missing_pred, nan_policy)
    if refused.reason == "infinite_values":
        return _of_infinite_values(dtype)
    if refused.reason == "weight_is_nan":
        return ValueError("Input sample_weight contains NaN.")
    if refused.reason == "weight_is_infinite":
        return ValueError("Input sample_weight contains infinity or a value too large for dtype('float64').")
    if refused.reason == "too_many_rows":
        return ValueError(f"Output {refused.output} would have seen more than 2^63 - 1 rows.")
    if refused.reason == "weights_not_taken":
        names = ", ".join(name for name, row in _core.metrics.items() if not row.takes_weights)
        return ValueError(
            f"{names} counts pairs, however much they weigh, and takes no sample_weight. Leave the weights out, or "
            "repeat pairs where weights are whole numbers."
        )
    return refused


def _of_missing_values(missing_true: int, missing_pred: int, nan_policy: str) -> ValueError:
    if nan_policy == "raise":
        return ValueError(
            f"Input contains NaN. {_missing_on_both_sides(missing_true, missing_pred)}; pass nan_policy='omit' to "
            "leave those pairs out, or 'propagate' to get NaN."
        )
    return ValueError(
        f"Input contains NaN. {_missing(missing_pred, 'y_pred')} where y_true is a number, and nan_policy='omit_true' "
        "leaves out missing truth only: a missing prediction may hide a broken model."
    )


def _missing_on_both_sides(missing_true: int, missing_pred: int) -> str:
    if missing_true == 0:
        return _missing(missing_pred, "y_pred")
    # A prediction beside a missing truth is not looked at.
    beside = f", and {missing_pred} of y_pred where y_true is a number" if missing_pred else ""
    return _missing(missing_true, "y_true") + beside


def _missing(count: int, side: str) -> str:
    return f"1 value of {side} is NaN or null" if count == 1 else f"{count} values of {side} are NaN or null"


def _of_infinite_values(dtype: np.dtype[Any]) -> ValueError:
    return ValueError(
        f"Input contains infinity or a value too large for {dtype!r}. "
        "Pass nan_policy='propagate' to let it through to the result."
    )


# Of a score


def score_refused(
    refused: _core.Refused, metric: "Metric", output_shape: tuple[int, ...], *, are_all_weights_zero: bool = False
) -> ValueError | ZeroDivisionError:
    """Return why a metric has no score, in the words of scikit-learn."""
    if refused.reason == "outside_domain":
        return UndefinedMetricError(_outside_domain(metric))
    if refused.reason in ("no_pairs", "weights_sum_to_zero") and are_all_weights_zero:
        return no_weight()
    if refused.reason == "no_pairs":
        return no_pairs_of(refused.output, output_shape)
    if refused.reason == "weights_sum_to_zero":
        return ZeroDivisionError(
            "Weights sum to zero, can't be normalized: those of sample_weight cancel out or are 0."
        )
    return refused


def no_weight() -> ValueError:
    """Return what is said of weights that are all zero."""
    return ValueError("Sample weights must contain at least one non-zero number.")


def no_pairs_of(output: int, output_shape: tuple[int, ...]) -> ValueError:
    """Return what is said of an output of which nothing is left."""
    index = tuple(int(i) for i in np.unravel_index(output, output_shape))
    return ValueError(
        "Found array with 0 sample(s) while a minimum of 1 is required: output "
        f"{index[0] if len(index) == 1 else index} has no pair of two numbers. where=, masks and missing values left "
        "none."
    )


def check_some_pairs(pairs: Sequence[int], output_shape: tuple[int, ...]) -> None:
    """Refuse an output of which nothing is left."""
    if 0 in pairs:
        raise no_pairs_of(pairs.index(0), output_shape)


def _outside_domain(metric: "Metric") -> str:
    row = metric.row
    if row.domain == "logarithm":
        root = "Root " if metric.name.startswith("root") else ""
        return (
            f"{root}Mean Squared Logarithmic Error cannot be used when targets contain values less than or equal to -1."
        )
    power = metric.parameter if row.parameter else row.fixed_power
    domain = (
        "strictly positive y_pred"
        if power < 0
        else "non-negative y and strictly positive y_pred"
        if power < 2
        else "strictly positive y and y_pred"
    )
    shown = int(power) if power.is_integer() else power
    return f"Mean Tweedie deviance error with power={shown} can only be used on {domain}."


def told_of_too_few(metric: "Metric") -> str:
    """Return that there are fewer pairs than the metric needs, in the words of scikit-learn."""
    return f"{metric.row.title} is not well-defined with less than two samples."


def warn_of(reason: str) -> None:
    """Warn with the category of scikit-learn where that is imported."""
    import os
    import sys
    import warnings

    exceptions = sys.modules.get("sklearn.exceptions")
    category = getattr(exceptions, "UndefinedMetricWarning", UserWarning)
    frame, depth = sys._getframe(), 1
    # The line to point at is that of whoever called the public function.
    while frame.f_back is not None and frame.f_code.co_filename.startswith(os.path.dirname(__file__) + os.sep):
        frame, depth = frame.f_back, depth + 1
    warnings.warn(reason, category, depth)


# Of two accumulators

NAMES_OF_DIFFERENCES = {
    "metrics_differ": "metrics",
    "averaging_differs": "multioutput",
    "nan_policies_differ": "nan_policy",
    "summations_differ": "summation",
    "complex_values_differ": "complex_values",
}


def differing(
    refused: _core.Refused,
    mine: dict[str, Any],
    theirs: dict[str, Any],
    shapes: tuple[tuple[int, ...], tuple[int, ...]],
    what: str,
) -> ValueError:
    """Return why two accumulators, or an accumulator and a chunk, do not go together."""
    name = NAMES_OF_DIFFERENCES.get(refused.reason)
    if name == "metrics" and mine["metrics"] == theirs["metrics"]:
        name = "pictures"
    if name is not None:
        return ValueError(
            f"The accumulators differ in {name}: this one has {mine[name]!r}, the other {theirs[name]!r}."
        )
    if refused.reason == "outputs_differ":
        return outputs_differing(*shapes, what)
    if refused.reason == "weighting_differs":
        return ValueError(
            "One of the two began with sample_weight and the other without. Pass sample_weight=1.0 for chunks whose "
            "rows count once."
        )
    if refused.reason == "not_a_part":
        return ValueError(
            f"The other accumulator is no part of this one (output {refused.output} would be left with a negative "
            "count or sum, or with a sum of no pairs). Subtract only what was merged or updated before."
        )
    if refused.reason == "nothing_to_take_from":
        return ValueError("The other accumulator is no part of this one, which has seen nothing.")
    if refused.reason == "extreme_not_a_sum":
        asking = [name for name in mine["metrics"] if refused.term in _core.metrics[name.partition("(")[0]].terms]
        return ValueError(
            f"An accumulator of {', '.join(asking)} cannot be subtracted: what was the largest or least without a part "
            "is not known. Name the metrics without it, as in Accumulator(('mse', 'mae', 'r2'))."
        )
    if refused.reason == "too_many_rows":
        return ValueError(f"Output {refused.output} would have seen more than 2^63 - 1 rows.")
    return refused


def outputs_differing(mine: tuple[int, ...], theirs: tuple[int, ...], what: str) -> ValueError:
    """Return that the numbers of outputs do not go together."""
    return ValueError(f"This accumulator has {_described(mine)}, and what is {what} has {_described(theirs)}.")


def _described(output_shape: tuple[int, ...]) -> str:
    shape = f" of shape {output_shape}" if len(output_shape) > 1 else ""
    return f"{math.prod(output_shape)} output(s){shape}"


# Of bytes

OF_BYTES = {
    "bytes_of_something_else": "they do not start with b'sqac'",
    "bytes_too_few": "there are only {number} of them",
    "bytes_of_version": "they have version {number}, and this squarely reads versions 2 and 3",
    "bytes_changed": "the checksum does not match; they were cut or changed",
    "bytes_cut": "they end too early",
    "bytes_configuration": "their configuration is damaged, or unknown to this squarely",
    "bytes_of_other_sums": "their state has other sums than their configuration needs",
    "bytes_outputs": "the number of outputs does not fit them",
    "bytes_output": "output {output} is damaged",
    "bytes_go_on": "they go on after the last output",
}


def bytes_refused(refused: _core.Refused) -> ValueError:
    """Return why some bytes are no accumulator."""
    reason = OF_BYTES[refused.reason].format(number=refused.number, output=refused.output)
    return ValueError(f"These bytes are no squarely accumulator: {reason}.")
