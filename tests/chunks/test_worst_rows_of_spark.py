"""The worst rows of frames without an order, however they are partitioned: here of a stand-in for a DataFrame of Spark.

What Spark itself does with them is in test_spark.py, which needs it.
"""

import collections
import itertools
from collections.abc import Iterator, Sequence
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import squarely
import squarely.spark

pyarrow = pytest.importorskip("pyarrow")

ROWS = 700
SOME = ("mse", "r2", "mae")


class Frame:
    """Batches by partitions, with what squarely asks of a DataFrame."""

    def __init__(self, partitions: Sequence[Sequence[Any]]) -> None:
        self.partitions = partitions

    def __getitem__(self, name: str) -> Any:
        return SimpleNamespace(alias=lambda alias: (name, alias))

    def select(self, *columns: tuple[str, str]) -> "Frame":
        def selected(batch: Any) -> Any:
            arrays = [batch.column(name) for name, _ in columns]
            return pyarrow.RecordBatch.from_arrays(arrays, [alias for _, alias in columns])

        return Frame([list(map(selected, batches)) for batches in self.partitions])

    def mapInArrow(self, function: Any, schema: str) -> Any:  # noqa: N802  (Spark's name)
        def rows() -> Iterator[dict[str, Any]]:
            for batches in self.partitions:
                for batch in function(iter(batches)):
                    assert batch.schema.names == [one.split()[0] for one in schema.split(", ")]
                    yield from batch.to_pylist()

        return SimpleNamespace(collect=lambda: list(rows()))


@pytest.fixture
def table(rng: np.random.Generator) -> Any:
    """Few sizes of errors, so that most of the rows are equal to others."""
    truth = rng.integers(0, 5, ROWS) * 1.0
    return pyarrow.table(
        {
            "y": truth,
            "model": truth + rng.integers(-2, 3, ROWS),
            "zero": np.zeros(ROWS, np.float32),
            "w": rng.integers(1, 3, ROWS) * 0.5,
            "keep": rng.random(ROWS) < 0.7,
            "store": pyarrow.array(rng.choice(["north", "south", "west"], ROWS)),
            "day": pyarrow.array(np.sort(rng.integers(0, 50, ROWS)).astype("M8[D]")),
            "id": pyarrow.array(rng.permutation(ROWS), mask=rng.random(ROWS) < 0.1),
        }
    )


def partitioned(table: Any, bounds: Sequence[int], batch: int, order: Any = None) -> Frame:
    whole = table if order is None else table.take(order)
    parts = [whole.slice(first, last - first) for first, last in itertools.pairwise(bounds)]
    return Frame([part.combine_chunks().to_batches(max_chunksize=batch) for part in parts])


def rows_of(table: Any) -> list[tuple[Any, ...]]:
    return list(zip(*table.to_dict().values(), strict=True))


@pytest.mark.parametrize("worst", [1, 40, 600])
@pytest.mark.parametrize("weight", [None, "w"])
def test_neither_partitions_nor_batches_nor_their_order_matter(
    table: Any, worst: int, weight: str | None, rng: np.random.Generator
) -> None:
    options = {"weight": weight, "metrics": SOME, "worst": worst, "worst_columns": ["id", "day"]}
    expected = squarely.spark.evaluate(partitioned(table, [0, ROWS], ROWS), "y", "model", **options).worst
    assert len(expected) == worst
    for bounds, batch in (([0, 1, 300, 300, ROWS], 64), ([0, 350, ROWS], 7)):
        for order in (None, rng.permutation(ROWS)):
            found = squarely.spark.evaluate(partitioned(table, bounds, batch, order), "y", "model", **options).worst
            assert found.to_dict() == expected.to_dict()
            assert str(found) == str(expected)


def test_of_equal_losses_what_is_in_the_rows_decides(table: Any) -> None:
    found = squarely.spark.evaluate(
        partitioned(table, [0, 90, ROWS], 50), "y", "model", weight="w", metrics=SOME, worst=100, worst_columns="id"
    ).worst

    def place(row: dict[str, Any]) -> Any:
        loss = Fraction(row["w"]) * Fraction(row["y"] - row["model"]) ** 2
        return -loss, row["y"], row["model"], row["w"], repr((row["id"],))

    expected = sorted(table.to_pylist(), key=place)[:100]
    assert found["id"] == [row["id"] for row in expected]
    assert found["y_pred"] == [row["model"] for row in expected]
    assert found["row"] == [None] * 100
    assert "file" not in found.columns


def test_losses_and_shares_are_those_of_evaluate(table: Any) -> None:
    models = {"model": table["model"], "zero": table["zero"]}
    where = table["keep"].to_numpy(zero_copy_only=False)
    frame = partitioned(table, [0, 200, ROWS], 30)
    for by in (None, "store"):
        keys = {} if by is None else {"by": {by: table[by]}}
        options = {"metrics": SOME, "worst": 20, "worst_by": "mae"}
        found = squarely.spark.evaluate(frame, "y", ["model", "zero"], by=by, where="keep", **options)
        expected = squarely.evaluate(table["y"], models, where=where, **keys, **options)
        assert found.to_dict() == expected.to_dict()
        for name in models:
            for column in ("loss", "share_percent"):
                assert found.worst[name][column] == expected.worst[name][column]
            assert found.worst[name].share_percent == expected.worst[name].share_percent
        if by is not None:
            counted = collections.Counter(found.worst["model"]["store"])
            assert set(counted) <= {"north", "south", "west"}


def test_more_equal_rows_than_are_told_at_once_are_all_looked_at(rng: np.random.Generator) -> None:
    rows = 25_000
    ids = rng.permutation(rows)
    table = pyarrow.table({"y": np.zeros(rows), "model": np.ones(rows), "id": ids})
    found = squarely.spark.evaluate(Frame([table.to_batches()]), "y", "model", worst=3, worst_columns=["id"]).worst
    assert found["id"] == sorted(range(rows), key=lambda number: repr((number,)))[:3]


def test_rows_without_a_value_are_none_of_them() -> None:
    table = pyarrow.table({"y": [1.0, None, 3.0], "model": [2.0, 2.0, float("nan")]})
    frame = Frame([table.to_batches(), []])
    found = squarely.spark.evaluate(frame, "y", "model", metrics="sse", nan_policy="omit", worst=3).worst
    assert rows_of(found) == [(None, 1.0, 2.0, -1.0, 1.0, 100.0)]
    with pytest.raises(ValueError, match="^Input contains NaN"):
        squarely.spark.evaluate(frame, "y", "model", worst=3)


def test_what_cannot_be_is_refused(table: Any) -> None:
    frame = partitioned(table, [0, ROWS], 100)
    with pytest.raises(ValueError, match="integer from 0 to 10000"):
        squarely.spark.evaluate(frame, "y", "model", worst=10_001)
    with pytest.raises(ValueError, match="pass worst=20 or so"):
        squarely.spark.evaluate(frame, "y", "model", worst_columns="id")
    with pytest.raises(ValueError, match="The column 'store' cannot be shown beside the worst rows: it is named twice"):
        squarely.spark.evaluate(frame, "y", "model", by="store", worst=1, worst_columns=["store"])
