"""Tensors in main memory: whatever has `__dlpack__`."""

import sys
from typing import Any

import numpy as np
import numpy.typing as npt

from squarely.columns.forms import Array, Column, Columns, PlainColumn, Segment, Table
from squarely.columns.number_types import as_numbers

__all__ = ["from_dlpack"]


class BFloat16Column(PlainColumn):
    """bfloat16 where nobody has given NumPy that type: its bits are the upper half of a float32."""

    is_made_on_the_way = True

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(np.float32)

    def segment(self, start: int, stop: int) -> Segment:
        bits = self.values[start:stop].astype(np.uint32)
        bits <<= 16
        return bits.view(np.float32), None, 0


def from_dlpack(values: Any, name: str, *, complex_values: bool) -> Columns:
    # A score has no gradient, so that of a tensor is of no concern.
    tensor = values.detach() if getattr(values, "requires_grad", False) else values
    if str(tensor.dtype) == "torch.bfloat16":
        return _from_bfloat16(tensor.view(sys.modules["torch"].int16).numpy().view(np.uint16), name)
    return Array(as_numbers(_as_array(tensor, name), name, complex_values=complex_values))


def _as_array(tensor: Any, name: str) -> npt.NDArray[Any]:
    try:
        return np.from_dlpack(tensor)
    except (BufferError, RuntimeError, TypeError, ValueError) as error:
        # Of types DLPack does not know, or on a device of main memory another than the processor's.
        if not hasattr(tensor, "__array__"):
            raise ValueError(f"{name} cannot be read through DLPack: {error}") from error
    try:
        return np.asarray(tensor)
    except (RuntimeError, TypeError, ValueError) as error:  # sparse, lazily conjugated, traced by JAX
        raise ValueError(f"{name} cannot be read as an array in memory: {error}") from error


def _from_bfloat16(bits: npt.NDArray[np.uint16], name: str) -> Columns:
    types = sys.modules.get("ml_dtypes")
    if types is not None:
        return Array(bits.view(types.bfloat16))
    if bits.ndim > 2:
        raise ValueError(
            f"{name} is a bfloat16 tensor of shape {bits.shape}, which NumPy has no type for. Import ml_dtypes first, "
            f"or pass {name}.float(), which is exact."
        )
    columns: list[Column] = [BFloat16Column(column) for column in (bits[None] if bits.ndim == 1 else bits.T)]
    return Table(columns, is_flat=bits.ndim == 1)
