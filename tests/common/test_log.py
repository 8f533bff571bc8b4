"""A log line is one line and carries no secret."""

import logging

import pytest

from aimonitor.common import log
from aimonitor.common.log import scrub


@pytest.mark.parametrize(
    "text",
    [
        "GET https://api.telegram.org/bot123456789:AAF-abcdefghijklmnopqrstuvwxyz/getMe",
        "Authorization: Bearer SECRETSECRET",
        '{"token": "SECRETSECRET"}',
        "token=SECRETSECRET&x=1",
        "rtsp://admin:SECRETSECRET@10.0.0.1/stream",
        "password: SECRETSECRET",
        "password: 'two SECRETSECRET words'",
        '{"password": "two SECRETSECRET words", "name": "Dana"}',
        "rtsp://admin:p@ss@SECRETSECRET@10.0.0.1/stream",
        "redis://:SECRETSECRET@10.0.0.1:6379/0",
        "Authorization: Basic SECRETSECRET",
        "{'authorization': 'Basic SECRETSECRET'}",
        "Cookie: session=SECRETSECRET",
        "Set-Cookie: aimonitor=SECRETSECRET; HttpOnly",
        "/ws?ticket=SECRETSECRET",
        "Sec-WebSocket-Protocol: aimonitor.v2, aimonitor.ticket.SECRETSECRET",
        "http://cam/v.cgi?user=u&pwd=SECRETSECRET",
        "x-token: SECRETSECRET",
    ],
)
def test_secrets_are_replaced(text):
    assert "SECRETSECRET" not in scrub(text)
    assert "AAF-abcdef" not in scrub(text)


def test_a_hostile_name_stays_one_line():
    assert scrub("name\r\n\x1b[31mFAKE ERROR") == "name\\x0d\\x0a\\x1b[31mFAKE ERROR"


@pytest.mark.parametrize("turn", ["\u202e", "\u2066", "\u200f", "\u061c"])
def test_nothing_turns_the_line_around(turn):
    assert scrub(f"gate{turn}4pm.exe").isprintable()
    assert scrub(f"gate{turn}4pm.exe").endswith("4pm.exe")


def test_a_long_text_is_cut_and_takes_no_longer():
    assert len(scrub("x" * 10_000)) == 2000
    assert len(scrub("token=" * 2_000_000)) <= 2000


def test_plain_words_stay_as_they_are():
    for words in ("camera gate: שלום, привет", "درِ ورودی می‌خانه 🚪", "the hub at https://example.org:8443/x@y is up"):
        assert scrub(words) == words


def test_what_went_wrong_is_said_before_the_long_way_there(capsys):
    ways = [lambda: {}["the reason"]]
    for _ in range(60):
        ways.append(lambda way=ways[-1]: way())
    before = logging.getLogger().handlers[:]
    log.configure()
    try:
        ways[-1]()
    except KeyError:
        logging.getLogger("test.error").exception("it failed")
    finally:
        logging.getLogger().handlers[:] = before
    (line,) = capsys.readouterr().err.splitlines()
    assert " test: it failed: KeyError: 'the reason' | Traceback" in line
