"""GroupedReport: scores of every group, of one prediction or of several, for a person or for a program."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from squarely import _core
from squarely.arguments import InvalidParameterError
from squarely.groups.frames import frame_of
from squarely.named_metrics import Metric, MetricLike
from squarely.notebook_tables import html_table
from squarely.report import Report, counted, label_of, padded, text_of_score

if TYPE_CHECKING:
    from squarely.groups.keys import GroupKeys

__all__ = ["GroupedReport", "GroupedScored"]

# Printed are so many groups from the first on.
MOST_SHOWN = 10

Values = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
Row = list[Any]  # texts, and scores that get theirs by who shows them


class GroupedScored(NamedTuple):
    """The scores of the groups of one prediction in the order of the metrics, and what is to be said of them."""

    values: Sequence[Values]
    notes: Mapping[str, str]
    """Of metrics without a value in some groups: in how many, and why."""
    pairs: Counts
    omitted: Counts
    digest: str | None = None
    """Of the sums, where an accumulator holds them."""


class GroupedReport:
    """Scores of every group by the names of their metrics, from `evaluate` with `by`.

    ``report["r2_score"]``, or ``report["r2"]``, is an array with a score a group, in the order of the keys, or of
    several predictions a dict of such by their names. Printed it is a table of the first groups, to six digits.

    Examples
    --------
    >>> import squarely
    >>> y_true, y_pred = [3.0, -0.5, 2.0, 7.0, 1.0], [2.5, 0.0, 2.0, 8.0, 1.0]
    >>> report = squarely.evaluate(y_true, y_pred, metrics=("mean_error", "r2"), by=["b", "a", "b", "a", "c"])
    >>> report.keys
    ['a', 'b', 'c']
    >>> report["mean_error"]
    array([ 0.75, -0.25,  0.  ])
    >>> report.notes
    {'r2_score': 'NaN in 1 of 3 groups: fewer than two pairs'}
    >>> report.sort("mean_error", worst_first=True).top(1).to_dict()
    {'a': {'mean_error': 0.75, 'r2_score': 0.9555555555555556}}
    >>> report.overall.to_dict()
    {'mean_error': 0.2, 'r2_score': 0.953125}
    """

    def __init__(
        self,
        asked: tuple[Metric, ...],
        keys: GroupKeys,
        groups: npt.NDArray[np.intp],
        columns: Mapping[str, GroupedScored],
        overall: Report,
        *,
        is_single: bool,
        most_shown: int = MOST_SHOWN,
    ) -> None:
        self._asked = asked
        self._keys = keys
        self._groups = groups  # the numbers that the keys have for those in the report
        self._columns = columns
        self._overall = overall
        self._is_single = is_single
        self._most_shown = most_shown

    # What there is

    @property
    def metrics(self) -> tuple[str, ...]:
        """The names of the metrics, with their parameters where these are not the defaults."""
        return tuple(one.label for one in self._asked)

    @property
    def predictions(self) -> tuple[str, ...]:
        """The names of the predictions, none where there is only one."""
        return () if self._is_single else tuple(self._columns)

    @property
    def by(self) -> tuple[str, ...]:
        """The names of the columns of the keys; of keys without a name "group"."""
        return self._keys.names

    @property
    def keys(self) -> list[Any]:
        """The keys of the groups: values of Python, or tuples of them where there are several columns."""
        return [self._keys.key_of(group) for group in self._groups.tolist()]

    @property
    def groups(self) -> int:
        """How many groups there are."""
        return len(self._groups)

    @property
    def overall(self) -> Report:
        """The scores of all rows, whatever their group: what `evaluate` without `by` returns."""
        return self._overall

    @property
    def worst(self) -> Any:
        """The rows with the largest losses of all groups, with their keys: `Report.worst` of `overall`."""
        return self._overall.worst

    @property
    def median(self) -> dict[str, Any]:
        """The median over the groups that have a value, by metric; of several predictions by name before that."""
        found: dict[str, Any] = self._single_or_named({name: self._medians(column) for name, column in self._items()})
        return found

    @property
    def count(self) -> Any:
        """How many pairs the scores of each group are of, all outputs together; of several predictions by name."""
        return self._single_or_named({name: column.pairs for name, column in self._items()})

    @property
    def omitted(self) -> Any:
        """How many pairs of each group were left out; of several predictions by name."""
        return self._single_or_named({name: column.omitted for name, column in self._items()})

    @property
    def digest(self) -> Any:
        """The `GroupedAccumulator.digest` of the sums; of several predictions by name. `evaluate` keeps none: None."""
        digests = {name: column.digest for name, column in self._items()}
        return None if None in digests.values() else self._single_or_named(digests)

    @property
    def notes(self) -> dict[str, str]:
        """Of metrics without a value in some groups: in how many, and why; of several by "metric of prediction"."""
        return {
            metric if self._is_single else f"{metric} of {name}": note
            for name, column in self._items()
            for metric, note in column.notes.items()
        }

    def __getitem__(self, metric: MetricLike) -> Any:
        index = self._index_of(metric)
        return self._single_or_named({name: column.values[index] for name, column in self._items()})

    def __iter__(self) -> Iterator[str]:
        return iter(self.metrics)

    def __len__(self) -> int:
        return len(self.metrics)

    def __contains__(self, metric: object) -> bool:
        try:
            return label_of(metric) in self.metrics
        except InvalidParameterError:
            return False

    def group(self, key: Any) -> dict[str, Any]:
        """Return the scores of one group by metric; of several predictions by name, then by metric.

        Examples
        --------
        >>> import squarely
        >>> squarely.evaluate([1.0, 2.0], [1.0, 4.0], metrics="mse", by=["a", "b"]).group("b")
        {'mean_squared_error': 4.0}
        """
        number = self._keys.group_of(key)
        places = np.flatnonzero(self._groups == number)
        if len(places) == 0:
            raise KeyError(f"The group {key!r} is not among those of this report, which are {self.groups}.")
        found: dict[str, Any] = self._single_or_named(
            {name: self._scores_at(column, int(places[0])) for name, column in self._items()}
        )
        return found

    # As other things

    def to_dict(self) -> dict[Any, Any]:
        """Return scores by key, then by metric; of several predictions by name before that."""
        keys = self.keys
        found: dict[Any, Any] = self._single_or_named(
            {
                name: {key: self._scores_at(column, place) for place, key in enumerate(keys)}
                for name, column in self._items()
            }
        )
        return found

    def to_frame(self, library: str | None = None) -> Any:
        """Return a frame with a row a group.

        It has the columns of the keys, a column a metric (with ``multioutput="raw_values"`` and several outputs one for
        each, as ``r2_score[0]``), and ``count``; of several predictions one for each, as ``r2_score of model``.

        Parameters
        ----------
        library : {"pandas", "polars"}, optional
            By default the one that is imported, else the one that is installed, pandas first.

        Raises
        ------
        ImportError
            Where neither is installed.
        ValueError
            Where a column of the keys has the name of another column.
        """
        keys = {name: column[self._groups] for name, column in self._keys.columns().items()}
        values: dict[str, npt.NDArray[Any]] = {}
        for name, column in self._items():
            own = dict(zip(self.metrics, column.values, strict=True)) | {"count": column.pairs}
            values |= {label if self._is_single else f"{label} of {name}": one for label, one in own.items()}
        return frame_of(keys, values, library, "GroupedReport.to_frame")

    # In another order

    def sort(self, metric: MetricLike, *, worst_first: bool = False, prediction: str | None = None) -> GroupedReport:
        """Return the report with the best groups first.

        Groups that score alike stay in their order, and those without a value come last either way.

        Parameters
        ----------
        metric : str, function or Metric
            One of the report. Of one that is best at zero, as mean_error, the smaller size is better.
        worst_first : bool, default=False
            Put the worst first.
        prediction : str, optional
            Of several predictions the one whose scores are compared, by default the first.

        Examples
        --------
        >>> import squarely
        >>> report = squarely.evaluate([1.0, 2.0, 3.0], [1.5, 4.0, 3.0], metrics="mae", by=["a", "b", "c"])
        >>> report.sort("mae").keys
        ['c', 'a', 'b']
        >>> report.sort("mae", worst_first=True).top(2).keys
        ['b', 'a']
        """
        index = self._index_of(metric)
        scores = self._column_of(prediction).values[index]
        if scores.size != self.groups:
            raise ValueError(
                f"Groups are put in order by one number each, and {self.metrics[index]} has one an output. Pass "
                "multioutput='uniform_average' to evaluate."
            )
        return self._of(order_of(scores.reshape(-1), self._asked[index], worst_first=worst_first))

    def top(self, count: int) -> GroupedReport:
        """Return the report of the first groups alone. Scores of all rows and notes stay those of all groups.

        Printed it shows all of them.
        """
        return self._of(np.arange(self.groups)[: max(count, 0)], max(count, MOST_SHOWN))

    def _of(self, places: npt.NDArray[np.intp], most_shown: int = MOST_SHOWN) -> GroupedReport:
        columns = {
            name: column._replace(
                values=[own[places] for own in column.values],
                pairs=column.pairs[places],
                omitted=column.omitted[places],
            )
            for name, column in self._items()
        }
        return GroupedReport(
            self._asked,
            self._keys,
            self._groups[places],
            columns,
            self._overall,
            is_single=self._is_single,
            most_shown=most_shown,
        )

    # As pictures

    def save(self, path: str | os.PathLike[str], *, title: str | None = None) -> None:
        """Write the report as a page to look at, as `Report.save` does, with the worst groups; and over time by times.

        Parameters
        ----------
        path : path
            Of the file, as in ``"report.html"``. What is there already is replaced.
        title : str, optional
            What stands at the top.

        Examples
        --------
        >>> import tempfile
        >>> from pathlib import Path
        >>> import squarely
        >>> report = squarely.evaluate([1.0, 2.0, 4.0], [1.5, 2.0, 3.0], by=["a", "b", "a"], pictures=True)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "report.html"
        ...     report.save(path)
        ...     path.read_text(encoding="utf-8").count("<h3>")
        7
        """
        from squarely.report_page.saving import save_page

        save_page(path, self._overall, self, title)

    def plot(self, prediction: str | None = None, *, output: int | str | None = None) -> npt.NDArray[np.object_]:
        """Draw the pictures of all rows, as `Report.plot` of `overall` does.

        Parameters
        ----------
        prediction : str, optional
            Of several predictions the one to draw, by default the first.
        output : int or str, optional
            Of several outputs the one to draw, by its place or by the name of its column; by default the first.

        Examples
        --------
        >>> import squarely
        >>> report = squarely.evaluate([1.0, 2.0, 4.0], [1.5, 2.0, 3.0], by=["a", "b", "a"], pictures=True)
        >>> report.plot().shape
        (3, 2)
        """
        return self._overall.plot(prediction, output=output)

    # As text

    def __str__(self) -> str:
        return self._text(_six_digits)

    def __repr__(self) -> str:
        return str(self)

    def __format__(self, spec: str) -> str:
        """Return the table with every score in this form, as ``format(report, ".3f")``."""
        return self._text(lambda score: format(score, spec)) if spec else str(self)

    def _text(self, text_of: Callable[[float], str]) -> str:
        return "\n".join([*self._title(), *_lines(self._table(), text_of), *self._last_lines(text_of)])

    def _repr_html_(self) -> str:
        head, *rows = self._table()
        return html_table(list(map(str, head)), rows, [*self._title(), *self._last_lines(_six_digits)])

    def _title(self) -> list[str]:
        return [] if self._is_single else [f"{self.metrics[0]} of {self._counted()}"]

    def _counted(self) -> str:
        """Return how many groups there are, and of how many, in words."""
        of_all = counted_groups(len(self._keys))
        return f"{self.groups} of {of_all}" if self.groups < len(self._keys) else of_all

    def _table(self) -> list[Row]:
        """Return rows of a label, the keys, the scores and the number of pairs."""
        heads = [_short(one) for one in self._asked] if self._is_single else list(self._columns)
        blank = [""] * (len(self.by) - 1)
        medians = [median_of(own) for _, column in self._items() for own in self._shown_of(column)]
        overall = [score for name in self._columns for score in self._shown_overall(name)]
        pairs = self._pairs_alike()
        rows: list[Row] = [["", *self.by, *heads, *([] if pairs is None else ["pairs"])]]
        rows += [self._row("", place) for place in range(min(self.groups, self._most_shown))]
        if self.groups > self._most_shown:
            rows.append(["...", f"({self.groups - self._most_shown} more)"])
        rows += [self._row(label, place) for label, place in self._ends()]
        total = [] if pairs is None else [str(sum(pairs.tolist()))]
        if self.groups == len(self._keys):
            rows += [["overall", "", *blank, *overall, *total], ["median", "", *blank, *medians]]
        else:
            rows += [["overall", "", *blank, *overall]]
        widest = max(map(len, rows))
        return [row + [""] * (widest - len(row)) for row in rows]

    def _row(self, label: str, place: int) -> Row:
        key = self._keys.key_of(int(self._groups[place]))
        parts = key if len(self.by) > 1 else (key,)
        scores = [own[place] for _, column in self._items() for own in self._shown_of(column)]
        pairs = self._pairs_alike()
        return [label, *map(_shown_key, parts), *scores, *([] if pairs is None else [str(pairs[place])])]

    def _ends(self) -> list[tuple[str, int]]:
        """Return where the best and the worst of all groups by the first metric, of the first prediction, stand."""
        scores = next(iter(self._columns.values())).values[0]
        if scores.size != self.groups or self.groups < 2 or self.groups < len(self._keys):
            return []
        places = order_of(scores.reshape(-1), self._asked[0], worst_first=False)
        places = places[~np.isnan(scores.reshape(-1)[places])]
        if len(places) < 2:
            return []
        whose = "" if self._is_single else f" of {self.predictions[0]}"
        return [(f"best{whose}", int(places[0])), (f"worst{whose}", int(places[-1]))]

    def _shown_of(self, column: GroupedScored) -> Sequence[Values]:
        """Return what stands in the table: of several predictions the first metric."""
        return column.values if self._is_single else column.values[:1]

    def _shown_overall(self, name: str) -> Row:
        scores = self._overall.to_dict() if self._is_single else self._overall.to_dict()[name]
        return list(scores.values())[: None if self._is_single else 1]

    def _pairs_alike(self) -> Counts | None:
        """Return the pairs of each group, or None where predictions differ in them."""
        first, *others = (column.pairs for column in self._columns.values())
        return first if all(np.array_equal(first, other) for other in others) else None

    def _last_lines(self, text_of: Callable[[float], str]) -> list[str]:
        lines = [] if self._is_single else ["", *_lines(self._table_of_metrics(), text_of)]
        pairs = dict.fromkeys(int(column.pairs.sum()) for column in self._columns.values())
        omitted = dict.fromkeys(int(column.omitted.sum()) for column in self._columns.values())
        of = "," if self.groups < len(self._keys) else " of"
        line = f"{self._counted()}{of} {' and '.join(map(counted, pairs))}"
        line += f", {' and '.join(map(str, omitted))} left out" if any(omitted) else ""
        return [*lines, line, *(f"{name}: {note}" for name, note in self.notes.items())]

    def _table_of_metrics(self) -> list[Row]:
        """Return the scores of all rows and the medians of every metric, of several predictions."""
        rows: list[Row] = [["", *(f"{what} of {name}" for name in self.predictions for what in ("overall", "median"))]]
        overall, medians = self._overall.to_dict(), self.median
        for label in self.metrics:
            scores = [found[name][label] for name in self.predictions for found in (overall, medians)]
            rows.append([label, *scores])
        return rows

    # Inside

    def _items(self) -> Sequence[tuple[str, GroupedScored]]:
        return list(self._columns.items())

    def _single_or_named(self, values: dict[str, Any]) -> Any:
        return values[""] if self._is_single else values

    def _index_of(self, metric: MetricLike) -> int:
        label = label_of(metric)
        if label not in self.metrics:
            raise KeyError(f"This report has no metric {label!r}. It has {', '.join(self.metrics)}.")
        return self.metrics.index(label)

    def _column_of(self, prediction: str | None) -> GroupedScored:
        if prediction is None:
            return next(iter(self._columns.values()))
        if prediction not in self.predictions:
            known = ", ".join(self.predictions) or "one only, which has no name"
            raise KeyError(f"This report has no prediction {prediction!r}. It has {known}.")
        return self._columns[prediction]

    def _scores_at(self, column: GroupedScored, place: int) -> dict[str, Any]:
        scores = (own[place] for own in column.values)
        return {
            label: float(score) if np.ndim(score) == 0 else score
            for label, score in zip(self.metrics, scores, strict=True)
        }

    def _medians(self, column: GroupedScored) -> dict[str, Any]:
        return {label: median_of(own) for label, own in zip(self.metrics, column.values, strict=True)}


def order_of(scores: Values, metric: Metric, *, worst_first: bool) -> npt.NDArray[np.intp]:
    """Return the places of scores from the best to the worst, or the other way round, those without a value last."""
    better = _core.metrics[metric.name].better
    badness = np.abs(scores) if better == "zero" else -scores if better == "greater" else scores
    return np.argsort(-badness if worst_first else badness, kind="stable")  # NaN is last


def median_of(values: Values) -> Any:
    """Return the median of the groups that have a value, of every output; NaN where none has one."""
    if values.ndim == 1:
        there = values[~np.isnan(values)]
        with np.errstate(invalid="ignore"):  # between two infinities
            return float(np.median(there)) if len(there) else math.nan
    medians = [median_of(own) for own in values.reshape(len(values), -1).T]
    return np.array(medians).reshape(values.shape[1:])


def counted_groups(groups: int) -> str:
    """Return how many groups there are, in words."""
    return f"{groups} group" if groups == 1 else f"{groups} groups"


def _short(metric: Metric) -> str:
    return (metric.row.short_name or metric.name) if metric.label == metric.name else metric.label


def _six_digits(score: float) -> str:
    return f"{score:.6g}"


def _shown_key(key: Any) -> str:
    return "null" if key is None else str(key)


def _lines(rows: list[Row], text_of: Callable[[float], str]) -> list[str]:
    """Return a table as lines, each score in a form."""
    texts = [[one if isinstance(one, str) else text_of_score(one, text_of) for one in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    return [padded(row, widths) for row in texts]
