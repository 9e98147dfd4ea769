"""Metrics passed as `scoring=` to scikit-learn, where a scorer belongs.

A scorer takes an estimator, and of a metric, which cannot, every fold would be NaN. scikit-learn refuses a metric and
says what to do where the name of its module begins with ``sklearn.metrics.``, which is all it asks.
"""

from __future__ import annotations

from types import FunctionType, ModuleType
from typing import Any

__all__ = ["refused_as_scorers"]


class ModuleName(str):
    """The name of a module of metrics, which says so to whoever asks in scikit-learn's way."""

    __slots__ = ()

    def startswith(self, prefix: Any, *bounds: Any) -> bool:
        return prefix == "sklearn.metrics." or str.startswith(self, prefix, *bounds)

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        return str, (str(self),)  # in a pickled function the name is a plain one


def refused_as_scorers(*modules: ModuleType) -> None:
    """Let scikit-learn see that the functions of these modules are no scorers."""
    for thing in (getattr(module, name) for module in modules for name in module.__all__):
        if isinstance(thing, FunctionType):
            thing.__module__ = ModuleName(thing.__module__)
