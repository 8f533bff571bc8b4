"""`/metrics`: what the hub counts and knows, as Prometheus reads it (text exposition format 0.0.4, or OpenMetrics).

Labels are ids and words of closed lists only. At most LABELS cameras and as many edges have series of their own;
the rest is one, `other`: numbers that add up are summed there, ages and risks are those of the worst.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

import aimonitor
from aimonitor.common.clock import Clock
from aimonitor.common.histogram import Distribution
from aimonitor.hub.cameras import Camera, Edge
from aimonitor.hub.health import state_of
from aimonitor.hub.history import QUEUE
from aimonitor.hub.limits import Places
from aimonitor.hub.metrics import Counters
from aimonitor.hub.switchboard import Switchboard

LABELS = 500
OTHER = "other"
STATES = frozenset({"connecting", "live", "delayed", "frozen", "dark", "covered", "blurred", "offline"})

Total = tuple[str, str, str, dict[str, str]]
TOTALS: tuple[Total, ...] = (  # a counter that is not here is shown as well, under its own name
    ("frames", "Pictures that came from edges.", "", {"": "frames_in"}),
    ("observations", "Sets of figures that came from edges.", "", {"": "observations_in"}),
    ("founding_messages", "Messages in the founding format that came.", "", {"": "founding_in"}),
    (
        "events",
        "Events of edges, by what became of them.",
        "outcome",
        {
            "stored": "events_stored",
            "duplicate": "events_duplicate",
            "early": "events_early",
            "refused": "events_refused",
            "unavailable": "events_unavailable",
        },
    ),
    ("refills", "Requests to edges for events that are missing.", "", {"": "refills_asked"}),
    ("samples_stored", "Seconds of figures that were stored.", "", {"": "samples_stored"}),
    (
        "dropped_messages",
        "Messages that did not go on, by reason.",
        "reason",
        {
            "replaced_by_newer": "messages_replaced",
            "outbox_full": "messages_dropped",
            "base_missing": "deltas_lost",
            "not_understood": "unknown_messages",
            "broken_contract": "contract_errors",
            "rate_limit": "rate_limited",
        },
    ),
    ("held_messages", "Pictures that waited for a viewer to acknowledge earlier ones.", "", {"": "messages_held"}),
    (
        "push_notices",
        "Notices for browsers (web push), by what became of them.",
        "outcome",
        {
            "sent": "push_sent",
            "failed": "push_failed",
            "dropped": "push_dropped",
            "unsubscribed": "push_unsubscribed",
        },
    ),
    ("commands", "Commands that viewers gave.", "", {"": "commands"}),
    ("commands_failed", "Commands that were not carried out.", "", {"": "commands_failed"}),
    ("edge_arrivals", "Times that an edge came online.", "", {"": "edges_connected"}),
    (
        "edges_turned_away",
        "Connections of edges that were refused or ended, by reason.",
        "reason",
        {"refused": "edges_refused", "replaced": "edges_replaced", "silent": "edges_silent"},
    ),
    ("viewer_arrivals", "Times that a viewer connected.", "", {"": "viewers_connected"}),
    (
        "viewers_turned_away",
        "Connections of viewers that were refused or ended, by reason.",
        "reason",
        {"refused": "viewers_refused", "stalled": "viewers_stalled"},
    ),
)


@dataclass(frozen=True, slots=True)
class _Gauge:
    """A figure of a camera. `join` makes one of the figures of those that share a label."""

    name: str
    help: str
    read: Callable[[Camera, float], float | None]
    join: Callable[[Iterable[float]], float] = sum


def _age_s(camera: Camera, at: float) -> float | None:
    return at - camera.heard_at if camera.said is not None or camera.header is not None else None


_CAMERA_GAUGES = (
    _Gauge("picture_age_seconds", "Time since anything came from the camera.", _age_s, max),
    _Gauge("risk_score", "Risk of the camera, 0 to 1.", lambda c, _: c.said.risk.score if c.said else None, max),
    _Gauge("fps", "Pictures a second, as the edge says.", lambda c, _: c.said.fps if c.said else None),
    _Gauge("persons", "Persons in the picture now.", lambda c, _: c.said.scene.persons if c.said else None),
    _Gauge("vehicles", "Vehicles in the picture now.", lambda c, _: c.said.scene.vehicles if c.said else None),
)


class Exposition(Collector):
    """Reads the parts of the hub when Prometheus asks. Belongs to the event loop; touches memory only."""

    def __init__(self, switchboard: Switchboard, places: Places, clock: Clock) -> None:
        self._board = switchboard
        self._places = places
        self._clock = clock
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        self._registry.register(self)

    def answer(self, accept: str) -> tuple[bytes, str]:
        """The page and its content type, in the format that `accept` prefers."""
        encode, kind = choose_encoder(accept)
        return encode(self._registry), kind

    def collect(self) -> Iterator[Metric]:
        """All families."""
        named = {camera.source for camera, _ in zip(self._board.roster.cameras(), range(LABELS), strict=False)}
        yield from _totals(self._board.counters)
        yield from self._traffic(named)
        yield from self._present()
        yield from _waits(self._board.counters)
        yield from self._edges()
        yield from self._cameras(named)

    def _present(self) -> Iterator[Metric]:
        """How the hub is now."""
        board, relay = self._board, self._board.relay
        info = GaugeMetricFamily("aimonitor_hub_info", "Which software this is; always 1.", labels=["version"])
        info.add_metric([aimonitor.__version__], 1)
        yield info
        founding, viewers = relay.founding_viewers, len(relay) - board.guests()
        unsafe = sum(edge.online and edge.trouble != "" for edge in board.roster)
        watching = GaugeMetricFamily("aimonitor_hub_viewers", "Viewers connected now.", labels=["protocol"])
        watching.add_metric(["v1"], founding)
        watching.add_metric(["v2"], viewers - founding)
        yield watching
        for name, words, value in (
            ("edges_online", "Edges connected now.", board.roster.online),
            ("edges_known", "Edges that are or were connected.", len(board.roster)),
            ("edges_unsafe", "Edges connected now that keep events in memory alone.", unsafe),
            ("connections", "Connections now.", self._places.used),
            ("connections_limit", "Connections that there may be.", self._places.total),
            ("tasks", "Tasks of the event loop.", _tasks()),
            ("store_ready", "1 when events can be stored, 0 when not.", not board.history.trouble),
            ("events_waiting", "Events that wait to be stored.", board.history.waiting),
            ("events_waiting_limit", "Events that may wait to be stored.", QUEUE),
        ):
            yield GaugeMetricFamily(f"aimonitor_hub_{name}", words, value=float(value))

    def _traffic(self, named: set[str]) -> Iterator[Metric]:
        """The receipt: by kind, and by camera."""
        by_kind: dict[tuple[str, str], list[int]] = {}
        by_camera: dict[tuple[str, str], int] = {}
        for line in self._board.counters.traffic.receipt():
            sums = by_kind.setdefault((line.direction, line.kind), [0, 0])
            sums[0] += line.bytes
            sums[1] += line.messages
            if "/" in line.source:
                key = line.direction, line.source if line.source in named else OTHER
                by_camera[key] = by_camera.get(key, 0) + line.bytes
        labels = ["direction", "kind"]
        size = CounterMetricFamily("aimonitor_hub_traffic_bytes", "Bytes on WebSockets, by kind.", labels=labels)
        number = CounterMetricFamily("aimonitor_hub_traffic_messages", "Messages on WebSockets.", labels=labels)
        for heading, (sent_bytes, messages) in sorted(by_kind.items()):
            size.add_metric(heading, sent_bytes)
            number.add_metric(heading, messages)
        words = "Bytes on WebSockets about a camera."
        camera = CounterMetricFamily("aimonitor_hub_camera_traffic_bytes", words, labels=["direction", "source"])
        for heading, sent_bytes in sorted(by_camera.items()):
            camera.add_metric(heading, sent_bytes)
        yield from (size, number, camera)

    def _edges(self) -> Iterator[Metric]:
        online = GaugeMetricFamily("aimonitor_hub_edge_online", "1 while the edge is connected.", labels=["edge"])
        words = "Times that the edge came back."
        back = CounterMetricFamily("aimonitor_hub_edge_reconnects", words, labels=["edge"])
        words = "The edge's clock minus the hub's."
        offset = GaugeMetricFamily("aimonitor_hub_edge_clock_offset_seconds", words, labels=["edge"])
        words = "What the edge's uplink comes to in 30 days at the pace of the last hour."
        month = GaugeMetricFamily("aimonitor_hub_edge_month_forecast_bytes", words, labels=["edge"])
        traffic = self._board.counters.traffic
        forecasts = {each.edge_id: each.month_bytes for each in traffic.forecasts(self._clock.monotonic())}
        rest: list[Edge] = []
        for number, edge in enumerate(self._board.roster):
            if number >= LABELS:
                rest.append(edge)
                continue
            online.add_metric([edge.edge_id], edge.online)
            back.add_metric([edge.edge_id], max(0, edge.arrivals - 1))
            month.add_metric([edge.edge_id], forecasts.get(edge.edge_id, 0.0))
            if edge.clock.offset_s is not None:
                offset.add_metric([edge.edge_id], edge.clock.offset_s)
        if rest:
            online.add_metric([OTHER], sum(edge.online for edge in rest))
            back.add_metric([OTHER], sum(max(0, edge.arrivals - 1) for edge in rest))
            month.add_metric([OTHER], sum(forecasts.get(edge.edge_id, 0.0) for edge in rest))
        yield from (online, back, offset, month)

    def _cameras(self, named: set[str]) -> Iterator[Metric]:
        at, states = self._clock.monotonic(), dict[tuple[str, str, str], int]()
        figures: list[dict[str, list[float]]] = [{} for _ in _CAMERA_GAUGES]
        for edge in self._board.roster:
            for camera in edge:
                camera.translate()
                label, state = camera.source if camera.source in named else OTHER, state_of(edge, camera)
                key = OTHER if label == OTHER else edge.edge_id, label, state if state in STATES else OTHER
                states[key] = states.get(key, 0) + 1
                for gauge, by_label in zip(_CAMERA_GAUGES, figures, strict=True):
                    value = gauge.read(camera, at)
                    if value is not None:
                        by_label.setdefault(label, []).append(float(value))
        words = "1 for the state that the camera is in; for `other`, cameras in that state."
        state_family = GaugeMetricFamily("aimonitor_hub_camera_state", words, labels=["edge", "source", "state"])
        for key, count in states.items():
            state_family.add_metric(key, count)
        yield state_family
        for gauge, by_label in zip(_CAMERA_GAUGES, figures, strict=True):
            family = GaugeMetricFamily(f"aimonitor_hub_camera_{gauge.name}", gauge.help, labels=["source"])
            for label, values in by_label.items():
                family.add_metric([label], gauge.join(values))
            yield family


def _tasks() -> int:
    try:
        return len(asyncio.all_tasks())
    except RuntimeError:  # asked from outside of the loop
        return 0


def _totals(counters: Counters) -> Iterator[Metric]:
    for name, words, label, fields in TOTALS:
        family = CounterMetricFamily(f"aimonitor_hub_{name}", words, labels=[label] if label else [])
        for value, counter in fields.items():
            family.add_metric([value] if label else [], getattr(counters, counter))
        yield family
    grouped = {counter for *_, fields in TOTALS for counter in fields.values()}
    for counter, total in counters.snapshot().items():
        if counter not in grouped:
            words = f"{counter.replace('_', ' ').capitalize()} since the start."
            yield CounterMetricFamily(f"aimonitor_hub_{counter}", words, value=total)


def _waits(counters: Counters) -> Iterator[Metric]:
    waits = counters.waits
    yield _histogram("event_store", "From the arrival of an event until it is stored.", waits.stored.read())
    words = "From the capture of a picture until it is at the hub, by measured clock offsets."
    yield _histogram("picture_transit", words, waits.under_way.read())
    yield _histogram("tick_delay", "How late the event loop came to a tick that was due.", waits.tick.read())


def _histogram(name: str, words: str, measured: Distribution) -> Metric:
    bounds = [f"{bound:g}" for bound in measured.bounds] + ["+Inf"]
    buckets = [*measured.cumulative, measured.count]
    family = HistogramMetricFamily(f"aimonitor_hub_{name}_seconds", words)
    family.add_metric([], list(zip(bounds, map(float, buckets), strict=True)), measured.sum)
    return family
