"""Every length, every alignment, every layout, every position: no element is missed, and none read twice."""

from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pytest

import squarely
from oracles import rational
from oracles.state_bytes import SUMMATIONS


def sums_by_length(y_true: npt.NDArray[np.floating], y_pred: npt.NDArray[np.floating]) -> list[float]:
    total = 0
    sums = []
    for y, p in zip(y_true, y_pred, strict=True):
        total += (rational.integer_of(y) - rational.integer_of(p)) ** 2
        sums.append(rational.nearest_double(Fraction(total, 4**rational.UNIT)))
    return sums


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_every_length_up_to_2100_is_exact(target: str, dtype: type, rng: np.random.Generator) -> None:
    y_true = rng.standard_normal(2100).astype(dtype)
    y_pred = rng.standard_normal(2100).astype(dtype)
    expected = sums_by_length(y_true, y_pred)
    found = [squarely.sum_squared_error(y_true[:n], y_pred[:n]) for n in range(1, 2101)]
    assert found == expected


def at_offset(array: npt.NDArray[np.floating], offset: int) -> npt.NDArray[np.floating]:
    memory = np.zeros(array.nbytes + 128, np.uint8)
    start = -memory.ctypes.data % 64 + offset
    moved = memory[start : start + array.nbytes].view(array.dtype)
    moved[:] = array
    return moved


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_every_alignment_gives_the_same_bits(target: str, dtype: type, rng: np.random.Generator) -> None:
    y_true = rng.standard_normal(1100).astype(dtype)
    y_pred = rng.standard_normal(1100).astype(dtype)
    expected = rational.scores(y_true, y_pred)["mean_squared_error"]
    for offset in range(64):
        assert squarely.mean_squared_error(at_offset(y_true, offset), at_offset(y_pred, 63 - offset)) == expected


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("length", [1, 63, 65, 512, 1100])
def test_a_poisoned_element_is_seen_at_every_position(target: str, dtype: type, length: int) -> None:
    y_true = np.zeros(length, dtype)
    y_pred = np.zeros(length, dtype)
    for poison in (2.0**-70, 2.0**60):
        for side in (y_true, y_pred):
            for position in range(length):
                side[position] = poison
                assert squarely.sum_squared_error(y_true, y_pred) == poison**2
                side[position] = 0


@pytest.mark.parametrize("length", [1, 65, 512, 1100])
def test_nan_is_found_at_every_position(target: str, length: int) -> None:
    y_true = np.ones(length)
    y_pred = np.zeros(length)
    for side in (y_true, y_pred):
        for position in range(length):
            kept, side[position] = side[position], np.nan
            with pytest.raises(ValueError, match="Input contains NaN"):
                squarely.mean_squared_error(y_true, y_pred)
            side[position] = kept


def layouts(array: npt.NDArray[np.floating]) -> dict[str, npt.NDArray[np.floating]]:
    """Return the same values lying in memory in other ways."""
    rows, columns = array.shape
    spaced = np.full((2 * rows, 3 * columns), np.nan, array.dtype)
    spaced[::2, 1::3] = array
    record = np.zeros(rows, [("pad", np.int8), ("values", array.dtype, (columns,))])
    record["values"] = array
    read_only = array.copy()
    read_only.flags.writeable = False
    return {
        "C": np.ascontiguousarray(array),
        "Fortran": np.asfortranarray(array),
        "reversed": np.ascontiguousarray(array[::-1, ::-1])[::-1, ::-1],
        "spaced": spaced[::2, 1::3],
        "misaligned": record["values"],
        "read-only": read_only,
        "swapped": array.astype(array.dtype.newbyteorder()),
    }


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("outputs", [1, 2, 7, 8, 9, 40])
def test_every_layout_gives_the_same_bits(target: str, dtype: type, outputs: int, rng: np.random.Generator) -> None:
    y_true = rng.standard_normal((700, outputs)).astype(dtype)
    y_pred = rng.standard_normal((700, outputs)).astype(dtype)
    expected = [rational.scores(y_true[:, i], y_pred[:, i])["mean_squared_error"] for i in range(outputs)]
    for truth in layouts(y_true).values():
        for prediction in layouts(y_pred).values():
            found = squarely.mean_squared_error(truth, prediction, multioutput="raw_values")
            assert np.asarray(found).tolist() == expected


def test_a_broadcast_column_is_read_in_place(target: str, rng: np.random.Generator) -> None:
    y_true = rng.standard_normal(1000)
    y_pred = np.broadcast_to(np.float64(0.25), (1000,))
    assert squarely.mean_squared_error(y_true, y_pred) == rational.scores(y_true, y_pred)["mean_squared_error"]


def test_any_stride_is_allowed_where_there_is_one_row(target: str) -> None:
    memory = np.array([3.0, 4.0])
    for stride in (2**62, -(2**62), 2**63 - 1, 0, 7):
        single = np.lib.stride_tricks.as_strided(memory, (1,), (stride,))
        assert squarely.mean_squared_error(single, memory[1:]) == 1.0


def test_inputs_are_not_written_to(target: str, rng: np.random.Generator) -> None:
    y_true, y_pred = rng.standard_normal((2, 5000, 3))
    y_true[::7] = 1e300
    y_pred[::11] = np.nan
    copies = y_true.copy(), y_pred.copy()
    for summation in SUMMATIONS:
        squarely.mean_squared_error(y_true, y_pred, nan_policy="omit", summation=summation)
    np.testing.assert_array_equal(y_true, copies[0])
    np.testing.assert_array_equal(y_pred, copies[1])
