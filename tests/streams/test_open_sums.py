"""Short chunks: their sums stay open between updates, and nobody can tell."""

import concurrent.futures
import functools
import inspect
import itertools
import pickle

import numpy as np
import pytest

import squarely
from inputs.element_types import DTYPES as ELEMENT_TYPES
from inputs.hard_data import MAKERS
from squarely.named_metrics import EVERYDAY, has_default

SETS = {
    "squares": ("mean_squared_error",),
    "everyday": EVERYDAY,
    "terms": ("mean_squared_log_error", "mean_poisson_deviance", "mean_log_cosh_loss"),
}


@pytest.fixture(params=SETS)
def metrics(request):
    return SETS[request.param]


def positive_pairs(rows, dtype=np.float64):
    rng = np.random.default_rng(rows)
    y_true = rng.lognormal(size=rows)
    return y_true.astype(dtype), (y_true * rng.lognormal(sigma=0.1, size=rows)).astype(dtype)


def in_chunks(accumulator, y_true, y_pred, lengths, sample_weight=None):
    start, remaining = 0, itertools.cycle(lengths)
    while start < len(y_true):
        rows = slice(start, start + next(remaining))
        own = None if sample_weight is None else sample_weight[rows]
        accumulator.update(y_true[rows], y_pred[rows], sample_weight=own)
        start = rows.stop
    return accumulator


def whole(metrics, y_true, y_pred, sample_weight=None, **configuration):
    return squarely.Accumulator(metrics, **configuration).update(y_true, y_pred, sample_weight=sample_weight)


@pytest.mark.parametrize("lengths", [(1,), (64,), (63, 65), (512,), (4096,), (1, 7, 600, 2, 8193)], ids=str)
@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["float64", "float32"])
def test_chunks_of_any_length_end_in_the_state_of_one_call(target, metrics, dtype, lengths):
    y_true, y_pred = positive_pairs(min(20_000, 2000 * max(lengths)), dtype)
    chunks = in_chunks(squarely.Accumulator(metrics), y_true, y_pred, lengths)
    assert chunks.digest() == whole(metrics, y_true, y_pred).digest()


@pytest.mark.parametrize("first", ELEMENT_TYPES, ids=str)
def test_chunks_of_other_types_do_not_disturb_each_other(target, metrics, rng, first):
    def pairs(dtype):
        y_true, y_pred = rng.uniform(0.1, 100, (2, 1024))
        return y_true.astype(dtype), y_pred.astype(dtype)

    for second in ELEMENT_TYPES:
        chunks = [pairs(np.float64), pairs(first), pairs(second), pairs(first)]
        apart = [whole(metrics, *chunk) for chunk in chunks]
        together = squarely.Accumulator(metrics)
        for chunk in chunks:
            together.update(*chunk)
        assert together.digest() == functools.reduce(squarely.Accumulator.merge, apart).digest()


@pytest.mark.parametrize("scale", [2.0**-60, 2.0**-20, 1.0, 2.0**60], ids=str)
@pytest.mark.parametrize("dtype", [np.int32, np.uint32], ids=["int32", "uint32"])
def test_integers_of_any_size_follow_floats_of_any_size(target, rng, dtype, scale):
    integers = rng.integers(np.iinfo(dtype).min, np.iinfo(dtype).max, (2, 1024), dtype, endpoint=True)
    floats = (scale * rng.uniform(0.5, 1, (2, 1024))).astype(np.float32)
    chunks = [np.ones((2, 1)), floats, integers, floats, integers]  # sums are open from the second on
    together = squarely.Accumulator("mean_squared_error")
    for chunk in chunks:
        together.update(*chunk)
    apart = [whole("mean_squared_error", *chunk.astype(np.float64)) for chunk in chunks]
    assert together.digest() == functools.reduce(squarely.Accumulator.merge, apart).digest()


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_chunks_of_hard_data_end_in_the_state_of_one_call(target, rng, make):
    y_true, y_pred = make(rng, 3000)
    metrics = ("mean_squared_error", "mean_absolute_error", "max_error", "pearson_correlation")
    for some in (metrics[:1], metrics):
        chunks = in_chunks(squarely.Accumulator(some), y_true, y_pred, (64, 100, 512))
        assert chunks.digest() == whole(some, y_true, y_pred).digest()


@pytest.mark.parametrize("name", tuple(filter(has_default, squarely.metric_names("sums"))))
def test_chunks_of_every_metric_end_in_the_state_of_one_call(name):
    y_true, y_pred = positive_pairs(1500)
    weights = np.random.default_rng(2).uniform(size=1500)
    for sample_weight in (None, weights) if squarely._core.metrics[name].takes_weights else (None,):
        chunks = in_chunks(squarely.Accumulator(name), y_true, y_pred, (64, 33), sample_weight)
        assert chunks.digest() == whole(name, y_true, y_pred, sample_weight).digest()


@pytest.mark.parametrize("stride", [-1, 2, 3])
def test_chunks_may_lie_with_gaps_or_backwards(metrics, stride):
    y_true, y_pred = positive_pairs(3000)
    y_true, y_pred = y_true[::stride], y_pred[::stride]
    chunks = in_chunks(squarely.Accumulator(metrics), y_true, y_pred, (64, 100))
    assert chunks.digest() == whole(metrics, y_true, y_pred).digest()


def test_plain_chunks_are_taken_by_the_core_and_others_are_left_to_python(metrics):
    y_true, y_pred = positive_pairs(100)
    core = squarely.Accumulator(metrics).update(y_true, y_pred).core
    before = core.to_bytes()
    for other in (y_pred.view(Subclass), y_pred[:-1], y_pred.astype(object)):
        assert not core.update(y_true, other, None, None, 0, True)
    assert core.to_bytes() == before
    for plain in (y_pred, y_pred.astype(np.float32)[::-1], y_pred.astype(">f8"), list(y_pred)):
        assert core.update(y_true, plain, None, None, 0, True)
    assert core.pairs == [500]


class Subclass(np.ndarray):
    """No plain array: what its methods do is its own affair."""


def test_plain_and_other_chunks_may_be_mixed(metrics):
    y_true, y_pred = positive_pairs(1000)
    accumulator = in_chunks(squarely.Accumulator(metrics), y_true, y_pred, (50,))
    accumulator.update(list(y_true), y_pred.astype(">f8"))
    accumulator.update(y_true.astype(np.float32), y_pred)
    accumulator.update(y_true[:, None], y_pred[:, None], where=y_true > 1)
    in_chunks(accumulator, y_true, y_pred, (50,))
    parts = [
        whole(metrics, y_true, y_pred),
        whole(metrics, y_true, y_pred),
        whole(metrics, y_true.astype(np.float32), y_pred),
        squarely.Accumulator(metrics).update(y_true, y_pred, where=y_true > 1),
        whole(metrics, y_true, y_pred),
    ]
    assert accumulator.digest() == sum(parts).digest()


def test_what_is_read_between_chunks_is_what_has_been_added(metrics):
    y_true, y_pred = positive_pairs(640)
    accumulator = squarely.Accumulator(metrics)
    for stop in range(64, 641, 64):
        accumulator.update(y_true[stop - 64 : stop], y_pred[stop - 64 : stop])
        so_far = whole(metrics, y_true[:stop], y_pred[:stop])
        assert accumulator.count == stop
        assert accumulator.compute() == so_far.compute()
        assert accumulator == so_far
        assert pickle.loads(pickle.dumps(accumulator)) == so_far
        assert accumulator + so_far == so_far + so_far


@pytest.mark.parametrize("side", ["y_true", "y_pred"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("row", [0, 511, 512, 3999])
def test_a_chunk_that_is_refused_leaves_the_sums_as_they_were(metrics, row, value, side):
    y_true, y_pred = positive_pairs(4000)
    accumulator = in_chunks(squarely.Accumulator(metrics), y_true, y_pred, (1000,))
    before = pickle.loads(pickle.dumps(accumulator))
    in_chunks(accumulator, y_true, y_pred, (1000,))
    {"y_true": y_true, "y_pred": y_pred}[side][row] = value
    with pytest.raises(ValueError, match="Input contains"):
        accumulator.update(y_true, y_pred)
    assert accumulator == before + before


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("row", [0, 511, 512, 3999])
def test_a_chunk_whose_weights_are_refused_leaves_the_sums_as_they_were(row, value):
    y_true, y_pred = positive_pairs(4000)
    weights = np.full(4000, 0.5)
    accumulator = in_chunks(squarely.Accumulator(EVERYDAY), y_true, y_pred, (1000,), weights)
    before = pickle.loads(pickle.dumps(accumulator))
    weights[row] = value
    with pytest.raises(ValueError, match="sample_weight contains"):
        accumulator.update(y_true, y_pred, sample_weight=weights)
    assert accumulator == before


@pytest.mark.parametrize("nan_policy", ["omit", "omit_true", "propagate"])
def test_missing_values_are_left_out_and_counted_as_in_one_call(target, metrics, nan_policy):
    y_true, y_pred = positive_pairs(3000)
    rng = np.random.default_rng(3)
    y_true[rng.uniform(size=3000) < 0.1] = np.nan
    if nan_policy != "omit_true":
        y_pred[rng.uniform(size=3000) < 0.1] = np.nan
    one = whole(metrics, y_true, y_pred, nan_policy=nan_policy)
    chunks = in_chunks(squarely.Accumulator(metrics, nan_policy=nan_policy), y_true, y_pred, (64, 700))
    assert chunks.digest() == one.digest()
    assert chunks.omitted == one.omitted > 0


def test_only_missing_truth_is_accepted_where_only_that_is_to_be_left_out(metrics):
    y_true, y_pred = positive_pairs(300)
    accumulator = in_chunks(squarely.Accumulator(metrics, nan_policy="omit_true"), y_true, y_pred, (100,))
    before = pickle.loads(pickle.dumps(accumulator))
    y_pred[7] = np.nan
    with pytest.raises(ValueError, match="1 value of y_pred is NaN"):
        accumulator.update(y_true, y_pred)
    assert accumulator == before


def test_a_chunk_of_another_shape_is_refused_in_the_usual_words():
    accumulator = squarely.Accumulator()
    y_true, y_pred = positive_pairs(64)
    for _ in range(3):
        accumulator.update(y_true, y_pred)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        accumulator.update(y_true, y_pred[:-1])
    with pytest.raises(ValueError, match=r"has 1 output\(s\)"):
        accumulator.update(np.ones((4, 2)), np.ones((4, 2)))
    with pytest.raises(ValueError, match="without sample_weight"):
        accumulator.update(y_true, y_pred, sample_weight=np.ones(64))
    before = accumulator.to_bytes()
    assert accumulator.update(y_true[:0], y_pred[:0]).to_bytes() == before


def test_the_target_may_change_between_chunks(metrics):
    y_true, y_pred = positive_pairs(2000)
    accumulator = squarely.Accumulator(metrics)
    targets = itertools.cycle(squarely.targets())
    for start in range(0, 2000, 50):
        squarely.set_target(next(targets))
        accumulator.update(y_true[start : start + 50], y_pred[start : start + 50])
    assert accumulator.digest() == whole(metrics, y_true, y_pred).digest()


@pytest.mark.parametrize("length", [100, 20_000])
def test_threads_may_update_one_accumulator_and_look_at_it(metrics, length):
    y_true, y_pred = positive_pairs(40 * length)
    accumulator = squarely.Accumulator(metrics)

    def add(first):
        for start in range(first * length, len(y_true), 4 * length):
            accumulator.update(y_true[start : start + length], y_pred[start : start + length])
            assert accumulator.count > 0

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(4)))
    assert accumulator.digest() == whole(metrics, y_true, y_pred).digest()


def test_reset_forgets_what_was_open(metrics):
    y_true, y_pred = positive_pairs(300)
    accumulator = in_chunks(squarely.Accumulator(metrics), y_true, y_pred, (64,))
    accumulator.reset().update(y_true, y_pred)
    assert accumulator == whole(metrics, y_true, y_pred)


class Updating(squarely.Accumulator):
    """A subclass with an update of its own."""

    def update(self, *arguments, **options):
        return super().update(*arguments, **options)


def test_every_spelling_of_an_update_adds_the_same(metrics):
    y_true, y_pred = positive_pairs(512)
    none = dict.fromkeys(("sample_weight", "where"))
    digests = set()
    for spell in (
        lambda own: own.update(y_true, y_pred),
        lambda own: own.update(y_true, y_pred, axis=0, **none),
        lambda own: own.update(y_true, y_pred, **none),
        lambda own: own.update(y_pred=y_pred, y_true=y_true),
        lambda own: own.update(y_true, y_pred=y_pred, where=np.ones(512, bool)),
        lambda own: squarely.Accumulator.update(own, y_true, y_pred),
        lambda own: functools.partial(own.update, y_true)(y_pred),
        lambda own: pickle.loads(pickle.dumps(own.update))(y_true, y_pred),
    ):
        accumulator = spell(Updating(metrics).update(y_true, y_pred))
        digests.add(spell(accumulator).digest())
    assert digests == {whole(metrics, *(np.tile(side, 3) for side in (y_true, y_pred))).digest()}


def test_an_update_says_what_it_takes():
    shown = str(inspect.signature(squarely.Accumulator().update))
    assert shown == "(y_true, y_pred, *, sample_weight=None, where=None, axis=0)"
    assert squarely.Accumulator.update.__doc__.startswith("Add a chunk and return the accumulator")
    accumulator = squarely.Accumulator("mse")
    for wrong in (lambda: accumulator.update([1.0]), lambda: accumulator.update([1.0], [1.0], weights=[1.0])):
        with pytest.raises(TypeError, match=r"update\(\)"):
            wrong()
    with pytest.raises(AttributeError, match="_core"):
        squarely.Accumulator.__new__(squarely.Accumulator).update(np.ones(1), np.ones(1))
    with pytest.raises(TypeError, match="'update' for 'Accumulator'"):
        squarely.Accumulator.update(object(), np.ones(1), np.ones(1))
