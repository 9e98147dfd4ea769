"""Worst rows of the C interface: the bytes of Python's, whatever the chunks, parts and merges were."""

import zlib
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import squarely
from instruments.c_interface import RefusedError, WorstRows, column_of, metric_of
from squarely.worst.losses import LOSSES

ROWS = 3000
PARAMETERS = {"huber_loss": 0.7, "tukey_loss": 2.0, "tweedie_deviance": 1.5, "pinball_loss": 0.8}
NAMES = {"huber_loss": "delta", "tukey_loss": "c", "tweedie_deviance": "power", "pinball_loss": "alpha"}

Pairs = tuple[np.ndarray, np.ndarray]


@pytest.fixture
def pairs(rng: np.random.Generator) -> Pairs:
    """Whole numbers, so that many losses are equal."""
    y_true = rng.integers(0, 20, ROWS) * 1.0
    return y_true, y_true + rng.integers(-5, 6, ROWS)


def assert_same(found: WorstRows, expected: squarely.WorstRows) -> None:
    table = expected.table()
    assert found.column("row") == table["row"]
    assert found.column("y_true") == table["y_true"]
    assert found.column("loss") == table["loss"]
    assert found.column("contribution") == table["contribution" if "contribution" in table.columns else "loss"]
    assert found.to_bytes() == expected.to_bytes()
    assert squarely.WorstRows.from_bytes(found.to_bytes()) == expected


@pytest.mark.parametrize("length", [1, 7, 600, ROWS])
def test_chunks_have_the_rows_of_the_whole(pairs: Pairs, length: int) -> None:
    y_true, y_pred = pairs
    worst = WorstRows(50)
    for start in range(0, ROWS, length):
        worst.update(y_true[start : start + length], y_pred[start : start + length])
    assert_same(worst, squarely.WorstRows(50).update(y_true, y_pred))
    assert worst.column("row") == squarely.evaluate(y_true, y_pred, worst=50).worst["row"]


@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_is_that_of_python(loss: str, rng: np.random.Generator) -> None:
    y_true, y_pred = rng.gamma(2.0, 1.0, (2, ROWS))
    weights = rng.random(ROWS)
    parameter = PARAMETERS.get(loss)
    metric = squarely.metric(LOSSES[loss], **({} if parameter is None else {NAMES[loss]: parameter}))
    for name in (loss, LOSSES[loss]):
        for own in (None, weights):
            found = WorstRows(30, metric_of(name, parameter)).update(y_true, y_pred, own)
            assert_same(found, squarely.WorstRows(30, by=metric).update(y_true, y_pred, sample_weight=own))


def test_a_loss_without_its_parameter_is_that_of_the_default(pairs: Pairs) -> None:
    for loss in ("huber_loss", "pinball_loss"):
        assert_same(WorstRows(5, metric_of(loss)).update(*pairs), squarely.WorstRows(5, by=loss).update(*pairs))


def test_parts_and_merges_are_those_of_python(pairs: Pairs) -> None:
    y_true, y_pred = pairs
    parts = ["b", "", "é", "a" * 40]
    pieces = [slice(start, None, 4) for start in range(4)]
    mine = [
        WorstRows(250).update(y_true[rows], y_pred[rows], part=part) for part, rows in zip(parts, pieces, strict=True)
    ]
    theirs = squarely.WorstRows(250)
    for part, rows in zip(parts, pieces, strict=True):
        theirs.update(y_true[rows], y_pred[rows], part=part)
    for order in ([0, 1, 2, 3], [3, 1, 0, 2]):
        merged = mine[order[0]].copy()
        for other in order[1:]:
            merged.merge(mine[other])
        assert_same(merged, theirs)
    again = WorstRows.from_bytes(theirs.to_bytes())
    assert [part.decode() for part in again.column("part")] == theirs.table()["part"]
    assert again.update(y_true[:9], y_pred[:9] + 1, part="b").to_bytes() == (
        theirs.update(y_true[:9], y_pred[:9] + 1, part="b").to_bytes()
    )


def test_rows_that_do_not_count_are_none_of_them(pairs: Pairs, rng: np.random.Generator) -> None:
    y_true, y_pred = pairs
    y_pred[::9] = np.nan
    y_true[1::50] = np.inf
    weights, where = rng.integers(0, 3, ROWS) * 0.5, rng.random(ROWS) < 0.5
    expected = squarely.WorstRows(200).update(y_true, y_pred, sample_weight=weights, where=where)
    assert_same(WorstRows(200).update(y_true, y_pred, weights, where), expected)


@pytest.mark.parametrize("dtype", [np.float32, np.int8, np.uint64, np.int64])
def test_elements_of_any_type_are_read(dtype: type, rng: np.random.Generator) -> None:
    top = 2**63 + 2**62 if dtype is np.uint64 else 2**62 if dtype is np.int64 else 0
    y_true, y_pred = (np.array([top], dtype) + rng.integers(0, 99, (2, ROWS)).astype(dtype)).astype(dtype)
    worst = WorstRows(40).update(y_true, y_pred)
    assert worst.to_bytes() == squarely.WorstRows(40).update(y_true, y_pred).to_bytes()
    for index in range(3):
        row = worst.row(index)
        size = Fraction(int(y_true[row.row])) - Fraction(int(y_pred[row.row]))
        assert (row.y_true, row.loss) == (float(y_true[row.row]), float(size**2))


def test_losses_beyond_the_largest_double_keep_their_order() -> None:
    y_true, y_pred = np.array([1.0, 1.7e308, 1.6e308, -0.0]), np.array([2.0, -1.7e308, -1.7e308, 0.0])
    worst = WorstRows(4).update(y_true, y_pred)
    assert worst.column("row") == [1, 2, 0, 3]
    assert worst.column("loss") == [np.inf, np.inf, 1.0, 0.0]
    assert_same(worst, squarely.WorstRows(4).update(y_true, y_pred))


REFUSALS: dict[str, tuple[str, Callable[[WorstRows, Pairs], Any]]] = {
    "twice": ("MISMATCH: Row 7 of part '' was seen twice", lambda w, p: w.update(*p, first_row=7)),
    "merged twice": ("MISMATCH: Row 0 of part '' was seen twice", lambda w, _: w.merge(w)),
    "count": ("MISMATCH: .*5 by squared_error, and 6 by", lambda w, _: w.merge(WorstRows(6))),
    "loss": ("MISMATCH", lambda w, _: w.merge(WorstRows(5, metric_of("mae")))),
    "many": ("INVALID_ARGUMENT: At most 10000 rows", lambda *_: WorstRows(10_001)),
    "no loss": (
        "UNKNOWN_METRIC: There is no loss 'r2_score' of single",
        lambda *_: WorstRows(1, metric_of("r2_score")),
    ),
    "parameter": ("INVALID_ARGUMENT: The parameter alpha", lambda *_: WorstRows(1, metric_of("pinball_loss", 2.0))),
    "index": ("INVALID_ARGUMENT: There is no worst row 5: there are 5", lambda w, _: w.row(5)),
    "size": ("INVALID_ARGUMENT: The member struct_size of squarely_worst_row", lambda w, _: w.row(0, 8)),
    "far": ("INVALID_ARGUMENT: .*beyond 2", lambda w, p: w.update(*p, first_row=2**63 - 1)),
    "bytes": ("DAMAGED", lambda *_: WorstRows.from_bytes(b"sqac")),
    "columns": (
        "DAMAGED: .*columns",
        lambda *_: WorstRows.from_bytes(squarely.WorstRows(1, columns=["id"]).to_bytes()),
    ),
}


@pytest.mark.parametrize("kind", REFUSALS)
def test_what_is_refused_changes_nothing(kind: str, pairs: Pairs) -> None:
    words, call = REFUSALS[kind]
    worst = WorstRows(5).update(*pairs)
    before = worst.to_bytes()
    with pytest.raises(RefusedError, match=f"^{words}"):
        call(worst, pairs)
    assert worst.to_bytes() == before


def test_changed_bytes_are_refused_or_written_again(pairs: Pairs, rng: np.random.Generator) -> None:
    worst = squarely.WorstRows(3, by="pinball_loss").update(*pairs, part="x").update(*pairs, part="y", first_row=9)
    whole = worst.to_bytes()
    assert WorstRows.from_bytes(whole).to_bytes() == whole
    read = 0
    for _ in range(3000):
        body = bytearray(whole[:-4])
        for place in rng.integers(4, len(body), rng.integers(1, 3)):
            body[place] = rng.integers(256)
        if rng.random() < 0.1:
            del body[rng.integers(4, len(body)) :]
        data = bytes(body) + zlib.crc32(bytes(body)).to_bytes(4, "little")
        outcomes = []
        for kind, refusal in ((WorstRows, RefusedError), (squarely.WorstRows, ValueError)):
            try:
                outcomes.append(kind.from_bytes(data).to_bytes())
            except refusal:
                outcomes.append(None)
        assert outcomes[0] == outcomes[1]
        assert outcomes[0] in (None, data)
        read += outcomes[0] is not None
    assert read > 100


def test_swapped_and_strided_columns_are_read(pairs: Pairs) -> None:
    y_true, y_pred = (np.repeat(side, 3)[::3].astype(">f8") for side in pairs)
    assert column_of(y_true).swapped == 1
    assert_same(WorstRows(9).update(y_true, y_pred), squarely.WorstRows(9).update(*pairs))
