"""Data that breaks shortcuts: each maker takes a generator and a length and returns y_true and y_pred in float64."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Arrays = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]
Maker = Callable[[np.random.Generator, int], Arrays]


def normal(rng: np.random.Generator, length: int) -> Arrays:
    y_true = rng.standard_normal(length)
    return y_true, y_true + 0.1 * rng.standard_normal(length)


def constant_residual(rng: np.random.Generator, length: int) -> Arrays:
    return np.full(length, 1 / 3), np.full(length, 1e-3)


def spread(rng: np.random.Generator, length: int) -> Arrays:
    return (
        rng.standard_normal(length) * 10.0 ** rng.uniform(-300, 300, length),
        rng.standard_normal(length) * 10.0 ** rng.uniform(-300, 300, length),
    )


def sixty_decades(rng: np.random.Generator, length: int) -> Arrays:
    return rng.standard_normal(length) * 10.0 ** rng.uniform(-30, 30, length), rng.standard_normal(length)


def subnormal(rng: np.random.Generator, length: int) -> Arrays:
    return rng.integers(-9, 9, length) * 5e-324, rng.integers(-(2**52), 2**52, length) * 5e-324


def huge(rng: np.random.Generator, length: int) -> Arrays:
    return rng.standard_normal(length) * 1e200, rng.standard_normal(length) * 1e200


def largest(rng: np.random.Generator, length: int) -> Arrays:
    signs = rng.choice([-1.0, 1.0], length)
    return signs * np.finfo(np.float64).max, -signs * np.finfo(np.float64).max


def cancellation(rng: np.random.Generator, length: int) -> Arrays:
    y_true = 1e15 + rng.standard_normal(length)
    return y_true, y_true + rng.standard_normal(length)


def nearly_equal(rng: np.random.Generator, length: int) -> Arrays:
    y_true = rng.standard_normal(length)
    return y_true, y_true * (1 + 1e-9 * rng.standard_normal(length))


def outliers(rng: np.random.Generator, length: int) -> Arrays:
    y_true, y_pred = normal(rng, length)
    y_true[rng.random(length) < 0.01] *= 1e12
    return y_true, y_pred


def lognormal(rng: np.random.Generator, length: int) -> Arrays:
    return rng.lognormal(0, 3, length), rng.lognormal(0, 3, length)


def zeros_of_both_signs(rng: np.random.Generator, length: int) -> Arrays:
    return rng.choice([0.0, -0.0, 1.0], length), rng.choice([0.0, -0.0, 1e-300], length)


def alternating_scales(rng: np.random.Generator, length: int) -> Arrays:
    # Every block of 512 wants another window.
    scale = 10.0 ** (40 * (np.arange(length) // 512 % 5 - 2))
    return rng.standard_normal(length) * scale, rng.standard_normal(length) * scale


def edge_of_the_window(rng: np.random.Generator, length: int) -> Arrays:
    # Powers of two, and the numbers next to them, where a bound is met exactly or missed by one bit.
    exponents = rng.integers(-3, 4, length).astype(float)
    neighbours = rng.integers(-2, 3, length) * 2.0**-53
    return rng.choice([-1.0, 1.0], length) * 2.0**exponents * (1 + neighbours), rng.choice(
        [0.0, 2.0**-60, -1.0], length
    )


def window_limits(rng: np.random.Generator, length: int) -> Arrays:
    # Differences around 2^-380 and 2^480, where the sliced path ends.
    exponents = np.where(np.arange(length) // 512 % 2 == 0, -380, 480) + rng.integers(-3, 4, length)
    return np.ldexp(rng.standard_normal(length), exponents), np.ldexp(rng.standard_normal(length), exponents)


def integers(rng: np.random.Generator, length: int) -> Arrays:
    return rng.integers(-1000, 1000, length).astype(float), rng.integers(-1000, 1000, length).astype(float)


def edge_of_the_narrow_window(rng: np.random.Generator, length: int) -> Arrays:
    # As float32, the first block chooses E = 3; later truths lie within three binades of 2^(E-26), the least that fits.
    y_true = np.ldexp(rng.integers(2**23, 2**24, length).astype(float), -23 - 23 + rng.integers(-3, 4, length))
    y_true[:512] = 1.0
    y_pred = rng.choice([-1.0, 0.5, 1.0], length)
    y_pred[:512] = -1.0
    return y_true, y_pred


def outliers_beyond_any_window(rng: np.random.Generator, length: int) -> Arrays:
    y_true, y_pred = normal(rng, length)
    y_true[::300] = 1e300
    return y_true, y_pred


def two_populations(rng: np.random.Generator, length: int) -> Arrays:
    y_true, y_pred = normal(rng, length)
    y_true[rng.random(length) < 0.4] *= 1e25
    return y_true, y_pred


MAKERS: tuple[Maker, ...] = (
    normal,
    constant_residual,
    spread,
    sixty_decades,
    subnormal,
    huge,
    largest,
    cancellation,
    nearly_equal,
    outliers,
    lognormal,
    zeros_of_both_signs,
    alternating_scales,
    edge_of_the_window,
    window_limits,
    integers,
    edge_of_the_narrow_window,
    outliers_beyond_any_window,
    two_populations,
)
