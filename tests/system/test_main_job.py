"""The main job in a real browser: footage moves, boxes lie on people, and pulled plugs mend by themselves."""

import base64
import contextlib
import time

import cv2
import numpy as np
import pytest
from playwright.sync_api import sync_playwright
from programs import SHARED_MODEL, wait_until
from websockets.sync.client import connect

from aimonitor.contract import codec, frames, messages
from aimonitor.edge.backends import open_detector
from aimonitor.edge.pictures import JpegPicture

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_BACK_WITHIN_S = 15.0  # the promise is 3 s; a busy machine must not make this test lie


@contextlib.contextmanager
def open_page(chromium, url):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(_FLAGS))
        try:
            page = browser.new_page(viewport={"width": 1280, "height": 800}, locale="en")
            troubles: list[str] = []
            page.on("pageerror", lambda error: troubles.append(str(error)))
            page.goto(url)
            yield page
            assert troubles == []
        finally:
            browser.close()


def pixels(page):
    """What the picture's canvas shows, as an array."""
    data = page.evaluate("document.querySelector('canvas.pixels').toDataURL('image/png')")
    return cv2.imdecode(np.frombuffer(base64.b64decode(data.partition(",")[2]), np.uint8), cv2.IMREAD_COLOR)


def drawn(page):
    """How many pixels of the overlay are not transparent."""
    return page.evaluate(
        """() => { const c = document.querySelector('canvas.vectors');
            const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
            let n = 0; for (let i = 3; i < d.length; i += 4) n += d[i] > 0; return n; }"""
    )


def moves(page, within=15.0):
    """Wait until the picture is another one than now."""
    before = pixels(page)
    changed = lambda: (now := pixels(page)).shape != before.shape or np.mean(cv2.absdiff(now, before)) > 0.5  # noqa: E731
    wait_until(changed, within, lambda: "the picture to move")


def test_the_page_shows_the_footage_live_and_survives_both_plugs(system, chromium):
    with open_page(chromium, system.url) as page:
        page.wait_for_selector("canvas.pixels", timeout=20_000)
        wait_until(lambda: pixels(page).std() > 20, 20, lambda: "a real picture")
        moves(page)
        wait_until(lambda: drawn(page) > 500, 20, lambda: "boxes on the overlay")
        gauge = page.locator("[role=meter]")
        wait_until(lambda: int(gauge.get_attribute("aria-valuenow") or 0) > 0, 20, lambda: "the gauge to rise")

        system.hub.kill()
        page.wait_for_timeout(500)
        system.hub.start()
        system.hub.await_line("is online", 20)
        started = time.monotonic()
        moves(page, _BACK_WITHIN_S)

        system.edge.kill()
        wait_until(lambda: page.locator(".picture.stale").count() == 1, 10, lambda: "the old picture to be greyed")
        system.edge.start()
        wait_until(lambda: page.locator(".picture.stale").count() == 0, 40, lambda: "a fresh picture")
        moves(page)
        assert time.monotonic() - started < 60


def pairs(url, count, within=60.0):
    """(observation, JPEG) of the same frame, as a viewer gets them."""
    found, said = [], {}
    with connect(f"ws{url[4:]}/ws", subprotocols=[messages.SUBPROTOCOL], max_size=4_000_000) as socket:
        socket.send(codec.encode(messages.Subscribe(everything=True, rung="full", lease_s=120)))
        deadline = time.monotonic() + within
        while len(found) < count and time.monotonic() < deadline:
            data = socket.recv(timeout=within)
            if isinstance(data, str):
                message = codec.decode(data)
                if isinstance(message, messages.Observation):
                    said[message.frame_id] = message
                continue
            header, offset = frames.decode_header(data)
            if header.frame_id in said:
                found.append((said[header.frame_id], data[offset:]))
    return found


def overlap(one, other):
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    common = max(0.0, width) * max(0.0, height)
    area = (one[2] - one[0]) * (one[3] - one[1]) + (other[2] - other[0]) * (other[3] - other[1])
    return common / (area - common) if area > common else 0.0


@pytest.mark.skipif(not SHARED_MODEL.is_file(), reason="the reference network is not on this machine")
def test_boxes_lie_on_people_as_another_network_sees_them(system):
    reference = open_detector(f"onnx:{SHARED_MODEL}?head=yolox", threads=1, threshold=0.3)
    hits = total = 0
    for said, jpeg in pairs(system.url, 25):
        seen = reference.detect(JpegPicture(jpeg))
        people = [box for box, label in zip(seen.boxes.tolist(), seen.labels, strict=True) if label == "person"]
        tracks = [track for track in said.tracks if track.label == "person" and not track.coasting]
        hits += sum(max((overlap(track.box, box) for box in people), default=0.0) > 0.4 for track in tracks)
        total += len(tracks)
    assert total >= 25
    assert hits / total > 0.8, f"{hits} of {total} boxes lie on a person"


def test_the_picture_is_the_same_frame_as_its_boxes_and_young(system):
    found = pairs(system.url, 10)
    assert len(found) == 10
    ids = [said.frame_id for said, _ in found]
    assert ids == sorted(set(ids))
    assert all(0 <= time.time() - said.captured_at < 30 for said, _ in found)
