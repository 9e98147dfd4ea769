"""Worst rows as they are typed and laid out."""

from collections.abc import Callable, Sequence
from typing import Any

from squarely.cli.errors import UsageError
from squarely.cli.options import WorstRows
from squarely.cli.rows import Rows
from squarely.cli.typed_metrics import typed_metric
from squarely.groups.report import GroupedReport
from squarely.named_metrics import Metric
from squarely.report import Report
from squarely.worst.evaluation import check_columns
from squarely.worst.losses import LOSSES, row_loss
from squarely.worst.table import WorstTable


def worst_options(typed: WorstRows, asked: Sequence[Metric], groups: Sequence[str]) -> dict[str, Any]:
    """Return what `accumulate_files` is asked, or refuse what cannot be."""
    worst, by = typed.worst, typed.worst_by
    shown = [name for one in typed.worst_columns or () for name in one.split(",") if name]
    if worst == 0 and (by is not None or shown):
        raise UsageError("--worst-by and --worst-columns are of the worst rows; --worst 20 asks for them")
    if repeated := {name for name in shown if shown.count(name) > 1}:
        raise UsageError(f"--worst-columns {min(repeated)} is given twice")
    loss = typed_metric(by, "--worst-by") if by is not None and by not in LOSSES else by
    try:
        row_loss(loss, asked, "score")
        check_columns(list(dict.fromkeys([*groups, *shown])) if worst else [])
    except ValueError as error:
        raise UsageError(str(error)) from error
    return {"worst": worst, "worst_by": loss, "worst_columns": shown or None}


def tables_of(report: Report | GroupedReport, single: str = "") -> dict[str, WorstTable]:
    """Return the tables of the predictions by their names; none where no rows were asked for."""
    worst = report.worst
    return {} if worst is None else {single: worst} if isinstance(worst, WorstTable) else worst


def worst_as_text(report: Report | GroupedReport) -> list[str]:
    """Return what is printed below the scores: of each prediction its table."""
    heads = bool(report.predictions) and len(report.predictions) > 1
    return [line for name, table in tables_of(report).items() for line in ["", *([name] if heads else []), str(table)]]


def worst_as_rows(report: Report | GroupedReport) -> list[Rows]:
    """Return the rows of all predictions as one table, with their names before them where they have any."""
    tables = tables_of(report)
    if not tables:
        return []
    first = next(iter(tables.values()))
    names = [[name] if report.predictions else [] for name in tables]
    rows = [
        [*name, *row]
        for name, table in zip(names, tables.values(), strict=True)
        for row in zip(*table.to_dict().values(), strict=True)
    ]
    texts = len(names[0]) + first.columns.index("y_true")
    return [Rows([*(["prediction"] if names[0] else []), *first.columns], rows, texts)]


def worst_as_json(table: WorstTable, written: Callable[[Any], Any]) -> dict[str, Any]:
    """Return an object with the loss, and an object a row."""
    columns = table.to_dict()
    rows = [dict(zip(columns, map(written, row), strict=True)) for row in zip(*columns.values(), strict=True)]
    return {"loss": table.loss, "share_percent": written(table.share_percent), "rows": rows}
