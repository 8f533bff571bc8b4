"""Cameras of a real edge, added, changed and removed in the page; and the set-up in every language and theme."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import real_edge
from coded_scene import HEIGHT, WIDTH
from hub_client import HubClient
from playwright.sync_api import Page, Route, expect
from stream_camera import streaming
from test_views import AXE, LOCALES, english_words, serious_problems

from conftest import HubProcess, OpenPage

pytestmark = pytest.mark.browser

VIEWS = (
    "#/setup",
    "#/setup/camera/yard/gate/zones",
    "#/setup/camera/yard/gate/distance",
    "#/setup/camera/yard/gate/thermal",
    "#/setup/camera/yard/gate/risk",
    "#/setup/camera/yard/gate/versions",
    "#/setup/devices",
    "#/setup/people",
    "#/setup/audit",
)
POLICY = {
    "zones": {"Gate": {"polygon": [[0.3, 0.6], [0.7, 0.6], [0.7, 1.0], [0.3, 1.0]], "restricted": True}},
    "lines": {"Door": {"start": [0.1, 0.5], "end": [0.4, 0.9], "allowed": "in"}},
    "calibration": {
        "corners": [[0.28, 0.81], [0.87, 0.66], [0.61, 0.46], [0.23, 0.51]], "side_m": 6.0, "width": 320, "height": 240,
    },
    "thermal_alignment": {"thermal": [[0, 0], [1, 0], [0, 1]], "image": [[0.1, 0.1], [0.9, 0.1], [0.1, 0.9]]},
    "hours": {"known": ["07:30-08:15"]},
}  # fmt: skip


@pytest.fixture(scope="module")
def yard(hub: HubProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with real_edge.running(hub.port, tmp_path_factory.mktemp("yard")) as folder:
        HubClient(hub.url).must("PUT", "/api/cameras/yard/gate/policy", policy=POLICY, base=0, words="Gate")
        yield folder


def cameras_of(hub: HubProcess) -> list[dict]:  # type: ignore[type-arg]
    cameras: list[dict] = HubClient(hub.url).must("GET", "/api/edges/yard/cameras")["cameras"]  # type: ignore[type-arg]
    return cameras


def test_a_camera_is_found_tried_added_changed_and_removed(open_page: OpenPage, hub: HubProcess, yard: Path) -> None:
    with streaming() as address:
        _add_and_remove(open_page(), hub, address)


def _add_and_remove(page: Page, hub: HubProcess, address: str) -> None:
    found = {
        "networks": ["127.0.0.0/24"],
        "cameras": [{"host": "127.0.0.1", "port": 80, "what": "MJPEG", "address": address, "advice": ""}],
    }

    def answer(route: Route) -> None:
        """The test does not search the network of the machine that it runs on."""
        route.fulfill(status=200, content_type="application/json", body=json.dumps(found))

    page.route("**/api/edges/yard/cameras/found", answer)
    page.goto(hub.url + "#/setup")
    page.get_by_role("button", name="Add a camera").click()
    form = page.get_by_role("form", name="Add a camera")
    form.get_by_label("Address").fill("nowhere.avi")
    form.get_by_role("button", name="Try it").click()
    expect(form.locator(".problem")).to_contain_text("files are named in the edge's own settings", timeout=20_000)
    form.get_by_label("Address").fill("http://127.0.0.1:1/stream")
    form.get_by_role("button", name="Try it").click()
    expect(form.locator("output.problem")).to_contain_text("Does not work", timeout=20_000)
    form.get_by_role("button", name="Look around in the network").click()
    expect(form).to_contain_text("1 camera found in \u2068127.0.0.0/24\u2069")
    form.get_by_role("button", name="Use this address").click()
    form.get_by_role("button", name="Try it").click()
    expect(form).to_contain_text(f"Works: {WIDTH} × {HEIGHT}", timeout=20_000)
    form.get_by_label("Short id").fill("gate")
    expect(form.get_by_text("Another camera of this edge has this id.")).to_be_visible()
    form.get_by_label("Short id").fill("hall")
    form.get_by_label("Name", exact=True).fill("Hall")
    form.get_by_label("Risk policy").select_option("shop")
    form.get_by_role("button", name="Save").click()
    hall = page.locator(".camera-row").filter(has_text="Hall")
    expect(hall.locator(".badge.state-live")).to_be_visible(timeout=20_000)
    assert [(camera["id"], camera.get("preset", "home")) for camera in cameras_of(hub)] == [
        ("gate", "home"),
        ("hall", "shop"),
    ]

    hall.get_by_role("button", name="Edit").click()
    edit = page.get_by_role("form", name="Edit")
    edit.get_by_label("Name", exact=True).fill("Great hall")
    edit.get_by_label("Compression").fill("99")
    edit.get_by_role("button", name="Save").click()
    expect(edit.get_by_label("Name", exact=True)).to_have_value("Great hall")
    edit.get_by_label("Compression").fill("")
    edit.get_by_role("button", name="Save").click()
    expect(page.locator(".camera-row").filter(has_text="Great hall")).to_be_visible(timeout=20_000)

    hall.get_by_role("button", name="Remove").click()
    hall.get_by_role("button", name="Yes").click()
    expect(hall).to_have_count(0, timeout=20_000)
    expect(page.get_by_role("button", name="Remove")).to_have_count(0)
    assert [camera["id"] for camera in cameras_of(hub)] == ["gate"]


def settled(page: Page, view: str) -> None:
    """Go to a view and wait until it is the one that is shown, and what it shows came."""
    page.goto(page.url.partition("#")[0] + view)
    expect(page.locator(f'.tabs [href="{view}"][aria-current="page"]')).to_be_visible()
    shown = ".save-bar, .camera-row, .rows .row, .inline-form, .audit table, .audit .quiet"
    expect(page.locator(shown).first).to_be_visible()


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_axe_finds_nothing_serious_in_the_set_up(open_page: OpenPage, yard: Path, theme: str) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: run `npm ci` in web/")
    page = open_page(color_scheme=theme)
    for view in VIEWS:
        settled(page, view)
        assert serious_problems(page) == [], view
    settled(page, VIEWS[1])
    page.locator(".place-row").first.click()
    assert serious_problems(page) == [], "a zone with its handles"


@pytest.mark.parametrize("locale", [locale for locale in LOCALES if locale != "en-US"])
def test_the_set_up_is_complete_in_a_language(open_page: OpenPage, yard: Path, locale: str) -> None:
    page = open_page(locale=locale, width=390, height=844)
    names = {"yard", "Door", "DELETE", "Delete", "Shift", "Enter", "local", "pair", "aimonitor", "avi"}
    for view in VIEWS:
        settled(page, view)
        assert [word for word in english_words(page) if word not in names] == [], view
        too_wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        assert not page.evaluate(too_wide), f"{view} scrolls sideways on a phone"
