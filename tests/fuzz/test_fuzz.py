"""A little of every long run; docs/promises.md has the commands of the long ones."""

import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

import squarely
from inputs import seeds

HERE = pathlib.Path(__file__).parent
SEED = str(seeds.SEED or 1)
PROGRAMS = ("scores", "hostile_bytes", "threads", "digests", "scarce_memory")


def output_of(*command: str | os.PathLike[str]) -> str:
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr
    return found.stdout


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pathlib.Path]:
    """Return the programs, compiled by the line that is documented."""
    compiler = next(filter(None, map(shutil.which, ("c++", "g++", "clang++"))), None)
    if compiler is None:
        pytest.skip("needs a C++ compiler")
    folder = tmp_path_factory.mktemp("fuzz")
    library = os.path.dirname(squarely.get_library())

    def compiled(name: str) -> pathlib.Path:
        output_of(
            compiler, "-std=c++20", "-O1", "-Wall", "-Wextra", "-Werror", f"-I{squarely.get_include()}", "-pthread",
            HERE / f"{name}.cpp", "-o", folder / name, f"-L{library}", "-lsquarely", f"-Wl,-rpath,{library}",
        )  # fmt: skip
        return folder / name

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return dict(zip(PROGRAMS, pool.map(compiled, PROGRAMS), strict=True))


def test_random_rows_have_the_scores_of_integers_of_any_size(programs: dict[str, pathlib.Path], target: str) -> None:
    found = output_of(programs["scores"], "--seed", SEED, "--cases", "1500", "--target", target)
    assert f"seed {SEED}, 1500 cases" in found
    assert int(re.findall(r"(\d+) values right", found)[0]) > 5_000


def test_hostile_bytes_are_refused_by_c_or_are_a_state(programs: dict[str, pathlib.Path]) -> None:
    old = [part for path in (HERE.parent / "states").glob("version-2*") for part in ("--state", str(path))]
    found = output_of(programs["hostile_bytes"], "--seed", SEED, "--cases", "10000", *old)
    assert int(re.findall(r"(\d+) read and written again", found)[0]) > 100


def test_threads_leave_the_bytes_of_one(programs: dict[str, pathlib.Path]) -> None:
    assert "20 cases" in output_of(programs["threads"], "--seed", SEED, "--cases", "20")


def test_every_target_has_the_results_of_the_others_under_any_direction_of_rounding(
    programs: dict[str, pathlib.Path], target: str
) -> None:
    asked = (programs["digests"], "--seed", SEED, "--cases", "300")
    assert output_of(*asked, "--target", target) == output_of(*asked, "--target", "plain")


def test_a_call_without_memory_says_so_and_changes_nothing(programs: dict[str, pathlib.Path]) -> None:
    found = output_of(programs["scarce_memory"], "--seed", SEED, "--cases", "8")
    assert int(re.findall(r"(\d+) times too little", found)[0]) > 1000


def test_an_option_that_is_none_is_refused(programs: dict[str, pathlib.Path]) -> None:
    assert subprocess.run([programs["scores"], "--sede", "1"], capture_output=True, check=False).returncode == 2


@pytest.mark.parametrize(("program", "cases"), [("programs", 60), ("hostile_bytes", 3000)])
def test_python_holds_in_a_short_run(program: str, cases: int) -> None:
    command = (sys.executable, HERE / f"{program}.py", "--seed", SEED, "--cases", str(cases))
    assert output_of(*command) == f"{program}: seed {SEED}, {cases} cases\n"


def test_no_metric_is_further_off_than_it_promises() -> None:
    found = output_of(sys.executable, HERE / "ulps.py", "--seed", SEED, "--cases", "2000")
    assert len(re.findall(r"ulp of", found)) > 40
