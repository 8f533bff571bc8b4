"""Settings of an edge: which cameras, which detector, which hub. TOML section `[edge]`, one `[[edge.camera]]` each."""

import re
import socket
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, field_validator, model_validator

from aimonitor.common.settings import Settings, read_chats
from aimonitor.contract.names import is_readable
from aimonitor.edge.publisher import Rung

FOUNDING_VARIABLES: Mapping[str, str] = {"TELEGRAM_TOKEN": "telegram_token", "CHAT_ID": "telegram_chats"}
LIVE_KEYS = frozenset({"camera", "budget_kbit_s", "budget_gb_month", "upload_kb_per_s"})
"""What a running edge takes over when the file is edited; policies are files of their own, and followed as well."""

IDENTIFIER = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"
Identifier = Annotated[str, StringConstraints(pattern=IDENTIFIER)]


def _readable(name: str) -> str:
    if not is_readable(name):
        raise ValueError("expected letters, marks, numbers, punctuation and symbols of any script, in one line")
    return name


Name = Annotated[str, Field(max_length=120), AfterValidator(_readable)]


class CameraSettings(Settings):
    """One camera.

    source: its address: a file, http://…, rtsp://…, usb:0, esp32cam://…, replay:…
    policy: the site's policy, a TOML file that may be edited while the edge runs; preset: what stands below it
    thermal: the address of a thermal sensor that looks the same way: listen://…, http://…, mqtt://…, cptv:…
    frame_size, quality: what an ESP32-CAM shall send, by name (VGA) and 4 (best) to 63
    """

    source: Annotated[str, Field(min_length=1)]
    id: Identifier = "default"
    name: Name = ""
    loop: bool = False
    policy: Path | None = None
    preset: Literal["home", "shop", "construction", "farm", "border-road"] = "home"
    thermal: str = ""
    thermal_token: str = ""
    frame_size: str | None = None
    quality: Annotated[int, Field(ge=4, le=63)] | None = None


def given(addresses: Sequence[str], names: Sequence[str] = ()) -> list[dict[str, str]]:
    """Cameras of which the addresses alone are known, and the names of the first ones perhaps."""
    ids = ["default"] if len(addresses) == 1 else [f"camera{n}" for n in range(1, len(addresses) + 1)]
    return [
        {"source": address, "id": camera_id, "name": name}
        for address, camera_id, name in zip_longest(addresses, ids, names[: len(addresses)], fillvalue="")
    ]


def _default_edge_id() -> str:
    """This machine's name, made fit for an identifier."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", socket.gethostname()).strip("-.")[:64] or "edge"


class EdgeSettings(Settings):
    """Everything that an edge is told from outside."""

    camera: tuple[CameraSettings, ...] = ()
    hub: str = "ws://127.0.0.1:8000/ws/laptop"
    edge_id: Identifier = Field(default_factory=_default_edge_id)
    token: str = ""
    detector: str = "yolox-nano"
    threads: Annotated[int, Field(ge=1, le=64)] = 1
    threshold: Annotated[float, Field(gt=0, lt=1)] | None = None
    journal: Path = Path("var/edge.sqlite3")
    keep: Path | None = Path("var/edge")
    """Where clips of incidents and recorded scenes go; none keeps neither."""
    upload: Literal["demand", "snapshots"] = "demand"
    """What of an incident goes to the hub: what somebody asks for, or its snapshot by itself as well."""
    upload_kb_per_s: Annotated[float, Field(gt=0)] = 128
    """How fast at most, so that live pictures and events have the rest of the line."""
    resting: Rung = "thumbnail"
    remote_setup: Literal["all", "policy", "none"] = "all"
    """What an admin of the hub may set up here: everything, policies but no cameras, or nothing."""
    false_alarms_per_week: Annotated[float, Field(gt=0, le=1_000)] = 1.0
    """How often chance alone may call a count unusual, for each camera, zone and class."""
    metrics_port: Annotated[int, Field(ge=1, le=65_535)] | None = None
    """Where Prometheus may ask on this machine; none answers nobody."""
    traces: Annotated[str, Field(pattern=r"^(https?://\S+)?$")] = ""
    """An OpenTelemetry collector (OTLP over HTTP), such as http://127.0.0.1:4318, that is told of frames' journeys."""
    traces_share: Annotated[float, Field(gt=0, le=1)] = 0.01
    """Of how many; the hub's must be the same for whole journeys."""
    budget_kbit_s: Annotated[float, Field(gt=0)] | None = None
    budget_gb_month: Annotated[float, Field(gt=0)] | None = None
    """What the uplink may cost; as it is used up, cameras are looked at less closely. Events always go out."""

    telegram_token: str = ""
    """A bot that is told what is critical while the hub is away, in `telegram_chats`; none is told nothing."""
    telegram_chats: Annotated[tuple[int, ...], BeforeValidator(read_chats)] = ()
    telegram_api: Annotated[str, Field(pattern=r"^https?://\S+$")] = "https://api.telegram.org"
    hub_away_s: Annotated[float, Field(ge=10)] = 120.0
    """For how long the hub may be away before the edge tells by itself: a sleeping one takes a minute to wake."""

    @field_validator("camera", mode="before")
    @classmethod
    def _addresses(cls, value: object) -> object:
        """Accept addresses alone, as the command line and AIMONITOR_EDGE_CAMERA give them."""
        if isinstance(value, str):
            value = [address for address in value.split(",") if address.strip()]
        if isinstance(value, (list, tuple)) and all(isinstance(each, str) for each in value):
            return given(value)
        return value

    @field_validator("hub")
    @classmethod
    def _hub_address(cls, value: str) -> str:
        """Accept http(s) and a bare host as well; the founding path is added where none is given."""
        value = re.sub(r"^http", "ws", value)
        if "://" not in value:
            value = f"ws://{value}"
        if not re.match(r"^wss?://[^/\s]+", value):
            raise ValueError("expected an address such as ws://192.168.1.5:8000 or wss://hub.example.org")
        return value if re.search(r"://[^/]+/.+", value) else value.rstrip("/") + "/ws/laptop"

    @model_validator(mode="after")
    def _distinct_cameras(self) -> "EdgeSettings":
        ids = [camera.id for camera in self.camera]
        twice = {each for each in ids if ids.count(each) > 1}
        if twice:
            raise ValueError(f"expected every camera to have its own id, got {', '.join(sorted(twice))} more than once")
        return self
