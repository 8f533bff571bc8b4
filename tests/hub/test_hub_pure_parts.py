"""The parts of the hub that decide and do not send."""

import asyncio

import pytest
from hub_peers import jpeg, said
from hypothesis import given
from hypothesis import strategies as st

from aimonitor.common.clock import ManualClock
from aimonitor.contract import founding, frames, messages
from aimonitor.hub.attention import AttentionDesk
from aimonitor.hub.audience import Audiences, Wish
from aimonitor.hub.cameras import Edge
from aimonitor.hub.clock_offset import ClockFilter, measure
from aimonitor.hub.commands import PENDING, CommandDesk
from aimonitor.hub.founding_bridge import Pairing, picture_of
from aimonitor.hub.identity.secret import token_of
from aimonitor.hub.intake import Intake
from aimonitor.hub.limits import Bucket, Guesses, Places, Strikes
from aimonitor.hub.metrics import Counters
from aimonitor.hub.outlet import LINES, Mailbox
from aimonitor.hub.parcel import Parcel
from aimonitor.hub.roster import Roster, RosterFullError, declare, own_camera
from aimonitor.hub.security import origin_allowed
from aimonitor.hub.sequence import Range, SequenceSet
from aimonitor.hub.settings import DeviceToken, HubSettings
from aimonitor.hub.traffic import Traffic

# --- numbers --------------------------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.integers(1, 60), st.integers(0, 9))), st.integers(0, 60), st.integers(1, 60))
def test_a_sequence_set_is_a_set(ranges, floor, first):
    numbers: set[int] = set()
    sequence = SequenceSet()
    for start, length in ranges:
        numbers.update(range(start, start + length))
        sequence.add_range(start, start + length - 1)
    assert {number for number in range(80) if number in sequence} == numbers
    assert sequence.highest == max(numbers, default=0)
    assert SequenceSet([Range(1, 99)]).replace(sequence.ranges) == 99 - len(numbers - {0})
    expected = floor
    while expected + 1 in numbers:
        expected += 1
    assert sequence.contiguous(floor) == expected
    missing = {number for gap in sequence.missing(first, 70) for number in range(gap.first, gap.last + 1)}
    assert missing == set(range(first, 71)) - numbers
    assert all(one.last + 1 < other.first for one, other in zip(sequence.ranges, sequence.ranges[1:], strict=False))


def test_adding_says_whether_it_was_new():
    sequence = SequenceSet([Range(1, 3)])
    assert [sequence.add(number) for number in (3, 4, 4)] == [False, True, False]


# --- events of an edge ----------------------------------------------------------------------------------------------


@given(st.sets(st.integers(1, 30)), st.integers(1, 30), st.integers(1, 40))
def test_the_lowest_gap_is_the_first_of_the_gaps(numbers, first, last):
    sequence = SequenceSet(Range(number, number) for number in numbers)
    gaps = sequence.missing(first, last)
    assert sequence.lowest_gap(first, last) == (gaps[0] if gaps else None)


def intake(have: SequenceSet, first: int, last: int, keep: int = 1000) -> Intake:
    return Intake(have, messages.Hello("t", "yard", journal_first=first, journal_last=last), keep, at=0.0)


def test_a_gap_is_asked_for_only_after_a_quiet_while():
    events = intake(SequenceSet([Range(1, 3), Range(6, 6)]), 1, 6)
    assert events.acked_seq == 3
    assert events.refill(1.9, heard_at=1.9) is None
    events.came(4, 1.9)
    assert events.refill(3.8, heard_at=3.8) is None
    assert events.refill(3.9, heard_at=3.9) == messages.Refill(3, 5)


def test_a_gap_is_asked_for_though_later_events_keep_coming():
    events = intake(SequenceSet([Range(1, 3)]), 1, 5)
    assert events.refill(0.1, heard_at=0.1) is None
    asked = []
    for tenth in range(2, 30):
        at = tenth / 10
        events.came(6 + tenth, at)
        asked.append(events.refill(at, heard_at=at))
    assert [each for each in asked if each] == [messages.Refill(3, 26)]


def test_an_edge_that_is_not_heard_is_not_taken_for_one_that_has_nothing():
    events = intake(SequenceSet([Range(3, 9)]), 1, 9)
    assert events.refill(2.0, heard_at=0.5) == messages.Refill(0, 2)
    assert [events.refill(at, heard_at=0.5) for at in (4.0, 8.0, 30.0, 60.0)] == [None] * 4
    assert events.refill(61.0, heard_at=60.5) == messages.Refill(0, 2)
    assert events.unavailable == 0


def test_what_the_edge_no_longer_has_is_not_asked_for():
    assert intake(SequenceSet(), 11, 20).acked_seq == 10
    assert intake(SequenceSet(), 21, 20).refill(100.0, heard_at=100.0) is None
    assert intake(SequenceSet(), 1, 5000, keep=100).acked_seq == 4900


def test_a_long_gap_is_asked_for_in_chunks():
    have = SequenceSet()
    events = intake(have, 1, 1200, keep=5000)
    assert events.refill(2.0, heard_at=2.0) == messages.Refill(0, 500)
    have.add_range(1, 500)
    events.came(500, 3.0)
    assert events.refill(5.0, heard_at=5.0) == messages.Refill(500, 1000)


def test_a_gap_that_stays_is_passed_over_and_counted():
    events = intake(SequenceSet([Range(3, 9)]), 1, 9)
    asked = [events.refill(at, heard_at=at) for at in (2.0, 4.0, 6.0)]
    assert asked == [messages.Refill(0, 2)] * 3
    assert (events.refill(8.0, heard_at=8.0), events.unavailable, events.acked_seq) == (None, 2, 9)


def test_a_store_in_trouble_does_not_make_events_unavailable():
    events = intake(SequenceSet(), 1, 2)
    for at in range(2, 40, 2):
        assert events.refill(float(at), heard_at=float(at)) == messages.Refill(0, 2)
        events.came(1, float(at))
    assert events.unavailable == 0


# --- clocks ---------------------------------------------------------------------------------------------------------


def test_the_offset_is_half_of_the_asymmetry():
    found = measure(sent_at=100.0, received_at=160.1, replied_at=160.2, returned_at=100.3)
    assert (found.offset_s, found.delay_s) == (pytest.approx(60.0), pytest.approx(0.2))


def test_the_measurement_with_the_shortest_way_is_believed():
    clock = ClockFilter()
    assert clock.offset_s is None
    clock.add(measure(0.0, 5.5, 5.5, 1.0))
    clock.add(measure(10.0, 15.0, 15.0, 10.01))
    clock.add(measure(20.0, 26.0, 26.0, 22.0))
    assert clock.offset_s == pytest.approx(4.995)


# --- who watches what -----------------------------------------------------------------------------------------------


def test_an_audience_is_divided_by_rungs():
    audiences: Audiences[str] = Audiences()
    audiences.set("everything", Wish(everything=True, rung="thumbnail"))
    audiences.set("one", Wish(frozenset({"a/b"})))
    audiences.set("figures", Wish(frozenset({"a/b"}), rung="metadata"))
    audiences.set("odd", Wish(frozenset({"a/b"}), rung="of_tomorrow"))
    found = audiences.of("a/b")
    assert set(found.figures) == {"everything", "one", "figures", "odd"}
    assert found.full == ("one",)
    assert dict(found.thinned) == {"everything": 10.0, "odd": 1.0}
    assert (audiences.rung("a/b"), audiences.rung("x/y")) == ("full", "thumbnail")
    audiences.remove("one")
    assert audiences.rung("a/b") == "slow"
    assert audiences.of("a/b").full == ()


def test_a_renewal_moves_only_the_end_of_a_wish():
    audiences: Audiences[str] = Audiences()
    assert audiences.set("one", Wish(frozenset({"a/b"}), until=10.0))
    assert not audiences.set("one", Wish(frozenset({"a/b"}), until=20.0))
    assert audiences.expired(15.0) == []
    assert audiences.expired(20.1) == ["one"]


wishes = st.builds(
    Wish,
    sources=st.frozensets(st.sampled_from(["a/a", "a/b", "b/a"])),
    everything=st.booleans(),
    rung=st.sampled_from(["metadata", "thumbnail", "slow", "full"]),
    layers=st.sampled_from([frozenset(), frozenset({"thermal"})]),
)


@given(st.lists(st.tuples(st.integers(0, 4), st.none() | wishes)))
def test_audiences_agree_with_the_wishes_however_they_came_about(steps):
    audiences: Audiences[int] = Audiences()
    now: dict[int, Wish] = {}
    ladder = ("metadata", "thumbnail", "slow", "full")
    for viewer, wish in steps:
        if wish is None:
            audiences.remove(viewer)
            now.pop(viewer, None)
        else:
            audiences.set(viewer, wish)
            now[viewer] = wish
        for source in ("a/a", "a/b", "b/a"):
            wanted = {v: w.rung for v, w in now.items() if w.everything or source in w.sources}
            assert set(audiences.of(source).figures) == set(wanted)
            assert set(audiences.of(source).full) == {v for v, rung in wanted.items() if rung == "full"}
            assert set(audiences.of(source).thermal) == {v for v in wanted if now[v].layers}
            assert audiences.rung(source) == max(wanted.values(), default="metadata", key=ladder.index)


def test_attention_is_told_on_change_and_renewed_before_it_lapses():
    rungs: dict[str, str] = {"yard/gate": "metadata"}
    layers: dict[str, tuple[str, ...]] = {}
    desk = AttentionDesk(lambda source: rungs[source], lambda source: layers.get(source, ()))
    edge = Edge("yard", 0.0)
    declare(edge, [messages.CameraInfo("gate")])
    assert desk.due(edge, 0.0) == []
    rungs["yard/gate"] = "slow"
    assert desk.due(edge, 1.0) == [messages.Attention("gate", "slow")]
    assert desk.due(edge, 5.9) == []
    assert desk.due(edge, 6.0) == [messages.Attention("gate", "slow")]
    rungs["yard/gate"] = "metadata"
    assert desk.due(edge, 6.1) == [messages.Attention("gate", "metadata")]
    assert desk.due(edge, 60.0) == []
    layers["yard/gate"] = ("thermal",)
    for at in (61.0, 66.0):  # heat is wanted over figures alone, and that lapses too
        assert desk.due(edge, at) == [messages.Attention("gate", "metadata", layers=("thermal",))]
    layers.clear()
    assert desk.due(edge, 67.0) == [messages.Attention("gate", "metadata")]
    assert desk.due(edge, 99.0) == []


def test_a_renewal_is_what_is_due_as_long_as_nobody_wants_anything_else():
    asked = []
    desk = AttentionDesk(lambda source: asked.append(source) or "slow", lambda _: ())
    edge = Edge("yard", 0.0)
    declare(edge, [messages.CameraInfo("gate")])
    assert desk.renewal(edge, 0.0) == [messages.Attention("gate", "slow")]
    asked.clear()
    assert [desk.renewal(edge, at) for at in (1.0, 2.0, 4.9)] == [[]] * 3
    assert asked == []
    assert desk.renewal(edge, 5.0) == [messages.Attention("gate", "slow")]
    declare(edge, [messages.CameraInfo("gate"), messages.CameraInfo("door")])
    assert desk.renewal(edge, 6.0) == [messages.Attention("door", "slow")]
    declare(edge, [messages.CameraInfo("gate"), messages.CameraInfo("shed")])
    assert desk.renewal(edge, 7.0) == [messages.Attention("shed", "slow")]
    assert desk.renewal(edge, 10.0) == [messages.Attention("gate", "slow")]
    desk.forget(edge)
    assert len(desk.renewal(edge, 10.1)) == 2


def test_a_camera_that_was_away_is_told_anew_and_nothing_is_remembered_of_those_that_are_gone():
    desk, edge = AttentionDesk(lambda _: "slow", lambda _: ()), Edge("yard", 0.0)
    for number in range(100):
        declare(edge, [messages.CameraInfo(f"c{number}")])
        assert desk.due(edge, 1.0) == [messages.Attention(f"c{number}", "slow")]
    declare(edge, [messages.CameraInfo("c0")])
    assert desk.due(edge, 1.0) == [messages.Attention("c0", "slow")]
    assert [list(each) for each in desk._said.values()] == [["c0"]]
    desk.forget(edge)
    assert not desk._said
    assert not desk._renew_at


# --- traffic --------------------------------------------------------------------------------------------------------


def test_the_forecast_is_the_last_hour_times_a_month():
    traffic = Traffic()
    for second in range(0, 7200, 10):
        traffic.came("picture yard/gate", b"x" * 992, float(second))
    (forecast,) = traffic.forecasts(7200.0)
    assert forecast.bytes_per_s == pytest.approx(100.0, rel=0.02)
    assert forecast.month_bytes == pytest.approx(100 * 30 * 86_400, rel=0.02)
    assert traffic.forecasts(7200.0 + 3600)[0].bytes_per_s == 0.0


def test_text_is_counted_in_bytes_and_headings_are_sorted_by_size():
    traffic = Traffic()
    traffic.came("figures yard/gate", "é" * 50, 0.0)
    traffic.went("picture yard/gate", 1000, 3)
    traffic.went("picture yard/door", 10, 0)
    shown = [(line.direction, line.kind, line.source, line.messages, line.bytes) for line in traffic.receipt()]
    assert shown == [("out", "picture", "yard/gate", 3, 3000), ("in", "figures", "yard/gate", 1, 106)]


# --- limits ---------------------------------------------------------------------------------------------------------


def test_places_are_counted_in_all_and_by_address():
    places = Places(total=3, per_address=2)
    assert [places.take(address) is None for address in ("a", "a", "a", "b", "c")] == [True, True, False, True, False]
    places.give_back("a")
    assert places.take("c") is None
    assert places.used == 3


def test_a_bucket_lets_a_burst_through_and_then_the_rate():
    bucket = Bucket(rate=2.0, burst=3.0, at=0.0)
    assert [bucket.take(0.0) for _ in range(4)] == [True, True, True, False]
    assert [bucket.take(0.5), bucket.take(0.5), bucket.take(9.0)] == [True, False, True]


def test_five_errors_within_a_minute_are_enough():
    strikes = Strikes()
    assert [strikes.add(at) for at in (0.0, 20.0, 40.0, 59.0, 61.0)] == [False] * 4 + [False]
    assert strikes.add(62.0)


def test_guesses_are_counted_by_address_and_forgiven_after_a_minute():
    guesses = Guesses()
    for _ in range(5):
        guesses.wrong("a", 0.0)
    assert (guesses.must_wait("a", 59.0), guesses.must_wait("b", 1.0), guesses.must_wait("a", 61.0)) == (
        True,
        False,
        False,
    )


@pytest.mark.parametrize(
    ("origin", "host", "allowed", "expected"),
    [
        (None, "hub", (), True),
        ("https://hub", "hub", (), True),
        ("https://HUB:8000", "hub:8000", (), True),
        ("https://hub.evil", "hub", (), False),
        ("file://hub", "hub", (), False),
        ("null", "null", (), False),
        ("https://x", "hub", ("https://x",), True),
        ("https://x", "hub", ("*",), True),
        ("https://x", None, (), False),
    ],
)
def test_origins(origin, host, allowed, expected):
    assert origin_allowed(origin, host, allowed) is expected


# --- tokens and settings --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tokens", ["yard:one,shop:two", {"yard": "one", "shop": "two"}])
def test_tokens_are_read_from_a_variable_or_a_table(tokens):
    read = HubSettings(tokens=tokens).tokens
    assert [(token.edge_id, token.secret.get_secret_value()) for token in read] == [("yard", "one"), ("shop", "two")]
    assert isinstance(read[0], DeviceToken)


def test_the_token_is_taken_from_headers_only():
    assert token_of({"authorization": "bearer  x y "}) == "x y"
    assert token_of({"x-token": "z"}) == "z"
    assert token_of({"authorization": "Basic abc"}) == ""


def test_a_platform_with_a_port_is_listened_to_on_every_address():
    from aimonitor.hub.settings import read

    assert (read(environ={}).host, read(environ={}).port) == ("127.0.0.1", 8000)
    assert (read(environ={"PORT": "10000"}).host, read(environ={"PORT": "10000"}).port) == ("0.0.0.0", 10000)
    assert read(environ={"PORT": "10000"}, overrides={"host": "127.0.0.1"}).host == "127.0.0.1"


def test_founding_variables_still_set_what_they_did():
    from aimonitor.hub.settings import read

    environ = {"WEBSOCKET_MAX_CONNECTIONS": "7", "CORS_ORIGINS": "https://a, https://b", "AIMONITOR_TOKENS": "yard:one"}
    settings = read(environ=environ)
    assert settings.max_connections == 7
    assert settings.cors_origins == ("https://a", "https://b")
    assert settings.tokens[0].edge_id == "yard"


# --- commands -------------------------------------------------------------------------------------------------------


def test_commands_are_renumbered_and_bounded():
    desk = CommandDesk()
    command = messages.Command("same", "yard/gate", "led")
    first, second = desk.ask("v1", command, 0.0), desk.ask("v2", command, 0.0)
    assert first.command_id != second.command_id
    assert desk.answer("yard", messages.CommandResult(second.command_id, True)).asked.viewer_id == "v2"
    assert desk.answer("yard", messages.CommandResult(second.command_id, True)) is None
    for _ in range(PENDING - 1):
        assert desk.ask("v1", command, 0.0)
    assert desk.ask("v1", command, 0.0) is None
    assert len(desk.expired(10.0)) == PENDING


# --- between the formats --------------------------------------------------------------------------------------------


def header(frame_id: int) -> frames.FrameHeader:
    return frames.FrameHeader("yard/gate", frame_id, float(frame_id), 160, 120)


def test_a_picture_waits_for_its_figures_but_not_beyond_the_next_picture():
    pairing = Pairing()
    assert pairing.observed(said(frame_id=1), 0.0).jpeg == b""
    assert pairing.pictured(header(1), b"one", 0.1).jpeg == b"one"
    assert pairing.pictured(header(2), b"two", 0.2) is None
    assert pairing.observed(said(frame_id=2), 0.3).jpeg == b"two"
    assert pairing.pictured(header(3), b"three", 0.4) is None
    late = pairing.pictured(header(4), b"four", 0.5)
    assert (late.frame_id, late.jpeg, late.said.frame_id) == (3, b"three", 2)
    assert pairing.observed(said(frame_id=3), 0.6) is None
    assert pairing.observed(said(frame_id=5), 0.7).jpeg == b"four"


def test_figures_alone_are_shown_when_no_pictures_come():
    pairing = Pairing()
    pairing.pictured(header(1), b"one", 0.0)
    pairing.observed(said(frame_id=1), 0.1)
    assert pairing.observed(said(frame_id=2), 0.9) is None
    assert pairing.observed(said(frame_id=3), 1.1).jpeg == b""


def test_a_picture_of_144_megapixels_is_not_shown():
    import base64

    def message(picture: bytes) -> founding.FoundingMessage:
        return founding.FoundingMessage(1, 1.0, 0.0, "NORMAL", base64.b64encode(picture).decode())

    assert picture_of(message(jpeg(12_000, 12_000))) is None
    assert picture_of(message(jpeg(1600, 1200))).size.width == 1600


# --- edges and cameras ----------------------------------------------------------------------------------------------


def test_the_roster_forgets_the_longest_absent_and_refuses_when_all_are_here():
    roster = Roster(max_edges=2)
    for utc, edge_id in enumerate(("old", "older")):
        roster.edge(edge_id, 10.0 - utc)
    roster.edge("old", 0.0).online = True
    roster.edge("new", 20.0).online = True
    assert sorted(edge.edge_id for edge in roster) == ["new", "old"]
    with pytest.raises(RosterFullError, match="expected at most 2 edges"):
        roster.edge("another", 30.0)


def test_an_edge_has_at_most_64_cameras():
    edge = Edge("yard", 0.0)
    for number in range(64):
        own_camera(edge, f"yard/c{number}")
    with pytest.raises(ValueError, match="at most 64 cameras"):
        own_camera(edge, "yard/one-more")


# --- the way out ----------------------------------------------------------------------------------------------------


def test_a_mailbox_keeps_the_newest_picture_and_a_bounded_number_of_lines():
    async def tell():
        sent, counters, gate = [], Counters(), asyncio.Event()

        async def send(payload):
            await gate.wait()
            sent.append(payload)

        clock = ManualClock()
        mailbox = Mailbox(send, clock, counters)
        running = asyncio.create_task(mailbox.run())
        mailbox.say(Parcel("first"))
        await asyncio.sleep(0)
        clock.advance(3.0)
        assert clock.monotonic() - mailbox.stalled_since == 3.0
        for number in range(LINES + 10):
            mailbox.say(Parcel(f"line {number}"))
            mailbox.put("picture a", Parcel(b"a%d" % number))
        mailbox.put("picture b", Parcel(b"b"))
        gate.set()
        while len(sent) < LINES + 3:
            await asyncio.sleep(0)
        running.cancel()
        assert mailbox.stalled_since is None
        return sent, counters

    sent, counters = asyncio.run(tell())
    assert sent[:2] == ["first", "line 10"]
    assert sent[-2:] == [b"a%d" % (LINES + 9), b"b"]
    assert (counters.messages_dropped, counters.messages_replaced) == (10, LINES + 9)
    assert counters.messages_out == LINES + 3
