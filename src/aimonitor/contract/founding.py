"""The founding format (v1), kept verbatim: one JSON object a frame, the picture in it as base64.

A client that sends it to `/ws/laptop` or `POST /api/data` works, and a viewer that connects to `/ws` without a
subprotocol receives it. It names neither edge nor camera: it belongs to the token's edge, camera `default`.
"""

import base64
import binascii
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from aimonitor.contract import messages, strict
from aimonitor.contract.errors import ContractError
from aimonitor.contract.jpeg import read_size

DEFAULT_CAMERA = "default"
WRONG_TOKEN = 4001
"""WebSocket close code for a wrong token, as founded."""

MESSAGE_LIMIT = 2 * 1024 * 1024
"""Bytes of one founding message: a UXGA picture at high quality in base64 fits."""

RiskLevel = Literal["NORMAL", "WATCH", "ALERT", "CRITICAL"]
LEVELS: tuple[RiskLevel, ...] = ("NORMAL", "WATCH", "ALERT", "CRITICAL")

Count = Annotated[int, Meta(ge=0, le=1_000_000)]
NotNegative = Annotated[float, Meta(ge=0, le=1e12)]
Fraction = Annotated[float, Meta(ge=0, le=1)]


class FoundingScene(msgspec.Struct, frozen=True):
    """The scene figures. `avg_speed` has the unit of the sending edge: pixels/s until it is calibrated."""

    vehicles: Count = 0
    persons: Count = 0
    avg_speed: NotNegative = 0.0
    convoy_detected: bool = False
    thermal_active: bool = False


class FoundingMessage(msgspec.Struct, frozen=True):
    """One frame in the founding format. Only the picture, the scene and the rate may be left out."""

    frame_id: Annotated[int, Meta(ge=0, le=2**53)]
    timestamp: NotNegative
    risk_score: Fraction
    risk_level: RiskLevel
    video_frame: str = ""
    scene: FoundingScene = FoundingScene()
    fps: Annotated[float, Meta(ge=0, le=1000)] = 0.0


_DECODER = msgspec.json.Decoder(FoundingMessage)


def parse(data: bytes | str) -> FoundingMessage:
    """Decode one founding message; raises ContractError (TooLargeError above MESSAGE_LIMIT).

    What is not base64 stands for no picture, as in the founding example; base64 must be a JPEG that may be shown.
    """
    message = strict.decode(_DECODER, data, limit=MESSAGE_LIMIT)
    content = _content(message)
    if content:
        try:
            read_size(content)
        except ContractError as error:
            raise ContractError("$.video_frame", f"a JPEG picture with {error.expected}", error.got) from None
    return message


def picture(message: FoundingMessage) -> bytes | None:
    """The JPEG bytes in `message`, or None when it carries no picture that can be shown."""
    data = _content(message)
    return data if data.startswith(b"\xff\xd8") else None


def _content(message: FoundingMessage) -> bytes:
    try:
        return base64.b64decode(message.video_frame, validate=True)
    except (binascii.Error, ValueError):
        return b""


def from_observation(said: messages.Observation) -> FoundingMessage:
    """The founding figures of an observation; a level that the founding format does not know becomes WATCH."""
    scene = said.scene
    level: RiskLevel = said.risk.level if said.risk.level in LEVELS else "WATCH"
    return FoundingMessage(
        frame_id=said.frame_id,
        timestamp=said.captured_at,
        risk_score=said.risk.score,
        risk_level=level,
        scene=FoundingScene(
            vehicles=scene.vehicles,
            persons=scene.persons,
            avg_speed=max(0.0, scene.avg_speed.value),
            convoy_detected=scene.convoy_detected,
            thermal_active=scene.thermal_active,
        ),
        fps=max(0.0, said.fps),
    )


def compose(message: FoundingMessage, jpeg: bytes) -> bytes:
    """Encode `message` with `jpeg` as its picture, fields in the founding order."""
    scene = message.scene
    return msgspec.json.encode(
        {
            "frame_id": message.frame_id,
            "timestamp": message.timestamp,
            "video_frame": base64.b64encode(jpeg).decode("ascii"),
            "risk_score": message.risk_score,
            "risk_level": message.risk_level,
            "scene": {
                "vehicles": scene.vehicles,
                "persons": scene.persons,
                "avg_speed": scene.avg_speed,
                "convoy_detected": scene.convoy_detected,
                "thermal_active": scene.thermal_active,
            },
            "fps": message.fps,
        }
    )
