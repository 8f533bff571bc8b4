"""At rest the hub is told what changed, and the whole every ten seconds; a new connection knows nothing."""

from aimonitor.contract import delta, messages
from aimonitor.contract.messages import Delta, Observation, RiskView, TrackView
from aimonitor.edge.publisher import Shot
from aimonitor.edge.retelling import Retelling


def shot(frame_id, at, x=0.1, *, resting=True, source="yard/gate"):
    track = TrackView(7, "person", (x, 0.2, x + 0.1, 0.8))
    said = Observation(source, frame_id, 1.7e9 + at, 640, 480, RiskView(0.1, "NORMAL"), tracks=(track,))
    return Shot(said, at, resting=resting)


def test_what_changed_is_told_and_puts_together_what_was_seen():
    retelling = Retelling()
    whole = retelling.words(shot(1, 0.0))
    short = retelling.words(shot(2, 0.5, x=0.2))
    assert isinstance(whole, Observation)
    assert isinstance(short, Delta)
    assert delta.apply(whole, short).tracks[0].box[0] == 0.2


def test_every_ten_seconds_and_while_somebody_looks_it_is_the_whole():
    retelling = Retelling()
    kinds = [type(retelling.words(shot(n, n / 2))) for n in range(22)]
    assert [n for n, kind in enumerate(kinds) if kind is Observation] == [0, 20]
    assert type(retelling.words(shot(30, 11.0, resting=False))) is messages.Observation
    assert type(retelling.words(shot(31, 11.5))) is Delta


def test_cameras_and_connections_are_told_apart():
    retelling = Retelling()
    retelling.words(shot(1, 0.0))
    assert type(retelling.words(shot(1, 0.0, source="yard/door"))) is Observation
    retelling.begin()
    assert type(retelling.words(shot(2, 0.5))) is Observation
