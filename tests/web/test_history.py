"""What lies back: the timeline over the figures of the time, gaps that late events fill, and events page by page."""

import re
import sqlite3
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from scripted_edge import Camera, ScriptedEdge

from conftest import HubProcess, OpenPage

pytestmark = pytest.mark.browser

MINUTE_S = 60
MANY = 1_150
"""More events than one answer of the hub holds."""


@pytest.fixture(scope="module")
def edge(hub: HubProcess) -> Iterator[ScriptedEdge]:
    with ScriptedEdge(
        hub.port, tuple(Camera(each.lower(), each) for each in ("Gate", "Yard", "Hall", "Porch")), fps=4
    ) as playing:
        yield playing


def remember(hub: HubProcess, camera_id: str, minutes_ago: range, score: float) -> None:
    """Have the hub hold figures of a camera for those minutes, second by second."""
    now = int(time.time())
    rows = [
        (now - minute * MINUTE_S - second, "house", camera_id, score, "NORMAL", 3, 0, 5.0, 0.0, "px/s")
        for minute in minutes_ago
        for second in range(MINUTE_S)
    ]
    with sqlite3.connect(hub.history, timeout=10) as db:
        db.executemany("INSERT INTO sample VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
    db.close()


def gaps(page: Page, camera: str) -> list[tuple[float, float]]:
    """Where the lane of a camera is hatched, in percent of the hour."""
    row = page.locator(".lane-row").filter(has_text=camera)
    styles = row.locator(".lane-gap").evaluate_all(
        "(all) => all.map(({ style }) => [parseFloat(style.insetInlineStart), parseFloat(style.inlineSize)])"
    )
    return [(start, start + length) for start, length in styles]


def test_the_timeline_shows_the_time_without_figures_and_late_events_fill_it(
    open_page: OpenPage, hub: HubProcess, edge: ScriptedEdge
) -> None:
    remember(hub, "gate", range(40, 55), score=0.6)
    page = open_page("#/events")
    gate = page.locator(".lane-row").filter(has_text="Gate")
    expect(gate.locator(".lane-course")).to_have_attribute(
        "aria-label", re.compile(r"Risk: up to 60\. Nothing came for 4\d min\.")
    )
    first, second = gaps(page, "Gate")
    assert first == pytest.approx((0, 8), abs=2)  # the hub began 55 minutes ago
    assert second == pytest.approx((33, 99), abs=2)  # the edge was away from 40 minutes ago until now
    assert len(gaps(page, "Yard")) == 1
    assert "V" in (gate.locator("path").get_attribute("d") or "")
    opened = time.time() - 20 * MINUTE_S
    edge.say_event("gate", "late", "opened", opened_at=opened, at=opened)
    edge.say_event("gate", "late", "closed", opened_at=opened, at=opened + 5 * MINUTE_S)
    bar = gate.locator(".lane-bar")
    expect(bar).to_have_count(1)
    box, lane = bar.bounding_box(), gate.locator(".lane-bars").bounding_box()
    assert box is not None
    assert lane is not None
    begins, ends = ((edge_x - lane["x"]) / lane["width"] * 100 for edge_x in (box["x"], box["x"] + box["width"]))
    assert second[0] < begins == pytest.approx(66.7, abs=2)
    assert second[1] > ends == pytest.approx(75, abs=2)


def test_what_is_shown_behind_the_events_is_chosen(open_page: OpenPage, hub: HubProcess, edge: ScriptedEdge) -> None:
    remember(hub, "porch", range(10, 12), score=0.1)
    page = open_page("#/events")
    course = page.locator(".lane-row").filter(has_text="Porch").locator(".lane-course")
    page.get_by_role("button", name="Persons").click()
    expect(course).to_have_attribute("aria-label", re.compile("Persons: up to 3\\."))
    page.get_by_role("button", name="Last 7 days").click()
    expect(page.get_by_role("button", name="Last 7 days")).to_have_attribute("aria-pressed", "true")
    expect(course).to_have_count(1)


def test_the_last_hour_of_the_risk_reaches_back_an_hour(
    open_page: OpenPage, hub: HubProcess, edge: ScriptedEdge
) -> None:
    remember(hub, "hall", range(56, 58), score=0.03)
    page = open_page("#/camera/house/hall")
    page.get_by_text("Last hour").click()
    expect(page.locator(".hour-plot polyline").first).to_be_attached()
    expect(page.locator(".hour-plot")).to_have_attribute("aria-label", re.compile("between 3 and 30$"))


def test_events_are_listed_as_far_back_as_somebody_looks(open_page: OpenPage, edge: ScriptedEdge) -> None:
    for number in range(MANY):
        at = time.time() - 3 * 86_400 + number
        edge.say_event("yard", f"old-{number}", "opened", opened_at=at, at=at, level="WATCH")
        edge.say_event("yard", f"old-{number}", "closed", opened_at=at, at=at + 0.5, level="WATCH")
    page = open_page("#/events")
    rows = page.locator(".incident")
    expect(rows).to_have_count(100)
    page.get_by_role("button", name="Show older events").click()
    expect(rows).to_have_count(200)
    page.get_by_role("button", name="Last 7 days").click()
    expect(page.locator(".lane-row").filter(has_text="Yard").locator(".lane-bar")).to_have_count(MANY)
