"""Arrow data of any library, by the Arrow C data interface: pyarrow, polars, and whoever else speaks it.

The structures are those of https://arrow.apache.org/docs/format/CDataInterface.html. Nothing is imported for them and
nothing copied: a column refers to the buffers of its library, and keeps them alive.
"""

import ctypes
from typing import Any

import numpy as np
import numpy.typing as npt

from squarely.columns.forms import Columns, Segment, Table

__all__ = ["ArrowColumn", "columns_of_stream", "from_arrow", "is_arrow"]

DTYPES = {
    "c": "int8",
    "C": "uint8",
    "s": "int16",
    "S": "uint16",
    "i": "int32",
    "I": "uint32",
    "l": "int64",
    "L": "uint64",
    "e": "float16",
    "f": "float32",
    "g": "float64",
    "b": "bool",
    "n": "float16",  # the type of nothing but nulls
}
OTHER_TYPES = {"u": "string", "U": "string", "vu": "string", "z": "binary", "Z": "binary", "d": "decimal", "t": "time"}


capsule_pointer = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
    ("PyCapsule_GetPointer", ctypes.pythonapi)
)


class ArrowSchema(ctypes.Structure):
    pass


class ArrowArray(ctypes.Structure):
    pass


class ArrowArrayStream(ctypes.Structure):
    pass


ArrowSchema._fields_ = [
    ("format", ctypes.c_char_p),
    ("name", ctypes.c_char_p),
    ("metadata", ctypes.c_char_p),
    ("flags", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("children", ctypes.POINTER(ctypes.POINTER(ArrowSchema))),
    ("dictionary", ctypes.POINTER(ArrowSchema)),
    ("release", ctypes.CFUNCTYPE(None, ctypes.POINTER(ArrowSchema))),
    ("private_data", ctypes.c_void_p),
]
ArrowArray._fields_ = [
    ("length", ctypes.c_int64),
    ("null_count", ctypes.c_int64),
    ("offset", ctypes.c_int64),
    ("n_buffers", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    ("children", ctypes.POINTER(ctypes.POINTER(ArrowArray))),
    ("dictionary", ctypes.POINTER(ArrowArray)),
    ("release", ctypes.CFUNCTYPE(None, ctypes.POINTER(ArrowArray))),
    ("private_data", ctypes.c_void_p),
]
ArrowArrayStream._fields_ = [
    ("get_schema", ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ArrowArrayStream), ctypes.POINTER(ArrowSchema))),
    ("get_next", ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ArrowArrayStream), ctypes.POINTER(ArrowArray))),
    ("get_last_error", ctypes.CFUNCTYPE(ctypes.c_char_p, ctypes.POINTER(ArrowArrayStream))),
    ("release", ctypes.CFUNCTYPE(None, ctypes.POINTER(ArrowArrayStream))),
    ("private_data", ctypes.c_void_p),
]


class Owned:
    """A structure a stream has filled in, given back when nothing refers to it any more."""

    def __init__(self, structure: Any) -> None:
        self.structure = structure

    def __del__(self) -> None:
        if self.structure.release:
            self.structure.release(ctypes.byref(self.structure))


class Memory:
    """Part of a buffer as NumPy takes it: an array made of this keeps this, and so the owner, alive."""

    def __init__(self, address: int, count: int, dtype: str, owner: object) -> None:
        self.owner = owner
        self.__array_interface__ = {
            "version": 3,
            "data": (address, True),
            "shape": (count,),
            "typestr": np.dtype(dtype).str,
        }


class Chunk:
    """A stretch of a column that lies in one piece, from element `offset` of its buffers on."""

    def __init__(self, array: ArrowArray, offset: int, length: int, code: str, owner: object) -> None:
        self.code = code
        self.length = length
        self.offset = offset + array.offset
        self.validity: npt.NDArray[np.uint8] | None = None
        self.values = np.empty(0, np.uint8)
        if code != "n" and length > 0:
            self._find_buffers(array, owner)

    def _find_buffers(self, array: ArrowArray, owner: object) -> None:
        end = self.offset + self.length
        if array.null_count != 0 and array.buffers[0]:
            self.validity = np.asarray(Memory(array.buffers[0], (end + 7) // 8, "uint8", owner))
        if self.code == "b":
            self.values = np.asarray(Memory(array.buffers[1], (end + 7) // 8, "uint8", owner))
        else:
            self.values = np.asarray(Memory(array.buffers[1], end, DTYPES[self.code], owner))

    def segment(self, start: int, stop: int) -> Segment:
        first, last = start + self.offset, stop + self.offset
        if self.code == "n":
            return np.broadcast_to(np.float16("nan"), (stop - start,)), None, 0
        values = self._booleans(first, last) if self.code == "b" else self.values[first:last]
        if self.validity is None:
            return values, None, 0
        return values, self.validity[first // 8 : (last + 7) // 8], first % 8

    def _booleans(self, first: int, last: int) -> npt.NDArray[np.bool_]:
        bits = np.unpackbits(self.values[first // 8 : (last + 7) // 8], bitorder="little")
        return bits[first % 8 : first % 8 + last - first].view(np.bool_)


class ArrowColumn:
    """A column in chunks."""

    def __init__(self, code: str, chunks: list[Chunk]) -> None:
        self.chunks = [chunk for chunk in chunks if chunk.length > 0]
        self.dtype = np.dtype(DTYPES[code])
        self.is_made_on_the_way = code == "b"
        self.starts = np.cumsum([0, *(chunk.length for chunk in self.chunks)])

    def __len__(self) -> int:
        return int(self.starts[-1])

    def breaks(self) -> set[int]:
        return set(self.starts.tolist())

    def segment(self, start: int, stop: int) -> Segment:
        number = int(np.searchsorted(self.starts, start, side="right")) - 1
        before = int(self.starts[number])
        return self.chunks[number].segment(start - before, stop - before)


def is_arrow(values: object) -> bool:
    return hasattr(values, "__arrow_c_stream__") or hasattr(values, "__arrow_c_array__")


def from_arrow(values: object, name: str) -> Columns:
    is_flat, columns = _read(values, name)
    return Table(columns, is_flat=is_flat)


def columns_of_stream(values: object, name: str) -> list[ArrowColumn]:
    return _read(values, name)[1]


def _read(values: Any, name: str) -> tuple[bool, list[ArrowColumn]]:
    if hasattr(values, "__arrow_c_array__"):
        schema_capsule, array_capsule = values.__arrow_c_array__()
        schema = _pointed_at(schema_capsule, b"arrow_schema", ArrowSchema)
        arrays = [(_pointed_at(array_capsule, b"arrow_array", ArrowArray), array_capsule)]
        return _columns(schema, arrays, name)
    capsule = values.__arrow_c_stream__()
    owned_schema, arrays = _of_stream(_pointed_at(capsule, b"arrow_array_stream", ArrowArrayStream))
    return _columns(owned_schema.structure, arrays, name)


def _pointed_at(capsule: object, label: bytes, structure: Any) -> Any:
    return structure.from_address(capsule_pointer(capsule, label))


def _of_stream(stream: Any) -> tuple[Owned, list[tuple[Any, object]]]:
    schema = ArrowSchema()
    _check(stream, stream.get_schema(ctypes.byref(stream), ctypes.byref(schema)))
    arrays: list[tuple[Any, object]] = []
    while True:
        array = ArrowArray()
        _check(stream, stream.get_next(ctypes.byref(stream), ctypes.byref(array)))
        if not array.release:
            return Owned(schema), arrays
        arrays.append((array, Owned(array)))


def _check(stream: Any, status: int) -> None:
    if status != 0:
        message = stream.get_last_error(ctypes.byref(stream)) or b""
        raise ValueError(f"The Arrow stream ended with error {status}: {message.decode(errors='replace')}")


def _columns(schema: Any, arrays: list[tuple[Any, object]], name: str) -> tuple[bool, list[ArrowColumn]]:
    if schema.format != b"+s":
        code = _checked_code(schema, name)
        return True, [ArrowColumn(code, [Chunk(array, 0, array.length, code, owner) for array, owner in arrays])]
    if any(array.null_count != 0 and array.buffers[0] for array, _ in arrays):
        raise ValueError(f"{name} is an array of structures some of which are null. Pass its fields as columns.")
    columns = []
    for i in range(schema.n_children):
        child = schema.children[i].contents
        label = (child.name or b"").decode(errors="replace")
        code = _checked_code(child, f"{name} (column {label!r})")
        chunks = [Chunk(array.children[i].contents, array.offset, array.length, code, owner) for array, owner in arrays]
        columns.append(ArrowColumn(code, chunks))
    return False, columns


def _checked_code(schema: Any, name: str) -> str:
    code: str = schema.format.decode()
    if schema.dictionary or code not in DTYPES:
        kind = "dictionary" if schema.dictionary else OTHER_TYPES.get(code, OTHER_TYPES.get(code[0], code))
        raise ValueError(
            f"{name} has Arrow type {kind} (format {code!r}), which is not a number squarely reads. Cast it to float64 "
            "or to an integer type first."
        )
    return code
