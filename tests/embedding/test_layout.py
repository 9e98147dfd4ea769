"""What compiled programs rely on: sizes, offsets, numbers, the order of functions, and which files are installed."""

import importlib.metadata
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

import squarely
from oracles.tables import ELEMENT_TYPES
from squarely import __main__ as command
from squarely import build

INCLUDE = pathlib.Path(squarely.get_include())
HEADER = (INCLUDE / "squarely" / "squarely.h").read_text()
PACKAGE = INCLUDE.parent
DECLARATIONS = (PACKAGE / "c_api.pxd").read_text()

# Of 64-bit machines. Nothing here ever changes: new members, numbers and functions come after the old ones.
LAYOUT = {
    "squarely_error": "512: status 0, message 4",
    "squarely_column": "56: data 0, stride 8, dtype 16, swapped 20, validity 24, validity_offset 32, missing 40, "
    "missing_stride 48",
    "squarely_pairs": "128: y_true 0, y_pred 56, where 112, where_stride 120",
    "squarely_metric": "16: name 0, parameter 8",
    "squarely_state_options": "48: struct_size 0, outputs 8, metrics 16, metric_count 24, summation 32, nan_policy 36, "
    "weighted 40, unused 44",
    "squarely_counts": "56: struct_size 0, pairs 8, infinite 16, undefined 24, missing_true 32, missing_pred 40, "
    "masked 48",
    "squarely_worst_row": "64: struct_size 0, part 8, row 16, y_true 24, y_pred 32, loss 40, weight 48, "
    "contribution 56",
}

EVERYDAY = ("mean_squared_error", "root_mean_squared_error", "sum_squared_error", "mean_absolute_error", "mean_error",
            "max_error", "r2_score")  # fmt: skip
FUNCTIONS = [
    "version", "get_target", "set_target", "get_num_threads", "set_num_threads", "metric_name", "metric_parameter",
    *(f"{metric}_{dtype}" for metric in EVERYDAY for dtype in ("float64", "float32")),
    "score", "state_create", "state_copy", "state_free", "state_update", "state_merge", "state_subtract", "state_reset",
    "state_outputs", "state_counts", "state_value", "state_to_bytes", "state_from_bytes", "state_digest",
    "state_update_weighted", "use_one_thread_here", "states_update",
    *(f"groups_{name}" for name in ("create", "copy", "free", "update", "update_sorted", "merge", "subtract", "count",
                                    "counts", "values", "state", "overall", "to_bytes", "from_bytes", "digest")),
    *(f"worst_rows_{name}" for name in ("create", "copy", "free", "update", "merge", "count", "row", "to_bytes",
                                        "from_bytes")),
]  # fmt: skip

NUMBERS = {
    "SQUARELY_": "OK INVALID_ARGUMENT UNKNOWN_METRIC NOT_FINITE MISMATCH DAMAGED UNDEFINED BUFFER_TOO_SMALL NO_MEMORY "
    "WRONG_ENVIRONMENT UNEXPECTED",
    "SQUARELY_ ": " ".join(row.name_in_c for row in ELEMENT_TYPES),
    "SQUARELY_  ": "EXACT KAHAN PAIRWISE",
    "SQUARELY_NAN_": "RAISE PROPAGATE OMIT OMIT_TRUE SKIP_NULLS",
}

# More may follow.
FIRST_ELEMENT_TYPES = "FLOAT64 FLOAT32 FLOAT16 BFLOAT16 INT64 INT32 INT16 INT8 UINT64 UINT32 UINT16 UINT8 BOOLEAN"

# Everything of the package that is no Python file.
INSTALLED = {
    "_core.pyi",
    "report_page/page.css",
    "c_api.pxd",
    "include/squarely/squarely.h",
    "include/squarely/squarely.hpp",
    "include/squarely/squarely_python.h",
    "lib/cmake/squarely/squarely-config-version.cmake",
    "lib/cmake/squarely/squarely-config.cmake",
    "lib/cmake/squarely/squarely-targets-release.cmake",
    "lib/cmake/squarely/squarely-targets.cmake",
    "lib/libsquarely.so",
    "lib/pkgconfig/squarely.pc",
    "py.typed",
}


def compiler(*names: str) -> str:
    found = [path for name in names if (path := shutil.which(name))]
    return found[0] if found else pytest.skip(f"needs {' or '.join(names)}")


def c_output(source: str, folder: pathlib.Path, *options: str) -> str:
    file, program = folder / "program.c", folder / "program"
    file.write_text(source)
    strict = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]
    linker = build.linker_options().split()
    command = [
        compiler("cc", "gcc", "clang"),
        *strict,
        *options,
        f"-I{INCLUDE}",
        str(file),
        *linker,
        "-o",
        str(program),
    ]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return subprocess.run([program], capture_output=True, text=True, check=True).stdout


@pytest.mark.skipif(sys.maxsize < 2**32, reason="the layout of 64-bit machines")
def test_the_layout_is_what_it_was(tmp_path: pathlib.Path) -> None:
    claims = []
    for name, layout in LAYOUT.items():
        size, members = layout.split(": ")
        claims.append(f"sizeof({name}) == {size}")
        claims += [f"offsetof({name}, {member}) == {at}" for member, at in map(str.split, members.split(", "))]
    claims += ["offsetof(squarely_api, abi_version) == 0", "offsetof(squarely_api, struct_size) == 4"]
    claims += [f"offsetof(squarely_api, {name}) == {8 + 8 * i}" for i, name in enumerate(FUNCTIONS)]
    claims += [f"sizeof(squarely_api) >= {8 + 8 * len(FUNCTIONS)}", "SQUARELY_ABI_VERSION == 1"]
    for prefix, names in NUMBERS.items():
        claims += [f"{prefix.strip()}{name} == {number}" for number, name in enumerate(names.split())]
    checks = "\n".join(f'    if (!({claim})) puts("{claim}");' for claim in claims)
    source = f"#include <squarely/squarely.h>\n#include <stdio.h>\nint main(void) {{\n{checks}\n    return 0;\n}}\n"
    assert c_output(source, tmp_path, "-Wno-type-limits") == ""


def test_no_number_of_an_element_type_changes() -> None:
    assert NUMBERS["SQUARELY_ "].startswith(FIRST_ELEMENT_TYPES)


def preprocessed() -> str:
    command = [compiler("cc", "gcc", "clang"), "-E", "-P", "-x", "c", str(INCLUDE / "squarely" / "squarely.h")]
    return " ".join(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


def test_the_table_has_every_function_in_its_place() -> None:
    text = preprocessed()
    table = text[text.index("struct squarely_api {") :]
    members = re.findall(r"\(\*(\w+)\)\([^;]*\);", table)
    declared = set(re.findall(r"\bsquarely_(\w+)\([^;]*?\);", text[: text.index("struct squarely_api {")]))
    assert set(members) == declared - {"abi_version", "get_api"}
    assert members[: len(FUNCTIONS)] == FUNCTIONS


def test_cython_declares_what_the_header_does() -> None:
    text = preprocessed()
    for name in LAYOUT:
        members = re.search(rf"typedef struct {name} \{{(.*?)\}} {name};", text).group(1).split(";")
        for member in filter(None, map(str.strip, members)):
            assert f"        {member}\n" in DECLARATIONS, member
    for name in re.findall(r"\b(SQUARELY_\w+) = \d+", HEADER):
        assert f"        {name}\n" in DECLARATIONS
    flat = " ".join(DECLARATIONS.split())
    table = text[text.index("struct squarely_api {") :]
    for result, name, types in re.findall(r"([\w ]+\**) ?\(\*(\w+)\)\(([^;]*)\);", table):
        arguments = types.replace("char[65]", "char*").replace("void", "") if types == "void" else types
        arguments = arguments.replace("char[65]", "char*")
        assert f"{result.strip()} (*{name})({arguments}) noexcept nogil" in flat, name


EXAMPLES = re.findall(r"(?ms)^       (?:// score.c[^\n]*\n {7})?(#include <squarely/squarely.h>.*?^       \})$", HEADER)


@pytest.mark.parametrize("number", range(2))
def test_the_examples_of_the_header_are_true(number: int, tmp_path: pathlib.Path) -> None:
    assert len(EXAMPLES) == 2
    source = re.sub(r"(?m)^ {7}", "", EXAMPLES[number]) + "\n"
    promised = re.search(r"// prints (\S+)", source).group(1)
    assert c_output(source, tmp_path).strip() == promised


def test_the_header_is_cpp_too(tmp_path: pathlib.Path) -> None:
    example = re.search(r"(?s)//     (std::vector<double> y_true.*?)\n//\n// After", header_of_cpp()).group(1)
    lines = re.sub(r"(?m)^//     ?", "", example).replace("\n//\n", "\n\n")
    checks = (
        "if (mse != 0.375 || mae != 0.5 || digest.size() != 64) return 1;\n"
        'squarely::State weighted({"mae"}, {2, SQUARELY_EXACT, SQUARELY_NAN_RAISE, true});\n'
        "const squarely_pairs pairs{squarely::column(y_true), squarely::column(y_pred), nullptr, 0};\n"
        "const std::vector<double> some = {0, 0, 1, 1}, others = {0, 1, 0, 0};\n"
        "weighted.update_weighted({pairs, pairs}, 4, {squarely::column(some), squarely::column(others)});\n"
        'if (weighted.value("mae") != 0.5 || weighted.value("mean_absolute_error", 1) != 0.5) return 3;\n'
        "weighted.reset().update_weighted({pairs, pairs}, 4, {squarely::column(others)});\n"
        'if (weighted.value("mae") != 0.5 || weighted.value("mae", 1) != 0.5) return 4;\n'
        'squarely::Groups groups({"mae"});\n'
        "const std::vector<std::uint32_t> numbers = {0, 1, 1, 0};\n"
        "groups.update({pairs}, numbers, 2).update_sorted({pairs}, std::vector<std::int64_t>{0, 2, 4});\n"
        "squarely::Groups copy = groups;\n"
        "copy.merge(groups).merge(groups, {1, 0}, 2).subtract(groups, {1, 0}).subtract(groups);\n"
        "const std::vector<unsigned char> bytes = copy.to_bytes();\n"
        "if (squarely::Groups::from_bytes(bytes.data(), bytes.size()).digest() != groups.digest()) return 5;\n"
        'if (groups.values("mae").size() != 2 || groups.overall().value("mae") != 0.5) return 6;\n'
        "if (groups.count() != 2 || groups.state(1).counts().pairs != groups.counts(1).pairs) return 7;\n"
        'squarely::State one({"mae"}), two({"mae"});\n'
        "squarely::update_states(std::vector<squarely_state*>{one.get(), two.get(), two.get(), one.get()}, pairs);\n"
        'if (one.value("mae") != 0.75 || two.value("mae") != 0.25) return 8;\n'
        "squarely::WorstRows worst(2), more(2);\n"
        'worst.update(y_true, y_pred, "a"); more.update(pairs, 4, "b");\n'
        "squarely::WorstRows both = worst;\n"
        "both.merge(more);\n"
        "const std::vector<unsigned char> written = both.to_bytes();\n"
        "const auto again = squarely::WorstRows::from_bytes(written.data(), written.size());\n"
        "if (again.size() != 2 || again[0].row != 3 || again[1].part[0] != 'b') return 10;\n"
        "if (again[0].contribution != 1 || again[1].contribution != 1) return 11;\n"
        "if (squarely::use_one_thread_here(true) || !squarely::use_one_thread_here(false)) return 9;\n"
        'try { state.value("nonsense"); } catch (const squarely::Error&) { return 0; }\nreturn 2;'
    )
    file, program = tmp_path / "program.cpp", tmp_path / "program"
    file.write_text(f"#include <squarely/squarely.hpp>\nint main() {{\n{lines}\n{checks}\n}}\n")
    strict = ["-std=c++17", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror"]
    options = [f"-I{INCLUDE}", str(file), *build.linker_options().split(), "-o", str(program)]
    built = subprocess.run(
        [compiler("c++", "g++", "clang++"), *strict, *options], capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr
    assert subprocess.run([program], check=False).returncode == 0


def header_of_cpp() -> str:
    return (INCLUDE / "squarely" / "squarely.hpp").read_text()


def test_the_library_exports_the_interface_alone() -> None:
    command = [compiler("nm"), "--dynamic", "--defined-only", squarely.get_library()]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    names = {line.split()[-1] for line in found.splitlines()}
    version = squarely.__version__.replace(".", "_")
    assert names == {f"squarely_{name}" for name in [*FUNCTIONS, "abi_version", "get_api", f"targets_{version}"]}


def test_the_installed_files_are_these() -> None:
    files = importlib.metadata.files("squarely")
    if files is None or not any(file.name == "squarely.h" for file in files):
        pytest.skip("this copy was not installed from a wheel")
    own = {file.as_posix().removeprefix("squarely/") for file in files if file.as_posix().startswith("squarely/")}
    others = {name for name in own if not name.endswith((".py", ".pyc"))}
    assert len(extension := {name for name in others if name.startswith("_core.") and name != "_core.pyi"}) == 1
    assert others - extension == INSTALLED


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("--include", squarely.get_include()),
        ("--cmakedir", squarely.get_cmake_dir()),
        ("--libs", build.linker_options()),
        ("--pkgconfigdir", build.get_pkgconfig_dir()),
    ],
)
def test_the_command_line_answers(question: str, answer: str, capsys: pytest.CaptureFixture[str]) -> None:
    command.main([question])
    assert capsys.readouterr().out == answer + "\n"


def test_the_command_line_tells_its_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        command.main(["--version"])
    assert capsys.readouterr().out == squarely.__version__ + "\n"


def test_the_command_line_wants_a_question(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        command.main([])
    assert "--cmakedir" in capsys.readouterr().err


def test_a_copy_without_the_files_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    monkeypatch.setattr(build._core, "__file__", str(tmp_path / "_core.so"))
    for function in (build.get_include, build.get_cmake_dir, build.get_library, build.get_pkgconfig_dir):
        with pytest.raises(FileNotFoundError, match="Install squarely from a wheel or a source distribution with pip"):
            function()
