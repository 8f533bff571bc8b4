"""Hotspots: what stands out, what it means, and when there is nothing to say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aimonitor.edge.thermal import ThermalAnalyzer, ThermalRules
from aimonitor.edge.thermal_regions import regions
from aimonitor.edge.types import ThermalReading
from aimonitor.simulator.scripts import build

SHAPE = (24, 32)


def reading(at, *spots, ambient=20.0, noise=0.2, shape=SHAPE):
    """A picture of even warmth with warm boxes: (top, left, rows, columns, celsius)."""
    draw = np.random.default_rng(round(at * 1000))
    celsius = (ambient + draw.normal(0, noise, shape)).astype(np.float32)
    for top, left, rows, columns, warm in spots:
        celsius[top : top + rows, left : left + columns] = warm
    return ThermalReading("sensor", at, celsius)


def run(analyzer, spots, seconds, every_s=0.25, start=0.0):
    """The scenes while `spots(at)` gives what is warm."""
    moments = [start + index * every_s for index in range(int(seconds / every_s) + 1)]
    return [analyzer.update(reading(at, *spots(at)), at) for at in moments]


def test_without_a_sensor_nothing_is_active():
    assert not ThermalAnalyzer().update(None, 0.0).active


def test_a_sensor_is_active_while_it_is_heard_and_its_spots_do_not_outlive_it():
    analyzer = ThermalAnalyzer(ThermalRules(alive_for_s=5.0))
    assert run(analyzer, lambda at: [(5, 5, 4, 3, 33.0)], 3.0)[-1].hotspots
    assert analyzer.update(None, 7.0).active
    late = analyzer.update(None, 8.5)
    assert (late.active, late.hotspots) == (False, ())


def test_an_even_picture_has_no_hotspots():
    scenes = run(ThermalAnalyzer(), lambda at: [], 60.0)
    assert not any(scene.hotspots for scene in scenes)
    assert scenes[-1].ambient_celsius == pytest.approx(20.0, abs=0.5)


def test_a_person_is_one_warm_spot_with_one_id_wherever_they_go():
    scenes = run(ThermalAnalyzer(), lambda at: [(8, min(26, 2 + int(at * 2)), 6, 3, 32.0)], 12.0)
    seen = [scene.hotspots for scene in scenes[2:]]
    assert all(len(spots) == 1 for spots in seen)
    assert {spots[0].hotspot_id for spots in seen} == {1}
    assert {spots[0].kind for spots in seen} == {"warm"}
    assert seen[-1][0].box.x1 == pytest.approx(26 / 32)


def test_who_stands_there_at_the_start_is_seen_too():
    assert len(run(ThermalAnalyzer(), lambda at: [(8, 10, 6, 3, 32.0)], 2.0)[-1].hotspots) == 1


def test_who_stands_still_is_not_forgotten_for_minutes_but_a_radiator_is_within_hours():
    analyzer = ThermalAnalyzer()
    assert run(analyzer, lambda at: [(8, 10, 6, 3, 26.0)], 300.0, every_s=1.0)[-1].hotspots
    assert not run(analyzer, lambda at: [(8, 10, 6, 3, 26.0)], 9000.0, every_s=4.0, start=301.0)[-1].hotspots


def test_a_warm_pixel_of_one_reading_is_noise():
    scenes = run(ThermalAnalyzer(), lambda at: [(3, 3, 1, 2, 30.0)] if at == 2.0 else [], 4.0)
    assert not any(scene.hotspots for scene in scenes)


@pytest.mark.parametrize(("celsius", "kind"), [(33.0, "warm"), (60.0, "hot"), (95.0, "overheating"), (200.0, "fire")])
def test_the_peak_names_what_is_hot(celsius, kind):
    last = run(ThermalAnalyzer(), lambda at: [(8, 10, 3, 3, celsius)] if at > 1 else [], 12.0)[-1]
    assert [spot.kind for spot in last.hotspots] == [kind]


def test_a_hot_region_that_keeps_growing_is_like_a_fire():
    def flames(at):
        side = 2 + int(max(0.0, at - 2) * 0.8)
        return [(2, 2, side, side, 75.0)]

    scenes = run(ThermalAnalyzer(), flames, 14.0)
    assert "fire" in {spot.kind for scene in scenes for spot in scene.hotspots}
    assert max(spot.growth_per_s for scene in scenes for spot in scene.hotspots) > 0.1


def test_a_hot_region_that_stays_as_it_is_is_not():
    scenes = run(ThermalAnalyzer(), lambda at: [(2, 2, 4, 4, 75.0)], 30.0)
    assert {spot.kind for scene in scenes for spot in scene.hotspots} == {"hot"}


def test_a_machine_that_warms_steadily_is_overheating_before_it_is_too_hot():
    scenes = run(ThermalAnalyzer(), lambda at: [(8, 10, 4, 4, 38.0 + 0.2 * at)], 120.0)
    kinds = [next(iter(scene.hotspots)).kind for scene in scenes[4:]]
    first = kinds.index("overheating")
    assert 38.0 + 0.2 * first * 0.25 < 60.0


def test_two_people_are_two_spots_and_ids_are_never_reused():
    analyzer = ThermalAnalyzer()
    run(analyzer, lambda at: [(8, 4, 6, 3, 32.0), (8, 24, 6, 3, 31.0)], 3.0)
    run(analyzer, lambda at: [], 4.0, start=3.25)
    last = run(analyzer, lambda at: [(8, 14, 6, 3, 32.0)], 3.0, start=8.0)[-1]
    assert [spot.hotspot_id for spot in last.hotspots] == [3]


def test_dead_pixels_are_neither_warm_nor_an_error():
    analyzer = ThermalAnalyzer()
    for step in range(20):
        picture = reading(step * 0.25, (8, 10, 6, 3, 32.0))
        picture.celsius[0, :] = np.nan
        scene = analyzer.update(picture, step * 0.25)
    assert len(scene.hotspots) == 1
    assert np.isfinite(scene.ambient_celsius)


def test_another_shape_starts_anew():
    analyzer = ThermalAnalyzer()
    run(analyzer, lambda at: [(8, 10, 6, 3, 32.0)], 2.0)
    scene = analyzer.update(reading(2.5, shape=(8, 8)), 2.5)
    assert (scene.active, scene.hotspots) == (True, ())


def test_the_sensors_own_temperature_is_the_ambient_where_it_is_known():
    picture = reading(0.0)
    known = ThermalReading("sensor", 0.0, picture.celsius, 17.5)
    assert ThermalAnalyzer().update(known, 0.0).ambient_celsius == 17.5


@given(st.lists(st.lists(st.booleans(), min_size=9, max_size=9), min_size=1, max_size=9))
def test_regions_are_the_connected_components(rows):
    mask = np.array(rows)
    celsius = np.where(mask, 30.0, 20.0).astype(np.float32)
    left = {(int(row), int(column)) for row, column in np.argwhere(mask)}
    sizes = []
    while left:
        edge, size = [left.pop()], 0
        while edge:
            row, column = edge.pop()
            size += 1
            around = {(row + i, column + j) for i in (-1, 0, 1) for j in (-1, 0, 1)} & left
            left -= around
            edge.extend(around)
        sizes.append(size)
    assert sorted(region.pixels for region in regions(mask, celsius, limit=100)) == sorted(sizes)


@pytest.mark.parametrize("name", ["fire", "overheating", "night"])
def test_the_scripted_heat_is_recognized(name):
    scene = build(name, 2)
    analyzer = ThermalAnalyzer()
    seen = set()
    for step in range(int(scene.duration_s * 2)):
        at = step / 2
        seen |= {spot.kind for spot in analyzer.update(ThermalReading("s", at, scene.celsius(at)), at).hotspots}
    assert {"night": "warm"}.get(name, name) in seen
    assert ("fire" in seen) == (name == "fire")
