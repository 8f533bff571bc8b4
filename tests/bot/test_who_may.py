"""Who is let in, who may do what, and what happens to everybody else."""

import asyncio

from bot_stage import OWNER, on_stage
from virtual_time import play

from aimonitor.bot.seal import Seal
from aimonitor.contract import messages

STRANGER = 666


def test_a_stranger_hears_the_number_of_the_chat_and_nothing_else(tmp_path):
    async def story():
        async with on_stage(tmp_path) as stage:
            for text in ("/status", "/history", "/disarm", "hello", "/snapshot"):
                stage.telegram.say(STRANGER, text)
            await stage.hub.happen(stage.hub.event())
            await stage.until(lambda: stage.telegram.texts(OWNER))
            await asyncio.sleep(5)
            assert not stage.telegram.texts(STRANGER)
            for _ in range(20):
                stage.telegram.say(STRANGER, "/start")
            await asyncio.sleep(60)
            texts = stage.telegram.texts(STRANGER)
            assert 1 <= len(texts) <= 5
            assert all("private" in text and str(STRANGER) in text for text in texts)

    play(story())


def test_a_code_lets_one_chat_in_once_with_its_role(tmp_path):
    async def story():
        async with on_stage(tmp_path) as stage:
            said = (await stage.ask("/pair operator")).text
            code = said.split("/start ")[1].strip()
            assert "wrong or too old" in (await stage.ask("/start WRONGCODE1", STRANGER)).text
            welcome = await stage.ask(f"/start {code}", 2002, language="ru-RU")
            assert "Чат подключён (оператор)" in welcome.text
            await stage.until(lambda: any("2002 joined as operator" in text for text in stage.telegram.texts(OWNER)))
            assert "wrong or too old" in (await stage.ask(f"/start {code}", 3003)).text
            await stage.hub.happen(stage.hub.event())
            await stage.until(lambda: "Тревога" in stage.telegram.texts(2002)[-1])
            assert "нужна: владелец" in (await stage.ask("/pair", 2002)).text
            await stage.stop_bot()
            await stage.start_bot()
            assert "Узлов на связи" in (await stage.ask("/status", 2002)).text

    play(story())


def test_a_code_does_not_live_for_ever_and_cannot_be_guessed_for_long(tmp_path):
    async def story():
        async with on_stage(tmp_path) as stage:
            code = (await stage.ask("/pair")).text.split("/start ")[1].strip()
            await asyncio.sleep(601)
            assert "wrong or too old" in (await stage.ask(f"/start {code}", STRANGER)).text
            for number in range(30):
                stage.telegram.say(STRANGER, f"/start GUESS{number:05}")
            await asyncio.sleep(60)
            assert len(stage.telegram.texts(STRANGER)) <= 5

    play(story())


def test_a_viewer_sees_and_does_nothing(tmp_path):
    async def story():
        async with on_stage(tmp_path) as stage:
            code = (await stage.ask("/pair viewer")).text.split("/start ")[1].strip()
            await stage.ask(f"/start {code}", 2002)
            await stage.hub.happen(stage.hub.event())
            await stage.until(lambda: stage.telegram.texts(2002)[-1].startswith("🟠"))
            alert = stage.telegram.last(2002)
            assert list(alert.buttons) == ["📷 Live still"]
            assert "needs operator" in (await stage.ask("/disarm", 2002)).text
            assert "needs operator" in (await stage.ask("/mute", 2002)).text
            assert "/disarm" not in (await stage.ask("/help", 2002)).text
            assert "Edges online" in (await stage.ask("/status", 2002)).text

    play(story())


def test_forged_and_borrowed_buttons_do_nothing(tmp_path, measured):
    async def story():
        async with on_stage(tmp_path, chats="1001,1002") as stage:
            await stage.hub.happen(stage.hub.event())
            await stage.until(lambda: len(stage.telegram.messages) == 2)
            mine = stage.telegram.last(OWNER)
            genuine = mine.buttons["🔕 Disarm"]
            forged = [
                "dis::AAAAAAAAAAAA",
                "dis",
                "",
                ":::",
                "ack:1:" + "x" * 60,
                "dis::",
                "\ud7ff" * 10,
                genuine[:-1] + "!",
            ]
            forged.append(Seal(b"another key, made by someone").close("dis", "", OWNER))
            for data in forged:
                stage.telegram.press_data(OWNER, mine.message_id, data)
            stage.telegram.press_data(1002, 1, genuine)
            stage.telegram.press_data(STRANGER, 1, genuine)
            await stage.until(lambda: len(stage.telegram.answers) == len(forged) + 2)
            assert all("no longer valid" in answer for answer in stage.telegram.answers)
            assert "Armed" in (await stage.ask("/status")).text
            measured("B12", f"{len(forged)} forged buttons, 2 borrowed ones", "nothing done", "nothing done")

    play(story())


def test_nothing_that_somebody_named_is_markup_or_too_long(tmp_path, measured):
    """Names that would be Markdown or HTML, and the longest words that an event may have; the fake checks both."""
    name = "*gate* _[x](http://evil.example)_ <b>`</b>"

    async def story():
        async with on_stage(tmp_path) as stage:
            source = next(iter(stage.hub.cameras))
            stage.hub.cameras[source] = messages.CameraInfo(source.partition("/")[2], name)
            await stage.stop_bot()
            await stage.start_bot()
            await stage.hub.happen(stage.hub.event(words="_*`[" * 250, zone="<i>*" * 30))
            await stage.until(lambda: stage.telegram.texts(OWNER))
            assert any(name in text for text in stage.telegram.texts(OWNER))
            for text in ("/start " + "x" * 4090, "/" + "y" * 4096, "*" * 4097):
                stage.telegram.say(STRANGER, text)
                stage.telegram.say(OWNER, text)
            await asyncio.sleep(30)
            assert "Edges online" in (await stage.ask("/status")).text
            longest = max(len(each.text) for each in stage.telegram.messages)
            measured("B12", "names as Markdown and HTML, texts of 4,097: sent as they are, longest", "<= 4,096",
                     f"{longest}")  # fmt: skip
            assert longest <= 4096

    play(story())


def test_a_chat_that_the_settings_no_longer_name_is_let_out(tmp_path):
    async def story():
        async with on_stage(tmp_path, chats="1001,1002") as stage:
            await stage.ask("/status", 1002)
            await stage.stop_bot()
            stage._settings["chats"] = "1001"
            await stage.start_bot()
            before = len(stage.telegram.texts(1002))
            stage.telegram.say(1002, "/status")
            await stage.ask("/status", 1001)
            await asyncio.sleep(5)
            assert len(stage.telegram.texts(1002)) == before

    play(story())


def test_without_any_chat_the_first_owner_comes_with_the_code_from_the_log(tmp_path, caplog):
    async def story():
        async with on_stage(tmp_path, chats="") as stage:
            await stage.until(lambda: "/start" in caplog.text)
            code = caplog.text.split("/start ")[1].split()[0]
            assert "(owner)" in (await stage.ask(f"/start {code}", 5)).text
            await stage.hub.happen(stage.hub.event())
            await stage.until(lambda: len(stage.telegram.texts(5)) == 2)

    with caplog.at_level("WARNING"):
        play(story())


def test_names_cannot_break_a_message(tmp_path):
    async def story():
        async with on_stage(tmp_path) as stage:
            evil = "\u202egate\u2069\u2069<b>x</b>*_`\r\n\x1b[31m" + "я" * 60
            await stage.hub.happen(stage.hub.event(zone=evil, words=evil, kind="k\u202e"))
            await stage.until(lambda: stage.telegram.messages)
            raw = stage.telegram.messages[0].raw
            assert "\u202e" not in raw
            assert "\x1b" not in raw
            assert "<b>x</b>*_`" in raw
            assert raw.count("\u2068") == raw.count("\u2069")

    play(story())


def test_odd_updates_are_skipped_and_counted_as_read(tmp_path):
    async def story():
        async with on_stage(tmp_path) as stage:
            stage.telegram.update(message={"message_id": "x", "chat": 3})
            stage.telegram.update(edited_message={"message_id": 1})
            stage.telegram.update(callback_query={"id": "1", "from": {"id": 1}, "data": "x"})
            stage.telegram.update(message={"message_id": 1, "chat": {"id": OWNER}, "sticker": {}})
            stage.telegram.say(OWNER, "/status@another_bot")
            stage.telegram.say(OWNER, "/nonsense\u202e")
            stage.telegram.say(OWNER, "/" + "a" * 5000)
            assert "Edges online" in (await stage.ask("/status@monitor_bot")).text
            assert len(stage.telegram.texts(OWNER)) == 1

    play(story())


def test_a_chat_that_throws_the_bot_out_gets_nothing_more(tmp_path):
    async def story():
        async with on_stage(tmp_path, chats="1001,-7") as stage:
            member = {"chat": {"id": -7, "type": "group"}, "new_chat_member": {"status": "kicked"}}
            stage.telegram.update(my_chat_member=member)
            await asyncio.sleep(1)
            await stage.hub.happen(stage.hub.event())
            await stage.until(lambda: stage.telegram.texts(OWNER))
            await asyncio.sleep(5)
            assert not stage.telegram.texts(-7)

    play(story())
