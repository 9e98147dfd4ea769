"""squarely.h for ctypes: what the tests call, written by hand, so that a change of the header is seen."""

import ctypes
from collections.abc import Sequence
from ctypes import POINTER, byref, c_char, c_char_p, c_double, c_int32, c_int64, c_size_t, c_ssize_t, c_uint64, c_void_p
from typing import Any

import numpy as np

import squarely
from oracles.state_bytes import POLICIES, SUMMATIONS
from oracles.tables import ELEMENT_TYPES

NAN_POLICIES = (*POLICIES, "skip_nulls")
DTYPES = tuple(row.name for row in ELEMENT_TYPES)
STATUSES = (
    "OK", "INVALID_ARGUMENT", "UNKNOWN_METRIC", "NOT_FINITE", "MISMATCH", "DAMAGED", "UNDEFINED", "BUFFER_TOO_SMALL",
    "NO_MEMORY", "WRONG_ENVIRONMENT", "UNEXPECTED",
)  # fmt: skip


class Error(ctypes.Structure):
    _fields_ = (("status", c_int32), ("message", c_char * 508))


class Column(ctypes.Structure):
    _fields_ = (
        ("data", c_void_p),
        ("stride", c_ssize_t),
        ("dtype", c_int32),
        ("swapped", c_int32),
        ("validity", c_void_p),
        ("validity_offset", c_int64),
        ("missing", c_void_p),
        ("missing_stride", c_ssize_t),
    )


class Pairs(ctypes.Structure):
    _fields_ = (("y_true", Column), ("y_pred", Column), ("where", c_void_p), ("where_stride", c_ssize_t))


class Metric(ctypes.Structure):
    _fields_ = (("name", c_char_p), ("parameter", POINTER(c_double)))


class StateOptions(ctypes.Structure):
    _fields_ = (
        ("struct_size", c_size_t),
        ("outputs", c_size_t),
        ("metrics", POINTER(Metric)),
        ("metric_count", c_size_t),
        ("summation", c_int32),
        ("nan_policy", c_int32),
        ("weighted", c_int32),
        ("unused", c_int32),
    )


class Counts(ctypes.Structure):
    _fields_ = (
        ("struct_size", c_size_t),
        ("pairs", c_uint64),
        ("infinite", c_uint64),
        ("undefined", c_uint64),
        ("missing_true", c_uint64),
        ("missing_pred", c_uint64),
        ("masked", c_uint64),
    )


class WorstRow(ctypes.Structure):
    _fields_ = (
        ("struct_size", c_size_t),
        ("part", c_char_p),
        ("row", c_int64),
        ("y_true", c_double),
        ("y_pred", c_double),
        ("loss", c_double),
        ("weight", c_double),
        ("contribution", c_double),
    )


class RefusedError(Exception):
    """What a call has refused: the name of its status, and its sentence."""

    def __init__(self, status: str, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status
        self.message = message


library = ctypes.CDLL(squarely.get_library())
library.squarely_version.restype = c_char_p
library.squarely_metric_name.restype = c_char_p
library.squarely_metric_name.argtypes = (c_size_t,)
library.squarely_state_outputs.restype = c_size_t
library.squarely_state_free.restype = None
library.squarely_groups_count.restype = c_size_t
library.squarely_groups_free.restype = None
library.squarely_worst_rows_count.restype = c_size_t
library.squarely_worst_rows_free.restype = None
library.squarely_get_api.restype = c_void_p

# Where a number would go by its own type.
LENGTHS = {int: c_int64, float: c_double}


def call(function: str, *arguments: Any) -> None:
    """Call a function that has an error as its last argument, and raise what it refuses."""
    error = Error()
    given = [LENGTHS[type(one)](one) if type(one) in LENGTHS else one for one in arguments]
    status = getattr(library, f"squarely_{function}")(*given, byref(error))
    if status:
        assert status == error.status
        raise RefusedError(STATUSES[status], error.message.decode())


def column_of(array: np.ndarray) -> Column:
    """Return the column an array of one dimension is. The array must outlive it."""
    name = array.dtype.name if array.dtype.kind != "V" else "bfloat16"
    swapped = array.dtype.newbyteorder("=") != array.dtype
    return Column(array.ctypes.data, array.strides[0], DTYPES.index(name), int(swapped), None, 0, None, 0)


def pairs_of(y_true: np.ndarray, y_pred: np.ndarray, where: np.ndarray | None = None) -> Pairs:
    mask = (None, 0) if where is None else (where.ctypes.data, where.strides[0])
    return Pairs(column_of(y_true), column_of(y_pred), *mask)


def metric_of(name: str, parameter: float | None = None) -> Metric:
    return Metric(name.encode(), None if parameter is None else ctypes.pointer(c_double(parameter)))


def outputs_of(y_true: np.ndarray, y_pred: np.ndarray, where: np.ndarray | None) -> ctypes.Array[Pairs]:
    """Return the pairs of every column of two arrays, which must outlive them."""
    truths, predictions = (array[:, None] if array.ndim == 1 else array for array in (y_true, y_pred))
    pairs = [pairs_of(truths[:, i], predictions[:, i], where) for i in range(truths.shape[1])]
    return (Pairs * len(pairs))(*pairs)


def options_of(
    metrics: Sequence[Metric] = (),
    outputs: int = 1,
    summation: str = "exact",
    nan_policy: str = "raise",
    weighted: bool = False,
) -> StateOptions:
    return StateOptions(
        ctypes.sizeof(StateOptions),
        outputs,
        (Metric * len(metrics))(*metrics),
        len(metrics),
        SUMMATIONS.index(summation),
        NAN_POLICIES.index(nan_policy),
        int(weighted),
        0,
    )


def bytes_of(function: str, handle: c_void_p) -> bytes:
    size = c_size_t()
    call(function, handle, None, c_size_t(0), byref(size))
    buffer = ctypes.create_string_buffer(size.value)
    call(function, handle, buffer, size, byref(size))
    return buffer.raw


def weights_of(sample_weight: np.ndarray | None) -> Any:
    return None if sample_weight is None else byref(column_of(sample_weight))


class State:
    """A state of the C library, with the verbs of Accumulator."""

    def __init__(self, metrics: Sequence[Metric] = (), **options: Any) -> None:
        self.handle = c_void_p()
        call("state_create", byref(options_of(metrics, **options)), byref(self.handle))

    @classmethod
    def of(cls, handle: c_void_p) -> "State":
        state = cls.__new__(cls)
        state.handle = handle
        return state

    @classmethod
    def from_bytes(cls, data: bytes) -> "State":
        state = cls.__new__(cls)
        state.handle = c_void_p()
        call("state_from_bytes", data, c_size_t(len(data)), byref(state.handle))
        return state

    def copy(self) -> "State":
        state = type(self).__new__(type(self))
        state.handle = c_void_p()
        call("state_copy", self.handle, byref(state.handle))
        return state

    def update(
        self,
        y_true: np.ndarray,
        y_pred: np.ndarray,
        sample_weight: np.ndarray | None = None,
        where: np.ndarray | None = None,
    ) -> "State":
        pairs = outputs_of(y_true, y_pred, where)
        weights = weights_of(sample_weight)
        call("state_update", self.handle, pairs, c_size_t(len(pairs)), weights, len(y_true))
        return self

    def update_weighted(self, y_true: np.ndarray, y_pred: np.ndarray, weights: Sequence[np.ndarray]) -> "State":
        """Add outputs that have a column of weights each, or one column for all."""
        pairs = [pairs_of(y_true[:, i], y_pred[:, i]) for i in range(y_true.shape[1])]
        columns = (Column * len(weights))(*map(column_of, weights))
        lengths = c_size_t(len(pairs)), columns, c_size_t(len(columns))
        call("state_update_weighted", self.handle, (Pairs * len(pairs))(*pairs), *lengths, len(y_true))
        return self

    def merge(self, other: "State") -> "State":
        call("state_merge", self.handle, other.handle)
        return self

    def subtract(self, other: "State") -> "State":
        call("state_subtract", self.handle, other.handle)
        return self

    def reset(self) -> "State":
        call("state_reset", self.handle)
        return self

    def value(self, metric: str, parameter: float | None = None, output: int = 0) -> float:
        value = c_double(7)
        asked = None if parameter is None else byref(c_double(parameter))
        try:
            call("state_value", self.handle, metric.encode(), asked, c_size_t(output), byref(value))
        except RefusedError:
            assert np.isnan(value.value)  # what is refused leaves no number behind
            raise
        return value.value

    @property
    def outputs(self) -> int:
        found: int = library.squarely_state_outputs(self.handle)
        return found

    def counts(self, output: int = 0) -> dict[str, int]:
        counts = Counts(ctypes.sizeof(Counts))
        call("state_counts", self.handle, c_size_t(output), byref(counts))
        return {name: getattr(counts, name) for name, _ in Counts._fields_[1:]}

    def to_bytes(self) -> bytes:
        return bytes_of("state_to_bytes", self.handle)

    def digest(self) -> str:
        digest = ctypes.create_string_buffer(65)
        call("state_digest", self.handle, digest)
        return digest.value.decode()

    def __del__(self) -> None:
        library.squarely_state_free(self.handle)


class Groups:
    """Groups of the C library. Weights, numbers and offsets are arrays."""

    def __init__(self, metrics: Sequence[Metric] = (), **options: Any) -> None:
        self.handle = c_void_p()
        call("groups_create", byref(options_of(metrics, **options)), byref(self.handle))

    @classmethod
    def from_bytes(cls, data: bytes) -> "Groups":
        groups = cls.__new__(cls)
        groups.handle = c_void_p()
        call("groups_from_bytes", data, c_size_t(len(data)), byref(groups.handle))
        return groups

    def copy(self) -> "Groups":
        groups = type(self).__new__(type(self))
        groups.handle = c_void_p()
        call("groups_copy", self.handle, byref(groups.handle))
        return groups

    def update(
        self,
        y_true: np.ndarray,
        y_pred: np.ndarray,
        numbers: np.ndarray,
        count: int,
        sample_weight: np.ndarray | None = None,
        where: np.ndarray | None = None,
    ) -> "Groups":
        pairs = outputs_of(y_true, y_pred, where)
        given = c_size_t(len(pairs)), weights_of(sample_weight), numbers_of(numbers)
        call("groups_update", self.handle, pairs, *given, c_size_t(count), len(y_true))
        return self

    def update_sorted(
        self,
        y_true: np.ndarray,
        y_pred: np.ndarray,
        offsets: Sequence[int],
        first_group: int = 0,
        sample_weight: np.ndarray | None = None,
    ) -> "Groups":
        pairs = outputs_of(y_true, y_pred, None)
        given = c_size_t(len(pairs)), weights_of(sample_weight), c_size_t(first_group)
        lists = (c_int64 * len(offsets))(*offsets), c_size_t(len(offsets) - 1)
        call("groups_update_sorted", self.handle, pairs, *given, *lists)
        return self

    def merge(self, other: "Groups", numbers: Sequence[int] | None = None, count: int | None = None) -> "Groups":
        given = None if numbers is None else numbers_of(np.array(numbers, np.uint32))
        call("groups_merge", self.handle, other.handle, given, c_size_t(len(other) if count is None else count))
        return self

    def subtract(self, other: "Groups", numbers: Sequence[int] | None = None) -> "Groups":
        given = None if numbers is None else numbers_of(np.array(numbers, np.uint32))
        call("groups_subtract", self.handle, other.handle, given)
        return self

    def __len__(self) -> int:
        found: int = library.squarely_groups_count(self.handle)
        return found

    def values(self, metric: str, parameter: float | None = None, output: int = 0) -> list[float]:
        values = (c_double * len(self))()
        asked = None if parameter is None else byref(c_double(parameter))
        call("groups_values", self.handle, metric.encode(), asked, c_size_t(output), values)
        return list(values)

    def counts(self, group: int, output: int = 0) -> dict[str, int]:
        counts = Counts(ctypes.sizeof(Counts))
        call("groups_counts", self.handle, c_size_t(group), c_size_t(output), byref(counts))
        return {name: getattr(counts, name) for name, _ in Counts._fields_[1:]}

    def state(self, group: int) -> State:
        handle = c_void_p()
        call("groups_state", self.handle, c_size_t(group), byref(handle))
        return State.of(handle)

    def overall(self) -> State:
        handle = c_void_p()
        call("groups_overall", self.handle, byref(handle))
        return State.of(handle)

    def to_bytes(self) -> bytes:
        return bytes_of("groups_to_bytes", self.handle)

    def digest(self) -> str:
        digest = ctypes.create_string_buffer(65)
        call("groups_digest", self.handle, digest)
        return digest.value.decode()

    def __del__(self) -> None:
        library.squarely_groups_free(self.handle)


class WorstRows:
    """Worst rows of the C library, with the verbs of Python's."""

    def __init__(self, count: int = 20, loss: Metric | None = None) -> None:
        self.handle = c_void_p()
        call("worst_rows_create", None if loss is None else byref(loss), c_size_t(count), byref(self.handle))

    @classmethod
    def from_bytes(cls, data: bytes) -> "WorstRows":
        worst = cls.__new__(cls)
        worst.handle = c_void_p()
        call("worst_rows_from_bytes", data, c_size_t(len(data)), byref(worst.handle))
        return worst

    def copy(self) -> "WorstRows":
        worst = type(self).__new__(type(self))
        worst.handle = c_void_p()
        call("worst_rows_copy", self.handle, byref(worst.handle))
        return worst

    def update(
        self,
        y_true: np.ndarray,
        y_pred: np.ndarray,
        sample_weight: np.ndarray | None = None,
        where: np.ndarray | None = None,
        part: str | None = None,
        first_row: int = -1,
    ) -> "WorstRows":
        pairs, weights = outputs_of(y_true, y_pred, where), weights_of(sample_weight)
        name = None if part is None else part.encode()
        call("worst_rows_update", self.handle, pairs, weights, name, first_row, len(y_true))
        return self

    def merge(self, other: "WorstRows") -> "WorstRows":
        call("worst_rows_merge", self.handle, other.handle)
        return self

    def __len__(self) -> int:
        found: int = library.squarely_worst_rows_count(self.handle)
        return found

    def row(self, index: int, struct_size: int = ctypes.sizeof(WorstRow)) -> WorstRow:
        row = WorstRow(struct_size)
        call("worst_rows_row", self.handle, c_size_t(index), byref(row))
        return row

    def column(self, name: str) -> list[Any]:
        return [getattr(self.row(index), name) for index in range(len(self))]

    def to_bytes(self) -> bytes:
        return bytes_of("worst_rows_to_bytes", self.handle)

    def __del__(self) -> None:
        library.squarely_worst_rows_free(self.handle)


def numbers_of(numbers: np.ndarray) -> c_void_p:
    assert numbers.dtype == np.uint32
    assert numbers.flags.c_contiguous
    return c_void_p(numbers.ctypes.data)


def update_states(
    states: Sequence[State],
    y_true: np.ndarray,
    y_pred: np.ndarray,
    sample_weight: np.ndarray | None = None,
    where: np.ndarray | None = None,
) -> None:
    """Add a row to each of the states."""
    handles = (c_void_p * len(states))(*(state.handle.value for state in states))
    call("states_update", handles, outputs_of(y_true, y_pred, where), weights_of(sample_weight), len(states))


def score(
    metric: Metric,
    y_true: np.ndarray,
    y_pred: np.ndarray,
    sample_weight: np.ndarray | None = None,
    where: np.ndarray | None = None,
    nan_policy: str = "raise",
) -> float:
    value = c_double(7)
    weights = weights_of(sample_weight)
    policy = c_int32(NAN_POLICIES.index(nan_policy))
    pairs = pairs_of(y_true, y_pred, where)
    try:
        call("score", byref(metric), byref(pairs), weights, len(y_true), policy, byref(value))
    except RefusedError:
        assert np.isnan(value.value)
        raise
    return value.value


def everyday_score(metric: str, y_true: np.ndarray, y_pred: np.ndarray) -> float:
    value = c_double(7)
    function = f"{metric}_{y_true.dtype.name}"
    call(function, c_void_p(y_true.ctypes.data), c_void_p(y_pred.ctypes.data), len(y_true), byref(value))
    return value.value
