"""Scores by group of files are those of a GroupedAccumulator over the arrays, by every road, or one sentence."""

import dataclasses
import datetime
import itertools
import json

import numpy as np
import pytest

import squarely
from inputs.written_tables import SUFFIXES, write_table, write_text
from instruments.stopped_runs import stopped_after
from squarely.files import FileError, FileStates, ReadingOptions, accumulate_files, score_files
from squarely.files.formats import csv_rows, parquet
from squarely.files.runs import work

pa = pytest.importorskip("pyarrow")
pc = pytest.importorskip("pyarrow.compute")
ds = pytest.importorskip("pyarrow.dataset")

METRICS = ("mean_squared_error", "mean_error", "max_error")
COLUMNS = {"true": "y", "pred": "p", "metrics": METRICS}
ROWS = 3000
NO_NULL = [suffix for suffix in SUFFIXES if suffix != "npz"]


@pytest.fixture
def sales(rng):
    """Columns of keys and numbers as lists and arrays, which every format can hold."""
    days = [datetime.date(2023, 11, 5) + datetime.timedelta(days=int(day)) for day in rng.integers(0, 200, ROWS)]
    truth = rng.standard_normal(ROWS)
    return {
        "store": rng.choice(["north", 'so"uth', "NA", "a,b", "ü"], ROWS).tolist(),
        "number": rng.integers(-3, 12, ROWS),
        "day": days,
        "y": truth,
        "p": truth + rng.standard_normal(ROWS),
    }


def written(path, columns, **options):
    if path.suffix == ".npz":
        fixed = {"store": np.array(columns["store"]), "day": np.array(columns["day"], "M8[D]")}
        np.savez(path, **{name: fixed.get(name, values) for name, values in columns.items()})
        return path
    if ".jsonl" in path.name:
        rows = pa.table(columns).to_pylist()
        return write_text(path, "".join(json.dumps(row, default=str) + "\n" for row in rows))
    return write_table(path, columns, **options)


def rows_of(columns, rows):
    return {name: [values[row] for row in rows] for name, values in columns.items()}


def accumulated(columns, by, **options):
    """Return the accumulator over arrays that files must give, keys computed by Python."""
    parts = {
        "month": lambda day: day.month,
        "year": lambda day: day.year,
        "day": lambda day: day.day,
        "weekday": lambda day: day.weekday(),
        "date": lambda day: day,
        "text": str,
    }
    keys = {}
    for label in [by] if isinstance(by, str) else by:
        column, _, part = label.partition(":")
        values = columns[column]
        keys[label] = [parts[part](value) for value in values] if part else list(values)
    grouped = squarely.GroupedAccumulator(METRICS, **options)
    return grouped.update(np.asarray(columns["y"]), np.asarray(columns["p"]), by=keys)


# --- one digest by every road ---


@pytest.mark.parametrize("by", ["store", "number", ["day"], ["store", "day:month"], ["number:text", "day:weekday"]])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_format_gives_what_arrays_give(tmp_path, sales, suffix, by):
    path = written(tmp_path / f"sales.{suffix}", sales)
    assert score_files(path, **COLUMNS, by=by).digest == accumulated(sales, by).digest()


def test_every_group_scores_as_its_rows_alone(tmp_path, sales):
    path = written(tmp_path / "sales.csv", sales)
    report = score_files(path, **COLUMNS, by=["store", "number"])
    truth, guess = np.asarray(sales["y"]), np.asarray(sales["p"])
    for store, number in report.keys:
        rows = (np.array(sales["store"]) == store) & (np.asarray(sales["number"]) == number)
        alone = squarely.evaluate(truth[rows], guess[rows], metrics=METRICS)
        assert report.group((store, number)) == alone.to_dict()
    assert report.overall.to_dict() == score_files(path, **COLUMNS).to_dict()
    assert (report.overall.rows, report.by) == (ROWS, ("store", "number"))


def test_parts_of_dates_are_those_of_python(tmp_path, sales):
    by = ["day:year", "day:month", "day:day", "day:weekday", "day:date"]
    for suffix in ("parquet", "csv"):
        path = written(tmp_path / f"sales.{suffix}", sales)
        assert score_files(path, **COLUMNS, by=by).digest == accumulated(sales, by).digest()


def test_order_of_files_and_threads_make_no_difference(tmp_path, sales, monkeypatch):
    monkeypatch.setattr(parquet, "SECTION_ROWS", 200)
    cuts = itertools.pairwise([0, 700, 1500, 2100, ROWS])
    suffixes = ("parquet", "csv", "arrow", "jsonl")
    paths = [
        written(tmp_path / f"{suffix}.{suffix}", rows_of(sales, range(*cut)), **({"batch_rows": 100}))
        for suffix, cut in zip(suffixes, cuts, strict=True)
    ]
    expected = accumulated(sales, ["store", "day"]).digest()
    for order in (paths, paths[::-1], [paths[2], paths[0], paths[3], paths[1]]):
        for threads in (1, 4):
            assert score_files(order, **COLUMNS, by=["store", "day"], threads=threads).digest == expected


def test_text_in_many_blocks_gives_what_one_gives(tmp_path, sales, monkeypatch):
    path = written(tmp_path / "sales.csv", sales)
    monkeypatch.setattr(csv_rows, "BLOCK_BYTES", 2000)
    for threads in (1, 3):
        report = score_files(path, **COLUMNS, by=["store", "day", "number"], threads=threads)
        assert report.digest == accumulated(sales, ["store", "day", "number"]).digest()


def test_dictionaries_are_the_keys_in_them(tmp_path, sales):
    table = pa.table(sales)
    encoded = table.set_column(0, "store", table["store"].dictionary_encode())
    encoded = encoded.set_column(2, "day", encoded["day"].dictionary_encode())
    by = ["store", "day:month"]
    path = write_table(tmp_path / "sales.arrow", {name: encoded[name] for name in encoded.column_names})
    assert score_files(path, **COLUMNS, by=by).digest == accumulated(sales, by).digest()


def test_several_predictions_and_weights(tmp_path, sales):
    sales["w"] = np.arange(1.0, ROWS + 1)
    sales["q"] = sales["p"] * 2
    path = written(tmp_path / "sales.parquet", sales)
    states = accumulate_files(path, true="y", pred=["p", "q"], weight="w", metrics=METRICS, by="store")
    for name in ("p", "q"):
        expected = squarely.GroupedAccumulator(METRICS)
        expected.update(sales["y"], sales[name], sample_weight=sales["w"], by={"store": sales["store"]})
        assert states.predictions[name] == expected
    report = states.report()
    assert report.predictions == ("p", "q")
    assert report.group("NA")["q"] == states.predictions["q"]["NA"].compute()


@pytest.mark.parametrize("summation", ["kahan", "pairwise"])
def test_sums_that_depend_on_order_are_the_same_every_time(tmp_path, sales, summation):
    paths = [written(tmp_path / f"{n}.csv", rows_of(sales, range(n, ROWS, 2))) for n in range(2)]
    digests = {score_files(paths, **COLUMNS, by="store", summation=summation, threads=n).digest for n in (1, 4)}
    assert len(digests) == 1


def test_missing_values_are_left_out_of_their_groups(tmp_path, sales):
    sales["p"] = np.where(np.arange(ROWS) % 7 == 0, np.nan, sales["p"])
    expected = accumulated(sales, "store", nan_policy="omit").digest()
    for suffix in ("parquet", "csv"):
        path = written(tmp_path / f"sales.{suffix}", sales)
        assert score_files(path, **COLUMNS, by="store", nan_policy="omit").digest == expected


# --- keys ---


def numbers_of(columns):
    return {"y_true": columns["y"], "y_pred": columns["p"]}


@pytest.mark.parametrize("suffix", NO_NULL)
def test_null_is_a_group(tmp_path, sales, suffix):
    sales["store"] = [None if row % 5 == 0 else store for row, store in enumerate(sales["store"])]
    sales["number"] = [None if row % 4 == 0 else int(number) for row, number in enumerate(sales["number"])]
    by = ["store", "number"]
    report = score_files(written(tmp_path / f"sales.{suffix}", sales), **COLUMNS, by=by)
    assert report.digest == accumulated(sales, by).digest()
    assert (None, None) in report.keys


def test_dates_that_are_null_have_parts_that_are_null(tmp_path, sales):
    sales["day"] = [None if row % 5 == 0 else day for row, day in enumerate(sales["day"])]
    digests = set()
    for suffix in ("parquet", "csv", "jsonl"):
        report = score_files(written(tmp_path / f"sales.{suffix}", sales), **COLUMNS, by="day:month")
        assert report.keys == [1, 2, 3, 4, 5, 11, 12, None]
        digests.add(report.digest)
    assert len(digests) == 1


def test_text_is_a_key_whatever_other_columns_miss(tmp_path):
    """Where a number is missing, text is parsed in another way, in which NA could become null."""
    path = write_text(tmp_path / "t.csv", "c,y,p\nNA,1,2\nDE,NA,1\n,3,3\nNA,4,4\n")
    report = score_files(path, **COLUMNS, by="c", nan_policy="omit")
    assert (report.keys, report.count.tolist()) == (["DE", "NA", None], [0, 2, 1])
    grouped_digits = ReadingOptions(thousands="'")
    assert score_files(path, **COLUMNS, by="c", nan_policy="omit", reading=grouped_digits).digest == report.digest


def test_numbers_that_mean_missing_are_null_keys(tmp_path):
    columns = {"k": [1, -999, 2, -999], "y": [1.0, 2.0, 3.0, 4.0], "p": [1.0, 1.0, 1.0, 1.0]}
    for suffix in ("parquet", "csv", "npz", "jsonl"):
        path = write_table(tmp_path / f"t.{suffix}", columns)
        assert score_files(path, **COLUMNS, by="k", reading=ReadingOptions(na=(-999,))).keys == [1, 2, None]


@pytest.mark.parametrize(
    ("texts", "keys"),
    [
        (["7", "007", "-1"], [-1, 7]),
        (["1.5", "2", "1.50"], [1.5, 2.0]),
        (["true", "false", "true"], [False, True]),
        (["9223372036854775808", "1", "2"], [1, 2, 2**63]),
        (["12345678901234567890123", "12345678901234567890124", "1"], None),  # which float64 would make one
        (["2024-01-31", "2024-02-01", "2024-01-31"], [datetime.date(2024, 1, 31), datetime.date(2024, 2, 1)]),
        (["2024-01-31 18:30:00", "2024-02-01T00:00:00.5", ""], None),
        (["2024-01-31", "31.01.2024", "x"], ["2024-01-31", "31.01.2024", "x"]),
    ],
)
def test_text_is_read_as_what_all_of_it_is(tmp_path, texts, keys):
    path = write_text(tmp_path / "t.csv", "k,y,p\n" + "".join(f"{text},1,2\n" for text in texts))
    found = score_files(path, **COLUMNS, by="k").keys
    if texts[0].startswith("123"):
        assert found == sorted(texts)
    elif texts[2] == "":
        assert found[:2] == [datetime.datetime(2024, 1, 31, 18, 30), datetime.datetime(2024, 2, 1, 0, 0, 0, 500_000)]
        assert found[2] is None
    else:
        assert found == keys


def test_text_as_it_is_written_is_asked_for(tmp_path):
    path = write_text(tmp_path / "t.csv", "zip,y,p\n01234,1,2\n1234,1,3\n")
    assert score_files(path, **COLUMNS, by="zip").keys == [1234]
    assert score_files(path, **COLUMNS, by="zip:text").keys == ["01234", "1234"]


def test_moments_have_hours_of_their_own_time_zone(tmp_path):
    zone = pa.timestamp("us", "America/New_York")
    moments = pa.array([datetime.datetime(2024, 7, 1, 2), datetime.datetime(2024, 7, 1, 12)], zone)
    path = write_table(tmp_path / "t.parquet", {"t": moments, "y": [1.0, 2.0], "p": [1.0, 1.0]})
    report = score_files(path, **COLUMNS, by=["t:date", "t:hour"])
    assert report.keys == [(datetime.date(2024, 6, 30), 22), (datetime.date(2024, 7, 1), 8)]


def test_the_unit_of_moments_makes_no_difference(tmp_path):
    moments = np.array(["2024-01-31T18:30", "2024-02-01T00:00:01", "NaT"], "M8[us]")
    numbers = {"y": [1.0, 2.0, 3.0], "p": [1.0, 1.0, 1.0]}
    paths = [write_text(tmp_path / "t.csv", "t,y,p\n2024-01-31 18:30,1,1\n2024-02-01T00:00:01,2,1\n,3,1\n")]
    for unit in ("s", "ms", "us", "ns"):
        paths.append(write_table(tmp_path / f"{unit}.parquet", {"t": pa.array(moments, pa.timestamp(unit)), **numbers}))
    expected = squarely.GroupedAccumulator(METRICS).update(**numbers_of(numbers), by={"t": moments})
    assert {score_files(path, **COLUMNS, by="t").digest for path in paths} == {expected.digest()}
    assert len({score_files(order, **COLUMNS, by="t").digest for order in (paths, paths[::-1])}) == 1
    finer = pa.array(moments, pa.timestamp("ns")).cast(pa.int64())
    finer = pc.add(finer, 1).cast(pa.timestamp("ns"))
    path = write_table(tmp_path / "finer.parquet", {"t": finer, **numbers})
    with pytest.raises(FileError, match="'t' holds moments that are no whole microseconds"):
        score_files(path, **COLUMNS, by="t")
    assert score_files(path, **COLUMNS, by="t:hour").keys == [0, 18, None]


def test_a_column_of_the_very_name_comes_before_a_part(tmp_path):
    path = write_table(tmp_path / "t.parquet", {"d:month": ["x", "y"], "d": ["a", "b"], "y": [1.0, 2], "p": [1.0, 1]})
    assert score_files(path, **COLUMNS, by="d:month").keys == ["x", "y"]


def test_truth_may_be_a_key(tmp_path):
    columns = {"y": [1, 2, 5, 1], "p": [1.5, 2.0, 3.0, 2.0]}
    for suffix in ("parquet", "csv", "jsonl"):
        path = write_table(tmp_path / f"t.{suffix}", columns)
        assert score_files(path, **COLUMNS, by="y")["mean_error"].tolist() == [0.75, 0.0, -2.0]


def test_a_field_of_a_struct_is_a_key(tmp_path):
    path = write_table(
        tmp_path / "t.parquet", {"r": [{"s": "a"}, {"s": "b"}, None], "y": [1.0, 2, 3], "p": [1.0, 1, 1]}
    )
    assert score_files(path, **COLUMNS, by="r.s").keys == ["a", "b", None]


# --- folders and datasets ---


def partitioned(folder, columns, name_of):
    rows_by_name = {}
    for row in range(len(columns["y"])):
        rows_by_name.setdefault(name_of(row), []).append(row)
    for name, rows in rows_by_name.items():
        (folder / name).mkdir(parents=True)
        outside = [part.split("=")[0] for part in name.split("/")]
        inside = {key: values for key, values in rows_of(columns, rows).items() if key not in outside}
        write_table(folder / name / "part.parquet", inside)
    return folder


def test_names_of_folders_are_keys(tmp_path, sales):
    sales = rows_of(sales, range(300))  # nearly each has a folder of its own
    columns = {name: sales[name] for name in ("number", "day", "y", "p")}
    folder = partitioned(tmp_path / "f", columns, lambda row: f"number={sales['number'][row]}/day={sales['day'][row]}")
    one_file = written(tmp_path / "one.csv", sales)
    for by in ("number", ["day", "number"], ["day:month"], ["number:text"]):
        expected = accumulated(sales, by).digest()
        assert score_files(folder, **COLUMNS, by=by).digest == expected
        assert score_files(one_file, **COLUMNS, by=by).digest == expected
    assert score_files(ds.dataset(folder, partitioning="hive"), **COLUMNS, by="number").digest == (
        accumulated(sales, "number").digest()
    )


def test_names_of_folders_are_of_one_kind(tmp_path, sales):
    columns = {name: sales[name] for name in ("y", "p")}
    padded = partitioned(tmp_path / "padded", columns, lambda row: f"month={row % 12 + 1:02}")
    assert score_files(padded, **COLUMNS, by="month").keys == list(range(1, 13))
    assert score_files(padded, **COLUMNS, by="month:text").keys[:2] == ["01", "02"]
    mixed = partitioned(tmp_path / "mixed", columns, lambda row: f"k={['1', 'a', '2'][row % 3]}")
    assert score_files(mixed, **COLUMNS, by="k").keys == ["1", "2", "a"]
    null = partitioned(tmp_path / "null", columns, lambda row: f"k={['1', '__HIVE_DEFAULT_PARTITION__'][row % 2]}")
    assert score_files(null, **COLUMNS, by="k").keys == [1, None]


def test_a_dataset_with_a_filter_has_keys(tmp_path, sales):
    path = written(tmp_path / "sales.parquet", sales)
    dataset = ds.dataset(path).filter(pc.field("number") > 3)
    kept = rows_of(sales, np.flatnonzero(np.asarray(sales["number"]) > 3))
    by = ["store", "day:month"]
    assert score_files(dataset, **COLUMNS, by=by).digest == accumulated(kept, by).digest()


# --- what is refused ---


@pytest.mark.parametrize("suffix", ["parquet", "csv", "jsonl"])
@pytest.mark.parametrize(
    ("by", "parts"),
    [
        ("shop", ("there is no column 'shop'", "'store'")),
        ("store:month", ("column 'store' holds text", "'store:month' needs dates")),
        ("number:year", ("'number:year' needs dates",)),
        ("day:hour", ("column 'day' holds dates without a time of day",)),
        ("day:week", ("'day:week' asks for 'week', and parts are year, month",)),
    ],
)
def test_what_is_no_key_is_refused(tmp_path, sales, suffix, by, parts):
    path = written(tmp_path / f"sales.{suffix}", sales)
    with pytest.raises(FileError) as refused:
        score_files(path, **COLUMNS, by=by)
    assert str(refused.value).startswith(f"{path}: ")
    for part in parts:
        assert part in str(refused.value)


def test_lists_and_decimals_are_no_keys(tmp_path):
    decimals = pa.array(["1.10", "1.20"]).cast(pa.decimal128(5, 2))
    path = write_table(tmp_path / "t.parquet", {"l": [[1], [2]], "d": decimals, "y": [1.0, 2], "p": [1.0, 1]})
    with pytest.raises(FileError, match="'l' holds values of type list<.*>, which are no keys"):
        score_files(path, **COLUMNS, by="l")
    with pytest.raises(FileError, match="'d' holds .*, which are no keys of groups; group by 'd:text'"):
        score_files(path, **COLUMNS, by="d")
    assert score_files(path, **COLUMNS, by="d:text").keys == ["1.10", "1.20"]


def test_a_key_of_another_kind_is_told_with_its_row(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_rows, "BLOCK_BYTES", 100)
    path = write_text(tmp_path / "t.csv", "k,y,p\n" + "1,1,2\n" * 50 + "A1,1,2\n")
    for threads in (1, 3):
        with pytest.raises(
            FileError, match="'k' holds 'A1' in data row 51, and its first keys are integers"
        ) as refused:
            score_files(path, **COLUMNS, by="k", threads=threads)
    assert "group by 'k:text'" in str(refused.value)
    assert score_files(path, **COLUMNS, by="k:text").keys == ["1", "A1"]


def test_files_whose_keys_are_of_other_kinds_are_refused(tmp_path):
    paths = [write_text(tmp_path / f"{key}.csv", f"k,y,p\n{key},1,2\n") for key in ("1", "a")]
    with pytest.raises(FileError, match="keys of kind .*'store:text'"):
        score_files(paths, **COLUMNS, by="k", threads=1)
    assert score_files(paths, **COLUMNS, by="k:text").keys == ["1", "a"]


def test_arrays_have_no_columns_of_keys():
    with pytest.raises(FileError, match="pair 1: by='store' names a column, and a pair has none"):
        score_files([([1.0], [2.0])], by="store")


@pytest.mark.parametrize(
    ("by", "error", "message"),
    [([], ValueError, "by is empty"), (["a", "a"], ValueError, "'a' twice"), ([1], TypeError, "names columns")],
)
def test_by_names_columns_each_once(tmp_path, by, error, message):
    with pytest.raises(error, match=message):
        score_files(write_text(tmp_path / "t.csv", "a,y,p\n1,2,3\n"), **COLUMNS, by=by)


# --- states and checkpoints ---


def test_states_of_groups_are_saved_and_merged(tmp_path, sales):
    by = ["store", "day:month"]
    for number, suffix in enumerate(("parquet", "csv", "arrow")):
        path = written(tmp_path / f"part.{suffix}", rows_of(sales, range(number, ROWS, 3)))
        accumulate_files(path, **COLUMNS, by=by).save(tmp_path / f"{number}.sq")
    merged = FileStates.load_all([tmp_path / f"{number}.sq" for number in (2, 0, 1)])
    assert merged.predictions["p"] == accumulated(sales, by)
    assert (merged.by, merged.rows) == (tuple(by), ROWS)
    assert FileStates.from_bytes(merged.to_bytes()) == merged
    assert merged.report().overall.to_dict() == score_files(written(tmp_path / "all.csv", sales), **COLUMNS).to_dict()


def test_states_by_other_keys_are_not_merged(tmp_path, sales):
    path = written(tmp_path / "sales.parquet", sales)
    states = accumulate_files(path, **COLUMNS, by="store")
    for other in (None, "number", ["store", "number"]):
        with pytest.raises(FileError, match="has by store, and the other has"):
            states.merge(accumulate_files(path, **COLUMNS, by=other))
    numbers = write_text(tmp_path / "n.csv", "store,y,p\n1,2,3\n")
    with pytest.raises(FileError, match=r"n\.csv: cannot be merged: .*kind"):
        states.merge(accumulate_files(numbers, **COLUMNS, by="store"))


def test_states_without_groups_are_written_as_before(tmp_path, sales):
    states = accumulate_files(written(tmp_path / "sales.parquet", sales), **COLUMNS)
    assert states.to_bytes()[4] == 1
    assert b'"by"' not in states.to_bytes()


def test_changed_states_of_groups_are_refused(tmp_path, sales):
    states = accumulate_files(written(tmp_path / "sales.parquet", sales), **COLUMNS, by="store")
    assert states.to_bytes()[4] == 2
    lying = dataclasses.replace(states, by=("number",))
    with pytest.raises(ValueError, match="damaged"):
        FileStates.from_bytes(lying.to_bytes())


@pytest.mark.parametrize("suffix", ["parquet", "csv", "jsonl", "arrow"])
def test_a_run_by_groups_is_taken_up_in_the_middle(tmp_path, sales, monkeypatch, suffix):
    monkeypatch.setattr(parquet, "SECTION_ROWS", 500)
    monkeypatch.setattr(csv_rows, "BLOCK_BYTES", 20_000)
    monkeypatch.setattr(work, "PIECES_BEFORE_COMMIT", 1)
    paths = [written(tmp_path / f"{n}.{suffix}", rows_of(sales, range(n, ROWS, 2))) for n in range(2)]
    by, checkpoint = ["store", "day:month"], tmp_path / "c.sq"
    stopped_after(monkeypatch, 1, paths, checkpoint, **COLUMNS, by=by)
    assert 0 < FileStates.load(checkpoint).rows < ROWS
    with pytest.raises(FileError, match="this run has by store, and the checkpoint has store, day:month"):
        score_files(paths, **COLUMNS, by="store", checkpoint=checkpoint)
    with pytest.raises(FileError, match="this run has by None"):
        score_files(paths, **COLUMNS, checkpoint=checkpoint)
    assert score_files(paths, **COLUMNS, by=by, checkpoint=checkpoint).digest == accumulated(sales, by).digest()
    assert score_files(paths, **COLUMNS, by=by, checkpoint=checkpoint).overall.rows == ROWS
