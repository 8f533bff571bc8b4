"""Settings of the hub, and the founding variables that still set them."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, SecretStr, field_validator

from aimonitor.common.settings import Settings, load

FOUNDING_VARIABLES: Mapping[str, str] = {
    "PORT": "port",
    "WEBSOCKET_MAX_CONNECTIONS": "max_connections",
    "CORS_ORIGINS": "cors_origins",
    "REDIS_URL": "redis_url",
    "AIMONITOR_TOKENS": "tokens",
    "AIMONITOR_ADMIN_PASSWORD": "admin_password",
    "RENDER_EXTERNAL_URL": "public_url",
}

SECTION = "hub"
EDGE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


class DeviceToken(Settings):
    """A secret and the edge that it speaks for; no edge means any, as founded. With a role it is a program's."""

    model_config = ConfigDict(hide_input_in_errors=True)

    secret: Annotated[SecretStr, Field(min_length=1, max_length=256)]
    edge_id: str | None = None
    role: Literal["viewer", "operator", "admin"] | None = None
    label: str = Field("", max_length=120)

    @field_validator("edge_id")
    @classmethod
    def _names_an_edge(cls, value: str | None) -> str | None:
        if value is not None and not EDGE_ID.fullmatch(value):
            raise ValueError("expected `edge:token` with an edge name of letters, digits, '.', '_' and '-'")
        return value


def _split_commas(value: object) -> object:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _read_tokens(value: object) -> object:
    """`edge:token,@role:token` or one bare token from a variable, a table or an array of tables from TOML."""
    if isinstance(value, str):
        return tuple(_read_token(part.strip()) for part in value.split(",") if part.strip())
    if isinstance(value, Mapping):
        return tuple(_of_holder(holder, secret) for holder, secret in value.items())
    return value


def _read_token(text: str) -> dict[str, str]:
    holder, colon, secret = text.partition(":")
    return _of_holder(holder, secret) if colon else {"secret": text}


def _of_holder(holder: str, secret: str) -> dict[str, str]:
    """`@operator` is a role, anything else an edge; no edge's name begins with @."""
    return {"role" if holder.startswith("@") else "edge_id": holder.removeprefix("@"), "secret": secret}


class HubSettings(Settings):
    """What can be set; every limit is per hub unless it says otherwise."""

    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65_535)
    max_connections: int = Field(100, ge=1, le=1_000_000)
    max_connections_per_address: int | None = Field(None, ge=1)
    max_http_connections: int = Field(400, ge=8, le=1_000_000)
    """Connections that are no WebSockets (yet); a quarter of them from one address."""
    cors_origins: Annotated[tuple[str, ...], BeforeValidator(_split_commas)] = ()
    redis_url: SecretStr | None = None
    tokens: Annotated[tuple[DeviceToken, ...], BeforeValidator(_read_tokens)] = ()
    admin_password: SecretStr | None = Field(None, min_length=10, max_length=256)
    """Makes a person `admin` who is always there: for hubs without a disk."""
    open_locally: bool = True
    """Whether this machine need not sign in while there is nobody who could. Not where a forwarder (a container's
    published port, a tunnel) may make anybody look like this machine."""
    session_idle_hours: float = Field(72, gt=0)
    session_days: float = Field(30, gt=0)
    """A browser is signed out after so much time without use, and in any case after so many days."""
    public_url: str = Field("", pattern=r"^(https?://\S+)?$")
    """How browsers elsewhere reach the hub, for the links that it prints; a guess when empty."""
    trusted_proxies: str = "127.0.0.1,::1"
    """Addresses whose X-Forwarded-For is believed; `*` where only the platform's proxy can reach the hub."""

    history_path: str = "var/hub.sqlite3"
    """A file, or `:memory:` to keep nothing: the edges then refill the hub when it wakes up."""
    history_events: int | None = Field(None, ge=1_000)
    """Events that are kept, and how far back edges are asked for missing ones: 200,000 in a file, 20,000 in memory."""
    history_samples: int = Field(200_000, ge=100)

    metrics_token: SecretStr | None = None
    """What `/metrics` asks for as `Authorization: Bearer`. Without one only programs of this machine may read it."""

    media_path: str = "var/media"
    """Where pictures and clips of incidents are kept that edges sent; hubs may share it."""
    media_mb: int = Field(2_000, ge=1)
    media_days: float = Field(14, gt=0)
    media_file_mb: int = Field(64, ge=1, le=1_000)
    media_headroom_mb: int = Field(500, ge=0)
    """That much of the disk stays free, whatever fills it."""
    media_wait_s: float = Field(20, gt=0, le=300)
    """How long an answer waits for a file that its edge is sending."""

    traces: str = Field("", pattern=r"^(https?://\S+)?$")
    """An OpenTelemetry collector (OTLP over HTTP), such as http://127.0.0.1:4318, that is told of frames' journeys."""
    traces_share: float = Field(0.01, gt=0, le=1)
    """Of how many; the edges' must be the same for whole journeys."""

    push_contact: str = Field("", pattern=r"^((mailto:|https://)\S+)?$")
    """mailto: or https: address that push services are told, in case the hub misbehaves; `public_url` when empty."""
    push_local: bool = False
    """Also deliver web push to a push service on this machine: for trying it."""

    heartbeat_s: float = Field(2.0, ge=0.1, le=60)
    max_edges: int = Field(2_000, ge=1)
    edge_messages_per_s: float = Field(2_000, ge=1)
    viewer_messages_per_s: float = Field(500, ge=1)
    stalled_viewer_s: float = Field(10.0, ge=0.1)
    """A viewer that takes nothing for so long is let go."""

    @property
    def store_address(self) -> str:
        """Where events go: Redis where REDIS_URL is set, else `history_path`."""
        return self.redis_url.get_secret_value() if self.redis_url is not None else self.history_path

    @property
    def identity_address(self) -> str:
        """Where people and tokens go: Redis where REDIS_URL is set, else a file beside the history."""
        if self.redis_url is not None or self.history_path == ":memory:":
            return self.store_address
        return str(Path(self.history_path.removeprefix("sqlite:///")).parent / "identity.sqlite3")

    @property
    def push_address(self) -> str:
        """Whom push services may ask about this hub."""
        secure = self.public_url if self.public_url.startswith("https://") else ""
        return self.push_contact or secure or "mailto:owner@aimonitor.invalid"

    @property
    def kept_events(self) -> int:
        return self.history_events or (20_000 if self.history_path == ":memory:" else 200_000)

    @property
    def connections_per_address(self) -> int:
        """Half of all by default, so that one address cannot take every place."""
        return self.max_connections_per_address or max(10, self.max_connections // 2)


def read(
    path: Path | None = None, environ: Mapping[str, str] | None = None, overrides: Mapping[str, Any] | None = None
) -> HubSettings:
    """The hub's settings from file, environment and command line; raises SettingsError.

    A PORT in the environment means a hosting platform, whose proxy reaches us from another address: the hub then
    listens on every address unless a host is set.
    """
    environ = os.environ if environ is None else environ
    settings = load(HubSettings, SECTION, path=path, environ=environ, founding=FOUNDING_VARIABLES, overrides=overrides)
    if environ.get("PORT") and "host" not in settings.model_fields_set:
        return settings.model_copy(update={"host": "0.0.0.0"})
    return settings
