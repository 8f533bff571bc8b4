"""Between the founding format and ours: figures and pictures of one become the other's. Pure."""

import msgspec

from aimonitor.contract import founding, frames, messages
from aimonitor.contract.errors import ContractError
from aimonitor.contract.founding import FoundingMessage
from aimonitor.contract.jpeg import JpegSize, read_size

_FIGURES_ALONE_AFTER_S = 1.0


def to_observation(source: str, message: FoundingMessage, size: JpegSize | None) -> messages.Observation:
    """The observation that a founding message amounts to: no tracks, and a score without factors."""
    scene = message.scene
    return messages.Observation(
        source=source,
        frame_id=message.frame_id,
        captured_at=min(message.timestamp, 1e11),
        width=size.width if size else 0,
        height=size.height if size else 0,
        risk=messages.RiskView(message.risk_score, message.risk_level),
        scene=messages.SceneView(
            vehicles=scene.vehicles,
            persons=scene.persons,
            avg_speed=messages.Speed(scene.avg_speed),
            convoy_detected=scene.convoy_detected,
            thermal_active=scene.thermal_active,
        ),
        fps=message.fps,
    )


class FoundingPicture(msgspec.Struct, frozen=True):
    """The picture that a founding message carries."""

    jpeg: bytes
    size: JpegSize

    def frame(self, source: str, message: FoundingMessage) -> bytes:
        """The same picture as a binary message of ours."""
        header = frames.FrameHeader(
            source, message.frame_id, min(message.timestamp, 1e11), self.size.width, self.size.height
        )
        return frames.encode(header, self.jpeg)


def picture_of(message: FoundingMessage) -> FoundingPicture | None:
    """The picture in `message`, None when it has none that can be shown."""
    data = founding.picture(message)
    if data is None:
        return None
    try:
        return FoundingPicture(data, read_size(data))
    except ContractError:
        return None


class Pair(msgspec.Struct, frozen=True):
    """A picture and the newest figures for it; `jpeg` may be empty when the camera sends figures alone."""

    said: messages.Observation
    frame_id: int
    captured_at: float
    jpeg: bytes

    def compose(self) -> str:
        """The pair as a founding message."""
        figures = founding.from_observation(self.said)
        figures = msgspec.structs.replace(figures, frame_id=self.frame_id, timestamp=self.captured_at)
        return founding.compose(figures, self.jpeg).decode("ascii")


class Pairing:
    """Joins the pictures and figures of one camera, which arrive apart.

    A picture whose figures have not come yet waits for them, but at most until the next picture.
    """

    def __init__(self) -> None:
        self._said: messages.Observation | None = None
        self._held: tuple[frames.FrameHeader, bytes] | None = None
        self._pictured_at = float("-inf")

    def observed(self, said: messages.Observation, at: float) -> Pair | None:
        """Figures came; returns what can be shown now."""
        self._said = said
        if self._held is not None and said.frame_id >= self._held[0].frame_id:
            header, picture = self._held
            self._held = None
            return Pair(said, header.frame_id, header.captured_at, picture)
        if self._held is None and at - self._pictured_at > _FIGURES_ALONE_AFTER_S:
            return Pair(said, said.frame_id, said.captured_at, b"")
        return None

    def pictured(self, header: frames.FrameHeader, picture: bytes, at: float) -> Pair | None:
        """A picture came; returns what can be shown now."""
        self._pictured_at = at
        waited, self._held = self._held, None
        if self._said is None:
            return None
        if self._said.frame_id >= header.frame_id:
            return Pair(self._said, header.frame_id, header.captured_at, picture)
        self._held = header, picture
        return Pair(self._said, waited[0].frame_id, waited[0].captured_at, waited[1]) if waited else None
