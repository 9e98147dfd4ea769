"""One NaN or infinity among several full blocks, seen by each metric alone: no other can have seen it for this one."""

import functools
import inspect
import itertools
import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import squarely
from inputs.metric_parameters import SCORES, as_keyword, as_taken
from oracles.state_bytes import POLICIES
from squarely import _core
from squarely.policy import UndefinedMetricError
from squarely.scoring import score

Arrays = dict[str, npt.NDArray[Any]]

BLOCK = 512
# Inside the middle one of three full blocks.
ROWS, BAD_ROW = 3 * BLOCK + 100, BLOCK + 301


def takes_weights(name: str) -> bool:
    """Whether it can be weighted: every sum, though not every function offers it, and some order statistics."""
    parameters = inspect.signature(getattr(squarely, name)).parameters
    return _core.metrics[name].kind == "sums" or "sample_weight" in parameters


CASES = [
    pytest.param(name, parameter, weighted, id=f"{name}-{parameter}-{'weighted' if weighted else 'plain'}")
    for name, parameter in SCORES
    for weighted in (False, True)
    if takes_weights(name) or not weighted
]
alone = pytest.mark.parametrize(("name", "parameter", "weighted"), CASES)
DTYPES = ("float64", "float32")
SIDES = ("y_true", "y_pred")


def score_of(name: str, parameter: float, arrays: Arrays, nan_policy: str = "raise") -> float:
    if _core.metrics[name].kind == "sums":
        found = score(name, **arrays, nan_policy=nan_policy, **as_taken(name, parameter))
    else:
        found = getattr(squarely, name)(**arrays, nan_policy=nan_policy, **as_keyword(name, parameter))
    assert isinstance(found, float)
    return found


@functools.cache
def good_rows(dtype: str, weighted: bool) -> Arrays:
    """Return positive numbers, which are in the domain of every metric."""
    rng = np.random.default_rng(20260106)
    y_true = rng.lognormal(0, 1, ROWS)
    sides = {"y_true": y_true.astype(dtype), "y_pred": (y_true * rng.lognormal(0, 0.3, ROWS)).astype(dtype)}
    return {**sides, "sample_weight": rng.uniform(0.5, 2, ROWS)} if weighted else sides


def with_value(arrays: Arrays, side: str, value: float) -> Arrays:
    changed = arrays[side].copy()
    changed[BAD_ROW] = value
    return {**arrays, side: changed}


def without_the_row(arrays: Arrays) -> Arrays:
    return {name: np.delete(array, BAD_ROW) for name, array in arrays.items()}


def refusal_of(name: str, parameter: float, arrays: Arrays, nan_policy: str) -> str:
    """Return the words of the ValueError, none where there is a score."""
    try:
        score_of(name, parameter, arrays, nan_policy)
    except ValueError as error:
        return str(error)
    return ""


@alone
def test_nan_is_refused_or_left_out_or_makes_the_score_nan(
    target: str, name: str, parameter: float, weighted: bool
) -> None:
    for dtype, side, nan_policy in itertools.product(DTYPES, SIDES, POLICIES):
        case = dtype, side, nan_policy
        rows = good_rows(dtype, weighted)
        bad = with_value(rows, side, math.nan)
        if nan_policy == "propagate":
            assert math.isnan(score_of(name, parameter, bad, nan_policy)), case
        elif nan_policy == "omit" or (nan_policy == "omit_true" and side == "y_true"):
            assert score_of(name, parameter, bad, nan_policy) == score_of(name, parameter, without_the_row(rows)), case
        else:
            assert refusal_of(name, parameter, bad, nan_policy).startswith("Input contains NaN"), case


def is_outside(name: str, parameter: float, rows: Arrays, nan_policy: str = "raise") -> bool:
    try:
        score_of(name, parameter, rows, nan_policy)
    except UndefinedMetricError:
        return True
    return False


@alone
def test_an_infinity_is_refused(target: str, name: str, parameter: float, weighted: bool) -> None:
    policies = [policy for policy in POLICIES if policy != "propagate"]
    for dtype, value, side, nan_policy in itertools.product(DTYPES, (math.inf, -math.inf), SIDES, policies):
        bad = with_value(good_rows(dtype, weighted), side, value)
        refusal = refusal_of(name, parameter, bad, nan_policy)
        assert refusal.startswith("Input contains infinity"), (dtype, value, side, nan_policy)


@alone
def test_an_infinity_that_is_let_through_goes_into_the_score(
    target: str, name: str, parameter: float, weighted: bool
) -> None:
    for dtype, value, side in itertools.product(DTYPES, (math.inf, -math.inf), SIDES):
        rows = good_rows(dtype, weighted)
        bad = with_value(rows, side, value)
        large = with_value(rows, side, math.copysign(1e30, value))
        if is_outside(name, parameter, large):
            assert is_outside(name, parameter, bad, "propagate"), (dtype, value, side)
            continue
        found = score_of(name, parameter, bad, "propagate")
        if _core.metrics[name].kind == "sums":
            assert not math.isfinite(found), (dtype, value, side)
        elif not math.isnan(found):
            # What ranks or trims finds the same score for any other number that is large enough.
            assert found == score_of(name, parameter, large), (dtype, value, side)


@alone
def test_without_the_bad_value_the_score_is_a_number(target: str, name: str, parameter: float, weighted: bool) -> None:
    for dtype in DTYPES:
        assert math.isfinite(score_of(name, parameter, good_rows(dtype, weighted)))
