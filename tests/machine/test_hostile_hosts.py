"""Processes that make it hard: settings, limits and threads of others change no bit, and end nothing."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import squarely
from instruments.floating_point_environment import needs_known_environment

needs_limits = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs limits of Linux")


def run(code: str, *arguments: str, **environment: str) -> str:
    found = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, *arguments],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert found.returncode == 0, f"ended with {found.returncode}: {found.stderr}"
    return found.stdout.strip()


# What a program may ask, as text: one and the same in every process, if nothing is wrong.
EVERYTHING = """
import sys, warnings
import numpy as np
import squarely
from squarely import _core, losses

warnings.simplefilter("ignore")
np.seterr(all="ignore")
random = np.random.default_rng(20260101)
y_true, y_pred = random.standard_normal((2, 66_000))
hard = y_true * 10.0 ** random.integers(-150, 150, len(y_true))
tiny = random.integers(-9, 9, len(y_true)) * 5e-324
weights = random.random(len(y_true))
wide = random.standard_normal((500, 40))
large = random.integers(-(2**62), 2**62, 1000)
broken = np.where(weights < 0.01, np.nan, np.where(weights > 0.99, np.inf, hard))
names = [name for name, row in _core.metrics.items() if row.kind == "sums" and row.has_default]

def told(call):
    try:
        return repr(call())
    except (ValueError, ZeroDivisionError) as refused:
        return str(refused)

def everything():
    for rows in (1, 700, 66_000):
        truth, model, heavy = y_true[:rows], y_pred[:rows], weights[:rows]
        for name in names if rows == 700 else ["mse", "r2", "msle"]:
            yield told(lambda: squarely.evaluate(truth, model, metrics=[name]))
            yield told(lambda: squarely.evaluate(abs(truth), abs(model), metrics=[name], sample_weight=heavy))
        for odd in (hard[:rows],) if rows > 700 else (hard[:rows], tiny[:rows], broken[:rows]):
            for policy in ("raise", "propagate", "omit"):
                for summation in ("exact", "kahan", "pairwise"):
                    accumulator = squarely.Accumulator(("mse", "r2", "mae"), nan_policy=policy, summation=summation)
                    yield told(lambda: accumulator.update(odd, model).update(odd[:64], model[:64]).to_bytes())
                    yield told(lambda: (accumulator + accumulator - accumulator).compute())
            yield told(lambda: losses.log_cosh_loss(odd, model, reduction="none").tobytes())
            yield told(lambda: losses.huber_loss(odd, model, sample_weight=heavy))
            yield told(lambda: squarely.median_absolute_error(odd, model, sample_weight=heavy))
            yield told(lambda: squarely.trimmed_mean_squared_error(odd, model, nan_policy="propagate"))
        yield told(lambda: squarely.RollingAccumulator("mse", window=9).update(truth, model).snapshot().digest())
    yield told(lambda: squarely.r2_score(wide, wide[::-1], multioutput="raw_values"))
    yield told(lambda: squarely.evaluate(large, large[::-1]))
    copy = squarely.Accumulator.from_bytes(squarely.Accumulator().update(y_true, y_pred).to_bytes())
    yield copy.digest()
"""


@needs_known_environment
@pytest.mark.parametrize("threads", ["1", "2"])
def test_exceptions_that_a_host_has_unmasked_are_not_raised(threads: str) -> None:
    code = """
import ctypes
math = ctypes.CDLL("libm.so.6")
squarely.set_num_threads(int(sys.argv[1]))
quiet = list(everything())
math.feenableexcept(1 | 4 | 8)  # invalid, division by zero, overflow
loud = list(everything())
left = math.fegetexcept()
math.fedisableexcept(63)
print(loud == quiet, left, len(quiet) > 200)
"""
    assert run(EVERYTHING + code, threads) == "True 13 True"


@pytest.mark.parametrize("threads", ["1", "2"])
def test_a_thread_with_a_small_stack_can_do_everything(threads: str) -> None:
    code = """
import threading
squarely.set_num_threads(int(sys.argv[1]))
expected, found = list(everything()), []
threading.stack_size(128 * 1024)
thread = threading.Thread(target=lambda: found.extend(everything()))
thread.start()
thread.join()
print(found == expected)
"""
    assert run(EVERYTHING + code, threads) == "True"


ONE_SCORE = """
import numpy as np
import squarely
y_true, y_pred = np.random.default_rng(0).standard_normal((2, 300_000))
print(squarely.Accumulator(("mse", "r2")).update(y_true, y_pred).digest(), 1 <= squarely.get_num_threads() <= 4096)
"""


@pytest.fixture(scope="module")
def one_score() -> str:
    """Return what the process prints that nothing is asked of."""
    return run(ONE_SCORE)


@pytest.mark.parametrize("count", ["0", "-3", "3", "100000", "99999999999999999999", "many", "1,2,3", ""])
def test_no_number_of_openmp_threads_ends_the_process(count: str, one_score: str) -> None:
    assert run(ONE_SCORE, OMP_NUM_THREADS=count, OMP_STACKSIZE="256k") == one_score


@needs_limits
def test_one_core_has_the_bytes_of_all(one_score: str) -> None:
    only_one = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
    assert run(only_one + ONE_SCORE) == one_score


SCARCE = """
import copy, pickle, resource, sys
import numpy as np
import squarely
from squarely import losses

y_true, y_pred = np.random.default_rng(0).standard_normal((2, 400_000))
weights = np.abs(y_pred)
wide = np.random.default_rng(1).standard_normal((40, 1_000))
one = squarely.Accumulator(("mse", "r2")).update(y_true[:64], y_pred[:64])
many = squarely.Accumulator(("mse", "r2"), multioutput="raw_values").update(wide, wide[::-1])
rolling = squarely.RollingAccumulator("mse", window=100_000).update(y_true[:64], y_pred[:64])

def state():
    return one.digest(), many.digest(), rolling.snapshot().digest()

calls = [
    lambda: squarely.mean_squared_error(y_true, y_pred),
    lambda: squarely.r2_score(wide, wide[::-1]),
    lambda: squarely.median_absolute_error(y_true, y_pred),
    lambda: squarely.median_absolute_error(y_true, y_pred, sample_weight=weights),
    lambda: losses.huber_loss(y_true, y_pred, reduction="none"),
    lambda: many + many,
    lambda: copy.copy(many),
    lambda: pickle.dumps(many),
    lambda: squarely.evaluate(wide, wide[::-1]),
    lambda: one.update(y_true, y_pred),
    lambda: many.update(wide, wide[::-1]),
    lambda: many.merge(many),
    lambda: rolling.update(y_true, y_pred),
]
one_page = resource.getpagesize()
unlimited = resource.getrlimit(resource.RLIMIT_AS)
results, before = "", state()
squarely.set_num_threads(int(sys.argv[1]))
for call in calls:
    used = int(open("/proc/self/statm").read().split()[0]) * one_page
    resource.setrlimit(resource.RLIMIT_AS, (used + int(sys.argv[2]), unlimited[1]))
    try:
        call()
        results += "."
    except MemoryError:
        results += "M"
    finally:
        resource.setrlimit(resource.RLIMIT_AS, unlimited)
    now = state()
    if results[-1] == "M":
        assert now == before, len(results)
    before = now
print(results)
"""


@needs_limits
@pytest.mark.parametrize("threads", ["1", "2"])  # of which the second is not there yet
def test_a_limit_of_memory_is_a_memory_error_or_none(threads: str) -> None:
    kept = [run(SCARCE, threads, str(room)) for room in (0, 2**21, 2**28)]
    assert "M" in kept[0]
    assert "." in kept[0]
    assert set(kept[-1]) == {"."}


ENDING = """
import sys, threading
import numpy as np
import squarely
from squarely import losses

squarely.set_num_threads(int(sys.argv[1]))
rows, endless = np.ones(int(sys.argv[2])), np.broadcast_to(1.0, 2**36)
accumulator = squarely.Accumulator("mse").update(rows, rows)
rolling = squarely.RollingAccumulator("mse", window=10)
calls = (
    lambda: accumulator.update(rows, rows),
    lambda: squarely.mean_squared_error(rows, rows),
    lambda: rolling.update(rows, rows),
    lambda: losses.huber_loss(rows, rows),
    lambda: squarely.median_absolute_error(rows, rows),
    lambda: squarely.mean_squared_error(endless, endless),
)
begun = threading.Barrier(len(calls) + 1)

def work(call):
    call() if call is not calls[-1] else None
    begun.wait()
    while True:
        call()

for call in calls:
    threading.Thread(target=work, args=(call,), daemon=True).start()
begun.wait()
"""


@pytest.mark.parametrize("rows", ["100", "20000", "400000"])
@pytest.mark.parametrize("threads", ["1", "2"])
def test_an_interpreter_may_end_while_daemon_threads_call(rows: str, threads: str) -> None:
    for _ in range(2):
        run(ENDING, threads, rows)


def at_once(tasks: list[Callable[[], object]]) -> None:
    barrier = threading.Barrier(len(tasks))

    def work(task: Callable[[], object]) -> None:
        barrier.wait(60)
        task()

    with ThreadPoolExecutor(len(tasks)) as pool:
        for done in [pool.submit(work, task) for task in tasks]:
            done.result(60)


@pytest.mark.parametrize("metrics", ["mean_squared_error", ("r2_score", "mean_absolute_error", "max_error")])
def test_sixty_four_threads_leave_the_bytes_of_one(metrics: Any, rng: np.random.Generator) -> None:
    chunks = [rng.standard_normal((2, size)) for size in (1, 64, 700, 20_000)] * 16
    shared, expected = squarely.Accumulator(metrics), squarely.Accumulator(metrics)
    extra = squarely.Accumulator(metrics).update(*chunks[0])

    def work(chunk: Any) -> None:
        for _ in range(4):
            shared.update(*chunk)
            assert squarely.Accumulator.from_bytes(shared.to_bytes()).count >= chunk.shape[1]
            shared.merge(extra)
            shared.compute()
            (shared + extra).digest()

    at_once([lambda chunk=chunk: work(chunk) for chunk in chunks])  # type: ignore[misc]
    for chunk in chunks * 4:
        expected.update(*chunk).merge(extra)
    assert shared.to_bytes() == expected.to_bytes()


class Calls:
    """An array that, when it is asked for its numbers, calls something first."""

    def __init__(self, call: Callable[[], object]) -> None:
        self.call = call
        self.calls = 0

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        self.calls += 1
        self.call()
        return np.zeros(2)


def test_an_array_may_update_what_it_is_added_to() -> None:
    accumulator = squarely.Accumulator("mean_squared_error")
    array = Calls(lambda: accumulator.update([1.0, 2.0, 3.0], [0.0, 0.0, 0.0]).to_bytes())
    accumulator.update(array, [1.0, 1.0])
    assert accumulator.count == 3 * array.calls + 2
    reset = Calls(accumulator.reset)
    assert accumulator.update([5.0, 5.0], reset).count == 2
    rolling = squarely.RollingAccumulator("sum_squared_error", window=3)
    rolling.update(Calls(lambda: rolling.update([9.0] * 7, [7.0] * 7)), [1.0, 1.0])
    assert rolling["sum_squared_error"] == 4.0 + 1.0 + 1.0


def test_an_array_that_updates_without_end_changes_nothing() -> None:
    accumulator = squarely.Accumulator("mean_squared_error").update([1.0], [2.0])
    before = accumulator.to_bytes()
    array = Calls(lambda: accumulator.update(array, [1.0, 1.0]))
    with pytest.raises(RecursionError):
        accumulator.update(array, [1.0, 1.0])
    assert accumulator.to_bytes() == before


def test_chunks_may_come_from_what_updates_the_same_accumulator() -> None:
    accumulator = squarely.Accumulator("mean_squared_error")

    def chunks() -> Any:
        for size in (1, 64, 20_000):
            accumulator.update(np.ones(size), np.zeros(size))
            yield np.ones(size), np.zeros(size)

    for chunk in chunks():
        accumulator.update(*chunk)
    assert accumulator == squarely.Accumulator("mean_squared_error").update(np.ones(40_130), np.zeros(40_130))
