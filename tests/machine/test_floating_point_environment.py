"""A host that flushes subnormals or rounds upward changes nothing, and finds its settings again afterwards."""

import functools
import pathlib
import shutil
import subprocess

import numpy as np
import numpy.typing as npt
import pytest

import squarely
from inputs.hard_data import MAKERS, Maker, huge, normal, sixty_decades, subnormal, window_limits
from instruments.floating_point_environment import CONTROL, Environment, needs_known_environment
from oracles.state_bytes import SUMMATIONS
from squarely import _core

pytestmark = needs_known_environment

CORE = pathlib.Path(__file__).parents[2] / "cpp"


@pytest.mark.parametrize("flag", ["-ffast-math", "-mfpmath=387"])
def test_kernels_are_not_compiled_where_operations_are_rounded_otherwise(flag: str) -> None:
    compiler = shutil.which("g++") or pytest.skip("needs g++")
    command = [compiler, "-std=c++20", "-E", flag, f"-I{CORE}", CORE / "kernels" / "lanes.hpp"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode != 0
    assert "proofs about rounding" in found.stderr


# Several blocks for one thread, and enough that two share them: of the data whose rounding settings could move.
CASES = [(make, 1, 4000) for make in MAKERS]
CASES += [(make, 2, 70_000) for make in (normal, sixty_decades, subnormal, huge, window_limits)]


def order_statistics(make: Maker, rows: int, seed: int) -> list[list[float]]:
    y_true, y_pred, weights = data_of(make, rows, seed)
    statistics = _core.OrderStatistics(1, rows, "absolute_error")
    statistics.update(y_true, y_pred)
    return [
        *(statistics.quantiles(level, chosen) for level in (0.01, 0.5) for chosen in (None, weights)),
        statistics.trimmed_mean_squares(0.1),
    ]


@functools.cache
def data_of(make: Maker, rows: int, seed: int) -> tuple[npt.NDArray[np.float64], ...]:
    rng = np.random.default_rng(seed)
    return *make(rng, rows), rng.integers(0, 9, rows) * 5e-324


# Once for all settings: without them it is the same.
@functools.cache
def undisturbed(target: str, make: Maker, threads: int, rows: int, seed: int) -> list[list[float]]:
    return order_statistics(make, rows, seed)


@pytest.mark.parametrize(("make", "threads", "rows"), CASES, ids=lambda value: getattr(value, "__name__", str(value)))
def test_settings_of_the_host_do_not_move_an_order_statistic(
    target: str, make: Maker, threads: int, rows: int, disturbed: tuple[Environment, int], rng: np.random.Generator
) -> None:
    environment, control = disturbed
    seed = int(rng.integers(2**63))
    squarely.set_num_threads(threads)
    expected = undisturbed(target, make, threads, rows, seed)
    environment.set(control)
    found = order_statistics(make, rows, seed)
    environment.set(0)
    assert found == expected


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
@pytest.mark.parametrize("summation", SUMMATIONS)
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


@pytest.mark.parametrize("summation", SUMMATIONS)
def test_merging_and_computing_are_guarded_too(
    summation: str, disturbed: tuple[Environment, int], rng: np.random.Generator
) -> None:
    environment, control = disturbed
    metrics = ("mse", "r2")
    parts = [squarely.Accumulator(metrics, summation=summation).update(*rng.random((2, 999))) for _ in range(20)]

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
