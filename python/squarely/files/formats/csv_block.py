"""A block of rows of text, parsed by pyarrow into columns of numbers."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from squarely.extras import import_extra
from squarely.files.errors import NUMBERS_SHOWN, ContentError, one_line
from squarely.files.formats import suggestions
from squarely.files.formats.csv_rows import ROW_BYTES, Text
from squarely.files.formats.grouped_digits import without_groups
from squarely.files.formats.reading import BLANKS, ReadingOptions
from squarely.files.formats.text_keys import TextKeys, text_of_keys

MOST_BLANKS = 64  # in a field that is missing because nothing else is in it
IN_A_ROW = re.compile(rb"[^\r\n]")


class Place(NamedTuple):
    """Where a block lies: how many rows are before it, and whether it is the first, with the header."""

    rows_before: int
    is_first: bool

    def read_options(self, reading: ReadingOptions, names: Sequence[str]) -> dict[str, Any]:
        named = {} if self.is_first and reading.header else {"column_names": names}
        if not self.is_first:
            return named
        return {"skip_rows": reading.skip_rows, "skip_rows_after_names": reading.skip_rows_after_header, **named}

    def data_row(self, row: int, reading: ReadingOptions) -> int:
        """Return the number of a row that pyarrow counts from the beginning of the block."""
        above = reading.skip_rows + reading.header + reading.skip_rows_after_header if self.is_first else 0
        return self.rows_before + row - above


def names_in(header: bytes, reading: ReadingOptions) -> list[str]:
    """Return the names in a header, or numbers in their place where a row of data is all there is."""
    options = {"skip_rows": reading.skip_rows, "autogenerate_column_names": not reading.header}
    names = [str(name) for name in _read(header, options, reading, {}, ()).column_names]
    return names if reading.header else [str(number + 1) for number in range(len(names))]


class BlockParser:
    """Parses the blocks of a text, several at a time if need be."""

    def __init__(
        self, reading: ReadingOptions, names: Sequence[str], columns: Sequence[str], keys: Mapping[str, TextKeys]
    ) -> None:
        self._reading = reading
        self._names = names
        self._kinds = dict.fromkeys(columns, import_extra("pyarrow").float64())
        self._keys = {name: keys[name] for name in self._kinds if name in keys}
        self._kinds |= dict.fromkeys(self._keys, text_of_keys())
        # To look up every field among the words for a missing value is a tenth of the work, and rarely needed.
        self._has_words = bool(reading.words) or reading.thousands is not None

    def parsed(self, block: Text, place: Place) -> Any:
        """Return the wanted columns of some rows as numbers, or nothing where there is no row."""
        if not IN_A_ROW.search(block):
            return None
        table = self._of_numbers_alone(block, place)
        if table is None:
            table = self._of_anything(block, place)
        batches = table.combine_chunks().to_batches()
        return self._with_keys(batches[0], place) if batches else None

    def _with_keys(self, batch: Any, place: Place) -> Any:
        for name, keys in self._keys.items():
            index = batch.schema.get_field_index(name)
            batch = batch.set_column(index, name, keys.of(batch.column(index), place.rows_before))
        return batch

    def _of_numbers_alone(self, block: Text, place: Place) -> Any:
        """Return the columns where every field is a number, as NaN is, and nothing where one is not."""
        pyarrow = import_extra("pyarrow")
        if self._has_words:
            return None
        try:
            return _read(block, place.read_options(self._reading, self._names), self._reading, self._kinds, ())
        except pyarrow.ArrowInvalid:
            self._has_words = True
            return None

    def _of_anything(self, block: Text, place: Place) -> Any:
        pyarrow = import_extra("pyarrow")
        # Types guessed from a block could differ from the next, or be integers that were rounded before.
        kind = pyarrow.float64() if self._reading.thousands is None else pyarrow.string()
        kinds = {name: own if name in self._keys else kind for name, own in self._kinds.items()}
        table = _converted(block, place, self._reading, self._names, kinds)
        if self._reading.thousands is not None:
            table = without_groups(table, self._reading, place.rows_before, _words_for_missing(self._reading))
        return table.cast(pyarrow.schema([(name, self._kinds[name]) for name in table.column_names]))


def _converted(block: Text, place: Place, reading: ReadingOptions, names: Sequence[str], kinds: dict[str, Any]) -> Any:
    """Return columns of these types, or of true and false where a column has nothing but words for these."""
    pyarrow = import_extra("pyarrow")
    try:
        return _read(block, place.read_options(reading, names), reading, kinds, _words_for_missing(reading))
    except pyarrow.ArrowInvalid as error:
        column, refusal = _refusal(error, block, place, reading, names)
        if column is None or kinds[column] != pyarrow.float64() or not _is_about_truth(error):
            raise refusal from error
        try:
            return _converted(block, place, reading, names, {**kinds, column: pyarrow.bool_()})
        except ContentError as other:
            # Of a column that mixes them with numbers, what was found first is told.
            raise (refusal if repr(column) in str(other) else other) from error


def _words_for_missing(reading: ReadingOptions) -> list[str]:
    words = (*import_extra("pyarrow.csv").ConvertOptions().null_values, *reading.words)
    return [*words, *(f" {word}" for word in words), *(" " * length for length in range(2, MOST_BLANKS))]


def _read(
    block: Text, read: dict[str, Any], reading: ReadingOptions, kinds: dict[str, Any], words: Sequence[str]
) -> Any:
    """Have pyarrow parse a block, with these words for missing values."""
    pyarrow, csv = import_extra("pyarrow"), import_extra("pyarrow.csv")
    if reading.separator == BLANKS:
        block = b"\n".join([*(b" ".join(line.split()) for line in bytes(block).splitlines()), b""])
    return csv.read_csv(
        pyarrow.py_buffer(block),
        # Its own threads gain little, where two columns of many are converted, and lose the row of an error.
        csv.ReadOptions(use_threads=False, block_size=2 * ROW_BYTES, **read),
        csv.ParseOptions(delimiter=reading.separator, quote_char=reading.quote or False, newlines_in_values=True),
        csv.ConvertOptions(
            include_columns=list(kinds),
            column_types=kinds,
            decimal_point=reading.decimal,
            null_values=words,
            strings_can_be_null=False,  # nor can keys that are text: NA may be a country
        ),
    )


def _is_about_truth(error: Exception) -> bool:
    csv = import_extra("pyarrow.csv")
    found = re.search(r"invalid value '(.*)'", str(error), re.DOTALL)
    return found is not None and found[1] in (*csv.ConvertOptions().true_values, *csv.ConvertOptions().false_values)


def _refusal(
    error: Exception, block: Text, place: Place, reading: ReadingOptions, names: Sequence[str]
) -> tuple[str | None, Exception]:
    """Say what pyarrow says of some rows with the name of the column, and rows counted from the first."""
    message = str(error)
    if ragged := re.search(r"Row #(\d+): Expected (\d+) columns, got (\d+)", message):
        row, expected, found = map(int, ragged.groups())
        of = "the header has" if reading.header else "the first row has"
        return None, ContentError(f"data row {place.data_row(row, reading)} has {found} fields where {of} {expected}")
    if text := re.search(r"In CSV column #(\d+): Row #(\d+): .*invalid value '(.*)'", message, re.DOTALL):
        column, row, value = names[int(text[1])], place.data_row(int(text[2]), reading), one_line(text[3])
        sentence = f"column {column!r} holds {value!r} in data row {row}, which is not a number"
        below = _below_first(block, place, reading, names, column) if row == 1 else []
        options = suggestions.for_value(text[3], below, reading)
        if row == 1 and not options and suggestions.is_column_of_text(text[3], below):
            sentence += f". The column holds text: {NUMBERS_SHOWN}"
        return column, ContentError(sentence, **options)
    return None, error


def _below_first(block: Text, place: Place, reading: ReadingOptions, names: Sequence[str], column: str) -> list[str]:
    """Return some fields below the first of a column, as they are written."""
    read = place.read_options(reading, names)
    fields = _read(block, read, reading, {column: import_extra("pyarrow").string()}, ())[column]
    return list(fields[1 : 1 + suggestions.ROWS_SEEN].to_pylist())
