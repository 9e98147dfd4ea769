"""Chunks put together where there are more groups than rows in one: every update looks at all groups once."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from squarely.extras import import_extra
from squarely.files.sources.source import Chunk

ROWS_A_GROUP = 4  # in an update, at least: of fewer, half of the time goes to groups without a row
MOST_ROWS = 1 << 20  # that wait: of two columns and a key some 30 MB


def gathered(chunks: Iterable[Chunk], groups: Callable[[], int]) -> Iterator[Chunk]:
    """Yield chunks of at least four rows a group that there is by then, which is one as it is where these are few."""
    waiting: list[Chunk] = []
    for chunk in chunks:
        waiting.append(chunk)
        if sum(one.rows for one in waiting) >= min(ROWS_A_GROUP * groups(), MOST_ROWS):
            yield _together(waiting)
            waiting = []
    if waiting:
        yield _together(waiting)


def _together(chunks: Sequence[Chunk]) -> Chunk:
    if len(chunks) == 1:
        return chunks[0]
    pyarrow = import_extra("pyarrow")
    keys: dict[str, Any] = {
        name: pyarrow.chunked_array([chunk.keys[name] for chunk in chunks if chunk.keys is not None])
        for name in chunks[0].keys or ()
    }
    columns = tuple(map(np.concatenate, zip(*(chunk.columns for chunk in chunks), strict=True)))
    return chunks[-1]._replace(columns=columns, rows=sum(chunk.rows for chunk in chunks), keys=keys)
