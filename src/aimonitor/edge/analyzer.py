"""The second thread of a camera: takes the newest frame, understands it, stores its events, hands on what to say."""

import logging
import threading
from collections import deque
from collections.abc import Callable

from aimonitor.common.clock import Clock
from aimonitor.common.mailbox import Latest
from aimonitor.contract import messages
from aimonitor.edge.incident_log import IncidentLog
from aimonitor.edge.inference import Turns
from aimonitor.edge.keeper import Learned, Memory, Parcel
from aimonitor.edge.policy import SitePolicy
from aimonitor.edge.publisher import Hold, Publisher, Rung, Shot
from aimonitor.edge.stages import CameraStages
from aimonitor.edge.travels import Travels
from aimonitor.edge.types import Frame, Observation, PictureError, ThermalReading
from aimonitor.edge.usual import Usual
from aimonitor.edge.wishes import Wishes

log = logging.getLogger(__name__)

Offer = Callable[[str, Shot], None]
_RATE_WINDOW = 30
_COMPLAIN_EVERY_S = 60.0


class Analyzer:
    """Owns the stages and the publisher of one camera, and the thread they run in.

    After a failure inside the stages they begin anew: one bad frame costs tracks and ends incidents, not the camera.
    `attend`, `adopt` and `snapshot` may be called from any thread. `frames` and `analyzed` count what was understood
    and looked at, `bad_pictures`, `events_refused` and `failures` what went wrong.
    policy: the one that is followed, from the next frame on at the latest
    rung: how closely the camera was told of at its last frame, None before the first
    """

    def __init__(
        self,
        camera_id: str,
        *,
        frames: Latest[Frame],
        stages: CameraStages,
        publisher: Publisher,
        incidents: IncidentLog,
        clock: Clock,
        offer: Offer,
        dropped: Callable[[], int],
        keep: Callable[[list[Parcel]], None],
        thermal: Callable[[], ThermalReading | None],
        usual: Usual,
        turns: Turns,
        travels: Travels | None = None,
    ) -> None:
        self._camera_id = camera_id
        self._frames = frames
        self._stages = stages
        self._memory = Memory(camera_id)
        self._incidents = incidents
        self._publisher = publisher
        self._clock = clock
        self._offer = offer
        self._dropped = dropped
        self._keep = keep
        self._thermal = thermal
        self._usual = usual
        self._turns = turns
        self._travels = travels
        self._wishes = Wishes()
        self._times: deque[float] = deque(maxlen=_RATE_WINDOW)
        self._thread = threading.Thread(target=self._run, name=f"analyze-{camera_id}", daemon=True)
        self.frames = self.analyzed = self.bad_pictures = self.failures = 0
        self.latest: Observation | None = None
        self.policy = stages.policy
        self.rung: Rung | None = None
        self._complain_at = float("-inf")

    def start(self) -> None:
        """Begin; the thread ends when the frames' mailbox is closed."""
        self._thread.start()

    def join(self, timeout: float) -> bool:
        """Wait for the thread; True when it has ended."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def attend(self, attention: messages.Attention) -> None:
        """Take over how closely the camera is watched; counts from the next frame."""
        self._wishes.attention.put(attention)

    def adopt(self, policy: SitePolicy) -> None:
        """Follow another policy from the next frame on."""
        self._wishes.policy.put(policy)
        self.policy = policy

    def arm(self, armed: bool) -> None:
        """While disarmed, nothing new becomes an incident; what was open is still closed."""
        self._incidents.armed = armed

    @property
    def events_refused(self) -> int:
        """Events that the disk did not take."""
        return self._incidents.refused

    @property
    def armed(self) -> bool:
        """Whether new incidents are news."""
        return self._incidents.armed

    def limit(self, fps: float) -> None:
        """At most so many pictures a second from now on, however closely the camera is watched."""
        self._wishes.fps_limit.put(fps)

    def hold(self, rung: Rung, for_s: float) -> None:
        """Send pictures as closely as `rung` for so long, whether anybody watches or not."""
        self._wishes.hold.put(Hold(rung, self._clock.monotonic() + for_s))

    def snapshot(self) -> None:
        """Let the next frame go out with its picture, whoever watches."""
        self._wishes.picture.put(True)

    @property
    def fps(self) -> float:
        """Frames understood per second, over the last 30."""
        if len(self._times) < 2:
            return 0.0
        span = self._times[-1] - self._times[0]
        return (len(self._times) - 1) / span if span > 0 else 0.0

    def _run(self) -> None:
        while not self._frames.closed:
            if not self._frames.wait(timeout=1.0):
                continue
            if self._travels:
                self._travels.begin()
            with self._turns:
                frame = self._frames.get(0)  # the newest: others may have come while this camera stood in line
                if frame is not None:
                    self._try_to_understand(frame)
        self._incidents.end(self._clock.utc())
        self._keep([*self._memory.finish(), Parcel(self._camera_id, Learned(self._usual.learned()))])

    def _try_to_understand(self, frame: Frame) -> None:
        try:
            self._understand(frame)
        except Exception:  # the top of the thread: said and counted, and the camera goes on with fresh stages
            self.failures += 1
            now = self._clock.monotonic()
            if now >= self._complain_at:  # a camera whose every frame fails would fill the disk with it
                self._complain_at = now + _COMPLAIN_EVERY_S
                words = "camera %s: frame %d: analysis failed (%d so far)"
                log.exception(words, self._camera_id, frame.frame_id, self.failures)
            self._stages.reset()
            self._incidents.end(self._clock.utc())

    def _understand(self, frame: Frame) -> None:
        self._wishes.fulfil(self._stages, self._publisher, self._clock.monotonic())
        reading = self._thermal()
        try:
            observation = self._stages.step(frame, reading)
        except PictureError as error:
            self._pass_over(frame, error)
            return
        self._times.append(frame.at)
        self.frames += 1
        self.analyzed += observation.analyzed
        self.latest = observation
        for event in observation.events:
            self._incidents.take(event, frame.frame_id)  # the disk first, whatever becomes of the picture
        self._learn(observation)
        try:
            self._keep(self._memory.take(observation))
            self._tell(observation, reading)
        except PictureError as error:
            self._pass_over(frame, error)
        if self._travels:
            self._travels.mark("publish")
            self._travels.end(observation)

    def _pass_over(self, frame: Frame, error: PictureError) -> None:
        self.bad_pictures += 1
        log.debug("camera %s: frame %d skipped: %s", self._camera_id, frame.frame_id, error)

    def _tell(self, observation: Observation, reading: ThermalReading | None) -> None:
        """Hand on what is to be said of a frame. Raises PictureError."""
        now = self._clock.monotonic()
        self._publisher.feel(reading, self._stages.alignment)
        shot = self._publisher.publish(observation, fps=self.fps, dropped=self._dropped(), now=now)
        self.rung = self._publisher.ladder.rung(now)
        if shot is not None:
            self._offer(self._camera_id, shot)

    def _learn(self, observation: Observation) -> None:
        unusual = self._usual.take(observation)
        if unusual is not None:
            self._stages.note(unusual)
        if self._usual.due(observation.frame.at):
            self._keep([Parcel(self._camera_id, Learned(self._usual.learned()))])
