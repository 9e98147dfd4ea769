"""The folders of the tests: no test module is imported by another, and no oracle knows what it is compared with.

And that of asv's benchmarks, which it imports all of.
"""

import ast
import importlib.util
import pathlib
import sys
from collections.abc import Iterator

TESTS = pathlib.Path(__file__).parents[1]
# Not the saved states and the programs of consumers, which are no modules.
FOLDERS = {path.parent for path in TESTS.glob("*/*.py")}


def imports_of(path: pathlib.Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports what lies beside it without naming its folder"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_no_test_module_is_imported() -> None:
    modules = {path.stem for path in TESTS.rglob("test_*.py")}
    assert len(modules) > 50
    for path in TESTS.rglob("*.py"):
        imported = {name for name in imports_of(path) if not modules.isdisjoint(name.split("."))}
        assert not imported, f"{path} imports {imported}"


def test_every_test_module_has_a_room() -> None:
    assert not list(TESTS.glob("test_*.py"))
    assert {path.parent for path in TESTS.rglob("test_*.py")} < FOLDERS


def test_oracles_import_nothing_that_they_are_compared_with() -> None:
    of_the_project = {"squarely", *(folder.name for folder in FOLDERS)} - {"oracles"}
    for path in (TESTS / "oracles").iterdir():
        if path.suffix == ".py":
            assert of_the_project.isdisjoint(name.split(".")[0] for name in imports_of(path)), path


def test_no_folder_has_the_name_of_a_package() -> None:
    # A process that is spawned could not import from it.
    for folder in FOLDERS:
        found = importlib.util.find_spec(folder.name)
        assert found is not None, folder
        assert str(folder) in (found.submodule_search_locations or ()), folder


def test_the_suite_of_asv_needs_nothing_but_numpy() -> None:
    # In an environment of its own for every commit, where no peer is.
    allowed = {"squarely", "numpy", *sys.stdlib_module_names}
    files = list((TESTS.parent / "benchmarks" / "suite").glob("*.py"))
    assert len(files) > 5
    for path in files:
        nodes = ast.parse(path.read_bytes()).body
        imported = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
        imported |= {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom) and node.level == 0}
        assert {name.split(".")[0] for name in imported} <= allowed, path
