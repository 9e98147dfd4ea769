"""Report: scores by metric, of one prediction or of several side by side, for a person or for a program."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Generic, NamedTuple

import numpy as np

from squarely.arguments import InvalidParameterError
from squarely.named_metrics import MetricLike, as_metric, full_name
from squarely.result_types import ScoreT
from squarely.scoring import Score

__all__ = ["Report", "Scored", "counted", "html_row", "installed_library", "label_of", "padded"]


class Scored(NamedTuple):
    """The scores of one prediction in the order of the metrics, and what is to be said of them."""

    scores: Sequence[Score]
    notes: Mapping[str, str]
    """Why a metric has no value, by its name."""
    pairs: int
    omitted: int
    digest: str | None = None
    """Of the sums, where an accumulator holds them."""


class Report(Generic[ScoreT]):
    """Scores by the names of their metrics, from `evaluate`, `score_files` and `squarely.dask.evaluate`.

    ``report["r2_score"]``, or ``report["r2"]``, is a score, or of several predictions a dict of scores by their names.
    Printed it is a table.

    Examples
    --------
    >>> import squarely
    >>> report = squarely.evaluate([1.0, 2.0, 3.0], [1.5, 2.0, 2.5], metrics=("mean_error", "mean_squared_log_error"))
    >>> report.to_dict()
    {'mean_error': 0.0, 'mean_squared_log_error': 0.02254122576978726}
    >>> squarely.evaluate([2.0], [1.0], metrics=("mean_error", "r2_score")).notes
    {'r2_score': 'R^2 score is not well-defined with less than two samples.'}
    """

    def __init__(
        self, metrics: tuple[str, ...], columns: dict[str, Scored], *, is_single: bool, rows: int | None = None
    ) -> None:
        self._metrics = metrics
        self._columns = columns
        self._is_single = is_single
        self._rows = rows

    @property
    def metrics(self) -> tuple[str, ...]:
        """The names of the metrics, with their parameters where these are not the defaults."""
        return self._metrics

    @property
    def predictions(self) -> tuple[str, ...]:
        """The names of the predictions, none where there is only one."""
        return () if self._is_single else tuple(self._columns)

    @property
    def count(self) -> Any:
        """How many pairs the scores are of, all outputs together; of several predictions by name."""
        return self._single_or_named({name: column.pairs for name, column in self._columns.items()})

    @property
    def omitted(self) -> Any:
        """How many pairs were left out: missing, masked, or not in `where`; of several predictions by name."""
        return self._single_or_named({name: column.omitted for name, column in self._columns.items()})

    @property
    def digest(self) -> Any:
        """The `Accumulator.digest` of the sums; of several predictions by name. `evaluate` keeps no sums: None."""
        digests = {name: column.digest for name, column in self._columns.items()}
        return None if None in digests.values() else self._single_or_named(digests)

    @property
    def rows(self) -> int | None:
        """How many rows were read from files; None where the scores are not of files."""
        return self._rows

    @property
    def notes(self) -> dict[str, str]:
        """Why a metric has no value, by its name; of several predictions by "metric of prediction"."""
        return {
            metric if self._is_single else f"{metric} of {name}": note
            for name, column in self._columns.items()
            for metric, note in column.notes.items()
        }

    def __getitem__(self, metric: MetricLike) -> ScoreT:
        label = label_of(metric)
        if label not in self.metrics:
            raise KeyError(f"This report has no metric {label!r}. It has {', '.join(self.metrics)}.")
        index = self.metrics.index(label)
        scores: ScoreT = self._single_or_named({name: column.scores[index] for name, column in self._columns.items()})
        return scores

    def __iter__(self) -> Iterator[str]:
        return iter(self.metrics)

    def __len__(self) -> int:
        return len(self.metrics)

    def __contains__(self, metric: object) -> bool:
        try:
            return label_of(metric) in self.metrics
        except InvalidParameterError:
            return False

    def to_dict(self) -> dict[str, Any]:
        """Return scores by metric; of several predictions by name, then by metric."""
        scores: dict[str, Any] = self._single_or_named(
            {name: dict(zip(self.metrics, column.scores, strict=True)) for name, column in self._columns.items()}
        )
        return scores

    def to_frame(self, library: str | None = None) -> Any:
        """Return a frame with a row a metric and a column a prediction.

        Parameters
        ----------
        library : {"pandas", "polars"}, optional
            By default the one that is imported, else the one that is installed, pandas first.

        Raises
        ------
        ImportError
            Where neither is installed.
        """
        library = library or installed_library("Report.to_frame")
        scores = {name or "score": list(column.scores) for name, column in self._columns.items()}
        if library == "polars":
            import polars

            return polars.DataFrame({"metric": list(self.metrics), **scores})
        import pandas

        return pandas.DataFrame(scores, index=pandas.Index(self.metrics, name="metric"))

    def __str__(self) -> str:
        rows = [["", *self.predictions]] if self.predictions else []
        rows += [[metric, *self._row(metric)] for metric in self.metrics]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [padded(row, widths) for row in rows]
        return "\n".join([*lines, *self._last_lines()])

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        heads = "".join(f"<th>{html.escape(name)}</th>" for name in self.predictions or ("score",))
        body = "".join(html_row(metric, self._row(metric)) for metric in self.metrics)
        foot = "<br>".join(html.escape(line) for line in self._last_lines())
        return f"<table><thead><tr><th></th>{heads}</tr></thead><tbody>{body}</tbody></table><p>{foot}</p>"

    def _row(self, metric: str) -> list[str]:
        index = self.metrics.index(metric)
        return [_shown(column.scores[index], metric in column.notes) for column in self._columns.values()]

    def _last_lines(self) -> list[str]:
        lines = dict.fromkeys(
            counted(column.pairs) + (f", {column.omitted} left out" if column.omitted else "")
            for column in self._columns.values()
        )
        if len(lines) == 1:
            return [*lines, *(f"{name}: {note}" for name, note in self.notes.items())]
        by_name = [
            f"{name}: {counted(column.pairs)}, {column.omitted} left out" for name, column in self._columns.items()
        ]
        return [*by_name, *(f"{name}: {note}" for name, note in self.notes.items())]

    def _single_or_named(self, values: dict[str, Any]) -> Any:
        return values[""] if self._is_single else values


def label_of(metric: object) -> str:
    """Return the full name of a metric that is named in any way, with its parameter where this is not the default."""
    return full_name(metric) if isinstance(metric, str) else as_metric(metric, "metric", "Report").label


def _shown(score: Score, has_note: bool) -> str:
    if isinstance(score, np.ndarray):
        return np.array2string(score, max_line_width=10**6, threshold=8).replace("\n", "")
    return "undefined" if has_note else repr(score)


def counted(pairs: int) -> str:
    """Return how many pairs there are, in words."""
    return f"{pairs} pair" if pairs == 1 else f"{pairs} pairs"


def html_row(metric: str, texts: list[str]) -> str:
    """Return a row of a table with a name before it."""
    cells = "".join(f"<td>{html.escape(text)}</td>" for text in texts)
    return f"<tr><th>{html.escape(metric)}</th>{cells}</tr>"


def padded(row: list[str], widths: list[int]) -> str:
    """Return a row of a table as a line."""
    first, *others = (text.ljust(width) for text, width in zip(row, widths, strict=True))
    return f"{first} {'  '.join(others)}".rstrip()


def installed_library(function: str) -> str:
    """Return the library that makes frames: the one that is imported, else the one that is installed."""
    import importlib.util
    import sys

    for library in ("pandas", "polars"):
        if library in sys.modules:
            return library
    for library in ("pandas", "polars"):
        if importlib.util.find_spec(library) is not None:
            return library
    raise ImportError(f"{function} needs pandas or polars. Install one of them: pip install pandas")
