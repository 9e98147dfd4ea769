"""A plugin of pytest, `instruments.sklearn_plugin`: scikit-learn's metrics become ours before tests are collected."""

import importlib

import pytest
import sklearn.metrics

import squarely

# What is rebound, in scikit-learn's public module and in the one that defines them.
NAMES = tuple(name for name in squarely.metric_names() if name in sklearn.metrics.__all__)


def pytest_configure(config: pytest.Config) -> None:
    for module in ("sklearn.metrics", "sklearn.metrics._regression"):
        for name in NAMES:
            setattr(importlib.import_module(module), name, getattr(squarely, name))


# Tests of scikit-learn's that take no name of a metric, and are of ours nevertheless.
OF_ALL_METRICS = {"test_symmetry_consistency", "test_sample_order_invariance_multilabel_and_multioutput"}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out scikit-learn's tests of metrics that are none of regression."""
    others = [item for item in items if _is_of_other_metrics(item)]
    config.hook.pytest_deselected(items=others)
    items[:] = [item for item in items if not _is_of_other_metrics(item)]


def _is_of_other_metrics(item: pytest.Item) -> bool:
    of_regression = getattr(item.module, "REGRESSION_METRICS", None)
    if of_regression is None or item.originalname in OF_ALL_METRICS:
        return False
    given = item.callspec.params if hasattr(item, "callspec") else {}
    metric = given.get("name", given.get("metric_name", given.get("metric")))
    return metric not in of_regression and not any(metric is one for one in of_regression.values())
