"""WorstRows of streams: the rows of the whole, however it was cut, ordered, merged or sent."""

import copy
import itertools
import pickle
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import squarely

ROWS = 2000


@pytest.fixture
def pairs(rng: np.random.Generator) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Whole numbers, so that many losses are equal."""
    y_true = rng.integers(0, 20, ROWS) * 1.0
    return y_true, y_true + rng.integers(-5, 6, ROWS)


def rows_of(worst: squarely.WorstRows) -> list[Any]:
    table = worst.table()
    return list(zip(table.to_dict().get("part", [""] * len(table)), table["row"], strict=True))


def test_chunks_have_the_rows_of_the_whole(pairs: Any) -> None:
    y_true, y_pred = pairs
    whole = squarely.WorstRows(50).update(y_true, y_pred)
    assert whole.table()["row"] == squarely.evaluate(y_true, y_pred, worst=50).worst["row"]
    for length in (1, 7, 600):
        stream = squarely.WorstRows(50)
        for start in range(0, ROWS, length):
            stream.update(y_true[start : start + length], y_pred[start : start + length])
        assert stream == whole
        assert stream.to_bytes() == whole.to_bytes()
        assert stream.rows == ROWS


def test_merge_order_does_not_matter(pairs: Any) -> None:
    y_true, y_pred = pairs
    bounds = [0, 3, 500, 501, 1400, ROWS]
    parts = [
        squarely.WorstRows(60).update(y_true[first:last], y_pred[first:last], first_row=first)
        for first, last in itertools.pairwise(bounds)
    ]
    whole = squarely.WorstRows(60).update(y_true, y_pred)
    for order in itertools.permutations(parts):
        assert sum(order) == whole
    assert (parts[0] + parts[1]) + (parts[2] + (parts[3] + parts[4])) == whole
    assert parts[0].rows == 3


def test_parts_have_rows_of_their_own(pairs: Any) -> None:
    y_true, y_pred = pairs
    parts = [squarely.WorstRows(9).update(y_true[i::3], y_pred[i::3], part="abc"[i]) for i in range(3)]
    merged = sum(parts)
    size = np.abs(y_true - y_pred)
    rows = sorted(range(ROWS), key=lambda row: (-size[row], row % 3, row // 3))[:9]
    assert rows_of(merged) == [("abc"[row % 3], row // 3) for row in rows]


def test_rows_of_a_part_go_on(pairs: Any) -> None:
    y_true, y_pred = pairs
    worst = squarely.WorstRows(1).update(y_true[:10] * 0, y_pred[:10] * 0, part="a", first_row=100)
    assert rows_of(worst.update([0.0], [9.0], part="a")) == [("a", 110)]
    assert rows_of(worst.update([0.0], [99.0], part="b")) == [("b", 0)]


def test_the_same_rows_twice_are_refused(pairs: Any) -> None:
    worst = squarely.WorstRows(2).update([1.0, 2.0], [1.0, 3.0])
    before = worst.to_bytes()
    other = squarely.WorstRows(2).update([1.0, 2.0], [1.0, 3.0])
    with pytest.raises(ValueError, match=r"Row 0 of part '' was seen twice.*part=.*first_row="):
        worst.merge(other)
    with pytest.raises(ValueError, match="Row 1 of part '' was seen twice"):
        worst.update([1.0], [2.0], first_row=1)
    assert worst.to_bytes() == before


def test_weights_masks_and_missing_values(pairs: Any, rng: np.random.Generator) -> None:
    y_true, y_pred = pairs
    y_pred = y_pred.copy()
    y_pred[::9] = np.nan
    weights, where = rng.random(ROWS), rng.random(ROWS) < 0.5
    options = {"sample_weight": weights, "where": where}
    worst = squarely.WorstRows(20, by="mae").update(y_true, y_pred, **options)
    own = squarely.evaluate(y_true, y_pred, **options, metrics="mae", nan_policy="omit", worst=20).worst
    assert worst.table()["row"] == own["row"]
    assert worst.table()["contribution"] == own["contribution"]


def test_an_accumulator_gives_shares_and_influences(pairs: Any) -> None:
    y_true, y_pred = pairs
    own = squarely.evaluate(y_true, y_pred, metrics=("mse", "r2"), worst=5).worst
    worst = squarely.WorstRows(5).update(y_true, y_pred)
    sums = squarely.Accumulator(("mse", "r2")).update(y_true, y_pred)
    assert worst.table(sums).to_dict() == own.to_dict()
    grouped = squarely.GroupedAccumulator(("mse", "r2")).update(y_true, y_pred, by=np.arange(ROWS) % 3)
    assert worst.table(grouped).to_dict() == own.to_dict()
    assert "share_percent" not in worst.table().columns


def test_columns_come_with_every_chunk() -> None:
    worst = squarely.WorstRows(2, columns=["id", "day"])
    worst.update([1.0, 2.0], [1.0, 5.0], columns={"day": [3, 4], "id": ["a", "b"]})
    worst.update([1.0], [9.0], columns={"id": np.array(["c"]), "day": np.array([0.5])})
    assert worst.table()["id"] == ["c", "b"]
    assert worst.table()["day"] == [0.5, 4]
    with pytest.raises(ValueError, match="must be 'id', 'day', and they are 'id'"):
        worst.update([1.0], [9.0], columns={"id": ["c"]})
    with pytest.raises(ValueError, match="must be 'id', 'day', and they are none"):
        worst.update([1.0], [9.0])


def test_bytes_pickles_and_copies_are_equal(pairs: Any) -> None:
    worst = squarely.WorstRows(7, by=squarely.metric("mean_pinball_loss", alpha=0.9)).update(*pairs, part="x")
    for other in (
        squarely.WorstRows.from_bytes(worst.to_bytes()),
        pickle.loads(pickle.dumps(worst)),
        copy.copy(worst),
        copy.deepcopy(worst),
    ):
        assert other == worst
        assert str(other.table()) == str(worst.table())
        other.update([0.0], [1e9], part="y")
        assert other != worst
    assert repr(worst) == "WorstRows(7 by pinball_loss(alpha=0.9), rows=2000)"


def test_what_is_no_worst_rows_is_refused() -> None:
    written = bytearray(squarely.WorstRows(2).update([1.0], [2.0]).to_bytes())
    for data in (b"", b"sqwr", bytes(written[:-1]), bytes(written[:9]) + b"!" + bytes(written[10:])):
        with pytest.raises(ValueError, match="no worst rows of squarely"):
            squarely.WorstRows.from_bytes(data)
    for body in (b"sqwr\x01[]", b"sqwr\x01{}", b"sqwr\x01"):
        with pytest.raises(ValueError, match="no worst rows of squarely"):
            squarely.WorstRows.from_bytes(body + zlib.crc32(body).to_bytes(4, "little"))


def test_other_questions_are_not_merged() -> None:
    worst = squarely.WorstRows(2)
    for other in (squarely.WorstRows(3), squarely.WorstRows(2, by="mape"), squarely.WorstRows(2, columns=["x"])):
        with pytest.raises(ValueError, match="This keeps 2 by squared_error, and the other"):
            worst.merge(other)
    with pytest.raises(TypeError):
        worst + 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"count": -1}, "'count' parameter of WorstRows must be an integer"),
        ({"by": "r2"}, "'by' parameter of WorstRows must be a loss"),
        ({"columns": ["loss"]}, "'loss' cannot be shown"),
        ({"columns": ["a", "a"]}, "'a' cannot be shown"),
    ],
)
def test_what_cannot_be_is_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        squarely.WorstRows(**options)


def test_chunks_that_cannot_be_are_refused() -> None:
    worst = squarely.WorstRows(2)
    with pytest.raises(ValueError, match="rows are those of one output, and there are 2"):
        worst.update(np.ones((3, 2)), np.ones((3, 2)))
    with pytest.raises(ValueError, match="must not be negative"):
        worst.update([1.0], [2.0], first_row=-1)
    assert worst.update([], []).rows == 0
