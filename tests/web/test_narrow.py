"""On narrow screens and in long languages nothing wraps alone, hides a name or is too small for a finger."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect
from scripted_edge import Camera, ScriptedEdge

from conftest import HubProcess, OpenPage, wait_until

pytestmark = pytest.mark.browser

LIVE = "#/camera/house/gate"
LOCALES = ("en-US", "ru-RU", "he-IL")
WIDTHS = (1440, 1280, 1024, 820, 640, 390, 320)
PHONE = 720
"""CSS pixels: up to here a finger is what points."""
FINGER = 44
LONG_NAME = "Задний двор у склада №3, вид на ворота"
HEBREW_NAME = "החצר האחורית ליד המחסן הישן שמאחורי השער"


@pytest.fixture(scope="module")
def edge(hub: HubProcess) -> Iterator[ScriptedEdge]:
    cameras = (
        Camera("gate", "Gate", 0.74, "ALERT", thermal=True),
        Camera("yard", LONG_NAME),
        Camera("hall", HEBREW_NAME),
    )
    with ScriptedEdge(hub.port, cameras, fps=3) as playing:
        yield playing


def bar_of(page: Page) -> Locator:
    return page.locator(".stage").get_by_role("toolbar")


def rows(things: Locator) -> int:
    """On how many lines they stand."""
    middles = things.evaluate_all(
        "all => all.map((each) => each.getBoundingClientRect()).map(r => r.top + r.height / 2)"
    )
    return len({round(middle) for middle in middles})


def smallest_side(things: Locator) -> float:
    sides: float = things.evaluate_all(
        "all => Math.min(...all.flatMap((each) => [each.offsetWidth, each.offsetHeight]))"
    )
    return sides


SIDEWAYS = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
CUT_OFF = """(row) => { const {left, right} = row.getBoundingClientRect();
  return [...row.querySelectorAll('button, a')].filter((each) => {
    const box = each.getBoundingClientRect();
    return box.left < left - 0.5 || box.right > right + 0.5;
  }).map((each) => each.textContent); }"""


@pytest.mark.parametrize("locale", LOCALES)
def test_tools_and_views_stand_in_their_rows_at_every_width(
    open_page: OpenPage, edge: ScriptedEdge, locale: str
) -> None:
    page = open_page(LIVE, locale=locale)
    layers, others = bar_of(page).locator(".layers .tool"), bar_of(page).locator(".tools").last.locator(".tool")
    views = page.locator(".view")
    expect(layers).to_have_count(7)
    bar_of(page).locator(".tools").last.locator(".tool").first.click()
    expect(others).to_have_count(4)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        wait_until(page, f"innerWidth === {width}")
        page.wait_for_timeout(100)
        assert (rows(layers), rows(others), rows(views)) == (1, 1, 1), width
        assert not page.evaluate(SIDEWAYS), f"the page scrolls sideways at {width} px"
        for row in (bar_of(page), page.locator(".views")):
            assert row.evaluate(CUT_OFF) == [], width
        if width <= PHONE:
            for touched in (layers, others, views, page.locator(".settings > summary")):
                assert smallest_side(touched) >= FINGER, width


def test_words_are_said_while_there_is_room_and_signs_keep_their_names(open_page: OpenPage, edge: ScriptedEdge) -> None:
    page = open_page(LIVE, width=1440, height=800)
    words = bar_of(page).get_by_text("Zones", exact=True)
    expect(words).to_be_visible()
    assert words.evaluate("(each) => each.offsetWidth") > 20
    page.set_viewport_size({"width": 320, "height": 800})
    wait_until(page, "document.querySelector('.layers .tool > span').offsetWidth <= 1")
    for name in ("Zones", "Heat", "Footfall", "Radar view", "Save the picture", "Full screen"):
        expect(bar_of(page).get_by_role("button", name=name)).to_be_visible()
    for name in ("Live", "All cameras", "Events", "Charts", "Set-up"):
        expect(page.get_by_role("link", name=name, exact=True)).to_be_visible()


def shown_width(name: Locator) -> float:
    width: float = name.evaluate("(each) => each.getBoundingClientRect().width")
    return width


@pytest.mark.parametrize("width", [390, 320])
def test_the_longest_state_leaves_a_camera_its_name(
    open_page: OpenPage, edge: ScriptedEdge, hub: HubProcess, width: int
) -> None:
    page = open_page(LIVE, locale="ru-RU", width=width, height=844)
    expect(page.locator(".stage .badge.state-live")).to_be_visible()
    hub.kill()
    try:
        expect(page.locator(".stage .badge")).to_have_text("Нет связи с хабом")
        assert shown_width(page.locator(".stage h1")) > 30
        name = page.locator(".tile-name").filter(has_text=LONG_NAME)
        assert shown_width(name) >= 110
        expect(name).to_have_attribute("title", LONG_NAME)
        state = name.locator("xpath=..").locator(".badge")
        expect(state).to_have_attribute("title", "Нет связи с хабом")
        assert state.evaluate("(each) => each.scrollWidth <= each.clientWidth")
        assert not page.evaluate(SIDEWAYS)
    finally:
        hub.start()


@pytest.mark.parametrize(
    ("locale", "name", "start"), [("en-US", HEBREW_NAME, "right"), ("he-IL", LONG_NAME, "left")], ids=["en", "he"]
)
def test_a_long_name_of_the_other_direction_keeps_its_beginning(
    open_page: OpenPage, edge: ScriptedEdge, locale: str, name: str, start: str
) -> None:
    page = open_page(LIVE, locale=locale, width=390, height=844)
    shown = page.locator(".tile-name").filter(has_text=name)
    expect(shown).to_be_attached()
    first_letter = f"""(each) => {{
      const range = document.createRange();
      const text = document.createTreeWalker(each, NodeFilter.SHOW_TEXT).nextNode();
      range.setStart(text, 0); range.setEnd(text, 1);
      return range.getBoundingClientRect().{start} - each.getBoundingClientRect().{start};
    }}"""
    assert abs(shown.evaluate(first_letter)) < 2
