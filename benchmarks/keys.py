"""What numbering the keys of groups costs, beside pandas.factorize and pyarrow's dictionary_encode in the same run.

python benchmarks/keys.py
python benchmarks/keys.py --rows 1e6 --groups 10 1000 --rounds 11
"""

from __future__ import annotations

import argparse
import importlib.util
import random
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from compare import SEED

from squarely.groups.keys import GroupKeys

Call = Callable[[], Any]
Numbers = npt.NDArray[np.int64]

ROWS_OF_A_CHUNK = 1 << 16


def ours(pieces: list[Any]) -> Call:
    """Return what reads chunk after chunk, as a stream does."""

    def call() -> int:
        keys = GroupKeys()
        for piece in pieces:
            keys.codes(piece, None)
        return len(keys)

    return call


def chunks(values: Any) -> list[Any]:
    return [values[start : start + ROWS_OF_A_CHUNK] for start in range(0, len(values), ROWS_OF_A_CHUNK)]


def of_integers(numbers: Numbers) -> Iterator[tuple[str, Call]]:
    yield "squarely", ours(chunks(numbers))
    if is_here("pandas"):
        import pandas

        yield "pandas.factorize", lambda: len(pandas.factorize(numbers)[1])
    if is_here("pyarrow"):
        import pyarrow

        array = pyarrow.array(numbers)
        yield "pyarrow dictionary_encode", lambda: len(array.dictionary_encode().dictionary)


def of_texts(ids: Numbers, groups: int) -> Iterator[tuple[str, Call]]:
    names = np.array([f"k{number:014}" for number in range(groups)])
    if is_here("pyarrow"):
        import pyarrow

        array = pyarrow.array(names).take(pyarrow.array(ids))
        yield "squarely, Arrow", ours(chunks(array))
        yield "pyarrow dictionary_encode", lambda: len(array.dictionary_encode().dictionary)
    yield "squarely, NumPy", ours(chunks(names[ids]))
    objects = names.astype(object)[ids]
    yield "squarely, objects", ours(chunks(objects))
    if is_here("pandas"):
        import pandas

        yield "pandas.factorize, objects", lambda: len(pandas.factorize(objects)[1])


def of_pairs(ids: Numbers, groups: int) -> Iterator[tuple[str, Call]]:
    first, second = ids // 10, ids % 10
    yield "squarely", ours([{"a": a, "b": b} for a, b in zip(chunks(first), chunks(second), strict=True)])
    if is_here("pandas"):
        import pandas

        frame = pandas.DataFrame({"a": first, "b": second})
        yield "pandas ngroup", lambda: frame.groupby(["a", "b"], sort=False).ngroup().max() + 1


def of_categories(ids: Numbers, groups: int) -> Iterator[tuple[str, Call]]:
    if is_here("pandas"):
        import pandas

        names = [f"k{number:014}" for number in range(groups)]
        yield "squarely, pandas.Categorical", ours(chunks(pandas.Categorical.from_codes(ids.astype(np.int32), names)))


def is_here(library: str) -> bool:
    return importlib.util.find_spec(library) is not None


def cases(rows: int, groups: int) -> Iterator[tuple[str, list[tuple[str, Call]]]]:
    rng = np.random.default_rng(SEED)
    ids = rng.integers(0, groups, rows)
    anywhere = rng.integers(-(2**62), 2**62, groups)
    yield "integers of a small range", list(of_integers(ids))
    yield "integers anywhere", list(of_integers(anywhere[ids]))
    yield "text of 15 bytes", list(of_texts(ids, groups))
    yield "two columns of integers", list(of_pairs(ids, groups))
    yield "categories", list(of_categories(ids, groups))


def race(calls: list[tuple[str, Call]], rounds: int) -> dict[str, list[float]]:
    """Return the processor's seconds of every call in every round, each round in a shuffled order."""
    seconds: dict[str, list[float]] = {name: [] for name, _ in calls}
    order = random.Random(SEED)
    for _ in range(rounds):
        for name, call in order.sample(calls, len(calls)):
            start = time.process_time()
            call()
            seconds[name].append(time.process_time() - start)
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=float, default=1e7)
    parser.add_argument("--groups", type=float, nargs="+", default=[1e3, 1e5, 1e6])
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    rows = int(options.rows)
    print(
        f"{rows} rows; squarely in chunks of {ROWS_OF_A_CHUNK}, the others in one call. Processor time a key, medians"
    )
    for groups in map(int, options.groups):
        for what, calls in cases(rows, groups):
            seconds = race(calls, options.rounds)
            found = {call() for _, call in calls}
            assert len(found) <= 1, f"they found different numbers of groups: {found}"
            first = next(iter(seconds.values()), [])
            for name, own in seconds.items():
                ratio = statistics.median(one / our for one, our in zip(own, first, strict=True))
                a_key = statistics.median(own) / rows * 1e9
                print(f"{groups:9} {what:26} {name:30} {a_key:7.2f} ns{ratio:7.2f} to the first", flush=True)


if __name__ == "__main__":
    main()
