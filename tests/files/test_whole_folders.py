"""Every row that a folder holds is scored, or nothing is."""

import json
import os
import sys

import pytest

from inputs.written_tables import pa, write_table, write_text
from squarely.files import FileError, score_files

fs = pytest.importorskip("pyarrow.fs")

COLUMNS = {"true": "y", "pred": "p"}


@pytest.fixture
def folder(tmp_path):
    write_table(tmp_path / "part-0.parquet", {"y": [1.0], "p": [2.0]})
    (tmp_path / "year=2013").mkdir()
    write_table(tmp_path / "year=2013" / "part-1.parquet", {"y": [1.0], "p": [2.0]})
    return tmp_path


TABLES = [
    ("_delta_log/00000000000000000000.json", "a Delta table"),
    ("metadata/v1.metadata.json", "an Iceberg table"),
    ("metadata/version-hint.text", "an Iceberg table"),
    (".hoodie/hoodie.properties", "a Hudi table"),
    ("delete_delta_0000002_0000002_0000/bucket_00000.orc", "a transactional table of Hive"),
]


@pytest.mark.parametrize(("marker", "kind"), TABLES)
@pytest.mark.parametrize("filesystem", [None, fs.SubTreeFileSystem("/", fs.LocalFileSystem())], ids=["local", "other"])
def test_a_table_with_a_log_is_refused(folder, marker, kind, filesystem):
    (folder / marker).parent.mkdir()
    (folder / marker).write_text(json.dumps({"remove": {"path": "part-0.parquet"}}))
    with pytest.raises(FileError, match=rf": this is {kind}, whose log says which of its files count; "):
        score_files(str(folder), filesystem=filesystem, **COLUMNS)


@pytest.mark.parametrize("inside", ["year=2013", "*.parquet", "**/*.parquet", "year=*/*.parquet"])
def test_a_part_of_a_table_with_a_log_is_refused(folder, inside):
    (folder / "_delta_log").mkdir()
    with pytest.raises(FileError, match=r"this is a Delta table"):
        score_files(folder / inside, **COLUMNS)


def test_a_file_of_a_table_with_a_log_is_scored_where_it_is_named(folder):
    (folder / "_delta_log").mkdir()
    assert score_files(folder / "part-0.parquet", **COLUMNS).rows == 1


def test_a_folder_called_delta_1_is_a_folder(folder):
    (folder / "delta_1").mkdir()
    write_text(folder / "delta_1" / "t.csv", "y,p\n1,2\n")
    assert score_files(folder, **COLUMNS).rows == 3


@pytest.mark.skipif(os.name != "posix", reason="needs links and pipes")
class TestWhatIsNoFile:
    def test_a_link_that_leads_nowhere_is_refused(self, folder):
        (folder / "part-2.parquet").symlink_to("elsewhere.parquet")
        with pytest.raises(FileError, match=r"part-2.parquet: this is in the folder and is no file, or a link that"):
            score_files(folder, **COLUMNS)
        with pytest.raises(FileError, match=r"part-2.parquet: the file cannot be read: No such file"):
            score_files(folder / "*.parquet", **COLUMNS)

    def test_a_pipe_is_refused(self, folder):
        os.mkfifo(folder / "part-2.csv")
        with pytest.raises(FileError, match=r"part-2.csv: this is in the folder and is no file"):
            score_files(folder, **COLUMNS)

    def test_a_link_in_a_circle_is_refused(self, folder):
        (folder / "year=2013" / "again").symlink_to("..")
        with pytest.raises(FileError, match=r"again: this link leads to a folder that it is in"):
            score_files(folder, **COLUMNS)

    def test_a_linked_folder_counts_once(self, folder, tmp_path_factory):
        other = tmp_path_factory.mktemp("other")
        write_text(other / "t.csv", "y,p\n1,2\n")
        (folder / "linked").symlink_to(other)
        assert score_files(folder, **COLUMNS).rows == 3
        (folder / "again").symlink_to(other)
        with pytest.raises(FileError, match=r"this file is named twice"):
            score_files(folder, **COLUMNS)

    def test_what_is_hidden_may_be_anything(self, folder):
        (folder / ".lock").symlink_to("nowhere")
        assert score_files(folder, **COLUMNS).rows == 2

    @pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
    @pytest.mark.parametrize("suffix", ["csv", "parquet", "arrow", "arrows", "orc", "npz"])
    def test_a_name_need_not_be_utf_8(self, tmp_path, suffix):
        table = pa.table({"y": [1.0], "p": [2.0]})
        written = write_table(tmp_path / f"t.{suffix}", table)
        strange = os.fsencode(tmp_path) + b"/\xff\xfe"
        os.mkdir(strange)
        path = strange + b"/\xff." + suffix.encode()
        os.rename(written, path)
        for given in (tmp_path, os.fsdecode(strange), os.fsdecode(path)):
            report = score_files(given, **COLUMNS)
            assert (report.rows, report["mse"]) == (1, 1.0)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may list every folder")
def test_a_folder_inside_that_may_not_be_listed_is_refused(folder):
    (folder / "year=2013").chmod(0)
    with pytest.raises(FileError, match=r"year=2013: the folder cannot be read: Permission denied"):
        score_files(folder, **COLUMNS)
