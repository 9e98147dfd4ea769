"""From metrics as they are typed to metrics: mse,huber(delta=2)."""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import squarely
from squarely import _core
from squarely.cli.errors import UsageError
from squarely.files.order.results import MEDIAN, TRIMMED
from squarely.named_metrics import EVERYDAY, Metric, closest, full_name

# A name, and perhaps a parameter and its value behind it.
PARAMETRIZED = re.compile(r"([^(]*)(?:\(\s*(\w+)\s*=\s*(.*?)\s*\))?", re.DOTALL)

EVERYDAY_TYPED = ",".join(_core.metrics[name].short_name or name for name in EVERYDAY)


def typed_metrics(given: str) -> list[Metric]:
    """Return the metrics that names with commas between them name, each once."""
    found = [typed_metric(name.strip()) for name in given.split(",") if name.strip()]
    if not found:
        raise UsageError(f"--metrics names no metric; the metrics are {_listed()}")
    return list(dict.fromkeys(found))


def typed_metric(given: str, option: str = "--metrics") -> Metric:
    """Return the metric of a name, in short or in full, perhaps with a parameter."""
    matched = PARAMETRIZED.fullmatch(given)
    name, parameter, value = (given, None, "") if matched is None else matched.groups()
    full = full_name(name)
    if full not in squarely.metric_names():
        meant = closest(name, _names())
        raise UsageError(f"{option}: there is no metric {name!r}. {meant}The metrics are {_listed()}")
    try:
        return squarely.metric(full, **({} if parameter is None else {parameter: _number_or_word(value)}))
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from error


def check_go_with(
    metrics: Sequence[Metric], by: object, weight: object, saved: Mapping[str, object] = MappingProxyType({})
) -> None:
    """Refuse options that do not go with a metric that is found by reading the rows again."""
    of_order = [one for one in metrics if one.is_of_order]
    not_of_groups = [one for one in of_order if one.name != MEDIAN]
    without_weights = [one for one in of_order if one.name == TRIMMED]
    if by and not_of_groups:
        raise _does_not_go(not_of_groups[0], "--by")
    if weight is not None and without_weights:
        raise _does_not_go(without_weights[0], "--weight")
    for option, value in {"--weight": weight, **saved}.items():
        if by and of_order and value is not None:
            raise _does_not_go(of_order[0], f"{option} and --by")


def _does_not_go(one: Metric, option: str) -> UsageError:
    return UsageError(
        f"{one.label} is found by reading the rows again, which does not go with {option}; leave out one of them, or "
        "ask for quantile_absolute_error, which is within 0.4 % of a median and takes one pass"
    )


def _number_or_word(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _names() -> list[str]:
    """Return all that may be typed, short names first."""
    full = squarely.metric_names()
    return [*filter(None, (_core.metrics[name].short_name for name in full)), *full]


def _listed() -> str:
    shorts = {name: _core.metrics[name].short_name for name in squarely.metric_names()}
    return ", ".join(f"{name} ({short})" if short else name for name, short in shorts.items())
