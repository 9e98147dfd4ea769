"""The command line: ``squarely score FILE... --true COLUMN --pred COLUMN`` and ``squarely merge STATE...``."""

import contextlib
import difflib
import importlib.util
import json
import math
import os
import re
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any

import squarely
from squarely.files import (
    FileError,
    FileScores,
    FileStates,
    InfiniteValueError,
    MissingValueError,
    Progress,
    accumulate_files,
)
from squarely.files.errors import StuckError
from squarely.files.sources.paths import expand_paths
from squarely.files.runs.checkpoint import CHECKPOINT_SECONDS
from squarely.files.runs.states import check_may_be_replaced
from squarely.named_metrics import Metric, sum_names

if TYPE_CHECKING:
    import typer

EXIT_REFUSED = 2  # what was asked for cannot be done; one line on standard error says why
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as a shell reports it

DIGEST_SHOWN = 16  # characters in the table, enough for the eye; JSON has all of them

COMMANDS = ("score", "merge")
EXTRAS = ("pyarrow", "rich", "typer")
SHORT_NAMES = {
    "mse": "mean_squared_error",
    "rmse": "root_mean_squared_error",
    "sse": "sum_squared_error",
    "mae": "mean_absolute_error",
    "bias": "mean_error",
    "max": "max_error",
    "r2": "r2_score",
    "ev": "explained_variance_score",
    "mape": "mean_absolute_percentage_error",
    "smape": "symmetric_mean_absolute_percentage_error",
    "wape": "weighted_absolute_percentage_error",
    "msle": "mean_squared_log_error",
    "rmsle": "root_mean_squared_log_error",
    "nse": "nash_sutcliffe_efficiency",
    "kge": "kling_gupta_efficiency",
}

# A name, and perhaps a parameter and its value behind it.
PARAMETRIZED = re.compile(r"([^(]*)(?:\(\s*(\w+)\s*=\s*(.*?)\s*\))?", re.DOTALL)


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


class _UsageError(Exception):
    """An option that makes no sense."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        What follows the name of the program; by default, what the program was started with.

    Returns
    -------
    int
        0, or 2 with one line on standard error, or 130 after Ctrl-C. Only with 0 is there anything on standard output.

    Examples
    --------
    >>> from squarely.cli import main
    >>> main(["score", "no-such-file.csv", "--true", "y", "--pred", "model"])
    2
    """
    arguments = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    if arguments == ["--version"]:  # answered even where the extras are missing
        return _answer(_version())
    missing = [name for name in EXTRAS if importlib.util.find_spec(name) is None]
    if missing:
        return _refuse(f"the command line needs {', '.join(missing)}: pip install 'squarely[cli]'")
    try:
        return int(_application()(arguments, prog_name="squarely", standalone_mode=False) or 0)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except MissingValueError as error:
        return _refuse(f"{error}; --nan omit leaves such rows out")
    except InfiniteValueError as error:
        return _refuse(f"{error}; --nan propagate lets it through to the scores")
    except (_UsageError, FileError, OSError, ImportError) as error:
        return _refuse(str(error))
    except Exception as error:
        # typer refuses a wrong option with an exception of click, or of its own copy of click, by its version.
        format_message: Callable[[], str] | None = getattr(error, "format_message", None)
        if format_message is None:
            raise
        command = f"{arguments[0]} " if arguments[0] in COMMANDS else ""
        return _refuse(f"{' '.join(format_message().split())} Try 'squarely {command}--help'.")


def _application() -> "typer.Typer":
    import typer

    application = typer.Typer(pretty_exceptions_enable=False, add_completion=False)

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
                help="Parquet, CSV (also .csv.gz, .csv.zip) or Arrow files, folders of them, patterns or URIs; "
                "none where --true and --pred are .npy files.",
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
        ] = "mse,rmse,mae,bias,max,r2",
        nan: Annotated[NanPolicy, typer.Option(help="What a missing value does.")] = NanPolicy.RAISE,
        output_format: Annotated[Format, typer.Option("--format", help="How to print the scores.")] = Format.TABLE,
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
        asked = _metrics(metrics)
        if repeated := {name for name in pred if pred.count(name) > 1}:
            raise _UsageError(f"--pred {min(repeated)} is given twice")
        if save_state is not None:
            if checkpoint is not None and os.path.realpath(save_state) == os.path.realpath(checkpoint):
                raise _UsageError("--save-state and --checkpoint name one file; a checkpoint ends as the state")
            check_may_be_replaced(save_state)
        what = _columns(files, true, pred, weight) if files else _arrays(true, pred, weight)
        _prepare_pyarrow(threads)
        try:
            with _progress_bar(hidden=no_progress) as progress:
                states = accumulate_files(
                    **what,
                    metrics=asked,
                    nan_policy=nan.value,
                    progress=progress,
                    threads=threads,
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
                raise _UsageError(f"--save-state {save_state} is one of the states to merge; name another file")
            check_may_be_replaced(save_state)
        try:
            with _warnings_on_standard_error():
                merged = FileStates.load_all(found)
            return _finish(merged, save_state, output_format)
        except KeyboardInterrupt:
            return EXIT_INTERRUPTED

    return application


def _columns(files: list[str], true: str, pred: list[str], weight: str | None) -> dict[str, Any]:
    return {"paths": files, "true": true, "pred": pred, "weight": weight}


def _arrays(true: str, pred: list[str], weight: str | None) -> dict[str, Any]:
    """Take what names columns elsewhere for .npy files, each called by the name of its file."""
    given = [true, *pred, *([] if weight is None else [weight])]
    for path in given:
        if not path.lower().endswith(".npy"):
            raise _UsageError(
                f"without a FILE, --true, --pred and --weight name .npy files, and {path!r} is none; name a FILE "
                "that has such a column"
            )
    stems = [os.path.splitext(os.path.basename(path))[0] for path in given]
    called = dict(zip(given, stems if len(set(stems)) == len(set(given)) else given, strict=True))
    pair = (true, {called[path]: path for path in pred}, *([] if weight is None else [weight]))
    return {"paths": [pair], "true": called[true], "weight": None if weight is None else called[weight]}


def _finish(states: FileStates, save_state: str | None, output_format: Format) -> int:
    if save_state is not None:  # also where this part alone has no scores, as one with nothing but missing values
        states.save(save_state)
    with _warnings_on_standard_error():
        scores = states.scores()
    return _answer(_as_json(scores) if output_format is Format.JSON else _as_table(scores))


@contextlib.contextmanager
def _warnings_on_standard_error() -> Iterator[None]:
    """Tell warnings in a line each, without the line of code that gave them."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    for warning in caught:
        print(f"squarely: warning: {warning.message}", file=sys.stderr)


def _print_version(wanted: bool) -> None:
    import typer

    if wanted:
        raise typer.Exit(_answer(_version()))


def _version() -> str:
    return f"squarely {squarely.__version__}"


def _metrics(given: str) -> list[Metric]:
    found = [_metric(name.strip()) for name in given.split(",") if name.strip()]
    if not found:
        raise _UsageError(f"--metrics names no metric; the metrics are {_listed(sum_names())}")
    return list(dict.fromkeys(found))


def _metric(given: str) -> Metric:
    """Return the metric of a name, an abbreviation, or either with a parameter: huber(delta=2)."""
    known = sum_names()
    matched = PARAMETRIZED.fullmatch(given)
    name, parameter, value = (given, None, "") if matched is None else matched.groups()
    full = SHORT_NAMES.get(name, name)
    if full not in known and full in squarely.metric_names():
        raise _UsageError(
            f"--metrics: {name} needs all rows in memory at once, and files are read in batches. "
            f"Call squarely.{name} on arrays"
        )
    if full not in known:
        close = difflib.get_close_matches(name, [*SHORT_NAMES, *known], n=1)
        suggestion = f" Did you mean {close[0]!r}?" if close else ""
        raise _UsageError(f"--metrics: there is no metric {name!r}.{suggestion} The metrics are {_listed(known)}")
    try:
        return squarely.metric(full, **({} if parameter is None else {parameter: _number_or_word(value)}))
    except ValueError as error:
        raise _UsageError(f"--metrics: {error}") from error


def _number_or_word(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _listed(known: Sequence[str]) -> str:
    shorts = {full: short for short, full in SHORT_NAMES.items()}
    return ", ".join(f"{name} ({shorts[name]})" if name in shorts else name for name in known)


def _prepare_pyarrow(threads: int | None) -> None:
    import pyarrow

    # Its handlers lose one Ctrl-C in twenty, when the piece of work that they would stop has just ended.
    pyarrow.enable_signal_handlers(False)
    if threads is not None:
        squarely.set_num_threads(threads)
        pyarrow.set_cpu_count(threads)  # reading takes more of the time than scoring


@contextlib.contextmanager
def _progress_bar(*, hidden: bool) -> Iterator[Callable[[Progress], None] | None]:
    """Show a bar while the scores are computed, where somebody is watching; it is gone when they are printed."""
    if hidden or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}", markup=False),  # a file may have brackets in its name
        BarColumn(),
        DownloadColumn(),
        TextColumn("{task.fields[rows]:,} rows"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading", total=None, rows=0)

        def show(progress: Progress) -> None:
            bar.update(
                task,
                description=os.path.basename(progress.path),
                completed=progress.bytes_read,
                total=progress.bytes_total,
                rows=progress.rows,
            )

        yield show


def _as_table(scores: FileScores) -> str:
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


def _as_json(scores: FileScores) -> str:
    answer = asdict(scores)
    for prediction in answer["predictions"].values():
        prediction["metrics"] = {name: _json_number(value) for name, value in prediction["metrics"].items()}
    return json.dumps(answer, indent=2, allow_nan=False)


def _json_number(value: float) -> Any:
    """JSON has no NaN and no infinity; these names of theirs are what JavaScript, Python and protobuf read back."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _answer(text: str) -> int:
    """Print to standard output, all or an error."""
    try:
        print(text, flush=True)
    except (OSError, UnicodeEncodeError) as error:
        # What is left in the buffer would fail again, with a traceback, when the interpreter closes it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_REFUSED if isinstance(error, BrokenPipeError) else _refuse(f"cannot write the scores: {error}")
    return 0


def _refuse(sentence: str) -> int:
    print(f"squarely: {sentence}", file=sys.stderr)
    return EXIT_REFUSED


if __name__ == "__main__":
    sys.exit(main())
