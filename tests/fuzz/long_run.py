"""The command line of the long runs: --seed, --first, and --cases or --seconds. Seed and counts are printed."""

import argparse
import sys
import time
import traceback
from collections.abc import Callable, Iterator


def numbers(options: argparse.Namespace) -> Iterator[int]:
    """Yield the numbers of cases, until those or the seconds asked for are over."""
    begin, number = time.monotonic(), options.first
    while (
        number < options.first + options.cases
        if options.seconds is None
        else time.monotonic() < begin + options.seconds
    ):
        yield number
        number += 1


def options_of(description: str, cases: int) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the number of the first case")
    parser.add_argument("--cases", type=int, default=cases)
    parser.add_argument("--seconds", type=float, help="as many cases as fit into this time")
    return parser.parse_args()


def run(name: str, options: argparse.Namespace, check: Callable[[int, int], None]) -> None:
    """Check every case, by the seed and its number, and stop at the first that fails, or where Ctrl-C says so."""
    done = 0
    for number in numbers(options):
        try:
            check(options.seed, number)
        except KeyboardInterrupt:
            break
        except Exception:
            traceback.print_exc()
            print(f"FAILED\n  again: python tests/fuzz/{name}.py --seed {options.seed} --first {number} --cases 1")
            sys.exit(1)
        done += 1
    print(f"{name}: seed {options.seed}, {done} cases")
