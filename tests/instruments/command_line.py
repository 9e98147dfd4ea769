"""The command line, in this process or in one of its own, and what a refusal of it looks like."""

import contextlib
import io
import subprocess
import sys
from typing import Any, NamedTuple

from squarely import cli


class Ran(NamedTuple):
    """What is left of a command: as subprocess.run has it."""

    returncode: int
    stdout: str
    stderr: str


def squarely_command(*arguments: object) -> Ran:
    """Run a command in this process, as a new one takes a second to begin."""
    stdout, stderr = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(stderr):
        returncode = cli.main(list(map(str, arguments)))
    return Ran(returncode, stdout.getvalue(), stderr.getvalue())


def answered(*arguments: object) -> str:
    """Return what a command prints that has nothing to complain of."""
    ran = squarely_command(*arguments)
    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout


def process_of(*arguments: object) -> list[str]:
    """Return the command that does the same in a process of its own."""
    return [sys.executable, "-m", "squarely.cli", *map(str, arguments)]


def squarely_process(*arguments: object, **options: Any) -> "subprocess.CompletedProcess[str]":
    """Run a command in a process of its own, where that is what is tested."""
    return subprocess.run(process_of(*arguments), capture_output=True, text=True, check=False, **options)


def assert_refused(ran: Any, *parts: str) -> None:
    """Exit code 2, nothing on standard output, and one line that says all of the parts."""
    assert (ran.returncode, ran.stdout) == (2, ""), ran.stderr
    assert ran.stderr.startswith("squarely: ")
    assert ran.stderr.count("\n") == 1
    assert ran.stderr.endswith("\n")
    for part in parts:
        assert part in ran.stderr
