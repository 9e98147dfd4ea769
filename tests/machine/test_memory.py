"""Extra memory does not grow with the number of rows."""

import subprocess
import sys

import pytest

from oracles.state_bytes import CONFIGURATION_2, SUMMATIONS, Form2

# Peak resident memory of one call on forty megabytes of input, above what was resident before it.
CODE = """
import resource, sys, numpy as np, squarely
kind, dtype, summation, threads, policy = sys.argv[1:]
squarely.set_num_threads(int(threads))
shape = {"flat": (5_000_000,), "strided": (10_000_000,), "C": (500_000, 10), "Fortran": (10, 500_000)}[kind]
y_true, y_pred = np.ones(shape, dtype), np.full(shape, 0.5, dtype)
if kind == "strided":
    y_true, y_pred = y_true[::2], y_pred[::2]
if kind == "Fortran":
    y_true, y_pred = y_true.T, y_pred.T
policies = {"raise": {}, "omit": {"nan_policy": "omit"}, "where": {"where": np.ones(len(y_true), bool)}}[policy]
if policy == "omit":
    y_true[::10] = np.nan
expected = 1.0 if dtype in ("int64", "uint8") else 0.25  # one half is no integer
few = {name: value[:70_000] if name == "where" else value for name, value in policies.items()}
squarely.mean_squared_error(y_true[:70_000], y_pred[:70_000], summation=summation, **few)  # starts the threads
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
assert squarely.mean_squared_error(y_true, y_pred, summation=summation, **policies) == expected
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def extra_kilobytes(kind: str, dtype: str, summation: str, policy: str) -> int:
    command = [sys.executable, "-c", CODE, kind, dtype, summation, "2", policy]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


@pytest.mark.parametrize("kind", ["flat", "strided", "C", "Fortran"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("summation", SUMMATIONS)
def test_no_path_takes_a_megabyte(kind: str, dtype: str, summation: str) -> None:
    assert extra_kilobytes(kind, dtype, summation, "raise") < 1024


@pytest.mark.parametrize("dtype", ["int64", "uint8", "float16"])
@pytest.mark.parametrize("kind", ["flat", "C"])
def test_no_type_takes_a_megabyte(kind: str, dtype: str) -> None:
    assert extra_kilobytes(kind, dtype, "exact", "raise") < 1024


@pytest.mark.parametrize("policy", ["omit", "where"])
@pytest.mark.parametrize("kind", ["flat", "C"])
def test_no_policy_takes_a_megabyte(kind: str, policy: str) -> None:
    assert extra_kilobytes(kind, "float64", "exact", policy) < 1024


# Ten megabytes of bytes with a checksum made right, that claim as much as short text can.
HOSTILE = {
    "weights": (b'"uniform_average"', b"[" + b"1," * 5_000_000 + b"1]"),
    "commas": (b'"uniform_average"', b"[" + b"," * 10_000_000),
    "dimensions": (b',"summation"', b',"output_shape":[' + b"1," * 5_000_000 + b'1],"summation"'),
    "metrics": (b'"mean_squared_error"', b",".join(b'["mean_huber_loss",%d]' % i for i in range(1, 400_000))),
}
READING = """
import resource, squarely, sys
data = sys.stdin.buffer.read()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    squarely.Accumulator.from_bytes(data)
except ValueError:
    print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 / len(data))
"""


@pytest.mark.parametrize("hostile", HOSTILE)
def test_bytes_that_are_refused_take_no_more_than_ten_times_themselves(hostile: str) -> None:
    data = Form2(CONFIGURATION_2.replace(*HOSTILE[hostile])).to_bytes()
    found = subprocess.run([sys.executable, "-c", READING], input=data, capture_output=True, check=True)
    assert float(found.stdout) < 10


# Chunks of groups that came before and of new ones, each with a little more memory than the last.
SHORT_CHUNKS = """
import resource, numpy as np, squarely
squarely.set_num_threads(1)
rng = np.random.default_rng(5)
first, chunk, new = np.arange(20_000), np.arange(20, 120), np.arange(19_950, 20_050)
y_true, y_pred = rng.normal(size=(2, 20_000))
few = (y_true[:100], y_pred[:100])
def grouped():
    whole = squarely.GroupedAccumulator(("r2", "max_error")).update(y_true, y_pred, by=first)
    return whole.update(*few, by=chunk)
expected = grouped().update(*few, by=new).to_bytes()
before = resource.getrlimit(resource.RLIMIT_AS)
refused = 0
for megabytes in range(0, 48, 1):
    short = grouped()
    with open("/proc/self/statm") as numbers:
        mapped = int(numbers.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (mapped + megabytes * 2**20, before[1]))
    try:
        short.update(*few, by=new)
    except MemoryError:
        refused += 1
        resource.setrlimit(resource.RLIMIT_AS, before)
        short.update(*few, by=new)
    resource.setrlimit(resource.RLIMIT_AS, before)
    assert short.to_bytes() == expected, megabytes
print(refused)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the memory of a process")
def test_a_short_chunk_of_new_groups_may_be_added_again_when_memory_ran_out() -> None:
    done = subprocess.run([sys.executable, "-c", SHORT_CHUNKS], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 0
