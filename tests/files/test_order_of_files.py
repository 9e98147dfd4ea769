"""Metrics over order statistics of files: read again until the ranks are found, with the bits of arrays in memory."""

import importlib.util
import os
import subprocess
import sys
import threading

import numpy as np
import pytest

import squarely
from inputs.written_tables import SUFFIXES, write_table
from squarely.files import FileError, ReadingOptions, score_files
from squarely.files.order import looks
from squarely.files.order.levels import share_of
from squarely.files.order.search import Search, first_look

pa = pytest.importorskip("pyarrow")

METRICS = (
    "median_absolute_error",
    "mse",
    "trimmed_mean_squared_error",
    squarely.metric("trimmed_mean_squared_error", proportion=0.5),
    squarely.metric("trimmed_mean_squared_error", proportion=0.0),
    "d2_absolute_error_score",
    squarely.metric("d2_pinball_score", alpha=0.1),
    squarely.metric("d2_pinball_score", alpha=0.75),
    "r2",
)
WEIGHTED_METRICS = tuple(one for one in METRICS if "trimmed" not in str(one))
COLUMNS = {"true": "y", "pred": "p"}


@pytest.fixture
def few_values(monkeypatch):
    """Keep so few values that even short files are read again."""
    monkeypatch.setattr(looks, "MOST_SAMPLED", 64)
    monkeypatch.setattr(looks, "MOST_KEPT", 64)


def pairs_of(kind, rows, seed=3):
    generator = np.random.default_rng(seed)
    y, noise = generator.normal(size=rows), generator.normal(size=rows)
    return {
        "normal": (y, y + noise),
        "negative": (y - 100, y + noise / 8 - 100),
        "mostly zeros": (y, np.where(generator.random(rows) < 0.7, y, y + noise)),
        "all zeros": (y, y),
        "integers": (np.round(3 * y), np.round(3 * y + noise)),
        "constant": (np.full(rows, 5.0), np.full(rows, 3.5)),
        "many decades": (y * 10.0 ** (40 * noise), noise),
        "near the largest": (np.clip(y, -3, 3) * 5e307, np.clip(-y, -3, 3) * 5e307),
        "subnormal": (y * 5e-322, noise * 5e-322),
    }[kind]


KINDS = [
    *("normal", "negative", "mostly zeros", "all zeros", "integers", "constant", "many decades"),
    *("near the largest", "subnormal"),
]


def told(report):
    return repr(report.to_dict())


def stored(tmp_path, y, p, name="0"):
    paths = tmp_path / f"y{name}.npy", tmp_path / f"p{name}.npy"
    for path, side in zip(paths, (y, p), strict=True):
        np.save(path, side)
    return tuple(map(str, paths))


@pytest.mark.filterwarnings("ignore:D.2 score is not well-defined")
@pytest.mark.parametrize("rows", (1, 2, 3, 10, 1001, 70_000))
@pytest.mark.parametrize("kind", KINDS)
def test_scores_have_the_bits_of_arrays_in_memory(tmp_path, kind, rows, monkeypatch):
    y, p = pairs_of(kind, rows)
    monkeypatch.setattr(looks, "MOST_SAMPLED", 500)
    monkeypatch.setattr(looks, "MOST_KEPT", 2000)
    expected = squarely.evaluate(y, p, metrics=METRICS)
    found = score_files([stored(tmp_path, y, p)], metrics=METRICS)
    assert told(found) == told(expected)
    assert (found.notes, found.count, found.rows) == (expected.notes, rows, rows)


@pytest.mark.parametrize(
    "dtype", ("float16", "float32", ">f8", "int8", "uint8", "int16", "int32", "int64", "uint64", "bool")
)
def test_numbers_of_any_type_have_the_bits_of_arrays_in_memory(tmp_path, dtype, few_values):
    generator = np.random.default_rng(4)
    y, p = (generator.normal(size=5000).astype(dtype) if "f" in dtype else None for _ in "yp")
    if y is None:
        least, most = (0, 2) if dtype == "bool" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
        kind = "int64" if dtype == "bool" else dtype
        y, p = (generator.integers(least, most, 5000, kind).astype(dtype) for _ in "yp")
    expected = squarely.evaluate(y, p, metrics=METRICS)
    assert told(score_files([stored(tmp_path, y, p)], metrics=METRICS)) == told(expected)


@pytest.mark.parametrize("most", (64, 2**20))
def test_integers_that_no_double_holds_are_subtracted_exactly(tmp_path, monkeypatch, most):
    monkeypatch.setattr(looks, "MOST_SAMPLED", most)
    y = np.arange(2**60, 2**60 + 9001)
    p = y - np.arange(9001) ** 2
    expected = squarely.evaluate(y, p, metrics=METRICS)
    assert told(score_files([stored(tmp_path, y, p)], metrics=METRICS)) == told(expected)


@pytest.mark.parametrize("policy", ("omit", "omit_true", "propagate"))
@pytest.mark.parametrize("missing", ("nothing", "truth", "prediction", "both"))
def test_missing_values_are_as_in_memory(tmp_path, policy, missing, few_values):
    y, p = pairs_of("normal", 3001)
    if missing in ("truth", "both"):
        y[::7] = np.nan
    if missing in ("prediction", "both"):
        p[::5] = np.nan
    if policy == "omit_true" and missing in ("prediction", "both"):
        with pytest.raises(FileError, match="missing value or NaN"):
            score_files([stored(tmp_path, y, p)], metrics=METRICS, nan_policy=policy)
        return
    expected = squarely.evaluate(y, p, metrics=METRICS, nan_policy=policy)
    found = score_files([stored(tmp_path, y, p)], metrics=METRICS, nan_policy=policy)
    assert told(found) == told(expected)
    assert (found.count, found.omitted) == (expected.count, expected.omitted)


@pytest.mark.parametrize("share", (0.01, 0.3, 0.6, 1.0))
@pytest.mark.parametrize("side", ("truth", "prediction", "both", "of two signs"))
def test_infinite_residuals_are_as_in_memory(tmp_path, share, side, few_values):
    y, p = pairs_of("normal", 2000)
    where = np.random.default_rng(5).random(2000) < share
    if side != "prediction":
        y[where] = np.inf
    if side != "truth":
        p[where] = -np.inf if side == "of two signs" else np.inf
    expected = squarely.evaluate(y, p, metrics=METRICS, nan_policy="propagate")
    assert told(score_files([stored(tmp_path, y, p)], metrics=METRICS, nan_policy="propagate")) == told(expected)
    with pytest.raises(FileError, match="infinite value"):
        score_files([stored(tmp_path, y, p)], metrics=METRICS)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_files_of_all_forms_are_read_again(tmp_path, suffix, few_values):
    y, p = pairs_of("normal", 2000)
    path = write_table(tmp_path / f"t.{suffix}", {"y": y, "p": p}, batch_rows=700)
    assert told(score_files(path, **COLUMNS, metrics=METRICS)) == told(squarely.evaluate(y, p, metrics=METRICS))


@pytest.mark.parametrize("threads", (1, 2, 5))
def test_neither_files_nor_threads_change_a_bit(tmp_path, threads, few_values):
    y, p = pairs_of("many decades", 20_000)
    for number, part in enumerate(np.array_split(np.arange(20_000), 4)):
        write_table(tmp_path / f"{number}.parquet", {"y": y[part], "p": p[part], "q": -p[part]}, batch_rows=1000)
    found = score_files(tmp_path, true="y", pred=["p", "q"], metrics=METRICS, threads=threads)
    assert told(found) == told(squarely.evaluate(y, {"p": p, "q": -p}, metrics=METRICS))


@pytest.fixture
def threads_in_turn():
    """Let threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_chunks_in_memory_are_added_while_files_are_merged(threads_in_turn, few_values):
    y, p = pairs_of("normal", 20_000)
    asked = (squarely.metric("medae"),)
    search = Search(asked, first_look(asked, squarely.Accumulator("mse")).update(y, p))
    whole = search.look()

    def merge():
        for part in np.array_split(np.arange(10_000), 200):
            whole.merge(search.look().update(y[part], p[part]))

    merging = threading.Thread(target=merge)
    merging.start()
    for part in np.array_split(np.arange(10_000, 20_000), 200):
        whole.update(y[part], p[part])
    merging.join()
    while True:
        assert search.take(whole)
        if not search.is_open:
            break
        whole = search.look().update(y, p)
    assert [score for score, _ in search.scores(asked).values()] == [squarely.median_absolute_error(y, p)]


def test_sums_are_those_without_metrics_of_order(tmp_path):
    y, p = pairs_of("normal", 3000)
    pair = stored(tmp_path, y, p)
    alone = score_files([pair], metrics=["mse", "r2"], pictures=True, worst=3)
    beside = score_files([pair], metrics=["medae", "mse", "r2"], pictures=True, worst=3)
    assert beside.digest == alone.digest
    assert str(beside.worst) == str(alone.worst)
    assert beside.metrics == ("median_absolute_error", "mean_squared_error", "r2_score")
    assert beside["mse"] == alone["mse"]


def test_a_median_alone_is_a_report_of_one_metric(tmp_path):
    y, p = pairs_of("normal", 300)
    report = score_files([stored(tmp_path, y, p)], metrics="medae")
    assert report.to_dict() == {"median_absolute_error": squarely.median_absolute_error(y, p)}


def test_arrays_datasets_frames_queries_and_joins_are_read_again(tmp_path, few_values):
    y, p = pairs_of("integers", 5000)
    table = pa.table({"id": np.arange(5000), "y": y, "p": p})
    path = write_table(tmp_path / "t.parquet", {"y": y, "p": p}, batch_rows=800)
    dataset = pytest.importorskip("pyarrow.dataset").dataset(tmp_path, format="parquet")
    expected = squarely.evaluate(y, p, metrics=METRICS)
    forms = [[(y[:7], p[:7]), (y[7:], p[7:])], dataset, table]
    for paths in forms:
        assert told(score_files(paths, **COLUMNS, metrics=METRICS)) == told(expected)
    pytest.importorskip("duckdb")
    query = f"select y, p from '{path}'"
    assert told(score_files(sql=query, **COLUMNS, metrics=METRICS)) == told(expected)
    joined = {"truth": table.select(["id", "y"]), "prediction": table.select(["id", "p"])}
    assert told(score_files(**joined, on="id", **COLUMNS, metrics=METRICS)) == told(expected)


def test_streams_that_can_be_opened_again_are_read_again(few_values):
    y, p = pairs_of("normal", 3000)
    table = pa.table({"y": y, "p": p})
    forms = [table.to_pandas()]
    if importlib.util.find_spec("polars"):
        import polars

        forms += [polars.from_arrow(table), polars.from_arrow(table).lazy()]
    if importlib.util.find_spec("duckdb"):
        import duckdb

        forms.append(duckdb.connect().from_arrow(table))
    for form in forms:
        found = score_files(form, **COLUMNS, metrics=METRICS)
        assert told(found) == told(squarely.evaluate(y, p, metrics=METRICS))


@pytest.mark.parametrize("weighted", (False, True))
def test_too_many_values_for_memory_take_further_passes(tmp_path, monkeypatch, weighted):
    y, p = pairs_of("normal", 50_000)
    weights = [np.random.default_rng(8).random(50_000)] if weighted else []
    metrics = WEIGHTED_METRICS if weighted else METRICS
    expected = told(squarely.evaluate(y, p, sample_weight=weights[0] if weighted else None, metrics=metrics))
    for most_sampled, most_kept, passes in ((2**17, 1, 1), (2**15, 2**15, 2), (2**10, 2**9, 3), (3, 3, 5)):
        monkeypatch.setattr(looks, "MOST_SAMPLED", most_sampled)
        monkeypatch.setattr(looks, "MOST_KEPT", most_kept)
        told_passes = set()
        found = score_files([(y, p, *weights)], metrics=metrics, progress=lambda o, t=told_passes: t.add(o.pass_number))
        assert told(found) == expected
        assert told_passes == set(range(1, len(told_passes) + 1))
        assert len(told_passes) == passes if passes < 3 else len(told_passes) >= passes


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("kind", ("normal", "integers", "mostly zeros"))
def test_a_value_is_found_wherever_it_is_looked_for_first(seed, kind, few_values):
    y, p = pairs_of(kind, 999 + seed % 2, seed)
    asked = (
        squarely.metric("medae"),
        squarely.metric("d2_absolute_error_score"),
        squarely.metric("trimmed_mean_squared_error"),
    )
    search = Search(asked, first_look(asked, squarely.Accumulator("mse")).update(y, p))
    generator = np.random.default_rng(seed)
    for reach in search.reaches.values():
        reach._stretch = tuple(np.sort(generator.choice(np.concatenate([y, abs(y - p), [-np.inf, np.inf]]), 2)))
    while search.is_open:
        assert search.take(search.look().update(y, p))
    found = {one.label: score for one, (score, _) in search.scores(asked).items()}
    assert found == squarely.evaluate(y, p, metrics=asked).to_dict()


def test_rows_that_are_alike_at_equal_distances_do_not_mislead(monkeypatch):
    monkeypatch.setattr(looks, "MOST_SAMPLED", 2**10)
    rows = 200_000
    y = np.random.default_rng(9).random(rows)
    y[::64] += 10  # as many as are sampled, or half
    passes = set()
    found = score_files([(y, np.zeros(rows))], metrics="medae", progress=lambda one: passes.add(one.pass_number))
    assert found["medae"] == np.median(y)
    assert passes == {1, 2}


@pytest.mark.parametrize("present", (1, 2, 9, 10, 11, 100, 2**40))
def test_a_level_means_what_was_written(present):
    half, tenth = share_of(0.5), share_of(0.1)
    assert half.least * present == half.most * present == present / 2
    # One value of ten meets a tenth, although the double is a little above it.
    assert (-(-(tenth.least * present) // 1), tenth.most * present >= -(-present // 10)) == (
        -(-present // 10),
        present % 10 == 0,
    )


# Weights


def weights_of(kind, rows, seed=11):
    generator = np.random.default_rng(seed)
    return {
        "any": generator.random(rows),
        "integers": generator.integers(0, 4, rows).astype(float),
        "many decades": 10.0 ** (30 * generator.normal(size=rows)),
        "subnormal": generator.integers(1, 9, rows) * 5e-324,
        "one for nearly all": np.where(np.arange(rows) == rows // 3, 1e9, 1e-9),
    }[kind]


@pytest.mark.filterwarnings("ignore:D.2 score is not well-defined")
@pytest.mark.parametrize("weights", ("any", "integers", "many decades", "subnormal", "one for nearly all"))
@pytest.mark.parametrize("kind", ("normal", "mostly zeros", "integers", "constant", "many decades"))
@pytest.mark.parametrize("rows", (3, 1001, 20_000))
def test_weighted_scores_have_the_bits_of_arrays_in_memory(tmp_path, rows, kind, weights, monkeypatch):
    monkeypatch.setattr(looks, "MOST_SAMPLED", 300)
    monkeypatch.setattr(looks, "MOST_KEPT", 1000)
    y, p = pairs_of(kind, rows)
    w = weights_of(weights, rows)
    expected = squarely.evaluate(y, p, sample_weight=w, metrics=WEIGHTED_METRICS)
    path = write_table(tmp_path / "t.parquet", {"y": y, "p": p, "w": w}, batch_rows=rows)
    found = score_files(path, **COLUMNS, weight="w", metrics=WEIGHTED_METRICS)
    assert told(found) == told(expected)
    assert (found.notes, found.count, found.omitted) == (expected.notes, expected.count, expected.omitted)


def test_a_weighted_median_is_that_of_rows_that_occur_so_often(few_values):
    y, p = pairs_of("normal", 2000)
    times = np.random.default_rng(12).integers(0, 5, 2000)
    found = score_files([(y, p, times.astype(float))], metrics="medae")
    assert found["medae"] == np.median(np.repeat(abs(y - p), times))


@pytest.mark.parametrize("policy", ("omit", "omit_true", "propagate"))
def test_what_has_no_weight_may_be_missing(policy, few_values):
    y, p = pairs_of("normal", 3001)
    w = np.random.default_rng(13).integers(0, 3, 3001).astype(float)
    y[w == 0] = np.nan
    p[w == 0] = np.inf
    for has_others in (False, True):
        y[5:8] = np.nan if has_others else 1.0
        expected = squarely.evaluate(y, p, sample_weight=w, metrics=WEIGHTED_METRICS, nan_policy=policy)
        found = score_files([(y, p, w)], metrics=WEIGHTED_METRICS, nan_policy=policy)
        assert told(found) == told(expected)


def test_integers_that_no_double_holds_have_weights(few_values):
    y = np.arange(2**60, 2**60 + 3001)
    p = y - np.arange(3001) ** 2
    w = weights_of("any", 3001)
    expected = squarely.evaluate(y, p, sample_weight=w, metrics=WEIGHTED_METRICS)
    assert told(score_files([(y, p, w)], metrics=WEIGHTED_METRICS)) == told(expected)


def test_weights_that_are_no_shares_are_refused():
    y, p = pairs_of("normal", 10)
    with pytest.raises(FileError, match="must not be negative: a share of the weights ranks values"):
        score_files([(y, p, np.array([1.0, -1.0] * 5))], metrics="medae")
    with pytest.raises(FileError, match="NaN"):
        score_files([(y, p, np.array([1.0, np.nan] * 5))], metrics="medae")
    with pytest.raises(FileError, match="no pair is left to score"):
        score_files([(y, p, np.zeros(10))], metrics="medae")
    with pytest.raises(
        FileError, match="trimmed_mean_squared_error leaves out a share of the pairs, and takes no weight="
    ):
        score_files([(y, p, np.ones(10))], metrics=["medae", "trimmed_mean_squared_error"])


# Passes


def test_progress_tells_which_pass_it_is(tmp_path, few_values):
    y, p = pairs_of("normal", 100)
    told_passes = []
    score_files([stored(tmp_path, y, p)], metrics="medae", progress=lambda one: told_passes.append(one))
    assert {one.pass_number for one in told_passes} == {1, 2}
    assert all(one.bytes_read <= one.bytes_total == 1600 for one in told_passes)
    assert told_passes[-1].rows == 100


@pytest.mark.parametrize("metrics", (None, METRICS))
def test_one_pass_is_enough_for_sums_and_for_files_of_which_all_values_are_kept(tmp_path, metrics):
    y, p = pairs_of("normal", 100)
    passes = set()
    score_files([stored(tmp_path, y, p)], metrics=metrics, progress=lambda one: passes.add(one.pass_number))
    assert passes == {1}


def test_ctrl_c_ends_the_second_pass(tmp_path, few_values):
    pair = stored(tmp_path, *pairs_of("normal", 100))

    def stop(progress):
        if progress.pass_number == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        score_files([pair], metrics="medae", progress=stop)
    assert not [
        one for one in threading.enumerate() if one.name.startswith("squarely") and one.is_alive() and one.daemon
    ]


# Refusals


def test_a_file_that_changes_between_the_passes_is_refused(tmp_path, few_values):
    path = write_table(tmp_path / "t.parquet", dict(zip("yp", pairs_of("normal", 100), strict=True)), batch_rows=100)

    def change(progress):
        if progress.pass_number == 1 and progress.rows == 100:
            os.utime(path, ns=(1, 1))

    with pytest.raises(FileError, match="was changed or replaced while the files were read"):
        score_files(path, **COLUMNS, metrics="medae", progress=change)


def test_rows_that_are_others_in_the_second_pass_are_refused(few_values):
    y, p = pairs_of("normal", 100)
    lists = [y.tolist(), p.tolist()]

    def change(progress):
        if progress.pass_number == 1 and progress.rows == 100:
            for side in lists:
                side.pop()

    with pytest.raises(FileError, match=r"pair 1: the rows were others in pass 2 than in the first"):
        score_files([tuple(lists)], metrics="medae", progress=change)


def test_a_stream_that_is_empty_the_second_time_is_refused(few_values):
    class Once:
        def __init__(self, table):
            self.reader = table.to_reader()

        def __arrow_c_stream__(self, requested_schema=None):
            return self.reader.__arrow_c_stream__()

    y, p = pairs_of("normal", 100)
    with pytest.raises(FileError, match="Once 1: the rows were others in pass 2 than in the first"):
        score_files(Once(pa.table({"y": y, "p": p})), **COLUMNS, metrics="medae")


def test_what_is_read_once_is_refused_before_the_first_pass(tmp_path):
    y, p = pairs_of("normal", 10)
    table = pa.table({"y": y, "p": p})
    taken = []

    def chunks():
        for _ in range(3):
            taken.append(1)
            yield y, p

    with pytest.raises(FileError, match="needs a second pass over the rows, and an iterator can be read only once"):
        score_files(chunks(), metrics=["mse", "medae"])
    assert len(taken) == 1  # what it is of
    reader = table.to_reader()
    with pytest.raises(FileError, match=r"RecordBatchReader 1 can be read only once.*quantile_absolute_error"):
        score_files(reader, **COLUMNS, metrics="medae")
    assert reader.read_all().num_rows == 10


def test_standard_input_is_refused():
    command = [sys.executable, "-m", "squarely.cli", "score", "-", "--true", "y", "--pred", "p", "--metrics", "medae"]
    run = subprocess.run(command, input="y,p\n1,2\n", capture_output=True, text=True)
    assert run.returncode == 2
    assert "median_absolute_error needs a second pass over the rows, and " in run.stderr
    assert "can be read only once" in run.stderr


def test_other_sums_than_exact_ones_are_refused(tmp_path):
    pair = stored(tmp_path, *pairs_of("normal", 10))
    said = "d2_absolute_error_score needs a second pass.*does not go with summation='kahan'"
    with pytest.raises(FileError, match=said):
        score_files([pair], metrics=["mse", "d2_absolute_error_score"], summation="kahan")


def test_no_rows_and_nothing_left_are_refused_as_of_sums(tmp_path):
    empty = write_table(tmp_path / "e.parquet", {"y": np.zeros(0), "p": np.zeros(0)}, batch_rows=1)
    with pytest.raises(FileError, match="there are no rows to score"):
        score_files(empty, **COLUMNS, metrics="medae")
    nothing = write_table(tmp_path / "n.parquet", {"y": np.full(3, np.nan), "p": np.zeros(3)}, batch_rows=1)
    with pytest.raises(FileError, match="no pair is left to score"):
        score_files(nothing, **COLUMNS, metrics="medae", nan_policy="omit")


def test_numbers_that_mean_missing_are_missing_in_both_passes(tmp_path, few_values):
    y, p = pairs_of("integers", 500)
    path = write_table(tmp_path / "t.parquet", {"y": y, "p": p}, batch_rows=100)
    found = score_files(path, **COLUMNS, metrics=METRICS, nan_policy="omit", reading=ReadingOptions(na=(0,)))
    y[y == 0] = np.nan
    p[p == 0] = np.nan
    assert told(found) == told(squarely.evaluate(y, p, metrics=METRICS, nan_policy="omit"))


# Memory

MEASURE_GROWTH = """
import resource, sys
from squarely.files import score_files
from squarely.files.order import looks
looks.MOST_SAMPLED = looks.MOST_KEPT = 2**14
def peak_after(path):
    metrics = ["medae", "trimmed_mean_squared_error", "d2_absolute_error_score"]
    score_files(path, true="y", pred="p", metrics=metrics, threads=2)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
small = peak_after(sys.argv[1])
print(peak_after(sys.argv[2]) - small)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="ru_maxrss is in KiB on Linux only")
@pytest.mark.parametrize("spread", (1.0, 1e-9), ids=("spread out", "in one bucket"))
def test_memory_of_a_median_does_not_grow_with_the_file(tmp_path, spread):
    generator = np.random.default_rng(5)
    paths = []
    for rows in (150_000, 3_000_000):
        y = generator.normal(size=rows)
        table = {"y": 1.5 + y * spread, "p": np.zeros(rows)}
        paths.append(write_table(tmp_path / f"{rows}.parquet", table, batch_rows=rows))
    command = [sys.executable, "-c", MEASURE_GROWTH, *map(str, paths)]
    assert int(subprocess.run(command, capture_output=True, text=True, check=True).stdout) < 20  # MiB of 46
