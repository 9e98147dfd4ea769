"""The sums of files as a file of their own: what other machines scored is merged, and a run that ended is taken up.

The byte form, little-endian: ``sqfs``, version (1 byte: 4 where there are metrics over order statistics, else 3 where
there are worst rows, else 2 where there are groups, else 1), length of the header (4), header, the
`Accumulator.to_bytes`, or `GroupedAccumulator.to_bytes`, of each prediction in the order of the header, and a CRC-32 of
everything before (4). The header is JSON: ``true``, ``weight`` (a name or null), ``nan_policy``, ``summation``,
``metrics``, ``files``, ``rows``, ``predictions`` (pairs of name and number of bytes), ``is_single`` (false where it is
absent), of groups ``by``, the columns of their keys, of worst rows ``worst``, by the names of the predictions (see
`squarely.worst.rows`), of metrics over order statistics ``order`` (see `squarely.files.order.results`), and in a
checkpoint ``work``: what of which files the sums hold (see `checkpoint`).
"""

from __future__ import annotations

import copy
import dataclasses
import functools
import json
import os
import struct
import warnings
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import squarely
from squarely.arguments import InvalidParameterError
from squarely.evaluation import report_of
from squarely.files.errors import FileError, one_line
from squarely.files.order.results import OfOrder
from squarely.files.runs.state_files import OF_ACCUMULATOR, OF_FILES, OF_GROUPS, load_state, save_state
from squarely.groups.evaluation import grouped_report_of
from squarely.worst.rows import KeptRows
from squarely.worst.sums import Sums
from squarely.worst.table import WorstTable, worst_table

VERSION = 1
VERSION_OF_GROUPS = 2
VERSION_OF_WORST_ROWS = 3
VERSION_OF_ORDER = 4
HEADER = struct.Struct("<4sBI")
CHECKSUM = struct.Struct("<I")
COMPARED = ("true", "weight", "nan_policy", "summation", "metrics", "by")


@dataclass(frozen=True)
class FileStates:
    r"""The sums over files, of one or more machines, that `report` makes an answer of. Made by `accumulate_files`.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from squarely.files import FileStates, accumulate_files
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for number, rows in enumerate(["3,2.5\n-0.5,0\n", "2,2\n7,8\n"]):
    ...         part = Path(folder) / f"part-{number}.csv"
    ...         _ = part.write_text("y,model\n" + rows)
    ...         accumulate_files(part, true="y", pred="model").save(f"{part}.sq")
    ...     states = FileStates.load_all(sorted(Path(folder).glob("*.sq")))
    >>> states.rows, states.report()["mean_squared_error"]
    (4, 0.375)
    """

    true: str
    weight: str | None
    nan_policy: str
    summation: str
    files: list[str]
    rows: int
    predictions: dict[str, Any]
    """An `Accumulator` for each prediction, or a `GroupedAccumulator` where there are groups."""
    is_single: bool = False
    """Whether there is one prediction, asked for by itself: the report then has its scores and not its name."""
    work: dict[str, Any] | None = field(default=None, repr=False)
    """Of a checkpoint: what of which files is in the sums."""
    by: tuple[str, ...] | None = None
    """The columns of the keys, where the sums are those of groups."""
    worst: dict[str, Any] | None = field(default=None, repr=False)
    """The rows with the largest losses of each prediction, where they are asked for."""

    of_order: OfOrder | None = field(default=None, repr=False)
    """Scores that are no sums, where some are asked for."""

    @property
    def metrics(self) -> tuple[str, ...]:
        """The names of the metrics, with their parameters where these are not the defaults."""
        metrics: tuple[str, ...] = next(iter(self.predictions.values())).metrics
        return metrics

    def report(self) -> Any:
        """Return the scores, counts and digests of the predictions, and how many rows were read.

        It is a `squarely.report.Report`, and where there are groups a `squarely.groups.report.GroupedReport`.

        Raises
        ------
        FileError
            Where there is no row, no pair is left to score, or the weights sum to zero.
        """
        more = f" and {len(self.files) - 1} more" if len(self.files) > 1 else ""
        where = f"{self.files[0]}{more}" if self.files else "paths"
        if self.rows == 0:
            raise FileError(f"{where}: there are no rows to score")
        for name, accumulator in self.predictions.items():
            whole = accumulator if isinstance(accumulator, squarely.Accumulator) else accumulator.overall()
            missing = _missing_in(whole)
            if whole.count == 0 and (missing == 0 or self.nan_policy != "propagate"):
                other = "an id without a partner" if self.weight is None else "the weight 0"
                lacking = {0: other, self.rows: "a missing value"}
                why = lacking.get(missing, f"a missing value or {other}")
                raise FileError(f"{where}: no pair is left to score for column {name!r}: every row has {why}")
        accumulators: dict[str, Any] = {"" if self.is_single else name: one for name, one in self.predictions.items()}
        worst = {"" if self.is_single else name: self._worst_table(name, one) for name, one in self._worst_rows.items()}
        try:
            if self.by is not None:
                return grouped_report_of(
                    accumulators, is_single=self.is_single, rows=self.rows, worst=worst, **self._scores_of_order()
                )
            return report_of(
                accumulators, is_single=self.is_single, rows=self.rows, worst=worst, **self._scores_of_order()
            )
        except ZeroDivisionError as error:
            raise FileError(f"{where}: {error}") from error

    def _scores_of_order(self) -> dict[str, Any]:
        if self.of_order is None:
            return {}
        if not self.of_order.is_found:
            raise FileError(
                f"{self.of_order.labels[0]}: this is the checkpoint of a run that has not ended; run it again with the "
                "same arguments"
            )
        scores = {"" if self.is_single else name: own for name, own in self.of_order.scores.items()}
        known: dict[str, Any] = {"asked": self.of_order.asked, "of_order": scores}
        if self.by is not None:
            of_groups = self.of_order.of_groups
            known["medians_of_groups"] = {"" if self.is_single else name: own for name, own in of_groups.items()}
        return known

    @property
    def _worst_rows(self) -> dict[str, KeptRows]:
        return self.worst or {}

    def _worst_table(self, name: str, worst: KeptRows) -> WorstTable:
        sums = self.predictions[name]
        whole = sums if isinstance(sums, squarely.Accumulator) else sums.overall()
        return worst_table(worst, Sums.of(whole.core, worst.loss), whole.asked)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the sums to a file that is there whole or not at all.

        Raises
        ------
        FileError
            Where the file cannot be written, or is there already and holds something other than sums, or medians of
            groups were asked for.
        """
        save_state(path, self.to_bytes())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> FileStates:
        """Read what `save` wrote, on any machine, or `Accumulator.save` or `GroupedAccumulator.save`.

        Accumulators have no names of columns: theirs are those of a pair without names, ``y_true`` and ``y_pred``.

        Raises
        ------
        FileError
            Where the file holds the sums of several outputs, is damaged, cut short, from a newer version or something
            else.
        """
        return load_state(path, cls.from_bytes)

    @classmethod
    def load_all(cls, paths: Iterable[str | os.PathLike[str]]) -> FileStates:
        """Read and merge the states of several machines, in this order.

        Raises
        ------
        FileError
            Where one cannot be read, is named twice, is of a run that has not ended, or does not go with the first.
        """
        names = [os.fspath(path) for path in paths]
        if not names:
            raise ValueError("paths is empty: name at least one file of states")
        places = [os.path.realpath(name) for name in names]
        for number, place in enumerate(places):
            if place in places[:number]:
                raise FileError(f"{names[number]}: this state is named twice, and its rows would count twice")
        states = [cls.load(name) for name in names]
        for name, one in zip(names, states, strict=True):
            if one.work is not None and not one.work.get("finished"):
                raise FileError(
                    f"{name}: this is the checkpoint of a run that has not ended; run it again with the same arguments"
                )
        for name, other in zip(names[1:], states[1:], strict=True):
            states[0]._check_goes_with(other, names[0], name)
        return functools.reduce(cls.merge, states)

    def merge(self, other: FileStates) -> FileStates:
        """Return the sums over the files of both, and leave both as they are.

        Files of the same path in both are taken for different files of two machines; a warning names the first.

        Raises
        ------
        FileError
            Where columns, metrics or policies differ, or metrics over order statistics were asked for.
        """
        self._check_goes_with(other, "this state", "the other")
        if both := set(self.files) & set(other.files):
            more = f" and {len(both) - 1} more" if len(both) > 1 else ""
            warnings.warn(
                f"{min(both)}{more}: two states hold a file of this path; if it is the same file, its rows count twice",
                UserWarning,
                stacklevel=2,
            )
        merged: dict[str, Any] = {name: copy.copy(one) for name, one in self.predictions.items()}
        for name, one in merged.items():
            try:
                one.merge(other.predictions[name])
            except InvalidParameterError as error:  # of keys of another kind
                where = other.files[0] if other.files else "the other"
                raise FileError(f"{where}: cannot be merged: {error}") from error
        worst = {name: one.copy() for name, one in self._worst_rows.items()}
        for name, rows in worst.items():
            rows.add(other._worst_rows[name].rows)
        return dataclasses.replace(
            self,
            worst=worst or None,
            files=self.files + other.files,
            rows=self.rows + other.rows,
            predictions=merged,
            is_single=self.is_single and other.is_single,
            work=None,
        )

    def to_bytes(self) -> bytes:
        """Return the byte form that `save` writes."""
        if self.of_order is not None and self.by is not None:
            raise FileError(self.of_order.refusal_of_groups)
        states = {name: accumulator.to_bytes() for name, accumulator in self.predictions.items()}
        header: dict[str, Any] = {name: getattr(self, name) for name in (*COMPARED, "files", "rows", "is_single")}
        if self.by is None:
            del header["by"]
        header["predictions"] = [[name, len(state)] for name, state in states.items()]
        if self.work is not None:
            header["work"] = self.work
        if self.worst:
            header["worst"] = {name: one.to_json() for name, one in self._worst_rows.items()}
        if self.of_order is not None:
            header["order"] = self.of_order.to_json()
        text = json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
        version = VERSION if self.by is None else VERSION_OF_GROUPS
        version = VERSION_OF_WORST_ROWS if self.worst else version
        version = VERSION_OF_ORDER if self.of_order is not None else version
        body = HEADER.pack(OF_FILES, version, len(text)) + text + b"".join(states.values())
        return body + CHECKSUM.pack(zlib.crc32(body))

    @classmethod
    def from_bytes(cls, data: bytes) -> FileStates:
        """Return the states whose `to_bytes` gave this.

        Raises
        ------
        ValueError
            Where the bytes are damaged, cut, from a newer version or something else.
        """
        if data[: len(OF_FILES)] == OF_ACCUMULATOR:
            return cls._of(squarely.Accumulator.from_bytes(data))
        if data[: len(OF_FILES)] == OF_GROUPS:
            return cls._of(squarely.GroupedAccumulator.from_bytes(data))
        if data[: len(OF_FILES)] != OF_FILES or len(data) < HEADER.size + CHECKSUM.size:
            raise ValueError("this is no state that squarely saved")
        _, version, length = HEADER.unpack_from(data)
        if version > VERSION_OF_ORDER:
            raise ValueError(
                f"this state has version {version}, and this squarely reads versions up to {VERSION_OF_ORDER}"
            )
        body = data[: -CHECKSUM.size]
        if zlib.crc32(body) != CHECKSUM.unpack(data[-CHECKSUM.size :])[0]:
            raise ValueError("this state was cut short or changed: its checksum does not match")
        try:
            header = json.loads(body[HEADER.size : HEADER.size + length])
            by = tuple(map(str, header.pop("by"))) if "by" in header else None
            kind: Any = squarely.Accumulator if by is None else squarely.GroupedAccumulator
            start, predictions = HEADER.size + length, {}
            for name, size in header.pop("predictions"):
                predictions[str(name)] = kind.from_bytes(body[start : start + size])
                start += size
            metrics = tuple(header.pop("metrics"))
            worst = {str(name): KeptRows.from_json(one) for name, one in header.pop("worst", {}).items()}
            of_order = OfOrder.from_json(header.pop("order")) if "order" in header else None
            states = cls(predictions=predictions, by=by, worst=worst or None, of_order=of_order, **header)
            is_whole = start == len(body) and all(one.metrics == metrics for one in predictions.values())
            if by is not None:
                is_whole = is_whole and all(len(one) == 0 or one.by == by for one in predictions.values())
            is_whole = is_whole and set(worst) in (set(), set(predictions))
            if of_order is not None:
                is_whole = is_whole and by is None and set(of_order.scores) in (set(), set(predictions))
                is_whole = is_whole and set(of_order.models) in (set(), set(predictions))
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise ValueError(f"this state is damaged: {one_line(error)}") from error
        if not is_whole or not predictions:
            raise ValueError("this state is damaged: its header does not fit what follows")
        return states

    @classmethod
    def _of(cls, accumulator: Any) -> FileStates:
        """Return what `accumulate_files` would have, had it been given the pairs of an accumulator."""
        if accumulator.shape != (1,) or accumulator.multioutput != "uniform_average":
            raise ValueError("this accumulator holds several outputs, and a state of files has one for each prediction")
        has_groups = isinstance(accumulator, squarely.GroupedAccumulator)
        whole = accumulator.overall() if has_groups else accumulator
        return cls(
            true="y_true",
            weight="sample_weight" if whole.core.weighted else None,
            nan_policy=accumulator.nan_policy,
            summation=accumulator.core.configuration.summation,
            files=[],
            rows=whole.count + whole.omitted,
            predictions={"y_pred": accumulator},
            is_single=True,
            by=accumulator.by if has_groups else None,
        )

    def difference(self, other: FileStates, mine: str, theirs: str) -> str | None:
        """Say in which parameter two states differ, and nothing where they do not."""
        for name in COMPARED:
            own, others = getattr(self, name), getattr(other, name)
            if own != others:
                return f"{mine} has {name} {_shown(own)}, and {theirs} has {_shown(others)}"
        if set(self.predictions) != set(other.predictions):
            own, others = tuple(self.predictions), tuple(other.predictions)
            return f"{mine} has predictions {_shown(own)}, and {theirs} has {_shown(others)}"
        if self._asked_of_order != other._asked_of_order:
            own, others = self._asked_of_order, other._asked_of_order
            return f"{mine} has metrics over order statistics {_shown(own)}, and {theirs} has {_shown(others)}"
        if self._worst_asked != other._worst_asked:
            return f"{mine} has worst rows {self._worst_asked}, and {theirs} has {other._worst_asked}"
        return None

    @property
    def _asked_of_order(self) -> tuple[str, ...]:
        return ("none",) if self.of_order is None else self.of_order.labels

    @property
    def _worst_asked(self) -> str:
        return next((one.question for one in self._worst_rows.values()), "none")

    def _check_goes_with(self, other: FileStates, mine: str, theirs: str) -> None:
        for one in (self, other):
            one._check_is_of_sums()
        if difference := self.difference(other, mine, theirs):
            raise FileError(f"{theirs}: cannot be merged: {difference}")

    def _check_is_of_sums(self) -> None:
        if self.of_order is not None:
            raise FileError(self.of_order.refusal)


def _missing_in(accumulator: squarely.Accumulator) -> int:
    sums = accumulator.core.state()
    return 0 if sums is None else sum(sums.missing_true) + sum(sums.missing_pred)


def _shown(value: Any) -> str:
    return ", ".join(value) if isinstance(value, tuple) else repr(value)
