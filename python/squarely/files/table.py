"""What every format offers once a file is open."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

BATCH_ROWS = 65_536  # two float64 columns of a batch fit the L2 cache: what is decoded is scored while it is warm


class Table(NamedTuple):
    """An open file: the names and types of its columns, and a way to read some of them."""

    schema: Any
    batches: Callable[[Sequence[str]], Iterator[tuple[Any, float]]]
