"""What people search for, and the pages that they should find first: entries of the index, which the search prefers."""

from generators import metric_pages
from generators.names_elsewhere import NAMES_ELSEWHERE

OF_PAGES = {
    "start": "install, installation, quickstart, getting started, score a file, score arrays",
    "tasks": "how to, recipes, tasks",
    "tutorials/arrays": "compare models, several models, pandas",
    "tutorials/streams": "streaming, online, merge states",
    "tutorials/embedding": "c program, c++ program",
    "scikit_learn": "sklearn, scikit-learn, migrate, migration, compare with sklearn",
    "missing_values": "missing values, nan, null, none, nan_policy, omit, infinity, refused, input contains nan",
    "weights": "weights, sample weights, sample_weight, mask, where, masked arrays",
    "outputs": "multioutput, outputs, several outputs, multiple outputs, multi-output, raw_values, axis, maps, images",
    "chunks": (
        "merge states, merge, batches, average batches, accumulate, partial sums, multiprocessing, joblib, pytorch, "
        "torch, distributed, dask, xarray, spark, pyspark, rolling, window, cluster"
    ),
    "groups": "group by, groupby, by group, groups, segments, per group",
    "files": (
        "larger than memory, score a file, score files, files, csv, parquet, json, arrow, orc, npy, npz, s3, gzip, "
        "zip, merge results, merge states, checkpoint, resume, separator, decimal comma, encoding"
    ),
    "pictures": (
        "pictures, plot, plots, residuals, residual plot, histogram, report, html, dashboard, matplotlib, outliers, "
        "qq plot, calibration, worst rows, quantiles, quantile of a stream"
    ),
    "joins": "join, join by id, merge tables, id, kaggle, submission, sql, duckdb",
    "boosting": (
        "gridsearchcv, grid search, cross validation, cross_val_score, scorer, make_scorer, early stopping, xgboost, "
        "lightgbm, catboost, feval, eval_metric, custom metric"
    ),
    "training": "loss, losses, gradient, gradients, training",
    "embedding": "embed, embedding, cython, rust, fortran, julia, ctypes, cffi, cmake, pkg-config, ffi",
    "exactness": "exact, exact sums, rounding, floating point, superaccumulator, kulisch",
    "promises": "guarantees, promises, versions, deprecation, semver, reproducible, thread safety",
    "project/benchmarks": "benchmark, benchmarks, speed, fast, performance",
    "project/contributing": "contribute, contributing, new metric, add a metric",
    "reference/gallery": "gallery, pictures, plots",
    "reference/command_line": "cli, command line, options, terminal",
    "reference/c": "squarely.h, c api, c interface",
    "reference/cpp": "c++, squarely.hpp",
}

OF_METRICS = {
    "r2_score": "r², r squared, r-squared, coefficient of determination",
    "mean_error": "mean bias",
    "mean_pinball_loss": "quantile loss, quantile",
    "median_absolute_error": "median",
    "weighted_absolute_percentage_error": "wape, wmape",
    "pearson_correlation": "correlation",
    "mean_asymmetric_squared_error": "expectile",
}


def listed(words: str) -> set[str]:
    """Return words, or several of them, between commas."""
    return set(filter(None, words.split(", ")))


def of_metric(name: str) -> set[str]:
    """Return what a metric is called, here and elsewhere."""
    row = metric_pages.ROWS.get(name)
    elsewhere = (call.partition("(")[0] for call in NAMES_ELSEWHERE.get(name, {}).values())
    words = {name.replace("_", " "), row.short_name if row else "", *elsewhere, *listed(OF_METRICS.get(name, ""))}
    return {word.lower() for word in words if word}


def words_of(page: str) -> set[str]:
    """Return the words by which a page is to be found."""
    if page.startswith("reference/metrics/") and not page.endswith("/index"):
        return of_metric(page.rpartition("/")[2])
    return listed(OF_PAGES.get(page, ""))
