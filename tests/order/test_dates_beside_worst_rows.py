"""Dates and moments beside worst rows are text, the same whatever unit and library they come in."""

from typing import Any

import numpy as np
import pytest

import squarely


def shown(column: Any) -> list[Any]:
    rows = len(column)
    worst = squarely.evaluate(np.zeros(rows), np.arange(rows, 0, -1.0), worst=rows, worst_columns={"when": column})
    return list(worst.worst["when"])


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_moments_of_every_unit_are_the_same_text(unit: str) -> None:
    moments = np.array(["2024-02-29T06:30", "NaT", "1969-07-20T20:17:40"], f"datetime64[{unit}]")
    assert shown(moments) == ["2024-02-29 06:30:00", None, "1969-07-20 20:17:40"]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_stretches_of_time_of_every_unit_are_the_same_text(unit: str) -> None:
    assert shown(np.array([90, 86_400], "timedelta64[s]").astype(f"timedelta64[{unit}]")) == [
        "0:01:30",
        "1 day, 0:00:00",
    ]


def test_days_have_no_time_of_day() -> None:
    assert shown(np.array(["2024-02-29", "NaT"], "datetime64[D]")) == ["2024-02-29", None]


def test_nanoseconds_are_kept() -> None:
    pandas = pytest.importorskip("pandas")
    moments = np.array(["2024-02-29T06:30:00.000000001"], "datetime64[ns]")
    assert shown(moments) == ["2024-02-29 06:30:00.000000001"] == shown(pandas.Series(moments))


def test_what_python_has_no_moment_for_is_text() -> None:
    assert shown(np.array(["20000-01-01"], "datetime64[D]")) == ["20000-01-01"]
    assert shown(np.array([3], "timedelta64[Y]")) == ["3 years"]
    assert shown(np.array([-7], "timedelta64[ps]")) == ["-7 picoseconds"]


def test_a_frame_of_them_has_text_that_reads_back() -> None:
    pandas = pytest.importorskip("pandas")
    days = pandas.Series(pandas.date_range("2024-02-28", periods=3))
    table = squarely.evaluate(np.zeros(3), [1.0, 3.0, 2.0], worst=3, worst_columns={"day": days}).worst
    assert pandas.to_datetime(table.to_frame("pandas")["day"]).tolist() == [days[1], days[2], days[0]]
