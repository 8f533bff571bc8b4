"""A log line is one line and carries no secret."""

import pytest

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
    ],
)
def test_secrets_are_replaced(text):
    assert "SECRETSECRET" not in scrub(text)
    assert "AAF-abcdef" not in scrub(text)


def test_a_hostile_name_stays_one_line():
    assert scrub("name\r\n\x1b[31mFAKE ERROR") == "name\\x0d\\x0a\\x1b[31mFAKE ERROR"


def test_a_long_text_is_cut():
    assert len(scrub("x" * 10_000)) == 2000


def test_plain_words_stay_as_they_are():
    assert scrub("camera gate: שלום, привет") == "camera gate: שלום, привет"
