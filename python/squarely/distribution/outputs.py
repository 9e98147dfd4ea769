"""The outputs of a prediction: what each is called, what it scores, and the counts that its pictures are drawn from."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from squarely.columns.labels import Names
from squarely.distribution.counts import Distribution

__all__ = ["Output", "names_of"]


class Output(NamedTuple):
    """One output of a prediction."""

    name: str
    """As its column is called, else by its place; empty where there is only one."""
    distribution: Distribution
    scores: Mapping[str, float] = MappingProxyType({})
    """By the labels of the metrics, NaN where there is none; empty where there is only one output."""


def names_of(shape: Sequence[int], labels: Names) -> list[str]:
    """Return what outputs of a shape are called, in the order of raw values: by the labels of the first side with some.

    Where two would have one name they are called by their places.

    >>> names_of((2,), {"y_pred": {0: ["price", "amount"]}})
    ['price', 'amount']
    >>> names_of((1, 2), {})
    ['output 0, 0', 'output 0, 1']
    """
    if tuple(shape) == (1,):
        return [""]
    along = {axis: own for side in reversed(list(labels.values())) for axis, own in side.items()}
    before = "" if along else "output "
    parts = (map(str, along.get(axis, range(length))) for axis, length in enumerate(shape))
    names = [before + ", ".join(one) for one in itertools.product(*parts)]
    return names if len(set(names)) == len(names) else names_of(shape, {})
