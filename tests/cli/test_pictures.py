"""``squarely report``, and ``score --show``."""

import numpy as np
import pytest

from instruments.command_line import squarely_command

pytest.importorskip("rich")
pytest.importorskip("typer")
pytest.importorskip("pyarrow")

ROWS = 2_000


@pytest.fixture
def table(tmp_path):
    random = np.random.default_rng(1)
    truth = random.lognormal(2, 1, ROWS)
    rows = zip(truth.tolist(), (truth + random.normal(size=ROWS)).tolist(), random.integers(4, size=ROWS), strict=True)
    path = tmp_path / "table.csv"
    path.write_text("y,model,store\n" + "".join(f"{y!r},{p!r},s{k}\n" for y, p, k in rows))
    return path


COLUMNS = ("--true", "y", "--pred", "model")


def test_a_page_is_written_of_files(table, tmp_path):
    page = tmp_path / "report.html"
    done = squarely_command("report", table, *COLUMNS, "--by", "store", "--worst", 5, "-o", page)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{page}\n", "")
    text = page.read_text("utf-8")
    assert text.count("<svg") == 6 + 4  # and a bar a group
    assert "model against y" in text
    assert "table.csv" in text
    assert text.count("<tr>") == 1 + 8 + 1 + 4 + 1 + 5
    assert '<th scope="col">store</th><th scope="col">pairs</th>' in text
    worst = text.partition("<h3>Worst rows</h3>")[2]
    assert '<th scope="col">y</th><th scope="col">model</th>' in worst
    assert "By squared_error, the worst first." in worst


def test_a_page_is_written_of_saved_sums(table, tmp_path):
    page, saved = tmp_path / "week.html", tmp_path / "monday.sq"
    assert squarely_command("score", table, *COLUMNS, "--show", "--save-state", saved).returncode == 0
    done = squarely_command("report", saved, "-o", page, "--title", "A week")
    assert (done.returncode, done.stderr) == (0, "")
    text = page.read_text("utf-8")
    assert text.count("<svg") == 6
    assert "<h1>A week</h1>" in text


def test_saved_sums_without_pictures_have_a_page_of_scores(table, tmp_path):
    page, saved = tmp_path / "week.html", tmp_path / "monday.sq"
    squarely_command("score", table, *COLUMNS, "--save-state", saved)
    done = squarely_command("report", saved, "-o", page)
    assert done.returncode == 0
    assert "no counts to draw pictures of" in done.stderr
    assert "<svg" not in page.read_text("utf-8")


def test_residuals_are_shown_below_the_scores(table):
    plain = squarely_command("score", table, *COLUMNS)
    shown = squarely_command("score", table, *COLUMNS, "--by", "store", "--show")
    assert shown.returncode == 0
    assert "residuals\n" in shown.stdout
    assert "█" in shown.stdout
    assert "worst groups by mean_squared_error" in shown.stdout
    assert "█" not in plain.stdout


def test_bars_of_residuals_have_all_pairs_and_fit_the_width():
    from instruments.counted_arrays import distribution_of_arrays
    from squarely.cli.bars import residual_bars

    truth = np.random.default_rng(2).integers(0, 10, 10_000).astype(float)
    prediction = np.full(10_000, 4.0)
    lines = residual_bars(distribution_of_arrays(truth, prediction), 60)
    assert max(map(len, lines)) <= 60
    shares = [float(line.split(" ")[-1].replace("\N{NARROW NO-BREAK SPACE}%", "")) for line in lines]
    assert sum(shares) == pytest.approx(100, abs=5)  # of two digits each


def test_what_cannot_be_a_page_is_refused_before_the_work(table, tmp_path):
    for arguments, words in [
        ((table, *COLUMNS, "-o", tmp_path / "report.pdf"), "a page is HTML"),
        ((table, *COLUMNS, "-o", tmp_path / "no" / "report.html"), "there is no folder"),
        ((table, "-o", tmp_path / "report.html"), "say which columns are scored"),
        (
            (table, *COLUMNS, "--by", "store", "--by", "store", "-o", tmp_path / "report.html"),
            "--by store is given twice",
        ),
    ]:
        done = squarely_command("report", *arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert words in done.stderr
        assert not (tmp_path / "report.html").exists()
