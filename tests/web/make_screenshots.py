"""Pictures of the dashboard for the documentation, from the running system: hub, edge on footage, and a played edge.

    python tests/web/make_screenshots.py --camera FOOTAGE [--detector yolox-nano] [--all FOLDER] [--only VIEW]

Writes the chosen dozen to docs/screenshots, at most 150 kB each; with --all every view in every language, theme and
size to FOLDER as well. To be looked at, every one.
"""

import argparse
import io
import itertools
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hub_client import HubClient
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from scripted_edge import Camera, ScriptedEdge

DOCS = Path(__file__).parents[2] / "docs" / "screenshots"
LIMIT_BYTES = 150_000
LOCALES = {"en": "en-US", "ru": "ru-RU", "he": "he-IL"}
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
SIZES = {"desktop": (1280, 800), "phone": (390, 844)}
VIEWS = ("live", "grid", "events", "event", "charts", "zones", "distance", "risk", "what-if", "devices")
PLAYED = (Camera("hall", "Hall · מבואה", 0.12, "NORMAL"), Camera("yard", "Двор", 0.41, "WATCH"))
POLICY = {
    "zones": {
        "Lawn": {"polygon": [[0.62, 0.55], [0.98, 0.62], [0.98, 0.97], [0.5, 0.97]], "restricted": True},
        "Path": {"polygon": [[0.3, 0.15], [0.46, 0.15], [0.5, 0.5], [0.2, 0.55]], "loiter_after_s": 20},
        "Sign": {"polygon": [[0.87, 0.02], [0.99, 0.02], [0.99, 0.3], [0.87, 0.3]], "kind": "mask"},
    },
    "lines": {"Gate": {"start": [0.05, 0.75], "end": [0.42, 0.62], "allowed": "in"}},
    "calibration": {
        "corners": [[0.28, 0.81], [0.87, 0.66], [0.61, 0.46], [0.23, 0.51]], "side_m": 6.0, "width": 768, "height": 576,
    },
}  # fmt: skip
CLIP_AFTER_S = 12.0
"""So long after its opening the clip of an incident is complete."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: what is shown, to whom, how."""

    view: str
    language: str
    theme: Literal["light", "dark"]
    size: str

    @property
    def name(self) -> str:
        return f"{self.view}-{self.language}-{self.theme}{'-phone' if self.size == 'phone' else ''}.png"


CHOSEN = (
    Shot("live", "en", "light", "desktop"),
    Shot("live", "he", "dark", "desktop"),
    Shot("live", "ru", "dark", "phone"),
    Shot("grid", "ru", "light", "desktop"),
    Shot("grid", "he", "light", "phone"),
    Shot("events", "en", "dark", "desktop"),
    Shot("events", "ru", "light", "phone"),
    Shot("event", "en", "light", "desktop"),
    Shot("event", "ru", "dark", "desktop"),
    Shot("event", "he", "dark", "phone"),
    Shot("charts", "en", "light", "desktop"),
    Shot("charts", "he", "light", "phone"),
    Shot("zones", "en", "light", "desktop"),
    Shot("zones", "he", "dark", "phone"),
    Shot("distance", "ru", "dark", "desktop"),
    Shot("risk", "he", "light", "desktop"),
    Shot("what-if", "en", "dark", "desktop"),
    Shot("devices", "ru", "light", "phone"),
)


@contextmanager
def running_system(camera: Path, detector: str) -> Iterator[int]:
    """`aimonitor hub` and `aimonitor edge` in a folder of their own; the hub's port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    aimonitor = [sys.executable, "-m", "aimonitor"]
    look = ["edge", "--camera", str(camera), "--loop", "--detector", detector, "--edge-id", "home"]
    with tempfile.TemporaryDirectory() as folder:
        hub = subprocess.Popen([*aimonitor, "hub", "--port", str(port)], cwd=folder)
        edge = subprocess.Popen([*aimonitor, *look, "--hub", f"ws://127.0.0.1:{port}/ws/laptop"], cwd=folder)
        try:
            yield port
        finally:
            for program in (edge, hub):
                program.terminate()
                program.wait(15)


def wait_for_incident(port: int) -> str:
    """The address part of the worst incident of the real edge, once its clip is complete."""
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        time.sleep(1)
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{port}/api/history?edge=home&limit=1000", timeout=5
            ) as answer:
                events = json.load(answer)["events"]
        except OSError:
            continue
        ripe = [event for event in events if time.time() - event["opened_at"] > CLIP_AFTER_S]
        if ripe:
            worst = max(ripe, key=lambda event: event.get("score", 0.0))
            return f"{worst['source']}/{worst['incident_id']}"
    raise TimeoutError("expected an incident on the footage within 180 s, got none")


def show(page: Page, view: str, incident: str) -> None:
    """Bring a view to the state in which it is photographed."""
    base = page.url.partition("#")[0]
    camera = "/".join(incident.split("/")[:2])
    addresses = {
        "live": f"#/camera/{camera}",
        "grid": "#/cameras",
        "events": "#/events",
        "event": f"#/events/{incident}",
        "charts": "#/charts",
        "zones": f"#/setup/camera/{camera}/zones",
        "distance": f"#/setup/camera/{camera}/distance",
        "risk": f"#/setup/camera/{camera}/risk",
        "what-if": f"#/what-if/{camera}/{round(time.time() - 40)}",
        "devices": "#/setup/devices",
    }
    page.goto(base + addresses[view])
    page.locator(".badge, .incident, .event-title, .bars, .save-bar, .scale, .inline-form").first.wait_for()
    if view == "events":
        page.locator(".segment").nth(1).click()
    if view == "event":
        page.locator(".player .tool").first.click(timeout=60_000)
        page.locator(".player .tool").nth(1).click(timeout=60_000)
    if view == "zones":
        page.locator(".place-row").first.click()
    if view == "what-if":
        page.locator(".scale input").first.fill("0.7")
    page.wait_for_timeout(2500 if view in ("live", "grid") else 1200)


def photograph(browser: Browser, port: int, shot: Shot, incident: str) -> bytes:
    """The view as PNG."""
    width, height = SIZES[shot.size]
    context = browser.new_context(
        viewport={"width": width, "height": height}, locale=LOCALES[shot.language], color_scheme=shot.theme
    )
    try:
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{port}/")
        show(page, shot.view, incident)
        return page.screenshot()
    finally:
        context.close()


def small(png: bytes) -> bytes:
    """The same in as many colors as fit into LIMIT_BYTES."""
    image = Image.open(io.BytesIO(png)).convert("RGB")
    for colors in (256, 192, 128, 96, 64, 48):
        out = io.BytesIO()
        reduced = image.quantize(colors, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        reduced.save(out, "PNG", optimize=True)
        if out.tell() <= LIMIT_BYTES:
            return out.getvalue()
    raise ValueError(f"expected a picture that fits into {LIMIT_BYTES:,} bytes, got {out.tell():,} with 48 colors")


def main() -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--camera", type=Path, required=True, help="footage for the real edge")
    parser.add_argument("--detector", default="yolox-nano")
    parser.add_argument("--all", type=Path, metavar="FOLDER", help="every combination, as it comes, to this folder")
    parser.add_argument("--only", choices=VIEWS, help="the chosen ones of this view alone")
    chosen = parser.parse_args()
    shots = [shot for shot in CHOSEN if chosen.only in (None, shot.view)]
    if chosen.all:
        chosen.all.mkdir(parents=True, exist_ok=True)
        shots = [
            Shot(view, language, theme, size)
            for view, language, theme, size in itertools.product(VIEWS, LOCALES, THEMES, SIZES)
        ]
    with ExitStack() as stack:
        port = stack.enter_context(running_system(chosen.camera.resolve(), chosen.detector))
        incident = wait_for_incident(port)
        hub = HubClient(f"http://127.0.0.1:{port}")
        camera = "/".join(incident.split("/")[:2])
        base = hub.must("GET", f"/api/cameras/{camera}/policy")["version"]
        hub.must("PUT", f"/api/cameras/{camera}/policy", policy=POLICY, base=base, words="zones of the yard")
        hub.must("POST", "/api/pairings", edge_id="garden", name="Garden shed")
        hub.must("POST", "/api/tokens", label="Wall screen", role="viewer")
        played = stack.enter_context(ScriptedEdge(port, PLAYED, edge_id="shop", fps=4))
        played.say_event("yard", "loiter", "opened", level="WATCH", score=0.41, words="loitering 47 s", track_ids=(7,))
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        stack.callback(browser.close)
        for shot in shots:
            png = photograph(browser, port, shot, incident)
            if chosen.all:
                (chosen.all / shot.name).write_bytes(png)
            if shot in CHOSEN:
                (DOCS / shot.name).write_bytes(small(png))
            print(shot.name)


if __name__ == "__main__":
    main()
