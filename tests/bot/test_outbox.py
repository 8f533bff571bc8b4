"""Cards on disk: put any number of times, sent once, merged when they are too many, and there after any crash."""

import asyncio
import sqlite3

import msgspec
import pytest

from aimonitor.bot.database import Database, DatabaseError
from aimonitor.bot.outbox import Outbox, Policy
from aimonitor.bot.types import Content, Urgency


def _digest(chat_id, number, cards, more):
    return Content(f"digest of {len(cards)} and {more}: " + " ".join(card.key for card in cards))


def _with_outbox(path, story, **policy):
    async def run():
        database = Database(path)
        await database.open()
        try:
            return await story(Outbox(database, _digest, Policy(**policy)))
        finally:
            await database.close()

    return asyncio.run(run())


async def _put(outbox, key, now=1.0, urgency=Urgency.NEWS, text=None, **how):
    await outbox.put(1, key, urgency, Content(text or f"text of {key}", line=key), now, **how)


async def _send(outbox, now, message_id=100):
    """Send the next card; returns its key, None when there is none."""
    card = await outbox.next(1, now)
    if card is None:
        return None
    card = await outbox.claim(card)
    await outbox.sent(card, card.message_id or message_id, now)
    return card.content.text


def test_a_card_is_sent_once_however_often_it_is_put(tmp_path):
    async def story(outbox):
        for _ in range(5):
            await _put(outbox, "a")
        assert await _send(outbox, 2.0) == "text of a"
        for _ in range(5):
            await _put(outbox, "a")
        assert await _send(outbox, 100.0) is None

    _with_outbox(tmp_path / "x" / "bot.sqlite3", story)


def test_many_changes_are_one_edit_and_edits_are_not_hasty(tmp_path):
    async def story(outbox):
        await _put(outbox, "a")
        await _send(outbox, 2.0)
        for number in range(9):
            await _put(outbox, "a", text=f"change {number}")
        assert await _send(outbox, 3.0) is None
        assert await _send(outbox, 7.1) == "change 8"
        await _put(outbox, "a", text="pressed", soon=True)
        assert await _send(outbox, 7.2) == "pressed"

    _with_outbox(tmp_path / "bot.sqlite3", story, edit_every_s=5.0)


def test_a_change_while_it_is_being_sent_is_sent_after_it(tmp_path):
    async def story(outbox):
        await _put(outbox, "a")
        card = await outbox.claim(await outbox.next(1, 2.0))
        assert await outbox.next(1, 2.0) is None
        await _put(outbox, "a", text="newer")
        await outbox.sent(card, 5, 3.0)
        edit = await outbox.next(1, 3.0)
        assert (edit.message_id, edit.content.text) == (5, "newer")

    _with_outbox(tmp_path / "bot.sqlite3", story)


def test_what_was_being_sent_at_the_crash_is_sent_again_and_marked(tmp_path):
    path = tmp_path / "bot.sqlite3"

    async def crash(outbox):
        await _put(outbox, "a")
        await _put(outbox, "b")
        await outbox.claim(await outbox.next(1, 2.0))

    async def after(outbox):
        await outbox.recover()
        first, second = [await outbox.next(1, 3.0)], []
        await outbox.sent(await outbox.claim(first[0]), 1, 3.0)
        second.append(await outbox.next(1, 3.0))
        assert {(card.key, card.unsure) for card in first + second} == {("a", True), ("b", False)}

    _with_outbox(path, crash)
    _with_outbox(path, after)


def test_too_many_become_digests_that_list_every_one(tmp_path):
    async def story(outbox):
        for number in range(100):
            await _put(outbox, f"n{number:03}", now=1.0)
        await _put(outbox, "fire", urgency=Urgency.CRITICAL)
        texts = []
        while text := await _send(outbox, 2.0):
            texts.append(text)
        assert texts[0] == "text of fire"
        assert [int(text.split()[2]) for text in texts[1:]] == [40, 40, 20]
        assert " ".join(texts).count("n0") == 100
        assert await outbox.merged_since(1, 0.0) == 100
        assert len(await outbox.members(1, (await _keys(outbox))[0])) == 40

    async def _keys(outbox):
        return await outbox._database.run(
            lambda db: [row[0] for row in db.execute("SELECT key FROM cards WHERE key LIKE 'digest %' ORDER BY id")]
        )

    _with_outbox(tmp_path / "bot.sqlite3", story)


def test_answers_go_first_but_not_for_ever(tmp_path):
    async def story(outbox):
        await _put(outbox, "alert", now=0.0)
        for number in range(5):
            await _put(outbox, f"answer {number}", now=float(number), urgency=Urgency.REPLY)
        texts = [await _send(outbox, 5.0) for _ in range(6)]
        assert texts.index("text of alert") == 4
        assert texts[0] == "text of answer 0"

    _with_outbox(tmp_path / "bot.sqlite3", story)


def test_a_steady_stream_becomes_digests_too(tmp_path):
    async def story(outbox):
        texts = []
        for second in range(600):
            await _put(outbox, f"n{second}", now=float(second))
            if text := await _send(outbox, float(second)):
                texts.append(text)
        assert len(texts) < 80
        assert sum(text.startswith("digest") for text in texts) > 40

    _with_outbox(tmp_path / "bot.sqlite3", story)


def test_more_than_may_wait_are_counted_in_the_next_digest(tmp_path):
    async def story(outbox):
        for number in range(30):
            await _put(outbox, f"n{number:02}", now=1.0)
        assert await outbox.waiting() == 10
        text = await _send(outbox, 2.0)
        assert text.startswith("digest of 10 and 20: n20 ")

    _with_outbox(tmp_path / "bot.sqlite3", story, limit=10)


def test_one_that_becomes_critical_leaves_its_digest(tmp_path):
    async def story(outbox):
        for number in range(10):
            await _put(outbox, f"n{number}")
        await _send(outbox, 2.0)
        await _put(outbox, "n3", text="calm change")
        assert await _send(outbox, 3.0) is None
        await _put(outbox, "n3", urgency=Urgency.CRITICAL, text="worse")
        assert await _send(outbox, 4.0) == "worse"

    _with_outbox(tmp_path / "bot.sqlite3", story)


def test_old_cards_are_forgotten_and_waiting_ones_are_not(tmp_path):
    async def story(outbox):
        await _put(outbox, "old", now=1.0)
        await _send(outbox, 1.0)
        await _put(outbox, "waits", now=2.0)
        await outbox.prune(1.0 + 31 * 86_400)
        assert await outbox.find(1, "old") is None
        assert (await outbox.find(1, "waits")).content == Content("text of waits", line="waits")

    _with_outbox(tmp_path / "bot.sqlite3", story)


@pytest.mark.parametrize("how", ["a folder", "no database", "a newer bot"])
def test_a_file_that_cannot_be_used_is_a_sentence(tmp_path, how):
    path = tmp_path / "bot.sqlite3"
    if how == "a folder":
        path.mkdir()
    elif how == "no database":
        path.write_bytes(b"not a database at all, but long enough to look at" * 100)
    else:
        with sqlite3.connect(path) as db:
            db.execute("PRAGMA user_version = 99")
        db.close()
    with pytest.raises(DatabaseError, match="expected"):
        _with_outbox(path, None)


def test_a_failing_transaction_changes_nothing(tmp_path):
    async def story(outbox):
        await _put(outbox, "a")

        def fail(db):
            db.execute("DELETE FROM cards")
            raise KeyError("x")

        with pytest.raises(KeyError):
            await outbox._database.run(fail)
        assert await outbox.find(1, "a")
        assert msgspec.structs.asdict(await outbox.find(1, "a"))["revision"] == 1

    _with_outbox(tmp_path / "bot.sqlite3", story)
