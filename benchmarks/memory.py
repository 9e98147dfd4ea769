"""What a call needs besides its input, and what `import squarely` adds to `import numpy`.

Peak memory is the process's own high-water mark, read in a fresh process for every path; tracemalloc, which sees
Python's and NumPy's allocations only, stands beside it and says on whose side the memory was taken.

    python benchmarks/memory.py
    python benchmarks/memory.py --rows 1e7 --threads 1 --paths "float64" "strided float64"
    python benchmarks/memory.py --paths none --import-rounds 51
"""

from __future__ import annotations

import argparse
import functools
import json
import resource
import statistics
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Score = Callable[[Array, Array], object]
MEGABYTE = 1e6
STATUS, CLEAR_REFERENCES = Path("/proc/self/status"), Path("/proc/self/clear_refs")


# -------------------------------------------------------------------------------------------------------------- inputs


def filled(shape: tuple[int, ...], dtype: str, order: Any = "C", shift: float = 0.0) -> Array:
    """Every page touched, with no temporary that would raise the high-water mark for good."""
    values = np.empty(shape, dtype, order)
    flat = values.reshape(-1, order=order)
    pattern = np.random.default_rng(1).standard_normal(min(flat.size, 100_000)) + shift
    for begin in range(0, flat.size, pattern.size):
        part = flat[begin : begin + pattern.size]
        part[:] = pattern[: part.size]
    return values


def contiguous(dtype: str, rows: int) -> tuple[Array, Array]:
    return filled((rows,), dtype), filled((rows,), dtype, shift=0.1)


def strided(dtype: str, rows: int) -> tuple[Array, Array]:
    return filled((2 * rows,), dtype)[::2], filled((2 * rows,), dtype, shift=0.1)[::2]


def two_outputs(order: str, rows: int) -> tuple[Array, Array]:
    return filled((rows, 2), "float64", order), filled((rows, 2), "float64", order, shift=0.1)


def wide_spread(rows: int) -> tuple[Array, Array]:
    """Leave every fast path: the fallbacks need memory of their own."""
    y_true, y_pred = contiguous("float64", rows)
    y_true[::64] *= 1e200
    y_true[1::64] *= 1e-200
    return y_true, y_pred


def numpy_idiom(y_true: Array, y_pred: Array) -> object:
    return np.mean((y_true - y_pred) ** 2)


def squarely(summation: str) -> Score:
    import squarely as sq

    return functools.partial(sq.mean_squared_error, summation=summation)


Inputs = Callable[[int], tuple[Array, Array]]
PATHS: dict[str, tuple[Inputs, Callable[[], Score]]] = {
    "float64": (functools.partial(contiguous, "float64"), lambda: squarely("exact")),
    "float32": (functools.partial(contiguous, "float32"), lambda: squarely("exact")),
    "strided float64": (functools.partial(strided, "float64"), lambda: squarely("exact")),
    "strided float32": (functools.partial(strided, "float32"), lambda: squarely("exact")),
    "(n, 2) C order": (functools.partial(two_outputs, "C"), lambda: squarely("exact")),
    "(n, 2) Fortran order": (functools.partial(two_outputs, "F"), lambda: squarely("exact")),
    "wide spread float64": (wide_spread, lambda: squarely("exact")),
    "kahan float64": (functools.partial(contiguous, "float64"), lambda: squarely("kahan")),
    "pairwise float64": (functools.partial(contiguous, "float64"), lambda: squarely("pairwise")),
    "numpy idiom float64": (functools.partial(contiguous, "float64"), lambda: numpy_idiom),
}


# ----------------------------------------------------------------------------------------------- one path, one process


def status(field: str) -> int:
    """Bytes, as Linux counts them."""
    for row in STATUS.read_text().splitlines():
        if row.startswith(field):
            return 1024 * int(row.split()[1])
    raise LookupError(field)


def largest_resident() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak


def extra_memory(call: Callable[[], object]) -> int:
    """How far the high-water mark rises above what is resident before the call."""
    try:
        CLEAR_REFERENCES.write_text("5")  # lowers the mark to what is resident now
    except OSError:
        before = largest_resident()
        call()
        return largest_resident() - before
    before = status("VmRSS")
    call()
    return status("VmHWM") - before


def traced_memory(call: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def measure_path(path: str, rows: int, threads: int) -> dict[str, int]:
    import squarely as sq

    sq.set_num_threads(threads)
    inputs, score = PATHS[path]
    call = functools.partial(score(), *inputs(rows))
    return {"first": extra_memory(call), "later": extra_memory(call), "traced": traced_memory(call)}


def run_python(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *command], check=True, capture_output=True, text=True)


def measure_in_fresh_process(path: str, rows: int, threads: int) -> dict[str, int]:
    task = json.dumps([path, rows, threads])
    found: dict[str, int] = json.loads(run_python(__file__, "--one", task).stdout)
    return found


def report_memory(paths: Iterable[str], rows: int, threads: Iterable[int]) -> list[dict[str, Any]]:
    print(f"peak memory above the inputs, {rows:,} rows, MB")
    print(f"{'':22}{'threads':>8}{'first call':>12}{'later call':>12}{'traced':>12}")
    results = []
    for path in paths:
        for team in (1,) if path.startswith("numpy") else threads:
            found = measure_in_fresh_process(path, rows, team)
            cells = "".join(f"{found[name] / MEGABYTE:12.3f}" for name in ("first", "later", "traced"))
            print(f"{path:22}{team:8}{cells}", flush=True)
            results.append({"path": path, "rows": rows, "threads": team, **found})
    return results


# --------------------------------------------------------------------------------------------------------- import time

TIMED_IMPORT = "import time; start = time.perf_counter(); import {}; print(time.perf_counter() - start)"


def import_seconds(module: str) -> float:
    return float(run_python("-c", TIMED_IMPORT.format(module)).stdout)


def traced_import() -> dict[str, tuple[float, float]]:
    """Seconds by itself and with what it imports, for each module that `import squarely` loads."""
    modules: dict[str, tuple[float, float]] = {}
    for row in run_python("-X", "importtime", "-c", "import squarely").stderr.splitlines():
        own, cumulative, name = row.removeprefix("import time:").split("|")
        if own.strip().isdigit():
            modules[name.strip()] = (1e-6 * int(own), 1e-6 * int(cumulative))
    return modules


def modules_without_squarely() -> set[str]:
    return set(run_python("-c", "import numpy, sys; print(*sys.modules)").stdout.split())


def report_import(rounds: int) -> dict[str, Any]:
    times: dict[str, list[float]] = {"numpy": [], "squarely": []}
    for number in range(rounds + 1):
        for module, samples in times.items():
            seconds = import_seconds(module)
            if number:  # the first one writes the bytecode
                samples.append(seconds)
    traces = [traced_import() for _ in range(min(rounds, 9))]
    numpy_seconds, squarely_seconds = (statistics.median(samples) for samples in times.values())
    added = squarely_seconds - numpy_seconds
    traced = statistics.median(trace["squarely"][1] - trace["numpy"][1] for trace in traces)
    print(f"\nimport time, fresh interpreters, medians of {rounds}, ms")
    print(f"  numpy {1e3 * numpy_seconds:.1f}, squarely {1e3 * squarely_seconds:.1f}: adds {1e3 * added:.1f}")
    print(f"  -X importtime says it adds {1e3 * traced:.1f}; its slowest modules:")
    present = modules_without_squarely()
    own = {name: statistics.median(trace[name][0] for trace in traces) for name in traces[0] if name not in present}
    for name in sorted(own, key=own.__getitem__, reverse=True)[:6]:
        print(f"    {name:40}{1e3 * own[name]:8.2f}")
    return {"samples": times, "added": added, "added_by_importtime": traced, "modules": own}


# ------------------------------------------------------------------------------------------------------------- command


def count(text: str) -> int:
    return int(float(text))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=count, default=10**8)
    parser.add_argument("--threads", nargs="+", type=count, default=[1, 2])
    parser.add_argument("--paths", nargs="+", choices=(*PATHS, "none"), default=list(PATHS))
    parser.add_argument("--import-rounds", type=count, default=31, help="0 leaves the import time out")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--one", type=json.loads, help=argparse.SUPPRESS)  # a fresh process's path, rows, threads
    return parser.parse_args()


def main() -> None:
    options = arguments()
    if options.one:
        print(json.dumps(measure_path(*options.one)))
        return
    results: dict[str, Any] = {}
    if "none" not in options.paths:
        results["memory"] = report_memory(options.paths, options.rows, options.threads)
    if options.import_rounds:
        results["import"] = report_import(options.import_rounds)
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
