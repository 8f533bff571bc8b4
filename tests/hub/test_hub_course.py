"""The course of risk and counts: the highest of each step, holes stay holes, in every store and over HTTP."""

import asyncio
import time

import httpx
import pytest

from aimonitor.hub.course import step_of
from aimonitor.hub.stores import Keep, make_store
from aimonitor.hub.stores.base import Sample
from aimonitor.hub.stores.course import CourseFold, CourseQuery, Step
from aimonitor.hub.stores.hours import HOUR_S, Hour

NOW = 1_750_000_000


def sample(at: int, source: str = "yard/gate", score: float = 0.1, persons: int = 0, vehicles: int = 0) -> Sample:
    return Sample(at, source, score, "NORMAL", persons, vehicles, 9.5)


@pytest.fixture(params=["memory", "sqlite", "redis"])
def location(request, tmp_path):
    if request.param == "redis":
        return request.getfixturevalue("redis_url")
    return ":memory:" if request.param == "memory" else str(tmp_path / "hub.sqlite3")


def test_a_store_tells_the_highest_of_each_step_and_leaves_holes(location, monkeypatch):
    monkeypatch.setattr("aimonitor.hub.stores.memory._AT_ONCE", 3)
    base = int(time.time()) // 60 * 60 - 600  # Redis numbers entries by its own clock
    samples = [sample(base + at, score=at / 100, persons=at % 3) for at in (0, 5, 9, 10, 40, 49)]
    samples += [sample(base + 5, "shop/till", vehicles=2), sample(base - 1), sample(base + 60)]

    async def tell():
        store = make_store(location, Keep())
        await store.open()
        try:
            await store.add_samples(sorted(samples, key=lambda each: each.at))
            whole = await store.course(CourseQuery(base, base + 60, 10))
            mine = await store.course(CourseQuery(base, base + 60, 60, edge_id="shop", camera_id="till"))
            return whole, mine
        finally:
            await store.close()

    whole, mine = asyncio.run(tell())
    assert [(each.source, each.at - base, each.seconds, each.score_max) for each in whole] == [
        ("shop/till", 0, 1, 0.1),
        ("yard/gate", 0, 3, 0.09),
        ("yard/gate", 10, 1, 0.1),
        ("yard/gate", 40, 2, 0.49),
    ]
    assert (whole[1].persons_max, whole[0].vehicles_max) == (2, 2)
    assert mine == [Step(base, "shop/till", 1, 0.1, 0, 2)]


def test_hours_make_a_course_too():
    fold = CourseFold(CourseQuery(0, 10 * HOUR_S, 2 * HOUR_S))
    fold.add_hours(
        [Hour(HOUR_S, "a/b", 100, persons_max=2), Hour(0, "a/b", 50, score_max=0.7), Hour(4 * HOUR_S, "a/b", 1)]
    )
    assert fold.steps == [Step(0, "a/b", 150, 0.7, 2, 0), Step(4 * HOUR_S, "a/b", 1, 0.0, 0, 0)]


@pytest.mark.parametrize("span_s", [1, 59, 3600, 3601, 86_400, 604_800])
@pytest.mark.parametrize("points", [10, 97, 1000])
@pytest.mark.parametrize("fine", [True, False])
def test_no_more_steps_than_asked_for_wherever_the_span_begins(span_s, points, fine):
    step_s = step_of(span_s, points, fine=fine)
    assert fine or step_s % HOUR_S == 0
    for begin in range(NOW, NOW + 2 * step_s, max(1, step_s // 7)):
        first = begin // step_s * step_s
        assert -(-(begin + span_s - first) // step_s) <= points


def test_the_hub_tells_a_course_as_columns(start_hub):
    hub = start_hub()
    store = hub.app.state.switchboard.history._store
    samples = [sample(NOW + at, score=0.5 if at == 1000 else 0.1, persons=1) for at in range(0, 3600, 5)]
    asyncio.run(store.add_samples(samples))
    with httpx.Client(base_url=hub.url) as client:
        told = client.get("/api/course", params={"from": NOW, "to": NOW + 3600, "source": "yard/gate", "points": 61})
        assert told.status_code == 200, told.text
        course = told.json()
        [camera] = course["cameras"]
        assert (course["step_s"], course["from"], camera["source"]) == (60, NOW // 60 * 60, "yard/gate")
        lengths = {len(column) for name, column in camera.items() if name != "source"}
        assert lengths == {61}
        assert sum(camera["seconds"]) == 720
        assert [at for at, risk in zip(camera["at"], camera["risk"], strict=True) if risk == 0.5] == [
            (NOW + 1000) // 60 * 60
        ]
        week = client.get("/api/course", params={"from": NOW - 604_800, "to": NOW}).json()
        assert (week["step_s"], week["cameras"]) == (HOUR_S, [])
        for wrong in ({"from": NOW, "to": NOW}, {"from": 0, "to": NOW}, {"points": 1}):
            assert client.get("/api/course", params=wrong).status_code == 422
