"""The sums that round, in rational arithmetic rounded where a double is: of rows of ordinary size, by one update."""

import itertools
from collections.abc import Sequence
from fractions import Fraction

BLOCK = 512
KAHAN_LANES, PAIRWISE_LANES = 16, 32

# What a pairwise sum is too rough for, because it is subtracted.
ALWAYS_KAHAN = ("error", "truth", "squared_truth", "prediction", "squared_prediction", "sample_weight")


def added(a: float, b: float) -> tuple[float, float]:
    """Return the sum and what rounding left out of it (Knuth)."""
    total = a + b
    of_b = total - a
    return total, (a - (total - of_b)) + (b - of_b)


def multiplied(a: float, b: float) -> tuple[float, float]:
    """Return the product and what rounding left out of it, in integers, whose quotient is rounded once."""
    product = a * b
    (n, of_a), (m, of_b), (rounded, of_product) = (one.as_integer_ratio() for one in (a, b, product))
    return product, (n * m * of_product - rounded * of_a * of_b) / (of_a * of_b * of_product)


def squared_difference(y_true: float, y_pred: float) -> list[float]:
    difference, error = added(y_true, -y_pred)
    square, of_square = multiplied(difference, difference)
    mixed, of_mixed = multiplied(2 * difference, error)
    least, of_least = multiplied(error, error)
    middle, of_middle = added(of_square, mixed)
    small, of_small = added(of_mixed, least)
    low, of_low = added(of_middle, small)
    return [square, middle, low, added(added(of_low, of_small)[0], of_least)[0]]


def words(term: str, y_true: float, y_pred: float) -> list[float]:
    """Return the doubles that a term is the sum of."""
    if term == "squared_error":
        return squared_difference(y_true, y_pred)
    if term in ("error", "absolute_error"):
        difference, error = added(y_pred, -y_true)
        flip = -1 if term == "absolute_error" and difference < 0 else 1
        return [flip * difference, flip * error]
    one = {"sample_weight": 1.0}.get(term, y_pred if term.endswith("prediction") else y_true)
    return [*multiplied(one, one)] if term.startswith("squared") else [one]


def weighed(term: str, of_pair: Sequence[float], weight: float) -> list[float]:
    if term == "sample_weight":
        return [weight]
    return [part for word in of_pair for part in multiplied(word, weight)]


def joined(a: tuple[float, float], b: tuple[float, float]) -> tuple[float, float]:
    total, error = added(a[0], b[0])
    low = error + (a[1] + b[1])
    high = total + low
    return high, low - (high - total)


def kahan(blocks: Sequence[Sequence[float]]) -> tuple[float, float]:
    total = (0.0, 0.0)
    for lane in range(KAHAN_LANES):
        high = low = 0.0
        for value in itertools.chain.from_iterable(block[lane::KAHAN_LANES] for block in blocks):
            high, error = added(high, value)
            low += error
        total = joined(total, (high, low))
    return total


def tree(values: list[float]) -> float:
    """Return the sum of as many values as a power of two: the first half, to which the second was added."""
    while len(values) > 1:
        half = len(values) // 2
        values = [a + b for a, b in zip(values[:half], values[half:], strict=True)]
    return values[0]


def pairwise(blocks: Sequence[Sequence[float]]) -> tuple[float, float]:
    subtrees: list[tuple[int, float]] = []  # how many blocks, and their sum
    for block in blocks:
        lanes = [0.0] * PAIRWISE_LANES
        for i, value in enumerate(block):
            lanes[i % PAIRWISE_LANES] += value
        count, total = 1, tree(lanes)
        while subtrees and subtrees[-1][0] == count:
            total += subtrees.pop()[1]
            count *= 2
        subtrees.append((count, total))
    total = 0.0
    for _, subtree in reversed(subtrees):
        total += subtree
    return total, 0.0


def rounded_sum(
    summation: str, term: str, y_true: Sequence[float], y_pred: Sequence[float], weights: Sequence[float] | None
) -> Fraction:
    """Return what is held: word after word of a block of 512, the first words in a sum of their own."""
    terms = [words(term, *pair) for pair in zip(y_true, y_pred, strict=True)]
    if weights is not None:
        terms = [weighed(term, *row) for row in zip(terms, weights, strict=True)]
    blocks = [terms[first : first + BLOCK] for first in range(0, len(terms), BLOCK)]
    of_words = [[[row[word] for row in block] for word in range(len(terms[0]))] for block in blocks]
    add = kahan if summation == "kahan" or term in ALWAYS_KAHAN else pairwise
    first = add([block[0] for block in of_words])
    others = add([word for block in of_words for word in block[1:]])
    high, low = joined((0.0, 0.0), joined(joined((0.0, 0.0), first), joined((0.0, 0.0), others)))
    return Fraction(high) + Fraction(low)
