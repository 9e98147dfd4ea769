"""Time squarely beside its peers, in one run, and say who is right.

Every round times every contestant once, in an order shuffled by a fixed seed, so that a busy moment of the machine
or a changed clock meets all of them alike. Reported are medians, and medians of the ratios within a round.

    python benchmarks/compare.py --sizes 100 1e4 1e6 --threads 1
    python benchmarks/compare.py --sizes 1e8 --dtypes float64 --threads 1 2 --targets all --json run.json
"""

from __future__ import annotations

import argparse
import ctypes
import functools
import gc
import importlib
import itertools
import json
import math
import os
import platform
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import squarely as sq

SEED = 20240229
SAMPLE_SECONDS = 0.002  # a sample is at least this long, by calling often enough
TEAM_SAMPLE_SECONDS = 0.01  # with threads: woken ones share a core until the scheduler's next tick
SETTLE_SECONDS = 0.02  # OpenMP runtimes spin about this long after their work, on a core the next one needs
CHUNK = 1_000_000

Array = npt.NDArray[Any]


# ---------------------------------------------------------------------------------------------------------------- data


def normal(rng: np.random.Generator, count: int) -> tuple[Array, Array]:
    y_true = rng.standard_normal(count)
    return y_true, y_true + 0.1 * rng.standard_normal(count)


def constant(_: np.random.Generator, count: int) -> tuple[Array, Array]:
    """Repeat one rounding error in every term: it does not average out."""
    return np.full(count, 1 / 3), np.full(count, 1e-3)


def lognormal(rng: np.random.Generator, count: int) -> tuple[Array, Array]:
    return rng.lognormal(0, 3, count), rng.lognormal(0, 3, count)


def outliers(rng: np.random.Generator, count: int) -> tuple[Array, Array]:
    """One prediction in a hundred is off by about 1e12."""
    y_true, y_pred = normal(rng, count)
    return y_true, np.where(rng.random(count) < 0.01, 1e12 * y_pred, y_pred)


def spread(rng: np.random.Generator, count: int) -> tuple[Array, Array]:
    """Sixty decades: in float32 the squares of those who square in float32 overflow."""
    y_true = 10.0 ** rng.uniform(-30, 30, count)
    return y_true, y_true * (1 + 0.1 * rng.standard_normal(count))


DATA = {f.__name__: f for f in (normal, constant, lognormal, outliers, spread)}


def make_data(kind: str, size: int, dtype: str, chunk: int = CHUNK) -> tuple[Array, Array]:
    """Fill in chunks: every page is touched, and no temporary is as large as the arrays."""
    rng = np.random.default_rng(SEED)
    y_true, y_pred = np.empty(size, dtype), np.empty(size, dtype)
    for begin in range(0, size, chunk):
        part = slice(begin, min(begin + chunk, size))
        y_true[part], y_pred[part] = DATA[kind](rng, part.stop - begin)
    return y_true, y_pred


# Two doubles that stand for their sum: 106 bits, of which nothing is squarely's.
Doubled = tuple[Array, Array]


def two_sum(a: Array, b: Array) -> Doubled:
    """Return the sum and what rounding left out of it."""
    total = a + b
    of_b = total - a
    return total, (a - (total - of_b)) + (b - of_b)


def two_square(a: Array) -> Doubled:
    """Return the square and what rounding left out of it, by halves of 26 bits."""
    square, high = a * a, a * (2.0**27 + 1)
    high = high - (high - a)
    low = a - high
    return square, ((high * high - square) + 2 * high * low) + low * low


def sum_of_squares(difference: Doubled) -> Fraction:
    high, rest = two_square(difference[0])
    low = rest + 2 * difference[0] * difference[1]
    while high.size > 1:
        if high.size % 2:
            high, low = np.append(high, 0.0), np.append(low, 0.0)
        total, rest = two_sum(high[::2], high[1::2])
        high, low = two_sum(total, rest + (low[::2] + low[1::2]))
    return Fraction(float(high[0])) + Fraction(float(low[0]))


def exact_mean_squared_error(y_true: Array, y_pred: Array) -> float:
    """Return the double nearest to the mean of thirty digits."""
    total = Fraction(0)
    for begin in range(0, y_true.size, CHUNK):
        truth, prediction = (side[begin : begin + CHUNK].astype(np.float64) for side in (y_true, y_pred))
        total += sum_of_squares(two_sum(truth, -prediction))
    return float(total / y_true.size)


# --------------------------------------------------------------------------------------------------------- contestants


@dataclass
class Contestant:
    """Someone who takes a truth and a prediction, in the container it likes best."""

    name: str
    function: Callable[[Any, Any], Any]
    y_true: Any
    y_pred: Any
    divisor: int = 1  # for those who return a sum
    target: str = ""  # instruction set of squarely, or of the plain kernel; none for the peers
    prepare: Callable[[], object] = lambda: None  # before every sample, not timed

    def seconds(self, calls: int) -> float:
        function, y_true, y_pred = self.function, self.y_true, self.y_pred
        start = time.perf_counter()
        for _ in itertools.repeat(None, calls):
            function(y_true, y_pred)
        return time.perf_counter() - start

    def answer(self) -> float | None:
        return float(self.function(self.y_true, self.y_pred)) / self.divisor

    @property
    def label(self) -> str:
        return f"{self.name} [{self.target}]" if self.target else self.name


@dataclass
class PlainKernel(Contestant):
    """The loop over calls is in C: the limit has no Python in it, however short the arrays."""

    threads: int = 1
    ahead: int = 0  # bytes

    def run(self, calls: int) -> float:
        truth, prediction = self.y_true.ctypes.data, self.y_pred.ctypes.data
        return float(self.function(truth, prediction, self.y_true.size, self.ahead, self.threads, calls))  # type: ignore[call-arg]

    def seconds(self, calls: int) -> float:
        start = time.perf_counter()
        self.run(calls)
        return time.perf_counter() - start

    def answer(self) -> float | None:
        return self.run(1) / self.divisor if self.name == "plain" else None

    def choose_prefetch(self) -> None:
        """Try them all: the best distance differs by a fifth between machines and vector widths."""
        calls = calls_per_sample(self)
        fastest: dict[int, float] = {}
        for _, self.ahead in itertools.product(range(3), (0, 1024, 2048, 3072, 4096)):
            fastest[self.ahead] = min(self.seconds(calls), fastest.get(self.ahead, math.inf))
        self.ahead = min(fastest, key=fastest.__getitem__)


VECTORS = {  # target: bytes of a vector, flags; other targets get what the compiler does by itself
    "x86-64-v4": (64, ("-march=x86-64-v4", "-mprefer-vector-width=512")),
    "x86-64-v3": (32, ("-march=x86-64-v3",)),
    "x86-64": (16, ("-march=x86-64",)),
}


@functools.cache
def plain_library(target: str, dtype: str) -> ctypes.CDLL | None:
    """plain_kernels.c for one target and element type; None where no compiler can do it."""
    vector_bytes, flags = VECTORS.get(target, (16, ()))
    element = {"float64": "double", "float32": "float"}[dtype]
    compiler = shutil.which(os.environ.get("CC", "cc"))
    source = Path(__file__).with_name("plain_kernels.c")
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "plain_kernels.so"
        command = [compiler or "", "-std=gnu11", "-O3", "-ffp-contract=fast", "-fopenmp", "-fPIC", "-shared", *flags]
        command += [f"-DELEMENT={element}", f"-DVECTOR_BYTES={vector_bytes}", str(source), "-o", str(library)]
        if not compiler or subprocess.run(command, capture_output=True, check=False).returncode:
            print(f"no C compiler with OpenMP for {target}: plain kernels left out")
            return None
        loaded = ctypes.CDLL(str(library))
    for name in ("plain_read", "plain_squared_error"):
        getattr(loaded, name).restype = ctypes.c_double
        sizes = [ctypes.c_size_t, ctypes.c_size_t, ctypes.c_int, ctypes.c_size_t]
        getattr(loaded, name).argtypes = [ctypes.c_void_p, ctypes.c_void_p, *sizes]
    return loaded


@dataclass
class Setting:
    """What all contestants of one table have in common."""

    y_true: Array
    y_pred: Array
    threads: int
    targets: tuple[str, ...]

    @property
    def size(self) -> int:
        return int(self.y_true.size)

    def contestant(self, name: str, function: Callable[[Any, Any], Any], divisor: int = 1) -> list[Contestant]:
        return [Contestant(name, function, self.y_true, self.y_pred, divisor)]

    def single_threaded(self, name: str) -> str:
        return name if self.threads == 1 else f"{name} (1 thread)"


def plain_kernels(name: str, symbol: str, setting: Setting) -> list[Contestant]:
    kernels: list[Contestant] = []
    for target in setting.targets:
        if library := plain_library(target, str(setting.y_true.dtype)):
            function = getattr(library, symbol)
            kernel = PlainKernel(name, function, setting.y_true, setting.y_pred, setting.size, target)
            kernel.threads = setting.threads
            kernel.choose_prefetch()
            kernels.append(kernel)
    return kernels


def squarely(summation: str, setting: Setting) -> list[Contestant]:
    sq.set_num_threads(setting.threads)
    function: Callable[[Any, Any], Any] = sq.mean_squared_error
    name = "squarely"
    if summation != "exact":
        function = functools.partial(sq.mean_squared_error, summation=summation)
        name = f"squarely {summation}"
    contestants = []
    for target in setting.targets:
        choose = functools.partial(sq.set_target, target)
        contestants.append(Contestant(name, function, setting.y_true, setting.y_pred, 1, target, choose))
    return contestants


def numpy_idiom(y_true: Array, y_pred: Array) -> Any:
    return np.mean((y_true - y_pred) ** 2)


def numpy_peer(setting: Setting) -> list[Contestant]:
    return setting.contestant(setting.single_threaded("numpy"), numpy_idiom)


def scikit_learn_peer(setting: Setting) -> list[Contestant]:
    metrics = importlib.import_module("sklearn.metrics")
    return setting.contestant(setting.single_threaded("scikit-learn"), metrics.mean_squared_error)


def torch_peer(setting: Setting) -> list[Contestant]:
    torch = importlib.import_module("torch")
    torch.set_num_threads(setting.threads)
    tensors = torch.from_numpy(setting.y_true), torch.from_numpy(setting.y_pred)
    return [Contestant("torch", torch.nn.functional.mse_loss, *tensors)]


def numkong_peer(setting: Setting) -> list[Contestant]:
    numkong = importlib.import_module("numkong")
    return setting.contestant(setting.single_threaded("numkong"), numkong.sqeuclidean, setting.size)


def numexpr_peer(setting: Setting) -> list[Contestant]:
    numexpr = importlib.import_module("numexpr")
    numexpr.set_num_threads(setting.threads)

    def evaluate(y_true: Array, y_pred: Array) -> Any:
        return numexpr.evaluate("sum((y_true - y_pred) ** 2)", local_dict={"y_true": y_true, "y_pred": y_pred})

    return setting.contestant("numexpr", evaluate, setting.size)


@functools.cache
def numba_loop(parallel: bool) -> Callable[[Any, Any], Any]:
    numba = importlib.import_module("numba")
    prange = numba.prange

    def mean_squared_error(y_true: Array, y_pred: Array) -> Any:
        total = 0.0
        for i in prange(y_true.size):
            difference = y_true[i] - y_pred[i]
            total += difference * difference
        return total / y_true.size

    compiled: Callable[[Any, Any], Any] = numba.njit(fastmath=True, parallel=parallel)(mean_squared_error)
    return compiled


def numba_peer(setting: Setting) -> list[Contestant]:
    importlib.import_module("numba").set_num_threads(setting.threads)
    return setting.contestant("numba", numba_loop(setting.threads > 1))


CONTESTANTS: dict[str, Callable[[Setting], list[Contestant]]] = {
    "read": functools.partial(plain_kernels, "read", "plain_read"),
    "plain": functools.partial(plain_kernels, "plain", "plain_squared_error"),
    "squarely": functools.partial(squarely, "exact"),
    "kahan": functools.partial(squarely, "kahan"),
    "pairwise": functools.partial(squarely, "pairwise"),
    "numpy": numpy_peer,
    "scikit-learn": scikit_learn_peer,
    "torch": torch_peer,
    "numkong": numkong_peer,
    "numexpr": numexpr_peer,
    "numba": numba_peer,
}
MODULES = {"scikit-learn": "sklearn.metrics", "torch": "torch", "numkong": "numkong"}
MODULES |= {"numexpr": "numexpr", "numba": "numba"}


def installed(names: Iterable[str]) -> list[str]:
    present = []
    for name in names:
        try:
            importlib.import_module(MODULES.get(name, "numpy"))
        except ImportError as error:
            print(f"{name} is not installed ({error}): left out")
        else:
            present.append(name)
    return present


# ----------------------------------------------------------------------------------------------------------- measuring


def calls_per_sample(contestant: Contestant, seconds: float = SAMPLE_SECONDS) -> int:
    contestant.prepare()
    contestant.seconds(1)  # compiles, imports, wakes threads
    calls = 1
    while (elapsed := contestant.seconds(calls)) < seconds / 4:
        calls *= 4
    return max(1, math.ceil(calls * seconds / elapsed))


def sample(contestant: Contestant, calls: int, threads: int) -> float:
    """Seconds a call. Short calls are preceded by as many that are not timed: caches filled, threads in place."""
    contestant.prepare()
    if threads > 1:
        time.sleep(SETTLE_SECONDS)
    if calls > 1:
        contestant.seconds(calls)
    return contestant.seconds(calls) / calls


def race(contestants: Sequence[Contestant], threads: int, rounds: int) -> dict[str, list[float]]:
    long_enough = SAMPLE_SECONDS if threads == 1 else TEAM_SAMPLE_SECONDS
    calls = {contestant.label: calls_per_sample(contestant, long_enough) for contestant in contestants}
    times: dict[str, list[float]] = {contestant.label: [] for contestant in contestants}
    shuffled, order = list(contestants), random.Random(SEED)
    gc.collect()
    gc.disable()
    for _ in range(rounds):
        order.shuffle(shuffled)
        for contestant in shuffled:
            times[contestant.label].append(sample(contestant, calls[contestant.label], threads))
    gc.enable()
    return times


@dataclass
class Line:
    """One contestant's line of a table, and of the JSON file."""

    name: str
    seconds: float
    nanoseconds_per_element: float
    gigabytes_per_second: float
    ratio_to_plain: float | None
    ratio_to_read: float | None
    ratio_to_squarely: float | None
    spread: float  # distance of the quartiles, of the median
    relative_error: float | None
    samples: list[float]


def ratio(times: Sequence[float], base: Sequence[float] | None) -> float | None:
    return statistics.median(t / b for t, b in zip(times, base, strict=True)) if base else None


def relative_error(answer: float | None, exact: float) -> float | None:
    if answer is None or answer == exact:
        return None if answer is None else 0.0
    return abs(answer - exact) / exact if exact else math.inf


def judge(contestant: Contestant, times: dict[str, list[float]], setting: Setting, exact: float) -> Line:
    mine = times[contestant.label]
    median = statistics.median(mine)
    quartiles = statistics.quantiles(mine, n=4) if len(mine) > 1 else (median, median, median)
    target = contestant.target or setting.targets[0]
    contestant.prepare()
    return Line(
        contestant.label,
        median,
        1e9 * median / setting.size,
        1e-9 * (setting.y_true.nbytes + setting.y_pred.nbytes) / median,
        ratio(mine, times.get(f"plain [{target}]")),
        ratio(mine, times.get(f"read [{target}]")),
        ratio(mine, times.get(f"squarely [{setting.targets[0]}]")),
        (quartiles[2] - quartiles[0]) / median,
        relative_error(contestant.answer(), exact),
        mine,
    )


def measure(setting: Setting, names: Iterable[str], rounds: int, exact: float) -> list[Line]:
    before = sq.get_target(), sq.get_num_threads()
    contestants = [contestant for name in names for contestant in CONTESTANTS[name](setting)]
    times = race(contestants, setting.threads, rounds)
    sq.set_target(before[0])
    lines = [judge(contestant, times, setting, exact) for contestant in contestants]
    sq.set_target(before[0])
    sq.set_num_threads(before[1])
    return lines


# ----------------------------------------------------------------------------------------------------------- reporting


def duration(seconds: float) -> str:
    for factor, unit in ((1e9, "ns"), (1e6, "µs"), (1e3, "ms")):
        if seconds * factor < 999.5:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds:.2f} s"


def times_text(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.{0 if value >= 100 else 2 if value >= 0.1 else 4}f}"


def error_text(value: float | None) -> str:
    return "-" if value is None else "0" if value == 0 else f"{value:.1e}"


HEADINGS = ("a call", "ns/element", "GB/s", "to plain", "to read", "to squarely", "spread", "rel. error")


def table(lines: Sequence[Line]) -> str:
    width = max(len(line.name) for line in lines)
    rows = [f"{'':{width}}" + "".join(f"{heading:>13}" for heading in HEADINGS)]
    for line in lines:
        cells = [duration(line.seconds), f"{line.nanoseconds_per_element:.3g}", f"{line.gigabytes_per_second:.1f}"]
        cells += map(times_text, (line.ratio_to_plain, line.ratio_to_read, line.ratio_to_squarely))
        cells += [f"{100 * line.spread:.0f} %", error_text(line.relative_error)]
        rows.append(f"{line.name:{width}}" + "".join(f"{cell:>13}" for cell in cells))
    return "\n".join(rows)


def processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for row in information.read_text().splitlines():
            if row.startswith("model name"):
                return row.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def versions(names: Iterable[str]) -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in ("squarely", "numpy", *names):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def surroundings(names: Iterable[str]) -> dict[str, Any]:
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    return {"processor": processor(), "cores": os.cpu_count(), "load": load, "versions": versions(names)}


def print_surroundings(facts: dict[str, Any]) -> None:
    print(f"{facts['processor']}, {facts['cores']} cores; load before the run {facts['load']}")
    print(", ".join(f"{name} {number}" for name, number in facts["versions"].items()))


def count(text: str) -> int:
    """1e6 as well as 1000000."""
    value = float(text)
    if value != int(value) or value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a positive whole number")
    return int(value)


def chosen_targets(names: Sequence[str]) -> tuple[str, ...]:
    if list(names) == ["best"]:
        return (sq.get_target(),)
    if list(names) == ["all"]:
        return tuple(reversed(sq.targets()))
    if unknown := set(names) - set(sq.targets()):
        sys.exit(f"unknown targets {sorted(unknown)}: this machine has {sq.targets()}, or say best, or all")
    return tuple(names)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="+", type=count, default=[100, 10**4, 10**6, 10**8])
    parser.add_argument("--dtypes", nargs="+", choices=("float64", "float32"), default=["float64", "float32"])
    parser.add_argument("--threads", nargs="+", type=count, default=[1, 2])
    parser.add_argument("--rounds", type=count, default=21)
    parser.add_argument("--targets", nargs="+", default=["best"], help="of squarely.targets(), or best, or all")
    parser.add_argument("--peers", nargs="+", choices=tuple(CONTESTANTS), default=list(CONTESTANTS))
    parser.add_argument("--data", choices=tuple(DATA), default="normal")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every sample here")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    names, targets = installed(options.peers), chosen_targets(options.targets)
    facts = surroundings(names)
    print_surroundings(facts)
    results = []
    np.seterr(over="ignore")  # the column of errors tells it
    for size, dtype in itertools.product(options.sizes, options.dtypes):
        y_true, y_pred = make_data(options.data, size, dtype)
        exact = exact_mean_squared_error(y_true, y_pred)
        for threads in options.threads:
            lines = measure(Setting(y_true, y_pred, threads, targets), names, options.rounds, exact)
            plural = "thread" if threads == 1 else "threads"
            print(f"\n{size:,} elements of {dtype}, {threads} {plural}, {options.data} data, {options.rounds} rounds")
            print(table(lines), flush=True)
            case = {"size": size, "dtype": dtype, "threads": threads, "data": options.data, "rounds": options.rounds}
            results.append({**case, "lines": [vars(line) for line in lines]})
    if options.json:
        options.json.write_text(json.dumps({**facts, "results": results}, indent=1) + "\n")


if __name__ == "__main__":
    main()
