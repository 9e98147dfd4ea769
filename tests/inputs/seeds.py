"""The numbers of random tests: the same in every run, or those of a seed that SQUARELY_TEST_SEED names, or draws.

Once drawn it stands in the environment, for the processes that a test starts.
"""

import os
import secrets

import hypothesis
import numpy as np

VARIABLE = "SQUARELY_TEST_SEED"


def seed_of_the_environment() -> int | None:
    said = os.environ.get(VARIABLE, "")
    if said == "fresh":
        said = os.environ[VARIABLE] = str(secrets.randbelow(2**32))
    return int(said) if said else None


SEED = seed_of_the_environment()


def set_up_hypothesis() -> None:
    # A deadline would measure the machine, not the code. Nothing is kept between runs, so that a seed says all.
    common = {"deadline": None, "database": None}
    # The same examples find in a hundred runs what they find in one; those of a seed are the search.
    hypothesis.settings.register_profile("repeatable", derandomize=True, max_examples=100, **common)
    hypothesis.settings.register_profile("of a seed", derandomize=False, max_examples=200, print_blob=True, **common)
    hypothesis.settings.load_profile("repeatable" if SEED is None else "of a seed")


def set_up_generators() -> None:
    """Make another stream of the seed of every generator, whichever test makes one, those to come among them."""
    if SEED is None:
        return
    with_seed = np.random.default_rng
    np.random.default_rng = lambda seed=None: with_seed([SEED, seed] if isinstance(seed, (int, np.integer)) else seed)
