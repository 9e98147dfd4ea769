"""The worst rows of Dask collections: those of one call over the whole, however these are cut."""

import itertools
import re
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import squarely
import squarely.dask

pytest.importorskip("dask")
da = pytest.importorskip("dask.array")

ROWS = 1009
SOME = ("mse", "r2", "mae")


@pytest.fixture
def data(rng: np.random.Generator) -> dict[str, npt.NDArray[Any]]:
    """Few sizes of errors, so that most of the rows are equal to others."""
    truth = rng.integers(0, 9, ROWS) * 1.0
    return {
        "y": truth,
        "model": truth + rng.integers(-4, 5, ROWS),
        "zero": np.zeros(ROWS),
        "w": rng.integers(1, 4, ROWS) * 0.5,
        "store": rng.choice(["north", "south", "west"], ROWS),
        "day": np.sort(rng.integers(0, 50, ROWS)).astype("datetime64[D]"),
        "id": np.arange(ROWS) * 10,
    }


@pytest.fixture
def frame(data: dict[str, Any]) -> Any:
    pandas = pytest.importorskip("pandas")
    return pytest.importorskip("dask.dataframe").from_pandas(pandas.DataFrame(data), npartitions=7)


def cut(array: npt.NDArray[Any], chunks: Any) -> Any:
    return da.from_array(array, chunks=chunks)


def assert_same(found: Any, expected: Any) -> None:
    assert found.to_dict() == expected.to_dict()
    assert found.share_percent == expected.share_percent
    assert str(found) == str(expected)


@pytest.mark.parametrize(
    ("of_truth", "of_guess"), [(100, 100), (100, 77), (ROWS, 10), ((9, 1000), (1000, 9)), (20, ROWS), (ROWS, ROWS)]
)
@pytest.mark.parametrize("worst", [1, 300])
def test_chunks_do_not_matter(data: dict[str, Any], of_truth: Any, of_guess: Any, worst: int) -> None:
    y_true, y_pred = cut(data["y"], (of_truth,)), cut(data["model"], (of_guess,))
    found = squarely.dask.evaluate(y_true, y_pred, metrics=SOME, worst=worst)
    expected = squarely.evaluate(data["y"], data["model"], metrics=SOME, worst=worst)
    assert_same(found.worst, expected.worst)
    assert found.to_dict() == expected.to_dict()


def test_weights_masks_losses_and_columns_go_with_them(data: dict[str, Any]) -> None:
    alpha = squarely.metric("mean_pinball_loss", alpha=0.9)
    where = data["id"] % 70 != 0
    found = squarely.dask.evaluate(
        *(cut(data[name], 100) for name in ("y", "model")),
        metrics=alpha,
        sample_weight=cut(data["w"], 300),
        where=cut(where, 41),
        worst=40,
        worst_by=alpha,
        worst_columns={"id": cut(data["id"], 70), "day": cut(data["day"], 1000)},
    )
    expected = squarely.evaluate(
        data["y"],
        data["model"],
        metrics=alpha,
        sample_weight=data["w"],
        where=where,
        worst=40,
        worst_by=alpha,
        worst_columns={"id": data["id"], "day": data["day"]},
    )
    assert_same(found.worst, expected.worst)


@pytest.mark.parametrize("weight", [0.25, None])
def test_several_predictions_have_a_table_each(data: dict[str, Any], weight: float | None) -> None:
    models = {name: data[name] for name in ("model", "zero")}
    lazy = {name: cut(values, 90) for name, values in models.items()}
    found = squarely.dask.evaluate(cut(data["y"], 100), lazy, metrics=SOME, sample_weight=weight, worst=9)
    expected = squarely.evaluate(data["y"], models, metrics=SOME, sample_weight=weight, worst=9)
    assert list(found.worst) == ["model", "zero"]
    for name in models:
        assert_same(found.worst[name], expected.worst[name])


@pytest.mark.parametrize("by", ["store", ["store", "day"]])
def test_keys_of_groups_are_shown(data: dict[str, Any], by: Any) -> None:
    keys = data[by] if isinstance(by, str) else {name: data[name] for name in by}
    lazy = cut(keys, 130) if isinstance(by, str) else {name: cut(values, 130) for name, values in keys.items()}
    options = {"metrics": SOME, "worst": 30}
    found = squarely.dask.evaluate(cut(data["y"], 100), cut(data["model"], 300), by=lazy, **options)
    expected = squarely.evaluate(data["y"], data["model"], by=keys, **options)
    assert_same(found.worst, expected.worst)


@pytest.mark.parametrize("by", [None, "store"])
def test_partitions_of_frames_are_counted_through(frame: Any, data: dict[str, Any], by: str | None) -> None:
    filtered = frame[frame["w"] > 0.5]  # so that no length is known
    kept = data["w"] > 0.5
    options = {"metrics": SOME, "worst": 50}
    lazy = {} if by is None else {"by": filtered[by]}
    found = squarely.dask.evaluate(filtered["y"], filtered["model"], worst_columns=filtered[["id"]], **lazy, **options)
    keys = {} if by is None else {"by": {by: data[by][kept]}}
    expected = squarely.evaluate(
        data["y"][kept], data["model"][kept], worst_columns={"id": data["id"][kept]}, **keys, **options
    )
    assert_same(found.worst, expected.worst)


def test_chunks_in_lists_are_in_their_order(data: dict[str, Any]) -> None:
    delayed = pytest.importorskip("dask").delayed
    bounds = [0, 400, 400, 401, ROWS]
    parts = [slice(first, last) for first, last in itertools.pairwise(bounds)]
    chunks = [[delayed(data[name][part]) for part in parts] for name in ("y", "model")]
    found = squarely.dask.evaluate(*chunks, metrics=SOME, worst=20)
    assert_same(found.worst, squarely.evaluate(data["y"], data["model"], metrics=SOME, worst=20).worst)


def test_it_is_computed_when_it_is_asked_for(data: dict[str, Any]) -> None:
    report = squarely.dask.evaluate(cut(data["y"], 100), cut(data["model"], 100), worst=3, compute=False)
    assert_same(report.compute().worst, squarely.evaluate(data["y"], data["model"], worst=3).worst)


def test_what_cannot_be_is_refused(data: dict[str, Any]) -> None:
    y_true, y_pred = cut(data["y"], 100), cut(data["model"], 100)
    evaluate = squarely.dask.evaluate
    with pytest.raises(ValueError, match="integer from 0 to 10000. Got -1"):
        evaluate(y_true, y_pred, worst=-1)
    with pytest.raises(ValueError, match="pass worst=20 or so"):
        evaluate(y_true, y_pred, worst_by="mae")
    with pytest.raises(ValueError, match="has no loss 'sqared_error'"):
        evaluate(y_true, y_pred, worst=2, worst_by="sqared_error")
    wide = cut(np.ones((9, 3)), (4, 2))
    with pytest.raises(ValueError, match="asks for rows of one output, and there are 3"):
        evaluate(wide, wide, worst=2)
    with pytest.raises(ValueError, match=re.escape("worst_columns['id'] has shape (9,), and must have")):
        evaluate(y_true, y_pred, worst=2, worst_columns={"id": cut(np.ones(9), 3)})
    with pytest.raises(TypeError, match=re.escape("The \"worst_columns['id']\" parameter")):
        evaluate(y_true, y_pred, worst=2, worst_columns={"id": data["id"]})
    with pytest.raises(ValueError, match="The column 'loss' cannot be shown"):
        evaluate(y_true, y_pred, worst=2, worst_columns={"loss": y_true})
    with pytest.raises(ValueError, match="The column 'id' cannot be shown beside the worst rows: it is named twice"):
        evaluate(y_true, y_pred, by={"id": y_true}, worst=2, worst_columns={"id": y_true})
