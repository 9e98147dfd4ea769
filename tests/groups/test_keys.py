"""Keys of any container become numbers of groups, as they first come, and back: compared with a dict."""

import contextlib
import datetime
import gc
import itertools
import math
import random
import signal
import struct
import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

import squarely
from squarely import _core
from squarely.groups.keys import GroupKeys

ZURICH = "Europe/Zurich"
NOON = datetime.datetime(2024, 2, 29, 12)
DAY = datetime.date(2024, 2, 29)

# Of each kind some keys as Python has them, null and repetitions among them.
KEYS: dict[str, list[Any]] = {
    "integer": [7, -3, None, 7, 2**62, 0, -(2**63), None, -3],
    "large": [2**64 - 1, 2**63, None, 5, 2**64 - 1],
    "boolean": [True, None, False, True],
    "float": [1.5, -0.0, math.inf, 0.0, 1e-310, None, 1.5, -math.inf],
    "text": ["b", "", "a", None, "b", "twelve bytes", "more than twelve bytes", "ü€😀", "", "zero\0inside", "seven b"],
    "bytes": [b"b", b"", None, b"\xff\x00", b"b", b"more than twelve bytes"],
    "date": [DAY, None, datetime.date(1969, 12, 31), DAY],
    "datetime": [NOON, NOON.replace(microsecond=1), None, NOON, datetime.datetime(1901, 1, 1)],
    "duration": [datetime.timedelta(days=-1, microseconds=1), None, datetime.timedelta(0), datetime.timedelta(0)],
}


class Oracle:
    """The same by a dict: of NaN there is one, and zero has no sign."""

    def __init__(self) -> None:
        self.numbers: dict[Any, int] = {}

    def codes(self, keys: Sequence[Any]) -> list[int]:
        return [self.numbers.setdefault(comparable(key), len(self.numbers)) for key in keys]


def comparable(key: Any) -> Any:
    if isinstance(key, tuple):
        return tuple(map(comparable, key))
    return "NaN" if isinstance(key, float) and math.isnan(key) else (type(key), key)


def all_keys(keys: GroupKeys) -> list[Any]:
    return [keys.key_of(group) for group in range(len(keys))]


def read(*chunks: Any) -> GroupKeys:
    keys = GroupKeys()
    for chunk in chunks:
        keys.codes(chunk, None)
    return keys


def what_there_is(keys: GroupKeys) -> Any:
    return keys.names, keys.kinds, [comparable(key) for key in all_keys(keys)], keys.to_bytes()


def assert_like_the_oracle(container: Any, expected: Sequence[Any]) -> None:
    keys, oracle = GroupKeys(), Oracle()
    for _ in range(2):
        codes = keys.codes(container, len(expected))
        assert codes.dtype == np.uint32
        assert codes.tolist() == oracle.codes(expected)
    assert [comparable(key) for key in all_keys(keys)] == list(oracle.numbers)
    assert [keys.group_of(key) for key in all_keys(keys)] == list(range(len(keys)))
    again = GroupKeys.from_bytes(keys.to_bytes())
    assert again.to_bytes() == keys.to_bytes()
    assert {comparable(key) for key in all_keys(again)} == set(oracle.numbers)


# Containers


@pytest.mark.parametrize("kind", KEYS)
@pytest.mark.parametrize("make", [list, tuple, lambda keys: np.fromiter(keys, object, len(keys))])
def test_objects_of_python(kind: str, make: Callable[[list[Any]], Any]) -> None:
    assert_like_the_oracle(make(KEYS[kind]), KEYS[kind])


@pytest.mark.parametrize("dtype", ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", ">i2", ">u8"])
@pytest.mark.parametrize("step", [1, -1, 3])
def test_integers_of_numpy(dtype: str, step: int) -> None:
    array = np.array([3, 1, 100, 3, 0, 7, 1, 99, 3], dtype)[::step]
    assert_like_the_oracle(array, array.tolist())


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", ">f4", ">f8"])
def test_floats_of_numpy(dtype: str) -> None:
    array = np.array([1.5, math.nan, -0.0, 0.0, math.inf, math.nan, -1.5, 1.5], dtype)
    assert_like_the_oracle(array, array.tolist())


# Pairs of one hash, where the lowest byte comes first: found by solving for it.
OF_ONE_HASH = (
    (b"\xa0\x8c\x0e\n", b"jW\xea\xca\xf8\xc7"),
    (b"\\\x1d\xf6\xe8", b"\x0b\xaa\xe0\xcb{\xbbD"),
    (b">\x1a+\xea\x80", b"\x99=}J\x83\xaf"),
    (b"\xcf\xc8v1\xfe", b"\xf5\x83\xd2r7\xe3\xb0"),
    (b"\xfb*\x97\xa9\xab\xaa", b"fFeJ\x89\x10\xcb"),
)


def test_what_has_one_hash_is_two_keys() -> None:
    colliding = [key for pair in OF_ONE_HASH for key in pair]
    assert_like_the_oracle([*colliding, *reversed(colliding)], [*colliding, *reversed(colliding)])
    keys = read(colliding)
    keys.forget_after(3)  # the second pair loses its second key
    assert keys.codes(colliding[3::-1], 4).tolist() == [3, 2, 1, 0]
    assert keys.codes(colliding, 10).tolist() == list(range(10))


def test_of_nan_there_is_one_group() -> None:
    patterns = np.array([0x7FF8 << 48, 0xFFF8 << 48, (0x7FF0 << 48) + 1], np.uint64).view(np.float64)
    assert read(patterns).codes(patterns, 3).tolist() == [0, 0, 0]


def test_subnormal_numbers_are_keys_of_their_own() -> None:
    assert_like_the_oracle(np.array([0.0, 5e-324, -5e-324]), [0.0, 5e-324, -5e-324])
    assert len(read(np.array([0.0, 1e-45], np.float32))) == 2


def test_bfloat16() -> None:
    ml_dtypes = pytest.importorskip("ml_dtypes")
    assert_like_the_oracle(np.array([1.5, 2.0, 1.5], ml_dtypes.bfloat16), [1.5, 2.0, 1.5])


def test_booleans_of_numpy_whatever_their_bytes() -> None:
    array = np.array([0, 1, 2, 255], np.uint8).view(np.bool_)
    assert_like_the_oracle(array, [False, True, True, True])


@pytest.mark.parametrize("dtype", ["U", ">U30", "S", "O"])
@pytest.mark.parametrize("step", [1, -1, 2])
def test_texts_of_numpy(dtype: str, step: int) -> None:
    texts = ["b", "", "a", "b", "twelve bytes", "more than twelve bytes", "a"]
    array = np.array(texts, dtype)[::step]
    assert_like_the_oracle(array, array.tolist())


def test_characters_of_every_length_in_utf8() -> None:
    texts = ["ü", "\x7f", "\x80", "߿", "ࠀ", "￿", "\U00010000", "\U0010ffff", "a😀", "ü"]
    for array in (np.array(texts), np.array(texts).astype(">U2"), np.array(texts, object)):
        assert_like_the_oracle(array, texts)


def test_strings_of_numpy_2() -> None:
    if not hasattr(np.dtypes, "StringDType"):
        pytest.skip("needs NumPy 2")
    for missing in (None, math.nan):
        dtype = np.dtypes.StringDType(na_object=missing)
        assert_like_the_oracle(np.array([*KEYS["text"][:3], missing, "b"], dtype), ["b", "", "a", None, "b"])
    assert_like_the_oracle(np.array(["x"] * 70_000, np.dtypes.StringDType()), ["x"] * 70_000)


@pytest.mark.parametrize("unit", ["h", "m", "s", "ms", "us", "ns"])
def test_moments_of_every_unit(unit: str) -> None:
    array = np.array([NOON, "NaT", NOON, datetime.datetime(1960, 1, 1)], f"M8[{unit}]")
    assert_like_the_oracle(array, [NOON, None, NOON, datetime.datetime(1960, 1, 1)])


def test_times_that_python_does_not_hold_stay_those_of_numpy() -> None:
    nanosecond, far, year = np.datetime64(1, "ns"), np.datetime64(2**60, "s"), np.datetime64("2024", "Y")
    for one in (nanosecond, far, year, np.datetime64(10**9, "D"), np.timedelta64(3, "M"), np.timedelta64(1, "as")):
        keys = read(np.array([one]))
        assert keys.key_of(0) == one
        assert type(keys.key_of(0)) is type(one)
        assert keys.group_of(one) == 0


def test_units_of_many_are_counted_in_one() -> None:
    assert all_keys(read(np.array([2], "m8[10s]"))) == [datetime.timedelta(seconds=20)]
    with pytest.raises(ValueError, match=r"by holds times of dtype datetime64\[10s\] that are beyond what"):
        read(np.array([2**62, "NaT"], "M8[10s]"))
    assert all_keys(read(np.array(["NaT", 3], "M8[10s]"))) == [None, datetime.datetime(1970, 1, 1, 0, 0, 30)]


def test_masked_arrays() -> None:
    for array, mask in ((np.arange(4), [0, 1, 0, 1]), (np.array(["a", "b", "a", "c"]), [0, 1, 0, 1])):
        masked = np.ma.masked_array(array, mask)
        assert_like_the_oracle(
            masked, [None if there else key for key, there in zip(array.tolist(), mask, strict=True)]
        )
        assert_like_the_oracle(np.ma.masked_array(array), array.tolist())


def test_sequences_and_what_converts_itself() -> None:
    class Convertible:
        def __array__(self, dtype: object = None, copy: bool | None = None) -> npt.NDArray[Any]:
            return np.array([3, 4, 3])

        def __len__(self) -> int:
            return 3

    assert_like_the_oracle(range(5), list(range(5)))
    assert_like_the_oracle(Convertible(), [3, 4, 3])


def test_floats_and_integers_of_a_list_are_floats() -> None:
    assert_like_the_oracle([1, 2.5, 1.0, None], [1.0, 2.5, 1.0, None])
    with pytest.raises(ValueError, match=r"by holds floats and the integer 9007199254740993, which no float64 holds"):
        read([2**53 + 1, 0.5])


PANDAS: dict[str, Callable[[Any], Any]] = {
    "objects": lambda pandas: pandas.Series(KEYS["text"], dtype=object),
    "strings": lambda pandas: pandas.Series(KEYS["text"], dtype="string"),
    "index": lambda pandas: pandas.Index(KEYS["text"], dtype=object),
    "categories": lambda pandas: pandas.Series(pandas.Categorical(KEYS["text"])),
    "array": lambda pandas: pandas.Series(KEYS["text"], dtype="string").array,
}


@pytest.mark.parametrize("name", PANDAS)
def test_texts_of_pandas(name: str) -> None:
    pandas = pytest.importorskip("pandas")
    assert_like_the_oracle(PANDAS[name](pandas), KEYS["text"])


def test_texts_of_pandas_as_they_are_by_default() -> None:
    pandas = pytest.importorskip("pandas")
    assert_like_the_oracle(pandas.Series(KEYS["text"]), KEYS["text"])
    assert_like_the_oracle(pandas.Series(["a", math.nan, "a"], dtype=object), ["a", None, "a"])


@pytest.mark.parametrize(("kind", "dtype"), [("integer", "Int64"), ("large", "UInt64"), ("boolean", "boolean")])
def test_nullable_numbers_of_pandas(kind: str, dtype: str) -> None:
    pandas = pytest.importorskip("pandas")
    assert_like_the_oracle(pandas.Series(KEYS[kind], dtype=dtype), KEYS[kind])


def test_numbers_and_categories_of_pandas() -> None:
    pandas = pytest.importorskip("pandas")
    assert_like_the_oracle(pandas.Series([3, 1, 3]), [3, 1, 3])
    assert_like_the_oracle(pandas.Index([3, 1, 3]), [3, 1, 3])
    assert_like_the_oracle(pandas.RangeIndex(3), [0, 1, 2])
    assert_like_the_oracle(pandas.Series(pandas.Categorical([3, None, 1, 3], [1, 2, 3])), [3, None, 1, 3])
    assert_like_the_oracle(pandas.Series([1.5, math.nan, 1.5]), [1.5, math.nan, 1.5])


def test_times_of_pandas() -> None:
    pandas = pytest.importorskip("pandas")
    naive = pandas.to_datetime(pandas.Series([NOON, None, NOON]))
    assert_like_the_oracle(naive, [NOON, None, NOON])
    for zone in (ZURICH, "UTC", "+02:00"):
        aware = naive.dt.tz_localize(zone)
        keys = read(aware, list(aware.dropna()))
        assert keys.kinds == (f"datetime[{np.datetime_data(naive.dtype)[0]}, {zone}]",)
        assert all_keys(keys) == [aware[0].to_pydatetime(), None]
    assert all_keys(read(naive - naive[0])) == [datetime.timedelta(0), None]


def test_frames_of_pandas() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [1, 1, 2, 1], "b": ["x", "y", "x", "x"]})
    keys = read(frame)
    assert keys.names == ("a", "b")
    assert keys.codes(frame, 4).tolist() == [0, 1, 2, 0]
    assert keys.codes(frame.set_index(["a", "b"]).index.to_frame(), 4).tolist() == [0, 1, 2, 0]
    assert read(frame["b"]).names == ("b",)


def test_series_of_polars() -> None:
    polars = pytest.importorskip("polars")
    for kind in KEYS.keys() - {"large"}:
        assert_like_the_oracle(polars.Series(KEYS[kind]), KEYS[kind])
    assert_like_the_oracle(polars.Series(KEYS["large"], dtype=polars.UInt64), KEYS["large"])
    assert_like_the_oracle(polars.Series(KEYS["text"], dtype=polars.Categorical), KEYS["text"])
    texts = sorted({text for text in KEYS["text"] if text is not None}, reverse=True)
    assert_like_the_oracle(polars.Series(KEYS["text"], dtype=polars.Enum(texts)), KEYS["text"])
    joined = polars.concat([polars.Series(["a", None]), polars.Series(["b", "a"])], rechunk=False)
    assert_like_the_oracle(joined, ["a", None, "b", "a"])
    aware = polars.Series([NOON.replace(tzinfo=datetime.timezone.utc)])
    assert all_keys(read(aware)) == [NOON.replace(tzinfo=datetime.timezone.utc)]


def arrow_types(pa: Any) -> Iterator[tuple[str, Any]]:
    yield from (("text", kind) for kind in (pa.string(), pa.large_string(), pa.string_view()))
    yield from (("bytes", kind) for kind in (pa.binary(), pa.large_binary(), pa.binary_view()))
    yield from (("integer", pa.int64()), ("large", pa.uint64()), ("boolean", pa.bool_()), ("float", pa.float64()))
    yield from (("date", kind) for kind in (pa.date32(), pa.date64()))
    yield from (
        (kind, make(unit)) for unit in ("us",) for kind, make in (("datetime", pa.timestamp), ("duration", pa.duration))
    )


def test_arrays_of_arrow() -> None:
    pa = pytest.importorskip("pyarrow")
    for kind, type_ in arrow_types(pa):
        keys = KEYS[kind]
        assert_like_the_oracle(pa.array(keys, type_), keys)
        assert_like_the_oracle(pa.array([*keys[:1] * 9, *keys, *keys[:1]], type_)[9:-1], keys)
        assert_like_the_oracle(pa.chunked_array([keys[:2], [], keys[2:]], type_), keys)
        assert_like_the_oracle(pa.chunked_array([], type_), [])
        if kind != "boolean" and not pa.types.is_binary_view(type_) and not pa.types.is_string_view(type_):
            assert_like_the_oracle(pa.array(keys, type_).dictionary_encode(), keys)


def test_other_types_of_arrow() -> None:
    pa = pytest.importorskip("pyarrow")
    assert_like_the_oracle(pa.array([b"ab", None, b"\0\0"], pa.binary(2)), [b"ab", None, b"\0\0"])
    assert_like_the_oracle(pa.array([1.5, None, 2.0], pa.float16()), [1.5, None, 2.0])
    assert_like_the_oracle(pa.nulls(3), [None] * 3)
    assert_like_the_oracle(pa.array([None, None], pa.string()), [None, None])
    for type_ in (pa.int8(), pa.int16(), pa.int32(), pa.uint8(), pa.uint16(), pa.uint32()):
        assert_like_the_oracle(pa.array([7, None, 7, 0], type_), [7, None, 7, 0])
    dictionaries = [pa.array(part).dictionary_encode() for part in (["a", "b"], ["b", None, "c"])]
    assert_like_the_oracle(pa.chunked_array(dictionaries), ["a", "b", "b", None, "c"])
    with_null = pa.DictionaryArray.from_arrays(pa.array([1, 0, None, 2]), pa.array([None, "a", "a"]))
    assert_like_the_oracle(with_null, ["a", None, None, "a"])


@pytest.mark.parametrize("place", [2, -1, 2**63, 2**64 - 1])
def test_a_place_outside_a_dictionary_is_refused(place: int) -> None:
    pa = pytest.importorskip("pyarrow")
    places = pa.array([0, None, place], pa.int8() if place < 0 else pa.uint64())
    damaged = pa.DictionaryArray.from_arrays(places, pa.array(["a", "b"]), safe=False)
    keys = read(["b"])
    with pytest.raises(ValueError, match="by has places that are not in its dictionary of 2 keys"):
        keys.codes(damaged, 3)
    assert all_keys(keys) == ["b"]


def test_categories_of_pandas_may_lie_in_pieces_of_arrow() -> None:
    pd, pa = pytest.importorskip("pandas"), pytest.importorskip("pyarrow")
    pieces = pa.chunked_array([["a", "b"], [], ["c"], ["d", "e"]])
    categories = pd.Index(pd.arrays.ArrowExtensionArray(pieces))
    category = pd.Categorical.from_codes([3, 0, -1, 2, 4, 0, 3], categories=categories)
    assert_like_the_oracle(category, ["d", "a", None, "c", "e", "a", "d"])
    assert_like_the_oracle(category[2:3], [None])


def test_what_of_a_dictionary_is_not_used_is_no_group() -> None:
    pandas = pytest.importorskip("pandas")
    keys = read(pandas.Categorical(["c", "a"], ["a", "b", "c"]))
    assert all_keys(keys) == ["c", "a"]


def test_time_zones_of_arrow() -> None:
    pa = pytest.importorskip("pyarrow")
    for zone in (ZURICH, "UTC", "+05:30"):
        keys = read(pa.array([NOON], pa.timestamp("s", zone)))
        assert keys.kinds == (f"datetime[s, {zone}]",)
        assert keys.key_of(0) == NOON.replace(tzinfo=datetime.timezone.utc)
        assert keys.group_of(keys.key_of(0)) == 0


def test_tables_of_arrow_and_polars() -> None:
    pa = pytest.importorskip("pyarrow")
    columns = {"a": [1, 1, None, 1], "b": ["x", "y", None, "x"]}
    table = pa.table(columns)
    for by in (table, table.to_batches()[0], pytest.importorskip("polars").DataFrame(columns), columns):
        keys = GroupKeys()
        assert keys.codes(by, 4).tolist() == [0, 1, 2, 0]
        assert keys.names == ("a", "b")
        assert all_keys(keys) == [(1, "x"), (1, "y"), (None, None)]


@pytest.mark.parametrize("kind", KEYS)
def test_every_container_of_a_kind_gives_the_same_groups(kind: str) -> None:
    pandas, polars, pa = (pytest.importorskip(name) for name in ("pandas", "polars", "pyarrow"))
    keys = KEYS[kind]
    dtype = {"large": {"dtype": polars.UInt64}}.get(kind, {})
    arrow = pa.array(keys, pa.uint64() if kind == "large" else None)
    read_by_all = [read(by) for by in (keys, polars.Series(keys, **dtype), arrow, pandas.Series(keys, dtype=object))]
    assert len({one.to_bytes() for one in read_by_all}) == 1
    assert len({one.kinds for one in read_by_all}) == 1


# Many rows


def as_times(ids: Any) -> Any:
    return np.where(ids == 5, np.datetime64("NaT", "s"), ids.astype("M8[s]"))


def as_arrow(ids: Any) -> Any:
    pyarrow = pytest.importorskip("pyarrow")
    return pyarrow.array([None if number == 5 else f"the key {number}" for number in ids.tolist()])


# Containers of a key for each number.
OF_NUMBERS: dict[str, Callable[[Any], Any]] = {
    "small range": lambda ids: ids,
    "anywhere": lambda ids: (ids.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)).view(np.int64),
    "large": lambda ids: ids.astype(np.uint64) << np.uint64(40) | np.uint64(2**63),
    "narrow": lambda ids: ids.astype(np.float32) * np.float32(2**-140),
    "masked": lambda ids: np.ma.masked_array(ids * 2**40, ids == 5),
    "times": as_times,
    "text": lambda ids: np.char.add("ü", ids.astype(str)),
    "bytes": lambda ids: ids.astype("S"),
    "Arrow": as_arrow,
    "objects": lambda ids: ids.astype(str).astype(object),
    "pairs": lambda ids: {"a": ids % 7, "b": ids // 7},
}

# Of many rows: few keys, ever new ones, and one after another.
NUMBERS_OF_ROWS: dict[str, Callable[[np.random.Generator, int], Any]] = {
    "few": lambda rng, rows: rng.integers(0, 300, rows),
    "many": lambda rng, rows: rng.integers(0, rows // 3, rows),
    "rare": lambda rng, rows: np.minimum(rng.geometric(0.001, rows), 50_000),
    "sorted": lambda rng, rows: np.arange(rows) // 3,
    "late": lambda rng, rows: np.where(np.arange(rows) < rows - 70, 0, np.arange(rows)),
}


def numbers_as_they_first_come(ids: Any) -> Any:
    _, firsts, places = np.unique(ids, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(firsts))[places]


@pytest.mark.parametrize("come", NUMBERS_OF_ROWS)
@pytest.mark.parametrize("name", OF_NUMBERS)
def test_keys_have_the_same_numbers_on_any_number_of_threads(name: str, come: str) -> None:
    ids = NUMBERS_OF_ROWS[come](np.random.default_rng(7), 300_001)
    container = OF_NUMBERS[name](ids)
    expected = numbers_as_they_first_come(ids)
    for threads in (1, 3):
        squarely.set_num_threads(threads)
        keys = GroupKeys()
        assert np.array_equal(keys.codes(container, len(ids)), expected)
        assert np.array_equal(keys.codes(container, len(ids)), expected)
        assert len(keys) == expected.max() + 1


@pytest.mark.parametrize("last", [5, 2**63, 2**64 - 1])
def test_many_rows_that_are_refused_leave_everything(last: int) -> None:
    squarely.set_num_threads(2)
    keys = read(-1 - np.arange(200_000))
    before = what_there_is(keys)
    numbers = np.arange(200_000, dtype=np.uint64)
    numbers[-1] = last
    if last == 5:
        assert keys.codes(numbers, None).tolist() == [*range(200_000, 399_999), 200_005]
        return
    with pytest.raises(ValueError, match="no one type holds both"):
        keys.codes(numbers, None)
    assert what_there_is(keys) == before


@pytest.mark.parametrize("name", ["small range", "anywhere", "large", "narrow", "masked", "times", "text", "Arrow"])
@pytest.mark.parametrize("count", [1, 1000, 5000])
def test_the_order_of_many_keys(name: str, count: int) -> None:
    rng = np.random.default_rng(8)
    numbers = rng.permutation(count) - (count // 2 if name in ("small range", "narrow", "times") else 0)
    keys = read(OF_NUMBERS[name](numbers))
    ordered = [keys.key_of(int(group)) for group in keys.in_order()]
    there = [key for key in ordered if key is not None]
    assert there == sorted(there)
    assert None not in ordered[:-1]
    assert sorted(keys.in_order().tolist()) == list(range(count))


def test_the_order_is_that_of_the_groups_there_are() -> None:
    keys = read([5, 1, 9])
    assert keys.in_order().tolist() == [1, 0, 2]
    keys.codes([9, 5], None)
    keys.codes([0], None)
    assert keys.in_order().tolist() == [3, 1, 0, 2]
    keys.forget_after(2)
    keys.codes([7, 3], None)
    assert keys.in_order().tolist() == [1, 3, 0, 2]
    with pytest.raises(ValueError, match="kind"):
        keys.codes(["a"], None)
    copied = keys.copy()
    copied.codes([4], None)
    keys.codes([8], None)
    assert copied.in_order().tolist() == [1, 3, 4, 0, 2]
    assert keys.in_order().tolist() == [1, 3, 0, 2, 4]
    pairs = read({"a": [2, 1, 2, 1], "b": ["x", "y", "w", None]})
    assert pairs.in_order().tolist() == [1, 3, 2, 0]


# Chunks


@pytest.mark.parametrize("groups", [1, 10, 3000, 200_000])
@pytest.mark.parametrize("spread", [1, 3, 2**16, 2**40, -(2**20)])
def test_integers_near_and_far(groups: int, spread: int) -> None:
    rng = np.random.default_rng(1)
    numbers = rng.integers(-groups // 2, groups // 2 + 1, 50_000) * spread
    keys, oracle = GroupKeys(), {}
    for chunk in np.array_split(numbers, 7):
        expected = [oracle.setdefault(number, len(oracle)) for number in chunk.tolist()]
        assert keys.codes(chunk, None).tolist() == expected
    assert keys.columns()["group"].tolist() == list(oracle)


def test_integers_from_near_to_far() -> None:
    # From a table by offset to one by hash, in the middle of a block, and what is near goes on.
    numbers = np.concatenate([np.arange(1000), [2**50, -5, -(2**62), 3], np.arange(990, 2000)])
    assert_like_the_oracle(numbers, numbers.tolist())
    downwards = np.arange(0, -3_000_000, -3)
    assert np.array_equal(read(downwards).codes(downwards, None), np.arange(1_000_000))


@pytest.mark.parametrize("length", [0, 1, 7, 8, 9, 15, 16, 40])
def test_texts_that_differ_in_one_byte(length: int) -> None:
    base = "x" * length
    texts = [base, *(base[:i] + "y" + base[i + 1 :] for i in range(length)), base + "x", base + "\0", "z" + base]
    assert_like_the_oracle(texts, texts)
    assert_like_the_oracle(texts * 600, texts * 600)


def test_many_texts_over_chunks() -> None:
    rng = np.random.default_rng(2)
    texts = np.char.add("key ", rng.integers(0, 20_000, 60_000).astype(str))
    keys, oracle = GroupKeys(), Oracle()
    for number, chunk in enumerate(np.array_split(texts, 20)):
        made = [chunk, chunk.tolist(), chunk.astype(object)][number % 3]
        assert keys.codes(made, None).tolist() == oracle.codes(chunk.tolist())
    assert keys.columns()["group"].tolist() == [key for _, key in oracle.numbers]
    assert [keys.key_of(int(group)) for group in keys.in_order()] == sorted(key for _, key in oracle.numbers)


def test_nulls_anywhere_in_a_block() -> None:
    rng = np.random.default_rng(3)
    for share in (0.0, 0.01, 0.5, 0.99, 1.0):
        for rows in (1, 63, 64, 65, 511, 512, 513, 2000):
            missing = rng.random(rows) < share
            numbers = rng.integers(0, 50, rows) * 2**40
            keys = GroupKeys()
            for data in (numbers, numbers.astype(str)):
                expected = [None if gone else key for key, gone in zip(data.tolist(), missing, strict=True)]
                assert_like_the_oracle(np.ma.masked_array(data, missing), expected)
                keys.codes({"a": np.ma.masked_array(data, missing)}, rows) if data is numbers else None
            assert len(keys) == len(
                {None if gone else key for key, gone in zip(numbers.tolist(), missing, strict=True)}
            )


def test_times_that_are_not_are_null_beside_what_a_mask_hides() -> None:
    array = np.ma.masked_array(np.array([0, "NaT", 1, 0], "M8[s]"), [False, False, True, False])
    assert_like_the_oracle(array, [datetime.datetime(1970, 1, 1), None, None, datetime.datetime(1970, 1, 1)])


def test_widths_of_integers_are_one_kind() -> None:
    keys = read(np.array([5], np.int8), np.array([2**63 + 5, 5], np.uint64), [7], np.array([5, 7], np.int64))
    assert all_keys(keys) == [5, 2**63 + 5, 7]
    assert keys.columns()["group"].dtype == np.uint64
    assert keys.kinds == ("integer",)


@pytest.mark.parametrize("by", [[5, 7, None, 1], {"a": ["x", "x", "y", None], "b": [1, 2, 1, 1]}])
def test_some_of_the_groups_are_numbered_in_the_order_asked_for(by: Any) -> None:
    keys = read(by)
    for asked in ([3, 0], [2], [1, 3, 2, 0], []):
        some = keys.only(np.array(asked, np.intp))
        assert all_keys(some) == [keys.key_of(group) for group in asked]


def test_units_of_times_are_one_kind() -> None:
    keys = read(np.array([NOON], "M8[ms]"), np.array([NOON], "M8[ns]"), np.array([NOON], "M8[h]"), [NOON])
    assert all_keys(keys) == [NOON]
    assert keys.codes(np.array([1, 10**6], "M8[ns]"), 2).tolist() == [1, 2]
    assert keys.codes(np.array([NOON], "M8[s]"), 1).tolist() == [0]
    assert all_keys(keys) == [
        NOON,
        np.datetime64(1, "ns"),
        datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=1),
    ]
    assert keys.codes([None], 1).tolist() == [3]
    assert keys.codes(np.array(["NaT", 1], "M8[ns]"), 2).tolist() == [3, 1]


def test_times_that_no_unit_holds_together_are_refused() -> None:
    keys = read(np.array([1, "NaT"], "M8[ns]"))
    before = keys.to_bytes()
    with pytest.raises(ValueError, match=r"^by holds times in the unit 's', and there are times in the unit 'ns' al"):
        keys.codes(np.array([2**60], "M8[s]"), 1)
    assert keys.to_bytes() == before
    assert all_keys(read(np.array([10**9], "M8[ns]"), np.array([2**60], "M8[s]"))) == [
        datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=1),
        np.datetime64(2**60, "s"),
    ]


def test_months_are_no_days() -> None:
    with pytest.raises(ValueError, match=r"by holds keys of kind date\[D\], and there are keys of kind date\[M\] alr"):
        read(np.array(["2024-01"], "M8[M]"), np.array(["2024-01-01"], "M8[D]"))
    assert all_keys(read(np.array(["2024"], "M8[Y]"), np.array(["2024-01"], "M8[M]"))) == [np.datetime64("2024-01")]
    assert all_keys(read(np.array(["2024-01-04"], "M8[W]"), [datetime.date(2024, 1, 4)])) == [datetime.date(2024, 1, 4)]


@pytest.mark.parametrize("letter", ["M8", "m8"])
@pytest.mark.parametrize("fine", ["ms", "us", "ns"])
def test_bytes_do_not_depend_on_the_units_of_chunks(letter: str, fine: str) -> None:
    coarse = np.array([0, 5, 2], f"{letter}[s]")
    exact = np.array([1, 3], f"{letter}[{fine}]")
    chunks = [coarse, exact, coarse.astype(f"{letter}[{fine}]"), coarse[:1].astype(f"{letter}[m]"), [None]]
    found = {read(*order).to_bytes() for order in itertools.permutations(chunks)}
    assert len(found) == 1
    (data,) = found
    assert GroupKeys.from_bytes(data).to_bytes() == data


def test_units_of_bytes_are_microseconds_where_these_hold_all() -> None:
    units = {("s", 1): "us", ("ns", 1000): "us", ("ns", 1): "ns", ("as", 10**9): "ns", ("as", 1): "as"}
    units |= {("s", 2**60): "s", ("ms", 2**60): "ms", ("h", 2**60): "h", ("m", 2): "us"}
    for (unit, count), canonical in units.items():
        data = read(np.array([count], f"M8[{unit}]")).to_bytes()
        assert GroupKeys.from_bytes(data).kinds == (f"datetime[{canonical}]",)


def test_a_column_of_nulls_is_of_every_kind() -> None:
    for kind, values in KEYS.items():
        keys = read([None, None], values, [None])
        assert keys.codes([None], 1).tolist() == [0], kind
        assert [comparable(key) for key in all_keys(keys)] == list(dict.fromkeys(map(comparable, [None, *values])))


def test_several_columns_in_any_order_of_appearance() -> None:
    rng = np.random.default_rng(4)
    columns = {
        "a": rng.integers(0, 9, 5000),
        "b": rng.integers(0, 40, 5000).astype(str),
        "c": rng.random(5000).round(1),
    }
    keys, oracle = GroupKeys(), Oracle()
    for start in range(0, 5000, 611):
        chunk = {name: values[start : start + 611] for name, values in columns.items()}
        rows = list(zip(*(values.tolist() for values in chunk.values()), strict=True))
        assert keys.codes(chunk, len(rows)).tolist() == oracle.codes(rows)
    assert list(map(comparable, all_keys(keys))) == list(oracle.numbers)
    found = keys.columns()
    assert list(zip(*(values.tolist() for values in found.values()), strict=True)) == all_keys(keys)
    assert [keys.key_of(int(group)) for group in keys.in_order()] == sorted(all_keys(keys))


def test_pairs_of_numbers_do_not_collide() -> None:
    table = _core.KeyTable(is_text=False)
    numbers = np.array([0, 1, 2, 3, 2**16, 2**31, 2**32 - 3, 2**32 - 2], np.uint32)
    first, second = (side.ravel() for side in np.meshgrid(numbers, numbers))
    codes = table.codes("pairs", (first, second), True)
    assert codes is not None
    assert codes.tolist() == list(range(64))
    assert all(np.array_equal(mine, side) for mine, side in zip(table.pairs(codes), (first, second), strict=True))


# Refusals


REFUSED: dict[str, tuple[Any, str]] = {
    "two dimensions": (np.zeros((3, 2)), r"by has shape \(3, 2\), and keys have one dimension.*\{'a': by\[:, 0\]"),
    "another length": ([1, 2], r"by has 2 keys, and the data 3 rows: pass a key for every row"),
    "complex": (np.zeros(3, complex), r"by holds dtype complex128, which is no key of groups"),
    "longdouble": (np.zeros(3, np.longdouble), r"more digits than float64.*by\.astype\(float\)"),
    "structures": (np.zeros(3, "i4,f8"), r"by holds structures.*\{'f0': by\['f0'\], 'f1': by\['f1'\]\}"),
    "no unit": (np.zeros(3, "m8"), r"by holds timedelta64 without a unit"),
    "lists": ([[1], [2], [3]], r"by holds elements of type list.*Pass several columns with their names, as frame"),
    "columns": ([np.arange(3), np.arange(3)], r"by holds elements of type ndarray.*Pass several columns with their"),
    "numbers that are no keys": ([np.complex128(1)] * 3, r"by holds elements of type complex128.*Convert them to"),
    "names of columns": (["a", "b"], r"by has 2 keys, and the data 3 rows.*as frame\[\['a', 'b'\]\]"),
    "tuples": ([(1, 2)] * 3, r"by holds elements of type tuple, which is no key"),
    "complex objects": ([1j, 2j, 3j], r"by holds elements of type complex, which is no key"),
    "two kinds": ([1, "a", None], r"by holds int and str in one column"),
    "bool and int": ([1, True, None], r"by holds bool and int in one column"),
    "float and text": ([0.5, "a", math.nan], r"by holds float and str in one column"),
    "day and moment": ([DAY, NOON, None], r"by holds date and datetime in one column"),
    "zones": ([NOON, NOON.replace(tzinfo=datetime.timezone.utc), None], r"different time zones, '', 'UTC'"),
    "beyond 64 bits": ([2**64, 0, 1], r"by holds the integer 18446744073709551616, which is beyond 64 bits"),
    "below 64 bits": ([-(2**63) - 1, 0, 1], r"by holds the integer -9223372036854775809, which is beyond 64 bits"),
    "signs": ([2**63, -1, 1], r"by holds the integer 9223372036854775808, and integers below zero"),
    "surrogate": (["a", "\udc80", "b"], r"by holds a text with half of a surrogate pair"),
    "surrogate of fixed width": (np.array(["a", "\udc80", "b"]), r"by holds a text with half of a surrogate pair"),
    "no character": (np.array([0x110000] * 3, np.uint32).view("U1"), r"by holds a text with half of"),
    "text": (
        "abc",
        r"The 'by' parameter has the keys themselves.*Got 'abc'.*, pass frame\['abc'\]",
    ),
    "nothing": (None, r"The 'by' parameter of scores by group must be an array-like. Got None"),
    "a number": (3, r"Got 3 instead. Pass \[by\]"),
    "a set": ({1, 2, 3}, r"must be an array-like"),
    "no columns": ({}, r"The 'by' parameter has no columns"),
    "two names": ({1: [1, 2, 3], "1": [1, 2, 3]}, r"by has the column '1' more than once"),
    "a short column": ({"a": [1, 2, 3], "b": [1]}, r"by\['b'\] has 1 keys, and the data 3 rows"),
    "a column of lists": ({"a": [1, 2, 3], "b": [[], [], []]}, r"by\['b'\] holds elements of type list"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals_say_what_was_found_and_leave_everything(name: str) -> None:
    by, words = REFUSED[name]
    already = "there are keys of kind|and before it had"
    for keys in (GroupKeys(), read([1, 5]), read(["a", None]), read({"a": [1], "b": [2]})):
        before = what_there_is(keys)
        with pytest.raises(ValueError, match=f"{words}|{already}" if len(keys) else words):
            keys.codes(by, 3)
        assert what_there_is(keys) == before


def test_types_of_arrow_and_pandas_that_are_no_keys() -> None:
    pa, pandas = pytest.importorskip("pyarrow"), pytest.importorskip("pandas")
    import decimal

    for array, words in (
        (pa.array([[1]]), "lists"),
        (pa.array([decimal.Decimal(1)]), "decimals"),
        (pa.array([datetime.time(1)]), "times of day"),
        (pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64())), "maps"),
        (pa.table({"a": [{"b": 1}]}), "structures"),
        (pandas.Series([decimal.Decimal(1)]), "elements of type Decimal"),
        (pandas.Series(pandas.period_range("2024", periods=1)), "elements of type Period"),
        (pandas.MultiIndex.from_arrays([[1], [2]]), r"an index of 2 levels.*Pass by\.to_frame\(\)"),
    ):
        with pytest.raises(ValueError, match=rf"^by.* holds {words}"):
            read(array)
    with pytest.raises(ValueError, match="no whole days"):
        read(pa.array([1], pa.int64()).cast(pa.timestamp("ms")).view(pa.date64()))


def test_text_that_is_no_utf8_is_refused() -> None:
    pa = pytest.importorskip("pyarrow")
    keys = read(["a"])
    for parts in ([b"\xff"], [b"a", b"\xc3", b"\xbc"], [b"\xed\xa0\x80"]):
        with pytest.raises(ValueError, match="by holds text that is no UTF-8"):
            keys.codes(pa.array(parts, pa.binary()).view(pa.string()), None)
    assert all_keys(keys) == ["a"]


@pytest.mark.parametrize("first", KEYS)
def test_kinds_do_not_mix(first: str) -> None:
    keys = read(KEYS[first])
    before = what_there_is(keys)
    for second, values in KEYS.items():
        if {first, second} <= {"integer", "large"}:
            continue
        if first != second:
            with pytest.raises(ValueError, match="all chunks must agree in their kind"):
                keys.codes(values, None)
    assert what_there_is(keys) == before


def test_time_zones_do_not_mix() -> None:
    keys = read([NOON])
    for zone in (datetime.timezone.utc, datetime.timezone(datetime.timedelta(hours=2))):
        with pytest.raises(ValueError, match="all chunks must agree in their time zone"):
            keys.codes([NOON.replace(tzinfo=zone)], None)


def test_integers_below_zero_and_beyond_do_not_mix() -> None:
    for first, second in ((np.array([-1]), np.array([2**64 - 1], np.uint64)), ([2**63], np.array([-5, 1]))):
        keys = read(first)
        before = what_there_is(keys)
        with pytest.raises(ValueError, match="no one type holds both"):
            keys.codes(second, None)
        assert what_there_is(keys) == before
        with pytest.raises(KeyError):
            keys.group_of(int(second[0]))
        keys.forget_after(0)
        assert keys.codes(second, None)[0] == 0


def test_names_of_columns_stay() -> None:
    keys = read({"a": [1], "b": [2]})
    before = what_there_is(keys)
    for by, words in (
        ({"b": [2], "a": [1]}, "by has the columns 'b', 'a', and before it had 'a', 'b'. Pass them in this order."),
        ({"a": [1]}, "All chunks must have the same"),
        ([1], "by has the columns 'group'"),
    ):
        with pytest.raises(ValueError, match=words):
            keys.codes(by, None)
    assert what_there_is(keys) == before
    assert read({"city": ["a"]}, ["b"]).names == ("city",)


def test_a_refused_column_takes_back_those_before_it() -> None:
    keys = read({"a": ["x"], "b": [1], "c": [1.5]})
    before = what_there_is(keys)
    with pytest.raises(ValueError, match=r"by\['c'\] holds keys of kind text"):
        keys.codes({"a": ["y", "z"], "b": [5, 6], "c": ["?", "!"]}, 2)
    assert what_there_is(keys) == before
    assert keys.codes({"a": ["z"], "b": [1], "c": [1.5]}, 1).tolist() == [1]


class Interrupted(BaseException):
    """As KeyboardInterrupt, which the test runner would take for its own."""


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs timers")
@pytest.mark.parametrize("value", [2, 2**50, "b"])
def test_an_interrupted_chunk_adds_nothing(value: Any) -> None:
    def interrupt(*_: object) -> None:
        raise Interrupted

    keys = read({"a": [type(value)(1)], "b": [1]})
    before = what_there_is(keys)
    many = np.broadcast_to(np.array(value), 2**29)  # no memory, and of the codes only what is reached
    handler = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    try:
        with pytest.raises(Interrupted):
            keys.codes({"a": many, "b": many}, None)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
    assert what_there_is(keys) == before


def test_keys_that_are_being_changed_are_not_changed_by_another() -> None:
    keys = GroupKeys()
    found: list[str] = []
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            try:
                keys.codes(np.arange(10), None)
                len(keys)
            except RuntimeError as error:
                found.append(str(error))

    thread = threading.Thread(target=look)
    thread.start()
    numbers = np.random.default_rng(5).integers(0, 1000, 3_000_000)
    done = 0
    while done < 20:
        try:
            keys.codes(numbers, None)
            done += 1
        except RuntimeError:
            pass
    stop.set()
    thread.join()
    assert set(found) <= {
        "These groups are being changed by another call, of another thread or a signal's handler.",
        "These keys are being changed by another call.",
    }
    assert sorted(keys.columns()["group"].tolist()) == list(range(1000))


def test_a_list_keeps_no_key_alive() -> None:
    class Text(str):
        pass

    keys = read([Text("a")])
    gc.collect()
    assert type(keys.key_of(0)) is str
    assert not any(isinstance(one, Text) for one in gc.get_objects())


# What groups there are


def test_nothing_yet() -> None:
    keys = GroupKeys()
    assert (len(keys), keys.names, keys.columns(), keys.in_order().tolist()) == (0, (), {}, [])
    assert GroupKeys.from_bytes(keys.to_bytes()).names == ()
    with pytest.raises(KeyError, match="There is no group 1: keys are none yet"):
        keys.group_of(1)
    with pytest.raises(IndexError):
        keys.key_of(0)
    assert keys.codes([], 0).tolist() == []
    assert keys.names == ("group",)


def test_columns_have_natural_types() -> None:
    expected = {
        "integer": ("O", None),
        "float": ("f", math.nan),
        "text": ("O", None),
        "date": ("M", np.datetime64("NaT")),
        "duration": ("m", np.timedelta64("NaT")),
    }
    for kind, (letter, missing) in expected.items():
        column = read(KEYS[kind]).columns()["group"]
        assert column.dtype.kind == letter
        there = [key for key in KEYS[kind] if key is not None]
        assert read(there).columns()["group"].dtype.kind == {"integer": "i"}.get(kind, letter)
        null = column[read(KEYS[kind]).group_of(None)]
        assert null is None if missing is None else null != null


@pytest.mark.parametrize("kind", KEYS)
def test_order_is_by_value_and_null_is_last(kind: str) -> None:
    keys = read([*KEYS[kind], *([math.nan] if kind == "float" else [])])
    ordered = [keys.key_of(int(group)) for group in keys.in_order()]
    assert keys.in_order().dtype == np.intp
    assert ordered[-1] is None
    there = [key for key in ordered[:-1] if key == key]
    assert there == sorted(there)
    assert len(there) == len(ordered) - 1 - (kind == "float")


def test_text_is_in_the_order_of_code_points() -> None:
    texts = ["\U0001f600", "￿", "a", "", "ab", "Z", "ü", "a\0"]
    assert [read(texts).key_of(int(group)) for group in read(texts).in_order()] == sorted(texts)


def test_an_unknown_key_is_told_with_those_that_are_near() -> None:
    keys = read({"city": ["Zürich", "Genève", None], "year": [2020, 2021, 2022]})
    with pytest.raises(
        KeyError, match="There is no group of the key 'Zurich' in the column 'city'. The nearest are 'Zür"
    ):
        keys.group_of(("Zurich", 2020))
    with pytest.raises(KeyError, match=r"There is no group of the key 2019 in the column 'year'.*2020, 2021, 2022"):
        keys.group_of(("Zürich", 2019))
    with pytest.raises(KeyError, match="though of each part of it alone"):
        keys.group_of(("Zürich", 2021))
    with pytest.raises(KeyError, match="keys are a tuple of the columns 'city', 'year'"):
        keys.group_of("Zürich")
    for key in ([1], object(), 1j, b"a", 0.5, 2**70, "", NOON, math.nan):
        with pytest.raises(KeyError, match="There is no group of the key"):
            read([3, 5]).group_of(key)
    assert read([3, 5]).group_of(5.0) == 1
    assert read([0.5, 3.0]).group_of(3) == 1
    assert read([math.nan]).group_of(math.nan) == 0


def test_looking_for_a_key_adds_none() -> None:
    keys = read([None, 1])
    before = what_there_is(keys)
    for key in ("a", 7, 2**63, -(2**62), None):
        with contextlib.suppress(KeyError):
            keys.group_of(key)
    assert what_there_is(keys) == before


def random_chunk(rng: random.Random, columns: int, variety: int) -> dict[str, list[Any]]:
    rows = rng.randrange(30)
    pick: list[Callable[[], Any]] = [
        lambda: rng.choice([None, rng.randrange(variety), -rng.randrange(variety) * 2**40]),
        lambda: rng.choice([None, "x" * rng.randrange(3), str(rng.randrange(variety))]),
        lambda: rng.choice([math.nan, 0.0, -0.0, float(rng.randrange(variety))]),
        lambda: rng.choice([None, True, False]),
    ]
    return {f"column {i}": [pick[i % 4]() for _ in range(rows)] for i in range(columns)}


def rows_of(chunk: dict[str, list[Any]]) -> list[Any]:
    rows = list(zip(*chunk.values(), strict=True))
    return [row[0] for row in rows] if len(chunk) == 1 else rows


@pytest.mark.parametrize("seed", range(60))
def test_programs_of_chunks_and_forgetting(seed: int) -> None:
    rng = random.Random(seed)
    columns, variety = rng.randrange(1, 5), rng.choice([2, 10, 1000])
    keys, oracle = GroupKeys(), Oracle()
    for _ in range(30):
        chunk = random_chunk(rng, columns, variety)
        assert keys.codes(chunk, None).tolist() == oracle.codes(rows_of(chunk))
        if rng.random() < 0.4:
            count = rng.choice([0, rng.randint(0, len(keys)), len(keys)])
            keys.forget_after(count)
            oracle.numbers = dict(list(oracle.numbers.items())[:count])
        assert [comparable(key) for key in all_keys(keys)] == list(oracle.numbers)
    there = [keys.key_of(group) for group in range(len(keys))]
    fresh = GroupKeys()
    if there:
        rows = [(key,) for key in there] if columns == 1 else there
        fresh.codes(
            {name: list(values) for name, values in zip(keys.names, zip(*rows, strict=True), strict=True)}, None
        )
        assert fresh.to_bytes() == keys.to_bytes()


def test_forgetting_more_than_there_is() -> None:
    with pytest.raises(IndexError, match="There are 2 groups, of which 3 cannot be kept"):
        read([1, 2]).forget_after(3)
    keys = read([None, None])
    keys.codes(["a"], None)
    keys.forget_after(1)
    assert keys.kinds == ("null",)
    assert keys.codes([5, None], None).tolist() == [1, 0]
    keys.forget_after(0)
    assert keys.names == ()


@pytest.mark.parametrize("seed", range(40))
def test_merging_is_reading_one_after_the_other(seed: int) -> None:
    rng = random.Random(seed)
    columns = rng.randrange(1, 5)
    chunks = [random_chunk(rng, columns, 5) for _ in range(4)]
    one, other = read(*chunks[:2]), read(*chunks[2:])
    together = read(*chunks)
    its = other.copy()
    numbers = one.merge(other)
    assert numbers.dtype == np.uint32
    assert [comparable(key) for key in all_keys(one)] == [comparable(key) for key in all_keys(together)]
    assert [comparable(one.key_of(int(number))) for number in numbers] == [comparable(key) for key in all_keys(its)]
    assert what_there_is(other) == what_there_is(its)
    assert one.merge(one).tolist() == list(range(len(one)))


def test_what_does_not_go_together_is_not_merged() -> None:
    for other, words in (
        (read({"b": [1]}), "One has groups by 'a', the other by 'b'"),
        (read({"a": ["x"]}), "the column 'a' holds keys of kind text, and there are keys of kind integer"),
        (read({"a": [2**63]}), "no one type holds both"),
    ):
        keys = read({"a": [-1]})
        before = what_there_is(keys)
        with pytest.raises(ValueError, match=words):
            keys.merge(other)
        assert what_there_is(keys) == before
    keys = GroupKeys()
    assert keys.merge(GroupKeys()).tolist() == []
    assert keys.merge(read(["a", None])).tolist() == [0, 1]


@pytest.mark.parametrize("seed", range(20))
def test_marginals_are_groups_by_some_columns(seed: int) -> None:
    rng = random.Random(seed)
    chunks = [random_chunk(rng, 4, 4) for _ in range(3)]
    keys = read(*chunks)
    chosen = rng.sample(keys.names, rng.randint(1, 4))
    margin, numbers = keys.marginal(chosen)
    expected = read(*({name: chunk[name] for name in chosen} for chunk in chunks))
    assert what_there_is(margin) == what_there_is(expected)
    for group, number in enumerate(numbers.tolist()):
        whole = dict(zip(keys.names, keys.key_of(group), strict=True))
        part = margin.key_of(number) if len(chosen) > 1 else (margin.key_of(number),)
        assert comparable(tuple(whole[name] for name in chosen)) == comparable(part)
    before = what_there_is(keys)
    margin.codes({name: chunks[0][name] for name in chosen}, None)
    assert what_there_is(keys) == before


def test_marginals_by_what_there_is_not() -> None:
    keys = read({"a": [1], "b": [2]})
    assert keys.marginal("a")[0].names == ("a",)
    for names, words in (
        ("c", "There is no column 'c'"),
        ([], "no marginal by no columns"),
        (["a", "a"], "no marginal by"),
    ):
        with pytest.raises(ValueError, match=words):
            keys.marginal(names)


def test_a_copy_is_on_its_own() -> None:
    for kind, values in KEYS.items():
        keys = read({"a": values, "b": list(range(len(values)))})
        copied = keys.copy()
        assert what_there_is(copied) == what_there_is(keys), kind
        before = what_there_is(keys)
        copied.codes({"a": values[:1], "b": [77]}, None)
        copied.forget_after(1)
        assert what_there_is(keys) == before


# Bytes


@pytest.mark.parametrize("seed", range(40))
def test_bytes_do_not_depend_on_the_order_in_which_groups_came(seed: int) -> None:
    rng = random.Random(seed)
    chunks = [random_chunk(rng, rng.choice([1, 3]), 5) for _ in range(1)] * 2
    rows = len(next(iter(chunks[0].values())))
    order = rng.sample(range(rows), rows)
    shuffled = {name: [values[i] for i in order] for name, values in chunks[0].items()}
    keys = read(chunks[0])
    written = keys.to_bytes()
    assert read(shuffled).to_bytes() == written
    again = GroupKeys.from_bytes(written)
    assert again.to_bytes() == written
    assert [comparable(key) for key in all_keys(again)] == [comparable(keys.key_of(int(i))) for i in keys.in_order()]
    assert again.kinds == keys.kinds


def with_checksum(body: bytes) -> bytes:
    return body + struct.pack("<I", zlib.crc32(body))


SOME_BYTES = [
    read(values).to_bytes()[:-4] for values in (*KEYS.values(), {"a": [1, 1, None], "b": ["x", "y", "x"]}, {"é": [0.5]})
]


@given(st.sampled_from(SOME_BYTES), st.data())
def test_changed_bytes_are_refused_or_written_again(written: bytes, data: st.DataObject) -> None:
    changed = bytearray(written)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(changed) - 1))
        changed[place] = data.draw(st.sampled_from([0, 1, 2, 7, 127, 128, 255, changed[place] ^ 1]))
    if data.draw(st.booleans()):
        del changed[data.draw(st.integers(0, len(changed) - 1)) :]
    hostile = with_checksum(bytes(changed))
    try:
        keys = GroupKeys.from_bytes(hostile)
    except ValueError:
        return
    assert keys.to_bytes() == hostile
    all_keys(keys)
    keys.columns()


@given(st.binary(max_size=200))
def test_other_bytes_are_refused(data: bytes) -> None:
    for hostile in (data, with_checksum(b"sqgk\x01" + data)):
        if hostile != GroupKeys().to_bytes():
            try:
                keys = GroupKeys.from_bytes(hostile)
            except ValueError:
                continue
            assert keys.to_bytes() == hostile


def test_bytes_that_claim_too_much_take_no_memory() -> None:
    head = b"sqgk\x01" + struct.pack("<H", 1) + struct.pack("<H", 1) + b"a"
    for kind in (1, 3, 4, 5):
        claims = head + bytes([kind, 0, 0, 0]) + struct.pack("<??I", False, False, 2**32 - 1) + bytes(100)
        with pytest.raises(ValueError, match="they end too early"):
            GroupKeys.from_bytes(with_checksum(claims))


def test_a_wrong_checksum_is_told() -> None:
    written = read([1, 2]).to_bytes()
    with pytest.raises(ValueError, match="the checksum does not match"):
        GroupKeys.from_bytes(written[:-1] + bytes([written[-1] ^ 1]))
    with pytest.raises(ValueError, match="no keys of groups, or of another version"):
        GroupKeys.from_bytes(b"sqgk\x02" + written[5:])


def test_keys_out_of_order_or_of_no_group_are_refused() -> None:
    written = bytearray(read([1, 2]).to_bytes()[:-4])
    one = written.index(struct.pack("<Q", 1))
    for low, high in ((2, 1), (1, 1)):
        written[one : one + 16] = struct.pack("<QQ", low, high)
        with pytest.raises(ValueError, match="keys out of order"):
            GroupKeys.from_bytes(with_checksum(bytes(written)))
    pairs = bytearray(read({"a": [1, 2], "b": [1, 2]}).to_bytes()[:-4])
    pairs[-16:] = struct.pack("<IIII", 0, 0, 0, 1)
    with pytest.raises(ValueError, match="a key has no group"):
        GroupKeys.from_bytes(with_checksum(bytes(pairs)))
