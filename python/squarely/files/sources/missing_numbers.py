"""Numbers that mean a missing value: they become NaN, and are compared as the type of the column has them."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from squarely.extras import import_extra


def without_missing(column: Any, missing: Sequence[float]) -> Any:
    """Return a NumPy column with NaN in the place of such numbers, and the column itself where there is none."""
    if not missing:
        return column
    is_missing = np.isin(column, _as_type(missing, column.dtype))
    if not is_missing.any():
        return column
    if column.dtype.kind == "f":
        return np.where(is_missing, column.dtype.type(np.nan), column)
    rounded = column.astype(np.float64)
    with np.errstate(invalid="ignore"):
        is_exact = rounded.astype(column.dtype) == column
    if not (is_exact | is_missing).all():
        raise ValueError("an integer beside missing values is more than float64 holds exactly")
    return np.where(is_missing, np.nan, rounded)


def without_missing_integers(array: Any, missing: Sequence[float]) -> Any:
    """Return an Arrow array of integers without such numbers: the largest of all is often one, and no float64."""
    pyarrow, compute = import_extra("pyarrow"), import_extra("pyarrow.compute")
    values = _as_type(missing, np.dtype(array.type.to_pandas_dtype()))
    if len(values) == 0:
        return array
    is_missing = compute.is_in(array, pyarrow.array(values, array.type))
    return compute.if_else(is_missing, pyarrow.scalar(None, array.type), array)


def _as_type(missing: Sequence[float], dtype: np.dtype[Any]) -> Any:
    """Return the numbers that a type can have: of floats those nearest to them, of integers themselves."""
    if dtype.kind == "f":
        with np.errstate(over="ignore"):
            nearest = np.asarray(missing, np.float64).astype(dtype)
        return nearest[np.isfinite(nearest) | np.isinf(np.asarray(missing, np.float64))]
    bounds = np.iinfo(dtype if dtype.kind in "iu" else np.uint8)
    held = [int(number) for number in missing if bounds.min <= number <= bounds.max and number == int(number)]
    return np.asarray(held, dtype if dtype.kind in "iu" else np.uint8)
