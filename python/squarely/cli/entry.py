"""From what was typed to an exit code: whatever cannot be done is one line on standard error."""

import sys
from collections.abc import Callable, Sequence

import squarely
from squarely.cli.errors import UsageError
from squarely.cli.reading import as_typed
from squarely.cli.streams import EXIT_INTERRUPTED, answer, refuse
from squarely.extras import missing_of
from squarely.files import FileError, InfiniteValueError, MissingValueError, UnmatchedIdError

COMMANDS = ("score", "merge")


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
        return answer(f"squarely {squarely.__version__}")
    if missing := missing_of("cli"):
        return refuse(missing)
    try:
        from squarely.cli.application import application

        return int(application(arguments, prog_name="squarely", standalone_mode=False) or 0)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except MissingValueError as error:
        return refuse(f"{error}; --nan omit leaves such rows out")
    except UnmatchedIdError as error:
        return refuse(f"{error}; --unmatched omit leaves such rows out")
    except InfiniteValueError as error:
        return refuse(f"{error}; --nan propagate lets it through to the scores")
    except FileError as error:
        return refuse(f"{error.sentence}; add {as_typed(error.options)}" if error.options else str(error))
    except (UsageError, OSError, ImportError) as error:
        return refuse(str(error))
    except Exception as error:
        # typer refuses a wrong option with an exception of click, or of its own copy of click, by its version.
        format_message: Callable[[], str] | None = getattr(error, "format_message", None)
        if format_message is None:
            raise
        command = f"{arguments[0]} " if arguments[0] in COMMANDS else ""
        return refuse(f"{' '.join(format_message().split())} Try 'squarely {command}--help'.")
