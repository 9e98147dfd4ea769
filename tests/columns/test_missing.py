"""NaN, masks and validity bitmaps, of every type and layout: what is left out is counted, and the rest is exact."""

from fractions import Fraction

import numpy as np
import pytest

from inputs.element_types import DTYPES, FLOATS
from instruments.core_states import CoreState
from oracles import rational
from oracles.state_bytes import ROUNDED, SUMMATIONS, sums_held_by

ROWS = 1300


def values_of(dtype: object, rng: np.random.Generator) -> np.ndarray:
    return abs(rng.standard_normal(ROWS) * 9 + 20).astype(dtype)


def expected_state(
    y_true: np.ndarray, y_pred: np.ndarray, where: np.ndarray, there_true: np.ndarray, there_pred: np.ndarray
) -> tuple[Fraction, dict[str, int]]:
    missing_true = ~there_true | np.isnan(y_true.astype(float))
    missing_pred = ~missing_true & (~there_pred | np.isnan(y_pred.astype(float)))
    kept = where & ~missing_true & ~missing_pred
    counts = {
        "pairs": int(kept.sum()),
        "masked": int((~where).sum()),
        "missing_true": int((where & missing_true).sum()),
        "missing_pred": int((where & missing_pred).sum()),
    }
    return rational.sum_of_squares(y_true[kept].astype(float), y_pred[kept].astype(float)), counts


def bitmap_of(there: np.ndarray, offset: int) -> np.ndarray:
    return np.packbits(np.concatenate([np.ones(offset, bool), there]), bitorder="little")


def strided(array: np.ndarray, layout: str) -> np.ndarray:
    if layout == "contiguous":
        return array.copy()
    if layout == "reversed":
        return array[::-1].copy()[::-1]
    spaced = np.zeros((len(array), 3), array.dtype)
    spaced[:, 1] = array
    return spaced[:, 1]


def check(state: CoreState, expected: tuple[Fraction, dict[str, int]], case: object = None) -> None:
    assert sums_held_by(state.to_bytes())[0] == expected[0], case
    assert {name: getattr(state, name)[0] for name in expected[1]} == expected[1], case


@pytest.mark.parametrize("layout", ["contiguous", "reversed", "spaced"])
@pytest.mark.parametrize("left", DTYPES, ids=str)
def test_masks_of_every_density_leave_the_rest_exact(
    target: str, left: object, layout: str, rng: np.random.Generator
) -> None:
    everything = np.ones(ROWS, bool)
    for right in DTYPES:
        y_true, y_pred = (strided(values_of(dtype, rng), layout) for dtype in (left, right))
        for density in (0.0, 0.02, 0.9, 1.0):
            where = strided(rng.random(ROWS) < density, layout)
            where[600:1200] = density > 0.5  # whole blocks of one kind
            state = CoreState(1, "exact", [("sum_squared_error", 0.0)])
            state.update(y_true, y_pred, where)
            check(state, expected_state(y_true, y_pred, where, everything, everything), (right, density))


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.parametrize("share", [0.0005, 0.01, 0.3, 1.0])
def test_nan_of_every_share_is_counted_on_its_side(
    target: str, dtype: object, share: float, rng: np.random.Generator
) -> None:
    y_true, y_pred = values_of(dtype, rng), values_of(dtype, rng)
    y_true[rng.random(ROWS) < share] = np.nan
    y_pred[rng.random(ROWS) < share] = np.nan
    where = rng.random(ROWS) < 0.8
    everything = np.ones(ROWS, bool)
    for mask in (None, where):
        state = CoreState(1, "exact", [("sum_squared_error", 0.0)])
        state.update(y_true, y_pred, mask)
        check(state, expected_state(y_true, y_pred, everything if mask is None else where, everything, everything))


@pytest.mark.parametrize("offset", [0, 1, 5, 7, 8, 64])
@pytest.mark.parametrize("rows", [1, 7, 63, 65, 511, 512, 513, 1025])
def test_bitmaps_of_every_length_and_offset_are_read_to_their_last_bit_and_no_further(
    target: str, rows: int, offset: int, rng: np.random.Generator
) -> None:
    y_true, y_pred = rng.standard_normal((2, rows))
    there_true, there_pred = rng.random((2, rows)) < 0.5
    state = CoreState(1, "exact", [("sum_squared_error", 0.0)])
    state.update([(y_true, bitmap_of(there_true, offset), offset)], [(y_pred, bitmap_of(there_pred, 0), 0)])
    check(state, expected_state(y_true, y_pred, np.ones(rows, bool), there_true, there_pred))


@pytest.mark.parametrize("share", [0.001, 0.1, 0.5, 1.0])
@pytest.mark.parametrize("nullable", ["y_true", "y_pred", "both"])
def test_nulls_hide_what_lies_beneath_and_nan_beside_them_are_counted_by_the_truth(
    target: str, nullable: str, share: float, rng: np.random.Generator
) -> None:
    rows = 6000
    y_true, y_pred = rng.standard_normal((2, rows))
    there = {name: rng.random(rows) >= (share if nullable in (name, "both") else 0) for name in ("y_true", "y_pred")}
    for values, name in ((y_true, "y_true"), (y_pred, "y_pred")):
        missing = np.flatnonzero(~there[name])
        values[missing] = rng.choice([np.nan, np.inf, 1e300, 5e-324, 0.0], len(missing))
    for start in (3000, 5000):  # blocks without and with NaN of their own
        y_true[start : start + 9] = np.nan
        y_pred[start + 300 : start + 309] = np.nan
    state = CoreState(1, "exact", [("sum_squared_error", 0.0)])
    state.update(
        *([(values, bitmap_of(there[name], 3), 3)] for values, name in ((y_true, "y_true"), (y_pred, "y_pred")))
    )
    check(state, expected_state(y_true, y_pred, np.ones(rows, bool), there["y_true"], there["y_pred"]))


@pytest.mark.parametrize("summation", SUMMATIONS)
@pytest.mark.parametrize("layout", ["contiguous", "reversed", "spaced"])
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_bytes_of_what_is_missing_say_the_same_as_bitmaps(
    target: str, dtype: object, layout: str, summation: str, rng: np.random.Generator
) -> None:
    y_true, y_pred = values_of(dtype, rng), values_of(dtype, rng)
    there_true, there_pred = rng.random((2, ROWS)) < 0.6
    where = rng.random(ROWS) < 0.9
    for mask in (None, where):
        by_bits, by_bytes = (
            CoreState(1, summation, [("sum_squared_error", 0.0)]),
            CoreState(1, summation, [("sum_squared_error", 0.0)]),
        )
        by_bits.update([(y_true, bitmap_of(there_true, 0), 0)], [(y_pred, bitmap_of(there_pred, 3), 3)], mask)
        missing = [strided(~there, layout) for there in (there_true, there_pred)]
        by_bytes.update([(y_true, missing[0], 0)], [(y_pred, missing[1], 0)], mask)
        assert by_bits.to_bytes() == by_bytes.to_bytes()


@pytest.mark.parametrize("dtype", ["float32", "int32", "uint32", "float64", "int16"])
def test_any_byte_that_is_not_zero_is_missing(target: str, dtype: str, rng: np.random.Generator) -> None:
    y_true, y_pred = values_of(dtype, rng), values_of(dtype, rng)
    marks = rng.integers(0, 256, ROWS).astype(np.uint8) * (rng.random(ROWS) < 0.5)
    state = CoreState(1, "exact", [("sum_squared_error", 0.0)])
    state.update([(y_true, marks.astype(np.uint8).view(bool), 0)], [(y_pred, None, 0)])
    check(state, expected_state(y_true, y_pred, np.ones(ROWS, bool), marks == 0, np.ones(ROWS, bool)))


@pytest.mark.parametrize("dtype", ["float32", "int32", "uint32"])
@pytest.mark.parametrize("share", [0.001, 0.1, 1.0])
def test_narrow_columns_with_nulls_are_exact(target: str, dtype: str, share: float, rng: np.random.Generator) -> None:
    rows = 40 * 512 + 77
    if dtype == "float32":
        y_true, y_pred = rng.standard_normal((2, rows)).astype(dtype)
        y_true[30 * 512 + 3 :: 999] = np.nan
        y_pred[30 * 512 + 5 :: 777] = np.nan
        y_true[2000:3000] *= np.float32(1e-30)  # another window
    else:
        limits = np.iinfo(dtype)
        y_true, y_pred = rng.integers(limits.min, limits.max, (2, rows), dtype, endpoint=True)
    there_true, there_pred = rng.random((2, rows)) >= share
    if dtype == "float32":
        y_true[~there_true] = rng.choice([np.nan, np.inf, 1e-40, 0, 1], (~there_true).sum()).astype(dtype)
    state = CoreState(1, "exact", [("sum_squared_error", 0.0)])
    state.update([(y_true, bitmap_of(there_true, 3), 3)], [(y_pred, bitmap_of(there_pred, 0), 0)])
    check(state, expected_state(y_true, y_pred, np.ones(rows, bool), there_true, there_pred))


@pytest.mark.parametrize("missing", [np.zeros(6, bool), np.zeros((5, 1), bool)])
def test_bytes_of_another_shape_than_the_values_are_refused(missing: np.ndarray) -> None:
    values = np.zeros(5)
    with pytest.raises(ValueError, match="as many"):
        CoreState(1, "exact", [("sum_squared_error", 0.0)]).update([(values, missing, 0)], [(values, None, 0)])


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("offset", [0, 1, 7, 8, 13])
def test_validity_bitmaps_are_missing_values(target: str, dtype: object, offset: int, rng: np.random.Generator) -> None:
    y_true, y_pred = values_of(dtype, rng), values_of(dtype, rng)
    there_true, there_pred = rng.random((2, ROWS)) < 0.97
    there_true[:520] = True  # a block without a null
    where = rng.random(ROWS) < 0.9
    for mask in (None, where):
        state = CoreState(1, "exact", [("sum_squared_error", 0.0)])
        state.update([(y_true, bitmap_of(there_true, offset), offset)], [(y_pred, bitmap_of(there_pred, 3), 3)], mask)
        kept = np.ones(ROWS, bool) if mask is None else mask
        check(state, expected_state(y_true, y_pred, kept, there_true, there_pred))


def test_large_integers_that_are_null_or_masked_add_nothing(target: str, rng: np.random.Generator) -> None:
    y_true = rng.integers(-(2**63), 2**63 - 1, ROWS)
    y_pred = rng.integers(0, 2**64 - 1, ROWS, np.uint64)
    there = rng.random(ROWS) < 0.5
    where = rng.random(ROWS) < 0.5
    state = CoreState(1, "exact", [("sum_squared_error", 0.0)])
    state.update([(y_true, bitmap_of(there, 0), 0)], [(y_pred, None, 0)], where)
    kept = there & where
    pairs = zip(y_true[kept].tolist(), y_pred[kept].tolist(), strict=True)
    assert sums_held_by(state.to_bytes())[0] == sum((y - p) ** 2 for y, p in pairs)
    assert (state.pairs, state.masked) == ([kept.sum()], [(~where).sum()])


@pytest.mark.parametrize("summation", ROUNDED)
def test_rounded_sums_leave_out_the_same_pairs(target: str, summation: str, rng: np.random.Generator) -> None:
    y_true, y_pred = rng.integers(-9, 9, (2, ROWS)).astype(float)
    y_true[rng.random(ROWS) < 0.1] = np.nan
    where = rng.random(ROWS) < 0.7
    rounded, exact = (
        CoreState(1, summation, [("sum_squared_error", 0.0)]),
        CoreState(1, "exact", [("sum_squared_error", 0.0)]),
    )
    for state in (rounded, exact):
        state.update(y_true, y_pred, where)
    assert rounded.values("sum_squared_error") == exact.values("sum_squared_error")
    assert (rounded.pairs, rounded.masked, rounded.missing_true) == (exact.pairs, exact.masked, exact.missing_true)


@pytest.mark.parametrize("shape", ["rows", "elements", "broadcast"])
def test_masks_of_rows_and_of_elements_fit_many_outputs(target: str, shape: str, rng: np.random.Generator) -> None:
    y_true, y_pred = rng.standard_normal((2, 700, 9))
    rows = rng.random(700) < 0.5
    where = {
        "rows": rows,
        "elements": rng.random((700, 9)) < 0.5,
        "broadcast": np.broadcast_to(rows[:, None], (700, 9)),
    }[shape]
    state = CoreState(9, "exact", [("sum_squared_error", 0.0)])
    state.update(y_true, y_pred, where)
    full = np.broadcast_to(where if where.ndim == 2 else where[:, None], (700, 9))
    for i, held in enumerate(sums_held_by(state.to_bytes())):
        kept = full[:, i]
        assert held == rational.sum_of_squares(y_true[kept, i], y_pred[kept, i])
