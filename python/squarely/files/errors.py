"""What is said of a file that cannot be scored."""

from __future__ import annotations

import contextlib
import csv
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from squarely.extras import import_extra

SHOWN_CHARACTERS = 200  # of a message or a value that another library or the file supplies
NUMBERS_SHOWN = "`squarely columns FILE` shows which columns are numbers"


class FileError(ValueError):
    """A file that cannot be scored. The message begins with the name of the file.

    Attributes
    ----------
    sentence : str
        The message without what may help.
    options : dict
        The `ReadingOptions` that may help, where there is a guess.
    """

    def __init__(self, sentence: str, options: Mapping[str, Any] | None = None) -> None:
        self.sentence = sentence
        self.options: dict[str, Any] = dict(options or {})
        written = ", ".join(f"{name}={value!r}" for name, value in self.options.items())
        super().__init__(f"{sentence}; add reading=ReadingOptions({written})" if written else sentence)


class MissingValueError(FileError):
    """A NaN or an empty value where the NaN policy does not allow one."""


class InfiniteValueError(FileError):
    """An infinity where the NaN policy does not let it through."""


class UnmatchedIdError(FileError):
    """An id in one table that the other lacks, where such rows are not to be left out."""


class StuckError(KeyboardInterrupt):
    """Ctrl-C while a thread hangs in a read, which it leaves only when the filesystem answers."""


class ContentError(Exception):
    """Content that cannot be scored, in a sentence that still lacks the name of the file, and options that may help."""

    def __init__(self, sentence: str, **options: Any) -> None:
        super().__init__(sentence)
        self.options = options


def one_line(message: object) -> str:
    text = " ".join(str(message).split())
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}..."


@contextlib.contextmanager
def told_in_one_sentence(path: str, where: Callable[[], str] = str) -> Iterator[None]:
    """Turn what pyarrow and others raise into a `FileError` that begins with the name of the file."""
    pyarrow = import_extra("pyarrow")
    try:
        yield
    except ContentError as error:
        raise FileError(f"{path}: {error}", error.options) from error
    except pyarrow.lib.ArrowCancelled as error:  # how pyarrow reports Ctrl-C where it handles signals itself
        raise KeyboardInterrupt from error
    except OSError as error:
        raise FileError(f"{path}: the file cannot be read{where()}: {one_line(error.strerror or error)}") from error
    except (pyarrow.ArrowException, zipfile.BadZipFile, zlib.error, EOFError, UnicodeError, csv.Error) as error:
        reason = one_line(error)
        raise FileError(f"{path}: the file is damaged{where()} or not what its name says: {reason}") from error
