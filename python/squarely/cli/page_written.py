"""``squarely report``: a page of what was scored, or of sums that were saved."""

import os
from collections.abc import Sequence

from squarely.cli.errors import UsageError
from squarely.cli.streams import answer, warn
from squarely.files import FileStates
from squarely.files.runs.atomic_write import check_can_be_written
from squarely.files.runs.state_files import STATES
from squarely.groups.report import GroupedReport
from squarely.report_page.saving import save_page

MOST_FILES = 5  # that are named


def check_page(path: str) -> None:
    """Refuse, before the work begins, a page that cannot be written."""
    if not path.lower().endswith((".html", ".htm")):
        raise UsageError(f"--output {path}: a page is HTML; name a file as report.html")
    check_can_be_written(path)


def are_saved_sums(files: Sequence[str]) -> bool:
    """Return whether all of these are files that ``squarely score --save-state`` wrote."""
    return bool(files) and all(_is_saved(path) for path in files)


def _is_saved(path: str) -> bool:
    if not os.path.isfile(path):
        return path.endswith(".sq")
    with open(path, "rb") as file:
        return file.read(len(STATES[0])) in STATES


def write_page(states: FileStates, path: str, title: str | None) -> int:
    """Write the page, and say so."""
    report = states.report()
    for metric, note in report.notes.items():
        warn(f"{metric}: {note}")
    groups = report if isinstance(report, GroupedReport) else None
    whole = report if groups is None else groups.overall
    if not whole.distributions:
        warn("these sums have no counts to draw pictures of: score --show and report make some")
    names = whole.predictions or ("",)
    pairs = {name: (states.true, pred) for name, pred in zip(names, states.predictions, strict=True)}
    save_page(path, whole, groups, title or _title(states), _made_of(states), pairs)
    return answer(path)


def _title(states: FileStates) -> str:
    return f"{', '.join(states.predictions)} against {states.true}"


def _made_of(states: FileStates) -> dict[str, str]:
    named = ", ".join(states.files[:MOST_FILES])
    others = len(states.files) - MOST_FILES
    files = {"Files": f"{named} and {others} more" if others > 0 else named} if named else {}
    weights = {} if states.weight is None else {"Weights": f"{states.weight}; pictures count rows, whatever they weigh"}
    return {
        **files,
        "Rows read": str(states.rows),
        "Truth": states.true,
        **weights,
        "Missing values": states.nan_policy,
    }
