"""One page a metric, made from the table of metrics in the core and the docstring of the function of that name."""

import inspect
import math
import re
import sys

import squarely
from generators import pictures
from generators.names_elsewhere import NAMES_ELSEWHERE
from generators.rst import heading, indented, table, toctree
from squarely import _core

ROWS = {name: row for name, row in _core.metrics.items() if row.kind != "internal"}

# Functions beside the metrics, which take or return what no row describes.
FUNCTIONS_ALONE = tuple(sorted(set(squarely.metrics.__all__) - set(ROWS)))


def number(value: float) -> str:
    """Return a number as a person writes it."""
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return f"{value:g}".replace("-", "−")


def parameter_of(row: _core.MetricRow) -> float:
    """Return the parameter that a metric is shown with: its default, or 1 where it has none."""
    return row.default if row.has_default else 1.0


def best(row: _core.MetricRow) -> str:
    """Return the best value."""
    if row.better == "zero":
        return "0"
    value = row.range(parameter_of(row))[row.better == "greater"]
    return number(value) if math.isfinite(value) else f"the {row.better}, the better"


def value_range(row: _core.MetricRow) -> str:
    """Return the least and the greatest value."""
    least, greatest = row.range(parameter_of(row))
    other = row.range(2 * parameter_of(row)) if row.parameter and not row.words and not row.is_boolean else None
    hangs = f" (with the default of {row.parameter})" if other is not None and other != (least, greatest) else ""
    return f"{number(least)}\u00a0to\u00a0{number(greatest)}{hangs}"


def parameter(row: _core.MetricRow) -> str:
    """Return the name of the parameter, its default and what it may be."""
    words = {value: word for word, value in row.words.items()}
    if not row.has_default:
        default = "no default where the metric is named"
    elif row.is_boolean:
        default = f"``{bool(row.default)}``"
    else:
        default = f"``{words[row.default]!r}``" if words else f"``{row.default:g}``"
    must_be = "True or False" if row.is_boolean else row.must_be
    return f"``{row.parameter}``: {must_be}; {default}"


def domain(row: _core.MetricRow) -> str:
    """Return what the data must be."""
    if row.domain != "deviance":
        return {"": "any numbers", "logarithm": "numbers above −1"}[row.domain]
    return {1.0: "truths from 0, predictions above 0", 2.0: "numbers above 0"}.get(
        row.fixed_power, "what its power allows"
    )


def facts(name: str) -> list[tuple[str, str]]:
    """Return what the table says of a metric."""
    row = ROWS[name]
    short = [("In short", f'``"{row.short_name}"``')] if row.short_name else []
    chosen = [("Parameter", parameter(row))] if row.parameter else []
    pairs = [("Pairs", f"{row.least_pairs} at least")] if row.least_pairs > 1 else []
    streams = "no: it needs all pairs at once" if row.kind == "order" else "yes: it is kept as sums"
    elsewhere = "; ".join(f"{library} ``{call}``" for library, call in NAMES_ELSEWHERE.get(name, {}).items())
    return [
        *short,
        ("Best", best(row)),
        ("Range", value_range(row)),
        *chosen,
        ("Takes", domain(row)),
        *pairs,
        ("In streams", streams),
        *([("Elsewhere", elsewhere)] if elsewhere else []),
    ]


def card(name: str) -> str:
    """Return the facts beside the picture."""
    listed = "\n".join(f":{term}: {text}" for term, text in facts(name))
    picture = indented(pictures.figure(name, ROWS[name]))
    return f".. container:: metric-card\n\n{indented(listed)}\n\n   .. raw:: html\n\n{indented(picture)}\n"


def add_card(app: object, what: str, name: str, thing: object, options: object, lines: list[str]) -> None:
    """Put the card of a metric below its formula, before its parameters."""
    metric = name.removeprefix("squarely.")
    if metric in ROWS and what == "function":
        place = lines.index("Parameters")
        lines[place:place] = [*card(metric).splitlines(), ""]


def page(name: str) -> str:
    """Return the page of a function."""
    return f"{heading(name)}\n.. currentmodule:: squarely\n\n.. autofunction:: {name}\n"


def families() -> dict[str, list[str]]:
    """Return names by the file that has the functions."""
    found: dict[str, list[str]] = {}
    for name in (*ROWS, *FUNCTIONS_ALONE):
        if inspect.isfunction(getattr(squarely, name)):
            found.setdefault(getattr(squarely, name).__module__, []).append(name)
    return dict(sorted(found.items()))


def first_line(name: str) -> str:
    """Return what the docstring of a function begins with."""
    return (inspect.getdoc(getattr(squarely, name)) or "").partition("\n")[0]


def title(module: str) -> str:
    """Return what a family is called."""
    return module.rpartition(".")[2].replace("_", " ").capitalize()


def overview(names: list[str]) -> str:
    """Return the table of a family."""
    rows = []
    for name in names:
        row = ROWS.get(name)
        link = f":doc:`{name}`"
        rows.append([link, f"``{row.short_name}``" if row and row.short_name else "", best(row) if row else ""])
        rows[-1] += [value_range(row) if row else "", first_line(name)]
    return table(["metric", "in short", "best", "range", "what it is"], rows)


def index() -> str:
    """Return the page above the pages."""
    everyday = ", ".join(f":doc:`{name}`" for name, row in ROWS.items() if row.is_everyday)
    parts = [heading("Metrics"), INTRODUCTION, f"Where none is named, these everyday ones are meant: {everyday}.\n"]
    for module, names in families().items():
        summary = re.sub(r"\s+", " ", (inspect.getdoc(sys.modules[module]) or "").strip())
        parts += [heading(title(module), "-"), f"{summary}\n", overview(names)]
    every = [name for names in families().values() for name in names]
    return "\n".join([*parts, toctree(every, hidden=True)])


INTRODUCTION = """\
A metric is a function of `squarely`, and a name wherever metrics are named, in full or in short. What is said of each
comes from the table of metrics in the core, which the code reads, too.

The picture of each shows what the metric makes of five pairs, whose truths are 4, 5, 6, 7 and 8: all predictions wrong
by the same error, and one of them wrong alone; :doc:`../gallery` has all side by side. *Elsewhere* are the names that
others have for a metric; where they mean something else by it, the notes of its page say so, as far as it is known.
"""


def pages() -> dict[str, str]:
    """Return the pages, each by its path."""
    every = {f"metrics/{name}.rst": page(name) for names in families().values() for name in names}
    return {"metrics/index.rst": index(), **every}
