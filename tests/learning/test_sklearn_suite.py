"""scikit-learn's own tests of its regression metrics, run against our functions of the same names."""

import importlib
import importlib.util
import inspect
import os
import pathlib
import pickle
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable

import numpy as np
import pytest

import squarely
from instruments import sklearn_plugin

sklearn = pytest.importorskip("sklearn", reason="scikit-learn is not installed")
Function = Callable[..., object]

FUNCTIONS = [getattr(squarely, name) for name in sklearn_plugin.NAMES]

# How many tests of each file run and pass, by version of scikit-learn, so that none goes missing unseen. Of a version
# that is not here at least as many as of the last.
PASSED = {
    "1.7": {"test_regression": 26, "test_common": 301},
    "1.8": {"test_regression": 26, "test_common": 304},
    "1.9": {"test_regression": 26, "test_common": 356},
}

# Tests left out, as file::name[parameters], and why.
LEFT_OUT = {
    "test_regression.py::test_regression_metrics_at_limits": "explained variance of one pair is 1 there, where it has "
    "none: ours is NaN, with the warning of r2_score",
}

# As data frames: one dimension is no data for these in scikit-learn either, whose test of them skips itself.
SKIPPED_THEMSELVES = {
    "d2_tweedie_score",
    "mean_compound_poisson_deviance",
    "mean_gamma_deviance",
    "mean_poisson_deviance",
}


def theirs_of(function: Function) -> Function:
    return getattr(importlib.import_module("sklearn.metrics"), function.__name__)


def outcomes_of(module: str, report: pathlib.Path, *options: str, **environment: str) -> dict[str, list[str]]:
    """Return the names of scikit-learn's tests by what became of them."""
    tests = pathlib.Path(importlib.util.find_spec(f"sklearn.metrics.tests.{module}").origin)
    left_out = [f"--deselect={node}" for node in LEFT_OUT]
    command = [sys.executable, "-m", "pytest", "-q", "-p", sklearn_plugin.__name__, "-p", "no:cacheprovider"]
    command += ["-c", os.devnull, f"--rootdir={tests.parent}", f"--junitxml={report}", *left_out, *options, str(tests)]
    plugins = str(pathlib.Path(sklearn_plugin.__file__).parents[1])
    paths = [str(pathlib.Path(squarely.__file__).parents[1]), plugins, os.environ.get("PYTHONPATH", "")]
    variables = {name: value for name, value in os.environ.items() if name != "SCIPY_ARRAY_API"}
    variables |= {"PYTHONPATH": os.pathsep.join(filter(None, paths)), **environment}
    run = subprocess.run(command, capture_output=True, text=True, env=variables, cwd=report.parent)
    assert report.exists(), run.stdout + run.stderr
    outcomes: dict[str, list[str]] = {"passed": [], "skipped": [], "failure": [], "error": []}
    for case in ElementTree.parse(report).iter("testcase"):
        became = next((kind for kind in ("failure", "error", "skipped") if case.find(kind) is not None), "passed")
        outcomes[became].append(case.get("name"))
    return outcomes


@pytest.mark.timeout(300)
@pytest.mark.parametrize("module", ["test_regression", "test_common"])
def test_the_tests_of_scikit_learn_pass_on_our_functions(module: str, tmp_path: pathlib.Path) -> None:
    outcomes = outcomes_of(module, tmp_path / "report.xml")
    assert outcomes["failure"] + outcomes["error"] == []
    expected = [
        name for name in outcomes["skipped"] if "array_api" in name or any(n in name for n in SKIPPED_THEMSELVES)
    ]
    assert sorted(outcomes["skipped"]) == sorted(expected)
    version = ".".join(sklearn.__version__.split(".")[:2])
    if version in PASSED:
        assert len(outcomes["passed"]) == PASSED[version][module]
    else:
        assert len(outcomes["passed"]) >= list(PASSED.values())[-1][module]


@pytest.mark.timeout(300)
def test_arrays_of_other_libraries_are_scored_as_scikit_learn_does(tmp_path: pathlib.Path) -> None:
    # A GPU's memory is refused, in words that say how to move it.
    options = ("-k", "array_api and not cuda and not cupy and not mps and not xpu and not dpnp")
    outcomes = outcomes_of("test_common", tmp_path / "report.xml", *options, SCIPY_ARRAY_API="1")
    assert outcomes["failure"] + outcomes["error"] == []
    assert len([name for name in outcomes["passed"] if "numpy" in name]) > 0


def test_the_plugin_rebinds_every_function_of_scikit_learn_that_is_a_regression_metric() -> None:
    from sklearn.metrics import _regression

    assert set(sklearn_plugin.NAMES) == set(_regression.__ALL__)


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
def test_parameters_are_those_of_scikit_learn_and_more(function: Function) -> None:
    theirs = inspect.signature(theirs_of(function)).parameters
    ours = inspect.signature(function).parameters
    assert {name: (one.kind, one.default) for name, one in theirs.items()} == {
        name: (ours[name].kind, ours[name].default) for name in theirs
    }
    assert all(ours[name].kind is inspect.Parameter.KEYWORD_ONLY for name in set(ours) - set(theirs))


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
def test_scorers_made_of_our_functions_cross_validate(function: Function, rng: np.random.Generator) -> None:
    from sklearn.linear_model import LinearRegression
    from sklearn.metrics import make_scorer
    from sklearn.model_selection import cross_validate

    features = rng.uniform(1, 2, (60, 3))
    target = features @ [1.0, 2.0, 3.0] + rng.uniform(0, 0.5, 60)
    scorers = {
        "ours": make_scorer(function, greater_is_better=function.__name__.endswith("score")),
        "theirs": make_scorer(theirs_of(function), greater_is_better=function.__name__.endswith("score")),
    }
    found = cross_validate(LinearRegression(), features, target, cv=3, scoring=pickle.loads(pickle.dumps(scorers)))
    np.testing.assert_allclose(found["test_ours"], found["test_theirs"], rtol=1e-12)


def test_weights_are_routed_to_scorers_made_of_our_functions(rng: np.random.Generator) -> None:
    from sklearn import config_context
    from sklearn.linear_model import Ridge
    from sklearn.metrics import make_scorer
    from sklearn.model_selection import GridSearchCV

    features, weights = rng.normal(size=(60, 3)), rng.uniform(0.5, 2, 60)
    target = features @ [1.0, 2.0, 3.0] + rng.normal(size=60)
    best = []
    with config_context(enable_metadata_routing=True):
        for function in (squarely.r2_score, theirs_of(squarely.r2_score)):
            scorer = make_scorer(function).set_score_request(sample_weight=True)
            model = Ridge().set_fit_request(sample_weight=True)
            search = GridSearchCV(model, {"alpha": [0.1, 1.0, 10.0]}, scoring=scorer, cv=3)
            best.append(search.fit(features, target, sample_weight=weights).best_score_)
    np.testing.assert_allclose(*best, rtol=1e-12)
