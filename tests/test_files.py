"""Scores of files are the scores of the arrays in them, or one sentence that says which file is at fault and why."""

import csv
import decimal
import gzip
import io
import math
import subprocess
import sys
import zipfile
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import squarely
from squarely import files
from squarely.files import FileError, InfiniteValueError, MissingValueError, expand_paths, read_batches, score_files

pa = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

METRICS = ("mean_squared_error", "root_mean_squared_error", "sum_squared_error")
SUFFIXES = ("parquet", "csv", "csv.gz", "csv.zip", "arrow", "feather", "ipc", "arrows")


def write_table(path, columns, batch_rows=1000, **parquet_options):
    """Write columns as the format that the suffix names."""
    table = pa.table(columns)
    name = path.name
    if name.endswith(".parquet"):
        parquet.write_table(table, path, row_group_size=batch_rows, **parquet_options)
    elif name.endswith((".arrow", ".feather", ".ipc", ".arrows")):
        new = pa.ipc.new_stream if name.endswith(".arrows") else pa.ipc.new_file
        with new(path, table.schema) as writer:
            writer.write_table(table, max_chunksize=batch_rows)
    else:
        write_text(path, csv_text(table))
    return path


def csv_text(table):
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.column_names)
    for row in zip(*(column.to_pylist() for column in table.columns), strict=True):
        writer.writerow(["" if value is None else value for value in row])
    return text.getvalue()


def write_text(path, text):
    content = text if isinstance(text, bytes) else text.encode()
    if path.name.endswith(".gz"):
        content = gzip.compress(content)
    if path.name.endswith(".zip"):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("table.csv", content)
    else:
        path.write_bytes(content)
    return path


def random_columns(rows=2500, dtype=np.float64):
    generator = np.random.default_rng(7)
    truth = generator.normal(size=rows).astype(dtype)
    return {
        "carrier": ["UA", 'B6, "Blue"', "a\nb", "DL", "AA"] * (rows // 5),
        "truth": truth,
        "model": truth + generator.normal(size=rows).astype(dtype) * dtype(1e-3),
        "naive": generator.normal(size=rows).astype(dtype),
    }


def direct(truth, prediction, **options):
    return squarely.Accumulator(metrics=METRICS, **options).update(np.asarray(truth), np.asarray(prediction))


def read_columns(path, *columns):
    batches = [batch.columns for batch in read_batches(str(path), columns)]
    return [np.concatenate(parts) for parts in zip(*batches, strict=True)]


# --- the answer ---


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_format_scores_as_its_arrays_do(tmp_path, suffix):
    columns = random_columns()
    path = write_table(tmp_path / f"table.{suffix}", columns)
    scores = score_files(path, true="truth", pred=["model", "naive"], metrics=METRICS)
    assert scores.rows == 2500
    for name in ("model", "naive"):
        expected = direct(columns["truth"], columns[name])
        found = scores.predictions[name]
        assert found.metrics == expected.compute()
        assert (found.count, found.omitted, found.digest) == (2500, 0, expected.digest())


@pytest.mark.parametrize("suffix", ("parquet", "arrow", "arrows"))
def test_float32_stays_float32(tmp_path, suffix):
    columns = random_columns(dtype=np.float32)
    path = write_table(tmp_path / f"table.{suffix}", columns)
    truth, model = read_columns(path, "truth", "model")
    assert truth.dtype == model.dtype == np.float32
    np.testing.assert_array_equal(truth, columns["truth"])
    scores = score_files(path, true="truth", pred="model", metrics=METRICS)
    assert scores.predictions["model"].digest == direct(columns["truth"], columns["model"]).digest()


def test_float64_columns_are_scored_where_arrow_has_them(tmp_path):
    array = pa.array(np.arange(5.0))
    column = files._to_numpy("truth", array)
    assert column.__array_interface__["data"][0] == array.buffers()[1].address


def test_the_order_of_files_does_not_matter(tmp_path):
    columns = random_columns()
    whole = direct(columns["truth"], columns["model"])
    paths = []
    for start, suffix in zip(range(0, 2500, 500), SUFFIXES, strict=False):
        part = {name: column[start : start + 500] for name, column in columns.items()}
        paths.append(write_table(tmp_path / f"part.{suffix}", part))
    digests = {
        score_files(order, true="truth", pred="model", metrics=METRICS).predictions["model"].digest
        for order in (paths, paths[::-1], paths[2:] + paths[:2])
    }
    assert digests == {whole.digest()}


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_missing_values_are_left_out_where_asked(tmp_path, suffix):
    path = write_table(
        tmp_path / f"flights.{suffix}", {"arrival": [11.0, None, 33.0, -18.0], "departure": [2, 4, None, -1]}
    )
    score = score_files(path, true="arrival", pred="departure", metrics=METRICS, nan_policy="omit").predictions[
        "departure"
    ]
    assert score.metrics["sum_squared_error"] == 81 + 289
    assert (score.count, score.omitted) == (2, 2)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_missing_value_is_refused_with_its_column_and_row(tmp_path, suffix):
    path = write_table(tmp_path / f"flights.{suffix}", {"arrival": [11.0, 20.0, 33.0], "departure": [2.0, None, 4.0]})
    with pytest.raises(
        MissingValueError, match=r"flights.*: column 'departure' has a missing value or NaN in data row 2"
    ):
        score_files(path, true="arrival", pred="departure")


def test_a_missing_prediction_is_refused_where_only_truth_may_be_missing(tmp_path):
    path = write_table(tmp_path / "t.parquet", {"y": [None, 1.0, 2.0], "p": [None, 1.0, None]})
    with pytest.raises(MissingValueError, match=r"column 'p' .* in data row 3"):
        score_files(path, true="y", pred="p", nan_policy="omit_true")


def test_an_infinite_value_is_refused_with_its_column_and_row(tmp_path):
    path = write_table(tmp_path / "t.csv", {"y": [1.0, 1.0], "p": [1.0, math.inf]})
    with pytest.raises(InfiniteValueError, match=r"column 'p' has an infinite value in data row 2"):
        score_files(path, true="y", pred="p", nan_policy="omit")


def test_missing_values_propagate_where_asked(tmp_path):
    path = write_table(tmp_path / "t.csv", {"y": [1.0, None], "p": [1.0, 2.0]})
    score = score_files(path, true="y", pred="p", nan_policy="propagate").predictions["p"]
    assert math.isnan(score.metrics["mean_squared_error"])


def test_the_row_of_a_missing_value_is_counted_over_batches(tmp_path):
    truth = np.zeros(200_000)
    truth[150_000] = np.nan
    path = write_table(tmp_path / "t.parquet", {"y": truth, "p": np.zeros(200_000)})
    with pytest.raises(MissingValueError, match=r"data row 150001"):
        score_files(path, true="y", pred="p")


def test_a_column_may_be_truth_and_prediction_at_once(tmp_path):
    path = write_table(tmp_path / "t.csv", {"y": [1.0, 2.0]})
    assert score_files(path, true="y", pred="y").predictions["y"].metrics == {"mean_squared_error": 0.0}


def test_progress_ends_with_all_bytes_and_all_rows(tmp_path):
    paths = [write_table(tmp_path / f"table.{suffix}", random_columns()) for suffix in SUFFIXES]
    seen = []
    score_files(paths, true="truth", pred="model", progress=seen.append)
    total = sum(path.stat().st_size for path in paths)
    assert [progress.rows for progress in seen] == sorted(progress.rows for progress in seen)
    assert seen[-1].rows == 2500 * len(SUFFIXES)
    assert {progress.bytes_total for progress in seen} == {total}
    assert all(0 < progress.bytes_read <= total for progress in seen)


# --- what a column may hold ---


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, None, 3], pa.int8()),
        ([1, None, 3], pa.uint32()),
        ([1, None, -(2**53)], pa.int64()),
        ([2**60, None, -(2**63)], pa.int64()),
        ([2**63, 2**64 - 2**11], pa.uint64()),
        ([True, None, False], pa.bool_()),
        ([np.float16(0.5), None, np.float16(-2.0)], pa.float16()),
        ([decimal.Decimal("0.50"), None, decimal.Decimal("-3.25")], pa.decimal128(10, 2)),
        ([None, None], pa.null()),
    ],
    ids=str,
)
@pytest.mark.parametrize("suffix", ("parquet", "arrow"))
def test_numbers_of_every_type_are_read_exactly(tmp_path, values, kind, suffix):
    path = write_table(tmp_path / f"t.{suffix}", {"y": pa.array(values, kind)})
    (column,) = read_columns(path, "y")
    expected = [math.nan if value is None else float(value) for value in values]
    np.testing.assert_array_equal(column.astype(np.float64), expected)


def test_a_dictionary_of_numbers_is_read_as_numbers(tmp_path):
    path = write_table(tmp_path / "t.arrow", {"y": pa.array([1.5, None, 1.5]).dictionary_encode()})
    np.testing.assert_array_equal(read_columns(path, "y")[0], [1.5, math.nan, 1.5])


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("9007199254740993", pa.int64()),  # 2**53 + 1
        ("9223372036854775807", pa.int64()),
        ("18446744073709551615", pa.uint64()),
        ("0.10", pa.decimal128(10, 2)),
        ("1000000000000000000000000000000", pa.decimal128(38, 0)),
    ],
)
def test_a_number_that_would_be_rounded_is_refused(tmp_path, value, kind):
    number = decimal.Decimal(value) if pa.types.is_decimal(kind) else int(value)
    path = write_table(tmp_path / "t.parquet", {"y": pa.array([1, None, number], kind), "p": [1.0, 2.0, 3.0]})
    with pytest.raises(FileError, match=rf"t.parquet: column 'y' holds {value}, which float64 cannot hold exactly"):
        score_files(path, true="y", pred="p", nan_policy="omit")


@pytest.mark.parametrize(
    ("column", "description"),
    [
        (["a", "b"], "text"),
        (pa.array(["a", "b"]).dictionary_encode(), "text"),
        (pa.array([1, 2], pa.timestamp("s")), "values of type timestamp"),
        (pa.array([[1.0], [2.0]]), "values of type list"),
    ],
    ids=["text", "categories", "times", "lists"],
)
def test_a_column_of_something_else_is_refused_before_it_is_read(tmp_path, column, description):
    path = write_table(tmp_path / "t.parquet", {"y": column, "p": [1.0, 2.0]})
    with pytest.raises(FileError, match=rf"t.parquet: column 'y' holds {description}.*, not numbers"):
        score_files(path, true="y", pred="p")


def test_a_missing_column_is_refused_with_the_closest_and_all(tmp_path):
    path = write_table(tmp_path / "t.csv", {"arr_delay": [1.0], "dep_delay": [2.0]})
    with pytest.raises(FileError) as caught:
        score_files(path, true="arr_dellay", pred="dep_delay")
    assert str(caught.value) == (
        f"{path}: there is no column 'arr_dellay'. Did you mean 'arr_delay'? The columns are 'arr_delay', 'dep_delay'"
    )


def test_of_a_thousand_columns_twenty_are_listed(tmp_path):
    path = write_table(tmp_path / "t.parquet", {f"x{number}": [1.0] for number in range(1000)})
    with pytest.raises(FileError, match=r"'x0', .*'x19' and 980 more$"):
        score_files(path, true="y", pred="x1")


@pytest.mark.parametrize("suffix", ("parquet", "csv", "arrow"))
def test_two_columns_of_one_name_are_refused(tmp_path, suffix):
    path = tmp_path / f"t.{suffix}"
    write_table(path, pa.Table.from_arrays([pa.array([1.0])] * 3, names=["y", "p", "y"]))
    with pytest.raises(FileError, match=r"there are 2 columns named 'y'"):
        score_files(path, true="y", pred="p")


# --- CSV ---


@given(
    notes=st.lists(st.text(alphabet='ab,"\n ', max_size=6), min_size=1, max_size=30),
    quoting=st.sampled_from((csv.QUOTE_ALL, csv.QUOTE_MINIMAL)),
    line_break=st.sampled_from(("\n", "\r\n")),
    block_bytes=st.integers(1, 40),
)
@settings(max_examples=80)
def test_rows_are_whole_wherever_the_text_is_cut(tmp_path_factory, notes, quoting, line_break, block_bytes):
    path = tmp_path_factory.mktemp("cut") / "t.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file, quoting=quoting, lineterminator=line_break)
        writer.writerow(["no\nte", "y", "note"])
        writer.writerows([note, number, note] for number, note in enumerate(notes))
    with mock.patch.object(files, "CSV_BLOCK_BYTES", block_bytes):
        (column,) = read_columns(path, "y")
    np.testing.assert_array_equal(column, np.arange(len(notes)))


@given(
    fields=st.lists(st.sampled_from(('5"', 'x"y"', '"a\nb"', '"a,""\n"', '""', "7", "")), min_size=1, max_size=12),
    data=st.data(),
)
def test_a_quote_inside_a_field_does_not_hide_the_end_of_a_row(fields, data):
    rows = [f"{field},1,{field}\n" for field in fields]
    ends = np.cumsum([len(row) for row in rows])
    cut = data.draw(st.integers(0, int(ends[-1])))
    expected = max((end for end in ends if end <= cut), default=0)
    assert files._end_of_rows("".join(rows)[:cut].encode()) == expected


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffy,p\n1,2\n",
        "y,p\r\n1,2\r\n",
        "\n\ny,p\n\n1,2\n\n",
        "y,p\n1,2",
        '"y","p"\n"1","2"\n',
        "y,p,name\n1,2,caf\u00e9\n",
        "y,p\n 1 , 2 \n",
    ],
    ids=["byte order mark", "CRLF", "blank lines", "no last line break", "quoted", "accents", "spaces"],
)
def test_csv_comes_in_many_dresses(tmp_path, text):
    path = write_text(tmp_path / "t.csv", text)
    score = score_files(path, true="y", pred="p").predictions["p"]
    assert (score.metrics, score.count) == ({"mean_squared_error": 1.0}, 1)


@pytest.mark.parametrize("empty", ["", "NA", "NaN", "null", "N/A", '""'])
def test_csv_spells_a_missing_value_in_many_ways(tmp_path, empty):
    path = write_text(tmp_path / "t.csv", f"y,p\n1,2\n{empty},3\n")
    score = score_files(path, true="y", pred="p", nan_policy="omit").predictions["p"]
    assert (score.count, score.omitted) == (1, 1)


def test_a_column_that_starts_with_integers_may_go_on_with_fractions(tmp_path):
    path = write_text(tmp_path / "t.csv", "y,p\n" + "1,1\n" * 400_000 + "1.5,1\n")
    assert path.stat().st_size > files.CSV_BLOCK_BYTES
    score = score_files(path, true="y", pred="p", metrics=METRICS).predictions["p"]
    assert score.metrics["sum_squared_error"] == 0.25


def test_text_in_a_later_block_is_refused_with_its_row(tmp_path):
    path = write_text(tmp_path / "t.csv", "y,p\n" + "1,1\n" * 400_000 + "1,late\n")
    with pytest.raises(FileError, match=r"t.csv: column 'p' holds 'late' in data row 400001, which is not a number"):
        score_files(path, true="y", pred="p")


def test_a_ragged_row_is_refused_with_its_number(tmp_path):
    path = write_text(tmp_path / "t.csv", "y,p,q\n1,2,3\n1,2\n")
    with pytest.raises(FileError, match=r"t.csv: data row 2 has 2 fields where the header has 3"):
        score_files(path, true="y", pred="p")


def test_a_quote_without_its_partner_does_not_fill_the_memory(tmp_path):
    path = write_text(tmp_path / "t.csv", 'y,p\n1,2\n1,"2\n' + "1,2\n" * 300)
    with (
        mock.patch.multiple(files, CSV_BLOCK_BYTES=64, CSV_ROW_BYTES=256),
        pytest.raises(FileError, match=r"t.csv: a row is longer than 256 bytes; a quote may lack its partner"),
    ):
        score_files(path, true="y", pred="p")


@pytest.mark.parametrize("members", [[], ["a.csv", "b.csv"]], ids=["none", "two"])
def test_a_zip_must_hold_exactly_one_file(tmp_path, members):
    path = tmp_path / "t.csv.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.mkdir("folder") if hasattr(archive, "mkdir") else archive.writestr("folder/", b"")
        for name in members:
            archive.writestr(name, b"y,p\n1,2\n")
    with pytest.raises(FileError, match=rf"exactly one file, and it holds {len(members)}"):
        score_files(path, true="y", pred="p")


# --- damage ---


@pytest.mark.parametrize("suffix", ("parquet", "csv.gz", "csv.zip", "arrow", "arrows"))
@pytest.mark.parametrize("kept", (0.1, 0.5, 0.99))
def test_a_file_that_was_cut_short_is_refused(tmp_path, suffix, kept):
    path = write_table(tmp_path / f"cut.{suffix}", random_columns())
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept)])
    with pytest.raises(FileError, match=rf"cut.{suffix}: "):
        score_files(path, true="truth", pred="model")


def test_an_arrow_stream_that_ends_between_two_batches_is_refused(tmp_path):
    path = write_table(tmp_path / "cut.arrows", random_columns())
    path.write_bytes(path.read_bytes().removesuffix(files.ARROW_END_OF_STREAM))
    with pytest.raises(FileError, match=r"cut.arrows: .* it lacks the end marker"):
        score_files(path, true="truth", pred="model")


@pytest.mark.parametrize("suffix", ("csv.gz", "csv.zip"))
def test_a_changed_byte_in_packed_text_is_refused(tmp_path, suffix):
    path = write_table(tmp_path / f"changed.{suffix}", random_columns())
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(FileError, match=rf"changed.{suffix}: "):
        score_files(path, true="truth", pred="model")


def test_a_changed_byte_in_parquet_with_checksums_is_refused(tmp_path):
    columns = random_columns()
    path = write_table(tmp_path / "changed.parquet", columns, write_page_checksum=True, use_dictionary=False)
    content = bytearray(path.read_bytes())
    column = parquet.ParquetFile(path).metadata.row_group(0).column(1)
    content[column.data_page_offset + column.total_compressed_size // 2] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(FileError, match=r"changed.parquet: "):
        score_files(path, true="truth", pred="model")


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("content", [b"", bytes(range(256)) * 40], ids=["empty", "noise"])
def test_a_file_that_is_not_what_its_name_says_is_refused(tmp_path, suffix, content):
    path = tmp_path / f"t.{suffix}"
    path.write_bytes(content)
    with pytest.raises(FileError, match=rf"t.{suffix}: ") as caught:
        score_files(path, true="y", pred="p")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_table_without_rows_is_refused(tmp_path, suffix):
    path = write_table(tmp_path / f"t.{suffix}", {"y": pa.array([], pa.float64()), "p": pa.array([], pa.float64())})
    with pytest.raises(FileError, match=r"there are no rows to score"):
        score_files(path, true="y", pred="p")


def test_a_part_without_rows_adds_nothing(tmp_path):
    full = write_text(tmp_path / "part-0.csv", "y,p\n1,2\n")
    empty = write_text(tmp_path / "part-1.csv", "y,p\n")
    assert score_files([full, empty], true="y", pred="p").rows == 1


def test_a_table_with_nothing_but_missing_values_is_refused(tmp_path):
    path = write_text(tmp_path / "t.csv", "y,p\nNA,2\n1,NA\n")
    with pytest.raises(FileError, match=r"t.csv: no pair is left to score for column 'p'"):
        score_files(path, true="y", pred="p", nan_policy="omit")


def test_the_last_file_is_checked_before_the_first_is_read(tmp_path):
    good = write_text(tmp_path / "a.csv", "y,p\n1,2\n")
    bad = write_text(tmp_path / "b.csv", "y,q\n1,2\n")
    seen = []
    with pytest.raises(FileError, match=r"b.csv: there is no column 'p'"):
        score_files([good, bad], true="y", pred="p", progress=seen.append)
    assert seen == []


# --- which files ---


def test_patterns_are_expanded_in_order(tmp_path):
    for name in ("part-2.csv", "part-1.csv", "part-1.parquet"):
        (tmp_path / name).touch()
    assert expand_paths(str(tmp_path / "part-*.csv")) == [str(tmp_path / f"part-{number}.csv") for number in (1, 2)]


def test_a_name_with_brackets_is_a_file_before_it_is_a_pattern(tmp_path):
    path = tmp_path / "table[1].csv"
    path.touch()
    assert expand_paths(path) == [str(path)]


def test_a_file_named_twice_is_refused(tmp_path):
    path = write_text(tmp_path / "t.csv", "y,p\n1,2\n")
    with pytest.raises(FileError, match=r"t.csv: this file is named twice"):
        expand_paths([path, tmp_path / "*.csv"])


def test_what_is_not_a_file_is_refused_by_kind(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none.csv: there is no such file"):
        expand_paths(tmp_path / "none.csv")
    with pytest.raises(FileNotFoundError, match=r"no file matches this pattern"):
        expand_paths(tmp_path / "none-*.csv")
    with pytest.raises(IsADirectoryError, match=r"this is a directory; name the files in it"):
        expand_paths(tmp_path)
    with pytest.raises(ValueError, match=r"paths is empty"):
        expand_paths([])
    with pytest.raises(FileError, match=r"t.xlsx: the name must end in one of .parquet, "):
        score_files(write_text(tmp_path / "t.xlsx", "y,p\n"), true="y", pred="p")


# --- memory ---

MEASURE_GROWTH = """
import resource, sys
from squarely.files import score_files
def peak_after(path):
    score_files(path, true="y", pred="p")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
small = peak_after(sys.argv[1])
print(peak_after(sys.argv[2]) - small)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="ru_maxrss is in KiB on Linux only")
@pytest.mark.parametrize("suffix", ("parquet", "csv", "csv.gz", "arrow", "arrows"))
def test_memory_does_not_grow_with_the_file(tmp_path, suffix):
    generator = np.random.default_rng(5)
    paths = []
    for rows in (150_000, 3_000_000):
        truth = generator.integers(0, 2**20, rows) / 8
        table = {"y": truth, "p": truth + 1, "ignored": truth}
        path = tmp_path / f"{rows}.{suffix}"
        if "csv" in suffix:
            row = "1024.125,1025.125,1024.125\n"
            write_text(path, "y,p,ignored\n" + row * rows)
        else:  # everything in one row group, or one record batch
            write_table(path, table, batch_rows=rows)
        paths.append(str(path))
    run = subprocess.run([sys.executable, "-c", MEASURE_GROWTH, *paths], capture_output=True, text=True, check=True)
    assert int(run.stdout) < 20  # MiB; the two columns take 46, the text 77
