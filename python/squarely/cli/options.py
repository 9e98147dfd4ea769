"""Every option once, for the commands that have it: by itself, or in a group of those that go together."""

from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import Annotated

import typer

from squarely.worst.losses import MOST_ROWS

of_reading = partial(typer.Option, rich_help_panel="How files are read")
of_groups = partial(typer.Option, rich_help_panel="Scores by group")
of_worst_rows = partial(typer.Option, rich_help_panel="Worst rows")
of_joining = partial(typer.Option, rich_help_panel="Truth and predictions in tables of their own")


class NanPolicy(str, Enum):
    """What a missing value does."""

    RAISE = "raise"
    OMIT = "omit"
    OMIT_TRUE = "omit_true"
    PROPAGATE = "propagate"


class UnmatchedIds(str, Enum):
    """What happens to an id that one of the tables lacks."""

    RAISE = "raise"
    OMIT = "omit"


class Format(str, Enum):
    """How the answer is written."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    MARKDOWN = "markdown"


# What is scored.
True_ = Annotated[str, typer.Option(metavar="COLUMN", help="Column with the true values, or a .npy file.")]
Pred = Annotated[
    list[str], typer.Option(metavar="COLUMN", help="Column with predictions, or a .npy file; may be repeated.")
]
Files = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="FILE",
        show_default=False,
        help="Files of Parquet, CSV and other text, JSON lines, Arrow, ORC or .npz, text also packed; folders of "
        "them, patterns, URIs, or - for standard input; none where --true and --pred are .npy files.",
    ),
]
Weight = Annotated[
    str | None, typer.Option(metavar="COLUMN", help="Column with the weights of the rows, or a .npy file.")
]
FilesToLookAt = Annotated[
    list[str], typer.Argument(metavar="FILE", help="Files as of 'score'; of a folder the first one.")
]
States = Annotated[
    list[str],
    typer.Argument(metavar="STATE", help="Files of 'score --save-state' or Accumulator.save, or patterns."),
]

# Groups.
By = Annotated[
    list[str] | None,
    of_groups(
        metavar="COLUMN",
        help="Score every group of rows that are alike in this column, or in a part of it, as date:month; also "
        "year, day, hour, weekday, date; or store:text. May be repeated.",
    ),
]
Sort = Annotated[str | None, of_groups(metavar="METRIC", help="Put the best groups first, by one of the metrics.")]
WorstFirst = Annotated[bool, of_groups("--worst-first", help="With --sort: put the worst first.")]
Top = Annotated[int | None, of_groups(min=1, metavar="N", help="Answer with the first N groups only.")]

# Pictures.
Show = Annotated[bool, typer.Option("--show", help="Also draw the residuals as bars, and name the worst groups.")]
Page = Annotated[str, typer.Option("--output", "-o", metavar="FILE", help="The page to write, as report.html.")]
Title = Annotated[str | None, typer.Option(metavar="TEXT", help="What stands at the top of the page.")]
TrueOfReport = Annotated[
    str | None, typer.Option("--true", metavar="COLUMN", help="Column with the true values; none for saved sums.")
]
PredOfReport = Annotated[
    list[str] | None, typer.Option("--pred", metavar="COLUMN", help="Column with predictions; may be repeated.")
]
FilesOfReport = Annotated[
    list[str] | None,
    typer.Argument(metavar="FILE", show_default=False, help="Files as of 'score', or what 'score --save-state' wrote."),
]

# Metrics and the answer.
Metrics = Annotated[
    str,
    typer.Option(
        metavar="NAMES",
        help="Names of metrics, with commas; with a parameter as in mean_pinball_loss(alpha=0.9). "
        "'squarely metrics' lists them. Medians and other metrics of order take a second pass over files of many rows.",
    ),
]
Names = Annotated[
    list[str] | None, typer.Argument(metavar="NAME", show_default=False, help="Metrics, in short or in full.")
]
Nan = Annotated[NanPolicy, typer.Option(help="What a missing value does.")]
OutputFormat = Annotated[Format, typer.Option("--format", help="How to print the answer.")]
Output = Annotated[
    str | None,
    typer.Option(metavar="FILE", help="Also write the scores to a file: .csv, .json, .md or .parquet."),
]
SaveState = Annotated[str | None, typer.Option(metavar="STATE", help="Also write the sums, for 'squarely merge'.")]

# The run.
Checkpoint = Annotated[
    str | None,
    typer.Option(metavar="STATE", help="Save the sums from time to time; run again to go on from there."),
]
CheckpointEvery = Annotated[
    float, typer.Option(min=0, metavar="SECONDS", help="How often to save them; 0 after every piece of work.")
]


@dataclass(frozen=True)
class Joining:
    """Truth and predictions in tables of their own."""

    truth: Annotated[str | None, of_joining(metavar="FILE", help="File with the true values, joined by --on.")] = None
    prediction: Annotated[
        list[str] | None,
        of_joining(metavar="FILE", help="File with predictions; may be repeated, to compare them."),
    ] = None
    on: Annotated[
        list[str] | None,
        of_joining(metavar="COLUMN", help="Column with the ids in both; may be repeated."),
    ] = None
    unmatched: Annotated[UnmatchedIds, of_joining(help="What happens to ids that one of the files lacks.")] = (
        UnmatchedIds.RAISE
    )
    sql: Annotated[str | None, of_joining(metavar="QUERY", help="Score the rows of a query of DuckDB.")] = None


@dataclass(frozen=True)
class WorstRows:
    """How many of the worst rows are shown, and how."""

    worst: Annotated[
        int,
        of_worst_rows(min=0, max=MOST_ROWS, metavar="N", help="Also print the N rows with the largest losses."),
    ] = 0
    worst_by: Annotated[
        str | None,
        of_worst_rows(
            metavar="LOSS",
            help="By which loss: squared_error, absolute_percentage_error and others, or a metric that is the mean of "
            "one.",
        ),
    ] = None
    worst_columns: Annotated[
        list[str] | None,
        of_worst_rows(metavar="COLUMNS", help="Columns to show of them, with commas; may be repeated."),
    ] = None


@dataclass(frozen=True)
class Reading:
    """How files are read."""

    separator: Annotated[
        str | None,
        of_reading(metavar="CHARACTER", help="Between fields of text; tab, or blanks for any run of them."),
    ] = None
    decimal: Annotated[str | None, of_reading(metavar="CHARACTER", help="Before fractions.")] = None
    thousands: Annotated[str | None, of_reading(metavar="CHARACTER", help="Between groups of three digits.")] = None
    quote: Annotated[
        str | None, of_reading(metavar="CHARACTER", help="Around fields, or none where there are none.")
    ] = None
    encoding: Annotated[str | None, of_reading(metavar="NAME", help="As latin-1 or utf-16.")] = None
    comment: Annotated[str | None, of_reading(metavar="TEXT", help="What lines that are no data begin with.")] = None
    skip_rows: Annotated[int | None, of_reading(min=0, metavar="N", help="Lines to skip before the header.")] = None
    skip_rows_after_header: Annotated[
        int | None, of_reading(min=0, metavar="N", help="Rows to skip below the header, as of units.")
    ] = None
    no_header: Annotated[bool, of_reading("--no-header", help="Columns are called 1, 2 and so on.")] = False
    na: Annotated[
        list[str] | None,
        of_reading(metavar="WORD", help="A word or number that means a missing value; may be repeated."),
    ] = None
    input_format: Annotated[
        str | None,
        of_reading(metavar="ENDING", help="Read files as if their names ended so: csv, csv.gz, arrows ..."),
    ] = None


@dataclass(frozen=True)
class Running:
    """How the work is done."""

    threads: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Threads to use; all by default, at most 8.")
    ] = None
    no_progress: Annotated[bool, typer.Option("--no-progress", help="Show no progress bar.")] = False
