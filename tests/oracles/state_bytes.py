"""The sums a state holds, read from its bytes by nothing but their documentation."""

import struct
from fractions import Fraction

from oracles.rational import UNIT

TERMS = (
    "squared_error",
    "error",
    "absolute_error",
    "truth",
    "squared_truth",
    "prediction",
    "squared_prediction",
    "sample_weight",
    "absolute_truth",
    "squared_underprediction",
    "huber_loss",
    "absolute_percentage_error",
    "symmetric_absolute_percentage_error",
    "squared_log_error",
    "log_cosh_loss",
    "tukey_loss",
    "poisson_deviance",
    "gamma_deviance",
    "tweedie_deviance",
    "truth_of_poisson_deviance",
    "truth_of_gamma_deviance",
    "truth_of_tweedie_deviance",
    "largest_error",
    "least_truth",
    "greatest_truth",
)
SUMMED = TERMS.index("largest_error")
FIRST_WITH_COUNTS = TERMS.index("huber_loss")


def terms_held_by(data: bytes) -> list[dict[str, Fraction]]:
    """Return the exact sums of every output of an accumulator's bytes, by the documented byte form.

    A rounded score shows the leading 53 bits of a sum. This shows the rest.
    """
    weighted = data[7] & 2
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
        position += 6 * 8
        of_output = {}
        for term in terms:
            if term >= SUMMED:
                of_output[TERMS[term]] = Fraction(struct.unpack_from("<d", data, position)[0])
                position += 8
                continue
            sign, bottom, used = data[position : position + 3]
            limbs = data[position + 3 : position + 3 + 8 * used]
            magnitude = int.from_bytes(limbs, "little") << (64 * bottom)
            of_output[TERMS[term]] = Fraction(-magnitude if sign else magnitude, 4**UNIT)
            position += 3 + 8 * used + (16 if weighted or term >= FIRST_WITH_COUNTS else 0)
        sums.append(of_output)
    return sums


def sums_held_by(state: bytes) -> list[Fraction]:
    """Return the exact sum of squared errors of every output."""
    return [of_output["squared_error"] for of_output in terms_held_by(state)]
