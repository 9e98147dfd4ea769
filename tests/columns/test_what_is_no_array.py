"""What is no array is named, with the one line that makes an array of it."""

import collections
import decimal
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import squarely as sq

ROWS = [1.0, 2.0, 4.0]


def polars() -> Any:
    return pytest.importorskip("polars")


def dataset_of_arrow() -> Any:
    return pytest.importorskip("pyarrow.dataset").dataset(pytest.importorskip("pyarrow").table({"y": ROWS}))


def sparse() -> Any:
    return pytest.importorskip("scipy.sparse").csr_array(np.ones((3, 1)))


def variables_of_xarray() -> Any:
    return pytest.importorskip("xarray").Dataset({"a": ("x", ROWS), "b": ("x", ROWS)})


NO_ARRAYS: dict[str, tuple[Callable[[], Any], str]] = {
    "a lazy frame": (lambda: polars().LazyFrame({"y": ROWS}), "Pass y_true.collect()"),
    "an expression": (lambda: polars().col("y"), "Pass what frame.select(y_true) returns"),
    "a dataset of Arrow": (dataset_of_arrow, "Pass y_true.to_table()"),
    "variables of xarray": (variables_of_xarray, "Got a Dataset instead. Pass one of its variables"),
    "a sparse matrix": (sparse, "Pass y_true.toarray()"),
    "a dict": (lambda: dict(enumerate(ROWS)), "Pass list(y_true.values())"),
    "its values": (lambda: dict(enumerate(ROWS)).values(), "Pass list(y_true)"),
    "values in order": (lambda: collections.OrderedDict(enumerate(ROWS)).values(), "Pass list(y_true)"),
    "a generator": (lambda: (row for row in ROWS), "Pass list(y_true)"),
    "a map": (lambda: map(float, ROWS), "Pass list(y_true)"),
    "a number": (lambda: 1.0, "Got 1.0 instead. Pass [y_true]"),
    "an array of no dimensions": (lambda: np.array(1.0), "Pass y_true.reshape(1)"),
    "groups": (lambda: pytest.importorskip("pandas").DataFrame({"y": ROWS}).groupby("y"), "GroupBy"),
}


@pytest.mark.parametrize("kind", NO_ARRAYS)
@pytest.mark.parametrize("score", [sq.mean_squared_error, sq.median_absolute_error, sq.evaluate])
def test_what_is_no_array_is_named_with_the_line_that_works(score: Any, kind: str) -> None:
    make, said = NO_ARRAYS[kind]
    with pytest.raises(ValueError, match="must be an array-like") as refused:
        score(make(), ROWS)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)
    with pytest.raises(TypeError, match="'y_pred' parameter"):
        sq.mean_squared_error(ROWS, make())


@pytest.mark.parametrize(
    "make",
    [
        lambda parts: parts,
        tuple,
        lambda parts: [part.tolist() for part in parts],
        lambda parts: list(map(pytest.importorskip("pandas").Series, parts)),
        lambda parts: list(map(polars().Series, parts)),
    ],
    ids=["arrays", "a tuple", "lists", "pandas", "polars"],
)
def test_a_list_of_batches_is_told_how_they_are_joined(make: Any) -> None:
    batches = make([np.ones(64), np.ones(64), np.ones(10)])
    with pytest.raises(ValueError, match=r"3 parts have 64, 10 elements: pass np.concatenate\(y_true\)"):
        sq.mean_squared_error(batches, batches)
    assert sq.mean_squared_error(np.concatenate(batches), np.zeros(138)) == 1.0


def test_an_image_is_told_how_all_its_elements_are_scored() -> None:
    image = np.arange(24.0).reshape(2, 3, 4)
    with pytest.raises(ValueError, match=r"y_true has shape \(2, 3, 4\). Pass y_true.reshape\(-1\)"):
        sq.mean_squared_error(image, image + 1)
    assert sq.mean_squared_error(image.reshape(-1), image.reshape(-1) + 1) == 1.0


class Tensor:
    """Has no dimensions, and a gradient: NumPy cannot convert it, and its number is had by `item`."""

    ndim, shape = 0, ()

    def __init__(self, number: float) -> None:
        self.number = number

    def __dlpack__(self) -> Any:
        raise BufferError

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise RuntimeError("Can't call numpy() on Tensor that requires grad.")

    def item(self) -> float:
        return self.number


def test_a_list_of_tensors_without_dimensions_holds_their_numbers() -> None:
    losses = [Tensor(number) for number in ROWS]
    assert sq.sum_squared_error(losses, [1.0, 2.0, 5.0]) == 1.0
    assert sq.sum_squared_error(ROWS, ROWS, sample_weight=losses) == 0.0
    assert sq.Accumulator("sse").update(Tensor(3.0), Tensor(5.0))["sse"] == 4.0


def test_tensors_of_pytorch_without_dimensions_too() -> None:
    torch = pytest.importorskip("torch")
    for options in ({}, {"requires_grad": True}, {"dtype": torch.bfloat16}):
        losses = [torch.tensor(number, **options) for number in ROWS]
        assert sq.sum_squared_error(losses, [1.0, 2.0, 5.0]) == 1.0
    assert sq.sum_squared_error([torch.tensor(2**53 + 1)], [2**53]) == 1.0
    weights = torch.tensor(ROWS, requires_grad=True)
    for own in (weights, weights.to(torch.bfloat16)):
        assert sq.sum_squared_error(np.zeros(3), np.ones(3), sample_weight=own) == 7.0


def test_a_masked_number_is_a_row_that_is_left_out() -> None:
    numbers = np.ma.masked_array([1, 2], [True, False])
    for nothing in (numbers[0], np.ma.masked_array(3, True)):
        accumulator = sq.Accumulator("sse").update(nothing, 5.0)
        assert (accumulator.count, accumulator.omitted) == (0, 1)
        with pytest.raises(ValueError, match="sample_weight has masked elements"):
            sq.mean_squared_error(ROWS, ROWS, sample_weight=nothing)


@pytest.mark.parametrize("value", [np.array(3.0), np.float32(3.0), np.int8(3), True])
def test_whatever_is_a_number_is_a_row(value: Any) -> None:
    for accumulator in (sq.Accumulator("sse"), sq.RollingAccumulator("sse", window=2)):
        assert accumulator.update(value, 0.0)["sse"] == float(value) ** 2


def test_a_scalar_of_arrow_is_a_row() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    for scalar in (pyarrow.scalar(3.0), pyarrow.scalar(3, pyarrow.int8()), pyarrow.scalar(decimal.Decimal(3))):
        assert sq.Accumulator("sse").update(scalar, 0.0)["sse"] == 9.0
        assert sq.sum_squared_error(np.zeros(3), np.ones(3), sample_weight=scalar) == 9.0
    missing = sq.Accumulator("sse", nan_policy="omit").update(pyarrow.scalar(None, pyarrow.float64()), 1.0)
    assert (missing.count, missing.omitted) == (0, 1)


def batches_of_arrow() -> Iterator[Any]:
    pyarrow = pytest.importorskip("pyarrow")
    yield pyarrow.table({"y": ROWS}).to_reader()
    yield pyarrow.RecordBatchReader.from_batches(
        pyarrow.schema([("y", pyarrow.float64())]), iter(pyarrow.table({"y": ROWS}).to_batches(max_chunksize=2))
    )


def test_a_stream_of_arrow_is_read_once_and_whole() -> None:
    for stream in batches_of_arrow():
        assert sq.mean_squared_error(stream, [1.0, 2.0, 7.0]) == 3.0
