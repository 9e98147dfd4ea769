"""No test vanishes: what .ci/check_skips says of reports."""

import functools
import os
import pathlib
import subprocess
import sys
import tempfile

import pytest

CHECK = pathlib.Path(__file__).parents[2] / ".ci" / "check_skips"
TESTS = """
import pytest

@pytest.mark.parametrize("number", [1, 2])
def test_that_runs(number):
    pass

class TestGroup:
    @pytest.mark.skipif({is_root}, reason="root may read every file")
    def test_that_root_skips(self):
        pass

def test_that_is_skipped():
    pytest.skip("there is no moon")
"""
PERMITTED = """
# what depends on the machine, and what does not
? tests/test_a.py::TestGroup::test_that_root_skips  root may *
tests/test_a.py::test_that_is_skipped  there is no *
"""


@functools.cache
def report_of(tests: str) -> str:
    """Return what pytest reports of these tests."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "tests").mkdir()
        (folder / "tests" / "test_a.py").write_text(tests)
        options = ["-q", "--import-mode=importlib", "-c", "/dev/null", "--rootdir=.", "--junitxml=report.xml"]
        without_plugins = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        command = [sys.executable, "-m", "pytest", *options, "tests"]
        subprocess.run(command, cwd=folder, env=without_plugins, capture_output=True, check=False)
        return (folder / "report.xml").read_text()


def checked(folder: pathlib.Path, permitted: str, tests: str, report: str = "report.xml") -> str:
    """Return what the check says where these tests have run, after a run of those that were there before."""
    (folder / "tests").mkdir(exist_ok=True)
    (folder / "tests" / "test_a.py").write_text(tests)
    (folder / "skips").write_text(permitted)
    (folder / report).write_text(report_of(tests))
    reports = [path.name for path in folder.glob("*.xml")]
    run = subprocess.run(
        [sys.executable, CHECK, "skips", *reports], cwd=folder, capture_output=True, text=True, check=False
    )
    assert run.returncode == (0 if run.stdout.startswith("Every test runs") else 1), run.stderr
    return run.stdout


@pytest.mark.parametrize("is_root", [False, True])
def test_what_is_permitted_may_be_skipped(tmp_path: pathlib.Path, is_root: bool) -> None:
    assert checked(tmp_path, PERMITTED, TESTS.format(is_root=is_root)).startswith("Every test runs")


def test_what_ran_in_another_report_is_not_missed(tmp_path: pathlib.Path) -> None:
    ran = TESTS.format(is_root=True).replace("pytest.skip", "str")
    assert "no such test is skipped" in checked(tmp_path, PERMITTED, ran, "first.xml")
    permitted = PERMITTED.replace("tests/test_a.py::test_that_is_skipped  there is no *", "")
    assert checked(tmp_path, permitted, TESTS.format(is_root=True), "second.xml").startswith("Every test runs")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            "\n\ndef test_more():\n    pytest.skip('why not')\n",
            "tests/test_a.py::test_more is skipped, and no line of skips permits it: why not",
        ),
        (
            "\n\n@pytest.mark.xfail(reason='slow')\ndef test_more():\n    assert False\n",
            "tests/test_a.py::test_more is skipped, and no line of skips permits it: xfail: slow",
        ),
        (
            "\n\n@pytest.mark.parametrize('number', [])\ndef test_more(number):\n    pass\n",
            "is skipped, and no line of skips permits it: got empty parameter set",
        ),
        (
            "\n\nclass Group:\n    def test_more(self):\n        pass\n",
            "tests/test_a.py::Group::test_more is in no report: pytest did not collect it",
        ),
        (
            "\n\npytest.importorskip('no_such_module')\n",
            "tests/test_a.py is skipped, and no line of skips permits it: could not import 'no_such_module'",
        ),
    ],
    ids=["skipped", "expected to fail", "without parameters", "in a class of another name", "a whole file"],
)
def test_what_is_not_permitted_is_told(tmp_path: pathlib.Path, more: str, said: str) -> None:
    assert said in checked(tmp_path, PERMITTED, TESTS.format(is_root=True) + more)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("tests/test_a.py::test_that_runs*  there is no *", "skips, line 1: no such test is skipped"),
        ("? tests/test_a.py::test_that_was  root may *", "skips, line 1: there is no such test"),
        ("? tests/test_a.py::test_that_runs[1]  it rains", "skips, line 1: no test has this reason"),
    ],
)
def test_a_line_that_is_no_longer_true_is_told(tmp_path: pathlib.Path, line: str, said: str) -> None:
    assert checked(tmp_path, line + PERMITTED, TESTS.format(is_root=True)) == said + "\n"
