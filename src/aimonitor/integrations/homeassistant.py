"""What Home Assistant is told over MQTT: topics and payloads. Pure.

Devices announce themselves (MQTT discovery, "device discovery payload"): one retained message for each camera, with
all of its entities. What they show comes from one JSON state topic; the still has a topic of its own.
https://www.home-assistant.io/integrations/mqtt/#device-discovery-payload
"""

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from typing import Any

import aimonitor
from aimonitor.integrations.site import LEVELS, CameraNow

ONLINE, OFFLINE = "online", "offline"
STATES = ("connecting", "live", "delayed", "frozen", "dark", "covered", "blurred", "offline", "other")


@dataclass(frozen=True, slots=True)
class Topics:
    """`prefix/bridge` tells of us, `prefix/<edge>/<camera>/…` of a camera."""

    prefix: str = "aimonitor"
    discovery: str = "homeassistant"

    @property
    def bridge(self) -> str:
        return f"{self.prefix}/bridge"

    @property
    def birth(self) -> str:
        """Where Home Assistant says that it has started."""
        return f"{self.discovery}/status"

    def configuration(self, source: str) -> str:
        return f"{self.discovery}/device/{object_id(source)}/config"

    def state(self, source: str) -> str:
        return f"{self.prefix}/{source}/state"

    def availability(self, source: str) -> str:
        return f"{self.prefix}/{source}/availability"

    def still(self, source: str) -> str:
        return f"{self.prefix}/{source}/still"

    def event(self, source: str) -> str:
        return f"{self.prefix}/{source}/event"


def object_id(source: str) -> str:
    """A name for a camera of letters, digits and '_', different for different sources."""
    plain = re.sub(r"[^A-Za-z0-9]+", "_", source)
    return f"aimonitor_{plain}_{hashlib.sha256(source.encode()).hexdigest()[:6]}"


def state(camera: CameraNow) -> str:
    """The JSON of the state topic."""
    shown = asdict(camera) | {"state": camera.state if camera.state in STATES else "other"}
    shown["level"] = camera.level if camera.level in LEVELS else LEVELS[0]
    return json.dumps({key: value for key, value in shown.items() if key not in ("source", "name")})


def announcement(camera: CameraNow, topics: Topics) -> str:
    """The device discovery payload of a camera."""
    identity = object_id(camera.source)
    device = {"identifiers": [identity], "name": camera.name, "manufacturer": "AI Monitor", "model": "Camera"}
    return json.dumps(
        {
            "device": device,
            "origin": {"name": "AI Monitor", "sw_version": aimonitor.__version__},
            "components": {key: {"unique_id": f"{identity}_{key}", **entity} for key, entity in _ENTITIES.items()}
            | {"still": {**_STILL, "unique_id": f"{identity}_still", "topic": topics.still(camera.source)}},
            "state_topic": topics.state(camera.source),
            "availability": [{"topic": topics.bridge}, {"topic": topics.availability(camera.source)}],
            "availability_mode": "all",
            "qos": 1,
        }
    )


def _sensor(name: str, field: str, icon: str, **more: str | list[str]) -> dict[str, Any]:
    return {
        "platform": "sensor",
        "name": name,
        "value_template": "{{ value_json." + field + " }}",
        "icon": f"mdi:{icon}",
        **more,
    }


_ENTITIES: dict[str, dict[str, Any]] = {
    "risk": _sensor("Risk", "risk_percent", "shield-alert", unit_of_measurement="%", state_class="measurement"),
    "level": _sensor("Risk level", "level", "shield-alert-outline", device_class="enum", options=list(LEVELS)),
    "reasons": _sensor("Reasons", "reasons", "text-box-outline", entity_category="diagnostic"),
    "persons": _sensor("Persons", "persons", "walk", state_class="measurement"),
    "vehicles": _sensor("Vehicles", "vehicles", "car", state_class="measurement"),
    "state": _sensor("State", "state", "cctv", device_class="enum", options=list(STATES), entity_category="diagnostic"),
    "occupied": {
        "platform": "binary_sensor",
        "name": "Persons present",
        "device_class": "occupancy",
        "value_template": "{{ 'ON' if value_json.persons > 0 else 'OFF' }}",
    },
    "problem": {
        "platform": "binary_sensor",
        "name": "Problem",
        "device_class": "problem",
        "entity_category": "diagnostic",
        "value_template": "{{ 'OFF' if value_json.state == 'live' else 'ON' }}",
    },
}
_STILL = {"platform": "camera", "name": "Still"}
