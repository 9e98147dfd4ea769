"""Every option once, for the commands that have it."""

from enum import Enum
from typing import Annotated, Any

import typer

from squarely.worst.losses import MOST_ROWS

READING: Any = {"rich_help_panel": "How files are read"}
GROUPS: Any = {"rich_help_panel": "Scores by group"}
WORST: Any = {"rich_help_panel": "Worst rows"}
JOINING: Any = {"rich_help_panel": "Truth and predictions in tables of their own"}


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

# Tables of their own.
Truth = Annotated[
    str | None, typer.Option(metavar="FILE", help="File with the true values, joined by --on.", **JOINING)
]
Prediction = Annotated[
    list[str] | None,
    typer.Option(metavar="FILE", help="File with predictions; may be repeated, to compare them.", **JOINING),
]
On = Annotated[
    list[str] | None,
    typer.Option(metavar="COLUMN", help="Column with the ids in both; may be repeated.", **JOINING),
]
Unmatched = Annotated[UnmatchedIds, typer.Option(help="What happens to ids that one of the files lacks.", **JOINING)]
Sql = Annotated[str | None, typer.Option(metavar="QUERY", help="Score the rows of a query of DuckDB.", **JOINING)]

# Groups.
By = Annotated[
    list[str] | None,
    typer.Option(
        metavar="COLUMN",
        help="Score every group of rows that are alike in this column, or in a part of it, as date:month; also "
        "year, day, hour, weekday, date; or store:text. May be repeated.",
        **GROUPS,
    ),
]
Sort = Annotated[
    str | None, typer.Option(metavar="METRIC", help="Put the best groups first, by one of the metrics.", **GROUPS)
]
WorstFirst = Annotated[bool, typer.Option("--worst-first", help="With --sort: put the worst first.", **GROUPS)]
Top = Annotated[int | None, typer.Option(min=1, metavar="N", help="Answer with the first N groups only.", **GROUPS)]

# Worst rows.
Worst = Annotated[
    int, typer.Option(min=0, max=MOST_ROWS, metavar="N", help="Also print the N rows with the largest losses.", **WORST)
]
WorstBy = Annotated[
    str | None,
    typer.Option(
        metavar="LOSS",
        help="By which loss: squared_error, absolute_percentage_error and others, or a metric that is the mean of one.",
        **WORST,
    ),
]
WorstColumns = Annotated[
    list[str] | None,
    typer.Option(metavar="COLUMNS", help="Columns to show of them, with commas; may be repeated.", **WORST),
]

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
Threads = Annotated[int | None, typer.Option(min=1, metavar="N", help="Threads to use; all by default, at most 8.")]
NoProgress = Annotated[bool, typer.Option("--no-progress", help="Show no progress bar.")]
Checkpoint = Annotated[
    str | None,
    typer.Option(metavar="STATE", help="Save the sums from time to time; run again to go on from there."),
]
CheckpointEvery = Annotated[
    float, typer.Option(min=0, metavar="SECONDS", help="How often to save them; 0 after every piece of work.")
]

# How files are read.
Separator = Annotated[
    str | None,
    typer.Option(metavar="CHARACTER", help="Between fields of text; tab, or blanks for any run of them.", **READING),
]
Decimal = Annotated[str | None, typer.Option(metavar="CHARACTER", help="Before fractions.", **READING)]
Thousands = Annotated[str | None, typer.Option(metavar="CHARACTER", help="Between groups of three digits.", **READING)]
Quote = Annotated[
    str | None, typer.Option(metavar="CHARACTER", help="Around fields, or none where there are none.", **READING)
]
Encoding = Annotated[str | None, typer.Option(metavar="NAME", help="As latin-1 or utf-16.", **READING)]
Comment = Annotated[str | None, typer.Option(metavar="TEXT", help="What lines that are no data begin with.", **READING)]
SkipRows = Annotated[int | None, typer.Option(min=0, metavar="N", help="Lines to skip before the header.", **READING)]
SkipRowsAfterHeader = Annotated[
    int | None, typer.Option(min=0, metavar="N", help="Rows to skip below the header, as of units.", **READING)
]
NoHeader = Annotated[bool, typer.Option("--no-header", help="Columns are called 1, 2 and so on.", **READING)]
Na = Annotated[
    list[str] | None,
    typer.Option(metavar="WORD", help="A word or number that means a missing value; may be repeated.", **READING),
]
InputFormat = Annotated[
    str | None,
    typer.Option(metavar="ENDING", help="Read files as if their names ended so: csv, csv.gz, arrows ...", **READING),
]
