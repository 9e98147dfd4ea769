"""``python -m squarely.cli``, which is ``squarely``."""

import sys

from squarely.cli import main

if __name__ == "__main__":
    sys.exit(main())
