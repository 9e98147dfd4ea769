"""Rows along any axis of arrays of any number of dimensions."""

import copy
import pickle
import re
import zlib

import numpy as np
import numpy.typing as npt
import pytest

import squarely
from oracles import rational


def score_at(y_true: npt.NDArray, y_pred: npt.NDArray, axis: int) -> npt.NDArray:
    truth, prediction = (np.moveaxis(values, axis, -1) for values in (y_true, y_pred))
    scores = np.empty(truth.shape[:-1])
    for index in np.ndindex(scores.shape):
        scores[index] = rational.scores(truth[index], prediction[index])["mean_squared_error"]
    return scores


def accumulator(**options: object) -> squarely.Accumulator:
    return squarely.Accumulator("mean_squared_error", multioutput="raw_values", **options)


@pytest.mark.parametrize("shape", [(40, 5, 6), (40, 3), (7, 2, 3, 4)])
@pytest.mark.parametrize("order", ["C", "F", "reversed"])
def test_every_other_index_is_an_output(shape: tuple[int, ...], order: str, rng: np.random.Generator) -> None:
    y_true, y_pred = rng.standard_normal((2, *shape))
    laid = {"C": np.ascontiguousarray, "F": np.asfortranarray, "reversed": lambda array: array[::-1].copy()[::-1]}[
        order
    ]
    for axis in range(-len(shape), len(shape)):
        found = accumulator().update(laid(y_true), y_pred, axis=axis)["mean_squared_error"]
        assert found.shape == tuple(np.delete(shape, axis))
        np.testing.assert_array_equal(found, score_at(y_true, y_pred, axis))


def test_outputs_are_counted_in_their_shape() -> None:
    y_true = np.ones((4, 2, 3))
    y_true[1, 0, 2] = np.nan
    found = accumulator(nan_policy="omit").update(y_true, np.zeros((4, 2, 3)))
    assert found.count.tolist() == [[4, 4, 3], [4, 4, 4]]
    assert found.omitted.tolist() == [[0, 0, 1], [0, 0, 0]]
    assert squarely.Accumulator().update(np.ones((4, 2, 3)), np.zeros((4, 2, 3)))["mean_squared_error"] == 1.0


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_mask_of_rows_or_of_elements_goes_along(axis: int, rng: np.random.Generator) -> None:
    y_true, y_pred = rng.standard_normal((2, 8, 9, 10))
    elements = rng.random((8, 9, 10)) < 0.8
    rows = rng.random(y_true.shape[axis]) < 0.8
    shape = [1, 1, 1]
    shape[axis] = -1
    both = elements & rows.reshape(shape)
    nan = np.where(both, y_true, np.nan)
    expected = accumulator(nan_policy="omit").update(nan, y_pred, axis=axis)
    masked = np.ma.masked_array(y_true, mask=~elements)
    found = accumulator().update(masked, y_pred, where=rows, axis=axis)
    np.testing.assert_array_equal(found["mean_squared_error"], expected["mean_squared_error"])
    np.testing.assert_array_equal(found.omitted, expected.omitted)
    direct = accumulator().update(y_true, y_pred, where=both, axis=axis)
    assert direct == found


def test_states_of_fields_obey_the_laws(rng: np.random.Generator) -> None:
    y_true, y_pred = rng.standard_normal((2, 50, 2, 3))
    whole = accumulator().update(y_true, y_pred)
    first, second = accumulator().update(y_true[:20], y_pred[:20]), accumulator().update(y_true[20:], y_pred[20:])
    turned = accumulator().update(np.moveaxis(y_true, 0, -1), np.moveaxis(y_pred, 0, -1), axis=-1)
    empty = accumulator()
    assert first + second == whole == turned == empty + whole == whole + empty == second + first
    assert (first + second).digest() == whole.digest()
    assert whole - second == first
    for other in (
        copy.copy(whole),
        copy.deepcopy(whole),
        pickle.loads(pickle.dumps(whole)),
        squarely.Accumulator.from_bytes(whole.to_bytes()),
    ):
        assert other == whole
        assert other["mean_squared_error"].shape == (2, 3)
    assert copy.copy(whole).reset() == accumulator()


def test_the_same_outputs_in_another_shape_are_another_state(rng: np.random.Generator) -> None:
    y_true, y_pred = rng.standard_normal((2, 50, 2, 3))
    field = accumulator().update(y_true, y_pred)
    flat = accumulator().update(y_true.reshape(50, 6), y_pred.reshape(50, 6))
    assert field.digest() != flat.digest()
    before = field.to_bytes()
    words = re.escape("has 6 output(s) of shape (2, 3), and what is added has 6 output(s).")
    with pytest.raises(ValueError, match=words):
        field.merge(flat)
    with pytest.raises(ValueError, match=words):
        field.update(y_true.reshape(50, 6), y_pred.reshape(50, 6))
    with pytest.raises(ValueError, match=re.escape("of shape (2, 3), and what is taken away has 6 output(s).")):
        field.subtract(flat)
    assert field.to_bytes() == before


def shape_bytes(*shape: int) -> bytes:
    return bytes([len(shape)]) + b"".join(length.to_bytes(8, "little") for length in shape)


def test_a_shape_that_does_not_fit_the_state_is_refused() -> None:
    data = accumulator().update(np.ones((4, 2, 3)), np.ones((4, 2, 3))).to_bytes()
    shape = shape_bytes(2, 3)
    assert data.count(shape) == 1
    for damaged in ((5,), (3, 3), (2, 2), (2, 3, 2), (0, 3), (2**63, 2), (2**32, 2**32), ()):
        body = data[:-4].replace(shape, shape_bytes(*damaged))
        with pytest.raises(ValueError, match="These bytes are no squarely accumulator"):
            squarely.Accumulator.from_bytes(body + zlib.crc32(body).to_bytes(4, "little"))


@pytest.mark.parametrize(
    ("y_true", "y_pred", "axis", "words"),
    [
        ((4, 2, 3), (4, 3, 2), 0, "must have the same shape, because nothing is broadcast"),
        ((4, 2, 3), (4, 2, 1), 0, "y_true has shape (4, 2, 3), y_pred (4, 2, 1)."),
        ((4, 2, 3), (4, 2), 0, "must have the same shape"),
        ((4, 2), (4, 2, 3), 1, "must have the same shape"),
        ((4, 1, 1), (4,), 0, "must have the same shape"),
        ((4,), (4, 1, 1), 0, "must have the same shape"),
        ((1, 4), (4,), 1, "must have the same shape"),
        ((2, 4), (2, 5), 1, "inconsistent numbers of samples: [4, 5]"),
        ((2, 4), (3, 4), 1, "must have the same shape"),
        ((4, 0), (4, 0), 0, "Found array with 0 feature(s) (shape=(4, 0))"),
        ((0, 4), (0, 4), 1, "Found array with 0 feature(s) (shape=(0, 4))"),
        ((2, 4), (2, 4), 2, "The 'axis' parameter of Accumulator.update must be from -2 to 1"),
        ((2, 4), (2, 4), -3, "The 'axis' parameter of Accumulator.update must be from -2 to 1"),
        ((2, 4), (2, 4), 1.0, "The 'axis' parameter of Accumulator.update must be an int. Got 1.0"),
        ((2, 4), (2, 4), None, "The 'axis' parameter of Accumulator.update must be an int. Got None"),
        ((2, 4), (2, 4), True, "The 'axis' parameter of Accumulator.update must be an int. Got True"),
    ],
)
def test_shapes_and_axes_that_do_not_fit_are_refused(
    y_true: tuple[int, ...], y_pred: tuple[int, ...], axis: object, words: str
) -> None:
    found = squarely.Accumulator()
    with pytest.raises(ValueError, match=re.escape(words)):
        found.update(np.ones(y_true), np.ones(y_pred), axis=axis)
    assert found == squarely.Accumulator()


def test_a_broadcast_field_is_read_in_place(rng: np.random.Generator) -> None:
    field = rng.standard_normal((30, 4, 5))
    climate = np.broadcast_to(field.mean(axis=0), field.shape)
    np.testing.assert_array_equal(
        accumulator().update(field, climate)["mean_squared_error"], score_at(field, climate, 0)
    )


def test_the_rows_of_a_table_are_its_rows() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})
    assert accumulator().update(frame, np.zeros((2, 2)), axis=-2)["mean_squared_error"].tolist() == [2.5, 12.5]
    with pytest.raises(ValueError, match="y_true is a table, whose rows lie along axis 0"):
        accumulator().update(frame, np.zeros((2, 2)), axis=1)
    assert accumulator().update(frame.to_numpy(), np.zeros((2, 2)), axis=1)["mean_squared_error"].tolist() == [5, 10]
