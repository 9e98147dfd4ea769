"""The worst rows of plain arrays, looked for while the rows are summed: where that needs no more than ends of sums."""

from __future__ import annotations

from collections.abc import Mapping

from squarely import _core
from squarely.evaluation import Question
from squarely.report import Report, Scored
from squarely.worst.evaluation import WorstAsked
from squarely.worst.sums import Sums, UncertainError

__all__ = ["worst_at_once"]


def worst_at_once(
    y_true: object,
    predictions: Mapping[str, object],
    sample_weight: object,
    where: object,
    axis: int,
    question: Question,
    rows_asked: WorstAsked,
    *,
    is_single: bool,
) -> Report | None:
    """Return scores and worst rows from one pass, or None where there is something to say, or another way to go."""
    configuration, loss = question.configuration, rows_asked.loss
    if configuration.multioutput != "uniform_average" or configuration.nan_policy == "propagate":
        return None
    names, arrays = tuple(predictions), tuple(predictions.values())
    found = _core.scores_and_worst_rows(
        configuration, y_true, arrays, sample_weight, where, axis, loss.name, loss.parameter, rows_asked.rows
    )
    if found is None:
        return None
    # Some of what was summed no metric asked for: another way would not have it.
    terms = {"sample_weight", *(term for one in question.asked for term, _ in one.row.summands(one.parameter))}
    columns, worst = {}, {}
    for name, (scores, pairs, omitted, rows, units) in zip(names, found, strict=True):
        own = {term: ends for term, ends in units.items() if term in terms}
        sums = Sums.of_units(pairs, own, weighted=sample_weight is not None)
        try:
            worst[name] = rows_asked.table_of(rows, sums, pairs + omitted, question.asked)
        except UncertainError:
            return None
        columns[name] = Scored(scores, {}, pairs, omitted)
    return Report(question.labels, columns, is_single=is_single, worst=worst)
