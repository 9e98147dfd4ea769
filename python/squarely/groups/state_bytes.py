"""Groups as bytes: their keys in order, and the sums of all as one accumulator along a first axis of its outputs.

`sqga`, the version (1 byte), the length of the bytes of the keys (8, little-endian), these as `GroupKeys.to_bytes` has
them, and what `Accumulator.to_bytes` has. Both have a checksum of their own.
"""

from __future__ import annotations

import struct

from squarely import _core
from squarely.groups.keys import GroupKeys
from squarely.policy import bytes_refused

__all__ = ["bytes_of", "parts_of"]

MAGIC = b"sqga"
VERSION = 1
HEADER = struct.Struct("<4sBQ")


def bytes_of(keys: GroupKeys, accumulator: _core.Accumulator) -> bytes:
    """Return the bytes of keys and of the sums of their groups, which are in the order of the keys."""
    of_keys = keys.to_bytes()
    return b"".join([HEADER.pack(MAGIC, VERSION, len(of_keys)), of_keys, accumulator.to_bytes()])


def parts_of(data: bytes) -> tuple[GroupKeys, _core.Accumulator]:
    """Return keys and sums, which fit each other, or raise why these bytes have none."""
    if data[: len(MAGIC)] != MAGIC:
        raise _no_groups(f"they do not start with {MAGIC!r}")
    if len(data) < HEADER.size:
        raise _no_groups("they end too early")
    _, version, length = HEADER.unpack_from(data)
    if version != VERSION:
        raise _no_groups(f"they have version {version}, and this squarely reads version {VERSION}")
    if length > len(data) - HEADER.size:
        raise _no_groups("they end too early")
    end = HEADER.size + length
    try:
        keys = GroupKeys.from_bytes(data[HEADER.size : end])
        accumulator = _core.Accumulator.from_bytes(data[end:])
    except _core.Refused as refused:
        raise _no_groups(f"of the sums: {bytes_refused(refused)}") from None
    except ValueError as refused:
        raise _no_groups(f"of the keys: {refused}") from None
    if not _fit(keys, accumulator):
        raise _no_groups("the keys and the sums do not go together")
    return keys, accumulator


def _fit(keys: GroupKeys, accumulator: _core.Accumulator) -> bool:
    configuration, shape = accumulator.configuration, accumulator.shape
    if not isinstance(configuration.multioutput, str) or configuration.complex_values:
        return False
    if not shape:
        return len(keys) == 0
    if len(shape) < 2 or shape[0] != len(keys):
        return False
    # A group is where a row is.
    rows = [pairs + omitted for pairs, omitted in zip(accumulator.pairs, accumulator.omitted, strict=True)]
    return all(rows)


def _no_groups(reason: str) -> ValueError:
    return ValueError(f"These bytes are no squarely accumulator of groups: {reason.rstrip('.')}.")
