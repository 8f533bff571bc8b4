"""The bot as a process, killed with SIGKILL in the middle of its work: nothing lost, nothing doubled without a word."""

import asyncio
import contextlib
import os
import re
import sys

from bot_stage import OWNER
from fake_hub import FakeHub
from fake_telegram import TOKEN, FakeTelegram

from aimonitor.common.clock import SystemClock

_PROGRAM = "from aimonitor.cli import bot; import argparse, sys; \
top = argparse.ArgumentParser(); bot.add_to(top.add_subparsers()); c = top.parse_args(sys.argv[1:]); sys.exit(c.run(c))"


async def _start(hub, telegram, folder):
    environment = os.environ | {
        "TELEGRAM_TOKEN": TOKEN,
        "CHAT_ID": f" {OWNER} ,",
        "AIMONITOR_BOT_API_BASE": telegram.url,
        "AIMONITOR_BOT_STATE": str(folder / "bot.sqlite3"),
        "AIMONITOR_BOT_CLIP_S": "0",
    }
    program = [sys.executable, "-c", _PROGRAM, "bot", "--hub", hub.url]
    return await asyncio.create_subprocess_exec(*program, env=environment, cwd=folder, stderr=asyncio.subprocess.PIPE)


async def _kill(process):
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    return (await process.communicate())[1].decode()


async def _until(condition, telegram):
    for _ in range(4000):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"not so within 40 s; chats show {telegram.messages}")


def test_killed_and_started_again_it_tells_everything(tmp_path):
    async def story():
        telegram, hub = await FakeTelegram().start(), await FakeHub(SystemClock()).start()
        process, logs = await _start(hub, telegram, tmp_path), ""
        try:
            await _until(lambda: hub.wishes and hub.history_asked, telegram)
            for number in range(12):
                await hub.happen(hub.event(f"i{number}", level="CRITICAL" if number % 4 == 0 else "ALERT"))
            await _until(lambda: telegram.messages, telegram)
            logs += await _kill(process)
            process = await _start(hub, telegram, tmp_path)
            await _until(lambda: {*range(1, 13)} <= {*_told(telegram.messages)}, telegram)
            await asyncio.sleep(2)
            certain = [m for m in telegram.messages if "May have arrived" not in m.text]
            assert len(_told(certain)) == len({*_told(certain)})
            assert telegram.closest_s(OWNER) >= 0.9
        finally:
            logs += await _kill(process)
            await hub.stop()
            await telegram.stop()
        assert "connected to the hub" in logs
        assert TOKEN not in logs
        assert "Traceback" not in logs

    asyncio.run(story())


def _told(messages):
    return [int(number) for message in messages for number in re.findall(r"#(\d+)", message.text)]
