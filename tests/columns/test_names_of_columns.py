"""Columns are paired by position: other names are no concern, the same names in another order are refused."""

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import squarely as sq

DATA = {"a": [1.0, 2.0, 4.0], "b": [3.0, 5.0, 7.5]}
TURNED = {"b": DATA["b"], "a": DATA["a"]}
TOLD = "have the same columns in another order"


def pandas_frame(columns: dict[str, Any]) -> Any:
    return pytest.importorskip("pandas").DataFrame(columns)


def pandas_frame_of_two_types(columns: dict[str, Any]) -> Any:
    return pandas_frame(columns).astype({next(iter(columns)): "Float32"})


def polars_frame(columns: dict[str, Any]) -> Any:
    return pytest.importorskip("polars").DataFrame(columns)


def arrow_table(columns: dict[str, Any]) -> Any:
    return pytest.importorskip("pyarrow").table(columns)


def arrow_batch(columns: dict[str, Any]) -> Any:
    return pytest.importorskip("pyarrow").RecordBatch.from_pydict(columns)


def labelled_array(columns: dict[str, Any]) -> Any:
    xarray = pytest.importorskip("xarray")
    values = np.array(list(columns.values())).T
    return xarray.DataArray(values, dims=("time", "model"), coords={"model": list(columns)})


FRAMES = [pandas_frame, pandas_frame_of_two_types, polars_frame, arrow_table, arrow_batch, labelled_array]
Frame = Callable[[dict[str, Any]], Any]

DOORS: dict[str, Callable[[Any, Any], Any]] = {
    "a metric": sq.mean_squared_error,
    "a metric of order": sq.median_absolute_error,
    "a metric of images": sq.peak_signal_noise_ratio,
    "a loss": sq.squared_error,
    "a gradient": sq.absolute_error_gradient,
    "evaluate": sq.evaluate,
    "evaluate of several": lambda y_true, y_pred: sq.evaluate(y_true, {"model": y_pred}),
    "Accumulator": lambda y_true, y_pred: sq.Accumulator().update(y_true, y_pred),
    "RollingAccumulator": lambda y_true, y_pred: sq.RollingAccumulator(window=2, unit="chunks").update(y_true, y_pred),
}


@pytest.mark.parametrize("make_pred", FRAMES)
@pytest.mark.parametrize("make_true", FRAMES)
def test_the_same_columns_in_another_order_are_refused(make_true: Frame, make_pred: Frame) -> None:
    said = r"y_true has \['a', 'b'\], y_pred \['b', 'a'\]"
    with pytest.raises(ValueError, match=f"{TOLD}, {said}"):
        sq.mean_squared_error(make_true(DATA), make_pred(TURNED))
    assert sq.mean_squared_error(make_true(DATA), make_pred(DATA)) == 0.0


@pytest.mark.parametrize("make", FRAMES)
@pytest.mark.parametrize("door", DOORS)
def test_every_door_refuses_them(door: str, make: Frame) -> None:
    with pytest.raises(ValueError, match=TOLD):
        DOORS[door](make(DATA), make(TURNED))


@pytest.mark.parametrize("make", [make for make in FRAMES if make is not pandas_frame_of_two_types])
def test_weights_and_masks_have_columns_too(make: Frame) -> None:
    y_true, turned = make(DATA), make(TURNED)
    with pytest.raises(ValueError, match=f"y_true and sample_weight {TOLD}"):
        sq.mean_squared_error(y_true, np.zeros((3, 2)), sample_weight=turned)
    counts = make({name: [True, False, True] for name in TURNED})
    with pytest.raises(ValueError, match=f"y_pred and where {TOLD}"):
        sq.mean_squared_error(np.zeros((3, 2)), y_true, where=counts)
    with pytest.raises(ValueError, match=f"y_true and variance {TOLD}"):
        sq.mean_gaussian_nll(y_true, y_true, variance=turned)


def test_a_covariance_has_columns_too() -> None:
    y_true = pandas_frame(DATA)
    covariance = pandas_frame({"b": [2.0, 0.0], "a": [0.0, 1.0]})
    with pytest.raises(ValueError, match=f"y_true and covariance {TOLD}"):
        sq.generalized_squared_error(y_true, y_true, covariance=covariance)


@pytest.mark.parametrize("make", FRAMES)
def test_other_names_are_no_concern(make: Frame) -> None:
    for names in (("c", "d"), ("b", "c"), ("a", "b_predicted")):
        y_pred = make(dict(zip(names, DATA.values(), strict=True)))
        assert sq.mean_squared_error(make(DATA), y_pred) == 0.0
    assert sq.mean_squared_error(make(DATA), np.array(list(DATA.values())).T) == 0.0


def test_names_of_one_column_and_of_rows_are_no_concern() -> None:
    pandas = pytest.importorskip("pandas")
    y_true = pandas.Series([1.0, 2.0], index=["x", "y"], name="truth")
    y_pred = pandas.Series([1.0, 2.0], index=["y", "x"], name="model")
    assert sq.mean_squared_error(y_true, y_pred) == 0.0
    assert sq.mean_squared_error(y_true, y_pred.to_frame()) == 0.0


def test_of_labelled_arrays_every_axis_but_that_of_the_rows_is_seen() -> None:
    xarray = pytest.importorskip("xarray")
    field = xarray.DataArray(np.arange(24.0).reshape(2, 3, 4), dims=("time", "y", "x"))
    truth = field.assign_coords(time=[10, 20], y=[1, 2, 3], x=[1, 2, 3, 4])
    upside_down = truth.isel(y=slice(None, None, -1))
    with pytest.raises(ValueError, match=TOLD):
        sq.Accumulator().update(truth, upside_down)
    assert sq.Accumulator("sse").update(truth, truth.assign_coords(time=[20, 10]))["sse"] == 0.0
    assert sq.Accumulator("sse").update(truth, truth.assign_coords(y=[3, 2, 1]), axis=1)["sse"] == 0.0


def test_of_many_columns_the_first_that_differ_are_named() -> None:
    names = [f"c{number}" for number in range(40)]
    turned = [*names[:20], names[21], names[20], *names[22:]]
    y_true, y_pred = (pandas_frame({name: [1.0] for name in own}) for own in (names, turned))
    with pytest.raises(ValueError, match=r"from column 20 on: y_true has \['c20', 'c21', .*, \.\.\.\], y_pred \['c21'"):
        sq.mean_squared_error(y_true, y_pred)


def test_dask_refuses_frames_before_anything_is_computed() -> None:
    frames = pytest.importorskip("dask.dataframe")
    y_true, y_pred = (frames.from_pandas(pandas_frame(own), npartitions=2) for own in (DATA, TURNED))
    with pytest.raises(ValueError, match=TOLD):
        sq.dask.evaluate(y_true, y_pred, compute=False)


STREAMS: dict[str, Callable[[], Any]] = {
    "Accumulator": lambda: sq.Accumulator("mse"),
    "a window of chunks": lambda: sq.RollingAccumulator("mse", window=9, unit="chunks"),
}
ROWS = np.array(list(DATA.values())).T


@pytest.mark.parametrize("make", FRAMES)
@pytest.mark.parametrize("stream", STREAMS)
def test_columns_of_later_chunks_are_in_the_order_of_the_first(stream: str, make: Frame) -> None:
    accumulator = STREAMS[stream]().update(ROWS, ROWS).update(make(DATA), ROWS)
    before = accumulator.count
    said = f"y_true of an earlier chunk and y_(true|pred) {TOLD}.*has \\['a', 'b'\\], y_(true|pred) \\['b', 'a'\\]"
    for later in ((make(TURNED), make(TURNED)), (ROWS, make(TURNED)), (make(TURNED), ROWS)):
        with pytest.raises(ValueError, match=said):
            accumulator.update(*later)
    with pytest.raises(ValueError, match=f"y_true of an earlier chunk and sample_weight {TOLD}"):
        STREAMS[stream]().update(make(DATA), ROWS, sample_weight=1).update(ROWS, ROWS, sample_weight=make(TURNED))
    assert np.array_equal(accumulator.count, before)
    accumulator.update(make(DATA), make({"c": DATA["a"], "d": DATA["b"]}))
    assert accumulator["mse"] == 0.0


def test_rows_of_a_window_have_names_of_columns_too() -> None:
    window = sq.RollingAccumulator("mse", window=2).update(pandas_frame(DATA), pandas_frame(DATA))
    with pytest.raises(ValueError, match=TOLD):
        window.update(pandas_frame(TURNED), pandas_frame(TURNED))
    # They are those of the stream: the rows that had them may have left.
    with pytest.raises(ValueError, match=TOLD):
        window.update(ROWS, ROWS).update(pandas_frame(TURNED), pandas_frame(TURNED))


@pytest.mark.parametrize("stream", STREAMS)
@pytest.mark.parametrize("travel", [copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
def test_names_of_columns_travel_with_copies_and_pickles(stream: str, travel: Callable[[Any], Any]) -> None:
    frame, turned = pandas_frame(DATA), pandas_frame(TURNED)
    accumulator = STREAMS[stream]().update(frame, frame)
    other = travel(accumulator)
    with pytest.raises(ValueError, match=TOLD):
        other.update(turned, turned)
    other.reset().update(turned, turned)
    with pytest.raises(ValueError, match=TOLD):
        accumulator.update(turned, turned)


def test_what_is_merged_has_its_columns_in_one_order() -> None:
    frame, turned = (sq.Accumulator("mse").update(own, own) for own in (pandas_frame(DATA), pandas_frame(TURNED)))
    nameless = sq.Accumulator("mse").update(ROWS, ROWS)
    said = f"y_true of this accumulator and y_true of the other {TOLD}"
    for join in (lambda: frame + turned, lambda: frame - turned, lambda: sum([nameless, frame, turned])):
        with pytest.raises(ValueError, match=said):
            join()
    window = sq.RollingAccumulator("mse", window=1, unit="chunks").update(pandas_frame(DATA), pandas_frame(DATA))
    with pytest.raises(ValueError, match=said):
        turned.merge(window.snapshot())
    assert (frame + nameless).count.tolist() == [6, 6]


def test_names_of_columns_are_no_part_of_a_state() -> None:
    named = sq.Accumulator("mse").update(pandas_frame(DATA), pandas_frame(DATA))
    nameless = sq.Accumulator("mse").update(ROWS, ROWS)
    assert named == nameless
    assert named.digest() == nameless.digest()
    read = sq.Accumulator.from_bytes(named.to_bytes())
    assert read.update(pandas_frame(TURNED), pandas_frame(TURNED)).count.tolist() == [6, 6]


def test_a_chunk_that_is_refused_leaves_no_names() -> None:
    accumulator = sq.Accumulator("mse")
    with pytest.raises(ValueError, match="NaN"):
        accumulator.update(pandas_frame(DATA), pandas_frame({**DATA, "b": [1.0, np.nan, 2.0]}))
    accumulator.update(pandas_frame(TURNED), pandas_frame(TURNED))


def test_labels_of_chunks_are_those_of_the_outputs_whatever_the_axis_of_the_rows() -> None:
    frame = labelled_array(DATA)
    accumulator = sq.Accumulator("mse").update(frame, frame)
    with pytest.raises(ValueError, match=TOLD):
        accumulator.update(labelled_array(TURNED).T, labelled_array(TURNED).T, axis=1)
    assert accumulator.update(frame.T, frame.T, axis=1)["mse"] == 0.0


def test_parts_of_dask_have_their_columns_in_one_order() -> None:
    dask = pytest.importorskip("dask")
    parts = [dask.delayed(pandas_frame)(own) for own in (DATA, TURNED)]
    with pytest.raises(ValueError, match=TOLD):
        sq.dask.evaluate(parts, parts, metrics="mse")
