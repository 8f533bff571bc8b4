"""The founding variables, the table, and sentences about what is wrong; never the token in any of them."""

import argparse

import pytest
from fake_telegram import TOKEN

from aimonitor.bot import settings
from aimonitor.cli import bot
from aimonitor.common.settings import SettingsError


def read(**environ):
    return settings.read(environ=environ)


@pytest.mark.parametrize(("text", "chats"), [("5", (5,)), ("1, -100200 ,3,", (1, -100200, 3)), ("", ()), (" , ", ())])
def test_the_founding_variables(text, chats):
    found = read(TELEGRAM_TOKEN=TOKEN, CHAT_ID=text)
    assert found.chats == chats
    assert found.token.get_secret_value() == TOKEN
    assert TOKEN not in repr(found)


def test_without_a_token_there_is_no_bot(tmp_path):
    assert read(CHAT_ID="5") is None
    (tmp_path / "a.toml").write_text(f'[bot]\ntoken = "{TOKEN}"\nchats = [1, 2]\nlanguage = "he"\n')
    found = settings.read(tmp_path / "a.toml", environ={"AIMONITOR_BOT_LEVEL": "ALERT"})
    assert (found.chats, found.language, found.level) == ((1, 2), "he", "ALERT")


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("TELEGRAM_TOKEN", "secret-without-number", "@BotFather"),
        ("TELEGRAM_TOKEN", "123:a/b", "@BotFather"),
        ("CHAT_ID", "me", "integer"),
        ("AIMONITOR_BOT_LANGUAGE", "fr", "'en', 'ru' or 'he'"),
        ("AIMONITOR_BOT_TIMEZONE", "Mars/Olympus", "Europe/Berlin"),
        ("AIMONITOR_BOT_QUIET_HOURS", "late", "22:00-07:00"),
        ("AIMONITOR_BOT_HUB", "myhub:8000", "hub"),
        ("AIMONITOR_BOT_DETECTIONS_THRESHOLD", "0", "greater than or equal to 1"),
    ],
)
def test_what_is_wrong_is_said(variable, value, words):
    with pytest.raises(SettingsError, match=variable) as refused:
        read(**{"TELEGRAM_TOKEN": TOKEN, variable: value})
    assert words in str(refused.value)
    assert TOKEN not in str(refused.value)
    assert "secret-without" not in str(refused.value)


def test_the_command_says_what_it_lacks(monkeypatch, tmp_path):
    monkeypatch.delenv("TELEGRAM_TOKEN", raising=False)
    monkeypatch.chdir(tmp_path)
    top = argparse.ArgumentParser()
    bot.add_to(top.add_subparsers())
    chosen = top.parse_args(["bot"])
    with pytest.raises(ValueError, match="TELEGRAM_TOKEN"):
        chosen.run(chosen)
