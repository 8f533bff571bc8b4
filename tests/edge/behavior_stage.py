"""Tracks made by hand for the behavior stage."""

from collections.abc import Callable, Iterable

from aimonitor.edge.behavior import BehaviorAnalyzer, Rules, Site
from aimonitor.edge.types import Box, Point, SceneBehavior, Size, Track

SIZE = Size(640, 480)
FPS = 5.0


def track(
    track_id=1,
    label="person",
    x=0.5,
    foot=0.6,
    at=0.0,
    width=0.06,
    height=0.2,
    coasting=False,
    first_at=0.0,
    velocity=(0.0, 0.0),
):
    """A track whose foot is at (x, foot)."""
    box = Box(x - width / 2, foot - height, x + width / 2, foot)
    return Track(track_id, label, 0.9, box, Point(*velocity), first_at, at, coasting)


def watch(
    analyzer: BehaviorAnalyzer, see: Callable[[float], Iterable[Track]], seconds: float, start: float = 0.0
) -> list[SceneBehavior]:
    """Show the analyzer what `see` gives at each frame."""
    frames = [start + index / FPS for index in range(int(seconds * FPS) + 1)]
    return [analyzer.update(list(see(at)), SIZE, at) for at in frames]


def analyzer(*, zones=(), lines=(), ground=None, **rules) -> BehaviorAnalyzer:
    return BehaviorAnalyzer(Site(tuple(zones), tuple(lines), ground, Rules(**rules)))


def kinds(behavior: SceneBehavior, track_id: int = 1) -> set[str]:
    return {doing.kind for doing in behavior.by_track[track_id].doing}
