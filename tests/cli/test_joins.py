"""The command line over truth and predictions in two files, and over queries."""

import json
import os
import pty
import re
import subprocess
import sys

import pytest

import squarely
from instruments.command_line import answered, process_of, squarely_command

pytest.importorskip("duckdb")
pytest.importorskip("pyarrow")
pytest.importorskip("rich")
pytest.importorskip("typer")

MSE = ("--metrics", "mse")
NAMES = ("--true", "SalePrice", "--pred", "SalePrice", *MSE)


def score(*arguments):
    return squarely_command("score", *arguments)


def answer(*arguments):
    run = score(*arguments, "--format", "json")
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def refusal(*arguments):
    run = score(*arguments)
    assert (run.returncode, run.stdout, run.stderr.count("\n")) == (2, "", 1), run.stderr
    return run.stderr


@pytest.fixture
def files(tmp_path):
    truth, submission = tmp_path / "truth.csv", tmp_path / 'it\'s "mine".csv'
    truth.write_text("Id,SalePrice\n1461,100\n1462,200\n1463,300\n")
    submission.write_text("Id,SalePrice\n1463,310\n1461,100\n1462,190\n")
    return truth, submission


def test_two_files_are_joined_by_an_id(files):
    truth, submission = files
    found = answer("--truth", truth, "--prediction", submission, "--on", "Id", *NAMES)
    expected = squarely.Accumulator("mse").update([100.0, 200.0, 300.0], [100.0, 190.0, 310.0])
    assert found["predictions"]["SalePrice"]["digest"] == expected.digest()


def test_several_predictions_are_called_by_their_files(files, tmp_path):
    truth, submission = files
    other = tmp_path / "other.csv"
    other.write_text(submission.read_text())
    both = ("--prediction", submission, "--prediction", other)
    found = answer("--truth", truth, *both, "--on", "Id", *NAMES)
    assert list(found["predictions"]) == ['it\'s "mine"', "other"]


def test_ids_that_do_not_match_are_refused_with_the_option_that_leaves_them_out(files):
    truth, submission = files
    submission.write_text("Id,SalePrice\n1461,100\n")
    joined = ("--truth", truth, "--prediction", submission, "--on", "Id", *NAMES)
    assert "2 ids have no row in " in refusal(*joined)
    assert "; --unmatched omit leaves such rows out\n" in refusal(*joined)
    shown = score(*joined, "--unmatched", "omit").stdout
    assert "ids without a partner  2\n" in shown
    assert "pairs scored           1\n" in shown


def test_ids_without_a_partner_are_counted(tmp_path):
    truth, one, two = (tmp_path / name for name in ("truth.csv", "one.csv", "two.csv"))
    truth.write_text("id,store,y\n1,A,1\n2,A,2\n3,B,3\n4,B,\n")
    one.write_text("id,p\n1,2\n3,3\n4,5\n9,9\n")
    two.write_text("id,p\n4,2\n3,4\n2,8\n1,7\n")
    names = ("--on", "id", "--true", "y", "--pred", "p", "--nan", "omit", "--unmatched", "omit", *MSE)
    joined = ("--truth", truth, "--prediction", one, *names)
    lines = [line.rpartition(" ")[::2] for line in score(*joined).stdout.splitlines()]
    counts = [(label.strip(), count) for label, count in lines][2:6]
    assert counts == [
        ("rows read", "5"),
        ("ids without a partner", "2"),
        ("pairs scored", "2"),
        ("pairs left out", "1"),
    ]
    both = (*joined, "--prediction", two)
    for arguments in (joined, (*joined, "--by", "store"), both):
        assert answer(*arguments)["ids_without_partner"] == 2
    assert "\nids without a partner  2\n" in score(*joined, "--by", "store").stdout
    assert re.search(r"\nids without a partner +2 +2\n", score(*both).stdout)
    state = tmp_path / "joined.sq"
    score(*joined, "--save-state", state)
    assert json.loads(answered("merge", state, "--format", "json"))["ids_without_partner"] == 2


@pytest.mark.parametrize("more", [(), ("--weight", "w"), ("--by", "g"), ("--metrics", "medae"), ("--nan", "omit_true")])
def test_rows_of_a_file_all_have_their_partner(tmp_path, more):
    path = tmp_path / "t.csv"
    path.write_text("y,p,q,w,g\n1,2,3,0,a\n,3,3,1,a\n4,4,4,1,b\n3,5,6,2,b\n")
    given = ("--true", "y", "--pred", "p", "--pred", "q", "--nan", "omit", *MSE, *more)
    assert "ids_without_partner" not in answer(path, *given)
    assert "partner" not in score(path, *given).stdout


def test_a_query_is_scored(files):
    truth, submission = files
    quoted = str(submission).replace("'", "''")
    sql = f"select t.SalePrice as y, s.SalePrice as p from '{truth}' t join '{quoted}' s using (Id)"
    found = answer("--sql", sql, "--true", "y", "--pred", "p", *MSE)
    joined = answer("--truth", truth, "--prediction", submission, "--on", "Id", *NAMES)
    assert found["predictions"]["p"]["digest"] == joined["predictions"]["SalePrice"]["digest"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    (
        (("--truth", "t.csv", "--true", "y", "--pred", "p"), "--truth, --prediction and --on go together"),
        (("--sql", "select 1", "--on", "id", "--true", "y", "--pred", "p"), "--sql joins by itself"),
        (("t.csv", "--sql", "select 1", "--true", "y", "--pred", "p"), "leave it out with --on and with --sql"),
        (("t.csv", "--unmatched", "omit", "--true", "y", "--pred", "p"), "--unmatched is for --truth"),
        (("--sql", "select", "--true", "y", "--pred", "p"), "sql: Parser Error"),
        (
            ("--truth", "t", "--prediction", "a", "--prediction", "b", "--on", "i", *NAMES, "--pred", "q"),
            "--pred names one column",
        ),
    ),
)
def test_options_that_do_not_go_together_are_refused(arguments, told):
    assert told in refusal(*arguments)


GROUPS = "id,day,store,y\n1,2024-01-30,A,3\n2,2024-02-01,A,7\n3,2024-02-01,B,2\n"
GUESSES = "day,id,p\n2024-02-01,3,2\n2024-02-01,2,4\n2024-01-30,1,2\n"
BY = ("--true", "y", "--pred", "p", "--by", "store", "--by", "day:month", "--metrics", "mae")


def in_groups(*arguments):
    (scores,) = answer(*arguments)["predictions"].values()
    return scores


def test_joins_and_queries_answer_by_groups_as_the_file_side_by_side_does(tmp_path):
    truth, guess, beside = (tmp_path / name for name in ("t.csv", "p.csv", "beside.csv"))
    truth.write_text(GROUPS)
    guess.write_text(GUESSES)
    beside.write_text("store,day,y,p\nA,2024-01-30,3,2\nA,2024-02-01,7,4\nB,2024-02-01,2,2\n")
    expected = in_groups(beside, *BY)
    assert expected["digest"]
    assert in_groups("--truth", truth, "--prediction", guess, "--on", "id", "--on", "day", *BY) == expected
    sql = f"select y, p, store, t.day from '{truth}' t join '{guess}' using (id)"
    assert in_groups("--sql", sql, *BY) == expected


def test_states_of_grouped_joins_are_merged_and_groups_written(tmp_path):
    rows = GROUPS.splitlines()
    states = []
    for part in range(2):
        truth, guess = tmp_path / f"t{part}.csv", tmp_path / f"p{part}.csv"
        mine = [row for place, row in enumerate(rows[1:]) if place % 2 == part]
        truth.write_text("\n".join([rows[0], *mine]) + "\n")
        guess.write_text(GUESSES)
        states.append(tmp_path / f"{part}.sq")
        tables = ("--truth", truth, "--prediction", guess, "--on", "id", "--unmatched", "omit")
        run = score(*tables, *BY, "--save-state", states[-1], "--output", tmp_path / f"{part}.csv")
        assert run.returncode == 0, run.stderr
    assert (tmp_path / "0.csv").read_text().splitlines()[0].startswith("store,day:month,")
    whole_truth, whole_guess = tmp_path / "t.csv", tmp_path / "p.csv"
    whole_truth.write_text(GROUPS)
    whole_guess.write_text(GUESSES)
    merged = json.loads(answered("merge", *states, "--format", "json"))
    whole = answer("--truth", whole_truth, "--prediction", whole_guess, "--on", "id", *BY)
    assert merged["predictions"]["p"]["digest"] == whole["predictions"]["p"]["digest"]


def test_an_interrupt_ends_a_query_at_once():
    endless = "select 1.0 as y, 2.0 as p from range(1000000000000) where hash(range) = 0"
    code = (
        "import os, signal, sys, threading\n"
        "from squarely import cli\n"
        "from squarely.files.sources.queries import Query\n"
        "relation = Query._relation\n"
        "calls = []\n"
        "def began(self, database):\n"
        "    calls.append(1)\n"
        "    if len(calls) == 2:\n"  # the first looks at the columns
        "        threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()\n"
        "    return relation(self, database)\n"
        "Query._relation = began\n"
        "sys.exit(cli.main(sys.argv[1:]))\n"
    )
    arguments = ("score", "--sql", endless, "--true", "y", "--pred", "p")
    run = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False, timeout=120
    )
    assert (run.returncode, run.stdout) == (130, "")


def test_a_terminal_shows_how_far_a_join_is(files):
    truth, submission = files
    parent, child = pty.openpty()
    arguments = process_of("score", "--truth", truth, "--prediction", submission, "--on", "Id", *NAMES)
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=child) as process:
        os.close(child)
        shown = b""
        try:
            while part := os.read(parent, 4096):
                shown += part
        except OSError:  # how Linux says that nobody holds the other end
            pass
        assert process.wait(60) == 0
    os.close(parent)
    assert re.search(rb"3 rows", shown)
