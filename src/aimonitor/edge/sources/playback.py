"""How recordings are played, whatever they are recorded in."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote

from aimonitor.common.clock import Clock
from aimonitor.edge.source import Arrival
from aimonitor.edge.sources import SourceOptions

DEFAULT_INTERVAL_S = 0.1
"""From one picture to the next in recordings that do not tell."""


def play(
    read_once: Callable[[threading.Event], Iterator[Arrival]],
    options: SourceOptions,
    clock: Clock,
    stop: threading.Event,
) -> Iterator[Arrival]:
    """Play what `read_once` gives from its first picture to its last, each with its `media_s` from 0 upwards.

    Paced, a picture is given when its time has come; whoever falls behind is waited for, never hurried. In a loop the
    times go on growing.
    """
    offset_s, due_at = 0.0, clock.monotonic()
    while True:
        last_s: float | None = None
        interval_s = 0.0
        for arrival in read_once(stop):
            media_s = arrival.media_s or 0.0
            if last_s is not None:
                interval_s = media_s - last_s
                due_at = max(due_at + interval_s, clock.monotonic() - interval_s)
            if options.paced and stop.wait(max(0.0, due_at - clock.monotonic())):
                return
            yield Arrival(arrival.picture, media_s=offset_s + media_s)
            last_s = media_s
        if stop.is_set() or not options.loop or last_s is None:
            return
        interval_s = interval_s or DEFAULT_INTERVAL_S
        offset_s += last_s + interval_s
        due_at += interval_s


def local_path(address: str) -> Path:
    """The path in `PATH`, `scheme:PATH` or `scheme:///PATH` (with %XX)."""
    scheme, colon, rest = address.partition(":")
    if not colon or len(scheme) < 2:
        return Path(address).expanduser()
    return Path(unquote(rest[2:]) if rest.startswith("//") else rest).expanduser()
