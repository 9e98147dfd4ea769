"""Scorers in scikit-learn's model selection: as its own, and as our functions to the bit."""

import pickle
import subprocess
import sys
import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.dummy import DummyRegressor
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.metrics import check_scoring, get_scorer, get_scorer_names
from sklearn.metrics import r2_score as sklearn_r2_score
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import squarely
from squarely.named_metrics import has_default
from squarely.scorers import scorer

BETTER = {name: squarely._core.metrics[name].better for name in squarely.metric_names() if has_default(name)}


Array = npt.NDArray[Any]

THEIRS = [name for name in get_scorer_names() if get_scorer(name)._score_func.__module__.endswith("._regression")]
FOLDS = KFold(4)


@pytest.fixture
def rows(rng: np.random.Generator) -> tuple[Array, Array]:
    """Positive targets, and predictions that are positive too, so that every metric is defined."""
    features = rng.standard_normal((300, 3))
    return features, 20 + features @ [1.0, -2.0, 0.5] + rng.standard_normal(300)


def test_the_names_are_those_of_scikit_learn_where_it_has_a_scorer() -> None:
    assert len(THEIRS) >= 13
    for name in THEIRS:
        theirs, ours = get_scorer(name), squarely.scorers[name]
        assert ours._score_func is getattr(squarely, theirs._score_func.__name__)
        assert ours._sign == theirs._sign
        assert ours._kwargs == theirs._kwargs


def test_every_metric_with_a_direction_has_a_scorer() -> None:
    scored = {squarely.scorers[name]._score_func.__name__ for name in squarely.scorers}
    assert scored == {name for name, better in BETTER.items() if better != "zero"}
    assert len(squarely.scorers) == len(list(squarely.scorers)) == len(dict(squarely.scorers))


@pytest.mark.parametrize("name", list(squarely.scorers))
def test_a_scorer_is_our_function_to_the_bit_with_the_sign_of_its_name(name: str, rows: tuple[Array, Array]) -> None:
    features, target = rows
    if name == "peak_signal_noise_ratio":  # of intensities from -1 to 1, if it is not told more
        target = target / 100
    model = LinearRegression().fit(features, target)
    function = getattr(
        squarely,
        {"r2": "r2_score", "explained_variance": "explained_variance_score"}.get(name, name.removeprefix("neg_")),
    )
    sign = -1 if name.startswith("neg_") else 1
    assert squarely.scorers[name](model, features, target) == sign * function(target, model.predict(features))


def test_cross_validation_in_two_processes_gives_the_scores_of_scikit_learn(rows: tuple[Array, Array]) -> None:
    ours = cross_validate(
        LinearRegression(), *rows, cv=FOLDS, n_jobs=2, scoring={n: squarely.scorers[n] for n in THEIRS}
    )
    theirs = cross_validate(LinearRegression(), *rows, cv=FOLDS, scoring=THEIRS)
    for name in THEIRS:
        assert np.isclose(ours[f"test_{name}"], theirs[f"test_{name}"], rtol=1e-12).all(), name


def test_cross_validation_in_two_processes_gives_the_bits_of_our_functions(rows: tuple[Array, Array]) -> None:
    features, target = rows
    names = [name for name in squarely.scorers if name != "peak_signal_noise_ratio"]
    found = cross_validate(
        LinearRegression(), *rows, cv=FOLDS, n_jobs=2, scoring={name: squarely.scorers[name] for name in names}
    )
    for fold, (train, test) in enumerate(FOLDS.split(features)):
        predictions = LinearRegression().fit(features[train], target[train]).predict(features[test])
        for name in names:
            one = squarely.scorers[name]
            assert found[f"test_{name}"][fold] == one._sign * one._score_func(target[test], predictions), name


@pytest.mark.parametrize("name", ["neg_mean_squared_error", "r2", "neg_median_absolute_error"])
def test_a_search_in_two_processes_finds_what_it_finds_with_the_scorer_of_scikit_learn(
    name: str, rows: tuple[Array, Array]
) -> None:
    model, grid = make_pipeline(StandardScaler(), Ridge()), {"ridge__alpha": [0.01, 1.0, 100.0, 1e4]}
    ours = GridSearchCV(model, grid, cv=FOLDS, n_jobs=2, scoring=squarely.scorers[name]).fit(*rows)
    theirs = GridSearchCV(model, grid, cv=FOLDS, scoring=name).fit(*rows)
    assert ours.best_params_ == theirs.best_params_
    assert np.isclose(ours.best_score_, theirs.best_score_, rtol=1e-12)
    assert np.isclose(ours.cv_results_["mean_test_score"], theirs.cv_results_["mean_test_score"], rtol=1e-12).all()
    assert ours.score(*rows) == squarely.scorers[name](ours, *rows)


def test_a_search_selects_by_a_metric_scikit_learn_has_not(rows: tuple[Array, Array]) -> None:
    scoring = {"nse": squarely.scorers["nash_sutcliffe_efficiency"], "huber": scorer("mean_huber_loss", delta=0.5)}
    search = GridSearchCV(Ridge(), {"alpha": [1e4, 0.01]}, cv=FOLDS, scoring=scoring, refit="huber").fit(*rows)
    assert search.best_params_ == {"alpha": 0.01}


def test_options_reach_the_function(rows: tuple[Array, Array]) -> None:
    features, target = rows
    model = LinearRegression().fit(features, target)
    predictions = model.predict(features)
    expected = -squarely.mean_pinball_loss(target, predictions, alpha=0.9, summation="pairwise")
    assert scorer("mean_pinball_loss", alpha=0.9, summation="pairwise")(model, features, target) == expected
    holes = np.where(np.arange(len(target)) % 7 == 0, np.nan, target)
    assert scorer("r2_score", nan_policy="omit_true")(model, features, holes) == squarely.r2_score(
        holes, predictions, nan_policy="omit_true"
    )


@pytest.mark.parametrize(
    ("name", "parameter"),
    [
        ("mean_pinball_loss", {"alpha": 0.9}),
        ("normalized_root_mean_squared_error", {"normalization": "std"}),
        ("r2_score", {"force_finite": False}),
        ("kling_gupta_efficiency", {"version": 2012}),
        ("peak_signal_noise_ratio", {"data_range": 1.0}),
        ("mean_squared_error", {}),
    ],
)
def test_a_metric_with_its_parameter_set_is_the_scorer_with_that_option(
    name: str, parameter: dict[str, Any], rows: tuple[Array, Array]
) -> None:
    model = LinearRegression().fit(*rows)
    of_metric, by_name = scorer(squarely.metric(name, **parameter)), scorer(name, **parameter)
    assert of_metric._kwargs == by_name._kwargs == parameter
    assert of_metric(model, *rows) == by_name(model, *rows)


def test_weights_are_taken_directly_and_by_routing(rows: tuple[Array, Array], rng: np.random.Generator) -> None:
    features, target = rows
    weights = rng.random(len(target))
    model = LinearRegression().fit(features, target)
    ours = squarely.scorers["neg_mean_squared_error"]
    expected = -squarely.mean_squared_error(target, model.predict(features), sample_weight=weights)
    assert ours(model, features, target, sample_weight=weights) == expected

    with config_context(enable_metadata_routing=True):
        routed, theirs = (
            cross_validate(
                LinearRegression().set_fit_request(sample_weight=True),
                features,
                target,
                cv=FOLDS,
                scoring=one.set_score_request(sample_weight=True),
                params={"sample_weight": weights},
            )["test_score"]
            for one in (ours, get_scorer("neg_mean_squared_error"))
        )
    assert np.isclose(routed, theirs, rtol=1e-12).all()
    assert not np.isclose(routed, cross_val_score(LinearRegression(), *rows, cv=FOLDS, scoring=ours)).all()


def test_several_outputs_are_averaged(rows: tuple[Array, Array]) -> None:
    features, target = rows
    targets = np.column_stack((target, target**2))
    model = LinearRegression().fit(features, targets)
    expected = squarely.r2_score(targets, model.predict(features), multioutput="variance_weighted")
    assert scorer("r2_score", multioutput="variance_weighted")(model, features, targets) == expected


def test_scorers_are_pickled_and_cloned_with_what_holds_them() -> None:
    search = GridSearchCV(Ridge(), {"alpha": [1.0]}, scoring=scorer("mean_pinball_loss", alpha=0.9))
    for twin in (pickle.loads(pickle.dumps(search)), clone(search)):
        assert repr(twin.scoring) == repr(search.scoring)
        assert "make_scorer(mean_pinball_loss, greater_is_better=False" in repr(twin.scoring)


def test_each_scorer_is_new_so_that_a_request_of_weights_stays_with_it() -> None:
    assert squarely.scorers["r2"] is not squarely.scorers["r2"]


def test_the_module_is_a_mapping_and_still_a_module() -> None:
    assert "r2" in squarely.scorers
    assert "mean_error" not in squarely.scorers
    assert squarely.scorers.get("mean_error") is None
    assert squarely.scorers is sys.modules["squarely.scorers"]
    assert {squarely.scorers: 1}[squarely.scorers] == 1
    assert squarely.scorers == squarely.scorers
    assert squarely.scorers != dict(squarely.scorers)


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("mean_squared_error", "neg_mean_squared_error"),
        ("neg_mean_sqared_error", "neg_mean_squared_error"),
        ("rmse", "neg_root_mean_squared_error"),
        ("neg_mse", "neg_mean_squared_error"),
        ("RMSE", "neg_root_mean_squared_error"),
        ("R2", "r2_score"),
        ("Neg_Mean_Absolute_Error", "neg_mean_absolute_error"),
    ],
)
def test_unknown_names_are_refused_with_the_closest(asked: str, meant: str) -> None:
    with pytest.raises(KeyError, match=rf"no scorer '{asked}'. Did you mean '{meant}'\?"):
        squarely.scorers[asked]


def test_a_metric_best_at_zero_has_no_scorer_and_no_other_is_meant() -> None:
    with pytest.raises(KeyError, match=r"no scorer 'neg_mean_error'. The metric 'mean_error' is best at zero"):
        squarely.scorers["neg_mean_error"]


def test_a_scorer_by_another_name_is_none() -> None:
    with pytest.raises(KeyError, match=r"no scorer '~'. list\(squarely.scorers\) has them all"):
        squarely.scorers["~"]
    with pytest.raises(AttributeError, match="module 'squarely' has no attribute 'scorer'"):
        squarely.scorer  # noqa: B018


@pytest.mark.parametrize(
    ("metric", "options", "message"),
    [
        ("rsme", {}, "The 'metric' parameter of scorer has no metric 'rsme'. Did you mean 'rmse'"),
        (["r2_score"], {}, "The 'metric' parameter of scorer has no metric \\['r2_score'\\]"),
        ("mean_error", {}, "'mean_error' is best at 0"),
        ("mean_pinball_loss", {"alpha": 2}, "The 'alpha' parameter of mean_pinball_loss must be"),
        ("mean_squared_error", {"alpha": 0.5}, "A scorer of 'mean_squared_error' has no option 'alpha'. It has 'mult"),
        ("mean_squared_error", {"where": [True]}, "has no option 'where'"),
        ("mean_squared_error", {"nan_policy": "drop"}, "The 'nan_policy' parameter of scorer must be"),
        ("mean_squared_error", {"summation": "fast"}, "The 'summation' parameter of scorer must be"),
        ("mean_squared_error", {"multioutput": "raw_values"}, "The 'multioutput' parameter of scorer must be"),
        (squarely.metric("mean_pinball_loss", alpha=0.5), {"alpha": 0.9}, "scorer got a metric with its parameter set"),
    ],
)
def test_what_every_fold_would_refuse_is_refused_at_once(metric: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        scorer(metric, **options)


def test_a_fold_without_a_score_warns_as_that_of_scikit_learn() -> None:
    model = DummyRegressor().fit([[0], [0]], [1.0, 2.0])
    with pytest.warns(UndefinedMetricWarning, match="not well-defined with less than two samples"):
        assert np.isnan(squarely.scorers["r2"](model, [[0]], [1.0]))


def test_without_scikit_learn_a_scorer_says_what_is_missing() -> None:
    code = (
        "import sys; sys.modules['sklearn'] = None\n"
        "import squarely\n"
        "print(len(squarely.scorers) > 30)\n"
        "try: squarely.scorers['r2']\n"
        "except ImportError as error: print(error)"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.splitlines() == ["True", "squarely.scorers needs scikit-learn. Install it: pip install scikit-learn"]


@pytest.mark.parametrize("name", ["r2_score", "mean_tweedie_deviance", "squared_error", "evaluate"])
def test_a_metric_is_refused_where_a_scorer_belongs(name: str) -> None:
    function = getattr(squarely, name)
    said = "looks like it is a metric function rather than a scorer.*make_scorer"
    for scoring in (function, {"mine": function}):
        with pytest.raises(ValueError, match=said):
            check_scoring(DummyRegressor(), scoring=scoring)
    with pytest.raises(ValueError, match=said):
        cross_val_score(DummyRegressor(), [[0.0]] * 4, [1.0, 2.0, 3.0, 4.0], cv=2, scoring=function)


def test_a_search_that_is_given_a_metric_fails_as_with_one_of_scikit_learn(rows: tuple[Array, Array]) -> None:
    # It looks at no function before the first fold. What comes of it is told in a warning of every fold.
    for function in (squarely.r2_score, sklearn_r2_score):
        search = GridSearchCV(Ridge(), {"alpha": [1.0]}, scoring=function)
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            search.fit(*rows)
        failed = [str(one.message) for one in told if "Scoring failed" in str(one.message)]
        assert failed
        assert all("positional arguments" in one for one in failed)
        assert np.isnan(search.best_score_)
        with pytest.raises(TypeError, match="positional arguments"):
            GridSearchCV(Ridge(), {"alpha": [1.0]}, scoring=function, error_score="raise").fit(*rows)
        for scoring in ({"mine": function}, [function]):
            with pytest.raises(ValueError, match="rather than a scorer|unique strings"):
                GridSearchCV(Ridge(), {"alpha": [1.0]}, scoring=scoring, refit="mine").fit(*rows)
            with pytest.raises(ValueError, match="rather than a scorer|unique strings"):
                cross_validate(Ridge(), *rows, scoring=scoring)


def test_an_estimator_is_no_truth(rows: tuple[Array, Array]) -> None:
    # As of a search without targets, which calls what it takes for a scorer with an estimator and features.
    with pytest.raises(ValueError, match=r"Pass a scorer instead of the metric, one of squarely\.scorers"):
        squarely.r2_score(Ridge(), rows[0])


@pytest.mark.parametrize("name", squarely.metric_names())
def test_every_metric_is_known_as_one_and_travels_under_its_plain_name(name: str) -> None:
    metric = getattr(squarely, name)
    with pytest.raises(ValueError, match="rather than a scorer"):
        check_scoring(DummyRegressor(), scoring=metric)
    assert metric.__module__.startswith("squarely.metrics.")
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        pickled = pickle.dumps(metric, protocol)
        assert pickle.loads(pickled) is metric
        assert b"not_scorers" not in pickled
