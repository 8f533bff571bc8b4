"""What goes wrong on the way to Telegram, and what the chats see of it: everything once, nothing too fast."""

import asyncio
import logging
import re

import msgspec
import pytest
from bot_stage import OWNER, Stage, on_stage
from fake_telegram import TOKEN, Fault
from virtual_time import play

from aimonitor.bot import app, gate
from aimonitor.bot.app import BotError
from aimonitor.bot.telegram import Telegram
from aimonitor.bot.types import Card, Content

GROUP = -100200300


async def _burst(stage, count, seconds, critical_every=10**9):
    for number in range(1, count + 1):
        level = "ALERT" if number % critical_every else "CRITICAL"
        await stage.hub.happen(stage.hub.event(f"b{number}", level=level))
        await asyncio.sleep(seconds / count)


def _told(stage, chat_id):
    """How often each incident is told of in a chat, alone or in a digest."""
    numbers = re.findall(r"#(\d+)", " ".join(stage.telegram.texts(chat_id)))
    return sorted(int(number) for number in numbers)


def test_two_hundred_alerts_in_five_seconds_every_tenth_call_answered_429(tmp_path, measured):
    async def story():
        async with on_stage(tmp_path, chats="1001,1002,1003") as stage:
            chats = (1001, 1002, 1003)
            stage.telegram.every_tenth_is_429 = True
            began = stage.clock.monotonic()
            await _burst(stage, 200, 5.0, critical_every=10)
            await stage.until(lambda: all(len(_told(stage, chat)) >= 200 for chat in chats), 120)
            took_s = stage.clock.monotonic() - began
            await asyncio.sleep(30)
            for chat in chats:
                assert _told(stage, chat) == list(range(1, 201))
                assert stage.telegram.closest_s(chat) >= 1.0
                assert sum(text.startswith("🔴 Critical") for text in stage.telegram.texts(chat)) == 20
                assert len(stage.telegram.texts(chat)) < 40
            assert stage.telegram.refused[429] >= 6
            assert took_s < 90
            told = f"600 of 600 in {took_s:.0f} s, {stage.telegram.refused[429]} answers of 429"
            closest = min(stage.telegram.closest_s(chat) for chat in chats)
            measured("L5", "200 alerts in 5 s to 3 chats, 429 every 10th: told exactly once", "all", told)
            measured("L5", "messages to one chat", "<= 1 a second", f"{closest:.2f} s apart at least")

    play(story())


def test_a_critical_incident_is_never_lost_in_a_digest(tmp_path):
    async def story():
        async with on_stage(tmp_path) as stage:
            await _burst(stage, 40, 1.0)
            came = stage.clock.monotonic()
            await stage.hub.happen(stage.hub.event("fire", kind="fire", level="CRITICAL"))
            await stage.until(lambda: any(text.startswith("🔴 Critical") for text in stage.telegram.texts(OWNER)))
            assert stage.telegram.last(OWNER, "Critical").at - came < 4.0
            await stage.hub.happen(stage.hub.event("b20", "updated", level="CRITICAL"))
            await stage.until(lambda: sum("Critical" in text for text in stage.telegram.texts(OWNER)) == 2)

    play(story())


def test_a_digest_can_be_acknowledged_as_a_whole(tmp_path):
    async def story():
        async with on_stage(tmp_path) as stage:
            await _burst(stage, 30, 0.5)
            await stage.until(lambda: len(_told(stage, OWNER)) == 30)
            digest = stage.telegram.last(OWNER, "incidents")
            stage.telegram.press(digest, "Acknowledge all", name="Noa")
            await stage.until(lambda: "Noa" in digest.text)
            assert not digest.buttons
            assert "acknowledged" in (report := await stage.ask("/report")).text
            assert int(re.search(r"acknowledged (\d+)", report.text)[1]) >= 20

    play(story())


def test_a_group_gets_at_most_twenty_messages_a_minute(tmp_path):
    async def story():
        async with on_stage(tmp_path, chats=str(GROUP)) as stage:
            for number in range(45):
                await stage.hub.happen(stage.hub.event(f"c{number}", level="CRITICAL"))
            await stage.until(lambda: len(stage.telegram.texts(GROUP)) == 45, 300)
            times = [m.at for m in stage.telegram.messages]
            assert all(later - earlier > 60.0 for earlier, later in zip(times, times[20:], strict=False))
            assert stage.telegram.closest_s(GROUP) >= 1.0

    play(story())


def test_a_slow_chat_does_not_hold_up_another(tmp_path):
    async def story():
        async with on_stage(tmp_path, chats="1001,1002") as stage:
            stage.telegram.faults.append(Fault("sendPhoto", 429, retry_after=60))
            await stage.hub.happen(stage.hub.event())
            await stage.until(lambda: len(stage.telegram.messages) == 1, 5)
            await stage.until(lambda: len(stage.telegram.messages) == 2, 70)
            assert {m.chat_id for m in stage.telegram.messages} == {1001, 1002}
            assert stage.telegram.messages[1].at - stage.telegram.messages[0].at >= 60.0

    play(story())


def test_what_waits_survives_a_restart_and_nothing_comes_twice(tmp_path, measured):
    async def story():
        async with on_stage(tmp_path) as stage:
            stage.telegram.always["send"] = Fault("send", 500)
            stage.telegram.always["sendPhoto"] = stage.telegram.always["sendMessage"] = Fault("send", 502)
            for number in range(3):
                await stage.hub.happen(stage.hub.event(f"i{number}"))
            await stage.until(lambda: stage.telegram.refused[502] >= 1)
            await stage.stop_bot()
            stage.telegram.always.clear()
            await stage.start_bot()
            await stage.until(lambda: len(_told(stage, OWNER)) == 3)
            await stage.stop_bot()
            await stage.start_bot()
            await asyncio.sleep(40)
            assert _told(stage, OWNER) == [1, 2, 3]
            assert not any("May have arrived" in text for text in stage.telegram.texts(OWNER))
            measured("F12", "Telegram down (502), bot restarted: alerts told", "all, once", "3 of 3, once")

    play(story())


def test_an_answer_that_is_lost_makes_a_repetition_that_says_so(tmp_path):
    async def story():
        async with on_stage(tmp_path) as stage:
            stage.telegram.faults.append(Fault("send", drop=True, after=True))
            await stage.hub.happen(stage.hub.event())
            await stage.until(lambda: len(stage.telegram.messages) == 2)
            first, second = stage.telegram.messages
            assert "May have arrived" not in first.text
            assert "May have arrived before" in second.text
            await asyncio.sleep(30)
            assert len(stage.telegram.messages) == 2

    play(story())


def test_an_edit_whose_answer_is_lost_is_repeated_in_silence(tmp_path):
    async def story():
        async with on_stage(tmp_path, clip_s=0) as stage:
            await stage.hub.happen(stage.hub.event())
            await stage.until(lambda: stage.telegram.messages)
            stage.telegram.faults.append(Fault("edit", drop=True, after=True))
            stage.telegram.press(stage.telegram.messages[0], "Acknowledge")
            await stage.until(lambda: "Acknowledged by" in stage.telegram.messages[0].text)
            await asyncio.sleep(20)
            assert len(stage.telegram.messages) == 1
            assert stage.telegram.messages[0].edits == 1

    play(story())


def test_a_slow_answer_does_not_block_commands(tmp_path):
    async def story():
        async with on_stage(tmp_path, chats="1001,1002") as stage:
            stage.telegram.faults.append(Fault("sendPhoto", slow_s=15))
            await stage.hub.happen(stage.hub.event())
            await asyncio.sleep(2)
            quick = 1002 if stage.telegram.messages[0].chat_id == 1002 else 1001
            asked = stage.clock.monotonic()
            await stage.ask("/status", quick)
            assert stage.clock.monotonic() - asked < 3.0

    play(story())


def test_a_chat_that_blocked_the_bot_is_said_once_and_left_in_peace(tmp_path, caplog, measured):
    async def story():
        async with on_stage(tmp_path, chats="1001,1002") as stage:
            await stage.hub.happen(stage.hub.event())
            await stage.until(lambda: len(stage.telegram.messages) == 2)
            stage.telegram.faults.append(Fault("send", 403, description="Forbidden: bot was blocked by the user"))
            await stage.hub.happen(stage.hub.event("i2"))
            await stage.until(lambda: any("blocked by the user" in m.text for m in stage.telegram.messages))
            gone = {1001, 1002} - {stage.telegram.last(1001).chat_id, 1002}
            notice = next(m for m in stage.telegram.messages if "blocked by the user" in m.text)
            gone = 1001 if notice.chat_id == 1002 else 1002
            calls = len([call for call in stage.telegram.calls if call[2] == gone])
            await stage.hub.happen(stage.hub.event("i3"))
            await stage.until(lambda: "#3" in stage.telegram.last(notice.chat_id).text)
            await asyncio.sleep(10)
            assert len([call for call in stage.telegram.calls if call[2] == gone]) == calls
            assert sum("blocked by the user" in m.text for m in stage.telegram.messages) == 1
            await stage.ask("/start", gone)
            await stage.hub.happen(stage.hub.event("i4"))
            await stage.until(lambda: "#4" in stage.telegram.last(gone).text)

    with caplog.at_level(logging.WARNING):
        play(story())
    said = sum("accepts nothing any more" in record.getMessage() for record in caplog.records)
    measured("F12", "403 of a chat: said, and calls to it afterwards", "once, none", f"{said} time, none")
    assert said == 1


def test_a_wrong_token_stops_the_bot_with_a_sentence_that_does_not_contain_it(tmp_path, caplog, measured):
    async def story():
        stage = Stage(tmp_path)
        await stage.telegram.start()
        await stage.hub.start()
        stage.telegram.token = "1:other"
        try:
            with pytest.raises(BotError, match="TELEGRAM_TOKEN") as stopped:
                await asyncio.wait_for(app.run(stage.settings(), stage.clock), 60)
            await app.beside(stage.settings(), stage.clock)
        finally:
            await stage.hub.stop()
            await stage.telegram.stop()
        return str(stopped.value)

    with caplog.at_level(logging.DEBUG):
        words = play(story())
    said = [record.getMessage() for record in caplog.records if record.name.startswith("aimonitor")]
    assert TOKEN not in words + "".join(said)
    stopped = sum("the Telegram bot stopped" in line for line in said)
    measured("F12", "401: the bot stops and says so", "once, without the token", f"{stopped} time")
    assert stopped == 1


def test_a_state_file_that_cannot_be_used_is_said_once_and_waited_out(tmp_path, caplog):
    async def story():
        stage = Stage(tmp_path)
        await stage.telegram.start()
        await stage.hub.start()
        stage.path.mkdir()
        bot = asyncio.create_task(app.beside(stage.settings(), stage.clock))
        try:
            await asyncio.sleep(150)
            stage.path.rmdir()
            await stage.until(lambda: stage.hub.wishes, 90)
            await stage.ask("/status")
        finally:
            bot.cancel()
            await asyncio.gather(bot, return_exceptions=True)
            await stage.hub.stop()
            await stage.telegram.stop()

    with caplog.at_level(logging.WARNING):
        play(story())
    assert sum("the Telegram bot stopped" in record.getMessage() for record in caplog.records) == 1
    assert "bot.sqlite3" in caplog.text


@pytest.mark.parametrize("result", ['{"nonsense": 1}', "[3]", '[{"update_id": "one"}]', "null", '"\\ud800"'])
def test_a_result_that_is_none_is_no_end_of_the_bot(result):
    """Whoever runs a Bot API server of their own, or a proxy before one, may give anything."""

    async def story():
        telegram = Telegram("http://127.0.0.1:1", TOKEN, None)

        async def call(*_, **__):
            return msgspec.Raw(result.encode())

        telegram._call = call
        card = Card(1, "key", 3, Content("words"), revision=1)
        for asking in (telegram.updates(0, 1.0), telegram.send(card, "words", b"")):
            with pytest.raises(gate.GateError, match=r"expected .*, got "):
                await asking

    asyncio.run(story())


def test_a_fault_of_the_bot_is_logged_and_it_starts_anew(tmp_path, caplog, monkeypatch):
    async def story():
        stage = Stage(tmp_path)
        await stage.telegram.start()
        await stage.hub.start()
        monkeypatch.setattr(app.Courier, "run", broken)
        bot = asyncio.create_task(app.beside(stage.settings(), stage.clock))
        try:
            await stage.until(lambda: "it starts anew" in caplog.text, 30)
            monkeypatch.undo()
            await stage.until(lambda: stage.hub.wishes, 90)
            await stage.ask("/status")
        finally:
            bot.cancel()
            await asyncio.gather(bot, return_exceptions=True)
            await stage.hub.stop()
            await stage.telegram.stop()

    async def broken(_courier):
        raise ZeroDivisionError("a fault of ours")

    play(story())
    assert "a fault of ours" in caplog.text


def test_a_token_revoked_while_running_stops_the_bot(tmp_path):
    async def story():
        async with on_stage(tmp_path) as stage:
            stage.telegram.token = "1:other"
            await stage.hub.happen(stage.hub.event())
            await stage.until(stage.bot.done)
            assert isinstance(stage.bot.exception(), BotError)
            stage.telegram.token = TOKEN
            await stage.start_bot()
            await stage.until(lambda: _told(stage, OWNER) == [1])

    play(story())


def test_the_token_is_in_no_log_line_whatever_fails(tmp_path, caplog):
    async def story():
        async with on_stage(tmp_path) as stage:
            await stage.hub.happen(stage.hub.event())
            await stage.until(lambda: stage.telegram.messages)
            stage.telegram.faults += [Fault("send", drop=True), Fault("send", 500), Fault("send", 400)]
            for number in range(4):
                await stage.hub.happen(stage.hub.event(f"j{number}"))
            await asyncio.sleep(20)
            await stage.telegram.stop()
            await stage.hub.happen(stage.hub.event("last"))
            await asyncio.sleep(60)

    with caplog.at_level(logging.DEBUG):
        play(story())
    assert any("trying again" in record.getMessage() for record in caplog.records)
    assert not [record for record in caplog.records if TOKEN in record.getMessage() + str(record.exc_text)]


def test_another_program_with_the_same_token_is_named_and_waited_out(tmp_path, caplog):
    async def story():
        async with on_stage(tmp_path) as stage:
            conflict = Fault("getUpdates", 409, description="Conflict: terminated by other getUpdates request")
            stage.telegram.always["getUpdates"] = conflict
            stage.telegram.say(OWNER, "/status")
            await asyncio.sleep(40)
            stage.telegram.always.clear()
            await stage.until(lambda: stage.telegram.texts(OWNER))

    with caplog.at_level(logging.WARNING):
        play(story())
    assert any("Conflict" in record.getMessage() for record in caplog.records)


def test_a_refused_picture_leaves_the_text(tmp_path):
    async def story():
        async with on_stage(tmp_path) as stage:
            stage.telegram.always["sendPhoto"] = Fault(
                "sendPhoto", 400, description="Bad Request: IMAGE_PROCESS_FAILED"
            )
            await stage.hub.happen(stage.hub.event())
            await stage.until(lambda: stage.telegram.messages)
            assert not stage.telegram.messages[0].photo
            assert "#1" in stage.telegram.messages[0].text

    play(story())


def test_a_group_that_becomes_a_supergroup_keeps_its_alerts(tmp_path):
    async def story():
        async with on_stage(tmp_path, chats="-5") as stage:
            moved = Fault("sendPhoto", 400, parameters={"migrate_to_chat_id": GROUP}, description="upgraded")
            stage.telegram.faults.append(moved)
            await stage.hub.happen(stage.hub.event())
            await stage.until(lambda: _told(stage, GROUP) == [1])
            assert not stage.telegram.texts(-5)

    play(story())


def test_events_missed_while_the_bot_was_away_come_late_and_once(tmp_path):
    async def story():
        async with on_stage(tmp_path) as stage:
            await stage.hub.happen(stage.hub.event())
            await stage.until(lambda: _told(stage, OWNER) == [1])
            await asyncio.sleep(31)
            await stage.stop_bot()
            for number in range(2, 5):
                await stage.hub.happen(stage.hub.event(f"i{number}"))
            await asyncio.sleep(3600)
            await stage.start_bot()
            await stage.until(lambda: len(_told(stage, OWNER)) == 4)
            late = [m for m in stage.telegram.messages if "Arrived late" in m.text]
            assert len(late) == 3
            assert all(m.silent for m in late)
            await asyncio.sleep(60)
            assert _told(stage, OWNER) == [1, 2, 3, 4]

    play(story())


def test_a_hub_that_lost_its_memory_does_not_make_old_news_new(tmp_path):
    async def story():
        async with on_stage(tmp_path) as stage:
            for number in range(3):
                await stage.hub.happen(stage.hub.event(f"i{number}"))
            await stage.until(lambda: len(_told(stage, OWNER)) == 3)
            await asyncio.sleep(31)
            refilled, stage.hub.stored = stage.hub.stored, []
            await asyncio.sleep(31)
            await stage.hub.happen(*refilled)
            await asyncio.sleep(60)
            assert _told(stage, OWNER) == [1, 2, 3]
            await stage.hub.happen(stage.hub.event("new"))
            await stage.until(lambda: len(_told(stage, OWNER)) == 4)

    play(story())
