"""From an Arrow array with numbers of any type to a NumPy array of float64 or float32."""

import contextlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from squarely.extras import import_extra
from squarely.files.errors import ContentError

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


def without_missing(column: Column, missing: Sequence[float]) -> Column:
    """Put NaN in the place of numbers that mean a missing value."""
    if not missing:
        return column
    with np.errstate(over="ignore"):
        is_missing = np.isin(column, np.asarray(missing, np.float64).astype(column.dtype))
    return np.where(is_missing, column.dtype.type(np.nan), column) if is_missing.any() else column


def _as_floating(name: str, array: Any, types: Any, missing: Sequence[float]) -> Any:
    if types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if types.is_integer(array.type):
        return _exact_integers(name, _without_integers(array, missing))
    if types.is_decimal(array.type):
        return _rounded_decimals(array)
    return array if types.is_floating(array.type) else array.cast(import_extra("pyarrow").float64())


def _without_integers(array: Any, missing: Sequence[float]) -> Any:
    """Leave out integers that mean a missing value before they are converted: the largest of all is often one."""
    if not missing:
        return array
    pyarrow, compute = import_extra("pyarrow"), import_extra("pyarrow.compute")
    bounds = np.iinfo(array.type.to_pandas_dtype())
    for number in missing:
        if bounds.min <= number <= bounds.max and number == int(number):
            is_missing = compute.equal(array, pyarrow.scalar(int(number), array.type))
            array = compute.if_else(is_missing, pyarrow.scalar(None, array.type), array)
    return array


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
