"""What is asked of a network, in a thread of its own, so that Ctrl-C is heard while nobody answers."""

import threading
from collections.abc import Callable
from typing import Any, TypeVar

from squarely.extras import import_extra
from squarely.files.errors import FileError, StuckError, one_line

LISTEN_SECONDS = 0.05  # between two looks, as long as signals may have to wait on some systems

Answer = TypeVar("Answer")


def asked(path: str, question: Callable[[], Answer]) -> Answer:
    """Return what a filesystem answers, or refuse the path in its words. After Ctrl-C the thread is left behind."""
    pyarrow = import_extra("pyarrow")
    answers: list[Answer] = []
    failures: list[BaseException] = []

    def ask() -> None:
        try:
            answers.append(question())
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=ask, name="squarely-files-asking", daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            thread.join(LISTEN_SECONDS)
    except KeyboardInterrupt as interrupt:
        raise StuckError from interrupt
    if not failures:
        return answers[0]
    failure: Any = failures[0]
    if isinstance(failure, pyarrow.ArrowException | OSError) and not isinstance(failure, FileNotFoundError):
        raise FileError(f"{path}: its filesystem does not answer: {one_line(failure)}") from failure
    raise failure
