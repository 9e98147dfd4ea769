"""Scores by group of Dask collections: the digest of one update with the whole, wherever rows and keys are cut."""

import re
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import squarely
import squarely.dask

dask = pytest.importorskip("dask")
da = pytest.importorskip("dask.array")

ROWS = 1009
SOME = ("mean_squared_error", "r2_score", "max_error", squarely.metric("mean_pinball_loss", alpha=0.9))


@pytest.fixture
def data(rng: np.random.Generator) -> dict[str, Any]:
    truth = rng.standard_normal(ROWS)
    return {
        "y": truth,
        "model": truth + rng.standard_normal(ROWS) * 10.0 ** rng.integers(-9, 9, ROWS),
        "w": rng.random(ROWS),
        "store": rng.choice(["north", "south", "west"], ROWS),
        # sorted, so that most chunks lack most of the groups
        "day": np.sort(rng.integers(0, 50, ROWS)).astype("datetime64[D]"),
    }


@pytest.fixture
def frame(data: dict[str, Any]) -> Any:
    pandas = pytest.importorskip("pandas")
    return pytest.importorskip("dask.dataframe").from_pandas(pandas.DataFrame(data), npartitions=7)


def cut(array: npt.NDArray[Any], chunks: Any) -> Any:
    return da.from_array(array, chunks=chunks)


def whole(y_true: Any, y_pred: Any, by: Any, metrics: Any = SOME, **options: Any) -> squarely.GroupedAccumulator:
    passed = {name: options.pop(name) for name in ("sample_weight", "where", "axis") if name in options}
    return squarely.GroupedAccumulator(metrics, **options).update(y_true, y_pred, by=by, **passed)


# Arrays


@pytest.mark.parametrize("of_keys", [100, 77, ROWS, 1, (9, 1000)])
@pytest.mark.parametrize("name", ["store", "day"])
def test_chunks_of_rows_and_keys_do_not_matter(name: str, of_keys: Any, data: dict[str, Any]) -> None:
    by = cut(data[name], (of_keys,))
    found = squarely.dask.accumulate(cut(data["y"], 100), cut(data["model"], 300), metrics=SOME, by=by)
    assert isinstance(found, squarely.GroupedAccumulator)
    assert found.digest() == whole(data["y"], data["model"], data[name]).digest()


def test_weights_and_masks_go_with_keys(data: dict[str, Any]) -> None:
    where = data["w"] < 0.7
    found = squarely.dask.accumulate(
        *(cut(data[name], 100) for name in ("y", "model")),
        metrics=SOME,
        sample_weight=cut(data["w"], 300),
        where=cut(where, 41),
        by=cut(data["day"], 70),
    )
    expected = whole(data["y"], data["model"], data["day"], sample_weight=data["w"], where=where)
    assert found.digest() == expected.digest()


def test_several_columns_of_keys_are_a_mapping(data: dict[str, Any]) -> None:
    by = {name: data[name] for name in ("day", "store")}
    lazy = {"day": cut(by["day"], 31), "store": cut(by["store"], 200)}
    found = squarely.dask.accumulate(cut(data["y"], 100), cut(data["model"], 100), metrics=SOME, by=lazy)
    assert found.by == ("day", "store")
    assert found.digest() == whole(data["y"], data["model"], by).digest()


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
@pytest.mark.parametrize("chunks", [(3, 8, 9), (7, 3, 9), (7, 8, 2), (3, 3, 2)])
def test_outputs_may_be_cut_too(axis: int, chunks: tuple[int, ...], rng: np.random.Generator) -> None:
    y_true, y_pred = rng.standard_normal((2, 7, 8, 9))
    where = rng.random(y_true.shape) < 0.8
    by = rng.integers(0, 3, y_true.shape[axis])
    options: dict[str, Any] = {"axis": axis, "multioutput": "raw_values"}
    found = squarely.dask.accumulate(
        cut(y_true, chunks),
        cut(y_pred, (4, 4, 4)),
        metrics=SOME,
        where=cut(where, (2, 8, 9)),
        by=cut(by, 2),
        **options,
    )
    expected = whole(y_true, y_pred, by, where=where, **options)
    assert found.digest() == expected.digest()
    assert found.compute()["r2_score"].shape == expected.compute()["r2_score"].shape


def test_unknown_lengths_are_paired_chunk_by_chunk(data: dict[str, Any]) -> None:
    counts = cut(data["w"] > 0.5, 100)
    y_true, y_pred, by = (cut(data[name], 100)[counts] for name in ("y", "model", "store"))
    found = squarely.dask.accumulate(y_true, y_pred, metrics=SOME, by=by)
    kept = data["w"] > 0.5
    assert found.digest() == whole(*(data[name][kept] for name in ("y", "model", "store"))).digest()
    with pytest.raises(ValueError, match=r"a block: by has \d+ keys, and the data \d+ rows"):
        squarely.dask.evaluate(y_true, y_pred, by=cut(data["store"], 100))


def test_chunks_without_rows_have_no_groups(data: dict[str, Any]) -> None:
    for table in (data["y"], np.column_stack([data["y"]] * 3)):
        y_true, by = cut(table, (100, 2)[: table.ndim]), cut(data["store"], 100)
        first = cut(np.arange(ROWS) < 5, 100)
        found = squarely.dask.accumulate(y_true[first], y_true[first], by=by[first])
        expected = squarely.GroupedAccumulator().update(table[:5], table[:5], by=data["store"][:5])
        assert found.digest() == expected.digest()
        none = cut(np.zeros(ROWS, bool), 100)
        nothing = squarely.dask.accumulate(y_true[none], y_true[none], by=by[none])
        assert nothing.digest() == squarely.GroupedAccumulator().digest()
        with pytest.raises(ValueError, match=re.escape("Found array with 0 sample(s)")):
            squarely.dask.evaluate(y_true[none], y_true[none], by=by[none])


@pytest.mark.parametrize("scheduler", ["threads", "synchronous", "processes"])
def test_schedulers_do_not_matter(scheduler: str, data: dict[str, Any]) -> None:
    y_true, y_pred, by = (cut(data[name], 200) for name in ("y", "model", "store"))
    with dask.config.set(scheduler=scheduler, num_workers=2):
        found = squarely.dask.accumulate(y_true, y_pred, metrics=SOME, by=by)
    assert found.digest() == whole(data["y"], data["model"], data["store"]).digest()


def test_every_merge_waits_for_few_states(data: dict[str, Any]) -> None:
    y_true, y_pred, by = (cut(data[name], 3) for name in ("y", "model", "day"))
    later = squarely.dask.accumulate(y_true, y_pred, metrics=SOME, by=by, compute=False)
    needs, _ = dask.core.get_deps(dict(later.dask))
    assert max(map(len, needs.values())) <= 16
    assert later.compute().digest() == whole(data["y"], data["model"], data["day"]).digest()


# What is returned


@pytest.mark.parametrize("several", [False, True])
def test_the_report_is_that_of_evaluate(several: bool, data: dict[str, Any]) -> None:
    models = {"model": data["model"], "zero": np.zeros(ROWS)}
    lazy = {name: cut(model, 90) for name, model in models.items()}
    found = squarely.dask.evaluate(
        cut(data["y"], 100), lazy if several else lazy["model"], metrics=SOME, by=cut(data["store"], 50)
    )
    expected = squarely.evaluate(data["y"], models if several else models["model"], metrics=SOME, by=data["store"])
    assert found.keys == expected.keys
    assert found.to_dict() == expected.to_dict()
    assert found.overall.to_dict() == expected.overall.to_dict()
    assert str(found) == str(expected)


def test_accumulators_of_several_predictions_are_a_dict(data: dict[str, Any]) -> None:
    by = cut(data["store"], 50)
    y_true = cut(data["y"], 100)
    found = squarely.dask.accumulate(y_true, {"a": cut(data["model"], 90), "b": y_true}, metrics=SOME, by=by)
    assert found["a"].digest() == whole(data["y"], data["model"], data["store"]).digest()
    assert found["b"].digest() == whole(data["y"], data["y"], data["store"]).digest()


def test_nothing_runs_before_it_is_asked_for(data: dict[str, Any]) -> None:
    def read(block: npt.NDArray[Any]) -> npt.NDArray[Any]:
        raise AssertionError("this block was read")

    by = cut(data["store"], 100).map_blocks(read, dtype="U5", meta=np.empty(0, "U5"))
    later = squarely.dask.evaluate(cut(data["y"], 100), cut(data["model"], 100), by=by, compute=False)
    with pytest.raises(AssertionError, match="this block was read"):
        later.compute()


# Frames and lists


def test_keys_are_columns_of_a_frame(frame: Any, data: dict[str, Any]) -> None:
    options = {"sample_weight": data["w"], "where": data["w"] < 0.7}
    lazy = {"sample_weight": frame["w"], "where": frame["w"] < 0.7}
    by = frame[["store", "day"]].compute()
    expected = whole(data["y"], data["model"], by, **options)
    for keys in (frame[["store", "day"]], {"store": frame["store"], "day": frame["day"]}):
        found = squarely.dask.accumulate(frame["y"], frame["model"], metrics=SOME, by=keys, **lazy)
        assert found.digest() == expected.digest()
    alone = squarely.dask.accumulate(frame["y"], frame["model"], metrics=SOME, by=frame["store"])
    assert alone.by == ("store",)
    assert alone.digest() == whole(data["y"], data["model"], {"store": data["store"]}).digest()


def test_partitions_with_other_categories_have_the_same_groups(frame: Any, data: dict[str, Any]) -> None:
    keys = frame["store"].map_partitions(lambda part: part.astype("category"), meta=frame["store"]._meta)
    found = squarely.dask.accumulate(frame["y"], frame["model"], metrics=SOME, by=keys)
    assert found.digest() == whole(data["y"], data["model"], {"store": data["store"]}).digest()


def test_an_index_is_a_column_of_keys(frame: Any, data: dict[str, Any]) -> None:
    by_day = frame.set_index("day", sorted=True)
    found = squarely.dask.accumulate(by_day["y"], by_day["model"], metrics=SOME, by=by_day.index)
    expected = whole(data["y"], data["model"], {"day": data["day"].astype(frame["day"].dtype)})
    assert found.digest() == expected.digest()


def test_a_missing_key_is_a_key(frame: Any, data: dict[str, Any]) -> None:
    keys = frame["store"].mask(frame["store"] == "west")
    found = squarely.dask.accumulate(frame["y"], frame["model"], metrics=SOME, by=keys)
    assert found.keys() == ["north", "south", None]
    west = data["store"] == "west"
    assert found[None] == squarely.Accumulator(SOME).update(data["y"][west], data["model"][west])


def test_keys_in_arrays_and_lists_go_with_frames(frame: Any, data: dict[str, Any]) -> None:
    expected = whole(data["y"], data["model"], {"day": data["day"].astype(frame["day"].dtype)})
    for keys in (frame["day"].values, list(frame["day"].to_delayed())):
        found = squarely.dask.accumulate(frame["y"], frame["model"], metrics=SOME, by={"day": keys})
        assert found.digest() == expected.digest()


def test_lists_of_delayed_chunks(data: dict[str, Any]) -> None:
    def later(array: npt.NDArray[Any]) -> list[Any]:
        return [dask.delayed(array[i::13]) for i in range(13)]

    y_true, y_pred, by = (later(data[name]) for name in ("y", "model", "store"))
    found = squarely.dask.accumulate(y_true, y_pred, metrics=SOME, by=by)
    assert found.digest() == whole(data["y"], data["model"], data["store"]).digest()


# Refusals


def test_keys_that_do_not_fit_are_refused_before_anything_runs(data: dict[str, Any], frame: Any) -> None:
    y_true = cut(data["y"], 100)
    with pytest.raises(ValueError, match=re.escape("by has shape (1008,), and must have that of the rows, (1009,).")):
        squarely.dask.evaluate(y_true, y_true, by=cut(data["store"][1:], 100))
    with pytest.raises(ValueError, match=re.escape("by['a'] has 2 dimensions, and keys have one")):
        squarely.dask.evaluate(y_true, y_true, by={"a": cut(np.ones((ROWS, 1), int), 100)})
    with pytest.raises(ValueError, match="by groups takes no weights of outputs"):
        squarely.dask.evaluate(y_true, y_true, by=y_true, multioutput=[1.0])
    with pytest.raises(TypeError, match="The 'by' parameter has no columns of keys"):
        squarely.dask.evaluate(y_true, y_true, by={})
    with pytest.raises(TypeError, match=re.escape("must be a Dask array") + ".*Pass the column itself, as frame"):
        squarely.dask.evaluate(frame["y"], frame["model"], by="store")
    with pytest.raises(ValueError, match="median_absolute_error needs all pairs at once"):
        squarely.dask.evaluate(y_true, y_true, by=y_true, metrics="median_absolute_error")


def test_keys_of_two_kinds_are_refused_when_states_merge() -> None:
    rows = [dask.delayed(np.ones(2))] * 2
    by = [dask.delayed(np.array(["a", "b"])), dask.delayed(np.array([1, 2]))]
    with pytest.raises(ValueError, match="text"):
        squarely.dask.evaluate(rows, rows, by=by)
