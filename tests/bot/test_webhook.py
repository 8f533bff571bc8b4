"""Telegram calls instead of being asked; and the bot says how it is to Prometheus."""

import asyncio
import io
import shutil
import socket
import subprocess

import aiohttp
import pytest
from bot_stage import OWNER, on_stage
from fake_telegram import TOKEN
from virtual_time import play

from aimonitor.bot.settings import BotSettings

HEADER = "X-Telegram-Bot-Api-Secret-Token"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def said(number, text, chat_id=OWNER):
    sender = {"id": 7, "is_bot": False, "first_name": "Dana", "language_code": "en"}
    chat = {"id": chat_id, "type": "private"}
    return {"update_id": number, "message": {"message_id": 1, "date": 0, "chat": chat, "from": sender, "text": text}}


async def call(stage, update, secret=None):
    """What Telegram does; returns the status."""
    headers = {HEADER: stage.telegram.webhook["secret_token"] if secret is None else secret}
    how = {"data": io.BytesIO(update)} if isinstance(update, bytes) else {"json": update}
    async with (
        aiohttp.ClientSession() as session,
        session.post(stage.telegram.webhook["url"], headers=headers, **how) as answer,
    ):
        return answer.status


def with_webhook(tmp_path):
    port = free_port()
    return on_stage(tmp_path, webhook=f"http://127.0.0.1:{port}/telegram", listen_port=port)


def test_a_command_that_is_posted_is_answered_and_one_posted_twice_is_answered_once(tmp_path):
    async def story():
        async with with_webhook(tmp_path) as stage:
            await stage.until(lambda: stage.telegram.webhook)
            assert stage.telegram.webhook["max_connections"] == 1
            assert TOKEN.partition(":")[2] not in stage.telegram.webhook["secret_token"]
            await asyncio.sleep(0.1)
            assert await call(stage, said(11, "/status")) == 200
            assert await call(stage, said(11, "/status")) == 200
            await stage.until(lambda: stage.telegram.texts(OWNER))
            await asyncio.sleep(3)
            assert len(stage.telegram.texts(OWNER)) == 1
            assert "getUpdates" not in {method for _, method, _ in stage.telegram.calls}

    play(story())


def test_what_is_not_telegrams_is_refused(tmp_path):
    async def story():
        async with with_webhook(tmp_path) as stage:
            await stage.until(lambda: stage.telegram.webhook)
            await asyncio.sleep(0.1)
            assert await call(stage, said(12, "/status"), secret="guessed") == 403
            assert await call(stage, said(12, "/status"), secret="") == 403
            assert await call(stage, b"{not json") == 400
            assert await call(stage, b"x" * 2_000_000) == 413
            await asyncio.sleep(3)
            assert stage.telegram.texts(OWNER) == []
            assert await call(stage, said(12, "/status")) == 200
            await stage.until(lambda: stage.telegram.texts(OWNER))

    play(story())


def test_polling_after_a_webhook_takes_it_back(tmp_path):
    async def story():
        async with on_stage(tmp_path) as stage:
            assert stage.telegram.webhook is None
            assert "deleteWebhook" in {method for _, method, _ in stage.telegram.calls}
            assert (await stage.ask("/status")).text

    play(story())


async def metrics(port):
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/metrics") as answer:
        assert answer.status == 200
        return await answer.text()


def test_metrics_count_what_was_sent_and_are_well_formed(tmp_path):
    async def story():
        port = free_port()
        async with on_stage(tmp_path, listen_port=port) as stage:
            await stage.ask("/status")
            await asyncio.sleep(1)
            return await metrics(port)

    text = play(story())
    assert "aimonitor_bot_hub_connected 1.0" in text
    assert 'aimonitor_bot_sent_total{kind="message"} 1.0' in text
    assert "aimonitor_bot_telling_seconds_count 1.0" in text
    assert "aimonitor_bot_updates_total 1.0" in text
    assert "aimonitor_bot_waiting_messages 0.0" in text
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed: the format is not checked by a stranger")
    checked = subprocess.run([promtool, "check", "metrics"], input=text, text=True, capture_output=True, check=False)
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


def test_a_webhook_without_a_port_is_refused_with_the_name_of_what_is_missing():
    with pytest.raises(ValueError, match="expected listen_port as well"):
        BotSettings(token=TOKEN, webhook="https://example.org/telegram")
