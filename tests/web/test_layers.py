"""What lies over the live picture: zones and lines, heat in degrees, where people were. Looked at pixel by pixel."""

import contextlib
import json
import socket
import threading
import urllib.request
from collections.abc import Iterator

import coded_scene
import pytest
import real_edge
from playwright.sync_api import Page, expect
from scripted_edge import Camera, ScriptedEdge
from test_truth import NO_WEBSOCKET

from aimonitor.contract.overlays import Layout, LineView, ZoneView
from conftest import HubProcess, OpenPage, wait_until

pytestmark = pytest.mark.browser

GATE = ZoneView("Gate", ((0.1, 0.1), (0.4, 0.1), (0.4, 0.3), (0.1, 0.3)))
YARD = ZoneView("Yard", ((0.6, 0.1), (0.9, 0.1), (0.9, 0.3), (0.6, 0.3)))
DOOR = LineView("Door", (0.5, 0.05), (0.5, 0.35))
LAYOUT = Layout("house/gate", (GATE, YARD), (DOOR,))
"""Of coded_scene's people one loiters in "Gate", and nobody is in "Yard"."""

# Where the picture lies on the overlay: left, top, width, height.
FIT = """(() => {
  const pixels = document.querySelector('.stage canvas.pixels');
  const vectors = document.querySelector('.stage canvas.vectors');
  const scale = Math.min(vectors.width / pixels.width, vectors.height / pixels.height);
  const [width, height] = [pixels.width * scale, pixels.height * scale];
  return [(vectors.width - width) / 2, (vectors.height - height) / 2, width, height];
})()"""
# Red, green, blue, alpha of the overlay at fractions of the picture.
PIXEL = f"""([x, y]) => {{
  const [left, top, width, height] = {FIT};
  const context = document.querySelector('.stage canvas.vectors').getContext('2d');
  return [...context.getImageData(Math.floor(left + x * width), Math.floor(top + y * height), 1, 1).data];
}}"""
DRAWN = """() => {
  const canvas = document.querySelector('.stage canvas.vectors');
  return canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some((value) => value > 0);
}"""

# For each drawn frame: the frame by its blocks, and the hot column of the thermogram below its middle (null: none).
WATCH_HEAT = """(wanted) => new Promise((resolve) => {
  const [left, top, width, height] = FIT;
  const pixels = document.querySelector('.stage canvas.pixels');
  const vectors = document.querySelector('.stage canvas.vectors');
  const seen = [];
  let last = '';
  const read = () => {
    const blocks = pixels.getContext('2d').getImageData(0, 8, 256, 1).data;
    let frame = 0;
    for (let bit = 0; bit < 16; bit++) if (blocks[(bit * 16 + 8) * 4] > 127) frame |= 1 << bit;
    const from = [Math.round(left), Math.round(top + height * 0.8), Math.round(width), 1];
    const row = vectors.getContext('2d').getImageData(...from).data;
    let [hottest, column] = [30, null];
    for (let x = 0; x < width; x++) {
      if (row[x * 4 + 3] > hottest) [hottest, column] = [row[x * 4 + 3], Math.floor((x + 0.5) / width * 40)];
    }
    return [frame, column];
  };
  const look = () => {
    const now = pixels.dataset.frameId;
    if (now !== last) {
      last = now;
      seen.push(read());
    }
    if (seen.length >= wanted) resolve(seen);
    else requestAnimationFrame(look);
  };
  look();
})""".replace("FIT", FIT)


@pytest.fixture
def edge(hub: HubProcess) -> Iterator[ScriptedEdge]:
    with ScriptedEdge(hub.port, (Camera("gate", "Gate", thermal=True, layout=LAYOUT),), fps=10) as playing:
        yield playing


def choosing(*layers: str, language: str = "en") -> str:
    """Choose these layers alone, unless something is chosen already."""
    known = ["boxes", "labels", "trails", "risk", "zones", "thermal", "footfall"]
    kept = json.dumps({"language": language, "layers": layers, "known": known})
    return f"localStorage['aimonitor.preferences'] ??= {json.dumps(kept)};"


def open_gate(open_page: OpenPage, *layers: str, **options: str) -> Page:
    page = open_page("#/camera/house/gate", init=choosing(*layers, **options))
    wait_for_picture(page)
    return page


def wait_for_picture(page: Page) -> None:
    wait_until(page, "document.querySelector('.stage canvas.pixels')?.dataset.frameId > 0")


def wait_for_color(page: Page, x: float, y: float, condition: str) -> None:
    """Wait until the overlay at (x, y) is so: r, g, b are 0..255 and a is how opaque."""
    there = "document.querySelector('.stage canvas.pixels') !== null"
    wait_until(page, f"{there} && (([r, g, b, a]) => {condition})(({PIXEL})([{x}, {y}]))")


def pixel(page: Page, x: float, y: float) -> list[int]:
    found: list[int] = page.evaluate(PIXEL, [x, y])
    return found


def test_zones_lie_where_they_were_drawn_and_the_one_that_matters_stands_out(
    open_page: OpenPage, edge: ScriptedEdge
) -> None:
    page = open_gate(open_page, "zones")
    wait_for_color(page, 0.75, 0.1, "a > 150 && b > r")  # the calm one, at its upper edge
    wait_for_color(page, 0.25, 0.1, "a > 150 && r > 180 && r > b + 60")  # somebody loiters there
    assert 0 < pixel(page, 0.75, 0.2)[3] < pixel(page, 0.25, 0.2)[3] < 90, "inside they are pale, the one less so"
    wait_for_color(page, 0.5, 0.1, "a > 150")  # the line
    assert pixel(page, 0.75, 0.5)[3] == 0
    edge.set_risk("gate", 0.0, "NORMAL")  # then nothing adds to the risk any more
    wait_for_color(page, 0.25, 0.1, "a > 150 && b > r")


def test_zones_that_change_are_seen_by_who_watches(open_page: OpenPage, edge: ScriptedEdge) -> None:
    page = open_gate(open_page, "zones")
    wait_for_color(page, 0.75, 0.1, "a > 150")
    moved = ZoneView("Yard", tuple((x, y + 0.5) for x, y in YARD.polygon), restricted=True)
    mask = ZoneView("Trees", GATE.polygon, kind="mask")
    edge.lay_out(Layout("house/gate", (moved, mask), (DOOR,)))
    wait_for_color(page, 0.75, 0.1, "a === 0")
    spots = "[...Array(60).keys()].map((n) => [0.75 + (n % 12) / 400, 0.596 + Math.floor(n / 12) / 500])"
    reddest = f"Math.max(...{spots}.map((at) => ({PIXEL})(at)[0]))"  # it is dashed
    wait_until(page, f"{reddest} > 200")
    edge.lay_out(Layout("house/gate"))
    wait_until(page, f"!({DRAWN})()")


def test_a_zone_saved_on_a_real_edge_is_seen_at_once(
    open_page: OpenPage, hub: HubProcess, tmp_path_factory: pytest.TempPathFactory
) -> None:
    policy = "/api/cameras/yard/gate/policy"
    save = """async ([path, polygon]) => {
      const now = await (await fetch(path)).json();
      const body = {policy: {...now.own, zones: {Lawn: {polygon}}}, base: now.version, words: 'a lawn'};
      const headers = {'content-type': 'application/json'};
      return (await fetch(path, {method: 'PUT', headers, body: JSON.stringify(body)})).status;
    }"""
    with real_edge.running(hub.port, tmp_path_factory.mktemp("yard")):
        page = open_page("#/camera/yard/gate", init=choosing("zones"))
        wait_for_picture(page)
        assert not page.evaluate(DRAWN)
        assert page.evaluate(save, [policy, [[0.2, 0.2], [0.8, 0.2], [0.8, 0.9], [0.2, 0.9]]]) == 200
        wait_for_color(page, 0.5, 0.2, "a > 150")
        page.reload()
        wait_for_picture(page)
        wait_for_color(page, 0.5, 0.2, "a > 150")


def test_without_a_websocket_zones_are_fetched_when_they_change(open_page: OpenPage, edge: ScriptedEdge) -> None:
    page = open_page("#/camera/house/gate", init=choosing("zones") + NO_WEBSOCKET)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/api/layout/" in request.url else None)
    expect(page.locator(".banner")).to_contain_text("Slow mode")
    wait_for_color(page, 0.75, 0.1, "a > 150")
    edge.lay_out(Layout("house/gate", (GATE,)))
    wait_for_color(page, 0.75, 0.1, "a === 0")
    page.wait_for_timeout(2500)
    told = len(asked)
    page.wait_for_timeout(4500)
    assert len(asked) == told > 0, "only what changed is asked for again"


def test_radar_view_shows_zones_and_heat_too(open_page: OpenPage, edge: ScriptedEdge) -> None:
    page = open_gate(open_page, "zones", "thermal")
    page.get_by_role("button", name="Radar view").click()
    expect(page.locator(".stage .badge")).to_have_text("Radar view")
    still, shown = (f"document.querySelector('.stage canvas.{name}').dataset.frameId" for name in ("pixels", "vectors"))
    wait_until(page, f"{shown} - {still} > 5")
    wait_for_color(page, 0.75, 0.1, "a > 150")
    told = edge.thermograms
    wait_until(page, f"{shown} - {still} > 15")
    assert edge.thermograms > told


# --- heat -----------------------------------------------------------------------------------------------------------


def test_heat_is_asked_for_while_somebody_wants_to_see_it_and_not_longer(
    open_page: OpenPage, edge: ScriptedEdge
) -> None:
    page = open_gate(open_page, "zones")
    page.wait_for_timeout(1000)
    assert edge.thermograms == 0
    heat = page.get_by_role("button", name="Heat")
    heat.click()
    wait_for_color(page, 0.05, 0.502, "a > 100 && r > 200")  # the upper edge of the hot spot
    heat.click()
    wait_for_color(page, 0.05, 0.502, "a === 0")
    page.wait_for_timeout(500)
    told = edge.thermograms
    page.wait_for_timeout(1000)
    assert edge.thermograms == told > 0
    assert [each.layers for each in edge.attentions][-1] == ()


def test_heat_lies_where_the_sensor_looks_with_its_scale(open_page: OpenPage, edge: ScriptedEdge) -> None:
    page = open_gate(open_page, "thermal")
    scale = (0.95, 0.045)
    wait_for_color(page, *scale, "a > 100")
    assert pixel(page, 0.05, 0.045)[3] == 0
    assert pixel(page, 0.5, 0.4)[3] == 0, "above the sensor's view there is nothing"
    columns = f"[...Array(40).keys()].map((n) => ({PIXEL})([(n + 0.5) / 40, 0.8])[3])"
    wait_until(page, f"{columns}.filter((alpha) => alpha > 90).length === 1")
    page = open_gate(open_page, "thermal", language="he")
    wait_for_color(page, 0.05, 0.045, "a > 100")  # reading ends at the left
    assert pixel(page, *scale)[3] == 0


def test_heat_is_never_of_another_frame(open_page: OpenPage, hub: HubProcess) -> None:
    with ScriptedEdge(hub.port, (Camera("felt", "Felt", coded=True, thermal=True),), edge_id="coded", fps=15):
        page = open_page("#/camera/coded/felt", init=choosing("thermal"))
        wait_for_picture(page)
        wait_for_color(page, 0.95, 0.045, "a > 100")
        seen = page.evaluate(WATCH_HEAT, 60)
    felt = [(frame, column) for frame, column in seen if column is not None]
    assert [each for each in felt if coded_scene.hot_column(each[0]) != each[1]] == []
    assert len(felt) > 50, "a test that saw no heat shows nothing"


def test_a_camera_without_a_sensor_has_no_switch_for_heat(open_page: OpenPage, hub: HubProcess) -> None:
    with ScriptedEdge(hub.port, (Camera("cold", "Cold"),), edge_id="cold"):
        page = open_page("#/camera/cold/cold")
        expect(page.get_by_role("button", name="Zones")).to_be_visible()
        expect(page.get_by_role("button", name="Heat")).to_have_count(0)


def test_where_people_were_stays_on_the_picture(open_page: OpenPage, edge: ScriptedEdge) -> None:
    page = open_gate(open_page)
    page.wait_for_timeout(2000)
    assert not page.evaluate(DRAWN)
    page.get_by_role("button", name="Footfall").click()
    people = [walker for walker in coded_scene.WALKERS if walker.label == "person"]
    for walker in people:
        x, _, width, foot = walker.box(max(edge.captured))
        wait_for_color(page, (x + width) / 2, foot, "a > 40")
    assert pixel(page, 0.5, 0.2)[3] == 0


# --- switches -------------------------------------------------------------------------------------------------------


def test_each_layer_has_a_switch_that_is_remembered(open_page: OpenPage, edge: ScriptedEdge) -> None:
    page = open_gate(open_page, "zones", "thermal", "footfall")
    bar = page.locator(".stage").get_by_role("toolbar")
    wait_until(page, f"({DRAWN})()")
    for name in ("Zones", "Heat", "Footfall"):
        expect(bar.get_by_role("button", name=name)).to_have_attribute("aria-pressed", "true")
        bar.get_by_role("button", name=name).focus()
        page.keyboard.press("Space")
    wait_until(page, f"!({DRAWN})()")
    page.reload()
    wait_for_picture(page)
    for name in ("Zones", "Heat", "Footfall", "Boxes"):
        expect(bar.get_by_role("button", name=name)).to_have_attribute("aria-pressed", "false")
    assert not page.evaluate(DRAWN)


@pytest.mark.parametrize(("language", "ahead"), [("en", "ArrowRight"), ("he", "ArrowLeft")])
def test_arrow_keys_go_through_the_bar_as_the_language_reads(
    open_page: OpenPage, edge: ScriptedEdge, language: str, ahead: str
) -> None:
    page = open_gate(open_page, "zones", language=language)
    buttons = page.locator(".stage").get_by_role("toolbar").get_by_role("button")
    expect(buttons).to_have_count(10)
    buttons.first.focus()
    for place in (1, 2, 3):
        page.keyboard.press(ahead)
        expect(buttons.nth(place)).to_be_focused()
    page.keyboard.press({"ArrowRight": "ArrowLeft", "ArrowLeft": "ArrowRight"}[ahead])
    expect(buttons.nth(2)).to_be_focused()


# --- the whole way --------------------------------------------------------------------------------------------------


def post_heat(port: int, stop: threading.Event) -> None:
    """A sensor of 8 x 8 pixels that stands before a stove, in its lower right corner."""
    grid = [20.0] * 64
    for pixel_of_stove in (54, 55, 62, 63):
        grid[pixel_of_stove] = 70.0
    request = urllib.request.Request(f"http://127.0.0.1:{port}/api/v1/thermal/gate", json.dumps(grid).encode())
    while not stop.wait(0.2):
        with contextlib.suppress(OSError):
            urllib.request.urlopen(request, timeout=2).close()


def test_a_real_sensor_is_seen_on_the_picture_and_where_it_is_aligned(
    open_page: OpenPage, hub: HubProcess, tmp_path_factory: pytest.TempPathFactory
) -> None:
    put = """async ([path, thermal]) => {
      const {version, cameras} = await (await fetch(path)).json();
      const body = JSON.stringify({base: version, cameras: cameras.map((camera) => ({...camera, thermal}))});
      return (await fetch(path, {method: 'PUT', headers: {'content-type': 'application/json'}, body})).status;
    }"""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    stop = threading.Event()
    sensor = threading.Thread(target=post_heat, args=(port, stop))
    with real_edge.running(hub.port, tmp_path_factory.mktemp("yard")):
        sensor.start()
        try:
            page = open_page("#/camera/yard/gate", init=choosing("thermal"))
            wait_for_picture(page)
            assert page.evaluate(put, ["/api/edges/yard/cameras", f"listen://127.0.0.1:{port}"]) == 200
            wait_for_color(page, 0.87, 0.87, "a > 120 && r > 200")
            assert pixel(page, 0.3, 0.6)[3] < 60
            page.goto(page.url.partition("#")[0] + "#/setup/camera/yard/gate/thermal")
            page.get_by_role("button", name="Mark places").click()
            expect(page.locator(".board.sensor .board-name")).to_contain_text("70 °C")
            stove = """() => {
              const picture = document.querySelector('.board.sensor .sensor-picture');
              const [{width, height}, context] = [picture, picture.getContext('2d')];
              const opacity = (x, y) => context.getImageData(x, y, 1, 1).data[3];
              return [width, height, opacity(7, 7), opacity(1, 4)];
            }"""
            width, height, hot, cold = page.evaluate(stove)
            assert (width, height) == (8, 8)
            assert hot > 150 > 60 > cold
            laid = "document.querySelector('.workroom-main .sensor-picture').style.transform"
            assert page.evaluate(laid) == "translate(0%, 0%) matrix(1, 0, 0, 1, 0, 0)"
            page.locator('.handle[aria-label^="Place 1 in the picture"]').focus()
            page.keyboard.press("Shift+ArrowRight")
            wait_until(page, f"{laid}.includes('matrix(0.9375,')")  # it lies where the places say, at once
            page.close()  # before the edge goes, of which it would complain
        finally:
            stop.set()
            sensor.join(5)
