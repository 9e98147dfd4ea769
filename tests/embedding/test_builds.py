"""The library built by others from its source distribution: as a part of their project, static, and shared."""

import json
import pathlib
import re
import shutil
from typing import NamedTuple

import pytest

from instruments.consumers import CONSUMERS, output_of, printed_by, tool, value_and_digest
from instruments.source_distribution import built

ROOT = pathlib.Path(__file__).parents[2]
pytest.importorskip("scikit_build_core")
pytestmark = pytest.mark.timeout(1800)  # a library is compiled, of one instruction set and hardly optimized


class Part(NamedTuple):
    """A project that has squarely in it, and what CMake said of it."""

    folder: pathlib.Path
    said: str

    def configure(self, *options: str) -> str:
        return output_of([tool("cmake"), self.folder, *options])

    def build(self) -> None:
        output_of([tool("cmake"), "--build", self.folder])

    def install(self, prefix: pathlib.Path) -> set[str]:
        output_of([tool("cmake"), "--install", self.folder, "--prefix", prefix])
        return {str(file.relative_to(prefix)) for file in prefix.rglob("*") if not file.is_dir()}

    def cache(self) -> dict[str, str]:
        return dict(re.findall(r"(?m)^(\w+):\w+=(.*)$", (self.folder / "CMakeCache.txt").read_text()))

    def commands(self) -> dict[str, list[str]]:
        """Return how each file of source is compiled."""
        commands = json.loads((self.folder / "compile_commands.json").read_text())
        return {command["output"]: command["command"].split() for command in commands}


@pytest.fixture(scope="module")
def part(tmp_path_factory: pytest.TempPathFactory) -> Part:
    folder, archive = tmp_path_factory.mktemp("part"), built(tmp_path_factory.mktemp("archive"))
    tool("ninja")
    options = [
        "-G", "Ninja", "-DCMAKE_BUILD_TYPE=", "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON", "-DCMAKE_INSTALL_LIBDIR=lib",
        f"-DSQUARELY_ARCHIVE={archive}", "-DSQUARELY_ONLY_TARGETS=plain",
        "-DSQUARELY_PRECOMPILED_HEADERS=ON",  # a minute less; .ci/check builds without
    ]  # fmt: skip
    return Part(folder, output_of([tool("cmake"), "-S", CONSUMERS / "part", "-B", folder, *options]))


@pytest.fixture(scope="module")
def built_part(part: Part) -> Part:
    part.configure("-DCMAKE_BUILD_TYPE=Quick")  # of which CMake knows nothing: no -O and no -g
    part.build()
    return part


@pytest.fixture(scope="module")
def static(built_part: Part, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """Return where the static library is installed."""
    prefix = tmp_path_factory.mktemp("static")
    built_part.configure("-DSQUARELY_INSTALL=ON")
    built_part.build()
    installed = built_part.install(prefix / "before")
    built_part.configure("-DSQUARELY_INSTALL=OFF")
    assert {"lib/libsquarely.a", "lib/pkgconfig/squarely.pc", "include/squarely/squarely.h"} < installed
    # What is installed may be moved.
    return pathlib.Path(shutil.move(prefix / "before", prefix / "moved"))


def test_a_parent_keeps_what_it_has_set(part: Part) -> None:
    assert "changed: " not in part.said
    cache = part.cache()
    assert cache["CMAKE_BUILD_TYPE"] == ""
    of_others = re.compile(
        r"CMAKE_|FETCHCONTENT_|FIND_PACKAGE_|OpenMP_|Threads_|PROJECT_|part_|own_|[A-Z]+_EXECUTABLE$"
    )
    assert {name for name in cache if not of_others.match(name) and not name.lower().startswith("squarely_")} == set()


def test_a_parent_sees_no_flags_and_no_names_of_ours(part: Part) -> None:
    commands = part.commands()
    ours = {file: flags for file, flags in commands.items() if "squarely" in file}
    own = {file: flags for file, flags in commands.items() if file not in ours}
    assert len(own) >= 3
    for flags in own.values():
        assert {"-Werror", "-ffast-math"} < set(flags)
        assert not {"-w", "-O3", "-Wshadow", "-ffp-contract=off", "-fvisibility=hidden", "-std=c++20"} & set(flags)
    for file, flags in ours.items():
        assert re.search(r"/(\w+)\.dir/", file)[1].startswith("squarely"), file
        assert flags.index("-ffast-math") < flags.index("-fno-fast-math") < flags.index("-ffp-contract=off")
        assert flags.index("-fno-exceptions") < flags.index("-fexceptions")
        # Where no build type says how much.
        assert "-O3" in flags


def test_programs_of_the_parent_run(built_part: Part) -> None:
    assert (built_part.folder / "archives" / "libsquarely.a").exists()
    for program in ("score_c", "score_cpp"):
        assert printed_by([built_part.folder / program]) == value_and_digest()


def test_nothing_of_ours_is_installed_unasked(built_part: Part, tmp_path: pathlib.Path) -> None:
    assert built_part.install(tmp_path) == {"bin/score_c", "bin/score_cpp"}


@pytest.mark.parametrize("options", ["--libs", "--libs --static"])
def test_pkg_config_knows_what_a_static_library_needs(
    options: str, static: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    compiler, program = tool("cc", "gcc", "clang"), tmp_path / "score"
    found = output_of(
        [tool("pkg-config", "pkgconf"), "--cflags", *options.split(), "squarely"],
        PKG_CONFIG_PATH=str(static / "lib" / "pkgconfig"),
    )
    output_of([compiler, "-std=c99", CONSUMERS / "c" / "score.c", "-o", program, *found.split()])
    assert printed_by([program]) == value_and_digest()


@pytest.mark.parametrize("language", ["c", "cpp"])
def test_cmake_knows_what_a_static_library_needs(language: str, static: pathlib.Path, tmp_path: pathlib.Path) -> None:
    cmake = tool("cmake")
    output_of([cmake, "-S", CONSUMERS / language, "-B", tmp_path, f"-DCMAKE_PREFIX_PATH={static}"])
    output_of([cmake, "--build", tmp_path])
    assert printed_by([tmp_path / "score"]) == value_and_digest()


def test_a_library_of_the_parent_brings_ours(static: pathlib.Path, tmp_path: pathlib.Path) -> None:
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.20)\nproject(user LANGUAGES C)\nfind_package(squarely CONFIG REQUIRED)\n"
        "find_package(part CONFIG REQUIRED)\nadd_executable(user main.c)\ntarget_link_libraries(user own)\n"
    )
    # By a declaration of its own: headers are a private matter of the library between.
    (tmp_path / "main.c").write_text(
        "unsigned squarely_abi_version(void);\nint main(void) { return squarely_abi_version() == 0; }\n"
    )
    cmake = tool("cmake")
    output_of([cmake, "-S", tmp_path, "-B", tmp_path / "build", f"-DCMAKE_PREFIX_PATH={static}"])
    output_of([cmake, "--build", tmp_path / "build"])
    output_of([tmp_path / "build" / "user"])


def test_a_parent_of_shared_libraries_gets_one(built_part: Part, tmp_path: pathlib.Path) -> None:
    interface = re.search(r"ABI_VERSION (\d+)", (ROOT / "cpp" / "include" / "squarely" / "squarely.h").read_text())[1]
    built_part.configure("-DBUILD_SHARED_LIBS=ON", "-DSQUARELY_INSTALL=ON")
    built_part.build()
    assert printed_by([built_part.folder / "score_c"]) == value_and_digest()
    header = output_of([tool("readelf"), "--dynamic", built_part.folder / "libraries" / "libsquarely.so"])
    assert f"Library soname: [libsquarely.so.{interface}]" in header
    libraries = {name for name in built_part.install(tmp_path) if name.startswith("lib/libsquarely")}
    version = re.search(r'(?m)^version = "(\d+(?:\.\d+)*)', (ROOT / "pyproject.toml").read_text())[1]
    assert libraries == {f"lib/libsquarely.so{end}" for end in ("", f".{interface}", f".{version}")}
    built_part.configure("-UBUILD_SHARED_LIBS", "-DSQUARELY_INSTALL=OFF")


def test_a_folder_is_a_part_as_well(tmp_path: pathlib.Path) -> None:
    options = [f"-DSQUARELY_FOLDER={ROOT}", "-DSQUARELY_ONLY_TARGETS=plain", "-DSQUARELY_OPENMP=OFF"]
    said = output_of([tool("cmake"), "-S", CONSUMERS / "part", "-B", tmp_path, *options])
    assert "Build files have been written" in said
    assert "changed: " not in said


def test_the_lines_of_the_guide_work(tmp_path: pathlib.Path) -> None:
    examples = re.findall(r"(?s)```cmake\n(.*?)```", (ROOT / "docs" / "embedding.md").read_text())
    (lines,) = (one for one in examples if "FetchContent" in one)
    (tmp_path / "third_party").mkdir()
    (tmp_path / "third_party" / "squarely").symlink_to(ROOT)
    program = f"add_executable(score {CONSUMERS / 'c' / 'score.c'})"
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.20)\nproject(score LANGUAGES C)\nset(SQUARELY_ONLY_TARGETS plain)\n"
        f"{program}\n{lines}get_target_property(sources squarely SOURCES)\nmessage(STATUS ${{sources}})\n"
    )
    said = output_of([tool("cmake"), "-S", tmp_path, "-B", tmp_path / "build"])
    assert re.findall(r"squarely_kernels_(\w+)", said) == ["plain"]
