"""What the page says when the hub, the edge or the way to them is gone. Each test has a hub of its own to break."""

import json
import urllib.request
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from scripted_edge import Camera, ScriptedEdge
from test_views import AXE, serious_problems

from conftest import HubProcess, OpenPage, wait_until

pytestmark = pytest.mark.browser

CAMERAS = tuple(Camera(f"cam{number}", f"Camera {number}") for number in range(12))
NO_WEBSOCKET = """
window.WebSocket = class {
  static CONNECTING = 0;
  static OPEN = 1;
  readyState = 0;
  constructor() { setTimeout(() => this.onclose?.(), 20); }
  send() {}
  close() {}
};
"""
HIDE = """(hidden) => {
  Object.defineProperty(document, 'hidden', {configurable: true, get: () => hidden});
  document.dispatchEvent(new Event('visibilitychange'));
}"""


@pytest.fixture
def edge(hub: HubProcess) -> Iterator[ScriptedEdge]:
    with ScriptedEdge(hub.port, CAMERAS[:1]) as playing:
        yield playing


def assert_accessible(page: Page) -> None:
    if AXE.is_file():
        assert serious_problems(page) == []


def wait_for_live(page: Page) -> None:
    expect(page.locator(".stage .badge")).to_have_text("Live")


def rung_of(hub: HubProcess, source: str) -> str:
    """How closely the hub has this camera watched."""
    with urllib.request.urlopen(hub.url + "api/status", timeout=5) as answer:
        status = json.load(answer)
    cameras = (camera for edge in status["edges"] for camera in edge["cameras"])
    return next((camera["rung"] for camera in cameras if camera["source"] == source), "")


def wait_for_rung(page: Page, hub: HubProcess, source: str, rung: str) -> None:
    for _ in range(100):
        if rung_of(hub, source) == rung:
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"expected {source} to be watched at {rung}, got {rung_of(hub, source)}")


def test_a_killed_hub_is_said_and_the_picture_comes_back_with_it(
    open_page: OpenPage, hub: HubProcess, edge: ScriptedEdge
) -> None:
    page = open_page()
    wait_for_live(page)
    spoken = page.locator("[role=status].visually-hidden").first
    expect(spoken).to_have_text("")
    hub.kill()
    expect(page.locator(".banner")).to_contain_text("The hub has been away")
    expect(spoken).to_have_text("Hub away")
    expect(page.locator(".stage .picture.stale")).to_be_visible()
    expect(page.locator(".stage .badge")).to_have_text("Hub away")
    assert_accessible(page)
    hub.start()
    wait_for_live(page)
    expect(page.locator(".banner")).to_have_count(0)


def test_an_edge_that_is_gone_is_offline_and_its_figures_are_doubted(open_page: OpenPage, hub: HubProcess) -> None:
    page = open_page("#/camera/other/cam0")
    with ScriptedEdge(hub.port, CAMERAS[:1], edge_id="other"):
        wait_for_live(page)
    expect(page.locator(".stage .badge")).to_have_text("Offline")
    expect(page.locator(".stage .note")).to_contain_text("This picture is")
    expect(page.locator(".doubt").first).to_contain_text("as of")
    assert_accessible(page)
    with ScriptedEdge(hub.port, CAMERAS[:1], edge_id="other"):
        wait_for_live(page)


def test_pictures_that_stop_are_greyed_with_their_age(open_page: OpenPage, hub: HubProcess, edge: ScriptedEdge) -> None:
    page = open_page()
    wait_for_live(page)
    edge.fps = 0.2
    expect(page.locator(".stage .badge")).to_have_text("Delayed")
    expect(page.locator(".stage .note")).to_contain_text("This picture is")


def test_without_websocket_the_same_page_polls(open_page: OpenPage, hub: HubProcess, edge: ScriptedEdge) -> None:
    page = open_page(init=NO_WEBSOCKET)
    expect(page.locator(".banner")).to_contain_text("refreshed every 2 seconds")
    expect(page.get_by_role("meter")).to_have_attribute("aria-valuenow", "30")
    wait_until(page, "document.querySelector('.stage canvas.pixels').width > 16")
    expect(page.locator(".factors")).to_have_count(0)
    expect(page.get_by_text("The camera gave no reasons.")).to_be_visible()
    assert_accessible(page)


def test_only_tiles_on_the_screen_are_asked_for(open_page: OpenPage, hub: HubProcess) -> None:
    with ScriptedEdge(hub.port, CAMERAS, edge_id="many", fps=2):
        page = open_page("#/cameras", width=400, height=700)
        first, last = "many/cam0", "many/cam11"
        expect(page.locator(".tile").last).to_be_attached()
        page.locator(f"a[href$='{first}']").scroll_into_view_if_needed()
        wait_for_rung(page, hub, first, "full")
        wait_for_rung(page, hub, last, "metadata")
        page.locator(f"a[href$='{last}']").scroll_into_view_if_needed()
        wait_for_rung(page, hub, last, "full")
        wait_for_rung(page, hub, first, "metadata")


def test_a_hidden_tab_asks_for_nothing(open_page: OpenPage, hub: HubProcess, edge: ScriptedEdge) -> None:
    page = open_page("#/camera/house/cam0")
    wait_for_live(page)
    wait_for_rung(page, hub, "house/cam0", "full")
    page.evaluate(HIDE, True)
    wait_for_rung(page, hub, "house/cam0", "metadata")
    page.evaluate(HIDE, False)
    wait_for_rung(page, hub, "house/cam0", "full")
