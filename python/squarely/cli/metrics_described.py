"""What each metric is, from its row and its docstring: for ``squarely metrics``."""

import inspect
import itertools
import re
from collections.abc import Sequence

import squarely
from squarely import _core
from squarely.cli.errors import UsageError
from squarely.cli.plain_formula import plain_formula
from squarely.cli.rows import Rows, width_of_terminal, widths_of
from squarely.named_metrics import closest, full_name, has_default

SHORT = 6  # columns of the list; those behind are long, and a page a metric has them
FORMULA = re.compile(r"\.\. math::(.*?)\n\n(?=\S)", re.DOTALL)
PARAMETER = re.compile(r"^Parameters\n-+\n(.*?)\n\n(?=\S)", re.DOTALL | re.MULTILINE)


def described_metrics(names: Sequence[str]) -> Rows:
    """Return a row a metric, of those that are named in short or in full, or of all."""
    header = ("metric", "short", "range", "better", "parameter", "over", "what", "formula", "of the parameter")
    chosen = [_known(name) for name in names] or squarely.metric_names()
    return Rows(header, [_row(name) for name in dict.fromkeys(chosen)], len(header))


def for_people(metrics: Rows) -> Rows:
    """Return the same with formulas as a person writes them; a program gets LaTeX."""
    place = metrics.header.index("formula")
    rows = [(*row[:place], plain_formula(row[place]), *row[place + 1 :]) for row in metrics.rows]
    return metrics._replace(rows=rows)


def listed(metrics: Rows) -> Rows:
    """Return the columns that fit beside each other whole, names at least."""
    ends = itertools.accumulate(widths_of(metrics))
    count = max(2, sum(end <= (width_of_terminal() or end) for end in itertools.islice(ends, SHORT)))
    return Rows(metrics.header[:count], [row[:count] for row in metrics.rows], count)


def pages(metrics: Rows) -> Rows:
    """Return a line for each thing that is said of a metric."""
    lines = [("", "")]
    for row in metrics.rows:
        lines += [(what, said) for what, said in zip(metrics.header, row, strict=True) if said] + [("", "")]
    return Rows(("", ""), lines[1:-1], 2)


def _known(name: str) -> str:
    full = full_name(name.partition("(")[0])
    if full not in squarely.metric_names():
        short = [_core.metrics[one].short_name for one in squarely.metric_names()]
        meant = closest(name, [*filter(None, short), *squarely.metric_names()])
        raise UsageError(f"there is no metric {name!r}. {meant}'squarely metrics' lists them all")
    return full


def _row(name: str) -> tuple[str, ...]:
    row, said = _core.metrics[name], inspect.getdoc(getattr(squarely, name)) or ""
    lowest, highest = row.range(row.default)
    over = {"sums": "chunks and files", "order": "files and arrays"}[row.kind]
    what, _, _ = said.partition("\n")
    formula = FORMULA.search(said)
    return (
        name,
        row.short_name,
        f"{lowest:.4g} to {highest:.4g}",
        row.better,
        f"{row.parameter}={_default(name)}" if row.parameter else "",
        over,
        what,
        " ".join(formula[1].split()) if formula else "",
        _said_of(row.parameter, said) if row.parameter else "",
    )


def _default(name: str) -> str:
    row = _core.metrics[name]
    if not has_default(name):
        return "..."
    if row.is_boolean:
        return str(bool(row.default))
    return next((word for word, value in row.words.items() if value == row.default), f"{row.default:g}")


def _said_of(parameter: str, said: str) -> str:
    """Return what the docstring says of a parameter, in one line."""
    lines = iter(PARAMETER.search(said)[1].split("\n"))  # type: ignore[index]
    for line in lines:
        if line.startswith(f"{parameter} :"):
            break
    found = []
    for line in lines:
        if not line.startswith(" "):
            break
        found.append(line.strip())
    return " ".join(found)
