"""The commands and their options: ``squarely score`` and ``squarely merge``."""

import dataclasses
import os
import sys
from enum import Enum
from typing import Annotated, Any

import typer

import squarely
from squarely.cli.errors import UsageError
from squarely.cli.layouts import as_json, as_table
from squarely.cli.progress_bar import progress_bar
from squarely.cli.reading import reading_options
from squarely.cli.streams import EXIT_INTERRUPTED, answer, warn, warnings_told
from squarely.cli.typed_metrics import EVERYDAY_TYPED, typed_metrics
from squarely.extras import import_extra
from squarely.files import FileStates, accumulate_files, expand_paths
from squarely.files.errors import StuckError
from squarely.files.runs.checkpoint import CHECKPOINT_SECONDS
from squarely.files.runs.states import check_may_be_replaced

READING: Any = {"rich_help_panel": "How files are read"}

application = typer.Typer(pretty_exceptions_enable=False, add_completion=False)


class NanPolicy(str, Enum):
    """What a missing value does."""

    RAISE = "raise"
    OMIT = "omit"
    OMIT_TRUE = "omit_true"
    PROPAGATE = "propagate"


class Format(str, Enum):
    """How the answer is written."""

    TABLE = "table"
    JSON = "json"


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
    metrics: Annotated[
        str,
        typer.Option(
            metavar="NAMES",
            help="Names of metrics, with commas; with a parameter as in mean_pinball_loss(alpha=0.9).",
        ),
    ] = EVERYDAY_TYPED,
    nan: Annotated[NanPolicy, typer.Option(help="What a missing value does.")] = NanPolicy.RAISE,
    output_format: Annotated[Format, typer.Option("--format", help="How to print the scores.")] = Format.TABLE,
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
    what = _columns(files, true, pred, weight) if files else _arrays(true, pred, weight)
    _prepare_pyarrow(threads)
    try:
        with progress_bar(hidden=no_progress) as progress:
            states = accumulate_files(
                **what,
                metrics=asked,
                nan_policy=nan.value,
                progress=progress,
                threads=threads,
                reading=reading,
                checkpoint=checkpoint,
                checkpoint_seconds=checkpoint_every,
            )
        return _finish(states, save_state, output_format)
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
    output_format: Annotated[Format, typer.Option("--format", help="How to print the scores.")] = Format.TABLE,
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
    try:
        with warnings_told():
            merged = FileStates.load_all(found)
        return _finish(merged, save_state, output_format)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


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


def _finish(states: FileStates, save_state: str | None, output_format: Format) -> int:
    if save_state is not None:  # also where this part alone has no scores, as one with nothing but missing values
        states.save(save_state)
    report = dataclasses.replace(states, is_single=False).report()  # the name heads the column also of one prediction
    for metric, note in report.notes.items():
        warn(f"{metric}: {note}")
    return answer(as_json(report, states.files, states.true) if output_format is Format.JSON else as_table(report))
