"""What really happens in a scripted scene, to be held against what was understood."""

from collections import Counter
from collections.abc import Sequence
from math import hypot

from aimonitor.edge.behavior import Rules, Zone
from aimonitor.edge.behavior.zones import contains
from aimonitor.edge.types import PERSONS, VEHICLES, Box, SceneBehavior, Track
from aimonitor.simulator.scenes import Scene, Truth, times

_MATCH_IOU = 0.3


def match(truths: Sequence[Truth], tracks: Sequence[Track]) -> dict[int, Truth]:
    """Truth by track id, best overlap first."""
    pairs = sorted(
        ((_iou(truth.box, track.box), i, j) for i, truth in enumerate(truths) for j, track in enumerate(tracks)),
        reverse=True,
    )
    matched: dict[int, Truth] = {}
    taken: set[int] = set()
    for iou, i, j in pairs:
        if iou >= _MATCH_IOU and i not in taken and tracks[j].track_id not in matched:
            taken.add(i)
            matched[tracks[j].track_id] = truths[i]
    return matched


def _iou(one: Box, other: Box) -> float:
    width = min(one.x2, other.x2) - max(one.x1, other.x1)
    height = min(one.y2, other.y2) - max(one.y1, other.y1)
    if width <= 0 or height <= 0:
        return 0.0
    both = width * height
    return both / (one.width * one.height + other.width * other.height - both)


class Stays:
    """Longest dwell in each zone, reported and true."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._reported: dict[str, float] = {}

    def look(self, behavior: SceneBehavior, at: float) -> None:
        for one in behavior.by_track.values():
            for name, dwell_s in one.dwell_s.items():
                self._reported[name] = max(self._reported.get(name, 0.0), dwell_s)

    def errors(self) -> list[float]:
        errors = []
        for zone in self._scene.zones:
            true_s = max((self._true_s(zone, actor.actor_id) for actor in self._scene.actors), default=0.0)
            if true_s >= 2.0:
                errors.append(abs(self._reported.get(zone.name, 0.0) - true_s))
        return errors

    def _true_s(self, zone: Zone, actor_id: int) -> float:
        """From the exact path, sampled fifty times a second; who is where is decided by the foot of the true box."""
        actor, camera = next(actor for actor in self._scene.actors if actor.actor_id == actor_id), self._scene.camera
        inside = [
            at
            for at in times(self._scene.duration_s, 50)
            if actor.is_on_stage(at) and contains(zone.polygon, *actor.box(camera, at).foot)
        ]
        return inside[-1] - inside[0] if inside else 0.0


def true_crossings(scene: Scene, fps: float) -> list[tuple[str, str]]:
    """From the exact paths: the side of the line on which the foot was, frame after frame, while in view."""
    found = []
    for line in scene.lines:
        for actor in scene.actors:
            before = 0.0
            for at in times(scene.duration_s, fps):
                if not any(truth.actor_id == actor.actor_id for truth in scene.truth(at)):
                    continue
                foot = scene.camera.project(*actor.position(at))
                side = (line.b.x - line.a.x) * (foot.y - line.a.y) - (line.b.y - line.a.y) * (foot.x - line.a.x)
                if before * side < 0:
                    found.append((line.name, "in" if side > 0 else "out"))
                before = side
    return found


class Convoys:
    """Convoys by the definition: m vehicles, density-connected over k time points, on exact positions, in view."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._moments: list[tuple[float, frozenset[int], frozenset[int]]] = []

    def look(self, truths: Sequence[Truth], known: dict[int, Truth], behavior: SceneBehavior, at: float) -> None:
        reported = {
            known[track_id].actor_id if track_id in known else -track_id
            for group in behavior.groups
            if group.kind == "convoy"
            for track_id in group.track_ids
        }
        self._moments.append((at, self._together(truths), frozenset(reported)))

    def _together(self, truths: Sequence[Truth]) -> frozenset[int]:
        """Members of a scripted group that now are connected; the scripts have one group at most."""
        rules = self._rules
        members = [truth for truth in truths if truth.group == "convoy" and truth.label in VEHICLES - PERSONS]
        connected: set[int] = set()
        for one in members:
            near = [
                other.actor_id
                for other in members
                if hypot(one.position_m.x - other.position_m.x, one.position_m.y - other.position_m.y)
                <= rules.convoy_gap_m
            ]
            if len(near) >= rules.convoy_at:
                connected.update(near)
        return frozenset(connected if len(connected) >= rules.convoy_at else ())

    def score(self) -> Counter[str]:
        """Time points at which a convoy is reported and true, only reported, only true."""
        counted: Counter[str] = Counter()
        since: float | None = None
        true_at = []
        for at, together, _ in self._moments:
            since = (at if since is None else since) if together else None
            true_at.append(since is not None and at - since >= self._rules.convoy_for_s)
        slack = max(1, round(1.0 / (self._moments[1][0] - self._moments[0][0])))
        for index, (_, together, reported) in enumerate(self._moments):
            near = true_at[max(0, index - slack) : index + slack + 1]
            if reported and (not any(near) or (together and len(reported & together) < self._rules.convoy_at)):
                counted["reported"] += 1
            elif true_at[index] and not reported:
                if all(near):
                    counted["true"] += 1
            elif true_at[index]:
                counted["both"] += 1
        return counted
