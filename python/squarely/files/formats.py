"""From the ending of a file's name to the function that opens its format."""

import contextlib
import csv
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence

from squarely.files.arrow import open_arrow
from squarely.files.csv_text import open_csv
from squarely.files.errors import ContentError, FileError, one_line
from squarely.files.parquet import open_parquet
from squarely.files.partition_keys import with_keys
from squarely.files.paths import DataFile
from squarely.files.pyarrow_modules import import_pyarrow
from squarely.files.schema import check_columns
from squarely.files.table import Table

OPENERS: dict[str, Callable[[DataFile], contextlib.AbstractContextManager[Table]]] = {
    ".parquet": open_parquet,
    ".pq": open_parquet,
    ".csv": open_csv,
    ".csv.gz": open_csv,
    ".csv.zip": open_csv,
    ".arrow": open_arrow,
    ".arrows": open_arrow,
    ".feather": open_arrow,
    ".ipc": open_arrow,
}


@contextlib.contextmanager
def open_table(file: DataFile, columns: Sequence[str]) -> Iterator[Table]:
    """Open a file and check its columns; whatever then goes wrong in reading is told in one sentence."""
    opener = next((opener for suffix, opener in OPENERS.items() if file.path.lower().endswith(suffix)), None)
    if opener is None:
        hint = (
            "; .npy files go in pairs, [(truth, model)], or as --true and --pred"
            if file.path.lower().endswith(".npy")
            else ""
        )
        raise FileError(f"{file.path}: the name must end in one of {', '.join(OPENERS)}{hint}")
    with told_in_one_sentence(file.path):
        if file.size() == 0:
            raise ContentError("the file is empty")
        with opener(file) as opened:
            table = with_keys(opened, file.keys)
            check_columns(table.schema, columns)
            yield table


@contextlib.contextmanager
def told_in_one_sentence(path: str, where: Callable[[], str] = str) -> Iterator[None]:
    """Turn what pyarrow and others raise into a `FileError` that begins with the name of the file."""
    pyarrow = import_pyarrow()
    try:
        yield
    except ContentError as error:
        raise FileError(f"{path}: {error}") from error
    except pyarrow.lib.ArrowCancelled as error:  # how pyarrow reports Ctrl-C where it handles signals itself
        raise KeyboardInterrupt from error
    except OSError as error:
        raise FileError(f"{path}: the file cannot be read{where()}: {one_line(error.strerror or error)}") from error
    except (pyarrow.ArrowException, zipfile.BadZipFile, zlib.error, EOFError, UnicodeError, csv.Error) as error:
        reason = one_line(error)
        raise FileError(f"{path}: the file is damaged{where()} or not what its name says: {reason}") from error
