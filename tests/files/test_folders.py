"""Folders, datasets and other filesystems score as the files in them do."""

import decimal
import io
import math
import pathlib

import numpy as np
import pytest

from inputs.written_tables import SUFFIXES, pa, random_columns, write_table, write_text
from squarely.files import FileError, MissingValueError, expand_paths, score_files

ds = pytest.importorskip("pyarrow.dataset")
fs = pytest.importorskip("pyarrow.fs")
csv = pytest.importorskip("pyarrow.csv")

METRICS = ("mean_squared_error", "max_error", "mean_error")


def score(paths, **options):
    return score_files(paths, true="truth", pred=["model", "naive"], metrics=METRICS, **options)


def digests(scores):
    return scores.rows, scores.digest


def write_parts(folder, suffixes, rows=500):
    columns = random_columns()
    paths = []
    for number, suffix in enumerate(suffixes):
        part = {name: column[number * rows : (number + 1) * rows] for name, column in columns.items()}
        path = folder / f"year={2010 + number}" / f"part-{number}.{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        paths.append(write_table(path, part, batch_rows=100))
    return paths


class LocalHandler(fs.FileSystemHandler):
    """A filesystem in Python that nobody knows to be local."""

    def __init__(self):
        self.local = fs.LocalFileSystem()
        self.opened = []

    def get_type_name(self):
        return "elsewhere"

    def get_file_info(self, paths):
        return self.local.get_file_info(paths)

    def get_file_info_selector(self, selector):
        return self.local.get_file_info(selector)

    def open_input_file(self, path):
        self.opened.append(path)
        return pa.PythonFile(io.BytesIO(pathlib.Path(path).read_bytes()), "r")

    def open_input_stream(self, path):
        return self.open_input_file(path)

    def normalize_path(self, path):
        return path

    def refuse(self, *_):
        raise AssertionError("only reading is asked of it")

    create_dir = delete_dir = delete_dir_contents = delete_root_dir_contents = delete_file = refuse
    move = copy_file = open_output_stream = open_append_stream = refuse


# --- folders ---


def test_a_folder_scores_as_the_files_in_it(tmp_path):
    paths = write_parts(tmp_path, SUFFIXES[:5])
    (tmp_path / "_SUCCESS").touch()
    (tmp_path / "checkpoint.sq").touch()
    (tmp_path / ".part-9.csv.crc").touch()
    for hidden in ("_temporary/0", ".staging", "year=2010/_temporary"):
        (tmp_path / hidden).mkdir(parents=True, exist_ok=True)
        write_table(tmp_path / hidden / "part-9.csv", {"truth": [1.0], "model": [2.0]})
    found = score(tmp_path)
    assert expand_paths(tmp_path) == [str(path) for path in paths]
    assert digests(found) == digests(score(paths))


def test_names_of_folders_are_columns(tmp_path):
    write_parts(tmp_path, ["parquet", "csv", "arrow"])
    found = score_files(tmp_path, true="year", pred="truth", metrics=METRICS)
    columns = random_columns()
    years = np.repeat([2010.0, 2011.0, 2012.0], 500)
    write_table(tmp_path / "_direct.csv", {"year": years, "truth": columns["truth"][:1500]})
    expected = score_files(tmp_path / "_direct.csv", true="year", pred="truth", metrics=METRICS)
    assert digests(found) == digests(expected)


def test_a_name_of_a_folder_may_be_missing_or_no_number(tmp_path):
    for value in ("__HIVE_DEFAULT_PARTITION__", "0.5"):
        (tmp_path / f"w={value}").mkdir()
        write_text(tmp_path / f"w={value}" / "t.csv", "y,p\n1,2\n")
    scores = score_files(tmp_path, true="w", pred="p", nan_policy="omit")
    assert (scores["mse"], scores.omitted) == (2.25, 1)
    (tmp_path / "w=heavy").mkdir()
    write_text(tmp_path / "w=heavy" / "t.csv", "y,p\n1,2\n")
    with pytest.raises(FileError, match=r"t.csv: column 'w' is 'heavy' in the name of a folder, which is not a number"):
        score_files(tmp_path, true="w", pred="p", nan_policy="omit")


def test_a_column_in_the_file_wins_over_the_name_of_its_folder(tmp_path):
    (tmp_path / "y=7").mkdir()
    write_text(tmp_path / "y=7" / "t.csv", "y,p\n1,2\n")
    assert score_files(tmp_path, true="y", pred="p")["mse"] == 1.0


def test_columns_of_folder_names_alone_are_refused(tmp_path):
    (tmp_path / "a=1" / "b=2").mkdir(parents=True)
    write_text(tmp_path / "a=1" / "b=2" / "t.csv", "y,p\n1,2\n")
    with pytest.raises(FileError, match=r"all the columns are names of folders; at least one must be in the file"):
        score_files(tmp_path, true="a", pred="b")


def test_a_file_of_another_kind_in_a_folder_is_refused(tmp_path):
    write_text(tmp_path / "t.csv", "y,p\n1,2\n")
    write_text(tmp_path / "notes.doc", "hello")
    with pytest.raises(FileError, match=r"notes.doc: the name must end in one of .parquet"):
        score_files(tmp_path, true="y", pred="p")


def test_a_file_is_not_counted_again_in_its_folder(tmp_path):
    path = write_text(tmp_path / "t.csv", "y,p\n1,2\n")
    with pytest.raises(FileError, match=r"t.csv: this file is named twice"):
        score_files([path, tmp_path], true="y", pred="p")


# --- datasets ---


@pytest.mark.parametrize("suffix", ["parquet", "csv", "feather"])
def test_a_dataset_scores_as_its_files(tmp_path, suffix):
    paths = write_parts(tmp_path, [suffix] * 4)
    dataset = ds.dataset(tmp_path, format=suffix, partitioning="hive")
    found = score(dataset)
    assert digests(found) == digests(score(paths))
    by_year = score_files(dataset, true="year", pred="truth", metrics=METRICS)
    assert digests(by_year) == digests(score_files(tmp_path, true="year", pred="truth", metrics=METRICS))


def test_a_filter_of_a_dataset_counts(tmp_path):
    paths = write_parts(tmp_path, ["parquet"] * 4)
    dataset = ds.dataset(tmp_path, partitioning="hive")
    assert digests(score(dataset.filter(ds.field("year") >= 2012))) == digests(score(paths[2:]))
    kept = score(dataset.filter(ds.field("truth") > 0))
    table = dataset.to_table(filter=ds.field("truth") > 0)
    assert kept.rows == table.num_rows < 2000
    assert digests(kept) == digests(score(ds.dataset(table)))


def test_text_of_a_filtered_dataset_is_not_rounded_twice(tmp_path):
    long = "0.1000000000000000055511151231257827"
    write_text(tmp_path / "t.csv", f"y,p\n{long},{2**53}\n1,2\n")
    options = {"true": "y", "pred": "p", "metrics": ["mean_error"]}
    filtered = ds.dataset(tmp_path, format="csv").filter(ds.field("y") < 0.5)
    assert score_files(filtered, **options).to_dict() == {"mean_error": float(2**53) - 0.1}
    write_text(tmp_path / "t.csv", f"y,p\n{long},{2**53 + 1}\n1,2\n")
    filtered = ds.dataset(tmp_path, format="csv").filter(ds.field("y") < 0.5)
    with pytest.raises(FileError, match=r"t.csv: column 'p' holds 9007199254740993, which float64 cannot hold exactly"):
        score_files(filtered, **options)


def test_text_with_its_own_separator_is_read_by_the_dataset(tmp_path):
    write_text(tmp_path / "t.csv", "y;p\n1;2\n3;5\n")
    form = ds.CsvFileFormat(csv.ParseOptions(delimiter=";"))
    scores = score_files(ds.dataset(tmp_path, format=form), true="y", pred="p", metrics=["sum_squared_error"])
    assert scores.to_dict() == {"sum_squared_error": 5.0}


@pytest.mark.parametrize(("encoding", "true"), [("latin-1", "caf\xe9"), ("utf-16", "y"), ("utf-8", "y")])
def test_text_with_its_own_encoding_is_read_by_the_dataset(tmp_path, encoding, true):
    write_text(tmp_path / "t.csv", f"{true},p\n1,2\n3,5\n".encode(encoding))
    form = ds.CsvFileFormat(read_options=csv.ReadOptions(encoding=encoding))
    scores = score_files(ds.dataset(tmp_path, format=form), true=true, pred="p", metrics=["sum_squared_error"])
    assert (scores.rows, scores.to_dict()) == (2, {"sum_squared_error": 5.0})


def test_text_with_its_own_names_of_columns_is_read_by_the_dataset(tmp_path):
    write_text(tmp_path / "t.csv", "x,q\n1,2\n3,5\n")
    form = ds.CsvFileFormat(read_options=csv.ReadOptions(column_names=["y", "p"], skip_rows=1))
    scores = score_files(ds.dataset(tmp_path, format=form), true="y", pred="p", metrics=["sum_squared_error"])
    assert (scores.rows, scores.to_dict()) == (2, {"sum_squared_error": 5.0})


@pytest.mark.parametrize("form", ["parquet", "csv", "feather", "orc", "json"])
@pytest.mark.parametrize("called", ["txt", "tsv", "orc", "jsonl", "bin"])
def test_a_dataset_says_what_its_files_are_whatever_they_are_called(tmp_path, form, called):
    written = write_table(tmp_path / f"t.{'jsonl' if form == 'json' else form}", {"y": [1.0, 3.0], "p": [2.0, 5.0]})
    path = written.rename(tmp_path / f"t.{called}")
    scores = score_files(ds.dataset(path, format=form), true="y", pred="p", metrics=["sum_squared_error"])
    assert (scores.rows, scores.to_dict()) == (2, {"sum_squared_error": 5.0})


def test_a_dataset_of_some_row_groups_has_their_rows(tmp_path):
    path = write_table(tmp_path / "t.parquet", {"y": np.zeros(30), "p": np.arange(30.0)}, batch_rows=10)
    whole = ds.dataset(path)
    (fragment,) = whole.get_fragments()
    part = ds.FileSystemDataset([fragment.subset(row_group_ids=[1])], whole.schema, whole.format, whole.filesystem)
    report = score_files(part, true="y", pred="p", metrics=["max_error"])
    assert (report.rows, report.to_dict()) == (10, {"max_error": 19.0})
    assert score_files(whole, true="y", pred="p").rows == 30


def test_a_table_in_memory_is_a_dataset(tmp_path):
    table = pa.table({"y": [1, 2**60], "p": [decimal.Decimal("1.5"), decimal.Decimal(0)]})
    scores = score_files(ds.dataset(table), true="y", pred="p", metrics=["mean_error"])
    assert scores.to_dict() == {"mean_error": (0.5 - 2**60) / 2}


def test_a_refusal_of_a_dataset_names_file_and_row(tmp_path):
    write_table(tmp_path / "t.parquet", {"y": [1.0, math.nan], "p": [1.0, 2.0]})
    with pytest.raises(MissingValueError, match=r"t.parquet: column 'y' .* in data row 2"):
        score_files(ds.dataset(tmp_path), true="y", pred="p")
    with pytest.raises(FileError, match=r"t.parquet: there is no column 'q'. Did you mean 'p'\?|no column 'q'"):
        score_files(ds.dataset(tmp_path), true="y", pred="q")


# --- filesystems ---


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_format_is_read_from_any_filesystem(tmp_path, suffix):
    path = write_table(tmp_path / f"table.{suffix}", random_columns(), batch_rows=100)
    expected = digests(score(path))
    handler = LocalHandler()
    assert digests(score(str(path), filesystem=fs.PyFileSystem(handler))) == expected
    assert set(handler.opened) == {str(path)}
    assert digests(score(path.name, filesystem=fs.SubTreeFileSystem(str(tmp_path), fs.LocalFileSystem()))) == expected
    assert digests(score(str(path), filesystem=fs.LocalFileSystem())) == expected
    assert digests(score(path.as_uri())) == expected
    assert digests(score(path.name, filesystem=tmp_path.as_uri())) == expected


def test_a_folder_elsewhere_scores_as_its_files(tmp_path):
    paths = write_parts(tmp_path, ["parquet", "csv", "arrow"])
    found = score(str(tmp_path), filesystem=fs.PyFileSystem(LocalHandler()))
    assert digests(found) == digests(score(paths))
    dataset = ds.dataset([str(paths[0])], format="parquet", filesystem=fs.PyFileSystem(LocalHandler()))
    assert digests(score(dataset)) == digests(score(paths[0]))


def test_a_file_that_is_not_elsewhere_is_refused(tmp_path):
    elsewhere = fs.PyFileSystem(LocalHandler())
    with pytest.raises(FileNotFoundError, match=r"none.csv: there is no such file in the py::elsewhere filesystem$"):
        score(str(tmp_path / "none.csv"), filesystem=elsewhere)
    with pytest.raises(FileNotFoundError, match=r"patterns are for local files, so name the folder"):
        score(str(tmp_path / "*.csv"), filesystem=elsewhere)
    with pytest.raises(FileError, match=r"a .npy file is mapped, so it must be in the local filesystem"):
        np.save(tmp_path / "a.npy", np.ones(2))
        score_files([(str(tmp_path / "a.npy"),) * 2], filesystem=elsewhere)


def test_a_file_that_left_a_dataset_is_refused(tmp_path):
    path = write_table(tmp_path / "t.parquet", random_columns())
    for filesystem in (fs.LocalFileSystem(), fs.PyFileSystem(LocalHandler())):
        path.exists() or write_table(path, random_columns())
        dataset = ds.dataset([str(path)], format="parquet", filesystem=filesystem)
        path.unlink()
        with pytest.raises(FileError, match=r"t.parquet: the file cannot be read: .*[Nn]o such file"):
            score(dataset)


@pytest.mark.parametrize("error", [pa.lib.ArrowException("Unknown error: no\ncredentials"), OSError("timed out")])
def test_a_filesystem_that_does_not_answer_is_refused_in_one_line(tmp_path, monkeypatch, error):
    def fail(*_):
        raise error

    monkeypatch.setattr(LocalHandler, "get_file_info", fail)
    with pytest.raises(FileError, match=r"^bucket/x: its filesystem does not answer: [^\n]*(credentials|timed out)$"):
        score("bucket/x", filesystem=fs.PyFileSystem(LocalHandler()))


def test_a_filesystem_of_another_library_is_refused_with_what_to_do(tmp_path):
    with pytest.raises(TypeError, match=r"not PosixPath; one of fsspec is passed as .*FSSpecHandler\(filesystem\)"):
        score("t.csv", filesystem=tmp_path)
    with pytest.raises(FileError, match=r"nowhere://x: pyarrow knows no filesystem for this URI"):
        score("nowhere://x")
