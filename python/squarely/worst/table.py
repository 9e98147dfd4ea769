"""WorstTable: the rows with the largest losses, what they share of the sum, and what R² would be without each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from squarely.named_metrics import Metric
from squarely.notebook_tables import html_table
from squarely.report import installed_library, padded
from squarely.worst.rows import KeptRows
from squarely.worst.sums import RowTerms, Sums, nearest

__all__ = ["OWN_COLUMNS", "WorstTable", "worst_table"]

# Names that no other column may have.
OWN_COLUMNS = (
    "file",
    "part",
    "row",
    "y_true",
    "y_pred",
    "residual",
    "loss",
    "weight",
    "contribution",
    "share_percent",
    "r2_influence",
)


class WorstTable:
    """The rows with the largest losses, the worst first: `Report.worst` of `evaluate` and `score_files`.

    ``table["row"]`` is a list with an entry a row. Printed it is a table, to six digits.

    ``row``, and ``file`` of files or ``part`` of streams, say where a row is: in arrays counted from 0, in files from
    1, as errors count them. The keys of groups, and columns that were asked for, follow. ``loss`` is that of the row
    without its weight; of weighted rows ``weight`` and ``contribution``, the product, are columns too.
    ``share_percent`` is what the row has of the sum of all losses, where one of the metrics has that sum; with
    `r2_score` among the metrics ``r2_influence`` is R² without this row minus R² with it.

    Examples
    --------
    >>> import squarely
    >>> report = squarely.evaluate([3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 9.0], metrics=("mse", "r2"), worst=2)
    >>> print(report.worst)
    row  y_true  y_pred  residual  loss  share_percent  r2_influence
    3    7       9       -2        4     88.8889        0.0772525
    0    3       2.5     0.5       0.25  5.55556        0.0084613
    2 worst of 4 rows by squared_error: 94.4444 % of the sum
    >>> report.worst["row"]
    [3, 0]
    """

    def __init__(self, columns: dict[str, list[Any]], loss: str, rows: int, share: float | None) -> None:
        self._columns = columns
        self._loss = loss
        self._rows = rows
        self._share = share

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(self._columns)

    @property
    def loss(self) -> str:
        """The name of the loss that rows are ordered by, with its parameter where it has one."""
        return self._loss

    @property
    def share_percent(self) -> float | None:
        """What these rows together have of the sum of all losses, in percent; None where no metric has that sum."""
        return self._share

    def __getitem__(self, column: str) -> list[Any]:
        if column not in self._columns:
            raise KeyError(f"There is no column {column!r}. The columns are {', '.join(self._columns)}.")
        return list(self._columns[column])

    def __len__(self) -> int:
        return len(self._columns["row"])

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def to_dict(self) -> dict[str, list[Any]]:
        """Return a list a column."""
        return {name: list(values) for name, values in self._columns.items()}

    def to_frame(self, library: str | None = None) -> Any:
        """Return a frame with a row for each of the worst rows.

        Parameters
        ----------
        library : {"pandas", "polars"}, optional
            By default the one that is imported, else the one that is installed, pandas first.

        Raises
        ------
        ImportError
            Where neither is installed.
        """
        library = library or installed_library("WorstTable.to_frame")
        if library == "polars":
            import polars

            return polars.DataFrame(self._columns, strict=False)
        import pandas

        return pandas.DataFrame(self._columns)

    def __str__(self) -> str:
        rows = [self._heads(), *self._shown()]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        widths[0] += 1  # as much as between the others
        return "\n".join([*(padded(row, widths) for row in rows), self._last_line()])

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        columns = [self._columns[name] for name in self._heads()]
        return html_table(self._heads(), zip(*columns, strict=True), [self._last_line()])

    def _heads(self) -> list[str]:
        """Return the columns that are printed: not the file, or the part, where there is one."""
        return [name for name in self._columns if name not in ("file", "part") or not self._only_file()]

    def _only_file(self) -> str:
        files = set(self._columns.get("file", self._columns.get("part", ())))
        return files.pop() if len(files) == 1 else ""

    def _shown(self) -> list[list[str]]:
        columns = [self._columns[name] for name in self._heads()]
        return [[_shown(value) for value in row] for row in zip(*columns, strict=True)]

    def _last_line(self) -> str:
        where = f" in {self._only_file()}" if self._only_file() else ""
        share = "" if self._share is None else f": {self._share:.6g} % of the sum"
        return f"{len(self)} worst of {self._rows} rows by {self._loss}{share}{where}"


def _shown(value: Any) -> str:
    return "null" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)


def worst_table(worst: KeptRows, sums: Sums, asked: Sequence[Metric], *, place: str = "file") -> WorstTable:
    """Return the rows as a table, with what the sums of all rows say of them; may raise UncertainError."""
    rows = worst.rows
    terms = [RowTerms.of(row, worst.loss) for row in rows]
    columns: dict[str, list[Any]] = {}
    if any(row.file for row in rows):
        columns[place] = [row.file for row in rows]
    columns["row"] = [row.row for row in rows]
    columns |= {name: [row.values[place] for row in rows] for place, name in enumerate(worst.columns)}
    columns["y_true"] = [row.y_true for row in rows]
    columns["y_pred"] = [row.y_pred for row in rows]
    columns["residual"] = [nearest(one.residual) for one in terms]
    columns["loss"] = [nearest(one.loss) for one in terms]
    if sums.weighted:
        columns["weight"] = [row.weight for row in rows]
        columns["contribution"] = [nearest(one.contribution) for one in terms]
    total = sums.of_losses(worst.loss)
    if total is not None:
        columns["share_percent"] = [total.percent(one.contribution) for one in terms]
    r2 = next((one for one in asked if one.name == "r2_score"), None)
    if r2 is not None:
        columns["r2_influence"] = sums.influences(terms, forces_finite=bool(r2.parameter))
    share = None if total is None else total.percent(sum((one.contribution for one in terms), Fraction(0)))
    return WorstTable(columns, worst.loss.label, sums.pairs, share)
