"""The demonstration: what six staged cameras show in two minutes, so that every feature is seen once.

`PROGRAMME` says who plays what; `Play` puts a camera's scenes one after the other and begins again at the end.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from aimonitor.edge.behavior import Zone
from aimonitor.edge.types import Detections, Floats, Point
from aimonitor.simulator import scripts
from aimonitor.simulator.scenes import TYPICAL, Noise, Scene

_BLIND = Noise(missed=1.0)
_DARK = 0.1
_PAUSE_S = 4.0
"""Of an empty stage between two scenes, so that tracks end and the next scene begins anew."""

_TROUBLE_S = 14.0
"""As long as a troubled camera is gone or frozen in place of the pause: long enough to be noticed and named."""


@dataclass(frozen=True, slots=True)
class Part:
    """A camera of the demonstration: its scenes in order, each cut after `at_most_s`, and who it says it is.

    thermal: a thermal sensor looks the same way; troubled: between scenes the camera freezes, then goes away
    """

    camera_id: str
    name: str
    scenes: tuple[str, ...]
    at_most_s: float = 45.0
    thermal: bool = False
    troubled: bool = False


PROGRAMME: tuple[Part, ...] = (
    Part("gate", "Gate", ("loiter", "run", "crowd")),
    Part("door", "Back door", ("crossings", "object_left")),
    Part("road", "Road", ("convoy", "wrong_way", "stopped_car")),
    Part("field", "Field at night", ("night", "night"), thermal=True),
    Part("workshop", "Workshop", ("fire", "overheating"), at_most_s=75.0, thermal=True),
    Part("office", "Office", ("walk", "walk", "object_removed"), troubled=True),
)


@dataclass(frozen=True, slots=True)
class Moment:
    """What a camera shows at one time of its play: a scene at one of its seconds. trouble: `gone`, `frozen` or none."""

    scene: Scene
    at: float
    trouble: str = ""


class Play:
    """The scenes of a part on one stage, again and again. Pure: everything follows from the time in seconds."""

    def __init__(self, part: Part, seed: int) -> None:
        self.part = part
        self._scenes = [scripts.build(name, seed + place) for place, name in enumerate(part.scenes)]
        self._lengths = [min(scene.duration_s, part.at_most_s) for scene in self._scenes]
        self._pause_s = _TROUBLE_S if part.troubled else _PAUSE_S
        self.duration_s = sum(self._lengths) + self._pause_s * len(self._scenes)

    @property
    def scenes(self) -> Sequence[Scene]:
        return self._scenes

    def moment(self, at: float) -> Moment:
        """What is on at `at` seconds after the beginning."""
        left = at % self.duration_s
        for scene, length in zip(self._scenes, self._lengths, strict=True):
            if left < length:
                return Moment(scene, left)
            left -= length
            if left < self._pause_s:
                return Moment(replace(scene, actors=(), heats=()), left, self._trouble(scene))
            left -= self._pause_s
        return Moment(self._scenes[-1], self._scenes[-1].duration_s)

    def _trouble(self, before: Scene) -> str:
        """A troubled camera goes away after its first scene, and freezes after its second."""
        return {0: "gone", 1: "frozen"}.get(self._scenes.index(before), "") if self.part.troubled else ""

    def detections(self, moment: Moment) -> Detections:
        """What a detector of ordinary quality finds."""
        return moment.scene.detections(moment.at, _BLIND if moment.scene.brightness < _DARK else TYPICAL)

    def celsius(self, moment: Moment) -> Floats:
        """What the thermal sensor measures, (24, 32) degrees Celsius."""
        return moment.scene.celsius(moment.at)

    def policy(self) -> Mapping[str, Any]:
        """The tables of the camera's policy file: zones and lines of all scenes, and the calibration of the stage.

        The preset is the strictest, for which everything that is played is news.
        """
        zones = {zone.name: _zone(zone) for scene in self._scenes for zone in scene.zones}
        lines = {
            line.name: {"start": _corner(line.a), "end": _corner(line.b)}
            for scene in self._scenes
            for line in scene.lines
        }
        return {"preset": "border-road", "calibration": _calibration(self._scenes[0]), "zones": zones, "lines": lines}


def _zone(zone: Zone) -> Mapping[str, Any]:
    said: dict[str, Any] = {"polygon": [_corner(point) for point in zone.polygon]}
    if zone.direction_deg is not None:
        said["direction_deg"] = zone.direction_deg
    if zone.loiter_after_s is not None:
        said["loiter_after_s"] = zone.loiter_after_s
    return said


def _calibration(scene: Scene) -> Mapping[str, Any]:
    x1, y1, x2, y2 = scene.rectangle_m
    corners = [scene.camera.project(x, y) for x, y in ((x1, y1), (x2, y1), (x2, y2), (x1, y2))]
    return {
        "corners": [_corner(point) for point in corners],
        "side_m": x2 - x1,
        "second_m": y2 - y1,
        "width": scene.camera.size.width,
        "height": scene.camera.size.height,
    }


def _corner(point: Point) -> list[float]:
    """Within the picture, as a person draws it."""
    return [round(min(1.0, max(0.0, edge)), 4) for edge in point]
