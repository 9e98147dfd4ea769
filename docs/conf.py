"""How Sphinx makes the site of these pages: `.ci/docs` does it, and `docs/generators` writes the reference."""

import pathlib
import sys

import squarely

sys.path.insert(0, str(pathlib.Path(__file__).parent))

project = "squarely"
version = release = squarely.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "generators.mathml",
    "generators.measured",
    "generators.reference",
    "generators.repository",
    "generators.sidebar",
]
exclude_patterns = ["README.md"]  # for who reads the pages without a site

nitpicky = True
nitpick_ignore_regex = [
    (r"py:obj", r"(?!squarely\.).*"),  # what docstrings name of others, and parameters
    (r"c:identifier", r"u?int\d+_t|size_t|ptrdiff_t"),
]
default_role = "py:obj"
smartquotes = False  # an option is --true, and quotes are there to be copied

autodoc_typehints = "none"  # the docstrings say what is taken, in words
autodoc_preserve_defaults = True  # a default with a name of its own is shown by it, and explained below
autodoc_member_order = "bysource"
autosummary_generate = False
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

myst_heading_anchors = 3
myst_enable_extensions = ["attrs_block"]

html_theme = "furo"
html_title = f"squarely {release}"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_math_renderer = "mathml"
html_copy_source = False
html_search_scorer = str(pathlib.Path(__file__).parent / "static" / "scorer.js")
html_show_copyright = False
html_theme_options = {"navigation_with_keys": True}
