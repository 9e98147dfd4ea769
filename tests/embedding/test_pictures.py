"""Counts by size in C: a state that keeps them has the bytes of Python's, and is drawn."""

import pathlib

import numpy as np
import pytest

import squarely
from instruments.c_interface import RefusedError, State, metric_of
from squarely import cli

METRICS = ("mean_squared_error", "r2_score")


def state_of(*rows: tuple[np.ndarray, np.ndarray]) -> State:
    state = State([*map(metric_of, METRICS), metric_of("pictures")])
    for y_true, y_pred in rows:
        state.update(y_true, y_pred)
    return state


@pytest.fixture
def pairs(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    y_true = rng.lognormal(2, 1, 20_000)
    return y_true, y_true + rng.standard_normal(20_000)


def test_the_bytes_are_those_of_an_accumulator_with_pictures(pairs: tuple[np.ndarray, np.ndarray]) -> None:
    whole = squarely.Accumulator(METRICS, pictures=True).update(*pairs)
    cut = [tuple(side[rows] for side in pairs) for rows in (slice(0, 7), slice(7, 15_000), slice(15_000, None))]
    assert state_of(*cut).digest() == whole.digest()
    parts = [state_of(one) for one in cut]
    parts[0].merge(parts[2]).merge(State.from_bytes(squarely.Accumulator.from_bytes(parts[1].to_bytes()).to_bytes()))
    assert parts[0].to_bytes() == whole.to_bytes()
    assert parts[0].subtract(parts[2]).subtract(parts[1]).digest() == state_of(cut[0]).digest()


@pytest.mark.parametrize("parameter", [0.5, 0.9])
def test_quantiles_of_errors_have_the_value_of_python(pairs: tuple[np.ndarray, np.ndarray], parameter: float) -> None:
    metric = squarely.metric("quantile_absolute_error", q=parameter)
    state = State([metric_of("quantile_absolute_error", parameter)]).update(*pairs)
    whole = squarely.Accumulator(metric).update(*pairs)
    assert state.digest() == whole.digest()
    assert state.value("quantile_absolute_error", parameter) == whole[metric]


def test_a_state_is_drawn_by_the_command_line(
    pairs: tuple[np.ndarray, np.ndarray], tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("typer")
    saved, page = tmp_path / "state.sq", tmp_path / "report.html"
    saved.write_bytes(state_of(pairs).to_bytes())
    assert cli.main(["report", str(saved), "-o", str(page)]) == 0
    assert capsys.readouterr().err == ""
    expected = squarely.evaluate(*pairs, metrics=METRICS, pictures=True)
    assert page.read_text("utf-8").count("<svg") == 6
    assert repr(expected["r2_score"]) in page.read_text("utf-8")


def test_pictures_have_no_value_and_no_parameter(pairs: tuple[np.ndarray, np.ndarray]) -> None:
    state = state_of(pairs)
    for name in ("pictures", "mean_of_truth"):
        with pytest.raises(RefusedError, match=f"^UNKNOWN_METRIC: There is no metric '{name}' of sums"):
            state.value(name)
    with pytest.raises(RefusedError, match="^UNKNOWN_METRIC"):
        State([metric_of("mean_of_truth")])
    with pytest.raises(RefusedError, match="^INVALID_ARGUMENT: The metric pictures has no parameter"):
        State([metric_of("pictures", 1.0)])
