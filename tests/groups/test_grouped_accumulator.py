"""GroupedAccumulator: every group is an accumulator of its rows, however these came."""

import contextlib
import copy
import datetime
import hashlib
import importlib.util
import itertools
import math
import pickle
import random
import re
import struct
import threading
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import squarely
from inputs.metric_parameters import PUBLIC, as_keyword
from oracles.state_bytes import counts, with_checksum
from squarely.named_metrics import EVERYDAY

METRICS = tuple(squarely.metric(name, **as_keyword(name, parameter)) for name, parameter in PUBLIC)
WITHOUT_EXTREMES = ("mse", "mae", "r2", "mean_poisson_deviance", "pearson")

Arrays = dict[str, Any]


def positive(rng: np.random.Generator, shape: Any) -> npt.NDArray[np.float64]:
    return np.round(rng.lognormal(0.0, 1.0, shape), 3) + 0.001


def chunk(rng: np.random.Generator, rows: int = 600, outputs: tuple[int, ...] = (), groups: int = 7) -> Arrays:
    y_true = positive(rng, (rows, *outputs))
    y_pred = np.abs(y_true + 0.3 * rng.standard_normal(y_true.shape)) + 0.01
    return {"y_true": y_true, "y_pred": y_pred, "by": rng.integers(0, groups, rows) - 3}


def rows_of(arrays: Arrays, rows: Any) -> Arrays:
    """Return some rows of all arrays, of columns of keys in a mapping too."""
    return {
        name: {own: column[rows] for own, column in values.items()} if isinstance(values, dict) else values[rows]
        for name, values in arrays.items()
    }


def by_key(arrays: Arrays) -> dict[Any, Arrays]:
    """Return the rows of every key, without it."""
    by = arrays["by"]
    columns = list(by.values()) if isinstance(by, dict) else [by]
    keys = list(zip(*(column.tolist() for column in columns), strict=True))
    found = {}
    for key in sorted(set(keys)):
        rows = np.array([one == key for one in keys])
        others = {name: values for name, values in arrays.items() if name != "by"}
        found[key if len(columns) > 1 else key[0]] = rows_of(others, rows)
    return found


def alone(arrays: Arrays, metrics: Any = METRICS, **options: Any) -> squarely.Accumulator:
    return squarely.Accumulator(metrics, **options).update(**arrays)


def grouped_of(*chunks: Arrays, metrics: Any = METRICS, **options: Any) -> squarely.GroupedAccumulator:
    grouped = squarely.GroupedAccumulator(metrics, **options)
    for arrays in chunks:
        grouped.update(**arrays)
    return grouped


def score_or_nan(accumulator: squarely.Accumulator, metric: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return accumulator[metric]
        except (ValueError, ZeroDivisionError):
            return math.nan


def check_groups(grouped: squarely.GroupedAccumulator, arrays: Arrays, metrics: Any = METRICS, **options: Any) -> None:
    """Hold every group to an accumulator of its rows, in bytes and in scores."""
    parts = by_key(arrays)
    assert grouped.keys() == list(parts)
    accumulators = {key: alone(rows, metrics, **options) for key, rows in parts.items()}
    for key, accumulator in accumulators.items():
        assert grouped[key].to_bytes() == accumulator.to_bytes(), key
    scores = grouped.compute()
    for metric, label in zip(metrics, grouped.metrics, strict=True):
        expected = np.array([score_or_nan(accumulator, metric) for accumulator in accumulators.values()])
        np.testing.assert_array_equal(scores[label], expected, label)
    np.testing.assert_array_equal(grouped.count, [one.count for one in accumulators.values()])
    np.testing.assert_array_equal(grouped.omitted, [one.omitted for one in accumulators.values()])


# Every group is an accumulator of its rows


def test_every_group_has_the_bytes_and_the_scores_of_its_rows(rng: np.random.Generator) -> None:
    arrays = chunk(rng)
    check_groups(grouped_of(arrays), arrays)


def test_keys_of_several_columns_are_tuples(rng: np.random.Generator) -> None:
    arrays = chunk(rng)
    arrays["by"] = {"store": rng.choice(["b", "a", "c"], 600), "month": rng.integers(1, 13, 600)}
    grouped = grouped_of(arrays)
    check_groups(grouped, arrays)
    assert grouped.by == ("store", "month")


@pytest.mark.parametrize("signed", [False, True])
def test_weights_are_those_of_the_rows(rng: np.random.Generator, signed: bool) -> None:
    weights = rng.standard_normal(600) if signed else np.round(rng.random(600), 1)
    arrays = {**chunk(rng), "sample_weight": weights}
    check_groups(grouped_of(arrays), arrays)


def test_weights_of_elements(rng: np.random.Generator) -> None:
    arrays = chunk(rng, outputs=(3,))
    arrays["sample_weight"] = rng.integers(0, 4, (600, 3))
    check_groups(grouped_of(arrays, multioutput="raw_values"), arrays, multioutput="raw_values")


def test_a_group_whose_weights_sum_to_zero_has_no_value() -> None:
    arrays: Arrays = {"y_true": np.array([1.0, 2.0, 3.0, 5.0]), "y_pred": np.array([2.0, 2.5, 1.0, 5.5])}
    arrays |= {"by": np.array([1, 1, 2, 2]), "sample_weight": np.array([1.0, -1.0, 2.0, 1.0])}
    grouped = grouped_of(arrays)
    check_groups(grouped, arrays)
    assert grouped.notes["sum_squared_error"] == "NaN in 1 of 2 groups: weights that sum to zero"


@pytest.mark.parametrize("of_elements", [False, True])
def test_where_leaves_pairs_out_of_their_groups(rng: np.random.Generator, of_elements: bool) -> None:
    arrays = chunk(rng, outputs=(2,))
    arrays["where"] = rng.random((600, 2) if of_elements else 600) < 0.5
    check_groups(grouped_of(arrays), arrays)


def test_a_group_is_counted_once_in_notes_whatever_its_outputs() -> None:
    grouped = squarely.GroupedAccumulator("r2", multioutput="raw_values", nan_policy="omit")
    grouped.update([[1.0, math.nan], [2.0, 2.0], [1.0, 1.0], [2.0, 2.0]], np.ones((4, 2)), by=["a", "a", "b", "b"])
    assert np.isnan(grouped.compute()["r2_score"]).tolist() == [[False, True], [False, False]]
    assert grouped.notes == {"r2_score": "NaN in 1 of 2 groups: fewer than two pairs"}


def test_a_group_of_which_nothing_counts_is_a_group_of_no_pairs() -> None:
    grouped = squarely.GroupedAccumulator(("mse", "r2"))
    grouped.update([1.0, 2.0, 3.0], [1.0, 3.0, 3.0], by=["a", "b", "b"], where=np.array([False, True, True]))
    assert grouped.keys() == ["a", "b"]
    assert grouped.count.tolist() == [0, 2]
    assert grouped.omitted.tolist() == [1, 0]
    np.testing.assert_array_equal(grouped.compute()["mean_squared_error"], [math.nan, 0.5])
    assert grouped.notes["mean_squared_error"] == "NaN in 1 of 2 groups: no pairs"


@pytest.mark.parametrize("nan_policy", ["omit", "omit_true", "propagate"])
def test_missing_values_are_missing_in_their_group(rng: np.random.Generator, nan_policy: Any) -> None:
    arrays = chunk(rng)
    arrays["y_true"][rng.random(600) < 0.02] = np.nan
    if nan_policy == "propagate":
        arrays["y_pred"][[5, 6]] = np.inf
    check_groups(grouped_of(arrays, nan_policy=nan_policy), arrays, nan_policy=nan_policy)


@pytest.mark.parametrize("summation", ["kahan", "pairwise"])
@pytest.mark.parametrize("weighted", [False, True])
def test_rounded_sums_of_one_chunk_are_those_of_one_call(
    rng: np.random.Generator, summation: Any, weighted: bool
) -> None:
    arrays = chunk(rng, rows=3000)
    if weighted:
        arrays["sample_weight"] = rng.random(3000)
    check_groups(grouped_of(arrays, summation=summation), arrays, summation=summation)


@pytest.mark.parametrize("multioutput", ["uniform_average", "raw_values"])
@pytest.mark.parametrize("outputs", [(1,), (3,), (2, 2)])
def test_outputs_of_a_group_are_averaged_as_asked(
    rng: np.random.Generator, multioutput: Any, outputs: tuple[int, ...]
) -> None:
    arrays = chunk(rng, outputs=outputs)
    arrays["y_true"][arrays["by"] == 2] = 1.5  # a constant truth
    check_groups(grouped_of(arrays, multioutput=multioutput), arrays, multioutput=multioutput)


def test_outputs_are_averaged_by_the_variance_of_their_truth(rng: np.random.Generator) -> None:
    arrays, metrics = chunk(rng, outputs=(3,)), ("r2_score", "explained_variance_score")
    options: Any = {"multioutput": "variance_weighted"}
    check_groups(grouped_of(arrays, metrics=metrics, **options), arrays, metrics, **options)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_rows_lie_along_the_axis(rng: np.random.Generator, axis: int) -> None:
    arrays = chunk(rng, outputs=(2, 3))
    turned = {name: np.moveaxis(arrays[name], 0, axis) for name in ("y_true", "y_pred")}
    asked: Any = {"metrics": METRICS, "multioutput": "raw_values"}
    grouped = squarely.GroupedAccumulator(**asked).update(**turned, by=arrays["by"], axis=axis)
    assert grouped == squarely.GroupedAccumulator(**asked).update(**arrays)
    assert grouped.compute()["mean_squared_error"].shape == (7, 2, 3)


@pytest.mark.parametrize("dtype", ["f8", "f4", "f2", ">f8", "i8", "u1", "?"])
def test_any_numbers_are_read_as_they_lie(rng: np.random.Generator, dtype: str, target: str) -> None:
    arrays = chunk(rng)
    for side in ("y_true", "y_pred"):
        arrays[side] = (10 * arrays[side]).astype(dtype)
    metrics = ("mse", "mae", "r2", "max_error", "pearson")
    check_groups(grouped_of(arrays, metrics=metrics), arrays, metrics)


def test_strided_arrays_are_read_as_they_lie(rng: np.random.Generator) -> None:
    arrays = chunk(rng)
    wide = np.zeros((600, 5))
    wide[:, 2] = arrays["y_true"]
    strided = {**arrays, "y_true": wide[:, 2], "y_pred": arrays["y_pred"][::-1].copy()[::-1]}
    assert grouped_of(strided) == grouped_of(arrays)


def test_columns_in_pieces_go_with_the_groups_of_their_rows(rng: np.random.Generator) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    arrays = chunk(rng)
    missing = rng.random(600) < 0.1
    truth = pyarrow.array(arrays["y_true"], mask=missing)
    in_pieces = pyarrow.chunked_array([truth[:100], truth[100:101], truth[101:]])
    prediction = pyarrow.chunked_array([arrays["y_pred"][:333], arrays["y_pred"][333:]])
    grouped = squarely.GroupedAccumulator(METRICS, nan_policy="omit")
    grouped.update(in_pieces, prediction, by=arrays["by"])
    plain = {**arrays, "y_true": np.where(missing, np.nan, arrays["y_true"])}
    assert grouped == grouped_of(plain, nan_policy="omit")


def test_what_is_made_on_the_way_goes_with_the_groups_of_its_rows(rng: np.random.Generator) -> None:
    rows = 2**18 + 1000  # more than one piece
    y_true, y_pred = rng.standard_normal((2, rows))
    by, mask = rng.integers(0, 9, rows), rng.random(rows) < 0.3
    grouped = squarely.GroupedAccumulator(EVERYDAY).update(np.ma.masked_array(y_true, mask), y_pred, by=by)
    assert grouped == squarely.GroupedAccumulator(EVERYDAY).update(y_true, y_pred, by=by, where=~mask)


def test_two_numbers_are_a_row_of_one_key() -> None:
    grouped = squarely.GroupedAccumulator("sse")
    for row in range(6):
        grouped.update(float(row), 0.0, by="ab"[row % 2])
    assert grouped == squarely.GroupedAccumulator("sse").update(np.arange(6.0), np.zeros(6), by=list("ababab"))
    by = {"a": "x", "b": 3}
    assert squarely.GroupedAccumulator("sse").update(1.0, 2.0, by=by).keys() == [("x", 3)]


def test_many_groups_of_few_rows(rng: np.random.Generator) -> None:
    rows, groups = 400_000, 200_000
    y_true, y_pred = rng.standard_normal((2, rows))
    by = rng.integers(0, groups, rows)
    grouped = squarely.GroupedAccumulator(("mse", "mae", "r2")).update(y_true, y_pred, by=by)
    keys, counts = np.unique(by, return_counts=True)
    assert grouped.keys() == keys.tolist()
    assert grouped.count.tolist() == counts.tolist()
    scores = grouped.compute()
    assert int(np.isnan(scores["r2_score"]).sum()) == int((counts == 1).sum())
    for place in range(0, len(keys), 997):
        own = by == keys[place]
        assert scores["mean_squared_error"][place] == squarely.mean_squared_error(y_true[own], y_pred[own])
    assert grouped.overall() == squarely.Accumulator(("mse", "mae", "r2")).update(y_true, y_pred)


# However they came


@pytest.mark.parametrize("seed", range(8))
def test_neither_chunks_nor_the_order_of_rows_nor_merges_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    arrays = chunk(rng, rows=400, outputs=(2,) if seed % 2 else (), groups=int(rng.integers(1, 60)))
    if seed % 3 == 0:
        arrays["sample_weight"] = rng.random(400)
    whole = grouped_of(arrays)
    shuffled = rows_of(arrays, rng.permutation(400))
    cuts = [0, *sorted(rng.integers(0, 401, 5).tolist()), 400]
    chunks = [rows_of(shuffled, slice(*cut)) for cut in itertools.pairwise(cuts)]
    assert grouped_of(*chunks).digest() == whole.digest()
    parts = [grouped_of(one) for one in chunks]
    assert sum(parts).digest() == whole.digest()
    assert sum(parts[::-1], squarely.GroupedAccumulator(METRICS)) == whole
    assert all(part == grouped_of(one) for part, one in zip(parts, chunks, strict=True))


@pytest.mark.parametrize("seed", range(4))
def test_the_overall_is_an_accumulator_of_all_rows(seed: int) -> None:
    arrays = chunk(np.random.default_rng(seed), outputs=(2,))
    rows = {name: values for name, values in arrays.items() if name != "by"}
    assert grouped_of(arrays).overall().digest() == alone(rows).digest()


def test_marginals_are_the_groups_by_some_columns(rng: np.random.Generator) -> None:
    arrays = chunk(rng)
    columns = {
        "store": rng.choice(["b", "a", "c"], 600),
        "month": rng.integers(1, 13, 600),
        "big": rng.random(600) < 0.5,
    }
    grouped = grouped_of({**arrays, "by": columns})
    before = grouped.digest()
    for names in itertools.chain.from_iterable(itertools.permutations(columns, count) for count in (1, 2, 3)):
        some = {name: columns[name] for name in names}
        assert grouped.over(names) == grouped_of({**arrays, "by": some}), names
    assert grouped.over("month") == grouped.over(["month"])
    assert grouped.over("month").overall() == grouped.overall()
    grouped.over("month").update(**{**arrays, "by": {"month": columns["month"]}})
    assert grouped.digest() == before
    with pytest.raises(ValueError, match="week"):
        grouped.over("week")


@pytest.mark.parametrize("seed", range(4))
def test_what_was_added_can_be_taken_away(seed: int) -> None:
    rng = np.random.default_rng(seed)
    arrays = chunk(rng, rows=60, groups=25)
    first, second = rows_of(arrays, slice(0, 30)), rows_of(arrays, slice(30, 60))
    options: Any = {"metrics": WITHOUT_EXTREMES}
    whole, part = grouped_of(first, second, **options), grouped_of(first, **options)
    assert whole - part == grouped_of(second, **options)
    assert (whole - part).keys() == grouped_of(second, **options).keys()
    assert whole - whole == squarely.GroupedAccumulator(**options)
    assert (whole - part).update(**first) == whole
    assert whole == grouped_of(first, second, **options)


def test_a_group_of_which_only_rows_without_pairs_are_left_stays() -> None:
    part = squarely.GroupedAccumulator("sse").update([1.0, 2.0], [1.0, 3.0], by=["a", "b"])
    rest = squarely.GroupedAccumulator("sse").update([7.0], [1.0], by=["a"], where=np.array([False]))
    left = part + rest - part
    assert left == rest
    assert (left.keys(), left.count.tolist(), left.omitted.tolist()) == (["a"], [0], [1])


def test_what_is_no_part_is_not_taken_away() -> None:
    whole = squarely.GroupedAccumulator("sse").update([1.0, 2.0], [1.0, 3.0], by=["a", "b"])
    before = whole.digest()
    for y_true, by, words in (([2.0], ["c"], "which has no group 'c'"), ([9.0], ["b"], "is no part of this one")):
        with pytest.raises(ValueError, match=words):
            whole.subtract(squarely.GroupedAccumulator("sse").update(y_true, [3.0], by=by))
        assert whole.digest() == before
        assert whole.keys() == ["a", "b"]
    largest = squarely.GroupedAccumulator("max_error").update([1.0], [1.0], by=["a"])
    with pytest.raises(ValueError, match="cannot be subtracted"):
        largest.subtract(largest)
    with pytest.raises(ValueError, match="is no part of this one"):
        squarely.GroupedAccumulator("sse").subtract(whole)


def test_an_accumulator_merges_with_itself() -> None:
    grouped = squarely.GroupedAccumulator("sse").update([1.0, 2.0], [1.0, 3.0], by=["b", "a"])
    assert grouped.merge(grouped).count.tolist() == [2, 2]


def test_nothing_is_neutral() -> None:
    nothing = squarely.GroupedAccumulator("sse")
    some = squarely.GroupedAccumulator("sse").update([1.0], [2.0], by=["a"])
    assert nothing + some == some == some + nothing == some - nothing
    assert nothing + nothing == nothing
    assert nothing.keys() == [] == list(nothing)
    assert len(nothing) == 0
    assert nothing.overall() == squarely.Accumulator("sse")
    assert nothing.compute()["sum_squared_error"].tolist() == []
    assert nothing.notes == {}
    assert squarely.GroupedAccumulator.from_bytes(nothing.to_bytes()) == nothing
    assert some.reset() == nothing
    assert some.update([1.0], [2.0], by=[7]).keys() == [7]


def test_a_chunk_without_rows_adds_nothing() -> None:
    grouped = squarely.GroupedAccumulator("sse").update([], [], by=[])
    assert grouped == squarely.GroupedAccumulator("sse")
    grouped.update([1.0], [2.0], by=["a"]).update(np.empty(0), np.empty(0), by=np.empty(0, "U1"))
    assert grouped == squarely.GroupedAccumulator("sse").update([1.0], [2.0], by=["a"])
    with pytest.raises(ValueError, match="and this chunk came with it"):
        grouped.update(np.empty(0), np.empty(0), by=np.empty(0, "U1"), sample_weight=np.empty(0))


# What is refused


def test_what_is_refused_leaves_sums_and_groups_as_they_were() -> None:
    fresh = squarely.GroupedAccumulator(("mse", "r2"))
    filled = squarely.GroupedAccumulator(("mse", "r2")).update([1.0, 2.0, 3.0], [1.5, 2.0, 3.0], by=["a", "b", "a"])
    refused: list[Arrays] = [
        {"y_true": [1.0, math.nan], "y_pred": [1.0, 2.0], "by": ["x", "y"]},
        {"y_true": [1.0, math.inf], "y_pred": [1.0, 2.0], "by": ["x", "y"]},
        {"y_true": [1.0, 2.0], "y_pred": [1.0], "by": ["x", "y"]},
        {"y_true": [1.0, 2.0], "y_pred": [1.0, 2.0], "by": ["x"]},
        {"y_true": [1.0, 2.0], "y_pred": [1.0, 2.0], "by": ["x", "y"], "sample_weight": [1.0, math.nan]},
        {"y_true": [1.0, 2.0], "y_pred": [1.0, 2.0], "by": ["x", "y"], "sample_weight": [1.0, math.inf]},
        {"y_true": [1.0, 2.0], "y_pred": [1.0, 2.0], "by": ["x", "y"], "where": [1, 0]},
        {"y_true": [1.0, 2.0], "y_pred": [1.0, 2.0], "by": ["x", "y"], "axis": 1},
    ]
    for_filled_only: list[Arrays] = [
        {"y_true": [[1.0, 2.0]], "y_pred": [[1.0, 2.0]], "by": ["x"]},
        {"y_true": [1.0, 2.0], "y_pred": [1.0, 2.0], "by": ["x", "y"], "sample_weight": [1.0, 2.0]},
        {"y_true": [1.0, 2.0], "y_pred": [1.0, 2.0], "by": [1, 2]},
        {"y_true": [1.0], "y_pred": [1.0], "by": {"a": ["x"], "b": ["y"]}},
    ]
    for grouped, arguments in ((fresh, refused), (filled, refused + for_filled_only)):
        before, keys, by = grouped.to_bytes(), grouped.keys(), grouped.by
        for own in arguments:
            with pytest.raises(ValueError):
                grouped.update(**own)
            assert (grouped.to_bytes(), grouped.keys(), grouped.by, len(grouped)) == (before, keys, by, len(keys))
    assert filled.update([5.0], [5.0], by=["x"]).keys() == ["a", "b", "x"]
    assert fresh.update([5.0], [5.0], by=[3]).keys() == [3]


def test_what_does_not_merge_leaves_both_as_they_were() -> None:
    grouped = squarely.GroupedAccumulator("sse").update([1.0, 2.0], [1.0, 3.0], by=["a", "b"])
    others = {
        "metrics": squarely.GroupedAccumulator("mse").update([1.0], [2.0], by=["c"]),
        "summation": squarely.GroupedAccumulator("sse", summation="kahan").update([1.0], [2.0], by=["c"]),
        "output": squarely.GroupedAccumulator("sse").update([[1.0, 2.0]], [[1.0, 2.0]], by=["c"]),
        "sample_weight": squarely.GroupedAccumulator("sse").update([1.0], [2.0], by=["c"], sample_weight=[1.0]),
        "column": squarely.GroupedAccumulator("sse").update([1.0], [2.0], by={"a": ["c"], "b": ["c"]}),
    }
    before = grouped.digest()
    for words, other in others.items():
        was = other.digest()
        for change in (grouped.merge, grouped.subtract):
            with pytest.raises(ValueError):
                change(other)
        if words != "column":
            with pytest.raises(ValueError, match=words):
                grouped.merge(other)
        assert (grouped.digest(), grouped.keys(), other.digest()) == (before, ["a", "b"], was)
    with pytest.raises(TypeError, match="Only another GroupedAccumulator"):
        grouped.merge(squarely.Accumulator("sse"))  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        _ = grouped + 1  # type: ignore[operator]
    assert grouped != squarely.Accumulator("sse")


def test_weights_of_outputs_are_not_taken() -> None:
    with pytest.raises(ValueError, match="takes no weights of outputs yet"):
        squarely.GroupedAccumulator("mse", multioutput=[0.5, 0.5])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="multioutput"):
        squarely.GroupedAccumulator("mse", multioutput="mean")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="nan_policy"):
        squarely.GroupedAccumulator("mse", nan_policy="ignore")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="needs all pairs at once"):
        squarely.GroupedAccumulator("median_absolute_error")


def test_a_group_that_is_not_there_is_a_key_error() -> None:
    grouped = squarely.GroupedAccumulator("sse").update([1.0, 2.0], [1.0, 3.0], by=["a", "b"])
    for key in ("c", 1, None, ("a",), math.nan):
        assert key not in grouped
        with pytest.raises(KeyError):
            grouped[key]
    assert "a" in grouped
    with pytest.raises(KeyError):
        squarely.GroupedAccumulator("sse")["a"]


def test_a_group_is_on_its_own() -> None:
    grouped = squarely.GroupedAccumulator("sse").update([1.0, 2.0], [1.0, 3.0], by=["a", "b"])
    grouped["a"].update([1.0], [9.0])
    assert grouped["a"].count == 1


class KeysThatUpdate(Mapping[str, Any]):
    """Keys that, when they are read, update the accumulator that they are for, as a signal's handler may."""

    def __init__(self, grouped: squarely.GroupedAccumulator) -> None:
        self.grouped = grouped

    def __getitem__(self, name: str) -> Any:
        self.grouped.update([1.0], [2.0], by={name: ["z"]})

    def __iter__(self) -> Iterator[str]:
        return iter(["a"])

    def __len__(self) -> int:
        return 1


def test_an_update_in_the_middle_of_another_is_refused() -> None:
    grouped = squarely.GroupedAccumulator("sse").update([1.0], [2.0], by={"a": ["x"]})
    before = grouped.digest()
    with pytest.raises(RuntimeError, match="in the middle of another call"):
        grouped.update([1.0], [2.0], by=KeysThatUpdate(grouped))
    assert grouped.digest() == before


def test_many_threads_may_update_and_read_one_accumulator(rng: np.random.Generator) -> None:
    arrays = chunk(rng, rows=4000, groups=500)
    chunks = [rows_of(arrays, slice(start, start + 50)) for start in range(0, 4000, 50)]
    grouped = squarely.GroupedAccumulator(EVERYDAY)
    failures: list[BaseException] = []

    def work(own: list[Arrays]) -> None:
        try:
            for one in own:
                grouped.update(**one)
                with pytest.raises(ValueError):
                    grouped.update([math.nan], [1.0], by=np.array([10**6]))
                assert len(grouped.keys()) <= 500
                _ = grouped.compute(), grouped.to_bytes(), grouped.overall()
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(chunks[i::4],)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert grouped == grouped_of(arrays, metrics=EVERYDAY)


# Copies and bytes


def test_copies_are_independent(rng: np.random.Generator) -> None:
    arrays = chunk(rng, outputs=(2,))
    grouped = grouped_of(arrays)
    before = grouped.digest()
    for duplicate in (copy.copy(grouped), copy.deepcopy(grouped), pickle.loads(pickle.dumps(grouped))):
        assert duplicate == grouped
        assert duplicate.keys() == grouped.keys()
        duplicate.update(**{**arrays, "by": arrays["by"] + 100})
        assert len(duplicate) == 2 * len(grouped)
        assert grouped.digest() == before
    assert grouped.digest() == hashlib.sha256(grouped.to_bytes()).hexdigest()


def test_names_of_outputs_are_in_one_order(rng: np.random.Generator) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [1.0, 2.0], "b": [3.0, 5.0]})
    grouped = squarely.GroupedAccumulator("sse").update(frame, frame, by=["x", "y"])
    other = frame[["b", "a"]]
    for one in (grouped, pickle.loads(pickle.dumps(grouped)), grouped.over("group"), grouped["x"]):
        with pytest.raises(ValueError, match="in another order"):
            one.update(other, other, **({} if one == grouped["x"] else {"by": ["x", "y"]}))
    with pytest.raises(ValueError, match="in another order"):
        grouped.merge(squarely.GroupedAccumulator("sse").update(other, other, by=["x", "z"]))
    assert grouped.keys() == ["x", "y"]
    assert grouped.reset().update(other, other, by=["x", "y"]).keys() == ["x", "y"]


@pytest.mark.parametrize("options", [{}, {"summation": "kahan"}, {"nan_policy": "omit", "multioutput": "raw_values"}])
def test_bytes_bring_back_the_accumulator(rng: np.random.Generator, options: Any) -> None:
    for arrays in (chunk(rng), chunk(rng, outputs=(2, 3))):
        grouped = grouped_of(arrays, **options)
        again = squarely.GroupedAccumulator.from_bytes(grouped.to_bytes())
        assert again == grouped
        assert again.to_bytes() == grouped.to_bytes()
        assert again.keys() == grouped.keys()
        assert again.by == grouped.by
        assert again.update(**arrays) == grouped.update(**arrays)


def check_refused(data: bytes, words: str = "") -> None:
    with pytest.raises(ValueError, match=f"^These bytes are no squarely accumulator of groups: .*{re.escape(words)}"):
        squarely.GroupedAccumulator.from_bytes(data)


def parts_of(data: bytes) -> tuple[bytes, bytes, bytes]:
    """Return the header, the bytes of the keys and those of the sums."""
    (length,) = struct.unpack_from("<Q", data, 5)
    return data[:13], data[13 : 13 + length], data[13 + length :]


def joined(keys: bytes, sums: bytes) -> bytes:
    return struct.pack("<4sBQ", b"sqga", 1, len(keys)) + keys + sums


def test_bytes_are_the_keys_and_the_sums_of_all_groups() -> None:
    grouped = squarely.GroupedAccumulator("sse", multioutput="raw_values").update([1.0, 2.0], [1.0, 4.0], by=["b", "a"])
    header, keys, sums = parts_of(grouped.to_bytes())
    assert header == struct.pack("<4sBQ", b"sqga", 1, len(keys))
    along = squarely.Accumulator("sse", multioutput="raw_values").update([[[2.0], [1.0]]], [[[4.0], [1.0]]])
    assert sums == along.to_bytes()
    assert joined(keys, sums) == grouped.to_bytes()


def test_bytes_that_are_cut_or_changed_are_refused() -> None:
    grouped = squarely.GroupedAccumulator("sse").update([1.0, 2.0, 3.0], [1.0, 4.0, 3.0], by=["b", "a", "b"])
    data = grouped.to_bytes()
    for length in range(len(data)):
        check_refused(data[:length])
    check_refused(data + b"\0")
    for place in range(len(data)):
        for bit in range(8):
            changed = bytearray(data)
            changed[place] ^= 1 << bit
            check_refused(bytes(changed))
    check_refused(grouped.overall().to_bytes(), "they do not start with b'sqga'")
    check_refused(data[:4] + b"\2" + data[5:], "they have version 2, and this squarely reads version 1")


def test_sums_that_are_not_of_the_keys_are_refused() -> None:
    by: Any = ["b", "a", "b"]
    grouped = squarely.GroupedAccumulator("sse").update([1.0, 2.0, 3.0], [1.0, 4.0, 3.0], by=by)
    _, keys, sums = parts_of(grouped.to_bytes())
    nothing = parts_of(squarely.GroupedAccumulator("sse").to_bytes())
    words = "the keys and the sums do not go together"
    pairs: Any = ([[[1.0], [2.0]]], [[[1.0], [2.0]]])
    weights: Any = {"metrics": "sse", "multioutput": [0.5, 0.5]}
    none = squarely.Accumulator("sse").update(*pairs) - squarely.Accumulator("sse").update(*pairs)
    for own_keys, own_sums in [
        (keys, nothing[2]),
        (nothing[1], sums),
        (keys, squarely.Accumulator("sse").update([1.0], [2.0]).to_bytes()),
        (keys, squarely.Accumulator("sse").update([[1.0, 2.0]], [[2.0, 2.0]]).to_bytes()),
        (keys, squarely.Accumulator("sse").update(np.ones((1, 3, 1)), np.ones((1, 3, 1))).to_bytes()),
        (keys, squarely.Accumulator(**weights).update(*pairs).to_bytes()),
        (keys, squarely.Accumulator("sse", complex_values=True).update(*pairs).to_bytes()),
        (keys, none.to_bytes()),
    ]:
        check_refused(joined(own_keys, own_sums), words)
    assert squarely.GroupedAccumulator.from_bytes(joined(keys, squarely.Accumulator("sse").update(*pairs).to_bytes()))


def test_groups_of_more_rows_together_than_are_counted_do_not_merge() -> None:
    grouped = squarely.GroupedAccumulator("sse").update([1.0, 2.0], [1.0, 2.0], by={"a": [1, 1], "b": [1, 2]})
    _, keys, sums = parts_of(grouped.to_bytes())
    changed = sums[:-4].replace(counts(1), counts(2**62))
    many = squarely.GroupedAccumulator.from_bytes(joined(keys, with_checksum(changed)))
    assert many.count.tolist() == [2**62, 2**62]
    for merge in (many.overall, lambda: many.over("a"), lambda: many + many):
        with pytest.raises(ValueError, match=r"would have seen more than 2\^63 - 1 rows"):
            merge()
    assert many.over("b").count.tolist() == [2**62, 2**62]


def some_bytes() -> list[bytes]:
    rng = np.random.default_rng(5)
    first, wide = chunk(rng, rows=20, groups=4), chunk(rng, rows=12, outputs=(2,), groups=3)
    columns = {"a": ["x", None, "y", "x"] * 5, "b": [1, 2, 3, 4] * 5}
    return [
        grouped_of(first, metrics=("mse", "max_error")).to_bytes(),
        grouped_of({**first, "by": columns}, metrics="mae", nan_policy="omit").to_bytes(),
        grouped_of(wide, metrics="r2", multioutput="raw_values").to_bytes(),
        grouped_of({**wide, "sample_weight": rng.random(12)}, metrics="mse", summation="kahan").to_bytes(),
    ]


def changed_with_right_checksums(drawn: random.Random, data: bytes) -> bytes:
    _, *parts = parts_of(data)
    place = drawn.randrange(2)
    body = bytearray(parts[place][:-4])
    for _ in range(drawn.choice((1, 1, 2, 3))):
        at = drawn.randrange(len(body))
        body[at] = drawn.choice((0, 1, 2, 3, 127, 128, 255, body[at] ^ 1 << drawn.randrange(8)))
    if drawn.random() < 0.1:
        del body[drawn.randrange(len(body)) :]
    parts[place] = with_checksum(bytes(body))
    return joined(*parts)


@pytest.mark.parametrize("seed", range(4))
def test_changed_bytes_with_right_checksums_are_refused_or_written_again(seed: int) -> None:
    drawn = random.Random(seed)
    known = some_bytes()
    read = 0
    for _ in range(1500):
        data = changed_with_right_checksums(drawn, drawn.choice(known))
        try:
            grouped = squarely.GroupedAccumulator.from_bytes(data)
        except ValueError as refused:
            assert str(refused).startswith("These bytes are no squarely accumulator of groups: ")
            continue
        assert grouped.to_bytes() == data
        assert len(grouped.keys()) == len(grouped) == len(grouped.count)
        _ = grouped.compute(), grouped.notes
        with contextlib.suppress(ValueError):  # more rows than are counted
            assert len(grouped + grouped) == len(grouped)
            grouped.overall()
        read += 1
    assert read > 50


# Frames


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_frame_has_a_row_a_group(rng: np.random.Generator, library: str) -> None:
    pytest.importorskip(library)
    arrays = chunk(rng)
    arrays["by"] = {"store": rng.choice(["b", "a", "c"], 600), "month": rng.integers(1, 13, 600)}
    grouped = grouped_of(arrays, metrics=("mse", "r2"))
    frame = grouped.to_frame(library)
    assert list(frame.columns) == ["store", "month", "mean_squared_error", "r2_score", "count"]
    assert list(zip(frame["store"], frame["month"], strict=True)) == grouped.keys()
    assert frame["r2_score"].to_numpy().tolist() == grouped.compute()["r2_score"].tolist()
    assert frame["count"].to_numpy().tolist() == grouped.count.tolist()
    two = chunk(rng, outputs=(2,))
    raw = grouped_of(two, metrics=("mse",), multioutput="raw_values")
    names = ["group", "mean_squared_error[0]", "mean_squared_error[1]", "count[0]", "count[1]"]
    assert list(raw.to_frame(library).columns) == names
    assert raw.to_frame(library)[names[2]].to_numpy().tolist() == raw.compute()["mean_squared_error"][:, 1].tolist()


def test_a_key_of_the_name_of_a_score_is_refused_in_a_frame() -> None:
    pytest.importorskip("pandas")
    grouped = squarely.GroupedAccumulator("sse").update([1.0], [2.0], by={"count": ["a"]})
    assert grouped.keys() == ["a"]
    with pytest.raises(ValueError, match="by a column 'count'"):
        grouped.to_frame("pandas")


def test_it_says_what_it_is() -> None:
    grouped = squarely.GroupedAccumulator("sse", nan_policy="omit").update([1.0], [2.0], by={"store": ["a"]})
    assert repr(grouped) == "GroupedAccumulator(metrics=('sum_squared_error',), by=('store',), groups=1)"
    assert (grouped.multioutput, grouped.nan_policy, grouped.shape) == ("uniform_average", "omit", (1,))


def test_without_names_the_metrics_are_the_everyday_ones() -> None:
    assert squarely.GroupedAccumulator().metrics == EVERYDAY


# Keys of every kind


def keys_of_every_kind() -> dict[str, tuple[Any, list[Any]]]:
    """Return keys of six rows, and those that groups have in their order."""
    days = [datetime.date(2024, 1, day) for day in (2, 1, 2, 1, 2, 2)]
    month = np.datetime64("2024-01")
    return {
        "null beside text": (["b", None, "a", "b", None, "c"], ["a", "b", "c", None]),
        "null beside integers": ([2, None, 1, 2, None, 1], [1, 2, None]),
        "booleans": ([True, False, None, True, False, True], [False, True, None]),
        "bytes": ([b"y", b"x", b"y", b"x", b"x", b"x"], [b"x", b"y"]),
        "large integers": (np.array([2**64 - 1, 1, 2, 1, 1, 1], "u8"), [1, 2, 2**64 - 1]),
        "days": (days, sorted(set(days))),
        "months": (np.array(["2024-01", "NaT"] * 3, "M8[M]"), [month, None]),
        "nothing": ([None] * 6, [None]),
    }


@pytest.mark.parametrize("kind", keys_of_every_kind())
def test_keys_of_every_kind_are_found_again(kind: str) -> None:
    by, expected = keys_of_every_kind()[kind]
    y_true, y_pred = np.arange(6.0), np.arange(6.0) ** 2
    grouped = squarely.GroupedAccumulator("mae").update(y_true, y_pred, by=by)
    assert grouped.keys() == expected
    assert sum(grouped[key].count for key in grouped) == 6
    again = squarely.GroupedAccumulator.from_bytes(grouped.to_bytes())
    assert (again.keys(), again.digest()) == (expected, grouped.digest())
    report = squarely.evaluate(y_true, y_pred, by=by, metrics="mae")
    assert report.keys == expected
    assert report["mae"].tolist() == grouped.compute()["mean_absolute_error"].tolist()
    for library in ("pandas", "polars"):
        if importlib.util.find_spec(library):
            assert len(grouped.to_frame(library)) == len(report.to_frame(library)) == len(expected)


def test_nan_is_a_key() -> None:
    grouped = squarely.GroupedAccumulator("sse").update([1.0, 2.0, 3.0], [0.0, 0.0, 0.0], by=[math.nan, 1.0, math.nan])
    assert math.isnan(grouped.keys()[1])
    assert grouped[math.nan]["sse"] == 10.0
    assert math.nan in grouped
    assert 2.0 not in grouped


@pytest.mark.parametrize("key", ["a", b"a", 1, 1.5, True, np.datetime64("2024-02-29")])
def test_a_part_whose_keys_are_all_null_merges_with_keys_of_any_kind(key: Any) -> None:
    parts = [squarely.GroupedAccumulator("sse").update([1.0], [3.0], by=by) for by in ([key], [None])]
    whole = squarely.GroupedAccumulator("sse").update([1.0, 1.0], [3.0, 3.0], by=[key, None])
    for first, second in (parts, parts[::-1]):
        sent = [pickle.loads(pickle.dumps(part)) for part in (first, second)]
        assert first + second == sum(sent) == whole
