"""Worst rows without an order: each is kept once, however many losses reach those of the worst ones."""

from typing import Any

import numpy as np
import pytest

from squarely.pairing import pair
from squarely.worst.losses import MOST_ROWS, row_loss
from squarely.worst.rows import KeptRows
from squarely.worst.unordered import add_without_order


def losses_kept(y_pred: Any, count: int, where: Any = None) -> list[float]:
    kept = KeptRows(count, row_loss("absolute_error", (), "test"))
    pairs = pair(np.zeros(len(y_pred)), y_pred, where, 0, "test", most_dimensions=None)
    add_without_order(kept, pairs, [])
    return [row.loss for row in kept.rows]


@pytest.mark.parametrize("rows", [MOST_ROWS - 1, MOST_ROWS, MOST_ROWS + 1, 5 * MOST_ROWS])
@pytest.mark.parametrize("place", [0, -1])
def test_a_large_loss_among_many_equal_ones_is_kept_once(rows: int, place: int) -> None:
    y_pred = np.zeros(rows)
    y_pred[place] = 5
    assert losses_kept(y_pred, 3) == [5, 0, 0]


def test_masked_rows_do_not_come_back_with_the_next_ones() -> None:
    y_pred = np.zeros(3 * MOST_ROWS)
    y_pred[[7, MOST_ROWS, -1]] = 4, 5, 6
    where = np.ones(len(y_pred), np.bool_)
    where[MOST_ROWS] = False
    assert losses_kept(y_pred, 4, where) == [6, 4, 0, 0]
    assert where.sum() == len(y_pred) - 1


def test_the_losses_are_those_of_a_sort(rng: np.random.Generator) -> None:
    y_pred = rng.choice([0.0, 1.0, 2.0], 4 * MOST_ROWS, p=[0.9, 0.0999, 0.0001])
    count = MOST_ROWS
    assert losses_kept(y_pred, count) == np.sort(y_pred)[::-1][:count].tolist()
