"""Scripted scenes as an edge would have recorded them, and the policy of their site."""

from aimonitor.edge.fusion import Alignment, fuse
from aimonitor.edge.policy import parse_policy
from aimonitor.edge.recording import RecordedScene
from aimonitor.edge.tracker import Tracker
from aimonitor.edge.types import ThermalScene
from aimonitor.edge.understanding import Understanding
from aimonitor.simulator.scenes import PERFECT, times

BEGAN = 1_700_000_000.0


def policy_of(scene, **more):
    """The policy with the zones, lines and calibration of a scene, as the page would send it."""
    x1, y1, x2, y2 = scene.rectangle_m
    corners = [scene.camera.project(x, y) for x, y in ((x1, y1), (x2, y1), (x2, y2), (x1, y2))]
    said = {
        "hours": {"timezone": "UTC"},
        "zones": {zone.name: _zone(zone) for zone in scene.zones},
        "lines": {line.name: {"start": line.a, "end": line.b, "allowed": line.allowed} for line in scene.lines},
        "calibration": {
            "corners": corners,
            "side_m": x2 - x1,
            "second_m": y2 - y1,
            "width": scene.camera.size.width,
            "height": scene.camera.size.height,
        },
    }
    return parse_policy({**said, **more})


def _zone(zone):
    said = {"polygon": zone.polygon, "kind": zone.kind, "labels": zone.labels, "restricted": zone.restricted}
    said |= {"no_stopping": zone.no_stopping, "direction_deg": zone.direction_deg}
    return said | {"loiter_after_s": zone.loiter_after_s, "crowd_at": zone.crowd_at}


def live(scene, policy, fps=10.0, noise=PERFECT, *, began=BEGAN):
    """What the edge sees and records of a scene: (recorded scenes, (kind, zone) of the incidents)."""
    stages, tracker, recorded, opened = Understanding(policy), Tracker(), [], []
    for number, at in enumerate(times(scene.duration_s, fps)):
        tracks = tracker.update(scene.detections(at, noise), at)
        behavior = stages.behavior.update(tracks, scene.camera.size, at)
        seen = fuse(tracks, behavior, ThermalScene(), scene.brightness, alignment=Alignment())
        risk = stages.risk.assess(seen, at, began + at)
        events = stages.events.update(seen, risk, at, began + at)
        opened += [(event.kind, event.zone) for event in events if event.phase == "opened"]
        if number % 2 == 0 or events:
            masked = tuple(track for track in tracks if track.track_id in behavior.masked)
            recorded.append(RecordedScene(at, began + at, seen, masked, *scene.camera.size))
    return recorded, opened
