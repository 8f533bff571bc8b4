"""Charts by hour and weekday and the receipt of the traffic, from the real hub's memory."""

import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from scripted_edge import Camera, ScriptedEdge

from conftest import HubProcess, OpenPage, wait_until

pytestmark = pytest.mark.browser

HAPPENED_AT = round(time.time(), 3)  # all in the same hour, whatever the hour


@pytest.fixture(scope="module")
def edge(hub: HubProcess) -> Iterator[ScriptedEdge]:
    with ScriptedEdge(hub.port, (Camera("gate", "Gate"), Camera("yard", "Yard"))) as playing:
        then = {"at": HAPPENED_AT, "opened_at": HAPPENED_AT}
        for number in range(3):
            playing.say_event("gate", f"one-{number}", "opened", kind="unusual" if number else "loitering", **then)
            playing.say_event("gate", f"one-{number}", "closed", **then)
        playing.say_event("yard", "other", "opened", **then)
        yield playing


def counted(page: Page) -> list[str]:
    """The bars that are neither empty nor unknown, in words."""
    titles = [bar.get_attribute("title") or "" for bar in page.locator(".bars > li").all()]
    return [title for title in titles if not title.endswith((": 0", "not observed"))]


def test_events_are_counted_by_hour_and_weekday(open_page: OpenPage, edge: ScriptedEdge) -> None:
    page = open_page("#/camera/house/gate", timezone_id="Asia/Tokyo")
    wait_until(page, "fetch('api/statistics').then((a) => a.json()).then((all) => all.buckets.length >= 2)")
    page.goto(page.url.partition("#")[0] + "#/charts")
    bars = page.locator(".bars > li")
    expect(bars).to_have_count(24)
    expect(page.locator(".reach")).to_contain_text("4 events since")
    tokyo = time.gmtime(HAPPENED_AT + 9 * 3600)
    assert counted(page) == [f"{tokyo.tm_hour:02}: 4"]
    page.get_by_role("button", name="By weekday").click()
    expect(bars).to_have_count(7)
    assert counted(page) == [f"{time.strftime('%a', tokyo)}: 4"]
    page.get_by_label("Camera").select_option("house/yard")
    expect(page.locator(".reach")).to_contain_text("1 event since")
    page.get_by_label("Camera").select_option("house/gate")
    page.get_by_role("button", name="Anomalies").click()
    expect(page.locator(".column-value")).to_have_text("2")


def test_persons_are_averaged_over_what_was_seen_and_taken_along(open_page: OpenPage, edge: ScriptedEdge) -> None:
    page = open_page("#/camera/house/gate")
    seen = "(all) => all.buckets.some(({ seconds }) => seconds > 0)"
    wait_until(page, f"fetch('api/statistics').then((a) => a.json()).then({seen})")
    page.goto(page.url.partition("#")[0] + "#/charts")
    page.get_by_role("button", name="Persons").click()
    expect(page.locator(".column-value").first).to_have_text("2.0")
    assert len(counted(page)) <= 2
    expect(page.locator(".reach")).to_contain_text("of observation since")
    page.get_by_role("button", name="4 weeks").click()
    expect(page.locator(".column-value").first).to_have_text("2.0")
    with page.expect_download() as download:
        page.get_by_role("button", name="Export as CSV").click()
    table = download.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert download.value.suggested_filename == "hours.csv"
    assert table[0].startswith("hour,source,seconds,persons,")
    assert any(",house/gate," in line and ",2,2," in line for line in table[1:])


def test_the_receipt_names_what_costs_what(open_page: OpenPage, edge: ScriptedEdge) -> None:
    page = open_page("#/charts")
    expect(page.locator(".traffic .facts")).to_contain_text("To this page")
    expect(page.locator(".traffic .facts")).to_contain_text("From the edge")
    row = page.locator(".receipt tbody tr").filter(has_text="Gate").filter(has_text="pictures").first
    expect(row).to_contain_text(re.compile(r"\d kB|\d MB"))
