"""How far another machine's clock is from ours, measured as NTP does (RFC 5905, sections 8 and 10)."""

from collections import deque

import msgspec

WINDOW = 8
"""Measurements that are remembered; the one with the shortest way is believed."""


class Measurement(msgspec.Struct, frozen=True):
    """`offset_s` = their clock minus ours; `delay_s` = the way there and back without their thinking time."""

    offset_s: float
    delay_s: float


def measure(sent_at: float, received_at: float, replied_at: float, returned_at: float) -> Measurement:
    """The four times of one exchange, in order: ours, theirs, theirs, ours."""
    offset_s = ((received_at - sent_at) + (replied_at - returned_at)) / 2
    return Measurement(offset_s, max(0.0, (returned_at - sent_at) - (replied_at - received_at)))


class ClockFilter:
    """The offset of the measurement with the least delay among the last eight; None before the first."""

    def __init__(self) -> None:
        self._last: deque[Measurement] = deque(maxlen=WINDOW)
        self.offset_s: float | None = None

    def add(self, measurement: Measurement) -> None:
        self._last.append(measurement)
        self.offset_s = min(self._last, key=lambda each: each.delay_s).offset_s

    @property
    def delay_s(self) -> float | None:
        return min(each.delay_s for each in self._last) if self._last else None
