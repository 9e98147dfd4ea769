"""The outputs of one prediction: scores of each, pictures of the worst, and small ones where there are many."""

from __future__ import annotations

import html
from collections.abc import Sequence

from squarely.distribution.counts import Distribution
from squarely.distribution.outputs import Output
from squarely.report_page.error_by_truth import drawn_error_by_truth
from squarely.report_page.normal_quantiles import drawn_normal_quantiles
from squarely.report_page.panels import Panel, drawn_panels
from squarely.report_page.ranking import WITHOUT_UNIT, badness, chosen_metric
from squarely.report_page.residual_histogram import drawn_residual_histogram
from squarely.report_page.residuals_by_prediction import drawn_residuals_by_prediction
from squarely.report_page.shares_of_squares import drawn_shares_of_squares
from squarely.report_page.tables import table
from squarely.report_page.truth_and_prediction import drawn_truth_and_prediction

__all__ = ["all_pictures", "drawn_outputs"]

PICTURES = (
    drawn_truth_and_prediction,
    drawn_residual_histogram,
    drawn_residuals_by_prediction,
    drawn_error_by_truth,
    drawn_normal_quantiles,
    drawn_shares_of_squares,
)


def all_pictures(distribution: Distribution) -> list[str]:
    """Return the figures of one output, or a sentence where there is nothing to draw."""
    if not distribution.residuals.total:
        return ['<p class="note">There is no pair of two numbers to draw pictures of.</p>']
    return [drawn(distribution) for drawn in PICTURES]


def drawn_outputs(outputs: Sequence[Output], in_full: int, most: int) -> str:
    """Return scores and pictures of several outputs: six of the worst, and one small one of at most so many others.

    All are in the order in which they came where there is room for all of them, and else the worst come first.
    """
    metric = chosen_metric(list(outputs[0].scores), WITHOUT_UNIT)
    worst = sorted(outputs, key=lambda one: -badness(metric, one.scores[metric]))
    listed = outputs if len(outputs) <= most else worst[:most]
    heads = ["output", *outputs[0].scores]
    parts = [table(heads, ([one.name, *one.scores.values()] for one in listed))]
    if len(outputs) > in_full:
        are_all = len(listed) == len(outputs)
        which = f"All {len(outputs)} outputs" if are_all else f"The worst {most} of {len(outputs)} outputs"
        parts += [
            f'<p class="note">{which}, by {html.escape(metric)}: truth along, prediction upwards.</p>',
            drawn_panels([Panel(one.name, one.scores[metric], one.distribution) for one in listed], metric),
        ]
        outputs = worst[:in_full]
    for one in outputs:
        parts.append(f"<h3>{html.escape(one.name)}</h3>")
        parts.append(f'<div class="pictures">\n{"".join(all_pictures(one.distribution))}\n</div>')
    return "\n".join(parts)
