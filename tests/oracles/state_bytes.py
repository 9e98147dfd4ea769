"""The byte form of an accumulator, read and written by nothing but its documentation in cpp/README.md."""

import dataclasses
import hashlib
import math
import struct
import zlib
from collections.abc import Sequence
from fractions import Fraction

from oracles import tables
from oracles.rational import UNIT

# Names and numbers of terms, and what each keeps, are said once: in the table itself.
TERMS = tuple(tables.TERMS)
COMPARED = {term.number for term in tables.TERMS.values() if term.is_compared}
COUNTED = {term.number for term in tables.TERMS.values() if term.is_by_size}
WITHOUT_COUNTS = {term.number for term in tables.TERMS.values() if term.is_always_a_number}

# By the numbers of the byte form.
POLICIES = ("raise", "propagate", "omit", "omit_true")
SUMMATIONS = ("exact", "kahan", "pairwise")
ROUNDED = SUMMATIONS[1:]
AVERAGINGS = ("uniform_average", "raw_values", "variance_weighted", "weights")


def with_checksum(body: bytes) -> bytes:
    return body + struct.pack("<I", zlib.crc32(body))


def counts(
    pairs: int = 0, infinite: int = 0, undefined: int = 0, *left_out: int, kinds: Sequence[int] | None = None
) -> bytes:
    """Return the counts of an output. Left out: without truth, without prediction, masked.

    The kinds of infinite pairs are all of the first one, unless they are given: truths and predictions, high and low.
    """
    every = struct.pack("<6Q", pairs, infinite, undefined, *(*left_out, 0, 0, 0)[:3])
    return every + (struct.pack("<4Q", *(kinds or (infinite, 0, 0, 0))) if infinite else b"")


def counts_of_version_2(*counted: int) -> bytes:
    """Return the counts of an output, without the kinds of infinite pairs."""
    return counts(*counted)[: 6 * 8]


def exact_sum(*limbs: int, first: int = 30, sign: int = 0) -> bytes:
    """Return an exact sum, by the limbs of its magnitude from the lowest in use."""
    return bytes([sign, first if limbs else 0, len(limbs)]) + struct.pack(f"<{len(limbs)}Q", *limbs)


def exact_sum_of(value: Fraction) -> bytes:
    """Return the exact sum that is this number, in the only form it has."""
    scaled = abs(value) * 4**UNIT
    assert scaled.denominator == 1
    magnitude, first = scaled.numerator, 0
    while magnitude and magnitude % 2**64 == 0:
        magnitude, first = magnitude >> 64, first + 1
    limbs = [magnitude >> 64 * i & (2**64 - 1) for i in range(-(-magnitude.bit_length() // 64))]
    return exact_sum(*limbs, first=first, sign=int(value < 0))


def summands_of(summands: Sequence[tuple[int, float]]) -> bytes:
    return struct.pack("<H", len(summands)) + b"".join(struct.pack("<Bd", *one) for one in summands)


@dataclasses.dataclass
class Form:
    """An accumulator of version 3, part by part. As it stands: one that has seen one pair, of squared error 1."""

    metrics: Sequence[tuple[str, float]] = (("mean_squared_error", 0.0),)
    nan_policy: int = 0
    summation: int = 0
    flags: int = 0  # 1: takes complex values, 2: weighted
    averaging: int = 0
    output_weights: Sequence[float] = ()
    shape: Sequence[int] = (1,)
    summands: Sequence[tuple[int, float]] = ((TERMS.index("squared_error"), 0.0),)
    outputs: bytes = counts(1) + exact_sum_of(Fraction(1))
    metric_count: int | None = None
    dimensions: int | None = None
    weight_count: int | None = None
    summand_count: int | None = None
    tail: bytes = b""

    def configuration(self) -> bytes:
        weights = self.output_weights
        names = b"".join(
            bytes([len(name.encode())]) + name.encode() + struct.pack("<d", parameter)
            for name, parameter in self.metrics
        )
        return (
            bytes([self.nan_policy, self.summation, self.flags, self.averaging])
            + struct.pack("<Q", len(weights) if self.weight_count is None else self.weight_count)
            + struct.pack(f"<{len(weights)}d", *weights)
            + struct.pack("<H", len(self.metrics) if self.metric_count is None else self.metric_count)
            + names
        )

    def sums(self) -> bytes:
        summands = summands_of(self.summands)
        if self.summand_count is not None:
            summands = struct.pack("<H", self.summand_count) + summands[2:]
        return summands + self.outputs

    def to_bytes(self) -> bytes:
        dimensions = len(self.shape) if self.dimensions is None else self.dimensions
        shape = bytes([dimensions]) + struct.pack(f"<{len(self.shape)}Q", *self.shape)
        sums = self.sums() if self.shape else b""
        return with_checksum(b"sqac\3" + self.configuration() + shape + sums + self.tail)

    def digest(self) -> str:
        return hashlib.sha256(self.to_bytes()).hexdigest()


CONFIGURATION_2 = (
    b'{"complex_values":false,"metrics":["mean_squared_error"],"multioutput":"uniform_average","nan_policy":"raise",'
    b'"summation":"exact"}'
)


@dataclasses.dataclass
class Form2:
    """The same of version 2: a configuration in JSON around a state with a frame of its own."""

    configuration: bytes = CONFIGURATION_2
    summation: int = 0
    weighted: int = 0
    output_count: int = 1
    summands: Sequence[tuple[int, float]] = ((TERMS.index("squared_error"), 0.0),)
    outputs: bytes = counts_of_version_2(1) + exact_sum_of(Fraction(1))
    magic: bytes = b"sqst\2"
    length: int | None = None
    tail: bytes = b""

    def state(self) -> bytes:
        head = self.magic + struct.pack("<BBQ", self.summation, self.weighted, self.output_count)
        return with_checksum(head + summands_of(self.summands) + self.outputs + self.tail)

    def around(self, state: bytes) -> bytes:
        length = len(self.configuration) if self.length is None else self.length
        return with_checksum(b"sqac\2" + struct.pack("<I", length) + self.configuration + state)

    def to_bytes(self) -> bytes:
        return self.around(self.state())


def in_last_places(count: int) -> Fraction:
    """Return so many times 2^-2148, reduced by its zeros: a divisor of two thousand bits would be looked for slowly."""
    zeros = min((count & -count).bit_length() - 1, 2 * UNIT) if count else 2 * UNIT
    return Fraction(count >> zeros, 1 << (2 * UNIT - zeros))


def read_varint(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while data[position] & 0x80:
        value, shift, position = value | (data[position] & 0x7F) << shift, shift + 7, position + 1
    return value | data[position] << shift, position + 1


def after_counts_by_size(data: bytes, position: int) -> int:
    """Return where counts by size end, which have no sum."""
    size, position = read_varint(data, position)
    for _ in range(2 * size):
        _, position = read_varint(data, position)
    return position


def terms_held_by(data: bytes) -> list[dict[str, Fraction]]:
    """Return the sums of every output of an accumulator's bytes, by the documented byte form.

    A rounded score shows the leading 53 bits of a sum. This shows the rest. What is infinite is a float.
    """
    weighted, are_rounded = data[7] & 2, data[6] != SUMMATIONS.index("exact")
    weights = int.from_bytes(data[9:17], "little")
    position = 17 + 8 * weights
    metrics, position = int.from_bytes(data[position : position + 2], "little"), position + 2
    for _ in range(metrics):
        position += 1 + data[position] + 8
    dimensions, position = data[position], position + 1
    outputs = 1
    for _ in range(dimensions):
        outputs, position = outputs * int.from_bytes(data[position : position + 8], "little"), position + 8
    summands, position = int.from_bytes(data[position : position + 2], "little"), position + 2
    terms = [data[position + 9 * i] for i in range(summands)]
    position += 9 * summands
    sums = []
    for _ in range(outputs):
        infinite = int.from_bytes(data[position + 8 : position + 16], "little")
        position += (10 if infinite else 6) * 8
        of_output = {}
        for term in terms:
            if term in COUNTED:
                position = after_counts_by_size(data, position)
                continue
            counts_after = 16 if weighted or term not in WITHOUT_COUNTS else 0
            if are_rounded or term in COMPARED:
                nearest, rest = struct.unpack_from("<2d", data, position)
                of_output[TERMS[term]] = Fraction(nearest) + Fraction(rest) if math.isfinite(nearest) else nearest
                position += 16 + (0 if term in COMPARED else counts_after)
                continue
            sign, bottom, used = data[position : position + 3]
            limbs = data[position + 3 : position + 3 + 8 * used]
            magnitude = int.from_bytes(limbs, "little") << (64 * bottom)
            of_output[TERMS[term]] = in_last_places(-magnitude if sign else magnitude)
            position += 3 + 8 * used + counts_after
        sums.append(of_output)
    return sums


def sums_held_by(state: bytes) -> list[Fraction]:
    """Return the exact sum of squared errors of every output."""
    return [of_output["squared_error"] for of_output in terms_held_by(state)]
