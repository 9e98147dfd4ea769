"""Streams in the middle of something: other threads, forks, signals and want of memory leave nothing half done."""

import copy
import gc
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import squarely

Y_TRUE, Y_PRED = np.random.default_rng(0).standard_normal((2, 64))


@pytest.fixture
def frequent_switches() -> Iterator[None]:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def at_once(*tasks: Callable[[], None]) -> None:
    failures: list[BaseException] = []
    barrier = threading.Barrier(len(tasks))

    def run(task: Callable[[], None]) -> None:
        barrier.wait()
        try:
            task()
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=run, args=(task,), daemon=True) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive(), "deadlock"
    if failures:
        raise failures[0]


@pytest.mark.usefixtures("frequent_switches")
def test_nothing_is_lost_where_a_stream_is_opened_by_many_threads() -> None:
    for _ in range(300):
        accumulator = squarely.Accumulator("mean_squared_error").update(Y_TRUE, Y_PRED)

        def work(shared: squarely.Accumulator = accumulator) -> None:
            for _ in range(10):
                shared.update(Y_TRUE, Y_PRED)

        at_once(work, work, work)
        assert accumulator.count == 31 * 64


@pytest.mark.usefixtures("frequent_switches")
def test_scores_are_of_one_moment() -> None:
    accumulator = squarely.Accumulator(("mean_squared_error", "sum_squared_error")).update([1.0], [2.0])
    done = threading.Event()

    def update() -> None:
        for size in range(2000):
            accumulator.update([float(size % 5)], [0.0])
        done.set()

    def look() -> None:
        while not done.is_set():
            scores = accumulator.compute()
            count = scores["sum_squared_error"] / scores["mean_squared_error"]
            assert abs(count - round(count)) < 1e-9

    at_once(update, look)


@pytest.mark.usefixtures("frequent_switches")
def test_a_reset_between_threads_leaves_no_sums_of_another_kind() -> None:
    accumulator = squarely.Accumulator("mean_squared_error")
    ones = np.ones(64)

    def update(sample_weight: Any) -> None:
        for _ in range(500):
            try:
                accumulator.update(Y_TRUE, Y_PRED, sample_weight=sample_weight)
            except ValueError as refused:  # the other thread began anew
                assert "sample_weight" in str(refused) or "do not match" in str(refused)

    def reset() -> None:
        for _ in range(1000):
            accumulator.reset()
            assert isinstance(copy.copy(accumulator).to_bytes(), bytes)

    at_once(lambda: update(None), lambda: update(ones), reset)
    accumulator.reset().update(Y_TRUE, Y_PRED).update(Y_TRUE, Y_PRED)
    assert accumulator.count == 128


@pytest.mark.usefixtures("frequent_switches")
def test_accumulators_may_be_merged_into_each_other_at_once() -> None:
    left, right = (squarely.Accumulator().update(Y_TRUE, Y_PRED) for _ in range(2))

    def merge(into: squarely.Accumulator, other: squarely.Accumulator) -> None:
        for _ in range(15):  # each may double the count
            into.merge(other).update(Y_TRUE, Y_PRED)

    at_once(lambda: merge(left, right), lambda: merge(right, left), lambda: merge(left, left))
    for one in (left, right):
        assert isinstance(one.count, int)
        assert one["mean_squared_error"] == squarely.mean_squared_error(Y_TRUE, Y_PRED)


def test_an_accumulator_merges_with_itself_and_is_taken_from_itself() -> None:
    accumulator = squarely.Accumulator("mean_squared_error").update(Y_TRUE, Y_PRED).update(Y_TRUE, Y_PRED)
    assert (accumulator + accumulator).count == 4 * 64
    assert (accumulator - accumulator).count == 0
    assert accumulator.merge(accumulator).count == 4 * 64
    assert accumulator["mean_squared_error"] == squarely.mean_squared_error(Y_TRUE, Y_PRED)
    assert accumulator.subtract(accumulator).count == 0
    accumulator.update(Y_TRUE, Y_PRED)
    assert accumulator == squarely.Accumulator("mean_squared_error").update(Y_TRUE, Y_PRED)


FORKS = """
import os, signal, sys, threading
import numpy as np
import squarely

sys.setswitchinterval(1e-6)
LENGTH = 60_000
y_true, y_pred = np.random.default_rng(0).standard_normal((2, LENGTH))
accumulator = squarely.Accumulator("mean_squared_error").update(y_true, y_pred)
rolling = squarely.RollingAccumulator("mean_squared_error", window=8).update(y_true[:9], y_pred[:9])
stop = threading.Event()

def work(length):
    while not stop.is_set():
        accumulator.update(y_true[:length], y_pred[:length])
        accumulator.count

def roll():
    while not stop.is_set():
        rolling.update(y_true[:4], y_pred[:4])
        rolling.update(y_true, y_pred)

threads = [threading.Thread(target=work, args=(LENGTH,)) for _ in range(2)] + [threading.Thread(target=roll)]
for thread in threads:
    thread.start()
status = 0
for _ in range(40):
    child = os.fork()
    if child == 0:
        signal.alarm(20)  # ends a child that hangs
        before = accumulator.count
        whole = before % LENGTH == 0
        accumulator.update(y_true, y_pred).update(y_true[:64], y_pred[:64])
        whole = whole and accumulator.count == before + LENGTH + 64
        score = squarely.mean_squared_error(y_true, y_pred)
        whole = whole and rolling.count == 8
        rolling.update(y_true[:8], y_pred[:8])
        whole = whole and rolling["mean_squared_error"] == squarely.mean_squared_error(y_true[:8], y_pred[:8])
        os._exit(0 if whole else 1)
    status |= os.waitpid(child, 0)[1]
stop.set()
for thread in threads:
    thread.join()
sys.exit(status != 0)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("threads", ["1", "2"])
def test_a_fork_in_the_middle_of_updates_leaves_the_child_a_whole_accumulator(threads: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORKS],
        env={**os.environ, "SQUARELY_NUM_THREADS": threads},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs timers")
def test_a_signal_handler_may_look_at_what_is_being_updated() -> None:
    accumulator = squarely.Accumulator("mean_squared_error").update(Y_TRUE, Y_PRED)
    seen: list[Any] = []

    def look(*_: object) -> None:
        seen.append((accumulator.count, accumulator["mean_squared_error"]))

    before = signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, 1e-4, 1e-4)
    try:
        while len(seen) < 200:
            accumulator.update(list(Y_TRUE), Y_PRED)
            accumulator.to_bytes()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert all(count % 64 == 0 for count, _ in seen)
    assert {score for _, score in seen} == {squarely.mean_squared_error(Y_TRUE, Y_PRED)}


class Interrupted(BaseException):
    """As KeyboardInterrupt, which the test runner would take for its own."""


@pytest.fixture
def no_collections() -> Iterator[None]:
    """Keep the collector away: what is raised in its callbacks, as hypothesis has one, is lost, and loops go on."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs timers")
@pytest.mark.usefixtures("no_collections")
def test_an_interrupt_leaves_whole_chunks_behind() -> None:
    accumulator = squarely.Accumulator("mean_squared_error")

    def interrupt(*_: object) -> None:
        raise Interrupted

    before = signal.signal(signal.SIGALRM, interrupt)
    interrupts = 0
    try:
        while interrupts < 300:
            try:
                signal.setitimer(signal.ITIMER_REAL, 1e-4 * (1 + interrupts % 5))
                while True:
                    accumulator.update(list(Y_TRUE), Y_PRED)
                    accumulator.update(Y_TRUE, Y_PRED)
            except Interrupted:
                interrupts += 1
            assert accumulator.count % 64 == 0
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert accumulator["mean_squared_error"] == squarely.mean_squared_error(Y_TRUE, Y_PRED)


def window_after(updates: int, window: int, unit: Any) -> squarely.Accumulator:
    """Return what is inside after chunks of three rows each, which say which chunk they are of."""
    rows = [float(number) for number in range(updates) for _ in range(3)]
    inside = rows[-window:] if unit == "rows" else rows[-3 * window :]
    fresh = squarely.Accumulator(("max_error", "mean_absolute_error"))
    return fresh.update(inside, [0.0] * len(inside)) if inside else fresh


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs timers")
@pytest.mark.usefixtures("no_collections")
@pytest.mark.parametrize("unit", ["rows", "chunks"])
def test_an_interrupt_leaves_a_whole_window_behind(unit: Any) -> None:
    rolling = squarely.RollingAccumulator(("max_error", "mean_absolute_error"), window=5, unit=unit)

    def interrupt(*_: object) -> None:
        raise Interrupted

    before = signal.signal(signal.SIGALRM, interrupt)
    interrupts = updates = 0
    try:
        while interrupts < 200:
            try:
                signal.setitimer(signal.ITIMER_REAL, 1e-4 * (1 + interrupts % 5))
                while True:
                    rolling.update([float(updates)] * 3, [0.0] * 3)
                    updates += 1
                    rolling.snapshot()
            except Interrupted:
                interrupts += 1
            if rolling.snapshot() == window_after(updates + 1, 5, unit):  # interrupted before it was counted
                updates += 1
            assert rolling.snapshot() == window_after(updates, 5, unit)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.usefixtures("frequent_switches")
@pytest.mark.parametrize("unit", ["rows", "chunks"])
def test_a_window_of_many_threads_holds_whole_chunks(unit: Any) -> None:
    long = np.ones(20_000)
    rolling = squarely.RollingAccumulator("sum_squared_error", window={"rows": 30_000, "chunks": 2}[unit], unit=unit)

    def work() -> None:
        for number in range(60):
            rolling.update(long * number, long * number)
            rolling.update(Y_TRUE, Y_TRUE)
            rolling.update(1.0, 1.0)

    def look() -> None:
        for _ in range(200):
            snapshot = rolling.snapshot()
            assert snapshot.count == 0 or snapshot["sum_squared_error"] == 0.0
            copy.copy(rolling).update(Y_TRUE, Y_TRUE)

    at_once(work, work, look)
    if unit == "rows":
        assert rolling.count == 30_000
    rolling.update([3.0], [1.0]).update([3.0], [1.0])
    assert rolling["sum_squared_error"] == 8.0


WANT_OF_MEMORY_OF_A_WINDOW = """
import resource
import numpy as np
import squarely

squarely.set_num_threads(1)
unit = {unit!r}
rolling = squarely.RollingAccumulator(("mse", "max_error"), window=10**8, unit=unit).update([1.0, 2.0], [1.0, 5.0])
before = rolling.snapshot()
rows = np.ones({rows})
weights = np.ones({rows})
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 2**24, used + 2**24))
try:
    rolling.update(rows, rows)
except MemoryError:
    pass
else:
    raise SystemExit("there was enough")
assert rolling.snapshot() == before
assert rolling.update([1.0], [1.0]).count == 3
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs limits")
def test_want_of_memory_leaves_the_window_as_it_was() -> None:
    code = WANT_OF_MEMORY_OF_A_WINDOW.format(unit="rows", rows=8_000_000)
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr


WANT_OF_MEMORY = """
import resource
import numpy as np
import squarely

squarely.set_num_threads(1)
ones, zeros = np.ones((2, 200_000)), np.zeros((2, 200_000))
wide = squarely.Accumulator("mse", multioutput="raw_values").update(ones, zeros)
narrow = squarely.Accumulator("mse").update(ones[0], zeros[0])
before = wide.to_bytes()
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
unlimited = resource.getrlimit(resource.RLIMIT_AS)
resource.setrlimit(resource.RLIMIT_AS, (used + 2**22, unlimited[1]))
for refused in (
    lambda: wide.update(ones, zeros),  # sums of as many outputs need thirteen megabytes
    lambda: squarely.Accumulator("mse", multioutput="raw_values").merge(wide),
    lambda: wide + wide,
    lambda: wide.subtract(wide),
):
    try:
        refused()
    except MemoryError:
        continue
    raise SystemExit("there was enough memory")
narrow.update(ones[0, :64], zeros[0, :64])
resource.setrlimit(resource.RLIMIT_AS, unlimited)
assert wide.to_bytes() == before
assert narrow.count == 200_064
assert wide.update(ones, zeros).count.tolist() == [4] * 200_000
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="needs a limit of memory")
def test_want_of_memory_leaves_the_accumulator_as_it_was() -> None:
    ran = subprocess.run([sys.executable, "-c", WANT_OF_MEMORY], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
