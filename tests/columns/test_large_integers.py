"""64-bit integers that no double holds: compared, and told apart, as what they are."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import squarely
from inputs.metric_parameters import PUBLIC, as_keyword
from instruments.core_states import terms_of
from oracles.metrics_of_sums import ALGEBRAIC
from oracles.terms import HALVES_OF_AN_ULP, sums_of

Asked = tuple[str, float]
Integers = npt.NDArray[Any]

DEFINED = [asked for asked in PUBLIC if asked[0] in ALGEBRAIC]


def near(rng: np.random.Generator, count: int) -> tuple[Integers, Integers]:
    """Return integers whose nearest doubles are often the same."""
    y_true = rng.integers(2**53, 2**53 + 1000, count)
    return y_true, y_true + rng.integers(-3, 4, count)


def apart(rng: np.random.Generator, count: int) -> tuple[Integers, Integers]:
    return rng.integers(2**53, 2**63 - 1, count), rng.integers(1, 2**63 - 1, count)


def mixed(rng: np.random.Generator, count: int) -> tuple[Integers, Integers]:
    y_true, y_pred = near(rng, count)
    small = rng.random(count) < 0.5
    return np.where(small, rng.integers(1, 100, count), y_true), np.where(small, rng.integers(1, 100, count), y_pred)


def unsigned(rng: np.random.Generator, count: int) -> tuple[Integers, Integers]:
    y_true = rng.integers(2**63, 2**64 - 10, count, np.uint64)
    return y_true, y_true - rng.integers(0, 10, count, np.uint64)


MAKERS = [near, apart, mixed, unsigned]
Maker = Callable[[np.random.Generator, int], tuple[Integers, Integers]]


def check(asked: Asked, found: float, y_true: Integers, y_pred: Integers, weights: Any = None) -> None:
    # What is lost of a double is what their rounding would lose again: ten thousand times as much as is let through.
    expected = ALGEBRAIC[asked[0]](
        sums_of(terms_of(asked), asked[1], y_true.tolist(), y_pred.tolist(), weights), asked[1]
    )
    if HALVES_OF_AN_ULP.keys().isdisjoint(terms_of(asked)):
        assert found == expected or (math.isnan(found) and math.isnan(expected))
    else:
        assert found == pytest.approx(expected, rel=2e-15)


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("asked", DEFINED, ids=lambda asked: f"{asked[0]}-{asked[1]}")
def test_every_metric_sees_integers_of_64_bits_as_they_are(asked: Asked, make: Maker) -> None:
    rng = np.random.default_rng(len(asked[0]))
    y_true, y_pred = make(rng, 60)
    metric, keywords = getattr(squarely, asked[0]), as_keyword(*asked)
    check(asked, metric(y_true, y_pred, **keywords), y_true, y_pred)
    streamed = squarely.Accumulator(squarely.metric(asked[0], **keywords))
    for first in range(0, 60, 7):
        streamed.update(y_true[first : first + 7], y_pred[first : first + 7])
    (value,) = streamed.compute().values()
    assert value == metric(y_true, y_pred, **keywords)
    if "sample_weight" in metric.__annotations__:
        weights = rng.integers(1, 5, 60).tolist()
        check(asked, metric(y_true, y_pred, sample_weight=weights, **keywords), y_true, y_pred, weights)


@pytest.mark.parametrize("asked", DEFINED, ids=lambda asked: f"{asked[0]}-{asked[1]}")
def test_one_large_integer_in_the_middle_of_full_blocks_is_seen(asked: Asked) -> None:
    y_true, y_pred = np.arange(1, 1601), np.arange(1, 1601) % 7 + np.arange(1, 1601)
    y_true[800], y_pred[800] = 2**62 + 1, 2**62 + 2
    check(asked, getattr(squarely, asked[0])(y_true, y_pred, **as_keyword(*asked)), y_true, y_pred)


@pytest.mark.parametrize("asked", DEFINED, ids=lambda asked: f"{asked[0]}-{asked[1]}")
def test_a_window_sees_them_too(asked: Asked) -> None:
    y_true, y_pred = mixed(np.random.default_rng(3), 40)
    window = squarely.RollingAccumulator(squarely.metric(asked[0], **as_keyword(*asked)), window=9)
    for y, p in zip(y_true, y_pred, strict=True):
        window.update(y, p)
    (value,) = window.compute().values()
    check(asked, value, y_true[-9:], y_pred[-9:])


def test_the_largest_and_least_truths_are_told_apart_by_their_last_bit() -> None:
    for base in (2**53, 2**62, 2**63 - 10):
        y_true = np.array([base + 1, base + 4, base + 2])
        found = squarely.normalized_root_mean_squared_error(y_true, y_true + 3)
        assert found == 1.0
        in_pieces = squarely.Accumulator("nrmse")
        for i in (1, 0, 2):
            in_pieces.update(y_true[i : i + 1], y_true[i : i + 1] + 3)
        assert in_pieces == squarely.Accumulator("nrmse").update(y_true, y_true + 3)
