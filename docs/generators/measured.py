"""The runs of benchmarks/record.py that lie in docs/measured, as they were printed, with the machine of each."""

import json
import pathlib
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

FOLDER = pathlib.Path(__file__).parents[1] / "measured"
NONE_YET = """\
No run has been put here yet. On a machine that has nothing else to do:

```sh
python benchmarks/record.py
```
"""


def run(facts: dict[str, Any]) -> str:
    """Return one run."""
    versions = ", ".join(f"{name} {number}" for name, number in facts["versions"].items())
    load = "" if facts["load"] is None else f", load before the run {facts['load']:.1f}"
    return f"""\
### {facts["question"]}

`{facts["command"]}`, {facts["minutes"]:g} minutes on {facts["processor"]}, {facts["cores"]} cores{load}. {versions}.

```text
{facts["printed"].strip()}
```
"""


class Measured(SphinxDirective):
    """All runs, one after another."""

    def run(self) -> list[nodes.Node]:
        """Return what is written here."""
        files = sorted(FOLDER.glob("*.json"))
        for file in files:
            self.env.note_dependency(str(file))
        runs = [run(json.loads(file.read_text(encoding="utf-8"))) for file in files]
        return self.parse_text_to_nodes("\n".join(runs) or NONE_YET, allow_section_headings=True)


def setup(app: Sphinx) -> dict[str, Any]:
    """Offer the directive."""
    app.add_directive("measured", Measured)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
