"""The whole conversation: what happens at the cameras, what the chat shows, what a person presses, and what follows."""

import asyncio
import io
import re

import msgspec
import pytest
from bot_stage import OWNER, on_stage
from fake_hub import jpeg
from PIL import Image
from virtual_time import play

from aimonitor.contract import messages

PERSON = messages.TrackView(7, "person", (0.3, 0.3, 0.5, 0.8), 0.91, risk=0.4)


def test_an_incident_is_one_message_from_beginning_to_end(tmp_path):
    async def story():
        async with on_stage(tmp_path) as stage:
            stage.hub.tracks = (PERSON,)
            await stage.hub.say(stage.hub.observation())
            began = stage.clock.monotonic()
            await stage.hub.happen(stage.hub.event(track_ids=(7,)))
            await stage.until(lambda: stage.telegram.messages)
            alert = stage.telegram.messages[0]
            assert alert.at - began < 2.0
            assert alert.photo.startswith(b"\xff\xd8")
            assert "Alert" in alert.text
            assert "Camera gate" in alert.text
            assert "loitering" in alert.text
            assert "+35" in alert.text
            assert "going on" in alert.text
            assert not alert.silent
            await asyncio.sleep(20)
            await stage.hub.happen(stage.hub.event(phase="closed", opened_at=stage.clock.utc() - 20, track_ids=(7,)))
            await stage.until(lambda: "ended after 20 s" in alert.text)
            assert len(stage.telegram.messages) == 1
            assert ("yard/gate", "snapshot") in stage.hub.commands

    play(story())


def test_watching_costs_the_cameras_no_picture_until_something_happens(tmp_path):
    async def story():
        async with on_stage(tmp_path) as stage:
            await asyncio.sleep(300)
            assert len(stage.hub.wishes) >= 9
            assert all(wish.rung == "metadata" and wish.everything for wish in stage.hub.wishes)
            assert not stage.hub.commands

    play(story())


def test_what_somebody_asks_of_a_camera_is_no_incident(tmp_path):
    """The hub remembers each command as an event; a still for it would be the next command."""

    async def story():
        async with on_stage(tmp_path) as stage:
            stage.hub.obeys = False
            asked = stage.hub.event("command-1", "closed", kind=messages.COMMAND_KIND, level="NORMAL")
            await stage.hub.happen(asked)
            stage.hub.stored.append(msgspec.structs.replace(asked, incident_id="command-2"))
            await asyncio.sleep(60)
            assert not stage.hub.commands
            await stage.hub.happen(stage.hub.event())
            await stage.until(lambda: stage.telegram.messages)
            assert stage.telegram.messages[0].text.endswith("#1")

    play(story())


def test_an_alert_gets_a_clip_in_the_place_of_its_still(tmp_path):
    async def story():
        async with on_stage(tmp_path) as stage:
            stage.hub.tracks = (PERSON,)
            await stage.hub.happen(stage.hub.event(track_ids=(7,)), stage.hub.event("mild", level="WATCH"))
            await stage.until(lambda: len(stage.telegram.messages) == 2)
            alert, mild = stage.telegram.last(OWNER, "Alert"), stage.telegram.last(OWNER, "Watch")
            await stage.until(lambda: alert.photo.startswith(b"GIF8"))
            assert Image.open(io.BytesIO(alert.photo)).n_frames >= 5
            stage.telegram.press(alert, "Acknowledge")
            await stage.until(lambda: "Acknowledged" in alert.text)
            assert alert.photo.startswith(b"GIF8")
            assert mild.photo.startswith(b"\xff\xd8")
            assert len(stage.telegram.messages) == 2

    play(story())


def test_a_still_that_comes_late_is_put_into_the_same_message(tmp_path):
    async def story():
        async with on_stage(tmp_path) as stage:
            stage.hub.obeys = False
            stage.hub.pictures.clear()
            await stage.hub.happen(stage.hub.event())
            await stage.until(lambda: stage.telegram.messages, 2.0)
            alert = stage.telegram.messages[0]
            assert not alert.photo
            stage.hub.obeys = True
            await stage.hub.say(stage.hub.observation())
            stage.hub.pictures["yard/gate"] = (jpeg(), 5.0)
            await stage.until(lambda: alert.photo)
            assert len(stage.telegram.messages) == 1

    play(story())


def test_acknowledge_snooze_and_end_of_snooze(tmp_path):
    async def story():
        async with on_stage(tmp_path, chats="1001,1002") as stage:
            await stage.hub.happen(stage.hub.event())
            await stage.until(lambda: len(stage.telegram.messages) == 2)
            mine, theirs = stage.telegram.last(OWNER), stage.telegram.last(1002)
            stage.telegram.press(mine, "Acknowledge", name="Dana")
            await stage.until(lambda: "Dana" in mine.text and "Dana" in theirs.text)
            assert not [text for text in mine.buttons if "Acknowledge" in text]
            stage.telegram.press(mine, "Snooze")
            await stage.until(lambda: "snoozed" in mine.text)
            assert "snoozed" not in theirs.text
            await stage.hub.happen(stage.hub.event("i2"))
            await stage.until(lambda: "#2" in stage.telegram.last(1002).text)
            await asyncio.sleep(5)
            assert len(stage.telegram.texts(OWNER)) == 1
            stage.telegram.press(mine, "End snooze")
            await stage.until(lambda: "snoozed" not in mine.text)
            await stage.hub.happen(stage.hub.event("i3"))
            await stage.until(lambda: len(stage.telegram.texts(OWNER)) == 2)

    play(story())


def test_not_a_threat_teaches_is_shown_and_can_be_taken_back(tmp_path):
    async def story():
        async with on_stage(tmp_path) as stage:
            hub, telegram = stage.hub, stage.telegram
            hub.tracks = (PERSON,)
            await hub.say(hub.observation())
            await hub.happen(hub.event(track_ids=(7,)))
            await stage.until(lambda: telegram.messages and telegram.messages[0].photo)
            alert = telegram.messages[0]
            telegram.press(alert, "Not a threat")
            await stage.until(lambda: "Not a threat, says" in alert.text)

            await hub.happen(hub.event("i2", track_ids=(7,)))
            await stage.until(lambda: len(telegram.messages) == 2)
            learned = telegram.messages[1]
            assert "Recognized as no threat" in learned.text
            assert learned.silent
            await hub.happen(hub.event("i3", track_ids=(7,)))
            await stage.until(lambda: "#3" in learned.text)
            assert len(telegram.messages) == 2

            await hub.happen(hub.event("fire", level="CRITICAL", track_ids=(7,)))
            await stage.until(lambda: len(telegram.messages) == 3)
            assert "Critical" in telegram.messages[2].text

            telegram.press(learned, "#3")
            await stage.until(lambda: any("Forgotten" in text for text in telegram.texts(OWNER)))
            await hub.happen(hub.event("i5", track_ids=(7,)))
            await stage.until(lambda: any("#5" in m.text and "Alert" in m.text for m in telegram.messages))

            report = await stage.ask("/report")
            assert "missed 1" in report.text
            assert "saved 1" in report.text

    play(story())


def test_a_different_looking_thing_in_the_same_place_is_told(tmp_path):
    async def story():
        async with on_stage(tmp_path) as stage:
            hub, telegram = stage.hub, stage.telegram
            hub.tracks = (PERSON,)
            await hub.happen(hub.event(track_ids=(7,)))
            await stage.until(lambda: telegram.messages and telegram.messages[0].photo)
            telegram.press(telegram.messages[0], "Not a threat")
            await stage.until(lambda: "Not a threat, says" in telegram.messages[0].text)
            hub.tracks = (messages.TrackView(8, "truck", (0.3, 0.3, 0.5, 0.8), 0.9),)
            await hub.say(hub.observation())
            await hub.happen(hub.event("i2", track_ids=(8,)))
            await stage.until(lambda: len(telegram.messages) == 2)
            assert "Alert" in telegram.messages[1].text

    play(story())


def test_live_still_and_more_fps(tmp_path):
    async def story():
        async with on_stage(tmp_path) as stage:
            await stage.hub.happen(stage.hub.event())
            await stage.until(lambda: stage.telegram.messages)
            alert = stage.telegram.messages[0]
            stage.telegram.press(alert, "Live still")
            await stage.until(lambda: len(stage.telegram.messages) == 2)
            still = stage.telegram.messages[1]
            assert still.photo
            assert still.reply_to == alert.message_id
            stage.telegram.press(alert, "More fps")
            await stage.until(lambda: any(w.rung == "full" and w.sources == ("yard/gate",) for w in stage.hub.wishes))
            await stage.until(lambda: any("full speed" in text for text in stage.telegram.texts(OWNER)))

    play(story())


def test_an_old_picture_is_never_shown_as_one_of_now(tmp_path):
    async def story():
        async with on_stage(tmp_path, clip_s=0) as stage:
            stage.hub.obeys = False
            await stage.hub.happen(stage.hub.event())
            await stage.until(lambda: stage.telegram.messages)
            await asyncio.sleep(15)
            assert not stage.telegram.messages[0].photo
            answer = await stage.ask("/snapshot")
            assert answer.photo
            assert re.search(r"This picture is 1 min \d+ s old", answer.text)

    play(story())


def test_disarmed_means_only_critical_and_everybody_knows_who_did_it(tmp_path):
    async def story():
        async with on_stage(tmp_path, chats="1001,1002") as stage:
            stage.telegram.say(OWNER, "/disarm", name="Avi")
            await stage.until(lambda: stage.telegram.texts(OWNER) and stage.telegram.texts(1002))
            assert "Avi" in stage.telegram.last(1002).text
            await stage.hub.happen(stage.hub.event())
            await stage.hub.happen(stage.hub.event("i2", level="CRITICAL", kind="fire"))
            await stage.until(lambda: any("Critical" in text for text in stage.telegram.texts(OWNER)))
            await asyncio.sleep(5)
            assert not any("#1" in text for text in stage.telegram.texts(OWNER))
            status = await stage.ask("/status")
            assert "Disarmed" in status.text
            stage.telegram.press(status, "Arm")
            await stage.until(lambda: any("Armed by" in text for text in stage.telegram.texts(1002)))
            await stage.hub.happen(stage.hub.event("i3"))
            await stage.until(lambda: any("#3" in text for text in stage.telegram.texts(OWNER)))
            assert ("yard/gate", "disarm") in stage.hub.commands

    play(story())


def test_history_pages_without_gaps(tmp_path):
    async def story():
        async with on_stage(tmp_path) as stage:
            assert "Muted until 2023-11-15 00:30" in (await stage.ask("/mute 2h")).text
            for number in range(1, 26):
                await stage.hub.happen(stage.hub.event(f"i{number}"))
            page = await stage.ask("/history")
            seen = _numbers(page.text)
            for _ in range(2):
                before = len(stage.telegram.messages)
                stage.telegram.press(page, "Older")
                await stage.until(lambda before=before: len(stage.telegram.messages) > before)
                page = stage.telegram.messages[-1]
                seen += _numbers(page.text)
            assert seen == list(range(25, 0, -1))
            assert not page.buttons
            assert "2023-11-14" in page.text

    play(story())


def _numbers(text):
    return [int(line.split(" ")[0]) for line in text.splitlines()[1:]]


def test_every_question_has_an_answer_in_every_language(tmp_path):
    async def story():
        async with on_stage(tmp_path) as stage:
            await stage.hub.say(stage.hub.observation(tracks=(PERSON,)), stage.hub.status())
            await stage.hub.happen(stage.hub.event())
            await stage.until(lambda: stage.telegram.messages)
            for code, status in (("en", "Edges online"), ("ru", "Узлов на связи"), ("he", "יחידות מחוברות")):
                await stage.ask(f"/language {code}")
                assert status in (await stage.ask("/status")).text
                for question in ("/help", "/cameras", "/risk", "/stats", "/learned", "/report", "/rules", "/history"):
                    answer = await stage.ask(question)
                    assert "{" not in answer.text
                    if code == "he":
                        assert all(line.startswith("\u200f") for line in answer.raw.splitlines() if line), question
                snapshot = await stage.ask("/snapshot")
                assert snapshot.photo
                assert "Camera gate" in snapshot.text

    play(story())


def test_two_hundred_detections_bring_one_summary_and_another_after_a_pause(tmp_path):
    async def story():
        async with on_stage(tmp_path, detections_window_s=60) as stage:
            for _ in range(3):
                for _ in range(80):
                    await stage.hub.say(stage.hub.observation(tracks=(PERSON,)))
                await asyncio.sleep(2)
            await stage.until(lambda: stage.telegram.messages)
            await asyncio.sleep(10)
            assert len(stage.telegram.messages) == 1
            summary = stage.telegram.messages[0].text
            assert "200 detections reached" in summary
            assert "240 boxes" in summary
            assert "1 objects" in summary
            assert "0 incidents" in summary
            await asyncio.sleep(90)
            for _ in range(210):
                await stage.hub.say(stage.hub.observation(tracks=(PERSON,)))
            await stage.until(lambda: len(stage.telegram.messages) == 2)

    play(story())


def test_silence_of_an_edge_a_camera_and_the_hub_is_told_within_15_seconds(tmp_path):
    async def story():
        async with on_stage(tmp_path) as stage:
            hub, telegram = stage.hub, stage.telegram
            await hub.say(hub.status())
            went = stage.clock.monotonic()
            await hub.say(hub.presence(online=False), hub.status("offline"))
            await stage.until(lambda: telegram.messages)
            assert telegram.messages[0].at - went < 9.0
            assert "yard" in telegram.messages[0].text
            await asyncio.sleep(10)
            assert len(telegram.messages) == 1, "a camera of a silent edge is no news"
            await hub.say(hub.presence(online=True), hub.status("live"))
            await stage.until(lambda: len(telegram.messages) == 2)
            assert "is back" in telegram.messages[1].text
            assert telegram.messages[1].reply_to == telegram.messages[0].message_id
            await stage.until(lambda: "was away" in telegram.messages[0].text)

            await hub.say(hub.status("frozen"))
            await stage.until(lambda: "frozen" in telegram.messages[-1].text, 15)
            await hub.say(hub.status("live"))
            await stage.until(lambda: "live again" in telegram.messages[-1].text)

            port = hub.port
            await hub.stop()
            await stage.until(lambda: "hub cannot be reached" in telegram.messages[-1].text, 15)
            await hub.start(port)
            await stage.until(lambda: "hub is back" in telegram.messages[-1].text)
            await asyncio.sleep(20)
            assert not any("yard" in m.text for m in telegram.messages[4:])

    play(story())


@pytest.mark.parametrize("ahead_s", [0.0, 3600.0, -3600.0])
def test_how_long_a_camera_was_away_is_told_right_whatever_its_edges_clock_says(tmp_path, ahead_s):
    async def story():
        async with on_stage(tmp_path) as stage:
            hub, telegram = stage.hub, stage.telegram
            await hub.say(msgspec.structs.replace(hub.presence(), clock_offset_s=ahead_s))
            await hub.say(msgspec.structs.replace(hub.status("frozen"), since=stage.clock.utc() + ahead_s))
            await asyncio.sleep(60)
            await hub.say(msgspec.structs.replace(hub.status("live"), since=stage.clock.utc() + ahead_s))
            await stage.until(lambda: "live again" in telegram.messages[-1].text)
            assert "after 1 min" in telegram.messages[-1].text

    play(story())


def test_quiet_hours_are_without_sound_but_not_for_fire(tmp_path):
    async def story():
        async with on_stage(tmp_path, quiet_hours="22:00-23:59") as stage:
            await stage.hub.happen(stage.hub.event())
            await stage.until(lambda: len(stage.telegram.messages) == 1)
            assert stage.telegram.messages[0].silent
            await stage.hub.happen(stage.hub.event("i2", kind="fire", level="CRITICAL"))
            await stage.until(lambda: len(stage.telegram.messages) == 2)
            assert not stage.telegram.messages[1].silent

    play(story())


def test_rules_of_a_chat(tmp_path):
    async def story():
        async with on_stage(tmp_path) as stage:
            assert "Alert" in (await stage.ask("/rules level alert")).text
            await stage.hub.happen(stage.hub.event(level="WATCH"))
            await stage.hub.happen(stage.hub.event("i2", level="ALERT"))
            await stage.until(lambda: any("#2" in text for text in stage.telegram.texts(OWNER)))
            assert not any("#1" in text for text in stage.telegram.texts(OWNER))
            wrong = await stage.ask("/rules cameras nowhere")
            assert "nowhere" in wrong.text
            assert "Camera gate" in (await stage.ask("/rules cameras yard/gate")).text
            assert "expected hours" in (await stage.ask("/rules quiet 25:00-7")).text

    play(story())
