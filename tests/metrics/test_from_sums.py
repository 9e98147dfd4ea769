"""Every metric of the core against its formula over the sums a state holds: correctly rounded where it is algebra."""

import itertools
import math
import subprocess
import sys
from fractions import Fraction

import mpmath
import numpy as np
import numpy.typing as npt
import pytest

import squarely
from inputs.hard_data import MAKERS, Maker, huge, normal, sixty_decades, subnormal, window_limits
from inputs.metric_parameters import EVERY, OF_SUMS, PARAMETERS, PUBLIC
from instruments.core_states import CoreState, held, is_of_sums_alone, state_of, state_of_everything, value_of
from instruments.floating_point_environment import Environment, needs_known_environment
from oracles.metrics_of_sums import ALGEBRAIC, TRANSCENDENTAL, Sums
from oracles.state_bytes import ROUNDED, SUMMATIONS, terms_held_by
from squarely import _core

Array = npt.NDArray[np.float64]
algebraic = pytest.mark.parametrize(
    ("name", "parameter"), [asked for asked in EVERY if asked[0] not in TRANSCENDENTAL], ids=lambda value: f"{value}"
)
make_hard = pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)


def sums_of(asked: tuple[str, float], y_true: Array, y_pred: Array, weights: Array | None) -> Sums:
    sums = held(asked, y_true, y_pred, weights)
    return {"weight": sums.get("sample_weight", Fraction(len(y_true))), **sums}


def assert_follows_from_sums(asked: tuple[str, float], y_true: Array, y_pred: Array, weights: Array | None) -> None:
    expected = ALGEBRAIC[asked[0]](sums_of(asked, y_true, y_pred, weights), asked[1])
    np.testing.assert_equal(value_of(asked, y_true, y_pred, weights), expected)


def test_every_metric_is_tested() -> None:
    assert {*ALGEBRAIC, *TRANSCENDENTAL} == set(OF_SUMS)
    assert {name for name in OF_SUMS if _core.metrics[name].parameter} == set(PARAMETERS)


@algebraic
@pytest.mark.parametrize("weighted", [False, True])
def test_metrics_follow_from_their_sums(
    target: str, name: str, parameter: float, weighted: bool, rng: np.random.Generator
) -> None:
    for length in (1, 2, 3, 7, 63, 64, 65, 129, 512, 513, 2000):
        y_true, y_pred = rng.lognormal(0, 1, (2, length))
        weights = rng.random(length) if weighted else None
        assert_follows_from_sums((name, parameter), y_true, y_pred, weights)


@algebraic
@make_hard
def test_metrics_of_hard_data_follow_from_their_sums(
    name: str, parameter: float, make: Maker, rng: np.random.Generator
) -> None:
    y_true, y_pred = make(rng, 700)
    state = state_of([(name, parameter)], y_true, y_pred)
    if any(state.outside(name, parameter)):
        y_true, y_pred = abs(y_true) + 1e-300, abs(y_pred) + 1e-300
        state = state_of([(name, parameter)], y_true, y_pred)
    value = state.values(name, parameter)[0]
    # Terms beyond the largest double are counted beside the sums.
    if not (math.isinf(value) and int.from_bytes(state.to_bytes()[-12:-4], "little")):
        assert_follows_from_sums((name, parameter), y_true, y_pred, None)


@algebraic
@pytest.mark.parametrize("weighted", [False, True])
def test_metrics_of_constants_follow_from_their_sums(
    target: str, name: str, parameter: float, weighted: bool, rng: np.random.Generator
) -> None:
    for length in (1, 5, 600):
        varied = rng.lognormal(0, 1, length)
        weights = rng.integers(1, 9, length).astype(float) if weighted else None
        for y_true, y_pred in (
            (np.full(length, 0.1), np.full(length, 0.1)),
            (np.full(length, 0.1), np.full(length, 0.3)),
            (np.full(length, 0.1), varied),
            (varied, np.full(length, 0.1)),
            (varied, varied),
        ):
            # Errors that are doubles: only then are weighted sums of them exact.
            y_true, y_pred = (np.ldexp(np.rint(np.ldexp(side, 20)), -20) for side in (y_true, y_pred))
            assert_follows_from_sums((name, parameter), y_true, y_pred, weights)


@pytest.mark.parametrize(
    ("name", "parameter"), [asked for asked in EVERY if asked[0] in TRANSCENDENTAL], ids=lambda value: f"{value}"
)
@pytest.mark.parametrize("weighted", [False, True])
@mpmath.workdps(60)
def test_other_functions_of_sums_are_near_what_sixty_digits_say(
    target: str, name: str, parameter: float, weighted: bool, rng: np.random.Generator
) -> None:
    for length, scale in itertools.product((2, 3, 100, 700), (1.0, 1e-20, 1e20)):
        y_true, y_pred = scale * rng.lognormal(0, 1, (2, length))
        weights = rng.random(length) if weighted else None
        define, halves = TRANSCENDENTAL[name]
        exact, size = define(sums_of((name, parameter), y_true, y_pred, weights), parameter)
        found = value_of((name, parameter), y_true, y_pred, weights)
        assert abs(found - exact) <= halves * 2.0**-53 * size, (length, scale)


@mpmath.workdps(60)
def test_decibels_of_any_size_are_near_what_sixty_digits_say(rng: np.random.Generator) -> None:
    for data_range in (1.0, 255.0, 1e200, 1e-200, 1.7e308, 5e-324):
        for scale in (1.0, 1e-150, 1e150, 1e300, 5e-324):
            y_true, y_pred = np.rint(rng.uniform(1, 9, (2, 300))) * scale
            asked = ("peak_signal_noise_ratio", data_range)
            define, halves = TRANSCENDENTAL[asked[0]]
            exact, size = define(sums_of(asked, y_true, y_pred, None), data_range)
            assert abs(value_of(asked, y_true, y_pred) - exact) <= halves * 2.0**-53 * size
    assert value_of(("peak_signal_noise_ratio", 2.0), np.ones(3), np.ones(3)) == math.inf
    assert value_of(("peak_signal_noise_ratio", 1.0), np.array([1.0]), np.array([0.0])) == 0.0


@pytest.mark.parametrize("version", PARAMETERS["kling_gupta_efficiency"])
def test_the_kling_gupta_efficiency_of_constants_is_undefined(version: float, rng: np.random.Generator) -> None:
    asked = ("kling_gupta_efficiency", version)
    y_true = rng.lognormal(0, 1, 700)
    assert value_of(asked, y_true, y_true) == 1.0
    assert math.isnan(value_of(asked, np.ones(4), np.arange(4.0)))


@pytest.mark.parametrize("power", [power for power in PARAMETERS["d2_tweedie_score"] if power != 0])
def test_a_constant_truth_is_explained_or_not(power: float) -> None:
    constant = np.full(5, 0.1)
    assert value_of(("d2_tweedie_score", power), constant, constant) == 1.0
    assert value_of(("d2_tweedie_score", power), constant, 2 * constant) == 0.0


def test_explained_deviance_of_a_negative_mean_is_undefined() -> None:
    y_true, y_pred = np.array([-1.0, -2.0, 1.0]), np.array([1.0, 2.0, 3.0])
    assert math.isnan(value_of(("d2_tweedie_score", -1.0), y_true, y_pred))
    weights = np.array([5.0, -4.0, 1.0])
    assert math.isnan(value_of(("d2_tweedie_score", 1.0), abs(y_true), y_pred, weights))


@pytest.mark.parametrize("name", [name for name in OF_SUMS if _core.metrics[name].parameter == "force_finite"])
@pytest.mark.parametrize("summation", SUMMATIONS)
@pytest.mark.parametrize("weighted", [False, True])
def test_constants_are_recognised_by_every_summation(
    target: str, name: str, summation: str, weighted: bool, rng: np.random.Generator
) -> None:
    for value in (0.1, 1 / 3, 1e9 + 0.1, -1e-9, 1e100):
        for length in (2, 3, 100, 5000):
            truth = np.full(length, value)
            weights = rng.random(length) if weighted else None
            for prediction, expected in ((truth, 1.0), (truth * rng.uniform(1, 2, length), 0.0)):
                finite = value_of((name, 1.0), truth, prediction, weights, summation=summation)
                plain = value_of((name, 0.0), truth, prediction, weights, summation=summation)
                assert finite == expected
                np.testing.assert_equal(plain, math.nan if expected else -math.inf)
            correlation = value_of(("pearson_correlation", 0.0), truth, prediction, weights, summation=summation)
            assert math.isnan(correlation)


@pytest.mark.parametrize("summation", SUMMATIONS)
@pytest.mark.parametrize("weighted", [False, True])
def test_a_constant_residual_is_explained(
    target: str, summation: str, weighted: bool, rng: np.random.Generator
) -> None:
    y_true = np.rint(rng.standard_normal(3000) * 2.0**10)
    y_pred = y_true + 2.0**45 + 1
    weights = rng.random(3000) if weighted else None
    assert value_of(("explained_variance_score", 1.0), y_true, y_pred, weights, summation=summation) == 1.0
    assert value_of(("residual_variance", 0.0), y_true, y_pred, weights, summation=summation) == 0.0


@pytest.mark.parametrize("summation", SUMMATIONS)
@pytest.mark.parametrize("weighted", [False, True])
@make_hard
def test_no_metric_leaves_its_range(summation: str, weighted: bool, make: Maker, rng: np.random.Generator) -> None:
    y_true, y_pred = make(rng, 1000)
    weights = rng.random(1000) if weighted else None
    outside = {}
    for prediction, asked in itertools.product((y_pred, np.nextafter(y_true, 0), y_true, -y_true, y_true / 3), EVERY):
        least, greatest = _core.metrics[asked[0]].range(asked[1])
        if summation in ROUNDED and _core.metrics[asked[0]].better != "greater":
            continue  # only scores and correlations are held in their range where sums are rounded
        if not float(greatest).is_integer():
            greatest = np.nextafter(greatest, np.inf)  # made of the parameter, and rounded
        value = value_of(asked, y_true, prediction, weights, summation=summation)
        if value < least or value > greatest:
            outside[asked] = value
    assert outside == {}


laws = pytest.mark.parametrize("weighted", [False, True])


@laws
@make_hard
def test_no_split_order_thread_or_target_changes_any_sum(weighted: bool, make: Maker, rng: np.random.Generator) -> None:
    y_true, y_pred = make(rng, 70_000 if make.__name__ in ("normal", "spread") else 3000)
    length = len(y_true)
    weights = rng.standard_normal(length) if weighted else None
    whole = state_of_everything(y_true, y_pred, weights).to_bytes()
    for name in squarely.targets():
        squarely.set_target(name)
        for threads in (1, 3):
            squarely.set_num_threads(threads)
            order = rng.permutation(length)
            shuffled = state_of_everything(y_true[order], y_pred[order], None if weights is None else weights[order])
            assert shuffled.to_bytes() == whole
    parts = np.split(np.arange(length), sorted(rng.integers(0, length, 12).tolist()))
    merged = CoreState(1, "exact", EVERY, weighted)
    updated = CoreState(1, "exact", EVERY, weighted)
    for part in parts:
        chunk = y_true[part], y_pred[part], None if weights is None else weights[part]
        merged.merge(state_of_everything(*chunk))
        updated.update(chunk[0], chunk[1], sample_weight=chunk[2])
    assert merged.to_bytes() == updated.to_bytes() == whole
    public = state_of(PUBLIC, y_true, y_pred, weights).to_bytes()
    assert CoreState.from_bytes(public).to_bytes() == public


@laws
@make_hard
def test_what_is_merged_can_be_taken_away_from_every_sum(weighted: bool, make: Maker, rng: np.random.Generator) -> None:
    asked = list(filter(is_of_sums_alone, EVERY))
    kept, taken = (state_of(asked, *make(rng, 800), rng.standard_normal(800) if weighted else None) for _ in range(2))
    both = kept.copy()
    both.merge(taken)
    both.subtract(taken)
    assert both.to_bytes() == kept.to_bytes()
    with pytest.raises(ValueError, match="extreme_not_a_sum"):
        state_of([("max_error", 0.0)], np.ones(3), np.zeros(3)).subtract(CoreState(1, "exact", [("max_error", 0.0)]))


@laws
@pytest.mark.parametrize("summation", ROUNDED)
@make_hard
def test_rounded_sums_of_every_term_depend_on_no_thread_or_target(
    weighted: bool, summation: str, make: Maker, rng: np.random.Generator
) -> None:
    y_true, y_pred = make(rng, 70_000 if make.__name__ == "normal" else 3000)
    weights = rng.standard_normal(len(y_true)) if weighted else None
    states = set()
    for name in squarely.targets():
        squarely.set_target(name)
        for threads in (1, 3):
            squarely.set_num_threads(threads)
            states.add(state_of_everything(y_true, y_pred, weights, summation).to_bytes())
    assert len(states) == 1
    again = state_of(PUBLIC, y_true, y_pred, weights, summation=summation).to_bytes()
    assert CoreState.from_bytes(again).to_bytes() == again


@laws
@pytest.mark.parametrize("summation", ROUNDED)
def test_rounded_metrics_are_close_to_exact_ones(
    target: str, weighted: bool, summation: str, rng: np.random.Generator
) -> None:
    y_true = rng.lognormal(0, 1, 5000)
    y_pred = y_true * rng.lognormal(0, 0.3, 5000)
    weights = rng.random(5000) if weighted else None
    exact = state_of_everything(y_true, y_pred, weights)
    rounded = state_of_everything(y_true, y_pred, weights, summation)
    for asked in EVERY:
        bound = 1e-13 if summation == "kahan" else 1e-12
        assert rounded.values(*asked) == pytest.approx(exact.values(*asked), rel=bound, abs=1e-14), asked


@needs_known_environment
@laws
@pytest.mark.parametrize("summation", SUMMATIONS)
def test_settings_of_the_host_change_no_sum(
    target: str, weighted: bool, summation: str, disturbed: tuple[Environment, int], rng: np.random.Generator
) -> None:
    environment, control = disturbed
    for make in (normal, sixty_decades, subnormal, huge, window_limits):
        y_true, y_pred = make(rng, 700)
        weights = rng.standard_normal(700) * 1e-300 if weighted else None
        quiet = state_of_everything(y_true, y_pred, weights, summation)
        quiet_values = [quiet.values(*asked) for asked in EVERY]
        environment.set(control)
        try:
            loud = state_of_everything(y_true, y_pred, weights, summation)
            loud_values = [loud.values(*asked) for asked in EVERY]
        finally:
            environment.set(0)
        assert loud.to_bytes() == quiet.to_bytes()
        np.testing.assert_equal(loud_values, quiet_values)


@laws
@make_hard
def test_masked_and_missing_rows_are_as_good_as_absent(
    target: str, weighted: bool, make: Maker, rng: np.random.Generator
) -> None:
    for length in (1, 64, 65, 512, 1500):
        y_true, y_pred = make(rng, length)
        weights = rng.standard_normal(length) if weighted else None
        counts = rng.random(length) < 0.7
        counts[0] = True
        there = rng.random(length) < 0.9
        there[0] = True
        kept = counts & there
        dirty = np.where(there, y_true, np.nan), np.where(counts, y_pred, np.inf)
        state = state_of_everything(*dirty, weights, where=counts)
        clean = state_of_everything(y_true[kept], y_pred[kept], None if weights is None else weights[kept])
        assert (state.masked, state.missing_true) == ([(~counts).sum()], [(counts & ~there).sum()])
        assert terms_held_by(state.to_bytes()) == terms_held_by(clean.to_bytes())
        for asked in EVERY:
            np.testing.assert_equal(state.values(*asked), clean.values(*asked))


def test_missing_and_infinite_values_late_in_a_block_are_counted(target: str, rng: np.random.Generator) -> None:
    y_true, y_pred = rng.lognormal(0, 1, (2, 1500))
    y_true[[511, 1023]], y_pred[[510, 1022]] = np.nan, np.nan
    y_true[1499], y_pred[[1499, 1498]] = np.inf, [np.inf, -np.inf]
    for weights in (None, rng.random(1500)):
        for summation in SUMMATIONS:
            state = state_of_everything(y_true, y_pred, weights, summation)
            counts = state.pairs, state.missing_true, state.missing_pred, state.infinite, state.undefined
            assert counts == ([1496], [2], [2], [1], [1])
            finite = np.isfinite(y_true) & np.isfinite(y_pred)
            if summation == "exact":
                clean = state_of_everything(
                    y_true[finite], y_pred[finite], None if weights is None else weights[finite]
                )
                assert terms_held_by(state.to_bytes()) == terms_held_by(clean.to_bytes())


@laws
def test_nothing_is_written_to_the_data(target: str, weighted: bool, rng: np.random.Generator) -> None:
    data = rng.standard_normal((3, 2000))
    data[:, ::50] = np.nan
    data[2] = rng.random(2000)
    where = rng.random(2000) < 0.5
    before = data.copy(), where.copy()
    data.flags.writeable = where.flags.writeable = False
    for mask in (None, where):
        for summation in SUMMATIONS:
            state_of(EVERY, data[0], data[1], data[2] if weighted else None, summation=summation, where=mask)
    np.testing.assert_equal((data, where), before)


# Peak resident memory of calls on fifty megabytes of input, above what was resident before them. A byte a row is two.
MEMORY = """
import itertools, resource, sys, numpy as np
from squarely import _core
are_counts = sys.argv[2] == "counts"
counted = ("quantile_absolute_error", "pictures")
every = [
    (name, row.default)
    for name, row in _core.metrics.items()
    if row.kind != "order" and (name in counted) == are_counts
]
data = np.random.default_rng(0).lognormal(0, 1, (3, 2_000_000))
if sys.argv[1] == "missing":
    data[0, ::10] = np.nan
def run(summation, weighted, rows):
    configuration = _core.Configuration(every, "raw_values", "propagate", summation, False)
    state = _core.State(1, configuration, weighted)
    state.update(data[0, :rows], data[1, :rows], sample_weight=data[2, :rows] if weighted else None)
kinds = list(itertools.product(sys.argv[3:], (False,) if are_counts else (False, True)))
for kind in kinds:
    run(*kind, 200_000)  # starts the threads
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for kind in kinds:
    run(*kind, 2_000_000)
    print(*kind, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.parametrize("missing", ["missing", "complete"])
def test_no_metric_takes_a_megabyte(missing: str) -> None:
    arguments = [sys.executable, "-c", MEMORY, missing, "sums", *SUMMATIONS]
    found = subprocess.run(arguments, capture_output=True, text=True, check=True).stdout
    lines = found.splitlines()
    assert len(lines) == 2 * len(SUMMATIONS)
    assert max(int(line.split()[-1]) for line in lines) < 1024, found


def test_counts_by_size_take_some_tables_however_many_rows_there_are() -> None:
    arguments = [sys.executable, "-c", MEMORY, "complete", "counts", "exact"]
    (line,) = subprocess.run(arguments, capture_output=True, text=True, check=True).stdout.splitlines()
    assert int(line.split()[-1]) < 64 * 1024, line


def test_the_last_bit_of_a_sum_settles_a_tie(target: str) -> None:
    # 2^53 + 1 lies between two doubles, and something far below it decides.
    y_true, y_pred = np.array([2.0**54, 0.0, 0.0, 0.0]), np.array([-2.0, 0.0, 0.0, 0.0])
    assert value_of(("root_mean_squared_error", 0.0), y_true, y_pred) == 2.0**53
    assert value_of(("mean_absolute_error", 0.0), 2 * y_true, 2 * y_pred) == 2.0**53
    y_true[3] = 2.0**-300
    assert value_of(("root_mean_squared_error", 0.0), y_true, y_pred) == 2.0**53 + 2
    assert value_of(("mean_absolute_error", 0.0), 2 * y_true, 2 * y_pred) == 2.0**53 + 2
