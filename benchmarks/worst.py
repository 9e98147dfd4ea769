"""What the worst rows cost beside the scores of the same pass, and beside NumPy and DuckDB, which look for them alone.

python benchmarks/worst.py
python benchmarks/worst.py --rows 1e7 --rounds 11

One thread. Processor time; NumPy makes all squared errors and keeps their largest by np.argpartition.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
from compare import SEED

import squarely
from groups import Call, is_here, show

WORST = 20
METRICS = {"mse": "mse", "eight metrics": None}
LOSSES = ("squared_error", "absolute_percentage_error", "log_cosh_loss")


def of_scores(y: Any, p: Any, metrics: str | None) -> Iterator[tuple[str, Call]]:
    yield "scores alone", lambda: squarely.evaluate(y, p, metrics=metrics)
    for loss in LOSSES:
        yield loss, lambda by=loss: squarely.evaluate(y, p, metrics=metrics, worst=WORST, worst_by=by)
    yield "10,000 rows", lambda: squarely.evaluate(y, p, metrics=metrics, worst=10_000)


def of_peers(y: Any, p: Any) -> Iterator[tuple[str, Call]]:
    yield "squarely, with mse", lambda: squarely.evaluate(y, p, metrics="mse", worst=WORST)
    yield "np.argpartition", lambda: np.argpartition((y - p) ** 2, -WORST)[-WORST:]
    if is_here("duckdb") and is_here("pyarrow"):
        import duckdb
        import pyarrow

        connection = duckdb.connect(config={"threads": 1})
        connection.register("arrow", pyarrow.table({"row": np.arange(len(y)), "y": y, "p": p}))
        connection.execute("create table t as select * from arrow")
        query = f"select row from t order by (y - p) * (y - p) desc limit {WORST}"
        yield "DuckDB", lambda: connection.sql(query).fetchall()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=float, default=5e7)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    rows = int(options.rows)
    rng = np.random.default_rng(SEED)
    y = np.abs(rng.normal(size=rows)) + 0.1  # no truth is zero, which would be a row of its own kind by percentages
    p = y + 0.3 * rng.normal(size=rows)
    squarely.set_num_threads(1)
    print(f"{rows} rows, the {WORST} worst of them, one thread, ns a row of processor time")
    for title, metrics in METRICS.items():
        show(f"{title}, worst by", list(of_scores(y, p, metrics)), rows, options.rounds, time.process_time)
    show("of the squared error", list(of_peers(y, p)), rows, options.rounds, time.process_time)


if __name__ == "__main__":
    main()
