"""A link that is too slow for pictures gets boxes alone, by itself, and says so. Thumbnails are not taken for more."""

import re
import time

import coded_scene
import pytest
from playwright.sync_api import expect
from scripted_edge import Camera, ScriptedEdge
from slow_link import SlowLink
from test_truth import wait_for_live, wait_for_rung
from websockets.sync.client import connect

from aimonitor.contract import codec, frames, messages
from conftest import HubProcess, OpenPage, wait_until

pytestmark = pytest.mark.browser


def test_a_slow_link_gets_boxes_alone_until_someone_insists(open_page: OpenPage, hub: HubProcess) -> None:
    with ScriptedEdge(hub.port, (Camera("gate", "Gate"),), fps=4), SlowLink(hub.port) as link:
        page = open_page()
        page.goto(link.url + "#/camera/house/gate")
        wait_for_live(page)
        expect(page.locator(".banner")).to_have_count(0)
        link.bytes_per_s = 8_000  # a picture takes some four seconds, and no more than one is under way
        banner = page.locator(".banner-slow")
        expect(banner).to_contain_text(re.compile(r"Slow link: pictures came \d.* late"), timeout=40_000)
        wait_for_rung(page, hub, "house/gate", "metadata")
        expect(page.get_by_role("button", name="Radar view")).to_have_attribute("aria-pressed", "true")
        link.bytes_per_s = 200_000
        expect(page.locator(".stage .badge")).to_have_text("Radar view")
        banner.get_by_role("button", name="Show pictures anyway").click()
        wait_for_rung(page, hub, "house/gate", "full")
        wait_for_live(page)
        banner.get_by_role("button", name="Only boxes").click()
        wait_for_rung(page, hub, "house/gate", "metadata")


def test_a_thumbnail_is_shown_as_a_still_with_fitting_boxes(open_page: OpenPage, hub: HubProcess) -> None:
    source, small = "tiny/gate", (160, 90)
    with connect(f"ws://127.0.0.1:{hub.port}/ws/laptop", subprotocols=[messages.SUBPROTOCOL], proxy=None) as socket:  # type: ignore[list-item]
        info = messages.CameraInfo("gate", "Gate", "sim")
        socket.send(codec.encode(messages.Hello("scripted", "tiny", cameras=(info,))))
        page = open_page("#/camera/tiny/gate")
        badge = page.locator(".stage .badge")
        for frame_id in range(1, 60):
            at = round(time.time(), 3)
            socket.send(codec.encode(messages.Status(source, "live", at, "Gate")))
            header = frames.FrameHeader(source, frame_id, at, *small, thumbnail=True)
            socket.send(frames.encode(header, coded_scene.picture(frame_id, size=small)))
            socket.send(codec.encode(coded_scene.observation(source, frame_id, at)))
            page.wait_for_timeout(100)
            if badge.inner_text() == "Still":
                break
        expect(badge).to_have_text("Still")
        expect(page.locator(".stage .note")).to_contain_text("A small still")
        page.wait_for_function("width => document.querySelector('.stage canvas.pixels').width === width", arg=small[0])
        wait_until(page, f"({BOX_EDGE})()[1] < 1")
        frame, box = page.evaluate(BOX_EDGE)
        assert box == pytest.approx(coded_scene.coded_box(frame)[0], abs=0.01)


# Which frame the vectors are of, and where its box begins, as a fraction of the picture.
BOX_EDGE = """() => {
  const vectors = document.querySelector('.stage canvas.vectors');
  const scale = Math.min(vectors.width / 16, vectors.height / 9);
  const [w, h] = [16 * scale, 9 * scale];
  const [x0, y0] = [(vectors.width - w) / 2, (vectors.height - h) / 2];
  const row = vectors.getContext('2d').getImageData(Math.round(x0), Math.round(y0 + 0.25 * h), Math.round(w), 1).data;
  let x = 0;
  while (x < w && row[x * 4 + 3] === 0) x += 1;
  return [Number(vectors.dataset.frameId), (x + 2.5) / w];
}"""
