"""A bar that shows how far reading has come, where somebody is watching."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from squarely.extras import import_extra
from squarely.files.runs.progress import Progress, ProgressLike

if TYPE_CHECKING:
    from rich.progress import ProgressColumn


@contextlib.contextmanager
def told(progress: ProgressLike) -> Iterator[Callable[[Progress], object] | None]:
    """Give what is told how far a run has come: what the caller passed, or for True a bar."""
    if not isinstance(progress, bool):
        yield progress
    elif progress:
        with _progress_bar() as show:
            yield show
    else:
        yield None


@contextlib.contextmanager
def _progress_bar() -> Iterator[Callable[[Progress], None] | None]:
    """Show a bar in a terminal or a notebook, which is gone when the scores are there."""
    import_extra("rich")
    from rich.console import Console
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    if not (console.is_terminal or console.is_jupyter):
        yield None
        return
    with Bar(*_columns(), console=console, transient=True, expand=True) as bar:
        task = bar.add_task("reading", total=None, rows=0)

        def show(progress: Progress) -> None:
            bar.update(
                task,
                description=_described(progress),
                completed=progress.bytes_read,
                total=progress.bytes_total,
                rows=progress.rows,
            )

        yield show


def _described(progress: Progress) -> str:
    again = f" (pass {progress.pass_number})" if progress.pass_number > 1 else ""
    return f"{os.path.basename(progress.path)}{again}"


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
