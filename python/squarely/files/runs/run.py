"""A run: sources scored into totals, which are saved from time to time and are states at the end."""

import contextlib
import dataclasses
import math
import os
from collections.abc import Callable, Iterable, Iterator

from squarely.files.formats.reading import ReadingOptions
from squarely.files.order.search import looks_resumed
from squarely.files.runs.checkpoint import Checkpoint
from squarely.files.runs.exclusive import alone_with
from squarely.files.runs.progress import Progress
from squarely.files.runs.states import FileStates
from squarely.files.runs.totals import Totals
from squarely.files.runs.work import STOP_SECONDS, score_sources
from squarely.files.sources.source import Source


def run(
    sources: Iterable[Source],
    states: FileStates,
    workers: int,
    progress: Callable[[Progress], object] | None,
    saving: Checkpoint | None,
) -> FileStates:
    """Return empty states with the sums of the sources in them, or with the rest of what an earlier run began."""
    totals, states = _begun(states, saving)
    with _saved_when_stopped(saving, states, totals):
        read_all(sources, totals, states.nan_policy, workers, progress)
    if saving is not None:
        with totals.lock:
            saving.first_pass = totals
            saving.save(states, totals, finished=states.of_order is None or states.of_order.is_found)
    return dataclasses.replace(
        states, files=totals.files, rows=totals.rows, predictions=totals.accumulators, worst=totals.worst or None
    )


def read_all(
    sources: Iterable[Source],
    totals: Totals,
    nan_policy: str,
    workers: int,
    progress: Callable[[Progress], object] | None,
    pass_number: int = 1,
) -> None:
    """Score what is not in the totals yet, and tell how far it is."""
    tell = _teller(progress, totals, sources, pass_number)
    tell()
    score_sources(
        sources,
        totals,
        nan_policy,
        workers if totals.is_exact else 1,
        tell,
        threads_of=_shared(workers, sources) if totals.is_exact else lambda _: workers,
    )
    tell()


def _shared(workers: int, sources: Iterable[Source]) -> Callable[[int], int]:
    """Share threads among sections, of which there may be fewer: say how many read the first of them, the second..."""
    sections = sum(len(source.sections) for source in sources) if isinstance(sources, list) else workers
    return lambda order: max(1, math.ceil((workers - order) / max(1, sections)))


@contextlib.contextmanager
def saved_in(
    path: str | os.PathLike[str] | None, seconds: float, sources: Iterable[Source], reading: ReadingOptions
) -> Iterator[Checkpoint | None]:
    """Hold the checkpoint of a run, if it has one, so that no other run uses it meanwhile."""
    if path is None:
        yield None
        return
    if not isinstance(sources, list):
        raise ValueError(f"checkpoint={os.fspath(path)!r} needs a list of files, which a later run can check")
    saving = Checkpoint(os.fspath(path), seconds, sources, reading)
    with alone_with(saving.path):
        yield saving


def _teller(
    progress: Callable[[Progress], object] | None, totals: Totals, sources: Iterable[Source], pass_number: int
) -> Callable[[], None]:
    sizes = sum(source.size for source in sources) if isinstance(sources, list) else 0
    total = sizes or None  # a query has no size

    def tell() -> None:
        if progress is not None and totals.path:
            read = round(totals.bytes_read) if total is None else min(round(totals.bytes_read), total)
            progress(Progress(totals.path, read, total, totals.rows_read, pass_number))

    return tell


def _begun(states: FileStates, saving: Checkpoint | None) -> tuple[Totals, FileStates]:
    is_exact = states.summation == "exact"
    by = states.by or ()
    saved = None if saving is None else saving.resume(states)
    if saved is None or saving is None or saved.work is None:
        totals = Totals(states.predictions, is_exact=is_exact, by=by, worst=states.worst or {})
    else:
        predictions = {name: saved.predictions[name] for name in states.predictions}
        if saved.of_order is not None:
            predictions = looks_resumed(states.predictions, predictions, saved.of_order)
            states = dataclasses.replace(states, of_order=saved.of_order)
        totals = Totals(predictions, is_exact=is_exact, rows=saved.rows, by=by, worst=saved.worst or {})
        saving.restore(totals, saved.work)
        totals.path = saving.path
    if saving is not None:
        totals.after_commit = lambda: saving.save_if_due(states, totals)
    return totals, states


@contextlib.contextmanager
def _saved_when_stopped(saving: Checkpoint | None, states: FileStates, totals: Totals) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        # A thread that hangs in a write to the checkpoint keeps the lock.
        if saving is not None and totals.rows and totals.lock.acquire(timeout=STOP_SECONDS):
            try:
                saving.save(states, totals, finished=False)
            finally:
                totals.lock.release()
        raise
