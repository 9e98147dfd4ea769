"""The targets of this kind of processor: each is tried, and one that this machine or this build lacks is said to be."""

import pytest

import squarely
from oracles.tables import TARGETS

HERE = squarely.targets()
ALL = (*TARGETS, *(name for name in HERE if name not in TARGETS))
LACKING = tuple(name for name in ALL if name not in HERE)


def skip_where_lacking(target: str) -> None:
    if target in LACKING:
        pytest.skip(f"this processor, or this build, lacks the target {target}")
