"""What is said of a file that cannot be scored."""

SHOWN_CHARACTERS = 200  # of a message or a value that another library or the file supplies


class FileError(ValueError):
    """A file that cannot be scored. The message begins with the name of the file."""


class MissingValueError(FileError):
    """A NaN or an empty value where the NaN policy does not allow one."""


class InfiniteValueError(FileError):
    """An infinity where the NaN policy does not let it through."""


class StuckError(KeyboardInterrupt):
    """Ctrl-C while a thread hangs in a read, which it leaves only when the filesystem answers."""


class ContentError(Exception):
    """Content that cannot be scored, in a sentence that still lacks the name of the file."""


def one_line(message: object) -> str:
    text = " ".join(str(message).split())
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}..."
