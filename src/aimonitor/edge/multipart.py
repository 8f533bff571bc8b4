"""Motion JPEG over HTTP, byte by byte and without I/O: bytes in, parts out.

`multipart/x-mixed-replace` was never standardized for video, and no two cameras send it alike. This reader takes what
is seen in the field: no boundary before the first part (arduino-esp32 core 1.0), the boundary sent with the following
part (core 2 and 3), boundaries declared with their dashes or not at all, lengths padded with blanks, header names in
any case, parts of text, parts that are shorter or longer than they say, garbage in between. Its memory is bounded.

Sources: RFC 2046 section 5.1 (multipart), RFC 9112 section 7.1 (chunked), and the firmwares in `docs/ref/cameras.md`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

PART_LIMIT = 2 * 1024 * 1024
"""Bytes of one part; what is longer is given up and counted."""

_HEADERS_LIMIT = 8 * 1024
_CHUNK_LINE_LIMIT = 256
_LINE_ENDS = re.compile(rb"[\r\n]+")
_EMPTY_LINE = re.compile(rb"\r?\n\r?\n")
_HEADER_START = re.compile(rb"[A-Za-z][A-Za-z0-9-]*[ \t]*:")
_HEADER_START_LENGTH = 64
_CHUNK_SIZE = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,8})[ \t]*(?:;.*)?")


class MultipartError(ValueError):
    """The bytes follow no framing at all; the connection is of no further use."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part. Header names are lower case; `whole` is False when it was shorter than it said."""

    headers: Mapping[str, str]
    body: bytes
    whole: bool = True


class Dechunker:
    """Undoes `Transfer-Encoding: chunked`. `finished` after the last chunk."""

    def __init__(self) -> None:
        self.finished = False
        self._rest = b""  # the start of a size line that is not complete yet
        self._left = 0  # bytes of the current chunk, its CRLF included, still to come

    def feed(self, data: bytes) -> bytes:
        """Return the content bytes in `data`; raises MultipartError when a chunk's size is none."""
        if self._rest:
            data, self._rest = self._rest + data, b""
        pieces, position = [], 0
        while position < len(data) and not self.finished:
            if self._left:
                taken = min(self._left, len(data) - position)
                content = min(taken, max(0, self._left - 2))
                pieces.append(data[position : position + content])
                position += taken
                self._left -= taken
                continue
            end = data.find(b"\n", position, position + _CHUNK_LINE_LIMIT)
            if end < 0:
                self._rest = data[position:]
                if len(self._rest) >= _CHUNK_LINE_LIMIT:
                    raise MultipartError(f"expected a chunk's size, got {_CHUNK_LINE_LIMIT} bytes without a line end")
                break
            size = _chunk_size(data[position:end])
            position = end + 1
            self._left = size + 2
            self.finished = size == 0
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _chunk_size(line: bytes) -> int:
    match = _CHUNK_SIZE.fullmatch(line.rstrip(b"\r"))
    if match is None:
        raise MultipartError(f"expected a chunk's size in hexadecimal, got {line[:20]!r}")
    return int(match[1], 16)


class MultipartReader:
    """Cuts a stream into parts. Feed it what the connection gives; a part is returned as soon as it is complete.

    boundary: as declared in Content-Type, with or without leading dashes; None or "" learns it from the stream
    garbage_bytes: bytes that belonged to no part; finished: the closing boundary was seen
    """

    def __init__(self, boundary: str | None = None, *, part_limit: int = PART_LIMIT) -> None:
        bare = (boundary or "").strip().strip('"').lstrip("-")
        self._delimiter = b"--" + bare.encode("latin-1", "replace") if bare else b""
        self._part_limit = part_limit
        self._buffer = bytearray()
        self._headers: dict[str, str] | None = None  # of the part whose body comes now
        self._searched = 0  # bytes of that body in which no boundary starts
        self._lost = False  # among bytes that belong to no part; only a boundary leads back
        self.garbage_bytes = 0
        self.finished = False

    def feed(self, data: bytes) -> list[Part]:
        """Return the parts that `data` completes, oldest first. Never raises, whatever comes."""
        self._buffer += data
        parts: list[Part] = []
        while not self.finished and self._buffer:
            if self._headers is None:
                if not self._find_headers():
                    break
                continue
            before = len(self._buffer)
            part = self._take_body(self._headers)
            if part is not None:
                parts.append(part)
            elif len(self._buffer) == before and self._headers is not None:
                break
        if self.finished:
            self._buffer.clear()
        return parts

    # --- between parts ----------------------------------------------------------------------------------------------

    def _find_headers(self) -> bool:
        """Move to the next part's body; True when the buffer moved on, False when more bytes are needed."""
        if self._lost:
            return self._skip_garbage()
        buffer = self._buffer
        blank = _LINE_ENDS.match(buffer)
        if blank:
            del buffer[: blank.end()]
            return bool(buffer)
        if buffer.startswith(self._delimiter or b"--"):
            return self._take_boundary()
        if _HEADER_START.match(buffer, 0, _HEADER_START_LENGTH):
            return self._take_headers()
        if len(buffer) < _HEADER_START_LENGTH and b"\n" not in buffer:
            return False  # may still become a boundary or a header
        return self._lose()

    def _take_boundary(self) -> bool:
        buffer = self._buffer
        end = buffer.find(b"\n", 0, _CHUNK_LINE_LIMIT)
        if end < 0:
            return self._lose() if len(buffer) >= _CHUNK_LINE_LIMIT else False
        line = bytes(buffer[:end]).rstrip(b"\r \t")
        if not self._delimiter:
            self._delimiter = b"--" + line.lstrip(b"-")
        elif line == self._delimiter + b"--":
            self.finished = True
        del buffer[: end + 1]
        return True

    def _take_headers(self) -> bool:
        buffer = self._buffer
        match = _EMPTY_LINE.search(buffer, 0, _HEADERS_LIMIT)
        if match is None:
            return self._lose() if len(buffer) >= _HEADERS_LIMIT else False
        self._headers = parse_headers(bytes(buffer[: match.start()]))
        self._searched = 0
        del buffer[: match.end()]
        return True

    def _lose(self) -> bool:
        """What stands here is neither a boundary nor a header."""
        self._lost = True
        self._throw_away(1)
        return True

    def _skip_garbage(self) -> bool:
        """Throw away bytes up to the next boundary, or all but what may be the start of one."""
        delimiter = self._delimiter or b"\n--"
        found = self._buffer.find(delimiter)
        self._lost = found < 0
        self._throw_away(max(0, len(self._buffer) - len(delimiter) + 1) if self._lost else found)
        return not self._lost

    def _throw_away(self, count: int) -> None:
        self.garbage_bytes += count
        del self._buffer[:count]

    # --- inside a part ----------------------------------------------------------------------------------------------

    def _take_body(self, headers: dict[str, str]) -> Part | None:
        length = _declared_length(headers)
        if length is None or length > self._part_limit:
            return self._take_until_boundary(headers)
        if len(self._buffer) < length:
            return None
        if not self._buffer.endswith(b"\xff\xd9", 0, length) and self._boundary_in(length) >= 0:
            return self._take_until_boundary(headers, whole=False)
        return self._take(headers, length, whole=True)

    def _boundary_in(self, end: int) -> int:
        """Where a boundary stands within the first `end` bytes, -1 when there is none."""
        return self._buffer.find(self._delimiter, 0, end) if self._delimiter else -1

    def _take_until_boundary(self, headers: dict[str, str], *, whole: bool = True) -> Part | None:
        delimiter = self._delimiter or b"\r\n--"
        found = self._buffer.find(delimiter, self._searched, self._part_limit + len(delimiter))
        if found >= 0:
            end = found - 2 if self._buffer.endswith(b"\r\n", 0, found) else found
            return self._take(headers, end, whole=whole)
        self._searched = max(0, len(self._buffer) - len(delimiter) + 1)
        if self._searched > self._part_limit:
            self._throw_away(self._searched)
            self._headers, self._lost = None, True
        return None

    def _take(self, headers: dict[str, str], length: int, *, whole: bool) -> Part:
        with memoryview(self._buffer) as view:
            body = bytes(view[:length])
        del self._buffer[:length]
        self._headers = None
        return Part(headers, body, whole)


def parse_headers(block: bytes) -> dict[str, str]:
    """Header lines as a mapping, names in lower case; lines without a colon are skipped."""
    headers: dict[str, str] = {}
    for line in block.decode("latin-1").splitlines():
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    return headers


def _declared_length(headers: Mapping[str, str]) -> int | None:
    value = headers.get("content-length", "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 and int(value) > 0 else None
