"""What a WorstRows has taken in can be saved: what no bytes can hold is refused by its name, and changes nothing."""

import datetime
from typing import Any

import pytest

import squarely

HALF = "\udc80"


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"part": HALF}, ValueError, r"The part of .*, '\\udc80', has '\\udc80', half of a character"),
        ({"part": 5}, TypeError, "The part of WorstRows.update must be text, and it is of type int"),
        ({"part": None}, TypeError, "The part of WorstRows.update must be text, and it is of type NoneType"),
        ({"first_row": 2**63}, ValueError, "first_row=9223372036854775808 with 2 rows is too large"),
        ({"first_row": 2**63 - 2}, ValueError, "first_row=.* with 2 rows is too large: rows are numbered below 2"),
        ({"columns": {"id": [1, HALF]}}, ValueError, "column 'id' of columns cannot be saved: row 1 of the chunk has"),
        ({"columns": {"id": [10**4300, 1]}}, ValueError, "row 0 of the chunk has an integer of more than 4300 digits"),
        ({"columns": {"id": [1, -(10**5000)]}}, ValueError, "row 1 of the chunk has an integer of more than 4300"),
    ],
)
def test_what_cannot_be_saved_is_refused(options: dict[str, Any], error: type[Exception], words: str) -> None:
    worst = squarely.WorstRows(3, columns=["id"]).update([1.0], [1.5], columns={"id": ["first"]})
    before = worst.to_bytes()
    with pytest.raises(error, match=words):
        worst.update([1.0, 2.0], [4.0, 7.0], **{"columns": {"id": ["a", "b"]}} | options)
    assert worst.to_bytes() == before


def test_rows_go_on_up_to_the_largest_number() -> None:
    worst = squarely.WorstRows(3).update([1.0, 2.0], [1.5, 4.0], first_row=2**63 - 3)
    assert squarely.WorstRows.from_bytes(worst.to_bytes()).table()["row"] == [2**63 - 2, 2**63 - 3]
    with pytest.raises(ValueError, match="first_row=9223372036854775807 with 1 rows is too large"):
        worst.update([1.0], [2.0])


def test_what_is_shown_up_to_its_limits_comes_back() -> None:
    values = [10**4300 - 1, -(10**4300) + 1, "\U0001f600\0", datetime.date(2024, 2, 29), None, True, float("nan")]
    y_pred = [float(place + 1) for place in range(len(values))]
    worst = squarely.WorstRows(9, columns=["any"]).update([0.0] * len(values), y_pred, columns={"any": values})
    back = squarely.WorstRows.from_bytes(worst.to_bytes())
    assert back.to_bytes() == worst.to_bytes()
    assert list(map(repr, back.table()["any"])) == list(map(repr, worst.table()["any"]))


@pytest.mark.parametrize(
    ("name", "error", "words"), [(HALF, ValueError, "half of a character"), (5, TypeError, "must be text")]
)
def test_names_of_columns_are_text(name: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=f"A column of WorstRows.*{words}"):
        squarely.WorstRows(3, columns=[name])
