"""True for long enough, and false for long enough: what keeps a flicker from becoming a fact."""

from collections.abc import Hashable
from dataclasses import dataclass


@dataclass(slots=True)
class Spell:
    """`over` is when it ended, once it was seen to be false."""

    since: float
    last: float
    over: float | None = None

    @property
    def duration(self) -> float:
        """Seconds for which it held, as far as can be told."""
        return (self.last if self.over is None else self.over) - self.since


class Held:
    """Conditions by key. Each becomes a fact once it held for `after_s`, dated back to its first moment.

    It stays one until it was seen to be false for longer than `release_s`; so durations are exact to one frame however
    long the two are, and a time in which nobody looked ends nothing.
    """

    __slots__ = ("spells",)

    def __init__(self) -> None:
        self.spells: dict[Hashable, Spell] = {}
        """What is remembered; of a condition that is not here, to hear that it is false changes nothing."""

    def update(
        self, key: Hashable, is_true: bool, at: float, after_s: float, release_s: float, *, before: float | None = None
    ) -> Spell | None:
        """Note the condition at time `at`; return the spell when it is a fact, or None when it is none.

        before: when it was last known to be otherwise; it is dated to the middle then, which is right on average
        """
        spell = self.spells.get(key)
        if spell is None:
            if not is_true:
                return None
            spell = self.spells[key] = Spell(at if before is None else (before + at) / 2, at)
        elif is_true:
            spell.last, spell.over = at, None
        else:
            if spell.over is None:
                spell.over = (spell.last + at) / 2
            if at - spell.over > release_s:
                del self.spells[key]
                return None
        return spell if spell.last - spell.since >= after_s else None

    def forget(self, key: Hashable) -> None:
        """Drop what is known of `key`."""
        self.spells.pop(key, None)
