"""Python without squarely: the library is named by its path, and called by the few declarations of squarely.h."""

import array
import ctypes
import sys
from ctypes import POINTER, byref, c_char, c_char_p, c_double, c_int32, c_int64, c_size_t, c_ssize_t, c_void_p
from itertools import islice

FLOAT64, FLOAT32 = 0, 1


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


library = ctypes.CDLL(sys.argv[1])


def function(name, *types):
    """Return a function whose last argument is an error, which is raised."""
    declared = ctypes.CFUNCTYPE(c_int32, *types, POINTER(Error))((f"squarely_{name}", library))

    def call(*arguments):
        error = Error()
        if declared(*arguments, byref(error)):
            raise ValueError(error.message.decode())

    return call


mean_squared_error = function("mean_squared_error_float64", c_void_p, c_void_p, c_int64, POINTER(c_double))
state_create = function("state_create", POINTER(StateOptions), POINTER(c_void_p))
state_update = function("state_update", c_void_p, POINTER(Pairs), c_size_t, POINTER(Column), c_int64)
state_digest = function("state_digest", c_void_p, c_char_p)


def numbers():
    seed = 1
    while True:
        seed = (seed * 1664525 + 1013904223) % 2**32
        yield (ctypes.c_int32(seed).value >> 4) / 1048576


def column(values, first, dtype):
    return Column(values.buffer_info()[0] + first * values.itemsize, values.itemsize, dtype)


made = list(islice(numbers(), 2000))
y_true, y_pred = array.array("d", made[::2]), array.array("f", made[1::2])
wide_pred = array.array("d", y_pred)

value = c_double()
mean_squared_error(y_true.buffer_info()[0], wide_pred.buffer_info()[0], len(y_true), byref(value))

metrics = (Metric * 3)(
    Metric(b"mean_squared_error"), Metric(b"r2_score"), Metric(b"mean_pinball_loss", ctypes.pointer(c_double(0.9)))
)
options = StateOptions(ctypes.sizeof(StateOptions), 1, metrics, len(metrics))
state, digest = c_void_p(), ctypes.create_string_buffer(65)
state_create(byref(options), byref(state))
for first in range(0, len(y_true), 600):
    pairs = Pairs(column(y_true, first, FLOAT64), column(y_pred, first, FLOAT32))
    state_update(state, byref(pairs), 1, None, min(600, len(y_true) - first))
state_digest(state, digest)
library.squarely_state_free(state)
assert "squarely" not in sys.modules
print(repr(value.value), digest.value.decode(), sep="\n")
