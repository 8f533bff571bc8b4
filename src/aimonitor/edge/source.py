"""What every kind of camera looks like to the capture thread."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from aimonitor.edge.types import Picture

CONTROLS = ("frame_size", "quality", "led", "brightness", "contrast", "hmirror", "vflip")
"""What may be told to a camera; sizes by name (VGA), the rest as whole numbers."""


class SourceError(RuntimeError):
    """A source cannot go on; the text is one line that says what to do, without secrets.

    retryable: False when only a person can mend it (a missing file, a wrong URL)
    rest_s: the camera needs this long before it can take the next connection
    """

    def __init__(self, words: str, *, retryable: bool = True, rest_s: float = 0.0) -> None:
        super().__init__(words)
        self.retryable = retryable
        self.rest_s = rest_s


@dataclass(frozen=True, slots=True)
class Arrival:
    """One picture as a source gives it.

    media_s: its place in a recording, in seconds from the start, where there is one; keeps growing when it loops
    device_s: the camera's own clock, where it tells it; seconds since it booted, as a rule
    """

    picture: Picture
    media_s: float | None = None
    device_s: float | None = None


class Source(Protocol):
    """One camera.

    kind: the scheme of its address
    living: there is a sensor, whose noise makes every picture differ; False for recordings and drawings
    damaged: how many pictures came broken and were skipped
    """

    @property
    def kind(self) -> str: ...

    @property
    def living(self) -> bool: ...

    @property
    def damaged(self) -> int: ...

    def arrivals(self, stop: threading.Event) -> Iterator[Arrival]:
        """Connect and yield pictures as they come, each as soon as it is whole.

        Blocks; returns within a second after `stop` is set, or when a recording has ended. Raises SourceError.
        Closing the iterator closes what it opened. May be called again after it ended.
        """
        ...


@runtime_checkable
class Controllable(Protocol):
    """A source whose camera obeys."""

    @property
    def controls(self) -> tuple[str, ...]:
        """The names that this camera takes, of CONTROLS; empty while that is not known."""
        ...

    def control(self, name: str, value: str) -> str:
        """Set `name` (frame_size, quality, led …) and say in words what was done. Raises SourceError. Any thread."""
        ...
