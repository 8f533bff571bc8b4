"""A stretch of network between browser and hub that lets so many bytes a second through, towards the browser."""

import contextlib
import socket
import threading
import time

_PIECE = 1024
_BUFFER = 8 * 1024


class SlowLink:
    """Listens on a port of its own and passes everything on. `bytes_per_s` may be changed at any time."""

    def __init__(self, port: int) -> None:
        self.bytes_per_s = 50_000_000.0
        self._to = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = [self._listener]
        self._threads: list[threading.Thread] = []
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/"

    def __enter__(self) -> "SlowLink":
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        for each in self._open:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        for thread in list(self._threads):
            thread.join(10)

    def _start(self, work: object, *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.socket()
                far.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)  # little may hide in the kernel
                far.connect(self._to)
                near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
                self._open += [near, far]
                self._start(self._pass, near, far, False)
                self._start(self._pass, far, near, True)

    def _pass(self, source: socket.socket, target: socket.socket, slowly: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(_PIECE if slowly else 65_536):
                if slowly:
                    time.sleep(len(data) / self.bytes_per_s)
                target.sendall(data)
        for each in (source, target):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
