"""Complex numbers: exact by their parts, each pair counted once, in chunks and in tables too."""

import numpy as np
import numpy.typing as npt
import pytest

import squarely
from oracles import rational
from oracles.state_bytes import sums_held_by

COMPLEX = np.array([1 + 2j, 3 - 1j, 0.5j]), np.array([1 - 1j, 2 - 1j, 0.25])


def complex_field(rng: np.random.Generator) -> tuple[npt.NDArray, npt.NDArray]:
    special = [complex(a, b) for a in (np.nan, np.inf, -np.inf, 1.0) for b in (np.nan, np.inf, 2.0)]
    y_true, y_pred = (rng.standard_normal((400, 3)) + 1j * rng.standard_normal((400, 3)) for _ in range(2))
    for values in (y_true, y_pred):
        values[rng.random((400, 3)) < 0.1] = special[0]
        chosen = rng.random((400, 3)) < 0.1
        values[chosen] = rng.choice(special, chosen.sum())
    return y_true, y_pred


@pytest.mark.parametrize("nan_policy", ["propagate", "omit"])
@pytest.mark.parametrize("where", [None, "rows", "elements"])
def test_complex_chunks_make_the_state_of_the_whole(
    nan_policy: str, where: str | None, rng: np.random.Generator
) -> None:
    y_true, y_pred = complex_field(rng)
    if nan_policy == "omit":  # infinity is an error then
        for values in (y_true, y_pred):
            values[np.isinf(values)] = np.nan
    mask = {None: np.ones((400, 3), bool), "rows": rng.random(400) < 0.8, "elements": rng.random((400, 3)) < 0.8}[where]
    whole, chunks, turned = (
        squarely.Accumulator(nan_policy=nan_policy, multioutput="raw_values", complex_values=True) for _ in range(3)
    )
    whole.update(y_true, y_pred, where=mask)
    for start, stop in ((300, 400), (0, 7), (8, 300), (7, 8)):
        chunks.update(y_true[start:stop], y_pred[start:stop], where=mask[start:stop])
    turned.update(np.ascontiguousarray(y_true.T), y_pred.T, where=mask.T, axis=1)
    assert whole == chunks == turned == squarely.Accumulator.from_bytes(whole.to_bytes())
    kept = np.broadcast_to(mask if mask.ndim == 2 else mask[:, None], (400, 3))
    missing = np.isnan(y_true) | np.isnan(y_pred)
    assert whole.count.tolist() == (kept & ~missing).sum(axis=0).tolist()
    assert whole.omitted.tolist() == (~kept | missing).sum(axis=0).tolist()
    assert whole.core.state().missing_true == (kept & np.isnan(y_true)).sum(axis=0).tolist()
    if nan_policy == "omit":
        for i, held in enumerate(sums_held_by(whole.to_bytes())):
            truth, prediction = (values[kept[:, i] & ~missing[:, i], i] for values in (y_true, y_pred))
            parts = (
                rational.sum_of_squares(getattr(truth, part), getattr(prediction, part)) for part in ("real", "imag")
            )
            assert held == sum(parts)


@pytest.mark.parametrize(
    ("y_true", "y_pred", "score"),
    [
        (complex(np.inf, np.inf), 0, np.inf),
        (complex(np.inf, 1), complex(np.inf, 1), np.nan),
        (complex(np.inf, np.inf), complex(-np.inf, np.inf), np.nan),
        (1, complex(0, -np.inf), np.inf),
        (complex(np.inf, 1), complex(-np.inf, 1), np.inf),
        (complex(np.inf, 1), complex(1, np.inf), np.inf),
        (complex(np.inf, np.nan), 0, np.nan),
    ],
)
def test_infinite_parts_propagate(y_true: complex, y_pred: complex, score: float) -> None:
    truth, prediction = np.array([y_true, 1j]), np.array([y_pred, 0])
    found = squarely.mean_squared_error(truth, prediction, complex_values=True, nan_policy="propagate")
    assert np.array_equal(found, score, equal_nan=True)
    with pytest.raises(ValueError, match=r"Input contains NaN\. 1 value |Input contains infinity"):
        squarely.mean_squared_error(truth, prediction, complex_values=True)


def test_accumulators_of_real_and_of_complex_numbers_do_not_mix() -> None:
    accumulator = squarely.Accumulator(("mse", "sse"), complex_values=True).update(*COMPLEX)
    assert accumulator["sum_squared_error"] == squarely.sum_squared_error(*COMPLEX, complex_values=True)
    with pytest.raises(ValueError, match="differ in complex_values: this one has True, the other False"):
        accumulator.merge(squarely.Accumulator(("mse", "sse")))
    with pytest.raises(ValueError, match="differ in complex_values: this one has False, the other True"):
        squarely.Accumulator(("mse", "sse")).merge(accumulator)


def test_large_integers_beside_complex_numbers_are_exact_even_where_others_are_missing() -> None:
    y_true = np.array([2**62 + 1, 5, 7])
    y_pred = np.array([2**62 + 3j, np.nan, 7])
    found = squarely.sum_squared_error(y_true, y_pred, complex_values=True, nan_policy="omit")
    assert found == 10.0


def test_complex_columns_of_frames_and_series() -> None:
    pandas = pytest.importorskip("pandas")
    y_true, y_pred = COMPLEX
    assert squarely.sum_squared_error(pandas.Series(y_true), y_pred, complex_values=True) == 10.3125
    both = pandas.DataFrame({"a": y_true, "b": y_true})
    wide = np.array([y_pred, y_true]).T
    mixed = pandas.DataFrame({"a": y_true, "b": [1.0, 2.0, 3.0], "c": pandas.array([1, None, 3], "Int32")})
    guesses = pandas.DataFrame({"a": y_pred, "b": [1.0, 2.0, 5.0], "c": [1.0, 2.0, 3 + 4j]})
    options = {"complex_values": True, "multioutput": "raw_values", "nan_policy": "omit"}
    assert squarely.sum_squared_error(both, wide, **options).tolist() == [10.3125, 0.0]
    assert squarely.sum_squared_error(mixed, guesses, **options).tolist() == [10.3125, 4.0, 16.0]
    assert squarely.sum_squared_error(guesses, mixed, **options).tolist() == [10.3125, 4.0, 16.0]
    with pytest.raises(ValueError, match=r"Complex data not supported\. y_true \(column 'a'\)"):
        squarely.sum_squared_error(mixed, guesses)
    with pytest.raises(ValueError, match="Pass the table as an array"):
        squarely.sum_squared_error(mixed.astype({"c": "Int64"}), guesses, **options)


def test_other_metrics_than_of_squares_refuse_complex_values() -> None:
    with pytest.raises(ValueError, match=r"goes with metrics of squared errors alone: .* Got r2_score\."):
        squarely.Accumulator(["mean_squared_error", "r2_score"], complex_values=True)
    with pytest.raises(ValueError, match="Complex data not supported"):
        squarely.evaluate([1.0, 2j], [1.0, 2.0])
