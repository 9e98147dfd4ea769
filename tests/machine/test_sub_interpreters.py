"""Importing in a sub-interpreter ends: in words, or in a score."""

import subprocess
import sys

import pytest

CODE = """
import sys
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
own = interpreters.create()
code = '''
import sys
sys.path[:0] = {path!r}
try:
    import squarely
    print("scored", squarely.mean_squared_error([1.0], [2.0]))
except ImportError as error:
    print("refused", error)
'''.format(path=sys.path)
interpreters.run_string(own, code)
import squarely
print("in the main one", squarely.mean_squared_error([1.0], [3.0]))
"""


def test_a_sub_interpreter_is_refused_or_works() -> None:
    pytest.importorskip("_interpreters" if sys.version_info >= (3, 13) else "_xxsubinterpreters")
    run = subprocess.run([sys.executable, "-W", "ignore", "-c", CODE], capture_output=True, text=True, timeout=60)
    assert "in the main one 4.0" in run.stdout, run.stderr
    if sys.version_info < (3, 12):
        assert "refused squarely cannot be imported in a sub-interpreter of Python 3." in run.stdout
    else:
        assert "refused" in run.stdout or "scored 1.0" in run.stdout
