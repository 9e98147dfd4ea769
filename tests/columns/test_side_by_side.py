"""Arrays of many outputs in C order: tiles, lanes and leftovers give what each column alone gives."""

import numpy as np
import pytest

from inputs.hard_data import MAKERS, Maker
from instruments.core_states import CoreState
from squarely import _core

ROWS = 1100


def bytes_of(y_true: np.ndarray, y_pred: np.ndarray, outputs: int) -> bytes:
    state = CoreState(outputs, "exact", [("sum_squared_error", 0.0)])
    state.update(y_true, y_pred)
    return state.to_bytes()


def column_by_column(y_true: np.ndarray, y_pred: np.ndarray) -> bytes:
    # The Fortran order reads every column by itself, through the path the other tests hold against the oracle.
    return bytes_of(np.asfortranarray(y_true), np.asfortranarray(y_pred), y_true.shape[1])


def in_columns(make: Maker, rng: np.random.Generator, rows: int, outputs: int) -> tuple[np.ndarray, np.ndarray]:
    columns = [make(rng, rows) for _ in range(outputs)]
    return np.stack([y for y, _ in columns], axis=1), np.stack([p for _, p in columns], axis=1)


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
@pytest.mark.parametrize("outputs", [2, 3, 8, 13])
def test_hard_columns_are_exact(target: str, make: Maker, outputs: int, rng: np.random.Generator) -> None:
    y_true, y_pred = in_columns(make, rng, ROWS, outputs)
    assert bytes_of(y_true, y_pred, outputs) == column_by_column(y_true, y_pred)


@pytest.mark.parametrize("outputs", [*range(1, 34), 127, 128, 129, 136, 260])
def test_every_number_of_outputs_is_exact(target: str, outputs: int, rng: np.random.Generator) -> None:
    y_true, y_pred = rng.standard_normal((2, 150, outputs))
    assert bytes_of(y_true, y_pred, outputs) == column_by_column(y_true, y_pred)


@pytest.mark.parametrize("rows", [1, 2, 7, 8, 9, 63, 64, 65, 127, 128, 129, 511, 513])
@pytest.mark.parametrize("outputs", [3, 6, 8, 9])
def test_every_number_of_rows_is_exact(target: str, rows: int, outputs: int, rng: np.random.Generator) -> None:
    y_true, y_pred = rng.standard_normal((2, rows, outputs))
    assert bytes_of(y_true, y_pred, outputs) == column_by_column(y_true, y_pred)


@pytest.mark.parametrize("outputs", [4, 8, 11])
def test_columns_of_different_scales_are_exact(target: str, outputs: int, rng: np.random.Generator) -> None:
    scales = 10.0 ** rng.uniform(-40, 40, outputs)
    y_true, y_pred = rng.standard_normal((2, ROWS, outputs)) * scales
    assert bytes_of(y_true, y_pred, outputs) == column_by_column(y_true, y_pred)


@pytest.mark.parametrize("outputs", [2, 8, 20])
def test_special_values_are_counted_in_their_own_column(target: str, outputs: int, rng: np.random.Generator) -> None:
    y_true, y_pred = rng.standard_normal((2, ROWS, outputs))
    for special in (np.nan, np.inf, -np.inf):
        for side in (y_true, y_pred):
            side[rng.integers(0, ROWS, 40), rng.integers(0, outputs, 40)] = special
    assert bytes_of(y_true, y_pred, outputs) == column_by_column(y_true, y_pred)


def test_gaps_and_offsets_between_columns_do_not_matter(target: str, rng: np.random.Generator) -> None:
    wide = rng.standard_normal((2, 400, 40))
    for first, last, step in [(0, 8, 1), (3, 19, 1), (0, 40, 2), (39, None, -1), (5, 5 + 3, 1)]:
        y_true, y_pred = wide[0][:, first:last:step], wide[1][:, first:last:step]
        assert bytes_of(y_true, y_pred, y_true.shape[1]) == column_by_column(y_true, y_pred)
        assert bytes_of(y_true[::-3], y_pred[::-3], y_true.shape[1]) == column_by_column(y_true[::-3], y_pred[::-3])


def test_threads_and_long_stretches_do_not_matter(target: str, rng: np.random.Generator) -> None:
    y_true, y_pred = rng.standard_normal((2, 140_000, 8))
    y_true[::1000] *= 1e9
    expected = column_by_column(y_true, y_pred)
    for threads in (1, 3):
        _core.set_num_threads(threads)
        assert bytes_of(y_true, y_pred, 8) == expected


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_many_rows_of_the_largest_sums_do_not_overflow_the_lanes_of_their_columns(target: str, dtype: str) -> None:
    # The first rows choose a window that the others fill to the brim: every eight of them add almost 2^51 units to the
    # lane of their column, which would hold 4096 times that.
    rows = 1 << 17
    y_true = np.full((rows, 8), 1.0 - 2.0**-20, dtype)
    y_true[:64] = 0.25
    y_pred = -y_true
    assert bytes_of(y_true, y_pred, 8) == column_by_column(y_true, y_pred)


def test_any_axis_of_any_number_of_dimensions_is_read_in_place(target: str, rng: np.random.Generator) -> None:
    y_true, y_pred = rng.standard_normal((2, 6, 50, 7))
    for axis in range(3):
        moved = [np.moveaxis(side, axis, 0).reshape(side.shape[axis], -1) for side in (y_true, y_pred)]
        state = CoreState(moved[0].shape[1], "exact", [("sum_squared_error", 0.0)])
        state.update(y_true, y_pred, None, axis)
        assert state.to_bytes() == column_by_column(*moved)


def numbers_of(dtype: str, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    if dtype == "float32":
        return (rng.standard_normal(shape) * 10.0 ** rng.uniform(-3, 3, shape[-1])).astype(dtype)
    limits = np.iinfo(dtype)
    return rng.integers(limits.min, limits.max, shape, dtype, endpoint=True)


@pytest.mark.parametrize("dtype", ["float32", "int32", "uint32", ">f4", ">i2", "int16", "uint16", "int8", "uint8"])
@pytest.mark.parametrize("outputs", [2, 3, 8, 11, 32, 100, 130])
def test_narrow_types_are_exact(target: str, dtype: str, outputs: int, rng: np.random.Generator) -> None:
    for rows in (1, 63, 64, 700):
        y_true, y_pred = numbers_of(np.dtype(dtype).name, (2, rows, outputs), rng).astype(dtype)
        assert bytes_of(y_true, y_pred, outputs) == column_by_column(y_true, y_pred), rows
        mixed = y_pred.astype(np.float64)
        assert bytes_of(y_true, mixed, outputs) == column_by_column(y_true, mixed), rows


@pytest.mark.parametrize("dtype", ["float32", "int32", "uint32", "int16", "uint16", "int8", "uint8"])
def test_narrow_types_may_lie_anyhow(target: str, dtype: str, rng: np.random.Generator) -> None:
    wide = numbers_of(dtype, (2, 400, 40), rng)
    for first, last, step in [(0, 8, 1), (3, 19, 1), (2, 39, 1), (0, 40, 2), (39, None, -1)]:
        y_true, y_pred = wide[0][:, first:last:step], wide[1][:, first:last:step]
        assert bytes_of(y_true[::-3], y_pred[::-3], y_true.shape[1]) == column_by_column(y_true[::-3], y_pred[::-3])
    shifted = np.zeros(wide[0].nbytes + 1, np.uint8)[1:].view(dtype).reshape(wide[0].shape)
    shifted[:] = wide[0]
    assert bytes_of(shifted, wide[1], 40) == column_by_column(wide[0], wide[1])


@pytest.mark.parametrize("outputs", [2, 8, 20])
def test_special_and_tiny_float32_are_counted_in_their_own_column(
    target: str, outputs: int, rng: np.random.Generator
) -> None:
    y_true, y_pred = numbers_of("float32", (2, ROWS, outputs), rng)
    for special in (np.nan, np.inf, -np.inf, 1e-45, 3e38):
        for side in (y_true, y_pred):
            side[rng.integers(0, ROWS, 40), rng.integers(0, outputs, 40)] = special
    assert bytes_of(y_true, y_pred, outputs) == column_by_column(y_true, y_pred)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("outputs", [8, 20])
def test_rows_far_apart_are_exact_where_some_slices_of_a_tile_fail(
    target: str, dtype: str, outputs: int, rng: np.random.Generator
) -> None:
    wide = rng.standard_normal((2, 2000, 600)).astype(dtype)
    y_true, y_pred = wide[0][:, 3 : 3 + outputs], wide[1][:, 3 : 3 + outputs]
    for special in (np.nan, np.inf, 1e-30, 1e30):
        y_true[rng.integers(0, 1000, 9), rng.integers(0, outputs, 9)] = special
    y_pred[1200:1216] *= 1e-9
    y_pred[1500:] *= 1e12
    assert bytes_of(y_true, y_pred, outputs) == column_by_column(y_true, y_pred)
    assert bytes_of(y_true[::-1], y_pred[::-1], outputs) == column_by_column(y_true, y_pred)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("outputs", [3, 8, 16, 37, 100, 700])
@pytest.mark.parametrize("bad", [np.nan, -np.inf, 1e30, 1e-30])
def test_one_bad_value_in_one_column_between_full_tiles_is_exact(
    target: str, dtype: str, outputs: int, bad: float, rng: np.random.Generator
) -> None:
    rows = 1700 if outputs < 700 else 400
    y_true, y_pred = rng.standard_normal((2, rows, outputs)).astype(dtype)
    y_true[rows // 2 + 1, outputs // 2] = bad
    y_pred[rows - 1, outputs - 1] = bad
    expected = column_by_column(y_true, y_pred)
    for threads in (1, 2):
        _core.set_num_threads(threads)
        assert bytes_of(y_true, y_pred, outputs) == expected


@pytest.mark.parametrize("dtype", ["int16", "uint16", "int8", "uint8"])
def test_the_largest_squares_of_small_integers_do_not_overflow_the_lanes_of_their_columns(
    target: str, dtype: str
) -> None:
    limits = np.iinfo(dtype)
    for outputs in (3, 32, 100):
        y_true, y_pred = np.full((20_000, outputs), limits.min, dtype), np.full((20_000, outputs), limits.max, dtype)
        state = CoreState(outputs, "exact", [("mean_squared_error", 0.0)])
        state.update(y_true, y_pred)
        assert state.values("mean_squared_error") == [float(limits.max - limits.min) ** 2] * outputs
