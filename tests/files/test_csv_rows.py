"""Blocks of CSV text end where a row ends, whatever its quotes hold."""

import csv
import io
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inputs.written_tables import read_columns, write_text
from squarely.files import FileError, score_files
from squarely.files.formats import csv_rows


@given(
    notes=st.lists(st.text(alphabet='ab,"\n ', max_size=6), min_size=1, max_size=30),
    quoting=st.sampled_from((csv.QUOTE_ALL, csv.QUOTE_MINIMAL)),
    line_break=st.sampled_from(("\n", "\r\n")),
    block_bytes=st.integers(1, 40),
)
@settings(max_examples=80)
def test_rows_are_whole_wherever_the_text_is_cut(tmp_path_factory, notes, quoting, line_break, block_bytes):
    path = tmp_path_factory.mktemp("cut") / "t.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file, quoting=quoting, lineterminator=line_break)
        writer.writerow(["no\nte", "y", "note"])
        writer.writerows([note, number, note] for number, note in enumerate(notes))
    with mock.patch.object(csv_rows, "BLOCK_BYTES", block_bytes):
        (column,) = read_columns(path, "y")
    np.testing.assert_array_equal(column, np.arange(len(notes)))


@given(
    fields=st.lists(st.sampled_from(('5"', 'x"y"', '"a\nb"', '"a,""\n"', '""', "7", "")), min_size=1, max_size=12),
    data=st.data(),
)
def test_a_quote_inside_a_field_does_not_hide_the_end_of_a_row(fields, data):
    rows = [f"{field},1,{field}\n" for field in fields]
    ends = np.cumsum([len(row) for row in rows])
    cut = data.draw(st.integers(0, int(ends[-1])))
    expected = max((end for end in ends if end <= cut), default=0)
    assert csv_rows.end_of_rows("".join(rows)[:cut].encode(), csv_rows.Marks()) == expected


@given(
    fragments=st.lists(
        st.sampled_from(("1,2,a\n", '1,2,"a\n"\n', '1,2,"a\r\nb"\r\n', "1,2,\r", '3,4,a"b\n', *'12,\n\r" a', '"\n"')),
        max_size=12,
    ),
    block_bytes=st.sampled_from((1, 2, 3, 5, 11, 64, 1 << 20)),
)
def test_text_has_the_rows_that_python_finds_or_is_refused(tmp_path_factory, fragments, block_bytes):
    text = "y,p,n\n" + "".join(fragments)
    path = write_text(tmp_path_factory.mktemp("rows") / "t.csv", text)
    try:
        with mock.patch.object(csv_rows, "BLOCK_BYTES", block_bytes):
            rows = score_files(path, true="y", pred="p", nan_policy="omit").rows
    except FileError:
        return
    assert rows == sum(map(bool, csv.reader(io.StringIO(text, newline="")))) - 1


def test_a_quote_without_its_partner_does_not_fill_the_memory(tmp_path):
    path = write_text(tmp_path / "t.csv", 'y,p\n1,2\n1,"2\n' + "1,2\n" * 300)
    with (
        mock.patch.multiple(csv_rows, BLOCK_BYTES=64, ROW_BYTES=256),
        pytest.raises(FileError, match=r"t.csv: a row is longer than 256 bytes; a quote may lack its partner"),
    ):
        score_files(path, true="y", pred="p")
