"""A bar that shows how far reading has come, where somebody is watching."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator

from squarely.files import Progress


@contextlib.contextmanager
def progress_bar(*, hidden: bool) -> Iterator[Callable[[Progress], None] | None]:
    """Show a bar while the scores are computed, where somebody is watching; it is gone when they are printed."""
    if hidden or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}", markup=False),  # a file may have brackets in its name
        BarColumn(),
        DownloadColumn(),
        TextColumn("{task.fields[rows]:,} rows"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
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
