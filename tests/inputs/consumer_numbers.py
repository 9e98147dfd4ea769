"""The numbers that every program in tests/consumer makes for itself."""

import numpy as np


def made_numbers() -> tuple[np.ndarray, np.ndarray]:
    """Return the truth and the predictions of every consumer."""
    seed, values = 1, []
    for _ in range(2000):
        seed = (seed * 1664525 + 1013904223) % 2**32
        values.append(((seed - 2**32 if seed >= 2**31 else seed) >> 4) / 2**20)
    return np.array(values[::2]), np.array(values[1::2], np.float32)
