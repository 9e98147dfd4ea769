"""Every metric of one or several predictions from one pass over the data, as a report."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, overload

from squarely import _core
from squarely.accumulator import Accumulator
from squarely.arguments import (
    MULTIOUTPUTS,
    NAN_POLICIES,
    SUMMATIONS,
    ArrayLike,
    Frame,
    Keys,
    NanPolicy,
    Summation,
    Unmatched,
    VarianceAveragedOutputs,
    VarianceMultioutput,
    check_choice,
    check_multioutput,
    check_output_weights,
)
from squarely.columns.plain import plain_arrays
from squarely.groups.report import GroupedReport
from squarely.mergeable import keeps_pictures
from squarely.named_metrics import PICTURES, Metric, MetricLike, as_metric, as_metrics
from squarely.policy import UndefinedMetricError, data_refused, score_refused, told_of_too_few
from squarely.report import Report, Scored
from squarely.scoring import Score, configuration_of

if TYPE_CHECKING:
    from squarely.columns.labels import Names
    from squarely.distribution.outputs import Output
    from squarely.pairing import PairedColumns
    from squarely.worst.evaluation import WorstAsked
    from squarely.worst.table import WorstTable

__all__ = ["Question", "distributions_in", "evaluate", "naming", "paired_with", "report_of", "scored"]


@overload
def evaluate(
    y_true: ArrayLike,
    y_pred: Frame,
    *,
    metrics: MetricLike | Iterable[MetricLike] | None = None,
    sample_weight: ArrayLike | None = None,
    multioutput: VarianceMultioutput = "uniform_average",
    where: ArrayLike | None = None,
    nan_policy: NanPolicy = "raise",
    summation: Summation = "exact",
    axis: int = 0,
    by: None = None,
    on: str | Sequence[str] | None = None,
    unmatched: Unmatched = "raise",
    worst: int = 0,
    worst_by: MetricLike | None = None,
    worst_columns: object = None,
    pictures: bool = False,
) -> Report: ...
@overload
def evaluate(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    metrics: MetricLike | Iterable[MetricLike] | None = None,
    sample_weight: ArrayLike | None = None,
    multioutput: VarianceAveragedOutputs = "uniform_average",
    where: ArrayLike | None = None,
    nan_policy: NanPolicy = "raise",
    summation: Summation = "exact",
    axis: int = 0,
    by: None = None,
    on: str | Sequence[str] | None = None,
    unmatched: Unmatched = "raise",
    worst: int = 0,
    worst_by: MetricLike | None = None,
    worst_columns: object = None,
    pictures: bool = False,
) -> Report[float]: ...
@overload
def evaluate(
    y_true: ArrayLike,
    y_pred: Mapping[str, ArrayLike],
    *,
    metrics: MetricLike | Iterable[MetricLike] | None = None,
    sample_weight: ArrayLike | None = None,
    multioutput: VarianceAveragedOutputs = "uniform_average",
    where: ArrayLike | None = None,
    nan_policy: NanPolicy = "raise",
    summation: Summation = "exact",
    axis: int = 0,
    by: None = None,
    on: str | Sequence[str] | None = None,
    unmatched: Unmatched = "raise",
    worst: int = 0,
    worst_by: MetricLike | None = None,
    worst_columns: object = None,
    pictures: bool = False,
) -> Report[dict[str, float]]: ...
@overload
def evaluate(
    y_true: ArrayLike,
    y_pred: ArrayLike | Mapping[str, ArrayLike],
    *,
    metrics: MetricLike | Iterable[MetricLike] | None = None,
    sample_weight: ArrayLike | None = None,
    multioutput: Literal["raw_values"],
    where: ArrayLike | None = None,
    nan_policy: NanPolicy = "raise",
    summation: Summation = "exact",
    axis: int = 0,
    by: None = None,
    on: str | Sequence[str] | None = None,
    unmatched: Unmatched = "raise",
    worst: int = 0,
    worst_by: MetricLike | None = None,
    worst_columns: object = None,
    pictures: bool = False,
) -> Report: ...
@overload
def evaluate(
    y_true: ArrayLike,
    y_pred: ArrayLike | Frame | Mapping[str, ArrayLike],
    *,
    metrics: MetricLike | Iterable[MetricLike] | None = None,
    sample_weight: ArrayLike | None = None,
    multioutput: VarianceMultioutput = "uniform_average",
    where: ArrayLike | None = None,
    nan_policy: NanPolicy = "raise",
    summation: Summation = "exact",
    axis: int = 0,
    by: Keys,
    on: str | Sequence[str] | None = None,
    unmatched: Unmatched = "raise",
    worst: int = 0,
    worst_by: MetricLike | None = None,
    worst_columns: object = None,
    pictures: bool = False,
) -> GroupedReport: ...
def evaluate(
    y_true: ArrayLike,
    y_pred: ArrayLike | Frame | Mapping[str, ArrayLike],
    *,
    metrics: MetricLike | Iterable[MetricLike] | None = None,
    sample_weight: ArrayLike | None = None,
    multioutput: VarianceMultioutput = "uniform_average",
    where: ArrayLike | None = None,
    nan_policy: NanPolicy = "raise",
    summation: Summation = "exact",
    axis: int = 0,
    by: Keys | None = None,
    on: str | Sequence[str] | None = None,
    unmatched: Unmatched = "raise",
    worst: int = 0,
    worst_by: MetricLike | None = None,
    worst_columns: object = None,
    pictures: bool = False,
) -> Report | GroupedReport:
    """Score predictions by any number of metrics, reading the data once.

    Parameters
    ----------
    y_true : array-like
        Truth, as in `mean_squared_error`, and of any number of dimensions.
    y_pred : array-like of the same shape, or mapping of str to such
        Predictions. Of a mapping every value is scored, and the report compares them by their names; the truth is read
        once for all of them. A frame of several columns, of pandas, polars or pyarrow, is a mapping where `y_true` has
        one dimension.
    metrics : str, function, Metric or iterable of these, default=eight everyday metrics
        Names from `metric_names()`, in short or in full, metric functions, or what `metric` makes of them. The sums
        they need are united. Metrics over order statistics, as median_absolute_error, take another pass and one
        float64 of memory a row.
    sample_weight : array-like of shape (rows,) or that of y_true, or float, optional
        Weights of the rows, or one for every element. max_error, and what else has no weights, leaves them aside.
    multioutput : {"uniform_average", "raw_values", "variance_weighted"} or array-like, default="uniform_average"
        As in `mean_squared_error` and `r2_score`.
    where : array-like of bool of the shape of the rows or of y_true, optional
        True where a pair counts.
    nan_policy : {"raise", "propagate", "omit", "omit_true"}, default="raise"
        What a missing value means, as in `mean_squared_error`.
    summation : {"exact", "kahan", "pairwise"}, default="exact"
        How sums are formed, as in `mean_squared_error`.
    axis : int, default=0
        The axis of the rows; every index along the other axes is an output. A field of shape (time, latitude,
        longitude) over axis 0 gives, with ``multioutput="raw_values"``, scores of shape (latitude, longitude).
    by : array-like, column, mapping of str to such, or table, optional
        The key of every row, or several columns of them: every group of rows of one key is scored on its own, as in
        `GroupedAccumulator`. Metrics over order statistics take a call a group, about a tenth of a millisecond each.
    on : str or sequence of str, optional
        Columns with ids, where `y_true` and `y_pred` are frames whose rows belong together by them, in any order.
        Beside ids the frame of truth has one column, and what `sample_weight`, `where` and `by` then name; one of
        predictions has one or more, or there is a mapping of frames of one each. Needs DuckDB. Ids are matched as in
        `score_files`, and one that is missing or occurs twice in a frame is refused.
    unmatched : {"raise", "omit"}, default="raise"
        What happens to ids that not all of the frames have.
    worst : int, default=0
        Return the rows with the largest losses too, at most so many and 10,000, as `Report.worst`: of every prediction
        a `WorstTable`. With weights they are those with the largest product of loss and weight. There must be one
        output.
    worst_by : str, function or Metric, optional
        The loss: ``"squared_error"``, ``"absolute_error"``, ``"absolute_percentage_error"``, ``"squared_log_error"``,
        and others, or a metric that is its mean. By default the squared error, which orders rows as the absolute one
        does; where no metric sums it, the first loss that one does.
    worst_columns : mapping of str to column, or frame, optional
        What is shown of these rows, as ids or dates: columns with a value a row.
    pictures : bool, default=False
        Count the pairs by size, too, as `Accumulator` does, so that `Report.save` and `Report.plot` can draw them. Of
        one output.

    Returns
    -------
    Report or GroupedReport
        Scores by the names of their metrics; with `by` for every group, beside those of all rows. A metric that is
        undefined on the data, as a logarithm of a negative number or R² of one row, is NaN, says why in `Report.notes`,
        and spoils no other.

    Raises
    ------
    ValueError
        As in `mean_squared_error`.

    Examples
    --------
    >>> import squarely
    >>> y_true, y_pred = [3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 8.0]
    >>> report = squarely.evaluate(y_true, y_pred, metrics=("mean_squared_error", "r2_score"))
    >>> report["r2_score"]
    0.9486081370449678
    >>> print(squarely.evaluate(y_true, {"model": y_pred, "zero": [0.0] * 4}, metrics=("max_error", "r2_score")))
              model               zero
    max_error 1.0                 7.0
    r2_score  0.9486081370449678  -1.1327623126338329
    4 pairs
    >>> print(squarely.evaluate(y_true, y_pred, metrics=("mse", "mae"), by=["north", "south", "south", "north"]))
            group  mse    mae   pairs
            north  0.625  0.75  2
            south  0.125  0.25  2
    best    south  0.125  0.25  2
    worst   north  0.625  0.75  2
    overall        0.375  0.5   4
    median         0.375  0.5
    2 groups of 4 pairs
    """
    if on is not None:
        from squarely.files.joined_frames import joined_frames

        y_true, y_pred, sample_weight, where, by = joined_frames(
            y_true, y_pred, on, unmatched, sample_weight, where, by
        )
    elif unmatched != "raise":
        raise ValueError("unmatched= is for frames that are joined: say on=, the columns with ids")
    question = _question_of(metrics, multioutput, nan_policy, summation, pictures)
    rows_asked = None
    if worst != 0 or worst_by is not None or worst_columns is not None:
        from squarely.worst.evaluation import worst_asked

        if on is not None:
            raise ValueError(
                "worst= counts rows, and on= has others than the frames: join them first, or by score_files"
            )
        rows_asked = worst_asked(worst, worst_by, worst_columns, question.asked)
    if by is not None:
        from squarely.groups.evaluation import grouped_report

        return grouped_report(y_true, y_pred, sample_weight, where, axis, by, question, rows_asked)
    if not question.is_of_order and not pictures and type(axis) is int:
        plain = _plain_report(y_true, y_pred, sample_weight, where, axis, question, rows_asked)
        if plain is not None:
            return plain
    from squarely.columns.frame_of_models import models_in

    models = models_in(y_true, y_pred)
    predictions = {"": y_pred} if models is None else models
    return _report(predictions, y_true, sample_weight, where, axis, question, rows_asked, is_single=models is None)


class Question(NamedTuple):
    """What is asked of the data, all arguments checked."""

    asked: tuple[Metric, ...]
    labels: tuple[str, ...]
    is_of_order: bool
    """Whether some metric needs all pairs at once."""
    configuration: _core.Configuration
    """Of the metrics of sums."""


def _question_of(metrics: object, multioutput: object, nan_policy: str, summation: str, pictures: object) -> Question:
    # What cannot change is asked again in a loop over models. Anything else may have changed since.
    if (metrics is None or type(metrics) in (str, tuple)) and type(multioutput) is str:
        try:
            return _question(metrics, multioutput, nan_policy, summation, bool(pictures))
        except TypeError:  # something in it that has no hash: the words for it are below
            pass
    return _question.__wrapped__(metrics, multioutput, nan_policy, summation, bool(pictures))


@functools.lru_cache(maxsize=256)
def _question(metrics: Any, multioutput: object, nan_policy: str, summation: str, pictures: bool) -> Question:
    check_choice(nan_policy, NAN_POLICIES, "nan_policy", "evaluate")
    check_choice(summation, SUMMATIONS, "summation", "evaluate")
    averaging = check_multioutput(multioutput, "evaluate", MULTIOUTPUTS)
    asked = as_metrics(metrics, "evaluate")
    of_sums = tuple(one for one in asked if not one.is_of_order)
    # A median alone needs no sums, but its report needs the counts.
    summed = (*(of_sums or (as_metric("max_error", "", ""),)), *((PICTURES,) if pictures else ()))
    configuration = configuration_of(summed, averaging, nan_policy, summation)
    return Question(asked, tuple(one.label for one in asked), len(of_sums) < len(asked), configuration)


# Of each prediction the scores, how many pairs they are of, and how many were left out.
_Found = tuple[tuple[tuple[Score, ...], int, int], ...]


def _plain_report(
    y_true: object,
    y_pred: object,
    sample_weight: object,
    where: object,
    axis: int,
    question: Question,
    rows_asked: WorstAsked | None = None,
) -> Report | None:
    """Return the report of plain arrays of which there is nothing to say, else None."""
    named: Any = y_pred if type(y_pred) is dict else {"": y_pred}
    is_single = named is not y_pred
    if isinstance(y_pred, Mapping) if is_single else not named or {type(name) for name in named} != {str}:
        return None
    predictions = tuple(named.values())
    if rows_asked is not None:
        from squarely.worst.at_once import worst_at_once

        inside = plain_arrays(y_true, sample_weight, where, *predictions) if axis == 0 else None
        true, weight, mask, *arrays = inside or (y_true, sample_weight, where, *predictions)
        named = dict(zip(named, arrays, strict=True))
        return worst_at_once(true, named, weight, mask, axis, question, rows_asked, is_single=is_single)
    found: _Found | None = _core.scores_at_once(question.configuration, y_true, predictions, sample_weight, where, axis)
    if found is None and is_single:
        found = _scores_of_sums(y_true, y_pred, sample_weight, where, axis, question)
    if found is not None:
        columns = [Scored(scores, {}, pairs, omitted) for scores, pairs, omitted in found]
        return Report(question.labels, dict(zip(named, columns, strict=True)), is_single=is_single)
    inside = plain_arrays(y_true, sample_weight, where, *predictions) if axis == 0 else None
    if inside is None:
        return None
    y_true, sample_weight, where, *arrays = inside
    y_pred = arrays[0] if is_single else dict(zip(named, arrays, strict=True))
    return _plain_report(y_true, y_pred, sample_weight, where, axis, question)


def _scores_of_sums(
    y_true: object, y_pred: object, sample_weight: object, where: object, axis: int, question: Question
) -> _Found | None:
    accumulator = _core.Accumulator(question.configuration)
    try:
        is_added = accumulator.update(y_true, y_pred, sample_weight, where, axis, False)
    except _core.Refused:
        return None
    scores = accumulator.scores() if is_added else None
    return None if scores is None else ((scores, sum(accumulator.pairs), sum(accumulator.omitted)),)


def _report(
    predictions: Mapping[str, object],
    y_true: object,
    sample_weight: object,
    where: object,
    axis: object,
    question: Question,
    rows_asked: WorstAsked | None,
    *,
    is_single: bool,
) -> Report:
    paired = paired_with(predictions, y_true, sample_weight, where, axis)
    is_plain = rows_asked is None and not keeps_pictures(question.configuration)
    medians = _medians_at_once(paired, question) if is_plain else None
    if medians is not None:
        return Report(question.labels, medians, is_single=is_single)
    accumulators = _accumulators(paired, question.configuration)
    columns = {name: scored(question.asked, accumulators[name], pairs) for name, pairs in paired.items()}
    worst = {}
    if rows_asked is not None:
        for name, pairs in paired.items():
            worst[name] = rows_asked.table(pairs, accumulators[name], question.asked)
    distributions = distributions_in(accumulators, {name: pairs.names for name, pairs in paired.items()})
    return Report(question.labels, columns, is_single=is_single, worst=worst, distributions=distributions)


def distributions_in(
    accumulators: Mapping[str, _core.Accumulator], labels: Mapping[str, Names] = MappingProxyType({})
) -> Mapping[str, Sequence[Output]]:
    """Return what pictures are drawn from, where it was asked for, with what outputs are called."""
    if not keeps_pictures(next(iter(accumulators.values())).configuration):
        return {}
    from squarely.distribution.reading import outputs_of

    return {name: outputs_of(core, labels.get(name, MappingProxyType({}))) for name, core in accumulators.items()}


def _medians_at_once(paired: Mapping[str, PairedColumns], question: Question) -> dict[str, Scored] | None:
    """Return the scores where nothing but a median is asked that takes one pass: no sums are needed for its counts."""
    if question.labels != ("median_absolute_error",):
        return None
    from squarely.order_scores import median_at_once

    columns = {}
    for name, pairs in paired.items():
        with naming(name):
            check_output_weights(question.configuration.multioutput, pairs.outputs)
        score = median_at_once(pairs, question.configuration.multioutput)
        if score is None:
            return None
        columns[name] = Scored((score,), {}, pairs.rows, 0)
    return columns


def paired_with(
    predictions: Mapping[str, object], y_true: object, sample_weight: object, where: object, axis: object
) -> dict[str, PairedColumns]:
    """Return each of the predictions beside the truth."""
    paired: dict[str, PairedColumns] = {}
    for name, prediction in predictions.items():
        with naming(name):
            paired[name] = _paired(y_true, prediction, where, axis, sample_weight)
    return paired


def report_of(
    accumulators: Mapping[str, Accumulator],
    *,
    is_single: bool,
    rows: int | None = None,
    worst: Mapping[str, WorstTable] | None = None,
    asked: tuple[Metric, ...] | None = None,
    of_order: Mapping[str, Mapping[Metric, tuple[Score, str]]] = MappingProxyType({}),
) -> Report:
    """Return what `evaluate` returns, from the sums of accumulators by the names of their predictions.

    Beside the metrics of sums others may be asked for whose scores are known.
    """
    columns = {}
    for name, accumulator in accumulators.items():
        with naming(name):
            if not accumulator.core.shape:
                raise ValueError("Found array with 0 sample(s) while a minimum of 1 is required: no chunk has a row.")
            known = of_order.get(name, MappingProxyType({}))
            own = scored(asked or accumulator.asked, accumulator.core, None, known)
        columns[name] = own._replace(digest=accumulator.digest())
    labels = tuple(one.label for one in asked or next(iter(accumulators.values())).asked)
    labels_of_outputs = {name: one._names for name, one in accumulators.items()}
    distributions = distributions_in({name: one.core for name, one in accumulators.items()}, labels_of_outputs)
    return Report(labels, columns, is_single=is_single, rows=rows, worst=worst, distributions=distributions)


class naming:  # noqa: N801  (read as a word: with naming(model))
    """Says which of several predictions, or which chunk, an error is about."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if self.name and isinstance(error, ValueError):
            raise type(error)(f"{self.name}: {error}") from error


def _paired(y_true: object, y_pred: object, where: object, axis: object, sample_weight: object) -> PairedColumns:
    from squarely.pairing import pair

    return pair(y_true, y_pred, where, axis, "evaluate", most_dimensions=None, sample_weight=sample_weight)


def _accumulators(paired: dict[str, PairedColumns], configuration: _core.Configuration) -> dict[str, _core.Accumulator]:
    """Return the sums of every prediction: of several plain arrays from one pass, in which the truth is read once."""
    from squarely.pairing import sums_together

    accumulators = {}
    for (name, pairs), sums in zip(paired.items(), sums_together(list(paired.values()), configuration), strict=True):
        with naming(name):
            check_output_weights(configuration.multioutput, pairs.outputs)
            accumulators[name] = _core.Accumulator(configuration)
            try:
                accumulators[name].add(sums, pairs.output_shape)
            except _core.Refused as refused:
                raise data_refused(refused, configuration.nan_policy, pairs.dtype) from None
    return accumulators


def scored(
    asked: tuple[Metric, ...],
    accumulator: _core.Accumulator,
    pairs: PairedColumns | None,
    known: Mapping[Metric, tuple[Score, str]] = MappingProxyType({}),
) -> Scored:
    """Return the scores of an accumulator; those over order statistics of its pairs, or as they are known."""
    of_sums = iter(range(len(asked)))
    scores: list[Score] = []
    notes = {}
    for one in asked:
        if one in known:
            score, note = known[one]
        elif one.is_of_order and pairs is not None:
            score, note = _of_order(one, accumulator, pairs)
        else:
            score, note = _of_sums(one, next(of_sums), accumulator, pairs)
        scores.append(score)
        if note:
            notes[one.label] = note
    return Scored(scores, notes, sum(accumulator.pairs), sum(accumulator.omitted))


def _of_sums(one: Metric, index: int, accumulator: _core.Accumulator, pairs: PairedColumns | None) -> tuple[Score, str]:
    """Return a score, and why it is none where it is NaN for a reason."""
    try:
        note = told_of_too_few(one) if accumulator.has_too_few_pairs(index) else ""
        return accumulator.score(index), note
    except _core.Refused as refused:
        are_zero = pairs is not None and pairs.has_no_weight()
        said = score_refused(refused, one, accumulator.shape, are_all_weights_zero=are_zero)
        if isinstance(said, UndefinedMetricError):
            return math.nan, str(said)
        raise said from None


def _of_order(one: Metric, accumulator: _core.Accumulator, pairs: PairedColumns) -> tuple[Score, str]:
    from squarely.order_scores import score_of_order

    configuration = accumulator.configuration
    note = told_of_too_few(one) if min(accumulator.pairs) < one.row.least_pairs else ""
    score = score_of_order(one, pairs, configuration.multioutput, configuration.nan_policy, configuration.summation)
    return score, note
