"""States of chunks, each made where its chunk is, and the tree that merges them, as Dask graphs."""

import contextlib
import copy
import itertools
import multiprocessing
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from squarely import _core
from squarely.accumulator import Accumulator
from squarely.dask.fusion import without_journeys
from squarely.dask.worst_rows import WorstOfChunks, in_chunk
from squarely.evaluation import naming
from squarely.extras import import_extra
from squarely.groups.accumulator import GroupedAccumulator

__all__ = [
    "Extras",
    "States",
    "beside_others",
    "cut_wherever_one_is",
    "merged",
    "state_grid",
    "states_of_chunks",
    "tree_of",
]

# A state for each prediction: all of them an Accumulator, or by groups a GroupedAccumulator. Behind these, where they
# are asked for, the worst rows of each.
States = list[Any]

# How many states one task merges: 10,000 of them are one after four rounds.
FAN_IN = 16


class Extras(NamedTuple):
    """What goes with the arrays of a task: how they are scored, and what is the same for every chunk."""

    empty: Accumulator | GroupedAccumulator
    names: tuple[str, ...]
    axis: int
    has_weights: bool
    has_where: bool
    weight_of_all: float | None
    by: tuple[str, ...] | None
    """The names of the columns of keys, none where one collection holds them all, None without groups."""
    worst: WorstOfChunks | None = None


def states_of_chunks(*chunks: Any, extras: Extras, where_from: str) -> States:
    """Return a state for each prediction of one chunk: one task, which reads the truth once for all of them."""
    return beside_others(partial(_states_of_chunks, extras=extras, where_from=where_from), *chunks)


def _states_of_chunks(y_true: Any, *others: Any, extras: Extras, where_from: str) -> States:
    predictions = others[: len(extras.names)]
    rest = list(others[len(extras.names) :])
    weights = rest.pop(0) if extras.has_weights else extras.weight_of_all
    where = rest.pop(0) if extras.has_where else None
    keys: dict[str, Any] = {}
    if extras.by is not None:
        keys["by"] = {name: rest.pop(0) for name in extras.by} if extras.by else rest.pop(0)
    states: States = []
    worst: States = []
    for name, prediction in zip(extras.names, predictions, strict=True):
        state: Any = copy.copy(extras.empty)
        with naming(where_from), naming(name):
            state.update(y_true, prediction, sample_weight=weights, where=where, axis=extras.axis, **keys)
            if extras.worst is not None:
                sides = y_true, prediction, weights, where
                worst.append(extras.worst.rows_of(*sides, axis=extras.axis, shown=rest, **keys))
        states.append(state)
    return states + worst


def merged(states_of_each: Sequence[States]) -> States:
    """Return the sums of states, prediction by prediction. What is merged is left as it is: Dask may hold it."""
    first, *others = states_of_each
    totals = [copy.copy(state) for state in first]
    for states in others:
        for total, state in zip(totals, states, strict=True):
            total.merge(state)
    return totals


def merged_in_order(states_of_each: Sequence[States], first: int) -> States:
    """Return the sums of states of chunks, the first of which has this number: their worst rows know it from there."""
    return merged(
        [[in_chunk(state, number) for state in states] for number, states in enumerate(states_of_each, start=first)]
    )


def tree_of(states: Sequence[Any], fan_in: int = FAN_IN, *, in_order: bool = False) -> Any:
    """Return one Delayed for many, each merge of which waits for a few states only."""
    if len(states) == 1 and not in_order:
        return states[0]
    left = [state.key for state in states]
    name = f"squarely-merge-{import_extra('dask.base').tokenize(left)}"
    tree: dict[Any, Any] = {}
    # Written down rather than called: dask.delayed looks through the whole graph in every call.
    for level in itertools.count():
        groups = [left[start : start + fan_in] for start in range(0, len(left), fan_in)]
        if in_order and level == 0:
            tree.update(
                ((name, level, number), (merged_in_order, group, number * fan_in))
                for number, group in enumerate(groups)
            )
        else:
            tree.update(((name, level, number), (merged, group)) for number, group in enumerate(groups))
        left = [(name, level, number) for number in range(len(groups))]
        if len(left) == 1:
            break
    graph = import_extra("dask.highlevelgraph").HighLevelGraph.from_collections(name, tree, dependencies=states)
    return import_extra("dask.delayed").Delayed(left[0], graph, layer=name)


def cut_wherever_one_is(arrays: Sequence[Any], dimensions: Sequence[Sequence[int]]) -> list[Any]:
    """Return the arrays in equal blocks: cut wherever one of them is, along the dimensions they share."""
    pairs = [part for array, own in zip(arrays, dimensions, strict=True) for part in (array, tuple(own))]
    _, cut = import_extra("dask.array").core.unify_chunks(*pairs, warn=False)
    return list(cut)


def state_grid(arrays: Sequence[Any], dimensions: Sequence[Sequence[int]], update: Callable[..., States]) -> Any:
    """Return an array of Delayed, one for each block of the first array, of the states of the blocks beside it.

    Parameters
    ----------
    arrays : sequence of dask.array.Array
        Cut into the same blocks already.
    dimensions : sequence of sequences of int
        Which dimensions of the first array those of each array are.
    update : callable
        From the blocks to their states.
    """
    dask_array = import_extra("dask.array")
    rank = arrays[0].ndim
    states = dask_array.blockwise(
        update,
        tuple(range(rank)),
        *itertools.chain.from_iterable(zip(arrays, map(tuple, dimensions), strict=True)),
        dtype=object,
        meta=np.empty((0,) * rank, dtype=object),
        align_arrays=False,
    )
    grid = states.to_delayed()
    alone = np.empty(grid.shape, dtype=object)
    alone.ravel()[:] = without_journeys(list(grid.flat))
    return alone


def beside_others(update: Callable[..., States], *chunks: Any) -> States:
    """Return the states of chunks, made on one thread where Dask runs others beside this one."""
    with one_thread_beside_others():
        return update(*chunks)


@contextlib.contextmanager
def one_thread_beside_others() -> Iterator[None]:
    """Run on one thread where Dask runs tasks beside this one: in its threads, and in its processes.

    Only tasks of the synchronous scheduler are alone: they run in the main thread of the main process.
    """
    is_alone = threading.current_thread() is threading.main_thread() and multiprocessing.parent_process() is None
    before = _core.use_one_thread_here(not is_alone)
    try:
        yield
    finally:
        _core.use_one_thread_here(before)
