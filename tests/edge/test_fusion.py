"""Seen + done + felt."""

import pytest

from aimonitor.edge.fusion import THERMAL_IDS, Alignment, fuse
from aimonitor.edge.types import Behavior, Box, Group, Hotspot, Point, SceneBehavior, Speed, ThermalScene, Track


def track(track_id, box, label="person"):
    return Track(track_id, label, 0.9, Box(*box), Point(0, 0), 0.0, 0.0)


def hotspot(box, hotspot_id=1, kind="warm", peak=33.0):
    return Hotspot(hotspot_id, kind, Box(*box), peak, peak - 1, 0.02, 0.0)


def felt(*hotspots):
    return ThermalScene(True, hotspots, 20.0)


NOBODY = SceneBehavior()


def test_a_hotspot_belongs_to_the_track_that_covers_it():
    tracks = [track(1, (0.1, 0.2, 0.3, 0.8)), track(2, (0.6, 0.2, 0.8, 0.8))]
    scene = fuse(tracks, NOBODY, felt(hotspot((0.62, 0.3, 0.78, 0.7))))
    assert [evidence.hottest_celsius for evidence in scene.evidence] == [None, 33.0]


def test_of_two_hotspots_on_one_track_the_hotter_is_told():
    spots = felt(hotspot((0.1, 0.2, 0.3, 0.4), 1, peak=31.0), hotspot((0.1, 0.5, 0.3, 0.8), 2, "hot", 70.0))
    scene = fuse([track(1, (0.1, 0.2, 0.3, 0.8))], NOBODY, spots)
    assert scene.evidence[0].hotspot.hotspot_id == 2
    assert len(scene.hotspots) == 2


def test_in_the_dark_a_hotspot_without_a_track_is_one():
    spots = felt(hotspot((0.4, 0.4, 0.5, 0.6), 7))
    by_day, by_night = (fuse([], NOBODY, spots, brightness) for brightness in (0.5, 0.03))
    assert (by_day.evidence, by_day.dark) == ((), False)
    assert by_night.dark
    only = by_night.evidence[0]
    assert (only.track.track_id, only.track.label, only.behavior) == (THERMAL_IDS + 7, "warm", None)
    assert by_night.persons == 0


def test_masked_tracks_are_left_out_of_everything():
    tracks = [track(1, (0.1, 0.2, 0.3, 0.8)), track(2, (0.6, 0.2, 0.8, 0.8), "car")]
    scene = fuse(tracks, SceneBehavior(masked=frozenset({1})), felt())
    assert [evidence.track.track_id for evidence in scene.evidence] == [2]
    assert (scene.persons, scene.vehicles, scene.animals) == (0, 1, 0)


def test_what_was_done_comes_along():
    behavior = SceneBehavior({1: Behavior(1, Speed(3.0))}, (), (Group("crowd", (1,), 0.0),), Speed(3.0))
    scene = fuse([track(1, (0.1, 0.2, 0.3, 0.8))], behavior, ThermalScene())
    assert scene.evidence[0].behavior == behavior.by_track[1]
    assert (scene.groups, scene.avg_speed, scene.thermal_active) == (behavior.groups, Speed(3.0), False)


def test_the_alignment_takes_the_sensors_picture_to_the_cameras():
    corners = [Point(0, 0), Point(1, 0), Point(1, 1), Point(0, 1)]
    image = [Point(0.25 + 0.5 * x, 0.1 + 0.8 * y) for x, y in corners]
    alignment = Alignment.fit(corners, image)
    assert alignment.box(Box(0, 0, 1, 1)) == pytest.approx((0.25, 0.1, 0.75, 0.9))
    assert alignment.box(Box(0.5, 0.5, 3, 3)) == pytest.approx((0.5, 0.5, 1.0, 1.0))
    scene = fuse([track(1, (0.25, 0.1, 0.45, 0.5))], NOBODY, felt(hotspot((0, 0, 0.3, 0.4))), alignment=alignment)
    assert scene.evidence[0].hottest_celsius == 33.0


@pytest.mark.parametrize(
    ("thermal", "said"),
    [
        ([Point(0, 0), Point(1, 0)], "at least 3 pairs"),
        ([Point(0, 0), Point(1, 1), Point(2, 2)], "do not lie on one line"),
    ],
)
def test_an_alignment_needs_three_points_that_span_something(thermal, said):
    with pytest.raises(ValueError, match=said):
        Alignment.fit(thermal, thermal)
