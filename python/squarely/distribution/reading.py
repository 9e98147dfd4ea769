"""The counts of what has them: of an accumulator made with pictures, or of a report of such."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from squarely import _core
from squarely.distribution.counts import Counts, Distribution, JointCounts
from squarely.distribution.outputs import Output, names_of
from squarely.mergeable import asked_of, keeps_pictures

if TYPE_CHECKING:
    from squarely.columns.labels import Names

__all__ = ["Chosen", "chosen", "counts_of_term", "distribution_of", "outputs_of"]


class Chosen(NamedTuple):
    """One output of one prediction, and what tells it from the others: empty where there is no other."""

    name: str
    distribution: Distribution


def distribution_of(source: object, prediction: str | None = None, output: int | str | None = None) -> Distribution:
    """Return the counts of one output of one prediction, as `chosen` finds them."""
    return chosen(source, prediction, output).distribution


def chosen(source: object, prediction: str | None = None, output: int | str | None = None) -> Chosen:
    """Return one output of one prediction, each the first where none is named, or refuse what is not there."""
    if isinstance(source, (Distribution, Chosen)):
        return source if isinstance(source, Chosen) else Chosen("", source)
    predictions = _predictions_of(source)
    if not predictions:
        raise ValueError(
            f"This {type(source).__name__} has no counts to draw pictures from. Make it with pictures=True."
        )
    if prediction is not None and prediction not in predictions:
        known = ", ".join(name for name in predictions if name) or "one only, which has no name"
        raise KeyError(f"There are no pictures of {prediction!r}. There are those of {known}.")
    name = next(iter(predictions)) if prediction is None else prediction
    outputs = predictions[name]
    one = outputs[_place(output, [own.name for own in outputs])]
    if not one.distribution.residuals.total:
        raise ValueError("There is no pair of two numbers to draw a picture of.")
    told = [name] if len(predictions) > 1 else []
    return Chosen(", ".join([*told, *([one.name] if one.name else [])]), one.distribution)


def outputs_of(core: _core.Accumulator, labels: Names = MappingProxyType({})) -> tuple[Output, ...]:
    """Return the outputs of a prediction, with what they are called; none where pictures were not asked for."""
    if not keeps_pictures(core.configuration) or not core.shape:
        return ()
    names = names_of(core.shape, labels)
    scores: Sequence[Mapping[str, float]] = _scores_by_output(core) if len(names) > 1 else [{}]
    return tuple(
        Output(name, _counts_of_output(core, i), own) for i, (name, own) in enumerate(zip(names, scores, strict=True))
    )


def counts_of_term(core: _core.Accumulator, term: str, output: int = 0) -> Counts:
    """Return what the core counts by one number."""
    ((_, bits),) = _core.terms[term].by_size
    return Counts(bits, *map(_signed, core.counts_by_size(term, output)))


def _joint_counts_of_term(core: _core.Accumulator, term: str, output: int) -> JointCounts:
    (_, first_bits), (_, second_bits) = _core.terms[term].by_size
    return JointCounts(first_bits, second_bits, *map(_signed, core.counts_by_size(term, output)))


def _counts_of_output(core: _core.Accumulator, output: int) -> Distribution:
    return Distribution(
        residuals=counts_of_term(core, "residuals_by_size", output),
        predictions_and_residuals=_joint_counts_of_term(core, "predictions_and_residuals", output),
        truths_and_residuals=_joint_counts_of_term(core, "truths_and_residuals", output),
    )


def _scores_by_output(core: _core.Accumulator) -> list[dict[str, float]]:
    labels = [one.label for one in asked_of(core.configuration)]
    values = [core.values_where_defined(i) for i in range(len(labels))]
    return [dict(zip(labels, own, strict=True)) for own in zip(*values, strict=True)] or [{}] * math.prod(core.shape)


def _predictions_of(source: object) -> Mapping[str, Sequence[Output]]:
    from squarely.accumulator import Accumulator

    if isinstance(source, Accumulator):
        outputs = outputs_of(source.core, source._names)
        return {"": outputs} if outputs else {}
    source = getattr(source, "overall", source)  # of groups the pictures are those of all rows
    found: Mapping[str, Sequence[Output]] = getattr(source() if callable(source) else source, "distributions", {})
    return found


def _place(output: int | str | None, names: Sequence[str]) -> int:
    """Return the place of an output that is named by its place or its name."""
    if output is None:
        return 0
    place = names.index(output) if output in names else output
    if isinstance(place, str) or not 0 <= place < len(names):
        known = ", ".join(filter(None, names)) or "only one, which has no name"
        raise KeyError(f"There is no output {output!r}. There are {len(names)}: {known}.")
    return place


def _signed(numbers: Any) -> Any:
    return np.asarray(numbers).astype(np.int64)
