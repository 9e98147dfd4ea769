"""A plugin of pytest, `instruments.sklearn_plugin`: scikit-learn's metrics become ours before tests are collected."""

import importlib

import pytest

import squarely

# What is rebound, in scikit-learn's public module and in the one that defines them.
NAMES = (
    "d2_absolute_error_score",
    "d2_pinball_score",
    "d2_tweedie_score",
    "explained_variance_score",
    "max_error",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_gamma_deviance",
    "mean_pinball_loss",
    "mean_poisson_deviance",
    "mean_squared_error",
    "mean_squared_log_error",
    "mean_tweedie_deviance",
    "median_absolute_error",
    "r2_score",
    "root_mean_squared_error",
    "root_mean_squared_log_error",
)


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
    items[:] = [item for item in items if item not in others]


def _is_of_other_metrics(item: pytest.Item) -> bool:
    of_regression = getattr(item.module, "REGRESSION_METRICS", None)
    if of_regression is None or item.originalname in OF_ALL_METRICS:
        return False
    given = item.callspec.params if hasattr(item, "callspec") else {}
    metric = given.get("name", given.get("metric_name", given.get("metric")))
    return metric not in of_regression and not any(metric is one for one in of_regression.values())
