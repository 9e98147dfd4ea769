"""Sections read and scored by several threads, while the thread that asked waits, tells how far it is, and can stop."""

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from squarely.arguments import InvalidParameterError
from squarely.files.errors import FileError, InfiniteValueError, MissingValueError, StuckError, one_line
from squarely.files.formats.table import Position
from squarely.files.runs.crew import Crew
from squarely.files.runs.gathering import gathered
from squarely.files.runs.totals import Scored, Totals
from squarely.files.sources.source import Chunk, Source
from squarely.worst.files import add_chunk

TELL_SECONDS = 0.05  # between two looks at what the threads have read
STOP_SECONDS = 0.3  # that Ctrl-C waits for threads to see it; local reads see it within milliseconds
PIECES_BEFORE_COMMIT = 8  # of a section that can be resumed in the middle; of CSV 16 MiB


class Job(NamedTuple):
    """A section to score, from a position on."""

    order: int
    source_index: int
    source: Source
    section_index: int
    position: Position


class Limit:
    """The last job that is still wanted: after a failure those before it, after Ctrl-C none."""

    def __init__(self) -> None:
        self.last = math.inf


def score_sources(
    sources: Iterable[Source],
    totals: Totals,
    nan_policy: str,
    threads: int,
    tell: Callable[[], object],
    *,
    threads_of: Callable[[int], int] = lambda _: 1,
) -> None:
    """Score what is not done yet, and raise what failed in the first section of those that fail.

    The section of a job may be read by as many threads as `threads_of` says of its order.
    The calling thread hands out work and waits, so that Ctrl-C reaches it at once: pyarrow's own answer to signals,
    which can lose one, is for the main thread only, and nothing is read there.
    """
    limit = Limit()
    at_work: dict[int, Job] = {}  # said by the threads

    def work(job: Job) -> None:
        at_work[job.order] = job
        try:
            if job.order <= limit.last:
                score_section(job, totals, limit, nan_policy, threads_of(job.order))
        finally:
            del at_work[job.order]

    crew = Crew(threads, "squarely-files", work)
    handed = _Handed(crew, limit, _Turn(tell))
    try:
        for job in _jobs(sources, totals):
            if job.source.is_passing:
                # What an iterator yields may be overwritten when it yields again, so it is scored here and now.
                if not totals.is_exact:
                    handed.wait(at_most=0)
                elif crew.have_ended():
                    handed.wait(at_most=handed.running - 1)
                handed.raise_first()
                _score_passing(job, totals, nan_policy)
                handed.turn.take()
                continue
            handed.wait(at_most=2 * threads - 1)
            if handed.failures:
                break
            handed.running += 1
            crew.hand_out(job)
        handed.wait(at_most=0)
        handed.raise_first()
    except BaseException as error:
        limit.last = -1
        for job in list(at_work.values()):
            job.source.interrupt()
        if not _all_end(at_work) and isinstance(error, KeyboardInterrupt):
            raise StuckError from error
        raise
    finally:
        crew.dismiss()


def _all_end(at_work: Mapping[int, Job]) -> bool:
    until = time.monotonic() + STOP_SECONDS
    while at_work and time.monotonic() < until:
        time.sleep(STOP_SECONDS / 100)
    return not at_work


class _Turn:
    """Calls at most twenty times a second: more would cost more than reading."""

    def __init__(self, call: Callable[[], object]) -> None:
        self._call = call
        self._last = time.monotonic()

    def take(self) -> None:
        if time.monotonic() - self._last >= TELL_SECONDS:
            self._call()
            self._last = time.monotonic()


def _jobs(sources: Iterable[Source], totals: Totals) -> Iterator[Job]:
    order = 0
    for source_index, source in enumerate(sources):
        totals.files.extend(source.files)
        for section_index in range(len(source.sections)):
            position = totals.begins_at(source_index, section_index)
            if position is not None:
                yield Job(order, source_index, source, section_index, position)
                order += 1


class _Handed:
    """The jobs that are handed out, and those of them that failed."""

    def __init__(self, crew: Crew[Job], limit: Limit, turn: _Turn) -> None:
        self._crew = crew
        self._limit = limit
        self.turn = turn
        self.running = 0
        self.failures: dict[int, BaseException] = {}

    def wait(self, *, at_most: int) -> None:
        """Wait until so few jobs are left, and collect failures. What comes after a failure in order is given up."""
        while self.running > at_most:
            for job, error in self._crew.ended(TELL_SECONDS):
                self.running -= 1
                if error is not None and job.order <= self._limit.last:
                    self.failures[job.order] = error
                    self._limit.last = job.order
            self.turn.take()
            if self.failures:
                at_most = 0

    def raise_first(self) -> None:
        if self.failures:
            self.wait(at_most=0)
            raise self.failures[min(self.failures)]


def score_section(job: Job, totals: Totals, limit: Limit, nan_policy: str, threads: int) -> None:
    """Score one section and add it to the totals, unless it fails or is given up."""
    source, section = job.source, job.source.sections[job.section_index]
    size = source.size * section.share
    scored = totals.begin()
    rows = pieces = 0
    fraction = 0.0
    before = job.position.rows
    key = None if source.identity is None else job.source_index

    def groups() -> int:
        return max(len(one) for one in scored.sums.values())

    def chunks() -> Iterator[Chunk]:
        for chunk in source.read(section, job.position, threads):
            if job.order > limit.last:
                return
            yield chunk

    for chunk in gathered(chunks(), groups) if totals.by else chunks():
        _update(scored, source, chunk, section.first_row + before, nan_policy, totals.by)
        before += chunk.rows
        rows += chunk.rows
        pieces += 1
        totals.tell(source.name, chunk.rows, size * (chunk.fraction - fraction))
        fraction = chunk.fraction
        if section.begins_anywhere and pieces == PIECES_BEFORE_COMMIT:
            _commit(totals, scored, rows, key, job, chunk.position)
            scored = totals.begin()
            rows = pieces = 0
    if job.order > limit.last:
        return
    totals.tell(source.name, 0, size * (1 - fraction))
    _commit(totals, scored, rows, key, job, None)


def _commit(totals: Totals, scored: Scored, rows: int, key: int | None, job: Job, position: Position | None) -> None:
    """Add what was scored, or say of which file the keys are of another kind than those of others."""
    try:
        totals.commit(scored, rows, key, job.section_index, position)
    except InvalidParameterError as error:
        raise FileError(
            f"{job.source.name}: {one_line(error)} Keys of text files may be taken as they are written, as 'store:text'"
        ) from error


def _score_passing(job: Job, totals: Totals, nan_policy: str) -> None:
    """Score a chunk into the totals themselves: if it fails, there will be no answer that could be half of one."""
    for chunk in job.source.read(job.source.sections[0], job.position, False):
        worst = totals.begin_worst()
        _update(Scored(totals.accumulators, worst), job.source, chunk, 0, nan_policy, totals.by)
        totals.tell(job.source.name, chunk.rows, job.source.size)
        totals.add_rows(chunk.rows, worst)


def _update(scored: Scored, source: Source, chunk: Chunk, rows_before: int, nan_policy: str, by: Sequence[str]) -> None:
    names = source.names
    truth, *others = chunk.columns
    weights, guesses = (None, others) if names.weight is None else (others[0], others[1:])
    first = len(chunk.columns) - len(guesses)
    for place, (name, guess) in enumerate(zip(names.predictions, guesses, strict=True), first):
        try:
            if not by or chunk.keys is None:
                scored.sums[name].update(truth, guess, sample_weight=weights)
            else:
                keys = {label: chunk.keys[label] for label in by}
                scored.sums[name].update(truth, guess, sample_weight=weights, by=keys)
        except ValueError as error:
            sides = ((source.table_of(0), names.true, truth), (source.table_of(place), name, guess))
            raise _refusal(source, rows_before, sides, nan_policy, error) from error
        if source.is_passing and not isinstance(scored.sums[name].count, int):
            raise FileError(
                f"{source.name}: {name!r} has several outputs; files are scored one output at a time, so pass a pair "
                "for each output, or the arrays to squarely.Accumulator"
            )
        if scored.worst:
            add_chunk(scored.worst[name], source, chunk, rows_before, truth, guess, weights)


def _where_refused(nan_policy: str, truth: Any, prediction: Any) -> Any:
    """Return the rows in which a NaN or an infinity is refused: not those that the policy leaves out."""
    if nan_policy == "omit":
        return ~(np.isnan(truth) | np.isnan(prediction))
    return ~np.isnan(truth) if nan_policy == "omit_true" else np.ones(len(truth), np.bool_)


def _refusal(
    source: Source, rows_before: int, sides: tuple[tuple[str, str, Any], ...], nan_policy: str, error: ValueError
) -> FileError:
    """Say which value made an update fail; looked up only now, so that good data is never searched."""
    (_, true_name, _), (_, pred_name, _) = sides
    try:
        arrays = [(table, name, np.asarray(side, np.float64)) for table, name, side in sides]
        scored = _where_refused(nan_policy, *(array for _, _, array in arrays))
        for refused, kind, description in (
            (np.isnan, MissingValueError, "a missing value or NaN"),
            (np.isinf, InfiniteValueError, "an infinite value"),
        ):
            for table, name, column in arrays:
                found = refused(column) & scored
                if found.any():
                    row = f"data row {rows_before + int(found.argmax()) + 1}" if source.rows_have_order else "some row"
                    return kind(f"{table}: column {name!r} has {description} in {row}")
    except (TypeError, ValueError):  # a container that is no plain array; the error says what there is to say
        pass
    return FileError(f"{source.name}: columns {true_name!r} and {pred_name!r} cannot be scored: {one_line(error)}")
