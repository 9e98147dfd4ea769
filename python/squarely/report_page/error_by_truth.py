"""The picture of calibration: errors of a tenth of the pairs after the other, by their truth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from squarely.digits import shown
from squarely.distribution.bands import Band
from squarely.distribution.counts import Distribution
from squarely.distribution.drawn import error_by_truth
from squarely.report_page.axes import Frame, axes, picture, sentence, widened
from squarely.report_page.lines import dots, line

__all__ = ["drawn_error_by_truth"]

TITLE = "Error by truth"


def drawn_error_by_truth(distribution: Distribution) -> str:
    """Return the figure."""
    bands = error_by_truth(distribution)
    if isinstance(bands, str):
        return sentence(TITLE, bands)
    worst = max(bands, key=lambda band: band.mean_absolute_residual)
    where = (
        f" Worst are truths from {shown(worst.least_truth, 3)} to {shown(worst.greatest_truth, 3)}: "
        f"{shown(worst.mean_absolute_residual, 3)} in absolute value."
    )
    caption = (
        f"Pairs in {len(bands)} bands of about as many, from small truths to large ones: "
        '<span class="key mean">how large their residuals are</span> and '
        '<span class="key second">where they lie</span>, in the mean.' + (where if worst.mean_absolute_residual else "")
    )
    return picture(TITLE, _parts(bands), caption)


def _parts(bands: Sequence[Band]) -> Iterator[str]:
    sizes = [band.mean_absolute_residual for band in bands]
    means = [band.mean_residual for band in bands]
    places = [float(i) for i in range(1, len(bands) + 1)]
    lowest = min(means)
    frame = Frame(0.5, len(bands) + 0.5, *widened([0.0, *means, *sizes], 0.08 if lowest < 0 else 0, 0.08))
    yield from axes(frame, "mean truth of each band", "residual", x_ticks=0)
    for place, band in list(zip(places, bands, strict=True))[:: 1 if len(bands) < 5 else 3]:
        at = f'x="{frame.x(place):.1f}" y="{frame.box.floor + 20}"'
        yield f'<text {at} text-anchor="middle">{shown(band.mean_truth, 3)}</text>'
    yield line(frame, [frame.left, frame.right], [0, 0], "zero")
    yield line(frame, places, sizes, "mean")
    yield dots(frame, places, sizes, "mean-dot", 3)
    yield line(frame, places, means, "second")
    yield dots(frame, places, means, "second-dot", 3)
