"""What belongs into a backup, and where it goes when it is restored: told by the settings alone."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from aimonitor.doctor import sections

if TYPE_CHECKING:
    from aimonitor.bot.settings import BotSettings
    from aimonitor.edge.settings import EdgeSettings
    from aimonitor.hub.settings import HubSettings
    from aimonitor.integrations.settings import IntegrationsSettings

CONFIG = "aimonitor.toml"
_FOOTAGE = ("clips", "scenes")
"""Too large, and gone by itself after a while."""


@dataclass(frozen=True, slots=True)
class Place:
    """`name` in the archive, `path` on this machine.

    kind: a database is copied consistently; of a folder everything below it, except `without`
    steps: how many steps of its schema this program knows, for a database
    secret: left out of a backup without secrets
    """

    name: str
    path: Path
    kind: Literal["file", "database", "folder"]
    steps: int = 0
    secret: bool = False
    without: tuple[str, ...] = ()


def places(config: Path | None, environ: Mapping[str, str]) -> Iterator[Place]:
    """Every place of every program that is installed here and wanted by the settings. Raises SettingsError."""
    for name, find in sections.SECTIONS.items():
        try:
            section = find()
        except ImportError:
            continue
        settings = sections.read(section, config, environ)
        if settings is not None:
            yield from _PLACES[name](settings)


def _hub(settings: "HubSettings") -> Iterator[Place]:
    from aimonitor.hub.identity.vaults.sqlite import STEPS as IDENTITY_STEPS
    from aimonitor.hub.stores.sqlite import STEPS

    if settings.redis_url is None and settings.history_path != ":memory:":
        history = Path(settings.history_path.removeprefix("sqlite:///"))
        yield Place("hub.sqlite3", history, "database", len(STEPS))
        yield Place("identity.sqlite3", Path(settings.identity_address), "database", len(IDENTITY_STEPS), secret=True)


def _edge(settings: "EdgeSettings") -> Iterator[Place]:
    from aimonitor.edge.journal import STEPS

    yield Place("edge.sqlite3", settings.journal, "database", len(STEPS))
    own = settings.journal.with_suffix("")
    yield Place("edge", own, "folder", without=_FOOTAGE)
    if settings.keep is not None and settings.keep != own:
        yield Place("usual", settings.keep / "usual", "folder")
    for camera in settings.camera:
        if camera.policy is not None:
            yield Place(f"policies/{camera.id}.toml", camera.policy, "file")
            versions = camera.policy.with_name(f"{camera.policy.name}.versions")
            yield Place(f"policies/{camera.id}.versions", versions, "folder")


def _bot(settings: "BotSettings") -> Iterator[Place]:
    from aimonitor.bot.database import STEPS

    yield Place("bot.sqlite3", settings.state, "database", len(STEPS))


def _integrations(settings: "IntegrationsSettings") -> Iterator[Place]:
    yield Place("integrations.json", settings.state, "file")


_PLACES: Mapping[str, Callable[[Any], Iterator[Place]]] = {
    "hub": _hub,
    "edge": _edge,
    "bot": _bot,
    "integrations": _integrations,
}
