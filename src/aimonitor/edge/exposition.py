"""What an edge counts and knows, as Prometheus reads it: `http://127.0.0.1:<metrics_port>/metrics`.

Served on this machine only: an edge sits behind NAT, and what the world should know of it the hub tells. Labels are
camera ids of the settings and words of closed lists.
"""

from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

import aimonitor
from aimonitor.common.clock import Clock
from aimonitor.common.histogram import Histogram
from aimonitor.edge.budget import Budget
from aimonitor.edge.camera import WiredCamera
from aimonitor.edge.journal import Journal
from aimonitor.edge.keeper import Keeper
from aimonitor.edge.uplink import Uplink

_JOIN_S = 2.0


def serve(exposition: "Exposition", port: int) -> Callable[[], None]:
    """Answer on 127.0.0.1 in a thread of its own; returns what ends it. Raises OSError when the port is taken."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    registry.register(exposition)
    server, thread = start_http_server(port, addr="127.0.0.1", registry=registry)

    def stop() -> None:
        server.shutdown()
        server.server_close()
        thread.join(_JOIN_S)

    return stop


class Exposition(Collector):
    """Reads the parts of an edge when Prometheus asks; from any thread."""

    def __init__(
        self,
        cameras: Callable[[], Mapping[str, WiredCamera]],
        *,
        inference: Histogram,
        journal: Journal,
        uplink: Uplink,
        budget: Budget,
        keeper: Keeper | None,
        clock: Clock,
    ) -> None:
        self._cameras = cameras
        self._inference = inference
        self._journal = journal
        self._uplink = uplink
        self._budget = budget
        self._keeper = keeper
        self._clock = clock

    def collect(self) -> Iterator[Metric]:
        """All families."""
        info = GaugeMetricFamily("aimonitor_edge_info", "Which software this is; always 1.", labels=["version"])
        info.add_metric([aimonitor.__version__], 1)
        yield info
        yield from self._counted()
        yield from self._seen()
        yield from self._states()
        yield self._inferences()
        yield from self._uplinked()
        yield from self._kept()

    def _counted(self) -> Iterator[Metric]:
        """Totals of each camera."""
        statuses = {name: camera.capture.status() for name, camera in self._cameras().items()}
        analyzers = {name: camera.analyzer for name, camera in self._cameras().items()}
        totals = (
            ("captured_frames", "Pictures that the camera gave.", {n: s.frames for n, s in statuses.items()}),
            ("replaced_frames", "Pictures that newer ones replaced.", {n: s.dropped for n, s in statuses.items()}),
            ("damaged_frames", "Pictures that came broken.", {n: s.damaged for n, s in statuses.items()}),
            ("reconnects", "Connections to the camera that were lost.", {n: s.reconnects for n, s in statuses.items()}),
            ("reboots", "Times that the camera started anew.", {n: s.reboots for n, s in statuses.items()}),
            ("frames", "Frames that went through the pipeline.", {n: a.frames for n, a in analyzers.items()}),
            ("analyzed_frames", "Frames that the detector saw.", {n: a.analyzed for n, a in analyzers.items()}),
            ("bad_pictures", "Pictures that could not be decoded.", {n: a.bad_pictures for n, a in analyzers.items()}),
            ("analysis_failures", "Frames at which analysis failed.", {n: a.failures for n, a in analyzers.items()}),
            ("events_refused", "Events not stored on disk.", {n: a.events_refused for n, a in analyzers.items()}),
        )
        for name, words, values in totals:
            family = CounterMetricFamily(f"aimonitor_edge_{name}", words, labels=["camera"])
            for camera_id, value in values.items():
                family.add_metric([camera_id], value)
            yield family

    def _seen(self) -> Iterator[Metric]:
        """What each camera sees now."""
        fps = GaugeMetricFamily("aimonitor_edge_fps", "Frames understood a second.", labels=["camera"])
        risk = GaugeMetricFamily("aimonitor_edge_risk_score", "Risk of the camera, 0 to 1.", labels=["camera"])
        persons = GaugeMetricFamily("aimonitor_edge_persons", "Persons in the picture now.", labels=["camera"])
        vehicles = GaugeMetricFamily("aimonitor_edge_vehicles", "Vehicles in the picture now.", labels=["camera"])
        for camera_id, camera in self._cameras().items():
            fps.add_metric([camera_id], camera.analyzer.fps)
            latest = camera.analyzer.latest
            if latest is not None:
                risk.add_metric([camera_id], latest.risk.score)
                persons.add_metric([camera_id], latest.scene.persons)
                vehicles.add_metric([camera_id], latest.scene.vehicles)
        yield from (fps, risk, persons, vehicles)

    def _states(self) -> Iterator[Metric]:
        words = "1 for the state that the camera is in."
        family = GaugeMetricFamily("aimonitor_edge_camera_state", words, labels=["camera", "state"])
        for camera_id, camera in self._cameras().items():
            family.add_metric([camera_id, camera.capture.status().state], 1)
        yield family

    def _inferences(self) -> Metric:
        measured = self._inference.read()
        words = "How long the detector took for a frame, its wait for a turn included."
        family = HistogramMetricFamily("aimonitor_edge_inference_seconds", words)
        bounds = [f"{bound:g}" for bound in measured.bounds] + ["+Inf"]
        counts = map(float, (*measured.cumulative, measured.count))
        family.add_metric([], list(zip(bounds, counts, strict=True)), measured.sum)
        return family

    def _uplinked(self) -> Iterator[Metric]:
        """The connection to the hub, and what it costs."""
        uplink, utc = self._uplink, self._clock.utc()
        yield _gauge("uplink_connected", "1 while the hub is connected.", uplink.connected)
        yield CounterMetricFamily("aimonitor_edge_uplink_bytes", "Bytes sent to the hub.", value=uplink.sent_bytes)
        words = "Connections to the hub that were lost or did not come about."
        yield CounterMetricFamily("aimonitor_edge_uplink_reconnects", words, value=uplink.reconnects)
        words = "Pictures and figures that newer ones replaced before they were sent."
        yield CounterMetricFamily("aimonitor_edge_uplink_replaced", words, value=uplink.dropped)
        yield _gauge("budget_month_bytes", "Bytes of this month so far, overhead included.", self._budget.month_bytes)
        words = "Bytes of this month at the pace so far."
        yield _gauge("budget_month_forecast_bytes", words, self._budget.forecast_bytes(utc))
        words = "1 for the closest look that the budget allows now."
        rung = GaugeMetricFamily("aimonitor_edge_budget_rung", words, labels=["rung"])
        rung.add_metric([self._budget.ceiling(self._clock.monotonic(), utc)], 1)
        yield rung

    def _kept(self) -> Iterator[Metric]:
        """The journal and the clips."""
        waiting = max(0, self._journal.last - max(self._journal.acked, self._journal.first - 1))
        yield _gauge("journal_waiting_events", "Events that the hub has not acknowledged.", waiting)
        words = "Events that the size limit pushed out, or the disk spoiled, before the hub had them."
        yield CounterMetricFamily("aimonitor_edge_journal_lost_events", words, value=self._journal.lost)
        words = "1 while events are kept on the disk, 0 in memory alone."
        yield _gauge("journal_on_disk", words, not self._journal.trouble)
        words = "Journals that could not be used and were put aside."
        yield CounterMetricFamily("aimonitor_edge_journal_replaced", words, value=self._journal.replaced)
        if self._keeper is not None:
            words = "Clips and scenes not kept: the disk was too slow, or refused."
            family = CounterMetricFamily("aimonitor_edge_not_kept", words, labels=["reason"])
            family.add_metric(["disk_too_slow"], self._keeper.dropped)
            family.add_metric(["disk_refused"], self._keeper.failed)
            yield family


def _gauge(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(f"aimonitor_edge_{name}", words, value=float(value))
