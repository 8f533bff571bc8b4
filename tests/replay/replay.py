"""A recorded run, replayed through behavior, thermal, fusion, risk and events, as JSON lines.

`recorded/<name>.jsonl` is the input: tracks and thermal spots of a scripted scene, as the tracker gave them when it was
recorded. `golden/<name>.jsonl` is what was understood. After a change that is meant to change it:

    python tests/replay/replay.py           renews the golden files; review the diff
    python tests/replay/replay.py --record  records the inputs anew as well
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np

from aimonitor.edge.policy import load_policy
from aimonitor.edge.types import Size, ThermalReading, Track
from aimonitor.edge.understanding import Understanding
from aimonitor.evaluation.watch import Watch
from aimonitor.simulator.scenes import TYPICAL, times
from aimonitor.simulator.scripts import build

HERE = Path(__file__).parent
NAMES = ("loiter", "crossings", "convoy", "night", "object_left")
_UTC = 1_750_107_600.0  # 21:00 UTC


class Moment(msgspec.Struct):
    """What the stages are given at one moment. `celsius` is the thermal picture in tenths of a degree."""

    at: float
    brightness: float
    tracks: list[Track]
    celsius: list[list[int]]


def record(name: str) -> Iterator[bytes]:
    """The input of a scene at 5 fps, as lines; thermal pictures once a second."""
    scene = build(name, 1)
    watch = Watch(scene, TYPICAL, scene.site())
    for index, at in enumerate(times(scene.duration_s, 5)):
        tracks, _, _ = watch.look(at)
        celsius = np.round(scene.celsius(at) * 10).astype(int).tolist() if index % 5 == 0 else []
        yield msgspec.json.encode(Moment(at, scene.brightness, list(tracks), celsius)) + b"\n"


def replay(name: str, lines: list[bytes]) -> Iterator[str]:
    """What is understood of the input, one line a moment, rounded to four digits."""
    scene = build(name, 1)
    stages = Understanding(load_policy(preset="home"))
    stages.behavior.adopt(scene.site())
    for line in lines:
        moment = msgspec.json.decode(line, type=Moment)
        at, reading = moment.at, None
        if moment.celsius:
            reading = ThermalReading("recorded", at, np.array(moment.celsius, np.float32) / 10)
        behavior = stages.behavior.update(moment.tracks, Size(*scene.camera.size), at)
        fused = stages.fuse(moment.tracks, behavior, stages.thermal.update(reading, at), moment.brightness)
        risk = stages.risk.assess(fused, at, _UTC + at)
        events = stages.events.update(fused, risk, at, _UTC + at)
        doing = {
            evidence.track.track_id: [one.kind for one in evidence.behavior.doing]
            for evidence in fused.evidence
            if evidence.behavior and evidence.behavior.doing
        }
        speeds = {one: [behavior.speed.value, behavior.speed.error] for one, behavior in behavior.by_track.items()}
        told = {
            "at": at,
            "speeds": speeds,
            "doing": doing,
            "crossings": behavior.crossings,
            "groups": fused.groups,
            "warm": [[spot.hotspot_id, spot.kind] for spot in fused.hotspots],
            "risk": [risk.score, risk.level],
            "why": {factor.words: factor.contribution for factor in risk.factors},
            "events": [[event.kind, event.zone, event.phase, event.level, event.words] for event in events],
        }
        yield json.dumps(_rounded(msgspec.to_builtins(told, str_keys=True)), separators=(",", ":"), ensure_ascii=False)


def recorded(name: str) -> list[bytes]:
    return (HERE / "recorded" / f"{name}.jsonl").read_bytes().splitlines()


def _rounded(value: object) -> object:
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items() if each not in ([], {})}
    if isinstance(value, list | tuple):
        return [_rounded(each) for each in value]
    return value


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--record", action="store_true", help="record the inputs anew as well")
    chosen = parser.parse_args()
    for name in NAMES:
        if chosen.record:
            (HERE / "recorded").mkdir(exist_ok=True)
            (HERE / "recorded" / f"{name}.jsonl").write_bytes(b"".join(record(name)))
        (HERE / "golden").mkdir(exist_ok=True)
        text = "\n".join(replay(name, recorded(name))) + "\n"
        (HERE / "golden" / f"{name}.jsonl").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
