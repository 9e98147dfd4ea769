"""Arrays as other libraries hold them: read where they lie, nulls honoured, and refused with the way out."""

import array
import ctypes
import gc
import importlib.util
import re
import subprocess
import sys
import tracemalloc
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import squarely
from inputs.element_types import DTYPES
from squarely import _core
from squarely.columns import Array, Table, as_columns

NUMBERS = [3.0, -0.5, 2.0, 7.0]
GUESSES = [2.5, 0.0, 2.0, 8.0]
LARGE = 2_000_000


def score(y_true: object, y_pred: object = GUESSES, **options: Any) -> object:
    return squarely.sum_squared_error(y_true, y_pred, **options)


def memory_of(values: object) -> npt.NDArray[Any]:
    """Return what the adapter gives to the core: the first segment of the first output."""
    columns = as_columns(values, "y_true", "a test")
    return columns.array if isinstance(columns, Array) else columns.piece(0, columns.shape[0], 0)[0][0]


def extra_memory(y_true: object, y_pred: object) -> int:
    score(memory_of([1.0]), [1.0])  # imports what is imported late
    tracemalloc.start()
    squarely.sum_squared_error(y_true, y_pred)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


class Interface:
    """Anything that has an `__array_interface__`, and no more."""

    def __init__(self, values: npt.NDArray[Any]) -> None:
        self.values = values
        self.__array_interface__ = values.__array_interface__


class Convertible:
    """Anything that has an `__array__`, and no more."""

    def __init__(self, values: npt.NDArray[Any]) -> None:
        self.values = values

    def __array__(self, dtype: object = None, copy: bool | None = None) -> npt.NDArray[Any]:
        return self.values


class OnDevice:
    """A tensor in the memory of a device, as `__dlpack_device__` tells it."""

    shape = (4,)

    def __dlpack__(self) -> object:
        raise AssertionError("nobody should ask for it")

    def __dlpack_device__(self) -> tuple[int, int]:
        return (2, 0)


# Without anything


@pytest.mark.parametrize(
    "values",
    [NUMBERS, tuple(NUMBERS), array.array("d", NUMBERS), memoryview(array.array("d", NUMBERS))],
    ids=["list", "tuple", "array", "memoryview"],
)
def test_sequences(values: object) -> None:
    assert score(values) == 1.5


def test_ranges() -> None:
    assert score(range(4), [0, 1, 2, 5]) == 4.0


@pytest.mark.parametrize("kind", [Interface, Convertible])
def test_array_protocols_are_read_in_place(kind: type) -> None:
    values = np.array(NUMBERS)
    assert score(kind(values)) == 1.5
    assert np.shares_memory(memory_of(kind(values)), values)
    with pytest.raises(TypeError, match="must be an array-like"):
        score(kind(np.array(3.0)))


@pytest.mark.parametrize("module", ["torch", "cupy", "jaxlib", "elsewhere"])
def test_arrays_on_a_device_are_refused_with_the_way_to_move_them(module: str) -> None:
    kind = type("OnDevice", (OnDevice,), {"__module__": module})
    ways = {"torch": "y_true.cpu()", "cupy": "y_true.get()", "jaxlib": "jax.device_get(y_true)"}
    words = f"in the memory of a device (not the CPU). Pass {ways.get(module, 'a copy in main memory')}."
    with pytest.raises(TypeError, match=re.escape(words)):
        score(kind())


def test_nothing_is_imported_that_the_user_has_not_imported() -> None:
    code = """
import sys, numpy as np, squarely
class Convertible:
    def __array__(self, dtype=None, copy=None): return np.ones(3)
squarely.mean_squared_error([1, 2, 3], Convertible())
squarely.mean_squared_error(np.float16([1, 2, 3]), np.ones((3, 1)), where=[True, False, True])
print(*(name for name in ("pandas", "polars", "pyarrow", "torch", "xarray", "dask", "scipy", "ml_dtypes", "ctypes")
        if name in sys.modules))
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert set(found.split()) <= {"ctypes"}


def test_inputs_are_not_written_to() -> None:
    values = np.array(NUMBERS)
    values.flags.writeable = False
    masked = np.ma.masked_array(np.array(NUMBERS), mask=[True, False, False, False])
    mask = masked.mask.copy()
    score(masked, values)
    assert masked.data.tolist() == NUMBERS
    assert masked.mask.tolist() == mask.tolist()


# pandas


@pytest.fixture
def pandas() -> ModuleType:
    return pytest.importorskip("pandas")


@pytest.fixture
def pyarrow() -> ModuleType:
    return pytest.importorskip("pyarrow")


@pytest.fixture
def polars() -> ModuleType:
    return pytest.importorskip("polars")


@pytest.mark.parametrize("dtype", ["float64", "float32", "Float64", "Float32", "double[pyarrow]", "float[pyarrow]"])
def test_series_and_frames(pandas: ModuleType, pyarrow: ModuleType, dtype: str) -> None:
    series = pandas.Series(NUMBERS, dtype=dtype)
    assert score(series) == 1.5
    assert score(GUESSES, series) == 1.5
    assert score(series.array) == 1.5
    assert score(series.to_frame()) == 1.5
    frame = pandas.DataFrame({"a": series, "b": pandas.Series([1, 2, 3, 4])})
    wide = np.array([GUESSES, [1, 2, 3, 5]]).T
    assert score(frame, wide, multioutput="raw_values").tolist() == [1.5, 1.0]
    assert score(frame.iloc[::-1], wide[::-1], multioutput="raw_values").tolist() == [1.5, 1.0]
    twice = frame.set_axis(["a", "a"], axis=1)
    assert score(twice, wide, multioutput="raw_values").tolist() == [1.5, 1.0]


@pytest.mark.parametrize("dtype", ["Int64", "UInt64", "int64[pyarrow]", "uint64[pyarrow]"])
def test_nullable_integers_are_exact_and_their_nulls_missing(
    pandas: ModuleType, pyarrow: ModuleType, dtype: str
) -> None:
    large = 2**62 + 1
    series = pandas.Series([large, None, 5], dtype=dtype)
    assert score(series, np.array([large - 1, 3, 7]), nan_policy="omit") == 5.0
    assert np.isnan(score(series, [1, 2, 3], nan_policy="propagate"))
    with pytest.raises(ValueError, match=r"Input contains NaN\. 1 value of y_true"):
        score(series, [1, 2, 3])
    with pytest.raises(ValueError, match=r"Input contains NaN\. 1 value of y_pred"):
        score([1, 2, 3], series, nan_policy="omit_true")


@pytest.mark.parametrize("dtype", ["bool", "boolean", "bool[pyarrow]", "object"])
def test_boolean_series(pandas: ModuleType, pyarrow: ModuleType, dtype: str) -> None:
    assert score(pandas.Series([True, False, True], dtype=dtype), [0.0, 0.0, 1.0]) == 1.0
    if dtype != "bool":
        assert score(pandas.Series([True, None, True], dtype=dtype), [0, 9, 3], nan_policy="omit") == 5.0


def test_objects_and_text_of_pandas(pandas: ModuleType) -> None:
    assert score(pandas.Series(["1", "2"]), [1.0, 4.0]) == 4.0
    assert score([1, pandas.NA, 3], [1.0, 4.0, 4.0], nan_policy="omit") == 1.0
    with pytest.raises(ValueError, match="y_true must hold numbers: could not convert str to float: 'b' at index 1"):
        score(pandas.Series(["1", "b"], dtype=object), [1.0, 4.0])
    with pytest.raises(ValueError, match=re.escape("y_true (column 'when') has dtype datetime64")):
        score(pandas.DataFrame({"a": [1.0], "when": pandas.to_datetime(["2020-01-01"])}), [[1.0, 2.0]])


@pytest.mark.parametrize("dtype", ["float64", "int32", "Float64", "Int16", "double[pyarrow]"])
def test_pandas_is_read_in_place(pandas: ModuleType, pyarrow: ModuleType, dtype: str) -> None:
    series = pandas.Series(np.ones(LARGE, "i1"), dtype=dtype)
    predictions = np.zeros(LARGE)
    assert extra_memory(series, predictions) < 2**20
    assert extra_memory(pandas.DataFrame({"a": series, "b": series}), np.zeros((LARGE, 2))) < 2**20
    if "[" not in dtype:
        missing = series.copy()
        missing[::3] = None if dtype[0] in "FI" else 1
        assert extra_memory(missing, predictions) < 2**20 if dtype[0] not in "FI" else True


@pytest.mark.parametrize("dtype", ["float64", "float32", "int16", "bool"])
def test_a_frame_of_one_type_is_one_array(pandas: ModuleType, dtype: str, rng: np.random.Generator) -> None:
    values, guesses = (rng.standard_normal((2, 7, 5)) * 9).astype(dtype)
    expected = score(values, guesses, multioutput="raw_values").tolist()
    for frame in (pandas.DataFrame(values), pandas.DataFrame(np.asfortranarray(values))):
        assert np.shares_memory(memory_of(frame), frame.to_numpy())
        assert score(frame, guesses, multioutput="raw_values").tolist() == expected
        turned = frame.iloc[::-1, ::-1]
        assert score(turned, guesses[::-1, ::-1], multioutput="raw_values").tolist() == expected[::-1]
    one_by_one = pandas.DataFrame()
    for i in range(5):
        one_by_one[i] = values[:, i]
    assert score(one_by_one, guesses, multioutput="raw_values").tolist() == expected


@pytest.mark.parametrize("columns", [{"a": [1.0], "b": [2.0]}, {"a": [1.0], "b": [2]}])
def test_the_rows_of_a_frame_lie_along_the_first_axis(pandas: ModuleType, columns: dict[str, list]) -> None:
    with pytest.raises(ValueError, match="y_true is a table, whose rows lie along axis 0"):
        squarely.Accumulator().update(pandas.DataFrame(columns), [[1.0, 2.0]], axis=1)


def test_a_series_with_nulls_takes_little_memory(pandas: ModuleType) -> None:
    series = pandas.Series(np.ones(LARGE), dtype="Float64")
    series[::3] = None
    predictions = np.zeros(LARGE)
    tracemalloc.start()
    assert score(series, predictions, nan_policy="omit") == LARGE - len(range(0, LARGE, 3))
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()


# Arrow


def test_arrow_arrays_with_offsets_and_nulls(pyarrow: ModuleType, rng: np.random.Generator) -> None:
    values = rng.standard_normal(1000)
    missing = rng.random(1000) < 0.3
    predictions = rng.standard_normal(1000)
    arrow = pyarrow.array(values, mask=missing)
    for start, stop in [(0, 1000), (1, 1000), (7, 500), (8, 9), (333, 999)]:
        kept = slice(start, stop)
        if missing[kept].all():
            continue
        found = squarely.Accumulator(nan_policy="omit").update(arrow[start:stop], predictions[kept])
        expected = squarely.Accumulator(nan_policy="omit")
        expected.update(np.where(missing, np.nan, values)[kept], predictions[kept])
        assert found == expected


class Uncounted:
    """An array of Arrow that has not counted its nulls, as its interface allows."""

    def __init__(self, values: Any) -> None:
        self.values = values

    def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]:
        schema, exported = self.values.__arrow_c_array__(requested_schema)
        get_pointer = ctypes.pythonapi.PyCapsule_GetPointer
        get_pointer.restype, get_pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
        null_count = get_pointer(exported, b"arrow_array") + ctypes.sizeof(ctypes.c_int64)  # behind the length
        ctypes.c_int64.from_address(null_count).value = -1
        return schema, exported


def test_nulls_that_were_not_counted_are_nulls(pyarrow: ModuleType) -> None:
    some, none = Uncounted(pyarrow.array([3.0, None, 2.0, None])), Uncounted(pyarrow.array(NUMBERS))
    assert score(some, nan_policy="omit") == score([3.0, 2.0], [2.5, 2.0])
    assert score(none) == score(NUMBERS)
    assert _core.plain_array_of_arrow(some) is None
    assert _core.plain_array_of_arrow(none).tolist() == NUMBERS
    with pytest.raises(ValueError, match="2 values of y_true"):
        score(some)


@pytest.mark.parametrize("kind", ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "bool_"])
def test_arrow_types(pyarrow: ModuleType, kind: str) -> None:
    values = pyarrow.array([1, 0, None, 1]).cast(getattr(pyarrow, kind)())
    assert score(values, [0, 0, 5, 3], nan_policy="omit") == 5.0
    assert score(values[1:], [0, 5, 3], nan_policy="omit") == 4.0


def test_arrow_floats(pyarrow: ModuleType) -> None:
    for values in (np.float16(NUMBERS), np.float32(NUMBERS), np.float64(NUMBERS)):
        assert score(pyarrow.array(values)) == 1.5
        assert np.shares_memory(memory_of(pyarrow.array(values)), values)
    with pytest.raises(ValueError, match=r"Found array with 0 sample\(s\) \(shape=\(0,\)\)"):
        score(pyarrow.array([], pyarrow.float64()), [])
    with pytest.raises(ValueError, match="has no pair of two numbers"):
        score(pyarrow.nulls(3), [1.0, 2.0, 3.0], nan_policy="omit")


def test_differently_chunked_columns_are_aligned(pyarrow: ModuleType, rng: np.random.Generator) -> None:
    values, predictions = rng.standard_normal((2, 1000))
    missing = rng.random((2, 1000)) < 0.2
    arrays = [pyarrow.array(v, mask=m) for v, m in zip((values, predictions), missing, strict=True)]
    expected = squarely.Accumulator(nan_policy="omit").update(*arrays)
    for left, right in [([100, 500], [99, 100, 777]), ([], [1]), ([0, 0, 13], [1000]), ([999], [])]:
        sides = [pyarrow.chunked_array(chunks(arrow, cuts)) for arrow, cuts in zip(arrays, (left, right), strict=True)]
        assert squarely.Accumulator(nan_policy="omit").update(*sides) == expected
        assert squarely.Accumulator(nan_policy="omit").update(sides[0], arrays[1]) == expected
        where = rng.random(1000) < 0.5
        masked = squarely.Accumulator(nan_policy="omit").update(*sides, where=where)
        assert masked == squarely.Accumulator(nan_policy="omit").update(*arrays, where=where)


def chunks(arrow: Any, cuts: list[int]) -> list[Any]:
    return [arrow[start:stop] for start, stop in zip([0, *cuts], [*cuts, len(arrow)], strict=True)]


def test_tables_and_batches(pyarrow: ModuleType) -> None:
    table = pyarrow.table({"a": NUMBERS, "b": [1, None, 3, 4], "c": [True, False, None, True]})
    wide = np.array([GUESSES, [1, 2, 3, 5], [1, 1, 1, 1]]).T
    for values in (table, table.to_batches()[0], pyarrow.concat_tables([table[:1], table[1:]])):
        assert score(values, wide, multioutput="raw_values", nan_policy="omit").tolist() == [1.5, 1.0, 1.0]
        assert score(values[1:], wide[1:], multioutput="raw_values", nan_policy="omit").tolist() == [1.25, 1.0, 1.0]
        assert score(wide, values, multioutput="raw_values", nan_policy="omit").tolist() == [1.5, 1.0, 1.0]
    assert score(table.select(["a"])) == 1.5
    with pytest.raises(ValueError, match=re.escape("y_true (column 'b') has Arrow type string (format 'u')")):
        score(pyarrow.table({"a": [1.0], "b": ["x"]}), [[1.0, 2.0]])
    with pytest.raises(ValueError, match="y_true has Arrow type dictionary"):
        score(pyarrow.array([1, 2]).dictionary_encode(), [1, 2])
    with pytest.raises(ValueError, match="y_true has Arrow type decimal"):
        score(pyarrow.array([1, 2]).cast(pyarrow.decimal128(20)), [1, 2])
    with pytest.raises(ValueError, match="some of which are null"):
        score(pyarrow.array([{"a": 1}, None]), [1, 2])
    with pytest.raises(ValueError, match="Found array with 0"):
        score(pyarrow.table({"a": [1.0]}).select([]), [1.0])


def test_arrow_is_read_in_place(pyarrow: ModuleType) -> None:
    values = pyarrow.array(np.ones(LARGE), mask=np.arange(LARGE) % 3 == 0)
    bits = pyarrow.array(np.ones(LARGE, bool))
    predictions = np.zeros(LARGE)
    tracemalloc.start()
    before = pyarrow.total_allocated_bytes()
    for column in (values, bits, pyarrow.chunked_array([values[:10], values[10:]])):
        score(column, predictions, nan_policy="omit")
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()
    assert pyarrow.total_allocated_bytes() == before


def test_what_speaks_arrow_is_asked_as_the_protocol_says(pyarrow: ModuleType) -> None:
    array, chunks = pyarrow.array(NUMBERS), pyarrow.chunked_array([GUESSES])

    class SpeaksOfAnArray:
        def __arrow_c_array__(self, requested_schema: object) -> object:
            return array.__arrow_c_array__(requested_schema)

    class SpeaksOfAStream:
        def __arrow_c_stream__(self, requested_schema: object) -> object:
            return chunks.__arrow_c_stream__(requested_schema)

    assert score(SpeaksOfAnArray(), SpeaksOfAStream()) == 1.5


def test_arrow_memory_is_kept_as_long_as_it_is_needed_and_given_back(pyarrow: ModuleType) -> None:
    gc.collect()  # what other tests have left is not given back in between
    before = pyarrow.total_allocated_bytes()
    columns = as_columns(pyarrow.chunked_array([[1.0, 2.0], [3.0]]), "y_true", "a test")
    assert isinstance(columns, Table)
    assert [columns.piece(0, 2, 0)[0][0].tolist(), columns.piece(2, 3, 0)[0][0].tolist()] == [[1.0, 2.0], [3.0]]
    del columns
    assert pyarrow.total_allocated_bytes() == before


# polars


@pytest.mark.parametrize("kind", ["Float64", "Float32", "Int64", "UInt8", "Int16", "UInt64"])
def test_polars_series_and_frames(polars: ModuleType, kind: str) -> None:
    series = polars.Series("a", [3, 1, None, 7]).cast(getattr(polars, kind))
    assert score(series, [1, 1, 1, 1], nan_policy="omit") == 40.0
    assert score(series[1:], [1, 1, 1], nan_policy="omit") == 36.0
    assert score(series.drop_nulls(), polars.Series([3, 1, 7])) == 0.0
    frame = polars.DataFrame({"a": series, "b": [True, None, False, True]})
    found = score(frame, np.ones((4, 2)), multioutput="raw_values", nan_policy="omit")
    assert found.tolist() == [40.0, 1.0]
    with pytest.raises(ValueError, match=r"Input contains NaN\. 1 value of y_true"):
        score(series, [1, 1, 1, 1])


def test_polars_chunks_and_large_integers(polars: ModuleType) -> None:
    series = polars.concat([polars.Series([2**62 + 1]), polars.Series([5, 6])], rechunk=False)
    assert series.n_chunks() == 2
    assert score(series, np.array([2**62, 5, 8])) == 5.0
    with pytest.raises(ValueError, match="y_true has Arrow type string"):
        score(polars.Series(["a"]), [1.0])
    with pytest.raises(TypeError, match="must be an array-like"):
        score(polars.DataFrame({"a": [1.0]}).lazy(), [1.0])


def test_polars_is_read_in_place(polars: ModuleType) -> None:
    values = np.ones(LARGE)
    series = polars.Series(values)
    assert np.shares_memory(memory_of(series), series.to_numpy(allow_copy=False))
    assert extra_memory(series, np.zeros(LARGE)) < 2**20
    assert extra_memory(polars.DataFrame({"a": series, "b": series}), np.zeros((LARGE, 2))) < 2**20


# Tensors


@pytest.fixture
def torch() -> ModuleType:
    return pytest.importorskip("torch")


def test_torch_tensors_are_read_in_place(torch: ModuleType) -> None:
    for dtype in (torch.float64, torch.float32, torch.float16):
        tensor = torch.tensor(NUMBERS, dtype=dtype)
        assert score(tensor) == 1.5
        assert memory_of(tensor).ctypes.data == tensor.data_ptr()
    wide = torch.tensor([NUMBERS, GUESSES], dtype=torch.float64).T
    assert score(wide, np.array([GUESSES, GUESSES]).T, multioutput="raw_values").tolist() == [1.5, 0.0]
    assert score(torch.tensor([True, False]), torch.tensor([3, 4], dtype=torch.uint8)) == 20.0
    assert score(torch.tensor([2**62 + 1]), torch.tensor([2**62])) == 1.0


def test_torch_gradients_are_of_no_concern(torch: ModuleType) -> None:
    tensor = torch.tensor(NUMBERS, requires_grad=True)
    assert score(tensor * 1) == 1.5
    assert memory_of(tensor).ctypes.data == tensor.data_ptr()


def test_torch_bfloat16(torch: ModuleType) -> None:
    tensor = torch.tensor(NUMBERS, dtype=torch.bfloat16, requires_grad=True)
    assert score(tensor) == 1.5
    assert score(tensor[::2], GUESSES[::2]) == 0.25
    code = """
import sys, torch, squarely
assert "ml_dtypes" not in sys.modules
a = torch.tensor([[3.0, -0.5], [2.0, 7.0]], dtype=torch.bfloat16)
print(squarely.sum_squared_error(a, torch.zeros(2, 2), multioutput="raw_values").tolist())
print(squarely.sum_squared_error(a[0], [0.0, 0.0]), "ml_dtypes" in sys.modules)
try: squarely.Accumulator().update(a[None], a[None])
except ValueError as error: print(error)
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "[13.0, 49.25]\n9.25 False\n" in found
    assert "y_true.float(), which is exact" in found
    pytest.importorskip("ml_dtypes")
    import ml_dtypes  # noqa: F401

    assert memory_of(tensor).ctypes.data == tensor.data_ptr()


def test_torch_elsewhere_is_refused(torch: ModuleType) -> None:
    with pytest.raises(TypeError, match=re.escape("Pass y_true.cpu().")):
        score(torch.ones(4, device="meta"))
    with pytest.raises(ValueError, match="Complex data not supported"):
        score(torch.ones(4, dtype=torch.complex64))
    with pytest.raises(ValueError, match=r"y_true cannot be read as an array in memory: .*to_dense\(\)"):
        score(torch.eye(3).to_sparse(), np.eye(3))
    with pytest.raises(ValueError, match=r"y_true cannot be read as an array in memory: .*resolve_conj\(\)"):
        squarely.sum_squared_error(torch.tensor([1j]).conj(), [1j], complex_values=True)


def test_jax_arrays() -> None:
    if importlib.util.find_spec("jax") is None:
        pytest.skip("could not import jax")
    code = """
import jax, numpy as np, squarely
from squarely.columns import as_columns
jax.config.update("jax_enable_x64", True)
numbers = np.array([3, 0, 2, 1])
integers = "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64"
for name in (integers + " float16 bfloat16 float32 float64 complex64 complex128").split():
    values = jax.numpy.asarray(numbers, dtype=name)
    score = squarely.sum_squared_error(values, [1.0, 0.0, 1.0, 1.0], complex_values=True)
    assert score == (0.0 if name == "bool" else 5.0), name
    read = as_columns(values, "y_true", "a test", complex_values=True).array
    assert read.ctypes.data == values.unsafe_buffer_pointer(), name
for name in ("float8_e4m3fn", "int4"):
    assert squarely.sum_squared_error(jax.numpy.asarray(numbers, dtype=name), [1.0, 0.0, 1.0, 1.0]) == 5.0
field = jax.numpy.arange(24.0).reshape(6, 4)
for part in (np.s_[::2, 1], np.s_[::-1, 2], np.s_[1:, ::3]):
    assert squarely.sum_squared_error(field[part], np.arange(24.0).reshape(6, 4)[part]) == 0.0
assert squarely.mean_squared_error(field.T, np.zeros((4, 6)), multioutput="raw_values").shape == (6,)
def refused(score):
    try: score()
    except ValueError as error: return "y_true cannot be read as an array in memory" in str(error)
assert refused(lambda: jax.jit(lambda values: squarely.sum_squared_error(values, [1.0, 2.0]))(jax.numpy.ones(2)))
"""
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)  # its threads would outlive the test


class Tensor:
    """Has nothing but DLPack."""

    def __init__(self, values: npt.NDArray) -> None:
        self.values = values
        self.shape = values.shape
        self.dtype = values.dtype

    def __dlpack__(self, **options: Any) -> object:
        return self.values.__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.values.__dlpack_device__()


@pytest.mark.parametrize("dtype", [dtype for dtype in DTYPES if dtype.kind in "biuf"], ids=str)
@pytest.mark.parametrize("part", [np.s_[:], np.s_[::2], np.s_[::-1, 1], np.s_[1:, ::2], np.s_[:, 1]], ids=str)
def test_tensors_of_every_type_and_stride_are_read_in_place(
    dtype: np.dtype, part: Any, rng: np.random.Generator
) -> None:
    values, guesses = (rng.integers(0, 2 if dtype.kind == "b" else 100, (6, 5)).astype(dtype)[part] for _ in range(2))
    assert np.shares_memory(memory_of(Tensor(values)), values)
    assert score(Tensor(values), Tensor(guesses)) == score(values, guesses)


# Labelled, lazy and sparse


def test_xarray() -> None:
    xarray = pytest.importorskip("xarray")
    values = np.arange(24.0).reshape(4, 3, 2)
    field = xarray.DataArray(values, dims=("time", "lat", "lon"))
    assert np.shares_memory(memory_of(field), values)
    accumulator = squarely.Accumulator("mean_squared_error", multioutput="raw_values")
    assert accumulator.update(field, field + 1)["mean_squared_error"].tolist() == [[1.0, 1.0]] * 3
    assert score(field[:, 0, 0], np.asarray(field[:, 0, 0]) + 1) == 4.0
    square = xarray.DataArray(np.eye(3), dims=("time", "x"))
    with pytest.raises(ValueError, match=re.escape("y_true has dimensions ('time', 'x'), y_pred ('x', 'time')")):
        score(square, square.T)
    with pytest.raises(TypeError, match="must be an array-like"):
        score(xarray.Dataset({"a": field}), field)


def test_dask_is_refused_with_the_lazy_way() -> None:
    dask_array = pytest.importorskip("dask.array")
    with pytest.raises(TypeError, match=r"is a Dask collection.*squarely\.dask\.evaluate.*y_true\.compute\(\)"):
        score(dask_array.ones(4))
    xarray = pytest.importorskip("xarray")
    with pytest.raises(TypeError, match="is a Dask collection"):
        score(GUESSES, xarray.DataArray(dask_array.ones(4)))


@pytest.mark.parametrize("kind", ["csr_matrix", "csr_array", "coo_array"])
def test_sparse_matrices_are_refused(kind: str) -> None:
    sparse = pytest.importorskip("scipy.sparse")
    with pytest.raises(TypeError, match="The 'y_true' parameter of sum_squared_error must be an array-like"):
        score(getattr(sparse, kind)(np.eye(3)), np.eye(3))


# A file mapped into memory


@pytest.mark.parametrize("dtype", ["<f8", ">f4", "<i2"])
def test_memory_maps_are_read_in_place(tmp_path: Any, dtype: str) -> None:
    values = np.array([3, -5, 2, 7], dtype)
    (tmp_path / "file").write_bytes(b"x" + values.tobytes())
    mapped = np.memmap(tmp_path / "file", dtype, "r", 1)
    assert score(mapped, [3, -5, 2, 8]) == 1.0
    assert np.shares_memory(memory_of(mapped), mapped)


def test_the_small_floats_of_ml_dtypes_are_exact() -> None:
    types = pytest.importorskip("ml_dtypes")
    for name in ("bfloat16", "float8_e4m3fn", "float8_e5m2"):
        assert score(np.array(NUMBERS, getattr(types, name))) == 1.5
    assert score(np.array([1, 2, 3, 4], types.int4), [1, 2, 3, 5]) == 1.0
