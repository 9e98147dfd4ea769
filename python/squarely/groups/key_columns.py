"""One column of keys: its kind, which the first key decides, and a table of the core in which they are numbered."""

from __future__ import annotations

import difflib
import itertools
from typing import Any

import numpy as np
import numpy.typing as npt

from squarely import _core
from squarely.groups.chunks import Chunk, Codes, Nulls, Spans, Table, Words, check_characters
from squarely.groups.kinds import (
    BYTES,
    FLOAT,
    NOTHING,
    TEXT,
    Kind,
    array_of_words,
    in_other_units,
    joined,
    objects_of,
    value_of_word,
)

__all__ = ["KeyColumn"]

# Of more texts the nearest are not looked for.
MOST_COMPARED = 10_000

State = tuple[Kind, Table, int]


class KeyColumn:
    """The keys of a column, numbered in the order in which they first came. Null is one of them."""

    def __init__(self) -> None:
        self.kind = NOTHING
        self.table = _core.KeyTable(is_text=False)

    def __len__(self) -> int:
        return len(self.table)

    def copy(self) -> KeyColumn:
        other = KeyColumn()
        other.kind, other.table = self.kind, self.table.copy()
        return other

    # Numbers of keys

    def codes(self, chunk: Chunk, label: str) -> Codes:
        """Return the number of each row's key. Whoever is refused something goes back to the state before."""
        kind = joined(self.kind, chunk.kind, label)
        if kind != self.kind and self.kind == NOTHING:
            self.kind, self.table = kind, _table_of(kind, has_missing=len(self.table) > 0)
        before = len(self.table)
        codes = self._in_one_unit(chunk, label).codes(self.table, True)
        self.settle()
        if self.kind == TEXT and len(self.table) > before:
            check_characters(*self.texts(np.arange(before, len(self.table), dtype=np.uint32)), label)
        return codes

    def _in_one_unit(self, chunk: Any, label: str) -> Chunk:
        """Return a chunk in the unit of the keys. Where that does not hold it, they all get another one that does."""
        if not chunk.kind.is_time or chunk.kind == self.kind:
            return chunk  # type: ignore[no-any-return]
        own: Any = self.chunk(self.all_codes(), label)
        for kind in (self.kind, *in_other_units(self.kind)):
            try:
                there, found = chunk.in_unit(kind), own.in_unit(kind)
            except ValueError:
                continue
            if kind != self.kind:
                self.kind, self.table = kind, _core.KeyTable(is_text=False)
                found.codes(self.table, True)  # which numbers them as they were
            return there  # type: ignore[no-any-return]
        raise ValueError(
            f"{label} holds times in the unit {chunk.kind.unit!r}, and there are times in the unit {self.kind.unit!r} "
            "already, so fine and so far from each other that 64 bits of no unit hold them all. Nothing is rounded."
        )

    def canonical(self, codes: Codes) -> tuple[Kind, npt.NDArray[np.uint64]]:
        """Return keys as words, of times in the one unit that follows from the times of all."""
        if self.kind.is_time:
            own: Any = self.chunk(codes, "")
            for kind in in_other_units(self.kind):
                try:
                    return kind, own.in_unit(kind).values.view(np.uint64)
                except ValueError:
                    continue
        return self.kind, self.words(codes)

    def codes_of_known(self, chunk: Chunk) -> Codes:
        """Return the number of each row's key, and `no_code` where it is none."""
        if NOTHING not in (self.kind, chunk.kind):
            joined(self.kind, chunk.kind, "by")
            known: Codes = _in_unit_of(chunk, self.kind).codes(self.table, False)
            return known
        table = self.table if chunk.kind.is_text == self.kind.is_text else _table_of(chunk.kind, has_missing=False)
        return chunk.codes(self.table if chunk.kind == NOTHING else table, False)

    def state(self) -> State:
        return self.kind, self.table, len(self.table)

    def go_back(self, state: State) -> None:
        self.kind, self.table, count = state
        self.table.forget_after(count)

    def forget_after(self, count: int) -> None:
        self.table.forget_after(count)
        self.settle()

    def settle(self) -> None:
        """Let a column have no kind while it has no key but null: it is not known from anywhere else what it was."""
        count = len(self.table)
        if count == 0 or (count == 1 and self.table.missing is not None):
            self.kind, self.table = NOTHING, _table_of(NOTHING, has_missing=count > 0)

    # Keys of numbers

    def value(self, code: int) -> Any:
        """Return a key as a value of Python."""
        if self.table.missing == code:
            return None
        key = self.table.key(code)
        if isinstance(key, int):
            return value_of_word(self.kind, key, self.table.is_large)
        return key if self.kind == BYTES else key.decode()

    def values(self, codes: Codes) -> npt.NDArray[Any]:
        """Return keys as an array of their natural type."""
        missing = self.are_missing(codes)
        if self.kind == NOTHING:
            return objects_of([None] * len(codes), missing)
        if not self.table.is_text:
            words = self.words(codes)
            return array_of_words(self.kind, words, missing, is_large=self.table.is_large)
        texts: list[Any] = self._separate_texts(codes)
        return objects_of(texts if self.kind == BYTES else [text.decode() for text in texts], missing)

    def are_missing(self, codes: Codes) -> npt.NDArray[np.bool_]:
        missing = self.table.missing
        return np.zeros(len(codes), np.bool_) if missing is None else codes == missing

    def chunk(self, codes: Codes, label: str) -> Chunk:
        """Return keys as rows of a chunk."""
        if self.kind == NOTHING:
            return Nulls(len(codes))
        missing = self.are_missing(codes)
        if not self.table.is_text:
            return Words(self.kind, self._numbers(codes), label, missing)
        together, lengths = self.texts(codes)
        ends = np.cumsum(lengths)
        return Spans(self.kind, ends - lengths, ends, np.frombuffer(together, np.uint8), label, missing)

    def all_codes(self) -> Codes:
        return np.arange(len(self.table), dtype=np.uint32)

    def in_order(self) -> Codes:
        """Return the numbers of all keys by their keys: NaN after the numbers, and null last."""
        return self.table.in_order(are_floats=self.kind == FLOAT)

    def nearest(self, key: Any) -> list[Any]:
        """Return some keys that a person may have meant."""
        if isinstance(key, str) and self.kind == TEXT:
            texts = [self.value(code) for code in range(min(len(self), MOST_COMPARED))]
            return difflib.get_close_matches(key, [text for text in texts if text is not None], cutoff=0.4)
        is_number = isinstance(key, (int, float)) and key == key
        if is_number and not self.kind.is_text and not self.kind.is_time:
            numbers = self._numbers(self.all_codes())
            distances = np.abs(numbers.astype(np.float64) - float(key))
            distances[self.are_missing(self.all_codes())] = np.inf
            return [self.value(int(code)) for code in np.argsort(distances, kind="stable")[:3]]
        return [self.value(code) for code in range(min(len(self), 3))]

    def words(self, codes: Codes) -> npt.NDArray[np.uint64]:
        words = self.table.keys(codes)
        assert not isinstance(words, tuple)
        return words

    def texts(self, codes: Codes) -> tuple[bytes, npt.NDArray[np.int64]]:
        """Return the bytes of all texts, one behind the other, and their lengths."""
        texts = self.table.keys(codes)
        assert isinstance(texts, tuple)
        return texts

    def _separate_texts(self, codes: Codes) -> list[bytes]:
        together, lengths = self.texts(codes)
        ends = [0, *np.cumsum(lengths).tolist()]
        return [together[start:end] for start, end in itertools.pairwise(ends)]

    def _numbers(self, codes: Codes) -> npt.NDArray[Any]:
        """Return keys that are no texts as the numbers that they are ordered by."""
        words = self.words(codes)
        if self.kind == FLOAT:
            return words.view(np.float64)
        return words if self.table.is_large else words.view(np.int64)


def _table_of(kind: Kind, *, has_missing: bool) -> Table:
    table = _core.KeyTable(kind.is_text)
    if has_missing:
        table.add_missing()
    return table


def _in_unit_of(chunk: Any, kind: Kind) -> Any:
    return chunk.in_unit(kind) if chunk.kind.is_time and chunk.kind != kind else chunk
