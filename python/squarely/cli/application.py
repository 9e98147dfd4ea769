"""The commands and their options: ``squarely score`` and ``squarely merge``."""

import dataclasses
import os
import sys
from collections.abc import Sequence
from enum import Enum
from typing import Annotated, Any, NamedTuple

import typer

import squarely
from squarely.cli.errors import UsageError
from squarely.cli.layouts import Answer, as_csv, as_json, as_markdown, as_table
from squarely.cli.output_file import check_output, write_output
from squarely.cli.progress_bar import progress_bar
from squarely.cli.reading import reading_options
from squarely.cli.streams import EXIT_INTERRUPTED, answer, warn, warnings_told
from squarely.cli.typed_metrics import EVERYDAY_TYPED, typed_metric, typed_metrics
from squarely.extras import import_extra
from squarely.files import FileStates, accumulate_files, expand_paths
from squarely.files.errors import StuckError
from squarely.files.runs.checkpoint import CHECKPOINT_SECONDS
from squarely.files.runs.states import check_may_be_replaced
from squarely.groups.report import GroupedReport
from squarely.report import label_of

READING: Any = {"rich_help_panel": "How files are read"}
GROUPS: Any = {"rich_help_panel": "Scores by group"}
JOINING: Any = {"rich_help_panel": "Truth and predictions in tables of their own"}

Sort = Annotated[
    str | None, typer.Option(metavar="METRIC", help="Put the best groups first, by one of the metrics.", **GROUPS)
]
WorstFirst = Annotated[bool, typer.Option("--worst-first", help="With --sort: put the worst first.", **GROUPS)]
Top = Annotated[int | None, typer.Option(min=1, metavar="N", help="Answer with the first N groups only.", **GROUPS)]
Output = Annotated[
    str | None,
    typer.Option(metavar="FILE", help="Also write the scores to a file: .csv, .json, .md or .parquet."),
]

application = typer.Typer(pretty_exceptions_enable=False, add_completion=False)


class NanPolicy(str, Enum):
    """What a missing value does."""

    RAISE = "raise"
    OMIT = "omit"
    OMIT_TRUE = "omit_true"
    PROPAGATE = "propagate"


class Unmatched(str, Enum):
    """What happens to an id that one of the tables lacks."""

    RAISE = "raise"
    OMIT = "omit"


class Format(str, Enum):
    """How the answer is written."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    MARKDOWN = "markdown"


LAYOUTS = {Format.TABLE: as_table, Format.JSON: as_json, Format.CSV: as_csv, Format.MARKDOWN: as_markdown}


def _print_version(wanted: bool) -> None:
    if wanted:
        raise typer.Exit(answer(f"squarely {squarely.__version__}"))


@application.callback()
def top(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version and exit.")
    ] = False,
) -> None:
    """Score predictions against truth, exactly."""


@application.command()
def score(
    true: Annotated[str, typer.Option(metavar="COLUMN", help="Column with the true values, or a .npy file.")],
    pred: Annotated[
        list[str], typer.Option(metavar="COLUMN", help="Column with predictions, or a .npy file; may be repeated.")
    ],
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FILE",
            show_default=False,
            help="Files of Parquet, CSV and other text, JSON lines, Arrow, ORC or .npz, text also packed; folders of "
            "them, patterns, URIs, or - for standard input; none where --true and --pred are .npy files.",
        ),
    ] = None,
    weight: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Column with the weights of the rows, or a .npy file.")
    ] = None,
    truth: Annotated[
        str | None, typer.Option(metavar="FILE", help="File with the true values, joined by --on.", **JOINING)
    ] = None,
    prediction: Annotated[
        list[str] | None,
        typer.Option(metavar="FILE", help="File with predictions; may be repeated, to compare them.", **JOINING),
    ] = None,
    on: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN", help="Column with the ids in both; may be repeated.", **JOINING),
    ] = None,
    unmatched: Annotated[
        Unmatched, typer.Option(help="What happens to ids that one of the files lacks.", **JOINING)
    ] = Unmatched.RAISE,
    sql: Annotated[
        str | None, typer.Option(metavar="QUERY", help="Score the rows of a query of DuckDB.", **JOINING)
    ] = None,
    by: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN",
            help="Score every group of rows that are alike in this column, or in a part of it, as date:month; also "
            "year, day, hour, weekday, date; or store:text. May be repeated.",
            **GROUPS,
        ),
    ] = None,
    sort: Sort = None,
    worst_first: WorstFirst = False,
    top: Top = None,
    metrics: Annotated[
        str,
        typer.Option(
            metavar="NAMES",
            help="Names of metrics, with commas; with a parameter as in mean_pinball_loss(alpha=0.9).",
        ),
    ] = EVERYDAY_TYPED,
    nan: Annotated[NanPolicy, typer.Option(help="What a missing value does.")] = NanPolicy.RAISE,
    output_format: Annotated[Format, typer.Option("--format", help="How to print the scores.")] = Format.TABLE,
    output: Output = None,
    separator: Annotated[
        str | None,
        typer.Option(
            metavar="CHARACTER", help="Between fields of text; tab, or blanks for any run of them.", **READING
        ),
    ] = None,
    decimal: Annotated[str | None, typer.Option(metavar="CHARACTER", help="Before fractions.", **READING)] = None,
    thousands: Annotated[
        str | None, typer.Option(metavar="CHARACTER", help="Between groups of three digits.", **READING)
    ] = None,
    quote: Annotated[
        str | None, typer.Option(metavar="CHARACTER", help="Around fields, or none where there are none.", **READING)
    ] = None,
    encoding: Annotated[str | None, typer.Option(metavar="NAME", help="As latin-1 or utf-16.", **READING)] = None,
    comment: Annotated[
        str | None, typer.Option(metavar="TEXT", help="What lines that are no data begin with.", **READING)
    ] = None,
    skip_rows: Annotated[
        int | None, typer.Option(min=0, metavar="N", help="Lines to skip before the header.", **READING)
    ] = None,
    skip_rows_after_header: Annotated[
        int | None, typer.Option(min=0, metavar="N", help="Rows to skip below the header, as of units.", **READING)
    ] = None,
    no_header: Annotated[
        bool, typer.Option("--no-header", help="Columns are called 1, 2 and so on.", **READING)
    ] = False,
    na: Annotated[
        list[str] | None,
        typer.Option(metavar="WORD", help="A word or number that means a missing value; may be repeated.", **READING),
    ] = None,
    input_format: Annotated[
        str | None,
        typer.Option(
            metavar="ENDING", help="Read files as if their names ended so: csv, csv.gz, arrows ...", **READING
        ),
    ] = None,
    threads: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Threads to use; all by default, at most 8.")
    ] = None,
    no_progress: Annotated[bool, typer.Option("--no-progress", help="Show no progress bar.")] = False,
    save_state: Annotated[
        str | None, typer.Option(metavar="STATE", help="Also write the sums, for 'squarely merge'.")
    ] = None,
    checkpoint: Annotated[
        str | None,
        typer.Option(metavar="STATE", help="Save the sums from time to time; run again to go on from there."),
    ] = None,
    checkpoint_every: Annotated[
        float, typer.Option(min=0, metavar="SECONDS", help="How often to save them; 0 after every piece of work.")
    ] = CHECKPOINT_SECONDS,
) -> int:
    """Score one or more prediction columns against a truth column, over all the files together."""
    asked = typed_metrics(metrics)
    if repeated := {name for name in pred if pred.count(name) > 1}:
        raise UsageError(f"--pred {min(repeated)} is given twice")
    if by and (repeated := {name for name in by if by.count(name) > 1}):
        raise UsageError(f"--by {min(repeated)} is given twice")
    answered = Answered(output_format, output, sort, worst_first, top)
    answered.check([label_of(metric) for metric in asked], are_groups=bool(by), others=(save_state, checkpoint))
    if save_state is not None:
        if checkpoint is not None and os.path.realpath(save_state) == os.path.realpath(checkpoint):
            raise UsageError("--save-state and --checkpoint name one file; a checkpoint ends as the state")
        check_may_be_replaced(save_state)
    reading = reading_options(
        separator=separator,
        decimal=decimal,
        thousands=thousands,
        quote=quote,
        encoding=encoding,
        comment=comment,
        skip_rows=skip_rows,
        skip_rows_after_header=skip_rows_after_header,
        header=not no_header,
        na=tuple(na or ()),
        input_format=input_format,
    )
    joined = _tables(truth, prediction, on, unmatched, sql)
    if joined:
        if files:
            raise UsageError("a FILE has truth and predictions side by side; leave it out with --on and with --sql")
        what = {**joined, "true": true, "pred": pred if len(prediction or ()) < 2 else _only(pred), "weight": weight}
    else:
        what = _columns(files, true, pred, weight) if files else _arrays(true, pred, weight)
    _prepare_pyarrow(threads)
    try:
        with progress_bar(hidden=no_progress) as progress:
            states = accumulate_files(
                **what,
                by=by or None,
                metrics=asked,
                nan_policy=nan.value,
                progress=progress,
                threads=threads,
                reading=reading,
                checkpoint=checkpoint,
                checkpoint_seconds=checkpoint_every,
            )
        return _finish(states, save_state, answered)
    except StuckError:  # the interpreter would wait for the thread, for as long as a network takes
        os._exit(EXIT_INTERRUPTED)
    except KeyboardInterrupt:  # caught before typer does, which older versions answer in their own words
        if checkpoint is not None and os.path.exists(checkpoint):
            print(f"squarely: stopped; the same command goes on from {checkpoint}", file=sys.stderr)
        return EXIT_INTERRUPTED


@application.command()
def merge(
    states: Annotated[
        list[str], typer.Argument(metavar="STATE", help="Files that 'score --save-state' wrote, or patterns.")
    ],
    sort: Sort = None,
    worst_first: WorstFirst = False,
    top: Top = None,
    output_format: Annotated[Format, typer.Option("--format", help="How to print the scores.")] = Format.TABLE,
    output: Output = None,
    save_state: Annotated[
        str | None, typer.Option(metavar="STATE", help="Also write the sums of all, to be merged again.")
    ] = None,
) -> int:
    """Finish a score from the sums of several runs, as one score over all their files prints it."""
    found = expand_paths(states)
    if save_state is not None:
        if os.path.realpath(save_state) in map(os.path.realpath, found):
            raise UsageError(f"--save-state {save_state} is one of the states to merge; name another file")
        check_may_be_replaced(save_state)
    answered = Answered(output_format, output, sort, worst_first, top)
    try:
        with warnings_told():
            merged = FileStates.load_all(found)
        answered.check(merged.metrics, are_groups=merged.by is not None, others=(save_state, *found))
        return _finish(merged, save_state, answered)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


def _tables(
    truth: str | None, prediction: list[str] | None, on: list[str] | None, unmatched: Unmatched, sql: str | None
) -> dict[str, Any]:
    """Return what names tables to be joined, or a query that joins them, and nothing where there are neither."""
    if sql is not None:
        if truth is not None or prediction or on:
            raise UsageError("--sql joins by itself; leave out --truth, --prediction and --on")
        return {"sql": sql}
    if truth is None and not prediction and not on:
        if unmatched is not Unmatched.RAISE:
            raise UsageError("--unmatched is for --truth, --prediction and --on")
        return {}
    if truth is None or not prediction or not on:
        raise UsageError("--truth, --prediction and --on go together: two files, and the column with the ids in both")
    named = prediction[0] if len(prediction) == 1 else _named(prediction)
    return {"truth": truth, "prediction": named, "on": on, "unmatched": unmatched.value}


def _named(files: list[str]) -> dict[str, str]:
    """Call each prediction by the name of its file, or by its whole path where names are the same."""
    stems = [os.path.basename(path).partition(".")[0] for path in files]
    called = stems if len(set(stems)) == len(files) else files
    if len(set(called)) < len(files):
        raise UsageError("--prediction names a file twice")
    return dict(zip(called, files, strict=True))


def _only(pred: list[str]) -> str:
    if len(pred) > 1:
        raise UsageError("with several --prediction, --pred names one column, which each of them has")
    return pred[0]


def _columns(files: list[str], true: str, pred: list[str], weight: str | None) -> dict[str, Any]:
    return {"paths": files, "true": true, "pred": pred, "weight": weight}


def _arrays(true: str, pred: list[str], weight: str | None) -> dict[str, Any]:
    """Take what names columns elsewhere for .npy files, each called by the name of its file."""
    given = [true, *pred, *([] if weight is None else [weight])]
    for path in given:
        if not path.lower().endswith(".npy"):
            raise UsageError(
                f"without a FILE, --true, --pred and --weight name .npy files, and {path!r} is none; name a FILE "
                "that has such a column"
            )
    stems = [os.path.splitext(os.path.basename(path))[0] for path in given]
    called = dict(zip(given, stems if len(set(stems)) == len(set(given)) else given, strict=True))
    pair = (true, {called[path]: path for path in pred}, *([] if weight is None else [weight]))
    return {"paths": [pair], "true": called[true], "weight": None if weight is None else called[weight]}


def _prepare_pyarrow(threads: int | None) -> None:
    pyarrow = import_extra("pyarrow")  # --help need not wait for it
    # Its handlers lose one Ctrl-C in twenty, when the piece of work that they would stop has just ended.
    pyarrow.enable_signal_handlers(False)
    if threads is not None:
        squarely.set_num_threads(threads)
        pyarrow.set_cpu_count(threads)  # reading takes more of the time than scoring


class Answered(NamedTuple):
    """How the answer is given: printed, also written, and of groups in which order and how many."""

    output_format: Format
    output: str | None
    sort: str | None
    worst_first: bool
    top: int | None

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


def _finish(states: FileStates, save_state: str | None, answered: Answered) -> int:
    if save_state is not None:  # also where this part alone has no scores, as one with nothing but missing values
        states.save(save_state)
    report = dataclasses.replace(states, is_single=_is_nameless(states)).report()
    for metric, note in report.notes.items():
        warn(f"{metric}: {note}")
    shown = answered.ordered(report) if isinstance(report, GroupedReport) else report
    laid_out = Answer(shown, report if answered.top else shown, states)
    if answered.output is not None:
        write_output(answered.output, laid_out)
    return answer(LAYOUTS[answered.output_format](laid_out))


def _is_nameless(states: FileStates) -> bool:
    """Say whether metrics head the columns of the answer: without groups the name does, also of one prediction."""
    return states.by is not None and len(states.predictions) == 1
