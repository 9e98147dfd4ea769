from __future__ import annotations


class Import:
    """Fresh interpreters: the last of the three is what squarely adds."""

    number = 1  # a second import in the same interpreter costs nothing

    def timeraw_numpy(self) -> str:
        return "import numpy"

    def timeraw_squarely(self) -> str:
        return "import squarely"

    def timeraw_squarely_after_numpy(self) -> tuple[str, str]:
        return "import squarely", "import numpy"
