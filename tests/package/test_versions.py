"""One version everywhere, a changelog in its form, and workflows that run what is named."""

import importlib.metadata
import pathlib
import re

import pytest

import squarely
from instruments.c_interface import library
from squarely import build

ROOT = pathlib.Path(__file__).parents[2]
PROJECT = (ROOT / "pyproject.toml").read_text()
VERSION = re.search(r'(?m)^version = "(.*)"$', PROJECT)[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def test_the_version_is_one() -> None:
    assert squarely.__version__ == VERSION
    assert library.squarely_version().decode() == VERSION
    assert f"\nversion: {VERSION}\n" in (ROOT / "CITATION.cff").read_text()


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


def test_the_soname_is_that_of_the_interface() -> None:
    header = (pathlib.Path(squarely.get_include()) / "squarely" / "squarely.h").read_text()
    interface = re.search(r"#define SQUARELY_ABI_VERSION (\d+)", header)[1]
    assert f"SOVERSION {interface})" in (ROOT / "cmake" / "library.cmake").read_text()


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
