"""The types that results have to a checker. It is read by mypy and pyright, and not run."""

from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import polars as pl
from typing_extensions import assert_type

import squarely as sq
from squarely.accumulator import Accumulator
from squarely.arguments import Multioutput
from squarely.groups.report import GroupedReport
from squarely.report import Report

Floats = npt.NDArray[np.float64]

y = [1.0, 2.0]
two = np.zeros((3, 2))
frame = pd.DataFrame({"y": y, "a": y, "b": y})
others = pl.DataFrame({"y": y, "a": y})
anything: Any = y


class Column:
    def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]:
        raise NotImplementedError


class Tensor:
    def __dlpack__(self, *, stream: int | None = None) -> object:
        raise NotImplementedError


# A metric takes what it takes at run time, and weights of outputs in an array.
assert_type(sq.mean_squared_error(frame["y"], others["a"], sample_weight=frame["b"], where=frame["a"] > 1), float)
assert_type(sq.mean_squared_error(two, two, multioutput=np.array([0.5, 0.5])), float)
assert_type(sq.mean_squared_error([1.0, None], [Decimal(1), Decimal(2)], nan_policy="omit"), float)
assert_type(sq.mean_squared_error(Column(), Tensor()), float)
assert_type(sq.mean_squared_error(anything, anything), float)
assert_type(sq.squared_error_gradient(y, y, out=np.zeros(2)), npt.NDArray[Any])

# A report has numbers of one prediction, and of several by their names.
assert_type(sq.evaluate(y, y)["r2_score"], float)
assert_type(sq.evaluate(frame["y"], others["a"])["r2_score"], float)
assert_type(sq.evaluate(y, {"a": y})["r2_score"], dict[str, float])
assert_type(sq.evaluate(y, {"a": frame["a"]})["r2_score"], dict[str, float])
assert_type(sq.evaluate(y, {"a": anything})["r2_score"], dict[str, float])
# How many columns a frame has is not known before.
assert_type(sq.evaluate(frame["y"], frame[["a", "b"]])["r2_score"], Any)
assert_type(sq.evaluate(y, others)["r2_score"], Any)
assert_type(sq.evaluate(y, anything), Report[Any])
assert_type(sq.evaluate(y, y, by=frame["a"]), GroupedReport)
assert_type(sq.evaluate(y, y, by={"shop": ["a", "b"], "week": [1, 2]}).overall, Report)
assert_type(sq.score_files("predictions.csv", true="y", pred="p"), Report)
assert_type(sq.score_files("predictions.csv", true="y", pred="p", by="shop"), GroupedReport)


def scored(by: list[str] | None) -> None:
    assert_type(sq.evaluate(y, y, by=by), Report[float] | GroupedReport)


# An accumulator has numbers, and arrays where these were asked for; so have what it becomes.
assert_type(sq.Accumulator("mse")["mse"], float)
assert_type(sq.Accumulator("mse").update(y, y).compute(), dict[str, float])
assert_type(sq.Accumulator("mse", multioutput="raw_values").update(two, two).compute(), dict[str, Floats])
assert_type(sq.Accumulator("mse", multioutput=[0.5, 0.5]).update(two, two)["mse"], float)
assert_type(sq.Accumulator("mse") + sq.Accumulator("mse"), Accumulator[float])
assert_type(sum([sq.Accumulator("mse")], sq.Accumulator("mse")).merge(sq.Accumulator("mse")).reset()["mse"], float)
assert_type(sq.Accumulator.from_bytes(b"")["mse"], Any)
assert_type(sq.RollingAccumulator("mse", window=3).update(y, y)["mse"], float)
assert_type(sq.RollingAccumulator("mse", window=3, multioutput="raw_values").snapshot()["mse"], Floats)
assert_type(sq.GroupedAccumulator("mse").update(y, y, by=["a", "b"]).compute(), dict[str, Floats])


# Written without what it has in it, it has anything.
def known_to_others(accumulator: sq.Accumulator, report: Report, multioutput: Multioutput) -> None:
    assert_type(accumulator["mse"], Any)
    assert_type(report["mse"], Any)
    assert_type(sq.Accumulator("mse", multioutput=multioutput)["mse"], float | Floats)
