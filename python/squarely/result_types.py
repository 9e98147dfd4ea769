"""What a type checker is told of results that are a number or an array, by the word of one option.

The functions themselves stay what they are: the decorators return them as they got them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, Protocol, overload

import numpy as np
import numpy.typing as npt

from squarely.arguments import ArrayLike, NanPolicy, Summation

__all__ = ["MYPY", "AnyCount", "AnyScore", "ScoreT", "averages_outputs", "reduces_pairs"]

P = ParamSpec("P")

# As TYPE_CHECKING, to mypy alone.
MYPY = False

# What a report or an accumulator answers with: a number, an array of outputs, or these by the names of predictions.
if TYPE_CHECKING:
    from typing_extensions import TypeVar  # one with a default, which Python has since 3.13

    ScoreT = TypeVar("ScoreT", covariant=True, default=Any)
else:
    from typing import TypeVar

    ScoreT = TypeVar("ScoreT", covariant=True)

# A number or an array, which no checker can tell: a named tuple has no type parameter before Python 3.11, and how many
# outputs there are is not known before the data.
AnyScore = Any
AnyCount = Any


class AveragesOutputs(Protocol[P]):
    """A metric: an array of the values of the outputs if it is asked for that, else a number."""

    __name__: str

    @overload
    def __call__(  # type: ignore[overload-overlap]  # the one below has the options of the metric itself
        self,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        *,
        multioutput: Literal["raw_values"],
        sample_weight: ArrayLike | None = None,
        where: ArrayLike | None = None,
        nan_policy: NanPolicy = "raise",
        summation: Summation = "exact",
        **options: Any,
    ) -> npt.NDArray[np.float64]: ...
    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> float: ...


class ReducesPairs(Protocol[P]):
    """A loss: an array of the losses of the pairs if it is asked for that, else a number."""

    __name__: str

    @overload
    def __call__(  # type: ignore[overload-overlap]
        self,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        *,
        reduction: Literal["none"],
        sample_weight: ArrayLike | None = None,
        out: npt.NDArray[Any] | None = None,
        **options: Any,
    ) -> npt.NDArray[Any]: ...
    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> float: ...


def averages_outputs(function: Callable[P, float | npt.NDArray[np.float64]]) -> AveragesOutputs[P]:
    return function  # type: ignore[return-value]


def reduces_pairs(function: Callable[P, float | npt.NDArray[Any]]) -> ReducesPairs[P]:
    return function  # type: ignore[return-value]
