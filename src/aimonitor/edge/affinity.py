"""How well boxes found agree with boxes expected: overlap where there is some, distance in doubt where there is none.

IoU is the best judge while objects overlap their own prediction. At five frames a second runners, cars and the newly
arrived do not: for them counts how far off they are in units of what the filter does not know (the Mahalanobis
distance), less the less it knows.
"""

from math import exp, sqrt
from typing import Final

from aimonitor.edge.assignment import Edge
from aimonitor.edge.kalman import Shape
from aimonitor.edge.tracks import Found, Target

GATE: Final = 30.0
"""Squared Mahalanobis distance (4 numbers) beyond which only overlap counts; by chance 1 pair in 200,000 is."""

CERTAIN_OVERLAP: Final = 0.3

LASTING: Final = 0.14
"""Spread of errors that last, of a center, in object heights; no prediction is surer than that.

Who is half hidden, or in one box with a neighbor, is found beside the mark for many frames. To the filter each of them
is news: the more frames a second, the surer it becomes, and the sooner calls a box that jumps a stranger's.
"""

TEMPERATURE: Final = 4.0
"""Squared distances are divided by this: filters are surer of themselves than the world allows."""

UNIT: Final = -0.5 / TEMPERATURE
FAR: Final = UNIT * GATE

KNOWN: Final = 0.2
"""Spread, in object heights, up to which a prediction is as good as seen."""


def affinity(
    targets: list[Target], found: list[Found], noise: tuple[float, float], nearness: float, least: float
) -> list[Edge]:
    """What every pair gains: its agreement less `least`, where that is above 0; rows ascend.

    Agreement is IoU and, for confirmed targets, up to `nearness` for being close. `noise` is the variance of a measured
    center and of a measured size, in heights of the object squared. Kinds do not mix.
    """
    edges: list[Edge] = []
    center_noise, size_noise = noise
    least_doubt = LASTING**2
    widest = max([one.width for one in found], default=0.0)
    for row, target in enumerate(targets):
        expected = x, y, width, height = target.shape
        doubt, unit = max(target.center.position_var + center_noise, least_doubt), UNIT / (height * height)
        by_place, by_size = unit / doubt, unit / (target.size.position_var + size_noise)
        # What is near an uncertain prediction counts in proportion to the root of what is known.
        bonus = nearness * (KNOWN**2 / max(doubt, KNOWN**2)) ** 0.25 if target.track_id else 0.0
        reach = max(0.5 * (width + widest), height * sqrt(GATE * doubt))
        for column, one in enumerate(found):
            dx = one.x - x
            if -reach < dx < reach:
                dy, wider, higher = one.y - y, one.width - width, one.height - height
                closeness = by_place * (dx * dx + dy * dy) + by_size * (wider * wider + higher * higher)
                shared = overlap(expected, one)
                if closeness > FAR or shared >= CERTAIN_OVERLAP:
                    gain = shared + bonus * exp(closeness) - least
                    if gain > 0.0 and target.kind == one.kind:
                        edges.append((row, column, gain))
    return edges


def overlap(expected: Shape, found: Found) -> float:
    """Intersection over union of two boxes. They have area."""
    x, y, width, height = expected
    across, down = 0.5 * (width + found.width) - abs(found.x - x), 0.5 * (height + found.height) - abs(found.y - y)
    if across <= 0.0 or down <= 0.0:
        return 0.0
    narrower, lower = width if width < found.width else found.width, height if height < found.height else found.height
    shared = (across if across < narrower else narrower) * (down if down < lower else lower)
    return shared / (width * height + found.width * found.height - shared)
