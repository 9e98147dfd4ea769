"""The counts of what has them: of an accumulator made with pictures, or of a report of such."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from squarely.distribution.counts import Counts, Distribution, JointCounts

if TYPE_CHECKING:
    from squarely.accumulator import Accumulator

__all__ = ["distribution_of", "distributions_of_outputs"]

# What the core counts, by the names of its terms, and by how many bits of the mantissa.
COUNTS = {"residuals_by_size": 7, "truths_by_size": 7, "predictions_by_size": 7}
JOINT_COUNTS = {"predictions_and_residuals": (6, 3), "truths_and_residuals": (6, 3)}


def distribution_of(source: object, prediction: str | None = None) -> Distribution:
    """Return the counts of one prediction, of the first where none is named."""
    from squarely.accumulator import Accumulator

    if isinstance(source, Distribution):
        return source
    if isinstance(source, Accumulator):
        found: Mapping[str, Distribution] = {"": distributions_of_outputs(source)[0]}
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


def distributions_of_outputs(accumulator: Accumulator) -> list[Distribution]:
    """Return the counts of each output."""
    core: Any = accumulator.core
    return [_of_output(core, output) for output in range(int(np.prod(core.shape)))]


def _of_output(core: Any, output: int) -> Distribution:
    residuals, truths, predictions = (
        Counts(bits, *map(_signed, core.counts(term, output))) for term, bits in COUNTS.items()
    )
    by_prediction, by_truth = (
        JointCounts(*bits, *map(_signed, core.counts(term, output))) for term, bits in JOINT_COUNTS.items()
    )
    return Distribution(residuals, truths, predictions, by_prediction, by_truth)


def _signed(numbers: Any) -> Any:
    return np.asarray(numbers).astype(np.int64)
