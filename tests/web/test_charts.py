"""Charts by hour and weekday and the receipt of the traffic, from the real hub's memory."""

import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect
from scripted_edge import Camera, ScriptedEdge

from conftest import HubProcess, OpenPage

pytestmark = pytest.mark.browser

NOON = 1_700_049_600.0
"""2023-11-15 12:00 UTC, a Wednesday."""


@pytest.fixture(scope="module")
def edge(hub: HubProcess) -> Iterator[ScriptedEdge]:
    with ScriptedEdge(hub.port, (Camera("gate", "Gate"), Camera("yard", "Yard"))) as playing:
        for number, at in enumerate((NOON, NOON + 60, NOON + 3 * 3600)):
            playing.say_event("gate", f"old-{number}", "closed", opened_at=at)
        playing.say_event("yard", "other", "closed", opened_at=NOON + 60)
        yield playing


def test_events_are_counted_by_hour_and_weekday(open_page: OpenPage, edge: ScriptedEdge) -> None:
    page = open_page("#/charts", timezone_id="UTC")
    bars = page.locator(".bars > li")
    expect(bars).to_have_count(24)
    expect(bars.nth(12)).to_have_attribute("title", "12: 3")
    expect(bars.nth(15)).to_have_attribute("title", "15: 1")
    expect(page.locator(".charts-view .card > .quiet").first).to_contain_text("4 events since Nov 15, 2023")
    page.get_by_role("button", name="By weekday").click()
    expect(bars).to_have_count(7)
    expect(bars.nth(3)).to_have_attribute("title", "Wed: 4")
    page.get_by_label("Camera").select_option("house/yard")
    expect(bars.nth(3)).to_have_attribute("title", "Wed: 1")


def test_persons_are_averaged_over_what_was_seen(open_page: OpenPage, edge: ScriptedEdge) -> None:
    page = open_page("#/camera/house/gate", timezone_id="UTC")
    page.wait_for_timeout(1500)
    page.goto(page.url.partition("#")[0] + "#/charts")
    page.get_by_role("button", name="Persons").click()
    hour = time.gmtime().tm_hour
    titles = page.locator(".bars > li")
    expect(titles.nth((hour + 12) % 24)).to_have_attribute("title", re.compile("not observed"))
    expect(page.locator(".column-value").first).to_have_text("2.0")
    expect(page.locator(".charts-view .card > .quiet").first).to_contain_text("Averages over")


def test_the_receipt_names_what_costs_what(open_page: OpenPage, edge: ScriptedEdge) -> None:
    page = open_page("#/charts")
    expect(page.locator(".traffic .facts")).to_contain_text("To this page")
    expect(page.locator(".traffic .facts")).to_contain_text("From the edge")
    row = page.locator(".receipt tbody tr").filter(has_text="Gate").filter(has_text="pictures").first
    expect(row).to_contain_text(re.compile(r"\d kB|\d MB"))
