"""Names of columns, which pair nothing. What would be paired wrongly by position, though, they show."""

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["Labels", "are_in_other_order", "check_one_order"]

# Of an array or a table: the names along an axis, where it has some.
Labels = Mapping[int, Sequence[Any]]

MOST_SHOWN = 8


def check_one_order(sides: Mapping[str, Labels], axis: int) -> None:
    """Refuse sides that have the same names in two orders, along any axis but that of the rows."""
    for (name, labels), (other, its_labels) in itertools.combinations(sides.items(), 2):
        for number in sorted(set(labels) & set(its_labels) - {axis}):
            if are_in_other_order(labels[number], its_labels[number]):
                raise _in_two_orders(name, list(labels[number]), other, list(its_labels[number]))


def are_in_other_order(mine: Sequence[Any], theirs: Sequence[Any]) -> bool:
    """Whether these are the same names in another order. Other names are no concern: models have their own."""
    if len(mine) != len(theirs):
        return False
    mine, theirs = list(mine), list(theirs)
    return mine != theirs and Counter(mine) == Counter(theirs)


def _in_two_orders(name: str, mine: list[Any], other: str, theirs: list[Any]) -> ValueError:
    first = next(number for number, (one, its) in enumerate(zip(mine, theirs, strict=True)) if one != its)
    here = f"from column {first} on: " if first else ""
    shown, its_shown = (", ".join(map(repr, names[first : first + MOST_SHOWN])) for names in (mine, theirs))
    more = ", ..." if len(mine) > first + MOST_SHOWN else ""
    return ValueError(
        f"{name} and {other} have the same columns in another order, {here}{name} has [{shown}{more}], {other} "
        f"[{its_shown}{more}]. Columns are paired by position: bring those of {other} into the order of {name} first."
    )
