"""What every container of keys becomes: a chunk of a column, whose rows the core reads where they lie."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from squarely import _core
from squarely.columns.forms import missing_in
from squarely.groups.kinds import NOTHING, Kind, in_unit

__all__ = [
    "Chunk",
    "Codes",
    "Dictionary",
    "FixedTexts",
    "Nulls",
    "Objects",
    "Pieces",
    "Spans",
    "Table",
    "Views",
    "Words",
]

Codes = npt.NDArray[np.uint32]
Rows = npt.NDArray[np.intp]
Presence = npt.NDArray[np.uint8] | npt.NDArray[np.bool_] | None

Table = _core.KeyTable


class Chunk(Protocol):
    """Some rows of a column of keys."""

    @property
    def kind(self) -> Kind: ...

    def __len__(self) -> int: ...

    def codes(self, table: Table, adds: bool) -> Codes:
        """Return the code of every row in a table of the kind; `no_code` where there is none and none is added."""

    def rows(self, chosen: Rows) -> Chunk:
        """Return some of the rows, as a copy."""


def codes_of_nulls(count: int, table: Table, adds: bool) -> Codes:
    missing = table.add_missing() if adds and count else table.missing
    return np.full(count, _core.no_code if missing is None else missing, np.uint32)


class Nulls:
    """Rows without a key, of which it is not known what they would be."""

    kind = NOTHING

    def __init__(self, length: int) -> None:
        self.length = length

    def __len__(self) -> int:
        return self.length

    def codes(self, table: Table, adds: bool) -> Codes:
        return codes_of_nulls(self.length, table, adds)

    def rows(self, chosen: Rows) -> Nulls:
        return Nulls(len(chosen))


class Words:
    """Numbers, booleans and times. Of times the values are integers."""

    def __init__(
        self, kind: Kind, values: npt.NDArray[Any], label: str, presence: Presence = None, first_bit: int = 0
    ) -> None:
        self.kind, self.values, self.label = kind, values, label
        self.presence, self.first_bit = presence, first_bit

    def __len__(self) -> int:
        return len(self.values)

    def codes(self, table: Table, adds: bool) -> Codes:
        segment = (self.values, self.presence, self.first_bit)
        codes = table.codes("words", (segment, self.kind.is_time), adds)
        if codes is None:
            raise ValueError(
                f"{self.label} has integers below zero and integers beyond 2**63 - 1 among its keys, in this chunk or "
                "with those before, and no one type holds both. Pass them as text."
            )
        return codes

    def rows(self, chosen: Rows) -> Words:
        missing = missing_in((self.values, self.presence, self.first_bit))
        return Words(self.kind, self.values[chosen], self.label, None if missing is None else missing[chosen])

    def in_unit(self, kind: Kind) -> Words:
        """Return times in the unit of another kind, or refuse what that does not hold."""
        if kind.unit == self.kind.unit:
            return self
        times, is_lost = in_unit(self.values.astype(np.int64), self.kind.unit, kind.unit)
        missing = missing_in((self.values, self.presence, self.first_bit))
        if (is_lost if missing is None else is_lost & ~missing).any():
            raise ValueError(f"{self.label} holds times that the unit {kind.unit!r} does not hold.")
        return Words(kind, times, self.label, self.presence, self.first_bit)


class Spans:
    """Texts that begin and end somewhere in one buffer."""

    def __init__(
        self,
        kind: Kind,
        starts: npt.NDArray[Any],
        ends: npt.NDArray[Any],
        data: npt.NDArray[np.uint8],
        label: str,
        presence: Presence = None,
        first_bit: int = 0,
    ) -> None:
        self.kind, self.starts, self.ends, self.data, self.label = kind, starts, ends, data, label
        self.presence, self.first_bit = presence, first_bit

    def __len__(self) -> int:
        return len(self.starts)

    def codes(self, table: Table, adds: bool) -> Codes:
        starts = (self.starts, self.presence, self.first_bit)
        return codes_of_texts(table, "spans", (starts, self.ends, self.data), adds, self.label)

    def rows(self, chosen: Rows) -> Spans:
        missing = missing_in((self.starts, self.presence, self.first_bit))
        presence = None if missing is None else missing[chosen]
        return Spans(self.kind, self.starts[chosen], self.ends[chosen], self.data, self.label, presence)


class Views:
    """Arrow's string views: two words each, of the second one only the core knows."""

    def __init__(
        self,
        kind: Kind,
        words: npt.NDArray[np.int64],
        buffers: Sequence[npt.NDArray[np.uint8]],
        label: str,
        presence: Presence = None,
        first_bit: int = 0,
    ) -> None:
        self.kind, self.words, self.buffers, self.label = kind, words, buffers, label
        self.presence, self.first_bit = presence, first_bit

    def __len__(self) -> int:
        return len(self.words)

    def codes(self, table: Table, adds: bool) -> Codes:
        views = (self.words[:, 0], self.presence, self.first_bit)
        return codes_of_texts(table, "views", (views, tuple(self.buffers)), adds, self.label)

    def rows(self, chosen: Rows) -> Views:
        missing = missing_in((self.words[:, 0], self.presence, self.first_bit))
        presence = None if missing is None else missing[chosen]
        return Views(self.kind, self.words[chosen], self.buffers, self.label, presence)


class FixedTexts:
    """Texts of NumPy, of one width."""

    def __init__(self, kind: Kind, values: npt.NDArray[Any], label: str) -> None:
        self.kind, self.values, self.label = kind, values, label

    def __len__(self) -> int:
        return len(self.values)

    def codes(self, table: Table, adds: bool) -> Codes:
        return codes_of_texts(table, "fixed", (self.values,), adds, self.label)

    def rows(self, chosen: Rows) -> FixedTexts:
        return FixedTexts(self.kind, self.values[chosen], self.label)


class Objects(FixedTexts):
    """Strings or bytes of Python. What is neither is missing."""

    def codes(self, table: Table, adds: bool) -> Codes:
        return codes_of_texts(table, "objects", (self.values,), adds, self.label)

    def rows(self, chosen: Rows) -> Objects:
        return Objects(self.kind, self.values[chosen], self.label)


# A row more is a pointer more while they are read.
STRINGS_AT_ONCE = 65536


class Strings(FixedTexts):
    """NumPy's strings of any length, some of which may be missing."""

    def codes(self, table: Table, adds: bool) -> Codes:
        starts = range(0, len(self), STRINGS_AT_ONCE)
        pieces = (self.values[start : start + STRINGS_AT_ONCE].astype(object) for start in starts)
        found = [Objects(self.kind, piece, self.label).codes(table, adds) for piece in pieces]
        return np.concatenate(found) if found else np.empty(0, np.uint32)

    def rows(self, chosen: Rows) -> Strings:
        return Strings(self.kind, self.values[chosen], self.label)


class Dictionary:
    """Places in a dictionary, of which only what is used is looked up, and only once."""

    def __init__(self, places: Words, values: Chunk) -> None:
        self.places, self.values = places, values

    @property
    def kind(self) -> Kind:
        return self.values.kind

    def __len__(self) -> int:
        return len(self.places)

    def codes(self, table: Table, adds: bool) -> Codes:
        used = _core.KeyTable(is_text=False)
        numbers = self.places.codes(used, True)
        places = used.keys(np.arange(len(used), dtype=np.uint32)).astype(np.intp)  # type: ignore[union-attr]
        missing = len(places) if used.missing is None else used.missing
        self._check_places(places[np.arange(len(places)) != missing])
        found = [
            self.values.rows(places[:missing]).codes(table, adds),
            codes_of_nulls(len(places[missing : missing + 1]), table, adds),
            self.values.rows(places[missing + 1 :]).codes(table, adds),
        ]
        return np.concatenate(found)[numbers]

    def _check_places(self, places: Rows) -> None:
        if ((places < 0) | (places >= len(self.values))).any():
            raise ValueError(
                f"{self.places.label} has places that are not in its dictionary of {len(self.values)} keys."
            )

    def rows(self, chosen: Rows) -> Dictionary:
        return Dictionary(self.places.rows(chosen), self.values)

    def in_unit(self, kind: Kind) -> Dictionary:
        return Dictionary(self.places, self.values.in_unit(kind))  # type: ignore[attr-defined]


class Pieces:
    """Chunks one behind the other."""

    def __init__(self, kind: Kind, pieces: Sequence[Chunk]) -> None:
        self.kind, self.pieces = kind, pieces

    def __len__(self) -> int:
        return sum(map(len, self.pieces))

    def codes(self, table: Table, adds: bool) -> Codes:
        return np.concatenate([np.empty(0, np.uint32), *(piece.codes(table, adds) for piece in self.pieces)])

    def rows(self, chosen: Rows) -> Pieces:
        firsts = np.cumsum([0, *map(len, self.pieces)])
        owners = np.searchsorted(firsts, chosen, side="right") - 1
        # Their order is kept: keys are numbered in it.
        runs = np.split(np.arange(len(chosen)), np.flatnonzero(np.diff(owners)) + 1) if len(chosen) else []
        parts = [(int(owners[run[0]]), run) for run in runs]
        return Pieces(self.kind, [self.pieces[owner].rows(chosen[run] - firsts[owner]) for owner, run in parts])

    def in_unit(self, kind: Kind) -> Pieces:
        return Pieces(kind, [piece.in_unit(kind) if piece.kind.is_time else piece for piece in self.pieces])  # type: ignore[attr-defined]


def codes_of_texts(table: Table, form: str, source: tuple[Any, ...], adds: bool, label: str) -> Codes:
    """Return the codes of texts, or raise what the core refuses with the name of the argument before it."""
    try:
        codes = table.codes(form, source, adds)
    except ValueError as error:
        raise ValueError(f"{label} {error}") from error
    assert codes is not None
    return codes


def check_characters(texts: bytes, lengths: npt.NDArray[np.int64], label: str) -> None:
    """Refuse texts that are no UTF-8, as which they came."""
    try:
        texts.decode()
    except UnicodeDecodeError as error:
        raise ValueError(f"{label} holds text that is no UTF-8: {error.reason}.") from error
    starts = (np.cumsum(lengths) - lengths)[lengths > 0]
    if ((np.frombuffer(texts, np.uint8)[starts] & 0xC0) == 0x80).any():
        raise ValueError(f"{label} holds text that is no UTF-8: a character is cut in two.")
