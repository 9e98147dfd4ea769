"""Time squarely on data that leaves its windows, beside itself on normal data, in one run.

Calls need no more than the nearest double; states are exact.

python benchmarks/hard.py                  # arrays that memory has to be asked for
python benchmarks/hard.py --pairs 4e4      # in L2
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Iterator

import numpy as np
from suite.hard_data import DATA, METRICS, WAYS, Generator, Pairs, Score, normal, state_of

import squarely as sq

SEARCHED = 40  # mixtures that are tried for the worst


def mixture(rng: Generator, pairs: int) -> Pairs:
    """Return numbers of a few scales, each with a share of its own, at random or in stretches."""
    scales = 10.0 ** rng.uniform(-40, 40, rng.integers(2, 6))
    chosen = rng.choice(scales, pairs, p=rng.dirichlet(np.full(len(scales), 0.5)))
    if rng.random() < 0.3:
        chosen = np.repeat(chosen[:: 64 * 8], 64 * 8)[:pairs]
    return normal(rng, pairs) * chosen


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
