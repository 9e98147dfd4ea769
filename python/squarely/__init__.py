"""Exact, reproducible, mergeable regression metrics at memory speed."""

import sys
from typing import TYPE_CHECKING

if sys.version_info < (3, 12):
    from squarely import main_interpreter  # noqa: F401  (checks, before the core is loaded)

from squarely import _core, evaluation, losses, metrics, settings
from squarely.accumulator import Accumulator as Accumulator
from squarely.build import get_cmake_dir as get_cmake_dir
from squarely.build import get_include as get_include
from squarely.build import get_library as get_library
from squarely.build import show_config as show_config
from squarely.evaluation import evaluate as evaluate
from squarely.losses import *
from squarely.metrics import *
from squarely.named_metrics import metric as metric
from squarely.named_metrics import metric_names as metric_names
from squarely.not_scorers import refused_as_scorers
from squarely.result_types import MYPY
from squarely.rolling import RollingAccumulator as RollingAccumulator
from squarely.settings import *

if TYPE_CHECKING:
    from squarely import boosting as boosting
    from squarely import dask as dask
    from squarely import files as files
    from squarely import plots as plots
    from squarely import spark as spark
    from squarely import xarray as xarray
    from squarely.files import score_files as score_files
    from squarely.groups.accumulator import GroupedAccumulator as GroupedAccumulator
    from squarely.scorers import ScorersModule
    from squarely.worst.stream import WorstRows as WorstRows

    scorers: ScorersModule

__version__ = _core.version

refused_as_scorers(evaluation, losses, metrics)

# What stands beside other libraries, and where it is; imported when it is first asked for.
_LATER = {
    "GroupedAccumulator": "groups.accumulator",
    "WorstRows": "worst.stream",
    "boosting": "",
    "dask": "",
    "files": "",
    "plots": "",
    "score_files": "files",
    "scorers": "",
    "spark": "",
    "xarray": "",
}

# mypy adds up no lists. It takes for public what is imported by a star or under its own name, which is the same.
if not MYPY:
    __all__ = [
        "Accumulator",
        "GroupedAccumulator",
        "RollingAccumulator",
        "WorstRows",
        "__version__",
        "evaluate",
        "get_cmake_dir",
        "get_include",
        "get_library",
        "metric",
        "metric_names",
        "score_files",
        "show_config",
    ]
    __all__ += losses.__all__
    __all__ += metrics.__all__
    __all__ += settings.__all__

# To a checker any name would be there.
if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        import importlib

        if name not in _LATER:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        module = importlib.import_module(f"{__name__}.{_LATER[name] or name}")
        return getattr(module, name) if _LATER[name] else module

    def __dir__() -> list[str]:
        return sorted({*__all__, *_LATER})
