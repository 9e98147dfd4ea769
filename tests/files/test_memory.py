"""The memory in use does not grow with the file."""

import subprocess
import sys

import numpy as np
import pytest

from inputs.written_tables import write_table, write_text

pa = pytest.importorskip("pyarrow")

MEASURE_GROWTH = """
import resource, sys
from squarely.files import score_files
def peak_after(path):
    score_files(path, true="y", pred="p", **(dict(by=sys.argv[3]) if len(sys.argv) > 3 else {}))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
small = peak_after(sys.argv[1])
print(peak_after(sys.argv[2]) - small)
"""


def growth(*arguments):
    command = [sys.executable, "-c", MEASURE_GROWTH, *map(str, arguments)]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="ru_maxrss is in KiB on Linux only")
@pytest.mark.parametrize("suffix", ("parquet", "csv", "csv.gz", "arrow", "arrows"))
def test_memory_does_not_grow_with_the_file(tmp_path, suffix):
    generator = np.random.default_rng(5)
    paths = []
    for rows in (150_000, 2_000_000):
        truth = generator.integers(0, 2**20, rows) / 8
        table = {"y": truth, "p": truth + 1, "ignored": truth}
        path = tmp_path / f"{rows}.{suffix}"
        if "csv" in suffix:
            row = "1024.125,1025.125,1024.125\n"
            write_text(path, "y,p,ignored\n" + row * rows)
        else:  # everything in one row group, or one record batch
            write_table(path, table, batch_rows=rows)
        paths.append(path)
    assert growth(*paths) < 20  # MiB; the two columns take 31, the text 52


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="ru_maxrss is in KiB on Linux only")
@pytest.mark.parametrize("suffix", ("parquet", "csv"))
def test_memory_by_groups_does_not_grow_with_the_file(tmp_path, suffix):
    numbers = range(1000)
    stores = pa.array([f"store-{number}" for number in numbers])
    text = "".join(f"{number / 8},{number / 8 + 1},{stores[number]}\n" for number in numbers)
    paths = [tmp_path / f"{rows}.{suffix}" for rows in (300_000, 2_000_000)]
    for path in paths:
        rows = int(path.stem)
        if suffix == "csv":
            write_text(path, "y,p,store\n" + text * (rows // 1000))
        else:
            number = np.arange(rows) % 1000
            write_table(path, {"y": number / 8, "p": number / 8 + 1, "store": stores.take(number)}, batch_rows=rows)
    assert growth(*paths, "store") < 20  # MiB; the columns take 53
