"""The page of an incident: its picture and clip with boxes as vectors, its marks, and what can be taken along."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import kept_incident
import pytest
from playwright.sync_api import Page, expect
from scripted_edge import Answer, Camera, ScriptedEdge
from test_live import READ_CODES

from conftest import HubProcess, OpenPage, wait_until

pytestmark = pytest.mark.browser

OPENED_AT = round(time.time() - 300, 3)
FACTS = {"words": "loitering 47 s in Gate", "zone": "Gate", "track_ids": (7,), "opened_at": OPENED_AT}
PAGE = "#/events/house/gate/one"


@pytest.fixture(scope="module")
def edge(hub: HubProcess) -> Iterator[ScriptedEdge]:
    kept_incident.send(hub.url, "house/gate", kept_incident.clip("one", OPENED_AT))
    with ScriptedEdge(hub.port, (Camera("gate", "Gate"),), fps=1) as playing:
        playing.answers["media"] = Answer(False, "this edge keeps no pictures of incidents")
        playing.say_event("gate", "one", "opened", **FACTS)
        playing.say_event("gate", "two", "opened", kind="running", words="running", opened_at=OPENED_AT)
        yield playing


def codes(page: Page) -> tuple[int, int | None]:
    """The frame that the pixels tell, and the one that the box tells (modulo 40; None: no box)."""
    frame, box = page.evaluate(f"({READ_CODES})()")
    return int(frame), box


def wait_for_snapshot(page: Page) -> None:
    opening = kept_incident.BEFORE + 1
    wait_until(page, f"document.querySelector('.evidence canvas.vectors')?.dataset.frameId === '{opening}'")


def test_the_picture_of_the_opening_has_its_boxes_as_vectors(open_page: OpenPage, edge: ScriptedEdge) -> None:
    page = open_page(PAGE)
    wait_for_snapshot(page)
    page.get_by_role("button", name="Trails").click()
    opening = kept_incident.BEFORE + 1
    wait_until(page, f"String(({READ_CODES})()) === '{opening},{opening % 40}'")
    page.get_by_role("button", name="Boxes").click()
    wait_until(page, f"String(({READ_CODES})()) === '{opening},'")


def test_the_clip_is_played_with_the_boxes_of_each_picture(open_page: OpenPage, edge: ScriptedEdge) -> None:
    page = open_page(PAGE)
    wait_for_snapshot(page)
    page.get_by_role("button", name="Trails").click()
    page.get_by_role("button", name="Play the clip (").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    shown = set()
    for _ in range(8):
        frame, box = codes(page)
        assert box == frame % 40
        shown.add(frame)
        page.wait_for_timeout(250)
    assert len(shown) > 3, "a film that stands still shows nothing"
    page.get_by_role("button", name="Pause").click()
    paused = codes(page)
    page.wait_for_timeout(400)
    assert codes(page) == paused


def test_the_clip_is_sought_with_the_keyboard_and_tells_the_true_time(open_page: OpenPage, edge: ScriptedEdge) -> None:
    page = open_page(PAGE, timezone_id="UTC")
    page.get_by_role("button", name="Play the clip (").click()
    seek = page.get_by_label("Position in the clip")
    seek.focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    page.keyboard.press("Home")
    wait_until(page, "document.querySelector('.evidence canvas.pixels').dataset.frameId === '1'")
    page.keyboard.press("End")
    wait_until(page, "document.querySelector('.evidence canvas.pixels').dataset.frameId === '39'")
    page.get_by_role("button", name="To the opening").click()
    wait_until(page, "document.querySelector('.evidence canvas.pixels').dataset.frameId === '16'")
    at = time.strftime("%-I:%M:%S", time.gmtime(OPENED_AT))
    expect(page.locator(".player-time time")).to_contain_text(at)
    assert codes(page)[0] == 16


def test_what_is_kept_can_be_taken_along(open_page: OpenPage, edge: ScriptedEdge) -> None:
    page = open_page(PAGE)
    for name, head in (("Save the clip", b"RIFF"), ("Save the picture", b"\xff\xd8")):
        with page.expect_download() as download:
            page.get_by_role("link", name=name).click()
        assert Path(download.value.path()).read_bytes().startswith(head)
    with page.expect_download() as download:
        page.get_by_role("button", name="Export as JSON").click()
    told = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))
    assert (told["incident_id"], told["zone"], told["track_ids"]) == ("one", "Gate", [7])
    assert told["media"][2].endswith("/api/media/house/gate/one/clip.avi")


def test_an_incident_without_pictures_says_why(open_page: OpenPage, edge: ScriptedEdge) -> None:
    page = open_page("#/events/house/gate/two")
    expect(page.locator(".evidence .note")).to_have_text("No picture was kept")
    expect(page.locator(".evidence .outcome-failed")).to_contain_text("this edge keeps no pictures of incidents")
    edge.answers["media"] = Answer(False, "it has made room for newer ones")
    page.get_by_role("button", name="Ask again").click()
    expect(page.locator(".evidence .outcome-failed")).to_contain_text("it has made room for newer ones")


def test_a_mark_is_seen_by_everybody_and_taken_back_by_another(open_page: OpenPage, edge: ScriptedEdge) -> None:
    other = open_page("#/events")
    expect(other.locator(".incident")).to_have_count(2)
    page = open_page(PAGE)
    page.get_by_label("Your name").fill("Dana")
    page.get_by_role("button", name="Not a threat").click()
    expect(page.locator(".marked")).to_contain_text("Not a threat")
    expect(page.locator(".marked")).to_contain_text("Dana")
    expect(other.locator(".incident .mark-not_a_threat")).to_have_count(1)
    other.get_by_label("Mark").select_option("not_a_threat")
    expect(other.locator(".incident")).to_have_count(1)
    page.get_by_role("button", name="Threat", exact=True).click()
    expect(page.get_by_role("button", name="Threat", exact=True)).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("button", name="Not a threat")).to_have_attribute("aria-pressed", "false")
    expect(other.locator(".incident")).to_have_count(0)
    page.reload()
    expect(page.locator(".marked")).to_contain_text("“Threat” by")


def test_an_old_incident_is_found_by_its_link(open_page: OpenPage, tmp_path: Path) -> None:
    busy = HubProcess(tmp_path / "history.sqlite3")
    busy.start()
    try:
        with ScriptedEdge(busy.port, (Camera("gate", "Gate"),), fps=1) as edge:
            edge.say_event("gate", "first", "opened", words="the very first", opened_at=edge.utc() - 9000)
            for number in range(400):
                edge.say_event("gate", f"later-{number}", "closed", words="later")
            page = open_page("#/events")
            page.goto(busy.url + "#/events")
            expect(page.locator(".incident").first).to_contain_text("later")
            page.goto(busy.url + "#/events/house/gate/first")
            page.reload()
            expect(page.locator(".event-title")).to_contain_text("the very first")
            page.goto(busy.url + "#/events/house/gate/never")
            expect(page.locator(".event-page")).to_contain_text("not in the hub's history")
    finally:
        busy.stop()
