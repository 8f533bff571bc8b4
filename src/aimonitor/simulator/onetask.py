"""A web server as small as an ESP32's: one task, seven connections, and whoever is served blocks everybody else.

That is esp_http_server's structure, and the reason for its faults: while a handler streams, a second viewer's
connection succeeds (the kernel answers) and then gets not one byte.
"""

import selectors
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable
from typing import Protocol

_CONNECTIONS = 7
_REQUEST_LIMIT = 1024
_SEND_TIMEOUT_S = 5.0
_POLL_S = 0.05

NOT_READ = b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Type: text/html\r\nContent-Length: 0\r\n\r\n"


class Power(Protocol):
    """What the servers need to know of the board."""

    @property
    def is_up(self) -> bool: ...

    @property
    def fault(self) -> str: ...

    @property
    def boots(self) -> int: ...


class GoneError(Exception):
    """The client left, the board lost its power or the emulator is closed: stop serving."""


class Connection:
    """One client while it is served."""

    def __init__(self, sock: socket.socket, power: Power, closing: threading.Event) -> None:
        self._socket, self._power, self._closing = sock, power, closing
        self._boots = power.boots

    def send(self, data: bytes) -> None:
        """Send all of `data`; raises GoneError when the client does not take it within five seconds."""
        view, give_up_at = memoryview(data), time.monotonic() + _SEND_TIMEOUT_S
        self._socket.settimeout(_POLL_S)
        while view:
            self._check()
            try:
                view = view[self._socket.send(view) :]
            except TimeoutError:
                if time.monotonic() >= give_up_at:
                    raise GoneError from None
            except OSError:
                raise GoneError from None

    def wait(self, seconds: float) -> None:
        """Let time pass; raises GoneError when the board dies meanwhile."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._closing.wait(min(left, _POLL_S))
            self._check()

    def _check(self) -> None:
        if self._closing.is_set() or not self._power.is_up or self._power.boots != self._boots:
            raise GoneError


Handler = Callable[[str, Connection], bool]
"""Answers a request's target; True keeps the connection for another request."""


class OneTaskServer:
    """Serves on `listener` in one thread until `closing` is set; follows the board's power."""

    def __init__(self, listener: socket.socket, handler: Handler, power: Power, closing: threading.Event) -> None:
        self._listener: socket.socket | None = listener
        self._address = listener.getsockname()
        self._handler, self._power, self._closing = handler, power, closing
        self._clients: dict[socket.socket, bytes] = {}
        self._boots = power.boots
        self._thread = threading.Thread(target=self._run, name=f"esp32cam-{self._address[1]}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def join(self) -> None:
        if self._thread.ident is not None:
            self._thread.join()
        self._close_all()

    def _run(self) -> None:
        while not self._closing.is_set():
            if not self._power.is_up or self._power.boots != self._boots:
                self._die_and_come_back()
            elif self._power.fault == "hang":
                self._closing.wait(_POLL_S)
            else:
                self._serve_once()

    def _die_and_come_back(self) -> None:
        """Without power nobody listens, and connections hang in the air until the next boot knows nothing of them."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        self._boots = self._power.boots
        while not self._power.is_up and not self._closing.is_set():
            self._closing.wait(_POLL_S)
        for client in self._clients:
            _reset(client)
        self._clients.clear()
        if not self._closing.is_set():
            self._listener = _listen(self._address)

    def _serve_once(self) -> None:
        with selectors.DefaultSelector() as selector:
            for client in self._clients:
                selector.register(client, selectors.EVENT_READ)
            if self._listener is not None and len(self._clients) < _CONNECTIONS:
                selector.register(self._listener, selectors.EVENT_READ)
            ready = [key.fileobj for key, _ in selector.select(_POLL_S)]
        for sock in ready:
            if sock is self._listener:
                self._accept()
            elif isinstance(sock, socket.socket) and sock in self._clients:
                self._read(sock)

    def _accept(self) -> None:
        assert self._listener is not None
        try:
            client, _ = self._listener.accept()
        except OSError:  # it left before it was accepted
            return
        self._clients[client] = b""

    def _read(self, client: socket.socket) -> None:
        try:
            data = client.recv(_REQUEST_LIMIT + 1)
        except OSError:
            data = b""
        request = self._clients[client] + data
        if not data:
            self._drop(client)
        elif b"\r\n\r\n" in request:
            self._clients[client] = b""
            self._serve(client, request)
        elif len(request) > _REQUEST_LIMIT:
            self._serve(client, b"")
        else:
            self._clients[client] = request

    def _serve(self, client: socket.socket, request: bytes) -> None:
        connection = Connection(client, self._power, self._closing)
        target = request.split(b" ", 2)[1].decode("latin-1") if request.count(b" ") >= 2 else ""
        try:
            if not target:
                connection.send(NOT_READ)
                keep = False
            else:
                keep = self._handler(target, connection) and b"connection: close" not in request.lower()
        except GoneError:
            keep = not self._power.is_up or self._power.boots != self._boots  # a dead board closes nothing
        if not keep:
            self._drop(client)

    def _drop(self, client: socket.socket) -> None:
        del self._clients[client]
        client.close()

    def _close_all(self) -> None:
        for client in self._clients:
            client.close()
        self._clients.clear()
        if self._listener is not None:
            self._listener.close()
            self._listener = None


def bind_pair(host: str, port: int) -> tuple[socket.socket, socket.socket]:
    """Listen on `port` and the one after it; 0 finds a free pair. Raises OSError."""
    for _ in range(50):
        first = _listen((host, port))
        following = first.getsockname()[1] + 1
        try:
            return first, _listen((host, following))
        except OSError:
            first.close()
            if port or following > 65_535:
                raise
    raise OSError(f"expected two free neighboring ports on {host}, found none in 50 tries")


def _listen(address: tuple[str, int]) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if sys.platform != "win32":  # there it would share the port with whoever has it
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(5)
    except OSError:
        listener.close()
        raise
    return listener


def _reset(client: socket.socket) -> None:
    """Close with RST, as a host does that has forgotten a connection."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
