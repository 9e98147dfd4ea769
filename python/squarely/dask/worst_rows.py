"""The worst rows of chunks: numbered in their chunk where it lies, and in all of them when the chunks are together."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from squarely.groups.keys import GroupKeys
from squarely.worst.evaluation import check_columns
from squarely.worst.losses import RowLoss
from squarely.worst.rows import KeptRows
from squarely.worst.stream import WorstRows

__all__ = ["WorstOfChunks", "in_all", "in_chunk"]


class WorstOfChunks(NamedTuple):
    """How many rows are asked for, by which loss, and the names of what is shown of them."""

    most: int
    loss: RowLoss
    columns: tuple[str, ...]

    def rows_of(
        self, y_true: Any, y_pred: Any, weights: Any, where: Any, *, axis: int, shown: Sequence[Any], by: Any = None
    ) -> WorstRows:
        """Return the worst rows of a chunk, counted from 0."""
        columns: dict[str, Any] = {} if by is None else _keys_of_rows(by)
        # A chunk of one output, in whatever shape it has.
        sides = [np.moveaxis(side, axis, 0) if axis else side for side in (y_true, y_pred)]
        check_columns([*columns, *self.columns])
        columns |= dict(zip(self.columns, shown, strict=True))
        worst = WorstRows._of(KeptRows(self.most, self.loss, tuple(columns)))
        return worst.update(*sides, sample_weight=weights, where=where, columns=columns)


class _Keys:
    """The keys of rows by the names of their columns, looked up where they are asked for."""

    def __init__(self, keys: GroupKeys, groups: Any, place: int) -> None:
        self._keys = keys
        self._groups = groups
        self._place = place

    def __len__(self) -> int:
        return len(self._groups)

    def __getitem__(self, row: int) -> Any:
        key = self._keys.key_of(int(self._groups[row]))
        return key[self._place] if len(self._keys.names) > 1 else key


def _keys_of_rows(by: Any) -> dict[str, Any]:
    keys = GroupKeys()
    groups = keys.codes(by, None)
    return {name: _Keys(keys, groups, place) for place, name in enumerate(keys.names)}


def in_chunk(state: Any, number: int) -> Any:
    """Return the worst rows of a chunk as those of the part that it is, and any other state as it is."""
    return state._placed({"": (f"{number:012}", 0)}) if isinstance(state, WorstRows) else state


def in_all(worst: WorstRows) -> WorstRows:
    """Return rows of all chunks, in their order, as those of one part: only now is it known how long each chunk was."""
    lengths = {part: sum(last - first for first, last in ranges) for part, ranges in worst._seen.items()}
    parts = sorted(lengths)
    before = itertools.accumulate((lengths[part] for part in parts), initial=0)
    return worst._placed({part: ("", first) for part, first in zip(parts, before, strict=False)})
