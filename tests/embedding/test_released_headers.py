"""What was compiled with the header of a release runs with this library, unless the interface has another number."""

import pathlib
import re
from collections.abc import Iterator

import pytest

import squarely
from instruments.consumers import CONSUMERS, output_of, printed_by, tool, value_and_digest
from squarely import build

ROOT = pathlib.Path(__file__).parents[2]
RELEASED = pathlib.Path(__file__).parent / "released"
STRICT = ["-std=c11", "-Wall", "-Wextra", "-Werror"]

# A newer library may have more members in these, whose struct_size says how many the caller knows.
GROWING = {"squarely_state_options", "squarely_counts", "squarely_worst_row", "squarely_api"}


def interface_of(folder: pathlib.Path) -> int:
    header = (folder / "squarely" / "squarely.h").read_text()
    return int(re.search(r"#define SQUARELY_ABI_VERSION (\d+)", header)[1])


def numbers_of(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


VERSIONS = sorted((folder.name for folder in RELEASED.iterdir()), key=numbers_of)
HERE = pathlib.Path(squarely.get_include())
# Those whose programs find this library, by its SONAME.
COMPATIBLE = [version for version in VERSIONS if interface_of(RELEASED / version) == interface_of(HERE)]


@pytest.fixture(scope="module")
def compiler() -> str:
    return tool("cc", "gcc", "clang")


def declarations_of(compiler: str, folder: pathlib.Path) -> str:
    """Return what the header of a folder declares, without what it includes."""
    header = folder / "squarely" / "squarely.h"
    text = output_of([compiler, "-E", "-P", "-D__attribute__(x)=", "-x", "c", header])
    return " ".join(text[text.index("typedef int32_t squarely_status") :].split())


def members_of(text: str, name: str) -> Iterator[tuple[str, str]]:
    """Yield each member of a structure and its type."""
    (inside,) = re.findall(rf"struct {name} {{(.*?)}}", text)
    for member in filter(None, map(str.strip, inside.split(";"))):
        if function := re.fullmatch(r"(.*)\(\*(\w+)\)(\(.*\))", member):
            yield function[2], f"{function[1]}(*){function[3]}"
            continue
        kind, names = re.fullmatch(r"(.*?[ *])((?:\w+(?:\[\d+\])?(?:, )?)+)", member).groups()
        for one in names.split(", "):
            own, bracket, size = one.partition("[")
            yield own, kind + bracket + size


def promises_of(text: str) -> Iterator[str]:
    """Yield statements of C that compile, and print the same, where a program of this header finds what it knows."""
    for line, name in re.findall(r"(?<=[;}] )((?:[\w*]+ )+\**(squarely_\w+)\([^;{}]*\));", text):
        yield f"(void){name};"
        yield f"{line};"  # a second declaration, which must have the same types
    for name in dict.fromkeys(re.findall(r"struct (squarely_\w+) {", text)):
        for member, kind in members_of(text, name):
            place = f"(({name}*)0)->{member}"
            yield f'_Static_assert(__builtin_types_compatible_p(__typeof__({place}), __typeof__({kind})), "{member}");'
            yield f'printf("{name}.{member} %zu\\n", offsetof({name}, {member}));'
        if name not in GROWING:
            yield f'printf("{name} %zu\\n", sizeof({name}));'
    for number in re.findall(r"(SQUARELY_\w+) = ", text):
        yield f'printf("{number} %d\\n", (int){number});'


def printed(compiler: str, promises: list[str], include: pathlib.Path, folder: pathlib.Path) -> str:
    source = folder / "promises.c"
    lines = "\n    ".join(promises)
    source.write_text(
        "#include <stddef.h>\n#include <stdio.h>\n#include <squarely/squarely.h>\n"
        f"int main(void) {{\n    {lines}\n    return 0;\n}}\n"
    )
    output_of([compiler, *STRICT, f"-I{include}", source, "-o", folder / "promises"])
    return output_of([folder / "promises"])


def test_every_release_has_its_header() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text()
    assert sorted(re.findall(r"(?m)^## \[([\d.]+)\]", changelog), key=numbers_of) == VERSIONS


def test_the_number_of_the_interface_never_falls() -> None:
    numbers = [interface_of(folder) for folder in [*(RELEASED / version for version in VERSIONS), HERE]]
    assert numbers == sorted(numbers)


@pytest.mark.parametrize("version", COMPATIBLE)
def test_what_a_release_declared_is_there(version: str, compiler: str, tmp_path: pathlib.Path) -> None:
    promises = list(promises_of(declarations_of(compiler, RELEASED / version)))
    assert sum(line.startswith("printf") for line in promises) > 100
    # One program, compiled with each of the headers.
    assert printed(compiler, promises, RELEASED / version, tmp_path) == printed(compiler, promises, HERE, tmp_path)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("double* value, squarely_error* error", "float* value, squarely_error* error"),
        ("ptrdiff_t stride;", "int64_t* stride;"),
        ("int32_t swapped;", "int32_t swapped, other;"),
        ("SQUARELY_INT64 = 4", "SQUARELY_INT64 = 14"),
        ("char message[508];", "char message[509];"),
        ("const char* (*metric_name)(size_t);", ""),
        ("void squarely_state_free(squarely_state* state);", ""),
        ("size_t (*state_outputs)(const squarely_state*);", "int (*state_outputs)(const squarely_state*);"),
    ],
)
def test_a_change_is_seen(old: str, new: str, compiler: str, tmp_path: pathlib.Path) -> None:
    version = VERSIONS[-1]
    header = (RELEASED / version / "squarely" / "squarely.h").read_text()
    assert old in header
    (tmp_path / "squarely").mkdir()
    (tmp_path / "squarely" / "squarely.h").write_text(header.replace(old, new))
    promises = list(promises_of(declarations_of(compiler, RELEASED / version)))
    expected = printed(compiler, promises, RELEASED / version, tmp_path)
    try:
        found = printed(compiler, promises, tmp_path, tmp_path)
    except AssertionError:
        return
    assert found != expected


@pytest.mark.parametrize("version", COMPATIBLE)
def test_a_program_of_a_release_runs(version: str, compiler: str, tmp_path: pathlib.Path) -> None:
    program, source = tmp_path / "score", CONSUMERS / "c" / "score.c"
    output_of([compiler, *STRICT, f"-I{RELEASED / version}", source, "-o", program, *build.linker_options().split()])
    assert printed_by([program]) == value_and_digest()


@pytest.mark.parametrize("version", COMPATIBLE)
def test_the_library_exports_what_a_release_declared(version: str, compiler: str) -> None:
    text = declarations_of(compiler, RELEASED / version)
    declared = set(re.findall(r"\b(squarely_\w+)\([^;]*?\);", text[: text.index("struct squarely_api {")]))
    assert len(declared) > 30
    symbols = output_of([tool("nm"), "--dynamic", "--defined-only", squarely.get_library()])
    assert declared <= {line.split()[-1] for line in symbols.splitlines()}
