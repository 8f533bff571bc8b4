"""Scenes for the risk and event stages, made by hand and by hypothesis."""

from hypothesis import strategies as st

from aimonitor.edge.types import Behavior, Box, Crossing, Doing, Evidence, Group, Hotspot, Point, Scene, Speed, Track

NOON = 1_750_075_200.0
NIGHT = NOON + 12 * 3600
KINDS = ("loitering", "running", "intrusion", "approach", "wrong_way", "stopped", "object_left")


def evidence(track_id=1, *doing, label="person"):
    track = Track(track_id, label, 0.9, Box(0.1, 0.1, 0.2, 0.3), Point(0, 0), 0.0, 0.0)
    return Evidence(track, Behavior(track_id, Speed(1.0), doing=doing))


def scene(*seen, groups=(), crossings=(), hotspots=(), dark=False):
    persons = sum(one.track.label == "person" for one in seen)
    return Scene(
        seen, tuple(groups), tuple(crossings), tuple(hotspots), persons=persons, vehicles=len(seen) - persons, dark=dark
    )


def loiterer(seconds=40.0, track_id=1, zone="Gate"):
    return evidence(track_id, Doing("loitering", 0.0, zone, seconds))


def fire(celsius=200.0):
    return Hotspot(1, "fire", Box(0.4, 0.4, 0.5, 0.5), celsius, celsius - 50, 0.01, 0.0)


_zones = st.sampled_from(["", "Gate", "Yard"])
_doings = st.builds(Doing, st.sampled_from(KINDS), st.just(0.0), _zones, st.floats(0, 500))
_evidence = st.builds(
    lambda track_id, label, doing: evidence(track_id, *doing, label=label),
    st.integers(1, 9),
    st.sampled_from(["person", "car"]),
    st.lists(_doings, max_size=3),
)
scenes = st.builds(
    lambda seen, groups, crossings, hot, dark: scene(
        *seen, groups=groups, crossings=crossings, hotspots=hot, dark=dark
    ),
    st.lists(_evidence, max_size=4),
    st.lists(
        st.builds(Group, st.sampled_from(["crowd", "convoy"]), st.just((1, 2, 3)), st.just(0.0), _zones), max_size=2
    ),
    st.lists(st.builds(Crossing, st.integers(1, 9), _zones, st.sampled_from(["in", "out"]), st.booleans()), max_size=2),
    st.lists(st.builds(fire, st.floats(150, 300)), max_size=1),
    st.booleans(),
)
steps = st.lists(st.tuples(st.floats(0.01, 20.0), scenes), min_size=1, max_size=25)
"""Seconds that pass, and what is seen then."""
