"""What is critical while the hub is away reaches a person once, in words, by the edge itself."""

import http.server
import json
import threading

import pytest

from aimonitor.common.clock import ManualClock
from aimonitor.contract.messages import Event
from aimonitor.edge.distress import Distress, Telegram
from aimonitor.edge.journal import Journal
from aimonitor.edge.settings import EdgeSettings

TOKEN = "123456:secret-of-the-bot"


class BotApi:
    """Answers sendMessage with `answers` in turn, then with 200; keeps what it took."""

    def __init__(self):
        self.taken = []
        self.asked = 0
        self.answers = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                outer.asked += 1
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                status, answer = outer.answers.pop(0) if outer.answers else (200, {"ok": True})
                if status == 200:
                    outer.taken.append((self.path, body["chat_id"], body["text"]))
                self.send_response(status)
                self.end_headers()
                self.wfile.write(json.dumps(answer).encode())

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class Site:
    """An edge's journal and clock, and whether its hub is there."""

    def __init__(self, journal, clock, api, chats=(42,)):
        self.journal, self.clock, self.connected = journal, clock, True
        self.distress = Distress(
            journal,
            Telegram(TOKEN, chats, api),
            lambda: self.connected,
            clock,
            edge_id="yard",
            patience_s=60,
        )

    def happens(self, incident, level="CRITICAL", phase="opened"):
        at = self.clock.utc()
        said = {"incident_id": incident, "kind": "person", "phase": phase, "level": level, "words": f"{incident} came"}
        self.journal.append(lambda seq: Event(source="yard/gate", seq=seq, at=at, opened_at=at, **said))

    def passes(self, seconds):
        for _ in range(seconds):
            self.clock.advance(1)
            self.distress.step()


@pytest.fixture
def api():
    made = BotApi()
    yield made
    made.close()


@pytest.fixture
def site(tmp_path, api):
    clock = ManualClock()
    journal = Journal(tmp_path / "edge.sqlite3", clock)
    yield Site(journal, clock, api.address)
    journal.close()


def test_what_is_critical_is_told_once_after_the_patience(site, api):
    site.passes(5)
    site.connected = False
    site.happens("man")
    site.happens("cat", level="WATCH")
    site.passes(59)
    assert api.taken == []
    site.passes(300)
    ((path, chat, text),) = api.taken
    assert (path, chat) == (f"/bot{TOKEN}/sendMessage", 42)
    assert "yard" in text
    assert "gate: man came" in text
    assert "cat" not in text
    site.happens("man", phase="updated")
    site.happens("van", level="WATCH")
    site.passes(5)
    assert len(api.taken) == 1
    site.happens("van", phase="updated")
    site.passes(5)
    assert "van came" in api.taken[1][2]


def test_while_the_hub_is_there_and_in_a_short_absence_nothing_is_told(site, api):
    for _ in range(5):
        site.happens("a")
        site.passes(20)
        site.connected = False
        site.happens("b")
        site.passes(40)
        site.connected = True
        site.passes(1)
    assert api.asked == 0


def test_what_the_hub_has_confirmed_and_what_is_old_is_not_told_again(site, api):
    site.happens("old")
    site.passes(200)
    site.happens("confirmed")
    site.journal.acknowledge(site.journal.last)
    site.passes(1)
    site.connected = False
    site.passes(120)
    assert api.asked == 0


def test_what_happened_just_before_the_hub_went_unconfirmed_is_told(site, api):
    site.passes(20)
    site.happens("last")
    site.passes(5)
    site.connected = False
    site.passes(61)
    assert "last came" in api.taken[0][2]


def test_telegram_is_asked_again_when_it_says_and_the_token_is_in_no_log(site, api, caplog):
    api.answers = [(429, {"ok": False, "description": "Too Many Requests", "parameters": {"retry_after": 30}})]
    site.connected = False
    site.happens("man")
    site.passes(61)
    assert api.asked == 1
    site.passes(28)
    assert api.asked == 1
    site.passes(4)
    assert "man came" in api.taken[0][2]
    assert "Too Many Requests" in caplog.text
    assert TOKEN not in caplog.text


def test_without_a_network_it_is_tried_ever_less_often_and_given_up_when_the_hub_is_back(site, api):
    api.answers = [(500, "no json")] * 1000
    site.connected = False
    site.happens("man")
    site.passes(60 + 1800)
    assert 5 < api.asked < 30
    site.connected = True
    site.passes(1)
    api.answers = []
    site.connected = False
    site.passes(600)
    assert api.taken == []


def test_one_chat_that_left_does_not_keep_the_other_from_being_told_once(tmp_path, api):
    clock = ManualClock()
    journal = Journal(tmp_path / "edge.sqlite3", clock)
    site = Site(journal, clock, api.address, chats=(-7, 42))
    api.answers = [(403, {"ok": False, "description": "Forbidden: bot was kicked"})]
    site.connected = False
    site.happens("man")
    site.passes(200)
    assert [chat for _, chat, _ in api.taken] == [42]
    journal.close()


def test_many_incidents_are_one_message_of_a_length_that_telegram_takes(site, api):
    site.connected = False
    for number in range(300):
        site.happens(f"n{number}")
    site.passes(62)
    ((_, _, text),) = api.taken
    assert "n299 came" in text
    assert "and 290 more" in text
    assert len(text) <= 4096


def test_chats_are_given_as_the_bot_is_given_them():
    assert EdgeSettings(telegram_chats="42, -1001").telegram_chats == (42, -1001)
    assert EdgeSettings(telegram_chats=42).telegram_chats == (42,)
