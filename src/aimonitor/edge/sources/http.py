"""The little HTTP/1 that cameras speak, over a plain socket, every wait bounded and interruptible.

Not a general client: one request a connection, no redirects, no compression, no keep-alive. In return a camera that
sends one byte a second, never answers or never ends is noticed in time, and nothing between the socket and the JPEG
copies or parses more than it must. Headers are few: an ESP32 refuses a block of more than 512 bytes with 431.
"""

import contextlib
import selectors
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass

from aimonitor.common.clock import Clock
from aimonitor.edge.multipart import Dechunker, MultipartError, parse_headers
from aimonitor.edge.source import SourceError
from aimonitor.edge.sources import Timeouts
from aimonitor.edge.sources.address import HttpAddress, check_reachable

_NAP_S = 0.1
"""How long a wait may go on after `stop` was set."""

_RECEIVE = 128 * 1024
_HEAD_LIMIT = 16 * 1024
_LENGTH_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Head:
    """Status and headers of an answer; names in lower case."""

    status: int
    headers: Mapping[str, str]

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class HttpStream:
    """One request and its answer. Use as a context manager; every method raises SourceError.

    `head` is there from the start; `read` gives the body as it comes, without its transfer encoding.
    """

    def __init__(
        self, address: HttpAddress, *, timeouts: Timeouts, clock: Clock, stop: threading.Event, method: str = "GET"
    ) -> None:
        self._address, self._timeouts, self._clock, self._stop = address, timeouts, clock, stop
        self._deadline = clock.monotonic() + timeouts.connect_s
        self._socket = self._connect()
        try:
            self._send(method)
            self._deadline = clock.monotonic() + timeouts.first_byte_s
            self.head, self._first = self._read_head()
        except BaseException:
            self.close()
            raise
        self._dechunker = Dechunker() if "chunked" in self.head.headers.get("transfer-encoding", "").lower() else None
        length = self.head.headers.get("content-length", "")
        is_length = length.isascii() and length.isdigit() and len(length) < _LENGTH_DIGITS
        self._left = int(length) if is_length and self._dechunker is None else None

    def __enter__(self) -> "HttpStream":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._socket.close()

    def read(self, deadline: float) -> bytes:
        """The next bytes of the body, waiting until `deadline` (monotonic); empty at its end or when stopped."""
        self._deadline = deadline
        while not self._stop.is_set():
            if self._left == 0 or (self._dechunker is not None and self._dechunker.finished):
                return b""
            data, self._first = self._first or self._receive("no data in time"), b""
            if not data:
                return b""
            if self._dechunker is not None:
                try:
                    data = self._dechunker.feed(data)
                except MultipartError as error:
                    raise self._trouble(str(error)) from None
            elif self._left is not None:
                data = data[: self._left]
                self._left -= len(data)
            if data:
                return data
        return b""

    def read_all(self, limit: int) -> bytes:
        """The whole body, within the time that a first byte may take; raises SourceError above `limit` bytes."""
        deadline = self._clock.monotonic() + self._timeouts.first_byte_s
        body = bytearray()
        while data := self.read(deadline):
            body += data
            if len(body) > limit:
                raise self._trouble(f"expected an answer of at most {limit:,} bytes, got more")
        if self._left and not self._stop.is_set():
            raise self._trouble(f"the answer broke off {self._left:,} bytes before its end")
        return bytes(body)

    # --- the socket -------------------------------------------------------------------------------------------------

    def _connect(self) -> socket.socket:
        address = self._address
        try:
            found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise self._trouble(f"its name is not known ({error.strerror}); check the address") from None
        failure: OSError | None = None
        for family, kind, protocol, _, place in found:
            check_reachable(str(place[0]))
            sock = socket.socket(family, kind, protocol)
            try:
                self._finish_connect(sock, place)
                return self._secure(sock)
            except OSError as error:
                sock.close()
                failure = error
            except BaseException:
                sock.close()
                raise
        raise self._trouble(_connect_words(failure, self._timeouts)) from None

    def _finish_connect(self, sock: socket.socket, place: tuple[object, ...]) -> None:
        sock.setblocking(False)
        with selectors.DefaultSelector() as selector:
            sock.connect_ex(place)
            selector.register(sock, selectors.EVENT_WRITE)
            while not selector.select(self._nap("no connection in time")):
                pass
        error = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            raise OSError(error, "connect")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _secure(self, sock: socket.socket) -> socket.socket:
        if not self._address.tls:
            return sock
        context = ssl.create_default_context()
        secure = context.wrap_socket(sock, server_hostname=self._address.host, do_handshake_on_connect=False)
        try:
            while True:
                secure.settimeout(self._nap("no TLS connection in time"))
                with contextlib.suppress(TimeoutError):
                    secure.do_handshake()
                    return secure
        except BaseException:
            secure.close()
            raise

    def _send(self, method: str) -> None:
        address = self._address
        lines = [f"{method} {address.target} HTTP/1.1", f"Host: {address.host_header}", "Connection: close"]
        if address.authorization:
            lines.append(f"Authorization: {address.authorization}")
        try:
            self._socket.settimeout(self._timeouts.connect_s)
            self._socket.sendall("\r\n".join((*lines, "", "")).encode("ascii"))
        except OSError as error:
            raise self._trouble(f"the request could not be sent ({error})") from None

    def _read_head(self) -> tuple[Head, bytes]:
        data = b""
        while (end := data.find(b"\r\n\r\n")) < 0:
            if len(data) > _HEAD_LIMIT:
                raise self._trouble(f"expected an HTTP answer, got {len(data):,} bytes without the end of its headers")
            more = self._receive("no answer in time; does another viewer hold the stream?")
            if not more:
                raise self._trouble("the connection was closed without an answer")
            data += more
        status_line, _, headers = data[:end].partition(b"\r\n")
        fields = status_line.split(maxsplit=2)
        if len(fields) < 2 or not fields[0].startswith(b"HTTP/1.") or not fields[1].isdigit() or len(fields[1]) != 3:
            raise self._trouble(f"expected an HTTP answer, got {status_line[:40]!r}")
        return Head(int(fields[1]), parse_headers(headers)), data[end + 4 :]

    def _receive(self, silence: str) -> bytes:
        while True:
            try:
                self._socket.settimeout(self._nap(silence))
                return self._socket.recv(_RECEIVE)
            except (TimeoutError, ssl.SSLWantReadError):
                continue
            except OSError as error:
                raise self._trouble(f"the connection broke ({error.strerror or error})") from None

    def _nap(self, silence: str) -> float:
        """Seconds to wait now; raises SourceError at the deadline and when stopped."""
        left_s = self._deadline - self._clock.monotonic()
        if self._stop.is_set():
            raise self._trouble("stopped")
        if left_s <= 0:
            raise self._trouble(silence)
        return min(left_s, _NAP_S)

    def _trouble(self, words: str) -> SourceError:
        return SourceError(f"{self._address}: {words}")


def _connect_words(failure: OSError | None, timeouts: Timeouts) -> str:
    if isinstance(failure, ConnectionRefusedError):
        return "the connection was refused; is the camera on, and the port right?"
    if isinstance(failure, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({failure.verify_message})"
    if isinstance(failure, TimeoutError):
        return f"no connection within {timeouts.connect_s:.0f} s"
    return f"no connection ({failure.strerror or failure if failure else 'no address'}); is the camera on this network?"


def fetch(
    address: HttpAddress, *, timeouts: Timeouts, clock: Clock, stop: threading.Event, limit: int
) -> tuple[Head, bytes]:
    """One short answer: its head and its whole body of at most `limit` bytes. Raises SourceError."""
    with HttpStream(address, timeouts=timeouts, clock=clock, stop=stop) as stream:
        return stream.head, stream.read_all(limit)
