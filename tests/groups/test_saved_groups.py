"""Groups that were saved by the squarely of their time: every later one reads them, and writes the same bytes."""

import datetime
import math
import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import squarely

STATES = pathlib.Path(__file__).parents[1] / "states"

ROWS = np.arange(24.0)
TRUTH, PREDICTION = ROWS, np.where(ROWS % 5 == 0, -1.5 * ROWS, 0.75 * ROWS + 1)
NOON = datetime.datetime(2024, 5, 17, 12)

# Of one key each, and of null and others beside it.
KEYS: dict[str, list[Any]] = {
    "text": ["b", "", None, "ä"],
    "bytes": [b"\xff", b"", None],
    "whole": [-(2**63), 7, None],
    "large": [2**64 - 1, 0],
    "real": [1.5, math.nan, -0.0, math.inf],
    "is_open": [True, False, None],
    "day": [NOON.date(), datetime.date(1960, 1, 1)],
    "month": [np.datetime64("2024-05"), np.datetime64("1969-12")],
    "moment": [NOON, None, datetime.datetime(1969, 12, 31, 23, 59, 59, 999999)],
    "nanosecond": [np.datetime64(1, "ns"), np.datetime64(NOON, "ns")],
    "in_zone": [NOON.replace(tzinfo=datetime.timezone.utc), None],
    "while": [datetime.timedelta(microseconds=-1), datetime.timedelta(days=400)],
    "unknown": [None],
}


def of_keys() -> squarely.GroupedAccumulator:
    by = {name: [keys[row % len(keys)] for row in range(len(ROWS))] for name, keys in KEYS.items()}
    return squarely.GroupedAccumulator(("mse", "mean_error")).update(TRUTH, PREDICTION, by=by)


def of_short_chunks() -> squarely.GroupedAccumulator:
    grouped = squarely.GroupedAccumulator(("r2_score", "max_error", "mean_absolute_error"))
    for scale in (1.0, 1e-3, 2.0**900, 1e-300, 1.0):
        grouped.update(TRUTH * scale, PREDICTION * scale, by=ROWS.astype(int) % 7)
    return grouped


def with_weights() -> squarely.GroupedAccumulator:
    metrics = (squarely.metric("mean_pinball_loss", alpha=0.9), "mean_squared_log_error", "r2_score")
    grouped = squarely.GroupedAccumulator(metrics, nan_policy="omit")
    y_pred = np.where(ROWS == 5, math.nan, PREDICTION)
    return grouped.update(TRUTH, y_pred, sample_weight=ROWS / 8 + 0.1, where=ROWS != 9, by=["a", "b", "c"] * 8)


def of_fields(summation: Any = "exact") -> squarely.GroupedAccumulator:
    grouped = squarely.GroupedAccumulator(("mse", "r2_score"), multioutput="raw_values", summation=summation)
    y_true, y_pred = TRUTH.reshape(4, 2, 3), PREDICTION.reshape(4, 2, 3)
    return grouped.update(y_true, y_pred, by=[2.5, 1.5, 2.5, 2.5])


EXAMPLES: dict[str, Callable[[], squarely.GroupedAccumulator]] = {
    "version-1-keys": of_keys,
    "version-1-short-chunks": of_short_chunks,
    "version-1-weights": with_weights,
    "version-1-fields": of_fields,
    "version-1-kahan": lambda: of_fields("kahan"),
    "version-1-pairwise": lambda: of_fields("pairwise"),
    "version-1-nothing": lambda: squarely.GroupedAccumulator("mse", nan_policy="propagate"),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_groups_of_every_version_stay_readable(name: str) -> None:
    data = (STATES / f"{name}.sqga").read_bytes()
    found, expected = squarely.GroupedAccumulator.from_bytes(data), EXAMPLES[name]()
    assert data[4] == int(name.split("-")[1])
    assert found == expected
    assert found.digest() == expected.digest()
    assert list(map(repr, found.keys())) == list(map(repr, expected.keys()))
    assert (found.by, found.metrics, found.nan_policy) == (expected.by, expected.metrics, expected.nan_policy)
    if len(found) > 0:
        np.testing.assert_equal(found.compute(), expected.compute())
        assert found.overall() == expected.overall()


@pytest.mark.parametrize("name", EXAMPLES)
def test_this_version_writes_groups_as_its_examples_are(name: str) -> None:
    assert EXAMPLES[name]().to_bytes() == (STATES / f"{name}.sqga").read_bytes()


def test_every_example_of_groups_is_read() -> None:
    assert {path.stem for path in STATES.glob("*.sqga")} == EXAMPLES.keys()
