"""The edge's main: reads as a table of contents, wires everything, and owns every thread and socket.

Per camera two threads (capture, analyze); one event loop for the network; they meet only in mailboxes.
"""

import asyncio
import logging
import signal
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from aimonitor.common.clock import Clock, SystemClock
from aimonitor.contract import messages
from aimonitor.edge import fusion
from aimonitor.edge.analyzer import Analyzer
from aimonitor.edge.backends import open_detector
from aimonitor.edge.behavior import BehaviorAnalyzer
from aimonitor.edge.capture import Capture
from aimonitor.edge.commands import CommandDesk
from aimonitor.edge.events import EventJudge
from aimonitor.edge.journal import Journal
from aimonitor.edge.motion import MotionGate
from aimonitor.edge.pipeline import Detector, Pipeline
from aimonitor.edge.publisher import Publisher
from aimonitor.edge.risk import RiskAssessor
from aimonitor.edge.settings import CameraSettings, EdgeSettings
from aimonitor.edge.source import SourceError
from aimonitor.edge.sources import SourceOptions, open_source
from aimonitor.edge.thermal import ThermalAnalyzer
from aimonitor.edge.tracker import Tracker
from aimonitor.edge.uplink import Address, Uplink
from aimonitor.edge.vitals import CameraStatus

log = logging.getLogger(__name__)

_CHECK_EVERY_S = 1.0
_STATUS_EVERY_S = 10.0
_DRAIN_WITHIN_S = 5.0


class NodeError(RuntimeError):
    """The edge cannot work as it was told; the text is one line that says what to do."""


@dataclass(frozen=True, slots=True)
class _Camera:
    """One camera's two threads."""

    source: str
    capture: Capture
    analyzer: Analyzer


def run(settings: EdgeSettings) -> None:
    """Run an edge until SIGINT or SIGTERM, or until every camera's recording has ended.

    Raises NodeError, TokenRefusedError, JournalError, or an error of the model or the backend, each in one line.
    """
    if not settings.camera:
        raise NodeError("no camera: give --camera ADDRESS, or [[edge.camera]] tables in aimonitor.toml")
    asyncio.run(Node(settings, SystemClock()).run())


class Node:
    """One edge. Built in one thread, run once."""

    def __init__(self, settings: EdgeSettings, clock: Clock) -> None:
        self._clock = clock
        self._journal = Journal(settings.journal, clock)
        detector = open_detector(settings.detector, threads=settings.threads, threshold=settings.threshold)
        self._cameras: dict[str, _Camera] = {}
        self._desk = CommandDesk()
        self._uplink = Uplink(
            Address(settings.hub, settings.edge_id, settings.token),
            cameras=[_introduce(camera) for camera in settings.camera],
            boot_id=uuid.uuid4().hex[:12],
            journal=self._journal,
            clock=clock,
            attend=self._attend,
            command=self._desk.obey,
        )
        for camera in settings.camera:
            self._cameras[camera.id] = self._wire(camera, settings, detector)

    async def run(self) -> None:
        """Start the threads, talk to the hub, stop everything at the end."""
        stop = _stop_on_signals()
        for camera in self._cameras.values():
            camera.analyzer.start()
            camera.capture.start()
        uplink = asyncio.ensure_future(self._uplink.run())
        watch = asyncio.ensure_future(self._watch())
        stopped = asyncio.ensure_future(stop.wait())
        try:
            done, _ = await asyncio.wait((uplink, watch, stopped), return_when=asyncio.FIRST_COMPLETED)
            for task in done - {stopped}:
                task.result()
            if watch in done:
                await self._drain(uplink)
        finally:
            for task in (uplink, watch, stopped):
                task.cancel()
            await asyncio.gather(uplink, watch, stopped, return_exceptions=True)
            await asyncio.to_thread(self._close)

    def _wire(self, camera: CameraSettings, settings: EdgeSettings, detector: Detector) -> _Camera:
        source = messages.source_of(settings.edge_id, camera.id)

        def announce(status: CameraStatus) -> None:
            self._uplink.say(_report(source, camera.name, status))

        try:
            opened = open_source(camera.source, SourceOptions(loop=camera.loop), self._clock)
        except SourceError as error:
            raise NodeError(f"camera {camera.id}: {error}") from None
        capture = Capture(camera.id, opened, clock=self._clock, on_change=announce)
        analyzer = Analyzer(
            camera.id,
            source,
            frames=capture.frames,
            build=lambda: _pipeline(detector),
            publisher=Publisher(source, settings.resting),
            journal=self._journal,
            clock=self._clock,
            offer=self._uplink.offer,
            event_stored=self._uplink.event_stored,
            dropped=lambda: capture.frames.overwritten,
        )
        self._desk.add(camera.id, analyzer, capture)
        return _Camera(source, capture, analyzer)

    def _attend(self, attention: messages.Attention) -> None:
        camera = self._cameras.get(attention.camera_id)
        if camera is not None:
            camera.analyzer.attend(attention)

    async def _watch(self) -> None:
        """The watchdog of all cameras; returns when none will ever give a picture again."""
        said_at = 0.0
        while True:
            await asyncio.sleep(_CHECK_EVERY_S)
            statuses = []
            for camera in self._cameras.values():
                camera.capture.check()
                statuses.append(camera.capture.status())
            if self._clock.monotonic() - said_at >= _STATUS_EVERY_S:
                said_at = self._clock.monotonic()
                for camera, status in zip(self._cameras.values(), statuses, strict=True):
                    self._uplink.say(_report(camera.source, "", status))
            if all(status.ended for status in statuses):
                _check_ending(statuses)
                return

    async def _drain(self, uplink: "asyncio.Future[None]") -> None:
        """Give the hub a moment to take the last events."""
        deadline = self._clock.monotonic() + _DRAIN_WITHIN_S
        while self._clock.monotonic() < deadline and not uplink.done():
            if await asyncio.to_thread(lambda: self._journal.acked) >= self._journal.last:
                return
            await asyncio.sleep(0.1)

    def _close(self) -> None:
        for camera in self._cameras.values():
            camera.capture.close()
        for camera in self._cameras.values():
            camera.analyzer.join(2.0)
        self._journal.close()


def _pipeline(detector: Detector) -> Pipeline:
    """The stages of one camera."""
    return Pipeline(
        gate=MotionGate(),
        detector=detector,
        tracker=Tracker(),
        behavior=BehaviorAnalyzer(),
        thermal=ThermalAnalyzer(),
        fuse=fusion.fuse,
        risk=RiskAssessor(),
        events=EventJudge(),
    )


def _introduce(camera: CameraSettings) -> messages.CameraInfo:
    scheme, found, _ = camera.source.partition("://")
    return messages.CameraInfo(camera.id, camera.name, scheme if found else "file")


def _report(source: str, name: str, status: CameraStatus) -> messages.Status:
    return messages.Status(
        source=source,
        state=status.state,
        since=round(status.since_utc, 3),
        name=name,
        detail=status.detail[:1000],
        width=status.width,
        height=status.height,
        fps=round(status.fps, 1),
    )


def _check_ending(statuses: Sequence[CameraStatus]) -> None:
    """A recording that ended is a good end; a camera that never gave a picture is not."""
    failed = [status.detail for status in statuses if status.frames == 0]
    if failed:
        raise NodeError("; ".join(failed))
    log.info("every recording has ended")


def _stop_on_signals() -> asyncio.Event:
    """An event that SIGINT and SIGTERM set."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, stop.set)
        except NotImplementedError:  # Windows: the loop cannot; a plain handler can tell it
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
    return stop
