"""Recipes of package managers, filled in for a source distribution. .ci/try_ports builds by them."""

import hashlib
import json
import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]
URL = "file:///archives/squarely-0.7.1.tar.gz"


@pytest.fixture(scope="module")
def ports(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """Return the recipes for an archive of a few bytes."""
    folder = tmp_path_factory.mktemp("ports")
    (folder / "squarely-0.7.1.tar.gz").write_bytes(b"archive")
    command = [sys.executable, ROOT / ".ci" / "ports", folder / "squarely-0.7.1.tar.gz", URL, folder / "written"]
    subprocess.run(command, check=True)
    return folder / "written"


def test_every_gap_is_filled(ports: pathlib.Path) -> None:
    written = [path for path in ports.rglob("*") if path.is_file()]
    assert len(written) == len([path for path in (ROOT / "cmake" / "ports").rglob("*") if path.is_file()]) > 0
    assert not any("@SQUARELY" in path.read_text() for path in written)


def test_recipes_name_the_archive(ports: pathlib.Path) -> None:
    recipe = (ports / "conda" / "recipe.yaml").read_text()
    port = (ports / "vcpkg" / "squarely" / "portfile.cmake").read_text()
    assert json.loads((ports / "vcpkg" / "squarely" / "vcpkg.json").read_text())["version-semver"] == "0.7.1"
    assert '  version: "0.7.1"\n' in recipe
    assert f'url: "{URL}"\n' in recipe
    assert f'URLS "{URL}"\n' in port
    assert f'sha256: "{hashlib.sha256(b"archive").hexdigest()}"' in recipe
    assert f"SHA512 {hashlib.sha512(b'archive').hexdigest()})" in port


def test_recipes_ask_for_what_the_package_does() -> None:
    project = (ROOT / "pyproject.toml").read_text()
    recipe = (ROOT / "cmake" / "ports" / "conda" / "recipe.yaml").read_text()
    for name, version in re.findall(
        r'"(numpy|scikit-build-core|pybind11)>=([\d.]+)"', project[: project.index("\n\n[project.op")]
    ):
        assert f"- {name} >={version}\n" in recipe
    port = json.loads((ROOT / "cmake" / "ports" / "vcpkg" / "squarely" / "vcpkg.json").read_text())
    for fact in ("license", "description"):
        assert re.search(rf'(?m)^{fact} = "(.*)"$', project)[1].startswith(port[fact])
        assert port[fact] in recipe
