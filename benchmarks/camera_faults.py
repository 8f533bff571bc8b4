"""Every fault of every emulated firmware, with the default settings: how soon it is named, how soon it is over.

python benchmarks/camera_faults.py            prints the table of docs/ref/cameras.md
python benchmarks/camera_faults.py --check    fails when a fault is named after 10 s or the picture is back after 15 s
"""

import argparse
import json
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from aimonitor.common.clock import SystemClock
from aimonitor.edge.capture import Capture
from aimonitor.edge.sources import SourceOptions, open_source
from aimonitor.simulator.esp32cam import FAULTS, Esp32Cam, Fault, Setup
from aimonitor.simulator.firmware import PROFILES, Profile

NAMED_WITHIN_S = 10.0
BACK_WITHIN_S = 15.0
WARM_UP_S = 14.0
FAULT_S = 14.0
GIVE_UP_S = 40.0
AT_ONCE = 24
BORNE = ("truncate", "garbage", "pad")
"""Faults that cost single pictures and no state."""


@dataclass(frozen=True)
class Row:
    """Seconds; None where it did not happen. `skipped` is the share of pictures that were thrown away."""

    profile: Profile
    fault: Fault
    states: tuple[str, ...]
    named_s: float | None
    back_s: float | None
    skipped: float

    @property
    def good(self) -> bool:
        if self.fault in BORNE:
            return self.states == ("live",)
        return (
            None not in (self.named_s, self.back_s) and self.named_s <= NAMED_WITHIN_S and self.back_s <= BACK_WITHIN_S
        )


class Watcher:
    """A capture and the times at which its state changed."""

    def __init__(self, address: str) -> None:
        self.changes: list[tuple[float, str]] = []
        self.capture = Capture(
            "camera",
            open_source(address, SourceOptions(), SystemClock()),
            clock=SystemClock(),
            on_change=lambda status: self.changes.append((time.monotonic(), status.state)),
        )

    def first_after(self, at: float, wanted: bool) -> tuple[float, str] | None:
        """The first moment after `at` at which the camera was live (or was not), watched until GIVE_UP_S."""
        while time.monotonic() - at < GIVE_UP_S:
            self.capture.check()
            status = self.capture.status()
            if (status.state == "live") is wanted:
                moment = next((each for each in self.changes if each[0] >= at and (each[1] == "live") is wanted), None)
                return moment or (time.monotonic(), status.state)
            time.sleep(0.1)
        return None


def measure(profile: Profile, fault: Fault) -> Row:
    """Run one camera with one fault."""
    with Esp32Cam(Setup(profile=profile, size="QQVGA", fps=10.0)) as camera:
        watcher = Watcher(camera.stream_url)
        watcher.capture.start()
        watched(watcher, WARM_UP_S)
        before = watcher.capture.status()
        began_at = time.monotonic()
        camera.fault = fault
        named = None if fault in BORNE else watcher.first_after(began_at, wanted=False)
        if fault == "reboot":
            over_at = began_at + camera.setup.boot_s
        else:
            watched(watcher, began_at + FAULT_S - time.monotonic())
            camera.fault = "none"
            over_at = time.monotonic()
        back = None if fault in BORNE else watcher.first_after(over_at, wanted=True)
        after = watcher.capture.status()
        watcher.capture.close()
    states = tuple(dict.fromkeys(state for at, state in watcher.changes if at >= began_at and state != "live"))
    damaged, frames = after.damaged - before.damaged, after.frames - before.frames
    return Row(
        profile,
        fault,
        states or (after.state,),
        named[0] - began_at if named else None,
        max(0.0, back[0] - over_at) if back else None,
        damaged / max(1, damaged + frames),
    )


def watched(watcher: Watcher, seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        watcher.capture.check()
        time.sleep(0.1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--json", type=Path, help="write every measurement to this file")
    options = parser.parse_args()
    began, threads = time.monotonic(), threading.active_count()
    jobs = [(profile, fault) for fault in FAULTS if fault != "none" for profile in PROFILES]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        rows = list(pool.map(lambda job: measure(*job), jobs))
    print_table(rows)
    if options.json:
        options.json.write_text(json.dumps([asdict(row) for row in rows], indent=1))
    bad = [row for row in rows if not row.good]
    print(f"\n{len(rows)} runs in {time.monotonic() - began:.0f} s, {len(bad)} outside of the goals")
    for row in bad:
        print(f"  {row}")
    left = threading.active_count() - threads
    print(f"threads left: {left}")
    if options.check and (bad or left):
        sys.exit(1)


def print_table(rows: list[Row]) -> None:
    print("| fault | states | " + " | ".join(PROFILES) + " |")
    print("|---|---|" + "---|" * len(PROFILES))
    for fault in dict.fromkeys(row.fault for row in rows):
        cells, states = [], []
        for profile in PROFILES:
            row = next(each for each in rows if (each.fault, each.profile) == (fault, profile))
            states += row.states
            cells.append(cell(row))
        print(f"| {fault} | {', '.join(dict.fromkeys(states))} | " + " | ".join(cells) + " |")


def cell(row: Row) -> str:
    if row.fault in BORNE:
        return f"{row.skipped:.0%} skipped"
    named = "never" if row.named_s is None else f"{row.named_s:.1f} s"
    return f"{named} / " + ("never" if row.back_s is None else f"{row.back_s:.1f} s")


if __name__ == "__main__":
    main()
