"""The runs of benchmarks/compare.py whose results lie in docs/measured, as tables, with the machine of each."""

import json
import pathlib
from collections.abc import Iterator
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

FOLDER = pathlib.Path(__file__).parents[1] / "measured"
NONE_YET = """\
No run has been put here yet. On a machine that has nothing else to do:

```sh
python benchmarks/compare.py --json docs/measured/NAME.json
```
"""
NOISY = 0.1  # of the distance between the quartiles of a plain read


def cells(line: dict[str, Any]) -> list[str]:
    """Return the row of one contestant."""
    error = line["relative_error"]
    numbers = [
        f"{line['nanoseconds_per_element']:.3g}",
        f"{line['ratio_to_plain']:.2f}",
        f"{100 * line['spread']:.0f} %",
    ]
    return [line["name"], *numbers, "" if error is None else f"{error:.1e}" if error else "0"]


def table(lines: list[dict[str, Any]]) -> Iterator[str]:
    """Write the table of one setting."""
    yield "| | ns an element | to plain | spread | relative error |"
    yield "|---|---|---|---|---|"
    yield from ("| " + " | ".join(cells(line)) + " |" for line in lines)


def run(facts: dict[str, Any]) -> Iterator[str]:
    """Write one run."""
    versions = ", ".join(f"{name} {number}" for name, number in facts["versions"].items())
    yield f"{facts['processor']}, {facts['cores']} cores, load before the run {facts['load']:.1f}. {versions}.\n"
    for case in facts["results"]:
        threads = f"{case['threads']} {'thread' if case['threads'] == 1 else 'threads'}"
        yield f"\n**{case['size']:,} elements of {case['dtype']}, {threads}, {case['data']} data**\n"
        if any(line["name"].startswith("read") and line["spread"] > NOISY for line in case["lines"]):
            yield "The machine was busy meanwhile: hold these numbers for no more than a hint.\n"
        yield from table(case["lines"])


class Measured(SphinxDirective):
    """All runs, one after another."""

    def run(self) -> list[nodes.Node]:
        """Return what is written here."""
        files = sorted(FOLDER.glob("*.json"))
        for file in files:
            self.env.note_dependency(str(file))
        runs = ["\n".join(run(json.loads(file.read_text(encoding="utf-8")))) for file in files]
        return self.parse_text_to_nodes("\n\n".join(runs) or NONE_YET)


def setup(app: Sphinx) -> dict[str, Any]:
    """Offer the directive."""
    app.add_directive("measured", Measured)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
