"""From Arrow's arrays, of numbers of any type, to float64 or float32 in NumPy's."""

import contextlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from squarely.files.errors import ContentError
from squarely.files.pyarrow_modules import import_pyarrow

Column = NDArray[np.float64] | NDArray[np.float32]


def to_numpy(name: str, array: Any) -> Column:
    """Return the same numbers as float64 or float32, in place where they are that already and none is missing."""
    pyarrow, types = import_pyarrow(), import_pyarrow("pyarrow.types")
    if types.is_dictionary(array.type):
        array = array.dictionary_decode()
    try:
        if types.is_decimal(array.type):
            return _decimals(array)
        if types.is_integer(array.type):
            array = _integers(array)
    except _InexactError as error:
        raise ContentError(
            f"column {name!r} holds {error}, which float64 cannot hold exactly; cast the column to float64 first "
            "if its rounded values are meant"
        ) from error
    if not types.is_floating(array.type):
        array = array.cast(pyarrow.float64())
    column: Column = array.to_numpy(zero_copy_only=array.null_count == 0)  # nulls become NaN in the copy
    return column.astype(np.float32) if column.dtype == np.float16 else column


def _integers(array: Any) -> Any:
    pyarrow = import_pyarrow()
    with contextlib.suppress(pyarrow.ArrowInvalid):
        return array.cast(pyarrow.float64())
    # pyarrow refuses whatever exceeds 2**53, also what float64 holds exactly, such as 2**60.
    values = array.drop_null().to_numpy()
    rounded = values.astype(np.float64)
    exact = rounded < 2.0 ** (8 * values.itemsize - (values.dtype.kind == "i"))  # or converting back overflows
    exact[exact] = rounded[exact].astype(values.dtype) == values[exact]
    if not exact.all():
        raise _InexactError(values[exact.argmin()])
    return array.cast(pyarrow.float64(), safe=False)
