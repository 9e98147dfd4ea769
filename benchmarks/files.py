"""Scores of files larger than memory: rows a second, the most memory resident, and how the time is split.

Files are made on the spot, of the size that is asked for, and removed at the end. Every run is a fresh process, so its
high-water mark is its own; *base* is that mark before it. *busy* is processor seconds a second. *ours* is
the share of the processor time that is spent in `Accumulator.update`; the rest reads, unpacks and decodes. Aimed at for
Parquet are 15 % and 500 MB.

    python benchmarks/files.py                                   # 2 GB: Parquet in large and small row groups, npy
    python benchmarks/files.py --gigabytes 20 --ways parquet-1M --folder /mnt/scratch
    python benchmarks/files.py --gigabytes 0.2 --threads 1 2 --ways parquet-1M csv arrow
    python benchmarks/files.py --peers               # and others: 20 million rows of Parquet, 180 MB of CSV
"""

from __future__ import annotations

import argparse
import contextlib
import json
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import averages
import numpy as np

COLUMNS = ("y", "model_a", "model_b", "w")
SCORED = {"true": "y", "pred": ["model_a", "model_b"]}
METRICS = (
    "mean_squared_error",
    "root_mean_squared_error",
    "mean_absolute_error",
    "mean_error",
    "max_error",
    "r2_score",
)
MADE_ROWS = 1 << 20  # made and written at once
GIGABYTE = 1e9
GIGABYTES = 2.0
STATUS = Path("/proc/self/status")


# --------------------------------------------------------------------------------------------------------------- files


def made_columns(rows: int) -> Iterator[dict[str, np.ndarray[Any, Any]]]:
    """Yield noisy predictions, different in every part, a part at a time."""
    generator = np.random.default_rng(1)
    for start in range(0, rows, MADE_ROWS):
        length = min(MADE_ROWS, rows - start)
        truth = generator.standard_normal(length)
        errors = generator.standard_normal((2, length)) * 0.1
        yield dict(zip(COLUMNS, (truth, truth + errors[0], truth - errors[1], np.abs(errors[0])), strict=True))


def make_parquet(folder: Path, rows: int, group_rows: int, **options: Any) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = folder / "table.parquet"
    schema = pa.schema([(name, pa.float64()) for name in COLUMNS])
    with pq.ParquetWriter(path, schema, **options) as writer:
        for columns in made_columns(rows):
            writer.write_table(pa.table(columns, schema), row_group_size=group_rows)
    return str(path)


def make_arrow(folder: Path, rows: int) -> Any:
    import pyarrow as pa

    path = folder / "table.arrow"
    schema = pa.schema([(name, pa.float64()) for name in COLUMNS])
    with pa.ipc.new_file(path, schema) as writer:
        for columns in made_columns(rows):
            writer.write_table(pa.table(columns, schema))
    return str(path)


def make_csv(folder: Path, rows: int) -> Any:
    import pyarrow as pa
    import pyarrow.csv

    path = folder / "table.csv"
    schema = pa.schema([(name, pa.float64()) for name in COLUMNS])
    with pyarrow.csv.CSVWriter(path, schema) as writer:
        for columns in made_columns(rows):
            writer.write_table(pa.table(columns, schema))
    return str(path)


def make_npy(folder: Path, rows: int) -> Any:
    arrays = {
        name: np.lib.format.open_memmap(folder / f"{name}.npy", "w+", np.float64, (rows,)) for name in COLUMNS[:3]
    }
    start = 0
    for columns in made_columns(rows):
        length = len(columns["y"])
        for name, array in arrays.items():
            array[start : start + length] = columns[name]
        start += length
    paths = [str(folder / f"{name}.npy") for name in COLUMNS[:3]]
    return [(paths[0], dict(zip(SCORED["pred"], paths[1:], strict=True)))]


PLAIN = {"use_dictionary": False, "compression": "none"}
WAYS: dict[str, tuple[Callable[[Path, int], Any], int]] = {  # and bytes a row
    "parquet-1M": (lambda folder, rows: make_parquet(folder, rows, 1 << 20), 32),
    "parquet-64k": (lambda folder, rows: make_parquet(folder, rows, 1 << 16), 32),
    "parquet-plain": (lambda folder, rows: make_parquet(folder, rows, 1 << 20, **PLAIN), 32),
    "arrow": (make_arrow, 32),
    "csv": (make_csv, 79),
    "npy": (make_npy, 24),
}
PEERS_GIGABYTES = {"parquet-1M": 0.64, "csv": 0.18}  # of each way, where nothing else is asked for


# ------------------------------------------------------------------------------------------------ one way, one process


def largest_resident() -> int:
    """Return the high-water mark of this program. What getrusage says may be that of the one that started it."""
    if STATUS.exists():
        rows = (row for row in STATUS.read_text().splitlines() if row.startswith("VmHWM"))
        return 1024 * int(next(rows).split()[1])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


class TimedUpdates:
    """Adds up what all threads spend in `Accumulator.update`."""

    def __init__(self) -> None:
        import squarely

        self.seconds = 0.0
        self._lock = threading.Lock()
        update = squarely.Accumulator.update

        def timed(*arguments: Any, **options: Any) -> Any:
            start = time.thread_time()
            try:
                return update(*arguments, **options)
            finally:
                spent = time.thread_time() - start
                with self._lock:
                    self.seconds += spent

        squarely.Accumulator.update = timed  # type: ignore[method-assign]


def measure(paths: Any, threads: int, summation: str) -> dict[str, Any]:
    import pyarrow  # noqa: F401

    import squarely

    squarely.set_num_threads(threads)
    updates = TimedUpdates()
    pairs = [tuple(pair) for pair in paths] if isinstance(paths, list) else paths
    before = largest_resident()
    start, busy = time.perf_counter(), time.process_time()
    report = squarely.score_files(pairs, **SCORED, metrics=METRICS, threads=threads, summation=summation)
    seconds, busy = time.perf_counter() - start, time.process_time() - busy
    return {
        "rows": report.rows,
        "seconds": seconds,
        "processor_seconds": busy,
        "update_seconds": updates.seconds,
        "peak": largest_resident(),
        "peak_before": before,
        "digest": report.digest["model_a"],
    }


def measure_in_fresh_process(paths: Any, threads: int, summation: str) -> dict[str, Any]:
    task = json.dumps([paths, threads, summation])
    command = [sys.executable, __file__, "--one", task]
    found: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return found


@contextlib.contextmanager
def made(way: str, gigabytes: float, folder: Path | None) -> Iterator[Any]:
    """Make the files of a way, and remove them at the end."""
    make, row_bytes = WAYS[way]
    with tempfile.TemporaryDirectory(prefix="squarely-files-", dir=folder) as made_in:
        yield make(Path(made_in), int(gigabytes * GIGABYTE / row_bytes))


def report_peers(options: argparse.Namespace) -> list[dict[str, Any]]:
    results = []
    for way in options.ways or list(PEERS_GIGABYTES):
        with made(way, options.gigabytes or PEERS_GIGABYTES.get(way, GIGABYTES), options.folder) as path:
            results += averages.compare(way, path, options.threads or [2], options.rounds or 5)
    return results


def report(options: argparse.Namespace) -> list[dict[str, Any]]:
    ways, gigabytes = options.ways or ["parquet-1M", "parquet-64k", "npy"], options.gigabytes or GIGABYTES
    print(f"{gigabytes:g} GB each, {len(SCORED['pred'])} predictions, {len(METRICS)} metrics")
    print(
        f"{'':15}{'threads':>8}{'rows':>13}{'seconds':>9}{'Mrows/s':>9}{'busy':>6}{'ours':>7}{'peak MB':>9}{'base':>6}"
    )
    results = []
    for way in ways:
        with made(way, gigabytes, options.folder) as paths:
            for threads in (options.threads or [1, 2]) * (options.rounds or 1):
                found = measure_in_fresh_process(paths, threads, options.summation)
                ours = found["update_seconds"] / found["processor_seconds"]
                print(
                    f"{way:15}{threads:8}{found['rows']:13,}{found['seconds']:9.2f}"
                    f"{found['rows'] / found['seconds'] / 1e6:9.1f}"
                    f"{found['processor_seconds'] / found['seconds']:6.2f}{ours:7.1%}"
                    f"{found['peak'] / 1e6:9.0f}{found['peak_before'] / 1e6:6.0f}",
                    flush=True,
                )
                results.append({"way": way, "threads": threads, "ours": ours, **found})
        if len({result["digest"] for result in results if result["way"] == way}) > 1 and options.summation == "exact":
            sys.exit(f"{way}: the digest depends on the number of threads")
    return results


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gigabytes", type=float, help="2 each; with --peers 0.64 and 0.18")
    parser.add_argument(
        "--ways", nargs="+", choices=WAYS, help="parquet-1M, parquet-64k, npy; with --peers parquet-1M, csv"
    )
    parser.add_argument("--threads", nargs="+", type=int, help="1 2; with --peers 2")
    parser.add_argument("--rounds", type=int, help="1; with --peers 5")
    parser.add_argument("--peers", action="store_true", help="beside DuckDB, polars and pandas")
    parser.add_argument("--summation", default="exact", choices=("exact", "kahan", "pairwise"))
    parser.add_argument("--folder", type=Path, help="where the files are made; by default that of temporary files")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--one", type=json.loads, help=argparse.SUPPRESS)  # a fresh process's paths, threads, summation
    return parser.parse_args()


def main() -> None:
    options = arguments()
    if options.one:
        print(json.dumps(measure(*options.one)))
        return
    results = report_peers(options) if options.peers else report(options)
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
