"""A chunk without rows adds nothing, wherever chunks are taken, and is refused where one with rows would not fit."""

import pathlib
from typing import Any

import numpy as np
import pytest

import squarely as sq

EMPTY = np.empty(0)
DATA = np.array([1.0, 2.0, 4.0]), np.array([1.5, 2.0, 3.0])


def of_pandas() -> Any:
    return pytest.importorskip("pandas").Series([], dtype=float)


def of_polars() -> Any:
    return pytest.importorskip("polars").Series([], dtype=pytest.importorskip("polars").Float64)


def of_arrow() -> Any:
    return pytest.importorskip("pyarrow").chunked_array([], pytest.importorskip("pyarrow").float64())


def of_xarray() -> Any:
    return pytest.importorskip("xarray").DataArray(EMPTY, dims="time")


def of_a_filtered_frame() -> Any:
    frame = pytest.importorskip("pandas").DataFrame({"y": DATA[0]})
    return frame[frame["y"] > 10.0]


WITHOUT_ROWS = {
    "an array": lambda: EMPTY,
    "integers": lambda: np.empty(0, np.int64),
    "a column": lambda: np.empty((0, 1)),
    "a list": list,
    "a masked array": lambda: np.ma.masked_array(EMPTY),
    "pandas": of_pandas,
    "polars": of_polars,
    "Arrow": of_arrow,
    "xarray": of_xarray,
    "a filtered frame": of_a_filtered_frame,
}


@pytest.mark.parametrize("summation", ["exact", "kahan", "pairwise"])
@pytest.mark.parametrize("kind", WITHOUT_ROWS)
def test_an_accumulator_stays_as_it_is(kind: str, summation: Any) -> None:
    nothing = WITHOUT_ROWS[kind]()
    accumulator = sq.Accumulator(summation=summation)
    before = accumulator.to_bytes()
    assert accumulator.update(nothing, nothing).to_bytes() == before
    before = accumulator.update(*DATA).to_bytes()
    assert accumulator.update(nothing, nothing).to_bytes() == before


@pytest.mark.parametrize("unit", ["rows", "chunks"])
@pytest.mark.parametrize("kind", WITHOUT_ROWS)
def test_a_window_stays_as_it_is(kind: str, unit: Any) -> None:
    nothing = WITHOUT_ROWS[kind]()
    rolling = sq.RollingAccumulator(window=2, unit=unit)
    assert rolling.update(nothing, nothing).count == 0
    for _ in range(3):
        rolling.update(*DATA)
    before = rolling.snapshot()
    for _ in range(3):
        rolling.update(nothing, nothing)
    assert rolling.snapshot() == before


def test_the_first_chunk_with_rows_says_how_many_outputs_there_are() -> None:
    accumulator = sq.Accumulator("sse").update(EMPTY, EMPTY, sample_weight=EMPTY)
    assert accumulator.update(np.ones((2, 3)), np.zeros((2, 3)))["sse"] == 2.0


def test_weights_and_masks_without_rows_go_with_them() -> None:
    accumulator = sq.Accumulator("sse")
    for weight, where in ((EMPTY, np.empty(0, bool)), ([], []), (1.0, None), (None, ())):
        assert accumulator.update(EMPTY, EMPTY, sample_weight=weight, where=where).count == 0
    fields = np.empty((3, 0, 2))
    assert accumulator.update(fields, fields, axis=1).count == 0


@pytest.mark.parametrize("make", [sq.Accumulator, lambda metrics: sq.RollingAccumulator(metrics, window=9)])
def test_what_would_not_fit_is_refused_all_the_same(make: Any) -> None:
    accumulator = make("mse").update(*DATA)
    with pytest.raises(ValueError, match="has 1 output.*has 2 output"):
        accumulator.update(np.empty((0, 2)), np.empty((0, 2)))
    with pytest.raises(ValueError, match="began without sample_weight"):
        accumulator.update(EMPTY, EMPTY, sample_weight=EMPTY)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        accumulator.update(EMPTY, [1.0])
    with pytest.raises(ValueError, match="which is not a number"):
        accumulator.update(EMPTY, np.empty(0, "m8[s]"))
    with pytest.raises(ValueError, match=r"0 feature\(s\)"):
        accumulator.update(np.empty((3, 0)), np.empty((3, 0)))
    assert accumulator.count == 3


def test_nothing_is_no_score() -> None:
    with pytest.raises(ValueError, match="has seen no pairs yet"):
        sq.Accumulator("mse").update(EMPTY, EMPTY).compute()
    with pytest.raises(ValueError, match="has seen no pairs yet"):
        sq.RollingAccumulator("mse", window=2).update(EMPTY, EMPTY).compute()
    with pytest.raises(ValueError, match="no rows to score"):
        sq.score_files(iter([(EMPTY, EMPTY)]))
    for score in (sq.mean_squared_error, sq.evaluate):
        with pytest.raises(ValueError, match="a minimum of 1 is required"):
            score(EMPTY, EMPTY)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_files_and_iterators_may_bring_some(place: int, tmp_path: pathlib.Path) -> None:
    pytest.importorskip("pyarrow")
    chunks = [([1.0], [2.0]), ([4.0], [4.5])]
    expected = sq.Accumulator("mse").update([1.0, 4.0], [2.0, 4.5]).digest()
    chunks.insert(place, ([], []))
    assert sq.score_files(iter(chunks), metrics="mse").digest == expected
    assert sq.score_files(chunks, metrics="mse").digest == expected
    named = [(y_true, {"a": y_pred, "b": y_pred}) for y_true, y_pred in chunks]
    assert sq.score_files(iter(named), metrics="mse").digest == {"a": expected, "b": expected}
    paths = [tmp_path / f"{number}.csv" for number in range(3)]
    for path, (y_true, y_pred) in zip(paths, chunks, strict=True):
        path.write_text("y,p\n" + "".join(f"{y},{p}\n" for y, p in zip(y_true, y_pred, strict=True)))
    assert sq.score_files(paths, true="y", pred="p", metrics="mse").digest == expected


def test_dask_may_have_some() -> None:
    dask = pytest.importorskip("dask")
    chunks = [([], []), (DATA[0], DATA[1]), ([], [])]
    y_true, y_pred = ([dask.delayed(chunk) for chunk in side] for side in zip(*chunks, strict=True))
    whole = sq.Accumulator().update(*DATA).digest()
    assert sq.dask.accumulate(y_true, y_pred).digest() == whole
    counts = [dask.delayed(chunk) for chunk in ([], [True] * 3, [])]
    assert sq.dask.accumulate(y_true, y_pred, where=counts).digest() == whole
    with pytest.raises(ValueError, match="which is not a number"):
        sq.dask.accumulate(y_true, [*y_pred[:2], dask.delayed(np.empty(0, "m8[s]"))])
