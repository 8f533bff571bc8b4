"""Who watches which camera, and how closely. Pure; what a viewer is does not matter here.

The ladder: `metadata` (figures only), `thumbnail` (a picture every ten seconds), `slow` (one a second), `full`.
"""

from collections import Counter
from collections.abc import Hashable, Mapping
from typing import Generic, TypeVar

import msgspec

RUNGS = ("metadata", "thumbnail", "slow", "full")
THERMAL = "thermal"
LAYERS = frozenset({THERMAL})
"""What can be wanted besides figures and pictures."""

PICTURE_EVERY_S = {"thumbnail": 10.0, "slow": 1.0}

_NEVER = float("inf")

V = TypeVar("V", bound=Hashable)


class Wish(msgspec.Struct, frozen=True):
    """What one viewer wants: these sources or `everything`, at `rung`, with `layers`, until the monotonic `until`."""

    sources: frozenset[str] = frozenset()
    everything: bool = False
    rung: str = "full"
    until: float = _NEVER
    layers: frozenset[str] = frozenset()


class Audience(msgspec.Struct, Generic[V], frozen=True):
    """The viewers of one source.

    `figures` get every observation, `full` every picture, `thinned` one now and then, `thermal` the thermograms.
    """

    figures: tuple[V, ...]
    full: tuple[V, ...]
    thinned: tuple[tuple[V, float], ...]
    thermal: tuple[V, ...]


class _Crowd(Generic[V]):
    """Viewers and their rungs, and how many stand on each rung."""

    def __init__(self) -> None:
        self.rungs: dict[V, str] = {}
        self._standing: Counter[str] = Counter()

    def add(self, viewer: V, rung: str) -> None:
        self.rungs[viewer] = rung
        self._standing[rung] += 1

    def remove(self, viewer: V) -> None:
        self._standing[self.rungs.pop(viewer)] -= 1

    def stands_on(self, rung: str) -> bool:
        return self._standing[rung] > 0


class Audiences(Generic[V]):
    """All wishes, indexed by source; an audience is put together once and kept until a wish for it changes."""

    def __init__(self) -> None:
        self._wishes: dict[V, Wish] = {}
        self._everything: _Crowd[V] = _Crowd()
        self._by_source: dict[str, _Crowd[V]] = {}
        self._made: dict[str, Audience[V]] = {}
        self._first_end = _NEVER
        """No wish ends before; looked for again only when this has passed."""

    def set(self, viewer: V, wish: Wish) -> bool:
        """Replace what `viewer` wants; False when only its end moved, so that nothing else changes."""
        self._first_end = min(self._first_end, wish.until)
        old = self._wishes.get(viewer)
        if old and msgspec.structs.replace(old, until=wish.until) == wish:
            self._wishes[viewer] = wish
            return False
        self.remove(viewer)
        self._wishes[viewer] = wish
        rung = wish.rung if wish.rung in RUNGS else "slow"
        if wish.everything:
            self._everything.add(viewer, rung)
            self._made.clear()
        for source in wish.sources:
            self._by_source.setdefault(source, _Crowd()).add(viewer, rung)
            self._made.pop(source, None)
        return True

    def remove(self, viewer: V) -> bool:
        """Forget what `viewer` wants; False when it wanted nothing."""
        wish = self._wishes.pop(viewer, None)
        if wish is None:
            return False
        if wish.everything:
            self._everything.remove(viewer)
            self._made.clear()
        for source in wish.sources:
            crowd = self._by_source[source]
            crowd.remove(viewer)
            if not crowd.rungs:
                del self._by_source[source]
            self._made.pop(source, None)
        return True

    def expired(self, at: float) -> list[V]:
        """The viewers whose wish was not renewed in time."""
        if at <= self._first_end:
            return []
        late = [viewer for viewer, wish in self._wishes.items() if wish.until < at]
        self._first_end = min((wish.until for wish in self._wishes.values() if wish.until >= at), default=_NEVER)
        return late

    def rung(self, source: str) -> str:
        """How closely `source` is watched: the highest rung that anybody wants, `metadata` when nobody does."""
        crowds = [crowd for crowd in (self._everything, self._by_source.get(source)) if crowd]
        return next((rung for rung in reversed(RUNGS) if any(crowd.stands_on(rung) for crowd in crowds)), "metadata")

    def of(self, source: str) -> Audience[V]:
        """Who gets what of `source`."""
        made = self._made.get(source)
        if made is None:
            crowd = self._by_source.get(source)
            made = _divide(self._everything.rungs, crowd.rungs if crowd else {}, self._wishes)
            if made.figures:
                self._made[source] = made
        return made


def _divide(everything: dict[V, str], chosen: dict[V, str], wishes: Mapping[V, Wish]) -> Audience[V]:
    rungs = dict(everything)
    for viewer, rung in chosen.items():
        rungs[viewer] = max(rung, rungs.get(viewer, "metadata"), key=RUNGS.index)
    return Audience(
        figures=tuple(rungs),
        full=tuple(viewer for viewer, rung in rungs.items() if rung == "full"),
        thinned=tuple((v, PICTURE_EVERY_S[rung]) for v, rung in rungs.items() if rung in PICTURE_EVERY_S),
        thermal=tuple(viewer for viewer in rungs if THERMAL in wishes[viewer].layers),
    )
