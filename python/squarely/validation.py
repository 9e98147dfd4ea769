"""What is refused, and with which words: those of scikit-learn where it has them."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from squarely._core import State
    from squarely.columns import FloatArray

__all__ = [
    "InvalidParameterError",
    "Multioutput",
    "NanPolicy",
    "Summation",
    "check_choice",
    "check_finite",
    "check_multioutput",
    "check_output_weights",
    "check_same_shape",
]

NanPolicy = Literal["raise", "propagate", "omit", "omit_true"]
Summation = Literal["exact", "kahan", "pairwise"]
Multioutput = Literal["raw_values", "uniform_average"] | Sequence[float]

NAN_POLICIES = ("raise", "propagate", "omit", "omit_true")
SUMMATIONS = ("exact", "kahan", "pairwise")
MULTIOUTPUTS = ("raw_values", "uniform_average")


class InvalidParameterError(ValueError, TypeError):
    """An argument of the wrong kind. Both errors at once, because callers catch either."""


def check_choice(value: object, choices: Sequence[str], name: str, function: str) -> None:
    """Refuse what is not one of the choices."""
    if not isinstance(value, str) or value not in choices:
        known = ", ".join(repr(choice) for choice in sorted(choices))
        raise InvalidParameterError(
            f"The {name!r} parameter of {function} must be a str among {{{known}}}. Got {value!r} instead."
        )


def check_multioutput(multioutput: object, function: str) -> str | list[float]:
    """Return one of the words, or the weights as a list of finite floats."""
    if isinstance(multioutput, str) and multioutput in MULTIOUTPUTS:
        return multioutput
    if multioutput is None or isinstance(multioutput, (str, bytes)) or np.ndim(multioutput) != 1:  # type: ignore[arg-type]
        raise InvalidParameterError(
            f"The 'multioutput' parameter of {function} must be a str among {{'raw_values', 'uniform_average'}} "
            f"or an array-like. Got {multioutput!r} instead."
        )
    weights = [float(weight) for weight in multioutput]  # type: ignore[attr-defined]
    if not all(math.isfinite(weight) for weight in weights):
        raise ValueError(f"The 'multioutput' parameter of {function} must hold finite weights. Got {weights}.")
    from fractions import Fraction  # a quarter of the time of our import, and seldom needed

    if sum(map(Fraction, weights)) == 0:
        raise ZeroDivisionError(f"The 'multioutput' weights of {function} sum to zero and can't be normalized.")
    return weights


def check_output_weights(multioutput: str | list[float], outputs: int) -> None:
    """Refuse weights that do not fit the number of outputs."""
    if isinstance(multioutput, str):
        return
    if outputs == 1:
        raise ValueError("Custom weights are useful only in multi-output cases.")
    if len(multioutput) != outputs:
        raise ValueError(f"There must be equally many custom weights ({len(multioutput)}) as outputs ({outputs}).")


def check_same_shape(y_true: "FloatArray", y_pred: "FloatArray") -> int:
    """Return the number of outputs. A column (n, 1) goes with (n,), and nothing is broadcast."""
    if y_true.shape[0] != y_pred.shape[0]:
        raise ValueError(
            "Found input variables with inconsistent numbers of samples: "
            f"[{y_true.shape[0]}, {y_pred.shape[0]}]. y_true has shape {y_true.shape}, y_pred {y_pred.shape}."
        )
    true_outputs, pred_outputs = _outputs(y_true), _outputs(y_pred)
    if true_outputs != pred_outputs:
        raise ValueError(f"y_true and y_pred have different number of output ({true_outputs}!={pred_outputs})")
    return true_outputs


def _outputs(array: "FloatArray") -> int:
    return 1 if array.ndim == 1 else array.shape[1]


def check_finite(state: "State", nan_policy: str, dtype: "np.dtype[Any]") -> None:
    """Refuse what the policy refuses, by the counts the pass over the data has made."""
    if nan_policy == "propagate":
        return
    missing_true, missing_pred = sum(state.missing_true), sum(state.missing_pred)
    if nan_policy == "raise" and missing_true + missing_pred > 0:
        raise ValueError(
            f"Input contains NaN. {missing_true} values of y_true and, where y_true is a number, {missing_pred} of "
            "y_pred are NaN; pass nan_policy='omit' to leave those pairs out, or 'propagate' to get NaN."
        )
    if nan_policy == "omit_true" and missing_pred > 0:
        raise ValueError(
            f"Input contains NaN. {missing_pred} values of y_pred are NaN where y_true is a number, and "
            "nan_policy='omit_true' leaves out missing truth only: a missing prediction may hide a broken model."
        )
    if sum(state.infinite) + sum(state.undefined) > 0:
        raise ValueError(
            f"Input contains infinity or a value too large for {dtype!r}. "
            "Pass nan_policy='propagate' to let it through to the result."
        )
