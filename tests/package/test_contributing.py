"""What CONTRIBUTING.md tells people to open, to run and to set is there. Building takes too long for a test.

So is what the links of all pages lead to. Other people's sites are not asked.
"""

import functools
import itertools
import pathlib
import re
import urllib.parse

import pytest

import squarely

ROOT = pathlib.Path(__file__).parents[2]
PAGE = (ROOT / "CONTRIBUTING.md").read_text()
FOLDERS_WITH_PAGES = (".github", "benchmarks", "cpp", "docs", "tests")
PAGES = sorted([*ROOT.glob("*.md"), *(page for name in FOLDERS_WITH_PAGES for page in (ROOT / name).rglob("*.md"))])
PROJECT = (ROOT / "pyproject.toml").read_text()
COMMANDS = "\n".join(re.findall(r"^```sh\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE))


def paths_in(text: str) -> set[str]:
    """Return what looks like a path in the tree: a name at the top of it, and what follows."""
    tops = "|".join(re.escape(path.name) for path in ROOT.iterdir() if path.name not in (".git", "build", "dist"))
    return set(re.findall(rf"(?<![\w./-])(?:{tops})(?:/[\w./-]*\w/?)?(?![\w*])", text))


def test_every_path_exists() -> None:
    paths = paths_in(" ".join([COMMANDS, *re.findall(r"`([^`\n]+)`", PAGE)]))
    assert {"cpp/tables/metrics.cpp", "tests/sums/test_terms.py"} <= paths
    for path in paths:
        assert (ROOT / path).exists(), path


def links_of(page: pathlib.Path) -> list[str]:
    """Return what is linked in the words of a page."""
    words = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    return re.findall(r"\]\(([^)\s]+)\)", words)


@functools.cache
def headings_of(page: pathlib.Path) -> set[str]:
    """Return the anchors of a page, as GitHub and MyST make them of its headings: small letters, hyphens for blanks."""
    words = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    titles = re.findall(r"^#+ (.*)$", words, re.MULTILINE)
    return {re.sub(r"[^\w\s-]", "", title.lower()).replace(" ", "-") for title in titles}


def test_pages_of_every_folder_are_looked_at() -> None:
    assert {page.relative_to(ROOT).parts[0] for page in PAGES} >= {"README.md", "CHANGELOG.md", *FOLDERS_WITH_PAGES}
    assert sum(len(links_of(page)) for page in PAGES) > 100


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: pathlib.Path) -> None:
    for link in links_of(page):
        url = urllib.parse.urlsplit(link)
        if url.scheme:
            assert url.scheme == "https", link
            assert re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", url.netloc), link
            continue
        target = (page.parent / url.path).resolve() if url.path else page
        assert target.exists(), link
        assert not url.fragment or url.fragment in headings_of(target), link


def test_every_option_of_cmake_exists() -> None:
    known = "\n".join(path.read_text() for path in [ROOT / "CMakeLists.txt", *(ROOT / "cmake").glob("*.cmake")])
    options = set(re.findall(r"cmake\.define\.(\w+)=", PAGE))
    assert options
    for option in options:
        assert re.search(rf"(?:option|set)\({option} ", known), option


def test_every_target_exists() -> None:
    rows = (ROOT / "cpp" / "kernels" / "targets.cmake").read_text()
    targets = set(filter(None, re.findall(r"SQUARELY_ONLY_TARGETS=([\w;-]*)", PAGE)))
    assert targets
    for target in itertools.chain.from_iterable(names.split(";") for names in targets):
        assert f'"{target}|' in rows


def test_every_extra_exists() -> None:
    for extra in re.findall(r"'\.\[(\w+)\]'", PAGE):
        assert re.search(rf"^{extra} = \[", PROJECT, re.MULTILINE), extra


def test_the_first_page_has_every_extra_that_is_not_for_work_on_squarely() -> None:
    extras = re.search(r"optional-dependencies\]\n(.*?)\n\n", PROJECT, re.DOTALL)
    assert extras is not None
    named = set(re.findall(r"^(\w+) = \[", extras[1], re.MULTILINE)) - {"test", "lint", "docs", "bench"}
    start = (ROOT / "docs" / "start.md").read_text()
    assert set(re.findall(r"^\| `(\w+)` \|", start, re.MULTILINE)) == named >= {"cli"}


def test_one_place_says_which_linters() -> None:
    hooks = (ROOT / ".pre-commit-config.yaml").read_text()
    assert hooks.count("language: system") == hooks.count("- id:")
    assert "rev:" not in hooks
    for tool in ("ruff", "mypy", "pyright", "clang-format"):
        assert len(re.findall(rf'"{tool}[^"]*"', PROJECT)) == 1
        assert re.search(rf'"{tool}(?:\[\w+\])?==[\d.]+"', PROJECT), tool


def test_the_changelog_has_this_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text()
    version = "Unreleased" if ".dev" in squarely.__version__ else squarely.__version__
    assert re.search(rf"^## \[{re.escape(version)}\]", changelog, re.MULTILINE)


def test_every_page_is_in_the_index() -> None:
    docs = ROOT / "docs"
    index = (docs / "README.md").read_text()
    # What else there is are pages of the site alone: its first, and those that include a file of another folder.
    for page in {*docs.glob("*.md"), *docs.glob("tutorials/*.md")} - {docs / "README.md", docs / "index.md"}:
        assert f"]({page.relative_to(docs)})" in index, page.name
