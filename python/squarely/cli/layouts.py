"""Scores laid out: as a table for a person, as JSON for a program, as rows for a spreadsheet or a page."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from squarely.cli.group_rows import header_of_groups, of_predictions, rows_of_groups
from squarely.cli.rows import GAP, Rows, rows_as_csv, rows_as_markdown, width_of_terminal
from squarely.cli.worst_rows import tables_of, worst_as_json, worst_as_rows, worst_as_text
from squarely.files import FileStates
from squarely.groups.report import GroupedReport
from squarely.report import Report

DIGEST_SHOWN = 16  # characters in the table, enough for the eye; JSON has all of them
WITHOUT_PARTNER = "ids without a partner"


class Answer(NamedTuple):
    """What is laid out."""

    report: Report | GroupedReport
    every: Report | GroupedReport
    """The report of all groups, where some are left out."""
    states: FileStates


def as_table(answer: Answer) -> str:
    """Lay out one column for each prediction; `repr` shows every digit, and every digit is right."""
    report = answer.report
    if isinstance(report, GroupedReport):
        last = {"rows read": str(report.overall.rows)}
        if lonely := _ids_without_partner(report.overall):
            last[WITHOUT_PARTNER] = str(lonely)
        for name, digest in of_predictions(report, report.digest).items():
            last[f"digest of groups of {name}" if name else "digest of groups"] = _short(digest)
        widest = max(map(len, last))
        below = [f"{label.ljust(widest)}  {said}" for label, said in last.items()]
        return "\n".join([str(report), *_medians_of_all(answer), *below, *worst_as_text(report)])
    lonely = _ids_without_partner(report)
    labels = ["rows read", *([WITHOUT_PARTNER] if lonely else []), "pairs scored", "pairs left out", "digest"]
    columns = [["", *report.metrics, *labels]]
    for name, scores in report.to_dict().items():
        counts = (report.rows, *([lonely] if lonely else []), report.count[name], report.omitted[name])
        columns.append([name, *map(repr, scores.values()), *map(str, counts), _short(report.digest[name])])
    tables = "\n\n".join(map(_side_by_side, _that_fit(columns)))
    return "\n".join([tables, *worst_as_text(report)])


def _ids_without_partner(report: Report) -> int:
    """Return how many rows of a join are no pair of any prediction; elsewhere every row is a pair, or one left out."""
    counts, omitted = of_predictions(report, report.count), of_predictions(report, report.omitted)
    pairs = max(int(counts[name]) + int(omitted[name]) for name in counts)
    return (report.rows or 0) - pairs


def _that_fit(columns: Sequence[Sequence[str]]) -> list[list[Sequence[str]]]:
    """Return the columns in tables that fit into the terminal, each behind the first column."""
    labels, *others = columns
    widest = width_of_terminal() or math.inf
    tables = [[labels]]
    for column in others:
        if len(tables[-1]) > 1 and sum(map(_width, [*tables[-1], column])) - GAP > widest:
            tables.append([labels])
        tables[-1].append(column)
    return tables


def _width(column: Sequence[str]) -> int:
    return max(map(len, column)) + GAP


def _side_by_side(columns: Sequence[Sequence[str]]) -> str:
    widths = list(map(_width, columns))
    rows = zip(*columns, strict=True)
    lines = ("".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def _medians_of_all(answer: Answer) -> list[str]:
    """Return the medians over all groups, where the table has those of some."""
    every = answer.every
    if not isinstance(every, GroupedReport) or every is answer.report:
        return []
    return [
        f"median of {name or 'the groups'}, all {every.groups}:  "
        + "  ".join(f"{metric} {score:.6g}" for metric, score in own.items())
        for name, own in of_predictions(every, every.median).items()
    ]


def _short(digest: str) -> str:
    return f"{digest[:DIGEST_SHOWN]}..."


def as_json(answer: Answer) -> str:
    """Return one object, which any parser of JSON reads."""
    report, every, states = answer
    names = list(states.predictions)
    whole = report.overall if isinstance(report, GroupedReport) else report
    scores, counts, omitted, digests = (
        of_predictions(whole, values, names[0])
        for values in (whole.to_dict(), whole.count, whole.omitted, whole.digest)
    )
    predictions = {
        name: _scores(scores[name], counts[name], omitted[name]) | {"digest": digests[name]} for name in names
    }
    for name, table in tables_of(report, names[0]).items():
        predictions[name]["worst"] = worst_as_json(table, _json_key)
    written = {"files": states.files, "true": states.true, "rows": whole.rows, "predictions": predictions}
    if lonely := _ids_without_partner(whole):
        written["ids_without_partner"] = lonely
    if isinstance(report, GroupedReport) and isinstance(every, GroupedReport):
        written |= _groups(report, every, names)
    return json.dumps(written, indent=2, allow_nan=False)


def _groups(report: GroupedReport, every: GroupedReport, names: Sequence[str]) -> dict[str, Any]:
    """Return the scores of every group, in the order of the report."""
    medians, digests, counts, omitted = (
        of_predictions(report, values, names[0])
        for values in (every.median, report.digest, report.count, report.omitted)
    )
    scores = {metric: of_predictions(report, report[metric], names[0]) for metric in report.metrics}
    groups = []
    for place, key in enumerate(report.keys):
        parts = key if len(report.by) > 1 else (key,)
        predictions = {
            name: _scores(
                {metric: float(own[name][place]) for metric, own in scores.items()},
                int(counts[name][place]),
                int(omitted[name][place]),
            )
            for name in names
        }
        written = {column: _json_key(part) for column, part in zip(report.by, parts, strict=True)}
        groups.append({"key": written, "predictions": predictions})
    return {
        "by": list(report.by),
        "medians": {name: {metric: _json_number(one) for metric, one in own.items()} for name, own in medians.items()},
        "digests_of_groups": digests,
        "groups": groups,
    }


def _scores(scores: Mapping[str, float], count: int, omitted: int) -> dict[str, Any]:
    metrics = {metric: _json_number(score) for metric, score in scores.items()}
    return {"metrics": metrics, "count": count, "omitted": omitted}


def _json_key(part: Any) -> Any:
    """Return a key as JSON has it: dates as text, as `str` writes them."""
    if isinstance(part, float):
        return _json_number(part)
    return part if part is None or isinstance(part, str | bool | int) else str(part)


def _json_number(value: float) -> Any:
    """JSON has no NaN and no infinity; these names of theirs are what JavaScript, Python and protobuf read back."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def as_rows(report: Report | GroupedReport) -> Rows:
    """Return a row a group, or a row a prediction where there are no groups."""
    if isinstance(report, GroupedReport):
        return Rows(header_of_groups(report), rows_of_groups(report), len(report.by))
    header = ["prediction", *report.metrics, "rows", "count", "omitted", "digest"]
    rows = [
        [name, *scores.values(), report.rows, report.count[name], report.omitted[name], report.digest[name]]
        for name, scores in report.to_dict().items()
    ]
    return Rows(header, rows)


def as_csv(answer: Answer) -> str:
    """Return rows with every digit, and nothing for null."""
    return rows_as_csv(as_rows(answer.report))


def as_csv_with_worst_rows(answer: Answer) -> str:
    """Return the same, and below an empty line the worst rows, where they were asked for."""
    return "\n\n".join(map(rows_as_csv, [as_rows(answer.report), *worst_as_rows(answer.report)]))


def as_markdown(answer: Answer) -> str:
    """Return rows as a table of Markdown, and below them, of groups, the scores of all rows."""
    laid_out = as_rows(answer.report)
    if isinstance(answer.report, GroupedReport):
        laid_out = laid_out._replace(rows=[*laid_out.rows, _overall(answer.report)])
    return "\n\n".join(map(rows_as_markdown, [laid_out, *worst_as_rows(answer.report)]))


def _overall(report: GroupedReport) -> list[Any]:
    whole = report.overall
    scores, counts = of_predictions(whole, whole.to_dict()), of_predictions(whole, whole.count)
    cells = [cell for name, own in scores.items() for cell in (*own.values(), counts[name])]
    return ["overall", *[""] * (len(report.by) - 1), *cells]
