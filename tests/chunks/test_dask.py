"""Scores of Dask collections: the bits of one call over the whole, and nothing but states between workers."""

import contextlib
import os
import pickle
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import squarely
import squarely.dask
from squarely.dask.states import merged, one_thread_beside_others, tree_of

dask = pytest.importorskip("dask")
da = pytest.importorskip("dask.array")

ROWS = 1009
SOME = ("mean_squared_error", "r2_score", "max_error", squarely.metric("mean_pinball_loss", alpha=0.9))


@pytest.fixture
def truth(rng: np.random.Generator) -> npt.NDArray[np.float64]:
    return rng.standard_normal(ROWS)


@pytest.fixture
def guess(truth: npt.NDArray[np.float64], rng: np.random.Generator) -> npt.NDArray[np.float64]:
    return truth + rng.standard_normal(ROWS) * 10.0 ** rng.integers(-9, 9, ROWS)


@pytest.fixture
def weights(rng: np.random.Generator) -> npt.NDArray[np.float64]:
    return rng.random(ROWS)


def whole(y_true: Any, y_pred: Any, metrics: Any = SOME, axis: int = 0, **options: Any) -> squarely.Accumulator:
    passed = {name: options.pop(name) for name in ("sample_weight", "where") if name in options}
    return squarely.Accumulator(metrics, **options).update(y_true, y_pred, axis=axis, **passed)


def cut(array: npt.NDArray[Any], chunks: Any) -> Any:
    return da.from_array(array, chunks=chunks)


# Arrays


@pytest.mark.parametrize(
    ("of_truth", "of_guess"), [(100, 100), (100, 77), (ROWS, 10), ((9, 1000), (1000, 9)), (1, 1009)]
)
def test_chunks_do_not_matter(truth: Any, guess: Any, of_truth: Any, of_guess: Any) -> None:
    found = squarely.dask.accumulate(cut(truth, (of_truth,)), cut(guess, (of_guess,)), metrics=SOME)
    assert found.digest() == whole(truth, guess).digest()


def test_weights_and_masks_are_cut_as_they_like(truth: Any, guess: Any, weights: Any) -> None:
    where = weights < 0.7
    found = squarely.dask.accumulate(
        cut(truth, 100), cut(guess, 77), metrics=SOME, sample_weight=cut(weights, 300), where=cut(where, 41)
    )
    assert found.digest() == whole(truth, guess, sample_weight=weights, where=where).digest()


def test_one_weight_is_for_all(truth: Any, guess: Any) -> None:
    found = squarely.dask.accumulate(cut(truth, 100), cut(guess, 100), metrics=SOME, sample_weight=0.25)
    assert found.digest() == whole(truth, guess, sample_weight=0.25).digest()


@pytest.mark.parametrize("dtype", ["float32", "int64", "bool"])
def test_elements_are_read_as_they_are(dtype: str, rng: np.random.Generator) -> None:
    y_true, y_pred = rng.integers(0, 2**62, (2, ROWS)).astype(dtype)
    found = squarely.dask.accumulate(cut(y_true, 100), cut(y_pred, 60))
    assert found.digest() == squarely.Accumulator().update(y_true, y_pred).digest()


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
@pytest.mark.parametrize("chunks", [(3, 8, 9), (7, 3, 9), (7, 8, 2), (3, 3, 2)])
def test_outputs_may_be_cut_too(axis: int, chunks: tuple[int, ...], rng: np.random.Generator) -> None:
    y_true, y_pred = rng.standard_normal((2, 7, 8, 9))
    where = rng.random(y_true.shape) < 0.8
    options: dict[str, Any] = {"axis": axis, "multioutput": "raw_values"}
    found = squarely.dask.accumulate(
        cut(y_true, chunks), cut(y_pred, (4, 4, 4)), metrics=SOME, where=cut(where, (2, 8, 9)), **options
    )
    expected = whole(y_true, y_pred, where=where, **options)
    assert found.digest() == expected.digest()
    assert found["r2_score"].shape == expected["r2_score"].shape


@pytest.mark.parametrize("multioutput", ["uniform_average", "variance_weighted", [0.1, 0.2, 0.3, 0.4]])
def test_outputs_are_averaged_over_all_columns(multioutput: Any, rng: np.random.Generator) -> None:
    y_true, y_pred = rng.standard_normal((2, 90, 4))
    weights = rng.random(90)
    found = squarely.dask.evaluate(
        cut(y_true, (20, 3)), cut(y_pred, (30, 2)), sample_weight=cut(weights, 50), multioutput=multioutput
    )
    assert (
        found.to_dict() == squarely.evaluate(y_true, y_pred, sample_weight=weights, multioutput=multioutput).to_dict()
    )


def test_a_column_goes_with_a_row_of_the_same_length(truth: Any, guess: Any) -> None:
    digest = whole(truth, guess).digest()
    flat = (cut(truth, 100), cut(guess, 100))
    columns = (cut(truth[:, None], (100, 1)), cut(guess[:, None], (50, 1)))
    for y_true, y_pred in ((flat[0], columns[1]), (columns[0], flat[1]), columns):
        assert squarely.dask.accumulate(y_true, y_pred, metrics=SOME).digest() == digest


def test_unknown_lengths_are_paired_chunk_by_chunk(truth: Any, guess: Any) -> None:
    y_true, y_pred = cut(truth, 100), cut(guess, 100)
    counts = y_true > 0.3
    found = squarely.dask.accumulate(y_true[counts], y_pred[counts], metrics=SOME)
    assert found.digest() == whole(truth[truth > 0.3], guess[truth > 0.3]).digest()
    with pytest.raises(ValueError, match=re.escape("y_true has 11, y_pred has 6. Cut them alike.")):
        squarely.dask.evaluate(y_true[counts], cut(guess, 200))
    with pytest.raises(ValueError, match="a block: Found input variables with inconsistent numbers of samples"):
        squarely.dask.evaluate(y_true[counts], y_pred)
    table = cut(np.ones((9, 4)), (3, 2))
    kept = cut(np.arange(9) % 2 == 0, 3)
    found = squarely.dask.accumulate(
        table[kept], (table + 1).rechunk((3, 4))[kept], metrics="sse", multioutput="raw_values"
    )
    assert found["sum_squared_error"].tolist() == [5.0] * 4


def test_chunks_without_rows_count_nothing(truth: Any, guess: Any) -> None:
    y_true, y_pred = cut(truth, 100), cut(guess, 100)
    only_first = cut(np.arange(ROWS) < 5, 100)
    found = squarely.dask.accumulate(y_true[only_first], y_pred[only_first])
    assert found.digest() == squarely.Accumulator().update(truth[:5], guess[:5]).digest()
    none = cut(np.zeros(ROWS, bool), 100)
    assert squarely.dask.accumulate(y_true[none], y_pred[none]).count == 0
    with pytest.raises(ValueError, match=re.escape("Found array with 0 sample(s)")):
        squarely.dask.evaluate(y_true[none], y_pred[none])


# What is returned


def test_the_report_is_that_of_evaluate(truth: Any, guess: Any) -> None:
    found = squarely.dask.evaluate(cut(truth, 100), cut(guess, 90))
    expected = squarely.evaluate(truth, guess)
    assert isinstance(found, squarely.report.Report)
    assert (found.to_dict(), found.count, str(found)) == (expected.to_dict(), expected.count, str(expected))


def test_notes_say_what_is_undefined() -> None:
    y_true, y_pred = np.array([2.0]), np.array([-3.0])
    metrics = ("mean_error", "r2_score", "mean_squared_log_error")
    found = squarely.dask.evaluate(cut(y_true, 1), cut(y_pred, 1), metrics=metrics)
    assert found.notes == squarely.evaluate(y_true, y_pred, metrics=metrics).notes
    assert len(found.notes) == 2


def test_missing_values_are_counted_over_all_chunks(truth: Any, guess: Any) -> None:
    truth[::10] = np.nan
    found = squarely.dask.evaluate(cut(truth, 100), cut(guess, 90), nan_policy="omit")
    expected = squarely.evaluate(truth, guess, nan_policy="omit")
    assert (found.to_dict(), found.omitted) == (expected.to_dict(), expected.omitted)


def test_several_predictions_read_the_truth_once(truth: Any, guess: Any) -> None:
    reads = []

    def read(block: npt.NDArray[Any]) -> npt.NDArray[Any]:
        reads.append(len(block))
        return block

    y_true = cut(truth, 100).map_blocks(read, dtype=float, meta=np.empty(0))
    models = {"model": guess, "zero": np.zeros(ROWS)}
    with dask.config.set(scheduler="synchronous"):
        found = squarely.dask.evaluate(y_true, {name: cut(model, 100) for name, model in models.items()})
    assert found.to_dict() == squarely.evaluate(truth, models).to_dict()
    assert sum(reads) == ROWS
    accumulators = squarely.dask.accumulate(y_true, {name: cut(model, 100) for name, model in models.items()})
    assert list(accumulators) == ["model", "zero"]
    assert accumulators["model"].digest() == squarely.Accumulator().update(truth, guess).digest()


def test_nothing_runs_before_it_is_asked_for(truth: Any, guess: Any) -> None:
    def read(block: npt.NDArray[Any]) -> npt.NDArray[Any]:
        raise AssertionError("this block was read")

    y_true = cut(truth, 100).map_blocks(read, dtype=float, meta=np.empty(0))
    for function in (squarely.dask.evaluate, squarely.dask.accumulate):
        later = function(y_true, cut(guess, 100), compute=False)
        assert isinstance(later, sys.modules["dask.delayed"].Delayed)
        with pytest.raises(AssertionError, match="this block was read"):
            later.compute()
    later = squarely.dask.accumulate(cut(truth, 100), cut(guess, 100), compute=False)
    assert later.compute(scheduler="synchronous").digest() == squarely.Accumulator().update(truth, guess).digest()


@pytest.mark.parametrize("scheduler", ["threads", "synchronous", "processes"])
def test_schedulers_do_not_matter(scheduler: str, truth: Any, guess: Any) -> None:
    with dask.config.set(scheduler=scheduler, num_workers=2):
        found = squarely.dask.accumulate(cut(truth, 200), cut(guess, 300), metrics=SOME)
    assert found.digest() == whole(truth, guess).digest()


# The tree


@pytest.mark.parametrize("count", [1, 2, 16, 17, 300])
def test_every_merge_waits_for_few_states(count: int, truth: Any, guess: Any) -> None:
    parts = [[squarely.Accumulator().update(truth[i::count], guess[i::count])] for i in range(count)]
    states = [dask.delayed(part, pure=False) for part in parts]
    tree = tree_of(states)
    needs, _ = dask.core.get_deps(dict(tree.dask))
    assert max(map(len, needs.values())) <= 16
    assert tree.compute(scheduler="synchronous")[0].digest() == squarely.Accumulator().update(truth, guess).digest()


def test_what_is_merged_is_left_as_it_is(truth: Any, guess: Any) -> None:
    parts = [[squarely.Accumulator().update(truth[i::3], guess[i::3])] for i in range(3)]
    before = [part[0].digest() for part in parts]
    assert merged(parts)[0].digest() == merged(parts)[0].digest()
    assert [part[0].digest() for part in parts] == before


def test_a_block_and_what_it_is_made_of_are_one_task() -> None:
    random = da.random.default_rng(0)
    y_true = random.standard_normal(1000, chunks=100)
    y_pred = y_true + random.standard_normal(1000, chunks=100) * random.random(1000, chunks=100)
    later = squarely.dask.accumulate(y_true, y_pred, compute=False)
    (optimized,) = dask.optimize(later)
    names = [key if isinstance(key, str) else key[0] for key in dict(optimized.dask)]
    assert sum(name.startswith("states_of_chunks") for name in names) == 10
    assert len(names) == 12  # and one merge, and one that takes the state out of its list
    expected = squarely.Accumulator().update(*dask.compute(y_true, y_pred))
    assert later.compute().digest() == expected.digest()


def test_what_several_blocks_need_is_made_once() -> None:
    makes = []

    @dask.delayed
    def make() -> npt.NDArray[np.float64]:
        makes.append(1)
        return np.arange(100.0)

    y_true = da.from_delayed(make(), (100,), dtype=float)
    with dask.config.set(scheduler="synchronous"):
        found = squarely.dask.accumulate(y_true.rechunk(10), y_true.rechunk(30) + 1, metrics="sum_squared_error")
    assert found["sum_squared_error"] == 100.0
    assert makes == [1]


# Frames


@pytest.fixture
def frame(truth: Any, guess: Any, weights: Any) -> Any:
    pandas = pytest.importorskip("pandas")
    dataframe = pytest.importorskip("dask.dataframe")
    table = pandas.DataFrame({"y": truth, "model": guess, "w": weights, "keep": weights < 0.7})
    return dataframe.from_pandas(table, npartitions=7)


def test_columns_of_a_frame_are_scored_by_partitions(frame: Any, truth: Any, guess: Any, weights: Any) -> None:
    expected = squarely.evaluate(truth, guess, sample_weight=weights, where=weights < 0.7)
    found = squarely.dask.evaluate(frame["y"], frame["model"], sample_weight=frame["w"], where=frame["keep"])
    assert found.to_dict() == expected.to_dict()
    kept = frame[frame["keep"]]  # of unknown length
    assert squarely.dask.evaluate(kept["y"], kept["model"], sample_weight=kept["w"]).to_dict() == expected.to_dict()


def test_frames_are_tables_of_outputs(frame: Any, truth: Any, guess: Any) -> None:
    both = frame[["y", "model"]]
    turned = both[["model", "y"]].rename(columns={"model": "of y", "y": "of model"})
    found = squarely.dask.accumulate(both, turned, multioutput="raw_values")
    expected = squarely.Accumulator(multioutput="raw_values")
    expected.update(np.column_stack([truth, guess]), np.column_stack([guess, truth]))
    assert found.digest() == expected.digest()


def test_a_partition_of_a_file_is_read_once(tmp_path: Any, truth: Any, guess: Any) -> None:
    pandas, dataframe = pytest.importorskip("pandas"), pytest.importorskip("dask.dataframe")
    pytest.importorskip("pyarrow")
    for number in range(3):
        rows = slice(number, None, 3)
        pandas.DataFrame({"y": truth[rows], "model": guess[rows]}).to_parquet(tmp_path / f"{number}.parquet")
    frame = dataframe.read_parquet(str(tmp_path))
    later = squarely.dask.accumulate(frame["y"], {"a": frame["model"], "b": frame["model"]}, compute=False)
    assert len(dict(dask.optimize(later)[0].dask)) == 5  # three reads with their states, one merge, one result
    assert later.compute()["b"].digest() == squarely.Accumulator().update(truth, guess).digest()


def test_missing_values_of_pandas_are_missing(frame: Any) -> None:
    nullable = frame["y"].astype("Float64").mask(frame["w"] < 0.5)
    with pytest.raises(ValueError, match="a partition: Input contains NaN"):
        squarely.dask.evaluate(nullable, frame["model"])
    pairs = frame.compute()
    expected = squarely.evaluate(pairs["y"].where(pairs["w"] >= 0.5), pairs["model"], nan_policy="omit")
    found = squarely.dask.evaluate(nullable, frame["model"], nan_policy="omit")
    assert (found.to_dict(), found.omitted) == (expected.to_dict(), expected.omitted)


def test_frames_go_with_arrays_and_lists(frame: Any, truth: Any, guess: Any) -> None:
    digest = squarely.Accumulator().update(truth, guess).digest()
    assert squarely.dask.accumulate(frame["y"], frame["model"].values).digest() == digest
    assert squarely.dask.accumulate(frame["y"], list(frame["model"].to_delayed())).digest() == digest


def test_chunks_of_frames_and_lists_hold_rows(frame: Any) -> None:
    tables = [dask.delayed(np.ones((3, 2)))]
    for sides in ((frame["y"], frame["model"]), (tables, tables)):
        with pytest.raises(ValueError, match=re.escape("hold rows: axis must be 0. Got -1.")):
            squarely.dask.evaluate(*sides, axis=-1)


def test_frames_that_do_not_pair_are_refused(frame: Any) -> None:
    with pytest.raises(ValueError, match=re.escape("y_true has 7, y_pred has 3. Cut them alike.")):
        squarely.dask.evaluate(frame["y"], frame["model"].repartition(npartitions=3))
    other = frame.repartition(divisions=(0, 1, 2, 3, 4, 5, 6, ROWS - 1))
    with pytest.raises(ValueError, match="The frames have different divisions"):
        squarely.dask.evaluate(frame["y"], other["model"])
    with pytest.raises(ValueError, match="a partition: Found input variables with inconsistent numbers of samples"):
        squarely.dask.evaluate(frame["y"], frame[frame["keep"]]["model"])


# Lists


def test_lists_of_delayed_chunks(truth: Any, guess: Any, weights: Any) -> None:
    def later(array: npt.NDArray[Any]) -> list[Any]:
        return [dask.delayed(array[i::13]) for i in range(13)]

    found = squarely.dask.accumulate(later(truth), later(guess), metrics=SOME, sample_weight=later(weights))
    assert found.digest() == whole(truth, guess, sample_weight=weights).digest()


def test_an_error_names_the_chunk_and_the_prediction() -> None:
    chunks = [dask.delayed(np.ones(3)), dask.delayed(np.array([1.0, np.nan]))]
    with pytest.raises(ValueError, match="chunk 1: model: Input contains NaN"):
        squarely.dask.evaluate(chunks, {"model": chunks})


# Refusals


def test_what_is_no_dask_collection_is_refused(truth: Any, guess: Any) -> None:
    y_true = cut(truth, 100)
    with pytest.raises(TypeError, match=r"'y_pred' parameter of squarely\.dask\.evaluate.*Got ndarray.*from_array"):
        squarely.dask.evaluate(y_true, guess)
    with pytest.raises(TypeError, match=re.escape("The \"y_pred['model']\" parameter of squarely.dask.accumulate")):
        squarely.dask.accumulate(y_true, {"model": [1.0, 2.0]})
    with pytest.raises(TypeError, match="'where' parameter"):
        squarely.dask.evaluate(y_true, y_true, where=truth > 0)
    xarray = pytest.importorskip("xarray")
    with pytest.raises(TypeError, match=re.escape("Pass it to squarely.xarray.evaluate.")):
        squarely.dask.evaluate(xarray.DataArray(y_true), y_true)
    with pytest.raises(ValueError, match="names no prediction"):
        squarely.dask.evaluate(y_true, {})


def test_shapes_that_do_not_fit_are_refused_before_anything_runs(truth: Any, guess: Any) -> None:
    y_true, table = cut(truth, 100), cut(np.ones((ROWS, 3)), (100, 2))
    with pytest.raises(ValueError, match=re.escape("inconsistent numbers of samples: [1009, 1008]")):
        squarely.dask.evaluate(y_true, cut(guess[1:], 100))
    with pytest.raises(ValueError, match="different number of output"):
        squarely.dask.evaluate(table, y_true)
    with pytest.raises(ValueError, match=r"y_pred\['b'\]: y_true and y_pred have different number of output"):
        squarely.dask.evaluate(y_true, {"a": y_true, "b": table})
    with pytest.raises(ValueError, match=re.escape("sample_weight has shape (1008,), and must have that of the rows")):
        squarely.dask.evaluate(y_true, y_true, sample_weight=cut(guess[1:], 100))
    with pytest.raises(ValueError, match=re.escape("where has shape (1009, 1), and must have that of the rows")):
        squarely.dask.evaluate(table, table, where=cut(np.ones((ROWS, 1), bool), 100))
    with pytest.raises(ValueError, match="'axis' parameter of evaluate must be from -1 to 0"):
        squarely.dask.evaluate(y_true, y_true, axis=1)
    with pytest.raises(ValueError, match=re.escape("Found array with 0 sample(s)")):
        squarely.dask.evaluate(da.ones(0), da.ones(0))
    for sides in ((da.ones(()), y_true), (y_true, da.ones(()))):
        with pytest.raises(ValueError, match="is a Dask array without dimensions"):
            squarely.dask.evaluate(*sides)
    columns = da.from_array(np.ones((4, 3)), chunks=2)
    unknown = columns[:, columns[0] > 0]
    with pytest.raises(ValueError, match="only the number of rows may be unknown"):
        squarely.dask.evaluate(unknown, unknown)


def test_metrics_over_order_statistics_are_refused(truth: Any) -> None:
    y_true = cut(truth, 100)
    with pytest.raises(ValueError, match="median_absolute_error needs all pairs at once"):
        squarely.dask.evaluate(y_true, y_true, metrics=("mean_error", "median_absolute_error"))


def test_options_are_checked_before_anything_runs(truth: Any) -> None:
    y_true = cut(truth, 100)
    for wrong in ({"nan_policy": "ignore"}, {"multioutput": "mean"}, {"metrics": "mean_squared_eror"}):
        with pytest.raises(ValueError, match=f"'{next(iter(wrong))}' parameter"):
            squarely.dask.evaluate(y_true, y_true, **wrong)
    with pytest.raises(ValueError, match=r"equally many custom weights \(2\) as outputs \(3\)"):
        squarely.dask.evaluate(da.ones((4, 3), chunks=(2, 1)), da.ones((4, 3), chunks=2), multioutput=[1.0, 2.0])


def test_without_dask_the_extra_is_named() -> None:
    code = """
import sys
sys.modules["dask"] = None
import squarely.dask
try:
    squarely.dask.evaluate([1.0], [2.0])
except ImportError as error:
    print(error)
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert found.strip() == "dask is not installed. Install it with: pip install 'squarely[dask]'"


def test_importing_the_module_imports_no_dask() -> None:
    code = "import sys, squarely.dask; print('dask' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


# Threads


def test_a_task_beside_others_has_one_thread_and_nobody_else_loses_any() -> None:
    before = squarely.get_num_threads()
    inside, outside = [], []

    def task() -> None:
        with one_thread_beside_others():
            inside.append(squarely.get_num_threads())
        outside.append(squarely.get_num_threads())

    thread = threading.Thread(target=task)
    thread.start()
    thread.join()
    assert (inside, outside) == ([1], [before])
    with one_thread_beside_others():
        assert squarely.get_num_threads() == before


# distributed


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    distributed = pytest.importorskip("distributed")
    options: dict[str, Any] = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": ":0"}
    before = dict(os.environ)
    with distributed.LocalCluster(**options) as cluster, distributed.Client(cluster) as client:
        yield client
    # Its nannies leave what they set for their workers, as OMP_NUM_THREADS=1.
    os.environ.clear()
    os.environ.update(before)


def largest_journey(client: Any) -> int:
    def incoming(dask_worker: Any) -> int:
        return max((transfer["total"] for transfer in dask_worker.transfer_incoming_log), default=0)

    return max(client.run(incoming).values())


def test_only_states_travel_between_workers(client: Any) -> None:
    random = da.random.default_rng(0)
    y_true = random.standard_normal(800_000, chunks=50_000)
    y_pred = y_true + random.standard_normal(800_000, chunks=50_000)
    found = squarely.dask.accumulate(y_true, y_pred)
    assert largest_journey(client) < 20_000  # a block has 400,000 bytes, 16 states about 10,000
    assert found.digest() == squarely.Accumulator().update(*dask.compute(y_true, y_pred)).digest()


def test_two_workers_score_arrays_frames_and_futures(client: Any, truth: Any, guess: Any, frame: Any) -> None:
    digest = squarely.Accumulator().update(truth, guess).digest()
    y_true, y_pred = cut(truth, 100), cut(guess, 77)
    assert squarely.dask.accumulate(y_true, y_pred).digest() == digest
    assert squarely.dask.accumulate(frame["y"], frame["model"]).digest() == digest
    persisted = y_true.persist()
    assert squarely.dask.accumulate(persisted, y_pred).digest() == digest
    futures = [client.scatter([array[i::9] for i in range(9)]) for array in (truth, guess)]
    assert squarely.dask.accumulate(*futures).digest() == digest
    made = client.map(lambda array: array + 0.0, futures[1])
    delayed = [dask.delayed(truth[i::9]) for i in range(9)]
    assert squarely.dask.accumulate(delayed, made).digest() == digest
    later = client.compute(squarely.dask.evaluate(y_true, y_pred, compute=False))
    assert later.result().to_dict() == squarely.evaluate(truth, guess).to_dict()


def test_workers_score_groups_and_send_their_report(client: Any, truth: Any, guess: Any) -> None:
    store = np.arange(len(truth)) % 3
    report = squarely.dask.evaluate(cut(truth, 100), cut(guess, 77), by=cut(store, 50))
    assert str(report) == str(squarely.evaluate(truth, guess, by=store))


def test_an_error_on_a_worker_is_the_error_here(client: Any) -> None:
    chunks = client.scatter([np.ones(3), np.array([1.0, np.nan])])
    with dask_worker_errors_unlogged(client), pytest.raises(ValueError, match="chunk 1: Input contains NaN"):
        squarely.dask.evaluate(chunks, chunks)


@contextlib.contextmanager
def dask_worker_errors_unlogged(client: Any) -> Iterator[None]:
    def set_level(level: str) -> None:
        import logging

        logging.getLogger("distributed.worker").setLevel(level)

    client.run(set_level, "CRITICAL")
    yield
    client.run(set_level, "WARNING")


# What merging rests on


def test_a_sum_of_ten_thousand_states_is_that_of_one_call(rng: np.random.Generator) -> None:
    y_true, y_pred = rng.standard_normal((2, 10_000, 2))
    parts = [squarely.Accumulator().update(*pair) for pair in zip(y_true[:, None], y_pred[:, None], strict=True)]
    carried = [pickle.loads(pickle.dumps(part)) for part in parts]
    whole = squarely.Accumulator().update(y_true, y_pred)
    assert sum(carried) == whole
    assert merged([[part] for part in carried])[0] == whole


def test_what_is_scored_otherwise_has_another_key(truth: Any, guess: Any) -> None:
    y_true, y_pred = cut(truth, 100), cut(guess, 100)

    def keys(**options: Any) -> frozenset[Any]:
        later = squarely.dask.accumulate(y_true, y_pred, compute=False, **options)
        return frozenset(key for key in dict(later.dask) if key[0].startswith("states_of_chunks"))

    several = [
        {},
        {"metrics": "r2_score"},
        {"nan_policy": "omit"},
        {"sample_weight": 2.0},
        {"multioutput": "raw_values"},
    ]
    assert len({keys(**options) for options in several}) == len(several)
    assert keys() == keys()
