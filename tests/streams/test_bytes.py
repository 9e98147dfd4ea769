"""The byte form: round trips, old states, and nothing damaged gets through."""

import pathlib

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

import squarely
from squarely import _core

STATES = pathlib.Path(__file__).parents[1] / "states"


def filled(**configuration: object) -> squarely.Accumulator:
    y_true, y_pred = np.random.default_rng(0).standard_normal((2, 100, 3))
    return squarely.Accumulator(**configuration).update(y_true, y_pred)


CONFIGURATIONS = [
    {},
    {"summation": "kahan"},
    {"summation": "pairwise"},
    {"multioutput": [1.0, 2.0, 0.5]},
    {"nan_policy": "omit", "metrics": ("root_mean_squared_error", "mean_squared_error")},
]


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_bytes_bring_back_the_accumulator(configuration: dict[str, object]) -> None:
    for accumulator in (filled(**configuration), squarely.Accumulator(**configuration)):
        again = squarely.Accumulator.from_bytes(accumulator.to_bytes())
        assert again == accumulator
        assert again.to_bytes() == accumulator.to_bytes()
        assert again.update(np.ones((2, 3)), np.zeros((2, 3))) != accumulator


def test_a_state_is_small() -> None:
    y_true, y_pred = np.random.default_rng(0).standard_normal((2, 100_000))
    assert len(squarely.Accumulator().update(y_true, y_pred).to_bytes()) < 400


def test_every_flipped_bit_is_found() -> None:
    data = filled().to_bytes()
    for position in range(len(data)):
        for bit in range(8):
            damaged = bytearray(data)
            damaged[position] ^= 1 << bit
            with pytest.raises(ValueError, match="These bytes are no squarely"):
                squarely.Accumulator.from_bytes(bytes(damaged))


def test_every_cut_and_every_tail_is_found() -> None:
    data = filled().to_bytes()
    for length in range(len(data)):
        with pytest.raises(ValueError, match="These bytes are no squarely"):
            squarely.Accumulator.from_bytes(data[:length])
    with pytest.raises(ValueError, match="These bytes are no squarely"):
        squarely.Accumulator.from_bytes(data + b"\0")


def with_checksum(body: bytes) -> bytes:
    import struct
    import zlib

    return body + struct.pack("<I", zlib.crc32(body))


def test_the_checksum_is_the_common_one() -> None:
    data = filled()._state.to_bytes()
    assert with_checksum(data[:-4]) == data


def test_newer_versions_are_named() -> None:
    data = filled().to_bytes()
    with pytest.raises(ValueError, match="they have version 9, and this squarely reads version 2"):
        squarely.Accumulator.from_bytes(data[:4] + b"\x09" + data[5:])
    state = filled()._state.to_bytes()
    with pytest.raises(ValueError, match="they have version 9"):
        _core.State.from_bytes(with_checksum(state[:4] + b"\x09" + state[5:-4]))


@hypothesis.given(st.integers(0, 10**6), st.binary(min_size=1, max_size=9))
def test_states_with_a_right_checksum_and_wrong_insides_never_crash(position: int, patch: bytes) -> None:
    state = filled()._state.to_bytes()[:-4]
    position = position % len(state)
    damaged = state[:position] + patch + state[position + len(patch) :]
    try:
        again = _core.State.from_bytes(with_checksum(damaged))
    except ValueError:
        return
    assert again.to_bytes() == with_checksum(damaged)


@pytest.mark.parametrize(
    "configuration",
    [
        b"",
        b"{}",
        b"[]",
        b"5",
        b"\xff",
        b'{"metrics":5}',
        b'{"metrics":["x"]}',
        b'{"surprise":1}',
        b'{"multioutput":[1,-1]}',
        b'{"multioutput":[1' + 400 * b"0" + b",1]}",
        b'{"multioutput":' + 100_000 * b"[",
        b'{"metrics":[["mean_pinball_loss",5]]}',
        b'{"metrics":[["mean_pinball_loss","nan"]]}',
        b'{"metrics":[["mean_squared_error",7]]}',
    ],
)
def test_a_damaged_configuration_with_a_right_checksum_is_refused(configuration: bytes) -> None:
    body = b"sqac" + bytes([2]) + len(configuration).to_bytes(4, "little") + configuration
    if configuration == b"{}":  # every parameter has a default: this is an empty accumulator
        assert squarely.Accumulator.from_bytes(with_checksum(body)) == squarely.Accumulator()
        return
    with pytest.raises(ValueError, match="their configuration is damaged"):
        squarely.Accumulator.from_bytes(with_checksum(body))


SQUARED_ERROR = (1).to_bytes(2, "little") + bytes(9)  # one summand, of number 0 and without a parameter


def state_bytes(pairs: int, infinite: int = 0, sign: int = 0, first_limb: int = 30) -> bytes:
    counts = b"".join(count.to_bytes(8, "little") for count in (pairs, infinite, 0, 0, 0, 0))
    limb = (1).to_bytes(8, "little")
    return with_checksum(
        b"sqst\2\0\0" + (1).to_bytes(8, "little") + SQUARED_ERROR + counts + bytes([sign, first_limb, 1]) + limb
    )


@pytest.mark.parametrize(
    "damage",
    [{"pairs": 2**63}, {"pairs": 1, "infinite": 7}, {"pairs": 1, "sign": 1}, {"pairs": 1, "first_limb": 67}],
)
def test_impossible_states_with_a_right_checksum_are_refused(damage: dict[str, int]) -> None:
    assert _core.State.from_bytes(state_bytes(pairs=2**63 - 1, first_limb=66)).pairs == [2**63 - 1]
    with pytest.raises(ValueError, match="output 0 is damaged"):
        _core.State.from_bytes(state_bytes(**damage))


def test_a_state_of_other_sums_than_the_metrics_is_refused() -> None:
    asked = {name: [(name, 0.0)] for name in ("mean_squared_error", "mean_absolute_error")}
    both = [*asked["mean_squared_error"], *asked["mean_absolute_error"]]
    configuration = b'{"metrics":["mean_squared_error"]}'
    head = b"sqac" + bytes([2]) + len(configuration).to_bytes(4, "little") + configuration
    for weighted in (False, True):
        for needed in (asked["mean_absolute_error"], both, asked["mean_squared_error"]):
            body = head + _core.State(1, "exact", needed, weighted).to_bytes()
            if needed is asked["mean_squared_error"]:
                assert squarely.Accumulator.from_bytes(with_checksum(body)).count == 0
                continue
            with pytest.raises(ValueError, match="other sums than those of the metrics"):
                squarely.Accumulator.from_bytes(with_checksum(body))


def test_a_state_of_no_outputs_is_refused() -> None:
    with pytest.raises(ValueError, match="number of outputs"):
        _core.State.from_bytes(_core.State(0, "exact", [("mean_squared_error", 0.0)]).to_bytes())


def test_weights_among_the_sums_of_an_unweighted_state_are_refused() -> None:
    state = state_bytes(pairs=1)[:-4]
    position = len(b"sqst\2\0\0") + 8 + 2
    with pytest.raises(ValueError, match="they sum weights and have none"):
        _core.State.from_bytes(with_checksum(state[:position] + b"\7" + state[position + 1 :]))


def test_a_largest_error_below_zero_is_refused() -> None:
    state = _core.State(1, "exact", [("max_error", 0.0)])
    state.set_extreme("largest_error", [-1.0])
    with pytest.raises(ValueError, match="output 0 is damaged"):
        _core.State.from_bytes(state.to_bytes())


def test_only_bytes_are_read() -> None:
    data = filled().to_bytes()
    assert squarely.Accumulator.from_bytes(bytearray(data)) == squarely.Accumulator.from_bytes(memoryview(data))
    for other in (10**15, "sqac", None, [115, 113]):
        with pytest.raises(TypeError):
            squarely.Accumulator.from_bytes(other)


def test_counts_never_wrap() -> None:
    state = _core.State.from_bytes(state_bytes(pairs=2**63 - 2))
    state.merge(_core.State.from_bytes(state_bytes(pairs=1)))
    before = state.to_bytes()
    with pytest.raises(ValueError, match=r"would have seen more than 2\^63 - 1 rows"):
        state.merge(_core.State.from_bytes(state_bytes(pairs=1)))
    assert state.to_bytes() == before


@hypothesis.given(st.binary(max_size=80))
def test_arbitrary_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="These bytes are no squarely"):
        squarely.Accumulator.from_bytes(data)
    with pytest.raises(ValueError, match="These bytes are no squarely"):
        _core.State.from_bytes(with_checksum(data))


def test_the_first_version_is_refused_because_it_had_two_forms() -> None:
    data = filled().to_bytes()
    with pytest.raises(ValueError, match="they have version 1, and this squarely reads version 2"):
        squarely.Accumulator.from_bytes(with_checksum(data[:4] + b"\x01" + data[5:-4]))


def test_states_of_earlier_versions_stay_readable() -> None:
    y_true, y_pred = [3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 8.0]
    for path in sorted(STATES.glob("*.sqac")):
        accumulator = squarely.Accumulator.from_bytes(path.read_bytes())
        assert accumulator["mean_squared_error"] == 0.375, path.name
        summation = path.stem.split("-")[-1]
        assert accumulator == squarely.Accumulator(summation=summation).update(y_true, y_pred), path.name
    assert len(list(STATES.glob("*.sqac"))) >= 3
