"""One version everywhere, a changelog in its form, and workflows that run what is named."""

import importlib.metadata
import pathlib
import re
import subprocess

import pytest

import squarely
from instruments.c_interface import library
from instruments.consumers import tool
from squarely import build

ROOT = pathlib.Path(__file__).parents[2]
PROJECT = (ROOT / "pyproject.toml").read_text()
VERSION = re.search(r'(?m)^version = "(.*)"$', PROJECT)[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def test_the_version_is_one() -> None:
    assert squarely.__version__ == VERSION
    assert library.squarely_version().decode() == VERSION


def test_what_is_cited_is_this_release_or_the_last_one() -> None:
    cited = re.search(r"(?m)^version: (.*)$", (ROOT / "CITATION.cff").read_text())[1]
    assert cited == (VERSION if ".dev" not in VERSION else last_release())


def last_release() -> str:
    return re.search(r"(?m)^## \[(\d.*?)\]", (ROOT / "CHANGELOG.md").read_text())[1]


def test_the_installed_files_have_the_version() -> None:
    try:
        installed = importlib.metadata.version("squarely")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("this copy was not installed")
    assert installed == VERSION
    numbers = re.match(r"[0-9.]*[0-9]", VERSION)[0]  # CMake and pkg-config know no others
    file = pathlib.Path(squarely.get_cmake_dir()) / "squarely-config-version.cmake"
    assert f'set(PACKAGE_VERSION "{numbers}")' in file.read_text()
    assert f"\nVersion: {numbers}\n" in (pathlib.Path(build.get_pkgconfig_dir()) / "squarely.pc").read_text()


FIND = """
include({root}/cmake/version_file.cmake)
file(WRITE {folder}/squarely-config.cmake "")
squarely_version_file({folder}/squarely-config-version.cmake {version} {since})
find_package(squarely {asked} CONFIG QUIET PATHS {folder} NO_DEFAULT_PATH)
message("${{squarely_FOUND}}")
"""


@pytest.mark.parametrize(
    ("asked", "version", "since", "is_found"),
    [
        ("", "0.2.0", "0.1", 1),
        ("0.1", "0.1.0", "0.1", 1),
        ("0.1", "0.2.0", "0.1", 1),  # the interface has grown
        ("0.1.5", "0.1.4", "0.1", 0),
        ("0.3", "0.2.0", "0.1", 0),
        ("0.1 EXACT", "0.2.0", "0.1", 0),
        ("0.1", "0.3.0", "0.3", 0),  # it has changed
        ("0.2.9", "0.3.0", "0.3", 0),
        ("0.3", "0.4.1", "0.3", 1),
        ("0.1", "1.0.0", "0.1", 0),
        ("1.2", "1.3.0", "1.0", 1),
        ("1.2", "2.0.0", "2.0", 0),
        ("0.1...0.5", "0.4.0", "0.1", 1),
        ("0.1...0.5", "0.6.0", "0.1", 0),
        ("0.2...<2", "1.0.0", "0.1", 0),
    ],
)
def test_cmake_finds_what_a_program_can_run_with(
    asked: str, version: str, since: str, is_found: int, tmp_path: pathlib.Path
) -> None:
    script = tmp_path / "find.cmake"
    script.write_text(FIND.format(root=ROOT, folder=tmp_path, asked=asked, version=version, since=since))
    said = subprocess.run([tool("cmake"), "-P", script], capture_output=True, text=True, check=True).stderr
    assert said == f"{is_found}\n"


def test_the_interface_has_its_number_since() -> None:
    """CMake is told the first release whose header has the number of this one."""
    since = re.search(r"squarely_version_file\(.* ([\d.]+)\)", (ROOT / "cmake" / "install.cmake").read_text())[1]
    number = r"#define SQUARELY_ABI_VERSION (\d+)"
    interface = re.search(number, (ROOT / "cpp" / "include" / "squarely" / "squarely.h").read_text())[1]
    released = {path.parts[-3]: path for path in (ROOT / "tests" / "embedding" / "released").glob("*/squarely/*.h")}
    same = [version for version, path in released.items() if re.search(number, path.read_text())[1] == interface]
    numbers = re.match(r"[0-9.]*[0-9]", VERSION)[0]
    first = min([*same, numbers], key=lambda version: [int(part) for part in version.split(".")])
    assert first.startswith(f"{since}.")


def test_the_changelog_has_its_form() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text()
    versions = re.findall(r"(?m)^## (.*)$", changelog)
    assert versions[0] == "[Unreleased]"
    for version in versions[1:]:
        assert re.fullmatch(r"\[\d+\.\d+\.\d+\]( - \d{4}-\d\d-\d\d)?", version), version
    kinds = set(re.findall(r"(?m)^### (.*)$", changelog))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_and_commands_exist(workflow: pathlib.Path) -> None:
    text = workflow.read_text()
    actions = re.findall(r"uses: (\S+)(.*)", text)
    assert actions
    for action, comment in actions:
        assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action), action
        assert re.fullmatch(r" # v[0-9.]+", comment), action
    for command in re.findall(r"\.ci/\w+", text):
        assert (ROOT / command).stat().st_mode & 0o100, command
