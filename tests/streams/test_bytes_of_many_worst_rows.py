"""Bytes of worst rows with many parts and ranges: read in a time that grows with them, not with their square."""

import bisect
import struct
import zlib

import pytest

import squarely
from squarely.worst.losses import row_loss
from squarely.worst.row_bytes import Seen, read_rows, written_rows
from squarely.worst.rows import KeptRows, WorstRow

# Of so many, what is done for every two of them takes minutes.
MANY = 100_000


def kept_rows(numbers: list[int], part: str) -> KeptRows:
    kept = KeptRows(len(numbers), row_loss("squared_error", (), "test"))
    kept.add(WorstRow((1.0, 0.0), part, number, 0.0, 1.0, 1.0, 1.0, ()) for number in numbers)
    return kept


def test_many_parts_are_read() -> None:
    seen: Seen = {f"{part:06}": [[0, 1]] for part in range(MANY)}
    kept = kept_rows([0], "000007")
    assert read_rows(written_rows(kept, seen, weighted=False)) == (kept, seen, False)


def test_rows_are_found_in_many_ranges() -> None:
    ranges = [[3 * place, 3 * place + 2] for place in range(MANY)]
    kept = kept_rows([3 * (MANY - 1 - place) + place % 2 for place in range(10_000)], "x")
    assert read_rows(written_rows(kept, {"x": ranges}, weighted=False)) == (kept, {"x": ranges}, False)


@pytest.mark.parametrize("row", [-1, 0, 1, 4, 5, 8, 9, 10])
def test_a_row_that_was_not_seen_is_refused(row: int) -> None:
    ranges = [[1, 4], [5, 6], [8, 10]]
    written = written_rows(kept_rows([row], "x"), {"x": ranges}, weighted=False)
    if bisect.bisect_right([bound for one in ranges for bound in one], row) % 2:
        assert read_rows(written)[0].rows[0].row == row
    else:
        with pytest.raises(ValueError, match="a row that was not seen"):
            read_rows(written)


@pytest.mark.parametrize("parts", [["b", "a"], ["a", "a"], ["a", "c", "b"]])
def test_parts_in_another_order_are_refused(parts: list[str]) -> None:
    written = written_rows(kept_rows([], ""), {f"{place}": [[0, 1]] for place in range(len(parts))}, weighted=False)
    for place, part in enumerate(parts):
        written = written.replace(b"\x01\x00\x00\x00%d" % place, b"\x01\x00\x00\x00" + part.encode())
    with pytest.raises(ValueError, match="parts in another order"):
        squarely.WorstRows.from_bytes(with_checksum(written[:-4]))


def with_checksum(body: bytes) -> bytes:
    return body + struct.pack("<I", zlib.crc32(body))


def test_more_rows_than_are_kept_are_refused_before_they_are_read() -> None:
    body = squarely.WorstRows(2).to_bytes()[:-8]
    for rows in (3, 40):
        # No row can be read from zeros: their part is one that is none.
        with pytest.raises(ValueError, match="there is another number of rows"):
            squarely.WorstRows.from_bytes(with_checksum(body + struct.pack("<I", rows) + bytes(40)))
