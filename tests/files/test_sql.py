"""Rows that a query of DuckDB makes, and whatever brings Arrow batches, score as the arrays in them."""

import threading
import weakref

import numpy as np
import pytest

import squarely
from squarely.files import FileError, MissingValueError, ReadingOptions, score_files

pa = pytest.importorskip("pyarrow")
duckdb = pytest.importorskip("duckdb")
pq = pytest.importorskip("pyarrow.parquet")

ROWS = 5000
METRICS = ("mse", "mae", "r2")


def numbers():
    rng = np.random.default_rng(2)
    y = rng.standard_normal(ROWS)
    return y, y + rng.standard_normal(ROWS)


def scored(*data, **options):
    return score_files(*data, true="y", pred="p", metrics=METRICS, **options)


DIGEST = squarely.Accumulator(METRICS).update(*numbers()).digest()
TABLE = pa.table(dict(zip("yp", numbers(), strict=True))).append_column("store", pa.array(np.arange(ROWS) % 7))


@pytest.fixture
def folder(tmp_path):
    """Predictions in two Parquet files, and truth in CSV, in another order."""
    ids = np.arange(ROWS)
    table = TABLE.append_column("id", pa.array(ids))
    for part in range(2):
        pq.write_table(table.select(["id", "p"]).slice(part * 3000, 3000), tmp_path / f"part-{part}.parquet")
    rows = (f"{i},{float(y)!r}\n" for i, y in zip(ids[::-1], numbers()[0][::-1], strict=True))
    (tmp_path / "truth's.csv").write_text("id,y\n" + "".join(rows))
    return tmp_path


def test_a_query_over_files_scores_as_the_arrays_in_them(folder):
    truth = str(folder / "truth's.csv").replace("'", "''")
    report = scored(sql=f"select y, p from '{folder}/*.parquet' join '{truth}' using (id)")
    assert (report.digest, report.rows) == (DIGEST, ROWS)


def test_a_query_may_begin_with_names_and_have_more_columns_than_are_scored(folder):
    truth = str(folder / "truth's.csv").replace("'", "''")
    sql = f"with t as (from '{truth}') select *, 'text' as note from '{folder}/*.parquet' join t using (id)"
    assert scored(sql=sql).digest == DIGEST


def test_a_connection_runs_the_query_over_its_tables():
    with duckdb.connect() as connection:
        connection.register("rows", TABLE)
        assert scored(connection, sql="select * from rows").digest == DIGEST
        assert scored(connection, sql="from rows where store < 9 order by p").digest == DIGEST
        assert connection.sql("select count(*) from rows").fetchall() == [(ROWS,)]


def test_a_relation_is_read_as_it_is():
    with duckdb.connect() as connection:
        connection.register("rows", TABLE)
        assert scored(connection.sql("from rows")).digest == DIGEST


def test_columns_may_have_the_names_of_methods():
    pandas = pytest.importorskip("pandas")
    names = {"y": "schema", "p": "nbytes", "store": "num_rows"}
    table = TABLE.rename_columns([*names.values()])
    with duckdb.connect() as connection:
        connection.register("rows", table)
        for data in (table, pandas.DataFrame(table.to_pandas()), connection.sql("from rows")):
            report = score_files(data, true="schema", pred="nbytes", metrics=METRICS)
            assert report.digest == DIGEST


def test_every_road_has_one_digest(folder):
    truth = str(folder / "truth's.csv").replace("'", "''")
    sql = f"select y, p from '{folder}/*.parquet' join '{truth}' using (id)"
    parts = sorted(map(str, folder.glob("*.parquet")))
    with duckdb.connect() as connection:
        connection.register("rows", TABLE)
        digests = {
            scored(sql=sql).digest,
            scored(connection.sql("from rows")).digest,
            scored(TABLE).digest,
            scored([TABLE.slice(0, 10), TABLE.slice(10)]).digest,
            scored([(TABLE["y"], TABLE["p"])]).digest,
            score_files(
                truth=folder / "truth's.csv",
                prediction=f"{folder}/*.parquet",
                on="id",
                true="y",
                pred="p",
                metrics=METRICS,
            ).digest,
        }
    assert len(parts) == 2
    assert digests == {DIGEST}


@pytest.mark.parametrize("batch", (1, 100, ROWS))
def test_readers_are_scored_batch_by_batch(batch):
    report = scored(TABLE.to_reader(max_chunksize=batch))
    assert (report.digest, report.rows) == (DIGEST, ROWS)


def test_frames_are_tables_with_columns_by_name():
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars", "1.34")
    frame = polars.from_arrow(TABLE)
    for one in (frame, frame.lazy(), frame.lazy().filter(polars.col("store") < 9), TABLE.to_pandas()):
        assert scored(one).digest == DIGEST
    assert scored(pandas.concat([TABLE.to_pandas()])).rows == ROWS


def test_a_lazy_frame_is_read_of_the_columns_that_are_scored_alone():
    polars = pytest.importorskip("polars", "1.34")  # collect_batches

    def fail(_):
        raise AssertionError("this column is not scored")

    frame = (
        polars.from_arrow(TABLE).lazy().with_columns(q=polars.col("p").map_batches(fail, return_dtype=polars.Float64))
    )
    assert scored(frame).digest == DIGEST


def test_what_brings_batches_may_be_an_object_of_anyone():
    class Batches:
        def __arrow_c_stream__(self, requested_schema=None):
            return TABLE.__arrow_c_stream__(requested_schema)

    assert scored(Batches()).digest == DIGEST


def test_batches_are_not_asked_for_before_those_before_them_are_scored():
    """Memory does not grow with the rows: a batch of many is gone when the next ones come."""
    alive, most = [0], [0]
    lock = threading.Lock()
    schema = pa.schema([("y", pa.float64()), ("p", pa.float64())])

    def batches():
        for _ in range(200):
            values = np.zeros(1000)

            def gone(_, alive=alive):
                with lock:
                    alive[0] -= 1

            with lock:
                alive[0] += 1
                most[0] = max(most[0], alive[0])
            weakref.finalize(values, gone, None)
            yield pa.record_batch([pa.array(values), pa.array(values)], schema=schema)
            del values

    assert scored(pa.RecordBatchReader.from_batches(schema, batches())).rows == 200_000
    assert most[0] < 10


def test_sums_by_group_are_of_the_same_batches():
    grouped = squarely.GroupedAccumulator(METRICS)
    with duckdb.connect() as connection:
        connection.register("rows", TABLE)
        relation = connection.sql("from rows order by hash(p)")
        for batch in pa.RecordBatchReader.from_stream(relation):
            grouped.update(batch["y"], batch["p"], by=batch["store"])
    y, p = numbers()
    assert grouped.digest() == squarely.GroupedAccumulator(METRICS).update(y, p, by=np.arange(ROWS) % 7).digest()


def test_decimals_of_sql_are_the_nearest_floats():
    report = score_files(sql="select 0.3 as y, 0.1 as p", true="y", pred="p", metrics="mae")
    assert report["mae"] == squarely.mean_absolute_error([0.3], [0.1])


def test_weights_and_several_predictions_are_columns_of_the_query():
    with duckdb.connect() as connection:
        connection.register("rows", TABLE)
        sql = "select y, p, 2 * p as q, store + 1 as w from rows"
        report = score_files(connection, sql=sql, true="y", pred=["p", "q"], weight="w", metrics=METRICS)
    y, p = numbers()
    weights = np.arange(ROWS) % 7 + 1.0
    expected = {
        name: squarely.Accumulator(METRICS).update(y, one, sample_weight=weights).digest()
        for name, one in (("p", p), ("q", 2 * p))
    }
    assert report.digest == expected


# Refused


@pytest.mark.parametrize(
    ("sql", "told"),
    (
        ("selec 1", "sql: Parser Error: syntax error"),
        ("select 1 as y", "sql: there is no column 'p'. The columns are 'y'"),
        ("select 1 as y, 'a' as p", "sql: column 'p' holds text, not numbers"),
        ("select y, p from nowhere", "sql: Catalog Error: Table with name nowhere does not exist"),
        ("select y, p from 'no-such.parquet'", "sql: IO Error: No files found"),
        ("select 1 as y, cast(x as double) as p from (values ('a')) t(x)", "Conversion Error: Could not convert"),
        ("select 1 as y, 2::bigint << 53 | 1 as p", "holds 18014398509481985, which float64 cannot hold exactly"),
    ),
)
def test_a_query_that_cannot_be_scored_is_refused_in_one_sentence(sql, told):
    with pytest.raises(FileError) as refused:
        scored(sql=sql)
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


def test_what_is_no_query_is_refused():
    with pytest.raises((ValueError, FileError), match="sql"):
        scored(sql="set threads = 1")


def test_missing_values_of_a_query_are_named_without_a_row_that_means_nothing():
    with pytest.raises(MissingValueError, match="sql: column 'y' has a missing value or NaN in some row$"):
        scored(sql="select null::double as y, 1 as p")


def test_a_query_fetches_no_extension_and_sees_no_variable_of_python():
    with pytest.raises(FileError, match="sql: .*httpfs"):
        scored(sql="select y, p from 'https://localhost:9/x.parquet'")
    rows = TABLE
    with pytest.raises(FileError, match="Table with name rows does not exist.*registered in a connection"):
        scored(sql="select y, p from rows")
    with pytest.raises(FileError, match="registered in a connection.*passing duckdb.sql"):
        scored(duckdb.connect(), sql="select y, p from rows")
    assert scored(duckdb.sql("select y, p from rows")).rows == rows.num_rows == ROWS


def test_options_of_text_are_said_in_the_query():
    with pytest.raises(ValueError, match="sql= says itself how files are read; leave out separator"):
        scored(sql="select 1 as y, 1 as p", reading=ReadingOptions(separator=";"))
    with pytest.raises(ValueError, match="leave out separator"):
        scored(TABLE, reading=ReadingOptions(separator=";"))


def test_a_number_that_means_missing_is_missing_in_batches_too():
    report = scored(
        sql="select 1 as y, 1 as p union all select -999, 5", reading=ReadingOptions(na=(-999,)), nan_policy="omit"
    )
    assert (report.count, report.omitted) == (1, 1)


def test_what_is_no_connection_is_refused_beside_a_query():
    with pytest.raises(TypeError, match="paths must be a connection of DuckDB or left out"):
        scored("t.csv", sql="select 1 as y, 1 as p")


def test_a_column_alone_is_no_table():
    with pytest.raises(FileError, match="it brings no table"):
        scored(TABLE["y"])


def test_nothing_at_all_is_refused():
    with pytest.raises(TypeError, match="nothing is named to be scored"):
        score_files(true="y", pred="p")


@pytest.mark.parametrize("summation", ("kahan", "pairwise"))
def test_sums_that_depend_on_order_are_of_batches_in_order_and_not_of_queries(summation):
    y, p = numbers()
    expected = squarely.Accumulator(METRICS, summation=summation).update(y, p)
    assert scored(TABLE, summation=summation).digest == expected.digest()
    with pytest.raises(ValueError, match="depends on the order of rows"):
        scored(sql="select 1 as y, 1 as p", summation=summation)
