"""Counts by size against their definition: on every target, of every element type, however rows are cut and merged."""

import itertools
import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

import squarely
from inputs.element_types import ELEMENT_TYPES
from instruments.core_states import CoreState
from oracles import counts_by_size as oracle
from oracles.state_bytes import TERMS, Form, counts
from squarely import Accumulator

Array = npt.NDArray[np.float64]
PICTURES = [("pictures", 0.0)]


def pictured(*chunks: tuple[Any, Any], **options: Any) -> Accumulator:
    accumulator = Accumulator("mse", pictures=True, **options)
    for y_true, y_pred in chunks:
        accumulator.update(y_true, y_pred)
    return accumulator


def found(accumulator: Accumulator, term: str, output: int = 0) -> oracle.Counts:
    *sizes, pairs = accumulator._counts(term, output)
    keys = list(zip(*(column.tolist() for column in sizes), strict=True))
    assert keys == sorted(set(keys))
    assert all(count > 0 for count in pairs)
    return dict(zip(keys, pairs.tolist(), strict=True))


def assert_counts(accumulator: Accumulator, y_true: Array, y_pred: Array, output: int = 0, **how: Any) -> None:
    for term in oracle.TERMS:
        assert found(accumulator, term, output) == oracle.count(term, y_true, y_pred, **how), term


def numbers_of_every_size(rng: np.random.Generator, length: int) -> Array:
    values = rng.integers(0, 2**64, length, dtype=np.uint64).view(np.float64)
    values = np.where(np.isfinite(values), values, 1.5)
    values[:: length // 50 + 1] = 0.0
    values[1 :: length // 50 + 2] = -0.0
    values[2 :: length // 50 + 3] *= 5e-324
    return values


@pytest.mark.parametrize("length", [1, 2, 63, 64, 65, 511, 512, 513, 1500, 4095, 4096, 5000, 9000, 70_000, 200_000])
def test_counts_are_those_of_the_definition(target: str, length: int, rng: np.random.Generator) -> None:
    y_true = rng.normal(size=length)
    y_pred = y_true + rng.normal(size=length) * 0.1
    assert_counts(pictured((y_true, y_pred)), y_true, y_pred)


@pytest.mark.parametrize("length", [100, 5000, 70_000])
def test_numbers_of_every_size_are_counted(target: str, length: int, rng: np.random.Generator) -> None:
    y_true, y_pred = numbers_of_every_size(rng, length), numbers_of_every_size(rng, length)
    y_pred[::3] = y_true[::3]
    with np.errstate(over="ignore"):
        y_pred[1::3] = y_true[1::3] * (1 + rng.normal(size=y_true[1::3].size))
    y_pred = np.where(np.isfinite(y_pred), y_pred, 1.0)
    assert_counts(pictured((y_true, y_pred)), y_true, y_pred)


def test_the_ends_of_sizes_are_counted_on_their_sides(target: str) -> None:
    first = [oracle.ends(size, bits)[0] for bits in (3, 6, 7) for size in (1, 2, 127, 128, 129, 1023 << bits)]
    edges = np.array([*first, 1.7976931348623157e308, 2.2250738585072014e-308, 5e-324, 0.0])
    with np.errstate(over="ignore"):
        values = np.concatenate([edges, -edges, np.nextafter(edges, math.inf), np.nextafter(edges, -math.inf)])
    values = values[np.isfinite(values)]
    y_true, y_pred = (np.array(side) for side in zip(*itertools.product(values, values), strict=True))
    assert_counts(pictured((y_true, y_pred)), y_true, y_pred)


def test_zeros_of_both_signs_and_the_least_numbers_have_one_size(target: str) -> None:
    y_true = np.array([0.0, -0.0, 5e-324, -5e-324, 2.0**-1030])
    accumulator = pictured((y_true, np.zeros(5)))
    assert found(accumulator, "residuals_by_size") == {(0,): 5}
    assert found(accumulator, "truths_and_residuals") == {(0, 0): 5}


def test_a_difference_beyond_all_doubles_has_the_size_of_infinity(target: str) -> None:
    y_true, y_pred = np.array([1e308, -1e308, 1.0]), np.array([-1e308, 1e308, 1.0])
    accumulator = pictured((y_true, y_pred))
    assert found(accumulator, "residuals_by_size") == {(-2047 << 7,): 1, (0,): 1, (2047 << 7,): 1}
    assert_counts(accumulator, y_true, y_pred)
    assert Accumulator.from_bytes(accumulator.to_bytes()) == accumulator


@pytest.mark.parametrize("name", [one.name for one in ELEMENT_TYPES if one.kind in "fiub"])
def test_every_element_type_is_counted_as_the_doubles_it_holds(
    target: str, name: str, rng: np.random.Generator
) -> None:
    ml_dtypes = pytest.importorskip("ml_dtypes")
    dtype = np.dtype(getattr(ml_dtypes, name, name))
    sides = [
        (rng.integers(0, 2, 6000) if dtype.kind == "b" else rng.integers(0, 100, 6000)).astype(dtype) for _ in "tp"
    ]
    assert_counts(pictured((sides[0], sides[1])), *(side.astype(np.float64) for side in sides))
    strided = [np.repeat(side, 3)[::3] for side in sides]
    assert pictured((strided[0], strided[1])).digest() == pictured((sides[0], sides[1])).digest()


@pytest.mark.parametrize("length", [10, 6000])
def test_residuals_of_large_integers_are_rounded_once(target: str, length: int, rng: np.random.Generator) -> None:
    y_true = rng.integers(2**62, 2**63, length)
    y_pred = y_true + rng.integers(-300, 300, length)
    exact = np.array([float(int(t) - int(p)) for t, p in zip(y_true, y_pred, strict=True)])
    accumulator = pictured((y_true, y_pred))
    assert_counts(accumulator, y_true.astype(float), y_pred.astype(float), residuals=exact)
    unsigned = rng.integers(2**63, 2**64, length, dtype=np.uint64)
    wide = np.array([float(int(t) - int(p)) for t, p in zip(unsigned, y_pred, strict=True)])
    assert_counts(pictured((unsigned, y_pred)), unsigned.astype(float), y_pred.astype(float), residuals=wide)


@pytest.mark.parametrize("length", [30, 3000, 200_000])
def test_rows_that_sums_leave_out_are_not_counted(target: str, length: int, rng: np.random.Generator) -> None:
    y_true, y_pred = rng.normal(size=(2, length))
    where = rng.random(length) < 0.7
    masked = Accumulator("mse", pictures=True).update(y_true, y_pred, where=where)
    assert_counts(masked, y_true[where], y_pred[where])
    y_true[rng.random(length) < 0.1] = math.nan
    y_pred[rng.random(length) < 0.1] = math.nan
    kept = np.isfinite(y_true) & np.isfinite(y_pred)
    assert_counts(pictured((y_true, y_pred), nan_policy="omit"), y_true[kept], y_pred[kept])
    y_true[::7], y_pred[1::9] = math.inf, -math.inf
    finite = np.isfinite(y_true) & np.isfinite(y_pred)
    assert_counts(pictured((y_true, y_pred), nan_policy="propagate"), y_true[finite], y_pred[finite])


def test_nulls_are_not_counted(target: str, rng: np.random.Generator) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    y_true, y_pred = rng.normal(size=(2, 10_000))
    is_null = rng.random(10_000) < 0.2
    accumulator = pictured((pyarrow.array(y_true, mask=is_null), y_pred), nan_policy="omit")
    assert_counts(accumulator, y_true[~is_null], y_pred[~is_null])


def test_an_odd_value_in_the_middle_block_is_counted(target: str, rng: np.random.Generator) -> None:
    for odd in (math.nan, math.inf, 1e300, 5e-324, -0.0, 0.0):
        y_true, y_pred = rng.normal(size=(2, 512 * 301))
        y_true[512 * 10 + 17] = y_true[512 * 290 + 17] = odd
        kept = np.isfinite(y_true)
        accumulator = pictured((y_true, y_pred), nan_policy="propagate")
        assert_counts(accumulator, y_true[kept], y_pred[kept])


def test_numbers_that_drift_away_are_counted(target: str, rng: np.random.Generator) -> None:
    y_true = np.exp2(np.linspace(-100, 100, 150_000)) * rng.choice([-1.0, 1.0], 150_000)
    y_pred = y_true * (1 + 0.1 * rng.normal(size=150_000))
    whole = pictured((y_true, y_pred))
    assert_counts(whole, y_true, y_pred)
    chunks = pictured(*zip(np.split(y_true, 100), np.split(y_pred, 100), strict=True))
    assert chunks.digest() == whole.digest()


@pytest.mark.parametrize("length", [65_535, 65_536, 65_537, 140_000])
def test_any_number_of_rows_may_have_one_size(target: str, length: int, rng: np.random.Generator) -> None:
    for truth, prediction in ((1.0, 0.5), (-0.0, 0.0)):
        y_true, y_pred = np.full(length, truth), np.full(length, prediction)
        y_true[length // 2], y_pred[length // 2 + 1] = 3.0, 1e-200
        assert_counts(pictured((y_true, y_pred)), y_true, y_pred)
        where = rng.random(length) < 0.5
        masked = Accumulator("mse", pictures=True).update(y_true, y_pred, where=where)
        assert_counts(masked, y_true[where], y_pred[where])


def test_weights_do_not_weigh_counts(target: str, rng: np.random.Generator) -> None:
    y_true, y_pred = rng.normal(size=(2, 9000))
    weights = rng.random(9000)
    weights[::5] = 0
    accumulator = Accumulator("mse", pictures=True).update(y_true, y_pred, sample_weight=weights)
    assert_counts(accumulator, y_true[weights != 0], y_pred[weights != 0])


@pytest.mark.parametrize("summation", ["kahan", "pairwise"])
def test_sums_that_round_are_counted_beside(summation: str, rng: np.random.Generator) -> None:
    y_true, y_pred = rng.normal(size=(2, 150_000))
    assert_counts(pictured((y_true, y_pred), summation=summation), y_true, y_pred)


def test_long_outputs_are_counted_for_themselves(target: str, rng: np.random.Generator) -> None:
    y_true = rng.normal(size=(140_000, 3)) * [1.0, 1e100, 1e-100]
    y_pred = y_true * (1 + 0.1 * rng.normal(size=y_true.shape))
    accumulator = pictured((y_true, y_pred), multioutput="raw_values")
    for output in range(3):
        assert_counts(accumulator, y_true[:, output], y_pred[:, output], output)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("outputs", [2, 3, 17, 150])
def test_every_output_is_counted_for_itself(target: str, outputs: int, order: Any, rng: np.random.Generator) -> None:
    y_true = np.asarray(rng.normal(size=(5000, outputs)), order=order)
    y_pred = np.asarray(y_true + rng.normal(size=y_true.shape), order=order)
    accumulator = pictured((y_true, y_pred), multioutput="raw_values")
    for output in {0, 1, outputs - 1}:
        assert_counts(accumulator, y_true[:, output], y_pred[:, output], output)


def test_chunks_order_threads_and_merges_leave_no_trace(target: str, rng: np.random.Generator) -> None:
    y_true = rng.normal(size=300_000)
    y_pred = y_true + rng.standard_t(2, size=300_000)
    y_pred[::11] = y_true[::11]
    whole = pictured((y_true, y_pred)).digest()
    squarely.set_num_threads(2)
    assert pictured((y_true, y_pred)).digest() == whole
    shuffled = rng.permutation(300_000)
    assert pictured((y_true[shuffled], y_pred[shuffled])).digest() == whole
    cuts = np.sort(rng.integers(0, 300_000, 40))
    chunks = list(zip(np.split(y_true, cuts), np.split(y_pred, cuts), strict=True))
    assert pictured(*chunks).digest() == whole
    parts = [pictured(chunk) for chunk in chunks]
    rng.shuffle(parts)
    assert sum(parts[1:], parts[0]).digest() == whole


def test_short_chunks_are_counted_as_a_long_one(target: str, rng: np.random.Generator) -> None:
    y_true, y_pred = rng.normal(size=(2, 200_000))
    accumulator = Accumulator("mse", pictures=True)
    for first in range(0, 200_000, 610):
        accumulator.update(y_true[first : first + 610], y_pred[first : first + 610])
        if first in (6100, 190_320):
            assert found(accumulator, "residuals_by_size")
    assert accumulator.digest() == pictured((y_true, y_pred)).digest()


def test_a_refused_chunk_is_not_counted(rng: np.random.Generator) -> None:
    y_true, y_pred = rng.normal(size=(2, 180_000))
    accumulator = Accumulator("mse", pictures=True)
    bad = y_pred[:700].copy()
    bad[650] = math.nan
    for first in range(0, 180_000, 3000):
        accumulator.update(y_true[first : first + 3000], y_pred[first : first + 3000])
        with pytest.raises(ValueError, match="NaN"):
            accumulator.update(y_true[:700], bad)
    assert accumulator.digest() == pictured((y_true, y_pred)).digest()


def test_what_is_subtracted_leaves_no_trace(target: str, rng: np.random.Generator) -> None:
    y_true, y_pred = rng.normal(size=(2, 20_000))
    whole, first, rest = (
        pictured((y_true[part], y_pred[part])) for part in (slice(None), slice(0, 7000), slice(7000, None))
    )
    assert (whole - first).digest() == rest.digest()
    assert (whole - whole).to_bytes() == (first - first).to_bytes()


def test_what_was_never_counted_cannot_be_taken_away(rng: np.random.Generator) -> None:
    whole = pictured(([1.0, 2.0, 3.0], [1.5, 2.5, 3.5]))
    before = whole.digest()
    # The same sum of squares.
    with pytest.raises(ValueError, match="no part of this one"):
        whole.subtract(pictured(([1.0], [0.5])))
    assert whole.digest() == before


def test_accumulators_with_and_without_pictures_do_not_merge() -> None:
    with pytest.raises(ValueError, match="differ in pictures: this one has True, the other False"):
        pictured(([1.0], [2.0])).merge(Accumulator("mse").update([1.0], [2.0]))


def test_pictures_are_told_and_travel(rng: np.random.Generator) -> None:
    y_true, y_pred = rng.normal(size=(2, 3000))
    accumulator = pictured((y_true, y_pred))
    assert repr(accumulator) == "Accumulator(metrics=('mean_squared_error',), count=3000, pictures=True)"
    assert accumulator.pictures
    assert accumulator.metrics == ("mean_squared_error",)
    assert accumulator.compute() == {"mean_squared_error": squarely.mean_squared_error(y_true, y_pred)}
    copied = Accumulator.from_bytes(accumulator.to_bytes())
    assert copied == accumulator
    assert copied.pictures
    assert_counts(copied, y_true, y_pred)
    assert not Accumulator("mse").pictures


def test_pictures_of_complex_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="real numbers"):
        Accumulator("mse", complex_values=True, pictures=True)


def test_bytes_are_those_of_the_definition(rng: np.random.Generator) -> None:
    y_true, y_pred = rng.normal(size=(2, 700))
    y_true[:5] = [0.0, -0.0, 1e300, -5e-324, 1e-310]
    counted = b"".join(oracle.to_bytes(term, oracle.count(term, y_true, y_pred)) for term in oracle.TERMS)
    assert CoreState(1, "exact", PICTURES).update(y_true, y_pred).to_bytes()[:-4].endswith(counted)


# Bytes that no data can have given

QUANTILE = (("quantile_absolute_error", 0.5),)
RESIDUALS = ((TERMS.index("residuals_by_size"), 0.0),)


def of_residuals(pairs: int, counted: bytes, **parts: Any) -> bytes:
    return Form(metrics=QUANTILE, summands=RESIDUALS, outputs=counts(pairs) + counted, **parts).to_bytes()


def of_pictures(**counted: oracle.Counts) -> bytes:
    """Return pictures of two pairs of zeros, but for what is given."""
    every = {term: counted.get(term, {(0,) * len(by.bits): 2}) for term, by in oracle.TERMS.items()}
    return Form(
        metrics=PICTURES,
        summands=[(TERMS.index(term), 0.0) for term in oracle.TERMS],
        outputs=counts(2) + b"".join(oracle.to_bytes(term, own) for term, own in every.items()),
    ).to_bytes()


def test_bytes_written_by_the_documentation_are_read() -> None:
    accumulator = Accumulator("quantile_absolute_error").update([1.0, 2.0], [2.0, 2.0])
    written = oracle.to_bytes("residuals_by_size", {(-1023 << 7,): 1, (0,): 1})
    assert of_residuals(2, written) == accumulator.to_bytes()
    assert Accumulator.from_bytes(of_residuals(2, written)) == accumulator
    assert found(Accumulator.from_bytes(of_pictures()), "truths_and_residuals") == {(0, 0): 2}


@pytest.mark.parametrize(
    "counted",
    [
        oracle.to_bytes("residuals_by_size", {(0,): 3}),
        oracle.to_bytes("residuals_by_size", {(0,): 1}),
        oracle.to_bytes("residuals_by_size", {}),
        oracle.to_bytes("residuals_by_size", {((2047 << 7) + 1,): 2}),
        oracle.to_bytes("residuals_by_size", {((-2047 << 7) - 1,): 2}),
        oracle.to_bytes("residuals_by_size", {(0,): 2**64}),
        oracle.to_bytes("residuals_by_size", {(0,): 2**64 + 2}),
        oracle.to_bytes("residuals_by_size", {(0,): 1, (2**70,): 1}),
        b"\x81\x00" + oracle.to_bytes("residuals_by_size", {(0,): 2})[1:],
        oracle.to_bytes("residuals_by_size", {(0,): 2})[:-1] + b"\x81\x00",
        b"\x01" + b"\xff" * 9 + b"\x02\x01",
        b"\x01" + b"\xff" * 20,
    ],
)
def test_counts_of_no_data_are_refused(counted: bytes) -> None:
    with pytest.raises(ValueError, match="output 0 is damaged"):
        Accumulator.from_bytes(of_residuals(2, counted))


@pytest.mark.parametrize(
    "counted", [b"\x02\x80\x80\x10\x00", b"\xff" * 8 + b"\x7f", b"\xff\xff\x7f" + b"\0" * 9, b"\x80"]
)
def test_counts_that_end_early_are_refused_without_memory(counted: bytes) -> None:
    with pytest.raises(ValueError, match="they end too early"):
        Accumulator.from_bytes(of_residuals(2, counted))


@pytest.mark.parametrize(
    "counted",
    [
        {"residuals_by_size": {(0,): 1, (16,): 1}},
        {"predictions_and_residuals": {(2047 << 6, 0): 2}},
        {"predictions_and_residuals": {(0, 0): 1, (0, 1): 1}},
        {"truths_and_residuals": {(0, 0): 1, (0, 2047 << 3): 1}},
        {"truths_and_residuals": {(2047 << 6, 0): 2}},
    ],
)
def test_counts_that_are_not_of_the_same_pairs_are_refused(counted: dict[str, oracle.Counts]) -> None:
    with pytest.raises(ValueError, match="output 0 is damaged"):
        Accumulator.from_bytes(of_pictures(**counted))


def test_configurations_that_nobody_could_ask_for_are_refused() -> None:
    written = oracle.to_bytes("residuals_by_size", {(0,): 2})
    for data in (
        of_residuals(2, written, flags=2),
        Form(metrics=(*PICTURES, ("mean_squared_error", 0.0)), shape=()).to_bytes(),
        Form(metrics=(("mean_of_truth", 0.0),), shape=()).to_bytes(),
        Form(metrics=(("quantile_absolute_error", 1.5),), shape=()).to_bytes(),
    ):
        with pytest.raises(ValueError, match="their configuration is damaged"):
            Accumulator.from_bytes(data)


# Quantiles

finite = st.floats(allow_nan=False, allow_infinity=False)
of_pairs = st.lists(st.tuples(finite, finite), min_size=1, max_size=40)


def exact_quantile(y_true: Array, y_pred: Array, q: float) -> float:
    with np.errstate(over="ignore"):
        return float(np.quantile(abs(y_true - y_pred), q, method="inverted_cdf"))


@given(of_pairs, st.floats(0, 1))
def test_a_quantile_is_within_a_share_of_that_of_numpy(pairs: list[tuple[float, float]], q: float) -> None:
    y_true, y_pred = np.array(pairs).T
    value, exact = squarely.quantile_absolute_error(y_true, y_pred, q=q), exact_quantile(y_true, y_pred, q)
    if math.isinf(exact):
        assert value == exact
    else:
        assert abs(value - exact) <= max(exact * 2.0**-8, 2.0**-1029)


@pytest.mark.parametrize("q", [0.0, 1e-9, 0.1, 0.25, 0.5, 0.9, 0.95, 0.99, 1.0])
def test_quantiles_are_those_of_the_counts(target: str, q: float, rng: np.random.Generator) -> None:
    for length in (1, 2, 10, 100, 5000, 100_000):
        y_true = rng.normal(size=length)
        y_pred = y_true + rng.standard_t(1, size=length) * (rng.random(length) < 0.8)
        value = squarely.quantile_absolute_error(y_true, y_pred, q=q)
        assert value == oracle.quantile(oracle.count("residuals_by_size", y_true, y_pred), q)
        assert abs(value - exact_quantile(y_true, y_pred, q)) <= 2.0**-8 * value


def test_a_quantile_that_is_zero_is_zero() -> None:
    assert squarely.quantile_absolute_error([1.0, 2.0, 3.0], [1.0, 2.0, 4.0]) == 0.0


def test_a_tenth_of_ten_pairs_is_one() -> None:
    zeros, errors = np.zeros(10), 2.0 ** np.arange(10)
    for i in range(1, 11):
        assert squarely.quantile_absolute_error(zeros, errors, q=i / 10) == 2.0 ** (i - 1) * (1 + 2.0**-8)


def test_infinite_pairs_are_larger_than_all_others() -> None:
    y_true, y_pred = [1.0, 2.0, math.inf, -math.inf], [1.0, 3.0, 0.0, 1.0]
    values = [
        squarely.quantile_absolute_error(y_true, y_pred, q=q, nan_policy="propagate") for q in (0.25, 0.5, 0.51, 1.0)
    ]
    assert values == [0.0, 1 + 2.0**-8, math.inf, math.inf]
    assert math.isnan(squarely.quantile_absolute_error([math.nan, 1.0], [1.0, 1.0], nan_policy="propagate"))


def test_weights_are_refused_with_a_reason() -> None:
    asked = squarely.metric("quantile_absolute_error", q=0.9)
    ones, weights = np.ones((900, 2)), np.ones(900)
    for weighed in (
        lambda: squarely.evaluate([1.0, 2.0], [2.0, 3.0], metrics=[asked], sample_weight=[1.0, 2.0]),
        lambda: squarely.evaluate(ones, ones, metrics=[asked], sample_weight=weights),
        lambda: squarely.evaluate(ones[:, 0], ones[:, 0], metrics=[asked], sample_weight=weights, by=[0] * 900),
        lambda: Accumulator(asked).update([1.0, 2.0], [2.0, 3.0], sample_weight=[1.0, 2.0]),
        lambda: Accumulator(asked).update(ones, ones, sample_weight=weights),
        lambda: squarely.GroupedAccumulator(asked).update(ones[:, 0], ones[:, 0], by=[0] * 900, sample_weight=weights),
        lambda: squarely.RollingAccumulator(asked, window=5).update(ones, ones, sample_weight=weights),
        lambda: squarely.RollingAccumulator(asked, window=2000).update(ones, ones, sample_weight=weights),
        lambda: squarely.RollingAccumulator(asked, window=5, unit="chunks").update(ones, ones, sample_weight=weights),
    ):
        with pytest.raises(ValueError, match="quantile_absolute_error counts pairs"):
            weighed()


def test_quantiles_outside_the_range_are_refused() -> None:
    with pytest.raises(ValueError, match=r"'q' parameter of quantile_absolute_error must be a float in the range"):
        squarely.quantile_absolute_error([1.0], [2.0], q=1.5)


def test_quantiles_of_streams_groups_and_windows_are_those_of_their_rows(rng: np.random.Generator) -> None:
    y_true = rng.normal(size=4000)
    y_pred = y_true + rng.normal(size=4000)
    asked = squarely.metric("quantile_absolute_error", q=0.9)
    keys = rng.integers(0, 5, 4000)
    grouped = squarely.GroupedAccumulator(asked)
    rolling = squarely.RollingAccumulator(asked, window=300)
    for first in range(0, 4000, 130):
        some = slice(first, first + 130)
        grouped.update(y_true[some], y_pred[some], by=keys[some])
        rolling.update(y_true[some], y_pred[some])
        last = slice(max(0, min(first + 130, 4000) - 300), first + 130)
        expected = squarely.quantile_absolute_error(y_true[last], y_pred[last], q=0.9)
        assert rolling.compute() == {asked.label: expected}
    for key in range(5):
        expected = squarely.quantile_absolute_error(y_true[keys == key], y_pred[keys == key], q=0.9)
        assert grouped[key].compute()[asked.label] == expected
    outputs = np.stack([y_true, y_true * 2], axis=1), np.stack([y_pred, y_pred * 3], axis=1)
    several = squarely.quantile_absolute_error(*outputs, q=0.9, multioutput="raw_values")
    assert list(several) == [
        squarely.quantile_absolute_error(outputs[0][:, i], outputs[1][:, i], q=0.9) for i in range(2)
    ]
