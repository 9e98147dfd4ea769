"""Items worked on by several threads before they are asked for, and handed over in order."""

from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

ITEMS_A_THREAD = 2  # that are in memory: one at work, and one to begin with next

Item = TypeVar("Item")
Result = TypeVar("Result")


def worked_ahead(
    items: Iterator[Item], work: Callable[[Item], Result | None], threads: int
) -> Generator[tuple[Item, Result | None], None, None]:
    """Yield items in order, each with what several threads, of which the caller is one, made of it.

    With one thread nothing is made ahead. What failed comes with None as well, for the caller to find out in its turn;
    so does a failure to bring the next item.
    """
    if threads == 1:
        yield from ((item, None) for item in items)
        return
    waiting: deque[tuple[Item, Future[Result | None]]] = deque()
    others = ThreadPoolExecutor(threads - 1, "squarely-files-ahead")
    failure = None
    try:
        try:
            for item in items:
                waiting.append((item, others.submit(_tried, work, item)))
                if len(waiting) == ITEMS_A_THREAD * threads:
                    yield _first(waiting, work)
        except Exception as error:
            failure = error
        while waiting:
            yield _first(waiting, work)
        if failure is not None:
            raise failure
    finally:
        others.shutdown(cancel_futures=True)


def _tried(work: Callable[[Item], Result | None], item: Item) -> Result | None:
    try:
        return work(item)
    except Exception:
        return None


def _first(
    waiting: deque[tuple[Item, Future[Result | None]]], work: Callable[[Item], Result | None]
) -> tuple[Item, Result | None]:
    """Take the first item; while another thread is at work on it, do what nobody has begun."""
    for place, (item, future) in enumerate(waiting):
        if waiting[0][1].done():
            break
        if future.cancel():
            done: Future[Result | None] = Future()
            done.set_result(_tried(work, item))
            waiting[place] = item, done
    item, future = waiting.popleft()
    return item, future.result()
