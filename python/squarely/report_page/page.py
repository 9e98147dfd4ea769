"""A whole page, from top to bottom."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import resources
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from squarely import _core
from squarely.digits import shown
from squarely.distribution.outputs import Output
from squarely.report_page.groups import drawn_groups
from squarely.report_page.outputs import all_pictures, drawn_outputs
from squarely.report_page.panels import Panel, drawn_panels
from squarely.report_page.ranking import badness, chosen_metric
from squarely.report_page.tables import definitions, score_table, table

if TYPE_CHECKING:
    from squarely.groups.report import GroupedReport
    from squarely.report import Report

__all__ = ["Contents", "page"]

# So many outputs of all predictions have six pictures each, and so many others a small one: 300 kB, whatever there is.
MOST_IN_FULL = 5
MOST_PANELS = 40


# Columns of the worst rows.
WORDS = {
    "residual": "residual is truth less prediction.",
    "share_percent": "share_percent is what a row has of the sum of all losses.",
    "r2_influence": "r2_influence is R² without the row less R² with it.",
}


class Contents(NamedTuple):
    """What a page is of. Predictions without counts or worst rows have no pictures or none of these tables."""

    title: str
    report: Report
    distributions: Mapping[str, Sequence[Output]]
    worst: Mapping[str, Mapping[str, Sequence[Any]]]
    """Columns of the rows with the largest losses, by their heads."""
    groups: GroupedReport | None = None
    losses: Mapping[str, str] = {}
    """By which loss these rows are the worst."""
    made_of: Mapping[str, str] = {}
    """What the last part says beside digests and versions: files, columns, when."""


def page(contents: Contents) -> str:
    """Return the page: HTML that needs nothing beside it."""
    style = resources.files(__package__).joinpath("page.css").read_text("utf-8")
    title = html.escape(contents.title)
    body = "\n".join(_parts(contents))
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>\n{style}</style>\n</head>\n<body>\n<header><h1>{title}</h1>\n"
        f"<p>{html.escape(_pairs(contents.report))}</p></header>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _parts(contents: Contents) -> Iterator[str]:
    report = contents.report
    yield from _section("Scores", _scores(report))
    names = report.predictions or ("",)
    if len(names) > MOST_IN_FULL:
        metric = chosen_metric(report.metrics)
        best = sorted(names, key=lambda name: badness(metric, report[metric][name]))
        yield from _section("Predictions", _of_many(contents, best[:MOST_PANELS], metric))
        names = tuple(name for name in names if name in best[:MOST_IN_FULL])
    for name in names:
        yield from _section(name or "Errors", _of_prediction(contents, name, len(names)))
    yield from _section("What this page is made of", definitions(_made_of(contents)))


def _of_many(contents: Contents, names: Sequence[str], metric: str) -> str:
    """Return a small picture of each prediction of one output, and which of them follow with all."""
    scores = contents.report[metric]
    panels = [
        Panel(name, float(np.mean(scores[name])), outputs[0].distribution)
        for name in names
        if len(outputs := contents.distributions.get(name, ())) == 1
    ]
    note = (
        f"The {MOST_IN_FULL} of {len(contents.report.predictions)} predictions with the best {metric} follow in full."
    )
    return f'<p class="note">{html.escape(note)}</p>\n' + (drawn_panels(panels, metric) if panels else "")


def _section(title: str, *contents: str) -> Iterator[str]:
    inside = "\n".join(filter(None, contents))
    if inside:
        yield f"<section><h2>{html.escape(title)}</h2>\n{inside}\n</section>"


def _of_prediction(contents: Contents, name: str, predictions: int) -> str:
    outputs = contents.distributions.get(name, ())
    figures = all_pictures(outputs[0].distribution) if len(outputs) == 1 else []
    if contents.groups is not None:
        figures += drawn_groups(contents.groups, name)
    parts = [f'<div class="pictures">\n{"".join(figures)}\n</div>'] if figures else []
    if len(outputs) > 1:
        parts.insert(0, drawn_outputs(outputs, max(1, MOST_IN_FULL // predictions), MOST_PANELS // predictions))
    if worst := contents.worst.get(name):
        parts.append(f"<h3>Worst rows</h3>\n{table(tuple(worst), zip(*worst.values(), strict=True))}")
        parts.append(_note(_words_for_worst(worst, contents.losses.get(name, ""))))
    return "\n".join(parts)


def _words_for_worst(columns: Iterable[str], loss: str) -> str:
    """Return by what the rows are the worst, and what those of their columns are that do not tell by their names."""
    by = f"By {loss}, the worst first. " if loss else ""
    return by + " ".join(words for column, words in WORDS.items() if column in columns)


def _note(text: str) -> str:
    return f'<p class="note">{html.escape(text)}</p>' if text else ""


def _scores(report: Report) -> str:
    by_name = report.to_dict() if report.predictions else {"": report.to_dict()}
    best = {metric: _best(by_name, metric) for metric in report.metrics}
    notes = [f"{name}: {note}" for name, note in report.notes.items()]
    signs = "mean_error is prediction less truth; residuals are truth less prediction."
    told = [*notes, signs] if "mean_error" in report.metrics else notes
    return score_table(by_name, report.metrics, best) + "".join(map(_note, told))


def _best(scores: Mapping[str, Mapping[str, Any]], metric: str) -> str | None:
    """Return the prediction with the best score, where there are several and it is clear."""
    better = _core.metrics[metric.partition("(")[0]].better
    values = {name: float(of[metric]) for name, of in scores.items() if _is_number(of[metric])}
    if len(values) < 2:
        return None
    order = {"lower": lambda x: x, "greater": lambda x: -x, "zero": abs}[better]
    first, second = sorted(values, key=lambda name: order(values[name]))[:2]
    return first if order(values[first]) < order(values[second]) else None


def _is_number(score: Any) -> bool:
    return isinstance(score, float) and score == score


def _pairs(report: Report) -> str:
    """Return how many pairs were scored and left out."""
    counts, omitted = report.count, report.omitted
    if not isinstance(counts, dict):
        counts, omitted = {"": counts}, {"": omitted}
    words = {
        name: f"{shown(counts[name], 9)} pairs" + (f", {shown(omitted[name], 9)} left out" if omitted[name] else "")
        for name in counts
    }
    if len(set(words.values())) == 1:
        return next(iter(words.values()))
    return "; ".join(f"{name}: {text}" for name, text in words.items())


def _made_of(contents: Contents) -> dict[str, str]:
    import squarely

    terms = dict(contents.made_of)
    digest = contents.report.digest
    if isinstance(digest, dict):
        terms |= {f"Digest of {name}": one for name, one in digest.items()}
    elif digest is not None:
        terms["Digest"] = digest
    return terms | {"squarely": squarely.__version__}
