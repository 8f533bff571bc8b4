"""The control panel: what is asked reaches the camera, and what became of it is said."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect
from scripted_edge import Answer, Camera, ScriptedEdge
from websockets.sync.client import connect

from conftest import HubProcess, OpenPage

pytestmark = pytest.mark.browser

FOUNDING = '{"frame_id": 1, "timestamp": 1709049201.5, "risk_score": 0.1, "risk_level": "NORMAL"}'


@pytest.fixture(scope="module")
def edge(hub: HubProcess) -> Iterator[ScriptedEdge]:
    with ScriptedEdge(hub.port, (Camera("gate", "Gate"),)) as playing:
        yield playing


def open_panel(page: Page) -> Locator:
    panel = page.locator(".control")
    expect(panel).to_be_visible()
    assert panel.get_attribute("open") is None, "the panel is closed until someone opens it"
    panel.locator("summary").focus()
    page.keyboard.press("Enter")
    return panel


def row(panel: Locator, name: str) -> Locator:
    return panel.locator(".control-row").filter(has_text=name)


def test_every_control_reaches_the_camera_with_its_value(open_page: OpenPage, edge: ScriptedEdge) -> None:
    page = open_page("#/camera/house/gate")
    panel = open_panel(page)
    names = ("arm", "disarm", "snapshot", "restart", "fps", "watch", "policy", "frame_size", "quality", "led")
    edge.answers = {name: Answer(True, f"{name} it is") for name in names}
    edge.commands.clear()
    for name in ("Arm", "Disarm", "New still", "Reconnect the camera"):
        panel.get_by_role("button", name=name, exact=True).click()
    for label, value in (("although nobody looks", "60"), ("Risk policy", "farm"), ("Picture size", "SVGA")):
        panel.get_by_label(label).select_option(value)
        row(panel, label).get_by_role("button", name="Set").click()
    for label, value in (("Pictures per second", "5"), ("Compression", "20"), ("Lamp", "128")):
        panel.get_by_label(label).fill(value)
        row(panel, label).get_by_role("button", name="Set").click()
    expect(panel.locator(".outcome-done")).to_have_count(len(names))
    expect(row(panel, "Picture size").locator(".outcome")).to_have_text("Done. frame_size it is")
    told = {command.name: command.arguments.get("value", "") for command in edge.commands}
    assert told == {
        "arm": "", "disarm": "", "snapshot": "", "restart": "",
        "watch": "60", "policy": "farm", "frame_size": "SVGA", "fps": "5", "quality": "20", "led": "128",
    }  # fmt: skip


def test_where_only_commands_were_given_nothing_has_happened(open_page: OpenPage, edge: ScriptedEdge) -> None:
    edge.answers = {"arm": Answer(True, "armed")}
    page = open_page("#/camera/house/gate")
    page.route("**/api/course*", lambda route: route.abort())  # the timeline has no lanes without it
    panel = open_panel(page)
    panel.get_by_role("button", name="Arm", exact=True).click()
    expect(panel.locator(".outcome-done")).to_be_visible()
    page.get_by_role("link", name="Events", exact=True).click()
    expect(page.get_by_label("Kind").locator("option")).to_have_count(2)
    expect(page.get_by_role("region", name="Timeline").get_by_text("Nothing in this time.")).to_be_visible()
    expect(page.get_by_text("Nothing has happened.")).to_be_visible()
    page.get_by_label("Level").select_option("CRITICAL")
    expect(page.get_by_text("No event matches the filters.")).to_be_visible()


@pytest.mark.parametrize("locale", ["en-US", "ru-RU", "he-IL"])
def test_a_camera_is_watched_for_a_while_although_nobody_looks(
    open_page: OpenPage, edge: ScriptedEdge, locale: str
) -> None:
    page = open_page("#/camera/house/gate", locale=locale)
    panel = open_panel(page)
    minutes = panel.locator("select").filter(has=page.locator('option[value="480"]'))
    expect(minutes).to_have_value("10")
    for value in ("10", "0"):
        edge.commands.clear()
        edge.answers = {"watch": Answer(True, f"minutes: {value}")}
        minutes.select_option(value)
        minutes.locator("xpath=..").get_by_role("button").click()
        expect(minutes.locator("xpath=..").locator(".outcome-done")).to_contain_text(f"minutes: {value}")
        assert [(told.name, told.arguments) for told in edge.commands] == [("watch", {"value": value})]


def test_a_refusal_is_said_in_the_edges_words(open_page: OpenPage, edge: ScriptedEdge) -> None:
    edge.answers = {"led": Answer(False, "led: expected a camera that takes commands, got one of kind file")}
    page = open_page("#/camera/house/gate")
    panel = open_panel(page)
    row(panel, "Lamp").get_by_role("button", name="Set").click()
    expect(row(panel, "Lamp").locator(".outcome-failed")).to_have_text(
        "Failed: led: expected a camera that takes commands, got one of kind file"
    )


def test_a_camera_that_does_not_answer_is_waited_for_and_then_given_up(open_page: OpenPage, edge: ScriptedEdge) -> None:
    edge.answers = {"restart": None}
    page = open_page("#/camera/house/gate")
    panel = open_panel(page)
    page.clock.install()
    restart = panel.get_by_role("button", name="Reconnect the camera")
    restart.focus()
    edge.commands.clear()
    page.keyboard.press("Enter")
    waiting = row(panel, "Reconnect").locator(".outcome")
    expect(waiting).to_have_text("Waiting for the camera…")
    expect(restart).to_be_focused()
    expect(restart).to_have_attribute("aria-disabled", "true")
    page.keyboard.press("Enter")
    page.clock.fast_forward(12_500)
    expect(waiting).to_contain_text("No answer in time.")
    expect(restart).to_have_attribute("aria-disabled", "false")
    assert len(edge.commands) == 1, "a request that waits is not sent twice"


def test_only_what_the_camera_can_do_is_offered(open_page: OpenPage, edge: ScriptedEdge) -> None:
    page = open_page("#/camera/house/gate")
    panel = open_panel(page)
    expect(panel.get_by_label("Lamp")).to_be_visible()
    edge.say_state("gate", "live", armed=False, controls=("arm", "disarm", "fps"))
    expect(panel.locator("summary")).to_contain_text("Disarmed")
    expect(panel.locator(".control-row")).to_have_count(3)
    edge.say_state("gate", "live", armed=True)
    expect(panel.locator("summary")).not_to_contain_text("Disarmed")
    expect(panel.get_by_label("Lamp")).to_be_visible()


def test_a_founding_client_has_no_panel(open_page: OpenPage, hub: HubProcess, edge: ScriptedEdge) -> None:
    with connect(f"ws://127.0.0.1:{hub.port}/ws/laptop", proxy=None) as socket:
        socket.send(FOUNDING)
        page = open_page("#/camera/default/default")
        expect(page.locator(".stage h1")).to_have_text("default")
        expect(page.get_by_role("meter")).to_have_attribute("aria-valuenow", "10")
        expect(page.locator(".control")).to_have_count(0)
        page.goto(page.url.partition("#")[0] + "#/camera/house/gate")
        expect(page.locator(".control")).to_be_visible()
