"""Which pairs count: `where`, masked arrays, and both together."""

import inspect
import re
import tracemalloc
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import squarely
from oracles import rational
from oracles.state_bytes import SUMMATIONS


def expected(y_true: npt.NDArray, y_pred: npt.NDArray, where: npt.NDArray) -> list[float]:
    return [
        rational.scores(y_true[where[:, i], i], y_pred[where[:, i], i])["mean_squared_error"]
        for i in range(y_true.shape[1])
    ]


@pytest.fixture
def fields(rng: np.random.Generator) -> tuple[npt.NDArray, npt.NDArray, npt.NDArray]:
    y_true, y_pred = rng.standard_normal((2, 1500, 3))
    return y_true, y_pred, rng.random((1500, 3)) < 0.7


@pytest.mark.parametrize("name", squarely.metric_names())
def test_every_metric_takes_where(name: str) -> None:
    metric = getattr(squarely, name)
    kept = metric([0.25, 0.5], [0.75, 1.0])
    assert metric([0.25, np.nan, 0.5], [0.75, np.inf, 1.0], where=np.array([True, False, True])) == kept


@pytest.mark.parametrize("summation", SUMMATIONS)
def test_a_mask_leaves_pairs_out_beside_weights_of_zero(
    target: str, summation: Any, fields: tuple[npt.NDArray, npt.NDArray, npt.NDArray]
) -> None:
    y_true, y_pred, where = fields
    weights = np.random.default_rng(5).integers(0, 3, len(where)).astype(np.float64)
    mask = where[:, 0]
    wild = np.where(mask, y_pred[:, 0], 1e9)
    accumulator = squarely.Accumulator(summation=summation).update(
        y_true[:, 0], wild, sample_weight=weights, where=mask
    )
    counts = mask & (weights > 0)
    apart = squarely.Accumulator(summation=summation).update(
        y_true[counts, 0], wild[counts], sample_weight=weights[counts]
    )
    assert (accumulator.count, accumulator.omitted) == (counts.sum(), len(counts) - counts.sum())
    if summation == "exact":
        assert accumulator.compute() == apart.compute()
    else:
        assert accumulator.compute() == pytest.approx(apart.compute(), rel=1e-12)


@pytest.mark.parametrize("layout", ["C", "F", "reversed", "spaced"])
def test_a_mask_of_any_layout_leaves_pairs_out(
    target: str, layout: str, fields: tuple[npt.NDArray, npt.NDArray, npt.NDArray]
) -> None:
    y_true, y_pred, where = fields
    mask = {
        "C": where,
        "F": np.asfortranarray(where),
        "reversed": where[::-1].copy()[::-1],
        "spaced": np.repeat(where, 2, axis=1)[:, ::2],
    }[layout]
    assert squarely.mean_squared_error(y_true, y_pred, where=mask, multioutput="raw_values").tolist() == expected(
        y_true, y_pred, where
    )


def test_a_mask_of_rows_is_that_of_every_output(fields: tuple[npt.NDArray, npt.NDArray, npt.NDArray]) -> None:
    y_true, y_pred, where = fields
    found = squarely.mean_squared_error(y_true, y_pred, where=where[:, 0], multioutput="raw_values").tolist()
    assert found == expected(y_true, y_pred, np.repeat(where[:, :1], 3, axis=1))
    assert found[0] == squarely.mean_squared_error(y_true[:, 0], y_pred[:, :1], where=where[:, :1])
    assert found[0] == squarely.mean_squared_error(y_true[:, 0], y_pred[:, 0], where=where[:, 0].tolist())


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ([1, 0, 1], "dtype int64"),
        (np.ones(3), "dtype float64"),
        (True, "True"),
        ([True, None, False], "dtype object"),
        (np.ma.masked_array([True, True, False], mask=[True, False, False]), "MaskedArray"),
        ([True, False], "where has shape (2,), and must have that of the rows, (3,), or of the arrays, (3, 2)."),
        (np.ones((3, 1), bool), "where has shape (3, 1)"),
        (np.ones((2, 3), bool), "where has shape (2, 3)"),
    ],
)
def test_a_wrong_mask_is_refused_by_name(where: object, words: str) -> None:
    with pytest.raises(ValueError, match=r"where") as raised:
        squarely.mean_squared_error(np.ones((3, 2)), np.zeros((3, 2)), where=where)
    assert words in str(raised.value)


def test_nothing_left_is_an_error_that_names_the_output() -> None:
    where = np.array([[True, False], [True, False]])
    with pytest.raises(ValueError, match=r"output 1 has no pair of two numbers\. where=, masks and missing values"):
        squarely.mean_squared_error(np.ones((2, 2)), np.ones((2, 2)), where=where)
    with pytest.raises(ValueError, match=re.escape("output (0, 1) has no pair")):
        squarely.Accumulator("sse").update(np.ones((2, 2, 2)), np.ones((2, 2, 2)), where=np.stack([where, where]))[
            "sum_squared_error"
        ]


# One pair is enough for them, and several outputs are taken.
OF_CELLS = [
    name
    for name in squarely.metric_names()
    if "multioutput" in inspect.signature(getattr(squarely, name)).parameters
    and squarely._core.metrics[name].least_pairs < 2
]


@pytest.mark.parametrize("metric", OF_CELLS)
def test_a_cell_without_pairs_is_nan_among_raw_values(metric: str) -> None:
    land = np.array([[True, False, True], [True, False, False]])
    y_true, y_pred = np.full((2, 3), 5.0), np.full((2, 3), 3.0)
    expected = [getattr(squarely, metric)([5.0] * count, [3.0] * count) if count else np.nan for count in (2, 0, 1)]
    holes = np.where(land, y_true, np.nan)
    calls = [
        ((y_true, y_pred), {"where": land}),
        ((holes, y_pred), {"nan_policy": "omit"}),
        ((y_true, np.where(land, y_pred, np.nan)), {"nan_policy": "omit"}),
        ((holes, y_pred), {"nan_policy": "omit_true"}),
        ((np.ma.masked_array(y_true, mask=~land), y_pred), {}),
    ]
    score = getattr(squarely, metric)
    takes_summation = "summation" in inspect.signature(score).parameters
    for summation in ({"summation": name} for name in SUMMATIONS) if takes_summation else ({},):
        for (truth, prediction), options in calls:
            found = score(truth, prediction, multioutput="raw_values", **summation, **options)
            assert np.allclose(found, expected, rtol=1e-15, atol=0, equal_nan=True)
            for averaging in ("uniform_average", [1.0, 0.0, 1.0]):
                with pytest.raises(ValueError, match="output 1 has no pair of two numbers"):
                    score(truth, prediction, multioutput=averaging, **summation, **options)


def test_no_pair_in_any_cell_is_an_error_even_among_raw_values() -> None:
    with pytest.raises(ValueError, match="output 0 has no pair of two numbers"):
        squarely.mean_squared_error(np.ones((2, 2)), np.ones((2, 2)), where=[False, False], multioutput="raw_values")
    with pytest.raises(ValueError, match="output 0 has no pair of two numbers"):
        squarely.mean_squared_error([np.nan], [1.0], nan_policy="omit", multioutput="raw_values")


def test_a_cell_without_pairs_gets_its_score_when_some_come() -> None:
    accumulator = squarely.Accumulator("mean_squared_error", multioutput="raw_values")
    field = np.arange(12.0).reshape(1, 3, 4)
    ocean = np.zeros((1, 3, 4), bool)
    ocean[0, 1, 2] = True
    accumulator.update(field, field + 2, where=~ocean)
    scores = accumulator.compute()["mean_squared_error"]
    assert np.array_equal(scores, np.where(ocean[0], np.nan, 4.0), equal_nan=True)
    assert np.array_equal(squarely.Accumulator.from_bytes(accumulator.to_bytes()).count, np.where(ocean[0], 0, 1))
    accumulator.update(field, field + 3, where=ocean)
    assert accumulator["mean_squared_error"][1, 2] == 9.0


def test_omitted_counts_missing_and_masked_pairs() -> None:
    accumulator = squarely.Accumulator(nan_policy="omit")
    accumulator.update([1.0, np.nan, 3.0, np.nan], [1.0, 2.0, np.nan, 4.0], where=[True, True, True, False])
    assert (accumulator.count, accumulator.omitted) == (1, 3)
    accumulator.update(np.ma.masked_array([1.0, 2.0], mask=[True, False]), [5.0, 2.0])
    assert (accumulator.count, accumulator.omitted) == (2, 4)


@pytest.mark.parametrize("sides", ["true", "pred", "both"])
@pytest.mark.parametrize("with_where", [None, "rows", "elements"])
def test_masks_of_both_sides_and_where_are_joined(
    sides: str, with_where: str | None, fields: tuple[npt.NDArray, npt.NDArray, npt.NDArray]
) -> None:
    y_true, y_pred, where = fields
    counts = np.ones_like(where)
    truth, prediction = y_true, y_pred
    if sides != "pred":
        truth = np.ma.masked_array(y_true, mask=~where)
        counts &= where
    if sides != "true":
        prediction = np.ma.masked_array(y_pred, mask=where[::-1])
        counts &= ~where[::-1]
    mask = {None: None, "rows": where[:, 1], "elements": np.roll(where, 7, axis=0)}[with_where]
    if mask is not None:
        counts = counts & (mask if mask.ndim == 2 else mask[:, None])
    found = squarely.mean_squared_error(truth, prediction, where=mask, multioutput="raw_values")
    assert found.tolist() == expected(y_true, y_pred, counts)


def test_masked_elements_hide_nan() -> None:
    masked = np.ma.masked_invalid([1.0, np.nan, 4.0])
    assert squarely.sum_squared_error(masked, [1.0, 2.0, 6.0]) == 4.0
    assert squarely.sum_squared_error(np.ma.masked_array([1.0, 2.0]), [1.0, 4.0]) == 4.0


def test_masks_are_joined_piece_by_piece() -> None:
    rows = 3_000_000
    y_true = np.ma.masked_array(np.ones(rows, np.float32), mask=np.arange(rows) % 3 == 0)
    y_pred = np.ma.masked_array(np.zeros(rows, np.float32), mask=np.arange(rows) % 2 == 0)
    tracemalloc.start()
    score = squarely.sum_squared_error(y_true, y_pred)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert score == rows / 3
    assert peak < 2**20


@pytest.mark.parametrize("where", [None, (4,), (4, 1)])
@pytest.mark.parametrize("shapes", [((4,), (4, 1)), ((4, 1), (4,)), ((4, 1), (4, 1))])
def test_a_masked_column_goes_with_a_flat_array(shapes: tuple[tuple, tuple], where: tuple | None) -> None:
    y_true = np.ma.masked_array([1.0, 2.0, 3.0, 4.0], mask=[True, False, False, False]).reshape(shapes[0])
    y_pred = np.ma.masked_array([0.0, 0.0, 0.0, 0.0], mask=[False, True, False, False]).reshape(shapes[1])
    mask = None if where is None else np.array([True, True, True, False]).reshape(where)
    assert squarely.sum_squared_error(y_true, y_pred, where=mask) == (25.0 if where is None else 9.0)
