"""Make one task of a chunk's state and of everything that only this state needs, so that no chunk travels.

Dask's own optimization fuses chains and reads. Where truth and prediction have sources of their own, `distributed` may
make them on two workers and send one to the other, which takes longer than to score it.
"""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, NamedTuple

from squarely.extras import import_extra

__all__ = ["without_journeys"]

Key = Hashable


class Subgraph(NamedTuple):
    """Tasks run as one, given the values of the keys they need from outside."""

    tasks: dict[Key, Any]
    result: Key
    needed: tuple[Key, ...]

    def __call__(self, *values: Any) -> Any:
        values_of = dict(zip(self.needed, values, strict=True))
        return import_extra("dask.core").get(self.tasks, [self.result], values_of)[0]


def without_journeys(states: Sequence[Any]) -> list[Any]:
    """Return Delayed objects of the same values, each of one task that has taken in all tasks no other needs."""
    layers = {name: layer for state in states for name, layer in state.dask.layers.items()}
    graph = {key: task for layer in layers.values() for key, task in layer.items()}
    keys = [state.key for state in states]
    name = f"squarely-{import_extra('dask.base').tokenize(keys)}"
    together = import_extra("dask.highlevelgraph").HighLevelGraph.from_collections(name, _fused(graph, keys))
    return [import_extra("dask.delayed").Delayed(key, together, layer=name) for key in keys]


def _fused(graph: Mapping[Key, Any], results: Sequence[Key]) -> dict[Key, Any]:
    core = import_extra("dask.core")
    needs, needed_by = core.get_deps(graph)
    owners: dict[Key, Key | None] = {key: key for key in results}
    for key in reversed(core.toposort(graph, dependencies=needs)):
        if key not in owners:
            of_dependents = {owners[dependent] for dependent in needed_by[key]}
            owner = of_dependents.pop() if len(of_dependents) == 1 else None
            owners[key] = owner if owner is not None and _can_join(graph[key], graph[owner], graph) else None
    tasks_of: dict[Key, dict[Key, Any]] = {}
    shared: dict[Key, Any] = {}
    for key, task in graph.items():
        owner = owners[key]
        if owner is None:
            shared[key] = task
        else:
            tasks_of.setdefault(owner, {})[key] = task
    return shared | {result: _as_one(tasks, result, needs) for result, tasks in tasks_of.items()}


def _as_one(tasks: dict[Key, Any], result: Key, needs: Mapping[Key, set[Key]]) -> Any:
    if len(tasks) == 1:
        return tasks[result]
    needed = tuple(set().union(*(needs[key] for key in tasks)) - set(tasks))
    return (Subgraph(tasks, result, needed), *needed)


def _can_join(task: Any, owner: Any, graph: Mapping[Key, Any]) -> bool:
    # Data, and what names a key beyond the graph as a future on a worker does, only Dask knows how to bring.
    is_complete = all(key in graph for one in (task, owner) for key in getattr(one, "dependencies", ()))
    return is_complete and bool(import_extra("dask.core").istask(task))
