"""A million rows, scored in every way there is: one digest."""

import concurrent.futures
import multiprocessing
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import squarely

ROWS = 1_000_000
METRICS = (
    "mean_squared_error",
    "root_mean_squared_error",
    "mean_absolute_error",
    "mean_error",
    "r2_score",
    "explained_variance_score",
    "mean_absolute_percentage_error",
)
SHARDS = 13


def the_rows():
    """Return numbers of forty decades: sums that round would differ in every digit."""
    rng = np.random.default_rng(20261121)
    y_true = rng.standard_normal(ROWS) * 10.0 ** rng.integers(-20, 20, ROWS)
    return y_true, y_true * rng.lognormal(sigma=0.2, size=ROWS)


def empty():
    return squarely.Accumulator(METRICS)


def bounds():
    return np.linspace(0, ROWS, SHARDS + 1).astype(int)


def shard(index):
    """Return the state of one shard; made where it runs, as by a worker that reads its own part."""
    y_true, y_pred = the_rows()
    first, last = bounds()[index : index + 2]
    return empty().update(y_true[first:last], y_pred[first:last])


@pytest.fixture(scope="module")
def rows():
    return the_rows()


@pytest.fixture(scope="module")
def shards():
    return [shard(index) for index in range(SHARDS)]


@pytest.fixture(scope="module")
def one_call(rows):
    """Return the digest to be found: that of one update with everything."""
    return empty().update(*rows).digest()


@pytest.fixture(scope="module")
def parquet_files(rows, tmp_path_factory):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    folder = tmp_path_factory.mktemp("parts")
    for part, some in enumerate(np.array_split(np.arange(ROWS), 4)):
        table = pyarrow.table({"y": rows[0][some], "model": rows[1][some]})
        parquet.write_table(table, folder / f"part-{part}.parquet", row_group_size=30_000)
    return sorted(map(str, folder.glob("*.parquet")))


def in_chunks(rows):
    accumulator = empty()
    cuts = np.unique(np.random.default_rng(1).integers(0, ROWS, 3000))
    for first, last in zip([0, *cuts], [*cuts, ROWS], strict=True):
        if first < last:
            accumulator.update(rows[0][first:last], rows[1][first:last])
    return accumulator


def in_shuffled_chunks(rows):
    order = np.random.default_rng(2).permutation(ROWS)
    accumulator = empty()
    for some in np.array_split(order, 777):
        accumulator.update(rows[0][some], rows[1][some])
    return accumulator


def by_threads(rows):
    accumulator = empty()

    def add(some):
        accumulator.update(rows[0][some], rows[1][some])

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(add, (slice(first, first + 5000) for first in range(0, ROWS, 5000))))
    return accumulator


def by_processes(method):
    with multiprocessing.get_context(method).Pool(2) as pool:
        return sum(pool.map(shard, range(SHARDS)))


def by_random_trees(shards):
    rng = np.random.default_rng(3)
    states = list(shards)
    while len(states) > 1:
        left, right = (states.pop(int(rng.integers(len(states)))) for _ in range(2))
        states.append(left + right)
    return states[0]


def by_files(files):
    from squarely.files import accumulate_files

    return accumulate_files(files, true="y", pred="model", metrics=METRICS).predictions["model"]


# Waits, once something is saved, for what will come.
UNTIL_KILLED = """
import os, sys, threading
from squarely.files import accumulate_files
checkpoint, metrics, *files = sys.argv[1:]
def wait(progress):
    if os.path.exists(checkpoint):
        print("saved", flush=True)
        threading.Event().wait()
arguments = dict(true="y", pred="model", metrics=metrics.split(","), checkpoint=checkpoint, checkpoint_seconds=0)
accumulate_files(files, progress=wait, **arguments)
"""


def resumed_after_being_killed(files, checkpoint: Path):
    from squarely.files import accumulate_files

    run = [sys.executable, "-c", UNTIL_KILLED, os.fspath(checkpoint), ",".join(METRICS), *files]
    with subprocess.Popen(run, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout.readline() == "saved\n"
        child.send_signal(signal.SIGKILL)
        assert child.wait(60) == -signal.SIGKILL
    seen = []
    states = accumulate_files(
        files,
        true="y",
        pred="model",
        metrics=METRICS,
        checkpoint=checkpoint,
        progress=lambda made: seen.append(made.rows),
    )
    assert seen[0] > 0, "nothing was taken over from the run that was killed"
    return states.predictions["model"]


def by_dask(rows):
    array = pytest.importorskip("dask.array")
    import squarely.dask

    y_true = array.from_array(rows[0], chunks=77_777)
    y_pred = array.from_array(rows[1], chunks=100_000)
    return squarely.dask.accumulate(y_true, y_pred, metrics=METRICS)


def on_a_rank(rank, store):
    from torch import distributed

    distributed.init_process_group("gloo", init_method=f"file://{store}", rank=rank, world_size=2)
    mine = sum((shard(index) for index in range(rank, SHARDS, 2)), start=empty())
    gathered = [None, None]
    distributed.all_gather_object(gathered, mine.to_bytes())
    digest = sum(map(squarely.Accumulator.from_bytes, gathered)).digest()
    distributed.destroy_process_group()
    Path(f"{store}.{rank}").write_text(digest)


def by_torch_distributed(folder):
    torch_processes = pytest.importorskip("torch.multiprocessing")
    store = folder / "store"
    torch_processes.spawn(on_a_rank, (os.fspath(store),), nprocs=2)
    digests = {Path(f"{store}.{rank}").read_text() for rank in range(2)}
    assert len(digests) == 1
    return digests.pop()


def with_a_shard_added_and_taken_away(rows, shards):
    accumulator = empty().update(*rows).merge(shards[4]).merge(shards[7])
    return accumulator.subtract(shards[7]) - shards[4]


WAYS = {
    "chunks": lambda given: in_chunks(given("rows")),
    "shuffled chunks": lambda given: in_shuffled_chunks(given("rows")),
    "threads": lambda given: by_threads(given("rows")),
    "forked processes": lambda _: by_processes("fork"),
    "spawned processes": lambda _: by_processes("spawn"),
    "Dask": lambda given: by_dask(given("rows")),
    "torch.distributed": lambda given: by_torch_distributed(given("tmp_path")),
    "files": lambda given: by_files(given("parquet_files")),
    "resumed after SIGKILL": lambda given: resumed_after_being_killed(
        given("parquet_files"), given("tmp_path") / "run.sq"
    ),
    "random trees": lambda given: by_random_trees(given("shards")),
    "a shard added and subtracted": lambda given: with_a_shard_added_and_taken_away(given("rows"), given("shards")),
}


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.parametrize("way", WAYS)
def test_every_way_to_score_a_million_rows_finds_one_digest(request, one_call, way):
    found = WAYS[way](request.getfixturevalue)
    assert (found if isinstance(found, str) else found.digest()) == one_call


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_neither_target_nor_threads_change_the_digest(target, rows, one_call, threads):
    squarely.set_num_threads(threads)
    assert empty().update(*rows).digest() == one_call
