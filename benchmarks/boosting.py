"""Time one evaluation of a metric during the training of boosted trees: ours, the library's own, and scikit-learn's.

    python benchmarks/boosting.py --rows 1e6 --rounds 15

LightGBM and XGBoost grow a tree a round, and then every contestant evaluates the held-out rows once, in an order
shuffled by a fixed seed. *evaluation* is the whole of it, with what the library does to hand labels and predictions
over; *in the metric* is the part inside the function. The new tree's predictions are made before the clock starts.

CatBoost cannot be stopped between two trees. Its *evaluation* is the time of a training that evaluates every round
less that of one that evaluates only the ends, by the number of evaluations; a round is one training of each contestant.

Reported are medians, and medians of the ratio to squarely's root mean squared error within a round.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import catboost
import lightgbm
import numpy as np
import numpy.typing as npt
import sklearn.metrics
import xgboost
from compare import SEED

import squarely as sq
from squarely.boosting import catboost_metric, lightgbm_metric, xgboost_metric

TRAIN_ROWS = 10_000  # trees grow fast on few rows; the evaluation is what is timed
CATBOOST_TREES = 20
OURS, OURS_R2, THEIRS, SKLEARN, SKLEARN_R2 = "squarely rmse", "squarely r2", "own rmse", "sklearn rmse", "sklearn r2"
CONTESTANTS = (OURS, OURS_R2, THEIRS, SKLEARN, SKLEARN_R2)
SKLEARN_FUNCTIONS = {SKLEARN: sklearn.metrics.root_mean_squared_error, SKLEARN_R2: sklearn.metrics.r2_score}
OUR_NAMES = {OURS: "root_mean_squared_error", OURS_R2: "r2_score"}

Array = npt.NDArray[Any]
Seconds = dict[str, float]


class Rows(NamedTuple):
    features: Array
    target: Array


class Round(NamedTuple):
    evaluation: Seconds
    metric: Seconds


@dataclass
class Timed:
    """A function, and the seconds of its latest call."""

    function: Callable[..., Any]
    seconds: float = field(default=0.0, init=False)

    def __call__(self, *arguments: Any) -> Any:
        begin = time.perf_counter()
        result = self.function(*arguments)
        self.seconds = time.perf_counter() - begin
        return result


def rows_of(count: int, seed: int) -> Rows:
    rng = np.random.default_rng(seed)
    features = rng.standard_normal((count, 4), np.float32)
    return Rows(features, (features @ np.float32([1, -2, 0.5, 0]) + rng.standard_normal(count)).astype(np.float32))


def seconds_of(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def evaluated(evaluate: dict[str, Callable[[], object]], timed: dict[str, Timed], order: random.Random) -> Round:
    evaluation = {name: seconds_of(evaluate[name]) for name in order.sample(CONTESTANTS, len(CONTESTANTS))}
    return Round(evaluation, {name: metric.seconds for name, metric in timed.items()})


# ----------------------------------------------------------------------------------------------------------- libraries


def lightgbm_rounds(train: Rows, valid: Rows, rounds: int, threads: int, order: random.Random) -> list[Round]:
    def booster(metric: str) -> lightgbm.Booster:
        data = lightgbm.Dataset(*train)
        model = lightgbm.Booster({"metric": metric, "num_threads": threads, "verbose": -1}, data)
        return model.add_valid(data.create_valid(*valid), "valid")

    def of_sklearn(function: Callable[..., float]) -> Callable[..., Any]:
        return lambda predictions, data: ("sklearn", function(data.get_label(), predictions), False)

    timed = {name: Timed(lightgbm_metric(metric)) for name, metric in OUR_NAMES.items()}
    timed |= {name: Timed(of_sklearn(function)) for name, function in SKLEARN_FUNCTIONS.items()}
    with_own, without = booster("rmse"), booster("None")
    evaluate: dict[str, Callable[[], object]] = {
        name: lambda metric=metric: without.eval_valid(metric) for name, metric in timed.items()
    }
    evaluate[THEIRS] = with_own.eval_valid
    found = []
    for _ in range(rounds):
        with_own.update()
        without.update()
        without.eval_valid(lambda predictions, data: ("none", 0.0, False))  # predictions are copied once a tree
        found.append(evaluated(evaluate, timed, order))
    return found


def xgboost_rounds(train: Rows, valid: Rows, rounds: int, threads: int, order: random.Random) -> list[Round]:
    data, held_out = (xgboost.DMatrix(rows.features, rows.target, nthread=threads) for rows in (train, valid))

    def booster(params: dict[str, Any]) -> xgboost.Booster:
        return xgboost.Booster({"nthread": threads, **params}, [data, held_out])

    def of_sklearn(function: Callable[..., float]) -> Callable[..., Any]:
        return lambda predictions, data: ("sklearn", function(data.get_label(), predictions))

    timed = {name: Timed(xgboost_metric(metric)) for name, metric in OUR_NAMES.items()}
    timed |= {name: Timed(of_sklearn(function)) for name, function in SKLEARN_FUNCTIONS.items()}
    with_own, without = booster({"eval_metric": "rmse"}), booster({"disable_default_eval_metric": True})
    evals = [(held_out, "valid")]
    evaluate: dict[str, Callable[[], object]] = {
        name: lambda metric=metric: without.eval_set(evals, feval=metric, output_margin=False)
        for name, metric in timed.items()
    }
    evaluate[THEIRS] = lambda: with_own.eval_set(evals)
    found = []
    for number in range(rounds):
        for model in (with_own, without):
            model.update(data, number)
            model.predict(held_out)  # and is kept until the next tree
        found.append(evaluated(evaluate, timed, order))
    return found


@dataclass
class TimedCatBoostMetric:
    """A metric for CatBoost, and the seconds of each call on the held-out rows."""

    metric: Any
    held_out: int
    seconds: list[float]
    no_jit = True

    def __deepcopy__(self, memo: object) -> TimedCatBoostMetric:
        return self

    def is_max_optimal(self) -> bool:
        return False

    def get_final_error(self, error: float, weight: float) -> float:
        return error

    def evaluate(self, approxes: Any, target: Any, weight: Any) -> tuple[float, float]:
        timed = Timed(self.metric)
        result: tuple[float, float] = timed(approxes, target, weight)
        if len(target) == self.held_out:
            self.seconds.append(timed.seconds)
        return result


def catboost_rounds(train: Rows, valid: Rows, rounds: int, threads: int, order: random.Random) -> list[Round]:
    data, held_out = (catboost.Pool(*rows) for rows in (train, valid))

    def of_sklearn(function: Callable[..., float]) -> Callable[..., Any]:
        return lambda approxes, target, weight: (function(target, approxes[0]), 1.0)

    functions = {name: catboost_metric(metric).evaluate for name, metric in OUR_NAMES.items()}
    functions |= {name: of_sklearn(function) for name, function in SKLEARN_FUNCTIONS.items()}

    def trained(metric: Any, period: int) -> None:
        catboost.CatBoostRegressor(
            iterations=CATBOOST_TREES,
            eval_metric=metric,
            metric_period=period,
            use_best_model=False,
            thread_count=threads,
            allow_writing_files=False,
            verbose=False,
        ).fit(data, eval_set=held_out)

    found = []
    for _ in range(rounds):
        evaluation, metric_seconds = {}, {}
        for name in order.sample(CONTESTANTS, len(CONTESTANTS)):
            timed = TimedCatBoostMetric(functions.get(name), len(valid.target), [])
            metric = "RMSE" if name == THEIRS else timed
            seconds = {period: seconds_of(lambda p=period, m=metric: trained(m, p)) for period in (CATBOOST_TREES, 1)}
            evaluation[name] = (seconds[1] - seconds[CATBOOST_TREES]) / (CATBOOST_TREES - 2)
            if name != THEIRS:
                metric_seconds[name] = statistics.median(timed.seconds)
        found.append(Round(evaluation, metric_seconds))
    return found


# --------------------------------------------------------------------------------------------------------------- report


def table(library: str, rounds: list[Round]) -> str:
    lines = [f"{library:<16}{'evaluation':>12}{'to squarely':>13}{'in the metric':>15}{'to squarely':>13}"]
    for name in CONTESTANTS:
        cells = [f"  {name:<14}"]
        for part, width in (("evaluation", 12), ("metric", 15)):
            seconds = [getattr(one, part) for one in rounds]
            if name not in seconds[0]:
                continue
            median = statistics.median(one[name] for one in seconds)
            ratio = statistics.median(one[name] / one[OURS] for one in seconds)
            cells.append(f"{f'{1e3 * median:.2f} ms':>{width}}{ratio:>13.2f}")
        lines.append("".join(cells))
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=float, default=1e6, help="of the held-out data")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--threads", type=int, default=1, help="of the libraries and of squarely")
    parser.add_argument("--libraries", nargs="+", default=["lightgbm", "xgboost", "catboost"])
    given = parser.parse_args()
    sq.set_num_threads(given.threads)
    train, valid = rows_of(TRAIN_ROWS, 1), rows_of(int(given.rows), 2)
    libraries = {"lightgbm": lightgbm_rounds, "xgboost": xgboost_rounds, "catboost": catboost_rounds}
    print(f"{len(valid.target)} held-out rows, {given.threads} thread(s), medians of {given.rounds} rounds")
    for library in given.libraries:
        found = libraries[library](train, valid, given.rounds, given.threads, random.Random(SEED))
        print(table(library, found), end="\n\n", flush=True)


if __name__ == "__main__":
    main()
