"""Metrics over order statistics of sources that can be read again: pass by pass, until all ranks are found."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from squarely.files.errors import FileError
from squarely.files.order.groups import GroupedSearch
from squarely.files.order.looks import Look
from squarely.files.order.results import OfOrder
from squarely.files.order.search import Search
from squarely.files.runs.checkpoint import Checkpoint
from squarely.files.runs.progress import Progress
from squarely.files.runs.run import read_all
from squarely.files.runs.states import FileStates
from squarely.files.runs.totals import Totals
from squarely.files.sources.source import Source
from squarely.named_metrics import Metric

__all__ = ["with_order"]


def with_order(
    states: FileStates,
    asked: tuple[Metric, ...],
    sources: list[Source],
    workers: int,
    progress: Callable[[Progress], object] | None,
    saving: Checkpoint | None,
) -> FileStates:
    """Return the sums of the first pass with the scores of the others, for which the sources are read again."""
    first: Mapping[str, Any] = states.predictions
    sums = {name: look.sums for name, look in first.items()}
    if states.of_order is not None and states.of_order.is_found:  # by the run that has saved it
        return dataclasses.replace(states, predictions=sums)
    of_order = [one for one in asked if one.is_of_order]
    searches: dict[str, Any] = {
        name: Search(of_order, look) if isinstance(look, Look) else GroupedSearch(look) for name, look in first.items()
    }
    number = 1
    while any(search.is_open for search in searches.values()):
        number += 1
        totals = Totals({name: search.look() for name, search in searches.items()}, is_exact=True, by=states.by or ())
        read_all(sources, totals, states.nan_policy, workers, progress, number)
        for name, search in searches.items():
            if totals.rows != states.rows or not search.take(totals.accumulators[name]):
                raise FileError(f"{totals.path}: the rows were others in pass {number} than in the first; run it again")
    found = OfOrder(asked, {name: search.scores(of_order) for name, search in searches.items()})
    if states.by:
        found = found._replace(of_groups={name: search.medians() for name, search in searches.items()})
    if saving is not None and saving.first_pass is not None:
        saving.save(dataclasses.replace(states, of_order=found), saving.first_pass, finished=True)
    return dataclasses.replace(states, predictions=sums, of_order=found)
