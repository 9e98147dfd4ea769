"""What docs/embedding.md says of programs, and squarely.hpp of calls: the examples are built and run."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

import squarely
from instruments.consumers import CONSUMERS, PATH, output_of, tool

ROOT = pathlib.Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "embedding.md"
STRICT = ("-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror")


def block_of_the_guide(language: str, words: str) -> str:
    """Return the only block of a language in docs/embedding.md with some words."""
    (found,) = (block for block in re.findall(rf"(?s)```{language}\n(.*?)```", GUIDE.read_text()) if words in block)
    return found


def test_cffi_reads_the_header_as_the_guide_says(tmp_path: pathlib.Path) -> None:
    pytest.importorskip("cffi")
    tool("cc")
    (tmp_path / "score.py").write_text(block_of_the_guide("python", "import cffi"))
    assert output_of([sys.executable, tmp_path / "score.py"]) == "0.375\n"


def test_cython_in_the_guide_is_that_of_the_package_that_is_built() -> None:
    built = (
        (CONSUMERS / "cython" / "squarely_consumer_cython.pyx")
        .read_text()
        .replace("from libc.string cimport memset\n", "")
    )
    assert built.startswith(block_of_the_guide("cython", "squarely_import()"))


def test_a_template_of_cpp_takes_rows_and_no_numbers(tmp_path: pathlib.Path) -> None:
    compiler = tool("c++", "g++", "clang++")
    source = tmp_path / "calls.cpp"
    command = [compiler, "-std=c++17", *STRICT, f"-I{squarely.get_include()}", "-fsyntax-only", source]

    def compiled(*calls: str) -> subprocess.CompletedProcess[str]:
        body = "\n".join(f"    {call};" for call in calls)
        source.write_text(CALLS_IN_CPP.replace("BODY", body))
        return subprocess.run(command, env=os.environ | {"PATH": PATH}, capture_output=True, text=True, check=False)

    found = compiled(*GOOD_CALLS)
    assert found.returncode == 0, found.stderr
    for call, words in BAD_CALLS.items():
        found = compiled(call)
        assert found.returncode != 0, call
        assert re.search(words, found.stderr), found.stderr


CALLS_IN_CPP = """
#include <squarely/squarely.hpp>

#include <array>

int main() {
    const std::vector<double> rows{1.0, 2.0};
    const std::array<float, 2> others{1.0f, 2.0f};
    const double plain[] = {1.0, 2.0};
    const std::vector<squarely_pairs> pairs(1);
    squarely::State state("mse");
    squarely::Groups groups("mse");
    (void)rows, (void)others, (void)plain, (void)pairs, (void)state, (void)groups;
BODY
}
"""
GOOD_CALLS = (
    'squarely::State one{"mse"}, two({"mse", "mae"}), three({"mean_pinball_loss", 0.9}), four',
    'squarely::State five(std::string("mse")), six("mse", {}), seven({"mse", {"mean_pinball_loss", 0.9}})',
    'squarely::Groups of_one("mse"), of_two({"mse", "mae"}), of_parameter({"mean_pinball_loss", 0.9})',
    "state.update(rows, others).update(plain, rows).update(squarely::Span<double>(plain, 2), rows, others)",
    "state.update(pairs, 2).update(pairs, rows.size()).update(pairs, 2u).update(pairs, std::int64_t{2}, nullptr)",
    'state.value("mse"), state.value("mse", 0), state.value({"mean_pinball_loss", 0.9}, 0)',
)
BAD_CALLS = {
    'state.value("mean_pinball_loss", 0.9)': "deleted",
    'groups.values("mean_pinball_loss", 0.9)': "deleted",
    "state.update(rows, 2)": "no matching",
    "state.update(pairs, 2.0)": "no matching",
}


def skip_where_libraries_lie_elsewhere() -> None:
    package = pathlib.Path(squarely.get_include()).parent
    if (package.parent / "squarely.libs").is_dir():
        pytest.skip("a repaired wheel has libraries that are shipped too")


def loaded_by(program: pathlib.Path) -> pathlib.Path:
    """Return where the loader finds the library for a program."""
    found = re.search(r"libsquarely\.so\S* => (\S+)", output_of([tool("ldd"), program]))
    assert found is not None
    return pathlib.Path(found[1])


def test_a_program_by_a_compiler_is_moved_with_its_library(tmp_path: pathlib.Path) -> None:
    skip_where_libraries_lie_elsewhere()
    tool("pkg-config")
    tool("cc")
    first, then = tmp_path / "with blanks", tmp_path / "elsewhere"
    first.mkdir()
    shutil.copy(CONSUMERS / "c" / "score.c", first)
    commands = block_of_the_guide("sh", "$ORIGIN").replace("python ", f"{sys.executable} ")
    output_of(["sh", "-euc", commands], cwd=first)
    if os.path.islink(squarely.get_library()):  # installed by CMake, and not in a wheel
        (first / "libsquarely.so").rename(first / "libsquarely.so.1")
    first.rename(then)
    assert loaded_by(then / "score").parent == then
    assert output_of([then / "score"]).count("\n") > 1


def test_a_program_by_cmake_is_installed_with_its_library(tmp_path: pathlib.Path) -> None:
    skip_where_libraries_lie_elsewhere()
    cmake = tool("cmake")
    shutil.copytree(CONSUMERS / "cpp", tmp_path / "source")
    with open(tmp_path / "source" / "CMakeLists.txt", "a") as lists:
        lists.write(block_of_the_guide("cmake", "INSTALL_RPATH"))
    output_of(
        [cmake, "-S", tmp_path / "source", "-B", tmp_path / "build", f"-Dsquarely_DIR={squarely.get_cmake_dir()}"]
    )
    output_of([cmake, "--build", tmp_path / "build"])
    output_of([cmake, "--install", tmp_path / "build", "--prefix", tmp_path / "there"])
    shutil.rmtree(tmp_path / "build")
    (tmp_path / "there").rename(tmp_path / "moved")
    assert loaded_by(tmp_path / "moved" / "score").parent == tmp_path / "moved"
    assert output_of([tmp_path / "moved" / "score"]).count("\n") > 1
