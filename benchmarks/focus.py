"""What is found of small people in large pictures: the part where something happens, against the whole, same CPU.

    python benchmarks/focus.py [--model yolox-nano]

The sample footage, in which people are 60 to 120 pixels high, is set into a larger still picture, as a wide camera
would see it. The reference is the same network on the footage alone, at 768x576. Printed for each size: the share of
the reference's people that a track covers (IoU above 0.5), tracks a frame that cover none, and CPU per frame.
"""

import argparse
import time
from dataclasses import dataclass

import cv2
import numpy as np

from aimonitor.edge.backends import open_detector
from aimonitor.edge.detector import SURE, overlap
from aimonitor.edge.focus import Focus
from aimonitor.edge.motion import MotionGate
from aimonitor.edge.pictures import ArrayPicture
from aimonitor.edge.tracker import Tracker
from aimonitor.models import footage

SCENES = ((1920, 1080, 1.0), (1280, 720, 0.6), (768, 576, 1.0))
"""Width and height of the picture, and the scale of the footage in it; the last is the footage itself."""

_FPS = 5.0


class Whole:
    """A detector that is never aimed."""

    detail = None

    def __init__(self, detector):
        self.detect = detector.detect


@dataclass
class Scene:
    """The footage set into a larger picture. `offset` and `share` map boxes of the footage to it."""

    frames: list
    width: int
    height: int
    scale: float

    def __post_init__(self):
        rows, columns = self.frames[0].shape[:2]
        self.inset = round(columns * self.scale), round(rows * self.scale)
        self.corner = (self.width - self.inset[0]) // 3, (self.height - self.inset[1]) // 2
        yard = np.median(self.frames[::5], axis=0).astype(np.uint8)
        self.around = cv2.resize(np.tile(yard, (3, 4, 1)), (self.width, self.height))
        size = np.array([self.width, self.height] * 2, np.float32)
        self.share, self.offset = np.array(self.inset * 2, np.float32) / size, np.array(self.corner * 2) / size

    def picture(self, frame):
        whole, (x, y), (width, height) = self.around.copy(), self.corner, self.inset
        whole[y : y + height, x : x + width] = cv2.resize(frame, self.inset, interpolation=cv2.INTER_AREA)
        return ArrayPicture(whole)


def watch(scene, detector, truth):
    """Recall, tracks a frame that are nobody, and CPU milliseconds a frame."""
    gate, tracker, eye = MotionGate(), Tracker(aspect=scene.width / scene.height), Focus(detector)
    tracks, people, covered, nobody, spent = (), 0, 0, 0, 0.0
    for place, frame in enumerate(scene.frames):
        picture, at = scene.picture(frame), place / _FPS
        started = time.process_time()
        worth = gate.look(picture.gray(), at, tracks)
        tracks = tracker.update(eye.detect(picture, gate.moved, tracks) if worth else None, at)
        spent += time.process_time() - started
        seen = [track.box for track in tracks if track.label == "person" and not track.coasting]
        real = (truth[place] * scene.share + scene.offset).astype(np.float32)
        same = overlap(real, np.array(seen, np.float32).reshape(-1, 4)) > 0.5
        people += len(real)
        covered += int(same.any(axis=1).sum())
        nobody += len(seen) - int(same.any(axis=0).sum())
    return covered / people, nobody / len(scene.frames), 1e3 * spent / len(scene.frames)


def people_of(found):
    """The boxes of sure people."""
    person = np.array([label == "person" for label in found.labels], np.bool_)
    return found.boxes[person & (found.scores >= SURE)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="yolox-nano", help="a detector's address (default: %(default)s)")
    parser.add_argument("--head", default="", help="the kind of its head, where its file does not say")
    chosen = parser.parse_args()
    cv2.setNumThreads(1)
    video = cv2.VideoCapture(str(footage.resolve()))
    frames = [video.read()[1] for _ in range(400)][::2]
    head = f"&head={chosen.head}" if chosen.head else ""
    reference = open_detector(f"{chosen.model}?size=768x576{head}")
    detector = open_detector(chosen.model + head.replace("&", "?"))
    truth = [people_of(reference.detect(ArrayPicture(frame))) for frame in frames]
    print(f"{'picture':<12} {'looked at':<10} {'recall':>7} {'nobody/frame':>13} {'CPU ms':>7}")
    for width, height, scale in SCENES:
        scene = Scene(frames, width, height, scale)
        for name, looker in (("whole", Whole(detector)), ("part", detector)):
            recall, nobody, cpu = watch(scene, looker, truth)
            print(f"{width}x{height:<7} {name:<10} {recall:>7.3f} {nobody:>13.2f} {cpu:>7.1f}")


if __name__ == "__main__":
    main()
