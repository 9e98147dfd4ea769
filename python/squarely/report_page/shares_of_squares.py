"""The picture of how few pairs make how much of the squared error."""

from __future__ import annotations

from collections.abc import Iterator

from squarely.digits import percent
from squarely.distribution.counts import Distribution
from squarely.distribution.drawn import SharesOfSquares, shares_of_squares
from squarely.distribution.squares import Share
from squarely.report_page.axes import Frame, axes, picture, sentence
from squarely.report_page.lines import line

__all__ = ["drawn_shares_of_squares"]

TITLE = "Who makes the squared error"


def drawn_shares_of_squares(distribution: Distribution) -> str:
    """Return the figure."""
    drawn = shares_of_squares(distribution)
    if isinstance(drawn, str):
        return sentence(TITLE, drawn)
    of_largest = ", ".join(f"{percent(part)} have {_within(share)}" for part, share in drawn.of_largest.items())
    caption = f"Of the largest residuals {of_largest} of the sum of squared errors. Even errors would lie on the line."
    return picture(TITLE, _parts(drawn), caption)


def _parts(drawn: SharesOfSquares) -> Iterator[str]:
    frame = Frame(0, 100, 0, 100)
    yield from axes(frame, "pairs, from the largest residual on, in percent", "squared errors, in percent")
    yield line(frame, [0, 100], [0, 100], "diagonal")
    kept = _thinned((100 * drawn.pairs).tolist(), (100 * drawn.squares).tolist())
    yield line(frame, [x for x, _ in kept], [y for _, y in kept], "mean")


def _thinned(xs: list[float], ys: list[float]) -> list[tuple[float, float]]:
    """Return the points but for those that would be drawn on the one before."""
    kept = [(xs[0], ys[0])]
    for x, y in zip(xs[1:], ys[1:], strict=True):
        if max(x - kept[-1][0], y - kept[-1][1]) >= 0.4:
            kept.append((x, y))
    return [*kept, (xs[-1], ys[-1])]


def _within(share: Share) -> str:
    """Return a share that is known within a little as one number."""
    return percent((share.least + share.greatest) / 2)
