"""Messages on their way to Telegram, in SQLite: they survive a restart, each is one card, and none is sent twice.

A card is what a message should say. Putting it again changes what it should say; however often that happens before
its turn comes, one message or one edit goes out. When too many new incidents wait in a chat, they are made into
digests, except critical ones: a limit must not hide the one that matters.

States of a card: waiting -> sending -> sent -> waiting (to be edited) …; merged (a digest tells of it); dead.
A card that was being sent when the bot died may or may not have arrived: it is sent again, and says so.
"""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec

from aimonitor.bot.compose import take_for_digest
from aimonitor.bot.database import Database
from aimonitor.bot.types import Card, Content, Urgency

Digest = Callable[[int, int, Sequence[Card], int], Content]
"""Chat, number of the digest, what it merges and how many more there are that are not listed -> the message."""

_PATIENCE_S = 3.0
_DECODE = msgspec.json.Decoder(Content).decode
_ENCODE = msgspec.json.Encoder().encode
_COLUMNS = "chat_id, key, urgency, content, revision, message_id, sent_picture, unsure, created_at"


@dataclass(frozen=True, slots=True)
class Policy:
    """When incidents become a digest: more than `alone` wait, or `often` came alone within `often_s` seconds.

    digest_every_s: between two digests of a chat; edit_every_s: between two edits of a message
    limit: incidents that may wait in a chat; of more, the oldest are counted in the next digest and no longer listed
    """

    alone: int = 3
    often: int = 10
    often_s: float = 600.0
    digest_every_s: float = 10.0
    edit_every_s: float = 5.0
    limit: int = 2000
    keep_s: float = 30 * 86_400.0


class Outbox:
    """The cards of all chats. Times are UTC seconds."""

    def __init__(self, database: Database, digest: Digest, policy: Policy | None = None) -> None:
        self._database = database
        self._digest = digest
        self._policy = policy or Policy()

    async def recover(self) -> None:
        """After a start: what was being sent is to be sent again, marked where it may have arrived."""
        await self._database.run(_recover)

    async def put(
        self, chat_id: int, key: str, urgency: int, content: Content, now: float, *, soon: bool = False
    ) -> None:
        """The message `key` of `chat_id` should say `content`. soon: a person waits for this edit."""
        card = Card(chat_id, key, urgency, content, revision=1, created_at=now)
        await self._database.run(self._put, card, soon=soon)

    async def chats_waiting(self, now: float) -> list[int]:
        """The chats in which something waits whose time has come."""
        return await self._database.run(_chats_waiting, now)

    async def next(self, chat_id: int, now: float) -> Card | None:
        """The card whose turn it is; None when nothing is to be sent just now."""
        return await self._database.run(self._next, chat_id, now)

    async def claim(self, card: Card) -> Card | None:
        """The newest of `card`, from now on being sent; None when there is nothing left to send."""
        return await self._database.run_durably(_claim, card.chat_id, card.key)

    async def sent(self, card: Card, message_id: int, now: float) -> None:
        """It arrived."""
        await self._database.run_durably(self._sent, card, message_id, now)

    async def release(self, card: Card, *, unsure: bool) -> None:
        """It was not sent, or nobody knows: it waits again."""
        await self._database.run(_release, card, unsure)

    async def kill(self, card: Card) -> None:
        """It can never be sent or edited."""
        await self._database.run(_set_state, card, "dead")

    async def drop_chat(self, chat_id: int) -> int:
        """Forget what waits in a chat; returns how many cards."""
        return await self._database.run(_drop_chat, chat_id)

    async def move_chat(self, old: int, new: int) -> None:
        """A chat has another number now: what is for it goes there."""
        await self._database.run(_move_chat, old, new)

    async def waiting(self) -> int:
        """How many cards wait, in all chats."""
        return await self._database.run(_waiting)

    async def merged_since(self, chat_id: int, since: float) -> int:
        """How many incidents of a chat went into digests."""
        return await self._database.run(_merged_since, chat_id, since)

    async def message_id(self, chat_id: int, key: str) -> int:
        """The message of a card, 0 when it has none."""
        return await self._database.run(_message_id, chat_id, key)

    async def find(self, chat_id: int, key: str) -> Card | None:
        """A card, however it stands."""
        return await self._database.run(_find, chat_id, key)

    async def members(self, chat_id: int, digest: str) -> list[str]:
        """The keys of what a digest tells of."""
        return await self._database.run(_members, chat_id, digest)

    async def prune(self, now: float) -> None:
        """Forget the old."""
        await self._database.run(_prune, now - self._policy.keep_s)

    # --- on the worker thread, each within a transaction -------------------------------------------------------------

    def _put(self, db: sqlite3.Connection, card: Card, *, soon: bool) -> None:
        chat_id, key, urgency, now = card.chat_id, card.key, card.urgency, card.created_at
        row = db.execute("SELECT * FROM cards WHERE chat_id = ? AND key = ?", (chat_id, key)).fetchone()
        encoded = _ENCODE(card.content)
        if row is None:
            db.execute(
                "INSERT INTO cards (chat_id, key, urgency, content, created_at) VALUES (?, ?, ?, ?, ?)",
                (chat_id, key, urgency, encoded, now),
            )
            self._keep_within_limit(db, chat_id)
            return
        if row["state"] == "dead" or (row["content"] == encoded and row["urgency"] <= urgency):
            return
        state = row["state"]
        if state == "sent" or (state == "merged" and urgency < Urgency.NEWS):
            state = "waiting"
        not_before = 0.0 if soon or not row["sent_at"] else row["sent_at"] + self._policy.edit_every_s
        db.execute(
            "UPDATE cards SET content = ?, urgency = min(urgency, ?), revision = revision + 1, state = ?,"
            " not_before = ? WHERE id = ?",
            (encoded, urgency, state, not_before, row["id"]),
        )

    def _keep_within_limit(self, db: sqlite3.Connection, chat_id: int) -> None:
        db.execute(
            "UPDATE cards SET state = 'merged', digest = '' WHERE id IN (SELECT id FROM cards WHERE state = 'waiting'"
            " AND chat_id = ? AND urgency = ? AND message_id = 0 ORDER BY id DESC LIMIT -1 OFFSET ?)",
            (chat_id, Urgency.NEWS, self._policy.limit),
        )

    def _next(self, db: sqlite3.Connection, chat_id: int, now: float) -> Card | None:
        urgent = _first(db, chat_id, now, "message_id = 0 AND urgency < 3")
        news = db.execute(
            f"SELECT {_COLUMNS} FROM cards WHERE state = 'waiting' AND chat_id = ? AND message_id = 0 AND urgency = 3"
            " AND unsure = 0 ORDER BY id",
            (chat_id,),
        ).fetchall()
        if urgent and not (news and _may_wait(urgent, news[0]["created_at"])):
            return urgent
        if news and self._is_crowded(db, chat_id, len(news), now):
            if now - _last_digest(db, chat_id) >= self._policy.digest_every_s:
                self._merge(db, chat_id, [_card(row) for row in news], now)
        elif news:
            return _card(news[0])
        return _first(db, chat_id, now, "(message_id > 0 OR unsure = 1 OR urgency < 3)")

    def _is_crowded(self, db: sqlite3.Connection, chat_id: int, waiting: int, now: float) -> bool:
        if waiting > self._policy.alone:
            return True
        alone = db.execute(
            "SELECT count(*) FROM cards WHERE chat_id = ? AND urgency = 3 AND sent_revision > 0 AND created_at > ?",
            (chat_id, now - self._policy.often_s),
        ).fetchone()[0]
        return bool(alone >= self._policy.often)

    def _merge(self, db: sqlite3.Connection, chat_id: int, cards: Sequence[Card], now: float) -> None:
        """Make digests of `cards`: as many as it takes to list every one."""
        more = db.execute(
            "UPDATE cards SET digest = 'counted' WHERE chat_id = ? AND state = 'merged' AND digest = ''", (chat_id,)
        ).rowcount
        left = list(cards)
        while left:
            count = take_for_digest([card.content.line for card in left])
            members, left = left[:count], left[count:]
            number = db.execute("SELECT coalesce(max(id), 0) + 1 FROM cards").fetchone()[0]
            content = self._digest(chat_id, number, members, more if not left else 0)
            db.execute(
                "INSERT INTO cards (chat_id, key, urgency, content, created_at) VALUES (?, ?, ?, ?, ?)",
                (chat_id, f"digest {number}", Urgency.NOTICE, _ENCODE(content), now),
            )
            db.executemany(
                "UPDATE cards SET state = 'merged', digest = ? WHERE chat_id = ? AND key = ?",
                [(f"digest {number}", chat_id, card.key) for card in members],
            )

    def _sent(self, db: sqlite3.Connection, card: Card, message_id: int, now: float) -> None:
        db.execute(
            "UPDATE cards SET message_id = ?, sent_picture = ?, sent_revision = ?, sent_at = ?, unsure = 0,"
            " state = CASE WHEN revision = ? THEN 'sent' ELSE 'waiting' END,"
            " not_before = CASE WHEN not_before > 0 THEN ? ELSE not_before END WHERE chat_id = ? AND key = ?",
            (
                message_id,
                card.content.picture,
                card.revision,
                now,
                card.revision,
                now + self._policy.edit_every_s,
                card.chat_id,
                card.key,
            ),
        )


def _card(row: sqlite3.Row) -> Card:
    return Card(
        chat_id=row["chat_id"],
        key=row["key"],
        urgency=row["urgency"],
        content=_DECODE(row["content"]),
        revision=row["revision"],
        message_id=row["message_id"],
        sent_picture=row["sent_picture"],
        unsure=bool(row["unsure"]),
        created_at=row["created_at"],
    )


def _first(db: sqlite3.Connection, chat_id: int, now: float, condition: str) -> Card | None:
    row = db.execute(
        f"SELECT {_COLUMNS} FROM cards WHERE state = 'waiting' AND chat_id = ? AND not_before <= ? AND {condition}"
        " ORDER BY message_id > 0, urgency, id LIMIT 1",
        (chat_id, now),
    ).fetchone()
    return _card(row) if row else None


def _may_wait(urgent: Card, news_since: float) -> bool:
    """Someone who asks much must not keep alerts from coming."""
    return urgent.urgency == Urgency.REPLY and urgent.created_at - news_since > _PATIENCE_S


def _last_digest(db: sqlite3.Connection, chat_id: int) -> float:
    row = db.execute(
        "SELECT max(created_at) FROM cards WHERE chat_id = ? AND key LIKE 'digest %'", (chat_id,)
    ).fetchone()
    return float("-inf") if row[0] is None else float(row[0])


def _recover(db: sqlite3.Connection) -> None:
    db.execute("UPDATE cards SET state = 'waiting', unsure = message_id = 0 WHERE state = 'sending'")


def _chats_waiting(db: sqlite3.Connection, now: float) -> list[int]:
    rows = db.execute("SELECT DISTINCT chat_id FROM cards WHERE state = 'waiting' AND not_before <= ?", (now,))
    return [row[0] for row in rows]


def _claim(db: sqlite3.Connection, chat_id: int, key: str) -> Card | None:
    where = "WHERE chat_id = ? AND key = ? AND state = 'waiting'"
    if not db.execute(f"UPDATE cards SET state = 'sending' {where}", (chat_id, key)).rowcount:
        return None
    return _find(db, chat_id, key)


def _find(db: sqlite3.Connection, chat_id: int, key: str) -> Card | None:
    row = db.execute(f"SELECT {_COLUMNS} FROM cards WHERE chat_id = ? AND key = ?", (chat_id, key)).fetchone()
    return _card(row) if row else None


def _release(db: sqlite3.Connection, card: Card, unsure: bool) -> None:
    db.execute(
        "UPDATE cards SET state = 'waiting', unsure = max(unsure, ?)"
        " WHERE chat_id = ? AND key = ? AND state = 'sending'",
        (unsure and not card.message_id, card.chat_id, card.key),
    )


def _set_state(db: sqlite3.Connection, card: Card, state: str) -> None:
    db.execute("UPDATE cards SET state = ? WHERE chat_id = ? AND key = ?", (state, card.chat_id, card.key))


def _drop_chat(db: sqlite3.Connection, chat_id: int) -> int:
    return db.execute(
        "UPDATE cards SET state = 'dead' WHERE chat_id = ? AND state IN ('waiting', 'sending')", (chat_id,)
    ).rowcount


def _move_chat(db: sqlite3.Connection, old: int, new: int) -> None:
    db.execute("UPDATE OR IGNORE cards SET chat_id = ?, message_id = 0 WHERE chat_id = ?", (new, old))
    db.execute("UPDATE cards SET state = 'waiting' WHERE chat_id = ? AND state = 'sending'", (new,))


def _waiting(db: sqlite3.Connection) -> int:
    return int(db.execute("SELECT count(*) FROM cards WHERE state IN ('waiting', 'sending')").fetchone()[0])


def _merged_since(db: sqlite3.Connection, chat_id: int, since: float) -> int:
    where = "WHERE chat_id = ? AND state = 'merged' AND created_at >= ?"
    return int(db.execute(f"SELECT count(*) FROM cards {where}", (chat_id, since)).fetchone()[0])


def _message_id(db: sqlite3.Connection, chat_id: int, key: str) -> int:
    row = db.execute("SELECT message_id FROM cards WHERE chat_id = ? AND key = ?", (chat_id, key)).fetchone()
    return int(row[0]) if row else 0


def _members(db: sqlite3.Connection, chat_id: int, digest: str) -> list[str]:
    rows = db.execute("SELECT key FROM cards WHERE chat_id = ? AND digest = ?", (chat_id, digest))
    return [row[0] for row in rows]


def _prune(db: sqlite3.Connection, before: float) -> None:
    db.execute("DELETE FROM cards WHERE created_at < ? AND state NOT IN ('waiting', 'sending')", (before,))
