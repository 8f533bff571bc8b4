"""The capture thread of a camera: keeps the newest frame, reconnects, and says how the camera is.

A `Source` knows one kind of camera; everything else is here. `Capture` owns one thread, which iterates the source and
puts each picture into `frames`, where the newest wins. It fails alone: a source that raises is tried again after a
growing pause, a thread that is stuck inside a driver is abandoned by `check`, which someone else must call.
"""

import logging
import math
import threading
import zlib
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace

from aimonitor.common import backoff
from aimonitor.common.clock import Clock
from aimonitor.common.mailbox import Latest
from aimonitor.edge.health import Health, HealthJudge, HealthThresholds
from aimonitor.edge.pictures import JpegPicture
from aimonitor.edge.source import Arrival, Controllable, Source, SourceError
from aimonitor.edge.types import Frame, Picture, PictureError
from aimonitor.edge.vitals import CameraStatus, State, Vitals

log = logging.getLogger(__name__)

_JUDGE_EVERY_S = 0.5
_STUCK_LIMIT = 3
_NAP_S = 0.25
_RESTART_WITHIN_S = 3.0


@dataclass(frozen=True, slots=True)
class Retry:
    """When to come back to a camera, and when to give up on a thread. Seconds.

    healthy_after_s: a connection that lasted this long starts the pauses anew
    offline_after_s: no picture for this long is called offline, whatever the source says
    stuck_after_s: no sign of life from the reader for this long, and it is abandoned
    """

    first_s: float = 1.0
    factor: float = 2.0
    cap_s: float = 8.0
    jitter: float = 0.25
    healthy_after_s: float = 60.0
    offline_after_s: float = 8.0
    stuck_after_s: float = 20.0

    def pauses(self) -> Iterator[float]:
        return backoff.delays(first=self.first_s, factor=self.factor, cap=self.cap_s, jitter=self.jitter)


class Capture:
    """One camera. `frames` holds its newest frame and is closed when nothing more will come.

    on_change is called with the new status whenever `state` changes, one call at a time, from the reader's thread or
    from the one that calls `check`. In lock-step no frame is overwritten: the reader waits until the last was taken,
    and frames carry the times of the recording.
    """

    def __init__(
        self,
        camera_id: str,
        source: Source,
        *,
        clock: Clock,
        retry: Retry | None = None,
        thresholds: HealthThresholds | None = None,
        on_change: Callable[[CameraStatus], None] | None = None,
        lockstep: bool = False,
    ) -> None:
        self.camera_id = camera_id
        self.frames: Latest[Frame] = Latest()
        self._source = source
        self._clock = clock
        self._retry = retry or Retry()
        thresholds = thresholds or HealthThresholds()
        self._judge = HealthJudge(thresholds if source.living else replace(thresholds, frozen_after_s=math.inf))
        self._on_change = on_change
        self._lockstep = lockstep
        self._announcing = threading.Lock()
        self._announced: State = "connecting"
        self._changing = threading.Lock()  # of readers there is one at a time, whoever exchanges it
        self._closed = False
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._abandoned: list[threading.Thread] = []
        self._health, self._judged_at = Health(), -math.inf
        self._lock = threading.Lock()  # guards the two below: the reader writes, anyone reads
        self._vitals = Vitals(
            clock.monotonic(),
            clock.utc(),
            offline_after_s=math.inf if lockstep else self._retry.offline_after_s,
        )
        self._alive_at = clock.monotonic()

    # --- for the owner ----------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start reading, in a thread of its own."""
        with self._changing:
            self._start()

    def _start(self) -> None:
        self._stop = threading.Event()
        self._alive_at = self._clock.monotonic()
        name = f"capture-{self.camera_id}"
        self._thread = threading.Thread(target=self._run, args=(self._stop,), name=name, daemon=True)
        self._thread.start()

    def close(self, timeout_s: float = 2.0) -> None:
        """Stop reading and wait for the thread; one that is stuck in a driver is left to die with the process."""
        self._closed = True
        self._stop.set()
        self.frames.close()
        with self._changing:  # a restart that was under way may have begun anew
            self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout_s)
            if self._thread.is_alive():
                log.warning("camera %s: its reader did not stop within %.0f s", self.camera_id, timeout_s)

    def status(self) -> CameraStatus:
        """The camera's state now; true even while the reader is stuck."""
        dropped, damaged = self.frames.overwritten, self._source.damaged
        with self._lock:
            return self._vitals.status(
                self._clock.monotonic(), self._clock.utc(), dropped=dropped, damaged=damaged
            )  # fmt: skip

    def control(self, name: str, value: str) -> str:
        """Tell the camera something, see Controllable; blocks for some seconds. Raises SourceError."""
        if not isinstance(self._source, Controllable):
            raise SourceError(f"{name}: expected a camera that takes commands, got one of kind {self._source.kind}")
        return self._source.control(name, value)

    @property
    def controls(self) -> tuple[str, ...]:
        """What the camera takes now, see Controllable."""
        return self._source.controls if isinstance(self._source, Controllable) else ()

    def restart(self) -> None:
        """Close the connection to the camera and open it anew; a reader that does not stop is left behind.

        Any thread; blocks for some seconds. Raises SourceError when too many are left behind already.
        """
        with self._changing:
            if self._closed:
                return
            if self._left_behind() >= _STUCK_LIMIT:
                raise SourceError(f"{_STUCK_LIMIT} connections still hang in the driver; start the edge anew")
            thread = self._thread
            self._stop.set()
            if thread is not None:
                thread.join(_RESTART_WITHIN_S)
                if thread.is_alive():
                    self._abandoned.append(thread)
            self._start()

    def check(self) -> None:
        """The watchdog: announce what silence changed, and replace a stuck reader. Call it about once a second."""
        self._announce()
        if self._changing.acquire(blocking=False):  # else its reader is being exchanged just now
            try:
                self._replace_stuck()
            finally:
                self._changing.release()

    def _replace_stuck(self) -> None:
        with self._lock:
            silent_s = self._clock.monotonic() - self._alive_at
            ended = self._vitals.ended
        if ended or self._thread is None or self._stop.is_set() or silent_s < self._retry.stuck_after_s:
            return
        if self._left_behind() >= _STUCK_LIMIT:
            return
        self._stop.set()
        self._abandoned.append(self._thread)
        self._fail(f"its reader gave no sign of life for {silent_s:.0f} s and was replaced", pause_s=0.0)
        self._start()

    def _left_behind(self) -> int:
        """How many readers still hang in their driver."""
        self._abandoned = [thread for thread in self._abandoned if thread.is_alive()]
        return len(self._abandoned)

    # --- the reader's thread ----------------------------------------------------------------------------------------

    def _run(self, stop: threading.Event) -> None:
        pauses = self._retry.pauses()
        while not stop.is_set():
            began_at = self._clock.monotonic()
            trouble = self._read_once(stop)
            if stop.is_set():
                return
            if not trouble.retryable:
                self._fail(str(trouble), pause_s=None)
                self._end(stop)
                return
            if self._clock.monotonic() - began_at >= self._retry.healthy_after_s:
                pauses = self._retry.pauses()
            pause_s = max(next(pauses), trouble.rest_s)
            self._fail(str(trouble), pause_s=pause_s)
            stop.wait(pause_s)

    def _read_once(self, stop: threading.Event) -> SourceError:
        """Read until it goes no further, and say why."""
        try:
            self._read(stop)
        except SourceError as error:
            return error
        except Exception as error:  # top of the thread: one camera's bug must not silence it for ever
            log.exception("camera %s: unexpected error", self.camera_id)
            return SourceError(f"internal error: {error}", rest_s=self._retry.cap_s)
        return SourceError("the recording has ended", retryable=False)

    def _read(self, stop: threading.Event) -> None:
        origin_at, origin_utc = self._clock.monotonic(), self._clock.utc()
        self._sign_of_life(origin_at)
        arrivals = self._source.arrivals(stop)
        try:
            for arrival in arrivals:
                at, utc = self._clock.monotonic(), self._clock.utc()
                if self._lockstep and arrival.media_s is not None:
                    at, utc = origin_at + arrival.media_s, origin_utc + arrival.media_s
                self._take(arrival, at, utc, stop)
                if stop.is_set():
                    return
        finally:
            if isinstance(arrivals, Generator):
                arrivals.close()

    def _take(self, arrival: Arrival, at: float, utc: float, stop: threading.Event) -> None:
        now = self._clock.monotonic()
        picture = arrival.picture
        try:
            health = self._look(picture, at)
        except PictureError as error:
            log.debug("camera %s: skipped a picture: %s", self.camera_id, error)
            with self._lock:
                self._vitals.damaged += 1
                self._alive_at = now
            return
        with self._lock:
            if stop.is_set():  # abandoned while it was stuck: another reader has taken over
                return
            recovered = self._vitals.trouble is not None
            restarted = self._vitals.restarted(arrival.device_s)
            self._vitals.arrived(picture.width, picture.height, health, now)
            self._alive_at = now
            frame = Frame(self.camera_id, self._vitals.frames, at, utc, picture)
        self.frames.put(frame)
        if recovered or restarted:
            log.info(
                "camera %s: %s", self.camera_id, "the camera has restarted" if restarted else "the picture is back"
            )
        self._announce()
        while self._lockstep and not stop.is_set() and not self.frames.wait_taken(_NAP_S):
            self._sign_of_life(self._clock.monotonic())

    def _look(self, picture: Picture, at: float) -> Health:
        """Judge the picture, twice a second at most; the gray picture made for it serves the motion gate as well."""
        if not 0 <= at - self._judged_at < _JUDGE_EVERY_S:
            gray = picture.gray()
            fingerprint = zlib.crc32(picture.jpeg() if isinstance(picture, JpegPicture) else gray.tobytes())
            self._health, self._judged_at = self._judge.look(gray, fingerprint, at), at
        return self._health

    def _fail(self, trouble: str, *, pause_s: float | None) -> None:
        """Note that the connection is lost; pause_s None means for good."""
        with self._lock:
            level = logging.DEBUG if self._vitals.trouble else logging.WARNING if pause_s is not None else logging.INFO
            self._vitals.failed(trouble, for_good=pause_s is None)
            self._alive_at = self._clock.monotonic() + (pause_s or 0.0)
        next_step = "nothing more will come" if pause_s is None else f"trying again in {pause_s:.1f} s"
        log.log(level, "camera %s: %s; %s", self.camera_id, trouble, next_step)
        self._announce()

    def _end(self, stop: threading.Event) -> None:
        """Let the taker have the last frame, then close the box."""
        while not stop.is_set() and not self.frames.wait_taken(_NAP_S):
            pass
        self.frames.close()

    def _sign_of_life(self, at: float) -> None:
        with self._lock:
            self._alive_at = at

    def _announce(self) -> None:
        with self._announcing:
            status = self.status()
            if status.state != self._announced:
                self._announced = status.state
                if self._on_change is not None:
                    self._on_change(status)
