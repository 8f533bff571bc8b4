"""As many edges as you like, without cameras or a detector: real journals, real uplinks, scripted pictures and truth.

Each edge is what a real one is from the journal onwards, so that everything behind it can be rehearsed and tested.
What an edge accepted is written to a ledger, one JSON object a line, after its journal has it: whoever tests can
demand it back from the history.
"""

import asyncio
import contextlib
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from aimonitor.common.clock import Clock
from aimonitor.contract import messages
from aimonitor.edge.journal import Journal
from aimonitor.edge.publisher import Due, Ladder, Rung, Shot
from aimonitor.edge.uplink import Address, Uplink
from aimonitor.simulator.scenes import Scene

_KINDS = ("person", "loitering", "line_crossing", "running", "crowd")
_LEVELS = ("NORMAL", "WATCH", "ALERT", "CRITICAL")


@dataclass(frozen=True, slots=True)
class FleetPlan:
    """What to play. `rate` is events a second of the whole fleet; the same seed plays the same."""

    hub: str = "ws://127.0.0.1:8000/ws/laptop"
    edges: int = 1
    cameras: int = 1
    fps: float = 5.0
    rate: float = 1.0
    seed: int = 1
    resting: Rung = "thumbnail"
    token: str = ""
    prefix: str = "sim"
    state: Path = Path("var/simulator")


@dataclass(frozen=True, slots=True)
class Tape:
    """A scene rendered once, played by every camera from a place of its own: JPEG bytes and the boxes of each frame."""

    width: int
    height: int
    pictures: tuple[bytes, ...]
    tracks: tuple[tuple[messages.TrackView, ...], ...]


def record(scene: Scene, fps: float, quality: int = 60) -> Tape:
    """Render `scene` as a camera would send it."""
    from aimonitor.simulator.render import jpeg
    from aimonitor.simulator.scenes import times

    moments = times(scene.duration_s, fps)[:-1]
    tracks = [
        tuple(
            messages.TrackView(truth.actor_id, truth.label, tuple(round(edge, 4) for edge in truth.box), 1.0)  # type: ignore[arg-type]
            for truth in scene.truth(at)
        )
        for at in moments
    ]
    size = scene.camera.size
    return Tape(size.width, size.height, tuple(jpeg(scene, at, quality) for at in moments), tuple(tracks))


@dataclass(slots=True)
class _Camera:
    camera_id: str
    source: str
    ladder: Ladder
    at_frame: int
    frame_id: int = 0
    open_incidents: list[tuple[str, str]] = field(default_factory=list)
    incidents: int = 0


class SimulatedEdge:
    """One edge of the fleet. `accepted` counts events that its journal took, `acknowledged` tells what the hub has."""

    def __init__(self, index: int, plan: FleetPlan, tape: Tape, clock: Clock, ledger: TextIO | None) -> None:
        self.edge_id = f"{plan.prefix}-{index:03d}"
        self._plan = plan
        self._tape = tape
        self._clock = clock
        self._ledger = ledger
        self._random = random.Random(f"{plan.seed}/{index}")
        self.journal = Journal(plan.state / f"{self.edge_id}.sqlite3", clock)
        self._cameras = {
            name: _Camera(
                name,
                messages.source_of(self.edge_id, name),
                Ladder(plan.resting),
                self._random.randrange(len(tape.pictures)),
            )
            for name in (f"cam{number}" for number in range(1, plan.cameras + 1))
        }
        self.uplink = Uplink(
            Address(plan.hub, self.edge_id, plan.token),
            cameras=[messages.CameraInfo(name, f"Simulated {name}", "sim") for name in self._cameras],
            boot_id=f"{self._random.getrandbits(48):012x}",
            journal=self.journal,
            clock=clock,
            attend=self._attend,
            command=self._obey,
        )
        self.accepted = 0
        self._happening: asyncio.Future[messages.Event] | None = None

    async def run(self) -> None:
        """Play until cancelled."""
        work = [asyncio.ensure_future(each) for each in (self.uplink.run(), self._play(), self._happen())]
        try:
            await asyncio.gather(*work)
        finally:
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)
            if self._happening is not None:  # a thread goes on, and what it puts into the journal has to be sent
                await asyncio.wait({self._happening})

    async def _play(self) -> None:
        for camera in self._cameras.values():
            self.uplink.say(messages.Status(camera.source, "live", self._clock.utc(), width=self._tape.width))
        interval_s = 1.0 / self._plan.fps
        due_at = self._clock.monotonic() + self._random.random() * interval_s
        while True:
            await asyncio.sleep(max(0.0, due_at - self._clock.monotonic()))
            due_at = max(due_at + interval_s, self._clock.monotonic() - interval_s)
            for camera in self._cameras.values():
                self._show(camera)

    def _show(self, camera: _Camera) -> None:
        tape, now = self._tape, self._clock.monotonic()
        camera.frame_id += 1
        camera.at_frame = (camera.at_frame + 1) % len(tape.pictures)
        score = min(1.0, 0.3 * len(camera.open_incidents))
        level = _LEVELS[min(3, len(camera.open_incidents))]
        due = camera.ladder.step(level, now)
        if due is Due.NOTHING:
            return
        tracks = tape.tracks[camera.at_frame]
        causes = tuple(messages.Factor(kind, 0.3, f"simulated {kind}") for kind, _ in camera.open_incidents[:3])
        said = messages.Observation(
            source=camera.source,
            frame_id=camera.frame_id,
            captured_at=round(self._clock.utc(), 3),
            width=tape.width,
            height=tape.height,
            risk=messages.RiskView(score, level, causes),
            scene=messages.SceneView(persons=sum(track.label == "person" for track in tracks)),
            tracks=tracks,
            fps=self._plan.fps,
        )
        picture = b"" if due is Due.FIGURES else tape.pictures[camera.at_frame]
        self.uplink.offer(camera.camera_id, Shot(said, now, picture, resting=camera.ladder.rests(now)))

    async def _happen(self) -> None:
        """Open and close incidents at random moments, on average at this edge's share of the rate."""
        share = self._plan.rate / self._plan.edges
        while share > 0:
            await asyncio.sleep(self._random.expovariate(share))
            camera = self._random.choice(list(self._cameras.values()))
            self._happening = asyncio.ensure_future(asyncio.to_thread(self.happen, camera.camera_id))
            await asyncio.shield(self._happening)
            self.uplink.event_stored()

    @property
    def waiting(self) -> int:
        """Events of this run that the hub has not acknowledged yet."""
        return min(self.accepted, self.journal.last - self.journal.acked)

    def happen(self, camera_id: str) -> messages.Event:
        """Let one incident open or close at a camera: into the journal, then into the ledger."""
        camera = self._cameras[camera_id]
        utc = self._clock.utc()
        if camera.open_incidents and (len(camera.open_incidents) >= 3 or self._random.random() < 0.5):
            (kind, incident_id), phase = camera.open_incidents.pop(0), "closed"
        else:
            camera.incidents += 1
            kind, incident_id = self._random.choice(_KINDS), f"{camera_id}-{camera.incidents}"
            camera.open_incidents.append((kind, incident_id))
            phase = "opened"
        event = self.journal.append(
            lambda seq: messages.Event(
                source=camera.source,
                seq=seq,
                incident_id=incident_id,
                kind=kind,
                phase=phase,
                at=round(utc, 3),
                opened_at=round(utc, 3),
                level="WATCH",
                score=0.4,
                words=f"simulated {kind}",
                frame_id=camera.frame_id,
            )
        )
        self.accepted += 1
        if self._ledger is not None:
            line = {"source": event.source, "seq": event.seq, "incident_id": incident_id, "phase": phase, "at": utc}
            self._ledger.write(json.dumps(line) + "\n")
            self._ledger.flush()
        return event

    def _attend(self, attention: messages.Attention) -> None:
        camera = self._cameras.get(attention.camera_id)
        if camera is not None:
            camera.ladder.attend(attention.rung, self._clock.monotonic(), attention.lease_s)

    async def _obey(self, command: messages.Command) -> messages.CommandResult:
        camera = self._cameras.get(command.source.partition("/")[2])
        if camera is None or command.name != "snapshot":
            return messages.CommandResult(command.command_id, ok=False, words="a simulated edge knows only snapshot")
        camera.ladder.show_next()
        return messages.CommandResult(command.command_id, ok=True, words="the next frame comes with its picture")


@dataclass(frozen=True, slots=True)
class FleetReport:
    """What a fleet did."""

    edges: int
    accepted: int
    acknowledged: int
    sent_bytes: int
    reconnects: int
    dropped: int


class Fleet:
    """All edges of a plan."""

    def __init__(self, plan: FleetPlan, tape: Tape, clock: Clock, ledger: TextIO | None = None) -> None:
        self.edges: Sequence[SimulatedEdge] = [
            SimulatedEdge(index, plan, tape, clock, ledger) for index in range(1, plan.edges + 1)
        ]

    async def run(self, seconds: float | None, settle_s: float = 10.0) -> FleetReport:
        """Play for `seconds` (None: until cancelled), then give the hub `settle_s` to take the last events."""
        work = [asyncio.ensure_future(edge.run()) for edge in self.edges]
        try:
            done, _ = await asyncio.wait(work, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                task.result()
        finally:
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)
        await self._settle(settle_s)
        return self.report()

    async def _settle(self, seconds: float) -> None:
        """Uplinks alone, until everything is acknowledged."""
        work = [asyncio.ensure_future(edge.uplink.run()) for edge in self.edges]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while any(edge.waiting for edge in self.edges):  # noqa: ASYNC110 - a journal cannot be awaited
                    await asyncio.sleep(0.05)
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)

    def report(self) -> FleetReport:
        """What happened so far."""
        return FleetReport(
            edges=len(self.edges),
            accepted=sum(edge.accepted for edge in self.edges),
            acknowledged=sum(edge.accepted - edge.waiting for edge in self.edges),
            sent_bytes=sum(edge.uplink.sent_bytes for edge in self.edges),
            reconnects=sum(edge.uplink.reconnects for edge in self.edges),
            dropped=sum(edge.uplink.dropped for edge in self.edges),
        )

    def close(self) -> None:
        """Close the journals."""
        for edge in self.edges:
            edge.journal.close()
