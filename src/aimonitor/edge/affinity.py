"""How well boxes found agree with boxes expected: overlap where there is some, distance in doubt where there is none.

IoU is the best judge while objects overlap their own prediction. At five frames a second runners, cars and the newly
arrived do not: for them counts how far off they are in units of what the filter does not know (the Mahalanobis
distance), less the less it knows.
"""

from collections.abc import Sequence
from math import exp, sqrt

from aimonitor.edge.assignment import Edge
from aimonitor.edge.tracks import Found, Shape, Target

GATE = 30.0
"""Squared Mahalanobis distance (4 numbers) beyond which only overlap counts; by chance 1 pair in 200,000 is."""

CERTAIN_OVERLAP = 0.3
TEMPERATURE = 4.0
"""Squared distances are divided by this: filters are surer of themselves than the world allows."""

UNIT = -0.5 / TEMPERATURE
FAR = UNIT * GATE

KNOWN = 0.2
"""Spread, in object heights, up to which a prediction is as good as seen."""


def affinity(
    targets: Sequence[Target], found: Sequence[Found], noise: tuple[float, float], nearness: float, least: float
) -> list[Edge]:
    """What every pair gains: its agreement less `least`, where that is above 0; rows ascend.

    Agreement is IoU and, for confirmed targets, up to `nearness` for being close. `noise` is the variance of a measured
    center and of a measured size, in heights of the object squared. Kinds do not mix.
    """
    edges: list[Edge] = []
    shapes, widest = [one[:4] for one in found], max([one.width for one in found], default=0.0)
    for row, target in enumerate(targets):
        expected = x, y, width, height = target.shape
        doubt, unit = target.center.position_var + noise[0], UNIT / (height * height)
        by_place, by_size = unit / doubt, unit / (target.size.position_var + noise[1])
        # What is near an uncertain prediction counts in proportion to the root of what is known.
        bonus = nearness * (KNOWN**2 / max(doubt, KNOWN**2)) ** 0.25 if target.track_id else 0.0
        reach = max(0.5 * (width + widest), height * sqrt(GATE * doubt))
        for column, shape in enumerate(shapes):
            dx = shape[0] - x
            if -reach < dx < reach:
                _, found_y, found_width, found_height = shape
                dy, wider, higher = found_y - y, found_width - width, found_height - height
                closeness = by_place * (dx * dx + dy * dy) + by_size * (wider * wider + higher * higher)
                shared = overlap(expected, shape)
                if closeness > FAR or shared >= CERTAIN_OVERLAP:
                    gain = shared + bonus * exp(closeness) - least
                    if gain > 0.0 and target.kind == found[column].kind:
                        edges.append((row, column, gain))
    return edges


def overlap(one: Shape, other: Shape) -> float:
    """Intersection over union of two boxes. They have area."""
    x, y, width, height = one
    other_x, other_y, other_width, other_height = other
    across, down = 0.5 * (width + other_width) - abs(other_x - x), 0.5 * (height + other_height) - abs(other_y - y)
    if across <= 0.0 or down <= 0.0:
        return 0.0
    narrower, lower = width if width < other_width else other_width, height if height < other_height else other_height
    shared = (across if across < narrower else narrower) * (down if down < lower else lower)
    return shared / (width * height + other_width * other_height - shared)
