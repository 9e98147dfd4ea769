"""From files to scores: what the caller names becomes sources, and a run over them sums."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, overload

import squarely
from squarely.arguments import NanPolicy, Summation, Unmatched
from squarely.files.formats.reading import AS_NAMED, ReadingOptions
from squarely.files.order.groups import first_look_at_groups
from squarely.files.order.passes import with_order
from squarely.files.order.results import OfOrder, check_can_be_asked, check_can_be_read_again, of_sums
from squarely.files.order.search import first_look
from squarely.files.runs.checkpoint import CHECKPOINT_SECONDS
from squarely.files.runs.progress import ProgressLike
from squarely.files.runs.progress_bar import told
from squarely.files.runs.run import run, saved_in
from squarely.files.runs.states import FileStates
from squarely.files.sources.joins import Tables, join_plan
from squarely.files.sources.plan import keys_asked, plan
from squarely.files.sources.queries import query_plan
from squarely.files.sources.source import Names, Source
from squarely.groups.report import GroupedReport
from squarely.named_metrics import MetricLike, as_metrics
from squarely.report import Report
from squarely.worst.files import worst_rows_asked

MOST_THREADS = 8  # by default: each takes 10 MB a column, and eight decode more than most disks deliver


@overload
def score_files(
    paths: Any = None,
    *,
    truth: Any = None,
    prediction: Any = None,
    on: str | Sequence[str] | None = None,
    unmatched: Unmatched = "raise",
    sql: str | None = None,
    true: str | None = None,
    pred: str | Sequence[str] | None = None,
    weight: str | None = None,
    by: None = None,
    metrics: MetricLike | Iterable[MetricLike] | None = None,
    nan_policy: NanPolicy = "raise",
    summation: Summation = "exact",
    progress: ProgressLike = None,
    threads: int | None = None,
    filesystem: Any = None,
    reading: ReadingOptions = AS_NAMED,
    checkpoint: str | os.PathLike[str] | None = None,
    checkpoint_seconds: float = CHECKPOINT_SECONDS,
    worst: int = 0,
    worst_by: MetricLike | None = None,
    worst_columns: str | Sequence[str] | None = None,
    pictures: bool = False,
) -> Report: ...
@overload
def score_files(
    paths: Any = None,
    *,
    truth: Any = None,
    prediction: Any = None,
    on: str | Sequence[str] | None = None,
    unmatched: Unmatched = "raise",
    sql: str | None = None,
    by: str | Sequence[str],
    true: str | None = None,
    pred: str | Sequence[str] | None = None,
    weight: str | None = None,
    metrics: MetricLike | Iterable[MetricLike] | None = None,
    nan_policy: NanPolicy = "raise",
    summation: Summation = "exact",
    progress: ProgressLike = None,
    threads: int | None = None,
    filesystem: Any = None,
    reading: ReadingOptions = AS_NAMED,
    checkpoint: str | os.PathLike[str] | None = None,
    checkpoint_seconds: float = CHECKPOINT_SECONDS,
    worst: int = 0,
    worst_by: MetricLike | None = None,
    worst_columns: str | Sequence[str] | None = None,
    pictures: bool = False,
) -> GroupedReport: ...
def score_files(
    paths: Any = None,
    *,
    truth: Any = None,
    prediction: Any = None,
    on: str | Sequence[str] | None = None,
    unmatched: Unmatched = "raise",
    sql: str | None = None,
    true: str | None = None,
    pred: str | Sequence[str] | None = None,
    weight: str | None = None,
    by: str | Sequence[str] | None = None,
    metrics: MetricLike | Iterable[MetricLike] | None = None,
    nan_policy: NanPolicy = "raise",
    summation: Summation = "exact",
    progress: ProgressLike = None,
    threads: int | None = None,
    filesystem: Any = None,
    reading: ReadingOptions = AS_NAMED,
    checkpoint: str | os.PathLike[str] | None = None,
    checkpoint_seconds: float = CHECKPOINT_SECONDS,
    worst: int = 0,
    worst_by: MetricLike | None = None,
    worst_columns: str | Sequence[str] | None = None,
    pictures: bool = False,
) -> Report | GroupedReport:
    r"""Score predictions against truth over files that need not fit into memory.

    Files are read in pieces by several threads, and what is in use does not grow with them. A decimal counts as the
    float64 nearest to it, as its digits in CSV do; an integer must have an equal float64.

    Parameters
    ----------
    paths : path, folder, pyarrow.dataset.Dataset, whatever brings Arrow batches, or iterable of these and of pairs
        Parquet, CSV and other text, JSON lines, Arrow IPC files and streams, ORC, or ``.npz``; text also packed, as in
        ``.csv.gz``; ``"-"`` is standard input. Patterns such as ``part-*.csv`` are expanded, sorted. Of a folder every
        file counts, also in folders in it, except names that begin with ``_`` or ``.`` or end in ``.sq``; folders
        named ``key=value`` are columns. URIs such as ``s3://bucket/folder`` are opened by pyarrow. Frames, Arrow
        readers, relations of DuckDB and a polars LazyFrame are tables that come in batches.

        A pair ``(y_true, y_pred)``, or three with weights, is of ``.npy`` paths, of arrays on disk (`numpy.memmap`,
        ``zarr.Array``, ``h5py.Dataset``) or of whatever `Accumulator.update` takes, one output each; ``y_pred`` may be
        a dict of several by name, or a frame of them. Items of an iterator are taken one after another, and never
        looked at before their turn: it may be endless data in chunks, some of them without rows. Of a list all files
        are checked before the first is read.
    truth, prediction : path, folder, pattern, or whatever brings Arrow batches, optional
        Truth and predictions in tables of their own, joined by `on`; `prediction` may be a mapping of several by name,
        of which each has the column `pred`. Rows may be in any order. Needs DuckDB, which spills to disk.
    on : str or sequence of str, optional
        Columns that both tables have, whose values together say which rows belong to each other. They are integers,
        text, booleans, dates, times or bytes, in both tables the same; in CSV they are text as it is written, and
        integers or dates of a table beside it match the text that writes them: 7 is ``7`` and not ``007``. An id that
        is missing or occurs twice in a table is refused.
    unmatched : {"raise", "omit"}
        What happens to ids that not all of the tables have.
    sql : str, optional
        A query of DuckDB whose rows are scored, over files by their names. `paths` may be the DuckDB connection that
        runs it, or joins tables; by default it is one of our own, that installs no extensions.
    true : str, optional
        Name of the column with the true values, where ``r.y`` may be the field ``y`` of structs in the column ``r``;
        for pairs only what it is called.
    pred : str or sequence of str, optional
        Name of the column with predictions, or names of several, or what those of the pairs are called. Truth is read
        once for all.
    weight : str, optional
        Name of the column with the weights of the rows.
    by : str or sequence of str, optional
        Names of columns with the keys of groups, to be scored each: numbers, text, dates, also those that only folders
        name; of tables that are joined, columns of the truth. ``"date:month"`` is a part of what is in the column
        ``date``; there are ``year``, ``month``, ``day``, ``hour``, ``weekday`` (0 for Monday) and ``date``, and
        ``"store:text"`` for text as it is written. A null key is a group.
    metrics : str, function, Metric or iterable of these, default=eight everyday metrics
        As in `squarely.evaluate`. Those over order statistics, as the median, read more than a million rows twice, and
        are refused of what can be read only once. Of groups there is the median, without weights.
    nan_policy : {"raise", "omit", "omit_true", "propagate"}
        What a NaN or an empty value does, as in `squarely.Accumulator`.
    summation : {"exact", "kahan", "pairwise"}
        How sums are formed. With ``"exact"`` neither the order of files nor the number of threads matters. With the
        others the files are scored one after another, in order, so that the result is the same every time.
    progress : callable or bool, optional
        Called with a `Progress` up to twenty times a second and at the end, in the thread that called; or True for a
        bar, where standard error is a terminal or this a notebook. The bar needs rich.
    threads : int, optional
        How many threads read and score, by default `squarely.get_num_threads`, but at most eight: each needs memory of
        its own, about 10 MB a column.
    filesystem : pyarrow.fs.FileSystem or str, optional
        Where the paths are, or its URI. Arrow files that are not local are read a record batch at a time.
    reading : ReadingOptions
        How text is read, which numbers mean a missing value, and the format of files whose names do not say it.
    checkpoint : path, optional
        A file to which the sums are saved from time to time, with what is in them. A later call with the same
        arguments goes on from there, and ends in the same bits. At the end it holds all the sums, as `FileStates.load`
        reads them; the same call then returns the same scores without reading anything again. Files are known by
        path, size and time of change; arrays that are no ``.npy`` files cannot be known again and are refused. Of
        metrics over order statistics a second pass that was ended begins anew.
    checkpoint_seconds : float, default=30
        How often it is written; 0 for after every piece of work.
    worst : int
        Return the rows with the largest losses too, at most so many and 10,000, as `Report.worst`: of every prediction
        a `WorstTable`. Rows of a file are counted from 1, as errors count them, and have no number where a database
        joins or asks for them.
    worst_by : str, function or Metric, optional
        The loss, as in `squarely.evaluate`.
    worst_columns : str or sequence of str, optional
        Columns that are shown of these rows, as ids or dates, or parts of them, as in `by`.
    pictures : bool
        Count the pairs by size, too, as `squarely.Accumulator` does, so that `Report.save` and `Report.plot` can draw
        them.

    Returns
    -------
    Report or GroupedReport
        As from `squarely.evaluate`: scores of one prediction, and scores by name of a list of columns or a dict in
        pairs. `Report.rows` tells how many rows were read, `Report.digest` whether sums are the same. With `by` scores
        of every group, beside those of all rows in `GroupedReport.overall`; its digest is that of a
        `GroupedAccumulator` over the same pairs and keys.

    Raises
    ------
    FileError
        If a file is damaged, lacks a column, or holds something other than numbers; where several do, the first in
        order is told. Nothing is returned for the other files.
    FileNotFoundError
        If there is no such file.
    KeyboardInterrupt
        At Ctrl-C, within a fraction of a second.

    See Also
    --------
    squarely.files.accumulate_files : The sums themselves, to be saved and merged with those of other machines.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import squarely
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "predictions.csv"
    ...     _ = path.write_text("y,model\n3,2.5\n-0.5,0\n2,2\n7,8\n")
    ...     report = squarely.score_files(path, true="y", pred="model", metrics=("mse", "r2"))
    >>> print(report)
    mean_squared_error 0.375
    r2_score           0.9486081370449678
    4 pairs
    >>> report["mse"], report.rows
    (0.375, 4)
    >>> chunks = (([float(i), 2.0], [0.0, 2.0]) for i in range(3))
    >>> squarely.score_files(chunks)["mean_squared_error"]
    0.8333333333333334
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "sales.csv"
    ...     _ = path.write_text("day,y,model\n2024-01-30,3,2\n2024-01-31,2,2\n2024-02-01,7,4\n")
    ...     squarely.score_files(path, true="y", pred="model", metrics="mae", by="day:month").to_dict()
    {1: {'mean_absolute_error': 0.5}, 2: {'mean_absolute_error': 3.0}}
    """
    states = accumulate_files(
        paths,
        truth=truth,
        prediction=prediction,
        on=on,
        unmatched=unmatched,
        sql=sql,
        true=true,
        pred=pred,
        weight=weight,
        by=by,
        metrics=metrics,
        nan_policy=nan_policy,
        summation=summation,
        progress=progress,
        threads=threads,
        filesystem=filesystem,
        reading=reading,
        checkpoint=checkpoint,
        checkpoint_seconds=checkpoint_seconds,
        worst=worst,
        worst_by=worst_by,
        worst_columns=worst_columns,
        pictures=pictures,
    )
    report: Report | GroupedReport = states.report()
    return report


def accumulate_files(
    paths: Any = None,
    *,
    truth: Any = None,
    prediction: Any = None,
    on: str | Sequence[str] | None = None,
    unmatched: Unmatched = "raise",
    sql: str | None = None,
    true: str | None = None,
    pred: str | Sequence[str] | None = None,
    weight: str | None = None,
    by: str | Sequence[str] | None = None,
    metrics: MetricLike | Iterable[MetricLike] | None = None,
    nan_policy: NanPolicy = "raise",
    summation: Summation = "exact",
    progress: ProgressLike = None,
    threads: int | None = None,
    filesystem: Any = None,
    reading: ReadingOptions = AS_NAMED,
    checkpoint: str | os.PathLike[str] | None = None,
    checkpoint_seconds: float = CHECKPOINT_SECONDS,
    worst: int = 0,
    worst_by: MetricLike | None = None,
    worst_columns: str | Sequence[str] | None = None,
    pictures: bool = False,
) -> FileStates:
    r"""Return the sums over files, to be saved, merged with those of other machines, and scored.

    Parameters, errors and behaviour are those of `score_files`, which is ``accumulate_files(...).report()``.

    Examples
    --------
    >>> from squarely.files import accumulate_files
    >>> first = accumulate_files([([1.0, 2.0], [1.0, 4.0])])
    >>> second = accumulate_files([([3.0], [4.0])])
    >>> first.merge(second).report().count
    3
    """
    workers = _checked_threads(threads)
    groups, shown = keys_asked(by), keys_asked(worst_columns, "worst_columns")
    read = tuple(dict.fromkeys([*groups, *shown]))
    asked = as_metrics(metrics, "score_files")
    are_of_order = any(one.is_of_order for one in asked)
    kind = squarely.GroupedAccumulator if groups else squarely.Accumulator
    empty = kind(of_sums(asked), nan_policy=nan_policy, summation=summation, pictures=pictures)
    rows = worst_rows_asked(worst, worst_by, worst_columns, read, asked)
    planned = _asked(paths, truth, prediction, on, unmatched, sql)
    names, sources = planned((true, pred, weight), read or None, filesystem, reading)
    _check_order(sources, summation)
    predictions: dict[str, Any] = {name: copy.copy(empty) for name in names.predictions}
    if are_of_order:
        check_can_be_asked(
            asked,
            weight=names.weight,
            by=groups,
            nan_policy=nan_policy,
            summation=summation,
            checkpoint=checkpoint,
        )
        check_can_be_read_again(asked, sources)
        predictions = {
            name: first_look_at_groups(sums) if groups else first_look(asked, sums, weighted=names.weight is not None)
            for name, sums in predictions.items()
        }
    states = FileStates(
        names.true,
        names.weight,
        nan_policy,
        summation,
        [],
        0,
        predictions,
        names.is_single,
        by=groups or None,
        worst=None if rows is None else {name: rows.copy() for name in predictions},
        of_order=OfOrder(asked) if are_of_order else None,
    )
    with told(progress) as tell, saved_in(checkpoint, checkpoint_seconds, sources, reading) as saving:
        states = run(sources, states, workers, tell, saving)
        return with_order(states, asked, list(sources), workers, tell, saving) if are_of_order else states


def _asked(
    paths: Any, truth: Any, prediction: Any, on: str | Sequence[str] | None, unmatched: str, sql: str | None
) -> Callable[..., tuple[Names, Iterable[Source]]]:
    """Return what makes sources of the names of columns: of paths, of a query, or of two tables."""
    if on is None and (truth is not None or prediction is not None or unmatched != "raise"):
        raise ValueError("truth=, prediction= and unmatched= are for joins by ids: say on=, the column that both have")
    if on is not None and sql is not None:
        raise ValueError("on= and sql= are two ways to join; pass one of them")
    if on is not None:
        return partial(join_plan, Tables(truth, prediction, on, unmatched, paths))
    if sql is not None:
        return partial(query_plan, sql, paths)
    if paths is None:
        raise TypeError("nothing is named to be scored: pass paths, or truth=, prediction= and on=, or sql=")
    return partial(plan, paths)


def _check_order(sources: Iterable[Source], summation: str) -> None:
    if summation != "exact" and isinstance(sources, list) and not all(one.rows_have_order for one in sources):
        raise ValueError(f"summation={summation!r} depends on the order of rows, which a database does not keep")


def _checked_threads(threads: int | None) -> int:
    if threads is None:
        return min(squarely.get_num_threads(), MOST_THREADS)
    if threads < 1:
        raise ValueError(f"threads must be at least 1, not {threads}; leave it out for as many as the machine has")
    return threads
