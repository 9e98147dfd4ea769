"""Threads that share one WorstRows: every row is seen once, and has a number of its own."""

import concurrent.futures
import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np

import squarely

ROWS = 40


class Meanwhile:
    """A column that does something else the first time it is looked into: as a thread would, but always."""

    def __init__(self, rows: int, act: Callable[[], Any]) -> None:
        self._rows = rows
        self._acts = [act]

    def __len__(self) -> int:
        return self._rows

    def __getitem__(self, row: int) -> int:
        if self._acts:
            self._acts.pop()()
        return row


def in_a_thread(act: Callable[[], Any]) -> Any:
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        return pool.submit(act).result(timeout=60)


def updated_meanwhile(act: Callable[[squarely.WorstRows], Any]) -> squarely.WorstRows:
    worst = squarely.WorstRows(2 * ROWS, columns=["place"])
    column = Meanwhile(ROWS, lambda: in_a_thread(lambda: act(worst)))
    return worst.update(np.zeros(ROWS), np.arange(ROWS), columns={"place": column})


def test_a_chunk_that_comes_while_another_is_looked_through_has_other_rows() -> None:
    other = np.arange(ROWS) + 0.5
    worst = updated_meanwhile(lambda own: own.update(np.zeros(ROWS), other, columns={"place": range(ROWS)}))
    assert worst.rows == 2 * ROWS
    # The one that was done first has the first rows.
    rows = dict(zip(worst.table()["row"], worst.table()["y_pred"], strict=True))
    assert rows == dict(enumerate([*other, *map(float, range(ROWS))]))


def test_a_merge_while_a_chunk_is_looked_through_counts() -> None:
    other = squarely.WorstRows(2 * ROWS, columns=["place"]).update([0.0], [99.0], part="b", columns={"place": [0]})
    worst = updated_meanwhile(lambda own: own.merge(other))
    assert worst.rows == ROWS + 1
    assert worst.table()["y_pred"][0] == 99


def test_what_is_asked_while_a_chunk_is_looked_through_is_answered() -> None:
    answers = []

    def ask(own: squarely.WorstRows) -> None:
        others = (copy.copy(own), copy.deepcopy(own), pickle.loads(pickle.dumps(own)))
        answers.extend([own.rows, len(own.table()), *(one == own for one in others)])

    updated_meanwhile(ask)
    assert answers == [0, 0, True, True, True]


def test_threads_that_merge_each_other_do_not_wait_for_ever() -> None:
    some, others = squarely.WorstRows(3), squarely.WorstRows(3)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        merges = [pool.submit(a.merge, b) for a, b in [(some, others), (others, some)] * 200]
        for merge in merges:
            merge.result(timeout=60)
    assert some.merge(some).rows == 0


def test_rows_of_many_threads_are_seen_once(rng: np.random.Generator) -> None:
    chunks = [rng.standard_normal(1000) for _ in range(64)]
    worst = squarely.WorstRows(len(chunks) * 100)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda chunk: worst.update(np.zeros(len(chunk)), chunk), chunks))
    table = worst.table()
    assert worst.rows == 64_000
    assert len(set(table["row"])) == len(table) == 6400
    assert sorted(map(abs, table["y_pred"])) == np.sort(np.abs(np.concatenate(chunks)))[-6400:].tolist()
