"""Scores laid out: as a table for a person, as JSON for a program."""

import json
import math
from collections.abc import Sequence
from typing import Any

from squarely.report import Report

DIGEST_SHOWN = 16  # characters in the table, enough for the eye; JSON has all of them


def as_table(report: Report) -> str:
    """Lay out one column for each prediction; `repr` shows every digit, and every digit is right."""
    columns = [["", *report.metrics, "rows read", "pairs scored", "pairs left out", "digest"]]
    for name, scores in report.to_dict().items():
        counts = (report.rows, report.count[name], report.omitted[name])
        digest = f"{report.digest[name][:DIGEST_SHOWN]}..."
        columns.append([name, *map(repr, scores.values()), *map(str, counts), digest])
    widths = [max(map(len, column)) for column in columns]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in zip(*columns, strict=True)
    )
    return "\n".join(line.rstrip() for line in lines)


def as_json(report: Report, files: Sequence[str], true: str) -> str:
    """Return one object, which any parser of JSON reads."""
    predictions = {
        name: {
            "metrics": {metric: _json_number(score) for metric, score in scores.items()},
            "count": report.count[name],
            "omitted": report.omitted[name],
            "digest": report.digest[name],
        }
        for name, scores in report.to_dict().items()
    }
    answer = {"files": files, "true": true, "rows": report.rows, "predictions": predictions}
    return json.dumps(answer, indent=2, allow_nan=False)


def _json_number(value: float) -> Any:
    """JSON has no NaN and no infinity; these names of theirs are what JavaScript, Python and protobuf read back."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
