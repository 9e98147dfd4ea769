"""The rows with the largest losses: those of a full sort in rational arithmetic, whatever the data and the way are."""

import itertools
import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import squarely
from oracles import terms
from squarely import _core
from squarely.worst.losses import LOSSES

# Several stretches of 65536 rows, and a block that is not full at the end.
LONG = 200_013

Key = Callable[[int], Any]


def worst_by(key: Key, rows: range | list[int], count: int) -> list[int]:
    """Return the rows with the largest keys, of equal ones the first."""
    return sorted(rows, key=key, reverse=True)[:count]  # a stable sort, which keeps the order of what is equal


def size_of(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> Key:
    truth, prediction = np.asarray(y_true).tolist(), np.asarray(y_pred).tolist()
    return lambda row: abs(Fraction(truth[row]) - Fraction(prediction[row]))


def found(*arrays: Any, worst: int = 7, **options: Any) -> list[int]:
    options.setdefault("metrics", "mse")
    return squarely.evaluate(*arrays, worst=worst, **options).worst["row"]


def normal_pairs(rows: int, seed: int = 0) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    rng = np.random.default_rng(seed)
    y_true = rng.standard_normal(rows)
    return y_true, y_true + rng.standard_normal(rows)


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("rows", [1, 5, 511, 512, 700, LONG])
def test_the_worst_rows_are_those_of_a_sort(target: str, rows: int, threads: int) -> None:
    squarely.set_num_threads(threads)
    y_true, y_pred = normal_pairs(rows, rows)
    expected = np.lexsort((np.arange(rows), -np.abs(y_true - y_pred)))[:7].tolist()
    assert found(y_true, y_pred) == expected


def test_a_large_error_is_found_wherever_it_is() -> None:
    y_true, y_pred = normal_pairs(LONG)
    for row in (0, 511, 512, 65_535, 65_536, 100_000, LONG - 14, LONG - 13, LONG - 1):
        changed = y_pred.copy()
        changed[row] = 99.0
        assert found(y_true, changed, worst=1) == [row]


@pytest.mark.parametrize("threads", [1, 4])
@pytest.mark.parametrize("dtype", ["f8", "f4", "i1", "u2", "i8", "?"])
def test_of_equal_losses_the_first_rows_count(target: str, threads: int, dtype: str) -> None:
    squarely.set_num_threads(threads)
    rng = np.random.default_rng(1)
    y_true, y_pred = rng.integers(0, 3, (2, LONG)).astype(dtype)
    size = np.abs(y_true.astype(int) - y_pred.astype(int))
    expected = np.lexsort((np.arange(LONG), -size))
    for worst in (5, 1000):
        assert found(y_true, y_pred, worst=worst) == expected[:worst].tolist()


# Alone, with more sums, and with the truth: what tells the largest difference of a block is another loop.
SUMS = {
    "squares": ("mse",),
    "sizes": ("mae",),
    "r2": ("mse", "r2"),
    "largest": ("mse", "max_error"),
    "defaults": None,
}


@pytest.mark.parametrize("metrics", SUMS)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", ["f4", "usual", "tiny", "huge", "growing", "outliers", "missing", "masked"])
def test_whatever_is_summed_the_worst_rows_are_those_of_a_sort(
    target: str, metrics: str, weighted: bool, kind: str
) -> None:
    y_true, y_pred = normal_pairs(30_011)
    rng = np.random.default_rng(6)
    scale = {"tiny": 1e-170, "huge": 1e140}.get(kind, 1.0)
    y_true, y_pred = y_true * scale, y_pred * scale
    where = np.ones(len(y_true), bool)
    if kind == "f4":
        y_true, y_pred = y_true.astype(np.float32), y_pred.astype(np.float32)
    elif kind == "growing":
        y_pred += np.linspace(0, 1e6, len(y_true))
    elif kind == "outliers":
        y_pred[rng.integers(0, len(y_true), 40)] *= 1e9
    elif kind == "missing":
        y_pred[::7] = np.nan
        where[::7] = False
    elif kind == "masked":
        where = rng.random(len(y_true)) < 0.8
        y_pred[~where] += 1e6
    weights = rng.gamma(1.0, 1.0, len(y_true)) if weighted else None
    by = "absolute_error" if metrics == "sizes" else "squared_error"
    difference = np.abs(y_true.astype(float) - y_pred.astype(float)) / scale
    loss = (1.0 if weights is None else weights) * (difference if metrics == "sizes" else difference**2)
    rows = np.flatnonzero(where)
    expected = rows[np.argsort(-loss[rows], kind="stable")][:20].tolist()
    options = {"where": where} if kind == "masked" else {"nan_policy": "omit"}
    assert (
        found(y_true, y_pred, worst=20, metrics=SUMS[metrics], sample_weight=weights, worst_by=by, **options)
        == expected
    )


def test_losses_that_round_to_one_double_keep_their_order() -> None:
    # The differences round to 2**53, and are not it.
    y_true = np.full(6, 2.0**53)
    y_pred = np.array([0.0, 0.25, -0.25, 0.5, -0.5, 0.0])
    assert found(y_true, y_pred, worst=6) == [4, 2, 0, 5, 1, 3]


def test_losses_beyond_the_largest_double_are_the_worst() -> None:
    y_true = np.array([1.0, 1.7e308, 1.6e308, -1.7e308, 1.0])
    y_pred = np.array([2.0, -1.7e308, -1.7e308, 1.7e308, 3.0])
    report = squarely.evaluate(y_true, y_pred, metrics=("mse", "r2"), worst=4)
    assert report.worst["row"] == [1, 3, 2, 4]
    assert report.worst["loss"][:3] == [math.inf] * 3
    assert all(0 < share < 100 for share in report.worst["share_percent"][:3])


@pytest.mark.parametrize("dtype", [np.int64, np.uint64])
def test_integers_that_no_double_holds_keep_their_order(dtype: type) -> None:
    rng = np.random.default_rng(2)
    start = 2**62 if dtype is np.int64 else 2**63 + 2**62
    y_true = start + rng.integers(0, 1000, 2000).astype(dtype)
    y_pred = start + rng.integers(0, 1000, 2000).astype(dtype)
    report = squarely.evaluate(y_true, y_pred, metrics="mse", worst=20)
    rows = worst_by(size_of(y_true, y_pred), range(2000), 20)
    assert report.worst["row"] == rows
    assert report.worst["y_true"] == y_true[rows].tolist()
    assert report.worst["residual"] == [float(int(y_true[row]) - int(y_pred[row])) for row in rows]


def test_rows_that_do_not_count_are_not_among_them(target: str) -> None:
    y_true, y_pred = normal_pairs(3000)
    y_true[5::13] = np.nan
    y_pred[7::13] = np.nan
    where = np.random.default_rng(3).random(3000) < 0.7
    y_pred[~where] += 1e6
    counts = np.flatnonzero(where & ~np.isnan(y_true) & ~np.isnan(y_pred)).tolist()
    size = np.abs(y_true - y_pred)
    assert found(y_true, y_pred, where=where, nan_policy="omit") == worst_by(lambda row: size[row], counts, 7)
    masked = np.ma.array(y_true, mask=~where)
    assert found(masked, y_pred, nan_policy="omit") == worst_by(lambda row: size[row], counts, 7)


def test_a_pair_with_an_infinity_is_none_of_them() -> None:
    report = squarely.evaluate([1.0, math.inf, 2.0], [2.0, 1.0, 4.0], metrics="mse", nan_policy="propagate", worst=3)
    assert report.worst["row"] == [2, 0]
    assert "share_percent" not in report.worst.columns


@pytest.mark.parametrize("loss", ["squared_error", "absolute_error", "pinball_loss"])
@pytest.mark.parametrize("kind", ["any", "few", "small", "huge"])
def test_weighted_rows_are_in_the_order_of_their_contributions(target: str, loss: str, kind: str) -> None:
    rng = np.random.default_rng(4)
    y_true, y_pred = rng.integers(0, 9, (2, 2000)) * 0.3
    weights = {
        "any": rng.random(2000),
        "few": rng.integers(0, 4, 2000) * 1.0,
        "small": rng.random(2000) * 1e-300,
        "huge": rng.random(2000) * 1e280,
    }[kind]

    def contribution(row: int) -> Fraction:
        difference = Fraction(y_true[row]) - Fraction(y_pred[row])
        own = difference**2 if loss == "squared_error" else abs(difference)
        # Half of |y - p|, as it is computed.
        return Fraction(weights[row]) * (
            Fraction(abs(y_true[row] - y_pred[row])) / 2 if loss == "pinball_loss" else own
        )

    rows = [row for row in range(2000) if weights[row] != 0]
    report = squarely.evaluate(y_true, y_pred, sample_weight=weights, metrics=LOSSES[loss], worst=25, worst_by=loss)
    assert report.worst["row"] == worst_by(contribution, rows, 25)
    assert report.worst["weight"] == weights[report.worst["row"]].tolist()
    if loss != "pinball_loss":
        assert report.worst["contribution"] == [float(contribution(row)) for row in report.worst["row"]]


PARAMETERS = {"huber_loss": 0.7, "tukey_loss": 2.0, "tweedie_deviance": 1.5, "pinball_loss": 0.8}


@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_has_the_order_of_its_values(target: str, loss: str) -> None:
    rng = np.random.default_rng(5)
    y_true, y_pred = rng.gamma(2.0, 1.0, (2, 700))
    parameter = PARAMETERS.get(loss, 0.0)
    name = {"huber_loss": "delta", "tukey_loss": "c", "tweedie_deviance": "power", "pinball_loss": "alpha"}.get(loss)
    metric = squarely.metric(LOSSES[loss], **({name: parameter} if name else {}))
    report = squarely.evaluate(y_true, y_pred, metrics=metric, worst=30, worst_by=metric)
    assert report.worst.loss.startswith(loss)

    def value(row: int) -> float:
        y, p = Fraction(y_true[row]), Fraction(y_pred[row])
        if loss == "pinball_loss":
            return float((y - p) * Fraction(parameter) if y > p else (p - y) * (1 - Fraction(parameter)))
        return float(terms.exact_term(loss, y_true[row], y_pred[row], parameter))

    values = [value(row) for row in range(700)]
    largest = sorted(values, reverse=True)[:30]
    # To an ulp or so, neighbours may change places.
    np.testing.assert_allclose([values[row] for row in report.worst["row"]], largest, rtol=1e-13)
    np.testing.assert_allclose(report.worst["loss"], largest, rtol=1e-13)
    total = squarely.evaluate(y_true, y_pred, metrics=metric)[metric] * 700
    shares = [100 * one / total for one in report.worst["loss"]]
    np.testing.assert_allclose(report.worst["share_percent"], shares, rtol=1e-12)


def test_a_row_outside_the_domain_of_a_loss_is_none_of_them() -> None:
    report = squarely.evaluate([-3.0, 1.0, 2.0], [1.0, 2.0, 2.5], metrics="msle", worst=3)
    assert report.worst["row"] == [1, 2]


def test_what_was_seen_before_decides_what_is_told() -> None:
    y_true, y_pred = np.zeros(5), np.array([1.0, 5.0, 3.0, 3.0, 2.0])
    told = _core.worst_rows(y_true, y_pred, "squared_error", 0.0, 2, (3.0, 0.0))
    assert [row[2] for row in told] == [1, 2]
    assert _core.worst_rows(y_true, y_pred, "squared_error", 0.0, 5, (5.5, 0.0)) == []


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("metrics", [("mse", "r2"), squarely.named_metrics.EVERYDAY])
def test_influence_is_the_difference_of_two_scores(weighted: bool, metrics: tuple[str, ...]) -> None:
    y_true, y_pred = normal_pairs(400)
    weights = np.random.default_rng(6).random(400) if weighted else None
    report = squarely.evaluate(y_true, y_pred, sample_weight=weights, metrics=metrics, worst=10)
    for row, influence in zip(report.worst["row"], report.worst["r2_influence"], strict=True):
        others = np.arange(400) != row
        without = squarely.r2_score(
            y_true[others], y_pred[others], sample_weight=None if weights is None else weights[others]
        )
        assert influence == pytest.approx(without - report["r2"], abs=1e-15)
    shares = [
        100
        * one**2
        * (1 if weights is None else weights[row])
        / (report["mse"] * (400 if weights is None else math.fsum(weights)))
        for row, one in zip(report.worst["row"], report.worst["residual"], strict=True)
    ]
    np.testing.assert_allclose(report.worst["share_percent"], shares, rtol=1e-14)
    assert report.worst.share_percent == pytest.approx(math.fsum(report.worst["share_percent"]), rel=1e-14)


def test_influence_is_rounded_once() -> None:
    y_true, y_pred = normal_pairs(50)
    report = squarely.evaluate(y_true, y_pred, metrics="r2", worst=50)

    def unexplained(rows: list[int]) -> Fraction:
        truths = [Fraction(y_true[row]) for row in rows]
        errors = sum(((Fraction(y_true[row]) - Fraction(y_pred[row])) ** 2 for row in rows), Fraction(0))
        return errors / (sum(truth**2 for truth in truths) - sum(truths) ** 2 / len(truths))

    for row, influence in zip(report.worst["row"], report.worst["r2_influence"], strict=True):
        others = [other for other in range(50) if other != row]
        assert influence == float(unexplained(list(range(50))) - unexplained(others))


def test_influence_is_nan_where_no_r2_is_left() -> None:
    report = squarely.evaluate([1.0, 2.0], [1.0, 3.0], metrics=("mse", "r2"), worst=2)
    assert np.isnan(report.worst["r2_influence"]).all()


def test_pieces_of_columns_have_the_rows_of_the_whole() -> None:
    y_true, y_pred = normal_pairs(2000)
    whole = found(y_true, y_pred)
    chunked = pa.chunked_array([y_pred[:3], y_pred[3:1200], y_pred[1200:]])
    assert found(pa.array(y_true), chunked) == whole
    assert found(pd.Series(y_true, dtype="Float64"), pl.Series(y_pred)) == whole
    assert found(pd.Series(y_true), chunked, sample_weight=np.ones(2000)) == whole
    assert found(y_true[:, None], y_pred[:, None]) == whole
    assert found(np.repeat(y_true, 2)[::2], y_pred[::-1].copy()[::-1]) == whole


def test_each_prediction_has_a_table() -> None:
    y_true, y_pred = normal_pairs(300)
    report = squarely.evaluate(y_true, {"a": y_pred, "b": -y_pred}, metrics="mae", worst=4)
    assert report.worst["a"]["row"] == found(y_true, y_pred, worst=4)
    assert report.worst["b"]["row"] == found(y_true, -y_pred, worst=4)


def test_keys_of_groups_and_columns_are_shown() -> None:
    y_true, y_pred = normal_pairs(300)
    store, day = np.arange(300) % 3, pd.date_range("2024-01-01", periods=300)
    frame = pl.DataFrame({"id": [f"n{row}" for row in range(300)], "size": np.arange(300) * 0.5})
    report = squarely.evaluate(
        y_true, y_pred, metrics="mse", by={"store": store, "day": day}, worst=5, worst_columns=frame
    )
    table = report.worst
    rows = found(y_true, y_pred, worst=5)
    assert table.columns[:5] == ("row", "store", "day", "id", "size")
    assert table["row"] == rows
    assert table["store"] == [row % 3 for row in rows]
    assert table["id"] == [f"n{row}" for row in rows]
    assert table["size"] == [row * 0.5 for row in rows]
    assert [text[:10] for text in table["day"]] == [str(day[row])[:10] for row in rows]
    assert squarely.evaluate(y_true, y_pred, by=store, worst=2).overall.worst["group"] == [row % 3 for row in rows[:2]]


@pytest.mark.parametrize("columns", [{"x": list(range(3))}, pd.DataFrame({"x": range(3)}), pa.table({"x": range(3)})])
def test_columns_come_in_any_container(columns: Any) -> None:
    report = squarely.evaluate([1.0, 2.0, 3.0], [1.0, 4.0, 4.0], metrics="mse", worst=2, worst_columns=columns)
    assert report.worst["x"] == [1, 2]


def test_a_table_is_a_dict_a_frame_and_text() -> None:
    table = squarely.evaluate([1.0, 2.0, 3.0], [1.0, 4.0, 4.0], metrics="mse", worst=2).worst
    assert table.to_dict() == {
        "row": [1, 2],
        "y_true": [2.0, 3.0],
        "y_pred": [4.0, 4.0],
        "residual": [-2.0, -1.0],
        "loss": [4.0, 1.0],
        "share_percent": [80.0, 20.0],
    }
    assert len(table) == 2
    assert list(table) == list(table.columns)
    assert table.to_frame("pandas").to_dict("list") == table.to_dict()
    assert table.to_frame("polars").to_dict(as_series=False) == table.to_dict()
    assert str(table).splitlines()[-1] == "2 worst of 3 rows by squared_error: 100 % of the sum"
    assert '<td title="80.0">80</td>' in table._repr_html_()
    with pytest.raises(KeyError, match="no column 'x'"):
        table["x"]


def test_more_rows_than_there_are_is_all_of_them() -> None:
    assert found([1.0, 2.0, 3.0], [1.0, 4.0, 4.0], worst=10_000) == [1, 2, 0]


def test_without_worst_there_is_no_table() -> None:
    assert squarely.evaluate([1.0], [2.0], metrics="mse").worst is None
    assert squarely.evaluate([1.0], [2.0], metrics="mse", worst=0).worst is None
    assert squarely.evaluate([1.0], [2.0], metrics="mse", by=[1]).worst is None


def test_the_default_loss_is_one_that_the_metrics_sum() -> None:
    def loss(metrics: Any) -> str:
        return squarely.evaluate([1.0, 2.0], [2.0, 4.0], metrics=metrics, worst=1).worst.loss

    assert loss(("mae", "mse")) == "squared_error"
    assert loss(("mape", "mae")) == "absolute_percentage_error"
    assert loss("max_error") == "squared_error"
    assert loss("median_absolute_error") == "squared_error"
    assert loss(squarely.metric("mean_pinball_loss", alpha=0.9)) == "pinball_loss(alpha=0.9)"


@pytest.mark.parametrize("worst", [-1, 10_001, 2.5, "20", True, None])
def test_what_is_no_number_of_rows_is_refused(worst: Any) -> None:
    with pytest.raises(ValueError, match="'worst' parameter of evaluate must be an integer from 0 to 10000"):
        squarely.evaluate([1.0], [2.0], metrics="mse", worst=worst)


@pytest.mark.parametrize(
    ("worst_by", "words"),
    [
        ("squared_eror", "Did you mean 'squared_error'"),
        ("r2", "r2_score is no mean of such"),
        ("max_error", "max_error is no mean"),
        ("mean_asymmetric_squared_error", "no mean of such"),
        ("tweedie_deviance", "needs the power"),
        ("median_absolute_error", "no mean of such"),
        (3, "no metric 3"),
    ],
)
def test_what_is_no_loss_of_single_rows_is_refused(worst_by: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        squarely.evaluate([1.0], [2.0], metrics="mse", worst=1, worst_by=worst_by)


def test_several_outputs_are_refused() -> None:
    with pytest.raises(ValueError, match="rows of one output, and there are 2"):
        squarely.evaluate(np.ones((3, 2)), np.ones((3, 2)), worst=1)


def test_columns_that_do_not_fit_are_refused() -> None:
    arguments: dict[str, Any] = {"y_true": [1.0, 2.0], "y_pred": [2.0, 2.0], "metrics": "mse"}
    with pytest.raises(ValueError, match="column 'x' to be shown has 3 rows, and there are 2"):
        squarely.evaluate(**arguments, worst=1, worst_columns={"x": [1, 2, 3]})
    with pytest.raises(ValueError, match="'loss' cannot be shown"):
        squarely.evaluate(**arguments, worst=1, worst_columns={"loss": [1, 2]})
    with pytest.raises(TypeError, match="must be a mapping"):
        squarely.evaluate(**arguments, worst=1, worst_columns=[1, 2])
    for option in ({"worst_by": "mse"}, {"worst_columns": {"x": [1, 2]}}):
        with pytest.raises(ValueError, match="pass worst=20"):
            squarely.evaluate(**arguments, **option)


def test_threads_and_targets_find_the_same_bits() -> None:
    y_true, y_pred = normal_pairs(LONG)
    tables = []
    for target, threads in itertools.product(squarely.targets(), (1, 4)):
        squarely.set_target(target)
        squarely.set_num_threads(threads)
        tables.append(squarely.evaluate(y_true, y_pred, worst=50, worst_by="log_cosh_loss").worst.to_dict())
    assert all(table == tables[0] for table in tables)


@pytest.mark.parametrize("metrics", ["mse", ("mae", "r2"), squarely.named_metrics.EVERYDAY, ("mse", "r2", "mape")])
@pytest.mark.parametrize("kind", ["plain", "weighted", "missing", "whole", "far"])
def test_one_pass_tells_what_states_tell(kind: str, metrics: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    y_true, y_pred = normal_pairs(30_000, 8)
    options: dict[str, Any] = {"metrics": metrics, "worst": 30, "worst_by": "squared_error"}
    if kind == "weighted":
        options["sample_weight"] = np.random.default_rng(9).random(30_000)
    if kind == "missing":
        y_true[::7] = np.nan
        options |= {"nan_policy": "omit", "where": np.arange(30_000) % 5 > 0}
    if kind == "whole":
        y_true, y_pred = np.round(y_true * 10), np.round(y_pred * 10)
    if kind == "far":
        y_true, y_pred = y_true + 1e6, y_pred + 1e6
    at_once = squarely.evaluate(y_true, y_pred, **options)
    monkeypatch.setattr(_core, "scores_and_worst_rows", lambda *_: None)
    by_states = squarely.evaluate(y_true, y_pred, **options)
    assert at_once.worst.to_dict() == by_states.worst.to_dict()
    assert str(at_once.worst) == str(by_states.worst)
    assert at_once.to_dict() == by_states.to_dict()
    assert (at_once.count, at_once.omitted) == (by_states.count, by_states.omitted)


@pytest.mark.parametrize("loss", ["squared_error", "absolute_error"])
def test_weighted_rows_keep_their_order_beyond_the_range_of_doubles(target: str, loss: str) -> None:
    rng = np.random.default_rng(10)
    y_true, y_pred = rng.standard_normal((2, 700)) * 10.0 ** rng.integers(-300, 300, 700)
    weights = 10.0 ** rng.integers(-300, 300, 700)

    def contribution(row: int) -> Fraction:
        size = abs(Fraction(y_true[row]) - Fraction(y_pred[row]))
        return Fraction(weights[row]) * (size**2 if loss == "squared_error" else size)

    told = _core.worst_rows(y_true, y_pred, loss, 0.0, 700, sample_weight=weights)
    assert [row[2] for row in told] == worst_by(contribution, range(700), 700)
