"""Threads change speed only; failures are told as one thread would tell them; Ctrl-C ends all of them at once."""

import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import squarely
from inputs.written_tables import random_columns, write_table, write_text
from instruments.reports import told
from oracles.state_bytes import ROUNDED
from squarely.files import FileError, MissingValueError, score_files
from squarely.files.errors import StuckError
from squarely.files.formats import parquet
from squarely.files.runs import work
from squarely.files.runs.totals import Scored, Totals

METRICS = ("mean_squared_error", "mean_absolute_error", "max_error")


@pytest.fixture
def small_sections(monkeypatch):
    monkeypatch.setattr(parquet, "SECTION_ROWS", 100)


def digests(paths, **options):
    scores = score_files(paths, true="truth", pred=["model", "naive"], metrics=METRICS, **options)
    return told(scores)


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_row_groups_in_parallel_give_the_bits_of_one_pass(tmp_path, small_sections, threads):
    columns = random_columns()
    path = write_table(tmp_path / "t.parquet", columns, batch_rows=70)
    expected = squarely.Accumulator(metrics=METRICS).update(columns["truth"], columns["model"])
    scores = score_files(path, true="truth", pred=["model", "naive"], metrics=METRICS, threads=threads)
    assert (scores.digest["model"], scores.count["model"]) == (expected.digest(), 2500)


def test_small_row_groups_share_a_section(tmp_path):
    write_table(tmp_path / "t.parquet", random_columns(), batch_rows=70)
    with parquet.open_parquet(parquet.DataFile(str(tmp_path / "t.parquet")), parquet.ReadingOptions()) as table:
        assert [(one.first, one.last, one.share) for one in table.sections] == [(0, 36, 1.0)]


@pytest.mark.parametrize("summation", ROUNDED)
def test_sums_that_depend_on_order_are_the_same_every_time(tmp_path, small_sections, summation):
    paths = [write_table(tmp_path / f"{n}.parquet", random_columns(), batch_rows=70) for n in range(3)]
    found = [digests(paths, threads=threads, summation=summation) for threads in (1, 4, 4)]
    assert found[0] == found[1] == found[2]


def test_what_is_saved_is_not_added_to_meanwhile():
    totals = Totals({"p": squarely.Accumulator()}, is_exact=True)
    are_held = []
    totals.after_commit = lambda: are_held.append(totals.lock.locked())
    totals.commit(Scored({"p": squarely.Accumulator().update([1.0], [2.0])}, {}), 1, 0, 0, None)
    assert (are_held, totals.rows, totals.lock.locked()) == ([True], 1, False)


def test_threads_must_be_positive(tmp_path):
    path = write_text(tmp_path / "t.csv", "y,p\n1,2\n")
    with pytest.raises(ValueError, match=r"threads must be at least 1, not 0"):
        score_files(path, true="y", pred="p", threads=0)


def test_progress_is_told_in_the_calling_thread_and_ends_with_everything(tmp_path, small_sections):
    paths = [write_table(tmp_path / f"{n}.parquet", random_columns(), batch_rows=70) for n in range(3)]
    seen = []
    digests(paths, threads=3, progress=lambda progress: seen.append((threading.current_thread(), progress)))
    assert {thread for thread, _ in seen} == {threading.main_thread()}
    last = seen[-1][1]
    assert last.rows == 7500
    assert last.bytes_read == pytest.approx(last.bytes_total) == sum(path.stat().st_size for path in paths)


# --- failures ---


@pytest.mark.parametrize("attempt", range(3))
def test_the_first_missing_value_in_order_is_told(tmp_path, small_sections, attempt):
    truth = np.zeros(5000)
    truth[[1234, 1235, 3000, 4999]] = np.nan
    path = write_table(tmp_path / "t.parquet", {"y": truth, "p": np.zeros(5000)}, batch_rows=70)
    later = write_text(tmp_path / "z.csv", "y,p\nNA,1\n")
    with pytest.raises(MissingValueError, match=r"t.parquet: column 'y' has a missing value or NaN in data row 1235$"):
        score_files([path, later], true="y", pred="p", threads=4)


@pytest.mark.parametrize("threads", [1, 4])
def test_damage_names_the_file_and_the_row_group(tmp_path, small_sections, threads):
    options = {"write_page_checksum": True, "use_dictionary": False}
    path = write_table(tmp_path / "changed.parquet", random_columns(), batch_rows=70, **options)
    content = bytearray(path.read_bytes())
    column = parquet.import_extra("pyarrow.parquet").ParquetFile(path).metadata.row_group(17).column(1)
    content[column.data_page_offset + column.total_compressed_size // 2] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(
        FileError, match=r"changed.parquet: the file .* in row group 17 \(counted from 0; data rows 1191 to 1260\)"
    ):
        digests(path, threads=threads)


def test_damage_in_a_text_names_the_row(tmp_path):
    path = write_text(tmp_path / "t.csv.gz", "y,p\n" + "1,2\n" * 600_000)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 9 // 10])
    with pytest.raises(FileError, match=r"t.csv.gz: the file is damaged after data row \d+ or not what its name says"):
        score_files(path, true="y", pred="p")


def test_an_error_of_progress_ends_the_score(tmp_path, small_sections):
    path = write_table(tmp_path / "t.parquet", random_columns(), batch_rows=70)

    def fail(_):
        raise LookupError("not now")

    with pytest.raises(LookupError, match="not now"):
        digests(path, progress=fail)
    assert_no_workers_left()


def assert_no_workers_left():
    deadline = time.monotonic() + 10
    while any(thread.name.startswith("squarely-files") for thread in threading.enumerate()):
        assert time.monotonic() < deadline, threading.enumerate()
        time.sleep(0.01)


# --- Ctrl-C ---

LONG_READ = """
import sys, threading
import pyarrow
import squarely
from squarely.files.formats import csv_rows
if len(sys.argv) == 2:  # of one file its blocks are what takes long
    csv_rows.BLOCK_BYTES = 1 << 11
def told(progress):
    print(progress.rows, flush=True)
try:
    squarely.score_files([path for path in sys.argv[1:]], true="y", pred="p", progress=told, threads=2)
    print("scored", flush=True)
except KeyboardInterrupt:

    workers = [one for one in threading.enumerate() if one.name.startswith("squarely-files")]
    for worker in workers:
        worker.join(10)
    print("interrupted", any(worker.is_alive() for worker in workers), flush=True)
"""


@pytest.fixture(scope="module")
def long_files(tmp_path_factory):
    """Files that take some seconds: the same one under many names."""
    folder = tmp_path_factory.mktemp("long")
    rows = 2_000_000
    table = {"y": np.arange(rows) / 7, "p": np.arange(rows) / 7.5}
    made = {
        "parquet": write_table(folder / "t.parquet", table, batch_rows=1 << 17, compression="zstd"),
        "csv": write_text(folder / "t.csv", "y,p\n" + "1024.125,1025.125\n" * rows),
    }
    names = {}
    for suffix, path in made.items():
        names[suffix] = [str(folder / f"{number}.{suffix}") for number in range(200)]
        for name in names[suffix]:
            os.link(path, name)
    return names


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
@pytest.mark.parametrize(("suffix", "files"), [("parquet", 200), ("csv", 200), ("csv", 1)])
def test_an_interrupt_reaches_python_and_ends_the_threads(long_files, suffix, files):
    command = [sys.executable, "-c", LONG_READ, *long_files[suffix][:files]]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert int(process.stdout.readline()) > 0
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=30)
    assert output.splitlines()[-1] == "interrupted False"
    assert (process.returncode, errors) == (0, "")


MANY_INTERRUPTS = """
import random, signal, sys, threading
import pyarrow
import squarely
from squarely.files.formats import csv_rows
csv_rows.BLOCK_BYTES = 1 << 11
def interrupt(*_):
    raise KeyboardInterrupt
signal.signal(signal.SIGALRM, interrupt)
random.seed(8)
interrupted = 0
while interrupted < 100:
    signal.setitimer(signal.ITIMER_REAL, random.uniform(0.005, 0.05))
    try:
        squarely.score_files(sys.argv[1:], true="y", pred="p", progress=lambda _: None, threads=2)
    except KeyboardInterrupt:
        interrupted += 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
print("interrupted", interrupted)
"""


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
def test_an_interrupt_at_any_moment_leaves_no_thread_waiting(tmp_path):
    first = write_text(tmp_path / "0.csv", "y,p\n" + "1024.125,1025.125\n" * 20_000)
    names = [str(first), *(str(tmp_path / f"{number}.csv") for number in range(1, 40))]
    for name in names[1:]:
        os.link(first, name)
    command = [sys.executable, "-c", MANY_INTERRUPTS, *names]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120)  # it ends when its threads have
    assert (run.stdout, run.stderr, run.returncode) == ("interrupted 100\n", "", 0)


BLOCKED_READ = """
import io, sys, threading
import pyarrow as pa, pyarrow.fs as fs
from squarely import cli
from squarely.files.sources import paths
class Stuck(io.RawIOBase):
    def readable(self): return True
    def seekable(self): return True
    def readinto(self, buffer):
        if threading.current_thread() is threading.main_thread():
            buffer[:4] = b"y,p\\n"
            return 4 if self.first() else 0
        print("reading", file=sys.stderr, flush=True)
        threading.Event().wait()
    def first(self):
        self.calls = getattr(self, "calls", 0) + 1
        return self.calls == 1
    def seek(self, *_): return 0
    def tell(self): return 0
paths.DataFile.open = lambda file: Stuck()
sys.exit(cli.main(sys.argv[1:]))
"""


BLOCKED_LISTING = """
import sys, threading
from squarely import cli
from squarely.files.sources import paths
def never(*_):
    print("asking", file=sys.stderr, flush=True)
    threading.Event().wait()
paths._from_uri = lambda uri: (never, uri)
paths.as_filesystem = lambda filesystem: filesystem
paths.innermost = lambda filesystem, path: (filesystem, path)
paths._files_elsewhere = never
sys.exit(cli.main(sys.argv[1:]))
"""


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
def test_an_interrupt_does_not_wait_for_a_network_that_does_not_answer():
    pytest.importorskip("typer")
    command = [sys.executable, "-c", BLOCKED_LISTING, "score", "gs://bucket/x.csv", "--true", "y", "--pred", "p"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr.readline() == "asking\n"
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=30)
    assert (process.returncode, output, errors) == (130, "", "")


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
def test_an_interrupt_does_not_wait_for_a_read_that_hangs(tmp_path):
    pytest.importorskip("typer")
    path = write_text(tmp_path / "t.csv", "y,p\n1,2\n")
    command = [sys.executable, "-c", BLOCKED_READ, "score", str(path), "--true", "y", "--pred", "p"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr.readline() == "reading\n"
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=30)
    assert (process.returncode, output, errors) == (130, "", "")


def test_an_interrupt_while_a_thread_starts_to_read_does_not_wait_for_it(tmp_path, monkeypatch):
    reads, answers = threading.Event(), threading.Event()
    hand_out = work.Crew.hand_out

    def interrupted(*arguments):
        hand_out(*arguments)
        assert reads.wait(60)
        raise KeyboardInterrupt

    def hangs(*_):
        reads.set()
        answers.wait()

    monkeypatch.setattr(work.Crew, "hand_out", interrupted)
    monkeypatch.setattr(work, "score_section", hangs)
    try:
        with pytest.raises(KeyboardInterrupt) as caught:
            score_files(write_text(tmp_path / "t.csv", "y,p\n1,2\n"), true="y", pred="p")
        assert caught.type is StuckError
    finally:
        answers.set()
