"""How files are to be read where their names do not say it: the options of text, and which numbers mean missing."""

from __future__ import annotations

import codecs
import contextlib
import math
from dataclasses import dataclass, fields
from typing import Any

BLANKS = " "  # as a separator: any run of blanks and tabs


@dataclass(frozen=True)
class ReadingOptions:
    r"""How files are read, where it is not as their names say.

    All but `na` and `input_format` are of text, and leave other files as they are.

    Parameters
    ----------
    separator : str, optional
        The character between two fields; ``" "`` is any run of blanks and tabs. By default a comma, and a tab in
        ``.tsv`` and ``.tab``.
    decimal : str
        The character before the fraction of a number.
    thousands : str, optional
        The character between groups of three digits.
    quote : str, optional
        The character around fields that hold a separator or a line break; None where quotes are characters like others.
    encoding : str
        Of the text, as Python names it: ``"utf-8"``, ``"utf-16"``, ``"latin-1"`` ...
    comment : str, optional
        Lines that begin with it are dropped, before any are counted.
    skip_rows : int
        How many lines to skip before the header.
    skip_rows_after_header : int
        How many rows to skip below the header, as one of units is.
    header : bool
        Whether there is a header. Without one the columns are called ``"1"``, ``"2"`` and so on.
    na : tuple of str and float
        What means a missing value, besides an empty field and words such as NA. What is a number is compared as a
        number, in files of any kind; words are looked for in text.
    input_format : str, optional
        An ending, such as ``"csv.gz"``, that files are read by, in place of those of their names.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import squarely as sq
    >>> from squarely.files import ReadingOptions
    >>> german = ReadingOptions(separator=";", decimal=",", na=(-200,))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "air.csv"
    ...     _ = path.write_text("y;p\n1,5;2\n-200;3\n")
    ...     sq.score_files(path, true="y", pred="p", metrics="mse", nan_policy="omit", reading=german)["mse"]
    0.25
    """

    separator: str | None = None
    decimal: str = "."
    thousands: str | None = None
    quote: str | None = '"'
    encoding: str = "utf-8"
    comment: str | None = None
    skip_rows: int = 0
    skip_rows_after_header: int = 0
    header: bool = True
    na: tuple[str | float, ...] = ()
    input_format: str | None = None

    def __post_init__(self) -> None:
        if isinstance(self.na, str | float | int):
            raise TypeError(f"na must be a tuple of words and numbers, not {self.na!r}: write na=({self.na!r},)")
        object.__setattr__(self, "na", tuple(self.na))
        for name in ("separator", "decimal", "thousands", "quote"):
            value = getattr(self, name)
            if value is not None and (len(value) != 1 or not value.isascii() or value in "\r\n"):
                raise ValueError(f"{name} must be one ASCII character, not {value!r}")
        for name in ("skip_rows", "skip_rows_after_header"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must be at least 0, not {getattr(self, name)}")
        if self.comment == "":
            raise ValueError("comment must be what such lines begin with, not ''")
        for one, other in (("thousands", "decimal"), ("quote", "separator")):
            if getattr(self, one) is not None and getattr(self, one) == getattr(self, other):
                raise ValueError(f"{one} and {other} are both {getattr(self, one)!r}; they must differ")
        try:
            codecs.lookup(self.encoding)
        except LookupError as error:
            raise ValueError(
                f"encoding must be one that Python knows, such as 'latin-1', not {self.encoding!r}"
            ) from error

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in self.given().items())
        return f"ReadingOptions({given})"

    def named(self, path: str) -> str:
        """Return the name whose ending says how a file is read."""
        return path if self.input_format is None else f".{self.input_format.removeprefix('.')}"

    @property
    def words(self) -> tuple[str, ...]:
        """What means a missing value in text."""
        return tuple(str(one) for one in self.na)

    @property
    def numbers(self) -> tuple[float, ...]:
        """Which numbers mean a missing value; integers as they are, which may be more than a float holds."""
        found = (_number(one) for one in self.na)
        return tuple(one for one in found if one is not None and not math.isnan(one))

    def given(self) -> dict[str, Any]:
        """Return the options that are not the defaults."""
        values = {field.name: (getattr(self, field.name), field.default) for field in fields(self)}
        return {name: value for name, (value, default) in values.items() if value != default}


AS_NAMED = ReadingOptions()


def _number(word: str | float) -> float | None:
    for kind in (int, float):
        with contextlib.suppress(ValueError):
            if not isinstance(word, str) or "_" not in word:
                return kind(word) if isinstance(word, str) else word
    return None
