"""Medians of every group of files: of as many groups in a pass as have room, with the bits of arrays in memory."""

import numpy as np
import pytest

import squarely
from inputs.written_tables import write_table
from squarely.files import FileError, accumulate_files, score_files
from squarely.files.order import looks

pa = pytest.importorskip("pyarrow")

METRICS = ("mse", "median_absolute_error", "mae")
COLUMNS = {"true": "y", "pred": "p", "metrics": METRICS}


def told(report):
    return repr(report.to_dict()), repr(report.overall.to_dict()), str(report), dict(report.notes)


def pairs_of(kind, rows, seed=3):
    generator = np.random.default_rng(seed)
    y, noise = generator.normal(size=(2, rows))
    return {
        "normal": (y, y + noise),
        "mostly zeros": (y, np.where(generator.random(rows) < 0.7, y, y + noise)),
        "integers": (np.round(3 * y), np.round(3 * y + noise)),
        "constant": (np.full(rows, 5.0), np.full(rows, 3.5)),
    }[kind]


def keys_of(kind, rows, seed=4):
    generator = np.random.default_rng(seed)
    return {
        "few": generator.integers(0, 3, rows),
        "of many sizes": generator.integers(0, 40, rows) ** 3 // 1000,
        "of few rows": np.arange(rows) // 3,
        "one": np.zeros(rows, np.int64),
        "in order": np.sort(generator.integers(0, 7, rows)),
    }[kind]


@pytest.mark.parametrize(("sampled", "kept"), [(2**20, 2**23), (3000, 20_000), (300, 2000)])
@pytest.mark.parametrize("keys", ("few", "of many sizes", "of few rows", "one", "in order"))
@pytest.mark.parametrize("kind", ("normal", "mostly zeros", "integers", "constant"))
def test_medians_of_groups_have_the_bits_of_arrays_in_memory(tmp_path, monkeypatch, kind, keys, sampled, kept):
    monkeypatch.setattr(looks, "MOST_SAMPLED", sampled)
    monkeypatch.setattr(looks, "MOST_KEPT", kept)
    y, p = pairs_of(kind, 12_001)
    k = keys_of(keys, 12_001)
    path = write_table(tmp_path / "t.parquet", {"y": y, "p": p, "k": k}, batch_rows=2000)
    found = score_files(path, **COLUMNS, by="k")
    assert told(found) == told(squarely.evaluate(y, p, metrics=METRICS, by={"k": k}))


@pytest.mark.parametrize("threads", (1, 4))
def test_neither_files_nor_threads_nor_several_keys_change_a_bit(tmp_path, monkeypatch, threads):
    monkeypatch.setattr(looks, "MOST_SAMPLED", 1000)
    y, p = pairs_of("normal", 20_000)
    k, text = keys_of("of many sizes", 20_000), np.array(["a", "b", "c"])[keys_of("few", 20_000)]
    for number, part in enumerate(np.array_split(np.arange(20_000), 4)):
        own = {"y": y[part], "p": p[part], "q": -p[part], "k": k[part], "text": text[part]}
        write_table(tmp_path / f"{number}.parquet", own, batch_rows=1000)
    columns = {**COLUMNS, "pred": ["p", "q"]}
    found = score_files(tmp_path, **columns, by=["k", "text"], threads=threads)
    expected = squarely.evaluate(y, {"p": p, "q": -p}, metrics=METRICS, by={"k": k, "text": text})
    assert told(found) == told(expected)


def test_medians_take_as_many_passes_as_rows_have_room(tmp_path, monkeypatch):
    monkeypatch.setattr(looks, "MOST_SAMPLED", 1000)
    monkeypatch.setattr(looks, "MOST_KEPT", 5000)
    y, p = pairs_of("normal", 20_000)
    path = write_table(tmp_path / "t.parquet", {"y": y, "p": p, "k": keys_of("of few rows", 20_000)}, batch_rows=4000)
    passes = set()
    score_files(path, **COLUMNS, by="k", progress=lambda one: passes.add(one.pass_number))
    assert passes == {1, 2, 3, 4, 5}  # of few rows all are kept, a quarter in a pass


@pytest.mark.parametrize("sampled", (2**20, 500))
def test_missing_values_are_left_out_of_their_group(tmp_path, monkeypatch, sampled):
    monkeypatch.setattr(looks, "MOST_SAMPLED", sampled)
    y, p = pairs_of("normal", 5000)
    k = keys_of("few", 5000)
    y[::7] = np.nan
    p[k == 1] = np.nan  # a group of which nothing is left
    path = write_table(tmp_path / "t.parquet", {"y": y, "p": p, "k": k}, batch_rows=1000)
    found = score_files(path, **COLUMNS, by="k", nan_policy="omit")
    expected = squarely.evaluate(y, p, metrics=METRICS, by={"k": k}, nan_policy="omit")
    assert told(found) == told(expected)


@pytest.mark.parametrize("second", ("other keys", "other groups", "missing values"))
def test_rows_that_are_others_in_a_later_pass_are_refused(monkeypatch, second):
    monkeypatch.setattr(looks, "MOST_SAMPLED", 100)
    y, p = pairs_of("normal", 1000)
    k = keys_of("few", 1000)
    changed = {
        "other keys": {"y": y, "p": p, "k": k + 1},
        "other groups": {"y": y, "p": p, "k": np.arange(1000) // 998},
        "missing values": {"y": y, "p": np.where(k == 1, np.nan, p), "k": k},
    }[second]
    tables = [pa.table({"y": y, "p": p, "k": k}), *[pa.table(changed)] * 30]

    class Changing:
        def __arrow_c_stream__(self, requested_schema=None):
            is_read = requested_schema is None
            return tables.pop(0).__arrow_c_stream__(requested_schema) if is_read else None

    with pytest.raises(FileError, match="the rows were others in pass"):
        score_files(Changing(), **COLUMNS, by="k", nan_policy="omit")


def test_sums_of_groups_are_those_without_medians(tmp_path):
    y, p = pairs_of("normal", 3000)
    path = write_table(tmp_path / "t.parquet", {"y": y, "p": p, "k": keys_of("few", 3000)}, batch_rows=1000)
    alone = score_files(path, true="y", pred="p", metrics="mse", by="k", worst=2)
    beside = score_files(path, true="y", pred="p", metrics=["medae", "mse"], by="k", worst=2)
    assert beside.digest == alone.digest
    assert str(beside.worst) == str(alone.worst)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"weight": "w"}, "median_absolute_error of groups of files does not go with weight="),
        (
            {"nan_policy": "propagate"},
            "median_absolute_error of groups of files does not go with nan_policy='propagate'",
        ),
        ({"metrics": ["medae", "d2_absolute_error_score"]}, "d2_absolute_error_score is not found for groups of files"),
        ({"metrics": "trimmed_mean_squared_error"}, "trimmed_mean_squared_error is not found for groups of files"),
        ({"checkpoint": "c.sq"}, "does not go with checkpoint="),
    ],
)
def test_what_does_not_go_with_medians_of_groups_is_refused(tmp_path, options, said):
    path = write_table(tmp_path / "t.parquet", {"y": [1.0], "p": [2.0], "w": [1.0], "k": [1]}, batch_rows=1)
    with pytest.raises(FileError, match=said):
        score_files(path, **{**COLUMNS, **options}, by="k")


def test_medians_of_groups_are_neither_saved_nor_merged(tmp_path):
    y, p = pairs_of("normal", 30)
    path = write_table(tmp_path / "t.parquet", {"y": y, "p": p, "k": keys_of("few", 30)}, batch_rows=10)
    states = accumulate_files(path, **COLUMNS, by="k")
    with pytest.raises(FileError, match="median_absolute_error of groups is found by a second pass"):
        states.save(tmp_path / "s.sq")
