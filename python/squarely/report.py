"""Report: scores by metric, of one prediction or of several side by side, for a person or for a program."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic, NamedTuple

import numpy as np
import numpy.typing as npt

from squarely.arguments import InvalidParameterError
from squarely.named_metrics import MetricLike, as_metric, full_name
from squarely.notebook_tables import html_table
from squarely.result_types import ScoreT
from squarely.scoring import Score

if TYPE_CHECKING:
    from squarely.distribution.outputs import Output
    from squarely.worst.table import WorstTable

__all__ = ["Report", "Scored", "counted", "installed_library", "label_of", "padded", "text_of_score"]


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
        self,
        metrics: tuple[str, ...],
        columns: dict[str, Scored],
        *,
        is_single: bool,
        rows: int | None = None,
        worst: Mapping[str, WorstTable] | None = None,
        distributions: Mapping[str, Sequence[Output]] = MappingProxyType({}),
    ) -> None:
        self._distributions = distributions
        self._worst = worst
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
    def worst(self) -> Any:
        """The rows with the largest losses, a `WorstTable`; of several predictions by name.

        None where they were not asked for.
        """
        return self._single_or_named(dict(self._worst)) if self._worst else None

    @property
    def distributions(self) -> Mapping[str, Sequence[Output]]:
        """What pictures are drawn from: the outputs of each prediction by its name; empty without ``pictures=True``."""
        return self._distributions

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

    def save(self, path: str | os.PathLike[str], *, title: str | None = None) -> None:
        """Write the report as a page to look at: one file of HTML that needs nothing beside it.

        Scores, and with ``pictures=True`` pictures of the errors of every prediction; rows with the largest losses
        where there are some. The file is there whole or not at all.

        Parameters
        ----------
        path : path
            Of the file, as in ``"report.html"``. What is there already is replaced.
        title : str, optional
            What stands at the top.

        Raises
        ------
        FileError
            Where the file cannot be written.

        Examples
        --------
        >>> import tempfile
        >>> from pathlib import Path
        >>> import squarely
        >>> report = squarely.evaluate([1.0, 2.0, 4.0], [1.5, 2.0, 3.0], pictures=True)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "report.html"
        ...     report.save(path, title="Three pairs")
        ...     path.read_text(encoding="utf-8").count("<svg")
        6
        """
        from squarely.report_page.saving import save_page

        save_page(path, self, None, title)

    def share_of_squares(self, part: float = 0.01) -> Any:
        """Return which share of the squared error the largest residuals have, as far as counts tell.

        Parameters
        ----------
        part : float, default=0.01
            Of all pairs; at least one counts.

        Returns
        -------
        Share, or dict of str to Share
            Two numbers, ``least`` and ``greatest``, between which the share is; they differ by 0.02 at most. Of several
            predictions by name, and of several outputs by theirs.

        Raises
        ------
        ValueError
            Where the report was made without ``pictures=True``, or no pair has two numbers.

        Examples
        --------
        >>> import squarely
        >>> share = squarely.evaluate([1.0, 2.0, 4.0, 8.0], [1.5, 2.0, 4.5, 0.0], pictures=True).share_of_squares(0.25)
        >>> bool(share.least <= 64 / 64.5 <= share.greatest)
        True
        """
        from squarely.distribution.reading import distribution_of
        from squarely.distribution.squares import share_of_largest

        distribution_of(self)  # refuses where there are none
        shares: dict[str, Any] = {}
        for name, outputs in self.distributions.items():
            own = {
                output.name: share_of_largest(distribution_of(self, name, place).residuals, part)
                for place, output in enumerate(outputs)
            }
            shares[name] = own if len(own) > 1 else next(iter(own.values()))
        return self._single_or_named(shares)

    def plot(self, prediction: str | None = None, *, output: int | str | None = None) -> npt.NDArray[np.object_]:
        """Draw the six pictures of one prediction in a figure of matplotlib, and return its axes.

        Parameters
        ----------
        prediction : str, optional
            Of several predictions the one to draw, by default the first.
        output : int or str, optional
            Of several outputs the one to draw, by its place or by the name of its column; by default the first.

        Returns
        -------
        ndarray of matplotlib.axes.Axes, of shape (3, 2)

        Raises
        ------
        ValueError
            Where the report was made without ``pictures=True``, or no pair has two numbers.
        KeyError
            Where there is no such prediction or output.
        ImportError
            Where matplotlib is not installed.

        See Also
        --------
        squarely.plots.all_pictures : As a function; the pictures one by one are beside it, on axes of your own.

        Examples
        --------
        >>> import squarely
        >>> squarely.evaluate([1.0, 2.0, 4.0], [1.5, 2.0, 3.0], pictures=True).plot().shape
        (3, 2)
        """
        from squarely.plots import all_pictures

        return all_pictures(self, prediction, output=output)

    def __str__(self) -> str:
        return self._table(repr)

    def __format__(self, spec: str) -> str:
        """Return the table with every score in this form, as ``format(report, ".3f")``."""
        return self._table(lambda score: format(score, spec)) if spec else str(self)

    def _table(self, text_of: Callable[[float], str]) -> str:
        rows = [["", *self.predictions]] if self.predictions else []
        rows += [[metric, *self._row(metric, text_of)] for metric in self.metrics]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [padded(row, widths) for row in rows]
        return "\n".join([*lines, *self._last_lines()])

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        heads = ("", *(self.predictions or ("score",)))
        rows = [(metric, *self._scores_of(metric)) for metric in self.metrics]
        return html_table(heads, rows, self._last_lines())

    def _scores_of(self, metric: str) -> list[Score]:
        index = self.metrics.index(metric)
        return [column.scores[index] for column in self._columns.values()]

    def _row(self, metric: str, text_of: Callable[[float], str]) -> list[str]:
        has_note = [metric in column.notes for column in self._columns.values()]
        scores = zip(self._scores_of(metric), has_note, strict=True)
        return ["undefined" if undefined else text_of_score(score, text_of) for score, undefined in scores]

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


def text_of_score(score: Score, text_of: Callable[[float], str]) -> str:
    """Return a score, or the first ones of several outputs, each in this form."""
    if not isinstance(score, np.ndarray):
        return text_of(score)
    written: Any = {} if text_of is repr else {"formatter": {"float_kind": text_of}}
    return np.array2string(score, max_line_width=10**6, threshold=8, **written).replace("\n", "")


def counted(pairs: int) -> str:
    """Return how many pairs there are, in words."""
    return f"{pairs} pair" if pairs == 1 else f"{pairs} pairs"


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
