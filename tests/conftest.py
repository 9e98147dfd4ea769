"""Every test that takes `target` runs once on each instruction set of this kind of processor."""

import gc
from collections.abc import Iterator

import numpy as np
import pytest

import squarely
from inputs import seeds
from instruments import targets
from instruments.floating_point_environment import DISTURBANCES, Environment

# Programs of their own, and what only checkers of types read: pytest imports all else, for the examples in it.
collect_ignore = ["consumer", "inputs/types_of_results.py"]

# Before any module of tests is imported: some make their numbers then.
seeds.set_up_hypothesis()
seeds.set_up_generators()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    if seeds.SEED is not None and config.option.hypothesis_seed is None:
        config.option.hypothesis_seed = str(seeds.SEED)


def pytest_collection_finish() -> None:
    # Forty thousand tests are kept to the end: the collector need not look through them again and again.
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown() -> Iterator[None]:
    # Not a fixture, which would take a tenth of a millisecond of every test.
    try:
        yield
    finally:
        squarely.set_target("")
        squarely.set_num_threads(0)


def pytest_report_header() -> list[str]:
    seed = "fixed" if seeds.SEED is None else f"{seeds.VARIABLE}={seeds.SEED}"
    lacking = f"; lacking: {', '.join(targets.LACKING)}" if targets.LACKING else ""
    return [f"random numbers: {seed}", f"targets: {', '.join(targets.HERE)}{lacking}"]


@pytest.fixture(params=targets.ALL)
def target(request: pytest.FixtureRequest) -> str:
    targets.skip_where_lacking(request.param)
    squarely.set_target(request.param)
    return str(request.param)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20260101)


@pytest.fixture(params=DISTURBANCES)
def disturbed(request: pytest.FixtureRequest) -> Iterator[tuple[Environment, int]]:
    environment = Environment()
    yield environment, request.param
    environment.set(0)
