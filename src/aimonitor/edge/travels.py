"""When each stage was done with a frame: what is told of its journey, where traces are asked for."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from aimonitor.common.clock import Clock
from aimonitor.common.tracing import Facts, Journey, Step, Tracer
from aimonitor.edge.types import Observation

Mark = Callable[[str], None]
"""Told the name of each stage when it is done with the frame."""

S = TypeVar("S")
F = TypeVar("F", bound=Callable[..., object])


class _Watched:
    """A stage whose one verb also says when it is done; everything else is the stage's own."""

    def __init__(self, stage: object, verb: str, name: str, mark: Mark) -> None:
        self._stage = stage
        setattr(self, verb, watched_call(getattr(stage, verb), name, mark))

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the stage has
        return getattr(self._stage, name)


def watched(stage: S, verb: str, name: str, mark: Mark) -> S:
    """`stage`, which says `name` to `mark` each time that its `verb` has been done."""
    return cast(S, _Watched(stage, verb, name, mark))


def watched_call(do: F, name: str, mark: Mark) -> F:
    """The same for a stage that is a function."""

    def done(*given: object) -> object:
        result = do(*given)
        mark(name)
        return result

    return cast(F, done)


class Travels:
    """The frames of one camera, one after the other. Belongs to its analyzing thread."""

    def __init__(self, source: str, tracer: Tracer, clock: Clock) -> None:
        self._source = source
        self._tracer = tracer
        self._clock = clock
        self._marks: list[tuple[str, float]] = []

    def begin(self) -> None:
        """A frame is taken up."""
        self._marks = [("", self._clock.monotonic())]

    def mark(self, stage: str) -> None:
        """A stage is done with it."""
        self._marks.append((stage, self._clock.monotonic()))

    def end(self, observation: Observation) -> None:
        """All is done; what took how long is told, if this frame is followed."""
        frame = observation.frame
        captured_at = round(frame.utc, 3)
        journey = Journey.of(self._source, frame.frame_id, captured_at)
        if not self._tracer.follows(journey):
            return
        now, utc = self._clock.monotonic(), self._clock.utc()
        times = [utc - (now - at) for _, at in self._marks]
        taken_at = min(captured_at, times[0])
        steps = [Step("frame", taken_at, times[-1]), Step("wait", taken_at, times[0])]
        steps += [Step(name, times[place], times[place + 1]) for place, (name, _) in enumerate(self._marks[1:])]
        said: Facts = {"source": self._source, "frame_id": frame.frame_id, "analyzed": int(observation.analyzed)}
        self._tracer.tell(journey, steps, said, first=True)
