"""The answer as a file: its ending says how it is written."""

import os
from collections.abc import Callable, Sequence

from squarely.cli.errors import UsageError
from squarely.cli.layouts import Answer, as_csv, as_json, as_markdown, as_rows
from squarely.extras import import_extra
from squarely.files.runs.atomic_write import check_can_be_written, write_atomically


def _parquet(answer: Answer) -> bytes:
    """Return a row a group, or a prediction, whose keys have their types."""
    pyarrow, parquet = import_extra("pyarrow"), import_extra("pyarrow.parquet")
    header, rows, _ = as_rows(answer.report)
    columns = [pyarrow.array(list(column)) for column in zip(*rows, strict=True)]
    content = pyarrow.BufferOutputStream()
    parquet.write_table(pyarrow.Table.from_arrays(columns, header), content)
    written: bytes = content.getvalue().to_pybytes()
    return written


def _text(lay_out: Callable[[Answer], str]) -> Callable[[Answer], bytes]:
    return lambda answer: f"{lay_out(answer)}\n".encode()


WRITERS: dict[str, Callable[[Answer], bytes]] = {
    ".parquet": _parquet,
    ".csv": _text(as_csv),
    ".md": _text(as_markdown),
    ".json": _text(as_json),
}


def check_output(path: str, others: Sequence[str | None]) -> None:
    """Refuse, before the work begins, where no answer can be written, or something else would be written over."""
    if _ending(path) not in WRITERS:
        raise UsageError(f"--output {path} must end in one of {', '.join(WRITERS)}, which says how it is written")
    check_can_be_written(path)
    _check_is_none_of(path, [other for other in others if other is not None])


def write_output(path: str, answer: Answer) -> None:
    """Write the answer to a file that is there whole or not at all."""
    _check_is_none_of(path, answer.states.files)
    write_atomically(path, WRITERS[_ending(path)](answer))


def _ending(path: str) -> str:
    return os.path.splitext(path)[1].lower()


def _check_is_none_of(path: str, others: Sequence[str]) -> None:
    if os.path.realpath(path) in map(os.path.realpath, others):
        raise UsageError(f"--output {path} is one of the files that are read or written; name another file")
