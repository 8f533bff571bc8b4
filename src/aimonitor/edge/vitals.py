"""How a camera is: counts what arrives and names the state, from times that are passed in. No thread, no clock."""

from collections import deque
from dataclasses import dataclass
from typing import Literal

from aimonitor.edge.health import Health

State = Literal["connecting", "live", "delayed", "frozen", "dark", "covered", "blurred", "offline"]

_SHORTEST_SILENCE_S = 2.0
_SILENT_INTERVALS = 4


@dataclass(frozen=True, slots=True)
class CameraStatus:
    """How a camera is. Counters are since the start; `dropped` frames were replaced by newer ones unseen.

    ended: nothing more will come, because the recording is over or only a person can help
    """

    state: State
    since_utc: float
    detail: str = ""
    width: int = 0
    height: int = 0
    fps: float = 0.0
    frames: int = 0
    dropped: int = 0
    damaged: int = 0
    reconnects: int = 0
    reboots: int = 0
    ended: bool = False


class Vitals:
    """The pulse of one camera. `at` is monotonic seconds throughout; not thread-safe."""

    def __init__(self, at: float, utc: float, *, offline_after_s: float) -> None:
        self.frames = self.damaged = self.reconnects = self.reboots = 0
        self.trouble: str | None = None
        self.ended = False
        self._offline_after_s = offline_after_s
        self._started_at = at
        self._arrivals: deque[float] = deque(maxlen=32)
        self._health = Health()
        self._width = self._height = 0
        self._device_s: float | None = None
        self._state: State = "connecting"
        self._since_utc = utc

    def arrived(self, width: int, height: int, health: Health, at: float) -> None:
        """A picture came."""
        self.trouble = None
        self.frames += 1
        self._width, self._height = width, height
        self._health = health
        self._arrivals.append(at)

    def restarted(self, device_s: float | None) -> bool:
        """True when the camera's own clock ran backwards, which it does only when it boots."""
        if device_s is None:
            return False
        before, self._device_s = self._device_s, device_s
        backwards = before is not None and device_s < before
        self.reboots += backwards
        return backwards

    def failed(self, trouble: str, *, for_good: bool) -> None:
        """The connection is lost, or never came about."""
        self.trouble = trouble
        self.ended = for_good
        self.reconnects += not for_good
        self._arrivals.clear()

    def status(self, at: float, utc: float, *, dropped: int, damaged: int) -> CameraStatus:
        """The state at `at`, however long ago the last sign of life was; the counters given here are added."""
        state, detail = self._judge(at)
        if state != self._state:
            self._state, self._since_utc = state, utc
        return CameraStatus(
            state=state,
            since_utc=self._since_utc,
            detail=detail,
            width=self._width,
            height=self._height,
            fps=round(self._rate(at), 2),
            frames=self.frames,
            dropped=dropped,
            damaged=self.damaged + damaged,
            reconnects=self.reconnects,
            reboots=self.reboots,
            ended=self.ended,
        )

    def _judge(self, at: float) -> tuple[State, str]:
        if self.trouble is not None:
            return "offline", self.trouble
        silent_s = at - (self._arrivals[-1] if self._arrivals else self._started_at)
        if silent_s >= self._offline_after_s:
            return "offline", f"no picture for {silent_s:.0f} s"
        if not self._arrivals:
            return "connecting", "waiting for the first picture"
        rate = self._rate(self._arrivals[-1])
        if silent_s > max(_SHORTEST_SILENCE_S, _SILENT_INTERVALS / rate if rate else 0.0):
            return "delayed", f"no picture for {silent_s:.0f} s"
        return self._health.condition, self._health.words

    def _rate(self, at: float) -> float:
        """Pictures per second; falls while none come."""
        if len(self._arrivals) < 2:
            return 0.0
        interval_s = (self._arrivals[-1] - self._arrivals[0]) / (len(self._arrivals) - 1)
        interval_s = max(interval_s, (at - self._arrivals[-1]) / _SILENT_INTERVALS)
        return 1 / interval_s if interval_s > 0 else 0.0
