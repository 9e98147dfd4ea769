"""A call that would take minutes ends when it is interrupted, and has changed nothing."""

import gc
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import squarely
from squarely import _core, losses

pytestmark = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs timers")

ROWS = 2**36  # more than a minute of work, and no memory: all are the same number
MANY = np.random.default_rng(0).standard_normal(2**24)


class Interrupted(BaseException):
    """As KeyboardInterrupt, which the test runner would take for its own."""


def end_in_the_middle(call: Callable[[], object]) -> None:
    def interrupt(*_: object) -> None:
        raise Interrupted

    before = signal.signal(signal.SIGALRM, interrupt)
    gc.disable()  # an exception that is raised in a callback of the collector is lost
    try:
        with pytest.raises(Interrupted):
            signal.setitimer(signal.ITIMER_REAL, 0.05)  # once: a second would be raised where nobody waits for it
            call()
    finally:
        gc.enable()
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def rows_of(value: Any, count: int = ROWS) -> Any:
    return np.broadcast_to(value, (count, *np.shape(value)))


ONE, TWO = rows_of(1.0), rows_of(2.0)
WIDE = rows_of(np.ones(16), 2**32), rows_of(np.zeros(16), 2**32)
SUMS = [name for name, row in _core.metrics.items() if row.kind == "sums" and row.has_default]

CALLS: dict[str, Callable[[], object]] = {
    "squares": lambda: squarely.mean_squared_error(ONE, TWO),
    "squares_of_bytes": lambda: squarely.mean_squared_error(rows_of(np.int8(1)), rows_of(np.int8(2))),
    "squares_of_large_integers": lambda: squarely.mean_squared_error(rows_of(2**60 + 1), rows_of(-(2**61) + 3)),
    "float16": lambda: squarely.mean_squared_error(rows_of(np.float16(1)), rows_of(np.float16(2))),
    "kahan": lambda: squarely.mean_squared_error(ONE, TWO, summation="kahan"),
    "pairwise": lambda: squarely.r2_score(ONE, TWO, summation="pairwise"),
    "weights": lambda: squarely.mean_absolute_error(ONE, TWO, sample_weight=TWO),
    "mask": lambda: squarely.mean_squared_error(ONE, TWO, where=rows_of(True)),
    "omitting": lambda: squarely.mean_absolute_error(ONE, TWO, nan_policy="omit"),
    "outputs_side_by_side": lambda: squarely.mean_squared_error(*WIDE),
    "sums_of_outputs": lambda: squarely.mean_squared_log_error(*WIDE, multioutput="raw_values"),
    "complex_values": lambda: squarely.mean_squared_error(rows_of(1 + 2j), rows_of(1j), complex_values=True),
    "all_sums": lambda: squarely.evaluate(ONE, TWO, metrics=SUMS),
    "sum_of_losses": lambda: losses.log_cosh_loss(ONE, TWO),
    "weighted_losses": lambda: losses.pinball_loss(ONE, TWO, alpha=0.3, sample_weight=TWO),
    "many_losses": lambda: [losses.log_cosh_loss(MANY, MANY, reduction="none") for _ in range(1000)],
    "median": lambda: [squarely.median_absolute_error(MANY, MANY) for _ in range(1000)],
    "weighted_median": lambda: [
        squarely.median_absolute_error(MANY, MANY, sample_weight=np.ones(len(MANY))) for _ in range(1000)
    ],
    "trimmed": lambda: [squarely.trimmed_mean_squared_error(MANY, MANY) for _ in range(1000)],
}


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("name", CALLS)
def test_an_interrupt_ends_a_call(name: str, threads: int) -> None:
    squarely.set_num_threads(threads)
    end_in_the_middle(CALLS[name])
    assert squarely.mean_squared_error(MANY, MANY + 1) == pytest.approx(1.0)  # the threads are all there


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("summation", ["exact", "kahan"])
@pytest.mark.parametrize("metrics", ["mean_squared_error", ("r2_score", "max_error", "mean_squared_log_error")])
def test_an_interrupted_update_adds_nothing(metrics: Any, summation: Any, threads: int) -> None:
    squarely.set_num_threads(threads)
    accumulator = squarely.Accumulator(metrics, summation=summation)
    end_in_the_middle(lambda: accumulator.update(ONE, TWO))
    assert accumulator == squarely.Accumulator(metrics, summation=summation)
    accumulator.update([1.0, 2.0], [1.0, 4.0])
    before = accumulator.to_bytes()
    end_in_the_middle(lambda: accumulator.update(ONE, TWO))
    assert accumulator.to_bytes() == before


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("unit", ["rows", "chunks"])
def test_an_interrupted_update_leaves_the_window(unit: Any, threads: int) -> None:
    squarely.set_num_threads(threads)
    rolling = squarely.RollingAccumulator("mean_squared_error", window=2, unit=unit).update([1.0, 2.0], [1.0, 4.0])
    before = rolling.snapshot()
    end_in_the_middle(lambda: rolling.update(ONE, TWO))
    assert rolling.snapshot() == before


def test_a_handler_may_use_what_the_call_it_interrupts_is_for() -> None:
    accumulator = squarely.Accumulator("mean_squared_error").update([1.0], [2.0])
    seen: list[Any] = []

    def use(*_: object) -> None:
        seen.append(accumulator.count)
        accumulator.update([1.0], [2.0])
        if len(seen) == 3:
            raise Interrupted

    before = signal.signal(signal.SIGALRM, use)
    signal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)
    try:
        with pytest.raises(Interrupted):
            accumulator.update(ONE, TWO)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert seen[:3] == [1, 2, 3]
    assert accumulator.count == 1 + len(seen)


CONTROL_C = """
import os, signal, threading
import numpy as np
import squarely

rows = np.broadcast_to(1.0, 2**36)
accumulator = squarely.Accumulator().update([1.0], [3.0])
before = accumulator.to_bytes()
threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    accumulator.update(rows, rows)
except KeyboardInterrupt:
    print(accumulator.to_bytes() == before)
"""


def test_control_c_is_heard_in_the_middle_of_a_call() -> None:
    ran = subprocess.run([sys.executable, "-c", CONTROL_C], capture_output=True, text=True, timeout=50, check=False)
    assert ran.stdout == "True\n", ran.stderr


def test_control_c_is_heard_in_the_middle_of_a_file(tmp_path: Any) -> None:
    for name in ("truth", "model"):  # files with holes, which take no room
        np.lib.format.open_memmap(tmp_path / f"{name}.npy", mode="w+", dtype=np.float64, shape=(2**33,))
    code = (
        "import os, signal, sys, threading; from squarely.cli import main; "
        "threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start(); "
        "sys.exit(main(['score', '--true', 'truth.npy', '--pred', 'model.npy']))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, timeout=50, check=False, env=dict(os.environ)
    )
    assert (ran.returncode, ran.stdout) == (130, b""), ran.stderr
