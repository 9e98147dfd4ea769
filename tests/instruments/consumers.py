"""The programs of tests/consumer: what builds them, and what each prints."""

import os
import pathlib
import shutil
import subprocess
import sysconfig
from collections.abc import Sequence

import numpy as np
import pytest

import squarely
from inputs.consumer_numbers import made_numbers

CONSUMERS = pathlib.Path(__file__).parents[1] / "consumer"

# Tools that pip installs lie beside the interpreter, which need not be on the path.
PATH = os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", "")])


def tool(*names: str) -> str:
    """Return the first of some programs that is here, or skip the test."""
    found = [path for name in names if (path := shutil.which(name, path=PATH))]
    return found[0] if found else pytest.skip(f"needs {' or '.join(names)}")


def output_of(command: Sequence[str | os.PathLike[str]], *, cwd: pathlib.Path | None = None, **environment: str) -> str:
    found = subprocess.run(
        command, cwd=cwd, env=os.environ | {"PATH": PATH} | environment, capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stdout + found.stderr
    return found.stdout


def value_and_digest() -> list[str]:
    """Return the value and the digest that every consumer prints."""
    y_true, y_pred = made_numbers()
    metrics = ["mean_squared_error", "r2_score", squarely.metric("mean_pinball_loss", alpha=0.9)]
    value = squarely.mean_squared_error(y_true, y_pred.astype(np.float64))
    return [repr(value), squarely.Accumulator(metrics).update(y_true, y_pred).digest()]


def printed_by(program: Sequence[str | os.PathLike[str]], **environment: str) -> list[str]:
    """Return the value and the digest that a consumer prints, and check what else it does."""
    value, digest, *more = output_of(program, **environment).split()
    if more:
        assert float(more[0]) == squarely.mean_absolute_error([5e-324, 1e-310], [0.0, 0.0])
    return [repr(float(value)), digest]
