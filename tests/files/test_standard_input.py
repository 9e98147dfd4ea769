"""Standard input is a file that is read from front to back, whole or refused."""

import gzip
import io
import sys

import pytest

from inputs.written_tables import csv_text, pa, random_columns, write_table
from squarely.files import FileError, ReadingOptions, score_files
from squarely.files.formats import csv_rows, standard_input

COLUMNS = {"true": "truth", "pred": ["model", "naive"]}


class Pipe(io.RawIOBase):
    """Bytes that come in short pieces and only once."""

    def __init__(self, content):
        self.rest = content

    def readable(self):
        return True

    def readinto(self, buffer):
        piece = self.rest[: min(len(buffer), 1000)]
        buffer[: len(piece)] = piece
        self.rest = self.rest[len(piece) :]
        return len(piece)


def score(monkeypatch, content, input_format=None, **options):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(Pipe(content))))
    return score_files("-", reading=ReadingOptions(input_format=input_format), **{**COLUMNS, **options})


@pytest.fixture
def expected(tmp_path):
    return score_files(write_table(tmp_path / "t.parquet", random_columns()), **COLUMNS).digest


@pytest.mark.parametrize("suffix", [None, "csv", "csv.gz", "csv.xz", "csv.zst", "tsv", "jsonl", "arrows", "arrow"])
@pytest.mark.parametrize("kept_bytes", [1 << 18, 32 << 20])
def test_standard_input_scores_as_the_file_would(tmp_path, monkeypatch, expected, suffix, kept_bytes):
    monkeypatch.setattr(standard_input, "KEPT_BYTES", kept_bytes)
    monkeypatch.setattr(csv_rows, "BLOCK_BYTES", 1 << 14)
    written = write_table(tmp_path / f"t.{'arrows' if suffix == 'arrow' else suffix or 'csv'}", random_columns())
    report = score(monkeypatch, written.read_bytes(), suffix)
    assert (report.digest, report.rows) == (expected, 2500)


@pytest.mark.parametrize(
    ("content", "input_format", "message"),
    [
        (b"", None, "there is nothing in it"),
        (
            gzip.compress(b"truth,model,naive\n1,2,3\n", mtime=0),
            None,
            "this is packed with gzip, .*input_format='csv.gz'",
        ),
        (b"truth,model,naive\n1,2,3\n", "parquet", "this is text, which is not what input_format 'parquet' says; add"),
        (b"PAR1" + bytes(90), "parquet", "an input in this format is read from its end"),
        (b"PK\3\4" + bytes(90), "csv.zip", "an input in this format is read from its end"),
        (b"ARROW1\0\0" + bytes(90), "arrow", "an Arrow file is read from its end; write a stream into standard input"),
    ],
)
def test_standard_input_that_cannot_be_read_is_refused(monkeypatch, content, input_format, message):
    with pytest.raises(FileError, match=f"^standard input: .*{message}"):
        score(monkeypatch, content, input_format)


@pytest.mark.parametrize("change", [lambda stream: stream[:-8], lambda stream: stream[:-90], lambda stream: stream * 2])
def test_a_stream_that_does_not_end_where_the_input_ends_is_refused(tmp_path, monkeypatch, change):
    stream = write_table(tmp_path / "t.arrows", random_columns()).read_bytes()
    with pytest.raises(FileError, match=r"^standard input: "):
        score(monkeypatch, change(stream), "arrows")


def test_standard_input_is_named_once_and_has_no_checkpoint(tmp_path, monkeypatch):
    content = csv_text(pa.table(random_columns())).encode()
    with pytest.raises(FileError, match=r"^standard input: checkpoint= needs files"):
        score(monkeypatch, content, checkpoint=tmp_path / "c.sq")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(Pipe(content))))
    with pytest.raises(FileError, match=r"^standard input: this file is named twice"):
        score_files(["-", "-"], **COLUMNS)
