"""What is examined, and what a check says of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

State = Literal["ok", "warning", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    said: what was found, in one sentence
    next_step: what a person does about it; given with every warning and failure
    """

    state: State
    said: str
    next_step: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """The installation to examine, as its settings describe it.

    hub: the hub's own address, http://… or https://…, without a path of ours
    folder: where the edge keeps its journal
    """

    environ: Mapping[str, str]
    config: Path | None = None
    hub: str = "http://127.0.0.1:8000"
    edge_token: str = ""
    cameras: tuple[str, ...] = ()
    detector: str = "yolox-nano"
    folder: Path = Path("var")
    redis_url: str = ""
    telegram_token: str = ""
    telegram_api: str = "https://api.telegram.org"


def ok(said: str) -> Finding:
    """It works."""
    return Finding("ok", said)


def warning(said: str, next_step: str) -> Finding:
    """It works, but not for long, or not well."""
    return Finding("warning", said, next_step)


def failed(said: str, next_step: str) -> Finding:
    """It does not work."""
    return Finding("failed", said, next_step)


def skipped(said: str) -> Finding:
    """There was nothing to try; `said` tells why."""
    return Finding("skipped", said)
