"""A frame of several columns beside one-dimensional truth holds models by their names, as a dict does."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import squarely as sq

TRUTH = [3.0, -0.5, 2.0, 7.0]
MODELS = {"tree": [2.5, 0.0, 2.0, 8.0], "line": [3.0, -0.5, 2.5, 7.0], "mean": [2.875] * 4}
EXPECTED = sq.evaluate(TRUTH, MODELS)


def pandas_frame(columns: Any) -> Any:
    return pytest.importorskip("pandas").DataFrame(columns)


def pandas_frame_of_several_types(columns: Any) -> Any:
    return pandas_frame(columns).astype({"line": "Float64", "mean": "double[pyarrow]"})


def polars_frame(columns: Any) -> Any:
    return pytest.importorskip("polars").DataFrame(columns)


def arrow_table(columns: Any) -> Any:
    return pytest.importorskip("pyarrow").table(columns)


def arrow_batch(columns: Any) -> Any:
    return pytest.importorskip("pyarrow").RecordBatch.from_pydict(columns)


FRAMES = [pandas_frame, pandas_frame_of_several_types, polars_frame, arrow_table, arrow_batch]

TRUTHS: dict[str, Callable[[], Any]] = {
    "a list": lambda: TRUTH,
    "an array": lambda: np.array(TRUTH),
    "pandas": lambda: pytest.importorskip("pandas").Series(TRUTH),
    "polars": lambda: pytest.importorskip("polars").Series(TRUTH),
    "Arrow": lambda: pytest.importorskip("pyarrow").array(TRUTH),
}


@pytest.mark.parametrize("truth", TRUTHS)
@pytest.mark.parametrize("make", FRAMES)
def test_a_frame_is_scored_as_a_dict_is(make: Callable[[Any], Any], truth: str) -> None:
    report = sq.evaluate(TRUTHS[truth](), make(MODELS))
    assert report.to_dict() == EXPECTED.to_dict()
    assert report.predictions == ("tree", "line", "mean")


@pytest.mark.parametrize("make", FRAMES)
def test_weights_masks_and_metrics_of_order_go_with_it(make: Callable[[Any], Any]) -> None:
    options: Any = {"metrics": ["mse", "median_absolute_error"], "where": [True, True, False, True]}
    assert sq.evaluate(TRUTH, make(MODELS), **options).to_dict() == sq.evaluate(TRUTH, MODELS, **options).to_dict()
    weights = [1.0, 2.0, 0.5, 0.0]
    weighted = sq.evaluate(TRUTH, make(MODELS), sample_weight=weights)
    assert weighted.to_dict() == sq.evaluate(TRUTH, MODELS, sample_weight=weights).to_dict()


def test_a_frame_of_one_column_is_one_prediction() -> None:
    report = sq.evaluate(TRUTH, pandas_frame({"tree": MODELS["tree"]}), metrics="mse")
    assert report["mse"] == EXPECTED["mse"]["tree"]


def test_a_frame_beside_a_frame_has_outputs() -> None:
    frame = pandas_frame(MODELS)
    assert sq.evaluate(frame, frame + 1, metrics="mse")["mse"] == 1.0
    assert sq.evaluate(frame.to_numpy(), frame, metrics="mse")["mse"] == 0.0


def test_an_array_of_columns_has_no_names() -> None:
    with pytest.raises(ValueError, match="different number of output"):
        sq.evaluate(TRUTH, np.array(list(MODELS.values())).T)


def test_two_predictions_of_one_name_are_refused() -> None:
    frame = pandas_frame(MODELS)
    frame.columns = ["tree", "line", "tree"]
    for models in (frame, {1: TRUTH, "1": TRUTH}):
        with pytest.raises(ValueError, match="two predictions of the name"):
            sq.evaluate(TRUTH, models)


def test_chunks_may_be_frames() -> None:
    chunks = ((TRUTH[i : i + 2], pandas_frame(MODELS)[i : i + 2]) for i in (0, 2))
    assert sq.score_files(chunks).to_dict() == EXPECTED.to_dict()


def test_dask_frames_hold_models_too() -> None:
    frames = pytest.importorskip("dask.dataframe")
    frame = frames.from_pandas(pandas_frame({"y": TRUTH, **MODELS}), npartitions=2)
    assert sq.dask.evaluate(frame["y"], frame[list(MODELS)]).to_dict() == EXPECTED.to_dict()
