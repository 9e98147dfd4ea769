"""What a type checker is told of results that are a number or an array, by the word of one option.

The functions themselves stay what they are: the decorators return them as they got them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, ParamSpec, Protocol, overload

import numpy as np
import numpy.typing as npt

__all__ = ["AnyCount", "AnyScore", "averages_outputs", "reduces_pairs"]

P = ParamSpec("P")

# Where the word was said earlier, as to an accumulator, no checker can tell a number from an array.
AnyScore = Any
AnyCount = Any


class AveragesOutputs(Protocol[P]):
    """A metric: an array of the values of the outputs if it is asked for that, else a number."""

    __name__: str

    @overload
    def __call__(  # type: ignore[overload-overlap]  # the one below has all options, and this one only the word's
        self, y_true: npt.ArrayLike, y_pred: npt.ArrayLike, *, multioutput: Literal["raw_values"], **options: Any
    ) -> npt.NDArray[np.float64]: ...
    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> float: ...


class ReducesPairs(Protocol[P]):
    """A loss: an array of the losses of the pairs if it is asked for that, else a number."""

    __name__: str

    @overload
    def __call__(  # type: ignore[overload-overlap]
        self, y_true: npt.ArrayLike, y_pred: npt.ArrayLike, *, reduction: Literal["none"], **options: Any
    ) -> npt.NDArray[Any]: ...
    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> float: ...


def averages_outputs(function: Callable[P, float | npt.NDArray[np.float64]]) -> AveragesOutputs[P]:
    return function  # type: ignore[return-value]


def reduces_pairs(function: Callable[P, float | npt.NDArray[Any]]) -> ReducesPairs[P]:
    return function  # type: ignore[return-value]
