"""What the hub adds to the journeys of frames, where traces are asked for."""

from typing import Protocol

from aimonitor.common.clock import Clock
from aimonitor.common.tracing import Facts, Journey, Step, Tracer


class AboutFrame(Protocol):
    """Whatever says which frame it is about: figures, or the header of a picture."""

    @property
    def source(self) -> str: ...
    @property
    def frame_id(self) -> int: ...
    @property
    def captured_at(self) -> float: ...


class Journeys:
    """Tells what the hub did with a frame. Called on the event loop; never waits."""

    def __init__(self, tracer: Tracer, clock: Clock) -> None:
        self._tracer = tracer
        self._clock = clock

    def relayed(self, what: str, about: AboutFrame, began_at: float) -> None:
        """`what` came at monotonic time `began_at` and has been handed to the viewers' sinks."""
        journey = Journey.of(about.source, about.frame_id, about.captured_at)
        if self._tracer.follows(journey):
            utc, took_s = self._clock.utc(), self._clock.monotonic() - began_at
            said: Facts = {"source": about.source, "frame_id": about.frame_id}
            self._tracer.tell(journey, [Step(what, utc - took_s, utc)], said, first=False)
