"""Scores of Spark DataFrames: the digest of one update with all rows, however they are partitioned."""

import datetime
import pathlib
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

import squarely
import squarely.spark
from instruments.chunk_scripts import SCRIPTS, output_of

pytest.importorskip("pyspark")

ROWS = 1009
SOME = ("mean_squared_error", "r2_score", "max_error", squarely.metric("mean_pinball_loss", alpha=0.9))


@pytest.fixture(scope="module")
def session() -> Iterator[Any]:
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local[2]").appName("squarely").config("spark.ui.enabled", "false")
    session = builder.config("spark.sql.session.timeZone", "UTC").getOrCreate()
    yield session
    session.stop()


@pytest.fixture
def table(rng: np.random.Generator) -> Any:
    import pyarrow

    truth = rng.standard_normal(ROWS)
    return pyarrow.table(
        {
            "y": truth,
            "model": truth + rng.standard_normal(ROWS) * 10.0 ** rng.integers(-9, 9, ROWS),
            "zero": np.zeros(ROWS, np.float32),
            "w": rng.random(ROWS),
            "keep": rng.random(ROWS) < 0.7,
            "store": pyarrow.array(rng.choice(["north", "south", "west"], ROWS)),
            "day": pyarrow.array(np.sort(rng.integers(0, 50, ROWS)).astype("M8[D]")),
            "moment": pyarrow.array(rng.integers(0, 5, ROWS).astype("M8[us]"), pyarrow.timestamp("us", "UTC")),
            "number": pyarrow.array(rng.integers(0, 9, ROWS), mask=rng.random(ROWS) < 0.1),
        }
    )


@pytest.fixture
def frame(session: Any, table: Any) -> Any:
    return session.createDataFrame(table)


def whole(table: Any, by: list[str] | None = None, pred: str = "model", **options: Any) -> Any:
    sides = (table["y"], table[pred])
    if by is None:
        return squarely.Accumulator(SOME).update(*sides, **options)
    keys = {name: table[name] for name in by}
    return squarely.GroupedAccumulator(SOME).update(*sides, by=keys, **options)


@pytest.mark.parametrize("partitions", [1, 7, 40])
@pytest.mark.parametrize(
    "by", [None, ["store"], ["day"], ["moment"], ["number"], ["keep"], ["store", "day"], ["number", "moment", "store"]]
)
def test_partitions_do_not_matter(by: list[str] | None, partitions: int, frame: Any, table: Any) -> None:
    found = squarely.spark.accumulate(frame.repartition(partitions), "y", "model", metrics=SOME, by=by)
    assert found.digest() == whole(table, by).digest()


def test_batches_do_not_matter(session: Any, frame: Any, table: Any) -> None:
    session.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", "13")
    try:
        found = squarely.spark.accumulate(frame, "y", "model", metrics=SOME, by="store")
    finally:
        session.conf.unset("spark.sql.execution.arrow.maxRecordsPerBatch")
    assert found.digest() == whole(table, ["store"]).digest()


@pytest.mark.parametrize("by", [None, ["store"]])
def test_weights_and_masks_are_columns(by: list[str] | None, frame: Any, table: Any) -> None:
    found = squarely.spark.accumulate(frame, "y", "model", metrics=SOME, by=by, weight="w", where="keep")
    expected = whole(table, by, sample_weight=table["w"], where=table["keep"].to_numpy(zero_copy_only=False))
    assert found.digest() == expected.digest()


@pytest.mark.parametrize("by", [None, "store"])
def test_the_report_is_that_of_evaluate(by: Any, frame: Any, table: Any) -> None:
    models = {"model": table["model"], "zero": table["zero"]}
    keys = None if by is None else {by: table[by]}
    for pred, y_pred in (("model", models["model"]), (["model", "zero"], models)):
        found = squarely.spark.evaluate(frame, "y", pred, by=by, metrics=SOME)
        expected = squarely.evaluate(table["y"], y_pred, by=keys, metrics=SOME)
        assert found.to_dict() == expected.to_dict()
        assert str(found) == str(expected)


def test_several_predictions_are_a_dict(frame: Any, table: Any) -> None:
    found = squarely.spark.accumulate(frame, "y", ["model", "zero"], metrics=SOME, by=["store"])
    assert list(found) == ["model", "zero"]
    assert found["zero"].digest() == whole(table, ["store"], "zero").digest()


def test_fields_of_structures_and_one_column_twice_are_read(frame: Any, table: Any) -> None:
    from pyspark.sql import functions

    nested = frame.select(functions.struct("y", "model").alias("r"), "store")
    found = squarely.spark.accumulate(nested, "r.y", "r.model", metrics=SOME)
    assert found.digest() == whole(table).digest()
    assert squarely.spark.evaluate(frame, "y", "y", metrics="mse")["mse"] == 0.0


@pytest.mark.parametrize("kind", ["tinyint", "int", "bigint", "float", "boolean"])
def test_elements_are_read_as_they_are(kind: str, session: Any, rng: np.random.Generator) -> None:
    values = rng.integers(-100, 100, (50, 2)).tolist()
    frame = session.createDataFrame(values, "y bigint, model bigint").selectExpr(
        f"cast(y as {kind}) y", f"cast(model as {kind}) model"
    )
    rows = np.array([[row["y"], row["model"]] for row in frame.collect()])
    expected = squarely.Accumulator(SOME).update(rows[:, 0], rows[:, 1])
    assert squarely.spark.accumulate(frame, "y", "model", metrics=SOME).digest() == expected.digest()


def test_null_is_missing_and_a_key_as_any_other(session: Any) -> None:
    rows = [(1.0, 2.0, "a"), (None, 2.0, "a"), (3.0, 3.5, None), (4.0, float("nan"), None)]
    frame = session.createDataFrame(rows, "y double, model double, store string")
    found = squarely.spark.accumulate(frame, "y", "model", metrics="sse", by="store", nan_policy="omit")
    assert found.keys() == ["a", None]
    assert found.compute()["sum_squared_error"].tolist() == [1.0, 0.25]
    assert found.omitted.tolist() == [1, 1]


def test_dates_are_keys_of_python(session: Any) -> None:
    frame = session.createDataFrame([(1.0, 2.0, datetime.date(2024, 2, 29))], "y double, model double, day date")
    assert squarely.spark.evaluate(frame, "y", "model", by="day").keys == [datetime.date(2024, 2, 29)]


def test_frames_without_rows_have_no_pairs(frame: Any) -> None:
    none = frame.where("y > 1e9")
    assert squarely.spark.accumulate(none, "y", "model").count == 0
    assert squarely.spark.accumulate(none, "y", "model", by="store").keys() == []
    for by in (None, "store"):
        with pytest.raises(ValueError, match=re.escape("Found array with 0 sample(s)")):
            squarely.spark.evaluate(none, "y", "model", by=by)


@pytest.mark.parametrize("partitions", [1, 7, 40])
def test_the_worst_rows_are_those_of_evaluate(partitions: int, frame: Any, table: Any) -> None:
    options = {"metrics": SOME, "worst": 20}
    found = squarely.spark.evaluate(
        frame.repartition(partitions), "y", "model", weight="w", worst_columns=["day", "number"], **options
    )
    shown = {name: table[name] for name in ("day", "number")}
    expected = squarely.evaluate(
        table["y"], table["model"], sample_weight=table["w"], worst_columns=shown, **options
    ).worst
    for column in expected.columns:
        if column != "row":
            assert found.worst[column] == expected[column]
    assert found.worst["row"] == [None] * 20


def test_the_script_of_the_page_prints_what_it_says(tmp_path: pathlib.Path) -> None:
    assert output_of("with_spark.py", tmp_path) == SCRIPTS["with_spark.py"]["output"]


# Refusals


def test_what_the_data_shows_is_told_by_the_driver(session: Any) -> None:
    frame = session.createDataFrame([(1.0, float("nan"))], "y double, model double")
    with pytest.raises(ValueError, match="^Input contains NaN"):
        squarely.spark.evaluate(frame, "y", "model")
    with pytest.raises(ValueError, match="^model: Input contains NaN"):
        squarely.spark.evaluate(frame, "y", ["y", "model"])
    frame = session.createDataFrame([(1.0, [1])], "y double, k array<int>")
    with pytest.raises(ValueError, match="no key of groups"):
        squarely.spark.evaluate(frame, "y", "y", by="k")
    frame = session.createDataFrame([(Decimal("1.5"), 1.0)], "y decimal(9, 2), model double")
    with pytest.raises(ValueError, match="decimal"):
        squarely.spark.evaluate(frame, "y", "model")


def test_options_are_checked_before_anything_runs(frame: Any, table: Any) -> None:
    with pytest.raises(TypeError, match="must be a DataFrame of Spark. Got Table of pyarrow"):
        squarely.spark.evaluate(table, "y", "model")
    for pred, by in (([], None), (["model", "model"], None), ("model", []), ("model", ["store", "store"])):
        with pytest.raises(TypeError, match="must name at least one column, each once"):
            squarely.spark.evaluate(frame, "y", pred, by=by)
    with pytest.raises(ValueError, match="median_absolute_error needs all pairs at once"):
        squarely.spark.evaluate(frame, "y", "model", metrics="median_absolute_error")
    with pytest.raises(Exception, match="modle"):
        squarely.spark.evaluate(frame, "y", "modle")
