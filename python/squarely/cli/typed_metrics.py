"""From metrics as they are typed to metrics: mse,huber(delta=2)."""

import re

import squarely
from squarely import _core
from squarely.cli.errors import UsageError
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
    if full in squarely.metric_names("order"):
        raise UsageError(
            f"{option}: {name} needs all rows in memory at once, and files are read in batches. "
            f"Call squarely.{full} on arrays"
        )
    if full not in squarely.metric_names("sums"):
        meant = closest(name, _names())
        raise UsageError(f"{option}: there is no metric {name!r}. {meant}The metrics are {_listed()}")
    try:
        return squarely.metric(full, **({} if parameter is None else {parameter: _number_or_word(value)}))
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from error


def _number_or_word(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _names() -> list[str]:
    """Return all that may be typed, short names first."""
    full = squarely.metric_names("sums")
    return [*filter(None, (_core.metrics[name].short_name for name in full)), *full]


def _listed() -> str:
    shorts = {name: _core.metrics[name].short_name for name in squarely.metric_names("sums")}
    return ", ".join(f"{name} ({short})" if short else name for name, short in shorts.items())
