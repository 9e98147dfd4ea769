"""Scores by group along named dimensions: the bits of a loop over the groups, however they are cut."""

import re
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import squarely
import squarely.xarray

xr = pytest.importorskip("xarray")
pytest.importorskip("dask.array")

CHUNKS = [{}, {"time": 5}, {"time": 1, "lat": 2, "lon": 3}, {"lat": 1}]
METRICS = ("mean_squared_error", "r2_score", "max_error", squarely.metric("mean_pinball_loss", alpha=0.9))


@pytest.fixture
def truth(rng: np.random.Generator) -> Any:
    coords = {
        "time": np.datetime64("2023-11-20", "ns") + 5 * np.arange(18) * np.timedelta64(1, "D"),
        "lat": np.linspace(-60, 60, 5),
        "lon": np.arange(0.0, 40.0, 10),
        "region": ("lat", ["polar", "mild", "warm", "mild", "polar"]),
        "sea": (("lat", "lon"), rng.random((5, 4)) < 0.5),
        "source": "made up",
    }
    return xr.DataArray(
        rng.standard_normal((18, 5, 4)), dims=("time", "lat", "lon"), coords=coords, name="t2m", attrs={"units": "K"}
    )


@pytest.fixture
def prediction(truth: Any, rng: np.random.Generator) -> Any:
    return truth + rng.standard_normal(truth.shape) * 10.0 ** rng.integers(-9, 9, truth.shape)


def looped(truth: Any, prediction: Any, dim: Any, by: Any, name: str, **options: Any) -> Any:
    """Return what a loop over groupby gives: each group is scored on its own, and they are put side by side."""
    scores = []
    stacked = by.ndim > 1
    for (key, own), (_, other) in zip(truth.groupby(by), prediction.groupby(by), strict=True):
        rows = [one for one in own.dims if one.startswith("stacked_")] + [d for d in dim if d not in by.dims]
        sides = [one.reset_index(rows[0], drop=True) if stacked else one for one in (own, other)]
        of_group = squarely.xarray.evaluate(*sides, rows if stacked else dim, metrics=METRICS, **options)
        scores.append(of_group.drop_vars(name, errors="ignore").expand_dims({name: [key]}))
    return xr.concat(scores, name)


def assert_equal(found: Any, expected: Any) -> None:
    assert list(found.data_vars) == list(expected.data_vars)
    for name in found.data_vars:
        assert found[name].dims == expected[name].dims
        np.testing.assert_array_equal(found[name].values, expected[name].values)
    for name in found.dims:
        np.testing.assert_array_equal(found[name].values, expected[name].values)


# The numbers


@pytest.mark.parametrize(
    ("dim", "by"),
    [
        (("time",), "time.month"),
        (("time",), "time.season"),
        (("time", "lon"), "time.month"),
        (("lon", "time", "lat"), "time.month"),
        (("lat",), "region"),
        (("lat", "lon"), "region"),
        (("lat", "lon"), "sea"),
        (("time", "lat", "lon"), "sea"),
        (("time",), "time"),
    ],
)
def test_scores_are_those_of_a_loop_over_groups(dim: Any, by: str, truth: Any, prediction: Any) -> None:
    expected = looped(truth, prediction, dim, truth[by], by.removeprefix("time."))  # which takes longer than all others
    for chunks in (None, *CHUNKS):
        sides = (truth, prediction) if chunks is None else (truth.chunk(chunks), prediction.chunk(time=4))
        found = squarely.xarray.evaluate(*sides, dim, metrics=METRICS, by=by)
        assert all((variable.chunks is None) == (chunks is None) for variable in found.data_vars.values()), chunks
        assert_equal(found.compute(), expected)


def test_dim_is_every_dimension_by_default(truth: Any, prediction: Any) -> None:
    found = squarely.xarray.evaluate(truth, prediction, metrics="mean_squared_error", by="time.month")
    month = np.repeat(truth["time.month"].values, 20)
    expected = squarely.evaluate(truth.values.ravel(), prediction.values.ravel(), metrics="mse", by=month)
    assert found["mean_squared_error"].dims == ("month",)
    assert found.month.values.tolist() == expected.keys == [1, 2, 11, 12]
    assert found["mean_squared_error"].values.tolist() == expected["mse"].tolist()


@pytest.mark.parametrize("chunks", [None, *CHUNKS])
def test_weights_go_with_groups(chunks: Any, truth: Any, prediction: Any) -> None:
    weights = np.cos(np.deg2rad(truth.lat))
    sides = (truth, prediction) if chunks is None else (truth.chunk(chunks), prediction.chunk(time=4))
    for sample_weight in (weights, 3.0):
        for by in ("region", "time.month"):
            options = {"sample_weight": sample_weight}
            found = squarely.xarray.evaluate(*sides, ("time", "lat"), metrics=METRICS, by=by, **options).compute()
            for key in found[by.removeprefix("time.")].values:
                rows = (truth[by] == key).values
                (along,) = truth[by].dims
                own = [one.isel({along: rows}) for one in (truth, prediction)]
                if by == "region" and sample_weight is weights:
                    options = {"sample_weight": weights.isel(lat=rows)}
                expected = squarely.xarray.evaluate(*own, ("time", "lat"), metrics=METRICS, **options)
                at_key = found.sel({by.removeprefix("time."): key})
                for name in expected.data_vars:
                    np.testing.assert_array_equal(at_key[name].values, expected[name].values)


@pytest.mark.parametrize("chunks", [None, *CHUNKS])
def test_several_groupings_have_a_dimension_each(chunks: Any, truth: Any, prediction: Any) -> None:
    sides = (truth, prediction) if chunks is None else (truth.chunk(chunks), prediction.chunk(time=4))
    by = [truth["time.month"], "region"]
    found = squarely.xarray.evaluate(*sides, ("lat", "time"), metrics=METRICS, by=by).compute()
    assert found["r2_score"].dims == ("month", "region", "lon")
    for month in found.month.values:
        own = [one.isel(time=(truth["time.month"] == month).values) for one in (truth, prediction)]
        expected = squarely.xarray.evaluate(*own, ("lat", "time"), metrics=METRICS, by="region")
        for name in expected.data_vars:
            np.testing.assert_array_equal(found[name].sel(month=month).values, expected[name].values)


def test_combinations_that_do_not_occur_are_nan(truth: Any, prediction: Any) -> None:
    year = truth["time.year"]
    found = squarely.xarray.evaluate(truth, prediction, metrics="mean_error", by=["time.month", year])
    occurs = found["mean_error"].notnull().to_series()
    assert occurs[occurs].index.tolist() == [(1, 2024), (2, 2024), (11, 2023), (12, 2023)]


def test_long_rows_of_two_dimensions_are_read_in_pieces(rng: np.random.Generator) -> None:
    y_true, y_pred = rng.standard_normal((2, 40, 3, 12_000))
    by = xr.DataArray(np.arange(40) % 3, dims="time", name="third")
    arrays = [xr.DataArray(values, dims=("time", "lat", "lon")) for values in (y_true, y_pred)]
    found = squarely.xarray.evaluate(*arrays, ("time", "lon"), metrics=METRICS, by=by)
    for third in range(3):
        expected = squarely.xarray.evaluate(*(one[third::3] for one in arrays), ("time", "lon"), metrics=METRICS)
        xr.testing.assert_identical(found.sel(third=third, drop=True), expected)


# Missing values


@pytest.mark.parametrize("chunks", [None, *CHUNKS])
def test_a_cell_without_pairs_in_a_group_is_nan_there(chunks: Any, truth: Any, prediction: Any) -> None:
    is_january = truth["time.month"] == 1
    sea = truth.where(~is_january | (truth.lat > -40))
    sides = (sea, prediction) if chunks is None else (sea.chunk(chunks), prediction)
    found = squarely.xarray.evaluate(*sides, "time", metrics=METRICS, nan_policy="omit", by="time.month").compute()
    assert_equal(found, looped(sea, prediction, ("time",), truth["time.month"], "month", nan_policy="omit"))
    assert int(found["max_error"].isnull().sum()) == 4
    assert bool(found["max_error"].sel(month=1, lat=-60).isnull().all())


def test_nan_is_refused_or_passed_on(truth: Any, prediction: Any) -> None:
    truth[3, 1, 1] = np.nan
    for one in (truth, truth.chunk(time=5)):
        with pytest.raises(ValueError, match="Input contains NaN"):
            squarely.xarray.evaluate(one, prediction, "time", by="time.month").compute()
        found = squarely.xarray.evaluate(one, prediction, "time", by="time.month", nan_policy="propagate")
        assert int(found["mean_error"].isnull().sum()) == 1


@pytest.mark.parametrize(
    ("keys", "groups"),
    [
        ([1.0, np.nan, -2.5, np.nan, 1.0], [-2.5, 1.0, np.nan]),
        (np.array(["NaT", "2024-01-01", "NaT", "2023-01-01", "NaT"], "M8[s]"), None),
        (np.array(["b", None, "a", "b", "b"], object), ["a", "b", None]),
    ],
)
def test_a_missing_key_is_a_group_and_the_last(keys: Any, groups: Any, truth: Any, prediction: Any) -> None:
    by = xr.DataArray(keys, dims="lat", name="kind")
    found = squarely.xarray.evaluate(truth, prediction, "lat", metrics="mean_error", by=by)
    assert found["mean_error"].dims == ("kind", "time", "lon")
    assert found.kind.size == 3
    assert bool(found.kind.isnull()[-1])
    if groups is not None:
        assert found.kind.values[:-1].tolist() == groups[:-1]
    own = [one.isel(lat=by.isnull().values) for one in (truth, prediction)]
    expected = squarely.xarray.evaluate(*own, "lat", metrics="mean_error")
    np.testing.assert_array_equal(found["mean_error"][-1].values, expected["mean_error"].values)


def test_what_is_undefined_in_one_group_is_nan_there(truth: Any, prediction: Any) -> None:
    positive = abs(truth) + 1
    positive[0, 1, 1] = -3.0
    metrics = ("mean_squared_log_error", "mean_error")
    found = squarely.xarray.evaluate(positive, positive + 1, "time", metrics=metrics, by="time.month")
    assert int(found["mean_squared_log_error"].isnull().sum()) == 1
    assert np.isnan(found["mean_squared_log_error"].sel(month=11).values[1, 1])
    assert not bool(found["mean_error"].isnull().any())


# Labels


def test_groups_have_the_name_and_the_keys_of_their_coordinate(truth: Any, prediction: Any) -> None:
    for one in (truth, truth.chunk(time=5)):
        found = squarely.xarray.evaluate(one, prediction, "time", metrics="mean_error", by="time.month")
        assert found["mean_error"].dims == ("month", "lat", "lon")
        assert set(found.coords) == {"month", "lat", "lon", "region", "sea", "source"}
        assert found.month.dtype == truth["time.month"].dtype
        xr.testing.assert_identical(found.lat, truth.lat)
    named = squarely.xarray.evaluate(truth, prediction, "lat", metrics="mean_error", by="region")
    assert named.region.dtype == truth.region.dtype
    assert named.region.values.tolist() == ["mild", "polar", "warm"]
    nameless = xr.DataArray(np.arange(18) % 2, dims="time")
    assert squarely.xarray.evaluate(truth, prediction, "time", by=nameless).sizes == {"group": 2, "lat": 5, "lon": 4}


def test_groups_may_have_the_name_of_what_is_scored_along(truth: Any, prediction: Any) -> None:
    hemisphere = (truth.lat > 0).rename("lat")
    found = squarely.xarray.evaluate(truth, prediction, "lat", metrics="mean_error", by=hemisphere)
    assert found["mean_error"].dims == ("lat", "time", "lon")
    assert found.lat.values.tolist() == [False, True]
    source = xr.DataArray(np.arange(5) % 2, dims="lat", name="source")
    assert squarely.xarray.evaluate(truth, prediction, "lat", by=source).source.values.tolist() == [0, 1]


def test_coordinates_of_the_prediction_are_found_too(truth: Any, prediction: Any) -> None:
    found = squarely.xarray.evaluate(truth.drop_vars("region"), prediction, "lat", by="region", metrics="mean_error")
    xr.testing.assert_identical(
        found, squarely.xarray.evaluate(truth, prediction, "lat", by="region", metrics="mean_error")
    )


@pytest.mark.parametrize("chunks", [None, {"time": 5, "lat": 2}])
def test_datasets_keep_their_variables(chunks: Any, truth: Any, prediction: Any) -> None:
    forecast = xr.Dataset({"t2m": prediction, "wind": prediction * 2, "other": prediction})
    observed = xr.Dataset({"wind": truth, "t2m": truth, "half": ("time", np.arange(18) // 9)})
    observed = observed if chunks is None else observed.chunk(chunks)
    for by in ("time.month", "half"):
        found = squarely.xarray.evaluate(observed, forecast, "time", metrics=METRICS, by=by)
        name = by.removeprefix("time.")
        assert found["t2m"].dims == ("metric", name, "lat", "lon")
        assert (found["wind"].chunks is None) == (chunks is None)
        keys = observed[by].compute()
        for variable in ("t2m", "wind"):
            alone = squarely.xarray.evaluate(truth, forecast[variable], "time", metrics=METRICS, by=keys)
            for metric in found.metric.values:
                np.testing.assert_array_equal(found[variable].sel(metric=metric), alone[metric])


def test_a_dimension_of_one_side_is_one_of_the_result(truth: Any, prediction: Any) -> None:
    members = xr.concat([prediction, prediction + 1], xr.Variable("member", [1, 2]))
    for sides in ((truth, members), (truth.chunk(time=5), members.chunk(member=1))):
        found = squarely.xarray.evaluate(*sides, "time", by="time.month", metrics="mean_error").compute()
        for member, one in ((1, prediction), (2, prediction + 1)):
            expected = squarely.xarray.evaluate(truth, one, "time", by="time.month", metrics="mean_error")
            at_member = found["mean_error"].sel(member=member).transpose("month", "lat", "lon")
            np.testing.assert_array_equal(at_member.values, expected["mean_error"].values)


def test_attributes_are_kept_where_asked(truth: Any, prediction: Any) -> None:
    for keep in (False, True):
        found = squarely.xarray.evaluate(
            truth, prediction, "time", metrics="mean_error", keep_attrs=keep, by="time.month"
        )
        assert found["mean_error"].attrs == ({"units": "K"} if keep else {})


# Laziness


def test_chunks_along_the_dimension_are_not_gathered(truth: Any, prediction: Any) -> None:
    dask = pytest.importorskip("dask")
    seen = []

    def read(block: npt.NDArray[Any]) -> npt.NDArray[Any]:
        seen.append(block.shape)
        return block

    lazy = truth.chunk(time=6)
    lazy = lazy.copy(data=lazy.data.map_blocks(read, dtype=float, meta=np.empty((0, 0, 0))))
    found = squarely.xarray.evaluate(lazy, prediction.chunk(time=6), "time", by="time.month")
    assert seen == []
    optimized = dict(dask.optimize(found["r2_score"].data)[0].dask)
    shapes = {value.shape for value in dask.get(optimized, list(optimized)) if isinstance(value, np.ndarray)}
    assert (18, 5, 4) not in shapes
    assert set(seen) == {(6, 5, 4)}


# Refusals


def test_keys_that_are_no_keys_of_rows_are_refused(truth: Any, prediction: Any) -> None:
    for by in ("region", truth["time.month"] + truth.lat, xr.DataArray(1, name="one")):
        with pytest.raises(ValueError, match="and groups are of rows: it must have some of"):
            squarely.xarray.evaluate(truth, prediction, "time", by=by)
    with pytest.raises(ValueError, match="must have equal coordinates"):
        squarely.xarray.evaluate(truth, prediction, "time", by=truth["time.month"][::-1])
    with pytest.raises(ValueError, match="must have equal coordinates"):
        squarely.xarray.evaluate(truth, prediction, "time", by=truth["time.month"][1:])


def test_names_that_would_be_there_twice_are_refused(truth: Any, prediction: Any) -> None:
    month = truth["time.month"]
    for by in (month.rename("lat"), month.rename("metric"), [month, month]):
        with pytest.raises(ValueError, match="The result would have two dimensions"):
            squarely.xarray.evaluate(truth, prediction, "time", by=by)


@pytest.mark.parametrize("by", ["regoin", "time.monht", 5, np.arange(18), []])
def test_what_names_no_coordinate_is_refused(by: Any, truth: Any, prediction: Any) -> None:
    with pytest.raises(TypeError, match="The 'by' parameter"):
        squarely.xarray.evaluate(truth, prediction, "time", by=by)
    with pytest.raises(TypeError, match=re.escape("'time', 'lat', 'lon', 'region', 'sea', 'source'. Got 'regoin'")):
        squarely.xarray.evaluate(truth, prediction, "time", by="regoin")
