"""Scores laid out: as a table for a person, as JSON for a program."""

import json
import math
from dataclasses import asdict
from typing import Any

from squarely.files import FileScores

DIGEST_SHOWN = 16  # characters in the table, enough for the eye; JSON has all of them


def as_table(scores: FileScores) -> str:
    """Lay out one column for each prediction; `repr` shows every digit, and every digit is right."""
    columns = [["", *next(iter(scores.predictions.values())).metrics]]
    columns[0] += ["rows read", "pairs scored", "pairs left out", "digest"]
    for name, score in scores.predictions.items():
        counts = [scores.rows, score.count, score.omitted]
        columns.append(
            [name, *map(repr, score.metrics.values()), *map(str, counts), f"{score.digest[:DIGEST_SHOWN]}..."]
        )
    widths = [max(map(len, column)) for column in columns]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in zip(*columns, strict=True)
    )
    return "\n".join(line.rstrip() for line in lines)


def as_json(scores: FileScores) -> str:
    """Return one object, which any parser of JSON reads."""
    answer = asdict(scores)
    for prediction in answer["predictions"].values():
        prediction["metrics"] = {name: _json_number(value) for name, value in prediction["metrics"].items()}
    return json.dumps(answer, indent=2, allow_nan=False)


def _json_number(value: float) -> Any:
    """JSON has no NaN and no infinity; these names of theirs are what JavaScript, Python and protobuf read back."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
