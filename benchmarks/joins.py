"""What a join by ids costs, beside DuckDB's own join of the same Parquet files with the inexact mean of squares.

python benchmarks/joins.py
python benchmarks/joins.py --rows 1e6 --rounds 11 --threads 2

Processor time of all threads. DuckDB's own is an inner join, which does not see ids that occur twice or lack a partner.
"""

from __future__ import annotations

import argparse
import pathlib
import tempfile
import time
from collections.abc import Iterator
from functools import partial

import duckdb
import numpy as np
import pyarrow
import pyarrow.parquet
from compare import SEED

from groups import Call, show
from squarely.files import score_files

GROUPS = 1000


def written(folder: pathlib.Path, rows: int) -> tuple[pathlib.Path, pathlib.Path]:
    """Return the paths of truth and predictions, each in an order of its own."""
    rng = np.random.default_rng(SEED)
    y = rng.normal(size=rows)
    p = y + 0.3 * rng.normal(size=rows)
    truth, prediction = folder / "truth.parquet", folder / "prediction.parquet"
    ids = rng.permutation(rows)
    table = {"id": ids, "y": y[ids], "store": rng.integers(0, GROUPS, rows)}
    pyarrow.parquet.write_table(pyarrow.table(table), truth)
    ids = rng.permutation(rows)
    pyarrow.parquet.write_table(pyarrow.table({"id": ids, "p": p[ids]}), prediction)
    return truth, prediction


def of_all(truth: pathlib.Path, prediction: pathlib.Path, threads: int) -> Iterator[tuple[str, Call]]:
    yield "DuckDB", lambda: averages(truth, prediction, threads, "", "")
    yield "squarely", partial(joined, truth, prediction, threads)


def of_groups(truth: pathlib.Path, prediction: pathlib.Path, threads: int) -> Iterator[tuple[str, Call]]:
    yield "DuckDB", lambda: averages(truth, prediction, threads, "store, ", " group by store")
    yield "squarely", partial(joined, truth, prediction, threads, by="store")


def joined(truth: pathlib.Path, prediction: pathlib.Path, threads: int, by: str | None = None) -> object:
    names = {"on": "id", "true": "y", "pred": "p", "metrics": "mse"}
    return score_files(truth=truth, prediction=prediction, threads=threads, by=by, **names)


def averages(truth: pathlib.Path, prediction: pathlib.Path, threads: int, keys: str, grouped: str) -> object:
    query = f"select {keys}avg((y - p) * (y - p)) from '{truth}' join '{prediction}' using (id){grouped}"
    with duckdb.connect(config={"threads": threads}) as connection:
        return connection.sql(query).fetchall()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=float, default=1e7)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    rows = int(options.rows)
    with tempfile.TemporaryDirectory() as folder:
        paths = written(pathlib.Path(folder), rows)
        for title, calls in (("all rows", of_all), (f"{GROUPS} groups", of_groups)):
            show(title, list(calls(*paths, options.threads)), rows, options.rounds, time.process_time)


if __name__ == "__main__":
    main()
