"""Programs of others, built from the installed package: what they print is what Python computes."""

import concurrent.futures
import doctest
import os
import pathlib
import re
import shutil
import sys
import textwrap
from collections.abc import Sequence

import pytest

import squarely
from instruments.consumers import CONSUMERS, output_of, printed_by, tool, value_and_digest

ROOT = pathlib.Path(__file__).parents[2]

# What a consumer may ask of its compiler. The second sets flush-to-zero for the whole program.
FLAGS = {"plain": "-O2", "fast-math": "-O3 -ffast-math -march=native"}
STRICT = "-Wall -Wextra -Wpedantic -Wconversion -Werror"


@pytest.fixture(scope="module")
def expected() -> list[str]:
    return value_and_digest()


def check_on_every_target(program: Sequence[str | os.PathLike[str]], expected: list[str], **environment: str) -> None:
    for target in squarely.targets():
        assert printed_by(program, SQUARELY_TARGET=target, **environment) == expected, target


@pytest.mark.parametrize("flags", FLAGS)
def test_a_c_program_by_pkg_config(flags: str, expected: list[str], tmp_path: pathlib.Path) -> None:
    compiler, pkg_config = tool("cc", "gcc", "clang"), tool("pkg-config", "pkgconf")
    options = output_of(
        [pkg_config, "--cflags", "--libs", "squarely"], PKG_CONFIG_PATH=squarely.build.get_pkgconfig_dir()
    )
    source, program = CONSUMERS / "c" / "score.c", tmp_path / "score"
    output_of(["sh", "-c", f"{compiler} -std=c99 {STRICT} {FLAGS[flags]} {source} -o {program} {options}"])
    check_on_every_target([program], expected)


def test_a_c_program_by_the_command_line(expected: list[str], tmp_path: pathlib.Path) -> None:
    compiler, source, program = tool("cc", "gcc", "clang"), CONSUMERS / "c" / "score.c", tmp_path / "score"
    include = output_of([sys.executable, "-m", "squarely", "--include"]).strip()
    libs = output_of([sys.executable, "-m", "squarely", "--libs"]).strip()
    output_of(["sh", "-c", f"{compiler} {source} -I{include} {libs} -o {program}"])
    assert output_of([program]).split()[1] == expected[1]


@pytest.mark.parametrize("flags", FLAGS)
def test_a_cpp_program_by_cmake(flags: str, expected: list[str], tmp_path: pathlib.Path) -> None:
    cmake = tool("cmake")
    output_of(
        [
            cmake, "-S", CONSUMERS / "cpp", "-B", tmp_path, f"-Dsquarely_DIR={squarely.get_cmake_dir()}",
            f"-DCMAKE_CXX_FLAGS={STRICT} {FLAGS[flags]}",
        ]
    )  # fmt: skip
    output_of([cmake, "--build", tmp_path])
    check_on_every_target([tmp_path / "score"], expected)


def test_a_rust_program(expected: list[str], tmp_path: pathlib.Path) -> None:
    compiler, library = tool("rustc"), os.path.dirname(squarely.get_library())
    program = tmp_path / "score"
    output_of(
        [
            compiler, "--edition=2021", "-Dwarnings", "-O", CONSUMERS / "rust" / "score.rs", "-o", program,
            f"-L{library}", "-lsquarely", f"-Clink-arg=-Wl,-rpath,{library}",
        ]
    )  # fmt: skip
    check_on_every_target([program], expected)


def test_a_fortran_program(expected: list[str], tmp_path: pathlib.Path) -> None:
    compiler, library = tool("gfortran"), os.path.dirname(squarely.get_library())
    program = tmp_path / "score"
    output_of(
        [
            compiler, "-std=f2008", "-Wall", "-Wextra", "-Werror", "-J", tmp_path, CONSUMERS / "fortran" / "score.f90",
            "-o", program, f"-L{library}", "-lsquarely", f"-Wl,-rpath,{library}",
        ]
    )  # fmt: skip
    check_on_every_target([program], expected)


def test_ctypes_by_the_path_of_the_library(expected: list[str]) -> None:
    # -I -S: nothing of site-packages can be imported.
    check_on_every_target(
        [sys.executable, "-I", "-S", CONSUMERS / "ctypes" / "score.py", squarely.get_library()], expected
    )


EXTENSIONS = ("pybind11", "cython")


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pathlib.Path]:
    """Return where each extension was installed: both at a time, since compilers are slow."""
    tool("c++", "g++", "clang++")

    def installed(name: str) -> pathlib.Path:
        folder = tmp_path_factory.mktemp(name)
        source, site = folder / "source", folder / "site"
        shutil.copytree(CONSUMERS / name, source)
        # Little is gained by optimizing what a compiler of C takes seconds for: what matters is at the link, too.
        flags = FLAGS["fast-math"].replace("-O3", "-O0")
        output_of(
            [
                sys.executable, "-m", "pip", "install", "--quiet", "--no-build-isolation", "--no-deps", "--no-index",
                "--disable-pip-version-check", "--target", site, source,
            ],
            CFLAGS=flags,
            CXXFLAGS=flags,
        )  # fmt: skip
        return site

    with concurrent.futures.ThreadPoolExecutor(len(EXTENSIONS)) as pool:
        return dict(zip(EXTENSIONS, pool.map(installed, EXTENSIONS), strict=True))


@pytest.mark.parametrize("name", EXTENSIONS)
def test_an_extension_by_the_capsule(name: str, expected: list[str], sites: dict[str, pathlib.Path]) -> None:
    site = sites[name]
    code = (
        f"import sys; sys.path[:0] = [{str(site)!r}, {str(CONSUMERS.parent)!r}]\n"
        f"import squarely_consumer_{name} as consumer; from inputs.consumer_numbers import made_numbers\n"
        "import numpy as np; y_true, y_pred = made_numbers()\n"
        "print(repr(consumer.mean_squared_error(y_true, y_pred.astype(np.float64))), consumer.digest(y_true, y_pred))"
    )
    check_on_every_target([sys.executable, "-c", code], expected)

    for number, other in ((0, 2), (1, 100)):  # the version of the interface, the size of the table
        refused = f"""
            import ctypes, sys, squarely
            capsule, name = squarely._core.c_api, b"squarely._core.c_api"
            get, new = ctypes.pythonapi.PyCapsule_GetPointer, ctypes.pythonapi.PyCapsule_New
            get.restype, get.argtypes = ctypes.c_void_p, (ctypes.py_object, ctypes.c_char_p)
            new.restype, new.argtypes = ctypes.py_object, (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)
            table = (ctypes.c_uint32 * 2).from_buffer_copy(ctypes.string_at(get(capsule, name), 8))
            table[{number}] = {other}
            squarely._core.c_api = new(ctypes.addressof(table), name, None)
            sys.path.insert(0, {str(site)!r})
            try:
                import squarely_consumer_{name}
            except ImportError as error:
                print(error.__cause__ or error)
        """
        message = output_of([sys.executable, "-c", textwrap.dedent(refused)])
        assert re.fullmatch(rf"This extension was compiled for .* has version .*\b{other}\b.*\n", message)


def test_the_extension_loads_the_library_beside_it(tmp_path: pathlib.Path) -> None:
    other = tmp_path / "libsquarely.so"
    output_of(["sh", "-c", f"{tool('cc', 'gcc', 'clang')} -shared -fPIC -x c /dev/null -o {other}"])
    found = output_of(
        [sys.executable, "-c", "import squarely; print(squarely.max_error([1], [3]))"], LD_LIBRARY_PATH=str(tmp_path)
    )
    assert found == "2.0\n"


def test_the_commands_of_the_readme_work(tmp_path: pathlib.Path) -> None:
    section = (ROOT / "README.md").read_text().partition("\n## Embed it\n")[2].partition("\n## ")[0]
    by_pkg_config, by_cmake = re.findall(r"(?s)```sh\n(.*?)```", section)
    tool("pkg-config")
    tool("cmake")
    for commands, printed in (
        (by_pkg_config, ["0.375"]),
        (by_cmake, ["0.5", digest_of_the_readme()]),
    ):
        script = commands.replace(".venv/bin/python", sys.executable)
        found = output_of(["sh", "-euc", f"cd {tmp_path}\n{script}"])
        assert found.split()[-len(printed) :] == printed


@pytest.mark.parametrize(
    ("language", "compiler", "program"),
    [("Rust", "rustc", "./score"), ("Fortran", "gfortran", "./score"), ("Julia", "python", "")],
)
def test_the_commands_of_the_guide_work(
    language: str, compiler: str, program: str, expected: list[str], tmp_path: pathlib.Path
) -> None:
    tool(compiler)
    for source in CONSUMERS.glob("*/score.*"):
        shutil.copy(source, tmp_path)
    section = (ROOT / "docs" / "embedding.md").read_text().partition(f"\n## From {language}")[2].partition("\n## ")[0]
    (commands,) = re.findall(r"(?s)```sh\n(.*?)```", section)
    script = re.sub(r"\bpython ", f"{sys.executable} ", commands)
    found = output_of(["sh", "-euc", f"cd {tmp_path}\n{script}\n{program}"]).split()
    assert [repr(float(found[0])), found[1]] == expected


def digest_of_the_readme() -> str:
    metrics = ["mean_absolute_error", squarely.metric("mean_pinball_loss", alpha=0.9)]
    return squarely.Accumulator(metrics).update([3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 8.0]).digest()


def test_the_examples_of_the_guide_are_true() -> None:
    results = doctest.testfile(str(ROOT / "docs" / "embedding.md"), module_relative=False)
    assert results.attempted > 0
    assert results.failed == 0
