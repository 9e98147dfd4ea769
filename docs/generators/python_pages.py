"""The reference of Python: a page for every public function and class, from its docstring."""

import importlib
import inspect
from typing import NamedTuple

import squarely
from generators import metric_pages
from generators.rst import heading, toctree


class Section(NamedTuple):
    """Some names of one kind."""

    title: str
    text: str
    names: tuple[str, ...]
    """As they are imported, with the module before those that squarely itself does not have."""


def exported(module: str, *but: str) -> tuple[str, ...]:
    """Return the public names of a module, by their full names."""
    names = importlib.import_module(f"squarely.{module}").__all__
    return tuple(f"{module}.{name}" for name in names if name not in but)


SECTIONS = (
    Section(
        "Scores",
        "Every metric is a function: :doc:`../metrics/index`. Several are had from one pass.",
        (
            "evaluate",
            "metric",
            "metric_names",
            "named_metrics.Metric",
            "report.Report",
            "groups.report.GroupedReport",
            "worst.table.WorstTable",
        ),
    ),
    Section("Streams", "Sums that are kept.", ("Accumulator", "GroupedAccumulator", "RollingAccumulator", "WorstRows")),
    Section(
        "Losses and gradients", "For training: :doc:`/training` has examples.", tuple(sorted(squarely.losses.__all__))
    ),
    Section("Pictures", ":doc:`/pictures` tells how to read them.", exported("plots")),
    Section("Files", ":doc:`/files` says what is read.", ("score_files", *exported("files", "score_files"))),
    Section(
        "Dask, xarray and Spark",
        "The same where the data are: :doc:`/chunks`.",
        (*exported("dask"), *exported("xarray"), *exported("spark")),
    ),
    Section("Model selection", ":doc:`/boosting` has examples.", (*exported("boosting"), *exported("scorers"))),
    Section("Settings", "Threads and instruction sets.", (*squarely.settings.__all__, "show_config")),
    Section("For compiled code", ":doc:`/embedding` says when.", ("get_include", "get_library", "get_cmake_dir")),
    Section("Results", "What functions return that is no number.", ("BiasVariance",)),
)


def check_that_all_are_there() -> None:
    """Refuse a public name without a page."""
    there = {name for section in SECTIONS for name in section.names}
    missing = set(squarely.__all__) - there - set(metric_pages.ROWS) - set(metric_pages.FUNCTIONS_ALONE)
    if missing := missing - {"__version__"}:
        raise ValueError(f"docs/generators/python_pages.py has no section with {sorted(missing)}")


def page(name: str) -> str:
    """Return the page of a function or class."""
    module, _, last = f"squarely.{name}".rpartition(".")
    thing = getattr(importlib.import_module(module), last)
    directive = "autoclass" if inspect.isclass(thing) else "autofunction"
    members = "\n   :members:" if inspect.isclass(thing) else ""
    if any(base.__module__.startswith("squarely.") for base in getattr(thing, "__mro__", ())[1:]):
        members += "\n   :inherited-members: object, BaseException"
    return f"{heading(name)}\n.. currentmodule:: {module}\n\n.. {directive}:: {last}{members}\n"


def index() -> str:
    """Return the page above the pages, with the first line of every docstring."""
    parts = [heading("Python"), "All is imported from ``squarely``, or from the module before the name.\n"]
    for section in SECTIONS:
        listed = "\n".join(f"   squarely.{name}" for name in section.names)
        parts += [heading(section.title, "-"), f"{section.text}\n", f".. autosummary::\n\n{listed}\n"]
    names = dict.fromkeys(name for section in SECTIONS for name in section.names)
    return "\n".join([*parts, toctree(names, hidden=True)])


def pages() -> dict[str, str]:
    """Return the pages, each by its path."""
    check_that_all_are_there()
    every = {f"python/{name}.rst": page(name) for section in SECTIONS for name in section.names}
    return {"python/index.rst": index(), **every}
