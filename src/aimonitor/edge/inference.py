"""Several cameras, one network: how long each look takes, and turns in order of arrival, so that no camera starves.

There is no queue of pictures. Each camera's own thread stands in line with empty hands, its pictures replace one
another in its mailbox meanwhile, and it takes the newest when its turn has come; a camera that died does not stand in
line. While the network looks at one camera's picture, that of one other may be prepared (`AT_WORK`).
"""

from collections import deque
from threading import Lock
from types import TracebackType

from aimonitor.common.clock import Clock
from aimonitor.common.histogram import Histogram
from aimonitor.edge.pipeline import Detector
from aimonitor.edge.types import Detections, Picture, Size

AT_WORK = 2
"""Cameras whose pictures are understood at once: the second is decoded while the network is busy with the first."""


class Turns:
    """`with turns:` is held by `places` threads at a time and handed to whoever has waited longest.

    A plain lock or semaphore gives no such promise: whoever releases it may take it again while others wait.
    """

    def __init__(self, places: int = 1) -> None:
        if places < 1:
            raise ValueError(f"expected at least one place, got {places}")
        self._guard = Lock()
        self._line: deque[Lock] = deque()
        self._free = places

    @property
    def waiting(self) -> int:
        """How many stand in line now; never more than there are cameras."""
        return len(self._line)

    def __enter__(self) -> None:
        with self._guard:
            if self._free:
                self._free -= 1
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
                self._line.popleft().release()  # the place stays taken: it passes on
            else:
                self._free += 1


class Timed:
    """A detector that measures how long each look takes, the wait for its turn included."""

    def __init__(self, detector: Detector, clock: Clock) -> None:
        self._detector = detector
        self._clock = clock
        self.seconds = Histogram()

    @property
    def detail(self) -> Size | None:
        return self._detector.detail

    def detect(self, picture: Picture) -> Detections:
        """What the detector finds; a look that fails is not measured."""
        began_at = self._clock.monotonic()
        found = self._detector.detect(picture)
        self.seconds.add(self._clock.monotonic() - began_at)
        return found
