"""From the settings of all programs to a `Case`: read leniently, because wrong settings are themselves a finding."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aimonitor.common.settings import SettingsError, find_file, read_section, read_variable
from aimonitor.doctor.finding import Case

_FOUNDING_PATHS = re.compile(r"/ws(/laptop)?/?$")


class _Sections:
    """Values by section and key, from the environment, else the file; what cannot be read counts as not set."""

    def __init__(self, config: Path | None, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._tables: Mapping[str, Mapping[str, Any]] = {}
        try:
            file = find_file(config, environ)
            self._tables = {name: read_section(file, name) for name in ("hub", "edge", "bot")} if file else {}
        except (SettingsError, OSError):
            self._tables = {}

    def value(self, section: str, key: str, *founding: str) -> object:
        for variable in (f"AIMONITOR_{section}_{key}".upper(), *founding):
            try:
                text = read_variable(variable, self._environ)
            except SettingsError:
                continue
            if text:
                return text
        return self._tables.get(section, {}).get(key)


def read_case(
    environ: Mapping[str, str],
    *,
    config: Path | None = None,
    hub: str | None = None,
    cameras: Sequence[str] = (),
    detector: str | None = None,
) -> Case:
    """The case that settings and command line describe; arguments win. Raises ValueError for an address of no hub."""
    sections = _Sections(config, environ)
    default = Case(environ)
    return Case(
        environ=environ,
        config=config,
        hub=hub_address(str(hub or sections.value("edge", "hub") or sections.value("bot", "hub") or default.hub)),
        edge_token=str(sections.value("edge", "token") or ""),
        cameras=tuple(cameras) or _cameras(sections.value("edge", "camera")),
        detector=detector or str(sections.value("edge", "detector") or default.detector),
        folder=Path(str(sections.value("edge", "journal") or "var/edge.sqlite3")).parent,
        redis_url=str(sections.value("hub", "redis_url", "REDIS_URL") or ""),
        telegram_token=str(sections.value("bot", "token", "TELEGRAM_TOKEN") or ""),
        telegram_api=str(sections.value("bot", "api_base") or default.telegram_api),
    )


def hub_address(text: str) -> str:
    """The hub's own address from whichever of its addresses was given: ws://host/ws/laptop becomes http://host."""
    address = re.sub(r"^ws", "http", text.strip())
    if "://" not in address:
        address = f"http://{address}"
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(
            f"expected an address of a hub such as wss://hub.example.org or 192.168.1.5:8000, got {text!r}"
        )
    return _FOUNDING_PATHS.sub("", address).rstrip("/")


def _cameras(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    if not isinstance(value, list):
        return ()
    sources = (each.get("source") if isinstance(each, dict) else each for each in value)
    return tuple(source for source in sources if isinstance(source, str) and source)
