"""Formulas as MathML, which browsers show by themselves: no script, and nothing fetched."""

import html
import re
import xml.etree.ElementTree as ET
from typing import Any

from docutils import nodes
from docutils.utils.math import latex2mathml
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

NAMESPACE = "http://www.w3.org/1998/Math/MathML"
ACCENTS = "ˆˉ˜˙"
HTML_ENTITY = re.compile(r"&(?!amp;|lt;|gt;)\w+;")  # which XML does not know

ET.register_namespace("", NAMESPACE)


def mathml(formula: str, *, as_block: bool = False) -> str:
    """Return a formula as markup."""
    markup = latex2mathml.tex2mathml(formula, as_block=as_block)
    root = ET.fromstring(HTML_ENTITY.sub(lambda entity: html.unescape(entity[0]), markup))
    for element in root.iter(f"{{{NAMESPACE}}}munderover"):
        base, below, above = element
        if above.text and above.text in ACCENTS:  # docutils puts the index of a letter with an accent below it
            element.tag = f"{{{NAMESPACE}}}msub"
            accented = ET.Element(f"{{{NAMESPACE}}}mover", accent="true")
            accented.extend([base, above])
            element[:] = [accented, below]
    return ET.tostring(root, encoding="unicode")


def inline(translator: HTML5Translator, node: nodes.math) -> None:
    """Write a formula in a line of text."""
    translator.body.append(mathml(node.astext()))
    raise nodes.SkipNode


def block(translator: HTML5Translator, node: nodes.math_block) -> None:
    """Write a formula that stands alone."""
    formula = mathml(" ".join(node.astext().split()), as_block=True)
    translator.body.append(f'<div class="formula">{formula}</div>\n')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Offer the renderer, which conf.py chooses."""
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
