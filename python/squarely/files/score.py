"""From files to scores: every batch goes to the accumulators of its prediction columns."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

import squarely
from squarely.files.arrow_numbers import Column
from squarely.files.batches import Batch, read_batches
from squarely.files.errors import FileError, InfiniteValueError, MissingValueError, one_line
from squarely.files.formats import open_table
from squarely.files.paths import expand_paths
from squarely.named_metrics import Metric
from squarely.validation import NanPolicy, Summation


class Progress(NamedTuple):
    """How far a score over files has come."""

    path: str  # the file being read
    bytes_read: float  # of all files together, in proportion to the rows where a file is read by rows
    bytes_total: int
    rows: int  # read so far, over all files


@dataclass(frozen=True)
class ColumnScore:
    """What one prediction column scored."""

    metrics: dict[str, float]
    count: int  # pairs scored
    omitted: int  # pairs left out by the NaN policy
    digest: str


@dataclass(frozen=True)
class FileScores:
    """What `score_files` found: one score for each prediction column, over all files together."""

    files: list[str]
    true: str
    rows: int
    predictions: dict[str, ColumnScore]


def score_files(
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    *,
    true: str,
    pred: str | Sequence[str],
    weight: str | None = None,
    metrics: Sequence[str | Metric] = ("mean_squared_error",),
    nan_policy: NanPolicy = "raise",
    summation: Summation = "exact",
    progress: Callable[[Progress], object] | None = None,
) -> FileScores:
    r"""Score prediction columns against a truth column over one or more files.

    A decimal counts as the float64 nearest to it, as its digits in CSV do; an integer must have an equal float64.

    Parameters
    ----------
    paths : path or iterable of paths
        Parquet (``.parquet``, ``.pq``), CSV (``.csv``, ``.csv.gz``, ``.csv.zip``) or Arrow IPC files and streams
        (``.arrow``, ``.arrows``, ``.feather``, ``.ipc``). Patterns such as ``part-*.csv`` are expanded, sorted.
    true : str
        Name of the column with the true values.
    pred : str or sequence of str
        Names of the columns with predictions. The truth is read once for all of them.
    weight : str, optional
        Name of the column with the weights of the rows.
    metrics : sequence of str or Metric
        Names as in `squarely.metric_names`, or what `squarely.metric` makes of them.
    nan_policy : {"raise", "omit", "omit_true", "propagate"}
        What a NaN or an empty value does, as in `squarely.Accumulator`.
    summation : {"exact", "kahan", "pairwise"}
        How sums are formed. With ``"exact"`` the order of the files does not matter.
    progress : callable, optional
        Called with a `Progress` after every batch.

    Returns
    -------
    FileScores
        The rows read and, for each prediction column, its metrics, counts and digest.

    Raises
    ------
    FileError
        If a file is damaged, lacks a column, or holds something other than numbers. Nothing is returned for the
        other files.
    FileNotFoundError, IsADirectoryError
        If a path is not that of a file.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from squarely.files import score_files
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "predictions.csv"
    ...     _ = path.write_text("y,model\n3,2.5\n-0.5,0\n2,2\n7,8\n")
    ...     scores = score_files(path, true="y", pred="model")
    >>> scores.predictions["model"].metrics
    {'mean_squared_error': 0.375}
    """
    files = expand_paths(paths)
    predictions = [pred] if isinstance(pred, str) else list(dict.fromkeys(pred))
    columns = [true, *([] if weight is None else [weight]), *predictions]
    for path in files:  # all of them first: a wrong name in the last file should not cost an hour of reading
        with open_table(path, columns):
            pass
    accumulators = {
        name: squarely.Accumulator(metrics=tuple(metrics), nan_policy=nan_policy, summation=summation)
        for name in predictions
    }
    rows = 0
    for path, batch_start, batch in _tracked_batches(files, columns, progress):
        truth, *others = batch.columns
        weights, guesses = (None, others) if weight is None else (others[0], others[1:])
        rows += len(truth)
        for name, guess in zip(predictions, guesses, strict=True):
            try:
                accumulators[name].update(truth, guess, sample_weight=weights)
            except ValueError as error:
                raise _refusal(path, batch_start, (true, truth), (name, guess), nan_policy, error) from error
    scores = {name: _score(files, rows, name, accumulators[name]) for name in predictions}
    return FileScores(files=files, true=true, rows=rows, predictions=scores)


def _tracked_batches(
    files: Sequence[str], columns: Sequence[str], progress: Callable[[Progress], object] | None
) -> Iterator[tuple[str, int, Batch]]:
    """Yield every batch of every file with the file's name and the number of rows before it in that file."""
    sizes = [os.path.getsize(path) for path in files]
    bytes_before = rows = 0
    for path, size in zip(files, sizes, strict=True):
        batch_start = 0
        for batch in read_batches(path, columns):
            yield path, batch_start, batch
            batch_start += len(batch.columns[0])
            if progress is not None:
                progress(Progress(path, bytes_before + batch.fraction * size, sum(sizes), rows + batch_start))
        bytes_before += size
        rows += batch_start


def _score(files: Sequence[str], rows: int, name: str, accumulator: "squarely.Accumulator") -> ColumnScore:
    where = files[0] if len(files) == 1 else f"{files[0]} and {len(files) - 1} more"
    if rows == 0:
        raise FileError(f"{where}: there are no rows to score")
    if accumulator.count == 0:
        raise FileError(f"{where}: no pair is left to score for column {name!r}: every row has a missing value")
    metrics = {metric: float(value) for metric, value in accumulator.compute().items()}
    return ColumnScore(metrics, int(accumulator.count), int(accumulator.omitted), accumulator.digest())


def _refusal(
    path: str,
    batch_start: int,
    true: tuple[str, Column],
    pred: tuple[str, Column],
    nan_policy: NanPolicy,
    error: ValueError,
) -> FileError:
    """Say which value made an update fail; looked up only now, so that good data is never searched."""
    scored = ~np.isnan(true[1]) if nan_policy == "omit_true" else np.ones(len(true[1]), np.bool_)
    for refused, kind, description in (
        (np.isnan, MissingValueError, "a missing value or NaN"),
        (np.isinf, InfiniteValueError, "an infinite value"),
    ):
        for name, column in (true, pred):
            found = refused(column) & scored
            if found.any():
                row = batch_start + int(found.argmax()) + 1
                return kind(f"{path}: column {name!r} has {description} in data row {row}")
    return FileError(f"{path}: columns {true[0]!r} and {pred[0]!r} cannot be scored: {one_line(error)}")
