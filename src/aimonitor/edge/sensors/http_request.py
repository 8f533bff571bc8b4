"""The little HTTP/1.1 that a microcontroller speaks (RFC 9112): a request in, a JSON answer out. No I/O."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

import msgspec

HEAD_LIMIT = 8 * 1024
_LENGTH_DIGITS = 16
_REASONS = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    411: "Length Required",
    413: "Content Too Large",
    422: "Unprocessable Content",
    429: "Too Many Requests",
}


class RequestError(ValueError):
    """The request was no HTTP, or asks for what cannot be; `status` is the answer."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True, slots=True)
class Request:
    """The head of a request; header names in lower case, the last of equal ones counts."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]

    @property
    def wants_websocket(self) -> bool:
        return self.headers.get("upgrade", "").lower() == "websocket"

    @property
    def keeps_alive(self) -> bool:
        return self.headers.get("connection", "").lower() != "close"

    def length(self, limit: int) -> int:
        """Bytes of the body. Raises RequestError when it is not said, or too much."""
        text = self.headers.get("content-length", "")
        if not text.isascii() or not text.isdigit():
            raise RequestError(411, f"expected a Content-Length, got {text[:20]!r}")
        if len(text) > _LENGTH_DIGITS or int(text) > limit:
            raise RequestError(413, f"expected at most {limit:,} bytes, got {text[:_LENGTH_DIGITS]}")
        return int(text)


def parse_head(head: bytes) -> Request:
    """The bytes up to and including the empty line. Raises RequestError."""
    lines = head.decode("latin-1").split("\r\n")
    parts = lines[0].split(" ")
    if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
        raise RequestError(400, f"expected a request line, got {lines[0][:60]!r}")
    headers = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if line and (not colon or not name or name != name.strip()):
            raise RequestError(400, f"expected a header, got {line[:60]!r}")
        headers[name.lower()] = value.strip()
    try:
        target = urlsplit(parts[1])
    except ValueError:  # such as //[
        raise RequestError(400, f"expected a path, got {parts[1][:60]!r}") from None
    return Request(parts[0], target.path, dict(parse_qsl(target.query)), headers)


def answer(status: int, body: Mapping[str, object], *, keep_alive: bool) -> bytes:
    """A whole response with a JSON body."""
    data = msgspec.json.encode(body)
    connection = "keep-alive" if keep_alive else "close"
    head = (
        f"HTTP/1.1 {status} {_REASONS[status]}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(data)}\r\nConnection: {connection}\r\n\r\n"
    )
    return head.encode("ascii") + data
