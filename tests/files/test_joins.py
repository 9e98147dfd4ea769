"""Truth and predictions in tables of their own: joined by ids they score as if they had stood side by side."""

import datetime
import doctest
import pathlib
import threading
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import squarely
from squarely.files import (
    FileError,
    FileStates,
    MissingValueError,
    ReadingOptions,
    UnmatchedIdError,
    accumulate_files,
    score_files,
)

pa = pytest.importorskip("pyarrow")
duckdb = pytest.importorskip("duckdb")
pq = pytest.importorskip("pyarrow.parquet")
csv = pytest.importorskip("pyarrow.csv")

ROWS = 5000
METRICS = ("mse", "mae", "r2")


def numbers(seed=0, rows=ROWS):
    rng = np.random.default_rng(seed)
    y = rng.standard_normal(rows)
    return y, y + rng.standard_normal(rows)


def two_tables(ids, y, p, seed=1, name="id"):
    """Return the truth in order, and the predictions in another."""
    order = np.random.default_rng(seed).permutation(len(y))
    ids = pa.array(ids)
    return pa.table({name: ids, "y": y}), pa.table({name: ids.take(pa.array(order)), "p": p[order]})


def written(folder, table, name):
    path = folder / name
    if path.suffix == ".parquet":
        pq.write_table(table, path, row_group_size=700)
    elif path.suffix == ".arrow":
        with pa.ipc.new_file(path, table.schema) as file:
            file.write_table(table)
    elif path.suffix == ".jsonl":
        path.write_text("".join(f"{row}\n".replace("'", '"') for row in table.to_pylist()))
    else:
        csv.write_csv(table, path)
    return path


def joined(truth, prediction, on="id", true="y", pred="p", **options):
    return score_files(truth=truth, prediction=prediction, on=on, true=true, pred=pred, metrics=METRICS, **options)


def side_by_side(y, p, **options):
    return squarely.Accumulator(METRICS, **options).update(y, p).digest()


IDS = {
    "integers": range(ROWS),
    "large integers": [2**62 + i for i in range(ROWS)],
    "unsigned": np.arange(ROWS, dtype=np.uint64) + np.uint64(2**63),
    "text": [f"row {i}" for i in range(ROWS)],
    "dates": [datetime.date(2001, 1, 1) + datetime.timedelta(i) for i in range(ROWS)],
    "bytes": [b"%d" % i for i in range(ROWS)],
}


@pytest.mark.parametrize("ids", IDS)
def test_ids_of_every_kind_join_to_the_sums_of_arrays_side_by_side(tmp_path, ids):
    y, p = numbers()
    truth, prediction = two_tables(IDS[ids], y, p)
    report = joined(written(tmp_path, truth, "t.parquet"), written(tmp_path, prediction, "p.parquet"))
    assert (report.digest, report.rows, report.count) == (side_by_side(y, p), ROWS, ROWS)


@pytest.mark.parametrize("prediction", ("p.csv", "p.tsv", "p.jsonl", "p.arrow", "p.parquet"))
@pytest.mark.parametrize("truth", ("t.csv", "t.arrow", "t.parquet"))
def test_files_of_any_two_formats_join(tmp_path, truth, prediction):
    y, p = numbers()
    tables = two_tables(range(ROWS), y, p)
    if prediction == "p.tsv":
        path = tmp_path / prediction
        csv.write_csv(tables[1], path, csv.WriteOptions(delimiter="\t"))
    else:
        path = written(tmp_path, tables[1], prediction)
    assert joined(written(tmp_path, tables[0], truth), path).digest == side_by_side(y, p)


@pytest.mark.parametrize("unit", ("s", "ms", "us", "ns"))
def test_times_of_two_units_are_equal_where_they_are_one_instant(tmp_path, unit):
    y, p = numbers()
    truth, prediction = two_tables(np.arange(ROWS).astype("datetime64[s]"), y, p)
    prediction = prediction.set_column(0, "id", prediction["id"].cast(pa.timestamp(unit)))
    assert joined(truth, prediction).digest == side_by_side(y, p)


def test_times_one_nanosecond_apart_are_two_ids():
    ids = np.arange(3).astype("datetime64[ns]")
    zone = pa.timestamp("ns", "UTC")
    y, p = numbers(rows=3)
    truth, prediction = (table.set_column(0, "id", table["id"].cast(zone)) for table in two_tables(ids, y, p))
    assert joined(truth, prediction).digest == side_by_side(y, p)


def test_dictionaries_and_large_text_join_with_text():
    y, p = numbers()
    truth, prediction = two_tables(IDS["text"], y, p)
    for kind in (pa.large_string(), pa.dictionary(pa.int32(), pa.string())):
        other = prediction.set_column(0, "id", prediction["id"].cast(kind))
        assert joined(truth, other).digest == side_by_side(y, p)


def test_two_columns_are_one_id(tmp_path):
    y, p = numbers()
    truth, prediction = two_tables(np.arange(ROWS) // 7, y, p)
    day = pa.array(np.arange(ROWS) % 7)
    order = np.random.default_rng(1).permutation(ROWS)
    truth = truth.append_column("day", day)
    prediction = prediction.append_column("day", day.take(pa.array(order)))
    assert joined(truth, written(tmp_path, prediction, "p.csv"), on=["id", "day"]).digest == side_by_side(y, p)
    with pytest.raises(FileError, match="occur more than once"):
        joined(truth, prediction, on="id")


def test_names_with_quotes_and_brackets_are_names_of_files(tmp_path):
    y, p = numbers()
    truth, prediction = two_tables(range(ROWS), y, p)
    left = written(tmp_path, truth, 'it\'s "true"; drop table [x].csv')
    right = written(tmp_path, prediction, "a 'guess'.parquet")
    assert joined(left, right).digest == side_by_side(y, p)


def test_columns_may_have_the_same_name_on_both_sides_and_odd_ones(tmp_path):
    y, p = numbers()
    truth, prediction = two_tables(range(ROWS), y, p, name="the 'id' \"x\"")
    truth, prediction = (one.rename_columns([one.column_names[0], "Sale \"Price'"]) for one in (truth, prediction))
    names = {"on": "the 'id' \"x\"", "true": "Sale \"Price'", "pred": "Sale \"Price'"}
    assert joined(written(tmp_path, truth, "t.parquet"), prediction, **names).digest == side_by_side(y, p)


def test_a_side_may_be_many_files(tmp_path):
    y, p = numbers()
    truth, prediction = two_tables(range(ROWS), y, p)
    for part in range(4):
        written(tmp_path, prediction.slice(part * 1250, 1250), f"part-{part}.csv")
    assert joined(written(tmp_path, truth, "t.csv"), str(tmp_path / "part-*.csv")).digest == side_by_side(y, p)


def test_several_predictions_are_compared_by_name(tmp_path):
    y, p = numbers()
    truth, prediction = two_tables(range(ROWS), y, p)
    _, other = two_tables(range(ROWS), y, 2 * p, seed=5)
    models = {"one": written(tmp_path, prediction, "one.csv"), "two": written(tmp_path, other, "two.parquet")}
    report = joined(written(tmp_path, truth, "t.csv"), models)
    assert report.digest == {"one": side_by_side(y, p), "two": side_by_side(y, 2 * p)}
    both = prediction.append_column("q", pa.compute.multiply(prediction["p"], 2.0))
    report = joined(truth, both, pred=["p", "q"])
    assert report.digest == {"p": side_by_side(y, p), "q": side_by_side(y, 2 * p)}


def test_weights_are_of_the_truth():
    y, p = numbers()
    truth, prediction = two_tables(range(ROWS), y, p)
    weights = np.random.default_rng(3).random(ROWS)
    report = joined(truth.append_column("w", [weights]), prediction, weight="w")
    assert report.digest == squarely.Accumulator(METRICS).update(y, p, sample_weight=weights).digest()


def test_float32_stays_float32():
    y, p = (one.astype(np.float32) for one in numbers())
    assert joined(*two_tables(range(ROWS), y, p)).digest == side_by_side(y, p)


def test_frames_and_readers_and_queries_of_polars_are_sides():
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars", "1.34")
    y, p = numbers()
    truth, prediction = two_tables(range(ROWS), y, p)
    for left in (truth.to_pandas(), polars.from_arrow(truth), truth.to_reader(max_chunksize=999)):
        assert joined(left, polars.from_arrow(prediction).lazy()).digest == side_by_side(y, p)
    assert joined(truth, pandas.DataFrame(prediction.to_pandas()).set_index("id")).digest == side_by_side(y, p)


# Ids that do not match


def few(ids, column="p"):
    return pa.table({"id": ids, column: np.arange(len(ids), dtype=float)})


def test_text_in_csv_is_an_id_as_it_is_written(tmp_path):
    truth = tmp_path / "truth.csv"
    truth.write_text("id,y\n1,1\n01,2\n1.0,3\nNA,4\nnull,5\n")
    prediction = tmp_path / "prediction.csv"
    prediction.write_text("id,p\nnull,5\nNA,4\n1.0,3\n01,2\n1,1\n")
    assert joined(truth, prediction)["mse"] == 0
    prediction.write_text("id,p\nnull,5\nNA,4\n1.00,3\n01,2\n1,1\n")
    with pytest.raises(UnmatchedIdError, match=r"1 id has no row in .*prediction.csv: '1.0'; .*truth.csv: '1.00'$"):
        joined(truth, prediction)


def test_an_integer_matches_the_text_that_writes_it_and_no_other(tmp_path):
    path = tmp_path / "p.csv"
    path.write_text("id,p\n7,0\n08,1\n")
    with pytest.raises(UnmatchedIdError, match="truth: 1 id has no row in .*p.csv: '8'; .*p.csv: 1 id .* truth: '08'"):
        joined(few([7, 8], "y"), path)
    path.write_text("id,p\n7,0\n8,1\n")
    assert joined(few([7, 8], "y"), path)["mse"] == 0
    path.write_text("id,p\n2024-01-31,0\n2024-02-01,1\n")
    assert joined(few([datetime.date(2024, 1, 31), datetime.date(2024, 2, 1)], "y"), path)["mse"] == 0


def test_a_connection_that_compares_text_without_regard_to_case_matches_no_other_id():
    with duckdb.connect() as connection:
        connection.execute("set default_collation = 'nocase'")
        with pytest.raises(UnmatchedIdError, match="truth: 1 id has no row in prediction: 'a'; prediction: 1 id"):
            joined(few(["a", "b"], "y"), few(["A", "b"]), paths=connection)
        assert joined(few(["a", "A"], "y"), few(["a", "A"]), paths=connection)["mse"] == 0


@pytest.mark.parametrize(
    ("one", "other", "told"),
    (
        ([1, 2], ["1", "2"], "integers in truth, and text in prediction"),
        ([True, False], [1, 0], "booleans in truth, and integers in prediction"),
        (["a", "b"], [b"a", b"b"], "text in truth, and bytes in prediction"),
    ),
)
def test_ids_of_two_kinds_are_refused(one, other, told):
    with pytest.raises(FileError, match=f"column 'id' holds {told}; ids match only where both are of one kind"):
        joined(few(one, "y"), few(other))


def test_floats_are_no_ids():
    with pytest.raises(FileError, match="truth: column 'id' holds values of type double, and ids are integers, text"):
        joined(few([1.0, 2.0], "y"), few([1.0, 2.0]))


@pytest.mark.parametrize("policy", ("raise", "omit"))
def test_an_id_that_occurs_twice_is_refused_with_the_first_of_them(policy):
    once, twice = [3, 1, 2, 4], [3, 1, 2, 4, 4, 1]
    with pytest.raises(FileError, match="^prediction: 2 ids occur more than once: 1, 4$"):
        joined(few(once, "y"), few(twice), unmatched=policy)
    with pytest.raises(FileError, match="^truth: 2 ids occur more than once: 1, 4$"):
        joined(few(twice, "y"), few(once), unmatched=policy)
    with pytest.raises(FileError, match="^truth: 2 ids .*; prediction: 2 ids occur more than once: 1, 4$"):
        joined(few(twice, "y"), few(twice), unmatched=policy)


def test_counts_that_agree_by_chance_hide_no_id_that_occurs_twice():
    # Three rows each, and three rows that an inner join would give.
    with pytest.raises(FileError, match="truth: 1 id occurs more than once: 1"):
        joined(few([1, 1, 2], "y"), few([1, 2, 3]), unmatched="omit")


def test_an_id_without_a_partner_that_occurs_twice_is_refused_even_where_it_would_be_left_out():
    with pytest.raises(FileError, match="^prediction: 1 id occurs more than once: 9$"):
        joined(few([1, 2], "y"), few([1, 2, 9, 9]), unmatched="omit")


def test_two_tables_with_one_id_alone_are_no_square_of_rows():
    same = np.zeros(100_000, np.int64)
    with pytest.raises(FileError, match="truth: 1 id occurs more than once: 0; prediction: 1 id"):
        joined(few(same, "y"), few(same))


def test_ids_without_a_partner_are_refused_or_left_out():
    y, p = numbers()
    truth, prediction = two_tables(range(ROWS), y, p)
    lacking = prediction.filter(pa.compute.greater(prediction["id"], 99))
    with pytest.raises(UnmatchedIdError, match="^truth: 100 ids have no row in prediction: 0, 1, 2 and 97 more$"):
        joined(truth, lacking)
    report = joined(truth, lacking, unmatched="omit")
    assert (report.digest, report.rows, report.count) == (side_by_side(y[100:], p[100:]), ROWS, ROWS - 100)
    both = joined(truth.slice(50), lacking.filter(pa.compute.less(lacking["id"], 4990)), unmatched="omit")
    assert both.digest == side_by_side(y[100:4990], p[100:4990])


def test_no_id_in_both_tables_is_said_so():
    with pytest.raises(
        FileError, match="no pair is left to score for column 'p': every row has an id without a partner$"
    ):
        joined(few([1, 2], "y"), few([3]), unmatched="omit")


def test_several_predictions_are_scored_on_the_ids_that_all_of_them_have():
    y, p = numbers(rows=10)
    truth, prediction = two_tables(range(10), y, p)
    models = {"all": prediction, "some": prediction.filter(pa.compute.greater(prediction["id"], 3))}
    with pytest.raises(UnmatchedIdError, match="truth: 4 ids have no row in some: 0, 1, 2 and 1 more"):
        joined(truth, models)
    report = joined(truth, models, unmatched="omit")
    assert report.digest == dict.fromkeys(models, side_by_side(y[4:], p[4:]))


@pytest.mark.parametrize("policy", ("raise", "omit"))
def test_rows_without_an_id_are_refused_with_their_number(tmp_path, policy):
    path = tmp_path / "p.csv"
    path.write_text("id,p\n1,0\n,1\n,2\n")
    with pytest.raises(FileError, match="p.csv: 2 rows have no 'id'"):
        joined(few([1, 2, 3], "y"), path, unmatched=policy)
    with pytest.raises(FileError, match="^truth: 1 row has no 'id'"):
        joined(few([1, None], "y"), few([1, 2]), unmatched=policy)


def test_a_reader_that_can_be_read_only_once_is_refused_in_the_same_words():
    once = few([1, 1, 2]).to_reader()
    with pytest.raises(FileError, match="^prediction: 1 id occurs more than once: 1$"):
        joined(few([1, 2, 3], "y"), once)


IDS_OF_A_SIDE = st.lists(st.one_of(st.none(), st.integers(0, 6)) | st.integers(0, 6), max_size=8)


def told_of(truth, prediction):
    """Return what a refusal must say, by Python alone: rows without an id, then twins, then ids without a partner."""
    sides = {"truth": truth, "prediction": prediction}
    for name, ids in sides.items():
        if lacking := ids.count(None):
            return f"{name}: {lacking} row{' has' if lacking == 1 else 's have'} no 'id'"
    twins = {name: sorted({i for i in ids if ids.count(i) > 1}) for name, ids in sides.items()}
    told = [(name, "occurs" if len(ids) == 1 else "occur", "more than once", ids) for name, ids in twins.items() if ids]
    if not told:
        lacking = {
            ("truth", "prediction"): sorted({*truth} - {*prediction}),
            ("prediction", "truth"): sorted({*prediction} - {*truth}),
        }
        told = [
            (name, "has" if len(ids) == 1 else "have", f"no row in {other}", ids)
            for (name, other), ids in lacking.items()
            if ids
        ]
    return "; ".join(
        f"{name}: {len(ids)} id{'' if len(ids) == 1 else 's'} {verb} {what}: "
        + ", ".join(map(str, ids[:3]))
        + (f" and {len(ids) - 3} more" if len(ids) > 3 else "")
        for name, verb, what, ids in told
    )


@settings(max_examples=60)
@given(IDS_OF_A_SIDE, IDS_OF_A_SIDE)
def test_any_ids_join_or_are_refused_as_python_finds_them(truth, prediction):
    sides = (
        pa.table({"id": pa.array(truth, pa.int64()), "y": np.arange(len(truth), dtype=float)}),
        pa.table({"id": pa.array(prediction, pa.int64()), "p": np.arange(len(prediction), dtype=float)}),
    )
    told = told_of(truth, prediction)
    if told or not truth:
        with pytest.raises(FileError) as refused:
            joined(*sides)
        assert str(refused.value) == (told or "paths: there are no rows to score")
        return
    where = [prediction.index(one) for one in truth]
    assert joined(*sides).digest == side_by_side(np.arange(len(truth), dtype=float), np.array(where, float))


# What else is refused


def test_missing_numbers_are_refused_or_left_out_by_the_policy():
    truth, prediction = few([1, 2, 3], "y"), pa.table({"id": [3, 2, 1], "p": [2.0, None, 0.0]})
    with pytest.raises(MissingValueError, match="^prediction: column 'p' has a missing value or NaN in some row$"):
        joined(truth, prediction)
    report = joined(truth, prediction, nan_policy="omit")
    assert (report.count, report.omitted, report["mse"]) == (2, 1, 0)


def test_a_file_that_is_damaged_is_named_and_not_the_join(tmp_path):
    path = tmp_path / "p.csv"
    path.write_text("id,p\n1,0\n2,x\n")
    with pytest.raises(FileError, match="p.csv: column 'p' holds 'x' in data row 2, which is not a number"):
        joined(few([1, 2], "y"), path)


def test_a_column_that_is_not_there_is_told_before_anything_is_read(tmp_path):
    path = written(tmp_path, few([1]), "p.csv")
    with pytest.raises(FileError, match="p.csv: there is no column 'q'"):
        joined(few([1], "y"), path, pred="q")
    with pytest.raises(FileError, match="truth: there is no column 'key'"):
        joined(few([1], "y"), path, on="key")
    with pytest.raises(FileNotFoundError, match="no-such.csv: there is no such file"):
        joined(few([1], "y"), tmp_path / "no-such.csv")


def test_one_file_is_not_joined_with_itself(tmp_path):
    path = written(tmp_path, few([1]), "p.csv")
    with pytest.raises(FileError, match="truth and prediction are one file, which would be scored against itself"):
        joined(path, path, true="p")


@pytest.mark.parametrize(
    ("options", "told"),
    (
        ({"truth": "t.csv"}, "say on="),
        ({"truth": "t.csv", "on": "id", "true": "y", "pred": "p"}, "name both, truth= and prediction="),
        ({"truth": "t.csv", "prediction": "p.csv", "on": "id"}, "need true= and pred="),
        ({"truth": "t.csv", "prediction": "p.csv", "on": [], "true": "y", "pred": "p"}, "on is empty"),
        ({"truth": "t.csv", "prediction": {}, "on": "id", "true": "y", "pred": "p"}, "prediction is empty"),
        ({"truth": "t.csv", "prediction": "p.csv", "on": "y", "true": "y", "pred": "p"}, "column 'y' is an id"),
        ({"truth": 1, "prediction": 2, "on": "id", "true": "y", "pred": "p", "unmatched": "x"}, "unmatched must be"),
        ({"on": "id", "sql": "select 1"}, "two ways to join"),
    ),
)
def test_arguments_that_do_not_go_together_are_refused(options, told):
    with pytest.raises(ValueError, match=told):
        score_files(**options)


@pytest.mark.parametrize("summation", ("kahan", "pairwise"))
def test_sums_that_depend_on_order_are_refused(summation):
    with pytest.raises(ValueError, match="depends on the order of rows"):
        joined(few([1], "y"), few([1]), summation=summation)


def test_a_checkpoint_is_refused(tmp_path):
    with pytest.raises(FileError, match="checkpoint= needs files"):
        joined(few([1], "y"), few([1]), checkpoint=tmp_path / "c.sq")


# The run


def test_sums_of_joins_are_saved_and_merged(tmp_path):
    y, p = numbers()
    truth, prediction = two_tables(range(ROWS), y, p)
    names = {"on": "id", "true": "y", "pred": "p", "metrics": METRICS}
    for part, (left, right) in enumerate(((0, 1000), (1000, ROWS))):
        rows = pa.compute.and_(
            pa.compute.greater_equal(prediction["id"], left), pa.compute.less(prediction["id"], right)
        )
        states = accumulate_files(truth=truth.slice(left, right - left), prediction=prediction.filter(rows), **names)
        states.save(tmp_path / f"{part}.sq")
    merged = FileStates.load_all([tmp_path / "0.sq", tmp_path / "1.sq"])
    assert merged.report().digest == side_by_side(y, p)


@pytest.mark.parametrize("threads", (1, 2, 3))
def test_the_number_of_threads_makes_no_difference(tmp_path, threads):
    y, p = numbers(rows=200_000)
    truth, prediction = two_tables(range(200_000), y, p)
    paths = written(tmp_path, truth, "t.csv"), written(tmp_path, prediction, "p.csv")
    assert joined(*paths, threads=threads).digest == side_by_side(y, p)


class Watched:
    """A table that looks at a folder whenever a batch of it is asked for."""

    def __init__(self, table, folder):
        self.table = table
        self.folder = folder
        self.most_bytes = 0

    def __arrow_c_stream__(self, requested_schema=None):
        return pa.RecordBatchReader.from_batches(self.table.schema, self.batches()).__arrow_c_stream__(requested_schema)

    def batches(self):
        for batch in self.table.to_batches(max_chunksize=10_000):
            held = sum(file.stat().st_size for file in self.folder.rglob("*") if file.is_file())
            self.most_bytes = max(self.most_bytes, held)
            yield batch


def test_a_join_larger_than_the_memory_of_the_connection_spills_and_has_the_same_sums(tmp_path):
    y, p = numbers(rows=1_000_000)
    sides = [Watched(table, tmp_path) for table in two_tables(np.arange(1_000_000) * 2**40, y, p)]
    limits = {"memory_limit": "40MB", "threads": "1", "temp_directory": str(tmp_path / "spilled")}
    with duckdb.connect(config=limits) as connection:
        report = joined(*sides, paths=connection)
    assert report.digest == side_by_side(y, p)
    assert max(side.most_bytes for side in sides) > 0


def test_progress_grows_to_the_bytes_of_both_files(tmp_path):
    y, p = numbers(rows=200_000)
    truth, prediction = two_tables(range(200_000), y, p)
    paths = written(tmp_path, truth, "t.parquet"), written(tmp_path, prediction, "p.parquet")
    seen = []
    joined(*paths, progress=seen.append)
    assert seen[-1].bytes_read == seen[-1].bytes_total == sum(path.stat().st_size for path in paths)
    assert seen[-1].rows == 200_000
    assert [one.bytes_read for one in seen] == sorted(one.bytes_read for one in seen)


def test_an_interrupt_ends_what_the_database_is_doing():
    """A table that never ends: only an interrupt from another thread ends the join."""
    schema = pa.schema([("id", pa.int64()), ("y", pa.float64())])
    began = threading.Event()

    def endless():
        batch = pa.record_batch({"id": pa.array([1]), "y": pa.array([1.0])}, schema=schema)
        while True:
            began.set()
            time.sleep(0)
            yield batch

    from squarely.files.formats.table import Position
    from squarely.files.sources.joins import Tables, join_plan

    reader = pa.RecordBatchReader.from_batches(schema, endless())
    _, [source] = join_plan(Tables(reader, few([1]), "id", "raise"), ("y", "p", None), None, None, ReadingOptions())
    caught = []

    def read():
        try:
            list(source.read(source.sections[0], Position(), 1))
        except KeyboardInterrupt as error:
            caught.append(error)

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    assert began.wait(60)
    while thread.is_alive():
        source.interrupt()
        thread.join(0.05)
    assert len(caught) == 1


def test_the_page_about_joins_holds():
    pytest.importorskip("pandas")
    page = pathlib.Path(__file__).parents[2] / "docs" / "joins.md"
    failed, tried = doctest.testfile(str(page), module_relative=False)
    assert (failed, tried > 10) == (0, True)
