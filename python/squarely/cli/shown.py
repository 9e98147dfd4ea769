"""``--show``: residuals as bars of text, and the worst groups."""

from squarely.cli.bars import residual_bars
from squarely.cli.streams import answer
from squarely.extras import import_extra
from squarely.groups.report import GroupedReport
from squarely.report import Report

WORST_GROUPS = 5
WIDEST = 100


def show(report: Report | GroupedReport) -> int:
    """Print the residuals of each prediction, and the groups with the largest errors."""
    whole = report.overall if isinstance(report, GroupedReport) else report
    width = min(import_extra("rich.console").Console().width, WIDEST)
    lines = []
    for name, outputs in whole.distributions.items():
        for output in outputs:
            of_what = ", ".join(filter(None, (name, output.name)))
            lines += ["", f"residuals of {of_what}" if of_what else "residuals"]
            lines += residual_bars(output.distribution, width)
    if isinstance(report, GroupedReport) and report.groups > 1:
        worst = report.sort(report.metrics[0], worst_first=True).top(WORST_GROUPS)
        lines += ["", f"worst groups by {report.metrics[0]}", str(worst)]
    return answer("\n".join(lines))
