"""Who has gone silent, who is back: told once each, and only for the outermost thing that failed.

When the hub is away nothing is said of edges, and when an edge is away nothing of its cameras. One that comes and
goes is told once and then again only when its state has held. Pure; `at` is monotonic seconds, `utc` for people.
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["hub", "edge", "camera"]
HUB = "hub"
TOLD_STATES = frozenset({"offline", "frozen", "covered", "moved"})
"""States of a camera that are told. Darkness and blur are weather as often as trouble: /cameras shows them."""
DELAYED_EXTRA_S = 3.0
_CALM_S = 600.0


@dataclass(frozen=True, slots=True)
class Silence:
    """News of one subject: it went (`back` False) or came back after `lasted_s`. `since` is UTC, and names the card."""

    kind: Kind
    name: str
    state: str
    since: float
    back: bool = False
    lasted_s: float = 0.0
    again: bool = False


@dataclass(slots=True)
class _Subject:
    kind: Kind
    state: str = "live"
    since: float = 0.0
    bad_at: float | None = None
    told_since: float | None = None
    back_at: float = float("-inf")

    @property
    def bad(self) -> bool:
        return self.bad_at is not None


class SilenceWatch:
    """Every hub, edge and camera, and whether the chats know how it is."""

    def __init__(self, after_s: float) -> None:
        self._after_s = after_s
        self._subjects: dict[str, _Subject] = {}

    def restore(self, kind: Kind, name: str, since: float) -> None:
        """It was told before the bot restarted that `name` is silent since `since` (UTC)."""
        self._subjects[name] = _Subject(kind, "offline", since, float("-inf"), since)

    def hub(self, connected: bool, at: float, utc: float) -> None:
        """The connection to the hub stands, or is lost."""
        self._note("hub", HUB, "live" if connected else "offline", good=connected, since=utc, at=at)

    def edge(self, edge_id: str, online: bool, since: float, at: float) -> None:
        """The hub says that an edge is there, or not."""
        self._note("edge", edge_id, "live" if online else "offline", good=online, since=since, at=at)

    def camera(self, source: str, state: str, since: float, at: float) -> None:
        """An edge says how a camera is."""
        good = state not in TOLD_STATES and state != "delayed"
        self._note("camera", source, state, good=good, since=since, at=at)

    def forget(self, name: str) -> None:
        """It exists no more."""
        self._subjects.pop(name, None)

    def _note(self, kind: Kind, name: str, state: str, *, good: bool, since: float, at: float) -> None:
        subject = self._subjects.setdefault(name, _Subject(kind))
        if good:
            subject.bad_at, subject.state = None, state
        elif not subject.bad:
            subject.bad_at, subject.state, subject.since = at, state, since
        else:
            subject.state = state

    def due(self, at: float, utc: float) -> list[Silence]:
        """What is to be told now."""
        news = []
        for name, subject in self._subjects.items():
            if subject.bad and subject.told_since is None and self._is_due(name, subject, at):
                again = at - subject.back_at < _CALM_S
                subject.told_since = subject.since
                news.append(Silence(subject.kind, name, subject.state, subject.since, again=again))
            elif not subject.bad and subject.told_since is not None and not self._is_covered(name, subject):
                since, subject.told_since, subject.back_at = subject.told_since, None, at
                lasted_s = max(0.0, utc - since)
                news.append(Silence(subject.kind, name, subject.state, since, back=True, lasted_s=lasted_s))
        return news

    def _is_due(self, name: str, subject: _Subject, at: float) -> bool:
        if subject.bad_at is None or self._is_covered(name, subject):
            return False
        after_s = self._after_s + (DELAYED_EXTRA_S if subject.state == "delayed" else 0.0)
        return at - subject.bad_at >= after_s

    def _is_covered(self, name: str, subject: _Subject) -> bool:
        """Something further out is silent, and explains this silence."""
        outer = {"camera": (HUB, name.partition("/")[0]), "edge": (HUB,), "hub": ()}[subject.kind]
        return any(self._subjects[one].bad for one in outer if one in self._subjects)
