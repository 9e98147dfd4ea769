"""The worst cells of labelled arrays, with the coordinates they are at."""

from __future__ import annotations

import copy
from collections.abc import Hashable, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from squarely.accumulator import Accumulator
from squarely.arguments import NanPolicy
from squarely.extras import import_extra
from squarely.named_metrics import Metric
from squarely.worst.evaluation import check_columns
from squarely.worst.losses import LOSSES, RowLoss
from squarely.worst.rows import KeptRows, WorstRow, as_plain
from squarely.worst.stream import WorstRows
from squarely.worst.sums import Sums
from squarely.worst.table import WorstTable, worst_table

__all__ = ["worst_cells"]

# Cells that do not lie side by side are copied together, about this many at a time.
CELLS_AT_ONCE = 2**20

States = list[Any]  # the sums, and the worst cells


def worst_cells(
    cells: Sequence[Any], weight_of_all: float | None, count: int, loss: RowLoss, nan_policy: NanPolicy
) -> WorstTable:
    """Return the worst cells of truth and prediction, and weights where there are three, of the same dimensions."""
    truth = cells[0]
    check_columns([str(one) for one in truth.dims])
    asked = (Metric(LOSSES[loss.name], loss.parameter), Metric("r2_score", 1.0))
    empty: States = [Accumulator(asked, nan_policy=nan_policy), KeptRows(count, loss)]
    shape = truth.shape or (1,)  # without dimensions there is one cell
    update = partial(_states_of_block, empty=empty, shape=shape, weight_of_all=weight_of_all)
    arrays = [one.data if truth.shape else np.asarray(one.data).reshape(shape) for one in cells]
    if any(hasattr(one, "__dask_graph__") for one in arrays):
        sums, kept = _states_of_dask_arrays(arrays, update)
    else:
        sums, kept = update(*map(np.asarray, arrays), *([0] for _ in shape))
    shown = KeptRows(count, loss, [str(one) for one in truth.dims], [_labelled(row, truth) for row in kept.rows])
    return worst_table(shown, Sums.of(sums.core, loss), asked)


def _labelled(row: WorstRow, truth: Any) -> WorstRow:
    """Return a cell with its coordinates, or its place where a dimension has none."""
    places = np.unravel_index(row.row or 0, truth.shape)

    def label(dimension: Hashable, place: int) -> Any:
        if dimension not in truth.coords:
            return place
        own = truth.coords[dimension].values[place]
        return own.item() if own.dtype.kind in "biufU" else str(own)

    values = (as_plain(label(one, int(place))) for one, place in zip(truth.dims, places, strict=True))
    return row._replace(values=tuple(values))


def _states_of_dask_arrays(arrays: Sequence[Any], update: Any) -> States:
    from squarely.dask.states import beside_others, cut_wherever_one_is, state_grid, tree_of

    dask_array = import_extra("dask.array")
    lazy = [
        one if hasattr(one, "__dask_graph__") else dask_array.from_array(np.asarray(one), chunks=-1) for one in arrays
    ]
    every = tuple(range(lazy[0].ndim))
    cut = cut_wherever_one_is(lazy, [every] * len(lazy))
    firsts = [dask_array.from_array(np.cumsum((0, *sizes))[:-1], chunks=1) for sizes in cut[0].chunks]
    dimensions = [every] * len(cut) + [(axis,) for axis in every]
    grid = state_grid([*cut, *firsts], dimensions, partial(beside_others, update))
    states: States = tree_of(list(grid.ravel())).compute()
    return states


def _states_of_block(
    truth: npt.NDArray[Any],
    prediction: npt.NDArray[Any],
    *others: Any,
    empty: States,
    shape: tuple[int, ...],
    weight_of_all: float | None,
) -> States:
    """Return the sums and the worst cells of a block; the last arrays are its first index along every dimension."""
    weights = others[0] if len(others) > len(shape) else None
    first = [int(one[0]) for one in others[-len(shape) :]]
    sums, kept = map(copy.copy, empty)
    step = max(1, CELLS_AT_ONCE // max(1, truth[:1].size))
    for start in range(0, len(truth), step):
        piece = slice(start, start + step)
        y_true, y_pred = truth[piece].reshape(-1), prediction[piece].reshape(-1)
        weight = weight_of_all if weights is None else weights[piece].reshape(-1)
        sums.update(y_true, y_pred, sample_weight=weight)
        own = WorstRows._of(kept.begin()).update(y_true, y_pred, sample_weight=weight)
        places = np.unravel_index(np.array([row.row for row in own._kept.rows], np.intp), truth[piece].shape)
        corner = [first[0] + start, *first[1:]]
        rows = np.ravel_multi_index([place + at for place, at in zip(places, corner, strict=True)], shape)
        kept.add(row._replace(row=int(number)) for row, number in zip(own._kept.rows, rows, strict=True))
    return [sums, kept]
