"""One camera of an edge: its capture and analyze threads, its policy and its thermal sensor, wired together."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from aimonitor.analytics.anomaly import AnomalySettings
from aimonitor.common.clock import Clock
from aimonitor.common.mailbox import Latest
from aimonitor.common.tracing import Tracer
from aimonitor.contract import messages
from aimonitor.contract.overlays import Layout
from aimonitor.edge.analyzer import Analyzer
from aimonitor.edge.budget import Budget
from aimonitor.edge.capture import Capture
from aimonitor.edge.incident_log import IncidentLog
from aimonitor.edge.inference import AT_WORK, Turns
from aimonitor.edge.journal import Journal
from aimonitor.edge.keeper import Keeper
from aimonitor.edge.layout import layout_of
from aimonitor.edge.pipeline import Detector
from aimonitor.edge.policy import SitePolicy
from aimonitor.edge.policy_store import PolicyStore
from aimonitor.edge.publisher import Publisher, Rung
from aimonitor.edge.sensors.ways import open_way
from aimonitor.edge.settings import CameraSettings
from aimonitor.edge.sources import Factory, SourceOptions, open_source
from aimonitor.edge.stages import CameraStages
from aimonitor.edge.travels import Travels
from aimonitor.edge.types import Size, ThermalReading
from aimonitor.edge.uplink import Uplink
from aimonitor.edge.usual import Usual
from aimonitor.edge.vitals import CameraStatus

log = logging.getLogger(__name__)

ALWAYS = ("snapshot", "arm", "disarm", "fps", "watch", "policy")
"""Commands that every camera can carry out."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all cameras of an edge share."""

    edge_id: str
    clock: Clock
    detector: Detector
    journal: Journal
    uplink: Uplink
    keeper: Keeper | None
    resting: Rung
    budget: Budget
    policies: Path
    """Where policies are kept that no setting names."""
    false_alarms_per_week: float = 1.0
    turns: Turns = field(default_factory=lambda: Turns(AT_WORK))
    sources: Mapping[str, Factory] = field(default_factory=dict)
    tracer: Tracer | None = None


@dataclass(frozen=True, slots=True)
class WiredCamera:
    """A camera that is ready to start. `sensing` is to be awaited on the loop, where there is a thermal sensor."""

    source: str
    name: str
    capture: Capture
    analyzer: Analyzer
    policy: PolicyStore
    sensing: Awaitable[None] | None = field(default=None, compare=False)

    def start(self) -> None:
        """Start both threads."""
        self.analyzer.start()
        self.capture.start()

    def check(self) -> CameraStatus:
        """The watchdog's round: a stuck reader is replaced, an edited policy is taken over. Call it once a second."""
        self.capture.check()
        self.policy.refresh()
        return self.capture.status()

    def picture_size(self) -> Size | None:
        """Of the newest picture, None before the first."""
        status = self.capture.status()
        return Size(status.width, status.height) if status.width and status.height else None

    def layout(self) -> Layout:
        """The zones and lines that hold now."""
        return layout_of(self.source, self.analyzer.policy)

    def report(self, status: CameraStatus) -> messages.Status:
        """The camera's state in the words of the contract."""
        lasting = () if self.capture.frames.closed else ("restart",)
        controls = (*ALWAYS, *lasting, *self.capture.controls)
        armed, rung = self.analyzer.armed, self.analyzer.rung
        return messages.Status(
            source=self.source,
            state=status.state,
            since=round(status.since_utc, 3),
            name=self.name,
            detail=status.detail[:1000],
            width=status.width,
            height=status.height,
            fps=round(status.fps, 1),
            armed=armed,
            controls=controls,
            rung=rung,
        )


def wire(camera: CameraSettings, around: Surroundings) -> WiredCamera:
    """Put a camera together; nothing is started.

    Raises SourceError, SettingsError or SensorAddressError for what it was told wrong.
    """
    source, clock = messages.source_of(around.edge_id, camera.id), around.clock

    def announce(status: CameraStatus) -> None:
        around.uplink.say(wired.report(status))

    options = SourceOptions(loop=camera.loop, frame_size=camera.frame_size, quality=camera.quality)
    opened = open_source(camera.source, options, clock, more=around.sources)
    capture = Capture(camera.id, opened, clock=clock, on_change=announce)
    path, required = camera.policy or around.policies / f"{camera.id}.toml", camera.policy is not None
    policy = PolicyStore(path, clock, preset=camera.preset, required=required)
    travels = Travels(source, around.tracer, clock) if around.tracer else None
    readings: Latest[ThermalReading] = Latest()
    analyzer = Analyzer(
        camera.id,
        frames=capture.frames,
        stages=CameraStages(around.detector, policy.policy, travels.mark if travels else None),
        publisher=Publisher(source, around.resting, lambda: around.budget.ceiling(clock.monotonic(), clock.utc())),
        incidents=IncidentLog(source, around.journal, around.uplink.event_stored),
        clock=clock,
        offer=around.uplink.offer,
        dropped=lambda: capture.frames.overwritten,
        keep=around.keeper.keep if around.keeper else lambda _: None,
        thermal=lambda: readings.get(0),
        usual=_usual(camera.id, policy.policy, around),
        turns=around.turns,
        travels=travels,
    )
    policy.follow = analyzer.adopt
    sensing = _sense(camera, readings.put, clock) if camera.thermal else None
    wired = WiredCamera(source, camera.name, capture, analyzer, policy, sensing)
    return wired


def _usual(camera_id: str, policy: SitePolicy, around: Surroundings) -> Usual:
    """What this camera has learned so far. Hours are those of the policy's time zone as it is now."""
    here = datetime.fromtimestamp(around.clock.utc(), UTC).astimezone(policy.risk().zone).utcoffset()
    offset_s = here.total_seconds() if here is not None else 0.0
    settings = AnomalySettings(false_alarms_per_week=around.false_alarms_per_week, utc_offset_s=offset_s)
    usual = Usual(camera_id, settings)
    try:
        learned = around.keeper.learned(camera_id) if around.keeper else b""
        if learned:
            usual.restore(learned)
    except (OSError, ValueError) as error:
        log.warning("camera %s: learns anew what is usual: %s", camera_id, error)
    return usual


def _sense(camera: CameraSettings, deliver: Callable[[ThermalReading], None], clock: Clock) -> Awaitable[None]:
    _, sensing = open_way(camera.thermal, camera.id, deliver, clock, token=camera.thermal_token)
    return sensing
