"""Pages as they are written for who reads the files, made into pages of the site.

Where a page includes a file, or a part of it, as MyST does, it gets the text. Links between files become links between
pages; of those to a file that has no page the words stay. The names of functions become links to their pages.
"""

import os
import pathlib
import re
from typing import Any

from sphinx.application import Sphinx

import squarely

DOCS = pathlib.Path(__file__).parents[1]
ROOT = DOCS.parent

FENCE = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)
INCLUDE = re.compile(
    r"^```\{include\} (?P<file>\S+)\n(?::start-after: \"(?P<start>.*)\"\n:end-before: \"(?P<end>.*)\"\n)?```$",
    re.MULTILINE,
)
LINK = re.compile(r"(?<!!)\[(?P<words>[^\]]+)\]\((?P<path>[^)#:\s]+)(?P<anchor>#[^)\s]*)?\)")
NAME = re.compile(r"(?<![`\[\w])`(?P<words>(?:sq\.|squarely\.)?(?P<name>\w+)(?:\(\))?)`(?![`\]])")
LINE_BEFORE_END = re.compile(r"\n\n```$")  # doctest wants it, and nobody else


def pages() -> dict[pathlib.Path, pathlib.Path]:
    """Return the page of each file that has one: itself, or the page that includes it."""
    found = {}
    for page in DOCS.rglob("*.md"):
        found[page] = page
        for included in INCLUDE.finditer(page.read_text(encoding="utf-8")):
            if included["start"] is None:
                found[(page.parent / included["file"]).resolve()] = page
    return found | {DOCS / "README.md": DOCS / "index.md", ROOT / "README.md": DOCS / "index.md"}


def title_of(file: pathlib.Path) -> str:
    """Return what a page calls itself, where a reader of files has its path."""
    text = file.read_text(encoding="utf-8")
    return next(line for line in text.splitlines() if line.startswith("# ")).removeprefix("# ")


def with_links(text: str, file: pathlib.Path, page: pathlib.Path) -> str:
    """Return words of a file with links from the page that shows it."""

    def link(found: re.Match[str]) -> str:
        target = (file.parent / found["path"]).resolve()
        words = found["words"]
        if target in pages() and words.endswith(".md"):
            words = title_of(target)
        if target in pages():
            path = os.path.relpath(pages()[target], page.parent)
            return f"[{words}]({path}{found['anchor'] or ''})"
        if not target.exists():
            raise ValueError(f"{file.relative_to(ROOT)} has a link to {found['path']}, which does not exist")
        return words if "`" in words else f"`{words}`"

    def name(found: re.Match[str]) -> str:
        return f"{{py:obj}}`{found['words']} <squarely.{found['name']}>`" if found["name"] in NAMES else found[0]

    return NAME.sub(name, LINK.sub(link, text))


NAMES = set(squarely.__all__) - {"__version__", "metric"}  # the last is a word of many sentences


def read(app: Sphinx, docname: str, source: list[str]) -> None:
    """Make what is read into what the site shows."""
    page = pathlib.Path(app.env.doc2path(docname))
    if page.suffix != ".md":
        return

    def shown(text: str, file: pathlib.Path) -> str:
        parts = FENCE.split(text)
        parts[::2] = [with_links(words, file, page) for words in parts[::2]]
        parts[1::2] = [INCLUDE.sub(included, LINE_BEFORE_END.sub("\n```", fence)) for fence in parts[1::2]]
        return "".join(parts)

    def included(found: re.Match[str]) -> str:
        file = (page.parent / found["file"]).resolve()
        app.env.note_dependency(str(file), docname=docname)
        text = file.read_text(encoding="utf-8")
        if found["start"] is not None:
            text = text.split(found["start"])[1].split(found["end"])[0].strip()
        return shown(text, file)

    source[0] = shown(source[0], page)


def setup(app: Sphinx) -> dict[str, Any]:
    """Look at every page as it is read."""
    app.connect("source-read", read)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
