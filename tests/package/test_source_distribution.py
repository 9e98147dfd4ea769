"""The source distribution: what git holds and nothing else, and the same bytes every time."""

import pathlib
import shutil
import subprocess
import tarfile

import pytest

import squarely
from instruments.source_distribution import built

ROOT = pathlib.Path(__file__).parents[2]
pytest.importorskip("scikit_build_core")


def git(*arguments: str) -> list[str]:
    if not shutil.which("git") or not (ROOT / ".git").exists():
        pytest.skip("needs git, and a clone")
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    return built(tmp_path_factory.mktemp("first"))


def test_it_has_what_git_holds(archive: pathlib.Path) -> None:
    # What is not ignored and not yet added counts, as it will be.
    held = git("ls-files", "--cached", "--others", "--exclude-standard")
    expected = {name for name in held if not name.startswith(".github/") and (ROOT / name).exists()}
    top = f"squarely-{squarely.__version__}/"
    with tarfile.open(archive) as tar:
        names = {member.name for member in tar if not member.isdir()}
    assert names == {top + name for name in expected} | {f"{top}PKG-INFO"}


def test_two_are_the_same_bytes(archive: pathlib.Path, tmp_path: pathlib.Path) -> None:
    assert built(tmp_path).read_bytes() == archive.read_bytes()
