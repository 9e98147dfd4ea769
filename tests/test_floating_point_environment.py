"""A host that flushes subnormals or rounds upward changes nothing, and finds its settings again afterwards."""

import ctypes
import ctypes.util
import platform
from collections.abc import Iterator

import numpy as np
import pytest

import squarely
from inputs.hard_data import MAKERS, Maker
from squarely import _core

pytestmark = pytest.mark.skipif(
    platform.machine() != "x86_64" or platform.libc_ver()[0] != "glibc", reason="knows glibc's fenv_t on x86-64"
)

FLUSH_TO_ZERO = 0x8000
DENORMALS_ARE_ZERO = 0x0040
ROUND_UPWARD = 0x4000
ROUND_TO_ZERO = 0x6000
CONTROL = FLUSH_TO_ZERO | DENORMALS_ARE_ZERO | ROUND_TO_ZERO
MXCSR_OFFSET = 28  # behind the 28 bytes of the x87 environment


class Environment:
    def __init__(self) -> None:
        self.math = ctypes.CDLL(ctypes.util.find_library("m"))

    def read(self) -> ctypes.Array[ctypes.c_char]:
        buffer = ctypes.create_string_buffer(32)
        self.math.fegetenv(buffer)
        return buffer

    @property
    def mxcsr(self) -> int:
        return int.from_bytes(self.read().raw[MXCSR_OFFSET:], "little")

    def set(self, control: int) -> None:
        buffer = self.read()
        value = self.mxcsr & ~CONTROL | control
        buffer[MXCSR_OFFSET:32] = value.to_bytes(4, "little")
        self.math.fesetenv(buffer)


@pytest.fixture(params=[FLUSH_TO_ZERO | DENORMALS_ARE_ZERO, ROUND_UPWARD, CONTROL])
def disturbed(request: pytest.FixtureRequest) -> Iterator[tuple[Environment, int]]:
    environment = Environment()
    yield environment, request.param
    environment.set(0)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_settings_of_the_host_do_not_move_an_order_statistic(
    target: str, make: Maker, threads: int, disturbed: tuple[Environment, int], rng: np.random.Generator
) -> None:
    environment, control = disturbed
    y_true, y_pred = make(rng, 70_000)
    weights = rng.integers(0, 9, 70_000) * 5e-324

    def answers() -> list[list[float]]:
        statistics = _core.OrderStatistics(1, 70_000, "absolute_error")
        statistics.update(y_true, y_pred)
        return [
            *(statistics.quantiles(level, chosen) for level in (0.01, 0.5) for chosen in (None, weights)),
            statistics.trimmed_mean_squares(0.1),
        ]

    squarely.set_num_threads(threads)
    expected = answers()
    environment.set(control)
    found = answers()
    environment.set(0)
    assert found == expected


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
@pytest.mark.parametrize("summation", ["exact", "kahan", "pairwise"])
def test_settings_of_the_host_do_not_matter(
    target: str, make: Maker, summation: str, disturbed: tuple[Environment, int], rng: np.random.Generator
) -> None:
    environment, control = disturbed
    y_true, y_pred = make(rng, 1500)
    quiet = squarely.Accumulator(summation=summation).update(y_true, y_pred).to_bytes()
    expected = squarely.mean_squared_error(y_true, y_pred)
    environment.set(control)
    loud = squarely.Accumulator(summation=summation).update(y_true, y_pred).to_bytes()
    found = squarely.mean_squared_error(y_true, y_pred)
    after = environment.mxcsr & CONTROL
    environment.set(0)
    assert loud == quiet
    assert found == expected
    assert after == control


@pytest.mark.parametrize("summation", ["exact", "kahan", "pairwise"])
def test_merging_and_computing_are_guarded_too(
    summation: str, disturbed: tuple[Environment, int], rng: np.random.Generator
) -> None:
    environment, control = disturbed
    parts = [squarely.Accumulator(summation=summation).update(*rng.random((2, 999))) for _ in range(20)]

    def outcome() -> tuple[bytes, dict[str, object]]:
        total = sum(parts) - parts[3]
        return total.to_bytes(), total.compute()

    quiet = outcome()
    environment.set(control)
    loud = outcome()
    environment.set(0)
    assert loud == quiet


def test_worker_threads_are_guarded_too(disturbed: tuple[Environment, int], rng: np.random.Generator) -> None:
    environment, control = disturbed
    y_true = rng.integers(-9, 9, 500_000) * 5e-324
    y_pred = np.zeros(500_000)
    quiet = squarely.Accumulator().update(y_true, y_pred).to_bytes()
    environment.set(control)
    squarely.set_num_threads(4)
    loud = squarely.Accumulator().update(y_true, y_pred).to_bytes()
    environment.set(0)
    assert loud == quiet
