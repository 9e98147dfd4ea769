"""NumPy's masked arrays: data and mask, as they lie."""

import sys
from typing import Any

import numpy as np

from squarely.columns.forms import Array
from squarely.columns.number_types import as_numbers

__all__ = ["from_masked_array", "is_masked_array"]


def is_masked_array(values: object) -> bool:
    # Whoever has a masked array has imported numpy.ma; for everyone else it is most of the time of our import.
    masked_arrays = sys.modules.get("numpy.ma")
    return masked_arrays is not None and isinstance(values, masked_arrays.MaskedArray)


def from_masked_array(values: Any, name: str, *, complex_values: bool) -> Array:
    array = as_numbers(np.asarray(values.data), name, complex_values=complex_values)
    return Array(array, None if values.mask is np.ma.nomask else values.mask)
