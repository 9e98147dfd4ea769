"""The worst rows of arrays in memory: what `evaluate` adds to its report where they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from squarely import _core
from squarely.arguments import InvalidParameterError
from squarely.named_metrics import Metric
from squarely.worst.losses import RowLoss, check_worst, row_loss
from squarely.worst.rows import Found, KeptRows, ValuesAt, WorstRow, as_plain
from squarely.worst.sums import Sums
from squarely.worst.table import OWN_COLUMNS, WorstTable, worst_table

if TYPE_CHECKING:
    from squarely.pairing import PairedColumns

__all__ = ["WorstAsked", "check_columns", "columns_in", "rows_of", "worst_asked"]


class WorstAsked(NamedTuple):
    """How many rows are asked for, by which loss, and what is shown of them."""

    rows: int
    loss: RowLoss
    columns: Mapping[str, Any]

    def table(
        self, pairs: PairedColumns, sums: _core.Accumulator, asked: Sequence[Metric], keys: Keys | None = None
    ) -> WorstTable:
        """Return the worst rows of pairs whose sums are known, and the keys of their groups."""
        if pairs.outputs != 1:
            raise ValueError(
                f"worst={self.rows} asks for rows of one output, and there are {pairs.outputs}. Pass the columns one "
                "by one, or as rows of their own: y_true.ravel() and y_pred.ravel()."
            )
        worst, values_at = self._empty(pairs.rows, keys)
        for first, found in pairs.found_in_pieces(worst.found_in):
            worst.add(rows_of(found, first, values_at))
        return worst_table(worst, Sums.of(sums, self.loss), asked)

    def table_of(self, found: Sequence[Found], sums: Sums, rows: int, asked: Sequence[Metric]) -> WorstTable:
        """Return rows that are found as a table; may raise UncertainError."""
        worst, values_at = self._empty(rows, None)
        worst.add(rows_of(found, 0, values_at))
        return worst_table(worst, sums, asked)

    def _empty(self, rows: int, keys: Keys | None) -> tuple[KeptRows, ValuesAt]:
        names = () if keys is None else keys.names
        check_columns([*names, *self.columns])
        worst = KeptRows(self.rows, self.loss, [*names, *self.columns])
        shown = worst.values_in(list(self.columns.values()), rows)
        if keys is None:
            return worst, shown
        return worst, lambda row: (*map(as_plain, keys.at(row)), *shown(row))


def rows_of(
    found: Sequence[Found], place: int, values_at: ValuesAt, file: str = "", first_row: int = 0
) -> Iterator[WorstRow]:
    """Yield what is found from this place on in arrays whose first row has a number of its own."""
    for nearest, rest, row, y_true, y_pred, weight, loss in found:
        values = values_at(place + row)
        yield WorstRow((nearest, rest), file, first_row + place + row, y_true, y_pred, weight, loss, values)


class Keys(NamedTuple):
    """The keys of groups: what they are called, and those of a row."""

    names: tuple[str, ...]
    at: Callable[[int], tuple[Any, ...]]


def worst_asked(worst: object, by: Any, columns: Any, asked: Sequence[Metric]) -> WorstAsked:
    """Return what is asked, or raise what is wrong with it."""
    count = check_worst(worst, "evaluate")
    if count == 0:
        raise ValueError("worst_by and worst_columns say which rows worst= returns, and how: pass worst=20 or so")
    return WorstAsked(count, row_loss(by, asked, "evaluate"), {} if columns is None else columns_in(columns))


def check_columns(names: Sequence[str]) -> None:
    """Refuse columns that would have one name in the table."""
    for name in names:
        if name in OWN_COLUMNS or names.count(name) > 1:
            what = "is what worst rows have themselves" if name in OWN_COLUMNS else "is named twice"
            raise InvalidParameterError(f"The column {name!r} cannot be shown beside the worst rows: it {what}.")


def columns_in(columns: Any) -> dict[str, Any]:
    """Return the columns of a mapping or a frame by their names."""
    names = getattr(columns, "column_names", None) or getattr(columns, "columns", None)
    if not isinstance(columns, Mapping) and names is None:
        raise TypeError(
            f"worst_columns must be a mapping of columns by their names, or a frame, not {type(columns).__name__}"
        )
    return {str(name): columns[name] for name in (columns if names is None else names)}
