"""Keys of groups that are written as text: integers, numbers, dates and moments where all of the first rows are such.

Types are found once, in the first block of a file: those guessed in every block could differ from one to the next.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from squarely.extras import import_extra
from squarely.files.errors import ContentError, one_line

LONG_DIGITS = r"^\s*[+-]?\d{16,}\s*$"  # which a float64 would round, so that two keys could become one

NAMES_OF_KINDS = (("int", "integers"), ("uint", "integers"), ("double", "numbers"), ("bool", "true or false"))


def text_of_keys() -> Any:
    """Return the type that keys are read as: every text of a block once, and the places of these."""
    pyarrow = import_extra("pyarrow")
    return pyarrow.dictionary(pyarrow.int32(), pyarrow.string())


def schema_with(schema: Any, keys: Mapping[str, TextKeys]) -> Any:
    """Return a schema with the types of the keys."""
    pyarrow = import_extra("pyarrow")
    for name, own in keys.items():
        schema = schema.set(schema.get_field_index(name), pyarrow.field(name, own.type))
    return schema


@functools.cache
def _kinds_of_times() -> tuple[Any, ...]:
    pyarrow = import_extra("pyarrow")
    moments = [pyarrow.timestamp(unit, zone) for zone in (None, "UTC") for unit in ("us", "ns")]
    return (pyarrow.date32(), *moments)


@functools.cache
def _kinds() -> tuple[Any, ...]:
    pyarrow = import_extra("pyarrow")
    return (pyarrow.int64(), pyarrow.uint64(), pyarrow.float64(), pyarrow.bool_(), *_kinds_of_times())


@functools.cache
def _words_for_missing() -> tuple[str, ...]:
    return tuple(import_extra("pyarrow.csv").ConvertOptions().null_values)


def kind_of(texts: Any, *, only_times: bool = False) -> Any:
    """Return the type that all of some texts are of, and nothing where they are but text."""
    compute = import_extra("pyarrow.compute")
    pyarrow = import_extra("pyarrow")
    if pyarrow.types.is_dictionary(texts.type):
        texts = texts.dictionary_decode()
    texts = _trimmed(without_words(texts, _words_for_missing())).drop_null()
    if len(texts) == 0:
        return None
    are_long = compute.any(compute.match_substring_regex(texts, LONG_DIGITS)).as_py()
    for kind in _kinds_of_times() if only_times else _kinds():
        if kind == pyarrow.float64() and are_long:
            continue
        try:
            texts.cast(kind)
        except pyarrow.ArrowInvalid:
            continue
        return kind
    return None


class TextKeys(NamedTuple):
    """A column of keys as text, what they are, and the texts that mean null."""

    name: str
    kind: Any
    """A type of pyarrow; None of text."""
    missing: Sequence[str] = ()

    @property
    def type(self) -> Any:
        pyarrow = import_extra("pyarrow")
        return text_of_keys() if self.kind is None else pyarrow.dictionary(pyarrow.int32(), self.kind)

    def of(self, column: Any, rows_before: int) -> Any:
        """Return the keys of a dictionary of texts."""
        pyarrow = import_extra("pyarrow")
        texts = without_words(column.dictionary, self.missing)
        if self.kind is not None:
            texts = self._converted(_trimmed(without_words(texts, _words_for_missing())), column, rows_before)
        return dictionary_of(pyarrow, column.indices, texts)

    def _converted(self, texts: Any, column: Any, rows_before: int) -> Any:
        pyarrow = import_extra("pyarrow")
        try:
            return texts.cast(self.kind)
        except pyarrow.ArrowInvalid as error:
            place = next(place for place in range(len(texts)) if not _can_be(texts[place], self.kind))
            row = rows_before + import_extra("pyarrow.compute").index(column.indices, place).as_py() + 1
            raise ContentError(
                f"column {self.name!r} holds {one_line(texts[place].as_py())!r} in data row {row}, and its first keys "
                f"are {_in_words(self.kind)}; group by {self.name + ':text'!r} to take them as they are written"
            ) from error


def dictionary_of(pyarrow: Any, places: Any, values: Any) -> Any:
    """Return values at places, where values that are null are no values of a dictionary but null rows."""
    if values.null_count:
        compute = import_extra("pyarrow.compute")
        places = compute.if_else(compute.is_valid(values.take(places)), places, None)
    return pyarrow.DictionaryArray.from_arrays(places, values)


def without_words(texts: Any, words: Sequence[str]) -> Any:
    """Return texts, and null where they are one of these words."""
    pyarrow, compute = import_extra("pyarrow"), import_extra("pyarrow.compute")
    is_missing = compute.is_in(texts, value_set=pyarrow.array(list(words), texts.type))
    return compute.if_else(is_missing, None, texts)


def _trimmed(texts: Any) -> Any:
    return import_extra("pyarrow.compute").utf8_trim_whitespace(texts)


def _can_be(text: Any, kind: Any) -> bool:
    try:
        text.cast(kind)
    except import_extra("pyarrow").ArrowInvalid:
        return False
    return True


def _in_words(kind: Any) -> str:
    known = (name for start, name in NAMES_OF_KINDS if str(kind).startswith(start))
    return next(known, "dates" if str(kind).startswith("date") else "moments")
