"""What passes over files ask of the core: values of some rows, and how many are below a stretch and which are in it."""

from fractions import Fraction

import numpy as np
import pytest

import squarely
from instruments.targets import ALL, skip_where_lacking
from squarely import _core

UNIT = 2**2148
ROWS = 3333


def values_of(quantity, y, p):
    """Return the values that are ordered, NaN where a pair has none."""
    y, p = np.asarray(y, np.float64), np.asarray(p, np.float64)
    with np.errstate(invalid="ignore"):
        return abs(y - p) if quantity == "absolute_error" else np.where(np.isnan(p), np.nan, y)


def exact(values, weights=None):
    weights = np.ones(len(values)) if weights is None else weights
    return sum((Fraction(float(v)) * Fraction(float(w)) for v, w in zip(values, weights, strict=True)), Fraction(0))


def columns(seed=1, rows=ROWS):
    generator = np.random.default_rng(seed)
    y, noise, weights = generator.normal(size=(3, rows))
    p = np.where(generator.random(rows) < 0.2, y, y + noise)
    y[::97], p[5::89] = np.nan, np.nan
    return y, p, np.where(generator.random(rows) < 0.1, 0, abs(weights))


@pytest.fixture(params=ALL)
def target(request):
    skip_where_lacking(request.param)
    before = _core.get_target()
    squarely.set_target(request.param)
    yield request.param
    squarely.set_target(before)


@pytest.mark.parametrize("weighted", (False, True))
@pytest.mark.parametrize("stretch", ((0.0, 0.5), (0.25, 1.5), (0.0, 0.0), (-np.inf, np.inf), (7.0, 8.0)))
@pytest.mark.parametrize(
    ("quantity", "summed"), [("absolute_error", ""), ("absolute_error", "squared_error"), ("truth", "truth")]
)
def test_a_stretch_is_what_numpy_counts(target, quantity, summed, stretch, weighted):
    if weighted and summed == "squared_error":
        return
    low, high = stretch
    y, p, w = columns()
    found = _core.ValuesBetween(quantity, low, high, summed, weighted, 2**20)
    for part in np.array_split(np.arange(ROWS), 3):
        more = _core.ValuesBetween(quantity, low, high, summed, weighted, 2**20)
        more.update(y[part], p[part], None, 0, w[part] if weighted else None)
        found.merge(more)
    values = values_of(quantity, y, p)
    is_there = ~np.isnan(values) & (w > 0 if weighted else True)
    values, w = values[is_there], w[is_there]
    below, inside = values < low, (values > low) & (values < high)
    at_low, at_high = values == low, (values == high) & (low < high)

    def told(where):
        return int(where.sum()), int(exact(w[where]) * UNIT) if weighted else 0

    assert (found.at_low, found.at_high, found.inside) == (told(at_low), told(at_high), told(inside))
    assert found.below_and_sum[:2] == told(below)
    assert found.all_and_sum[:2] == told(np.ones(len(values), bool))
    assert sorted(found.values) == sorted(values[inside])
    assert sorted(found.weights) == (sorted(w[inside]) if weighted else [])
    if summed == "truth":
        assert found.all_and_sum[2] == exact(values, w if weighted else None) * UNIT
        assert found.below_and_sum[2] == exact(values[below], w[below] if weighted else None) * UNIT
    elif summed:
        assert found.below_and_sum[2] == sum(Fraction(v) ** 2 for v in values[below].tolist()) * UNIT


@pytest.mark.parametrize("dtype", ("float16", "float32", ">f8", "int8", "uint16", "int32", "bool"))
def test_numbers_of_any_type_are_looked_at(dtype):
    generator = np.random.default_rng(2)
    y, p = (generator.integers(0, 2 if dtype == "bool" else 100, 2000).astype(dtype) for _ in "yp")
    found = _core.ValuesBetween("absolute_error", 1.0, 20.0, "", False, 2**20)
    found.update(y[::-2], p[::-2])
    values = values_of("absolute_error", y[::-2], p[::-2])
    assert (found.below_and_sum[0], found.inside[0]) == ((values < 1).sum(), ((values > 1) & (values < 20)).sum())
    for halvings in (0, 2):
        sampled = _core.SampledValues("truth", 2**20, halvings)
        sampled.update(y[::-2], p[::-2])
        assert set(sampled.values) <= set(np.asarray(y, np.float64))
        assert len(sampled.values) == 1000 >> halvings


def test_nulls_and_masks_are_no_values():
    y, p, w = columns()
    valid = np.packbits(np.arange(ROWS + 3) % 5 != 0, bitorder="little")
    where = np.arange(ROWS) % 3 != 0
    is_valid = (np.arange(ROWS) + 3) % 5 != 0
    values = values_of("absolute_error", y, p)
    values = values[is_valid & where & ~np.isnan(values)]
    found = _core.ValuesBetween("absolute_error", -np.inf, np.inf, "", False, 2**20)
    found.update([(y, valid, 3)], [(p, None, 0)], where)
    assert sorted(found.values) == sorted(values)
    for halvings in range(4):
        sampled = _core.SampledValues("absolute_error", 2**20, halvings)
        sampled.update([(y, valid, 3)], [(p, None, 0)], where, 0, w)
        assert set(sampled.values) <= set(values)
        if halvings == 0:
            assert len(sampled.values) == (w[is_valid & where & ~np.isnan(values_of("absolute_error", y, p))] > 0).sum()


def test_values_that_have_no_room_are_a_sample_of_all():
    values = np.arange(100_000.0)
    found = _core.ValuesBetween("truth", -1.0, 1e9, "", False, 1000)
    sampled = _core.SampledValues("truth", 1000, 0)
    for part in np.array_split(values, 7):
        found.update(part, part)
        sampled.update(part, part)
    assert found.inside[0] == 100_000
    for one in (found, sampled):
        assert 500 <= len(one.values) <= 1000
        assert one.halvings == 7
        assert len(set(one.values)) == len(one.values)
        assert abs(np.median(one.values) - 50_000) < 6000
        # One of neighbours, wherever among them: it is no row of a stride.
        assert len({int(value) % 128 for value in one.values}) > 100


def test_samples_of_different_shares_are_merged_to_the_smaller_one():
    values = np.arange(20_000.0)
    dense, sparse = _core.SampledValues("truth", 2**20, 2), _core.SampledValues("truth", 2**20, 5)
    dense.update(values, values, None, 0, values + 1)
    sparse.update(-values, values, None, 0, values + 1)
    for one, other in ((dense, sparse), (sparse, dense)):
        merged = _core.SampledValues("truth", 2**20, 0)
        merged.merge(one)
        merged.merge(other)
        assert merged.halvings == 5
        assert np.all(merged.weights == abs(merged.values) + 1)
        assert [abs((part > 0).sum() - 625) < 100 for part in (merged.values, -merged.values)] == [True, True]


def test_weights_are_given_where_they_were_said_to_be():
    y, p, w = columns()
    for weighted, given in ((False, w), (True, None)):
        with pytest.raises(_core.Refused):
            _core.ValuesBetween("truth", 0.0, 1.0, "", weighted, 10).update(y, p, None, 0, given)
    with pytest.raises(ValueError, match="of one output"):
        _core.SampledValues("truth", 10, 0).update(np.ones((3, 2)), np.ones((3, 2)))
    with pytest.raises(ValueError, match="'absolute_error' or 'truth'"):
        _core.SampledValues("loss", 10, 0)
