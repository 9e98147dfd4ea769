"""Every test that takes `target` runs once on each instruction set this machine has."""

from collections.abc import Iterator

import hypothesis
import numpy as np
import pytest

import squarely
from instruments.floating_point_environment import DISTURBANCES, Environment

# The same examples on every run; a deadline would measure the machine, not the code.
hypothesis.settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=200)
hypothesis.settings.load_profile("repeatable")


@pytest.fixture(params=squarely.targets())
def target(request: pytest.FixtureRequest) -> Iterator[str]:
    squarely.set_target(request.param)
    yield request.param
    squarely.set_target("")


@pytest.fixture(autouse=True)
def default_settings() -> Iterator[None]:
    yield
    squarely.set_target("")
    squarely.set_num_threads(0)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20260101)


@pytest.fixture(params=DISTURBANCES)
def disturbed(request: pytest.FixtureRequest) -> Iterator[tuple[Environment, int]]:
    environment = Environment()
    yield environment, request.param
    environment.set(0)
