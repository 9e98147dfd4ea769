"""Names of columns, which pair nothing. What would be paired wrongly by position, though, they show."""

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["Labels", "Names", "are_in_other_order", "check_one_order", "joined_names", "names_of_outputs"]

# Of an array or a table: the names along an axis, where it has some.
Labels = Mapping[int, Sequence[Any]]

# Of a stream: those along the axes of its outputs, by what had them, as y_true.
Names = Mapping[str, Labels]

MOST_SHOWN = 8


def check_one_order(sides: Mapping[str, Labels], axis: int) -> None:
    """Refuse sides that have the same names in two orders, along any axis but that of the rows."""
    for (name, labels), (other, its_labels) in itertools.combinations(sides.items(), 2):
        for number in sorted(set(labels) & set(its_labels) - {axis}):
            if are_in_other_order(labels[number], its_labels[number]):
                raise _in_two_orders(name, list(labels[number]), other, list(its_labels[number]))


def names_of_outputs(sides: Mapping[str, Labels], axis: int) -> Names:
    """Return the names of some sides along the axes of the outputs, counted without that of the rows."""
    found = {
        name: {number - (number > axis): list(own) for number, own in labels.items() if number != axis}
        for name, labels in sides.items()
    }
    return {name: labels for name, labels in found.items() if labels}


def joined_names(earlier: Names, later: Names, whose: tuple[str, str] = (" of an earlier chunk", "")) -> Names:
    """Return the names of both parts of a stream, or refuse those that are the same in another order."""
    if earlier and later:
        sides = (
            {f"{name}{own}": labels for name, labels in names.items()}
            for names, own in zip((earlier, later), whose, strict=True)
        )
        check_one_order({name: labels for named in sides for name, labels in named.items()}, -1)
    return {**later, **earlier}


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
