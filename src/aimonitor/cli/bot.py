"""`aimonitor bot`: Telegram, as a process of its own."""

import argparse
import os

from aimonitor.cli.options import Commands, add_common

_EPILOG = """\
first steps:
  1. ask @BotFather for a bot; it gives you a token
  2. TELEGRAM_TOKEN=123456:abc aimonitor bot --hub http://127.0.0.1:8000
  3. send the bot the /start line that it prints, or set CHAT_ID to the numbers of your chats

A hub with TELEGRAM_TOKEN set runs the bot itself: start this one only where it does not.

settings: the [bot] table of aimonitor.toml, TELEGRAM_TOKEN, CHAT_ID (several separated by commas),
AIMONITOR_BOT_LANGUAGE (en, ru, he), AIMONITOR_BOT_TIMEZONE, AIMONITOR_BOT_QUIET_HOURS (22:00-07:00),
AIMONITOR_BOT_LEVEL (WATCH), AIMONITOR_BOT_DETECTIONS_THRESHOLD (200), AIMONITOR_BOT_STATE (var/bot.sqlite3)

Telegram is asked for what people say (polling), unless AIMONITOR_BOT_WEBHOOK names an https address that leads to
/telegram on AIMONITOR_BOT_LISTEN_PORT; that port also answers /metrics and /health"""


def add_to(commands: Commands) -> None:
    """Add the command to the command line."""
    command = commands.add_parser(
        "bot",
        help="run the Telegram bot: alerts with stills and buttons, commands",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("--hub", metavar="URL", help="address of the hub (default: http://127.0.0.1:8000)")
    command.add_argument("--language", choices=("en", "ru", "he"), help="language of new chats (default: en)")
    add_common(command)
    command.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Run until stopped."""
    import asyncio
    import contextlib

    from aimonitor.bot import app, settings
    from aimonitor.cli.signals import stop_at_sigterm
    from aimonitor.common import log, reload
    from aimonitor.common.settings import find_file
    from aimonitor.common.tasks import first_of

    log.configure(verbose=chosen.verbose)
    given = {"hub": chosen.hub, "language": chosen.language}
    read = settings.read(chosen.config, overrides=given)
    if read is None:
        raise ValueError("expected a token in TELEGRAM_TOKEN or in the [bot] table, got none; @BotFather gives one")
    file = reload.SettingsFile(
        read,
        find_file(chosen.config, os.environ),
        lambda: settings.read(chosen.config, overrides=given) or read,
        live=(),  # chats change what can change by talking to it
        kept=reload.copy_of("bot", read.state),
    )
    stop_at_sigterm()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(first_of(app.run(read), reload.follow(file, lambda _: None)))
    return 0
