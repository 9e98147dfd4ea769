"""Join the groups of different outputs over the same rows into one accumulator."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from squarely import _core
from squarely.accumulator import Accumulator
from squarely.groups.accumulator import GroupedAccumulator
from squarely.groups.keys import GroupKeys
from squarely.output_blocks import joined

__all__ = ["joined_groups"]


def joined_groups(blocks: npt.NDArray[Any], result: GroupedAccumulator) -> GroupedAccumulator:
    """Return the accumulator of all outputs.

    Parameters
    ----------
    blocks : ndarray of GroupedAccumulator
        At each place of the grid that of its outputs, with a dimension for each of the outputs' dimensions. All are of
        the same rows, and so of the same groups.
    result : GroupedAccumulator
        Without pairs, and with the configuration of the result. It is left as it is.
    """
    first: GroupedAccumulator = blocks.flat[0]
    if len(first) == 0:
        return result
    keys, _ = first._keys_and_core()
    sums = np.empty(blocks.size, dtype=object)
    sums[:] = [_sums_of_groups(block, keys) for block in blocks.flat]
    empty = Accumulator._of(_core.Accumulator(result.core.configuration))
    # Groups are where rows of outputs are, along the first dimension, which is whole in every block.
    whole = joined(sums.reshape(1, *blocks.shape), empty)
    return GroupedAccumulator._of(keys, _core.GroupedAccumulator.from_accumulator(whole.core))


def _sums_of_groups(block: GroupedAccumulator, keys: GroupKeys) -> Accumulator:
    """Return the sums of all groups, which keys number, along the first dimension of the outputs."""
    own, core = block._keys_and_core()
    return Accumulator._of(core.merged_groups(keys.merge(own), len(keys)).as_accumulator())
