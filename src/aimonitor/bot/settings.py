"""Settings of the bot, and the founding variables that still set them."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator, Field, SecretStr, field_validator, model_validator

from aimonitor.bot.types import Hours, LanguageCode
from aimonitor.common.settings import Settings, find_file, load, read_chats, read_section, read_variable

FOUNDING_VARIABLES: Mapping[str, str] = {"TELEGRAM_TOKEN": "token", "CHAT_ID": "chats"}
SECTION = "bot"


class BotSettings(Settings):
    """What can be set. Chats may change language, quiet hours, level and cameras for themselves afterwards."""

    token: SecretStr
    chats: Annotated[tuple[int, ...], BeforeValidator(read_chats)] = ()
    """Chats that are allowed from the start, as owners; more are paired with a code."""
    hub: str = Field("http://127.0.0.1:8000", pattern=r"^https?://\S+$")
    hub_token: SecretStr | None = None
    language: LanguageCode = "en"
    timezone: str = ""
    """IANA name such as Asia/Jerusalem; empty takes this machine's."""
    quiet_hours: str = ""
    """Such as 22:00-07:00: what is below CRITICAL arrives without sound. Empty: never."""
    level: Literal["NORMAL", "WATCH", "ALERT", "CRITICAL"] = "WATCH"
    """The lowest level of an incident that is told."""

    detections_threshold: int = Field(200, ge=1, le=1_000_000_000)
    detections_window_s: float = Field(3600.0, ge=1.0)
    detections_counted: Literal["boxes", "incidents"] = "boxes"

    silence_after_s: float = Field(4.0, ge=0.0, le=60.0)
    """For how long an edge or camera may be away before it is told. The hub notices within 6 s by itself."""
    clip_s: float = Field(8.0, ge=0.0, le=30.0)
    """Seconds after the opening of an ALERT that are shown in place of its still, a picture a second; 0: never."""
    lesson_days: int = Field(30, ge=1, le=365)
    """After so many days without a recurrence, "not a threat" is forgotten."""

    api_base: str = Field("https://api.telegram.org", pattern=r"^https?://\S+$")
    """Address of a Bot API server, to which /bot<token>/<method> is added."""
    webhook: str = Field("", pattern=r"^(https?://\S+)?$")
    """An https address that leads to /telegram of the bot's own port: Telegram then calls; empty: it is asked."""
    listen_host: str = "127.0.0.1"
    listen_port: int | None = Field(None, ge=1, le=65_535)
    """Where the bot's own server listens: /telegram for the webhook, /metrics, /health. None: nowhere."""
    state: Path = Path("var/bot.sqlite3")

    @field_validator("token")
    @classmethod
    def _looks_like_a_token(cls, value: SecretStr) -> SecretStr:
        number, colon, secret = value.get_secret_value().partition(":")
        if not (
            colon and number.isdigit() and secret and secret.isascii() and secret.isprintable() and "/" not in secret
        ):
            raise ValueError("expected a token as @BotFather gives it, <digits>:<letters>")
        return value

    @model_validator(mode="after")
    def _can_be_called(self) -> Self:
        if self.webhook and self.listen_port is None:
            raise ValueError("webhook: expected listen_port as well, where the calls of Telegram arrive")
        return self

    @field_validator("timezone")
    @classmethod
    def _is_a_zone(cls, value: str) -> str:
        if value:
            try:
                ZoneInfo(value)
            except (ZoneInfoNotFoundError, ValueError, OSError):
                raise ValueError("expected an IANA time zone such as Europe/Berlin") from None
        return value

    @field_validator("quiet_hours")
    @classmethod
    def _are_hours(cls, value: str) -> str:
        if value:
            Hours.parse(value)
        return value


def read(
    path: Path | None = None, environ: Mapping[str, str] | None = None, overrides: Mapping[str, object] | None = None
) -> BotSettings | None:
    """The bot's settings from file, environment and command line; None when no token is set, so that no bot is wanted.

    Raises SettingsError.
    """
    environ = os.environ if environ is None else environ
    file = find_file(path, environ)
    section = read_section(file, SECTION) if file else {}
    variables = (read_variable(name, environ) for name in ("TELEGRAM_TOKEN", "AIMONITOR_BOT_TOKEN"))
    if not section.get("token") and not any(variables):
        return None
    return load(BotSettings, SECTION, path=path, environ=environ, founding=FOUNDING_VARIABLES, overrides=overrides)
