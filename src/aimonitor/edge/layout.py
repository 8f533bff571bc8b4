"""The zones and lines of a policy as viewers get them. Pure."""

from itertools import islice

from aimonitor.contract.overlays import PLACES, Layout, LineView, Spot, ZoneView
from aimonitor.edge.policy import SitePolicy


def layout_of(source: str, policy: SitePolicy) -> Layout:
    """What is drawn over the camera's picture: the first PLACES zones, and as many lines."""
    zones = (
        ZoneView(name, tuple(map(_spot, zone.polygon)), zone.kind, zone.restricted, zone.direction_deg)
        for name, zone in policy.zones.items()
    )
    lines = (LineView(name, _spot(line.start), _spot(line.end), line.allowed) for name, line in policy.lines.items())
    return Layout(source, tuple(islice(zones, PLACES)), tuple(islice(lines, PLACES)))


def _spot(corner: tuple[float, float]) -> Spot:
    x, y = corner
    return round(x, 4), round(y, 4)
