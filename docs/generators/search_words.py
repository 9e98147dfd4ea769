"""What people search for, and the pages that they should find first: entries of the index, which the search prefers."""

from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

from generators import metric_pages
from generators.names_elsewhere import NAMES_ELSEWHERE

OF_PAGES = {
    "start": ("install", "installation", "quickstart", "getting started", "score a file", "score arrays"),
    "tasks": ("how to", "recipes", "tasks"),
    "tutorials/arrays": ("compare models", "several models", "pandas"),
    "tutorials/streams": ("streaming", "online", "merge states"),
    "tutorials/embedding": ("c program", "c++ program"),
    "scikit_learn": ("sklearn", "scikit-learn", "migrate", "migration", "compare with sklearn"),
    "missing_values": ("missing values", "nan", "null", "none", "nan_policy", "omit", "infinity", "errors", "refused"),
    "weights": ("weights", "sample weights", "sample_weight", "mask", "where", "masked arrays"),
    "chunks": (
        *("merge states", "merge", "batches", "average batches", "accumulate", "partial sums", "multiprocessing", "joblib"),
        *("pytorch", "torch", "distributed", "dask", "xarray", "spark", "pyspark", "rolling", "window", "cluster"),
    ),
    "groups": ("group by", "groupby", "by group", "groups", "segments", "per group"),
    "files": (
        *("larger than memory", "score a file", "score files", "files", "csv", "parquet", "json", "arrow", "orc", "npy", "npz", "s3"),
        *("gzip", "zip", "merge results", "merge states", "checkpoint", "resume", "separator", "decimal comma", "encoding"),
    ),
    "joins": ("join", "join by id", "merge tables", "id", "kaggle", "submission", "sql", "duckdb"),
    "boosting": (
        *("gridsearchcv", "grid search", "cross validation", "cross_val_score", "scorer", "make_scorer", "early stopping"),
        *("xgboost", "lightgbm", "catboost", "feval", "eval_metric", "custom metric"),
    ),
    "training": ("loss", "losses", "gradient", "gradients", "training", "hessian"),
    "embedding": ("embed", "embedding", "cython", "rust", "fortran", "julia", "ctypes", "cffi", "cmake", "pkg-config", "ffi"),
    "exactness": ("exact", "exact sums", "rounding", "floating point", "superaccumulator", "kulisch"),
    "promises": ("guarantees", "promises", "versions", "deprecation", "semver", "reproducible", "thread safety"),
    "project/benchmarks": ("benchmark", "benchmarks", "speed", "fast", "performance"),
    "project/contributing": ("contribute", "contributing", "new metric", "add a metric"),
    "reference/gallery": ("gallery", "pictures", "plots"),
    "reference/command_line": ("cli", "command line", "options", "terminal"),
    "reference/c": ("squarely.h", "c api", "c interface"),
    "reference/cpp": ("c++", "squarely.hpp"),
}

OF_METRICS = {
    "r2_score": ("r²", "r squared", "r-squared", "coefficient of determination"),
    "mean_error": ("mean bias",),
    "mean_pinball_loss": ("quantile loss", "quantile"),
    "median_absolute_error": ("median",),
    "weighted_absolute_percentage_error": ("wape", "wmape"),
    "pearson_correlation": ("correlation",),
    "mean_asymmetric_squared_error": ("expectile",),
}


def of_metric(name: str) -> set[str]:
    """Return what a metric is called, here and elsewhere."""
    row = metric_pages.ROWS.get(name)
    elsewhere = (call.partition("(")[0] for call in NAMES_ELSEWHERE.get(name, {}).values())
    words = {name.replace("_", " "), row.short_name if row else "", *elsewhere, *OF_METRICS.get(name, ())}
    return {word.lower() for word in words if word}


def words_of(page: str) -> set[str]:
    """Return the words by which a page is to be found."""
    if page.startswith("reference/metrics/") and not page.endswith("/index"):
        return of_metric(page.rpartition("/")[2])
    return set(OF_PAGES.get(page, ()))


def add_words(app: Sphinx, doctree: nodes.document) -> None:
    """Put them into the index, as what leads to the top of the page."""
    words = words_of(app.env.current_document.docname)
    section = next(doctree.findall(nodes.section), None)
    if words and section is not None:
        # Without a target within the page, which the search shows once then.
        entries = [("single", word, "", "main", None) for word in sorted(words)]
        section.insert(1, addnodes.index(entries=entries))


def check_pages(app: Sphinx, env: Any) -> None:
    """Refuse words of a page that is gone."""
    if missing := set(OF_PAGES) - set(env.found_docs):
        raise ValueError(f"docs/generators/search_words.py has words of {sorted(missing)}, which are no pages")


def setup(app: Sphinx) -> dict[str, Any]:
    """Look at every page that was read."""
    app.connect("doctree-read", add_words)
    app.connect("env-check-consistency", check_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
