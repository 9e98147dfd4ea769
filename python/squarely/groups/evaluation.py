"""What `evaluate` does where it is asked by groups."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from squarely import _core
from squarely.columns.frame_of_models import models_in
from squarely.evaluation import Question, distributions_in, naming, paired_with, scored
from squarely.groups.accumulator import GroupedAccumulator, check_is_no_array, overall_of
from squarely.groups.keys import GroupKeys
from squarely.groups.order_scores import RowsOfGroups, note_of_none, order_scores_of_groups
from squarely.groups.report import GroupedReport, GroupedScored
from squarely.groups.scores import GroupScores, Values
from squarely.named_metrics import Metric
from squarely.pairing import PairedColumns
from squarely.policy import data_refused
from squarely.report import Report
from squarely.scoring import Score
from squarely.worst.evaluation import Keys, WorstAsked
from squarely.worst.table import WorstTable

__all__ = ["grouped_report", "grouped_report_of"]


def grouped_report(
    y_true: object,
    y_pred: object,
    sample_weight: object,
    where: object,
    axis: object,
    by: object,
    question: Question,
    rows_asked: WorstAsked | None = None,
) -> GroupedReport:
    """Return the scores of every group, and those of all rows, by every metric and of every prediction."""
    check_is_no_array(question.configuration.multioutput, "evaluate")
    models = models_in(y_true, y_pred)
    predictions: Mapping[str, object] = {"": y_pred} if models is None else models
    paired = paired_with(predictions, y_true, sample_weight, where, axis)
    keys = GroupKeys()
    groups = keys.codes(by, next(iter(paired.values())).rows)
    order = keys.in_order()
    columns, overall, worst, wholes = {}, {}, {}, {}
    for name, pairs in paired.items():
        with naming(name):
            core = _sums(pairs, question.configuration, groups, len(keys))
            whole = wholes[name] = overall_of(core)
            overall[name] = scored(question.asked, whole, pairs)
            if rows_asked is not None:
                worst[name] = rows_asked.table(pairs, whole, question.asked, _keys_of_rows(keys, groups))
            columns[name] = _scored_by_group(question.asked, core, order, RowsOfGroups(pairs, groups, order))
    distributions = distributions_in(wholes, {name: pairs.names for name, pairs in paired.items()})
    report = Report(question.labels, overall, is_single=models is None, worst=worst, distributions=distributions)
    return GroupedReport(question.asked, keys, order, columns, report, is_single=models is None)


def _keys_of_rows(keys: GroupKeys, groups: npt.NDArray[np.uint32]) -> Keys:
    def at(row: int) -> tuple[object, ...]:
        key = keys.key_of(int(groups[row]))
        return key if len(keys.names) > 1 else (key,)

    return Keys(keys.names, at)


def grouped_report_of(
    accumulators: Mapping[str, GroupedAccumulator],
    *,
    is_single: bool,
    rows: int | None = None,
    worst: Mapping[str, WorstTable] | None = None,
    asked: tuple[Metric, ...] | None = None,
    of_order: Mapping[str, Mapping[Metric, tuple[Score, str]]] = MappingProxyType({}),
    medians_of_groups: Mapping[str, Values] = MappingProxyType({}),
) -> GroupedReport:
    """Return what `evaluate` returns, from the sums of groups by the names of their predictions.

    All of them are of the same rows, and so of the same groups. Beside the metrics of sums medians may be asked for,
    which are known: of all rows, and of every group by its number.
    """
    columns, overall, wholes, labels_of_outputs = {}, {}, {}, {}
    keys, order = GroupKeys(), np.empty(0, np.intp)
    for name, accumulator in accumulators.items():
        with naming(name):
            if len(accumulator) == 0:
                raise ValueError("Found array with 0 sample(s) while a minimum of 1 is required: no chunk has a row.")
            keys, core = accumulator._keys_and_core()
            order = keys.in_order()
            whole = accumulator.overall()
            wholes[name], labels_of_outputs[name] = whole.core, accumulator._names
            asked = asked or accumulator.asked
            known = of_order.get(name, MappingProxyType({}))
            overall[name] = scored(asked, whole.core, None, known)._replace(digest=whole.digest())
            own = _scored_by_group(asked, core, order, None, medians_of_groups.get(name))
            columns[name] = own._replace(digest=accumulator.digest())
    asked = asked or ()
    labels, distributions = tuple(one.label for one in asked), distributions_in(wholes, labels_of_outputs)
    report = Report(labels, overall, is_single=is_single, rows=rows, worst=worst, distributions=distributions)
    return GroupedReport(asked, keys, order, columns, report, is_single=is_single)


def _sums(
    pairs: PairedColumns, configuration: _core.Configuration, groups: npt.NDArray[np.uint32], count: int
) -> _core.GroupedAccumulator:
    core = _core.GroupedAccumulator(configuration)
    try:
        core.add(pairs.sums_by_group(configuration, groups, count), pairs.output_shape)
    except _core.Refused as refused:
        raise data_refused(refused, configuration.nan_policy, pairs.dtype) from None
    return core


def _scored_by_group(
    asked: tuple[Metric, ...],
    core: _core.GroupedAccumulator,
    order: npt.NDArray[np.intp],
    rows: RowsOfGroups | None,
    medians: Values | None = None,
) -> GroupedScored:
    of_sums = tuple(one for one in asked if not one.is_of_order)
    scores = GroupScores(core, of_sums, order)
    values: list[Values] = []
    notes = {}
    for one in asked:
        if one.is_of_order and rows is not None:
            own, note = order_scores_of_groups(one, rows, scores)
        elif one.is_of_order and medians is not None:
            own = medians[order]
            note = note_of_none(one, own, scores)
        else:
            index = of_sums.index(one)
            own = scores.values(index)
            note = scores.note(index, own)
        values.append(own)
        if note:
            notes[one.label] = note
    counts = (counts[order].reshape(len(order), -1).sum(axis=1) for counts in (core.pairs, core.omitted))
    return GroupedScored(values, notes, *counts)
