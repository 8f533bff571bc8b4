"""An edge whose cameras look at a stage: everything behind the detector is the product, as an owner would run it.

Pictures are drawn, the detector reads the play's own truth (missing and jittering as a network does), and a thermal
sensor posts its grids over HTTP as a real one would. So incidents, clips, commands, set-up and rehearsals all work,
without a camera or a model.
"""

import asyncio
import contextlib
import json
import logging
import math
import socket
import threading
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import tomlkit

from aimonitor.common.clock import Clock, SystemClock
from aimonitor.edge.journal import Journal
from aimonitor.edge.node import Node, Parts
from aimonitor.edge.pictures import ArrayPicture
from aimonitor.edge.settings import CameraSettings, EdgeSettings
from aimonitor.edge.source import Arrival, SourceError
from aimonitor.edge.sources import SourceOptions
from aimonitor.edge.types import Detections, Image, Picture
from aimonitor.simulator.programme import PROGRAMME, Moment, Play
from aimonitor.simulator.render import render

log = logging.getLogger(__name__)

SCHEME = "sim"
FPS = 8.0
_THERMAL_EVERY_S = 0.5


class StagedPicture(ArrayPicture):
    """A drawn picture that knows what is in it."""

    def __init__(self, bgr: Image, found: Detections) -> None:
        super().__init__(bgr)
        self.found = found


class StagedDetector:
    """Says what the play's pictures know; sees nothing in others."""

    detail = None

    def detect(self, picture: Picture) -> Detections:
        return picture.found if isinstance(picture, StagedPicture) else Detections.none()


class StagedSource:
    """A camera on a stage. All cameras of a programme share the time at which it began."""

    kind = SCHEME
    living = True
    damaged = 0

    def __init__(self, play: Play, clock: Clock, began_at: float, ends_at: float) -> None:
        self._play = play
        self._clock = clock
        self._began_at = began_at
        self._ends_at = ends_at

    def arrivals(self, stop: threading.Event) -> Iterator[Arrival]:
        due_at = self._clock.monotonic()
        frozen: StagedPicture | None = None
        while not stop.wait(max(0.0, due_at - self._clock.monotonic())) and self._clock.monotonic() < self._ends_at:
            due_at = max(due_at + 1 / FPS, self._clock.monotonic())
            moment = self._play.moment(self._clock.monotonic() - self._began_at)
            if moment.trouble == "gone":
                raise SourceError("the demonstration unplugs this camera for a moment", rest_s=2.0)
            if moment.trouble != "frozen" or frozen is None:
                frozen = self._picture(moment)
            yield Arrival(frozen)

    def _picture(self, moment: Moment) -> StagedPicture:
        return StagedPicture(render(moment.scene, moment.at), self._play.detections(moment))


@dataclass(frozen=True, slots=True)
class Staging:
    """Where and how to play. seconds: None plays until stopped; folder: keeps journal, clips and policies."""

    hub: str
    folder: Path
    token: str = ""
    edge_id: str = "demo"
    seed: int = 1
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class StagedReport:
    """What was played: events that the journal took and the hub acknowledged, and the incidents of each kind."""

    edge: str
    accepted: int
    acknowledged: int
    incidents: Mapping[str, int]


def play(staging: Staging, say: Callable[[str], None]) -> StagedReport:
    """Play the programme against a hub; `say` is told what begins, a line each. Raises NodeError and its kin."""
    clock = SystemClock()
    plays = {f"{SCHEME}:{part.camera_id}": Play(part, staging.seed) for part in PROGRAMME}
    began_at = clock.monotonic()
    ends_at = math.inf if staging.seconds is None else began_at + staging.seconds

    def open_staged(address: str, _: SourceOptions, clock: Clock) -> StagedSource:
        if address not in plays:
            raise SourceError(f"expected one of {', '.join(plays)}; got {address!r}", retryable=False)
        return StagedSource(plays[address], clock, began_at, ends_at)

    ports = {address: free_port() for address, play in plays.items() if play.part.thermal}
    settings = EdgeSettings(
        hub=staging.hub,
        edge_id=staging.edge_id,
        token=staging.token,
        journal=staging.folder / f"{staging.edge_id}.sqlite3",
        keep=staging.folder / staging.edge_id,
        camera=tuple(
            CameraSettings(
                source=address,
                id=play.part.camera_id,
                name=play.part.name,
                policy=write_policy(play, staging.folder),
                thermal=f"listen://127.0.0.1:{ports[address]}" if address in ports else "",
            )
            for address, play in plays.items()
        ),
    )
    first = _last_event(settings.journal, clock)
    node = Node(settings, clock, parts=Parts(StagedDetector(), {SCHEME: open_staged}))
    sensors = [ThermalSensor(plays[address], port, clock, began_at) for address, port in ports.items()]
    stop = threading.Event()
    helpers = [threading.Thread(target=sensor.run, args=(stop,), daemon=True) for sensor in sensors]
    helpers.append(threading.Thread(target=_announce, args=(plays.values(), clock, began_at, say, stop), daemon=True))
    for helper in helpers:
        helper.start()
    try:
        asyncio.run(node.run())
    finally:
        stop.set()
        for helper in helpers:
            helper.join(5.0)
    return _report(staging.edge_id, settings.journal, clock, first)


class ThermalSensor:
    """Posts what a play's sensor measures twice a second, in the format thermal/1, as a board in the field does."""

    def __init__(self, play: Play, port: int, clock: Clock, began_at: float) -> None:
        self._play = play
        self._address = f"http://127.0.0.1:{port}/api/v1/thermal/{play.part.camera_id}"
        self._clock = clock
        self._began_at = began_at

    def run(self, stop: threading.Event) -> None:
        """Post until `stop` is set; an edge that does not listen yet, or no longer, is tried again."""
        sequence = 0
        while not stop.wait(_THERMAL_EVERY_S):
            played_s = self._clock.monotonic() - self._began_at
            grid = self._play.celsius(self._play.moment(played_s))
            sequence += 1
            said = {
                "v": 1,
                "sensor": "mlx90640",
                "w": grid.shape[1],
                "h": grid.shape[0],
                "unit": "C",
                "seq": sequence,
                "uptime_ms": int(played_s * 1000),
                "data": [round(float(value), 2) for value in grid.ravel()],
            }
            body = json.dumps(said).encode()
            request = urllib.request.Request(self._address, body, {"Content-Type": "application/json"})
            try:
                urllib.request.urlopen(request, timeout=2).close()
            except OSError as error:
                log.debug("thermal sensor %s: %s", self._play.part.camera_id, error)


def free_port() -> int:
    """A port of this machine that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def write_policy(play: Play, folder: Path) -> Path:
    """The camera's policy as a file, unless there is one: what somebody drew in the page stays."""
    path = folder / "policies" / f"{play.part.camera_id}.toml"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(tomlkit.dumps(play.policy()), encoding="utf-8")
    return path


def _announce(
    plays: Iterable[Play], clock: Clock, began_at: float, say: Callable[[str], None], stop: threading.Event
) -> None:
    """One line for each scene that begins."""
    said: dict[str, Moment] = {}
    while True:
        played_s = clock.monotonic() - began_at
        for play in plays:
            moment, before = play.moment(played_s), said.get(play.part.camera_id)
            if before is None or (before.scene, before.trouble) != (moment.scene, moment.trouble):
                what = moment.trouble or (moment.scene.name.replace("_", " ") if moment.scene in play.scenes else "")
                if what:
                    say(f"{int(played_s) // 60}:{int(played_s) % 60:02d}  {play.part.name}: {what}")
            said[play.part.camera_id] = moment
        if stop.wait(0.25):
            return


def _last_event(path: Path, clock: Clock) -> int:
    with contextlib.closing(Journal(path, clock)) as journal:
        return journal.last


def _report(edge_id: str, path: Path, clock: Clock, after: int) -> StagedReport:
    with contextlib.closing(Journal(path, clock)) as journal:
        events = list(journal.after(after, 1_000_000))
        opened = Counter(event.kind for event in events if event.phase == "opened")
        acknowledged = min(len(events), max(0, journal.acked - after))
        return StagedReport(edge_id, len(events), acknowledged, dict(sorted(opened.items())))
