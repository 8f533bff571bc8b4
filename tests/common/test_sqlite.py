"""One file behind one thread: whole transactions, errors in our words, and nothing left open or stuck."""

import asyncio
import sqlite3
import stat
import threading

import pytest

from aimonitor.common.migration import NewerFileError
from aimonitor.common.sqlite import SqliteFile, connect, transaction

STEPS = ("CREATE TABLE a (x INTEGER PRIMARY KEY, y TEXT);",)
OWED = "CREATE TABLE b (x INTEGER REFERENCES a DEFERRABLE INITIALLY DEFERRED);"


class Broken(Exception):  # noqa: N818
    """What the tests' file raises."""


class Full(Broken):
    """The same for a full disk."""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "folder" / "file.sqlite3"


def with_file(path, story, steps=STEPS):
    async def tell():
        file = SqliteFile("notes", path, steps, error=Broken, full=Full)
        await file.open()
        try:
            return await story(file)
        finally:
            await file.close()

    return asyncio.run(tell())


def put(number, words=""):
    return lambda db: db.execute("INSERT INTO a VALUES (?, ?)", (number, words)).rowcount


def numbers(db):
    return [row["x"] for row in db.execute("SELECT x FROM a ORDER BY x")]


def is_idle(path):
    """A file that somebody has open cannot leave WAL mode."""
    db = sqlite3.connect(path, timeout=0)
    try:
        return db.execute("PRAGMA journal_mode = DELETE").fetchone() == ("delete",)
    except sqlite3.OperationalError:
        return False
    finally:
        db.close()


def test_work_that_fails_changes_nothing_and_the_next_is_done(path):
    async def story(file):
        def half(db):
            put(1)(db)
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await file.run(half)
        await file.run(put(2), durable=False)
        return await file.run(numbers)

    assert with_file(path, story) == [2]


def test_a_commit_that_fails_leaves_no_transaction_behind(path):
    async def story(file):
        await file.run(lambda db: None)
        with pytest.raises(Broken, match=r"notes .*file\.sqlite3: FOREIGN KEY"):
            await file.run(lambda db: db.execute("INSERT INTO b VALUES (7)"))
        await file.run(put(1))
        return await file.run(numbers)

    async def strict(file):
        await asyncio.get_running_loop().run_in_executor(
            file._worker, lambda: file._db.execute("PRAGMA foreign_keys = ON")
        )
        return await story(file)

    assert with_file(path, strict, (*STEPS, OWED)) == [1]


def test_a_full_disk_is_told_apart_and_left_behind(path):
    async def story(file):
        def pages(db):
            return db.execute("PRAGMA page_count").fetchone()[0]

        await file.run(lambda db: db.execute(f"PRAGMA max_page_count = {pages(db)}").fetchall())
        with pytest.raises(Full, match="database or disk is full; free some disk"):
            await file.run(put(1, "x" * 100_000))
        await file.run(lambda db: db.execute("PRAGMA max_page_count = 1000000").fetchall())
        await file.run(put(2, "x" * 100_000))
        return await file.run(numbers)

    assert with_file(path, story) == [2]


def test_what_was_handed_in_is_done_although_nobody_waits_for_it_any_more(path):
    async def story(file):
        begun, go_on = threading.Event(), threading.Event()

        def slow(db):
            begun.set()
            go_on.wait(10)
            put(1)(db)

        asking = asyncio.create_task(file.run(slow))
        await asyncio.to_thread(begun.wait, 10)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        go_on.set()
        return await file.run(numbers)

    assert with_file(path, story) == [1]


def test_a_closed_file_says_so_and_may_be_closed_again(path):
    async def story(file):
        await file.close()
        with pytest.raises(Broken, match="expected an open file, got a closed one"):
            await file.run(numbers)
        await file.close()

    with_file(path, story)
    assert is_idle(path)


def test_a_file_that_cannot_be_opened_is_said_and_let_go(path):
    with_file(path, lambda file: file.run(put(1)), (*STEPS, OWED))
    with pytest.raises(Broken, match=r"notes .*expected version 1 or older, got 2"):
        with_file(path, lambda file: file.run(numbers))
    with pytest.raises(NewerFileError):
        connect(path, STEPS)
    assert is_idle(path)
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(Broken, match="expected a writable SQLite file, got: file is not a database"):
        with_file(path, lambda file: file.run(numbers))


def test_a_file_of_secrets_is_its_owners_alone(path):
    connect(path, STEPS, owner_only=True).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_transaction_keeps_other_writers_out(path):
    db = connect(path, STEPS)
    other = sqlite3.connect(path, timeout=0)
    with transaction(db), pytest.raises(sqlite3.OperationalError, match="locked"):
        other.execute("INSERT INTO a VALUES (1, '')")
    other.close()
    db.close()
