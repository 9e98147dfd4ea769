"""The commands: what is typed is checked, done and answered."""

import os
import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer

import squarely
from squarely.cli import options
from squarely.cli.answered import Answered, finish
from squarely.cli.columns_described import described_columns
from squarely.cli.errors import UsageError
from squarely.cli.folded_help import FoldedCommand, FoldedGroup
from squarely.cli.metrics_described import described_metrics, for_people, listed, pages
from squarely.cli.options import Format, NanPolicy
from squarely.cli.page_written import are_saved_sums, check_page, write_page
from squarely.cli.parameters import with_fields_as_parameters
from squarely.cli.reading import reading_options
from squarely.cli.rows import ROW_LAYOUTS
from squarely.cli.scored import joined_tables, what_is_scored
from squarely.cli.streams import EXIT_INTERRUPTED, answer, warnings_told
from squarely.cli.typed_metrics import EVERYDAY_TYPED, check_go_with, typed_metrics
from squarely.cli.worst_rows import worst_options
from squarely.extras import import_extra
from squarely.files import FileStates, accumulate_files, expand_paths
from squarely.files.errors import StuckError
from squarely.files.runs.checkpoint import CHECKPOINT_SECONDS
from squarely.files.runs.state_files import check_may_be_replaced
from squarely.report import label_of

WORST_OF_PAGE = options.WorstRows(worst=20)

application = typer.Typer(
    cls=FoldedGroup,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _examples(*commands: str) -> str:
    """Return commands as lines of their own below a help."""
    return "\n\n".join(["Examples:", *commands])


def _command(*examples: str) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Make a function a command, whose groups of options are options of their own."""

    def register(function: Callable[..., int]) -> Callable[..., int]:
        application.command(cls=FoldedCommand, epilog=_examples(*examples))(with_fields_as_parameters(function))
        return function

    return register


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


@_command(
    "squarely score predictions.parquet --true y --pred model",
    "squarely score 'part-*.csv' --true y --pred a --pred b --metrics 'rmse,pinball(alpha=0.9)' --nan omit",
    "squarely score sales.parquet --true y --pred yhat --by store --by date:month --sort rmse --top 20",
    "squarely score sales.parquet --true y --pred yhat --worst 20 --worst-columns store,date",
    "squarely score --truth truth.csv --prediction submission.csv --on id --true price --pred price",
)
def score(
    *,
    true: options.True_,
    pred: options.Pred,
    files: options.Files = None,
    weight: options.Weight = None,
    joining: options.Joining,
    by: options.By = None,
    sort: options.Sort = None,
    worst_first: options.WorstFirst = False,
    top: options.Top = None,
    worst: options.WorstRows,
    show: options.Show = False,
    metrics: options.Metrics = EVERYDAY_TYPED,
    nan: options.Nan = NanPolicy.RAISE,
    output_format: options.OutputFormat = Format.TABLE,
    output: options.Output = None,
    reading: options.Reading,
    running: options.Running,
    save_state: options.SaveState = None,
    checkpoint: options.Checkpoint = None,
    checkpoint_every: options.CheckpointEvery = CHECKPOINT_SECONDS,
) -> int:
    """Score one or more prediction columns against a truth column, over all the files together."""
    asked = typed_metrics(metrics)
    what = what_is_scored(files, true, pred, weight, joined_tables(joining))
    _check_keys(by)
    check_go_with(asked, by, weight, {"--save-state": save_state, "--checkpoint": checkpoint})
    rows = worst_options(worst, asked, by or ())
    answered = Answered(output_format, output, sort, worst_first, top, show)
    answered.check([label_of(metric) for metric in asked], are_groups=bool(by), others=(save_state, checkpoint))
    if save_state is not None:
        if checkpoint is not None and os.path.realpath(save_state) == os.path.realpath(checkpoint):
            raise UsageError("--save-state and --checkpoint name one file; a checkpoint ends as the state")
        check_may_be_replaced(save_state)
    saving = {"checkpoint": checkpoint, "checkpoint_seconds": checkpoint_every}
    asked_of_files = {**what, **rows, **saving, "metrics": asked, "pictures": show}
    try:
        return finish(_accumulated(asked_of_files, by, nan, reading, running), save_state, answered)
    except StuckError:  # the interpreter would wait for the thread, for as long as a network takes
        os._exit(EXIT_INTERRUPTED)
    except KeyboardInterrupt:  # caught before typer does, which older versions answer in their own words
        if checkpoint is not None:
            is_saved = os.path.exists(checkpoint)
            then = f"the same command goes on from {checkpoint}" if is_saved else "nothing was saved yet"
            print(f"squarely: stopped; {then}", file=sys.stderr)
        return EXIT_INTERRUPTED


@_command(
    "squarely report predictions.parquet --true y --pred a --pred b --by store -o report.html",
    "squarely report monday.sq tuesday.sq -o week.html",
)
def report(
    *,
    files: options.FilesOfReport = None,
    true: options.TrueOfReport = None,
    pred: options.PredOfReport = None,
    weight: options.Weight = None,
    output: options.Page = "report.html",
    title: options.Title = None,
    joining: options.Joining,
    by: options.By = None,
    worst: options.WorstRows = WORST_OF_PAGE,
    metrics: options.Metrics = EVERYDAY_TYPED,
    nan: options.Nan = NanPolicy.RAISE,
    reading: options.Reading,
    running: options.Running,
) -> int:
    """Write a page with the scores, pictures of the errors and the worst rows: one file of HTML."""
    check_page(output)
    if are_saved_sums(files or ()):
        if true is not None or pred:
            raise UsageError("--true and --pred are of files with columns, and these are saved sums")
        with warnings_told():
            return write_page(FileStates.load_all(expand_paths(files or ())), output, title)
    if true is None or not pred:
        raise UsageError("say which columns are scored: --true COLUMN --pred COLUMN")
    asked = typed_metrics(metrics)
    what = what_is_scored(files, true, pred, weight, joined_tables(joining))
    _check_keys(by)
    check_go_with(asked, by, weight)
    rows = worst_options(worst, asked, by or ())
    asked_of_files = {**what, **rows, "metrics": asked, "pictures": True}
    try:
        return write_page(_accumulated(asked_of_files, by, nan, reading, running), output, title)
    except StuckError:
        os._exit(EXIT_INTERRUPTED)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


@_command("squarely merge monday.sq tuesday.sq", "squarely merge '*.sq' --format json")
def merge(
    states: options.States,
    sort: options.Sort = None,
    worst_first: options.WorstFirst = False,
    top: options.Top = None,
    output_format: options.OutputFormat = Format.TABLE,
    output: options.Output = None,
    save_state: options.SaveState = None,
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
        return finish(merged, save_state, answered)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


@_command("squarely metrics", "squarely metrics rmse pinball")
def metrics(names: options.Names = None, output_format: options.OutputFormat = Format.TABLE) -> int:
    """List the metrics, or say what some of them are: formula, range, parameter."""
    described = described_metrics(names or ())
    if output_format in (Format.TABLE, Format.MARKDOWN):
        described = for_people(described)
    if output_format is Format.TABLE:
        described = pages(described) if names else listed(described)
    return answer(ROW_LAYOUTS[output_format](described))


@_command("squarely columns sales.parquet", "squarely columns air.csv --separator ';'")
def columns(
    *,
    files: options.FilesToLookAt,
    output_format: options.OutputFormat = Format.TABLE,
    reading: options.Reading,
) -> int:
    """List the columns of files with their types and first values: what --true, --pred and --by may name."""
    _prepare_pyarrow(None)
    return answer(ROW_LAYOUTS[output_format](described_columns(files, reading_options(reading))))


def _check_keys(by: list[str] | None) -> None:
    if by and (repeated := {name for name in by if by.count(name) > 1}):
        raise UsageError(f"--by {min(repeated)} is given twice")


def _accumulated(
    asked: dict[str, Any],
    by: list[str] | None,
    nan: NanPolicy,
    reading: options.Reading,
    running: options.Running,
) -> FileStates:
    """Return the sums of files, with a bar where somebody is watching."""
    _prepare_pyarrow(running.threads)
    return accumulate_files(
        **asked,
        by=by or None,
        nan_policy=nan.value,
        progress=not running.no_progress and sys.stderr.isatty(),
        threads=running.threads,
        reading=reading_options(reading),
    )


def _prepare_pyarrow(threads: int | None) -> None:
    pyarrow = import_extra("pyarrow")  # --help need not wait for it
    # Its handlers lose one Ctrl-C in twenty, when the piece of work that they would stop has just ended.
    pyarrow.enable_signal_handlers(False)
    if threads is not None:
        squarely.set_num_threads(threads)
        pyarrow.set_cpu_count(threads)  # reading takes more of the time than scoring
