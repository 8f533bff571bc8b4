"""Where people and tokens are kept: one suite over every vault."""

import asyncio
import contextlib
import stat
import sys

import msgspec
import pytest

from aimonitor.hub.identity.records import Person
from aimonitor.hub.identity.roles import Role
from aimonitor.hub.identity.vaults import MEMORY, Shelf, make_vault
from aimonitor.hub.identity.vaults.copied import CopiedShelf
from aimonitor.hub.stores.base import StoreError


@pytest.fixture(params=["memory", "sqlite", "redis"])
def location(request, tmp_path):
    if request.param == "redis":
        return request.getfixturevalue("redis_url")
    return MEMORY if request.param == "memory" else str(tmp_path / "deep" / "identity.sqlite3")


@contextlib.asynccontextmanager
async def opened(location):
    vault = make_vault(location)
    await vault.open()
    try:
        yield vault
    finally:
        await vault.close()


def run(story, location):
    async def tell():
        async with opened(location) as vault:
            await story(vault)

    asyncio.run(tell())


def test_what_is_put_is_found_by_shelf_and_key(location):
    async def story(vault):
        await vault.put("a", "one", b"1")
        await vault.put("a", "two", b"\x00\xff")
        await vault.put("b", "one", b"other")
        await vault.put("a", "one", b"newer")
        assert (await vault.get("a", "one"), await vault.get("b", "one")) == (b"newer", b"other")
        assert await vault.get("a", "three") is None
        assert await vault.all("a") == {"one": b"newer", "two": b"\x00\xff"}
        assert await vault.all("c") == {}

    run(story, location)


def test_keys_may_be_any_text(location):
    async def story(vault):
        for key in ("Ünal", "דנה", "a b", "x'; DROP TABLE record; --", "*", ""):
            assert await vault.add("a", key, key.encode())
        assert {key: record.decode() for key, record in (await vault.all("a")).items()} == {
            key: key for key in await vault.all("a")
        }

    run(story, location)


def test_adding_never_replaces(location):
    async def story(vault):
        assert await vault.add("a", "k", b"first")
        assert not await vault.add("a", "k", b"first")
        assert not await vault.add("a", "k", b"second")
        assert await vault.get("a", "k") == b"first"

    run(story, location)


def test_swapping_replaces_only_what_was_expected(location):
    async def story(vault):
        await vault.put("a", "k", b"old")
        assert not await vault.swap("a", "k", b"other", b"new")
        assert await vault.swap("a", "k", b"old", b"new")
        assert not await vault.swap("a", "nothing", b"old", b"new")
        assert await vault.all("a") == {"k": b"new"}

    run(story, location)


def test_of_many_takers_one_gets_it(location):
    async def story(vault):
        await vault.put("a", "k", b"once")
        taken = await asyncio.gather(*(vault.take("a", "k") for _ in range(20)))
        assert sorted(taken, key=str) == sorted([b"once"] + [None] * 19, key=str)
        assert await vault.get("a", "k") is None

    run(story, location)


def test_the_trail_keeps_the_newest(location):
    async def story(vault):
        for number in range(12):
            await vault.note(b"%d" % number, keep=5)
        assert await vault.notes(100) == [b"11", b"10", b"9", b"8", b"7"]
        assert await vault.notes(2) == [b"11", b"10"]

    run(story, location)


def test_changes_of_different_fields_at_once_are_all_kept(location):
    async def story(vault):
        shelf = Shelf(vault, "person", Person)
        await shelf.put("dana", Person("Dana", Role.VIEWER, "hash", 1.0))
        await asyncio.gather(
            shelf.change("dana", role=Role.ADMIN),
            shelf.change("dana", last_seen_at=7.0),
            shelf.change("dana", password="other"),
        )
        assert await shelf.get("dana") == Person("Dana", Role.ADMIN, "other", 1.0, 7.0)
        assert await shelf.change("nobody", role=Role.ADMIN) is None

    run(story, location)


@pytest.mark.parametrize("kind", ["sqlite", "redis"])
def test_two_programs_share_a_vault_that_lasts(kind, request, tmp_path):
    location = request.getfixturevalue("redis_url") if kind == "redis" else str(tmp_path / "identity.sqlite3")

    async def story():
        async with opened(location) as one, opened(location) as other:
            mine = CopiedShelf(Shelf(one, "person", Person), lambda: None)
            await mine.add("dana", Person("Dana", Role.ADMIN, "hash", 1.0))
            theirs = CopiedShelf(Shelf(other, "person", Person), lambda: None)
            await theirs.refresh()
            assert theirs.known == mine.known
            await theirs.remove("dana")
            assert "dana" in mine.known
            assert await mine.get("dana") is None
            assert mine.known == {}
        async with opened(location) as later:
            assert await later.get("person", "dana") is None

    asyncio.run(story())


def test_a_change_of_ours_during_a_refresh_is_not_forgotten():
    """Else a hub would be open to this machine again for a moment after its first person was made."""

    async def story():
        vault = make_vault(MEMORY)
        copied = CopiedShelf(Shelf(vault, "person", Person), lambda: None)
        read = vault.all

        async def slowly(shelf):
            found = await read(shelf)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            return found

        vault.all = slowly
        refreshing = asyncio.create_task(copied.refresh())
        await asyncio.sleep(0)
        await copied.add("dana", Person("Dana", Role.ADMIN, "hash", 1.0))
        await refreshing
        assert "dana" in copied.known

    asyncio.run(story())


def test_a_record_of_another_kind_is_an_error_that_names_the_shelf(location):
    async def story(vault):
        await vault.put("person", "dana", b'{"name": 7}')
        with pytest.raises(StoreError, match="shelf person: expected a record of ours"):
            await Shelf(vault, "person", Person).get("dana")

    run(story, location)


def test_fields_of_a_newer_version_are_passed_over(location):
    async def story(vault):
        record = msgspec.json.decode(msgspec.json.encode(Person("Dana", Role.ADMIN, "hash", 1.0)))
        await vault.put("person", "dana", msgspec.json.encode({**record, "quarter": "north"}))
        shelf = Shelf(vault, "person", Person)
        assert (await shelf.change("dana", last_seen_at=2.0)).last_seen_at == 2.0

    run(story, location)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such file modes")
def test_the_file_is_its_owners_only(tmp_path):
    path = tmp_path / "identity.sqlite3"
    run(lambda vault: vault.put("a", "k", b"v"), str(path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_that_cannot_be_used_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="expected a writable SQLite file"):
        run(lambda vault: vault.get("a", "k"), str(tmp_path / "file" / "identity.sqlite3"))


def test_redis_that_is_away_is_a_store_error():
    with pytest.raises(StoreError, match="Redis"):
        run(lambda vault: vault.get("a", "k"), "redis://127.0.0.1:1/0")
