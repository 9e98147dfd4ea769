"""Reading options as they are typed, and refusals that say what to type."""

import io
import json
import shlex
import sys

import pytest

from squarely import cli
from squarely.cli.reading import as_typed

pytest.importorskip("pyarrow")
pytest.importorskip("typer")

MEASURED = "# sensor 3\nwhen;y;p\n;mm;mm\n1;1,5;2\n2;-200;3\n3;.;3\n4;1.000,5;1000\n"
OPTIONS = ["--separator", ";", "--decimal", ",", "--thousands", ".", "--comment", "#", "--skip-rows-after-header", "1"]
COLUMNS = ["--true", "y", "--pred", "p"]


@pytest.fixture
def run(capsys):
    def run(*arguments):
        code = cli.main(["score", *map(str, arguments), "--metrics", "sse"])
        output = capsys.readouterr()
        return code, output.out, output.err

    return run


@pytest.fixture
def measured(tmp_path):
    path = tmp_path / "measured.csv"
    path.write_text(MEASURED)
    return path


def test_options_are_those_of_python(run, measured):
    missing = ["--na", "-200", "--na", ".", "--nan", "omit"]
    code, out, err = run(measured, *COLUMNS, *OPTIONS, *missing, "--format", "json")
    assert (code, err) == (0, "")
    (score,) = json.loads(out)["predictions"].values()
    assert (score["metrics"]["sum_squared_error"], score["count"], score["omitted"]) == (0.5, 2, 2)


def test_a_refusal_says_what_to_type_until_the_file_is_read(run, measured):
    measured.write_text(MEASURED.replace("3;.;3\n", ""))
    typed = []
    for _ in range(5):
        code, _, err = run(measured, *COLUMNS, *typed)
        if code == 0:
            break
        assert err.count("\n") == 1
        typed += shlex.split(err.partition("; add ")[2])
    assert sorted(typed) == sorted(OPTIONS)


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("y\tp\n1\t2\n", "--separator tab"),
        ("y  p\n1  2\n", "--separator blanks"),
        ("sep=|\ny|p\n1|2\n", "--separator '|' --skip-rows 1"),
        ("1,2\n3,4\n", "--no-header"),
        ('y,p,n\n1,2,"\n', "--quote none"),
        ("y,p\n1,-\n", "--na -"),
        ("y,p\n1,2\n".encode("utf-16"), "--encoding utf-16"),
        ("caf\xe9,y,p\n1,2,3\n".encode("latin-1"), "--encoding latin-1"),
        (b"PAR1" + bytes(99), "--input-format parquet"),
    ],
)
def test_the_option_that_is_named_is_the_one_to_type(run, tmp_path, text, options):
    path = tmp_path / "t.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    code, out, err = run(path, *COLUMNS)
    assert (code, out) == (2, "")
    assert err.endswith(f"; add {options}\n")


@pytest.mark.parametrize("typed", ["tab", r"\t", "\t"])
def test_a_tab_may_be_typed_in_words(run, tmp_path, typed):
    path = tmp_path / "t.csv"
    path.write_text("y\tp\n1\t2\n")
    assert run(path, *COLUMNS, "--separator", typed)[0] == 0


def test_columns_without_a_header_go_by_number(run, tmp_path):
    path = tmp_path / "t.txt"
    path.write_text(" 1.5  x  2\n")
    code, out, _ = run(path, "--true", "1", "--pred", "3", "--no-header", "--separator", "blanks")
    assert code == 0
    assert "sum_squared_error  0.25" in out


def test_standard_input_is_a_file(run, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'{"y": 1, "p": 2}\n')))
    code, out, _ = run("-", *COLUMNS, "--input-format", "jsonl", "--format", "json")
    assert code == 0
    assert json.loads(out)["files"] == ["standard input"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--separator", "ab"], "--separator must be one ASCII character, not 'ab'"),
        (["--encoding", "klingon"], "--encoding must be one that Python knows"),
        (["--skip-rows", "-1"], "--skip-rows"),
        (["--thousands", "."], "--thousands and decimal are both '.'"),
        (["--input-format", "xlsx"], "input_format 'xlsx' must end in one of .parquet"),
    ],
)
def test_options_that_make_no_sense_are_refused_in_one_line(run, measured, arguments, message):
    code, out, err = run(measured, *COLUMNS, *arguments)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert message in err


def test_weights_that_sum_to_zero_are_refused_in_one_line(run, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("y,p,w\n1,2,1\n3,4,-1\n")
    code, out, err = run(path, *COLUMNS, "--weight", "w")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "t.csv: Weights sum to zero" in err


def test_values_are_quoted_for_a_shell():
    assert as_typed({"na": ("$x", "a b"), "comment": "#"}) == "--na '$x' --na 'a b' --comment '#'"
