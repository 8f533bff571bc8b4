"""`aimonitor hub`: relay, history, dashboard."""

import argparse
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from aimonitor.cli import people
from aimonitor.cli.options import BESIDE_TOKEN, Commands, add_common

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fastapi import FastAPI

    from aimonitor.common.reload import SettingsFile
    from aimonitor.hub.app import Beside
    from aimonitor.hub.settings import DeviceToken, HubSettings

_EPILOG = """\
examples:
  aimonitor hub                                    on this machine only, http://127.0.0.1:8000
  aimonitor hub --host 0.0.0.0 --port 8080         for the local network
  PORT=10000 CORS_ORIGINS=https://example.org aimonitor hub

founding variables: PORT, WEBSOCKET_MAX_CONNECTIONS, CORS_ORIGINS, REDIS_URL; with TELEGRAM_TOKEN (and CHAT_ID)
the Telegram bot runs inside the hub; tokens of edges and programs:
AIMONITOR_TOKENS="yard:long-secret,shop:other-secret,@viewer:third-secret"; AIMONITOR_ADMIN_PASSWORD makes `admin`.
Who may sign in: aimonitor hub users --help"""


def add_to(commands: Commands) -> None:
    """Add the command to the command line."""
    command = commands.add_parser(
        "hub",
        help="run the hub: relays to many viewers, keeps history, serves the dashboard",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("--host", help="address to listen on (default: 127.0.0.1, this machine only)")
    command.add_argument("--port", type=int, help="port to listen on (default: 8000)")
    add_common(command)
    command.set_defaults(run=run)
    people.add_to(command)


def run(chosen: argparse.Namespace) -> int:
    """Serve until stopped."""
    from aimonitor.common import log
    from aimonitor.hub import serve, settings

    log.configure(verbose=chosen.verbose)
    given = {"host": chosen.host, "port": chosen.port}
    read = settings.read(chosen.config, overrides=given)
    file = followed(chosen.config, read, lambda: settings.read(chosen.config, overrides=given))
    bot = companions(read.port, chosen.config)
    serve.run(read, beside=bot.beside, insiders=bot.tokens, file=file)
    return 0


def application() -> "FastAPI":
    """The hub for another ASGI server, with what runs beside it: `uvicorn cloud_api:app`."""
    from aimonitor.hub import app, settings

    read = settings.read()
    bot, file = companions(read.port, None), followed(None, read, settings.read)
    return app.create_app(read, beside=bot.beside, insiders=bot.tokens, file=file)


def followed(
    config: Path | None, read: "HubSettings", again: "Callable[[], HubSettings]"
) -> "SettingsFile[HubSettings] | None":
    """The hub's settings file, edits of which it follows while it runs; None where everything stands in variables."""
    from aimonitor.common import reload
    from aimonitor.common.settings import find_file
    from aimonitor.hub import live

    file, state = find_file(config, os.environ), live.state_file(read)
    if file is None:
        return None
    return reload.SettingsFile(read, file, again, live.KEYS, reload.copy_of("hub", state) if state else None)


@dataclass(frozen=True)
class Companions:
    """What runs beside the hub, and the tokens made for it."""

    beside: "Sequence[Beside]" = ()
    tokens: "Sequence[DeviceToken]" = ()


def companions(port: int, config: Path | None) -> Companions:
    """What is started with the hub: an edge by `demo`, and the Telegram bot where TELEGRAM_TOKEN is set."""
    from aimonitor.hub.settings import DeviceToken

    given = os.environ.get(BESIDE_TOKEN)
    edges = [DeviceToken.model_validate({"secret": given, "label": "demo"})] if given else []
    bot = _bot(port, config)
    return Companions(bot.beside, [*edges, *bot.tokens])


def _bot(port: int, config: Path | None) -> Companions:
    """The bot speaks to the hub over loopback as any program does."""
    if not os.environ.get("TELEGRAM_TOKEN"):
        return Companions()
    try:
        from aimonitor.bot import app, settings
    except ModuleNotFoundError as missing:
        raise RuntimeError(
            f"TELEGRAM_TOKEN is set, but {missing.name} is not installed: pip install aimonitor[bot]"
        ) from None
    from pydantic import SecretStr

    from aimonitor.hub.settings import DeviceToken

    token = secrets.token_urlsafe(32)
    read = settings.read(config, overrides={"hub": f"http://127.0.0.1:{port}", "hub_token": token})
    if read is None:
        return Companions()
    return Companions(
        [lambda: app.beside(read)], [DeviceToken(secret=SecretStr(token), role="operator", label="Telegram bot")]
    )
