"""The page of all pictures, each with its name and what it shows in a line."""

from collections.abc import Iterable

from generators import metric_pages, pictures
from generators.rst import heading, indented


def item(picture: str, page: str, line: str) -> str:
    """Return one picture, the link to its page, and its line."""
    inside = f".. raw:: html\n\n{indented(picture)}\n\n:doc:`{page}`: {line}\n"
    return f".. container:: gallery-item\n\n{indented(inside)}\n"


def gallery(items: Iterable[str]) -> str:
    """Return pictures side by side, as many as there is room for."""
    listed = "\n".join(items)
    return f".. container:: gallery\n\n{indented(listed)}\n"


def metrics() -> str:
    """Return the pictures of all metrics, by family."""
    parts = [heading("What a metric makes of an error", "-"), METRICS]
    for module, names in metric_pages.families().items():
        shown = [name for name in names if name in metric_pages.ROWS]
        items = [
            item(pictures.drawing(name, metric_pages.ROWS[name]), f"metrics/{name}", metric_pages.first_line(name))
            for name in shown
        ]
        parts += [heading(metric_pages.title(module), "~"), gallery(items)] if items else []
    return "\n".join(parts)


def errors() -> str:
    """Return the picture of a report."""
    return "\n".join([heading("What a report shows of errors", "-"), ERRORS])


CHAPTERS = (errors, metrics)  # of pictures of one kind each: another kind is another function here


def page() -> str:
    """Return the gallery."""
    return "\n".join([heading("Gallery"), *(chapter() for chapter in CHAPTERS)])


METRICS = """\
.. raw:: html

   <p class="metric-picture">Five pairs, whose truths are 4, 5, 6, 7 and 8:
   <span class="all">all five predictions</span> are wrong by the error, or
   <span class="one">one of them</span> alone.</p>

Squares grow faster than the error, and absolute values with it. Robust metrics grow no more from some error on. A line
that is no mirror image of itself takes errors to one side for worse.
"""

ERRORS = """\
The flights of a year, with the departure delay as prediction of the arrival delay. :doc:`/pictures` tells how to read
each picture, and how to have them of your own data.

.. image:: /static/flights.svg
   :alt: The density of truth and prediction, residuals beside the normal distribution, residuals by prediction, and
         mean errors by truth
   :width: 100%
"""
