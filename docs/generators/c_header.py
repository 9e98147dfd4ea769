"""The reference of C, from squarely.h: its declarations, and the comments before and behind them."""

import re
import textwrap
from collections.abc import Callable
from pathlib import Path

import squarely
from generators.rst import heading, indented

FOLDER = Path(squarely.get_include()) / "squarely"
HEADER = (FOLDER / "squarely.h").read_text(encoding="utf-8")

COMMENT = re.compile(r"/\*(.*?)\*/", re.DOTALL)
PART = re.compile(r"/\* ---- (.*) ---- \*/")
FAMILY = re.compile(r"#define SQUARELY_EVERYDAY\(metric\)(?P<body>(?:.*\\\n)*.*\n)")
NAME = re.compile(r"\b(?:squarely|SQUARELY)_\w+\b")
OPAQUE_TABLE = "typedef struct squarely_api squarely_api;\n"
TABLE = re.compile(r"struct (?P<name>squarely_api) \{(?P<body>.*)\n\};", re.DOTALL)
FUNCTION = re.compile(r"SQUARELY_API ([^;]*);(?:\s*/\*(.*?)\*/)?", re.DOTALL)
MEMBER = re.compile(r"^ +(?P<member>[^;/{}]+);(?:\s*/\*(?P<comment>.*?)\*/)?", re.DOTALL | re.MULTILINE)
ENUMERATOR = re.compile(r"(?P<name>SQUARELY_\w+) = (?P<value>\d+),?(?:\s*/\*(?P<comment>.*?)\*/)?", re.DOTALL)


def expanded(text: str) -> str:
    """Return declarations, or members, with those that a macro makes written out."""
    found = FAMILY.search(text)
    assert found is not None
    body = found["body"].replace("\\\n", " ").strip()

    def members(call: re.Match[str]) -> str:
        declared = [
            " ".join(part.split()) for part in re.sub(r"(##)?\bmetric##", call[1], body).replace("##", "").split(";")
        ]
        return "\n    ".join(f"{one};{call[2] or ''}" for one in declared)

    text = FAMILY.sub("", text).replace("#undef SQUARELY_EVERYDAY\n", "")
    # A comment behind a declaration is on its line. The next lines may have one of another.
    return re.sub(r"SQUARELY_EVERYDAY\((\w+)\);([ \t]*/\*.*?\*/)?", members, text)


START, TABLE_START = (HEADER.index(text) for text in ("#define SQUARELY_ABI_VERSION", "/* ---- The table ---- */"))
DECLARATIONS = expanded(HEADER[START:TABLE_START].replace(OPAQUE_TABLE, ""))
MACROS = set(re.findall(r"^#define (\w+)", DECLARATIONS, re.MULTILINE))
DECLARED = set(NAME.findall(COMMENT.sub("", DECLARATIONS))) | {"squarely_api"}


def prose(comment: str) -> str:
    """Return the words of a comment with its names as links."""
    text = re.sub(r"([*`|\\])", r"\\\1", comment)
    return re.sub(rf"(?:{NAME.pattern})(?:\.h(?:pp)?\b)?", lambda found: link(found[0]), text)


def link(name: str) -> str:
    """Return a name as what leads to its declaration, where it has one."""
    if name not in DECLARED:
        return f"``{name}``"
    if name.isupper():
        return f":c:{'macro' if name in MACROS else 'enumerator'}:`{name}`"
    return f":c:{'func' if f'{name}(' in DECLARATIONS else 'type'}:`{name}`"


def line(comment: str | None) -> str:
    """Return a comment of one sentence or more, on one line."""
    return prose(" ".join((comment or "").split()))


def directive(kind: str, signatures: list[str], text: str, inside: str = "") -> str:
    """Return a declaration, or several that share their words."""
    first, *others = [" ".join(signature.split()) for signature in signatures]
    head = "\n".join([f".. c:{kind}:: {first}", *(" " * len(f".. c:{kind}:: ") + other for other in others)])
    return "\n\n".join(filter(None, [head, indented(text), indented(inside)])) + "\n"


def structure(found: re.Match[str], comment: str) -> str:
    """Return a structure with its members."""
    members = [directive("member", [one["member"]], line(one["comment"])) for one in MEMBER.finditer(found["body"])]
    return directive("struct", [found["name"]], comment, "\n".join(members))


def enumeration(found: re.Match[str], comment: str) -> str:
    """Return a type and the constants of it."""
    constants = [
        directive("enumerator", [f"{one['name']} = {one['value']}"], line(one["comment"]))
        for one in ENUMERATOR.finditer(found["body"])
    ]
    # Inside of the type they would have longer names.
    return "\n".join([directive("type", [f"{found['type']} {found['name']}"], comment), *constants])


def functions(found: re.Match[str], comment: str) -> str:
    """Return the functions that share a comment."""
    declared = list(FUNCTION.finditer(found[0]))
    notes = [f"{name_of(one[1])} : {line(one[2])}" for one in declared if one[2]]
    notes = [line(declared[0][2])] if len(declared) == 1 and declared[0][2] else [f"- {note}" for note in notes]
    return directive("function", [one[1] for one in declared], "\n\n".join(filter(None, [comment, "\n".join(notes)])))


def name_of(signature: str) -> str:
    """Return the name of a function as a link."""
    found = re.search(r"(squarely_\w+)\(", signature)
    assert found is not None
    return f":c:func:`{found[1]}`"


# What a declaration looks like, and what is made of it: the first that fits.
FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], str], str]], ...] = (
    (re.compile(r"typedef struct \w+ \{(?P<body>.*?)\n\} (?P<name>\w+);", re.DOTALL), structure),
    (re.compile(r"typedef (?P<type>\w+) (?P<name>\w+);\nenum \{(?P<body>.*?)\};", re.DOTALL), enumeration),
    (re.compile(r"typedef struct (?P<name>\w+) \w+;(?P<body>)"), structure),
    (re.compile(r"(?:SQUARELY_API [^;]*;(?:[ \t]*/\*.*?\*/)?\s*)+", re.DOTALL), functions),
    (
        re.compile(r"#define (\w+) (\d+)"),
        lambda found, comment: directive("macro", [found[1]], f"{comment} Its value is {found[2]}.".strip()),
    ),
)


def declaration(block: str) -> str:
    """Return what stands between two blank lines: a part's heading, or a comment and what it is about."""
    if part := PART.fullmatch(block):
        return heading(part[1], "-")
    comment = COMMENT.match(block)
    text = line(comment[1]) if comment else ""
    code = block[comment.end() :].strip() if comment else block
    for form, made in FORMS:
        if found := form.match(code):
            return made(found, text)
    raise ValueError(f"docs/generators/c_header.py does not know what this is:\n{block}")


def introduction() -> str:
    """Return the comment at the top of the header: text, lists, and code that is set in."""
    comment = COMMENT.match(HEADER)
    assert comment is not None
    text = textwrap.dedent("   " + comment[1].strip() + "\n")
    words_and_code = re.split(r"((?:^ {4}.*\n(?:\n(?= {4}))*)+)", text, flags=re.MULTILINE)
    return "\n".join(
        f".. code-block:: c\n\n{part}" if part.startswith("    ") else prose(part) for part in words_and_code
    )


def table_of_functions() -> str:
    """Return the structure of pointers at the end of the header, with the comment before it."""
    text = expanded(HEADER[TABLE_START:])
    found = TABLE.search(text)
    comment = COMMENT.search(text, text.index("\n"))
    assert found is not None
    assert comment is not None
    return structure(found, line(comment[1]))


def page() -> str:
    """Return the page of the C interface."""
    blocks = [block.strip() for block in re.split(r"\n{2,}", DECLARATIONS) if block.strip()]
    parts = [introduction(), heading("Types", "-"), *map(declaration, blocks)]
    return "\n".join([heading("C"), *parts, heading("The table", "-"), table_of_functions(), OTHERS])


OTHERS = f"""\
{heading("Other headers", "-")}
``squarely_python.h`` finds the table from an extension for Python, and ``squarely.hpp`` is C++ over either.
:doc:`/embedding` says which to take.
"""


def header_page(name: str, title: str) -> str:
    """Return a header as it is, which is short and has its comments."""
    code = (FOLDER / name).read_text(encoding="utf-8")
    return f"{heading(title)}\n``{name}``, as it is:\n\n.. code-block:: cpp\n\n{indented(code)}\n"
