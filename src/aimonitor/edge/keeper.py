"""What an edge keeps on its own disk besides events: clips, the scenes that explain its risk, and what is usual.

`Memory` lives in the analyzing thread of a camera and decides what is worth keeping; `Keeper` owns the one thread of
an edge that writes it, so that a slow disk never holds up a camera.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from aimonitor.common.clock import Clock, SystemClock
from aimonitor.common.files import write_atomically
from aimonitor.common.mailbox import Outbox
from aimonitor.edge.clips import Clip, ClipRing, ClipStore, Opening, kept
from aimonitor.edge.pictures import JpegPicture
from aimonitor.edge.recording import RecordedScene, SceneRecorder
from aimonitor.edge.snapshots import draw_boxes
from aimonitor.edge.types import Observation

log = logging.getLogger(__name__)

_WAITING_LIMIT = 64
_SWEEP_EVERY_S = 3600.0
_LOOK_EVERY_S = 60.0
_RECORD_EVERY_S = 0.5
_RECORD_BUSY_EVERY_S = 0.2
"""While something is in view: often enough to run behavior again over it (see `rehearsal`)."""
_HAND_IN_EVERY_S = 1.0
_SLACK_S = 0.02
"""A frame this much too early still counts as due: cameras are not metronomes."""
_ENCODE_EVERY_S = 0.5
"""Pictures that the camera did not send as JPEG cost an encoding each: two a second go into a clip."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What a camera has learned of its usual counts, as JSON."""

    state: bytes


@dataclass(frozen=True, slots=True)
class Parcel:
    """Something to write for one camera."""

    camera_id: str
    what: Clip | Opening | tuple[RecordedScene, ...] | Learned


def _recorded(observation: Observation) -> RecordedScene:
    frame, hidden = observation.frame, observation.behavior.masked
    masked = tuple(track for track in observation.tracks if track.track_id in hidden)
    size = frame.picture.width, frame.picture.height
    return RecordedScene(frame.at, frame.utc, observation.scene, masked, *size)


@dataclass(slots=True)
class Memory:
    """The last seconds of one camera. Owned by its analyzing thread."""

    camera_id: str
    ring: ClipRing = field(default_factory=ClipRing)
    _scenes: list[RecordedScene] = field(default_factory=list)
    _recorded_at: float = float("-inf")
    _encoded_at: float = float("-inf")

    def take(self, observation: Observation) -> list[Parcel]:
        """Remember a frame; what is to be written now."""
        frame = observation.frame
        found: list[Parcel] = []
        picture = frame.picture
        every_s = _RECORD_BUSY_EVERY_S if observation.tracks else _RECORD_EVERY_S
        if frame.at - self._recorded_at >= every_s - _SLACK_S or observation.events:
            self._recorded_at = frame.at
            self._scenes.append(_recorded(observation))
        if self._scenes and (frame.at - self._scenes[0].at >= _HAND_IN_EVERY_S or observation.events):
            found.append(self._hand_in())
        opened = [event.incident_id for event in observation.events if event.phase == "opened"]
        if isinstance(picture, JpegPicture) or opened or frame.at - self._encoded_at >= _ENCODE_EVERY_S:
            self._encoded_at = frame.at
            size = (picture.width, picture.height)
            shot = kept(
                picture.jpeg(), observation.tracks, at=frame.at, utc=frame.utc, frame_id=frame.frame_id, size=size
            )
            found += [Parcel(self.camera_id, Opening(incident_id, shot)) for incident_id in opened]
            found += [Parcel(self.camera_id, clip) for clip in self.ring.add(shot, observation.events)]
        return found

    def finish(self) -> list[Parcel]:
        """What still waits, when the camera stops."""
        scenes = [self._hand_in()] if self._scenes else []
        return [*scenes, *(Parcel(self.camera_id, clip) for clip in self.ring.finish())]

    def _hand_in(self) -> Parcel:
        scenes, self._scenes = tuple(self._scenes), []
        return Parcel(self.camera_id, scenes)


class Keeper:
    """Writes below `root`: `clips/<camera>/<incident>/…`, `scenes/<camera>/<minute>.jsonl`, `usual/<camera>.json`.

    At most 64 parcels wait, then the oldest is dropped and counted (`dropped`). `failed` counts what the disk refused.
    Clips that are too old go when it starts and every hour, those of cameras that are no longer there as well.
    opened: told of camera and incident, from the keeper's thread, when the snapshot of a new incident is on the disk
    """

    def __init__(
        self, root: Path, opened: Callable[[str, str], None] | None = None, clock: Clock | None = None
    ) -> None:
        self._root = root
        self._clock = clock or SystemClock()
        self._sweep_at = float("-inf")
        self._opened = opened
        self._waiting: Outbox[Parcel] = Outbox(_WAITING_LIMIT, self._wake)
        self._something = threading.Event()
        self._closing = False
        self._clips: dict[str, ClipStore] = {}
        self._scenes: dict[str, SceneRecorder] = {}
        self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)
        self.failed = 0

    def start(self) -> None:
        """Begin writing."""
        self._thread.start()

    def keep(self, parcels: list[Parcel]) -> None:
        """Hand in what is to be written; from any thread."""
        for parcel in parcels:
            self._waiting.put(parcel)

    @property
    def dropped(self) -> int:
        """Parcels that fell out because the disk was too slow."""
        return self._waiting.dropped

    def close(self, timeout_s: float = 3.0) -> None:
        """Write what waits, then end."""
        self._closing = True
        self._something.set()
        self._thread.join(timeout_s)

    def learned(self, camera_id: str) -> bytes:
        """What the camera had learned when it was last kept; empty when there is nothing. May raise OSError."""
        path = self._usual_of(camera_id)
        return path.read_bytes() if path.exists() else b""

    def scenes_of(self, camera_id: str) -> Path:
        """Where the scenes of a camera are recorded."""
        return self._root / "scenes" / camera_id

    def _wake(self) -> None:
        self._something.set()

    def _run(self) -> None:
        while not (self._closing and not self._waiting):
            self._sweep_when_due()
            self._something.wait(_LOOK_EVERY_S)
            self._something.clear()
            for parcel in self._waiting.take_all():
                self._write(parcel)

    def _sweep_when_due(self) -> None:
        now = self._clock.monotonic()
        if now < self._sweep_at:
            return
        self._sweep_at = now + _SWEEP_EVERY_S
        for folder in (self._root / "clips").glob("*/"):
            try:
                self._clips_of(folder.name).sweep(self._clock.utc())
            except OSError as error:
                log.warning("camera %s: clips that are too old were not removed: %s", folder.name, error)

    def _write(self, parcel: Parcel) -> None:
        try:
            if isinstance(parcel.what, Clip):
                self._write_clip(parcel.camera_id, parcel.what)
            elif isinstance(parcel.what, Opening):
                self._write_opening(parcel.camera_id, parcel.what)
            elif isinstance(parcel.what, Learned):
                self._write_learned(parcel.camera_id, parcel.what)
            else:
                for scene in parcel.what:
                    self._scenes_of(parcel.camera_id).write(scene)
        except (OSError, ValueError) as error:
            level = logging.DEBUG if self.failed else logging.WARNING
            self.failed += 1
            log.log(level, "camera %s: not kept: %s", parcel.camera_id, error)
        except Exception:  # the top of the thread: one picture that OpenCV cannot draw on must not end all keeping
            self.failed += 1
            log.exception("camera %s: not kept", parcel.camera_id)

    def _write_clip(self, camera_id: str, clip: Clip) -> None:
        folder = self._clips_of(camera_id).save(clip, draw_boxes(clip.opening))
        if folder is None:
            log.warning("camera %s: no room for the clip of %s", camera_id, clip.incident_id)

    def _write_opening(self, camera_id: str, opening: Opening) -> None:
        folder = self._clips_of(camera_id).save_opening(opening, draw_boxes(opening.picture))
        if folder is not None and self._opened is not None:
            self._opened(camera_id, opening.incident_id)

    def _clips_of(self, camera_id: str) -> ClipStore:
        if camera_id not in self._clips:
            self._clips[camera_id] = ClipStore(self._root / "clips" / camera_id)
        return self._clips[camera_id]

    def _write_learned(self, camera_id: str, learned: Learned) -> None:
        write_atomically(self._usual_of(camera_id), learned.state)

    def _usual_of(self, camera_id: str) -> Path:
        return self._root / "usual" / f"{camera_id}.json"

    def _scenes_of(self, camera_id: str) -> SceneRecorder:
        if camera_id not in self._scenes:
            self._scenes[camera_id] = SceneRecorder(self.scenes_of(camera_id))
        return self._scenes[camera_id]
