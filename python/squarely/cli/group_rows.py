"""Groups as rows: the parts of the key, and of every prediction its scores and how many pairs they are of."""

from typing import Any

from squarely.groups.report import GroupedReport
from squarely.report import Report


def of_predictions(report: Report | GroupedReport, values: Any, single: str = "") -> dict[str, Any]:
    """Return what a report has for each prediction by their names, also where there is one without."""
    return dict(values) if report.predictions else {single: values}


def header_of_groups(report: GroupedReport) -> list[str]:
    """Return what the cells of a row are called, as in `GroupedReport.to_frame`."""
    whose = [f" of {name}" for name in report.predictions] or [""]
    return [*report.by, *(f"{what}{of}" for of in whose for what in (*report.metrics, "count"))]


def rows_of_groups(report: GroupedReport) -> list[list[Any]]:
    """Return a row a group, in the order of the report."""
    counts = of_predictions(report, report.count)
    columns = []
    for name in counts:
        columns += [of_predictions(report, report[metric])[name].tolist() for metric in report.metrics]
        columns.append(counts[name].tolist())
    keys = report.keys if len(report.by) > 1 else [(key,) for key in report.keys]
    return [[*key, *scores] for key, scores in zip(keys, zip(*columns, strict=True), strict=True)]
