"""Residuals as bars of text, for terminals."""

from __future__ import annotations

from squarely.digits import percent, shown
from squarely.distribution.counts import Distribution
from squarely.distribution.histogram import bins_around_zero, histogram

__all__ = ["residual_bars"]

BARS = 15
EIGHTHS = " ▏▎▍▌▋▊▉"
NUMBERS = 9  # columns for the share behind a bar


def residual_bars(distribution: Distribution, width: int) -> list[str]:
    """Return a line a bar, in so many columns: from where on, how long, and which share of the pairs."""
    edges = bins_around_zero(distribution.residuals, BARS)
    bars = histogram(distribution.residuals, edges)
    labels = [
        "below",
        *(f"from {shown(edge, 3)}" for edge in edges[:-1].tolist()),
        f"from {shown(float(edges[-1]), 3)}",
    ]
    shares = [count / distribution.residuals.total for count in (bars.below, *bars.counts.tolist(), bars.above)]
    widest = max(map(len, labels))
    room = max(width - widest - NUMBERS - 2, 8)
    longest = max(shares)
    return [
        f"{label:>{widest}} {_bar(share / longest * room):<{room}} {percent(share):>{NUMBERS}}"
        for label, share in zip(labels, shares, strict=True)
    ]


def _bar(length: float) -> str:
    whole, eighths = divmod(round(8 * length), 8)
    return "█" * whole + EIGHTHS[eighths].strip()
