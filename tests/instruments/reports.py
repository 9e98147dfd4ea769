"""All that a report says, to be compared."""

from typing import Any

from squarely.report import Report


def told(report: Report) -> tuple[Any, ...]:
    return report.rows, report.digest, report.to_dict(), report.count, report.omitted, report.notes
