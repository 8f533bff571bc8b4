"""One file to the hub over one HTTP connection: slowly, in chunks, from where the hub says (`Upload-Offset`).

Redirects are not followed and certificates are verified. Runs in a thread of its own.
"""

import http.client
import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from aimonitor.common.clock import Clock

CHUNK = 256 * 1024
"""Bytes of one request: what is lost at most when the connection is cut."""

_PIECE = 16 * 1024
_SEND_BUFFER = 64 * 1024  # small, so that little of a clip lies in the kernel in front of live figures
_TIMEOUT_S = 15.0
_MOVES = 8


class HubRefusesError(RuntimeError):
    """The hub will not take this file; trying again would not help."""


class HubBusyError(OSError):
    """The hub cannot take this file now."""


@dataclass(frozen=True, slots=True)
class HubAddress:
    """The HTTP side of the hub that the uplink speaks to."""

    host: str
    port: int
    prefix: str
    secure: bool

    @classmethod
    def of(cls, websocket_url: str) -> "HubAddress":
        """From the uplink's address, `ws(s)://host[:port][/prefix]/ws/laptop`."""
        parts = urlsplit(websocket_url)
        secure = parts.scheme == "wss"
        path, founding, _ = parts.path.rpartition("/ws/laptop")
        return cls(parts.hostname or "", parts.port or (443 if secure else 80), path if founding else "", secure)

    def connect(self) -> http.client.HTTPConnection:
        """A new connection. Raises OSError."""
        if self.secure:
            context = ssl.create_default_context()
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                self.host, self.port, timeout=_TIMEOUT_S, context=context
            )
        else:
            connection = http.client.HTTPConnection(self.host, self.port, timeout=_TIMEOUT_S)
        connection.connect()
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        return connection


class Pace:
    """So many bytes a second and no more: tells how long to wait after each piece. Pure."""

    def __init__(self, bytes_per_s: float) -> None:
        self.bytes_per_s = bytes_per_s
        self._free_at = float("-inf")

    def pause_s(self, size: int, at: float) -> float:
        """Seconds to wait after `size` bytes were sent at monotonic time `at`."""
        self._free_at = max(at, self._free_at) + size / self.bytes_per_s
        return self._free_at - at


Spend = Callable[[int], None]
"""Told of every piece that went out, in bytes: it counts in the edge's budget."""


class Stopped(OSError):  # noqa: N818 - an end, and no error
    """The edge stops."""


class Delivery:
    """Sends `path` to `target`, an absolute path at the hub. `progressed` says whether the hub took anything."""

    def __init__(
        self,
        hub: HubAddress,
        target: str,
        token: str,
        path: Path,
        *,
        pace: Pace,
        spend: Spend,
        clock: Clock,
        stop: threading.Event,
    ) -> None:
        self._hub, self._target, self._path = hub, hub.prefix + target, path
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._pace, self._spend, self._clock, self._stop = pace, spend, clock, stop
        self._moves = 0
        self.progressed = False

    def run(self) -> None:
        """Send what the hub lacks. Raises HubRefusesError for good, OSError or HTTPException for now."""
        connection = self._hub.connect()
        try:
            offset, length = self._where(connection)
            while offset < length:
                offset = self._send(connection, offset, length)
        finally:
            connection.close()

    def _where(self, connection: http.client.HTTPConnection) -> tuple[int, int]:
        """How many bytes the hub has, and how many there are."""
        length = os.stat(self._path).st_size
        connection.request("HEAD", self._target, headers=self._headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status == 200:
            return length, length
        if answer.status == 404 and answer.headers["upload-offset"] is not None:
            same = answer.headers["upload-length"] == str(length)
            return (_number(answer.headers["upload-offset"], length) if same else 0), length
        raise _refused(answer, b"")

    def _send(self, connection: http.client.HTTPConnection, offset: int, length: int) -> int:
        """Send one chunk; where to go on."""
        data = self._read(offset)
        headers = {
            **self._headers,
            "Content-Length": str(len(data)),
            "Content-Range": f"bytes {offset}-{offset + len(data) - 1}/{length}",
        }
        connection.request("PUT", self._target, body=self._pieces(data), headers=headers)
        answer = connection.getresponse()
        body = answer.read(4096)
        if answer.status in (200, 201):
            self.progressed = True
            return length
        if answer.status not in (202, 409):
            raise _refused(answer, body)
        there = _number(answer.headers["upload-offset"], length)
        if answer.status == 202 and there > offset:
            self.progressed = True
        else:
            self._moves += 1
            if self._moves > _MOVES:
                raise HubRefusesError(f"the hub wants the file from elsewhere for the {self._moves}th time")
        return there

    def _read(self, offset: int) -> bytes:
        with self._path.open("rb") as file:
            file.seek(offset)
            data = file.read(CHUNK)
        if not data:
            raise HubRefusesError(f"{self._path.name} is shorter than it was")
        return data

    def _pieces(self, data: bytes) -> Iterator[bytes]:
        for at in range(0, len(data), _PIECE):
            piece = data[at : at + _PIECE]
            yield piece
            self._spend(len(piece))
            if self._stop.wait(self._pace.pause_s(len(piece), self._clock.monotonic())):
                raise Stopped("the edge stops")


def _number(text: str | None, limit: int) -> int:
    if text is None or not text.isdecimal() or len(text) > 15 or int(text) > limit:
        raise HubRefusesError(f"Upload-Offset: expected at most {limit}, got {text!r}")
    return int(text)


def _refused(answer: http.client.HTTPResponse, body: bytes) -> Exception:
    words = f"the hub answered {answer.status} {answer.reason} {body[:300].decode('utf-8', 'replace')}".rstrip()
    is_passing = answer.status in (408, 425, 429) or (answer.status >= 500 and answer.status not in (501, 507))
    return HubBusyError(words) if is_passing else HubRefusesError(words)
