"""What accumulators of one state and of many groups have in common: their options, operators, copies and pickles."""

from __future__ import annotations

import functools
import os
from types import MappingProxyType
from typing import Any, ClassVar, TypeVar

from squarely import _core
from squarely.columns.labels import Names
from squarely.named_metrics import PICTURES, Metric
from squarely.policy import differing

__all__ = ["Mergeable", "asked_of", "labels_of"]

Own = TypeVar("Own", bound="Mergeable")


class Mergeable:
    """Sums that merge, subtract and travel as bytes, by which they are equal or not."""

    _family: ClassVar[type[Mergeable]]

    # Of the first chunk that had some. What rows are paired by is their place, and names only tell a wrong one.
    _names: Names = MappingProxyType({})

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if Mergeable in cls.__bases__:
            cls._family = cls

    # What each of them does in its own way

    @property
    def core(self) -> _core.Accumulator | _core.GroupedAccumulator:
        """The accumulator of the core, for what works on it as a whole."""
        raise NotImplementedError

    def merge(self: Own, other: Own) -> Own:
        """Add everything the other has seen."""
        raise NotImplementedError

    def subtract(self: Own, other: Own) -> Own:
        """Take away what the other has seen."""
        raise NotImplementedError

    def to_bytes(self) -> bytes:
        """Return configuration and sums."""
        raise NotImplementedError

    @classmethod
    def from_bytes(cls: type[Own], data: bytes) -> Own:
        """Return what `to_bytes` gave."""
        raise NotImplementedError

    def _copy(self: Own) -> Own:
        raise NotImplementedError

    # Files

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write `to_bytes` to a file that is there whole or not at all. ``squarely merge`` reads it too.

        A name that ends in ``.sq`` is passed over where folders are read.

        Raises
        ------
        squarely.files.FileError
            Where the file cannot be written, or is there already and holds something other than sums.

        Examples
        --------
        >>> import tempfile, pathlib
        >>> import squarely
        >>> accumulator = squarely.Accumulator().update([1.0, 2.0], [1.0, 4.0])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     accumulator.save(pathlib.Path(folder) / "monday.sq")
        ...     squarely.Accumulator.load(pathlib.Path(folder) / "monday.sq") == accumulator
        True
        """
        from squarely.files.runs.state_files import save_state

        save_state(path, self.to_bytes())

    @classmethod
    def load(cls: type[Own], path: str | os.PathLike[str]) -> Own:
        """Read what `save` wrote, on any machine.

        Raises
        ------
        FileNotFoundError
            Where there is no such file.
        squarely.files.FileError
            Where the file is damaged, cut short, from a newer version or something else.
        """
        from squarely.files.runs.state_files import load_state

        return load_state(path, cls.from_bytes)

    # Options

    @property
    def metrics(self) -> tuple[str, ...]:
        """The names of the metrics, with their parameters where these are not the defaults."""
        return labels_of(self.core.configuration)

    @property
    def asked(self) -> tuple[Metric, ...]:
        """The metrics, with their parameters."""
        return asked_of(self.core.configuration)

    @property
    def pictures(self) -> bool:
        """Whether pairs are counted by the sizes of their numbers, which pictures are drawn from."""
        return keeps_pictures(self.core.configuration)

    @property
    def multioutput(self) -> str | list[float]:
        """How outputs are averaged."""
        return self.core.configuration.multioutput

    @property
    def nan_policy(self) -> str:
        """What a NaN means."""
        return self.core.configuration.nan_policy

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of raw values, of groups of those of one: (1,) for one output, and as long as it is not known."""
        return self.core.shape or (1,)

    # Operators

    def __add__(self: Own, other: Own) -> Own:
        return self._copy().merge(other) if isinstance(other, self._family) else NotImplemented

    def __radd__(self: Own, other: int) -> Own:
        # sum() starts from 0.
        return self._copy() if isinstance(other, int) and other == 0 else NotImplemented

    def __sub__(self: Own, other: Own) -> Own:
        return self._copy().subtract(other) if isinstance(other, self._family) else NotImplemented

    def __eq__(self, other: object) -> bool:
        return self.to_bytes() == other.to_bytes() if isinstance(other, self._family) else NotImplemented

    __hash__: ClassVar[None] = None  # type: ignore[assignment]

    def __copy__(self: Own) -> Own:
        return self._copy()

    def __deepcopy__(self: Own, memo: dict[int, Any]) -> Own:
        return self._copy()

    def __reduce__(self) -> tuple[Any, ...]:
        names = {"_names": dict(self._names)} if self._names else None  # the bytes are of sums, and have none
        return type(self).from_bytes, (self.to_bytes(),), names

    # Refusals

    def _check_is_alike(self, other: object) -> None:
        if not isinstance(other, self._family):
            raise TypeError(f"Only another {self._family.__name__} can be merged or subtracted. Got {other!r}.")

    def _differing(
        self, refused: _core.Refused, other: Mergeable | None, shape: tuple[int, ...], what: str
    ) -> ValueError:
        theirs = {} if other is None else _options_of(other.core.configuration)
        return differing(refused, _options_of(self.core.configuration), theirs, (self.shape, shape), what)


def _options_of(configuration: _core.Configuration) -> dict[str, Any]:
    """Return what an accumulator was asked, as a person writes it."""
    return {
        "metrics": labels_of(configuration),
        "multioutput": configuration.multioutput,
        "nan_policy": configuration.nan_policy,
        "summation": configuration.summation,
        "complex_values": configuration.complex_values,
        "pictures": keeps_pictures(configuration),
    }


@functools.lru_cache(maxsize=1024)
def asked_of(configuration: _core.Configuration) -> tuple[Metric, ...]:
    """Return the metrics that were named, with their parameters."""
    asked = (Metric(name, parameter) for name, parameter in configuration.metrics)
    return tuple(one for one in asked if not one.row.is_kept_beside)


def keeps_pictures(configuration: _core.Configuration) -> bool:
    """Return whether pairs are counted by size, beside the metrics."""
    return any(name == PICTURES.name for name, _ in configuration.metrics)


def labels_of(configuration: _core.Configuration) -> tuple[str, ...]:
    """Return the names of the metrics, with their parameters where these are not the defaults."""
    return tuple(one.label for one in asked_of(configuration))
