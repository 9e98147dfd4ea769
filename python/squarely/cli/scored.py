"""What is scored: columns of files, .npy files, or tables that are joined by ids or by a query."""

import os
from typing import Any

from squarely.cli.errors import UsageError
from squarely.cli.options import Joining, UnmatchedIds


def what_is_scored(
    files: list[str] | None, true: str, pred: list[str], weight: str | None, joined: dict[str, Any]
) -> dict[str, Any]:
    """Return the arguments of `accumulate_files` that say what is read."""
    if repeated := {name for name in pred if pred.count(name) > 1}:
        raise UsageError(f"--pred {min(repeated)} is given twice")
    if not joined:
        return _columns(files, true, pred, weight) if files else _arrays(true, pred, weight)
    if files:
        raise UsageError("a FILE has truth and predictions side by side; leave it out with --on and with --sql")
    are_several = isinstance(joined.get("prediction"), dict)
    return {**joined, "true": true, "pred": _only(pred) if are_several else pred, "weight": weight}


def joined_tables(typed: Joining) -> dict[str, Any]:
    """Return what names tables to be joined, or a query that joins them, and nothing where there are neither."""
    truth, prediction, on = typed.truth, typed.prediction, typed.on
    if typed.sql is not None:
        if truth is not None or prediction or on:
            raise UsageError("--sql joins by itself; leave out --truth, --prediction and --on")
        return {"sql": typed.sql}
    if truth is None and not prediction and not on:
        if typed.unmatched is not UnmatchedIds.RAISE:
            raise UsageError("--unmatched is for --truth, --prediction and --on")
        return {}
    if truth is None or not prediction or not on:
        raise UsageError("--truth, --prediction and --on go together: two files, and the column with the ids in both")
    named = prediction[0] if len(prediction) == 1 else _named(prediction)
    return {"truth": truth, "prediction": named, "on": on, "unmatched": typed.unmatched.value}


def _named(files: list[str]) -> dict[str, str]:
    """Call each prediction by the name of its file, or by its whole path where names are the same."""
    stems = [os.path.basename(path).partition(".")[0] for path in files]
    called = stems if len(set(stems)) == len(files) else files
    if len(set(called)) < len(files):
        raise UsageError("--prediction names a file twice")
    return dict(zip(called, files, strict=True))


def _only(pred: list[str]) -> str:
    if len(pred) > 1:
        raise UsageError("with several --prediction, --pred names one column, which each of them has")
    return pred[0]


def _columns(files: list[str], true: str, pred: list[str], weight: str | None) -> dict[str, Any]:
    return {"paths": files, "true": true, "pred": pred, "weight": weight}


def _arrays(true: str, pred: list[str], weight: str | None) -> dict[str, Any]:
    """Take what names columns elsewhere for .npy files, each called by the name of its file."""
    given = [true, *pred, *([] if weight is None else [weight])]
    for path in given:
        if not path.lower().endswith(".npy"):
            raise UsageError(
                f"without a FILE, --true, --pred and --weight name .npy files, and {path!r} is none; name a FILE "
                "that has such a column"
            )
    stems = [os.path.splitext(os.path.basename(path))[0] for path in given]
    called = dict(zip(given, stems if len(set(stems)) == len(set(given)) else given, strict=True))
    pair = (true, {called[path]: path for path in pred}, *([] if weight is None else [weight]))
    return {"paths": [pair], "true": called[true], "weight": None if weight is None else called[weight]}
