"""Packed text is read as what was packed, or refused."""

import zipfile

import pytest

from inputs.written_tables import random_columns, write_table
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
