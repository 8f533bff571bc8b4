"""What a camera saw in one hour, in a few numbers that outlive its samples, for charts of months. Pure.

Hours are sums and maxima, so that pieces of one hour add up to it, whichever hub they come from.
"""

import msgspec

HOUR_S = 3600


class Hour(msgspec.Struct, frozen=True):
    """One hour of one camera, from `at` (whole hours since 1970 UTC, in seconds) on.

    seconds: with a sample; persons, vehicles: summed over them; …_max: the most at once; score_max: the highest risk
    speed_m, speed_px: sums of the mean speed, in m/s and px/s, over speed_m_seconds and speed_px_seconds with movement
    incidents: that opened; unusual: those of them that were told for being unusual
    """

    at: int
    source: str
    seconds: int = 0
    persons: int = 0
    persons_max: int = 0
    vehicles: int = 0
    vehicles_max: int = 0
    score_max: float = 0.0
    speed_m: float = 0.0
    speed_m_seconds: int = 0
    speed_px: float = 0.0
    speed_px_seconds: int = 0
    incidents: int = 0
    unusual: int = 0

    @property
    def key(self) -> tuple[int, str]:
        return self.at, self.source

    def __add__(self, other: "Hour") -> "Hour":
        """The same hour of the same camera, of both pieces."""
        values = {
            name: max(getattr(self, name), getattr(other, name))
            if name.endswith("_max")
            else getattr(self, name) + getattr(other, name)
            for name in FIGURES
        }
        return Hour(self.at, self.source, **values)


FIGURES = tuple(name for name in Hour.__struct_fields__ if name not in ("at", "source"))
"""The names of the numbers, sums and maxima."""


def is_of(source: str, edge_id: str | None, camera_id: str | None) -> bool:
    """Whether a camera is of this edge and has this id there; None takes any."""
    edge, _, camera = source.partition("/")
    return edge_id in (None, edge) and camera_id in (None, camera)


class HourQuery(msgspec.Struct, frozen=True):
    """Hours from `start` up to but not including `end`, oldest first, at most `limit`, of one edge or camera."""

    start: int
    end: int
    limit: int
    edge_id: str | None = None
    camera_id: str | None = None

    def wants(self, at: int, source: str) -> bool:
        return self.start <= at < self.end and is_of(source, self.edge_id, self.camera_id)
