"""Text is cut into pieces of whole rows, which several threads parse: what they say is what one thread says."""

import contextlib
import io
import re
import sys
import threading
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inputs.written_tables import read_columns, write_table, write_text
from instruments.reports import told
from oracles.state_bytes import ROUNDED
from squarely.files import FileError, ReadingOptions, accumulate_files, score_files
from squarely.files.formats import csv_rows
from squarely.files.formats.ahead import ITEMS_A_THREAD, worked_ahead
from squarely.files.formats.data_file import DataFile
from squarely.files.formats.text_blocks import worked_blocks
from squarely.files.runs.run import _shared

COLUMNS = {"true": "y", "pred": "p"}
BLOCK_BYTES = st.sampled_from((1, 2, 3, 7, 20, 64, 1 << 20))
THREADS = st.sampled_from((2, 3, 5))
# The third field of a row, as hostile as text is that RFC 4180 allows; and what is none.
NOTES = st.sampled_from(
    ("", "a", '""', '"\n"', '"\r\n"', '"\r"', '"a,b"', '"""\n"""', '"a""\n""b"', '","', '5" disk', 'x"y', "é" * 40)
)
BREAKS = st.sampled_from(("\n", "\r\n", "\r"))


@st.composite
def hostile_texts(draw):
    """Return the header and the rows of a text, each with its line break, and the numbers in them."""
    line_break = draw(BREAKS)
    numbers = draw(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=25))
    notes = [draw(NOTES) for _ in numbers]
    header = draw(st.sampled_from(("", "\ufeff"))) + draw(st.sampled_from(("y,p,n", '"y","p","n"', 'y,p,"n"')))
    lines = [header, *(f"{number!r},{number + 1!r},{note}" for number, note in zip(numbers, notes, strict=True))]
    rows = [line + line_break * draw(st.sampled_from((1, 1, 1, 2))) for line in lines]
    if draw(st.booleans()):
        rows[-1] = lines[-1]
    return rows, np.array(numbers)


@contextlib.contextmanager
def block_bytes_of(length):
    with mock.patch.object(csv_rows, "BLOCK_BYTES", length):
        yield


def blocks_of(path, threads, work=lambda _: None):
    reading = ReadingOptions(separator=",")
    with worked_blocks(DataFile(str(path)), reading, csv_rows.Marks(), 0, work, threads) as blocks:
        return list(blocks)


@given(text=hostile_texts(), block_bytes=BLOCK_BYTES, threads=THREADS)
@settings(max_examples=200)
def test_pieces_end_only_between_rows(tmp_path_factory, text, block_bytes, threads):
    rows, _ = text
    path = write_text(tmp_path_factory.mktemp("cut") / "t.csv", "".join(rows))
    with block_bytes_of(block_bytes):
        blocks = [block for block, _ in blocks_of(path, threads)]
    # Between two line breaks nothing is cut that was one row.
    ends = {0, *np.cumsum([len(row.encode()) for row in rows])}
    ends |= {end - 1 for end, row in zip(sorted(ends)[1:], rows, strict=True) if re.search(r"(\n|\r)\1$", row)}
    ends |= {end - 2 for end, row in zip(sorted(ends)[1:], rows, strict=False) if row.endswith("\r\n\r\n")}
    assert {block.end for block in blocks} <= ends
    assert b"".join(bytes(block.rows) for block in blocks).rstrip(b"\r\n") == "".join(rows).encode().rstrip(b"\r\n")


@given(text=hostile_texts(), block_bytes=BLOCK_BYTES, threads=THREADS)
@settings(max_examples=100)
def test_hostile_text_in_small_pieces_is_read_as_in_one(tmp_path_factory, text, block_bytes, threads):
    rows, numbers = text
    path = write_text(tmp_path_factory.mktemp("hostile") / "t.csv", "".join(rows))
    whole = score_files(path, **COLUMNS, threads=1)
    with block_bytes_of(block_bytes):
        by_threads = score_files(path, **COLUMNS, threads=threads)
        assert (by_threads.digest, by_threads.rows) == (whole.digest, whole.rows)
        np.testing.assert_array_equal(read_columns(path, "y", "p"), [numbers, numbers + 1])
    assert whole.rows == len(numbers)


@given(text=hostile_texts(), block_bytes=BLOCK_BYTES, threads=THREADS, data=st.data())
@settings(max_examples=100)
def test_a_bad_row_is_refused_in_the_words_of_one_thread(tmp_path_factory, text, block_bytes, threads, data):
    (header, *rows), _ = text
    bad = st.sampled_from(("1,two,a", "1,2", "1,2,3,4", "NA,1,a", ",1,a", "inf,1,a", '"1,5",1,a', "1,True,a"))
    for place in sorted(data.draw(st.sets(st.integers(0, len(rows)), min_size=1, max_size=3)), reverse=True):
        rows.insert(place, data.draw(bad) + data.draw(BREAKS))
    path = write_text(tmp_path_factory.mktemp("bad") / "t.csv", "".join((header, *rows)))
    with block_bytes_of(block_bytes):
        refusals = [_refusal(path, count) for count in (1, threads)]
    assert refusals[0] == refusals[1]


def _refusal(path, threads):
    try:
        return score_files(path, **COLUMNS, threads=threads).digest
    except FileError as error:
        return type(error), str(error), error.options


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ("1,late\n", "t.csv: column 'p' holds 'late' in data row 5001, which is not a number"),
        ("1\n", "t.csv: data row 5001 has 1 fields where the header has 2"),
        ("1,\n", "t.csv: column 'p' has a missing value or NaN in data row 5001"),
        ("inf,1\n", "t.csv: column 'y' has an infinite value in data row 5001"),
    ],
)
@pytest.mark.parametrize("threads", [1, 2, 4])
def test_one_bad_row_in_a_middle_piece_refuses_everything(tmp_path, monkeypatch, bad, message, threads):
    monkeypatch.setattr(csv_rows, "BLOCK_BYTES", 512)
    path = write_text(tmp_path / "t.csv", "y,p\n" + "1,2\n" * 5000 + bad + "1,2\n" * 5000 + "3,worse\n")
    with pytest.raises(FileError) as caught:
        accumulate_files(path, **COLUMNS, threads=threads)
    assert str(caught.value).endswith(message)
    assert not any(thread.name.startswith("squarely-files-ahead") for thread in threading.enumerate())


@pytest.mark.parametrize(
    ("end", "message"),
    [('1,"2\n', "a quote is opened near the end and never closed"), ("1,2" + " " * 9000 + "\n", "a row is longer")],
)
def test_what_cannot_be_cut_is_told_after_the_rows_before_it(tmp_path, monkeypatch, end, message):
    monkeypatch.setattr(csv_rows, "BLOCK_BYTES", 64)
    monkeypatch.setattr(csv_rows, "ROW_BYTES", 4096)
    text = "y,p\n" + "1,2\n" * 500
    with pytest.raises(FileError, match=message):
        score_files(write_text(tmp_path / "a.csv", text + end), **COLUMNS, threads=3)
    with pytest.raises(FileError, match=r"holds 'bad' in data row 501"):
        score_files(write_text(tmp_path / "b.csv", text + "1,bad\n" + end), **COLUMNS, threads=3)


@pytest.mark.parametrize("suffix", ["csv", "tsv", "csv.gz", "csv.xz", "csv.zst", "csv.zip", "jsonl", "jsonl.gz"])
def test_threads_give_the_bits_of_one_in_every_form(tmp_path, monkeypatch, rng, suffix):
    monkeypatch.setattr(csv_rows, "BLOCK_BYTES", 1000)
    columns = {"n": ['a, "b"\n'] * 1500, "y": rng.standard_normal(1500), "p": rng.standard_normal(1500)}
    path = write_table(tmp_path / f"t.{suffix}", columns)
    for summation in ("exact", *ROUNDED):
        one, *others = (
            told(score_files(path, **COLUMNS, summation=summation, threads=threads, nan_policy="omit"))
            for threads in (1, 2, 5)
        )
        assert others == [one, one], summation


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_recoded_text_is_read_by_threads_as_by_one(tmp_path, monkeypatch, encoding):
    monkeypatch.setattr(csv_rows, "BLOCK_BYTES", 500)
    rows = "".join(f'"é\n{number}";{number},5;{number},25\n' for number in range(2000))
    path = write_text(tmp_path / "t.csv", ("n;y;p\n" + rows).encode(encoding))
    reading = ReadingOptions(encoding=encoding, separator=";", decimal=",")
    for threads in (1, 3):
        report = score_files(path, **COLUMNS, reading=reading, threads=threads, metrics="mse")
        assert (report["mse"], report.rows) == (0.0625, 2000)


def test_grouped_digits_in_a_later_piece_are_refused_with_their_row(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_rows, "BLOCK_BYTES", 200)
    path = write_text(tmp_path / "t.csv", "y;p\n" + "1,000;2\n" * 300 + "1,5;2\n" + "1,000;2\n" * 300)
    for threads in (1, 3):
        with pytest.raises(FileError, match=r"column 'y' holds '1,5' in data row 301"):
            score_files(path, **COLUMNS, reading=ReadingOptions(separator=";", thousands=","), threads=threads)


def test_a_pipe_is_read_by_threads_as_by_one(monkeypatch):
    monkeypatch.setattr(csv_rows, "BLOCK_BYTES", 100)
    content = b"y,p\n" + b"1,2\n" * 3000
    for threads in (1, 4):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
        assert score_files("-", **COLUMNS, threads=threads).rows == 3000


def test_progress_ends_with_all_bytes_where_threads_are_ahead(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_rows, "BLOCK_BYTES", 100)
    path = write_text(tmp_path / "t.csv", "y,p\n" + "1,2\n" * 3000)
    seen = []
    score_files(path, **COLUMNS, threads=3, progress=seen.append)
    assert (seen[-1].rows, seen[-1].bytes_read) == (3000, pytest.approx(path.stat().st_size))


# --- numbers alone, and beside words ---


@pytest.mark.parametrize("word", ["NaN", "nan", "-nan", "-NaN", " nan", '"nan"', "", " ", "NA", "1.#QNAN", "-1.#IND"])
@pytest.mark.parametrize("other", ["1", "NA"])
@pytest.mark.parametrize("nan_policy", ["omit", "omit_true", "propagate"])
def test_a_missing_value_is_one_whether_or_not_words_are_looked_for(tmp_path, monkeypatch, word, other, nan_policy):
    monkeypatch.setattr(csv_rows, "BLOCK_BYTES", 16)
    found, expected = (
        score_files(
            write_text(tmp_path / f"{name}.csv", f"y,p\n{other},1\n2,3\n{missing},4\n5,7\n"),
            **COLUMNS,
            nan_policy=nan_policy,
        )
        for name, missing in (("a", word), ("b", "NULL"))
    )
    assert (found.digest, found.count, found.omitted) == (expected.digest, expected.count, expected.omitted)


def test_a_word_for_missing_may_be_a_number_in_the_text(tmp_path):
    path = write_text(tmp_path / "t.csv", "y;p\n1,5;2\n3;4\n")
    reading = ReadingOptions(separator=";", decimal=",", na=("1,5",))
    assert score_files(path, **COLUMNS, reading=reading, nan_policy="omit").omitted == 1


@pytest.mark.parametrize("threads", [1, 3])
def test_a_header_of_numbers_is_no_row_for_whoever_is_ahead(tmp_path, threads):
    path = write_text(tmp_path / "t.csv", "7,8\n1,2\n100,100\n3,5\n")
    reading = ReadingOptions(skip_rows=1, skip_rows_after_header=1)
    report = score_files(path, true="1", pred="2", metrics="mse", reading=reading, threads=threads)
    assert (report["mse"], report.rows) == (4.0, 1)


DIGITS = st.builds("{:040d}".format, st.integers(0, 10**40 - 1))


@st.composite
def decimal_texts(draw):
    """Return a number of up to forty digits before its point and behind it, which may be none and have no point."""
    digits, length, fraction = draw(DIGITS), draw(st.integers(1, 40)), draw(st.none() | st.integers(0, 40))
    behind = "" if fraction is None else "." + draw(DIGITS)[:fraction]
    return draw(st.sampled_from(("", "-"))) + digits[-length:] + behind


@given(
    numbers=st.lists(
        st.floats(allow_nan=False, allow_infinity=False) | decimal_texts(),
        min_size=1,
        max_size=20,
    ),
    has_word=st.booleans(),
)
def test_every_number_is_the_nearest_double_to_its_text(tmp_path_factory, numbers, has_word):
    texts = [repr(one) if isinstance(one, float) else one for one in numbers]
    rows = "".join(f"{text},1\n" for text in texts) + ("NULL,1\n" if has_word else "")
    (column,) = read_columns(write_text(tmp_path_factory.mktemp("nearest") / "t.csv", "y,p\n" + rows), "y")
    assert column[: len(texts)].tobytes() == np.array([float(text) for text in texts]).tobytes()


# --- work ahead of whoever takes it ---


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_items_come_in_order_with_what_was_made_of_them(threads):
    found = list(worked_ahead(iter(range(100)), lambda item: item * item, threads))
    assert [item for item, _ in found] == list(range(100))
    assert all(result in (None, item * item) for item, result in found)
    assert threads == 1 or all(result is not None for _, result in found)


@pytest.mark.parametrize("threads", [2, 5])
def test_no_more_is_taken_ahead_than_fits_the_memory(threads):
    taken = []
    items = (taken.append(item) or item for item in range(100))
    for place, _ in worked_ahead(items, lambda item: item, threads):
        assert len(taken) <= place + ITEMS_A_THREAD * threads


def test_what_fails_ahead_is_told_in_its_turn():
    def items():
        yield from range(10)
        raise OSError("no more")

    found = []
    with pytest.raises(OSError, match="no more"):
        found.extend(worked_ahead(items(), lambda item: 1 // (item != 4), 3))
    assert found == [(item, None if item == 4 else 1) for item in range(10)]


def test_whoever_stops_taking_leaves_no_thread_behind():
    ahead = worked_ahead(iter(range(100)), lambda item: item, 3)
    next(ahead)
    ahead.close()
    assert not any(thread.name.startswith("squarely-files-ahead") for thread in threading.enumerate())


@pytest.mark.parametrize(
    ("workers", "shares"),
    [(1, [1]), (4, [4]), (4, [2, 2]), (4, [2, 1, 1]), (8, [3, 3, 2]), (4, [1] * 4), (4, [1] * 9), (1, [1, 1])],
)
def test_threads_are_shared_among_fewer_files(workers, shares):
    sources = [mock.Mock(sections=(None,)) for _ in shares]
    assert list(map(_shared(workers, sources), range(len(shares)))) == shares
    assert {_shared(workers, iter(sources))(order) for order in range(len(shares))} == {1}
