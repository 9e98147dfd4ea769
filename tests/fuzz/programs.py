"""Random programs over accumulators and windows, as many as there is time for: tests/streams has some of them."""

import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))

from fuzz import long_run
from instruments.random_streams import drive, drive_window

STEPS = (4, 8, 12, 24)  # shorter ones than in the tests, and more


def check(seed: int, number: int) -> None:
    steps = STEPS[number % len(STEPS)]
    of_the_case = int(np.random.SeedSequence([seed, number]).generate_state(1, np.uint64)[0])
    kind = number % 3
    if kind == 0:
        drive(of_the_case, steps)
    else:
        drive_window(of_the_case, ("rows", "chunks")[kind - 1], steps)


if __name__ == "__main__":
    with np.errstate(all="ignore"):
        long_run.run("programs", long_run.options_of(__doc__, cases=1000), check)
