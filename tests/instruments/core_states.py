"""States of the core, updated once, and the exact sums they hold."""

import functools
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from inputs.metric_parameters import EVERY, OF_TERMS_ALONE
from oracles.state_bytes import terms_held_by
from oracles.tables import TERMS
from squarely import _core

Array = npt.NDArray[np.float64]
Asked = Sequence[tuple[str, float]]


class CoreState:
    """The sums of the core for any metrics, which no policy looks at."""

    def __init__(
        self, outputs: int, summation: str, metrics: Asked, weighted: bool = False, state: _core.State | None = None
    ) -> None:
        self.configuration = _core.Configuration(list(metrics), "raw_values", "propagate", summation, False)
        self.sums = _core.State(outputs, self.configuration, weighted) if state is None else state

    @classmethod
    def from_bytes(cls, data: bytes) -> "CoreState":
        accumulator = _core.Accumulator.from_bytes(data)
        configuration = accumulator.configuration
        return cls(1, configuration.summation, configuration.metrics, state=accumulator.state())

    def update(
        self, y_true: Any, y_pred: Any, where: Any = None, axis: int = 0, sample_weight: Any = None
    ) -> "CoreState":
        self.sums.update(y_true, y_pred, where, axis, sample_weight)
        return self

    def merge(self, other: "CoreState") -> None:
        self.sums.merge(other.sums)

    def subtract(self, other: "CoreState") -> None:
        self.sums.subtract(other.sums)

    def copy(self) -> "CoreState":
        configuration = self.configuration
        copied = self.sums.outputs_from(0, self.sums.outputs)
        return CoreState(1, configuration.summation, configuration.metrics, state=copied)

    def to_bytes(self) -> bytes:
        accumulator = _core.Accumulator(self.configuration)
        accumulator.add(self.sums, (self.sums.outputs,))
        return accumulator.to_bytes()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.sums, name)


def state_of(
    metrics: Asked,
    y_true: npt.NDArray[np.generic],
    y_pred: npt.NDArray[np.generic],
    weights: npt.NDArray[np.generic] | None = None,
    *,
    summation: str = "exact",
    where: npt.NDArray[np.bool_] | None = None,
) -> CoreState:
    outputs = y_true.shape[1] if y_true.ndim == 2 else 1
    return CoreState(outputs, summation, metrics, weights is not None).update(
        y_true, y_pred, where, sample_weight=weights
    )


def held(
    metric: tuple[str, float],
    y_true: npt.NDArray[np.generic],
    y_pred: npt.NDArray[np.generic],
    weights: npt.NDArray[np.generic] | None = None,
) -> dict[str, Fraction]:
    """Return the exact sums of one output."""
    return terms_held_by(state_of([metric], y_true, y_pred, weights).to_bytes())[0]


@functools.cache
def terms_of(metric: tuple[str, float]) -> tuple[str, ...]:
    """Return the terms a metric sums at this parameter, without weights."""
    return tuple(held(metric, np.ones(1), np.full(1, 2.0)))


def is_of_sums_alone(metric: tuple[str, float]) -> bool:
    """Whether what is taken away can be, as of no extreme."""
    return not any(TERMS[term].is_compared for term in terms_of(metric))


class Summed(NamedTuple):
    """A term, and a metric whose sums hold it; the parameter is that of both."""

    term: str
    metric: str
    parameter: float

    @property
    def asked(self) -> tuple[str, float]:
        return self.metric, self.parameter


def every_term() -> list[Summed]:
    """Return every term of the table with every parameter, and the first metric that sums it."""
    found: dict[tuple[str, float | None], Summed] = {}
    for asked in [*EVERY, *OF_TERMS_ALONE]:
        for term in terms_of(asked):
            found.setdefault((term, asked[1] if TERMS[term].has_a_parameter else None), Summed(term, *asked))
    return list(found.values())


def of_single_pairs(metric: tuple[str, float], term: str, y_true: Array, y_pred: Array) -> list[Fraction]:
    """Return the term of each pair, by a state in which every pair is an output of its own."""
    state = state_of([metric], y_true.reshape(1, -1), y_pred.reshape(1, -1))
    return [of_output[term] for of_output in terms_held_by(state.to_bytes())]


def value_of(asked: tuple[str, float], y_true: Array, y_pred: Array, weights: Array | None = None, **how: str) -> float:
    values: list[float] = state_of([asked], y_true, y_pred, weights, **how).values(*asked)
    return values[0]


def state_of_everything(
    y_true: Array,
    y_pred: Array,
    weights: Array | None = None,
    summation: str = "exact",
    where: npt.NDArray[np.bool_] | None = None,
) -> CoreState:
    return state_of(EVERY, y_true, y_pred, weights, summation=summation, where=where)
