"""Pairs of arrays score as the arrays do: .npy files, arrays that a library keeps on disk, chunks in memory."""

import os
import subprocess
import sys

import numpy as np
import pytest

import squarely
from instruments.reports import told
from oracles.state_bytes import ROUNDED
from squarely.files import FileError, MissingValueError, accumulate_files, score_files
from squarely.files.sources import arrays

pytest.importorskip("pyarrow")

METRICS = ("mean_squared_error", "max_error")
ROWS = 300_000


@pytest.fixture
def data(rng):
    truth = rng.standard_normal(ROWS)
    return truth, truth + rng.standard_normal(ROWS) * 1e-3, rng.random(ROWS)


def direct(truth, prediction, weights=None, **options):
    return squarely.Accumulator(metrics=METRICS, **options).update(truth, prediction, sample_weight=weights)


def saved(folder, **given):
    for name, array in given.items():
        np.save(folder / f"{name}.npy", array)
    return tuple(str(folder / f"{name}.npy") for name in given)


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, ">f8", np.int64, np.uint8, np.bool_])
def test_npy_files_score_as_their_arrays_do(tmp_path, rng, dtype):
    truth, prediction = rng.integers(0, 100, (2, ROWS)).astype(dtype)
    scores = score_files([saved(tmp_path, truth=truth, model=prediction)], metrics=METRICS)
    assert scores.rows == ROWS
    assert scores.digest == direct(truth, prediction).digest()


@pytest.mark.parametrize("threads", [1, 3])
def test_sections_of_npy_files_add_up_to_the_whole(tmp_path, data, monkeypatch, threads):
    monkeypatch.setattr(arrays, "SECTION_ROWS", 1000)
    paths = saved(tmp_path, truth=data[0], model=data[1], weight=data[2])
    scores = score_files([paths], metrics=METRICS, threads=threads)
    assert scores.digest == direct(*data).digest()


def test_several_predictions_go_by_name(tmp_path, data):
    truth, model, naive = saved(tmp_path, truth=data[0], model=data[1], naive=data[2])
    pair = (truth, {"model": model, "naive": naive})
    scores = score_files([pair], true="arrival", metrics=METRICS)
    assert scores.digest == {
        "model": direct(data[0], data[1]).digest(),
        "naive": direct(data[0], data[2]).digest(),
    }
    only = score_files([pair], pred=["naive", "model"])
    assert only.predictions == ("naive", "model")
    with pytest.raises(FileError, match=r"pair 1: pred names 'other', and the pair holds 'model', 'naive'"):
        score_files([pair], pred="other")


def test_a_large_integer_in_a_npy_file_is_not_rounded(tmp_path):
    paths = saved(tmp_path, truth=np.array([2**53 + 1]), model=np.array([2**53]))
    assert score_files([paths])["mse"] == 1.0


def test_a_memmap_is_scored_in_place(tmp_path, data):
    paths = saved(tmp_path, truth=data[0], model=data[1])
    maps = [np.load(path, mmap_mode="r") for path in paths]
    scores = score_files([tuple(maps)], metrics=METRICS)
    assert scores.digest == direct(*data[:2]).digest()


def test_a_copy_on_write_map_keeps_what_was_written_to_it(tmp_path, data):
    paths = saved(tmp_path, truth=data[0], model=data[1])
    changed = np.load(paths[0], mmap_mode="c")
    changed[:] = 0
    scores = score_files([(changed, paths[1])], metrics=METRICS)
    assert scores.digest == direct(np.zeros(ROWS), data[1]).digest()
    assert not changed.any()


@pytest.mark.parametrize("chunk", [7000, 200_000])
def test_zarr_arrays_score_as_their_arrays_do(tmp_path, data, chunk):
    zarr = pytest.importorskip("zarr")
    stored = []
    for name, array in zip(("truth", "model", "weight"), data, strict=True):
        stored.append(
            zarr.open_array(str(tmp_path / name), mode="w", shape=array.shape, chunks=(chunk,), dtype=array.dtype)
        )
        stored[-1][:] = array
    scores = score_files([tuple(stored)], metrics=METRICS)
    assert scores.rows == ROWS
    assert scores.digest == direct(*data).digest()


@pytest.mark.parametrize("chunks", [None, (9000,)])
def test_h5py_datasets_score_as_their_arrays_do(tmp_path, data, chunks):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "data.h5", "w") as file:
        pair = tuple(
            file.create_dataset(name, data=array, chunks=chunks)
            for name, array in zip(("truth", "model"), data, strict=False)
        )
        scores = score_files([pair], metrics=METRICS)
    assert scores.digest == direct(*data[:2]).digest()


def test_arrays_on_disk_and_in_memory_go_together(tmp_path, data):
    (truth,) = saved(tmp_path, truth=data[0])
    scores = score_files([(truth, data[1], list(data[2]))], metrics=METRICS)
    assert scores.digest == direct(*data).digest()


def test_a_column_of_a_matrix_is_one_output(tmp_path, data):
    paths = saved(tmp_path, truth=data[0].reshape(-1, 1), model=np.asfortranarray(data[1].reshape(-1, 1)))
    assert score_files([paths], metrics=METRICS).digest == direct(*data[:2]).digest()


# --- chunks from an iterator ---


def test_an_iterator_of_chunks_is_scored_as_it_comes(data):
    pulled = []

    def chunks():
        buffer = np.empty((2, 1000))  # one buffer for all chunks, as many readers have it
        for start in range(0, ROWS, 1000):
            buffer[0], buffer[1] = data[0][start : start + 1000], data[1][start : start + 1000]
            pulled.append(start)
            yield buffer[0], buffer[1]

    seen = []
    scores = score_files(chunks(), metrics=METRICS, progress=seen.append)
    assert scores.digest == direct(*data[:2]).digest()
    assert len(pulled) == 300
    assert (seen[-1].rows, seen[-1].bytes_total) == (ROWS, None)


@pytest.mark.parametrize("summation", ROUNDED)
def test_chunks_of_an_iterator_keep_their_order(data, summation):
    halves = [(data[0][i::2], data[1][i::2]) for i in range(2)]
    expected = squarely.Accumulator(metrics=METRICS, summation=summation)
    for half in halves:
        expected.update(*half)
    found = score_files(iter(halves), metrics=METRICS, summation=summation, threads=4)
    assert found.digest == expected.digest()


def test_an_iterator_may_mix_files_and_chunks(tmp_path, data):
    table = tmp_path / "t.csv"
    table.write_text("y,p\n1,2\n3,5\n")
    items = iter([table, ([4.0], [4.5]), saved(tmp_path, truth=data[0], model=data[1])])
    scores = score_files(items, true="y", pred="p", metrics=METRICS)
    expected = direct([1.0, 3.0, 4.0], [2.0, 5.0, 4.5]).merge(direct(*data[:2]))
    assert (scores.rows, scores.digest) == (ROWS + 3, expected.digest())


def test_nothing_is_asked_of_an_iterator_after_a_refusal(data):
    def chunks():
        yield [1.0], [2.0]
        yield [np.nan], [2.0]
        raise AssertionError("asked for more")

    with pytest.raises(MissingValueError, match=r"pair 2: column 'y_true' has a missing value or NaN in data row 1"):
        score_files(chunks())


def test_an_error_of_the_iterator_ends_the_score(tmp_path, data):
    def items():
        yield saved(tmp_path, truth=data[0], model=data[1])
        raise LookupError("no more")

    with pytest.raises(LookupError, match="no more"):
        score_files(items())


def test_a_file_that_fails_ends_an_endless_iterator(tmp_path, data):
    data[0][5] = np.nan

    def items():
        yield saved(tmp_path, truth=data[0], model=data[1])
        while True:
            yield [1.0], [2.0]

    with pytest.raises(MissingValueError, match=r"truth.npy .* in data row 6"):
        score_files(items())


@pytest.mark.parametrize("name", ["torch", "polars", "pandas"])
def test_chunks_may_be_of_any_library(name):
    library = pytest.importorskip(name)
    make = library.tensor if name == "torch" else library.Series
    scores = score_files([(make([1.0, 2.0]), make([1.0, 4.0]))])
    assert (scores.rows, scores["mse"]) == (2, 2.0)


# --- what is refused ---


def test_a_nan_in_a_npy_file_is_told_with_its_row(tmp_path, data, monkeypatch):
    monkeypatch.setattr(arrays, "SECTION_ROWS", 1000)
    data[1][123_456] = np.nan
    data[1][222_222] = np.nan
    paths = saved(tmp_path, truth=data[0], model=data[1])
    with pytest.raises(MissingValueError, match=r"truth.npy and .*model.npy: column 'y_pred' .* in data row 123457$"):
        score_files([paths], threads=3)


@pytest.mark.parametrize("side", [0, 1])
def test_several_outputs_are_refused(tmp_path, side):
    given = [np.ones(4), np.ones(4)]
    given[side] = np.ones((4, 2))
    with pytest.raises(FileError, match=r"has the shape \(4, 2\); files are scored one output at a time"):
        score_files([saved(tmp_path, truth=given[0], model=given[1])])


def test_several_outputs_in_a_chunk_are_refused():
    with pytest.raises(FileError, match=r"pair 1: 'y_pred' has several outputs; files are scored one output at a time"):
        score_files([(np.ones((4, 2)), np.ones((4, 2)))])


def test_different_lengths_are_refused(tmp_path):
    with pytest.raises(FileError, match=r"model.npy: 'y_true' has 4 rows, and 'y_pred' has 3"):
        score_files([saved(tmp_path, truth=np.ones(4), model=np.ones(3))])
    with pytest.raises(FileError, match=r"pair 1: columns 'y_true' and 'y_pred' cannot be scored: .*inconsistent"):
        score_files([(np.ones(4), np.ones(3))])


@pytest.mark.parametrize("array", [np.array(["a", "b"]), np.array([1 + 2j, 3]), np.array([None, 1], object)])
def test_what_is_no_real_number_is_refused(tmp_path, array):
    with pytest.raises(FileError, match=r"truth.npy"):
        score_files([saved(tmp_path, truth=array, model=np.ones(2))])


@pytest.mark.parametrize("kept", [0, 5, 60, 500])
def test_a_npy_file_that_was_cut_short_is_refused(tmp_path, kept):
    paths = saved(tmp_path, truth=np.ones(100), model=np.ones(100))
    with open(paths[1], "r+b") as file:
        file.truncate(kept)
    with pytest.raises(FileError, match=r"model.npy: the file is damaged or not what its name says"):
        score_files([paths])


def test_a_npy_file_without_rows_is_refused(tmp_path):
    with pytest.raises(FileError, match=r"truth.npy and 1 more: there are no rows to score"):
        score_files([saved(tmp_path, truth=np.ones(0), model=np.ones(0))])


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        (["truth.npy"], r"truth.npy: .*true= and pred="),
        ([("a.csv", "b.csv")], r"a.csv: a pair is of .npy files or of arrays; files of tables are named one by one"),
        ([([1.0], {})], r"pair 1: there is no prediction in it"),
        ([([1.0], [1.0]), ([1.0], [1.0], [1.0])], r"pair 2: what came before has y_true, y_pred, and this has y_true,"),
    ],
)
def test_a_wrong_pair_is_refused(paths, message):
    with pytest.raises(FileError, match=message):
        score_files(paths)


def test_a_pattern_for_a_side_is_of_one_file(tmp_path, data):
    paths = saved(tmp_path, truth=data[0], model=data[1])
    found = score_files([(str(tmp_path / "tru*.npy"), paths[1])], metrics=METRICS)
    assert found.digest == direct(*data[:2]).digest()
    with pytest.raises(FileError, match=r"one side of a pair must be one .npy file, and this names 2 files"):
        score_files([(str(tmp_path / "*.npy"), paths[1])])
    with pytest.raises(FileNotFoundError, match=r"none.npy: there is no such file"):
        score_files([(str(tmp_path / "none.npy"), paths[1])])


def test_weights_that_are_asked_for_must_come():
    with pytest.raises(FileError, match=r"pair 1: weight='w' asks for weights: pass \(y_true, y_pred, weights\)"):
        score_files([([1.0], [2.0])], weight="w")


def test_arrays_that_are_no_pair_are_refused():
    with pytest.raises(
        TypeError, match=r"paths\[0\] is a ndarray, and it must be a path, .* passed as \[\(y_true, y_pred\)"
    ):
        score_files((np.ones(3), np.ones(3)))
    with pytest.raises(TypeError, match=r"paths must be a path, a dataset or an iterable of paths and pairs, not int"):
        score_files(3)


def test_sums_of_pairs_merge():
    first, second = accumulate_files([([1.0, 2.0], [1.0, 4.0])]), accumulate_files([([3.0], [4.0])])
    whole = accumulate_files([([1.0, 2.0, 3.0], [1.0, 4.0, 4.0])])
    assert told(first.merge(second).report()) == told(whole.report())


# --- memory ---

MEASURE_GROWTH = """
import sys
import numpy as np
from squarely.files import score_files
def resident(field):
    return next(int(row.split()[1]) // 1024 for row in open("/proc/self/status") if row.startswith(field))
score_files([([1.0], [2.0])])
before = resident("VmRSS")
pair = tuple(sys.argv[1:])
score_files([pair])
print(resident("VmHWM") - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_memory_does_not_grow_with_npy_files(tmp_path):
    rows = 8_000_000
    paths = saved(tmp_path, truth=np.ones(rows), model=np.zeros(rows))
    run = subprocess.run([sys.executable, "-c", MEASURE_GROWTH, *paths], capture_output=True, text=True, check=True)
    assert int(run.stdout) < 25  # MiB; the arrays take 122


def test_an_array_file_is_never_scored_against_itself(tmp_path):
    path, model = saved(tmp_path, truth=np.ones(4), model=np.ones(4))
    (tmp_path / "link.npy").symlink_to(path)
    for pred in (path, tmp_path / "link.npy", {"model": model, "again": path}):
        with pytest.raises(FileError, match=r"truth.npy.*: truth and prediction are one file, which would be scored"):
            score_files([(path, pred)])


def test_a_npy_file_that_holds_more_is_refused(tmp_path):
    path, model = saved(tmp_path, truth=np.ones(4), model=np.ones(4))
    with open(path, "ab") as file:
        np.save(file, np.ones(4))
    with pytest.raises(FileError, match=r"truth.npy: the file holds \d+ bytes after its first array; save each array"):
        score_files([(path, model)])


def test_arrays_with_names_under_a_name_of_one_array_are_refused(tmp_path):
    truth, model = saved(tmp_path, truth=np.ones(4), model=np.ones(4))
    np.savez(tmp_path / "both.npz", truth=np.ones(4))
    os.replace(tmp_path / "both.npz", truth)
    with pytest.raises(FileError, match=r"truth.npy: this holds arrays with names; rename it to end in .npz"):
        score_files([(truth, model)])
