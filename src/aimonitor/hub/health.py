"""How the hub is: small and quick for `/health`, everything for `/api/status`."""

from dataclasses import asdict
from zlib import crc32

import aimonitor
from aimonitor.common.clock import Clock
from aimonitor.hub.answers import (
    CameraStatus,
    EdgeStatus,
    Health,
    HubStatus,
    TrafficLine,
    TrafficReceipt,
    UplinkForecast,
    ViewerCount,
)
from aimonitor.hub.cameras import Camera, Edge
from aimonitor.hub.limits import Places
from aimonitor.hub.roster import Roster
from aimonitor.hub.stores.base import StoreError
from aimonitor.hub.switchboard import Switchboard


class Doctor:
    """Asks the parts how they are."""

    def __init__(self, switchboard: Switchboard, places: Places, clock: Clock) -> None:
        self._board = switchboard
        self._places = places
        self._clock = clock
        self._started_at = clock.monotonic()

    @property
    def uptime_s(self) -> float:
        return round(self._clock.monotonic() - self._started_at, 1)

    def health(self) -> Health:
        """Whether the hub does its work; reads nothing but memory."""
        trouble = [self._board.history.trouble, _unsafe_edges(self._board.roster)]
        detail = "; ".join(filter(None, trouble))
        return Health(
            status="degraded" if detail else "ok",
            detail=detail,
            version=aimonitor.__version__,
            uptime_s=self.uptime_s,
            edges=self._board.roster.online,
            viewers=len(self._board.relay) - self._board.guests(),
        )

    async def status(self) -> HubStatus:
        """The whole picture."""
        relay = self._board.relay
        try:
            events = await self._board.history.count()
        except StoreError:
            events = 0
        founding, viewers = relay.founding_viewers, len(relay) - self._board.guests()
        return HubStatus(
            version=aimonitor.__version__,
            at=round(self._clock.utc(), 3),
            uptime_s=self.uptime_s,
            edges=[self._edge(edge) for edge in self._board.roster],
            viewers=ViewerCount(total=viewers, v1=founding, v2=viewers - founding),
            connections=self._places.used,
            max_connections=self._places.total,
            events=events,
            traffic=self._receipt(),
            counters=self._board.counters.snapshot(),
        )

    def _receipt(self) -> TrafficReceipt:
        traffic = self._board.counters.traffic
        forecasts = traffic.forecasts(self._clock.monotonic())
        return TrafficReceipt(
            lines=[TrafficLine(**asdict(line)) for line in traffic.receipt()],
            uplinks=[UplinkForecast(**asdict(forecast)) for forecast in forecasts],
        )

    def _edge(self, edge: Edge) -> EdgeStatus:
        offset_s = edge.clock.offset_s
        return EdgeStatus(
            edge_id=edge.edge_id,
            online=edge.online,
            since=round(edge.since, 3),
            protocol=edge.protocol,
            software=edge.software,
            clock_offset_s=None if offset_s is None else round(offset_s, 4),
            trouble=edge.trouble,
            cameras=[self._camera(edge, camera) for camera in edge],
        )

    def _camera(self, edge: Edge, camera: Camera) -> CameraStatus:
        camera.translate()
        said = camera.said
        heard = camera.said is not None or camera.header is not None
        return CameraStatus(
            source=camera.source,
            name=camera.info.name,
            kind=camera.info.kind,
            state=state_of(edge, camera),
            fps=said.fps if said else 0.0,
            width=said.width if said else 0,
            height=said.height if said else 0,
            age_s=round(self._clock.monotonic() - camera.heard_at, 2) if heard else None,
            risk_score=said.risk.score if said else None,
            risk_level=said.risk.level if said else None,
            rung=self._board.relay.rung(camera.source),
            armed=camera.status.armed if camera.status else None,
            controls=list(camera.status.controls) if camera.status else [],
            layout=f"{crc32(camera.layout_text.encode()):08x}" if camera.layout_text else "",
        )


def _unsafe_edges(roster: Roster) -> str:
    """For everybody to read: no names, which `/api/status` has."""
    count = sum(edge.online and edge.trouble != "" for edge in roster)
    return f"{count} edge{'s keep their' if count > 1 else ' keeps its'} events in memory alone" if count else ""


def state_of(edge: Edge, camera: Camera) -> str:
    """How a camera is, in the contract's words: as it said itself, and offline with its edge."""
    if not edge.online:
        return "offline"
    return camera.status.state if camera.status else "live" if camera.said else "connecting"
