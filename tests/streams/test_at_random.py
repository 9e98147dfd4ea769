"""Random programs over accumulators and windows; tests/fuzz/programs.py runs as many as there is time for."""

from typing import Any

import pytest

from instruments.random_streams import drive, drive_window


@pytest.mark.parametrize("seed", range(120))
def test_an_accumulator_has_the_digest_of_one_update_whatever_was_done(seed: int) -> None:
    drive(seed)


@pytest.mark.parametrize("unit", ["rows", "chunks"])
@pytest.mark.parametrize("seed", range(100))
def test_a_window_has_the_digest_of_one_update_whatever_was_done(seed: int, unit: Any) -> None:
    drive_window(seed, unit)
