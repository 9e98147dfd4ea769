"""Join accumulators of different outputs over the same rows into one, as columns of an array stand side by side."""

import copy
import math
from typing import Any

import numpy as np
import numpy.typing as npt

from squarely import _core
from squarely.accumulator import Accumulator

__all__ = ["joined"]


def joined(blocks: npt.NDArray[Any], result: Accumulator) -> Accumulator:
    """Return the accumulator of all outputs.

    Parameters
    ----------
    blocks : ndarray of Accumulator
        At each place of the grid that of its outputs, with a dimension for each of the outputs' dimensions.
    result : Accumulator
        Without pairs, and with the configuration of the result. It is left as it is.
    """
    total = copy.copy(result)
    if not any(block.core.shape for block in blocks.flat):
        return total
    columns = blocks
    for axis in reversed(range(blocks.ndim)):
        columns = np.apply_along_axis(_side_by_side, axis, columns, axis)
    whole: Accumulator = columns.item()
    total.core.add(_sums_of(whole), whole.shape)
    return total


def _side_by_side(blocks: npt.NDArray[Any], axis: int) -> Accumulator:
    first: Accumulator = blocks[0]
    if len(blocks) == 1:
        return first
    shape = list(first.shape)
    shape[axis] = sum(block.shape[axis] for block in blocks)
    result = copy.copy(first).reset()
    result.core.add(_joined_states(list(blocks), axis), tuple(shape))
    return result


def _joined_states(blocks: list[Accumulator], axis: int) -> _core.State:
    # In the order of C: for every index before the axis, the outputs of each block from there on.
    times = math.prod(blocks[0].shape[:axis])
    runs = [math.prod(block.shape[axis:]) for block in blocks]
    states = [_sums_of(block) for block in blocks]
    parts = [
        state.outputs_from(index * run, run) for index in range(times) for state, run in zip(states, runs, strict=True)
    ]
    return _core.State.outputs_together(parts)


def _sums_of(block: Accumulator) -> _core.State:
    sums = block.core.state()
    if sums is None:
        raise ValueError("Blocks of columns have different numbers of rows: one of them has none.")
    return sums
