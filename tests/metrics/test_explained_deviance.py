"""D² of deviances, against its definition over the data with many digits."""

import mpmath
import numpy as np
import numpy.typing as npt
import pytest

import squarely

Doubles = npt.NDArray[np.float64]

# Grids of powers made by additions are a few ulp beside 1 and 2, and a search for a power may be anywhere near them.
OFFSETS = (0.0, 2.0**-52, 2.0**-50, 1e-12, 1e-9, 2.0**-27, 2.0**-26, 1e-7, 1e-6, 1e-4, 0.002)
POWERS = [near + sign * offset for near in (1.0, 2.0) for offset in OFFSETS for sign in (-1, 1)]
REGRESSION_POWERS = [power for power in POWERS if power >= 1] + [1.5, 2.5, 3.0, -1.0]


def deviance(y: mpmath.mpf, p: mpmath.mpf, k: mpmath.mpf) -> mpmath.mpf:
    if k == 1:
        return 2 * (y * mpmath.log(y / p) - y + p)
    if k == 2:
        return 2 * (mpmath.log(p / y) + y / p - 1)
    return 2 * (y ** (2 - k) / ((1 - k) * (2 - k)) - y * p ** (1 - k) / (1 - k) + p ** (2 - k) / (2 - k))


def definition(y_true: Doubles, y_pred: Doubles, power: float) -> tuple[mpmath.mpf, mpmath.mpf]:
    """Return D² and the share of the deviance that is left."""
    with mpmath.workdps(120):
        truth, prediction, k = list(map(mpmath.mpf, y_true)), list(map(mpmath.mpf, y_pred)), mpmath.mpf(power)
        mean = mpmath.fsum(truth) / len(truth)
        part = mpmath.fsum(deviance(y, p, k) for y, p in zip(truth, prediction, strict=True))
        share = part / mpmath.fsum(deviance(y, mean, k) for y in truth)
        return 1 - share, share


@pytest.mark.parametrize(("spread", "bound"), [(1.0, 2e-7), (0.1, 2e-7), (1e-3, 2e-7), (1e-5, 1e-5)])
@pytest.mark.parametrize("size", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("power", REGRESSION_POWERS)
def test_it_is_within_what_is_promised(power: float, size: float, spread: float, bound: float) -> None:
    rng = np.random.default_rng(8)
    y_true = size * np.exp(spread * rng.standard_normal(40))
    y_pred = y_true * np.exp(0.3 * spread * rng.standard_normal(40))
    expected, share = definition(y_true, y_pred, power)
    found = squarely.d2_tweedie_score(y_true, y_pred, power=power)
    assert abs(found - expected) <= bound * share
    assert found <= 1
