"""What the camera tests share: a source that is read in a thread, and servers that say exactly what they are told."""

import socket
import threading
import time
from collections.abc import Callable

from aimonitor.common.clock import SystemClock
from aimonitor.edge.capture import Capture, Retry
from aimonitor.edge.source import Arrival, Source, SourceError
from aimonitor.edge.sources import SourceOptions, Timeouts, open_source

PATIENCE_S = 15.0
BRIEF = Timeouts(connect_s=2.0, first_byte_s=0.6, frame_gap_s=0.6, rest_s=0.0)
OPTIONS = SourceOptions(timeouts=BRIEF)


def opened(address: str, **options: object) -> Source:
    return open_source(address, SourceOptions(**{"timeouts": BRIEF, **options}), SystemClock())


def take(source: Source, count: int) -> list[Arrival]:
    """The first `count` arrivals of one connection; fewer when it ends."""
    arrivals, taken = source.arrivals(threading.Event()), []
    try:
        for arrival in arrivals:
            taken.append(arrival)
            if len(taken) == count:
                break
    finally:
        arrivals.close()
    return taken


def failure(source: Source) -> SourceError:
    """What ends one connection."""
    try:
        for _ in source.arrivals(threading.Event()):
            pass
    except SourceError as error:
        return error
    raise AssertionError("expected a SourceError, got an end")


class Running:
    """A capture that runs, its changes of state, and the watchdog that a node would run."""

    def __init__(self, source: Source, retry: Retry | None = None) -> None:
        self.states: list[tuple[float, str]] = []
        self._closing = threading.Event()
        self.capture = Capture(
            "yard",
            source,
            clock=SystemClock(),
            retry=retry or Retry(first_s=0.05, cap_s=0.1),
            on_change=lambda status: self.states.append((time.monotonic(), status.state)),
        )
        self._watchdog = threading.Thread(target=self._watch, name="watchdog")

    def _watch(self) -> None:
        while not self._closing.wait(0.1):
            self.capture.check()

    def until(self, happened: Callable[[], bool], patience_s: float = PATIENCE_S) -> float:
        """Wait until `happened`, and return how many seconds that took."""
        began_at = time.monotonic()
        while not happened():
            assert time.monotonic() - began_at < patience_s, f"states: {self.states}; {self.capture.status()}"
            time.sleep(0.01)
        return time.monotonic() - began_at

    def frames_follow(self, count: int = 3) -> float:
        """Wait for `count` more frames."""
        wanted = self.capture.status().frames + count
        return self.until(lambda: self.capture.status().frames >= wanted)

    def __enter__(self) -> "Running":
        self.capture.start()
        self._watchdog.start()
        return self

    def __exit__(self, *_: object) -> None:
        began_at = time.monotonic()
        self.capture.close()
        assert time.monotonic() - began_at < 2.0, "the reader did not stop in time"
        self._closing.set()
        self._watchdog.join()


class Says:
    """A server that answers every connection with the same bytes, then closes it or stays silent."""

    def __init__(self, *pieces: bytes, stay: bool = False) -> None:
        self._pieces, self._stay = pieces, stay
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.1)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="says")
        self.requests: list[bytes] = []
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/stream"

    def _serve(self) -> None:
        while not self._closing.is_set():
            try:
                client, _ = self._listener.accept()
            except TimeoutError:
                continue
            with client:
                self._answer(client)

    def _answer(self, client: socket.socket) -> None:
        client.settimeout(2.0)
        try:
            self.requests.append(client.recv(4096))
            for piece in self._pieces:
                client.sendall(piece)
            client.settimeout(0.1)
            while self._stay and not self._closing.is_set():
                try:
                    if not client.recv(100):
                        return
                except TimeoutError:
                    continue
        except OSError:
            return

    def __enter__(self) -> "Says":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._thread.join()
        self._listener.close()
