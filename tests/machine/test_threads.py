"""Threads: how many, from where, and alive after a fork."""

import multiprocessing
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import squarely
from squarely import _core

needs_openmp = pytest.mark.skipif(not _core.openmp, reason="built without OpenMP")
LARGE = 400_000


THREAD_VARIABLES = ("OMP_NUM_THREADS", "SQUARELY_NUM_THREADS")


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    others = {name: value for name, value in os.environ.items() if name not in THREAD_VARIABLES}
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**others, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@needs_openmp
def test_the_number_asked_for_is_used() -> None:
    cores = len(os.sched_getaffinity(0))
    for count in (1, 2, 3, 4):
        squarely.set_num_threads(count)
        assert squarely.get_num_threads() == count
    squarely.set_num_threads(100_000)
    assert squarely.get_num_threads() == 4 * cores
    squarely.set_num_threads(0)
    assert 1 <= squarely.get_num_threads() <= len(os.sched_getaffinity(0))


def test_no_part_of_the_rows_is_lost_where_threads_join_them() -> None:
    # Bytes are summed so fast that of two threads one often ends while another adds its part to the whole.
    y_true, y_pred = (np.full(64 * 65536, value, np.uint8) for value in (200, 3))
    squarely.set_num_threads(1)
    expected = squarely.Accumulator("mse").update(y_true, y_pred).digest()
    for threads in (2, 4):
        squarely.set_num_threads(threads)
        assert {squarely.Accumulator("mse").update(y_true, y_pred).digest() for _ in range(500)} == {expected}


def test_a_negative_number_is_refused() -> None:
    with pytest.raises(ValueError, match="must be 0 .* or more, got -1"):
        squarely.set_num_threads(-1)


@needs_openmp
@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"SQUARELY_NUM_THREADS": "3"}, "3"),
        ({"OMP_NUM_THREADS": "1"}, "1"),
        ({"OMP_NUM_THREADS": "1", "SQUARELY_NUM_THREADS": "4"}, "1" if len(os.sched_getaffinity(0)) > 1 else "4"),
    ],
)
def test_the_environment_sets_the_number(environment: dict[str, str], expected: str) -> None:
    found = run("import squarely; print(squarely.get_num_threads())", **environment)
    assert found.stdout.strip() == expected, found.stderr


@pytest.mark.parametrize("value", ["two", "-1", "1.5", "99999999999"])
def test_a_wrong_number_in_the_environment_is_refused_at_import(value: str) -> None:
    found = run("import squarely", SQUARELY_NUM_THREADS=value)
    assert found.returncode != 0
    assert f"SQUARELY_NUM_THREADS must be a whole number from 0 (the default) to 65536, got '{value}'" in found.stderr


@needs_openmp
def test_affinity_limits_the_default() -> None:
    code = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); import squarely; "
    found = run(code + "print(squarely.get_num_threads())")
    assert found.stdout.strip() == "1", found.stderr


def score_large() -> float:
    y_true = np.random.default_rng(0).standard_normal(LARGE)
    return float(squarely.mean_squared_error(y_true, y_true[::-1]))


def score_in_child(queue: "multiprocessing.Queue[tuple[int, float]]") -> None:
    queue.put((squarely.get_num_threads(), score_large()))


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_child_is_alive_and_has_one_thread() -> None:
    squarely.set_num_threads(2)
    expected = score_large()  # starts the parent's team, which the child does not inherit
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=score_in_child, args=(queue,))
    child.start()
    try:
        assert queue.get(timeout=60) == (1, expected)
        child.join(timeout=60)
        assert child.exitcode == 0
    finally:
        child.kill()
    assert score_large() == expected


FIRST_USES = """
import sys, threading
import numpy as np, pyarrow as pa
import squarely
sys.setswitchinterval(1e-6)
keys = pa.array(["a", "b"] * 50)
numbers = np.arange(100.0)
together = threading.Barrier(4)
def first(by):
    together.wait()
    squarely.GroupedAccumulator("mse").update(numbers, numbers, by=by)
threads = [threading.Thread(target=first, args=(by,)) for by in (keys, pa.array(numbers), keys, pa.array(numbers))]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("done")
"""


def test_threads_may_be_the_first_to_meet_arrow_and_numpy() -> None:
    pytest.importorskip("pyarrow")
    for _ in range(4):  # what is made at first use is made once a process
        run = subprocess.run([sys.executable, "-c", FIRST_USES], capture_output=True, text=True, timeout=60)
        assert (run.stdout, run.stderr) == ("done\n", "")


def test_many_python_threads_call_at_once() -> None:
    expected = score_large()
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: score_large(), range(24))) == {expected}


@pytest.fixture
def nobody_is_interrupted() -> Iterator[None]:
    """Let no thread take the interpreter from another: it has to be given."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(100.0)
    yield
    sys.setswitchinterval(before)


MANY = np.ones(300_000)
LONG_CALLS: dict[str, Callable[[], Any]] = {
    "a metric": lambda: squarely.mean_squared_error(MANY, MANY),
    "several outputs": lambda: squarely.mean_squared_error(MANY.reshape(-1, 3), MANY.reshape(-1, 3)),
    "weights": lambda: squarely.mean_squared_error(MANY, MANY, sample_weight=MANY),
    "a report": lambda: squarely.evaluate(MANY, MANY),
    "an order": lambda: squarely.median_absolute_error(MANY, MANY),
    "a loss": lambda: squarely.squared_error(MANY, MANY),
    "a gradient": lambda: squarely.squared_error_gradient(MANY, MANY),
    "an update": lambda: squarely.Accumulator().update(MANY, MANY),
    "a window of rows": lambda: squarely.RollingAccumulator(window=9).update(MANY, MANY),
    "a window of chunks": lambda: squarely.RollingAccumulator(window=9, unit="chunks").update(MANY, MANY),
}


@pytest.mark.parametrize("call", LONG_CALLS)
@pytest.mark.usefixtures("nobody_is_interrupted")
def test_the_interpreter_is_free_while_large_arrays_are_read(call: str) -> None:
    began, seen = threading.Event(), []
    watcher = threading.Thread(target=lambda: (began.wait(), seen.append("inside a call")))
    watcher.start()
    began.set()
    # One call may be over before the watcher has woken up.
    for _ in range(200):
        LONG_CALLS[call]()
        if seen:
            break
    is_seen = bool(seen)
    watcher.join()
    assert is_seen
