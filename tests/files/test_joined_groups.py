"""Groups of joins, queries and Arrow streams are those of the sorted files and of the arrays side by side."""

import datetime
import json

import numpy as np
import pytest

import squarely
from squarely.files import FileError, FileStates, ReadingOptions, UnmatchedIdError, accumulate_files, score_files

pa = pytest.importorskip("pyarrow")
pc = pytest.importorskip("pyarrow.compute")
duckdb = pytest.importorskip("duckdb")
csv = pytest.importorskip("pyarrow.csv")
pq = pytest.importorskip("pyarrow.parquet")

METRICS = ("mean_squared_error", "mean_error", "max_error")
COLUMNS = {"true": "y", "pred": "p", "metrics": METRICS}
ROWS = 3000
BYS = ("store", "number", ["day"], ["store", "day:month"], ["number:text", "day:weekday"], "id", "day:date")
PARTS = {"month": lambda day: day.month, "weekday": lambda day: day.weekday(), "date": lambda day: day, "text": str}
DAYS = [datetime.date(2023, 11, 5) + datetime.timedelta(days=i) for i in range(200)]


@pytest.fixture(scope="module")
def sales():
    rng = np.random.default_rng(7)
    truth = rng.standard_normal(ROWS)
    return {
        "id": rng.permutation(ROWS),
        "store": rng.choice(["north", 'so"uth', "NA", "a,b", "ü"], ROWS).tolist(),
        "number": rng.integers(-3, 12, ROWS),
        "day": [DAYS[place] for place in rng.integers(0, len(DAYS), ROWS)],
        "y": truth,
        "p": truth + rng.standard_normal(ROWS),
    }


@pytest.fixture(scope="module")
def sides(sales):
    """Return the truth with the keys, and the predictions in another order."""
    table = pa.table(sales)
    order = np.random.default_rng(8).permutation(ROWS)
    return table.drop_columns("p"), table.select(["id", "p"]).take(pa.array(order))


def written(path, table):
    if path.suffix == ".parquet":
        pq.write_table(table, path, row_group_size=700)
    elif path.suffix == ".arrow":
        with pa.ipc.new_file(path, table.schema) as file:
            file.write_table(table, max_chunksize=300)
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row, default=str) + "\n" for row in table.to_pylist()))
    else:
        csv.write_csv(table, path)
    return path


def keys_of(columns, by):
    keys = {}
    for label in [by] if isinstance(by, str) else by:
        column, _, part = label.partition(":")
        keys[label] = [PARTS[part](value) for value in columns[column]] if part else list(columns[column])
    return keys


def of_arrays(columns, by, rows=slice(None), **options):
    """Return the digest of a grouped accumulator over the arrays, keys computed by Python."""
    keys = {label: np.array(values, object)[rows].tolist() for label, values in keys_of(columns, by).items()}
    grouped = squarely.GroupedAccumulator(METRICS, **options)
    return grouped.update(np.asarray(columns["y"])[rows], np.asarray(columns["p"])[rows], by=keys).digest()


def joined(truth, prediction, by, **options):
    return score_files(truth=truth, prediction=prediction, by=by, **{"on": "id", **COLUMNS, **options})


# One digest by every road


@pytest.mark.parametrize("by", BYS, ids=str)
@pytest.mark.parametrize("suffix", ("parquet", "csv", "arrow", "jsonl"))
def test_a_join_by_groups_gives_what_the_sorted_file_and_the_arrays_give(tmp_path, sales, sides, suffix, by):
    truth, prediction = sides
    report = joined(written(tmp_path / f"t.{suffix}", truth), written(tmp_path / "p.csv", prediction), by)
    beside = written(tmp_path / "side_by_side.csv", pa.table(sales).sort_by("id"))
    assert report.digest == of_arrays(sales, by) == score_files(beside, **COLUMNS, by=by).digest
    assert (report.overall.rows, report.overall.count) == (ROWS, ROWS)


@pytest.mark.parametrize("by", BYS, ids=str)
def test_queries_relations_and_streams_give_the_same_groups(tmp_path, sales, sides, by):
    polars = pytest.importorskip("polars", "1.34")  # collect_batches
    truth, prediction = sides
    paths = written(tmp_path / "t.parquet", truth), written(tmp_path / "p.csv", prediction)
    sql = f"select * from '{paths[0]}' join '{paths[1]}' using (id)"
    table = pa.table(sales)
    with duckdb.connect() as connection:
        connection.register("sales", table)
        data = {
            "relation": connection.sql("from sales order by hash(p)"),
            "reader": table.to_reader(max_chunksize=99),
            "table": table,
            "pandas": table.to_pandas(),
            "polars": polars.from_arrow(table),
            "lazy": polars.from_arrow(table).lazy(),
            "frames": [polars.from_arrow(table[:70]), polars.from_arrow(table[70:])],
        }
        found = {name: score_files(one, **COLUMNS, by=by).digest for name, one in data.items()}
        found["connection"] = score_files(connection, sql="from sales", **COLUMNS, by=by).digest
    found["sql"] = score_files(sql=sql, **COLUMNS, by=by).digest
    assert found == dict.fromkeys(found, of_arrays(sales, by))


@pytest.mark.parametrize("by", ("store", ["store", "day:month"], "day:weekday"), ids=str)
def test_frames_that_evaluate_joins_have_the_same_groups(sales, sides, by):
    polars = pytest.importorskip("polars")
    keep = ["id", "y", *{label.partition(":")[0] for label in ([by] if isinstance(by, str) else by)}]
    truth, prediction = sides[0].select(keep), sides[1]
    expected = squarely.evaluate(sales["y"], sales["p"], by=keys_of(sales, by), metrics=METRICS)
    for left, right in ((truth, prediction), (truth.to_pandas(), polars.from_arrow(prediction).lazy())):
        report = squarely.evaluate(left, right, on="id", by=by, metrics=METRICS)
        assert (report.by, report.to_dict()) == (expected.by, expected.to_dict())


@pytest.mark.parametrize("suffix", ("parquet", "csv", "jsonl"))
@pytest.mark.parametrize("by", ("day:month", "day", ["store", "day:weekday"], ["number", "day:date"]), ids=str)
def test_an_id_of_text_may_be_a_key_of_dates(tmp_path, sales, sides, suffix, by):
    """Ids are compared as they are written, and keys are what that writes."""
    truth, prediction = sides
    both = prediction.join(truth.select(["id", "day"]), "id")
    paths = written(tmp_path / f"t.{suffix}", truth), written(tmp_path / f"p.{suffix}", both)
    assert joined(*paths, by, on=["id", "day"]).digest == of_arrays(sales, by)


def test_a_table_keeps_the_short_lists_of_categories(sales, sides):
    pandas = pytest.importorskip("pandas")
    truth = sides[0].to_pandas()
    truth["store"] = pandas.Categorical(truth["store"])
    report = joined(truth, sides[1], "store")
    assert report.digest == of_arrays(sales, "store")
    frame = truth[["id", "y", "store"]]
    assert squarely.evaluate(frame, sides[1], on="id", by="store", metrics=METRICS).to_dict() == report.to_dict()


MOMENTS = np.arange(ROWS) % 5 * 3_600_000_000 + 1_700_000_000_000_000
KEYS = {
    "moments": pa.array(MOMENTS, pa.timestamp("us")),
    "moments of a zone": pa.array(MOMENTS, pa.timestamp("us", "Asia/Kolkata")),
    "nanoseconds": pa.array(MOMENTS * 1000, pa.timestamp("ns", "UTC")),
    "durations": pa.array(MOMENTS, pa.duration("us")),
    "bytes": pa.array([b"%d" % (i % 5) for i in range(ROWS)]),
    "bytes of one length": pa.array([b"%d" % (i % 5) for i in range(ROWS)], pa.binary(1)),
    "booleans": pa.array([None if i % 7 == 0 else i % 2 == 0 for i in range(ROWS)]),
    "large integers": pa.array(np.uint64(2**64 - 1) - np.arange(ROWS, dtype=np.uint64) % 3),
    "small integers": pa.array(np.arange(ROWS) % 3, pa.int8()),
    "numbers": pa.array([(float("nan"), 0.1, -0.0, 0.0, None)[i % 5] for i in range(ROWS)]),
    "float32": pa.array((np.arange(ROWS) % 3 / 3).astype(np.float32)),
    "nulls": pa.nulls(ROWS),
    "text": pa.array([("", None, "x" * 40, "\0")[i % 4] for i in range(ROWS)]),
    "large text": pa.array([str(i % 3) for i in range(ROWS)], pa.large_string()),
    "dictionaries": pa.array([(None, "a", "b")[i % 3] for i in range(ROWS)]).dictionary_encode(),
}


@pytest.mark.parametrize("kind", KEYS)
def test_keys_of_every_kind_pass_through_the_join_as_they_are(sales, sides, kind):
    table = pa.table({"id": sales["id"], "y": sales["y"], "p": sales["p"], "key": KEYS[kind]})
    direct = score_files(table, **COLUMNS, by="key")
    report = joined(table.drop_columns("p"), sides[1], "key")
    assert report.digest == direct.digest
    assert str(report.keys) == str(direct.keys)  # NaN is not equal to itself


def test_weights_and_several_predictions_are_grouped(sales, sides):
    truth = sides[0].append_column("w", [np.arange(ROWS) % 4 / 4])
    models = {"one": sides[1], "two": sides[1].set_column(1, "p", pc.multiply(sides[1]["p"], 2.0))}
    report = joined(truth, models, "store", weight="w")
    direct = {
        name: squarely.GroupedAccumulator(METRICS)
        .update(sales["y"], factor * sales["p"], sample_weight=np.arange(ROWS) % 4 / 4, by={"store": sales["store"]})
        .digest()
        for name, factor in (("one", 1), ("two", 2))
    }
    assert report.digest == direct


def test_rows_without_a_partner_leave_their_groups_too(sales, sides):
    truth, prediction = sides
    some = prediction.filter(pc.greater(prediction["id"], 99))
    with pytest.raises(UnmatchedIdError, match="^truth: 100 ids have no row in prediction: 0, 1, 2 and 97 more$"):
        joined(truth, some, "store")
    assert joined(truth, some, "store", unmatched="omit").digest == of_arrays(sales, "store", sales["id"] > 99)


# What means a missing value is an id like others


@pytest.mark.parametrize("suffix", ("csv", "parquet"))
def test_numbers_and_words_that_mean_missing_values_are_ids(tmp_path, suffix):
    ids = ["NA", "007", "-999", "7"] if suffix == "csv" else [1, 7, -999, 8]
    truth = pa.table({"id": ids, "y": [1.0, 2.0, -999.0, 4.0], "store": [1, -999, 1, 1]})
    prediction = pa.table({"p": [4.0, 3.0, 2.0, 1.0], "id": ids[::-1]})
    paths = written(tmp_path / f"t.{suffix}", truth), written(tmp_path / f"p.{suffix}", prediction)
    reading = ReadingOptions(na=("NA", -999))
    report = joined(*paths, "store", reading=reading, nan_policy="omit")
    assert (report.overall.count, report.keys, report["mean_squared_error"].tolist()) == (3, [1, None], [0.0, 0.0])


# Folders


def test_names_of_folders_are_ids_and_keys(tmp_path, sales, sides):
    truth, prediction = sides
    years = pc.add(pc.bit_wise_and(truth["id"], 3), 2020)
    for year in range(2020, 2024):
        for suffix in ("parquet", "csv"):
            folder = tmp_path / suffix / f"year={year}"
            folder.mkdir(parents=True)
            part = truth.filter(pc.equal(years, year)).set_column(
                0, "id", pc.divide(truth["id"], 4).filter(pc.equal(years, year))
            )
            written(folder / f"part.{suffix}", part)
    ids = prediction["id"]
    other = prediction.set_column(0, "id", pc.divide(ids, 4)).append_column(
        "year", pc.add(pc.bit_wise_and(ids, 3), 2020)
    )
    keyed = {**sales, "year": sales["id"] % 4 + 2020}
    for suffix in ("parquet", "csv"):
        for guess in (other, written(tmp_path / "p.csv", other)):
            for by in ("year", "store"):
                report = joined(tmp_path / suffix, guess, by, on=["id", "year"])
                assert report.digest == of_arrays(keyed, by)


# The run


def test_sums_of_grouped_joins_are_saved_and_merged(tmp_path, sales, sides):
    truth, prediction = sides
    for part in range(2):
        one, other = (table.filter(pc.equal(pc.bit_wise_and(table["id"], 1), part)) for table in sides)
        states = accumulate_files(truth=one, prediction=other, on="id", by="store", **COLUMNS)
        states.save(tmp_path / f"{part}.sq")
    merged = FileStates.load_all([tmp_path / "0.sq", tmp_path / "1.sq"]).report()
    assert merged.digest == joined(truth, prediction, "store").digest == of_arrays(sales, "store")


@pytest.mark.parametrize("threads", (1, 3))
def test_a_group_for_every_few_rows_of_many_batches_is_found(threads):
    rows = 300_000
    ids = np.random.default_rng(3).permutation(rows)
    y, p = np.random.default_rng(4).standard_normal((2, rows))
    truth, guess = pa.table({"id": ids, "y": y[ids], "g": ids // 3}), pa.table({"id": np.arange(rows), "p": p})
    report = joined(truth, guess, "g", threads=threads)
    assert len(report.keys) == rows // 3
    grouped = squarely.GroupedAccumulator(METRICS).update(y, p, by={"g": np.arange(rows) // 3})
    assert report.digest == grouped.digest()


def test_only_the_columns_of_keys_that_are_asked_for_are_read_of_a_lazy_frame(sales):
    polars = pytest.importorskip("polars", "1.34")  # collect_batches

    def fail(_):
        raise AssertionError("this column is no key")

    frame = polars.from_arrow(pa.table(sales)).lazy()
    frame = frame.with_columns(number=polars.col("p").map_batches(fail, return_dtype=polars.Float64))
    assert score_files(frame, **COLUMNS, by=["store", "day:month"]).digest == of_arrays(sales, ["store", "day:month"])


def test_a_group_of_a_query_is_an_enum_as_well_as_text():
    letter = "(case when i % 2 = 0 then 'b' else 'a' end)::enum('b', 'a')"
    sql = f"select i::double as y, 0 as p, {letter} as g from range(10) t(i)"
    assert score_files(sql=sql, **COLUMNS, by="g").keys == ["a", "b"]


# Refused


@pytest.mark.parametrize(
    ("by", "told"),
    (
        ("shop", "there is no column 'shop'. The columns are 'id', 'store'"),
        ("store:month", "column 'store' holds text, and 'store:month' needs dates"),
        ("p", "there is no column 'p'"),
    ),
)
def test_keys_that_the_truth_does_not_have_are_refused_before_anything_is_joined(tmp_path, sides, by, told):
    truth, prediction = sides
    for one, name in ((truth, "truth"), (written(tmp_path / "t.csv", truth), str(tmp_path / "t.csv"))):
        with pytest.raises(FileError) as refused:
            joined(one, prediction, by)
        assert str(refused.value).startswith(f"{name}: {told}")


def test_keys_of_another_kind_in_one_of_the_files_are_refused(tmp_path, sides):
    truth, prediction = sides
    written(tmp_path / "t-0.parquet", truth.slice(0, 100))
    other = truth.slice(100).set_column(2, "number", truth["number"].slice(100).cast(pa.string()))
    written(tmp_path / "t-1.parquet", other)
    with pytest.raises(FileError, match="t-1.parquet: 'number' has keys of type string, and in .*t-0.parquet they are"):
        joined(tmp_path / "t-*.parquet", prediction, "number")
    assert joined(tmp_path / "t-*.parquet", prediction, "number:text").overall.rows == ROWS


def test_a_query_without_the_key_is_refused():
    with pytest.raises(FileError, match="sql: there is no column 'g'. The columns are 'y', 'p'"):
        score_files(sql="select 1 as y, 2 as p", **COLUMNS, by="g")
    with pytest.raises(FileError, match=r"sql: column 'g' holds values of type decimal128\(2, 1\), which are no keys"):
        score_files(sql="select 1 as y, 2 as p, 1.5 as g", **COLUMNS, by="g")
