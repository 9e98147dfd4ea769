"""A bar that shows how far reading has come, where somebody is watching."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from squarely.files import Progress

if TYPE_CHECKING:
    from rich.progress import ProgressColumn


@contextlib.contextmanager
def progress_bar(*, hidden: bool) -> Iterator[Callable[[Progress], None] | None]:
    """Show a bar while the scores are computed, where somebody is watching; it is gone when they are printed."""
    if hidden or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(*_columns(), console=Console(stderr=True), transient=True, expand=True) as bar:
        task = bar.add_task("reading", total=None, rows=0)

        def show(progress: Progress) -> None:
            bar.update(
                task,
                description=os.path.basename(progress.path),
                completed=progress.bytes_read,
                total=progress.bytes_total or None,  # of a query nobody knows
                rows=progress.rows,
            )

        yield show


def _columns() -> list[ProgressColumn]:
    """Return what stands beside each other in one line, in which a narrow terminal takes from name and bar first."""
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.table import Column

    name = Column(no_wrap=True, overflow="ellipsis", ratio=1)
    return [
        TextColumn("{task.description}", markup=False, table_column=name),  # a file may have brackets in its name
        BarColumn(bar_width=None, table_column=Column(ratio=1)),
        DownloadColumn(table_column=Column(no_wrap=True)),
        TextColumn("{task.fields[rows]:,} rows", table_column=Column(no_wrap=True)),
        TimeElapsedColumn(table_column=Column(no_wrap=True)),
        TimeRemainingColumn(table_column=Column(no_wrap=True)),
    ]
