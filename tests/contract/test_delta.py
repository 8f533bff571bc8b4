"""Figures as what changed: small, and the same on both sides."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aimonitor.contract import codec, delta
from aimonitor.contract.messages import Delta, Factor, Observation, RiskView, SceneView, Speed, TrackView

edges = st.floats(0, 1)
boxes = st.tuples(edges, edges, edges, edges)
tracks = st.lists(
    st.builds(
        TrackView,
        track_id=st.integers(1, 6),
        label=st.sampled_from(("person", "car")),
        box=boxes,
        score=st.just(0.9),
        doing=st.sampled_from(((), ("loitering",))),
    ),
    max_size=6,
    unique_by=lambda track: track.track_id,
).map(tuple)
risks = st.builds(RiskView, score=edges, level=st.sampled_from(("NORMAL", "ALERT")))
observations = st.builds(
    Observation,
    source=st.just("e/c"),
    frame_id=st.integers(1, 1000),
    captured_at=st.floats(0, 1e9),
    width=st.just(640),
    height=st.just(480),
    risk=risks,
    scene=st.builds(SceneView, persons=st.integers(0, 3)),
    tracks=tracks,
)


def by_id(said):
    return {track.track_id: track for track in said.tracks}


@given(observations, observations)
def test_what_matters_arrives(base, new):
    got = delta.apply(base, msgspec.json.decode(codec.encode(delta.difference(base, new)), type=Delta))
    assert got is not None
    assert (got.frame_id, got.captured_at, got.scene.persons) == (new.frame_id, new.captured_at, new.scene.persons)
    assert got.risk.level == new.risk.level
    assert abs(got.risk.score - new.risk.score) < 0.02
    assert by_id(got).keys() == by_id(new).keys()
    for track_id, track in by_id(new).items():
        other = by_id(got)[track_id]
        assert (other.label, other.doing) == (track.label, track.doing)
        assert other.box == pytest.approx(track.box, abs=0.00051)


@given(observations, st.lists(observations, min_size=1, max_size=5))
def test_a_chain_of_deltas_does_not_drift(first, rest):
    told = first
    for new in rest:
        told = delta.apply(told, delta.difference(told, new))
        assert told.risk.level == new.risk.level
        for track_id, track in by_id(new).items():
            assert by_id(told)[track_id].box == pytest.approx(track.box, abs=0.00051)


def test_a_delta_on_another_frame_is_of_no_use():
    one = Observation("e/c", 1, 1.0, 640, 480, RiskView(0.1, "NORMAL"))
    other = msgspec.structs.replace(one, frame_id=2)
    assert delta.apply(other, delta.difference(one, other)) is None
    elsewhere = msgspec.structs.replace(one, source="e/d")
    assert delta.apply(elsewhere, delta.difference(one, other)) is None


def test_ten_people_on_the_move_cost_less_than_a_third():
    def crowd(shift):
        people = tuple(
            TrackView(
                n, "person", (n / 20 + shift, 0.3, n / 20 + 0.05 + shift, 0.6), 0.87, Speed(43.2 + shift), 91, 12.0
            )
            for n in range(10)
        )
        factors = (Factor("person", 0.31, "10 persons"), Factor("night", 0.15, "night (23:10)"))
        risk = RiskView(0.46, "WATCH", factors)
        return Observation("yard/gate", 1000, 1.7e9, 640, 480, risk, SceneView(persons=10), people, 5.0)

    whole = codec.encode(crowd(0.01))
    short = codec.encode(delta.difference(crowd(0.0), crowd(0.01)))
    assert len(short) < len(whole) / 3


def test_a_still_scene_costs_next_to_nothing():
    one = Observation("yard/gate", 1000, 1.7e9, 640, 480, RiskView(0.1, "NORMAL"), SceneView(persons=0))
    short = codec.encode(delta.difference(one, msgspec.structs.replace(one, frame_id=1010, captured_at=1.7e9 + 0.5)))
    assert len(short) < 110
