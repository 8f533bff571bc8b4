"""Several cameras, one network: how long each look takes, and turns in order of arrival, so that no camera starves.

There is no queue of pictures. Each camera's own thread waits with the one picture that it holds, and its newer ones
replace one another in its mailbox meanwhile; a camera that died does not stand in line.
"""

from collections import deque
from threading import Lock
from types import TracebackType

from aimonitor.common.clock import Clock
from aimonitor.common.histogram import Histogram
from aimonitor.edge.pipeline import Detector
from aimonitor.edge.types import Detections, Picture


class Turns:
    """`with turns:` is held by one thread at a time and handed to whoever has waited longest.

    A plain lock gives no such promise: whoever releases it may take it again while others wait.
    """

    def __init__(self) -> None:
        self._guard = Lock()
        self._line: deque[Lock] = deque()
        self._taken = False

    @property
    def waiting(self) -> int:
        """How many stand in line now; never more than there are cameras."""
        return len(self._line)

    def __enter__(self) -> None:
        with self._guard:
            if not self._taken:
                self._taken = True
                return
            place = Lock()
            place.acquire()
            self._line.append(place)
        place.acquire()  # until the one before lets go

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._guard:
            if self._line:
                self._line.popleft().release()  # it stays taken: the turn passes on
            else:
                self._taken = False


class Timed:
    """A detector that measures how long each look takes, the wait for its turn included."""

    def __init__(self, detector: Detector, clock: Clock) -> None:
        self._detector = detector
        self._clock = clock
        self.seconds = Histogram()

    def detect(self, picture: Picture) -> Detections:
        """What the detector finds; a look that fails is not measured."""
        began_at = self._clock.monotonic()
        found = self._detector.detect(picture)
        self.seconds.add(self._clock.monotonic() - began_at)
        return found
