"""What this copy of squarely is made of."""

import platform

import numpy

from squarely import _core

__all__ = ["show_config"]


def show_config() -> None:
    """Print versions, compiler, targets and threads: what a report of a problem should hold.

    Examples
    --------
    >>> import squarely
    >>> squarely.show_config()  # doctest: +ELLIPSIS
    squarely ...
    """
    rows = {
        "squarely": _core.version,
        "compiler": _core.compiler,
        "openmp": "yes" if _core.openmp else "no",
        "target": f"{_core.get_target()} (of {', '.join(_core.targets())})",
        "threads": _core.get_num_threads(),
        "numpy": numpy.__version__,
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
    }
    for name, value in rows.items():
        print(f"{name:<10} {value}")
