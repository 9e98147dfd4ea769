"""Early stopping of LightGBM, XGBoost and CatBoost by our metrics: as by their own, in the right direction."""

import copy
import doctest
import importlib.util
import inspect
import pathlib
import pickle
import re
import subprocess
import sys
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pytest

import squarely
from squarely.boosting import catboost_metric, lightgbm_metric, xgboost_metric
from squarely.directions import greater_is_better
from squarely.named_metrics import has_default

BETTER = {name: squarely._core.metrics[name].better for name in squarely.metric_names() if has_default(name)}


Array = npt.NDArray[Any]
LIBRARIES = ("lightgbm", "xgboost", "catboost")
MAKERS = (lightgbm_metric, xgboost_metric, catboost_metric)
PAGE = pathlib.Path(__file__).parents[2] / "docs" / "boosting.md"
# LightGBM 4.7 has another name for it, that older ones do not know.
EVAL_SET = pytest.mark.filterwarnings("ignore:The argument 'eval_set' is deprecated")
ROUNDS = 200
PATIENCE = 8


class Rows(NamedTuple):
    features: Array
    target: Array
    weights: Array


def rows_of(seed: int, count: int = 1500) -> Rows:
    """Return rows with so much noise that trees soon fit nothing else. The target is float32, and never below 0."""
    rng = np.random.default_rng(seed)
    features = rng.standard_normal((count, 5))
    signal = 4 + features[:, 0] - np.sin(3 * features[:, 1])
    target = np.float32(np.maximum(signal + rng.standard_normal(count), 0))
    return Rows(features, target, np.float32(rng.integers(1, 8, count)))


TRAIN, VALID = rows_of(1), rows_of(2)


class Trained(NamedTuple):
    best: int
    """The best iteration, counted from 0."""
    history: list[float]
    predictions: Array


def weights_of(rows: Rows, weighted: bool) -> Array | None:
    return rows.weights if weighted else None


def lightgbm_training(*, own: str | None = None, metric: Any = None, weighted: bool = False, **params: Any) -> Trained:
    lightgbm = pytest.importorskip("lightgbm")
    train = lightgbm.Dataset(TRAIN.features, TRAIN.target, weight=weights_of(TRAIN, weighted))
    valid = train.create_valid(VALID.features, VALID.target, weight=weights_of(VALID, weighted))
    history: dict[str, dict[str, list[float]]] = {}
    model = lightgbm.train(
        {"metric": own or "None", "learning_rate": 0.3, "verbose": -1, "num_threads": 1, **params},
        train,
        ROUNDS,
        valid_sets=[valid],
        feval=metric,
        callbacks=[lightgbm.early_stopping(PATIENCE, verbose=False), lightgbm.record_evaluation(history)],
    )
    (values,) = history["valid_0"].values()
    return Trained(model.best_iteration - 1, values, model.predict(VALID.features))


def xgboost_training(
    *, own: str | None = None, metric: Any = None, weighted: bool = False, maximize: bool | None = None, **params: Any
) -> Trained:
    xgboost = pytest.importorskip("xgboost")
    train = xgboost.DMatrix(TRAIN.features, TRAIN.target, weight=weights_of(TRAIN, weighted))
    valid = xgboost.DMatrix(VALID.features, VALID.target, weight=weights_of(VALID, weighted))
    history: dict[str, dict[str, list[float]]] = {}
    choice = {"eval_metric": own} if own else {"disable_default_eval_metric": True}
    model = xgboost.train(
        {**choice, "eta": 0.3, "nthread": 1, "verbosity": 0, **params},
        train,
        ROUNDS,
        evals=[(valid, "valid")],
        custom_metric=metric,
        early_stopping_rounds=PATIENCE,
        maximize=maximize,
        evals_result=history,
        verbose_eval=False,
    )
    (values,) = history["valid"].values()
    return Trained(model.best_iteration, values, model.predict(valid, iteration_range=(0, model.best_iteration + 1)))


def catboost_training(*, own: str | None = None, metric: Any = None, weighted: bool = False, **params: Any) -> Trained:
    catboost = pytest.importorskip("catboost")
    model = catboost.CatBoostRegressor(
        **{"iterations": ROUNDS, "learning_rate": 0.3, "thread_count": 1, "allow_writing_files": False, **params},
        eval_metric=own or metric,
        verbose=False,
    )
    train = catboost.Pool(TRAIN.features, TRAIN.target, weight=weights_of(TRAIN, weighted))
    valid = catboost.Pool(VALID.features, VALID.target, weight=weights_of(VALID, weighted))
    model.fit(train, eval_set=valid, early_stopping_rounds=PATIENCE)
    name = own or metric.metric.label
    return Trained(model.best_iteration_, model.evals_result_["validation"][name], model.predict(VALID.features))


TRAININGS: dict[str, tuple[Callable[..., Trained], Callable[..., Any]]] = {
    "lightgbm": (lightgbm_training, lightgbm_metric),
    "xgboost": (xgboost_training, xgboost_metric),
    "catboost": (catboost_training, catboost_metric),
}

EQUIVALENTS = [
    ("lightgbm", "l2", "mean_squared_error"),
    ("lightgbm", "rmse", "root_mean_squared_error"),
    ("lightgbm", "l1", "mean_absolute_error"),
    ("xgboost", "rmse", "root_mean_squared_error"),
    ("xgboost", "mae", "mean_absolute_error"),
    ("catboost", "RMSE", "root_mean_squared_error"),
    ("catboost", "MAE", "mean_absolute_error"),
    ("catboost", "R2", "r2_score"),
]


def test_every_metric_has_a_direction() -> None:
    assert set(BETTER) == set(filter(has_default, squarely.metric_names()))


@pytest.mark.parametrize("name", [name for name, better in BETTER.items() if better != "zero"])
def test_the_direction_of_a_metric_is_that_of_better_predictions(name: str, rng: np.random.Generator) -> None:
    y_true, errors = 10 + rng.standard_normal(500), rng.standard_normal(500) + 0.3
    predictions = {"better": y_true + 0.1 * errors, "worse": y_true + errors}
    scores = squarely.evaluate(y_true, predictions, metrics=name)[name]
    assert (scores["better"] > scores["worse"]) == greater_is_better(name)
    assert scores["better"] != scores["worse"]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", [name for name, better in BETTER.items() if better != "zero"])
def test_every_metric_is_our_function_to_the_bit(name: str, weighted: bool, rng: np.random.Generator) -> None:
    y_true = rng.uniform(0.1, 1, 500)
    y_pred = y_true * rng.uniform(0.9, 1.1, 500)
    weights = rng.random(500) if weighted else None
    function = getattr(squarely, name)
    if weighted and name == "trimmed_mean_squared_error":
        with pytest.raises(ValueError, match="trimmed_mean_squared_error .* takes no sample_weight"):
            lightgbm_metric(name)(y_true, y_pred, weights)
        return
    if weighted and not squarely._core.metrics[name].takes_weights:
        with pytest.raises(ValueError, match="takes no sample_weight"):
            lightgbm_metric(name)(y_true, y_pred, weights)
        return
    expected = squarely.evaluate(y_true, y_pred, metrics=name, sample_weight=weights)[name]
    if not weighted or "sample_weight" in inspect.signature(function).parameters:
        assert expected == function(y_true, y_pred, **({"sample_weight": weights} if weighted else {}))
    better = greater_is_better(name)
    assert lightgbm_metric(name)(y_true, y_pred, weights) == (name, expected, better)
    assert xgboost_metric(name)(y_true, y_pred, sample_weight=weights) == (-expected if better else expected)
    assert catboost_metric(name).evaluate((y_pred,), y_true, weights) == (expected, 1.0)
    assert catboost_metric(name).is_max_optimal() == better


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("library", "own", "name"), EQUIVALENTS)
def test_training_stops_where_the_metric_of_the_library_stops_it(
    library: str, own: str, name: str, weighted: bool
) -> None:
    train, metric_of = TRAININGS[library]
    theirs, ours = train(own=own, weighted=weighted), train(metric=metric_of(name), weighted=weighted)
    assert 0 < ours.best == theirs.best < ROUNDS - PATIENCE
    assert len(ours.history) == len(theirs.history)
    # XGBoost keeps six decimals, and the absolute error of CatBoost is low by 1e-6, which it takes off every pair.
    rough = library == "xgboost" or own == "MAE"
    np.testing.assert_allclose(np.abs(ours.history), theirs.history, rtol=1e-12, atol=1.1e-6 if rough else 0)


@pytest.mark.parametrize("library", LIBRARIES)
def test_training_stops_at_the_greatest_r2_where_it_stops_at_the_least_squared_error(library: str) -> None:
    train, metric_of = TRAININGS[library]
    r2, mse = train(metric=metric_of("r2_score")), train(metric=metric_of("mean_squared_error"))
    assert r2.best == mse.best > 0
    assert r2.best == np.argmax(np.abs(r2.history))


@pytest.mark.parametrize("name", ["r2_score", "mean_squared_error"])
def test_xgboost_stops_alike_whether_it_minimizes_or_maximizes(name: str) -> None:
    least = xgboost_training(metric=xgboost_metric(name))
    greatest = xgboost_training(metric=xgboost_metric(name, maximize=True), maximize=True)
    assert least.best == greatest.best
    assert least.history == [-value for value in greatest.history]
    assert (least.history[0] < 0) == (name == "r2_score")


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("library", ["lightgbm", "catboost"])
def test_the_value_is_that_of_our_function_to_the_bit(library: str, weighted: bool) -> None:
    train, metric_of = TRAININGS[library]
    trained = train(metric=metric_of("mean_pinball_loss", alpha=0.9), weighted=weighted)
    expected = squarely.mean_pinball_loss(
        VALID.target, trained.predictions, alpha=0.9, sample_weight=weights_of(VALID, weighted)
    )
    # CatBoost sums trees for a prediction in another order than in training.
    tolerance = 0 if library == "lightgbm" else 1e-13
    assert trained.history[trained.best] == pytest.approx(expected, rel=tolerance, abs=0)


@pytest.mark.parametrize("weighted", [False, True])
def test_the_value_is_that_of_our_function_to_the_six_decimals_of_xgboost(weighted: bool) -> None:
    trained = xgboost_training(metric=xgboost_metric("mean_huber_loss", delta=0.5), weighted=weighted)
    expected = squarely.mean_huber_loss(
        VALID.target, trained.predictions, delta=0.5, sample_weight=weights_of(VALID, weighted)
    )
    assert trained.history[trained.best] == float(f"{expected:f}")


@pytest.mark.parametrize("loss", ["Poisson", "Tweedie:variance_power=1.5"])
def test_a_log_link_scores_the_predictions_of_catboost(loss: str) -> None:
    metric = catboost_metric("mean_absolute_error", link="log")
    trained = catboost_training(metric=metric, loss_function=loss, iterations=20)
    expected = squarely.mean_absolute_error(VALID.target, trained.predictions)
    assert trained.history[trained.best] == pytest.approx(expected, rel=1e-12)


def test_lightgbm_hands_over_predictions_on_the_scale_of_the_labels() -> None:
    trained = lightgbm_training(metric=lightgbm_metric("mean_absolute_error"), objective="poisson")
    assert trained.history[trained.best] == squarely.mean_absolute_error(VALID.target, trained.predictions)


@EVAL_SET
@pytest.mark.parametrize("weighted", [False, True])
def test_the_scikit_learn_interface_of_lightgbm_stops_where_its_train_does(weighted: bool) -> None:
    lightgbm = pytest.importorskip("lightgbm")
    metric = lightgbm_metric("r2_score")
    model = lightgbm.LGBMRegressor(n_estimators=ROUNDS, learning_rate=0.3, n_jobs=1, verbose=-1, metric="None")
    model.fit(
        TRAIN.features,
        TRAIN.target,
        sample_weight=weights_of(TRAIN, weighted),
        eval_set=[(VALID.features, VALID.target)],
        eval_sample_weight=[VALID.weights] if weighted else None,
        eval_metric=metric,
        callbacks=[lightgbm.early_stopping(PATIENCE, verbose=False)],
    )
    native = lightgbm_training(metric=metric, weighted=weighted)
    assert model.best_iteration_ - 1 == native.best
    assert model.evals_result_["valid_0"]["r2_score"] == native.history


@pytest.mark.parametrize("weighted", [False, True])
def test_the_scikit_learn_interface_of_xgboost_stops_where_its_train_does(weighted: bool) -> None:
    xgboost = pytest.importorskip("xgboost")
    metric = xgboost_metric("r2_score")
    model = xgboost.XGBRegressor(
        n_estimators=ROUNDS, learning_rate=0.3, n_jobs=1, eval_metric=metric, early_stopping_rounds=PATIENCE
    )
    model.fit(
        TRAIN.features,
        TRAIN.target,
        sample_weight=weights_of(TRAIN, weighted),
        eval_set=[(VALID.features, VALID.target)],
        sample_weight_eval_set=[VALID.weights] if weighted else None,
        verbose=False,
    )
    native = xgboost_training(metric=metric, weighted=weighted)
    assert model.best_iteration == native.best
    assert model.evals_result()["validation_0"]["neg_r2_score"] == native.history


def test_several_metrics_are_watched_at_once() -> None:
    lightgbm = pytest.importorskip("lightgbm")
    history: dict[str, dict[str, list[float]]] = {}
    data = lightgbm.Dataset(TRAIN.features, TRAIN.target)
    lightgbm.train(
        {"verbose": -1, "num_threads": 1},
        data,
        5,
        valid_sets=[data],
        feval=[lightgbm_metric("r2_score"), lightgbm_metric("mean_squared_error")],
        callbacks=[lightgbm.record_evaluation(history)],
    )
    assert list(history["training"]) == ["l2", "r2_score", "mean_squared_error"]
    np.testing.assert_allclose(history["training"]["l2"], history["training"]["mean_squared_error"], rtol=1e-12)


@pytest.mark.parametrize(
    "metric",
    [
        squarely.metric("normalized_root_mean_squared_error", normalization="std"),
        squarely.metric("mean_tweedie_deviance", power=-1.0),
    ],
)
def test_names_with_parameters_come_back_from_xgboost(metric: Any) -> None:
    xgboost = pytest.importorskip("xgboost")
    history: dict[str, dict[str, list[float]]] = {}
    data = xgboost.DMatrix(TRAIN.features, TRAIN.target)
    xgboost.train(
        {"verbosity": 0, "nthread": 1, "disable_default_eval_metric": True},
        data,
        1,
        evals=[(data, "valid")],
        custom_metric=xgboost_metric(metric),
        evals_result=history,
        verbose_eval=False,
    )
    assert list(history["valid"]) == [metric.label]


def test_outputs_of_xgboost_are_averaged() -> None:
    xgboost = pytest.importorskip("xgboost")
    data = xgboost.DMatrix(TRAIN.features, np.column_stack((TRAIN.target, -TRAIN.target)))
    history: dict[str, dict[str, list[float]]] = {}
    xgboost.train(
        {"verbosity": 0, "nthread": 1},
        data,
        3,
        evals=[(data, "valid")],
        custom_metric=xgboost_metric("mean_squared_error"),
        evals_result=history,
        verbose_eval=False,
    )
    np.testing.assert_allclose(history["valid"]["mean_squared_error"], np.square(history["valid"]["rmse"]), atol=1e-6)


@pytest.mark.parametrize("maker", MAKERS)
def test_a_metric_is_a_value_that_is_pickled_and_copied(maker: Callable[..., Any]) -> None:
    metric = maker("mean_pinball_loss", alpha=0.9)
    assert metric == maker(squarely.metric("mean_pinball_loss", alpha=0.9))
    assert metric != maker("mean_pinball_loss", alpha=0.8)
    for twin in (pickle.loads(pickle.dumps(metric)), copy.deepcopy(metric)):
        assert twin == metric
        assert hash(twin) == hash(metric)


@EVAL_SET
@pytest.mark.parametrize("library", LIBRARIES)
def test_a_search_in_two_processes_scores_by_the_metric(library: str) -> None:
    pytest.importorskip(library)
    selection = pytest.importorskip("sklearn.model_selection")
    model, fit_parameters = _model_of(library)
    search = selection.GridSearchCV(
        model, {"learning_rate": [0.1, 0.3]}, cv=2, n_jobs=2, scoring="r2", error_score="raise"
    )
    search.fit(TRAIN.features, TRAIN.target, **fit_parameters)
    assert search.best_score_ > 0.3
    assert search.best_estimator_.predict(VALID.features).shape == VALID.target.shape


def _model_of(library: str) -> tuple[Any, dict[str, Any]]:
    """Return a model with eight trees, and what its fit is told: the metric here or there."""
    module = importlib.import_module(library)
    held_out = {"eval_set": [(VALID.features, VALID.target)]}
    if library == "lightgbm":
        return module.LGBMRegressor(n_estimators=8, verbose=-1, n_jobs=1), {
            **held_out,
            "eval_metric": lightgbm_metric("r2_score"),
        }
    if library == "xgboost":
        return module.XGBRegressor(n_estimators=8, n_jobs=1, eval_metric=xgboost_metric("r2_score")), {
            **held_out,
            "verbose": False,
        }
    metric = catboost_metric("r2_score")
    return module.CatBoostRegressor(
        iterations=8, thread_count=1, eval_metric=metric, verbose=False, allow_writing_files=False
    ), held_out


@pytest.mark.parametrize("maker", MAKERS)
def test_what_no_training_can_be_steered_by_is_refused_at_once(maker: Callable[..., Any]) -> None:
    with pytest.raises(ValueError, match=f"The 'metric' parameter of {maker.__name__} has no metric 'rsme'. Did you"):
        maker("rsme")
    assert maker("rmse").metric == maker(squarely.root_mean_squared_error).metric == squarely.metric("rmse")
    with pytest.raises(ValueError, match="has no parameter 'alpha'"):
        maker("mean_squared_error", alpha=0.5)
    with pytest.raises(ValueError, match="The 'alpha' parameter of mean_pinball_loss must be"):
        maker("mean_pinball_loss", alpha=2)
    with pytest.raises(ValueError, match=f"{maker.__name__} got a metric with its parameter set, and 'alpha' beside"):
        maker(squarely.metric("mean_pinball_loss", alpha=0.5), alpha=0.9)
    with pytest.raises(ValueError, match="'mean_error' is best at 0"):
        maker("mean_error")


def test_an_unknown_link_is_refused() -> None:
    with pytest.raises(ValueError, match="The 'link' parameter of catboost_metric must be a str among"):
        catboost_metric("r2_score", link="logit")  # type: ignore[arg-type]


@pytest.mark.parametrize("metric", [lightgbm_metric("r2_score"), xgboost_metric("r2_score")])
@pytest.mark.parametrize(
    ("y_true", "y_pred", "message"),
    [
        ([1.0, 2.0], [1.0, float("nan")], "Input contains NaN"),
        ([1.0, 2.0], [1.0, float("inf")], "Input contains infinity"),
        ([1.0], [1.0], "'r2_score' is undefined on the evaluation data: R.2 score is not well-defined"),
        ([1.0, 2.0], np.ones((2, 3)), "predictions of shape (2, 3) for labels of shape (2,): 3 predictions a row"),
        ([1.0, 2.0], np.ones(3), "inconsistent numbers of samples"),
    ],
)
def test_what_gives_no_number_is_an_error_and_not_nan(metric: Any, y_true: Any, y_pred: Any, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message).replace(re.escape("R.2"), "R.2")):
        metric(y_true, y_pred)


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_metric_outside_its_domain_ends_the_training(library: str) -> None:
    module = pytest.importorskip(library)
    # CatBoost puts the error of a metric into one of its own.
    error = module.CatBoostError if library == "catboost" else ValueError
    words = "'mean_squared_log_error' is undefined on the evaluation data: Mean Squared Logarithmic Error cannot be"
    with pytest.raises(error, match=words):
        _train_on(library, VALID._replace(target=VALID.target - 10), "mean_squared_log_error")


def _train_on(library: str, rows: Rows, name: str) -> None:
    """Train two rounds, and evaluate on the same rows."""
    module = importlib.import_module(library)
    if library == "lightgbm":
        data = module.Dataset(rows.features, rows.target)
        module.train({"verbose": -1, "num_threads": 1}, data, 2, valid_sets=[data], feval=lightgbm_metric(name))
    elif library == "xgboost":
        data = module.DMatrix(rows.features, rows.target)
        module.train(
            {"nthread": 1}, data, 2, evals=[(data, "valid")], custom_metric=xgboost_metric(name), verbose_eval=False
        )
    else:
        metric = catboost_metric(name)
        model = module.CatBoostRegressor(iterations=2, eval_metric=metric, verbose=False, allow_writing_files=False)
        model.fit(rows.features, rows.target)


def test_classes_of_lightgbm_are_refused() -> None:
    lightgbm = pytest.importorskip("lightgbm")
    data = lightgbm.Dataset(TRAIN.features, np.arange(len(TRAIN.target)) % 3)
    with pytest.raises(ValueError, match="3 predictions a row, as of a classification into several classes"):
        lightgbm.train(
            {"objective": "multiclass", "num_class": 3, "verbose": -1, "num_threads": 1},
            data,
            2,
            valid_sets=[data],
            feval=lightgbm_metric("r2_score"),
        )


def test_classes_of_catboost_are_refused() -> None:
    with pytest.raises(ValueError, match="is of one prediction a row, and CatBoost passes 3"):
        catboost_metric("r2_score").evaluate([[1.0, 2.0]] * 3, [1.0, 2.0], None)


def test_catboost_says_nothing_of_compiling_the_metric() -> None:
    pytest.importorskip("catboost")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        catboost_training(metric=catboost_metric("r2_score"), iterations=2)


def _printed_by(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_no_library_is_imported_before_it_is_needed() -> None:
    printed = _printed_by(
        "import sys, squarely\n"
        "print('squarely.boosting' in sys.modules, 'squarely.scorers' in sys.modules)\n"
        "squarely.boosting.catboost_metric('r2_score'), squarely.boosting.lightgbm_metric('r2_score')\n"
        "squarely.boosting.xgboost_metric('r2_score'), list(squarely.scorers)\n"
        "print(*({'lightgbm', 'xgboost', 'catboost', 'sklearn'} & set(sys.modules)))"
    )
    assert printed.split("\n")[:2] == ["False False", ""]


# Each brings an OpenMP runtime of its own, and all of them end up in one process.
WORK = {
    "squarely": "squarely.set_num_threads(2); print(squarely.mean_squared_error(a, b))",
    "lightgbm": "lightgbm.train({'verbose': -1}, lightgbm.Dataset(a[:500].reshape(-1, 5), a[:100]), 2)",
    "xgboost": "xgboost.train({'nthread': 2, 'verbosity': 0}, xgboost.DMatrix(a[:500].reshape(-1, 5), a[:100]), 2)",
    "torch": "torch.set_num_threads(2); torch.from_numpy(a).exp().sum()",
}
TOGETHER = [name for name in WORK if name == "squarely" or importlib.util.find_spec(name) is not None]
# Every pair of them in either order.
ORDERS = [TOGETHER, TOGETHER[::-1], TOGETHER[1:3] + TOGETHER[:1], TOGETHER[2:3] + TOGETHER[:2]]


@pytest.mark.parametrize("order", ORDERS, ids=" ".join)
def test_libraries_with_openmp_are_imported_in_any_order(order: list[str]) -> None:
    lines = [f"import {name}" for name in order]
    lines += ["import numpy", "a, b = numpy.random.default_rng(0).standard_normal((2, 1_000_000))"]
    lines += [WORK[name] for name in (*order, *order[::-1])]
    scores = set(_printed_by("\n".join(lines)).split())
    a, b = np.random.default_rng(0).standard_normal((2, 1_000_000))
    assert scores == {repr(squarely.mean_squared_error(a, b))}


@pytest.mark.parametrize("section", ["scikit-learn", "LightGBM", "XGBoost", "CatBoost"])
def test_examples_of_the_page_on_boosting_are_true(section: str) -> None:
    pytest.importorskip({"scikit-learn": "sklearn"}.get(section, section.lower()))
    introduction, *others = re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    (text,) = (other for other in others if other.startswith(f"{section}\n"))
    examples = doctest.DocTestParser().get_doctest(introduction + text, {}, section, str(PAGE), 0)
    results = doctest.DocTestRunner().run(examples)
    assert results.attempted > 5
    assert results.failed == 0


def test_every_section_of_the_page_with_examples_is_run() -> None:
    sections = re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    with_examples = {section.partition("\n")[0] for section in sections if ">>> " in section}
    assert with_examples == {"scikit-learn", "LightGBM", "XGBoost", "CatBoost"}
