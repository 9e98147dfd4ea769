"""The files and commands of a page, run in one shell from the top to the end, and what each is said to print."""

import pathlib
import re
import subprocess
from typing import NamedTuple

FILE = re.compile(r"^```\w+\n(?:# |// |/\* )(?P<name>\w+\.\w+)(?: \*/)?\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
COMMANDS = re.compile(r"^```sh\n(?P<commands>.*?)^```$(?:\n\n```text\n(?P<output>.*?)^```$)?", re.MULTILINE | re.DOTALL)
BETWEEN = "-- between two blocks --"


class Step(NamedTuple):
    """A block of commands."""

    commands: str
    output: str
    """What the block below says that they print, empty where there is none."""


def steps_of(page: pathlib.Path) -> list[Step]:
    """Return the commands of a page."""
    return [Step(found["commands"], found["output"] or "") for found in COMMANDS.finditer(page.read_text())]


def printed_by(page: pathlib.Path, folder: pathlib.Path, environment: dict[str, str]) -> list[str]:
    """Run a page in a folder, and return what each of its blocks of commands prints."""
    for found in FILE.finditer(page.read_text()):
        (folder / found["name"]).write_text(found["text"])
    script = f"\necho '{BETWEEN}'\n".join(step.commands for step in steps_of(page))
    found = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stderr
    return found.stdout.split(f"{BETWEEN}\n")
