"""Standard output, which has an answer or nothing, standard error, which has a line a trouble, and exit codes."""

import contextlib
import os
import sys
import warnings
from collections.abc import Iterator

EXIT_REFUSED = 2  # what was asked for cannot be done; one line on standard error says why
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as a shell reports it


def answer(text: str) -> int:
    """Print to standard output, all or an error."""
    try:
        print(text, flush=True)
    except (OSError, UnicodeEncodeError) as error:
        # What is left in the buffer would fail again, with a traceback, when the interpreter closes it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_REFUSED if isinstance(error, BrokenPipeError) else refuse(f"cannot write the scores: {error}")
    return 0


def refuse(sentence: str) -> int:
    """Say why there is no answer, and return the exit code of that."""
    print(f"squarely: {sentence}", file=sys.stderr)
    return EXIT_REFUSED


def warn(sentence: str) -> None:
    """Say what may be wrong with an answer that is given all the same."""
    print(f"squarely: warning: {sentence}", file=sys.stderr)


@contextlib.contextmanager
def warnings_told() -> Iterator[None]:
    """Tell warnings in a line each, without the line of code that gave them."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        yield
    for warning in caught:
        warn(str(warning.message))
