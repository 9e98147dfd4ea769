"""The command line: ``squarely score FILE... --true COLUMN --pred COLUMN`` and ``squarely merge STATE...``."""

from squarely.cli.entry import main

__all__ = ["main"]
