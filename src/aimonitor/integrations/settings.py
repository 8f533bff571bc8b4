"""Settings of the integrations: TOML tables `[integrations]`, `.mqtt`, `.mail` and `[[integrations.webhook]]`."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, model_validator

from aimonitor.common.settings import Settings

Level = Literal["NORMAL", "WATCH", "ALERT", "CRITICAL"]
Topic = Annotated[str, Field(pattern=r"^[^\s+#/][^\s+#]*[^\s+#/]$|^[^\s+#/]$")]


class MqttSettings(Settings):
    """A broker, and where Home Assistant listens for devices. `still_every_s`: how often a changed still is sent."""

    host: str = Field(min_length=1)
    port: int = Field(1883, ge=1, le=65_535)
    username: str | None = None
    password: SecretStr | None = None
    tls: bool = False
    prefix: Topic = "aimonitor"
    discovery: Topic = "homeassistant"
    still_every_s: float = Field(10.0, ge=1.0, le=3600.0)


class WebhookSettings(Settings):
    """One receiver. `secret` signs what is sent; `level` is the lowest that is told, `phases` which news."""

    url: str = Field(pattern=r"^https?://\S+$")
    secret: SecretStr = Field(min_length=16)
    level: Level = "NORMAL"
    phases: tuple[Literal["opened", "updated", "closed"], ...] = ("opened", "updated", "closed")
    timeout_s: float = Field(10.0, gt=0, le=60)


class MailSettings(Settings):
    """A mail server and who is told. One message for each incident of at least `level`, with its still."""

    host: str = Field(min_length=1)
    port: int = Field(587, ge=1, le=65_535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str | None = None
    password: SecretStr | None = None
    sender: str = Field(pattern=r"^[^@\s]+@[^@\s]+$")
    to: tuple[Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")], ...] = Field(min_length=1)
    level: Level = "ALERT"


class IntegrationsSettings(Settings):
    """What can be set. At least one of mqtt, webhook and mail is needed."""

    hub: str = Field("http://127.0.0.1:8000", pattern=r"^https?://\S+$")
    hub_token: SecretStr | None = None
    state: Path = Path("var/integrations.json")
    """Which event each receiver had last."""
    mqtt: MqttSettings | None = None
    webhook: tuple[WebhookSettings, ...] = ()
    mail: MailSettings | None = None

    @model_validator(mode="after")
    def _has_somebody_to_tell(self) -> "IntegrationsSettings":
        if not (self.mqtt or self.webhook or self.mail):
            raise ValueError("expected [integrations.mqtt], [[integrations.webhook]] or [integrations.mail]")
        return self
