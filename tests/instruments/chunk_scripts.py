"""The scripts that docs/chunks.md prints, and what they print when they run."""

import pathlib
import re
import subprocess
import sys

PAGE = pathlib.Path(__file__).parents[2] / "docs" / "chunks.md"

# A block that begins with the name of a file is a script, and the block behind it what it prints.
SCRIPT = re.compile(r"```python\n# (?P<name>\w+\.py)\n(?P<code>.*?)```\n\n```text\n(?P<output>.*?)```", re.DOTALL)
SCRIPTS = {found["name"]: found for found in SCRIPT.finditer(PAGE.read_text())}


def output_of(name: str, folder: pathlib.Path, *arguments: str) -> str:
    script = folder / name
    script.write_text(SCRIPTS[name]["code"])
    # Python itself warns of every fork beside threads, and NumPy's have begun.
    warnings = ["-W", "error", "-W", "ignore:This process:DeprecationWarning"]
    command = [sys.executable, *warnings, str(script), *arguments]
    found = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert found.returncode == 0, found.stderr
    return found.stdout
