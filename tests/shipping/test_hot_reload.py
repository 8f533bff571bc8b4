"""A running hub and a running edge follow edits of aimonitor.toml as far as they can, and never a bad one."""

import json
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "system"))

from programs import Program, answers, free_port, wait_until

from aimonitor.cli import main
from aimonitor.common.clock import ManualClock
from aimonitor.edge.budget import Budget, BudgetLimits
from aimonitor.hub.limits import Places


def status(url):
    with urllib.request.urlopen(f"{url}/api/status", timeout=5) as answer:
        return json.load(answer)


def post(url, token):
    frame = (Path(__file__).parents[1] / "contract" / "samples" / "founding.json").read_bytes()
    request = urllib.request.Request(f"{url}/api/data", frame, {"authorization": f"Bearer {token}"})
    request.add_header("content-type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def test_a_hub_takes_over_tokens_and_limits_and_keeps_the_last_good_ones(tmp_path, monkeypatch, capsys):
    port = free_port()
    url, file = f"http://127.0.0.1:{port}", tmp_path / "aimonitor.toml"
    file.write_text(f"[hub]\nport = {port}\ntokens = 'old-secret'\n")
    with Program.aimonitor("hub", log=tmp_path / "hub.log", cwd=tmp_path) as hub:
        wait_until(lambda: answers(f"{url}/health"), 30, hub.output, hub)
        assert (post(url, "old-secret"), post(url, "new-secret")) == (200, 401)
        file.write_text(f"[hub]\nport = {port + 1}\ntokens = 'new-secret'\nmax_connections = 7\n")
        hub.await_line("from now on in force: max_connections, tokens", 10)
        hub.await_line("in force after a restart: port", 10)
        assert (post(url, "old-secret"), post(url, "new-secret")) == (401, 200)
        assert status(url)["max_connections"] == 7
        file.write_text("[hub]\nmax_conections = 8\n")
        hub.await_line("the settings stay as they were: aimonitor.toml [hub]: unknown key 'max_conections'", 10)
        assert status(url)["max_connections"] == 7
        file.write_text(f"[hub]\nport = {port}\ntokens = 'old-secret'\nmax_edges = 9\n")
        hub.await_line("in force after a restart: max_edges", 10)
        monkeypatch.chdir(tmp_path)
        assert main(["config", "diff", "hub"]) == 0
        assert "2000                                         # in force where it runs, and needs a restart" in (
            capsys.readouterr().out
        )
    assert "secret" not in hub.output().replace("secrets", "")


def test_fewer_places_turn_nobody_out_and_let_nobody_in():
    places = Places(total=3, per_address=3)
    assert [places.take("a"), places.take("b"), places.take("c")] == [None] * 3
    places.resize(2, 1)
    places.give_back("a")
    assert "at most 2" in places.take("d")
    places.give_back("b")
    assert "at most 1 connections from one address" in places.take("c")
    assert places.take("d") is None


def test_a_budget_that_is_changed_keeps_what_was_spent():
    clock = ManualClock()
    budget = Budget(BudgetLimits(), clock.monotonic())
    budget.spend(1_000_000, clock.monotonic(), clock.utc())
    spent = budget.month_bytes
    budget.limit(BudgetLimits(kbit_s=80, gb_month=1000))
    assert budget.month_bytes == spent
    assert budget.ceiling(clock.monotonic(), clock.utc()) == "full"
    budget.spend(90_000, clock.monotonic(), clock.utc())
    assert budget.ceiling(clock.monotonic(), clock.utc()) == "thumbnail"


@pytest.mark.timeout(90)
def test_an_edge_takes_over_its_budget(tmp_path):
    file = tmp_path / "aimonitor.toml"
    camera = "[[edge.camera]]\nsource = 'http://127.0.0.1:9/stream'\n"
    file.write_text(f"[edge]\ndetector = 'motion:'\n{camera}")
    with Program.aimonitor("edge", log=tmp_path / "edge.log", cwd=tmp_path) as edge:
        edge.await_line("no connection", 60)
        time.sleep(0.01)
        file.write_text(f"[edge]\ndetector = 'motion:'\nbudget_kbit_s = 100\nthreads = 2\n{camera}")
        edge.await_line("from now on in force: budget_kbit_s", 10)
        edge.await_line("in force after a restart: threads", 10)
        assert (tmp_path / "var" / "in-force-edge.toml").read_text().startswith("[edge]\ndetector = 'motion:'\n[[")
