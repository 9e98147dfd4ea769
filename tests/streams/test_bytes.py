"""The byte form: round trips, old states, and nothing damaged gets through, to Python or to C."""

import itertools
import math
import pathlib
import re
import struct
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

import squarely
from instruments.c_interface import RefusedError, State
from oracles.rational import nearest_root
from oracles.state_bytes import (
    AVERAGINGS,
    CONFIGURATION_2,
    POLICIES,
    SUMMATIONS,
    TERMS,
    Form,
    Form2,
    counts,
    counts_of_version_2,
    exact_sum,
    exact_sum_of,
    terms_held_by,
    with_checksum,
)

STATES = pathlib.Path(__file__).parents[1] / "states"

ENDS_EARLY = "they end too early"
OF_A_CONFIGURATION = "their configuration is damaged, or unknown to this squarely"
OF_OTHER_SUMS = "their state has other sums than their configuration needs"
OF_OUTPUTS = "the number of outputs does not fit them"
OF_AN_OUTPUT = "output 0 is damaged"
GOES_ON = "they go on after the last output"
CHANGED = "the checksum does not match; they were cut or changed"


def filled(**configuration: object) -> squarely.Accumulator:
    y_true, y_pred = np.random.default_rng(0).standard_normal((2, 100, 3))
    return squarely.Accumulator(**configuration).update(y_true, y_pred)


def check_refused(data: bytes, words: str = "") -> None:
    """Both languages refuse it, for the same reason."""
    match = f"These bytes are no squarely accumulator: {re.escape(words) if words else '.*'}\\.$"
    with pytest.raises(ValueError, match=f"^{match}"):
        squarely.Accumulator.from_bytes(data)
    with pytest.raises(RefusedError, match=f"^DAMAGED: {match}"):
        State.from_bytes(data)


def check_read(data: bytes, expected: squarely.Accumulator) -> None:
    """Both languages read this accumulator from it."""
    assert squarely.Accumulator.from_bytes(data) == expected
    assert State.from_bytes(data).to_bytes() == expected.to_bytes()


CONFIGURATIONS = [
    {},
    {"summation": "kahan"},
    {"summation": "pairwise"},
    {"multioutput": [1.0, 2.0, 0.5]},
    {"multioutput": "raw_values"},
    {"multioutput": "variance_weighted", "metrics": ("r2_score", "explained_variance_score")},
    {"nan_policy": "omit", "metrics": ("root_mean_squared_error", "mean_squared_error")},
    {"metrics": squarely.metric("mean_huber_loss", delta=0.1)},
    {"metrics": "mean_squared_error", "complex_values": True},
]


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_bytes_bring_back_the_accumulator(configuration: dict[str, object]) -> None:
    for accumulator in (filled(**configuration), squarely.Accumulator(**configuration)):
        again = squarely.Accumulator.from_bytes(accumulator.to_bytes())
        assert again == accumulator
        assert again.to_bytes() == accumulator.to_bytes() == State.from_bytes(accumulator.to_bytes()).to_bytes()
        assert again.update(np.ones((2, 3)), np.zeros((2, 3))) != accumulator


def test_a_state_is_small() -> None:
    y_true, y_pred = np.random.default_rng(0).standard_normal((2, 100_000))
    assert len(squarely.Accumulator(("mse", "rmse", "sse")).update(y_true, y_pred).to_bytes()) < 250


# As they are documented


def test_the_bytes_are_those_of_the_documentation() -> None:
    asked = {"metrics": "mean_squared_error"}
    one_pair = squarely.Accumulator(**asked).update([1.0], [2.0])
    assert one_pair.to_bytes() == Form().to_bytes()
    assert squarely.Accumulator(**asked).to_bytes() == Form(shape=()).to_bytes()
    for names, option, member in ((POLICIES, "nan_policy", "nan_policy"), (AVERAGINGS[:2], "multioutput", "averaging")):
        for number, name in enumerate(names):
            made = squarely.Accumulator(**asked, **{option: name}).update([1.0], [2.0])
            assert made.to_bytes() == Form(**{member: number}).to_bytes()
    for number, name in enumerate(SUMMATIONS[1:], 1):
        made = squarely.Accumulator(**asked, summation=name).update([1.0], [2.0])
        assert made.to_bytes() == rounded(1.0, 0.0, number).to_bytes()


def test_the_bytes_of_weights_and_several_outputs_are_those_of_the_documentation() -> None:
    made = squarely.Accumulator(
        (squarely.metric("mean_pinball_loss", alpha=0.75), "max_error"),
        multioutput=[0.5, 2.0],
        nan_policy="omit",
    )
    made.update([[1.0, 3.0], [2.0, 5.0]], [[3.0, math.nan], [2.0, 4.5]], sample_weight=[0.5, -2.0])
    terms = [TERMS.index(name) for name in ("error", "absolute_error", "sample_weight", "largest_error")]

    def sums(*values: float) -> bytes:
        return b"".join(exact_sum_of(Fraction(value)) + bytes(16) for value in values)

    outputs = counts(2) + sums(1, 1, -1.5) + extremes(2.0) + counts(1, 0, 0, 0, 1) + sums(1, -1, -2) + extremes(0.5)
    form = Form(
        metrics=(("mean_pinball_loss", 0.75), ("max_error", 0.0)),
        nan_policy=2,
        flags=2,
        averaging=3,
        output_weights=(0.5, 2.0),
        shape=(2,),
        summands=[(term, 0.0) for term in terms],
        outputs=outputs,
    )
    assert made.to_bytes() == form.to_bytes()
    assert made.digest() == form.digest()


# Of earlier versions

Y_TRUE, Y_PRED = [3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 8.0]


def of_squares(summation: str) -> Callable[[], squarely.Accumulator]:
    return lambda: squarely.Accumulator(("mse", "rmse", "sse"), summation=summation).update(Y_TRUE, Y_PRED)


def with_weights() -> squarely.Accumulator:
    y_true = np.arange(24.0).reshape(4, 2, 3)
    y_pred = np.where(y_true == 5, np.nan, y_true * 0.75 + 1)
    metrics = ("r2_score", squarely.metric("mean_pinball_loss", alpha=0.9), "max_error")
    accumulator = squarely.Accumulator(metrics, multioutput=[0.5, 0.25, 1.0, 2.0, 3e-7, 1e22], nan_policy="omit")
    return accumulator.update(y_true, y_pred, sample_weight=[1.0, 0.5, 3.0, 0.1])


# Written by the squarely of their time.
EXAMPLES = {
    f"{version}-{summation}": of_squares(summation)
    for version in ("version-2-without-complex-values", "version-2-with-complex-values", "version-3")
    for summation in SUMMATIONS
} | {
    "version-2-with-complex-values-weights": with_weights,
    "version-3-weights": with_weights,
}
OF_VERSION_2 = [name for name in EXAMPLES if name.startswith("version-2")]


@pytest.mark.parametrize("name", EXAMPLES)
def test_states_of_every_version_stay_readable(name: str) -> None:
    data = (STATES / f"{name}.sqac").read_bytes()
    assert data[4] == int(name.split("-")[1])
    assert (b"complex_values" in data) == ("with-complex-values" in name)
    expected = EXAMPLES[name]()
    check_read(data, expected)
    found = squarely.Accumulator.from_bytes(data)
    assert (found.compute(), found.shape) == (expected.compute(), expected.shape)
    state = State.from_bytes(data)
    assert [state.value(expected.asked[0].name, output=i) for i in range(math.prod(found.shape))] == list(
        expected.values_of_outputs(expected.metrics[0]).ravel()
    )


def test_every_example_is_read() -> None:
    assert {path.stem for path in STATES.glob("*.sqac")} == EXAMPLES.keys()


def test_this_version_is_written_as_its_examples_are() -> None:
    for name, make in EXAMPLES.items():
        if name.startswith("version-3"):
            assert make().to_bytes() == (STATES / f"{name}.sqac").read_bytes()


def test_the_second_version_is_read_without_a_state_and_in_both_kinds() -> None:
    for changes in ((b"", b""), (b'"complex_values":false,', b"")):
        configuration = CONFIGURATION_2.replace(*changes)
        check_read(Form2(configuration).around(b""), squarely.Accumulator("mse"))
        check_read(Form2(configuration).to_bytes(), squarely.Accumulator("mse").update([1.0], [2.0]))
    accepting = CONFIGURATION_2.replace(b"false", b"true")
    check_read(Form2(accepting).to_bytes(), squarely.Accumulator("mse", complex_values=True).update([1.0], [2.0]))


@pytest.mark.parametrize("version", [0, 1, 4, 9, 255])
def test_other_versions_are_named_and_refused(version: int) -> None:
    # The first had two forms, which nothing tells apart.
    data = filled().to_bytes()
    words = f"they have version {version}, and this squarely reads versions 2 and 3"
    check_refused(data[:4] + bytes([version]) + data[5:], words)
    check_refused(with_checksum(data[:4] + bytes([version]) + data[5:-4]), words)


# What has happened to bytes on their way

WHOLE = {
    "version 3": lambda: filled(multioutput=[1.0, 2.0, 0.5]).to_bytes(),
    "version 2": lambda: (STATES / "version-2-with-complex-values-weights.sqac").read_bytes(),
}


@pytest.mark.parametrize("whole", WHOLE)
def test_every_flipped_bit_is_found(whole: str) -> None:
    data = WHOLE[whole]()
    for position in range(len(data)):
        for bit in range(8):
            damaged = bytearray(data)
            damaged[position] ^= 1 << bit
            check_refused(bytes(damaged))


@pytest.mark.parametrize("whole", WHOLE)
def test_every_cut_and_every_tail_is_found(whole: str) -> None:
    data = WHOLE[whole]()
    for length in range(1, len(data)):
        words = f"there are only {length} of them" if 4 <= length < 9 else "" if length < 4 else CHANGED
        check_refused(data[:length], words)
    for tail in (b"\0", bytes(4), data):
        check_refused(data + tail, CHANGED)


@pytest.mark.parametrize("whole", WHOLE)
def test_every_cut_is_found_where_the_checksum_is_made_right(whole: str) -> None:
    body = WHOLE[whole]()[:-4]
    # A configuration alone is an accumulator of the second version that has seen nothing.
    alone = 9 + int.from_bytes(body[5:9], "little") if whole == "version 2" else len(body)
    for length in {*range(5, len(body))} - {alone}:
        check_refused(with_checksum(body[:length]))
    check_refused(with_checksum(body + b"\0"), GOES_ON if whole == "version 3" else CHANGED)


def test_what_is_something_else_is_said_to_be() -> None:
    for data in (b"", b"something else", b"sqst" + bytes(60), b"s" + bytes(30)):
        with pytest.raises(ValueError, match="no squarely accumulator: they do not start with b'sqac'"):
            squarely.Accumulator.from_bytes(data)
        with pytest.raises(RefusedError, match="^DAMAGED: .* they do not start with 'sqac'"):
            State.from_bytes(data)


@hypothesis.given(st.binary(max_size=80))
def test_arbitrary_bytes_are_refused(data: bytes) -> None:
    for hostile in (data, with_checksum(data), with_checksum(b"sqac\3" + data), with_checksum(b"sqac\2" + data)):
        with pytest.raises(ValueError, match="These bytes are no squarely"):
            squarely.Accumulator.from_bytes(hostile)
        with pytest.raises(RefusedError, match="^DAMAGED: These bytes are no squarely"):
            State.from_bytes(hostile)


def test_only_bytes_are_read() -> None:
    data = filled().to_bytes()
    assert squarely.Accumulator.from_bytes(bytearray(data)) == squarely.Accumulator.from_bytes(memoryview(data))
    for other in (10**15, "sqac", None, [115, 113]):
        with pytest.raises(TypeError):
            squarely.Accumulator.from_bytes(other)


# Wrong insides with a checksum made right

OF_EVERY_KIND = {name: make().to_bytes() for name, make in EXAMPLES.items() if name.startswith("version-3")} | {
    "everyday": filled(multioutput="raw_values").to_bytes(),
    "nothing seen": squarely.Accumulator(multioutput=[1.0, 2.0]).to_bytes(),
}


@pytest.mark.parametrize("kind", OF_EVERY_KIND)
@hypothesis.given(st.integers(0, 10**6), st.binary(min_size=1, max_size=9))
def test_what_is_read_of_wrong_insides_is_written_again_as_it_was(kind: str, position: int, patch: bytes) -> None:
    body = OF_EVERY_KIND[kind][:-4]
    position = 5 + position % (len(body) - 5)
    damaged = with_checksum(body[:position] + patch + body[position + len(patch) :])
    try:
        again = squarely.Accumulator.from_bytes(damaged)
    except ValueError as refused:
        assert str(refused).startswith("These bytes are no squarely accumulator: ")
        with pytest.raises(RefusedError, match="^DAMAGED: "):
            State.from_bytes(damaged)
        return
    assert again.to_bytes() == damaged == State.from_bytes(damaged).to_bytes()


@hypothesis.given(st.sampled_from(OF_VERSION_2), st.integers(0, 10**6), st.binary(min_size=1, max_size=9))
def test_what_is_read_of_a_damaged_second_version_is_an_accumulator(name: str, position: int, patch: bytes) -> None:
    form = Form2()
    data = (STATES / f"{name}.sqac").read_bytes()
    configuration_end = 9 + int.from_bytes(data[5:9], "little")
    form.configuration = data[9:configuration_end]
    state = data[configuration_end:-8]
    inside = position % len(form.configuration + state)
    if inside < len(form.configuration):
        form.configuration = form.configuration[:inside] + patch + form.configuration[inside + len(patch) :]
    else:
        inside -= len(form.configuration)
        state = state[:inside] + patch + state[inside + len(patch) :]
    damaged = form.around(with_checksum(state))
    try:
        found = squarely.Accumulator.from_bytes(damaged)
    except ValueError as refused:
        assert str(refused).startswith("These bytes are no squarely accumulator: ")
        with pytest.raises(RefusedError, match="^DAMAGED: "):
            State.from_bytes(damaged)
        return
    check_read(damaged, found)
    check_read(found.to_bytes(), found)


MAX = ("max_error", 0.0)
MSE = ("mean_squared_error", 0.0)
MAE = ("mean_absolute_error", 0.0)
ONE = exact_sum_of(Fraction(1))
ZERO = exact_sum()
MINUS_ONE = exact_sum_of(Fraction(-1))


def extremes(*values: float, rests: Sequence[float] = ()) -> bytes:
    """Return extremes, each the nearest double and a rest."""
    return b"".join(struct.pack("<2d", *pair) for pair in itertools.zip_longest(values, rests, fillvalue=0.0))


def extreme(
    value: float, metric: tuple[str, float] = MAX, terms: tuple[str, ...] = ("largest_error",), pairs: int = 1
) -> Form:
    summands = [(TERMS.index(term), 0.0) for term in terms]
    return Form([metric], summands=summands, outputs=counts(pairs) + extremes(value) * len(terms))


def rounded(high: float, low: float, summation: int = 1, pairs: int = 1) -> Form:
    return Form(summation=summation, outputs=counts(pairs) + np.array([high, low]).tobytes())


def weighted(*outside_and_infinite: int, pairs: int = 3, infinite: int = 0) -> Form:
    counted = np.array(outside_and_infinite, np.uint64).tobytes()
    summands = [(TERMS.index(term), 0.0) for term in ("squared_error", "sample_weight")]
    summed = ONE if sum(outside_and_infinite) < pairs - infinite else ZERO
    outputs = counts(pairs, infinite) + summed + counted + MINUS_ONE + bytes(16)
    return Form(nan_policy=int(infinite > 0), flags=2, summands=summands, outputs=outputs)


def replaced_sum(form: Form) -> Form:
    return replace(form, outputs=form.outputs.replace(ZERO, ONE, 1))


# Beside what is refused, its like that is not: the test would else refuse for another reason.
OF_OUTPUT_0 = {
    "more pairs than are counted": (([2**63], ONE), ([2**63 - 1], ONE)),
    "more rows than are counted": (([2**62, 0, 0, 2**62], ONE), ([2**62, 0, 0, 2**62 - 1], ONE)),
    "counts whose sum wraps": (([1, 0, 0, 2**63, 2**63 - 1, 2**64 - 1], ONE), ([1, 0, 0, 5, 6, 7], ONE)),
    "more infinite pairs than pairs": (([1, 2], ZERO), ([1, 1], ZERO)),
    "more undefined pairs than are left": (([2, 1, 2], ZERO), ([2, 1, 1], ZERO)),
    "a sum of no pairs": (([0, 0, 0, 1], ONE), ([0, 0, 0, 1], ZERO)),
    "a sum of infinite pairs": (([2, 1, 1], ONE), ([3, 1, 1], ONE)),
    "a negative sum of squares": (([1], MINUS_ONE), ([1], ONE)),
    "a sign that is none": (([1], exact_sum(1, sign=2)), ([1], exact_sum(1))),
    "a negative zero": (([1], exact_sum(sign=1)), ([1], exact_sum())),
    "zero in another form": (([1], bytes([0, 5, 0])), ([1], bytes(3))),
    "limbs above the highest": (([1], exact_sum(1, first=67)), ([1], exact_sum(1, first=66))),
    "a magnitude as the sign": (([1], exact_sum(2**63, first=67)), ([1], exact_sum(2**63, first=66))),
    "a lowest limb of zero": (([1], exact_sum(0, 1)), ([1], exact_sum(1, 1))),
    "a highest limb of zero": (([1], exact_sum(1, 0)), ([1], exact_sum(1, 1))),
}


@pytest.mark.parametrize("damage", OF_OUTPUT_0)
def test_outputs_that_cannot_be_are_refused_in_every_version(damage: str) -> None:
    second = Form2(CONFIGURATION_2.replace(b"raise", b"propagate"))
    for form, counts_of in ((Form(nan_policy=1), counts), (second, counts_of_version_2)):
        wrong, right = (counts_of(*counted) + summed for counted, summed in OF_OUTPUT_0[damage])
        check_refused(replace(form, outputs=wrong).to_bytes(), OF_AN_OUTPUT)
        assert squarely.Accumulator.from_bytes(replace(form, outputs=right).to_bytes()).shape == (1,)


SUMS_THAT_CANNOT_BE = {
    "a largest error below zero": (extreme(-1.0), extreme(1.0)),
    "a largest error of minus zero": (extreme(-0.0), extreme(0.0)),
    "a largest error that is NaN": (extreme(math.nan), extreme(math.inf)),
    "a rounded sum that is NaN": (rounded(math.nan, 0.0), rounded(math.inf, 0.0)),
    "a rounded rest that is NaN": (rounded(1.0, math.nan), rounded(1.0, 1e-17)),
    "a rounded rest without end": (rounded(1.0, math.inf), rounded(1.0, -1e-17)),
    "a rounded rest larger than roundings": (rounded(1.0, 1e-3), rounded(1.0, 1e-17)),
    "a rounded rest just larger than roundings": (rounded(1.0, 2.0**-49), rounded(1.0, 2.0**-50)),
    "a rounded rest of what has no end": (rounded(math.inf, 1.0), rounded(math.inf, 0.0)),
    "a rounded sum of squares below zero": (rounded(-1e-20, 0.0), rounded(0.0, 0.0)),
    "a rounded sum of no pairs": (rounded(1e-20, 0.0, pairs=0), rounded(0.0, 0.0, pairs=0)),
    "a rounded sum of no pairs of minus zero": (rounded(-0.0, 0.0, pairs=0), rounded(0.0, 0.0, pairs=0)),
    "a largest error of no pairs": (extreme(1.0, pairs=0), extreme(0.0, pairs=0)),
    "a term outside of an infinite pair": (weighted(3, 0, infinite=1), weighted(2, 0, infinite=1)),
    "a sum of terms that are all outside": (replaced_sum(weighted(3, 0)), weighted(3, 0)),
    "more terms outside than pairs": (weighted(4, 0), weighted(3, 0)),
    "more terms outside and too large than pairs": (weighted(2, 2), weighted(2, 1)),
    "terms whose number wraps": (weighted(2**64 - 1, 2), weighted(0, 2)),
}


@pytest.mark.parametrize("damage", SUMS_THAT_CANNOT_BE)
def test_sums_that_cannot_be_are_refused(damage: str) -> None:
    wrong, right = SUMS_THAT_CANNOT_BE[damage]
    check_refused(wrong.to_bytes(), OF_AN_OUTPUT)
    assert squarely.Accumulator.from_bytes(right.to_bytes()).to_bytes() == right.to_bytes()


@pytest.mark.parametrize("wrong", [-0.0, math.nan])
def test_extremes_of_the_truth_are_numbers_with_one_zero(wrong: float) -> None:
    metric = ("normalized_root_mean_squared_error", 0.0)
    terms = ("squared_error", "least_truth", "greatest_truth")

    def form(least: float, greatest: float) -> Form:
        summands = [(TERMS.index(term), 0.0) for term in terms]
        return Form([metric], summands=summands, outputs=counts(1) + ONE + extremes(least, greatest))

    right = form(-2.0, 3.0)
    assert squarely.Accumulator.from_bytes(right.to_bytes()).to_bytes() == right.to_bytes()
    for damaged in (form(wrong, 3.0), form(-2.0, wrong)):
        check_refused(damaged.to_bytes(), OF_AN_OUTPUT)


def test_extremes_of_the_truth_are_those_of_some_truth() -> None:
    metric = ("normalized_root_mean_squared_error", 0.0)
    terms = ("squared_error", "least_truth", "greatest_truth")

    def form(least: float, greatest: float, pairs: int = 2) -> bytes:
        summands = [(TERMS.index(term), 0.0) for term in terms]
        sums = (ONE if pairs else ZERO) + extremes(least, greatest)
        return Form([metric], summands=summands, outputs=counts(pairs) + sums).to_bytes()

    for right in (form(-2.0, 3.0), form(3.0, 3.0), form(math.inf, -math.inf, 0)):
        assert squarely.Accumulator.from_bytes(right).to_bytes() == right
    for wrong in (form(3.0, -2.0), form(-2.0, math.inf), form(math.inf, -math.inf), form(1.0, 1.0, 0)):
        check_refused(wrong, OF_AN_OUTPUT)


def test_extremes_of_the_truth_have_the_rest_of_integers_of_64_bits() -> None:
    metric = ("normalized_root_mean_squared_error", 0.0)
    summands = [(TERMS.index(term), 0.0) for term in ("squared_error", "least_truth", "greatest_truth")]

    def form(least: float, greatest: float, rests: Sequence[float]) -> bytes:
        outputs = counts(2) + ONE + extremes(least, greatest, rests=rests)
        return Form([metric], summands=summands, outputs=outputs).to_bytes()

    made = squarely.Accumulator(metric[0]).update(np.array([2**53 + 1, 2**62 + 3]), np.array([2**53 + 1, 2**62 + 2]))
    assert made.to_bytes() == form(2.0**53, 2.0**62, [1.0, 3.0])
    assert made.compute()[metric[0]] == nearest_root(Fraction(1, 2 * (2**62 - 2**53 + 2) ** 2))
    for least, rests in ((2.0**53, [0.5, 0]), (2.0**53, [-0.0, 0]), (2.0**53, [2.0, 0]), (2.0**62, [4.0, 3.0])):
        check_refused(form(least, 2.0**62, rests), OF_AN_OUTPUT)
    check_refused(form(2.0**70, 2.0**71, [1.0, 1.0]), OF_AN_OUTPUT)
    error = Form(
        [MAX], summands=[(TERMS.index("largest_error"), 0.0)], outputs=counts(1) + extremes(2.0**53, rests=[1.0])
    )
    check_refused(error.to_bytes(), OF_AN_OUTPUT)


def test_infinite_pairs_are_each_of_one_kind_at_most() -> None:
    for kinds in ((0, 0, 0, 0), (1, 1, 1, 0), (0, 0, 0, 3)):  # of none: as version 2 counted them
        right = Form(nan_policy=1, outputs=counts(4, 3, kinds=kinds) + ONE).to_bytes()
        assert squarely.Accumulator.from_bytes(right).to_bytes() == right
    for kinds in ((4, 0, 0, 0), (1, 1, 1, 1), (2**64 - 1, 1, 0, 0)):
        check_refused(Form(nan_policy=1, outputs=counts(4, 3, kinds=kinds) + ONE).to_bytes(), OF_AN_OUTPUT)


def test_infinite_pairs_of_version_2_say_nothing_of_their_sign() -> None:
    configuration = CONFIGURATION_2.replace(b"raise", b"propagate").replace(b"squared_error", b"error")
    summands = [(TERMS.index("error"), 0.0)]
    second = Form2(configuration, summands=summands, outputs=counts_of_version_2(2, 1) + ONE).to_bytes()
    read = squarely.Accumulator.from_bytes(second)
    assert math.isnan(read.compute()["mean_error"])
    third = Form([("mean_error", 0.0)], nan_policy=1, summands=summands, outputs=counts(2, 1, kinds=(0, 0, 0, 0)) + ONE)
    assert read.to_bytes() == third.to_bytes()


def of_moments(pairs: int, error: float, squared_error: float, truth: float, squared_truth: float) -> bytes:
    """Return the sums that explained variance is made of."""
    terms = ("squared_error", "error", "truth", "squared_truth")
    sums = [exact_sum_of(Fraction(sum)) for sum in (squared_error, error, truth, squared_truth)]
    summands = [(TERMS.index(term), 0.0) for term in terms]
    return Form(
        [("explained_variance_score", 1.0)], summands=summands, outputs=counts(pairs) + b"".join(sums)
    ).to_bytes()


def test_sums_that_no_pairs_have_together_are_refused() -> None:
    for right in (
        of_moments(2, 2.0, 2.0, 3.0, 5.0),
        of_moments(2, -2.0, 2.0, 0.0, 0.0),
        of_moments(1, 3.0, 9.0, 2.0, 4.0),
    ):
        assert squarely.Accumulator.from_bytes(right).to_bytes() == right
    for wrong in (
        of_moments(2, 2.5, 2.0, 3.0, 5.0),
        of_moments(2, -2.0, 1.5, 0.0, 0.0),
        of_moments(2, 0.0, 1.0, 5.0, 1.0),
    ):
        check_refused(wrong, OF_AN_OUTPUT)


@pytest.mark.parametrize(
    ("metrics", "term", "most"),
    [
        (("mean_error", "mean_squared_error"), "error", 4),
        (("mean_absolute_error", "mean_squared_error"), "absolute_error", 4),
        (("mean_error", "mean_absolute_error"), "error", 4),
        (("r2_score",), "truth", 6),
        (("pearson_correlation",), "prediction", 10),
        (("r2_score", "weighted_absolute_percentage_error"), "truth", 4),
        (("mean_asymmetric_squared_error",), "squared_underprediction", 8),
    ],
)
def test_no_sum_is_larger_than_those_beside_it_allow(metrics: tuple[str, ...], term: str, most: int) -> None:
    # Of errors -2 and 2: truths of 3 and -1, whose squares allow a sum below 4.5, or of 3 and 3.
    y_true = np.array([3.0, -1.0 if "weighted" in metrics[-1] else 3.0])
    made = squarely.Accumulator(metrics).update(y_true, y_true + np.array([-2.0, 2.0]))
    held = terms_held_by(made.to_bytes())[0]
    if term == "prediction":
        held["squared_prediction"] = Fraction(50)

    def of(value: Fraction) -> bytes:
        sums = b"".join(exact_sum_of(Fraction(one)) for one in {**held, term: value}.values())
        summands = [(TERMS.index(one), 0.0) for one in held]
        return Form(
            [(one.name, one.parameter) for one in made.asked], summands=summands, outputs=counts(2) + sums
        ).to_bytes()

    assert squarely.Accumulator.from_bytes(of(Fraction(most))).to_bytes() == of(Fraction(most))
    check_refused(of(most + Fraction(1, 2**40)), OF_AN_OUTPUT)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize(
    ("what", "let_through_by"),
    [
        (counts(2, 1, kinds=(0, 0, 0, 0)), {"propagate"}),  # as of the second version
        (counts(2, 0, 1), {"propagate"}),
        (counts(2, 0, 0, 1), {"propagate", "omit", "omit_true"}),
        (counts(2, 0, 0, 0, 1), {"propagate", "omit"}),
        (counts(2, 0, 0, 0, 0, 1), set(POLICIES)),
    ],
)
def test_what_the_policy_refuses_was_never_seen(policy: str, what: bytes, let_through_by: set[str]) -> None:
    third = Form(nan_policy=POLICIES.index(policy), outputs=what + ONE).to_bytes()
    second = Form2(CONFIGURATION_2.replace(b"raise", policy.encode()), outputs=what[: 6 * 8] + ONE).to_bytes()
    if policy not in let_through_by:
        check_refused(third, OF_AN_OUTPUT)
        check_refused(second, OF_AN_OUTPUT)
        return
    read = squarely.Accumulator.from_bytes(third)
    assert read.to_bytes() == third
    check_read(second, read)


def test_the_output_that_is_damaged_is_named() -> None:
    outputs = (counts(1) + ONE) * 2 + counts(1, 2) + ONE
    check_refused(Form(shape=(3,), outputs=outputs).to_bytes(), "output 2 is damaged")
    check_refused(Form2(output_count=3, outputs=outputs).to_bytes(), "output 2 is damaged")


SQUARED, ABSOLUTE = ((TERMS.index(term), 0.0) for term in ("squared_error", "absolute_error"))
WEIGHT = (TERMS.index("sample_weight"), 0.0)


@pytest.mark.parametrize(
    "summands",
    [
        (),
        (ABSOLUTE,),
        (SQUARED, ABSOLUTE),
        (SQUARED, SQUARED),
        (SQUARED, WEIGHT),
        ((0, 1.0),),
        ((0, math.nan),),
        ((0, -0.0),),
        ((len(TERMS), 0.0),),
        ((255, 0.0),),
    ],
)
def test_other_sums_than_the_metrics_need_are_refused(summands: tuple[tuple[int, float], ...]) -> None:
    outputs = counts(1) + ONE * len(summands)
    check_refused(Form(summands=summands, outputs=outputs).to_bytes(), OF_OTHER_SUMS)
    if summands != ((0, -0.0),):  # which was another way to write the same
        check_refused(Form2(summands=summands, outputs=outputs).to_bytes(), OF_OTHER_SUMS)


@pytest.mark.parametrize("metrics", [b'"max_error"', b'"mean_squared_error","max_error"', b'["mean_huber_loss",2.5]'])
def test_a_configuration_of_other_metrics_does_not_fit_the_sums(metrics: bytes) -> None:
    check_refused(Form2(CONFIGURATION_2.replace(b'"mean_squared_error"', metrics)).to_bytes(), OF_OTHER_SUMS)


def test_sums_of_the_other_weighting_are_refused() -> None:
    check_refused(Form(flags=2).to_bytes(), OF_OTHER_SUMS)
    check_refused(Form2(weighted=1).to_bytes(), OF_OTHER_SUMS)
    check_refused(replace(weighted(0, 0), flags=0).to_bytes(), OF_OTHER_SUMS)
    right = weighted(0, 0)
    both = Form2(weighted=1, summands=right.summands, outputs=right.outputs)
    check_read(both.to_bytes(), squarely.Accumulator.from_bytes(right.to_bytes()))
    check_refused(replace(both, weighted=0).to_bytes(), OF_OTHER_SUMS)
    check_refused(replace(both, weighted=2).to_bytes(), OF_A_CONFIGURATION)


def test_the_summation_of_the_state_is_that_of_the_configuration() -> None:
    outputs = counts(1) + bytes(16)
    check_refused(Form2(summation=1, outputs=outputs).to_bytes(), OF_OTHER_SUMS)
    check_refused(Form2(summation=3, outputs=outputs).to_bytes(), OF_A_CONFIGURATION)
    kahan = CONFIGURATION_2.replace(b"exact", b"kahan")
    assert squarely.Accumulator.from_bytes(Form2(kahan, summation=1, outputs=outputs).to_bytes()).count == 1


def test_what_the_average_of_outputs_needs_is_among_the_sums() -> None:
    made = squarely.Accumulator("explained_variance_score", multioutput="variance_weighted").update([1.0], [2.0])
    asked = [(one.name, one.parameter) for one in made.asked]
    terms = ("squared_error", "error", "truth", "squared_truth")
    summands = [(TERMS.index(term), 0.0) for term in terms]
    right = Form(asked, averaging=2, summands=summands, outputs=counts(1) + ONE * 4)
    assert made.to_bytes() == right.to_bytes()
    check_refused(replace(right, summands=summands[:2], outputs=counts(1) + ONE * 2).to_bytes(), OF_OTHER_SUMS)


OUTPUTS_THAT_CANNOT_BE = {
    "an output of length 0": Form(shape=(0,)),
    "outputs of length 0": Form(shape=(1, 0, 1)),
    "two outputs where there is one": Form(shape=(2,)),
    "outputs without end": Form(shape=(2**64 - 1,)),
    "outputs whose number wraps to one": Form(shape=(274_177, 67_280_421_310_721)),
    "other output weights than outputs": Form(averaging=3, output_weights=(1.0, 2.0)),
    "more dimensions than arrays have": Form(shape=(1,) * 65),
    "a second version without outputs": Form2(output_count=0),
    "a second version of two outputs": Form2(output_count=2),
    "a second version without end": Form2(output_count=2**64 - 1),
    "a second version of other output weights": Form2(CONFIGURATION_2.replace(b'"uniform_average"', b"[1.0,2.0]")),
} | {
    f"a second version of shape {shape}": Form2(
        CONFIGURATION_2.replace(b',"summation"', b',"output_shape":' + shape.encode() + b',"summation"')
    )
    for shape in (
        "[1]", "[2,1]", "[0,1]", "[1,-1]", "[-1,-1]", "[0.5,2]", "[1e300,1e300]", "[274177,67280421310721]",
        "[" + "1," * 64 + "1]",
    )
}  # fmt: skip


@pytest.mark.parametrize("case", OUTPUTS_THAT_CANNOT_BE)
def test_outputs_that_do_not_fit_are_refused(case: str) -> None:
    check_refused(OUTPUTS_THAT_CANNOT_BE[case].to_bytes(), OF_OUTPUTS)


def test_as_many_dimensions_as_arrays_have_are_read() -> None:
    shape = b',"output_shape":[' + b"1," * 63 + b'1],"summation"'
    for form in (Form(shape=(1,) * 64), Form2(CONFIGURATION_2.replace(b',"summation"', shape))):
        assert squarely.Accumulator.from_bytes(form.to_bytes()).shape == (1,) * 64


def test_memory_is_asked_for_in_proportion_to_the_bytes() -> None:
    # What sums of zero take is the least an output takes: of so many these bytes are, and not of one more.
    outputs, held = 16_384, counts(1) + exact_sum()
    whole = Form(shape=(outputs,), outputs=held * outputs)
    assert squarely.Accumulator.from_bytes(whole.to_bytes()).shape == (outputs,)
    for shape in ((outputs + 1,), (2, outputs), (len(held) * outputs,)):
        check_refused(replace(whole, shape=shape).to_bytes(), OF_OUTPUTS)
    second = Form2(output_count=outputs, outputs=held * outputs)
    assert squarely.Accumulator.from_bytes(second.to_bytes()).shape == (outputs,)
    for claimed in (outputs + 1, len(held) * outputs):
        check_refused(replace(second, output_count=claimed).to_bytes(), OF_OUTPUTS)


def test_a_claim_of_many_outputs_takes_no_memory() -> None:
    # Eight metrics of a million outputs would take some gigabytes.
    asked = squarely.Accumulator(multioutput="raw_values")
    metrics = [(one.name, one.parameter) for one in asked.asked]
    head = asked.to_bytes()[:-5]
    assert head == with_checksum(Form(metrics, averaging=1, shape=()).to_bytes()[:-4])[:-5]
    summands = asked.update([1.0], [2.0]).to_bytes()[len(head) + 9 :]
    claimed = with_checksum(head + b"\1" + (10**6).to_bytes(8, "little") + summands + bytes(10**6))
    check_refused(claimed, OF_OUTPUTS)


CONFIGURATIONS_THAT_CANNOT_BE = {
    "no metrics": Form([]),
    "an unknown metric": Form([("nonsense", 0.0)]),
    "a metric without a name": Form([("", 0.0)]),
    "a metric by its short name": Form([("mse", 0.0)]),
    "a metric of order": Form([("median_absolute_error", 0.0)]),
    "a metric that only serves others": Form([("variance_of_truth", 0.0)]),
    "a metric twice": Form([MSE, MSE]),
    "a metric of a name that is no text": Form(
        [("\x00\udcff".encode("utf-8", "surrogatepass").decode("latin-1"), 0.0)]
    ),
    "a needless parameter": Form([("mean_squared_error", 7.0)]),
    "a parameter of minus zero": Form([("mean_squared_error", -0.0)]),
    "a parameter out of range": Form([("mean_pinball_loss", 5.0)]),
    "a parameter that is NaN": Form([("mean_pinball_loss", math.nan)]),
    "a parameter without end": Form([("mean_huber_loss", math.inf)]),
    "an unknown policy": Form(nan_policy=4),
    "an unknown summation": Form(summation=3),
    "an unknown flag": Form(flags=4),
    "an unknown averaging": Form(averaging=4),
    "averaging by weights without any": Form(averaging=3),
    "weights where they have no use": Form(output_weights=(1.0,)),
    "a weight that is NaN": Form(averaging=3, output_weights=(math.nan,)),
    "a weight without end": Form(averaging=3, output_weights=(math.inf,)),
    "weights that sum to zero": Form(averaging=3, output_weights=(0.1, 0.2, -0.1, -0.2), shape=()),
    "weights of zero": Form(averaging=3, output_weights=(0.0,)),
    "complex values of other errors than squared": Form([MAE], flags=1),
    "weights of nothing": Form(flags=2, shape=()),
}


@pytest.mark.parametrize("case", CONFIGURATIONS_THAT_CANNOT_BE)
def test_configurations_that_cannot_be_are_refused(case: str) -> None:
    check_refused(CONFIGURATIONS_THAT_CANNOT_BE[case].to_bytes(), OF_A_CONFIGURATION)


TOO_LONG = {
    "names": Form(metric_count=65_535),
    "weights": Form(averaging=3, output_weights=(1.0,), weight_count=2**64 - 1),
    "weights whose size wraps": Form(averaging=3, output_weights=(1.0,), weight_count=2**61),
    "dimensions": Form(dimensions=255),
    "sums": Form(summand_count=65_535),
    "a configuration of the second version": Form2(length=2**32 - 1),
}


@pytest.mark.parametrize("case", TOO_LONG)
def test_lengths_beyond_the_end_are_refused(case: str) -> None:
    check_refused(TOO_LONG[case].to_bytes())


def test_what_goes_on_is_refused() -> None:
    check_refused(Form(tail=b"\0").to_bytes(), GOES_ON)
    check_refused(Form(shape=(), tail=b"\0").to_bytes(), GOES_ON)
    check_refused(Form2(tail=b"\0").to_bytes(), GOES_ON)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (CONFIGURATION_2, b""),
        (CONFIGURATION_2, b"{}"),
        (CONFIGURATION_2, b"[]"),
        (CONFIGURATION_2, b"5"),
        (CONFIGURATION_2, b"\xff"),
        (CONFIGURATION_2, b"{" * 100_000),
        (b'["mean_squared_error"]', b"5"),
        (b'["mean_squared_error"]', b"[]"),
        (b'["mean_squared_error"]', b"[" * 100_000),
        (b'"mean_squared_error"', b'"x"'),
        (b'"mean_squared_error"', b'"mse"'),
        (b'"mean_squared_error"', b'"median_absolute_error"'),
        (b'"mean_squared_error"', b'"variance_of_truth"'),
        (b'"mean_squared_error"', b'"mean_squared_error'),
        (b'"mean_squared_error"', b'"mean_squared_error","mean_squared_error"'),
        (b'"mean_squared_error"', b'"mean_squared_error",["mean_squared_error",0.0]'),
        (b'"mean_squared_error"', b'["mean_squared_error",7]'),
        (b'"mean_squared_error"', b'["mean_pinball_loss",5]'),
        (b'"mean_squared_error"', b'["mean_pinball_loss","nan"]'),
        (b'"mean_squared_error"', b'["mean_pinball_loss",nan]'),
        (b'"mean_squared_error"', b'["mean_huber_loss",1e999]'),
        (b'"mean_squared_error"', b'["mean_huber_loss",inf]'),
        (b'"mean_squared_error"', b'["mean_huber_loss",]'),
        (b'"mean_squared_error"', b'["mean_huber_loss",-2.5]'),
        (b'"mean_squared_error"', b'["r2_score",2.5]'),
        (b'"mean_squared_error"', b'["mean_huber_loss",2.5'),
        (b'"uniform_average"', b"[1,-1"),
        (b'"uniform_average"', b"[1,"),
        (b'"uniform_average"', b"[]"),
        (b'"uniform_average"', b"[1,-1]"),
        (b'"uniform_average"', b"[1" + 400 * b"0" + b",1]"),
        (b'"uniform_average"', b"[" * 100_000),
        (b'"uniform_average"', b'"average"'),
        (b"exact", b"exactly"),
        (b"raise", b"shrug"),
        (b"false", b"null"),
        (b'"summation"', b'"surprise":1,"summation"'),
        (b"}", b"} "),
        (b"}", b""),
    ],
)
def test_a_configuration_of_the_second_version_that_cannot_be_is_refused(old: bytes, new: bytes) -> None:
    assert old in CONFIGURATION_2
    form = Form2(CONFIGURATION_2.replace(old, new))
    for data in (form.to_bytes(), form.around(b"")):
        check_refused(data, OF_A_CONFIGURATION)


def test_complex_values_of_other_errors_than_squared_are_refused_in_the_second_version() -> None:
    accepting = CONFIGURATION_2.replace(b"false", b"true")
    assert squarely.Accumulator.from_bytes(Form2(accepting).to_bytes()).count == 1
    check_refused(Form2(accepting.replace(b"squared", b"absolute")).around(b""), OF_A_CONFIGURATION)


@pytest.mark.parametrize(
    ("member", "wrong", "words"),
    [
        ("magic", b"sqsu\2", ENDS_EARLY),
        ("magic", b"sqst\1", ENDS_EARLY),
        ("magic", b"sqst\3", ENDS_EARLY),
    ],
)
def test_a_state_of_the_second_version_has_its_own_frame(member: str, wrong: bytes, words: str) -> None:
    check_refused(replace(Form2(), **{member: wrong}).to_bytes(), words)
    state = Form2().state()
    check_refused(Form2().around(state[:-1] + bytes([state[-1] ^ 1])), CHANGED)
    check_refused(Form2().around(state[:20]), ENDS_EARLY)


def test_many_metrics_are_read_in_the_time_of_their_bytes() -> None:
    several = [("mean_huber_loss", float(1 + i)) for i in range(10_000)]
    check_read(Form(several, shape=()).to_bytes(), squarely.Accumulator.from_bytes(Form(several, shape=()).to_bytes()))
    check_refused(Form([*several, MSE], shape=()).to_bytes(), OF_A_CONFIGURATION)
    names = ",".join(f'["mean_huber_loss",{i}]' for i in range(1, 200_000)).encode()
    check_refused(Form2(CONFIGURATION_2.replace(b'"mean_squared_error"', names)).around(b""), OF_A_CONFIGURATION)


def test_more_metrics_than_bytes_can_hold_are_refused_when_they_are_asked_for() -> None:
    with pytest.raises(ValueError, match="An accumulator has at most 10000 metrics. Got 10001"):
        squarely.Accumulator([squarely.metric("mean_huber_loss", delta=1.0 + i) for i in range(10_001)])


def test_counts_never_wrap() -> None:
    def of_pairs(pairs: int) -> squarely.Accumulator:
        return squarely.Accumulator.from_bytes(Form(outputs=counts(pairs) + ONE).to_bytes())

    full = of_pairs(2**63 - 2).merge(of_pairs(1))
    before = full.to_bytes()
    assert full.count == 2**63 - 1
    with pytest.raises(ValueError, match=r"would have seen more than 2\^63 - 1 rows"):
        full.merge(of_pairs(1))
    with pytest.raises(ValueError, match=r"would have seen more than 2\^63 - 1 rows"):
        full.update(np.ones(20_000), np.zeros(20_000))
    assert full.to_bytes() == before


def test_counts_never_wrap_of_short_chunks() -> None:
    full = squarely.Accumulator.from_bytes(Form(outputs=counts(2**63 - 1) + ONE).to_bytes())
    before = full.to_bytes()
    with pytest.raises(ValueError, match=r"would have seen more than 2\^63 - 1 rows"):
        full.update([1.0], [2.0])
    assert full.to_bytes() == before
    state = State.from_bytes(before)
    with pytest.raises(RefusedError, match=r"^MISMATCH: .* would have seen more than 2\^63 - 1 rows"):
        state.update(np.ones(1), np.zeros(1))
    assert state.to_bytes() == before
