"""The worst cells of labelled arrays: those of a sort over all of them, with their coordinates."""

import re
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import squarely
import squarely.xarray

xr = pytest.importorskip("xarray")

SHAPE = (6, 4, 5)


@pytest.fixture
def truth(rng: np.random.Generator) -> Any:
    return xr.DataArray(
        rng.integers(0, 9, SHAPE) * 1.0,
        dims=("time", "lat", "lon"),
        coords={
            "time": np.datetime64("2024-02-27", "ns") + np.arange(6) * np.timedelta64(1, "D"),
            "lat": [-60, -20, 20, 60],
        },
    )


@pytest.fixture
def guess(truth: Any, rng: np.random.Generator) -> Any:
    return truth + rng.integers(-3, 4, SHAPE)


def test_they_are_those_of_a_sort_with_their_coordinates(truth: Any, guess: Any) -> None:
    size = np.abs(truth.values - guess.values).ravel()
    expected = np.lexsort((np.arange(size.size), -size))[:25]
    table = squarely.xarray.worst_rows(truth, guess, 25)
    assert table["row"] == expected.tolist()
    days, lats, lons = np.unravel_index(expected, SHAPE)
    assert table["time"] == [
        f"2024-{['02-27', '02-28', '02-29', '03-01', '03-02', '03-03'][day]}T00:00:00.000000000" for day in days
    ]
    assert table["lat"] == truth.lat.values[lats].tolist()
    assert table["lon"] == lons.tolist()
    squares = [Fraction(one) ** 2 for one in size.tolist()]
    assert table["share_percent"] == [float(100 * squares[row] / sum(squares)) for row in expected]
    flat = squarely.evaluate(truth.values.ravel(), guess.values.ravel(), metrics=("mse", "r2"), worst=25).worst
    assert table["r2_influence"] == flat["r2_influence"]


@pytest.mark.parametrize("chunks", [{"time": 2}, {"lon": 2, "lat": 3}, {"time": 1, "lat": 1, "lon": 1}, {"lat": -1}])
@pytest.mark.parametrize("by", ["mse", "mae", squarely.metric("mean_pinball_loss", alpha=0.9)])
def test_chunks_do_not_matter(truth: Any, guess: Any, chunks: dict[str, int], by: Any) -> None:
    pytest.importorskip("dask")
    weights = xr.DataArray([0.5, 1.0, 1.0, 0.25], dims="lat", coords={"lat": truth.lat})
    for options in ({}, {"sample_weight": weights}, {"sample_weight": 0.5}):
        whole = squarely.xarray.worst_rows(truth, guess, 30, by=by, **options)
        found = squarely.xarray.worst_rows(truth.chunk(chunks), guess.chunk(lon=3), 30, by=by, **options)
        assert found.to_dict() == whole.to_dict()
        assert str(found) == str(whole)


def test_dimensions_are_paired_by_name(truth: Any, guess: Any) -> None:
    turned = squarely.xarray.worst_rows(truth, guess.transpose("lon", "time", "lat"), 30)
    assert turned.to_dict() == squarely.xarray.worst_rows(truth, guess, 30).to_dict()
    members = xr.concat([truth, guess], "member")
    table = squarely.xarray.worst_rows(truth, members, 3)
    assert table["member"] == [1, 1, 1]
    assert table.columns[:5] == ("row", "time", "lat", "lon", "member")


def test_missing_cells_are_what_the_policy_says(truth: Any, guess: Any) -> None:
    missing = guess.where(guess.lat > -30)
    with pytest.raises(ValueError, match="NaN"):
        squarely.xarray.worst_rows(truth, missing)
    table = squarely.xarray.worst_rows(truth, missing, 90, nan_policy="omit")
    assert len(table) == 90
    assert set(table["lat"]) == {-20, 20, 60}
    assert len(squarely.xarray.worst_rows(truth, missing, 100, nan_policy="omit")) == 90
    assert len(squarely.xarray.worst_rows(truth, guess, 0)) == 0


def test_what_cannot_be_is_refused(truth: Any, guess: Any) -> None:
    with pytest.raises(TypeError, match="must be a DataArray. Got Dataset"):
        squarely.xarray.worst_rows(truth.to_dataset(name="t2m"), guess)
    with pytest.raises(TypeError, match="'sample_weight' parameter of squarely.xarray.worst_rows must be a DataArray"):
        squarely.xarray.worst_rows(truth, guess, sample_weight=[1.0, 2.0])
    with pytest.raises(ValueError, match="must have equal coordinates"):
        squarely.xarray.worst_rows(truth, guess.assign_coords(lat=[1, 2, 3, 4]))
    with pytest.raises(ValueError, match="integer from 0 to 10000. Got 10001"):
        squarely.xarray.worst_rows(truth, guess, 10_001)
    with pytest.raises(ValueError, match=re.escape("The column 'row' cannot be shown")):
        squarely.xarray.worst_rows(truth.rename(lat="row"), guess.rename(lat="row"))


@pytest.mark.parametrize("is_chunked", [False, True])
@pytest.mark.parametrize("weight", [None, 2.0])
def test_arrays_without_dimensions_are_one_cell(*, is_chunked: bool, weight: float | None) -> None:
    truth, guess = xr.DataArray(1.0, coords={"time": 7}), xr.DataArray(4.0)
    if is_chunked:
        pytest.importorskip("dask")
        truth = truth.chunk()
    table = squarely.xarray.worst_rows(truth, guess, 3, sample_weight=weight)
    row = {"row": [0], "y_true": [1.0], "y_pred": [4.0], "residual": [-3.0], "loss": [9.0]}
    assert {name: table[name] for name in row} == row
    assert ("contribution" in table.columns) == (weight is not None)
    assert str(table).splitlines()[-1] == "1 worst of 1 rows by squared_error: 100 % of the sum"
