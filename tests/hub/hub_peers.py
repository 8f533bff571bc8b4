"""What the stories of the hub are told with: messages to send, and one socket to send and hear them."""

import json
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from aimonitor.contract import codec, frames, messages
from aimonitor.contract.overlays import Thermogram, ZoneView

SAMPLE = Path(__file__).parent.parent.joinpath("contract", "samples", "founding.json").read_text(encoding="utf-8")
PATIENCE_S = 10.0
CONT, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


def jpeg(width: int = 160, height: int = 120, filling: int = 32) -> bytes:
    """The smallest thing that says of itself that it is a JPEG of this size."""
    size = bytes([0xFF, 0xC0, 0, 11, 8, height >> 8, height & 255, width >> 8, width & 255, 1, 1, 0x11, 0])
    return b"\xff\xd8" + size + b"\xff\xda\x00\x08" + b"\x00" * filling + b"\xff\xd9"


def said(source: str = "yard/gate", frame_id: int = 1, **fields: Any) -> messages.Observation:
    fields = {"risk": messages.RiskView(0.5, "WATCH"), "captured_at": 1_700_000_000.0, **fields}
    return messages.Observation(source=source, frame_id=frame_id, width=160, height=120, **fields)


def frame(source: str = "yard/gate", frame_id: int = 1, picture: bytes | None = None) -> bytes:
    return frames.encode(frames.FrameHeader(source, frame_id, 1_700_000_000.0, 160, 120), picture or jpeg())


def event(seq: int, source: str = "yard/gate", **fields: Any) -> messages.Event:
    fields = {"incident_id": f"i{seq}", "kind": "intrusion", "phase": "opened", "at": 1.0, "opened_at": 1.0, **fields}
    return messages.Event(source=source, seq=seq, **fields)


GATE = ZoneView("Gate", ((0.2, 0.5), (0.8, 0.5), (0.9, 1.0)), restricted=True)


def thermogram(frame_id: int = 1, source: str = "yard/gate") -> Thermogram:
    return Thermogram(source, frame_id, 1_700_000_000.0, 2, 2, 18.0, 40.0, bytes([0, 10, 254, 255]))


class Peer:
    """One v2 socket: an edge or a viewer."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.skipped: list[Any] = []

    def say(self, message: messages.AnyMessage | bytes | str) -> None:
        self.socket.send(message if isinstance(message, bytes | str) else codec.encode(message))

    def hear(self, kind: type, where: Callable[[Any], bool] = lambda _: True) -> Any:
        """The next message of this kind; others are kept in `skipped`, and pings are answered."""
        while True:
            data = self.socket.recv(timeout=PATIENCE_S)
            message = data if isinstance(data, bytes) else codec.decode(data)
            if isinstance(message, messages.Ping) and kind is not messages.Ping:
                self.say(messages.Pong(message.sent_at, message.sent_at, message.sent_at))
            elif isinstance(message, kind) and where(message):
                return message
            else:
                self.skipped.append(message)

    def hear_text(self, kind: str) -> str:
        """The next text message of this type, as it came."""
        while True:
            data = self.socket.recv(timeout=PATIENCE_S)
            if isinstance(data, str) and json.loads(data)["type"] == kind:
                return data

    def hear_end(self) -> int:
        """Read on until the hub closes; returns the close code."""
        try:
            while True:
                self.socket.recv(timeout=PATIENCE_S)
        except ConnectionClosed as error:
            return error.rcvd.code if error.rcvd else 1006


def founding_text(**fields: Any) -> str:
    """The founding sample with some fields changed."""
    return msgspec.json.encode({**json.loads(SAMPLE), **fields}).decode()


def wait_until(condition: Callable[[], object]) -> None:
    """Give the hub's thread time until `condition` holds."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that within 10 s"
        time.sleep(0.005)


def ws_frame(opcode: int, payload: bytes = b"", *, fin: bool = True, compressed: bool = False) -> bytes:
    """A frame as a client sends it; masked with zeros, which is allowed."""
    first = opcode | (0x80 if fin else 0) | (0x40 if compressed else 0)
    if len(payload) < 126:
        head = struct.pack("!BB", first, 0x80 | len(payload))
    elif len(payload) < 65_536:
        head = struct.pack("!BBH", first, 0x80 | 126, len(payload))
    else:
        head = struct.pack("!BBQ", first, 0x80 | 127, len(payload))
    return head + b"\0\0\0\0" + payload
