"""Backup and restore: what was there is there again, on the same machine or another, whatever happened in between."""

import asyncio
import json
import sqlite3
import urllib.request
import zipfile

import pytest
from history import check_whole, read_history, read_ledger
from programs import Program, answers, free_port, wait_until

from aimonitor.bot.database import Database
from aimonitor.cli import main
from aimonitor.common.clock import ManualClock
from aimonitor.contract import messages
from aimonitor.edge.journal import STEPS, Journal
from aimonitor.hub.identity.vaults.sqlite import SqliteVault
from aimonitor.hub.stores import Keep
from aimonitor.hub.stores.base import NewEvent, Query
from aimonitor.hub.stores.sqlite import SqliteStore
from aimonitor.upkeep.archive import BackupError
from aimonitor.upkeep.backup import without_secrets

CONFIG = """\
[hub]
tokens = { yard = "hub-secret-1" }   # for the laptop
[edge]
token = 'hub-secret-1'
[[edge.camera]]
id = "gate"
source = "rtsp://user:cam-secret@192.168.1.51/stream1"
policy = "gate.toml"
[bot]
token = "123456789:bot-secret"
"""


@pytest.fixture(autouse=True)
def _alone(monkeypatch):
    for name in ("PORT", "REDIS_URL", "TELEGRAM_TOKEN", "CHAT_ID", "AIMONITOR_TOKENS", "AIMONITOR_CONFIG"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A folder with settings, a policy, and what hub, edge and bot remember."""

    def enter(name):
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        monkeypatch.chdir(folder)
        return folder

    folder = enter("old")
    (folder / "aimonitor.toml").write_text(CONFIG)
    (folder / "gate.toml").write_text("[[zone]]\n")
    keep_events(folder / "var" / "hub.sqlite3", 1, 4)
    journal = Journal(folder / "var" / "edge.sqlite3", ManualClock(), limits())
    for _ in range(3):
        journal.append(an_event)
    journal.acknowledge(journal.last - 1)
    journal.close()
    asyncio.run(make_bot(folder / "var" / "bot.sqlite3"))
    asyncio.run(make_people(folder / "var" / "identity.sqlite3"))
    (folder / "var" / "edge" / "usual").mkdir(parents=True)
    (folder / "var" / "edge" / "usual" / "gate.json").write_text("{}")
    (folder / "var" / "edge" / "clips" / "gate").mkdir(parents=True)
    (folder / "var" / "edge" / "clips" / "gate" / "large.avi").write_bytes(bytes(1000))
    return enter


def limits():
    from aimonitor.edge.journal import Limits

    return Limits(min_free_bytes=0)


def an_event(seq):
    return messages.Event(
        source="yard/gate", seq=seq, incident_id="i", kind="intrusion", phase="opened", at=1.0, opened_at=1.0
    )


async def make_bot(path):
    database = Database(path)
    await database.open()
    await database.run(lambda db: db.execute("INSERT INTO notes VALUES ('seal', 'bot-seal-secret')") and None)
    await database.close()


async def make_people(path):
    vault = SqliteVault(str(path))
    await vault.open()
    await vault.put("person", "dana", b"a-password-hash")
    await vault.close()


def keep_events(path, first, last):
    async def story():
        store = SqliteStore(str(path), Keep())
        await store.open()
        await store.add([NewEvent("yard", seq, "yard/gate", float(seq), f"event {seq}") for seq in range(first, last)])
        await store.close()

    asyncio.run(story())


def kept_events(path):
    async def story():
        store = SqliteStore(str(path), Keep())
        await store.open()
        found = await store.events(Query())
        await store.close()
        return [event.body for event in found][::-1]

    return asyncio.run(story())


def content(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_another_machine_has_all_that_the_first_one_had(machine, capsys):
    assert main(["backup", "../monday.zip"]) == 0
    assert "keep it as safe as a password" in capsys.readouterr().out
    there = machine("new")
    assert (there.parent / "monday.zip").stat().st_mode & 0o777 == 0o600
    assert main(["restore", "../monday.zip"]) == 0
    remembered = {
        "var/hub.sqlite3",
        "var/identity.sqlite3",
        "var/edge.sqlite3",
        "var/bot.sqlite3",
        "var/edge/usual/gate.json",
    }
    assert content(there) == {"aimonitor.toml", "gate.toml", *remembered}
    assert (there / "aimonitor.toml").read_text() == CONFIG
    assert kept_events(there / "var" / "hub.sqlite3") == ["event 1", "event 2", "event 3"]
    assert all((there / "var" / name).stat().st_mode & 0o777 == 0o600 for name in ("edge.sqlite3", "bot.sqlite3"))


def test_what_is_there_is_not_overwritten_unless_that_is_wanted_and_then_put_aside(machine, capsys):
    folder = machine("old")
    assert main(["backup", "../b.zip"]) == 0
    keep_events(folder / "var" / "hub.sqlite3", 4, 6)
    assert main(["restore", "../b.zip"]) == 1
    assert "expected an empty place, found var/hub.sqlite3 and 6 more" in capsys.readouterr().err
    assert len(kept_events(folder / "var" / "hub.sqlite3")) == 5
    assert main(["restore", "../b.zip", "--force"]) == 0
    assert len(kept_events(folder / "var" / "hub.sqlite3")) == 3
    assert len(kept_events(folder / "var" / "hub.sqlite3.before-restore")) == 5


def test_files_in_use_are_left_alone(machine, capsys):
    folder = machine("old")
    assert main(["backup", "../b.zip"]) == 0
    journal = Journal(folder / "var" / "edge.sqlite3", ManualClock(), limits())
    try:
        assert main(["restore", "../b.zip", "--force"]) == 1
    finally:
        journal.close()
    assert "var/edge.sqlite3 is in use: stop the hub, edge and bot" in capsys.readouterr().err
    assert not list(folder.rglob("*.before-restore"))


def test_a_restored_journal_sends_what_was_waiting_and_uses_no_number_twice(machine):
    folder = machine("old")
    assert main(["backup", "../b.zip"]) == 0
    clock = ManualClock()
    journal = Journal(folder / "var" / "edge.sqlite3", clock, limits())
    later = [journal.append(an_event).seq for _ in range(50)]
    journal.close()
    assert main(["restore", "../b.zip", "--force"]) == 0
    restored = Journal(folder / "var" / "edge.sqlite3", clock, limits())
    assert len(restored.after(restored.acked)) == 1
    assert restored.first > max(later), "the hub would take new events for old ones"
    assert restored.last == restored.first, "and no gap that the hub would ask for"
    restored.close()


def test_a_backup_without_secrets_has_none_and_says_so_when_it_is_restored(machine, capsys):
    assert main(["backup", "../b.zip", "--without-secrets"]) == 0
    there = machine("new")
    with zipfile.ZipFile("../b.zip") as archive:
        data = b"".join(archive.read(name) for name in archive.namelist())
    for secret in (b"hub-secret-1", b"cam-secret", b"bot-secret", b"bot-seal-secret", b"a-password-hash", b"identity"):
        assert secret not in data
    capsys.readouterr()
    assert main(["restore", "../b.zip"]) == 1, "the hub's tokens have to be set first"
    assert "'tokens" in capsys.readouterr().err
    assert content(there) == set()


@pytest.mark.parametrize(
    "text",
    [
        "tokens = 'yard:s3cret,shop:s3cret2'",
        "tokens = [\n  { edge_id = 'yard', secret = \"s3cret\" },\n]",
        "tokens.yard = 's3cret'",
        "[[integrations.webhook]]\nurl = 'https://u:s3cret@h/x'\nsecret = 's3cret'",
    ],
)
def test_secrets_are_found_however_they_are_written(text):
    assert "s3cret" not in without_secrets(text)
    assert ("yard" in without_secrets(text)) == ("edge_id" in text or "tokens.yard" in text)


def test_a_secret_with_escapes_is_refused_rather_than_leaked():
    with pytest.raises(BackupError, match="with escapes"):
        without_secrets('token = "a\\u0062c"')


def rewrite(path, change):
    """Change members of a backup: `change` maps names to new content."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, change.get(name, lambda data: data)(data))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"hub.sqlite3": lambda data: data[:-1] + b"x"}, "hub.sqlite3 is damaged"),
        ({"manifest.json": lambda data: data.replace(b'"format": 1', b'"format": 2')}, "a newer AI Monitor"),
        ({"manifest.json": lambda data: data.replace(b"gate.toml", b"../ga.toml")}, "below the backup's own folder"),
        ({"manifest.json": lambda _: b"{}"}, "expected a backup as"),
        ({"aimonitor.toml": lambda _: b"[hub"}, "aimonitor.toml is damaged"),
    ],
)
def test_a_damaged_or_foreign_backup_changes_nothing(machine, capsys, change, said):
    assert main(["backup", "../b.zip"]) == 0
    there = machine("new")
    rewrite(there.parent / "b.zip", change)
    assert main(["restore", "../b.zip"]) == 1
    assert said in capsys.readouterr().err
    assert content(there) == set()


def test_a_backup_of_a_newer_version_is_refused(machine, capsys):
    db = sqlite3.connect("var/edge.sqlite3")
    db.execute(f"PRAGMA user_version = {len(STEPS) + 1}")
    db.close()
    assert main(["backup", "../b.zip"]) == 0
    there = machine("new")
    assert main(["restore", "../b.zip"]) == 1
    assert "edge.sqlite3: expected version" in capsys.readouterr().err
    assert content(there) == set()


def test_no_zip_and_no_files_are_said(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["backup", "b.zip"]) == 1
    assert "there is nothing to back up here" in capsys.readouterr().err
    assert not (tmp_path / "b.zip").exists()
    (tmp_path / "b.zip").write_text("not a zip")
    assert main(["restore", "b.zip"]) == 1
    assert "expected a backup as `aimonitor backup` writes it" in capsys.readouterr().err


@pytest.mark.timeout(120)
def test_a_backup_of_a_running_hub_and_fleet_is_consistent_and_the_restored_hub_ends_up_whole(tmp_path, monkeypatch):
    """The hub goes back in time; what it then lacks it asks the edges for."""
    monkeypatch.chdir(tmp_path)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    hub = Program.aimonitor("hub", "--port", str(port), log=tmp_path / "hub.log", cwd=tmp_path)
    command = ["simulate", "--hub", f"ws://127.0.0.1:{port}/ws/laptop", "--edges", "2", "--rate", "40", "--fps", "1"]
    fleet = Program.aimonitor(
        *command, "--ledger", "ledger.jsonl", "--state", "fleet", log=tmp_path / "fleet.log", cwd=tmp_path
    )
    with hub, fleet:
        wait_until(lambda: answers(f"{url}/health"), 30, hub.output, hub)
        wait_until(lambda: stored(url) > 40, 30, hub.output, hub)
        before = stored(url)
        assert main(["backup", "b.zip"]) == 0
        wait_until(lambda: stored(url) > before + 60, 30, hub.output, hub)
        hub.kill()
        assert main(["restore", "b.zip", "--force"]) == 0
        assert before <= len(kept_events(tmp_path / "var" / "hub.sqlite3")) < before + 60
        hub.start()
        wait_until(lambda: answers(f"{url}/health"), 30, hub.output, hub)
        wait_until(lambda: stored(url) > before + 60, 30, hub.output, hub)
        fleet.stop()
        ledger = read_ledger(tmp_path / "ledger.jsonl")
        assert json.loads(fleet.output().strip().splitlines()[-1])["accepted"] == len(ledger)
        last = Program.aimonitor(
            *command, "--rate", "0", "--seconds", "3", "--state", "fleet", log=tmp_path / "last.log", cwd=tmp_path
        )
        with last:
            last.process.wait(60)
        check_whole(read_history(url), ledger)


def stored(url):
    with urllib.request.urlopen(f"{url}/api/status", timeout=5) as answer:
        return json.load(answer)["events"]
