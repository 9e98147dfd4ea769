"""The command line by groups: a table of them, or rows for a program, from files, states and checkpoints."""

import csv
import io
import json
import subprocess

import numpy as np
import pytest

import squarely
from instruments.command_line import answered, assert_refused, process_of, squarely_command

pytest.importorskip("rich")
pytest.importorskip("typer")
pa = pytest.importorskip("pyarrow")
pa_csv = pytest.importorskip("pyarrow.csv")
parquet = pytest.importorskip("pyarrow.parquet")

STORES = ["north", "so,uth", "we|st", None]
BY_STORE = ("--true", "y", "--pred", "p", "--by", "store", "--metrics", "mse,bias")


@pytest.fixture
def columns(rng):
    days = np.datetime64("2024-01-01") + rng.integers(0, 366, 400)
    store = [STORES[place] for place in rng.integers(0, len(STORES), 400)]
    numbers = {name: rng.standard_normal(400) for name in "ypq"}
    return {"store": store, "day": days.astype("M8[D]"), **numbers}


@pytest.fixture
def sales(tmp_path, columns):
    path = tmp_path / "sales.parquet"
    parquet.write_table(pa.table(columns), path)
    return path


@pytest.fixture
def grouped(columns):
    metrics = ("mean_squared_error", "mean_error")
    return squarely.GroupedAccumulator(metrics).update(columns["y"], columns["p"], by={"store": columns["store"]})


def rows_of_csv(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_a_table_has_groups_their_ends_and_all_rows(sales, grouped):
    lines = answered("score", sales, *BY_STORE).splitlines()
    assert lines[0].split() == ["store", "mse", "bias", "pairs"]
    assert [line.split()[0] for line in lines[1:]] == [
        *("north", "so,uth", "we|st", "null", "best", "worst", "overall", "median", "4", "rows", "digest")
    ]
    overall = grouped.overall().compute()
    assert lines[7].split()[1:] == [f"{overall['mean_squared_error']:.6g}", f"{overall['mean_error']:.6g}", "400"]
    assert lines[-2].split() == ["rows", "read", "400"]
    assert lines[-1].split() == ["digest", "of", "groups", f"{grouped.digest()[:16]}..."]


def test_csv_has_a_row_a_group_with_every_digit(sales, grouped):
    rows = rows_of_csv(answered("score", sales, *BY_STORE, "--format", "csv"))
    assert [row["store"] for row in rows] == ["north", "so,uth", "we|st", ""]
    scores = grouped.compute()
    for name in ("mean_squared_error", "mean_error"):
        assert [float(row[name]) for row in rows] == scores[name].tolist()
    assert [int(row["count"]) for row in rows] == grouped.count.tolist()


def test_json_has_groups_medians_and_all_rows(sales, grouped):
    answer = json.loads(answered("score", sales, *BY_STORE, "--format", "json"))
    assert (answer["by"], answer["rows"], answer["true"]) == (["store"], 400, "y")
    assert [group["key"] for group in answer["groups"]] == [{"store": key} for key in grouped.keys()]  # noqa: SIM118
    for group, key in zip(answer["groups"], grouped, strict=True):
        assert group["predictions"]["p"]["metrics"] == grouped[key].compute()
    assert answer["predictions"]["p"]["metrics"] == grouped.overall().compute()
    assert answer["predictions"]["p"]["digest"] == grouped.overall().digest()
    assert answer["digests_of_groups"] == {"p": grouped.digest()}
    assert answer["medians"]["p"]["mean_error"] == np.median(grouped.compute()["mean_error"])


def test_markdown_is_a_table_whose_cells_stay_apart(sales):
    lines = answered("score", sales, *BY_STORE, "--format", "markdown").splitlines()
    assert lines[:2] == ["| store | mean_squared_error | mean_error | count |", "| --- | ---: | ---: | ---: |"]
    assert [line.split(" | ")[0] for line in lines[2:]] == [
        *("| north", "| so,uth", r"| we\|st", "| null", "| overall")
    ]


def test_groups_are_sorted_and_the_first_are_told(sales, grouped):
    scores = dict(zip(grouped, grouped.compute()["mean_squared_error"].tolist(), strict=True))
    best_first = sorted(scores, key=scores.__getitem__)
    for options, keys in ((("--sort", "mse"), best_first), (("--sort", "mse", "--worst-first"), best_first[::-1])):
        rows = rows_of_csv(answered("score", sales, *BY_STORE, "--format", "csv", *options, "--top", 2))
        assert [row["store"] or None for row in rows] == keys[:2]


def test_the_median_is_that_of_all_groups_also_of_the_first_alone(sales, grouped):
    options = ("score", sales, *BY_STORE, "--sort", "mse", "--top", 1)
    medians = json.loads(answered(*options, "--format", "json"))["medians"]["p"]
    assert medians["mean_error"] == np.median(grouped.compute()["mean_error"])
    assert f"mean_error {medians['mean_error']:.6g}" in answered(*options)


def test_all_the_groups_that_are_asked_for_are_printed(sales):
    table = answered("score", sales, "--true", "y", "--pred", "p", "--by", "day", "--top", 50, "--metrics", "mse")
    assert sum(line.strip().startswith("2024-") for line in table.splitlines()) == 50


def test_standard_input_has_keys(tmp_path, columns, sales):
    text = tmp_path / "sales.csv"
    pa_csv.write_csv(pa.table(columns), text)
    command = process_of("score", "-", *BY_STORE, "--by", "day:month")
    with text.open() as content:
        run = subprocess.run(command, stdin=content, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout == answered("score", sales, *BY_STORE, "--by", "day:month")


def test_several_columns_and_predictions(sales):
    options = ("--true", "y", "--pred", "p", "--pred", "q", "--by", "store", "--by", "day:month", "--metrics", "mse")
    rows = rows_of_csv(answered("score", sales, *options, "--format", "csv"))
    assert list(rows[0]) == [
        *("store", "day:month", "mean_squared_error of p", "count of p", "mean_squared_error of q", "count of q")
    ]
    assert {row["day:month"] for row in rows} == {str(month) for month in range(1, 13)}
    assert "mean_squared_error of" in answered("score", sales, *options).splitlines()[0]


@pytest.mark.parametrize("ending", ["csv", "json", "md", "parquet"])
def test_the_answer_is_also_a_file(tmp_path, sales, grouped, ending):
    output = tmp_path / f"scores.{ending}"
    assert answered("score", sales, *BY_STORE, "--output", output) == answered("score", sales, *BY_STORE)
    if ending == "parquet":
        table = parquet.read_table(output)
        assert table["store"].to_pylist() == grouped.keys()
        assert table["mean_squared_error"].to_pylist() == grouped.compute()["mean_squared_error"].tolist()
    else:
        name = {"md": "markdown"}.get(ending, ending)
        assert output.read_text() == answered("score", sales, *BY_STORE, "--format", name)


def test_days_are_days_in_a_parquet_file(tmp_path, sales):
    output = tmp_path / "scores.parquet"
    answered("score", sales, "--true", "y", "--pred", "p", "--by", "day", "--metrics", "mse", "--output", output)
    assert parquet.read_table(output).schema.field("day").type == pa.date32()


def test_csv_and_markdown_without_groups_have_a_row_a_prediction(sales, columns):
    options = ("score", sales, "--true", "y", "--pred", "p", "--pred", "q", "--metrics", "mse")
    rows = rows_of_csv(answered(*options, "--format", "csv"))
    assert [row["prediction"] for row in rows] == ["p", "q"]
    assert float(rows[1]["mean_squared_error"]) == squarely.mean_squared_error(columns["y"], columns["q"])
    assert answered(*options, "--format", "markdown").startswith("| prediction | mean_squared_error | rows | count |")


def test_states_of_groups_are_merged_into_the_answer_of_all(tmp_path, columns, sales):
    for number in range(2):
        part = pa.table(columns).take(list(range(number, 400, 2)))
        parquet.write_table(part, tmp_path / f"{number}.parquet")
        answered("score", tmp_path / f"{number}.parquet", *BY_STORE, "--save-state", tmp_path / f"{number}.sq")
    states = [tmp_path / f"{number}.sq" for number in range(2)]
    for options in ((), ("--sort", "bias", "--top", 2), ("--format", "csv"), ("--format", "markdown")):
        assert answered("merge", *states, *options) == answered("score", sales, *BY_STORE, *options)
    answered("merge", *states, "--save-state", tmp_path / "all.sq", "--output", tmp_path / "all.csv")
    assert rows_of_csv((tmp_path / "all.csv").read_text())[3]["store"] == ""
    assert answered("merge", tmp_path / "all.sq") == answered("score", sales, *BY_STORE)


def test_a_checkpoint_of_groups_answers_again(tmp_path, sales):
    options = ("score", sales, *BY_STORE, "--checkpoint", tmp_path / "c.sq")
    assert answered(*options) == answered(*options)
    assert answered("merge", tmp_path / "c.sq") == answered(*options)
    assert_refused(squarely_command(*options, "--by", "day"), "this checkpoint is of another run", "has by store, day")


def test_groups_without_a_score_are_told(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("k,y,p\na,1,2\na,2,3\nb,1,2\n")
    run = squarely_command("score", path, "--true", "y", "--pred", "p", "--by", "k", "--metrics", "r2")
    assert run.returncode == 0
    assert run.stderr == "squarely: warning: r2_score: NaN in 1 of 2 groups: fewer than two pairs\n"


def test_what_makes_no_sense_is_refused_before_the_work(tmp_path, sales):
    plain = ("score", sales, "--true", "y", "--pred", "p", "--metrics", "mse")
    assert_refused(squarely_command(*plain, "--sort", "mse"), "--sort is of groups", "--by COLUMN")
    assert_refused(squarely_command(*plain, "--top", 3), "--top is of groups")
    assert_refused(squarely_command(*plain, "--by", "store", "--by", "store"), "--by store is given twice")
    assert_refused(squarely_command(*plain, "--by", "store", "--worst-first"), "--worst-first needs --sort")
    assert_refused(squarely_command(*plain, "--by", "store", "--sort", "r2"), "--sort r2 is none of the metrics")
    assert_refused(squarely_command(*plain, "--by", "store", "--sort", "what"), "--sort: there is no metric 'what'")
    assert_refused(squarely_command(*plain, "--by", "store:month"), "'store' holds text")
    assert_refused(squarely_command(*plain, "--output", tmp_path / "a.xlsx"), "must end in one of .parquet, .csv")
    assert_refused(squarely_command(*plain, "--output", tmp_path / "no" / "a.csv"), "there is no folder")
    state = ("--save-state", tmp_path / "a.csv", "--output", tmp_path / "a.csv")
    assert_refused(squarely_command(*plain, *state), "is one of the files that are read or written")
    before = sales.read_bytes()
    assert_refused(squarely_command(*plain, "--output", sales), "is one of the files that are read or written")
    assert sales.read_bytes() == before
    answered(*plain, "--save-state", tmp_path / "s.sq")
    assert_refused(squarely_command("merge", tmp_path / "s.sq", "--top", 3), "--top is of groups")
