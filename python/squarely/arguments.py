"""What is checked before a pass over the data, and the words for it: those of scikit-learn where it has them."""

import math
import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Protocol, SupportsFloat

__all__ = [
    "ArrayLike",
    "AveragedOutputs",
    "Frame",
    "InvalidParameterError",
    "Keys",
    "Multioutput",
    "NanPolicy",
    "Summation",
    "Unmatched",
    "check_axis",
    "check_choice",
    "check_dimensions",
    "check_finite_weights",
    "check_multioutput",
    "check_not_empty",
    "check_output_weights",
    "check_same_shape",
    "check_where_shape",
]

# What data are to a checker. At run time they are looked at when they come.
if TYPE_CHECKING:

    class ArrowStream(Protocol):
        """A table, or a column in chunks, of a library that speaks Arrow."""

        def __arrow_c_stream__(self, requested_schema: Any = None, /) -> Any: ...

    class ArrowArray(Protocol):
        """A column, or a batch, of a library that speaks Arrow."""

        def __arrow_c_array__(self, requested_schema: Any = None, /) -> Any: ...

    class DLPackArray(Protocol):
        """An array of a library that speaks DLPack."""

        def __dlpack__(self) -> Any: ...

    class Frame(Protocol):
        """A table: of one prediction or of several, which no checker can tell."""

        @property
        def columns(self) -> Any: ...

    # To NumPy no list of decimals, or with None, is one of numbers.
    ArrayLike = npt.ArrayLike | ArrowStream | ArrowArray | DLPackArray | Sequence[SupportsFloat | None]

    # What is given for `by`. Not None, by which a checker tells the two kinds of reports.
    Keys = ArrayLike | Frame | Sequence[Any] | Mapping[str, Any]
else:
    ArrayLike = Frame = Keys = Any

NanPolicy = Literal["raise", "propagate", "omit", "omit_true"]
Summation = Literal["exact", "kahan", "pairwise"]
Unmatched = Literal["raise", "omit"]
OutputWeights = Sequence[float] | npt.NDArray[Any]
Multioutput = Literal["raw_values", "uniform_average"] | OutputWeights
AveragedOutputs = Literal["uniform_average"] | OutputWeights
VarianceMultioutput = Literal["raw_values", "uniform_average", "variance_weighted"] | OutputWeights | None
VarianceAveragedOutputs = Literal["uniform_average", "variance_weighted"] | OutputWeights | None

NAN_POLICIES: tuple[str, ...] = get_args(NanPolicy)
SUMMATIONS: tuple[str, ...] = get_args(Summation)
UNMATCHED: tuple[str, ...] = get_args(Unmatched)
MULTIOUTPUTS = ("raw_values", "uniform_average", "variance_weighted")


class InvalidParameterError(ValueError, TypeError):
    """An argument of the wrong kind. Both errors at once, because callers catch either."""


def check_choice(value: object, choices: Sequence[str], name: str, function: str) -> None:
    """Refuse what is not one of the choices."""
    if not isinstance(value, str) or value not in choices:
        known = ", ".join(repr(choice) for choice in sorted(choices))
        raise InvalidParameterError(
            f"The {name!r} parameter of {function} must be a str among {{{known}}}. Got {value!r} instead."
        )


def check_multioutput(multioutput: object, function: str, choices: Sequence[str] = MULTIOUTPUTS) -> str | list[float]:
    """Return one of the words, or the weights as a list of finite floats."""
    if isinstance(multioutput, str) and multioutput in choices:
        return multioutput
    if multioutput is None or isinstance(multioutput, (str, bytes)) or np.ndim(multioutput) != 1:  # type: ignore[arg-type]
        raise InvalidParameterError(
            f"The 'multioutput' parameter of {function} must be a str among "
            f"{{{', '.join(repr(choice) for choice in choices)}}} or an array-like. Got {multioutput!r} instead."
        )
    from squarely.columns.number_types import as_numbers, from_list  # seldom needed

    given = multioutput if isinstance(multioutput, np.ndarray) else from_list(multioutput, "multioutput")
    weights = [float(weight) for weight in as_numbers(given, "multioutput")]
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


def check_axis(axis: object, dimensions: int, function: str) -> int:
    """Return the axis of the rows, counted from the first."""
    if isinstance(axis, bool) or not hasattr(axis, "__index__"):
        raise InvalidParameterError(f"The 'axis' parameter of {function} must be an int. Got {axis!r} instead.")
    number = operator.index(axis)
    if not -dimensions <= number < dimensions:
        raise ValueError(
            f"The 'axis' parameter of {function} must be from {-dimensions} to {dimensions - 1} for y_true of "
            f"{dimensions} dimension(s). Got {number}."
        )
    return number % dimensions


def check_dimensions(shape: tuple[int, ...], most_dimensions: int | None, name: str) -> None:
    """Refuse more dimensions than a function takes."""
    if most_dimensions is not None and len(shape) > most_dimensions:
        raise ValueError(
            f"Found array with dim {len(shape)}, while dim <= {most_dimensions} is required. {name} has shape {shape}. "
            "Pass y_true.reshape(-1) and y_pred.reshape(-1) to score all elements alike; evaluate and "
            "Accumulator.update take any number of dimensions and the axis of the rows."
        )


def check_not_empty(shape: tuple[int, ...], axis: int, name: str, *, may_lack_rows: bool = False) -> None:
    """Refuse arrays without outputs, and without rows where they are no chunk of more."""
    if shape[axis] == 0 and not may_lack_rows:
        raise ValueError(
            f"Found array with 0 sample(s) (shape={shape}) while a minimum of 1 is required. It is {name}."
        )
    if 0 in shape[:axis] + shape[axis + 1 :]:
        raise ValueError(
            f"Found array with 0 feature(s) (shape={shape}) while a minimum of 1 is required. It is {name}."
        )


def check_same_shape(y_true: tuple[int, ...], y_pred: tuple[int, ...], axis: int) -> None:
    """Refuse different shapes. Only a column (n, 1) goes with (n,), and nothing is broadcast."""
    if axis < len(y_pred) and y_true[axis] != y_pred[axis]:
        raise ValueError(
            "Found input variables with inconsistent numbers of samples: "
            f"[{y_true[axis]}, {y_pred[axis]}]. y_true has shape {y_true}, y_pred {y_pred}."
        )
    if max(len(y_true), len(y_pred)) <= 2 and axis == 0:
        true_outputs, pred_outputs = math.prod(y_true[1:]), math.prod(y_pred[1:])
        if true_outputs != pred_outputs:
            raise ValueError(
                f"y_true and y_pred have different number of output ({true_outputs}!={pred_outputs}). "
                f"y_true has shape {y_true}, y_pred {y_pred}; nothing is broadcast."
            )
    elif y_true != y_pred:
        raise ValueError(
            f"y_true and y_pred must have the same shape, because nothing is broadcast. y_true has shape {y_true}, "
            f"y_pred {y_pred}."
        )


def check_where_shape(where: tuple[int, ...], y_true: tuple[int, ...], y_pred: tuple[int, ...], axis: int) -> None:
    """Refuse a mask that is neither of the rows nor of the arrays."""
    if where not in {y_true, y_pred, (y_true[axis],)}:
        raise ValueError(
            f"where has shape {where}, and must have that of the rows, ({y_true[axis]},), or of the arrays, {y_true}."
        )


def check_finite_weights(weights: npt.NDArray[Any]) -> None:
    """Refuse weights for an order. Those of sums are checked on the way."""
    if weights.dtype.kind != "f":
        return
    least, greatest = float(weights.min()), float(weights.max())  # NaN where there is one
    if math.isnan(least):
        raise ValueError("Input sample_weight contains NaN.")
    if math.isinf(least) or math.isinf(greatest):
        raise ValueError(f"Input sample_weight contains infinity or a value too large for {weights.dtype!r}.")
