"""Instruction sets: chosen by name, refused by name, and really the ones that run."""

import os
import pathlib
import platform
import re
import subprocess
import sys

import pytest

import squarely
from squarely import _core

# What /proc/cpuinfo must say of a processor, so that it has the target.
FLAGS = {
    "x86-64-v3": {"abm", "avx2", "bmi1", "bmi2", "f16c", "fma", "movbe"},
    "x86-64-v4": {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"},
}
LANES = {"plain": 1, "x86-64": 2, "aarch64": 2, "x86-64-v3": 4, "x86-64-v4": 8}


def test_the_best_target_is_the_default() -> None:
    assert squarely.get_target() == squarely.targets()[-1]
    assert squarely.targets()[0] == "plain"


@pytest.mark.skipif(platform.machine() != "x86_64" or sys.platform != "linux", reason="asks Linux on x86-64")
def test_no_target_is_lacking_that_the_processor_has() -> None:
    # A test of a target that is lacking is skipped: then it must be the processor that lacks it.
    (flags,) = set(re.findall(r"^flags\s*:(.*)$", pathlib.Path("/proc/cpuinfo").read_text(), re.MULTILINE))
    has = {target for target, needed in FLAGS.items() if needed <= set(flags.split())}
    assert has <= set(squarely.targets())


def test_the_forced_target_really_runs(target: str) -> None:
    assert squarely.get_target() == target
    assert _core.get_lanes() == LANES[target]  # told by the kernel object, not by the name


def test_a_wrong_target_is_refused_and_the_known_ones_named() -> None:
    with pytest.raises(ValueError, match=r"Unknown target 'x86-64-v9'. The targets of this machine are .*'plain'"):
        squarely.set_target("x86-64-v9")
    assert squarely.get_target() == squarely.targets()[-1]


def import_with(target: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "import squarely; print(squarely.get_target())"],
        env={**os.environ, "SQUARELY_TARGET": target},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_environment_chooses_the_target(target: str) -> None:
    assert import_with(target).stdout.strip() == target


def test_a_wrong_target_in_the_environment_is_refused_at_import() -> None:
    found = import_with("avx9")
    assert found.returncode != 0
    assert "Unknown target 'avx9'" in found.stderr
