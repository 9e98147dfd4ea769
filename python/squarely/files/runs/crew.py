"""Threads that work on jobs, and a caller whom Ctrl-C may meet anywhere.

An executor of `concurrent.futures` is not for such a caller: its locks are taken in Python, and an interrupt in
between leaves one locked for ever, on which a thread, and then the end of the program, waits. Queues of C have no such
moment.
"""

from collections.abc import Callable, Iterator
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Generic, TypeVar

Job = TypeVar("Job")


class Crew(Generic[Job]):
    """So many threads, each started when there is a job for it, that end when they are dismissed."""

    def __init__(self, threads: int, name: str, work: Callable[[Job], object]) -> None:
        self._most = threads
        self._name = name
        self._work = work
        self._threads: list[Thread] = []
        self._waiting: SimpleQueue[Job | None] = SimpleQueue()
        self._ended: SimpleQueue[tuple[Job, BaseException | None]] = SimpleQueue()

    def hand_out(self, job: Job) -> None:
        """Have a job done by whichever thread is free next."""
        self._waiting.put(job)
        if len(self._threads) < self._most:
            self._threads.append(Thread(target=self._run, name=f"{self._name}_{len(self._threads)}"))
            self._threads[-1].start()

    def ended(self, seconds: float) -> Iterator[tuple[Job, BaseException | None]]:
        """Return the jobs that have ended, and what was raised, waiting so long for the first."""
        try:
            yield self._ended.get(timeout=seconds)
            while True:
                yield self._ended.get_nowait()
        except Empty:
            pass

    def have_ended(self) -> bool:
        """Whether a job has ended that nobody has asked for."""
        return not self._ended.empty()

    def dismiss(self) -> None:
        """Let the threads end after what they are doing, and never wait for them."""
        for _ in range(self._most):
            self._waiting.put(None)

    def _run(self) -> None:
        while (job := self._waiting.get()) is not None:
            raised: BaseException | None = None
            try:
                self._work(job)
            except BaseException as error:
                raised = error
            self._ended.put((job, raised))
