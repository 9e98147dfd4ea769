"""Time squarely on data that leaves its windows, beside itself on normal data, in one run.

Calls need no more than the nearest double; states are exact.

python benchmarks/hard.py                  # arrays that memory has to be asked for
python benchmarks/hard.py --pairs 4e4      # in L2
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

import squarely as sq

Pairs = npt.NDArray[Any]
Generator = np.random.Generator
Score = Callable[[Any, Any], Any]

METRICS = ("mse", "mae", "r2")
SEARCHED = 40  # mixtures that are tried for the worst


def normal(rng: Generator, pairs: int) -> Pairs:
    return rng.standard_normal((2, pairs))


def with_outliers(rng: Generator, pairs: int) -> Pairs:
    data = normal(rng, pairs)
    data[1][rng.random(pairs) < 0.01] *= 1e12
    return data


def sorted_decades(rng: Generator, pairs: int) -> Pairs:
    return normal(rng, pairs) * 10.0 ** np.linspace(-10, 10, pairs)


def all_binades(rng: Generator, pairs: int) -> Pairs:
    # One bit of the exponent cleared: no NaN, and no infinity.
    return (rng.integers(0, 2**64, (2, pairs), np.uint64) & ~np.uint64(1 << 62)).view(np.float64)


def with_nan(rng: Generator, pairs: int) -> Pairs:
    data = normal(rng, pairs)
    data[0][rng.random(pairs) < 0.1] = np.nan
    return data


def mixture(rng: Generator, pairs: int) -> Pairs:
    """Return numbers of a few scales, each with a share of its own, at random or in stretches."""
    scales = 10.0 ** rng.uniform(-40, 40, rng.integers(2, 6))
    chosen = rng.choice(scales, pairs, p=rng.dirichlet(np.full(len(scales), 0.5)))
    if rng.random() < 0.3:
        chosen = np.repeat(chosen[:: 64 * 8], 64 * 8)[:pairs]
    return normal(rng, pairs) * chosen


DATA: dict[str, Callable[[Generator, int], Pairs]] = {
    "normal": normal,
    "rain": lambda rng, pairs: np.where(rng.random((2, pairs)) < 0.8, 0.0, rng.gamma(0.5, size=(2, pairs))),
    "Cauchy": lambda rng, pairs: rng.standard_cauchy((2, pairs)),
    "Pareto(1.2)": lambda rng, pairs: rng.pareto(1.2, (2, pairs)),
    "lognormal(3)": lambda rng, pairs: rng.lognormal(0, 3, (2, pairs)),
    "1 % at 1e12": with_outliers,
    "sorted decades": sorted_decades,
    "10 % NaN": with_nan,
    "1e200": lambda rng, pairs: 1e200 * normal(rng, pairs),
    "1e-200": lambda rng, pairs: 1e-200 * normal(rng, pairs),
    "sixty decades": lambda rng, pairs: normal(rng, pairs) * 10.0 ** rng.uniform(-30, 30, (2, pairs)),
    "all binades": all_binades,
    "subnormal": lambda rng, pairs: 1e-310 * normal(rng, pairs),
}


def call_of(metric: str) -> Score:
    function = {"mse": sq.mean_squared_error, "mae": sq.mean_absolute_error, "r2": sq.r2_score}[metric]
    return lambda y_true, y_pred: function(y_true, y_pred, nan_policy="omit")


def state_of(metric: str) -> Score:
    return lambda y_true, y_pred: sq.Accumulator(metrics=[metric], nan_policy="omit").update(y_true, y_pred).compute()


WAYS: dict[str, Callable[[str], Score]] = {"calls": call_of, "states": state_of}


def nanoseconds(score: Score, data: Pairs) -> float:
    begun = time.process_time()
    for _ in range(max(1, 400_000 // data.shape[1])):
        score(*data)
    return (time.process_time() - begun) * 1e9 / (max(1, 400_000 // data.shape[1]) * data.shape[1])


def worst_found(rng: Generator, pairs: int) -> Pairs:
    tried = [mixture(np.random.default_rng(seed), min(pairs, 200_000)) for seed in rng.integers(0, 2**31, SEARCHED)]
    worst = max(tried, key=lambda data: sum(nanoseconds(state_of(metric), data) for metric in METRICS))
    return np.tile(worst, -(-pairs // worst.shape[1]))[:, :pairs]


def rows(pairs: int, dtype: str) -> Iterator[tuple[str, Pairs]]:
    rng = np.random.default_rng(20)
    for name, make in DATA.items():
        with np.errstate(over="ignore", under="ignore"):
            data = make(rng, pairs).astype(dtype)
        if np.isfinite(data).all() or name == "10 % NaN":  # float32 has no numbers of some of these sizes
            yield name, data
    if dtype == "float64":
        yield f"worst of {SEARCHED} mixtures", worst_found(rng, pairs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=float, default=4e6)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--target", default=sq.targets()[-1])
    options = parser.parse_args()
    sq.set_target(options.target)
    sq.set_num_threads(1)
    for dtype in ("float64", "float32"):
        all_data = dict(rows(int(options.pairs), dtype))
        for way in WAYS:
            print(
                f"{way}, {dtype}, {options.target}, {int(options.pairs):,} pairs, one thread: ns a pair, to normal data"
            )
            compare({metric: WAYS[way](metric) for metric in METRICS}, all_data, options.rounds)


def compare(scores: dict[str, Score], all_data: dict[str, Pairs], rounds: int) -> None:
    times: dict[tuple[str, str], list[float]] = {}
    for _ in range(rounds):
        for name, data in all_data.items():
            for metric, score in scores.items():
                times.setdefault((name, metric), []).append(nanoseconds(score, data))
    for name in all_data:
        cells = []
        for metric in scores:
            own, usual = times[name, metric], times["normal", metric]
            ratio = statistics.median(a / b for a, b in zip(own, usual, strict=True))
            cells.append(f"{metric} {statistics.median(own):6.2f} {ratio:5.2f} x")
        print(f"{name:24}  " + "   ".join(cells))


if __name__ == "__main__":
    main()
