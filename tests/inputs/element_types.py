"""The element types that the core sums, as NumPy's dtypes."""

import ml_dtypes
import numpy as np

from oracles.tables import ELEMENT_TYPES


def dtype_named(name: str) -> np.dtype:
    return np.dtype(getattr(ml_dtypes, name, name))


DTYPES = [dtype_named(row.name) for row in ELEMENT_TYPES]
FLOATS = [dtype_named(row.name) for row in ELEMENT_TYPES if row.kind == "f"]
INTEGERS = [dtype_named(row.name) for row in ELEMENT_TYPES if row.kind in "iu"]
