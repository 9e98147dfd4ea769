"""What this copy of squarely is made of, and where its parts for compiled code are."""

from __future__ import annotations

import os
import platform
import shlex

import numpy

from squarely import _core

__all__ = ["get_cmake_dir", "get_include", "get_library", "get_pkgconfig_dir", "linker_options", "show_config"]


def _installed(*parts: str) -> str:
    # Beside the extension, not beside this file: of an editable installation only what is compiled is installed.
    path = os.path.join(os.path.dirname(os.path.abspath(_core.__file__)), *parts)
    if not os.path.exists(path):
        raise FileNotFoundError(
            f"This copy of squarely has no {path}. Install squarely from a wheel or a source distribution with pip."
        )
    return path


def get_include() -> str:
    """Return the directory to be searched for ``squarely/squarely.h``.

    Returns
    -------
    str

    Raises
    ------
    FileNotFoundError
        Where this copy of squarely was put together without its headers.

    See Also
    --------
    get_cmake_dir : for CMake, which finds the headers itself.

    Examples
    --------
    >>> import os
    >>> import squarely
    >>> sorted(os.listdir(os.path.join(squarely.get_include(), "squarely")))
    ['squarely.h', 'squarely.hpp', 'squarely_python.h']
    """
    return _installed("include")


def get_cmake_dir() -> str:
    """Return the directory of the CMake package, for ``find_package(squarely CONFIG)``.

    Pass it as ``-Dsquarely_DIR=``. scikit-build-core finds it without being told.

    Returns
    -------
    str

    Raises
    ------
    FileNotFoundError
        Where this copy of squarely was put together without it.

    Examples
    --------
    >>> import os
    >>> import squarely
    >>> "squarely-config.cmake" in os.listdir(squarely.get_cmake_dir())
    True
    """
    return _installed("lib", "cmake", "squarely")


def get_library() -> str:
    """Return the path of the shared C library, for linkers, ctypes and cffi.

    Returns
    -------
    str

    Raises
    ------
    FileNotFoundError
        Where this copy of squarely was put together without it.

    Examples
    --------
    >>> import ctypes
    >>> import squarely
    >>> library = ctypes.CDLL(squarely.get_library())
    >>> library.squarely_abi_version()
    1
    """
    suffix = "dylib" if platform.system() == "Darwin" else "so"
    return _installed("lib", f"libsquarely.{suffix}")


def get_pkgconfig_dir() -> str:
    """Return the directory of ``squarely.pc``, for PKG_CONFIG_PATH."""
    return _installed("lib", "pkgconfig")


def linker_options() -> str:
    """Return what a C compiler needs to link the library, and programs to find it where it lies."""
    directory = shlex.quote(os.path.dirname(get_library()))
    return f"-L{directory} -lsquarely -Wl,-rpath,{directory}"


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
