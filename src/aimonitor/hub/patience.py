"""Connections that somebody looks at every few seconds, so that none of them needs a timer of its own."""

from abc import ABC, abstractmethod


class Swept(ABC):
    """A connection with an end to its patience."""

    @abstractmethod
    def sweep(self, at: float) -> None:
        """End the connection when the other side is too slow; `at` is the loop's time."""
