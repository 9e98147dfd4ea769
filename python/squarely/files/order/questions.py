"""What one pass is asked beside sums: parts that merge, each a question, and taken in under one lock."""

from __future__ import annotations

import copy
import threading
from collections.abc import Mapping
from typing import Any, TypeVar

__all__ = ["Part", "Questions"]

Part = Any  # with merge and empty
AnyQuestions = TypeVar("AnyQuestions", bound="Questions")


class Questions:
    """Several questions about rows, in the first pass beside the sums that were asked for."""

    def __init__(self, parts: Mapping[Any, Part], sums: Any = None) -> None:
        self.parts = dict(parts)
        self.sums = sums
        # What is in memory is taken in by the thread that asked, while others merge what they have read.
        self._lock = threading.Lock()

    @property
    def count(self) -> Any:
        """Pairs, as the sums have them; 0 in later passes."""
        return 0 if self.sums is None else self.sums.count

    @property
    def metrics(self) -> tuple[str, ...]:
        """The names of the metrics of the sums."""
        return () if self.sums is None else self.sums.metrics

    def merge(self: AnyQuestions, other: AnyQuestions) -> AnyQuestions:
        """Take in what another has found."""
        with self._lock:
            if self.sums is not None and other.sums is not None:
                self.sums.merge(other.sums)
            for name, part in self.parts.items():
                part.merge(other.parts[name])
        return self

    def reset(self: AnyQuestions) -> AnyQuestions:
        """Forget what was found."""
        self.parts = {name: part.empty() for name, part in self.parts.items()}
        if self.sums is not None:
            self.sums.reset()
        return self

    def __copy__(self: AnyQuestions) -> AnyQuestions:
        copied = self._asked_anew({name: part.empty() for name, part in self.parts.items()}, copy.copy(self.sums))
        for name, part in copied.parts.items():
            part.merge(self.parts[name])
        return copied

    def _asked_anew(self: AnyQuestions, parts: Mapping[Any, Part], sums: Any) -> AnyQuestions:
        """Return the same questions of these parts, beside these sums."""
        raise NotImplementedError
