"""Runs over files that end early, as by a crash."""

import pytest

from squarely.files import score_files
from squarely.files.runs import work


class StoppedError(Exception):
    """What stands in for a crash."""


def stopped_after(monkeypatch, commits, paths, checkpoint, **options):
    """Score until so many pieces of work, of all passes, are done."""
    commit, left = work.Totals.commit, [commits]

    def commit_or_stop(*arguments):
        if left[0] == 0:
            raise StoppedError
        left[0] -= 1
        commit(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(work.Totals, "commit", commit_or_stop)
        with pytest.raises(StoppedError):
            score_files(paths, checkpoint=checkpoint, checkpoint_seconds=0, threads=1, **options)
