"""What the bot remembers beside its messages: chats, lessons, incidents, stills, deeds and a few notes.

Chats and lessons are few and asked for all the time: they are held here too and written through.
"""

import secrets
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from aimonitor.bot.database import Database
from aimonitor.bot.types import Chat, Incident, Lesson
from aimonitor.contract import messages

Deed = Literal["told", "demoted", "held", "acked", "taught", "missed"]
_ENCODE = msgspec.json.Encoder().encode
_KEEP_PICTURES_S = 2 * 86_400.0
_KEEP_S = 60 * 86_400.0


def key_of(event: messages.Event) -> str:
    """What all messages of one incident share, across cameras."""
    return f"{event.source} {event.incident_id}"


class Memory:
    """A crash of the bot loses nothing of it; see `database` for power cuts."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.chats: dict[int, Chat] = {}
        self.lessons: dict[int, Lesson] = {}

    async def load(self) -> None:
        """Read what is kept."""
        chats, lessons = await self._database.run(_load)
        self.chats = {chat.chat_id: chat for chat in chats}
        self.lessons = {lesson.lesson_id: lesson for lesson in lessons}

    async def secret(self) -> bytes:
        """The key under which buttons are sealed, made at the first start."""
        kept = await self._database.run_durably(_set_default, "seal", secrets.token_hex(32))
        return bytes.fromhex(kept)

    # --- chats and lessons ------------------------------------------------------------------------------------------

    async def keep_chat(self, chat: Chat) -> None:
        """Add or change a chat."""
        self.chats[chat.chat_id] = chat
        await self._database.run_durably(_keep_chat, chat)

    async def drop_chat(self, chat_id: int) -> None:
        """Let a chat out."""
        self.chats.pop(chat_id, None)
        await self._database.run_durably(_delete_chat, chat_id)

    async def keep_lesson(self, lesson: Lesson) -> Lesson:
        """Add a lesson (its id is 0), or change one; returns it with its id."""
        kept = await self._database.run_durably(_keep_lesson, lesson)
        self.lessons[kept.lesson_id] = kept
        return kept

    async def forget_lesson(self, lesson_id: int) -> Lesson | None:
        """Forget a lesson; None when there is none with this id."""
        await self._database.run_durably(_delete_lesson, lesson_id)
        return self.lessons.pop(lesson_id, None)

    # --- incidents --------------------------------------------------------------------------------------------------

    async def take_event(self, event: messages.Event) -> tuple[Incident, bool] | None:
        """The incident that `event` belongs to, brought up to date, and whether it is new; None for old news."""
        return await self._database.run(_take_event, event)

    async def incident_number(self, number: int) -> Incident | None:
        """An incident by our number."""
        return await self._database.run(_incident_by_number, number)

    async def incidents(self, numbers: Iterable[int]) -> list[Incident]:
        """Those of `numbers` that are kept."""
        found = [await self.incident_number(number) for number in numbers]
        return [incident for incident in found if incident]

    async def shown(self, incident: Incident) -> None:
        """Every chat's card says what is known of `incident`; nothing when more is known by now."""
        await self._database.run(_shown, incident)

    async def unshown(self) -> list[int]:
        """The incidents that the bot was about to show when it stopped."""
        return await self._database.run(_unshown)

    async def change_incident(self, number: int, **fields: object) -> Incident | None:
        """Change some fields of an incident as it is kept now; None when there is none with this number."""
        return await self._database.run(_change_incident, number, fields)

    # --- pictures, deeds, notes -------------------------------------------------------------------------------------

    async def keep_picture(self, name: str, jpeg: bytes, now: float) -> None:
        """Keep a still until it was sent, two days at most."""
        await self._database.run(_keep_picture, name, jpeg, now)

    async def picture(self, name: str) -> bytes:
        """A kept still, empty when there is none any more."""
        return await self._database.run(_picture, name)

    async def did(self, deed: Deed, number: int, now: float) -> None:
        """Note what became of an incident, for /stats and the weekly report; each deed counts once an incident."""
        await self._database.run(_did, deed, number, now)

    async def deeds(self, since: float, until: float) -> dict[str, int]:
        """How many incidents each deed was done to."""
        return await self._database.run(_deeds, since, until)

    async def deed_numbers(self, deed: Deed, since: float, limit: int) -> list[int]:
        """The newest incidents that `deed` was done to since."""
        return await self._database.run(_deed_numbers, deed, since, limit)

    async def note(self, name: str, value: str) -> None:
        """Keep a value."""
        await self._database.run(_note, name, value)

    async def read(self, name: str, default: str = "") -> str:
        """A kept value."""
        return await self._database.run(_read, name, default)

    async def notes(self, prefix: str) -> dict[str, str]:
        """All kept values whose names start so, without the prefix."""
        return await self._database.run(_notes, prefix)

    async def erase(self, name: str) -> None:
        """Forget a value."""
        await self._database.run(_erase, name)

    async def prune(self, now: float) -> None:
        """Forget the old."""
        await self._database.run(_prune, now)
        for lesson in list(self.lessons.values()):
            if lesson.expires_at <= now:
                await self.forget_lesson(lesson.lesson_id)


# --- on the worker thread, each within a transaction ------------------------------------------------------------------


def _load(db: sqlite3.Connection) -> tuple[list[Chat], list[Lesson]]:
    chats = [msgspec.json.decode(row["body"], type=Chat) for row in db.execute("SELECT body FROM chats")]
    lessons = [msgspec.json.decode(row["body"], type=Lesson) for row in db.execute("SELECT body FROM lessons")]
    return chats, lessons


def _keep_chat(db: sqlite3.Connection, chat: Chat) -> None:
    db.execute("INSERT OR REPLACE INTO chats (chat_id, body) VALUES (?, ?)", (chat.chat_id, _ENCODE(chat)))


def _delete_chat(db: sqlite3.Connection, chat_id: int) -> None:
    db.execute("DELETE FROM chats WHERE chat_id = ?", (chat_id,))


def _keep_lesson(db: sqlite3.Connection, lesson: Lesson) -> Lesson:
    if not lesson.lesson_id:
        made = db.execute("INSERT INTO lessons (body) VALUES (?)", (_ENCODE(lesson),)).lastrowid or 0
        lesson = msgspec.structs.replace(lesson, lesson_id=made)
    db.execute("UPDATE lessons SET body = ? WHERE lesson_id = ?", (_ENCODE(lesson), lesson.lesson_id))
    return lesson


def _delete_lesson(db: sqlite3.Connection, lesson_id: int) -> None:
    db.execute("DELETE FROM lessons WHERE lesson_id = ?", (lesson_id,))


def _incident_by_number(db: sqlite3.Connection, number: int) -> Incident | None:
    return _incident(db.execute("SELECT body FROM incidents WHERE number = ?", (number,)).fetchone())


def _incident(row: sqlite3.Row | None) -> Incident | None:
    return msgspec.json.decode(row["body"], type=Incident) if row else None


def _take_event(db: sqlite3.Connection, event: messages.Event) -> tuple[Incident, bool] | None:
    known = _incident(db.execute("SELECT body FROM incidents WHERE key = ?", (key_of(event),)).fetchone())
    if known is not None:
        if event.seq <= known.event.seq:
            return None
        incident = known.after(event)
    else:
        made = db.execute(
            "INSERT INTO incidents (key, at, body) VALUES (?, ?, '')", (key_of(event), event.opened_at)
        ).lastrowid
        incident = Incident(made or 0, event)
    _keep_incident(db, incident)
    return incident, known is None


def _change_incident(db: sqlite3.Connection, number: int, fields: Mapping[str, object]) -> Incident | None:
    known = _incident_by_number(db, number)
    if known is None:
        return None
    incident = msgspec.structs.replace(known, **fields)
    _keep_incident(db, incident)
    return incident


def _keep_incident(db: sqlite3.Connection, incident: Incident) -> None:
    db.execute("UPDATE incidents SET body = ?, shown = 0 WHERE number = ?", (_ENCODE(incident), incident.number))


def _shown(db: sqlite3.Connection, incident: Incident) -> None:
    db.execute("UPDATE incidents SET shown = 1 WHERE number = ? AND body = ?", (incident.number, _ENCODE(incident)))


def _unshown(db: sqlite3.Connection) -> list[int]:
    return [row[0] for row in db.execute("SELECT number FROM incidents WHERE shown = 0 ORDER BY number")]


def _keep_picture(db: sqlite3.Connection, name: str, jpeg: bytes, now: float) -> None:
    db.execute("INSERT OR REPLACE INTO pictures (name, at, jpeg) VALUES (?, ?, ?)", (name, now, jpeg))


def _picture(db: sqlite3.Connection, name: str) -> bytes:
    row = db.execute("SELECT jpeg FROM pictures WHERE name = ?", (name,)).fetchone()
    return bytes(row[0]) if row else b""


def _did(db: sqlite3.Connection, deed: str, number: int, now: float) -> None:
    known = db.execute("SELECT 1 FROM deeds WHERE deed = ? AND number = ?", (deed, number)).fetchone()
    if not known:
        db.execute("INSERT INTO deeds (at, deed, number) VALUES (?, ?, ?)", (now, deed, number))


def _deeds(db: sqlite3.Connection, since: float, until: float) -> dict[str, int]:
    rows = db.execute("SELECT deed, count(*) FROM deeds WHERE at >= ? AND at < ? GROUP BY deed", (since, until))
    return {row[0]: row[1] for row in rows}


def _deed_numbers(db: sqlite3.Connection, deed: str, since: float, limit: int) -> list[int]:
    rows = db.execute(
        "SELECT number FROM deeds WHERE deed = ? AND at >= ? ORDER BY at DESC, number DESC LIMIT ?",
        (deed, since, limit),
    )
    return [row[0] for row in rows]


def _set_default(db: sqlite3.Connection, name: str, value: str) -> str:
    db.execute("INSERT OR IGNORE INTO notes (name, value) VALUES (?, ?)", (name, value))
    return _read(db, name, value)


def _note(db: sqlite3.Connection, name: str, value: str) -> None:
    db.execute("INSERT OR REPLACE INTO notes (name, value) VALUES (?, ?)", (name, value))


def _read(db: sqlite3.Connection, name: str, default: str) -> str:
    row = db.execute("SELECT value FROM notes WHERE name = ?", (name,)).fetchone()
    return str(row[0]) if row else default


def _notes(db: sqlite3.Connection, prefix: str) -> dict[str, str]:
    rows = db.execute("SELECT name, value FROM notes WHERE substr(name, 1, ?) = ?", (len(prefix), prefix))
    return {row[0][len(prefix) :]: str(row[1]) for row in rows}


def _erase(db: sqlite3.Connection, name: str) -> None:
    db.execute("DELETE FROM notes WHERE name = ?", (name,))


def _prune(db: sqlite3.Connection, now: float) -> None:
    db.execute("DELETE FROM pictures WHERE at < ?", (now - _KEEP_PICTURES_S,))
    db.execute("DELETE FROM incidents WHERE at < ?", (now - _KEEP_S,))
    db.execute("DELETE FROM deeds WHERE at < ?", (now - _KEEP_S,))
