"""Refuses the import in a sub-interpreter of Python before 3.12, where the core would wait for itself forever.

There what makes the core an extension of Python (`PyGILState_Ensure`) knows the main interpreter only.
"""

import sys


def check_is_main_interpreter() -> None:
    """Raise where Python code runs in another interpreter than the first of its process."""
    try:
        import _xxsubinterpreters as interpreters  # type: ignore[import-not-found]
    except ImportError:  # a Python built without them
        return
    if interpreters.get_current() != interpreters.get_main():
        version = ".".join(map(str, sys.version_info[:2]))
        raise ImportError(
            f"squarely cannot be imported in a sub-interpreter of Python {version}. Import it in the main one, as "
            "mod_wsgi does with WSGIApplicationGroup %{GLOBAL}."
        )


check_is_main_interpreter()
