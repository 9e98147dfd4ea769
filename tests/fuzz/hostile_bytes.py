"""States whose bytes were changed and whose checksum was made right: Python and C refuse them, or read the same."""

import functools
import pathlib
import random
import sys
from typing import Any

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))

import squarely
from fuzz import long_run
from instruments.c_interface import RefusedError, State
from oracles.state_bytes import POLICIES, SUMMATIONS, with_checksum
from squarely.named_metrics import has_default

STATES = pathlib.Path(__file__).parents[1] / "states"
NUMBERS = (
    0, 1, 2, 255, 256, 65_535, 2**31, 2**32, 2**61, 2**63 - 1, 2**63, 2**64 - 1,
    0x3FF0000000000000, 0x7FF0000000000000, 0xFFF0000000000000, 0x7FF8000000000000, 0x8000000000000001,
)  # fmt: skip


def made(rng: np.random.Generator) -> bytes:
    """Return the bytes of an accumulator of any kind, by the documented byte form."""
    names = rng.permutation(list(filter(has_default, squarely.metric_names("sums"))))[: rng.integers(1, 5)]
    shape = [(), (1,), (2,), (2, 2)][rng.integers(4)]
    averaging: Any = rng.choice(["uniform_average", "raw_values", "variance_weighted", "weights"])
    if averaging == "weights":
        outputs = int(np.prod(shape)) if shape else 1
        averaging = rng.choice([0.5, 1e-300, 3.0], outputs).tolist() if outputs > 1 else "raw_values"
    kind = {
        "metrics": tuple(map(str, names)),
        "multioutput": averaging if isinstance(averaging, list) else str(averaging),
        "nan_policy": str(rng.choice(POLICIES)),
        "summation": str(rng.choice(SUMMATIONS, p=[0.7, 0.15, 0.15])),
    }
    if rng.random() < 0.1:
        kind |= {"metrics": "mean_squared_error", "complex_values": True}
    elif rng.random() < 0.3:
        kind["pictures"] = True
    accumulator = squarely.Accumulator(**kind)
    rows = int(rng.integers(0, 20))
    y_true, y_pred = rng.uniform(1, 2, (2, rows, *shape)) * 10.0 ** rng.integers(-30, 30)
    if kind["nan_policy"] in ("propagate", "omit"):
        y_true[rng.random(y_true.shape) < 0.2] = np.nan
    if kind["nan_policy"] == "propagate":
        y_pred[rng.random(y_true.shape) < 0.2] = np.inf
    takes_weights = all(squarely._core.metrics[name].takes_weights for name in names)
    weights = rng.uniform(0.5, 2, rows) if takes_weights and rng.random() < 0.3 and rows else None
    return bytes(accumulator.update(y_true, y_pred, sample_weight=weights).to_bytes())


@functools.cache
def bases(seed: int) -> list[bytes]:
    rng = np.random.default_rng(seed)
    return [made(rng) for _ in range(300)] + [path.read_bytes() for path in sorted(STATES.glob("*.sqac"))]


def mutated(drawn: random.Random, body: bytearray, other: bytes) -> bytearray:
    """Change a stretch: to a number that means something, to nothing, to another state's, or twice what it was."""
    place, size = drawn.randrange(5, len(body) + 1), drawn.choice((1, 1, 2, 8, 8, drawn.randrange(1, 40)))
    old = bytes(body[place : place + size])
    way = drawn.randrange(8)
    if way == 0:
        new = b""
    elif way == 1:
        new = old * 2
    elif way == 2:
        start = drawn.randrange(len(other))
        new = other[start : start + size]
    elif way == 3:
        new = bytes([byte ^ (1 << drawn.randrange(8)) for byte in old])
    elif way == 4:
        new = ((int.from_bytes(old, "little") + drawn.choice((-1, 1))) % 256 ** len(old)).to_bytes(len(old), "little")
    else:
        new = (drawn.choice(NUMBERS) % 256 ** len(old)).to_bytes(len(old), "little")
    return body[:place] + new + body[place + size :]


def with_checksums(body: bytearray) -> bytes:
    if body[4] == 2 and len(body) > 13 and drawn_state(body):
        end = 9 + int.from_bytes(body[5:9], "little")
        body = body[:end] + with_checksum(bytes(body[end:-4]))
    return with_checksum(bytes(body))


def drawn_state(body: bytearray) -> bool:
    """Whether a state of version 2, which has a checksum of its own, follows the configuration."""
    return 9 + int.from_bytes(body[5:9], "little") + 4 < len(body)


def read_by_python(data: bytes) -> squarely.Accumulator | str:
    try:
        return squarely.Accumulator.from_bytes(data)
    except ValueError as refused:
        return str(refused)


def read_by_c(data: bytes) -> State | str:
    try:
        return State.from_bytes(data)
    except RefusedError as refused:
        assert refused.status == "DAMAGED", refused
        return refused.message


def check_state(accumulator: squarely.Accumulator, state: State, data: bytes) -> None:
    again = accumulator.to_bytes()
    assert again == data or data[4] == 2, "two forms of one state"
    assert state.to_bytes() == again
    assert squarely.Accumulator.from_bytes(again) == accumulator
    assert repr(accumulator)
    try:
        twice = accumulator + accumulator
    except ValueError:  # more rows than are counted
        return
    try:
        difference = twice - accumulator
    except ValueError:  # of extremes, and of rounded sums beyond the largest double
        return
    is_rounded = again[6] != 0
    assert is_rounded or difference.to_bytes() == again


def check(seed: int, number: int) -> None:
    drawn = random.Random(f"{seed} {number}")
    known = bases(seed)
    body = bytearray(drawn.choice(known)[:-4])
    for _ in range(drawn.choice((1, 1, 1, 2, 3))):
        body = mutated(drawn, body, drawn.choice(known))
    data = with_checksums(body)
    accumulator, state = read_by_python(data), read_by_c(data)
    if isinstance(accumulator, str) or isinstance(state, str):
        assert accumulator == state, data
        assert isinstance(state, str) and state.startswith("These bytes are no squarely accumulator: "), data
        return
    check_state(accumulator, state, data)


if __name__ == "__main__":
    with np.errstate(all="ignore"):
        long_run.run("hostile_bytes", long_run.options_of(__doc__, cases=2000), check)
