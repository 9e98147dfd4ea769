"""Time the whole family of metrics beside a plain read of the data and beside scikit-learn, in one run.

    python benchmarks/family.py --rows 5e7 --rounds 7
    python benchmarks/family.py --rows 5e7 --targets all --no-peers
    python benchmarks/family.py --rows 16384 --targets all --no-peers --summations exact kahan pairwise

Every round times everyone once, in an order shuffled by a fixed seed, after one that does not count; reported are
medians, also of the ratios within a round. The read of three arrays, the weights among them, is one and a half times
that of two. Errors are against long doubles.
"""

from __future__ import annotations

import argparse
import functools
import random
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from compare import CHUNK, SEED, Setting, chosen_targets, count, plain_kernels

import squarely as sq
from squarely.named_metrics import EVERYDAY

Results = Mapping[str, float]

SEVEN = tuple(name for name in EVERYDAY if name != "mean_absolute_percentage_error")


def evaluated(
    y_true: np.ndarray, y_pred: np.ndarray, metrics: tuple[str, ...], weights: object = None, summation: str = "exact"
) -> Results:
    return sq.evaluate(y_true, y_pred, metrics=metrics, sample_weight=weights, summation=summation).to_dict()


ROUNDED = ("kahan", "pairwise")
OF_SUMMATIONS = ("mse", "mse, weighted", "mae", "r2")
NUMBERS_IN_SAMPLE = 4_000_000  # short arrays are called more often


def rounding(
    y_true: np.ndarray, y_pred: np.ndarray, weights: np.ndarray, summation: str
) -> dict[str, Callable[[], Results]]:
    lines = ours(y_true, y_pred, weights)
    return {
        f"{name}, {summation}": functools.partial(lines[name], summation=summation)  # type: ignore[call-arg]
        for name in OF_SUMMATIONS
    }


def ours(y_true: np.ndarray, y_pred: np.ndarray, weights: np.ndarray) -> dict[str, Callable[[], Results]]:
    def of(*metrics: str, weights: object = None) -> Callable[[], Results]:
        return functools.partial(evaluated, y_true, y_pred, metrics, weights)

    return {
        "mse": of("mean_squared_error"),
        "mse, weighted": of("mean_squared_error", weights=weights),
        "mae": of("mean_absolute_error"),
        "r2": of("r2_score"),
        "seven without mape": of(*SEVEN),
        "eight everyday": of(*EVERYDAY),
        "msle": of("mean_squared_log_error"),
        "poisson deviance": of("mean_poisson_deviance"),
        "gamma deviance": of("mean_gamma_deviance"),
        "huber": of("mean_huber_loss"),
        "pearson": of("pearson_correlation"),
        "median": of("median_absolute_error"),
    }


def theirs(y_true: np.ndarray, y_pred: np.ndarray, weights: np.ndarray) -> dict[str, Callable[[], Results]]:
    from sklearn import metrics

    def of(*names: str, **options: object) -> Callable[[], Results]:
        return lambda: {name: float(getattr(metrics, name)(y_true, y_pred, **options)) for name in names}

    def eight() -> Results:
        scored = of(*(name for name in EVERYDAY if name != "mean_error"))()
        return {**scored, "mean_error": float(np.mean(y_pred - y_true))}

    return {
        "mse": of("mean_squared_error"),
        "mse, weighted": of("mean_squared_error", sample_weight=weights),
        "eight everyday": eight,
        "msle": of("mean_squared_log_error"),
        "poisson deviance": of("mean_poisson_deviance"),
        "median": of("median_absolute_error"),
    }


def parts(*arrays: np.ndarray) -> Iterator[list[np.ndarray]]:
    for first in range(0, len(arrays[0]), CHUNK):
        yield [array[first : first + CHUNK].astype(np.longdouble) for array in arrays]


def truth(y_true: np.ndarray, y_pred: np.ndarray, weights: np.ndarray) -> dict[str, np.longdouble]:
    """Return what the metrics are, by their formulas in long doubles: by the names of lines where these differ."""
    rows = np.longdouble(len(y_true))
    means = [sum(part.sum() for (part,) in parts(side)) / rows for side in (y_true, y_pred)]
    sums: dict[str, np.longdouble] = {}
    for y, p, w in parts(y_true, y_pred, weights):
        e, a, y0, p0 = p - y, abs(p - y), y - means[0], p - means[1]
        logs = np.log(y / p)
        terms = {
            "mean_squared_error": e * e,
            "mse, weighted": w * e * e,
            "weight": w,
            "mean_absolute_error": a,
            "mean_error": e,
            "mean_absolute_percentage_error": a / abs(y),
            "mean_squared_log_error": (np.log1p(y) - np.log1p(p)) ** 2,
            "mean_poisson_deviance": 2 * (y * logs - y + p),
            "mean_gamma_deviance": 2 * (y / p - 1 - logs),
            "mean_huber_loss": np.where(a <= 1, e * e / 2, a - np.longdouble(0.5)),
            "yy": y0 * y0,
            "pp": p0 * p0,
            "yp": y0 * p0,
        }
        for name, term in terms.items():
            sums[name] = sums.get(name, np.longdouble(0)) + term.sum()
    found = {name: total / rows for name, total in sums.items()}
    error, square = found["mean_error"], found["mean_squared_error"]
    return {
        **found,
        "mse, weighted": sums["mse, weighted"] / sums["weight"],
        "root_mean_squared_error": np.sqrt(square),
        "r2_score": 1 - square / found["yy"],
        "explained_variance_score": 1 - (square - error * error) / found["yy"],
        "pearson_correlation": found["yp"] / np.sqrt(found["yy"] * found["pp"]),
        "max_error": np.longdouble(np.max(abs(y_pred - y_true))),
        "median_absolute_error": np.longdouble(np.median(abs(y_pred - y_true))),
    }


def largest_error(line: str, results: Results, true: Mapping[str, np.longdouble]) -> float:
    pairs = [(value, true.get(line, true.get(name))) for name, value in results.items()]
    return max(float(abs((value - own) / own)) for value, own in pairs if own is not None)


def repeated(function: Callable[[], Results], calls: int) -> Results:
    for _ in range(calls - 1):
        function()
    return function()


def seconds(function: Callable[[], object], clock: Callable[[], float]) -> float:
    start = clock()
    function()
    return clock() - start


def positive(rows: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Truth above zero, for logarithms, with errors of a few percent; made in pieces, to leave room for the peers."""
    rng = np.random.default_rng(SEED)
    y_true, y_pred, weights = (np.empty(rows) for _ in range(3))
    for first in range(0, rows, 1_000_000):
        part = slice(first, min(first + 1_000_000, rows))
        size = part.stop - part.start
        y_true[part] = rng.gamma(2.0, 2.0, size) + 0.01
        y_pred[part] = y_true[part] * rng.uniform(0.8, 1.2, size)
        weights[part] = rng.random(size)
    return y_true, y_pred, weights


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--rows", type=count, default=count("5e7"))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--targets", nargs="+", default=["best"])
    parser.add_argument("--summations", nargs="+", choices=("exact", *ROUNDED), default=["exact"])
    parser.add_argument("--no-peers", action="store_true")
    options = parser.parse_args()
    y_true, y_pred, weights = positive(options.rows)
    targets = chosen_targets(options.targets)
    setting = Setting(y_true, y_pred, options.threads, targets)
    sq.set_num_threads(options.threads)
    clock = time.process_time if options.threads == 1 else time.perf_counter  # what others run is not ours
    calls = max(1, NUMBERS_IN_SAMPLE // options.rows)
    contestants: list[tuple[str, str, Callable[[], Any]]] = []
    for name, symbol in (("read", "plain_read"), ("plain", "plain_squared_error")):
        for kernel in plain_kernels(name, symbol, setting):
            contestants.append((name, kernel.target, functools.partial(kernel.run, calls)))
    for target in targets:
        for summation in options.summations:
            lines = ours(y_true, y_pred, weights)
            if summation != "exact":
                lines = rounding(y_true, y_pred, weights, summation)
            contestants += [(name, target, functools.partial(repeated, run, calls)) for name, run in lines.items()]
    if not options.no_peers:
        contestants += [
            (name, "scikit-learn", functools.partial(repeated, run, calls))
            for name, run in theirs(y_true, y_pred, weights).items()
        ]
    times: dict[tuple[str, str], list[float]] = {(name, target): [] for name, target, _ in contestants}
    true = truth(y_true, y_pred, weights)
    errors: dict[tuple[str, str], float] = {}
    for name, target, run in contestants:  # the round that does not count
        if target in targets:
            sq.set_target(target)
        results = run()
        if isinstance(results, dict):
            errors[name, target] = largest_error(
                name.rpartition(", ")[0] if name.endswith(ROUNDED) else name, results, true
            )
    order = random.Random(SEED)
    for _ in range(options.rounds):
        order.shuffle(contestants)
        for name, target, run in contestants:
            if target in targets:
                sq.set_target(target)
            times[name, target].append(seconds(run, clock) / calls)
    print(f"{options.rows:,} pairs, {options.threads} thread(s), {options.rounds} rounds")
    print(f"{'':24}{'':14}{'ns/pair':>9}{'to read':>9}{'to plain':>9}{'spread':>8}{'error':>9}")
    for (name, target), own in sorted(times.items(), key=lambda item: (item[0][1], statistics.median(item[1]))):
        ratios, to_plain = (
            [one / other for one, other in zip(own, times.get((limit, target), times[limit, targets[0]]), strict=True)]
            for limit in ("read", "plain")
        )
        spread = (max(ratios) - min(ratios)) / statistics.median(ratios)
        error = f"{errors[name, target]:.1e}" if (name, target) in errors else "-"
        nanoseconds = statistics.median(own) / options.rows * 1e9
        print(
            f"{name:24}{target:14}{nanoseconds:9.2f}{statistics.median(ratios):9.2f}"
            f"{statistics.median(to_plain):9.2f}{spread:8.0%}{error:>9}"
        )


if __name__ == "__main__":
    main()
