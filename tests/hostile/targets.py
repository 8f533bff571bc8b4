"""What may be given any bytes: each target reads them as its part does, and raises only what the part promises."""

import contextlib
import io
import json
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from websockets.frames import Frame, Opcode

from aimonitor.common import log
from aimonitor.common.websocket import ServerFraming
from aimonitor.contract import codec, delta, founding, frames, jpeg, messages, seal, setup
from aimonitor.contract.errors import ContractError
from aimonitor.edge.heads import HeadError, recognize
from aimonitor.edge.multipart import PART_LIMIT, Dechunker, MultipartError, MultipartReader
from aimonitor.edge.sensors import cptv
from aimonitor.edge.sensors.decode import FORMATS, decode
from aimonitor.edge.sensors.http_request import RequestError, parse_head
from aimonitor.edge.sensors.received import ThermalFormatError
from aimonitor.edge.types import Size
from aimonitor.hub.media_store import read_span

SAMPLES = Path(__file__).parents[1] / "contract" / "samples"
TINY = b"\xff\xd8\xff\xc0\x00\x0b\x08\x00\x78\x00\xa0\x01\x01\x11\x00\xff\xda\x00\x08" + bytes(8) + b"\xff\xd9"


@dataclass(frozen=True)
class Target:
    """`play` takes any bytes; `seeds` are good ones to begin with, `words` what is worth putting in."""

    play: Callable[[bytes], None]
    seeds: tuple[bytes, ...]
    words: tuple[bytes, ...] = ()


def _codec(data: bytes) -> None:
    with contextlib.suppress(ContractError):
        message = codec.decode(data)
        if not isinstance(message, codec.Unknown):
            assert codec.decode(codec.encode(message)) == message
            with contextlib.suppress(ContractError, TypeError):
                seal.verify(message, required=False)
    with contextlib.suppress(ContractError):
        codec.decode(data.decode("latin-1"))


def _delta(data: bytes) -> None:
    first, _, second = data.partition(b"\n")
    with contextlib.suppress(ContractError):
        base, change = codec.decode(first), codec.decode(second)
        if isinstance(base, messages.Observation) and isinstance(change, messages.Delta):
            delta.apply(base, change)


def _founding(data: bytes) -> None:
    with contextlib.suppress(ContractError):
        message = founding.parse(data)
        picture = founding.picture(message)
        assert picture is None or picture.startswith(b"\xff\xd8")
        founding.compose(message, picture or b"")


def _frame(data: bytes) -> None:
    with contextlib.suppress(ContractError):
        header, start = frames.decode_header(data)
        assert 0 < start <= len(data)
        assert frames.encode(header, data[start:])[start:] == data[start:] or start > 29 + len(header.source)


def _jpeg(data: bytes) -> None:
    with contextlib.suppress(ContractError):
        size = jpeg.read_size(data)
        assert 0 < size.width * size.height <= jpeg.PIXEL_LIMIT
    with contextlib.suppress(ContractError):
        jpeg.check_size(data, start=0)


def _setup(data: bytes) -> None:
    for kind in (setup.PolicyPut, setup.CamerasPut, setup.CalibrationWish, setup.WhatIfWish, setup.TryWish):
        with contextlib.suppress(ContractError):
            setup.read(kind, data)


def _multipart(data: bytes) -> None:
    """The first byte says how it is cut, and whether the boundary is known."""
    step = data[0] + 1 if data else 1
    reader = MultipartReader("x" if step % 2 else None, part_limit=4096)
    for at in range(1, len(data), step):
        for part in reader.feed(data[at : at + step]):
            assert len(part.body) <= 4096
        assert len(reader._buffer) <= 4096 + 9000 + step
    assert PART_LIMIT == 2 * 1024 * 1024


def _chunks(data: bytes) -> None:
    step = data[0] + 1 if data else 1
    dechunker = Dechunker()
    with contextlib.suppress(MultipartError):
        for at in range(1, len(data), step):
            assert len(dechunker.feed(data[at : at + step])) <= step + 300


def _thermal(data: bytes) -> None:
    for name in FORMATS:
        for is_text in (None, True, False):
            with contextlib.suppress(ThermalFormatError):
                received = decode(data, format_name=name, is_text=is_text)
                assert -300 < float(np.nanmin(received.celsius)) <= float(np.nanmax(received.celsius)) < 10_000


def _recording(data: bytes) -> None:
    with contextlib.suppress(ThermalFormatError):
        for number, _ in enumerate(cptv.read_stream(io.BytesIO(data))):
            if number == 20:
                break


def _request(data: bytes) -> None:
    with contextlib.suppress(RequestError):
        parse_head(data).length(1000)


def _websocket(data: bytes) -> None:
    """Frames as a client sends them, after a handshake."""
    framing = ServerFraming(1000)
    framing.receive_data(HANDSHAKE)
    framing.send_response(framing.accept(framing.events_received()[0]))
    for at in range(0, len(data), 7):
        framing.receive_data(data[at : at + 7])
        for event in framing.events_received():
            if isinstance(event, Frame) and event.opcode is Opcode.TEXT and event.fin and framing.parser_exc is None:
                bytes(event.data).decode()
        framing.data_to_send()
        if framing.parser_exc is not None:
            break
    assert len(framing.reader.buffer) <= 1014


def _handshake(data: bytes) -> None:
    head, end, _ = data.partition(b"\r\n\r\n")  # the servers hand over nothing but the head
    framing = ServerFraming(1000)
    framing.receive_data(head + end)
    for event in framing.events_received():
        if not isinstance(event, Frame):
            framing.send_response(framing.accept(event))
    framing.data_to_send()


def _log(data: bytes) -> None:
    line = log.scrub(data.decode("utf-8", "replace"))
    assert line.isprintable() or not any(ord(each) < 32 or 0x7F <= ord(each) < 0xA0 for each in line)
    assert len(line) <= 2000


def _range(data: bytes) -> None:
    span = read_span(data.decode("latin-1"), 10)
    assert span is None or span.length >= 0


_INPUT = Size(96, 64)
_CELLS, _CLASSES = 126, 5
_OUTPUTS = (
    ((1, _CELLS, 5 + _CLASSES),),
    ((1, 3 * _CELLS, 5 + _CLASSES),),
    ((1, 4 + _CLASSES, _CELLS),),
    ((1, 30, 6),),
    ((1, 30, _CLASSES), (1, 30, 4)),
    ((1, 30), (1, 30, 4), (1, 30)),
    (*((1, cells, _CLASSES) for cells in (96, 24, 6)), *((1, cells, 44) for cells in (96, 24, 6))),
)


def _heads(data: bytes) -> None:
    """The first byte chooses the family; the others are the numbers that the network gives, over and over."""
    shapes = _OUTPUTS[(data[0] if data else 0) % len(_OUTPUTS)]
    numbers = np.frombuffer(data[1 : 1 + (len(data) - 1) // 4 * 4] or bytes(4), "<f4")
    outputs = [np.resize(np.roll(numbers, turn), shape) for turn, shape in enumerate(shapes)]
    with np.errstate(all="ignore"):
        found = recognize(_INPUT, shapes).decode(outputs, 0.3)
    assert len(found.boxes) == len(found.scores) == len(found.classes) <= 300
    assert not np.isnan(found.scores).any()


def _shapes(data: bytes) -> None:
    """Any number of outputs of any shape."""
    sizes = list(struct.unpack(f"<{len(data) // 2}H", data[: len(data) // 2 * 2]))[:24]
    shapes = tuple(tuple(sizes[at : at + 3]) for at in range(0, len(sizes), 3))
    with contextlib.suppress(HeadError):
        recognize(_INPUT, shapes)


HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
_JSON_WORDS = (
    b"null", b"NaN", b"1e999", b"-1", b"9" * 400, b"[[[[[[[[", b'{"a":{"a":', b'"\\ud800"', b"\xff", b'"', b"\\", b"{}",
)  # fmt: skip
_MESSAGES = tuple(path.read_bytes() for path in sorted((SAMPLES / "v2").glob("*.json")))
_FOUNDING = (SAMPLES / "founding.json").read_bytes()
_PART = b"\x05--x\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%s\r\n--x--\r\n" % (len(TINY), TINY)
_THERMAL = json.dumps({"v": 1, "w": 8, "h": 8, "unit": "C", "data": [21.5] * 64}).encode()
_TWICE = tuple(first + b"\n" + second for first in _MESSAGES[:6] for second in _MESSAGES[:6])
_RAMPS = tuple(bytes([number]) + np.linspace(-2, 2, 64, dtype="<f4").tobytes() for number in range(len(_OUTPUTS)))
_CPTV = (SAMPLES.parents[1] / "edge" / "three_frames.cptv").read_bytes()
_MASKED = b"\x81\x85\0\0\0\0hello\x01\x81\0\0\0\0a\x80\x81\0\0\0\0b\x89\x80\0\0\0\0\x88\x82\0\0\0\0\x03\xe8"

TARGETS: dict[str, Target] = {
    "codec": Target(_codec, _MESSAGES, _JSON_WORDS),
    "delta": Target(_delta, _TWICE, _JSON_WORDS),
    "founding": Target(_founding, (_FOUNDING,), (*_JSON_WORDS, b"/9j/", b"/9j/wAALCAB4AKABAREA/9o=")),
    "frame": Target(_frame, ((SAMPLES / "v2" / "picture.bin").read_bytes(),), (TINY, b"\xff" * 8, b"\0" * 8)),
    "jpeg": Target(_jpeg, (TINY,), (b"\xff", b"\xff\xc0", b"\xff\xc2", b"\xff\xda", b"\xff\xe1\xff\xff", b"\0\0")),
    "setup": Target(
        _setup,
        (b'{"policy":{},"base":0,"words":""}', b'{"cameras":[{"id":"a","source":"usb:0"}],"base":1}'),
        _JSON_WORDS,
    ),
    "multipart": Target(_multipart, (_PART,), (b"--x", b"--x--", b"\r\n\r\n", b"Content-Length: 99999", b":", b"\n")),
    "chunks": Target(_chunks, (b"\x035\r\nhello\r\n0\r\n\r\n",), (b"ffffffff\r\n", b"0\r\n", b";a=b", b"\n")),
    "thermal": Target(
        _thermal,
        (_THERMAL, b"TH" + bytes(80), bytes(256), bytes(3072), b"ZZ" + bytes(1542)),
        (*_JSON_WORDS, b"radiometric", b"frame", b"rowsize", b"data", b"TH", b"\0\0\xc0\x7f"),
    ),
    "recording": Target(_recording, (_CPTV,), (b"CPTV", b"H", b"F")),
    "request": Target(
        _request,
        (b"POST /api/v1/thermal/a?x=1 HTTP/1.1\r\nContent-Length: 5\r\n\r\n",),
        (b"\r\n", b":", b" ", b"%ff", b"[", b"Content-Length: 99999999999999999999"),
    ),
    "websocket": Target(
        _websocket, (_MASKED,), (b"\x81\xfe\xff\xff", b"\x01\x80\0\0\0\0", b"\x88\x80\0\0\0\0", b"\xff")
    ),
    "handshake": Target(_handshake, (HANDSHAKE,), (b"\r\n", b":", b"a" * 9000, b"Sec-WebSocket-Key: ", b"\xff")),
    "log": Target(
        _log,
        (b"token=abc http://u:p@h/ 123456:ABCDEFGHIJKLMNOPQRSTUVWX\r\n\x1b[31m",),
        (b"Bearer ", b"password:", b"\xe2\x80\xa8", b"\xc2\x85", b"\x7f", b"://", b"@", b'token":"'),
    ),
    "range": Target(_range, (b"bytes 0-9/100",), (b"bytes ", b"-", b"/", b"9" * 30, b"*")),
    "heads": Target(
        _heads, _RAMPS, (b"\0\0\xc0\x7f", b"\0\0\x80\x7f", b"\0\0\x80\xff", b"\xff\xff\x7f\x7f", b"\0\0\0\0")
    ),
    "shapes": Target(
        _shapes,
        (struct.pack("<3H", 1, 126, 10), struct.pack("<6H", 1, 30, 5, 1, 30, 4)),
        (b"\0\0", b"\x01\0", b"\xff\xff"),
    ),
}
