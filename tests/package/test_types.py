"""What mypy and pyright say of code that calls the package, each as strictly as it can."""

import doctest
import importlib
import importlib.metadata
import importlib.util
import inspect
import os
import pathlib
import re
import runpy
import textwrap
from collections.abc import Iterator
from typing import Any

import pytest

import squarely
from instruments.type_checkers import Errors, errors_by_checker, exported_names

TESTS = pathlib.Path(__file__).parents[1]
ROOT = TESTS.parent
USES = TESTS / "inputs" / "documented_uses.py"
RESULTS = TESTS / "inputs" / "types_of_results.py"
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
CHECKERS = ("mypy", "pyright")

MISUSES = """
import squarely as sq

number: float = sq.mean_squared_error([1.0], [2.0], multioutput="raw_values")
array: list[float] = sq.mean_squared_error([1.0], [2.0])
sq.mean_huber_loss([1.0], [2.0], dleta=2.0)
sq.mean_squared_error([1.0], [2.0], nan_policy="ignore")
sq.Accumulator("mse").updaet([1.0], [2.0])
text: str = sq.evaluate([1.0], [2.0])["mse"]
word: str = sq.Accumulator("mse")["mse"]
sq.evaluate([1.0], [2.0], metrcs="mse")
"""


def public_things() -> Iterator[tuple[str, Any]]:
    for name in set(squarely.__all__) - {"__version__"}:
        yield name, getattr(squarely, name)
    for name in ("boosting", "dask", "files", "scorers", "spark", "xarray"):
        module = importlib.import_module(f"squarely.{name}")
        for own in module.__all__:
            yield f"{name}_{own}", getattr(module, own)


def programs_of_page(page: pathlib.Path) -> dict[str, str]:
    """Return what is typed at the prompt as one program, and every other block as one of its own."""
    name = re.sub(r"\W", "_", os.fspath(page.relative_to(ROOT).with_suffix("")))
    blocks = re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    typed = re.findall(r"^(?:>>>|\.\.\.) ?(.*)$", "\n".join(blocks), re.MULTILINE)
    files = [block for block in blocks if not block.startswith(">>> ")]
    found = {f"{name}_file_{index}": file for index, file in enumerate(files)}
    return {name: "\n".join(typed) + "\n", **found} if typed else found


def examples_of_docstrings() -> str:
    """Return the examples of every public thing, each as a function of its own."""
    public = list(public_things())
    for name, thing in list(public):
        methods = vars(thing).items() if inspect.isclass(thing) else ()
        public += [(f"{name}_{own}", method) for own, method in methods if not own.startswith("_")]
    functions = []
    for name, thing in public:
        examples = doctest.DocTestParser().get_examples(inspect.getdoc(thing) or "")
        lines = "".join(example.source for example in examples)
        if lines:
            functions.append(f"def of_{name}() -> None:\n" + textwrap.indent(lines, "    "))
    return "\n".join(functions)


def calls_of_functions() -> str:
    """Return a call of every metric and loss with two lists, and what it is: a number, or an array if asked for."""
    lines = ["import numpy as np", "import numpy.typing as npt", "from typing import Any"]
    lines += ["from typing_extensions import assert_type", "import squarely as sq", "y = [1.0, 2.0]"]
    arrays = {"multioutput='raw_values'": "npt.NDArray[np.float64]", "reduction='none'": "npt.NDArray[Any]"}
    for name in [*squarely.metric_names(), *squarely.losses.__all__]:
        parameters = inspect.signature(getattr(squarely, name)).parameters.values()
        needed = [f"{one.name}=1.0" for one in parameters if one.kind is one.KEYWORD_ONLY and one.default is one.empty]
        of_one = "npt.NDArray[Any]" if name.endswith("_gradient") else "float"
        lines.append(f"assert_type(sq.{name}({', '.join(['y', 'y', *needed])}), {of_one})")
        for option, of_several in arrays.items():
            if option.partition("=")[0] in inspect.signature(getattr(squarely, name)).parameters:
                lines.append(f"assert_type(sq.{name}({', '.join(['y', 'y', option, *needed])}), {of_several})")
    return "\n".join(lines) + "\n"


PROGRAMS = {
    **{name: program for page in PAGES for name, program in programs_of_page(page).items()},
    "docstrings": examples_of_docstrings(),
    "functions": calls_of_functions(),
    "documented_uses": USES.read_text(encoding="utf-8"),
    "types_of_results": RESULTS.read_text(encoding="utf-8"),
    "misuses": MISUSES,
}


@pytest.fixture(scope="module")
def errors(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Errors]:
    for checker in CHECKERS:
        pytest.importorskip(checker)
    if importlib.util.find_spec("pandas-stubs") is None:
        pytest.skip("pip install '.[lint]' brings the types of pandas, which editors have")
    return errors_by_checker(PROGRAMS, tmp_path_factory.mktemp("programs"))


def test_pages_are_among_the_programs() -> None:
    assert "sq.evaluate" in PROGRAMS["README"]
    assert "multiprocessing" in PROGRAMS["docs_chunks_file_1"]
    assert "squarely.mean_squared_error(" in PROGRAMS["docstrings"]


@pytest.mark.parametrize("program", sorted(PROGRAMS.keys() - {"misuses"}))
@pytest.mark.parametrize("checker", CHECKERS)
def test_documented_code_has_types(errors: dict[str, Errors], checker: str, program: str) -> None:
    assert errors[checker].get(program, []) == []


@pytest.mark.parametrize("checker", CHECKERS)
def test_misuses_are_seen(errors: dict[str, Errors], checker: str) -> None:
    seen = {int(said.partition(":")[0]) for said in errors[checker]["misuses"]}
    wrong = {number for number, line in enumerate(MISUSES.splitlines(), 1) if "import" not in line and line}
    assert seen == wrong


def test_documented_uses_run() -> None:
    pytest.importorskip("sklearn")
    found = runpy.run_path(os.fspath(USES))
    assert found["mean"] == found["score"] == 0.375


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bool]:
    pytest.importorskip("pyright")
    return exported_names("squarely", tmp_path_factory.mktemp("exported"))


def test_everything_public_has_a_known_type(exported: dict[str, bool]) -> None:
    public = {f"{thing.__module__}.{thing.__qualname__}" for _, thing in public_things() if callable(thing)}
    assert {"squarely.Accumulator", "squarely.accumulator.Accumulator"} <= exported.keys()
    # Of a class its members too.
    known = {name: known for name, known in exported.items() if any(f"{name}.".startswith(f"{one}.") for one in public)}
    assert [name for name in known if not known[name]] == []
    assert len(known) > len(public)


def test_editors_offer_what_is_public_alone(exported: dict[str, bool]) -> None:
    offered = {name.partition(".")[2] for name in exported if name.count(".") == 1}
    assert offered == set(dir(squarely)) - {"__version__"}
