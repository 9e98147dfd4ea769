"""Time squarely on every element type, layout and policy, beside a plain read of the same bytes, in one run.

python benchmarks/layouts.py
python benchmarks/layouts.py --bytes 1e8 --rounds 5
"""

from __future__ import annotations

import argparse
import functools
import importlib.util
import statistics
from collections.abc import Callable, Iterator
from typing import Any

import ml_dtypes  # noqa: F401  # names bfloat16 for NumPy
import numpy as np
from compare import SEED, Array, Contestant, Setting, count, plain_kernels, race

import squarely as sq

Metric = Callable[..., Any]

DTYPES = (
    "float64",
    "float32",
    "int64",
    "uint64",
    "int32",
    "uint32",
    "float16",
    "bfloat16",
    "int16",
    "uint16",
    "int8",
    "uint8",
)
OUTPUTS = (2, 3, 8, 16, 100, 1000)
INTERLEAVED = ("float64", "float32", "int32", "int16", "uint8")


def numbers(dtype: str, size: int, rng: np.random.Generator) -> tuple[Array, Array]:
    kind = np.dtype(dtype)
    if kind.kind not in "iu":
        y_true = rng.standard_normal(size, np.float32).astype(kind)
        return y_true, (y_true + 0.1 * rng.standard_normal(size, np.float32)).astype(kind)
    y_true = rng.integers(0, 100, size, np.int8).astype(kind)
    return y_true, y_true[::-1].copy()


def reader(y_true: Array, y_pred: Array) -> Contestant:
    """Read the same bytes, as float32: no pattern of them is slow to add."""
    size = y_true.nbytes // 4
    views = y_true.reshape(-1).view(np.float32)[:size], y_pred.reshape(-1).view(np.float32)[:size]
    return plain_kernels("read", "plain_read", Setting(*views, 1, (sq.targets()[-1],)))[0]


def opencv(y_true: Array, y_pred: Array) -> Iterator[Contestant]:
    if y_true.dtype.itemsize > 2 or y_true.dtype.name not in ("uint8", "int16", "uint16"):
        return
    if importlib.util.find_spec("cv2") is None:
        print("OpenCV is not installed: left out")
        return
    import cv2

    cv2.setNumThreads(1)
    norm: Callable[[Any, Any], Any] = lambda a, b: cv2.norm(a, b, cv2.NORM_L2SQR)  # noqa: E731
    width = 1000
    rows = y_true.size // width
    yield Contestant(
        "opencv", norm, y_true[: rows * width].reshape(rows, width), y_pred[: rows * width].reshape(rows, width)
    )


def by_dtype(size_in_bytes: int, rng: np.random.Generator) -> Iterator[tuple[str, list[Contestant]]]:
    for dtype in DTYPES:
        y_true, y_pred = numbers(dtype, size_in_bytes // np.dtype(dtype).itemsize, rng)
        contestants = [reader(y_true, y_pred), Contestant("squarely", sq.mean_squared_error, y_true, y_pred)]
        yield dtype, [*contestants, *opencv(y_true, y_pred)]


def in_c_order(y_true: Array, y_pred: Array, outputs: int, metric: Metric = sq.mean_squared_error) -> Contestant:
    size = y_true.size // outputs * outputs
    shaped = [side[:size].reshape(-1, outputs) for side in (y_true, y_pred)]
    return Contestant(f"(n, {outputs}) C order", functools.partial(metric, multioutput="raw_values"), *shaped)


def by_layout(size_in_bytes: int, rng: np.random.Generator) -> Iterator[tuple[str, list[Contestant]]]:
    for dtype in INTERLEAVED:
        y_true, y_pred = numbers(dtype, size_in_bytes // np.dtype(dtype).itemsize, rng)
        contestants = [reader(y_true, y_pred), Contestant("flat", sq.mean_squared_error, y_true, y_pred)]
        contestants += [in_c_order(y_true, y_pred, outputs) for outputs in OUTPUTS]
        if dtype == "float64":
            contestants += eight_columns(y_true, y_pred)
        yield f"layouts of {dtype}", contestants
    y_true, y_pred = numbers("float64", size_in_bytes // 8, rng)
    for metric in (sq.mean_absolute_error, sq.r2_score):
        contestants = [reader(y_true, y_pred), Contestant("flat", metric, y_true, y_pred)]
        contestants += [in_c_order(y_true, y_pred, outputs, metric) for outputs in OUTPUTS]
        yield f"layouts of float64, {metric.__name__}", contestants


def eight_columns(y_true: Array, y_pred: Array) -> Iterator[Contestant]:
    raw = functools.partial(sq.mean_squared_error, multioutput="raw_values")
    size = y_true.size // 8 * 8
    yield Contestant("(n, 8) Fortran order", raw, *(side[:size].reshape(8, -1).T for side in (y_true, y_pred)))
    eight = [side[:size].reshape(-1, 8) for side in (y_true, y_pred)]
    yield Contestant("numpy (n, 8)", lambda a, b: np.mean((a - b) ** 2, axis=0), *eight)
    if importlib.util.find_spec("sklearn") is not None:
        from sklearn.metrics import mean_squared_error

        yield Contestant("sklearn (n, 8)", functools.partial(mean_squared_error, multioutput="raw_values"), *eight)


def by_nulls(size_in_bytes: int, rng: np.random.Generator) -> Iterator[tuple[str, list[Contestant]]]:
    if importlib.util.find_spec("pyarrow") is None:
        print("pyarrow is not installed: nulls left out")
        return
    import pyarrow as pa

    for dtype in ("float64", "float32", "int32", "int16", "uint8"):
        y_true, y_pred = numbers(dtype, size_in_bytes // np.dtype(dtype).itemsize, rng)
        holed = pa.array(y_true, mask=rng.random(y_true.size, np.float32) < 0.1)
        omit = functools.partial(sq.mean_squared_error, nan_policy="omit")
        contestants = [reader(y_true, y_pred), Contestant("whole", sq.mean_squared_error, y_true, y_pred)]
        yield f"Arrow, {dtype}", [*contestants, Contestant("10% null", omit, holed, pa.array(y_pred))]


def by_policy(size_in_bytes: int, rng: np.random.Generator) -> Iterator[tuple[str, list[Contestant]]]:
    y_true, y_pred = numbers("float64", size_in_bytes // 8, rng)
    contestants = [reader(y_true, y_pred), Contestant("default", sq.mean_squared_error, y_true, y_pred)]
    for share in (0.0001, 0.01, 0.3):
        holed = np.where(rng.random(y_true.size, np.float32) < share, np.nan, y_true)
        omit = functools.partial(sq.mean_squared_error, nan_policy="omit")
        contestants.append(Contestant(f"omit, {share:.2%} NaN", omit, holed, y_pred))
    for share in (0.1, 0.9, 1.0):
        where = rng.random(y_true.size, np.float32) < share
        masked = functools.partial(sq.mean_squared_error, where=where)
        contestants.append(Contestant(f"where, {share:.0%} kept", masked, y_true, y_pred))
    yield "policies, float64", contestants


def report(title: str, contestants: list[Contestant], rounds: int) -> None:
    times = race(contestants, 1, rounds)
    base, own = (list(times.values())[i] for i in (0, 1))
    print(f"\n{title}\n{'':28}{'a call':>12}{'to read':>10}{'to first':>10}")
    for label, samples in times.items():
        to_read = statistics.median(a / b for a, b in zip(samples, base, strict=True))
        to_own = statistics.median(a / b for a, b in zip(samples, own, strict=True))
        print(f"{label:28}{statistics.median(samples) * 1e3:9.1f} ms{to_read:10.2f}{to_own:10.2f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bytes", type=count, default=400_000_000, help="of each array")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    rng = np.random.default_rng(SEED)
    sq.set_num_threads(1)
    for tables in (by_dtype, by_layout, by_nulls, by_policy):
        for title, contestants in tables(options.bytes, rng):
            report(title, contestants, options.rounds)


if __name__ == "__main__":
    main()
