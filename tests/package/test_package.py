"""The package as a whole: light to import, documented, and its examples true."""

import doctest
import importlib
import inspect
import pathlib
import pickle
import pkgutil
import subprocess
import sys

import pytest

import squarely

MODULES = sorted({found.name for found in pkgutil.walk_packages(squarely.__path__, "squarely.")} - {"squarely._core"})
PUBLIC = sorted(set(squarely.__all__) - {"__version__"})
README = pathlib.Path(__file__).parents[2] / "README.md"


def test_import_loads_nothing_heavy() -> None:
    code = "import sys, numpy; before = set(sys.modules); import squarely; print(*sorted(set(sys.modules) - before))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "squarely._core" in found
    known = {"numpy", "squarely", "_xxsubinterpreters", *sys.stdlib_module_names}  # the third is of Python too
    foreign = {name.partition(".")[0] for name in found} - known
    assert foreign == set()


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_the_docstrings_are_true(name: str) -> None:
    module = importlib.import_module(name)
    results = doctest.testmod(module, optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    assert results.failed == 0


def test_examples_of_the_readme_are_true() -> None:
    results = doctest.testfile(str(README), module_relative=False, optionflags=doctest.ELLIPSIS)
    assert results.attempted > 0
    assert results.failed == 0


@pytest.mark.parametrize("name", PUBLIC)
def test_everything_public_is_documented_with_an_example(name: str) -> None:
    thing = getattr(squarely, name)
    assert ">>> " in inspect.getdoc(thing)
    members = inspect.getmembers(thing) if inspect.isclass(thing) else []
    for member_name, member in members:
        if not member_name.startswith("_"):
            assert inspect.getdoc(member), f"{name}.{member_name}"


@pytest.mark.parametrize("name", squarely.metric_names())
def test_metrics_are_plain_functions(name: str) -> None:
    metric = getattr(squarely, name)
    assert list(inspect.signature(metric).parameters)[:2] == ["y_true", "y_pred"]
    assert pickle.loads(pickle.dumps(metric)) is metric
    documentation = inspect.getdoc(metric)
    for section in (".. math::", "Parameters\n", "Returns\n", "Raises\n", "Examples\n", "the best"):
        assert section in documentation, section


def test_show_config_names_the_target(capsys: pytest.CaptureFixture[str]) -> None:
    squarely.show_config()
    assert squarely.get_target() in capsys.readouterr().out
