"""Dask with one and with two worker processes over the same arrays, and what the tree of merges costs.

    python benchmarks/engines.py
    python benchmarks/engines.py --rows 8e8 --sources mapped --rounds 5

Blocks are made by the workers (random numbers, which takes longer than scoring them), or lie on disk, in the page cache
after the first round, and are mapped. Each worker has one thread. Rounds alternate between two clusters side by side;
reported are medians. Other work on the machine makes the ratio too small: the load is printed with it.
"""

from __future__ import annotations

import argparse
import logging
import os
import pickle
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import dask
import dask.array as da
import numpy as np
from distributed import Client, LocalCluster

import squarely as sq
import squarely.dask
from squarely.dask.states import merged, tree_of
from squarely.named_metrics import EVERYDAY


def seconds(function: Callable[[], object]) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def median_of(function: Callable[[], object], rounds: int) -> float:
    return statistics.median(seconds(function) for _ in range(rounds))


def write_arrays(folder: Path, rows: int) -> None:
    """Write truth and predictions, a million rows at a time."""
    rng = np.random.default_rng(0)
    for name in ("truth", "prediction"):
        array = np.lib.format.open_memmap(folder / f"{name}.npy", mode="w+", dtype=np.float64, shape=(rows,))
        for start in range(0, rows, 1_000_000):
            part = array[start : start + 1_000_000]
            part[:] = rng.standard_normal(len(part))


def read(path: str, start: int, stop: int) -> Any:
    return np.load(path, mmap_mode="r")[start:stop]


def lazy(path: Path, rows: int, chunk: int) -> Any:
    """Return an array whose blocks are mapped by the worker that scores them."""
    parts = [(start, min(start + chunk, rows)) for start in range(0, rows, chunk)]
    blocks = [
        da.from_delayed(dask.delayed(read, pure=True)(str(path), *part), (part[1] - part[0],), dtype=np.float64)
        for part in parts
    ]
    return da.concatenate(blocks)


def arrays_of(source: str, folder: Path, rows: int, chunk: int) -> tuple[Any, Any]:
    if source == "made":
        random = da.random.default_rng(0)
        y_true = random.standard_normal(rows, chunks=chunk)
        return y_true, y_true + random.standard_normal(rows, chunks=chunk)
    y_true, y_pred = (lazy(folder / f"{name}.npy", rows, chunk) for name in ("truth", "prediction"))
    return y_true, y_pred


def compare_workers(source: str, folder: Path, options: argparse.Namespace, metrics: Sequence[str]) -> None:
    """Time one worker and two in turn, after a round of each that is not counted."""
    clusters = [LocalCluster(n_workers=n, threads_per_worker=1, dashboard_address=":0") for n in (1, 2)]
    clients = [Client(cluster, set_as_default=False) for cluster in clusters]
    graph = squarely.dask.accumulate(
        *arrays_of(source, folder, options.rows, options.chunk), metrics=metrics, compute=False
    )
    times: list[list[float]] = [[], []]
    digests = set()
    try:
        for number in range(options.rounds + 1):
            for client, samples in zip(clients, times, strict=True):
                start = time.perf_counter()
                digests.add(client.compute(graph).result().digest())
                if number:
                    samples.append(time.perf_counter() - start)
    finally:
        for client, cluster in zip(clients, clusters, strict=True):
            client.close()
            cluster.close()
    one, two = (statistics.median(samples) for samples in times)
    ratio = statistics.median(first / second for first, second in zip(*times, strict=True))
    equal = "yes" if len(digests) == 1 else "NO"
    load = os.getloadavg()[0]
    print(f"{source:>7} {len(metrics):>8} {one:>10.2f} {two:>11.2f} {ratio:>9.2f} {equal:>14} {load:>6.1f}", flush=True)


def merge_costs(counts: Sequence[int], rounds: int) -> None:
    """Time states made, carried and merged, without Dask and by a tree in Dask's threads."""
    print(f"\n{'states':>7} {'pickle, ms':>11} {'unpickle, ms':>13} {'sum, ms':>9} {'tree in Dask, ms':>17}")
    rng = np.random.default_rng(0)
    for count in counts:
        parts = [sq.Accumulator().update(*rng.standard_normal((2, 100))) for _ in range(count)]
        pickled = [pickle.dumps(part) for part in parts]
        tree = tree_of([dask.delayed([part], traverse=False, pure=False) for part in parts])
        timed = (
            median_of(lambda parts=parts: [pickle.dumps(part) for part in parts], rounds),
            median_of(lambda pickled=pickled: [pickle.loads(one) for one in pickled], rounds),
            median_of(lambda parts=parts: merged([[part] for part in parts]), rounds),
            median_of(lambda tree=tree: tree.compute(scheduler="threads"), rounds),
        )
        ms = [1e3 * value for value in timed]
        print(f"{count:>7} {ms[0]:>11.1f} {ms[1]:>13.1f} {ms[2]:>9.1f} {ms[3]:>17.1f}")


def whole_number(text: str) -> int:
    return int(float(text))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=whole_number, default=200_000_000)
    parser.add_argument("--chunk", type=whole_number, default=4_000_000, help="rows of a block")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sources", nargs="+", choices=("made", "mapped"), default=["made", "mapped"])
    parser.add_argument("--states", type=whole_number, nargs="+", default=[100, 1000, 10_000])
    parser.add_argument("--folder", help="where arrays are written, 16 bytes a row; a temporary folder by default")
    options = parser.parse_args()
    dask.config.set({"logging.distributed": "critical"})
    logging.getLogger("distributed").setLevel("CRITICAL")
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        if "mapped" in options.sources:
            write_arrays(Path(folder), options.rows)
        print(f"{options.rows:,} rows of float64 in blocks of {options.chunk:,}, {os.cpu_count()} cores")
        heads = f"{'blocks':>7} {'metrics':>8} {'1 worker':>10} {'2 workers':>11} {'to 1':>9}"
        print(f"{heads} {'equal digests':>14} {'load':>6}")
        for source in options.sources:
            for metrics in (("mean_squared_error",), EVERYDAY):
                compare_workers(source, Path(folder), options, metrics)
    merge_costs(options.states, options.rounds)


if __name__ == "__main__":
    main()
