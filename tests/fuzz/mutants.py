"""Mutants: the changes in mutants.toml, one at a time in a scratch worktree, and whether a test fails.

Needs Python 3.11, git, cmake, ninja and pybind11 beside what the tests need. What is known of a mutant is kept, in
WORK/results.json: it is not run again, or goes on where its time was over. First the tests are run as they are, and
what fails then is left out.
"""

import argparse
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from typing import Any

import tomllib

ROOT = pathlib.Path(__file__).parents[2]
MUTANTS = pathlib.Path(__file__).with_suffix(".toml")
AREAS = sorted(path.name for path in (ROOT / "tests").iterdir() if any(path.glob("test_*.py")))

# The tests nearest to a file, by the longest beginning of its path: areas, or files of tests. The others follow.
NEAREST = {
    "cpp": "sums/test_rounding.py sums/test_squared_error.py streams metrics",
    "cpp/accumulator": "streams",
    "cpp/accumulator/frame": "streams/test_bytes.py streams",
    "cpp/accumulator/open": "streams/test_open_sums.py streams",
    "cpp/accumulator/window": "streams/test_rolling.py streams",
    "cpp/binding": "columns/test_one_door.py columns/test_weights.py columns/test_containers.py columns",
    "cpp/binding/arrow": "columns/test_containers.py columns",
    "cpp/blocks": "columns/test_blocks.py columns/test_dtypes.py columns/test_missing.py columns",
    "cpp/blocks/validity": "columns/test_missing.py",
    "cpp/blocks/walk": "learning/test_losses.py",
    "cpp/c_api": "embedding/test_calls.py embedding/test_groups.py fuzz",
    "cpp/kernels": "sums/test_squared_error.py columns/test_side_by_side.py sums/test_moments.py columns",
    "cpp/kernels/order": "order",
    "cpp/order": "order",
    "cpp/states": "streams",
    "cpp/states/possible": "streams/test_bytes.py streams",
    "cpp/states/state": "streams/test_bytes.py streams",
    "cpp/states/update": "streams/test_state_laws.py embedding/test_calls.py fuzz streams",
    "cpp/sums": "sums/test_squared_error.py sums/test_moments.py streams",
    "cpp/sums/exact_squares": "streams/test_open_sums.py sums/test_squared_error.py streams",
    "cpp/sums/moments": "sums/test_moments.py",
    "cpp/sums/running": "columns/test_where.py columns/test_weights.py",
    "cpp/sums/tiles": "columns/test_side_by_side.py",
    "python": "metrics/test_evaluate.py columns/test_one_door.py streams columns metrics",
    "python/squarely/accumulator.py": "streams/test_chunks_without_rows.py streams/test_accumulator.py streams",
    "python/squarely/arguments.py": "metrics/test_validation.py",
    "python/squarely/cli": "cli",
    "python/squarely/columns": "columns/test_containers.py columns/test_names_of_columns.py columns",
    "python/squarely/complex": "columns/test_complex.py",
    "python/squarely/dask": "chunks/test_dask.py chunks",
    "python/squarely/files": "files cli",
    "python/squarely/files/formats": "files/test_unpacked.py files/test_reading_options.py files",
    "python/squarely/files/runs": "files/test_states.py files/test_checkpoint.py files/test_score.py files cli",
    "python/squarely/files/sources": "files/test_arrays.py files/test_unchanged.py files/test_folders.py files",
    "python/squarely/loss_arrays.py": "learning/test_losses.py",
    "python/squarely/named": "metrics/test_evaluate.py streams/test_accumulator.py package",
    "python/squarely/order": "order",
    "python/squarely/pairing.py": "columns/test_weights.py columns/test_containers.py columns",
    "python/squarely/policy.py": "order/test_order_statistics.py order streams",
    "python/squarely/rolling": "streams/test_rolling.py streams",
    "python/squarely/scoring.py": "metrics/test_validation.py",
    "python/squarely/xarray.py": "chunks/test_xarray.py",
}

# One instruction set with vectors and the one without: compiled quickly rather than well.
CONFIGURE = (
    "-G", "Ninja", "-DSKBUILD=ON", "-DSQUARELY_PRECOMPILED_HEADERS=OFF", "-DSQUARELY_ONLY_TARGETS=plain;x86-64-v3",
    "-DCMAKE_BUILD_TYPE=None", "-DCMAKE_CXX_FLAGS=-O1 -DNDEBUG",
)  # fmt: skip


def output_of(*command: str | os.PathLike[str]) -> str:
    found = subprocess.run(command, check=False, text=True, capture_output=True)
    if found.returncode != 0:
        raise SystemExit(found.stdout + found.stderr)
    return found.stdout


class Scratch:
    """A worktree of what is committed, its build, and the package as it would be installed."""

    def __init__(self, work: pathlib.Path) -> None:
        self.tree, self.build, self.stage = work / "tree", work / "build", work / "stage"
        if not self.tree.exists():
            output_of("git", "-C", ROOT, "worktree", "add", "--detach", self.tree, "HEAD")
        output_of("git", "-C", self.tree, "reset", "--hard", output_of("git", "-C", ROOT, "rev-parse", "HEAD").strip())
        pybind11 = output_of(sys.executable, "-m", "pybind11", "--cmakedir").strip()
        python = (f"-Dpybind11_DIR={pybind11}", f"-DPython_EXECUTABLE={sys.executable}")
        output_of("cmake", "-S", self.tree, "-B", self.build, *CONFIGURE, *python)

    def changed(self, mutant: dict[str, str]) -> None:
        """Put the mutant in the place of the one before."""
        output_of("git", "-C", self.tree, "checkout", "--", "cpp", "python")
        if not mutant:
            return
        path = self.tree / mutant["file"]
        text = path.read_text()
        if text.count(mutant["old"]) != 1:
            raise SystemExit(f"{mutant['file']} has not once {mutant['old']!r}")
        path.write_text(text.replace(mutant["old"], mutant["new"]))

    def built(self, jobs: int) -> None:
        output_of("cmake", "--build", self.build, "--parallel", str(jobs))
        output_of("cmake", "--install", self.build, "--prefix", self.stage)
        shutil.copytree(self.tree / "python" / "squarely", self.stage / "squarely", dirs_exist_ok=True)

    def tested(self, place: str, left_out: list[str], seconds: float, *options: str) -> tuple[int | None, str]:
        """Run an area of tests, or a file of one; no exit code where there was not the time."""
        command = [sys.executable, "-m", "pytest", "-q", "--tb=no", "-rfE", "-p", "no:cacheprovider", *options]
        command += [f"--deselect={test}" for test in left_out]
        environment = os.environ | {"PYTHONPATH": os.fspath(self.stage), "PYTHONDONTWRITEBYTECODE": "1"}
        with subprocess.Popen(
            [*command, f"tests/{place}"],
            cwd=self.tree, env=environment, text=True, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        ) as tests:  # fmt: skip
            try:
                output, _ = tests.communicate(timeout=seconds)
            except BaseException as error:
                os.killpg(tests.pid, signal.SIGKILL)
                if not isinstance(error, subprocess.TimeoutExpired):
                    raise
                return None, ""
        return tests.returncode, output


def places_from(file: str) -> list[str]:
    nearest = NEAREST[max((beginning for beginning in NEAREST if file.startswith(beginning)), key=len)].split()
    return list(dict.fromkeys([*nearest, *AREAS]))


def failed_in(output: str) -> list[str]:
    lines = [line for line in output.splitlines() if line.startswith(("FAILED ", "ERROR "))]
    return [line.partition(" ")[2].partition(" - ")[0] for line in lines]


def fate_of(
    mutant: dict[str, str], known: dict[str, Any], scratch: Scratch, left_out: list[str], options: argparse.Namespace
) -> dict[str, Any]:
    """Return what killed a mutant, or what it has passed so far."""
    end = time.monotonic() + 60 * options.minutes
    scratch.changed(mutant)
    scratch.built(options.jobs)
    passed: list[str] = known.get("passed", [])
    for place in [one for one in places_from(mutant["file"]) if one not in passed]:
        code, output = scratch.tested(place, left_out, max(end - time.monotonic(), 1), "-x")
        if code is None:
            return {"passed": passed}
        if code != 0:
            return {"killed": failed_in(output) or f"exit code {code} in {place}"}
        passed = [*passed, place]
    return {"survived": True}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="of mutants, to be run whatever is known of them; all by default")
    parser.add_argument("--work", type=pathlib.Path, default=ROOT / "build" / "mutants", help="default: %(default)s")
    parser.add_argument("--minutes", type=float, default=60, help="for the tests of one mutant; default: %(default)s")
    parser.add_argument("--jobs", type=int, default=2, help="to compile with; default: %(default)s")
    options = parser.parse_args()
    # In the background a shell has its jobs ignore Ctrl-C, and tests of that would fail.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    options.work.mkdir(parents=True, exist_ok=True)
    mutants = tomllib.loads(MUTANTS.read_text())
    saved = options.work / "results.json"
    results = json.loads(saved.read_text()) if saved.exists() else {}
    scratch = Scratch(options.work.resolve())

    def keep(name: str, result: Any) -> None:
        results[name] = result
        saved.write_text(json.dumps(results, indent=1))
        print(f"{name}: {result}", flush=True)

    if "unchanged" not in results or "unchanged" in options.names:
        scratch.changed({})
        scratch.built(options.jobs)
        keep("unchanged", [test for area in AREAS for test in failed_in(scratch.tested(area, [], 36000)[1])])
    for name, mutant in mutants.items():
        known = {} if name in options.names else results.get(name, {})
        if name in options.names or (not options.names and not {"killed", "survived"} & set(known)):
            keep(name, fate_of(mutant, known, scratch, results["unchanged"], options))
    fates = Counter(next(iter(results[name]), "passed") for name in mutants if name in results)
    print(f"{len(mutants)} mutants: {', '.join(f'{number} {fate}' for fate, number in fates.items())}")


if __name__ == "__main__":
    main()
