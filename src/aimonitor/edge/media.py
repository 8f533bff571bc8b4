"""Which pictures and clips of incidents go to the hub, by demand or policy: one at a time, on from where one was cut.

One thread, beside the uplink and slower than it. How much of a file the hub has, the hub says; nothing is remembered.
"""

import http.client
import logging
import re
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from aimonitor.common import backoff
from aimonitor.common.clock import Clock
from aimonitor.edge.delivery import Delivery, HubAddress, HubRefusesError, Pace, Spend, Stopped

log = logging.getLogger(__name__)

FILES = ("snapshot.jpg", "boxes.jpg", "clip.avi", "clip.json")
"""What the keeper leaves of an incident."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_WAITING_LIMIT = 32
_GIVE_UP_S = 600.0
_RETRY_CAP_S = 10.0


class MediaError(ValueError):
    """A file that was asked for cannot be sent; the text goes back to who asked."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One file of one incident."""

    camera_id: str
    incident_id: str
    file: str


class MediaSender:
    """Sends files from below `root`. `ask` and `follow` may be called from any thread.

    At most 32 files wait; one more makes the one fall out that has waited longest (`dropped`). What people ask for goes
    before what follows by policy. `sent` counts whole files, `failed` those that the hub refused or that took too long.
    """

    def __init__(
        self,
        root: Path,
        hub: HubAddress,
        edge_id: str,
        token: str,
        clock: Clock,
        *,
        bytes_per_s: float = 128 * 1024,
        spend: Spend = lambda _size: None,
    ) -> None:
        self._spend = spend
        self._root, self._hub, self._edge_id, self._token, self._clock = root, hub, edge_id, token, clock
        self._pace = Pace(bytes_per_s)
        self._condition = threading.Condition()
        self._asked: deque[Wanted] = deque()
        self._following: deque[Wanted] = deque()
        self._current: Wanted | None = None
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="media", daemon=True)
        self.sent = 0
        self.failed = 0
        self.dropped = 0

    def limit(self, bytes_per_s: float) -> None:
        """From now on so fast at most."""
        self._pace.bytes_per_s = bytes_per_s

    def start(self) -> None:
        """Begin sending."""
        self._thread.start()

    def close(self, timeout_s: float = 3.0) -> None:
        """Stop, in the middle of a file if need be: it goes on from there when it is asked for again."""
        with self._condition:
            self._closing.set()
            self._condition.notify()
        self._thread.join(timeout_s)

    def ask(self, camera_id: str, incident_id: str, file: str) -> str:
        """A person wants a file; what will come of it, in words. Raises MediaError when there is none."""
        wanted = Wanted(camera_id, incident_id, file)
        try:
            size = self._path(wanted).stat().st_size
        except OSError:
            raise MediaError(f"there is no {file} of {incident_id} here, or not yet") from None
        self._put(wanted, self._asked)
        return f"{size} bytes follow"

    def follow(self, camera_id: str, incident_id: str) -> None:
        """Policy: the snapshot of an incident that was just written goes to the hub unasked."""
        self._put(Wanted(camera_id, incident_id, "snapshot.jpg"), self._following)

    def _path(self, wanted: Wanted) -> Path:
        if wanted.file not in FILES:
            raise MediaError(f'argument "file": expected one of {", ".join(FILES)}, got {wanted.file[:60]!r}')
        for name in (wanted.camera_id, wanted.incident_id):
            if not _NAME.fullmatch(name):
                raise MediaError(f"expected a name of letters, digits, '.', '_' and '-', got {name[:60]!r}")
        return self._root / "clips" / wanted.camera_id / wanted.incident_id / wanted.file

    def _put(self, wanted: Wanted, queue: "deque[Wanted]") -> None:
        with self._condition:
            if wanted == self._current or wanted in self._asked:
                return
            if wanted in self._following:
                self._following.remove(wanted)
            elif len(self._asked) + len(self._following) >= _WAITING_LIMIT:
                (self._following or self._asked).popleft()
                self.dropped += 1
            queue.append(wanted)
            self._condition.notify()

    # --- the thread -------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while (wanted := self._next()) is not None:
            try:
                self._send(wanted)
                self.sent += 1
            except Stopped:
                return
            except (HubRefusesError, MediaError, OSError) as error:
                level = logging.DEBUG if self.failed else logging.WARNING
                self.failed += 1
                log.log(level, "%s of %s was not sent: %s", wanted.file, wanted.incident_id, error)
            except Exception:  # the top of a thread: one file must not end the sending of all others
                self.failed += 1
                log.exception("%s of %s was not sent", wanted.file, wanted.incident_id)

    def _next(self) -> Wanted | None:
        with self._condition:
            self._current = None
            self._condition.wait_for(lambda: self._closing.is_set() or self._asked or self._following)
            if self._closing.is_set():
                return None
            self._current = (self._asked or self._following).popleft()
            return self._current

    def _send(self, wanted: Wanted) -> None:
        """Send one file, over as many connections as it takes. Raises what ended it for good."""
        path = self._path(wanted)
        target = f"/api/media/{self._edge_id}/{wanted.camera_id}/{wanted.incident_id}/{wanted.file}"
        since, waits = self._clock.monotonic(), self._waits()
        while path.exists():
            delivery = Delivery(
                self._hub,
                target,
                self._token,
                path,
                pace=self._pace,
                spend=self._spend,
                clock=self._clock,
                stop=self._closing,
            )
            try:
                delivery.run()
            except (OSError, http.client.HTTPException) as error:
                log.debug("%s of %s: %s; going on soon", wanted.file, wanted.incident_id, error)
                cut = error
            else:
                return
            if delivery.progressed:
                since, waits = self._clock.monotonic(), self._waits()
            if self._clock.monotonic() - since > _GIVE_UP_S:
                raise HubRefusesError(f"nothing was taken for {_GIVE_UP_S:.0f} s; at last: {cut}")
            if self._closing.wait(next(waits)):
                raise Stopped("the edge stops")
        raise MediaError("it has made room for newer ones")

    def _waits(self) -> Iterator[float]:
        return backoff.delays(first=0.2, cap=_RETRY_CAP_S)
