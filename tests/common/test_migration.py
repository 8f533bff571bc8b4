"""Files of earlier versions become today's, once and wholly; files of later ones are left alone."""

import sqlite3
import threading

import pytest

from aimonitor.common.migration import NewerFileError, migrate, read_version

FIRST = "CREATE TABLE IF NOT EXISTS a (x INTEGER); INSERT INTO a VALUES (1);"
SECOND = "ALTER TABLE a ADD COLUMN y INTEGER NOT NULL DEFAULT 7;"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "file.sqlite3"


def opened(path):
    return sqlite3.connect(path, isolation_level=None, timeout=10)


def test_an_empty_file_goes_through_all_steps_and_later_only_through_new_ones(path):
    db = opened(path)
    assert migrate(db, (FIRST,), path) == 0
    assert migrate(db, (FIRST, SECOND), path) == 1
    assert migrate(db, (FIRST, SECOND), path) == 2
    assert db.execute("SELECT * FROM a").fetchall() == [(1, 7)]
    db.close()


def test_a_step_that_fails_leaves_the_file_as_it_was(path):
    db = opened(path)
    migrate(db, (FIRST,), path)
    with pytest.raises(sqlite3.OperationalError):
        migrate(db, (FIRST, "INSERT INTO a VALUES (2); INSERT INTO nowhere VALUES (1);"), path)
    assert read_version(db) == 1
    assert db.execute("SELECT x FROM a").fetchall() == [(1,)]
    db.close()


def test_a_newer_file_is_refused_with_what_to_do_and_not_touched(path):
    db = opened(path)
    migrate(db, (FIRST, SECOND), path)
    before = path.read_bytes()
    with pytest.raises(NewerFileError, match=r"file\.sqlite3: expected version 1 or older, got 2.*upgrade this one"):
        migrate(db, (FIRST,), path)
    assert path.read_bytes() == before
    db.close()


def test_two_programs_that_open_the_file_at_once_do_each_step_once(path):
    def work():
        db = opened(path)
        barrier.wait(10)
        migrate(db, (FIRST, SECOND), path)
        db.close()

    barrier = threading.Barrier(4)
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    db = opened(path)
    assert db.execute("SELECT * FROM a").fetchall() == [(1, 7)]
    db.close()
