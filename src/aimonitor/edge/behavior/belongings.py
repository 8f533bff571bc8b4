"""Things that were left behind, and things that were taken."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import hypot
from typing import NamedTuple

from aimonitor.edge.behavior.held import Held
from aimonitor.edge.behavior.site import Rules
from aimonitor.edge.types import Doing, Group

_BROUGHT_WITHIN_S = 2.0
_REMEMBER_S = 30.0


class Thing(NamedTuple):
    """A thing or a person at a place, in units of which `per_m` make a metre, unmoved since `still_since`."""

    track_id: int
    x: float
    y: float
    per_m: float
    first_at: float
    still_since: float


@dataclass(slots=True)
class _Item:
    thing: Thing
    seen_at: float
    was_brought: bool = False
    last_near: int | None = None


class Belongings:
    """Follows things (whatever is no person, vehicle or animal) and who is near them.

    Left: somebody brought it, and for `left_after_s` it has not moved and nobody was within `left_radius_m`.
    Removed: it stood for `removed_after_s`, somebody came near, and it is gone while that person is not in front of it.
    """

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._items: dict[int, _Item] = {}
        self._held = Held()
        self._removed: list[Group] = []

    def update(self, things: Sequence[Thing], persons: Sequence[Thing], at: float) -> dict[int, Doing]:
        """Note what is in view now; what was left, by the track of the thing. `removed` tells the rest."""
        left: dict[int, Doing] = {}
        for thing in things:
            item = self._items.get(thing.track_id)
            if item is None:
                item = self._items[thing.track_id] = _Item(thing, at)
            item.thing, item.seen_at = thing, at
            near = self._nearest(thing, persons)
            if near is not None:
                item.last_near = near
                item.was_brought = item.was_brought or at - thing.first_at <= _BROUGHT_WITHIN_S
            doing = self._left(item, near is None, at)
            if doing is not None:
                left[thing.track_id] = doing
        self._look_for_missing(persons, at)
        return left

    @property
    def is_idle(self) -> bool:
        """No thing is in view or remembered."""
        return not self._items

    def removed(self, at: float) -> list[Group]:
        """What was taken within the last seconds: the track of the thing and of the person."""
        self._removed = [group for group in self._removed if at - group.since <= self._rules.forget_s]
        return self._removed

    def _left(self, item: _Item, alone: bool, at: float) -> Doing | None:
        rules, thing = self._rules, item.thing
        abandoned = alone and at > thing.still_since
        spell = self._held.update(thing.track_id, abandoned, at, rules.left_after_s, rules.settle_s)
        if spell is None or not item.was_brought:
            return None
        return Doing("object_left", spell.since, "", at - spell.since)

    def _look_for_missing(self, persons: Sequence[Thing], at: float) -> None:
        rules = self._rules
        for track_id, item in list(self._items.items()):
            if at - item.seen_at <= rules.settle_s * 2:
                continue
            stood_s = item.seen_at - item.thing.still_since
            if item.last_near is None or stood_s < rules.removed_after_s or at - item.seen_at > _REMEMBER_S:
                self._drop(track_id)
            elif self._nearest(item.thing, persons) is None:
                self._removed.append(Group("object_removed", (track_id, item.last_near), at))
                self._drop(track_id)

    def _drop(self, track_id: int) -> None:
        del self._items[track_id]
        self._held.forget(track_id)

    def _nearest(self, thing: Thing, persons: Iterable[Thing]) -> int | None:
        """The person nearest to `thing` within the radius."""
        radius = self._rules.left_radius_m * thing.per_m
        distances = ((hypot(person.x - thing.x, person.y - thing.y), person.track_id) for person in persons)
        return min((found for found in distances if found[0] <= radius), default=(0.0, None))[1]
