"""Every view in every language and theme: complete, mirrored where it must be, accessible, and linked."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from scripted_edge import Camera, ScriptedEdge

from conftest import STATIC, HubProcess, OpenPage, wait_until

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
VIEWS = ("#/camera/house/gate", "#/cameras", "#/events", "#/events/house/gate/one", "#/charts")
LOCALES = ("en-US", "ru-RU", "he-IL")


@pytest.fixture(scope="module")
def edge(hub: HubProcess) -> Iterator[ScriptedEdge]:
    cameras = (Camera("gate", "Gate", 0.74, "ALERT"), Camera("hall", "מבואה 2"), Camera("yard", "Двор"))
    with ScriptedEdge(hub.port, cameras, fps=5) as playing:
        playing.say_event("gate", "one", "opened", words="loitering 47 s in Gate", zone="Gate", track_ids=(7,))
        playing.say_event("hall", "two", "opened", kind="running", level="WATCH", words="running", score=0.4)
        playing.say_event("hall", "two", "closed", kind="running", level="WATCH", words="running ended", score=0.4)
        yield playing


def serious_problems(page: Page) -> list[str]:
    """What axe-core calls serious or critical, each with the element it is about."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("async () => (await axe.run()).violations")
    return [
        f"{problem['id']}: {node['target']} {node['failureSummary']}"
        for problem in found
        if problem["impact"] in ("serious", "critical")
        for node in problem["nodes"]
    ]


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_axe_finds_nothing_serious_in_any_view(open_page: OpenPage, edge: ScriptedEdge, theme: str) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: run `npm ci` in web/")
    page = open_page(color_scheme=theme)
    for view in VIEWS:
        page.goto(page.url.partition("#")[0] + view)
        expect(page.locator(".badge, .incident, .event-title, .bars").first).to_be_visible()
        assert serious_problems(page) == [], view
    page.locator(".settings summary").click()
    assert serious_problems(page) == []


# What a mouse can use, by its place among all of them; what is folded away or switched off is not there for anybody.
USABLE = """() => [...document.querySelectorAll(
    'a[href], button, input, select, textarea, summary, [tabindex="0"]')]
  .filter((each) => each.checkVisibility({visibilityProperty: true}) && !each.disabled && !each.closest('[inert]'))"""


def test_everything_is_reached_by_keys_and_its_focus_is_seen(open_page: OpenPage, edge: ScriptedEdge) -> None:
    page = open_page()
    for view in VIEWS:
        page.goto(page.url.partition("#")[0] + view)
        expect(page.locator(".badge, .incident, .event-title, .bars").first).to_be_visible()
        page.evaluate("document.activeElement.blur()")
        count = page.evaluate(f"({USABLE})().length")
        assert count > 5, view
        page.evaluate("window.reached = new Set(); window.unseen = []")
        for _ in range(2 * count):
            page.keyboard.press("Tab")
            page.evaluate(
                """() => {
                  const at = document.activeElement;
                  window.reached.add(at);
                  const { outlineStyle, outlineWidth } = getComputedStyle(at);
                  if (at !== document.body && (outlineStyle === 'none' || outlineWidth === '0px'))
                    window.unseen.push(at.outerHTML.slice(0, 120));
                }"""
            )
            if page.evaluate(f"({USABLE})().every((each) => window.reached.has(each))"):
                break
        missed = f"({USABLE})().filter((each) => !window.reached.has(each)).map((each) => each.outerHTML.slice(0, 120))"
        assert page.evaluate(missed) == [], view
        assert page.evaluate("window.unseen") == [], f"{view}: the focus is not seen"


def test_nothing_moves_for_who_wants_no_motion(open_page: OpenPage, edge: ScriptedEdge) -> None:
    page = open_page(reduced_motion="reduce")
    for view in VIEWS:
        page.goto(page.url.partition("#")[0] + view)
        expect(page.locator(".badge, .incident, .event-title, .bars").first).to_be_visible()
        assert page.evaluate("document.getAnimations().length") == 0, view


@pytest.mark.parametrize("chosen", [".view[aria-current]", ".layers .tool[aria-pressed=true]"])
def test_what_is_chosen_is_seen_in_colors_of_the_systems_choice(
    open_page: OpenPage, edge: ScriptedEdge, chosen: str
) -> None:
    page = open_page(VIEWS[0], forced_colors="active")
    other = {".view[aria-current]": ".view:not([aria-current])"}.get(chosen, ".layers .tool[aria-pressed=false]")
    backgrounds = [
        page.locator(each).first.evaluate("(each) => getComputedStyle(each).backgroundColor")
        for each in (chosen, other)
    ]
    assert backgrounds[0] != backgrounds[1]


def test_who_comes_to_a_camera_that_is_gone_finds_the_others(open_page: OpenPage, edge: ScriptedEdge) -> None:
    page = open_page("#/camera/house/cellar")
    page.locator("#main").get_by_role("link", name="All cameras").click()
    expect(page.locator(".tile")).to_have_count(3)


@pytest.mark.parametrize("locale", LOCALES)
def test_a_language_is_complete_in_every_view(open_page: OpenPage, edge: ScriptedEdge, locale: str) -> None:
    page = open_page(VIEWS[0], locale=locale, width=390, height=844)
    html = page.locator("html")
    expect(html).to_have_attribute("lang", locale[:2])
    expect(html).to_have_attribute("dir", "rtl" if locale == "he-IL" else "ltr")
    for view in VIEWS:
        page.goto(page.url.partition("#")[0] + view)
        expect(page.locator(".badge, .incident, .event-title, .bars").first).to_be_visible()
        if locale != "en-US":
            assert english_words(page) == [], view
        too_wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        assert not page.evaluate(too_wide), f"{view} scrolls sideways on a phone"


def english_words(page: Page) -> list[str]:
    """Visible words in Latin letters that are neither names, nor numbers with units, nor the product's name.

    What the hub or an edge says comes in English, and is marked as such.
    """
    texts: list[str] = page.evaluate(
        """() => {
          const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
          const texts = [];
          while (walker.nextNode()) {
            const node = walker.currentNode;
            if (!node.parentElement.closest('noscript, [lang="en"]')) texts.push(node.data);
          }
          for (const element of document.querySelectorAll('[aria-label]')) texts.push(element.ariaLabel);
          return texts;
        }"""
    )
    allowed = {"Gate", "AI", "Monitor", "CSV", "JSON", "TLS", "TCP", "WebSocket", "house", "English", "QR", "C"}
    words = {word.strip("\u2068\u2069#:.,()°·") for text in texts for word in text.split()}
    return sorted(word for word in words if word.isascii() and word.isalpha() and word not in allowed)


def test_the_page_is_mirrored_in_hebrew(open_page: OpenPage, edge: ScriptedEdge) -> None:
    def places(locale: str) -> tuple[float, float]:
        page = open_page(VIEWS[0], locale=locale)
        stage, side = page.locator(".stage").bounding_box(), page.locator(".live-side").bounding_box()
        assert stage is not None
        assert side is not None
        return stage["x"], side["x"]

    stage_x, side_x = places("en-US")
    assert stage_x < side_x
    stage_x, side_x = places("he-IL")
    assert stage_x > side_x


def test_language_and_theme_are_chosen_in_the_page_and_kept(open_page: OpenPage, edge: ScriptedEdge) -> None:
    page = open_page()
    page.locator(".settings summary").click()
    page.get_by_label("Language").select_option("ru")
    page.get_by_label("Тема").select_option("light")
    page.reload()
    expect(page.locator("html")).to_have_attribute("lang", "ru")
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"


def test_events_are_listed_filtered_exported_and_linked(open_page: OpenPage, edge: ScriptedEdge) -> None:
    page = open_page("#/events")
    expect(page.locator(".incident")).to_have_count(2)
    page.get_by_label("Level").select_option("ALERT")
    expect(page.locator(".incident")).to_have_count(1)
    with page.expect_download() as download:
        page.get_by_role("button", name="Export as CSV").click()
    lines = Path(download.value.path()).read_text(encoding="utf-8-sig").splitlines()
    assert lines[0].startswith("opened,closed,source,kind")
    assert len(lines) == 2
    page.locator(".incident").click()
    expect(page.locator(".event-title")).to_contain_text("loitering 47 s in Gate")
    assert page.url.endswith("#/events/house/gate/one")
    page.reload()
    expect(page.locator(".event-title")).to_contain_text("loitering 47 s in Gate")


def test_the_way_back_and_a_reload_keep_what_was_chosen(open_page: OpenPage, edge: ScriptedEdge) -> None:
    page = open_page("#/cameras")
    page.get_by_role("link", name="Events", exact=True).first.click()
    page.get_by_label("Level").select_option("ALERT")
    page.get_by_role("button", name="Last 24 hours").click()
    expect(page.locator(".incident")).to_have_count(1)
    wait_until(page, "location.hash === '#/events?level=ALERT&range=lastDay'")
    page.locator(".incident").click()
    expect(page.locator(".event-title")).to_be_visible()
    page.go_back()
    for _ in range(2):
        expect(page.get_by_label("Level")).to_have_value("ALERT")
        expect(page.get_by_role("button", name="Last 24 hours")).to_have_attribute("aria-pressed", "true")
        expect(page.locator(".incident")).to_have_count(1)
        page.reload()
    page.go_back()
    expect(page.locator(".tile").first).to_be_visible()


def test_charts_are_linked_as_they_are_shown(open_page: OpenPage, edge: ScriptedEdge) -> None:
    page = open_page("#/charts?measure=persons&by=weekday&period=comet")
    expect(page.get_by_role("button", name="Persons")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("button", name="7 days")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="A year").click()
    wait_until(page, "location.hash === '#/charts?measure=persons&by=weekday&period=year'")


def test_only_alerts_are_spoken(open_page: OpenPage, edge: ScriptedEdge) -> None:
    page = open_page(VIEWS[0])
    voice = page.locator("[aria-live]")
    expect(voice).to_have_count(1)
    expect(voice).to_contain_text("loitering 47 s in Gate")
    picture = page.locator(".stage").get_by_role("img")
    expect(picture).to_have_attribute("aria-label", "\u2068Gate\u2069: Live. 2 persons, 1 vehicle. Risk: Alert.")


def test_the_last_hour_is_drawn_from_the_hubs_memory(open_page: OpenPage, edge: ScriptedEdge) -> None:
    page = open_page(VIEWS[0])
    page.get_by_text("Last hour").click()
    expect(page.locator(".hour-plot polyline").first).to_be_attached()
    expect(page.locator(".hour-plot")).to_have_attribute("aria-label", "Risk over the last hour, between 74 and 74")


def test_the_shell_opens_without_a_hub_and_nothing_live_is_cached(open_page: OpenPage, hub: HubProcess) -> None:
    page = open_page()
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    wait_until(page, "navigator.serviceWorker.controller !== null")
    kept = page.evaluate(
        """async () => {
          const cache = await caches.open((await caches.keys())[0]);
          return (await cache.keys()).map((request) => new URL(request.url).pathname);
        }"""
    )
    assert "/" in kept
    assert not [path for path in kept if path.startswith(("/api", "/ws", "/health"))]
    hub.stop()
    try:
        page.reload()
        expect(page.locator(".brand")).to_be_visible()
        expect(page.locator(".banner")).to_contain_text("The hub has been away")
    finally:
        hub.start()


def test_the_manifest_makes_the_page_installable(hub: HubProcess, chromium: object) -> None:
    manifest = json.loads((STATIC / "manifest.webmanifest").read_text(encoding="utf-8"))
    assert manifest["display"] == "standalone"
    assert {icon["sizes"] for icon in manifest["icons"]} >= {"192x192", "512x512"}
    for icon in manifest["icons"]:
        assert (STATIC / icon["src"]).is_file()


def weights() -> tuple[dict[Path, int], dict[Path, int]]:
    """The compressed bytes of each file that a page loads at once, and of those that come with set-up."""
    sent = [path for path in STATIC.rglob("*") if path.suffix in (".js", ".css", ".html")]
    weighed = {path: len(gzip.compress(path.read_bytes())) for path in sent}
    later = {path: weight for path, weight in weighed.items() if path.name.startswith("rooms-")}
    return {path: weight for path, weight in weighed.items() if path not in later}, later


def test_the_page_weighs_at_most_90_kb(chromium: object) -> None:
    """The set-up comes when somebody opens it, and weighs for itself."""
    first, later = weights()
    assert later, "expected the set-up in files of its own"
    assert 10_000 < sum(first.values()) <= 90_000
    assert sum(later.values()) <= 45_000
    assert not [path.name for path in later if path.name in (STATIC / "index.html").read_text(encoding="utf-8")]
