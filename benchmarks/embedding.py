"""Time calls from C: beside a plain loop on short arrays, beside Python on long ones, and of rows of many groups."""

import argparse
import ctypes
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import squarely
from squarely.build import linker_options
from squarely.named_metrics import EVERYDAY

METRICS = EVERYDAY[:6]
WAYS = ("groups", "states", "single_rows")


def loops() -> ctypes.CDLL:
    """Return embedding.c, compiled against the squarely that is installed."""
    compiler = shutil.which(os.environ.get("CC", "cc"))
    if compiler is None:
        raise SystemExit("embedding.py needs a C compiler.")
    with tempfile.TemporaryDirectory() as folder:
        built = Path(folder) / "embedding.so"
        command = [compiler, "-std=gnu11", "-O2", "-fPIC", "-shared", f"-I{squarely.get_include()}"]
        subprocess.run(
            [*command, str(Path(__file__).with_suffix(".c")), "-o", str(built), *linker_options().split()], check=True
        )
        library = ctypes.CDLL(str(built))
    for name in ("plain", *METRICS, *WAYS):
        getattr(library, f"seconds_of_{name}").restype = ctypes.c_double
    return library


def seconds_in_c(library: ctypes.CDLL, name: str, y_true: np.ndarray, y_pred: np.ndarray, calls: int) -> float:
    function = getattr(library, f"seconds_of_{name}")
    addresses = [ctypes.c_void_p(array.ctypes.data) for array in (y_true, y_pred)]
    return float(function(*addresses, ctypes.c_int64(len(y_true)), calls, ctypes.byref(ctypes.c_double())))


def seconds_in_python(name: str, y_true: np.ndarray, y_pred: np.ndarray) -> float:
    function: Callable[..., object] = getattr(squarely, name)
    start = time.perf_counter()
    function(y_true, y_pred)
    return time.perf_counter() - start


def print_groups(library: ctypes.CDLL, rng: np.random.Generator, rounds: int) -> None:
    """Print what a row costs by its group's number, with a state each, and in a call of its own."""
    y_true, y_pred = rng.standard_normal((2, 40 * 2048))
    print(f"{'groups, ns a row':<20}{'numbers':>14}{'a state each':>14}{'a row a call':>14}")
    for count in (10, 100, 1_000, 10_000, 100_000):
        numbers = rng.integers(0, count, len(y_true)).astype(np.uint32)
        given = [ctypes.c_void_p(array.ctypes.data) for array in (y_true, y_pred, numbers)]
        times: dict[str, list[float]] = {way: [] for way in WAYS}
        for _ in range(rounds):
            for way in WAYS:
                times[way].append(getattr(library, f"seconds_of_{way}")(*given, ctypes.c_uint32(count)))
        print(f"{count:<20,}" + "".join(f"{statistics.median(times[way]) * 1e9:>14.0f}" for way in WAYS))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=float, default=2e7, help="of the long arrays")
    parser.add_argument("--rounds", type=int, default=31)
    options = parser.parse_args()
    library = loops()
    rng = np.random.default_rng(0)

    print_groups(library, rng, max(1, options.rounds // 4))
    short = rng.standard_normal((2, 100))
    names = ("plain", *METRICS)
    times: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(options.rounds):
        for name in names:
            times[name].append(seconds_in_c(library, name, *short, 5_000))
    print(f"{'100 pairs of float64, from C':<32}{'median':>10}{'least':>10}")
    for name in names:
        print(f"{name:<32}{statistics.median(times[name]) * 1e6:>7.3f} us{min(times[name]) * 1e6:>7.3f} us")

    y_true, y_pred = rng.standard_normal((2, int(options.rows)))
    ratios = []
    for _ in range(options.rounds):
        in_c = seconds_in_c(library, "mean_squared_error", y_true, y_pred, 1)
        ratios.append(in_c / seconds_in_python("mean_squared_error", y_true, y_pred))
    low, middle, high = statistics.quantiles(ratios, n=4)
    print(
        f"{options.rows:.0e} pairs: the call from C takes {middle:.3f} of the one from Python ({low:.3f} to {high:.3f})"
    )


if __name__ == "__main__":
    main()
