"""Scores along named dimensions: the bits of `evaluate` over the same axes, whatever is lazy and however it is cut."""

import re
import subprocess
import sys
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import squarely
import squarely.xarray

xr = pytest.importorskip("xarray")
pytest.importorskip("dask.array")

SHAPE = {"time": 12, "lat": 5, "lon": 7}
CHUNKS = [{}, {"time": 5}, {"time": 5, "lat": 2}, {"time": 1, "lat": 2, "lon": 3}, {"lat": 1}]


@pytest.fixture
def truth(rng: np.random.Generator) -> Any:
    return field(rng.standard_normal(tuple(SHAPE.values())))


@pytest.fixture
def prediction(truth: Any, rng: np.random.Generator) -> Any:
    return truth + rng.standard_normal(truth.shape) * 10.0 ** rng.integers(-9, 9, truth.shape)


def field(values: npt.NDArray[Any]) -> Any:
    coords = {"time": np.arange(12), "lat": np.linspace(-60, 60, 5), "lon": np.arange(0.0, 70.0, 10)}
    return xr.DataArray(values, dims=list(SHAPE), coords=coords, name="t2m", attrs={"units": "K"})


def rows_last(array: Any, dim: tuple[str, ...]) -> npt.NDArray[Any]:
    others = [name for name in array.dims if name not in dim]
    kept = [array.sizes[name] for name in others]
    return np.asarray(array.transpose(*others, *dim)).reshape(*kept, -1)


def assert_same(found: Any, report: squarely.report.Report) -> None:
    assert list(found.data_vars) == list(report)
    for name in report:
        np.testing.assert_array_equal(found[name].values, np.reshape(report[name], found[name].shape))


# The numbers


@pytest.mark.parametrize(
    "dim", [("time",), ("lat",), ("lat", "lon"), ("time", "lon"), ("lon", "time"), ("time", "lat", "lon")]
)
def test_scores_are_those_of_evaluate(dim: tuple[str, ...], truth: Any, prediction: Any) -> None:
    sides = (rows_last(array, dim) for array in (truth, prediction))
    expected = squarely.evaluate(*sides, axis=-1, multioutput="raw_values")
    at_once = squarely.xarray.evaluate(truth, prediction, dim)
    for chunks in CHUNKS:
        later = squarely.xarray.evaluate(truth.chunk(chunks), prediction.chunk(time=4), dim)
        assert all(variable.chunks is not None for variable in later.data_vars.values()), chunks
        found = later.compute()
        assert_same(found, expected)
        xr.testing.assert_identical(at_once, found)


def test_dim_is_every_dimension_by_default(truth: Any, prediction: Any) -> None:
    found = squarely.xarray.evaluate(truth, prediction)
    expected = squarely.evaluate(truth.values.ravel(), prediction.values.ravel())
    assert {name: float(found[name]) for name in found} == expected.to_dict()
    assert not found.dims


def test_one_dimension_may_be_given_by_its_name(truth: Any, prediction: Any) -> None:
    found = squarely.xarray.evaluate(truth, prediction, "time", metrics="r2_score")
    assert list(found.data_vars) == ["r2_score"]
    xr.testing.assert_identical(found, squarely.xarray.evaluate(truth, prediction, ["time"], metrics=["r2_score"]))


def test_layout_in_memory_does_not_matter(truth: Any, prediction: Any) -> None:
    for dim in ("time", ("time", "lon"), ("lat", "lon")):
        expected = squarely.xarray.evaluate(truth, prediction, dim)
        turned = prediction.transpose("lon", "time", "lat").copy()
        xr.testing.assert_identical(squarely.xarray.evaluate(truth, turned, dim), expected)
        reversed_twice = truth.isel(lat=slice(None, None, -1)).copy().isel(lat=slice(None, None, -1))
        xr.testing.assert_identical(squarely.xarray.evaluate(reversed_twice, turned, dim), expected)


def test_long_rows_of_two_dimensions_are_read_in_pieces(rng: np.random.Generator) -> None:
    y_true, y_pred = rng.standard_normal((2, 40, 3, 12_000))
    arrays = [xr.DataArray(values, dims=("time", "lat", "lon")) for values in (y_true, y_pred)]
    found = squarely.xarray.evaluate(*arrays, ("time", "lon"))
    sides = (rows_last(array, ("time", "lon")) for array in arrays)
    assert_same(found, squarely.evaluate(*sides, axis=-1, multioutput="raw_values"))


@pytest.mark.parametrize("chunks", CHUNKS)
@pytest.mark.parametrize("of", [("lat",), ("lat", "lon"), ("lon", "lat")])
def test_weights_are_of_some_of_the_dimensions(of: Any, chunks: Any, truth: Any, prediction: Any) -> None:
    weights = np.cos(np.deg2rad(truth.lat)) * xr.ones_like(truth.lon)
    weights = (weights + truth.lon / 100).transpose(*of) if len(of) == 2 else weights.isel(lon=0, drop=True)
    dim = ("lat", "lon")
    found = squarely.xarray.evaluate(truth.chunk(chunks), prediction, dim, sample_weight=weights)
    rows = np.asarray(weights.broadcast_like(truth.isel(time=0)).transpose(*dim)).ravel()
    sides = (rows_last(array, dim) for array in (truth, prediction))
    expected = squarely.evaluate(*sides, axis=-1, multioutput="raw_values", sample_weight=rows)
    assert_same(found.compute(), expected)
    lazy = squarely.xarray.evaluate(truth.chunk(chunks), prediction, dim, sample_weight=weights.chunk(lat=2))
    xr.testing.assert_identical(lazy.compute(), found.compute())


def test_one_weight_is_for_all_rows(truth: Any, prediction: Any) -> None:
    found = squarely.xarray.evaluate(truth, prediction, "time", sample_weight=3)
    expected = squarely.evaluate(truth.values, prediction.values, sample_weight=3.0, multioutput="raw_values")
    assert_same(found, expected)


def test_elements_are_read_as_they_are(rng: np.random.Generator) -> None:
    y_true, y_pred = rng.integers(-(2**62), 2**62, (2, 9, 4))
    arrays = [xr.DataArray(values, dims=("time", "x")) for values in (y_true, y_pred)]
    expected = squarely.evaluate(y_true, y_pred, multioutput="raw_values")
    assert_same(squarely.xarray.evaluate(*arrays, "time"), expected)
    assert_same(squarely.xarray.evaluate(arrays[0].chunk(time=2), arrays[1], "time").compute(), expected)


# Missing values


@pytest.mark.parametrize("chunks", CHUNKS)
def test_a_cell_without_pairs_is_nan_and_spoils_no_other(chunks: Any, truth: Any, prediction: Any) -> None:
    sea = truth.where(truth.lat > -40).where(truth.lon < 60)
    sea[:3, 2, 2] = np.nan
    found = squarely.xarray.evaluate(sea.chunk(chunks), prediction, "time", nan_policy="omit").compute()
    expected = squarely.evaluate(sea.values, prediction.values, nan_policy="omit", multioutput="raw_values")
    assert_same(found, expected)
    assert int(found["r2_score"].isnull().sum()) == 7 + 4


@pytest.mark.parametrize("chunks", CHUNKS)
def test_nan_is_refused_or_passed_on(chunks: Any, truth: Any, prediction: Any) -> None:
    truth[3, 1, 1] = np.nan
    lazy = truth.chunk(chunks)
    with pytest.raises(ValueError, match="Input contains NaN"):
        squarely.xarray.evaluate(lazy, prediction, "time").compute()
    found = squarely.xarray.evaluate(lazy, prediction, "time", nan_policy="propagate").compute()
    assert found["mean_error"].isnull().sum() == 1


def test_all_missing_is_nan_everywhere(truth: Any, prediction: Any) -> None:
    nothing = truth.where(truth > np.inf)
    for one in (nothing, nothing.chunk(time=5)):
        found = squarely.xarray.evaluate(one, prediction, "time", nan_policy="omit")
        assert bool(found["mean_squared_error"].isnull().all())


@pytest.mark.parametrize("chunks", CHUNKS)
def test_what_is_undefined_in_one_cell_is_nan_there(chunks: Any, truth: Any, prediction: Any) -> None:
    positive = abs(truth) + 1
    positive[0, 1, 1] = -3.0
    found = squarely.xarray.evaluate(
        positive.chunk(chunks), positive + 1, "time", metrics=("mean_squared_log_error", "mean_error")
    ).compute()
    assert found["mean_squared_log_error"].isnull().sum() == 1
    assert np.isnan(found["mean_squared_log_error"].values[1, 1])
    one_row = squarely.xarray.evaluate(truth[:1].chunk(lat=2), prediction[:1], "time", metrics="r2_score")
    assert bool(one_row["r2_score"].isnull().all())


# Labels


def test_coordinates_and_the_order_of_dimensions_are_kept(truth: Any, prediction: Any) -> None:
    truth = truth.assign_coords(land=(("lat", "lon"), np.ones((5, 7), bool)), year=2020, day=("time", np.arange(12)))
    for one in (truth, truth.chunk(time=5)):
        found = squarely.xarray.evaluate(one, prediction, "time", metrics="mean_error")
        assert found["mean_error"].dims == ("lat", "lon")
        assert set(found.coords) == {"lat", "lon", "land", "year"}
        xr.testing.assert_identical(found.lat, truth.lat)
    turned = squarely.xarray.evaluate(truth.transpose("lon", "time", "lat"), prediction, "time", metrics="mean_error")
    assert turned["mean_error"].dims == ("lon", "lat")


def test_a_dimension_of_one_side_is_one_of_the_result(truth: Any, prediction: Any) -> None:
    members = xr.concat([prediction, prediction + 1], xr.Variable("member", [1, 2]))
    for sides in ((truth, members), (truth.chunk(time=5), members), (truth.chunk(time=5), members.chunk(member=1))):
        found = squarely.xarray.evaluate(*sides, "time").compute()
        assert set(found["mean_error"].dims) == {"member", "lat", "lon"}
        for member, one in ((1, prediction), (2, prediction + 1)):
            expected = squarely.xarray.evaluate(truth, one, "time")
            xr.testing.assert_identical(found.sel(member=member, drop=True), expected)


def test_attributes_are_kept_where_asked(truth: Any, prediction: Any) -> None:
    for keep in (False, True):
        found = squarely.xarray.evaluate(truth, prediction, "time", metrics="mean_error", keep_attrs=keep)
        assert found["mean_error"].attrs == ({"units": "K"} if keep else {})


@pytest.mark.parametrize("chunks", [None, {"time": 5, "lat": 2}])
def test_datasets_keep_their_variables(chunks: Any, truth: Any, prediction: Any) -> None:
    metrics = ("mean_squared_error", squarely.metric("mean_pinball_loss", alpha=0.9))
    forecast = xr.Dataset({"t2m": prediction, "wind": prediction * 2, "other": prediction})
    observed = xr.Dataset({"wind": truth, "t2m": truth, "height": truth.isel(time=0)}, attrs={"source": "made up"})
    observed = observed if chunks is None else observed.chunk(chunks)
    found = squarely.xarray.evaluate(observed, forecast, "time", metrics=metrics)
    assert set(found.data_vars) == {"t2m", "wind"}
    assert found["t2m"].dims == ("metric", "lat", "lon")
    assert found.metric.values.tolist() == ["mean_squared_error", "mean_pinball_loss(alpha=0.9)"]
    assert (found["wind"].chunks is None) == (chunks is None)
    for name in ("t2m", "wind"):
        alone = squarely.xarray.evaluate(truth, forecast[name], "time", metrics=metrics)
        for metric in found.metric.values:
            np.testing.assert_array_equal(found[name].sel(metric=metric), alone[metric])


# Laziness


def test_chunks_along_the_dimension_are_not_gathered(truth: Any, prediction: Any) -> None:
    dask = pytest.importorskip("dask")
    seen = []

    def read(block: npt.NDArray[Any]) -> npt.NDArray[Any]:
        seen.append(block.shape)
        return block

    lazy = truth.chunk(time=3)
    lazy = lazy.copy(data=lazy.data.map_blocks(read, dtype=float, meta=np.empty((0, 0, 0))))
    found = squarely.xarray.evaluate(lazy, prediction.chunk(time=3), "time")
    assert seen == []
    optimized = dict(dask.optimize(found["r2_score"].data)[0].dask)
    shapes = {value.shape for value in dask.get(optimized, list(optimized)) if isinstance(value, np.ndarray)}
    assert max(map(np.prod, shapes)) < 12 * 5 * 7
    assert set(seen) == {(3, 5, 7)}


# Refusals


def test_coordinates_that_differ_are_refused(truth: Any, prediction: Any) -> None:
    with pytest.raises(ValueError, match="must have equal coordinates along the dimensions they share.*join='inner'"):
        squarely.xarray.evaluate(truth, prediction.assign_coords(lat=prediction.lat + 1e-9), "time")
    with pytest.raises(ValueError, match="must have equal coordinates"):
        squarely.xarray.evaluate(truth, prediction.isel(time=slice(5)), "time")
    with pytest.raises(ValueError, match="must have equal coordinates"):
        squarely.xarray.evaluate(truth, prediction, "lat", sample_weight=truth.lat[::-1])
    aligned = xr.align(truth, prediction.isel(time=slice(5)), join="inner")
    assert squarely.xarray.evaluate(*aligned, "time").sizes == {"lat": 5, "lon": 7}
    unlabelled = [array.drop_vars(list(array.coords)) for array in (truth, prediction[:5])]
    with pytest.raises(ValueError, match="must have equal coordinates"):
        squarely.xarray.evaluate(*unlabelled, "time")


def test_a_missing_dimension_is_refused(truth: Any, prediction: Any) -> None:
    with pytest.raises(
        ValueError, match=re.escape("truth has no dimension 'level', along which to score: it has ('ti")
    ):
        squarely.xarray.evaluate(truth, prediction, ("time", "level"))
    with pytest.raises(ValueError, match="prediction has no dimension 'time'"):
        squarely.xarray.evaluate(truth, prediction.isel(time=0, drop=True), "time")
    both = xr.Dataset({"a": truth, "b": truth.isel(time=0, drop=True)})
    with pytest.raises(ValueError, match=re.escape("truth (variable 'b') has no dimension 'time'")):
        squarely.xarray.evaluate(both, both, "time")
    for nothing in ([], ["time", "time"]):
        with pytest.raises(ValueError, match="must name at least one dimension, each once"):
            squarely.xarray.evaluate(truth, prediction, nothing)


def test_other_kinds_are_refused(truth: Any, prediction: Any) -> None:
    with pytest.raises(TypeError, match="'prediction' parameter.*Got ndarray; squarely.evaluate takes arrays without"):
        squarely.xarray.evaluate(truth, prediction.values, "time")
    with pytest.raises(TypeError, match="must be of the same kind. Got Dataset and DataArray"):
        squarely.xarray.evaluate(truth.to_dataset(), prediction, "time")
    with pytest.raises(
        ValueError, match=re.escape("No variable is in both Datasets: truth has ['a'], prediction ['b']")
    ):
        squarely.xarray.evaluate(truth.to_dataset(name="a"), truth.to_dataset(name="b"), "time")
    with pytest.raises(ValueError, match="truth has a dimension 'metric'"):
        squarely.xarray.evaluate(truth.rename(lat="metric"), prediction.rename(lat="metric"), "time")
    with pytest.raises(ValueError, match=re.escape("Found array with 0 sample(s)")):
        squarely.xarray.evaluate(truth[:0], prediction[:0], "time")
    with pytest.raises(ValueError, match="median_absolute_error needs all pairs at once"):
        squarely.xarray.evaluate(truth, prediction, "time", metrics="median_absolute_error")
    with pytest.raises(ValueError, match="'nan_policy' parameter"):
        squarely.xarray.evaluate(truth, prediction, "time", nan_policy="skip")


def test_weights_that_are_not_of_rows_are_refused(truth: Any, prediction: Any) -> None:
    with pytest.raises(
        ValueError, match=re.escape("sample_weight has the dimensions ('lat',), and weights are of rows")
    ):
        squarely.xarray.evaluate(truth, prediction, "time", sample_weight=truth.lat)
    of_rows_and_cells = xr.ones_like(truth.isel(lon=0, drop=True))
    for weights in (xr.DataArray(1.0), of_rows_and_cells, of_rows_and_cells.expand_dims(member=2)):
        with pytest.raises(ValueError, match="weights are of rows"):
            squarely.xarray.evaluate(truth, prediction, "time", sample_weight=weights)
    with pytest.raises(TypeError, match="without names it is not known along which dimension"):
        squarely.xarray.evaluate(truth, prediction, "time", sample_weight=np.ones(12))


def test_cells_without_weight_have_no_score(truth: Any, prediction: Any) -> None:
    nothing = squarely.xarray.evaluate(truth, prediction, "time", sample_weight=0.0)
    for score in nothing.values():
        assert np.isnan(score).all()


def test_without_xarray_the_extra_is_named() -> None:
    code = """
import sys
sys.modules["xarray"] = None
import squarely.xarray
try:
    squarely.xarray.evaluate([1.0], [2.0])
except ImportError as error:
    print(error)
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert found.strip() == "xarray is not installed. Install it with: pip install 'squarely[xarray]'"
