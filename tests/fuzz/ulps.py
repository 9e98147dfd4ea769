"""Every metric of random and hard data, weighted and streamed or not, against rational sums: how far off it is."""

import itertools
import math
import pathlib
import sys
from typing import Any

import mpmath
import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))

import squarely
from fuzz import long_run
from inputs.hard_data import MAKERS
from inputs.metric_parameters import PUBLIC, as_keyword
from instruments.core_states import terms_of
from oracles.metrics_of_sums import ALGEBRAIC, TRANSCENDENTAL
from oracles.terms import HALVES_OF_AN_ULP, LARGEST, exact_term, sums_of
from squarely import _core

Asked = tuple[str, float]
# D² of deviances has promises of another kind: tests/metrics/test_explained_deviance.py
METRICS = [asked for asked in PUBLIC if asked[0] != "d2_tweedie_score"]
Doubles = npt.NDArray[np.float64]

# In ulp of the value, or where something cancels in it of what it is made of: the largest that was found, and what is
# promised. A value that is the nearest double has zero.
worst: dict[str, tuple[float, float]] = {}


def data(rng: np.random.Generator, asked: Asked) -> tuple[Doubles, Doubles]:
    length = int(rng.integers(2, 40))
    kind = int(rng.integers(len(MAKERS) + 3))
    if kind < len(MAKERS):
        y_true, y_pred = MAKERS[kind](rng, length)
    else:  # numbers of one scale, near each other or not, as most data are
        y_true = 10.0 ** rng.uniform(-20, 20) * rng.lognormal(0, rng.uniform(0.01, 2), length)
        y_pred = y_true * rng.lognormal(0, 10.0 ** rng.uniform(-6, 0.3), length)
    if not _core.metrics[asked[0]].domain:
        return y_true, y_pred
    return abs(y_true) + 2.0**-40, abs(y_pred) + 2.0**-40  # what is tiny has deviances that no double holds


def score(rng: np.random.Generator, asked: Asked, y_true: Doubles, y_pred: Doubles, weights: Doubles | None) -> float:
    metric = squarely.metric(asked[0], **as_keyword(*asked))
    accumulator = squarely.Accumulator(metric)
    edges = [0, *sorted(rng.integers(0, len(y_true), int(rng.integers(3))).tolist()), len(y_true)]
    for first, last in itertools.pairwise(edges):
        own = {} if weights is None else {"sample_weight": weights[first:last]}
        accumulator.update(y_true[first:last], y_pred[first:last], **own)
    (value,) = accumulator.compute().values()
    return float(value)


def has_tiny_numbers(y_true: Doubles, y_pred: Doubles) -> bool:
    """Return whether weighted squares may have bits below the last place of a sum, which ends there."""
    sizes = abs(np.concatenate([y_true, y_pred, y_true - y_pred]))
    return bool(((sizes > 0) & (sizes < 1e-140)).any())


def distance(found: float, expected: float) -> float:
    if found == expected or (math.isnan(found) and math.isnan(expected)):
        return 0.0
    if not math.isfinite(found) or not math.isfinite(expected):
        return math.inf
    return abs(found - expected) / max(math.ulp(expected), 5e-324)


def error_and_promise(asked: Asked, found: float, sums: dict[str, Any], y_true: Doubles, y_pred: Doubles) -> Any:
    name, parameter = asked
    if name in TRANSCENDENTAL:
        define, halves = TRANSCENDENTAL[name]
        exact, size = define(sums, parameter)
        is_beyond = abs(exact) > float(LARGEST) and found == math.copysign(math.inf, exact)
        if is_beyond or (mpmath.isnan(exact) and math.isnan(found)):
            return 0.0, halves / 2
        return float(abs(found - exact) / max(size, 2.0**-1022)) * 2.0**53 / 2, halves / 2
    error = distance(found, ALGEBRAIC[name](sums, parameter))
    rounded = [term for term in terms_of(asked) if term in HALVES_OF_AN_ULP]
    # Of one term, which is as near as its term: an ulp is up to twice as much of one number as of another.
    return error, (2 * (HALVES_OF_AN_ULP[rounded[0]] + 1) / 2 if rounded else 0.0)


@mpmath.workdps(60)
def check(seed: int, number: int) -> None:
    rng = np.random.default_rng([seed, number])
    asked = METRICS[number % len(METRICS)]
    y_true, y_pred = data(rng, asked)
    weights = rng.uniform(0.1, 3, len(y_true)) if rng.random() < 0.4 else None
    if weights is not None and has_tiny_numbers(y_true, y_pred):
        return
    terms = terms_of(asked)
    pairs = list(zip(y_true.tolist(), y_pred.tolist(), strict=True))
    if any(
        term in HALVES_OF_AN_ULP and max(abs(exact_term(term, *pair, asked[1])) for pair in pairs) > LARGEST
        for term in terms
    ):
        return
    sums = sums_of(terms, asked[1], y_true.tolist(), y_pred.tolist(), weights if weights is None else weights.tolist())
    if asked[0] in TRANSCENDENTAL and any(sums[term] == 0 for term in terms):
        return  # of nothing there is no logarithm
    found = score(rng, asked, y_true, y_pred, weights)
    least, greatest = _core.metrics[asked[0]].range(asked[1])
    assert math.isnan(found) or least <= found <= greatest, (asked, found)
    error, promise = error_and_promise(asked, found, sums, y_true, y_pred)
    assert error <= promise, (asked, found, error, promise)
    label = f"{asked[0]} {asked[1]:g}" if _core.metrics[asked[0]].parameter else asked[0]
    worst[label] = max(worst.get(label, (0.0, promise)), (error, promise))


if __name__ == "__main__":
    with np.errstate(all="ignore"):
        long_run.run("ulps", long_run.options_of(__doc__, cases=5000), check)
    for label, (error, promise) in sorted(worst.items()):
        print(f"{label:50} {error:8.3f} ulp of {promise:g}")
