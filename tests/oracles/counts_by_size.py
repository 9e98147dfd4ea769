"""Counts by size, by their definition: the leading bits of doubles as integers, and how many pairs have each."""

import math
import struct
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Counts = dict[tuple[int, ...], int]


class BySize(NamedTuple):
    """What a term counts: the numbers of a pair, and to how many bits below the leading one."""

    numbers: tuple[str, ...]
    bits: tuple[int, ...]


TERMS = {
    "residuals_by_size": BySize(("residual",), (7,)),
    "predictions_and_residuals": BySize(("prediction", "residual"), (6, 3)),
    "truths_and_residuals": BySize(("truth", "residual"), (6, 3)),
}


def sizes(values: npt.ArrayLike, bits: int) -> npt.NDArray[np.int64]:
    """Return the leading bits of the numbers without their signs, as integers with the signs."""
    numbers = np.ascontiguousarray(values, dtype=np.float64)
    magnitudes = (np.abs(numbers).view(np.uint64) >> np.uint64(52 - bits)).astype(np.int64)
    return np.where(np.signbit(numbers), -magnitudes, magnitudes)


def ends(size: int, bits: int) -> tuple[float, float]:
    """Return the least magnitude of a size, and that of the next one."""
    first, last = (struct.unpack("<d", struct.pack("<Q", m << (52 - bits)))[0] for m in (abs(size), abs(size) + 1))
    return first, last


def count(term: str, y_true: Array, y_pred: Array, residuals: Array | None = None) -> Counts:
    """Return how many pairs have each size, or two. Residuals of integers beyond 2^53 are given."""
    by = TERMS[term]
    with np.errstate(over="ignore"):
        found = y_true - y_pred if residuals is None else residuals
    numbers = {"truth": y_true, "prediction": y_pred, "residual": found}
    columns = [sizes(numbers[name], bits) for name, bits in zip(by.numbers, by.bits, strict=True)]
    keys, pairs = np.unique(np.stack(columns, axis=1), axis=0, return_counts=True)
    return {tuple(map(int, key)): int(own) for key, own in zip(keys, pairs, strict=True)}


def quantile(counts: Counts, q: float, infinite: int = 0) -> float:
    """Return the middle of the size that holds a quantile of the magnitudes of residuals."""
    folded: dict[int, int] = {}
    for (size,), pairs in counts.items():
        folded[abs(size)] = folded.get(abs(size), 0) + pairs
    rank = max(1, math.ceil(float(sum(folded.values()) + infinite) * q))
    for size in sorted(folded):
        rank -= folded[size]
        if rank <= 0:
            first, last = ends(size, 7)
            # Half of each, because their sum may be too large; infinity has no next size.
            return 0.0 if size == 0 else first if math.isinf(first) else middle(first, last)
    return math.inf


def middle(first: float, last: float) -> float:
    """Return the number halfway between two sizes in a row."""
    return first + (np.ldexp(1.0, 1023) - first + np.ldexp(1.0, 1023) if math.isinf(last) else last - first) / 2


def varint(value: int) -> bytes:
    """Return a number seven bits a byte, the lowest first, with the eighth bit set in all but the last."""
    low, rest = value & 0x7F, value >> 7
    return bytes([low | 0x80]) + varint(rest) if rest else bytes([low])


def place(term: str, key: Sequence[int]) -> int:
    """Return the place of one size, or of two, among all."""
    found = 0
    for size, bits in zip(key, TERMS[term].bits, strict=True):
        found = found * 2 ** (bits + 12) + size + 2 ** (bits + 11)
    return found


def to_bytes(term: str, counts: Counts) -> bytes:
    """Return what follows the other sums of an output in the byte form."""
    written, following = varint(len(counts)), 0
    for key in sorted(counts):
        written += varint(place(term, key) - following) + varint(counts[key] - 1)
        following = place(term, key) + 1
    return written
