"""What is kept of a browser that wants to be told."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Level = Literal["NORMAL", "WATCH", "ALERT", "CRITICAL"]
Hours = Annotated[str, Meta(pattern=r"^(([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d)?$")]
CameraSource = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}/[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]


class Rules(msgspec.Struct, frozen=True):
    """Of what one person wants to hear on one device.

    cameras: sources; none means all
    quiet: HH:MM-HH:MM in `timezone` (IANA; empty: UTC), in which only CRITICAL is told; may pass midnight
    """

    level: Level = "ALERT"
    cameras: Annotated[tuple[CameraSource, ...], Meta(max_length=64)] = ()
    quiet: Hours = ""
    timezone: Annotated[str, Meta(max_length=64)] = ""


class Keys(msgspec.Struct, frozen=True):
    """What the browser gives for encryption, base64url: its public key (P-256, 65 bytes) and 16 secret bytes."""

    p256dh: Annotated[str, Meta(min_length=80, max_length=100)]
    auth: Annotated[str, Meta(min_length=20, max_length=32)]


class Subscription(msgspec.Struct, frozen=True):
    """A browser. `endpoint` is a secret: whoever has it may send there."""

    push_id: str
    endpoint: str
    keys: Keys
    person: str
    rules: Rules
    created_at: float
    label: str = ""


class ServerKey(msgspec.Struct, frozen=True):
    """The hub's own key for VAPID: a private P-256 number, base64url."""

    private: str
