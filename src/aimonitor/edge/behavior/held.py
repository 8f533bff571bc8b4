"""True for long enough, and false for long enough: what keeps a flicker from becoming a fact."""

from collections.abc import Hashable
from dataclasses import dataclass


@dataclass(slots=True)
class _Spell:
    since: float
    last: float


class Held:
    """Conditions by key. Each becomes a fact once it held for `after_s`, dated back to its first moment.

    It stays one until it was seen to be false for longer than `release_s`; so durations are exact to one frame however
    long the two are, and a time in which nobody looked ends nothing.
    """

    __slots__ = ("_spells",)

    def __init__(self) -> None:
        self._spells: dict[Hashable, _Spell] = {}

    def __contains__(self, key: Hashable) -> bool:
        """True while anything is remembered of `key`: until then, to hear that it is false changes nothing."""
        return key in self._spells

    def update(self, key: Hashable, is_true: bool, at: float, after_s: float, release_s: float) -> float | None:
        """Note the condition at time `at`; return since when it is a fact, or None when it is none."""
        spell = self._spells.get(key)
        if spell is None:
            if not is_true:
                return None
            spell = self._spells[key] = _Spell(at, at)
        elif is_true:
            spell.last = at
        elif at - spell.last > release_s:
            del self._spells[key]
            return None
        return spell.since if spell.last - spell.since >= after_s else None

    def forget(self, key: Hashable) -> None:
        """Drop what is known of `key`."""
        self._spells.pop(key, None)

    def duration(self, key: Hashable) -> float:
        """Seconds from the first to the last moment at which the condition was true; 0 when there is no such spell."""
        spell = self._spells.get(key)
        return 0.0 if spell is None else spell.last - spell.since
