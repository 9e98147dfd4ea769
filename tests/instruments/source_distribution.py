"""The source distribution, as it is published, made by scikit-build-core without a network."""

import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).parents[2]
BUILD = "import sys; from scikit_build_core.build import build_sdist; build_sdist(sys.argv[1])"


def built(folder: pathlib.Path) -> pathlib.Path:
    """Return the archive, the one file of a folder."""
    environment = os.environ | {"SOURCE_DATE_EPOCH": "1700000000"}
    subprocess.run([sys.executable, "-c", BUILD, folder], cwd=ROOT, env=environment, capture_output=True, check=True)
    (archive,) = folder.iterdir()
    return archive
