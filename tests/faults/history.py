"""What the history says, against what the fleet's ledger says was accepted."""

import json
import urllib.request
from collections import Counter
from pathlib import Path


def read_history(url: str) -> list[dict]:
    """Every event of the history, oldest first."""
    events, before = [], ""
    while True:
        with urllib.request.urlopen(f"{url}/api/history?limit=1000&samples=0{before}", timeout=10) as answer:
            page = json.load(answer)
        events += page["events"]
        if page["next_before"] is None:
            return events[::-1]
        before = f"&before={page['next_before']}"


def read_ledger(path: Path) -> list[tuple[str, int]]:
    """What was accepted: (source, seq) in order. A last line that a kill cut short was not promised."""
    lines = [line for line in path.read_text().split("\n")[:-1] if line]
    return [(entry["source"], entry["seq"]) for entry in map(json.loads, lines)]


def check_whole(events: list[dict], ledger: list[tuple[str, int]]) -> None:
    """Nothing lost, nothing doubled, in order per camera, ids without gaps. Commands are the hub's own entries."""
    stored = [(event["source"], event["seq"]) for event in events]
    doubled = [key for key, count in Counter(stored).items() if count > 1]
    assert not doubled, f"{len(doubled)} events are doubled: {doubled[:5]}"
    lost = set(ledger) - set(stored)
    assert not lost, f"{len(lost)} of {len(ledger)} events are lost: {sorted(lost)[:5]}"
    assert [event["id"] for event in events] == list(range(1, len(events) + 1))
    last: dict[str, int] = {}
    for source, seq in ((event["source"], event["seq"]) for event in events if event["kind"] != "command"):
        assert seq > last.get(source, 0), f"{source}: {seq} stands after {last[source]}"
        last[source] = seq
