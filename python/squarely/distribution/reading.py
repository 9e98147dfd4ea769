"""The counts of what has them: of an accumulator made with pictures, or of a report of such."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from squarely.distribution.counts import Counts, Distribution, JointCounts
from squarely.mergeable import keeps_pictures

if TYPE_CHECKING:
    from squarely import _core

__all__ = ["counts_of_term", "distribution_of", "distributions_of"]

# What the core counts, by the names of its terms, and by how many bits of the mantissa.
COUNTS = {"residuals_by_size": 7}
JOINT_COUNTS = {"predictions_and_residuals": (6, 3), "truths_and_residuals": (6, 3)}


def distribution_of(source: object, prediction: str | None = None) -> Distribution:
    """Return the counts of one prediction, of the first where none is named."""
    from squarely.accumulator import Accumulator

    if isinstance(source, Distribution):
        return source
    if isinstance(source, Accumulator):
        found: Mapping[str, Distribution] = distributions_of({"": source.core})
    else:
        found = getattr(source, "distributions", {})
    if not found:
        raise ValueError(
            f"This {type(source).__name__} has no counts to draw pictures from. Make it with pictures=True."
        )
    if prediction is None:
        return next(iter(found.values()))
    if prediction not in found:
        known = ", ".join(name for name in found if name) or "one only, which has no name"
        raise KeyError(f"There are no pictures of {prediction!r}. There are those of {known}.")
    return found[prediction]


def distributions_of(accumulators: Mapping[str, _core.Accumulator]) -> dict[str, Distribution]:
    """Return the counts of predictions by name, and none where they were not asked for."""
    found = {}
    for name, core in accumulators.items():
        if not keeps_pictures(core.configuration) or not core.shape:
            return {}
        if core.shape != (1,):
            raise ValueError(
                f"Pictures are drawn of one output, and there are outputs of shape {core.shape}. Pass them one by one."
            )
        found[name] = _of_output(core, 0)
    return found


def counts_of_term(core: _core.Accumulator, term: str, output: int = 0) -> Counts:
    """Return what the core counts by one number."""
    return Counts(COUNTS[term], *map(_signed, core.counts_by_size(term, output)))


def _of_output(core: _core.Accumulator, output: int) -> Distribution:
    residuals = counts_of_term(core, "residuals_by_size", output)
    by_prediction, by_truth = (
        JointCounts(*bits, *map(_signed, core.counts_by_size(term, output))) for term, bits in JOINT_COUNTS.items()
    )
    return Distribution(residuals, by_prediction, by_truth)


def _signed(numbers: Any) -> Any:
    return np.asarray(numbers).astype(np.int64)
