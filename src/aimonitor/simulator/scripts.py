"""The scripts of the scenes, by name. Each takes a random generator and varies places, speeds and times with it."""

import random
from collections.abc import Callable

from aimonitor.edge.behavior import Line, Zone
from aimonitor.simulator.scenes import Heat, Scene, on_ground
from aimonitor.simulator.stage import Actor, Mark, StageCamera, go_on, stay, walk

YARD = StageCamera()
ROAD = StageCamera(height_m=9.0, tilt_deg=14.0, focal_px=620.0)
_ROAD_RECTANGLE = (-4.0, 22.0, 4.0, 40.0)

Script = Callable[[random.Random, int], Scene]


def build(name: str, seed: int = 0) -> Scene:
    """The scene of that name. Raises ValueError naming the ones there are."""
    script = SCRIPTS.get(name)
    if script is None:
        raise ValueError(f"expected a scene of {', '.join(sorted(SCRIPTS))}; got {name!r}")
    return script(random.Random(f"{name}/{seed}"), seed)


def _gate(**kind: object) -> Zone:
    corners = on_ground(YARD, (-2.5, 8.0), (2.5, 8.0), (2.5, 14.0), (-2.5, 14.0))
    return Zone("Gate", corners, **kind)  # type: ignore[arg-type]  # the zone's own settings


def _walk(rng: random.Random, seed: int) -> Scene:
    people = [
        walk(1, "person", 0.0, rng.uniform(1.0, 1.7), (-6, rng.uniform(9, 12)), (6, rng.uniform(9, 14))),
        walk(2, "person", 1.0, rng.uniform(1.0, 1.7), (rng.uniform(1, 3), 18), (rng.uniform(-3, -1), 7)),
        walk(3, "person", 2.0, rng.uniform(1.0, 1.7), (7, 15), (-7, rng.uniform(12, 16))),
    ]
    return Scene("walk", seed, 9.0, YARD, tuple(people), (_gate(loiter_after_s=20.0),))


def _loiter(rng: random.Random, seed: int) -> Scene:
    speed, spot = rng.uniform(1.0, 1.5), (rng.uniform(-1, 1), rng.uniform(10, 12))
    person = walk(1, "person", 0.0, speed, (-6, 11), spot)
    person = go_on(stay(person, rng.uniform(28, 34)), speed, (6, 12))
    zone = _gate(loiter_after_s=15.0)
    return Scene(
        "loiter", seed, person.path[-1].at, YARD, (person,), (zone,), incidents=frozenset({("loitering", "Gate")})
    )


def _run(rng: random.Random, seed: int) -> Scene:
    runner = walk(1, "person", 0.5, rng.uniform(4.0, 5.5), (-8, rng.uniform(11, 15)), (8, rng.uniform(11, 15)))
    walker = walk(2, "person", 0.0, rng.uniform(1.0, 1.6), (5, 12), (-5, 10))
    return Scene("run", seed, 7.0, YARD, (runner, walker), incidents=frozenset({("running", "")}))


def _crowd(rng: random.Random, seed: int) -> Scene:
    people: list[Actor] = []
    for index in range(8):
        spot = ((index % 4) * 1.1 - 1.6 + rng.uniform(-0.15, 0.15), 11.5 + index // 4 * 1.2 + rng.uniform(-0.15, 0.15))
        start = (rng.choice((-7, 7)), rng.uniform(9, 16))
        comer = walk(index + 1, "person", index * 1.0, rng.uniform(1.0, 1.6), start, spot, group="crowd")
        people.append(stay(comer, 34.0 - comer.path[-1].at))
    return Scene("crowd", seed, 32.0, YARD, tuple(people), incidents=frozenset({("crowd", "")}))


def _wrong_way(rng: random.Random, seed: int) -> Scene:
    lane = Zone("Lane", on_ground(ROAD, (0.2, 16), (4, 16), (4, 80), (0.2, 80)), direction_deg=0.0)
    right = walk(1, "car", 0.0, rng.uniform(8, 12), (2, 14), (2, 90))
    # They use the same lane, so the one comes when the other has left: nothing passes through anything.
    wrong = walk(2, "car", right.path[-1].at + 0.5, rng.uniform(7, 10), (2.2, 85), (2.2, 14))
    return Scene(
        "wrong_way", seed, wrong.path[-1].at + 1.0, ROAD, (right, wrong), (lane,),
        incidents=frozenset({("wrong_way", "Lane")}), rectangle_m=_ROAD_RECTANGLE,
    )  # fmt: skip


def _crossings(rng: random.Random, seed: int) -> Scene:
    near, far = on_ground(YARD, (0, 7.5), (0, 18))
    line = Line("Door", near, far)
    people: list[Actor] = []
    for index in range(10):
        side = rng.choice((-1, 1))
        start, y = index * 3.5 + rng.uniform(0, 1), rng.uniform(9.5, 14)
        person = walk(
            index + 1, "person", start, rng.uniform(1.0, 1.8), (side * 6, y), (-side * 6, y + rng.uniform(-1, 1))
        )
        if index % 4 == 3:  # comes, thinks better of it on this side of the line, and goes
            person = walk(index + 1, "person", start, 1.3, (side * 6, y), (side * 1.2, y))
            person = go_on(stay(person, 2.0), 1.3, (side * 7, y))
        people.append(person)
    return Scene("crossings", seed, 48.0, YARD, tuple(people), lines=(line,))


def _stopped_car(rng: random.Random, seed: int) -> Scene:
    car = walk(1, "car", 0.0, rng.uniform(7, 10), (2, 16), (2, rng.uniform(30, 45)))
    others = [walk(index + 2, "car", index * 7.0, rng.uniform(8, 11), (-2, 90), (-2, 12)) for index in range(4)]
    return Scene(
        "stopped_car", seed, 34.0, ROAD, (stay(car, 40), *others), incidents=frozenset({("stopped", "")}),
        rectangle_m=_ROAD_RECTANGLE,
    )  # fmt: skip


def _object_left(rng: random.Random, seed: int) -> Scene:
    spot = (rng.uniform(-1, 1), rng.uniform(9, 12))
    person = walk(1, "person", 0.0, 1.2, (-6, 11), spot)
    arrived = person.path[-1].at
    person = go_on(stay(person, 3.0), 1.3, (7, 13))
    case = Actor(2, "suitcase", (Mark(arrived + 0.5, spot[0] + 0.5, spot[1]), Mark(60.0, spot[0] + 0.5, spot[1])))
    return Scene("object_left", seed, 45.0, YARD, (person, case), incidents=frozenset({("object_left", "")}))


def _object_removed(rng: random.Random, seed: int) -> Scene:
    spot = (rng.uniform(-1, 1), rng.uniform(9, 12))
    thief = walk(1, "person", 14.0, 1.3, (-6, 11), (spot[0] - 0.5, spot[1]))
    taken_at = thief.path[-1].at + 1.0
    thief = go_on(stay(thief, 2.0), 1.5, (7, 12))
    case = Actor(2, "suitcase", (Mark(0.0, *spot), Mark(taken_at, *spot)))
    return Scene("object_removed", seed, 30.0, YARD, (thief, case), incidents=frozenset({("object_removed", "")}))


def _convoy(rng: random.Random, seed: int) -> Scene:
    count, speed, gap = rng.randint(3, 5), rng.uniform(5.0, 8.0), rng.uniform(9.0, 13.0)
    cars = [
        walk(index + 1, rng.choice(("car", "truck")), 1 + index * gap / speed, speed, (2, 14), (2, 100), group="convoy")
        for index in range(count)
    ]
    other = walk(9, "car", rng.uniform(0, 6), rng.uniform(8, 11), (-2, 100), (-2, 12))
    return Scene(
        "convoy", seed, 22.0, ROAD, (*cars, other), incidents=frozenset({("convoy", "")}), rectangle_m=_ROAD_RECTANGLE
    )


def _near_convoy(rng: random.Random, seed: int) -> Scene:
    """Two together, and single cars far apart or the other way: never three."""
    speed = rng.uniform(6.0, 9.0)
    pair = [walk(index + 1, "car", 1 + index * 11 / speed, speed, (2, 14), (2, 100)) for index in range(2)]
    late = walk(3, "car", 1 + (11 + rng.uniform(38, 45)) / speed, speed, (2, 14), (2, 100))
    against = [walk(index + 4, "car", index * 6.5, rng.uniform(7, 9), (-2, 100), (-2, 12)) for index in range(2)]
    return Scene("near_convoy", seed, 20.0, ROAD, (*pair, late, *against), rectangle_m=_ROAD_RECTANGLE)


def _night(rng: random.Random, seed: int) -> Scene:
    """Too dark for the camera: only the thermal sensor sees who comes."""
    prowler = walk(1, "person", 5.0, rng.uniform(0.6, 0.9), (-6, 9), (2, 10), (5, 9), celsius=31.0)
    return Scene(
        "night", seed, 24.0, YARD, (prowler,), incidents=frozenset({("warm", "")}), brightness=0.03, ambient_celsius=9.0
    )


def _fire(rng: random.Random, seed: int) -> Scene:
    heat = Heat(8.0, rng.uniform(-2, 2), rng.uniform(9, 12), 0.12, 60.0, 0.12, 12.0, 380.0)
    return Scene("fire", seed, 30.0, YARD, (), incidents=frozenset({("fire", "")}), heats=(heat,))


def _overheating(rng: random.Random, seed: int) -> Scene:
    heat = Heat(0.0, rng.uniform(-2, 2), rng.uniform(9, 12), 0.5, 32.0, 0.0, rng.uniform(0.25, 0.4), 98.0)
    return Scene("overheating", seed, 160.0, YARD, (), incidents=frozenset({("overheating", "")}), heats=(heat,))


def _quiet(rng: random.Random, seed: int) -> Scene:
    """A street on an ordinary day: parked cars, people who pass, single cars. Nothing to report."""
    actors: list[Actor] = [
        Actor(index + 1, "car", (Mark(0.0, -7.0, 26.0 + index * 9), Mark(600.0, -7.0, 26.0 + index * 9)))
        for index in range(3)
    ]
    at = 2.0
    while at < 280:
        number = len(actors) + 1
        if rng.random() < 0.55:
            y, side = rng.uniform(20, 34), rng.choice((-1, 1))
            actors.append(walk(number, "person", at, rng.uniform(0.9, 1.8), (side * 18, y), (-side * 18, y)))
        else:
            x, near, far = rng.choice(((2, 12, 100), (-2, 100, 12)))
            actors.append(walk(number, "car", at, rng.uniform(7, 12), (x, near), (x, far)))
        at += rng.uniform(4, 14)
    return Scene("quiet", seed, 300.0, ROAD, tuple(actors), rectangle_m=_ROAD_RECTANGLE)


SCRIPTS: dict[str, Script] = {
    "walk": _walk,
    "loiter": _loiter,
    "run": _run,
    "crowd": _crowd,
    "wrong_way": _wrong_way,
    "crossings": _crossings,
    "stopped_car": _stopped_car,
    "object_left": _object_left,
    "object_removed": _object_removed,
    "convoy": _convoy,
    "near_convoy": _near_convoy,
    "night": _night,
    "fire": _fire,
    "overheating": _overheating,
    "quiet": _quiet,
}
