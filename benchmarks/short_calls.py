"""What calls of a hundred pairs cost, as ratios to `np.mean((y_pred - y_true) ** 2)` in the same run.

python benchmarks/short_calls.py
python benchmarks/short_calls.py --pairs 10 --rounds 101
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from compare import SEED

import squarely as sq

Call = Callable[[], Any]

# Long beside the clock's own 50 ns, short beside what else the machine does.
CALLS_A_SAMPLE = 50


def metrics(y_true: Any, y_pred: Any) -> Iterator[tuple[str, Call]]:
    for name in sq.metric_names("sums"):
        yield name, lambda score=getattr(sq, name): score(y_true, y_pred)
    tweedie = sq.mean_tweedie_deviance, sq.d2_tweedie_score
    for score in tweedie:
        yield f"{score.__name__}(power=1.5)", lambda score=score: score(y_true, y_pred, power=1.5)


def options(y_true: Any, y_pred: Any) -> Iterator[tuple[str, Call]]:
    mse, mask = sq.mean_squared_error, y_true > 0.5
    two = np.column_stack([y_true, y_pred]), np.column_stack([y_pred, y_true])
    narrow = y_true.astype(np.float32), y_pred.astype(np.float32)
    strided = np.repeat(y_true, 2)[::2], np.repeat(y_pred, 2)[::2]
    yield "mse, sample_weight", lambda: mse(y_true, y_pred, sample_weight=y_true)
    yield "mse, where", lambda: mse(y_true, y_pred, where=mask)
    yield "mse, nan_policy='omit'", lambda: mse(y_true, y_pred, nan_policy="omit")
    yield "mse, two outputs", lambda: mse(*two)
    yield "mse, raw values", lambda: mse(*two, multioutput="raw_values")
    yield "mse, summation='kahan'", lambda: mse(y_true, y_pred, summation="kahan")
    yield "mse, float32", lambda: mse(*narrow)
    yield "mse, strided", lambda: mse(*strided)
    yield "evaluate, 8 metrics", lambda: sq.evaluate(y_true, y_pred)


def containers(y_true: Any, y_pred: Any) -> Iterator[tuple[str, Call]]:
    lists = y_true.tolist(), y_pred.tolist()
    yield "mse, lists", lambda: sq.mean_squared_error(*lists)
    for library, made in (("pandas", "Series"), ("polars", "Series"), ("pyarrow", "array"), ("torch", "tensor")):
        try:
            make = getattr(__import__(library), made)
        except ImportError:
            print(f"{library} is not installed: left out")
            continue
        yield f"mse, {library}", lambda pair=(make(y_true), make(y_pred)): sq.mean_squared_error(*pair)


def streams(y_true: Any, y_pred: Any) -> Iterator[tuple[str, Call]]:
    row, one = (1.0, 2.0), ([1.0], [2.0])
    for asked, said in (({"metrics": "mse"}, "mse"), ({}, "8 metrics")):
        accumulator = sq.Accumulator(**asked).update(y_true, y_pred)
        rolling = sq.RollingAccumulator(window=1000, **asked)
        rolling.update(np.resize(y_true, 2000), np.resize(y_pred, 2000))
        yield f"a row, Accumulator, {said}", lambda update=accumulator.update: update(*row)
        yield f"a row of lists, Accumulator, {said}", lambda update=accumulator.update: update(*one)
        yield f"a row, RollingAccumulator, {said}", lambda update=rolling.update: update(*row)
    three = sq.Accumulator(("mse", "mae", "r2")).update(y_true, y_pred)
    yield "compute of 3 metrics", three.compute


def seconds(call: Call) -> float:
    start = time.perf_counter()
    for _ in range(CALLS_A_SAMPLE):
        call()
    return (time.perf_counter() - start) / CALLS_A_SAMPLE


def race(calls: list[tuple[str, Call]], yardstick: Call, rounds: int) -> dict[str, list[float]]:
    """Return the ratios of every call to the yardstick, timed just before it."""
    ratios: dict[str, list[float]] = {name: [] for name, _ in calls}
    order = random.Random(SEED)
    for _ in range(rounds):
        for name, call in order.sample(calls, len(calls)):
            call()
            before = seconds(yardstick)
            ratios[name].append(seconds(call) / before)
    return ratios


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=51)
    arguments = parser.parse_args()
    rng = np.random.default_rng(SEED)
    y_true, y_pred = rng.random(arguments.pairs), rng.random(arguments.pairs)
    calls = [call for part in (metrics, options, containers, streams) for call in part(y_true, y_pred)]
    yardstick = lambda: np.mean((y_pred - y_true) ** 2)  # noqa: E731
    ratios = race(calls, yardstick, arguments.rounds)
    print(f"np.mean((y_pred - y_true) ** 2): {1e6 * statistics.median(seconds(yardstick) for _ in range(101)):.2f} µs")
    for name, found in ratios.items():
        print(f"{statistics.median(found):7.3f} {name}")


if __name__ == "__main__":
    main()
