"""All checks by name, in the order of their round; each module is imported when its check is made."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module

from aimonitor.doctor.finding import Case, Finding, failed

Check = Callable[[Case], Iterator[Finding]]

CHECKS: Mapping[str, tuple[str, str]] = {
    "settings": ("aimonitor.doctor.settings", "settings"),
    "cpu": ("aimonitor.doctor.machine", "cpu"),
    "disk": ("aimonitor.doctor.machine", "disk"),
    "model": ("aimonitor.doctor.eyes", "model"),
    "camera": ("aimonitor.doctor.eyes", "camera"),
    "hub": ("aimonitor.doctor.hub", "hub"),
    "token": ("aimonitor.doctor.hub", "token"),
    "tls": ("aimonitor.doctor.hub", "tls"),
    "websocket": ("aimonitor.doctor.websocket", "websocket"),
    "clock": ("aimonitor.doctor.machine", "clock"),
    "redis": ("aimonitor.doctor.services", "redis"),
    "telegram": ("aimonitor.doctor.services", "telegram"),
}


@dataclass(frozen=True, slots=True)
class Reported:
    """A finding and the check that made it."""

    check: str
    finding: Finding


def examine(case: Case, names: Iterable[str] = ()) -> Iterator[Reported]:
    """Make the named checks, or all of them; findings come as they are made. Raises ValueError for an unknown name."""
    chosen = list(names) or list(CHECKS)
    unknown = [name for name in chosen if name not in CHECKS]
    if unknown:
        raise ValueError(f"there is no check {unknown[0]!r}: expected some of {', '.join(CHECKS)}")
    for name in chosen:
        module, function = CHECKS[name]
        check: Check = getattr(import_module(module), function)
        try:
            for finding in check(case):
                yield Reported(name, finding)
        except Exception as error:  # noqa: BLE001 - top of a check: one that breaks must not hide the others
            said = f"the check itself broke: {type(error).__name__}: {error}"
            yield Reported(name, failed(said, "please report this, with the output of `aimonitor --version`"))
