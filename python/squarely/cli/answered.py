"""The answer given: printed, written to a file besides, of groups in the order that is asked for."""

import dataclasses
from collections.abc import Sequence
from typing import NamedTuple

from squarely.cli.errors import UsageError
from squarely.cli.layouts import Answer, as_csv_with_worst_rows, as_json, as_markdown, as_table
from squarely.cli.options import Format
from squarely.cli.output_file import check_output, write_output
from squarely.cli.shown import show
from squarely.cli.streams import answer, warn
from squarely.cli.typed_metrics import typed_metric
from squarely.files import FileStates
from squarely.groups.report import GroupedReport
from squarely.report import label_of

LAYOUTS = {
    Format.TABLE: as_table,
    Format.JSON: as_json,
    Format.CSV: as_csv_with_worst_rows,
    Format.MARKDOWN: as_markdown,
}


class Answered(NamedTuple):
    """How the answer is given: printed, also written, and of groups in which order and how many."""

    output_format: Format
    output: str | None
    sort: str | None
    worst_first: bool
    top: int | None
    show: bool = False

    def check(self, metrics: Sequence[str], *, are_groups: bool, others: Sequence[str | None]) -> None:
        """Refuse, before the work begins, what cannot be done at its end."""
        for option, value in (("--sort", self.sort), ("--top", self.top)):
            if value is not None and not are_groups:
                raise UsageError(f"{option} is of groups, and there are none; --by COLUMN makes them")
        if self.worst_first and self.sort is None:
            raise UsageError("--worst-first needs --sort METRIC")
        if self.sort is not None and label_of(typed_metric(self.sort, "--sort")) not in metrics:
            raise UsageError(f"--sort {self.sort} is none of the metrics, which are {', '.join(metrics)}")
        if self.output is not None:
            check_output(self.output, others)

    def ordered(self, report: GroupedReport) -> GroupedReport:
        """Return the groups that are asked for."""
        if self.sort is not None:
            report = report.sort(typed_metric(self.sort, "--sort"), worst_first=self.worst_first)
        return report if self.top is None else report.top(self.top)


def finish(states: FileStates, save_state: str | None, answered: Answered) -> int:
    if save_state is not None:  # also where this part alone has no scores, as one with nothing but missing values
        states.save(save_state)
    report = dataclasses.replace(states, is_single=_is_nameless(states)).report()
    for metric, note in report.notes.items():
        warn(f"{metric}: {note}")
    shown = answered.ordered(report) if isinstance(report, GroupedReport) else report
    laid_out = Answer(shown, report if answered.top else shown, states)
    if answered.output is not None:
        write_output(answered.output, laid_out)
    done = answer(LAYOUTS[answered.output_format](laid_out))
    return done or (show(report) if answered.show else 0)


def _is_nameless(states: FileStates) -> bool:
    """Say whether metrics head the columns of the answer: without groups the name does, also of one prediction."""
    return states.by is not None and len(states.predictions) == 1
