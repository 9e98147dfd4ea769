"""The command line with the worst rows: below the scores, for a person and for a program, from files and states."""

import csv
import io
import json

import pytest

import squarely
from instruments.command_line import answered, squarely_command

pytest.importorskip("rich")
pytest.importorskip("typer")
pytest.importorskip("pyarrow")

SCORE = ("--true", "y", "--pred", "p", "--metrics", "mse,r2")
TEXT = "store,day,y,p\nA,2024-01-30,3,2\nB,2024-01-31,2,2\nA|x,2024-02-01,7,4\n,2024-02-02,1,-1\n"


@pytest.fixture
def sales(tmp_path):
    path = tmp_path / "sales.csv"
    path.write_text(TEXT)
    return path


def test_a_table_is_below_the_scores(sales):
    printed = answered("score", sales, *SCORE, "--worst", 2, "--worst-columns", "store,day:month")
    scores, worst = printed.split("\n\n")
    assert scores + "\n" == answered("score", sales, *SCORE)
    report = squarely.score_files(
        sales, true="y", pred="p", metrics=("mse", "r2"), worst=2, worst_columns=["store", "day:month"]
    )
    assert worst == f"{report.worst}\n"
    assert worst.splitlines()[-1] == f"2 worst of 4 rows by squared_error: 92.8571 % of the sum in {sales}"


def test_json_has_every_digit(sales):
    read = json.loads(answered("score", sales, *SCORE, "--worst", 2, "--worst-columns", "store", "--format", "json"))
    worst = read["predictions"]["p"]["worst"]
    assert worst["loss"] == "squared_error"
    assert [row["store"] for row in worst["rows"]] == ["A|x", None]
    assert worst["rows"][0]["share_percent"] == 100 * 9 / 14
    assert "worst" not in json.loads(answered("score", sales, *SCORE, "--format", "json"))["predictions"]["p"]


def test_csv_and_markdown_have_a_second_table(sales):
    scores, worst = answered("score", sales, *SCORE, "--worst", 2, "--worst-columns=store", "--format=csv").split(
        "\n\n"
    )
    assert scores + "\n" == answered("score", sales, *SCORE, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(worst)))
    assert [(row["prediction"], row["row"], row["store"], row["loss"]) for row in rows] == [
        ("p", "3", "A|x", "9.0"),
        ("p", "4", "", "4.0"),
    ]
    markdown = answered("score", sales, *SCORE, "--worst", 1, "--worst-columns", "store", "--format", "markdown")
    assert f"| p | {sales} | 3 | A\\|x | 7.0 | 4.0 |" in markdown


def test_a_file_of_scores_stays_one_table(sales, tmp_path):
    for suffix in ("csv", "parquet"):
        answered("score", sales, *SCORE, "--output", tmp_path / f"without.{suffix}")
        answered("score", sales, *SCORE, "--worst", 2, "--output", tmp_path / f"with.{suffix}")
        assert (tmp_path / f"with.{suffix}").read_bytes() == (tmp_path / f"without.{suffix}").read_bytes()


def test_states_and_groups_print_them_too(sales, tmp_path):
    options = (
        *SCORE[:-1],
        "mse",
        "--by",
        "store",
        "--worst",
        3,
        "--worst-columns",
        "day",
        "--save-state",
        tmp_path / "s.sq",
    )
    printed = answered("score", sales, *options)
    table = printed.split("\n\n")[-1]
    assert table.splitlines()[0].split()[:3] == ["row", "store", "day"]
    assert answered("merge", tmp_path / "s.sq").split("\n\n")[-1] == table


def test_several_predictions_have_a_table_each(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("y,a,b\n1,2,1\n2,2,5\n")
    printed = answered("score", path, "--true", "y", "--pred", "a", "--pred", "b", "--worst", 1, "--metrics", "mae")
    assert "\n\na\nrow" in printed
    assert "\n\nb\nrow" in printed
    assert "by absolute_error" in printed


def test_another_loss_is_asked_for_by_name_or_metric(sales):
    for loss, named in (
        ("absolute_percentage_error", "absolute_percentage_error"),
        ("mape", "absolute_percentage_error"),
    ):
        assert f"by {named}" in answered("score", sales, *SCORE, "--worst", 1, "--worst-by", loss)
    printed = answered("score", sales, *SCORE, "--worst", 1, "--worst-by", "mean_pinball_loss(alpha=0.9)")
    assert "by pinball_loss(alpha=0.9)" in printed


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (["--worst-by", "mse"], "--worst 20 asks for them"),
        (["--worst-columns", "store"], "--worst 20 asks for them"),
        (["--worst", "2", "--worst-columns", "store,store"], "--worst-columns store is given twice"),
        (["--worst", "2", "--worst-columns", "loss"], "'loss' cannot be shown"),
        (["--worst", "2", "--worst-columns", "shop"], "there is no column 'shop'"),
        (["--worst", "2", "--worst-by", "r2"], "r2_score is no mean of such"),
        (["--worst", "2", "--worst-by", "rsme"], "--worst-by: there is no metric 'rsme'"),
        (["--worst", "-1"], "--worst"),
        (["--worst", "10001"], "--worst"),
    ],
)
def test_what_cannot_be_is_refused_in_a_line(sales, options, part):
    done = squarely_command("score", sales, *SCORE, *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert part in done.stderr
