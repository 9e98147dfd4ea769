"""The worst rows of files are those of the arrays, by file and row, by every road; states carry and merge them."""

import datetime
import json
import math

import numpy as np
import pytest

import squarely
from inputs.written_tables import write_table, write_text
from instruments.stopped_runs import stopped_after
from squarely.files import FileError, FileStates, accumulate_files, score_files
from squarely.files.formats import csv_rows, parquet
from squarely.files.runs import work

pa = pytest.importorskip("pyarrow")
pytest.importorskip("pyarrow.parquet")

ROWS = 3000
COLUMNS = {"true": "y", "pred": "p", "metrics": ("mse", "mae", "r2")}
SUFFIXES = ["csv", "csv.gz", "parquet", "arrow", "orc", "jsonl"]


@pytest.fixture
def table(rng):
    """Whole numbers, so that many losses are equal."""
    days = [str(datetime.date(2024, 1, 1) + datetime.timedelta(days=int(day))) for day in rng.integers(0, 300, ROWS)]
    truth = rng.integers(0, 50, ROWS) * 1.0
    return {
        "store": rng.choice(["north", "south", "a,b"], ROWS).tolist(),
        "number": rng.integers(0, 9, ROWS),
        "day": days,
        "y": truth,
        "p": truth + rng.integers(-6, 7, ROWS),
    }


def written(path, columns):
    if path.suffix == ".jsonl":
        rows = pa.table(columns).to_pylist()
        return write_text(path, "".join(json.dumps(row) + "\n" for row in rows))
    return write_table(path, columns)


def rows_of(columns, rows):
    return {name: [values[row] for row in rows] for name, values in columns.items()}


def rows_by_sort(columns, count):
    size = np.abs(np.asarray(columns["y"]) - np.asarray(columns["p"]))
    return np.lexsort((np.arange(len(size)), -size))[:count].tolist()


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_format_gives_the_rows_of_the_arrays(tmp_path, table, suffix, threads, monkeypatch):
    monkeypatch.setattr(csv_rows, "BLOCK_BYTES", 20_000)
    monkeypatch.setattr(parquet, "SECTION_BYTES", 1, raising=False)
    path = written(tmp_path / f"t.{suffix}", table)
    report = score_files(path, **COLUMNS, worst=40, worst_columns=["store", "number", "day"], threads=threads)
    rows = rows_by_sort(table, 40)
    assert report.worst["row"] == [row + 1 for row in rows]
    assert set(report.worst["file"]) == {str(path)}
    for name in ("store", "number", "day"):
        assert report.worst[name] == [table[name][row] for row in rows]
    assert report.worst["y_true"] == [table["y"][row] for row in rows]
    own = squarely.evaluate(table["y"], table["p"], metrics=COLUMNS["metrics"], worst=40).worst
    for name in ("loss", "residual", "share_percent", "r2_influence"):
        assert report.worst[name] == own[name]
    assert report.digest == score_files(path, **COLUMNS).digest


@pytest.mark.parametrize("threads", [1, 4])
def test_of_equal_losses_the_first_files_count(tmp_path, table, threads):
    parts = [range(0, 1100), range(1100, 1101), range(1101, ROWS)]
    for number, rows in enumerate(parts):
        written(tmp_path / f"{number}.parquet", rows_of(table, rows))
    paths = [tmp_path / f"{number}.parquet" for number in (2, 0, 1)]
    report = score_files(paths, **COLUMNS, worst=300, threads=threads)
    number_of = [
        (str(tmp_path / f"{n}.parquet"), row) for n, rows in enumerate(parts) for row in range(1, len(rows) + 1)
    ]
    assert list(zip(report.worst["file"], report.worst["row"], strict=True)) == [
        number_of[row] for row in rows_by_sort(table, 300)
    ]
    assert score_files(tmp_path, **COLUMNS, worst=300).worst.to_dict() == report.worst.to_dict()


def test_a_chunk_that_begins_in_the_middle_has_the_rows_of_its_file(tmp_path, table, monkeypatch):
    monkeypatch.setattr(csv_rows, "BLOCK_BYTES", 5_000)
    monkeypatch.setattr(work, "PIECES_BEFORE_COMMIT", 1)
    path = written(tmp_path / "t.csv", table)
    report = score_files(path, **COLUMNS, worst=25)
    assert report.worst["row"] == [row + 1 for row in rows_by_sort(table, 25)]


@pytest.mark.parametrize("by", ["store", ["store", "number"]])
def test_keys_of_groups_are_shown(tmp_path, table, by):
    path = written(tmp_path / "t.parquet", table)
    report = score_files(path, **COLUMNS, by=by, worst=20, worst_columns=["day", "store"])
    rows = rows_by_sort(table, 20)
    assert report.worst["row"] == [row + 1 for row in rows]
    assert report.worst["store"] == [table["store"][row] for row in rows]
    assert report.worst["day"] == [table["day"][row] for row in rows]
    assert report.digest == score_files(path, **COLUMNS, by=by).digest
    own = squarely.evaluate(table["y"], table["p"], metrics=COLUMNS["metrics"], worst=20).worst
    assert report.worst["share_percent"] == own["share_percent"]


def test_predictions_and_weights_have_tables(tmp_path, rng):
    columns = {"y": rng.random(500), "a": rng.random(500), "b": rng.random(500), "w": rng.random(500)}
    path = write_table(tmp_path / "t.parquet", columns)
    report = score_files(path, true="y", pred=["a", "b"], weight="w", metrics="mse", worst=9)
    for name in ("a", "b"):
        own = squarely.evaluate(columns["y"], columns[name], sample_weight=columns["w"], metrics="mse", worst=9).worst
        assert report.worst[name]["row"] == [row + 1 for row in own["row"]]
        for column in ("weight", "contribution", "share_percent", "loss"):
            assert report.worst[name][column] == own[column]


def test_missing_values_are_left_out_and_shown(tmp_path):
    text = "store,y,p\n,1,2\nA,,9\nB,5,2\nC,1,\n"
    report = score_files(
        write_text(tmp_path / "t.csv", text), **COLUMNS, nan_policy="omit", worst=4, worst_columns="store"
    )
    assert report.worst["row"] == [3, 1]
    assert report.worst["store"] == ["B", None]
    assert "null" in str(report.worst)


def test_pairs_of_arrays_are_files_of_their_own(tmp_path):
    chunks = (([float(i), 2.0], [0.0, 2.5]) for i in range(3))
    table = score_files(chunks, metrics="mse", worst=3).worst
    assert list(zip(table["file"], table["row"], strict=True)) == [("pair 3", 1), ("pair 2", 1), ("pair 1", 2)]
    np.save(tmp_path / "y.npy", np.arange(5.0))
    np.save(tmp_path / "p.npy", np.array([0.0, 1.0, 9.0, 3.0, 4.5]))
    stored = score_files([(tmp_path / "y.npy", tmp_path / "p.npy")], metrics="mse", worst=2).worst
    assert stored["row"] == [3, 5]
    assert "y.npy" in stored["file"][0]


def test_parts_of_columns_are_shown(tmp_path):
    path = write_text(tmp_path / "t.csv", "day,zip,y,p\n2024-01-31,01234,1,2\n2024-02-01,00001,4,2\n")
    table = score_files(path, **COLUMNS, worst=2, worst_columns=["day:month", "zip:text", "day"]).worst
    assert table["day:month"] == [2, 1]
    assert table["zip:text"] == ["00001", "01234"]
    assert table["day"] == ["2024-02-01", "2024-01-31"]


def test_rows_that_a_database_hands_over_have_no_number(tmp_path):
    pytest.importorskip("duckdb")
    path = write_text(tmp_path / "t.csv", "id,y,p\na,1,2\nb,4,2\nc,3,3\n")
    table = score_files(sql=f"select * from '{path}'", **COLUMNS, worst=2, worst_columns="id").worst
    assert table["id"] == ["b", "a"]
    assert table["row"] == [None, None]


# --- states and checkpoints ---


def test_states_carry_the_rows_and_merge_them(tmp_path, table):
    options = {**COLUMNS, "worst": 60, "worst_columns": ["store", "day"]}
    for number, suffix in enumerate(("parquet", "csv", "arrow")):
        path = written(tmp_path / f"part-{number}.{suffix}", rows_of(table, range(number, ROWS, 3)))
        accumulate_files(path, **options).save(tmp_path / f"{number}.sq")
    files = [tmp_path / name for name in ("part-0.parquet", "part-1.csv", "part-2.arrow")]
    whole = score_files(files, **options).worst.to_dict()
    for order in ((0, 1, 2), (2, 0, 1), (1, 2, 0)):
        merged = FileStates.load_all([tmp_path / f"{number}.sq" for number in order])
        assert merged.report().worst.to_dict() == whole
        assert FileStates.from_bytes(merged.to_bytes()) == merged


def test_every_value_survives_its_bytes(tmp_path):
    values = [0.1, math.inf, -math.inf, math.nan]
    columns = {
        "f": pa.array(values),
        "i": pa.array([2**63 + 5, 1, None, 0], pa.uint64()),
        "b": [True, False, None, True],
        "t": ["ü", "", None, "x"],
        "at": pa.array([1, 2, None, 4], pa.timestamp("us", "UTC")),
        "y": [1.0, 2.0, 3.0, 4.0],
        "p": [0.0, 0.0, 0.0, 0.0],
    }
    path = tmp_path / "t.parquet"
    pa.parquet.write_table(pa.table(columns), path)
    states = accumulate_files(path, **COLUMNS, worst=4, worst_columns=["f", "i", "b", "t", "at"])
    read = FileStates.from_bytes(states.to_bytes())
    assert repr(read.report().worst.to_dict()) == repr(states.report().worst.to_dict())
    assert read.report().worst["i"] == [0, None, 1, 2**63 + 5]
    assert read.to_bytes() == states.to_bytes()


def test_states_of_other_worst_rows_are_not_merged(tmp_path, table):
    path = written(tmp_path / "t.parquet", table)
    states = accumulate_files(path, **COLUMNS, worst=5)
    for others in ({}, {"worst": 6}, {"worst": 5, "worst_by": "mae"}, {"worst": 5, "worst_columns": "day"}):
        with pytest.raises(FileError, match="has worst rows 5 by squared_error, and the other has"):
            states.merge(accumulate_files(path, **COLUMNS, **others))


def test_states_without_worst_rows_have_the_form_they_had(tmp_path, table):
    path = written(tmp_path / "t.parquet", table)
    assert accumulate_files(path, **COLUMNS).to_bytes()[4] == 1
    assert accumulate_files(path, **COLUMNS, by="store").to_bytes()[4] == 2
    assert accumulate_files(path, **COLUMNS, worst=1).to_bytes()[4] == 3


def test_damaged_rows_are_refused(tmp_path, table):
    states = accumulate_files(written(tmp_path / "t.parquet", table), **COLUMNS, worst=2)
    nan = [["0x1p+0", "0x0p+0"], "t", 1, "nan", "0x0p+0", "0x1p+0", "0x1p+0", []]
    for change in (
        {"count": 1},
        {"loss": ["no_loss", "0x0p+0"]},
        {"rows": [nan[:4]]},
        {"rows": [nan]},
        {"columns": ["x"]},
    ):
        worst = dict(states.worst["p"].to_json(), **change)
        with pytest.raises((ValueError, TypeError), match=r".+"):
            type(states.worst["p"]).from_json(worst)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_run_that_ended_early_goes_on(tmp_path, table, suffix, monkeypatch):
    monkeypatch.setattr(csv_rows, "BLOCK_BYTES", 20_000)
    monkeypatch.setattr(work, "PIECES_BEFORE_COMMIT", 1)
    paths = [written(tmp_path / f"{n}.{suffix}", rows_of(table, range(n, ROWS, 2))) for n in range(2)]
    options = {**COLUMNS, "worst": 30, "worst_columns": "day", "checkpoint": tmp_path / "c.sq"}
    stopped_after(monkeypatch, 1, paths, **options)
    with pytest.raises(FileError, match="this run has worst rows 31 by squared_error, with day"):
        score_files(paths, **{**options, "worst": 31})
    whole = score_files(paths, **{**options, "checkpoint": None}).worst.to_dict()
    assert score_files(paths, **options).worst.to_dict() == whole
    assert score_files(paths, **options).worst.to_dict() == whole


# --- what is refused ---


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"worst": -1}, "'worst' parameter of score_files must be an integer from 0 to 10000"),
        ({"worst": 2, "worst_by": "r2"}, "no mean of such"),
        ({"worst_columns": "store"}, "pass worst=20"),
        ({"worst_by": "mse"}, "pass worst=20"),
        ({"worst": 2, "worst_columns": []}, "worst_columns is empty"),
        ({"worst": 2, "worst_columns": ["day", "day"]}, "worst_columns names the column 'day' twice"),
        ({"worst": 2, "worst_columns": "row"}, "'row' cannot be shown"),
        ({"worst": 2, "worst_columns": "shop"}, "there is no column 'shop'"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path, table, options, words):
    with pytest.raises(ValueError, match=words):
        score_files(written(tmp_path / "t.parquet", table), **COLUMNS, **options)


def test_pairs_of_arrays_have_no_columns(tmp_path):
    with pytest.raises(FileError, match="a pair has none"):
        score_files([([1.0], [2.0])], metrics="mse", worst=1, worst_columns="x")


def test_batches_of_a_join_without_a_match_have_no_rows():
    pytest.importorskip("duckdb")
    rows = 60_000
    truth = pa.table({"id": np.arange(rows), "y": np.zeros(rows)})
    prediction = pa.table({"id": np.arange(rows - 5, rows + 5), "p": np.arange(10.0)})
    report = score_files(
        truth=truth, prediction=prediction, on="id", true="y", pred="p", metrics="mse", unmatched="omit", worst=3
    )
    assert report.worst["y_pred"] == [4, 3, 2]
