"""How often a camera speaks: the ladder, and what raises it."""

from types import SimpleNamespace

import pytest

from aimonitor.contract import frames
from aimonitor.edge.publisher import Hold, Ladder, Publisher, to_event
from aimonitor.edge.types import (
    Behavior,
    Box,
    Doing,
    Event,
    Evidence,
    Factor,
    Frame,
    Group,
    Observation,
    Point,
    Risk,
    Scene,
    SceneBehavior,
    Speed,
    Track,
)

JPEG = b"\xff\xd8picture"
SMALL = b"\xff\xd8small"


def observed(at, *, level="NORMAL", frame_id=1):
    picture = SimpleNamespace(width=160, height=120, jpeg=lambda: JPEG, thumbnail=lambda: SMALL)
    track = Track(7, "person", 0.876, Box(0.1, 0.2, 0.30004, 0.5), Point(0, 0), first_at=at - 2, seen_at=at)
    behavior = Behavior(7, Speed(3.14159), 90.4, doing=(Doing("loitering", at - 1),), dwell_s={"Gate": 3.0})
    factor = Factor("loitering", 0.25, "loitering 47 s in Gate", 7, "Gate", 47.0)
    return Observation(
        Frame("gate", frame_id, at, 1e9 + at, picture),
        (track,),
        Scene(
            (Evidence(track, behavior, 36.62),), groups=(Group("convoy", (7,), at),), persons=1, avg_speed=Speed(3.0)
        ),
        SceneBehavior({7: behavior}),
        Risk(0.25, level, (factor,), {7: 0.25}),
        (),
    )


def play(publisher, seconds, fps=10, start=100.0, **kinds):
    shots = []
    for n in range(int(seconds * fps)):
        at = start + n / fps
        shots.append(publisher.publish(observed(at, frame_id=n + 1, **kinds), fps=fps, dropped=0, now=at))
    said = [shot for shot in shots if shot]
    return len(said), sum(bool(shot.jpeg) for shot in said)


@pytest.mark.parametrize(
    ("resting", "figures", "pictures"),
    [("metadata", 40, 0), ("thumbnail", 40, 2), ("slow", 40, 20), ("full", 200, 200)],
)
def test_each_rung_keeps_its_pace(resting, figures, pictures):
    assert play(Publisher("e/gate", resting), seconds=20) == (figures, pictures)


def test_a_viewer_raises_the_rung_and_its_lapsed_lease_lowers_it():
    publisher = Publisher("e/gate")
    publisher.ladder.attend("full", at=100.0, lease_s=5.0)
    assert play(publisher, seconds=5) == (50, 50)
    assert publisher.ladder.rung(105.1) == "thumbnail"
    assert play(publisher, seconds=5, start=105.2)[1] <= 1


def test_nobody_can_lower_a_camera_below_its_resting_rung():
    publisher = Publisher("e/gate", "slow")
    publisher.ladder.attend("metadata", at=0.0, lease_s=10.0)
    assert publisher.ladder.rung(1.0) == "slow"


def test_an_unknown_rung_of_a_newer_hub_counts_as_slow():
    publisher = Publisher("e/gate")
    publisher.ladder.attend("telepathy", at=0.0, lease_s=10.0)
    assert publisher.ladder.rung(1.0) == "slow"


def test_a_change_of_level_is_said_at_once():
    publisher = Publisher("e/gate", "metadata")
    assert publisher.publish(observed(1.0), fps=10, dropped=0, now=1.0)
    assert not publisher.publish(observed(1.1), fps=10, dropped=0, now=1.1)
    assert publisher.publish(observed(1.2, level="ALERT"), fps=10, dropped=0, now=1.2)


def test_pictures_for_nobody_are_thumbnails_and_pictures_for_somebody_are_the_cameras_own():
    publisher = Publisher("e/gate")
    at_rest = publisher.publish(observed(1.0), fps=10, dropped=0, now=1.0)
    publisher.ladder.attend("full", at=2.0, lease_s=9.0)
    watched = publisher.publish(observed(2.0), fps=10, dropped=0, now=2.0)
    assert (at_rest.jpeg, at_rest.thumbnail, at_rest.resting) == (SMALL, True, True)
    assert (watched.jpeg, watched.thumbnail, watched.resting) == (JPEG, False, False)
    assert frames.decode_header(at_rest.frame(now=1.0))[0].thumbnail


def test_high_risk_raises_a_camera_that_nobody_watches_to_a_picture_a_second():
    publisher = Publisher("e/gate", "metadata")
    assert play(publisher, seconds=20, level="ALERT")[1] == 20
    assert play(publisher, seconds=20, start=130.0)[1] == 0


def test_a_command_holds_a_rung_until_its_time_is_over_and_the_next_one_replaces_it():
    ladder = Ladder("metadata")
    ladder.hold(Hold("slow", until=100.0))
    ladder.attend("full", at=0.0, lease_s=10.0)
    assert [ladder.rung(at) for at in (5.0, 11.0, 99.9, 100.0)] == ["full", "slow", "slow", "metadata"]
    ladder.hold(Hold("full", until=50.0))
    ladder.hold(Hold("slow", until=0.0))
    assert ladder.rung(20.0) == "metadata"


def test_a_command_raises_no_camera_above_its_budget():
    ladder = Ladder("metadata", ceiling=lambda: "thumbnail")
    ladder.hold(Hold("full", until=100.0))
    assert ladder.rung(1.0) == "thumbnail"


def test_a_limit_holds_on_every_rung():
    publisher = Publisher("e/gate", "full")
    publisher.ladder.limit(2.0)
    assert play(publisher, seconds=20)[1] == 40


def test_a_snapshot_goes_out_once_on_any_rung():
    publisher = Publisher("e/gate", "metadata")
    publisher.ladder.show_next()
    shots = [publisher.publish(observed(at), fps=10, dropped=0, now=at) for at in (1.0, 1.1, 1.2)]
    assert [bool(shot and shot.jpeg) for shot in shots] == [True, False, False]


def test_a_picture_tells_its_true_age_and_the_frame_it_belongs_to():
    publisher = Publisher("e/gate", "full")
    shot = publisher.publish(observed(50.0, frame_id=9), fps=10, dropped=0, now=50.1)
    header, offset = frames.decode_header(shot.frame(now=50.25))
    assert header.age_s == pytest.approx(0.25)
    assert header.frame_id == shot.observation.frame_id == 9
    assert shot.frame(now=51)[offset:] == JPEG


def test_an_observation_is_said_in_the_words_of_the_contract():
    said = Publisher("e/gate").publish(observed(50.0), fps=9.87, dropped=3, now=50.0).observation
    (track,) = said.tracks
    assert (said.source, said.width, said.height, said.fps, said.dropped) == ("e/gate", 160, 120, 9.9, 3)
    assert said.scene.convoy_detected
    assert (track.track_id, track.box, track.age_s, track.heading_deg) == (7, (0.1, 0.2, 0.3, 0.5), 2.0, 90)
    assert (track.doing, track.zones, track.hottest_celsius) == (("loitering",), ("Gate",), 36.6)
    assert sum(factor.contribution for factor in said.risk.factors) == said.risk.score


def test_an_event_keeps_its_number_and_its_frame():
    event = Event("i1", "loitering", "opened", 5.0, 1e9, 1e9, "ALERT", 0.61234, "words", track_ids=(7,), zone="Gate")
    said = to_event("e/gate", event, seq=42, frame_id=9)
    assert (said.seq, said.frame_id, said.score, said.track_ids, said.zone) == (42, 9, 0.612, (7,), "Gate")
