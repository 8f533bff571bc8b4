"""The edge's main: reads as a table of contents, wires everything, and owns every thread and socket.

Per camera two threads (capture, analyze); one that writes clips, one that sends them; one event loop for the network.
They meet only in mailboxes.
"""

import asyncio
import logging
import signal
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aimonitor.common.clock import Clock, SystemClock
from aimonitor.common.reload import SettingsFile, follow
from aimonitor.common.settings import SettingsError
from aimonitor.common.stop_signals import STOP_SIGNALS
from aimonitor.common.tasks import begin
from aimonitor.common.tracing import open_tracer
from aimonitor.contract import messages
from aimonitor.edge.backends import open_detector
from aimonitor.edge.budget import Budget, BudgetLimits
from aimonitor.edge.camera import Surroundings, WiredCamera
from aimonitor.edge.camera_file import CameraFile
from aimonitor.edge.commands import CommandDesk
from aimonitor.edge.delivery import HubAddress
from aimonitor.edge.distress import Distress, Telegram
from aimonitor.edge.exposition import Exposition, serve
from aimonitor.edge.incident_log import close_left_open
from aimonitor.edge.inference import Timed
from aimonitor.edge.journal import Journal
from aimonitor.edge.keeper import Keeper
from aimonitor.edge.lineup import Lineup, introduce
from aimonitor.edge.media import MediaSender
from aimonitor.edge.pipeline import Detector
from aimonitor.edge.settings import CameraSettings, EdgeSettings
from aimonitor.edge.setup import SetupDesk
from aimonitor.edge.setup_cameras import CamerasDesk
from aimonitor.edge.setup_policy import PolicyDesk, SetupCamera
from aimonitor.edge.sources import Factory
from aimonitor.edge.uplink import Address, Uplink
from aimonitor.edge.vitals import CameraStatus

log = logging.getLogger(__name__)

_CHECK_EVERY_S = 1.0
_MARK_EVERY_S = 10.0
_DRAIN_WITHIN_S = 5.0
_LAST_WORDS_WITHIN_S = 1.0
_SENT = "sent bytes "


class NodeError(RuntimeError):
    """The edge cannot work as it was told; the text is one line that says what to do."""


def run(
    settings: EdgeSettings, file: SettingsFile[EdgeSettings] | None = None, camera_file: CameraFile | None = None
) -> None:
    """Run an edge until SIGINT or SIGTERM, or until every camera's recording has ended.

    file: where the settings came from, if edits are to be followed; camera_file: where the cameras are written down
    Raises NodeError, TokenRefusedError, JournalError, or an error of the model, the backend or the policy, each in one
    line.
    """
    if not settings.camera:
        if camera_file is None or settings.remote_setup != "all":
            raise NodeError("no camera: give --camera ADDRESS, or [[edge.camera]] tables in aimonitor.toml")
        log.warning("no camera yet: add the first in the hub's dashboard, or in %s", camera_file.path)
    asyncio.run(Node(settings, SystemClock(), camera_file).run(file))


@dataclass(frozen=True, slots=True)
class Parts:
    """What a program that stands above the edge may put in: its own detector, and further kinds of cameras."""

    detector: Detector | None = None
    sources: Mapping[str, Factory] = field(default_factory=dict)


class Node:
    """One edge. Built in one thread, run once."""

    def __init__(
        self,
        settings: EdgeSettings,
        clock: Clock,
        camera_file: CameraFile | None = None,
        parts: Parts | None = None,
    ) -> None:
        self._clock = clock
        parts = parts or Parts()
        self._tracer = open_tracer(settings.traces, settings.traces_share, f"aimonitor-edge {settings.edge_id}")
        detector = Timed(parts.detector or _open_detector(settings), clock)
        self._journal = Journal(settings.journal, clock, mend=True)
        self._budget = _budget(settings, clock, self._journal)
        self._media = _media_sender(settings, clock, self._budget)
        follow = self._media.follow if self._media and settings.upload == "snapshots" else None
        self._keeper = Keeper(settings.keep, follow, clock) if settings.keep else None
        cameras = CamerasDesk(lambda: self._lineup, lambda: self._loop, camera_file, clock)
        self._setup = SetupDesk(PolicyDesk(clock), cameras.commands, settings.remote_setup)
        self._desk = CommandDesk(self._media, self._setup.answer)
        self._uplink = self._uplink_of(settings)
        self._distress = self._distress_of(settings)
        self._told = settings.camera
        self._exchanges: set[asyncio.Task[None]] = set()
        around = self._around(settings, detector, parts.sources)
        self._lineup = Lineup(settings.camera, around, self._arrived, self._left)
        self._metrics_port = settings.metrics_port
        self._exposition = Exposition(
            lambda: self._lineup.cameras,
            inference=detector.seconds,
            journal=self._journal,
            uplink=self._uplink,
            budget=self._budget,
            keeper=self._keeper,
            clock=clock,
        )

    def _uplink_of(self, settings: EdgeSettings) -> Uplink:
        return Uplink(
            Address(settings.hub, settings.edge_id, settings.token),
            cameras=introduce(settings.camera),
            boot_id=uuid.uuid4().hex[:12],
            journal=self._journal,
            clock=self._clock,
            attend=self._attend,
            command=self._desk.obey,
            budget=self._budget,
        )

    def _distress_of(self, settings: EdgeSettings) -> Distress | None:
        if not (settings.telegram_token and settings.telegram_chats):
            return None
        return Distress(
            self._journal,
            Telegram(settings.telegram_token, settings.telegram_chats, settings.telegram_api),
            lambda: self._uplink.connected,
            self._clock,
            edge_id=settings.edge_id,
            patience_s=settings.hub_away_s,
        )

    def _around(self, settings: EdgeSettings, detector: Detector, sources: Mapping[str, Factory]) -> Surroundings:
        """What all cameras share."""
        return Surroundings(
            settings.edge_id,
            self._clock,
            detector,
            self._journal,
            self._uplink,
            self._keeper,
            settings.resting,
            self._budget,
            settings.journal.with_suffix("") / "policies",
            settings.false_alarms_per_week,
            sources=sources,
            tracer=self._tracer if settings.traces else None,
        )

    async def run(self, file: SettingsFile[EdgeSettings] | None = None) -> None:
        """Start the threads, talk to the hub, follow the settings `file`, stop everything at the end."""
        self._loop = asyncio.get_running_loop()
        stop = _stop_on_signals()
        stop_serving = self._serve_metrics()
        if self._keeper is not None:
            self._keeper.start()
        if self._media is not None:
            self._media.start()
        await asyncio.to_thread(close_left_open, self._journal)
        self._lineup.start()
        uplink = asyncio.ensure_future(self._uplink.run())
        watch = asyncio.ensure_future(self._watch())
        stopped = asyncio.ensure_future(stop.wait())
        beside = [asyncio.ensure_future(follow(file, self.adopt))] if file is not None else []
        if self._distress is not None:
            beside.append(asyncio.ensure_future(self._distress.run()))
        try:
            done, _ = await asyncio.wait((uplink, watch, stopped), return_when=asyncio.FIRST_COMPLETED)
            for task in done - {stopped}:
                task.result()
            if watch in done:
                await self._drain(uplink, _DRAIN_WITHIN_S)
        finally:
            await _end(watch, stopped, *beside)
            await self._lineup.close()
            if self._uplink.connected:  # it should hear which incidents that has closed
                await self._drain(uplink, _LAST_WORDS_WITHIN_S)
            await _end(uplink)
            await asyncio.to_thread(stop_serving)
            await asyncio.to_thread(self._close)

    def adopt(self, settings: EdgeSettings) -> None:
        """Follow edited settings, as far as LIVE_KEYS go."""
        if settings.camera and settings.camera != self._told:  # what the page changed meanwhile is not taken back
            self._told = settings.camera
            exchange = begin(self._exchange(settings.camera), "the exchange of cameras")
            self._exchanges.add(exchange)  # the loop itself does not hold it
            exchange.add_done_callback(self._exchanges.discard)
        self._budget.limit(BudgetLimits(settings.budget_kbit_s, settings.budget_gb_month))
        if self._media is not None:
            self._media.limit(settings.upload_kb_per_s * 1024)

    async def _exchange(self, cameras: Sequence[CameraSettings]) -> None:
        try:
            await self._lineup.exchange(cameras)
        except SettingsError as error:
            log.warning("the cameras stay as they were: %s", error)

    def _serve_metrics(self) -> Callable[[], None]:
        """Answer Prometheus where that is asked for; returns what ends it."""
        if self._metrics_port is None:
            return lambda: None
        try:
            return serve(self._exposition, self._metrics_port)
        except OSError as error:
            raise NodeError(f"metrics_port {self._metrics_port}: expected a free port, got: {error}") from None

    def _arrived(self, camera_id: str, camera: WiredCamera) -> None:
        self._desk.add(camera_id, camera.analyzer, camera.capture)
        scenes = self._keeper.scenes_of(camera_id) if self._keeper else None
        self._setup.add(camera_id, SetupCamera(camera.policy, scenes, camera.picture_size))

    def _left(self, camera_id: str) -> None:
        self._desk.remove(camera_id)
        self._setup.remove(camera_id)

    def _attend(self, attention: messages.Attention) -> None:
        camera = self._lineup.cameras.get(attention.camera_id)
        if camera is not None:
            camera.analyzer.attend(attention)

    async def _watch(self) -> None:
        """The watchdog of all cameras; returns when none will ever give a picture again."""
        marked_at = self._clock.monotonic()
        while True:
            await asyncio.sleep(_CHECK_EVERY_S)
            statuses = self._lineup.check(self._clock.monotonic())
            if self._clock.monotonic() - marked_at >= _MARK_EVERY_S:
                marked_at = self._clock.monotonic()
                await asyncio.to_thread(self._journal.mark, _SENT + self._budget.month, self._budget.month_bytes)
            if statuses and all(status.ended for status in statuses):
                _check_ending(statuses)
                return

    async def _drain(self, uplink: "asyncio.Future[None]", within_s: float) -> None:
        """Give the hub a moment to take the last events."""
        deadline = self._clock.monotonic() + within_s
        while self._clock.monotonic() < deadline and not uplink.done():
            if await asyncio.to_thread(lambda: self._journal.acked) >= self._journal.last:
                return
            await asyncio.sleep(0.1)

    def _close(self) -> None:
        if self._keeper is not None:
            self._keeper.close()
        if self._media is not None:
            self._media.close()
        self._journal.close()
        self._tracer.close()


def _open_detector(settings: EdgeSettings) -> Detector:
    return open_detector(settings.detector, threads=settings.threads, threshold=settings.threshold)


def _budget(settings: EdgeSettings, clock: Clock, journal: Journal) -> Budget:
    """What may be said, and what this month has cost so far."""
    month = f"{datetime.fromtimestamp(clock.utc(), UTC):%Y-%m}"
    limits = BudgetLimits(settings.budget_kbit_s, settings.budget_gb_month)
    return Budget(limits, clock.monotonic(), month, journal.marked(_SENT + month))


def _media_sender(settings: EdgeSettings, clock: Clock, budget: Budget) -> MediaSender | None:
    if settings.keep is None:
        return None
    hub, pace = HubAddress.of(settings.hub), settings.upload_kb_per_s * 1024

    def spend(size: int) -> None:
        budget.spend(size, clock.monotonic(), clock.utc())

    return MediaSender(settings.keep, hub, settings.edge_id, settings.token, clock, bytes_per_s=pace, spend=spend)


def _check_ending(statuses: Sequence[CameraStatus]) -> None:
    """A recording that ended is a good end; a camera that never gave a picture is not."""
    failed = [status.detail for status in statuses if status.frames == 0]
    if failed:
        raise NodeError("; ".join(failed))
    log.info("every recording has ended")


async def _end(*works: "asyncio.Future[Any]") -> None:
    for work in works:
        work.cancel()
    await asyncio.gather(*works, return_exceptions=True)


def _stop_on_signals() -> asyncio.Event:
    """An event that is set when somebody asks the program to end."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in STOP_SIGNALS:
        try:
            loop.add_signal_handler(number, stop.set)
        except NotImplementedError:  # Windows: the loop cannot; a plain handler can tell it
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
    return stop
