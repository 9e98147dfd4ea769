"""A report as a page in a file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from squarely.files.runs.atomic_write import check_can_be_written, write_atomically
from squarely.report_page.page import Contents, page

if TYPE_CHECKING:
    from squarely.groups.report import GroupedReport
    from squarely.report import Report
    from squarely.worst.table import WorstTable

__all__ = ["page_of", "save_page"]

TITLE = "Predictions and truth"


def page_of(
    report: Report,
    groups: GroupedReport | None,
    title: str | None = None,
    made_of: Mapping[str, str] = {},
    pairs: Mapping[str, tuple[str, str]] = {},
) -> str:
    """Return the page of a report, and of its groups where it has some; `pairs` name truth and prediction of each."""
    found = report.worst if isinstance(report.worst, dict) else {"": report.worst}
    tables: dict[str, WorstTable] = {name: table for name, table in found.items() if table is not None}
    worst = {name: _columns(table, pairs.get(name, ("y_true", name))) for name, table in tables.items()}
    losses = {name: table.loss for name, table in tables.items()}
    return page(Contents(title or TITLE, report, report.distributions, worst, groups, losses, made_of))


def _columns(table: WorstTable, pair: tuple[str, str]) -> dict[str, list[Any]]:
    """Return the columns, but for files where there is only one, with the names of a pair where these are no others."""
    columns = table.to_dict()
    if len(set(columns.get("file", ()))) == 1:
        del columns["file"]
    names = {"y_true": pair[0], "y_pred": pair[1] or "y_pred"}
    named = {names.get(column, column): values for column, values in columns.items()}
    return named if len(named) == len(columns) else columns


def save_page(
    path: str | os.PathLike[str],
    report: Report,
    groups: GroupedReport | None,
    title: str | None = None,
    made_of: Mapping[str, str] = {},
    pairs: Mapping[str, tuple[str, str]] = {},
) -> None:
    """Write the page to a file that is there whole or not at all."""
    check_can_be_written(os.fspath(path))
    write_atomically(os.fspath(path), page_of(report, groups, title, made_of, pairs).encode())
