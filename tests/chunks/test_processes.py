"""Scores over processes: the recipes of docs/chunks.md run as they are printed there, and forks with threads alive."""

import doctest
import multiprocessing
import os
import pathlib

import numpy as np
import pytest

import squarely
from instruments.chunk_scripts import PAGE, SCRIPTS, output_of


def test_examples_of_the_page_are_true() -> None:
    pytest.importorskip("dask.array")
    pytest.importorskip("xarray")
    results = doctest.testfile(str(PAGE), module_relative=False, optionflags=doctest.ELLIPSIS)
    assert results.attempted > 20
    assert results.failed == 0


def test_every_script_of_the_page_is_tested() -> None:
    assert set(SCRIPTS) == {"loader.py", "processes.py", "with_joblib.py", "ranks.py", "with_spark.py"}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_pools_of_processes_and_threads(tmp_path: pathlib.Path) -> None:
    assert output_of("processes.py", tmp_path) == SCRIPTS["processes.py"]["output"]


def test_joblib(tmp_path: pathlib.Path) -> None:
    pytest.importorskip("joblib")
    assert output_of("with_joblib.py", tmp_path) == SCRIPTS["with_joblib.py"]["output"]


def state_of_rows(first: int) -> squarely.Accumulator:
    y_true, y_pred = large_arrays()
    return squarely.Accumulator().update(y_true[first::4], y_pred[first::4])


def large_arrays() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return tuple(rng.standard_normal((2, 2_000_000)))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_children_forked_beside_threads_give_the_same_state() -> None:
    squarely.set_num_threads(2)
    whole = squarely.Accumulator().update(*large_arrays())  # OpenMP's threads are alive from here on
    with multiprocessing.get_context("fork").Pool(2) as pool:
        merged = sum(pool.map(state_of_rows, range(4)))
    assert merged == whole
    assert squarely.Accumulator().update(*large_arrays()) == whole  # and here still
