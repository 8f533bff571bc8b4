"""What a replay of recorded minutes comes to, in the words of the contract. Pure."""

import itertools
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

from aimonitor.contract import setup
from aimonitor.edge.explain import Explained
from aimonitor.edge.policy import SitePolicy
from aimonitor.edge.rehearsal import GAP_S, Step, incidents
from aimonitor.edge.types import Risk

_INCIDENTS_SHOWN = 200
_POINTS = 300


def told(steps: Sequence[Step]) -> setup.Rehearsed:
    """What one policy did; of its incidents the first 200 whole, all of them counted."""
    opened = incidents(steps)
    shown = (
        setup.Incident(one.event.kind, one.event.zone, round(one.event.utc, 3), one.highest, one.event.words[:1000])
        for one in opened[:_INCIDENTS_SHOWN]
    )
    course = _course((step.utc, step.score) for step in steps)
    return setup.Rehearsed(
        incidents=tuple(shown),
        by_zone=Counter(one.event.zone for one in opened if one.event.zone),
        by_kind=Counter(one.event.kind for one in opened),
        peak=course.peak,
        course=course.course,
    )


def _course(scores: Iterable[tuple[float, float]]) -> setup.Course:
    """At most 300 points: the highest score of each stretch of time."""
    points = list(scores)
    if not points:
        return setup.Course((), 0.0)
    start, span_s = points[0][0], max(1e-9, points[-1][0] - points[0][0])
    highest: dict[int, tuple[float, float]] = {}
    for utc, score in points:
        place = min(_POINTS - 1, int((utc - start) / span_s * _POINTS))
        if place not in highest or score > highest[place][1]:
            highest[place] = round(utc, 1), round(score, 4)
    return setup.Course(tuple(highest.values()), max(score for _, score in highest.values()))


def minutes(steps: Sequence[Step]) -> float:
    """How much of the time was recorded."""
    gaps = (after.utc - before.utc for before, after in itertools.pairwise(steps))
    return round(sum(gap for gap in gaps if 0 < gap < GAP_S) / 60.0, 2)


def notes(policy: SitePolicy, draft: SitePolicy, steps: Sequence[Step]) -> Iterator[str]:
    """What this rehearsal cannot show."""
    if not steps:
        yield "nothing is recorded of these minutes"
    if policy.heat() != draft.heat():
        yield "[thermal] is not rehearsed: what the sensor measured is not recorded, only what was made of it"
    if draft.zones.keys() - policy.zones.keys():
        yield "what is unusual in a new zone is not known yet"


def compare(explained: Sequence[Explained], weight: Callable[[str], float]) -> setup.WhatIf:
    """One minute, as it was and as it would have been. `weight` tells the weight in force of a cause."""
    pairs = [(one.utc, one.risk, one.instead or one.risk) for one in explained]
    peak_at, *peaks = max(pairs, key=lambda pair: pair[1].score)
    now, then = map(_shares, peaks)
    played = {factor.cause for _, risk, _ in pairs for factor in risk.factors}
    return setup.WhatIf(
        now=_course((utc, risk.score) for utc, risk, _ in pairs),
        then=_course((utc, risk.score) for utc, _, risk in pairs),
        peak_at=round(peak_at, 3),
        factors=tuple(
            setup.FactorChange(cause, round(now[cause], 4), round(then[cause], 4))
            for cause in sorted({*now, *then}, key=lambda cause: -abs(now[cause]))
        ),
        weights={cause: round(weight(cause), 4) for cause in sorted(played)},
    )


def _shares(risk: Risk) -> defaultdict[str, float]:
    """What each cause contributes; all tracks and places of a cause together."""
    total: defaultdict[str, float] = defaultdict(float)
    for factor in risk.factors:
        total[factor.cause] += factor.contribution
    return total
