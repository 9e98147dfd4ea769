"""The rows of cpp/tables and cpp/kernels, read as text: who adds a row there has no list to keep here."""

import pathlib
import platform
import re
from typing import NamedTuple

CPP = pathlib.Path(__file__).parents[2] / "cpp"


def rows_of(table: str, kind: str) -> list[tuple[str, ...]]:
    """Return the cells of every row of a table, those of one that holds commas as they stand."""
    text = re.sub(r"//.*", "", (CPP / "tables" / table).read_text())
    rows = re.findall(rf"^{kind}\(([^)]*)\)", text, re.MULTILINE)
    return [tuple(cell.strip() for cell in row.split(",")) for row in rows]


class Term(NamedTuple):
    """A row of terms.def."""

    name: str
    number: int
    facts: frozenset[str]

    def says(self, fact: str) -> bool:
        return any(one.startswith(fact) for one in self.facts)

    @property
    def is_compared(self) -> bool:
        return self.says(".extreme")

    @property
    def is_by_size(self) -> bool:
        """Whether pairs are counted by the size of a number."""
        return self.says(".by_size")

    @property
    def is_always_a_number(self) -> bool:
        return ".is_always_a_number = true" in self.facts

    @property
    def has_a_parameter(self) -> bool:
        return self.says(".parameter")

    @property
    def is_rounded_to_two_words(self) -> bool:
        """Whether a sum loses bits beyond the hundredth."""
        return ".is_rounded = true" in self.facts


TERMS = {
    name: Term(name, int(number), frozenset(facts))
    for name, number, _, _, *facts in rows_of("terms.def", "SQUARELY_TERM")
}


class ElementType(NamedTuple):
    """A row of element_types.def: its name in C and in NumPy, or in ml_dtypes, and NumPy's kind, f, i, u or b."""

    name_in_c: str
    name: str
    kind: str


ELEMENT_TYPES = [
    ElementType(in_c.upper(), name.strip('"'), kind.strip("'"))
    for in_c, _, name, _, kind, *_ in rows_of("element_types.def", "SQUARELY_ELEMENT_TYPE")
]

LOSSES = [name for name, _ in rows_of("losses.def", "SQUARELY_LOSS")]


def targets_of(machine: str) -> list[str]:
    """Return the targets of a kind of processor, those it may lack among them, the best last."""
    branches = re.split(r"^(?:else)?if\((.*)\)$", (CPP / "kernels" / "targets.cmake").read_text(), flags=re.MULTILINE)
    text = branches[0] + "".join(
        body
        for condition, body in zip(branches[1::2], branches[2::2], strict=True)
        if machine in re.findall(r"[\w-]+", condition)
    )
    return re.findall(r'"([\w-]+)\|', text)


TARGETS = targets_of(platform.machine())
