"""Pictures of the dashboard for the documentation, from the running system: hub, edge on footage, and a staged edge.

    python tests/web/make_screenshots.py --camera FOOTAGE [--detector yolox-nano] [--views live,grid] [--to FOLDER]

Every view in every language, theme and size, as `view-language-theme-device.webp`. To be looked at, every one.
"""

import argparse
import io
import itertools
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hub_client import HubClient
from PIL import Image
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, sync_playwright
from websockets.sync.client import connect

from aimonitor.contract import codec, messages

DOCS = Path(__file__).parents[2] / "docs" / "screenshots"
QUALITY = 62
"""Of WebP: letters stay clean, and all pictures together stay below 8 MB."""
LOCALES = {"en": "en-US", "ru": "ru-RU", "he": "he-IL"}
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
DEVICES = {"desktop": (1280, 800), "phone": (390, 844)}
CONFIG = """\
[edge]
edge_id = "home"
hub = "ws://127.0.0.1:{port}/ws/laptop"
detector = "{detector}"

[[edge.camera]]
id = "yard"
name = "Yard"
source = "{footage}"
loop = true
"""
YARD = "home/yard"
POLICY = {
    "zones": {
        "Lawn": {"polygon": [[0.62, 0.55], [0.98, 0.62], [0.98, 0.97], [0.5, 0.97]], "restricted": True},
        "Path": {"polygon": [[0.3, 0.15], [0.46, 0.15], [0.5, 0.5], [0.2, 0.55]], "loiter_after_s": 20},
        "Sign": {"polygon": [[0.87, 0.02], [0.99, 0.02], [0.99, 0.3], [0.87, 0.3]], "kind": "mask"},
    },
    "lines": {"Entrance": {"start": [0.05, 0.75], "end": [0.42, 0.62], "allowed": "in"}},
    "calibration": {
        "corners": [[0.28, 0.81], [0.87, 0.66], [0.61, 0.46], [0.23, 0.51]], "side_m": 6.0, "width": 768, "height": 576,
    },
}  # fmt: skip
VIEWS = {
    "live": f"#/camera/{YARD}",
    "grid": "#/cameras",
    "events": "#/events",
    "event": "#/events/{incident}",
    "charts": "#/charts",
    "what-if": f"#/what-if/{YARD}/{{minute}}",
    "notifications": "#/notifications",
    "cameras": "#/setup",
    "zones": f"#/setup/camera/{YARD}/zones",
    "distance": f"#/setup/camera/{YARD}/distance",
    "thermal": "#/setup/camera/demo/workshop/thermal",
    "risk": f"#/setup/camera/{YARD}/risk",
    "versions": f"#/setup/camera/{YARD}/versions",
    "devices": "#/setup/devices",
    "people": "#/setup/people",
    "audit": "#/setup/audit",
    "radar": f"#/camera/{YARD}",
    "polling": f"#/camera/{YARD}",
    "offline": "#/camera/farm/pasture",
    "away": f"#/camera/{YARD}",
    "login": "#/",
}
ADMIN = {"name": "admin", "password": "correct horse battery"}
BEHIND_THE_LOCK = ("people", "audit", "login")
"""Shown as on a hub that asks who comes in."""
PEOPLE = {"Dana": "operator", "Борис": "viewer", "נועה": "admin"}
NO_WEBSOCKET = """window.WebSocket = class {
  static OPEN = 1;
  readyState = 0;
  constructor() { setTimeout(() => this.onclose?.(), 20); }
  send() {}
  close() {}
};"""
"""As behind a proxy that lets none through."""
READY = (
    ".badge, .incident, .event-title, .bars, .save-bar, .scale, .inline-form, .own-tools, .form .primary, .edge-card, "
    ".rows .row, .audit table"
)
CLIP_AFTER_S = 12.0
"""So long after its opening the clip of an incident is complete."""


@dataclass(frozen=True, slots=True)
class System:
    """Where the running hub is, one that asks for a password, and the incident that is shown."""

    hub: str
    closed_hub: str
    incident: str


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def running(arguments: Sequence[str], folder: Path, **environ: str) -> Iterator[None]:
    """A program of ours until the end of the block, with what it says in a file beside it."""
    folder.mkdir(exist_ok=True)
    settings = {key: value for key, value in os.environ.items() if not key.startswith("AIMONITOR_")} | environ
    with (folder / "said.log").open("wb") as log:
        program = subprocess.Popen(
            [sys.executable, "-m", "aimonitor", *arguments], cwd=folder, env=settings, stdout=log, stderr=log
        )
        try:
            yield
        finally:
            program.terminate()
            program.wait(15)


def await_answer(url: str) -> None:
    for _ in range(900):
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(f"expected a hub at {url} within 90 s")


@contextmanager
def running_system(footage: Path, detector: str) -> Iterator[System]:
    """A hub with an edge on footage, the staged edge, one that was there last week, and a second hub with a lock."""
    port, closed_port = free_port(), free_port()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stack.enter_context(running(["hub", "--port", str(port)], folder / "hub", AIMONITOR_HUB_PUSH_LOCAL="true"))
        locked = {"AIMONITOR_ADMIN_PASSWORD": ADMIN["password"]}
        stack.enter_context(running(["hub", "--port", str(closed_port)], folder / "closed", **locked))
        hub, closed_hub = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{closed_port}"
        await_answer(hub)
        await_answer(closed_hub)
        last_week(port)
        (folder / "edge").mkdir()
        config = CONFIG.format(port=port, detector=detector, footage=footage)
        (folder / "edge" / "aimonitor.toml").write_text(config, encoding="utf-8")
        stack.enter_context(running(["edge"], folder / "edge"))
        staged = ["simulate", "--scene", "demo", "--hub", f"ws://127.0.0.1:{port}/ws/laptop"]
        stack.enter_context(running(staged, folder / "staged"))
        furnish(HubClient(hub))
        let_people_in(HubClient(closed_hub))
        incident = wait_for_incident(hub)
        yield System(hub, closed_hub, incident)


def last_week(port: int) -> None:
    """An edge delivers the journal of a week in which most happened by day, and goes away."""
    dice, now = random.Random(4), time.time()
    kinds = (("loitering", "ALERT"), ("running", "WATCH"), ("intrusion", "CRITICAL"), ("unusual", "WATCH"))
    with connect(f"ws://127.0.0.1:{port}/ws/laptop", subprotocols=[messages.SUBPROTOCOL], proxy=None) as edge:
        camera = messages.CameraInfo("pasture", "Pasture", "rtsp")
        edge.send(codec.encode(messages.Hello("pasture", "farm", cameras=(camera,))))
        seq = 0
        for hour in range(7 * 24, 1, -1):
            at = now - hour * 3600
            busy = max(0.0, 1 - abs(time.gmtime(at).tm_hour - 15) / 9) * (1.6 if time.gmtime(at).tm_wday < 5 else 0.7)
            for _ in range(round(busy * dice.random() * 3)):
                kind, level = dice.choice(kinds)
                opened = at + dice.random() * 3000
                for phase, later_s in (("opened", 0.0), ("closed", dice.uniform(10, 90))):
                    seq += 1
                    facts = {"kind": kind, "level": level, "score": 0.3 + 0.2 * len(level) / 4, "words": kind}
                    edge.send(codec.encode(messages.Event("farm/pasture", seq, f"f-{opened:.0f}", phase=phase,
                                                          opened_at=opened, at=opened + later_s, **facts)))  # fmt: skip
        while not (isinstance(said := codec.decode(edge.recv(timeout=30)), messages.Ack) and said.seq >= seq):
            pass


def wait_for_incident(hub: str) -> str:
    """The address part of the worst incident of the real edge, once its clip is complete."""
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline:
        time.sleep(1)
        try:
            with urllib.request.urlopen(f"{hub}/api/history?edge=home&limit=1000", timeout=5) as answer:
                events = json.load(answer)["events"]
        except OSError:
            continue
        ripe = [event for event in events if time.time() - event["opened_at"] > CLIP_AFTER_S]
        if ripe:
            worst = max(ripe, key=lambda event: event.get("score", 0.0))
            return f"{worst['source']}/{worst['incident_id']}"
    raise TimeoutError("expected an incident on the footage within 240 s, got none")


def furnish(hub: HubClient) -> None:
    """What a hub in use has: zones, a device that asks to come in, tokens, a second browser to be told."""
    deadline = time.monotonic() + 90
    while hub.ask("GET", f"/api/cameras/{YARD}/policy")[0] != 200 and time.monotonic() < deadline:
        time.sleep(1)
    base = hub.must("GET", f"/api/cameras/{YARD}/policy")["version"]
    hub.must("PUT", f"/api/cameras/{YARD}/policy", policy=POLICY, base=base, words="zones of the yard")
    hub.must("PUT", f"/api/cameras/{YARD}/policy", policy=POLICY | {"preset": "shop"}, base=base + 1,
             words="busier in summer")  # fmt: skip
    hub.must("POST", "/api/pairings", edge_id="garden", name="Garden shed")
    hub.must("POST", "/api/tokens", label="Wall screen", role="viewer")
    keys = {"p256dh": hub.must("GET", "/api/push")["public_key"], "auth": "A" * 22}
    rules = {"level": "CRITICAL", "quiet": "22:00-07:00", "timezone": "Europe/Berlin"}
    hub.must("POST", "/api/push/subscriptions", endpoint="https://push.example.org/phone", keys=keys, rules=rules,
             label="Chrome · Android")  # fmt: skip


def let_people_in(hub: HubClient) -> None:
    """Who uses a hub, and what they did."""
    hub.must("POST", "/api/session", **ADMIN)
    for name, role in PEOPLE.items():
        hub.must("POST", "/api/users", name=name, role=role, password="a password of theirs")
    hub.must("POST", "/api/tokens", label="Yard", edge_id="yard")
    hub.must("POST", "/api/tokens", label="Wall screen", role="viewer")
    hub.ask("POST", "/api/session", name="Dana", password="a wrong guess")


def _second_period(page: Page) -> None:
    page.locator(".timeline .segment, .segment").nth(1).click()


def _play_and_hold(page: Page) -> None:
    page.locator(".player .tool").first.click(timeout=60_000)
    page.locator(".player .tool").nth(1).click(timeout=60_000)


def _switch_radar(page: Page) -> None:
    page.locator(".toolbar [aria-pressed]").last.click()


def _lose_the_hub(page: Page) -> None:
    page.context.set_offline(True)
    page.locator(".banner-lost").wait_for()
    page.wait_for_timeout(AWAY_MS)


PREPARE: dict[str, Callable[[Page], None]] = {
    "events": _second_period,
    "event": _play_and_hold,
    "zones": lambda page: page.locator(".place-row").first.click(),
    "what-if": lambda page: page.locator(".scale input").first.fill("0.7"),
    "notifications": lambda page: page.locator(".check input").check(),
    "thermal": lambda page: page.locator(".card.empty .primary").click(),
    "distance": lambda page: page.locator(".board").scroll_into_view_if_needed(),
    "radar": _switch_radar,
    "polling": lambda page: page.locator(".banner-polling").wait_for(),
    "away": _lose_the_hub,
}
AFTERWARDS: dict[str, Callable[[Page], None]] = {"radar": _switch_radar}
"""What is kept in the browser would show in the next view."""
LIVE = {
    "polling": (".stage .badge.state-live", 1),
    "live": (".stage .badge.state-live", 1),
    "grid": (".tile .badge.state-live", 4),
}
"""What shows that pictures are fresh, and how often it must be there."""
PATIENCE_S = 30
SETTLE_MS = 900
AWAY_MS = 4_000


def photograph(page: Page, system: System, view: str) -> Image.Image:
    """The view, brought to the state in which it is shown."""
    address = VIEWS[view].format(incident=system.incident, minute=round(time.time() - 40))
    page.context.set_offline(False)
    page.context.clear_cookies()
    hub = system.closed_hub if view in BEHIND_THE_LOCK else system.hub
    if view in BEHIND_THE_LOCK and view != "login":
        page.request.post(f"{hub}/api/session", data=ADMIN, headers={"origin": hub})
    page.goto("about:blank")
    page.goto(f"{hub}/{address}")
    page.locator(READY).filter(visible=True).first.wait_for()
    if view == "away":
        page.locator(".stage .badge.state-live").wait_for()
    if view in PREPARE:
        PREPARE[view](page)
    page.wait_for_timeout(SETTLE_MS)
    if view in LIVE:
        sign, count = LIVE[view]
        deadline = time.monotonic() + PATIENCE_S
        while page.locator(sign).count() < count and time.monotonic() < deadline:
            page.wait_for_timeout(50)
    taken = page.screenshot()
    if view in AFTERWARDS:
        AFTERWARDS[view](page)
    return Image.open(io.BytesIO(taken)).convert("RGB")


def photograph_all(
    language: str, system: System, views: Sequence[str], folder: Path, only_missing: bool
) -> Sequence[str]:
    """Every view in one language, in both themes and sizes, to `folder`; with a browser of its own. What failed."""
    failed: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for device, theme in itertools.product(DEVICES, THEMES):
            width, height = DEVICES[device]
            context = browser.new_context(
                viewport={"width": width, "height": height},
                locale=LOCALES[language],
                color_scheme=theme,
                permissions=["notifications"],
                timezone_id="Europe/Berlin",
            )
            page, blocked = context.new_page(), context.new_page()
            blocked.add_init_script(NO_WEBSOCKET)
            for each in (page, blocked):
                each.set_default_timeout(60_000)
            for view in views:
                path = folder / f"{view}-{language}-{theme}-{device}.webp"
                if only_missing and path.exists():
                    continue
                try:
                    photograph(blocked if view == "polling" else page, system, view).save(
                        path, quality=QUALITY, method=6
                    )
                except PlaywrightError as error:
                    failed.append(f"{path.name}: {error.message.partition(chr(10))[0]}")
                print(path.name, flush=True)
            context.close()
        browser.close()
    return failed


def main() -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--camera", type=Path, required=True, help="footage for the real edge")
    parser.add_argument("--detector", default="yolox-nano")
    parser.add_argument("--views", default=",".join(VIEWS), help="some of them, with commas between")
    parser.add_argument("--missing", action="store_true", help="leave pictures that are there as they are")
    parser.add_argument("--to", type=Path, default=DOCS, metavar="FOLDER")
    chosen = parser.parse_args()
    views = chosen.views.split(",")
    if unknown := set(views) - set(VIEWS):
        parser.error(f"--views: expected some of {', '.join(VIEWS)}; got {', '.join(sorted(unknown))}")
    chosen.to.mkdir(parents=True, exist_ok=True)
    with running_system(chosen.camera.resolve(), chosen.detector) as system, ProcessPoolExecutor(len(LOCALES)) as pool:
        jobs = [pool.submit(photograph_all, language, system, views, chosen.to, chosen.missing) for language in LOCALES]
        if failed := [line for job in jobs for line in job.result()]:
            sys.exit("not taken:\n" + "\n".join(failed))


if __name__ == "__main__":
    main()
