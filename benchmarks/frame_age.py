"""How old is the picture that one works on? A camera of 25 pictures a second, a program that needs 100 ms for each.

    python benchmarks/frame_age.py [--seconds 8] [--rounds 3]

The camera is our emulator of the stock firmware (QVGA, Motion JPEG). Contestants: the edge's capture, where the newest
picture waits, and the loop of a first tutorial, cv2.VideoCapture.read(), behind which pictures queue up. A picture's
age is counted from the moment at which the camera took it. Goal: median at most 50 ms.
"""

import argparse
import statistics
import time
from collections.abc import Iterator

import cv2

from aimonitor.common.clock import SystemClock
from aimonitor.edge.capture import Capture
from aimonitor.edge.sources import SourceOptions, open_source
from aimonitor.simulator.esp32cam import Esp32Cam, Setup

FPS = 25.0
WORK_S = 0.1


def newest(address: str, seconds: float) -> Iterator[tuple[int, float]]:
    """Place in the stream of each picture that is worked on, and when."""
    clock = SystemClock()
    capture = Capture("camera", open_source(address, SourceOptions(), clock), clock=clock)
    capture.start()
    ends_at = time.monotonic() + seconds
    try:
        while time.monotonic() < ends_at:
            frame = capture.frames.get(1.0)
            if frame is not None:
                yield frame.frame_id, time.monotonic()
    finally:
        capture.close()


def queued(address: str, seconds: float) -> Iterator[tuple[int, float]]:
    """The same for a loop that reads, works and reads."""
    video, place = cv2.VideoCapture(address), 0
    ends_at = time.monotonic() + seconds
    while time.monotonic() < ends_at and video.read()[0]:
        place += 1
        yield place, time.monotonic()
    video.release()


def ages(contestant, seconds: float) -> list[float]:
    """Milliseconds from the taking of each picture to the beginning of the work on it, the first second left out."""
    with Esp32Cam(Setup(size="QVGA", fps=FPS)) as camera:
        taken_at, take = [], camera.device.jpeg

        def noted() -> bytes:
            taken_at.append(time.monotonic())
            return take()

        camera.device.jpeg = noted
        seen, began_at = [], time.monotonic()
        for place, at in contestant(camera.stream_url, seconds):
            seen.append((place, at))
            time.sleep(WORK_S)
    return [1e3 * (at - taken_at[place - 1]) for place, at in seen if at - began_at > 1.0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    medians: dict[str, list[float]] = {"newest waits (ours)": [], "cv2.VideoCapture loop": []}
    for _ in range(chosen.rounds):
        for name, contestant in zip(medians, (newest, queued), strict=True):
            medians[name].append(statistics.median(ages(contestant, chosen.seconds)))
    for name, values in medians.items():
        print(f"{name:<24} median age {statistics.median(values):8.1f} ms")


if __name__ == "__main__":
    main()
