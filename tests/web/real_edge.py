"""A real edge in its own process, before whose camera a person stands: what is set up in the page, it follows."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np

WIDTH, HEIGHT = 320, 240
STANDING = [{"label": "person", "score": 0.9, "box": [0.45, 0.3, 0.55, 0.8]}]
CONFIG = """\
[edge]
edge_id = "yard"
hub = "ws://127.0.0.1:{port}"
detector = "scripted:standing.jsonl"

[[edge.camera]]
id = "gate"
name = "Gate"
source = "{source}"
loop = {loop}
"""


@contextmanager
def running(port: int, folder: Path, camera: str = "") -> Iterator[Path]:
    """The edge `yard` with the camera `gate`, until the end of the block; its folder.

    camera: the address of another camera than the film; somebody stands there as well
    """
    if not camera:
        _film(folder / "moving.avi")
    (folder / "standing.jsonl").write_text(json.dumps(STANDING) + "\n", encoding="utf-8")
    config = CONFIG.format(port=port, source=camera or "moving.avi", loop="false" if camera else "true")
    (folder / "aimonitor.toml").write_text(config, encoding="utf-8")
    environ = {key: value for key, value in os.environ.items() if not key.startswith("AIMONITOR_")}
    with (folder / "edge.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "aimonitor", "edge"], cwd=folder, env=environ, stdout=log, stderr=log
        )
    try:
        _await_camera(port, folder / "edge.log", process)
        yield folder
    finally:
        process.terminate()
        process.wait(15)


def _await_camera(port: int, log: Path, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(300):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/status", timeout=5) as answer:
            edges = json.load(answer)["edges"]
        if any(camera["state"] == "live" for edge in edges for camera in edge["cameras"]):
            return
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise AssertionError(f"expected a live camera within 30 s, got:\n{log.read_text(errors='replace')[-2000:]}")


def _film(path: Path, *, seconds: int = 4, fps: int = 10) -> None:
    """A yard with a house and a lane, through which a crate wanders: the motion gate stays open."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), fps, (WIDTH, HEIGHT))
    yard = np.full((HEIGHT, WIDTH, 3), (90, 100, 95), np.uint8)
    yard[: HEIGHT * 2 // 5] = (180, 150, 110)
    cv2.fillPoly(yard, [np.array([[100, 240], [220, 240], [180, 100], [150, 100]])], (120, 125, 125))
    cv2.rectangle(yard, (10, 60), (75, 165), (70, 80, 140), -1)
    cv2.rectangle(yard, (30, 110), (52, 165), (40, 50, 80), -1)
    for number in range(seconds * fps):
        pixels = yard.copy()
        x = 6 * number % 280
        pixels[150:180, x : x + 30] = (60, 160, 220)
        writer.write(pixels)
    writer.release()
