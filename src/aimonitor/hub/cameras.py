"""What the hub knows of a camera and of an edge: the newest of everything, nothing older."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from aimonitor.contract import codec, frames, messages
from aimonitor.contract.founding import FoundingMessage
from aimonitor.hub import founding_bridge
from aimonitor.hub.clock_offset import ClockFilter
from aimonitor.hub.founding_bridge import Pairing
from aimonitor.hub.level_watch import LevelWatch

CAMERAS_PER_EDGE = 64


class EdgeLink(Protocol):
    """How the hub speaks to a connected edge. Never blocks."""

    def send(self, message: messages.AnyMessage) -> None:
        """Send `message` in its turn."""
        ...

    def stored(self, seq: int) -> None:
        """The store has this event of the edge."""
        ...

    def tick(self, at: float) -> None:
        """Do what is due at monotonic time `at`."""
        ...

    def close(self, code: int, reason: str) -> None:
        """Let the connection go."""
        ...


@dataclass(slots=True)
class Camera:
    """The newest status, figures and picture of one camera. Texts and frames are as they came."""

    source: str
    info: messages.CameraInfo
    status: messages.Status | None = None
    said: messages.Observation | None = None
    said_text: str = ""
    header: frames.FrameHeader | None = None
    frame: bytes = b""
    jpeg_at: int = 0
    heard_at: float = 0.0
    founding_text: str = ""
    pairing: Pairing = field(default_factory=Pairing)
    levels: LevelWatch = field(default_factory=LevelWatch)
    layout_text: str = ""
    """Its zones and lines, empty from an edge that does not say."""
    _unread: FoundingMessage | None = None

    def see_observation(self, said: messages.Observation, text: str, at: float) -> None:
        """Note new figures and the text that they came as."""
        self.said, self.said_text, self.heard_at = said, text, at

    def see_picture(self, header: frames.FrameHeader, frame: bytes, jpeg_at: int, at: float) -> None:
        """Note a new picture: the binary message as it came, and where in it the JPEG starts."""
        self.header, self.frame, self.jpeg_at, self.heard_at = header, frame, jpeg_at, at

    def see_founding(self, message: FoundingMessage, text: str, at: float) -> None:
        """Note a founding message; it is turned into ours only when somebody asks (`translate`)."""
        self._unread, self.founding_text, self.heard_at = message, text, at

    def translate(self) -> None:
        """Bring figures and picture up to the newest founding message."""
        message, self._unread = self._unread, None
        if message is None:
            return
        picture = founding_bridge.picture_of(message)
        self.said = founding_bridge.to_observation(self.source, message, picture.size if picture else None)
        self.said_text = codec.encode(self.said)
        if picture is None:
            self.header, self.frame = None, b""
            return
        self.frame = picture.frame(self.source, message)
        self.header, self.jpeg_at = frames.decode_header(self.frame)

    def jpeg(self) -> bytes:
        """The newest picture, empty when there is none."""
        self.translate()
        return self.frame[self.jpeg_at :] if self.frame else b""


@dataclass(slots=True)
class Edge:
    """An edge that is or was connected. `links` holds several only for founding clients that share the default edge."""

    edge_id: str
    since: float
    protocol: str = "v2"
    software: str = ""
    boot_id: str = ""
    online: bool = False
    arrivals: int = 0
    """How often it came online; all but the first time it came back."""
    heard_at: float = 0.0
    links: list[EdgeLink] = field(default_factory=list)
    cameras: dict[str, Camera] = field(default_factory=dict)
    clock: ClockFilter = field(default_factory=ClockFilter)
    hub: str = ""
    """The other hub at whose door it is; empty when it is at ours."""
    far_offset_s: float | None = None
    """Its clock offset as that hub measures it."""
    trouble: str = ""
    """Why its events are not safe on it, in its own words; empty when they are."""
    far_protocol: str = "v2"
    """How it speaks to that hub."""
    founding_seq: int | None = None
    """The last number given to an event of a founding client; None until the store was asked."""

    def presence(self) -> messages.Presence:
        """What viewers are told of it."""
        offset_s = self.far_offset_s if self.hub else self.clock.offset_s
        return messages.Presence(
            edge_id=self.edge_id,
            online=self.online,
            since=self.since,
            cameras=tuple(camera.info for camera in self.cameras.values()),
            clock_offset_s=None if offset_s is None else round(offset_s, 4),
            protocol=self.far_protocol if self.hub else self.protocol,
            trouble=self.trouble,
        )

    def __iter__(self) -> Iterator[Camera]:
        return iter(self.cameras.values())


def camera_id_of(source: str) -> str:
    """The camera's part of a source."""
    return source.partition("/")[2]
