"""Names in the sidebar, which may be broken at their underscores and are copied without what says so."""

from typing import Any

from sphinx.application import Sphinx

TREE = "furo_navigation_tree"


def break_names(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object) -> None:
    """Put the element that may break a line in the place of the character, which copies would have."""
    if TREE in context:
        context[TREE] = context[TREE].replace("\u200b", "<wbr>")


def setup(app: Sphinx) -> dict[str, Any]:
    """Look at the tree that the theme has made."""
    app.connect("html-page-context", break_names, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
