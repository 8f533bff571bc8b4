"""One Evidence per object: seen, done and felt."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from aimonitor.edge.types import (
    ANIMALS,
    PERSONS,
    VEHICLES,
    Behavior,
    Box,
    Evidence,
    Hotspot,
    Point,
    Scene,
    SceneBehavior,
    ThermalScene,
    Track,
)

DARK_BELOW = 0.10
"""Mean gray of a picture in which a camera sees little (0..1)."""

THERMAL_IDS = 1_000_000_000
"""Added to a hotspot's id when it becomes a track of its own; trackers count from 1."""

_OVERLAP = 0.35


@dataclass(frozen=True, slots=True)
class Alignment:
    """From the thermal picture to the camera's, both in fractions: u = a x + b y + c, v = d x + e y + f."""

    a: float = 1.0
    b: float = 0.0
    c: float = 0.0
    d: float = 0.0
    e: float = 1.0
    f: float = 0.0

    @classmethod
    def fit(cls, thermal: Sequence[Point], image: Sequence[Point]) -> "Alignment":
        """The affine map that takes the points of one picture nearest to those of the other (least squares).

        Raises ValueError for fewer than three pairs, or for points on one line.
        """
        if len(thermal) != len(image) or len(thermal) < 3:
            raise ValueError(f"expected at least 3 pairs of points, got {len(thermal)} and {len(image)}")
        rows = np.array([(x, y, 1.0) for x, y in thermal])
        solved, _, rank, _ = np.linalg.lstsq(rows, np.array(image, np.float64), rcond=1e-6)
        if rank < 3:
            raise ValueError("expected points that do not lie on one line")
        (a, d), (b, e), (c, f) = solved.tolist()
        return cls(a, b, c, d, e, f)

    def box(self, box: Box) -> Box:
        """The box around the mapped corners, cut to the image."""
        x1, y1, x2, y2 = box
        left, right = _ends(self.a, x1, x2)
        left_y, right_y = _ends(self.b, y1, y2)
        top_x, bottom_x = _ends(self.d, x1, x2)
        top, bottom = _ends(self.e, y1, y2)
        return Box(
            _inside(left + left_y + self.c),
            _inside(top_x + top + self.f),
            _inside(right + right_y + self.c),
            _inside(bottom_x + bottom + self.f),
        )


_SAME_VIEW = Alignment()


def fuse(
    tracks: Sequence[Track],
    behavior: SceneBehavior,
    thermal: ThermalScene,
    brightness: float = 1.0,
    *,
    alignment: Alignment | None = None,
) -> Scene:
    """Join what was seen, done and felt. `brightness` is the mean gray of the picture, 0..1.

    A hotspot belongs to the track that covers most of it. In a dark picture a hotspot without a track becomes one, with
    the kind of the hotspot as its label: the camera is blind then and the sensor is not. Masked tracks are left out.
    """
    dark = brightness < DARK_BELOW
    masked = behavior.masked
    seen = [track for track in tracks if track.track_id not in masked] if masked else tracks
    felt: dict[int, Hotspot] = {}
    alone: list[Evidence] = []
    for hotspot in thermal.hotspots:
        box = (alignment or _SAME_VIEW).box(hotspot.box)
        owner = _owner(box, seen)
        if owner is None:
            if dark and box.width > 0 and box.height > 0:
                alone.append(_thermal_only(hotspot, box))
        elif owner not in felt or felt[owner].peak_celsius < hotspot.peak_celsius:
            felt[owner] = hotspot
    labels = [track.label for track in seen]
    return Scene(
        (*_evidence(seen, behavior.by_track, felt), *alone),
        behavior.groups,
        behavior.crossings,
        thermal.hotspots,
        thermal.active,
        behavior.avg_speed,
        persons=sum([label in PERSONS for label in labels]),
        vehicles=sum([label in VEHICLES for label in labels]),
        animals=sum([label in ANIMALS for label in labels]),
        dark=dark,
    )


def _evidence(seen: Sequence[Track], done: Mapping[int, Behavior], felt: Mapping[int, Hotspot]) -> list[Evidence]:
    """What is known of each of the tracks that were seen, `done` and `felt` by their ids."""
    return [
        Evidence(track, done.get(track.track_id), spot.peak_celsius, spot)
        if felt and (spot := felt.get(track.track_id))
        else Evidence(track, done.get(track.track_id))
        for track in seen
    ]


def _ends(scale: float, low: float, high: float) -> tuple[float, float]:
    """The lower and the higher of both, scaled."""
    return (scale * low, scale * high) if scale >= 0.0 else (scale * high, scale * low)


def _inside(fraction: float) -> float:
    return 0.0 if fraction < 0.0 else 1.0 if fraction > 1.0 else fraction


def _owner(box: Box, tracks: Sequence[Track]) -> int | None:
    """The track that covers most of `box`, and enough of it or of itself."""
    best, best_share = None, _OVERLAP
    x1, y1, x2, y2 = box
    area = (x2 - x1) * (y2 - y1)
    for track in tracks:
        left, top, right, bottom = track.box
        if x1 >= right or x2 <= left or y1 >= bottom or y2 <= top:
            continue
        shared = (min(x2, right) - max(x1, left)) * (min(y2, bottom) - max(y1, top))
        smaller = min(area, (right - left) * (bottom - top))
        share = shared / smaller if smaller > 0 else 0.0
        if share > best_share:
            best, best_share = track.track_id, share
    return best


def _thermal_only(hotspot: Hotspot, box: Box) -> Evidence:
    track_id = THERMAL_IDS + hotspot.hotspot_id
    track = Track(track_id, hotspot.kind, 1.0, box, Point(0.0, 0.0), hotspot.since, hotspot.since)
    return Evidence(track, None, hotspot.peak_celsius, hotspot)
