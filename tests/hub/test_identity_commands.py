"""`aimonitor pair`, `aimonitor hub users` and `aimonitor hub tokens`."""

import io
import stat
import sys
import threading
import tomllib

import httpx
import pytest
from hub_peers import SAMPLE, wait_until
from identity_people import PASSWORD, make_people, sign_in, visitor

from aimonitor.cli import main


@pytest.fixture(autouse=True)
def _alone(monkeypatch, tmp_path):
    """In an empty folder, without this machine's variables."""
    monkeypatch.chdir(tmp_path)
    for name in ("PORT", "REDIS_URL", "AIMONITOR_TOKENS", "AIMONITOR_ADMIN_PASSWORD", "AIMONITOR_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AIMONITOR_HUB_HISTORY_PATH", str(tmp_path / "hub.sqlite3"))


def pair_and_answer(hub, admin, arguments, *, approve, **answer):
    """Run the command, and say yes or no as soon as its code is known; returns the exit code."""
    codes = []
    running = threading.Thread(target=lambda: codes.append(main(["pair", "--hub", hub.url, *arguments])))
    running.start()
    waiting = []
    wait_until(lambda: waiting.extend(admin.get("/api/pairings").json()["pairings"]) or waiting)
    assert admin.post(f"/api/pairings/{waiting[0]['code']}", json={"approve": approve, **answer}).status_code == 204
    running.join(20)
    return codes[0], waiting[0]


def test_an_edge_pairs_and_its_token_is_in_its_file_alone(start_hub, tmp_path, capfd):
    hub = start_hub()
    admin = make_people(hub)["admin"]
    file = tmp_path / "aimonitor.toml"
    file.write_text("# my cameras\n[edge]\nthreads = 2  # both cores\ncamera = ['usb:0']\n")
    file.chmod(0o644)
    code, asked = pair_and_answer(hub, admin, ["--edge-id", "yard"], approve=True, edge_id="front-yard")
    assert (code, asked["edge_id"], asked["name"]) == (0, "yard", "yard")
    written = file.read_text()
    assert "# my cameras" in written
    assert "threads = 2  # both cores" in written
    edge = tomllib.loads(written)["edge"]
    assert (edge["hub"], edge["edge_id"]) == (hub.url.replace("http", "ws") + "/ws/laptop", "front-yard")
    if sys.platform != "win32":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    answer = visitor(hub, token=edge["token"]).post("/api/data", content=SAMPLE)
    assert answer.json()["source"] == "front-yard/default"
    shown = "".join(capfd.readouterr())
    assert asked["code"] in shown
    assert f"{hub.url}/#/setup/pair/{asked['code']}" in shown
    assert edge["token"] not in shown


def test_a_file_is_made_where_there_is_none(start_hub, tmp_path):
    hub = start_hub()
    admin = make_people(hub)["admin"]
    code, _ = pair_and_answer(hub, admin, ["--config", "new/edge.toml", "--edge-id", "yard"], approve=True)
    assert code == 0
    file = tmp_path / "new" / "edge.toml"
    assert tomllib.loads(file.read_text())["edge"]["edge_id"] == "yard"
    if sys.platform != "win32":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_no_is_one_line_and_writes_nothing(start_hub, tmp_path, capfd):
    hub = start_hub()
    admin = make_people(hub)["admin"]
    code, _ = pair_and_answer(hub, admin, ["--edge-id", "yard"], approve=False)
    assert (code, capfd.readouterr().err) == (1, "aimonitor: somebody said no\n")
    assert not (tmp_path / "aimonitor.toml").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--hub", "ftp://x"], "expected an address such as https://hub.example.org"),
        (["--hub", "http://127.0.0.1:1", "--edge-id", "yard"], "refused"),
        (["--hub", "HUB", "--edge-id", "no name"], "edge_id"),
    ],
)
def test_what_goes_wrong_is_one_line(running_hub, arguments, said, capfd):
    assert main(["pair", *(running_hub.url if each == "HUB" else each for each in arguments)]) == 1
    assert said in capfd.readouterr().err


def run(monkeypatch, *arguments, typed=""):
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    return main(["hub", *arguments])


def test_users_from_a_shell_while_the_hub_runs(start_hub, tmp_path, monkeypatch, capsys):
    hub = start_hub(history_path=str(tmp_path / "hub.sqlite3"))
    assert httpx.get(hub.url + "/api/session").json()["access"] == "open"
    assert run(monkeypatch, "users", "add", "Dana", "--role", "admin", typed=f"{PASSWORD}\n") == 0
    wait_until(lambda: httpx.get(hub.url + "/api/session").json()["access"] == "login")
    dana = sign_in(hub, "dana")
    assert run(monkeypatch, "users", "add", "Omar", typed=f"{PASSWORD}\n") == 0
    assert run(monkeypatch, "users", "role", "Omar", "operator") == 0
    assert run(monkeypatch, "users", "list") == 0
    out = capsys.readouterr().out
    assert [line.split()[0] for line in out.splitlines()[-2:]] == ["admin", "operator"]
    assert PASSWORD not in out
    assert run(monkeypatch, "users", "passwd", "Dana", typed="battery horse correct\n") == 0
    assert dana.get("/api/status").status_code in (200, 401)  # the hub follows within seconds
    wait_until(lambda: dana.get("/api/status").status_code == 401)
    dana = sign_in(hub, "Dana", "battery horse correct")
    assert run(monkeypatch, "users", "remove", "Omar") == 0
    assert run(monkeypatch, "users", "remove", "Dana") == 1
    assert "at least one admin" in capsys.readouterr().err
    did = [(line["who"].endswith("(shell)"), line["did"]) for line in dana.get("/api/audit").json()["entries"]]
    assert (True, "remove_user") in did


def test_tokens_from_a_shell(start_hub, tmp_path, monkeypatch, capsys):
    assert run(monkeypatch, "tokens", "add", "--edge", "yard") == 0
    secret = capsys.readouterr().out.strip()
    hub = start_hub(history_path=str(tmp_path / "hub.sqlite3"))
    assert visitor(hub, token=secret).post("/api/data", content=SAMPLE).status_code == 200
    assert run(monkeypatch, "tokens", "list") == 0
    token_id, whose = capsys.readouterr().out.split()[:2]
    assert whose == "yard"
    assert secret.startswith(f"aim_{token_id}_")
    assert run(monkeypatch, "tokens", "revoke", token_id) == 0
    assert visitor(hub, token=secret).post("/api/data", content=SAMPLE).status_code == 401
    assert run(monkeypatch, "tokens", "add", "--edge", "../x") == 1
    assert "1 to 64 letters" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "typed", "said"),
    [
        (["users", "add", "Dana"], PASSWORD, "admin for the first person"),
        (["users", "add", "Dana", "--role", "admin"], "short", "10 to 256 characters"),
        (["users", "remove", "Nobody"], "", "somebody who is known"),
        (["tokens", "revoke", "none"], "", "a token that is known"),
    ],
)
def test_what_is_refused_in_a_shell_is_one_line(monkeypatch, capsys, arguments, typed, said):
    assert run(monkeypatch, *arguments, typed=typed) == 1
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_a_hub_without_a_disk_says_where_its_people_come_from(monkeypatch, capsys):
    monkeypatch.setenv("AIMONITOR_HUB_HISTORY_PATH", ":memory:")
    assert run(monkeypatch, "users", "list") == 1
    assert "AIMONITOR_ADMIN_PASSWORD" in capsys.readouterr().err
