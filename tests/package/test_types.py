"""What mypy says of code that calls the package, as strictly as it can."""

import doctest
import importlib
import inspect
import os
import pathlib
import re
import runpy
import subprocess
import sys
import textwrap

import pytest

import squarely

TESTS = pathlib.Path(__file__).parents[1]
USES = TESTS / "inputs" / "documented_uses.py"
README = TESTS.parent / "README.md"
PACKAGE = pathlib.Path(squarely.__file__).parents[1]

# Of libraries that are not typed, or not installed.
OF_OTHERS = ("[import-untyped]", "[import-not-found]", "[no-untyped-call]")

MISUSES = """
import squarely as sq

number: float = sq.mean_squared_error([1.0], [2.0], multioutput="raw_values")
array: list[float] = sq.mean_squared_error([1.0], [2.0])
sq.mean_huber_loss([1.0], [2.0], dleta=2.0)
sq.mean_squared_error([1.0], [2.0], nan_policy="ignore")
sq.Accumulator("mse").updaet([1.0], [2.0])
"""


def examples_of(markdown: str) -> str:
    """Return the lines that are typed at the prompt of Python, as a program."""
    blocks = "\n".join(re.findall(r"^```python\n(.*?)^```", markdown, re.DOTALL | re.MULTILINE))
    lines = re.findall(r"^(?:>>>|\.\.\.) (.*)$", blocks, re.MULTILINE)
    return "\n".join(lines) + "\n"


def examples_of_docstrings() -> str:
    """Return the examples of every public thing, each as a function of its own."""
    public = [(name, getattr(squarely, name)) for name in squarely.__all__ if name != "__version__"]
    for name in ("boosting", "dask", "files", "scorers", "xarray"):
        module = importlib.import_module(f"squarely.{name}")
        public += [(f"{name}_{own}", getattr(module, own)) for own in module.__all__]
    for name, thing in list(public):
        methods = vars(thing).items() if inspect.isclass(thing) else ()
        public += [(f"{name}_{own}", method) for own, method in methods if not own.startswith("_")]
    functions = []
    for name, thing in public:
        examples = doctest.DocTestParser().get_examples(inspect.getdoc(thing) or "")
        lines = "".join(example.source for example in examples)
        functions.append(f"def of_{name}() -> None:\n" + textwrap.indent(f"import squarely\n{lines}", "    "))
    return "\n".join(functions)


def mypy(path: pathlib.Path) -> list[str]:
    """Return the lines with an error."""
    pytest.importorskip("mypy")
    found = dict(os.environ)
    if PACKAGE.name != "site-packages":
        found["MYPYPATH"] = os.fspath(PACKAGE)
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--hide-error-context", os.fspath(path)]
    run = subprocess.run(command, env=found, cwd=path.parent, capture_output=True, text=True)
    lines = [line for line in (run.stdout + run.stderr).splitlines() if " error: " in line]
    return [line for line in lines if not line.endswith(OF_OTHERS)]


def test_documented_uses_have_the_types_they_say(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "uses.py"
    path.write_text(USES.read_text())
    assert mypy(path) == []


def test_documented_uses_run() -> None:
    pytest.importorskip("sklearn")
    found = runpy.run_path(os.fspath(USES))
    assert found["mean"] == found["score"] == 0.375


def test_examples_of_the_readme_have_types(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "readme.py"
    path.write_text(examples_of(README.read_text()))
    assert "sq.evaluate" in path.read_text()
    assert mypy(path) == []


def test_examples_of_docstrings_have_types(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "docstrings.py"
    path.write_text(examples_of_docstrings())
    assert "squarely.mean_squared_error(" in path.read_text()
    assert mypy(path) == []


def test_misuses_are_seen(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "misuses.py"
    path.write_text(MISUSES)
    lines = {int(line.split(":")[1]) for line in mypy(path)}
    assert lines == {4, 5, 6, 7, 8}
