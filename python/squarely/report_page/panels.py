"""Small pictures of truth against prediction, one beside the other: of many outputs, or of many predictions."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from squarely.digits import shown
from squarely.distribution.counts import Distribution
from squarely.distribution.drawn import Density, truth_and_prediction
from squarely.report_page.axes import Box, Frame, axes
from squarely.report_page.lines import cells, line

__all__ = ["Panel", "drawn_panels"]

WIDTH, HEIGHT = 220, 188
BOX = Box(left=56, right=WIDTH - 12, floor=HEIGHT - 28, top=28)
CELLS = 24
NOTHING = "There is no pair of two numbers."


class Panel(NamedTuple):
    """What one small picture is of."""

    name: str
    score: float
    distribution: Distribution


def drawn_panels(panels: Iterable[Panel], metric: str) -> str:
    """Return the pictures with their names and scores."""
    drawn = "\n".join(_drawn(panel, metric) for panel in panels)
    return f'<div class="panels">\n{drawn}\n</div>'


def _drawn(panel: Panel, metric: str) -> str:
    name, caption = html.escape(panel.name), html.escape(f"{metric} {shown(panel.score)}")
    density = truth_and_prediction(panel.distribution, CELLS) if panel.distribution.residuals.total else NOTHING
    if isinstance(density, str):
        return f"<figure><h4>{name}</h4>\n<p>{html.escape(density)}</p><figcaption>{caption}</figcaption></figure>"
    box = f'viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{name}: truth and prediction. {caption}"'
    parts = "\n".join(_parts(density))
    return f"<figure><h4>{name}</h4>\n<svg {box}>\n{parts}\n</svg>\n<figcaption>{caption}</figcaption></figure>"


def _parts(density: Density) -> Iterator[str]:
    least, greatest = float(density.x_edges[0]), float(density.x_edges[-1])
    frame = Frame(least, greatest, least, greatest, BOX)
    yield from axes(frame, "", "", x_ticks=3, y_ticks=3)
    yield from cells(frame, density.x_edges.tolist(), density.y_edges.tolist(), density.counts)
    yield line(frame, [least, greatest], [least, greatest], "diagonal")
