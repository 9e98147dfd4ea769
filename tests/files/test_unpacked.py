"""Packed text is read as what was packed, or refused."""

import lzma
import zipfile

import pytest

from inputs.written_tables import PACKERS, random_columns, write_table
from squarely.files import FileError, score_files


@pytest.mark.parametrize("members", [[], ["a.csv", "b.csv"]], ids=["none", "two"])
def test_a_zip_must_hold_exactly_one_file(tmp_path, members):
    path = tmp_path / "t.csv.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.mkdir("folder") if hasattr(archive, "mkdir") else archive.writestr("folder/", b"")
        for name in members:
            archive.writestr(name, b"y,p\n1,2\n")
    with pytest.raises(FileError, match=rf"exactly one file, and it holds {len(members)}"):
        score_files(path, true="y", pred="p")


@pytest.mark.parametrize("suffix", ("csv.gz", "csv.zip"))
def test_a_changed_byte_in_packed_text_is_refused(tmp_path, suffix):
    path = write_table(tmp_path / f"changed.{suffix}", random_columns())
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(FileError, match=rf"changed.{suffix}: "):
        score_files(path, true="truth", pred="model")


@pytest.mark.parametrize("suffix", ("gz", "bz2", "xz", "zst"))
def test_packed_parts_put_together_are_one_text(tmp_path, suffix):
    path = tmp_path / f"t.csv.{suffix}"
    pack = PACKERS[f".{suffix}"]
    path.write_bytes(pack(b"y,p\n1,2\n") + pack(b"3,5\n5,6\n"))
    report = score_files(path, true="y", pred="p", metrics="sum_squared_error")
    assert (report["sum_squared_error"], report.rows) == (6.0, 3)


@pytest.mark.parametrize("suffix", ("gz", "bz2", "xz", "zst"))
def test_what_follows_packed_text_and_is_none_is_refused(tmp_path, suffix):
    path = tmp_path / f"t.csv.{suffix}"
    path.write_bytes(PACKERS[f".{suffix}"](b"y,p\n1,2\n") + b"3,5\n5,6\n rows that were appended to what was packed")
    with pytest.raises(FileError, match=rf"t.csv.{suffix}: "):
        score_files(path, true="y", pred="p")


@pytest.mark.parametrize("suffix", ("gz", "bz2", "xz", "zst"))
@pytest.mark.parametrize("lost", (1, 4, 9))
def test_packed_text_that_was_cut_short_is_refused(tmp_path, suffix, lost):
    path = tmp_path / f"t.csv.{suffix}"
    content = PACKERS[f".{suffix}"](b"y,p\n" + b"1,2\n" * 1000)
    path.write_bytes(content[:-lost])
    with pytest.raises(FileError, match=rf"t.csv.{suffix}: "):
        score_files(path, true="y", pred="p")


def test_padding_between_streams_of_xz_is_none_of_the_text(tmp_path):
    path = tmp_path / "t.csv.xz"
    path.write_bytes(lzma.compress(b"y,p\n1,2\n") + bytes(8) + lzma.compress(b"3,4\n") + bytes(4))
    assert score_files(path, true="y", pred="p").rows == 2


def test_what_archivers_put_beside_a_file_is_left_out(tmp_path):
    path = tmp_path / "t.csv.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("__MACOSX/._table.csv", "data/.DS_Store", "data/._table.csv", "desktop.ini"):
            archive.writestr(name, b"\0\5\x16\7")
        archive.writestr("data/table.csv", b"y,p\n1,2\n")
    assert score_files(path, true="y", pred="p").rows == 1
