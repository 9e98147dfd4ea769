"""From an Arrow array with numbers of any type to a NumPy array of float64 or float32."""

import contextlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from squarely.extras import import_extra
from squarely.files.errors import ContentError
from squarely.files.sources.missing_numbers import without_missing, without_missing_integers

Column = NDArray[np.float64] | NDArray[np.float32]


def to_numpy(name: str, array: Any, missing: Sequence[float] = ()) -> Column:
    """Return the numbers as float64 or float32, in place where they are that already and none is missing.

    Numbers that mean a missing value become NaN, as the type of the column has them.
    """
    types = import_extra("pyarrow.types")
    if not types.is_floating(array.type):
        array = _as_floating(name, array, types, missing)
    column: Column = array.to_numpy(zero_copy_only=array.null_count == 0)  # nulls become NaN in the copy
    column = without_missing(column, missing)
    return column.astype(np.float32) if column.dtype == np.float16 else column


def _as_floating(name: str, array: Any, types: Any, missing: Sequence[float]) -> Any:
    if types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if types.is_integer(array.type):
        return _exact_integers(name, without_missing_integers(array, missing))
    if types.is_decimal(array.type):
        return _rounded_decimals(array)
    return array if types.is_floating(array.type) else array.cast(import_extra("pyarrow").float64())


def _exact_integers(name: str, array: Any) -> Any:
    pyarrow = import_extra("pyarrow")
    with contextlib.suppress(pyarrow.ArrowInvalid):
        return array.cast(pyarrow.float64())
    # pyarrow refuses whatever exceeds 2**53, also what float64 holds exactly, such as 2**60.
    values = array.drop_null().to_numpy()
    rounded = values.astype(np.float64)
    exact = rounded < 2.0 ** (8 * values.itemsize - (values.dtype.kind == "i"))  # or converting back overflows
    exact[exact] = rounded[exact].astype(values.dtype) == values[exact]
    if not exact.all():
        raise ContentError(
            f"column {name!r} holds {values[exact.argmin()]}, which float64 cannot hold exactly; "
            "cast the column to float64 first if its rounded values are meant"
        )
    return array.cast(pyarrow.float64(), safe=False)


def _rounded_decimals(array: Any) -> Any:
    """Round each decimal to the nearest float64, by way of text: what parses CSV rounds digits once, and right."""
    pyarrow = import_extra("pyarrow")
    # The direct cast multiplies by a power of ten, itself rounded: of decimal 0.3 it makes 0.30000000000000004.
    return array.cast(pyarrow.string()).cast(pyarrow.float64())
