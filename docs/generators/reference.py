"""Writes docs/reference before Sphinx looks for pages: from the tables, the docstrings, the parser and the C header.

What people search for is added to the pages as they are read.
"""

import pathlib
from typing import Any

from docutils import nodes
from docutils.nodes import Element
from sphinx.addnodes import index, pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from generators import c_header, command_line, gallery, metric_pages, python_pages, search_words

FOLDER = pathlib.Path(__file__).parents[1] / "reference"


def written_pages() -> dict[str, str]:
    """Return the text of every page by its path below docs/reference."""
    return {
        **metric_pages.pages(),
        **python_pages.pages(),
        "gallery.rst": gallery.page(),
        "command_line.rst": command_line.page(),
        "c.rst": c_header.page(),
        "cpp.rst": c_header.header_page("squarely.hpp", "C++"),
        "extensions.rst": c_header.header_page("squarely_python.h", "Extensions for Python"),
    }


def write(app: Sphinx, config: object) -> None:
    """Write what has changed, and remove what is no longer made."""
    pages = {FOLDER / name: text for name, text in written_pages().items()}
    for path in {*FOLDER.rglob("*.rst")} - set(pages):
        path.unlink()
    for path, text in pages.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def found_in_squarely(app: Sphinx, env: BuildEnvironment, node: pending_xref, words: Element) -> Element | None:
    """Find what a docstring names without its module: squarely itself has it."""
    if node.get("reftype") != "obj" or node["reftarget"].startswith("squarely."):
        return None
    python = env.domains.python_domain
    return python.resolve_xref(env, node["refdoc"], app.builder, "obj", f"squarely.{node['reftarget']}", node, words)


def add_search_words(app: Sphinx, page: nodes.document) -> None:
    """Put into the index what a page is searched for by: the search prefers its entries."""
    words = search_words.words_of(app.env.current_document.docname)
    section = next(page.findall(nodes.section), None)
    if words and section is not None:
        # Without a target within the page, which the search shows once then.
        section.insert(1, index(entries=[("single", word, "", "main", None) for word in sorted(words)]))


def setup(app: Sphinx) -> dict[str, Any]:
    """Write the pages, and put what the table says of a metric into its docstring."""
    app.connect("config-inited", write)
    app.connect("autodoc-process-docstring", metric_pages.add_card, priority=400)  # before numpydoc, which has 500
    app.connect("missing-reference", found_in_squarely)
    app.connect("doctree-read", add_search_words)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
