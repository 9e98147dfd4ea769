"""Numbers of every type become the float64 that equals them; of decimals, the one nearest to them."""

import decimal
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inputs.written_tables import pa, read_columns, write_table
from squarely.files import FileError, score_files
from squarely.files.sources.arrow_numbers import to_numpy


def test_float64_columns_are_scored_where_arrow_has_them(tmp_path):
    array = pa.array(np.arange(5.0))
    column = to_numpy("truth", array)
    assert column.__array_interface__["data"][0] == array.buffers()[1].address


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, None, 3], pa.int8()),
        ([1, None, 3], pa.uint32()),
        ([1, None, -(2**53)], pa.int64()),
        ([2**60, None, -(2**63)], pa.int64()),
        ([2**63, 2**64 - 2**11], pa.uint64()),
        ([True, None, False], pa.bool_()),
        ([np.float16(0.5), None, np.float16(-2.0)], pa.float16()),
        ([decimal.Decimal("0.50"), None, decimal.Decimal("-3.25")], pa.decimal128(10, 2)),
        ([None, None], pa.null()),
    ],
    ids=str,
)
@pytest.mark.parametrize("suffix", ("parquet", "arrow"))
def test_numbers_of_every_type_are_read_exactly(tmp_path, values, kind, suffix):
    path = write_table(tmp_path / f"t.{suffix}", {"y": pa.array(values, kind)})
    (column,) = read_columns(path, "y")
    expected = [math.nan if value is None else float(value) for value in values]
    np.testing.assert_array_equal(column.astype(np.float64), expected)


def test_a_dictionary_of_numbers_is_read_as_numbers(tmp_path):
    path = write_table(tmp_path / "t.arrow", {"y": pa.array([1.5, None, 1.5]).dictionary_encode()})
    np.testing.assert_array_equal(read_columns(path, "y")[0], [1.5, math.nan, 1.5])


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("9007199254740993", pa.int64()),  # 2**53 + 1
        ("9223372036854775807", pa.int64()),
        ("18446744073709551615", pa.uint64()),
    ],
)
def test_an_integer_that_would_be_rounded_is_refused(tmp_path, value, kind):
    path = write_table(tmp_path / "t.parquet", {"y": pa.array([1, None, int(value)], kind), "p": [1.0, 2.0, 3.0]})
    with pytest.raises(FileError, match=rf"t.parquet: column 'y' holds {value}, which float64 cannot hold exactly"):
        score_files(path, true="y", pred="p", nan_policy="omit")


def assert_same_bits(column, expected):
    assert column.dtype == np.float64
    np.testing.assert_array_equal(column.view(np.uint64), np.array(expected, np.float64).view(np.uint64))


@pytest.mark.parametrize(
    ("digits", "kind"),
    [
        ("0.10", pa.decimal128(10, 2)),
        ("0.3", pa.decimal128(2, 1)),  # pyarrow casts it to 0.30000000000000004
        ("9007199254740993", pa.decimal128(16, 0)),  # 2**53 + 1, half way, goes to the even neighbour
        ("9007199254740993.0000000000000000000001", pa.decimal128(38, 22)),  # a little beyond half way, up
        ("1000000000000000000000000000000", pa.decimal128(38, 0)),
        ("9" * 38, pa.decimal128(38, 0)),
        ("0." + "9" * 38, pa.decimal128(38, 38)),
        ("0." + "0" * 37 + "1", pa.decimal128(38, 38)),
        ("9" * 76, pa.decimal256(76, 0)),
        ("0." + "9" * 76, pa.decimal256(76, 76)),
        ("0." + "0" * 75 + "1", pa.decimal256(76, 76)),
    ],
    ids=lambda value: str(value)[:24],
)
@pytest.mark.parametrize("suffix", ("parquet", "arrow", "csv"))
def test_a_decimal_is_the_float64_nearest_to_it_in_every_format(tmp_path, digits, kind, suffix):
    values = [decimal.Decimal(digits), decimal.Decimal(f"-{digits}")]
    path = write_table(tmp_path / f"t.{suffix}", {"y": pa.array([*values, None], kind)})
    (column,) = read_columns(path, "y")
    assert np.isnan(column[2])
    assert_same_bits(column[:2], [float(str(value)) for value in values])


@given(
    integers=st.lists(st.integers(0, 76).flatmap(lambda digits: st.integers(-(10**digits) + 1, 10**digits - 1))),
    scale=st.integers(0, 76),
)
def test_decimals_of_any_size_are_the_float64_nearest_to_them(integers, scale):
    values = [decimal.Decimal(f"{integer}E-{scale}") for integer in integers]
    column = to_numpy("y", pa.array(values, pa.decimal256(76, scale)))
    assert_same_bits(column, [float(str(value)) for value in values])


def test_a_dictionary_of_decimals_is_read_as_decimals():
    values = pa.array([decimal.Decimal("0.35"), None, decimal.Decimal("0.35")], pa.decimal128(4, 2))
    np.testing.assert_array_equal(to_numpy("y", values.dictionary_encode()), [0.35, math.nan, 0.35])
