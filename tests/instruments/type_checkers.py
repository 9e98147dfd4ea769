"""What mypy and pyright say of programs that call the package, each as strictly as it can."""

import ast
import collections
import json
import os
import pathlib
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from typing import Any

import squarely

PACKAGE = pathlib.Path(squarely.__file__).parents[1]

# Whatever else a program imports has no types, or not all of them, or is not installed. It is Any to the checkers, so
# that what they do not know is always a thing of ours.
TYPED = {"numpy", "pandas", "polars", "squarely", "typing_extensions", *sys.stdlib_module_names}

# Rules of pyright that are no matter of types: what is typed at a prompt is shown, and not every library is installed.
RELAXED = ("reportUnusedExpression", "reportMissingModuleSource")

Errors = dict[str, list[str]]
"""What is wrong, by the name of the program."""


def errors_by_checker(programs: dict[str, str], folder: pathlib.Path) -> dict[str, Errors]:
    """Return what each checker says of programs by their names, as they lie in a folder of their own."""
    for name, program in programs.items():
        (folder / f"{name}.py").write_text(program, encoding="utf-8")
    _write_stubs(folder / "stubs", {module for program in programs.values() for module in _imported(program)})
    return {"mypy": _mypy(folder, programs), "pyright": _pyright(folder)}


def exported_names(package: str, folder: pathlib.Path) -> dict[str, bool]:
    """Return the names that pyright takes for public in an installed package, and whether it knows the type of each."""
    found = _run_pyright(["--verifytypes", package, "--ignoreexternal"], folder)["typeCompleteness"]["symbols"]
    return {one["name"]: one["isTypeKnown"] and not one["isTypeAmbiguous"] for one in found if one["isExported"]}


def _imported(program: str) -> set[str]:
    """Return the modules that a program imports and that have no types of their own."""
    found = set()
    for node in ast.walk(ast.parse(program)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return {module for module in found if module.partition(".")[0] not in TYPED}


def _write_stubs(folder: pathlib.Path, modules: Iterable[str]) -> None:
    for module in modules:
        path = folder
        for part in module.split("."):
            path = path / part
            path.mkdir(parents=True, exist_ok=True)
            (path / "__init__.pyi").write_text("from typing import Any\n\ndef __getattr__(name: str) -> Any: ...\n")


def _mypy(folder: pathlib.Path, programs: Iterable[str]) -> Errors:
    places = [folder / "stubs"] if PACKAGE.name == "site-packages" else [folder / "stubs", PACKAGE]
    run = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--hide-error-context", *(f"{name}.py" for name in programs)],
        env={**os.environ, "MYPYPATH": os.pathsep.join(map(os.fspath, places))},
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert run.returncode in (0, 1), run.stdout + run.stderr
    errors = collections.defaultdict(list)
    for line in run.stdout.splitlines():
        path, _, said = line.partition(":")
        if " error: " in line:
            errors[pathlib.Path(path).stem].append(said)
    return errors


def _pyright(folder: pathlib.Path) -> Errors:
    options = {"include": ["."], "exclude": ["stubs"], "typeCheckingMode": "strict", "stubPath": "stubs"}
    (folder / "pyrightconfig.json").write_text(json.dumps({**options, **dict.fromkeys(RELAXED, False)}))
    errors = collections.defaultdict(list)
    for found in _run_pyright(["--project", "."], folder)["generalDiagnostics"]:
        line = found["range"]["start"]["line"] + 1
        errors[pathlib.Path(found["file"]).stem].append(f"{line}: {found['message']} [{found.get('rule')}]")
    return errors


def _run_pyright(arguments: list[str], folder: pathlib.Path) -> dict[str, Any]:
    # It asks this Python for its path, on which the package is. The node is the one that came with it, of whatever age
    # another may be; with --outputjson it does not ask for a newer version of itself either.
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable, *arguments]
    # --verifytypes goes by the Python that a link leads to, which of a virtual environment is another one.
    path = os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), sysconfig.get_path("purelib")]))
    environment = {**os.environ, "PYRIGHT_PYTHON_GLOBAL_NODE": "0", "PYTHONPATH": path}
    run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert run.returncode in (0, 1), run.stdout + run.stderr
    return json.loads(run.stdout)
