"""What decides without sending: rules, lessons, silences, the threshold, commands, seals, the pace."""

import itertools

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aimonitor.bot import commands, learning
from aimonitor.bot.alerts import judge
from aimonitor.bot.commands import AskError
from aimonitor.bot.pace import Pace
from aimonitor.bot.report import is_due
from aimonitor.bot.seal import DATA_LIMIT, Press, Seal, short_name
from aimonitor.bot.silence import SilenceWatch
from aimonitor.bot.threshold import Tally
from aimonitor.bot.types import Chat, Hours, Incident, Urgency
from aimonitor.contract import messages

NOON = 12 * 60


def incident(level="ALERT", *, score=0.5, kind="loitering", source="yard/gate", zone="Gate", at=1000.0, **fields):
    event = messages.Event(source, 1, "i1", kind, "opened", at, at, level, score, zone=zone)
    return Incident(1, event, **{"labels": ("person",), "place": (0.4, 0.8), **fields})


def decide(one=None, chat=None, *, armed=True, lesson=None, now=1000.0, minute=NOON):
    return judge(one or incident(), chat or Chat(1), armed=armed, lesson=lesson, now=now, minute=minute)


# --- rules ------------------------------------------------------------------------------------------------------------

LESSON = learning.teach(incident(), 3, minute=NOON, by="Dana", at=1000.0, days=30)


@pytest.mark.parametrize(
    ("chat", "how", "outcome"),
    [
        (Chat(1), {}, "tell"),
        (Chat(1, blocked=True), {}, "ignored"),
        (Chat(1, cameras=("shop/door",)), {}, "ignored"),
        (Chat(1, level="CRITICAL"), {}, "ignored"),
        (Chat(1, muted_until=2000.0), {}, "held"),
        (Chat(1, muted_until=999.0), {}, "tell"),
        (Chat(1, snoozed={"yard/gate": 2000.0}), {}, "held"),
        (Chat(1, snoozed={"shop/door": 2000.0}), {}, "tell"),
        (Chat(1), {"armed": False}, "held"),
        (Chat(1), {"lesson": LESSON}, "learned"),
    ],
)
def test_the_rules_of_a_chat(chat, how, outcome):
    assert decide(chat=chat, **how).outcome == outcome


def test_what_is_critical_passes_mute_snooze_disarm_lessons_and_quiet_hours():
    chat = Chat(1, muted_until=2000.0, snoozed={"yard/gate": 2000.0}, quiet=Hours(0, 1439))
    verdict = decide(incident("CRITICAL"), chat, armed=False, lesson=LESSON)
    assert (verdict.outcome, verdict.urgency, verdict.silent) == ("tell", Urgency.CRITICAL, False)


def test_a_level_that_nobody_knows_is_told():
    assert decide(incident("APOCALYPSE"), Chat(1, level="ALERT")).outcome == "tell"


def test_quiet_hours_pass_midnight():
    chat = Chat(1, quiet=Hours.parse("22:00-07:00"))
    assert [decide(chat=chat, minute=m).silent for m in (21 * 60 + 59, 22 * 60, 0, 419, 420)] == [0, 1, 1, 1, 0]


@pytest.mark.parametrize(
    "text", ["", "22-7", "25:00-01:00", "22:60-23:00", "07:00-07:00", "22:00-07:00x", "٢٢:٠٠-٠٧:٠٠"]
)
def test_hours_that_are_none(text):
    with pytest.raises(ValueError, match="22:00-07:00"):
        Hours.parse(text)


# --- lessons ----------------------------------------------------------------------------------------------------------

GREY, RED = bytes([128] * 48), bytes([220, 80, 80] * 16)


@pytest.mark.parametrize(
    ("change", "recognized"),
    [
        ({}, True),
        ({"place": (0.45, 0.82)}, True),
        ({"place": (0.8, 0.8)}, False),
        ({"place": None}, False),
        ({"labels": ("person", "dog")}, False),
        ({"labels": ()}, True),
        ({"kind": "running"}, False),
        ({"zone": "Door"}, False),
        ({"source": "yard/door"}, False),
        ({"score": 0.64}, True),
        ({"score": 0.66}, False),
        ({"level": "CRITICAL"}, False),
    ],
)
def test_what_a_lesson_covers(change, recognized):
    assert (learning.recognize(incident(**change), NOON, [LESSON], 2000.0) is LESSON) is recognized


@pytest.mark.parametrize(("minute", "covered"), [(NOON - 90, True), (NOON + 90, True), (NOON + 91, False), (0, False)])
def test_a_lesson_is_of_a_time_of_day(minute, covered):
    assert (learning.recognize(incident(), minute, [LESSON], 2000.0) is not None) is covered


def test_times_of_day_are_near_across_midnight():
    late = learning.teach(incident(), 1, minute=1430, by="", at=0.0, days=30)
    assert learning.recognize(incident(), 30, [late], 1.0) is late


def test_a_lesson_with_an_appearance_asks_for_a_like_one():
    taught = msgspec.structs.replace(LESSON, look=GREY)
    assert learning.recognize(incident(look=GREY), NOON, [taught], 2000.0)
    assert not learning.recognize(incident(look=RED), NOON, [taught], 2000.0)
    assert not learning.recognize(incident(), NOON, [taught], 2000.0)


def test_lessons_expire():
    assert not learning.recognize(incident(), NOON, [LESSON], 1000.0 + 31 * 86_400)


# --- silences ---------------------------------------------------------------------------------------------------------


def told(watch, at):
    return [(news.kind, news.name, news.back) for news in watch.due(at, 5000.0 + at)]


def test_a_silence_is_told_once_and_so_is_its_end():
    watch = SilenceWatch(4.0)
    watch.edge("yard", False, 5000.0, 0.0)
    assert told(watch, 3.9) == []
    assert told(watch, 4.0) == [("edge", "yard", False)]
    assert told(watch, 100.0) == []
    watch.edge("yard", True, 5100.0, 100.0)
    assert told(watch, 100.0) == [("edge", "yard", True)]
    assert told(watch, 101.0) == []


def test_a_blink_is_no_news():
    watch = SilenceWatch(4.0)
    for at in range(0, 60, 4):
        watch.edge("yard", False, 5000.0, float(at))
        watch.edge("yard", True, 5000.0, at + 3.0)
        assert told(watch, at + 3.5) == []


def test_only_the_outermost_silence_is_told():
    watch = SilenceWatch(4.0)
    watch.camera("yard/gate", "offline", 0.0, 0.0)
    watch.edge("yard", False, 0.0, 0.0)
    watch.hub(False, 0.0, 0.0)
    assert told(watch, 10.0) == [("hub", "hub", False)]
    watch.hub(True, 20.0, 20.0)
    assert set(told(watch, 20.0)) == {("hub", "hub", True), ("edge", "yard", False)}
    watch.edge("yard", True, 0.0, 30.0)
    assert set(told(watch, 30.0)) == {("edge", "yard", True), ("camera", "yard/gate", False)}


def test_darkness_is_no_silence_and_delay_needs_to_last():
    watch = SilenceWatch(4.0)
    watch.camera("yard/gate", "dark", 0.0, 0.0)
    watch.camera("yard/door", "delayed", 0.0, 0.0)
    assert told(watch, 6.9) == []
    assert told(watch, 7.0) == [("camera", "yard/door", False)]


def test_what_was_told_before_a_restart_is_not_told_again():
    watch = SilenceWatch(4.0)
    watch.restore("edge", "yard", 4000.0)
    watch.edge("yard", False, 4000.0, 0.0)
    assert told(watch, 60.0) == []
    watch.edge("yard", True, 6000.0, 61.0)
    assert told(watch, 61.0) == [("edge", "yard", True)]


# --- the founding threshold -------------------------------------------------------------------------------------------


def seen(frame, tracks=1, **fields):
    views = tuple(messages.TrackView(n, "car", (0, 0, 1, 1)) for n in range(tracks))
    return messages.Observation("a/b", frame, 0.0, 1, 1, messages.RiskView(0, "NORMAL"), tracks=views, **fields)


def test_the_summary_comes_once_per_crossing_and_again_after_a_calm():
    tally = Tally(200, 60.0)
    crossings = []
    for frame in range(1, 1000):
        at = frame * 0.1 if frame < 500 else 200.0 + frame * 0.1
        tally.observe(seen(frame), at)
        if counts := tally.crossed(at):
            crossings.append((frame, counts.boxes, counts.objects))
        else:
            tally.crossed(at)
    assert [frame for frame, _, _ in crossings][:1] == [200]
    assert len(crossings) == 2
    assert crossings[0][1:] == (200, 1)


def test_boxes_objects_and_incidents_are_counted_apart():
    tally = Tally(10, 60.0, "incidents")
    for frame in range(1, 6):
        tally.observe(seen(frame, tracks=3), 1.0)
        tally.observe(seen(frame, tracks=3), 1.0)
    tally.observe(seen(6, analyzed=False), 1.0)
    tally.incident(1.0)
    counts = tally.counts(2.0)
    assert (counts.boxes, counts.objects, counts.incidents) == (15, 3, 1)
    assert tally.crossed(2.0) is None
    for _ in range(9):
        tally.incident(2.0)
    assert tally.crossed(2.0)
    assert tally.counts(100.0).boxes == 0


def test_a_founding_observation_counts_its_scene():
    tally = Tally(200, 60.0)
    tally.observe(seen(1, tracks=0, scene=messages.SceneView(vehicles=4, persons=2)), 0.0)
    assert tally.counts(0.0).boxes == 6


# --- commands and seals -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "name", "rest"),
    [
        ("/status", "status", ""),
        ("  /Mute 2h ", "mute", "2h"),
        ("/status@monitor_bot", "status", ""),
        ("/status@MONITOR_BOT x", "status", "x"),
    ],
)
def test_commands(text, name, rest):
    ask = commands.parse(text, "monitor_bot")
    assert (ask.name, ask.rest) == (name, rest)


@pytest.mark.parametrize("text", ["hello", "", "/", "/status@other_bot", "/статус", "//status", "a /status"])
def test_what_is_no_command(text):
    assert commands.parse(text, "monitor_bot") is None


@settings(deadline=None)
@given(st.text())
def test_no_text_breaks_the_reading(text):
    commands.parse(text, "monitor_bot")
    commands.parse("/" + text, "monitor_bot")


@pytest.mark.parametrize(
    ("words", "seconds"), [("30m", 1800), ("2h", 7200), ("1d", 86_400), ("45", 2700), ("9999d", 604_800), ("2 ч", 7200)]
)
def test_durations_of_a_mute(words, seconds):
    assert commands.duration_s(words) == seconds


@pytest.mark.parametrize("words", ["soon", "0h", "-1h", "1w", "1e9", "²h"])
def test_durations_that_are_none(words):
    with pytest.raises(AskError, match="30m or 2h"):
        commands.duration_s(words)


@pytest.mark.parametrize(
    "words", ["", "level", "level 9", "cameras", "cameras , ,", "cameras yard/gate,x", "quiet", "x"]
)
def test_rules_that_are_none(words):
    with pytest.raises(AskError, match="expected"):
        commands.change_rules(Chat(1), words, {"yard/gate": "yard/gate"})


def test_seals_are_of_one_chat_and_one_meaning():
    seal = Seal(b"0123456789abcdef")
    data = seal.close("ack", 123456789, -100123)
    assert len(data) <= DATA_LIMIT
    assert seal.open(data, -100123) == Press("ack", "123456789")
    assert seal.open(data, -100124) is None
    assert seal.open(data.replace("ack", "not"), -100123) is None
    assert Seal(b"another key here").open(data, -100123) is None
    assert len(seal.close("shot", short_name("e" * 64 + "/" + "c" * 64), -1)) <= DATA_LIMIT
    with pytest.raises(ValueError, match="64 bytes"):
        seal.close("shot", "x" * 60, 1)


@settings(deadline=None)
@given(st.text(max_size=80))
def test_nothing_that_is_made_up_opens(data):
    assert Seal(b"0123456789abcdef").open(data, 1) is None


# --- the pace ---------------------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(-2, 2).filter(bool), st.floats(0, 3)), min_size=1, max_size=120))
def test_the_pace_keeps_every_limit(requests):
    pace, at, sent = Pace(), 0.0, []
    for chat_id, took_s in requests:
        at += pace.wait_s(chat_id, at)
        assert pace.wait_s(chat_id, at) <= 1e-9
        pace.begin(at)
        sent.append((chat_id, at))
        at += took_s / 100
        pace.end(chat_id, at)
    for chat_id in {chat for chat, _ in sent}:
        times = [at for chat, at in sent if chat == chat_id]
        assert all(b - a >= 1.0 for a, b in itertools.pairwise(times))
        if chat_id < 0:
            assert all(b - a >= 60.0 for a, b in zip(times, times[20:], strict=False))


def test_a_pause_is_kept_and_is_of_one_chat():
    pace = Pace()
    pace.end(1, 10.0)
    pace.pause(1, 30.0, 10.0)
    pace.end(1, 10.0)
    assert 30.0 <= pace.wait_s(1, 10.0) < 30.1
    assert pace.wait_s(2, 10.0) == 0.0
    pace.pause_all(5.0, 10.0)
    assert pace.wait_s(2, 10.0) == 5.0


def test_the_report_comes_on_monday_at_nine_or_as_soon_as_possible():
    assert not is_due(1, 8, "2026-W47", "2026-W46")
    assert is_due(1, 9, "2026-W47", "2026-W46")
    assert is_due(4, 0, "2026-W47", "2026-W46")
    assert not is_due(4, 0, "2026-W47", "2026-W47")
